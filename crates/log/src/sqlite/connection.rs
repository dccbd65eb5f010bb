//! Connections to the database, and how one for reading can be had at all.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use super::errors::{Fault, sqlite_code};
use super::files::{Files, length};
use crate::error::LogError;

/// How long a connection waits for another process's short locks: recovery, closing.
const BUSY: Duration = Duration::from_secs(5);
/// A commit copies into the database itself after this many pages of write-ahead log: 64 MiB. Mostly
/// that is done beside the writing, far sooner.
const CHECKPOINT_PAGES: i64 = 16_384;
/// The write-ahead log is cut back to this after a checkpoint.
const WAL_KEPT_BYTES: i64 = 64 << 20;

/// How a connection reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// With the shared index, beside writers.
    Shared,
    /// Nothing may be written beside the database and it has no write-ahead log: the file as it
    /// is, for as long as it stays so.
    Still(Stamp),
    /// There is a write-ahead log but no room for a shared index: with the index in memory, which
    /// keeps everybody else out. One connection, for one use.
    Alone,
}

/// What changes when anybody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    wal: u64,
}

impl Stamp {
    pub(crate) fn of(files: &Files) -> Option<Stamp> {
        let metadata = std::fs::metadata(&files.database).ok()?;
        Some(Stamp {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            wal: length(&files.wal).ok()?.unwrap_or_default(),
        })
    }
}

/// A connection for reading, in the first mode that works.
pub(crate) fn for_reading(files: &Files) -> Result<(Mode, Connection), Fault> {
    let shared = match open_as(Mode::Shared, files) {
        Ok(connection) => return Ok((Mode::Shared, connection)),
        Err(fault) if lacks_a_file(&fault) => fault,
        Err(fault) => return Err(fault),
    };
    match Stamp::of(files) {
        Some(stamp) if stamp.wal == 0 => {
            let mode = Mode::Still(stamp);
            return Ok((mode, open_as(mode, files)?));
        }
        _ => {}
    }
    match open_as(Mode::Alone, files) {
        Ok(connection) => Ok((Mode::Alone, connection)),
        Err(fault) if lacks_a_file(&fault) => Err(no_index(files, shared)),
        Err(fault) => Err(fault),
    }
}

/// Opens in that mode and reads once, since SQLite looks at the files no sooner.
pub(crate) fn open_as(mode: Mode, files: &Files) -> Result<Connection, Fault> {
    let path = files.database.as_path();
    let connection = match mode {
        Mode::Shared => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        Mode::Still(_) => connect(
            Path::new(&immutable_uri(path)),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        )?,
        Mode::Alone => {
            let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection
        }
    };
    connection.pragma_update(None, "query_only", true)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    Ok(connection)
}

/// The connection of the one writer.
pub(crate) fn for_writing(files: &Files, create: bool) -> Result<Connection, Fault> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let connection = connect(&files.database, flags)?;
    if connection.is_readonly("main")? {
        return Err(Fault::Log(LogError::Denied {
            action: "write",
            path: files.database.clone(),
            reason: "it is read-only for this user".to_owned(),
        }));
    }
    Ok(connection)
}

/// Makes commits durable, and keeps the write-ahead log in bounds.
pub(crate) fn make_durable(connection: &Connection) -> Result<(), Fault> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Log(LogError::Failed {
            action: "switch to a write-ahead log",
            source: format!("the journal mode stays {mode}").into(),
        }));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Whether a file beside the database couldn't be made, opened or enlarged.
fn lacks_a_file(fault: &Fault) -> bool {
    sqlite_code(fault).is_some_and(|code| {
        matches!(
            code & 0xff,
            ffi::SQLITE_CANTOPEN
                | ffi::SQLITE_READONLY
                | ffi::SQLITE_FULL
                | ffi::SQLITE_IOERR
                | ffi::SQLITE_PERM
        )
    })
}

fn no_index(files: &Files, shared: Fault) -> Fault {
    let full = sqlite_code(&shared)
        .is_some_and(|code| code == ffi::SQLITE_IOERR_SHMSIZE || code & 0xff == ffi::SQLITE_FULL);
    if full {
        return Fault::Log(LogError::Full);
    }
    Fault::Log(LogError::Denied {
        action: "read",
        path: files.database.clone(),
        reason: "its write-ahead log needs an index beside it, and this user may not make one; \
                 run a command as the owner once, or give write permission to the folder"
            .to_owned(),
    })
}
