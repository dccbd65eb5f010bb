//! What a server counts, and how that is told (the text format of Prometheus).

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deedbook_api::route::{Route, RouteId};
use deedbook_api::routes::ROUTES;
use deedbook_book::metrics::{DURATIONS, Histogram};

use crate::answer::Answer;
use crate::call::Call;
use crate::server::Server;

/// Kinds of outcomes: the first digit of the status, from 1.
const OUTCOMES: usize = 5;

/// What is counted of requests.
pub(crate) struct Metrics {
    /// In the order of the table; the last for what is no route.
    requests: Vec<[AtomicU64; OUTCOMES]>,
    places: HashMap<RouteId, usize>,
    times: Vec<Histogram>,
    queries: Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let each = || 0..=ROUTES.len();
        let places = ROUTES.iter().enumerate();
        Metrics {
            places: places.map(|(place, route)| (route.id, place)).collect(),
            requests: each().map(|_| Default::default()).collect(),
            times: each().map(|_| Histogram::new(DURATIONS)).collect(),
            queries: Histogram::new(DURATIONS),
        }
    }

    /// Notes an answer.
    pub(crate) fn answered(&self, route: Option<&Route>, status: u16, time: Duration) {
        let place = route.and_then(|route| self.places.get(&route.id));
        let place = place.copied().unwrap_or(ROUTES.len());
        let outcome = usize::from(status / 100).saturating_sub(1);
        let counts = self.requests.get(place);
        if let Some(count) = counts.and_then(|counts| counts.get(outcome)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(times) = self.times.get(place) {
            times.observe_time(time);
        }
        if route.is_some_and(|route| is_query(route.id)) {
            self.queries.observe_time(time);
        }
    }
}

fn is_query(id: RouteId) -> bool {
    matches!(
        id,
        RouteId::ListComponents | RouteId::GetComponent | RouteId::ListVersions
    )
}

/// Answers with everything that is counted.
pub(crate) fn metrics(call: &Call) -> Answer {
    let is_plain = call.query.text("names") == Some("plain");
    let text = text(&call.server, is_plain);
    Answer::of("text/plain; version=0.0.4; charset=utf-8", text)
}

fn text(server: &Server, is_plain: bool) -> String {
    let mut page = Page::default();
    put_book(&mut page, server, if is_plain { "" } else { "deedbook_" });
    put_sequencer(&mut page, server);
    put_requests(&mut page, &server.metrics);
    let prefix = if is_plain { "" } else { "deedbook_" };
    page.head(
        &format!("{prefix}query_latency_ms"),
        "histogram",
        "How long getting, listing and searching components took, in milliseconds.",
    );
    page.histogram(
        &format!("{prefix}query_latency_ms"),
        "",
        &server.metrics.queries,
        1e6,
    );
    page.0
}

fn put_book(page: &mut Page, server: &Server, prefix: &str) {
    let view = server.book.view();
    page.one(
        &format!("{prefix}total_components"),
        "gauge",
        "Live components.",
        view.component_count(),
    );
    page.one("deedbook_records", "gauge", "Live records.", view.live());
    let revision = view.head().revision;
    page.one(
        "deedbook_revision",
        "counter",
        "The newest revision.",
        revision,
    );
    let age = server
        .book
        .now()
        .ticks()
        .saturating_sub(view.time().ticks());
    page.one(
        "deedbook_view_age_seconds",
        "gauge",
        "How long ago the newest change that is served was made.",
        age.max(0) as f64 / 1e7,
    );
    let keys = view.remembered();
    page.one(
        "deedbook_idempotency_keys",
        "gauge",
        "Idempotency keys that are remembered.",
        keys,
    );
    if let Some(projection) = server.book.projection() {
        page.one(
            "deedbook_projector_lag_changes",
            "gauge",
            "Changes that the SQL tables don't hold yet.",
            projection.lag,
        );
        page.one(
            "deedbook_projector_failed",
            "gauge",
            "1 while the SQL tables don't follow.",
            u8::from(projection.error.is_some()),
        );
    }
    page.one(
        "deedbook_watchers",
        "gauge",
        "Watches that are open, over every face.",
        server.watchers.open(),
    );
    put_traces(page, server);
    let appends_fail = u8::from(server.health.appends_fail());
    page.one(
        "deedbook_appends_failing",
        "gauge",
        "1 while writes can't be stored.",
        appends_fail,
    );
}

fn put_traces(page: &mut Page, server: &Server) {
    let Some(traces) = &server.traces else {
        return;
    };
    let name = "deedbook_spans_total";
    page.head(name, "counter", "Spans, by what became of them.");
    page.value(name, "outcome=\"sent\"", traces.sent());
    page.value(name, "outcome=\"dropped\"", traces.dropped());
}

fn put_sequencer(page: &mut Page, server: &Server) {
    let book = server.book.metrics();
    let name = "deedbook_commands_total";
    page.head(name, "counter", "Commands, by what became of them.");
    for (outcome, count) in [
        ("done", &book.done),
        ("refused", &book.refused),
        ("failed", &book.failed),
    ] {
        let labels = format!("outcome=\"{outcome}\"");
        page.value(name, &labels, count.load(Ordering::Relaxed));
    }
    let waiting = book.waiting.load(Ordering::Relaxed);
    page.one(
        "deedbook_queue_depth",
        "gauge",
        "Commands that wait to be decided.",
        waiting,
    );
    let name = "deedbook_batch_changes";
    page.head(
        name,
        "histogram",
        "Changes of each batch that was appended.",
    );
    page.histogram(name, "", &book.batch_changes, 1.0);
    let name = "deedbook_append_seconds";
    page.head(
        name,
        "histogram",
        "How long each batch took to be appended and synced.",
    );
    page.histogram(name, "", &book.append_time, 1e9);
}

fn put_requests(page: &mut Page, metrics: &Metrics) {
    let name = |place: usize| {
        let route = ROUTES.get(place);
        route.map_or("none", |route| route.id.as_str())
    };
    page.head(
        "deedbook_requests_total",
        "counter",
        "Requests, by route and outcome.",
    );
    for (place, counts) in metrics.requests.iter().enumerate() {
        for (outcome, count) in counts.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let labels = format!("route=\"{}\",outcome=\"{}xx\"", name(place), outcome + 1);
                page.value("deedbook_requests_total", &labels, count);
            }
        }
    }
    page.head(
        "deedbook_request_seconds",
        "histogram",
        "How long answers took, by route.",
    );
    for (place, times) in metrics.times.iter().enumerate() {
        if times.read().count > 0 {
            let labels = format!("route=\"{}\"", name(place));
            page.histogram("deedbook_request_seconds", &labels, times, 1e9);
        }
    }
}

/// The text while it is made; writing to it can't fail.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.value(name, "", value);
    }

    fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// `unit`: how many of what was counted make one of what is told.
    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram, unit: f64) {
        let reading = histogram.read();
        let comma = if labels.is_empty() { "" } else { "," };
        let bucket = format!("{name}_bucket");
        for (bound, count) in &reading.at_most {
            let bound = *bound as f64 / unit;
            self.value(&bucket, &format!("{labels}{comma}le=\"{bound}\""), count);
        }
        self.value(
            &bucket,
            &format!("{labels}{comma}le=\"+Inf\""),
            reading.count,
        );
        self.value(&format!("{name}_sum"), labels, reading.sum as f64 / unit);
        self.value(&format!("{name}_count"), labels, reading.count);
    }
}
