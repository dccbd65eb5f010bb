//! The reference's script of mutations, decided: versions, checksums, history, conflicts, diffs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "vectors/mutation.rs"]
mod mutation;
#[path = "../../model/tests/vectors/shapes.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod shapes;
#[path = "vectors/storable.rs"]
mod storable;
#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use deedbook_model::shard::control::{DiffEntry, History, Summary};
use deedbook_model::{Lineage, Timestamp};
use deedbook_rules::{Command, Refusal, State, Write, decide, decide_in_place};
use serde_json::{Value, json};

use crate::mutation::command;
use crate::storable::{is_mutation_storable, storable};
use crate::vectors::{cases, number, status_number, text, vectors};

fn time(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

fn same_summary(found: &Summary, wanted: &Value) {
    let own = |text: &str| Value::from(text);
    let maybe = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    let shown = json!({
        "namespace": own(&found.namespace), "shardId": own(&found.shard_id),
        "strategyId": own(&found.strategy_id), "ownerNodeId": own(&found.owner_node_id),
        "leaderId": maybe(&found.leader_id), "changeTicket": maybe(&found.change_ticket), "version": found.version,
        "checksum": own(&found.checksum),
    });
    for (name, value) in shown.as_object().unwrap() {
        assert_eq!(value, &wanted[name], "{name} of {wanted}");
    }
    assert_eq!(i64::from(found.status.number()), status_number(wanted));
    let hint = number(wanted, "capacityHint").unwrap_or_default();
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
    let delta = number(wanted, "ownershipDeltaPercent");
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

fn begun() -> State {
    let mut state = State::empty();
    let begin = Write::CreateBook {
        lineage: Lineage([1; 16]),
    };
    let begin = Command::of("ada", begin);
    decide_in_place(&mut state, &begin, Timestamp::default()).unwrap();
    state
}

/// What the reference stores and no book takes.
fn assert_not_taken(state: &State, request: &Value, now: Timestamp) {
    let command = command(request).ok().flatten();
    let is_refused = command.is_none_or(|command| decide(state, &command, now).is_err());
    assert!(is_refused, "{request}");
}

fn assert_conflict(refusals: &[Refusal], step: &Value) {
    let message = &refusals[0].issues[0].message;
    let conflict = &step["expect"]["conflict"];
    let (wanted, actual) = (&conflict["expected"], &conflict["actual"]);
    let told = message.starts_with(&format!("expected generation {wanted}, "))
        && message.ends_with(&format!(" is at {actual}"));
    assert!(told, "{message}: {step}");
}

/// The change that a step makes; nothing if it is one of the conflicts.
fn done(state: &mut State, step: &Value) -> Option<DiffEntry> {
    let (now, expect) = (time(&step["at"]), &step["expect"]);
    let conflict = expect.get("conflict");
    let Some(command) = command(&step["request"]).unwrap() else {
        // A negative version never is one, so nobody can ask for it.
        assert!(conflict.unwrap()["expected"].as_i64() < Some(0), "{step}");
        return None;
    };
    let done = decide_in_place(state, &command, now);
    if conflict.is_some() {
        assert_conflict(&done.unwrap_err(), step);
        return None;
    }
    let done = done.unwrap();
    assert_eq!(done.outcomes[0].created, expect["created"], "{step}");
    let before = done.before[0].as_deref();
    let diff = DiffEntry::of_change(&done.changes[0], before);
    let diff = diff.unwrap().unwrap();
    same_summary(&diff.current, &expect["record"]);
    same_history(diff.history.as_ref().unwrap(), &expect["history"]);
    Some(diff)
}

fn shards(state: &State) -> Vec<Summary> {
    let records = state.shards_after("", "");
    let shard = records.map(|record| Summary::of_stored(record.bytes.as_deref().unwrap()));
    shard.map(Result::unwrap).collect()
}

#[test]
fn compat_store() {
    let vectors = storable::on_time(vectors("store"));
    let mut state = begun();
    let mut diffs = Vec::new();
    for step in cases(&vectors, "steps") {
        if !is_mutation_storable(&step["request"]) {
            assert_not_taken(&state, &step["request"], time(&step["at"]));
        }
        diffs.extend(done(&mut state, &storable(step)));
    }
    if let Some(wanted) = vectors["diffs"].as_array() {
        assert_eq!(diffs.len(), wanted.len());
        for (diff, wanted) in diffs.iter().zip(wanted) {
            same_diff(diff, &storable(wanted));
        }
    }
    if vectors["records"].is_array() {
        let (found, wanted) = (shards(&state), storable::records(&vectors));
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(&wanted) {
            same_summary(found, wanted);
        }
    }
    for case in cases(&vectors, "since") {
        let since = usize::try_from(case["since"].as_i64().unwrap_or(0).max(0)).unwrap();
        let positions: Vec<usize> = (1..=diffs.len()).filter(|place| *place > since).collect();
        assert_eq!(json!(positions), case["positions"], "{case}");
    }
}
