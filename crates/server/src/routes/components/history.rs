//! The changes of a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::HistoryShape;
use deedbook_book::View;
use deedbook_model::Kind;

use super::{Meant, find_in_history};
use crate::answer::Answer;
use crate::call::Call;
use crate::routes::changes::{floor, has_older, of_record, shapes_of_record};

pub(in crate::routes) fn history(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let Meant { uuid, removed } = find_in_history(call, view)?;
    let changes = of_record(call, view, &Kind::COMPONENT, &uuid)?;
    Answer::json(&HistoryShape {
        uuid: &uuid,
        has_older: has_older(&changes),
        items: shapes_of_record(call, &changes)?,
        removed,
        floor: floor(call)?,
        revision: view.head().revision,
    })
}
