//! Arbitrary bytes as batches and snapshots, and sound ones with damage done to them.
//!
//! The first byte of an input says what the rest is:
//!
//! | byte | the rest |
//! |---|---|
//! | `b` | the bytes of a batch, after its first revision and number of changes, a byte each |
//! | `h` | the header of a batch whose frame and chain are right |
//! | `c`, `f` | the message of a snapshot's chunk or finish whose digest is right |
//! | `r` | the bytes of a snapshot's chunk and finish |
//! | `s` | content for a sound batch and snapshot, then damage |

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_model::batch::{BatchBuilder, BatchError};
use deedbook_model::snapshot::{
    Chunk, SnapshotEntry, SnapshotInfo, decode_chunk, encode_chunk, encode_keys,
};
use deedbook_model::{
    Batch, Chain, Change, CommandInfo, Generation, Head, Kind, Revision, StateRoot, StoredBatch,
    Timestamp, Verb, WriterId,
};
use deedbook_rules::State;

const FRAME: usize = 4 + 32 + 4;
const TICKS_OF_10_000_YEARS: u64 = 3_155_692_608_000_000_000;

/// Decodes the input.
pub fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    match kind {
        b'b' => raw_batch(rest),
        b'h' => sealed_batch(rest),
        b'c' => sealed_chunk(rest),
        b'f' => sealed_finish(rest),
        b'r' => raw_snapshot(rest),
        b's' => damaged(&mut Script(rest)),
        _ => {}
    }
}

fn raw_batch(input: &[u8]) {
    let [first, more, bytes @ ..] = input else {
        return;
    };
    open(&stored(u64::from(*first), u64::from(*more), bytes));
}

/// A stored batch whose chain fits its bytes.
fn stored(first: u64, more: u64, bytes: &[u8]) -> StoredBatch {
    let header = header_of(bytes).unwrap_or_default();
    let before = bytes.get(4..36).and_then(|chain| chain.try_into().ok());
    StoredBatch {
        first: Revision(first),
        last: Revision(first.saturating_add(more)),
        chain: Chain(before.unwrap_or_default()).over(header),
        bytes: Bytes::copy_from_slice(bytes),
    }
}

fn header_of(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(bytes.get(36..FRAME)?.try_into().ok()?);
    let end = FRAME.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(FRAME..end)
}

fn sealed_batch(input: &[u8]) {
    let [first, more, split, rest @ ..] = input else {
        return;
    };
    let bodies = usize::from(*split).min(rest.len());
    let (header, bodies) = rest.split_at(rest.len() - bodies);
    let length = u32::try_from(header.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    let bytes = [b"DEED", &[7; 32][..], &length, header, bodies].concat();
    open(&stored(u64::from(*first), u64::from(*more), &bytes));
}

/// What opens is dense, encodes to the same content, and folds.
fn open(stored: &StoredBatch) -> Option<Batch> {
    let batch = match Batch::open(stored) {
        Ok(batch) => batch,
        Err(BatchError::Damaged { revision, .. }) => {
            let known = stored.first.0.min(stored.last.0)..=u64::MAX;
            assert!(known.contains(&revision.0), "{revision} of {stored:?}");
            return None;
        }
        Err(BatchError::NewerFormat { .. }) => return None,
    };
    let mut revision = stored.first;
    for change in &batch.changes {
        assert_eq!(change.revision, revision);
        let command = &change.command;
        assert!((command.first..=command.last).contains(&revision));
        revision = revision.next();
    }
    assert_eq!(Revision(revision.0 - 1), stored.last);
    assert_eq!(batch.head, stored.head());
    assert_eq!(batch.previous.revision.next(), stored.first);
    check_encoding(&batch);
    let mut state = State::empty();
    batch.changes.iter().for_each(|change| state.evolve(change));
    assert_eq!(state.revision(), stored.last);
    Some(batch)
}

fn check_encoding(batch: &Batch) {
    let mut builder = BatchBuilder::new(batch.previous, batch.writer, batch.counter);
    let commands = batch
        .changes
        .chunk_by(|one, other| Arc::ptr_eq(&one.command, &other.command));
    for changes in commands {
        if let Some(first) = changes.first() {
            builder.push(&first.command, changes, || [3; 16]);
        }
    }
    let again = builder.finish(batch.root, batch.records);
    match Batch::open(&again) {
        Ok(again) => assert_same(&content(&again), &content(batch)),
        Err(error) => panic!("encoded again it doesn't open: {error}"),
    }
}

/// All that a batch says; but for its own chain, which depends on salts and unknown fields.
fn content(batch: &Batch) -> impl PartialEq + Debug + '_ {
    (
        (
            batch.previous,
            batch.head.revision,
            batch.writer,
            batch.counter,
        ),
        (batch.root, batch.records, &batch.changes),
    )
}

fn assert_same<T: PartialEq + Debug>(one: &T, other: &T) {
    assert_eq!(one, other, "other content than was written");
}

fn raw_snapshot(input: &[u8]) {
    let bytes = Bytes::copy_from_slice(input);
    let digest = input.get(4..36).and_then(|digest| digest.try_into().ok());
    chunk(&bytes, &digest.unwrap_or_default());
    finish(&bytes);
}

fn sealed_chunk(message: &[u8]) {
    let digest = *blake3::hash(message).as_bytes();
    let bytes = [b"DEEC", &digest[..], message].concat();
    chunk(&bytes.into(), &digest);
}

fn sealed_finish(message: &[u8]) {
    let digest = *blake3::hash(message).as_bytes();
    finish(&[b"DEES", &digest[..], message].concat().into());
}

fn chunk(bytes: &Bytes, digest: &[u8; 32]) {
    if let Ok(chunk) = decode_chunk(bytes, digest) {
        let again = encode_chunk(&chunk.entries);
        let entries = decode_chunk(&again.bytes, &again.digest).map(|chunk| chunk.entries);
        assert_eq!(entries, Ok(chunk.entries));
        let again = encode_keys(&chunk.keys);
        let keys = decode_chunk(&again.bytes, &again.digest).map(|chunk| chunk.keys);
        assert_eq!(keys, Ok(chunk.keys));
    }
}

fn finish(bytes: &Bytes) {
    if let Ok(info) = SnapshotInfo::decode(bytes) {
        assert_eq!(SnapshotInfo::decode(&info.encode()), Ok(info));
    }
}

/// Encodes what the script says, damages it, and sees that the damage is found.
fn damaged(script: &mut Script<'_>) {
    let sound = batch(script);
    let Some(before) = open(&sound) else {
        panic!("a sound batch doesn't open: {:?}", Batch::open(&sound));
    };
    let mut bytes = sound.bytes.to_vec();
    let (mut first, mut last, mut chain) = (sound.first, sound.last, sound.chain);
    let records: Vec<SnapshotEntry> = before.changes.iter().map(entry).collect();
    for _ in 0..script.byte() % 4 + 1 {
        match script.byte() % 8 {
            0 => first = Revision(script.number()),
            1 => last = Revision(script.number()),
            2 => chain = chain.over(&[]),
            _ => script.damage(&mut bytes),
        }
    }
    let damaged = StoredBatch {
        first,
        last,
        chain,
        bytes: bytes.into(),
    };
    if let Ok(after) = Batch::open(&damaged) {
        assert_same(&content(&after), &content(&before));
        assert_eq!(after.head, before.head);
    }
    damaged_snapshot(&records, &before, script);
}

fn entry(change: &Change) -> SnapshotEntry {
    SnapshotEntry {
        kind: change.kind.clone(),
        key: Arc::clone(&change.key),
        generation: change.generation,
        revision: change.revision,
        record: change.record.clone(),
    }
}

fn damaged_snapshot(entries: &[SnapshotEntry], batch: &Batch, script: &mut Script<'_>) {
    let sound = encode_chunk(entries);
    let info = SnapshotInfo {
        head: batch.head,
        time: batch.time(),
        root: batch.root,
        records: batch.records,
        chunks: vec![sound.digest],
    };
    let whole = Chunk {
        entries: entries.to_vec(),
        keys: Vec::new(),
    };
    let decoded = decode_chunk(&sound.bytes, &sound.digest);
    assert_eq!(decoded.as_ref(), Ok(&whole));
    assert_eq!(SnapshotInfo::decode(&info.encode()).as_ref(), Ok(&info));

    let (mut chunk, mut finish) = (sound.bytes.to_vec(), info.encode().to_vec());
    script.damage(&mut chunk);
    script.damage(&mut finish);
    if let Ok(found) = decode_chunk(&chunk.into(), &sound.digest) {
        assert_eq!(found, whole, "other records than were written");
    }
    if let Ok(found) = SnapshotInfo::decode(&finish.into()) {
        assert_eq!(found, info, "another finish than was written");
    }
}

/// A sound batch.
fn batch(script: &mut Script<'_>) -> StoredBatch {
    let previous = Head {
        revision: Revision(script.number() >> 8),
        chain: Chain([script.byte(); 32]),
    };
    let mut builder = BatchBuilder::new(previous, WriterId([script.byte(); 16]), script.number());
    for _ in 0..script.byte() % 3 + 1 {
        let (command, changes) = command(builder.next_revision(), script);
        let salt = script.byte();
        builder.push(&command, &changes, || [salt; 16]);
    }
    builder.finish(StateRoot::from_bytes(&[script.byte(); 32]), script.number())
}

fn command(first: Revision, script: &mut Script<'_>) -> (CommandInfo, Vec<Change>) {
    let more = u64::from(script.byte() % 3);
    let command = CommandInfo {
        first,
        last: Revision(first.0 + more),
        time: script.time(),
        actor: script.text(),
        reason: script.text(),
        ticket: script.flag().then(|| script.text()),
        request_id: script.flag().then(|| script.text()),
        keyed: None,
    };
    let shared = Arc::new(command.clone());
    let changes = (0..=more)
        .map(|n| Change {
            revision: Revision(first.0 + n),
            command: Arc::clone(&shared),
            kind: script.kind(),
            key: script.text().into(),
            verb: Verb::named(&script.text()),
            generation: Generation(script.number()),
            previous: Some(Revision(script.number())).filter(|previous| previous.0 != 0),
            record: script.flag().then(|| script.bytes()),
        })
        .collect();
    (command, changes)
}

/// An input as answers to questions; past its end every answer is 0 or empty.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Small ones are as likely as large ones.
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for _ in 0..self.byte() % 9 {
            number = number << 8 | u64::from(self.byte());
        }
        number
    }

    fn bytes(&mut self) -> Bytes {
        let length = usize::from(self.byte());
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Bytes::copy_from_slice(taken)
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    fn kind(&mut self) -> Kind {
        match self.byte() % 3 {
            0 => Kind::COMPONENT,
            1 => Kind::BOOK,
            _ => Kind::named(&self.text()),
        }
    }

    fn time(&mut self) -> Timestamp {
        let since_0000 = i64::try_from(self.number() % TICKS_OF_10_000_YEARS).unwrap_or_default();
        Timestamp::from_ticks(since_0000 - 621_672_192_000_000_000).unwrap_or_default()
    }

    /// Flips, cuts, adds or moves bytes.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let at = usize::try_from(self.number()).unwrap_or_default() % bytes.len().max(1);
        let (how, with) = (self.byte(), self.byte());
        match how % 5 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), with),
            2 => drop(bytes.drain(at..at.saturating_add(usize::from(with)).min(bytes.len()))),
            3 => bytes.rotate_left(at),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= with;
                }
            }
        }
    }
}
