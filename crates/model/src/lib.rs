//! What a Deedbook holds: records, changes, batches, component documents, their validation
//! and encodings. No I/O, no clock, no async.

pub mod component;
pub mod document;
pub mod issue;
pub mod schema;
pub mod version_spec;
