//! The changes of a record.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, MeshHistoryShape};
use deedbook_book::View;

use super::{not_found, readable_key};
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::refuse;
use crate::routes::changes::{floor, since};
use crate::routes::listing::limit;

pub(in crate::routes) fn history(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let since = since(call)?;
    let book = &call.server.book;
    let (kind, text) = (key.kind().kind(), key.to_string());
    if view.record(&kind, &text).is_none() {
        return Err(not_found(&key));
    }
    let changes = book.history(view, &kind, &text, limit(call));
    let mut changes = changes.map_err(refuse::book)?;
    if let Some(since) = since {
        changes.retain(|change| change.revision > since);
    }
    let shape = match call.query.flag("records") {
        true => ChangeShape::whole,
        false => |change| Ok(ChangeShape::of(change)),
    };
    let items: Result<Vec<_>, _> = changes.iter().map(shape).collect();
    Answer::json(&MeshHistoryShape {
        key: &text,
        has_older: changes
            .last()
            .is_some_and(|oldest| oldest.previous.is_some()),
        items: items.map_err(|error| internal(&error))?,
        floor: floor(call)?,
        revision: view.head().revision,
    })
}
