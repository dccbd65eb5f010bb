//! A restored log begins at a snapshot.

use deedbook_model::{Head, Revision};

use super::sample::{ALL, assert_dense, batch, chunk, fill, info, put_chunks, snapshot};
use crate::error::LogError;
use crate::log::{Appended, Log};

fn elsewhere() -> Head {
    batch(batch(Head::EMPTY, 5, "another log").head(), 2, "its end").head()
}

fn begin(log: &dyn Log, head: Head) -> Result<(), LogError> {
    let chunks = [chunk("one"), chunk("two")];
    put_chunks(log, head.revision, &chunks);
    log.start_at(&info(head, &chunks))
}

fn assert_refused(outcome: Result<(), LogError>) {
    assert!(matches!(outcome, Err(LogError::NotNext)), "{outcome:?}");
}

pub fn a_log_begins_at_a_snapshot(log: &dyn Log) {
    let start = elsewhere();
    begin(log, start).unwrap();
    assert_eq!(log.head().unwrap(), start);
    assert_eq!(log.floor().unwrap(), start.revision);
    assert_eq!(log.snapshots().unwrap(), [start.revision]);
    assert_eq!(log.chunk(start.revision, 1).unwrap(), chunk("two").bytes);
    assert_eq!(log.read(start.revision, ALL).unwrap(), []);
    let below = log.read(Revision(3), ALL);
    assert!(
        matches!(below, Err(LogError::Compacted { wanted: Revision(3), floor }) if floor == start.revision),
        "{below:?}"
    );
    let first = batch(Head::EMPTY, 1, "as if it were empty");
    let moved = Appended::Moved(start);
    assert_eq!(log.append(Head::EMPTY, &first).unwrap(), moved);
    let stored = fill(log, &[2, 3]);
    assert_eq!(log.read(start.revision, ALL).unwrap(), stored);
    assert_dense(start, &stored);
    assert_eq!(log.floor().unwrap(), start.revision);
}

pub fn a_log_with_batches_does_not_begin_again(log: &dyn Log) {
    let stored = fill(log, &[2]);
    assert_refused(begin(log, elsewhere()));
    assert_refused(begin(log, stored[0].head()));
    assert_eq!(log.head().unwrap(), stored[0].head());
    assert_eq!(log.floor().unwrap(), Revision::ZERO);
    assert_eq!(log.snapshots().unwrap(), []);
}

pub fn a_log_with_a_snapshot_does_not_begin_again(log: &dyn Log) {
    snapshot(log, Head::EMPTY);
    assert_refused(begin(log, elsewhere()));
    assert_eq!(log.head().unwrap(), Head::EMPTY);
}

pub fn beginning_at_the_same_again_is_fine_and_elsewhere_is_not(log: &dyn Log) {
    let start = elsewhere();
    begin(log, start).unwrap();
    begin(log, start).unwrap();
    assert_refused(begin(log, batch(start, 1, "further on").head()));
    assert_eq!(log.head().unwrap(), start);
    assert_eq!(log.snapshots().unwrap(), [start.revision]);
}

pub fn a_missing_chunk_leaves_the_log_empty(log: &dyn Log) {
    let start = elsewhere();
    put_chunks(log, start.revision, &[chunk("one")]);
    assert_refused(log.start_at(&info(start, &[chunk("one"), chunk("two")])));
    assert_eq!(log.head().unwrap(), Head::EMPTY);
    assert_eq!(log.floor().unwrap(), Revision::ZERO);
    fill(log, &[1]);
}

pub fn a_log_that_began_at_a_snapshot_compacts_like_any_other(log: &dyn Log) {
    let start = elsewhere();
    begin(log, start).unwrap();
    let stored = fill(log, &[2, 2, 2]);
    snapshot(log, stored[1].head());
    let floor = log.compact(stored[2].last).unwrap();
    assert_eq!(floor, stored[1].last);
    assert_eq!(log.snapshots().unwrap(), [floor]);
    assert_eq!(log.read(floor, ALL).unwrap(), stored[2..]);
    let gone = log.read(start.revision, ALL);
    assert!(matches!(gone, Err(LogError::Compacted { .. })), "{gone:?}");
}
