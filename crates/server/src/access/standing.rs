//! Whether whoever was let in may still go on: asked again while a long answer is sent.
//!
//! ```text
//! a principal changes, keys are read again, the credential ends ─► decide again ─► goes on, with
//!                                                                    │              other rights
//!                                                                    └─► refused: the answer ends
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use deedbook_api::problem::Problem;
use deedbook_api::route::Decision;
use deedbook_book::View;
use deedbook_model::{Revision, Timestamp};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use super::{Caller, decide_again};
use crate::call::Call;
use crate::server::Server;

/// The longest that is waited for the end of a credential at once.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Ticks of a time stamp are so many nanoseconds.
const TICK_NANOSECONDS: u64 = 100;

/// What credentials are worth rests on this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Principals {
    /// The last change to a principal.
    at: Revision,
    /// How often the keys of signed tokens were read again.
    keys: u64,
}

impl Principals {
    pub(crate) fn of(view: &View) -> Principals {
        Principals {
            at: view.principals_at(),
            keys: 0,
        }
    }

    /// Goes on to a later view; says whether a principal changed.
    pub(crate) fn follow(&mut self, view: &View) -> bool {
        let at = view.principals_at();
        let changed = at > self.at;
        self.at = at.max(self.at);
        changed
    }

    pub(crate) fn note_new_keys(&mut self) {
        self.keys += 1;
    }
}

/// The caller of a long answer.
pub(crate) struct Standing {
    server: Arc<Server>,
    decision: Decision,
    caller: Caller,
    /// What the caller's standing was decided on.
    decided_at: Revision,
    alarm: Option<Alarm>,
}

impl Standing {
    /// Of the caller of a request that was let in.
    pub(crate) fn of(call: &Call) -> Standing {
        Standing {
            server: Arc::clone(&call.server),
            decision: call.route.decision,
            caller: call.caller.clone(),
            // Who was let in a moment ago may have lost it since: the first look asks.
            decided_at: Revision::ZERO,
            alarm: None,
        }
    }

    /// Who calls, as it was decided last.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The last change to a principal that it was decided on.
    pub(crate) fn decided_at(&self) -> Revision {
        self.decided_at
    }

    /// Decides again; says whether the caller's rights are others now.
    pub(crate) fn ask(&mut self) -> Result<bool, Problem> {
        self.decided_at = self.server.book.view().principals_at();
        let now = decide_again(&self.server, &self.caller, self.decision)?;
        let other = now.rights() != self.caller.rights();
        self.caller = now;
        Ok(other)
    }

    /// Decides again if the book that is visible gives a reason to. Costs nothing else, so it can
    /// be asked before each thing that is shown.
    pub(crate) fn check(&mut self) -> Result<bool, Problem> {
        let is_same = self.decided_at == self.server.book.view().principals_at();
        let has_ended = self.left().is_some_and(|left| left.is_zero());
        if is_same && !has_ended {
            return Ok(false);
        }
        self.ask()
    }

    /// Decides again if something happened since the last look; otherwise the task is woken when
    /// something does.
    pub(crate) fn look(&mut self, context: &mut Context<'_>) -> Result<bool, Problem> {
        let mut alarm = match self.alarm.take() {
            Some(alarm) => alarm,
            None => Alarm::of(&self.server),
        };
        let mut other = false;
        while alarm.rings(context) {
            other |= self.ask()?;
            alarm.end = self.left().map(|left| Box::pin(sleep(left.min(LONGEST))));
        }
        self.alarm = Some(alarm);
        Ok(other)
    }

    /// How long the credential is still good; `None`: for good.
    fn left(&self) -> Option<Duration> {
        let until = self.caller.until?;
        Some(between(self.server.book.now(), until))
    }
}

/// The time from one stamp to a later one; otherwise none.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    let ticks = to.ticks().saturating_sub(from.ticks());
    let ticks = u64::try_from(ticks).unwrap_or_default();
    Duration::from_nanos(ticks.saturating_mul(TICK_NANOSECONDS))
}

type Changed = Pin<Box<dyn Future<Output = watch::Receiver<Principals>> + Send>>;

/// Wakes a task that waits when it is time to decide again.
struct Alarm {
    /// It rings once when it is new: nobody listened before.
    is_new: bool,
    changed: Changed,
    end: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    fn of(server: &Server) -> Alarm {
        Alarm {
            is_new: true,
            changed: changed(server.principals.subscribe()),
            end: None,
        }
    }

    /// Whether it rang since; if not, it will wake the task.
    fn rings(&mut self, context: &mut Context<'_>) -> bool {
        let mut rang = std::mem::take(&mut self.is_new);
        if let Poll::Ready(receiver) = self.changed.as_mut().poll(context) {
            self.changed = changed(receiver);
            rang = true;
        }
        if let Some(end) = &mut self.end
            && end.as_mut().poll(context).is_ready()
        {
            self.end = None;
            rang = true;
        }
        rang
    }
}

fn changed(mut receiver: watch::Receiver<Principals>) -> Changed {
    Box::pin(async move {
        // The server that tells of it lives as long as who listens.
        let _ = receiver.changed().await;
        receiver
    })
}
