//! Making a book from a backup, in a folder of its own until it is complete.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use deedbook_log::{Access, SqliteLog};
use deedbook_model::{Head, Lineage};
use deedbook_rules::{Command, Parent, Write};

use crate::backup;
use crate::book::{Book, OpenOptions};
use crate::clock::random;
use crate::error::BookError;

/// File of the log: a folder that has it holds a book.
const LOG: &str = "log.sqlite";

/// Makes a new book in `dir` from a backup: revisions and chain stay, and a new lineage begins
/// with an `imported` change that names its parent. The folder is complete or isn't there.
///
/// # Errors
/// [`BookError::Exists`] when there is a book already, [`BookError::Occupied`] when there is
/// something else; [`BookError::Backup`] when the backup is damaged or cut short; nothing is left
/// behind then.
pub fn restore(dir: &Path, actor: &str, from: &mut dyn io::Read) -> Result<Book, BookError> {
    let place = Place::of(dir)?;
    if place.holds_a_book() {
        return Err(BookError::Exists(dir.to_owned()));
    }
    if !place.is_free()? {
        return Err(BookError::Occupied(dir.to_owned()));
    }
    let making = place.folder_for_making()?;
    let filled = fill(&making, actor, from);
    let moved = filled.and_then(|()| match place.take(&making) {
        Err(error) if is_taken(&error) => Err(BookError::Exists(dir.to_owned())),
        Err(source) => Err(BookError::Stream {
            action: "put the restored book into its folder",
            source,
        }),
        Ok(()) => Ok(()),
    });
    if let Err(error) = moved {
        // What was being made is of no use; the error that led here matters more than this one.
        let _ = fs::remove_dir_all(&making);
        return Err(error);
    }
    Book::open(&place.dir, &OpenOptions::default())
}

/// Where a book is to be. A folder that is there stays: somebody may stand in it, or have mounted
/// it, or own the folder and not the one around it.
struct Place {
    dir: PathBuf,
    is_there: bool,
}

impl Place {
    fn of(dir: &Path) -> Result<Place, BookError> {
        if let Ok(dir) = dir.canonicalize() {
            let is_there = true;
            return Ok(Place { dir, is_there });
        }
        // A link to nothing, or no name for a folder.
        if dir.is_symlink() || dir.file_name().is_none() {
            return Err(BookError::Occupied(dir.to_owned()));
        }
        let dir = std::path::absolute(dir).map_err(|source| BookError::Stream {
            action: "look for the folder to restore into",
            source,
        })?;
        let is_there = false;
        Ok(Place { dir, is_there })
    }

    fn holds_a_book(&self) -> bool {
        self.dir.join(LOG).exists() || self.dir.join("log.head").exists()
    }

    /// Whether a book may be put there: in an empty folder, or where nothing is.
    fn is_free(&self) -> Result<bool, BookError> {
        match fs::read_dir(&self.dir) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
            Err(source) => Err(BookError::Stream {
                action: "look into the folder to restore into",
                source,
            }),
        }
    }

    /// A folder of our own, on the same disk: inside, or beside it where it isn't there yet.
    fn folder_for_making(&self) -> Result<PathBuf, BookError> {
        let failed = |source| BookError::Stream {
            action: "make the folder to restore into",
            source,
        };
        let random = u64::from_le_bytes(random()?);
        let making = if self.is_there {
            self.dir.join(format!(".restoring-{random:016x}"))
        } else {
            let around = self.dir.parent().unwrap_or(&self.dir);
            fs::create_dir_all(around).map_err(failed)?;
            let name = self.dir.file_name().unwrap_or_default().to_string_lossy();
            around.join(format!(".{name}.restoring-{random:016x}"))
        };
        private_folder(&making).map_err(failed)?;
        Ok(making)
    }

    /// Puts the finished book there, the log as the last of its files.
    fn take(&self, making: &Path) -> io::Result<()> {
        if !self.is_there {
            fs::rename(making, &self.dir)?;
            return sync_folder(self.dir.parent().unwrap_or(&self.dir));
        }
        let mut names = fs::read_dir(making)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_by_key(|name| name == LOG);
        for name in names {
            let (from, to) = (making.join(&name), self.dir.join(&name));
            // Unlike a rename it never takes the place of somebody else's.
            fs::hard_link(&from, to)?;
            fs::remove_file(from)?;
        }
        fs::remove_dir(making)?;
        sync_folder(&self.dir)
    }
}

/// Whether somebody else put a book there meanwhile.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty
    )
}

/// Makes names in this folder durable.
fn sync_folder(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

fn fill(dir: &Path, actor: &str, from: &mut dyn io::Read) -> Result<(), BookError> {
    let access = Access::Write {
        wait: Duration::ZERO,
        create: true,
    };
    let log = Arc::new(SqliteLog::open(dir, access)?);
    let fold = backup::read(&*log, from)?;
    let parent = Parent::at(fold.state.lineage(), fold.head);
    if fold.head == Head::EMPTY {
        return Err(BookError::Backup("it holds no book".to_owned()));
    }
    let options = OpenOptions {
        projection: false,
        ..OpenOptions::default()
    };
    drop(fold);
    let book = Book::start(log, &options, true, None)?;
    let lineage = Lineage(random()?);
    book.execute(Command::of(actor, Write::Import { lineage, parent }))?;
    book.close()
}

/// Whoever may open a data folder is its admin, so nobody else may.
#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
