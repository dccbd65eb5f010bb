//! What all parts of a running book see: the newest view, the latest batches, and when they change.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::task::Waker;
use std::time::Duration;

use arc_swap::ArcSwap;
use deedbook_log::Log;
use deedbook_model::code::Code;
use deedbook_model::{Head, Revision};

use crate::error::BookError;
use crate::past_records::PastRecords;
use crate::published::Published;
use crate::view::View;
use crate::watch::waiting::{Passed, WaiterId, Waiting, Wanted};

/// How many bytes of records the latest batches may hold for watchers that are nearly live.
const RECENT_BYTES: usize = 16 << 20;

/// How many bytes of them somebody takes at once, so that one that is slow then holds no more.
const AT_ONCE_BYTES: usize = 1 << 20;

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
    past: Mutex<Weak<PastRecords>>,
}

/// Called with each new view.
pub(crate) type Listener = Box<dyn Fn(&View) + Send + Sync>;

/// The latest batches, oldest first, without a gap up to the view.
#[derive(Default)]
struct Recent {
    batches: VecDeque<Arc<Published>>,
    bytes: usize,
    closed: bool,
    waiting: Waiting,
    /// Why nothing of the log is taken any more.
    fault: Option<BookError>,
}

/// What nobody who comes now sees any more. Taking it apart costs a tenth of what making it did.
pub(crate) struct Displaced {
    _view: Arc<View>,
    _batches: Vec<Arc<Published>>,
}

/// What a watcher at some position is to do.
pub(crate) enum Next {
    /// These batches come next.
    Batches(Vec<Arc<Published>>),
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
            past: Mutex::default(),
        }
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    pub(crate) fn head(&self) -> Head {
        self.view.load().head
    }

    /// Makes a view and the batches that led to it visible, together. Returns what they displaced.
    /// [`Shared::wake_followers`] is to be called soon after.
    pub(crate) fn publish(&self, view: View, batches: Vec<Published>) -> Displaced {
        let mut oldest_batches = Vec::new();
        let mut wakers = Vec::new();
        let mut recent = self.lock();
        for published in batches {
            wakers.append(&mut recent.waiting.woken_by(&published.batch));
            recent.bytes += published.bytes();
            recent.batches.push_back(Arc::new(published));
        }
        while recent.bytes > RECENT_BYTES && recent.batches.len() > 1 {
            if let Some(oldest) = recent.batches.pop_front() {
                recent.bytes -= oldest.bytes();
                oldest_batches.push(oldest);
            }
        }
        let view = self.view.swap(Arc::new(view));
        drop(recent);
        wakers.into_iter().for_each(Waker::wake);
        self.call_listeners();
        Displaced {
            _view: view,
            _batches: oldest_batches,
        }
    }

    /// Wakes the threads that wait for what is published. To wake a thread takes longer than most
    /// steps of a commit, so whoever waits for an answer has it first.
    pub(crate) fn wake_followers(&self) {
        self.published.notify_all();
    }

    pub(crate) fn on_publish(&self, listener: Listener) {
        let listeners = self.listeners.write();
        listeners
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    fn call_listeners(&self) {
        let view = self.view();
        let listeners = self.listeners.read();
        for listener in &*listeners.unwrap_or_else(PoisonError::into_inner) {
            listener(&view);
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
        recent.after(self.head().revision, position)
    }

    /// A name for a watcher.
    pub(crate) fn new_waiter(&self) -> WaiterId {
        self.lock().waiting.new_id()
    }

    /// The batches after what a watcher has read. Where there are none it is woken by the next that
    /// holds something it wants. Says as well how far nothing came that it wants.
    pub(crate) fn poll_after(
        &self,
        id: WaiterId,
        wanted: &Wanted,
        waker: &Waker,
    ) -> (Option<Head>, Next) {
        let mut recent = self.lock();
        let head = self.head();
        let passed = match recent.waiting.end(id) {
            Passed::Unknown => None,
            Passed::To(passed) => Some(passed),
            Passed::All => Some(head),
        };
        let mut wanted = wanted.clone();
        if let Some(passed) = passed {
            wanted.after = wanted.after.max(passed.revision);
        }
        let next = recent.after(head.revision, wanted.after);
        if matches!(next, Next::Nothing) {
            recent.waiting.wait(id, wanted, waker);
        }
        (passed, next)
    }

    /// Ends somebody's waiting for good.
    pub(crate) fn forget_waiter(&self, id: WaiterId) {
        self.lock().waiting.end(id);
    }

    /// What others have read of the past, for those who read it at the same time.
    pub(crate) fn past_records(&self) -> Arc<PastRecords> {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.upgrade().unwrap_or_else(|| {
            let made = Arc::new(PastRecords::default());
            *past = Arc::downgrade(&made);
            made
        })
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
        if error.code() != Code::Integrity {
            return;
        }
        let mut recent = self.lock();
        recent.fault = Some(error.again());
        let wakers = recent.waiting.all_woken_at(self.head());
        drop(recent);
        self.published.notify_all();
        wakers.into_iter().for_each(Waker::wake);
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
        let mut recent = self.lock();
        recent.closed = true;
        let wakers = recent.waiting.all_woken_at(self.head());
        drop(recent);
        self.published.notify_all();
        self.ended.notify_all();
        self.call_listeners();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    /// What comes after `position` in a book that is at `head`.
    fn after(&self, head: Revision, position: Revision) -> Next {
        if head <= position {
            return match &self.fault {
                _ if self.closed => Next::Closed,
                Some(fault) => Next::Failed(fault.again()),
                None => Next::Nothing,
            };
        }
        let oldest = self.batches.front();
        let oldest = oldest.map(|published| published.batch.previous.revision);
        if oldest.is_none_or(|oldest| oldest > position) {
            return Next::FromLog;
        }
        let from = self
            .batches
            .partition_point(|published| published.batch.head.revision <= position);
        let mut bytes = 0;
        let some = self.batches.iter().skip(from).take_while(|published| {
            let takes = bytes < AT_ONCE_BYTES;
            bytes += published.bytes();
            takes
        });
        Next::Batches(some.cloned().collect())
    }
}
