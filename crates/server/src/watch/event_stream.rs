//! `GET /v1/watch`: changes as server-sent events.

use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{PositionShape, WatchedShape};
use deedbook_book::{Form, Position, WatchedChange};
use http::{HeaderValue, header};
use serde::Serialize;

use super::{Told, Watching};
use crate::answer::Answer;
use crate::body::{Body, Broken};
use crate::call::Call;

pub(super) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Changes that come at once are sent together, up to so many bytes.
const PART: usize = 16 << 10;

/// Answers with what comes.
pub(crate) fn open(call: &Call) -> Result<Answer, Problem> {
    let watching = Watching::of(call)?;
    let revision = watching.position.revision;
    let events = EventStream::beginning_with(Bytes::new(), watching, show);
    Ok(Answer {
        header: Some((header::CACHE_CONTROL, HeaderValue::from_static("no-store"))),
        ..Answer::streamed(EVENT_STREAM, Body::Events(Box::new(events))).at(revision)
    })
}

/// What a client is sent of what it is told.
pub(super) enum Shown {
    Event(Bytes),
    /// It is the last.
    Last(Bytes),
    /// Nothing more.
    End,
}

/// Something can't be shown.
pub(super) type ShowError = Box<dyn std::error::Error>;

/// How a stream shows what it is told.
type Show = fn(&Told) -> Result<Shown, ShowError>;

/// What a client that watches is sent.
pub(crate) struct EventStream {
    watching: Watching,
    show: Show,
    /// What is sent before anything else.
    preamble: Bytes,
    is_over: bool,
    broken: bool,
}

impl EventStream {
    /// A stream that begins with these bytes.
    pub(super) fn beginning_with(preamble: Bytes, watching: Watching, show: Show) -> EventStream {
        EventStream {
            watching,
            show,
            preamble,
            is_over: false,
            broken: false,
        }
    }

    /// The next events; those that are there already come together.
    pub(crate) fn poll_part(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        let mut part = match self.poll_event(context) {
            Poll::Ready(Some(Ok(event))) => event,
            other => return other,
        };
        let mut parts = BytesMut::new();
        while part.len().max(parts.len()) < PART && !self.broken {
            match self.poll_event(context) {
                Poll::Ready(Some(Ok(event))) => {
                    if parts.is_empty() {
                        parts.put(std::mem::take(&mut part));
                    }
                    parts.put(event);
                }
                Poll::Ready(Some(Err(Broken))) => self.broken = true,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        let part = if parts.is_empty() {
            part
        } else {
            parts.freeze()
        };
        Poll::Ready(Some(Ok(part)))
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        if self.broken {
            return Poll::Ready(Some(Err(Broken)));
        }
        if !self.preamble.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.preamble))));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        let told = match self.watching.poll_told(context) {
            Poll::Ready(Some(told)) => told,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let event = match (self.show)(&told) {
            Ok(Shown::Event(event)) => Ok(event),
            Ok(Shown::Last(event)) => {
                self.is_over = true;
                Ok(event)
            }
            Ok(Shown::End) => return Poll::Ready(None),
            Err(error) => {
                self.watching
                    .fail(&format!("a change can't be shown: {error}"));
                Err(Broken)
            }
        };
        Poll::Ready(Some(event))
    }
}

fn show(told: &Told) -> Result<Shown, ShowError> {
    Ok(Shown::Event(match told {
        Told::Change { change, ends } => {
            let event = change.encoded(Form::Text, change_event)?;
            if *ends { event } else { without_id(&event) }
        }
        Told::Progress(position) => position_event("progress", position, None)?,
        Told::Resync { from, reason } => position_event("resync", from, Some(reason))?,
        // Where to go on was told before; why it can't is told to whoever asks again.
        Told::Refused(_) => return Ok(Shown::End),
    }))
}

/// The event of a change, with the position after its command as id: made once for all who watch.
fn change_event(change: &WatchedChange) -> Result<Bytes, serde_json::Error> {
    let before = change.before().map(|before| &**before);
    let shape = WatchedShape::of(change, before)?;
    event_of("change", &change.end(), &shape)
}

/// Only the last change of a command has an id.
fn without_id(event: &Bytes) -> Bytes {
    let line = event.iter().position(|byte| *byte == b'\n');
    event.slice(line.map_or(0, |end| end + 1)..)
}

fn position_event(
    name: &str,
    position: &Position,
    reason: Option<&str>,
) -> Result<Bytes, serde_json::Error> {
    let shape = PositionShape {
        revision: position.revision,
        position: position.to_string(),
        reason,
    };
    event_of(name, position, &shape)
}

fn event_of(name: &str, id: &Position, data: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut text = format!("id: {id}\nevent: {name}\ndata: ").into_bytes();
    let begin = text.len();
    serde_json::to_writer(&mut text, data)?;
    // Between the parts of JSON a line break is worth a blank, and it has none inside of them.
    for byte in text.iter_mut().skip(begin) {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    text.extend_from_slice(b"\n\n");
    Ok(text.into())
}
