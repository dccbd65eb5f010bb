//! Commands of the whole book: log, why, watch, audit, snapshot, backup, restore, doctor.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, document, lines};

fn with_history() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, number) in [("a", 1), ("b", 2)] {
        sandbox.write("c.yaml", &document(name, "1.0.0", number));
        sandbox.ok(&["registry", "add", "c.yaml", "--actor", "ada"]);
    }
    sandbox.write("p.json", r#"{"description": "One.", "entrypoint": "a.py"}"#);
    sandbox.ok(&[
        "registry", "update", "a", "--patch", "p.json", "-m", "say it", "--ticket", "T-1",
        "--actor", "ben",
    ]);
    sandbox
}

#[test]
fn log_lists_the_newest_first_and_cat_the_oldest() {
    let sandbox = with_history();
    let log = sandbox.json(&["log"]);
    let revisions: Vec<u64> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, [4, 3, 2, 1]);
    assert_eq!(log["items"][0].get("record"), None);
    assert_eq!(
        sandbox.json(&["log", "--since", "2", "--by", "ada"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        sandbox.json(&["log", "--since", "-1h", "--kind", "book"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let human = sandbox.ok(&["log", "-n", "1"]);
    assert!(
        human.contains("ben") && human.contains("say it (T-1)"),
        "{human}"
    );
    let cat = lines(&sandbox.ok(&["log", "cat"]));
    assert_eq!(cat.len(), 4);
    assert_eq!(cat[1]["record"]["data"]["name"], "a");
    assert_eq!(
        lines(&sandbox.ok(&["log", "cat", "--since", "1", "-n", "2"])).len(),
        2
    );
    sandbox.fails(64, &["log", "cat", "-o", "json"]);
    sandbox.fails(64, &["log", "--since", "soon"]);
}

#[test]
fn why_names_the_change_that_set_a_field() {
    let sandbox = with_history();
    let why = sandbox.json(&["why", "a/description"]);
    assert_eq!(
        why,
        json!({"kind": "component", "key": "00000000-0000-4000-8000-000000000001",
               "pointer": "/description", "revision": 4, "time": why["time"], "verb": "updated",
               "actor": "ben", "reason": "say it", "ticket": "T-1", "before": null, "after": "One."})
    );
    assert_eq!(
        sandbox.json(&["why", "a/entrypoint/target"])["after"],
        "a.py"
    );
    assert_eq!(sandbox.json(&["why", "a/name"])["actor"], "ada");
    assert_eq!(sandbox.json(&["why", "a"])["revision"], 4);
    let human = sandbox.ok(&["why", "a@1.0.0/description"]);
    assert!(
        human.contains("ticket:   T-1\n") && human.contains("before:   (absent)\n"),
        "{human}"
    );
    sandbox.fails(3, &["why", "a/never"]);
    sandbox.fails(3, &["why", "nothing/name"]);
}

#[test]
fn watch_tells_history_and_ends_when_asked() {
    let sandbox = with_history();
    let seen = lines(&sandbox.ok(&["watch", "--after", "0", "--once", "-o", "jsonl"]));
    assert_eq!(seen.len(), 4);
    assert_eq!(
        (&seen[3]["event"], &seen[3]["verb"]),
        (&json!("change"), &json!("updated"))
    );
    let seen = lines(&sandbox.ok(&[
        "registry", "watch", "--after", "1", "-n", "2", "-o", "jsonl",
    ]));
    assert_eq!(seen.len(), 2);
    assert_eq!(
        sandbox
            .ok(&["watch", "--after", "0", "--once", "--by", "ben"])
            .lines()
            .count(),
        1
    );
    assert_eq!(sandbox.ok(&["watch", "--once"]), "");
    sandbox.fails(64, &["watch", "--after", "x"]);
    let position = format!("2-{}", "0".repeat(8));
    let foreign = lines(&sandbox.ok(&["watch", "--after", &position, "--once", "-o", "jsonl"]));
    assert_eq!(foreign[0]["event"], "resync");
}

#[test]
fn watch_sees_what_other_processes_write() {
    let sandbox = with_history();
    let mut command = sandbox.command(&[
        "registry", "watch", "-n", "1", "--after", "4", "-o", "jsonl",
    ]);
    let watcher = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    sandbox.write("c.yaml", &document("c", "1.0.0", 3));
    sandbox.ok(&["registry", "add", "c.yaml"]);
    let out = watcher.wait_with_output().unwrap();
    let seen = lines(&String::from_utf8(out.stdout).unwrap());
    assert_eq!(seen[0]["record"]["data"]["name"], "c");
}

#[test]
fn audit_proves_the_past_or_names_what_is_broken() {
    let sandbox = with_history();
    let anchor = sandbox.ok(&["audit", "head", "-o", "json"]);
    let anchor = sandbox.write("anchor.json", &anchor);
    sandbox.write("c.yaml", &document("c", "1.0.0", 3));
    sandbox.ok(&["registry", "add", "c.yaml"]);
    let verified = sandbox.json(&["audit", "verify", "--anchor", anchor.to_str().unwrap()]);
    assert_eq!(
        (&verified["ok"], &verified["revision"], &verified["broken"]),
        (&json!(true), &json!(5), &Value::Null)
    );
    assert!(sandbox.ok(&["audit", "verify"]).starts_with("ok: true\n"));
    let mut other: Value =
        serde_json::from_str(&std::fs::read_to_string(&anchor).unwrap()).unwrap();
    other["chain"] = json!("0".repeat(64));
    sandbox.write("other.json", &other.to_string());
    sandbox.fails(7, &["audit", "verify", "--anchor", "other.json"]);
    sandbox.fails(2, &["audit", "verify", "--anchor", "c.yaml"]);
    sandbox.fails(3, &["audit", "verify", "--anchor", "nope.json"]);
    // A broken head file: nothing is read, and there is a way out.
    std::fs::write(sandbox.path(".deedbook/log.head"), [7; 512]).unwrap();
    let ran = sandbox.fails(7, &["audit", "verify", "-o", "json"]);
    let verified: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(verified["ok"], false);
    assert!(verified["broken"]["file"].is_string(), "{verified}");
    let ran = sandbox.fails(7, &["registry", "ls"]);
    assert!(ran.stderr.starts_with("IntegrityError: "), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("deedbook doctor --accept-head"),
        "{}",
        ran.stderr
    );
    sandbox.fails(7, &["doctor"]);
    sandbox.ok(&["doctor", "--accept-head", "--yes"]);
    sandbox.ok(&["audit", "verify", "--anchor", anchor.to_str().unwrap()]);
}

#[test]
fn a_hint_names_the_book_that_the_command_named() {
    let sandbox = Sandbox::new();
    sandbox.write("c.yaml", &document("a", "1.0.0", 1));
    let data = ["--data", "my book"];
    sandbox.ok(&[&["registry", "add", "c.yaml"], &data[..]].concat());
    std::fs::write(sandbox.path("my book/log.head"), [7; 512]).unwrap();
    let way_out = "deedbook doctor --accept-head --data 'my book'";
    let hint = |arguments: &[&str]| {
        let ran = sandbox.fails(7, &[arguments, &data[..]].concat());
        ran.stdout + &ran.stderr
    };
    assert!(hint(&["registry", "ls"]).contains(&format!("`{way_out}`")));
    assert!(hint(&["registry", "ls", "-o", "json"]).contains(way_out));
    assert!(hint(&["doctor"]).contains(way_out));
    let pasted = std::process::Command::new("sh")
        .arg("-c")
        .arg(way_out.replace("deedbook", env!("CARGO_BIN_EXE_deedbook")) + " --yes")
        .current_dir(sandbox.path(""))
        .status();
    assert!(pasted.unwrap().success());
    sandbox.ok(&[&["registry", "get", "a"], &data[..]].concat());
}

#[test]
fn snapshots_and_compaction_move_the_floor() {
    let sandbox = with_history();
    assert_eq!(sandbox.json(&["snapshot"]), json!({"snapshot": 4}));
    sandbox.write("c.yaml", &document("c", "1.0.0", 3));
    sandbox.ok(&["registry", "add", "c.yaml"]);
    assert_eq!(
        sandbox.json(&["log", "compact", "--before", "4"]),
        json!({"floor": 4})
    );
    sandbox.fails(9, &["registry", "ls", "--at", "3"]);
    sandbox.ok(&["registry", "ls", "--at", "4"]);
    sandbox.fails(9, &["log", "cat", "--since", "1"]);
    assert_eq!(lines(&sandbox.ok(&["log", "cat"])).len(), 1);
    assert!(sandbox.ok(&["log", "stats"]).contains("floor:      4\n"));
    sandbox.fails(2, &["log", "compact", "--before", "99"]);
    sandbox.ok(&["audit", "verify"]);
}

#[test]
fn a_floor_that_is_lower_than_asked_for_says_why() {
    let sandbox = with_history();
    for number in 5..9 {
        let text = document(&format!("c{number}"), "1.0.0", number);
        sandbox.write(&format!("d/{number}.yaml"), &text);
    }
    sandbox.ok(&["registry", "add", "--all-or-none", "d"]);
    let ran = sandbox.run(&["log", "compact", "--before", "4"]);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("floor: 4\n", "")
    );
    let ran = sandbox.run(&["log", "compact", "--before", "6"]);
    assert_eq!(ran.stdout, "floor: 4\n");
    assert!(
        ran.stderr.starts_with("the floor is 4, not 6: ")
            && ran.stderr.contains("from revision 5 on"),
        "{ran:?}"
    );
}

#[test]
fn a_backup_restores_to_a_book_with_a_lineage_of_its_own() {
    let sandbox = with_history();
    let head = sandbox.json(&["audit", "head"]);
    sandbox.ok(&["backup", "b.deedbook"]);
    sandbox.fails(4, &["backup", "b.deedbook"]);
    let restored = sandbox.json(&["restore", "b.deedbook", "--data", "r"]);
    assert_eq!(restored["revision"], 5);
    assert_ne!(restored["lineage"], head["lineage"]);
    sandbox.write("anchor.json", &head.to_string());
    sandbox.ok(&["audit", "verify", "--data", "r", "--anchor", "anchor.json"]);
    sandbox.fails(4, &["restore", "b.deedbook", "--data", "r"]);
    sandbox.fails(4, &["restore", "b.deedbook"]);
    sandbox.fails(3, &["restore", "nope", "--data", "s"]);
    sandbox.write("full/of.txt", "other things");
    for taken in ["full", "full/of.txt"] {
        let ran = sandbox.fails(4, &["restore", "b.deedbook", "--data", taken]);
        let told = format!("FileExistsError: {taken} isn't an empty folder");
        assert!(ran.stderr.starts_with(&told), "{ran:?}");
    }
    for folder in ["empty", "linked-to", "here"] {
        std::fs::create_dir(sandbox.path(folder)).unwrap();
    }
    sandbox.ok(&["restore", "b.deedbook", "--data", "empty"]);
    let link = |to, from| std::os::unix::fs::symlink(to, sandbox.path(from)).unwrap();
    link("nowhere", "dangling");
    sandbox.fails(4, &["restore", "b.deedbook", "--data", "dangling"]);
    link("linked-to", "link");
    sandbox.ok(&["restore", "b.deedbook", "--data", "link"]);
    sandbox.ok(&["registry", "get", "a", "--data", "linked-to"]);
    let inode = |folder| {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(sandbox.path(folder)).unwrap().ino()
    };
    let before = inode("here");
    let here = std::process::Command::new(env!("CARGO_BIN_EXE_deedbook"))
        .args(["restore", "../b.deedbook", "--data", "."])
        .current_dir(sandbox.path("here"))
        .status();
    assert!(here.unwrap().success());
    sandbox.ok(&["registry", "get", "a", "--data", "here"]);
    // Whoever stands in the folder still does, and nothing else was left in it.
    assert_eq!(inode("here"), before);
    let left = std::fs::read_dir(sandbox.path("here")).unwrap();
    let hidden = |name: String| name.starts_with(".restoring");
    assert!(
        !left
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .any(hidden)
    );
    sandbox.fails(4, &["restore", "b.deedbook", "--data", "nothere/.."]);
    assert!(!sandbox.path("nothere").exists());
    sandbox.write("broken", "not a backup");
    sandbox.fails(7, &["restore", "broken", "--data", "s"]);
    assert!(!sandbox.path("s").exists());
    let streamed = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{0} backup - | {0} restore - --data piped",
            env!("CARGO_BIN_EXE_deedbook")
        ))
        .current_dir(sandbox.path(""))
        .status()
        .unwrap();
    assert!(streamed.success());
    sandbox.ok(&["registry", "get", "a", "--data", "piped"]);
}

#[test]
fn doctor_looks_at_everything() {
    let sandbox = with_history();
    let found = sandbox.json(&["doctor"]);
    assert_eq!(found["ok"], true, "{found}");
    let checks: Vec<&str> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["check"].as_str().unwrap())
        .collect();
    for check in [
        "folder",
        "permissions",
        "space",
        "head",
        "head file",
        "formats",
        "snapshot",
        "projection",
    ] {
        assert!(checks.contains(&check), "{check}");
    }
    sandbox.fails(64, &["doctor", "--yes"]);
}

#[test]
fn a_second_writer_waits_and_is_told_who_writes() {
    let sandbox = with_history();
    // The lock that another process would hold.
    let lock = std::fs::OpenOptions::new()
        .write(true)
        .open(sandbox.path(".deedbook/writer.lock"))
        .unwrap();
    lock.lock().unwrap();
    let mut command = sandbox.command(&["registry", "rm", "b", "-m", "x"]);
    command.env("DEEDBOOK_WAIT_SECONDS", "0");
    let ran = crate::sandbox::ran(command);
    assert_eq!(ran.status, 6, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("RegistryUnavailableError: another process writes"),
        "{ran:?}"
    );
    sandbox.ok(&["registry", "ls"]);
    lock.unlock().unwrap();
    sandbox.ok(&["registry", "rm", "b", "-m", "x"]);
}
