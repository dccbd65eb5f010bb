//! The layouts of older files: each is read and judged, and what they mean is stored.

use serde_json::{Value, json};

use super::{ReadOptions, Reading, read};
use crate::document::Syntax;
use crate::issue::{Issue, Severity};

fn judged(text: &str, syntax: Syntax) -> Reading {
    let reading = read(text.as_bytes(), syntax, &ReadOptions::default());
    assert_eq!(reading.draft.is_some(), reading.errors().next().is_none());
    reading
}

fn summary(issues: &[Issue], severity: Severity) -> Vec<String> {
    issues
        .iter()
        .filter(|issue| issue.severity == severity)
        .map(|issue| format!("{} {}", issue.kind.as_str(), issue.pointer))
        .collect()
}

#[track_caller]
fn stored(text: &str, syntax: Syntax, warnings: &[&str]) -> Value {
    let reading = judged(text, syntax);
    assert_eq!(summary(&reading.issues, Severity::Warning), warnings);
    let Some(draft) = reading.draft else {
        panic!("{:#?}", reading.issues)
    };
    Value::Object(draft.document().clone())
}

#[track_caller]
fn holds(document: &Value, expected: &[(&str, Value)]) {
    for (pointer, value) in expected {
        assert_eq!(document.pointer(pointer), Some(value), "{pointer}");
    }
}

const A: &str = "\
schema_version: \"0.1.0\"
name: stamper
version: 0.1.0
uuid: TEMPLATE-UUID-REPLACE-ME
author: Team
created_at: 2025-05-24T12:00:00
last_modified_at: 2025-05-24T12:00:00+00:00
description: Template
state_contract: state_contract://x.json
lifecycle: template
hash: TEMPLATE_HASH_TO_BE_COMPUTED
entrypoint:
  type: python
  target: node.py
namespace: omnibase.nodes.stamper
meta_type: tool
trust_score_stub: {runs: 0, failures: 0, trust_score: 1.0}
compatibility: {min_schema_version: 0.1, required_python: \">=3.11\"}
x-extensions: {}
";

#[test]
fn layout_a_is_judged_with_all_its_issues() {
    let reading = judged(A, Syntax::Yaml);
    assert_eq!(
        summary(&reading.issues, Severity::Error),
        ["invalid_format /uuid"]
    );
    let warnings = summary(&reading.issues, Severity::Warning);
    assert_eq!(
        warnings,
        [
            "legacy_value /lifecycle",
            "placeholder_hash /hash",
            "assumed_version /metadata_version"
        ]
    );
    assert_eq!(reading.uuid.as_deref(), Some("TEMPLATE-UUID-REPLACE-ME"));

    let text = A.replace(
        "TEMPLATE-UUID-REPLACE-ME",
        "5aef2a3c-95be-46de-9afc-c35b0ccf1e01",
    );
    let document = stored(
        &text,
        Syntax::Yaml,
        &[
            "legacy_value /lifecycle",
            "placeholder_hash /hash",
            "assumed_version /metadata_version",
        ],
    );
    holds(
        &document,
        &[
            ("/metadata_version", json!("0.3.0")),
            ("/lifecycle", json!("draft")),
            ("/created_at", json!("2025-05-24T12:00:00Z")),
            ("/namespace", json!("omnibase.nodes.stamper")),
            ("/x_extensions/legacy/lifecycle", json!("template")),
            ("/x_extensions/legacy/trust_score_stub/runs", json!(0)),
            (
                "/x_extensions/legacy/compatibility/required_python",
                json!(">=3.11"),
            ),
        ],
    );
    assert!(document.pointer("/x_extensions/legacy/hash").is_none());
    assert!(document.get("compatibility").is_none());
}

#[test]
fn layout_a_prime_has_a_bare_entrypoint_and_capabilities_as_objects() {
    let document = stored(
        "name: onex_cli\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\nmeta_type: cli_tool\n\
         metadata_version: \"0.1\"\nschema_version: 1.10\nentrypoint: cli_main.py\nhash: <TO_BE_COMPUTED>\n\
         capabilities:\n  - name: validate\n    description: Checks\n  - name: stamp\n\
         commands: [{name: run, description: Runs, entrypoint: x}]\ncomponents: [{name: a, path: b}]\n",
        Syntax::Yaml,
        &["placeholder_hash /hash"],
    );
    holds(
        &document,
        &[
            (
                "/entrypoint",
                json!({"type": "python", "target": "cli_main.py"}),
            ),
            ("/capabilities", json!(["validate", "stamp"])),
            (
                "/x_extensions/legacy/capabilities/0/description",
                json!("Checks"),
            ),
            ("/x_extensions/legacy/commands/0/name", json!("run")),
            ("/x_extensions/legacy/components/0/path", json!("b")),
            ("/x_extensions/legacy/metadata_version", json!("0.1")),
            ("/schema_version", json!("1.10.0")),
            ("/x_extensions/legacy/schema_version", json!("1.10")),
        ],
    );
}

const B: &str = "\
metadata_version: 0.1.0
protocol_version: 1.1.0
owner: Team: Samples
copyright: Team
schema_version: 1.1.0
name: script.py
version: 1.0.0
uuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01
author: Team
created_at: 2025-05-30T07:08:09.123456
last_modified_at: 2025-05-31T07:08:09.5
description: Stamped by Tool: again
state_contract: state_contract://default
lifecycle: active
hash: 6ebc5e1ab7ed5e3e18ef6b6f2e2f0e2fd4ec9bfb2b1ef4d7a8b0f5a3f5f5c1aa
entrypoint: {'type': 'python', 'target': 'script.py'}
runtime_language_hint: python>=3.11
namespace: onex.stamped.script
meta_type: tool
";

#[test]
fn layout_b_is_read_from_every_kind_of_file() {
    let commented: String = B.lines().map(|line| format!("# {line}\n")).collect();
    let python = format!(
        "#!/usr/bin/env python\n# === OmniNode:Metadata ===\n{commented}# === /OmniNode:Metadata ===\n\nprint()\n"
    );
    let markdown = format!(
        "<!-- === OmniNode:Metadata ===\n{B}<!-- === /OmniNode:Metadata === -->\n\n# Title\n"
    );
    for (text, syntax) in [
        (&python, Syntax::Python),
        (&python, Syntax::Yaml),
        (&markdown, Syntax::Markdown),
    ] {
        let document = stored(text, syntax, &[]);
        holds(
            &document,
            &[
                ("/owner", json!("Team: Samples")),
                ("/description", json!("Stamped by Tool: again")),
                ("/created_at", json!("2025-05-30T07:08:09.123456Z")),
                ("/last_modified_at", json!("2025-05-31T07:08:09.500000Z")),
                (
                    "/entrypoint",
                    json!({"type": "python", "target": "script.py"}),
                ),
                ("/schema_version", json!("1.1.0")),
                // Made in a way nobody can repeat: kept, not compared.
                (
                    "/x_extensions/legacy/hash",
                    json!("6ebc5e1ab7ed5e3e18ef6b6f2e2f0e2fd4ec9bfb2b1ef4d7a8b0f5a3f5f5c1aa"),
                ),
            ],
        );
        assert!(document.get("hash").is_none());
    }
    let issues = judged(&python.replace("5aef2a3c", "zz"), Syntax::Python).issues;
    assert_eq!(
        (issues[0].pointer.as_str(), issues[0].line),
        ("/uuid", Some(10))
    );
}

#[test]
fn layout_c_has_wrapped_namespaces_requirements_and_sorted_blocks() {
    let document = stored(
        "metadata_version: 0.1.0\nname: n\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\n\
         entrypoint: python://node.py\nnamespace: {value: \"python://a.b.c\"}\n\
         dependencies: [\"jinja2>=3.0.0\", \"tool://a.b@^1\"]\ntools: null\n\
         hash: 0000000000000000000000000000000000000000000000000000000000000000\n",
        Syntax::Yaml,
        &["placeholder_hash /hash"],
    );
    holds(
        &document,
        &[
            ("/namespace", json!("python://a.b.c")),
            ("/entrypoint/target", json!("node.py")),
            ("/dependencies", json!(["jinja2>=3.0.0", "tool://a.b@^1"])),
            ("/meta_type", json!("tool")),
        ],
    );
    assert!(document.get("tools").is_none());
    assert!(document.pointer("/x_extensions/legacy/namespace").is_none());
}

#[test]
fn layout_d_has_dependencies_by_type_and_target() {
    let document = stored(
        "metadata_version: 0.1.0\nname: n\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\n\
         dependencies:\n\
         - {name: split, type: onex_node, target: 0daf74c8-cdee-4419-92e2-302ea1d548f2@0.3.1, binding: injection}\n\
         - {name: lint, type: onex_node, target: \"tool://samples.lint@^1\"}\n\
         - {name: maybe, type: onex_node, target: \"tool://samples.maybe@^1\", optional: true}\n\
         - {name: jinja2, type: library, target: jinja2>=3, optional: true}\n\
         - {type: binary, target: git}\n",
        Syntax::Yaml,
        &[],
    );
    holds(
        &document,
        &[
            (
                "/dependencies/0/uuid",
                json!("0daf74c8-cdee-4419-92e2-302ea1d548f2"),
            ),
            ("/dependencies/0/version_spec", json!("0.3.1")),
            ("/dependencies/1", json!("tool://samples.lint@^1")),
            ("/dependencies/2/name", json!("maybe")),
            ("/dependencies/3/kind", json!("external")),
            ("/dependencies/4/name", json!("git")),
            ("/x_extensions/legacy/dependencies/1/name", json!("lint")),
        ],
    );
}

#[test]
fn layout_e_has_ids_and_the_older_states() {
    let text = |state: &str| {
        format!(
            "metadata_version: \"0.2.1\"\nuuid: e1ce6219-9180-41f2-bb5f-ad6595326026\nname: fold\n\
             version: 0.2.0\ntype: validator\nentrypoint: fold.py\nparent_id: null\n\
             child_ids: [a]\ndependencies:\n\
             - {{id: 0DAF74C8-cdee-4419-92e2-302ea1d548f2, type: tool, version_spec: 0.3, required: false}}\n\
             - {{id: lint, type: tool}}\n- {{id: \"my lib\", required: true}}\n\
             tags: [x]\nlifecycle: {state}\nstatus: active\nidempotent: true\n"
        )
    };
    let document = stored(&text("canary"), Syntax::Yaml, &["legacy_value /lifecycle"]);
    holds(
        &document,
        &[
            ("/lifecycle", json!("active")),
            ("/tags", json!(["x", "canary"])),
            (
                "/dependencies/0/uuid",
                json!("0daf74c8-cdee-4419-92e2-302ea1d548f2"),
            ),
            ("/dependencies/0/optional", json!(true)),
            ("/dependencies/0/version_spec", json!("0.3")),
            ("/dependencies/1/name", json!("lint")),
            ("/dependencies/2/kind", json!("external")),
            ("/dependencies/2/optional", json!(false)),
            ("/x_extensions/legacy/status", json!("active")),
            ("/x_extensions/legacy/child_ids", json!(["a"])),
            ("/x_extensions/legacy/lifecycle", json!("canary")),
        ],
    );
    for (state, now) in [
        ("stable", "active"),
        ("experimental", "draft"),
        ("review", "draft"),
    ] {
        let document = stored(&text(state), Syntax::Yaml, &["legacy_value /lifecycle"]);
        holds(
            &document,
            &[("/lifecycle", json!(now)), ("/tags", json!(["x"]))],
        );
    }
    let wrong = judged(&text("retired"), Syntax::Yaml);
    assert_eq!(
        summary(&wrong.issues, Severity::Error),
        ["invalid_value /lifecycle"]
    );
    let wrong = judged(&text("active").replace("id: lint", "id: 7"), Syntax::Yaml);
    assert_eq!(
        summary(&wrong.issues, Severity::Error),
        ["missing_field /dependencies/1/name"]
    );
    let wrong = judged(
        &text("active").replace("version_spec: 0.3", "version_spec: one"),
        Syntax::Yaml,
    );
    assert_eq!(
        summary(&wrong.issues, Severity::Error),
        ["invalid_format /dependencies/0/version_spec"]
    );
}

#[test]
fn layout_f_has_no_versions_at_all() {
    let reading = judged(
        "name: smoke\nuuid: abc\ntype: test\ntest_type: unit\nexpected_result: pass\n\
         dependencies: [{id: header_check, type: tool}]\n",
        Syntax::Yaml,
    );
    assert_eq!(
        summary(&reading.issues, Severity::Error),
        ["invalid_format /uuid", "missing_field /version"]
    );
    assert_eq!(
        summary(&reading.issues, Severity::Warning),
        ["assumed_version /metadata_version"]
    );
}

#[test]
fn older_documents_may_be_deprecated_without_a_reason() {
    let text = |state: &str| {
        format!(
            "metadata_version: 0.1.0\nname: n\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\nlifecycle: {state}\n"
        )
    };
    for (state, pointer, stated) in [
        ("deprecated", "/deprecated_by", "/deprecated_reason"),
        ("archived", "/archived_reason", "/archived_reason"),
    ] {
        let warning = format!("lifecycle_rule {pointer}");
        let document = stored(&text(state), Syntax::Yaml, &[&warning]);
        // What is stored must be valid in the current version.
        let reason = json!("not stated in the original document");
        holds(&document, &[("/lifecycle", json!(state)), (stated, reason)]);
    }
}

#[test]
fn older_words_are_no_words_of_the_current_version() {
    let text = "metadata_version: 0.3.0\nname: n\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\n\
                meta_type: tool\nlifecycle: stable\ncreated_at: 2025-05-24T12:00:00\nnamespace: {value: a}\n\
                hash: HASH_TO_BE_COMPUTED\ncapabilities: [{name: a}]\ndependencies: [{id: b}]\n";
    assert_eq!(
        summary(&judged(text, Syntax::Yaml).issues, Severity::Error),
        [
            "invalid_value /lifecycle",
            "invalid_format /created_at",
            "wrong_type /namespace",
            "invalid_format /hash",
            "wrong_type /capabilities/0",
            "missing_field /dependencies/0/name",
        ]
    );
}

#[test]
fn originals_join_what_is_kept_already() {
    let text = |extensions: &str| {
        format!(
            "metadata_version: 0.1.0\nname: n\nversion: 1.0.0\nuuid: 5aef2a3c-95be-46de-9afc-c35b0ccf1e01\n\
             status: active\nx_extensions: {extensions}\n"
        )
    };
    let document = stored(
        &text("{legacy: {status: mine, a: 1}, b: 2}"),
        Syntax::Yaml,
        &[],
    );
    let kept = json!({"legacy": {"status": "mine", "a": 1, "metadata_version": "0.1.0"}, "b": 2});
    holds(&document, &[("/x_extensions", kept)]);
    let document = stored(&text("{legacy: text}"), Syntax::Yaml, &[]);
    holds(
        &document,
        &[("/x_extensions/legacy/x_extensions.legacy", json!("text"))],
    );
    holds(
        &document,
        &[("/x_extensions/legacy/status", json!("active"))],
    );
}
