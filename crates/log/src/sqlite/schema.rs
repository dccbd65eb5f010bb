//! The database's schema: numbered migrations, and the check that a file has exactly theirs.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::book::{Book, not_as_written};
use super::errors::Fault;
use super::files::Files;
use crate::error::{LogError, Part};

/// "Deed" in ASCII, in the file's header.
const APPLICATION_ID: i32 = 0x4465_6564;

/// One after the other; a later release adds to the end and changes none.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/sqlite/0001_create_log.sql")];

fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// What a database file is to this release.
pub(crate) enum Found {
    /// Its creation wasn't finished: no table yet.
    Nothing,
    /// A log with the schema of this release or of an earlier one.
    Log,
}

/// Looks at what the file says of itself.
pub(crate) fn inspect(connection: &Connection, files: &Files) -> Result<Found, Fault> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let schema = schema_of(connection)?;
    if application == 0 && version == 0 && schema.is_empty() {
        return Ok(Found::Nothing);
    }
    if application != APPLICATION_ID {
        return Err(Fault::Log(LogError::damaged(
            Part::File(files.database.clone()),
            "not a file of Deedbook",
        )));
    }
    let version =
        u32::try_from(version).map_err(|_| not_as_written(files, "the schema version"))?;
    if version > newest() {
        return Err(Fault::Log(LogError::NewerFormat {
            part: Part::File(files.database.clone()),
            format: version,
            since: since(connection, version)?,
        }));
    }
    if schema != expected(version)? {
        return Err(not_as_written(files, "the schema"));
    }
    match version {
        0 => Err(not_as_written(files, "the schema version")),
        _ => Ok(Found::Log),
    }
}

/// Brings the schema up to this release's, in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: usize =
        transaction.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as usize;
    apply(&transaction, version, MIGRATIONS.len())?;
    if version == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        Book::NEW.save(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", newest())?;
    transaction.commit()?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, from: usize, to: usize) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().take(to).skip(from) {
        transaction.execute_batch(migration)?;
    }
    Ok(())
}

type Entry = (String, String, String, Option<String>);

/// Everything that the file defines, as text: one flipped letter must not change what it means.
fn schema_of(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")?
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect()
}

fn expected(version: u32) -> rusqlite::Result<Vec<Entry>> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    apply(&transaction, 0, version as usize)?;
    schema_of(&transaction)
}

fn since(connection: &Connection, version: u32) -> rusqlite::Result<String> {
    let since = connection
        .query_row(
            "SELECT since FROM format WHERE version = ?1",
            params![version],
            |row| row.get(0),
        )
        .optional()?;
    Ok(since.unwrap_or_else(|| "a later release".to_owned()))
}
