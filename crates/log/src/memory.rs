//! The memory engine: a lock and a condition variable. For tests and simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Head, Revision, StoredBatch};

use crate::error::{LogError, Part};
use crate::log::{Appended, ArtifactId, Claim, Log, LogStats, MarkSet, ReadLimit};
use crate::sealed;

/// A log in memory. Clones share it, as two connections share a database.
#[derive(Clone, Default)]
pub struct MemoryLog {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    appended: Condvar,
}

struct State {
    /// By first revision.
    batches: BTreeMap<Revision, StoredBatch>,
    /// The head while there is no batch.
    start: Head,
    floor: Revision,
    finished: BTreeMap<Revision, Snapshot>,
    drafts: BTreeMap<(Revision, u32), Bytes>,
    artifacts: BTreeMap<ArtifactId, Bytes>,
    marks: BTreeMap<String, Bytes>,
    claims: BTreeSet<String>,
}

struct Snapshot {
    finish: Bytes,
    chunks: Vec<Bytes>,
}

impl Default for State {
    fn default() -> Self {
        State {
            batches: BTreeMap::new(),
            start: Head::EMPTY,
            floor: Revision::ZERO,
            finished: BTreeMap::new(),
            drafts: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            marks: BTreeMap::new(),
            claims: BTreeSet::new(),
        }
    }
}

impl State {
    fn head(&self) -> Head {
        self.batches
            .last_key_value()
            .map_or(self.start, |(_, batch)| batch.head())
    }

    fn has_head(&self, head: Head) -> bool {
        let batch = self.batches.range(..=head.revision).next_back();
        head == self.start || batch.is_some_and(|(_, batch)| batch.head() == head)
    }

    /// Takes the drafts as the snapshot's chunks, if all that `info` lists are there.
    fn finish(&mut self, info: &SnapshotInfo) -> Result<(), LogError> {
        let revision = info.head.revision;
        let finish = info.encode();
        let drafts: Vec<Bytes> = self
            .drafts
            .range((revision, 0)..=(revision, u32::MAX))
            .map(|(_, bytes)| bytes.clone())
            .take(info.chunks.len())
            .collect();
        let complete = drafts.len() == info.chunks.len()
            && drafts
                .iter()
                .zip(&info.chunks)
                .all(|(bytes, digest)| sealed::is_chunk(bytes, digest));
        if !complete {
            let same = self.finished.get(&revision).map(|found| &found.finish) == Some(&finish);
            return if same { Ok(()) } else { Err(LogError::NotNext) };
        }
        self.drafts.retain(|(at, _), _| *at != revision);
        self.finished.insert(
            revision,
            Snapshot {
                finish,
                chunks: drafts,
            },
        );
        Ok(())
    }
}

impl MemoryLog {
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    /// Nothing that holds this lock leaves the state half-changed, so a panic elsewhere spoils
    /// nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn head(&self) -> Result<Head, LogError> {
        Ok(self.state().head())
    }

    fn append(&self, expected: Head, batch: &StoredBatch) -> Result<Appended, LogError> {
        if batch.first != expected.revision.next() || batch.last < batch.first {
            return Err(LogError::NotNext);
        }
        let mut state = self.state();
        let head = state.head();
        if head != expected {
            return Ok(Appended::Moved(head));
        }
        state.batches.insert(batch.first, batch.clone());
        drop(state);
        self.shared.appended.notify_all();
        Ok(Appended::Done)
    }

    fn read(&self, after: Revision, limit: ReadLimit) -> Result<Vec<StoredBatch>, LogError> {
        let state = self.state();
        if after < state.floor {
            return Err(LogError::Compacted {
                wanted: after,
                floor: state.floor,
            });
        }
        let from = state
            .batches
            .range(..=after.next())
            .next_back()
            .map_or(after, |(first, _)| *first);
        let mut found = Vec::new();
        let mut bytes = 0usize;
        for batch in state.batches.range(from..).map(|(_, batch)| batch) {
            if batch.last <= after {
                continue;
            }
            if !found.is_empty() && (found.len() >= limit.batches || bytes >= limit.bytes) {
                break;
            }
            bytes = bytes.saturating_add(batch.bytes.len());
            found.push(batch.clone());
        }
        Ok(found)
    }

    fn wait_past(&self, revision: Revision, timeout: Duration) -> Result<Head, LogError> {
        let (state, _) = self
            .shared
            .appended
            .wait_timeout_while(self.state(), timeout, |state| {
                state.head().revision <= revision
            })
            .unwrap_or_else(PoisonError::into_inner);
        Ok(state.head())
    }

    fn floor(&self) -> Result<Revision, LogError> {
        Ok(self.state().floor)
    }

    fn put_chunk(&self, revision: Revision, number: u32, bytes: &Bytes) -> Result<(), LogError> {
        self.state()
            .drafts
            .insert((revision, number), bytes.clone());
        Ok(())
    }

    fn finish_snapshot(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        let mut state = self.state();
        if !state.has_head(info.head) {
            return Err(LogError::NotNext);
        }
        state.finish(info)
    }

    fn start_at(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        let mut state = self.state();
        let begun = state.start == info.head
            && state.floor == info.head.revision
            && state.finished.keys().eq([&info.head.revision]);
        let fresh = state.start == Head::EMPTY && state.finished.is_empty();
        if !state.batches.is_empty() || !(begun || fresh) {
            return Err(LogError::NotNext);
        }
        state.finish(info)?;
        state.start = info.head;
        state.floor = info.head.revision;
        drop(state);
        self.shared.appended.notify_all();
        Ok(())
    }

    fn snapshots(&self) -> Result<Vec<Revision>, LogError> {
        Ok(self.state().finished.keys().copied().collect())
    }

    fn snapshot(&self, revision: Revision) -> Result<Option<SnapshotInfo>, LogError> {
        self.state()
            .finished
            .get(&revision)
            .map(|found| sealed::read_finish(revision, &found.finish))
            .transpose()
    }

    fn chunk(&self, revision: Revision, number: u32) -> Result<Bytes, LogError> {
        let state = self.state();
        let number_at = usize::try_from(number).unwrap_or(usize::MAX);
        state
            .finished
            .get(&revision)
            .and_then(|found| found.chunks.get(number_at).cloned())
            .ok_or_else(|| {
                LogError::damaged(
                    Part::Snapshot(revision),
                    format!("chunk {number} is missing"),
                )
            })
    }

    fn compact(&self, before: Revision) -> Result<Revision, LogError> {
        let target = sealed::newest_sound(self, before)?.map(|info| info.head.revision);
        let mut state = self.state();
        let Some(floor) = target.filter(|target| *target > state.floor) else {
            return Ok(state.floor);
        };
        state.floor = floor;
        let last = state.batches.last_key_value().map(|(first, _)| *first);
        state
            .batches
            .retain(|first, batch| batch.last > floor || Some(*first) == last);
        state.finished.retain(|revision, _| *revision >= floor);
        state.drafts.retain(|(revision, _), _| *revision >= floor);
        Ok(floor)
    }

    fn put_artifact(&self, bytes: &Bytes) -> Result<ArtifactId, LogError> {
        let id = ArtifactId::of(bytes);
        self.state().artifacts.insert(id, bytes.clone());
        Ok(id)
    }

    fn artifact(&self, id: ArtifactId) -> Result<Option<Bytes>, LogError> {
        Ok(self.state().artifacts.get(&id).cloned())
    }

    fn artifacts(&self) -> Result<Vec<ArtifactId>, LogError> {
        Ok(self.state().artifacts.keys().copied().collect())
    }

    fn delete_artifact(&self, id: ArtifactId) -> Result<bool, LogError> {
        Ok(self.state().artifacts.remove(&id).is_some())
    }

    fn mark(&self, name: &str) -> Result<Option<Bytes>, LogError> {
        Ok(self.state().marks.get(name).cloned())
    }

    fn set_mark(&self, name: &str, old: Option<&[u8]>, new: &[u8]) -> Result<MarkSet, LogError> {
        let mut state = self.state();
        let found = state.marks.get(name);
        if found.map(|value| &value[..]) != old {
            return Ok(MarkSet::Other(found.cloned()));
        }
        state
            .marks
            .insert(name.to_owned(), Bytes::copy_from_slice(new));
        Ok(MarkSet::Done)
    }

    fn marks(&self) -> Result<Vec<String>, LogError> {
        Ok(self.state().marks.keys().cloned().collect())
    }

    fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, LogError> {
        if !self.state().claims.insert(name.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(Claimed {
            shared: Arc::clone(&self.shared),
            name: name.to_owned(),
        })))
    }

    fn last_batch(&self) -> Result<Option<StoredBatch>, LogError> {
        let newest = self
            .state()
            .batches
            .last_key_value()
            .map(|(_, batch)| batch.clone());
        Ok(newest)
    }

    fn stats(&self) -> Result<LogStats, LogError> {
        let state = self.state();
        Ok(LogStats {
            head: state.head(),
            floor: state.floor,
            batches: count(state.batches.len()),
            batch_bytes: state
                .batches
                .values()
                .map(|batch| count(batch.bytes.len()))
                .sum(),
            snapshots: count(state.finished.len()),
            artifacts: count(state.artifacts.len()),
            marks: count(state.marks.len()),
            stored_bytes: None,
        })
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

struct Claimed {
    shared: Arc<Shared>,
    name: String,
}

impl Claim for Claimed {}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.shared.lock().claims.remove(&self.name);
    }
}
