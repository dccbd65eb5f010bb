//! The tables beside a book hold what the book holds, and are made anew whenever in doubt.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{Book, ChangeQuery, OpenOptions, PROJECTION_FILE, View, restore};
use deedbook_log::{Access, Appended, Log, ReadLimit, SqliteLog};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::{
    Batch, Change, CommandInfo, Envelope, Generation, Kind, Revision, Verb, WriterId,
};
use deedbook_rules::{Command, State};
use deedbook_testkit::check::{Dice, for_all};
use deedbook_testkit::components::numbered;
use deedbook_testkit::faulty_log::flipped;
use deedbook_testkit::history::{Past, plans, replay};
use deedbook_testkit::wait;
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::scratch;

type Row = (String, String, i64, i64, String, Value);

fn tables(folder: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    Connection::open_with_flags(folder.join(PROJECTION_FILE), flags).unwrap()
}

fn rows_of_table(tables: &Connection) -> Vec<Row> {
    let mut statement = tables
        .prepare(
            "SELECT kind, key, generation, revision, checksum, json(record) FROM records \
             ORDER BY kind, key",
        )
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let record: String = row.get(5)?;
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            serde_json::from_str(&record).unwrap(),
        ))
    };
    statement
        .query_map([], row)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn rows_of_state(state: &State) -> Vec<Row> {
    let rows = state.records().filter_map(|record| {
        let bytes = record.bytes.as_deref()?;
        // Records that aren't envelopes are of a later release.
        let envelope = Envelope::read(bytes).ok()?;
        Some((
            record.kind.to_string(),
            record.key.to_string(),
            i64::try_from(record.generation.0).unwrap(),
            i64::try_from(record.revision.0).unwrap(),
            envelope.checksum.to_string(),
            serde_json::from_slice(bytes).unwrap(),
        ))
    });
    rows.collect()
}

/// The tables of a closed book hold its state, and nothing else.
#[track_caller]
pub(crate) fn assert_tables_equal(folder: &Path, state: &State) {
    let tables = tables(folder);
    assert_eq!(rows_of_table(&tables), rows_of_state(state));
    let one = |sql: &str| {
        tables
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let revision = i64::try_from(state.revision().0).unwrap();
    assert_eq!(one("SELECT revision FROM projection"), revision);
    assert_eq!(one("SELECT count(*) FROM projection"), 1);
    let mut tags = BTreeMap::new();
    let mut components = BTreeMap::new();
    for facts in state.records().filter_map(|record| record.component()) {
        for tag in facts.tags().iter() {
            tags.insert((facts.uuid().to_string(), tag.to_string()), ());
        }
        let told = (
            facts.name().to_string(),
            facts.version().to_string(),
            facts.lifecycle.as_str().to_owned(),
        );
        components.insert(facts.uuid().to_string(), told);
    }
    let mut statement = tables
        .prepare("SELECT key, tag FROM record_tags ORDER BY 1, 2")
        .unwrap();
    let found = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let found: Vec<(String, String)> = found.map(Result::unwrap).collect();
    assert!(found.iter().eq(tags.keys()));
    let mut statement = tables
        .prepare("SELECT uuid, name, version, lifecycle FROM records WHERE uuid IS NOT NULL")
        .unwrap();
    let found = statement
        .query_map([], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
        })
        .unwrap();
    let found: BTreeMap<String, (String, String, String)> = found.map(Result::unwrap).collect();
    assert_eq!(found, components);
}

fn assert_changes_equal(folder: &Path, changes: &[Change]) {
    let tables = tables(folder);
    let mut statement = tables
        .prepare(
            "SELECT revision, command_first, command_last, time, kind, key, verb, generation, \
             previous, actor, reason, ticket, request_id FROM changes ORDER BY revision",
        )
        .unwrap();
    let text = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Vec<Value>> {
        (0..13)
            .map(|column| {
                Ok(match row.get_ref(column)? {
                    rusqlite::types::ValueRef::Integer(number) => Value::from(number),
                    rusqlite::types::ValueRef::Text(text) => {
                        Value::from(String::from_utf8_lossy(text).into_owned())
                    }
                    _ => Value::Null,
                })
            })
            .collect()
    };
    let found: Vec<_> = statement
        .query_map([], text)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let wanted = changes.iter().map(|change| {
        let command = &change.command;
        serde_json::json!([
            change.revision,
            command.first,
            command.last,
            command.time,
            change.kind,
            &*change.key,
            change.verb.as_str(),
            change.generation,
            change.previous,
            command.actor,
            command.reason,
            command.ticket,
            command.request_id
        ])
    });
    let found = found.into_iter().map(Value::from);
    assert!(found.eq(wanted));
}

/// What a book held when it was closed.
struct Closed {
    view: std::sync::Arc<View>,
    changes: Vec<Change>,
}

impl Closed {
    fn after(&self, floor: Revision) -> &[Change] {
        let before = self
            .changes
            .iter()
            .filter(|change| change.revision <= floor);
        &self.changes[before.count()..]
    }
}

/// Closes a book; whoever holds one of its clones holds the folder.
fn close(book: Book) -> Closed {
    let query = ChangeQuery {
        after: book.stats().unwrap().floor,
        limit: usize::MAX,
        ..ChangeQuery::default()
    };
    book.close().unwrap();
    Closed {
        view: book.view(),
        changes: book.changes(&query).unwrap(),
    }
}

/// Opens the book for writing until its tables are up to date.
fn project(folder: &Path) -> Closed {
    let book = Book::open(folder, &OpenOptions::default()).unwrap();
    wait_for_tables(&book);
    close(book)
}

pub(crate) fn wait_for_tables(book: &Book) {
    wait::until("the tables are up to date", || {
        let status = book.stats().unwrap().projection.unwrap();
        assert_eq!(status.error, None);
        status.lag == 0
    });
}

fn put_past(past: &Past, batches: usize, folder: &Path) {
    let access = Access::Write {
        wait: std::time::Duration::ZERO,
        create: true,
    };
    let log = SqliteLog::open(folder, access).unwrap();
    replay(&past.batches[..batches], &log);
}

#[test]
fn the_tables_hold_the_state_and_all_changes() {
    for_all(40, &(plans(6), any::<u16>()), |(plan, part)| {
        let past = Past::of(&plan);
        let folder = scratch::folder();
        // In two goes: the second goes on from the first one's mark.
        let first = 1 + usize::from(part) % past.batches.len();
        put_past(&past, first, folder.path());
        project(folder.path());
        let access = Access::Write {
            wait: std::time::Duration::ZERO,
            create: false,
        };
        let log = SqliteLog::open(folder.path(), access).unwrap();
        replay(&past.batches[first..], &log);
        drop(log);
        project(folder.path());
        assert_tables_equal(folder.path(), past.newest());
        assert_changes_equal(folder.path(), &past.changes);
    });
}

fn live_book(folder: &Path) -> Closed {
    let book = Book::open(folder, &OpenOptions::default()).unwrap();
    for number in 0..6 {
        book.execute(Command::of("ada", numbered(number))).unwrap();
    }
    close(book)
}

#[test]
fn tables_that_are_gone_old_foreign_or_ahead_are_made_anew() {
    let folder = scratch::folder();
    let book = live_book(folder.path());
    let file = folder.path().join(PROJECTION_FILE);
    let spoils: [(&str, &dyn Fn()); 8] = [
        ("deleted", &|| std::fs::remove_file(&file).unwrap()),
        ("empty", &|| std::fs::write(&file, "").unwrap()),
        ("no database", &|| {
            std::fs::write(&file, "x".repeat(9000)).unwrap()
        }),
        ("of an old version", &|| {
            change(&file, "UPDATE projection SET version = 0")
        }),
        ("of another lineage", &|| {
            change(&file, "UPDATE projection SET lineage = 'f00d'")
        }),
        ("of another history", &|| {
            change(&file, "UPDATE projection SET chain = 'f00d'")
        }),
        ("ahead", &|| {
            change(&file, "UPDATE projection SET revision = 99")
        }),
        ("without a mark", &|| {
            change(&file, "DELETE FROM projection")
        }),
    ];
    for (what, spoil) in spoils {
        // A row that doesn't belong there shows whether they were made anew.
        change(
            &file,
            "INSERT INTO record_tags VALUES ('component', 'nobody', 'stray')",
        );
        spoil();
        project(folder.path());
        println!("{what}");
        assert_tables_equal(folder.path(), &book.view);
        assert_changes_equal(folder.path(), &book.changes);
    }
}

fn change(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn tables_of_a_restored_book_begin_anew() {
    let folder = scratch::folder();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    live_book(&one);
    let mut backup = Vec::new();
    let book = Book::open_read_only(&one).unwrap();
    book.backup(&mut backup).unwrap();
    restore(&two, "ada", &mut &backup[..])
        .unwrap()
        .close()
        .unwrap();
    // The tables of the book it was restored from are of another lineage.
    std::fs::copy(one.join(PROJECTION_FILE), two.join(PROJECTION_FILE)).unwrap();
    change(
        &two.join(PROJECTION_FILE),
        "INSERT INTO record_tags VALUES ('component', 'nobody', 'stray')",
    );
    let restored = project(&two);
    assert_tables_equal(&two, &restored.view);
    assert_changes_equal(&two, &restored.changes);
}

#[test]
fn a_compacted_book_has_its_records_and_the_changes_from_the_floor_on() {
    let folder = scratch::folder();
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    for number in 0..6 {
        book.execute(Command::of("ada", numbered(number))).unwrap();
    }
    wait_for_tables(&book);
    let floor = book.compact(Revision(4)).unwrap();
    assert_eq!(floor, Revision(4));
    let book = close(book);
    // Tables that were there before keep what they have.
    assert_changes_equal_from(folder.path(), Revision(1));
    std::fs::remove_file(folder.path().join(PROJECTION_FILE)).unwrap();
    project(folder.path());
    assert_tables_equal(folder.path(), &book.view);
    assert_changes_equal(folder.path(), book.after(floor));
    // Again with the floor at the head.
    let again = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    let floor = again.compact(again.view().revision()).unwrap();
    close(again);
    project(folder.path());
    assert_changes_equal_from(folder.path(), Revision(5));
    std::fs::remove_file(folder.path().join(PROJECTION_FILE)).unwrap();
    project(folder.path());
    assert_tables_equal(folder.path(), &book.view);
    assert_changes_equal(folder.path(), book.after(floor));
}

fn assert_changes_equal_from(folder: &Path, first: Revision) {
    let tables = tables(folder);
    let found = tables
        .query_row("SELECT min(revision) FROM changes", [], |row| {
            row.get::<_, i64>(0)
        })
        .unwrap();
    assert_eq!(u64::try_from(found).unwrap(), first.0);
}

#[test]
fn a_damaged_file_of_tables_is_made_anew_and_never_hurts_the_book() {
    const PAGE: usize = 4096;
    let folder = scratch::folder();
    let book = live_book(folder.path());
    let file = folder.path().join(PROJECTION_FILE);
    let mut number = 100;
    let mut write_on = |spoiled: &[u8], how: &str| {
        std::fs::write(&file, spoiled).unwrap();
        let writer = Book::open(folder.path(), &OpenOptions::default()).unwrap();
        writer
            .execute(Command::of("ada", numbered(number)))
            .unwrap();
        number += 1;
        wait::until("the tables follow", || {
            let status = writer.stats().unwrap().projection.unwrap();
            assert_eq!(status.error, None, "{how}");
            status.lag == 0
        });
        writer.close().unwrap();
        assert_eq!(writer.view().live(), book.view.live() + number - 100);
        std::fs::read(&file).unwrap()
    };
    let mut sound = std::fs::read(&file).unwrap();
    for page in 0..sound.len() / PAGE {
        let mut spoiled = sound.clone();
        spoiled[page * PAGE..(page + 1) * PAGE].fill(0xff);
        sound = write_on(&spoiled, &format!("page {page}"));
    }
    // The version that a writer must know.
    let mut spoiled = sound.clone();
    spoiled[18] ^= 64;
    sound = write_on(&spoiled, "byte 18");
    let mut dice = Dice::new();
    for round in 0..30 {
        // The first page decides whether it is a database at all.
        let end = if round % 2 == 0 { 200 } else { sound.len() };
        let at = dice.below(u64::try_from(end).unwrap());
        let bits = 1 << dice.below(8);
        let spoiled = flipped(&sound, usize::try_from(at).unwrap(), bits);
        sound = write_on(&spoiled, &format!("byte {at} bits {bits}"));
    }
}

/// Appends a record of a kind that this release doesn't know, its data nested so deep.
fn append_nested(folder: &Path, depth: usize) {
    let access = Access::Write {
        wait: Duration::ZERO,
        create: false,
    };
    let log = SqliteLog::open(folder, access).unwrap();
    let mut state = State::empty();
    for stored in log.read(Revision::ZERO, ReadLimit::default()).unwrap() {
        let batch = Batch::open(&stored).unwrap();
        batch.changes.iter().for_each(|change| state.evolve(change));
    }
    let revision = state.revision().next();
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let record = format!(
        concat!(
            r#"{{"kind":"later","key":"deep","generation":1,"revision":{},"checksum":"00","#,
            r#""createdAt":"2026-03-02T10:00:00Z","updatedAt":"2026-03-02T10:00:00Z","#,
            r#""annotations":{{}},"data":{}{}}}"#
        ),
        revision, open, close
    );
    let command = CommandInfo {
        first: revision,
        last: revision,
        time: state.time(),
        actor: "a later release".to_owned(),
        reason: "it may".to_owned(),
        ticket: None,
        request_id: None,
        keyed: None,
    };
    let change = Change {
        revision,
        command: Arc::new(command.clone()),
        kind: Kind::named("later"),
        key: "deep".into(),
        verb: Verb::REGISTERED,
        generation: Generation(1),
        previous: None,
        record: Some(record.into()),
    };
    state.evolve(&change);
    let head = log.head().unwrap();
    let mut batch = BatchBuilder::new(head, WriterId([9; 16]), 1);
    batch.push(&command, &[change], || [0; 16]);
    let batch = batch.finish(state.root(), state.live());
    assert_eq!(log.append(head, &batch).unwrap(), Appended::Done);
}

#[test]
fn what_is_nested_too_deep_for_the_tables_stops_nothing() {
    for depth in [900, 5000] {
        let folder = scratch::folder();
        let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
        book.execute(Command::of("ada", numbered(0))).unwrap();
        close(book);
        append_nested(folder.path(), depth);
        let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
        book.execute(Command::of("ada", numbered(1))).unwrap();
        wait_for_tables(&book);
        close(book);
        let shown: (String, bool, i64) = tables(folder.path())
            .query_row(
                "SELECT checksum, json(record) = 'null', (SELECT count(*) FROM records) \
                 FROM records WHERE kind = 'later'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(shown, ("00".to_owned(), depth > 1000, 4));
    }
}
