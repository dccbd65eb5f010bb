//! The book that callers hold: opens, runs and closes its parts.

mod submit;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use deedbook_log::{Access, Log, LogError, MemoryLog, SqliteLog};
use deedbook_model::{Change, Head, Kind, Lineage, Revision, Timestamp, WriterId};
use deedbook_rules::placement::Strategies;
use deedbook_rules::placement::plan::Transfer;
use deedbook_rules::{Command, Write};
use serde::Serialize;

use crate::clock::{Clock, Salts, SystemClock, random};
use crate::error::BookError;
use crate::history::{self, At, ChangeQuery, Why};
use crate::load::{Fold, Tail};
use crate::metrics::BookMetrics;
use crate::past_records::BeforeChanges;
use crate::projector::{ProjectionStatus, Projector};
use crate::removed::{RemovedComponent, removed_components};
use crate::sequencer::{Core, Job, Sequencer, follow};
use crate::shared::Shared;
use crate::verify::{AuditHead, Verification, audit_head, verify};
use crate::view::View;
use crate::watch::{Watch, WatchOptions};
use crate::{backup, snapshots};

/// Most commands that wait for the sequencer.
const QUEUE: usize = 4096;

/// How long closing waits for the projector.
const PROJECTION_PATIENCE: Duration = Duration::from_secs(30);

/// How a book is opened for writing.
#[derive(Clone)]
pub struct OpenOptions {
    /// Make the book if there is none.
    pub create: bool,
    /// How long to wait for another process that writes to it.
    pub wait: Duration,
    /// Keep the SQL tables beside it up to date.
    pub projection: bool,
    /// Where time stamps come from.
    pub clock: Arc<dyn Clock>,
    /// What may place shards. Strategies are the program's, not the log's: all that write to a book
    /// are to have the same.
    pub strategies: Arc<Strategies>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            create: true,
            wait: Duration::from_secs(5),
            projection: true,
            clock: Arc::new(SystemClock),
            strategies: Arc::default(),
        }
    }
}

/// What a book holds, for people who look after it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookStats {
    /// Last revision.
    pub revision: Revision,
    /// The oldest revision whose state can be read.
    pub floor: Revision,
    /// Live records.
    pub records: u64,
    /// Live components.
    pub components: usize,
    /// Batches that are kept.
    pub batches: u64,
    /// Bytes of those batches.
    pub batch_bytes: u64,
    /// Finished snapshots, oldest first.
    pub snapshots: Vec<Revision>,
    /// Artifacts.
    pub artifacts: u64,
    /// Bytes on disk, where the engine can tell.
    pub stored_bytes: Option<u64>,
    /// The SQL tables, where this book keeps some.
    pub projection: Option<ProjectionStatus>,
}

/// A book: open it, register, look up, watch. Clones are the same book.
#[derive(Clone)]
pub struct Book {
    running: Arc<Running>,
}

struct Running {
    core: Arc<Core>,
    closed: Arc<AtomicBool>,
    /// Whether somebody takes what other writers append.
    follows: AtomicBool,
    /// `None`: opened for reading, or closed.
    queue: Mutex<Option<SyncSender<Job>>>,
    sequencer: Mutex<Option<JoinHandle<()>>>,
    projector: Option<Projector>,
}

impl Book {
    /// Opens the book in `dir` for reading and writing, as the only process that writes to it.
    ///
    /// # Errors
    /// [`LogError::Missing`], [`LogError::Held`], [`LogError::Denied`], [`LogError::Damaged`] and
    /// what else [`SqliteLog::open`] and checking every stored byte can say.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<Book, BookError> {
        let access = Access::Write {
            wait: options.wait,
            create: options.create,
        };
        let log = Arc::new(SqliteLog::open(dir, access)?);
        Book::start(log, options, true, options.projection.then_some(dir))
    }

    /// Opens the book in `dir` for reading. Takes no lock and makes no book; sees what other
    /// processes write.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn open_read_only(dir: &Path) -> Result<Book, BookError> {
        let log = Arc::new(SqliteLog::open(dir, Access::Read)?);
        let fold = Fold::load(&*log)?;
        Ok(Book::assemble(log, fold, Arc::new(SystemClock), None))
    }

    /// A book that is kept in memory alone.
    ///
    /// # Errors
    /// When the operating system has no random bytes or threads to give.
    pub fn in_memory() -> Result<Book, BookError> {
        let log = Arc::new(MemoryLog::default());
        Book::start(log, &OpenOptions::default(), true, None)
    }

    /// A book on a log that others may write to as well.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn with_log(log: Arc<dyn Log>, options: &OpenOptions) -> Result<Book, BookError> {
        Book::start(log, options, false, None)
    }

    pub(crate) fn start(
        log: Arc<dyn Log>,
        options: &OpenOptions,
        alone: bool,
        projection: Option<&Path>,
    ) -> Result<Book, BookError> {
        let mut fold = Fold::load(&*log)?;
        fold.state = fold.state.with_strategies(Arc::clone(&options.strategies));
        let is_new = fold.head == Head::EMPTY;
        let book = Book::assemble(log, fold, Arc::clone(&options.clock), projection);
        book.start_sequencer()?;
        if !alone {
            book.start_follower()?;
        }
        if is_new {
            book.create()?;
        }
        if let Some(projector) = &book.running.projector {
            projector.start(Arc::clone(&book.running.core.shared))?;
        }
        Ok(book)
    }

    fn assemble(
        log: Arc<dyn Log>,
        fold: Fold,
        clock: Arc<dyn Clock>,
        projection: Option<&Path>,
    ) -> Book {
        let view = View {
            state: fold.state.clone(),
            head: fold.head,
        };
        let core = Core {
            fold: Mutex::new(fold),
            shared: Arc::new(Shared::new(log, view)),
            clock,
            metrics: BookMetrics::default(),
            upkeep: Mutex::default(),
        };
        Book {
            running: Arc::new(Running {
                core: Arc::new(core),
                closed: Arc::default(),
                follows: AtomicBool::new(false),
                queue: Mutex::new(None),
                sequencer: Mutex::new(None),
                projector: projection.map(Projector::in_folder),
            }),
        }
    }

    fn start_sequencer(&self) -> Result<(), BookError> {
        let sequencer = Sequencer {
            core: Arc::clone(&self.running.core),
            writer: WriterId(random()?),
            counter: 0,
            last_batch_bytes: 0,
            salts: Salts::new()?,
            unsettled: false,
            snapshot: None,
            janitor: None,
            displaced: None,
            failed_at: Tail::default(),
        };
        let (sender, receiver) = sync_channel(QUEUE);
        *lock(&self.running.queue) = Some(sender);
        let sequencer = thread("deedbook-sequencer", move || sequencer.run(&receiver))?;
        *lock(&self.running.sequencer) = Some(sequencer);
        Ok(())
    }

    /// Nobody waits for its end: it may be waiting for the log, and does nothing once the book is
    /// closed.
    fn start_follower(&self) -> Result<(), BookError> {
        if self.running.follows.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (core, closed) = (
            Arc::clone(&self.running.core),
            Arc::clone(&self.running.closed),
        );
        let follow = move || follow(&core, || closed.load(Ordering::Acquire));
        if let Err(error) = thread("deedbook-follower", follow) {
            self.running.follows.store(false, Ordering::Release);
            return Err(error);
        }
        Ok(())
    }

    /// Makes the book's own record, unless somebody else was first.
    fn create(&self) -> Result<(), BookError> {
        let lineage = Lineage(random()?);
        match self.execute(Command::of("deedbook", Write::CreateBook { lineage })) {
            Err(BookError::Refused(_)) if self.view().book().is_some() => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// The newest state. Cheap; reading it blocks nobody.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.running.core.shared.view()
    }

    /// The state at a moment of the past.
    ///
    /// # Errors
    /// [`BookError::Future`], [`BookError::BeforeBook`], [`BookError::BeforeTime`],
    /// [`LogError::Compacted`].
    pub fn view_at(&self, at: At) -> Result<Arc<View>, BookError> {
        let newest = self.view();
        let is_newest = match at {
            At::Revision(revision) => revision == newest.head().revision,
            At::Time(time) => time >= newest.time(),
        };
        if is_newest {
            return Ok(newest);
        }
        Ok(Arc::new(history::view_at(&self.running.core.shared, at)?))
    }

    fn queue(&self) -> Result<SyncSender<Job>, BookError> {
        if let Some(queue) = &*lock(&self.running.queue) {
            return Ok(queue.clone());
        }
        Err(if self.running.closed.load(Ordering::Acquire) {
            BookError::Closed
        } else {
            LogError::ReadOnly.into()
        })
    }

    /// Watches changes: history first, then live. Blocks nobody: what must be read is read when the
    /// watch is asked.
    ///
    /// # Errors
    /// When the operating system has no thread to give.
    pub fn watch(&self, options: WatchOptions) -> Result<Watch, BookError> {
        // A book that was opened for reading only follows once somebody watches.
        let reads_only = lock(&self.running.sequencer).is_none();
        if reads_only && !self.running.closed.load(Ordering::Acquire) {
            self.start_follower()?;
        }
        Ok(Watch::start(Arc::clone(&self.running.core.shared), options))
    }

    /// Calls `listener` with each new view, and once when the book is closed: for callers that
    /// can't spare a thread to wait. It runs on the sequencer's thread, before anybody is answered,
    /// so it must be quick and must not call the book.
    pub fn on_publish(&self, listener: impl Fn(&View) + Send + Sync + 'static) {
        self.running.core.shared.on_publish(Box::new(listener));
    }

    /// The last revision in the log, which may be ahead of the view where others write too.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn log_revision(&self) -> Result<Revision, BookError> {
        Ok(self.log().head()?.revision)
    }

    /// The time by which changes are stamped.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.running.core.clock.now()
    }

    /// Takes what other processes wrote since; `view` sees it then.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn refresh(&self) -> Result<Arc<View>, BookError> {
        let core = &self.running.core;
        core.catch_up(&mut core.lock())?;
        Ok(self.view())
    }

    /// Changes that fit, oldest or newest first.
    ///
    /// # Errors
    /// [`LogError::Compacted`] for an `after` below the floor, oldest first.
    pub fn changes(&self, query: &ChangeQuery) -> Result<Vec<Change>, BookError> {
        history::changes(&self.running.core.shared, query)
    }

    /// What records were before changes. Remembers what it reads: ask one for many changes.
    #[must_use]
    pub fn before_changes(&self) -> BeforeChanges {
        BeforeChanges::of(Arc::clone(&self.running.core.shared))
    }

    /// One record's changes up to a view, newest first, down to the floor.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn history(
        &self,
        view: &View,
        kind: &Kind,
        key: &str,
        limit: usize,
    ) -> Result<Vec<Change>, BookError> {
        history::history(&self.running.core.shared, view, kind, key, limit)
    }

    /// The change that last set, up to a view, the field of that RFC 6901 pointer in a record's
    /// data; `None` when it was never set.
    ///
    /// # Errors
    /// [`LogError::Compacted`] when that change lies below the floor.
    pub fn why(
        &self,
        view: &View,
        kind: &Kind,
        key: &str,
        pointer: &str,
    ) -> Result<Option<Why>, BookError> {
        history::why(&self.running.core.shared, view, kind, key, pointer)
    }

    /// The shards that changed hands by the command of a revision, in its order, by namespace, and
    /// whether they did again since: reads each later batch that changed one of them.
    ///
    /// # Errors
    /// [`LogError::Compacted`] and [`BookError::Future`] when there is no such change to read.
    pub fn transfers(
        &self,
        revision: Revision,
    ) -> Result<BTreeMap<String, Vec<Transfer>>, BookError> {
        history::transfers(&self.running.core.shared, revision)
    }

    /// The components of that name that are gone in a view, the one removed last first, as far as
    /// the log still tells what they were called. Reads the log from its floor on.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn removed_components(
        &self,
        view: &View,
        name: &str,
    ) -> Result<Vec<RemovedComponent>, BookError> {
        removed_components(&self.running.core.shared, view, name)
    }

    /// The last revision stamped at or before an instant.
    ///
    /// # Errors
    /// [`BookError::BeforeBook`] when there was no book then; [`BookError::BeforeTime`] when
    /// compaction took what there was.
    pub fn revision_at(&self, time: Timestamp) -> Result<Revision, BookError> {
        history::revision_at(&self.running.core.shared, time)
    }

    /// Checks every stored byte, and the history against an earlier [`Book::audit_head`].
    ///
    /// # Errors
    /// When something couldn't be checked.
    pub fn verify(&self, anchor: Option<&AuditHead>) -> Result<Verification, BookError> {
        verify(self.log(), anchor)
    }

    /// What an auditor notes down.
    #[must_use]
    pub fn audit_head(&self) -> AuditHead {
        let view = self.view();
        audit_head(&view, view.head())
    }

    /// Takes a snapshot of the newest state, beside the writing; returns its revision.
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn snapshot(&self) -> Result<Revision, BookError> {
        let core = &self.running.core;
        let _upkeep = core.upkeep();
        let covered = core.lock().tail;
        let revision = snapshots::take(self.log(), &self.view())?;
        core.lock().tail.cover(covered);
        Ok(revision)
    }

    /// Drops the history up to the end of the last commit at or below `before`; states from there
    /// on stay readable. Returns the floor.
    ///
    /// # Errors
    /// [`BookError::Future`]; when the log can't be written, nothing is dropped.
    pub fn compact(&self, before: Revision) -> Result<Revision, BookError> {
        let head = self.view().head().revision;
        if before > head {
            return Err(BookError::Future {
                wanted: before,
                head,
            });
        }
        let _upkeep = self.running.core.upkeep();
        snapshots::compact(self.log(), before)
    }

    /// Writes a backup; returns the head that it reaches.
    ///
    /// # Errors
    /// When the log can't be read or `to` can't be written.
    pub fn backup(&self, to: &mut dyn io::Write) -> Result<Head, BookError> {
        backup::write(self.log(), to)
    }

    /// What the book holds.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn stats(&self) -> Result<BookStats, BookError> {
        let stats = self.log().stats()?;
        let view = self.view();
        Ok(BookStats {
            revision: view.head().revision,
            floor: stats.floor,
            records: view.live(),
            components: view.component_count(),
            batches: stats.batches,
            batch_bytes: stats.batch_bytes,
            snapshots: self.log().snapshots()?,
            artifacts: stats.artifacts,
            stored_bytes: stats.stored_bytes,
            projection: self.projection(),
        })
    }

    /// How far the SQL tables are, where this book keeps some.
    #[must_use]
    pub fn projection(&self) -> Option<ProjectionStatus> {
        let projector = self.running.projector.as_ref()?;
        Some(projector.status(self.view().head().revision))
    }

    /// What the book counts and measures.
    #[must_use]
    pub fn metrics(&self) -> &BookMetrics {
        &self.running.core.metrics
    }

    /// Ends the book: what was handed in is finished, a snapshot is taken if one is due, the
    /// projector catches up for at most half a minute. Every clone is closed.
    ///
    /// A closed book can still be read, so its files stay open and the writer's lock stays taken
    /// until the last clone, and the last watch, is dropped: only then may another process write.
    ///
    /// # Errors
    /// When the snapshot can't be written; the book is closed all the same, and nothing is lost.
    pub fn close(&self) -> Result<(), BookError> {
        let wrote = lock(&self.running.queue).is_some();
        self.running.close();
        let _upkeep = self.running.core.upkeep();
        let mut fold = self.running.core.lock();
        if wrote && snapshots::is_due(fold.tail, fold.state.snapshot_bytes()) {
            snapshots::take(self.log(), &self.view())?;
            fold.tail = Tail::default();
        }
        Ok(())
    }

    fn log(&self) -> &dyn Log {
        &*self.running.core.shared.log
    }
}

impl Running {
    fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        // The sequencer ends when the last sender is gone, after all that was handed in.
        drop(lock(&self.queue).take());
        let sequencer = lock(&self.sequencer).take();
        // The sequencer itself may drop the last clone, in a reply; it can't wait for itself.
        if let Some(sequencer) =
            sequencer.filter(|thread| thread.thread().id() != std::thread::current().id())
        {
            let _ = sequencer.join();
        }
        // Ends the waiting of watchers and of the projector, which still get all there is.
        self.core.shared.close();
        if let Some(projector) = &self.projector {
            projector.stop(self.core.shared.head().revision, PROJECTION_PATIENCE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, BookError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|source| BookError::Stream {
        action: "start a thread",
        source,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
