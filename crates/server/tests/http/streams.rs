//! `GET /v1/watch` as its clients see it: frames, parameters, limits, and its end.

use std::time::Duration;

use deedbook_rules::{Command, Write};
use deedbook_server::{Ended, Limits};
use deedbook_testkit::components::{numbered, plain, uuid_of_number};
use deedbook_testkit::event_stream::{Event, EventStream};
use deedbook_testkit::http::Request;
use deedbook_testkit::process::{Other, say, task};
use deedbook_testkit::wait;
use serde_json::json;

use crate::sandbox::Sandbox;

fn several(first: u64, count: u64) -> Command {
    Command {
        writes: (first..first + count).map(numbered).collect(),
        ..Command::of("ada", numbered(0))
    }
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

fn all(mut stream: EventStream) -> Vec<Event> {
    std::iter::from_fn(|| stream.next_event()).collect()
}

#[test]
fn a_frame_says_all_and_only_the_last_of_a_command_has_an_id() {
    let sandbox = Sandbox::new();
    let command = Command {
        reason: Some("why not".to_owned()),
        ticket: Some("LP-42".to_owned()),
        ..several(1, 2)
    };
    sandbox.book.execute(command).unwrap();
    let text = sandbox.get("/v1/watch?after=1&once=true");
    let head = sandbox.book.view().head();
    let frames: Vec<&str> = text.text().split_inclusive("\n\n").collect();
    let [first, last, progress] = frames[..] else {
        panic!("{frames:?}");
    };
    let position = format!("3-{}", head.chain.short());
    assert!(first.starts_with("event: change\ndata: {\"revision\":2,\"first\":2,\"last\":3,"));
    assert!(last.starts_with(&format!("id: {position}\nevent: change\ndata: {{")));
    assert_eq!(
        progress,
        format!(
            "id: {position}\nevent: progress\ndata: {{\"revision\":3,\"position\":\"{position}\"}}\n\n"
        )
    );
    let content_type = text.header("content-type");
    assert_eq!(content_type, Some("text/event-stream"));
    assert_eq!(text.header("cache-control"), Some("no-store"));
    assert_eq!(text.header("deedbook-revision"), Some("1"));
    let key = uuid_of_number(1).to_string();
    sandbox
        .book
        .execute(Command::of("grace", remove(&key)))
        .unwrap();
    let events = all(sandbox.watch("?after=1&once=true"));
    let view = sandbox
        .book
        .view_at(deedbook_book::At::Revision(deedbook_model::Revision(3)));
    let view = view.unwrap();
    let record = view.record(&deedbook_model::Kind::COMPONENT, &key).unwrap();
    let record: serde_json::Value = serde_json::from_slice(record.bytes.as_ref().unwrap()).unwrap();
    let registered = &events[0].data;
    let wanted = json!({
        "revision": 2, "first": 2, "last": 3, "kind": "component", "key": key,
        "verb": "registered", "generation": 1, "record": record, "previous": null,
        "actor": "ada", "reason": "why not", "ticket": "LP-42", "requestId": null,
        "time": registered["time"],
    });
    assert_eq!(registered, &wanted);
    let removed = &events[2].data;
    assert_eq!(
        (&removed["record"], &removed["previous"]),
        (&json!(null), &record)
    );
    assert_eq!(removed["verb"], "removed");
}

fn remove(key: &str) -> Write {
    Write::Remove {
        key: deedbook_rules::components::ComponentKey::parse(key).unwrap(),
        expected: None,
    }
}

#[test]
fn the_last_event_id_wins_and_anything_that_is_no_position_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.book.execute(several(1, 3)).unwrap();
    let revisions = |request: &Request| -> Vec<u64> {
        let events = all(EventStream::open(sandbox.client(), request));
        let changes = events.iter().filter(|event| event.name == "change");
        changes
            .map(|event| event.data["revision"].as_u64().unwrap())
            .collect()
    };
    let target = "/v1/watch?after=0&once=true";
    assert_eq!(revisions(&Request::new("GET", target)), [1, 2, 3, 4]);
    let id = sandbox
        .book
        .view_at(deedbook_book::At::Revision(deedbook_model::Revision(1)));
    let id = id.unwrap().head().to_string();
    let resumed = Request::new("GET", target).header("last-event-id", &id);
    assert_eq!(revisions(&resumed), [2, 3, 4]);
    let empty = Request::new("GET", target).header("last-event-id", "");
    assert_eq!(revisions(&empty), [1, 2, 3, 4]);
    for bad in [
        "x",
        "-1",
        "1-",
        "1-xyz",
        "1-0123456",
        "1-012345678",
        "99999999999999999999",
        "%20",
    ] {
        let answer = sandbox.get(&format!("/v1/watch?after={bad}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid"),
            "{bad}"
        );
        assert_eq!(answer.json()["errors"][0]["parameter"], "after");
    }
    let bad = Request::new("GET", "/v1/watch?after=1").header("last-event-id", "1-");
    let answer = sandbox.send(&bad);
    assert_eq!(answer.json()["errors"][0]["parameter"], "Last-Event-ID");
    for query in ["?afterwards=1", "?once=maybe", "?after=1&after=2"] {
        assert_eq!(
            sandbox.get(&format!("/v1/watch{query}")).status,
            400,
            "{query}"
        );
    }
}

#[test]
fn a_position_of_elsewhere_starts_anew_and_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.book.execute(several(1, 3)).unwrap();
    let head = sandbox.book.view().head().to_string();
    let mut streams: Vec<EventStream> = ["?after=9", "?after=2-00000000", "?after=4-00000000"]
        .map(|query| sandbox.watch(query))
        .into();
    let floor = sandbox
        .book
        .compact(sandbox.book.view().revision())
        .unwrap();
    assert_eq!(floor.0, 4);
    streams.push(sandbox.watch("?after=0"));
    for stream in &mut streams {
        let resync = stream.next_event().unwrap();
        assert_eq!(
            (resync.name.as_str(), resync.id.as_deref()),
            ("resync", Some(&*head))
        );
        assert_eq!(resync.data["revision"], 4);
        assert!(resync.data["reason"].is_string());
    }
    sandbox.book.execute(several(9, 1)).unwrap();
    for stream in &mut streams {
        let next = std::iter::from_fn(|| stream.next_event()).find(|event| event.name == "change");
        assert_eq!(next.unwrap().data["revision"], 5);
    }
}

#[test]
fn one_that_is_live_is_told_so_at_once_and_then_now_and_then() {
    let sandbox = Sandbox::limited(Limits {
        progress_time: Duration::from_millis(20),
        ..Limits::default()
    });
    let mut stream = sandbox.watch("?key=nobody");
    for _ in 0..3 {
        assert_eq!(stream.next_event().unwrap().data["revision"], 1);
    }
    // What isn't wanted moves it on all the same.
    sandbox.book.execute(several(1, 2)).unwrap();
    let mut events = std::iter::from_fn(|| stream.next_event());
    let moved = events.find(|event| event.data["revision"] != 1).unwrap();
    assert_eq!(
        (moved.name.as_str(), &moved.data["revision"]),
        ("progress", &json!(3))
    );
}

#[test]
fn the_end_of_the_server_gives_every_stream_its_position() {
    let sandbox = Sandbox::new();
    let mut streams: Vec<EventStream> = (0..20).map(|_| sandbox.watch("?after=0")).collect();
    let mut multiplexed = sandbox.watch("?after=0&kind=moon_phase");
    for stream in &mut streams {
        assert_eq!(stream.next_event().unwrap().name, "change");
        assert_eq!(stream.next_event().unwrap().name, "progress");
    }
    assert_eq!(multiplexed.next_event().unwrap().name, "progress");
    sandbox.book.execute(several(1, 2)).unwrap();
    let head = sandbox.book.view().head().to_string();
    let running = sandbox.running;
    let ending = std::thread::spawn(move || running.end());
    for stream in streams.into_iter().chain([multiplexed]) {
        let events = all(stream);
        let last = events.last().unwrap();
        assert_eq!(last.name, "progress");
        // Either the end came first or the changes did; nothing is lost where it goes on.
        let told = events.len() > 1;
        assert!(told || last.data["revision"] == 1 || last.id.as_deref() == Some(&head));
    }
    assert_eq!(ending.join().unwrap(), Ended::Drained);
}

#[test]
fn no_more_watch_than_may() {
    let sandbox = Sandbox::limited(Limits {
        watches: 2,
        ..Limits::default()
    });
    let mut first = sandbox.watch("");
    let second = sandbox.watch("");
    assert_eq!(first.next_event().unwrap().name, "progress");
    let third = sandbox.get("/v1/watch");
    assert_eq!((third.status, third.code().as_str()), (503, "unavailable"));
    assert_eq!(third.header("retry-after"), Some("1"));
    drop(second);
    wait::until("its place is free", || {
        sandbox.get("/v1/watch?once=true").status == 200
    });
}

#[test]
fn one_that_takes_nothing_is_let_go_and_goes_on_where_it_was() {
    let sandbox = Sandbox::limited(Limits {
        watches: 1,
        stall_time: Duration::from_secs(2),
        ..Limits::default()
    });
    let mut stalled = sandbox.watch("?after=0");
    let mut seen = stalled.next_event().unwrap().id;
    let filling = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                // Far more than sockets hold.
                for number in 0..400 {
                    let text = "x".repeat(60_000);
                    sandbox.book.execute(described(number, &text)).unwrap();
                }
                // It holds nothing any more: there is room for another.
                wait::until("its place is free", || {
                    sandbox.get("/v1/watch?once=true").status == 200
                });
            })
            .join()
    });
    filling.unwrap();
    // What had been sent before it was let go is still whole, as far as it goes.
    let events = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        while let Some(event) = stalled.next_event() {
            seen = event.id.or(seen.take());
        }
    }));
    assert!(events.is_err(), "it was let go");
    let id = seen.unwrap();
    let request = Request::new("GET", "/v1/watch?once=true").header("last-event-id", &id);
    let rest = all(EventStream::open(sandbox.client(), &request));
    let first: u64 = id.split('-').next().unwrap().parse().unwrap();
    let revisions: Vec<u64> = rest
        .iter()
        .filter(|event| event.name == "change")
        .map(|event| event.data["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, (first + 1..=401).collect::<Vec<_>>());
    assert!(first < 401);
}

fn described(number: u64, text: &str) -> Command {
    let spec = json!({"spec": {"note": text}});
    let more = spec.as_object().unwrap().clone();
    let write = plain(
        &format!("part_{number}"),
        "1.0.0",
        uuid_of_number(number),
        more,
    );
    Command::of("ada", write)
}

#[test]
fn events_are_not_held_back_to_be_compressed() {
    let sandbox = Sandbox::new();
    let request = Request::new("GET", "/v1/watch?after=0").header("accept-encoding", "gzip");
    let mut stream = EventStream::open(sandbox.client(), &request);
    assert_eq!(stream.response.header("content-encoding"), None);
    let events = [stream.next_event().unwrap(), stream.next_event().unwrap()];
    assert_eq!(names(&events), ["change", "progress"]);
}

/// How often the server's threads of this process stopped to wait.
#[cfg(target_os = "linux")]
fn naps() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let mut naps = 0;
    for task in tasks {
        let task = task.unwrap().path();
        let name = std::fs::read_to_string(task.join("comm")).unwrap();
        if name.starts_with("deedbook-http") {
            let status = std::fs::read_to_string(task.join("status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("voluntary"));
            naps += line
                .unwrap()
                .split_whitespace()
                .last()
                .unwrap()
                .parse::<u64>()
                .unwrap();
        }
    }
    naps
}

/// Watches a thousand records over HTTP, in a process of its own, and counts.
#[cfg(target_os = "linux")]
#[test]
fn child_with_idle_watchers() {
    const WATCHERS: u64 = 1000;
    if task().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let mut streams: Vec<EventStream> = (0..WATCHERS)
        .map(|number| sandbox.watch(&format!("?key={}", uuid_of_number(number))))
        .collect();
    for stream in &mut streams {
        assert_eq!(stream.next_event().unwrap().name, "progress");
    }
    // Whoever was told something may still be on the way to its wait.
    let mut before = naps();
    wait::until("they wait", || {
        let (last, now) = (before, naps());
        before = now;
        last == now
    });
    for number in 0..200 {
        sandbox.book.execute(several(WATCHERS + number, 1)).unwrap();
    }
    say(&(naps() - before).to_string());
    sandbox.book.execute(several(7, 1)).unwrap();
    let change = streams[7].next_event().unwrap();
    say(&change.data["revision"].to_string());
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_idle_watchers_let_the_server_sleep() {
    let mut child = Other::start("streams::child_with_idle_watchers", "watch", None);
    let naps: u64 = child.heard().unwrap().parse().unwrap();
    assert!(naps < 20, "woken {naps} times for what nobody wants");
    assert_eq!(child.heard().as_deref(), Some("202"));
    assert!(child.ended().success());
}
