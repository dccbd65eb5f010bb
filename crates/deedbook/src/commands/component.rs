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

use deedbook_api::shapes::RemovedComponentShape;
use deedbook_model::component::Lifecycle;
use deedbook_rules::Record;
use deedbook_rules::components::ComponentFacts;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::values::Moment;
use crate::output::{Output, human};
use crate::source::{Seen, Source};

/// The component that a key means; tells when it is deprecated.
pub(super) fn find(
    key: &str,
    source: &mut Source,
    at: Option<Moment>,
    context: &mut Context,
) -> Result<Seen, Failure> {
    let seen = source.component(key, at)?;
    tell_deprecated(&seen, &mut context.output)?;
    Ok(seen)
}

/// What the rules know of a component.
pub(super) fn facts(record: &Record) -> Result<&ComponentFacts, Failure> {
    let unread = || Failure::Internal(format!("{} can't be read by this release", record.key));
    record.component().ok_or_else(unread)
}

/// Tells when a component is deprecated.
pub(super) fn tell_deprecated(seen: &Seen, output: &mut Output) -> Result<(), Failure> {
    let facts = facts(&seen.record)?;
    if facts.lifecycle == Lifecycle::Deprecated {
        let title = facts.title();
        let why = deprecation(&seen.record)
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        output.note(&human::one_line(&format!(
            "warning: {title} is deprecated{why}"
        )));
    }
    Ok(())
}

/// Tells that a name means a component that is gone.
pub(super) fn tell_removed(removed: &[RemovedComponentShape], output: &mut Output) {
    let title =
        |one: &RemovedComponentShape| format!("{}@{} ({})", one.name, one.version, one.uuid);
    let Some((newest, others)) = removed.split_first() else {
        return;
    };
    output.note(&format!(
        "warning: {} was removed at revision {}",
        title(newest),
        newest.revision
    ));
    for other in others {
        output.note(&format!(
            "hint: so was {} at revision {}",
            title(other),
            other.revision
        ));
    }
}

fn deprecation(record: &Record) -> Option<String> {
    let envelope = deedbook_model::Envelope::read(record.bytes.as_deref()?).ok()?;
    let data: serde_json::Value = serde_json::from_str(envelope.data.get()).ok()?;
    let text = |name: &str| data.get(name).and_then(serde_json::Value::as_str);
    match (text("deprecated_reason"), text("deprecated_by")) {
        (Some(reason), Some(by)) => Some(format!("{reason} (use {by})")),
        (Some(reason), None) => Some(reason.to_owned()),
        (None, Some(by)) => Some(format!("use {by}")),
        (None, None) => None,
    }
}
