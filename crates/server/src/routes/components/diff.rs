//! What differs in a component between two moments.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::DiffShape;
use deedbook_book::View;
use deedbook_rules::components::{ComponentKey, Found};
use deedbook_rules::diff::diff_documents;
use serde_json::Value;

use super::{document, not_found};
use crate::answer::Answer;
use crate::call::Call;
use crate::sight;

pub(in crate::routes) async fn diff(call: Call) -> Result<Answer, Problem> {
    let (before, after) = sight::two_views(&call).await?;
    compare(&call, &before, &after)
}

/// A key means what it means in the later state; a component that was gone by then, in the earlier.
fn compare(call: &Call, before: &Arc<View>, after: &Arc<View>) -> Result<Answer, Problem> {
    let key = call.component_key()?;
    let lookup = |view: &'_ View| {
        view.lookup(&key.name, key.spec.as_ref())
            .map(|f| f.facts.uuid())
    };
    let uuid = lookup(after).or_else(|error| lookup(before).map_err(|_| error));
    let uuid = uuid.map_err(|error| not_found(call, after, &key, &error))?;
    let key = ComponentKey::from(uuid);
    let content = |view: &View| match view.lookup(&key.name, None) {
        Ok(Found { record, .. }) => {
            call.caller.demand_sight(record, &call.key_text()?)?;
            document(record)
        }
        Err(_) => Ok(Value::Object(serde_json::Map::new())),
    };
    let answer = Answer::json(&DiffShape {
        uuid,
        from: before.head().revision,
        to: after.head().revision,
        differences: diff_documents(&content(before)?, &content(after)?),
    })?;
    Ok(answer.at(after.head().revision))
}
