//! Snapshots: the complete state at one revision, in chunks that check themselves.
//!
//! ```text
//! chunk:  "DEEC" │ digest, 32 bytes │ Protobuf message Chunk
//! finish: "DEES" │ digest, 32 bytes │ Protobuf message Finish, which lists the chunks' digests
//! ```
//!
//! After the records come the idempotency keys that are remembered, in chunks of their own. A
//! snapshot is valid once its finish is there. Removed records stay in it without a body, so
//! that a key that may never return, and the generation at which a record would go on, are known
//! after compaction too.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use crate::batch::{FORMAT, FORMAT_SINCE};
use crate::idempotency::{KeyName, RememberedKey};
use crate::position::{Chain, Generation, Head, Revision};
use crate::record::Kind;
use crate::root::StateRoot;
use crate::time::Timestamp;

/// A chunk is closed once its records have this many bytes.
pub const CHUNK_BYTES: usize = 1 << 20;

const CHUNK_MAGIC: &[u8; 4] = b"DEEC";
const FINISH_MAGIC: &[u8; 4] = b"DEES";

/// One record in a snapshot, live or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// Kind of the record.
    pub kind: Kind,
    /// Key of the record.
    pub key: Arc<str>,
    /// The record's counter.
    pub generation: Generation,
    /// Revision of its last change.
    pub revision: Revision,
    /// Its stored form; `None`: it was removed.
    pub record: Option<Bytes>,
}

/// What finishes a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The head of the log at that state.
    pub head: Head,
    /// Time stamp of the last change in it.
    pub time: Timestamp,
    /// State root at that state.
    pub root: StateRoot,
    /// Number of live records.
    pub records: u64,
    /// Digest of each chunk, in order.
    pub chunks: Vec<[u8; 32]>,
}

/// Why stored bytes are no part of a snapshot that this version can take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes aren't what was written.
    #[error("{0}")]
    Damaged(&'static str),
    /// The bytes are sound, but of a format from a later release.
    #[error("format {format}; this version reads up to {FORMAT}")]
    NewerFormat {
        /// Its format.
        format: u32,
        /// The lowest release that reads it.
        since: String,
    },
}

/// An encoded chunk and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedChunk {
    /// The bytes to store.
    pub bytes: Bytes,
    /// What the finish lists for it.
    pub digest: [u8; 32],
}

/// What a chunk holds: records, or keys after the last record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Records, by kind and key.
    pub entries: Vec<SnapshotEntry>,
    /// Idempotency keys that are remembered, in the order of their commands.
    pub keys: Vec<RememberedKey>,
}

/// Encodes one chunk of a snapshot that holds records.
#[must_use]
pub fn encode_chunk(entries: &[SnapshotEntry]) -> EncodedChunk {
    let message = wire::Chunk {
        format: FORMAT,
        since: FORMAT_SINCE.to_owned(),
        entries: entries
            .iter()
            .map(|entry| wire::Entry {
                kind: entry.kind.as_str().to_owned(),
                key: entry.key.as_ref().to_owned(),
                generation: entry.generation.0,
                revision: entry.revision.0,
                record: entry.record.clone(),
            })
            .collect(),
        keys: Vec::new(),
    };
    sealed(&message)
}

/// Encodes one chunk of a snapshot that holds remembered keys.
#[must_use]
pub fn encode_keys(keys: &[RememberedKey]) -> EncodedChunk {
    let message = wire::Chunk {
        format: FORMAT,
        since: FORMAT_SINCE.to_owned(),
        entries: Vec::new(),
        keys: keys
            .iter()
            .map(|key| wire::Key {
                name: Bytes::copy_from_slice(&key.name.0),
                digest: Bytes::copy_from_slice(&key.digest),
                first: key.first.0,
                last: key.last.0,
                time: key.time.ticks(),
            })
            .collect(),
    };
    sealed(&message)
}

fn sealed(message: &wire::Chunk) -> EncodedChunk {
    let (bytes, digest) = seal(CHUNK_MAGIC, &message.encode_to_vec());
    EncodedChunk { bytes, digest }
}

/// Checks a stored chunk against the digest that the finish lists, and reads it.
///
/// # Errors
/// [`SnapshotError`] when the bytes are damaged, another chunk's, or of a later format.
pub fn decode_chunk(bytes: &Bytes, digest: &[u8; 32]) -> Result<Chunk, SnapshotError> {
    let (message, found) = unseal(CHUNK_MAGIC, bytes)?;
    if found != *digest {
        return Err(SnapshotError::Damaged("a chunk of another snapshot"));
    }
    let chunk =
        wire::Chunk::decode(message).map_err(|_| SnapshotError::Damaged("unreadable chunk"))?;
    let entry = |entry: wire::Entry| SnapshotEntry {
        kind: Kind::named(&entry.kind),
        key: Arc::from(entry.key),
        generation: Generation(entry.generation),
        revision: Revision(entry.revision),
        record: entry.record,
    };
    let keys = chunk.keys.iter().map(read_key).collect::<Option<_>>();
    Ok(Chunk {
        entries: chunk.entries.into_iter().map(entry).collect(),
        keys: keys.ok_or(SnapshotError::Damaged("unreadable key"))?,
    })
}

fn read_key(key: &wire::Key) -> Option<RememberedKey> {
    Some(RememberedKey {
        name: KeyName(key.name.as_ref().try_into().ok()?),
        digest: key.digest.as_ref().try_into().ok()?,
        first: Revision(key.first),
        last: Revision(key.last),
        time: Timestamp::from_ticks(key.time).ok()?,
    })
}

impl SnapshotInfo {
    /// Encodes the finish of a snapshot.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let message = wire::Finish {
            format: FORMAT,
            since: FORMAT_SINCE.to_owned(),
            revision: self.head.revision.0,
            chain: self.head.chain.0.to_vec(),
            time: self.time.ticks(),
            root: self.root.to_bytes().to_vec(),
            records: self.records,
            chunks: self.chunks.iter().map(|digest| digest.to_vec()).collect(),
        };
        seal(FINISH_MAGIC, &message.encode_to_vec()).0
    }

    /// Checks a stored finish and reads it.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are damaged or of a later format.
    pub fn decode(bytes: &Bytes) -> Result<SnapshotInfo, SnapshotError> {
        const UNREADABLE: SnapshotError = SnapshotError::Damaged("unreadable finish");
        let (message, _) = unseal(FINISH_MAGIC, bytes)?;
        let finish = wire::Finish::decode(message).map_err(|_| UNREADABLE)?;
        let exact = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| UNREADABLE);
        Ok(SnapshotInfo {
            head: Head {
                revision: Revision(finish.revision),
                chain: Chain(exact(&finish.chain)?),
            },
            time: Timestamp::from_ticks(finish.time).map_err(|_| UNREADABLE)?,
            root: StateRoot::from_bytes(&exact(&finish.root)?),
            records: finish.records,
            chunks: finish
                .chunks
                .iter()
                .map(|digest| exact(digest))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn seal(magic: &[u8; 4], message: &[u8]) -> (Bytes, [u8; 32]) {
    let digest = *blake3::hash(message).as_bytes();
    (Bytes::from([magic, &digest[..], message].concat()), digest)
}

/// The message behind a digest that fits, if its format is one that this version reads.
fn unseal(magic: &[u8; 4], bytes: &Bytes) -> Result<(Bytes, [u8; 32]), SnapshotError> {
    let cut = SnapshotError::Damaged("cut short");
    if bytes.get(..4) != Some(magic.as_slice()) {
        return Err(SnapshotError::Damaged("not a snapshot of Deedbook"));
    }
    let digest: [u8; 32] = bytes
        .get(4..36)
        .and_then(|digest| digest.try_into().ok())
        .ok_or(cut)?;
    let message = bytes.slice(36..);
    if blake3::hash(&message) != digest {
        return Err(SnapshotError::Damaged("the bytes don't fit their digest"));
    }
    let format = wire::Format::decode(message.clone())
        .map_err(|_| SnapshotError::Damaged("unreadable format"))?;
    match format.format {
        0 => Err(SnapshotError::Damaged("no format named")),
        1..=FORMAT => Ok((message, digest)),
        newer => Err(SnapshotError::NewerFormat {
            format: newer,
            since: format.since,
        }),
    }
}

mod wire {
    //! Protobuf messages of a snapshot; `docs/FORMAT.md` repeats the numbers.

    use bytes::Bytes;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Format {
        #[prost(uint32, tag = "1")]
        pub(super) format: u32,
        #[prost(string, tag = "2")]
        pub(super) since: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Chunk {
        #[prost(uint32, tag = "1")]
        pub(super) format: u32,
        #[prost(string, tag = "2")]
        pub(super) since: String,
        #[prost(message, repeated, tag = "3")]
        pub(super) entries: Vec<Entry>,
        #[prost(message, repeated, tag = "4")]
        pub(super) keys: Vec<Key>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Key {
        #[prost(bytes = "bytes", tag = "1")]
        pub(super) name: Bytes,
        #[prost(bytes = "bytes", tag = "2")]
        pub(super) digest: Bytes,
        #[prost(uint64, tag = "3")]
        pub(super) first: u64,
        #[prost(uint64, tag = "4")]
        pub(super) last: u64,
        #[prost(sint64, tag = "5")]
        pub(super) time: i64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Entry {
        #[prost(string, tag = "1")]
        pub(super) kind: String,
        #[prost(string, tag = "2")]
        pub(super) key: String,
        #[prost(uint64, tag = "3")]
        pub(super) generation: u64,
        #[prost(uint64, tag = "4")]
        pub(super) revision: u64,
        #[prost(bytes = "bytes", optional, tag = "5")]
        pub(super) record: Option<Bytes>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Finish {
        #[prost(uint32, tag = "1")]
        pub(super) format: u32,
        #[prost(string, tag = "2")]
        pub(super) since: String,
        #[prost(uint64, tag = "3")]
        pub(super) revision: u64,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) chain: Vec<u8>,
        #[prost(sint64, tag = "5")]
        pub(super) time: i64,
        #[prost(bytes = "vec", tag = "6")]
        pub(super) root: Vec<u8>,
        #[prost(uint64, tag = "7")]
        pub(super) records: u64,
        #[prost(bytes = "vec", repeated, tag = "8")]
        pub(super) chunks: Vec<Vec<u8>>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<SnapshotEntry> {
        [Some(Bytes::from_static(b"{}")), Some(Bytes::new()), None]
            .into_iter()
            .zip(1..)
            .map(|(record, n)| SnapshotEntry {
                kind: Kind::named("moon_phase"),
                key: Arc::from(format!("k{n}")),
                generation: Generation(n),
                revision: Revision(n * 3),
                record,
            })
            .collect()
    }

    fn keys() -> Vec<RememberedKey> {
        let key = |n: u8| RememberedKey {
            name: KeyName([n; 16]),
            digest: [n + 100; 16],
            first: Revision(u64::from(n)),
            last: Revision(u64::from(n) + 1),
            time: Timestamp::from_ticks(17_000_000_000_000_000 + i64::from(n)).unwrap(),
        };
        vec![key(1), key(7)]
    }

    fn info(digest: [u8; 32]) -> SnapshotInfo {
        SnapshotInfo {
            head: Head {
                revision: Revision(9),
                chain: Chain::ZERO.over(b"x"),
            },
            time: Timestamp::from_ticks(77).unwrap(),
            root: StateRoot::EMPTY,
            records: 2,
            chunks: vec![digest],
        }
    }

    #[test]
    fn reads_back_what_was_written() {
        let chunk = encode_chunk(&entries());
        assert_eq!(
            decode_chunk(&chunk.bytes, &chunk.digest).unwrap(),
            Chunk {
                entries: entries(),
                keys: Vec::new()
            }
        );
        let chunk = encode_keys(&keys());
        assert_eq!(
            decode_chunk(&chunk.bytes, &chunk.digest).unwrap(),
            Chunk {
                entries: Vec::new(),
                keys: keys()
            }
        );
        let info = info(chunk.digest);
        assert_eq!(SnapshotInfo::decode(&info.encode()).unwrap(), info);
    }

    #[test]
    fn encoded_bytes_never_change() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
        let chunk = encode_chunk(&entries());
        let expected = std::fs::read(format!("{golden}snapshot-chunk-format-1.bin")).unwrap();
        assert_eq!(expected, chunk.bytes);
        let expected = std::fs::read(format!("{golden}snapshot-finish-format-1.bin")).unwrap();
        assert_eq!(expected, info(chunk.digest).encode());
        let expected = std::fs::read(format!("{golden}snapshot-keys-format-1.bin")).unwrap();
        assert_eq!(expected, encode_keys(&keys()).bytes);
    }

    #[test]
    fn every_flip_and_cut_is_found() {
        let chunk = encode_chunk(&entries());
        let finish = info(chunk.digest).encode();
        for at in 0..chunk.bytes.len() {
            let mut bytes = chunk.bytes.to_vec();
            bytes[at] ^= 4;
            assert!(decode_chunk(&bytes.into(), &chunk.digest).is_err(), "{at}");
            assert!(
                decode_chunk(&chunk.bytes.slice(..at), &chunk.digest).is_err(),
                "{at}"
            );
        }
        for at in 0..finish.len() {
            let mut bytes = finish.to_vec();
            bytes[at] ^= 4;
            assert!(SnapshotInfo::decode(&bytes.into()).is_err(), "{at}");
            assert!(SnapshotInfo::decode(&finish.slice(..at)).is_err(), "{at}");
        }
        let keys = encode_keys(&keys());
        for at in 0..keys.bytes.len() {
            let mut bytes = keys.bytes.to_vec();
            bytes[at] ^= 4;
            assert!(decode_chunk(&bytes.into(), &keys.digest).is_err(), "{at}");
        }
        let other = encode_chunk(&entries()[1..]);
        assert!(decode_chunk(&other.bytes, &chunk.digest).is_err());
    }

    #[test]
    fn a_later_format_says_who_reads_it() {
        let (bytes, _) = seal(FINISH_MAGIC, &[&[0x08, 9, 0x12, 5][..], b"3.1.0"].concat());
        assert_eq!(
            SnapshotInfo::decode(&bytes),
            Err(SnapshotError::NewerFormat {
                format: 9,
                since: "3.1.0".to_owned()
            })
        );
    }
}
