//! HTTP/1.1 as one client needs it to measure: a connection that is kept, one request at a time,
//! and as little work of its own as possible.

use std::fmt::Write as _;
use std::io;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::BenchError;

/// Most headers of an answer.
const HEADERS: usize = 32;

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// Where a Deedbook listens.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    authority: String,
}

impl Url {
    /// Reads `http://HOST:PORT`.
    pub(crate) fn parse(url: &str) -> Result<Url, BenchError> {
        let wrong = |reason| BenchError::Url {
            url: url.to_owned(),
            reason,
        };
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong("only http:// is measured"))?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(wrong("a user or password in a URL is refused; use a token"));
        }
        if authority.is_empty() || authority.contains(['/', '?', '#']) {
            return Err(wrong(
                "expected a host and a port, such as http://127.0.0.1:8080",
            ));
        }
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port {
            authority.to_owned()
        } else {
            format!("{authority}:80")
        };
        Ok(Url { authority })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

/// A request but for what every one has.
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) content_type: &'static str,
    /// Only if the record is at this revision.
    pub(crate) if_match: Option<u64>,
    pub(crate) body: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: &'a str) -> Request<'a> {
        Request {
            method: "GET",
            path,
            content_type: "",
            if_match: None,
            body: "",
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) etag: Option<u64>,
    pub(crate) body: &'a [u8],
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    /// `host` and `authorization`, as they are sent.
    always: String,
    request: String,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(url: &Url, token: Option<&str>) -> io::Result<Connection> {
        let stream = TcpStream::connect(&url.authority).await?;
        stream.set_nodelay(true)?;
        let mut always = format!("host: {}\r\n", url.authority);
        if let Some(token) = token {
            always.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        Ok(Connection {
            stream,
            always,
            request: String::new(),
            answer: Vec::with_capacity(PIECE),
        })
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn ask(&mut self, request: &Request<'_>) -> io::Result<Response<'_>> {
        self.send(request).await?;
        let head = self.read_head().await?;
        let Length::Known(length) = head.length else {
            return Err(unexpected("an answer without a length"));
        };
        let end = head.bytes + length;
        while self.answer.len() < end {
            self.read_more().await?;
        }
        Ok(Response {
            status: head.status,
            etag: head.etag,
            body: self.answer.get(head.bytes..end).unwrap_or_default(),
        })
    }

    /// Sends a request whose answer has no end, and waits for its head.
    pub(crate) async fn listen(mut self, path: &str) -> io::Result<Stream> {
        self.send(&Request::get(path)).await?;
        let head = self.read_head().await?;
        if head.status != 200 || head.length != Length::Chunked {
            return Err(unexpected("the watch was refused"));
        }
        self.answer.drain(..head.bytes);
        Ok(Stream {
            connection: self,
            text: Vec::new(),
            chunk: 0,
        })
    }

    async fn send(&mut self, request: &Request<'_>) -> io::Result<()> {
        let Request {
            method,
            path,
            content_type,
            if_match,
            body,
        } = request;
        self.request.clear();
        // Writing to a string doesn't fail.
        let _ = write!(self.request, "{method} {path} HTTP/1.1\r\n{}", self.always);
        if let Some(revision) = if_match {
            let _ = write!(self.request, "if-match: \"{revision}\"\r\n");
        }
        if !content_type.is_empty() {
            let length = body.len();
            let _ = write!(
                self.request,
                "content-type: {content_type}\r\ncontent-length: {length}\r\n"
            );
        }
        self.request.push_str("\r\n");
        self.request.push_str(body);
        self.answer.clear();
        self.stream.write_all(self.request.as_bytes()).await
    }

    async fn read_head(&mut self) -> io::Result<Head> {
        loop {
            self.read_more().await?;
            if let Some(head) = Head::parse(&self.answer)? {
                return Ok(head);
            }
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.answer.capacity() - self.answer.len() < PIECE / 8 {
            self.answer.reserve(PIECE);
        }
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// An answer without an end, in chunks (RFC 9112, section 7.1).
pub(crate) struct Stream {
    connection: Connection,
    text: Vec<u8>,
    /// What is still to come of the chunk, its line end included.
    chunk: usize,
}

impl Stream {
    /// The next event: what stands before an empty line.
    pub(crate) async fn event(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = memmem::find(&self.text, b"\n\n") {
                let after = self.text.split_off(end + 2);
                return Ok(std::mem::replace(&mut self.text, after));
            }
            if !self.decode()? {
                self.connection.read_more().await?;
            }
        }
    }

    /// Takes what was received out of its chunks; `false`: more has to be received.
    fn decode(&mut self) -> io::Result<bool> {
        const LINE_END: usize = 2;
        let received = &mut self.connection.answer;
        if self.chunk > 0 {
            let some = self.chunk.min(received.len());
            let content = self.chunk.saturating_sub(LINE_END).min(some);
            self.text.extend(received.drain(..some).take(content));
            self.chunk -= some;
            return Ok(some > 0);
        }
        let Some(end) = memmem::find(received, b"\r\n") else {
            return Ok(false);
        };
        let size: Vec<u8> = received.drain(..end + LINE_END).take(end).collect();
        let size = std::str::from_utf8(&size).ok();
        match size.and_then(|size| usize::from_str_radix(size, 16).ok()) {
            None => Err(unexpected("a chunk without a size")),
            Some(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(size) => {
                self.chunk = size + LINE_END;
                Ok(true)
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
}

struct Head {
    bytes: usize,
    status: u16,
    etag: Option<u64>,
    length: Length,
}

impl Head {
    fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes);
        let httparse::Status::Complete(length) = parsed.map_err(|_| unexpected("no HTTP"))? else {
            return Ok(None);
        };
        let mut head = Head {
            bytes: length,
            status: response.code.unwrap_or_default(),
            etag: None,
            length: Length::Known(0),
        };
        for header in response.headers.iter() {
            let value = || std::str::from_utf8(header.value).unwrap_or_default();
            if header.name.eq_ignore_ascii_case("content-length") {
                let length = value().parse();
                head.length = Length::Known(length.map_err(|_| unexpected("no length"))?);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                head.length = Length::Chunked;
            } else if header.name.eq_ignore_ascii_case("etag") {
                head.etag = value().trim_matches('"').parse().ok();
            }
        }
        Ok(Some(head))
    }
}

fn unexpected(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_nothing_else() {
        let shown = |url| Url::parse(url).map(|url| url.to_string()).ok();
        assert_eq!(
            shown("http://127.0.0.1:8080/").as_deref(),
            Some("http://127.0.0.1:8080")
        );
        assert_eq!(shown("http://host").as_deref(), Some("http://host:80"));
        assert_eq!(shown("http://[::1]:9").as_deref(), Some("http://[::1]:9"));
        for wrong in [
            "https://host",
            "host:80",
            "http://",
            "http://a:b@host",
            "http://host/v1",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
