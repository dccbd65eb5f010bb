//! Components: registering, reading, changing, removing them.

pub(super) mod dependents;
pub(super) mod diff;
pub(super) mod get;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod register;
pub(super) mod remove;
pub(super) mod update;
pub(super) mod versions;
pub(super) mod why;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::RemovedComponentShape;
use deedbook_book::{RemovedComponent, View};
use deedbook_model::{Capability, Envelope, Kind, Resource};
use deedbook_rules::Record;
use deedbook_rules::components::{ComponentKey, Found, LookupError};
use deedbook_rules::visible::may_see_stored;
use serde_json::Value;

use crate::answer::internal;
use crate::call::Call;
use crate::refuse;

/// The component that a request's key means.
pub(super) fn find<'v>(call: &Call, view: &'v View) -> Result<Found<'v>, Problem> {
    let key = call.component_key()?;
    let found = view.lookup(&key.name, key.spec.as_ref());
    if let Ok(found) = &found {
        demand_sight(call, found.record)?;
    }
    found.map_err(|error| not_found(call, view, &key, &error))
}

/// Nothing fits a key. The refusal lists the versions that there are, for whoever may see them.
pub(super) fn not_found(
    call: &Call,
    view: &View,
    key: &ComponentKey,
    error: &LookupError,
) -> Problem {
    let other = view.versions(&key.name).first();
    let seen = other.map_or(Ok(()), |other| demand_sight(call, other));
    seen.err().unwrap_or_else(|| refuse::lookup(error))
}

fn demand_sight(call: &Call, record: &Record) -> Result<(), Problem> {
    call.caller.demand_sight(record, &call.key_text()?)
}

/// What a key means where history counts: a component that is there, or the one that was removed
/// last.
pub(super) fn find_in_history(call: &Call, view: &View) -> Result<Meant, Problem> {
    let key = call.component_key()?;
    let found = call.server.book.meant_in_history(view, &key);
    let found = found.map_err(refuse::book)?;
    let found = found.map_err(|error| not_found(call, view, &key, &error))?;
    match view.record(&Kind::COMPONENT, &found.uuid) {
        Some(record) if record.is_live() => demand_sight(call, record)?,
        _ => demand_sight_of_removed(call, view, &found.uuid)?,
    }
    let rights = call.caller.rights();
    let seen = found.removed.iter().filter(|removed| {
        let (meta_type, name) = (removed.facts.meta_type(), removed.facts.name());
        rights.allows(
            Capability::RegistryRead,
            Resource::Component { meta_type, name },
        )
    });
    Ok(Meant {
        removed: seen.map(shape_of_removed).collect(),
        uuid: found.uuid,
    })
}

/// What a key means where history counts.
pub(super) struct Meant {
    pub(super) uuid: String,
    /// The components of that name that are gone, if one of them is meant; that one first.
    pub(super) removed: Vec<RemovedComponentShape>,
}

fn shape_of_removed(removed: &RemovedComponent) -> RemovedComponentShape {
    let RemovedComponent { facts, revision } = removed;
    RemovedComponentShape {
        uuid: facts.uuid(),
        name: facts.name().to_string(),
        version: facts.version().to_string(),
        revision: *revision,
    }
}

/// What was removed is seen by whoever could see it before, as far as the log still tells.
fn demand_sight_of_removed(call: &Call, view: &View, uuid: &str) -> Result<(), Problem> {
    if call.caller.reader().is_none() {
        return Ok(());
    }
    let book = &call.server.book;
    let last = book.history(view, &Kind::COMPONENT, uuid, 2);
    let last = last.map_err(refuse::book)?;
    let stored = last.iter().find_map(|change| change.record.as_deref());
    if may_see_stored(call.caller.rights(), &Kind::COMPONENT, uuid, stored) {
        return Ok(());
    }
    Err(call.caller.unseen(&call.key_text()?))
}

/// A record's document.
pub(super) fn document(record: &Record) -> Result<Value, Problem> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    let envelope = Envelope::read(bytes).map_err(|error| internal(&error))?;
    envelope.document().map_err(|error| internal(&error))
}
