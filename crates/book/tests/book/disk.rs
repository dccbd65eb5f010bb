//! A full disk, a folder that may not be written, and two who want to write.
//!
//! Two of these need the superuser on Linux; elsewhere they say so and are skipped.

use std::path::Path;
use std::process::Command as Program;
use std::time::Duration;

use deedbook_book::{Book, BookError, ChangeQuery, OpenOptions};
use deedbook_log::LogError;
use deedbook_model::Revision;
use deedbook_rules::Command;
use deedbook_testkit::components::{numbered, plain, uuid_of_number};
use deedbook_testkit::process::{Other, is_root, say, task, wait_for_parent};
use serde_json::{Map, json};

/// A user who owns nothing here.
const NOBODY: u32 = 65534;

/// A file system in memory of a few MiB.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = is_root()
            && Program::new("mount")
                .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
                .arg(folder.path())
                .status()
                .is_ok_and(|status| status.success());
        mounted.then_some(SmallDisk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Program::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

fn large(number: u64) -> Command {
    let mut more = Map::new();
    more.insert("spec".into(), json!({"blob": "x".repeat(100_000)}));
    let uuid = uuid_of_number(number);
    Command::of(
        "ada",
        plain(&format!("large_{number}"), "1.0.0", uuid, more),
    )
}

fn without_tables() -> OpenOptions {
    OpenOptions {
        projection: false,
        ..OpenOptions::default()
    }
}

/// Writes until the disk is full; the revision of the last one that was done.
fn fill(book: &Book, from: u64) -> Revision {
    let mut last = book.view().revision();
    for number in from.. {
        match book.execute(large(number)) {
            Ok(receipt) => last = receipt.revision,
            Err(error) => {
                let full = matches!(error, BookError::Log(LogError::Full));
                assert!(full, "{error:?}");
                return last;
            }
        }
    }
    last
}

#[test]
fn a_full_disk_refuses_writes_and_serves_reads() {
    let Some(disk) = SmallDisk::mount() else {
        return skipped("a small disk can't be mounted here");
    };
    let folder = disk.path().join("book");
    let book = Book::open(&folder, &without_tables()).unwrap();
    let last = fill(&book, 0);
    // Not even a file can be made any more.
    let rest = disk.path().join("rest");
    let mut filler = std::fs::File::create(&rest).unwrap();
    while std::io::Write::write(&mut filler, &[0; 512]).is_ok_and(|written| written > 0) {}
    let check = |book: &Book| {
        assert_eq!(book.view().revision(), last);
        let query = ChangeQuery {
            limit: usize::MAX,
            ..ChangeQuery::default()
        };
        let changes = u64::try_from(book.changes(&query).unwrap().len()).unwrap();
        assert_eq!(Revision(changes), last);
        let verified = book.verify(None).unwrap();
        assert!(verified.ok, "{:?}", verified.broken);
    };
    check(&book);
    // A fresh reader, while the writer is there and when it is gone.
    check(&Book::open_read_only(&folder).unwrap());
    assert_eq!(fill(&book, 10_000), last);
    book.close().ok();
    drop(book);
    check(&Book::open_read_only(&folder).unwrap());
    // With room again it goes on.
    drop(filler);
    std::fs::remove_file(rest).unwrap();
    let remount = Program::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(disk.path())
        .status();
    assert!(remount.unwrap().success());
    let book = Book::open(&folder, &OpenOptions::default()).unwrap();
    assert_eq!(book.execute(large(20_000)).unwrap().revision, last.next());
    book.close().unwrap();
}

#[test]
fn a_running_book_goes_on_when_there_is_room_again() {
    let Some(disk) = SmallDisk::mount() else {
        return skipped("a small disk can't be mounted here");
    };
    // The tables fill up too; the book doesn't depend on them.
    let folder = disk.path().join("book");
    let book = Book::open(&folder, &OpenOptions::default()).unwrap();
    let last = fill(&book, 0);
    let remount = Program::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(disk.path())
        .status();
    assert!(remount.unwrap().success());
    assert_eq!(book.execute(large(20_000)).unwrap().revision, last.next());
    assert!(book.verify(None).unwrap().ok);
    book.close().unwrap();
}

/// Reads the book of its task, and tries to write.
#[test]
fn child_reader() {
    let Some(folder) = task() else { return };
    match Book::open_read_only(folder.as_ref()) {
        Ok(book) => {
            let ok = book.verify(None).is_ok_and(|verified| verified.ok);
            say(&format!("read {} {ok}", book.view().revision()));
        }
        Err(error) => say(&format!("refused {:?} {error}", error.code())),
    }
    match Book::open(folder.as_ref(), &OpenOptions::default()) {
        Ok(_) => say("wrote"),
        Err(error) => say(&format!("refused {:?}", error.code())),
    }
}

fn as_nobody(folder: &Path) -> (String, String) {
    let folder = folder.to_str().unwrap();
    let mut other = Other::start("disk::child_reader", folder, Some(NOBODY));
    (other.heard().unwrap(), other.heard().unwrap())
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        match std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)) {
            // A passing file of whoever writes the SQL tables.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => done.unwrap(),
        }
    }
}

#[test]
fn somebody_who_may_only_read_reads() {
    if !is_root() {
        return skipped("only the superuser can become another user");
    }
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let open_to_all = || {
        set_mode(folder.path(), 0o755);
        for (path, _) in crate::scratch::files_in(folder.path()) {
            set_mode(&path, 0o644);
        }
    };
    open_to_all();
    // Beside a writer, and without one.
    let denied = "refused Denied".to_owned();
    assert_eq!(
        as_nobody(folder.path()),
        ("read 2 true".to_owned(), denied.clone())
    );
    book.close().unwrap();
    drop(book);
    open_to_all();
    let before = crate::scratch::files_in(folder.path());
    assert_eq!(
        as_nobody(folder.path()),
        ("read 2 true".to_owned(), denied.clone())
    );
    assert_eq!(crate::scratch::files_in(folder.path()), before);
    // After a crash: a write-ahead log that nobody's index may be made for.
    let writer = Book::open(folder.path(), &without_tables()).unwrap();
    writer.execute(Command::of("ada", numbered(2))).unwrap();
    let files = crate::scratch::files_in(folder.path());
    drop(writer);
    for (path, bytes) in files {
        if !path.ends_with("log.sqlite-shm") {
            std::fs::write(path, bytes).unwrap();
        }
    }
    open_to_all();
    let (read, wrote) = as_nobody(folder.path());
    assert!(
        read.starts_with("refused Denied") && read.contains("index"),
        "{read}"
    );
    assert_eq!(wrote, denied);
    // A private folder tells nothing.
    set_mode(folder.path(), 0o700);
    assert!(as_nobody(folder.path()).0.starts_with("refused Denied"));
}

/// Holds the book of its task open for writing.
#[test]
fn child_holder() {
    let Some(folder) = task() else { return };
    let book = Book::open(folder.as_ref(), &OpenOptions::default()).unwrap();
    say(&std::process::id().to_string());
    wait_for_parent();
    book.close().unwrap();
}

#[test]
fn the_second_who_wants_to_write_is_told_who_the_first_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut other = Other::start("disk::child_holder", path, None);
    let pid = other.heard().unwrap();
    let at_once = OpenOptions {
        wait: Duration::ZERO,
        ..OpenOptions::default()
    };
    match Book::open(folder.path(), &at_once) {
        Err(BookError::Log(LogError::Held { holder })) => {
            assert!(holder.contains(&format!("pid {pid} ")), "{holder}");
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
    // Readers need no lock; whoever waits gets the turn.
    assert_eq!(
        Book::open_read_only(folder.path()).unwrap().view().live(),
        1
    );
    let patient = OpenOptions {
        wait: deedbook_testkit::wait::PATIENCE,
        ..OpenOptions::default()
    };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| Book::open(folder.path(), &patient).map(|_| ()));
        other.go_on();
        waiting.join().unwrap().unwrap();
    });
    // A holder that dies gives the lock back.
    let mut other = Other::start("disk::child_holder", path, None);
    other.heard().unwrap();
    other.kill();
    Book::open(folder.path(), &at_once)
        .unwrap()
        .close()
        .unwrap();
}
