//! The shapes of the vectors' values.
#![expect(
    clippy::unwrap_used,
    reason = "a vector that isn't what it should be ends the test"
)]

use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::{
    Assignment, Candidate, Change, Diff, DiffEntry, Filter, History, OffsetTime, ShardList,
    SimulateNode, SimulateRequest, SimulateResponse, StatusNumber, StreamError, Summary,
};
use serde_json::Value;

use crate::vectors::{number, status_number, text};

fn owned(value: &Value) -> String {
    text(value).to_owned()
}

fn maybe(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn time(value: &Value) -> OffsetTime {
    OffsetTime::from(text(value).parse::<deedbook_model::Timestamp>().unwrap())
}

fn list<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(of).collect()
}

fn given<T>(value: &Value, of: impl Fn(&Value) -> T) -> Option<T> {
    (!value.is_null()).then(|| of(value))
}

pub(crate) fn summary(value: &Value) -> Summary {
    Summary {
        namespace: owned(&value["namespace"]),
        shard_id: owned(&value["shardId"]),
        strategy_id: owned(&value["strategyId"]),
        owner_node_id: owned(&value["ownerNodeId"]),
        leader_id: maybe(&value["leaderId"]),
        capacity_hint: number(value, "capacityHint").unwrap_or_default(),
        status: StatusNumber::new(status_number(value).try_into().unwrap()),
        version: value["version"].as_i64().unwrap(),
        checksum: owned(&value["checksum"]),
        updated_at: time(&value["updatedAt"]),
        change_ticket: maybe(&value["changeTicket"]),
    }
}

pub(crate) fn history(value: &Value) -> History {
    History {
        namespace: owned(&value["namespace"]),
        shard_id: owned(&value["shardId"]),
        version: value["version"].as_i64().unwrap(),
        strategy_id: maybe(&value["strategyId"]).unwrap_or_default(),
        actor: owned(&value["actor"]),
        reason: owned(&value["reason"]),
        change_ticket: maybe(&value["changeTicket"]),
        created_at: time(&value["createdAt"]),
        owner_node_id: maybe(&value["ownerNodeId"]).unwrap_or_default(),
        previous_owner_node_id: maybe(&value["previousOwnerNodeId"]),
        ownership_delta_percent: number(value, "ownershipDeltaPercent"),
        metadata: maybe(&value["metadata"]),
    }
}

pub(crate) fn diff_entry(value: &Value) -> DiffEntry {
    DiffEntry {
        position: value["position"].as_i64().unwrap(),
        current: summary(&value["current"]),
        previous: given(&value["previous"], summary),
        history: given(&value["history"], history),
        removed: false,
    }
}

pub(crate) fn shard_list(value: &Value) -> ShardList {
    ShardList {
        items: list(&value["items"], summary),
        next_cursor: maybe(&value["nextCursor"]),
        version: value["version"].as_i64().unwrap(),
    }
}

pub(crate) fn diff(value: &Value) -> Diff {
    Diff {
        items: list(&value["items"], diff_entry),
        last_position: value["lastPosition"].as_i64(),
    }
}

pub(crate) fn simulate_node(value: &Value) -> SimulateNode {
    SimulateNode {
        node_id: owned(&value["nodeId"]),
        weight: number(value, "weight"),
        region: maybe(&value["region"]),
        zone: maybe(&value["zone"]),
    }
}

pub(crate) fn simulate_request(value: &Value) -> SimulateRequest {
    SimulateRequest {
        namespace: owned(&value["namespace"]),
        strategy_id: maybe(&value["strategyId"]),
        nodes: list(&value["nodes"], simulate_node),
    }
}

pub(crate) fn simulate_response(value: &Value) -> SimulateResponse {
    SimulateResponse {
        namespace: owned(&value["namespace"]),
        strategy_id: owned(&value["strategyId"]),
        generated_at: time(&value["generatedAt"]),
        assignments: list(&value["assignments"], |value| Assignment {
            namespace: owned(&value["namespace"]),
            shard_id: owned(&value["shardId"]),
            owner_node_id: owned(&value["ownerNodeId"]),
            capacity: number(value, "capacity").unwrap_or(1.0),
            locality_hint: maybe(&value["localityHint"]),
        }),
        changes: list(&value["changes"], |value| Change {
            namespace: owned(&value["namespace"]),
            shard_id: owned(&value["shardId"]),
            current_owner: owned(&value["currentOwner"]),
            proposed_owner: owned(&value["proposedOwner"]),
            changes_owner: value["changesOwner"].as_bool().unwrap(),
        }),
    }
}

pub(crate) fn stream_error(value: &Value) -> StreamError {
    let metadata = value["metadata"].as_object();
    StreamError {
        code: owned(&value["code"]),
        message: owned(&value["message"]),
        metadata: metadata
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), owned(value)))
            .collect(),
    }
}

/// A status by its name or its number.
pub(crate) fn status(value: &Value) -> ShardStatus {
    match value.as_str() {
        Some(name) => ShardStatus::named(name).unwrap(),
        None => ShardStatus::of_number(value.as_i64().unwrap()).unwrap(),
    }
}

/// Whether the filter of a case takes its record.
pub(crate) fn is_match(case: &Value) -> bool {
    let (given, record) = (&case["filter"], &case["record"]);
    let statuses = given["statuses"].as_array().into_iter().flatten();
    let filter = Filter::new()
        .of_namespace(given["namespace"].as_str())
        .of_owner(given["owner"].as_str())
        .searching(given["search"].as_str())
        .with_statuses(statuses.map(status).collect());
    filter.matches(Candidate {
        namespace: text(&record["namespace"]),
        shard_id: text(&record["shardId"]),
        owner_node_id: text(&record["ownerNodeId"]),
        status: StatusNumber::new(status_number(record).try_into().unwrap()),
    })
}

/// Whether the filter of a case should take its record; of a quirk, what is proposed.
pub(crate) fn should_match(case: &Value) -> bool {
    let expected = case.get("proposed").unwrap_or(&case["matches"]);
    expected.as_bool().unwrap()
}
