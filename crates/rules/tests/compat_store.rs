//! The reference's script of mutations, decided: versions, checksums, history, conflicts, diffs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use std::sync::Arc;

use deedbook_model::document::Node;
use deedbook_model::mesh::{MeshKind, ReadOptions, read_node};
use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::{DiffEntry, History, Summary};
use deedbook_model::{Generation, Lineage, Timestamp};
use deedbook_rules::{Command, Expected, MeshWrite, State, Write, decide_in_place};
use serde_json::{Map, Value, json};

use crate::vectors::{cases, double, text, vectors};

/// A mutation as `/v1` writes it.
fn document(request: &Value) -> Value {
    let mut document = Map::new();
    for name in [
        "namespace",
        "shardId",
        "strategyId",
        "ownerNodeId",
        "leaderId",
    ] {
        document.insert(name.to_owned(), request[name].clone());
    }
    let status = ShardStatus::of_number(request["status"].as_i64().unwrap()).unwrap();
    document.insert("status".to_owned(), serde_json::to_value(status).unwrap());
    let hint = double(&request["capacityHintBits"]);
    document.insert("capacityHint".to_owned(), json!(hint));
    let change = &request["change"];
    document.insert("metadata".to_owned(), change["metadata"].clone());
    if let Some(bits) = change.get("ownershipDeltaPercentBits") {
        document.insert("ownershipDeltaPercent".to_owned(), json!(double(bits)));
    }
    document.insert("changeTicket".to_owned(), request["changeTicket"].clone());
    Value::Object(document)
}

/// What the rules are asked; `None`: an expectation that no record ever meets.
fn command(request: &Value) -> Option<Command> {
    let expected = match request["expectedVersion"].as_i64() {
        None => None,
        Some(version) => Some(Expected::Generation(Generation(
            u64::try_from(version).ok()?,
        ))),
    };
    let tree = Node::from(&document(request));
    let draft = read_node(MeshKind::Shard, &tree, ReadOptions::default()).unwrap();
    let draft = Arc::new(draft);
    let change = &request["change"];
    Some(Command {
        reason: Some(text(&change["reason"]).to_owned()),
        ticket: change["changeTicket"].as_str().map(str::to_owned),
        ..Command::of(
            text(&change["actor"]),
            Write::Mesh(MeshWrite::Put { draft, expected }),
        )
    })
}

fn time(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

fn same_summary(found: &Summary, wanted: &Value) {
    let own = |text: &str| Value::from(text);
    let maybe = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let shown = json!({
        "namespace": own(&found.namespace), "shardId": own(&found.shard_id),
        "strategyId": own(&found.strategy_id), "ownerNodeId": own(&found.owner_node_id),
        "leaderId": maybe(&found.leader_id), "status": found.status.number(),
        "changeTicket": maybe(&found.change_ticket), "version": found.version,
        "checksum": own(&found.checksum),
    });
    for (name, value) in shown.as_object().unwrap() {
        assert_eq!(value, &wanted[name], "{name} of {wanted}");
    }
    let hint = double(&wanted["capacityHintBits"]);
    assert_eq!(found.capacity_hint.to_bits(), hint.to_bits(), "{wanted}");
    assert_eq!(found.updated_at, time(&wanted["updatedAt"]).into());
}

fn same_history(found: &History, wanted: &Value) {
    let maybe = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let shown = json!({
        "namespace": found.namespace, "shardId": found.shard_id, "version": found.version,
        "strategyId": found.strategy_id, "actor": found.actor, "reason": found.reason,
        "changeTicket": maybe(&found.change_ticket), "ownerNodeId": found.owner_node_id,
        "previousOwnerNodeId": maybe(&found.previous_owner_node_id),
        "metadata": maybe(&found.metadata),
    });
    for (name, value) in shown.as_object().unwrap() {
        assert_eq!(value, &wanted[name], "{name} of {wanted}");
    }
    let delta = wanted.get("ownershipDeltaPercentBits").map(double);
    assert_eq!(
        found.ownership_delta_percent.map(f64::to_bits),
        delta.map(f64::to_bits)
    );
    assert_eq!(found.created_at, time(&wanted["createdAt"]).into());
}

fn same_diff(found: &DiffEntry, wanted: &Value) {
    same_summary(&found.current, &wanted["current"]);
    match (&found.previous, &wanted["previous"]) {
        (None, Value::Null) => {}
        (Some(previous), wanted) => same_summary(previous, wanted),
        (None, wanted) => panic!("nothing before, but {wanted}"),
    }
    same_history(found.history.as_ref().unwrap(), &wanted["history"]);
}

#[test]
fn compat_store() {
    let vectors = vectors("store");
    let mut state = State::empty();
    let begin = Write::CreateBook {
        lineage: Lineage([1; 16]),
    };
    let begin = Command::of("ada", begin);
    decide_in_place(&mut state, &begin, Timestamp::default()).unwrap();
    let mut diffs = Vec::new();
    for step in cases(&vectors, "steps") {
        let (request, expect) = (&step["request"], &step["expect"]);
        let now = time(&step["at"]);
        let done = command(request).map(|command| decide_in_place(&mut state, &command, now));
        if let Some(conflict) = expect.get("conflict") {
            // A negative version never is one, so nobody can ask for it.
            let Some(done) = done else {
                assert!(conflict["expected"].as_i64().unwrap() < 0, "{step}");
                continue;
            };
            let refusals = done.unwrap_err();
            let message = &refusals[0].issues[0].message;
            let (wanted, actual) = (&conflict["expected"], &conflict["actual"]);
            let told = message.starts_with(&format!("expected generation {wanted}, "))
                && message.ends_with(&format!(" is at {actual}"));
            assert!(told, "{message}: {step}");
            continue;
        }
        let done = done.unwrap().unwrap();
        assert_eq!(done.outcomes[0].created, expect["created"], "{step}");
        let before = done.before[0].as_deref();
        let diff = DiffEntry::of_change(&done.changes[0], before);
        let diff = diff.unwrap().unwrap();
        same_summary(&diff.current, &expect["record"]);
        same_history(diff.history.as_ref().unwrap(), &expect["history"]);
        diffs.push(diff);
    }
    let wanted = cases(&vectors, "diffs");
    assert_eq!(diffs.len(), wanted.len());
    for (diff, wanted) in diffs.iter().zip(wanted) {
        same_diff(diff, wanted);
    }
    let records: Vec<Summary> = state
        .shards_after("", "")
        .map(|record| Summary::of_stored(record.bytes.as_deref().unwrap()).unwrap())
        .collect();
    let wanted = cases(&vectors, "records");
    assert_eq!(records.len(), wanted.len());
    for (record, wanted) in records.iter().zip(wanted) {
        same_summary(record, wanted);
    }
    for case in cases(&vectors, "since") {
        let since = usize::try_from(case["since"].as_i64().unwrap_or(0).max(0)).unwrap();
        let positions: Vec<usize> = (1..=diffs.len()).filter(|place| *place > since).collect();
        assert_eq!(json!(positions), case["positions"], "{case}");
    }
}
