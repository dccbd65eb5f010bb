//! Where a Deedbook is kept: the [`Log`] trait, its engines and the suite that each of them passes.
//!
//! A log stores batches, snapshots, artifacts and marks as bytes. It knows their order, not what
//! they say: rows never leak out, and meaning lives in the crates above.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod log;
mod memory;
mod sealed;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use error::{LogError, Part};
pub use log::{Appended, ArtifactId, Claim, Log, LogStats, MarkSet, ReadLimit};
pub use memory::MemoryLog;
#[cfg(feature = "sqlite")]
pub use sqlite::{Access, SqliteLog};
