//! Exit codes and error shapes.

use crate::sandbox::{Sandbox, document};

#[test]
fn usage_errors_end_with_64() {
    let sandbox = Sandbox::new();
    for arguments in [
        &[][..],
        &["nonsense"],
        &["registry"],
        &["registry", "nonsense"],
        &["registry", "add"],
        &["registry", "ls", "--nonsense"],
        &["registry", "ls", "-o", "nonsense"],
        &["registry", "update", "a"],
        &["registry", "get"],
        &["log", "compact"],
        &["completions", "nonsense"],
        &["explain", "a", "b"],
        &["--color", "nonsense", "doctor"],
        &["registry", "ls", "--verbose", "--quiet"],
        &["man", "-o", "yaml"],
    ] {
        let ran = sandbox.fails(64, arguments);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(
            ran.stderr.starts_with("UsageError: "),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    let ran = sandbox.fails(64, &["registry", "ls", "--nonsense", "-o", "json"]);
    assert_eq!(ran.error()["error"], "UsageError");
}

#[test]
fn usage_says_what_was_typed() {
    let sandbox = Sandbox::new();
    for (typed, other) in [("registry", "component"), ("component", "registry")] {
        for arguments in [
            &[typed][..],
            &[typed, "ls", "--nonsense"],
            &["-o", "human", typed, "add"],
            &[typed, "nonsense"],
        ] {
            let ran = sandbox.fails(64, arguments);
            let usage = format!("Usage: deedbook {typed} ");
            assert!(ran.stderr.contains(&usage), "{arguments:?}: {ran:?}");
            let foreign = format!("deedbook {other}");
            assert!(!ran.stderr.contains(&foreign), "{arguments:?}: {ran:?}");
        }
        let help = sandbox.ok(&[typed, "--help"]);
        assert!(
            help.contains(&format!("Usage: deedbook {typed} ")),
            "{help}"
        );
    }
}

#[test]
fn help_and_version_are_results() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["registry", "--help"],
        &["help", "registry", "add"],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.stdout.contains("Usage:"), "{arguments:?}");
    }
    assert!(
        sandbox
            .ok(&["registry", "add", "--help"])
            .contains("Examples:")
    );
    assert!(sandbox.ok(&["--version"]).starts_with("deedbook "));
}

#[test]
fn reading_makes_no_book() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["registry", "ls"][..],
        &["registry", "get", "a"],
        &["log"],
        &["log", "cat"],
        &["audit", "verify"],
        &["audit", "head"],
        &["doctor"],
        &["backup", "b"],
        &["watch", "--once"],
        &["diff", "1"],
        &["why", "a"],
    ] {
        let ran = sandbox.fails(3, arguments);
        assert!(
            ran.stderr.starts_with("BookNotFoundError: "),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains(
                "hint: `deedbook registry add FILE` or `deedbook mesh import FILE` makes one"
            ),
            "{}",
            ran.stderr
        );
        sandbox.fails(3, &[arguments, &["--data", "elsewhere"]].concat());
    }
    let left: Vec<_> = std::fs::read_dir(sandbox.path("")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn one_json_object_on_stderr() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "bad.yaml",
        "metadata_version: \"0.3.0\"\nuuid: x\nversion: 1\n",
    );
    let ran = sandbox.fails(2, &["registry", "add", "bad.yaml", "-o", "json"]);
    assert_eq!(ran.stdout, "");
    let error = ran.error();
    assert_eq!(error["error"], "MetadataValidationError");
    let issues = error["issues"].as_array().unwrap();
    assert_eq!(issues.len(), 4, "{error}");
    assert_eq!(
        (issues[0]["pointer"].as_str(), issues[0]["line"].as_u64()),
        (Some("/uuid"), Some(2))
    );
    let error = sandbox
        .fails(3, &["registry", "add", "nope.yaml", "-o", "json"])
        .error();
    assert_eq!(
        (error["error"].as_str(), error["issues"][0]["code"].as_str()),
        (Some("FileNotFoundError"), Some("FS001"))
    );
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    let error = sandbox
        .fails(3, &["registry", "get", "b", "--format", "json"])
        .error();
    assert_eq!(error["error"], "ComponentNotFoundError");
}

#[test]
fn configuration_has_an_order_and_no_unknown_keys() {
    let sandbox = Sandbox::new();
    let value = |sandbox: &Sandbox, key: &str, flags: &[&str]| {
        let shown = sandbox.json(&[&["config", "show"], flags].concat());
        let items = shown["items"].as_array().unwrap().clone();
        let entry = items.into_iter().find(|entry| entry["key"] == key).unwrap();
        (
            entry["value"].as_str().unwrap().to_owned(),
            entry["source"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        value(&sandbox, "wait_seconds", &[]),
        ("5".to_owned(), "default".to_owned())
    );
    sandbox.write(
        "deedbook.toml",
        "# ours\ndata = \"books/one\"\nactor = \"robot\"\n",
    );
    let (data, source) = value(&sandbox, "data", &[]);
    assert!(
        data.ends_with("books/one") && source.ends_with("deedbook.toml:2"),
        "{data} {source}"
    );
    assert_eq!(
        value(&sandbox, "data", &["--data", "two"]),
        ("two".to_owned(), "--data".to_owned())
    );
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    assert!(sandbox.path("books/one/log.sqlite").exists());
    assert_eq!(
        sandbox.json(&["log", "-n", "1"])["items"][0]["actor"],
        "robot"
    );
    let mut command = sandbox.command(&["log", "-n", "1"]);
    command.env("DEEDBOOK_OUTPUT", "jsonl");
    assert!(crate::sandbox::ran(command).stdout.starts_with('{'));
    let mut command = sandbox.command(&["registry", "ls"]);
    command.env("DEEDBOOK_COLOR", "purple");
    assert_eq!(crate::sandbox::ran(command).status, 2);
    for (text, line) in [
        ("data = \"x\"\ncolour = \"never\"\n", 2),
        ("data = 7\n", 1),
        ("output = \"dot\"\n", 1),
        ("x", 1),
    ] {
        sandbox.write("deedbook.toml", text);
        let ran = sandbox.fails(2, &["config", "show"]);
        assert!(
            ran.stderr.starts_with("ConfigurationError: "),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains(&format!("deedbook.toml:{line}:")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn every_variable_is_taken_and_an_unknown_one_refused() {
    let sandbox = Sandbox::new();
    let with = |name: &str, value: &str| {
        let mut command = sandbox.command(&["config", "show"]);
        command.env(name, value);
        crate::sandbox::ran(command)
    };
    for (name, value) in [
        ("DEEDBOOK_DATA", "books"),
        ("DEEDBOOK_OUTPUT", "json"),
        ("DEEDBOOK_COLOR", "never"),
        ("DEEDBOOK_ACTOR", "ada"),
        ("DEEDBOOK_WAIT_SECONDS", "1"),
        ("DEEDBOOK_PROJECTION", "false"),
    ] {
        let ran = with(name, value);
        assert!(ran.status == 0 && ran.stdout.contains(name), "{ran:?}");
    }
    let ran = with("DEEDBOOK_COLOUR", "never");
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .starts_with("ConfigurationError: the variable DEEDBOOK_COLOUR is unknown"),
        "{ran:?}"
    );
    assert_eq!(with("DEEDBOOK_COLOUR", "").status, 0);
    // What stands in every container beside a service of this name.
    for name in [
        "DEEDBOOK_SERVICE_HOST",
        "DEEDBOOK_SERVICE_PORT",
        "DEEDBOOK_SERVICE_PORT_HTTP",
        "DEEDBOOK_PORT",
        "DEEDBOOK_PORT_8080_TCP_ADDR",
        "DEEDBOOK_WEB_SERVICE_HOST",
        "DEEDBOOK_NAME",
        "DEEDBOOK_ENV_PATH",
    ] {
        assert_eq!(with(name, "tcp://10.0.0.1:8080").status, 0, "{name}");
    }
    assert_eq!(with("DEEDBOOK_PORTS", "1").status, 2);
}

#[test]
fn the_book_of_a_parent_is_found() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    std::fs::create_dir_all(sandbox.path("x/y")).unwrap();
    let mut command = sandbox.command(&["registry", "get", "a"]);
    command.current_dir(sandbox.path("x/y"));
    assert_eq!(crate::sandbox::ran(command).status, 0);
    // Whoever writes to it is told.
    let mut command = sandbox.command(&["registry", "deprecate", "a", "-m", "old"]);
    command.current_dir(sandbox.path("x/y"));
    let ran = crate::sandbox::ran(command);
    assert!(
        ran.stderr.contains("hint: this went to the book in "),
        "{ran:?}"
    );
    let ran = sandbox.run(&["registry", "archive", "a", "-m", "older"]);
    assert!(!ran.stderr.contains("hint: "), "{ran:?}");
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    let sandbox = Sandbox::with_samples();
    assert!(!sandbox.ok(&["registry", "ls"]).contains('\u{1b}'));
    assert!(
        sandbox
            .ok(&["registry", "ls", "--color", "always"])
            .contains('\u{1b}')
    );
    assert!(
        !sandbox
            .ok(&[
                "registry", "get", "doc_gate", "-o", "json", "--color", "always"
            ])
            .contains('\u{1b}')
    );
}

#[test]
fn a_document_gives_the_terminal_no_orders() {
    const ORDERS: [&str; 5] = ["\u{202e}", "\u{2067}", "\u{9b}31m", "\u{1b}]0;x\u{7}", "\r"];
    let sandbox = Sandbox::new();
    let evil = ORDERS.concat();
    let of = |name: &str, more: serde_json::Value| {
        let mut document = serde_json::json!({
            "metadata_version": "0.3.0", "uuid": "00000000-0000-4000-8000-000000000001",
            "name": name, "version": "1.0.0", "meta_type": "tool",
            "description": evil, "author": evil, "x_extensions": {evil.as_str(): evil},
            "dependencies": [format!("lib{evil}>=1")],
        });
        let members = document.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        sandbox.write("a.json", &document.to_string());
    };
    let shown = |arguments: &[&str]| {
        for color in ["always", "never"] {
            let ran = sandbox.run(&[arguments, &["--color", color]].concat());
            let text = ran.stdout + &ran.stderr;
            let orders = text
                .chars()
                .filter(|c| ORDERS.iter().any(|order| order.starts_with(*c)));
            // Colours of ours begin so too.
            let orders: String = orders.filter(|c| *c != '\u{1b}').collect();
            assert_eq!(orders, "", "{arguments:?}: {text:?}");
            assert!(!text.contains("\u{1b}]"), "{arguments:?}: {text:?}");
        }
    };
    of(
        &evil,
        serde_json::json!({evil.as_str(): 1, "lifecycle": evil}),
    );
    shown(&["validate", "metadata", "a.json"]);
    shown(&["registry", "add", "a.json"]);
    of("a", serde_json::json!({evil.as_str(): 1}));
    shown(&["validate", "metadata", "a.json"]);
    shown(&["registry", "add", "a.json", "-m", &evil, "--actor", &evil]);
    shown(&["registry", "deprecate", "a", "-m", &evil, "--actor", &evil]);
    for arguments in [
        &["registry", "get", "a"][..],
        &["registry", "ls"],
        &["registry", "graph", "a"],
        &["registry", "history", "a"],
        &["log"],
        &["watch", "--after", "0", "--once"],
        &["why", "a/description"],
        &["why", "a"],
        &["why", "a/deprecated_reason"],
        &["diff", "0"],
        &["diff", "2"],
    ] {
        let ran = sandbox.run(arguments);
        assert!([0, 1].contains(&ran.status), "{ran:?}");
        shown(arguments);
    }
}
