//! The log: what every engine promises.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Head, Revision, StoredBatch};

use crate::error::LogError;

/// What became of a conditional append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The batch is durable.
    Done,
    /// The log's head is another one; nothing was changed.
    Moved(Head),
}

/// What became of a conditional mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkSet {
    /// The new value is durable.
    Done,
    /// The mark has another value than expected; nothing was changed.
    Other(Option<Bytes>),
}

/// How much one read returns at most. At least one batch is returned where there is one.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimit {
    /// Most batches.
    pub batches: usize,
    /// No further batch is added once these many bytes are read.
    pub bytes: usize,
}

impl Default for ReadLimit {
    fn default() -> Self {
        ReadLimit {
            batches: 4096,
            bytes: 4 << 20,
        }
    }
}

/// BLAKE3 of an artifact's bytes, shown as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactId(pub [u8; 32]);

impl ArtifactId {
    /// The id of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> ArtifactId {
        ArtifactId(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from_bytes(self.0).to_hex().fmt(f)
    }
}

impl FromStr for ArtifactId {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(ArtifactId(*blake3::Hash::from_hex(text)?.as_bytes()))
    }
}

/// What a log holds, for people who look after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogStats {
    /// The end of the log.
    pub head: Head,
    /// The oldest revision whose state can be read.
    pub floor: Revision,
    /// Batches that are kept.
    pub batches: u64,
    /// Bytes of those batches.
    pub batch_bytes: u64,
    /// Finished snapshots.
    pub snapshots: u64,
    /// Artifacts.
    pub artifacts: u64,
    /// Marks.
    pub marks: u64,
    /// Bytes that the engine occupies where it is kept; `None` where it can't tell.
    pub stored_bytes: Option<u64>,
}

/// Held by the one process that does a named background job. Dropping it, or the process dying,
/// gives it back.
pub trait Claim: Send {}

/// A durable, totally ordered list of batches, with snapshots, artifacts and marks beside it.
///
/// ```text
/// floor ≤ revision of the newest snapshot ≤ head        0 ≤ floor; floor is 0 or a snapshot's
/// ```
///
/// Every method may be called from any thread. Methods block; a caller that must not block calls
/// them from a thread that may.
pub trait Log: Send + Sync {
    /// The end of the log: while it has no batch [`Head::EMPTY`], or where [`Log::start_at`] let it
    /// begin. Sees what other processes appended. Cheap: one row.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when the log is behind a head that it once acknowledged.
    fn head(&self) -> Result<Head, LogError>;

    /// Appends a batch if the log ends exactly at `expected`. Durable and atomic when it returns
    /// [`Appended::Done`]; when it returns [`Appended::Moved`] nothing was changed. Of several
    /// appends at one head exactly one is done.
    ///
    /// # Errors
    /// [`LogError::NotNext`] when the batch doesn't begin right after `expected`;
    /// [`LogError::Full`] and [`LogError::Failed`] change nothing; after [`LogError::Unknown`] the
    /// same batch may be appended again: `Done`, or `Moved`, and the batch that stands there says
    /// whose it is.
    fn append(&self, expected: Head, batch: &StoredBatch) -> Result<Appended, LogError>;

    /// The batches that hold revisions above `after`, in order, as they were stored. The first may
    /// begin at or below `after`. Empty when there are none.
    ///
    /// # Errors
    /// [`LogError::Compacted`] when `after` is below the floor; [`LogError::Damaged`] when a batch
    /// is missing, at either end or in the middle. That the bytes are what was written is for the
    /// caller to check, batch by batch.
    fn read(&self, after: Revision, limit: ReadLimit) -> Result<Vec<StoredBatch>, LogError>;

    /// The newest batch as it was stored, even when a snapshot stands at its end: the one that a
    /// compaction leaves. `None` for a log without batches.
    ///
    /// # Errors
    /// As [`Log::head`].
    fn last_batch(&self) -> Result<Option<StoredBatch>, LogError>;

    /// Waits until the log's revision is above `revision`, or `timeout` is over; returns the head
    /// then. Sees other processes' appends within a bounded time, local ones at once.
    ///
    /// # Errors
    /// As [`Log::head`].
    fn wait_past(&self, revision: Revision, timeout: Duration) -> Result<Head, LogError>;

    /// The oldest revision whose state can be read: 0, or the revision of a snapshot. Changes
    /// above it can be read one by one.
    ///
    /// # Errors
    /// When the engine fails.
    fn floor(&self) -> Result<Revision, LogError>;

    /// Stores chunk `number` (0, 1, 2, …) of the snapshot at `revision`, replacing an unfinished
    /// one of the same number. Not visible before [`Log::finish_snapshot`]: a snapshot that is
    /// finished already stays as it is until then.
    ///
    /// # Errors
    /// When the engine fails; nothing is visible then.
    fn put_chunk(&self, revision: Revision, number: u32, bytes: &Bytes) -> Result<(), LogError>;

    /// Makes the snapshot of `info.head` valid and durable, with the chunks put before. Chunks of
    /// a higher number, left by an earlier attempt, are dropped. Finishing the same again is fine.
    ///
    /// # Errors
    /// [`LogError::NotNext`] when a chunk that `info` lists is missing or another one stands there,
    /// or when the log has no such head.
    fn finish_snapshot(&self, info: &SnapshotInfo) -> Result<(), LogError>;

    /// Lets a log without batches begin at `info.head`, as a restored one does: makes that snapshot
    /// valid with the chunks put before, and its revision the floor, at once. The head is
    /// `info.head` then, and the next batch follows it. Beginning at the same again is fine.
    ///
    /// # Errors
    /// [`LogError::NotNext`] when a chunk is missing, or the log has a batch, a finished snapshot
    /// or another beginning.
    fn start_at(&self, info: &SnapshotInfo) -> Result<(), LogError>;

    /// The finished snapshots' revisions, oldest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn snapshots(&self) -> Result<Vec<Revision>, LogError>;

    /// What finished the snapshot at exactly that revision.
    ///
    /// # Errors
    /// [`LogError::Damaged`] and [`LogError::NewerFormat`] when its finish can't be taken.
    fn snapshot(&self, revision: Revision) -> Result<Option<SnapshotInfo>, LogError>;

    /// A chunk as it was stored.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when it isn't there.
    fn chunk(&self, revision: Revision, number: u32) -> Result<Bytes, LogError>;

    /// Moves the floor to the newest snapshot at or below `before` whose finish and chunks are
    /// sound, and drops the batches and snapshots below it, in one transaction; never the last
    /// batch. Returns the floor. The floor never goes back; without such a snapshot in reach
    /// nothing happens. Reads the snapshot as a whole.
    ///
    /// # Errors
    /// When the engine fails; nothing is dropped then.
    fn compact(&self, before: Revision) -> Result<Revision, LogError>;

    /// Stores bytes under their digest; durable when it returns. The same bytes twice are one.
    ///
    /// # Errors
    /// As [`Log::append`].
    fn put_artifact(&self, bytes: &Bytes) -> Result<ArtifactId, LogError>;

    /// The bytes of an artifact, checked against its id.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when they don't fit.
    fn artifact(&self, id: ArtifactId) -> Result<Option<Bytes>, LogError>;

    /// The ids of all artifacts, in byte order.
    ///
    /// # Errors
    /// When the engine fails.
    fn artifacts(&self) -> Result<Vec<ArtifactId>, LogError>;

    /// Deletes an artifact; says whether there was one.
    ///
    /// # Errors
    /// When the engine fails; nothing is deleted then.
    fn delete_artifact(&self, id: ArtifactId) -> Result<bool, LogError>;

    /// The value of a mark: how far a named follower has come.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when it doesn't fit its checksum.
    fn mark(&self, name: &str) -> Result<Option<Bytes>, LogError>;

    /// Sets a mark if it has the value `old` (`None`: isn't there); durable when it returns.
    ///
    /// # Errors
    /// As [`Log::append`].
    fn set_mark(&self, name: &str, old: Option<&[u8]>, new: &[u8]) -> Result<MarkSet, LogError>;

    /// The names of all marks, in byte order.
    ///
    /// # Errors
    /// When the engine fails.
    fn marks(&self) -> Result<Vec<String>, LogError>;

    /// Claims a named background job, unless somebody else has it: then `None`.
    ///
    /// # Errors
    /// When the engine fails.
    fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, LogError>;

    /// Counts what is kept. Looks at every batch's row, not at its bytes.
    ///
    /// # Errors
    /// When the engine fails.
    fn stats(&self) -> Result<LogStats, LogError>;
}
