//! Changes of hands: transfers, plans and how they are applied and undone, and which shard holds a
//! key.

use std::sync::Arc;

use deedbook_api::samples;
use deedbook_book::BookError;
use deedbook_model::code::Code;
use deedbook_model::{Capability, Grant, Grants, Rights};
use deedbook_rules::Command;
use deedbook_rules::placement::plan::Plan;
use deedbook_testkit::http::{Request, Response};
use serde_json::{Value, json};

use crate::identity::{create, get, guarded_with_mesh, with};
use crate::sandbox::Sandbox;

const JSON: &str = "application/json";

fn put(sandbox: &Sandbox, path: &str, document: &Value) {
    let request = Request::new("PUT", path).content(JSON, document.to_string());
    let done = sandbox.send(&request);
    assert_eq!(done.status, 201, "{}", done.text());
}

/// Three nodes and 32 shards, all of them with the first node.
fn cluster(strategy: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "/v1/namespaces/orders",
        &json!({"strategyId": strategy}),
    );
    for node in ["n1", "n2", "n3"] {
        put(&sandbox, &format!("/v1/nodes/orders/{node}"), &json!({}));
    }
    for shard in 0..32 {
        let path = format!("/v1/shards/orders/s-{shard:02}");
        put(&sandbox, &path, &json!({"ownerNodeId": "n1"}));
    }
    sandbox
}

fn plan(sandbox: &Sandbox, query: &str) -> Value {
    let found = sandbox.get(&format!("/v1/namespaces/orders/plan{query}"));
    assert_eq!(found.status, 200, "{}", found.text());
    found.json()
}

fn apply(sandbox: &Sandbox, plan: &Value) -> Response {
    let request = Request::new("POST", "/v1/namespaces/orders/apply");
    let request = request.header("Deedbook-Ticket", "CHG-1");
    sandbox.send(&request.content(JSON, plan.to_string()))
}

fn owners(sandbox: &Sandbox) -> Vec<String> {
    let found = sandbox.get("/v1/shards?namespace=orders").json();
    let items = found["items"].as_array().unwrap().iter();
    let owner = |item: &Value| item["data"]["ownerNodeId"].as_str().unwrap().to_owned();
    items.map(owner).collect()
}

#[test]
fn a_plan_is_applied_as_one_command_and_undone() {
    for strategy in [
        "ring",
        "rendezvous",
        "locality",
        "rendezvous-weighted",
        "bounded-load",
    ] {
        let sandbox = cluster(strategy);
        let before = owners(&sandbox);
        let planned = plan(&sandbox, "");
        let moves = planned["moves"].as_array().unwrap();
        assert!(moves.len() > 10, "{strategy}: {planned}");

        let done = apply(&sandbox, &planned).json();
        assert_eq!(done["moves"], moves.len());
        assert_eq!(done["digest"], planned["digest"]);
        let (first, last) = (&done["first"], &done["revision"]);
        let changes = sandbox.get(&format!(
            "/v1/changes?after={}",
            first.as_u64().unwrap() - 1
        ));
        let changes = changes.json();
        let changes = changes["items"].as_array().unwrap();
        assert_eq!(changes.len(), moves.len());
        for change in changes {
            assert_eq!((&change["first"], &change["last"]), (first, last));
            assert_eq!(change["verb"], "transferred");
            assert_eq!(change["ticket"], "CHG-1");
            assert_eq!(change["reason"], "apply plan");
            assert_eq!(change["record"]["data"]["previousOwnerNodeId"], "n1");
        }
        let again = plan(&sandbox, "");
        assert_eq!(again["moves"], json!([]), "{strategy}");

        // Whichever change of the command is named.
        let after = owners(&sandbox);
        let back = plan(&sandbox, &format!("?undo={first}"));
        let moves_back = back["moves"].as_array().unwrap();
        assert_eq!(moves_back.len(), moves.len());
        assert_eq!(
            plan(&sandbox, &format!("?undo={last}"))["moves"],
            back["moves"]
        );
        let undone = apply(&sandbox, &back).json();
        assert_eq!(owners(&sandbox), before, "{strategy}");
        // An undo is a command like any other.
        let forth = plan(&sandbox, &format!("?undo={}", undone["revision"]));
        assert_eq!(apply(&sandbox, &forth).status, 200);
        assert_eq!(owners(&sandbox), after, "{strategy}");
    }
}

#[test]
fn a_plan_is_refused_once_something_moved_on() {
    let sandbox = cluster("ring");
    let planned = plan(&sandbox, "");
    let drain = Request::new("PATCH", "/v1/nodes/orders/n2");
    let drain = drain.content("application/merge-patch+json", r#"{"draining":true}"#);
    assert_eq!(sandbox.send(&drain).status, 200);
    let before = owners(&sandbox);
    let refused = apply(&sandbox, &planned);
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    let problem = refused.json();
    assert_eq!(problem["errors"][0]["code"], "shards.plan.stale");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("node `n2` was at generation 1 and is at 2"),
        "{detail}"
    );
    assert_eq!(owners(&sandbox), before);

    // It gets nothing, and a part of the moves is no reason to refuse the rest.
    let some = plan(&sandbox, "?maxMoves=3");
    assert_eq!(some["moves"].as_array().unwrap().len(), 3);
    assert!(some["heldBack"].as_u64().unwrap() > 0);
    assert_eq!(apply(&sandbox, &some).status, 200);
    // The same plan again: its shards have moved.
    assert_eq!(apply(&sandbox, &some).status, 409);
    assert_eq!(apply(&sandbox, &plan(&sandbox, "")).status, 200);
    assert!(!owners(&sandbox).iter().any(|owner| owner == "n2"));
}

#[test]
fn a_plan_with_its_key_is_applied_once() {
    let sandbox = cluster("ring");
    let planned = plan(&sandbox, "").to_string();
    let request = Request::new("POST", "/v1/namespaces/orders/apply");
    let request = request
        .header("Idempotency-Key", "once")
        .content(JSON, planned);
    let first = sandbox.send(&request);
    let again = sandbox.send(&request);
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text(), again.text());
    let trial = Request::new("POST", "/v1/namespaces/orders/apply?dryRun=true");
    let nothing = plan(&sandbox, "").to_string();
    let trial = sandbox.send(&trial.content(JSON, nothing)).json();
    assert_eq!(
        (&trial["moves"], &trial["dryRun"]),
        (&json!(0), &json!(true))
    );
}

#[test]
fn what_is_edited_or_nothing_is_no_plan() {
    let sandbox = cluster("ring");
    let mut planned = plan(&sandbox, "");
    planned["moves"][0]["to"] = "n1".into();
    let refused = apply(&sandbox, &planned);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["errors"][0]["code"], "shards.plan.edited");
    for (query, status, code) in [
        ("?strategy=rnig", 400, "shards.hashing.strategy.unknown"),
        ("?undo=2", 409, ""),
        ("?undo=4711", 400, ""),
        ("?undo=2&strategy=ring", 400, ""),
        ("?maxMoves=-1", 400, ""),
    ] {
        let found = sandbox.get(&format!("/v1/namespaces/orders/plan{query}"));
        assert_eq!(found.status, status, "{query} {}", found.text());
        if !code.is_empty() {
            assert_eq!(found.json()["errors"][0]["code"], code);
        }
    }
    assert_eq!(sandbox.get("/v1/namespaces/none/plan").status, 404);
    // A namespace of shards alone has nothing to place them on.
    put(&sandbox, "/v1/shards/bare/s", &json!({"ownerNodeId": "n"}));
    let found = sandbox.get("/v1/namespaces/bare/plan");
    assert_eq!(found.status, 409);
    assert_eq!(
        found.json()["errors"][0]["code"],
        "shards.hashing.nodes_required"
    );
}

#[test]
fn a_transfer_says_who_had_the_shard() {
    let sandbox = cluster("ring");
    let request = Request::new(
        "POST",
        "/v1/shards/orders/s-00/transfer?expectedGeneration=1",
    );
    let content = json!({"ownerNodeId": "n3", "ownershipDeltaPercent": 3.5, "metadata": "{}"});
    let done = sandbox.send(&request.content(JSON, content.to_string()));
    let done = done.json();
    assert_eq!(done["generation"], 2);
    let data = &done["data"];
    assert_eq!(data["ownerNodeId"], "n3");
    assert_eq!(data["previousOwnerNodeId"], "n1");
    assert_eq!(data["ownershipDeltaPercent"], 3.5);
    assert_eq!(data["ownershipDelta"], 3.125);
    assert_eq!(data["metadata"], "{}");
    let history = sandbox.get("/v1/shards/orders/s-00/history").json();
    assert_eq!(history["items"][0]["verb"], "transferred");
}

#[test]
fn keys_are_located_as_shards_come_and_go() {
    let sandbox = Sandbox::new();
    let held = |start: &str, end: Option<&str>| {
        let mut range = json!({"start": start});
        if let Some(end) = end {
            range["end"] = end.into();
        }
        json!({"ownerNodeId": "n1", "keyRange": range})
    };
    // Base64 of `d` and `m`.
    put(&sandbox, "/v1/shards/names/low", &held("", Some("ZA==")));
    put(
        &sandbox,
        "/v1/shards/names/middle",
        &held("ZA==", Some("bQ==")),
    );
    put(&sandbox, "/v1/shards/names/high", &held("bQ==", None));
    let locate = |query: &str| {
        let found = sandbox.get(&format!("/v1/namespaces/names/locate?{query}"));
        match found.status {
            200 => found.json()["shardId"].as_str().unwrap().to_owned(),
            status => status.to_string(),
        }
    };
    for (query, wanted) in [
        ("key=", "low"),
        ("key=czz", "low"),
        ("key=d", "middle"),
        ("keyBase64=bP8%3D", "middle"),
        ("key=m", "high"),
        ("key=%C3%BC", "high"),
        ("", "400"),
        ("key=a&keyBase64=YQ%3D%3D", "400"),
        ("keyBase64=%21", "400"),
    ] {
        assert_eq!(locate(query), wanted, "{query}");
    }
    assert_eq!(
        sandbox
            .send(&Request::new("DELETE", "/v1/shards/names/middle"))
            .status,
        200
    );
    assert_eq!(locate("key=e"), "404");
    assert_eq!(
        sandbox.get("/v1/namespaces/names/locate?key=e&at=3").json()["shardId"],
        "middle"
    );
}

#[test]
fn changes_of_hands_take_the_right_capability() {
    let sandbox = guarded_with_mesh();
    let plan = get(&sandbox, "admin", "/v1/namespaces/parcels/plan");
    let plan = plan.text();
    for who in ["reader", "writer"] {
        for (method, path, content) in [
            ("GET", "/v1/namespaces/parcels/plan", None),
            ("GET", "/v1/namespaces/parcels/locate?key=parcel-7", None),
            ("POST", "/v1/namespaces/parcels/apply", Some(plan)),
            (
                "POST",
                "/v1/shards/parcels/p-01/transfer",
                Some(r#"{"ownerNodeId":"n"}"#),
            ),
        ] {
            let request = Request::new(method, path);
            let request = match content {
                Some(content) => request.content(JSON, content),
                None => request,
            };
            let refused = sandbox.send(&with(who, request));
            assert_eq!(refused.status, 403, "{who} {path}");
        }
    }
}

/// What a plan is held against is told where it doesn't fit: only to those who may change it.
#[test]
fn a_plan_of_a_foreign_namespace_tells_nothing() {
    let sandbox = guarded_with_mesh();
    let stranger = create(
        "stranger",
        &["MESH_OPERATE:returns", "MESH_READ:returns"],
        None,
    );
    sandbox.book.execute(stranger).unwrap();
    let forged = json!({
        "format": "deedbook-plan/1", "namespace": "parcels", "strategyId": "ring",
        "moves": [], "stays": [], "fewestMoves": 0, "heldBack": 0,
        "restsOn": {"namespace": 0, "nodes": {}, "everyShard": true, "shards": {}},
        "digest": "x",
    });
    let apply = |namespace: &str, plan: &str| {
        let target = format!("/v1/namespaces/{namespace}/apply");
        let request = Request::new("POST", &target).content(JSON, plan);
        sandbox.send(&with("stranger", request))
    };
    let refused = apply("parcels", &forged.to_string());
    assert_eq!((refused.status, refused.code().as_str()), (403, "denied"));
    // Through a namespace of one's own neither, and not by the rules alone.
    let refused = apply("returns", samples::PLAN);
    assert_eq!(refused.status, 400, "{}", refused.text());
    let plan = Arc::new(Plan::read(samples::STALE_PLAN.as_bytes()).unwrap());
    let command = Command {
        rights: Rights::of(
            [Grant::of_all(Capability::RegistryWrite)]
                .into_iter()
                .collect::<Grants>(),
        ),
        ..Command::applying("stranger", plan)
    };
    match sandbox.book.execute(command) {
        Err(BookError::Refused(refusals)) => assert_eq!(refusals[0].code, Code::Denied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_undone_shard_does_not_go_to_a_node_that_is_gone() {
    let sandbox = cluster("ring");
    let applied = apply(&sandbox, &plan(&sandbox, "")).json();
    let remove = Request::new("DELETE", "/v1/nodes/orders/n1?force=true");
    assert_eq!(sandbox.send(&remove).status, 200);
    let back = plan(&sandbox, &format!("?undo={}", applied["revision"]));
    assert_eq!(back["moves"], json!([]));
    let stays = back["stays"].as_array().unwrap();
    assert_eq!(stays.len() as u64, applied["moves"].as_u64().unwrap());
    assert!(stays.iter().all(|stay| stay["reason"] == "node gone"));
}

#[test]
fn what_takes_too_long_to_plan_is_refused() {
    let sandbox = Sandbox::new();
    put(&sandbox, "/v1/shards/big/s", &json!({"ownerNodeId": "n"}));
    for node in 0..65 {
        put(
            &sandbox,
            &format!("/v1/nodes/big/n{node}"),
            &json!({"weight": 1024}),
        );
    }
    for strategy in ["ring", "bounded-load"] {
        let refused = sandbox.get(&format!("/v1/namespaces/big/plan?strategy={strategy}"));
        assert_eq!(refused.status, 413, "{}", refused.text());
        let hint = refused.json()["hint"].to_string();
        assert!(hint.contains("weights in proportion"), "{hint}");
    }
    for strategy in ["rendezvous", "locality-weighted"] {
        let planned = sandbox.get(&format!("/v1/namespaces/big/plan?strategy={strategy}"));
        assert_eq!(planned.status, 200, "{}", planned.text());
    }
}

#[test]
fn what_moved_away_and_came_back_is_not_undone() {
    let sandbox = cluster("ring");
    let moved = |owner: &str| {
        let content = json!({"ownerNodeId": owner}).to_string();
        let request =
            Request::new("POST", "/v1/shards/orders/s-07/transfer").content(JSON, content);
        sandbox.send(&request).json()["revision"].to_string()
    };
    let first = moved("n2");
    let paused = Request::new("PATCH", "/v1/shards/orders/s-07");
    let patch = r#"{"status":"draining"}"#;
    sandbox.send(&paused.content("application/merge-patch+json", patch.to_owned()));
    let untouched = plan(&sandbox, &format!("?undo={first}"));
    assert_eq!(untouched["moves"][0]["to"], "n1", "{untouched}");
    moved("n3");
    moved("n2");
    let planned = plan(&sandbox, &format!("?undo={first}"));
    assert_eq!(planned["moves"], json!([]));
    assert_eq!(planned["stays"][0]["reason"], "moved since");
}

#[test]
fn what_one_later_command_changed_several_times_is_seen_through() {
    let sandbox = cluster("ring");
    let content = r#"{"ownerNodeId":"n2"}"#.to_owned();
    let transfer = Request::new("POST", "/v1/shards/orders/s-07/transfer").content(JSON, content);
    let first = sandbox.send(&transfer).json()["revision"].to_string();
    let together = |patches: &[Value]| {
        let write =
            |patch| json!({"op": "patch", "kind": "shard", "key": "orders/s-07", "patch": patch});
        let writes: Vec<Value> = patches.iter().map(write).collect();
        let content = json!({ "writes": writes }).to_string();
        let done = sandbox.send(&Request::new("POST", "/v1/batch").content(JSON, content));
        assert_eq!(done.status, 200, "{}", done.text());
        plan(&sandbox, &format!("?undo={first}"))
    };
    let (drains, active) = (json!({"status": "draining"}), json!({"status": "active"}));
    let planned = together(&[drains.clone(), active.clone(), drains]);
    assert_eq!(planned["moves"][0]["to"], "n1", "{planned}");
    let away = |node: &str| json!({"ownerNodeId": node});
    let planned = together(&[away("n3"), active.clone(), away("n2"), active]);
    assert_eq!(planned["moves"], json!([]));
    assert_eq!(planned["stays"][0]["reason"], "moved since");
}

#[test]
fn a_write_may_ask_that_there_be_none_or_some() {
    let sandbox = cluster("ring");
    let send = |method: &str, path: &str, header: (&str, &str), content: &str| {
        let request = Request::new(method, path).header(header.0, header.1);
        sandbox.send(&request.content(JSON, content.to_owned()))
    };
    let taken = "/v1/shards/orders/s-07";
    let document = r#"{"ownerNodeId":"n9"}"#;
    for (path, header, wanted) in [
        (taken, ("If-None-Match", "*"), 412),
        ("/v1/shards/orders/new-1", ("If-Match", "*"), 412),
        ("/v1/shards/orders/new-2", ("If-None-Match", "*"), 201),
        (taken, ("If-Match", "*"), 200),
        (taken, ("If-None-Match", "\"7\""), 400),
        (taken, ("If-Match", "W/\"7\""), 412),
    ] {
        let answer = send("PUT", path, header, document);
        assert_eq!(
            answer.status,
            wanted,
            "{path} {header:?}: {}",
            answer.text()
        );
    }
    let removed = send("DELETE", taken, ("If-None-Match", "*"), "");
    assert_eq!(removed.status, 412);
    let weak = send("PUT", taken, ("If-Match", "W/\"7\""), document)
        .text()
        .to_owned();
    assert!(weak.contains("revision none that it ever had"), "{weak}");
}
