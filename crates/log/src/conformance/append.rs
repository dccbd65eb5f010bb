//! One order, decided by the head that an append expects.

use std::sync::Barrier;
use std::thread;

use deedbook_model::{Chain, Head, Revision, StoredBatch};

use super::sample::{ALL, assert_dense, batch, fill};
use crate::error::LogError;
use crate::log::{Appended, Log};

pub fn an_empty_log_has_the_empty_head(log: &dyn Log) {
    assert_eq!(log.head().unwrap(), Head::EMPTY);
    assert_eq!(log.floor().unwrap(), Revision::ZERO);
}

pub fn a_batch_is_there_when_append_returns(log: &dyn Log) {
    let first = batch(Head::EMPTY, 3, "first");
    assert_eq!(log.append(Head::EMPTY, &first).unwrap(), Appended::Done);
    assert_eq!(log.head().unwrap(), first.head());
    let second = batch(first.head(), 1, "second");
    assert_eq!(log.append(first.head(), &second).unwrap(), Appended::Done);
    assert_eq!(log.head().unwrap(), second.head());
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), [first, second]);
}

pub fn a_stale_head_is_refused_and_changes_nothing(log: &dyn Log) {
    let stored = fill(log, &[2, 2]);
    for stale in [Head::EMPTY, stored[0].head()] {
        let late = batch(stale, 2, "late");
        let moved = Appended::Moved(stored[1].head());
        assert_eq!(log.append(stale, &late).unwrap(), moved);
    }
    assert_eq!(log.head().unwrap(), stored[1].head());
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), stored);
}

pub fn another_chain_at_the_same_revision_is_refused(log: &dyn Log) {
    let stored = fill(log, &[2]);
    let other = batch(Head::EMPTY, 2, "another history");
    let next = batch(other.head(), 1, "next");
    let moved = Appended::Moved(stored[0].head());
    assert_eq!(log.append(other.head(), &next).unwrap(), moved);
    let elsewhere = Head {
        revision: Revision::ZERO,
        chain: Chain::ZERO.over(b"another beginning"),
    };
    let next = batch(elsewhere, 1, "next");
    assert_eq!(log.append(elsewhere, &next).unwrap(), moved);
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), stored);
}

pub fn a_head_that_is_not_reached_yet_is_refused(log: &dyn Log) {
    let first = batch(Head::EMPTY, 2, "first");
    let second = batch(first.head(), 2, "second");
    let moved = Appended::Moved(Head::EMPTY);
    assert_eq!(log.append(first.head(), &second).unwrap(), moved);
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), []);
    assert_eq!(log.head().unwrap(), Head::EMPTY);
}

pub fn a_batch_that_does_not_follow_its_head_is_not_next(log: &dyn Log) {
    let stored = fill(log, &[2]);
    let head = stored[0].head();
    let next = batch(head, 2, "next");
    let skips = StoredBatch {
        first: Revision(4),
        ..next.clone()
    };
    let repeats = StoredBatch {
        first: Revision(2),
        ..next.clone()
    };
    let empty = StoredBatch {
        last: Revision(2),
        ..next
    };
    for wrong in [skips, repeats, empty] {
        let outcome = log.append(head, &wrong);
        assert!(matches!(outcome, Err(LogError::NotNext)), "{outcome:?}");
    }
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), stored);
}

pub fn the_same_batch_again_is_moved_and_stands_there(log: &dyn Log) {
    let stored = fill(log, &[1, 3]);
    let again = log.append(stored[0].head(), &stored[1]).unwrap();
    assert_eq!(again, Appended::Moved(stored[1].head()));
    assert_eq!(log.read(stored[0].last, ALL).unwrap(), [stored[1].clone()]);
}

pub fn of_racing_appends_exactly_one_wins_each_head(log: &dyn Log) {
    const WRITERS: usize = 4;
    const HEADS: u64 = 12;
    let barrier = Barrier::new(WRITERS);
    let won: Vec<Vec<StoredBatch>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let barrier = &barrier;
                scope.spawn(move || race(log, HEADS, barrier, &format!("writer {writer}")))
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("a writer"))
            .collect()
    });
    let mut won: Vec<StoredBatch> = won.into_iter().flatten().collect();
    won.sort_by_key(|batch| batch.first);
    let stored = log.read(Revision::ZERO, ALL).unwrap();
    assert_eq!(stored, won, "acknowledged batches, each once");
    assert_eq!(stored.len(), usize::try_from(HEADS).unwrap());
    assert_dense(Head::EMPTY, &stored);
}

/// Appends at each head at the same moment as the others; gives the batches that were done.
fn race(log: &dyn Log, heads: u64, barrier: &Barrier, name: &str) -> Vec<StoredBatch> {
    let mut won = Vec::new();
    for _ in 0..heads {
        barrier.wait();
        let head = log.head().unwrap();
        let mine = batch(head, 1 + head.revision.0 % 3, name);
        barrier.wait();
        match log.append(head, &mine).unwrap() {
            Appended::Done => won.push(mine),
            Appended::Moved(to) => assert!(to.revision > head.revision),
        }
    }
    won
}
