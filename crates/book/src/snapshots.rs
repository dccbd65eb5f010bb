//! Taking snapshots, and moving the floor.

use deedbook_log::Log;
use deedbook_model::snapshot::{
    CHUNK_BYTES, EncodedChunk, SnapshotEntry, SnapshotInfo, encode_chunk, encode_keys,
};
use deedbook_model::{RememberedKey, Revision};

use crate::error::BookError;
use crate::load::{Fold, Tail, on_floor};
use crate::view::View;

/// A tail of so many batches asks for a snapshot.
const TAIL_BATCHES: u64 = 4096;

/// A tail of so many bytes asks for one.
const TAIL_BYTES: u64 = 32 << 20;

/// How many times as long as what a snapshot would write the tail has to be. Folding a tail takes
/// about as long as reading a snapshot of that many bytes, so that a book that only grows needs
/// none, and a start reads at most three times what is there.
const TAIL_OF_LIVE: u64 = 2;

/// Most remembered keys of one chunk: below [`CHUNK_BYTES`], at no more than 64 bytes each.
const CHUNK_KEYS: usize = 16_000;

/// Whether the next start would read so long a tail that a snapshot is worth its bytes. All
/// snapshots together are no longer than half of the log.
pub(crate) fn is_due(tail: Tail, live_bytes: u64) -> bool {
    let long = tail.batches >= TAIL_BATCHES || tail.bytes >= TAIL_BYTES;
    long && tail.bytes >= live_bytes.saturating_mul(TAIL_OF_LIVE)
}

/// Whether the tail has doubled since a snapshot failed: what kept it from being written, a full
/// disk mostly, isn't over with the next commit, and each try writes all of it.
pub(crate) fn may_retry(tail: Tail, failed: Tail) -> bool {
    tail.batches >= failed.batches.saturating_mul(2) || tail.bytes >= failed.bytes.saturating_mul(2)
}

/// Writes the state of a view as a snapshot. Does nothing when there is one of that revision.
pub(crate) fn take(log: &dyn Log, view: &View) -> Result<Revision, BookError> {
    let revision = view.head().revision;
    if revision == Revision::ZERO || log.snapshots()?.contains(&revision) {
        return Ok(revision);
    }
    let mut chunks = Vec::new();
    let mut entries: Vec<SnapshotEntry> = Vec::new();
    let mut bytes = 0;
    for entry in view.snapshot_entries() {
        bytes += entry.key.len() + entry.record.as_ref().map_or(0, bytes::Bytes::len);
        entries.push(entry);
        if bytes >= CHUNK_BYTES {
            put(log, revision, &mut chunks, &entries)?;
            entries.clear();
            bytes = 0;
        }
    }
    if !entries.is_empty() {
        put(log, revision, &mut chunks, &entries)?;
    }
    put_keys(log, view, &mut chunks)?;
    log.finish_snapshot(&SnapshotInfo {
        head: view.head(),
        time: view.time(),
        root: view.root(),
        records: view.live(),
        chunks,
    })?;
    Ok(revision)
}

/// The idempotency keys that are remembered, after the last record.
fn put_keys(log: &dyn Log, view: &View, chunks: &mut Vec<[u8; 32]>) -> Result<(), BookError> {
    let revision = view.head().revision;
    let mut keys = view.remembered_keys().copied().peekable();
    while keys.peek().is_some() {
        let some: Vec<RememberedKey> = keys.by_ref().take(CHUNK_KEYS).collect();
        put_chunk(log, revision, chunks, encode_keys(&some))?;
    }
    Ok(())
}

fn put(
    log: &dyn Log,
    revision: Revision,
    chunks: &mut Vec<[u8; 32]>,
    entries: &[SnapshotEntry],
) -> Result<(), BookError> {
    put_chunk(log, revision, chunks, encode_chunk(entries))
}

fn put_chunk(
    log: &dyn Log,
    revision: Revision,
    chunks: &mut Vec<[u8; 32]>,
    chunk: EncodedChunk,
) -> Result<(), BookError> {
    let number = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    log.put_chunk(revision, number, &chunk.bytes)?;
    chunks.push(chunk.digest);
    Ok(())
}

/// Moves the floor up to the end of the last batch at or below `before`, taking a snapshot there
/// first and reading it back, so that nothing is dropped that can't be read from it.
pub(crate) fn compact(log: &dyn Log, before: Revision) -> Result<Revision, BookError> {
    on_floor(log, |floor| compact_from(log, floor, before))
}

fn compact_from(log: &dyn Log, floor: Revision, before: Revision) -> Result<Revision, BookError> {
    if before <= floor {
        return Ok(floor);
    }
    let mut fold = Fold::load_at(log, before)?;
    // The command that holds `before` may end beyond it.
    if fold.head.revision > before || !ends_a_batch(log, &fold)? {
        fold = fold_to_batch_before(log, before)?;
    }
    if fold.head.revision <= floor {
        return Ok(floor);
    }
    let at = take(log, &fold.into_view())?;
    Fold::read_snapshot(log, at)?;
    Ok(log.compact(at)?)
}

fn ends_a_batch(log: &dyn Log, fold: &Fold) -> Result<bool, BookError> {
    let holds = log.read(Revision(fold.head.revision.0.saturating_sub(1)), ONE)?;
    Ok(holds
        .first()
        .is_none_or(|batch| batch.last == fold.head.revision))
}

const ONE: deedbook_log::ReadLimit = deedbook_log::ReadLimit {
    batches: 1,
    bytes: 0,
};

fn fold_to_batch_before(log: &dyn Log, before: Revision) -> Result<Fold, BookError> {
    let holds = log.read(Revision(before.0.saturating_sub(1)), ONE)?;
    let end = holds
        .first()
        .map_or(before, |batch| Revision(batch.first.0.saturating_sub(1)));
    if end <= log.floor()? {
        Ok(Fold::empty())
    } else {
        Fold::load_at(log, end)
    }
}
