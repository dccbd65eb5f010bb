//! A valid document, and what is stored of it.

use semver::Version;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::issue::Issue;

use super::dependency::DependencyRef;
use super::stored_text::StoredText;
use super::types::Component;
use super::words::{Lifecycle, MetaType};

/// A valid document, normalised to version 0.3.0.
///
/// Aliases are resolved, older forms rewritten, defaults written out, times in UTC, uuids in
/// lower case. It has no `hash`, `registered_at` or `revision`, and times only if given.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) document: Map<String, Value>,
    pub(super) text: StoredText,
    pub(super) uuid: Uuid,
    pub(super) version: Version,
    pub(super) meta_type: MetaType,
    pub(super) lifecycle: Lifecycle,
    pub(super) dependencies: Vec<DependencyRef>,
    pub(super) warnings: Vec<Issue>,
}

/// A document as it is stored and returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The hash of the document.
    pub hash: String,
    /// The RFC 8785 bytes of the document, its hash included.
    pub bytes: Vec<u8>,
}

impl Draft {
    /// The normalised document.
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The uuid of this version of the component.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// The name of the family.
    pub fn name(&self) -> &str {
        self.word("name").unwrap_or_default()
    }

    /// The version, build metadata included.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What the component is.
    pub fn meta_type(&self) -> MetaType {
        self.meta_type
    }

    /// Where it is in its life.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }

    /// What it depends on, in the document's order.
    pub fn dependencies(&self) -> &[DependencyRef] {
        &self.dependencies
    }

    /// What somebody should look at.
    pub fn warnings(&self) -> &[Issue] {
        &self.warnings
    }

    /// The document in types.
    ///
    /// # Errors
    ///
    /// None that the field tables let through; the types hold what the tables admit.
    pub fn component(&self) -> Result<Component, serde_json::Error> {
        serde_json::from_value(Value::Object(self.document.clone()))
    }

    /// What is stored: the document with both times and its hash. Cheap: nearly all of it was
    /// written out when the draft was made.
    ///
    /// The arguments are stored texts of times (UTC with `Z`); what the document itself says
    /// wins over them.
    pub fn finish(&self, created_at: &str, last_modified_at: &str) -> Stored {
        let hash = self.text.hash(created_at);
        Stored {
            bytes: self.text.write(created_at, last_modified_at, &hash),
            hash,
        }
    }

    /// The RFC 8785 text of one member's value, as it is stored; `None` for one that the document
    /// doesn't have.
    pub fn canonical_member(&self, name: &str) -> Option<&str> {
        self.text.value(name)
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}

/// Whether registering `draft` over `stored` would change nothing.
///
/// Both are normalised, so absent members have their defaults. `last_modified_at`, `hash`,
/// `registered_at` and `revision` aren't compared; an absent `created_at` is the stored one.
pub fn same_content(stored: &Map<String, Value>, draft: &Draft) -> bool {
    let new = &draft.document;
    let compared = |name: &str| match name {
        "last_modified_at" | "hash" | "registered_at" | "revision" => false,
        "created_at" => new.contains_key(name),
        _ => true,
    };
    let matching = |document: &Map<String, Value>| {
        document
            .iter()
            .filter(|(name, value)| compared(name) && !value.is_null())
            .count()
    };
    matching(stored) == matching(new)
        && new
            .iter()
            .filter(|(name, _)| compared(name))
            .all(|(name, value)| {
                stored
                    .get(name)
                    .is_some_and(|held| same_member(name, held, value))
            })
}

fn same_member(name: &str, held: &Value, new: &Value) -> bool {
    match (name, held, new) {
        ("dependencies" | "targets", Value::Array(held), Value::Array(new)) => {
            held.len() == new.len()
                && held
                    .iter()
                    .zip(new)
                    .all(|(held, new)| entry(held) == entry(new))
        }
        _ => held == new,
    }
}

/// An entry without what it would mean anyway.
fn entry(value: &Value) -> Value {
    let mut value = value.clone();
    if let Value::Object(members) = &mut value {
        members.retain(|name, value| match name.as_str() {
            "optional" => value.as_bool() != Some(false),
            "kind" => value.as_str() != Some("component"),
            _ => true,
        });
    }
    value
}
