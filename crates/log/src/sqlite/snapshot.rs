//! Snapshots, where the log begins, and compaction.

use bytes::Bytes;
use deedbook_model::Revision;
use deedbook_model::snapshot::SnapshotInfo;
use rusqlite::{Connection, OptionalExtension, params};

use super::book::{Book, not_as_written, snapshot_digest};
use super::errors::Fault;
use super::files::Files;
use super::read::{batch_ending_at, tail};
use crate::error::{LogError, Part};
use crate::sealed;

fn at(revision: Revision) -> Result<i64, Fault> {
    i64::try_from(revision.0).map_err(|_| Fault::Log(LogError::NotNext))
}

/// Which attempt's chunks are being put: the one after the finished one.
fn next_attempt(connection: &Connection, revision: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT attempt + 1 FROM snapshot WHERE revision = ?1")?
        .query_row(params![revision], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

pub(crate) fn put_chunk(
    connection: &Connection,
    revision: Revision,
    number: u32,
    bytes: &[u8],
) -> Result<(), Fault> {
    let revision = at(revision)?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO chunk VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            revision,
            next_attempt(connection, revision)?,
            number,
            bytes
        ])?;
    Ok(())
}

/// See [`crate::Log::finish_snapshot`].
pub(crate) fn finish(
    connection: &Connection,
    book: &mut Book,
    info: &SnapshotInfo,
) -> Result<(), Fault> {
    let known = info.head == book.start
        || batch_ending_at(connection, info.head.revision)? == Some(info.head);
    if !known {
        return Err(Fault::Log(LogError::NotNext));
    }
    take_draft(connection, book, info)
}

/// See [`crate::Log::start_at`].
pub(crate) fn start_at(
    connection: &Connection,
    book: &mut Book,
    info: &SnapshotInfo,
) -> Result<(), Fault> {
    let fresh = Book {
        snapshots: Book::NEW.snapshots,
        floor: Revision::ZERO,
        start: Book::NEW.start,
        ..*book
    } == *book;
    let begun = book.start == info.head && book.floor == info.head.revision;
    if tail(connection)?.is_some() || !(fresh || begun) {
        return Err(Fault::Log(LogError::NotNext));
    }
    take_draft(connection, book, info)?;
    book.start = info.head;
    book.floor = info.head.revision;
    Ok(())
}

/// Turns the chunks of the attempt that is going on into the snapshot's, if all are there.
fn take_draft(connection: &Connection, book: &mut Book, info: &SnapshotInfo) -> Result<(), Fault> {
    let revision = at(info.head.revision)?;
    let attempt = next_attempt(connection, revision)?;
    let finish = info.encode();
    let old: Option<Vec<u8>> = connection
        .prepare_cached("SELECT finish FROM snapshot WHERE revision = ?1")?
        .query_row(params![revision], |row| row.get(0))
        .optional()?;
    if !draft_is_complete(connection, revision, attempt, info)? {
        let same = old.as_deref() == Some(&finish);
        return if same {
            Ok(())
        } else {
            Err(Fault::Log(LogError::NotNext))
        };
    }
    if let Some(old) = old {
        book.snapshots
            .remove(snapshot_digest(info.head.revision, &old));
    }
    book.snapshots
        .add(snapshot_digest(info.head.revision, &finish));
    connection.execute(
        "INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3)",
        params![revision, attempt, &finish[..]],
    )?;
    let chunks = i64::try_from(info.chunks.len()).unwrap_or(i64::MAX);
    connection.execute(
        "DELETE FROM chunk WHERE revision = ?1 AND (attempt <> ?2 OR number >= ?3)",
        params![revision, attempt, chunks],
    )?;
    Ok(())
}

fn draft_is_complete(
    connection: &Connection,
    revision: i64,
    attempt: i64,
    info: &SnapshotInfo,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(bytes, 1, 36) FROM chunk WHERE revision = ?1 AND attempt = ?2 AND number = ?3",
    )?;
    for (number, digest) in (0i64..).zip(&info.chunks) {
        let start: Option<Vec<u8>> = statement
            .query_row(params![revision, attempt, number], |row| row.get(0))
            .optional()?;
        if !start.is_some_and(|start| sealed::is_chunk(&start, digest)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// All finished snapshots, with their sum checked.
pub(crate) fn list(
    connection: &Connection,
    files: &Files,
    book: &Book,
) -> Result<Vec<Revision>, Fault> {
    let mut sum = Book::NEW.snapshots;
    let mut revisions = Vec::new();
    let mut statement =
        connection.prepare_cached("SELECT revision, finish FROM snapshot ORDER BY revision")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let revision = u64::try_from(row.get::<_, i64>(0)?)
            .map(Revision)
            .map_err(|_| not_as_written(files, "the snapshots"))?;
        sum.add(snapshot_digest(revision, &row.get::<_, Vec<u8>>(1)?));
        revisions.push(revision);
    }
    if sum != book.snapshots {
        check_each(connection)?;
        return Err(not_as_written(files, "the snapshots"));
    }
    Ok(revisions)
}

/// Where one of them can't be read, its name says more than that they don't add up.
fn check_each(connection: &Connection) -> Result<(), Fault> {
    let mut statement =
        connection.prepare_cached("SELECT revision, finish FROM snapshot ORDER BY revision")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let revision = Revision(u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default());
        sealed::read_finish(revision, &Bytes::from(row.get::<_, Vec<u8>>(1)?))?;
    }
    Ok(())
}

/// See [`crate::Log::snapshot`].
pub(crate) fn get(
    connection: &Connection,
    files: &Files,
    revision: Revision,
) -> Result<Option<SnapshotInfo>, Fault> {
    let _one_view = connection.unchecked_transaction()?;
    let finish: Option<Vec<u8>> = match i64::try_from(revision.0) {
        Ok(at) => connection
            .prepare_cached("SELECT finish FROM snapshot WHERE revision = ?1")?
            .query_row(params![at], |row| row.get(0))
            .optional()?,
        Err(_) => return Ok(None),
    };
    match finish {
        Some(finish) => Ok(Some(sealed::read_finish(revision, &Bytes::from(finish))?)),
        // Not found is believed only when the table adds up.
        None if list(connection, files, &Book::load(connection, files)?)?.contains(&revision) => {
            Err(not_as_written(files, "the snapshots"))
        }
        None => Ok(None),
    }
}

/// See [`crate::Log::chunk`].
pub(crate) fn chunk(
    connection: &Connection,
    revision: Revision,
    number: u32,
) -> Result<Bytes, Fault> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT chunk.bytes FROM snapshot JOIN chunk USING (revision, attempt) \
             WHERE revision = ?1 AND number = ?2",
        )?
        .query_row(params![at(revision)?, number], |row| row.get(0))
        .optional()?;
    bytes.map(Bytes::from).ok_or_else(|| {
        Fault::Log(LogError::damaged(
            Part::Snapshot(revision),
            format!("chunk {number} is missing"),
        ))
    })
}

/// Drops what lies below the snapshot at `floor`, and moves the floor there.
pub(crate) fn drop_below(
    connection: &Connection,
    files: &Files,
    book: &mut Book,
    floor: Revision,
) -> Result<(), Fault> {
    if floor <= book.floor {
        return Ok(());
    }
    if !list(connection, files, book)?.contains(&floor) {
        return Err(not_as_written(files, "the snapshots"));
    }
    let below = at(floor)?;
    let mut statement =
        connection.prepare("SELECT revision, finish FROM snapshot WHERE revision < ?1")?;
    let mut rows = statement.query(params![below])?;
    while let Some(row) = rows.next()? {
        let revision = Revision(u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default());
        book.snapshots
            .remove(snapshot_digest(revision, &row.get::<_, Vec<u8>>(1)?));
    }
    for statement in [
        "DELETE FROM snapshot WHERE revision < ?1",
        "DELETE FROM chunk WHERE revision < ?1",
        "DELETE FROM batch WHERE first <= ?1 AND last <= ?1 \
         AND first < (SELECT max(first) FROM batch)",
    ] {
        connection.execute(statement, params![below])?;
    }
    book.floor = floor;
    Ok(())
}
