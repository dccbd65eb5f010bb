//! `kill -9` while the program writes: what it acknowledged is there, and no command is there by
//! half. `DEEDTEST_KILLS=50` kills each way so often instead of 4 times.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::sandbox::{Sandbox, document};

/// Documents of one folder, enough that adding it takes a while.
const DOCUMENTS: u32 = 400;

fn kills() -> u32 {
    let wanted = std::env::var("DEEDTEST_KILLS").ok();
    wanted.map_or(4, |wanted| wanted.parse().unwrap())
}

/// A number below `limit` that differs from run to run.
fn some_number(limit: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish() % limit
}

/// Runs the command, kills it some time after it printed its first line (or right away), and
/// returns the whole lines that it printed.
fn killed(mut command: Command, after: Duration) -> Vec<String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = read_in_background(child.stdout.take().unwrap());
    let mut printed: Vec<String> = lines
        .recv_timeout(Duration::from_secs(60))
        .into_iter()
        .collect();
    // The killing moment: nothing waits for anything here but for the time itself.
    while let Ok(line) = lines.recv_timeout(after) {
        printed.push(line);
        if some_number(u64::from(DOCUMENTS)) == 0 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    printed.extend(lines.iter());
    printed
}

fn read_in_background(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        // A line that was cut by the kill acknowledges nothing.
        while reader.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn folder_of_documents(sandbox: &Sandbox, folder: &str, from: u32) {
    for number in from..from + DOCUMENTS {
        let text = document(&format!("part_{number}"), "1.0.0", number);
        sandbox.write(&format!("{folder}/{number:06}.yaml"), &text);
    }
}

fn names_in_the_book(sandbox: &Sandbox) -> BTreeSet<String> {
    let listed = sandbox.ok(&["registry", "ls", "--all", "-o", "jsonl"]);
    let name = |line: &str| {
        let envelope: Value = serde_json::from_str(line).unwrap();
        envelope["data"]["name"].as_str().unwrap().to_owned()
    };
    listed.lines().map(name).collect()
}

fn assert_sound(sandbox: &Sandbox, acknowledged: &BTreeSet<String>) {
    let verified = sandbox.json(&["audit", "verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
    let there = names_in_the_book(sandbox);
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
}

#[test]
fn a_killed_add_of_a_folder_lost_nothing_it_acknowledged() {
    let sandbox = Sandbox::new();
    let mut acknowledged = BTreeSet::new();
    for round in 0..kills() {
        let folder = format!("round_{round}");
        folder_of_documents(&sandbox, &folder, round * DOCUMENTS + 1);
        let command = sandbox.command(&["registry", "add", &folder, "-o", "jsonl"]);
        for line in killed(command, Duration::from_micros(200 + some_number(2000))) {
            let result: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(result["registered"], true, "{result}");
            acknowledged.insert(result["name"].as_str().unwrap().to_owned());
        }
        assert_sound(&sandbox, &acknowledged);
    }
    assert!(!acknowledged.is_empty());
}

#[test]
fn a_killed_add_as_one_command_is_there_wholly_or_not_at_all() {
    let sandbox = Sandbox::new();
    sandbox.write("first.yaml", &document("first", "1.0.0", 999_999));
    sandbox.ok(&["registry", "add", "first.yaml", "--quiet"]);
    let mut before = names_in_the_book(&sandbox).len();
    for round in 0..kills() {
        let folder = format!("round_{round}");
        folder_of_documents(&sandbox, &folder, round * DOCUMENTS + 1);
        let arguments = ["registry", "add", &folder, "--all-or-none", "-o", "jsonl"];
        let mut command = sandbox.command(&arguments);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed at whatever moment the scheduler comes back: while it reads, decides or appends.
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(some_number(400)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_sound(&sandbox, &BTreeSet::new());
        let after = names_in_the_book(&sandbox).len();
        let added = after - before;
        assert!(
            added == 0 || added == DOCUMENTS as usize,
            "{added} of {DOCUMENTS}"
        );
        before = after;
    }
}

#[test]
fn killed_adds_of_single_files_lost_nothing_they_acknowledged() {
    let sandbox = Sandbox::new();
    let mut acknowledged = BTreeSet::new();
    for round in 1..=kills() * 2 {
        let name = format!("single_{round}");
        sandbox.write("one.yaml", &document(&name, "1.0.0", round));
        let command = sandbox.command(&["registry", "add", "one.yaml", "-o", "jsonl"]);
        let printed = killed(command, Duration::from_micros(some_number(500)));
        if !printed.is_empty() {
            acknowledged.insert(name);
        }
        assert_sound(&sandbox, &acknowledged);
    }
}
