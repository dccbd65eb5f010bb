//! The changes of a record.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::MeshHistoryShape;
use deedbook_book::View;

use super::{not_found, readable_key};
use crate::answer::Answer;
use crate::call::Call;
use crate::routes::changes::{floor, has_older, of_record, shapes_of_record};

pub(in crate::routes) fn history(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let (kind, text) = (key.kind().kind(), key.to_string());
    if view.record(&kind, &text).is_none() {
        return Err(not_found(&key));
    }
    let changes = of_record(call, view, &kind, &text)?;
    Answer::json(&MeshHistoryShape {
        key: &text,
        has_older: has_older(&changes),
        items: shapes_of_record(call, &changes)?,
        floor: floor(call)?,
        revision: view.head().revision,
    })
}
