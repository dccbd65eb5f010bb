//! Watching: every change once and in order, a command never split, from any position.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;

use deedbook_book::{
    Book, ChangeFilter, Event, Form, Position, Step, Watch, WatchError, WatchOptions, WatchedChange,
};
use deedbook_log::MemoryLog;
use deedbook_model::{Change, Kind, Revision};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Write};
use deedbook_testkit::check::for_all;
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::faulty_log::FaultyLog;
use deedbook_testkit::history::{Past, plans, replay};
use deedbook_testkit::wait::{self, PATIENCE};
use proptest::prelude::*;

use crate::compare::book_on;

pub(crate) fn from(after: Position) -> WatchOptions {
    WatchOptions {
        after: Some(after),
        ..WatchOptions::default()
    }
}

pub(crate) fn several(first: u64, count: u64) -> Command {
    Command {
        writes: (first..first + count).map(numbered).collect(),
        ..Command::of("ada", numbered(0))
    }
}

/// The events that are there already, with the position after each.
pub(crate) fn events(watch: &mut Watch) -> Vec<(Event, Position)> {
    let mut events = Vec::new();
    loop {
        match watch.next(Duration::ZERO).unwrap() {
            Event::Progress(_) => return events,
            event => events.push((event, watch.position().clone())),
        }
    }
}

pub(crate) fn changes(watch: &mut Watch) -> Vec<WatchedChange> {
    let changes = events(watch).into_iter().map(|(event, _)| match event {
        Event::Change(change) => change,
        other => panic!("{other:?}"),
    });
    changes.collect()
}

#[track_caller]
fn assert_resync(book: &Book, after: Position, why: &str) {
    let mut watch = book.watch(from(after)).unwrap();
    let head = Position::from(book.view().head());
    match watch.next(Duration::ZERO).unwrap() {
        Event::Resync { from, reason } => {
            assert!(reason.contains(why), "{reason}");
            assert_eq!(from, head);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(watch.position(), &head);
    assert!(events(&mut watch).is_empty());
}

#[test]
fn what_was_watched_and_watching_on_from_any_position_is_the_whole() {
    let filters = prop_oneof![
        Just(ChangeFilter::default()),
        Just(ChangeFilter {
            kind: Some(Kind::COMPONENT),
            ..ChangeFilter::default()
        }),
        Just(ChangeFilter {
            actor: Some("grace".to_owned()),
            ..ChangeFilter::default()
        }),
        Just(ChangeFilter {
            key_prefix: Some("phase ".to_owned()),
            kind: Some(Kind::named("moon_phase")),
            ..ChangeFilter::default()
        }),
    ];
    for_all(
        100,
        &(plans(6), filters, any::<bool>()),
        |(plan, filter, live)| {
            let past = Past::of(&plan);
            let log = MemoryLog::default();
            let history = if live { 1 } else { past.batches.len() };
            replay(&past.batches[..history], &log);
            let book = book_on(log.clone());
            let options = WatchOptions {
                filter: filter.clone(),
                ..from(Position::START)
            };
            let mut watch = book.watch(options.clone()).unwrap();
            let mut seen = Vec::new();
            if live {
                seen.extend(events(&mut watch));
                for batch in &past.batches[1..] {
                    replay(std::slice::from_ref(batch), &log);
                    book.refresh().unwrap();
                    seen.extend(events(&mut watch));
                }
            } else {
                seen.extend(events(&mut watch));
            }
            let wanted: Vec<&Change> = past.changes.iter().filter(|c| filter.fits(c)).collect();
            check_events(&seen, &wanted);
            for (event, _) in &seen {
                if let Event::Change(change) = event {
                    check_before(change, &past);
                }
            }
            assert_eq!(watch.position(), &Position::from(past.head));
            for (_, position) in &seen {
                let after = Some(position.to_string().parse().unwrap());
                let options = WatchOptions {
                    after,
                    ..options.clone()
                };
                let rest = changes(&mut book.watch(options).unwrap());
                let end = position.revision;
                let wanted = wanted.iter().filter(|change| change.revision > end);
                assert!(
                    rest.iter().map(|change| &**change).eq(wanted.copied()),
                    "after {position}"
                );
                rest.iter().for_each(|change| check_before(change, &past));
            }
        },
    );
}

/// What a change says that it replaced is the record as it was right before it.
#[track_caller]
pub(crate) fn check_before(change: &WatchedChange, past: &Past) {
    let state = &past.states[usize::try_from(change.revision.0 - 1).unwrap()];
    let before = state.record(&change.kind, &change.key);
    let before = before.and_then(|record| record.bytes.as_ref());
    assert_eq!(change.before(), before, "{change:?}");
}

fn check_events(seen: &[(Event, Position)], wanted: &[&Change]) {
    assert_eq!(seen.len(), wanted.len());
    let mut last = Revision::ZERO;
    for (((event, position), change), next) in seen
        .iter()
        .zip(wanted)
        .zip(wanted.iter().skip(1).map(Some).chain([None]))
    {
        assert!(matches!(event, Event::Change(found) if **found == **change));
        assert!(position.revision >= last, "progress went back");
        last = position.revision;
        // All of a command was handed out, or nothing of it counts as such.
        let goes_on = next.is_some_and(|next| next.command.first == change.command.first);
        if goes_on {
            assert!(position.revision < change.command.first);
        } else {
            assert!(position.revision >= change.command.last);
        }
    }
}

#[test]
fn history_then_live_has_no_gap_and_no_double_beside_writers() {
    const COMMANDS: u64 = 40;
    let book = Book::in_memory().unwrap();
    for number in 0..20 {
        book.execute(several(number * 3, 3)).unwrap();
    }
    let last = Revision(1 + 60 + 3 * COMMANDS * 3);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let book = &book;
            scope.spawn(move || {
                for number in 0..COMMANDS {
                    let first = 10_000 * (writer + 1) + number * 3;
                    book.execute(several(first, 3)).unwrap();
                }
            });
        }
        for reader in 0..4u64 {
            let book = &book;
            scope.spawn(move || {
                let after = Position {
                    revision: Revision(1 + reader * 15),
                    chain: None,
                };
                let mut watch = book.watch(from(after.clone())).unwrap();
                let mut next = after.revision.next();
                while next <= last {
                    match watch.next(PATIENCE).unwrap() {
                        Event::Change(change) => {
                            assert_eq!(change.revision, next);
                            let command = &change.command;
                            assert_eq!(command.last.since(command.first), 2);
                            assert_eq!(
                                (change.revision.0 - 2) % 3,
                                change.revision.since(command.first)
                            );
                            // Its whole command is visible with its first change.
                            assert!(book.view().revision() >= change.command.last);
                            next = next.next();
                        }
                        // Progress would mean that nothing came in all that time.
                        other => panic!("{other:?}, not {next}"),
                    }
                }
            });
        }
    });
}

#[test]
fn without_a_position_it_begins_with_what_comes() {
    let book = Book::in_memory().unwrap();
    book.execute(several(0, 2)).unwrap();
    let mut watch = book.watch(WatchOptions::default()).unwrap();
    assert!(events(&mut watch).is_empty());
    book.execute(several(10, 2)).unwrap();
    let seen: Vec<u64> = changes(&mut watch).iter().map(|c| c.revision.0).collect();
    assert_eq!(seen, [4, 5]);
}

#[test]
fn a_position_of_elsewhere_starts_anew() {
    let book = Book::in_memory().unwrap();
    book.execute(several(0, 5)).unwrap();
    let head = book.view().head().revision;
    let at = |revision, chain: Option<&str>| Position {
        revision,
        chain: chain.map(str::to_owned),
    };
    assert_resync(&book, at(Revision(3), Some("00000000")), "another history");
    assert_resync(&book, at(head, Some("00000000")), "another history");
    assert_resync(&book, at(head.next(), None), "future");
    // Below the floor, and right at it.
    book.execute(several(10, 1)).unwrap();
    let floor = book.compact(head).unwrap();
    assert_eq!(floor, head);
    assert_resync(&book, at(Revision(3), None), "floor");
    assert_resync(&book, at(floor, Some("00000000")), "another history");
    let mut watch = book.watch(from(at(floor, None))).unwrap();
    assert_eq!(changes(&mut watch).len(), 1);
    let view = book.view_at(deedbook_book::At::Revision(floor)).unwrap();
    let mut watch = book.watch(from(Position::from(view.head()))).unwrap();
    assert_eq!(changes(&mut watch).len(), 1);
}

#[test]
fn a_position_that_is_ahead_of_this_book_but_in_the_log_is_waited_for() {
    let inner = MemoryLog::default();
    let log = FaultyLog::around(Arc::new(inner.clone()));
    log.hold_waits(true);
    let writer = book_on(inner);
    let reader = book_on(log.clone());
    writer.execute(several(0, 2)).unwrap();
    let position = Position::from(writer.view().head());
    assert!(reader.view().revision() < position.revision);
    let mut watch = reader.watch(from(position.clone())).unwrap();
    log.hold_waits(false);
    writer.execute(several(10, 1)).unwrap();
    let event = watch.next(PATIENCE).unwrap();
    let Event::Change(change) = event else {
        panic!("{event:?}");
    };
    assert_eq!(change.revision, position.revision.next());
}

#[test]
fn a_slow_reader_is_closed_with_its_position_and_hurts_nobody() {
    let book = Book::in_memory().unwrap();
    let options = WatchOptions {
        max_lag: 5,
        ..from(Position::START)
    };
    let mut slow = book.watch(options.clone()).unwrap();
    assert_eq!(changes(&mut slow).len(), 1);
    let mut other = book.watch(options.clone()).unwrap();
    let mut seen = changes(&mut other).len();
    for number in 0..4 {
        book.execute(several(number * 10, 3)).unwrap();
        seen += changes(&mut other).len();
    }
    assert_eq!(seen, 13);
    let Err(WatchError::TooSlow { position, head }) = slow.next(PATIENCE) else {
        panic!("not closed");
    };
    assert_eq!((position.revision, head), (Revision(1), Revision(13)));
    // Whoever resumes isn't live yet, so history may be as long as it is.
    let options = WatchOptions {
        after: Some(position),
        ..options
    };
    let mut again = book.watch(options).unwrap();
    let seen: Vec<u64> = changes(&mut again).iter().map(|c| c.revision.0).collect();
    assert_eq!(seen, (2..=13).collect::<Vec<_>>());
}

#[test]
fn one_that_falls_below_the_floor_while_it_watches_starts_anew() {
    let log = MemoryLog::default();
    let past = Past::of(&Vec::new());
    replay(&past.batches, &log);
    let book = book_on(log.clone());
    for number in 0..3 {
        book.execute(several(number * 10, 2)).unwrap();
    }
    // A book that has just been opened keeps no latest batches.
    let fresh = book_on(log);
    let mut watch = fresh.watch(from(Position::START)).unwrap();
    let head = fresh.view().head();
    fresh.compact(head.revision).unwrap();
    let event = watch.next(Duration::ZERO).unwrap();
    assert!(matches!(event, Event::Resync { .. }), "{event:?}");
    assert_eq!(watch.position(), &Position::from(head));
}

#[test]
fn closing_ends_watches_with_their_position() {
    let book = Book::in_memory().unwrap();
    let mut watch = book.watch(from(Position::START)).unwrap();
    let mut none = book
        .watch(WatchOptions {
            filter: ChangeFilter {
                key: Some("nothing".to_owned()),
                ..ChangeFilter::default()
            },
            ..from(Position::START)
        })
        .unwrap();
    let waiting = std::thread::spawn(move || {
        let mut seen = 0;
        loop {
            match watch.next(PATIENCE) {
                Ok(Event::Change(_)) => seen += 1,
                Ok(_) => {}
                Err(WatchError::Closed { position }) => return (seen, position),
                Err(error) => panic!("{error}"),
            }
        }
    });
    book.execute(several(0, 4)).unwrap();
    let head = Position::from(book.view().head());
    book.close().unwrap();
    assert_eq!(waiting.join().unwrap(), (5, head.clone()));
    let end = none.next(PATIENCE);
    assert!(matches!(end, Err(WatchError::Closed { position }) if position == head));
}

#[test]
fn progress_never_goes_back() {
    let book = Book::in_memory().unwrap();
    let nothing = ChangeFilter {
        actor: Some("nobody".to_owned()),
        ..ChangeFilter::default()
    };
    let options = WatchOptions {
        filter: nothing,
        ..from(Position::START)
    };
    let mut watch = book.watch(options).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..50 {
                book.execute(several(number * 10, 2)).unwrap();
            }
        });
        let mut last = Revision::ZERO;
        wait::until("all was passed over", || {
            let Event::Progress(position) = watch.next(Duration::ZERO).unwrap() else {
                panic!("something fits");
            };
            assert!(position.revision >= last);
            last = position.revision;
            last == Revision(101)
        });
        writer.join().unwrap();
    });
}

/// Describes a component anew.
pub(crate) fn describe(number: u64, text: &str) -> Command {
    let update = Write::Update {
        key: ComponentKey::parse(&key_of(number)).unwrap(),
        patch: serde_json::json!({"description": text}),
        expected: None,
    };
    Command::of("ada", update)
}

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn poll(self: &Arc<Self>, watch: &mut Watch) -> Poll<Result<Step, WatchError>> {
        let waker = Waker::from(Arc::clone(self));
        watch.poll_next(&mut Context::from_waker(&waker))
    }
}

pub(crate) fn key_of(number: u64) -> String {
    uuid_of_number(number).to_string()
}

#[test]
fn a_thousand_idle_watchers_are_never_woken() {
    const WATCHERS: u64 = 1000;
    let book = Book::in_memory().unwrap();
    let of_key = |number| ChangeFilter {
        key: Some(key_of(number)),
        ..ChangeFilter::default()
    };
    let of_actor = ChangeFilter {
        actor: Some("nobody".to_owned()),
        ..ChangeFilter::default()
    };
    let wakes = Arc::new(Wakes::default());
    let mut watches: Vec<Watch> = (0..WATCHERS)
        .map(of_key)
        .chain([of_actor])
        .map(|filter| {
            let max_lag = 5;
            let options = WatchOptions {
                filter,
                max_lag,
                ..WatchOptions::default()
            };
            let mut watch = book.watch(options).unwrap();
            assert!(wakes.poll(&mut watch).is_pending());
            watch
        })
        .collect();
    for number in 0..50 {
        book.execute(several(WATCHERS + number * 10, 3)).unwrap();
    }
    assert_eq!(wakes.count(), 0);
    // However far the book went: one that was passed by isn't behind.
    book.execute(several(7, 2)).unwrap();
    assert_eq!(wakes.count(), 2);
    let head = Position::from(book.view().head());
    for (number, watch) in (0..).zip(&mut watches) {
        let step = wakes.poll(watch);
        if number == 7 || number == 8 {
            let Poll::Ready(Ok(Step::Event(Event::Change(change)))) = step else {
                panic!("{step:?}");
            };
            assert_eq!(*change.key, *key_of(number));
            assert!(wakes.poll(watch).is_pending());
        } else {
            assert!(step.is_pending(), "{number}: {step:?}");
        }
        assert_eq!(watch.position(), &head);
    }
    // One that was woken isn't woken again before it has looked.
    for text in ["one", "two", "three"] {
        book.execute(describe(7, text)).unwrap();
    }
    assert_eq!(wakes.count(), 3);
    // Nobody wakes one that is gone.
    watches.clear();
    book.execute(describe(7, "four")).unwrap();
    assert_eq!(wakes.count(), 3);
}

#[test]
fn one_that_does_not_wait_is_told_when_to_read_the_log() {
    let log = MemoryLog::default();
    book_on(log.clone()).execute(several(0, 2)).unwrap();
    let book = book_on(log);
    let wakes = Arc::new(Wakes::default());
    let mut watch = book.watch(from(Position::START)).unwrap();
    let mut seen = Vec::new();
    let mut read = 0;
    loop {
        match wakes.poll(&mut watch) {
            Poll::Ready(Ok(Step::Read)) => {
                read += 1;
                watch.read().unwrap();
            }
            Poll::Ready(Ok(Step::Event(Event::Change(change)))) => seen.push(change.revision.0),
            Poll::Pending => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, [1, 2, 3]);
    // Once to look whether the position is of this history.
    assert_eq!(read, 2);
    book.execute(several(10, 1)).unwrap();
    assert_eq!(wakes.count(), 1);
    let step = wakes.poll(&mut watch);
    assert!(matches!(
        step,
        Poll::Ready(Ok(Step::Event(Event::Change(_))))
    ));
    assert!(wakes.poll(&mut watch).is_pending());
    book.close().unwrap();
    assert_eq!(wakes.count(), 2);
    let end = wakes.poll(&mut watch);
    assert!(matches!(end, Poll::Ready(Err(WatchError::Closed { .. }))));
}

#[test]
fn a_form_is_made_once_for_all_who_watch() {
    let book = Book::in_memory().unwrap();
    let mut watches: Vec<Watch> = (0..3)
        .map(|_| book.watch(WatchOptions::default()).unwrap())
        .collect();
    book.execute(several(0, 2)).unwrap();
    let mut made = 0;
    for watch in &mut watches {
        for change in changes(watch) {
            for form in [Form::Text, Form::Binary] {
                let text = format!("{form:?} {}", change.revision);
                let make = |_: &WatchedChange| {
                    made += 1;
                    Ok::<_, Infallible>(Bytes::from(text.clone()))
                };
                let Ok(encoded) = change.encoded(form, make);
                assert_eq!(encoded, text);
            }
        }
    }
    assert_eq!(made, 4);
}
