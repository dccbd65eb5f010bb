//! The component samples: sequences, queries and patches, whatever their number.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_model::issue::Issue;
use deedbook_model::version_spec::VersionSpec;
use deedbook_model::{Lineage, Timestamp};
use deedbook_rules::components::{ComponentKey, NameOrUuid, Query};
use deedbook_rules::{Command, Decision, Refusal, State, Write, decide};
use serde_json::{Value, json};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/samples/components")
}

fn expected() -> Value {
    let text = std::fs::read_to_string(samples().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A whole list of the samples. One that isn't there would pass whatever it should say.
fn section<'a>(expected: &'a Value, name: &str) -> &'a [Value] {
    let cases = expected[name].as_array();
    cases.unwrap_or_else(|| panic!("there is no list `{name}`"))
}

/// A list of a case, which may leave it out.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn new_book() -> State {
    let lineage = Lineage([1; 16]);
    run(&State::empty(), Write::CreateBook { lineage })
        .unwrap()
        .state
}

fn run(state: &State, write: Write) -> Result<Decision, Refusal> {
    decide(state, &Command::of("ada", write), now()).map_err(|mut refusals| refusals.remove(0))
}

fn register(state: &State, file: &str) -> Result<Decision, Refusal> {
    let bytes = std::fs::read(samples().join(file)).unwrap();
    let syntax = Syntax::of_path(file).unwrap();
    let reading = read(&bytes, syntax, &ReadOptions::default());
    let Some(draft) = reading.draft else {
        return Err(Refusal::of(0, reading.issues));
    };
    let write = Write::Register {
        draft: Arc::new(draft),
        require_dependencies: false,
    };
    run(state, write)
}

/// All valid files, in the listed order.
fn full_book() -> State {
    let mut state = new_book();
    for file in section(&expected(), "files")
        .iter()
        .filter(|file| file["valid"] == true)
    {
        let name = file["file"].as_str().unwrap();
        state = register(&state, name)
            .unwrap_or_else(|r| panic!("{name}: {r:?}"))
            .state;
    }
    state
}

fn document(decision: &Decision) -> Value {
    let record = &decision.outcomes[0].record;
    let envelope: Value = serde_json::from_slice(record.bytes.as_deref().unwrap()).unwrap();
    envelope["data"].clone()
}

#[track_caller]
fn assert_refused(refusal: &Refusal, expect: &Value, what: &str) {
    let kind = serde_json::to_value(refusal.issues[0].kind).unwrap();
    assert_eq!(kind, expect["error"]["kind"], "{what}: {refusal:?}");
    assert_eq!(
        refusal.issues[0].pointer, expect["error"]["path"],
        "{what}: {refusal:?}"
    );
    assert_eq!(
        json!(refusal.issues[0].code),
        expect["code"],
        "{what}: {refusal:?}"
    );
}

#[track_caller]
fn assert_warned(warnings: &[Issue], expect: &Value, what: &str) {
    let found: Vec<Value> = warnings
        .iter()
        .map(|w| json!({"kind": w.kind, "path": w.pointer}))
        .collect();
    for warning in list(expect, "warnings") {
        assert!(
            found.contains(warning),
            "{what}: {warning} not in {found:?}"
        );
    }
}

#[test]
fn compat_sequences() {
    let expected = expected();
    let mut steps = 0;
    for sequence in section(&expected, "sequences") {
        let mut state = new_book();
        let name = sequence["name"].as_str().unwrap();
        for step in list(sequence, "steps") {
            steps += 1;
            match register(&state, step["register"].as_str().unwrap()) {
                Ok(decision) => {
                    assert_eq!(step["expect"], "ok", "{name}");
                    let outcome = &decision.outcomes[0];
                    let unchanged = step["unchanged"].as_bool().unwrap_or(false);
                    assert_eq!(outcome.unchanged, unchanged, "{name}");
                    assert_eq!(decision.changes.is_empty(), unchanged, "{name}");
                    assert_warned(&outcome.warnings, step, name);
                    state = decision.state;
                }
                Err(refusal) => {
                    assert_refused(&refusal, &step["expect"], name);
                    if let Some(cycle) = step.get("cycle") {
                        assert_eq!(json!(refusal.cycle), *cycle, "{name}");
                    }
                }
            }
        }
    }
    println!("{steps} steps");
}

#[test]
fn compat_normalised_documents_are_stored() {
    let mut state = new_book();
    for file in section(&expected(), "files")
        .iter()
        .filter(|file| file["valid"] == true)
    {
        let name = file["file"].as_str().unwrap();
        let decision = register(&state, name).unwrap();
        let stored = document(&decision);
        for (member, value) in file["normalized"].as_object().unwrap() {
            assert_eq!(stored[member], *value, "{name} {member}");
        }
        assert_warned(&decision.outcomes[0].warnings, file, name);
        state = decision.state;
    }
}

#[test]
fn compat_queries() {
    let state = full_book();
    for query in section(&expected(), "queries") {
        match query["op"].as_str().unwrap() {
            "lookup" => lookup(&state, query),
            "search" => search(&state, query),
            "dependency_graph" => graph(&state, query),
            other => panic!("an operation this test doesn't know: {other}"),
        }
    }
}

fn lookup(state: &State, query: &Value) {
    let spec = query["version_spec"]
        .as_str()
        .map(VersionSpec::parse)
        .transpose();
    let found = match &spec {
        Err(_) => "invalid_format".to_owned(),
        Ok(spec) => {
            let key = NameOrUuid::of(query["key"].as_str().unwrap());
            state
                .lookup(&key, spec.as_ref())
                .map_or("not_found".to_owned(), |found| {
                    found.facts.uuid().to_string()
                })
        }
    };
    assert_eq!(found, query["expect"], "{query}");
}

fn texts(query: &Value, name: &str) -> Vec<String> {
    match &query[name] {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one.clone()],
        many => serde_json::from_value(many.clone()).unwrap(),
    }
}

fn search(state: &State, query: &Value) {
    let text = |name: &str| query[name].as_str().map(str::to_owned);
    let asked = Query {
        tags: texts(query, "tags"),
        any_tags: texts(query, "any_tags"),
        meta_type: text("type"),
        lifecycles: texts(query, "lifecycle")
            .iter()
            .map(|l| l.parse().unwrap())
            .collect(),
        capability: text("capability"),
        namespace: text("namespace"),
        name: text("name"),
        text: text("text"),
        latest_only: query["latest_only"].as_bool().unwrap_or(false),
        reader: None,
    };
    let limit = query["limit"].as_u64().map_or(100, |limit| limit as usize);
    let page = state.search(&asked, limit, None).unwrap();
    let found: Vec<String> = page
        .items
        .iter()
        .map(|record| record.component().unwrap().title())
        .collect();
    assert_eq!(json!(found), query["expect"], "{query}");

    // The same list in pages of one.
    let mut paged = Vec::new();
    let mut cursor = None;
    loop {
        let page = state.search(&asked, 1, cursor.as_ref()).unwrap();
        paged.extend(
            page.items
                .iter()
                .map(|record| record.component().unwrap().title()),
        );
        match page.next {
            Some(next) if paged.len() < found.len() => cursor = Some(next),
            _ => break,
        }
    }
    assert_eq!(paged, found, "{query} in pages");
}

fn graph(state: &State, query: &Value) {
    let key = ComponentKey::parse(query["root"].as_str().unwrap()).unwrap();
    let root = state.lookup(&key.name, key.spec.as_ref()).unwrap();
    let depth = query["depth"].as_u64().map_or(64, |depth| depth as u32);
    let graph = serde_json::to_value(state.dependency_graph(root, depth)).unwrap();
    let titles: std::collections::HashMap<String, String> = list(&graph, "nodes")
        .iter()
        .map(|n| {
            let title = format!(
                "{}@{}",
                n["name"].as_str().unwrap(),
                n["version"].as_str().unwrap()
            );
            (n["uuid"].as_str().unwrap().to_owned(), title)
        })
        .collect();
    let title = |uuid: &Value| titles[uuid.as_str().unwrap()].clone();
    let expect = &query["expect"];
    let set = |values: Vec<Value>| values.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    let given = |name: &str| set(list(expect, name).to_vec());
    let nodes = list(&graph, "nodes")
        .iter()
        .map(|n| json!(title(&n["uuid"])))
        .collect();
    assert_eq!(set(nodes), given("nodes"), "{query}");
    if expect.get("edges").is_some() {
        let edges = list(&graph, "edges").iter();
        let edges = edges
            .map(|e| json!([title(&e["from"]), title(&e["to"])]))
            .collect();
        assert_eq!(set(edges), given("edges"), "{query}");
    }
    let missing = list(&graph, "missing");
    if let Some(wanted) = expect.get("missing").and_then(Value::as_array) {
        assert_eq!(missing.len(), wanted.len(), "{query}");
        for want in wanted {
            let fits = missing.iter().any(|found| {
                want.as_object()
                    .unwrap()
                    .iter()
                    .all(|(member, value)| match member.as_str() {
                        "from" => json!(title(&found["from"])) == *value,
                        other => found[other] == *value,
                    })
            });
            assert!(fits, "{query}: {want} not in {missing:?}");
        }
    }
    for name in ["cycles", "conflicts"] {
        if let Some(want) = expect.get(name) {
            assert_eq!(graph[name], *want, "{query} {name}");
        }
    }
    let truncated = expect["truncated"].as_bool().unwrap_or(false);
    assert_eq!(graph["truncated"], truncated, "{query}");
}

#[test]
fn compat_patches() {
    let state = full_book();
    for case in section(&expected(), "patches") {
        let file = case["target"].as_str().unwrap();
        let target = register(&state, file).unwrap();
        let before = document(&target);
        let write = Write::Update {
            key: ComponentKey::parse(before["uuid"].as_str().unwrap()).unwrap(),
            patch: case["patch"].clone(),
            expected: None,
        };
        let expect = &case["expect"];
        match run(&state, write) {
            Err(refusal) => assert_refused(&refusal, expect, &case.to_string()),
            Ok(decision) => {
                assert!(expect.get("error").is_none(), "{case}: was taken");
                let after = document(&decision);
                let unchanged = expect["unchanged"].as_bool().unwrap_or(false);
                assert_eq!(decision.outcomes[0].unchanged, unchanged, "{case}");
                assert_eq!(before == after, unchanged, "{case}");
                check_patched(case, &before, &after);
            }
        }
    }
}

fn check_patched(case: &Value, before: &Value, after: &Value) {
    let expect = &case["expect"];
    let mut touched: BTreeSet<String> = ["hash", "last_modified_at"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    for (member, value) in expect["changed"].as_object().into_iter().flatten() {
        assert_eq!(after[member], *value, "{case}");
        touched.insert(member.clone());
    }
    for pointer in list(expect, "removed") {
        let pointer = pointer.as_str().unwrap();
        assert!(after.pointer(pointer).is_none(), "{case}");
        touched.insert(pointer[1..].split('/').next().unwrap().to_owned());
    }
    for (member, value) in before.as_object().unwrap() {
        if !touched.contains(member) {
            assert_eq!(after[member], *value, "{case}: {member} changed too");
        }
    }
}
