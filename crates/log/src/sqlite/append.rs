//! The conditional append: compares and inserts under the write lock.

use deedbook_model::{Head, StoredBatch};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, ffi, params};

use super::book::Book;
use super::errors::{Fault, may_have_happened, sqlite_code};
use super::files::Files;
use super::read;
use super::side_file::Bound;
use super::{SqliteLog, Writer};
use crate::error::LogError;
use crate::log::Appended;

const ACTION: &str = "append to the log";

impl SqliteLog {
    pub(super) fn append_batch(
        &self,
        expected: Head,
        batch: &StoredBatch,
    ) -> Result<Appended, LogError> {
        if batch.first != expected.revision.next()
            || batch.last < batch.first
            || i64::try_from(batch.last.0).is_err()
        {
            return Err(LogError::NotNext);
        }
        let mut writer = self.writer()?;
        let outcome = match append(&mut writer, &self.files, expected, batch) {
            Ok(outcome) => outcome,
            Err(fault) => settle(&writer.connection, &self.files, expected, batch, fault)?,
        };
        if outcome == Appended::Done {
            let bound = Bound {
                head: batch.head(),
                ..writer.bound
            };
            writer.note(bound)?;
            writer.committed(batch.bytes.len());
            // Seen before the next writer's turn: a head is never seen to go back.
            self.saw(batch.head());
        }
        Ok(outcome)
    }
}

fn append(
    writer: &mut Writer,
    files: &Files,
    expected: Head,
    batch: &StoredBatch,
) -> Result<Appended, Fault> {
    let noted = writer.bound.head;
    let transaction = writer
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Only this engine writes, so a log that ends elsewhere has lost something.
    let is_as_noted = expected == noted && read::tail(&transaction)? == Some(expected);
    if !is_as_noted {
        // Rare: the first batch, another head, or one that couldn't be noted.
        let book = || Book::load(&transaction, files);
        let head = read::head(&transaction, files, book, noted)?;
        if head != expected {
            return Ok(Appended::Moved(head));
        }
    }
    transaction
        .prepare_cached("INSERT INTO batch VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            number(batch.first.0),
            number(batch.last.0),
            batch.chain.0,
            &batch.bytes[..]
        ])?;
    transaction.commit()?;
    Ok(Appended::Done)
}

/// Revisions that were compared with a stored one fit.
fn number(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// After a failed commit: what stands in the log says what became of it.
fn settle(
    connection: &Connection,
    files: &Files,
    expected: Head,
    batch: &StoredBatch,
    fault: Fault,
) -> Result<Appended, LogError> {
    if !may_have_happened(&fault) {
        return Err(fault.during(ACTION, files));
    }
    // A commit that couldn't be synced isn't seen here, but recovery in another process may find it.
    let unsynced = sqlite_code(&fault)
        .is_some_and(|code| matches!(code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC));
    let found = read::tail(connection).ok();
    match found {
        Some(Some(head)) if head == batch.head() && same_bytes(connection, batch) => {
            Ok(Appended::Done)
        }
        Some(head) if !unsynced && head.is_none_or(|head| head == expected) => {
            Err(fault.during(ACTION, files))
        }
        _ => Err(unknown(ACTION, fault, files)),
    }
}

/// The outcome of a commit that can't be told.
pub(crate) fn unknown(action: &'static str, fault: Fault, files: &Files) -> LogError {
    match fault {
        Fault::Sqlite(error) => LogError::Unknown {
            action,
            source: Box::new(error),
        },
        fault => fault.during(action, files),
    }
}

fn same_bytes(connection: &Connection, batch: &StoredBatch) -> bool {
    let same = connection
        .query_row(
            "SELECT bytes = ?2 FROM batch WHERE first = ?1",
            params![number(batch.first.0), &batch.bytes[..]],
            |row| row.get(0),
        )
        .optional();
    matches!(same, Ok(Some(true)))
}
