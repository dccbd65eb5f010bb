use std::sync::Arc;

use deedbook_model::code::Code;
use deedbook_model::document::Node as Tree;
use deedbook_model::issue::IssueKind;
use deedbook_model::mesh::{MeshKey, MeshKind, ReadOptions, read_node};
use deedbook_model::{Envelope, Generation, Grants, Kind, Revision, Rights, Verb};
use serde_json::{Value, json};

use crate::sample_test::{Sample, at_second};
use crate::{Command, Expected, MeshWrite, Record, Refusal, Write, decide};

pub(super) fn put_if(kind: MeshKind, document: Value, expected: Option<Expected>) -> Write {
    let draft = read_node(kind, &Tree::from(&document), ReadOptions::default());
    let draft = Arc::new(draft.unwrap_or_else(|issues| panic!("{issues:?}")));
    Write::Mesh(MeshWrite::Put { draft, expected })
}

pub(super) fn put(kind: MeshKind, document: Value) -> Write {
    put_if(kind, document, None)
}

pub(super) fn shard(id: &str, owner: &str) -> Write {
    let document = json!({"namespace": "orders", "shardId": id, "ownerNodeId": owner});
    put(MeshKind::Shard, document)
}

pub(super) fn node(id: &str) -> Write {
    put(MeshKind::Node, json!({"namespace": "orders", "nodeId": id}))
}

pub(super) fn key(kind: MeshKind, text: &str) -> MeshKey {
    MeshKey::parse(kind, text).unwrap()
}

pub(super) fn patch(kind: MeshKind, text: &str, patch: Value) -> Write {
    Write::Mesh(MeshWrite::Patch {
        key: key(kind, text),
        patch,
        expected: None,
    })
}

pub(super) fn remove(kind: MeshKind, text: &str, force: bool) -> Write {
    Write::Mesh(MeshWrite::Remove {
        key: key(kind, text),
        expected: None,
        force,
    })
}

pub(super) fn data(record: &Record) -> Value {
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    serde_json::from_str(envelope.data.get()).unwrap()
}

pub(super) fn of_kind(sample: &Sample, kind: MeshKind, text: &str) -> Arc<Record> {
    let record = sample.state.record(&kind.kind(), text);
    Arc::clone(record.unwrap())
}

pub(super) fn faults(refusal: &Refusal) -> Vec<(IssueKind, &str)> {
    let issues = refusal.issues.iter();
    issues.map(|it| (it.kind, it.pointer.as_str())).collect()
}

#[test]
fn a_transfer_says_who_had_it_and_how_much_moved() {
    let mut sample = Sample::with(vec![shard("s-1", "n-1"), shard("s-2", "n-1")]);
    let first = of_kind(&sample, MeshKind::Shard, "orders/s-1");
    assert!(data(&first).get("previousOwnerNodeId").is_none());
    let moved = sample.done(vec![patch(
        MeshKind::Shard,
        "orders/s-1",
        json!({"ownerNodeId": "n-2", "metadata": "{}", "ownershipDeltaPercent": 0.5}),
    )]);
    assert_eq!(moved.changes[0].verb, Verb::TRANSFERRED);
    let after = data(&moved.outcomes[0].record);
    assert_eq!(after["previousOwnerNodeId"], "n-1");
    assert_eq!(after["ownershipDelta"], 50.0);
    assert_eq!(after["metadata"], "{}");
    // What spoke of that change doesn't speak of the next.
    let next = patch(MeshKind::Shard, "orders/s-1", json!({"status": "paused"}));
    let next = sample.done(vec![next]);
    assert_eq!(next.changes[0].verb, Verb::UPDATED);
    let after = data(&next.outcomes[0].record);
    assert_eq!(after["previousOwnerNodeId"], "n-2");
    for gone in ["ownershipDelta", "metadata", "ownershipDeltaPercent"] {
        assert!(after.get(gone).is_none(), "{gone}");
    }
}

#[test]
fn every_accepted_write_of_a_shard_is_a_change() {
    let mut sample = Sample::with(vec![shard("s-1", "n-1")]);
    let checksum = |record: &Record| {
        let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
        envelope.checksum.into_owned()
    };
    let first = of_kind(&sample, MeshKind::Shard, "orders/s-1");
    let again = sample.done(vec![shard("s-1", "n-1")]);
    let record = &again.outcomes[0].record;
    assert_eq!(record.generation, Generation(2));
    assert_eq!(checksum(record), checksum(&first));
    assert_eq!(checksum(record).len(), 16);
    // A node that is put as it is stays as it is.
    sample.done(vec![node("n-1")]);
    let decision = sample.done(vec![node("n-1")]);
    assert!(decision.outcomes[0].unchanged && decision.changes.is_empty());
}

#[test]
fn a_shard_that_is_made_again_continues_its_counter() {
    let mut sample = Sample::with(vec![shard("s-1", "n-1"), shard("s-1", "n-2")]);
    sample.done(vec![remove(MeshKind::Shard, "orders/s-1", false)]);
    let made = json!({"namespace": "orders", "shardId": "s-1", "ownerNodeId": "n-1"});
    let new = Some(Expected::Generation(Generation(0)));
    let made = sample.done(vec![put_if(MeshKind::Shard, made, new.clone())]);
    assert_eq!(made.outcomes[0].record.generation, Generation(4));
    assert_eq!(made.changes[0].verb, Verb::CREATED);
    assert!(
        data(&made.outcomes[0].record)
            .get("previousOwnerNodeId")
            .is_none()
    );
    let other = json!({"namespace": "orders", "shardId": "s-1", "ownerNodeId": "n-1"});
    let refused = sample
        .try_one(put_if(MeshKind::Shard, other, new))
        .unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert_eq!(
        refused.issues[0].message,
        "expected generation 0, but shard orders/s-1 is at 4"
    );
}

#[test]
fn a_stale_caller_is_told_both_counters() {
    let sample = Sample::with(vec![shard("s-1", "n-1"), shard("s-1", "n-2")]);
    let document = json!({"namespace": "orders", "shardId": "s-1", "ownerNodeId": "n-3"});
    let stale = Some(Expected::Generation(Generation(1)));
    let refused = sample.try_one(put_if(MeshKind::Shard, document.clone(), stale));
    let refused = refused.unwrap_err();
    assert_eq!(faults(&refused), [(IssueKind::RevisionConflict, "")]);
    let message = "expected generation 1, but shard orders/s-1 is at 2";
    assert_eq!(refused.issues[0].message, message);
    let seen = Some(Expected::Revisions(vec![Revision(2)]));
    let refused = sample.try_one(put_if(MeshKind::Shard, document, seen));
    assert_eq!(refused.unwrap_err().code, Code::PreconditionFailed);
    let missing = json!({"namespace": "orders", "shardId": "s-9", "ownerNodeId": "n-3"});
    let missing = put_if(
        MeshKind::Shard,
        missing,
        Some(Expected::Generation(Generation(3))),
    );
    let refused = sample.try_one(missing).unwrap_err();
    let message = "expected generation 3, but shard orders/s-9 is at 0";
    assert_eq!(refused.issues[0].message, message);
}

#[test]
fn what_others_point_to_is_not_removed() {
    let endpoint = json!({
        "namespace": "orders", "serviceId": "api", "endpointId": "e-1",
        "uri": "https://10.0.0.7:8443", "nodeId": "n-2",
    });
    let service = json!({"namespace": "orders", "serviceId": "api"});
    let mut sample = Sample::with(vec![
        put(MeshKind::Namespace, json!({"namespace": "orders"})),
        node("n-1"),
        node("n-2"),
        shard("s-1", "n-1"),
        put(MeshKind::Service, service),
        put(MeshKind::Endpoint, endpoint),
    ]);
    for (kind, text) in [
        (MeshKind::Namespace, "orders"),
        (MeshKind::Node, "orders/n-1"),
        (MeshKind::Node, "orders/n-2"),
        (MeshKind::Service, "orders/api"),
    ] {
        let refused = sample.try_one(remove(kind, text, false)).unwrap_err();
        assert_eq!(refused.code, Code::InUse, "{kind} {text}");
    }
    let namespace = remove(MeshKind::Namespace, "orders", true);
    let forced = sample.try_one(namespace).unwrap();
    assert_eq!(
        forced.outcomes[0].warnings[0].message,
        "what is in it (2 nodes, 1 service, 1 endpoint, 1 shard) still points to namespace orders"
    );
    let forced = sample.done(vec![remove(MeshKind::Node, "orders/n-1", true)]);
    let warnings = &forced.outcomes[0].warnings;
    assert_eq!(
        warnings[0].message,
        "1 of the shards and endpoints (shard orders/s-1) still points to node orders/n-1"
    );
    // Nothing points to it once the shard is elsewhere.
    sample.done(vec![node("n-1")]);
    sample.done(vec![shard("s-1", "n-2")]);
    sample.done(vec![remove(MeshKind::Node, "orders/n-1", false)]);
    sample.done(vec![remove(MeshKind::Endpoint, "orders/api/e-1", false)]);
    sample.done(vec![remove(MeshKind::Service, "orders/api", false)]);
    sample.done(vec![remove(MeshKind::Shard, "orders/s-1", false)]);
    sample.done(vec![remove(MeshKind::Node, "orders/n-2", false)]);
    sample.done(vec![remove(MeshKind::Namespace, "orders", false)]);
    assert!(sample.state.members("orders").is_none());
}

#[test]
fn a_shard_has_the_strategy_of_its_namespace_unless_it_says_another() {
    let namespace = json!({"namespace": "orders", "strategyId": "ring"});
    let mut sample = Sample::with(vec![
        shard("s-0", "n-1"),
        put(MeshKind::Namespace, namespace),
    ]);
    sample.done(vec![shard("s-1", "n-1")]);
    let strategy = |sample: &Sample, text| {
        let record = of_kind(sample, MeshKind::Shard, text);
        record.shard().unwrap().strategy_id.to_string()
    };
    assert_eq!(strategy(&sample, "orders/s-0"), "rendezvous");
    assert_eq!(strategy(&sample, "orders/s-1"), "ring");
    let other = patch(MeshKind::Shard, "orders/s-1", json!({"strategyId": "rnig"}));
    let refused = sample.try_one(other).unwrap_err();
    assert_eq!(faults(&refused), [(IssueKind::InvalidValue, "/strategyId")]);
}

#[test]
fn an_effective_ticket_is_the_shards_or_else_the_commands() {
    let mut sample = Sample::new();
    let ticket_of = |sample: &mut Sample, write: Write| {
        let command = Command {
            ticket: Some("T-1".to_owned()),
            ..Command::of("ada", write)
        };
        let decision = decide(&sample.state, &command, at_second(20)).unwrap();
        data(&decision.outcomes[0].record)["changeTicket"].clone()
    };
    assert_eq!(ticket_of(&mut sample, shard("s-1", "n-1")), "T-1");
    for own in ["", "T-2"] {
        let document = json!({
            "namespace": "orders", "shardId": "s-1", "ownerNodeId": "n-1", "changeTicket": own,
        });
        assert_eq!(ticket_of(&mut sample, put(MeshKind::Shard, document)), own);
    }
}

#[test]
fn operators_of_a_namespace_write_there_alone() {
    let sample = Sample::new();
    let may = |grant: &str, write: Write| {
        let grants: Grants = [grant.parse().unwrap()].into_iter().collect();
        let command = Command {
            rights: Rights::of(grants),
            ..Command::of("ada", write)
        };
        decide(&sample.state, &command, at_second(20)).map_err(|refusals| refusals[0].code)
    };
    assert!(may("MESH_OPERATE", shard("s-1", "n-1")).is_ok());
    assert!(may("MESH_OPERATE:ord*", shard("s-1", "n-1")).is_ok());
    for grant in ["MESH_OPERATE:pay*", "MESH_READ", "REGISTRY_WRITE"] {
        let refused = may(grant, shard("s-1", "n-1")).unwrap_err();
        assert_eq!(refused, Code::Denied, "{grant}");
    }
}

#[test]
fn shards_are_listed_by_namespace_then_id_whatever_their_characters() {
    let mut sample = Sample::new();
    let names = [
        ("a", "x"),
        ("a!", "x"),
        ("a", "b/c"),
        ("a", "b.c"),
        ("b%", "1"),
    ];
    for (namespace, id) in names {
        let document = json!({"namespace": namespace, "shardId": id, "ownerNodeId": "n"});
        sample.done(vec![put(MeshKind::Shard, document)]);
    }
    let listed = |namespace: &str, id: &str| -> Vec<String> {
        let found = sample.state.shards_after(namespace, id);
        found.map(|record| record.key.to_string()).collect()
    };
    let all = ["a/b.c", "a/b%2Fc", "a/x", "a!/x", "b%25/1"];
    assert_eq!(listed("", ""), all);
    assert_eq!(listed("a", "b/c"), all[2..]);
    assert_eq!(listed("a", "zzz"), all[3..]);
    assert_eq!(listed("a!", "x"), all[4..]);
    assert_eq!(listed("c", ""), [""; 0]);
}

#[test]
fn every_kind_is_listed_by_the_parts_of_its_keys() {
    let mut sample = Sample::new();
    for namespace in ["a", "a!", "a&"] {
        for (kind, id) in [(MeshKind::Node, "nodeId"), (MeshKind::Service, "serviceId")] {
            for name in ["x/y", "x&", "x"] {
                sample.done(vec![put(kind, json!({"namespace": namespace, id: name}))]);
            }
        }
        for (service, endpoint) in [("x/y", "1"), ("x", "1/2"), ("x", "1&"), ("x!", "1")] {
            let document = json!({"namespace": namespace, "serviceId": service,
                "endpointId": endpoint, "uri": "grpc://host:1"});
            sample.done(vec![put(MeshKind::Endpoint, document)]);
        }
        sample.done(vec![put(
            MeshKind::Namespace,
            json!({"namespace": namespace}),
        )]);
    }
    for kind in MeshKind::ALL {
        let all: Vec<String> = sample
            .state
            .mesh_after(kind, "")
            .map(|record| record.key.to_string())
            .collect();
        let mut ordered = all.clone();
        ordered.sort_by_key(|text| key(kind, text).parts().to_vec());
        assert_eq!(all, ordered);
        assert_eq!(all.len(), sample.state.records_of(&kind.kind(), "").count());
        for (place, after) in all.iter().enumerate() {
            let rest = sample.state.mesh_after(kind, after);
            let rest: Vec<String> = rest.map(|record| record.key.to_string()).collect();
            assert_eq!(rest, all[place + 1..], "{kind} after {after}");
        }
    }
}

#[test]
fn a_command_without_a_reason_is_called_after_its_writes() {
    let sample = Sample::with(vec![shard("s-1", "n-1")]);
    let moved = || patch(MeshKind::Shard, "orders/s-1", json!({"ownerNodeId": "n-2"}));
    let paused = patch(MeshKind::Shard, "orders/s-1", json!({"status": "paused"}));
    for (writes, reason) in [
        (vec![moved()], "transfer shard"),
        (vec![moved(), moved()], "transfer shard"),
        (vec![paused], "set shard"),
        (vec![node("n-2"), moved()], "batch"),
    ] {
        let done = sample.try_all(writes).unwrap();
        assert_eq!(done.changes[0].command.reason, reason);
    }
}

#[test]
fn a_refused_command_leaves_the_indexes_as_they_were() {
    let mut sample = Sample::with(vec![node("n-1"), shard("s-1", "n-1")]);
    let writes = vec![
        shard("s-2", "n-2"),
        patch(MeshKind::Shard, "orders/s-1", json!({"ownerNodeId": "n-2"})),
        remove(MeshKind::Node, "orders/n-1", false),
        shard("s-3", "n-2"),
        remove(MeshKind::Node, "orders/n-9", false),
    ];
    let mut state = sample.state.clone();
    let command = Command {
        writes,
        ..Command::of("ada", node("n"))
    };
    crate::decide_in_place(&mut state, &command, at_second(20)).unwrap_err();
    let members = state.members("orders").unwrap();
    assert_eq!((members.held_by("n-1"), members.held_by("n-2")), (1, 0));
    assert_eq!(members.nodes().count(), 1);
    assert_eq!(members.shards().len(), 1);
    assert_eq!(state.record(&Kind::NODE, "orders/n-9"), None);
    // Folded from its records it is the same.
    sample.state = state;
    sample.done(vec![shard("s-1", "n-1")]);
}

fn ranged(id: &str, start: u64, end: Option<u64>) -> Write {
    let mut range = json!({"start": start.to_string()});
    if let Some(end) = end {
        range["end"] = end.to_string().into();
    }
    let document = json!({
        "namespace": "orders", "shardId": id, "ownerNodeId": "n-1", "hashRange": range,
    });
    put(MeshKind::Shard, document)
}

#[test]
fn ranges_that_a_namespace_demands_hold_every_key_once_after_the_whole_command() {
    let namespace = json!({"namespace": "orders", "ranges": "hash"});
    let mut sample = Sample::with(vec![put(MeshKind::Namespace, namespace)]);
    sample.done(vec![ranged("a", 0, Some(100)), ranged("b", 100, None)]);
    // In between both hold 50 to 100.
    sample.done(vec![ranged("b", 50, None), ranged("a", 0, Some(50))]);
    let messages = |writes: Vec<Write>| -> Vec<String> {
        let refusals = sample.try_all(writes).unwrap_err();
        assert!(
            refusals
                .iter()
                .all(|refusal| refusal.code == Code::Conflict)
        );
        let issues = refusals.into_iter().flat_map(|refusal| refusal.issues);
        issues.map(|issue| issue.message).collect()
    };
    let overlap = messages(vec![ranged("a", 0, Some(60))]);
    assert!(
        overlap[0].contains("`a`") && overlap[0].contains("`b`"),
        "{overlap:?}"
    );
    assert!(
        overlap[0].contains("50") && overlap[0].contains("60"),
        "{overlap:?}"
    );
    let gap = messages(vec![ranged("a", 0, Some(40))]);
    assert!(gap[0].contains("40") && gap[0].contains("50"), "{gap:?}");
    assert!(
        gap[0].contains("after shard `a`, before shard `b`"),
        "{gap:?}"
    );
    assert_eq!(
        messages(vec![remove(MeshKind::Shard, "orders/b", false)]).len(),
        1
    );
    assert_eq!(
        messages(vec![shard("c", "n-1")]),
        ["shard `c` has no range"]
    );
    let other = json!({"namespace": "orders", "ranges": "key"});
    assert_eq!(messages(vec![put(MeshKind::Namespace, other)]).len(), 2);
    // Who has a shard is no matter of ranges.
    sample.done(vec![patch(
        MeshKind::Shard,
        "orders/b",
        json!({"ownerNodeId": "n-2"}),
    )]);
    let free = json!({"namespace": "orders"});
    sample.done(vec![put(MeshKind::Namespace, free)]);
    sample.done(vec![ranged("a", 0, Some(40))]);
    assert_eq!(sample.state.shards_of("orders").count(), 2);
}

#[test]
fn a_plan_moves_what_it_says_as_one_command_and_only_while_it_stands() {
    let mut sample = Sample::with((1..=4).map(|n| node(&format!("n-{n}"))).collect());
    let shards = (0..40)
        .map(|n| shard(&format!("s-{n:02}"), "n-1"))
        .collect();
    sample.done(shards);
    let plan = sample.state.plan("orders", None, None).unwrap();
    let reasons = plan.moves().iter().all(|one| one.from == "n-1");
    assert!(reasons && plan.moves().len() > 20);
    let stale = sample.state.plan("orders", None, None).unwrap();
    let apply = Command::applying("ada", Arc::new(plan.clone()));
    let done = decide(&sample.state, &apply, at_second(20)).unwrap();
    assert_eq!(done.changes.len(), plan.moves().len());
    let (first, last) = (done.changes[0].command.first, done.changes[0].command.last);
    assert_eq!(last.0 - first.0 + 1, done.changes.len() as u64);
    assert!(done.changes.iter().all(|one| one.verb == Verb::TRANSFERRED));
    assert_eq!(done.changes[0].command.reason, "apply plan");
    sample.state = done.state;
    let again = sample.state.plan("orders", None, None).unwrap();
    assert!(again.moves().is_empty());
    let nothing = Command::applying("ada", Arc::new(again));
    assert!(
        decide(&sample.state, &nothing, at_second(21))
            .unwrap()
            .changes
            .is_empty()
    );
    let refused = decide(
        &sample.state,
        &Command::applying("ada", Arc::new(stale)),
        at_second(22),
    );
    let refusals = refused.unwrap_err();
    assert_eq!(refusals[0].code, Code::Conflict);
    let told = &refusals[0].issues[0];
    assert_eq!(told.code, Some("shards.plan.stale"));
    assert!(
        told.message.contains("was at generation 1 and is at 2"),
        "{}",
        told.message
    );
    // A node that drains loses what it has, and nothing else moves.
    sample.done(vec![patch(
        MeshKind::Node,
        "orders/n-2",
        json!({"draining": true}),
    )]);
    let drained = sample.state.plan("orders", None, Some(3)).unwrap();
    assert!(drained.moves().iter().all(|one| one.from == "n-2"));
    assert_eq!(drained.moves().len(), 3);
    assert!(drained.held_back() > 0);
    // A node that came since would have got some.
    sample.done(vec![node("n-5")]);
    let refused = decide(
        &sample.state,
        &Command::applying("ada", Arc::new(drained)),
        at_second(23),
    );
    let refusals = refused.unwrap_err();
    assert!(refusals[0].issues[0].message.contains("node `n-5` is new"));
}
