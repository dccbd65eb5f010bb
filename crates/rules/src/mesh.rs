//! What runs where: what is known of each record, and what is in a namespace.

mod facts;
mod filter;
pub(crate) mod index;

pub(crate) use facts::key_of;
pub use facts::{EndpointFacts, MeshFacts, NamespaceFacts, NodeFacts, ShardFacts};
pub use filter::MeshFilter;
