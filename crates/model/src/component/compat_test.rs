//! The compatibility samples: every file and every version_spec of `expected.json`.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::canonical::canonical;
use super::{ReadOptions, Reading, json_schema, read};
use crate::document::{Syntax, parse};
use crate::issue::{Issue, Severity};
use crate::version_spec::VersionSpec;

fn samples() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/compat/samples/components"
    ))
}

fn expected() -> Value {
    let text = std::fs::read(samples().join("expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn read_sample(file: &str) -> Reading {
    let bytes = std::fs::read(samples().join(file)).unwrap();
    read(
        &bytes,
        Syntax::of_path(file).unwrap(),
        &ReadOptions::default(),
    )
}

fn reported(issues: &[Issue], severity: Severity) -> Vec<Value> {
    issues
        .iter()
        .filter(|issue| issue.severity == severity)
        .map(|issue| json!({"kind": issue.kind.as_str(), "path": issue.pointer}))
        .collect()
}

#[test]
fn compat_files_get_their_verdict() {
    let expected = expected();
    let files = expected["files"].as_array().unwrap();
    assert!(!files.is_empty());
    for case in files {
        let file = case["file"].as_str().unwrap();
        let reading = read_sample(file);
        let issues = &reading.issues;
        if case["valid"] == json!(true) {
            let draft = reading
                .draft
                .unwrap_or_else(|| panic!("{file}: {issues:#?}"));
            for (name, value) in case["normalized"].as_object().unwrap() {
                assert_eq!(draft.document().get(name), Some(value), "{file}: {name}");
            }
            assert_eq!(
                &Value::from(reported(issues, Severity::Warning)),
                &case["warnings"],
                "{file}"
            );
        } else {
            assert!(reading.draft.is_none(), "{file}");
            assert_eq!(
                reported(issues, Severity::Error),
                [case["error"].clone()],
                "{file}: {issues:#?}"
            );
            let error = issues.iter().find(|issue| issue.is_error()).unwrap();
            assert_eq!(error.code, case["code"].as_str(), "{file}");
            assert!(error.hint.is_some(), "{file}: {error:?}");
        }
    }
}

#[test]
fn compat_sets_are_valid_alone() {
    let mut files = 0;
    for folder in std::fs::read_dir(samples().join("sets")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let file = path.to_str().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let syntax = Syntax::of_path(file).unwrap();
            let reading = read(&bytes, syntax, &ReadOptions::default());
            assert!(reading.draft.is_some(), "{file}: {:#?}", reading.issues);
            files += 1;
        }
    }
    assert!(files > 0);
}

#[test]
fn compat_stored_documents_read_back_as_the_same() {
    for case in expected()["files"].as_array().unwrap() {
        let Some(draft) = read_sample(case["file"].as_str().unwrap()).draft else {
            continue;
        };
        let stored = draft.finish("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z");
        let again = read(&stored.bytes, Syntax::Json, &ReadOptions::default());
        let again = again
            .draft
            .unwrap_or_else(|| panic!("{case}: {:#?}", again.issues));
        let document: Map<String, Value> = serde_json::from_slice(&stored.bytes).unwrap();
        assert_eq!(super::hash_of(&document), stored.hash, "{case}");
        assert!(super::same_content(&document, &draft), "{case}");
        assert!(super::same_content(&document, &again), "{case}");
        assert_eq!(again.finish("", "").hash, stored.hash, "{case}");
        let typed = serde_json::to_value(draft.component().unwrap()).unwrap();
        let stored = Value::Object(draft.document().clone());
        assert_eq!(canonical(&typed), canonical(&stored), "{case}");
    }
}

#[test]
fn compat_version_specs_select_what_is_expected() {
    let section = &expected()["version_specs"];
    let versions: Vec<semver::Version> = section["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version.as_str().unwrap().parse().unwrap())
        .collect();
    for case in section["cases"].as_array().unwrap() {
        let spec = match case["version_spec"].as_str() {
            Some(text) => VersionSpec::parse(text),
            None => Ok(VersionSpec::latest()),
        };
        let selected = match &spec {
            Ok(spec) => spec
                .select(versions.iter())
                .map_or(Value::Null, |version| version.to_string().into()),
            Err(error) => error.kind().as_str().into(),
        };
        assert_eq!(selected, case["expect"], "{case}");
    }
}

/// What a schema can't say.
const BEYOND_A_SCHEMA: [&str; 6] = [
    "syntax",
    "encoding",
    "limit_exceeded",
    "duplicate_key",
    "hash_mismatch",
    "self_dependency",
];

#[test]
fn compat_json_schema_agrees_with_the_reader() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for case in expected()["files"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let kind = case["error"]["kind"].as_str().unwrap_or_default();
        let bytes = std::fs::read(samples().join(file)).unwrap();
        let Ok(node) = parse(&bytes, Syntax::of_path(file).unwrap()) else {
            assert!(BEYOND_A_SCHEMA.contains(&kind), "{file}");
            continue;
        };
        let document = super::read::settled(&node).to_json().unwrap();
        let version = document["metadata_version"].as_str().unwrap_or_default();
        let older = version.starts_with("0.1") || version.starts_with("0.2");
        if BEYOND_A_SCHEMA.contains(&kind) || older {
            continue;
        }
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert_eq!(errors.is_empty(), kind.is_empty(), "{file}: {errors:#?}");
    }
}
