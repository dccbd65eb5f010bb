//! Proving the past: against itself, and against what an auditor noted down.

use std::sync::Arc;
use std::time::Duration;

use deedbook_book::{
    AuditHead, Book, Broken, ChangeQuery, Event, OpenOptions, Verification, WatchError,
    WatchOptions, verify,
};
use deedbook_log::{Log, MemoryLog, ReadLimit};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::code::Code;
use deedbook_model::snapshot::{SnapshotInfo, encode_chunk};
use deedbook_model::{Batch, Head, Revision, StoredBatch, WriterId};
use deedbook_rules::{Command, State, Write};
use deedbook_testkit::check::for_all;
use deedbook_testkit::components::{numbered, uuid_of_number};
use deedbook_testkit::history::{Past, plans, replay};
use proptest::prelude::*;

use crate::compare::book_on;

fn at_revision(verified: &Verification) -> Option<Revision> {
    assert_eq!(verified.ok, verified.broken.is_none());
    verified.broken.as_ref()?.revision
}

/// A wholly consistent log with the same changes of another writer, one record changed if there is
/// such a one; says whether there was.
fn rewritten(batches: &[StoredBatch], which: usize) -> (MemoryLog, bool) {
    let log = MemoryLog::default();
    let mut head = Head::EMPTY;
    let mut state = State::empty();
    let mut changed = false;
    for stored in batches {
        let mut batch = Batch::open(stored).unwrap();
        let mut builder = BatchBuilder::new(head, WriterId([8; 16]), batch.counter);
        for change in &mut batch.changes {
            if usize::try_from(change.revision.0).unwrap() == which
                && let Some(record) = &change.record
            {
                let text = String::from_utf8_lossy(record).replace("\"tool\"", "\"tOol\"");
                changed = text.as_bytes() != record;
                change.record = Some(text.into_bytes().into());
            }
            state.evolve(change);
        }
        let commands = batch
            .changes
            .chunk_by(|one, two| one.command.first == two.command.first);
        for changes in commands {
            builder.push(&changes[0].command, changes, || [5; 16]);
        }
        let stored = builder.finish(state.root(), state.live());
        replay(std::slice::from_ref(&stored), &log);
        head = stored.head();
    }
    (log, changed)
}

#[test]
fn a_rewritten_past_is_found_against_an_anchor_alone() {
    for_all(60, &(plans(5), any::<u16>()), |(plan, which)| {
        let past = Past::of(&plan);
        let which = 1 + usize::from(which) % past.changes.len();
        let (log, changed) = rewritten(&past.batches, which);
        if !changed {
            return;
        }
        assert!(verify(&log, None).unwrap().ok, "consistent in itself");
        let ends = past.commits();
        for end in &ends[1..] {
            let anchor = noted(&past, *end);
            let verified = verify(&log, Some(&anchor)).unwrap();
            // A new salt and writer change every chain.
            assert_eq!(at_revision(&verified), Some(end.revision));
            assert!(verify(&past.log, Some(&anchor)).unwrap().ok);
        }
    });
}

#[test]
fn a_history_that_goes_on_with_the_batches_of_another_is_found() {
    for_all(40, &plans(4), |plan| {
        let past = Past::of(&plan);
        // The same changes, records and roots; only the chain differs.
        let (other, _) = rewritten(&past.batches, 0);
        let others = other.read(Revision::ZERO, ReadLimit::default()).unwrap();
        for kept in 1..past.batches.len() {
            let log = MemoryLog::default();
            replay(&past.batches[..kept], &log);
            replay(&others[kept..], &log);
            let verified = verify(&log, None).unwrap();
            assert_eq!(at_revision(&verified), Some(others[kept].first));
            let opened = Book::with_log(Arc::new(log), &OpenOptions::default()).map(|_| ());
            assert_eq!(opened.unwrap_err().code(), Code::Integrity);
        }
    });
}

/// What an auditor noted at the end of a commit.
fn noted(past: &Past, end: Head) -> AuditHead {
    let state = past.state_at(end.revision);
    AuditHead {
        revision: end.revision,
        chain: end.chain.to_string(),
        records: state.live(),
        state_root: state.root().to_string(),
        lineage: state.lineage().to_owned(),
    }
}

#[test]
fn each_part_of_an_anchor_counts() {
    let book = Book::in_memory().unwrap();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let anchor = book.audit_head();
    book.execute(Command::of("ada", numbered(2))).unwrap();
    assert!(book.verify(Some(&anchor)).unwrap().ok);
    let others = [
        AuditHead {
            chain: "00".repeat(32),
            ..anchor.clone()
        },
        AuditHead {
            records: 9,
            ..anchor.clone()
        },
        AuditHead {
            state_root: "00".repeat(32),
            ..anchor.clone()
        },
    ];
    for other in others {
        let verified = book.verify(Some(&other)).unwrap();
        assert_eq!(at_revision(&verified), Some(anchor.revision), "{other:?}");
    }
}

#[test]
fn a_cut_end_is_found_against_an_anchor() {
    for_all(40, &plans(5), |plan| {
        let past = Past::of(&plan);
        let anchor = noted(&past, past.head);
        for kept in 1..past.batches.len() {
            let log = MemoryLog::default();
            replay(&past.batches[..kept], &log);
            assert!(verify(&log, None).unwrap().ok);
            let verified = verify(&log, Some(&anchor)).unwrap();
            let end = past.batches[kept - 1].last;
            assert_eq!(at_revision(&verified), Some(end.next()));
            let message = verified.broken.unwrap().message;
            assert!(message.contains("cut off"), "{message}");
        }
    });
}

#[test]
fn an_anchor_below_the_floor_cannot_be_compared() {
    let book = Book::in_memory().unwrap();
    let anchor = book.audit_head();
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let at_floor = book.audit_head();
    book.execute(Command::of("ada", numbered(2))).unwrap();
    book.compact(at_floor.revision).unwrap();
    assert!(book.verify(Some(&at_floor)).unwrap().ok);
    // Not damage: it couldn't be checked.
    let error = book.verify(Some(&anchor)).unwrap_err();
    assert_eq!(error.code(), Code::Compacted, "{error}");
}

#[test]
fn a_snapshot_that_forgets_a_removed_record_is_found() {
    let log = MemoryLog::default();
    let book = book_on(log.clone());
    book.execute(Command::of("ada", numbered(1))).unwrap();
    let remove = Write::Remove {
        key: uuid_of_number(1).into(),
        expected: None,
    };
    book.execute(Command::of("ada", remove)).unwrap();
    let view = book.view();
    let mut entries: Vec<_> = view.snapshot_entries().collect();
    let put = |entries: &[_]| {
        let chunk = encode_chunk(entries);
        log.put_chunk(view.head().revision, 0, &chunk.bytes)
            .unwrap();
        let info = SnapshotInfo {
            head: view.head(),
            time: view.time(),
            root: view.root(),
            records: view.live(),
            chunks: vec![chunk.digest],
        };
        log.finish_snapshot(&info).unwrap();
    };
    put(&entries);
    assert!(book.verify(None).unwrap().ok);
    // The root is that of the live records: only a comparison of all records tells.
    entries.retain(|entry| entry.record.is_some());
    put(&entries);
    let broken = book.verify(None).unwrap().broken;
    assert!(
        matches!(broken, Some(Broken { snapshot: Some(at), .. }) if at == view.head().revision)
    );
}

#[test]
fn a_log_that_folds_to_another_root_is_divergent() {
    let past = Past::of(&Vec::new());
    let log = MemoryLog::default();
    replay(&past.batches, &log);
    let honest = book_on(log.clone());
    honest.execute(Command::of("ada", numbered(1))).unwrap();
    honest.close().unwrap();
    let following = book_on(log.clone());
    let before = following.view();
    let mut watch = following.watch(WatchOptions::default()).unwrap();
    let batches = log.read(Revision::ZERO, Default::default()).unwrap();
    let last = Batch::open(batches.last().unwrap()).unwrap();
    let mut builder = BatchBuilder::new(honest.view().head(), last.writer, 9);
    let mut change = last.changes[0].clone();
    change.revision = change.revision.next();
    builder.push(&change.command, &[change.clone()], || [0; 16]);
    // A writer that computed another state.
    let stored = builder.finish(last.root, last.records + 1);
    replay(&[stored], &log);
    let opened = Book::with_log(Arc::new(log.clone()), &OpenOptions::default()).map(|_| ());
    let error = opened.unwrap_err();
    assert_eq!(error.code(), Code::Integrity);
    let verified = verify(&log, None).unwrap();
    assert_eq!(at_revision(&verified), Some(change.revision));
    // One that was open already serves what it had, and takes nothing on top of it.
    assert!(following.execute(Command::of("ada", numbered(2))).is_err());
    assert!(following.refresh().is_err());
    // A watcher hears of it, from the start on too, and gets nothing of it.
    let told = loop {
        match watch.next(Duration::from_secs(60)) {
            Ok(Event::Progress(_)) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(told, WatchError::Book(error) if error.code() == Code::Integrity));
    let read = following.changes(&ChangeQuery::default()).unwrap();
    assert!(read.iter().all(|seen| seen.revision < change.revision));
    let after = following.view();
    assert_eq!(
        (after.head(), after.root(), after.records().count()),
        (before.head(), before.root(), before.records().count())
    );
}
