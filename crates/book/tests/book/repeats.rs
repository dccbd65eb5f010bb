//! A request under an idempotency key is done once, and whoever asks again gets the first answer:
//! in one batch, after a restart, from a snapshot, after a compaction and in a restored book.

use std::sync::Arc;
use std::sync::mpsc::channel;

use deedbook_book::{Book, BookError, ManualClock, OpenOptions, Receipt, restore};
use deedbook_log::{Log, MemoryLog};
use deedbook_model::code::Code;
use deedbook_model::snapshot::{SnapshotInfo, encode_chunk, encode_keys};
use deedbook_model::{Idempotency, KeyLimits, RememberedKey, RequestDigest, Revision};
use deedbook_rules::{Command, Repeat, Write};
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::faulty_log::{Fault, FaultyLog};
use deedbook_testkit::history::at_second;
use serde_json::json;

use crate::compare::book_on;
use crate::scratch;

fn keyed(key: &str, request: &str, writes: Vec<Write>) -> Command {
    let idempotency = Idempotency {
        key: key.parse().unwrap(),
        digest: RequestDigest::of(&[request.as_bytes()]),
        limits: KeyLimits::default(),
    };
    Command {
        writes,
        idempotency: Some(idempotency),
        ..Command::of("ada", numbered(0))
    }
}

fn describe(number: u64, description: &str) -> Write {
    Write::Update {
        key: uuid_of_number(number).into(),
        patch: json!({"description": description}),
        expected: None,
    }
}

fn repeat(first: u64, last: u64) -> Option<Repeat> {
    Some(Repeat {
        first: Revision(first),
        last: Revision(last),
    })
}

/// What a caller is told, but for that it is told again.
fn told(receipt: &Receipt) -> String {
    let outcomes = receipt.outcomes.iter();
    let outcomes: Vec<_> = outcomes.map(|o| (&o.record, o.unchanged)).collect();
    format!("{} {outcomes:?}", receipt.revision)
}

#[track_caller]
fn assert_told_again(book: &Book, command: &Command, first: &Receipt) {
    let head = book.view().head();
    let again = book.execute(command.clone()).unwrap();
    assert_eq!(told(&again), told(first));
    assert!(again.repeat.is_some() && first.repeat.is_none());
    let dry = book.check(command).unwrap();
    assert_eq!((told(&dry), dry.repeat), (told(first), again.repeat));
    assert_eq!(book.view().head(), head, "nothing was done again");
}

/// Two changes, of revisions 3 and 4, in one command of four writes.
fn four_writes() -> Command {
    let writes = vec![
        numbered(2),
        numbered(1),
        describe(2, "a part"),
        describe(2, "a part"),
    ];
    keyed("k", "four", writes)
}

#[test]
fn the_first_answer_is_given_again() {
    let book = Book::in_memory().unwrap();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let first = book.execute(four_writes()).unwrap();
    let unchanged: Vec<bool> = first.outcomes.iter().map(|o| o.unchanged).collect();
    assert_eq!(unchanged, [false, true, false, true]);
    assert_told_again(&book, &four_writes(), &first);
    // Whatever came after it.
    book.execute(Command::of("ada", describe(2, "another")))
        .unwrap();
    book.execute(Command::of("ada", describe(1, "another")))
        .unwrap();
    assert_told_again(&book, &four_writes(), &first);
    let again = book.execute(four_writes()).unwrap();
    assert_eq!(again.repeat, repeat(3, 4));
    let other = book
        .execute(keyed("k", "other", vec![numbered(9)]))
        .unwrap_err();
    assert_eq!(
        (other.code(), other.code().exit_status()),
        (Code::KeyReused, 2)
    );
}

#[test]
fn the_sequencer_reads_no_log_for_a_repeat() {
    let book = Book::in_memory().unwrap();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let first = book.execute(four_writes()).unwrap();
    let (sender, receiver) = channel();
    book.submit(four_writes(), move |answer| sender.send(answer).unwrap())
        .unwrap();
    let receipt = receiver.recv().unwrap().unwrap();
    assert_eq!((receipt.outcomes.len(), receipt.repeat), (0, repeat(3, 4)));
    assert_eq!(told(&book.first_receipt(receipt).unwrap()), told(&first));
}

#[test]
fn the_same_request_twice_in_one_batch_is_done_once() {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    let book = book_on(log.clone());
    log.hold();
    let (sender, receiver) = channel();
    let submit = |command| {
        let sender = sender.clone();
        let reply = move |answer| sender.send(answer).unwrap();
        book.submit(command, reply).unwrap();
    };
    submit(Command::of("ada", numbered(1)));
    log.wait_until_held();
    for _ in 0..20 {
        submit(keyed("k", "two", vec![numbered(2)]));
    }
    log.release();
    receiver.recv().unwrap().unwrap();
    let mut receipts: Vec<Receipt> = Vec::new();
    for _ in 0..20 {
        let receipt = receiver.recv().unwrap().unwrap();
        receipts.push(book.first_receipt(receipt).unwrap());
    }
    assert_eq!(book.view().head().revision, Revision(3));
    assert_eq!(receipts.iter().filter(|r| r.repeat.is_none()).count(), 1);
    assert!(
        receipts
            .iter()
            .all(|receipt| told(receipt) == told(&receipts[0]))
    );
}

#[test]
fn a_request_whose_append_failed_is_not_remembered() {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    let book = book_on(log.clone());
    let command = keyed("k", "one", vec![numbered(1)]);
    log.next_appends(&[Fault::Full]);
    let error = book.execute(command.clone()).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(book.view().remembered(), 0);
    assert_eq!(book.execute(command).unwrap().repeat, None);
}

#[test]
fn asking_again_settles_what_nobody_knew() {
    use Fault::{DoneUnknown, Failed, LostUnknown};
    for (faults, done) in [
        ([DoneUnknown, Failed], true),
        ([LostUnknown, Failed], false),
    ] {
        let log = FaultyLog::around(Arc::new(MemoryLog::default()));
        let book = book_on(log.clone());
        let command = keyed("k", "one", vec![numbered(1)]);
        log.next_appends(&faults);
        let unknown = book.execute(command.clone()).unwrap_err();
        assert!(matches!(unknown, BookError::UnknownOutcome), "{unknown}");
        let settled = book.execute(command.clone()).unwrap();
        assert_eq!(settled.repeat, repeat(2, 2).filter(|_| done));
        assert!(
            !settled.outcomes[0].unchanged,
            "as if it had been told the first time"
        );
        assert_eq!(book.view().revision(), Revision(2));
    }
}

#[test]
fn what_another_writer_did_is_not_done_again() {
    let log = MemoryLog::default();
    let (one, two) = (book_on(log.clone()), book_on(log.clone()));
    let command = keyed("k", "one", vec![numbered(1)]);
    let first = one.execute(command.clone()).unwrap();
    let again = two.execute(command).unwrap();
    assert_eq!((told(&again), again.repeat), (told(&first), repeat(2, 2)));
}

#[test]
fn a_key_outlives_restarts_snapshots_compaction_and_backup() {
    let folder = scratch::folder();
    let options = OpenOptions {
        projection: false,
        ..OpenOptions::default()
    };
    let open = || Book::open(&folder.path().join("book"), &options).unwrap();
    let reopen = |book: Book| {
        book.close().unwrap();
        // Its folder is free once the last of it is gone.
        drop(book);
        open()
    };
    let book = open();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let first = book.execute(four_writes()).unwrap();
    // From the log alone.
    let book = reopen(book);
    assert_told_again(&book, &four_writes(), &first);
    // From a snapshot, and one with a tail.
    book.snapshot().unwrap();
    let second = keyed("k2", "five", vec![numbered(5), numbered(1)]);
    let after = book.execute(second.clone()).unwrap();
    let book = reopen(book);
    assert_told_again(&book, &four_writes(), &first);
    assert_told_again(&book, &second, &after);
    // After a compaction: below the floor only that it was done is known.
    assert_eq!(book.compact(Revision(4)).unwrap(), Revision(4));
    let book = reopen(book);
    let error = book.execute(four_writes()).unwrap_err();
    assert!(matches!(
        error,
        BookError::DoneBefore {
            first: Revision(3),
            last: Revision(4),
            floor: Revision(4)
        }
    ));
    assert_eq!(
        (error.code(), error.code().exit_status()),
        (Code::Compacted, 9)
    );
    assert!(error.to_string().contains("was done before"), "{error}");
    // The one that changed nothing was left at a revision below the floor.
    assert_eq!(after.outcomes[1].record.revision, Revision(2));
    book.execute(Command::of("ada", describe(1, "another")))
        .unwrap();
    assert_told_again(&book, &second, &after);
    assert!(book.verify(None).unwrap().ok);
    // In a book that was restored.
    let mut backup = Vec::new();
    book.backup(&mut backup).unwrap();
    let target = folder.path().join("restored");
    let restored = restore(&target, "ada", &mut &backup[..]).unwrap();
    assert_told_again(&restored, &second, &after);
    assert_eq!(restored.view().remembered(), 2);
}

#[test]
fn a_day_of_the_log_makes_a_key_forgotten() {
    let clock = Arc::new(ManualClock::at(at_second(0)));
    let options = OpenOptions {
        clock: clock.clone(),
        ..OpenOptions::default()
    };
    let log = MemoryLog::default();
    let book = Book::with_log(Arc::new(log.clone()), &options).unwrap();
    book.execute(keyed("k1", "one", vec![numbered(1)])).unwrap();
    clock.set(at_second(86_399));
    book.execute(keyed("k2", "two", vec![numbered(2)])).unwrap();
    assert_eq!(book.view().remembered(), 2);
    book.snapshot().unwrap();
    clock.set(at_second(86_400));
    book.execute(keyed("k3", "three", vec![numbered(3)]))
        .unwrap();
    assert_eq!(book.view().remembered(), 2);
    let folded = book_on(log.clone());
    assert!(
        folded
            .view()
            .remembered_keys()
            .eq(book.view().remembered_keys())
    );
    assert!(book.verify(None).unwrap().ok);
    // Another request may have the name now; the clock being set back changes nothing.
    clock.set(at_second(5));
    let other = book
        .execute(keyed("k1", "other", vec![numbered(4)]))
        .unwrap();
    assert_eq!(other.repeat, None);
}

#[test]
fn a_snapshot_that_forgets_a_key_is_found() {
    let log = MemoryLog::default();
    let book = book_on(log.clone());
    book.execute(keyed("k", "one", vec![numbered(1)])).unwrap();
    let view = book.view();
    let entries: Vec<_> = view.snapshot_entries().collect();
    let mut keys: Vec<RememberedKey> = view.remembered_keys().copied().collect();
    let put = |keys: &[RememberedKey]| {
        let chunks = [encode_chunk(&entries), encode_keys(keys)];
        for (number, chunk) in (0..).zip(&chunks) {
            log.put_chunk(view.head().revision, number, &chunk.bytes)
                .unwrap();
        }
        let info = SnapshotInfo {
            head: view.head(),
            time: view.time(),
            root: view.root(),
            records: view.live(),
            chunks: chunks.iter().map(|chunk| chunk.digest).collect(),
        };
        log.finish_snapshot(&info).unwrap();
    };
    put(&keys);
    assert!(book.verify(None).unwrap().ok);
    keys.clear();
    put(&keys);
    let broken = book.verify(None).unwrap().broken.unwrap();
    assert_eq!(broken.snapshot, Some(view.head().revision));
}
