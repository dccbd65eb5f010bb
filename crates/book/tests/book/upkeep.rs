//! Snapshots and compactions beside each other, writers and readers.

use std::sync::atomic::{AtomicBool, Ordering};

use deedbook_book::{At, Book, OpenOptions};
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_rules::Command;
use deedbook_testkit::components::numbered;

const WRITES: u64 = 150;

/// All at once; only a read of what is gone may be refused.
fn all_at_once(book: &Book) {
    let ended = AtomicBool::new(false);
    let goes_on = || !ended.load(Ordering::SeqCst);
    std::thread::scope(|scope| {
        for lag in [0, 0, 5, 20] {
            scope.spawn(move || {
                while goes_on() {
                    let head = book.view().revision();
                    let before = Revision(head.0.saturating_sub(lag));
                    let floor = book.compact(before).unwrap();
                    assert!(floor <= book.view().revision());
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while goes_on() {
                    book.snapshot().unwrap();
                }
            });
            scope.spawn(|| {
                while goes_on() {
                    let at = book.view().revision();
                    match book.view_at(At::Revision(Revision(at.0.saturating_sub(3)))) {
                        Ok(view) => assert!(view.revision() <= book.view().revision()),
                        Err(error) => assert_eq!(error.code(), Code::Compacted, "{error:?}"),
                    }
                }
            });
        }
        let writer = scope.spawn(|| {
            for number in 0..WRITES {
                book.execute(Command::of("ada", numbered(number))).unwrap();
            }
        });
        let written = writer.join();
        ended.store(true, Ordering::SeqCst);
        written.unwrap();
    });
    assert!(book.verify(None).unwrap().ok);
    assert_eq!(book.view().revision(), Revision(WRITES + 1));
}

#[test]
fn upkeep_in_memory_disturbs_nobody() {
    all_at_once(&Book::in_memory().unwrap());
}

#[test]
fn upkeep_in_files_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    all_at_once(&book);
    let head = book.view().head();
    book.close().unwrap();
    drop(book);
    let again = Book::open_read_only(folder.path()).unwrap();
    assert_eq!(again.view().head(), head);
}
