//! A request as collectors see it, and the form in which it is sent.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use deedbook_api::route::Route;
use deedbook_book::{Clock, SystemClock};
use deedbook_model::Revision;
use deedbook_model::code::Code;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::Context;

/// Ticks of a time stamp are so many nanoseconds.
const TICK_NANOSECONDS: u128 = 100;

/// The kind of a span that answers a request.
const KIND_SERVER: u8 = 2;

/// The status of a span of which somebody should look.
const STATUS_ERROR: u8 = 2;

/// A request and what came of it.
pub(crate) struct Span {
    pub(crate) context: Context,
    pub(crate) method: Method,
    pub(crate) route: Option<&'static Route>,
    pub(crate) request_id: HeaderValue,
    pub(crate) actor: Option<Arc<str>>,
    pub(crate) status: u16,
    pub(crate) revision: Option<Revision>,
    pub(crate) refused: Option<Code>,
    /// Nanoseconds since 1970.
    end: u128,
    took: Duration,
}

impl Span {
    /// A request that ends now.
    pub(crate) fn ending(
        context: Context,
        method: Method,
        request_id: HeaderValue,
        took: Duration,
    ) -> Span {
        let ticks = u128::try_from(SystemClock.now().ticks()).unwrap_or_default();
        Span {
            context,
            method,
            route: None,
            request_id,
            actor: None,
            status: 0,
            revision: None,
            refused: None,
            end: ticks * TICK_NANOSECONDS,
            took,
        }
    }

    fn to_json(&self) -> Value {
        let Context {
            trace,
            span,
            parent,
        } = &self.context;
        let name = self.route.map_or("none", |route| route.id.as_str());
        let start = self.end.saturating_sub(self.took.as_nanos());
        let status = match self.status {
            500.. => json!({ "code": STATUS_ERROR }),
            _ => json!({}),
        };
        json!({
            "traceId": hex(trace),
            "spanId": hex(span),
            "name": name,
            "kind": KIND_SERVER,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": self.end.to_string(),
            "attributes": self.attributes(),
            "parentSpanId": parent.as_ref().map(|parent| hex(parent)).unwrap_or_default(),
            "status": status,
        })
    }

    fn attributes(&self) -> Vec<Value> {
        let request_id = self.request_id.to_str().unwrap_or_default();
        let mut attributes = vec![
            text("http.request.method", self.method.as_str()),
            number("http.response.status_code", u64::from(self.status)),
            text("deedbook.request_id", request_id),
        ];
        let route = self.route.map(|route| text("http.route", route.path));
        let actor = self.actor.as_deref();
        let actor = actor.map(|actor| text("deedbook.actor", actor));
        let revision = self.revision;
        let revision = revision.map(|revision| number("deedbook.revision", revision.0));
        let refused = self.refused.map(|code| text("error.type", code.as_str()));
        attributes.extend([route, actor, revision, refused].into_iter().flatten());
        attributes
    }
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Numbers of 64 bits are texts in this form.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What is sent: `ExportTraceServiceRequest` in its JSON form.
pub(super) fn request(spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(Span::to_json).collect();
    let version = env!("CARGO_PKG_VERSION");
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            text("service.name", "deedbook"),
            text("service.version", version),
        ]},
        "scopeSpans": [{
            "scope": {"name": "deedbook", "version": version},
            "spans": spans,
        }],
    }]})
}
