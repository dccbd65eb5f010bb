//! The data of each kind as a type: for reading what is stored, and for building it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::schema::SchemaVersion;
use crate::shard::{HashRange, KeyRange, ShardRange, ShardStatus};

/// Whether the shards of a namespace have to cover all keys, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RangeDemand {
    /// Every key, by its bytes.
    Key,
    /// Every hash of a key.
    Hash,
}

/// A unit of isolation and its policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Namespace {
    /// Its name.
    pub namespace: String,
    /// What places its shards; `rendezvous` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
    /// How many times its fair share a node may have at most, from 1 on: for `bounded-load`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_number"
    )]
    pub bound_factor: Option<f64>,
    /// What its shards have to cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<RangeDemand>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Text by name, for whoever selects by it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The version that its members go by; [`SCHEMA_VERSION`](super::SCHEMA_VERSION) unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// Text by name, for users alone. A stored record has it beside its data: there it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Members that this release doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What owns shards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Node {
    /// The namespace that it is in.
    pub namespace: String,
    /// Its id there.
    pub node_id: String,
    /// Its share beside the others', from 0 (owns nothing) to 1024.
    #[serde(default = "one", serialize_with = "number")]
    pub weight: f64,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where in its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whether it gets nothing and loses what it has.
    #[serde(default)]
    pub draining: bool,
    /// Text by name, for whoever selects by it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The version that its members go by; [`SCHEMA_VERSION`](super::SCHEMA_VERSION) unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// Text by name, for users alone. A stored record has it beside its data: there it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Members that this release doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is offered at endpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Service {
    /// The namespace that it is in.
    pub namespace: String,
    /// Its id there.
    pub service_id: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Text by name, for whoever selects by it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The version that its members go by; [`SCHEMA_VERSION`](super::SCHEMA_VERSION) unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// Text by name, for users alone. A stored record has it beside its data: there it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Members that this release doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An address of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Endpoint {
    /// The namespace of the service.
    pub namespace: String,
    /// The service.
    pub service_id: String,
    /// Its id within the service.
    pub endpoint_id: String,
    /// Where to reach it: scheme, host and port.
    pub uri: String,
    /// The node that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Its share of the requests beside the others', from 0 to 1024.
    #[serde(default = "one", serialize_with = "number")]
    pub weight: f64,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where in its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Text by name, for whoever selects by it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The version that its members go by; [`SCHEMA_VERSION`](super::SCHEMA_VERSION) unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// Text by name, for users alone. A stored record has it beside its data: there it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Members that this release doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A part of what a namespace holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Shard {
    /// The namespace that it is in.
    pub namespace: String,
    /// Its id there.
    pub shard_id: String,
    /// What places it; that of its namespace unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
    /// The node that has it.
    pub owner_node_id: String,
    /// Who leads it among those that keep copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader_id: Option<String>,
    /// How much it holds, in whatever unit its namespace counts.
    #[serde(default, serialize_with = "number")]
    pub capacity_hint: f64,
    /// What may be done with it.
    #[serde(default)]
    pub status: ShardStatus,
    /// Where it should be: `REGION`, `REGION/ZONE`, `region:REGION` or `zone:ZONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality_hint: Option<String>,
    /// Which keys it has, by their bytes: `{start, end}` in Base64, the end excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_range: Option<KeyRange>,
    /// Which keys it has, by their XXH64: `{start, end}` in decimal, the end excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_range: Option<HashRange>,
    /// The ticket of its last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_ticket: Option<String>,
    /// Who had it before its last change; none if that was its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_owner_node_id: Option<String>,
    /// What its last change moved, in percent, as whoever asked for it said.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_number"
    )]
    pub ownership_delta_percent: Option<f64>,
    /// What its last change moved, in percent of the shards of its namespace, as it was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_number"
    )]
    pub ownership_delta: Option<f64>,
    /// What whoever asked for its last change noted of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The version that its members go by; [`SCHEMA_VERSION`](super::SCHEMA_VERSION) unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// Text by name, for users alone. A stored record has it beside its data: there it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Members that this release doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Shard {
    /// Which keys it has, if it is one of those that hold a range.
    #[must_use]
    pub fn range(&self) -> Option<ShardRange> {
        let keys = self.key_range.clone().map(ShardRange::Key);
        keys.or_else(|| self.hash_range.map(ShardRange::Hash))
    }
}

fn one() -> f64 {
    1.0
}

/// JSON has no number that isn't finite, and null would be none: so it is text, which is refused
/// where it stands.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() {
        serializer.serialize_f64(*number)
    } else {
        serializer.collect_str(number)
    }
}

fn some_number<S: Serializer>(held: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match held {
        Some(held) => number(held, serializer),
        None => serializer.serialize_none(),
    }
}
