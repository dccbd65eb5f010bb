//! Where the book is.

use std::env;
use std::path::PathBuf;

use crate::config::Config;
use crate::error::Failure;

/// Name of the folder that holds a book.
pub(crate) const FOLDER_NAME: &str = ".deedbook";

/// The folder of a book that is there.
pub(crate) fn to_read(config: &Config) -> Result<PathBuf, Failure> {
    match &config.data.value {
        Some(folder) if folder.is_dir() => Ok(folder.clone()),
        Some(folder) => Err(Failure::NoBook(folder.clone())),
        None => found().ok_or_else(|| Failure::NoBook(PathBuf::from(FOLDER_NAME))),
    }
}

/// The folder of the book to write to, whether it is there or not.
pub(crate) fn to_write(config: &Config) -> PathBuf {
    match &config.data.value {
        Some(folder) => folder.clone(),
        None => found().unwrap_or_else(|| PathBuf::from(FOLDER_NAME)),
    }
}

/// The folder of a parent's book, where nobody named one and it isn't this folder's own.
pub(crate) fn of_parent(config: &Config) -> Option<PathBuf> {
    let here = env::current_dir().ok()?.join(FOLDER_NAME);
    let nobody_named = config.data.value.is_none();
    found().filter(|folder| nobody_named && *folder != here)
}

/// The folder for a book that isn't there yet: never one of a parent.
pub(crate) fn to_make(config: &Config) -> PathBuf {
    config
        .data
        .value
        .clone()
        .unwrap_or_else(|| PathBuf::from(FOLDER_NAME))
}

/// `.deedbook` of this folder or the nearest parent that has one.
fn found() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .map(|folder| folder.join(FOLDER_NAME))
        .find(|folder| folder.is_dir())
}
