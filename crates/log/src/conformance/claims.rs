//! A background job is done by one.

use crate::log::Log;

pub fn a_claim_is_held_by_one_and_given_back(log: &dyn Log) {
    let first = log.claim("projector").unwrap();
    assert!(first.is_some());
    assert!(log.claim("projector").unwrap().is_none());
    assert!(log.claim("projector").unwrap().is_none());
    drop(first);
    assert!(log.claim("projector").unwrap().is_some());
}

pub fn other_names_are_free(log: &dyn Log) {
    let _projector = log.claim("projector").unwrap().unwrap();
    let _sink = log.claim("sink").unwrap().unwrap();
    assert!(log.claim("sink").unwrap().is_none());
}

pub fn any_text_is_a_name(log: &dyn Log) {
    let long = "x".repeat(1000);
    let names = ["", ".", "../up", "a/b", "A", "a", "ä\0", &long];
    let held: Vec<_> = names
        .iter()
        .map(|name| log.claim(name).unwrap().expect(name))
        .collect();
    for name in names {
        assert!(log.claim(name).unwrap().is_none(), "{name:?}");
    }
    drop(held);
    assert!(log.claim("../up").unwrap().is_some());
}
