//! Watching over the network: one driver for every face. It is asked for what comes next when the
//! client has room for it, so a slow client holds a position and little else.
//!
//! ```text
//! client has room ─► Watching::poll_told ─► Watch::poll_next ─► changes, as they are published
//!                        │      │               └─ behind what is in memory ─► reads the log, on a
//!                        │      └─ idle ─► progress                            thread of its own
//!                        └─ the server ends ─► the position, and the end
//! ```

pub(crate) mod event_stream;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use deedbook_api::problem::Problem;
use deedbook_book::{
    Event, MaySee, Position, Step, Watch, WatchError, WatchOptions, WatchedChange,
};
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_rules::visible::may_see_change;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use crate::access::Caller;
use crate::call::Call;
use crate::options::Limits;
use crate::refuse;
use crate::routes::changes::filter;
use crate::server::{Phase, Server};

/// How many watchers read the log at a time.
pub(crate) const READS: usize = 2;

/// All who watch.
pub(crate) struct Watchers {
    streams: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    most: usize,
}

impl Watchers {
    pub(crate) fn new(limits: &Limits) -> Watchers {
        Watchers {
            streams: Arc::new(Semaphore::new(limits.watches)),
            reads: Arc::new(Semaphore::new(READS)),
            most: limits.watches,
        }
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        permit.map_err(|_| {
            let detail = format!("{} watches are open, as many as may be", self.most);
            Problem::new(Code::Unavailable, detail)
                .with_hint("watch later, or ask for `GET /v1/changes` now and then")
        })
    }
}

/// What a watcher is told.
pub(crate) enum Told {
    /// A change, and whether it is the last that this watcher is told of its command.
    Change { change: WatchedChange, ends: bool },
    /// Nothing else came up to here.
    Progress(Position),
    /// The position asked for is gone or isn't of this history.
    Resync {
        from: Position,
        reason: &'static str,
    },
}

type Reading = Pin<Box<dyn Future<Output = Result<Box<Watch>, String>> + Send>>;

enum State {
    Following(Box<Watch>),
    /// The log is being read for it.
    Reading(Reading),
    /// It tells where it is, and is over.
    Ending,
    Over,
}

/// A watch of one client.
pub(crate) struct Watching {
    server: Arc<Server>,
    state: State,
    /// Everything up to this was told.
    position: Position,
    /// Where it ends, if it does.
    until: Option<Revision>,
    /// Whether it is known that the position is one of this history.
    is_checked: bool,
    /// Whether anything was told since the last look at the time.
    is_told: bool,
    /// When to look at the time; never before it was live.
    look: Option<Pin<Box<Sleep>>>,
    ending: Pin<Box<dyn Future<Output = ()> + Send>>,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    /// Begins to watch what a request asks for, if no more do than may.
    pub(crate) fn of(call: &Call) -> Result<Watching, Problem> {
        let server = &call.server;
        let after = after(call)?;
        let is_checked = after.is_none();
        let permit = server.watchers.admit()?;
        let head = server.book.view().head().revision;
        let watch = server.book.watch(WatchOptions {
            after,
            filter: filter(call),
            may_see: may_see(&call.caller),
            ..WatchOptions::default()
        });
        let watch = watch.map_err(refuse::book)?;
        let mut phase = server.phase.subscribe();
        Ok(Watching {
            server: Arc::clone(server),
            position: watch.position().clone(),
            state: State::Following(Box::new(watch)),
            until: call.query.flag("once").then_some(head),
            is_checked,
            is_told: false,
            look: None,
            ending: Box::pin(async move {
                // A server that is gone has ended.
                let _ = phase.wait_for(|phase| *phase == Phase::Ending).await;
            }),
            _permit: permit,
        })
    }

    /// The next thing to tell; `None`: that was all. The last is a progress that says from where to
    /// go on.
    pub(crate) fn poll_told(&mut self, context: &mut Context<'_>) -> Poll<Option<Told>> {
        loop {
            let step = match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::Ending => {
                    self.state = State::Over;
                    return Poll::Ready(Some(Told::Progress(self.position.clone())));
                }
                _ if self.server.is_ending() => {
                    self.state = State::Ending;
                    continue;
                }
                State::Reading(reading) => match reading.as_mut().poll(context) {
                    Poll::Ready(Ok(watch)) => {
                        self.state = State::Following(watch);
                        continue;
                    }
                    Poll::Ready(Err(error)) => {
                        self.fail(&error);
                        continue;
                    }
                    Poll::Pending if self.is_ending(context) => continue,
                    Poll::Pending => return Poll::Pending,
                },
                State::Following(watch) => {
                    let step = watch.poll_next(context);
                    self.position.clone_from(watch.position());
                    step
                }
            };
            match step {
                Poll::Ready(Ok(Step::Event(event))) => return Poll::Ready(Some(self.tell(event))),
                Poll::Ready(Ok(Step::Read)) => {
                    if self.is_checked && self.is_time_to_tell(context) {
                        return Poll::Ready(Some(Told::Progress(self.position.clone())));
                    }
                    self.is_checked = true;
                    self.read();
                }
                Poll::Ready(Err(WatchError::Book(error))) => self.fail(&error),
                Poll::Ready(Err(WatchError::TooSlow { .. } | WatchError::Closed { .. })) => {
                    self.state = State::Ending;
                }
                Poll::Pending if self.until.is_some() => self.state = State::Ending,
                Poll::Pending if self.is_ending(context) => {}
                Poll::Pending if self.is_time_to_tell(context) => {
                    return Poll::Ready(Some(Told::Progress(self.position.clone())));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn tell(&mut self, event: Event) -> Told {
        self.is_told = true;
        if self
            .until
            .is_some_and(|until| self.position.revision >= until)
        {
            self.state = State::Ending;
        }
        match event {
            Event::Change(change) => Told::Change {
                ends: self.position.revision >= change.command.last,
                change,
            },
            Event::Progress(position) => Told::Progress(position),
            Event::Resync { from, reason } => Told::Resync { from, reason },
        }
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        let message = format!("a watch ends at {}: {error}", self.position);
        self.server.journal().fault(&message);
        self.state = State::Ending;
    }

    /// Whether the server ends; otherwise the task is woken when it does.
    fn is_ending(&mut self, context: &mut Context<'_>) -> bool {
        self.ending.as_mut().poll(context).is_ready()
    }

    /// Whether nothing was told for a while; at once when it is asked for the first time.
    fn is_time_to_tell(&mut self, context: &mut Context<'_>) -> bool {
        let pause = self.server.options.limits.progress_time;
        let Some(look) = &mut self.look else {
            let mut look = Box::pin(sleep(pause));
            // Registers who is to be woken; it isn't over yet.
            let _ = look.as_mut().poll(context);
            self.look = Some(look);
            return true;
        };
        while look.as_mut().poll(context).is_ready() {
            look.as_mut().reset(Instant::now() + pause);
            if !std::mem::take(&mut self.is_told) {
                return true;
            }
        }
        false
    }

    /// Lets the log be read for it.
    fn read(&mut self) {
        let State::Following(mut watch) = std::mem::replace(&mut self.state, State::Over) else {
            return;
        };
        let turns = Arc::clone(&self.server.watchers.reads);
        self.state = State::Reading(Box::pin(async move {
            let turn = turns.acquire_owned().await;
            let read = move || {
                let _turn = turn;
                watch.read().map(|()| watch)
            };
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(watch)) => Ok(watch),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        }));
    }
}

/// From where: a browser that connects again knows better than the address that it was given.
fn after(call: &Call) -> Result<Option<Position>, Problem> {
    let (name, text) = match call.header("last-event-id")? {
        Some(id) if !id.is_empty() => ("Last-Event-ID", id),
        _ => match call.query.text("after") {
            Some(text) => ("after", text),
            None => return Ok(None),
        },
    };
    let position = text.parse().map(Some);
    position.map_err(|error| Problem::parameter(name, format!("{error}")))
}

/// Which changes a caller may see; `None`: all.
fn may_see(caller: &Caller) -> Option<Arc<MaySee>> {
    if caller.is_admin() {
        return None;
    }
    let rights = caller.rights().clone();
    Some(Arc::new(move |change, before| {
        may_see_change(&rights, change, || before)
    }))
}
