//! The changes of a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, HistoryShape};
use deedbook_book::View;
use deedbook_model::Kind;

use super::{Meant, find_in_history};
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::refuse;
use crate::routes::changes::{floor, since};
use crate::routes::listing::limit;

pub(in crate::routes) fn history(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let Meant { uuid, removed } = find_in_history(call, view)?;
    let since = since(call)?;
    let book = &call.server.book;
    let changes = book.history(view, &Kind::COMPONENT, &uuid, limit(call));
    let mut changes = changes.map_err(refuse::book)?;
    if let Some(since) = since {
        changes.retain(|change| change.revision > since);
    }
    let shape = match call.query.flag("records") {
        true => ChangeShape::whole,
        false => |change| Ok(ChangeShape::of(change)),
    };
    let items: Result<Vec<_>, _> = changes.iter().map(shape).collect();
    Answer::json(&HistoryShape {
        uuid: &uuid,
        has_older: changes
            .last()
            .is_some_and(|oldest| oldest.previous.is_some()),
        items: items.map_err(|error| internal(&error))?,
        removed,
        floor: floor(call)?,
        revision: view.head().revision,
    })
}
