//! Measures placement: how long plans take (medians of several runs, with the least and most), and
//! how well each strategy spreads shards and how little it moves.
//!
//! ```sh
//! cargo run --release -p deedbook-rules --example placement_figures           # all of it
//! cargo run --release -p deedbook-rules --example placement_figures -- speed  # or: balance, bounds
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measuring program: it stops at the first surprise, and it reads the clock"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use deedbook_model::Generation;
use deedbook_model::shard::{KeyRange, ShardRange, ShardStatus, xxh64};
use deedbook_rules::placement::held_keys::HeldKeys;
use deedbook_rules::placement::plan::{PlanRequest, Present, PresentNode, PresentShard, plan};
use deedbook_rules::placement::ranges::{Demand, RangedShard, check_cover};
use deedbook_rules::placement::{
    PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies,
};

const RUNS: usize = 7;
const STRATEGIES: [&str; 6] = [
    "ring",
    "bounded-load",
    "rendezvous",
    "rendezvous-weighted",
    "locality",
    "locality-weighted",
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    if wanted("speed") {
        println!("| what | min | **median** | max |\n|---|---|---|---|");
        speed();
    }
    if wanted("balance") {
        balance();
    }
    if wanted("bounds") {
        bounds();
    }
}

fn report(what: &str, unit: &str, mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let (min, median, max) = (
        figures[0],
        figures[figures.len() / 2],
        figures[figures.len() - 1],
    );
    println!("| {what} | {min:.2} {unit} | **{median:.2} {unit}** | {max:.2} {unit} |");
    median
}

/// Milliseconds of each run.
fn times(mut run: impl FnMut()) -> Vec<f64> {
    let one = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64() * 1e3
    };
    (0..RUNS).map(one).collect()
}

/// `weights` go round among the nodes.
fn nodes(count: usize, weights: &[f64]) -> Vec<PlacementNode> {
    let node = |number: usize| PlacementNode {
        id: format!("node-{number:04}"),
        weight: weights[number % weights.len()],
        region: Some(format!("region-{}", number % 5)),
        zone: Some(format!("zone-{}", number % 15)),
    };
    (0..count).map(node).collect()
}

fn shards(count: usize) -> Vec<PlacementShard> {
    let shard = |number: usize| PlacementShard {
        id: format!("shard-{number:06}"),
        locality_hint: (!number.is_multiple_of(3)).then(|| format!("region-{}", number % 5)),
    };
    (0..count).map(shard).collect()
}

fn place(
    strategy: &str,
    bound: f64,
    nodes: &[PlacementNode],
    shards: &[PlacementShard],
) -> Vec<String> {
    let request = PlacementRequest {
        policy: Policy { bound },
        ..PlacementRequest::of("payments", nodes, shards)
    };
    let owners = Strategies::default().place(strategy, &request).unwrap();
    owners.iter().map(|node| node.id.clone()).collect()
}

fn speed() {
    let strategies = Strategies::default();
    let equal = nodes(1000, &[1.0]);
    let unequal = nodes(1000, &[0.5, 1.0, 1.5, 2.0]);
    for (strategy, count) in [
        ("ring", 100_000),
        ("bounded-load", 100_000),
        ("rendezvous", 10_000),
        ("rendezvous-weighted", 10_000),
        ("locality", 10_000),
        ("locality-weighted", 10_000),
    ] {
        let shards = shards(count);
        for (what, nodes) in [("equal", &equal), ("unequal", &unequal)] {
            let request = PlacementRequest::of("payments", nodes, &shards);
            let figures = times(|| {
                black_box(strategies.place(strategy, black_box(&request)).unwrap());
            });
            let what = format!("`{strategy}`, {count} shards, 1000 nodes of {what} weight");
            report(&what, "ms", figures);
        }
    }
    tight_bound(&equal);
    whole_plan(&strategies, &equal);
    key_lookup();
    let shards = shards(10_000);
    let figures = times(|| {
        black_box(hash_all_pairs(&equal, &shards));
    });
    report("the hashes of 10000 × 1000 pairs alone", "ms", figures);
}

/// The worst case of a bound: in the end nearly all nodes are full.
fn tight_bound(nodes: &[PlacementNode]) {
    let shards = shards(100_000);
    let request = PlacementRequest {
        policy: Policy { bound: 1.0 },
        ..PlacementRequest::of("payments", nodes, &shards)
    };
    let figures = times(|| {
        black_box(
            Strategies::default()
                .place("bounded-load", &request)
                .unwrap(),
        );
    });
    report(
        "`bounded-load` with bound 1, 100000 shards, 1000 nodes",
        "ms",
        figures,
    );
}

/// One of a thousand nodes drains.
fn whole_plan(strategies: &Strategies, nodes: &[PlacementNode]) {
    let shards = shards(100_000);
    let request = PlacementRequest::of("payments", nodes, &shards);
    for strategy in ["ring", "bounded-load"] {
        let owners = strategies.place(strategy, &request).unwrap();
        let pairs = shards.iter().zip(owners);
        let shards: Vec<PresentShard> = pairs
            .map(|(shard, owner)| PresentShard {
                shard: shard.clone(),
                owner: owner.id.clone(),
                status: ShardStatus::Active,
                generation: Generation(1),
            })
            .collect();
        let nodes = nodes.iter().enumerate().map(|(place, node)| PresentNode {
            node: node.clone(),
            is_draining: place == 0,
            generation: Generation(1),
        });
        let nodes: Vec<PresentNode> = nodes.collect();
        let present = Present {
            namespace: "payments",
            generation: Generation(1),
            nodes: &nodes,
            shards: &shards,
        };
        let request = PlanRequest {
            present,
            strategy,
            policy: Policy::default(),
            max_moves: None,
        };
        let made = plan(strategies, &request).unwrap();
        let figures = times(|| {
            black_box(plan(strategies, &request).unwrap());
        });
        let moves = made.moves().len();
        let what =
            format!("plan by `{strategy}`, 100000 shards, one of 1000 nodes drains: {moves} moves");
        report(&what, "ms", figures);
        let figures = times(|| made.stands(black_box(&present)).unwrap());
        report("whether it stands", "ms", figures);
    }
}

fn key_lookup() {
    let bound = |number: u64| format!("key-{number:09}").into_bytes();
    let range = |number| {
        let start = if number == 0 {
            Vec::new()
        } else {
            bound(number)
        };
        let end = (number < 99_999).then(|| bound(number + 1));
        ShardRange::Key(KeyRange::new(start, end).unwrap())
    };
    let ranges: Vec<(String, ShardRange)> = (0..100_000)
        .map(|number| (format!("shard-{number}"), range(number)))
        .collect();
    let shards = ranges.iter().map(|(id, range)| RangedShard {
        id,
        range: Some(range),
    });
    let shards: Vec<RangedShard<'_>> = shards.collect();
    let figures = times(|| assert_eq!(check_cover(&shards, Demand::Ranges, 1), []));
    report("whether 100000 ranges hold every key once", "ms", figures);
    let mut index = HeldKeys::default();
    for shard in &shards {
        if let Some(range) = shard.range {
            index.insert(&shard.id.into(), range);
        }
    }
    let keys: Vec<Vec<u8>> = (0..100_000_u64)
        .map(|number| bound(number * 77_773 % 100_000))
        .collect();
    let figures = times(|| {
        for key in &keys {
            black_box(index.locate(key).unwrap());
        }
    });
    report("100000 keys among 100000 ranges", "ms", figures);
}

fn hash_all_pairs(nodes: &[PlacementNode], shards: &[PlacementShard]) -> u64 {
    let mut all = 0;
    for shard in shards {
        let mut text = format!("payments/{}::", shard.id);
        let own = text.len();
        for node in nodes {
            text.truncate(own);
            text.push_str(&node.id);
            all ^= xxh64(&text);
        }
    }
    all
}

const BALANCE: &str =
    "\n100 nodes, 10,000 shards; moves are means over ten nodes lost, and ten gained.\n";

fn balance() {
    println!("{BALANCE}");
    println!("| strategy | moves on loss | on gain | max/mean load | cost per shard |");
    println!("|---|---|---|---|---|");
    for strategy in STRATEGIES {
        balance_of(&format!("`{strategy}`"), strategy, 1.25);
    }
}

/// What a bound costs, beside the ring that has none.
fn bounds() {
    println!("{BALANCE}");
    println!("| bound | moves on loss | on gain | max/mean load | cost per shard |");
    println!("|---|---|---|---|---|");
    for bound in [1.0, 1.05, 1.1, 1.25, 1.5, 2.0] {
        balance_of(&bound.to_string(), "bounded-load", bound);
    }
    balance_of("none (`ring`)", "ring", 1.0);
}

fn balance_of(title: &str, strategy: &str, bound: f64) {
    let (all, shards) = (nodes(110, &[1.0]), shards(10_000));
    let nodes = &all[..100];
    let begin = Instant::now();
    let before = place(strategy, bound, nodes, &shards);
    let cost = begin.elapsed().as_secs_f64() * 1e6 / shards.len() as f64;
    let losses = (0..nodes.len()).step_by(10).map(|lost| {
        let mut left = nodes.to_vec();
        left.remove(lost);
        moves(&before, &place(strategy, bound, &left, &shards))
    });
    let gains = (100..110).map(|gained| {
        let mut more = nodes.to_vec();
        more.push(all[gained].clone());
        moves(&before, &place(strategy, bound, &more, &shards))
    });
    let (on_loss, on_gain) = (mean(losses.collect()), mean(gains.collect()));
    let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
    for owner in &before {
        *loads.entry(owner).or_default() += 1;
    }
    let greatest = *loads.values().max().unwrap() as f64;
    let load = greatest * nodes.len() as f64 / shards.len() as f64;
    println!("| {title} | {on_loss:.0} | {on_gain:.0} | {load:.2} | {cost:.2} µs |");
}

fn moves(before: &[String], after: &[String]) -> f64 {
    let pairs = before.iter().zip(after);
    pairs.filter(|(one, two)| one != two).count() as f64
}

fn mean(figures: Vec<f64>) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}
