//! Batches and snapshots to store.

use std::sync::Arc;

use bytes::Bytes;
use deedbook_model::batch::BatchBuilder;
use deedbook_model::snapshot::{EncodedChunk, SnapshotEntry, SnapshotInfo, encode_chunk};
use deedbook_model::{
    Batch, Chain, Change, CommandInfo, Generation, Head, Kind, Revision, StateRoot, StoredBatch,
    Timestamp, Verb, WriterId,
};

use crate::log::{Appended, Log, ReadLimit};

/// As much as there is.
pub const ALL: ReadLimit = ReadLimit {
    batches: usize::MAX,
    bytes: usize::MAX,
};

/// A batch of one command with that many changes; `text` tells it from others at the same place.
#[must_use]
pub fn batch(previous: Head, changes: u64, text: &str) -> StoredBatch {
    let first = previous.revision.next();
    let command = Arc::new(CommandInfo {
        first,
        last: Revision(previous.revision.0 + changes),
        time: Timestamp::from_ticks(17_000_000_000_000_000).unwrap(),
        actor: "ada".to_owned(),
        reason: text.to_owned(),
        ticket: None,
        request_id: None,
        keyed: None,
    });
    let changes: Vec<Change> = (first.0..first.0 + changes)
        .map(|revision| Change {
            revision: Revision(revision),
            command: Arc::clone(&command),
            kind: Kind::named("component"),
            key: Arc::from(format!("key-{revision}")),
            verb: Verb::REGISTERED,
            generation: Generation(1),
            previous: None,
            record: Some(Bytes::from(format!("{{\"text\":\"{text}-{revision}\"}}"))),
        })
        .collect();
    let mut builder = BatchBuilder::new(previous, WriterId([7; 16]), first.0);
    builder.push(&command, &changes, || [9; 16]);
    builder.finish(StateRoot::EMPTY, first.0)
}

/// Appends batches of these sizes.
pub fn fill(log: &dyn Log, sizes: &[u64]) -> Vec<StoredBatch> {
    let mut head = log.head().unwrap();
    sizes
        .iter()
        .map(|size| {
            let batch = batch(head, *size, "fill");
            assert_eq!(log.append(head, &batch).unwrap(), Appended::Done);
            head = batch.head();
            batch
        })
        .collect()
}

/// The same batch as a later release might write it: with a header field that nobody knows yet.
#[must_use]
pub fn with_unknown_field(batch: &StoredBatch) -> StoredBatch {
    let header_at = 40;
    let length = u32::from_le_bytes(batch.bytes[36..header_at].try_into().unwrap());
    let end = header_at + usize::try_from(length).unwrap();
    // Field 900, a number.
    let header = [&batch.bytes[header_at..end], &[0xa0, 0x38, 1]].concat();
    let previous = Chain(batch.bytes[4..36].try_into().unwrap());
    let length = u32::try_from(header.len()).unwrap();
    StoredBatch {
        chain: previous.over(&header),
        bytes: Bytes::from(
            [
                &batch.bytes[..36],
                &length.to_le_bytes(),
                &header,
                &batch.bytes[end..],
            ]
            .concat(),
        ),
        ..batch.clone()
    }
}

/// Checks that these batches are one history that goes on from `after`.
pub fn assert_dense(after: Head, batches: &[StoredBatch]) {
    let mut head = after;
    for stored in batches {
        let batch = Batch::open(stored).unwrap();
        assert_eq!(batch.previous, head);
        head = batch.head;
    }
}

/// A chunk of one record.
#[must_use]
pub fn chunk(text: &str) -> EncodedChunk {
    encode_chunk(&[SnapshotEntry {
        kind: Kind::named("component"),
        key: Arc::from("key-1"),
        generation: Generation(1),
        revision: Revision(1),
        record: Some(Bytes::from(text.to_owned())),
    }])
}

/// What finishes a snapshot of these chunks.
#[must_use]
pub fn info(head: Head, chunks: &[EncodedChunk]) -> SnapshotInfo {
    SnapshotInfo {
        head,
        time: Timestamp::from_ticks(17_000_000_000_000_000).unwrap(),
        root: StateRoot::EMPTY,
        records: 1,
        chunks: chunks.iter().map(|chunk| chunk.digest).collect(),
    }
}

/// Puts chunks 0, 1, 2, … of a snapshot.
pub fn put_chunks(log: &dyn Log, revision: Revision, chunks: &[EncodedChunk]) {
    for (number, chunk) in (0..).zip(chunks) {
        log.put_chunk(revision, number, &chunk.bytes).unwrap();
    }
}

/// Puts and finishes a snapshot at `head`.
pub fn snapshot(log: &dyn Log, head: Head) -> SnapshotInfo {
    let chunks = [chunk("one"), chunk("two")];
    put_chunks(log, head.revision, &chunks);
    let info = info(head, &chunks);
    log.finish_snapshot(&info).unwrap();
    info
}
