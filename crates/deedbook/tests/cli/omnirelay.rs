//! The link named `omnirelay`: that tool's requests, output and exit statuses.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};
use crate::serving::Serving;
use crate::vectors::{cases, vectors};

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A control plane that answers one request with what it is told.
struct Plane {
    address: SocketAddr,
    asked: JoinHandle<String>,
}

impl Plane {
    fn answering(status: &str, body: &str) -> Plane {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        let answer = [head.as_bytes(), body.as_bytes()].concat();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = request(&mut stream);
            stream.write_all(&answer).unwrap();
            asked
        });
        Plane { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request that it got.
    fn asked(self) -> String {
        self.asked.join().unwrap()
    }
}

/// Head and content of a request.
fn request(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part).unwrap();
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, content)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then_some(value)
            });
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if content.len() >= length {
                return text;
            }
        }
        assert_ne!(read, 0, "the request ended early: {text}");
    }
}

/// A line of that tool, without `mesh shards`.
fn run(sandbox: &Sandbox, url: &str, line: &[&str]) -> Ran {
    let line = [&["mesh", "shards"][..], line, &["--url", url]].concat();
    sandbox.run(&line)
}

const EMPTY: &str = r#"{"items":[],"version":0}"#;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// What an option is given: nothing, once, or once for each item of a list.
fn given(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(given).collect(),
        other => vec![other.to_string()],
    }
}

/// The options that a request of the vectors is asked for by. What a simulation asks for isn't in its
/// address; it needs a namespace and a node.
fn options(case: &Value) -> Vec<String> {
    let mut line = vec![text(&case["command"]).to_owned()];
    let mut push = |member: &str, option: &str, usual: Option<&str>| {
        let mut values = given(&case[member]);
        if values.is_empty() {
            values.extend(usual.map(str::to_owned));
        }
        line.extend(values.iter().map(|value| format!("--{option}={value}")));
    };
    if case["command"] == "simulate" {
        let usual = (!case["url"].is_null()).then_some("n");
        push("namespace", "namespace", usual);
        push("strategy", "strategy", None);
        push("node", "node", usual);
        return line;
    }
    for (member, option) in [
        ("namespace", "namespace"),
        ("owner", "owner"),
        ("search", "search"),
        ("cursor", "cursor"),
        ("status", "status"),
        ("pageSize", "page-size"),
        ("fromVersion", "from-version"),
        ("toVersion", "to-version"),
    ] {
        push(member, option, None);
    }
    line
}

const SIMULATED: &str = r#"{"namespace":"n","strategyId":"s","generatedAt":"2024-10-01T00:00:00+00:00","assignments":[],"changes":[]}"#;

#[test]
fn compat_omnirelay_requests() {
    let sandbox = Sandbox::linked("omnirelay");
    for case in cases(&vectors("cli"), "requests") {
        let line = options(case);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let Some(url) = case["url"].as_str() else {
            let ran = run(&sandbox, NOWHERE, &line);
            assert_eq!((ran.status, &*ran.stdout), (1, ""), "{case}: {ran:?}");
            assert!(!ran.stderr.contains("reach"), "{case}: {ran:?}");
            continue;
        };
        let (method, answer) = match text(&case["command"]) {
            "simulate" => ("POST", SIMULATED),
            _ => ("GET", EMPTY),
        };
        let plane = Plane::answering("200 OK", answer);
        let ran = run(&sandbox, &plane.url(), &line);
        assert_eq!(ran.status, 0, "{case}: {ran:?}");
        let asked = plane.asked();
        let target = url.find("/control/shards").map(|at| &url[at..]).unwrap();
        let begin = format!("{method} {target} HTTP/1.1\r\n");
        assert!(asked.starts_with(&begin), "{case}: {asked}");
        if let Some(scope) = case["scope"].as_str() {
            let scope = format!("x-mesh-scope: {scope}\r\n");
            assert!(asked.contains(&scope), "{case}: {asked}");
        }
    }
}

#[test]
fn compat_omnirelay_output() {
    let sandbox = Sandbox::linked("omnirelay");
    for case in cases(&vectors("cli"), "output") {
        let plane = Plane::answering("200 OK", &case["value"].to_string());
        let line: &[&str] = match text(&case["command"]) {
            "simulate" => &["simulate", "--namespace", "n", "--node", "a"],
            "list" => &["list"],
            _ => &["diff"],
        };
        let ran = run(&sandbox, &plane.url(), line);
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (0, text(&case["stdout"])),
            "{case}"
        );
    }
}

/// What is printed of a body, if a case says so: one whose compact form is large stays compact.
fn printed(case: &Value) -> Option<String> {
    const LARGE: usize = 512 * 1024;
    let compact = text(&case["text"]);
    let is_large = case["mode"] == "cli" && compact.len() > LARGE;
    let printed = is_large.then_some(compact).or(case["pretty"].as_str())?;
    Some(format!("{}\n", printed.trim_end()))
}

#[test]
fn compat_omnirelay_json() {
    let (vectors, sandbox) = (vectors("json"), Sandbox::linked("omnirelay"));
    for case in cases(&vectors, "encode") {
        let line: &[&str] = match text(&case["type"]) {
            "list" => &["list", "--json"],
            "diff" => &["diff", "--json"],
            "simResp" => &["simulate", "--namespace", "n", "--node", "a", "--json"],
            // No command prints it by itself.
            _ => continue,
        };
        let Some(expected) = printed(case) else {
            continue;
        };
        let plane = Plane::answering("200 OK", &case["value"].to_string());
        let ran = run(&sandbox, &plane.url(), line);
        assert_eq!((ran.status, ran.stdout), (0, expected), "{}", case["id"]);
    }
}

#[test]
fn compat_omnirelay_nodes() {
    let sandbox = Sandbox::linked("omnirelay");
    for case in cases(&vectors("cli"), "nodeOption") {
        let expected = match text(&case["class"]) {
            "quirk" => &case["proposed"],
            _ => &case["nodes"],
        };
        let nodes = list(case, "values").iter();
        let nodes: Vec<String> = nodes
            .map(|value| format!("--node={}", text(value)))
            .collect();
        let mut line = vec!["simulate", "--namespace", "n"];
        line.extend(nodes.iter().map(String::as_str));
        if expected.is_null() {
            let ran = run(&sandbox, NOWHERE, &line);
            assert_eq!(
                (ran.status, ran.stdout.as_str()),
                (1, ""),
                "{case}: {ran:?}"
            );
            assert!(
                ran.stderr.contains("node") && !ran.stderr.contains("reach"),
                "{ran:?}"
            );
            continue;
        }
        let plane = Plane::answering("200 OK", SIMULATED);
        let ran = run(&sandbox, &plane.url(), &line);
        assert_eq!(ran.status, 0, "{case}: {ran:?}");
        let asked = plane.asked();
        assert!(
            asked.starts_with("POST /control/shards/simulate HTTP/1.1\r\n"),
            "{asked}"
        );
        let (_, content) = asked.split_once("\r\n\r\n").unwrap();
        let content: Value = serde_json::from_str(content).unwrap();
        for (node, wanted) in list(&content, "nodes")
            .iter()
            .zip(expected.as_array().unwrap())
        {
            for name in ["nodeId", "region", "zone"] {
                assert_eq!(node[name], wanted[name], "{case}: {content}");
            }
            assert_eq!(
                node["weight"].as_f64(),
                wanted["weight"].as_f64(),
                "{case}: {content}"
            );
        }
        let count = expected.as_array().unwrap().len();
        assert_eq!(list(&content, "nodes").len(), count, "{case}: {content}");
    }
}

#[test]
fn omnirelay_keeps_the_path_of_an_address() {
    let sandbox = Sandbox::linked("omnirelay");
    let plane = Plane::answering("200 OK", EMPTY);
    let url = format!("{}/base/", plane.url());
    assert_eq!(run(&sandbox, &url, &["list"]).status, 0);
    assert!(
        plane
            .asked()
            .starts_with("GET /base/control/shards HTTP/1.1\r\n")
    );
}

#[test]
fn omnirelay_finds_bad_input_before_it_asks() {
    let sandbox = Sandbox::linked("omnirelay");
    for (line, told) in [
        (&["list", "--status", "gone"][..], "`gone` is no status"),
        (&["list", "--page-size", "0"], "at least one shard"),
        (&["list", "--page-size", "many"], "invalid value 'many'"),
        (
            &["diff", "--from-version", "3", "--to-version", "2"],
            "version",
        ),
        (&["diff", "--from-version", "-1"], "version"),
        (&["simulate", "--node", "a"], "--namespace is needed"),
        (
            &["simulate", "--namespace", " ", "--node", "a"],
            "--namespace is needed",
        ),
        (&["watch"], "unrecognized subcommand"),
    ] {
        let ran = run(&sandbox, NOWHERE, line);
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (1, ""),
            "{line:?}: {ran:?}"
        );
        let said = ran.stderr.to_lowercase();
        assert!(
            said.contains(told) && !said.contains("reach"),
            "{line:?}: {ran:?}"
        );
    }
    for url in ["h:8080", "ftp://h", "http://", "http://u:p@h"] {
        assert_eq!(run(&sandbox, url, &["list"]).status, 1, "{url}");
    }
    assert_eq!(sandbox.run(&["mesh", "shards", "list", "--help"]).status, 0);
}

#[test]
fn omnirelay_tells_in_one_line_why_there_is_no_answer() {
    let sandbox = Sandbox::linked("omnirelay");
    let problem = json!({"title": "t", "status": 404, "detail": "no such\nthing \u{1b}[2J", "code": "shards.x"});
    for (status, body, told) in [
        (
            "404 Not Found",
            problem.to_string(),
            "404: no such thing \u{fffd}[2J [shards.x]",
        ),
        (
            "400 Bad Request",
            r#"{"error": "bad cursor"}"#.to_owned(),
            "400: bad cursor",
        ),
        (
            "403 Forbidden",
            String::new(),
            "403: this needs the scope mesh.read",
        ),
        ("500 Oops", "<html>".to_owned(), "answered 500"),
        ("200 OK", String::new(), "the answer is empty"),
        (
            "200 OK",
            "[".to_owned(),
            "the answer is not the JSON asked for",
        ),
    ] {
        let plane = Plane::answering(status, &body);
        let ran = run(&sandbox, &plane.url(), &["list"]);
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (1, ""),
            "{status}: {ran:?}"
        );
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(told),
            "{ran:?}"
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
    let ran = run(&sandbox, NOWHERE, &["list"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("can't reach http://127.0.0.1:1"),
        "{ran:?}"
    );
}

#[test]
fn omnirelay_asks_a_deedbook() {
    let (sandbox, book) = (Sandbox::linked("omnirelay"), Sandbox::new());
    for line in [
        "shard add edge/s-01 --owner n1 --ticket T-1 --actor ada -m seed",
        "shard add edge/s-02 --owner n1 --status paused",
        "shard transfer edge/s-01 n2 --actor ada -m move",
    ] {
        book.ok(&line.split(' ').collect::<Vec<_>>());
    }
    let serving = Serving::start(&book, "127.0.0.1:0");
    let ask = |line: &[&str]| run(&sandbox, &serving.url(), line);
    let listed = ask(&["list", "--namespace", "EDGE", "--status", "active"]);
    assert_eq!(listed.status, 0, "{listed:?}");
    let row = "edge                     s-01               n2                 Active            2 ";
    assert!(listed.stdout.contains(row), "{listed:?}");
    assert!(!listed.stdout.contains("s-02"), "{listed:?}");
    let changed = ask(&["diff", "--search", "01"]);
    let told = "edge/s-01\n  owner : n1 -> n2 (Active)\n  version: 2\n  actor  : ada reason=move\n";
    assert!(changed.stdout.contains(told), "{changed:?}");
    let tried = ask(&[
        "simulate",
        "--namespace",
        "edge",
        "--node",
        "n9:2",
        "--json",
    ]);
    let tried: Value = serde_json::from_str(&tried.stdout).unwrap();
    assert_eq!(list(&tried, "changes").len(), 1, "one is paused: {tried}");
    let missing = ask(&["simulate", "--namespace", "far", "--node", "n"]);
    assert_eq!(missing.status, 1);
    assert!(
        missing
            .stderr
            .contains("[shards.control.namespace.missing]"),
        "{missing:?}"
    );
}
