//! The change that last set a component or a field of it.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, RemovedComponentShape, WhyShape};
use deedbook_book::{View, Why};
use deedbook_model::Kind;
use deedbook_model::code::Code;

use super::{Meant, find_in_history};
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::refuse;

pub(in crate::routes) fn why(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let pointer = pointer(call)?;
    let Meant { uuid, removed } = find_in_history(call, view)?;
    let why = call.server.book.why(view, &Kind::COMPONENT, &uuid, pointer);
    let why = why.map_err(refuse::book)?;
    let Some(why) = why else {
        return Err(never(&call.key_text()?, pointer));
    };
    told(call, why, pointer, Some(removed))
}

/// The field that is asked about.
pub(in crate::routes) fn pointer(call: &Call) -> Result<&str, Problem> {
    let pointer = call.query.text("pointer").unwrap_or_default();
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(Problem::parameter("pointer", "must begin with `/`"));
    }
    Ok(pointer)
}

pub(in crate::routes) fn never(title: &str, pointer: &str) -> Problem {
    Problem::new(Code::NotFound, format!("{title} never had a {pointer}"))
}

pub(in crate::routes) fn told(
    call: &Call,
    why: Why,
    pointer: &str,
    removed: Option<Vec<RemovedComponentShape>>,
) -> Result<Answer, Problem> {
    // What a whole record was and is says `diff`; here it would only hide the answer.
    let (before, after) = if pointer.is_empty() {
        (None, None)
    } else {
        (why.before, why.after)
    };
    let change = match call.query.flag("records") {
        true => ChangeShape::whole(&why.change),
        false => Ok(ChangeShape::of(&why.change)),
    };
    Answer::json(&WhyShape {
        change: change.map_err(|error| internal(&error))?,
        pointer,
        before,
        after,
        removed,
    })
}
