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

use deedbook_book::{Book, RemovedComponent, View};
use deedbook_model::Kind;
use deedbook_rules::components::{ComponentFacts, ComponentKey, Found, LookupError, NameOrUuid};

use crate::context::Context;
use crate::error::Failure;
use crate::output::human;

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
        context.output.note(&human::one_line(&format!(
            "warning: {title} is deprecated{why}"
        )));
    }
    Ok(found)
}

/// The uuid that a key means where history counts: of a component that is there, archived or not,
/// else of the one that was removed last.
pub(super) fn find_in_history(
    key: &str,
    book: &Book,
    view: &View,
    context: &mut Context,
) -> Result<String, Failure> {
    let key = ComponentKey::parse(key)?;
    let error = match view.lookup(&key.name, key.spec.as_ref()) {
        Ok(found) => return Ok(found.facts.uuid.to_string()),
        Err(error) => error,
    };
    let spec = key.spec.as_ref().filter(|spec| !spec.is_latest());
    let fits = |facts: &ComponentFacts| spec.is_none_or(|spec| spec.matches(&facts.version));
    match &key.name {
        NameOrUuid::Name(name) => {
            let mut there = view.versions(&key.name).iter();
            let archived = there.find_map(|record| record.component().filter(|facts| fits(facts)));
            if let Some(facts) = archived {
                return Ok(facts.uuid.to_string());
            }
            let mut removed = book.removed_components(view, name)?;
            removed.retain(|removed| fits(&removed.facts));
            let (newest, others) = removed.split_first().ok_or(error)?;
            tell_removed(newest, others, context);
            Ok(newest.facts.uuid.to_string())
        }
        // Known by its key alone: removed, or of a form that only a later release reads.
        NameOrUuid::Uuid(uuid) => {
            let uuid = uuid.to_string();
            let known = view.record(&Kind::COMPONENT, &uuid);
            match error {
                LookupError::Unknown { .. } if known.is_some() => Ok(uuid),
                error => Err(error.into()),
            }
        }
    }
}

fn tell_removed(newest: &RemovedComponent, others: &[RemovedComponent], context: &mut Context) {
    let RemovedComponent { facts, revision } = newest;
    context.output.note(&format!(
        "warning: {} ({}) was removed at revision {revision}",
        facts.title(),
        facts.uuid
    ));
    for RemovedComponent { facts, revision } in others {
        context.output.note(&format!(
            "hint: so was {} ({}) at revision {revision}",
            facts.title(),
            facts.uuid
        ));
    }
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
