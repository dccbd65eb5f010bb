//! Writes to one component: update, deprecate, archive, rm; new and bump.

use serde_json::json;

use crate::sandbox::{Sandbox, document};

fn with_one() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    sandbox
}

#[test]
fn update_merges_a_patch() {
    let sandbox = with_one();
    let ran = sandbox.feed(
        &[
            "registry", "update", "a", "--patch", "-", "-m", "told so", "-o", "json",
        ],
        r#"{"description": "Does a.", "tags": ["x"]}"#,
    );
    let updated: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&updated["registered"], &updated["revision"]),
        (&json!(true), &json!(3))
    );
    let got = sandbox.json(&["registry", "get", "a"]);
    assert_eq!(
        (&got["generation"], &got["data"]["tags"]),
        (&json!(2), &json!(["x"]))
    );
    sandbox.write("p.yaml", "description: null\n");
    sandbox.ok(&[
        "registry",
        "set",
        "a@1.0.0",
        "--patch",
        "p.yaml",
        "--if-generation",
        "2",
    ]);
    let got = sandbox.json(&["registry", "get", "a"]);
    assert_eq!(got["data"].get("description"), None);
    let ran = sandbox.fails(
        4,
        &[
            "registry",
            "update",
            "a",
            "--patch",
            "p.yaml",
            "--if-version",
            "2",
        ],
    );
    assert!(
        ran.stderr.starts_with("RegistryConflictError: "),
        "{}",
        ran.stderr
    );
    let ran = sandbox.feed(
        &["registry", "update", "a", "--patch", "-"],
        r#"{"name": "b"}"#,
    );
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.starts_with("MetadataValidationError: /name "),
        "{}",
        ran.stderr
    );
    sandbox.fails(3, &["registry", "update", "a", "--patch", "nope.json"]);
    sandbox.write("inf.yaml", "trust_score: .inf\n");
    sandbox.fails(2, &["registry", "update", "a", "--patch", "inf.yaml"]);
    sandbox.write(
        "spec.yaml",
        "dependencies: [{name: z, version_spec: 1.10}]\n",
    );
    sandbox.ok(&["registry", "update", "a", "--patch", "spec.yaml"]);
    let got = sandbox.json(&["registry", "get", "a"]);
    assert_eq!(got["data"]["dependencies"][0]["version_spec"], "1.10");
    let ran = sandbox.feed(
        &["registry", "update", "a", "--patch", "-", "--dry-run"],
        r#"{"owner": "x"}"#,
    );
    assert!(
        ran.status == 0 && ran.stdout.contains("dry_run: true"),
        "{ran:?}"
    );
    assert_eq!(
        sandbox.json(&["registry", "get", "a"])["data"].get("owner"),
        None
    );
}

#[test]
fn the_last_states_demand_a_reason() {
    let sandbox = with_one();
    for verb in ["deprecate", "archive", "rm"] {
        sandbox.fails(64, &["registry", verb, "a"]);
    }
    sandbox.ok(&[
        "registry",
        "deprecate",
        "a",
        "-m",
        "old",
        "--replaced-by",
        "b@^1",
        "--ticket",
        "T-7",
    ]);
    let got = sandbox.json(&["registry", "get", "a"]);
    assert_eq!(got["data"]["deprecated_reason"], "old");
    assert_eq!(got["data"]["deprecated_by"], "b@^1");
    let ran = sandbox.run(&["registry", "get", "a"]);
    assert!(
        ran.stderr
            .starts_with("warning: a@1.0.0 is deprecated: old (use b@^1)"),
        "{ran:?}"
    );
    sandbox.ok(&["registry", "archive", "a", "-m", "gone"]);
    sandbox.fails(3, &["registry", "get", "a"]);
    let got = sandbox.json(&["registry", "get", "a@1.0.0"]);
    assert_eq!(got["data"]["archived_reason"], "gone");
    let log = sandbox.json(&["registry", "history", "a@1.0.0"]);
    let verbs: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verb"].clone())
        .collect();
    assert_eq!(verbs, ["archived", "deprecated", "registered"]);
    assert_eq!(log["items"][1]["ticket"], "T-7");
}

#[test]
fn a_removed_uuid_never_returns() {
    let sandbox = with_one();
    let uuid = "00000000-0000-4000-8000-000000000001";
    let removed = sandbox.json(&["registry", "rm", "a", "-m", "never used"]);
    assert_eq!(
        (&removed["registered"], &removed["name"]),
        (&json!(false), &json!("a"))
    );
    sandbox.fails(3, &["registry", "get", "a"]);
    sandbox.fails(3, &["registry", "rm", uuid, "-m", "again"]);
    sandbox.fails(4, &["registry", "add", "a.yaml"]);
    sandbox.write("b.yaml", &document("a", "1.0.0", 2));
    sandbox.ok(&["registry", "add", "b.yaml"]);
    let history = sandbox.json(&["registry", "history", uuid]);
    assert_eq!(history["items"][0]["verb"], "removed");
}

#[test]
fn changing_what_is_nowhere_makes_no_book() {
    let sandbox = Sandbox::new();
    sandbox.fails(3, &["registry", "rm", "a", "-m", "b"]);
    sandbox.fails(3, &["log", "compact", "--before", "1"]);
    sandbox.fails(3, &["snapshot"]);
    assert!(!sandbox.path(".deedbook").exists());
}

#[test]
fn new_and_bumped_documents_pass_at_once() {
    let sandbox = Sandbox::new();
    for form in ["human", "yaml", "json"] {
        let new = sandbox.ok(&["registry", "new", "validator", "fresh", "-o", form]);
        let ran = sandbox.feed(&["validate", "metadata", "-"], &new);
        assert_eq!(
            (ran.status, ran.stderr.as_str()),
            (0, ""),
            "{form}: {ran:?}"
        );
    }
    let ran = sandbox.fails(2, &["registry", "new", "validator", "not a name"]);
    assert!(
        ran.stderr.starts_with("MetadataValidationError: /name "),
        "{}",
        ran.stderr
    );
    sandbox.fails(64, &["registry", "new", "nonsense", "a"]);
    for file in std::fs::read_dir(crate::sandbox::samples().join("valid")).unwrap() {
        let file = file.unwrap().path();
        let bumped = sandbox.ok(&["registry", "bump", file.to_str().unwrap(), "major"]);
        let ran = sandbox.feed(&["validate", "metadata", "-", "-o", "json"], &bumped);
        assert_eq!(ran.status, 0, "{}: {ran:?}", file.display());
        for gone in ["\nhash:", "\ncreated_at:", "\nlast_modified_at:"] {
            assert!(!bumped.contains(gone), "{bumped}");
        }
    }
    sandbox.write("a.json", r#"{"metadata_version":"0.3.0","uuid":"00000000-0000-4000-8000-000000000001","name":"a","version":"1.2.3","meta_type":"tool"}"#);
    let bumped: serde_json::Value =
        serde_json::from_str(&sandbox.ok(&["registry", "bump", "a.json", "patch"])).unwrap();
    assert_eq!(bumped["version"], "1.2.4");
    assert_ne!(bumped["uuid"], "00000000-0000-4000-8000-000000000001");
    assert_eq!(bumped.as_object().unwrap().len(), 5);
}

#[test]
fn a_demanded_reason_says_something() {
    let sandbox = with_one();
    for verb in ["deprecate", "archive", "rm"] {
        for reason in ["", "  "] {
            let ran = sandbox.fails(64, &["registry", verb, "a", "-m", reason]);
            assert!(ran.stderr.starts_with("UsageError: "), "{}", ran.stderr);
        }
    }
    sandbox.ok(&["registry", "get", "a"]);
}

#[test]
fn a_removed_one_answers_by_its_name() {
    let sandbox = Sandbox::new();
    for (version, number) in [("1.0.0", 1), ("2.0.0", 2)] {
        sandbox.write("a.yaml", &document("a", version, number));
        sandbox.ok(&["registry", "add", "a.yaml"]);
    }
    sandbox.ok(&["registry", "rm", "a@2.0.0", "-m", "too new"]);
    let key = |number: u32| format!("00000000-0000-4000-8000-{number:012x}");
    // A version that is still there is what the bare name means.
    let of = |arguments: &[&str]| sandbox.json(arguments)["items"][0]["key"].clone();
    assert_eq!(of(&["registry", "history", "a"]), key(1));
    assert_eq!(of(&["registry", "history", "a@2.0.0"]), key(2));
    // An archived one is still there.
    sandbox.ok(&["registry", "archive", "a", "-m", "not used"]);
    assert_eq!(of(&["registry", "history", "a"]), key(1));
    assert_eq!(sandbox.json(&["why", "a/lifecycle"])["reason"], "not used");
    sandbox.ok(&["registry", "rm", "a@1.0.0", "-m", "too old"]);
    for arguments in [&["registry", "history", "a"][..], &["log", "--key", "a"]] {
        assert_eq!(of(arguments), key(1));
        let ran = sandbox.run(arguments);
        assert!(
            ran.stderr
                .contains(&format!("warning: a@1.0.0 ({}) was removed", key(1)))
                && ran
                    .stderr
                    .contains(&format!("hint: so was a@2.0.0 ({})", key(2))),
            "{ran:?}"
        );
    }
    for target in ["a", "a@1", &key(1), "a/version"] {
        let why = sandbox.json(&["why", target]);
        assert_eq!(
            (&why["verb"], &why["reason"]),
            (&"removed".into(), &"too old".into())
        );
    }
    assert_eq!(sandbox.json(&["why", "a/version"])["before"], "1.0.0");
    assert_eq!(sandbox.json(&["why", "a@^2"])["reason"], "too new");
    // What compaction left tells as well.
    sandbox.ok(&["log", "compact", "--before", "3"]);
    assert_eq!(of(&["registry", "history", "a"]), key(1));
    sandbox.fails(3, &["registry", "history", "a@3.0.0"]);
    sandbox.fails(3, &["why", "b"]);
}

#[test]
fn log_takes_a_name_for_a_key_or_says_that_nothing_has_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.ok(&["registry", "add", "a.yaml"]);
    let count = |arguments: &[&str]| sandbox.json(arguments)["items"].as_array().unwrap().len();
    for key in ["a", "a@1.0.0", "book"] {
        assert_eq!(count(&["log", "--key", key]), 1, "{key}");
    }
    assert_eq!(count(&["log", "--kind", "component", "--key", "a"]), 1);
    for arguments in [
        &["log", "--key", "b"][..],
        &["log", "--key", "a@?"],
        &["log", "--kind", "book", "--key", "a"],
        &["log", "cat", "--key", "b"],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stderr.starts_with("hint: no record has"), "{ran:?}");
    }
}
