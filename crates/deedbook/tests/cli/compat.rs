//! Every entry of the compatibility samples through the command line, whatever their number.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, samples};

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

fn sample(value: &Value) -> String {
    let path: PathBuf = samples().join(value.as_str().unwrap());
    path.to_str().unwrap().to_owned()
}

fn title(value: &Value) -> String {
    format!(
        "{}@{}",
        value["name"].as_str().unwrap(),
        value["version"].as_str().unwrap()
    )
}

/// A book with every valid file, in the order of the samples.
fn book(expected: &Value) -> Sandbox {
    let sandbox = Sandbox::new();
    let valid = section(expected, "files")
        .iter()
        .filter(|file| file["valid"] == true);
    let files: Vec<String> = valid.map(|file| sample(&file["file"])).collect();
    if files.is_empty() {
        return sandbox;
    }
    let mut arguments = vec!["registry", "add", "--quiet"];
    arguments.extend(files.iter().map(String::as_str));
    sandbox.ok(&arguments);
    sandbox
}

fn is_expected(issue: &Value, error: &Value, code: &Value, context: &str) {
    assert_eq!(issue["kind"], error["kind"], "{context}");
    assert_eq!(issue["pointer"], error["path"], "{context}");
    assert_eq!(issue["code"], *code, "{context}");
}

#[test]
fn compat_files_are_judged_as_expected() {
    let expected = expected();
    let sandbox = Sandbox::new();
    for file in section(&expected, "files") {
        let name = file["file"].as_str().unwrap();
        let ran = sandbox.run(&["validate", "metadata", &sample(&file["file"]), "-o", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let judged = &report["files"][0];
        assert_eq!(judged["valid"], file["valid"], "{name}: {judged}");
        let issues = list(judged, "issues");
        if file["valid"] == true {
            assert_eq!(ran.status, 0);
            for warning in list(file, "warnings") {
                let found = issues.iter().any(|issue| {
                    issue["kind"] == warning["kind"] && issue["pointer"] == warning["path"]
                });
                assert!(found, "{name}: {warning} is not in {issues:?}");
            }
        } else {
            assert_eq!(ran.status, 2);
            let errors: Vec<_> = issues
                .iter()
                .filter(|one| one["severity"] == "error")
                .collect();
            assert_eq!(errors.len(), 1, "{name}: {errors:?}");
            is_expected(errors[0], &file["error"], &file["code"], name);
        }
    }
}

#[test]
fn compat_stored_documents_are_normalised() {
    let expected = expected();
    let sandbox = book(&expected);
    for file in section(&expected, "files")
        .iter()
        .filter(|file| file["valid"] == true)
    {
        let normalized = file["normalized"].as_object().unwrap();
        let got = sandbox.json(&["registry", "get", normalized["uuid"].as_str().unwrap()]);
        for (name, value) in normalized {
            // The time of the last change is the registry's own where the document gives none.
            assert_eq!(got["data"][name], *value, "{}: {name}", file["file"]);
        }
    }
}

#[test]
fn compat_sequences() {
    for sequence in section(&expected(), "sequences") {
        let sandbox = Sandbox::new();
        for step in list(sequence, "steps") {
            let context = format!("{}: {step}", sequence["name"]);
            let ran = sandbox.run(&["registry", "add", &sample(&step["register"]), "-o", "json"]);
            if step["expect"] == "ok" {
                let added: Value = serde_json::from_str(&ran.stdout).unwrap();
                assert_eq!(added["registered"], true, "{context}: {ran:?}");
                assert_eq!(added["unchanged"], step["unchanged"] == true, "{context}");
                for warning in list(step, "warnings") {
                    let found = list(&added, "warnings").iter().any(|issue| {
                        issue["kind"] == warning["kind"] && issue["pointer"] == warning["path"]
                    });
                    assert!(found, "{context}: {added}");
                }
            } else {
                let expect = &step["expect"];
                let error = ran.error();
                assert_eq!(
                    (ran.status, error["error"].as_str()),
                    (4, Some("RegistryConflictError")),
                    "{context}"
                );
                is_expected(
                    &error["issues"][0],
                    &expect["error"],
                    &expect["code"],
                    &context,
                );
                if let Some(cycle) = step.get("cycle") {
                    assert_eq!(error["cycle"], *cycle, "{context}");
                }
            }
        }
    }
}

#[test]
fn compat_queries() {
    let expected = expected();
    let sandbox = book(&expected);
    for query in section(&expected, "queries") {
        match query["op"].as_str().unwrap() {
            "lookup" => look_up(&sandbox, query),
            "search" => search(&sandbox, query),
            "dependency_graph" => graph(&sandbox, query),
            other => panic!("unknown query {other}"),
        }
    }
}

fn look_up(sandbox: &Sandbox, query: &Value) {
    let key = query["key"].as_str().unwrap();
    let key = match query["version_spec"].as_str() {
        Some(spec) => format!("{key}@{spec}"),
        None => key.to_owned(),
    };
    let ran = sandbox.run(&["registry", "get", &key, "-o", "json"]);
    match query["expect"].as_str().unwrap() {
        "not_found" => assert_eq!(
            (ran.status, &ran.error()["issues"][0]["kind"]),
            (3, &json!("not_found")),
            "{query}"
        ),
        "invalid_format" => assert_eq!(
            (ran.status, &ran.error()["issues"][0]["kind"]),
            (2, &json!("invalid_format")),
            "{query}"
        ),
        uuid => {
            let got: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(got["key"], uuid, "{query}");
        }
    }
}

fn search(sandbox: &Sandbox, query: &Value) {
    let mut arguments = vec!["registry".to_owned(), "search".to_owned()];
    let mut flag = |name: &str, value: &Value| {
        if let Some(text) = value.as_str() {
            arguments.extend([name.to_owned(), text.to_owned()]);
        }
    };
    list(query, "tags")
        .iter()
        .for_each(|tag| flag("--tag", tag));
    list(query, "any_tags")
        .iter()
        .for_each(|tag| flag("--any-tag", tag));
    for (name, member) in [
        ("--type", "type"),
        ("--lifecycle", "lifecycle"),
        ("--text", "text"),
        ("--capability", "capability"),
        ("--namespace", "namespace"),
        ("--name", "name"),
    ] {
        flag(name, &query[member]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let page = sandbox.json(&arguments);
    let found: Vec<Value> = list(&page, "items")
        .iter()
        .map(|one| json!(title(&one["data"])))
        .collect();
    assert_eq!(json!(found), query["expect"], "{query}");
}

fn graph(sandbox: &Sandbox, query: &Value) {
    let root = query["root"].as_str().unwrap();
    let depth = query["depth"].as_u64().unwrap_or(64).to_string();
    let graph = sandbox.json(&["registry", "graph", root, "--depth", &depth]);
    let name_of = |uuid: &Value| {
        let node = list(&graph, "nodes")
            .iter()
            .find(|node| node["uuid"] == *uuid);
        json!(node.map(title).unwrap_or_default())
    };
    for (name, wanted) in query["expect"].as_object().unwrap() {
        let found = match name.as_str() {
            "nodes" => json!(sorted(
                list(&graph, name).iter().map(|node| json!(title(node)))
            )),
            "edges" => {
                json!(sorted(list(&graph, name).iter().map(|edge| json!([
                    name_of(&edge["from"]),
                    name_of(&edge["to"])
                ]))))
            }
            "missing" => json!(sorted(list(&graph, name).iter().map(|one| {
                let mut one = one.clone();
                one["from"] = name_of(&one["from"]);
                one
            }))),
            _ => graph[name].clone(),
        };
        if name == "missing" {
            // An expectation names the members that it cares about.
            let (found, wanted) = (found.as_array().unwrap(), list(&query["expect"], name));
            assert_eq!(found.len(), wanted.len(), "{query}: {found:?}");
            for one in wanted {
                let has = |other: &Value| {
                    one.as_object()
                        .unwrap()
                        .iter()
                        .all(|(key, value)| other[key] == *value)
                };
                assert!(found.iter().any(has), "{query}: {one} is not in {found:?}");
            }
        } else if let Some(wanted) = wanted.as_array() {
            assert_eq!(
                found,
                json!(sorted(wanted.iter().cloned())),
                "{query}: {name}"
            );
        } else {
            assert_eq!(found, *wanted, "{query}: {name}");
        }
    }
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_key(ToString::to_string);
    values
}

#[test]
fn compat_patches() {
    let expected = expected();
    if section(&expected, "patches").is_empty() {
        return;
    }
    let original = book(&expected);
    original.ok(&["backup", "all"]);
    let backup = original.path("all");
    for patch in section(&expected, "patches") {
        let sandbox = Sandbox::new();
        sandbox.ok(&["restore", backup.to_str().unwrap()]);
        let files = section(&expected, "files");
        let target = files
            .iter()
            .find(|file| file["file"] == patch["target"])
            .unwrap();
        let uuid = target["normalized"]["uuid"].as_str().unwrap();
        let before = sandbox.json(&["registry", "get", uuid]);
        let ran = sandbox.feed(
            &["registry", "update", uuid, "--patch", "-", "-o", "json"],
            &patch["patch"].to_string(),
        );
        let after = sandbox.json(&["registry", "get", uuid]);
        let expect = &patch["expect"];
        if expect.get("error").is_some() {
            assert_eq!(ran.status, 2, "{patch}: {ran:?}");
            is_expected(
                &ran.error()["issues"][0],
                &expect["error"],
                &expect["code"],
                &patch.to_string(),
            );
            assert_eq!(before, after, "{patch}");
            continue;
        }
        let result: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{patch}: {ran:?}"));
        assert_eq!(result["unchanged"], expect["unchanged"] == true, "{patch}");
        assert_eq!(before == after, expect["unchanged"] == true, "{patch}");
        for (name, value) in expect["changed"].as_object().into_iter().flatten() {
            assert_eq!(after["data"][name], *value, "{patch}");
        }
        for pointer in list(expect, "removed") {
            assert_eq!(
                after["data"].pointer(pointer.as_str().unwrap()),
                None,
                "{patch}"
            );
        }
    }
}

#[test]
fn compat_version_specs() {
    let expected = expected();
    let sandbox = Sandbox::new();
    let versions: Vec<&str> = section(&expected["version_specs"], "versions")
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    for case in section(&expected["version_specs"], "cases") {
        let spec = case["version_spec"].as_str().unwrap_or_default();
        let mut arguments = vec!["version", "match", spec];
        arguments.extend(&versions);
        let ran = sandbox.run(&arguments);
        match case["expect"].as_str() {
            Some("invalid_format") => assert_eq!(ran.status, 2, "{case}: {ran:?}"),
            Some(highest) => assert_eq!(ran.stdout.lines().next(), Some(highest), "{case}"),
            None if case["expect"].is_null() => assert_eq!(
                (ran.status, ran.stdout.as_str()),
                (1, ""),
                "{case}: {ran:?}"
            ),
            None => assert_eq!(ran.status, 2, "{case}: {ran:?}"),
        }
    }
}
