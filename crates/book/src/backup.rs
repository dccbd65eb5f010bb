//! Backups: the oldest snapshot, the batches as stored, and the artifacts, in one stream that
//! checks itself.
//!
//! ```text
//! "DEEDBAK1" │ frames: tag u8 │ length u64 LE │ payload │ … │ end: BLAKE3 of all before it
//! ```

use std::io::{Read, Write};

use bytes::{Buf, Bytes};
use deedbook_log::{Appended, Log, LogError, ReadLimit};
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Chain, Head, Revision, StoredBatch};

use crate::error::BookError;
use crate::load::Fold;

pub(crate) const MAGIC: &[u8; 8] = b"DEEDBAK1";
const CHUNK: u8 = 1;
pub(crate) const FINISH: u8 = 2;
pub(crate) const BATCH: u8 = 3;
const ARTIFACT: u8 = 4;
pub(crate) const END: u8 = 9;

/// Larger than any batch or chunk: a command's 64 MiB and its header.
pub(crate) const MAX_FRAME: u64 = 256 << 20;

/// Writes a backup of everything up to the log's head; returns that head.
pub(crate) fn write(log: &dyn Log, to: &mut dyn Write) -> Result<Head, BookError> {
    let mut out = Hashing {
        to,
        hasher: blake3::Hasher::new(),
    };
    out.put(MAGIC)?;
    let head = log.head()?;
    let floor = log.floor()?;
    let mut written = Head::EMPTY;
    if floor > Revision::ZERO {
        let info = log.snapshot(floor)?.ok_or_else(|| {
            let part = deedbook_log::Part::Snapshot(floor);
            BookError::damaged(part, "the snapshot that the floor rests on is gone")
        })?;
        for (number, _) in (0..).zip(&info.chunks) {
            out.frame(CHUNK, &[&log.chunk(floor, number)?])?;
        }
        out.frame(FINISH, &[&info.encode()])?;
        written = info.head;
    }
    while written.revision < head.revision {
        let batches = log.read(written.revision, ReadLimit::default())?;
        for batch in &batches {
            let (first, last) = (batch.first.0.to_le_bytes(), batch.last.0.to_le_bytes());
            out.frame(BATCH, &[&first, &last, &batch.chain.0, &batch.bytes])?;
            written = batch.head();
        }
        if batches.is_empty() {
            break;
        }
    }
    for id in log.artifacts()? {
        if let Some(bytes) = log.artifact(id)? {
            out.frame(ARTIFACT, &[&bytes])?;
        }
    }
    let digest = *out.hasher.finalize().as_bytes();
    out.frame(END, &[&digest])?;
    out.to.flush().map_err(writing)?;
    Ok(written)
}

/// Fills an empty log from a backup, checking all of it; returns the fold.
pub(crate) fn read(log: &dyn Log, from: &mut dyn Read) -> Result<Fold, BookError> {
    let fold = read_all(log, from).map_err(of_backup)?;
    let more = from.read(&mut [0]).map_err(reading)?;
    if more > 0 {
        return Err(BookError::Backup("bytes follow its end".to_owned()));
    }
    Ok(fold)
}

/// The log is new: what doesn't fit is the backup.
fn of_backup(error: BookError) -> BookError {
    match error {
        BookError::Log(LogError::Damaged { .. } | LogError::NotNext)
        | BookError::Divergent { .. } => BookError::Backup(error.to_string()),
        other => other,
    }
}

fn read_all(log: &dyn Log, from: &mut dyn Read) -> Result<Fold, BookError> {
    let mut input = Frames {
        from,
        hasher: blake3::Hasher::new(),
    };
    let mut magic = [0; 8];
    input.take(&mut magic)?;
    if &magic != MAGIC {
        return Err(BookError::Backup("it doesn't begin as one".to_owned()));
    }
    let mut fold = Fold::empty();
    let mut chunks: Vec<Bytes> = Vec::new();
    loop {
        let before = *input.hasher.finalize().as_bytes();
        let (tag, payload) = input.frame()?;
        match tag {
            CHUNK => chunks.push(payload),
            FINISH => fold = start(log, &chunks, &payload)?,
            BATCH => append(log, &mut fold, payload)?,
            ARTIFACT => {
                log.put_artifact(&payload)?;
            }
            END if payload == before.as_slice() => return Ok(fold),
            END => {
                return Err(BookError::Backup(
                    "its bytes don't fit its digest".to_owned(),
                ));
            }
            other => {
                return Err(BookError::Backup(format!(
                    "it holds a part of kind {other}, which needs a later version"
                )));
            }
        }
    }
}

fn start(log: &dyn Log, chunks: &[Bytes], finish: &Bytes) -> Result<Fold, BookError> {
    let bad = |error: &dyn std::fmt::Display| BookError::Backup(format!("its snapshot: {error}"));
    let info = SnapshotInfo::decode(finish).map_err(|error| bad(&error))?;
    for (number, chunk) in (0..).zip(chunks) {
        log.put_chunk(info.head.revision, number, chunk)?;
    }
    log.start_at(&info)?;
    Fold::read_snapshot(log, info.head.revision)
}

fn append(log: &dyn Log, fold: &mut Fold, mut payload: Bytes) -> Result<(), BookError> {
    let short = || BookError::Backup("a batch is cut short".to_owned());
    let first = Revision(payload.try_get_u64_le().map_err(|_| short())?);
    let last = Revision(payload.try_get_u64_le().map_err(|_| short())?);
    let mut chain = [0; 32];
    payload.try_copy_to_slice(&mut chain).map_err(|_| short())?;
    let stored = StoredBatch {
        first,
        last,
        chain: Chain(chain),
        bytes: payload,
    };
    let expected = fold.head;
    fold.take_stored(&stored)?;
    match log.append(expected, &stored)? {
        Appended::Done => Ok(()),
        Appended::Moved(_) => Err(BookError::Backup(
            "somebody else writes to the book".to_owned(),
        )),
    }
}

struct Hashing<'a> {
    to: &'a mut dyn Write,
    hasher: blake3::Hasher,
}

impl Hashing<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), BookError> {
        self.hasher.update(bytes);
        self.to.write_all(bytes).map_err(writing)
    }

    fn frame(&mut self, tag: u8, parts: &[&[u8]]) -> Result<(), BookError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.put(&[tag])?;
        self.put(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }
}

struct Frames<'a> {
    from: &'a mut dyn Read,
    hasher: blake3::Hasher,
}

impl Frames<'_> {
    fn take(&mut self, into: &mut [u8]) -> Result<(), BookError> {
        self.from
            .read_exact(into)
            .map_err(|source| match source.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    BookError::Backup("it is cut short: its end is missing".to_owned())
                }
                _ => reading(source),
            })?;
        self.hasher.update(into);
        Ok(())
    }

    fn frame(&mut self) -> Result<(u8, Bytes), BookError> {
        let mut tag = [0];
        self.take(&mut tag)?;
        let mut length = [0; 8];
        self.take(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > MAX_FRAME {
            return Err(BookError::Backup(format!(
                "a part of {length} bytes is too long"
            )));
        }
        // Read as it comes: a false length must not cost memory before its bytes are there.
        let mut payload = Vec::new();
        let mut taken = (&mut *self.from).take(length);
        let read = taken.read_to_end(&mut payload).map_err(reading)?;
        if u64::try_from(read).ok() != Some(length) {
            return Err(BookError::Backup(
                "it is cut short: its end is missing".to_owned(),
            ));
        }
        self.hasher.update(&payload);
        let [tag] = tag;
        Ok((tag, payload.into()))
    }
}

fn reading(source: std::io::Error) -> BookError {
    BookError::Stream {
        action: "read the backup",
        source,
    }
}

fn writing(source: std::io::Error) -> BookError {
    BookError::Stream {
        action: "write the backup",
        source,
    }
}
