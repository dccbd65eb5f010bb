//! `[sharding]`: a server makes what is missing and leaves what is there.

use deedbook_testkit::http::{Client, Request};
use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::serving::Serving;

const DECLARED: &str = r#"
[[sharding.namespaces]]
namespace = "orders"
strategy = "ring"
nodes = [{ nodeId = "node-a", zone = "z1" }, { nodeId = "node-b", weight = 2.0 }]
shards = [{ shardId = "s-01" }, { shardId = "s-02", capacity = 3.0, localityHint = "zone:z1" }]
"#;

fn items(serving: &Serving, target: &str) -> Vec<Value> {
    let listed = serving.get(target, None).json();
    listed["items"].as_array().unwrap().clone()
}

#[test]
fn a_server_makes_what_is_missing_and_leaves_what_is_there() {
    let sandbox = Sandbox::new();
    sandbox.write("deedbook.toml", DECLARED);
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let shards = items(&serving, "/v1/shards");
    assert_eq!(shards.len(), 2);
    assert_eq!(shards[1]["data"]["capacityHint"], 3.0);
    assert_eq!(shards[1]["data"]["localityHint"], "zone:z1");
    assert_eq!(items(&serving, "/v1/nodes").len(), 2);
    let plan = serving.get("/v1/namespaces/orders/plan", None).json();
    assert_eq!(
        (&plan["strategyId"], &plan["moves"]),
        (&"ring".into(), &Value::Array(vec![]))
    );

    // The strategy changes while the server runs, and stays over its next start.
    let patch = Request::new("PATCH", "/v1/namespaces/orders");
    let patch = patch.content(
        "application/merge-patch+json",
        r#"{"strategyId":"rendezvous"}"#,
    );
    assert_eq!(Client::connect(serving.address).send(&patch).status, 200);
    let plan = serving.get("/v1/namespaces/orders/plan", None).json();
    assert_eq!(plan["strategyId"], "rendezvous");
    serving.end();

    let more = DECLARED
        .replace("weight = 2.0", "weight = 9.0")
        .replace("shards = [", r#"shards = [{ shardId = "s-00" }, "#);
    sandbox.write("deedbook.toml", &more);
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    assert_eq!(items(&serving, "/v1/shards").len(), 3);
    let node = serving.get("/v1/nodes/orders/node-b", None).json();
    assert_eq!(
        (&node["generation"], &node["data"]["weight"]),
        (&1.into(), &2.into())
    );
    let plan = serving.get("/v1/namespaces/orders/plan", None).json();
    assert_eq!(plan["strategyId"], "rendezvous");
    let changes = items(&serving, "/v1/changes?order=newest&limit=1");
    assert_eq!(changes[0]["key"], "orders/s-00");
    assert_eq!(changes[0]["reason"], "sharding of the configuration");
    serving.end();

    let shown = sandbox.ok(&["config", "show"]);
    assert!(shown.contains("1 namespace, 2 nodes, 3 shards"), "{shown}");
}

#[test]
fn a_server_does_not_start_with_a_fault_in_it() {
    let sandbox = Sandbox::new();
    for (from, to, said) in [
        ("node-a", " ", "/namespaces/0/nodes/0/nodeId"),
        ("2.0", "-2.0", "shards.hashing.weight_invalid"),
        ("\"ring\"", "\"rnig\"", "shards.hashing.strategy.unknown"),
        ("capacity", "kapacity", "kapacity"),
        (
            "s-02",
            "s-01",
            "/namespaces/0/shards/1/shardId `s-01` is declared twice",
        ),
    ] {
        sandbox.write("deedbook.toml", &DECLARED.replace(from, to));
        let refused = sandbox.fails(2, &["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.stdout, "");
        for said in ["deedbook.toml:", said] {
            assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
        }
    }
}
