//! Marks: how far named followers have come. There are few, so all of them are looked at.

use bytes::Bytes;
use rusqlite::{Connection, params};

use super::book::{Book, mark_digest, not_as_written};
use super::errors::Fault;
use super::files::Files;
use crate::error::{LogError, Part};
use crate::log::MarkSet;

struct Row {
    name: String,
    value: Vec<u8>,
    sound: bool,
}

fn checksum(name: &str, value: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(value);
    *hasher.finalize().as_bytes()
}

fn rows(connection: &Connection) -> Result<Vec<Row>, Fault> {
    connection
        .prepare_cached("SELECT name, value, checksum FROM mark NOT INDEXED")?
        .query_map([], |row| {
            let name = row.get_ref(0)?.as_bytes().unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            let value: Vec<u8> = row.get(1)?;
            let sound = row.get::<_, Vec<u8>>(2)? == checksum(&name, &value);
            Ok(Row { name, value, sound })
        })?
        .collect::<Result<_, _>>()
        .map_err(Fault::from)
}

/// The names, with the sum of all marks checked.
fn names(files: &Files, book: &Book, rows: &[Row]) -> Result<Vec<String>, Fault> {
    let mut sum = Book::NEW.marks;
    for row in rows {
        sum.add(mark_digest(&row.name, &row.value));
    }
    if sum != book.marks {
        let unsound = rows.iter().find(|row| !row.sound);
        return Err(unsound.map_or_else(|| not_as_written(files, "the marks"), damaged));
    }
    let mut names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    names.sort_unstable();
    Ok(names)
}

fn damaged(row: &Row) -> Fault {
    Fault::Log(LogError::damaged(
        Part::Mark(row.name.clone()),
        "the value doesn't fit its checksum",
    ))
}

/// See [`crate::Log::mark`].
pub(crate) fn get(
    connection: &Connection,
    files: &Files,
    book: &Book,
    name: &str,
) -> Result<Option<Bytes>, Fault> {
    let rows = rows(connection)?;
    match rows.iter().find(|row| row.name == name) {
        Some(row) if row.sound => Ok(Some(Bytes::copy_from_slice(&row.value))),
        Some(row) => Err(damaged(row)),
        // Not found is believed only when the table adds up.
        None => names(files, book, &rows).map(|_| None),
    }
}

/// See [`crate::Log::marks`].
pub(crate) fn list(
    connection: &Connection,
    files: &Files,
    book: &Book,
) -> Result<Vec<String>, Fault> {
    names(files, book, &rows(connection)?)
}

/// See [`crate::Log::set_mark`].
pub(crate) fn set(
    connection: &Connection,
    files: &Files,
    book: &mut Book,
    name: &str,
    old: Option<&[u8]>,
    new: &[u8],
) -> Result<MarkSet, Fault> {
    let found = get(connection, files, book, name)?;
    if found.as_deref() != old {
        return Ok(MarkSet::Other(found));
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3)")?
        .execute(params![name, new, checksum(name, new)])?;
    if let Some(old) = found {
        book.marks.remove(mark_digest(name, &old));
    }
    book.marks.add(mark_digest(name, new));
    Ok(MarkSet::Done)
}
