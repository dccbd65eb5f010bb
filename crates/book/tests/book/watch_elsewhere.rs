//! Watching what another process writes.

use std::sync::Arc;

use deedbook_book::{Book, Event, OpenOptions, Position};
use deedbook_model::Revision;
use deedbook_testkit::process::{Other, say, task, wait_for_parent};
use deedbook_testkit::wait::PATIENCE;

use crate::scratch;
use crate::watch::{changes, from, several};

/// Writes to the folder of its task as another process.
#[test]
fn child_writer() {
    let Some(folder) = task() else { return };
    let book = Book::open(folder.as_ref(), &OpenOptions::default()).unwrap();
    say("open");
    for number in 0..10 {
        wait_for_parent();
        let receipt = book.execute(several(number * 10, 2)).unwrap();
        say(&receipt.revision.to_string());
    }
    book.close().unwrap();
}

#[test]
fn what_another_process_writes_is_seen() {
    let folder = scratch::folder();
    Book::open(folder.path(), &OpenOptions::default()).unwrap();
    let book = Arc::new(Book::open_read_only(folder.path()).unwrap());
    let path = folder.path().to_str().unwrap();
    let mut other = Other::start("watch_elsewhere::child_writer", path, None);
    assert_eq!(other.heard().as_deref(), Some("open"));
    let mut watch = book.watch(from(Position::START)).unwrap();
    assert_eq!(changes(&mut watch).len(), 1);
    let mut next = Revision(2);
    for _ in 0..10 {
        other.go_on();
        let end = Revision(other.heard().unwrap().parse().unwrap());
        while next <= end {
            match watch.next(PATIENCE).unwrap() {
                Event::Change(change) => {
                    assert_eq!(change.revision, next);
                    next = next.next();
                }
                other => panic!("{other:?}, not {next}"),
            }
        }
        assert!(book.view().revision() >= end);
    }
    assert!(other.ended().success());
    assert!(book.verify(None).unwrap().ok);
}
