//! gRPC on the same port: every call, its refusals, and what there is.

use deedbook_api::grpc::problem_in;
use deedbook_api::grpc::v1::batch_write::Write;
use deedbook_api::grpc::v1::component_service_client::ComponentServiceClient;
use deedbook_api::grpc::v1::watch_service_client::WatchServiceClient;
use deedbook_api::grpc::v1::*;
use deedbook_server::Ended;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::sandbox::{Sandbox, document};
use crate::watch_faces::envelope;

struct Caller {
    runtime: Runtime,
    client: ComponentServiceClient<Channel>,
}

impl Caller {
    fn new(sandbox: &Sandbox) -> Caller {
        let (runtime, channel) = sandbox.grpc();
        let client = ComponentServiceClient::new(channel);
        Caller { runtime, client }
    }

    fn call<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut ComponentServiceClient<Channel>) -> Result<Response<T>, Status>,
    ) -> Result<T, Status> {
        let Caller { runtime, client } = self;
        runtime.block_on(ask(client)).map(Response::into_inner)
    }

    fn register(&mut self, document: String) -> Result<WriteResponse, Status> {
        let request = RegisterRequest {
            document,
            ..RegisterRequest::default()
        };
        self.call(async |client| client.register(request).await)
    }
}

fn key(key: &str) -> Option<ComponentKey> {
    Some(ComponentKey {
        key: key.to_owned(),
        version_spec: None,
    })
}

fn data(record: &Record) -> Value {
    serde_json::from_str(&record.data).unwrap()
}

#[test]
fn what_is_written_over_grpc_is_what_http_shows() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    let request = RegisterRequest {
        document: document("tile_reader", 1),
        options: Some(WriteOptions {
            reason: Some("für das Release".to_owned()),
            ticket: Some("LP-42".to_owned()),
            actor: Some("grace".to_owned()),
            ..WriteOptions::default()
        }),
        ..RegisterRequest::default()
    };
    let written = caller
        .call(async |client| client.register(request).await)
        .unwrap();
    assert!(!written.unchanged && !written.removed && !written.dry_run);
    let shown = sandbox.get("/v1/components/tile_reader").json();
    assert_eq!(envelope(&written.record.unwrap()), shown);
    let yaml = RegisterRequest {
        document: "metadata_version: 0.3.0\nuuid: 00000000-0000-4000-8000-000000000002\nname: b\nversion: 1.0.0\nmeta_type: tool\n".to_owned(),
        syntax: Syntax::Yaml.into(),
        ..RegisterRequest::default()
    };
    caller
        .call(async |client| client.register(yaml).await)
        .unwrap();
    let got = GetRequest {
        key: key("tile_reader"),
        options: None,
    };
    let got = caller.call(async |client| client.get(got).await).unwrap();
    assert_eq!(envelope(&got.record.unwrap()), shown);
    let history = ListHistoryRequest {
        key: key("tile_reader"),
        ..ListHistoryRequest::default()
    };
    let history = caller
        .call(async |client| client.list_history(history).await)
        .unwrap();
    let [change] = &history.items[..] else {
        panic!("{history:?}");
    };
    assert_eq!(
        (change.actor.as_str(), change.reason.as_str()),
        ("grace", "für das Release")
    );
    assert_eq!(
        (change.verb.as_str(), change.ticket.as_deref()),
        ("registered", Some("LP-42"))
    );
    assert_eq!((change.revision, change.previous), (2, None));
}

#[test]
fn every_call_answers_as_its_route() {
    let sandbox = Sandbox::with_samples();
    let mut caller = Caller::new(&sandbox);
    let list = ListRequest {
        limit: Some(1),
        ..ListRequest::default()
    };
    let page = caller
        .call(async |client| client.list(list.clone()).await)
        .unwrap();
    let shown = sandbox.get("/v1/components?limit=1").json();
    assert_eq!(envelope(&page.items[0]), shown["items"][0]);
    assert_eq!(page.revision, shown["revision"].as_u64().unwrap());
    let next = ListRequest {
        cursor: page.next_cursor,
        ..list
    };
    let next = caller.call(async |client| client.list(next).await).unwrap();
    assert_ne!(next.items[0].key, page.items[0].key);
    let name = data(&page.items[0])["name"].as_str().unwrap().to_owned();
    let target = |part: &str| format!("/v1/components/{name}{part}");
    let asked = key(&name);

    let versions = ListVersionsRequest {
        key: asked.clone(),
        options: None,
    };
    let versions = caller
        .call(async |client| client.list_versions(versions).await)
        .unwrap();
    let shown = sandbox.get(&target("/versions")).json();
    let items: Vec<Value> = versions.items.iter().map(envelope).collect();
    assert_eq!(json!(items), shown["items"]);

    let why = GetWhyRequest {
        key: asked.clone(),
        pointer: Some("/name".to_owned()),
        options: None,
    };
    let why = caller
        .call(async |client| client.get_why(why).await)
        .unwrap();
    assert_eq!(why.after, Some(json!(name).to_string()));
    assert_eq!(
        (why.before, why.change.unwrap().verb),
        (None, "registered".to_owned())
    );

    let graph = GetGraphRequest {
        key: asked.clone(),
        format: Some("dot".to_owned()),
        ..GetGraphRequest::default()
    };
    let graph = caller
        .call(async |client| client.get_graph(graph).await)
        .unwrap();
    assert_eq!(graph.text, sandbox.get(&target("/graph?format=dot")).text());

    let dependents = ListDependentsRequest {
        key: asked.clone(),
        ..ListDependentsRequest::default()
    };
    let dependents = caller
        .call(async |client| client.list_dependents(dependents).await)
        .unwrap();
    let shown = sandbox.get(&target("/dependents")).json();
    assert_eq!(
        dependents.items.len(),
        shown["items"].as_array().unwrap().len()
    );
    assert_eq!(dependents.uuid, shown["uuid"].as_str().unwrap());

    let before = sandbox.book.view().revision().to_string();
    let update = UpdateRequest {
        key: asked.clone(),
        patch: r#"{"description":"new","namespace":"not in the mask"}"#.to_owned(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["description".to_owned(), "tags".to_owned()],
        }),
        ..UpdateRequest::default()
    };
    let updated = caller
        .call(async |client| client.update(update).await)
        .unwrap();
    let document = data(&updated.record.unwrap());
    assert_eq!(document["description"], "new");
    assert_ne!(document["namespace"], "not in the mask");
    assert!(document.get("tags").is_none_or(|tags| tags == &json!([])));

    let diff = GetDiffRequest {
        key: asked.clone(),
        from: before.clone(),
        to: None,
        options: None,
    };
    let diff = caller
        .call(async |client| client.get_diff(diff).await)
        .unwrap();
    let shown = sandbox.get(&target(&format!("/diff?from={before}"))).json();
    assert_eq!(
        diff.differences.len(),
        shown["differences"].as_array().unwrap().len()
    );
    let described = diff
        .differences
        .iter()
        .find(|one| one.pointer == "/description");
    assert_eq!(described.unwrap().after.as_deref(), Some("\"new\""));

    let options = Some(WriteOptions {
        reason: Some("too slow".to_owned()),
        ..WriteOptions::default()
    });
    let deprecate = DeprecateRequest {
        key: asked.clone(),
        options: options.clone(),
        replaced_by: Some("something_else".to_owned()),
        ..DeprecateRequest::default()
    };
    let deprecated = caller
        .call(async |client| client.deprecate(deprecate).await)
        .unwrap();
    let document = data(&deprecated.record.unwrap());
    assert_eq!(document["lifecycle"], "deprecated");
    assert_eq!(document["deprecated_reason"], "too slow");
    assert_eq!(document["deprecated_by"], "something_else");
    let archive = ArchiveRequest {
        key: asked.clone(),
        options,
        ..ArchiveRequest::default()
    };
    let archived = caller
        .call(async |client| client.archive(archive).await)
        .unwrap();
    assert_eq!(data(&archived.record.unwrap())["lifecycle"], "archived");

    let batch = BatchRequest {
        writes: vec![
            BatchWrite {
                write: Some(Write::Register(BatchRegister {
                    document: crate::sandbox::document("fresh", 77),
                    require_dependencies: false,
                })),
            },
            BatchWrite {
                write: Some(Write::Remove(BatchRemove {
                    key: key("fresh"),
                    expected_generation: Some(1),
                })),
            },
        ],
        options: None,
    };
    let done = caller
        .call(async |client| client.batch(batch).await)
        .unwrap();
    assert_eq!(done.revision, sandbox.book.view().revision().0);
    let removed: Vec<bool> = done.results.iter().map(|one| one.removed).collect();
    assert_eq!(removed, [false, true]);

    let validate = ValidateRequest {
        document: r#"{"name":7}"#.to_owned(),
        ..ValidateRequest::default()
    };
    let found = caller
        .call(async |client| client.validate(validate).await)
        .unwrap();
    assert!(!found.valid && !found.issues.is_empty());
}

#[test]
fn a_refusal_says_all_that_http_says() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    caller.register(document("a", 1)).unwrap();
    let invalid = caller.register(r#"{"name":"a b"}"#.to_owned()).unwrap_err();
    assert_eq!(invalid.code(), Code::InvalidArgument);
    let problem = problem_in(&invalid).unwrap();
    let shown = sandbox.post("/v1/components", r#"{"name":"a b"}"#).json();
    assert_eq!(
        (problem.code.as_str(), json!(problem.detail)),
        ("invalid", shown["detail"].clone())
    );
    let pointers: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.pointer.as_str())
        .collect();
    let wanted: Vec<&str> = shown["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, wanted);
    assert!(!problem.request_id.is_empty());
    let get = |asked: Option<ComponentKey>, at: Option<&str>| GetRequest {
        key: asked,
        options: Some(ReadOptions {
            at: at.map(str::to_owned),
            ..ReadOptions::default()
        }),
    };
    for (request, code) in [
        (get(key("nobody"), None), Code::NotFound),
        (get(None, None), Code::InvalidArgument),
        (get(key(""), None), Code::InvalidArgument),
        (get(key("a"), Some("yesterday")), Code::InvalidArgument),
        (get(key("../head"), None), Code::NotFound),
        (get(key("a?x=y&ü"), None), Code::NotFound),
    ] {
        let status = caller
            .call(async |client| client.get(request).await)
            .unwrap_err();
        assert_eq!(status.code(), code, "{status}");
    }
    let stale = RemoveRequest {
        key: key("a"),
        expected_generation: Some(7),
        options: None,
    };
    let stale = caller
        .call(async |client| client.remove(stale).await)
        .unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    assert!(stale.message().contains('7'), "{stale}");
}

#[test]
fn a_write_under_a_key_is_done_once() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    let mut register = |number: u64, field: Option<&str>, metadata: Option<&'static str>| {
        let options = WriteOptions {
            idempotency_key: field.map(str::to_owned),
            ..WriteOptions::default()
        };
        let mut request = tonic::Request::new(RegisterRequest {
            document: document(&format!("a{number}"), number),
            options: Some(options),
            ..RegisterRequest::default()
        });
        if let Some(key) = metadata {
            let value = tonic::metadata::MetadataValue::from_static(key);
            request.metadata_mut().insert("idempotency-key", value);
        }
        caller.call(async |client| client.register(request).await)
    };
    let first = register(1, Some("k1"), None).unwrap();
    assert!(!first.unchanged);
    let head = sandbox.book.view().head();
    // The first answer again, whichever way the key comes.
    for (field, metadata) in [
        (Some("k1"), None),
        (None, Some("k1")),
        (Some("k1"), Some("k1")),
    ] {
        assert_eq!(register(1, field, metadata).unwrap(), first);
    }
    let other = register(2, Some("k1"), None).unwrap_err();
    assert_eq!(problem_in(&other).unwrap().code, "key_reused");
    for bad in [
        "",
        "two words",
        "line\nbreak",
        "\u{fc}ber",
        &"k".repeat(256),
    ] {
        let refused = register(2, Some(bad), None).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{bad}: {refused}");
    }
    let both = register(1, Some("k1"), Some("k2")).unwrap_err();
    assert_eq!(both.code(), Code::InvalidArgument, "{both}");
    assert!(both.message().contains("idempotency-key"), "{both}");
    assert_eq!(sandbox.book.view().head(), head);
}

#[test]
fn there_is_reflection_and_health() {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let sandbox = Sandbox::new();
    let (runtime, channel) = sandbox.grpc();
    let mut health = HealthClient::new(channel.clone());
    for service in [
        "",
        "deedbook.v1.ComponentService",
        "deedbook.v1.WatchService",
    ] {
        let service = service.to_owned();
        let asked = health.check(HealthCheckRequest { service });
        let status = runtime.block_on(asked).unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving);
    }
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(channel);
    let names = runtime.block_on(async {
        let asked = reflection.server_reflection_info(tokio_stream::iter([request]));
        let message = asked.await.unwrap().into_inner().message().await;
        match message.unwrap().unwrap().message_response.unwrap() {
            MessageResponse::ListServicesResponse(list) => list.service,
            other => panic!("{other:?}"),
        }
    });
    let names: Vec<&str> = names.iter().map(|service| service.name.as_str()).collect();
    for service in [
        "deedbook.v1.ComponentService",
        "deedbook.v1.WatchService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&service), "{names:?}");
    }
}

#[test]
fn health_says_what_readyz_says() {
    use deedbook_testkit::faulty_log::Fault;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

    let (log, sandbox) = Sandbox::faulty();
    let (runtime, channel) = sandbox.grpc();
    let mut health = HealthClient::new(channel);
    let service = "deedbook.v1.ComponentService".to_owned();
    let watched = runtime.block_on(health.watch(HealthCheckRequest { service }));
    let mut watched = watched.unwrap().into_inner();
    let mut next = || {
        let message = runtime.block_on(watched.message()).unwrap();
        message.unwrap().status()
    };
    assert_eq!(next(), ServingStatus::Serving);
    log.next_appends(&[Fault::Full]);
    let refused = sandbox.post("/v1/components", &document("a", 1));
    assert_eq!(refused.code(), "unavailable");
    assert_eq!(next(), ServingStatus::NotServing);
    assert_eq!(sandbox.get("/readyz").status, 503);
    assert_eq!(
        sandbox.post("/v1/components", &document("a", 1)).status,
        201
    );
    assert_eq!(next(), ServingStatus::Serving);
}

#[test]
fn who_watches_the_health_does_not_hold_up_the_end() {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

    let sandbox = Sandbox::new();
    let (runtime, channel) = sandbox.grpc();
    let mut health = HealthClient::new(channel);
    let service = String::new();
    let watched = runtime.block_on(health.watch(HealthCheckRequest { service }));
    let mut watched = watched.unwrap().into_inner();
    let mut next = || runtime.block_on(watched.message());
    let status = next().unwrap().unwrap().status();
    assert_eq!(status, ServingStatus::Serving);
    let running = sandbox.running;
    let ending = std::thread::spawn(move || running.end());
    let status = next().unwrap().unwrap().status();
    assert_eq!(status, ServingStatus::NotServing);
    assert_eq!(next().unwrap_err().code(), Code::Unavailable);
    assert_eq!(ending.join().unwrap(), Ended::Drained);
}

#[test]
fn the_end_of_the_server_gives_idle_watches_their_position() {
    let sandbox = Sandbox::new();
    let (runtime, channel) = sandbox.grpc();
    let mut client = WatchServiceClient::new(channel);
    let request = WatchRequest {
        kind: Some("moon_phase".to_owned()),
        ..WatchRequest::default()
    };
    let stream = runtime.block_on(client.watch(request)).unwrap();
    let mut stream = stream.into_inner();
    let mut next = || runtime.block_on(stream.message()).unwrap();
    let position = sandbox.book.view().head().to_string();
    let progress = Some(watch_response::Event::Progress(Progress {
        revision: 1,
        position,
    }));
    assert_eq!(next().unwrap().event, progress);
    let running = sandbox.running;
    let ending = std::thread::spawn(move || running.end());
    assert_eq!(next().unwrap().event, progress);
    assert_eq!(next(), None);
    assert_eq!(ending.join().unwrap(), Ended::Drained);
}

#[test]
fn a_mask_is_no_deeper_than_a_document() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    caller.register(document("tile_reader", 1)).unwrap();
    for names in [33, 400_000] {
        let update = UpdateRequest {
            key: key("tile_reader"),
            patch: "{}".to_owned(),
            update_mask: Some(prost_types::FieldMask {
                paths: vec![vec!["a"; names].join(".")],
            }),
            ..UpdateRequest::default()
        };
        let refused = caller.call(async |client| client.update(update).await);
        let problem = problem_in(&refused.unwrap_err()).unwrap();
        assert_eq!(problem.code, "invalid");
        assert!(problem.detail.contains("more than 32 names"), "{problem:?}");
    }
}

#[test]
fn a_batch_may_be_as_long_as_over_http() {
    let sandbox = Sandbox::new();
    let mut caller = Caller::new(&sandbox);
    let room = " ".repeat(100_000);
    let registers = (1..=12).map(|number| {
        let document = document(&format!("tool_{number}"), number);
        BatchWrite {
            write: Some(Write::Register(BatchRegister {
                document: document.replacen('{', &format!("{{{room}"), 1),
                require_dependencies: false,
            })),
        }
    });
    let batch = BatchRequest {
        writes: registers.collect(),
        options: None,
    };
    let done = caller.call(async |client| client.batch(batch).await);
    assert_eq!(done.unwrap().results.len(), 12);
}

#[test]
fn a_message_that_is_not_read_is_the_fault_of_its_sender() {
    /// A `RegisterRequest` or `WatchRequest` whose text is any bytes.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Bytes {
        #[prost(bytes = "vec", tag = "1")]
        text: Vec<u8>,
    }
    let sandbox = Sandbox::new();
    let (runtime, channel) = sandbox.grpc();
    let send = |path: &'static str, text: Vec<u8>| {
        let mut client = tonic::client::Grpc::new(channel.clone());
        let codec = tonic_prost::ProstCodec::<Bytes, Bytes>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        let status = runtime.block_on(async {
            client.ready().await.unwrap();
            let sent = client.server_streaming(tonic::Request::new(Bytes { text }), path, codec);
            sent.await.unwrap_err()
        });
        (status.code(), problem_in(&status).unwrap().code)
    };
    for path in [
        "/deedbook.v1.ComponentService/Register",
        "/deedbook.v1.WatchService/Watch",
    ] {
        let refused = send(path, b"\xff\xfe".to_vec());
        assert_eq!(refused, (Code::InvalidArgument, "invalid".to_owned()));
        let refused = send(path, vec![b' '; 5 << 20]);
        assert_eq!(refused, (Code::InvalidArgument, "too_large".to_owned()));
    }
}
