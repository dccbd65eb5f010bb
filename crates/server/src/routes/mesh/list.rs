//! Lists of records: a page as JSON, or all that fit as lines.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_model::Revision;
use deedbook_model::shard::ShardStatus;
use deedbook_rules::Record;
use deedbook_rules::mesh::{MeshCursor, MeshFilter, MeshPage};
use http::HeaderValue;

use super::kind_of;
use crate::access::Standing;
use crate::answer::Answer;
use crate::body::{Body, Broken};
use crate::call::Call;
use crate::routes::listing::{NDJSON, as_lines, limit, page, wants_lines};

/// How many records are looked at for a part of a stream.
const PART: usize = 512;

/// The revision that a list is pinned to, where it goes on.
pub(in crate::routes) fn pinned(call: &Call) -> Result<Option<Revision>, Problem> {
    Ok(read_cursor(call)?.map(|cursor| cursor.revision))
}

fn read_cursor(call: &Call) -> Result<Option<MeshCursor>, Problem> {
    let wrong = |message: String| Problem::parameter("cursor", message);
    let Some(text) = call.query.text("cursor") else {
        return Ok(None);
    };
    let cursor = MeshCursor::parse(kind_of(call), text);
    let cursor = cursor.map_err(|error| wrong(error.to_string()))?;
    if cursor.lineage != call.server.book.view().lineage() {
        return Err(wrong("isn't a cursor of this book".to_owned()));
    }
    if call.query.text("at").is_some() {
        let message = "can't be combined with `cursor`, which goes on where its list began";
        return Err(Problem::parameter("at", message));
    }
    Ok(Some(cursor))
}

fn filter(call: &Call) -> MeshFilter {
    let query = &call.query;
    let statuses = query.texts("status").filter_map(ShardStatus::named);
    MeshFilter::default()
        .in_namespace(query.text("namespace"))
        .searching(query.text("search"))
        .on_node(query.text("owner").or_else(|| query.text("node")))
        .of_service(query.text("service"))
        .at(query.text("region"), query.text("zone"))
        .with_status(statuses.collect())
}

pub(in crate::routes) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let filter = filter(call);
    let revision = view.head().revision;
    let after = read_cursor(call)?.map_or(String::new(), |cursor| cursor.after);
    if wants_lines(call) {
        return Ok(lines(call, filter, after, Arc::clone(view)).at(revision));
    }
    let fits = |record: &Record| filter.fits(record) && call.caller.sees(record);
    let MeshPage { items, next } = MeshPage::of(view, kind_of(call), &after, limit(call), fits);
    let next = next.map(|cursor| cursor.to_text());
    if next.is_some() {
        call.server.past.keep_shared(view);
    }
    Ok(page(items.iter(), next.as_deref(), revision))
}

/// All that fit, of one view: made as the client takes it, so that it costs one part of memory.
fn lines(call: &Call, filter: MeshFilter, after: String, view: Arc<View>) -> Answer {
    let mut standing = Standing::of(call);
    let kind = kind_of(call);
    let mut after = Some(after);
    let parts = std::iter::from_fn(move || {
        let from = after.take()?;
        // Without its end the client knows that it doesn't have all.
        if standing.ask().is_err() {
            return Some(Err(Broken));
        }
        let part: Vec<Arc<Record>> = view.mesh_after(kind, &from).take(PART).cloned().collect();
        after = part.last().map(|last| last.key.to_string());
        let seen = |record: &Arc<Record>| filter.fits(record) && standing.caller().sees(record);
        let part: Vec<Arc<Record>> = part.into_iter().filter(seen).collect();
        after.is_some().then(|| Ok(as_lines(&part)))
    });
    Answer::streamed(
        HeaderValue::from_static(NDJSON),
        Body::Parts(Box::new(parts)),
    )
}
