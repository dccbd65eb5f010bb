//! Which records differ between two moments.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{RecordDiffShape, StatesDiffShape};
use deedbook_book::View;
use deedbook_rules::Record;
use deedbook_rules::diff::diff_states;

use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::sight;

pub(super) async fn states(call: Call) -> Result<Answer, Problem> {
    let server = Arc::clone(&call.server);
    let (before, after) = sight::two_views(&call).await?;
    let work = move || compare(&call, &before, &after);
    server.slow.run(work).await
}

fn compare(call: &Call, before: &View, after: &View) -> Result<Answer, Problem> {
    let mut differences = diff_states(before, after);
    let hidden = |record: &Option<Arc<Record>>| {
        let record = record.as_ref();
        record.is_some_and(|record| !call.caller.sees(record))
    };
    differences.retain(|one| !hidden(&one.before) && !hidden(&one.after));
    let items = differences
        .iter()
        .filter_map(|one| RecordDiffShape::of(one).transpose());
    let items: Result<Vec<_>, _> = items.collect();
    let to = after.head().revision;
    let answer = Answer::json(&StatesDiffShape {
        from: before.head().revision,
        to,
        items: items.map_err(|error| internal(&error))?,
    })?;
    Ok(answer.at(to))
}
