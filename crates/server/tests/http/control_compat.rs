//! The reference's vectors for its store and its events, through a running server.

use std::collections::BTreeMap;

use deedbook_api::query::percent_encode;
use deedbook_model::Timestamp;
use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::{
    DiffEntry, FromJson, JsonMode, PREAMBLE, Summary, push_diff_frame,
};
use deedbook_testkit::http::{Request, Response};
use serde_json::{Map, Value, json};

use crate::control::{clocked, diff, ids, list, watch_once};
use crate::sandbox::Sandbox;
use crate::shapes;
use crate::vectors::{cases, double, text, vectors};

fn time(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

/// The hint, unless `/v1` refuses it: whole numbers that a reader of JSON may round aren't stored.
fn storable(hint: f64) -> f64 {
    match hint.fract() == 0.0 && hint.abs() > 9_007_199_254_740_991.0 {
        true => 0.5,
        false => hint,
    }
}

/// A shard as `/v1` takes it, with what its last change says of itself.
fn document(shard: &Value, change: &Value) -> String {
    let mut document = Map::new();
    for name in ["strategyId", "ownerNodeId", "leaderId", "changeTicket"] {
        document.insert(name.to_owned(), shard[name].clone());
    }
    let status = ShardStatus::of_number(shard["status"].as_i64().unwrap()).unwrap();
    document.insert("status".to_owned(), serde_json::to_value(status).unwrap());
    let hint = storable(double(&shard["capacityHintBits"]));
    document.insert("capacityHint".to_owned(), json!(hint));
    document.insert("metadata".to_owned(), change["metadata"].clone());
    if let Some(bits) = change.get("ownershipDeltaPercentBits") {
        document.insert("ownershipDeltaPercent".to_owned(), json!(double(bits)));
    }
    Value::Object(document).to_string()
}

/// Puts a shard as that change says.
fn put(sandbox: &Sandbox, shard: &Value, change: &Value) -> Response {
    let [namespace, id] =
        [&shard["namespace"], &shard["shardId"]].map(|id| percent_encode(text(id)));
    let expected = match &shard["expectedVersion"] {
        Value::Null => String::new(),
        version => format!("?expectedGeneration={version}"),
    };
    let mut request = Request::new("PUT", &format!("/v1/shards/{namespace}/{id}{expected}"));
    for (header, member) in [("deedbook-actor", "actor"), ("deedbook-reason", "reason")] {
        if let Some(said) = change[member].as_str() {
            request = request.header(header, &percent_encode(said));
        }
    }
    if let (Some(ticket), true) = (
        change["changeTicket"].as_str(),
        shard["changeTicket"].is_null(),
    ) {
        request = request.header("deedbook-ticket", &percent_encode(ticket));
    }
    sandbox.send(&request.content("application/json", document(shard, change)))
}

#[test]
fn compat_store_over_http() {
    let vectors = vectors("store");
    let steps = cases(&vectors, "steps");
    let (sandbox, clock) = clocked(time(&steps[0]["at"]));
    for step in steps {
        let (request, expect) = (&step["request"], &step["expect"]);
        clock.set(time(&step["at"]));
        let done = put(&sandbox, request, &request["change"]);
        match expect.get("conflict") {
            // A negative version never is one, so nobody can ask for it.
            Some(conflict) if conflict["expected"].as_i64().unwrap() < 0 => {
                assert_eq!(done.status, 400, "{step}");
            }
            Some(conflict) => {
                assert_eq!(done.status, 409, "{step}: {done:?}");
                let detail = done.json()["detail"].to_string();
                let expected = format!("expected generation {},", conflict["expected"]);
                let actual = format!(" is at {}", conflict["actual"]);
                assert!(
                    detail.contains(&expected) && detail.contains(&actual),
                    "{detail}"
                );
            }
            None => {
                let created = expect["created"] == true;
                assert_eq!(
                    done.status,
                    if created { 201 } else { 200 },
                    "{step}: {done:?}"
                );
            }
        }
    }
    let wanted: Vec<DiffEntry> = cases(&vectors, "diffs")
        .iter()
        .map(shapes::diff_entry)
        .collect();
    let found = diff(&sandbox, "");
    let ranks: BTreeMap<i64, i64> = (1..)
        .zip(&found.items)
        .map(|(rank, entry)| (entry.position, rank))
        .collect();
    let found: Vec<DiffEntry> = found
        .items
        .into_iter()
        .map(|entry| DiffEntry {
            position: ranks[&entry.position],
            ..entry
        })
        .collect();
    assert_eq!(found, wanted);
    // The very same as events.
    let mut stream = watch_once(&sandbox, "");
    for wanted in &wanted {
        let event = stream.next_event().unwrap();
        let data = event.data.to_string();
        let told = DiffEntry::from_json(data.as_bytes(), JsonMode::ControlPlane).unwrap();
        let position = ranks[&told.position];
        assert_eq!(DiffEntry { position, ..told }, *wanted);
    }
    assert_eq!(stream.next_event(), None);
    let records: Vec<Summary> = cases(&vectors, "records")
        .iter()
        .map(shapes::summary)
        .collect();
    for page_size in [1, 2, 4, 500] {
        assert_eq!(all_pages(&sandbox, page_size), records);
    }
    let at = |rank: i64| {
        ranks
            .iter()
            .find(|(_, own)| **own == rank)
            .map(|(at, _)| *at)
    };
    for case in cases(&vectors, "since") {
        let resume = match case["since"].as_i64() {
            None => String::new(),
            Some(rank) => {
                let known = (rank > 0).then(|| at(rank)).flatten();
                format!("resumeToken={}", known.unwrap_or(rank.min(0)))
            }
        };
        let beyond = case["since"]
            .as_i64()
            .is_some_and(|rank| at(rank).is_none() && rank > 0);
        if beyond {
            // Nobody was given a position that the book hasn't come to: it is of another book.
            let head = sandbox.book.view().head().revision.0 + 5;
            let told = watch_once(&sandbox, &format!("resumeToken={head}")).next_event();
            assert_eq!(told.unwrap().name, "shard.error", "{case}");
            assert_eq!(case["positions"], json!([]), "{case}");
            continue;
        }
        let told = ids(watch_once(&sandbox, &resume));
        let told: Vec<i64> = told.iter().map(|position| ranks[position]).collect();
        assert_eq!(json!(told), case["positions"], "{case}");
    }
}

/// All shards, a page at a time.
fn all_pages(sandbox: &Sandbox, page_size: usize) -> Vec<Summary> {
    let (mut all, mut cursor) = (Vec::new(), Some(String::new()));
    while let Some(after) = cursor {
        let after = percent_encode(&after);
        let page = list(sandbox, &format!("pageSize={page_size}&cursor={after}"));
        let is_last = page.next_cursor.is_none();
        assert!(page.items.len() == page_size || is_last, "{page:?}");
        assert!(!page.items.is_empty(), "no page is empty");
        all.extend(page.items);
        cursor = page.next_cursor;
    }
    all
}

/// What the book decides by itself: positions, versions and times; and what it stores.
fn as_decided(mut wanted: DiffEntry, told: &DiffEntry) -> DiffEntry {
    wanted.position = told.position;
    let pairs = [(&mut wanted.current, &told.current)].into_iter();
    for (wanted, told) in pairs.chain(wanted.previous.as_mut().zip(told.previous.as_ref())) {
        (wanted.version, wanted.updated_at) = (told.version, told.updated_at);
        let hint = storable(wanted.capacity_hint);
        if hint.to_bits() != wanted.capacity_hint.to_bits() {
            wanted.capacity_hint = hint;
            wanted.checksum = wanted.computed_checksum();
        }
    }
    match (&mut wanted.history, &told.history) {
        (Some(wanted), Some(told)) => {
            (wanted.version, wanted.created_at) = (told.version, told.created_at);
            wanted
                .previous_owner_node_id
                .clone_from(&told.previous_owner_node_id);
        }
        (None, told) => wanted.history.clone_from(told),
        (Some(_), None) => {}
    }
    wanted
}

#[test]
fn compat_sse_over_http() {
    let vectors = vectors("sse");
    assert_eq!(text(&vectors["preamble"]), PREAMBLE);
    for case in cases(&vectors, "cases") {
        let value = &case["value"];
        let (sandbox, clock) = clocked(time(&value["current"]["updatedAt"]));
        if !value["previous"].is_null() {
            let made = put(&sandbox, &value["previous"], &Value::Null);
            assert_eq!(made.status, 201, "{case}: {made:?}");
            clock.set(clock_after(&sandbox));
        }
        let written = put(&sandbox, &value["current"], &value["history"]);
        assert!(matches!(written.status, 200 | 201), "{case}: {written:?}");
        let mut stream = watch_once(&sandbox, "");
        assert_eq!(stream.next_block().unwrap(), PREAMBLE);
        let mut blocks = Vec::new();
        while let Some(block) = stream.next_block() {
            if !block.starts_with(':') {
                blocks.push(block);
            }
        }
        let frame = blocks.pop().unwrap();
        let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
        let told = DiffEntry::from_json(data.unwrap().as_bytes(), JsonMode::ControlPlane).unwrap();
        let wanted = as_decided(shapes::diff_entry(value), &told);
        let mut expected = String::new();
        push_diff_frame(&mut expected, &wanted);
        assert_eq!(frame, expected, "{case}");
    }
}

fn clock_after(sandbox: &Sandbox) -> Timestamp {
    sandbox.book.now().plus_seconds(1)
}
