//! The reference's vectors for its store and its events, through a running server.

use deedbook_api::query::percent_encode;
use deedbook_book::BookError;
use deedbook_model::Timestamp;
use deedbook_model::shard::control::{
    DiffEntry, FromJson, JsonMode, PREAMBLE, Summary, push_diff_frame, push_error_frame,
};
use deedbook_testkit::http::{Request, Response};
use serde_json::{Value, json};

use crate::control::{clocked, diff, ids, list, watch_once};
use crate::mutation::{actor, document, reason};
use crate::sandbox::Sandbox;
use crate::storable::{is_mutation_storable, is_storable, storable};
use crate::vectors::{cases, text, vectors};
use crate::{mutation, shapes, storable};

fn time(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

/// A mutation whose ticket is the one that takes effect.
fn effective(request: &Value) -> Value {
    let mut request = request.clone();
    if request["changeTicket"].is_null() {
        request["changeTicket"] = request["change"]["changeTicket"].clone();
    }
    request
}

/// Whether a header takes a text of so many bytes at most.
fn is_said_by_header(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.contains(char::is_control)
}

/// Whether headers say who makes a change and why.
fn is_said_by_headers(change: &Value) -> bool {
    is_said_by_header(actor(change), 256) && is_said_by_header(reason(change), 1024)
}

/// Puts a shard over `/v1`. The ticket that takes effect is one of the document, except where a header
/// takes it that only the change names.
fn put(sandbox: &Sandbox, request: &Value) -> Response {
    let (asked, change) = (effective(request), &request["change"]);
    let [namespace, id] =
        [&asked["namespace"], &asked["shardId"]].map(|id| percent_encode(text(id)));
    let expected = match &asked["expectedVersion"] {
        Value::Null => String::new(),
        version => format!("?expectedGeneration={version}"),
    };
    let mut document = document(&asked, change);
    let put = Request::new("PUT", &format!("/v1/shards/{namespace}/{id}{expected}"));
    let mut put = put
        .header("deedbook-actor", &percent_encode(actor(change)))
        .header("deedbook-reason", &percent_encode(reason(change)));
    let ticket = change["changeTicket"].as_str();
    let ticket = ticket.filter(|ticket| is_said_by_header(ticket, 256));
    if let (Some(ticket), true) = (ticket, request["changeTicket"].is_null()) {
        put = put.header("deedbook-ticket", &percent_encode(ticket));
        document.remove("changeTicket");
    }
    let document = Value::Object(document).to_string();
    sandbox.send(&put.content("application/json", document))
}

/// What a step ends with.
#[derive(Debug, PartialEq)]
enum Done {
    Created,
    Replaced,
    /// Of what it says the version that was expected and the one that is there.
    Conflict(Value, Value),
    /// Nobody can ask for it.
    Refused,
}

fn wanted(expect: &Value) -> Done {
    match expect.get("conflict") {
        // A negative version never is one.
        Some(conflict) if conflict["expected"].as_i64() < Some(0) => Done::Refused,
        Some(conflict) => Done::Conflict(conflict["expected"].clone(), conflict["actual"].clone()),
        None if expect["created"] == true => Done::Created,
        None => Done::Replaced,
    }
}

/// Reads `expected generation 3, but … is at 4`.
fn conflict(message: &str) -> Done {
    let expected = message.split_once("expected generation ").unwrap().1;
    let (expected, rest) = expected.split_once(',').unwrap();
    let actual = rest.rsplit_once(" is at ").unwrap().1;
    let actual: String = actual.chars().take_while(char::is_ascii_digit).collect();
    let number = |text: &str| json!(text.parse::<i64>().unwrap());
    Done::Conflict(number(expected), number(&actual))
}

fn done_over_http(sandbox: &Sandbox, request: &Value) -> Done {
    let answer = put(sandbox, request);
    match answer.status {
        201 => Done::Created,
        200 => Done::Replaced,
        409 => conflict(text(&answer.json()["detail"])),
        400 => Done::Refused,
        _ => panic!("{request}: {answer:?}"),
    }
}

/// What no header takes is refused, and then said to the book itself.
fn done_by_book(sandbox: &Sandbox, request: &Value) -> Done {
    assert_eq!(done_over_http(sandbox, request), Done::Refused, "{request}");
    let Some(command) = mutation::command(request).unwrap() else {
        return Done::Refused;
    };
    match sandbox.book.execute(command) {
        Ok(receipt) if receipt.outcomes[0].created => Done::Created,
        Ok(_) => Done::Replaced,
        Err(BookError::Refused(refusals)) => conflict(&refusals[0].issues[0].message),
        Err(error) => panic!("{request}: {error}"),
    }
}

fn take_step(sandbox: &Sandbox, step: &Value) {
    let request = &step["request"];
    if !is_mutation_storable(&effective(request)) {
        assert_eq!(done_over_http(sandbox, request), Done::Refused, "{step}");
    }
    let settled = storable(step);
    let (request, wanted) = (&settled["request"], wanted(&step["expect"]));
    let done = match is_said_by_headers(&request["change"]) {
        true => done_over_http(sandbox, request),
        false => done_by_book(sandbox, request),
    };
    assert_eq!(done, wanted, "{step}");
}

/// All changes, a page at a time.
fn all_changes(sandbox: &Sandbox) -> Vec<DiffEntry> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let page = diff(sandbox, &format!("fromVersion={from}"));
        match page.last_position {
            Some(last) if last >= from => from = last + 1,
            _ => return all,
        }
        all.extend(page.items);
    }
}

/// All shards, a page at a time.
fn all_pages(sandbox: &Sandbox, page_size: usize) -> Vec<Summary> {
    let (mut all, mut cursor) = (Vec::new(), Some(String::new()));
    while let Some(after) = cursor {
        let after = percent_encode(&after);
        let page = list(sandbox, &format!("pageSize={page_size}&cursor={after}"));
        let is_last = page.next_cursor.is_none();
        assert!(page.items.len() == page_size || is_last, "{page:?}");
        assert!(!page.items.is_empty() || all.is_empty(), "no page is empty");
        all.extend(page.items);
        cursor = page.next_cursor;
    }
    all
}

/// The positions of all changes. The vectors count them from 1.
struct Positions(Vec<i64>);

impl Positions {
    fn rank(&self, position: i64) -> i64 {
        let place = self.0.iter().position(|own| *own == position);
        i64::try_from(place.unwrap() + 1).unwrap()
    }

    fn ranked(&self, entry: DiffEntry) -> DiffEntry {
        let position = self.rank(entry.position);
        DiffEntry { position, ..entry }
    }

    /// The position of a rank; none for one that nothing has yet.
    fn at(&self, rank: i64) -> Option<i64> {
        let place = usize::try_from(rank.checked_sub(1)?).ok()?;
        self.0.get(place).copied()
    }
}

/// The very same as events.
fn assert_told(sandbox: &Sandbox, positions: &Positions, wanted: &[DiffEntry]) {
    let mut stream = watch_once(sandbox, "");
    for wanted in wanted {
        let event = stream.next_event().unwrap();
        let data = event.data.to_string();
        let told = DiffEntry::from_json(data.as_bytes(), JsonMode::ControlPlane).unwrap();
        assert_eq!(positions.ranked(told), *wanted);
    }
    assert_eq!(stream.next_event(), None);
}

fn assert_resumed(sandbox: &Sandbox, positions: &Positions, case: &Value) {
    let since = case["since"].as_i64();
    let query = match since {
        None => String::new(),
        Some(rank) if rank > 0 => match positions.at(rank) {
            Some(position) => format!("resumeToken={position}"),
            None => {
                // Nobody was given a position that the book hasn't come to: it is of another book.
                let head = sandbox.book.view().head().revision.0 + 5;
                let told = watch_once(sandbox, &format!("resumeToken={head}")).next_event();
                assert_eq!(told.unwrap().name, "shard.error", "{case}");
                assert_eq!(case["positions"], json!([]), "{case}");
                return;
            }
        },
        Some(rank) => format!("resumeToken={rank}"),
    };
    let told = ids(watch_once(sandbox, &query)).into_iter();
    let told: Vec<i64> = told.map(|position| positions.rank(position)).collect();
    assert_eq!(json!(told), case["positions"], "{case}");
}

#[test]
fn compat_store_over_http() {
    let vectors = storable::on_time(vectors("store"));
    let steps = cases(&vectors, "steps");
    let begin = steps.first().map(|step| time(&step["at"]));
    let (sandbox, clock) = clocked(begin.unwrap_or_default());
    for step in steps {
        clock.set(time(&step["at"]));
        take_step(&sandbox, step);
    }
    let found = all_changes(&sandbox);
    let positions = Positions(found.iter().map(|entry| entry.position).collect());
    let found: Vec<DiffEntry> = (found.into_iter())
        .map(|entry| positions.ranked(entry))
        .collect();
    if let Some(wanted) = vectors["diffs"].as_array() {
        let wanted = wanted
            .iter()
            .map(|entry| shapes::diff_entry(&storable(entry)));
        assert_eq!(found, wanted.collect::<Vec<_>>());
    }
    assert_told(&sandbox, &positions, &found);
    if vectors["records"].is_array() {
        let wanted = storable::records(&vectors);
        let wanted: Vec<Summary> = wanted.iter().map(shapes::summary).collect();
        for page_size in [1, 2, 4, 500] {
            assert_eq!(all_pages(&sandbox, page_size), wanted);
        }
    }
    for case in cases(&vectors, "since") {
        assert_resumed(&sandbox, &positions, case);
    }
}

/// What the book decides by itself: positions, versions, times and checksums, and that a history is
/// that of the shard it stands beside.
fn as_decided(mut wanted: DiffEntry, told: &DiffEntry) -> DiffEntry {
    wanted.position = told.position;
    let pairs = [(&mut wanted.current, &told.current)].into_iter();
    for (wanted, told) in pairs.chain(wanted.previous.as_mut().zip(told.previous.as_ref())) {
        (wanted.version, wanted.updated_at) = (told.version, told.updated_at);
        wanted.checksum = wanted.computed_checksum();
    }
    let current = wanted.current.clone();
    match (&mut wanted.history, &told.history) {
        (Some(wanted), Some(told)) => {
            (wanted.version, wanted.created_at) = (told.version, told.created_at);
            wanted
                .previous_owner_node_id
                .clone_from(&told.previous_owner_node_id);
            wanted.namespace = current.namespace;
            wanted.shard_id = current.shard_id;
            wanted.strategy_id = current.strategy_id;
            wanted.owner_node_id = current.owner_node_id;
            wanted.change_ticket = current.change_ticket;
        }
        (None, told) => wanted.history.clone_from(told),
        (Some(_), None) => {}
    }
    wanted
}

/// The mutation that makes a shard what it is, with that history.
fn mutation_to(shard: &Value, history: &Value) -> Value {
    let (mut mutation, mut change) = (shard.clone(), history.clone());
    if change.is_object() {
        change["changeTicket"] = shard["changeTicket"].clone();
    }
    mutation["change"] = change;
    mutation
}

fn make(sandbox: &Sandbox, mutation: &Value) {
    let done = match is_said_by_headers(&mutation["change"]) {
        true => done_over_http(sandbox, mutation),
        false => done_by_book(sandbox, mutation),
    };
    assert!(
        matches!(done, Done::Created | Done::Replaced),
        "{mutation}: {done:?}"
    );
}

/// The last frame of what there is.
fn last_frame(sandbox: &Sandbox) -> String {
    let mut stream = watch_once(sandbox, "");
    assert_eq!(stream.next_block().unwrap(), PREAMBLE);
    let blocks = std::iter::from_fn(|| stream.next_block());
    let frames = blocks.filter(|block| !block.starts_with(':'));
    frames.last().unwrap()
}

/// An entry of the vectors as a server tells it that has its shard, before and after.
fn assert_entry_over_http(value: &Value) {
    let (sandbox, _) = clocked(time(&value["current"]["updatedAt"]));
    let (before, after) = (&value["previous"], &value["current"]);
    for shard in [before, after] {
        if !shard.is_null() && !is_storable(shard) {
            let refused = done_over_http(&sandbox, &mutation_to(shard, &Value::Null));
            assert_eq!(refused, Done::Refused, "{shard}");
        }
    }
    let value = storable(value);
    let (before, after) = (&value["previous"], &value["current"]);
    let names = |shard: &Value| ["namespace", "shardId"].map(|name| shard[name].clone());
    if !before.is_null() {
        make(&sandbox, &mutation_to(before, &Value::Null));
    }
    make(&sandbox, &mutation_to(after, &value["history"]));
    let frame = last_frame(&sandbox);
    let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
    let told = DiffEntry::from_json(data.unwrap().as_bytes(), JsonMode::ControlPlane).unwrap();
    let mut wanted = shapes::diff_entry(&value);
    if !before.is_null() && names(before) != names(after) {
        // What another shard was isn't what this one was.
        wanted.previous = None;
    }
    let mut expected = String::new();
    push_diff_frame(&mut expected, &as_decided(wanted, &told));
    assert_eq!(frame, expected, "{value}");
}

#[test]
fn compat_sse_over_http() {
    let vectors = vectors("sse");
    if let Some(preamble) = vectors.get("preamble") {
        assert_eq!(text(preamble), PREAMBLE);
    }
    for case in cases(&vectors, "cases") {
        let (value, mut frame) = (&case["value"], String::new());
        if value.get("code").is_some() {
            // No client can make a server fail with just that.
            push_error_frame(&mut frame, &shapes::stream_error(value));
        } else {
            push_diff_frame(&mut frame, &shapes::diff_entry(value));
            assert_entry_over_http(value);
        }
        assert_eq!(frame, text(&case["frame"]), "{case}");
    }
}
