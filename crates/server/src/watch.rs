//! Watching over the network: one driver for every face. It is asked for what comes next when the
//! client has room for it, so a slow client holds a position and little else.
//!
//! ```text
//! client has room ─► Watching::poll_told ─► Watch::poll_next ─► changes, as they are published
//!                        │      │               └─ behind what is in memory ─► reads the log, on a
//!                        │      └─ idle ─► progress                            thread of its own
//!                        └─ the server or the credential ends ─► the position, and the end
//! ```

pub(crate) mod control_stream;
pub(crate) mod event_stream;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use deedbook_api::problem::Problem;
use deedbook_book::{
    ChangeFilter, Event, MaySee, Position, Step, Watch, WatchError, WatchOptions, WatchedChange,
};
use deedbook_model::code::Code;
use deedbook_model::{Capability, Change, Resource, Revision, Rights};
use deedbook_rules::visible::may_see_change;
use http::HeaderValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use crate::access::Standing;
use crate::call::Call;
use crate::journal::Level;
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

    /// How many watch.
    pub(crate) fn open(&self) -> usize {
        self.most.saturating_sub(self.streams.available_permits())
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

/// Which changes a watch is about beside what the book's filter says, and who may see them.
pub(crate) trait Lens: Send + Sync {
    /// Whether it is about all that the book's filter leaves.
    fn is_about_all(&self) -> bool;

    /// Whether it is about a change, given the stored form of the record before it.
    fn is_about(&self, change: &Change, before: Option<&Bytes>) -> bool;

    /// Whether whoever has these rights may see all that it is about.
    fn shows_all(&self, rights: &Rights) -> bool;

    /// Whether whoever has these rights may see a change.
    fn shows(&self, rights: &Rights, change: &Change, before: Option<&Bytes>) -> bool;
}

/// Every change, shown as the book's rules say.
struct Everything;

impl Lens for Everything {
    fn is_about_all(&self) -> bool {
        true
    }

    fn is_about(&self, _change: &Change, _before: Option<&Bytes>) -> bool {
        true
    }

    fn shows_all(&self, rights: &Rights) -> bool {
        rights.allows(Capability::Admin, Resource::Book)
    }

    fn shows(&self, rights: &Rights, change: &Change, before: Option<&Bytes>) -> bool {
        may_see_change(rights, change, || before)
    }
}

/// How a watch begins.
pub(crate) struct Begin {
    /// Everything up to this was seen already; `None`: begin with what comes from now on.
    pub(crate) after: Option<Position>,
    pub(crate) filter: ChangeFilter,
    pub(crate) lens: Arc<dyn Lens>,
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
    /// The credential isn't good for it any more. This is the end.
    Refused(Box<Problem>),
}

type Reading = Pin<Box<dyn Future<Output = Result<Box<Watch>, String>> + Send>>;

enum State {
    Following(Box<Watch>),
    /// The log is being read for it.
    Reading(Reading),
    /// It tells where it is and, where it was refused, why; and is over.
    Ending(Option<Box<Problem>>),
    Refusing(Box<Problem>),
    Over,
}

/// A watch of one client.
pub(crate) struct Watching {
    server: Arc<Server>,
    state: State,
    standing: Standing,
    lens: Arc<dyn Lens>,
    /// What it is about and the caller may see; `None`: all.
    may_see: Option<Arc<MaySee>>,
    /// Whether that changed while the log was read.
    is_sight_new: bool,
    request_id: HeaderValue,
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
        let begin = Begin {
            after: after(call)?,
            filter: filter(call),
            lens: Arc::new(Everything),
        };
        Watching::begin(call, begin)
    }

    /// The same of what was read from the request.
    pub(crate) fn begin(call: &Call, begin: Begin) -> Result<Watching, Problem> {
        let server = &call.server;
        let Begin {
            after,
            filter,
            lens,
        } = begin;
        let is_checked = after.is_none();
        let permit = server.watchers.admit()?;
        let standing = Standing::of(call);
        let may_see = may_see(server, &standing, &lens);
        let head = server.book.view().head().revision;
        let watch = server.book.watch(WatchOptions {
            after,
            filter,
            may_see: may_see.clone(),
            ..WatchOptions::default()
        });
        let watch = watch.map_err(refuse::book)?;
        let mut phase = server.phase.subscribe();
        Ok(Watching {
            server: Arc::clone(server),
            position: watch.position().clone(),
            state: State::Following(Box::new(watch)),
            standing,
            lens,
            may_see,
            is_sight_new: false,
            request_id: call.request_id.clone(),
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

    /// The next thing to tell; `None`: that was all. Before the end comes a progress that says from
    /// where to go on.
    pub(crate) fn poll_told(&mut self, context: &mut Context<'_>) -> Poll<Option<Told>> {
        loop {
            let told = match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::Refusing(_) | State::Ending(_) => return Poll::Ready(self.last_words()),
                _ if self.server.is_ending() => {
                    self.state = State::Ending(None);
                    continue;
                }
                State::Reading(reading) => {
                    let read = reading.as_mut().poll(context);
                    self.poll_read(read, context)
                }
                State::Following(watch) => {
                    let step = watch.poll_next(context);
                    self.poll_step(step, context)
                }
            };
            match told {
                Poll::Ready(None) => {}
                told => return told,
            }
        }
    }

    fn last_words(&mut self) -> Option<Told> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Ending(refused) => {
                self.state = refused.map_or(State::Over, State::Refusing);
                Some(Told::Progress(self.position.clone()))
            }
            State::Refusing(problem) => Some(Told::Refused(problem)),
            State::Following(_) | State::Reading(_) | State::Over => None,
        }
    }

    /// Goes on with what was read; `None`: look again.
    fn poll_read(
        &mut self,
        read: Poll<Result<Box<Watch>, String>>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Told>> {
        match read {
            Poll::Ready(Ok(mut watch)) => {
                if std::mem::take(&mut self.is_sight_new) {
                    watch.see(self.may_see.clone());
                }
                self.state = State::Following(watch);
            }
            Poll::Ready(Err(error)) => self.fail(&error),
            Poll::Pending if self.is_over(context) => {}
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(None)
    }

    /// What a step leads to; `None`: look again.
    fn poll_step(
        &mut self,
        step: Poll<Result<Step, WatchError>>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Told>> {
        if let Poll::Ready(Ok(Step::Event(event))) = step {
            return Poll::Ready(self.tell(event));
        }
        self.note_position();
        match step {
            Poll::Ready(Ok(Step::Event(_) | Step::Read)) => {
                if self.is_checked
                    && let Poll::Ready(told) = self.poll_tick(context)
                {
                    return Poll::Ready(told);
                }
                self.is_checked = true;
                self.read();
            }
            Poll::Ready(Err(WatchError::Book(error))) => self.fail(&error),
            Poll::Ready(Err(WatchError::TooSlow { .. } | WatchError::Closed { .. })) => {
                self.state = State::Ending(None);
            }
            Poll::Pending if self.until.is_some() => self.state = State::Ending(None),
            Poll::Pending if self.is_over(context) => {}
            Poll::Pending => return self.poll_tick(context),
        }
        Poll::Ready(None)
    }

    fn note_position(&mut self) {
        if let State::Following(watch) = &self.state {
            self.position.clone_from(watch.position());
        }
    }

    /// Tells an event, if the caller may still see it.
    fn tell(&mut self, event: Event) -> Option<Told> {
        let standing = self.standing.check();
        if !self.goes_on(standing) {
            return None;
        }
        self.note_position();
        if let Event::Change(change) = &event
            && !self.sees(change)
        {
            // It was let through to be judged by what the caller may see by now.
            self.renew_sight();
            let is_whole = self.position.revision >= change.command.last;
            return is_whole.then(|| Told::Progress(self.position.clone()));
        }
        self.is_told = true;
        if self
            .until
            .is_some_and(|until| self.position.revision >= until)
        {
            self.state = State::Ending(None);
        }
        Some(match event {
            Event::Change(change) => Told::Change {
                ends: self.position.revision >= change.command.last,
                change,
            },
            Event::Progress(position) => Told::Progress(position),
            Event::Resync { from, reason } => Told::Resync { from, reason },
        })
    }

    /// Whether the caller may go on; if with other rights, it sees no more than those allow.
    fn goes_on(&mut self, standing: Result<bool, Problem>) -> bool {
        match standing {
            Ok(false) => true,
            Ok(true) => {
                self.renew_sight();
                true
            }
            Err(problem) => {
                self.note_refusal(&problem);
                self.state = State::Ending(Some(Box::new(problem)));
                false
            }
        }
    }

    /// Whether the caller may see a change that the watch is about.
    fn sees(&self, change: &WatchedChange) -> bool {
        let rights = self.standing.caller().rights();
        self.lens.shows_all(rights) || self.lens.shows(rights, change, change.before())
    }

    fn renew_sight(&mut self) {
        self.may_see = may_see(&self.server, &self.standing, &self.lens);
        match &mut self.state {
            State::Following(watch) => watch.see(self.may_see.clone()),
            _ => self.is_sight_new = true,
        }
    }

    fn note_refusal(&self, problem: &Problem) {
        let journal = self.server.journal();
        journal.line(Level::Info, "a watch is ended", |line| {
            line.text("requestId", self.request_id.to_str().unwrap_or_default());
            if let Some(actor) = self.standing.caller().name() {
                line.text("actor", actor);
            }
            line.text("position", &self.position);
            line.text("code", problem.code.as_str());
            line.text("detail", &problem.detail);
        });
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        let message = format!("a watch ends at {}: {error}", self.position);
        self.server.journal().fault(&message);
        self.state = State::Ending(None);
    }

    /// Whether the server ends, or the caller may not go on; otherwise the task is woken when one
    /// of them happens.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        if self.ending.as_mut().poll(context).is_ready() {
            return true;
        }
        let standing = self.standing.look(context);
        !self.goes_on(standing)
    }

    /// Tells how far the book is where nothing was told for a while; at once when it is asked for
    /// the first time. Whether the caller may go on is asked as often; `None`: it may not.
    fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Option<Told>> {
        let pause = self.server.options.limits.progress_time;
        let progress = |watching: &Watching| Some(Told::Progress(watching.position.clone()));
        let Some(look) = &mut self.look else {
            let mut look = Box::pin(sleep(pause));
            // Registers who is to be woken; it isn't over yet.
            let _ = look.as_mut().poll(context);
            self.look = Some(look);
            return Poll::Ready(progress(self));
        };
        std::task::ready!(look.as_mut().poll(context));
        look.as_mut().reset(Instant::now() + pause);
        let standing = self.standing.ask();
        if self.goes_on(standing) && !std::mem::take(&mut self.is_told) {
            return Poll::Ready(progress(self));
        }
        Poll::Ready(None)
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

/// Which changes a watch is about and its caller may see, or may by now: once a principal changed,
/// what couldn't be seen before is let through, to be judged again; `None`: all.
fn may_see(server: &Arc<Server>, standing: &Standing, lens: &Arc<dyn Lens>) -> Option<Arc<MaySee>> {
    let rights = standing.caller().rights().clone();
    let shows_all = lens.shows_all(&rights);
    if shows_all && lens.is_about_all() {
        return None;
    }
    let decided_at = standing.decided_at();
    let (book, lens) = (server.book.clone(), Arc::clone(lens));
    let may_by_now = move || book.view().principals_at() > decided_at;
    Some(Arc::new(move |change, before| {
        lens.is_about(change, before)
            && (shows_all || lens.shows(&rights, change, before) || may_by_now())
    }))
}
