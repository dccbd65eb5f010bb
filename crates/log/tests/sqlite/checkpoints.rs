//! The write-ahead log stays short beside the writing.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use deedbook_log::Log;

use crate::book::{create, read};

const MIB: u64 = 1 << 20;

#[test]
fn what_was_committed_is_copied_beside_the_writing() {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    let length = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    let mut ids = Vec::new();
    for number in 1..=96 {
        let mut bytes = vec![b'x'; MIB as usize];
        bytes[..8].copy_from_slice(&u64::to_le_bytes(number));
        ids.push(log.put_artifact(&Bytes::from(bytes)).unwrap());
        let mut looks = 0;
        while length("log.sqlite") + 32 * MIB < number * MIB {
            looks += 1;
            assert!(looks < 60_000, "nothing is copied after {number} MiB");
            // Nobody appends: this only waits for a moment.
            let head = log.head().unwrap();
            log.wait_past(head.revision, Duration::from_millis(1))
                .unwrap();
        }
    }
    let wal = length("log.sqlite-wal");
    assert!(wal < 64 * MIB, "{wal} bytes: it never began anew");
    let reader = read(folder.path()).unwrap();
    assert_eq!(reader.artifacts().unwrap().len(), ids.len());
    for id in ids {
        assert!(reader.artifact(id).unwrap().is_some());
    }
}
