//! From a plan to its moves and back, and which shard holds a key.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Twelve shards on one of two nodes.
fn uneven() -> Sandbox {
    let sandbox = Sandbox::new();
    let shard = |number: usize| json!({"shardId": format!("s-{number:02}"), "ownerNodeId": "n1"});
    let shards: Vec<Value> = (0..12).map(shard).collect();
    sandbox.ok(&["node", "add", "edge/n1"]);
    sandbox.ok(&["node", "add", "edge/n2"]);
    sandbox.write("shards.json", &json!(shards).to_string());
    sandbox.ok(&["shard", "add", "-n", "edge", "shards.json"]);
    sandbox
}

fn count(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

fn owners(sandbox: &Sandbox) -> Vec<String> {
    let page = sandbox.json(&["shard", "ls", "-n", "edge"]);
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["data"]["ownerNodeId"].to_string())
        .collect()
}

#[test]
fn shard_plans_are_applied_as_they_are_and_undone() {
    let sandbox = uneven();
    let before = owners(&sandbox);
    let text = sandbox.ok(&["mesh", "shards", "plan", "edge", "-o", "json"]);
    let plan: Value = serde_json::from_str(&text).unwrap();
    let moves = count(&plan["moves"]);
    assert!(moves > 0 && moves < 12, "{plan}");
    sandbox.write("p.json", &text);
    let tried = sandbox.json(&["shard", "apply", "p.json", "--dry-run"]);
    assert_eq!(
        (&tried["moves"], &tried["dryRun"]),
        (&json!(moves), &json!(true))
    );
    assert_eq!(owners(&sandbox), before, "nothing moved");
    let ran = sandbox.run(&["mesh", "shards", "apply", "p.json", "--ticket", "T-1"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let revision = ran.stdout.trim().rsplit(' ').next().unwrap().to_owned();
    let told = format!("hint: `deedbook shard undo {revision}` brings them back");
    assert!(ran.stderr.contains(&told), "{ran:?}");
    let after = owners(&sandbox);
    assert_ne!(after, before);
    let log = sandbox.json(&["log", "--limit", "1"]);
    let change = &log["items"][0];
    assert_eq!(
        (&change["ticket"], &change["verb"]),
        (&json!("T-1"), &json!("transferred"))
    );
    assert_eq!(count(&sandbox.json(&["shard", "plan", "edge"])["moves"]), 0);
    // It rests on what it moved itself.
    let ran = sandbox.fails(4, &["shard", "apply", "p.json", "-o", "json"]);
    assert_eq!(ran.error()["issues"][0]["code"], "shards.plan.stale");
    // By itself it only plans, and its plan is one like any other.
    let back = sandbox.json(&["shard", "undo", &revision]);
    assert_eq!(
        (count(&back["moves"]), &back["undoes"].to_string()),
        (moves, &revision)
    );
    assert_eq!(owners(&sandbox), after, "nothing moved");
    sandbox.write("back.json", &back.to_string());
    sandbox.ok(&["shard", "apply", "back.json", "--dry-run"]);
    let undone = sandbox.json(&["shard", "undo", &revision, "-m", "too early"]);
    assert_eq!(undone["moves"], moves);
    assert_eq!(owners(&sandbox), before);
    assert_eq!(
        sandbox.json(&["shard", "undo", &revision, "--yes"])["moves"],
        0,
        "all is back"
    );
}

#[test]
fn shard_plans_say_what_they_are_and_leave_their_strategy_with_what_they_move() {
    let sandbox = uneven();
    let strategies = || -> Vec<(String, bool)> {
        let page = sandbox.json(&["shard", "ls", "-n", "edge"]);
        let items = page["items"].as_array().unwrap().iter();
        let told = |item: &Value| {
            let data = &item["data"];
            let strategy = data["strategyId"].as_str().unwrap().to_owned();
            (strategy, data["previousOwnerNodeId"].is_string())
        };
        items.map(told).collect()
    };
    let text = sandbox.ok(&["shard", "plan", "edge", "--strategy", "ring", "-o", "json"]);
    sandbox.write("p.json", &text);
    let applied = sandbox.json(&["shard", "apply", "p.json"]);
    let (moves, revision) = (applied["moves"].clone(), applied["revision"].to_string());
    let moved = strategies();
    assert_eq!(
        json!(moved.iter().filter(|(_, moved)| *moved).count()),
        moves
    );
    for (strategy, has_moved) in &moved {
        let wanted = if *has_moved { "ring" } else { "rendezvous" };
        assert_eq!(strategy, wanted, "{moved:?}");
    }
    let reason = || sandbox.json(&["log", "--limit", "1"])["items"][0]["reason"].clone();
    assert_eq!(reason(), "apply plan");
    sandbox.ok(&["shard", "undo", &revision, "--yes"]);
    assert_eq!(reason(), format!("undo revision {revision}"));
    let back = strategies().into_iter().map(|(strategy, _)| strategy);
    let before = moved.into_iter().map(|(strategy, _)| strategy);
    assert!(back.eq(before), "the way back is no strategy's");
}

#[test]
fn shard_undoing_leaves_and_tells_what_moved_since() {
    let sandbox = uneven();
    sandbox.write(
        "p.json",
        &sandbox.ok(&["shard", "plan", "edge", "-o", "json"]),
    );
    let applied = sandbox.json(&["shard", "apply", "p.json"]);
    let revision = applied["revision"].to_string();
    let plan: Value =
        serde_json::from_slice(&std::fs::read(sandbox.path("p.json")).unwrap()).unwrap();
    let moved: Vec<&str> = (plan["moves"].as_array().unwrap().iter())
        .map(|one| one["shardId"].as_str().unwrap())
        .collect();
    let (first, others) = moved.split_first().unwrap();
    sandbox.ok(&["shard", "transfer", "-n", "edge", first, "n3"]);
    let ran = sandbox.fails(8, &["shard", "undo", &revision, "--yes"]);
    let told = format!("shard edge/{first} stays at n3: moved since");
    assert!(ran.stderr.contains(&told), "{ran:?}");
    for shard in others {
        sandbox.ok(&["shard", "transfer", "-n", "edge", shard, "n3"]);
    }
    let ran = sandbox.fails(4, &["shard", "undo", &revision, "--yes"]);
    assert!(ran.stderr.contains("can be brought back"), "{ran:?}");
}

#[test]
fn shard_plans_that_were_edited_or_are_none_move_nothing() {
    let sandbox = uneven();
    let text = sandbox.ok(&["shard", "plan", "edge", "--max-moves", "1", "-o", "json"]);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(count(&plan["moves"]), 1);
    for (text, code) in [
        (
            text.replace("\"to\": \"n2\"", "\"to\": \"n9\""),
            "shards.plan.edited",
        ),
        (
            text.replace("deedbook-plan/1", "deedbook-plan/9"),
            "shards.plan.format_unknown",
        ),
        ("[]".to_owned(), "shards.plan.invalid"),
    ] {
        sandbox.write("p.json", &text);
        let ran = sandbox.fails(2, &["shard", "apply", "p.json", "-o", "json"]);
        assert_eq!(ran.error()["issues"][0]["code"], code);
    }
    assert!(owners(&sandbox).iter().all(|owner| owner == "\"n1\""));
    let ran = sandbox.fails(64, &["shard", "plan"]);
    assert!(ran.stderr.contains("name a namespace"), "{ran:?}");
}

#[test]
fn shard_plans_are_read_as_yaml_too() {
    let sandbox = uneven();
    sandbox.ok(&["shard", "set", "edge/s-00", "--status", "paused"]);
    let plan = ["shard", "plan", "edge", "-o"];
    let json = sandbox.ok(&[&plan[..], &["json"]].concat());
    let text = sandbox.ok(&[&plan[..], &["yaml"]].concat());
    assert!(text.starts_with("format: "), "{text}");
    sandbox.write("p.yaml", &text);
    // JSON is JSON whatever its file is called.
    sandbox.write("q.yaml", &json);
    let digest =
        |file: &str| sandbox.json(&["shard", "apply", file, "--dry-run"])["digest"].clone();
    assert_eq!(digest("p.yaml"), digest("q.yaml"));
    let map = ["shard", "map", "edge", "--plan"];
    assert_eq!(
        sandbox.ok(&[&map[..], &["p.yaml"]].concat()),
        sandbox.ok(&[&map[..], &["q.yaml"]].concat())
    );
    let piped = sandbox.feed(&["shard", "apply", "-", "--yes"], &text);
    assert_eq!(piped.status, 0, "{piped:?}");
    for (edited, code) in [
        (text.replace("to: n2", "to: n9"), "shards.plan.edited"),
        ("a: 1\n".to_owned(), "shards.plan.invalid"),
        ("a: [\n".to_owned(), "SC001"),
    ] {
        sandbox.write("p.yaml", &edited);
        let ran = sandbox.fails(2, &["shard", "apply", "p.yaml", "-o", "json"]);
        let issue = &ran.error()["issues"][0];
        assert_eq!(issue["code"], code);
        let hint = issue["hint"].as_str().unwrap();
        assert!(hint.contains("-o json"), "{hint}");
    }
}

#[test]
fn shard_keys_are_located_by_range() {
    let sandbox = uneven();
    for (shard, keys) in [("s-00", "..m"), ("s-01", "m..t")] {
        sandbox.ok(&["shard", "set", "-n", "edge", shard, "--keys", keys]);
    }
    sandbox.ok(&["shard", "transfer", "edge/s-01", "n2"]);
    let at = sandbox.json(&["shard", "locate", "edge", "parcel"]);
    assert_eq!(
        (&at["shardId"], &at["ownerNodeId"]),
        (&json!("s-01"), &json!("n2"))
    );
    // The first key of all, and one that is no text.
    assert_eq!(
        sandbox.json(&["shard", "locate", "-n", "edge", ""])["shardId"],
        "s-00"
    );
    let bytes = ["shard", "locate", "edge", "--base64", "bf8="];
    assert_eq!(sandbox.json(&bytes)["shardId"], "s-01");
    sandbox.fails(2, &["shard", "locate", "edge", "--base64", "b"]);
    let ran = sandbox.fails(3, &["shard", "locate", "edge", "zebra"]);
    assert!(
        ran.stderr.contains("`deedbook shard ls -n edge`"),
        "{ran:?}"
    );
    let before =
        sandbox.json(&["shard", "history", "edge/s-01"])["items"][1]["revision"].to_string();
    let at = sandbox.json(&["shard", "locate", "edge", "parcel", "--at", &before]);
    assert_eq!(at["ownerNodeId"], "n1");
}

#[test]
fn shard_maps_show_who_owns_what_before_and_after() {
    let sandbox = uneven();
    sandbox.ok(&["node", "add", "edge/n3", "--zone", "z1", "--weight", "0"]);
    let now = sandbox.ok(&["shard", "map", "edge"]);
    assert_eq!(
        now,
        "edge: 12 shards on 3 nodes\n\
         n1                12  ████████████\n\
         n2                 0\n\
         n3  z1, weight 0   0\n"
    );
    sandbox.write(
        "p.json",
        &sandbox.ok(&["shard", "plan", "edge", "-o", "json"]),
    );
    let planned = sandbox.ok(&["shard", "map", "edge", "--plan", "p.json"]);
    let map = sandbox.json(&["shard", "map", "edge", "--plan", "p.json"]);
    let svg = sandbox.ok(&["shard", "map", "edge", "--plan", "p.json", "-o", "svg"]);
    let revision = sandbox.json(&["audit", "head"])["revision"].to_string();
    sandbox.ok(&["shard", "apply", "p.json"]);
    for (line, before) in [("human", planned), ("svg", svg.clone())] {
        let since = ["shard", "map", "edge", "--since", &revision, "-o"];
        let after = match line {
            "human" => sandbox.ok(&since[..5]),
            form => sandbox.ok(&[&since[..], &[form]].concat()),
        };
        assert_eq!(after, before, "what was planned is what came of it");
    }
    let moves = map["moves"].as_array().unwrap();
    let (to, from) = (&map["nodes"][1], &map["nodes"][0]);
    assert_eq!(
        (&to["before"], &to["shards"]),
        (&json!(0), &json!(moves.len()))
    );
    assert_eq!(
        (&from["before"], &from["shards"]),
        (&json!(12), &json!(12 - moves.len()))
    );
    assert_eq!(
        svg.matches("<rect class=\"comes\"").count(),
        moves.len() + 1,
        "one in the legend"
    );
    assert!(
        svg.starts_with("<svg xmlns=") && !svg.contains("<script"),
        "{svg}"
    );
    let ran = sandbox.fails(2, &["shard", "map", "other", "--plan", "p.json"]);
    assert!(
        ran.stderr.contains("the plan is for namespace edge"),
        "{ran:?}"
    );
}

#[test]
fn shard_simulations_place_stored_shards_on_given_nodes() {
    let sandbox = uneven();
    sandbox.ok(&["namespace", "add", "edge", "--strategy", "ring"]);
    let simulate = ["mesh", "shards", "simulate", "edge", "--node"];
    let tried = sandbox.json(&[&simulate[..], &["n1,n2:2:eu:z:1"]].concat());
    assert_eq!(tried["strategyId"], "ring", "as the namespace has it");
    assert_eq!(count(&tried["assignments"]), 12);
    for one in tried["moves"].as_array().unwrap() {
        assert_eq!((&one["from"], &one["to"]), (&json!("n1"), &json!("n2")));
    }
    let all = sandbox.json(&[&simulate[..], &["n9", "--strategy", "rendezvous"]].concat());
    assert_eq!(count(&all["moves"]), 12);
    assert!(
        owners(&sandbox).iter().all(|owner| owner == "\"n1\""),
        "nothing moved"
    );
    sandbox.ok(&["shard", "set", "edge/s-03", "--status", "paused"]);
    let some = sandbox.json(&[&simulate[..], &["n9"]].concat());
    assert_eq!(count(&some["moves"]), 11);
    let third = &some["assignments"][3];
    assert_eq!(
        *third,
        json!({"shardId": "s-03", "ownerNodeId": "n1"}),
        "it is paused"
    );
    let ran = sandbox.fails(2, &[&simulate[..], &["n1:NaN"]].concat());
    assert!(ran.stderr.contains("--node: `NaN` is no weight"), "{ran:?}");
}
