//! `registry add`: files, folders, stdin, lists; shapes and statuses.

use serde_json::json;

use crate::sandbox::{Sandbox, document, lines};

#[test]
fn one_file_prints_one_object() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    let added = sandbox.json(&["registry", "add", "a.yaml"]);
    assert_eq!(
        added,
        json!({"registered": true, "uuid": "00000000-0000-4000-8000-000000000001", "name": "a",
               "version": "1.0.0", "unchanged": false, "revision": 2, "warnings": []})
    );
    let again = sandbox.json(&["registry", "add", "a.yaml"]);
    assert_eq!(
        (&again["unchanged"], &again["revision"]),
        (&json!(true), &json!(2))
    );
    let line = lines(&sandbox.ok(&["registry", "add", "a.yaml", "-o", "jsonl"]));
    assert_eq!(line[0]["file"], "a.yaml");
    let yaml = sandbox.ok(&["registry", "add", "a.yaml", "-o", "yaml"]);
    assert!(yaml.contains("registered: true\n"), "{yaml}");
}

#[test]
fn several_files_stand_on_their_own() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.write("b.yaml", "name: b\n");
    sandbox.write("c.json", r#"{"metadata_version": "0.3.0", "uuid": "x"}"#);
    let ran = sandbox.fails(8, &["registry", "add", "b.yaml", "a.yaml", "nope.yaml"]);
    assert_eq!(
        ran.stdout.matches("registered: true").count(),
        1,
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stdout.matches("registered: false").count(),
        2,
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("MetadataValidationError: /uuid"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("FileNotFoundError: "), "{}", ran.stderr);
    let ran = sandbox.fails(8, &["registry", "add", "b.yaml", "a.yaml", "-o", "json"]);
    let files: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(files["files"][0]["registered"], false);
    assert_eq!(files["files"][0]["error"], "MetadataValidationError");
    assert_eq!(files["files"][0]["issues"][0]["kind"], "missing_field");
    assert_eq!(files["files"][1]["unchanged"], true);
    // None fine: the code of the first.
    sandbox.fails(3, &["registry", "add", "nope.yaml", "b.yaml"]);
    sandbox.fails(2, &["registry", "add", "b.yaml", "nope.yaml"]);
    sandbox.ok(&["registry", "add", "a.yaml", "a.yaml"]);
}

#[test]
fn a_folder_is_read_in_byte_order_without_hidden_files_and_links() {
    let sandbox = Sandbox::new();
    sandbox.write("d/b/z.yml", &document("z", "1.0.0", 1));
    sandbox.write("d/b.yaml", &document("b", "1.0.0", 2));
    sandbox.write("d/a.json", &sandbox_json("a", 3));
    sandbox.write("d/.hidden.yaml", "broken: [");
    sandbox.write("d/.git/x.yaml", "broken: [");
    sandbox.write("d/notes.md", "# no block here\n");
    sandbox.write(
        "d/tool.py",
        &format!(
            "# === OmniNode:Metadata ===\n{}# === /OmniNode:Metadata ===\nprint()\n",
            document("p", "1.0.0", 4)
                .lines()
                .map(|line| format!("# {line}\n"))
                .collect::<String>()
        ),
    );
    sandbox.write("d/readme.txt", "nothing");
    std::os::unix::fs::symlink(sandbox.path("d/b.yaml"), sandbox.path("d/link.yaml")).unwrap();
    let added = lines(&sandbox.ok(&["registry", "add", "d", "-o", "jsonl"]));
    let files: Vec<_> = added
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["d/a.json", "d/b.yaml", "d/b/z.yml", "d/tool.py"]);
    sandbox.write("empty/readme.txt", "nothing");
    sandbox.fails(1, &["registry", "add", "empty"]);
}

fn sandbox_json(name: &str, number: u32) -> String {
    json!({"metadata_version": "0.3.0", "uuid": format!("00000000-0000-4000-8000-{number:012x}"),
           "name": name, "version": "1.0.0", "meta_type": "tool"})
    .to_string()
}

#[test]
fn order_is_that_of_the_command_line_however_many_there_are() {
    let sandbox = Sandbox::new();
    let mut arguments = vec!["registry".to_owned(), "add".to_owned()];
    for number in (1..200).rev() {
        // Each needs the one before it, so order shows as a lack of warnings.
        let mut text = document(&format!("n{number}"), "1.0.0", number);
        if number < 199 {
            text.push_str(&format!("dependencies: [{{name: n{}}}]\n", number + 1));
        }
        sandbox.write(&format!("{number}.yaml"), &text);
        arguments.push(format!("{number}.yaml"));
    }
    arguments.extend(["-o".to_owned(), "jsonl".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let added = lines(&sandbox.ok(&arguments));
    assert_eq!(added.len(), 199);
    for (place, one) in added.iter().enumerate() {
        assert_eq!(one["revision"], 2 + place);
        assert_eq!(one["warnings"], json!([]), "{one}");
    }
}

#[test]
fn all_or_none_is_one_command() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.write("b.yaml", &document("b", "1.0.0", 2));
    sandbox.write("same.yaml", &document("a", "1.0.0", 3));
    sandbox.write("bad.yaml", "name: b\n");
    let ran = sandbox.fails(
        2,
        &["registry", "add", "a.yaml", "bad.yaml", "--all-or-none"],
    );
    assert_eq!(
        ran.stdout.matches("registered: false").count(),
        2,
        "{}",
        ran.stdout
    );
    assert!(!sandbox.path(".deedbook").exists());
    let refused = [
        "registry",
        "add",
        "a.yaml",
        "b.yaml",
        "same.yaml",
        "--all-or-none",
    ];
    let ran = sandbox.fails(4, &refused);
    assert!(ran.stderr.contains("same.yaml"), "{}", ran.stderr);
    sandbox.fails(3, &["registry", "get", "a"]);
    sandbox.ok(&[
        "registry",
        "add",
        "a.yaml",
        "b.yaml",
        "--all-or-none",
        "-m",
        "why",
        "--ticket",
        "T-1",
    ]);
    let log = sandbox.json(&["log", "-n", "1"]);
    assert_eq!(log["items"][0]["reason"], "why");
    assert_eq!(log["items"][0]["ticket"], "T-1");
    assert_eq!(
        (&log["items"][0]["first"], &log["items"][0]["last"]),
        (&json!(2), &json!(3))
    );
}

#[test]
fn a_dry_run_writes_nothing_and_sees_the_files_before() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.write(
        "b.yaml",
        &(document("b", "1.0.0", 2) + "dependencies: [{name: a}]\n"),
    );
    let tried = sandbox.json(&["registry", "add", "a.yaml", "b.yaml", "--dry-run"]);
    assert_eq!(tried["files"][1]["warnings"], json!([]));
    assert_eq!(tried["files"][1]["dryRun"], true);
    assert!(!sandbox.path(".deedbook").exists());
    sandbox.write("c.yaml", &document("a", "1.0.0", 3));
    sandbox.fails(8, &["registry", "add", "a.yaml", "c.yaml", "--dry-run"]);
    sandbox.fails(
        4,
        &[
            "registry",
            "add",
            "a.yaml",
            "c.yaml",
            "--dry-run",
            "--all-or-none",
        ],
    );
}

#[test]
fn stricter_rules_on_demand() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &(document("a", "1.0.0", 1) + "colour: red\n"));
    sandbox.write(
        "b.yaml",
        &(document("b", "1.0.0", 2) + "dependencies: [{name: nowhere}]\n"),
    );
    let ran = sandbox.fails(2, &["registry", "add", "a.yaml", "--strict"]);
    assert!(ran.stderr.contains("/colour"), "{}", ran.stderr);
    let ran = sandbox.run(&["registry", "add", "a.yaml"]);
    assert!(
        ran.status == 0 && ran.stderr.starts_with("warning: /colour"),
        "{ran:?}"
    );
    let ran = sandbox.run(&["registry", "add", "a.yaml", "--quiet"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    sandbox.run(&["registry", "add", "b.yaml", "--require-dependencies"]);
    sandbox.fails(3, &["registry", "get", "b"]);
    let added = sandbox.json(&["registry", "add", "b.yaml"]);
    assert_eq!(added["warnings"][0]["kind"], "missing_dependency");
}

#[test]
fn stdin_and_what_get_and_ls_printed_can_be_added() {
    let sandbox = Sandbox::with_samples();
    for form in ["json", "yaml", "jsonl"] {
        let got = sandbox.ok(&["registry", "get", "licence_scan", "-o", form]);
        let ran = sandbox.feed(&["registry", "add", "-"], &got);
        assert!(
            ran.status == 0 && ran.stdout.contains("unchanged: true"),
            "{form}: {ran:?}"
        );
    }
    for form in ["json", "yaml"] {
        let listed = sandbox.ok(&["registry", "ls", "-o", form]);
        sandbox.write("list.txt", &listed);
        let other = Sandbox::new();
        let ran = other.feed(&["registry", "add", "-", "-o", "json"], &listed);
        assert_eq!(ran.status, 0, "{ran:?}");
        let added: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(added["files"].as_array().unwrap().len(), 16);
        let hashes = |sandbox: &Sandbox| -> Vec<String> {
            lines(&sandbox.ok(&["registry", "ls", "-o", "jsonl"]))
                .iter()
                .map(|one| one["data"]["name"].to_string())
                .collect()
        };
        assert_eq!(hashes(&sandbox), hashes(&other));
    }
    sandbox.fails(64, &["registry", "add", "-", "-"]);
}

#[test]
fn a_used_uuid_asks_for_a_bump() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    sandbox.write(
        "a.yaml",
        &(document("a", "1.0.0", 1) + "description: changed\n"),
    );
    let ran = sandbox.fails(4, &["registry", "add", "a.yaml"]);
    assert!(
        ran.stderr.starts_with("RegistryConflictError: /uuid "),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("hint: `deedbook registry bump a.yaml minor`"),
        "{}",
        ran.stderr
    );
    let bumped = sandbox.ok(&["registry", "bump", "a.yaml", "minor"]);
    let ran = sandbox.feed(&["registry", "add", "-"], &bumped);
    assert!(ran.stdout.contains("version: 1.1.0\n"), "{ran:?}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let sandbox = Sandbox::new();
    for number in 1..=300 {
        sandbox.write(
            &format!("d/{number}.yaml"),
            &document(&format!("n{number}"), "1.0.0", number),
        );
    }
    let mut command = sandbox.command(&["registry", "add", "d", "-o", "jsonl", "--quiet"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let stats = sandbox.json(&["log", "stats"]);
    assert_eq!(stats["components"], 300);
}

#[test]
fn the_documents_of_one_list_stand_on_their_own() {
    let sandbox = Sandbox::new();
    let item = |name: &str, number| {
        let data: serde_json::Value = serde_json::from_str(&sandbox_json(name, number)).unwrap();
        json!({"kind": "component", "checksum": "", "data": data})
    };
    let items = [item("a b", 1), item("fine", 2), item("c d", 3)];
    sandbox.write("list.json", &json!({ "items": items }).to_string());
    let ran = sandbox.fails(8, &["registry", "add", "list.json"]);
    for place in ["list.json#/items/0", "list.json#/items/2"] {
        assert!(ran.stderr.contains(place), "{}", ran.stderr);
    }
    assert!(ran.stdout.contains("name: fine\n"), "{}", ran.stdout);
    let ran = sandbox.fails(8, &["registry", "add", "list.json", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let files = report["files"].as_array().unwrap().iter();
    let registered: Vec<_> = files.map(|file| &file["registered"]).collect();
    assert_eq!(registered, [false, true, false]);
}

#[test]
fn a_component_with_a_member_called_items_is_no_list() {
    let sandbox = Sandbox::new();
    let mut own = serde_json::from_str::<serde_json::Value>(&sandbox_json("own", 7)).unwrap();
    own["items"] = json!([]);
    sandbox.write("own.json", &own.to_string());
    assert_eq!(
        sandbox.json(&["registry", "add", "own.json"])["name"],
        "own"
    );
    assert_eq!(
        sandbox.json(&["registry", "get", "own"])["data"]["items"],
        json!([])
    );
}

#[test]
fn a_list_without_items_is_nothing_found() {
    let sandbox = Sandbox::new();
    sandbox.write("none.json", r#"{"items": [], "revision": 3}"#);
    for arguments in [
        &["registry", "add", "none.json"][..],
        &["registry", "add", "none.json", "-o", "json"],
        &["registry", "add", "none.json", "--all-or-none"],
        &["registry", "add", "none.json", "--dry-run"],
        &["validate", "metadata", "none.json"],
    ] {
        let ran = sandbox.fails(1, arguments);
        assert_eq!(
            (&*ran.stdout, &*ran.stderr),
            ("", "no documents found\n"),
            "{arguments:?}"
        );
    }
    assert!(!sandbox.path(".deedbook").exists());
}

/// Each item once cost a walk over the list and, in `validate`, a copy of it.
#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn a_long_list_is_read_in_one_pass() {
    let sandbox = Sandbox::new();
    let item = |number: u32| {
        let mut data: serde_json::Value =
            serde_json::from_str(&sandbox_json(&format!("n{number}"), number)).unwrap();
        data["description"] = "d".repeat(700).into();
        if number == 2000 {
            data["tags"] = json!(["no tag"]);
        }
        json!({"kind": "component", "checksum": "", "data": data})
    };
    let items: Vec<_> = (1..=2000).map(item).collect();
    let text = serde_json::to_string_pretty(&json!({ "items": items })).unwrap();
    sandbox.write("list.json", &text);
    let line = text
        .lines()
        .position(|line| line.contains("no tag"))
        .unwrap()
        + 1;
    for command in [["validate", "metadata"], ["registry", "add"]] {
        let begin = std::time::Instant::now();
        let arguments = [command[0], command[1], "list.json", "-q", "-o", "json"];
        let ran = sandbox.run(&arguments);
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let last = &report["files"][1999];
        assert_eq!(last["issues"][0]["line"], json!(line), "{last}");
    }
}

#[test]
fn a_pipe_is_read_by_its_name_and_skipped_in_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("d/a.yaml", &document("a", "1.0.0", 1));
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("d/pipe.yaml"))
        .status();
    assert!(made.unwrap().success());
    for command in [
        &["registry", "add", "d"][..],
        &["validate", "metadata", "d"],
    ] {
        let ran = sandbox.run(command);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(
            ran.stderr
                .contains("warning: d/pipe.yaml was skipped: it is no regular file"),
            "{ran:?}"
        );
    }
    let pipe = sandbox.path("d/pipe.yaml");
    let writer = std::thread::spawn(move || std::fs::write(pipe, document("b", "1.0.0", 2)));
    sandbox.ok(&["registry", "add", "d/pipe.yaml"]);
    writer.join().unwrap().unwrap();
    let ran = sandbox.feed(
        &["registry", "add", "/dev/stdin"],
        &document("c", "1.0.0", 3),
    );
    assert_eq!(ran.status, 0, "{ran:?}");
}
