//! Namespaces, nodes, services, endpoints and shards, as their users see them.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, lines};

/// A namespace with two nodes and a shard.
fn edge() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["node", "add", "edge/n1", "--weight", "2", "--zone", "z1"]);
    sandbox.ok(&["node", "add", "-n", "edge", "n2"]);
    sandbox.ok(&["shard", "add", "edge/s-01", "--owner", "n1"]);
    sandbox
}

fn keys(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["key"].as_str().unwrap()).collect()
}

#[test]
fn mesh_records_are_made_and_changed_by_flags() {
    let sandbox = edge();
    let node = sandbox.json(&["node", "get", "-n", "edge", "n1"]);
    assert_eq!(node["data"]["weight"], 2, "as it was written");
    let set = ["node", "set", "edge/n1", "--draining", "--label", "a=b=c"];
    sandbox.ok(&[&set[..], &["--unset", "zone", "--annotation", "by=me"]].concat());
    let node = sandbox.json(&["node", "get", "edge/n1"]);
    let expected = json!({"namespace": "edge", "nodeId": "n1", "weight": 2, "draining": true,
        "labels": {"a": "b=c"}});
    assert_eq!(node["data"], expected);
    assert_eq!(node["annotations"], json!({"by": "me"}));
    sandbox.ok(&[
        "node",
        "set",
        "edge/n1",
        "--unset",
        "labels/a",
        "--draining=false",
    ]);
    let node = sandbox.json(&["node", "get", "edge/n1"]);
    assert_eq!(
        (&node["data"]["labels"], &node["data"]["draining"]),
        (&json!({}), &json!(false))
    );
    let ran = sandbox.fails(64, &["node", "set", "edge/n1"]);
    assert!(ran.stderr.contains("nothing to change"), "{ran:?}");
}

#[test]
fn mesh_records_are_not_overwritten_by_chance() {
    let sandbox = edge();
    let again = ["node", "add", "edge/n1"];
    let ran = sandbox.fails(4, &again);
    assert!(
        ran.stderr.contains("hint: `deedbook node set edge/n1`"),
        "{ran:?}"
    );
    assert_eq!(sandbox.json(&["node", "get", "edge/n1"])["generation"], 1);
    sandbox.ok(&[&again[..], &["--replace"]].concat());
    assert_eq!(
        sandbox.json(&["node", "get", "edge/n1"])["data"]["zone"],
        Value::Null
    );
    sandbox.fails(4, &[&again[..], &["--if-version", "1"]].concat());
    let same = sandbox.json(&[&again[..], &["--if-generation", "2"]].concat());
    assert_eq!(same["unchanged"], true);
}

#[test]
fn a_diff_shows_what_the_last_command_did_wherever_in_it_the_record_stands() {
    let sandbox = edge();
    sandbox.ok(&["shard", "add", "edge/s-02", "--owner", "n1"]);
    sandbox.ok(&["node", "set", "edge/n1", "--draining"]);
    let plan = sandbox.ok(&["shard", "plan", "edge", "-o", "json"]);
    sandbox.write("plan.json", &plan);
    sandbox.ok(&["apply", "plan.json"]);
    for shard in ["edge/s-01", "edge/s-02"] {
        let ran = sandbox.fails(1, &["shard", "diff", shard]);
        assert!(ran.stdout.contains("/ownerNodeId"), "{ran:?}");
    }
    // Annotations are a part of it.
    sandbox.ok(&["node", "set", "edge/n2", "--annotation", "q=1"]);
    let ran = sandbox.fails(1, &["node", "diff", "edge/n2"]);
    assert!(ran.stdout.contains("/annotations"), "{ran:?}");
    let why = sandbox.json(&["node", "why", "edge/n2", "--field", "annotations/q"]);
    assert_eq!(why["after"], "1");
    // In the reference tool's words.
    let found = sandbox.ok(&["shard", "ls", "--page-size", "1", "--json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(keys(&found), ["edge/s-01"]);
    sandbox.fails(1, &["mesh", "shards", "diff", "--from-version", "2"]);
}

#[test]
fn mesh_removal_says_what_it_leaves() {
    let sandbox = edge();
    let ran = sandbox.fails(4, &["node", "rm", "edge/n1", "-o", "json"]);
    assert_eq!(ran.error()["issues"][0]["kind"], "in_use");
    let ran = sandbox.run(&["node", "rm", "edge/n1", "--force"]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.stderr.contains("1 of the shards and endpoints"),
        "{ran:?}"
    );
    let history = sandbox.json(&["node", "history", "edge/n1"]);
    assert_eq!(history["items"][0]["verb"], "removed");
}

#[test]
fn mesh_documents_come_alone_in_lists_on_lines_and_in_yaml_streams() {
    let one = |id: &str| json!({"namespace": "edge", "nodeId": id}).to_string();
    let (a, b, bad) = (one("a"), one("b"), one(""));
    for (name, text, place) in [
        (
            "nodes.json",
            format!("[{a},\n{b},\n{bad}]"),
            "nodes.json#/2:3",
        ),
        (
            "page.json",
            format!("{{\"items\": [{a}, {b},\n\n{bad}]}}"),
            "page.json#/items/2:3",
        ),
        (
            "nodes.jsonl",
            format!("{a}\n{b}\n\n{bad}\n"),
            "nodes.jsonl:4",
        ),
        (
            "nodes.yaml",
            format!("---\n{a}\n---\n- {b}\n- {bad}\n"),
            "nodes.yaml#/1:5",
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, &text);
        let ran = sandbox.fails(8, &["node", "add", name]);
        assert!(
            ran.stderr
                .contains(&format!("/nodeId is blank [SC006]\n  --> {place}")),
            "{ran:?}"
        );
        assert!(
            ran.stderr.ends_with("1 of 3 documents refused\n"),
            "{ran:?}"
        );
        assert_eq!(
            keys(&sandbox.json(&["node", "ls"])),
            ["edge/a", "edge/b"],
            "{name}"
        );
    }
}

#[test]
fn mesh_documents_may_leave_their_namespace_to_the_command_line() {
    let sandbox = edge();
    let page = sandbox.ok(&["node", "ls", "-o", "yaml"]);
    let names_it = |line: &str| line.contains("namespace: edge") || line.contains("key: edge/");
    let is_kept = |line: &&str| !names_it(line);
    let kept: Vec<&str> = page.lines().filter(is_kept).collect();
    let text = kept.join("\n");
    let ran = sandbox.feed(&["node", "add", "-", "-n", "far", "-o", "jsonl"], &text);
    assert_eq!(ran.status, 0, "{ran:?}\n{text}");
    let made: Vec<Value> = lines(&ran.stdout);
    assert_eq!(
        (&made[0]["key"], &made[1]["created"]),
        (&json!("far/n1"), &json!(true))
    );
    let of = |name: &str| {
        sandbox.json(&["node", "ls", "-n", name])["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((of("FAR"), of("edge"), of("e")), (2, 2, 0));
}

#[test]
fn mesh_documents_that_are_none_make_no_book() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.yaml", "nodeId: x\n---\nnodeId: y\n");
    sandbox.fails(2, &["node", "add", "bad.yaml"]);
    sandbox.ok(&["node", "add", "edge/n1", "--dry-run"]);
    assert!(!sandbox.path(".deedbook").exists());
    let ran = sandbox.fails(64, &["node", "add", "edge/n1", "bad.yaml"]);
    assert!(ran.stderr.contains("--file names one"), "{ran:?}");
    sandbox.fails(64, &["node", "add", "bad.yaml", "--weight", "2"]);
}

#[test]
fn mesh_texts_of_records_are_not_obeyed_by_terminals() {
    let sandbox = edge();
    let evil = "\u{1b}]0;x\u{7}\u{202e}y";
    sandbox.ok(&["service", "add", "edge/api", "--description", evil]);
    for line in [
        &["service", "ls"][..],
        &["service", "get", "edge/api"],
        &["service", "diff", "edge/api", "--since", "4"],
    ] {
        let ran = sandbox.run(line);
        let obeyed = |c: char| "\u{1b}\u{7}\u{202e}".contains(c);
        assert!(
            !ran.stdout.contains(obeyed) && ran.stdout.contains('y'),
            "{line:?}: {ran:?}"
        );
    }
    let got = sandbox.json(&["service", "get", "edge/api"]);
    assert_eq!(got["data"]["description"], evil);
}

#[test]
fn mesh_help_has_examples_for_each_verb() {
    let sandbox = Sandbox::new();
    for kind in ["namespace", "node", "service", "endpoint", "shard"] {
        for verb in ["ls", "get", "add", "set", "rm", "history", "diff", "watch"] {
            let help = sandbox.ok(&[kind, verb, "--help"]);
            let (_, examples) = help.split_once("Examples:\n").unwrap();
            assert!(
                examples.contains(&format!("{kind} {verb}")),
                "{kind} {verb}: {examples}"
            );
            assert!(!help.contains(" a endpoint"), "{help}");
        }
    }
}

#[test]
fn mesh_transfers_keep_who_had_a_shard() {
    let sandbox = edge();
    let move_it = [
        "shard",
        "transfer",
        "edge/s-01",
        "n2",
        "-m",
        "n1 goes",
        "--ticket",
        "T-1",
    ];
    sandbox.ok(&move_it);
    let shard = sandbox.json(&["mesh", "shards", "get", "edge/s-01"]);
    assert_eq!(shard["data"]["ownerNodeId"], "n2");
    assert_eq!(shard["data"]["previousOwnerNodeId"], "n1");
    assert_eq!(shard["data"]["changeTicket"], "T-1");
    let history = sandbox.json(&["shard", "history", "edge/s-01", "--limit", "1"]);
    let change = &history["items"][0];
    assert_eq!(
        (&change["verb"], &change["reason"]),
        (&json!("transferred"), &json!("n1 goes"))
    );
    let ran = sandbox.run(&["shard", "diff", "edge/s-01"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout
            .contains("- /ownerNodeId: n1\n+ /ownerNodeId: n2\n"),
        "{ran:?}"
    );
}

/// A question about three shards on two nodes.
fn question() -> Value {
    json!({
        "namespace": "edge",
        "strategy": "ring",
        "nodes": [{"nodeId": "a"}, {"nodeId": "b", "weight": "2", "unknown": [1]}],
        "shards": [{"shardId": "s2"}, {"shardId": "s1"}, {"shardId": "s3"}],
        "unknown": 7,
    })
}

#[test]
fn mesh_offline_plans_say_what_moves_and_how_it_is_called() {
    let sandbox = Sandbox::new();
    let plan = |request: &Value, more: &[&str]| {
        let line = [
            "mesh",
            "shards",
            "plan",
            "--offline",
            "--request",
            "-",
            "-o",
            "json",
        ];
        let ran = sandbox.feed(&[&line[..], more].concat(), &request.to_string());
        serde_json::from_str::<Value>(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    };
    let first = plan(&question(), &[]);
    assert_eq!(
        (&first["strategyId"], &first["moves"]),
        (&json!("ring"), &json!([]))
    );
    assert_eq!(plan(&question(), &[])["digest"], first["digest"]);
    let other = plan(&question(), &["--strategy", "Rendezvous-Weighted"]);
    assert_eq!(other["strategyId"], "rendezvous-weighted");
    assert_ne!(other["digest"], first["digest"]);
    let mut request = question();
    request["strategyId"] = json!("locality");
    assert_eq!(
        plan(&request, &[])["strategyId"],
        "locality",
        "before `strategy`"
    );
    // One is where it belongs, one is on a node that is gone, one doesn't say.
    let mut request = question();
    request["shards"][0]["ownerNodeId"] = first["assignments"][0]["ownerNodeId"].clone();
    request["shards"][1]["ownerNodeId"] = json!("gone");
    let moved = plan(&request, &[]);
    let to = &first["assignments"][1]["ownerNodeId"];
    let expected = json!([{"shardId": "s1", "from": "gone", "to": to, "reason": "node gone"}]);
    assert_eq!(moved["moves"], expected);
    assert_eq!(moved["assignments"], first["assignments"]);
    assert_ne!(moved["digest"], first["digest"]);
}

#[test]
fn mesh_offline_commands_tell_where_a_question_is_wrong() {
    let sandbox = Sandbox::new();
    for (change, place) in [
        (
            json!({"nodes": {}}),
            "/nodes must be a list, but is an object",
        ),
        (
            json!({"nodes": [{"nodeId": 7}]}),
            "/nodes/0/nodeId must be text",
        ),
        (
            json!({"nodes": [{"nodeId": "a", "weight": "x"}]}),
            "/nodes/0/weight must be a number",
        ),
        (
            json!({"nodes": [{"nodeId": "a", "weightBits": "+1"}]}),
            "/nodes/0/weightBits isn't",
        ),
        (
            json!({"shards": [{"shardId": "s"}, 7]}),
            "/shards/1 must be an object",
        ),
    ] {
        let mut request = question();
        request
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        sandbox.write("q.json", &request.to_string());
        let line = ["mesh", "shards", "plan", "--offline", "--request", "q.json"];
        let ran = sandbox.fails(2, &line);
        assert!(
            ran.stderr.contains(place) && ran.stderr.contains("--> q.json"),
            "{ran:?}"
        );
    }
    let good = r#"{"namespace":"a|\u0000","shardId":"","strategyId":"","ownerNodeId":"","capacityHint":-1}"#;
    let bad = good.replace("-1", "[]");
    sandbox.write("s.jsonl", &format!("{good}\n{bad}\n{{}}\n"));
    let ran = sandbox.fails(2, &["mesh", "shards", "checksum", "s.jsonl"]);
    assert_eq!(ran.stdout, "");
    for place in [
        "/capacityHint must be a number",
        "s.jsonl:2",
        "/namespace `namespace` is missing",
        "s.jsonl:3",
    ] {
        assert!(ran.stderr.contains(place), "{place}: {ran:?}");
    }
    sandbox.write("s.jsonl", good);
    assert_eq!(
        sandbox
            .ok(&["shard", "checksum", "s.jsonl"])
            .trim_end()
            .len(),
        16
    );
}

#[test]
fn mesh_offline_plans_need_an_id_of_its_own_for_each_shard() {
    let sandbox = Sandbox::new();
    let shards =
        json!([{"shardId": "a"}, {"shardId": " "}, {}, {"shardId": "a"}, {"shardId": "A"}]);
    let nodes = json!([{"nodeId": "n1"}]);
    let question = json!({"namespace": "edge", "nodes": nodes, "shards": shards});
    sandbox.write("q.json", &question.to_string());
    let line = [
        "shard",
        "plan",
        "--offline",
        "--request",
        "q.json",
        "-o",
        "json",
    ];
    let ran = sandbox.fails(2, &line);
    let issues = ran.error()["issues"].clone();
    let told: Vec<_> = (issues.as_array().unwrap().iter())
        .map(|issue| (issue["pointer"].clone(), issue["message"].clone()))
        .collect();
    let expected = [
        ("/shards/1/shardId", "the shard's id is missing"),
        ("/shards/2/shardId", "the shard's id is missing"),
        ("/shards/3/shardId", "`a` is declared twice"),
    ];
    assert_eq!(told, expected.map(|(at, it)| (json!(at), json!(it))));
}

#[test]
fn mesh_hints_lead_somewhere() {
    let sandbox = Sandbox::new();
    let ran = sandbox.fails(3, &["node", "ls"]);
    assert!(
        ran.stderr.contains("`deedbook mesh import FILE`"),
        "{ran:?}"
    );
    for (line, named) in [
        (
            vec!["namespace", "add", "a/b"],
            "named as namespace; a `/` within an id is written as %2F",
        ),
        (
            vec!["node", "get", "e/a/b"],
            "or -n NAMESPACE nodeId; a `/` within",
        ),
    ] {
        let ran = sandbox.fails(2, &line);
        assert!(ran.stderr.contains(named), "{ran:?}");
    }
    let ran = sandbox.fails(2, &["node", "get", "e"]);
    assert!(!ran.stderr.contains("%2F"), "{ran:?}");
    sandbox.ok(&["namespace", "add", "a%2Fb"]);
    let made = sandbox.json(&["namespace", "get", "a%2Fb"]);
    assert_eq!(made["data"]["namespace"], "a/b");
    let map = ["shard", "map", "a/b", "--since", "1"];
    let told = sandbox.ok(&map);
    assert!(told.contains("0 shards on 0 nodes, none moves"), "{told}");
}
