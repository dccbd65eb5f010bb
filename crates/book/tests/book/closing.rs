//! Closing a book waits for its work, and for nothing else.

use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{Book, BookError, OpenOptions};
use deedbook_log::{Log, LogError, MemoryLog};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Write};
use deedbook_testkit::components::numbered;
use deedbook_testkit::faulty_log::FaultyLog;
use deedbook_testkit::wait;

use crate::scratch;

#[test]
fn closing_does_not_wait_for_what_others_may_write() {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    log.hold_waits(true);
    let book = Book::with_log(Arc::new(log.clone()), &OpenOptions::default()).unwrap();
    let closing = std::thread::spawn(move || book.close());
    wait::until("the book is closed", || closing.is_finished());
    log.hold_waits(false);
    closing.join().unwrap().unwrap();
}

#[test]
fn closing_ends_as_soon_as_the_tables_are_up_to_date() {
    let folder = scratch::folder();
    let (_, took) = wait::timed(|| {
        for number in 0..20 {
            let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
            book.execute(Command::of("ada", numbered(number))).unwrap();
            book.close().unwrap();
        }
    });
    assert!(took < Duration::from_secs(5), "{took:?} for 20 times");
}

/// Writes and writes, one change a commit.
fn commit(book: &Book, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let update = Write::Update {
            key: ComponentKey::parse("part_0").unwrap(),
            patch: serde_json::json!({"description": number.to_string()}),
            expected: None,
        };
        book.execute(Command::of("ada", update)).unwrap();
    }
}

#[test]
fn a_snapshot_that_fails_is_tried_again_once_the_tail_has_doubled() {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    log.fail_snapshots(true);
    let book = Book::with_log(Arc::new(log.clone()), &OpenOptions::default()).unwrap();
    book.execute(Command::of("ada", numbered(0))).unwrap();
    commit(&book, 0..4100);
    wait::until("a snapshot has failed", || log.tried_snapshots() == 1);
    commit(&book, 4100..4600);
    assert_eq!(log.tried_snapshots(), 1);
    log.fail_snapshots(false);
    commit(&book, 4600..8200);
    wait::until("a snapshot is there", || {
        !log.snapshots().unwrap().is_empty()
    });
    book.close().unwrap();
}

#[test]
fn a_closed_book_reads_and_refuses_writes() {
    let book = Book::in_memory().unwrap();
    let clone = book.clone();
    book.close().unwrap();
    book.close().unwrap();
    let refused = clone.execute(Command::of("ada", numbered(1)));
    assert!(matches!(refused, Err(BookError::Closed)), "{refused:?}");
    assert_eq!(clone.view().live(), 1);
    assert!(clone.verify(None).unwrap().ok);
}

#[test]
fn a_book_that_was_opened_for_reading_refuses_writes() {
    let folder = scratch::folder();
    Book::open(folder.path(), &OpenOptions::default()).unwrap();
    let book = Book::open_read_only(folder.path()).unwrap();
    let refused = book.execute(Command::of("ada", numbered(1)));
    let read_only = matches!(refused, Err(BookError::Log(LogError::ReadOnly)));
    assert!(read_only, "{refused:?}");
}
