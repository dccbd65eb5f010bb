//! Commands that need no book: validate, schema, version, explain, completions, man.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, document, samples};

#[test]
fn validate_tells_all_issues_with_their_lines() {
    let sandbox = Sandbox::new();
    sandbox.write("good.yaml", &document("good", "1.0.0", 1));
    sandbox.write(
        "bad.yaml",
        "metadata_version: \"0.3.0\"\nuuid: x\nname: bad\nversion: \"1.0\"\nmeta_type: tool\n",
    );
    assert_eq!(
        sandbox.ok(&["validate", "metadata", "good.yaml"]),
        "good.yaml: valid (good@1.0.0)\n"
    );
    let ran = sandbox.fails(2, &["validate", "metadata", "bad.yaml", "good.yaml"]);
    assert!(
        ran.stdout
            .contains("4 | version: \"1.0\"\n  |          ^^^^^\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.starts_with("MetadataValidationError: "),
        "{}",
        ran.stderr
    );
    let ran = sandbox.fails(
        2,
        &[
            "validate",
            "metadata",
            "bad.yaml",
            "good.yaml",
            "-o",
            "json",
        ],
    );
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["valid"], false);
    let file = &report["files"][0];
    assert_eq!(
        (&file["file"], &file["valid"], &file["name"]),
        (&json!("bad.yaml"), &json!(false), &json!("bad"))
    );
    let issue = &file["issues"][0];
    for member in [
        "kind", "pointer", "code", "severity", "message", "hint", "line",
    ] {
        assert!(issue.get(member).is_some(), "{member}: {issue}");
    }
    assert_eq!(
        report["files"][1]["uuid"],
        "00000000-0000-4000-8000-000000000001"
    );
    sandbox.fails(3, &["validate", "metadata", "nope.yaml"]);
    sandbox.fails(64, &["validate", "metadata"]);
    assert!(!sandbox.path(".deedbook").exists());
    let lines = crate::sandbox::lines(&sandbox.ok(&[
        "validate",
        "metadata",
        samples().join("valid").to_str().unwrap(),
        "-o",
        "jsonl",
    ]));
    assert_eq!(lines.len(), 16);
}

#[test]
fn version_match_and_schema_satisfies_agree() {
    let sandbox = Sandbox::new();
    for command in [["version", "match"], ["schema", "satisfies"]] {
        let run = |rest: &[&str]| sandbox.run(&[&command[..], rest].concat());
        assert_eq!(
            run(&["^1", "1.0.0", "1.10.0", "1.2.0", "2.0.0"]).stdout,
            "1.10.0\n1.2.0\n1.0.0\n"
        );
        assert_eq!(run(&["", "1.0.0", "2.0.0-rc.1"]).stdout, "1.0.0\n");
        assert_eq!(run(&["latest", "1.0.0", "2.0.0-rc.1"]).stdout, "1.0.0\n");
        let none = run(&["^3", "1.0.0"]);
        assert_eq!(
            (none.status, none.stdout.as_str(), none.stderr.as_str()),
            (1, "", "")
        );
        assert_eq!(run(&["~>1", "1.0.0"]).status, 2);
        assert_eq!(run(&["^1", "one"]).status, 2);
        assert_eq!(run(&["^1"]).status, 64);
    }
    assert_eq!(
        sandbox.json(&["version", "match", "~1.2", "1.2.3", "1.3.0"])["matches"],
        json!(["1.2.3"])
    );
}

#[test]
fn schemas_are_listed_and_shown() {
    let sandbox = Sandbox::new();
    assert_eq!(
        sandbox.json(&["schema", "ls"])["items"][0]["name"],
        "component"
    );
    let shown: Value = serde_json::from_str(&sandbox.ok(&["schema", "show"])).unwrap();
    assert!(shown["properties"]["uuid"].is_object(), "{shown}");
    sandbox.fails(3, &["schema", "show", "nothing"]);
}

#[test]
fn explain_knows_every_code_that_is_printed() {
    let sandbox = Sandbox::new();
    for code in [
        "conflict",
        "missing_field",
        "SC003",
        "md009",
        "7",
        "usage",
        "FS001",
    ] {
        let told = sandbox.ok(&["explain", code]);
        assert!(told.lines().count() >= 3, "{code}: {told}");
    }
    assert!(sandbox.ok(&["explain"]).contains("dependency_cycle"));
    sandbox.fails(3, &["explain", "nonsense"]);
}

/// The codes of shards that a source makes, its tests left out.
fn shard_codes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap();
        if path.is_dir() {
            shard_codes(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("_test.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            // Of texts between quotes every second is one.
            let quoted = code.split('"').skip(1);
            let codes = quoted.filter(|text| text.starts_with("shards.") && !text.contains(' '));
            found.extend(codes.map(str::to_owned));
        }
    }
}

#[test]
fn explain_knows_every_code_of_shards() {
    let mut codes = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["model", "rules", "server"] {
        shard_codes(&crates.join(part).join("src"), &mut codes);
    }
    assert!(codes.len() > 20, "{codes:?}");
    let sandbox = Sandbox::new();
    let explained = sandbox.json(&["explain"]);
    let explained: BTreeSet<&str> = (explained["items"].as_array().unwrap().iter())
        .map(|entry| entry["code"].as_str().unwrap())
        .collect();
    let missing = codes.iter().filter(|code| !explained.contains(&***code));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    let told = sandbox.json(&["explain", "shards.hashing.nodes_required"]);
    let statuses: Vec<_> = (told["items"].as_array().unwrap().iter())
        .map(|entry| entry["status"].clone())
        .collect();
    assert_eq!(statuses, [2, 4], "of a request, and of a namespace");
}

#[test]
fn completions_and_manual_pages() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            sandbox.ok(&["completions", shell]).contains("deedbook"),
            "{shell}"
        );
    }
    assert!(sandbox.ok(&["man"]).contains(".TH deedbook"));
    assert!(
        sandbox
            .ok(&["man", "registry", "add"])
            .contains("all\\-or\\-none")
    );
    sandbox.fails(3, &["man", "nonsense"]);
    sandbox.ok(&["man", "--folder", "pages"]);
    assert!(sandbox.path("pages/deedbook-component-add.1").exists());
}
