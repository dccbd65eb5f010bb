//! Listening, TLS, connections, and what a slow or half-open client may hold.

mod accept;
mod connection;
mod patient;
mod tls;

pub(crate) use accept::accept;
pub(crate) use tls::Tls;
pub use tls::{TlsError, TlsFiles};
