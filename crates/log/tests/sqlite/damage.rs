//! One flipped byte or a cut in any file: an error, or exactly the content that was written.
//!
//! The ordinary run flips every n-th byte; `DEEDTEST_SWEEP=full` flips all of them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use deedbook_log::conformance::sample;
use deedbook_log::{Log, LogError, SqliteLog};

use crate::book::{Content, Frozen, WRITE, content, create, fill, read};

/// Flips per file in the ordinary run, about.
const FLIPS: usize = 300;

fn stride(length: usize) -> usize {
    match std::env::var("DEEDTEST_SWEEP") {
        Ok(full) if full == "full" => 1,
        // Odd, so that every column of a page's tables is met.
        _ => (length / FLIPS) | 1,
    }
}

/// A book that was closed: all is in the database.
fn closed() -> Frozen {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    fill(&log);
    drop(log);
    let frozen = Frozen::of(folder.path());
    assert!(!frozen.has("log.sqlite-wal"));
    frozen
}

/// A book whose last part is still in the write-ahead log.
fn live() -> Frozen {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    sample::fill(&log, &[1, 2]);
    drop(log);
    let log = create(folder.path());
    fill(&log);
    let frozen = Frozen::of_live(folder.path());
    assert!(frozen.has("log.sqlite-wal") && frozen.has("log.sqlite-shm"));
    frozen
}

/// A book of which everything is in the write-ahead log.
fn young() -> Frozen {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    fill(&log);
    Frozen::of_live(folder.path())
}

fn look(dir: &Path) -> Result<Content, LogError> {
    content(&read(dir)?)
}

fn look_for_writing(dir: &Path) -> Result<Content, LogError> {
    content(&SqliteLog::open(dir, WRITE)?)
}

fn original(frozen: &Frozen) -> Content {
    let folder = tempfile::tempdir().unwrap();
    frozen.thaw(folder.path());
    look(folder.path()).unwrap()
}

/// Damages `frozen` in each of these ways, in two threads; says how many were found.
fn sweep<W: Sync>(
    frozen: &Frozen,
    ways: &[W],
    damage: impl Fn(&mut Frozen, &W) + Sync,
    name: impl Fn(&W) -> String + Sync,
) -> usize {
    let expected = original(frozen);
    let found = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                while let Some(way) = ways.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for look in [look, look_for_writing] {
                        let mut damaged = frozen.clone();
                        damage(&mut damaged, way);
                        damaged.thaw(folder.path());
                        match look(folder.path()) {
                            Ok(content) => assert!(content == expected, "{}", name(way)),
                            Err(LogError::Missing { .. }) => panic!("missing: {}", name(way)),
                            Err(_) => {
                                found.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    }
                }
            });
        }
    });
    found.into_inner()
}

fn flip_every_byte(frozen: &Frozen) {
    for (at, (file, bytes)) in frozen.0.iter().enumerate() {
        // Its content is only text for people.
        if file == "writer.lock" {
            continue;
        }
        let ways: Vec<(usize, u8)> = (0..bytes.len())
            .step_by(stride(bytes.len()))
            .map(|byte| {
                (
                    byte,
                    if byte % 2 == 0 {
                        0xff
                    } else {
                        1 << (byte / 2 % 8)
                    },
                )
            })
            .collect();
        let found = sweep(
            frozen,
            &ways,
            |frozen, (byte, mask)| frozen.0[at].1[*byte] ^= mask,
            |(byte, mask)| format!("{file}: byte {byte} ^ {mask:#x}"),
        );
        println!("{file}: {found} of {} flips were found", 2 * ways.len());
        if file == "log.head" {
            assert_eq!(found, 2 * ways.len(), "the side file checks itself");
        }
    }
}

fn cut_everywhere(frozen: &Frozen) {
    for (at, (file, bytes)) in frozen.0.iter().enumerate() {
        if file == "writer.lock" {
            continue;
        }
        let ways: Vec<usize> = (0..bytes.len())
            .step_by(512)
            .chain([1, bytes.len().saturating_sub(1)])
            .filter(|length| *length < bytes.len())
            .collect();
        let found = sweep(
            frozen,
            &ways,
            |frozen, length| frozen.0[at].1.truncate(*length),
            |length| format!("{file}: cut to {length}"),
        );
        println!("{file}: {found} of {} cuts were found", 2 * ways.len());
        // Under a write-ahead log nobody reads the pages that it has anew.
        let is_read = file == "log.head" || !frozen.has("log.sqlite-wal");
        if is_read {
            assert_eq!(found, 2 * ways.len(), "{file}");
        }
    }
}

#[test]
fn no_flip_in_a_closed_book_goes_unnoticed() {
    flip_every_byte(&closed());
}

#[test]
fn no_flip_in_a_book_that_was_left_open_goes_unnoticed() {
    flip_every_byte(&live());
}

#[test]
fn no_flip_in_a_book_that_is_all_write_ahead_log_goes_unnoticed() {
    flip_every_byte(&young());
}

#[test]
fn no_cut_goes_unnoticed() {
    for frozen in [closed(), live(), young()] {
        cut_everywhere(&frozen);
    }
}

#[test]
fn no_missing_file_goes_unnoticed() {
    for frozen in [closed(), live(), young()] {
        for (file, _) in &frozen.0 {
            if file == "writer.lock" || file.ends_with("-shm") {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            frozen.clone().without(file).thaw(folder.path());
            for look in [look, look_for_writing] {
                let outcome = look(folder.path());
                let Err(LogError::Damaged { hint: Some(_), .. }) = outcome else {
                    panic!("without {file}: {outcome:?}");
                };
            }
        }
    }
}

#[test]
fn an_older_copy_of_the_database_is_refused_and_can_be_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let log = create(folder.path());
    let old = sample::fill(&log, &[2, 2]).pop().unwrap().head();
    drop(log);
    let older = Frozen::of(folder.path());
    let log = create(folder.path());
    let new = sample::fill(&log, &[3]).pop().unwrap().head();
    drop(log);
    let side = std::fs::read(folder.path().join("log.head")).unwrap();
    older.thaw(folder.path());
    std::fs::write(folder.path().join("log.head"), side).unwrap();
    for look in [look, look_for_writing] {
        let Err(LogError::Damaged { message, hint, .. }) = look(folder.path()) else {
            panic!("an older copy was taken");
        };
        assert!(message.contains(&new.to_string()), "{message}");
        assert!(hint.unwrap().contains("--accept-head"));
    }
    let accepted = SqliteLog::accept_head(folder.path()).unwrap();
    assert_eq!(accepted, (Some(new), old));
    assert_eq!(create(folder.path()).head().unwrap(), old);
}

#[test]
fn a_missing_or_broken_side_file_can_be_accepted() {
    let frozen = closed();
    let expected = original(&frozen);
    let folder = tempfile::tempdir().unwrap();
    for broken in [None, Some(b"".as_slice()), Some(&[0; 512])] {
        let mut frozen = frozen.clone().without("log.head");
        frozen
            .0
            .extend(broken.map(|bytes| ("log.head".to_owned(), bytes.to_vec())));
        frozen.thaw(folder.path());
        assert!(matches!(look(folder.path()), Err(LogError::Damaged { .. })));
        let (claimed, found) = SqliteLog::accept_head(folder.path()).unwrap();
        assert_eq!(claimed, None);
        assert_eq!(read(folder.path()).unwrap().head().unwrap(), found);
        assert_eq!(look(folder.path()).unwrap(), expected);
    }
}
