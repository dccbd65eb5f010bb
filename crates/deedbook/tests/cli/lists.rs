//! Reading: get, ls, search, versions, graph, dependents, diff, time travel.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, document, lines};

fn names(page: &Value) -> Vec<String> {
    let title = |one: &Value| {
        let data = &one["data"];
        format!(
            "{}@{}",
            data["name"].as_str().unwrap(),
            data["version"].as_str().unwrap()
        )
    };
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(title)
        .collect()
}

#[test]
fn filters_hold_together() {
    let sandbox = Sandbox::with_samples();
    let ls = |flags: &[&str]| {
        let arguments: Vec<&str> = ["registry", "ls"].iter().chain(flags).copied().collect();
        names(&sandbox.json(&arguments))
    };
    assert_eq!(
        ls(&["--tag", "canary", "--tag", "pre-commit"]),
        ["case_fold@0.2.0", "licence_scan@2.3.1+build.7"]
    );
    assert_eq!(
        ls(&["--any-tag", "markdown", "--any-tag", "smoke"]),
        ["header_check_smoke@1.0.0", "md_lint@1.0.0"]
    );
    assert_eq!(
        ls(&["--type", "tool", "--lifecycle", "draft"]),
        ["wrap_guard@1.0.2"]
    );
    assert_eq!(ls(&["--lifecycle", "draft,deprecated"]).len(), 3);
    assert_eq!(
        ls(&["--name", "line_*", "--latest-only"]),
        ["line_index@2.0.0-rc.1"]
    );
    assert_eq!(
        ls(&[
            "--namespace",
            "samples.validators",
            "--text",
            "MARKDOWN head"
        ]),
        ["md_lint@1.0.0"]
    );
    assert_eq!(
        ls(&["--capability", "analyze"]),
        ["licence_scan@2.3.1+build.7"]
    );
    assert_eq!(ls(&["--tag", "nothing"]), [""; 0]);
    assert_eq!(sandbox.ok(&["registry", "ls", "--tag", "nothing"]), "");
    assert_eq!(
        names(&sandbox.json(&["search", "line", "numbers"])).len(),
        3
    );
    assert_eq!(
        names(&sandbox.json(&["registry", "search", "--text", "line numbers"])).len(),
        3
    );
    sandbox.fails(64, &["registry", "ls", "--type", "nonsense"]);
    sandbox.fails(64, &["registry", "ls", "--limit", "0"]);
    sandbox.fails(64, &["registry", "ls", "--limit", "1001"]);
}

#[test]
fn pages_follow_one_another_at_one_revision() {
    let sandbox = Sandbox::with_samples();
    let all = names(&sandbox.json(&["registry", "ls"]));
    let mut seen = Vec::new();
    let mut page = sandbox.json(&["registry", "ls", "--limit", "3"]);
    let revision = page["revision"].clone();
    sandbox.write("new.yaml", &document("aaa", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "new.yaml"]);
    loop {
        seen.extend(names(&page));
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        page = sandbox.json(&["registry", "ls", "--limit", "3", "--cursor", cursor]);
        assert_eq!(page["revision"], revision);
    }
    assert_eq!(seen, all);
    sandbox.fails(2, &["registry", "ls", "--cursor", "nonsense"]);
    // Another book's cursor isn't of this list, whatever it holds.
    let other = Sandbox::with_samples().json(&["registry", "ls", "--limit", "3"]);
    let cursor = other["nextCursor"].as_str().unwrap();
    sandbox.fails(2, &["registry", "ls", "--limit", "3", "--cursor", cursor]);
    assert_eq!(names(&sandbox.json(&["registry", "ls", "--all"])).len(), 17);
    let every = sandbox.ok(&["registry", "ls", "--all", "-o", "jsonl"]);
    assert_eq!(lines(&every).len(), 17);
}

#[test]
fn get_shows_envelopes_and_pages() {
    let sandbox = Sandbox::with_samples();
    let got = sandbox.json(&["registry", "get", "line_index@^1"]);
    let members: Vec<&String> = got.as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 9, "{members:?}");
    assert_eq!(got["data"]["version"], "1.2.0");
    assert_eq!(got["checksum"], got["data"]["hash"]);
    let text = sandbox.ok(&["registry", "get", "line_index@^1", "-o", "json"]);
    assert!(
        text.starts_with("{\n  \"kind\": \"component\",\n  \"key\": "),
        "{text}"
    );
    let page = sandbox.ok(&["registry", "get", "doc_gate"]);
    for shown in [
        "lifecycle:    active",
        "tags:         canary",
        "spell_check ^4 (optional)",
        "generation:   1",
        "hash:",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let ran = sandbox.fails(3, &["registry", "get", "line_index@^9", "-o", "json"]);
    assert_eq!(ran.error()["issues"][0]["code"], "RG008");
    sandbox.fails(2, &["registry", "get", "line_index@about one"]);
    let versions = sandbox.json(&["registry", "versions", "line_index"]);
    assert_eq!(
        names(&versions),
        [
            "line_index@2.0.0-rc.1",
            "line_index@1.2.0",
            "line_index@1.0.0"
        ]
    );
    sandbox.fails(3, &["registry", "versions", "nothing"]);
}

#[test]
fn the_past_stays_readable() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.write("b.yaml", &document("b", "1.0.0", 2));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    let time = sandbox.json(&["log", "-n", "1"])["items"][0]["time"]
        .as_str()
        .unwrap()
        .to_owned();
    sandbox.ok(&["registry", "add", "b.yaml"]);
    sandbox.ok(&["registry", "rm", "a", "-m", "gone"]);
    assert_eq!(names(&sandbox.json(&["registry", "ls"])), ["b@1.0.0"]);
    assert_eq!(
        names(&sandbox.json(&["registry", "ls", "--at", "3"])),
        ["a@1.0.0", "b@1.0.0"]
    );
    assert_eq!(
        names(&sandbox.json(&["registry", "ls", "--at", &time])),
        ["a@1.0.0"]
    );
    sandbox.ok(&["registry", "get", "a", "--at", "2"]);
    sandbox.fails(3, &["registry", "get", "b", "--at", "2"]);
    sandbox.fails(2, &["registry", "get", "b", "--at", "99"]);
    sandbox.fails(3, &["registry", "get", "b", "--at", "2001-01-01T00:00:00Z"]);
    sandbox.fails(64, &["registry", "get", "b", "--at", "yesterday"]);
    let ran = sandbox.fails(1, &["diff", "3", "4", "-o", "json"]);
    let diff: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(diff["items"][0]["change"], "removed");
    assert_eq!(
        sandbox.fails(1, &["diff", "2", "4"]).stdout,
        "- component a@1.0.0\n+ component b@1.0.0\n"
    );
    assert_eq!(sandbox.ok(&["diff", "4", "4"]), "");
}

#[test]
fn differences_of_components_end_with_1() {
    let sandbox = Sandbox::with_samples();
    let ran = sandbox.fails(
        1,
        &["registry", "diff", "line_index@1.0.0", "line_index@1.2.0"],
    );
    assert!(
        ran.stdout
            .contains("- /version: 1.0.0\n+ /version: 1.2.0\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        sandbox.ok(&["registry", "diff", "line_index@1.0.0", "line_index@1.0.0"]),
        ""
    );
    let same = sandbox.json(&["registry", "diff", "doc_gate", "doc_gate"]);
    assert_eq!(same["differences"], json!([]));
    sandbox.fails(3, &["registry", "diff", "doc_gate", "nothing"]);
}

#[test]
fn graphs_have_many_forms() {
    let sandbox = Sandbox::with_samples();
    let tree = sandbox.ok(&["graph", "doc_gate"]);
    assert!(tree.starts_with("doc_gate@2.1.0\n"), "{tree}");
    for (form, begin) in [
        ("dot", "digraph components {"),
        ("mermaid", "graph LR"),
        ("svg", "<svg"),
    ] {
        let drawn = sandbox.ok(&["registry", "graph", "doc_gate", "-o", form]);
        assert!(drawn.starts_with(begin), "{drawn}");
        assert!(!drawn.contains("spell_check"), "{drawn}");
        let drawn = sandbox.ok(&["graph", "doc_gate", "-o", form, "--missing"]);
        assert!(drawn.contains("spell_check"), "{drawn}");
    }
    let graph = sandbox.json(&["graph", "doc_gate", "--depth", "1"]);
    assert_eq!(graph["truncated"], true);
    assert!(
        sandbox
            .ok(&["graph", "doc_gate", "-o", "yaml"])
            .contains("truncated: false")
    );
    sandbox.fails(64, &["graph", "doc_gate", "--missing"]);
    sandbox.fails(64, &["registry", "ls", "-o", "dot"]);
    sandbox.fails(64, &["graph", "doc_gate", "--depth", "65"]);
    let dependents = sandbox.json(&["registry", "dependents", "line_index"]);
    assert_eq!(dependents["items"][0]["name"], "doc_gate");
    let table = sandbox.ok(&["registry", "dependents", "text_split"]);
    let row = |name: &str| {
        let row = table.lines().find(|line| line.contains(name)).unwrap();
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(row("doc_gate").contains(" md_lint@1.0.0 "), "{table}");
    assert!(row("rewrap").contains(" text_split@0.3.1 "), "{table}");
    assert!(row("doc_gate").ends_with(" breaks"), "{table}");
    assert_eq!(sandbox.ok(&["registry", "dependents", "doc_gate"]), "");
}

#[test]
fn a_broken_pattern_is_refused() {
    let sandbox = Sandbox::with_samples();
    for command in ["ls", "search"] {
        let ran = sandbox.fails(2, &["registry", command, "--name", "["]);
        assert_eq!(
            ran.stderr,
            "InvalidInputError: `[` is no pattern: a `[` is never closed\n"
        );
    }
    sandbox.ok(&["registry", "ls", "--name", "[a-z]*"]);
}

#[test]
fn before_the_book_began_there_is_nothing() {
    let sandbox = Sandbox::with_samples();
    let began = sandbox.ok(&["log", "cat", "-n", "1"]);
    let began = crate::sandbox::lines(&began)[0]["time"].clone();
    for arguments in [
        &["registry", "ls", "--at", "-7d"][..],
        &[
            "registry",
            "get",
            "doc_gate",
            "--at",
            "2001-01-01T00:00:00Z",
        ],
        &["diff", "2001-01-01T00:00:00Z"],
    ] {
        let ran = sandbox.fails(3, arguments);
        let told = format!(
            "NotFoundError: the book began at {}",
            began.as_str().unwrap()
        );
        assert!(ran.stderr.starts_with(&told), "{ran:?}");
        assert!(ran.stderr.contains("hint: ask for that time"), "{ran:?}");
    }
    assert!(sandbox.ok(&["log", "--since", "-7d"]).lines().count() > 2);
    // What compaction took is another matter.
    let head = sandbox.json(&["log", "stats"])["revision"].to_string();
    sandbox.ok(&["log", "compact", "--before", &head]);
    sandbox.fails(9, &["registry", "ls", "--at", "-7d"]);
}
