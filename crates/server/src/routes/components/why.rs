//! The change that last set a component or a field of it.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{ChangeShape, WhyShape};
use deedbook_book::View;
use deedbook_model::Kind;
use deedbook_model::code::Code;

use super::{Meant, find_in_history};
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::refuse;

pub(in crate::routes) fn why(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let pointer = call.query.text("pointer").unwrap_or_default();
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(Problem::parameter("pointer", "must begin with `/`"));
    }
    let Meant { uuid, removed } = find_in_history(call, view)?;
    let why = call.server.book.why(view, &Kind::COMPONENT, &uuid, pointer);
    let Some(why) = why.map_err(refuse::book)? else {
        let detail = format!("{} never had a {pointer}", call.key_text()?);
        return Err(Problem::new(Code::NotFound, detail));
    };
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
