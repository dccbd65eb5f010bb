//! What a configuration declares becomes the records, and the owners, that the reference gives.

#![expect(
    clippy::unwrap_used,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use deedbook_model::issue::Issue;
use deedbook_model::mesh::{Node, Shard};
use deedbook_model::{Envelope, Kind, Lineage, Timestamp};
use deedbook_rules::sharding::Sharding;
use deedbook_rules::{Command, Record, State, Write, decide};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::vectors::{cases, double, text, vectors};

fn book() -> State {
    let lineage = Lineage([0; 16]);
    let create = Command::of("ada", Write::CreateBook { lineage });
    decide(&State::empty(), &create, Timestamp::default())
        .unwrap()
        .state
}

fn data<T: DeserializeOwned>(record: &Record) -> T {
    let envelope = Envelope::read(record.bytes.as_deref().unwrap()).unwrap();
    serde_json::from_str(envelope.data.get()).unwrap()
}

fn done(sharding: &Sharding, state: &State) -> Result<State, Vec<Issue>> {
    let writes = sharding.missing(state)?;
    let command = Command {
        writes,
        ..Command::of(
            "ada",
            Write::CreateBook {
                lineage: Lineage([0; 16]),
            },
        )
    };
    Ok(decide(state, &command, Timestamp::default()).unwrap().state)
}

/// A number, or the bits beside it, which win.
fn number(of: &Value, name: &str) -> f64 {
    match of.get(format!("{name}Bits")) {
        Some(bits) => double(bits),
        None => of[name].as_f64().unwrap(),
    }
}

#[test]
fn compat_config() {
    for case in cases(&vectors("config"), "cases") {
        let id = text(&case["id"]);
        let sharding = json!({"namespaces": [case["config"]]});
        let sharding: Sharding = serde_json::from_value(sharding).unwrap();
        let declared = &sharding.namespaces[0];
        let state = book();
        let made = done(&sharding, &state);

        if case.get("error").is_some() {
            assert!(made.is_err(), "{id}");
            continue;
        }
        let weights = || declared.nodes.iter().filter_map(|node| node.weight);
        if weights().any(|weight| weight < 0.0 || !weight.is_finite()) {
            let codes = made.unwrap_err();
            let codes = codes.iter().filter_map(|issue| issue.code);
            assert!(
                codes.eq(weights()
                    .filter(|weight| *weight < 0.0 || !weight.is_finite())
                    .map(|_| "shards.hashing.weight_invalid")),
                "{id}"
            );
            continue;
        }
        let made = made.unwrap();
        let request = &case["request"];
        let namespace = text(&request["namespace"]);
        assert_eq!(
            made.namespace_now(namespace).strategy_id(),
            text(&request["strategy"]),
            "{id}"
        );
        for node in cases(request, "nodes") {
            let key = format!("{namespace}/{}", text(&node["nodeId"]));
            let record: Node = data(made.record(&Kind::NODE, &key).unwrap());
            assert_eq!(record.region.as_deref(), node["region"].as_str(), "{id}");
            assert_eq!(record.zone.as_deref(), node["zone"].as_str(), "{id}");
            // A weight of 0 owns nothing here and became 1 there.
            if record.weight != 0.0 {
                assert_eq!(
                    record.weight.to_bits(),
                    number(node, "weight").to_bits(),
                    "{id}"
                );
            }
        }
        let owners = case
            .get("owners")
            .or_else(|| case.get("referenceOwners"))
            .unwrap();
        let shards = cases(request, "shards")
            .iter()
            .zip(owners.as_array().unwrap());
        for (shard, owner) in shards {
            let key = format!("{namespace}/{}", text(&shard["shardId"]));
            let record: Shard = data(made.record(&Kind::SHARD, &key).unwrap());
            assert_eq!(
                record.capacity_hint.to_bits(),
                number(shard, "capacity").to_bits(),
                "{id}"
            );
            assert_eq!(
                record.locality_hint.as_deref(),
                shard["localityHint"].as_str(),
                "{id}"
            );
            if weights().all(|weight| weight > 0.0) {
                assert_eq!(record.owner_node_id, text(owner), "{id}");
            }
        }
        // What is there is left as it is.
        assert_eq!(sharding.missing(&made).unwrap().len(), 0, "{id}");
    }
}

#[test]
fn what_is_there_is_counted_and_left_alone() {
    let declare = |shards: &[&str], weight: f64| -> Sharding {
        let shards = shards.iter().map(|id| json!({"shardId": id}));
        let declared = json!({"namespaces": [{
            "namespace": "orders",
            "strategy": "bounded-load",
            "nodes": [{"nodeId": "a", "weight": weight}, {"nodeId": "b"}],
            "shards": shards.collect::<Vec<_>>(),
        }]});
        serde_json::from_value(declared).unwrap()
    };
    let first = done(&declare(&["s1", "s2", "s3"], 2.0), &book()).unwrap();
    let second = done(&declare(&["s1", "s2", "s3", "s4"], 7.0), &first).unwrap();
    assert_eq!(second.revision().0, first.revision().0 + 1);
    let node: Node = data(second.record(&Kind::NODE, "orders/a").unwrap());
    assert_eq!(node.weight.to_bits(), 2.0_f64.to_bits());
}

#[test]
fn every_fault_is_told_with_its_place() {
    let declared = json!({"namespaces": [
        {"namespace": "a", "nodes": [{"nodeId": " "}, {"nodeId": "n", "weight": -1.0}], "shards": [{}]},
        {"namespace": "b|c", "nodes": [{"nodeId": "n"}], "shards": [{"shardId": "s"}]},
        {"namespace": "d", "strategy": "rnig", "nodes": [{"nodeId": "n"}], "shards": [{"shardId": "s"}]},
    ]});
    let sharding: Sharding = serde_json::from_value(declared).unwrap();
    let issues = sharding.missing(&book()).unwrap_err();
    let pointers: Vec<&str> = issues.iter().map(|issue| &*issue.pointer).collect();
    assert_eq!(
        pointers,
        [
            "/namespaces/0/nodes/0/nodeId",
            "/namespaces/0/shards/0/shardId",
            "/namespaces/0/nodes/1/weight",
            "/namespaces/1/namespace",
            "/namespaces/2/strategy",
        ]
    );
}
