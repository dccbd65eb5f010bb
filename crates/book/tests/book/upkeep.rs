//! Snapshots and compactions beside each other, writers and readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deedbook_book::{At, Book, BookError, ChangeQuery, OpenOptions};
use deedbook_log::{Log, MemoryLog};
use deedbook_model::code::Code;
use deedbook_model::{Change, Kind, Revision};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Write};
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::faulty_log::FaultyLog;
use deedbook_testkit::wait;

use crate::watch::describe;

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

#[test]
fn a_snapshot_that_takes_long_keeps_no_writer_waiting() {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    let inner: Arc<dyn Log> = Arc::new(log.clone());
    let book = Book::with_log(inner, &OpenOptions::default()).unwrap();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    log.hold_snapshots(true);
    let (sender, done) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let taking = scope.spawn(|| book.snapshot().unwrap());
        wait::until("the snapshot is held back", || log.tried_snapshots() == 1);
        let write = Command::of("ada", numbered(2));
        let note = move |result: Result<_, BookError>| {
            let _ = sender.send(result.is_ok());
        };
        book.submit(write, note).unwrap();
        let written = done.recv_timeout(Duration::from_secs(5));
        log.hold_snapshots(false);
        assert_eq!(written, Ok(true), "before the snapshot is there");
        assert_eq!(taking.join().unwrap(), Revision(2));
    });
}

/// A book of ten components whose second was described twice and whose third is gone; `read` goes on
/// while the log is compacted up to its revision 12.
fn beside_a_compaction<T>(read: impl Fn(&Book) -> Result<T, BookError>) -> T {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    let inner: Arc<dyn Log> = Arc::new(log.clone());
    let book = Book::with_log(inner, &OpenOptions::default()).unwrap();
    for number in 0..10 {
        book.execute(Command::of("ada", numbered(number))).unwrap();
    }
    for text in ["once", "twice"] {
        book.execute(describe(1, text)).unwrap();
        book.snapshot().unwrap();
    }
    let remove = Write::Remove {
        key: ComponentKey::from(uuid_of_number(2)),
        expected: None,
    };
    book.execute(Command::of("ada", remove)).unwrap();
    log.compact_beside(Revision(12));
    let found = read(&book).unwrap();
    assert_eq!(book.stats().unwrap().floor, Revision(12));
    found
}

#[test]
fn a_compaction_beside_a_read_of_the_past_shortens_it_and_does_not_refuse_it() {
    let key = uuid_of_number(1).to_string();
    let revisions = |changes: Vec<Change>| -> Vec<u64> {
        changes.iter().map(|change| change.revision.0).collect()
    };
    let history =
        beside_a_compaction(|book| book.history(&book.view(), &Kind::COMPONENT, &key, 10));
    assert_eq!(revisions(history), [13]);
    let why =
        beside_a_compaction(|book| book.why(&book.view(), &Kind::COMPONENT, &key, "/description"));
    assert_eq!(why.unwrap().change.revision, Revision(13));
    let newest = beside_a_compaction(|book| {
        book.changes(&ChangeQuery {
            newest_first: true,
            ..ChangeQuery::default()
        })
    });
    assert_eq!(revisions(newest), [14, 13]);
    let removed = beside_a_compaction(|book| book.removed_components(&book.view(), "part_2"));
    assert_eq!(removed.len(), 1);
}
