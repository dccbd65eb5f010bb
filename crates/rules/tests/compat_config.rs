//! What a configuration declares becomes the records, and the owners, that the reference gives.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "../../model/tests/vectors/shapes.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod shapes;
#[path = "vectors/storable.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod storable;
#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use std::collections::BTreeSet;

use deedbook_model::issue::Issue;
use deedbook_model::mesh::{MeshKey, MeshKind, Node, Shard};
use deedbook_model::{Envelope, Kind, Lineage, Timestamp};
use deedbook_rules::placement::{
    MAX_WEIGHT, PlacementNode, PlacementRequest, PlacementShard, Strategies,
};
use deedbook_rules::sharding::{DeclaredNamespace, DeclaredNode, Sharding};
use deedbook_rules::{Command, Record, State, Write, decide};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::storable::{is_id, is_namespace};
use crate::vectors::{cases, number, text, vectors};

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

/// The configuration as it is declared here: a weight is what its bits say.
fn declared(config: &Value) -> Result<Sharding, serde_json::Error> {
    let mut config = config.clone();
    let nodes = config.get_mut("nodes").and_then(Value::as_array_mut);
    let mut weights = Vec::new();
    for node in nodes.into_iter().flatten() {
        weights.push(number(node, "weight"));
        if let Some(node) = node.as_object_mut() {
            node.remove("weightBits");
        }
    }
    let mut sharding: Sharding = serde_json::from_value(json!({"namespaces": [config]}))?;
    for (node, weight) in sharding.namespaces[0].nodes.iter_mut().zip(weights) {
        node.weight = weight;
    }
    Ok(sharding)
}

/// The configuration without members that there aren't, which the reference passes over and we tell.
fn without_unknown(config: &Value) -> Value {
    let only = |value: &Value, known: &[&str]| -> Value {
        let members = value.as_object().cloned().unwrap_or_default();
        let known = members
            .into_iter()
            .filter(|(name, _)| known.contains(&&**name));
        Value::Object(known.collect())
    };
    let all = |list: &Value, known: &[&str]| {
        list.as_array()
            .map(|list| list.iter().map(|one| only(one, known)).collect::<Value>())
    };
    let names = [
        "namespace",
        "strategy",
        "capacityHint",
        "labels",
        "nodes",
        "shards",
    ];
    let mut kept = only(config, &names);
    let node = ["nodeId", "weight", "weightBits", "region", "zone", "labels"];
    let shard = ["shardId", "capacity", "localityHint"];
    for (name, known) in [("nodes", &node[..]), ("shards", &shard)] {
        if let Some(list) = all(&config[name], known) {
            kept[name] = list;
        }
    }
    kept
}

/// What an issue of that kind points to; the texts of the vectors are labels.
fn pointer_of(label: &str) -> Option<&'static str> {
    Some(match label {
        "namespace missing" => "/namespaces/0/namespace",
        "no nodes" => "/namespaces/0/nodes",
        "no shards" => "/namespaces/0/shards",
        "node without id" => "/nodeId",
        "shard without id" => "/shardId",
        "unknown strategy" => "/namespaces/0/strategy",
        _ => return None,
    })
}

/// The first fault is the one of the label or code. What JSON can't even be read from has no place.
fn assert_fault(case: &Value, label: &str) {
    let Ok(sharding) = declared(&without_unknown(&case["config"])) else {
        return;
    };
    let issues = done(&sharding, &book()).unwrap_err();
    let first = &issues[0];
    if label.starts_with("shards.hashing.") {
        assert_eq!(first.code, Some(label), "{case}");
    } else if let Some(pointer) = pointer_of(label) {
        assert!(first.pointer.ends_with(pointer), "{case}: {issues:?}");
    }
}

fn has_twice<'a>(ids: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    ids.into_iter().any(|id| !seen.insert(id))
}

/// What the reference takes and we refuse, by the end of what an issue points to: S08, S11 and S13.
fn refused_here(declared: &DeclaredNamespace) -> Option<&'static str> {
    let (nodes, shards) = (&declared.nodes, &declared.shards);
    let node_ids = || nodes.iter().map(|node| &*node.node_id);
    let shard_ids = || shards.iter().map(|shard| &*shard.shard_id);
    let weights = || nodes.iter().map(|node| node.weight.unwrap_or(1.0));
    let all_places = |place: fn(&DeclaredNode) -> &Option<String>| {
        let mut places = nodes.iter().filter_map(|node| place(node).as_deref());
        places.all(is_id)
    };
    let is_known = Strategies::default().get(declared.strategy()).is_ok();
    let refused = [
        ("/namespace", !is_namespace(&declared.namespace)),
        ("/nodeId", !node_ids().all(is_id) || has_twice(node_ids())),
        (
            "/shardId",
            !shard_ids().all(is_id) || has_twice(shard_ids()),
        ),
        (
            "/weight",
            !weights().all(|weight| (0.0..=MAX_WEIGHT).contains(&weight)),
        ),
        ("/region", !all_places(|node| &node.region)),
        ("/zone", !all_places(|node| &node.zone)),
        (
            "/strategy",
            !is_known || weights().all(|weight| weight == 0.0),
        ),
    ];
    refused
        .iter()
        .find(|(_, is_refused)| *is_refused)
        .map(|(pointer, _)| *pointer)
}

/// The owners by placement itself, of the nodes that own anything.
fn placed(strategy: &str, request: &Value) -> Option<Vec<String>> {
    let maybe = |value: &Value| value.as_str().map(str::to_owned);
    let nodes = cases(request, "nodes").iter().map(|node| PlacementNode {
        id: text(&node["nodeId"]).to_owned(),
        weight: number(node, "weight").unwrap_or(1.0),
        region: maybe(&node["region"]),
        zone: maybe(&node["zone"]),
    });
    let shards = cases(request, "shards").iter().map(|shard| PlacementShard {
        id: text(&shard["shardId"]).to_owned(),
        locality_hint: maybe(&shard["localityHint"]),
    });
    let nodes: Vec<PlacementNode> = nodes.filter(|node| node.weight > 0.0).collect();
    let shards: Vec<PlacementShard> = shards.collect();
    let request = PlacementRequest::of(text(&request["namespace"]), &nodes, &shards);
    let owners = Strategies::default().place(strategy, &request).ok()?;
    Some(owners.iter().map(|node| node.id.clone()).collect())
}

fn owners_of(case: &Value) -> Option<Vec<String>> {
    let owners = case.get("owners").or_else(|| case.get("referenceOwners"))?;
    let owners = owners.as_array()?.iter().map(text);
    Some(owners.map(str::to_owned).collect())
}

/// What placement gives the request of a case, whether it can be declared here or not.
fn assert_placed(case: &Value) {
    let request = &case["request"];
    let strategy = text(&request["strategy"]);
    let weights = || {
        cases(request, "nodes")
            .iter()
            .map(|node| number(node, "weight"))
    };
    let is_sound = weights().all(|weight| (0.0..=MAX_WEIGHT).contains(&weight.unwrap_or(1.0)));
    if Strategies::default().get(strategy).is_err() || !is_sound {
        return;
    }
    if let Some(wanted) = owners_of(case) {
        assert_eq!(placed(strategy, request).unwrap(), wanted, "{case}");
    }
    if let Some(wanted) = case["proposed"].as_array() {
        let weighted = match strategy.eq_ignore_ascii_case("ring") {
            true => strategy.to_owned(),
            false => format!("{strategy}-weighted"),
        };
        let wanted: Vec<&str> = wanted.iter().map(text).collect();
        assert_eq!(placed(&weighted, request).unwrap(), wanted, "{case}");
    }
}

fn key(kind: MeshKind, namespace: &str, id: &Value) -> String {
    let parts = vec![namespace.to_owned(), text(id).to_owned()];
    MeshKey::of(kind, parts).unwrap().to_string()
}

fn assert_nodes(made: &State, declared: &DeclaredNamespace, request: &Value) {
    let nodes = cases(request, "nodes");
    assert_eq!(nodes.len(), declared.nodes.len(), "{request}");
    for (node, declared) in nodes.iter().zip(&declared.nodes) {
        let key = key(MeshKind::Node, text(&request["namespace"]), &node["nodeId"]);
        let record: Node = data(made.record(&Kind::NODE, &key).unwrap());
        assert_eq!(record.region.as_deref(), node["region"].as_str(), "{key}");
        assert_eq!(record.zone.as_deref(), node["zone"].as_str(), "{key}");
        // A weight of 0 owns nothing here and became 1 there.
        let wanted = match declared.weight {
            Some(0.0) => 0.0,
            _ => number(node, "weight").unwrap_or(1.0),
        };
        assert!(record.weight == wanted, "{key}: {}", record.weight);
    }
}

fn assert_shards(made: &State, request: &Value, owners: Option<Vec<String>>) {
    for (place, shard) in cases(request, "shards").iter().enumerate() {
        let key = key(
            MeshKind::Shard,
            text(&request["namespace"]),
            &shard["shardId"],
        );
        let record: Shard = data(made.record(&Kind::SHARD, &key).unwrap());
        let capacity = number(shard, "capacity").unwrap_or(1.0);
        assert_eq!(record.capacity_hint.to_bits(), capacity.to_bits(), "{key}");
        let hint = shard["localityHint"].as_str();
        assert_eq!(record.locality_hint.as_deref(), hint, "{key}");
        if let Some(owners) = &owners {
            assert_eq!(record.owner_node_id, owners[place], "{key}");
        }
    }
}

/// The request as it is where a weight of 0 stays one.
fn with_own_weights(request: &Value, declared: &DeclaredNamespace) -> Value {
    let mut request = request.clone();
    let nodes = request["nodes"].as_array_mut().into_iter().flatten();
    for (node, declared) in nodes.zip(&declared.nodes) {
        let node = node.as_object_mut().unwrap();
        node.remove("weightBits");
        node.insert("weight".to_owned(), json!(declared.weight));
    }
    request
}

fn assert_made(case: &Value, sharding: &Sharding) {
    let (declared, request) = (&sharding.namespaces[0], &case["request"]);
    let made = done(sharding, &book()).unwrap();
    let strategy = text(&request["strategy"]);
    let now = made.namespace_now(text(&request["namespace"]));
    assert_eq!(now.strategy_id(), strategy, "{case}");
    assert_nodes(&made, declared, request);
    let owns = |node: &DeclaredNode| node.weight.is_none_or(|weight| weight > 0.0);
    let owners = match declared.nodes.iter().all(owns) {
        true => owners_of(case),
        false => placed(strategy, &with_own_weights(request, declared)),
    };
    assert_shards(&made, request, owners);
    // What is there is left as it is.
    assert_eq!(sharding.missing(&made).unwrap().len(), 0, "{case}");
}

#[test]
fn compat_config() {
    for case in cases(&vectors("config"), "cases") {
        let error = case["error"].as_str();
        if let Some(label) = error.or(case["proposed"]["error"].as_str()) {
            assert_fault(case, label);
            continue;
        }
        assert_placed(case);
        let known = without_unknown(&case["config"]);
        if known != case["config"] {
            let told = declared(&case["config"]).unwrap_err().to_string();
            assert!(told.starts_with("unknown field"), "{case}: {told}");
        }
        let sharding = declared(&known).unwrap();
        match refused_here(&sharding.namespaces[0]) {
            None => assert_made(case, &sharding),
            Some(pointer) => {
                let issues = done(&sharding, &book()).unwrap_err();
                let is_told = issues.iter().any(|issue| issue.pointer.ends_with(pointer));
                assert!(is_told, "{case}: {issues:?}");
                if pointer == "/weight" {
                    let codes = issues.iter().filter_map(|issue| issue.code);
                    let invalid = codes.filter(|code| *code == "shards.hashing.weight_invalid");
                    assert!(invalid.count() > 0, "{case}: {issues:?}");
                }
            }
        }
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
