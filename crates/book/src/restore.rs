//! Making a book from a backup, in a folder of its own until it is complete.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deedbook_log::{Access, SqliteLog};
use deedbook_model::{Head, Lineage};
use deedbook_rules::{Command, Parent, Write};

use crate::backup;
use crate::book::{Book, OpenOptions};
use crate::clock::random;
use crate::error::BookError;

/// Makes a new book in `dir` from a backup: revisions and chain stay, and a new lineage begins
/// with an `imported` change that names its parent. The folder is complete or isn't there.
///
/// # Errors
/// [`BookError::Exists`] when there is a book already, [`BookError::Occupied`] when there is
/// something else; [`BookError::Backup`] when the backup is damaged or cut short; nothing is left
/// behind then.
pub fn restore(dir: &Path, actor: &str, from: &mut dyn io::Read) -> Result<Book, BookError> {
    let named = dir;
    let dir = &resolve(named)?;
    if dir.join("log.sqlite").exists() || dir.join("log.head").exists() {
        return Err(BookError::Exists(named.to_owned()));
    }
    if !is_free(dir)? {
        return Err(BookError::Occupied(named.to_owned()));
    }
    let beside = beside(dir)?;
    let filled = fill(&beside, actor, from);
    let moved = filled.and_then(|()| move_into(&beside, dir));
    if let Err(error) = moved {
        // What was being made is of no use; the error that led here matters more than this one.
        let _ = std::fs::remove_dir_all(&beside);
        return Err(error);
    }
    Book::open(dir, &OpenOptions::default())
}

/// The folder itself, which is moved away and put anew: not `.`, and not a link to it.
fn resolve(dir: &Path) -> Result<PathBuf, BookError> {
    let resolved = if dir.is_symlink() {
        dir.canonicalize()
    } else {
        std::path::absolute(dir)
    };
    resolved.map_err(|source| match source.kind() {
        // A link to nothing.
        io::ErrorKind::NotFound => BookError::Occupied(dir.to_owned()),
        _ => BookError::Stream {
            action: "look for the folder to restore into",
            source,
        },
    })
}

/// Whether a book may be put there: in an empty folder, or where nothing is.
fn is_free(dir: &Path) -> Result<bool, BookError> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(source) => Err(BookError::Stream {
            action: "look into the folder to restore into",
            source,
        }),
    }
}

fn move_into(beside: &Path, dir: &Path) -> Result<(), BookError> {
    let moved = if dir.exists() {
        std::fs::remove_dir(dir)
    } else {
        Ok(())
    };
    moved
        .and_then(|()| std::fs::rename(beside, dir))
        .map_err(|source| BookError::Stream {
            action: "put the restored book into its folder",
            source,
        })
}

fn fill(dir: &Path, actor: &str, from: &mut dyn io::Read) -> Result<(), BookError> {
    let access = Access::Write {
        wait: Duration::ZERO,
        create: true,
    };
    let log = Arc::new(SqliteLog::open(dir, access)?);
    let fold = backup::read(&*log, from)?;
    let lineage = fold
        .state
        .book()
        .map(|book| book.lineage)
        .unwrap_or_default();
    let parent = Parent::at(&lineage, fold.head);
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

/// A folder of our own beside `dir`, so that the finished book gets there by one rename.
fn beside(dir: &Path) -> Result<PathBuf, BookError> {
    let failed = |source| BookError::Stream {
        action: "make the folder to restore into",
        source,
    };
    let parent = dir.parent().unwrap_or(dir);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let random = u64::from_le_bytes(random()?);
    let beside = parent.join(format!(".{name}.restoring-{random:016x}"));
    private_folder(&beside).map_err(failed)?;
    Ok(beside)
}

/// Whoever may open a data folder is its admin, so nobody else may.
#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}
