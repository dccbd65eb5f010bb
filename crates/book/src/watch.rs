//! Watching: history, then live, every change once and in order, a command never split.
//!
//! A watcher holds a position and nothing else; batches are shared, or read from the log when it
//! is far behind. So one that is slow costs the others nothing.

pub(crate) mod waiting;

use std::collections::VecDeque;
use std::fmt;
use std::iter::Peekable;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use std::vec::IntoIter;

use bytes::Bytes;
use deedbook_log::{LogError, ReadLimit};
use deedbook_model::{Batch, Change, Head, Kind, Revision};

use crate::error::BookError;
use crate::past_records::PastRecords;
use crate::position::Position;
use crate::published::{Published, WatchedChange};
use crate::sequencer::read_checked;
use crate::shared::{Next, Shared};
use waiting::{WaiterId, Wanted};

/// How much of the log one step reads. A watcher that is slow then holds it.
const PIECE: ReadLimit = ReadLimit {
    batches: 1024,
    bytes: 256 << 10,
};

/// How far a watcher that was live may fall behind before it is closed, in changes.
pub const DEFAULT_MAX_LAG: u64 = 1_000_000;

/// Why a watch whose position is no longer kept starts anew.
pub const BELOW_FLOOR: &str = "the position is below the floor";

/// Which changes are wanted; all given filters must hold.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this key.
    pub key: Option<String>,
    /// Only keys that begin with this.
    pub key_prefix: Option<String>,
    /// Only this actor's.
    pub actor: Option<String>,
}

impl ChangeFilter {
    /// Whether a change is wanted.
    #[must_use]
    pub fn fits(&self, change: &Change) -> bool {
        self.kind.as_ref().is_none_or(|kind| *kind == change.kind)
            && self.key.as_deref().is_none_or(|key| *key == *change.key)
            && self
                .key_prefix
                .as_deref()
                .is_none_or(|prefix| change.key.starts_with(prefix))
            && self
                .actor
                .as_deref()
                .is_none_or(|actor| *actor == *change.command.actor)
    }
}

/// Whether a reader may see a change: given it and the stored form of the record before it.
pub type MaySee = dyn Fn(&Change, Option<&Bytes>) -> bool + Send + Sync;

/// What to watch.
#[derive(Clone)]
pub struct WatchOptions {
    /// Everything up to this was seen already; `None`: begin with what comes from now on.
    pub after: Option<Position>,
    /// Which changes are wanted.
    pub filter: ChangeFilter,
    /// Which of them the reader may see; `None`: all.
    pub may_see: Option<Arc<MaySee>>,
    /// How far it may fall behind, in changes, once it was live; then it is closed.
    pub max_lag: u64,
}

impl Default for WatchOptions {
    fn default() -> Self {
        WatchOptions {
            after: None,
            filter: ChangeFilter::default(),
            may_see: None,
            max_lag: DEFAULT_MAX_LAG,
        }
    }
}

impl fmt::Debug for WatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchOptions")
            .field("after", &self.after)
            .field("filter", &self.filter)
            .field("sees_all", &self.may_see.is_none())
            .field("max_lag", &self.max_lag)
            .finish()
    }
}

/// What a watcher sees.
#[derive(Clone, Debug)]
pub enum Event {
    /// A change; its position is known once the last change of its command was seen.
    Change(WatchedChange),
    /// No change that fits up to here.
    Progress(Position),
    /// The position asked for is gone or isn't of this history: start from `from`, with the
    /// state there read anew.
    Resync {
        /// Where to start.
        from: Position,
        /// Why, for people.
        reason: &'static str,
    },
}

/// What a watcher that doesn't wait is told.
#[derive(Clone, Debug)]
pub enum Step {
    /// Something came.
    Event(Event),
    /// What comes next is in the log: call [`Watch::read`] where blocking does no harm, then go on.
    Read,
}

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It fell too far behind. Watch again from its position.
    #[error("too slow: at {position}, while the book is at {head}; watch again from there")]
    TooSlow {
        /// Everything up to this was handed out.
        position: Position,
        /// The book's revision.
        head: Revision,
    },
    /// The book was closed.
    #[error("the book was closed")]
    Closed {
        /// Everything up to this was handed out.
        position: Position,
    },
    /// Reading the log failed.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// A reader of changes: history, then live.
pub struct Watch {
    shared: Arc<Shared>,
    id: WaiterId,
    filter: Arc<ChangeFilter>,
    may_see: Option<Arc<MaySee>>,
    max_lag: u64,
    /// Everything up to this was handed out.
    position: Position,
    /// Everything up to this was read.
    read: Position,
    /// What was read but not handed out.
    pending: VecDeque<Pending>,
    /// Whether the position that was asked for is known to be one of this history.
    is_checked: bool,
    was_live: bool,
    /// What others read of the past at the same time; while it isn't live.
    past: Option<Arc<PastRecords>>,
}

/// What comes next.
enum Pending {
    /// The changes of a batch that are wanted, by index.
    Changes(Arc<Published>, Peekable<IntoIter<usize>>),
    /// The watch starts anew.
    Resync(Position, &'static str),
}

impl Watch {
    pub(crate) fn start(shared: Arc<Shared>, options: WatchOptions) -> Watch {
        let is_checked = options.after.is_none();
        let position = options
            .after
            .unwrap_or_else(|| Position::from(shared.head()));
        Watch {
            id: shared.new_waiter(),
            shared,
            filter: Arc::new(options.filter),
            may_see: options.may_see,
            max_lag: options.max_lag,
            read: position.clone(),
            position,
            pending: VecDeque::new(),
            is_checked,
            was_live: false,
            past: None,
        }
    }

    /// Everything up to this was handed out: the end of a command, so that watching again from here
    /// repeats the changes of one that was handed out in part, and misses none.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The next event; [`Event::Progress`] when none came within `timeout`.
    ///
    /// # Errors
    /// [`WatchError`] when the watch ended; it names the position to watch again from.
    pub fn next(&mut self, timeout: Duration) -> Result<Event, WatchError> {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let mut waited = false;
        loop {
            match self.poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Ok(Step::Event(event))) => return Ok(event),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Ready(Ok(Step::Read)) => {
                    let was_checked = self.is_checked;
                    self.read()?;
                    if was_checked && self.pending.is_empty() {
                        return Ok(Event::Progress(self.position.clone()));
                    }
                }
                Poll::Pending if waited => return Ok(Event::Progress(self.position.clone())),
                Poll::Pending => {
                    bell.wait(timeout);
                    waited = true;
                }
            }
        }
    }

    /// The next step, without waiting and without reading the log. While there is none, the task is
    /// woken by the next change that fits the filter and by nothing else.
    ///
    /// # Errors
    /// As [`Watch::next`].
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Step, WatchError>> {
        loop {
            if let Some(event) = self.pop() {
                return Poll::Ready(Ok(Step::Event(event)));
            }
            if !self.is_checked {
                return Poll::Ready(Ok(Step::Read));
            }
            let wanted = Wanted {
                after: self.read.revision,
                filter: Arc::clone(&self.filter),
            };
            let (passed, next) = self.shared.poll_after(self.id, &wanted, context.waker());
            self.pass(passed);
            match next {
                Next::Batches(batches) => {
                    self.check_lag()?;
                    self.live();
                    batches.into_iter().for_each(|batch| self.take(batch));
                    self.skip_what_was_not_wanted();
                }
                Next::FromLog => {
                    self.check_lag()?;
                    return Poll::Ready(Ok(Step::Read));
                }
                Next::Nothing => {
                    self.live();
                    return Poll::Pending;
                }
                Next::Failed(error) => return Poll::Ready(Err(error.into())),
                Next::Closed => {
                    return Poll::Ready(Err(WatchError::Closed {
                        position: self.position.clone(),
                    }));
                }
            }
        }
    }

    /// From now on the reader may see this; `None`: all. What was read already and not handed out
    /// is looked at again.
    pub fn see(&mut self, may_see: Option<Arc<MaySee>>) {
        self.may_see = may_see;
        for pending in &mut self.pending {
            if let Pending::Changes(published, wanted) = pending {
                let seen = wanted.filter(|index| is_seen(published, *index, &self.may_see));
                *wanted = seen.collect::<Vec<_>>().into_iter().peekable();
            }
        }
    }

    /// Reads what [`Step::Read`] asks for. Blocks, for as long as a file or database takes.
    ///
    /// # Errors
    /// As [`Watch::next`].
    pub fn read(&mut self) -> Result<(), WatchError> {
        if self.is_checked {
            self.read_log()?;
        } else {
            if let Some(reason) = self.foreign()? {
                self.resync(reason);
            }
            self.is_checked = true;
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<Event> {
        loop {
            match self.pending.front_mut()? {
                Pending::Resync(from, reason) => {
                    let (from, reason) = (from.clone(), *reason);
                    self.pending.pop_front();
                    self.position = from.clone();
                    self.skip_what_was_not_wanted();
                    return Some(Event::Resync { from, reason });
                }
                Pending::Changes(published, wanted) => {
                    let change = wanted.next().and_then(|i| WatchedChange::of(published, i));
                    let Some(change) = change else {
                        self.pending.pop_front();
                        self.skip_what_was_not_wanted();
                        continue;
                    };
                    let head = published.batch.head;
                    let next = wanted.peek();
                    match next.and_then(|next| published.batch.changes.get(*next)) {
                        None => {
                            self.position = Position::from(head);
                            self.pending.pop_front();
                            self.skip_what_was_not_wanted();
                        }
                        Some(next) if next.command.first != change.command.first => {
                            self.position = change.end();
                        }
                        Some(_) => {}
                    }
                    return Some(Event::Change(change));
                }
            }
        }
    }

    fn skip_what_was_not_wanted(&mut self) {
        if self.pending.is_empty() {
            self.position.clone_from(&self.read);
        }
    }

    /// Goes on to where nothing came that is wanted.
    fn pass(&mut self, passed: Option<Head>) {
        if let Some(head) = passed.filter(|head| head.revision > self.read.revision) {
            self.read = Position::from(head);
            self.position = self.read.clone();
        }
    }

    fn live(&mut self) {
        self.was_live = true;
        self.past = None;
    }

    fn check_lag(&self) -> Result<(), WatchError> {
        let head = self.shared.head().revision;
        if self.was_live && head.since(self.position.revision) > self.max_lag {
            return Err(WatchError::TooSlow {
                position: self.position.clone(),
                head,
            });
        }
        Ok(())
    }

    fn read_log(&mut self) -> Result<(), WatchError> {
        let result = read_checked(&self.shared, self.read.revision, PIECE);
        let result = result.and_then(|batches| {
            // What was appended but isn't visible yet comes when it is.
            let head = self.shared.head().revision;
            let visible = batches.into_iter();
            visible
                .take_while(|batch| batch.head.revision <= head)
                .try_for_each(|batch| self.take_past(batch))
        });
        match result {
            Err(BookError::Log(LogError::Compacted { .. })) => {
                self.resync(BELOW_FLOOR);
            }
            other => other?,
        }
        self.skip_what_was_not_wanted();
        Ok(())
    }

    /// Takes a batch out of the log. What its changes replaced is looked up where they are wanted.
    fn take_past(&mut self, batch: Batch) -> Result<(), BookError> {
        let past = self.past.get_or_insert_with(|| self.shared.past_records());
        let wanted =
            |change: &Change| change.revision > self.read.revision && self.filter.fits(change);
        let before = batch.changes.iter().map(|change| {
            let wanted = wanted(change).then(|| past.before(&self.shared, change));
            Ok(wanted.transpose()?.flatten())
        });
        let before = before.collect::<Result<_, BookError>>()?;
        self.take(Arc::new(Published::new(batch, before)));
        Ok(())
    }

    fn take(&mut self, published: Arc<Published>) {
        let batch = &published.batch;
        let seen = self.read.revision;
        self.read = Position::from(batch.head);
        let is_wanted = |index: &usize| {
            let Some(change) = WatchedChange::of(&published, *index) else {
                return false;
            };
            change.revision > seen
                && self.filter.fits(&change)
                && is_seen(&published, *index, &self.may_see)
        };
        let wanted: Vec<usize> = (0..batch.changes.len()).filter(is_wanted).collect();
        if !wanted.is_empty() {
            let wanted = wanted.into_iter().peekable();
            self.pending.push_back(Pending::Changes(published, wanted));
        }
    }

    fn resync(&mut self, reason: &'static str) {
        let from = Position::from(self.shared.head());
        self.read = from.clone();
        self.pending.push_back(Pending::Resync(from, reason));
    }

    /// Why the position isn't one of this history, if it isn't.
    fn foreign(&self) -> Result<Option<&'static str>, BookError> {
        let at = self.position.revision;
        // Another server's answer may be ahead of what is seen here.
        if at > self.shared.head().revision && at > self.shared.log.head()?.revision {
            return Ok(Some("the position is of the future"));
        }
        let floor = self.shared.log.floor()?;
        if at < floor {
            return Ok(Some(BELOW_FLOOR));
        }
        let Some(chain) = self.position.chain.as_ref().filter(|_| at > Revision::ZERO) else {
            return Ok(None);
        };
        let here = if at == floor {
            let info = self.shared.log.snapshot(floor)?;
            info.map(|info| info.head.chain)
        } else {
            let one = ReadLimit {
                batches: 1,
                ..ReadLimit::default()
            };
            let holds = self.shared.log.read(Revision(at.0 - 1), one)?;
            holds.first().map(|batch| batch.chain)
        };
        let same = here.is_some_and(|here| here.short() == *chain);
        Ok((!same).then_some("the position is of another history"))
    }
}

fn is_seen(published: &Arc<Published>, index: usize, may_see: &Option<Arc<MaySee>>) -> bool {
    let Some(may_see) = may_see else {
        return true;
    };
    let change = WatchedChange::of(published, index);
    change.is_some_and(|change| may_see(&change, change.before()))
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.forget_waiter(self.id);
    }
}

/// Wakes a thread.
#[derive(Default)]
struct Bell {
    rang: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    fn wait(&self, timeout: Duration) {
        let rang = self.rang.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether it rang or the time is over: the watcher looks.
        let _ = self.rings.wait_timeout_while(rang, timeout, |rang| !*rang);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rang.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rings.notify_all();
    }
}
