//! What opening does and doesn't do.

use std::fs;

use deedbook_log::conformance::sample::{batch, fill};
use deedbook_log::{Access, Appended, ArtifactId, Log, LogError, SqliteLog};
use deedbook_model::Head;

use crate::book::{self, WRITE, create, read};

const WRITE_EXISTING: Access = Access::Write {
    wait: std::time::Duration::ZERO,
    create: false,
};

#[test]
fn reading_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for dir in [folder.path().join("none"), folder.path().to_owned()] {
        for access in [Access::Read, WRITE_EXISTING] {
            let outcome = SqliteLog::open(&dir, access).map(|_| ());
            assert!(
                matches!(outcome, Err(LogError::Missing { .. })),
                "{outcome:?}"
            );
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_reader_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let head = fill(&create(folder.path()), &[1])[0].head();
    let log = read(folder.path()).unwrap();
    let next = batch(head, 1, "next");
    assert!(matches!(log.append(head, &next), Err(LogError::ReadOnly)));
    let mark = log.set_mark("sink", None, b"1");
    assert!(matches!(mark, Err(LogError::ReadOnly)));
    assert!(matches!(log.claim("sink"), Err(LogError::ReadOnly)));
    assert!(matches!(
        log.compact(head.revision),
        Err(LogError::ReadOnly)
    ));
    assert_eq!(log.head().unwrap(), head);
    assert_eq!(log.dir(), folder.path());
}

#[test]
fn closing_clears_away_the_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    fill(&create(folder.path()), &[1, 1]);
    assert!(!folder.path().join("log.sqlite-wal").exists());
    assert_eq!(
        fs::metadata(folder.path().join("log.head")).unwrap().len(),
        512
    );
}

#[test]
fn a_foreign_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path());
    let path = folder.path().join("log.sqlite");
    fs::remove_file(&path).unwrap();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    for access in [Access::Read, WRITE] {
        let outcome = SqliteLog::open(folder.path(), access).map(|_| ());
        assert!(
            matches!(outcome, Err(LogError::Damaged { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_later_schema_names_the_release_that_would_do() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path());
    let later = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    later
        .execute_batch("PRAGMA user_version = 7; INSERT INTO format VALUES (7, '3.2.0')")
        .unwrap();
    drop(later);
    for access in [Access::Read, WRITE] {
        let outcome = SqliteLog::open(folder.path(), access).map(|_| ());
        let Err(LogError::NewerFormat { format, since, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((format, since.as_str()), (7, "3.2.0"));
    }
}

#[test]
fn a_changed_schema_is_refused() {
    for change in [
        "CREATE TABLE more (x)",
        "CREATE TRIGGER t AFTER INSERT ON batch BEGIN DELETE FROM batch; END",
        "ALTER TABLE batch RENAME COLUMN last TO lost",
        "DROP TABLE mark",
    ] {
        let folder = tempfile::tempdir().unwrap();
        create(folder.path());
        let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
        other.execute_batch(change).unwrap();
        drop(other);
        let outcome = read(folder.path()).map(|_| ());
        assert!(
            matches!(outcome, Err(LogError::Damaged { .. })),
            "{change}: {outcome:?}"
        );
    }
}

#[test]
fn a_batch_taken_out_of_the_middle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let stored = fill(&create(folder.path()), &[2, 3, 2]);
    let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    other
        .execute("DELETE FROM batch WHERE first = 3", [])
        .unwrap();
    drop(other);
    let log = read(folder.path()).unwrap();
    for after in [0, 2, 4] {
        let outcome = log.read(deedbook_model::Revision(after), Default::default());
        let Err(LogError::Damaged { part, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        let named = if after == 4 { 5 } else { 3 };
        assert_eq!(part.to_string(), format!("revision {named}"));
    }
    let rest = log.read(stored[1].last, Default::default()).unwrap();
    assert_eq!(rest, stored[2..]);
}

#[test]
fn a_log_that_falls_back_while_it_is_open_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    let stored = fill(&log, &[2, 3]);
    let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    other
        .execute("DELETE FROM batch WHERE first = 3", [])
        .unwrap();
    assert!(matches!(log.head(), Err(LogError::Damaged { .. })));
    // Nor is anything written over what was lost.
    for head in [stored[1].head(), stored[0].head(), Head::EMPTY] {
        let outcome = log.append(head, &batch(head, 1, "next"));
        assert!(
            matches!(outcome, Err(LogError::Damaged { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_row_that_vanished_is_noticed() {
    for delete in [
        "DELETE FROM mark WHERE name = 'sink/b'",
        "DELETE FROM mark",
        "DELETE FROM artifact WHERE rowid = 2",
        "DELETE FROM artifact",
        "DELETE FROM snapshot WHERE revision = 4",
        "DELETE FROM snapshot",
        "DELETE FROM chunk WHERE number = 1",
        "DELETE FROM book",
        "DELETE FROM batch WHERE first = 1",
        "DELETE FROM batch",
        "UPDATE mark SET value = x'37' WHERE name = 'sink/b'",
        "UPDATE snapshot SET attempt = 3",
        "UPDATE batch SET last = 3 WHERE first = 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        book::fill(&create(folder.path()));
        let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
        assert!(other.execute(delete, []).unwrap() > 0, "{delete}");
        drop(other);
        let outcome = read(folder.path()).and_then(|log| book::content(&log));
        assert!(
            matches!(outcome, Err(LogError::Damaged { .. })),
            "{delete}: {outcome:?}"
        );
    }
}

#[test]
fn a_mark_that_vanished_is_not_taken_for_one_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    book::fill(&create(folder.path()));
    let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    other
        .execute_batch("DELETE FROM mark WHERE name = 'sink/b'; DELETE FROM artifact")
        .unwrap();
    drop(other);
    let log = create(folder.path());
    assert!(matches!(log.mark("sink/b"), Err(LogError::Damaged { .. })));
    let set = log.set_mark("sink/b", None, b"1");
    assert!(matches!(set, Err(LogError::Damaged { .. })), "{set:?}");
    let artifact = log.artifact(ArtifactId::of(b"one"));
    assert!(matches!(artifact, Err(LogError::Damaged { .. })));
    // What is there is still read.
    assert_eq!(log.mark("sink/a").unwrap().unwrap(), b"2".as_slice());
    assert_ne!(log.head().unwrap(), Head::EMPTY);
}

#[test]
fn a_commit_that_could_not_be_noted_is_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    let head = fill(&log, &[2])[0].head();
    let unnoted = batch(head, 3, "committed, and then noting it failed");
    let other = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    other
        .execute(
            "INSERT INTO batch VALUES (3, 5, ?1, ?2)",
            rusqlite::params![unnoted.chain.0, &unnoted.bytes[..]],
        )
        .unwrap();
    let again = log.append(head, &unnoted).unwrap();
    assert_eq!(again, Appended::Moved(unnoted.head()));
    let next = batch(unnoted.head(), 1, "next");
    assert_eq!(log.append(unnoted.head(), &next).unwrap(), Appended::Done);
    assert_eq!(log.head().unwrap(), next.head());
}
