//! Shards: who owns which, in the shapes that are on the wire already.

mod checksum;
pub mod control;
mod hash;
mod number_text;
mod status;

pub use checksum::Checksummed;
pub use hash::{unit_interval, xxh64};
pub use number_text::NumberText;
pub use status::ShardStatus;
