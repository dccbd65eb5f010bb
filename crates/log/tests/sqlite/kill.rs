//! `kill -9` at any moment: what was acknowledged is there.

#![expect(
    clippy::disallowed_methods,
    reason = "other processes run by the clock of the machine"
)]

use std::time::Instant;

use deedbook_log::conformance::sample::{ALL, assert_dense};
use deedbook_log::{Log, LogError};
use deedbook_model::{Head, Revision};

use crate::book::{create, read};
use crate::child::Worker;

const LOOPS: u32 = 20;

/// A moment that differs from run to run and from loop to loop.
fn some_number(most: u64) -> u64 {
    let seed = format!("{:?}", Instant::now());
    let digest = *blake3_of(&seed).first().unwrap();
    u64::from(digest) * most / 256
}

fn blake3_of(text: &str) -> [u8; 32] {
    deedbook_log::ArtifactId::of(text.as_bytes()).0
}

#[test]
fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("book");
    let mut acknowledged = 0;
    for _ in 0..LOOPS {
        let mut worker = Worker::start("append", &dir);
        assert_eq!(worker.answer().unwrap(), "started");
        for _ in 0..some_number(30) {
            acknowledged = worker.answer().unwrap().parse().unwrap();
        }
        for answer in worker.kill() {
            acknowledged = answer.parse().unwrap_or(acknowledged);
        }
        let log = match read(&dir) {
            Ok(log) => log,
            Err(LogError::Missing { .. }) if acknowledged == 0 => continue,
            Err(error) => panic!("{error}"),
        };
        let head = log.head().unwrap();
        assert!(head.revision.0 >= acknowledged, "{acknowledged} was lost");
        let stored = log.read(Revision::ZERO, ALL).unwrap();
        assert_dense(Head::EMPTY, &stored);
        assert_eq!(stored.last().map_or(Head::EMPTY, |b| b.head()), head);
    }
    assert!(acknowledged > 0);
}

#[test]
fn a_creation_that_was_cut_short_is_finished_by_the_next() {
    for _ in 0..LOOPS {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("book");
        let mut worker = Worker::start("append", &dir);
        assert_eq!(worker.answer().unwrap(), "started");
        let until = Instant::now() + std::time::Duration::from_micros(some_number(12_000));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        let acknowledged: u64 = worker
            .kill()
            .last()
            .map_or(0, |answer| answer.parse().unwrap());
        match read(&dir) {
            Ok(log) => assert!(log.head().unwrap().revision.0 >= acknowledged),
            Err(LogError::Missing { .. }) => assert_eq!(acknowledged, 0),
            Err(error) => panic!("{error}"),
        }
        let log = create(&dir);
        assert!(log.head().unwrap().revision.0 >= acknowledged);
        deedbook_log::conformance::sample::fill(&log, &[1]);
    }
}
