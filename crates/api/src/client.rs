//! A small blocking client: HTTP/1.1 over TCP, TLS or a Unix socket, with limits on how long
//! anything may take.
//!
//! ```text
//! Request ─► Client::send ──► Connection ─► Answer ─► Answer::of_success ─► shapes
//!            Client::stream ─►    ├► content as it comes
//!            Client::events ─►    ├► EventStream: server-sent events
//!            Pipeline ──────►     └ broken: a read, and a write under an Idempotency-Key, is
//!                                   sent again, as it is
//! ```

mod answer;
mod connection;
mod error;
mod events;
mod pipeline;
mod request;
mod secret;
mod send;
mod tls;
mod url;

pub use answer::{Answer, RemoteProblem, RemoteProblemError};
pub use error::ClientError;
pub use events::{EventStream, ServerEvent};
pub use pipeline::Pipeline;
pub use request::{Request, Target};
pub use secret::{NotASecret, Secret};
pub use send::{Client, ClientOptions, Endpoint, Streamed};
pub use url::{ServerUrl, UrlError};
