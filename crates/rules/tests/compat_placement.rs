//! The reference's owners: every case that is in `tests/compat/vectors`. Where the reference's
//! answer is a defect, ours is the one that is proposed there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "../../model/tests/vectors/mod.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod vectors;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deedbook_model::shard::{unit_interval, xxh64};
use deedbook_model::text::{folded, utf16_order};
use deedbook_rules::placement::{
    Hint, PlacementError, PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies,
    Strategy,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::vectors::{cases, double, number, text, vectors};

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A list, or none where a case hasn't got it.
fn maybe_list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn maybe(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn nodes_of(request: &Value) -> Vec<PlacementNode> {
    let nodes = list(&request["nodes"]).iter().map(|node| PlacementNode {
        id: text(&node["nodeId"]).to_owned(),
        weight: number(node, "weight").unwrap_or(1.0),
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
        check_hints(case);
        check_ring(case);
        check_scores(case);
        check_candidates(strategy, case);
    }
    for case in cases(&vectors, "scale") {
        match text(&case["class"]) {
            "compat" => check_scale(strategy, case, &case["expect"]),
            "quirk" => check_scale(strategy, case, &case["proposed"]),
            "weighted" => {
                check_scale(strategy, case, &case["reference"]);
                check_scale(&weighted, case, &case["proposed"]);
            }
            other => panic!("{other}"),
        }
    }
}

/// What each hint means, where a case says so.
fn check_hints(case: &Value) {
    let (shards, parsed) = (shards_of(&case["request"]), maybe_list(&case["parsed"]));
    assert!(
        parsed.is_empty() || parsed.len() == shards.len(),
        "{}",
        case["id"]
    );
    for (shard, parsed) in shards.iter().zip(parsed) {
        let hint = shard.locality_hint.as_deref().map(Hint::parse);
        let parsed = Hint {
            region: maybe(&parsed[0]),
            zone: maybe(&parsed[1]),
        };
        assert_eq!(
            hint.unwrap_or_default(),
            parsed,
            "{}: {shard:?}",
            case["id"]
        );
    }
}

/// How many points a node has on the reference's ring.
fn points_of(node: &PlacementNode) -> u64 {
    (node.weight * 64.0).round().max(1.0) as u64
}

/// The reference's ring, where a case tells its digest; ours gives the same owners.
fn check_ring(case: &Value) {
    let nodes = nodes_of(&case["request"]);
    if let Some(wanted) = case["vnodes"].as_array() {
        let counts: Vec<Value> = nodes.iter().map(|node| points_of(node).into()).collect();
        assert_eq!(counts, *wanted, "{}", case["id"]);
    }
    let Some(wanted) = case["ringSha256"].as_str() else {
        return;
    };
    let mut ring = Vec::new();
    for node in &nodes {
        let points = (0..points_of(node)).map(|number| xxh64(&format!("{}#{number}", node.id)));
        ring.extend(points.map(|hash| (hash, &*node.id)));
    }
    ring.sort_by(|one, two| one.0.cmp(&two.0).then_with(|| utf16_order(one.1, two.1)));
    let lines = ring.iter().map(|(hash, id)| format!("{hash:016x}\t{id}\n"));
    assert_eq!(sha256(&lines.collect::<String>()), wanted, "{}", case["id"]);
    if nodes.iter().all(|node| node.weight > 0.0) {
        check_ours_is(&ring, &nodes, case);
    }
}

fn check_ours_is(ring: &[(u64, &str)], nodes: &[PlacementNode], case: &Value) {
    let shards: Vec<PlacementShard> = (0..256)
        .map(|number| PlacementShard {
            id: format!("of-our-own-{number}"),
            locality_hint: None,
        })
        .collect();
    let owners = placed("ring", "n", nodes, &shards).unwrap();
    for (shard, owner) in shards.iter().zip(&owners) {
        let hash = xxh64(&format!("n/{}", shard.id));
        let next = ring.partition_point(|(point, _)| *point < hash) % ring.len();
        assert_eq!(owner, ring[next].1, "{}: {shard:?}", case["id"]);
    }
}

/// The reference's scores of the first shard, where a case tells them. The highest is the one that
/// takes it; of equal ones the id decides.
fn check_scores(case: &Value) {
    let Some(wanted) = case["firstShardScoresBits"].as_array() else {
        return;
    };
    let (nodes, shards) = (nodes_of(&case["request"]), shards_of(&case["request"]));
    let namespace = text(&case["request"]["namespace"]);
    let score = |node: &PlacementNode| {
        let hash = xxh64(&format!("{namespace}/{}::{}", shards[0].id, node.id));
        unit_interval(hash) * node.weight.max(0.001)
    };
    assert_eq!(wanted.len(), nodes.len(), "{}", case["id"]);
    for (node, wanted) in nodes.iter().zip(wanted) {
        let (score, wanted) = (score(node), double(wanted));
        // A weight that is no number makes a score that is none.
        let both_none = node.weight.is_nan() && wanted.is_nan();
        let is_same = score.to_bits() == wanted.to_bits() || both_none;
        assert!(is_same, "{} {node:?}: {score} {wanted}", case["id"]);
    }
    if nodes
        .iter()
        .all(|node| (0.001..=1024.0).contains(&node.weight))
    {
        let before = |one: &&PlacementNode, two: &&PlacementNode| {
            let order = score(one).total_cmp(&score(two));
            order.then_with(|| utf16_order(&two.id, &one.id))
        };
        let owner = nodes.iter().max_by(before).unwrap();
        let placed = placed("rendezvous", namespace, &nodes, &shards[..1]);
        assert_eq!(placed.unwrap(), [&*owner.id], "{}", case["id"]);
    }
}

/// The nodes that a hint leaves to choose from, where a case tells them.
fn check_candidates(strategy: &str, case: &Value) {
    let (nodes, shards) = (nodes_of(&case["request"]), shards_of(&case["request"]));
    let candidates = maybe_list(&case["candidates"]);
    let is_whole = candidates.is_empty() || candidates.len() == shards.len();
    assert!(is_whole, "{}", case["id"]);
    let is_placed = nodes
        .iter()
        .all(|node| (0.0..=1024.0).contains(&node.weight));
    let mut seen = BTreeSet::new();
    for (shard, wanted) in shards.iter().zip(candidates) {
        let wanted: Vec<&str> = list(wanted).iter().map(text).collect();
        let found = near(shard, &nodes).into_iter().map(|node| &*node.id);
        assert_eq!(
            found.collect::<Vec<_>>(),
            wanted,
            "{}: {shard:?}",
            case["id"]
        );
        if is_placed && seen.insert(&shard.locality_hint) {
            check_chosen(strategy, case, shard, &wanted);
        }
    }
}

fn near<'a>(shard: &PlacementShard, nodes: &'a [PlacementNode]) -> Vec<&'a PlacementNode> {
    let hint = shard.locality_hint.as_deref().map(Hint::parse);
    let hint = hint.unwrap_or_default();
    let is_at = |own: &Option<String>, wanted: &Option<String>| match (own, wanted) {
        (Some(own), Some(wanted)) => !own.is_empty() && folded(own) == folded(wanted),
        _ => false,
    };
    let in_zone = nodes.iter().filter(|node| is_at(&node.zone, &hint.zone));
    let in_region = nodes
        .iter()
        .filter(|node| is_at(&node.region, &hint.region));
    let sets = [
        in_zone.collect(),
        in_region.collect(),
        nodes.iter().collect(),
    ];
    let mut sets: std::array::IntoIter<Vec<&PlacementNode>, 3> = sets.into_iter();
    sets.find(|set| !set.is_empty()).unwrap_or_default()
}

/// Each candidate is chosen before any other node when those that were chosen go. Those of weight 0
/// are the reference's alone.
fn check_chosen(strategy: &str, case: &Value, shard: &PlacementShard, candidates: &[&str]) {
    let mut nodes = nodes_of(&case["request"]);
    nodes.retain(|node| node.weight > 0.0);
    let is_left = |id: &&str| nodes.iter().any(|node| node.id == **id);
    let mut left: BTreeSet<&str> = candidates.iter().copied().filter(is_left).collect();
    while !left.is_empty() {
        let shard = std::slice::from_ref(shard);
        let owners = placed(strategy, text(&case["request"]["namespace"]), &nodes, shard);
        let owner = owners.unwrap().remove(0);
        assert!(left.remove(&*owner), "{}: {shard:?} {owner}", case["id"]);
        nodes.retain(|node| node.id != owner);
    }
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
    if let Some(wanted) = wanted.get("largestShare") {
        let mut shares: BTreeMap<&String, usize> = BTreeMap::new();
        for owner in &owners {
            *shares.entry(owner).or_default() += 1;
        }
        assert_eq!(
            *wanted,
            shares.into_values().max().unwrap_or_default(),
            "{case}"
        );
    }
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
    let others = moved.clone().filter(|(before, _)| *before != removed);
    let from_others = without["movedFromOthers"].as_u64().unwrap_or_default();
    assert_eq!(others.count() as u64, from_others, "{case}");
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
    sha256(&lines)
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
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
        assert_eq!(
            list(&case["ops"]).len(),
            list(&case["results"]).len(),
            "{case}"
        );
        for (step, wanted) in list(&case["ops"]).iter().zip(list(&case["results"])) {
            let code = |error: PlacementError| error.code().to_owned();
            let result = match (text(&step[0]), step[1].as_str()) {
                ("register", Some(id)) => {
                    let strategy = Arc::new(Named(id.to_owned()));
                    let overwrite = step[2].as_bool().unwrap_or(false);
                    let done = strategies.register(strategy, overwrite);
                    done.map_or_else(code, |()| "ok".to_owned())
                }
                // There is no way to register nothing: it doesn't compile.
                ("register", None) => "shards.hashing.strategy.required".to_owned(),
                ("resolve", id) => strategies
                    .get(id.unwrap_or_default())
                    .map_or_else(code, |found| found.id().to_owned()),
                (other, _) => panic!("{other}: {case}"),
            };
            assert_eq!(result, text(wanted), "{case}");
        }
    }
}
