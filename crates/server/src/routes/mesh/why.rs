//! The change that last set a record or a field of it.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;

use super::{not_found, readable_key};
use crate::answer::Answer;
use crate::call::Call;
use crate::refuse;
use crate::routes::components::why::{never, pointer, told};

pub(in crate::routes) fn why(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let pointer = pointer(call)?;
    let (kind, text) = (key.kind().kind(), key.to_string());
    if view.record(&kind, &text).is_none() {
        return Err(not_found(&key));
    }
    let why = call.server.book.why(view, &kind, &text, pointer);
    match why.map_err(refuse::book)? {
        Some(why) => told(call, why, pointer, None),
        None => Err(never(&format!("{} {key}", key.kind()), pointer)),
    }
}
