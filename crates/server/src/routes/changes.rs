//! All changes, a page at a time.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, ChangesShape};
use deedbook_book::{At, BeforeChanges, BookError, ChangeFilter, ChangeQuery, View};
use deedbook_log::LogError;
use deedbook_model::{Change, Kind, Revision};
use deedbook_rules::visible::may_see_change;
use serde::{Deserialize, Serialize};

use super::listing::limit;
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::cursor;
use crate::refuse;
use crate::sight::Moment;

/// Where a list of changes goes on, and up to where: version, after, up to, filter.
#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u32,
    a: Revision,
    u: Revision,
    /// The revision that the list began at, where `u` comes down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r: Option<Revision>,
    f: String,
}

pub(super) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let filter = filter(call);
    let names = filter_text(call);
    let cursor = read_cursor(call, &names)?;
    let floor = floor(call)?;
    let asked = [call.query.number("after").map(Revision), since(call)?];
    let asked = asked.into_iter().flatten().max();
    let after = match (&cursor, asked) {
        (Some(cursor), _) => cursor.a,
        (None, Some(after)) if after < floor => {
            let wanted = after;
            let gone = LogError::Compacted { wanted, floor };
            return Err(refuse::book(gone.into()));
        }
        (None, Some(after)) => after,
        // Nobody asked for what is gone.
        (None, None) => floor,
    };
    let head = view.head().revision;
    let up_to = cursor.as_ref().map_or(head, |cursor| cursor.u);
    let revision = cursor.and_then(|cursor| cursor.r).unwrap_or(up_to);
    let newest_first = call.query.text("order") == Some("newest");
    let (page, next) = if newest_first {
        let page = page_backwards(call, after, up_to, &filter)?;
        let next = page.goes_on_after.map(|up_to| (after, up_to));
        (page, next)
    } else {
        let page = page(call, after, up_to, &filter)?;
        let next = page.goes_on_after.map(|after| (after, up_to));
        (page, next)
    };
    let with_records = call.query.text("records") != Some("false");
    let next = next.map(|(a, u)| Cursor {
        v: 1,
        a,
        u,
        r: newest_first.then_some(revision),
        f: names,
    });
    Answer::json(&ChangesShape {
        items: shapes(&page.items, with_records)?,
        next_cursor: next.map(|next| cursor::encode(call, &next)).transpose()?,
        floor,
        revision,
    })
}

/// The newest changes of a record, as many as a request for its history asks for.
pub(super) fn of_record(
    call: &Call,
    view: &View,
    kind: &Kind,
    key: &str,
) -> Result<Vec<Change>, Problem> {
    let since = since(call)?.unwrap_or(Revision::ZERO);
    let changes = call.server.book.history(view, kind, key, limit(call));
    let mut changes = changes.map_err(refuse::book)?;
    changes.retain(|change| change.revision > since);
    Ok(changes)
}

/// Those changes as they are told, with their records if a request asks for them.
pub(super) fn shapes_of_record<'a>(
    call: &Call,
    changes: &'a [Change],
) -> Result<Vec<ChangeShape<'a>>, Problem> {
    shapes(changes, call.query.flag("records"))
}

fn shapes(changes: &[Change], with_records: bool) -> Result<Vec<ChangeShape<'_>>, Problem> {
    let shape = match with_records {
        true => ChangeShape::whole,
        false => |change| Ok(ChangeShape::of(change)),
    };
    let shapes: Result<Vec<_>, _> = changes.iter().map(shape).collect();
    shapes.map_err(|error| internal(&error))
}

/// Whether a record has older changes than these.
pub(super) fn has_older(changes: &[Change]) -> bool {
    changes
        .last()
        .is_some_and(|oldest| oldest.previous.is_some())
}

/// The oldest revision whose state can be read.
pub(super) fn floor(call: &Call) -> Result<Revision, Problem> {
    Ok(call.server.book.stats().map_err(refuse::book)?.floor)
}

/// The last revision that `since` leaves out.
fn since(call: &Call) -> Result<Option<Revision>, Problem> {
    match Moment::of(call, "since")?.map(Moment::at) {
        None => Ok(None),
        Some(At::Revision(revision)) => Ok(Some(revision)),
        Some(At::Time(time)) => match call.server.book.revision_at(time) {
            Ok(revision) => Ok(Some(revision)),
            // Nothing is older than that: all that is kept came after it.
            Err(BookError::BeforeBook { .. } | BookError::BeforeTime { .. }) => {
                Ok(Some(Revision::ZERO))
            }
            Err(error) => Err(refuse::book(error)),
        },
    }
}

/// The newest changes up to a revision that fit and may be seen; it goes on below the last.
fn page_backwards(
    call: &Call,
    after: Revision,
    mut up_to: Revision,
    filter: &ChangeFilter,
) -> Result<Page, Problem> {
    let limit = limit(call);
    let (mut items, mut read) = (Vec::new(), 0);
    let before = call.server.book.before_changes();
    loop {
        let wanted = limit - items.len();
        let found = call.server.book.changes(&ChangeQuery {
            after,
            up_to: Some(up_to),
            filter: filter.clone(),
            newest_first: true,
            limit: wanted,
        });
        let found = found.map_err(refuse::book)?;
        let was_all = found.len() < wanted;
        up_to = found
            .last()
            .map_or(after, |last| Revision(last.revision.0.saturating_sub(1)));
        read += found.len();
        for change in found {
            if may_see(call, &before, &change)? {
                items.push(change);
            }
        }
        if was_all || up_to <= after || items.len() == limit || read >= MOST_READ {
            let goes_on = !was_all && up_to > after;
            return Ok(Page {
                items,
                goes_on_after: goes_on.then_some(up_to),
            });
        }
    }
}

/// Changes that fit and may be seen, and after which revision there may be more.
struct Page {
    items: Vec<Change>,
    goes_on_after: Option<Revision>,
}

/// Most changes that one page looks at: a reader who may see few of them gets a short page.
const MOST_READ: usize = 50_000;

fn page(
    call: &Call,
    mut after: Revision,
    up_to: Revision,
    filter: &ChangeFilter,
) -> Result<Page, Problem> {
    let limit = limit(call);
    let (mut items, mut read) = (Vec::new(), 0);
    let before = call.server.book.before_changes();
    loop {
        let wanted = limit - items.len();
        let found = call.server.book.changes(&ChangeQuery {
            after,
            up_to: Some(up_to),
            filter: filter.clone(),
            newest_first: false,
            limit: wanted,
        });
        let found = found.map_err(refuse::book)?;
        let was_all = found.len() < wanted;
        after = found.last().map_or(up_to, |last| last.revision);
        read += found.len();
        for change in found {
            if may_see(call, &before, &change)? {
                items.push(change);
            }
        }
        if was_all || after >= up_to || items.len() == limit || read >= MOST_READ {
            let goes_on = !was_all && after < up_to;
            return Ok(Page {
                items,
                goes_on_after: goes_on.then_some(after),
            });
        }
    }
}

fn may_see(call: &Call, before: &BeforeChanges, change: &Change) -> Result<bool, Problem> {
    let mut failed = None;
    let before = || {
        before.stored(change).unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    };
    let may_see = may_see_change(call.caller.rights(), change, before);
    match failed {
        Some(error) => Err(refuse::book(error)),
        None => Ok(may_see),
    }
}

/// Which changes are asked for.
pub(crate) fn filter(call: &Call) -> ChangeFilter {
    let owned = |name: &str| call.query.text(name).map(str::to_owned);
    ChangeFilter {
        kind: call.query.text("kind").map(Kind::named),
        key: owned("key"),
        key_prefix: owned("keyPrefix"),
        actor: owned("actor"),
    }
}

/// What tells the filters of two lists apart.
fn filter_text(call: &Call) -> String {
    let given = ["kind", "key", "keyPrefix", "actor", "order"]
        .map(|name| call.query.text(name).map(|value| format!("{name}={value}")));
    given.into_iter().flatten().collect::<Vec<_>>().join("&")
}

fn read_cursor(call: &Call, names: &str) -> Result<Option<Cursor>, Problem> {
    let refuse = |message| Err(Problem::parameter("cursor", message));
    match cursor::read::<Cursor>(call)? {
        Some(cursor) if cursor.v != 1 => refuse("not a cursor"),
        Some(cursor) if cursor.f != names => {
            refuse("the cursor belongs to a list with other filters")
        }
        cursor => Ok(cursor),
    }
}
