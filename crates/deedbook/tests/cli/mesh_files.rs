//! Records of the mesh out of one book and into another.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, lines, ran};
use crate::serving::Serving;

/// A book with records of every kind, some of them changed, with all that a record may hold.
fn full() -> Sandbox {
    let sandbox = Sandbox::new();
    for line in [
        "namespace add edge --strategy ring --label a=b",
        "namespace add far%2Faway",
        "node add edge/n1 --weight 2.50 --zone z1 --annotation by=me",
        "node add edge/n2 --weight 3",
        "node add -n far/away n%2F1 --draining",
        "service add edge/api --description ünïcode",
        "endpoint add edge/api/a --uri grpc://10.0.0.1:443 --node n1",
        "shard add edge/s-01 --owner n1 --keys ..m --ticket T-0 --capacity 0.1",
        "shard add edge/s-02 --owner n1 --keys m.. --leader l --capacity -0.0",
        "shard add -n far/away s --owner n --hashes 5..18446744073709551615 --metadata {}",
        "shard set far%2Faway/s --capacity 9007199254740992",
        "shard transfer edge/s-02 n2 --delta-percent 100000000000000000000",
        "namespace set edge --ranges key",
        "node set edge/n1 --draining",
    ] {
        sandbox.ok(&line.split(' ').collect::<Vec<_>>());
    }
    sandbox.write(
        "odd.json",
        r#"{"labels": {"": "x"}, "later": {"n": [1, 2.0, null]}}"#,
    );
    sandbox.ok(&["service", "set", "edge/api", "--patch", "odd.json"]);
    let odd = r#"{"namespace": "far/away", "later": {"none": null, "of": {"n": [{"none": null}]}},
        "annotations": {"a": "x\u007fy\u0085z"}}"#;
    sandbox.write("odder.json", odd);
    sandbox.ok(&["namespace", "add", "odder.json", "--replace"]);
    sandbox
}

/// What is there: data and annotations by kind and key, without what the book itself says of a
/// shard's last change.
fn state(sandbox: &Sandbox) -> Vec<Value> {
    let records = lines(&sandbox.ok(&["mesh", "export"])).into_iter();
    let records = records.map(|mut record| {
        let data = record["data"].as_object_mut().unwrap();
        data.remove("previousOwnerNodeId");
        data.remove("ownershipDelta");
        json!([
            record["kind"],
            record["key"],
            record["annotations"],
            record["data"]
        ])
    });
    records.collect()
}

fn pass(from: &Sandbox, to: &Sandbox, form: &str) -> Value {
    let exported = from
        .command(&["mesh", "export", "-o", form])
        .output()
        .unwrap();
    assert!(exported.status.success());
    std::fs::write(to.path("all"), exported.stdout).unwrap();
    to.json(&["mesh", "import", "all"])
}

#[test]
fn mesh_records_that_were_exported_are_imported_as_they_were() {
    let from = full();
    let expected = state(&from);
    assert_eq!(expected.len(), 10);
    for form in ["json", "jsonl", "protobuf"] {
        let to = Sandbox::new();
        let imported = pass(&from, &to, form);
        assert_eq!(
            (&imported["written"], &imported["commands"]),
            (&json!(10), &json!(1)),
            "{form}"
        );
        assert_eq!(state(&to), expected, "{form}");
        // One command: neighbours in the log.
        let log = to.json(&["log", "--limit", "1"]);
        assert_eq!(
            (&log["items"][0]["first"], &log["items"][0]["last"]),
            (&json!(2), &json!(11))
        );
        let again = pass(&from, &to, form);
        let said = (&again["unchanged"], &again["commands"], &again["revision"]);
        assert_eq!(said, (&json!(10), &json!(0), &json!(11)), "{form}");
    }
}

#[test]
fn mesh_records_are_imported_into_a_server_as_one_command() {
    let (from, to) = (full(), Sandbox::new());
    let serving = Serving::start(&to, "127.0.0.1:0");
    to.write("all.jsonl", &from.ok(&["mesh", "export"]));
    let import = ["mesh", "import", "all.jsonl", "-o", "json"];
    let tried = to.run_at(&serving.url(), &[&import[..], &["--dry-run"]].concat());
    assert!(tried.stdout.contains("\"dryRun\": true"), "{tried:?}");
    let imported = to.run_at(&serving.url(), &import);
    assert!(imported.stdout.contains("\"written\": 10"), "{imported:?}");
    let exported = to.run_at(
        &serving.url(),
        &["mesh", "export", "-o", "json", "-n", "far/away"],
    );
    let exported: Value = serde_json::from_str(&exported.stdout).unwrap();
    assert_eq!(exported["items"].as_array().unwrap().len(), 3);
    drop(serving);
    assert_eq!(state(&to), state(&from));
}

#[test]
fn mesh_imports_tell_every_bad_record_and_write_none() {
    let sandbox = Sandbox::new();
    let node = |id: &str, weight: f64| {
        let data = json!({"namespace": "edge", "nodeId": id, "weight": weight});
        json!({"kind": "node", "data": data}).to_string()
    };
    let good = node("a", 1.0);
    let text = [
        &good,
        &node("b", -1.0),
        "{\"kind\": \"nod\"}",
        "{",
        &good,
        &node("", 9999.0),
    ];
    sandbox.write("all.jsonl", &text.join("\n"));
    let ran = sandbox.fails(2, &["mesh", "import", "all.jsonl"]);
    for told in [
        "/data/weight -1 is out of range",
        "all.jsonl:2",
        "/kind is none of namespace, node, service, endpoint, shard",
        "all.jsonl:3",
        "all.jsonl:4",
        "node edge/a is there twice, first in all.jsonl:1 [RG002]\n  --> all.jsonl:5\n",
        "/data/nodeId is blank",
        "/data/weight 9999 is out of range",
        "5 of 6 records refused; none was written",
    ] {
        assert!(ran.stderr.contains(told), "{told}: {ran:?}");
    }
    assert!(!sandbox.path(".deedbook").exists());
    // What only the book can judge is told with its place, too.
    let shard = |strategy: &str| {
        let data = json!({"namespace": "e", "shardId": strategy, "ownerNodeId": "n", "strategyId": strategy});
        json!({"kind": "shard", "data": data})
    };
    let items = json!({"items": [shard("ring"), shard("rnig"), shard("gnir")]});
    sandbox.write("all.json", &items.to_string());
    let here = sandbox.fails(2, &["mesh", "import", "all.json"]);
    for place in [
        "no strategy `rnig`",
        "all.json#/items/1",
        "all.json#/items/2",
    ] {
        assert!(here.stderr.contains(place), "{place}: {here:?}");
    }
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let there = sandbox.run_at(&serving.url(), &["mesh", "import", "all.json"]);
    assert_eq!((here.status, here.stderr), (there.status, there.stderr));
}

#[test]
fn mesh_imports_tell_the_line_of_each_record() {
    let sandbox = Sandbox::new();
    let node = |id: &str, more: &str| {
        format!(r#"{{"kind":"node","data":{{"namespace":"e","nodeId":"{id}"{more}}}}}"#)
    };
    let odd = r#","weigth":1"#;
    let text = [node("a", ""), String::new(), node("b", odd), node("c", odd)];
    sandbox.write("all.jsonl", &text.join("\n"));
    let ran = sandbox.run(&["mesh", "import", "all.jsonl", "--dry-run"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    for line in ["--> all.jsonl:3\n", "--> all.jsonl:4\n"] {
        assert!(ran.stderr.contains(line), "{ran:?}");
    }
    // The second document's members.
    let text = "nodeId: a\nweigth: 1\n---\nnodeId: b\nweigth: 1\n";
    sandbox.write("all.yaml", text);
    for add in ["mesh import --kind node", "node add"] {
        let mut line: Vec<&str> = add.split(' ').collect();
        line.extend(["-n", "e", "all.yaml", "--dry-run"]);
        let ran = sandbox.run(&line);
        for line in ["--> all.yaml:2\n", "--> all.yaml:5\n"] {
            assert!(ran.stderr.contains(line), "{add}: {ran:?}");
        }
    }
    // What the book refuses has no line of its own: that of the record.
    let shard = |id: &str, strategy: &str| {
        let data =
            json!({"namespace": "e", "shardId": id, "ownerNodeId": "n", "strategyId": strategy});
        json!({"kind": "shard", "data": data}).to_string()
    };
    let text = [shard("a", "ring"), shard("b", "rnig"), shard("c", "gnir")];
    sandbox.write("shards.jsonl", &text.join("\n"));
    let import = ["mesh", "import", "shards.jsonl"];
    let here = sandbox.fails(2, &import);
    for line in ["--> shards.jsonl:2\n", "--> shards.jsonl:3\n"] {
        assert!(here.stderr.contains(line), "{here:?}");
    }
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let there = sandbox.run_at(&serving.url(), &import);
    assert_eq!((here.status, here.stderr), (there.status, there.stderr));
}

#[test]
fn mesh_imports_tell_the_line_of_what_is_missing_or_there_twice() {
    let sandbox = Sandbox::new();
    let shard = |id: &str, owner: &str| {
        format!(r#"{{"kind":"shard","namespace":"e","shardId":"{id}"{owner}}}"#)
    };
    let owned = r#","ownerNodeId":"n""#;
    let text = [
        shard("a", owned),
        shard("b", owned),
        shard("c", ""),
        shard("a", owned),
        r#"{"namespace":"e"}"#.to_owned(),
    ];
    sandbox.write("all.jsonl", &text.join("\n"));
    let import = ["mesh", "import", "all.jsonl"];
    let ran = sandbox.fails(2, &import);
    for told in [
        "/ownerNodeId `ownerNodeId` is missing [SC003]\n  --> all.jsonl:3\n",
        "shard e/a is there twice, first in all.jsonl:1 [RG002]\n  --> all.jsonl:4\n",
        "/kind `kind` is missing [SC003]\n  --> all.jsonl:5\n",
    ] {
        assert!(ran.stderr.contains(told), "{told}: {ran:?}");
    }
    let ran = sandbox.fails(2, &[&import[..], &["-o", "json"]].concat());
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let refused = told["refused"].as_array().unwrap().iter();
    let lines: Vec<&Value> = refused.map(|it| &it["issues"][0]["line"]).collect();
    assert_eq!(lines, [3, 4, 5]);
    // In a list it is the line on which the entry begins.
    let list = format!("[{},\n{}]", shard("a", owned), shard("c", ""));
    sandbox.write("all.json", &list);
    let yaml = format!(
        "# two\n---\n- {}\n- {}\n",
        shard("a", owned),
        shard("c", "")
    );
    sandbox.write("all.yaml", &yaml);
    for (file, place) in [("all.json", "all.json#/1:2"), ("all.yaml", "all.yaml#/1:4")] {
        let ran = sandbox.fails(2, &["mesh", "import", file]);
        let place = format!("is missing [SC003]\n  --> {place}\n");
        assert!(ran.stderr.contains(&place), "{ran:?}");
    }
}

#[test]
fn mesh_documents_may_have_any_character_of_json() {
    let from = Sandbox::new();
    from.ok(&[
        "node",
        "add",
        "e/a",
        "--annotation",
        "a=x\u{7f}y\u{80}z\u{9f}",
    ]);
    let expected = state(&from);
    let to = Sandbox::new();
    to.write("all.jsonl", &from.ok(&["mesh", "export"]));
    to.ok(&["mesh", "import", "all.jsonl"]);
    assert_eq!(state(&to), expected);
    to.write("nodes.json", &from.ok(&["node", "ls", "-o", "json"]));
    to.ok(&["node", "add", "nodes.json", "--replace"]);
    assert_eq!(state(&to), expected);
    // What no text has is told by who reads the text.
    to.write("bad.json", "{\"kind\": \"node\", \"namespace\": \"\u{1}\"}");
    let ran = to.fails(2, &["mesh", "import", "bad.json"]);
    assert!(
        ran.stderr.contains("an unescaped control character"),
        "{ran:?}"
    );
    std::fs::write(to.path("bad.bin"), b"\xff\x00\x01").unwrap();
    let ran = to.fails(2, &["mesh", "import", "bad.bin"]);
    assert!(ran.stderr.contains("not records in Protobuf"), "{ran:?}");
}

#[test]
fn files_may_begin_with_a_byte_order_mark() {
    let one = |id: &str| {
        let data =
            json!({"namespace": "e", "shardId": id, "ownerNodeId": "n", "strategyId": "ring"});
        json!({"kind": "shard", "data": data}).to_string()
    };
    let (a, b) = (one("a"), one("b"));
    for (name, text) in [
        ("all.jsonl", format!("{a}\n{b}\n")),
        ("all.json", format!("[{a},{b}]")),
        ("all.yaml", format!("{a}\n---\n{b}\n")),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, &format!("\u{feff}{text}"));
        let imported = sandbox.json(&["mesh", "import", name]);
        assert_eq!(imported["written"], 2, "{name}");
        sandbox.write("plain", &text);
        if name != "all.yaml" {
            let of = |name: &str| sandbox.ok(&["shard", "checksum", name]);
            assert_eq!(of(name), of("plain"), "{name}");
        }
    }
    let sandbox = Sandbox::new();
    sandbox.write(
        "plan.json",
        "\u{feff}{\"namespace\": \"e\", \"nodes\": [{\"nodeId\": \"n\"}], \"shards\": []}",
    );
    sandbox.ok(&["shard", "plan", "--offline", "--request", "plan.json"]);
}

#[test]
fn mesh_imports_take_files_longer_than_those_of_documents() {
    let sandbox = Sandbox::new();
    let mut text = "\n".repeat(65 << 20);
    text.push_str(r#"{"kind":"node","namespace":"e","nodeId":"n"}"#);
    sandbox.write("all.jsonl", &text);
    assert_eq!(sandbox.json(&["mesh", "import", "all.jsonl"])["written"], 1);
    let ran = sandbox.fails(2, &["shard", "checksum", "all.jsonl"]);
    assert!(
        ran.stderr.contains("the text is longer than 64 MiB"),
        "{ran:?}"
    );
}

#[test]
fn numbers_that_are_no_integers_of_json_are_kept_to_the_bit() {
    let sandbox = Sandbox::new();
    for (id, capacity) in [("a", "-0"), ("b", "1e20"), ("c", "9007199254740993")] {
        let shard = format!("e/{id}");
        sandbox.ok(&[
            "shard",
            "add",
            &shard,
            "--owner",
            "n",
            "--capacity",
            capacity,
        ]);
    }
    sandbox.write(
        "patch.yaml",
        "capacityHint: -0.0\nownershipDeltaPercent: 10000000000000000\n",
    );
    sandbox.ok(&["shard", "add", "e/d", "--owner", "n"]);
    sandbox.ok(&["shard", "set", "e/d", "--patch", "patch.yaml"]);
    let exported = sandbox.ok(&["mesh", "export"]);
    let kept = [
        ("a", "\"capacityHint\":-0.0,"),
        ("b", "\"capacityHint\":1e+20,"),
        ("c", "\"capacityHint\":9007199254740992.0,"),
        ("d", "\"capacityHint\":-0.0,"),
        ("d", "\"ownershipDeltaPercent\":1e+16,"),
    ];
    let line = |text: &str, id: &str| {
        let is_it = |line: &&str| line.contains(&format!("\"shardId\":\"{id}\""));
        text.lines().find(is_it).unwrap_or_default().to_owned()
    };
    for (id, member) in kept {
        let line = line(&exported, id);
        assert!(line.contains(member), "{member}: {line}");
    }
    let yaml = sandbox.ok(&["shard", "ls", "-o", "yaml"]);
    let to = Sandbox::new();
    to.write("all.yaml", &yaml);
    to.ok(&["mesh", "import", "all.yaml"]);
    let again = to.ok(&["mesh", "export"]);
    for (id, member) in kept {
        assert!(
            line(&again, id).contains(member),
            "{member}: {again}: {yaml}"
        );
    }
    let serving = Serving::start(&to, "127.0.0.1:0");
    let shown = serving.get("/v1/shards/e/a", None);
    assert!(shown.text().contains("\"capacityHint\":-0.0"));
}

#[test]
fn mesh_files_with_nothing_in_them_say_so() {
    let sandbox = Sandbox::new();
    for file in ["e.json", "e.jsonl", "e.yaml", "e.pb"] {
        sandbox.write(file, " \n");
        let ran = sandbox.fails(2, &["mesh", "import", file]);
        assert!(ran.stderr.contains("the file is empty"), "{ran:?}");
        assert!(ran.stderr.contains("hint: a record is expected"), "{ran:?}");
    }
    let ran = sandbox.fails(2, &["shard", "add", "-n", "e", "e.json"]);
    assert!(
        ran.stderr.contains("as `deedbook shard get -o json`"),
        "{ran:?}"
    );
}

#[test]
fn mesh_imports_take_what_lists_print_and_what_is_piped() {
    let (from, to) = (full(), Sandbox::new());
    to.write("in/nodes.yaml", &from.ok(&["node", "ls", "-o", "yaml"]));
    to.write(
        "in/shards.json",
        &from.ok(&["shard", "get", "edge/s-01", "-o", "json"]),
    );
    let imported = to.json(&["mesh", "import", "in"]);
    assert_eq!(imported["written"], 4);
    let bare = "nodeId: n7\n---\nnodeId: n8\n";
    let fed = to.feed(
        &["mesh", "import", "-", "-n", "edge", "--kind", "nodes"],
        bare,
    );
    assert_eq!(
        fed.stdout, "2 records: 2 written, 0 unchanged, revision 7\n",
        "{fed:?}"
    );
    let mut command = to.command(&["mesh", "export", "--kind", "node", "-o", "yaml"]);
    command.env("NO_COLOR", "1");
    assert_eq!(
        ran(command).status,
        64,
        "YAML would be too long to read again"
    );
}
