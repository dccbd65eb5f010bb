//! Hashes, what is stored, and what counts as the same.

use serde_json::{Map, Value, json};

use super::canonical::canonical;
use super::{
    Component, DependencyRef, DependencyTarget, Draft, Lifecycle, MetaType, ReadOptions, Stored,
    hash_of, read, read_node, same_content,
};
use crate::document::{Node, Syntax};
use crate::issue::IssueKind;

const ALPHA: &str = r#"{"meta_type":"tool","metadata_version":"0.3.0","name":"alpha","uuid":"3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11","version":"1.0.0"}"#;
const ALPHA_HASH: &str = "7fcd5da8c8d002dc98e6c6aaa1086cb2cef5decf94d9f667988a599bff2458bf";
const FULLER_HASH: &str = "dbdd2ba05a846b4cbe0dae2ef5f01ffd588095b2646fc0d76dd827fbf1166657";

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

fn draft(document: &Map<String, Value>) -> Draft {
    let node = Node::from(&Value::Object(document.clone()));
    let reading = read_node(node, &ReadOptions::default());
    reading
        .draft
        .unwrap_or_else(|| panic!("{:#?}", reading.issues))
}

fn document_of(stored: &Stored) -> Map<String, Value> {
    serde_json::from_slice(&stored.bytes).unwrap()
}

fn alpha_with(members: Value) -> Map<String, Value> {
    let mut document = object(ALPHA);
    document.extend(members.as_object().unwrap().clone());
    document
}

#[test]
fn golden_hashes_never_change() {
    assert_eq!(hash_of(&object(ALPHA)), ALPHA_HASH);
    let fuller = alpha_with(json!({
        "description": "Größe", "tags": ["b", "a"], "trust_score": 1.0,
        "x_extensions": {"n": null, "k": [null, 0.1]}, "last_modified_at": "anything",
    }));
    assert_eq!(hash_of(&fuller), FULLER_HASH);
    let mut more = fuller.clone();
    more.extend(
        json!({"hash": "x", "signature_block": {"signature": "y"}, "revision": 7, "registered_at": "z", "author": null})
            .as_object()
            .unwrap()
            .clone(),
    );
    assert_eq!(hash_of(&more), FULLER_HASH);
}

#[test]
fn a_given_hash_is_that_of_the_text_as_written() {
    let yaml = format!(
        "metadata_version: 0.3.0\nuuid: 3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11\nname: alpha\nversion: 1.0.0\n\
         meta_type: tool\ndescription: Größe\ntags: [b, a]\ntrust_score: 1.0\n\
         x_extensions: {{n: null, k: [null, 0.1]}}\nlast_modified_at: 2026-01-01T00:00:00+01:00\nhash: {}\n",
        FULLER_HASH.to_uppercase()
    );
    let options = ReadOptions::default();
    assert!(
        read(yaml.as_bytes(), Syntax::Yaml, &options)
            .draft
            .is_some()
    );
    // Order, quoting and layout don't matter; every value does.
    let quoted = yaml
        .replace("name: alpha", "\"name\": 'alpha'")
        .replace("[b, a]", "[\"b\", 'a']");
    assert!(
        read(quoted.as_bytes(), Syntax::Yaml, &options)
            .draft
            .is_some()
    );
    let changed = yaml.replace("[b, a]", "[a, b]");
    let reading = read(changed.as_bytes(), Syntax::Yaml, &options);
    let kinds: Vec<IssueKind> = reading.issues.iter().map(|issue| issue.kind).collect();
    assert_eq!(kinds, [IssueKind::HashMismatch]);
    let ignoring = ReadOptions {
        ignore_hash: true,
        ..options
    };
    assert!(
        read(changed.as_bytes(), Syntax::Yaml, &ignoring)
            .draft
            .is_some()
    );
}

#[test]
fn all_digit_hashes_are_text_in_yaml() {
    let yaml = format!("metadata_version: 0.3.0\nhash: {}\n", "1".repeat(64));
    let reading = read(yaml.as_bytes(), Syntax::Yaml, &ReadOptions::default());
    assert_eq!(reading.issues[0].kind, IssueKind::HashMismatch);
}

#[test]
fn a_stored_document_has_its_times_and_verifies_elsewhere() {
    let stored = draft(&object(ALPHA)).finish("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let document = document_of(&stored);
    assert_eq!(document["created_at"], json!("2026-01-01T00:00:00Z"));
    assert_eq!(document["last_modified_at"], json!("2026-01-02T00:00:00Z"));
    assert_eq!(document["hash"], json!(stored.hash));
    assert_eq!(hash_of(&document), stored.hash);
    assert_eq!(canonical(&Value::Object(document)), stored.bytes);
    for syntax in [Syntax::Json, Syntax::Yaml] {
        let again = read(&stored.bytes, syntax, &ReadOptions::default())
            .draft
            .unwrap();
        let again = again.finish("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z");
        assert_eq!(again, stored);
    }
}

#[test]
fn given_times_win() {
    let given = alpha_with(json!({
        "created_at": "2020-01-01T01:00:00+01:00", "last_modified_at": "2020-02-01T00:00:00Z",
    }));
    let stored = draft(&given).finish("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let document = document_of(&stored);
    assert_eq!(document["created_at"], json!("2020-01-01T00:00:00Z"));
    assert_eq!(document["last_modified_at"], json!("2020-02-01T00:00:00Z"));
    assert_eq!(hash_of(&document), stored.hash);
    assert_eq!(canonical(&Value::Object(document)), stored.bytes);
}

#[test]
fn members_stand_in_canonical_order() {
    let given = alpha_with(json!({
        "x_extensions": {"\u{fb33}": 1, "\u{1f600}": [null, {"a": null, "b": 2}]},
        "\u{fb33}": 1, "\u{1f600}": 2, "x": {"y": null, "z": 1.0},
        "signature_block": {"signature": "AA==", "algorithm": "ed25519", "signed_by": "ada"},
    }));
    let reading = read_node(Node::from(&Value::Object(given)), &ReadOptions::default());
    let draft = reading
        .draft
        .unwrap_or_else(|| panic!("{:#?}", reading.issues));
    let stored = draft.finish("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let document = document_of(&stored);
    assert_eq!(hash_of(&document), stored.hash);
    assert_eq!(canonical(&Value::Object(document)), stored.bytes);
    assert_eq!(draft.canonical_member("x"), Some(r#"{"z":1}"#));
    assert_eq!(draft.canonical_member("hash"), None);
}

#[test]
fn the_same_content_is_told_from_other_content() {
    let first = alpha_with(json!({
        "dependencies": [{"name": "b"}], "created_at": "2026-01-01T00:00:00Z", "spec": {"a": 1},
    }));
    let stored = draft(&first).finish("", "2026-01-01T00:00:00Z");
    let stored = document_of(&stored);
    let same = |members: Value, without: &[&str]| {
        let mut document = first.clone();
        document.extend(members.as_object().unwrap().clone());
        document.retain(|name, _| !without.contains(&name.as_str()));
        same_content(&stored, &draft(&document))
    };
    assert!(same(json!({}), &[]));
    assert!(same(json!({}), &["created_at"]));
    assert!(same(
        json!({"created_at": "2026-01-01T01:00:00+01:00"}),
        &[]
    ));
    assert!(same(
        json!({"uuid": "3F0C9A52-6F0E-4B7A-9A43-0D5A3C1B7E11"}),
        &[]
    ));
    assert!(same(
        json!({"lifecycle": "active", "tags": [], "description": null}),
        &[]
    ));
    assert!(same(
        json!({"last_modified_at": "2027-01-01T00:00:00Z", "revision": 9}),
        &[]
    ));
    assert!(same(json!({"spec": {"a": 1.0, "b": null}}), &[]));
    assert!(same(
        json!({"dependencies": [{"name": "b", "optional": false, "kind": "component"}]}),
        &[]
    ));
    assert!(!same(
        json!({"dependencies": [{"name": "b", "optional": true}]}),
        &[]
    ));
    assert!(!same(json!({"created_at": "2026-01-02T00:00:00Z"}), &[]));
    assert!(!same(json!({"description": "x"}), &[]));
    assert!(!same(json!({}), &["spec"]));
    assert!(!same(json!({"name": "beta"}), &[]));
    assert!(!same(json!({"lifecycle": "draft"}), &[]));
}

#[test]
fn dependencies_are_parsed_once_for_all() {
    let parse = |entry: Value| DependencyRef::parse(&entry).unwrap();
    let uuid = "0daf74c8-cdee-4419-92e2-302ea1d548f2";
    let by_uuid = parse(json!({"uuid": uuid, "name": "text_split", "version_spec": "~0.3"}));
    assert_eq!(
        by_uuid.target,
        DependencyTarget::Uuid(uuid.parse().unwrap())
    );
    assert_eq!(by_uuid.target_text(), uuid);
    assert_eq!(by_uuid.spec_text(), Some("~0.3"));
    let by_name = parse(json!({"name": "b", "optional": true}));
    assert_eq!(by_name.target, DependencyTarget::Name("b".into()));
    assert!(by_name.optional);
    assert_eq!(
        (by_name.version_spec(), by_name.spec_text()),
        (Ok(None), None)
    );
    let path = parse(json!("tool://samples.line_index@^1.0.0"));
    let expected = DependencyTarget::Path {
        meta_type: MetaType::Tool,
        path: "samples.line_index".into(),
    };
    assert_eq!(path.target, expected);
    assert_eq!(path.target_text(), "tool://samples.line_index@^1.0.0");
    assert_eq!(path.spec_text(), Some("^1.0.0"));
    assert!(parse(json!("plugin://a")).spec_text().is_none());
    let library = parse(json!("sqlite>=3.40"));
    assert_eq!(
        library.target,
        DependencyTarget::External {
            text: "sqlite>=3.40".into(),
            version_spec: None
        }
    );
    assert_eq!(library.version_spec(), Ok(None));
    let external = parse(json!({"kind": "external", "name": "git", "version_spec": "not ours"}));
    assert_eq!(
        external.target,
        DependencyTarget::External {
            text: "git".into(),
            version_spec: Some("not ours".into())
        }
    );
    assert_eq!(
        (external.version_spec(), external.spec_text()),
        (Ok(None), Some("not ours"))
    );
    for bad in [json!(1), json!({}), json!({"uuid": "x"})] {
        assert_eq!(DependencyRef::parse(&bad), None, "{bad}");
    }
    let later = parse(json!({"name": "a", "version_spec": "one"}));
    assert!(later.version_spec().is_err());
}

#[test]
fn a_builder_yields_a_valid_component_or_every_issue() {
    let uuid = "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11".parse().unwrap();
    let built = Component::builder("alpha", "1.0.0", MetaType::Task)
        .uuid(uuid)
        .namespace("samples.alpha")
        .lifecycle(Lifecycle::Draft)
        .description("Does it.")
        .entrypoint("javascript", "main.js")
        .tag("a")
        .tag("b")
        .capability("transform")
        .depends_on("beta", "^1")
        .annotation("samples.dev/owner", "ben")
        .spec("timeout_ms", 30_000)
        .with(|component| component.trust_score = Some(0.5))
        .build()
        .unwrap();
    assert_eq!(
        (built.uuid(), built.name(), built.meta_type()),
        (uuid, "alpha", MetaType::Task)
    );
    assert_eq!(built.version().to_string(), "1.0.0");
    assert_eq!(built.lifecycle(), Lifecycle::Draft);
    assert_eq!(built.dependencies().len(), 1);
    assert!(built.warnings().is_empty());
    assert_eq!(built.document()["spec"], json!({"timeout_ms": 30_000}));
    assert_eq!(built.document()["trust_score"], json!(0.5));

    let issues = Component::builder("a b", "1.0", MetaType::Tool)
        .tag("-")
        .build()
        .unwrap_err();
    let pointers: Vec<&str> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
    let mut sorted = pointers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["/name", "/tags/0", "/uuid", "/version"]);
    let infinite = Component::builder("a", "1.0.0", MetaType::Tool)
        .uuid(uuid)
        .with(|component| component.trust_score = Some(f64::INFINITY))
        .build();
    assert!(infinite.is_err() || infinite.unwrap().document().get("trust_score").is_none());
}
