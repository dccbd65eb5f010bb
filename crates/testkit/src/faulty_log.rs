//! A log that waits, fails and lies where a test says so.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use deedbook_log::{
    Appended, ArtifactId, Claim, Log, LogError, LogStats, MarkSet, Part, ReadLimit,
};
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Head, Revision, StoredBatch};

use crate::wait;

/// What becomes of one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It goes through.
    None,
    /// It is done, and nobody learns of it.
    DoneUnknown,
    /// As [`Fault::DoneUnknown`], and the next append is held back.
    DoneUnknownThenHold,
    /// It isn't done, and nobody learns of it.
    LostUnknown,
    /// The disk is full.
    Full,
    /// It fails; nothing was changed.
    Failed,
}

/// A byte that reads as another than was written.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    /// In the batch that begins there.
    Batch {
        /// Its first revision.
        first: Revision,
        /// Which byte.
        at: usize,
    },
    /// In a snapshot's chunk.
    Chunk {
        /// The snapshot's revision.
        revision: Revision,
        /// Which chunk.
        number: u32,
        /// Which byte.
        at: usize,
    },
    /// In what finishes a snapshot.
    Finish {
        /// The snapshot's revision.
        revision: Revision,
        /// Which byte.
        at: usize,
    },
}

#[derive(Default)]
struct Faults {
    appends: VecDeque<Fault>,
    reads_fail: bool,
    snapshots_fail: bool,
    snapshots_tried: usize,
    snapshots_held: bool,
    held: bool,
    deaf: bool,
    waiting: usize,
    tried: usize,
    damage: Option<(Damage, u8)>,
    compacts: Option<Revision>,
}

/// A log around another. Clones share the faults.
#[derive(Clone)]
pub struct FaultyLog {
    inner: Arc<dyn Log>,
    faults: Arc<(Mutex<Faults>, Condvar)>,
}

impl FaultyLog {
    /// A log that does what `inner` does until it is told otherwise.
    #[must_use]
    pub fn around(inner: Arc<dyn Log>) -> FaultyLog {
        FaultyLog {
            inner,
            faults: Arc::default(),
        }
    }

    /// What becomes of the next appends, one after the other.
    pub fn next_appends(&self, faults: &[Fault]) {
        self.lock().appends.extend(faults);
    }

    /// Whether reads fail from now on.
    pub fn fail_reads(&self, fail: bool) {
        self.lock().reads_fail = fail;
    }

    /// Whether snapshots fail from now on, once their chunks are there.
    pub fn fail_snapshots(&self, fail: bool) {
        self.lock().snapshots_fail = fail;
    }

    /// Whether snapshots are held back from now on, once their chunks are there.
    pub fn hold_snapshots(&self, hold: bool) {
        self.lock().snapshots_held = hold;
        self.faults.1.notify_all();
    }

    /// The log is compacted right after its floor is asked for next.
    pub fn compact_beside(&self, before: Revision) {
        self.lock().compacts = Some(before);
    }

    /// How many snapshots were to be finished so far.
    #[must_use]
    pub fn tried_snapshots(&self) -> usize {
        self.lock().snapshots_tried
    }

    /// Holds appends back before they do anything, until [`FaultyLog::release`].
    pub fn hold(&self) {
        self.lock().held = true;
    }

    /// Waits until an append is held back.
    pub fn wait_until_held(&self) {
        wait::until("an append is held back", || self.lock().waiting > 0);
    }

    /// Lets appends go on.
    pub fn release(&self) {
        self.lock().held = false;
        self.faults.1.notify_all();
    }

    /// Whether waits for other writers last until this is taken back, whatever their bound.
    pub fn hold_waits(&self, hold: bool) {
        self.lock().deaf = hold;
        self.faults.1.notify_all();
    }

    /// How many appends were tried.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.lock().tried
    }

    /// Reads one byte with some of its bits flipped.
    pub fn damage(&self, damage: Option<(Damage, u8)>) {
        self.lock().damage = damage;
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.faults.0.lock().unwrap()
    }

    fn next_fault(&self) -> Fault {
        let mut faults = self.lock();
        faults.tried += 1;
        faults.waiting += 1;
        let mut faults = self.wait_while(faults, |f| f.held);
        faults.waiting -= 1;
        faults.appends.pop_front().unwrap_or(Fault::None)
    }

    /// Not for ever: a test that failed meanwhile releases nobody.
    fn wait_while<'a>(
        &'a self,
        faults: MutexGuard<'a, Faults>,
        condition: impl Fn(&Faults) -> bool,
    ) -> MutexGuard<'a, Faults> {
        let waited = self
            .faults
            .1
            .wait_timeout_while(faults, wait::PATIENCE, |faults| condition(faults));
        waited.unwrap().0
    }

    fn check_reads(&self) -> Result<(), LogError> {
        match self.lock().reads_fail {
            true => Err(failed("read batches")),
            false => Ok(()),
        }
    }

    fn damaged(&self, mut batch: StoredBatch) -> StoredBatch {
        if let Some((Damage::Batch { first, at }, bits)) = self.lock().damage
            && first == batch.first
        {
            batch.bytes = flipped(&batch.bytes, at, bits);
        }
        batch
    }
}

fn failed(action: &'static str) -> LogError {
    LogError::Failed {
        action,
        source: "as the test wants it".into(),
    }
}

fn unknown() -> LogError {
    LogError::Unknown {
        action: "append to the log",
        source: "as the test wants it".into(),
    }
}

/// The bytes with some bits of one flipped.
#[must_use]
pub fn flipped(bytes: &[u8], at: usize, bits: u8) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= bits;
    bytes.into()
}

impl Log for FaultyLog {
    fn head(&self) -> Result<Head, LogError> {
        self.check_reads()?;
        self.inner.head()
    }

    fn append(&self, expected: Head, batch: &StoredBatch) -> Result<Appended, LogError> {
        match self.next_fault() {
            Fault::None => self.inner.append(expected, batch),
            Fault::DoneUnknown => {
                self.inner.append(expected, batch)?;
                Err(unknown())
            }
            Fault::DoneUnknownThenHold => {
                self.inner.append(expected, batch)?;
                self.hold();
                Err(unknown())
            }
            Fault::LostUnknown => Err(unknown()),
            Fault::Full => Err(LogError::Full),
            Fault::Failed => Err(failed("append to the log")),
        }
    }

    fn read(&self, after: Revision, limit: ReadLimit) -> Result<Vec<StoredBatch>, LogError> {
        self.check_reads()?;
        let batches = self.inner.read(after, limit)?;
        Ok(batches.into_iter().map(|b| self.damaged(b)).collect())
    }

    fn last_batch(&self) -> Result<Option<StoredBatch>, LogError> {
        self.check_reads()?;
        Ok(self.inner.last_batch()?.map(|b| self.damaged(b)))
    }

    fn wait_past(&self, revision: Revision, timeout: Duration) -> Result<Head, LogError> {
        drop(self.wait_while(self.lock(), |f| f.deaf));
        self.inner.wait_past(revision, timeout)
    }

    fn floor(&self) -> Result<Revision, LogError> {
        let floor = self.inner.floor();
        let compacts = self.lock().compacts.take();
        if let Some(before) = compacts {
            self.inner.compact(before)?;
        }
        floor
    }

    fn put_chunk(&self, revision: Revision, number: u32, bytes: &Bytes) -> Result<(), LogError> {
        self.inner.put_chunk(revision, number, bytes)
    }

    fn finish_snapshot(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        let mut faults = self.lock();
        faults.snapshots_tried += 1;
        let faults = self.wait_while(faults, |f| f.snapshots_held);
        if faults.snapshots_fail {
            return Err(LogError::Full);
        }
        drop(faults);
        self.inner.finish_snapshot(info)
    }

    fn start_at(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        self.inner.start_at(info)
    }

    fn snapshots(&self) -> Result<Vec<Revision>, LogError> {
        self.inner.snapshots()
    }

    fn snapshot(&self, revision: Revision) -> Result<Option<SnapshotInfo>, LogError> {
        let info = self.inner.snapshot(revision)?;
        match (self.lock().damage, info) {
            (Some((Damage::Finish { revision: of, at }, bits)), Some(info)) if of == revision => {
                SnapshotInfo::decode(&flipped(&info.encode(), at, bits))
                    .map(Some)
                    .map_err(|error| LogError::Damaged {
                        part: Part::Snapshot(revision),
                        message: error.to_string(),
                        hint: None,
                    })
            }
            (_, info) => Ok(info),
        }
    }

    fn chunk(&self, revision: Revision, number: u32) -> Result<Bytes, LogError> {
        let bytes = self.inner.chunk(revision, number)?;
        match self.lock().damage {
            Some((
                Damage::Chunk {
                    revision: of,
                    number: n,
                    at,
                },
                bits,
            )) if (of, n) == (revision, number) => Ok(flipped(&bytes, at, bits)),
            _ => Ok(bytes),
        }
    }

    fn compact(&self, before: Revision) -> Result<Revision, LogError> {
        self.inner.compact(before)
    }

    fn put_artifact(&self, bytes: &Bytes) -> Result<ArtifactId, LogError> {
        self.inner.put_artifact(bytes)
    }

    fn artifact(&self, id: ArtifactId) -> Result<Option<Bytes>, LogError> {
        self.inner.artifact(id)
    }

    fn artifacts(&self) -> Result<Vec<ArtifactId>, LogError> {
        self.inner.artifacts()
    }

    fn delete_artifact(&self, id: ArtifactId) -> Result<bool, LogError> {
        self.inner.delete_artifact(id)
    }

    fn mark(&self, name: &str) -> Result<Option<Bytes>, LogError> {
        self.inner.mark(name)
    }

    fn set_mark(&self, name: &str, old: Option<&[u8]>, new: &[u8]) -> Result<MarkSet, LogError> {
        self.inner.set_mark(name, old, new)
    }

    fn marks(&self) -> Result<Vec<String>, LogError> {
        self.inner.marks()
    }

    fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, LogError> {
        self.inner.claim(name)
    }

    fn stats(&self) -> Result<LogStats, LogError> {
        self.inner.stats()
    }
}
