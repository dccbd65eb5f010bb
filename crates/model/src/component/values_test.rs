//! The rules about single values, field by field.

use serde_json::{Value, json};

use super::normalised_member;
use super::reading_test::{UUID, judge, summary, with};

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
