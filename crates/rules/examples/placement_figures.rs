//! Measures placement: how long plans take (medians of several runs, with the least and most), and
//! how well each strategy spreads shards and how little it moves.
//!
//! ```sh
//! cargo run --release -p deedbook-rules --example placement_figures             # all of it
//! cargo run --release -p deedbook-rules --example placement_figures -- balance  # some of it
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

use deedbook_model::shard::xxh64;
use deedbook_rules::placement::{PlacementNode, PlacementRequest, PlacementShard, Strategies};

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

fn place(strategy: &str, nodes: &[PlacementNode], shards: &[PlacementShard]) -> Vec<String> {
    let request = PlacementRequest::of("payments", nodes, shards);
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
    let shards = shards(10_000);
    let figures = times(|| {
        black_box(hash_all_pairs(&equal, &shards));
    });
    report("the hashes of 10000 × 1000 pairs alone", "ms", figures);
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

fn balance() {
    println!(
        "\n100 nodes, 10,000 shards; moves are means over every tenth node lost, or as many gained.\n"
    );
    println!("| strategy | moves on loss | on gain | max/mean load | cost per shard |");
    println!("|---|---|---|---|---|");
    let (all, shards) = (nodes(110, &[1.0]), shards(10_000));
    let nodes = &all[..100];
    for strategy in STRATEGIES {
        let begin = Instant::now();
        let before = place(strategy, nodes, &shards);
        let cost = begin.elapsed().as_secs_f64() * 1e6 / shards.len() as f64;
        let losses = (0..nodes.len()).step_by(10).map(|lost| {
            let mut left = nodes.to_vec();
            left.remove(lost);
            moves(&before, &place(strategy, &left, &shards))
        });
        let gains = (100..110).map(|gained| {
            let mut more = nodes.to_vec();
            more.push(all[gained].clone());
            moves(&before, &place(strategy, &more, &shards))
        });
        let (on_loss, on_gain) = (mean(losses.collect()), mean(gains.collect()));
        let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
        for owner in &before {
            *loads.entry(owner).or_default() += 1;
        }
        let greatest = *loads.values().max().unwrap() as f64;
        let load = greatest * nodes.len() as f64 / shards.len() as f64;
        println!("| `{strategy}` | {on_loss:.0} | {on_gain:.0} | {load:.2} | {cost:.2} µs |");
    }
}

fn moves(before: &[String], after: &[String]) -> f64 {
    let pairs = before.iter().zip(after);
    pairs.filter(|(one, two)| one != two).count() as f64
}

fn mean(figures: Vec<f64>) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}
