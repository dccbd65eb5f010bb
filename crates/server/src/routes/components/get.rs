//! One component, as it is stored.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;

use super::find;
use crate::answer::Answer;
use crate::call::Call;
use crate::conditions::is_known;

pub(in crate::routes) fn get(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let found = find(call, view)?;
    if is_known(call, found.record.revision)? {
        return Ok(Answer::not_modified(found.record.revision));
    }
    Ok(Answer::record(found.record))
}
