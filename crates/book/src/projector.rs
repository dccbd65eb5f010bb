//! Ordinary SQL tables beside the book, for people and their tools.
//!
//! A follower of the log with a mark of its own, kept in the same transaction as the rows, so that
//! a row is never there twice or not at all. The tables live in a file that may be deleted at any
//! time: they are made again.

mod tables;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use deedbook_log::{LogError, ReadLimit};
use deedbook_model::{Batch, Revision};
use serde::Serialize;

use crate::error::BookError;
use crate::load::Fold;
use crate::sequencer::read_checked;
use crate::shared::{Next, Shared};
use tables::Tables;

/// Name of the file in the data folder.
pub const PROJECTION_FILE: &str = "projection.sqlite";

/// How long one wait for changes lasts before the projector looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// How many times as long as it worked the projector rests while others write.
const REST: u32 = 9;

/// It rests at least so long while others write: each transaction writes most pages that the next
/// one writes again, and what it syncs is in the way of the log.
const SHORTEST_REST: Duration = Duration::from_millis(250);

/// How far the tables are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionStatus {
    /// Last revision that the tables hold.
    pub revision: Revision,
    /// Changes that they don't hold yet.
    pub lag: u64,
    /// Why they don't follow, if they don't.
    pub error: Option<String>,
}

/// The last revision that the tables in a data folder hold, without following anything; `None`
/// when there are none that this version reads.
#[must_use]
pub fn projected_revision(dir: &Path) -> Option<Revision> {
    tables::peek(&dir.join(PROJECTION_FILE))
}

/// Follows a book and writes the tables.
pub(crate) struct Projector {
    path: PathBuf,
    progress: Arc<Progress>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Progress {
    state: Mutex<ProgressState>,
    moved: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct ProgressState {
    revision: Revision,
    error: Option<String>,
    ended: bool,
}

impl Projector {
    pub(crate) fn in_folder(dir: &Path) -> Projector {
        Projector {
            path: dir.join(PROJECTION_FILE),
            progress: Arc::default(),
            thread: Mutex::new(None),
        }
    }

    pub(crate) fn start(&self, shared: Arc<Shared>) -> Result<(), BookError> {
        let (path, progress) = (self.path.clone(), Arc::clone(&self.progress));
        let run = move || {
            if let Err(error) = project(&path, &shared, &progress) {
                progress.lock().error = Some(describe(&error));
            }
            progress.lock().ended = true;
            progress.moved.notify_all();
        };
        let thread = std::thread::Builder::new()
            .name("deedbook-projector".to_owned())
            .spawn(run);
        let thread = thread.map_err(|source| BookError::Stream {
            action: "start a thread",
            source,
        })?;
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    pub(crate) fn status(&self, head: Revision) -> ProjectionStatus {
        let state = self.progress.lock();
        ProjectionStatus {
            revision: state.revision,
            lag: head.since(state.revision),
            error: state.error.clone(),
        }
    }

    /// Waits until the tables hold `head`, at most for `patience`, and ends the projector.
    pub(crate) fn stop(&self, head: Revision, patience: Duration) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else {
            return;
        };
        let behind = |state: &mut ProgressState| !state.ended && state.revision < head;
        let waited = self
            .progress
            .moved
            .wait_timeout_while(self.progress.lock(), patience, behind);
        drop(waited);
        self.progress.stop.store(true, Ordering::Release);
        let _ = thread.join();
    }
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self, revision: Revision) {
        self.lock().revision = revision;
        self.moved.notify_all();
    }
}

fn describe(error: &BookError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

/// Follows the book until it is closed. Tables are made anew where the log doesn't reach down to
/// them any more, and once where they turn out damaged.
fn project(path: &Path, shared: &Shared, progress: &Progress) -> Result<(), BookError> {
    let mut tables = open_tables(path, shared)?;
    let mut mended = false;
    loop {
        match follow(tables, shared, progress) {
            Err(BookError::Log(LogError::Compacted { .. })) => {}
            Err(error) if tables::is_damage(&error) && !mended => mended = true,
            result => return result,
        }
        tables = make_anew(path, shared)?;
    }
}

fn follow(mut tables: Tables, shared: &Shared, progress: &Progress) -> Result<(), BookError> {
    progress.reached(tables.revision());
    let mut quiet_at = None;
    while !progress.stop.load(Ordering::Acquire) {
        let batches: Vec<Arc<Batch>> = match shared.next_after(tables.revision(), PATIENCE) {
            Next::Batches(batches) => {
                let batches = batches.iter();
                batches
                    .map(|published| Arc::clone(&published.batch))
                    .collect()
            }
            Next::FromLog => {
                let limit = ReadLimit::default();
                let read = read_checked(shared, tables.revision(), limit)?;
                read.into_iter().map(Arc::new).collect()
            }
            Next::Nothing => continue,
            Next::Failed(error) => return Err(error),
            Next::Closed => break,
        };
        let mut rest = &batches[..];
        while !rest.is_empty() {
            let (some, after) = rest.split_at(few(rest));
            let worked = timed(|| tables.take(some))?;
            rest = after;
            progress.reached(tables.revision());
            if quiet_at != Some(shared.head()) {
                quiet_at = shared.yield_to_writers(SHORTEST_REST.max(worked * REST));
            }
        }
    }
    Ok(())
}

/// How many of the next batches go into one transaction, so that a record that changed often is
/// written once.
fn few(batches: &[Arc<Batch>]) -> usize {
    const CHANGES: usize = 4096;
    let mut changes = 0;
    let mut takes = |batch: &&Arc<Batch>| {
        let takes = changes < CHANGES;
        changes += batch.changes.len();
        takes
    };
    batches.iter().take_while(|batch| takes(batch)).count()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to rest after it; nothing that is stored depends on it"
)]
fn timed(work: impl FnOnce() -> Result<(), BookError>) -> Result<Duration, BookError> {
    let begin = std::time::Instant::now();
    work()?;
    Ok(begin.elapsed())
}

/// The tables as they are, if they follow this history; else made anew from the oldest state that
/// the log still gives.
fn open_tables(path: &Path, shared: &Shared) -> Result<Tables, BookError> {
    let lineage = shared.view().lineage().to_owned();
    if let Ok(Some(tables)) = Tables::open(path, &lineage)
        && follows(&tables, shared)?
    {
        return Ok(tables);
    }
    make_anew(path, shared)
}

fn make_anew(path: &Path, shared: &Shared) -> Result<Tables, BookError> {
    let floor = shared.log.floor()?;
    let mut tables = Tables::create(path, shared.view().lineage())?;
    if floor > Revision::ZERO {
        let fold = Fold::load_at(&*shared.log, floor)?;
        tables.fill(&fold.into_view())?;
    }
    Ok(tables)
}

/// Whether the mark is a place of this history from which every later change can be read.
fn follows(tables: &Tables, shared: &Shared) -> Result<bool, BookError> {
    let at = tables.revision();
    let floor = shared.log.floor()?;
    if at < floor || at > shared.head().revision {
        return Ok(false);
    }
    if at == floor {
        return Ok(at == Revision::ZERO || tables.chain() == chain_at_floor(shared, floor)?);
    }
    let one = ReadLimit {
        batches: 1,
        ..ReadLimit::default()
    };
    let holds = shared.log.read(Revision(at.0 - 1), one)?;
    Ok(holds
        .first()
        .is_some_and(|batch| batch.chain.to_string() == tables.chain()))
}

fn chain_at_floor(shared: &Shared, floor: Revision) -> Result<String, BookError> {
    let info = shared.log.snapshot(floor)?;
    Ok(info
        .map(|info| info.head.chain.to_string())
        .unwrap_or_default())
}
