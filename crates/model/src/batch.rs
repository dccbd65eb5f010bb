//! Batches: all changes of one group commit as one row of bytes, encoded once and never again.
//!
//! ```text
//! "DEED" │ previous chain, 32 bytes │ header length, u32 LE │ header │ bodies
//! bodies: for each change that leaves a record, in order: 1 │ salt, 16 bytes │ record
//! chain = BLAKE3(previous chain ‖ header)       digest in the header = BLAKE3(salt ‖ record)
//! ```
//!
//! The frame is the same in every format, so that the chain is checked before the format is looked
//! at. The header is a Protobuf message (`docs/FORMAT.md`); fields that a reader doesn't know stay
//! in the stored bytes. A body can be taken out by a later release without touching the chain.

mod wire;

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use crate::change::{Change, CommandInfo, Verb};
use crate::idempotency::{Idempotency, IdempotencyKey, KeyLimits, Keyed, RequestDigest};
use crate::position::{Chain, Generation, Head, Revision, WriterId};
use crate::record::Kind;
use crate::root::StateRoot;
use crate::time::Timestamp;

/// The batch format that this version writes; it reads this one and all before.
pub const FORMAT: u32 = 1;

/// The lowest release that reads [`FORMAT`].
pub const FORMAT_SINCE: &str = "0.1.0";

/// Most changes of one command.
pub const MAX_COMMAND_CHANGES: usize = 100_000;

/// Most bytes of one command's records.
pub const MAX_COMMAND_BYTES: usize = 64 << 20;

const MAGIC: &[u8; 4] = b"DEED";
const HEADER_AT: usize = 4 + 32 + 4;
const SALT: usize = 16;
const BODY_PRESENT: u8 = 1;

/// A batch as a log keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// Revision of its first change.
    pub first: Revision,
    /// Revision of its last change.
    pub last: Revision,
    /// The chain after it.
    pub chain: Chain,
    /// The frame, header and bodies.
    pub bytes: Bytes,
}

impl std::fmt::Debug for StoredBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "StoredBatch({}..={}, {:?}, {} bytes)",
            self.first,
            self.last,
            self.chain,
            self.bytes.len()
        )
    }
}

impl StoredBatch {
    /// The head of a log that ends with this batch.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            revision: self.last,
            chain: self.chain,
        }
    }
}

/// A batch whose bytes were checked.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The head that it follows.
    pub previous: Head,
    /// The head that it makes.
    pub head: Head,
    /// Who wrote it.
    pub writer: WriterId,
    /// Which of that writer's batches it is.
    pub counter: u64,
    /// State root after it.
    pub root: StateRoot,
    /// Number of live records after it.
    pub records: u64,
    /// Its changes, in order; a command's changes are neighbours.
    pub changes: Vec<Change>,
}

/// Why stored bytes are no batch that this version can take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes aren't what was written.
    #[error("revision {revision}: {what}")]
    Damaged {
        /// First revision that doesn't fit; for a header, the batch's first.
        revision: Revision,
        /// What doesn't fit.
        what: &'static str,
    },
    /// The bytes are sound, but of a format from a later release.
    #[error("revision {revision} has format {format}; this version reads up to {FORMAT}")]
    NewerFormat {
        /// First revision of the batch.
        revision: Revision,
        /// Its format.
        format: u32,
        /// The lowest release that reads it, as its writer noted.
        since: String,
    },
}

/// Collects the changes of one group commit and encodes them.
pub struct BatchBuilder {
    previous: Head,
    header: wire::Header,
    bodies: Vec<u8>,
    next: Revision,
}

impl BatchBuilder {
    /// A batch that follows `previous`.
    #[must_use]
    pub fn new(previous: Head, writer: WriterId, counter: u64) -> BatchBuilder {
        BatchBuilder {
            previous,
            header: wire::Header {
                format: FORMAT,
                since: FORMAT_SINCE.to_owned(),
                first: previous.revision.next().0,
                writer: writer.0.to_vec(),
                counter,
                ..wire::Header::default()
            },
            bodies: Vec::new(),
            next: previous.revision.next(),
        }
    }

    /// The same with room for so many bytes of records.
    #[must_use]
    pub fn with_room(mut self, bytes: usize) -> BatchBuilder {
        self.bodies.reserve(bytes);
        self
    }

    /// Revision that the next change gets.
    #[must_use]
    pub fn next_revision(&self) -> Revision {
        self.next
    }

    /// Bytes of the records so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether no command was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.commands.is_empty()
    }

    /// Adds the changes of one command, whose revisions go on from [`BatchBuilder::next_revision`].
    /// `salt` gives fresh random bytes for each record.
    pub fn push(
        &mut self,
        command: &CommandInfo,
        changes: &[Change],
        mut salt: impl FnMut() -> [u8; SALT],
    ) {
        let mut entries = Vec::with_capacity(changes.len());
        for change in changes {
            let (length, digest) = match &change.record {
                None => (None, Vec::new()),
                Some(record) => {
                    let salt = salt();
                    self.bodies.push(BODY_PRESENT);
                    self.bodies.extend_from_slice(&salt);
                    self.bodies.extend_from_slice(record);
                    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
                    (Some(length), body_digest(&salt, record).to_vec())
                }
            };
            entries.push(wire::Change {
                kind: change.kind.as_str().to_owned(),
                key: change.key.as_ref().to_owned(),
                verb: change.verb.as_str().to_owned(),
                generation: change.generation.0,
                previous: change.previous.map_or(0, |revision| revision.0),
                length,
                digest,
            });
            self.next = self.next.next();
        }
        self.header.commands.push(wire::Command {
            time: command.time.ticks(),
            actor: command.actor.clone(),
            reason: command.reason.clone(),
            ticket: command.ticket.clone(),
            request_id: command.request_id.clone(),
            changes: entries,
            keyed: command.keyed.as_ref().map(write_keyed),
        });
    }

    /// Encodes the batch, with the root and number of live records after it.
    #[must_use]
    pub fn finish(mut self, root: StateRoot, records: u64) -> StoredBatch {
        self.header.root = root.to_bytes().to_vec();
        self.header.records = records;
        let header = self.header.encode_to_vec();
        seal(&self.previous, self.next, &header, &self.bodies)
    }
}

/// Frames an encoded header and its bodies; `next` is the revision after the last.
fn seal(previous: &Head, next: Revision, header: &[u8], bodies: &[u8]) -> StoredBatch {
    let mut bytes = Vec::with_capacity(HEADER_AT + header.len() + bodies.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&previous.chain.0);
    // A batch closes at 1 MiB and a command has at most 64 MiB, so a header's length fits.
    bytes.extend_from_slice(
        &u32::try_from(header.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(bodies);
    StoredBatch {
        first: previous.revision.next(),
        last: Revision(next.0.saturating_sub(1)),
        chain: previous.chain.over(header),
        bytes: Bytes::from(bytes),
    }
}

fn body_digest(salt: &[u8], record: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt);
    hasher.update(record);
    *hasher.finalize().as_bytes()
}

impl Batch {
    /// Checks every byte of a stored batch and reads it. That `previous` is the log's head before
    /// it is for the caller to compare.
    ///
    /// # Errors
    /// [`BatchError::Damaged`] names the first revision whose bytes don't fit;
    /// [`BatchError::NewerFormat`] a batch that is sound but needs a later release.
    pub fn open(stored: &StoredBatch) -> Result<Batch, BatchError> {
        let damaged = |what| BatchError::Damaged {
            revision: stored.first,
            what,
        };
        let (chain, header, bodies_at) = unframe(&stored.bytes).map_err(damaged)?;
        if chain.over(header) != stored.chain {
            return Err(damaged("the header doesn't fit the chain"));
        }
        check_format(header, stored.first)?;
        let header = wire::Header::decode(header).map_err(|_| damaged("unreadable header"))?;
        if Revision(header.first) != stored.first || stored.first == Revision::ZERO {
            return Err(damaged("the header is of another revision"));
        }
        let changes = read_changes(stored, &header, bodies_at)?;
        let count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        let more = stored.last.0.checked_sub(stored.first.0);
        if more.and_then(|more| more.checked_add(1)) != Some(count) {
            return Err(damaged("the header has another number of changes"));
        }
        Ok(Batch {
            previous: Head {
                revision: Revision(stored.first.0 - 1),
                chain,
            },
            head: stored.head(),
            writer: WriterId(exact(&header.writer).ok_or(damaged("writer id of another length"))?),
            counter: header.counter,
            root: exact(&header.root)
                .map(|root| StateRoot::from_bytes(&root))
                .ok_or(damaged("state root of another length"))?,
            records: header.records,
            changes,
        })
    }

    /// Time stamp of its last command.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.changes
            .last()
            .map(|change| change.command.time)
            .unwrap_or_default()
    }
}

/// Splits the frame: the chain before it, the header, and where the bodies begin.
fn unframe(bytes: &[u8]) -> Result<(Chain, &[u8], usize), &'static str> {
    let cut = "the batch is cut short";
    if bytes.get(..4).ok_or(cut)? != MAGIC {
        return Err("not a batch of Deedbook");
    }
    let chain = Chain(exact(bytes.get(4..36).ok_or(cut)?).ok_or(cut)?);
    let length = u32::from_le_bytes(exact(bytes.get(36..HEADER_AT).ok_or(cut)?).ok_or(cut)?);
    let end = HEADER_AT.saturating_add(usize::try_from(length).map_err(|_| cut)?);
    Ok((chain, bytes.get(HEADER_AT..end).ok_or(cut)?, end))
}

/// The format is read by itself first: the rest of a later format may not decode at all.
fn check_format(header: &[u8], revision: Revision) -> Result<(), BatchError> {
    let format = wire::Format::decode(header).map_err(|_| BatchError::Damaged {
        revision,
        what: "unreadable header",
    })?;
    match format.format {
        0 => Err(BatchError::Damaged {
            revision,
            what: "the header names no format",
        }),
        1..=FORMAT => Ok(()),
        newer => Err(BatchError::NewerFormat {
            revision,
            format: newer,
            since: format.since,
        }),
    }
}

fn read_changes(
    stored: &StoredBatch,
    header: &wire::Header,
    bodies_at: usize,
) -> Result<Vec<Change>, BatchError> {
    let mut changes = Vec::new();
    let mut at = bodies_at;
    let mut revision = stored.first;
    for entry in &header.commands {
        let command = read_command(entry, revision);
        let command = command.map_err(|what| BatchError::Damaged { revision, what })?;
        let command = Arc::new(command);
        for change in &entry.changes {
            let damaged = |what| BatchError::Damaged { revision, what };
            let record = match change.length {
                None => None,
                Some(length) => Some(
                    read_body(&stored.bytes, &mut at, length, &change.digest).map_err(damaged)?,
                ),
            };
            changes.push(Change {
                revision,
                command: Arc::clone(&command),
                kind: Kind::named(&change.kind),
                key: Arc::from(change.key.as_str()),
                verb: Verb::named(&change.verb),
                generation: Generation(change.generation),
                previous: (change.previous != 0).then_some(Revision(change.previous)),
                record,
            });
            revision = revision.next();
        }
    }
    if at != stored.bytes.len() {
        return Err(BatchError::Damaged {
            revision: stored.last,
            what: "bytes after the last record",
        });
    }
    Ok(changes)
}

fn read_command(entry: &wire::Command, first: Revision) -> Result<CommandInfo, &'static str> {
    let changes = u64::try_from(entry.changes.len()).unwrap_or(u64::MAX);
    let last = changes
        .checked_sub(1)
        .and_then(|more| first.0.checked_add(more));
    Ok(CommandInfo {
        first,
        last: Revision(last.ok_or("a command without changes")?),
        time: Timestamp::from_ticks(entry.time).map_err(|_| "a command at an impossible time")?,
        actor: entry.actor.clone(),
        reason: entry.reason.clone(),
        ticket: entry.ticket.clone(),
        request_id: entry.request_id.clone(),
        keyed: entry.keyed.as_ref().map(read_keyed).transpose()?,
    })
}

/// What is usual is left out.
fn write_keyed(keyed: &Keyed) -> wire::Keyed {
    let Idempotency {
        key,
        digest,
        limits,
    } = &keyed.idempotency;
    let usual = KeyLimits::default();
    let unusual = |limit, usual| (limit != usual).then_some(limit);
    wire::Keyed {
        key: key.as_str().to_owned(),
        digest: digest.0.to_vec(),
        keep_seconds: unusual(limits.keep_seconds, usual.keep_seconds),
        most: unusual(limits.most, usual.most),
        outcomes: keyed.outcomes.iter().map(|revision| revision.0).collect(),
    }
}

fn read_keyed(entry: &wire::Keyed) -> Result<Keyed, &'static str> {
    let digest = exact(&entry.digest).ok_or("request digest of another length")?;
    let usual = KeyLimits::default();
    Ok(Keyed {
        idempotency: Idempotency {
            key: IdempotencyKey::stored(&entry.key),
            digest: RequestDigest(digest),
            limits: KeyLimits {
                keep_seconds: entry.keep_seconds.unwrap_or(usual.keep_seconds),
                most: entry.most.unwrap_or(usual.most),
            },
        },
        outcomes: entry.outcomes.iter().copied().map(Revision).collect(),
    })
}

fn read_body(
    bytes: &Bytes,
    at: &mut usize,
    length: u32,
    digest: &[u8],
) -> Result<Bytes, &'static str> {
    let cut = "the record is cut short";
    if *bytes.get(*at).ok_or(cut)? != BODY_PRESENT {
        return Err("the record is marked in a way that this format doesn't have");
    }
    let salt_at = *at + 1;
    let record_at = salt_at + SALT;
    let end = record_at.saturating_add(usize::try_from(length).map_err(|_| cut)?);
    let salt = bytes.get(salt_at..record_at).ok_or(cut)?;
    let record = bytes.get(record_at..end).ok_or(cut)?;
    if body_digest(salt, record) != digest {
        return Err("the record doesn't fit its digest");
    }
    *at = end;
    Ok(bytes.slice(record_at..end))
}

fn exact<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[cfg(test)]
#[path = "batch_test.rs"]
mod tests;
