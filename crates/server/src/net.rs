//! Listening, connections, and what a slow or half-open client may hold.

mod accept;
mod connection;
mod patient;
mod socket;

pub(crate) use accept::{accept, accept_local};
pub(crate) use socket::Socket;
