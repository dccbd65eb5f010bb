//! The standard services' streams, which would last as long as their clients like.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tonic::{Status, body};

use crate::server::{Phase, Server};

/// An answer that ends with the server: who watches the health is told of the end, and then let go.
pub(super) fn until_end(server: &Server, inner: body::Body) -> body::Body {
    let mut phase = server.phase.subscribe();
    body::Body::new(UntilEnd {
        inner,
        ending: Some(Box::pin(async move {
            // A server that is gone has ended.
            let _ = phase.wait_for(|phase| *phase == Phase::Ending).await;
        })),
    })
}

struct UntilEnd {
    inner: body::Body,
    /// `None`: it was ended.
    ending: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl http_body::Body for UntilEnd {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(mut ending) = self.ending.take() else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if frame.is_pending() && ending.as_mut().poll(context).is_ready() {
            let mut trailers = HeaderMap::new();
            // Plain words fit into a header.
            let _ = Status::unavailable("the server is ending").add_header(&mut trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        self.ending = Some(ending);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
