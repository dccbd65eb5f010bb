//! The book's row: where the log begins, its floor, and what its tables have to add up to.
//!
//! ```text
//! "DEEB" │ commits, u64 │ floor, u64 │ start: revision, u64, chain, 32
//!        │ sum of snapshots, 32 │ sum of artifacts, 32 │ sum of marks, 32 │ BLAKE3 of all before
//! ```
//!
//! A flipped byte can make a row vanish from a table without a word. Batches are dense, so a missing
//! one is seen; rows of the other tables are counted into a sum that is kept here.

use deedbook_model::root::RecordDigest;
use deedbook_model::{Chain, Head, Revision, StateRoot};
use rusqlite::{Connection, OptionalExtension, params};

use super::errors::{ACCEPT_HEAD, Fault};
use super::files::Files;
use crate::error::{LogError, Part};
use crate::log::ArtifactId;

const MAGIC: &[u8; 4] = b"DEEB";
const BODY: usize = 4 + 8 + 8 + 8 + 32 + 3 * 32;

/// The row. Every transaction but an append writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Book {
    /// How often it was written: the side file's bound for everything but batches.
    pub(crate) commits: u64,
    /// The oldest revision whose state can be read.
    pub(crate) floor: Revision,
    /// The head while there is no batch.
    pub(crate) start: Head,
    pub(crate) snapshots: StateRoot,
    pub(crate) artifacts: StateRoot,
    pub(crate) marks: StateRoot,
}

impl Book {
    /// Of a log in which nothing was written.
    pub(crate) const NEW: Book = Book {
        commits: 0,
        floor: Revision::ZERO,
        start: Head::EMPTY,
        snapshots: StateRoot::EMPTY,
        artifacts: StateRoot::EMPTY,
        marks: StateRoot::EMPTY,
    };

    fn encode(&self) -> Vec<u8> {
        let mut bytes = [
            MAGIC.as_slice(),
            &self.commits.to_le_bytes(),
            &self.floor.0.to_le_bytes(),
            &self.start.revision.0.to_le_bytes(),
            &self.start.chain.0,
            &self.snapshots.to_bytes(),
            &self.artifacts.to_bytes(),
            &self.marks.to_bytes(),
        ]
        .concat();
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Book> {
        let (body, digest) = bytes.split_at_checked(BODY)?;
        let digest: [u8; 32] = digest.try_into().ok()?;
        if !body.starts_with(MAGIC) || blake3::hash(body) != digest {
            return None;
        }
        let number = |at: usize| Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let long = |at: usize| <[u8; 32]>::try_from(body.get(at..at + 32)?).ok();
        Some(Book {
            commits: number(4)?,
            floor: Revision(number(12)?),
            start: Head {
                revision: Revision(number(20)?),
                chain: Chain(long(28)?),
            },
            snapshots: StateRoot::from_bytes(&long(60)?),
            artifacts: StateRoot::from_bytes(&long(92)?),
            marks: StateRoot::from_bytes(&long(124)?),
        })
    }

    pub(crate) fn load(connection: &Connection, files: &Files) -> Result<Book, Fault> {
        let bytes: Option<Vec<u8>> = connection
            .prepare_cached("SELECT bytes FROM book WHERE id = 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        bytes
            .as_deref()
            .and_then(Book::decode)
            .ok_or_else(|| not_as_written(files, "the book's row"))
    }

    pub(crate) fn save(&self, connection: &Connection) -> Result<(), Fault> {
        connection
            .prepare_cached("INSERT OR REPLACE INTO book VALUES (1, ?1)")?
            .execute(params![self.encode()])?;
        Ok(())
    }
}

/// The file as a whole doesn't hold what was written.
pub(crate) fn not_as_written(files: &Files, what: &str) -> Fault {
    Fault::Log(LogError::Damaged {
        part: Part::File(files.database.clone()),
        message: format!("{what}: not what was written"),
        hint: Some(ACCEPT_HEAD.to_owned()),
    })
}

/// What a finished snapshot adds to the sum.
pub(crate) fn snapshot_digest(revision: Revision, finish: &[u8]) -> RecordDigest {
    RecordDigest::of("snapshot", &revision.to_string(), finish)
}

/// What an artifact adds to the sum.
pub(crate) fn artifact_digest(id: ArtifactId) -> RecordDigest {
    RecordDigest::of("artifact", "", &id.0)
}

/// What a mark adds to the sum.
pub(crate) fn mark_digest(name: &str, value: &[u8]) -> RecordDigest {
    RecordDigest::of("mark", name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_finds_every_flip() {
        let mut book = Book {
            commits: 3,
            floor: Revision(4),
            start: Head {
                revision: Revision(4),
                chain: Chain::ZERO.over(b"x"),
            },
            ..Book::NEW
        };
        book.snapshots.add(snapshot_digest(Revision(4), b"finish"));
        book.artifacts.add(artifact_digest(ArtifactId::of(b"a")));
        book.marks.add(mark_digest("sink", b"9"));
        let bytes = book.encode();
        assert_eq!(Book::decode(&bytes), Some(book));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Book::decode(&flipped), None, "{at}");
        }
    }
}
