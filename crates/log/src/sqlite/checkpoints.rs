//! Copying what was committed from the write-ahead log into the database, beside the writing.
//!
//! ```text
//! 16 MiB were committed ─► a thread copies them, while commits go on
//!                          └─► the next commit copies the little that came meanwhile, and the one
//!                              after it begins the write-ahead log anew
//! ```
//!
//! A commit that copied it all would take as long as some hundred others. Where the thread is
//! behind, or can't run, SQLite's own limit applies and a commit does it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::connection::{for_writing, make_durable};
use super::errors::Fault;
use super::files::Files;

/// So many committed bytes are copied at a time.
const BYTES: usize = 16 << 20;

/// What a commit writes beside what it is given: pages of the tables, in part.
const PAGES_OF_A_COMMIT: usize = 3 * 4096;

/// The copying of one writer. The thread begins with the first that there is to copy.
pub(super) struct Checkpoints {
    files: Files,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Bytes that were committed since the write-ahead log began anew, about.
    bytes: usize,
}

#[derive(Default)]
struct Shared {
    step: Mutex<Step>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// There is little to copy.
    #[default]
    Idle,
    /// The thread is to copy, or does.
    Asked,
    /// The thread has copied; what was committed meanwhile is left.
    Copied,
    /// The writer is closed.
    Ended,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, step: Step) {
        *self.lock() = step;
        self.changed.notify_all();
    }

    /// Copies whenever it is asked for.
    fn run(&self, connection: &Connection) {
        loop {
            let idle = |step: &mut Step| matches!(step, Step::Idle | Step::Copied);
            let step = self.changed.wait_while(self.lock(), idle);
            if *step.unwrap_or_else(PoisonError::into_inner) == Step::Ended {
                return;
            }
            // What can't be copied now, because somebody reads an old view or the disk is full,
            // stays in the write-ahead log and is copied later.
            let _ = copy(connection);
            let mut step = self.lock();
            if *step == Step::Asked {
                *step = Step::Copied;
            }
        }
    }
}

impl Checkpoints {
    pub(super) fn new(files: &Files) -> Checkpoints {
        Checkpoints {
            files: files.clone(),
            shared: Arc::default(),
            thread: None,
            bytes: 0,
        }
    }

    /// Takes note of a commit through that connection, and copies or lets copy.
    pub(super) fn committed(&mut self, connection: &Connection, bytes: usize) {
        self.bytes += bytes + PAGES_OF_A_COMMIT;
        if self.bytes < BYTES {
            return;
        }
        let step = *self.shared.lock();
        match step {
            Step::Idle if self.has_thread() => self.shared.set(Step::Asked),
            Step::Copied => {
                let _ = copy(connection);
                self.bytes = 0;
                self.shared.set(Step::Idle);
            }
            Step::Idle | Step::Asked | Step::Ended => {}
        }
    }

    /// Whether there is a thread, perhaps a new one.
    fn has_thread(&mut self) -> bool {
        if self.thread.is_none() {
            let shared = Arc::clone(&self.shared);
            self.thread = self.open().ok().and_then(|connection| {
                let thread = std::thread::Builder::new().name("deedbook-copies".to_owned());
                thread.spawn(move || shared.run(&connection)).ok()
            });
        }
        self.thread.is_some()
    }

    fn open(&self) -> Result<Connection, Fault> {
        let connection = for_writing(&self.files, false)?;
        make_durable(&connection)?;
        Ok(connection)
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.shared.set(Step::Ended);
        if let Some(thread) = self.thread.take() {
            // Its connection closes with it, before the writer's.
            let _ = thread.join();
        }
    }
}

/// Copies as much as can be without keeping anybody waiting.
fn copy(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
