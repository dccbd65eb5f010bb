//! Every byte: what was changed behind a book's back is found and named, and never served.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deedbook_book::{
    At, Book, BookError, Broken, ChangeQuery, OpenOptions, Verification, verify, verify_folder,
};
use deedbook_log::{Access, Log, MemoryLog, ReadLimit, SqliteLog};
use deedbook_model::{
    Batch, Change, Idempotency, KeyLimits, RememberedKey, RequestDigest, Revision, StoredBatch,
};
use deedbook_rules::{Command, Record, Write};
use deedbook_testkit::check::Dice;
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::faulty_log::{Damage, FaultyLog, flipped};
use rusqlite::Connection;

use crate::compare::book_on;
use crate::scratch;

/// Whether every byte is tried, however long it takes.
fn is_full() -> bool {
    std::env::var("DEEDTEST_SWEEP").is_ok_and(|sweep| sweep == "full")
}

/// Makes a small history: several batches, some of several changes, a removal and a snapshot.
fn live_a_little(book: &Book) {
    let do_it = |writes| {
        let key = book.view().revision().to_string();
        let idempotency = Idempotency {
            key: key.parse().unwrap(),
            digest: RequestDigest::of(&[]),
            limits: KeyLimits::default(),
        };
        let command = Command {
            writes,
            idempotency: Some(idempotency),
            ..Command::of("ada", numbered(0))
        };
        book.execute(command).unwrap();
    };
    let remove = |number| Write::Remove {
        key: uuid_of_number(number).into(),
        expected: None,
    };
    do_it(vec![numbered(1)]);
    do_it(vec![numbered(2), remove(1), numbered(3)]);
    book.snapshot().unwrap();
    do_it(vec![remove(3), numbered(4)]);
    do_it(vec![numbered(5)]);
}

/// What a book gives when nothing is wrong with it.
struct Truth {
    records: Vec<Arc<Record>>,
    keys: Vec<RememberedKey>,
    past: Vec<Vec<Arc<Record>>>,
    changes: Vec<Change>,
    floor: Revision,
}

impl Truth {
    fn of(book: &Book) -> Truth {
        let floor = book.stats().unwrap().floor;
        let end = book.view().revision();
        Truth {
            records: all(&book.view()),
            keys: keys(&book.view()),
            past: (floor.0..=end.0)
                .map(|revision| all(&book.view_at(At::Revision(Revision(revision))).unwrap()))
                .collect(),
            changes: changes(book, floor).unwrap(),
            floor,
        }
    }

    /// Whatever the book gives is true; says whether it gave everything.
    #[track_caller]
    fn check(&self, book: &Book, how: &str) -> bool {
        assert!(all(&book.view()) == self.records, "{how}: another state");
        assert!(keys(&book.view()) == self.keys, "{how}: other keys");
        let mut whole = true;
        for (records, revision) in self.past.iter().zip(self.floor.0..) {
            match book.view_at(At::Revision(Revision(revision))) {
                Ok(view) => assert!(all(&view) == *records, "{how}: another past"),
                Err(_) => whole = false,
            }
        }
        match changes(book, self.floor) {
            Ok(changes) => assert!(changes == self.changes, "{how}: other changes"),
            Err(_) => whole = false,
        }
        whole
    }
}

fn all(state: &deedbook_rules::State) -> Vec<Arc<Record>> {
    state.records().cloned().collect()
}

fn keys(state: &deedbook_rules::State) -> Vec<RememberedKey> {
    state.remembered_keys().copied().collect()
}

fn changes(book: &Book, floor: Revision) -> Result<Vec<Change>, BookError> {
    book.changes(&ChangeQuery {
        after: floor,
        limit: usize::MAX,
        ..ChangeQuery::default()
    })
}

#[track_caller]
fn broken(verified: Verification, how: &str) -> Broken {
    assert!(!verified.ok, "{how}: not found");
    verified.broken.unwrap()
}

/// The revision that a flip at that byte of a batch is to be blamed on.
fn revision_of_byte(stored: &StoredBatch, at: usize) -> Revision {
    let header = u32::from_le_bytes(stored.bytes[36..40].try_into().unwrap());
    let mut end = 40 + usize::try_from(header).unwrap();
    for change in Batch::open(stored).unwrap().changes {
        if at < end {
            break;
        }
        if let Some(record) = &change.record {
            end += 1 + 16 + record.len();
        }
        if at < end {
            return change.revision;
        }
    }
    stored.first
}

fn batches(log: &dyn Log) -> Vec<StoredBatch> {
    let after = log.floor().unwrap();
    log.read(after, ReadLimit::default()).unwrap()
}

/// Every byte of every batch, chunk and finish, each with the part that has to be named.
fn flips(log: &dyn Log) -> Vec<(Damage, Broken)> {
    let mut flips = Vec::new();
    for batch in batches(log) {
        for at in 0..batch.bytes.len() {
            let first = batch.first;
            let revision = Some(revision_of_byte(&batch, at));
            let named = Broken {
                revision,
                ..Broken::default()
            };
            flips.push((Damage::Batch { first, at }, named));
        }
    }
    for revision in log.snapshots().unwrap() {
        let named = Broken {
            snapshot: Some(revision),
            ..Broken::default()
        };
        let info = log.snapshot(revision).unwrap().unwrap();
        for at in 0..info.encode().len() {
            flips.push((Damage::Finish { revision, at }, named.clone()));
        }
        for (number, _) in (0..).zip(&info.chunks) {
            for at in 0..log.chunk(revision, number).unwrap().len() {
                let chunk = Damage::Chunk {
                    revision,
                    number,
                    at,
                };
                flips.push((chunk, named.clone()));
            }
        }
    }
    flips
}

#[track_caller]
fn assert_named(found: &Broken, wanted: &Broken, how: &str) {
    let parts = |broken: &Broken| (broken.revision, broken.snapshot);
    assert_eq!(parts(found), parts(wanted), "{how}: {found:?}");
}

#[test]
fn every_byte_of_a_log_is_checked_and_its_place_named() {
    for compacted in [false, true] {
        let inner = MemoryLog::default();
        let book = book_on(inner.clone());
        live_a_little(&book);
        if compacted {
            let end = book.view().revision();
            book.compact(Revision(end.0 - 1)).unwrap();
            book.snapshot().unwrap();
        }
        let truth = Truth::of(&book);
        let log = FaultyLog::around(Arc::new(inner));
        let mut dice = Dice::new();
        for (damage, wanted) in flips(&log) {
            let bits = 1 << dice.below(8);
            log.damage(Some((damage, bits)));
            let how = format!("{damage:?} {bits:#x}");
            let found = broken(verify(&log, None).unwrap(), &how);
            assert_named(&found, &wanted, &how);
            let opened = Book::with_log(Arc::new(log.clone()), &OpenOptions::default());
            if let Ok(book) = opened {
                assert!(!truth.check(&book, &how), "{how}: everything was given");
            }
        }
    }
}

/// A small closed book in a folder, with an artifact and marks.
fn small_book(folder: &Path, compacted: bool) -> Truth {
    let access = Access::Write {
        wait: std::time::Duration::ZERO,
        create: true,
    };
    let log = SqliteLog::open(folder, access).unwrap();
    log.put_artifact(&"a small picture".into()).unwrap();
    log.put_artifact(&"another".into()).unwrap();
    log.set_mark("sink a", None, b"17").unwrap();
    log.set_mark("sink b", None, b"").unwrap();
    drop(log);
    let book = Book::open(folder, &OpenOptions::default()).unwrap();
    live_a_little(&book);
    if compacted {
        book.compact(Revision(book.view().revision().0 - 1))
            .unwrap();
        book.snapshot().unwrap();
    }
    let truth = Truth::of(&book);
    book.close().unwrap();
    truth
}

/// What a row's column holds, changed in one place.
struct RowFlip {
    sql: String,
    value: rusqlite::types::Value,
    how: String,
    /// The part that has to be named; `None`: any.
    named: Option<Broken>,
}

fn blob_flip(table: &str, column: &str, place: &str, bytes: &[u8], at: usize) -> RowFlip {
    RowFlip {
        sql: format!("UPDATE {table} SET {column} = ?1 WHERE {place}"),
        value: flipped(bytes, at, 1 << (at % 8)).to_vec().into(),
        how: format!("{table}.{column} where {place}, byte {at}"),
        named: None,
    }
}

/// Flips of what identifies rows, and of small values, without what must be named.
fn column_flips(connection: &Connection) -> Vec<RowFlip> {
    let mut flips = Vec::new();
    let columns = [
        ("batch", "first"),
        ("batch", "last"),
        ("batch", "chain"),
        ("snapshot", "revision"),
        ("snapshot", "attempt"),
        ("chunk", "revision"),
        ("chunk", "attempt"),
        ("chunk", "number"),
        ("artifact", "id"),
        ("artifact", "bytes"),
        ("mark", "name"),
        ("mark", "value"),
        ("mark", "checksum"),
        ("book", "bytes"),
    ];
    for (table, column) in columns {
        let sql = format!("SELECT rowid, {column} FROM {table} NOT INDEXED");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        for row in rows {
            let (id, value): (i64, rusqlite::types::Value) = row.unwrap();
            let place = format!("rowid = {id}");
            match value {
                rusqlite::types::Value::Integer(number) => {
                    flips.extend((0..63).map(|bit| RowFlip {
                        sql: format!("UPDATE {table} SET {column} = ?1 WHERE {place}"),
                        value: (number ^ (1 << bit)).into(),
                        how: format!("{table}.{column} where {place}, bit {bit}"),
                        named: None,
                    }));
                }
                rusqlite::types::Value::Blob(bytes) => flips.extend(
                    (0..bytes.len()).map(|at| blob_flip(table, column, &place, &bytes, at)),
                ),
                rusqlite::types::Value::Text(text) => {
                    for at in 0..text.len() {
                        let flip = blob_flip(table, column, &place, text.as_bytes(), at);
                        let sql = flip.sql.replace("?1", "CAST(?1 AS TEXT)");
                        flips.push(RowFlip { sql, ..flip });
                    }
                }
                other => panic!("{table}.{column}: {other:?}"),
            }
        }
    }
    flips
}

/// Flips of the bytes of batches and snapshots, with the part that has to be named.
fn stored_flips(log: &dyn Log) -> Vec<RowFlip> {
    let by_first = batches(log);
    let stored = |damage: &Damage| match damage {
        Damage::Batch { first, at } => {
            let batch = by_first.iter().find(|batch| batch.first == *first).unwrap();
            blob_flip(
                "batch",
                "bytes",
                &format!("first = {first}"),
                &batch.bytes,
                *at,
            )
        }
        Damage::Chunk {
            revision,
            number,
            at,
        } => {
            let place = format!("revision = {revision} AND number = {number}");
            let bytes = log.chunk(*revision, *number).unwrap();
            blob_flip("chunk", "bytes", &place, &bytes, *at)
        }
        Damage::Finish { revision, at } => {
            let finish = log.snapshot(*revision).unwrap().unwrap().encode();
            let place = format!("revision = {revision}");
            blob_flip("snapshot", "finish", &place, &finish, *at)
        }
    };
    flips(log)
        .iter()
        .map(|(damage, named)| RowFlip {
            named: Some(named.clone()),
            ..stored(damage)
        })
        .collect()
}

#[test]
fn every_byte_of_the_stored_rows_is_checked() {
    for compacted in [false, true] {
        let folder = scratch::folder();
        let truth = small_book(folder.path(), compacted);
        let database = folder.path().join("log.sqlite");
        let sound = std::fs::read(&database).unwrap();
        let log = SqliteLog::open(folder.path(), Access::Read).unwrap();
        let mut flips = stored_flips(&log);
        drop(log);
        flips.extend(column_flips(&Connection::open(&database).unwrap()));
        let stride = if is_full() { 1 } else { 23 };
        let from = Dice::new().below(stride);
        let (from, stride) = (
            usize::try_from(from).unwrap(),
            usize::try_from(stride).unwrap(),
        );
        for flip in flips.iter().skip(from).step_by(stride) {
            std::fs::write(&database, &sound).unwrap();
            let connection = Connection::open(&database).unwrap();
            // A constraint may refuse it.
            if connection.execute(&flip.sql, [&flip.value]).is_err() {
                continue;
            }
            drop(connection);
            let found = broken(verify_folder(folder.path(), None).unwrap(), &flip.how);
            if let Some(named) = &flip.named {
                assert_named(&found, named, &flip.how);
            }
            if let Ok(book) = Book::open_read_only(folder.path()) {
                truth.check(&book, &flip.how);
            }
        }
        std::fs::write(&database, &sound).unwrap();
        assert!(verify_folder(folder.path(), None).unwrap().ok);
    }
}

/// The files of a small book, as a finished process leaves them, or one that is still running.
fn folder_of_files(is_running: bool) -> (Truth, Vec<(std::path::PathBuf, Vec<u8>)>) {
    let folder = scratch::folder();
    let truth = small_book(folder.path(), true);
    let running = is_running.then(|| {
        let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
        book.execute(Command::of("ada", numbered(9))).unwrap();
        book
    });
    let truth = running.as_ref().map_or(truth, Truth::of);
    let mut files = scratch::files_in(folder.path());
    for (path, _) in &mut files {
        *path = path.strip_prefix(folder.path()).unwrap().to_owned();
    }
    assert_eq!(
        is_running,
        files
            .iter()
            .any(|(path, _)| path.ends_with("log.sqlite-wal"))
    );
    (truth, files)
}

/// Tries one flip: found, harmless, or refused; then the same for a writer.
fn try_flip(
    truth: &Truth,
    files: &[(std::path::PathBuf, Vec<u8>)],
    which: usize,
    at: usize,
    bits: u8,
) {
    let (path, bytes) = &files[which];
    let how = format!("{} byte {at} bits {bits:#x}", path.display());
    let folder = scratch::folder();
    scratch::put_files(files, folder.path());
    std::fs::write(folder.path().join(path), flipped(bytes, at, bits)).unwrap();
    // What couldn't be checked is no success either.
    let found = !verify_folder(folder.path(), None).is_ok_and(|verified| verified.ok);
    if let Ok(book) = Book::open_read_only(folder.path()) {
        let whole = truth.check(&book, &how);
        assert!(
            whole || found,
            "{how}: not found, but something can't be read"
        );
    } else {
        assert!(found, "{how}: not found, but can't be opened");
    }
    if let Ok(book) = Book::open(folder.path(), &OpenOptions::default()) {
        let whole = truth.check(&book, &how);
        book.close().unwrap();
        let found = !verify_folder(folder.path(), None).is_ok_and(|verified| verified.ok);
        assert!(
            whole || found,
            "{how}: not found after it was opened for writing"
        );
    }
}

#[test]
fn a_flipped_byte_of_any_file_is_found_harmless_or_refused() {
    for is_running in [false, true] {
        let (truth, files) = folder_of_files(is_running);
        let mut dice = Dice::new();
        // Page headers and short files often, the rest with a stride.
        let mut places = Vec::new();
        for (which, (path, bytes)) in files.iter().enumerate() {
            let belongs_to_it = !path.to_string_lossy().starts_with("projection");
            let stride = match (is_full(), belongs_to_it) {
                (true, true) => 1,
                (true, false) => 97,
                (false, true) => 250,
                (false, false) => 4001,
            };
            let mut at = dice.below(stride);
            while let Some(place) = usize::try_from(at).ok().filter(|at| *at < bytes.len()) {
                places.push((which, place, 1 << dice.below(8)));
                at += 1 + if stride > 1 {
                    dice.below(2 * stride)
                } else {
                    0
                };
            }
        }
        println!("{} flips", places.len());
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((which, at, bits)) =
                        places.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        try_flip(&truth, &files, *which, *at, *bits);
                    }
                });
            }
        });
    }
}
