//! The files of a data folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where everything is. The projection beside it belongs to another crate.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) dir: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) wal: PathBuf,
    pub(crate) shm: PathBuf,
    pub(crate) side: PathBuf,
    pub(crate) writer_lock: PathBuf,
    pub(crate) claims: PathBuf,
}

impl Files {
    pub(crate) fn of(dir: &Path) -> Files {
        Files {
            dir: dir.to_owned(),
            database: dir.join("log.sqlite"),
            wal: dir.join("log.sqlite-wal"),
            shm: dir.join("log.sqlite-shm"),
            side: dir.join("log.head"),
            writer_lock: dir.join("writer.lock"),
            claims: dir.join("claims"),
        }
    }

    /// Bytes of all files of the log.
    pub(crate) fn sizes(&self) -> io::Result<u64> {
        [&self.database, &self.wal, &self.shm, &self.side]
            .into_iter()
            .map(|path| length(path).map(Option::unwrap_or_default))
            .sum()
    }
}

/// How long a file is; `None`: there is none.
///
/// The database is only ever looked at like this: opening it beside SQLite and closing it again
/// would give up SQLite's own locks on it.
pub(crate) fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes names in this folder durable.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// Creates the folder for its owner alone: whoever may open it is admin of the book.
pub(crate) fn create_folder(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir)?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => Ok(()),
    }
}
