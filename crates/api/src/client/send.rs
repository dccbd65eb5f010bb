//! Sending requests, one after another, and again where that is safe.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::connection::{Connection, Head, OwnBody, strange};
use super::error::ClientError;
use super::request::Request;
use super::secret::Secret;
use super::url::ServerUrl;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// On the network.
    Url(ServerUrl),
    /// On this computer, behind a Unix socket.
    Socket(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Url(url) => url.fmt(f),
            Endpoint::Socket(path) => path.display().fmt(f),
        }
    }
}

impl Endpoint {
    fn host(&self) -> String {
        match self {
            Endpoint::Url(url) => url.authority(),
            Endpoint::Socket(_) => "localhost".to_owned(),
        }
    }
}

/// What a client is told.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// What shows who asks.
    pub token: Option<Secret>,
    /// How long a server that is busy, or away after a connection broke, is asked again.
    pub patience: Duration,
    /// File with the certificates of authorities that vouch for it; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

impl ClientOptions {
    /// Of a server that asks for no token.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> ClientOptions {
        ClientOptions {
            endpoint,
            token: None,
            patience: PATIENCE,
            authorities: None,
        }
    }
}

/// How long a server that is busy is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client of one server. It keeps a connection and asks one thing at a time.
pub struct Client {
    pub(super) options: ClientOptions,
    host: String,
    idle: Option<Connection>,
}

/// An answer whose content was handed on as it came.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// How many bytes it had.
    pub bytes: u64,
}

/// The first wait before something is sent again; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl Client {
    /// A client; nothing is sent yet.
    #[must_use]
    pub fn new(options: ClientOptions) -> Client {
        Client {
            host: options.endpoint.host(),
            options,
            idle: None,
        }
    }

    /// Where its server is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.options.endpoint
    }

    /// Whether it shows who asks.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.options.token.is_some()
    }

    /// Connects, unless it is connected.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::Tls`].
    pub fn connect(&mut self) -> Result<(), ClientError> {
        if self.idle.is_none() {
            self.idle = Some(Connection::open(&self.options)?);
        }
        Ok(())
    }

    /// Sends a request and waits for all of its answer, which may be a refusal. A read, and a write
    /// under an idempotency key, is sent again when the connection breaks or the server is busy.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&mut self, request: &Request) -> Result<Answer, ClientError> {
        let bytes = self.encode(request);
        let mut retry = Retry::new(self.options.patience);
        loop {
            let fresh = !self.idle.as_ref().is_some_and(|idle| idle.used);
            match self.send_once(&bytes, request) {
                Ok(answer) => {
                    let busy = answer.retry_after().filter(|_| request.is_repeatable());
                    let Some(seconds) = busy else {
                        return Ok(answer);
                    };
                    if !retry.wait_at_least(Duration::from_secs(seconds)) {
                        return Ok(answer);
                    }
                }
                // A kept connection that the server hung up says nothing about the server.
                Err(Failed::Io(_)) if !fresh && request.is_repeatable() => retry.sent = true,
                Err(Failed::Io(source)) if source.kind() == io::ErrorKind::InvalidData => {
                    return Err(self.foreign(&source));
                }
                Err(Failed::Io(source)) => {
                    retry.sent = true;
                    if !request.is_repeatable() || !retry.wait() {
                        return Err(self.broken(source, request.writes()));
                    }
                }
                Err(Failed::Connect(ClientError::Connect { source, .. })) if retry.sent => {
                    if !retry.wait() {
                        return Err(self.broken(source, request.writes()));
                    }
                }
                Err(Failed::Connect(error)) => return Err(error),
            }
        }
    }

    /// Sends a request and takes its answer as it comes.
    ///
    /// # Errors
    /// As [`Client::send`], and [`ClientError::Refused`]; [`ClientError::Sink`] when `to` fails.
    /// Part of the content may have been written then.
    pub fn stream(
        &mut self,
        request: &Request,
        to: &mut dyn Write,
    ) -> Result<Streamed, ClientError> {
        let mut body = self.open(request)?;
        let mut part = vec![0; 64 << 10];
        let mut bytes = 0;
        loop {
            let read = io::Read::read(&mut body, &mut part);
            let read = read.map_err(|source| self.broken(source, false))?;
            if read == 0 {
                return Ok(Streamed { bytes });
            }
            bytes += u64::try_from(read).unwrap_or(u64::MAX);
            let part = part.get(..read).unwrap_or_default();
            to.write_all(part).map_err(ClientError::Sink)?;
        }
    }

    /// Sends a request; the content of its answer is still to come.
    pub(super) fn open(&self, request: &Request) -> Result<OwnBody, ClientError> {
        let bytes = self.encode(request);
        // One of its own: who doesn't take all of a stream can't go on with the connection.
        let mut connection = Connection::open(&self.options)?;
        let sent = connection.write(&bytes, request.patience);
        let head = sent.and_then(|()| connection.read_head());
        let head = head.map_err(|source| self.broken(source, false))?;
        if (200..300).contains(&head.status) {
            let body = connection.into_body(&head);
            return body.map_err(|source| self.broken(source, false));
        }
        let body = connection.read_body(&head);
        let body = body.map_err(|source| self.broken(source, false))?;
        match self.answer(head, body).of_success() {
            Err(error) => Err(error),
            Ok(answer) => Err(self.foreign(&strange(&format!("status {}", answer.status)))),
        }
    }

    pub(super) fn encode(&self, request: &Request) -> Vec<u8> {
        request.to_bytes(&self.host, self.options.token.as_ref())
    }

    fn send_once(&mut self, bytes: &[u8], request: &Request) -> Result<Answer, Failed> {
        let mut connection = match self.idle.take() {
            Some(idle) => idle,
            None => Connection::open(&self.options).map_err(Failed::Connect)?,
        };
        let written = connection.write(bytes, request.patience);
        // A server that refuses early may hang up on the rest; what it said is still to be read.
        let head = connection.read_head().map_err(|error| match written {
            Err(written) => Failed::Io(written),
            Ok(()) => Failed::Io(error),
        })?;
        let body = connection.read_body(&head).map_err(Failed::Io)?;
        connection.used = true;
        self.idle = (!head.closes()).then_some(connection);
        Ok(self.answer(head, body))
    }

    pub(super) fn answer(&self, head: Head, body: Vec<u8>) -> Answer {
        Answer {
            status: head.status,
            headers: head.headers,
            body,
            place: self.options.endpoint.to_string(),
        }
    }

    pub(super) fn broken(&self, source: io::Error, writes: bool) -> ClientError {
        let place = self.options.endpoint.to_string();
        if writes {
            ClientError::UnknownOutcome { place, source }
        } else {
            ClientError::Broken { place, source }
        }
    }

    pub(super) fn foreign(&self, error: &io::Error) -> ClientError {
        ClientError::Foreign {
            place: self.options.endpoint.to_string(),
            message: error.to_string(),
        }
    }
}

/// Why one attempt failed.
enum Failed {
    /// Nothing was sent.
    Connect(ClientError),
    /// Something may have been.
    Io(io::Error),
}

/// How often something is tried again.
pub(super) struct Retry {
    begin: Instant,
    patience: Duration,
    next: Duration,
    /// Whether it was sent before.
    pub(super) sent: bool,
}

impl Retry {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long is waited is not a rule's affair"
    )]
    pub(super) fn new(patience: Duration) -> Retry {
        Retry {
            begin: Instant::now(),
            patience,
            next: FIRST_WAIT,
            sent: false,
        }
    }

    /// Waits before the next attempt; `false`: patience is at its end.
    pub(super) fn wait(&mut self) -> bool {
        self.wait_at_least(Duration::ZERO)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "there is nothing to wait on but time"
    )]
    pub(super) fn wait_at_least(&mut self, asked: Duration) -> bool {
        let wait = self.next.max(asked);
        if self.begin.elapsed() + wait > self.patience {
            return false;
        }
        std::thread::sleep(wait);
        self.next = (self.next * 2).min(LAST_WAIT);
        true
    }
}
