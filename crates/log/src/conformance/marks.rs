//! A follower's progress is set only over what it last was.

use std::thread;

use bytes::Bytes;

use crate::log::{Log, MarkSet};

pub fn an_unknown_mark_is_none(log: &dyn Log) {
    assert_eq!(log.mark("sink").unwrap(), None);
    assert!(log.marks().unwrap().is_empty());
}

pub fn a_mark_is_set_only_over_the_expected_value(log: &dyn Log) {
    let one = Bytes::from_static(b"1");
    let early = log.set_mark("sink", Some(b"0"), b"1").unwrap();
    assert_eq!(early, MarkSet::Other(None));
    assert_eq!(log.set_mark("sink", None, b"1").unwrap(), MarkSet::Done);
    for stale in [None, Some(b"0".as_slice()), Some(b"")] {
        let refused = log.set_mark("sink", stale, b"2").unwrap();
        assert_eq!(refused, MarkSet::Other(Some(one.clone())));
    }
    assert_eq!(log.mark("sink").unwrap(), Some(one));
    let set = log.set_mark("sink", Some(b"1"), b"2").unwrap();
    assert_eq!(set, MarkSet::Done);
    let two = Some(Bytes::from_static(b"2"));
    assert_eq!(log.mark("sink").unwrap(), two);
    assert_eq!(log.mark("sin").unwrap(), None);
}

pub fn an_empty_value_is_a_value(log: &dyn Log) {
    assert_eq!(log.set_mark("", None, b"").unwrap(), MarkSet::Done);
    assert_eq!(log.mark("").unwrap(), Some(Bytes::new()));
    let again = log.set_mark("", None, b"x").unwrap();
    assert_eq!(again, MarkSet::Other(Some(Bytes::new())));
    assert_eq!(log.marks().unwrap(), [""]);
}

pub fn names_are_listed_in_byte_order(log: &dyn Log) {
    for name in ["b", "ä", "B", "sink/1", "a"] {
        assert_eq!(log.set_mark(name, None, b"x").unwrap(), MarkSet::Done);
    }
    assert_eq!(log.marks().unwrap(), ["B", "a", "b", "sink/1", "ä"]);
}

pub fn of_racing_sets_exactly_one_wins(log: &dyn Log) {
    const EACH: usize = 8;
    let count = || {
        let mut old = log.mark("counter").unwrap();
        let mut done = 0;
        while done < EACH {
            let number: u8 = old.as_ref().map_or(0, |value| value[0]);
            match log.set_mark("counter", old.as_deref(), &[number + 1]) {
                Ok(MarkSet::Done) => {
                    done += 1;
                    old = Some(Bytes::from(vec![number + 1]));
                }
                Ok(MarkSet::Other(found)) => old = found,
                Err(error) => panic!("{error}"),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(count);
        }
    });
    let total = u8::try_from(3 * EACH).unwrap();
    assert_eq!(log.mark("counter").unwrap().unwrap(), [total].as_slice());
}
