//! Figures for people who look after a log.

use bytes::Bytes;
use deedbook_model::Revision;

use super::sample::{fill, snapshot};
use crate::log::{Log, LogStats};

pub fn everything_is_counted(log: &dyn Log) {
    let stored = fill(log, &[2, 3, 1]);
    snapshot(log, stored[1].head());
    log.put_artifact(&Bytes::from_static(b"code")).unwrap();
    log.set_mark("sink", None, b"1").unwrap();
    log.set_mark("projector", None, b"1").unwrap();
    let bytes: usize = stored.iter().map(|batch| batch.bytes.len()).sum();
    let found = log.stats().unwrap();
    let expected = LogStats {
        head: stored[2].head(),
        floor: Revision::ZERO,
        batches: 3,
        batch_bytes: u64::try_from(bytes).unwrap(),
        snapshots: 1,
        artifacts: 1,
        marks: 2,
        stored_bytes: found.stored_bytes,
    };
    assert_eq!(found, expected);
}
