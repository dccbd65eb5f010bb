//! A backup that passes through: checked against its own digest as it comes, whatever it comes from.

use std::io::{self, Write};

use bytes::{Buf, Bytes};
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Chain, Head, Revision};

use crate::backup::{BATCH, END, FINISH, MAGIC, MAX_FRAME};
use crate::error::BookError;

/// Hands a backup on and checks it. Its records aren't looked at: that is what restoring does.
pub struct BackupCheck<W> {
    to: W,
    hasher: blake3::Hasher,
    part: Part,
    /// What came of the part, as far as it is needed.
    held: Vec<u8>,
    head: Head,
    digest: Option<[u8; 32]>,
    broken: Option<&'static str>,
}

enum Part {
    Magic,
    /// Tag and length of a frame.
    Opening,
    Payload {
        tag: u8,
        left: u64,
    },
    Ended,
}

/// Bytes of a frame's tag and length.
const OPENING: usize = 9;

/// What is needed of a batch: its revisions and its chain.
const BATCH_HEAD: usize = 48;

impl<W: Write> BackupCheck<W> {
    /// Checks what is written to it and hands it on.
    pub fn new(to: W) -> BackupCheck<W> {
        BackupCheck {
            to,
            hasher: blake3::Hasher::new(),
            part: Part::Magic,
            held: Vec::new(),
            head: Head::EMPTY,
            digest: None,
            broken: None,
        }
    }

    /// The head that the backup reaches.
    ///
    /// # Errors
    /// [`BookError::Backup`] for what isn't a whole backup.
    pub fn finish(self) -> Result<Head, BookError> {
        let bad = |message: &str| Err(BookError::Backup(message.to_owned()));
        match (self.broken, self.part, self.digest) {
            (Some(message), ..) => bad(message),
            (None, Part::Ended, Some(digest)) if self.held == digest => Ok(self.head),
            (None, Part::Ended, _) => bad("its bytes don't fit its digest"),
            (None, ..) => bad("it is cut short: its end is missing"),
        }
    }

    fn take<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match self.part {
            Part::Magic => self.take_magic(bytes),
            Part::Opening => self.take_opening(bytes),
            Part::Payload { tag, left } => self.take_payload(bytes, tag, left),
            Part::Ended => {
                self.broken = Some("bytes follow its end");
                &[]
            }
        }
    }

    fn take_magic<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let rest = self.hold(bytes, MAGIC.len());
        if self.held.len() == MAGIC.len() {
            if self.held != MAGIC {
                self.broken = Some("it doesn't begin as one");
            }
            self.hasher.update(MAGIC);
            self.begin(Part::Opening);
        }
        rest
    }

    fn take_opening<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let rest = self.hold(bytes, OPENING);
        if self.held.len() == OPENING {
            let mut opening = self.held.as_slice();
            let tag = opening.try_get_u8().unwrap_or_default();
            let left = opening.try_get_u64_le().unwrap_or_default();
            if left > MAX_FRAME {
                self.broken = Some("a part of it is too long");
            }
            // The digest is of all that stands before the last part.
            self.digest = (tag == END).then(|| *self.hasher.finalize().as_bytes());
            self.hasher.update(&self.held);
            self.begin(Part::Payload { tag, left });
            if left == 0 {
                self.end_payload(tag);
            }
        }
        rest
    }

    fn take_payload<'b>(&mut self, bytes: &'b [u8], tag: u8, left: u64) -> &'b [u8] {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let (own, rest) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
        self.hasher.update(own);
        let needed = match tag {
            BATCH => BATCH_HEAD,
            FINISH | END => usize::MAX,
            _ => 0,
        };
        self.hold(own, needed);
        let left = left.saturating_sub(u64::try_from(own.len()).unwrap_or(u64::MAX));
        self.part = Part::Payload { tag, left };
        if left == 0 {
            self.end_payload(tag);
        }
        rest
    }

    /// Holds bytes up to so many in all; the rest.
    fn hold<'b>(&mut self, bytes: &'b [u8], most: usize) -> &'b [u8] {
        let room = most.saturating_sub(self.held.len());
        let (own, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.held.extend_from_slice(own);
        rest
    }

    fn begin(&mut self, part: Part) {
        self.held.clear();
        self.part = part;
    }

    fn end_payload(&mut self, tag: u8) {
        match tag {
            BATCH => match batch_head(&self.held) {
                Some(head) => self.head = head,
                None => self.broken = Some("a batch is cut short"),
            },
            FINISH => match SnapshotInfo::decode(&Bytes::copy_from_slice(&self.held)) {
                Ok(info) => self.head = info.head,
                Err(_) => self.broken = Some("its snapshot can't be read"),
            },
            END => {
                self.part = Part::Ended;
                return;
            }
            _ => {}
        }
        self.begin(Part::Opening);
    }
}

fn batch_head(mut held: &[u8]) -> Option<Head> {
    held.try_get_u64_le().ok()?;
    let revision = Revision(held.try_get_u64_le().ok()?);
    let mut chain = [0; 32];
    held.try_copy_to_slice(&mut chain).ok()?;
    Some(Head {
        revision,
        chain: Chain(chain),
    })
}

impl<W: Write> Write for BackupCheck<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(bytes)?;
        let mut rest = bytes;
        while !rest.is_empty() && self.broken.is_none() {
            rest = self.take(rest);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Book;

    fn checked(bytes: &[u8], step: usize) -> Result<Head, BookError> {
        let mut check = BackupCheck::new(Vec::new());
        for part in bytes.chunks(step) {
            check.write_all(part).unwrap();
        }
        assert_eq!(check.to, bytes);
        check.finish()
    }

    #[test]
    fn a_whole_backup_tells_its_head_and_a_broken_one_is_found() {
        let book = Book::in_memory().unwrap();
        let mut backup = Vec::new();
        let head = book.backup(&mut backup).unwrap();
        for step in [1, 7, backup.len()] {
            assert_eq!(checked(&backup, step).unwrap(), head);
        }
        for cut in [0, 7, 8, 20, backup.len() - 1] {
            assert!(checked(&backup[..cut], 5).is_err(), "{cut}");
        }
        for at in 0..backup.len() {
            let mut broken = backup.clone();
            broken[at] ^= 1;
            assert!(checked(&broken, 64).is_err(), "{at}");
        }
        let mut longer = backup;
        longer.push(0);
        assert!(checked(&longer, 64).is_err());
    }
}
