//! Changes as they come: of a book in a folder, or of a server, which is asked again where the
//! connection breaks.

use std::time::Duration;

use bytes::Bytes;
use deedbook_api::client::{Client, EventStream, Request, ServerEvent, Target};
use deedbook_book::{Book, Event, Position, Watch, WatchError, WatchOptions};
use deedbook_model::{Change, Revision};
use serde::Deserialize;

use super::FollowAsk;
use super::remote::ReceivedWatched;
use crate::error::Failure;

/// How long one look at a book lasts; what was printed is flushed in between.
const LOOK: Duration = Duration::from_millis(500);

/// What somebody who follows is told.
pub(crate) enum Followed {
    /// A change, and the record before it.
    Change(Change, Option<Bytes>),
    /// The position asked for is gone or isn't of this history.
    Resync { from: Position, reason: String },
    /// For now that was all.
    Pause,
}

/// Somebody who follows.
pub(crate) enum Following {
    /// A book's changes.
    Book(Box<FollowingBook>),
    /// A server's.
    Server(Box<FollowingServer>),
}

impl Following {
    pub(super) fn of_book(book: &Book, asked: FollowAsk) -> Result<Following, Failure> {
        let end = book.view().head().revision;
        let watch = book.watch(WatchOptions {
            after: asked.after,
            filter: asked.filter,
            ..WatchOptions::default()
        });
        Ok(Following::Book(Box::new(FollowingBook {
            watch: watch?,
            until: asked.once.then_some(end),
            is_over: false,
        })))
    }

    pub(super) fn of_server(client: Client, asked: FollowAsk) -> Result<Following, Failure> {
        let mut following = FollowingServer {
            client,
            asked,
            events: None,
            is_told: false,
            told: None,
        };
        following.events = Some(following.client.events(&following.request())?);
        Ok(Following::Server(Box::new(following)))
    }

    /// Waits for what comes next; `None`: all that was asked for was told.
    pub(crate) fn next(&mut self) -> Result<Option<Followed>, Failure> {
        match self {
            Following::Book(following) => following.next(),
            Following::Server(following) => following.next(),
        }
    }
}

pub(crate) struct FollowingBook {
    watch: Watch,
    until: Option<Revision>,
    is_over: bool,
}

impl FollowingBook {
    fn next(&mut self) -> Result<Option<Followed>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        // With an end nothing is waited for.
        let look = self.until.map_or(LOOK, |_| Duration::ZERO);
        let event = self.watch.next(look).map_err(|error| match error {
            WatchError::Book(error) => Failure::Book(error),
            other => Failure::Interrupted(other.to_string()),
        })?;
        Ok(Some(match event {
            Event::Change(change) => {
                Followed::Change(Change::clone(&change), change.before().cloned())
            }
            Event::Resync { from, reason } => Followed::Resync {
                from,
                reason: reason.to_owned(),
            },
            Event::Progress(position) => {
                self.is_over = self.until.is_some_and(|until| position.revision >= until);
                Followed::Pause
            }
        }))
    }
}

pub(crate) struct FollowingServer {
    client: Client,
    /// `after` is the last position that is known.
    asked: FollowAsk,
    events: Option<EventStream>,
    /// Whether anything was told since the last pause.
    is_told: bool,
    /// The last revision that was told: of a command that a broken connection split, the first part.
    told: Option<Revision>,
}

/// Where a server is, and why it begins anew.
#[derive(Deserialize)]
struct ReceivedPosition {
    position: String,
    reason: Option<String>,
}

impl FollowingServer {
    fn request(&self) -> Request {
        let FollowAsk {
            after,
            filter,
            once,
        } = &self.asked;
        let after = after.as_ref().map(ToString::to_string);
        let kind = filter.kind.as_ref().map(ToString::to_string);
        let target = Target::new("/v1/watch")
            .maybe("after", after.as_deref())
            .maybe("kind", kind.as_deref())
            .maybe("key", filter.key.as_deref())
            .maybe("keyPrefix", filter.key_prefix.as_deref())
            .maybe("actor", filter.actor.as_deref())
            .flag("once", *once);
        Request::get(target)
    }

    fn next(&mut self) -> Result<Option<Followed>, Failure> {
        loop {
            let Some(events) = &mut self.events else {
                self.events = Some(self.client.events_again(&self.request())?);
                continue;
            };
            if events.is_read() && std::mem::take(&mut self.is_told) {
                return Ok(Some(Followed::Pause));
            }
            match events.next_event() {
                Ok(Some(event)) => {
                    if let Some(followed) = self.take(event)? {
                        self.is_told = true;
                        return Ok(Some(followed));
                    }
                }
                Ok(None) if self.asked.once => return Ok(None),
                // The server ends, or the connection broke: what comes is asked for where it ended.
                Ok(None) | Err(_) => self.events = None,
            }
        }
    }

    fn take(&mut self, event: ServerEvent) -> Result<Option<Followed>, Failure> {
        let strange = |error: &dyn std::fmt::Display| {
            let message = format!("the server's event can't be read: {error}");
            Failure::Interrupted(message)
        };
        let data = &event.data;
        let followed = match &*event.name {
            "change" => {
                let received: ReceivedWatched =
                    serde_json::from_str(data).map_err(|error| strange(&error))?;
                let (change, before) = received.into_change();
                let is_new = self.told.is_none_or(|told| change.revision > told);
                self.told = self.told.max(Some(change.revision));
                is_new.then_some(Followed::Change(change, before))
            }
            "resync" => {
                let received: ReceivedPosition =
                    serde_json::from_str(data).map_err(|error| strange(&error))?;
                let from = received.position.parse().map_err(|error| strange(&error))?;
                self.told = None;
                Some(Followed::Resync {
                    from,
                    reason: received.reason.unwrap_or_default(),
                })
            }
            _ => None,
        };
        if let Some(id) = event.id {
            self.asked.after = Some(id.parse().map_err(|error| strange(&error))?);
        }
        Ok(followed)
    }
}
