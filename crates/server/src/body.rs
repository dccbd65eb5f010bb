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
    Parts(Box<dyn Iterator<Item = Result<Bytes, Broken>> + Send>),
    /// Made by another thread.
    Channel(mpsc::Receiver<Result<Bytes, Broken>>),
    /// Changes as they come.
    Events(Box<EventStream>),
    /// Messages of gRPC, and the status after them.
    Grpc(Box<tonic::body::Body>),
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
            Body::Parts(parts) => Poll::Ready(parts.next()),
            Body::Channel(parts) => parts.poll_recv(context),
            Body::Events(events) => events.poll_part(context),
            // Its frames are more than bytes; they are handed on as they are.
            Body::Grpc(_) => Poll::Ready(None),
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
        let body = self.get_mut();
        if let Body::Grpc(messages) = body {
            let frame = Pin::new(&mut **messages).poll_frame(context);
            return frame.map_err(|_| Broken);
        }
        let part = body.poll_part(context);
        part.map(|part| part.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Full(bytes) => bytes.is_empty(),
            Body::Grpc(messages) => messages.is_end_stream(),
            Body::Parts(_) | Body::Channel(_) | Body::Events(_) | Body::Gzip(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Full(bytes) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Body::Parts(_) | Body::Channel(_) | Body::Events(_) | Body::Grpc(_) | Body::Gzip(_) => {
                SizeHint::default()
            }
        }
    }
}
