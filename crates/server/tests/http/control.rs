//! What tests of the reference's routes share.

use std::sync::Arc;

use deedbook_api::query::percent_encode;
use deedbook_book::{Book, Clock, ManualClock, OpenOptions};
use deedbook_log::MemoryLog;
use deedbook_model::Timestamp;
use deedbook_model::document::Syntax;
use deedbook_model::mesh::{self, MeshKey, MeshKind, ReadOptions};
use deedbook_model::shard::control::{Diff, FromJson, JsonMode, ShardList, SimulateResponse};
use deedbook_rules::{Command, MeshWrite, Write};
use deedbook_testkit::event_stream::EventStream;
use deedbook_testkit::http::{Request, Response};

use crate::sandbox::{Sandbox, options};

pub(crate) const LIST: &str = "/control/shards";
pub(crate) const DIFF: &str = "/control/shards/diff";
pub(crate) const WATCH: &str = "/control/shards/watch";
pub(crate) const SIMULATE: &str = "/control/shards/simulate";

/// A server whose book has a clock that stands still.
pub(crate) fn clocked(now: Timestamp) -> (Sandbox, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(now));
    let opened = OpenOptions {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..OpenOptions::default()
    };
    let book = Book::with_log(Arc::new(MemoryLog::default()), &opened).unwrap();
    (Sandbox::of(book, options()), clock)
}

/// A request that claims everything.
pub(crate) fn claiming(method: &str, target: &str) -> Request {
    Request::new(method, target).header("x-mesh-scope", "mesh.read mesh.operate")
}

pub(crate) fn get(sandbox: &Sandbox, target: &str) -> Response {
    sandbox.send(&claiming("GET", target))
}

pub(crate) fn body<T: FromJson>(response: &Response) -> T {
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/json"));
    T::from_json(&response.body, JsonMode::ControlPlane).unwrap()
}

pub(crate) fn list(sandbox: &Sandbox, query: &str) -> ShardList {
    body(&get(sandbox, &format!("{LIST}?{query}")))
}

pub(crate) fn diff(sandbox: &Sandbox, query: &str) -> Diff {
    body(&get(sandbox, &format!("{DIFF}?{query}")))
}

pub(crate) fn simulate(sandbox: &Sandbox, content: &str) -> Response {
    sandbox.send(&claiming("POST", SIMULATE).content("application/json", content))
}

pub(crate) fn placed(sandbox: &Sandbox, content: &str) -> SimulateResponse {
    body(&simulate(sandbox, content))
}

/// The positions of a diff.
pub(crate) fn positions(diff: &Diff) -> Vec<i64> {
    diff.items.iter().map(|entry| entry.position).collect()
}

/// A stream of what there is; it ends by itself.
pub(crate) fn watch_once(sandbox: &Sandbox, query: &str) -> EventStream {
    watch(sandbox, &format!("{query}&once=true"), None)
}

/// A stream that a client comes back to with the id of the last event that it saw.
pub(crate) fn watch(sandbox: &Sandbox, query: &str, last: Option<i64>) -> EventStream {
    let request = claiming("GET", &format!("{WATCH}?{query}"));
    let request = match last {
        Some(last) => request.header("Last-Event-ID", &last.to_string()),
        None => request,
    };
    EventStream::open(sandbox.client(), &request)
}

/// The ids of the events that are left until a stream ends.
pub(crate) fn ids(mut stream: EventStream) -> Vec<i64> {
    let mut ids = Vec::new();
    while let Some(event) = stream.next_event() {
        assert_eq!(event.name, "shard.diff", "{event:?}");
        let id = event.id.unwrap().parse().unwrap();
        assert_eq!(event.data["position"], id);
        ids.push(id);
    }
    ids
}

/// The code of a refusal in the reference's form.
pub(crate) fn code(response: &Response) -> String {
    let told = response.header("content-type");
    assert_eq!(told, Some("application/problem+json"), "{response:?}");
    let problem = response.json();
    assert_eq!(problem["status"], response.status, "{problem}");
    assert!(problem["metadata"].is_object(), "{problem}");
    problem["code"].as_str().unwrap().to_owned()
}

/// Refused by a text alone.
pub(crate) fn is_unreadable(response: &Response) -> bool {
    let told = response.header("content-type");
    response.status == 400
        && told == Some("application/json")
        && response.json()["error"].is_string()
}

/// Puts a shard over `/v1`.
pub(crate) fn put(sandbox: &Sandbox, namespace: &str, id: &str, document: &str) -> Response {
    let (namespace, id) = (percent_encode(namespace), percent_encode(id));
    let request = Request::new("PUT", &format!("/v1/shards/{namespace}/{id}"));
    sandbox.send(&request.content("application/json", document))
}

/// Puts records as one command.
pub(crate) fn put_all<'a>(
    book: &Book,
    kind: MeshKind,
    records: impl IntoIterator<Item = (&'a str, &'a str)>,
) {
    let writes = records.into_iter().map(|(key, document)| {
        let key = MeshKey::parse(kind, key).unwrap();
        let options = ReadOptions {
            key: Some(&key),
            strict: true,
        };
        let draft = mesh::read(kind, document.as_bytes(), Syntax::Json, options).unwrap();
        Write::Mesh(MeshWrite::Put {
            draft: Arc::new(draft),
            expected: None,
        })
    });
    let writes: Vec<Write> = writes.collect();
    let command = Command {
        writes: writes.clone(),
        ..Command::of("ada", writes[0].clone())
    };
    book.execute(command).unwrap();
}

/// Shards `s-0000` and on of a namespace, each a change of its own, as one command.
pub(crate) fn put_many(book: &Book, namespace: &str, count: usize) {
    let keys: Vec<String> = (0..count)
        .map(|number| format!("{namespace}/s-{number:04}"))
        .collect();
    let shards = keys
        .iter()
        .map(|key| (&**key, r#"{"ownerNodeId":"node-a"}"#));
    put_all(book, MeshKind::Shard, shards);
}
