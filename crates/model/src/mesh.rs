//! What runs where: namespaces, and in them nodes, services with their endpoints, and shards.
//!
//! ```text
//! document ─ read ─┬─ Draft: what the rules take
//! builder ─────────┘  └─ issues: every fault at once
//! stored data ─ Namespace, Node, Service, Endpoint, Shard
//! ```
//!
//! ```
//! use deedbook_model::mesh::{Node, Shard};
//!
//! let node = Node::new("orders", "node-a").zone("eu-1a").weight(2.0).build()?;
//! assert_eq!(node.key().to_string(), "orders/node-a");
//! let refused = Shard::new("orders", "", "node-a").build().unwrap_err();
//! assert_eq!(refused[0].pointer, "/shardId");
//! # Ok::<(), Vec<deedbook_model::issue::Issue>>(())
//! ```

mod builder;
mod fields;
mod json_schema;
mod key;
mod read;
mod records;

pub use json_schema::json_schema;
pub use key::{MeshKey, MeshKind, NotAKey};
pub use read::{Amended, Draft, ReadOptions, amend, read, read_node};
pub use records::{Endpoint, Namespace, Node, RangeDemand, Service, Shard};

use crate::schema::{KnownVersions, SchemaVersion};

/// The version of the records' data. A document that doesn't state its `schemaVersion` is of it.
pub const SCHEMA_VERSION: SchemaVersion = SchemaVersion::new(1, 0, 0);

/// The versions of the records' data that this crate knows.
pub const SCHEMA_VERSIONS: KnownVersions = KnownVersions::new(0, SCHEMA_VERSION);

#[cfg(test)]
mod property_test;
#[cfg(test)]
#[path = "mesh/mesh_test.rs"]
mod tests;
