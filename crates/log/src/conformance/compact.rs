//! The floor moves up to a snapshot, and nothing at or above it is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytes::Bytes;
use deedbook_model::{Head, Revision};

use super::sample::{ALL, assert_dense, batch, chunk, fill, info, put_chunks, snapshot};
use crate::error::LogError;
use crate::log::{Appended, Log};

pub fn without_a_snapshot_nothing_happens(log: &dyn Log) {
    let stored = fill(log, &[2, 2]);
    assert_eq!(log.compact(Revision(4)).unwrap(), Revision::ZERO);
    snapshot(log, stored[1].head());
    assert_eq!(log.compact(Revision(3)).unwrap(), Revision::ZERO);
    assert_eq!(log.floor().unwrap(), Revision::ZERO);
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), stored);
}

pub fn the_floor_goes_to_the_newest_snapshot_in_reach(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 2, 2]);
    for batch in &stored[..3] {
        snapshot(log, batch.head());
    }
    assert_eq!(log.compact(Revision(5)).unwrap(), Revision(4));
    assert_eq!(log.floor().unwrap(), Revision(4));
    assert_eq!(log.compact(Revision(u64::MAX)).unwrap(), Revision(6));
    assert_eq!(log.floor().unwrap(), Revision(6));
}

pub fn reads_from_the_floor_on_still_work(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 2, 2]);
    snapshot(log, stored[1].head());
    log.compact(Revision(8)).unwrap();
    assert_eq!(log.read(Revision(4), ALL).unwrap(), stored[2..]);
    assert_eq!(log.read(Revision(5), ALL).unwrap(), stored[2..]);
    for below in [0, 1, 3] {
        let gone = log.read(Revision(below), ALL);
        let Err(LogError::Compacted { wanted, floor }) = gone else {
            panic!("{gone:?}");
        };
        assert_eq!((wanted, floor), (Revision(below), Revision(4)));
    }
}

pub fn the_last_batch_is_never_dropped(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 3]);
    let head = stored[2].head();
    snapshot(log, head);
    assert_eq!(log.compact(head.revision).unwrap(), head.revision);
    assert_eq!(log.head().unwrap(), head);
    assert_eq!(log.read(head.revision, ALL).unwrap(), []);
    assert_eq!(log.stats().unwrap().batches, 1);
}

pub fn older_snapshots_are_dropped_and_the_floor_s_own_stays(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 2]);
    let kept: Vec<_> = stored
        .iter()
        .map(|batch| snapshot(log, batch.head()))
        .collect();
    put_chunks(log, Revision(1), &[chunk("unfinished")]);
    log.compact(Revision(4)).unwrap();
    assert_eq!(log.snapshots().unwrap(), [Revision(4), Revision(6)]);
    assert_eq!(log.snapshot(Revision(2)).unwrap(), None);
    assert!(log.chunk(Revision(2), 0).is_err());
    let floor = log.snapshot(Revision(4)).unwrap();
    assert_eq!(floor.as_ref(), Some(&kept[1]));
    assert_eq!(log.chunk(Revision(4), 0).unwrap(), chunk("one").bytes);
}

pub fn the_floor_never_goes_back(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 2]);
    snapshot(log, stored[0].head());
    snapshot(log, stored[1].head());
    assert_eq!(log.compact(Revision(4)).unwrap(), Revision(4));
    for before in [0, 2, 4] {
        assert_eq!(log.compact(Revision(before)).unwrap(), Revision(4));
    }
    put_chunks(log, Revision(2), &[chunk("late")]);
    let late = log.finish_snapshot(&info(stored[0].head(), &[chunk("late")]));
    assert!(matches!(late, Err(LogError::NotNext)), "{late:?}");
}

pub fn a_damaged_snapshot_is_passed_over(log: &dyn Log) {
    let stored = fill(log, &[2, 2, 2]);
    snapshot(log, stored[0].head());
    let sound = chunk("one");
    let mut bytes = sound.bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    log.put_chunk(Revision(4), 0, &Bytes::from(bytes)).unwrap();
    log.finish_snapshot(&info(stored[1].head(), &[sound]))
        .unwrap();
    assert_eq!(log.compact(Revision(6)).unwrap(), Revision(2));
    assert_eq!(log.read(Revision(2), ALL).unwrap(), stored[1..]);
}

pub fn appends_go_on(log: &dyn Log) {
    let head = fill(log, &[2, 2]).pop().unwrap().head();
    snapshot(log, head);
    log.compact(head.revision).unwrap();
    let more = fill(log, &[3, 1]);
    assert_dense(head, &more);
    assert_eq!(log.read(head.revision, ALL).unwrap(), more);
}

pub fn readers_beside_compaction_miss_nothing(log: &dyn Log) {
    let done = AtomicBool::new(false);
    let follow = || {
        let mut at = Head::EMPTY;
        loop {
            let last_look = done.load(Ordering::SeqCst);
            match log.read(at.revision, ALL) {
                Ok(page) if page.is_empty() && last_look => return at,
                Ok(page) => {
                    assert_dense(at, &page);
                    at = page.last().map_or(at, |batch| batch.head());
                }
                Err(LogError::Compacted { wanted, floor }) => {
                    assert!(wanted == at.revision && wanted < floor);
                    // The floor may have moved on between the two calls.
                    if let Some(info) = log.snapshot(floor).unwrap() {
                        at = info.head;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(follow), scope.spawn(follow)];
        let mut head = Head::EMPTY;
        for round in 0..30 {
            let next = batch(head, 2, "next");
            assert_eq!(log.append(head, &next).unwrap(), Appended::Done);
            head = next.head();
            if round % 3 == 2 {
                snapshot(log, head);
                assert_eq!(log.compact(head.revision).unwrap(), head.revision);
            }
        }
        done.store(true, Ordering::SeqCst);
        for reader in readers {
            assert_eq!(reader.join().expect("a reader"), head);
        }
    });
}
