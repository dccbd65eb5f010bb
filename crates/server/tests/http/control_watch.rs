//! Watching shards as the reference does: live, and with nothing missed or told twice.

use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{Book, OpenOptions};
use deedbook_log::MemoryLog;
use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::control::{KEEP_ALIVE, PREAMBLE};
use deedbook_server::{Ended, Limits, Options};
use deedbook_testkit::event_stream::EventStream;
use deedbook_testkit::http::Request;

use crate::control::{
    WATCH, claiming, diff, get, list, positions, put, put_all, put_many, watch, watch_once,
};
use crate::identity::{create, get as get_as, guarded_with_mesh, with};
use crate::sandbox::{Sandbox, options};

const SHARD: &str = r#"{"ownerNodeId":"node-a"}"#;

/// A book of several servers.
fn shared_book() -> Book {
    Book::with_log(Arc::new(MemoryLog::default()), &OpenOptions::default()).unwrap()
}

#[test]
fn s01_a_watch_stays_open_and_tells_each_change_as_it_comes() {
    let sandbox = Sandbox::new();
    assert_eq!(put(&sandbox, "n", "s-0", SHARD).status, 201);
    let mut stream = watch(&sandbox, "", None);
    assert_eq!(
        stream.response.header("content-type"),
        Some("text/event-stream")
    );
    assert_eq!(stream.response.header("cache-control"), Some("no-cache"));
    assert_eq!(stream.next_block().unwrap(), PREAMBLE);
    assert_eq!(
        stream.next_event().unwrap().data["current"]["shardId"],
        "s-0"
    );
    for number in 1..20 {
        let id = format!("s-{number}");
        let made = put(&sandbox, "n", &id, SHARD);
        let event = stream.next_event().unwrap();
        assert_eq!(event.id.as_deref(), made.header("deedbook-revision"));
        assert_eq!(event.data["current"]["shardId"], id);
    }
}

#[test]
fn s01_a_watch_that_has_nothing_to_tell_says_that_it_is_there() {
    let sandbox = Sandbox::limited(Limits {
        progress_time: Duration::from_millis(10),
        ..Limits::default()
    });
    // What a filter leaves out is nothing to tell.
    let mut stream = watch(&sandbox, "namespace=other", None);
    assert_eq!(stream.next_block().unwrap(), PREAMBLE);
    for number in 0..5 {
        assert_eq!(stream.next_block().unwrap(), KEEP_ALIVE);
        assert_eq!(
            put(&sandbox, "n", &format!("s-{number}"), SHARD).status,
            201
        );
    }
    assert_eq!(put(&sandbox, "other", "s", SHARD).status, 201);
    assert_eq!(
        stream.next_event().unwrap().data["current"]["namespace"],
        "other"
    );
}

#[test]
fn s02_the_last_event_wins_over_the_address() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 6);
    let all = positions(&diff(&sandbox, ""));
    let token = format!("resumeToken={}", all[1]);
    let mut back = watch(&sandbox, &token, Some(all[3]));
    for wanted in &all[4..] {
        assert_eq!(back.next_event().unwrap().id, Some(wanted.to_string()));
    }
    let made = put(&sandbox, "n", "live", SHARD);
    let live = back.next_event().unwrap().id;
    assert_eq!(live.as_deref(), made.header("deedbook-revision"));
    let request =
        claiming("GET", &format!("{WATCH}?{token}&once=true")).header("Last-Event-ID", "");
    let mut first = EventStream::open(sandbox.client(), &request);
    assert_eq!(first.next_event().unwrap().id, Some(all[2].to_string()));
}

/// Several who write at once, commands of one change and of many.
fn write(book: &Book, writer: usize, commands: usize) {
    for number in 0..commands {
        let keys: Vec<String> = (0..=number % 4)
            .map(|part| format!("n{}/s-{}", writer % 2, (writer + number + part) % 7))
            .collect();
        let document = format!(r#"{{"ownerNodeId":"node-{writer}-{number}"}}"#);
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        keys.dedup();
        put_all(
            book,
            MeshKind::Shard,
            keys.into_iter().map(|key| (key, &*document)),
        );
    }
}

#[test]
fn s04_a_watcher_that_comes_back_misses_nothing_and_is_told_nothing_twice() {
    const WRITERS: usize = 4;
    const COMMANDS: usize = 60;
    let sandbox = Sandbox::new();
    let last_of_all = |seen: &[serde_json::Value]| {
        let is_last = |data: &&serde_json::Value| data["current"]["shardId"] == "last";
        seen.iter().any(|data| is_last(&data))
    };
    let told: Vec<Vec<i64>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let book = sandbox.book.clone();
                scope.spawn(move || write(&book, writer, COMMANDS))
            })
            .collect();
        // Each hangs up after another number of events, in the middle of commands as well.
        let watchers: Vec<_> = [1, 3, 10, 1000]
            .map(|patience| {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    let (mut ids, mut seen): (Vec<i64>, Vec<_>) = (vec![], vec![]);
                    while !last_of_all(&seen) {
                        // As a browser does: its address never changes.
                        let mut stream = watch(sandbox, "resumeToken=0", ids.last().copied());
                        for _ in 0..patience {
                            let event = stream.next_event().unwrap();
                            assert_eq!(event.name, "shard.diff");
                            let id: i64 = event.id.unwrap().parse().unwrap();
                            assert!(ids.last() < Some(&id), "{id} again");
                            ids.push(id);
                            seen.push(event.data);
                            if last_of_all(&seen[seen.len() - 1..]) {
                                break;
                            }
                        }
                    }
                    ids
                })
            })
            .into_iter()
            .collect();
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        put_all(&sandbox.book, MeshKind::Shard, [("n/last", SHARD)]);
        watchers
            .into_iter()
            .map(|watcher| watcher.join().unwrap())
            .collect()
    });
    // What the writers were told, by revision: every change of the book but its own record is theirs.
    let head = i64::try_from(sandbox.book.view().head().revision.0).unwrap();
    let all: Vec<i64> = (2..=head).collect();
    for told in told {
        assert_eq!(told, all);
    }
}

#[test]
fn a_watch_that_begins_at_the_version_of_a_list_goes_on_from_it() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 3);
    let version = list(&sandbox, "").version;
    let mut stream = watch(&sandbox, &format!("resumeToken={version}"), None);
    assert_eq!(put(&sandbox, "n", "later", SHARD).status, 201);
    assert_eq!(
        stream.next_event().unwrap().data["current"]["shardId"],
        "later"
    );
}

#[test]
fn a_removal_is_told_and_shown() {
    let sandbox = Sandbox::new();
    assert_eq!(put(&sandbox, "n", "s", SHARD).status, 201);
    let mut all = watch(&sandbox, "", None);
    // Whoever saw it as it was is told that it is gone.
    let mut active = watch(&sandbox, "status=Active", None);
    let remove = Request::new("DELETE", "/v1/shards/n/s")
        .header("deedbook-reason", "emptied")
        .header("deedbook-ticket", "LP-7");
    assert_eq!(sandbox.send(&remove).status, 200);
    for stream in [&mut all, &mut active] {
        assert_eq!(stream.next_event().unwrap().data.get("removed"), None);
        let event = stream.next_event().unwrap();
        assert_eq!(event.data["removed"], true);
        let (current, previous) = (&event.data["current"], &event.data["previous"]);
        assert_eq!(
            (&current["status"], &current["version"]),
            (&3.into(), &2.into())
        );
        assert_eq!(
            (&previous["status"], &previous["version"]),
            (&0.into(), &1.into())
        );
        assert_eq!(current["changeTicket"], "LP-7");
        let history = &event.data["history"];
        assert_eq!(
            (&history["reason"], &history["version"]),
            (&"emptied".into(), &2.into())
        );
    }
    let found = diff(&sandbox, "");
    assert_eq!(found.items.len(), 2);
    let removal = &found.items[1];
    assert!(removal.removed);
    assert_eq!(
        removal.current.checksum,
        removal.current.computed_checksum()
    );
    assert!(list(&sandbox, "").items.is_empty());
    // One that is made again goes on counting, and was nothing before.
    assert_eq!(put(&sandbox, "n", "s", SHARD).status, 201);
    let again = all.next_event().unwrap();
    assert_eq!(again.data["current"]["version"], 3);
    assert_eq!(again.data.get("previous"), None);
}

#[test]
fn what_is_compacted_away_is_never_passed_over() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 5);
    let head = sandbox.book.view().head().revision;
    sandbox.book.snapshot().unwrap();
    let floor = sandbox.book.compact(head).unwrap();
    assert_eq!(floor, head);
    assert_eq!(
        put(&sandbox, "n", "s-0001", r#"{"ownerNodeId":"node-b"}"#).status,
        200
    );
    for target in [
        "/control/shards/watch?resumeToken=2",
        "/control/shards/diff?fromVersion=3",
        "/control/shards/diff?fromVersion=1",
    ] {
        let gone = get(&sandbox, target);
        assert_eq!(gone.status, 410, "{gone:?}");
        assert_eq!(
            crate::control::code(&gone),
            "shards.control.position.compacted"
        );
        assert_eq!(gone.json()["metadata"]["floor"], floor.to_string());
    }
    // Who asks for all is given what is kept, with what was before it.
    let kept = diff(&sandbox, "");
    let former = kept.items[0].previous.as_ref().unwrap();
    assert_eq!((kept.items.len(), &*former.owner_node_id), (1, "node-a"));
    let told = watch_once(&sandbox, &format!("resumeToken={floor}")).next_event();
    assert_eq!(told.unwrap().data["previous"]["ownerNodeId"], "node-a");
}

#[test]
fn a_position_of_another_book_is_told() {
    let sandbox = Sandbox::new();
    let mut stream = watch(&sandbox, "resumeToken=50", None);
    let error = stream.next_event().unwrap();
    assert_eq!((&*error.name, &error.id), ("shard.error", &None));
    assert_eq!(error.data["code"], "shards.control.position.unknown");
    assert!(error.data["metadata"].is_object());
    assert_eq!(stream.next_event(), None);
}

#[test]
fn a_watch_over_a_server_that_ends_goes_on_at_the_next() {
    let book = shared_book();
    let first = Sandbox::of(book.clone(), options());
    put_many(&book, "n", 4);
    let mut stream = watch(&first, "", None);
    let seen: Vec<i64> = (0..2)
        .map(|_| stream.next_event().unwrap().id.unwrap().parse().unwrap())
        .collect();
    assert_eq!(first.running.end(), Ended::Drained);
    let second = Sandbox::of(book, options());
    let mut back = watch(&second, "", seen.last().copied());
    let next: i64 = back.next_event().unwrap().id.unwrap().parse().unwrap();
    assert_eq!(next, seen[1] + 1);
}

#[test]
fn a_watch_ends_with_its_credential_and_says_so() {
    let sandbox = guarded_with_mesh();
    let request = with("viewer", claiming("GET", WATCH));
    let mut stream = EventStream::open(sandbox.client(), &request);
    assert_eq!(
        stream.next_event().unwrap().data["current"]["shardId"],
        "p-01"
    );
    let removed = with("admin", Request::new("DELETE", "/v1/principals/viewer"));
    assert_eq!(sandbox.send(&removed).status, 200);
    let error = stream.next_event().unwrap();
    assert_eq!(
        (&*error.name, &error.data["code"]),
        ("shard.error", &"unauthenticated".into())
    );
    assert_eq!(stream.next_event(), None);
}

#[test]
fn a_watch_shows_what_its_caller_may_see_by_now() {
    let sandbox = guarded_with_mesh();
    let grants = ["MESH_READ:parc*"];
    sandbox
        .book
        .execute(create("guest", &grants, None))
        .unwrap();
    let head = sandbox.book.view().head().revision;
    let target = format!("{WATCH}?resumeToken={head}");
    let request = with("guest", claiming("GET", &target));
    let mut stream = EventStream::open(sandbox.client(), &request);
    put_all(
        &sandbox.book,
        MeshKind::Shard,
        [("mail/m", SHARD), ("parcels/p", SHARD)],
    );
    assert_eq!(stream.next_event().unwrap().data["current"]["shardId"], "p");
    let wider = with("admin", Request::new("PATCH", "/v1/principals/guest"))
        .content("application/json", r#"{"grants":["MESH_READ"]}"#);
    assert_eq!(sandbox.send(&wider).status, 200);
    put_all(&sandbox.book, MeshKind::Shard, [("mail/n", SHARD)]);
    assert_eq!(stream.next_event().unwrap().data["current"]["shardId"], "n");
    assert_eq!(get_as(&sandbox, "guest", "/v1/shards/mail/n").status, 200);
}

#[test]
fn a_watch_takes_a_place_like_any_other() {
    let sandbox = Sandbox::of(
        shared_book(),
        Options {
            limits: Limits {
                watches: 1,
                ..Limits::default()
            },
            ..options()
        },
    );
    let mut first = watch(&sandbox, "", None);
    assert_eq!(first.next_block().unwrap(), PREAMBLE);
    let second = get(&sandbox, WATCH);
    assert_eq!(
        (second.status, second.code().as_str()),
        (503, "unavailable")
    );
}
