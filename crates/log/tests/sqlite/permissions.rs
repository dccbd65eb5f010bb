//! A user who may read the folder but not write to it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use deedbook_log::conformance::sample::fill;

use crate::book::{self, Frozen, create};
use crate::child::Worker;

/// A folder that everybody may read, and a copy of this binary that everybody may run. `None` where
/// this process can't become another user.
fn stage() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    if fs::metadata(folder.path()).unwrap().uid() != 0 {
        println!("skipped: only root can become another user");
        return None;
    }
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    Some((folder, program))
}

fn readable(dir: &Path) {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

fn ask(program: &Path, task: &str, dir: &Path) -> String {
    let mut worker = Worker::start_as_nobody(program, task, dir);
    worker.answer().unwrap()
}

#[test]
fn a_closed_book_can_be_read_and_not_written() {
    let Some((folder, program)) = stage() else {
        return;
    };
    let dir = folder.path().join("book");
    let log = create(&dir);
    book::fill(&log);
    drop(log);
    readable(&dir);
    assert_eq!(ask(&program, "read", &dir), "ok");
    let refused = ask(&program, "write", &dir);
    assert!(refused.starts_with("denied write: "), "{refused}");
}

#[test]
fn a_book_beside_its_writer_can_be_read() {
    let Some((folder, program)) = stage() else {
        return;
    };
    let dir = folder.path().join("book");
    let log = create(&dir);
    book::fill(&log);
    readable(&dir);
    assert_eq!(ask(&program, "read", &dir), "ok");
}

#[test]
fn a_still_file_is_followed_when_a_writer_comes_and_goes() {
    let Some((folder, program)) = stage() else {
        return;
    };
    let dir = folder.path().join("book");
    let mut head = fill(&create(&dir), &[2])[0].head();
    readable(&dir);
    let mut worker = Worker::start_as_nobody(&program, "follow", &dir);
    assert_eq!(worker.answer().unwrap(), head.to_string());
    for _ in 0..3 {
        let log = create(&dir);
        readable(&dir);
        for _ in 0..3 {
            head = fill(&log, &[40])[0].head();
            worker.tell();
            assert_eq!(worker.answer().unwrap(), head.to_string());
        }
        drop(log);
        worker.tell();
        assert_eq!(worker.answer().unwrap(), head.to_string());
    }
}

#[test]
fn a_write_ahead_log_without_its_index_is_explained() {
    let Some((folder, program)) = stage() else {
        return;
    };
    let dir = folder.path().join("book");
    let log = create(&dir);
    book::fill(&log);
    let left = Frozen::of_live(&dir);
    drop(log);
    left.thaw(&dir);
    readable(&dir);
    assert_eq!(ask(&program, "read", &dir), "ok", "with the index");
    left.without("log.sqlite-shm").thaw(&dir);
    readable(&dir);
    let refused = ask(&program, "read", &dir);
    assert!(
        refused.starts_with("denied read: ") && refused.contains("write permission"),
        "{refused}"
    );
    // Once the owner has run a command, all is well again.
    drop(create(&dir));
    readable(&dir);
    assert_eq!(ask(&program, "read", &dir), "ok");
}

#[test]
fn a_closed_folder_is_denied() {
    let Some((folder, program)) = stage() else {
        return;
    };
    let dir = folder.path().join("book");
    drop(create(&dir));
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    for (task, action) in [("read", "read"), ("write", "write")] {
        let refused = ask(&program, task, &dir);
        assert!(
            refused.starts_with(&format!("denied {action}: ")),
            "{refused}"
        );
    }
}

#[test]
fn the_folder_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/b");
    create(&dir);
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
}
