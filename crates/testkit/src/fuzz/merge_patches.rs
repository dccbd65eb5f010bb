//! Arbitrary merge patches on valid stored components.
//!
//! The first byte of an input chooses one of the samples; each line after it is a patch, and the
//! patches are applied one after the other.

use std::sync::{Arc, LazyLock};

use deedbook_model::code::Code;
use deedbook_model::component::{Mutability, ReadOptions, field_mutability, read, read_node};
use deedbook_model::document::{Node, Syntax};
use deedbook_model::issue::IssueKind;
use deedbook_model::{Envelope, Generation, Kind, Lineage, Timestamp};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Decision, Record, Refusal, State, Write, decide};
use serde_json::{Map, Value};

use super::reading::{check_draft, is_pointer};
use super::samples::samples;

/// More lines make an input slow, not different.
const MOST_PATCHES: usize = 4;
const CREATED: i64 = 17_724_096_000_000_000;

/// A book with all samples, and the keys of their records.
static BOOK: LazyLock<(State, Vec<String>)> = LazyLock::new(book);

/// Applies the input's patches.
pub fn run(input: &[u8]) {
    let Some((choice, lines)) = input.split_first() else {
        return;
    };
    let (state, keys) = &*BOOK;
    let Some(key) = keys.get(usize::from(*choice) % keys.len().max(1)) else {
        return;
    };
    let mut state = state.clone();
    for (line, seconds) in lines
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .take(MOST_PATCHES)
    {
        if let Ok(patch) = serde_json::from_slice::<Value>(line) {
            state = apply(&state, key, &patch, at(seconds));
        }
    }
    check_stored(record(&state, key));
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ticks(CREATED)
        .unwrap_or_default()
        .plus_seconds(seconds)
}

fn book() -> (State, Vec<String>) {
    let lineage = Lineage([1; 16]);
    let mut state = expect(&State::empty(), Write::CreateBook { lineage });
    let mut keys = Vec::new();
    for (text, syntax) in samples() {
        let reading = read(&text, syntax, &ReadOptions::default());
        let Some(draft) = reading.draft else {
            panic!("a sample is refused: {:?}", reading.issues);
        };
        keys.push(draft.uuid().to_string());
        let write = Write::Register {
            draft: Arc::new(draft),
            require_dependencies: false,
        };
        state = expect(&state, write);
    }
    (state, keys)
}

fn expect(state: &State, write: Write) -> State {
    match decide(state, &Command::of("ada", write), at(0)) {
        Ok(decision) => decision.state,
        Err(refusals) => panic!("{refusals:?}"),
    }
}

/// Tries a patch and returns the state after it.
fn apply(state: &State, key: &str, patch: &Value, now: Timestamp) -> State {
    let before = document_of(record(state, key));
    match update(state, key, patch, now) {
        Err(refusals) => {
            check_refusals(&refusals, patch);
            state.clone()
        }
        Ok(decision) => {
            let after = document_of(record(&decision.state, key));
            check_decision(state, &decision, key, now);
            check_kept(&before, &after);
            check_merged(&before, patch, &after);
            check_again(&decision.state, key, patch, now);
            decision.state
        }
    }
}

fn update(
    state: &State,
    key: &str,
    patch: &Value,
    now: Timestamp,
) -> Result<Decision, Vec<Refusal>> {
    let key = ComponentKey::parse(key).unwrap_or_else(|error| panic!("{key}: {error}"));
    let write = Write::Update {
        key,
        patch: patch.clone(),
        expected: None,
    };
    decide(state, &Command::of("ada", write), now)
}

fn record<'a>(state: &'a State, key: &str) -> &'a Record {
    match state.record(&Kind::COMPONENT, key) {
        Some(record) => record,
        None => panic!("{key} is gone"),
    }
}

fn envelope(record: &Record) -> Envelope<'_> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    Envelope::read(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn document_of(record: &Record) -> Map<String, Value> {
    let data = envelope(record).data.get();
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error} in {data}"))
}

fn check_refusals(refusals: &[Refusal], patch: &Value) {
    let [refusal] = refusals else {
        panic!("one write has one refusal: {refusals:?}");
    };
    let errors = refusal.issues.iter().filter(|issue| issue.is_error());
    assert_ne!(errors.count(), 0, "{refusal:?}");
    assert_ne!(refusal.code, Code::Internal, "{refusal:?}");
    for issue in &refusal.issues {
        assert!(is_pointer(&issue.pointer), "{issue:?}");
    }
    if !patch.is_object() {
        let first = refusal.issues.first();
        let kind = first.map(|issue| (issue.kind, issue.pointer.as_str()));
        assert_eq!(kind, Some((IssueKind::WrongType, "")));
    }
}

/// Changes say all that the new state holds.
fn check_decision(before: &State, decision: &Decision, key: &str, now: Timestamp) {
    let [outcome] = decision.outcomes.as_slice() else {
        panic!("one write has one outcome: {:?}", decision.outcomes);
    };
    assert_eq!(outcome.unchanged, decision.changes.is_empty());
    assert!(decision.changes.len() <= 1, "{:?}", decision.changes);
    let mut folded = before.clone();
    decision
        .changes
        .iter()
        .for_each(|change| folded.evolve(change));
    assert_eq!(folded.root(), decision.state.root());
    assert_eq!(folded.revision(), decision.state.revision());
    assert_eq!(folded.live(), before.live());
    let (old, new) = (record(before, key), record(&decision.state, key));
    assert!(new.component().is_some(), "its own release can't read it");
    if outcome.unchanged {
        assert_eq!(old, new);
        return;
    }
    assert_eq!(new.generation, Generation(old.generation.0 + 1));
    let (old, new) = (envelope(old), envelope(new));
    assert_eq!((new.created_at, new.updated_at), (old.created_at, now));
}

fn check_kept(before: &Map<String, Value>, after: &Map<String, Value>) {
    let names = before.keys().chain(after.keys());
    for name in names {
        let kept = match field_mutability(name) {
            Mutability::Immutable => true,
            Mutability::Once => before.contains_key(name),
            Mutability::Registry => name == "metadata_version",
            Mutability::Mutable | Mutability::Lifecycle => false,
        };
        assert!(
            !kept || before.get(name) == after.get(name),
            "{name} changed"
        );
    }
}

/// The stored bytes are a document that reads back valid, as itself.
fn check_stored(record: &Record) {
    let envelope = envelope(record);
    let bytes = envelope.data.get().as_bytes();
    let reading = read(bytes, Syntax::Json, &ReadOptions::default());
    let Some(draft) = reading.draft else {
        panic!("what was stored is refused: {:?}", reading.issues);
    };
    let again = draft.finish("", "");
    assert_eq!(again.bytes, bytes, "other bytes than its canonical ones");
    assert_eq!(again.hash, envelope.checksum);
    check_draft(&draft);
}

/// The result is what RFC 7396 says, normalised.
fn check_merged(before: &Map<String, Value>, patch: &Value, after: &Map<String, Value>) {
    let mut members = patch.as_object().cloned().unwrap_or_default();
    if let Some(extensions) = members.remove("x-extensions") {
        let both = members.insert("x_extensions".to_owned(), extensions.clone());
        assert!(
            both.is_none_or(|other| other == extensions),
            "one was passed over"
        );
    }
    members.remove("type");
    members.retain(|name, _| match field_mutability(name) {
        Mutability::Mutable | Mutability::Lifecycle => true,
        Mutability::Once => !before.contains_key(name),
        Mutability::Immutable | Mutability::Registry => false,
    });
    let mut merged = Value::Object(before.clone());
    merge(&mut merged, &Value::Object(members));
    let options = ReadOptions {
        ignore_hash: true,
        ..ReadOptions::default()
    };
    let reading = read_node(Node::from(&merged), &options);
    let Some(draft) = reading.draft else {
        panic!("the merged document is refused: {:?}", reading.issues);
    };
    let content = |document: &Map<String, Value>| {
        let mut document = document.clone();
        document.retain(|name, _| !matches!(name.as_str(), "hash" | "last_modified_at"));
        document
    };
    assert_eq!(content(after), content(draft.document()));
}

/// The procedure of RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// The same patch again changes nothing; but what the registry keeps has moved on.
fn check_again(state: &State, key: &str, patch: &Value, now: Timestamp) {
    let mut patch = patch.clone();
    if let Value::Object(members) = &mut patch {
        for name in ["hash", "last_modified_at", "revision"] {
            members.remove(name);
        }
    }
    match update(state, key, &patch, now.plus_seconds(60)) {
        Ok(decision) => assert!(decision.changes.is_empty(), "{:?}", decision.changes),
        Err(refusals) => panic!("refused the second time: {refusals:?}"),
    }
}
