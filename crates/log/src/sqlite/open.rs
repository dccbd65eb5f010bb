//! Opening and creating: the side file first, then the log, and what one says of the other.

use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use deedbook_model::{Head, Revision};
use rusqlite::Connection;

use super::book::{Book, not_as_written};
use super::checkpoints::Checkpoints;
use super::connection::{for_writing, make_durable};
use super::errors::{self, ACCEPT_HEAD, Fault};
use super::files::{Files, create_folder, length};
use super::read::{batch_ending_at, tail};
use super::readers::Readers;
use super::schema::{Found, inspect, migrate};
use super::side_file::{self, Bound, SideFile};
use super::writer_lock::WriterLock;
use super::{SqliteLog, Writer};
use crate::error::{LogError, Part};

/// What a log is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading. Takes no lock and makes no book.
    Read,
    /// Reading and writing, as the only process that writes.
    Write {
        /// How long to wait for another writer.
        wait: Duration,
        /// Whether to make the book if there is none.
        create: bool,
    },
}

/// What the folder holds, as far as its files' sizes and the side file tell.
enum Folder {
    Nothing,
    Unfinished,
    Book(Bound),
}

impl SqliteLog {
    /// Opens the log in `dir`.
    ///
    /// # Errors
    /// [`LogError::Missing`] when there is none and none is to be made; [`LogError::Held`] when
    /// another process writes to it; [`LogError::Damaged`] when it holds less than was
    /// acknowledged, or its files aren't what was written; [`LogError::Denied`];
    /// [`LogError::NewerFormat`]; [`LogError::Full`].
    pub fn open(dir: &Path, access: Access) -> Result<SqliteLog, LogError> {
        let files = Files::of(dir);
        match access {
            Access::Read => open_for_reading(&files),
            Access::Write { wait, create } => open_for_writing(&files, wait, create),
        }
    }

    /// Takes what is left of a log as the whole: notes its end as the head that it has to have.
    /// Says which head was noted before, if that can be read, and which one is noted now. It is
    /// for a person to decide, after a look at what is left.
    ///
    /// # Errors
    /// As [`SqliteLog::open`] for writing, but for the noted head.
    pub fn accept_head(dir: &Path) -> Result<(Option<Head>, Head), LogError> {
        let files = Files::of(dir);
        if length_of(&files.database)? == 0 {
            return Err(missing(&files));
        }
        let _lock = WriterLock::take(&files.writer_lock, Duration::ZERO)?;
        let claimed = side_file::read(&files.side).ok().flatten();
        let found = (|| {
            let connection = for_writing(&files, false)?;
            let Found::Log = inspect(&connection, &files)? else {
                return Err(Fault::Log(missing(&files)));
            };
            let book = Book::load(&connection, &files)?;
            Ok(Bound {
                head: tail(&connection)?.unwrap_or(book.start),
                commits: book.commits,
            })
        })()
        .map_err(|fault| fault.during("read what is left of the log", &files))?;
        SideFile::create(&files, found)?;
        Ok((claimed.map(|bound| bound.head), found.head))
    }
}

fn open_for_reading(files: &Files) -> Result<SqliteLog, LogError> {
    let Folder::Book(bound) = look_at(files)? else {
        return Err(missing(files));
    };
    let open = || -> Result<(Readers, Head), Fault> {
        let readers = Readers::open(files)?;
        let held = readers
            .with(|connection| check(connection, files, bound))?
            .ok_or_else(|| missing(files))?;
        Ok((readers, held.head))
    };
    let (readers, head) = open().map_err(|fault| fault.during("open the log", files))?;
    Ok(SqliteLog::assemble(files, readers, head, None))
}

fn open_for_writing(files: &Files, wait: Duration, create: bool) -> Result<SqliteLog, LogError> {
    if create {
        create_folder(&files.dir).map_err(|error| errors::io("create", &files.dir, error))?;
    } else if !matches!(look_at(files)?, Folder::Book(_)) {
        return Err(missing(files));
    }
    let lock = WriterLock::take(&files.writer_lock, wait)?;
    let bound = match look_at(files)? {
        Folder::Book(bound) => bound,
        _ if !create => return Err(missing(files)),
        Folder::Unfinished => Bound::NEW,
        Folder::Nothing => {
            SideFile::create(files, Bound::NEW)?;
            Bound::NEW
        }
    };
    let open = || -> Result<(Connection, Bound, Readers), Fault> {
        let mut connection = for_writing(files, create && bound == Bound::NEW)?;
        if let Found::Nothing = inspect(&connection, files)? {
            if bound != Bound::NEW {
                return Err(behind(files, "it has no tables"));
            }
            if !create {
                return Err(Fault::Log(missing(files)));
            }
        }
        make_durable(&connection)?;
        migrate(&mut connection)?;
        let held = check(&connection, files, bound)?.ok_or_else(|| missing(files))?;
        let readers = Readers::open(files)?;
        Ok((connection, held, readers))
    };
    let (connection, held, readers) =
        open().map_err(|fault| fault.during("open the log", files))?;
    let side = SideFile::open(&files.side)?;
    side.note(held)?;
    side.sync()?;
    let writer = Writer {
        checkpoints: Checkpoints::new(files),
        connection,
        side,
        bound: held,
        _lock: lock,
    };
    Ok(SqliteLog::assemble(files, readers, held.head, Some(writer)))
}

impl SqliteLog {
    fn assemble(files: &Files, readers: Readers, head: Head, writer: Option<Writer>) -> SqliteLog {
        SqliteLog {
            files: files.clone(),
            readers,
            watch: Mutex::new(None),
            seen: Mutex::new(head),
            appended: Condvar::new(),
            writer: writer.map(Mutex::new),
        }
    }
}

/// Reads the side file before anything else: what it names was in the log then.
fn look_at(files: &Files) -> Result<Folder, LogError> {
    let bound = side_file::read(&files.side)?;
    let length = length_of(&files.database)?;
    match (bound, length) {
        (None, 0) => Ok(Folder::Nothing),
        (None, _) => Err(LogError::Damaged {
            part: Part::File(files.side.clone()),
            message: "the noted head is missing".to_owned(),
            hint: Some(ACCEPT_HEAD.to_owned()),
        }),
        (Some(Bound::NEW), 0) => Ok(Folder::Unfinished),
        (Some(_), 0) => Err(LogError::Damaged {
            part: Part::File(files.database.clone()),
            message: "the log is missing, but its head was noted".to_owned(),
            hint: Some("restore a backup".to_owned()),
        }),
        (Some(bound), _) => Ok(Folder::Book(bound)),
    }
}

fn length_of(path: &Path) -> Result<u64, LogError> {
    length(path)
        .map(Option::unwrap_or_default)
        .map_err(|error| errors::io("read", path, error))
}

fn missing(files: &Files) -> LogError {
    LogError::Missing {
        path: files.dir.clone(),
    }
}

/// Whether the database holds at least what was noted; what it holds. `None`: its creation wasn't
/// finished.
fn check(connection: &Connection, files: &Files, bound: Bound) -> Result<Option<Bound>, Fault> {
    let _one_view = connection.unchecked_transaction()?;
    if let Found::Nothing = inspect(connection, files)? {
        if bound == Bound::NEW {
            return Ok(None);
        }
        return Err(behind(files, "it has no tables"));
    }
    let book = Book::load(connection, files)?;
    let head = tail(connection)?.unwrap_or(book.start);
    if head.revision < bound.head.revision {
        let ends = format!(
            "it ends at revision {}, but {} was acknowledged",
            head.revision, bound.head
        );
        return Err(behind(files, &ends));
    }
    if bound.head != Head::EMPTY
        && bound.head != book.start
        && batch_ending_at(connection, bound.head.revision)? != Some(bound.head)
    {
        return Err(behind(files, &format!("{} isn't in it", bound.head)));
    }
    if bound.head == Head::EMPTY && book.floor > book.start.revision {
        return Err(behind(files, "it was compacted after the noted head"));
    }
    if book.commits < bound.commits {
        return Err(behind(files, "its last changes are missing"));
    }
    check_beginning(connection, files, &book)?;
    Ok(Some(Bound {
        head,
        commits: book.commits,
    }))
}

/// The first batch has to reach down to the floor.
fn check_beginning(connection: &Connection, files: &Files, book: &Book) -> Result<(), Fault> {
    let first: Option<i64> =
        connection.query_row("SELECT min(first) FROM batch", [], |row| row.get(0))?;
    let first = first.map(|first| u64::try_from(first).map(Revision));
    match first {
        Some(Ok(first)) if first > book.floor.next() => Err(not_as_written(
            files,
            &format!("the batches after the floor {}", book.floor),
        )),
        Some(Err(_)) => Err(not_as_written(files, "the first batch")),
        _ => Ok(()),
    }
}

fn behind(files: &Files, what: &str) -> Fault {
    Fault::Log(LogError::Damaged {
        part: Part::File(files.database.clone()),
        message: format!("the log holds less than was acknowledged: {what}"),
        hint: Some(ACCEPT_HEAD.to_owned()),
    })
}
