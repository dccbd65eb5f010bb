//! All changes, a page at a time.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, ChangesShape};
use deedbook_book::{ChangeFilter, ChangeQuery, View};
use deedbook_model::{Change, Kind, Revision};
use deedbook_rules::visible::may_see_change;
use serde::{Deserialize, Serialize};

use super::listing::limit;
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::cursor;
use crate::refuse;

/// Where a list of changes goes on, and up to where: version, after, up to, filter.
#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u32,
    a: Revision,
    u: Revision,
    f: String,
}

pub(super) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let filter = filter(call);
    let names = filter_text(call);
    let cursor = read_cursor(call, &names)?;
    let book = &call.server.book;
    let after = match (&cursor, call.query.number("after")) {
        (Some(cursor), _) => cursor.a,
        (None, Some(after)) => Revision(after),
        // Nobody asked for what is gone.
        (None, None) => book.stats().map_err(refuse::book)?.floor,
    };
    let up_to = cursor.map_or(view.head().revision, |cursor| cursor.u);
    let page = page(call, after, up_to, &filter)?;
    let items: Result<Vec<_>, _> = page.items.iter().map(ChangeShape::whole).collect();
    Answer::json(&ChangesShape {
        items: items.map_err(|error| internal(&error))?,
        next_cursor: next_cursor(page.goes_on_after, up_to, names)?,
        revision: up_to,
    })
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
            if may_see(call, &change)? {
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

fn may_see(call: &Call, change: &Change) -> Result<bool, Problem> {
    let mut failed = None;
    let before = || {
        let before = call.server.book.stored_before(change);
        before.unwrap_or_else(|error| {
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
    let given = ["kind", "key", "keyPrefix", "actor"]
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

fn next_cursor(
    after: Option<Revision>,
    up_to: Revision,
    names: String,
) -> Result<Option<String>, Problem> {
    let Some(after) = after else {
        return Ok(None);
    };
    let cursor = cursor::encode(&Cursor {
        v: 1,
        a: after,
        u: up_to,
        f: names,
    })?;
    Ok(Some(cursor))
}
