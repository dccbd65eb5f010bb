//! Spans of requests, as a collector gets them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use deedbook_book::Book;
use deedbook_server::{Ended, Options};
use deedbook_testkit::http::Request;
use deedbook_testkit::wait::{PATIENCE, until};
use serde_json::Value;

use crate::identity::{create, token, with};
use crate::sandbox::{Sandbox, document, options};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Takes what is sent, and answers with these statuses, then with 200.
struct Collector {
    url: String,
    received: Receiver<Value>,
}

impl Collector {
    fn answering(statuses: &[u16]) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, received) = channel();
        let statuses = statuses.to_vec();
        std::thread::spawn(move || {
            let mut statuses = statuses.into_iter();
            for stream in listener.incoming() {
                if serve(stream.unwrap(), &sender, &mut statuses).is_none() {
                    return;
                }
            }
        });
        Collector { url, received }
    }

    fn traced(&self) -> Sandbox {
        let traces = Some(self.url.parse().unwrap());
        let options = Options {
            traces,
            ..options()
        };
        Sandbox::of(Book::in_memory().unwrap(), options)
    }

    fn request(&self) -> Value {
        self.received.recv_timeout(PATIENCE).unwrap()
    }

    /// The next spans.
    fn spans(&self) -> Vec<Value> {
        let request = self.request();
        let resource = &request["resourceSpans"][0];
        let service = &resource["resource"]["attributes"][0];
        assert_eq!(service["key"], "service.name");
        assert_eq!(service["value"]["stringValue"], "deedbook");
        let spans = &resource["scopeSpans"][0]["spans"];
        spans.as_array().unwrap().clone()
    }
}

/// Answers requests of a connection until it ends; `None`: nobody listens any more.
fn serve(
    stream: TcpStream,
    received: &Sender<Value>,
    statuses: &mut impl Iterator<Item = u16>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return Some(());
        }
        assert_eq!(line.trim_end(), "POST /v1/traces HTTP/1.1");
        let (mut length, mut is_json) = (0, false);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", text)) => length = text.parse().unwrap(),
                Some(("content-type", text)) => is_json = text == "application/json",
                Some(_) => {}
                None => break,
            }
        }
        assert!(is_json);
        let mut content = vec![0; length];
        stream.read_exact(&mut content).unwrap();
        let status = statuses.next().unwrap_or(200);
        let answer = format!("HTTP/1.1 {status} told\r\ncontent-length: 2\r\n\r\n{{}}");
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
        received
            .send(serde_json::from_slice(&content).unwrap())
            .ok()?;
    }
}

fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a str> {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|one| one["key"] == key)?;
    let value = found["value"].as_object().unwrap().values().next();
    value.unwrap().as_str()
}

/// Spans that came to that, so far.
fn count(sandbox: &Sandbox, outcome: &str) -> u64 {
    let metrics = sandbox.get("/metrics");
    let begin = format!("deedbook_spans_total{{outcome=\"{outcome}\"}} ");
    let mut lines = metrics.text().lines();
    let value = lines.find_map(|line| line.strip_prefix(&begin)).unwrap();
    value.parse().unwrap()
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap()
}

#[test]
fn each_request_is_a_span() {
    let collector = Collector::answering(&[]);
    let sandbox = collector.traced();
    let root = create("root", &["ADMIN"], None);
    sandbox.book.execute(root).unwrap();
    let register = Request::new("POST", "/v1/components")
        .header("X-Request-Id", "deploy-7")
        .header("Traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .content("application/json", document("a", 1));
    assert_eq!(sandbox.send(&with("root", register)).status, 201);
    assert_eq!(sandbox.get("/v1/components/a").status, 401);
    let unwanted = Request::new("GET", "/v1/head")
        .header("Traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-00"));
    assert_eq!(sandbox.send(&with("root", unwanted)).status, 200);
    // What wasn't sent yet is sent at the end.
    let running = sandbox.running;
    let ending = std::thread::spawn(move || running.end());
    let mut spans = collector.spans();
    while spans.len() < 2 {
        spans.extend(collector.spans());
    }
    assert_eq!(ending.join().unwrap(), Ended::Drained);
    assert_eq!(spans.len(), 2, "{spans:#?}");

    let registered = named(&spans, "registerComponent");
    assert_eq!(registered["traceId"], TRACE);
    assert_eq!(registered["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(registered["spanId"].as_str().unwrap().len(), 16);
    assert_eq!(registered["kind"], 2);
    assert!(registered["status"].get("code").is_none());
    let nanoseconds = |name: &str| registered[name].as_str().unwrap().parse::<u128>().unwrap();
    let (start, end) = (
        nanoseconds("startTimeUnixNano"),
        nanoseconds("endTimeUnixNano"),
    );
    assert!(0 < start && start < end);
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/v1/components"),
        ("http.response.status_code", "201"),
        ("deedbook.request_id", "deploy-7"),
        ("deedbook.actor", "root"),
        ("deedbook.revision", "3"),
    ] {
        assert_eq!(attribute(registered, key), Some(value), "{key}");
    }
    let refused = named(&spans, "getComponent");
    assert_ne!(refused["traceId"], TRACE);
    assert_eq!(refused["parentSpanId"], "");
    assert_eq!(attribute(refused, "error.type"), Some("unauthenticated"));
    assert_eq!(attribute(refused, "deedbook.actor"), None);
    let told = Value::from(spans).to_string();
    assert!(!told.contains(&token("root").reveal()));
}

#[test]
fn a_collector_that_is_busy_gets_them_later() {
    let collector = Collector::answering(&[503, 429]);
    let sandbox = collector.traced();
    assert_eq!(sandbox.get("/v1/head").status, 200);
    let first = collector.spans();
    for _ in 0..2 {
        assert_eq!(collector.spans(), first);
    }
    until("it is counted", || count(&sandbox, "sent") > 0);
    assert_eq!(count(&sandbox, "dropped"), 0);
}

#[test]
fn spans_that_nobody_takes_are_counted_and_keep_nobody_waiting() {
    let refusing = Collector::answering(&[400]);
    let sandbox = refusing.traced();
    assert_eq!(sandbox.get("/v1/head").status, 200);
    until("it is counted", || count(&sandbox, "dropped") > 0);
    // Nobody listens there any more, or never takes anything.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let urls = [&gone, &silent].map(|one| format!("http://{}", one.local_addr().unwrap()));
    drop(gone);
    for url in urls {
        let traces = Some(url.parse().unwrap());
        let options = Options {
            traces,
            ..options()
        };
        let sandbox = Sandbox::of(Book::in_memory().unwrap(), options);
        for _ in 0..100 {
            assert_eq!(sandbox.get("/v1/head").status, 200);
        }
        assert_eq!(sandbox.running.end(), Ended::Drained);
    }
}
