//! Artifacts: bytes under their digest.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::book::{Book, artifact_digest, not_as_written};
use super::errors::Fault;
use super::files::Files;
use crate::error::{LogError, Part};
use crate::log::ArtifactId;

fn stored(connection: &Connection, id: ArtifactId) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT bytes FROM artifact WHERE id = ?1")?
        .query_row(params![id.0], |row| row.get(0))
        .optional()
}

/// Stores the bytes, or puts them right where damaged ones stand under their id.
pub(crate) fn put(
    connection: &Connection,
    files: &Files,
    book: &mut Book,
    bytes: &[u8],
) -> Result<ArtifactId, Fault> {
    let id = ArtifactId::of(bytes);
    match stored(connection, id)? {
        Some(found) if found == bytes => {}
        Some(_) => {
            connection.execute(
                "UPDATE artifact SET bytes = ?2 WHERE id = ?1",
                params![id.0, bytes],
            )?;
        }
        None => {
            list(connection, files, book)?;
            connection.execute("INSERT INTO artifact VALUES (?1, ?2)", params![id.0, bytes])?;
            book.artifacts.add(artifact_digest(id));
        }
    }
    Ok(id)
}

/// See [`crate::Log::artifact`].
pub(crate) fn get(
    connection: &Connection,
    files: &Files,
    id: ArtifactId,
) -> Result<Option<Bytes>, Fault> {
    let _one_view = connection.unchecked_transaction()?;
    match stored(connection, id)? {
        Some(bytes) if ArtifactId::of(&bytes) == id => Ok(Some(Bytes::from(bytes))),
        Some(_) => Err(Fault::Log(LogError::damaged(
            Part::Artifact(id.to_string()),
            "the bytes don't fit the id",
        ))),
        // Not found is believed only when the table adds up.
        None if list(connection, files, &Book::load(connection, files)?)?.contains(&id) => {
            Err(not_as_written(files, "the artifacts"))
        }
        None => Ok(None),
    }
}

/// All ids in byte order, with their sum checked.
pub(crate) fn list(
    connection: &Connection,
    files: &Files,
    book: &Book,
) -> Result<Vec<ArtifactId>, Fault> {
    let mut ids: Vec<ArtifactId> = connection
        .prepare_cached("SELECT id FROM artifact NOT INDEXED")?
        .query_map([], |row| row.get(0).map(ArtifactId))?
        .collect::<Result<_, _>>()?;
    let mut sum = Book::NEW.artifacts;
    ids.iter().for_each(|id| sum.add(artifact_digest(*id)));
    if sum != book.artifacts {
        return Err(not_as_written(files, "the artifacts"));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// See [`crate::Log::delete_artifact`].
pub(crate) fn delete(
    connection: &Connection,
    files: &Files,
    book: &mut Book,
    id: ArtifactId,
) -> Result<bool, Fault> {
    let there = list(connection, files, book)?.contains(&id);
    let deleted = connection.execute("DELETE FROM artifact WHERE id = ?1", params![id.0])?;
    if there != (deleted == 1) {
        return Err(not_as_written(files, "the artifacts"));
    }
    if there {
        book.artifacts.remove(artifact_digest(id));
    }
    Ok(there)
}
