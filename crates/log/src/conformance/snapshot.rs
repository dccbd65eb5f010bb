//! A snapshot is there as a whole or not at all.

use bytes::Bytes;
use deedbook_model::{Head, Revision};

use super::sample::{batch, chunk, fill, info, put_chunks};
use crate::error::LogError;
use crate::log::Log;

fn assert_not_next(outcome: Result<(), LogError>) {
    assert!(matches!(outcome, Err(LogError::NotNext)), "{outcome:?}");
}

pub fn chunks_are_not_visible_before_the_finish(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    put_chunks(log, head.revision, &[chunk("one")]);
    assert_eq!(log.snapshots().unwrap(), []);
    assert_eq!(log.snapshot(head.revision).unwrap(), None);
    let early = log.chunk(head.revision, 0);
    assert!(matches!(early, Err(LogError::Damaged { .. })), "{early:?}");
}

pub fn a_finished_snapshot_reads_back(log: &dyn Log) {
    let stored = fill(log, &[2, 3, 1]);
    let chunks = [chunk("one"), chunk("two"), chunk("three")];
    for batch in [&stored[1], &stored[0]] {
        put_chunks(log, batch.last, &chunks);
        log.finish_snapshot(&info(batch.head(), &chunks)).unwrap();
    }
    assert_eq!(log.snapshots().unwrap(), [Revision(2), Revision(5)]);
    for batch in &stored[..2] {
        let expected = info(batch.head(), &chunks);
        assert_eq!(log.snapshot(batch.last).unwrap(), Some(expected));
        for (number, chunk) in (0..).zip(&chunks) {
            assert_eq!(log.chunk(batch.last, number).unwrap(), chunk.bytes);
        }
        assert!(log.chunk(batch.last, 3).is_err());
    }
    for none in [0, 1, 3, 6, u64::MAX] {
        assert_eq!(log.snapshot(Revision(none)).unwrap(), None, "{none}");
    }
}

pub fn finishing_the_same_again_is_fine(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    let chunks = [chunk("one"), chunk("two")];
    put_chunks(log, head.revision, &chunks);
    let info = info(head, &chunks);
    log.finish_snapshot(&info).unwrap();
    log.finish_snapshot(&info).unwrap();
    put_chunks(log, head.revision, &chunks);
    log.finish_snapshot(&info).unwrap();
    assert_eq!(log.snapshots().unwrap(), [head.revision]);
    assert_eq!(log.chunk(head.revision, 1).unwrap(), chunks[1].bytes);
}

pub fn a_missing_chunk_is_not_next(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    let chunks = [chunk("one"), chunk("two"), chunk("three")];
    let info = info(head, &chunks);
    put_chunks(log, head.revision, &chunks[..1]);
    log.put_chunk(head.revision, 2, &chunks[2].bytes).unwrap();
    assert_not_next(log.finish_snapshot(&info));
    assert_eq!(log.snapshots().unwrap(), []);
    log.put_chunk(head.revision, 1, &chunks[1].bytes).unwrap();
    log.finish_snapshot(&info).unwrap();
}

pub fn a_chunk_of_another_attempt_is_not_next(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    put_chunks(log, head.revision, &[chunk("one"), chunk("old")]);
    put_chunks(log, head.revision, &[chunk("one")]);
    assert_not_next(log.finish_snapshot(&info(head, &[chunk("one"), chunk("new")])));
    assert_eq!(log.snapshots().unwrap(), []);
}

pub fn chunks_left_by_a_longer_attempt_are_dropped(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    put_chunks(log, head.revision, &[chunk("a"), chunk("b"), chunk("c")]);
    put_chunks(log, head.revision, &[chunk("one")]);
    let one = info(head, &[chunk("one")]);
    log.finish_snapshot(&one).unwrap();
    assert_eq!(log.chunk(head.revision, 0).unwrap(), chunk("one").bytes);
    assert!(log.chunk(head.revision, 1).is_err());
    assert_eq!(log.snapshot(head.revision).unwrap(), Some(one));
}

pub fn a_head_that_the_log_never_had_is_not_next(log: &dyn Log) {
    let stored = fill(log, &[2, 2]);
    let chunks = [chunk("one")];
    let other = batch(Head::EMPTY, 2, "another history").head();
    let middle = Head {
        revision: Revision(3),
        ..stored[1].head()
    };
    let future = batch(stored[1].head(), 1, "future").head();
    for head in [other, middle, future] {
        put_chunks(log, head.revision, &chunks);
        assert_not_next(log.finish_snapshot(&info(head, &chunks)));
    }
    assert_eq!(log.snapshots().unwrap(), []);
}

pub fn an_unfinished_attempt_leaves_the_finished_snapshot_alone(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    let chunks = [chunk("one"), chunk("two")];
    put_chunks(log, head.revision, &chunks);
    log.finish_snapshot(&info(head, &chunks)).unwrap();
    put_chunks(log, head.revision, &[chunk("another")]);
    log.put_chunk(head.revision, 7, &Bytes::from_static(b"whatever"))
        .unwrap();
    for (number, chunk) in (0..).zip(&chunks) {
        assert_eq!(log.chunk(head.revision, number).unwrap(), chunk.bytes);
    }
    assert!(log.chunk(head.revision, 7).is_err());
}

pub fn a_second_attempt_replaces_the_first(log: &dyn Log) {
    let head = fill(log, &[2])[0].head();
    for text in ["first", "second", "third"] {
        let chunks = [chunk(text)];
        put_chunks(log, head.revision, &chunks);
        let info = info(head, &chunks);
        log.finish_snapshot(&info).unwrap();
        assert_eq!(log.snapshot(head.revision).unwrap(), Some(info));
        assert_eq!(log.chunk(head.revision, 0).unwrap(), chunks[0].bytes);
    }
    assert_eq!(log.snapshots().unwrap(), [head.revision]);
}

pub fn a_snapshot_may_have_no_chunks(log: &dyn Log) {
    let nothing = info(Head::EMPTY, &[]);
    log.finish_snapshot(&nothing).unwrap();
    assert_eq!(log.snapshot(Revision::ZERO).unwrap(), Some(nothing));
}
