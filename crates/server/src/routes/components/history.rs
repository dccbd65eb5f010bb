//! The changes of a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, HistoryShape};
use deedbook_book::View;
use deedbook_model::Kind;

use super::find_in_history;
use crate::answer::Answer;
use crate::call::Call;
use crate::refuse;
use crate::routes::listing::limit;

pub(in crate::routes) fn history(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let uuid = find_in_history(call, view)?;
    let book = &call.server.book;
    let changes = book.history(view, &Kind::COMPONENT, &uuid, limit(call));
    let changes = changes.map_err(refuse::book)?;
    Answer::json(&HistoryShape {
        has_older: changes
            .last()
            .is_some_and(|oldest| oldest.previous.is_some()),
        items: changes.iter().map(ChangeShape::of).collect(),
        revision: view.head().revision,
    })
}
