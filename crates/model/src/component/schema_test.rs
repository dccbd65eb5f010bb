//! The JSON Schema against the reader, and against what was published.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{ReadOptions, json_schema, read_node};
use crate::document::Node;
use crate::issue::IssueKind;

fn minimal() -> Map<String, Value> {
    let document = json!({
        "metadata_version": "0.3.0",
        "uuid": "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11",
        "name": "alpha",
        "version": "1.5.0",
        "meta_type": "tool",
    });
    document.as_object().unwrap().clone()
}

/// Whether the reader takes it; `None` where a schema can't know.
fn verdict(document: &Map<String, Value>) -> Option<bool> {
    let node = Node::from(&Value::Object(document.clone()));
    let reading = read_node(node, &ReadOptions::default());
    let beyond = reading.errors().any(|issue| {
        let kind = matches!(
            issue.kind,
            IssueKind::HashMismatch | IssueKind::SelfDependency
        );
        let detail = ["time that exists", "64 bits", "too large", "bytes of names"];
        kind || detail.iter().any(|detail| issue.message.contains(detail))
    });
    let older = document.get("metadata_version").is_none_or(|version| {
        version.is_null()
            || version
                .as_str()
                .is_some_and(|text| text.starts_with("0.1") || text.starts_with("0.2"))
    });
    (!beyond && !older).then_some(reading.draft.is_some())
}

fn agree(validator: &jsonschema::Validator, document: &Map<String, Value>) -> Result<(), String> {
    let Some(verdict) = verdict(document) else {
        return Ok(());
    };
    let value = Value::Object(document.clone());
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    if errors.is_empty() == verdict {
        Ok(())
    } else {
        Err(format!(
            "reader says {verdict}, schema {errors:?} of {value}"
        ))
    }
}

fn values() -> Vec<Value> {
    let texts = [
        "",
        "a",
        "A",
        "-",
        "_",
        "a b",
        "é",
        "a\n",
        "a.b",
        "a..b",
        "x://a",
        "0",
        "1",
        "1.2",
        "1.2.3",
        "1.2.3-rc.1+b",
        "01.2.3",
        "1.2.3-01",
        "0.3.0",
        "0.3.9",
        "0.3",
        "0.4.0",
        "9.0.0",
        "0.3.00",
        "tool",
        "validator",
        "draft",
        "active",
        "archived",
        "deprecated",
        "unit",
        "pass",
        "sync",
        "canary",
        "a/b:c",
        "a@^1",
        "a@one",
        "a@",
        "tool://a@^1",
        "tool://a@one",
        "tool://a",
        "tool://",
        "tool://@1",
        "x://a@one",
        "python://",
        "python://x",
        "python@x",
        "Python://x",
        "py@",
        "@x",
        "^1",
        ">=1, <2",
        "latest",
        "1.x",
        "x",
        ">*",
        "v1_2_3",
        "1,,2",
        "~>1",
        "3F0C9A52-6f0e-4b7a-9a43-0d5a3c1b7e12",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-FFFF-ffff-ffff-ffffffffffff",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00.5+01:00",
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    for chars in [
        40, 64, 65, 128, 129, 253, 254, 255, 256, 257, 512, 513, 1024, 1025, 4096, 4097,
    ] {
        values.push(json!("é".repeat(chars)));
        values.push(json!("a".repeat(chars)));
    }
    values.extend([
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(1.5),
        json!(100),
        json!(101),
        json!([]),
        json!({}),
        json!([null]),
        json!({"a": null}),
        json!({"a": "b"}),
        json!({"a": 1}),
    ]);
    values
}

/// The values themselves, in lists, and as members of objects.
fn nested() -> Vec<Value> {
    let members = [
        "name",
        "uuid",
        "version_spec",
        "type",
        "target",
        "resource",
        "kind",
        "optional",
        "required",
        "format_hint",
        "commit_hash",
        "issued_at",
        "minimum_coverage_percentage",
        "processes_sensitive_data",
        "level",
        "tags",
        "f",
    ];
    let mut all = Vec::new();
    for value in values() {
        all.push(json!([value]));
        for name in members {
            all.push(json!({name: value}));
            all.push(json!([{"name": "a", name: value}]));
            all.push(json!([{"kind": "external", "name": "a", name: value}]));
            all.push(
                json!({"type": "a", "target": "b", "processes_sensitive_data": true, name: value}),
            );
            all.push(json!({"f": {"line": 1, name: value}}));
        }
        all.push(value);
    }
    all.push(json!(vec!["a"; 64]));
    all.push(json!(vec!["a"; 65]));
    all.push(json!(vec!["a"; 256]));
    all.push(json!(vec!["a"; 257]));
    all
}

#[test]
fn schema_and_reader_agree_on_every_field_and_value() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    let names = super::fields::field_names();
    let others = ["type", "x-extensions", "favourite_colour"];
    let values = values();
    let nested = nested();
    for name in names.iter().copied().chain(others) {
        for value in values.iter().chain(nested.iter().step_by(5)) {
            let mut document = minimal();
            document.insert(name.to_owned(), value.clone());
            if let Err(message) = agree(&validator, &document) {
                panic!("{name}: {message}");
            }
        }
    }
}

#[test]
fn schema_and_reader_agree_where_members_depend_on_each_other() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    let optional = |values: &[Value]| -> Vec<Option<Value>> {
        values.iter().cloned().map(Some).chain([None]).collect()
    };
    for lifecycle in optional(&[
        json!("deprecated"),
        json!("archived"),
        json!("active"),
        json!(null),
    ]) {
        for by in optional(&[json!("beta"), json!(null)]) {
            for reason in optional(&[json!("old"), json!(null)]) {
                for archived in optional(&[json!("old"), json!(null)]) {
                    let mut document = minimal();
                    let members = [
                        ("lifecycle", &lifecycle),
                        ("deprecated_by", &by),
                        ("deprecated_reason", &reason),
                        ("archived_reason", &archived),
                    ];
                    for (name, value) in members {
                        document.extend(value.clone().map(|value| (name.to_owned(), value)));
                    }
                    agree(&validator, &document).unwrap();
                }
            }
        }
    }
    for meta_type in optional(&[
        json!("tool"),
        json!("test"),
        json!("gizmo"),
        json!(null),
        json!(1),
    ]) {
        for alias in optional(&[json!("tool"), json!("test"), json!("gizmo"), json!(null)]) {
            let mut document = minimal();
            document.remove("meta_type");
            for (name, value) in [("meta_type", &meta_type), ("type", &alias)] {
                document.extend(value.clone().map(|value| (name.to_owned(), value)));
            }
            agree(&validator, &document).unwrap();
        }
    }
    for name in minimal().keys() {
        let mut document = minimal();
        document.remove(name);
        agree(&validator, &document).unwrap();
    }
}

#[test]
fn the_schema_is_a_valid_one_of_its_draft() {
    let schema = json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$id"], json!("urn:deedbook:schema:component:0.3"));
    assert_eq!(
        schema["$schema"],
        json!("https://json-schema.org/draft/2020-12/schema")
    );
}

/// To publish a new one, run with `UPDATE_GOLDEN=1` and raise the version as its readers need.
#[test]
fn the_published_schema_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/component.schema.json");
    let current = format!("{:#}\n", json_schema());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        published,
        current,
        "the schema differs from {}",
        path.display()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn version_specs_match_their_pattern(text in "(v|=|==|>|>=|<|<=|\\^|~|latest)?[ ,]?(0|1|01|x|\\*)(\\.(2|x|X|03))?(\\.(3|x|04))?(-rc\\.1|-01|\\+b)?[ ,]{0,2}(<2)?") {
        thread_local! {
            static VALIDATOR: jsonschema::Validator = jsonschema::validator_for(&json_schema()).unwrap();
        }
        let mut document = minimal();
        document.insert("dependencies".to_owned(), json!([{"name": "b", "version_spec": text}]));
        VALIDATOR.with(|validator| agree(validator, &document)).map_err(TestCaseError::fail)?;
    }
}
