//! All changes, a page at a time.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, ChangesShape};
use deedbook_book::{ChangeFilter, ChangeQuery, View};
use deedbook_model::{Change, Kind, Revision};
use serde::{Deserialize, Serialize};

use super::listing::limit;
use crate::answer::{Answer, internal, to_json};
use crate::call::Call;
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
    let found = book.changes(&ChangeQuery {
        after,
        up_to: Some(up_to),
        filter,
        newest_first: false,
        limit: limit(call),
    });
    let found = found.map_err(refuse::book)?;
    let items: Result<Vec<_>, _> = found.iter().map(ChangeShape::whole).collect();
    Answer::json(&ChangesShape {
        items: items.map_err(|error| internal(&error))?,
        next_cursor: next_cursor(&found, limit(call), up_to, names)?,
        revision: up_to,
    })
}

fn filter(call: &Call) -> ChangeFilter {
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
    let Some(text) = call.query.text("cursor") else {
        return Ok(None);
    };
    let bytes = BASE64.decode(text).ok();
    let cursor = bytes.and_then(|bytes| serde_json::from_slice::<Cursor>(&bytes).ok());
    match cursor {
        Some(cursor) if cursor.v != 1 => Err(Problem::parameter("cursor", "not a cursor")),
        Some(cursor) if cursor.f != names => Err(Problem::parameter(
            "cursor",
            "the cursor belongs to a list with other filters",
        )),
        Some(cursor) => Ok(Some(cursor)),
        None => Err(Problem::parameter("cursor", "not a cursor")),
    }
}

fn next_cursor(
    found: &[Change],
    limit: usize,
    up_to: Revision,
    names: String,
) -> Result<Option<String>, Problem> {
    let last = found
        .last()
        .filter(|last| found.len() == limit && last.revision < up_to);
    let Some(last) = last else {
        return Ok(None);
    };
    let cursor = to_json(&Cursor {
        v: 1,
        a: last.revision,
        u: up_to,
        f: names,
    })?;
    Ok(Some(BASE64.encode(cursor)))
}
