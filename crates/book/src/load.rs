//! Folding a log: the newest snapshot, then the tail. Every byte that enters the state is checked.
//!
//! ```text
//! chunk or batch ─► check, decode, read facts, digest (several threads) ─► put in order ─► compare root
//! ```

use std::sync::Arc;

use bytes::Bytes;
use deedbook_log::{Log, Part, ReadLimit};
use deedbook_model::snapshot::{SnapshotEntry, SnapshotInfo, decode_chunk};
use deedbook_model::{Batch, Head, RememberedKey, Revision, StoredBatch};
use deedbook_rules::{Record, State};

use crate::error::{BookError, snapshot_error};
use crate::pipeline::{More, in_order};
use crate::published::Published;
use crate::view::View;

/// How much is read and prepared as one piece.
const PIECE: ReadLimit = ReadLimit {
    batches: 1024,
    bytes: 1 << 20,
};

/// What was read besides the state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tail {
    /// Batches after the snapshot that the fold began with.
    pub(crate) batches: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Tail {
    /// Takes off what a snapshot holds now.
    pub(crate) fn cover(&mut self, covered: Tail) {
        self.batches = self.batches.saturating_sub(covered.batches);
        self.bytes = self.bytes.saturating_sub(covered.bytes);
    }
}

/// A fold as far as it has come.
#[derive(Debug)]
pub(crate) struct Fold {
    pub(crate) state: State,
    pub(crate) head: Head,
    pub(crate) tail: Tail,
}

impl Fold {
    /// Before the first change, without indexes.
    pub(crate) fn empty() -> Fold {
        Fold {
            state: State::without_index(),
            head: Head::EMPTY,
            tail: Tail::default(),
        }
    }

    /// Folds up to the log's head.
    pub(crate) fn load(log: &dyn Log) -> Result<Fold, BookError> {
        let mut fold = Fold::from_snapshot(log, None)?;
        fold.catch_up(log, |_| {})?;
        fold.state.index();
        Ok(fold)
    }

    /// Folds up to the end of the command that holds `revision`.
    pub(crate) fn load_at(log: &dyn Log, revision: Revision) -> Result<Fold, BookError> {
        on_floor(log, |_| Fold::fold_to(log, revision))
    }

    fn fold_to(log: &dyn Log, revision: Revision) -> Result<Fold, BookError> {
        let mut fold = Fold::from_snapshot(log, Some(revision))?;
        if fold.head.revision < revision {
            in_order(pieces(log, fold.head.revision), prepare_all, |piece| {
                for prepared in piece {
                    fold.take_until(prepared, revision)?;
                    if fold.head.revision >= revision {
                        return Ok(More::Enough);
                    }
                }
                Ok(More::Wanted)
            })?;
        }
        if fold.head.revision < revision {
            let head = fold.head.revision;
            return Err(BookError::Future {
                wanted: revision,
                head,
            });
        }
        fold.state.index();
        Ok(fold)
    }

    /// Begins with the newest snapshot, at or below `limit` if one is given.
    fn from_snapshot(log: &dyn Log, limit: Option<Revision>) -> Result<Fold, BookError> {
        let floor = log.floor()?;
        if let Some(wanted) = limit.filter(|wanted| *wanted < floor) {
            return Err(deedbook_log::LogError::Compacted { wanted, floor }.into());
        }
        let snapshots = log.snapshots()?;
        let fitting = |revision: &Revision| limit.is_none_or(|limit| *revision <= limit);
        match snapshots.into_iter().rev().find(fitting) {
            Some(revision) => Fold::read_snapshot(log, revision),
            None if floor > Revision::ZERO => {
                let message = "the snapshot that the floor rests on is gone";
                Err(BookError::damaged(Part::Snapshot(floor), message))
            }
            None => Ok(Fold::empty()),
        }
    }

    /// The state of one snapshot, wholly checked, without its indexes.
    pub(crate) fn read_snapshot(log: &dyn Log, revision: Revision) -> Result<Fold, BookError> {
        let damaged = |message: &str| BookError::damaged(Part::Snapshot(revision), message);
        let info = log
            .snapshot(revision)?
            .ok_or_else(|| damaged("it has no finish"))?;
        if info.head.revision != revision {
            return Err(damaged("its finish is of another revision"));
        }
        let mut state = State::without_index();
        let mut chunks = (0..).zip(&info.chunks);
        let fetch = || {
            let next = chunks.next();
            next.map(|(number, digest)| Ok((log.chunk(revision, number)?, digest)))
                .transpose()
        };
        let prepare = |(bytes, digest): (Bytes, &[u8; 32])| prepare_chunk(&bytes, digest, revision);
        in_order(fetch, prepare, |(entries, keys)| {
            for record in entries {
                state.put(record);
            }
            keys.into_iter().for_each(|key| state.put_key(key));
            Ok(More::Wanted)
        })?;
        check_snapshot(&info, &state).map_err(damaged)?;
        state.stand_at(info.head.revision, info.time);
        Ok(Fold {
            state,
            head: info.head,
            tail: Tail::default(),
        })
    }

    /// Takes all that was appended since; `each` sees every batch after it was taken.
    pub(crate) fn catch_up(
        &mut self,
        log: &dyn Log,
        mut each: impl FnMut(Published),
    ) -> Result<(), BookError> {
        in_order(pieces(log, self.head.revision), prepare_all, |piece| {
            for prepared in piece {
                each(self.take(prepared)?);
            }
            Ok(More::Wanted)
        })?;
        self.check_reached(log)
    }

    fn check_reached(&self, log: &dyn Log) -> Result<(), BookError> {
        let head = log.head()?;
        if head.revision == self.head.revision && head.chain != self.head.chain {
            let message = "the log ends with another chain";
            return Err(BookError::damaged(Part::Revision(head.revision), message));
        }
        Ok(())
    }

    /// Takes one batch that was read or written elsewhere.
    pub(crate) fn take_stored(&mut self, stored: &StoredBatch) -> Result<Published, BookError> {
        self.take(prepare(stored)?)
    }

    fn take(&mut self, prepared: Prepared) -> Result<Published, BookError> {
        let end = prepared.batch.head.revision;
        self.take_until(prepared, end)
    }

    /// Takes a batch up to the end of the command that holds `revision`.
    fn take_until(
        &mut self,
        prepared: Prepared,
        revision: Revision,
    ) -> Result<Published, BookError> {
        let Prepared {
            batch,
            records,
            bytes,
        } = prepared;
        if batch.previous != self.head {
            let first = batch.previous.revision.next();
            let message = "it doesn't follow what is before it";
            return Err(BookError::damaged(Part::Revision(first), message));
        }
        let mut whole = true;
        let mut replaced = Vec::with_capacity(records.len());
        for (change, record) in batch.changes.iter().zip(records) {
            if change.command.first > revision {
                whole = false;
                break;
            }
            let before = self.state.put(record);
            replaced.push(before.and_then(|record| record.bytes.clone()));
            self.state.stand_after(change);
        }
        if whole && (self.state.root(), self.state.live()) != (batch.root, batch.records) {
            return Err(BookError::Divergent {
                revision: batch.head.revision,
            });
        }
        self.head = Head {
            revision: self.state.revision(),
            chain: batch.head.chain,
        };
        self.tail.batches += 1;
        self.tail.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok(Published::new(batch, replaced))
    }

    pub(crate) fn into_view(self) -> View {
        View {
            state: self.state,
            head: self.head,
        }
    }
}

/// Does what rests on the floor, and does it again where that failed because the floor was moved
/// meanwhile.
pub(crate) fn on_floor<T>(
    log: &dyn Log,
    read: impl Fn(Revision) -> Result<T, BookError>,
) -> Result<T, BookError> {
    loop {
        let floor = log.floor()?;
        match read(floor) {
            Err(_) if log.floor()? != floor => {}
            result => return result,
        }
    }
}

fn check_snapshot(info: &SnapshotInfo, state: &State) -> Result<(), &'static str> {
    if state.root() != info.root || state.live() != info.records {
        return Err("its records don't give its state root");
    }
    if state.revision() > info.head.revision {
        return Err("it holds a record from after its revision");
    }
    Ok(())
}

/// A batch whose records are ready to be put.
struct Prepared {
    batch: Batch,
    records: Vec<Arc<Record>>,
    bytes: usize,
}

/// What a log holds after a revision, piece by piece.
fn pieces(
    log: &dyn Log,
    mut after: Revision,
) -> impl FnMut() -> Result<Option<Vec<StoredBatch>>, BookError> {
    move || {
        let piece = log.read(after, PIECE)?;
        let Some(last) = piece.last() else {
            return Ok(None);
        };
        after = last.last;
        Ok(Some(piece))
    }
}

fn prepare_all(stored: Vec<StoredBatch>) -> Result<Vec<Prepared>, BookError> {
    stored.iter().map(prepare).collect()
}

fn prepare(stored: &StoredBatch) -> Result<Prepared, BookError> {
    let batch = Batch::open(stored)?;
    let changes = batch.changes.iter();
    Ok(Prepared {
        records: changes.map(|change| Arc::new(Record::of(change))).collect(),
        batch,
        bytes: stored.bytes.len(),
    })
}

fn prepare_chunk(
    bytes: &Bytes,
    digest: &[u8; 32],
    revision: Revision,
) -> Result<(Vec<Arc<Record>>, Vec<RememberedKey>), BookError> {
    let chunk = decode_chunk(bytes, digest).map_err(|e| snapshot_error(revision, e))?;
    let entries = chunk.entries.into_iter();
    let records = entries.map(|entry| Arc::new(record_of(entry))).collect();
    Ok((records, chunk.keys))
}

fn record_of(entry: SnapshotEntry) -> Record {
    Record::new(
        entry.kind,
        entry.key,
        entry.generation,
        entry.revision,
        entry.record,
    )
}
