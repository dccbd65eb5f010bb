//! Records as people and programs see them.

use std::collections::BTreeMap;

use deedbook_model::Envelope;
use deedbook_rules::Record;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Failure;

/// A live record's stored JSON, which is its envelope.
pub(crate) fn stored(record: &Record) -> Result<&RawValue, Failure> {
    let bytes = record.bytes.as_deref().unwrap_or(b"null");
    Ok(serde_json::from_slice(bytes)?)
}

/// A record's envelope with its members in the order in which they are best read.
pub(crate) fn readable(record: &Record) -> Result<ReadableEnvelope<'_>, Failure> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    let whole = Envelope::read_whole(bytes);
    let (envelope, unknown) = whole.map_err(|error| Failure::Internal(error.to_string()))?;
    let unknown = (unknown.iter())
        .map(|(name, value)| Ok((name.to_owned(), serde_json::from_str(value.get())?)))
        .collect::<Result<_, Failure>>()?;
    Ok(ReadableEnvelope {
        unknown,
        data: serde_json::from_str(envelope.data.get())?,
        annotations: serde_json::from_str(envelope.annotations.get())?,
        envelope,
    })
}

/// A record's envelope.
pub(crate) fn envelope(record: &Record) -> Result<Envelope<'_>, Failure> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    Envelope::read(bytes).map_err(|error| Failure::Internal(error.to_string()))
}

/// A record's document.
pub(crate) fn document(record: &Record) -> Result<Value, Failure> {
    let document = envelope(record)?.document();
    document.map_err(|error| Failure::Internal(error.to_string()))
}

/// An envelope in values, for YAML.
pub(crate) struct ReadableEnvelope<'a> {
    envelope: Envelope<'a>,
    annotations: Value,
    data: Map<String, Value>,
    unknown: Map<String, Value>,
}

impl Serialize for ReadableEnvelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let envelope = &self.envelope;
        let mut map = serializer.serialize_map(Some(9 + self.unknown.len()))?;
        map.serialize_entry("kind", &envelope.kind)?;
        map.serialize_entry("key", &envelope.key)?;
        map.serialize_entry("generation", &envelope.generation)?;
        map.serialize_entry("revision", &envelope.revision)?;
        map.serialize_entry("checksum", &envelope.checksum)?;
        map.serialize_entry("createdAt", &envelope.created_at)?;
        map.serialize_entry("updatedAt", &envelope.updated_at)?;
        map.serialize_entry("annotations", &self.annotations)?;
        map.serialize_entry("data", &InFieldOrder(&self.data))?;
        for (name, value) in &self.unknown {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A component document with its members in the order of the specification.
pub(crate) struct InFieldOrder<'a>(pub(crate) &'a Map<String, Value>);

impl Serialize for InFieldOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = places();
        let mut members: Vec<(&String, &Value)> = self.0.iter().collect();
        // A stable sort: members that aren't known keep their order, after those that are.
        members.sort_by_key(|(name, _)| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (name, value) in members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Where each field stands.
fn places() -> BTreeMap<&'static str, usize> {
    const FIRST: [&str; 32] = [
        "metadata_version",
        "uuid",
        "name",
        "version",
        "meta_type",
        "namespace",
        "lifecycle",
        "description",
        "author",
        "owner",
        "copyright",
        "license",
        "runtime_language_hint",
        "state_contract",
        "created_at",
        "last_modified_at",
        "hash",
        "entrypoint",
        "tags",
        "capabilities",
        "capabilities_required",
        "dependencies",
        "inputs",
        "outputs",
        "trust_score",
        "idempotent",
        "deprecated_by",
        "deprecated_reason",
        "archived_reason",
        "parent_id",
        "spec",
        "annotations",
    ];
    FIRST
        .into_iter()
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect()
}
