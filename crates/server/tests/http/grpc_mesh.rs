//! What runs where over gRPC: each call does what its route does.

use deedbook_api::grpc::problem_in;
use deedbook_api::grpc::v1::batch_write::Write;
use deedbook_api::grpc::v1::component_service_client::ComponentServiceClient;
use deedbook_api::grpc::v1::mesh_service_client::MeshServiceClient;
use deedbook_api::grpc::v1::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::sandbox::Sandbox;
use crate::watch_faces::envelope;

struct Caller {
    runtime: Runtime,
    client: MeshServiceClient<Channel>,
}

impl Caller {
    fn new(sandbox: &Sandbox) -> Caller {
        let (runtime, channel) = sandbox.grpc();
        let client = MeshServiceClient::new(channel);
        Caller { runtime, client }
    }

    fn call<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut MeshServiceClient<Channel>) -> Result<Response<T>, Status>,
    ) -> Result<T, Status> {
        let Caller { runtime, client } = self;
        runtime.block_on(ask(client)).map(Response::into_inner)
    }

    fn put(&mut self, kind: MeshKind, parts: &[&str], document: &Value) -> WriteResponse {
        let request = PutRecordRequest {
            key: key(kind, parts),
            document: document.to_string(),
            ..PutRecordRequest::default()
        };
        let done = self.call(async |client| client.put_record(request).await);
        done.unwrap().written.unwrap()
    }
}

fn key(kind: MeshKind, parts: &[&str]) -> Option<MeshKey> {
    Some(MeshKey {
        kind: kind.into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    })
}

#[test]
fn records_are_written_and_read_as_over_http() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    let made = [
        (
            MeshKind::Namespace,
            vec!["or/ders"],
            "/v1/namespaces/or%2Fders",
            json!({"strategyId": "ring"}),
        ),
        (
            MeshKind::Node,
            vec!["or/ders", "n 1"],
            "/v1/nodes/or%2Fders/n%201",
            json!({"zone": "a"}),
        ),
        (
            MeshKind::Service,
            vec!["or/ders", "api"],
            "/v1/services/or%2Fders/api",
            json!({}),
        ),
        (
            MeshKind::Endpoint,
            vec!["or/ders", "api", "e%"],
            "/v1/endpoints/or%2Fders/api/e%25",
            json!({"uri": "http://h:1"}),
        ),
        (
            MeshKind::Shard,
            vec!["or/ders", "s"],
            "/v1/shards/or%2Fders/s",
            json!({"ownerNodeId": "n 1"}),
        ),
    ];
    for (kind, parts, path, document) in &made {
        let done = caller.put(*kind, parts, document);
        let shown = sandbox.get(path).json();
        assert_eq!(envelope(&done.record.unwrap()), shown);

        let request = GetRecordRequest {
            key: key(*kind, parts),
            options: None,
        };
        let got = caller
            .call(async |client| client.get_record(request).await)
            .unwrap();
        assert_eq!(envelope(&got.record.unwrap()), shown);
        let request = ListRecordsRequest {
            kind: (*kind).into(),
            ..ListRecordsRequest::default()
        };
        let listed = caller
            .call(async |client| client.list_records(request).await)
            .unwrap();
        assert_eq!(listed.items.len(), 1);
        assert_eq!(envelope(&listed.items[0]), shown);

        let request = PatchRecordRequest {
            key: key(*kind, parts),
            patch: json!({"annotations": {"team": "x"}, "strategyId": "rnig"}).to_string(),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["annotations.team".to_owned()],
            }),
            expected_generation: Some(1),
            options: None,
        };
        let done = caller.call(async |client| client.patch_record(request).await);
        let record = done.unwrap().written.unwrap().record.unwrap();
        assert_eq!(
            (record.generation, &record.annotations["team"][..]),
            (2, "x")
        );

        let request = ListRecordHistoryRequest {
            key: key(*kind, parts),
            ..ListRecordHistoryRequest::default()
        };
        let history = caller.call(async |client| client.list_record_history(request).await);
        assert_eq!(history.unwrap().items.len(), 2);
    }
    let request = ListRecordsRequest {
        kind: MeshKind::Shard.into(),
        owner: Some("N 1".to_owned()),
        statuses: vec!["active".to_owned()],
        ..ListRecordsRequest::default()
    };
    let found = caller
        .call(async |client| client.list_records(request).await)
        .unwrap();
    assert_eq!(found.items.len(), 1);

    let removed = RemoveRecordRequest {
        key: key(MeshKind::Node, &["or/ders", "n 1"]),
        ..RemoveRecordRequest::default()
    };
    let forced = RemoveRecordRequest {
        force: true,
        ..removed.clone()
    };
    let refused = caller
        .call(async |client| client.remove_record(removed).await)
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(problem_in(&refused).unwrap().code, "in_use");
    let done = caller
        .call(async |client| client.remove_record(forced).await)
        .unwrap();
    let done = done.written.unwrap();
    assert!(done.removed && done.warnings.len() == 1, "{done:?}");
}

#[test]
fn shards_change_hands_as_over_http() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    for node in ["a", "b", "c"] {
        caller.put(MeshKind::Node, &["orders", node], &json!({}));
    }
    for shard in ["s1", "s2", "s3", "s4"] {
        let range = (shard == "s1").then(|| json!({"start": ""}));
        let document = json!({"ownerNodeId": "gone", "keyRange": range});
        caller.put(MeshKind::Shard, &["orders", shard], &document);
    }
    let request = GetPlanRequest {
        namespace: "orders".to_owned(),
        max_moves: Some(3),
        ..GetPlanRequest::default()
    };
    let plan = caller
        .call(async |client| client.get_plan(request).await)
        .unwrap();
    let shown = sandbox.get("/v1/namespaces/orders/plan?maxMoves=3");
    assert_eq!(plan.plan, shown.text());
    assert_eq!(
        (plan.moves.len(), plan.held_back, &plan.digest[..]),
        (3, 1, shown.json()["digest"].as_str().unwrap())
    );
    assert_eq!(plan.moves[0].reason, "node gone");

    let request = ApplyPlanRequest {
        namespace: "orders".to_owned(),
        plan: plan.plan.clone(),
        options: Some(WriteOptions {
            ticket: Some("CHG-2".to_owned()),
            ..WriteOptions::default()
        }),
    };
    let again = request.clone();
    let done = caller
        .call(async |client| client.apply_plan(request).await)
        .unwrap();
    assert_eq!((done.moves, done.digest), (3, plan.digest));
    let refused = caller
        .call(async |client| client.apply_plan(again).await)
        .unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(
        problem_in(&refused).unwrap().errors[0].code.as_deref(),
        Some("shards.plan.stale")
    );

    let request = GetPlanRequest {
        namespace: "orders".to_owned(),
        undo: done.first,
        ..GetPlanRequest::default()
    };
    let back = caller
        .call(async |client| client.get_plan(request).await)
        .unwrap();
    // Their node is gone.
    assert_eq!((back.stays.len(), back.undoes), (3, done.first));
    assert_eq!(back.stays[0].reason, "node gone");
    let bare = GetPlanRequest::default();
    let refused = caller
        .call(async |client| client.get_plan(bare).await)
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);

    let request = TransferShardRequest {
        namespace: "orders".to_owned(),
        shard_id: "s4".to_owned(),
        owner_node_id: "b".to_owned(),
        ..TransferShardRequest::default()
    };
    let done = caller
        .call(async |client| client.transfer_shard(request).await)
        .unwrap();
    let data: Value = serde_json::from_str(&done.written.unwrap().record.unwrap().data).unwrap();
    assert_eq!(
        (&data["ownerNodeId"], &data["previousOwnerNodeId"]),
        (&json!("b"), &json!("gone"))
    );

    for delta in [f64::NAN, f64::INFINITY] {
        let request = TransferShardRequest {
            namespace: "orders".to_owned(),
            shard_id: "s4".to_owned(),
            owner_node_id: "a".to_owned(),
            ownership_delta_percent: Some(delta),
            ..TransferShardRequest::default()
        };
        let refused = caller
            .call(async |client| client.transfer_shard(request).await)
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("finite"), "{refused:?}");
    }

    let request = GetRecordWhyRequest {
        key: key(MeshKind::Shard, &["orders", "s4"]),
        pointer: Some("/ownerNodeId".to_owned()),
        options: None,
    };
    let why = caller
        .call(async |client| client.get_record_why(request).await)
        .unwrap();
    assert_eq!(why.before.as_deref(), Some("\"gone\""));
    assert_eq!(why.change.unwrap().verb, "transferred");

    let request = LocateKeyRequest {
        namespace: "orders".to_owned(),
        key: vec![0, 255],
        options: None,
    };
    let found = caller
        .call(async |client| client.locate_key(request).await)
        .unwrap();
    assert_eq!((&found.shard_id[..], &found.status[..]), ("s1", "active"));
    let request = GetRecordDiffRequest {
        key: key(MeshKind::Shard, &["orders", "s4"]),
        from: "7".to_owned(),
        ..GetRecordDiffRequest::default()
    };
    let diff = caller
        .call(async |client| client.get_record_diff(request).await)
        .unwrap();
    assert!(
        diff.differences
            .iter()
            .any(|one| one.pointer == "/ownerNodeId"),
        "{diff:?}"
    );
}

#[test]
fn a_batch_takes_what_runs_where() {
    let sandbox = Sandbox::new();
    let (runtime, channel) = sandbox.grpc();
    let mut client = ComponentServiceClient::new(channel);
    let write = |write| BatchWrite { write: Some(write) };
    let request = BatchRequest {
        writes: vec![
            write(Write::PutRecord(BatchPutRecord {
                kind: "shard".to_owned(),
                key: "orders/s".to_owned(),
                document: json!({"ownerNodeId": "a"}).to_string(),
                expected_generation: Some(0),
            })),
            write(Write::PatchRecord(BatchPatchRecord {
                kind: "shard".to_owned(),
                key: "orders/s".to_owned(),
                patch: json!({"ownerNodeId": "b"}).to_string(),
                expected_generation: Some(1),
            })),
            write(Write::RemoveRecord(BatchRemoveRecord {
                kind: "shard".to_owned(),
                key: "orders/s".to_owned(),
                ..BatchRemoveRecord::default()
            })),
        ],
        options: None,
    };
    let done = runtime
        .block_on(client.batch(request))
        .unwrap()
        .into_inner();
    let removed: Vec<bool> = done.results.iter().map(|one| one.removed).collect();
    assert_eq!(removed, [false, false, true]);
    assert_eq!(done.revision, 4);
}

#[test]
fn a_key_that_names_nothing_is_refused() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    for wrong in [
        None,
        key(MeshKind::Unspecified, &["a", "b"]),
        key(MeshKind::Shard, &["a"]),
        key(MeshKind::Shard, &["a", ""]),
        key(MeshKind::Shard, &["a", "b", "c"]),
        Some(MeshKey {
            kind: 99,
            parts: vec!["a".to_owned()],
        }),
    ] {
        let request = GetRecordRequest {
            key: wrong.clone(),
            options: None,
        };
        let refused = caller
            .call(async |client| client.get_record(request).await)
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong:?}");
    }
}
