//! Traces: a span for each request, sent to a collector (OTLP over HTTP, in its JSON form).
//!
//! ```text
//! request ─► Context: the caller's trace, or a new one
//! answer ──► Span ─► buffer of so many ─► thread of its own ─► POST /v1/traces, again after a pause
//!                         └─ full: dropped, counted
//! ```
//!
//! A request never waits for a collector.

mod context;
mod export;
mod span;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deedbook_api::client::ServerUrl;

use crate::journal::Journal;

pub(crate) use context::Context;
pub(crate) use span::Span;

/// Spans that may wait to be sent.
const MOST_WAITING: usize = 8192;

/// Spans that are sent together.
const TOGETHER: usize = 512;

/// How long spans wait for others.
const PAUSE: Duration = Duration::from_secs(1);

/// Spans on their way to a collector.
pub(crate) struct Traces(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    sent: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    spans: VecDeque<Span>,
    /// Nothing is waited for any more.
    is_ending: bool,
    has_ended: bool,
}

impl Traces {
    /// Begins to send spans there.
    pub(crate) fn to(collector: ServerUrl, journal: Journal) -> std::io::Result<Traces> {
        let shared = Arc::new(Shared::default());
        let exporter = export::Exporter::new(Arc::clone(&shared), collector, journal);
        std::thread::Builder::new()
            .name("deedbook-traces".to_owned())
            .spawn(move || exporter.run())?;
        Ok(Traces(shared))
    }

    /// Hands a span over, or drops it where too many wait.
    pub(crate) fn put(&self, span: Span) {
        let mut waiting = self.0.lock();
        if waiting.spans.len() >= MOST_WAITING || waiting.is_ending {
            drop(waiting);
            self.0.drop_spans(1);
            return;
        }
        waiting.spans.push_back(span);
        let count = waiting.spans.len();
        drop(waiting);
        if count == 1 || count == TOGETHER {
            self.0.changed.notify_all();
        }
    }

    /// How many spans a collector took.
    pub(crate) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// How many spans no collector will get.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Sends what waits, for so long at most. Nothing is taken any more.
    pub(crate) fn end(&self, patience: Duration) {
        self.0.lock().is_ending = true;
        self.0.changed.notify_all();
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), patience, |waiting| !waiting.has_ended);
        drop(waited);
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        self.0.lock().is_ending = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// The next spans to send; `None`: there are none any more.
    fn take(&self) -> Option<Vec<Span>> {
        let is_empty = |waiting: &mut Waiting| waiting.spans.is_empty() && !waiting.is_ending;
        let waiting = self.changed.wait_while(self.lock(), is_empty);
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let are_few = |waiting: &mut Waiting| waiting.spans.len() < TOGETHER && !waiting.is_ending;
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, PAUSE, are_few)
            .unwrap_or_else(PoisonError::into_inner);
        let count = waiting.spans.len().min(TOGETHER);
        let spans: Vec<Span> = waiting.spans.drain(..count).collect();
        (!spans.is_empty()).then_some(spans)
    }

    /// Waits for that long, or until it ends; says whether it ends.
    fn pause(&self, time: Duration) -> bool {
        let (waiting, _) = self
            .changed
            .wait_timeout_while(self.lock(), time, |waiting| !waiting.is_ending)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.is_ending
    }

    fn drop_spans(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    fn end(&self) {
        let mut waiting = self.lock();
        let left = std::mem::take(&mut waiting.spans).len();
        waiting.has_ended = true;
        drop(waiting);
        self.drop_spans(left);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    #[test]
    fn no_more_spans_wait_than_may() {
        let traces = Traces(Arc::default());
        let context = Context::of(&HeaderMap::new()).unwrap();
        for _ in 0..MOST_WAITING + 10 {
            let id = HeaderValue::from_static("id");
            traces.put(Span::ending(context, Method::GET, id, Duration::ZERO));
        }
        assert_eq!(traces.dropped(), 10);
        assert_eq!(traces.0.take().map(|spans| spans.len()), Some(TOGETHER));
        // Nobody sends them: the end doesn't wait for longer than it may, and takes no more.
        traces.end(Duration::from_millis(1));
        let id = HeaderValue::from_static("late");
        traces.put(Span::ending(context, Method::GET, id, Duration::ZERO));
        assert_eq!(traces.dropped(), 11);
    }
}
