//! What a client of HTTP/2 asked for, was answered and hasn't taken. It says by itself how much of
//! each answer it takes, so that its connection may be busy while an answer waits for good, with all
//! it holds; and it may keep its connection for good while it asks for nothing.
//!
//! ```text
//! answer ─► pieces ─► the connection's buffers ─► dropped, once they are sent
//!   └──────────┴── the time of the last step; a connection of which one is too long ago ends
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service;

use crate::body::{Body, Broken};
use crate::instant::now;
use crate::middleware::{Answering, Requests};

/// Who takes less than this in the time that it has takes nothing.
const PIECE: usize = 64 << 10;

/// So many answers are more than may be open, and looked through for those that were taken.
const MANY: usize = 512;

/// How often it is looked at what is owed while a client may take nothing.
const LOOKS: u32 = 2;

/// The answers of one connection.
pub(super) struct Owed {
    begin: Instant,
    answers: Mutex<Vec<Weak<Owing>>>,
    open: Arc<Open>,
}

/// How many requests are worked on, or their answers sent.
#[derive(Default)]
struct Open {
    count: AtomicUsize,
    /// How many ended so far: tells whether there was any between two looks.
    ended: AtomicU64,
}

/// One of them.
struct Asked(Arc<Open>);

impl Asked {
    fn of(open: &Arc<Open>) -> Asked {
        open.count.fetch_add(1, Ordering::Relaxed);
        Asked(Arc::clone(open))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One answer, for as long as any of it is there.
struct Owing {
    begin: Instant,
    /// Milliseconds from the begin to its last step.
    step: AtomicU64,
    /// Whether the client is to ask for more: not while there is nothing to give.
    is_offered: AtomicBool,
    /// Pieces that were handed over and aren't sent.
    pieces: AtomicUsize,
    _asked: Asked,
}

impl Owed {
    pub(super) fn new() -> Arc<Owed> {
        Arc::new(Owed {
            begin: now(),
            answers: Mutex::default(),
            open: Arc::default(),
        })
    }

    fn answer(&self, asked: Asked, body: Body) -> Taken {
        let owing = Arc::new(Owing {
            begin: self.begin,
            step: AtomicU64::new(0),
            is_offered: AtomicBool::new(true),
            pieces: AtomicUsize::new(0),
            _asked: asked,
        });
        owing.note();
        let mut answers = self.lock();
        if answers.len() >= MANY {
            answers.retain(|answer| answer.strong_count() > 0);
        }
        answers.push(Arc::downgrade(&owing));
        drop(answers);
        Taken {
            body,
            rest: Bytes::new(),
            owing,
        }
    }

    /// Ends once the client has taken nothing of an answer for that long.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            tokio::time::sleep(patience / LOOKS).await;
            let mut is_stalled = false;
            self.lock().retain(|answer| {
                let Some(owing) = answer.upgrade() else {
                    return false;
                };
                is_stalled |= owing.waits_for() >= patience;
                true
            });
            if is_stalled {
                return;
            }
        }
    }

    /// Ends once nothing was asked for that long, and all that was is taken.
    pub(super) async fn idle(&self, patience: Duration) {
        let (mut before, mut looks) = (None, 0);
        loop {
            let ended = self.open.ended.load(Ordering::Relaxed);
            let is_open = self.open.count.load(Ordering::Relaxed) > 0;
            let is_same = before.replace(ended) == Some(ended);
            looks = if is_same && !is_open { looks + 1 } else { 0 };
            if looks == LOOKS {
                return;
            }
            tokio::time::sleep(patience / LOOKS).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Owing>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owing {
    fn note(&self) {
        let since = now().saturating_duration_since(self.begin).as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.step.store(since, Ordering::Relaxed);
    }

    /// How long the client has taken nothing, if it could.
    fn waits_for(&self) -> Duration {
        let offered = self.is_offered.load(Ordering::Relaxed);
        if !offered && self.pieces.load(Ordering::Relaxed) == 0 {
            return Duration::ZERO;
        }
        let step = Duration::from_millis(self.step.load(Ordering::Relaxed));
        now()
            .saturating_duration_since(self.begin)
            .saturating_sub(step)
    }

    fn offer(&self, is_offered: bool) {
        self.is_offered.store(is_offered, Ordering::Relaxed);
        self.note();
    }
}

/// The content of an answer, handed over in pieces.
pub(super) struct Taken {
    body: Body,
    /// What the body gave and the client didn't ask for yet.
    rest: Bytes,
    owing: Arc<Owing>,
}

/// Bytes that are owed until they are dropped.
struct Piece {
    bytes: Bytes,
    owing: Arc<Owing>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.owing.pieces.fetch_sub(1, Ordering::Relaxed);
        self.owing.note();
    }
}

impl Taken {
    fn piece(&mut self) -> Frame<Bytes> {
        let bytes = self.rest.split_to(self.rest.len().min(PIECE));
        self.owing.pieces.fetch_add(1, Ordering::Relaxed);
        let owing = Arc::clone(&self.owing);
        Frame::data(Bytes::from_owner(Piece { bytes, owing }))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.owing.offer(false);
    }
}

impl http_body::Body for Taken {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let taken = self.get_mut();
        if taken.rest.is_empty() {
            // Who asks has taken what there was; now it is ours to give.
            taken.owing.offer(false);
            let frame = ready!(Pin::new(&mut taken.body).poll_frame(context));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(bytes))) => taken.rest = bytes,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(broken)) => return Poll::Ready(Some(Err(broken))),
                None => return Poll::Ready(None),
            }
        }
        taken.owing.offer(true);
        Poll::Ready(Some(Ok(taken.piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let upper = hint.upper().map(|upper| upper.saturating_add(rest));
        hint.set_lower(hint.lower().saturating_add(rest));
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint
    }
}

/// Answers the requests of one connection, and remembers what isn't taken.
pub(super) struct Remembering {
    pub(super) requests: Requests,
    pub(super) owed: Arc<Owed>,
}

impl Service<Request<Incoming>> for Remembering {
    type Response = Response<Taken>;
    type Error = Infallible;
    type Future = Remembered;

    fn call(&self, request: Request<Incoming>) -> Remembered {
        Remembered {
            asked: Some(Asked::of(&self.owed.open)),
            answering: self.requests.call(request),
            owed: Arc::clone(&self.owed),
        }
    }
}

pub(super) struct Remembered {
    /// `None`: it was answered.
    asked: Option<Asked>,
    answering: Answering,
    owed: Arc<Owed>,
}

impl Future for Remembered {
    type Output = Result<Response<Taken>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answering).poll(context));
        let asked = self.asked.take();
        let asked = asked.unwrap_or_else(|| Asked::of(&self.owed.open));
        Poll::Ready(answer.map(|answer| answer.map(|body| self.owed.answer(asked, body))))
    }
}
