//! What a server is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use deedbook_api::client::ServerUrl;
use deedbook_model::KeyLimits;

use crate::access::JwtOptions;
use crate::journal::Journal;
use crate::net::TlsFiles;

/// How a server runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 lets the operating system choose.
    pub listen: SocketAddr,
    /// Unix socket for programs of the same user, who may open the book's files as well.
    pub socket: Option<PathBuf>,
    /// Who makes changes where no credential says so.
    pub actor: String,
    /// How long a read waits for the revision that it asks for.
    pub wait: Duration,
    /// Threads that answer requests. One is quickest on two processors, where the sequencer keeps
    /// the other busy.
    pub threads: usize,
    /// What a client may take.
    pub limits: Limits,
    /// Where the certificate is; `None`: connections aren't encrypted.
    pub tls: Option<TlsFiles>,
    /// Which signed tokens are taken; `None`: none.
    pub jwt: Option<JwtOptions>,
    /// How often files that may change are looked at.
    pub reload: Duration,
    /// How long, and how many, idempotency keys are remembered.
    pub remember: KeyLimits,
    /// Where it says what it does.
    pub journal: Journal,
    /// A collector of traces (OTLP over HTTP), which is sent a span for each request; `None`: nobody
    /// is.
    pub traces: Option<ServerUrl>,
}

/// What one client, or all together, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub connections: u32,
    /// Requests at a time on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of a request's line and headers.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a path and query.
    pub target_bytes: usize,
    /// How long a request's head may take, and how long a connection may be idle.
    pub head_time: Duration,
    /// How long a request's content may take, and how long a write may wait for its answer.
    pub request_time: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_time: Duration,
    /// How long requests in flight have when the server ends.
    pub end_time: Duration,
    /// Watches at a time.
    pub watches: usize,
    /// How long a watcher is told nothing before it is told how far the book is.
    pub progress_time: Duration,
    /// Slow requests that work at a time.
    pub slow: usize,
    /// Slow requests that wait for their turn.
    pub slow_waiting: usize,
    /// Backups that are sent at a time.
    pub backups: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            socket: None,
            actor: "anonymous".to_owned(),
            wait: Duration::from_secs(10),
            threads: 1,
            limits: Limits::default(),
            tls: None,
            jwt: None,
            reload: Duration::from_secs(1),
            remember: KeyLimits::default(),
            journal: Journal::default(),
            traces: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 4096,
            streams: 128,
            head_bytes: 64 << 10,
            headers: 64,
            target_bytes: 8 << 10,
            head_time: Duration::from_secs(30),
            request_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            end_time: Duration::from_secs(8),
            watches: 2048,
            progress_time: Duration::from_secs(30),
            slow: 2,
            slow_waiting: 64,
            backups: 2,
        }
    }
}
