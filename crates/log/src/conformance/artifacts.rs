//! Bytes under their digest.

use bytes::Bytes;

use crate::log::{ArtifactId, Log};

pub fn bytes_come_back_under_their_digest(log: &dyn Log) {
    let large = Bytes::from(vec![7; 300_000]);
    for bytes in [Bytes::from_static(b"code"), Bytes::new(), large] {
        let id = log.put_artifact(&bytes).unwrap();
        assert_eq!(id, ArtifactId::of(&bytes));
        assert_eq!(log.artifact(id).unwrap(), Some(bytes));
    }
}

pub fn the_same_bytes_twice_are_one(log: &dyn Log) {
    let bytes = Bytes::from_static(b"code");
    let id = log.put_artifact(&bytes).unwrap();
    assert_eq!(log.put_artifact(&bytes).unwrap(), id);
    assert_eq!(log.artifacts().unwrap(), [id]);
}

pub fn an_unknown_id_is_none(log: &dyn Log) {
    log.put_artifact(&Bytes::from_static(b"code")).unwrap();
    let unknown = ArtifactId::of(b"other");
    assert_eq!(log.artifact(unknown).unwrap(), None);
    assert!(!log.delete_artifact(unknown).unwrap());
}

pub fn a_deleted_one_is_gone(log: &dyn Log) {
    let ids = [b"a", b"b"].map(|bytes| log.put_artifact(&Bytes::from_static(bytes)).unwrap());
    assert!(log.delete_artifact(ids[0]).unwrap());
    assert!(!log.delete_artifact(ids[0]).unwrap());
    assert_eq!(log.artifact(ids[0]).unwrap(), None);
    assert_eq!(log.artifacts().unwrap(), [ids[1]]);
    log.put_artifact(&Bytes::from_static(b"a")).unwrap();
    assert_eq!(log.artifacts().unwrap().len(), 2);
}

pub fn ids_are_listed_in_byte_order(log: &dyn Log) {
    let mut ids: Vec<ArtifactId> = (0..20u8)
        .map(|n| log.put_artifact(&Bytes::from(vec![n])).unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(log.artifacts().unwrap(), ids);
}
