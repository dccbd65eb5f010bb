//! Why a request has no answer, or not the one that was hoped for.

use std::fmt;
use std::io;

use super::answer::RemoteProblem;

/// Why a request failed. `place` says where the server was looked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The server refused it and says why.
    Refused(Box<RemoteProblem>),
    /// Nothing answers there; nothing was sent.
    Connect {
        /// Where.
        place: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The other end isn't who it should be, or speaks no TLS; nothing was sent.
    Tls {
        /// Where.
        place: String,
        /// What was wrong.
        source: io::Error,
    },
    /// The connection broke, or nothing came in time; nothing was changed.
    Broken {
        /// Where.
        place: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// A write was sent, perhaps several times, and got no answer.
    UnknownOutcome {
        /// Where.
        place: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// What answers there isn't a Deedbook, or one that this client doesn't understand.
    Foreign {
        /// Where.
        place: String,
        /// What it answered.
        message: String,
    },
    /// Whoever was to take the answer didn't.
    Sink(io::Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Refused(problem) => f.write_str(&problem.detail),
            ClientError::Connect { place, source } => write!(f, "can't reach {place}: {source}"),
            ClientError::Tls { place, source } => {
                write!(f, "can't trust the TLS of {place}: {source}")
            }
            ClientError::Broken { place, source } => {
                write!(f, "the connection to {place} broke: {}", told(source))
            }
            ClientError::UnknownOutcome { place, source } => write!(
                f,
                "the connection to {place} broke before the answer, so nobody knows whether it was \
                 done: {}",
                told(source)
            ),
            ClientError::Foreign { place, message } => {
                write!(f, "{place} doesn't answer as a Deedbook does: {message}")
            }
            ClientError::Sink(source) => write!(f, "can't hand the answer on: {source}"),
        }
    }
}

/// A passed time limit has a strange name where sockets have it.
fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        io::ErrorKind::UnexpectedEof => "the server hung up".to_owned(),
        _ => error.to_string(),
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Connect { source, .. }
            | ClientError::Tls { source, .. }
            | ClientError::Broken { source, .. }
            | ClientError::UnknownOutcome { source, .. }
            | ClientError::Sink(source) => Some(source),
            ClientError::Refused(_) | ClientError::Foreign { .. } => None,
        }
    }
}
