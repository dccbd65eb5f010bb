//! Reading batches, and where the log ends.

use bytes::Bytes;
use deedbook_model::{Chain, Head, Revision, StoredBatch};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::book::Book;
use super::errors::{ACCEPT_HEAD, Fault};
use super::files::Files;
use crate::error::{LogError, Part};
use crate::log::{LogStats, ReadLimit};

/// The head that the last batch makes.
pub(crate) fn tail(connection: &Connection) -> Result<Option<Head>, Fault> {
    connection
        .prepare_cached("SELECT last, chain FROM batch ORDER BY first DESC LIMIT 1")?
        .query_row([], read_head)
        .optional()
        .map_err(Fault::from)
}

/// The head that the batch with this last revision makes.
pub(crate) fn batch_ending_at(
    connection: &Connection,
    last: Revision,
) -> Result<Option<Head>, Fault> {
    let Ok(at) = i64::try_from(last.0) else {
        return Ok(None);
    };
    let found = connection
        .prepare_cached(
            "SELECT last, chain FROM batch WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
        )?
        .query_row(params![at], read_head)
        .optional()?;
    Ok(found.filter(|head| head.revision == last))
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        revision: revision(row, 0)?,
        chain: Chain(row.get(1)?),
    })
}

fn revision(row: &Row<'_>, column: usize) -> rusqlite::Result<Revision> {
    let number: i64 = row.get(column)?;
    u64::try_from(number)
        .map(Revision)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// The end of the log, in one view with `book`; never before `seen`.
pub(crate) fn head(
    connection: &Connection,
    files: &Files,
    book: impl FnOnce() -> Result<Book, Fault>,
    seen: Head,
) -> Result<Head, Fault> {
    let head = match tail(connection)? {
        Some(head) => head,
        None => book()?.start,
    };
    if head.revision < seen.revision || (head.revision == seen.revision && head != seen) {
        return Err(Fault::Log(LogError::Damaged {
            part: Part::File(files.database.clone()),
            message: format!("the log ends at {head}, but had {seen} before"),
            hint: Some(ACCEPT_HEAD.to_owned()),
        }));
    }
    Ok(head)
}

/// See [`crate::Log::read`].
pub(crate) fn batches(
    connection: &Connection,
    files: &Files,
    after: Revision,
    limit: ReadLimit,
    seen: Head,
) -> Result<Vec<StoredBatch>, Fault> {
    let _one_view = connection.unchecked_transaction()?;
    let book = Book::load(connection, files)?;
    if after < book.floor {
        return Err(Fault::Log(LogError::Compacted {
            wanted: after,
            floor: book.floor,
        }));
    }
    let end = head(connection, files, || Ok(book), seen)?;
    if after >= end.revision {
        return Ok(Vec::new());
    }
    dense_run(connection, after, end.revision, limit)
}

/// Batches from the one that holds the revision after `after`, each right after the one before, as
/// many as `limit` allows or up to `end`.
fn dense_run(
    connection: &Connection,
    after: Revision,
    end: Revision,
    limit: ReadLimit,
) -> Result<Vec<StoredBatch>, Fault> {
    let mut wanted = after.next();
    let Ok(wanted_at) = i64::try_from(wanted.0) else {
        return Ok(Vec::new());
    };
    let from: i64 = connection
        .prepare_cached("SELECT first FROM batch WHERE first <= ?1 ORDER BY first DESC LIMIT 1")?
        .query_row(params![wanted_at], |row| row.get(0))
        .optional()?
        .ok_or_else(|| hole(wanted))?;
    let mut statement = connection.prepare_cached(
        "SELECT first, last, chain, bytes FROM batch WHERE first >= ?1 ORDER BY first",
    )?;
    let mut rows = statement.query(params![from])?;
    let mut found: Vec<StoredBatch> = Vec::new();
    let mut bytes = 0usize;
    while found.is_empty() || (found.len() < limit.batches && bytes < limit.bytes) {
        let Some(row) = rows.next()? else {
            return if wanted > end {
                Ok(found)
            } else {
                Err(hole(wanted))
            };
        };
        let batch = read_batch(row)?;
        let fits = if found.is_empty() {
            batch.first <= wanted
        } else {
            batch.first == wanted
        };
        if !fits || batch.last < wanted {
            return Err(hole(wanted));
        }
        wanted = batch.last.next();
        bytes = bytes.saturating_add(batch.bytes.len());
        found.push(batch);
    }
    Ok(found)
}

/// See [`crate::Log::last_batch`].
pub(crate) fn last_batch(connection: &Connection) -> Result<Option<StoredBatch>, Fault> {
    connection
        .prepare_cached("SELECT first, last, chain, bytes FROM batch ORDER BY first DESC LIMIT 1")?
        .query_row([], read_batch)
        .optional()
        .map_err(Fault::from)
}

fn read_batch(row: &Row<'_>) -> rusqlite::Result<StoredBatch> {
    Ok(StoredBatch {
        first: revision(row, 0)?,
        last: revision(row, 1)?,
        chain: Chain(row.get(2)?),
        bytes: Bytes::from(row.get::<_, Vec<u8>>(3)?),
    })
}

fn hole(revision: Revision) -> Fault {
    Fault::Log(LogError::Damaged {
        part: Part::Revision(revision),
        message: "its batch is missing".to_owned(),
        hint: Some("restore a backup".to_owned()),
    })
}

/// See [`crate::Log::stats`].
pub(crate) fn stats(
    connection: &Connection,
    book: &Book,
    head: Head,
    stored: u64,
) -> Result<LogStats, Fault> {
    let count = |sql: &str| -> Result<u64, Fault> {
        let number: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or_default())
    };
    Ok(LogStats {
        head,
        floor: book.floor,
        batches: count("SELECT count(*) FROM batch")?,
        batch_bytes: count("SELECT coalesce(sum(length(bytes)), 0) FROM batch")?,
        snapshots: count("SELECT count(*) FROM snapshot")?,
        artifacts: count("SELECT count(*) FROM artifact NOT INDEXED")?,
        marks: count("SELECT count(*) FROM mark NOT INDEXED")?,
        stored_bytes: Some(stored),
    })
}
