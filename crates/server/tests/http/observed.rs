//! What a server tells of itself: metrics, and its log.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use deedbook_api::grpc::v1::WatchRequest;
use deedbook_api::grpc::v1::watch_service_client::WatchServiceClient;
use deedbook_book::Book;
use deedbook_server::{Journal, Level, LogFormat, Options};
use deedbook_testkit::http::Request;
use deedbook_testkit::wait;
use serde_json::Value;

use crate::sandbox::{Sandbox, document, options};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A server and what its log says.
struct Observed {
    sandbox: Sandbox,
    journal: Journal,
    written: Written,
}

impl Observed {
    fn new() -> Observed {
        let written = Written::default();
        let out = Box::new(written.clone());
        let journal = Journal::to(out, Level::Info, LogFormat::Json);
        let options = Options {
            journal: journal.clone(),
            ..options()
        };
        Observed {
            sandbox: Sandbox::of(Book::in_memory().unwrap(), options),
            journal,
            written,
        }
    }

    fn lines(&self) -> Vec<Value> {
        self.journal.flush();
        let bytes = self.written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Samples by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn metrics_count_what_happened() {
    let sandbox = Sandbox::new();
    for number in 1..=3 {
        let answer = sandbox.post("/v1/components", &document(&format!("a{number}"), number));
        assert_eq!(answer.status, 201);
    }
    assert_eq!(sandbox.post("/v1/components", "{}").status, 400);
    assert_eq!(sandbox.get("/v1/components/a1").status, 200);
    assert_eq!(sandbox.get("/v1/components/zz").status, 404);
    assert_eq!(sandbox.get("/nowhere").status, 404);
    let answer = sandbox.get("/metrics");
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let all = samples(answer.text());
    let is = |name: &str, value: f64| assert_eq!(all.get(name), Some(&value), "{name}: {all:#?}");
    is("deedbook_total_components", 3.0);
    is("deedbook_revision", 4.0);
    is("deedbook_commands_total{outcome=\"done\"}", 4.0);
    is("deedbook_commands_total{outcome=\"failed\"}", 0.0);
    is("deedbook_queue_depth", 0.0);
    is("deedbook_batch_changes_sum", 4.0);
    is("deedbook_batch_changes_bucket{le=\"1\"}", 4.0);
    is("deedbook_append_seconds_count", 4.0);
    is("deedbook_append_seconds_bucket{le=\"+Inf\"}", 4.0);
    is(
        "deedbook_requests_total{route=\"registerComponent\",outcome=\"2xx\"}",
        3.0,
    );
    is(
        "deedbook_requests_total{route=\"registerComponent\",outcome=\"4xx\"}",
        1.0,
    );
    is(
        "deedbook_requests_total{route=\"getComponent\",outcome=\"2xx\"}",
        1.0,
    );
    is(
        "deedbook_requests_total{route=\"none\",outcome=\"4xx\"}",
        1.0,
    );
    is(
        "deedbook_request_seconds_count{route=\"getComponent\"}",
        2.0,
    );
    is("deedbook_query_latency_ms_count", 2.0);
    let plain = samples(sandbox.get("/metrics?names=plain").text());
    assert_eq!(plain["total_components"], 3.0);
    assert!(plain.contains_key("query_latency_ms_sum"));
    assert!(plain.contains_key("deedbook_revision"));
    assert_eq!(sandbox.get("/metrics?names=short").status, 400);
}

#[test]
fn open_watches_are_counted() {
    let sandbox = Sandbox::new();
    let watchers = || samples(sandbox.get("/metrics").text())["deedbook_watchers"];
    assert_eq!(watchers(), 0.0);
    let first = sandbox.watch("");
    let (runtime, channel) = sandbox.grpc();
    let mut client = WatchServiceClient::new(channel);
    let second = runtime.block_on(client.watch(WatchRequest::default()));
    assert_eq!(watchers(), 2.0);
    drop((first, second.unwrap()));
    wait::until("both are gone", || watchers() == 0.0);
}

#[test]
fn every_metric_is_said_once_and_explained() {
    let answer = Sandbox::new().get("/metrics");
    let text = answer.text();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let helped = text
        .lines()
        .filter(|line| line.starts_with("# HELP "))
        .count();
    assert_eq!(names.len(), helped);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(
        names.iter().all(|name| name.starts_with("deedbook_")),
        "{names:?}"
    );
}

#[test]
fn the_log_says_what_was_changed_and_refused() {
    let observed = Observed::new();
    let sandbox = &observed.sandbox;
    let register = Request::new("POST", "/v1/components").header("X-Request-Id", "deploy-7");
    let register = register.content("application/json", document("a", 1));
    assert_eq!(sandbox.send(&register).status, 201);
    assert_eq!(sandbox.get("/v1/components/a").status, 200);
    let made = sandbox.post("/v1/principals", r#"{"name":"root","grants":["ADMIN"]}"#);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.get("/v1/components/a").status, 401);
    let lines = observed.lines();
    let [registered, principal, refused] = lines.as_slice() else {
        panic!("{lines:#?}");
    };
    assert_eq!(registered["message"], "request");
    assert_eq!(registered["requestId"], "deploy-7");
    assert_eq!(registered["route"], "registerComponent");
    assert_eq!(
        (
            registered["status"].as_u64(),
            registered["revision"].as_u64()
        ),
        (Some(201), Some(2))
    );
    assert!(registered["durationMs"].as_f64().unwrap() > 0.0);
    assert_eq!(principal["route"], "createPrincipal");
    assert_eq!(
        (refused["level"].as_str(), refused["code"].as_str()),
        (Some("info"), Some("unauthenticated"))
    );
    assert_eq!(refused["from"], "127.0.0.1");
    let with_token = |request: Request| {
        let shown = format!("Bearer {token}");
        sandbox
            .send(&request.header("Authorization", &shown))
            .status
    };
    let level = Request::new("POST", "/v1/log-level");
    let level = level.content("application/json", r#"{"level":"debug"}"#);
    assert_eq!(with_token(level), 200);
    assert_eq!(with_token(Request::new("GET", "/v1/components/a")), 200);
    let lines = observed.lines();
    let read = lines.last().unwrap();
    assert_eq!(
        (read["level"].as_str(), read["actor"].as_str()),
        (Some("debug"), Some("root"))
    );
    assert!(!Value::from(lines).to_string().contains(&token));
}
