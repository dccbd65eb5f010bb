//! Merging a patch (RFC 7396) into a stored document, and what a patch may not touch.

use deedbook_model::Envelope;
use deedbook_model::component::{Mutability, field_mutability, normalised_member};
use deedbook_model::document::json_kind_name;
use deedbook_model::issue::{Issue, IssueKind};
use serde_json::{Map, Value};

use super::issue;

/// The document with the patch merged in, and a fault for each member that may not change. The
/// members that the registry keeps are left out, so that they are made anew.
pub(super) fn merge(
    document: &Map<String, Value>,
    patch: &Value,
    envelope: &Envelope<'_>,
) -> (Value, Vec<Issue>) {
    let mut merged = Value::Object(document.clone());
    let mut issues = Vec::new();
    match patch {
        Value::Object(members) => {
            let mut allowed = Map::new();
            for (given, value) in members {
                let name = canonical_name(given);
                if name != given && members.get(name).is_some_and(|other| other != value) {
                    issues.push(two_spellings(given, name));
                    continue;
                }
                if may_set(name, document) {
                    allowed.insert(name.to_owned(), value.clone());
                } else if !is_unchanged(name, value, document, envelope) {
                    issues.push(immutable(given));
                }
            }
            json_patch::merge(&mut merged, &Value::Object(allowed));
        }
        other => issues.push(not_an_object(other)),
    }
    if let Value::Object(members) = &mut merged {
        members.remove("hash");
        members.remove("last_modified_at");
    }
    (merged, issues)
}

fn canonical_name(given: &str) -> &str {
    match given {
        "type" => "meta_type",
        "x-extensions" => "x_extensions",
        other => other,
    }
}

/// Whether a patch may set that member. One that is settable once and absent may be set; null
/// leaves it absent.
fn may_set(name: &str, document: &Map<String, Value>) -> bool {
    match field_mutability(name) {
        Mutability::Mutable | Mutability::Lifecycle => true,
        Mutability::Once => !document.contains_key(name),
        Mutability::Immutable | Mutability::Registry => false,
    }
}

/// Whether a member that may not change is given as what it is already, after normalisation.
fn is_unchanged(
    name: &str,
    value: &Value,
    document: &Map<String, Value>,
    envelope: &Envelope<'_>,
) -> bool {
    match name {
        "revision" => value.as_u64() == Some(envelope.generation.0),
        "registered_at" => value
            .as_str()
            .and_then(|text| text.parse().ok())
            .is_some_and(|time: deedbook_model::Timestamp| time == envelope.created_at),
        _ if value.is_null() => !document.contains_key(name),
        _ => normalised_member(name, value).as_ref() == document.get(name),
    }
}

fn immutable(name: &str) -> Issue {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let message = format!("`{name}` never changes");
    let mut issue = issue(IssueKind::ImmutableField, &pointer, Some("SC007"), message);
    issue.hint = Some("register a new version instead".to_owned());
    issue
}

fn two_spellings(given: &str, name: &str) -> Issue {
    let message = format!("`{given}` and `{name}` say different things");
    let pointer = format!("/{given}");
    let mut issue = issue(IssueKind::Conflict, &pointer, Some("SC002"), message);
    issue.hint = Some(format!("keep `{name}`"));
    issue
}

pub(super) fn not_an_object(patch: &Value) -> Issue {
    let found = json_kind_name(patch);
    let message = format!("a merge patch is an object, not {found}");
    issue(IssueKind::WrongType, "", Some("SC004"), message)
}
