//! What goes out after the head.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

use crate::gzip::Gzip;
use crate::watch::event_stream::EventStream;

/// Content of an answer.
pub(crate) enum Body {
    /// There is none.
    Empty,
    /// All of it.
    Full(Bytes),
    /// Made a part at a time, when the client has taken the part before.
    Parts(Box<dyn Iterator<Item = Bytes> + Send>),
    /// Made by another thread.
    Channel(mpsc::Receiver<Result<Bytes, Broken>>),
    /// Changes as they come.
    Events(Box<EventStream>),
    /// Another, compressed.
    Gzip(Box<Gzip>),
}

/// A stream that can't go on; the client sees that its end is missing.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the stream broke off")]
pub(crate) struct Broken;

impl Body {
    /// Its next part; `None`: that was all.
    pub(crate) fn poll_part(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        match self {
            Body::Empty => Poll::Ready(None),
            Body::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Body::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Body::Parts(parts) => Poll::Ready(parts.next().map(Ok)),
            Body::Channel(parts) => parts.poll_recv(context),
            Body::Events(events) => events.poll_part(context),
            Body::Gzip(gzip) => gzip.poll_part(context),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let part = self.get_mut().poll_part(context);
        part.map(|part| part.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Full(bytes) => bytes.is_empty(),
            Body::Parts(_) | Body::Channel(_) | Body::Events(_) | Body::Gzip(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Full(bytes) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Body::Parts(_) | Body::Channel(_) | Body::Events(_) | Body::Gzip(_) => {
                SizeHint::default()
            }
        }
    }
}
