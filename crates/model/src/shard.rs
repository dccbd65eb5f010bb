//! Shards: who owns which, in the shapes that are on the wire already.

mod checksum;
pub mod control;
mod hash;
mod number_text;
mod range;
mod status;

pub use checksum::Checksummed;
pub use hash::{unit_interval, xxh64, xxh64_bytes};
pub use number_text::NumberText;
pub use range::{HashRange, KeyRange, RangeError, ShardRange};
pub use status::ShardStatus;
