//! Watching: history, then live, every change once and in order, a command never split.
//!
//! A watcher holds a position and nothing else; batches are shared, or read from the log when it
//! is far behind. So one that is slow costs the others nothing.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deedbook_log::{LogError, ReadLimit};
use deedbook_model::{Batch, Change, Head, Kind, Revision};

use crate::error::BookError;
use crate::sequencer::read_checked;
use crate::shared::{Next, Shared};

/// How far a watcher that was live may fall behind before it is closed, in changes.
pub const DEFAULT_MAX_LAG: u64 = 1_000_000;

/// A place in one history: a revision, and the first eight hex digits of the chain of the batch
/// that holds it, where they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Everything up to this was seen.
    pub revision: Revision,
    /// First eight hex digits of the chain.
    pub chain: Option<String>,
}

impl Position {
    /// Before the first change.
    pub const START: Position = Position {
        revision: Revision::ZERO,
        chain: None,
    };
}

impl From<Head> for Position {
    fn from(head: Head) -> Self {
        Position {
            revision: head.revision,
            chain: (head.revision > Revision::ZERO).then(|| head.chain.short()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chain {
            Some(chain) => write!(f, "{}-{chain}", self.revision),
            None => self.revision.fmt(f),
        }
    }
}

/// Text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is a revision, or a revision, `-` and eight hex digits")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (revision, chain) = match text.split_once('-') {
            Some((revision, chain)) => (revision, Some(chain)),
            None => (text, None),
        };
        let is_chain = |c: &str| c.len() == 8 && c.bytes().all(|b| b.is_ascii_hexdigit());
        if chain.is_some_and(|chain| !is_chain(chain))
            || !revision.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(NotAPosition);
        }
        Ok(Position {
            revision: Revision(revision.parse().map_err(|_| NotAPosition)?),
            chain: chain.map(str::to_ascii_lowercase),
        })
    }
}

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

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// Everything up to this was seen already; `None`: begin with what comes from now on.
    pub after: Option<Position>,
    /// Which changes are wanted.
    pub filter: ChangeFilter,
    /// How far it may fall behind, in changes, once it was live; then it is closed.
    pub max_lag: u64,
}

impl Default for WatchOptions {
    fn default() -> Self {
        WatchOptions {
            after: None,
            filter: ChangeFilter::default(),
            max_lag: DEFAULT_MAX_LAG,
        }
    }
}

/// What a watcher sees.
#[derive(Clone, Debug)]
pub enum Event {
    /// A change; its position is known once the last change of its command was seen.
    Change(Change),
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
    options: WatchOptions,
    /// Everything up to this was handed out.
    position: Position,
    /// Everything up to this was read.
    read: Position,
    /// What was read but not handed out, each with the position after it.
    pending: VecDeque<(Event, Position)>,
    was_live: bool,
}

impl Watch {
    pub(crate) fn start(shared: Arc<Shared>, options: WatchOptions) -> Result<Watch, BookError> {
        let head = Position::from(shared.head());
        let position = options.after.clone().unwrap_or(head);
        let mut watch = Watch {
            shared,
            read: position.clone(),
            position,
            options,
            pending: VecDeque::new(),
            was_live: false,
        };
        if let Some(reason) = watch.foreign()? {
            watch.resync(reason);
        }
        Ok(watch)
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
        loop {
            if let Some((event, after)) = self.pending.pop_front() {
                self.position = after;
                self.skip_what_was_not_wanted();
                return Ok(event);
            }
            self.check_lag()?;
            match self.shared.next_after(self.read.revision, timeout) {
                Next::Batches(batches) => {
                    self.was_live = true;
                    batches.iter().for_each(|batch| self.take(batch));
                }
                Next::FromLog => self.read_log()?,
                Next::Nothing => {
                    self.was_live = true;
                    return Ok(Event::Progress(self.position.clone()));
                }
                Next::Failed(error) => return Err(error.into()),
                Next::Closed => {
                    return Err(WatchError::Closed {
                        position: self.position.clone(),
                    });
                }
            }
            self.skip_what_was_not_wanted();
            if self.pending.is_empty() {
                return Ok(Event::Progress(self.position.clone()));
            }
        }
    }

    fn skip_what_was_not_wanted(&mut self) {
        if self.pending.is_empty() {
            self.position = self.read.clone();
        }
    }

    fn check_lag(&self) -> Result<(), WatchError> {
        let head = self.shared.head().revision;
        if self.was_live && head.since(self.position.revision) > self.options.max_lag {
            return Err(WatchError::TooSlow {
                position: self.position.clone(),
                head,
            });
        }
        Ok(())
    }

    fn read_log(&mut self) -> Result<(), WatchError> {
        match read_checked(&self.shared, self.read.revision, ReadLimit::default()) {
            Ok(batches) => batches.iter().for_each(|batch| self.take(batch)),
            Err(BookError::Log(LogError::Compacted { .. })) => {
                self.resync("the position is below the floor");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn take(&mut self, batch: &Batch) {
        let head = Position::from(batch.head);
        let seen = self.read.revision;
        let wanted = batch.changes.iter().filter(|change| change.revision > seen);
        let mut wanted = wanted
            .filter(|change| self.options.filter.fits(change))
            .peekable();
        let mut after = self.read.clone();
        while let Some(change) = wanted.next() {
            match wanted.peek() {
                None => after = head.clone(),
                Some(next) if next.command.first != change.command.first => {
                    after.revision = change.command.last;
                    after.chain.clone_from(&head.chain);
                }
                Some(_) => {}
            }
            self.pending
                .push_back((Event::Change(change.clone()), after.clone()));
        }
        self.read = head;
    }

    fn resync(&mut self, reason: &'static str) {
        let from = Position::from(self.shared.head());
        self.read = from.clone();
        let resync = Event::Resync {
            from: from.clone(),
            reason,
        };
        self.pending.push_back((resync, from));
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
            return Ok(Some("the position is below the floor"));
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
