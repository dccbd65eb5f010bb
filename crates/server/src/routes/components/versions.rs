//! All versions of a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_rules::components::{LookupError, NameOrUuid};

use crate::answer::Answer;
use crate::call::Call;
use crate::refuse;
use crate::routes::listing;

pub(in crate::routes) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = call.component_key()?;
    // A uuid stands for its family here.
    let family = match view.versions(&key.name) {
        [only] if matches!(key.name, NameOrUuid::Uuid(_)) => only
            .component()
            .map_or(key.name, |facts| NameOrUuid::Name(facts.name().to_string())),
        _ => key.name,
    };
    let records = view.versions(&family);
    if records.is_empty() {
        let key = family.to_string();
        return Err(refuse::lookup(&LookupError::Unknown { key }));
    }
    if let Some(hidden) = records.iter().find(|record| !call.caller.sees(record)) {
        // All versions of a name have its type, so that none of them may be seen.
        call.caller.demand_sight(hidden, &call.key_text()?)?;
    }
    let spec = key.spec.as_ref().filter(|spec| !spec.is_latest());
    let fitting = records.iter().filter(|record| {
        let facts = record.component();
        spec.is_none_or(|spec| facts.is_some_and(|facts| spec.matches(facts.version())))
    });
    Ok(listing::page(fitting, None, view.head().revision))
}
