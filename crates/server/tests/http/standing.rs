//! Long answers end when the credential that they were begun with is of no use any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deedbook_api::grpc::v1::watch_response::Event as Told;
use deedbook_api::grpc::v1::watch_service_client::WatchServiceClient;
use deedbook_api::grpc::v1::{WatchRequest, WatchResponse};
use deedbook_book::{Book, ManualClock, OpenOptions, SystemClock};
use deedbook_log::MemoryLog;
use deedbook_model::{Grants, Timestamp};
use deedbook_rules::{Command, NewToken, Write};
use deedbook_server::{Limits, Options};
use deedbook_testkit::components::{numbered, plain, uuid_of_number};
use deedbook_testkit::event_stream::{Event, EventStream};
use deedbook_testkit::http::Request;
use deedbook_testkit::wait;
use serde_json::{Map, json};
use tokio::runtime::Runtime;
use tonic::{Code, Request as Asked, Status, Streaming};

use crate::identity::{create, token, with};
use crate::sandbox::{Sandbox, document, options};
use crate::signed::Issuer;

/// A watch over each face, of one credential.
struct Both {
    events: EventStream,
    runtime: Runtime,
    messages: Streaming<WatchResponse>,
}

impl Both {
    fn open(sandbox: &Sandbox, shown: Option<&str>) -> Both {
        let mut request = Request::new("GET", "/v1/watch");
        let mut asked = Asked::new(WatchRequest::default());
        if let Some(shown) = shown {
            let bearer = format!("Bearer {shown}");
            request = request.header("Authorization", &bearer);
            let value = bearer.parse().unwrap();
            asked.metadata_mut().insert("authorization", value);
        }
        let (runtime, channel) = sandbox.grpc();
        let mut client = WatchServiceClient::new(channel);
        let messages = runtime.block_on(client.watch(asked)).unwrap().into_inner();
        let mut both = Both {
            events: EventStream::open(sandbox.client(), &request),
            runtime,
            messages,
        };
        assert_eq!(both.event().unwrap().name, "progress");
        assert!(matches!(both.told(), Ok(Some(Told::Progress(_)))));
        both
    }

    fn event(&mut self) -> Option<Event> {
        self.events.next_event()
    }

    fn told(&mut self) -> Result<Option<Told>, Status> {
        let message = self.runtime.block_on(self.messages.message())?;
        Ok(message.map(|message| message.event.unwrap()))
    }

    /// The next changes over gRPC.
    fn changes_told(&mut self, count: usize) -> Vec<u64> {
        let mut seen = Vec::new();
        while seen.len() < count {
            if let Some(Told::Change(change)) = self.told().unwrap() {
                seen.push(change.change.unwrap().revision);
            }
        }
        seen
    }

    /// Both end: told where they are, and over gRPC why.
    fn end_as(mut self, code: Code, detail: &str) {
        let last = std::iter::from_fn(|| self.event()).last().unwrap();
        assert_eq!(last.name, "progress", "{last:?}");
        let mut position = None;
        let status = loop {
            match self.told() {
                Ok(Some(Told::Progress(progress))) => position = Some(progress.position),
                Ok(other) => panic!("{other:?}"),
                Err(status) => break status,
            }
        };
        assert_eq!(status.code(), code, "{status:?}");
        assert!(status.message().contains(detail), "{status:?}");
        assert_eq!(position, last.id);
    }
}

fn read_only() -> Grants {
    ["REGISTRY_READ".parse().unwrap()].into_iter().collect()
}

fn new_token(name: &str) -> NewToken {
    NewToken {
        hash: token(name).hash(),
        expires_at: None,
    }
}

#[test]
fn a_watch_ends_when_its_credential_is_taken_back() {
    let name = || "reader".to_owned();
    let rotate = Write::RotateToken {
        name: name(),
        token: new_token("another"),
        overlap_seconds: 0,
        expected: None,
    };
    let set = |grants: Grants| Write::SetGrants {
        name: name(),
        grants,
        expected: None,
    };
    let writer: Grants = ["REGISTRY_WRITE".parse().unwrap()].into_iter().collect();
    for (write, code, detail) in [
        (
            Write::RevokeTokens {
                name: name(),
                token: None,
                expected: None,
            },
            Code::Unauthenticated,
            "revoked",
        ),
        (
            Write::RemovePrincipal {
                name: name(),
                expected: None,
            },
            Code::Unauthenticated,
            "nobody has this token",
        ),
        (rotate, Code::Unauthenticated, "the token ended"),
        (set(writer), Code::PermissionDenied, "REGISTRY_READ"),
        (
            set(Grants::default()),
            Code::PermissionDenied,
            "REGISTRY_READ",
        ),
    ] {
        let sandbox = Sandbox::new();
        let root = create("root", &["ADMIN"], None);
        let reader = create("reader", &["REGISTRY_READ"], None);
        sandbox.book.execute(root).unwrap();
        sandbox.book.execute(reader).unwrap();
        let watching = Both::open(&sandbox, Some(&token("reader").reveal()));
        let mut other = Both::open(&sandbox, Some(&token("root").reveal()));
        sandbox.book.execute(Command::of("root", write)).unwrap();
        watching.end_as(code, detail);
        // Whoever still may goes on.
        assert_eq!(other.event().unwrap().data["kind"], "principal");
        assert!(matches!(other.told(), Ok(Some(Told::Change(_)))));
    }
}

#[test]
fn an_open_watch_ends_with_the_first_principal() {
    let sandbox = Sandbox::new();
    let watching = Both::open(&sandbox, None);
    let root = create("root", &["ADMIN"], None);
    sandbox.book.execute(root).unwrap();
    watching.end_as(Code::Unauthenticated, "needs a credential");
}

#[test]
fn what_comes_after_the_loss_is_not_shown() {
    let sandbox = Sandbox::new();
    let reader = create("reader", &["REGISTRY_READ"], None);
    sandbox.book.execute(reader).unwrap();
    let both = Command {
        writes: vec![
            numbered(1),
            Write::SetGrants {
                name: "reader".to_owned(),
                grants: Grants::default(),
                expected: None,
            },
        ],
        ..Command::of("root", numbered(1))
    };
    let watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    sandbox.book.execute(both).unwrap();
    sandbox
        .book
        .execute(Command::of("root", numbered(2)))
        .unwrap();
    watching.end_as(Code::PermissionDenied, "REGISTRY_READ");
}

#[test]
fn fewer_grants_show_less_from_then_on() {
    let sandbox = Sandbox::new();
    let reader = create("reader", &["REGISTRY_READ"], None);
    sandbox.book.execute(reader).unwrap();
    let mut watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    let register = |name: &str, number: u64| {
        let write = plain(name, "1.0.0", uuid_of_number(number), Map::new());
        sandbox.book.execute(Command::of("root", write)).unwrap();
    };
    register("geo_one", 1);
    assert_eq!(watching.event().unwrap().data["revision"], 3);
    let pattern = ["REGISTRY_READ:*/geo_*".parse().unwrap()];
    let narrower = Write::SetGrants {
        name: "reader".to_owned(),
        grants: pattern.into_iter().collect(),
        expected: None,
    };
    sandbox.book.execute(Command::of("root", narrower)).unwrap();
    register("parcel", 2);
    register("geo_two", 3);
    let mut changes = std::iter::from_fn(|| watching.event()).filter(|one| one.name == "change");
    assert_eq!(changes.next().unwrap().data["revision"], 6);
    // Whoever is behind sees what they may by then.
    assert_eq!(watching.changes_told(2), [3, 6]);
    let wider = Write::SetGrants {
        name: "reader".to_owned(),
        grants: read_only(),
        expected: None,
    };
    sandbox.book.execute(Command::of("root", wider)).unwrap();
    register("parcel_two", 4);
    let mut changes = std::iter::from_fn(|| watching.event()).filter(|one| one.name == "change");
    assert_eq!(changes.next().unwrap().data["revision"], 8);
    assert_eq!(watching.changes_told(1), [8]);
}

#[test]
fn what_comes_with_more_grants_is_shown() {
    let sandbox = Sandbox::new();
    let reader = create("reader", &["REGISTRY_READ:*/geo_*"], None);
    sandbox.book.execute(reader).unwrap();
    let mut watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    let wider = Write::SetGrants {
        name: "reader".to_owned(),
        grants: read_only(),
        expected: None,
    };
    let mut command = Command::of("root", wider);
    let parcel = plain("parcel", "1.0.0", uuid_of_number(1), Map::new());
    command.writes.push(parcel);
    // Nobody sees the one without the other.
    sandbox.book.execute(command).unwrap();
    let shown = watching.event().unwrap();
    assert_eq!(
        (shown.name.as_str(), &shown.data["revision"]),
        ("change", &json!(4))
    );
    assert_eq!(watching.changes_told(1), [4]);
}

#[test]
fn what_still_may_not_be_seen_is_passed_over() {
    let sandbox = Sandbox::new();
    let reader = create("reader", &["REGISTRY_READ:*/geo_*"], None);
    sandbox.book.execute(reader).unwrap();
    let mut watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    // Somebody else's grants change.
    let mut command = create("other", &["REGISTRY_READ"], None);
    for (number, name) in [(1, "geo_one"), (2, "parcel")] {
        let write = plain(name, "1.0.0", uuid_of_number(number), Map::new());
        command.writes.push(write);
    }
    sandbox.book.execute(command).unwrap();
    let write = plain("geo_two", "1.0.0", uuid_of_number(3), Map::new());
    sandbox.book.execute(Command::of("root", write)).unwrap();
    let changes = std::iter::from_fn(|| watching.event()).filter(|one| one.name == "change");
    let revisions: Vec<_> = changes
        .map(|one| one.data["revision"].clone())
        .take(2)
        .collect();
    assert_eq!(revisions, [json!(4), json!(6)]);
}

fn in_seconds(seconds: i64) -> Timestamp {
    use deedbook_book::Clock;
    SystemClock.now().plus_seconds(seconds)
}

#[test]
fn a_watch_ends_when_its_credential_expires() {
    let sandbox = Sandbox::new();
    let reader = create("reader", &["REGISTRY_READ"], Some(in_seconds(2)));
    sandbox.book.execute(reader).unwrap();
    let watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    watching.end_as(Code::Unauthenticated, "the token ended");
}

#[test]
fn a_watch_of_a_signed_token_ends_at_its_exp() {
    let issuer = Issuer::new();
    let sandbox = Sandbox::of(Book::in_memory().unwrap(), issuer.options());
    let exp = in_seconds(2).ticks() / 10_000_000;
    let shown = issuer.token_until("grace", "REGISTRY_READ", exp);
    Both::open(&sandbox, Some(&shown)).end_as(Code::Unauthenticated, "the token ended");
}

#[test]
fn a_watch_ends_when_the_issuer_takes_its_key_back() {
    let mut issuer = Issuer::new();
    let sandbox = Sandbox::of(Book::in_memory().unwrap(), issuer.options());
    let shown = issuer.token_until("grace", "REGISTRY_READ", 4_102_444_800);
    let watching = Both::open(&sandbox, Some(&shown));
    issuer.change_key();
    watching.end_as(Code::Unauthenticated, "no key of the issuer");
}

#[test]
fn the_book_s_clock_is_looked_at_with_each_progress() {
    let begin: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(begin));
    let opened = OpenOptions {
        clock: Arc::clone(&clock) as Arc<dyn deedbook_book::Clock>,
        ..OpenOptions::default()
    };
    let book = Book::with_log(Arc::new(MemoryLog::default()), &opened).unwrap();
    let limits = Limits {
        progress_time: Duration::from_millis(20),
        ..Limits::default()
    };
    let sandbox = Sandbox::of(
        book,
        Options {
            limits,
            ..options()
        },
    );
    let soon = begin.plus_seconds(3600);
    let reader = create("reader", &["REGISTRY_READ"], Some(soon));
    sandbox.book.execute(reader).unwrap();
    let watching = Both::open(&sandbox, Some(&token("reader").reveal()));
    clock.set(soon);
    watching.end_as(Code::Unauthenticated, "the token ended");
}

#[test]
fn long_answers_break_off_when_their_credential_is_taken_back() {
    let sandbox = Sandbox::new();
    let grants = ["REGISTRY_READ", "REPLICATION_READ"];
    let reader = create("reader", &grants, None);
    sandbox.book.execute(reader).unwrap();
    // Far more than sockets hold.
    let note = "x".repeat(60_000);
    for number in 0..500 {
        let more = json!({"spec": {"note": note}});
        let more = more.as_object().unwrap().clone();
        let name = format!("part_{number}");
        let write = plain(&name, "1.0.0", uuid_of_number(number), more);
        sandbox.book.execute(Command::of("root", write)).unwrap();
    }
    let open = |target: &str| {
        let request = Request::new("GET", target).header("Accept", "application/x-ndjson");
        let mut client = sandbox.client();
        assert_eq!(client.open(&with("reader", request)).status, 200);
        client
    };
    let answers = ["/v1/components", "/v1/backup"].map(open);
    let revoke = Write::RevokeTokens {
        name: "reader".to_owned(),
        token: None,
        expected: None,
    };
    sandbox.book.execute(Command::of("root", revoke)).unwrap();
    for mut client in answers {
        let whole = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            while client.chunk().is_some() {}
        }));
        assert!(whole.is_err(), "the end is missing");
    }
}

#[test]
fn a_write_whose_token_is_revoked_while_it_waits_is_refused() {
    let (log, sandbox) = Sandbox::faulty();
    let writer = create("writer", &["REGISTRY_WRITE"], None);
    sandbox.book.execute(writer).unwrap();
    log.hold();
    let unwatched = |command| sandbox.book.submit(command, |_| {}).unwrap();
    unwatched(Command::of("root", numbered(1)));
    log.wait_until_held();
    let name = "writer".to_owned();
    let revoke = Write::RevokeTokens {
        name,
        token: None,
        expected: None,
    };
    unwatched(Command::of("root", revoke));
    let request = Request::new("POST", "/v1/components");
    let request = request.content("application/json", document("late", 2));
    let mut client = sandbox.client();
    client.write(&with("writer", request).to_bytes(sandbox.running.address()));
    let queued = || sandbox.book.metrics().waiting.load(Ordering::Relaxed);
    wait::until("it waits too", || queued() == 2);
    log.release();
    let refused = client.read(false).unwrap();
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "unauthenticated")
    );
    assert!(refused.text().contains("while the request waited"));
}
