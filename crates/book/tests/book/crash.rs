//! kill -9 at any moment: what was acknowledged stays, and no command is half there.
//!
//! `DEEDTEST_KILLS=50` kills so often instead of 15 times.

use std::path::Path;

use deedbook_book::{At, Book, OpenOptions};
use deedbook_model::{Kind, Revision};
use deedbook_rules::{Command, Write};
use deedbook_testkit::check::{Dice, number};
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::process::{Other, say, task};
use serde_json::json;

use crate::compare::assert_same;
use crate::projector::assert_tables_equal;
use crate::scratch;

/// Components of one command.
const TOGETHER: u64 = 3;

/// The number of the first component of a thread's command, and of its last.
fn parts(thread: u64, command: u64) -> std::ops::Range<u64> {
    let first = thread * 1_000_000 + command * TOGETHER;
    first..first + TOGETHER
}

/// Writes to the folder of its task with a few threads until it is killed; says what was
/// acknowledged.
#[test]
fn child_writer() {
    let Some(task) = task() else { return };
    let (from, folder) = task.split_once(' ').unwrap();
    let from: u64 = from.parse().unwrap();
    let book = Book::open(folder.as_ref(), &OpenOptions::default()).unwrap();
    say("open");
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let book = &book;
            scope.spawn(move || write_on(book, thread, from));
        }
        // Snapshots and compactions while others write, as a busy book has them.
        let mut last = Revision::ZERO;
        loop {
            let at = book.snapshot().unwrap();
            book.compact(Revision(at.0.saturating_sub(200))).unwrap();
            std::thread::yield_now();
            while book.view().revision().since(last) < 100 {
                std::thread::park_timeout(std::time::Duration::from_millis(5));
            }
            last = book.view().revision();
        }
    });
}

fn write_on(book: &Book, thread: u64, from: u64) {
    for command in from.. {
        let mut writes: Vec<Write> = parts(thread, command).map(numbered).collect();
        // The last write of a command touches the first one's component again.
        writes.push(Write::Update {
            key: uuid_of_number(parts(thread, command).start).into(),
            patch: json!({"description": "complete"}),
            expected: None,
        });
        let command_of = Command {
            writes,
            ..Command::of("ada", numbered(0))
        };
        let receipt = book.execute(command_of).unwrap();
        say(&format!("{thread} {command} {}", receipt.revision));
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    // On a real disk where there is one: that is what is synced.
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new();
    let kills = number("DEEDTEST_KILLS").unwrap_or(15);
    let mut acknowledged: Vec<(u64, u64, Revision)> = Vec::new();
    for kill in 0..kills {
        let from = kill * 1000;
        let task = format!("{from} {}", folder.path().display());
        let mut other = Other::start("crash::child_writer", &task, None);
        if dice.below(8) > 0 {
            assert_eq!(other.heard().as_deref(), Some("open"));
            for _ in 0..dice.below(60) {
                acknowledged.push(heard(&other.heard().unwrap()));
            }
        }
        let rest = other.kill();
        let rest = rest.iter().filter(|line| *line != "open");
        acknowledged.extend(rest.map(|line| heard(line)));
        check_all(folder.path(), &acknowledged, kill);
    }
    println!("{kills} kills, {} acknowledged", acknowledged.len());
    assert!(!acknowledged.is_empty());
}

fn heard(line: &str) -> (u64, u64, Revision) {
    let words: Vec<u64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
    (words[0], words[1], Revision(words[2]))
}

/// Of a command's components: how many are there, and whether the first was touched again.
fn present(book: &Book, thread: u64, command: u64) -> (usize, bool) {
    let view = book.view();
    let record = |number| {
        let key = uuid_of_number(number).to_string();
        view.record(&Kind::COMPONENT, &key).cloned()
    };
    let parts = parts(thread, command);
    let complete = record(parts.start).is_some_and(|record| record.generation.0 == 2);
    (
        parts.filter(|number| record(*number).is_some()).count(),
        complete,
    )
}

fn check_all(folder: &Path, acknowledged: &[(u64, u64, Revision)], kill: u64) {
    // As it was left, by a reader first.
    if acknowledged.is_empty() && Book::open_read_only(folder).is_err() {
        return;
    }
    let book = Book::open_read_only(folder).unwrap();
    for (thread, command, revision) in acknowledged {
        let found = present(&book, *thread, *command);
        assert_eq!(found, (3, true), "thread {thread}, command {command}");
        assert!(book.view().revision() >= *revision);
    }
    // The commands of this run that nobody heard of: whole or not there.
    for thread in 0..3 {
        let mut command = kill * 1000;
        loop {
            match present(&book, thread, command) {
                (3, true) => command += 1,
                (0, false) => break,
                half => panic!("half of a command: {half:?}"),
            }
        }
    }
    let verified = book.verify(None).unwrap();
    assert!(verified.ok, "{:?}", verified.broken);
    // Then by a writer, whose tables catch up.
    let writer = Book::open(folder, &OpenOptions::default()).unwrap();
    assert_same(&writer.view(), &book.view());
    let head = writer.view().head().revision;
    assert_same(&writer.view_at(At::Revision(head)).unwrap(), &book.view());
    writer.close().unwrap();
    assert_tables_equal(folder, &writer.view());
    drop(book);
    drop(writer);
    assert!(
        scratch::files_in(folder)
            .iter()
            .all(|(path, _)| !path.ends_with("log.sqlite-wal"))
    );
}
