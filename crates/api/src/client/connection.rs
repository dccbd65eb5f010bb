//! One connection: bytes out, answers in, each within its time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::error::ClientError;
use super::send::{ClientOptions, Endpoint};
use super::tls::{self, TlsStream};
use super::url::ServerUrl;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Most bytes of an answer's head.
const HEAD: u64 = 64 << 10;

/// Most bytes of an answer that is taken whole.
const BODY: u64 = 1 << 30;

/// A connection to a server.
pub(super) struct Connection {
    stream: BufReader<Stream>,
    /// Whether it has served a request: the server may have hung up since.
    pub(super) used: bool,
}

/// The bytes of a connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream>),
}

impl Connection {
    /// Connects.
    pub(super) fn open(options: &ClientOptions) -> Result<Connection, ClientError> {
        let endpoint = &options.endpoint;
        let connected = match endpoint {
            Endpoint::Socket(path) => UnixStream::connect(path).map(Stream::Unix),
            Endpoint::Url(url) => connect(url).map(Stream::Tcp),
        };
        let place = endpoint.to_string();
        let stream = match (connected, endpoint) {
            (Err(source), _) => return Err(ClientError::Connect { place, source }),
            (Ok(Stream::Tcp(stream)), Endpoint::Url(url)) if url.is_secure() => {
                let agreed = tls::agree(stream, url, options.authorities.as_deref());
                let agreed = agreed.map_err(|source| ClientError::Tls { place, source })?;
                Stream::Tls(Box::new(agreed))
            }
            (Ok(stream), _) => stream,
        };
        Ok(Connection {
            stream: BufReader::with_capacity(16 << 10, stream),
            used: false,
        })
    }

    /// Sends bytes; nothing of the answer is waited for.
    pub(super) fn write(&mut self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.set_patience(patience)?;
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads an answer's status and headers.
    pub(super) fn read_head(&mut self) -> io::Result<Head> {
        loop {
            let head = self.read_one_head()?;
            // An interim answer says that the final one follows.
            if head.status >= 200 {
                return Ok(head);
            }
        }
    }

    fn read_one_head(&mut self) -> io::Result<Head> {
        let mut limited = (&mut self.stream).take(HEAD);
        let status = line(&mut limited)?;
        let mut words = status.split(' ');
        let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
        let status = words.next().and_then(|word| word.parse().ok());
        let status = status
            .filter(|_| is_http)
            .ok_or_else(|| strange("it isn't HTTP"))?;
        let mut headers = Vec::new();
        loop {
            let line = line(&mut limited)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| strange("a bad header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Head { status, headers })
    }

    /// Reads all of the content that a head announces.
    pub(super) fn read_body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.body(head)?.take(BODY + 1).read_to_end(&mut body)?;
        if u64::try_from(body.len()).is_ok_and(|length| length <= BODY) {
            return Ok(body);
        }
        Err(strange("the answer is too long"))
    }

    /// The content that a head announces.
    fn body(&mut self, head: &Head) -> io::Result<Body<&mut BufReader<Stream>>> {
        let left = head.length()?;
        let stream = &mut self.stream;
        Ok(Body { stream, left })
    }

    /// The same, with which the connection ends.
    pub(super) fn into_body(self, head: &Head) -> io::Result<OwnBody> {
        let left = head.length()?;
        let stream = self.stream;
        Ok(Body { stream, left })
    }
}

fn connect(url: &ServerUrl) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (url.host(), url.port()).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Stream {
    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))
            }
            Stream::Tls(stream) => {
                stream.sock.set_read_timeout(Some(patience))?;
                stream.sock.set_write_timeout(Some(patience))
            }
            Stream::Unix(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(into),
            Stream::Unix(stream) => stream.read(into),
            Stream::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.flush(),
            Stream::Unix(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// An answer's status and headers.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(own, _)| own == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// Whether the connection ends with this answer.
    pub(super) fn closes(&self) -> bool {
        let says = self.header("connection");
        says.is_some_and(|says| says.eq_ignore_ascii_case("close"))
            || matches!(self.length(), Ok(Left::ToEnd))
    }

    fn length(&self) -> io::Result<Left> {
        if matches!(self.status, 204 | 304) {
            return Ok(Left::Sized(0));
        }
        match (
            self.header("transfer-encoding"),
            self.header("content-length"),
        ) {
            (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => Ok(Left::Chunk(None)),
            (Some(_), _) => Err(strange("an unknown transfer coding")),
            (None, Some(length)) => {
                let length = length.parse().map_err(|_| strange("a bad length"))?;
                Ok(Left::Sized(length))
            }
            (None, None) => Ok(Left::ToEnd),
        }
    }
}

/// Content as it comes.
pub(super) struct Body<S> {
    stream: S,
    left: Left,
}

/// Content that has a connection of its own.
pub(super) type OwnBody = Body<BufReader<Stream>>;

/// What is left of it.
enum Left {
    Sized(u64),
    /// Of the chunk that has begun; `None`: the next line says.
    Chunk(Option<u64>),
    ToEnd,
}

impl<S: BufRead> Read for Body<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.left {
            Left::ToEnd => self.stream.read(into),
            Left::Sized(0) => Ok(0),
            Left::Sized(left) => {
                let read = self.read_some(into, left)?;
                self.left = Left::Sized(left.saturating_sub(read));
                Ok(usize::try_from(read).unwrap_or(usize::MAX))
            }
            Left::Chunk(Some(left)) => {
                let read = self.read_some(into, left)?;
                let left = left.saturating_sub(read);
                if left == 0 {
                    line(&mut (&mut self.stream).take(HEAD))?;
                }
                self.left = Left::Chunk((left > 0).then_some(left));
                Ok(usize::try_from(read).unwrap_or(usize::MAX))
            }
            Left::Chunk(None) => {
                self.begin_chunk()?;
                self.read(into)
            }
        }
    }
}

impl<S: BufRead> Body<S> {
    fn read_some(&mut self, into: &mut [u8], left: u64) -> io::Result<u64> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let into = into.get_mut(..most).unwrap_or_default();
        let read = self.stream.read(into)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(u64::try_from(read).unwrap_or(u64::MAX))
    }

    fn begin_chunk(&mut self) -> io::Result<()> {
        let mut limited = (&mut self.stream).take(HEAD);
        let text = line(&mut limited)?;
        let digits = text.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(|_| strange("a bad chunk"))?;
        if length > 0 {
            self.left = Left::Chunk(Some(length));
            return Ok(());
        }
        // Trailers say nothing that is needed.
        while !line(&mut limited)?.is_empty() {}
        self.left = Left::Sized(0);
        Ok(())
    }
}

/// A line without its end.
fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| strange("a head that isn't text"))
}

/// What no server of ours would send.
pub(super) fn strange(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}
