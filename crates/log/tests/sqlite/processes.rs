//! Several engines on one folder, in one process and in two.

#![expect(
    clippy::disallowed_methods,
    reason = "other processes run by the clock of the machine"
)]

use std::time::{Duration, Instant};

use deedbook_log::conformance::sample::{ALL, fill};
use deedbook_log::{Access, Log, LogError, SqliteLog};
use deedbook_model::{Head, Revision};

use crate::book::{WRITE, create, read};
use crate::child::Worker;

#[test]
fn a_second_writer_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::start("hold", folder.path());
    assert_eq!(worker.answer().unwrap(), "held");
    let Err(LogError::Held { holder }) = SqliteLog::open(folder.path(), WRITE) else {
        panic!("two writers");
    };
    assert!(
        holder.starts_with("pid ") && holder.contains(" by "),
        "{holder}"
    );
    worker.kill();
    create(folder.path());
}

#[test]
fn two_writers_in_one_process_exclude_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let first = create(folder.path());
    let second = SqliteLog::open(folder.path(), WRITE);
    assert!(matches!(second, Err(LogError::Held { .. })));
    drop(first);
    create(folder.path());
}

#[test]
fn a_writer_waits_for_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let first = create(folder.path());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let access = Access::Write {
                wait: Duration::from_secs(30),
                create: false,
            };
            SqliteLog::open(folder.path(), access).map(|_| ())
        });
        fill(&first, &[1]);
        drop(first);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn readers_follow_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::start("hold", folder.path());
    assert_eq!(worker.answer().unwrap(), "held");
    let reader = read(folder.path()).unwrap();
    assert_eq!(reader.head().unwrap().revision, Revision(2));
    let started = Instant::now();
    worker.tell();
    let head = reader
        .wait_past(Revision(2), Duration::from_secs(30))
        .unwrap();
    assert_eq!(head.revision, Revision(4));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(worker.answer().unwrap(), "appended");
    assert_eq!(reader.read(Revision::ZERO, ALL).unwrap().len(), 2);
    worker.kill();
    assert_eq!(reader.head().unwrap(), head);
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    crate::book::fill(&log);
    let before = crate::book::content(&log).unwrap();
    drop(log);
    let log = create(folder.path());
    assert_eq!(crate::book::content(&log).unwrap(), before);
    assert_ne!(log.head().unwrap(), Head::EMPTY);
    fill(&log, &[1]);
}

#[test]
fn claims_hold_between_engines_of_one_folder() {
    // A claim outlives the writer that made it, as long as it is held.
    let folder = tempfile::tempdir().unwrap();
    let first = create(folder.path());
    let claim = first.claim("projector").unwrap().unwrap();
    drop(first);
    let second = create(folder.path());
    assert!(second.claim("projector").unwrap().is_none());
    drop(claim);
    assert!(second.claim("projector").unwrap().is_some());
}
