//! Waiting for the log to move on.

#![expect(
    clippy::disallowed_methods,
    reason = "other processes announce nothing: waiting for them takes a clock and looking again"
)]

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use deedbook_model::{Head, Revision};

use super::SqliteLog;
use super::connection::{Mode, open_as};
use super::errors::Fault;
use crate::error::LogError;

/// How often other processes' appends are looked for.
const POLL: Duration = Duration::from_millis(50);

impl SqliteLog {
    pub(super) fn wait_for(&self, revision: Revision, timeout: Duration) -> Result<Head, LogError> {
        let started = Instant::now();
        loop {
            // Before the head is read, so that no append falls between the two.
            let version = self.version()?;
            let head = self.read_head()?;
            if head.revision > revision || started.elapsed() >= timeout {
                return Ok(head);
            }
            while started.elapsed() < timeout && !self.wait_briefly(revision, started, timeout) {
                if self.writer.is_none() && (version.is_none() || self.version()? != version) {
                    break;
                }
            }
        }
    }

    /// Waits for an append through this engine, at most until the next look at other processes';
    /// says whether there was one.
    fn wait_briefly(&self, revision: Revision, started: Instant, timeout: Duration) -> bool {
        let left = timeout.saturating_sub(started.elapsed());
        // Nobody else writes while this engine is the writer.
        let pause = if self.writer.is_some() {
            left
        } else {
            left.min(POLL)
        };
        let (seen, _) = self
            .appended
            .wait_timeout_while(self.seen_now(), pause, |seen| seen.revision <= revision)
            .unwrap_or_else(PoisonError::into_inner);
        seen.revision > revision
    }

    /// A number that is another one after somebody else's commit; `None`: can't be told.
    fn version(&self) -> Result<Option<i64>, LogError> {
        if self.writer.is_some() || self.readers.mode() != Mode::Shared {
            return Ok(None);
        }
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || -> Result<i64, Fault> {
            let connection = match watch.take() {
                Some(connection) => connection,
                None => open_as(Mode::Shared, &self.files)?,
            };
            let version = connection
                .prepare_cached("PRAGMA data_version")?
                .query_row([], |row| row.get(0))?;
            *watch = Some(connection);
            Ok(version)
        };
        let mut read = read;
        read()
            .map(Some)
            .map_err(|fault| fault.during("look for new batches", &self.files))
    }
}
