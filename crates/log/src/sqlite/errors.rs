//! From what SQLite and the file system say to what a caller can act on.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::ffi;

use super::files::Files;
use crate::error::{LogError, Part};

/// The way out when a log isn't what was acknowledged.
pub(crate) const ACCEPT_HEAD: &str = "restore a backup; or look at what is left and, to go on with \
     it, run `deedbook doctor --accept-head`";

/// What goes wrong inside the engine.
#[derive(Debug)]
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    Log(LogError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        Fault::Log(error)
    }
}

impl Fault {
    /// The one conversion to what leaves the crate. Nothing was changed.
    pub(crate) fn during(self, action: &'static str, files: &Files) -> LogError {
        let error = match self {
            Fault::Log(error) => return error,
            Fault::Sqlite(error) => error,
        };
        match class(&error, files) {
            Class::Damaged => LogError::Damaged {
                part: Part::File(files.database.clone()),
                message: error.to_string(),
                hint: Some(ACCEPT_HEAD.to_owned()),
            },
            Class::Full => LogError::Full,
            Class::Denied => LogError::Denied {
                action: if is_hidden(&files.database) {
                    "read"
                } else {
                    "write"
                },
                path: files.database.clone(),
                reason: error.to_string(),
            },
            Class::Failed => LogError::Failed {
                action,
                source: Box::new(error),
            },
        }
    }
}

enum Class {
    Damaged,
    Full,
    Denied,
    Failed,
}

fn class(error: &rusqlite::Error, files: &Files) -> Class {
    let code = match error {
        rusqlite::Error::SqliteFailure(code, _) => code.extended_code,
        // Every statement here is a constant: where one doesn't fit, the schema isn't ours.
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows => return Class::Damaged,
        _ => return Class::Failed,
    };
    match code {
        ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS => Class::Damaged,
        // The shared index couldn't be made longer.
        ffi::SQLITE_IOERR_SHMSIZE => Class::Full,
        _ => match code & 0xff {
            ffi::SQLITE_CORRUPT
            | ffi::SQLITE_NOTADB
            | ffi::SQLITE_ERROR
            | ffi::SQLITE_SCHEMA
            | ffi::SQLITE_FORMAT
            | ffi::SQLITE_MISMATCH
            | ffi::SQLITE_CONSTRAINT
            | ffi::SQLITE_TOOBIG => Class::Damaged,
            ffi::SQLITE_FULL => Class::Full,
            ffi::SQLITE_CANTOPEN if is_hidden(&files.database) => Class::Denied,
            ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => Class::Denied,
            _ => Class::Failed,
        },
    }
}

/// Whether this user may not read a file that is there. Opening and closing it gives up no lock:
/// SQLite couldn't open it.
fn is_hidden(path: &Path) -> bool {
    File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// The extended code, if SQLite itself failed.
pub(crate) fn sqlite_code(fault: &Fault) -> Option<i32> {
    match fault {
        Fault::Sqlite(rusqlite::Error::SqliteFailure(code, _)) => Some(code.extended_code),
        _ => None,
    }
}

/// A commit of which the durable part failed: the next process may find it done.
pub(crate) fn may_have_happened(fault: &Fault) -> bool {
    sqlite_code(fault)
        .is_some_and(|code| code & 0xff == ffi::SQLITE_IOERR && code != ffi::SQLITE_IOERR_SHMSIZE)
}

/// What the file system says about a file of the folder.
pub(crate) fn io(action: &'static str, path: &Path, error: io::Error) -> LogError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => LogError::Denied {
            action,
            path: path.to_owned(),
            reason: error.to_string(),
        },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LogError::Full,
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => LogError::Denied {
            action,
            path: path.to_owned(),
            reason: "something that is no folder is in the way".to_owned(),
        },
        _ => LogError::Failed {
            action: match action {
                "create" => "create a file of the book",
                "write" => "write a file of the book",
                _ => "read a file of the book",
            },
            source: Box::new(error),
        },
    }
}
