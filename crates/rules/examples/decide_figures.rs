//! Measures deciding: how long one transfer of a shard takes, among commands that are decided
//! together on a state that readers still hold, as a server's are.
//!
//! ```sh
//! cargo run --release -p deedbook-rules --example decide_figures
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measuring program: it stops at the first surprise, and it reads the clock"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use deedbook_model::mesh::{MeshKey, MeshKind, ReadOptions};
use deedbook_model::{Timestamp, mesh};
use deedbook_rules::{Command, Expected, MeshWrite, State, Write, decide_in_place};

const SHARDS: usize = 10_000;
const NAMESPACES: usize = 100;
/// Commands that are decided before readers see the state.
const TOGETHER: usize = 32;
const COMMANDS: usize = 64_000;
const RUNS: usize = 7;

fn main() {
    let mut state = filled();
    let mut figures = Vec::new();
    for run in 0..RUNS {
        let commands: Vec<Command> = (0..COMMANDS).map(|number| transfer(number, run)).collect();
        let begin = Instant::now();
        for together in commands.chunks(TOGETHER) {
            let mut next = state.clone();
            for command in together {
                black_box(decide_in_place(&mut next, command, now()).unwrap());
            }
            state = next;
        }
        figures.push(begin.elapsed().as_secs_f64() * 1e6 / COMMANDS as f64);
    }
    figures.sort_by(f64::total_cmp);
    let (min, median, max) = (figures[0], figures[RUNS / 2], figures[RUNS - 1]);
    println!("| what | min | **median** | max |\n|---|---|---|---|");
    println!(
        "| a transfer, {TOGETHER} together | {min:.2} µs | **{median:.2} µs** | {max:.2} µs |"
    );
}

fn key(number: usize) -> MeshKey {
    let parts = vec![
        format!("bench-{}", number % NAMESPACES),
        format!("shard-{number}"),
    ];
    MeshKey::of(MeshKind::Shard, parts).unwrap()
}

fn transfer(number: usize, run: usize) -> Command {
    // Neighbours in time are no neighbours in the book.
    let shard = number * 7919 % SHARDS;
    let patch = serde_json::json!({"ownerNodeId": format!("node-{}", (number + run) % 200)});
    let write = MeshWrite::Patch {
        key: key(shard),
        patch,
        expected: None::<Expected>,
    };
    Command::of("figures", Write::Mesh(write))
}

fn filled() -> State {
    let mut state = State::empty();
    let lineage = "00000000000040008000000000000007".parse().unwrap();
    let create = Command::of("figures", Write::CreateBook { lineage });
    decide_in_place(&mut state, &create, now()).unwrap();
    for number in 0..SHARDS {
        let key = key(number);
        let document = format!(
            r#"{{"ownerNodeId":"node-{}","strategyId":"ring"}}"#,
            number % 200
        );
        let options = ReadOptions {
            key: Some(&key),
            strict: false,
        };
        let syntax = deedbook_model::document::Syntax::Json;
        let draft = mesh::read(MeshKind::Shard, document.as_bytes(), syntax, options).unwrap();
        let write = MeshWrite::Put {
            draft: Arc::new(draft),
            expected: None,
        };
        let put = Command::of("figures", Write::Mesh(write));
        decide_in_place(&mut state, &put, now()).unwrap();
    }
    state
}

fn now() -> Timestamp {
    Timestamp::from_ticks(0).unwrap()
}
