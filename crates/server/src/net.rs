//! Listening, TLS, connections, and what a slow or half-open client may hold.

mod accept;
mod connection;
mod owed;
mod patient;
mod socket;
mod tls;

pub(crate) use accept::{accept, accept_local};
pub(crate) use socket::Socket;
pub(crate) use tls::Tls;
pub use tls::{TlsError, TlsFiles};
