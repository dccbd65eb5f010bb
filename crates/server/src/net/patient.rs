//! A stream with patience: a client that takes nothing of its answer for too long is let go.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream of which some bytes were read already.
pub(super) struct Patient<S> {
    inner: S,
    first: Bytes,
    patience: Duration,
    /// Set while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Set once nothing more is written: until when what still comes is read.
    lingering: Option<Pin<Box<Sleep>>>,
    /// Whether anything still came.
    is_sending: bool,
}

/// How long a client that was answered early may go on sending.
const LINGER: Duration = Duration::from_secs(2);

impl<S> Patient<S> {
    pub(super) fn new(inner: S, first: Bytes, patience: Duration) -> Patient<S> {
        Patient {
            inner,
            first,
            patience,
            stalled: None,
            lingering: None,
            is_sending: false,
        }
    }

    /// Notes whether a write went on; one that hasn't for too long fails.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Reads what the client still sends, as long as it does: closing a socket with unread content
    /// resets the connection, and the answer that said why would be lost with it.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut piece = [0; 16 << 10];
        while let Some(time) = &mut self.lingering
            && time.as_mut().poll(context).is_pending()
        {
            let mut into = ReadBuf::new(&mut piece);
            match Pin::new(&mut self.inner).poll_read(context, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => self.is_sending = true,
                Poll::Pending if self.is_sending => return Poll::Pending,
                _ => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.inner).poll_read(context, into);
        }
        let length = self.first.len().min(into.remaining());
        into.put_slice(self.first.get(..length).unwrap_or_default());
        self.first.advance(length);
        if self.first.is_empty() {
            self.first = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let ended = Pin::new(&mut self.inner).poll_shutdown(context);
            ready!(self.watched(context, ended))?;
            self.lingering = Some(Box::pin(sleep(LINGER)));
        }
        self.linger(context).map(Ok)
    }
}
