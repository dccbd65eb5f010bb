//! The same batches give the same book on every engine; the same commands give the same records.

use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{Book, ChangeQuery, Event, ManualClock, OpenOptions, Position, WatchOptions};
use deedbook_log::{Access, Log, MemoryLog, ReadLimit, SqliteLog};
use deedbook_model::{Revision, StoredBatch};
use deedbook_testkit::check::for_all;
use deedbook_testkit::history::{Past, at_second, command_of, commands, plans, replay};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::compare::{assert_same, book_on};
use crate::scratch;

const WRITE: Access = Access::Write {
    wait: Duration::ZERO,
    create: true,
};

fn all_batches(log: &dyn Log) -> Vec<StoredBatch> {
    log.read(log.floor().unwrap(), ReadLimit::default())
        .unwrap()
}

#[test]
fn memory_and_sqlite_give_the_same_book() {
    for_all(60, &(plans(6), any::<bool>()), |(plan, snapshot)| {
        let past = Past::of(&plan);
        let folder = scratch::folder();
        let log = SqliteLog::open(folder.path(), WRITE).unwrap();
        replay(&past.batches, &log);
        assert_eq!(all_batches(&log), past.batches);
        drop(log);
        if snapshot {
            let options = OpenOptions {
                projection: false,
                ..OpenOptions::default()
            };
            let book = Book::open(folder.path(), &options).unwrap();
            assert_eq!(book.snapshot().unwrap(), past.head.revision);
            book.close().unwrap();
        }
        let book = Book::open_read_only(folder.path()).unwrap();
        assert_same(&book.view(), past.newest());
        assert_eq!(book.view().head(), past.head);
        let (one, two) = (book.audit_head(), book_on(past.log.clone()).audit_head());
        assert_eq!(one, two);
        assert!(book.verify(Some(&two)).unwrap().ok);
    });
}

#[test]
fn the_same_commands_give_the_same_records() {
    let plan = vec((commands(), -2..3i64), 1..8);
    for_all(60, &plan, |plan| {
        let begun = Past::of(&Vec::new());
        let folder = scratch::folder();
        let sqlite = SqliteLog::open(folder.path(), WRITE).unwrap();
        let memory = MemoryLog::default();
        replay(&begun.batches, &sqlite);
        replay(&begun.batches, &memory);
        let clock = Arc::new(ManualClock::at(at_second(0)));
        let options = OpenOptions {
            clock: clock.clone(),
            ..OpenOptions::default()
        };
        let logs: [Arc<dyn Log>; 2] = [Arc::new(sqlite), Arc::new(memory)];
        let books = logs.map(|log| Book::with_log(log, &options).unwrap());
        let mut second = 0;
        for (acts, seconds) in plan {
            second += seconds;
            clock.set(at_second(second));
            let Some(command) = command_of(&acts, second) else {
                continue;
            };
            let answers = books.each_ref().map(|book| {
                let done = book.execute(command.clone());
                done.map(|receipt| (receipt.revision, format!("{:?}", receipt.outcomes)))
                    .map_err(|error| error.to_string())
            });
            assert_eq!(answers[0], answers[1]);
        }
        assert_same(&books[0].view(), &books[1].view());
        for book in &books {
            // What was handed out live is what is stored.
            let after = Some(Position::from(begun.head));
            let options = WatchOptions {
                after,
                ..WatchOptions::default()
            };
            let mut watch = book.watch(options).unwrap();
            let query = ChangeQuery {
                after: begun.head.revision,
                limit: usize::MAX,
                ..ChangeQuery::default()
            };
            for change in book.changes(&query).unwrap() {
                let event = watch.next(Duration::ZERO).unwrap();
                assert!(matches!(event, Event::Change(live) if *live == change));
            }
        }
        let salted = [&books[0], &books[1]].map(|book| book.audit_head().chain);
        let empty = books[0].view().revision() == begun.head.revision;
        assert_eq!(salted[0] == salted[1], empty, "digests are salted");
    });
}

#[test]
fn what_a_later_release_wrote_stays_byte_for_byte() {
    for_all(40, &plans(6), |plan| {
        let past = Past::of(&plan);
        let book = book_on(past.log.clone());
        assert_same(&book.view(), past.newest());
        // A snapshot holds it.
        book.snapshot().unwrap();
        assert_same(&book_on(past.log.clone()).view(), past.newest());
        // So do a backup and what is restored from it.
        let mut backup = Vec::new();
        assert_eq!(book.backup(&mut backup).unwrap(), past.head);
        let folder = scratch::folder();
        let target = folder.path().join("restored");
        let restored = deedbook_book::restore(&target, "ada", &mut &backup[..]).unwrap();
        restored.close().unwrap();
        let log = SqliteLog::open(&target, Access::Read).unwrap();
        let batches = all_batches(&log);
        assert_eq!(batches[..past.batches.len()], past.batches);
        // And a compaction, with a backup and restore of its result.
        book.compact(past.head.revision).unwrap();
        assert_same(&book_on(past.log.clone()).view(), past.newest());
        let mut backup = Vec::new();
        book.backup(&mut backup).unwrap();
        let target = folder.path().join("from compacted");
        let restored = deedbook_book::restore(&target, "ada", &mut &backup[..]).unwrap();
        let at_floor = restored
            .view_at(deedbook_book::At::Revision(past.head.revision))
            .unwrap();
        assert_same(&at_floor, past.newest());
        assert_eq!(restored.stats().unwrap().floor, past.head.revision);
        assert_ne!(past.head.revision, Revision::ZERO);
    });
}
