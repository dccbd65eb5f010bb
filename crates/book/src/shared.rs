//! What all parts of a running book see: the newest view, the latest batches, and when they change.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use deedbook_log::Log;
use deedbook_model::code::Code;
use deedbook_model::{Batch, Head, Revision};

use crate::error::BookError;
use crate::view::View;

/// How many bytes of records the latest batches may hold for watchers that are nearly live.
const RECENT_BYTES: usize = 16 << 20;

/// A book to which nothing was written for this long isn't being written to. Well above the time
/// that a batch of many commands takes.
const QUIET: Duration = Duration::from_millis(100);

/// The newest view and the batches that led to it.
pub(crate) struct Shared {
    pub(crate) log: Arc<dyn Log>,
    view: ArcSwap<View>,
    recent: Mutex<Recent>,
    published: Condvar,
    ended: Condvar,
    listeners: RwLock<Vec<Listener>>,
}

/// Called with the newest revision after each new view.
pub(crate) type Listener = Box<dyn Fn(Revision) + Send + Sync>;

/// The latest batches, oldest first, without a gap up to the view.
#[derive(Default)]
struct Recent {
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
    closed: bool,
    /// Why nothing of the log is taken any more.
    fault: Option<BookError>,
}

/// What nobody who comes now sees any more. Taking it apart costs a tenth of what making it did.
pub(crate) struct Displaced {
    _view: Arc<View>,
    _batches: Vec<Arc<Batch>>,
}

/// What a watcher at some position is to do.
pub(crate) enum Next {
    /// These batches come next.
    Batches(Vec<Arc<Batch>>),
    /// They are older than what is kept here: read the log.
    FromLog,
    /// Nothing came within the time.
    Nothing,
    /// What comes next is damaged.
    Failed(BookError),
    /// The book was closed.
    Closed,
}

impl Shared {
    pub(crate) fn new(log: Arc<dyn Log>, view: View) -> Shared {
        Shared {
            log,
            view: ArcSwap::from_pointee(view),
            recent: Mutex::default(),
            published: Condvar::new(),
            ended: Condvar::new(),
            listeners: RwLock::default(),
        }
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    pub(crate) fn head(&self) -> Head {
        self.view.load().head
    }

    /// Makes a view and the batches that led to it visible, together. Returns what they displaced.
    pub(crate) fn publish(&self, view: View, batches: Vec<Batch>) -> Displaced {
        let mut oldest_batches = Vec::new();
        let mut recent = self.lock();
        for batch in batches {
            recent.bytes += bytes_of(&batch);
            recent.batches.push_back(Arc::new(batch));
        }
        while recent.bytes > RECENT_BYTES && recent.batches.len() > 1 {
            if let Some(oldest) = recent.batches.pop_front() {
                recent.bytes -= bytes_of(&oldest);
                oldest_batches.push(oldest);
            }
        }
        let view = self.view.swap(Arc::new(view));
        drop(recent);
        self.published.notify_all();
        self.call_listeners();
        Displaced {
            _view: view,
            _batches: oldest_batches,
        }
    }

    pub(crate) fn on_publish(&self, listener: Listener) {
        let listeners = self.listeners.write();
        listeners
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    fn call_listeners(&self) {
        let revision = self.head().revision;
        let listeners = self.listeners.read();
        for listener in &*listeners.unwrap_or_else(PoisonError::into_inner) {
            listener(revision);
        }
    }

    /// Waits for batches after `position`, at most for `timeout`.
    pub(crate) fn next_after(&self, position: Revision, timeout: Duration) -> Next {
        let (recent, _) = self
            .published
            .wait_timeout_while(self.lock(), timeout, |recent| {
                !recent.closed && recent.fault.is_none() && self.head().revision <= position
            })
            .unwrap_or_else(PoisonError::into_inner);
        if self.head().revision <= position {
            return match &recent.fault {
                _ if recent.closed => Next::Closed,
                Some(fault) => Next::Failed(fault.again()),
                None => Next::Nothing,
            };
        }
        let oldest = recent.batches.front().map(|batch| batch.previous.revision);
        if oldest.is_none_or(|oldest| oldest > position) {
            return Next::FromLog;
        }
        let from = recent
            .batches
            .partition_point(|batch| batch.head.revision <= position);
        Next::Batches(recent.batches.iter().skip(from).cloned().collect())
    }

    /// Leaves the processor to those who write: waits until nothing was written for a moment, at
    /// most for about `longest`, and not at all once the book is closed. The head at which
    /// nothing was written, if it came to that.
    pub(crate) fn yield_to_writers(&self, longest: Duration) -> Option<Head> {
        let mut seen = self.head();
        let mut left = longest;
        while !left.is_zero() {
            let some = left.min(QUIET);
            let (recent, _) = self
                .ended
                .wait_timeout_while(self.lock(), some, |recent| !recent.closed)
                .unwrap_or_else(PoisonError::into_inner);
            let head = self.head();
            if recent.closed || head == seen {
                return Some(head);
            }
            seen = head;
            left -= some;
        }
        None
    }

    /// Notes that the log is damaged after what is visible: it won't pass, so whoever waits for
    /// more is told.
    pub(crate) fn note_fault(&self, error: &BookError) {
        if error.code() == Code::Integrity {
            self.lock().fault = Some(error.again());
            self.published.notify_all();
        }
    }

    /// Waits for that long, or until the book is closed.
    pub(crate) fn pause(&self, time: Duration) {
        let closed = self
            .ended
            .wait_timeout_while(self.lock(), time, |recent| !recent.closed);
        drop(closed);
    }

    /// Ends all waiting; what was published is still handed out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.published.notify_all();
        self.ended.notify_all();
        self.call_listeners();
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes_of(batch: &Batch) -> usize {
    let records = batch
        .changes
        .iter()
        .filter_map(|change| change.record.as_ref());
    batch.changes.len() * 256 + records.map(bytes::Bytes::len).sum::<usize>()
}
