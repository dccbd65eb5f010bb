//! What differs in a record between two moments.

use deedbook_api::problem::Problem;
use deedbook_api::shapes::MeshDiffShape;
use deedbook_book::View;
use deedbook_model::mesh::MeshKey;
use deedbook_rules::diff::diff_documents;
use serde_json::Value;

use super::{not_found, readable_key};
use crate::answer::Answer;
use crate::call::Call;
use crate::routes::components::document;
use crate::sight;

pub(in crate::routes) async fn diff(call: Call) -> Result<Answer, Problem> {
    let key = readable_key(&call)?;
    let (before, after) = sight::two_views(&call).await?;
    let (earlier, later) = (document_at(&before, &key)?, document_at(&after, &key)?);
    if earlier.is_none() && later.is_none() {
        return Err(not_found(&key));
    }
    let nothing = || Value::Object(serde_json::Map::new());
    let (earlier, later) = (
        earlier.unwrap_or_else(nothing),
        later.unwrap_or_else(nothing),
    );
    let answer = Answer::json(&MeshDiffShape {
        key: key.to_string(),
        from: before.head().revision,
        to: after.head().revision,
        differences: diff_documents(&earlier, &later),
    })?;
    Ok(answer.at(after.head().revision))
}

/// A record's document, if it was there.
fn document_at(view: &View, key: &MeshKey) -> Result<Option<Value>, Problem> {
    let record = view.record(&key.kind().kind(), &key.to_string());
    let record = record.filter(|record| record.is_live());
    record.map(|record| document(record)).transpose()
}
