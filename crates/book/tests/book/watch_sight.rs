//! What a watcher may see of what changes.

use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{Book, Event, Position, WatchOptions};
use deedbook_model::Revision;
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Write};

use crate::watch::{changes, describe, events, from, key_of, several};

#[test]
fn a_reader_sees_what_it_may_see_and_commands_end_for_it() {
    let book = Book::in_memory().unwrap();
    book.execute(several(0, 4)).unwrap();
    book.execute(Command::of(
        "ada",
        Write::Remove {
            key: ComponentKey::parse(&key_of(1)).unwrap(),
            expected: None,
        },
    ))
    .unwrap();
    let hidden = [key_of(0), key_of(1), key_of(3)];
    for live in [false, true] {
        let keys = hidden.clone();
        let options = WatchOptions {
            may_see: Some(Arc::new(move |change, before| {
                // A removal is seen by whoever could see what was removed.
                let stored = change.record.as_ref().or(before);
                assert!(stored.is_some());
                !keys.iter().any(|key| **key == *change.key)
            })),
            ..from(Position::START)
        };
        let mut watch = book.watch(options).unwrap();
        let seen = events(&mut watch);
        let seen: Vec<(u64, u64)> = seen
            .iter()
            .map(|(event, position)| match event {
                Event::Change(change) => (change.revision.0, position.revision.0),
                other => panic!("{other:?}"),
            })
            .collect();
        // Its own last change of the command ends it.
        let head = if live { 7 } else { 6 };
        assert_eq!(seen, [(1, 1), (4, head)]);
        book.execute(describe(0, "seen by nobody")).unwrap();
        assert!(events(&mut watch).is_empty());
    }
}

#[test]
fn what_was_read_and_may_not_be_seen_any_more_is_left_out() {
    let book = Book::in_memory().unwrap();
    book.execute(several(0, 3)).unwrap();
    book.execute(several(3, 1)).unwrap();
    let mut watch = book.watch(from(Position::START)).unwrap();
    // All of it was read by now; the command of three is handed out in part.
    let mut one = || watch.next(Duration::ZERO);
    let first = (one(), one());
    assert!(matches!(first, (Ok(_), Ok(Event::Change(_)))));
    assert_eq!(watch.position().revision, Revision(1));
    watch.see(Some(Arc::new(|_, _| false)));
    assert!(changes(&mut watch).is_empty());
    assert_eq!(watch.position().revision, book.view().revision());
    book.execute(describe(0, "seen by nobody")).unwrap();
    assert!(changes(&mut watch).is_empty());
    watch.see(None);
    book.execute(describe(0, "seen by all")).unwrap();
    assert_eq!(changes(&mut watch).len(), 1);
}
