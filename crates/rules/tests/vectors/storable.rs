//! Which records of the vectors a book takes, by the words of the rules, and what stands in for the
//! others. The reference stores them all, which is a defect of it: S08 for `|` in a namespace, S13
//! for the rest. A test sees that they are refused, and goes on with what stands in for them.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a vector that isn't what it should be ends the test"
)]

use std::collections::BTreeMap;

use deedbook_model::Timestamp;
use deedbook_model::shard::xxh64;
use serde_json::{Map, Value};

use crate::shapes;
use crate::vectors::{cases, number, status_number, text};

/// Longest leader and ticket, in characters.
const FREE: usize = 512;
/// Longest metadata, in characters.
const METADATA: usize = 64 * 1024;

/// Not blank, at most 512 bytes, no control characters, and none that turn the direction of text.
pub(crate) fn is_id(text: &str) -> bool {
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_shown = !text.contains(|c: char| c.is_control() || turns(c));
    !text.trim().is_empty() && text.len() <= 512 && is_shown
}

/// `|` parts the namespace from the id in a cursor.
pub(crate) fn is_namespace(text: &str) -> bool {
    is_id(text) && !text.contains('|')
}

fn is_strategy(text: &str) -> bool {
    let known = ["ring", "rendezvous", "locality"];
    known.iter().any(|known| text.eq_ignore_ascii_case(known))
}

fn is_short(text: &str, most: usize) -> bool {
    text.chars().count() <= most
}

fn is_taken(name: &str, text: &str) -> bool {
    match name {
        "namespace" => is_namespace(text),
        "shardId" | "ownerNodeId" | "previousOwnerNodeId" => is_id(text),
        "strategyId" => is_strategy(text),
        "leaderId" | "changeTicket" => is_short(text, FREE),
        "metadata" => is_short(text, METADATA),
        _ => true,
    }
}

/// Whether a book takes a record, or the history of one.
pub(crate) fn is_storable(value: &Value) -> bool {
    let texts = value.as_object().into_iter().flatten();
    let mut texts = texts.filter_map(|(name, value)| Some((name, value.as_str()?)));
    texts.all(|(name, text)| is_taken(name, text))
        && (0..=3).contains(&status_number(value))
        && number(value, "capacityHint").is_none_or(f64::is_finite)
}

/// Whether a book takes a mutation, what its change says of itself included.
pub(crate) fn is_mutation_storable(request: &Value) -> bool {
    let metadata = request["change"]["metadata"].as_str();
    is_storable(request) && metadata.is_none_or(|text| is_taken("metadata", text))
}

/// The same wherever it stands, and another for every text.
fn stand_in(name: &str, text: &str) -> String {
    match name {
        "strategyId" => "ring".to_owned(),
        "leaderId" | "changeTicket" => text.chars().take(FREE).collect(),
        "metadata" => text.chars().take(METADATA).collect(),
        _ => format!("in-place-of-{:016x}", xxh64(text)),
    }
}

/// The value with a stand-in for all in it that no book takes, at any depth.
pub(crate) fn storable(value: &Value) -> Value {
    match value {
        Value::Object(members) => storable_members(value, members),
        Value::Array(items) => items.iter().map(storable).collect(),
        other => other.clone(),
    }
}

fn storable_members(value: &Value, members: &Map<String, Value>) -> Value {
    let mut settled = Map::new();
    for (name, member) in members {
        let member = match member.as_str() {
            Some(text) if !is_taken(name, text) => stand_in(name, text).into(),
            _ => storable(member),
        };
        settled.insert(name.clone(), member);
    }
    if !(0..=3).contains(&status_number(value)) {
        settled.insert("status".to_owned(), 0.into());
    }
    // JSON has no text for it, so that nobody can even ask for it.
    if number(value, "capacityHint").is_some_and(|hint| !hint.is_finite()) {
        settled.insert("capacityHint".to_owned(), 0.0.into());
        settled.remove("capacityHintBits");
    }
    let is_other = settled != *members;
    let mut settled = Value::Object(settled);
    if is_other && value.get("checksum").is_some() {
        settled["checksum"] = shapes::summary(&settled).computed_checksum().into();
    }
    settled
}

/// The records that a script leaves behind, in the order of their keys.
pub(crate) fn records(vectors: &Value) -> Vec<Value> {
    let mut records: Vec<Value> = cases(vectors, "records").iter().map(storable).collect();
    records.sort_by_key(|record| {
        ["namespace", "shardId"].map(|name| record[name].as_str().map(str::to_owned))
    });
    records
}

/// The script on the time of a book, which begins in 1970 and never goes back: that of a change is
/// the clock's or that of the change before it, whichever is later.
pub(crate) fn on_time(mut vectors: Value) -> Value {
    let (mut last, mut times) = (Timestamp::default(), BTreeMap::new());
    for step in cases(&vectors, "steps") {
        if let Some(record) = step["expect"].get("record") {
            last = last.max(text(&step["at"]).parse().unwrap());
            times.insert(key(record), last);
        }
    }
    set_times(&mut vectors, &times);
    vectors
}

/// Which record, at which version; its text.
fn key(record: &Value) -> String {
    ["namespace", "shardId", "version"]
        .map(|name| record[name].to_string())
        .join("|")
}

fn set_times(value: &mut Value, times: &BTreeMap<String, Timestamp>) {
    let time = times.get(&key(value)).map(Timestamp::to_string);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (&**name, &time) {
                    ("updatedAt" | "createdAt", Some(time)) => *member = Value::from(&**time),
                    _ => set_times(member, times),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| set_times(item, times)),
        _ => {}
    }
}
