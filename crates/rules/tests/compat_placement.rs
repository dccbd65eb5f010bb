//! The reference's owners: every case that is in `tests/compat/vectors`. Where the reference's
//! answer is a defect, ours is the one that is proposed there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deedbook_rules::placement::{
    Hint, PlacementError, PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies,
    Strategy,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::vectors::{cases, double, text, vectors};

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn maybe(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn weight(node: &Value) -> f64 {
    let bits = node.get("weightBits").filter(|bits| !bits.is_null());
    bits.map(double).or(node["weight"].as_f64()).unwrap_or(1.0)
}

fn nodes_of(request: &Value) -> Vec<PlacementNode> {
    let nodes = list(&request["nodes"]).iter().map(|node| PlacementNode {
        id: text(&node["nodeId"]).to_owned(),
        weight: weight(node),
        region: maybe(&node["region"]),
        zone: maybe(&node["zone"]),
    });
    nodes.collect()
}

fn shards_of(request: &Value) -> Vec<PlacementShard> {
    let shards = list(&request["shards"]).iter().map(|shard| PlacementShard {
        id: text(&shard["shardId"]).to_owned(),
        locality_hint: maybe(&shard["localityHint"]),
    });
    shards.collect()
}

/// The owners, or the code of what is wrong.
fn placed(
    strategy: &str,
    namespace: &str,
    nodes: &[PlacementNode],
    shards: &[PlacementShard],
) -> Result<Vec<String>, &'static str> {
    let request = PlacementRequest::of(namespace, nodes, shards);
    let owners = Strategies::default().place(strategy, &request);
    let owners = owners.map_err(|error| error.code())?;
    Ok(owners.iter().map(|node| node.id.clone()).collect())
}

fn check(strategy: &str, case: &Value, wanted: &Value) {
    let request = &case["request"];
    let (nodes, shards) = (nodes_of(request), shards_of(request));
    let owners = placed(strategy, text(&request["namespace"]), &nodes, &shards);
    let wanted = match wanted.get("error") {
        Some(code) => Err(text(code)),
        None => Ok(list(wanted)
            .iter()
            .map(|one| text(one).to_owned())
            .collect()),
    };
    assert_eq!(owners, wanted, "{strategy} {}", case["id"]);
    let reversed: Vec<_> = nodes.into_iter().rev().collect();
    let again = placed(strategy, text(&request["namespace"]), &reversed, &shards);
    assert_eq!(again, wanted, "{strategy} {} reversed", case["id"]);
}

fn check_suite(strategy: &str) {
    let vectors = vectors(strategy);
    let weighted = format!("{strategy}-weighted");
    for case in cases(&vectors, "cases") {
        match text(&case["class"]) {
            "compat" => check(strategy, case, &case["owners"]),
            "quirk" => check(strategy, case, &case["proposed"]),
            "weighted" => {
                check(strategy, case, &case["reference"]);
                check(&weighted, case, &case["proposed"]);
            }
            other => panic!("{other}"),
        }
        for (shard, parsed) in shards_of(&case["request"]).iter().zip(hints(case)) {
            let hint = shard.locality_hint.as_deref().map(Hint::parse);
            assert_eq!(
                hint.unwrap_or_default(),
                parsed,
                "{}: {shard:?}",
                case["id"]
            );
        }
    }
    for case in cases(&vectors, "scale") {
        match text(&case["class"]) {
            "compat" => check_scale(strategy, case, &case["expect"]),
            _ => {
                check_scale(strategy, case, &case["reference"]);
                check_scale(&weighted, case, &case["proposed"]);
            }
        }
    }
}

/// What each hint means, where a suite says so.
fn hints(case: &Value) -> Vec<Hint> {
    let parsed = case["parsed"].as_array().map(Vec::as_slice);
    let parsed = parsed.unwrap_or_default().iter().map(|hint| Hint {
        region: maybe(&hint[0]),
        zone: maybe(&hint[1]),
    });
    parsed.collect()
}

/// `node-%03d` or `node-%d` with a number.
fn numbered(pattern: &str, number: usize) -> String {
    let (begin, rest) = pattern.split_once('%').unwrap();
    let (width, end) = rest.split_once('d').unwrap();
    let width = width.trim_start_matches('0').parse().unwrap_or(0);
    format!("{begin}{number:0width$}{end}")
}

fn check_scale(strategy: &str, case: &Value, wanted: &Value) {
    let pattern = &case["pattern"];
    let count = |name: &str| usize::try_from(pattern[name].as_u64().unwrap()).unwrap();
    let regions: Vec<&str> = list(&pattern["regions"]).iter().map(text).collect();
    let (zones, weights) = (count("zonesPerRegion"), list(&pattern["weights"]));
    let nodes: Vec<PlacementNode> = (0..count("nodeCount"))
        .map(|number| {
            let region = regions[number % regions.len()];
            let zone = number / regions.len() % zones + 1;
            PlacementNode {
                id: numbered(text(&pattern["nodeId"]), number),
                weight: weights[number % weights.len()].as_f64().unwrap(),
                region: Some(region.to_owned()),
                zone: Some(format!("{region}-{zone}")),
            }
        })
        .collect();
    let shards: Vec<PlacementShard> = (0..count("shardCount"))
        .map(|number| {
            let region = regions[number % regions.len()];
            let zone = number / 5 % (zones + 1) + 1;
            let hint = match number % 5 {
                0 => None,
                1 => Some(region.to_owned()),
                2 => Some(format!("{region}/{region}-{zone}")),
                3 => Some(format!("zone:{region}-{zone}")),
                _ => Some(format!("region:{region}")),
            };
            PlacementShard {
                id: numbered(text(&pattern["shardId"]), number),
                locality_hint: hint,
            }
        })
        .collect();
    let namespace = text(&pattern["namespace"]);
    let owners = placed(strategy, namespace, &nodes, &shards).unwrap();
    let by_shard: BTreeMap<&str, &String> =
        shards.iter().map(|shard| &*shard.id).zip(&owners).collect();
    for sample in wanted["samples"].as_array().into_iter().flatten() {
        assert_eq!(by_shard[text(&sample[0])], text(&sample[1]), "{sample}");
    }
    let case = format!("{strategy} {}", case["id"]);
    assert_eq!(
        digest(&shards, &owners),
        text(&wanted["ownersSha256"]),
        "{case}"
    );
    let distinct: BTreeSet<&String> = owners.iter().collect();
    assert_eq!(wanted["distinctOwners"], distinct.len(), "{case}");
    let Some(without) = wanted.get("withoutNode") else {
        return;
    };
    let removed = text(&without["removed"]);
    let left: Vec<PlacementNode> = nodes
        .into_iter()
        .filter(|node| node.id != removed)
        .collect();
    let after = placed(strategy, namespace, &left, &shards).unwrap();
    let moved = owners.iter().zip(&after).filter(|(one, two)| one != two);
    assert!(moved.clone().all(|(before, _)| before == removed), "{case}");
    assert_eq!(without["moved"], moved.count(), "{case}");
    assert_eq!(
        digest(&shards, &after),
        text(&without["ownersSha256"]),
        "{case}"
    );
}

fn digest(shards: &[PlacementShard], owners: &[String]) -> String {
    let lines = shards.iter().zip(owners);
    let lines: String = lines
        .map(|(shard, owner)| format!("{}\t{owner}\n", shard.id))
        .collect();
    let digest = Sha256::digest(lines.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn compat_ring() {
    check_suite("ring");
}

#[test]
fn compat_rendezvous() {
    check_suite("rendezvous");
}

#[test]
fn compat_locality() {
    check_suite("locality");
}

struct Named(String);

impl Strategy for Named {
    fn id(&self) -> &str {
        &self.0
    }

    fn place<'a>(
        &self,
        _: &str,
        _: &[&'a PlacementNode],
        _: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        Vec::new()
    }
}

#[test]
fn compat_registry() {
    for case in cases(&vectors("hashing-errors"), "registry") {
        let mut strategies = Strategies::default();
        for (step, wanted) in list(&case["ops"]).iter().zip(list(&case["results"])) {
            let Some(id) = step[1].as_str() else {
                // There is no way to register nothing.
                continue;
            };
            let code = |error: PlacementError| error.code().to_owned();
            let result = match text(&step[0]) {
                "register" => {
                    let strategy = Arc::new(Named(id.to_owned()));
                    let done = strategies.register(strategy, step[2].as_bool().unwrap());
                    done.map_or_else(code, |()| "ok".to_owned())
                }
                _ => strategies
                    .get(id)
                    .map_or_else(code, |found| found.id().to_owned()),
            };
            assert_eq!(result, text(wanted), "{case}");
        }
    }
}
