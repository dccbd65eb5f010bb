//! Followers are woken; nobody polls for local appends.

#![expect(
    clippy::disallowed_methods,
    reason = "what is promised here is about time"
)]

use std::thread;
use std::time::{Duration, Instant};

use deedbook_model::{Head, Revision};

use super::sample::{batch, fill};
use crate::log::{Appended, Log};

/// Longer than any test may take: a wait that needs it has missed its wake-up.
const LONG: Duration = Duration::from_secs(60);

pub fn a_log_that_is_past_already_answers_at_once(log: &dyn Log) {
    let stored = fill(log, &[2, 2]);
    let head = stored[1].head();
    assert_eq!(log.wait_past(Revision(3), LONG).unwrap(), head);
    assert_eq!(log.wait_past(Revision::ZERO, Duration::ZERO).unwrap(), head);
}

pub fn an_append_wakes_who_waits(log: &dyn Log) {
    for _ in 0..5 {
        let head = log.head().unwrap();
        let next = batch(head, 1, "next");
        let started = Instant::now();
        let woken = thread::scope(|scope| {
            let waiter = scope.spawn(move || log.wait_past(head.revision, LONG).unwrap());
            assert_eq!(log.append(head, &next).unwrap(), Appended::Done);
            waiter.join().expect("the waiter")
        });
        assert_eq!(woken, next.head());
        assert!(started.elapsed() < LONG / 4);
    }
}

pub fn a_wait_ends_with_its_timeout(log: &dyn Log) {
    let stored = fill(log, &[2]);
    let timeout = Duration::from_millis(30);
    let started = Instant::now();
    let head = log.wait_past(Revision(2), timeout).unwrap();
    assert_eq!(head, stored[0].head());
    assert!(started.elapsed() >= timeout);
    assert_eq!(log.wait_past(Revision(9), Duration::ZERO).unwrap(), head);
}

pub fn everybody_who_waits_is_woken(log: &dyn Log) {
    let first = batch(Head::EMPTY, 3, "first");
    thread::scope(|scope| {
        let waiters: Vec<_> = (0..3)
            .map(|past| scope.spawn(move || log.wait_past(Revision(past), LONG).unwrap()))
            .collect();
        assert_eq!(log.append(Head::EMPTY, &first).unwrap(), Appended::Done);
        for waiter in waiters {
            assert_eq!(waiter.join().expect("a waiter"), first.head());
        }
    });
}
