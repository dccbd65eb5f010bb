//! Listening, connections, and what a slow or half-open client may hold.

mod accept;
mod connection;
mod patient;

pub(crate) use accept::accept;
