//! A full disk changes nothing, is still read, and is written again once there is room.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use deedbook_log::conformance::sample::{batch, fill};
use deedbook_log::{Appended, Log, LogError, SqliteLog};

use crate::book::{self, Frozen, WRITE, content, create, read};

/// A disk of its own, small and gone with this.
struct Disk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    /// `None` where this process may not mount one.
    fn mount(bytes: u64) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(&path)
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            println!("skipped: no permission to mount a small disk");
            return None;
        }
        Some(Disk {
            path,
            _folder: folder,
        })
    }

    fn fill_up(&self) {
        let mut filler = File::create(self.path.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.path.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn assert_full<T: std::fmt::Debug>(outcome: Result<T, LogError>) {
    assert!(matches!(outcome, Err(LogError::Full)), "{outcome:?}");
}

#[test]
fn an_open_log_refuses_and_goes_on_later() {
    let Some(disk) = Disk::mount(4 << 20) else {
        return;
    };
    let log = create(&disk.path.join("book"));
    book::fill(&log);
    let before = content(&log).unwrap();
    let head = log.head().unwrap();
    disk.fill_up();
    let large = batch(head, 2000, "large");
    for _ in 0..3 {
        assert_full(log.append(head, &large));
        assert_full(log.put_artifact(&Bytes::from(vec![b'y'; 300_000])));
        assert_full(log.put_chunk(head.revision, 0, &Bytes::from(vec![b'z'; 300_000])));
        assert_eq!(content(&log).unwrap(), before);
    }
    disk.make_room();
    assert_eq!(log.append(head, &large).unwrap(), Appended::Done);
    assert_eq!(log.head().unwrap(), large.head());
    drop(log);
    assert_eq!(
        read(&disk.path.join("book")).unwrap().head().unwrap(),
        large.head()
    );
}

fn left_behind(dir: &Path, without: &str) -> Frozen {
    let log = create(dir);
    book::fill(&log);
    Frozen::of_live(dir).without(without)
}

#[test]
fn a_book_that_was_left_open_can_be_read() {
    let Some(disk) = Disk::mount(4 << 20) else {
        return;
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let left = left_behind(elsewhere.path(), "log.sqlite-shm");
    let expected = content(&read(elsewhere.path()).unwrap()).unwrap();
    let dir = disk.path.join("book");
    left.thaw(&dir);
    disk.fill_up();
    let log = read(&dir).unwrap();
    assert_eq!(content(&log).unwrap(), expected);
    // Beside it, too.
    assert_eq!(content(&read(&dir).unwrap()).unwrap(), expected);
    let wal = fs::metadata(dir.join("log.sqlite-wal")).unwrap().len();
    assert!(wal > 0, "a reader must not clear it away");
    assert_full(SqliteLog::open(&dir, WRITE).map(|_| ()));
    disk.make_room();
    let writer = create(&dir);
    let head = fill(&writer, &[3])[0].head();
    assert_eq!(log.head().unwrap(), head);
}

#[test]
fn a_closed_book_can_be_read() {
    let Some(disk) = Disk::mount(4 << 20) else {
        return;
    };
    let dir = disk.path.join("book");
    let log = create(&dir);
    book::fill(&log);
    let expected = content(&log).unwrap();
    drop(log);
    disk.fill_up();
    let log = read(&dir).unwrap();
    assert_eq!(content(&log).unwrap(), expected);
    disk.make_room();
    let head = fill(&create(&dir), &[3])[0].head();
    assert_eq!(log.head().unwrap(), head);
}

#[test]
fn a_creation_without_room_is_finished_later() {
    let Some(disk) = Disk::mount(256 << 10) else {
        return;
    };
    let dir = disk.path.join("book");
    disk.fill_up();
    assert!(SqliteLog::open(&dir, WRITE).is_err());
    assert!(matches!(
        read(&dir).map(|_| ()),
        Err(LogError::Missing { .. })
    ));
    disk.make_room();
    fill(&create(&dir), &[1]);
}
