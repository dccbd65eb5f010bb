//! Deedbook over HTTP/1.1 and HTTP/2, on one port: a book's routes, behind limits on everything.
//!
//! ```text
//! listener ─► connection ─► request ─► middleware: id, host, route, parameters, who may
//!                                          │
//!              read ◄── newest view ◄──────┼──────► write ─► Book::try_submit ─► answered when
//!        (answered at once, no lock)       │                                     it is durable
//!                                          └──────► slow work, on few threads of its own
//! ```
//!
//! | module | does |
//! |---|---|
//! | `options`, `start` | what a server is told, and its beginning and end |
//! | `net` | listening, TLS, connections, what a slow or half-open client may hold |
//! | `middleware` | what happens to every request, in one place |
//! | `access` | foreign hosts, credentials, and who may call a route |
//! | `metrics` | what is counted |
//! | `journal`, `traces` | what the server says of itself, and of each request to a collector |
//! | `sight` | which view a read looks at |
//! | `write` | handing a command in and waiting for it |
//! | `watch` | following the book's changes, for every face |
//! | `grpc` | the same over gRPC |
//! | `routes` | a module for each noun: parse, call, render |
//! | `slow` | turns of work that takes long |
//! | `stamp` | whether a file was written since the last look |
//! | `cursor` | where a list goes on |
//! | `answer`, `body`, `gzip`, `refuse` | how an answer goes out |

mod access;
mod answer;
mod authorship;
mod body;
mod call;
mod conditions;
mod content;
mod control;
mod cursor;
mod grpc;
mod gzip;
mod health;
mod instant;
mod journal;
mod metrics;
mod middleware;
mod net;
mod options;
mod placement_size;
mod refuse;
mod request_id;
mod routes;
mod server;
mod sight;
mod slow;
mod stamp;
mod start;
mod traces;
mod watch;
mod write;

pub use access::{JwtOptions, KeysError};
pub use journal::{Journal, Level, LogFormat, NotALevel};
pub use net::{TlsError, TlsFiles};
pub use options::{Limits, Options};
pub use start::{Ended, Running, Signals, StartError, Stopped, start};
