//! A few connections for reading, so that reads never wait for a write.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::connection::{Mode, Stamp, for_reading, open_as};
use super::errors::Fault;
use super::files::Files;

/// Most connections that read at once.
const MOST: usize = 4;
/// How often a read of a still file is tried again when somebody wrote to it meanwhile.
const TRIES: usize = 5;

/// The connections that read.
pub(crate) struct Readers {
    files: Files,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    mode: Mode,
    idle: Vec<Connection>,
    used: usize,
}

impl Pool {
    fn most(&self) -> usize {
        if self.mode == Mode::Alone { 1 } else { MOST }
    }
}

impl Readers {
    /// # Errors
    /// When the database can't be read in any mode.
    pub(crate) fn open(files: &Files) -> Result<Readers, Fault> {
        let (mode, connection) = for_reading(files)?;
        Ok(Readers {
            files: files.clone(),
            pool: Mutex::new(Pool {
                mode,
                idle: if mode == Mode::Alone {
                    Vec::new()
                } else {
                    vec![connection]
                },
                used: 0,
            }),
            returned: Condvar::new(),
        })
    }

    /// How connections read at the moment.
    pub(crate) fn mode(&self) -> Mode {
        self.lock().mode
    }

    /// Reads with one of them, waiting for its turn.
    pub(crate) fn with<T>(
        &self,
        read: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut tries = 1;
        loop {
            let lent = self.lend()?;
            let result = match &lent.connection {
                Some(connection) => read(connection),
                None => read(&open_as(lent.mode, &self.files)?),
            };
            if !self.is_stale(lent.mode) || tries == TRIES {
                return result;
            }
            tries += 1;
        }
    }

    fn is_stale(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Still(stamp) if Stamp::of(&self.files) != Some(stamp))
    }

    fn lend(&self) -> Result<Lent<'_>, Fault> {
        let mut pool = self.lock();
        while pool.used >= pool.most() {
            pool = self
                .returned
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
        // Alone nobody else gets in, so each use looks first whether there is another way now.
        let mut connection = pool.idle.pop();
        if pool.mode == Mode::Alone || self.is_stale(pool.mode) {
            pool.idle.clear();
            let (mode, opened) = for_reading(&self.files)?;
            pool.mode = mode;
            connection = Some(opened);
        }
        pool.used += 1;
        let mut lent = Lent {
            readers: self,
            mode: pool.mode,
            connection,
        };
        drop(pool);
        if lent.connection.is_none() {
            lent.connection = Some(open_as(lent.mode, &self.files)?);
        }
        Ok(lent)
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; goes back when dropped.
struct Lent<'a> {
    readers: &'a Readers,
    mode: Mode,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.lock();
        pool.used = pool.used.saturating_sub(1);
        if let Some(connection) = self.connection.take()
            && self.mode == pool.mode
            && self.mode != Mode::Alone
        {
            pool.idle.push(connection);
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}
