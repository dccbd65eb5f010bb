use std::sync::Arc;

use super::*;
use crate::placement::Strategy;

/// Gives each shard the node that its hint names.
struct Hinted;

impl Strategy for Hinted {
    fn id(&self) -> &str {
        "hinted"
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn place<'a>(
        &self,
        _: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        let named = |shard: &PlacementShard| {
            let hint = shard.locality_hint.as_deref();
            let hinted = nodes.iter().find(|node| Some(&*node.id) == hint);
            *hinted.unwrap_or(&nodes[0])
        };
        shards.iter().map(named).collect()
    }
}

fn strategies() -> Strategies {
    let mut strategies = Strategies::default();
    strategies.register(Arc::new(Hinted), false).unwrap();
    strategies
}

fn node(id: &str, weight: f64, is_draining: bool) -> PresentNode {
    PresentNode {
        node: PlacementNode {
            id: id.to_owned(),
            weight,
            region: None,
            zone: None,
        },
        is_draining,
        generation: Generation(3),
    }
}

/// `to` is where the strategy would have it.
fn shard(id: &str, owner: &str, to: &str, status: ShardStatus) -> PresentShard {
    PresentShard {
        shard: PlacementShard {
            id: id.to_owned(),
            locality_hint: Some(to.to_owned()),
        },
        owner: owner.to_owned(),
        status,
        generation: Generation(7),
    }
}

/// `a` and `b` take shards, `drains` and `zero` don't, `gone` isn't known.
fn nodes() -> Vec<PresentNode> {
    vec![
        node("a", 1.0, false),
        node("b", 1.0, false),
        node("drains", 1.0, true),
        node("zero", 0.0, false),
    ]
}

fn shards() -> Vec<PresentShard> {
    use ShardStatus::{Active, Disabled, Draining, Paused};
    vec![
        shard("s1", "a", "a", Active),
        shard("s2", "a", "b", Active),
        shard("s3", "zero", "b", Active),
        shard("s4", "drains", "b", Active),
        shard("s5", "gone", "a", Active),
        shard("s6", "b", "a", Draining),
        shard("s7", "b", "a", Paused),
        shard("s8", "gone", "a", Disabled),
        shard("s10", "drains", "a", Active),
    ]
}

fn present<'a>(nodes: &'a [PresentNode], shards: &'a [PresentShard]) -> Present<'a> {
    Present {
        namespace: "payments",
        generation: Generation(2),
        nodes,
        shards,
    }
}

fn planned(strategy: &str, present: Present<'_>, max_moves: Option<usize>) -> Plan {
    let request = PlanRequest {
        present,
        strategy,
        policy: Policy::default(),
        max_moves,
    };
    plan(&strategies(), &request).unwrap()
}

fn lines(plan: &Plan) -> Vec<String> {
    let line = |one: &Move| {
        let reason = one.reason.as_str();
        format!("{} {} -> {}: {reason}", one.shard_id, one.from, one.to)
    };
    plan.moves().iter().map(line).collect()
}

const ALL: [&str; 6] = [
    "s5 gone -> a: node gone",
    "s10 drains -> a: node draining",
    "s4 drains -> b: node draining",
    "s3 zero -> b: node of weight 0",
    "s2 a -> b: strategy",
    "s6 b -> a: strategy",
];

#[test]
fn moves_are_those_that_are_needed_the_most_needed_first() {
    let (nodes, shards) = (nodes(), shards());
    let plan = planned("hinted", present(&nodes, &shards), None);
    assert_eq!(lines(&plan), ALL);
    assert_eq!(plan.held_back(), 0);
    // `a` has 2 and gets 4, `b` has 1 and gets 3; those that stay count for nobody.
    assert_eq!(plan.fewest_moves(), 4);
    assert_eq!(plan.namespace(), "payments");
    assert_eq!(plan.strategy_id(), "hinted");
}

#[test]
fn of_too_many_moves_the_most_needed_are_taken() {
    let (nodes, shards) = (nodes(), shards());
    for most in 0..8 {
        let plan = planned("hinted", present(&nodes, &shards), Some(most));
        assert_eq!(lines(&plan), ALL[..most.min(6)]);
        assert_eq!(plan.held_back(), 6 - most.min(6));
        assert_eq!(plan.fewest_moves(), 4);
        assert_eq!(plan.rests_on().shards.len(), most.min(6));
    }
}

#[test]
fn rests_on_all_nodes_and_on_the_shards_that_matter() {
    let (nodes, shards) = (nodes(), shards());
    let plan = planned("hinted", present(&nodes, &shards), None);
    let rests_on = plan.rests_on();
    assert_eq!(rests_on.namespace, Generation(2));
    assert!(
        rests_on
            .nodes
            .keys()
            .eq(["a", "b", "drains", "zero"].iter())
    );
    assert!(!rests_on.every_shard);
    let moving = ["s10", "s2", "s3", "s4", "s5", "s6"];
    assert!(rests_on.shards.keys().eq(moving.iter()));
    let plan = planned("bounded-load", present(&nodes, &shards), None);
    assert!(plan.rests_on().every_shard);
    assert_eq!(plan.rests_on().shards.len(), shards.len());
}

#[test]
fn nothing_to_place_on_is_an_error() {
    let shards = shards();
    let all_drain = [node("a", 1.0, true), node("b", 0.0, false)];
    let code = |nodes: &[PresentNode], strategy| {
        let request = PlanRequest {
            present: present(nodes, &shards),
            strategy,
            policy: Policy::default(),
            max_moves: None,
        };
        plan(&strategies(), &request).unwrap_err().code()
    };
    assert_eq!(code(&all_drain, "ring"), "shards.hashing.no_eligible_nodes");
    assert_eq!(code(&[], "ring"), "shards.hashing.nodes_required");
    assert_eq!(code(&[], "none"), "shards.hashing.strategy.unknown");
}

#[test]
fn stands_until_something_moves_on() {
    let (nodes, shards) = (nodes(), shards());
    let now = present(&nodes, &shards);
    let plan = planned("hinted", now, None);
    let bounded = planned("bounded-load", now, None);
    assert_eq!(plan.stands(&now), Ok(()));
    assert_eq!(bounded.stands(&now), Ok(()));
    let told = |plan: &Plan, now: Present<'_>| {
        let moved = plan.stands(&now).unwrap_err();
        format!("{}: {moved}", moved.code())
    };

    let other = Present {
        namespace: "orders",
        ..now
    };
    assert_eq!(
        told(&plan, other),
        "shards.plan.namespace_mismatch: the plan is for namespace `payments`, not for `orders`"
    );
    let later = Present {
        generation: Generation(3),
        ..now
    };
    assert_eq!(
        told(&plan, later),
        "shards.plan.stale: the namespace was at generation 2 and is at 3"
    );

    let mut changed = nodes.clone();
    changed[1].generation = Generation(4);
    changed.push(node("c", 1.0, false));
    assert_eq!(
        told(&plan, present(&changed, &shards)),
        "shards.plan.stale: node `b` was at generation 3 and is at 4"
    );
    changed.push(node("aa", 1.0, false));
    assert_eq!(
        told(&plan, present(&changed, &shards)),
        "shards.plan.stale: node `aa` is new, at generation 3"
    );
    assert_eq!(
        told(&plan, present(&nodes[1..], &shards)),
        "shards.plan.stale: node `a` was at generation 3 and is gone"
    );

    let mut changed = shards.clone();
    changed[1].generation = Generation(8);
    let moved = "shards.plan.stale: shard `s2` was at generation 7 and is at 8";
    assert_eq!(told(&plan, present(&nodes, &changed)), moved);
    assert_eq!(told(&bounded, present(&nodes, &changed)), moved);
    // A shard that doesn't move matters only where one depends on the others.
    let mut changed = shards.clone();
    changed[0].generation = Generation(8);
    changed.push(shard("s11", "a", "a", ShardStatus::Active));
    assert_eq!(plan.stands(&present(&nodes, &changed)), Ok(()));
    changed[0].generation = Generation(7);
    assert_eq!(
        told(&bounded, present(&nodes, &changed)),
        "shards.plan.stale: shard `s11` is new, at generation 7"
    );
    let mut changed = shards.clone();
    changed[1].owner = "b".to_owned();
    assert_eq!(
        told(&plan, present(&nodes, &changed)),
        "shards.plan.stale: shard `s2` is with node `b`, not with `a`"
    );
    assert_eq!(
        told(&plan, present(&nodes, &shards[2..])),
        "shards.plan.stale: shard `s2` was at generation 7 and is gone"
    );
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let (nodes, shards) = (nodes(), shards());
    let plan = planned("hinted", present(&nodes, &shards), Some(1));
    let json = serde_json::to_string_pretty(&plan).unwrap();
    let wanted = r#"{
  "format": "deedbook-plan/1",
  "namespace": "payments",
  "strategyId": "hinted",
  "moves": [
    {
      "shardId": "s5",
      "from": "gone",
      "to": "a",
      "reason": "node gone"
    }
  ],
  "stays": [
    {
      "shardId": "s7",
      "at": "b",
      "to": "a",
      "reason": "shard paused"
    },
    {
      "shardId": "s8",
      "at": "gone",
      "to": "a",
      "reason": "shard disabled"
    }
  ],
  "fewestMoves": 4,
  "heldBack": 5,
  "restsOn": {
    "namespace": 2,
    "nodes": {
      "a": 3,
      "b": 3,
      "drains": 3,
      "zero": 3
    },
    "everyShard": false,
    "shards": {
      "s5": 7
    }
  },
  "digest": "DIGEST"
}"#;
    assert_eq!(json, wanted.replace("DIGEST", plan.digest()));
    // What one release approved another must know again.
    assert_eq!(plan.digest(), "36542aa0130cd4a36349e2abbbec5ecb");
    assert_eq!(Plan::read(json.as_bytes()).unwrap(), plan);
    let more = json.replacen('{', "{\"comment\": [1],", 1);
    assert_eq!(Plan::read(more.as_bytes()).unwrap(), plan);
}

#[test]
fn undoing_brings_back_what_has_not_moved_since() {
    let (nodes, shards) = (nodes(), shards());
    let moved = |id: &str, from: &str, to: &str| Transfer {
        shard_id: id.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        moved_since: false,
    };
    let away_and_back = Transfer {
        moved_since: true,
        ..moved("s4", "a", "drains")
    };
    let transfers = [
        moved("s1", "b", "a"),
        away_and_back,
        // Twice by the same command.
        moved("s6", "drains", "a"),
        moved("s6", "a", "b"),
        // Moved again, and back where it was.
        moved("s2", "zero", "b"),
        moved("s3", "zero", "b"),
        moved("s7", "a", "b"),
        moved("s9", "a", "b"),
    ];
    let plan = undo(&present(&nodes, &shards), "ring", Revision(17), &transfers);
    assert_eq!(lines(&plan), ["s1 a -> b: undo", "s6 b -> drains: undo"]);
    let stays = plan.stays().iter();
    let stays = stays.map(|one| (&*one.shard_id, one.at.as_deref(), one.reason.as_str()));
    assert_eq!(
        stays.collect::<Vec<_>>(),
        [
            ("s2", Some("a"), "moved since"),
            ("s4", Some("drains"), "moved since"),
            ("s7", Some("b"), "shard paused"),
            ("s9", None, "removed since"),
        ]
    );
    assert_eq!(plan.undoes(), Some(Revision(17)));
    assert_eq!(plan.strategy_id(), "ring");
    assert_eq!(plan.fewest_moves(), 1);
    assert_eq!(plan.stands(&present(&nodes, &shards)), Ok(()));
    let json = serde_json::to_vec(&plan).unwrap();
    assert_eq!(Plan::read(&json).unwrap(), plan);
}

#[test]
fn an_edited_plan_is_refused() {
    let (nodes, shards) = (nodes(), shards());
    let plan = planned("hinted", present(&nodes, &shards), Some(1));
    let json = serde_json::to_string(&plan).unwrap();
    let code = |json: &str| Plan::read(json.as_bytes()).unwrap_err().code();
    for (from, to) in [
        ("payments", "orders"),
        ("hinted", "ring"),
        ("\"s5\",", "\"s6\","),
        ("\"from\":\"gone\"", "\"from\":\"b\""),
        ("\"to\":\"a\"", "\"to\":\"b\""),
        ("node gone", "strategy"),
        ("shard paused", "moved since"),
        ("\"fewestMoves\":4", "\"fewestMoves\":5"),
        ("\"heldBack\":5", "\"heldBack\":0"),
        ("\"namespace\":2", "\"namespace\":3"),
        ("\"zero\":3", "\"zero\":4"),
        ("false", "true"),
        ("\"s5\":7", "\"s5\":8"),
        (plan.digest(), "0"),
    ] {
        let edited = json.replacen(from, to, 1);
        assert_ne!(edited, json, "{from}");
        assert_eq!(code(&edited), "shards.plan.edited", "{from}");
    }
    // With a digest that fits: nobody but a forger makes one.
    let unfounded = json.replace("\"s5\":7", "\"s6\":7");
    let stated = |json: &str| match Plan::read(json.as_bytes()).unwrap_err() {
        PlanError::Edited { actual, .. } => json.replace(plan.digest(), &actual),
        other => panic!("{other}"),
    };
    assert_eq!(code(&stated(&unfounded)), "shards.plan.invalid");
    assert_eq!(
        code(&json.replace("plan/1", "plan/2")),
        "shards.plan.format_unknown"
    );
    assert_eq!(
        code(&json.replace("node gone", "whim")),
        "shards.plan.invalid"
    );
    assert!(serde_json::from_str::<Plan>(&json.replace("s5", "s6")).is_err());
}
