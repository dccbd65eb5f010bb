//! The tables and how rows get into them.

mod shards;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deedbook_model::{Batch, Change, Envelope, Generation, Head, Kind, Revision};
use deedbook_rules::components::ComponentFacts;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params};

use crate::error::BookError;
use crate::view::View;

const SCHEMA: &str = include_str!("schema.sql");

/// Raised with every change of the schema; tables of another version are made anew.
const VERSION: i64 = 2;

pub(super) struct Tables {
    connection: Connection,
    revision: Revision,
    chain: String,
}

/// A record as it is to stand in the tables.
struct Row<'a> {
    kind: &'a Kind,
    key: &'a str,
    generation: Generation,
    revision: Revision,
    record: Option<&'a [u8]>,
}

impl Tables {
    /// The tables of that history; `None` when the file holds others or none.
    pub(super) fn open(path: &Path, lineage: &str) -> Result<Option<Tables>, BookError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = connect(path)?;
        let mark = connection
            .query_row(
                "SELECT version, lineage, revision, chain FROM projection",
                [],
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, i64>(2)?,
                        row.get::<_, String>(3)?,
                    ))
                },
            )
            .optional()
            .map_err(failed)?;
        Ok(mark.and_then(|(version, of, revision, chain)| {
            let revision = Revision(u64::try_from(revision).ok()?);
            (version == VERSION && of == lineage).then_some(Tables {
                connection,
                revision,
                chain,
            })
        }))
    }

    /// Empty tables in a new file, in place of whatever is there.
    pub(super) fn create(path: &Path, lineage: &str) -> Result<Tables, BookError> {
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(suffix);
            match std::fs::remove_file(PathBuf::from(file)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(error));
                }
                _ => {}
            }
        }
        let mut connection = connect(path)?;
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(SCHEMA).map_err(failed)?;
        transaction
            .execute(
                "INSERT INTO projection VALUES (?1, ?2, 0, '')",
                params![VERSION, lineage],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(Tables {
            connection,
            revision: Revision::ZERO,
            chain: String::new(),
        })
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) fn chain(&self) -> &str {
        &self.chain
    }

    /// Writes all records of a state.
    pub(super) fn fill(&mut self, view: &View) -> Result<(), BookError> {
        let transaction = self.connection.transaction().map_err(failed)?;
        for record in view.records() {
            put(
                &transaction,
                &Row {
                    kind: &record.kind,
                    key: &record.key,
                    generation: record.generation,
                    revision: record.revision,
                    record: record.bytes.as_deref(),
                },
            )
            .map_err(failed)?;
        }
        commit(transaction, view.head(), view.lineage())?;
        self.stand_at(view.head());
        Ok(())
    }

    /// Takes the next batches; each record is written once.
    pub(super) fn take(&mut self, batches: &[Arc<Batch>]) -> Result<(), BookError> {
        let Some(last) = batches.last() else {
            return Ok(());
        };
        let transaction = self.connection.transaction().map_err(failed)?;
        let mut newest: BTreeMap<(&str, &str), &Change> = BTreeMap::new();
        for change in batches.iter().flat_map(|batch| &batch.changes) {
            if change.revision > self.revision {
                add_change(&transaction, change).map_err(failed)?;
                shards::add(&transaction, change).map_err(failed)?;
                newest.insert((change.kind.as_str(), &change.key), change);
            }
        }
        let mut lineage = None;
        for change in newest.into_values() {
            put(
                &transaction,
                &Row {
                    kind: &change.kind,
                    key: &change.key,
                    generation: change.generation,
                    revision: change.revision,
                    record: change.record.as_deref(),
                },
            )
            .map_err(failed)?;
            if change.kind == Kind::BOOK {
                lineage = lineage_of(change);
            }
        }
        if let Some(lineage) = lineage {
            transaction
                .execute("UPDATE projection SET lineage = ?1", params![lineage])
                .map_err(failed)?;
        }
        commit_mark(&transaction, last.head).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        self.stand_at(last.head);
        Ok(())
    }

    fn stand_at(&mut self, head: Head) {
        self.revision = head.revision;
        self.chain = head.chain.to_string();
    }
}

/// How far tables are that somebody else may be writing.
pub(super) fn peek(path: &Path) -> Option<Revision> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    let sql = "SELECT revision FROM projection WHERE version = ?1";
    let revision: i64 = connection
        .query_row(sql, params![VERSION], |row| row.get(0))
        .ok()?;
    u64::try_from(revision).ok().map(Revision)
}

fn connect(path: &Path) -> Result<Connection, BookError> {
    let connection = Connection::open(path).map_err(failed)?;
    // A commit that a power cut takes back is made again: the mark goes back with it.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;",
        )
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

fn commit(transaction: Transaction<'_>, head: Head, lineage: &str) -> Result<(), BookError> {
    transaction
        .execute("UPDATE projection SET lineage = ?1", params![lineage])
        .map_err(failed)?;
    commit_mark(&transaction, head).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn commit_mark(transaction: &Transaction<'_>, head: Head) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE projection SET revision = ?1, chain = ?2")?
        .execute(params![number(head.revision.0), head.chain.to_string()])
        .map(|_| ())
}

fn lineage_of(change: &Change) -> Option<String> {
    let envelope = Envelope::read(change.record.as_deref()?).ok()?;
    let data: serde_json::Value = serde_json::from_str(envelope.data.get()).ok()?;
    data.get("lineage")?.as_str().map(str::to_owned)
}

fn put(transaction: &Transaction<'_>, row: &Row<'_>) -> rusqlite::Result<()> {
    let named = params![row.kind.as_str(), row.key];
    transaction
        .prepare_cached("DELETE FROM record_tags WHERE kind = ?1 AND key = ?2")?
        .execute(named)?;
    let envelope = row
        .record
        .and_then(|record| Some((record, Envelope::read(record).ok()?)));
    let Some((record, envelope)) = envelope else {
        // Gone, or of a later release that stores something else than envelopes.
        let mut delete =
            transaction.prepare_cached("DELETE FROM records WHERE kind = ?1 AND key = ?2")?;
        return delete.execute(named).map(|_| ());
    };
    let facts = (*row.kind == Kind::COMPONENT)
        .then(|| ComponentFacts::read(record))
        .flatten();
    let text = String::from_utf8_lossy(record);
    match insert(transaction, row, &envelope, facts.as_ref(), &text) {
        // A later release may nest deeper than SQLite reads, and that must not stop the rest.
        Err(_) if !is_readable(transaction, &text)? => {
            insert(transaction, row, &envelope, facts.as_ref(), "null")?;
        }
        inserted => inserted?,
    }
    let mut tag =
        transaction.prepare_cached("INSERT OR IGNORE INTO record_tags VALUES (?1, ?2, ?3)")?;
    for text in facts.iter().flat_map(|facts| facts.tags().iter()) {
        tag.execute(params![row.kind.as_str(), row.key, text])?;
    }
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    envelope: &Envelope<'_>,
    facts: Option<&ComponentFacts>,
    record: &str,
) -> rusqlite::Result<()> {
    let version = facts.map(|facts| facts.version());
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
             ?12, ?13, ?14, ?15, ?16, ?17, jsonb(?18))",
        )?
        .execute(params![
            row.kind.as_str(),
            row.key,
            facts.map(|facts| facts.uuid().to_string()),
            facts.map(|facts| facts.name()),
            version.map(ToString::to_string),
            version.map(|version| number(version.major)),
            version.map(|version| number(version.minor)),
            version.map(|version| number(version.patch)),
            version
                .map(|version| version.pre.as_str())
                .filter(|pre| !pre.is_empty()),
            facts.map(|facts| facts.meta_type()),
            facts.map(|facts| facts.lifecycle.as_str()),
            facts.and_then(|facts| facts.namespace()),
            number(row.generation.0),
            number(row.revision.0),
            envelope.checksum,
            envelope.created_at.to_string(),
            envelope.updated_at.to_string(),
            record,
        ])
        .map(|_| ())
}

/// Whether SQLite reads it as JSON.
fn is_readable(transaction: &Transaction<'_>, record: &str) -> rusqlite::Result<bool> {
    transaction.query_row("SELECT json_valid(?1)", params![record], |row| row.get(0))
}

fn add_change(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let command = &change.command;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
             ?12, ?13)",
        )?
        .execute(params![
            number(change.revision.0),
            number(command.first.0),
            number(command.last.0),
            command.time.to_string(),
            change.kind.as_str(),
            &*change.key,
            change.verb.as_str(),
            number(change.generation.0),
            change.previous.map(|revision| number(revision.0)),
            command.actor,
            command.reason,
            command.ticket,
            command.request_id,
        ])
        .map(|_| ())
}

/// SQLite's integers are signed; a counter that outgrew them stands at the end.
pub(super) fn number(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

/// Whether the file may not be what was written, so that making it anew may help: all that SQLite
/// refuses but for what its surroundings refuse. One flipped bit of its header makes a file one that
/// SQLite only reads.
pub(super) fn is_damage(error: &BookError) -> bool {
    let BookError::Projection(error) = error else {
        return false;
    };
    let surroundings = |error: &rusqlite::Error| {
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::OutOfMemory
                    | ErrorCode::PermissionDenied
                    | ErrorCode::SystemIoFailure
            )
        )
    };
    error
        .downcast_ref::<rusqlite::Error>()
        .is_some_and(|error| !surroundings(error))
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BookError {
    BookError::Projection(error.into())
}
