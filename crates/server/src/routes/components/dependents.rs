//! What depends on a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{DependentShape, DependentsShape};
use deedbook_book::View;
use deedbook_rules::Record;

use super::find;
use super::graph::depth;
use crate::answer::Answer;
use crate::call::Call;

pub(in crate::routes) fn dependents(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let uuid = find(call, view)?.facts.uuid();
    let sees = |record: &Record| call.caller.sees(record);
    let dependents = view.dependents_seen(uuid, depth(call), sees);
    Answer::json(&DependentsShape {
        uuid,
        items: dependents.iter().map(DependentShape::from).collect(),
        revision: view.head().revision,
    })
}
