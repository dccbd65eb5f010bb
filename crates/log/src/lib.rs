//! Where a Deedbook is kept: the [`Log`] trait, its engines and the suite that each of them passes.
//!
//! A log stores batches, snapshots, artifacts and marks as bytes. It knows their order, not what
//! they say: rows never leak out, and meaning lives in the crates above.
//!
//! ```text
//! log          the trait: what every engine promises       error    what a caller can act on
//! memory       a lock; for tests and simulation            sqlite   one machine, zero set-up
//! conformance  one test for each promise (feature `conformance`)
//! ```
//!
//! ```
//! use deedbook_log::{Appended, Log, MemoryLog, ReadLimit};
//! use deedbook_model::batch::BatchBuilder;
//! use deedbook_model::{Head, Revision, StateRoot, WriterId};
//! # use deedbook_model::{Change, CommandInfo, Generation, Kind, Timestamp, Verb};
//! # let command = CommandInfo {
//! #     first: Revision(1), last: Revision(1), time: Timestamp::default(), actor: "ada".into(),
//! #     reason: "example".into(), ticket: None, request_id: None, keyed: None,
//! # };
//! # let change = Change {
//! #     revision: Revision(1), command: command.clone().into(), kind: Kind::named("component"),
//! #     key: "key".into(), verb: Verb::REGISTERED, generation: Generation(1), previous: None,
//! #     record: None,
//! # };
//!
//! let log = MemoryLog::default();
//! let mut builder = BatchBuilder::new(Head::EMPTY, WriterId([1; 16]), 1);
//! builder.push(&command, &[change], || [0; 16]);
//! let batch = builder.finish(StateRoot::EMPTY, 0);
//!
//! assert_eq!(log.append(Head::EMPTY, &batch)?, Appended::Done);
//! assert_eq!(log.append(Head::EMPTY, &batch)?, Appended::Moved(batch.head()));
//! assert_eq!(log.read(Revision::ZERO, ReadLimit::default())?, [batch]);
//! # Ok::<(), deedbook_log::LogError>(())
//! ```

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
