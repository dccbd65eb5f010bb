//! What a Deedbook holds: records, changes, batches, component documents, their validation
//! and encodings. No I/O, no clock, no async.

pub mod issue;
