//! What runs where: what is known of each record, and what is in a namespace.

mod cursor;
mod facts;
mod filter;
pub(crate) mod index;
mod namespace_now;
mod page;

pub use cursor::{MeshCursor, MeshCursorError};
pub(crate) use facts::Name;
pub use facts::{EndpointFacts, MeshFacts, NamespaceFacts, NodeFacts, ShardFacts};
pub use filter::MeshFilter;
pub use namespace_now::NamespaceNow;
pub use page::MeshPage;

/// What places shards where nobody says so: no request, no record of their namespace.
pub const USUAL_STRATEGY: &str = "rendezvous";
