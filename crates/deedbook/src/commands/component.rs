//! Commands on components.

pub(super) mod add;
pub(super) mod bump;
pub(super) mod change;
pub(super) mod dependents;
pub(super) mod get;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod list;
pub(super) mod new;

use deedbook_book::View;
use deedbook_rules::components::{ComponentKey, Found};

use crate::context::Context;
use crate::error::Failure;

/// The component that a key means; tells when it is deprecated.
pub(super) fn find<'a>(
    key: &str,
    view: &'a View,
    context: &mut Context,
) -> Result<Found<'a>, Failure> {
    let key = ComponentKey::parse(key)?;
    let found = view.lookup(&key.name, key.spec.as_ref())?;
    if found.is_deprecated() {
        let title = found.facts.title();
        let why = deprecation(found)
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        context
            .output
            .note(&format!("warning: {title} is deprecated{why}"));
    }
    Ok(found)
}

fn deprecation(found: Found<'_>) -> Option<String> {
    let envelope = deedbook_model::Envelope::read(found.record.bytes.as_deref()?).ok()?;
    let data: serde_json::Value = serde_json::from_str(envelope.data.get()).ok()?;
    let text = |name: &str| data.get(name).and_then(serde_json::Value::as_str);
    match (text("deprecated_reason"), text("deprecated_by")) {
        (Some(reason), Some(by)) => Some(format!("{reason} (use {by})")),
        (Some(reason), None) => Some(reason.to_owned()),
        (None, Some(by)) => Some(format!("use {by}")),
        (None, None) => None,
    }
}
