//! Input that nobody means well with: a problem, or the connection is closed; never a fault.

use std::time::Duration;

use deedbook_rules::Command;
use deedbook_server::Limits;
use deedbook_testkit::components::{plain, uuid_of_number};
use deedbook_testkit::http::{Client, Request};

use crate::sandbox::{Sandbox, document};

fn post(media_type: &str, content: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", "/v1/components").content(media_type, content)
}

#[test]
fn bad_content_is_refused_and_named() {
    let sandbox = Sandbox::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(300_000));
    let aliases = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    for (media_type, content, status) in [
        ("application/json", deep.clone().into_bytes(), 400),
        ("application/json", long.into_bytes(), 400),
        (
            "application/json",
            b"{\"name\":\"a\",\"name\":\"b\"}".to_vec(),
            400,
        ),
        ("application/json", b"\xff\xfe{}".to_vec(), 400),
        ("application/json", b"".to_vec(), 400),
        ("application/json", b"[]".to_vec(), 400),
        ("application/json", b"{} {}".to_vec(), 400),
        ("application/json", vec![b' '; 2 << 20], 413),
        ("application/yaml", aliases.as_bytes().to_vec(), 400),
        ("application/yaml", b"\tname: a".to_vec(), 400),
        ("application/yaml", b"a: b\n---\nc: d\n".to_vec(), 400),
        ("text/plain", b"name: a".to_vec(), 415),
        ("application/json; charset=latin1", b"{}".to_vec(), 415),
        ("application/x-www-form-urlencoded", b"a=b".to_vec(), 415),
    ] {
        let answer = sandbox.send(&post(media_type, content));
        assert_eq!(answer.status, status, "{media_type}: {answer:?}");
        assert!(!answer.code().is_empty());
    }
    let packed = post("application/json", "{}").header("Content-Encoding", "gzip");
    assert_eq!(sandbox.send(&packed).code(), "bad_media_type");
    let untyped = Request::new("POST", "/v1/components");
    assert_eq!(sandbox.send(&untyped).code(), "bad_media_type");
    let batch = Request::new("POST", "/v1/batch").content("application/json", deep);
    assert_eq!(sandbox.send(&batch).code(), "invalid");
    for bad in [
        "{}",
        r#"{"writes":[]}"#,
        r#"{"writes":[{"op":"drop"}]}"#,
        r#"{"writes":[{"op":"remove","kind":"node","key":"a"}]}"#,
    ] {
        assert_eq!(sandbox.post("/v1/batch", bad).code(), "invalid", "{bad}");
    }
    let patch =
        Request::new("PATCH", "/v1/components/a").content("application/merge-patch+json", "[1");
    assert_eq!(sandbox.send(&patch).code(), "invalid");
    for bad in ["", "{}", r#"{"before":-1}"#, r#"{"before":1,"x":2}"#, "7"] {
        assert_eq!(sandbox.post("/v1/compact", bad).code(), "invalid", "{bad}");
    }
    assert_eq!(sandbox.book.view().component_count(), 0);
}

#[test]
fn bad_targets_are_refused_and_named() {
    let sandbox = Sandbox::with_samples();
    for (target, status) in [
        ("/v1/components/%zz", 400),
        ("/v1/components/%ff", 400),
        ("/v1/components/a%", 400),
        ("/v1/components/%00", 404),
        ("/v1/components/..%2F..%2Fetc", 404),
        ("/v1/components/", 404),
        ("/v1//components", 404),
        ("/v2/components", 404),
        ("/v1/components/geo_index?versionSpec=%5E%5E", 400),
        ("/v1/components/geo_index?version=1", 400),
        ("/v1/components/geo_index?atLeast=-1", 400),
        ("/v1/components/geo_index?consistency=weak", 400),
        ("/v1/components/geo_index/why?pointer=x", 400),
        ("/v1/components/geo_index/graph?depth=65", 400),
        ("/v1/components/geo_index/graph?format=png", 400),
        ("/v1/components/geo_index/diff", 400),
        ("/v1/components?name=%5B", 400),
        ("/v1/components?tag=%GG", 400),
        ("/v1/changes?after=x", 400),
        ("/livez?verbose=1", 400),
    ] {
        let answer = sandbox.get(target);
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        assert!(!answer.code().is_empty());
    }
    let long = format!("/v1/components/{}", "a".repeat(9000));
    assert_eq!(
        (
            sandbox.get(&long).status,
            sandbox.get(&long).code().as_str()
        ),
        (414, "too_large")
    );
    let put = sandbox.send(&Request::new("PUT", "/v1/components"));
    assert_eq!(
        (put.code().as_str(), put.header("allow")),
        ("bad_method", Some("GET, POST, HEAD"))
    );
}

#[test]
fn foreign_hosts_and_pages_are_refused() {
    let sandbox = Sandbox::new();
    for (name, value) in [
        ("Host", "example.org"),
        ("Origin", "https://example.org"),
        ("Origin", "null"),
    ] {
        let answer = sandbox.send(&Request::new("GET", "/v1/head").header(name, value));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "denied"),
            "{name}: {value}"
        );
    }
}

#[test]
fn what_is_no_http_is_refused_and_the_connection_closed() {
    let sandbox = Sandbox::new();
    for bytes in [
        b"GET / HTTP/9.9\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET  /\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /v1/components HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot frames at all, really not",
    ] {
        let mut client = sandbox.client();
        assert!(client.try_write(bytes));
        if bytes.starts_with(b"PRI") {
            continue;
        }
        if let Some(answer) = client.read(false) {
            assert_eq!(answer.status, 400, "{answer:?}");
        }
        assert!(client.is_closed());
    }
    assert_eq!(sandbox.get("/livez").status, 200);
}

fn quick_limits() -> Limits {
    Limits {
        head_time: Duration::from_millis(100),
        request_time: Duration::from_millis(100),
        stall_time: Duration::from_millis(100),
        connections: 8,
        ..Limits::default()
    }
}

#[test]
fn slow_and_half_open_clients_hold_nothing() {
    let sandbox = Sandbox::limited(quick_limits());
    let address = sandbox.running.address();
    let silent: Vec<Client> = (0..4).map(|_| Client::connect(address)).collect();
    let mut slow: Vec<Client> = (0..3).map(|_| Client::connect(address)).collect();
    for client in &mut slow {
        client.write(b"GET / HTTP/1.1\r\nhost: loc");
    }
    let mut idle = sandbox.client();
    assert_eq!(idle.get("/livez").status, 200);
    for mut client in silent.into_iter().chain(slow).chain([idle]) {
        assert!(client.is_closed());
    }
    assert_eq!(sandbox.get("/livez").status, 200);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// The kinds of frames that came.
fn kinds(mut received: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, ..] = *received {
        kinds.push(kind);
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
        received = received.get(9 + length..).unwrap_or_default();
    }
    kinds
}

/// A connection of HTTP/2 that takes so many bytes of each answer, and asks for a page.
fn taking(sandbox: &Sandbox, window: u32) -> Client {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let settings = [&[0, 4], &window.to_be_bytes()[..]].concat();
    bytes.extend(frame(4, 0, 0, &settings));
    let path = b"/docs";
    let length = u8::try_from(path.len()).unwrap();
    let head = [&[0x82, 0x86, 0x04, length], &path[..], b"\x01\x09localhost"].concat();
    bytes.extend(frame(1, 5, 1, &head));
    let mut client = sandbox.client();
    client.write(&bytes);
    client
}

#[test]
fn an_answer_over_http2_that_is_not_taken_ends_its_connection() {
    for window in [0, 1, 60_000] {
        let sandbox = Sandbox::limited(quick_limits());
        // A plain page, which is longer than that.
        assert!(sandbox.get("/docs").body.len() > 60_000);
        let mut received = Vec::new();
        taking(&sandbox, window).read_all(&mut received);
        // Sooner than a silent client is asked whether it is still there.
        assert!(!kinds(&received).contains(&PING), "{window}");
    }
}

#[test]
fn a_connection_of_http2_that_asks_for_nothing_is_closed() {
    let sandbox = Sandbox::limited(Limits {
        stall_time: Duration::from_secs(30),
        ..quick_limits()
    });
    let mut silent = sandbox.client();
    silent.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    silent.write(&frame(4, 0, 0, &[]));
    // It takes all of one answer.
    let mut taking = taking(&sandbox, 1 << 20);
    taking.write(&frame(8, 0, 0, &(1_u32 << 20).to_be_bytes()));
    for mut client in [silent, taking] {
        let mut received = Vec::new();
        client.read_all(&mut received);
        let kinds = kinds(&received);
        // Sooner than it is asked whether it is still there; it would say yes.
        let before = kinds.split(|kind| *kind == PING).next();
        assert!(before.unwrap().contains(&GOAWAY), "{kinds:?}");
    }
}

#[test]
fn backups_that_are_taken_slowly_hold_up_no_other_work() {
    let sandbox = Sandbox::limited(Limits {
        request_time: Duration::from_millis(500),
        ..Limits::default()
    });
    // Far more than sockets hold.
    let note = "x".repeat(60_000);
    for number in 0..400 {
        let more = serde_json::json!({"spec": {"note": note}});
        let more = more.as_object().unwrap().clone();
        let name = format!("part_{number}");
        let write = plain(&name, "1.0.0", uuid_of_number(number), more);
        sandbox.book.execute(Command::of("ada", write)).unwrap();
    }
    let open = |_| {
        let mut client = sandbox.client();
        let status = client.open(&Request::new("GET", "/v1/backup")).status;
        (client, status)
    };
    let backups: Vec<_> = (0..3).map(open).collect();
    let statuses: Vec<u16> = backups.iter().map(|(_, status)| *status).collect();
    assert_eq!(statuses, [200, 200, 503]);
    for target in [
        "/v1/head?consistency=strong",
        "/v1/components/part_1/history",
        "/v1/components/part_1?at=5",
    ] {
        assert_eq!(sandbox.get(target).status, 200, "{target}");
    }
}

#[test]
fn content_that_does_not_come_is_not_waited_for() {
    let sandbox = Sandbox::limited(quick_limits());
    let mut client = sandbox.client();
    client.write(b"POST /v1/components HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
    let answer = client.read(false).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "timeout"));
}

#[test]
fn one_connection_too_many_is_told_so() {
    let sandbox = Sandbox::limited(Limits {
        connections: 2,
        ..Limits::default()
    });
    let mut held: Vec<Client> = (0..2).map(|_| sandbox.client()).collect();
    for client in &mut held {
        assert_eq!(client.get("/livez").status, 200);
    }
    let mut third = sandbox.client();
    let answer = third.read(false).unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(answer.json()["code"], "unavailable");
    drop(held);
    deedbook_testkit::wait::until("there is room", || {
        let mut client = sandbox.client();
        client.try_write(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
        client
            .read(false)
            .is_some_and(|answer| answer.status == 200)
    });
}

#[test]
fn large_heads_are_refused() {
    let sandbox = Sandbox::new();
    let many = (0..200).fold(Request::new("GET", "/livez"), |request, number| {
        request.header(&format!("x-{number}"), "1")
    });
    assert_eq!(sandbox.send(&many).status, 431);
    let long = Request::new("GET", "/livez").header("x-long", &"a".repeat(100_000));
    let mut client = sandbox.client();
    client.try_write(&long.to_bytes(sandbox.running.address()));
    if let Some(answer) = client.read(false) {
        assert_eq!(answer.status, 431);
    }
}

#[test]
fn a_client_that_goes_away_leaves_its_write_done_or_not_done() {
    let sandbox = Sandbox::new();
    for number in 1..=50 {
        let mut client = sandbox.client();
        let request = post("application/json", document(&format!("a{number}"), number));
        client.write(&request.to_bytes(sandbox.running.address()));
    }
    let last = sandbox.post("/v1/components", &document("last", 51));
    assert_eq!(last.status, 201);
    let view = sandbox.book.view();
    assert_eq!(view.component_count() as u64 + 1, view.head().revision.0);
}
