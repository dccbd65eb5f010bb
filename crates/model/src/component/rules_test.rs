//! Every rule of the field table, case by case.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    Mutability, ReadOptions, Reading, field_mutability, normalised_member, read, read_node,
};
use crate::document::{Node, Syntax};
use crate::issue::{Issue, IssueKind, Severity};

const UUID: &str = "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11";

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
fn with(name: &str, value: Value) -> Map<String, Value> {
    let mut document = minimal();
    document.insert(name.to_owned(), value);
    document
}

fn judge(document: Map<String, Value>) -> Reading {
    read_node(
        &Node::from(&Value::Object(document)),
        &ReadOptions::default(),
    )
}

fn yaml(text: &str) -> Reading {
    read(text.as_bytes(), Syntax::Yaml, &ReadOptions::default())
}

fn summary(issues: &[Issue]) -> Vec<String> {
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

#[track_caller]
fn accepted(name: &str, value: Value, stored: Value) {
    let reading = judge(with(name, value.clone()));
    let Some(draft) = reading.draft else {
        panic!("{name}: {value}: {:#?}", reading.issues)
    };
    assert_eq!(draft.document().get(name), Some(&stored), "{name}: {value}");
    assert_eq!(
        normalised_member(name, &value),
        Some(stored),
        "{name}: {value}"
    );
}

#[track_caller]
fn refused(name: &str, value: Value, expected: &[&str]) {
    let reading = judge(with(name, value.clone()));
    assert!(reading.draft.is_none(), "{name}: {value}");
    assert_eq!(summary(&reading.issues), expected, "{name}: {value}");
    for issue in &reading.issues {
        assert!(issue.hint.is_some(), "{issue:?}");
    }
}

#[test]
fn texts_in_their_forms_are_accepted() {
    for (name, texts) in [
        ("name", vec!["a", "_", "0", "A.b-c_9", &"n".repeat(255)]),
        (
            "version",
            vec!["0.0.0", "1.2.3-rc.1+b.5", "1.0.0-0a", "1.0.0+001"],
        ),
        ("namespace", vec!["a", "a.b-c.D_9", "yaml://a.b", "0"]),
        ("lifecycle", vec!["draft", "active"]),
        ("description", vec!["x", &"é".repeat(4096)]),
        ("license", vec![&"é".repeat(128)]),
        ("runtime_language_hint", vec!["python>=3.11"]),
        ("state_contract", vec!["state_contract://default"]),
        ("test_type", vec!["unit", "e2e"]),
        ("expected_result", vec!["pass", "skip"]),
        ("execution_mode", vec!["streaming"]),
        (
            "deprecated_by",
            vec![UUID, "beta", "beta@^1.2", "beta@latest", "beta@"],
        ),
        ("protocol_version", vec!["1.1.0"]),
        ("parent_id", vec!["0daf74c8-cdee-4419-92e2-302ea1d548f2"]),
    ] {
        for text in texts {
            accepted(name, json!(text), json!(text));
        }
    }
}

#[test]
fn texts_are_stored_in_one_form() {
    for (name, given, stored) in [
        (
            "uuid",
            json!("3F0C9A52-6F0E-4B7A-9A43-0D5A3C1B7E11"),
            json!(UUID),
        ),
        (
            "parent_id",
            json!("0DAF74C8-CDEE-4419-92E2-302EA1D548F2"),
            json!("0daf74c8-cdee-4419-92e2-302ea1d548f2"),
        ),
        (
            "created_at",
            json!("2026-01-20T08:15:30+02:00"),
            json!("2026-01-20T06:15:30Z"),
        ),
        (
            "last_modified_at",
            json!("2026-01-20T08:15:30.5Z"),
            json!("2026-01-20T08:15:30.500000Z"),
        ),
        ("metadata_version", json!("0.3.17"), json!("0.3.0")),
        (
            "entrypoint",
            json!("python://a/b.py"),
            json!({"type": "python", "target": "a/b.py"}),
        ),
        (
            "entrypoint",
            json!("python@b.py"),
            json!({"type": "python", "target": "b.py"}),
        ),
        (
            "entrypoint",
            json!("docker://img@sha256:0"),
            json!({"type": "docker", "target": "img@sha256:0"}),
        ),
        (
            "entrypoint",
            json!("run.py"),
            json!({"type": "python", "target": "run.py"}),
        ),
        (
            "entrypoint",
            json!("run.sh"),
            json!({"type": "cli", "target": "run.sh"}),
        ),
        (
            "entrypoint",
            json!("a.yml"),
            json!({"type": "yaml", "target": "a.yml"}),
        ),
        (
            "entrypoint",
            json!("a.ts"),
            json!({"type": "typescript", "target": "a.ts"}),
        ),
        (
            "entrypoint",
            json!("a.b/c"),
            json!({"type": "file", "target": "a.b/c"}),
        ),
        (
            "entrypoint",
            json!("x.EXE"),
            json!({"type": "file", "target": "x.EXE"}),
        ),
        ("trust_score", json!(1.0), json!(1)),
        ("trust_score", json!(0.25), json!(0.25)),
        (
            "spec",
            json!({"a": null, "b": [null, {"c": null}]}),
            json!({"b": [null, {}]}),
        ),
    ] {
        accepted(name, given, stored);
    }
}

#[test]
fn values_out_of_form_are_refused() {
    let long = |chars: usize| json!("x".repeat(chars));
    for (name, value, expected) in [
        (
            "metadata_version",
            json!("0.4.0"),
            "unsupported_version /metadata_version MD010",
        ),
        (
            "metadata_version",
            json!("0.3"),
            "unsupported_version /metadata_version MD010",
        ),
        (
            "metadata_version",
            json!("9.0"),
            "unsupported_version /metadata_version MD010",
        ),
        (
            "metadata_version",
            json!("0.0.1"),
            "unsupported_version /metadata_version MD010",
        ),
        (
            "metadata_version",
            json!("3"),
            "invalid_format /metadata_version SC007",
        ),
        (
            "metadata_version",
            json!("v0.3.0"),
            "invalid_format /metadata_version SC007",
        ),
        (
            "metadata_version",
            json!("0.3.x"),
            "invalid_format /metadata_version SC007",
        ),
        (
            "metadata_version",
            json!("0.3.0.0"),
            "invalid_format /metadata_version SC007",
        ),
        (
            "metadata_version",
            json!(""),
            "invalid_format /metadata_version SC007",
        ),
        (
            "metadata_version",
            json!(0.3),
            "wrong_type /metadata_version SC004",
        ),
        ("uuid", json!("abc-123"), "invalid_format /uuid MD004"),
        ("uuid", json!(""), "invalid_format /uuid MD004"),
        (
            "uuid",
            json!("3f0c9a526f0e4b7a9a430d5a3c1b7e11"),
            "invalid_format /uuid MD004",
        ),
        (
            "uuid",
            json!("{3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11}"),
            "invalid_format /uuid MD004",
        ),
        (
            "uuid",
            json!("00000000-0000-0000-0000-000000000000"),
            "invalid_value /uuid MD004",
        ),
        (
            "uuid",
            json!("FFFFFFFF-ffff-FFFF-ffff-FFFFFFFFFFFF"),
            "invalid_value /uuid MD004",
        ),
        ("uuid", json!(7), "wrong_type /uuid SC004"),
        ("name", json!(""), "out_of_range /name SC006"),
        ("name", long(256), "out_of_range /name SC006"),
        ("name", json!("-a"), "invalid_format /name SC007"),
        ("name", json!(".a"), "invalid_format /name SC007"),
        ("name", json!("a b"), "invalid_format /name SC007"),
        ("name", json!("é"), "invalid_format /name SC007"),
        ("name", json!("a\n"), "invalid_format /name SC007"),
        ("version", json!("1.0"), "invalid_format /version MD007"),
        ("version", json!("01.2.3"), "invalid_format /version MD007"),
        (
            "version",
            json!("1.2.3-01"),
            "invalid_format /version MD007",
        ),
        ("version", json!("١.2.3"), "invalid_format /version MD007"),
        ("version", json!("1.2.3\n"), "invalid_format /version MD007"),
        ("version", json!("v1.2.3"), "invalid_format /version MD007"),
        (
            "version",
            json!(format!("1.0.0-{}", "a".repeat(123))),
            "out_of_range /version SC006",
        ),
        ("meta_type", json!("Tool"), "invalid_value /meta_type SC005"),
        ("meta_type", json!(["tool"]), "wrong_type /meta_type SC004"),
        ("type", json!("validator"), "conflict /type SC002"),
        ("x-extensions", json!([]), "wrong_type /x-extensions SC004"),
        (
            "namespace",
            json!("a..b"),
            "invalid_format /namespace MD008",
        ),
        ("namespace", json!("a b"), "invalid_format /namespace MD008"),
        (
            "namespace",
            json!("://a"),
            "invalid_format /namespace MD008",
        ),
        (
            "namespace",
            json!("a://b://c"),
            "invalid_format /namespace MD008",
        ),
        (
            "namespace",
            json!({"value": "a"}),
            "wrong_type /namespace SC004",
        ),
        ("namespace", long(513), "out_of_range /namespace SC006"),
        (
            "lifecycle",
            json!("Active"),
            "invalid_value /lifecycle LC001",
        ),
        (
            "lifecycle",
            json!("canary"),
            "invalid_value /lifecycle LC001",
        ),
        (
            "lifecycle",
            json!("deprecated"),
            "lifecycle_rule /deprecated_by LC005",
        ),
        (
            "lifecycle",
            json!("archived"),
            "lifecycle_rule /archived_reason LC006",
        ),
        ("description", json!(""), "out_of_range /description SC006"),
        ("description", long(4097), "out_of_range /description SC006"),
        ("author", long(257), "out_of_range /author SC006"),
        ("license", long(129), "out_of_range /license SC006"),
        (
            "runtime_language_hint",
            long(65),
            "out_of_range /runtime_language_hint SC006",
        ),
        (
            "state_contract",
            long(513),
            "out_of_range /state_contract SC006",
        ),
        (
            "deprecated_reason",
            long(1025),
            "out_of_range /deprecated_reason SC006",
        ),
        (
            "deprecated_by",
            long(513),
            "out_of_range /deprecated_by SC006",
        ),
        (
            "deprecated_by",
            json!("a b"),
            "invalid_format /deprecated_by SC007",
        ),
        (
            "deprecated_by",
            json!("a@one"),
            "invalid_format /deprecated_by SC007",
        ),
        (
            "created_at",
            json!("yesterday"),
            "invalid_format /created_at MD005",
        ),
        (
            "created_at",
            json!("2026-01-01T00:00:00"),
            "invalid_format /created_at MD005",
        ),
        (
            "created_at",
            json!("2026-02-30T00:00:00Z"),
            "invalid_format /created_at MD005",
        ),
        (
            "last_modified_at",
            json!(0),
            "wrong_type /last_modified_at SC004",
        ),
        ("hash", json!("abc"), "invalid_format /hash SC007"),
        (
            "hash",
            json!("<TO_BE_COMPUTED>"),
            "invalid_format /hash SC007",
        ),
        ("hash", json!("A".repeat(64)), "hash_mismatch /hash MD003"),
        ("entrypoint", json!(""), "out_of_range /entrypoint SC006"),
        (
            "entrypoint",
            json!("python://"),
            "out_of_range /entrypoint SC006",
        ),
        ("entrypoint", long(1025), "out_of_range /entrypoint SC006"),
        (
            "entrypoint",
            json!({"target": "x"}),
            "missing_field /entrypoint/type SC003",
        ),
        (
            "entrypoint",
            json!({"type": "Python", "target": "x"}),
            "invalid_format /entrypoint/type SC007",
        ),
        (
            "entrypoint",
            json!({"type": "python", "target": null}),
            "missing_field /entrypoint/target SC003",
        ),
        ("entrypoint", json!(["x"]), "wrong_type /entrypoint SC004"),
        ("tags", json!("canary"), "wrong_type /tags SC004"),
        ("tags", json!(["a", null]), "wrong_type /tags/1 SC004"),
        ("tags", json!([""]), "out_of_range /tags/0 SC006"),
        (
            "tags",
            json!(["x".repeat(65)]),
            "out_of_range /tags/0 SC006",
        ),
        ("tags", json!(["-a"]), "invalid_format /tags/0 SC007"),
        ("tags", json!(vec!["a"; 65]), "out_of_range /tags SC006"),
        (
            "capabilities",
            json!([{"name": "x"}]),
            "wrong_type /capabilities/0 SC004",
        ),
        (
            "capabilities_required",
            json!([{"type": "a"}]),
            "missing_field /capabilities_required/0/resource SC003",
        ),
        (
            "inputs",
            json!([{"required": true}]),
            "missing_field /inputs/0/name SC003",
        ),
        (
            "inputs",
            json!([{"name": "a", "required": "yes"}]),
            "wrong_type /inputs/0/required SC004",
        ),
        ("outputs", json!([1]), "wrong_type /outputs/0 SC004"),
        ("trust_score", json!(1.5), "out_of_range /trust_score SC006"),
        (
            "trust_score",
            json!(-0.1),
            "out_of_range /trust_score SC006",
        ),
        ("trust_score", json!("1"), "wrong_type /trust_score SC004"),
        ("idempotent", json!("true"), "wrong_type /idempotent SC004"),
        ("parent_id", json!("x"), "invalid_format /parent_id MD004"),
        ("test_type", json!("Unit"), "invalid_value /test_type SC005"),
        (
            "expected_result",
            json!("passed"),
            "invalid_value /expected_result SC005",
        ),
        (
            "execution_mode",
            json!("sometimes"),
            "invalid_value /execution_mode SC005",
        ),
        ("spec", json!([]), "wrong_type /spec SC004"),
        (
            "annotations",
            json!({"a": 1}),
            "wrong_type /annotations/a SC004",
        ),
        (
            "annotations",
            json!({"a/b~": 1}),
            "wrong_type /annotations/a~1b~0 SC004",
        ),
        (
            "annotations",
            json!({"k": "v".repeat(65_536)}),
            "out_of_range /annotations SC006",
        ),
        ("x_extensions", json!("x"), "wrong_type /x_extensions SC004"),
        (
            "x_extensions",
            json!({"n": 9007199254740992u64}),
            "out_of_range /x_extensions/n SC006",
        ),
        (
            "protocol_version",
            json!("1.1"),
            "invalid_format /protocol_version SC007",
        ),
        ("base_class", json!([1]), "wrong_type /base_class/0 SC004"),
        (
            "signature_block",
            json!({"signature": 1}),
            "wrong_type /signature_block/signature SC004",
        ),
        (
            "testing",
            json!({"minimum_coverage_percentage": 200}),
            "out_of_range /testing/minimum_coverage_percentage SC006",
        ),
        (
            "data_handling_declaration",
            json!({}),
            "missing_field /data_handling_declaration/processes_sensitive_data SC003",
        ),
        (
            "source_repository",
            json!({"commit_hash": "abc"}),
            "invalid_format /source_repository/commit_hash SC007",
        ),
        (
            "tools",
            json!({"f": {"line": 1.5}}),
            "wrong_type /tools/f/line SC004",
        ),
        ("tools", json!([]), "wrong_type /tools SC004"),
        (
            "test_coverage",
            json!(101),
            "out_of_range /test_coverage SC006",
        ),
        ("deprecated", json!("no"), "wrong_type /deprecated SC004"),
        ("revision", json!(0), "out_of_range /revision SC006"),
        (
            "registered_at",
            json!("now"),
            "invalid_format /registered_at MD005",
        ),
        (
            "dependencies",
            json!([1]),
            "wrong_type /dependencies/0 SC004",
        ),
        (
            "dependencies",
            json!([{}]),
            "missing_field /dependencies/0/name SC003",
        ),
        (
            "dependencies",
            json!([{"id": UUID}]),
            "missing_field /dependencies/0/name SC003",
        ),
        (
            "dependencies",
            json!([{"name": "a", "kind": "x"}]),
            "invalid_value /dependencies/0/kind SC005",
        ),
        (
            "dependencies",
            json!([{"name": "a b"}]),
            "invalid_format /dependencies/0/name SC007",
        ),
        (
            "dependencies",
            json!([{"uuid": "x"}]),
            "invalid_format /dependencies/0/uuid MD004",
        ),
        (
            "dependencies",
            json!([{"name": "a", "version_spec": 1}]),
            "wrong_type /dependencies/0/version_spec SC004",
        ),
        (
            "dependencies",
            json!([{"name": "a", "version_spec": "!=1"}]),
            "invalid_format /dependencies/0/version_spec SC007",
        ),
        (
            "dependencies",
            json!([{"name": "a", "version_spec": " ".repeat(257)}]),
            "out_of_range /dependencies/0/version_spec SC006",
        ),
        (
            "dependencies",
            json!(["tool://a@about one"]),
            "invalid_format /dependencies/0 SC007",
        ),
        (
            "dependencies",
            json!([""]),
            "out_of_range /dependencies/0 SC006",
        ),
        (
            "dependencies",
            json!(vec!["x"; 257]),
            "out_of_range /dependencies SC006",
        ),
        (
            "dependencies",
            json!([UUID, {"uuid": UUID}]),
            "self_dependency /dependencies/1 RG006",
        ),
        (
            "dependencies",
            json!([{"name": "alpha"}]),
            "self_dependency /dependencies/0 RG006",
        ),
        (
            "dependencies",
            json!([{"name": "alpha", "version_spec": "^1"}]),
            "self_dependency /dependencies/0 RG006",
        ),
        (
            "targets",
            json!([{"name": "a", "version_spec": "x.1"}]),
            "invalid_format /targets/0/version_spec SC007",
        ),
    ] {
        refused(name, value, &[expected]);
    }
}

#[test]
fn advisory_words_and_unknown_nested_members_are_taken_as_they_are() {
    for (name, value) in [
        (
            "inputs",
            json!([{"name": "a", "format_hint": "parquet", "colour": "teal"}, "b"]),
        ),
        ("architectures", json!(["riscv"])),
        (
            "testing",
            json!({"required_ci_tiers": ["nightly"], "minimum_coverage_percentage": 80}),
        ),
        (
            "logging_config",
            json!({"level": "loud", "format": "xml", "audit_events": []}),
        ),
        (
            "data_handling_declaration",
            json!({"processes_sensitive_data": false, "data_classification": "secret"}),
        ),
        (
            "tools",
            json!({"f": {"type": "function", "language": "cobol", "line": 3, "inputs": [{}], "side_effects": ["x"]}}),
        ),
        (
            "dependencies",
            json!([{"name": "a", "binding": "glue", "protocol_required": true, "colour": 1}]),
        ),
        (
            "dependencies",
            json!([{"kind": "external", "name": "my lib", "version_spec": "whatever 7"}]),
        ),
        (
            "dependencies",
            json!([
                "jinja2>=3.0.0",
                "nobody://x@y z",
                "tool://",
                "tool://a.b",
                "tool://a@^1"
            ]),
        ),
        (
            "dependencies",
            json!([{"name": "alpha", "version_spec": "^2"}]),
        ),
        (
            "dependencies",
            json!([{"kind": "external", "name": "alpha"}]),
        ),
        ("targets", json!([{"name": "alpha"}, "tool://alpha@1.x"])),
        ("annotations", json!({"k".repeat(253): "v"})),
        ("scenario_test_entrypoint", json!({"any": "thing"})),
    ] {
        accepted(name, value.clone(), value);
    }
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
    let reading = read_node(&Node::from(&Value::Object(document)), &strict);
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
        read_node(&Node::from(&Value::Object(document)), &options)
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
        let reading = read_node(&Node::from(&value), &ReadOptions::default());
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
            let again = read_node(&Node::from(&Value::Object(draft.document().clone())), &ReadOptions::default());
            prop_assert_eq!(again.draft.map(|draft| draft.document().clone()), Some(draft.document().clone()));
        }
        prop_assert!(reading.issues.iter().all(|issue| issue.kind != IssueKind::Syntax));
    }
}
