//! Shards with the capacities of the reference's checksums, decided: the stored record has that
//! checksum, and the control plane shows that capacity.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "../../model/tests/vectors/mod.rs"]
mod vectors;

use std::sync::Arc;

use deedbook_model::document::{Syntax, parse};
use deedbook_model::mesh::{Draft, MeshKind, ReadOptions, read_node};
use deedbook_model::shard::control::{JsonMode, Summary, ToJson};
use deedbook_model::shard::{NumberText, ShardStatus};
use deedbook_model::{Lineage, Timestamp};
use deedbook_rules::{Command, MeshWrite, Record, State, Write, decide_in_place};
use serde_json::{Number, Value, json};

use crate::vectors::{cases, number, status_number, text, vectors};

/// The shard as `/v1` is sent it; `None`: its ids, its strategy, its status or its capacity are
/// refused.
fn draft(record: &Value, hint: f64) -> Option<Draft> {
    let mut document = record.clone();
    let members = document.as_object_mut().unwrap();
    members.remove("capacityHintBits");
    members.insert("capacityHint".to_owned(), Number::from_f64(hint)?.into());
    let status = ShardStatus::of_number(status_number(record))?;
    members.insert("status".to_owned(), json!(status));
    let node = parse(document.to_string().as_bytes(), Syntax::Json).unwrap();
    let is_known = ["ring", "rendezvous", "locality"].contains(&text(&record["strategyId"]));
    let read = read_node(MeshKind::Shard, &node, ReadOptions::default());
    read.ok().filter(|_| is_known)
}

fn stored(draft: Draft) -> Arc<Record> {
    let mut state = State::empty();
    let lineage = Lineage([1; 16]);
    let put = MeshWrite::Put {
        draft: Arc::new(draft),
        expected: None,
    };
    let begin = Command::of("ada", Write::CreateBook { lineage });
    decide_in_place(&mut state, &begin, Timestamp::default()).unwrap();
    let put = Command::of("ada", Write::Mesh(put));
    let done = decide_in_place(&mut state, &put, Timestamp::default()).unwrap();
    Arc::clone(&done.outcomes[0].record)
}

#[test]
fn compat_checksums_of_stored_shards() {
    let vectors = vectors("checksum");
    let mut tried = 0;
    for case in cases(&vectors, "cases") {
        let record = &case["record"];
        let hint = number(record, "capacityHint").unwrap_or(0.0);
        let Some(draft) = draft(record, hint) else {
            continue;
        };
        let summary = Summary::of_stored(stored(draft).bytes.as_deref().unwrap()).unwrap();
        assert_eq!(summary.checksum, case["checksum"], "{case}");
        assert_eq!(summary.capacity_hint.to_bits(), hint.to_bits(), "{case}");
        let shown = format!("\"capacityHint\":{},", NumberText(hint));
        let body = summary.to_json(JsonMode::ControlPlane);
        assert!(body.contains(&shown), "{body}: {case}");
        tried += 1;
    }
    println!("{tried} of {} are records", cases(&vectors, "cases").len());
    assert!(tried > 0 || cases(&vectors, "cases").is_empty());
}
