//! The lock of the one process that may write.

#![expect(
    clippy::disallowed_methods,
    reason = "other processes announce nothing: waiting for them takes a clock and looking again"
)]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::errors;
use crate::error::LogError;

const POLL: Duration = Duration::from_millis(20);

/// Held for the life of a writing engine; the system gives it back when the process dies.
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, waiting up to `wait` for whoever has it.
    ///
    /// # Errors
    /// [`LogError::Held`] names the process that has it.
    pub(crate) fn take(path: &Path, wait: Duration) -> Result<WriterLock, LogError> {
        let started = Instant::now();
        let file = open_lock(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(errors::io("write", path, error)),
                Err(TryLockError::WouldBlock) if started.elapsed() < wait => {
                    thread::sleep(POLL.min(wait.saturating_sub(started.elapsed())));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LogError::Held {
                        holder: holder_in(path),
                    });
                }
            }
        }
        // Only for people; a full disk must not keep anybody from opening the book.
        let _ = name_holder(&file);
        Ok(WriterLock { _file: file })
    }
}

/// Opens or creates a lock file; its content means nothing.
pub(crate) fn open_lock(path: &Path) -> Result<File, LogError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| errors::io("write", path, error))
}

fn name_holder(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(this_process().as_bytes())
}

fn holder_in(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(300).read_to_string(&mut text));
    match read {
        Ok(_) if !text.is_empty() => text,
        _ => "a process that didn't name itself".to_owned(),
    }
}

/// `pid 123 (deedbook registry add) by ada`. Of the arguments only leading plain words: later ones
/// may hold what isn't for everybody.
fn this_process() -> String {
    let mut arguments = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = arguments.next().unwrap_or_default();
    let program = Path::new(&program)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let words = arguments
        .take(2)
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .take_while(|word| !word.starts_with('-') && word.len() <= 20);
    let command: Vec<String> = std::iter::once(program).chain(words).collect();
    let user = user(|name| std::env::var(name).ok());
    format!(
        "pid {} ({}) by {user}",
        std::process::id(),
        command.join(" ")
    )
}

/// The user's name as the session says it; services and containers often have none, but a number.
fn user(variable: impl Fn(&str) -> Option<String>) -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .or_else(user_number)
        .unwrap_or_else(|| "an unnamed user".to_owned())
}

/// Linux shows each process as a folder of its user.
#[cfg(unix)]
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid-{}", process.uid()))
}

#[cfg(not(unix))]
fn user_number() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_user_without_a_name_has_a_number() {
        assert_eq!(
            user(|name| (name == "LOGNAME").then(|| "ada".to_owned())),
            "ada"
        );
        let nameless = user(|_| Some(String::new()));
        let number = nameless.strip_prefix("uid-").unwrap();
        number.parse::<u32>().unwrap();
    }

    #[test]
    fn the_second_one_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("writer.lock");
        let first = WriterLock::take(&path, Duration::ZERO).unwrap();
        let Err(LogError::Held { holder }) = WriterLock::take(&path, Duration::from_millis(30))
        else {
            panic!("taken twice");
        };
        assert!(
            holder.starts_with(&format!("pid {} (", std::process::id())),
            "{holder}"
        );
        drop(first);
        WriterLock::take(&path, Duration::ZERO).unwrap();
    }
}
