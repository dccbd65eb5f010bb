//! What happened, as the writers were told: nothing of it comes from a watch.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use deedbook_book::{Book, BookError, ChangeFilter};
use deedbook_model::{Kind, Revision};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Write};
use deedbook_testkit::components::{numbered, uuid_of_number};
use serde_json::{Value, json};

/// How many write at once.
pub(crate) const WRITERS: u64 = 8;

/// Records that all write to.
const SHARED: u64 = 6;

/// One change, as its writer was told.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) record: Option<Value>,
}

/// All changes, by revision.
#[derive(Default)]
pub(crate) struct Oracle(Mutex<BTreeMap<u64, Happened>>);

fn value(stored: Option<&Bytes>) -> Option<Value> {
    stored.map(|stored| serde_json::from_slice(stored).unwrap())
}

impl Oracle {
    /// Of a book that was just made.
    pub(crate) fn of(book: &Book) -> Oracle {
        let oracle = Oracle::default();
        let view = book.view();
        assert_eq!(view.revision(), Revision(1));
        oracle.note(view.record(&Kind::BOOK, "book").unwrap());
        oracle
    }

    fn note(&self, record: &deedbook_rules::Record) {
        let happened = Happened {
            kind: record.kind.to_string(),
            key: record.key.to_string(),
            record: value(record.bytes.as_ref()),
        };
        let before = self.0.lock().unwrap().insert(record.revision.0, happened);
        assert!(
            before.is_none(),
            "two changes of revision {}",
            record.revision
        );
    }

    /// Does a command and notes what it did.
    fn execute(&self, book: &Book, command: Command) {
        match book.execute(command) {
            Ok(receipt) => {
                let changed = receipt.outcomes.iter().filter(|outcome| !outcome.unchanged);
                changed.for_each(|outcome| self.note(&outcome.record));
            }
            // Somebody else has removed it.
            Err(BookError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// One writer's part of the history: updates of what all write to, registrations, removals.
    pub(crate) fn write(&self, book: &Book, writer: u64, commands: u64) {
        for number in 0..commands {
            let own = 100 + writer * 1000 + number;
            let mut writes = vec![
                describe((writer + number) % SHARED, &format!("{writer}.{number}")),
                numbered(own),
            ];
            match number % 4 {
                1 => writes.push(describe(1, &format!("again {writer}.{number}"))),
                2 => writes.push(remove(own - 1)),
                3 => writes.truncate(1),
                _ => {}
            }
            let command = Command {
                writes,
                ..Command::of("ada", numbered(0))
            };
            self.execute(book, command);
        }
    }

    /// Registers what all write to.
    pub(crate) fn prepare(&self, book: &Book) {
        for number in 0..SHARED {
            self.execute(book, Command::of("grace", numbered(number)));
        }
    }

    /// The last revision.
    pub(crate) fn head(&self) -> u64 {
        *self.0.lock().unwrap().keys().last().unwrap()
    }

    /// Checks what a watcher saw above a position, each with what it was told of before and after:
    /// every change that fits, once and in order.
    pub(crate) fn check(&self, after: u64, filter: &ChangeFilter, seen: &[Saw]) {
        let changes = self.0.lock().unwrap();
        let dense = changes
            .keys()
            .copied()
            .eq(1..=*changes.keys().last().unwrap());
        assert!(dense, "the writers were told of every revision");
        let mut records: BTreeMap<(&str, &str), &Option<Value>> = BTreeMap::new();
        let mut wanted = Vec::new();
        for (revision, change) in &*changes {
            let before = records.insert((&change.kind, &change.key), &change.record);
            if *revision > after && fits(filter, change) {
                wanted.push(Saw {
                    revision: *revision,
                    record: change.record.clone(),
                    previous: before.cloned().flatten(),
                });
            }
        }
        let revisions = |all: &[Saw]| all.iter().map(|saw| saw.revision).collect::<Vec<_>>();
        assert_eq!(revisions(seen), revisions(&wanted));
        for (saw, wanted) in seen.iter().zip(&wanted) {
            assert_eq!(saw, wanted);
        }
    }
}

/// What a watcher saw of a change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Saw {
    pub(crate) revision: u64,
    pub(crate) record: Option<Value>,
    pub(crate) previous: Option<Value>,
}

fn fits(filter: &ChangeFilter, change: &Happened) -> bool {
    let key = &change.key;
    filter
        .kind
        .as_ref()
        .is_none_or(|kind| kind.as_str() == change.kind)
        && filter.key.as_ref().is_none_or(|wanted| wanted == key)
        && filter
            .key_prefix
            .as_ref()
            .is_none_or(|prefix| key.starts_with(prefix))
}

fn key(number: u64) -> ComponentKey {
    ComponentKey::parse(&uuid_of_number(number).to_string()).unwrap()
}

fn describe(number: u64, text: &str) -> Write {
    Write::Update {
        key: key(number),
        patch: json!({"description": text}),
        expected: None,
    }
}

fn remove(number: u64) -> Write {
    Write::Remove {
        key: key(number),
        expected: None,
    }
}
