//! Lists of components: a page as JSON, or all that fit as lines.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_model::Revision;
use deedbook_model::component::Lifecycle;
use deedbook_rules::Record;
use deedbook_rules::components::{Cursor, DEFAULT_LIMIT, Query};
use http::{HeaderValue, header};

use crate::access::Standing;
use crate::answer::Answer;
use crate::body::{Body, Broken};
use crate::call::Call;
use crate::refuse;
use crate::sight;

pub(super) const NDJSON: &str = "application/x-ndjson";

/// A book of up to so many components is looked through in no time.
const FEW: usize = 2000;

/// How many records make a part of a stream.
const PART: usize = 64;

/// Whether a list can be answered at once: of the newest view, and by an index or a small book.
pub(super) fn is_quick(call: &Call) -> bool {
    let query = &call.query;
    let scans = ["text", "name", "namespace", "anyTag"];
    let is_indexed = scans.iter().all(|name| query.text(name).is_none());
    sight::is_newest(call)
        && query.text("cursor").is_none()
        && (is_indexed || call.server.book.view().component_count() <= FEW)
}

/// The view that a list looks at: the one that it began with, where it goes on.
pub(super) async fn view(call: &Call) -> Result<Arc<View>, Problem> {
    match cursor(call)? {
        Some(_) if call.query.text("at").is_some() => {
            let message = "can't be combined with `cursor`, which goes on where its list began";
            Err(Problem::parameter("at", message))
        }
        Some(cursor) => sight::pinned(&call.server, cursor.revision).await,
        None => sight::view(call).await,
    }
}

/// Answers with a page, or with all as lines.
pub(super) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let query = filters(call)?;
    let cursor = cursor(call)?;
    let revision = view.head().revision;
    if wants_lines(call) {
        return lines(call, query, cursor, Arc::clone(view));
    }
    let found = view.search(&query, limit(call), cursor.as_ref());
    let found = found.map_err(|error| refuse::search(&error))?;
    if found.next.is_some() {
        call.server.past.keep_shared(view);
    }
    Ok(page(
        found.items.iter(),
        found.next.map(|next| next.to_text()).as_deref(),
        revision,
    )
    .at(revision))
}

/// Whether the answer is to be lines.
pub(super) fn wants_lines(call: &Call) -> bool {
    let accepted = call.headers.get_all(header::ACCEPT).iter();
    let mut texts = accepted.filter_map(|value| value.to_str().ok());
    texts.any(|text| text.split([',', ';']).any(|part| part.trim() == NDJSON))
}

fn cursor(call: &Call) -> Result<Option<Cursor>, Problem> {
    let text = call.query.text("cursor");
    let cursor = text.map(Cursor::parse).transpose();
    cursor.map_err(|error| refuse::search(&error))
}

/// How many items a page has.
pub(super) fn limit(call: &Call) -> usize {
    let limit = call.query.number("limit");
    limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(DEFAULT_LIMIT)
}

fn filters(call: &Call) -> Result<Query, Problem> {
    let query = &call.query;
    let owned = |name: &str| query.text(name).map(str::to_owned);
    let owned_all = |name: &str| query.texts(name).map(str::to_owned).collect();
    let lifecycles = query.texts("lifecycle").map(str::parse::<Lifecycle>);
    let lifecycles = lifecycles.collect::<Result<_, _>>();
    Ok(Query {
        tags: owned_all("tag"),
        any_tags: owned_all("anyTag"),
        meta_type: owned("type"),
        lifecycles: lifecycles
            .map_err(|error| Problem::parameter("lifecycle", error.to_string()))?,
        capability: owned("capability"),
        namespace: owned("namespace"),
        name: owned("name"),
        text: owned("text"),
        latest_only: query.flag("latestOnly"),
        reader: call.caller.reader(),
    })
}

/// A page of records, each as it is stored.
pub(super) fn page<'r>(
    records: impl Iterator<Item = &'r Arc<Record>> + Clone,
    next: Option<&str>,
    revision: Revision,
) -> Answer {
    let stored = records.filter_map(|record| record.bytes.as_deref());
    let length: usize = stored.clone().map(|bytes| bytes.len() + 1).sum();
    let mut text = BytesMut::with_capacity(length + 256);
    text.put_slice(b"{\"items\":[");
    for (place, bytes) in stored.enumerate() {
        if place > 0 {
            text.put_u8(b',');
        }
        text.put_slice(bytes);
    }
    text.put_slice(b"],\"nextCursor\":");
    match next {
        // Letters, digits, `-` and `_`: nothing to escape.
        Some(cursor) => {
            text.put_u8(b'"');
            text.put_slice(cursor.as_bytes());
            text.put_u8(b'"');
        }
        None => text.put_slice(b"null"),
    }
    text.put_slice(format!(",\"revision\":{revision}}}").as_bytes());
    Answer::json_text(text.freeze())
}

/// All that fit, of one view: made as the client takes it, so that it costs one part of memory.
fn lines(
    call: &Call,
    mut query: Query,
    cursor: Option<Cursor>,
    view: Arc<View>,
) -> Result<Answer, Problem> {
    let mut standing = Standing::of(call);
    // What is wrong with the query is told before the first line is sent.
    let first = view.search(&query, PART, cursor.as_ref());
    let mut next = Some(first.map_err(|error| refuse::search(&error))?);
    let revision = view.head().revision;
    let parts = std::iter::from_fn(move || {
        let mut page = next.take()?;
        match standing.ask() {
            Ok(false) => {}
            Ok(true) => {
                query.reader = standing.caller().reader();
                page.items.retain(|record| standing.caller().sees(record));
            }
            // Without its end the client knows that it doesn't have all.
            Err(_) => return Some(Err(Broken)),
        }
        let part = as_lines(&page.items);
        next = page
            .next
            .and_then(|cursor| view.search(&query, PART, Some(&cursor)).ok());
        (!part.is_empty() || next.is_some()).then_some(Ok(part))
    });
    let content_type = HeaderValue::from_static(NDJSON);
    Ok(Answer::streamed(content_type, Body::Parts(Box::new(parts))).at(revision))
}

/// Records as they are stored, a line each.
pub(super) fn as_lines(records: &[Arc<Record>]) -> Bytes {
    let mut text = BytesMut::new();
    for bytes in records.iter().filter_map(|record| record.bytes.as_deref()) {
        text.extend_from_slice(bytes);
        text.put_u8(b'\n');
    }
    text.freeze()
}
