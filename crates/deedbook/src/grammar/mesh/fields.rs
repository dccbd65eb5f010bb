//! Members of records that have flags. Each struct serialises to the members that were given, so
//! that what is valid is said in one place: by whoever judges documents.

use clap::Args;
use deedbook_model::shard::{HashRange, KeyRange, ShardStatus};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Number;

/// A member's name and its text.
type Pair = (String, String);

/// Members that all kinds have.
#[derive(Args, Debug, Serialize)]
pub(crate) struct NotedFields {
    /// A text beside the record, free for whoever writes it
    #[arg(long = "annotation", value_name = "NAME=VALUE", value_parser = pair)]
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "map")]
    annotations: Vec<Pair>,
}

/// Members of all kinds but shards.
#[derive(Args, Debug, Serialize)]
pub(crate) struct LabelledFields {
    /// A label
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = pair)]
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "map")]
    labels: Vec<Pair>,
    #[command(flatten)]
    #[serde(flatten)]
    noted: NotedFields,
}

/// Flags of a namespace.
#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespaceFields {
    /// What places its shards (default: rendezvous)
    #[arg(long = "strategy", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<String>,
    /// How many times its fair share a node may have at most, for bounded-load
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_factor: Option<Number>,
    /// Demand that its shards hold every key, or every hash of one, once
    #[arg(long, value_name = "key|hash")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ranges: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    labelled: LabelledFields,
}

/// Where something is, and its share.
#[derive(Args, Debug, Serialize)]
pub(crate) struct PlacedFields {
    /// Its share beside the others', from 0 (nothing) to 1024 (default: 1)
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<Number>,
    /// Where it is
    #[arg(long, value_name = "REGION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// Where in its region
    #[arg(long, value_name = "ZONE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

/// Flags of a node.
#[derive(Args, Debug, Serialize)]
pub(crate) struct NodeFields {
    #[command(flatten)]
    #[serde(flatten)]
    placed: PlacedFields,
    /// Whether it gets nothing and loses what it has
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    draining: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    labelled: LabelledFields,
}

/// Flags of a service.
#[derive(Args, Debug, Serialize)]
pub(crate) struct ServiceFields {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    labelled: LabelledFields,
}

/// Flags of an endpoint.
#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointFields {
    /// Where to reach it: scheme, host and port
    #[arg(long, value_name = "URI")]
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    /// The node that it is on
    #[arg(long = "node", value_name = "NODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    placed: PlacedFields,
    #[command(flatten)]
    #[serde(flatten)]
    labelled: LabelledFields,
}

/// Flags of a shard.
#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardFields {
    /// The node that has it
    #[arg(long = "owner", value_name = "NODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_node_id: Option<String>,
    /// What may be done with it: active, draining, paused, disabled (default: active)
    #[arg(long, value_name = "STATUS", value_parser = status)]
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ShardStatus>,
    /// What placed it; plans follow the namespace's (default: that of its namespace)
    #[arg(long = "strategy", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<String>,
    /// Who leads it among those that keep copies
    #[arg(long = "leader", value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    leader_id: Option<String>,
    /// How much it holds, in whatever unit its namespace counts (default: 0)
    #[arg(long = "capacity", value_name = "N", value_parser = number, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity_hint: Option<Number>,
    /// Where it should be: REGION, REGION/ZONE, region:REGION or zone:ZONE
    #[arg(long = "locality", value_name = "HINT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    locality_hint: Option<String>,
    /// Which keys it has, in the order of their bytes, the second excluded: `m..t`, `..m`, `t..`
    #[arg(long = "keys", value_name = "FROM..TO", value_parser = key_range, conflicts_with = "hash_range")]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_range: Option<KeyRange>,
    /// Which keys it has, by their XXH64 in decimal, the second excluded
    #[arg(long = "hashes", value_name = "FROM..TO", value_parser = hash_range)]
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_range: Option<HashRange>,
    /// What the change moves, in percent, as whoever asks for it says
    #[arg(long = "delta-percent", value_name = "N", value_parser = number, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_delta_percent: Option<Number>,
    /// What is noted of the change
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    noted: NotedFields,
}

fn map<S: Serializer>(pairs: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (name, value) in pairs {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

fn pair(text: &str) -> Result<Pair, &'static str> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The number as it was written: 2 stays 2.
pub(crate) fn number(text: &str) -> Result<Number, &'static str> {
    serde_json::from_str(text).map_err(|_| "expected a number such as 2 or 0.5")
}

/// A status by its word, in any case.
pub(crate) fn status(text: &str) -> Result<ShardStatus, &'static str> {
    ShardStatus::named(text).ok_or("expected active, draining, paused or disabled")
}

const RANGE: &str = "expected FROM..TO, either of which may be left out";

fn key_range(text: &str) -> Result<KeyRange, String> {
    let (start, end) = text.split_once("..").ok_or(RANGE)?;
    let end = Some(end.as_bytes().to_vec()).filter(|end| !end.is_empty());
    KeyRange::new(start.as_bytes().to_vec(), end).map_err(|error| error.to_string())
}

fn hash_range(text: &str) -> Result<HashRange, String> {
    let (start, end) = text.split_once("..").ok_or(RANGE)?;
    let hash = |text: &str| match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("`{text}` is no hash: expected 0 to {}", u64::MAX)),
    };
    HashRange::new(hash(start)?.unwrap_or(0), hash(end)?).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_open_where_nothing_is_written() {
        let json = |range: &KeyRange| serde_json::to_string(range).unwrap();
        assert_eq!(
            json(&key_range("m..t").unwrap()),
            r#"{"start":"bQ==","end":"dA=="}"#
        );
        assert_eq!(json(&key_range("..m").unwrap()), r#"{"end":"bQ=="}"#);
        assert!(key_range("t..m").is_err() && key_range("tm").is_err());
        let open = HashRange::new(5, None).ok();
        assert_eq!(hash_range("5..").ok(), open);
        assert!(hash_range("5..x").is_err());
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        assert_eq!(
            number("2").map(|number| number.to_string()),
            Ok("2".to_owned())
        );
        assert_eq!(
            number("0.50").map(|number| number.to_string()),
            Ok("0.5".to_owned())
        );
        assert!(number("NaN").is_err() && number("two").is_err());
    }
}
