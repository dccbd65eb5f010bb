//! What a Deedbook holds: records, changes, batches, component documents, their validation
//! and encodings. No I/O, no clock, no async.

pub mod batch;
pub mod capability;
pub mod change;
pub mod code;
pub mod component;
pub mod document;
pub mod glob;
pub mod idempotency;
pub mod issue;
mod judge;
pub mod mesh;
pub mod position;
pub mod principal;
pub mod record;
pub mod root;
pub mod schema;
pub mod shard;
pub mod snapshot;
pub mod text;
pub mod time;
pub mod token;
pub mod version_spec;

pub use batch::{Batch, BatchError, StoredBatch};
pub use capability::{Capability, Grant, Grants, Resource, Rights};
pub use change::{Change, CommandInfo, Verb};
pub use idempotency::{
    Idempotency, IdempotencyKey, KeyLimits, Keyed, RememberedKey, RequestDigest,
};
pub use position::{Chain, Generation, Head, Lineage, Revision, WriterId};
pub use record::{Envelope, Kind, RecordKey, UnknownMembers};
pub use root::StateRoot;
pub use time::Timestamp;
pub use token::{Token, TokenHash, TokenId};

/// The example of the README runs as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
