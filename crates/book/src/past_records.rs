//! What records were before changes that are read from the log: from the batch that holds the
//! change before, or from the snapshot at the floor. Shared by all who read history at one time,
//! and gone when the last of them is live.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use deedbook_log::LogError;
use deedbook_model::snapshot::decode_chunk;
use deedbook_model::{Batch, Change, Kind, RecordKey, Revision};

use crate::error::{BookError, snapshot_error};
use crate::history::batch_after;
use crate::load::on_floor;
use crate::shared::Shared;
use crate::view::View;

/// How many bytes of batches are kept for those who ask next; at least one batch is.
const KEPT_BYTES: usize = 8 << 20;

/// What records were before changes, for one who looks at many of them.
pub struct BeforeChanges {
    shared: Arc<Shared>,
    past: Arc<PastRecords>,
}

impl BeforeChanges {
    pub(crate) fn of(shared: Arc<Shared>) -> BeforeChanges {
        let past = shared.past_records();
        BeforeChanges { shared, past }
    }

    /// The stored form that a change's record had before it; `None`: it wasn't there, or the change
    /// isn't kept any more.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn stored(&self, change: &Change) -> Result<Option<Bytes>, BookError> {
        match self.past.before(&self.shared, change) {
            Err(BookError::Log(LogError::Compacted { .. })) => Ok(None),
            found => found,
        }
    }
}

/// Remembers what it read.
#[derive(Default)]
pub(crate) struct PastRecords(Mutex<Read>);

#[derive(Default)]
struct Read {
    /// The one used last in front.
    batches: VecDeque<Batch>,
    floor: Option<FloorRecords>,
}

impl PastRecords {
    /// What the record was before a change that is still above the floor; `None`: it wasn't there.
    ///
    /// # Errors
    /// [`LogError::Compacted`] when the change isn't above the floor any more; when the log can't
    /// be read.
    pub(crate) fn before(
        &self,
        shared: &Shared,
        change: &Change,
    ) -> Result<Option<Bytes>, BookError> {
        let Some(previous) = change.previous else {
            return Ok(None);
        };
        let read = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(floor) = &read.floor
                && (previous <= floor.revision && floor.revision < change.revision)
            {
                return Ok(floor.record(&change.kind, &change.key));
            }
            match read.record_at(shared, previous) {
                Err(BookError::Log(LogError::Compacted { floor, .. }))
                    if floor < change.revision =>
                {
                    read.floor = Some(FloorRecords::read(shared)?);
                }
                other => return other,
            }
        }
    }
}

impl Read {
    fn record_at(
        &mut self,
        shared: &Shared,
        revision: Revision,
    ) -> Result<Option<Bytes>, BookError> {
        let holds =
            |batch: &Batch| batch.previous.revision < revision && revision <= batch.head.revision;
        let batch = match self.batches.iter().position(holds) {
            Some(kept) => self.batches.remove(kept),
            None => batch_after(shared, Revision(revision.0.saturating_sub(1)))?,
        };
        let gone = || {
            let part = deedbook_log::Part::Revision(revision);
            BookError::damaged(part, "the change that a later one names isn't there")
        };
        let batch = batch.filter(holds).ok_or_else(gone)?;
        let mut changes = batch.changes.iter();
        let change = changes.find(|change| change.revision == revision);
        let record = change.map(|change| change.record.clone()).ok_or_else(gone);
        self.keep(batch);
        record
    }

    fn keep(&mut self, batch: Batch) {
        self.batches.push_front(batch);
        let mut bytes = 0;
        let fits = |batch: &&Batch| {
            bytes += size_of_records(batch);
            bytes <= KEPT_BYTES
        };
        let fitting = self.batches.iter().take_while(fits).count();
        self.batches.truncate(fitting.max(1));
    }
}

fn size_of_records(batch: &Batch) -> usize {
    let records = batch
        .changes
        .iter()
        .filter_map(|change| change.record.as_ref());
    records.map(Bytes::len).sum()
}

/// The records at the floor, as far as they can be what a later change replaced.
struct FloorRecords {
    revision: Revision,
    /// Those that had changed when they were read.
    changed: HashMap<RecordKey, Bytes>,
    /// The newest view then: it has the others.
    view: Arc<View>,
}

impl FloorRecords {
    fn read(shared: &Shared) -> Result<FloorRecords, BookError> {
        on_floor(&*shared.log, |floor| FloorRecords::read_at(shared, floor))
    }

    fn read_at(shared: &Shared, floor: Revision) -> Result<FloorRecords, BookError> {
        let view = shared.view();
        let mut changed = HashMap::new();
        let info = shared.log.snapshot(floor)?.ok_or_else(|| {
            let part = deedbook_log::Part::Snapshot(floor);
            BookError::damaged(part, "the snapshot that the floor rests on is gone")
        })?;
        for (number, digest) in (0..).zip(&info.chunks) {
            let chunk = shared.log.chunk(floor, number)?;
            let chunk = decode_chunk(&chunk, digest).map_err(|e| snapshot_error(floor, e))?;
            for entry in chunk.entries {
                let newest = view.record(&entry.kind, &entry.key);
                let is_changed = newest.is_none_or(|newest| newest.revision > floor);
                if let Some(record) = entry.record.filter(|_| is_changed) {
                    let key = RecordKey {
                        kind: entry.kind,
                        key: entry.key,
                    };
                    // Copied: it shares the memory of its chunk.
                    changed.insert(key, Bytes::copy_from_slice(&record));
                }
            }
        }
        Ok(FloorRecords {
            revision: floor,
            changed,
            view,
        })
    }

    fn record(&self, kind: &Kind, key: &str) -> Option<Bytes> {
        match self.view.record(kind, key) {
            Some(record) if record.revision <= self.revision => record.bytes.clone(),
            _ => self
                .changed
                .get(&RecordKey::new(kind.clone(), key))
                .cloned(),
        }
    }
}
