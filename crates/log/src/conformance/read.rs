//! Batches come back in order, whole, and as they were stored.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use deedbook_model::{Batch, Head, Revision};

use super::sample::{ALL, assert_dense, batch, fill, with_unknown_field};
use crate::log::{Appended, Log, ReadLimit};

pub fn an_empty_log_gives_nothing(log: &dyn Log) {
    assert_eq!(log.read(Revision::ZERO, ALL).unwrap(), []);
    assert_eq!(log.read(Revision(9), ALL).unwrap(), []);
}

pub fn bytes_come_back_as_they_were_stored(log: &dyn Log) {
    let stored = fill(log, &[1, 5, 300, 2]);
    let found = log.read(Revision::ZERO, ALL).unwrap();
    assert_eq!(found, stored);
    assert_dense(Head::EMPTY, &found);
}

pub fn unknown_header_fields_are_kept(log: &dyn Log) {
    let later = with_unknown_field(&batch(Head::EMPTY, 2, "by a later release"));
    assert_eq!(log.append(Head::EMPTY, &later).unwrap(), Appended::Done);
    let found = log.read(Revision::ZERO, ALL).unwrap();
    assert_eq!(found, [later]);
    Batch::open(&found[0]).unwrap();
}

pub fn the_batch_around_a_revision_comes_whole(log: &dyn Log) {
    let stored = fill(log, &[2, 3, 2]);
    for (after, from) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)] {
        let found = log.read(Revision(after), ALL).unwrap();
        assert_eq!(found, stored[from..], "after {after}");
    }
}

pub fn at_or_past_the_head_there_is_nothing(log: &dyn Log) {
    fill(log, &[2, 3]);
    for after in [5, 6, 1 << 40, u64::MAX] {
        assert_eq!(log.read(Revision(after), ALL).unwrap(), [], "after {after}");
    }
}

pub fn limits_cut_between_batches_and_leave_at_least_one(log: &dyn Log) {
    let stored = fill(log, &[1, 1, 1, 1]);
    let read = |batches, bytes| {
        let limit = ReadLimit { batches, bytes };
        log.read(Revision::ZERO, limit).unwrap()
    };
    let one = stored[0].bytes.len();
    assert_eq!(read(2, usize::MAX), stored[..2]);
    assert_eq!(read(0, 0), stored[..1]);
    assert_eq!(read(9, 1), stored[..1]);
    assert_eq!(read(9, one), stored[..1]);
    assert_eq!(read(9, one + 1), stored[..2]);
}

pub fn pages_go_on_where_the_last_one_ended(log: &dyn Log) {
    let stored = fill(log, &[3; 20]);
    let limit = ReadLimit {
        batches: 3,
        bytes: usize::MAX,
    };
    let mut found = Vec::new();
    let mut after = Revision::ZERO;
    loop {
        let page = log.read(after, limit).unwrap();
        let Some(last) = page.last() else { break };
        after = last.last;
        found.extend(page);
    }
    assert_eq!(found, stored);
}

pub fn readers_beside_writers_see_one_dense_order(log: &dyn Log) {
    const WRITERS: usize = 3;
    const EACH: usize = 10;
    let done = AtomicBool::new(false);
    let follow = || {
        let mut found = Vec::new();
        loop {
            let last_look = done.load(Ordering::SeqCst);
            let after = found.last().map_or(Head::EMPTY, |b: &_| head_of(b));
            let head = log.head().unwrap();
            assert!(head.revision >= after.revision, "the head went back");
            let page = log.read(after.revision, ALL).unwrap();
            assert_dense(after, &page);
            let end = page.last().map_or(after, head_of);
            assert!(end.revision >= head.revision, "a head without its batch");
            if page.is_empty() && last_look {
                return found;
            }
            found.extend(page);
        }
    };
    let (one, other) = thread::scope(|scope| {
        let readers = [scope.spawn(follow), scope.spawn(follow)];
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || append_some(log, EACH, &format!("{writer}"))))
            .collect();
        for writer in writers {
            writer.join().expect("a writer");
        }
        done.store(true, Ordering::SeqCst);
        let [one, other] = readers.map(|reader| reader.join().expect("a reader"));
        (one, other)
    });
    assert_eq!(one.len(), WRITERS * EACH);
    assert_eq!(one, other);
}

fn head_of(batch: &deedbook_model::StoredBatch) -> Head {
    batch.head()
}

fn append_some(log: &dyn Log, batches: usize, name: &str) {
    let mut head = log.head().unwrap();
    let mut left = batches;
    while left > 0 {
        let mine = batch(head, 2, name);
        match log.append(head, &mine).unwrap() {
            Appended::Done => {
                left -= 1;
                head = mine.head();
            }
            Appended::Moved(to) => head = to,
        }
    }
}
