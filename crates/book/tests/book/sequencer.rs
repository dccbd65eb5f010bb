//! The one writer: nobody pays for a neighbour, nothing is told before it is durable, and what
//! nobody knows is settled or said to be unknown.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use deedbook_book::{
    Book, BookError, ChangeQuery, Event, ManualClock, OpenOptions, Receipt, WatchOptions,
};
use deedbook_log::{Log, LogError, MemoryLog};
use deedbook_model::batch::{MAX_COMMAND_BYTES, MAX_COMMAND_CHANGES};
use deedbook_model::code::Code;
use deedbook_model::{Kind, Lineage, Revision};
use deedbook_rules::components::ComponentKey;
use deedbook_rules::{Command, Parent, Write};
use deedbook_testkit::components::{numbered, plain, uuid_of_number};
use deedbook_testkit::faulty_log::{Fault, FaultyLog};
use deedbook_testkit::history::at_second;
use deedbook_testkit::wait;
use serde_json::{Map, json};

use crate::compare::{assert_same, book_on};
use crate::scratch;

type Answer = Result<Receipt, BookError>;

fn faulty_book() -> (FaultyLog, Book) {
    let log = FaultyLog::around(Arc::new(MemoryLog::default()));
    let book = book_on(log.clone());
    (log, book)
}

fn register(number: u64) -> Command {
    Command::of("ada", numbered(number))
}

fn describe(number: u64, description: &str) -> Command {
    let update = Write::Update {
        key: uuid_of_number(number).into(),
        patch: json!({"description": description}),
        expected: None,
    };
    Command::of("ada", update)
}

fn remove(number: u64) -> Command {
    let key = ComponentKey::from(uuid_of_number(number));
    let expected = None;
    Command::of("ada", Write::Remove { key, expected })
}

fn has(book: &Book, number: u64) -> bool {
    let key = uuid_of_number(number).to_string();
    let view = book.view();
    let record = view.record(&Kind::COMPONENT, &key);
    record.is_some_and(|record| record.is_live())
}

/// Hands a command in without waiting for its answer.
fn submit(book: &Book, command: Command) -> Receiver<Answer> {
    let (sender, receiver) = channel();
    let reply = move |answer| sender.send(answer).unwrap();
    book.submit(command, reply).unwrap();
    receiver
}

fn batches(book: &Book) -> u64 {
    book.stats().unwrap().batches
}

#[test]
fn a_refused_command_does_not_fail_its_neighbours() {
    let (log, book) = faulty_book();
    log.hold();
    let first = submit(&book, register(0));
    log.wait_until_held();
    let good = [
        register(1),
        register(2),
        describe(1, "changed by a neighbour"),
    ];
    let bad = [register(0), remove(77), describe(78, "nothing there")];
    let bad = bad.map(|mut command| {
        // All or none: the good half of a bad command isn't done either.
        command
            .writes
            .insert(0, numbered(500 + command.writes.len() as u64));
        command.writes.push(Write::Remove {
            key: uuid_of_number(79).into(),
            expected: None,
        });
        command
    });
    let mut answers = Vec::new();
    for (good, bad) in good.into_iter().zip(bad) {
        answers.push((submit(&book, good), submit(&book, bad)));
    }
    log.release();
    first.recv().unwrap().unwrap();
    for (good, bad) in answers {
        assert_eq!(good.recv().unwrap().unwrap().revision, Revision(5));
        let refused = bad.recv().unwrap().unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{refused}");
    }
    assert_eq!(batches(&book), 3);
    assert!(!has(&book, 501));
    assert!(book.verify(None).unwrap().ok);
}

#[test]
fn commands_that_wait_are_committed_together() {
    let (log, book) = faulty_book();
    log.hold();
    let first = submit(&book, register(0));
    log.wait_until_held();
    let answers: Vec<_> = (1..64)
        .map(|number| submit(&book, register(number)))
        .collect();
    log.release();
    first.recv().unwrap().unwrap();
    for answer in answers {
        answer.recv().unwrap().unwrap();
    }
    assert_eq!(batches(&book), 3);
    assert_eq!(book.view().head().revision, Revision(65));
}

#[test]
fn many_threads_need_fewer_commits_than_commands() {
    const THREADS: u64 = 64;
    const EACH: u64 = 4;
    let folder = scratch::folder();
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    let start = Barrier::new(64);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (book, start) = (&book, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EACH {
                    let receipt = book.execute(register(thread * EACH + number)).unwrap();
                    assert!(book.view().revision() >= receipt.revision);
                }
            });
        }
    });
    assert_eq!(book.view().revision(), Revision(THREADS * EACH + 1));
    assert!(batches(&book) < THREADS * EACH / 2, "{}", batches(&book));
    assert!(book.verify(None).unwrap().ok);
}

#[test]
fn nothing_is_seen_or_told_before_it_is_durable() {
    let (log, book) = faulty_book();
    let mut watch = book.watch(WatchOptions::default()).unwrap();
    let before = book.view();
    log.hold();
    let answer = submit(&book, register(1));
    log.wait_until_held();
    assert_eq!(book.view().head(), before.head());
    let event = watch.next(Duration::ZERO).unwrap();
    assert!(matches!(event, Event::Progress(_)), "{event:?}");
    assert!(answer.try_recv().is_err());
    log.release();
    let receipt = answer.recv().unwrap().unwrap();
    // Who has the answer finds it in the view.
    assert_eq!(book.view().revision(), receipt.revision);
    let event = watch.next(wait::PATIENCE).unwrap();
    assert!(matches!(event, Event::Change(change) if change.revision == Revision(2)));
}

#[test]
fn the_view_has_a_command_before_its_answer_leaves() {
    let book = Book::in_memory().unwrap();
    for number in 0..50 {
        let (sender, receiver) = channel();
        let seen_by = book.clone();
        let reply = move |answer: Answer| {
            let seen = has(&seen_by, number);
            sender.send(answer.is_ok() && seen).unwrap();
        };
        book.submit(register(number), reply).unwrap();
        assert!(receiver.recv().unwrap());
    }
}

#[test]
fn two_books_on_one_log_apply_every_command_once() {
    const EACH: u64 = 30;
    let log = MemoryLog::default();
    let books = [book_on(log.clone()), book_on(log.clone())];
    let won: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u64)
            .map(|thread| {
                let book = &books[(thread % 2) as usize];
                scope.spawn(move || {
                    let mut won = 0;
                    for number in 0..EACH {
                        book.execute(register(1000 + thread * EACH + number))
                            .unwrap();
                        // All four want this one, each with other words.
                        let mut words = Map::new();
                        words.insert("description".into(), json!(format!("thread {thread}")));
                        let uuid = uuid_of_number(number);
                        let own = plain(&format!("shared_{number}"), "1.0.0", uuid, words);
                        match book.execute(Command::of("ada", own)) {
                            Ok(receipt) => won += usize::from(!receipt.outcomes[0].unchanged),
                            Err(error) => assert_eq!(error.code(), Code::Conflict, "{error}"),
                        }
                    }
                    won
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(won.iter().sum::<usize>() as u64, EACH);
    let views = books.each_ref().map(|book| book.refresh().unwrap());
    assert_eq!(views[0].head(), views[1].head());
    assert_same(&views[0], &views[1]);
    assert_eq!(views[0].revision(), Revision(1 + 5 * EACH));
    let query = ChangeQuery {
        limit: usize::MAX,
        ..ChangeQuery::default()
    };
    let changes = books[0].changes(&query).unwrap();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for (change, revision) in changes.iter().zip(1..) {
        assert_eq!(change.revision, Revision(revision));
        *times.entry(&change.key).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1));
    assert!(books[1].verify(None).unwrap().ok);
}

/// What happens to the appends of one command, and how it ends: done, not done, or unknown.
const SETTLED: [(&[Fault], bool); 5] = [
    (&[Fault::DoneUnknown], true),
    (&[Fault::LostUnknown], true),
    (&[Fault::LostUnknown, Fault::DoneUnknown], true),
    (&[Fault::Full], false),
    (&[Fault::Failed], false),
];

#[test]
fn an_append_without_an_answer_is_settled() {
    for (faults, done) in SETTLED {
        let (log, book) = faulty_book();
        log.next_appends(faults);
        let answer = book.execute(register(1));
        assert_eq!(answer.is_ok(), done, "{faults:?}: {answer:?}");
        assert_eq!(has(&book, 1), done);
        let revision = if done { 2 } else { 1 };
        assert_eq!(book.view().revision(), Revision(revision), "{faults:?}");
        assert_eq!(book_on(log.clone()).view().head(), book.view().head());
        // The book goes on.
        book.execute(register(2)).unwrap();
        assert!(book.verify(None).unwrap().ok);
    }
}

#[test]
fn what_cannot_be_settled_is_unknown_and_found_out_later() {
    use Fault::{DoneUnknown, Failed, Full, LostUnknown};
    let unknown: [(&[Fault], bool); 6] = [
        (&[DoneUnknown, LostUnknown, LostUnknown], true),
        (&[LostUnknown, LostUnknown, DoneUnknown], true),
        (&[LostUnknown, LostUnknown, LostUnknown], false),
        (&[DoneUnknown, Full], true),
        (&[LostUnknown, Failed], false),
        (&[LostUnknown, DoneUnknown, Failed], true),
    ];
    for (faults, done) in unknown {
        for next in [register(1), describe(1, "right after")] {
            let (log, book) = faulty_book();
            log.next_appends(faults);
            let answer = book.execute(register(1));
            let unknown = matches!(answer, Err(BookError::UnknownOutcome));
            assert!(unknown, "{faults:?}: {answer:?}");
            // The next one sees what really happened, also if it changes nothing itself.
            let repeats = matches!(next.writes[0], Write::Register { .. });
            match book.execute(next) {
                Ok(receipt) if repeats => assert_eq!(receipt.outcomes[0].unchanged, done),
                Ok(_) => assert!(done, "{faults:?}"),
                Err(error) => assert!(!done && !repeats, "{faults:?}: {error}"),
            }
            let again = book_on(log.clone());
            assert_eq!(again.view().head(), book.view().head());
            assert_eq!(
                again
                    .history(
                        &again.view(),
                        &Kind::COMPONENT,
                        &uuid_of_number(1).to_string(),
                        9
                    )
                    .unwrap()
                    .len(),
                match (done, repeats) {
                    (true, false) => 2,
                    (false, false) => 0,
                    _ => 1,
                }
            );
            assert!(book.verify(None).unwrap().ok);
        }
    }
}

#[test]
fn an_append_is_recognised_behind_what_others_appended_after_it() {
    let inner = MemoryLog::default();
    let log = FaultyLog::around(Arc::new(inner.clone()));
    let (book, other) = (book_on(log.clone()), book_on(inner));
    log.next_appends(&[Fault::DoneUnknownThenHold]);
    let answer = submit(&book, register(1));
    log.wait_until_held();
    other.refresh().unwrap();
    other.execute(register(2)).unwrap();
    log.release();
    let receipt = answer.recv().unwrap().unwrap();
    assert!(!receipt.outcomes[0].unchanged);
    assert_eq!(book.view().head(), other.view().head());
    assert_eq!(book.view().revision(), Revision(3));
}

#[test]
fn a_commit_that_cannot_be_looked_up_is_unknown_not_failed() {
    let (log, book) = faulty_book();
    log.next_appends(&[Fault::DoneUnknownThenHold]);
    let answer = submit(&book, register(1));
    log.wait_until_held();
    log.fail_reads(true);
    log.release();
    let answer = answer.recv().unwrap();
    assert!(
        matches!(answer, Err(BookError::UnknownOutcome)),
        "{answer:?}"
    );
    // While the log can't be read nothing is decided on what may be old.
    let refused = book.execute(remove(1)).unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    log.fail_reads(false);
    book.execute(remove(1)).unwrap();
    assert_eq!(book.view().revision(), Revision(3));
}

#[test]
fn a_full_disk_stops_writes_alone() {
    let (log, book) = faulty_book();
    book.execute(register(1)).unwrap();
    log.hold();
    log.next_appends(&[Fault::None, Fault::Full]);
    let first = submit(&book, register(2));
    log.wait_until_held();
    let others = [3, 4, 5].map(|number| submit(&book, register(number)));
    log.release();
    first.recv().unwrap().unwrap();
    for other in others {
        let answer = other.recv().unwrap();
        let full = matches!(answer, Err(BookError::Log(LogError::Full)));
        assert!(full, "{answer:?}");
    }
    assert!(has(&book, 2) && !has(&book, 3));
    assert!(book.verify(None).unwrap().ok);
    assert_eq!(book.execute(register(3)).unwrap().revision, Revision(4));
}

#[test]
fn a_command_has_a_bounded_number_of_changes() {
    let book = Book::in_memory().unwrap();
    let parent = Parent::at("", book.view().head());
    // The cheapest write that always changes something.
    let import = Write::Import {
        lineage: Lineage([3; 16]),
        parent,
    };
    let command = |writes| Command {
        writes,
        ..Command::of("ada", numbered(0))
    };
    let mut writes = vec![import; MAX_COMMAND_CHANGES + 1];
    let refused = book.execute(command(writes.clone())).unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge, "{refused}");
    assert_eq!(book.view().revision(), Revision(1));
    writes.pop();
    let receipt = book.execute(command(writes)).unwrap();
    let changes = u64::try_from(MAX_COMMAND_CHANGES).unwrap();
    assert_eq!(receipt.revision, Revision(1 + changes));
    assert_eq!(batches(&book), 2);
}

#[test]
fn a_command_has_a_bounded_number_of_bytes() {
    const EACH: usize = 128 << 10;
    let large = |number: u64| {
        let mut more = Map::new();
        more.insert("spec".into(), json!({"blob": "x".repeat(EACH)}));
        plain(
            &format!("large_{number}"),
            "1.0.0",
            uuid_of_number(number),
            more,
        )
    };
    let count = u64::try_from(MAX_COMMAND_BYTES / EACH).unwrap();
    let mut command = register(0);
    command.writes = (1..=count).map(large).collect();
    let book = Book::in_memory().unwrap();
    let refused = book.execute(command.clone()).unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge, "{refused}");
    // Envelopes take some of it too.
    command.writes.truncate(500);
    let receipt = book.execute(command).unwrap();
    assert_eq!(receipt.revision, Revision(501));
}

#[test]
fn a_full_queue_makes_the_next_one_wait() {
    const QUEUE: usize = 4096;
    let (log, book) = faulty_book();
    log.hold();
    let came_back = Arc::new(AtomicBool::new(false));
    let (sender, first) = channel();
    let early = Arc::clone(&came_back);
    let reply = move |_| sender.send(early.load(Ordering::SeqCst)).unwrap();
    book.submit(register(0), reply).unwrap();
    log.wait_until_held();
    // Cheap ones: each is refused.
    let waiting: Vec<_> = (0..QUEUE).map(|_| submit(&book, remove(9))).collect();
    let refused = book.try_submit(register(2), |_| panic!("nothing was taken"));
    assert!(matches!(refused, Err(BookError::Busy)), "{refused:?}");
    std::thread::scope(|scope| {
        let last = scope.spawn(|| {
            let last = submit(&book, register(1));
            came_back.store(true, Ordering::SeqCst);
            last.recv().unwrap().unwrap();
        });
        log.release();
        // The first was answered while the queue was still full.
        assert!(!first.recv().unwrap());
        last.join().unwrap();
    });
    for answer in waiting {
        assert_eq!(answer.recv().unwrap().unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn a_listener_hears_of_each_view_before_its_writer_is_answered() {
    let book = Book::in_memory().unwrap();
    let (sender, heard) = channel();
    book.on_publish(move |view| sender.send(view.head().revision).unwrap());
    for number in 1..=3 {
        let revision = book.execute(register(number)).unwrap().revision;
        assert_eq!(heard.try_recv(), Ok(revision));
    }
    book.close().unwrap();
    assert_eq!(heard.try_recv(), Ok(Revision(4)));
}

#[test]
fn a_check_writes_nothing() {
    let book = Book::in_memory().unwrap();
    let before = book.view().head();
    let receipt = book.check(&register(1)).unwrap();
    assert!(!receipt.outcomes[0].unchanged);
    assert_eq!(book.check(&remove(1)).unwrap_err().code(), Code::NotFound);
    assert_eq!(book.view().head(), before);
}

#[test]
fn stamps_never_go_back() {
    let clock = Arc::new(ManualClock::at(at_second(100)));
    let options = OpenOptions {
        clock: clock.clone(),
        ..OpenOptions::default()
    };
    let log: Arc<dyn Log> = Arc::new(MemoryLog::default());
    let book = Book::with_log(log, &options).unwrap();
    for second in [50, 200, 10, 150] {
        clock.set(at_second(second));
        book.execute(register(second.unsigned_abs())).unwrap();
    }
    let changes = book.changes(&ChangeQuery::default()).unwrap();
    let times: Vec<_> = changes.iter().map(|change| change.command.time).collect();
    assert_eq!(times, [100, 100, 200, 200, 200].map(at_second));
}

#[test]
fn a_reply_that_panics_takes_nobody_else_with_it() {
    let book = Book::in_memory().unwrap();
    book.submit(register(1), |_| panic!("on purpose")).unwrap();
    book.execute(register(2)).unwrap();
    assert_eq!(book.view().component_count(), 2);
    book.close().unwrap();
}
