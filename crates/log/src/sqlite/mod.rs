//! The SQLite engine: one machine, zero set-up.
//!
//! ```text
//! log.sqlite (-wal, -shm)   the log; one row for each batch          schema, connection, read, append
//! log.head                  what the log holds at least              side_file
//! writer.lock               held by the one process that writes      writer_lock
//! claims/NAME.lock          held by who does a background job        claims
//! ```
//!
//! Beside the writer a thread copies what was committed into the database: checkpoints.
//!
//! A commit is durable once the write-ahead log is synced (`synchronous=FULL`); then the side file is
//! overwritten, then the caller is told. Opening goes the other way: the side file first, then the
//! log, which must hold at least that.

mod append;
mod artifact;
mod book;
mod checkpoints;
mod claims;
mod connection;
mod errors;
mod files;
mod mark;
mod open;
mod read;
mod readers;
mod schema;
mod side_file;
mod snapshot;
mod wait;
mod writer_lock;

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use deedbook_model::snapshot::SnapshotInfo;
use deedbook_model::{Head, Revision, StoredBatch};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::LogError;
use crate::log::{Appended, ArtifactId, Claim, Log, LogStats, MarkSet, ReadLimit};
use crate::sealed;
use append::unknown;
use book::Book;
use checkpoints::Checkpoints;
use errors::{Fault, may_have_happened};
use files::Files;
use readers::Readers;
use side_file::{Bound, SideFile};
use writer_lock::WriterLock;

pub use open::Access;

/// A log in a folder. Fields are dropped in order: the writer's connection is the last to close, so
/// that it can clear away the write-ahead log.
pub struct SqliteLog {
    files: Files,
    readers: Readers,
    /// Only asked whether somebody committed.
    watch: Mutex<Option<Connection>>,
    /// The highest head that this engine knows of.
    seen: Mutex<Head>,
    appended: Condvar,
    /// `None`: opened for reading.
    writer: Option<Mutex<Writer>>,
}

struct Writer {
    checkpoints: Checkpoints,
    connection: Connection,
    side: SideFile,
    bound: Bound,
    _lock: WriterLock,
}

impl Writer {
    fn note(&mut self, bound: Bound) -> Result<(), LogError> {
        self.side.note(bound)?;
        self.bound = bound;
        Ok(())
    }

    /// Takes note of a commit of about so many bytes.
    fn committed(&mut self, bytes: usize) {
        self.checkpoints.committed(&self.connection, bytes);
    }
}

impl SqliteLog {
    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.files.dir
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        // An unfinished transaction of a thread that panicked was rolled back when it unwound.
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen_now(&self) -> MutexGuard<'_, Head> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saw(&self, head: Head) {
        let mut seen = self.seen_now();
        if head.revision > seen.revision {
            *seen = head;
            drop(seen);
            self.appended.notify_all();
        }
    }

    fn read_head(&self) -> Result<Head, LogError> {
        // Before the log is read, as another thread may see more meanwhile.
        let seen = *self.seen_now();
        let head = self.with_reader("read the log's head", |connection| {
            let _one_view = connection.unchecked_transaction()?;
            let book = || Book::load(connection, &self.files);
            read::head(connection, &self.files, book, seen)
        })?;
        self.saw(head);
        Ok(head)
    }

    fn with_reader<T>(
        &self,
        action: &'static str,
        read: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LogError> {
        self.readers
            .with(read)
            .map_err(|fault| fault.during(action, &self.files))
    }

    /// Reads with the book's row, in one view.
    fn with_book<T>(
        &self,
        action: &'static str,
        read: impl Fn(&Connection, &Book) -> Result<T, Fault>,
    ) -> Result<T, LogError> {
        self.with_reader(action, |connection| {
            let _one_view = connection.unchecked_transaction()?;
            read(connection, &Book::load(connection, &self.files)?)
        })
    }

    fn write<T>(
        &self,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>, &mut Book) -> Result<T, Fault>,
    ) -> Result<T, LogError> {
        let mut writer = self.writer()?;
        self.write_with(&mut writer, action, change)
    }

    /// The same for what has many bytes.
    fn write_bytes<T>(
        &self,
        action: &'static str,
        bytes: usize,
        change: impl FnOnce(&Transaction<'_>, &mut Book) -> Result<T, Fault>,
    ) -> Result<T, LogError> {
        let mut writer = self.writer()?;
        let done = self.write_with(&mut writer, action, change)?;
        writer.committed(bytes);
        Ok(done)
    }

    /// Changes something else than batches, in one transaction. A changed book's row counts as one
    /// more commit, which the side file notes.
    fn write_with<T>(
        &self,
        writer: &mut Writer,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>, &mut Book) -> Result<T, Fault>,
    ) -> Result<T, LogError> {
        let files = &self.files;
        let failed = |fault: Fault| fault.during(action, files);
        let transaction = writer
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(error.into()))?;
        let before = Book::load(&transaction, files).map_err(failed)?;
        let mut book = before;
        let result = change(&transaction, &mut book).map_err(failed)?;
        if book != before {
            book.commits = before.commits.saturating_add(1);
            book.save(&transaction).map_err(failed)?;
        }
        if let Err(error) = transaction.commit() {
            let fault = Fault::from(error);
            return Err(if may_have_happened(&fault) {
                unknown(action, fault, files)
            } else {
                failed(fault)
            });
        }
        if book != before {
            let begun = book.start != before.start;
            let head = if begun { book.start } else { writer.bound.head };
            writer.note(Bound {
                head,
                commits: book.commits,
            })?;
            self.saw(head);
        }
        Ok(result)
    }
}

impl Log for SqliteLog {
    fn head(&self) -> Result<Head, LogError> {
        self.read_head()
    }

    fn last_batch(&self) -> Result<Option<StoredBatch>, LogError> {
        self.with_reader("read the log's last batch", read::last_batch)
    }

    fn append(&self, expected: Head, batch: &StoredBatch) -> Result<Appended, LogError> {
        self.append_batch(expected, batch)
    }

    fn read(&self, after: Revision, limit: ReadLimit) -> Result<Vec<StoredBatch>, LogError> {
        let seen = *self.seen_now();
        self.with_reader("read batches", |connection| {
            read::batches(connection, &self.files, after, limit, seen)
        })
    }

    fn wait_past(&self, revision: Revision, timeout: Duration) -> Result<Head, LogError> {
        self.wait_for(revision, timeout)
    }

    fn floor(&self) -> Result<Revision, LogError> {
        self.with_book("read the floor", |_, book| Ok(book.floor))
    }

    fn put_chunk(&self, revision: Revision, number: u32, bytes: &Bytes) -> Result<(), LogError> {
        let action = "store a chunk of a snapshot";
        self.write_bytes(action, bytes.len(), |transaction, _| {
            snapshot::put_chunk(transaction, revision, number, bytes)
        })
    }

    fn finish_snapshot(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        self.write("finish a snapshot", |transaction, book| {
            snapshot::finish(transaction, book, info)
        })
    }

    fn start_at(&self, info: &SnapshotInfo) -> Result<(), LogError> {
        self.write("begin the log at a snapshot", |transaction, book| {
            snapshot::start_at(transaction, book, info)
        })
    }

    fn snapshots(&self) -> Result<Vec<Revision>, LogError> {
        self.with_book("list the snapshots", |connection, book| {
            snapshot::list(connection, &self.files, book)
        })
    }

    fn snapshot(&self, revision: Revision) -> Result<Option<SnapshotInfo>, LogError> {
        self.with_reader("read a snapshot", |connection| {
            snapshot::get(connection, &self.files, revision)
        })
    }

    fn chunk(&self, revision: Revision, number: u32) -> Result<Bytes, LogError> {
        self.with_reader("read a chunk of a snapshot", |connection| {
            snapshot::chunk(connection, revision, number)
        })
    }

    fn compact(&self, before: Revision) -> Result<Revision, LogError> {
        let target = sealed::newest_sound(self, before)?.map(|info| info.head.revision);
        let mut writer = self.writer()?;
        // What the side file names after a power cut must not be what is dropped now.
        writer.side.sync()?;
        self.write_with(&mut writer, "compact the log", |transaction, book| {
            if let Some(floor) = target {
                snapshot::drop_below(transaction, &self.files, book, floor)?;
            }
            Ok(book.floor)
        })
    }

    fn put_artifact(&self, bytes: &Bytes) -> Result<ArtifactId, LogError> {
        self.write_bytes("store an artifact", bytes.len(), |transaction, book| {
            artifact::put(transaction, &self.files, book, bytes)
        })
    }

    fn artifact(&self, id: ArtifactId) -> Result<Option<Bytes>, LogError> {
        self.with_reader("read an artifact", |connection| {
            artifact::get(connection, &self.files, id)
        })
    }

    fn artifacts(&self) -> Result<Vec<ArtifactId>, LogError> {
        self.with_book("list the artifacts", |connection, book| {
            artifact::list(connection, &self.files, book)
        })
    }

    fn delete_artifact(&self, id: ArtifactId) -> Result<bool, LogError> {
        self.write("delete an artifact", |transaction, book| {
            artifact::delete(transaction, &self.files, book, id)
        })
    }

    fn mark(&self, name: &str) -> Result<Option<Bytes>, LogError> {
        self.with_book("read a mark", |connection, book| {
            mark::get(connection, &self.files, book, name)
        })
    }

    fn set_mark(&self, name: &str, old: Option<&[u8]>, new: &[u8]) -> Result<MarkSet, LogError> {
        self.write("set a mark", |transaction, book| {
            mark::set(transaction, &self.files, book, name, old, new)
        })
    }

    fn marks(&self) -> Result<Vec<String>, LogError> {
        self.with_book("list the marks", |connection, book| {
            mark::list(connection, &self.files, book)
        })
    }

    fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, LogError> {
        if self.writer.is_none() {
            return Err(LogError::ReadOnly);
        }
        claims::claim(&self.files, name)
    }

    fn stats(&self) -> Result<LogStats, LogError> {
        let seen = *self.seen_now();
        let stored = self
            .files
            .sizes()
            .map_err(|error| errors::io("read", &self.files.dir, error))?;
        self.with_book("count what the log holds", |connection, book| {
            let head = read::head(connection, &self.files, || Ok(*book), seen)?;
            read::stats(connection, book, head, stored)
        })
    }
}
