//! Every face and the log name the same owner for each shard, whatever happens to the nodes.

use std::collections::BTreeMap;

use deedbook_api::grpc::control_v1::ShardListRequest;
use deedbook_api::grpc::control_v1::shard_control_service_client::ShardControlServiceClient;
use deedbook_api::grpc::v1::mesh_service_client::MeshServiceClient;
use deedbook_api::grpc::v1::{ApplyPlanRequest, GetPlanRequest, ListRecordsRequest, MeshKind};
use deedbook_rules::placement::{PlacementNode, PlacementRequest, PlacementShard, Strategies};
use deedbook_testkit::check::{Dice, number};
use deedbook_testkit::http::{Client, Request, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};

use crate::sandbox::Sandbox;
use crate::serving::Serving;

/// Each with the strategy of its name.
const NAMESPACES: [&str; 3] = ["ring", "rendezvous", "locality"];
const SHARDS: usize = 40;
const NODES: usize = 12;

/// Changes of nodes; `DEEDTEST_CHANGES` makes another number.
const CHANGES: usize = 200;

/// After so many changes all faces are compared.
const COMPARED: usize = 25;

/// Owner by namespace and shard.
type Owners = BTreeMap<(String, String), String>;

struct Cluster {
    sandbox: Sandbox,
    serving: Serving,
    http: Client,
    runtime: Runtime,
    channel: Channel,
}

impl Cluster {
    fn new() -> Cluster {
        let sandbox = Sandbox::new();
        let serving = Serving::start(&sandbox, "127.0.0.1:0");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let endpoint = Endpoint::from_shared(serving.url()).unwrap();
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        let http = Client::connect(serving.address);
        let mut cluster = Cluster {
            sandbox,
            serving,
            http,
            runtime,
            channel,
        };
        let mut writes = Vec::new();
        for namespace in NAMESPACES {
            writes.push(put(
                "namespace",
                namespace,
                json!({"strategyId": namespace}),
            ));
            for node in 0..NODES {
                writes.push(put(
                    "node",
                    &format!("{namespace}/n{node}"),
                    node_document(node),
                ));
            }
            for shard in 0..SHARDS {
                let hint = shard.is_multiple_of(2).then(|| format!("r{}", shard % 3));
                let document = json!({"ownerNodeId": "n0", "localityHint": hint});
                writes.push(put("shard", &format!("{namespace}/s{shard:02}"), document));
            }
        }
        cluster.send("POST", "/v1/batch", &json!({"writes": writes}));
        cluster
    }

    fn send(&mut self, method: &str, target: &str, content: &Value) -> Response {
        let request = Request::new(method, target).content("application/json", content.to_string());
        let answer = self.http.send(&request);
        assert!(answer.status < 300, "{method} {target}: {}", answer.text());
        answer
    }

    /// Plans and applies by another face each time.
    fn settle(&mut self, namespace: &str, face: usize) {
        let target = format!("/v1/namespaces/{namespace}");
        match face % 3 {
            0 => {
                let plan = self.http.get(&format!("{target}/plan")).json();
                self.send("POST", &format!("{target}/apply"), &plan);
            }
            1 => {
                let (runtime, channel) = (&self.runtime, self.channel.clone());
                runtime.block_on(async {
                    let mut client = MeshServiceClient::new(channel);
                    let request = GetPlanRequest {
                        namespace: namespace.to_owned(),
                        ..GetPlanRequest::default()
                    };
                    let plan = client.get_plan(request).await.unwrap().into_inner();
                    let request = ApplyPlanRequest {
                        namespace: namespace.to_owned(),
                        plan: plan.plan,
                        options: None,
                    };
                    client.apply_plan(request).await.unwrap();
                });
            }
            _ => {
                let plan = self.sandbox.ok(&["shard", "plan", namespace, "-o", "json"]);
                self.sandbox.write("plan.json", &plan);
                self.sandbox.ok(&["shard", "apply", "plan.json"]);
            }
        }
    }

    fn assert_all_agree(&mut self) {
        let wanted = self.placed();
        assert_eq!(self.over_http(), wanted, "HTTP");
        assert_eq!(self.over_grpc(), wanted, "gRPC");
        assert_eq!(self.over_control(), wanted, "/control");
        assert_eq!(
            self.over_control_grpc(),
            wanted,
            "omnirelay.mesh.control.v1"
        );
        assert_eq!(self.over_command_line(), wanted, "command line");
        assert_eq!(self.out_of_the_log(), wanted, "log");
    }

    /// What the strategies say of the nodes as they are.
    fn placed(&mut self) -> Owners {
        let nodes = self.http.get("/v1/nodes?limit=1000").json();
        let mut owners = Owners::new();
        for namespace in NAMESPACES {
            let nodes = items(&nodes).iter();
            let nodes = nodes.filter(|node| node["data"]["namespace"] == namespace);
            let nodes: Vec<PlacementNode> = nodes.map(|node| placement(&node["data"])).collect();
            let shard = |shard: usize| PlacementShard {
                id: format!("s{shard:02}"),
                locality_hint: shard.is_multiple_of(2).then(|| format!("r{}", shard % 3)),
            };
            let shards: Vec<PlacementShard> = (0..SHARDS).map(shard).collect();
            let request = PlacementRequest::of(namespace, &nodes, &shards);
            let placed = Strategies::default().place(namespace, &request).unwrap();
            for (shard, node) in shards.iter().zip(placed) {
                let key = (namespace.to_owned(), shard.id.clone());
                owners.insert(key, node.id.clone());
            }
        }
        owners
    }

    fn over_http(&mut self) -> Owners {
        let page = self.http.get("/v1/shards?limit=1000").json();
        items(&page)
            .iter()
            .map(|item| owner(&item["data"]))
            .collect()
    }

    fn over_command_line(&self) -> Owners {
        let page = self.sandbox.json(&["mesh", "shards", "ls", "--all"]);
        items(&page)
            .iter()
            .map(|item| owner(&item["data"]))
            .collect()
    }

    fn over_grpc(&self) -> Owners {
        let request = ListRecordsRequest {
            kind: MeshKind::Shard.into(),
            limit: Some(1000),
            ..ListRecordsRequest::default()
        };
        let mut client = MeshServiceClient::new(self.channel.clone());
        let page = self.runtime.block_on(client.list_records(request)).unwrap();
        let items = page.into_inner().items.into_iter();
        let data = items.map(|record| serde_json::from_str(&record.data).unwrap());
        data.map(|data: Value| owner(&data)).collect()
    }

    fn over_control(&mut self) -> Owners {
        let (mut owners, mut cursor) = (Owners::new(), String::new());
        loop {
            let target = format!("/control/shards?pageSize=50&cursor={cursor}");
            let request = Request::new("GET", &target).header("x-mesh-scope", "mesh.read");
            let page = self.http.send(&request).json();
            owners.extend(items(&page).iter().map(owner));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = deedbook_api::query::percent_encode(next),
                None => return owners,
            }
        }
    }

    fn over_control_grpc(&self) -> Owners {
        let mut client = ShardControlServiceClient::new(self.channel.clone());
        let mut request = tonic::Request::new(ShardListRequest {
            page_size: 500,
            ..ShardListRequest::default()
        });
        let metadata = request.metadata_mut();
        metadata.insert("x-mesh-scope", "mesh.read".parse().unwrap());
        let page = self.runtime.block_on(client.list(request)).unwrap();
        let shards = page.into_inner().shards.into_iter();
        let named = shards.map(|shard| ((shard.namespace, shard.shard_id), shard.owner_node_id));
        named.collect()
    }

    /// The last change of each shard.
    fn out_of_the_log(&mut self) -> Owners {
        let (mut owners, mut cursor) = (Owners::new(), String::new());
        loop {
            let target = format!("/v1/changes?kind=shard&limit=1000{cursor}");
            let page = self.http.get(&target).json();
            owners.extend(
                items(&page)
                    .iter()
                    .map(|item| owner(&item["record"]["data"])),
            );
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return owners,
            }
        }
    }
}

fn put(kind: &str, key: &str, document: Value) -> Value {
    json!({"op": "put", "kind": kind, "key": key, "document": document})
}

fn node_document(node: usize) -> Value {
    json!({"region": format!("r{}", node % 3), "zone": format!("z{}", node % 5)})
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().unwrap()
}

fn owner(shard: &Value) -> ((String, String), String) {
    let text = |name: &str| shard[name].as_str().unwrap().to_owned();
    ((text("namespace"), text("shardId")), text("ownerNodeId"))
}

fn placement(node: &Value) -> PlacementNode {
    let text = |name: &str| node[name].as_str().map(str::to_owned);
    let takes = node["draining"] == false;
    PlacementNode {
        id: text("nodeId").unwrap(),
        weight: if takes {
            node["weight"].as_f64().unwrap()
        } else {
            0.0
        },
        region: text("region"),
        zone: text("zone"),
    }
}

#[test]
fn faces_agree_on_every_owner_after_changes_of_nodes() {
    let mut dice = Dice::new();
    let mut below = |end: usize| dice.below(end as u64) as usize;
    let mut cluster = Cluster::new();
    let changes = number("DEEDTEST_CHANGES").unwrap_or(CHANGES);
    for namespace in NAMESPACES {
        cluster.settle(namespace, 0);
    }
    let mut fresh = NODES;
    for change in 0..changes {
        let namespace = NAMESPACES[below(NAMESPACES.len())];
        // The first always takes shards: something has to.
        let node = format!("n{}", 1 + below(fresh - 1));
        let target = format!("/v1/nodes/{namespace}/{node}");
        let is_there = cluster.http.get(&target).status == 200;
        match below(5) {
            0 if is_there => {
                let request = Request::new("DELETE", &format!("{target}?force=true"));
                assert_eq!(cluster.http.send(&request).status, 200);
            }
            1 => {
                let target = format!("/v1/nodes/{namespace}/n{fresh}");
                cluster.send("PUT", &target, &node_document(fresh));
                fresh += 1;
            }
            2 if is_there => {
                let draining = json!({"draining": below(2) == 0});
                cluster.send("PATCH", &target, &draining);
            }
            3 if is_there => {
                let weight = json!({"weight": below(9) as f64 / 2.0});
                cluster.send("PATCH", &target, &weight);
            }
            _ => {
                let document = node_document(below(15));
                cluster.send("PUT", &target, &document);
            }
        }
        cluster.settle(namespace, change);
        if change.is_multiple_of(COMPARED) {
            cluster.assert_all_agree();
        }
    }
    cluster.assert_all_agree();
    cluster.sandbox.ok(&["audit", "verify"]);
    cluster.serving.end();
}
