//! What holds for placement whatever the nodes and shards are: ten thousand random cases each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;

use deedbook_model::Generation;
use deedbook_model::shard::{ShardStatus, xxh64};
use deedbook_rules::placement::plan::{
    Plan, PlanRequest, Present, PresentNode, PresentShard, plan,
};
use deedbook_rules::placement::{
    PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies,
};
use proptest::prelude::*;
use proptest::sample::{SizeRange, select};

const INDEPENDENT: [&str; 5] = [
    "ring",
    "rendezvous",
    "rendezvous-weighted",
    "locality",
    "locality-weighted",
];
const BOUNDED: &str = "bounded-load";

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Ids that differ, some beyond ASCII.
fn ids(count: impl Into<SizeRange>) -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    let id = (select(vec!["n", "é", "\u{ff5e}", "\u{1f600}"]), 0..40_u8);
    let ids = prop::collection::btree_set(
        id.prop_map(|(name, number)| format!("{name}{number}")),
        count,
    );
    ids.prop_map(|ids| ids.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

/// Quarters, so that sums of weights are exact; the first node has one.
fn nodes(least: usize) -> impl proptest::strategy::Strategy<Value = Vec<PlacementNode>> {
    let place = || select(vec![None, Some("x"), Some("Y"), Some("y")]);
    let rest = prop::collection::vec((0..=4_u8, place(), place()), 6);
    (ids(least..=6), rest).prop_map(|(ids, rest)| {
        let node = |(id, (quarters, region, zone)): (String, (u8, Option<&str>, Option<&str>))| {
            PlacementNode {
                id,
                weight: f64::from(quarters) / 4.0,
                region: region.map(str::to_owned),
                zone: zone.map(str::to_owned),
            }
        };
        let mut nodes: Vec<_> = ids.into_iter().zip(rest).map(node).collect();
        nodes[0].weight = nodes[0].weight.max(0.25);
        nodes
    })
}

fn shards() -> impl proptest::strategy::Strategy<Value = Vec<PlacementShard>> {
    let hint = select(vec![
        None,
        Some("x"),
        Some("zone:y"),
        Some("X/q"),
        Some("y/x"),
    ]);
    (ids(0..=20), prop::collection::vec(hint, 20)).prop_map(|(ids, hints)| {
        let pairs = ids.into_iter().zip(hints);
        let shard = |(id, hint): (String, Option<&str>)| PlacementShard {
            id,
            locality_hint: hint.map(str::to_owned),
        };
        pairs.map(shard).collect()
    })
}

/// The owner of each shard.
fn owners(
    strategy: &str,
    nodes: &[PlacementNode],
    shards: &[PlacementShard],
    bound: f64,
) -> BTreeMap<String, String> {
    let request = PlacementRequest {
        policy: Policy { bound },
        ..PlacementRequest::of("payments", nodes, shards)
    };
    let owners = Strategies::default().place(strategy, &request).unwrap();
    assert_eq!(owners.len(), shards.len());
    let pairs = shards.iter().zip(owners);
    pairs
        .map(|(shard, node)| (shard.id.clone(), node.id.clone()))
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn owners_do_not_depend_on_any_order(
        (nodes, other_nodes) in nodes(1).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        (shards, other_shards) in shards().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        hundredths in 100..300_u32,
    ) {
        let bound = f64::from(hundredths) / 100.0;
        for strategy in INDEPENDENT.into_iter().chain([BOUNDED]) {
            let one = owners(strategy, &nodes, &shards, bound);
            prop_assert_eq!(one, owners(strategy, &other_nodes, &other_shards, bound), "{}", strategy);
        }
    }

    /// With the node it only attracts, without it only its own shards move.
    #[test]
    fn a_node_moves_only_its_own_shards(nodes in nodes(2), shards in shards()) {
        let (removed, left) = nodes.split_last().unwrap();
        for strategy in INDEPENDENT {
            let with = owners(strategy, &nodes, &shards, 1.25);
            for (shard, owner) in owners(strategy, left, &shards, 1.25) {
                let before = &with[&shard];
                prop_assert!(*before == owner || *before == removed.id, "{} {}", strategy, shard);
            }
        }
    }

    #[test]
    fn no_node_has_more_than_its_bound(
        nodes in nodes(1),
        shards in shards(),
        hundredths in 100..300_u32,
    ) {
        let owners = owners(BOUNDED, &nodes, &shards, f64::from(hundredths) / 100.0);
        prop_assert_eq!(owners.len(), shards.len());
        for node in &nodes {
            let load = owners.values().filter(|owner| **owner == node.id).count();
            prop_assert!(load <= exact_bound(node, &nodes, shards.len(), hundredths), "{:?}", node);
        }
        prop_assert_eq!(owners, plainly_bounded(&nodes, &shards, hundredths));
    }

    #[test]
    fn without_a_bound_to_speak_of_it_is_the_ring(nodes in nodes(1), shards in shards()) {
        let bounded = owners(BOUNDED, &nodes, &shards, 1e300);
        prop_assert_eq!(bounded, owners("ring", &nodes, &shards, 1.0));
    }
}

fn quarters(weight: f64) -> usize {
    format!("{}", weight * 4.0).parse().unwrap()
}

/// `⌈factor × shards × weight / Σ weights⌉` in whole numbers.
fn exact_bound(
    node: &PlacementNode,
    nodes: &[PlacementNode],
    shards: usize,
    hundredths: u32,
) -> usize {
    let all: usize = nodes.iter().map(|node| quarters(node.weight)).sum();
    (usize::try_from(hundredths).unwrap() * shards * quarters(node.weight)).div_ceil(100 * all)
}

/// Every shard goes along all points until a node has room.
fn plainly_bounded(
    nodes: &[PlacementNode],
    shards: &[PlacementShard],
    hundredths: u32,
) -> BTreeMap<String, String> {
    let mut points = Vec::new();
    for node in nodes {
        let own = (0..quarters(node.weight) * 16).map(|number| format!("{}#{number}", node.id));
        points.extend(own.map(|text| (xxh64(&text), node)));
    }
    points.sort_by_key(|(hash, _)| *hash);
    let hashed = shards
        .iter()
        .map(|shard| (xxh64(&format!("payments/{}", shard.id)), shard));
    let hashed = hashed.map(|(hash, shard)| (hash.reverse_bits(), (hash, shard)));
    let by_turn: BTreeMap<u64, (u64, &PlacementShard)> = hashed.collect();
    let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
    let mut owners = BTreeMap::new();
    for (hash, shard) in by_turn.into_values() {
        let (before, from) = points.split_at(points.partition_point(|(point, _)| *point < hash));
        let has_room = |(_, node): &&(u64, &PlacementNode)| {
            let load = loads.get(&*node.id).copied().unwrap_or_default();
            load < exact_bound(node, nodes, shards.len(), hundredths)
        };
        let (_, node) = from.iter().chain(before).find(has_room).unwrap();
        *loads.entry(&node.id).or_default() += 1;
        owners.insert(shard.id.clone(), node.id.clone());
    }
    owners
}

/// Owners are some of the nodes, or unknown; some nodes drain, but not the first.
fn present() -> impl proptest::strategy::Strategy<Value = (Vec<PresentNode>, Vec<PresentShard>)> {
    let flags = prop::collection::vec((any::<bool>(), 1..9_u64), 6);
    let states = (0..8_usize, select(ShardStatus::ALL.to_vec()), 1..9_u64);
    let states = prop::collection::vec(states, 20);
    (nodes(1), flags, shards(), states).prop_map(|(nodes, flags, shards, states)| {
        let owner_of = |place: usize| {
            nodes
                .get(place)
                .map_or("gone".to_owned(), |node| node.id.clone())
        };
        let shards = shards
            .into_iter()
            .zip(states)
            .map(|(shard, (owner, status, generation))| PresentShard {
                shard,
                owner: owner_of(owner),
                status,
                generation: Generation(generation),
            });
        let shards = shards.collect();
        let nodes = nodes.into_iter().zip(flags).enumerate().map(
            |(place, (node, (drains, generation)))| PresentNode {
                node,
                is_draining: drains && place > 0,
                generation: Generation(generation),
            },
        );
        (nodes.collect(), shards)
    })
}

fn apply(plan: &Plan, shards: &mut [PresentShard]) {
    for one in plan.moves() {
        let shard = shards
            .iter_mut()
            .find(|shard| shard.shard.id == one.shard_id)
            .unwrap();
        assert_eq!(shard.owner, one.from);
        assert_ne!(one.from, one.to);
        shard.owner.clone_from(&one.to);
        shard.generation = shard.generation.next();
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn once_applied_there_is_nothing_more_to_do(
        (nodes, mut shards) in present(),
        strategy in select([&INDEPENDENT[..], &[BOUNDED]].concat()),
        at_once in 3..20_usize,
    ) {
        let strategies = Strategies::default();
        let planned = |shards: &[PresentShard], max_moves| {
            let present = Present { namespace: "payments", generation: Generation(0), nodes: &nodes, shards };
            let policy = Policy::default();
            let plan = plan(&strategies, &PlanRequest { present, strategy, policy, max_moves }).unwrap();
            prop_assert_eq!(plan.stands(&present), Ok(()));
            Ok(plan)
        };
        let whole = planned(&shards, None)?;
        prop_assert!(whole.fewest_moves() <= whole.moves().len());
        prop_assert_eq!(Plan::read(&serde_json::to_vec(&whole).unwrap()).unwrap(), whole.clone());
        let mut at_a_time = shards.clone();
        let stays: Vec<PresentShard> = (shards.iter())
            .filter(|shard| matches!(shard.status, ShardStatus::Paused | ShardStatus::Disabled))
            .cloned()
            .collect();

        apply(&whole, &mut shards);
        let again = planned(&shards, None)?;
        prop_assert_eq!(again.moves(), []);
        prop_assert!(stays.iter().all(|shard| shards.contains(shard)));

        // Bit by bit it is the same moves.
        let mut bits = Vec::new();
        loop {
            let bit = planned(&at_a_time, Some(at_once))?;
            prop_assert!(bit.moves().len() <= at_once);
            prop_assert_eq!(bits.len() + bit.moves().len() + bit.held_back(), whole.moves().len());
            if bit.moves().is_empty() {
                break;
            }
            apply(&bit, &mut at_a_time);
            bits.extend_from_slice(bit.moves());
        }
        prop_assert_eq!(&bits[..], whole.moves());
    }
}

#[test]
fn shares_are_proportional_to_weights() {
    let weights = [0.25, 0.5, 1.0, 1.0, 2.5, 4.75];
    let all: f64 = weights.iter().sum();
    let node = |(number, weight): (usize, &f64)| PlacementNode {
        id: format!("node-{number}"),
        weight: *weight,
        region: None,
        zone: None,
    };
    let nodes: Vec<PlacementNode> = weights.iter().enumerate().map(node).collect();
    for seed in 0..5 {
        let shard = |number| PlacementShard {
            id: format!("{seed}-{number}"),
            locality_hint: None,
        };
        let shards: Vec<PlacementShard> = (0..10_000).map(shard).collect();
        for strategy in ["rendezvous-weighted", "locality-weighted"] {
            let owners = owners(strategy, &nodes, &shards, 1.0);
            for node in &nodes {
                let count = owners.values().filter(|owner| **owner == node.id).count();
                let (part, count) = (node.weight / all, f64::from(u32::try_from(count).unwrap()));
                let sigma = (10_000.0 * part * (1.0 - part)).sqrt();
                let off = (count - 10_000.0 * part) / sigma;
                assert!(
                    off.abs() < 5.0,
                    "{strategy} {seed} {}: {off} sigma",
                    node.id
                );
            }
        }
    }
}
