//! Watching: what a change replaced.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_book::{Book, Event, Position};
use deedbook_log::MemoryLog;
use deedbook_model::{Kind, Revision};
use deedbook_testkit::check::for_all;
use deedbook_testkit::history::{Past, plans, replay};
use deedbook_testkit::wait::PATIENCE;
use proptest::prelude::*;

use crate::compare::book_on;
use crate::watch::{changes, check_before, describe, from, key_of, several};

#[test]
fn what_was_replaced_is_known_after_any_compaction() {
    for_all(100, &(plans(6), any::<u64>()), |(plan, cut)| {
        let past = Past::of(&plan);
        let log = MemoryLog::default();
        replay(&past.batches, &log);
        let cut = Revision(cut % (past.head.revision.0 + 1));
        let floor = book_on(log.clone()).compact(cut).unwrap();
        let after = Position {
            revision: floor,
            chain: None,
        };
        let seen = changes(&mut book_on(log).watch(from(after)).unwrap());
        let rest = past.changes.iter().filter(|c| c.revision > floor);
        assert!(seen.iter().map(|change| &**change).eq(rest));
        seen.iter().for_each(|change| check_before(change, &past));
    });
}

fn description(stored: Option<&Bytes>) -> Option<String> {
    let stored: serde_json::Value = serde_json::from_slice(stored?).unwrap();
    Some(stored["data"]["description"].as_str()?.to_owned())
}

#[test]
fn what_was_replaced_is_known_when_the_floor_rises_beside_the_reader() {
    const STEP: u64 = 1024;
    let log = MemoryLog::default();
    let book = book_on(log.clone());
    book.execute(several(0, 3)).unwrap();
    let mut last = [0; 3];
    let mut wanted = Vec::new();
    for number in 0..3 * STEP {
        // The third is described first when the floor has passed its registration twice.
        let which = if number < 2 * STEP {
            number % 2
        } else {
            number % 3
        };
        let slot = &mut last[usize::try_from(which).unwrap()];
        wanted.push((*slot > 0).then(|| slot.to_string()));
        *slot = number + 1;
        book.execute(describe(which, &slot.to_string())).unwrap();
    }
    // One that has just been opened keeps no latest batches, and what a compaction dropped is gone.
    let fresh = book_on(log);
    let begin = Revision(4);
    fresh.compact(begin).unwrap();
    let after = Position {
        revision: begin,
        chain: None,
    };
    let mut watch = fresh.watch(from(after)).unwrap();
    for (number, before) in (0..).zip(&wanted) {
        let Event::Change(change) = watch.next(PATIENCE).unwrap() else {
            panic!("not a change");
        };
        assert_eq!(change.revision.since(begin), number + 1);
        assert!(change.before().is_some());
        let found = description(change.before()).filter(|text| text.parse::<u64>().is_ok());
        assert_eq!(&found, before, "{}", change.revision);
        if (number + 1) % STEP == 0 {
            fresh.compact(change.revision).unwrap();
        }
    }
}

#[test]
fn what_was_replaced_is_known_of_one_that_changes_beside_the_reader() {
    let log = MemoryLog::default();
    let book = book_on(log.clone());
    book.execute(several(0, 3)).unwrap();
    let view = book.view();
    let registered = view.record(&Kind::COMPONENT, &key_of(2)).unwrap();
    for number in 0..1100 {
        book.execute(describe(0, &number.to_string())).unwrap();
    }
    let fresh = book_on(log);
    fresh.compact(view.revision()).unwrap();
    let after = Position::from(view.head());
    let mut watch = fresh.watch(from(after)).unwrap();
    // By now the floor's records were read; this one hadn't changed since.
    assert!(matches!(watch.next(PATIENCE), Ok(Event::Change(_))));
    fresh.execute(describe(2, "late")).unwrap();
    let last = changes(&mut watch).pop().unwrap();
    assert_eq!(*last.key, *key_of(2));
    assert_eq!(last.before(), registered.bytes.as_ref());
}

#[test]
fn what_was_replaced_is_what_was_seen_last_beside_writers() {
    let book = Book::in_memory().unwrap();
    let watch = || book.watch(from(Position::START)).unwrap();
    let mut watches = [watch(), watch()];
    book.execute(several(0, 3)).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let book = &book;
            scope.spawn(move || {
                for number in 0..20 {
                    let text = format!("{writer} {number}");
                    let mut command = describe(number % 3, &text);
                    command
                        .writes
                        .extend(describe(1, &format!("and {text}")).writes);
                    book.execute(command).unwrap();
                }
            });
        }
    });
    for watch in &mut watches {
        let mut records = HashMap::new();
        let mut next = Revision(1);
        for change in changes(watch) {
            assert_eq!(change.revision, next);
            next = next.next();
            let key = (change.kind.clone(), Arc::clone(&change.key));
            let before = records.insert(key, change.record.clone()).flatten();
            assert_eq!(change.before(), before.as_ref());
        }
        assert_eq!(next, Revision(1 + 1 + 3 + 8 * 20 * 2));
    }
}
