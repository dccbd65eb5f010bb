//! What reading does with whole documents: order, lines, hints, defaults, options.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    Mutability, ReadOptions, Reading, field_mutability, normalised_member, read, read_node,
};
use crate::document::{Node, Syntax};
use crate::issue::{Issue, IssueKind, Severity};

pub(super) const UUID: &str = "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11";

fn minimal() -> Map<String, Value> {
    let document = json!({
        "metadata_version": "0.3.0",
        "uuid": UUID,
        "name": "alpha",
        "version": "1.5.0",
        "meta_type": "tool",
    });
    document.as_object().unwrap().clone()
}

/// The smallest valid document with one member set, or removed by `null`.
pub(super) fn with(name: &str, value: Value) -> Map<String, Value> {
    let mut document = minimal();
    document.insert(name.to_owned(), value);
    document
}

pub(super) fn judge(document: Map<String, Value>) -> Reading {
    read_node(
        Node::from(&Value::Object(document)),
        &ReadOptions::default(),
    )
}

fn yaml(text: &str) -> Reading {
    read(text.as_bytes(), Syntax::Yaml, &ReadOptions::default())
}

pub(super) fn summary(issues: &[Issue]) -> Vec<String> {
    issues
        .iter()
        .map(|issue| {
            format!(
                "{} {} {}",
                issue.kind.as_str(),
                issue.pointer,
                issue.code.unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn defaults_are_written_out_and_the_registrys_members_left_out() {
    let mut document = minimal();
    document.insert("registered_at".to_owned(), json!("2026-01-01T00:00:00Z"));
    document.insert("revision".to_owned(), json!(3));
    document.insert("hash".to_owned(), json!("0".repeat(64)));
    document.insert("description".to_owned(), Value::Null);
    let reading = judge(document);
    assert_eq!(summary(&reading.issues), ["placeholder_hash /hash -"]);
    let expected = json!({
        "metadata_version": "0.3.0", "uuid": UUID, "name": "alpha", "version": "1.5.0", "meta_type": "tool",
        "lifecycle": "active", "tags": [], "capabilities": [], "capabilities_required": [],
        "dependencies": [], "inputs": [], "outputs": [], "annotations": {}, "x_extensions": {},
    });
    assert_eq!(
        &Value::Object(reading.draft.unwrap().document().clone()),
        &expected
    );
}

#[test]
fn what_must_be_there_is_reported_all_at_once() {
    let reading = judge(
        json!({"metadata_version": "0.3.0"})
            .as_object()
            .unwrap()
            .clone(),
    );
    let missing = ["uuid", "name", "version", "meta_type"];
    assert_eq!(
        summary(&reading.issues),
        missing.map(|name| format!("missing_field /{name} SC003"))
    );
    let nulls = json!({"metadata_version": "0.3.0", "uuid": null, "name": null, "version": null, "type": null});
    assert_eq!(judge(nulls.as_object().unwrap().clone()).issues.len(), 4);
    let older = judge(Map::new());
    let expected = [
        "assumed_version /metadata_version -",
        "missing_field /uuid SC003",
        "missing_field /name SC003",
        "missing_field /version SC003",
    ];
    assert_eq!(summary(&older.issues), expected);
}

#[test]
fn all_issues_come_in_document_order_with_their_lines() {
    let reading = yaml(
        "dependencies:\n  - {name: 7}\n  - {name: me}\n  - {uuid: x, version_spec: one}\n\
         tags: [ok, '-', 3]\nlifecycle: actve\nmetadata_version: 0.3.0\nname: me\nversion: 1.0.0\n\
         meta_type: tool\nfavourite: 1\nhash: xyz\ntrust_score: .inf\nspec: {a: [1e999]}\n",
    );
    let lines: Vec<String> = reading
        .issues
        .iter()
        .map(|issue| format!("{} {} {:?}", issue.kind.as_str(), issue.pointer, issue.line))
        .collect();
    assert_eq!(
        lines,
        [
            "wrong_type /dependencies/0/name Some(2)",
            "self_dependency /dependencies/1 Some(3)",
            "invalid_format /dependencies/2/uuid Some(4)",
            "invalid_format /dependencies/2/version_spec Some(4)",
            "invalid_format /tags/1 Some(5)",
            "wrong_type /tags/2 Some(5)",
            "invalid_value /lifecycle Some(6)",
            "unknown_field /favourite Some(11)",
            "invalid_format /hash Some(12)",
            "invalid_value /trust_score Some(13)",
            "out_of_range /spec/a/0 Some(14)",
            "missing_field /uuid None",
        ]
    );
    assert_eq!(reading.name.as_deref(), Some("me"));
    assert_eq!(reading.version.as_deref(), Some("1.0.0"));
    assert_eq!(reading.uuid, None);
}

#[test]
fn hints_name_what_was_meant() {
    let hint = |name: &str, value: Value| {
        let reading = judge(with(name, value));
        reading.issues[0].hint.clone().unwrap()
    };
    assert!(hint("lifecycle", json!("actve")).starts_with("did you mean `active`?"));
    assert!(hint("meta_type", json!("validater")).starts_with("did you mean `validator`?"));
    assert!(hint("lifecycle", json!("retired")).contains("draft, active, deprecated, archived"));
    assert!(hint("descripton", json!("x")).starts_with("did you mean `description`?"));
    assert!(hint("created_at", json!("2026-01-01")).contains("2026-01-31T12:00:00Z"));
    assert!(hint("tags", json!("a")).contains("list"));
}

#[test]
fn yaml_texts_that_look_like_numbers_are_their_source() {
    let reading = yaml(&format!(
        "metadata_version: 0.3.0\nuuid: {UUID}\nname: a\nversion: 1.0.0\nmeta_type: tool\n\
         protocol_version: 1.1.0\ncreated_at: 2025-06-10T12:00:00Z\n\
         dependencies: [{{name: b, version_spec: 1.10}}, {{name: c, version_spec: 1}}]\n\
         targets: [{{kind: external, name: d, version_spec: 007}}]\n\
         source_repository: {{commit_hash: {}}}\nsignature_block: {{issued_at: 2025}}\n\
         spec: {{version: 1.10}}\nx_extensions: {{created_at: 2025}}\n",
        "1".repeat(40)
    ));
    let draft = reading
        .draft
        .unwrap_or_else(|| panic!("{:#?}", reading.issues));
    let document = Value::Object(draft.document().clone());
    for (pointer, expected) in [
        ("/dependencies/0/version_spec", json!("1.10")),
        ("/dependencies/1/version_spec", json!("1")),
        ("/targets/0/version_spec", json!("007")),
        ("/source_repository/commit_hash", json!("1".repeat(40))),
        ("/signature_block/issued_at", json!("2025")),
        ("/spec/version", json!(1.1)),
        ("/x_extensions/created_at", json!(2025)),
    ] {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    }
    for (line, expected) in [
        ("version: 1.0", "invalid_format /version MD007"),
        ("version: .inf", "invalid_format /version MD007"),
        ("name: 42", "wrong_type /name SC004"),
        ("name: true", "wrong_type /name SC004"),
        (
            "metadata_version: 0.3",
            "unsupported_version /metadata_version MD010",
        ),
    ] {
        let name = line.split(':').next().unwrap();
        let text: String = [
            ("metadata_version", "0.3.0"),
            ("uuid", UUID),
            ("name", "a"),
            ("version", "1.0.0"),
            ("meta_type", "tool"),
        ]
        .iter()
        .map(|(key, value)| {
            if *key == name {
                format!("{line}\n")
            } else {
                format!("{key}: {value}\n")
            }
        })
        .collect();
        assert_eq!(summary(&yaml(&text).issues), [expected], "{line}");
    }
}

#[test]
fn other_spellings_stand_for_their_fields() {
    let mut document = with("type", json!("tool"));
    assert!(judge(document.clone()).draft.is_some());
    document.remove("meta_type");
    document.insert("x-extensions".to_owned(), json!({"a": 1}));
    let draft = judge(document.clone()).draft.unwrap();
    assert_eq!(draft.meta_type().as_str(), "tool");
    assert_eq!(draft.document()["x_extensions"], json!({"a": 1}));
    assert!(
        !draft.document().contains_key("type") && !draft.document().contains_key("x-extensions")
    );
    document.insert("type".to_owned(), json!("gizmo"));
    assert_eq!(
        summary(&judge(document.clone()).issues),
        ["invalid_value /type SC005"]
    );
    document.insert("type".to_owned(), json!("tool"));
    document.insert("x_extensions".to_owned(), json!({"a": 2}));
    assert_eq!(
        summary(&judge(document).issues),
        ["conflict /x-extensions SC002"]
    );
}

#[test]
fn unknown_members_are_kept_with_a_warning_and_refused_in_strict_mode() {
    let mut document = with("favourite_colour", json!("green"));
    document.insert("status".to_owned(), json!("active"));
    let reading = judge(document.clone());
    let expected = [
        "unknown_field /favourite_colour SC010",
        "unknown_field /status SC010",
    ];
    assert_eq!(summary(&reading.issues), expected);
    assert!(
        reading
            .issues
            .iter()
            .all(|issue| issue.severity == Severity::Warning)
    );
    assert_eq!(
        reading.draft.unwrap().document()["favourite_colour"],
        json!("green")
    );
    let strict = ReadOptions {
        strict: true,
        ..ReadOptions::default()
    };
    let reading = read_node(Node::from(&Value::Object(document)), &strict);
    assert!(reading.draft.is_none());
    assert_eq!(summary(&reading.issues), expected);
}

#[test]
fn a_state_that_must_say_why_does() {
    for (state, reason, good) in [
        ("deprecated", ("deprecated_by", json!("beta")), true),
        ("deprecated", ("deprecated_reason", json!("old")), true),
        ("deprecated", ("deprecated_by", Value::Null), false),
        ("deprecated", ("archived_reason", json!("old")), false),
        ("archived", ("archived_reason", json!("old")), true),
        ("archived", ("deprecated_reason", json!("old")), false),
        ("active", ("archived_reason", json!("old")), true),
    ] {
        let mut document = with("lifecycle", json!(state));
        document.insert(reason.0.to_owned(), reason.1);
        assert_eq!(
            judge(document).draft.is_some(),
            good,
            "{state} {}",
            reason.0
        );
    }
    // One fault is one issue: the malformed reason is there.
    let mut document = with("lifecycle", json!("deprecated"));
    document.insert("deprecated_by".to_owned(), json!("a b"));
    assert_eq!(
        summary(&judge(document).issues),
        ["invalid_format /deprecated_by SC007"]
    );
}

#[test]
fn a_peers_newer_minor_is_read_and_another_major_refused() {
    let options = ReadOptions {
        from_peer: true,
        ..ReadOptions::default()
    };
    let read = |version: &str| {
        let document = with("metadata_version", json!(version));
        read_node(Node::from(&Value::Object(document)), &options)
    };
    let newer = read("0.4.1");
    assert_eq!(
        summary(&newer.issues),
        ["unsupported_version /metadata_version MD010"]
    );
    assert_eq!(
        newer.draft.unwrap().document()["metadata_version"],
        json!("0.4.1")
    );
    assert!(read("1.0.0").draft.is_none());
    assert!(read("0.3.0").issues.is_empty());
}

#[test]
fn only_an_object_is_a_document() {
    for value in [json!([]), json!("x"), json!(1), json!(null), json!(true)] {
        let reading = read_node(Node::from(&value), &ReadOptions::default());
        assert_eq!(summary(&reading.issues), ["wrong_type  SC004"], "{value}");
    }
}

#[test]
fn mutability_is_that_of_the_table() {
    for (name, expected) in [
        ("uuid", Mutability::Immutable),
        ("type", Mutability::Immutable),
        ("created_at", Mutability::Immutable),
        ("namespace", Mutability::Once),
        ("parent_id", Mutability::Once),
        ("hash", Mutability::Registry),
        ("revision", Mutability::Registry),
        ("metadata_version", Mutability::Registry),
        ("lifecycle", Mutability::Lifecycle),
        ("archived_reason", Mutability::Lifecycle),
        ("tags", Mutability::Mutable),
        ("favourite_colour", Mutability::Mutable),
    ] {
        assert_eq!(field_mutability(name), expected, "{name}");
    }
    assert_eq!(normalised_member("uuid", &json!("x")), None);
    assert_eq!(
        normalised_member("metadata_version", &json!("0.3.1")),
        Some(json!("0.3.0"))
    );
    assert_eq!(normalised_member("metadata_version", &json!("0.1.0")), None);
    assert_eq!(normalised_member("uuid", &Value::Null), None);
    assert_eq!(
        normalised_member("mine", &json!([null])),
        Some(json!([null]))
    );
}

#[test]
fn issues_about_a_long_name_stay_small() {
    let items: Vec<Value> = vec![json!(u64::MAX); 15_000];
    let reading = judge(with("x_extensions", json!({"k".repeat(100_000): items})));
    assert!(reading.draft.is_none());
    let bytes: usize = reading.issues.iter().map(|issue| issue.pointer.len()).sum();
    assert!((1..8_000_000).contains(&bytes), "{bytes}");
}

proptest! {
    #[test]
    fn no_document_panics(text in "(uuid|name|version|type|tags|hash|spec|entrypoint|dependencies|lifecycle|metadata_version|created_at): [-a-c:'{}\\[\\],0-9.@~]{0,12}\n(name|version|namespace|tools|inputs): .{0,12}\n") {
        for syntax in [Syntax::Json, Syntax::Yaml] {
            let reading = read(text.as_bytes(), syntax, &ReadOptions::default());
            prop_assert_eq!(reading.draft.is_some(), !reading.issues.iter().any(Issue::is_error));
        }
    }

    #[test]
    fn every_text_of_every_field_is_judged(name in prop::sample::select(super::fields::field_names()), text in "\\PC{0,40}") {
        let reading = judge(with(name, json!(text)));
        if let Some(draft) = &reading.draft {
            // What was stored is valid and stays what it is.
            let again = read_node(Node::from(&Value::Object(draft.document().clone())), &ReadOptions::default());
            prop_assert_eq!(again.draft.map(|draft| draft.document().clone()), Some(draft.document().clone()));
        }
        prop_assert!(reading.issues.iter().all(|issue| issue.kind != IssueKind::Syntax));
    }
}
