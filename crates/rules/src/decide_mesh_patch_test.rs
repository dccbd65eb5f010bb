//! What merge patches make of namespaces, nodes, services, endpoints and shards.

use std::sync::Arc;

use deedbook_model::code::Code;
use deedbook_model::issue::IssueKind;
use deedbook_model::mesh::MeshKind;
use deedbook_model::{Envelope, Verb};
use serde_json::{Value, json};

use super::mesh_tests::{data, faults, node, of_kind, patch, put, shard};
use crate::Record;
use crate::sample_test::Sample;

#[test]
fn patches_are_judged_and_never_rename() {
    let sample = Sample::with(vec![node("n-1")]);
    for (change, expected) in [
        (
            json!({"nodeId": "n-2"}),
            (IssueKind::InvalidValue, "/nodeId"),
        ),
        (json!({"weight": -1}), (IssueKind::OutOfRange, "/weight")),
        (json!([1]), (IssueKind::WrongType, "")),
    ] {
        let refused = sample.try_one(patch(MeshKind::Node, "orders/n-1", change));
        let refusal = refused.unwrap_err();
        assert_eq!(faults(&refusal), [expected]);
        assert_eq!(refusal.code, Code::Invalid, "as where it is put");
    }
    let missing = sample.try_one(patch(MeshKind::Node, "orders/n-9", json!({})));
    assert_eq!(missing.unwrap_err().code, Code::NotFound);
}

#[test]
fn unknown_members_and_annotations_survive_a_patch() {
    let document = json!({
        "namespace": "orders", "nodeId": "n-1", "rack": {"row": 7},
        "annotations": {"team": "x"},
    });
    let mut sample = Sample::with(vec![put(MeshKind::Node, document)]);
    sample.done(vec![patch(
        MeshKind::Node,
        "orders/n-1",
        json!({"draining": true}),
    )]);
    let record = of_kind(&sample, MeshKind::Node, "orders/n-1");
    assert_eq!(data(&record)["rack"], json!({"row": 7}));
    assert!(record.node().unwrap().draining);
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    assert_eq!(envelope.annotations.get(), r#"{"team":"x"}"#);
    let more = json!({"annotations": {"tier": "1"}});
    sample.done(vec![patch(MeshKind::Node, "orders/n-1", more)]);
    let record = of_kind(&sample, MeshKind::Node, "orders/n-1");
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    assert_eq!(envelope.annotations.get(), r#"{"team":"x","tier":"1"}"#);
    let bare = json!({"annotations": null, "rack": null});
    sample.done(vec![patch(MeshKind::Node, "orders/n-1", bare)]);
    let record = of_kind(&sample, MeshKind::Node, "orders/n-1");
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    assert_eq!(envelope.annotations.get(), "{}");
    assert!(data(&record).get("rack").is_none());
}

#[test]
fn a_patch_warns_of_unknown_members_that_it_touches_alone() {
    let document = json!({"namespace": "orders", "nodeId": "n-1", "rack": 7, "r/m": 1});
    let mut sample = Sample::with(vec![put(MeshKind::Node, document)]);
    let changes = [
        (json!({"draining": true}), vec![]),
        (json!({"annotations": {"a": "b"}}), vec![]),
        (json!({"rack": 8, "draining": false}), vec!["/rack"]),
        (json!({"r/m": 2}), vec!["/r~1m"]),
    ];
    for (change, expected) in changes {
        let done = sample.done(vec![patch(MeshKind::Node, "orders/n-1", change)]);
        let warnings = done.outcomes[0].warnings.iter();
        let told: Vec<&str> = warnings.map(|it| it.pointer.as_str()).collect();
        assert_eq!(told, expected);
    }
}

/// A record as a release with other rules may have left it.
fn put_as_stored(sample: &mut Sample, kind: MeshKind, text: &str, data: &Value) {
    let before = of_kind(sample, kind, text);
    let stored = before.bytes.as_deref().unwrap();
    let mut whole: Value = serde_json::from_slice(stored).unwrap();
    for (name, value) in data.as_object().unwrap() {
        whole["data"][name] = value.clone();
    }
    let bytes = Some(whole.to_string().into_bytes().into());
    let (generation, revision) = (before.generation, before.revision);
    let record = Record::new(kind.kind(), before.key.clone(), generation, revision, bytes);
    sample.state.put(Arc::new(record));
}

#[test]
fn what_other_rules_left_is_judged_where_a_patch_touches_or_needs_it() {
    let mut sample = Sample::with(vec![shard("s-1", "n-1"), shard("s-2", "n-1"), node("n-1")]);
    let (of_shard, of_node) = (MeshKind::Shard, MeshKind::Node);
    put_as_stored(&mut sample, of_node, "orders/n-1", &json!({"weight": 5000}));
    let unknown = json!({"status": "archived"});
    put_as_stored(&mut sample, of_shard, "orders/s-1", &unknown);
    let text = json!({"capacityHint": "big"});
    put_as_stored(&mut sample, of_shard, "orders/s-2", &text);
    for change in [
        json!({"region": "x"}),
        json!({"else": 5}),
        json!({"annotations": {"a": "b"}}),
    ] {
        sample.done(vec![patch(of_node, "orders/n-1", change)]);
    }
    let cases = [
        (of_node, "orders/n-1", json!({"weight": 5000}), "/weight"),
        (
            of_shard,
            "orders/s-1",
            json!({"capacityHint": 5}),
            "/status",
        ),
        (
            of_shard,
            "orders/s-2",
            json!({"leaderId": "x"}),
            "/capacityHint",
        ),
    ];
    for (kind, text, change, pointer) in cases {
        let refused = sample.try_one(patch(kind, text, change)).unwrap_err();
        assert_eq!(refused.code, Code::Invalid);
        assert_eq!(refused.issues[0].pointer, pointer);
    }
    let mended = json!({"status": "paused", "ownerNodeId": "n-2"});
    let done = sample.done(vec![patch(of_shard, "orders/s-1", mended)]);
    assert_eq!(done.changes[0].verb, Verb::UPDATED);
}

#[test]
fn what_a_later_version_wrote_survives_a_patch_by_this_one() {
    let later = json!({
        "namespace": "orders", "shardId": "s-1", "ownerNodeId": "n-1", "schemaVersion": "1.4.0",
        "copies": ["n-2"], "keyRange": {"end": "AQ==", "step": 2},
    });
    let mut sample = Sample::with(vec![put(MeshKind::Shard, later.clone())]);
    let change = json!({"status": "paused"});
    let done = sample.done(vec![patch(MeshKind::Shard, "orders/s-1", change)]);
    let after = data(&done.outcomes[0].record);
    for (name, value) in later.as_object().unwrap() {
        assert_eq!(after[name], *value, "{name}");
    }
    assert_eq!(after["status"], "paused");
    let warnings = done.outcomes[0].warnings.iter();
    let told = warnings.filter(|it| it.kind == IssueKind::UnsupportedVersion);
    assert_eq!(told.count(), 1);
    let change = json!({"schemaVersion": "2.0.0"});
    let refused = sample.try_one(patch(MeshKind::Shard, "orders/s-1", change));
    let expected = [(IssueKind::UnsupportedVersion, "/schemaVersion")];
    assert_eq!(faults(&refused.unwrap_err()), expected);
    let mut change = json!({"schemaVersion": null, "copies": null});
    let refused = sample.try_one(patch(MeshKind::Shard, "orders/s-1", change.clone()));
    let expected = [(IssueKind::UnknownField, "/keyRange/step")];
    assert_eq!(faults(&refused.unwrap_err()), expected);
    change["keyRange"] = json!({"step": null});
    let back = sample.done(vec![patch(MeshKind::Shard, "orders/s-1", change)]);
    let back = data(&back.outcomes[0].record);
    assert!(back.get("schemaVersion").is_none());
}

#[test]
fn a_patch_in_the_form_of_a_record_changes_what_its_data_names_alone() {
    let document = json!({"namespace": "orders", "nodeId": "n-1", "zone": "z1", "weight": 2});
    let sample = Sample::with(vec![put(MeshKind::Node, document)]);
    let patched = |change: Value| sample.try_one(patch(MeshKind::Node, "orders/n-1", change));
    let form = json!({"kind": "node", "data": {"weight": 3}, "annotations": {"a": "b"}});
    let done = patched(form).unwrap();
    let record = &done.outcomes[0].record;
    assert_eq!(
        data(record),
        json!({"namespace": "orders", "nodeId": "n-1", "zone": "z1", "weight": 3, "draining": false})
    );
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    assert_eq!(envelope.annotations.get(), r#"{"a":"b"}"#);
    // Said alone it changes nothing, and of another kind it is refused.
    assert!(patched(json!({"kind": "node"})).unwrap().outcomes[0].unchanged);
    let refused = patched(json!({"kind": "shard", "weight": 3})).unwrap_err();
    assert_eq!(faults(&refused), [(IssueKind::InvalidValue, "/kind")]);
}
