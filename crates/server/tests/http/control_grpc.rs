//! The reference's `ShardControlService`, called with its own messages.

use deedbook_api::grpc::control_v1::shard_control_service_client::ShardControlServiceClient;
use deedbook_api::grpc::control_v1::*;
use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::control::{DiffEntry, ShardList, SimulateResponse};
use deedbook_server::Ended;
use tokio::runtime::Runtime;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::control::{diff, list, placed, put, put_all, put_many};
use crate::identity::{guarded_with_mesh, token};
use crate::sandbox::Sandbox;

const SHARD: &str =
    r#"{"ownerNodeId":"node-a","leaderId":"","metadata":"{}","ownershipDeltaPercent":1.5}"#;

struct Caller {
    runtime: Runtime,
    client: ShardControlServiceClient<Channel>,
}

impl Caller {
    fn new(sandbox: &Sandbox) -> Caller {
        let (runtime, channel) = sandbox.grpc();
        let client = ShardControlServiceClient::new(channel);
        Caller { runtime, client }
    }

    fn call<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut ShardControlServiceClient<Channel>) -> Result<Response<T>, Status>,
    ) -> Result<T, Status> {
        let Caller { runtime, client } = self;
        runtime.block_on(ask(client)).map(Response::into_inner)
    }

    fn list(&mut self, request: ShardListRequest) -> Result<ShardListResponse, Status> {
        self.call(async |client| client.list(claiming(request)).await)
    }

    fn diff(&mut self, request: ShardDiffRequest) -> Result<ShardDiffResponse, Status> {
        self.call(async |client| client.diff(claiming(request)).await)
    }

    fn watch(
        &mut self,
        request: ShardWatchRequest,
    ) -> Result<Streaming<ShardDiffNotification>, Status> {
        self.call(async |client| client.watch(claiming(request)).await)
    }

    fn simulate(
        &mut self,
        request: ShardSimulationRequest,
    ) -> Result<ShardSimulationResponse, Status> {
        self.call(async |client| client.simulate(claiming(request)).await)
    }

    fn next(
        &mut self,
        stream: &mut Streaming<ShardDiffNotification>,
    ) -> Result<Option<ShardDiffNotification>, Status> {
        self.runtime.block_on(stream.message())
    }
}

fn with_scope<T>(message: T, scopes: &[&'static str]) -> Request<T> {
    let mut request = Request::new(message);
    for scope in scopes {
        let metadata = request.metadata_mut();
        metadata.append("x-mesh-scope", MetadataValue::from_static(scope));
    }
    request
}

fn claiming<T>(message: T) -> Request<T> {
    with_scope(message, &["mesh.read", "x;mesh.operate"])
}

/// The trailer that has the code.
fn told(status: &Status) -> (Code, &str) {
    let code = status.metadata().get("error-code").unwrap();
    (status.code(), code.to_str().unwrap())
}

fn nodes() -> Vec<ShardSimulationNode> {
    let node = |id: &str, weight| ShardSimulationNode {
        node_id: id.to_owned(),
        weight,
        ..ShardSimulationNode::default()
    };
    vec![node("node-a", None), node("node-b", Some(1.0))]
}

#[test]
fn grpc_says_what_http_says() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 5);
    assert_eq!(put(&sandbox, "n", "s-0001", SHARD).status, 200);
    assert_eq!(put(&sandbox, "m", "s", SHARD).status, 201);
    let mut caller = Caller::new(&sandbox);
    let page = caller.list(ShardListRequest {
        page_size: 2,
        statuses: vec![ShardStatus::Active.into()],
        ..ShardListRequest::default()
    });
    let page = page.unwrap();
    let shown = list(&sandbox, "pageSize=2&status=Active");
    let cursor = page.next_cursor.clone();
    assert_eq!(ShardListResponse::from(shown.clone()), page);
    assert_eq!(Some(&cursor), shown.next_cursor.as_ref());
    let rest = caller.list(ShardListRequest {
        cursor,
        ..ShardListRequest::default()
    });
    let rest = ShardList::try_from(rest.unwrap()).unwrap();
    assert_eq!((rest.items.len(), rest.next_cursor), (4, None));
    let changes = caller.diff(ShardDiffRequest {
        namespace: "N".to_owned(),
        from_token: 3,
        whole_history: true,
        ..ShardDiffRequest::default()
    });
    let changes = changes.unwrap();
    let shown = diff(&sandbox, "namespace=n&fromVersion=3");
    assert_eq!(changes.last_position, shown.last_position.unwrap());
    let changes: Vec<DiffEntry> = changes
        .diffs
        .into_iter()
        .map(|change| change.try_into().unwrap())
        .collect();
    // An absent text is an empty one there.
    assert_eq!(changes.len(), shown.items.len());
    let last = changes.last().unwrap().history.as_ref().unwrap();
    assert_eq!(last.metadata.as_deref(), Some("{}"));
    assert_eq!(
        last.ownership_delta_percent.map(f64::to_bits),
        Some(1.5_f64.to_bits())
    );
    let tried = caller.simulate(ShardSimulationRequest {
        namespace: "n".to_owned(),
        strategy_id: "ring".to_owned(),
        nodes: nodes(),
    });
    let tried = SimulateResponse::try_from(tried.unwrap()).unwrap();
    let shown = placed(
        &sandbox,
        r#"{"namespace":"n","strategyId":"ring","nodes":[{"nodeId":"node-a"},{"nodeId":"node-b"}]}"#,
    );
    assert_eq!(tried.assignments, shown.assignments);
    assert_eq!(tried.changes, shown.changes);
}

#[test]
fn s01_grpc_watches_stay_open_and_resume() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 4);
    let mut caller = Caller::new(&sandbox);
    let mut stream = caller.watch(ShardWatchRequest::default()).unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(caller.next(&mut stream).unwrap().unwrap().position);
    }
    drop(stream);
    let mut back = caller
        .watch(ShardWatchRequest {
            resume_token: seen[1],
            whole_history: true,
            ..ShardWatchRequest::default()
        })
        .unwrap();
    for wanted in 4..=5 {
        assert_eq!(caller.next(&mut back).unwrap().unwrap().position, wanted);
    }
    let made = put(&sandbox, "n", "s-0000", SHARD);
    let live = caller.next(&mut back).unwrap().unwrap();
    let revision = made.header("deedbook-revision").unwrap();
    assert_eq!(live.position.to_string(), revision);
    let (current, previous) = (live.current.unwrap(), live.previous.unwrap());
    assert_eq!((current.version, previous.version), (2, 1));
    assert_eq!(live.history.unwrap().metadata.as_deref(), Some("{}"));
    let remove = deedbook_testkit::http::Request::new("DELETE", "/v1/shards/n/s-0003");
    assert_eq!(sandbox.send(&remove).status, 200);
    let removal = caller.next(&mut back).unwrap().unwrap();
    assert!(removal.removed);
    assert_eq!(removal.current.unwrap().status(), ShardStatus::Disabled);
    // The end of the server isn't the end of what there is to tell.
    assert_eq!(sandbox.running.end(), Ended::Drained);
    let ended = caller.next(&mut back).unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
}

#[test]
fn s19_grpc_refusals_have_real_codes() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 1);
    let mut caller = Caller::new(&sandbox);
    for status in [0, 9, -1] {
        let refused = caller.list(ShardListRequest {
            statuses: vec![1, status],
            ..ShardListRequest::default()
        });
        assert_eq!(
            told(&refused.unwrap_err()),
            (Code::InvalidArgument, "invalid")
        );
    }
    let refused = caller.list(ShardListRequest {
        cursor: "!".to_owned(),
        ..ShardListRequest::default()
    });
    let wanted = (Code::InvalidArgument, "shards.control.cursor.invalid");
    assert_eq!(told(&refused.unwrap_err()), wanted);
    let mut simulate = |namespace: &str, strategy: &str, nodes| {
        let refused = caller.simulate(ShardSimulationRequest {
            namespace: namespace.to_owned(),
            strategy_id: strategy.to_owned(),
            nodes,
        });
        let refused = refused.unwrap_err();
        let (code, told) = told(&refused);
        (code, told.to_owned())
    };
    for (namespace, strategy, nodes, code, name) in [
        (
            "",
            "",
            nodes(),
            Code::InvalidArgument,
            "shards.control.namespace.required",
        ),
        (
            "n",
            "",
            vec![],
            Code::InvalidArgument,
            "shards.control.nodes.required",
        ),
        (
            "n",
            "x",
            nodes(),
            Code::InvalidArgument,
            "shards.hashing.strategy.unknown",
        ),
        (
            "o",
            "",
            nodes(),
            Code::NotFound,
            "shards.control.namespace.missing",
        ),
    ] {
        assert_eq!(
            simulate(namespace, strategy, nodes),
            (code, name.to_owned())
        );
    }
    let unweighed = ShardSimulationNode {
        weight: Some(f64::NAN),
        ..nodes().remove(0)
    };
    assert_eq!(
        simulate("n", "", vec![unweighed]),
        (
            Code::InvalidArgument,
            "shards.hashing.weight_invalid".to_owned()
        )
    );
    let mut future = caller
        .watch(ShardWatchRequest {
            resume_token: 50,
            ..ShardWatchRequest::default()
        })
        .unwrap();
    let refused = caller.next(&mut future).unwrap_err();
    assert_eq!(
        told(&refused),
        (Code::NotFound, "shards.control.position.unknown")
    );
    sandbox.book.snapshot().unwrap();
    sandbox
        .book
        .compact(sandbox.book.view().head().revision)
        .unwrap();
    let gone = caller.watch(ShardWatchRequest {
        resume_token: 1,
        ..ShardWatchRequest::default()
    });
    let gone = gone.unwrap_err();
    assert_eq!(
        told(&gone),
        (Code::OutOfRange, "shards.control.position.compacted")
    );
}

#[test]
fn grpc_scopes_count_whatever_entry_they_are_in() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 1);
    let mut caller = Caller::new(&sandbox);
    for (scopes, reads, operates) in [
        (&[][..], false, false),
        (&["mesh.admin"], false, false),
        (&["mesh.read"], true, false),
        (&["mesh.operate", "other"], true, true),
        (&["x,MESH.OPERATE"], true, true),
        (&["mesh.reader", "a mesh.read"], true, false),
    ] {
        let mut codes = Vec::new();
        let request = || with_scope(ShardListRequest::default(), scopes);
        codes.push(
            caller
                .call(async |client| client.list(request()).await)
                .err(),
        );
        let request = || with_scope(ShardWatchRequest::default(), scopes);
        codes.push(
            caller
                .call(async |client| client.watch(request()).await)
                .err(),
        );
        let request = || with_scope(ShardDiffRequest::default(), scopes);
        codes.push(
            caller
                .call(async |client| client.diff(request()).await)
                .err(),
        );
        let simulation = ShardSimulationRequest {
            namespace: "n".to_owned(),
            nodes: nodes(),
            ..ShardSimulationRequest::default()
        };
        let request = || with_scope(simulation.clone(), scopes);
        codes.push(
            caller
                .call(async |client| client.simulate(request()).await)
                .err(),
        );
        for (refused, allowed) in codes.iter().zip([reads, reads, operates, operates]) {
            let wanted = (!allowed).then_some((Code::PermissionDenied, "denied"));
            assert_eq!(refused.as_ref().map(told), wanted, "{scopes:?}");
        }
    }
}

#[test]
fn grpc_shows_what_the_credential_may_see() {
    let sandbox = guarded_with_mesh();
    put_all(
        &sandbox.book,
        MeshKind::Shard,
        [("mail/m", r#"{"ownerNodeId":"node-a"}"#)],
    );
    let mut caller = Caller::new(&sandbox);
    let mut listed = |who: Option<&str>| {
        let mut request = claiming(ShardListRequest::default());
        if let Some(who) = who {
            let bearer = format!("Bearer {}", token(who).reveal());
            let metadata = request.metadata_mut();
            metadata.insert("authorization", bearer.parse().unwrap());
        }
        let found = caller.call(async |client| client.list(request).await);
        found
            .map(|page| page.shards.len())
            .map_err(|status| status.code())
    };
    assert_eq!(listed(Some("admin")), Ok(2));
    assert_eq!(listed(Some("viewer")), Ok(1));
    assert_eq!(listed(Some("reader")), Err(Code::PermissionDenied));
    assert_eq!(listed(None), Err(Code::Unauthenticated));
}
