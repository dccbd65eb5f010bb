//! The side file: a lower bound of what the log holds.
//!
//! A byte flipped in the middle of a write-ahead log makes SQLite drop the commits after it without
//! a word. So the head is noted here too, after each commit and before it is acknowledged:
//!
//! ```text
//! "DEEDHEAD" │ format, u32 │ since, 16 bytes │ commits, u64 │ revision, u64 │ chain, 32 │ zeros
//!                                   BLAKE3 of the first 480 bytes, at 480      (all little-endian)
//! ```

#![expect(
    clippy::disallowed_methods,
    reason = "other processes announce nothing: waiting for them takes a clock and looking again"
)]

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use deedbook_model::{Chain, Head, Revision};

use super::errors::{self, ACCEPT_HEAD};
use super::files::{Files, sync_folder};
use crate::error::{LogError, Part};

const SIZE: usize = 512;
const DIGEST_AT: usize = 480;
const MAGIC: &[u8; 8] = b"DEEDHEAD";
const FORMAT: u32 = 1;
const FORMAT_SINCE: &str = "0.1.0";
/// A reader may see half of a block that is being overwritten; this often it looks again.
const LOOKS: u32 = 4;

/// What the log holds at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The log holds this head.
    pub(crate) head: Head,
    /// The book's row was written this often, see [`super::book::Book`].
    pub(crate) commits: u64,
}

impl Bound {
    /// Of a book that is being created.
    pub(crate) const NEW: Bound = Bound {
        head: Head::EMPTY,
        commits: 0,
    };

    fn encode(&self) -> [u8; SIZE] {
        let mut since = [0; 16];
        for (to, from) in since.iter_mut().zip(FORMAT_SINCE.bytes()) {
            *to = from;
        }
        let fields = [
            MAGIC.as_slice(),
            &FORMAT.to_le_bytes(),
            &since,
            &self.commits.to_le_bytes(),
            &self.head.revision.0.to_le_bytes(),
            &self.head.chain.0,
        ]
        .concat();
        let mut block = [0; SIZE];
        let (body, digest) = block.split_at_mut(DIGEST_AT);
        for (to, from) in body.iter_mut().zip(fields) {
            *to = from;
        }
        digest.copy_from_slice(blake3::hash(body).as_bytes());
        block
    }

    fn decode(block: &[u8]) -> Result<Bound, Unreadable> {
        let (body, digest) = block
            .split_at_checked(DIGEST_AT)
            .ok_or(Unreadable::Broken)?;
        if block.len() != SIZE || blake3::hash(body) != *digest {
            return Err(Unreadable::Broken);
        }
        let format = u32::from_le_bytes(take(body, 8)?);
        if !body.starts_with(MAGIC) || format == 0 {
            return Err(Unreadable::Broken);
        }
        if format > FORMAT {
            let since = String::from_utf8_lossy(&take::<16>(body, 12)?)
                .trim_end_matches('\0')
                .to_owned();
            return Err(Unreadable::Newer { format, since });
        }
        Ok(Bound {
            commits: u64::from_le_bytes(take(body, 28)?),
            head: Head {
                revision: Revision(u64::from_le_bytes(take(body, 36)?)),
                chain: Chain(take(body, 44)?),
            },
        })
    }
}

enum Unreadable {
    Broken,
    Newer { format: u32, since: String },
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Unreadable> {
    bytes
        .get(at..at + N)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Unreadable::Broken)
}

/// Reads the side file; `None`: there is none.
///
/// # Errors
/// [`LogError::Damaged`] when it isn't what was written.
pub(crate) fn read(path: &Path) -> Result<Option<Bound>, LogError> {
    let part = || Part::File(path.to_owned());
    for look in 1..=LOOKS {
        let block = match read_block(path) {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(errors::io("read", path, error)),
        };
        match Bound::decode(&block) {
            Ok(bound) => return Ok(Some(bound)),
            Err(Unreadable::Newer { format, since }) => {
                return Err(LogError::NewerFormat {
                    part: part(),
                    format,
                    since,
                });
            }
            Err(Unreadable::Broken) if look < LOOKS => thread::sleep(Duration::from_millis(1)),
            Err(Unreadable::Broken) => {}
        }
    }
    Err(LogError::Damaged {
        part: part(),
        message: "the noted head isn't what was written".to_owned(),
        hint: Some(ACCEPT_HEAD.to_owned()),
    })
}

fn read_block(path: &Path) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(SIZE);
    let limit = u64::try_from(SIZE + 1).unwrap_or(u64::MAX);
    File::open(path)?.take(limit).read_to_end(&mut block)?;
    Ok(block)
}

/// The side file in a writer's hands.
pub(crate) struct SideFile {
    file: File,
    path: PathBuf,
}

impl SideFile {
    /// Puts a new one in place, durably: either it is there as a whole or not at all.
    pub(crate) fn create(files: &Files, bound: Bound) -> Result<(), LogError> {
        let draft = files.side.with_extension("head.new");
        let write = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&bound.encode())?;
            file.sync_all()?;
            std::fs::rename(&draft, &files.side)?;
            sync_folder(&files.dir)
        };
        write().map_err(|error| errors::io("write", &files.side, error))
    }

    pub(crate) fn open(path: &Path) -> Result<SideFile, LogError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| errors::io("write", path, error))?;
        Ok(SideFile {
            file,
            path: path.to_owned(),
        })
    }

    /// Notes a commit, in place and without a sync: the log itself is durable already.
    pub(crate) fn note(&self, bound: Bound) -> Result<(), LogError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&bound.encode()))
            .map_err(|error| LogError::Unknown {
                action: "note the head beside the log",
                source: Box::new(error),
            })
    }

    /// Makes what was noted durable.
    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.file
            .sync_data()
            .map_err(|error| errors::io("write", &self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_finds_every_flip_and_cut() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        let bound = Bound {
            head: Head {
                revision: Revision(77),
                chain: Chain::ZERO.over(b"x"),
            },
            commits: 5,
        };
        assert!(read(&files.side).unwrap().is_none());
        SideFile::create(&files, Bound::NEW).unwrap();
        SideFile::open(&files.side).unwrap().note(bound).unwrap();
        assert_eq!(read(&files.side).unwrap(), Some(bound));
        let block = bound.encode();
        for at in 0..SIZE {
            let mut flipped = block;
            flipped[at] ^= 0x10;
            assert!(matches!(Bound::decode(&flipped), Err(Unreadable::Broken)));
            assert!(Bound::decode(&block[..at]).is_err());
        }
    }

    #[test]
    fn a_later_format_is_named() {
        let mut block = Bound::NEW.encode();
        block[8] = 4;
        block[12..17].copy_from_slice(b"7.2.1");
        let digest = blake3::hash(&block[..DIGEST_AT]);
        block[DIGEST_AT..].copy_from_slice(digest.as_bytes());
        let Err(Unreadable::Newer { format, since }) = Bound::decode(&block) else {
            panic!("taken");
        };
        assert_eq!((format, since.as_str()), (4, "7.2.1"));
    }
}
