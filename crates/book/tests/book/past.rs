//! The past, read through a book, is what folding the changes one by one gives.

use deedbook_book::{At, Book, BookError, ChangeFilter, ChangeQuery};
use deedbook_log::LogError;
use deedbook_model::{Change, Envelope, Kind, RecordKey, Revision, Timestamp};
use deedbook_rules::State;
use deedbook_rules::diff::diff_states;
use deedbook_testkit::check::for_all;
use deedbook_testkit::history::{Past, plans};
use proptest::prelude::*;
use serde_json::Value;

use crate::compare::{assert_same, book_on};

fn revisions(past: &Past) -> impl Iterator<Item = Revision> {
    (0..=past.head.revision.0).map(Revision)
}

fn keys(past: &Past) -> Vec<RecordKey> {
    let records = past.newest().records();
    records
        .map(|record| RecordKey::new(record.kind.clone(), &record.key))
        .collect()
}

#[test]
fn the_state_at_every_revision_is_the_fold_up_to_it() {
    for_all(200, &plans(6), |plan| {
        let past = Past::of(&plan);
        let book = book_on(past.log.clone());
        for revision in revisions(&past) {
            let view = book.view_at(At::Revision(revision)).unwrap();
            assert_same(&view, past.state_at(revision));
            assert_eq!(view.head().revision, past.state_at(revision).revision());
        }
        let beyond = past.head.revision.next();
        let refused = book.view_at(At::Revision(beyond)).unwrap_err();
        assert!(matches!(refused, BookError::Future { .. }), "{refused:?}");
        assert!(book.verify(None).unwrap().ok);
    });
}

#[test]
fn compaction_drops_what_is_below_the_last_commit_in_reach_and_nothing_else() {
    for_all(150, &(plans(6), any::<u16>()), |(plan, at)| {
        let past = Past::of(&plan);
        let book = book_on(past.log.clone());
        let before = Revision(u64::from(at) % (past.head.revision.0 + 1));
        let floor = book.compact(before).unwrap();
        let ends = past.commits().into_iter().map(|head| head.revision);
        assert_eq!(floor, ends.filter(|end| *end <= before).max().unwrap());
        for revision in revisions(&past) {
            match book.view_at(At::Revision(revision)) {
                Ok(view) => {
                    assert!(revision >= floor);
                    assert_same(&view, past.state_at(revision));
                }
                Err(error) => {
                    assert!(revision < floor);
                    let compacted = BookError::Log(LogError::Compacted {
                        wanted: revision,
                        floor,
                    });
                    assert_eq!(error.to_string(), compacted.to_string());
                }
            }
        }
        check_changes(&past, &book, floor);
        check_histories(&past, &book, floor);
        check_times(&past, &book, floor);
        assert!(book.verify(None).unwrap().ok);
        assert_same(&book_on(past.log.clone()).view(), past.newest());
    });
}

#[test]
fn changes_history_why_and_times_agree_with_a_scan() {
    for_all(200, &plans(6), |plan| {
        let past = Past::of(&plan);
        let book = book_on(past.log.clone());
        check_changes(&past, &book, Revision::ZERO);
        check_histories(&past, &book, Revision::ZERO);
        check_times(&past, &book, Revision::ZERO);
    });
}

fn check_changes(past: &Past, book: &Book, floor: Revision) {
    let prefix = ChangeFilter {
        key_prefix: Some("phase".to_owned()),
        ..ChangeFilter::default()
    };
    let components = ChangeFilter {
        kind: Some(Kind::COMPONENT),
        actor: Some("ada".to_owned()),
        ..ChangeFilter::default()
    };
    for filter in [ChangeFilter::default(), prefix, components] {
        for newest_first in [false, true] {
            for (limit, up_to) in [(2, None), (1000, Some(Revision(5))), (1000, None)] {
                let query = ChangeQuery {
                    after: floor,
                    up_to,
                    filter: filter.clone(),
                    newest_first,
                    limit,
                };
                let end = up_to.unwrap_or(past.head.revision);
                let fits =
                    |c: &&Change| c.revision > floor && c.revision <= end && query.filter.fits(c);
                let mut wanted: Vec<&Change> = past.changes.iter().filter(fits).collect();
                if newest_first {
                    wanted.reverse();
                }
                wanted.truncate(limit);
                let found = book.changes(&query).unwrap();
                assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query:?}");
            }
        }
    }
}

fn check_histories(past: &Past, book: &Book, floor: Revision) {
    let middle = Revision(u64::midpoint(floor.0, past.head.revision.0));
    for at in [middle, past.head.revision] {
        let view = book.view_at(At::Revision(at)).unwrap();
        for key in keys(past) {
            let end = view.revision();
            let all: Vec<&Change> = past
                .changes
                .iter()
                .filter(|c| c.kind == key.kind && c.key == key.key && c.revision <= end)
                .collect();
            let kept = all.iter().rev().filter(|c| c.revision > floor);
            let found = book.history(&view, &key.kind, &key.key, 1000).unwrap();
            assert!(found.iter().eq(kept.copied()), "{key:?}");
            for pointer in [
                "",
                "/description",
                "/lifecycle",
                "/dependencies",
                "/x_later",
            ] {
                check_why(&all, floor, pointer, || {
                    book.why(&view, &key.kind, &key.key, pointer)
                });
            }
        }
    }
}

fn check_why(
    all: &[&Change],
    floor: Revision,
    pointer: &str,
    ask: impl Fn() -> Result<Option<deedbook_book::Why>, BookError>,
) {
    let field = |change: &Change| field_of(change.record.as_deref(), pointer);
    let mut before = None;
    let mut last = None;
    for change in all {
        let after = field(change);
        if before != after {
            last = Some((*change, before, after.clone()));
        }
        before = after;
    }
    // A field that was never set can only be told so while its first change is kept.
    let known = match &last {
        Some((change, ..)) => change.revision > floor,
        None => all.first().is_none_or(|first| first.revision > floor),
    };
    match (ask(), last) {
        (Ok(found), last) if known => {
            let found = found.map(|why| (why.change.revision, why.before, why.after));
            assert_eq!(
                found,
                last.map(|(c, before, after)| (c.revision, before, after))
            );
        }
        (Err(BookError::Forgotten { .. }), _) if !known => {}
        (found, last) => panic!("{pointer}: {found:?}, not {last:?}"),
    }
}

fn field_of(stored: Option<&[u8]>, pointer: &str) -> Option<Value> {
    let envelope = Envelope::read(stored?).ok()?;
    let data: Value = serde_json::from_str(envelope.data.get()).unwrap();
    data.pointer(pointer).cloned()
}

fn check_times(past: &Past, book: &Book, floor: Revision) {
    let mut times: Vec<Timestamp> = past.changes.iter().map(|c| c.command.time).collect();
    times.dedup();
    let tick = |time: Timestamp, by| Timestamp::from_ticks(time.ticks() + by).unwrap();
    let around = times.iter().flat_map(|t| [tick(*t, -1), *t, tick(*t, 1)]);
    let oldest = past.states[usize::try_from(floor.0).unwrap()].time();
    for time in around {
        let wanted = past.changes.iter().rev().find(|c| c.command.time <= time);
        let wanted = wanted.map(|c| c.revision).filter(|r| *r >= floor);
        let wanted = wanted.filter(|_| floor == Revision::ZERO || time >= oldest);
        match (book.revision_at(time), wanted) {
            (Ok(found), Some(wanted)) => assert_eq!(found, wanted, "at {time}"),
            (Err(BookError::BeforeTime { .. }), None) if floor > Revision::ZERO => {}
            (Err(BookError::BeforeBook { .. }), None) if floor == Revision::ZERO => {}
            (found, wanted) => panic!("at {time}: {found:?}, not {wanted:?}"),
        }
        if let Some(wanted) = wanted {
            let view = book.view_at(At::Time(time)).unwrap();
            assert_same(&view, past.state_at(wanted));
        }
    }
}

#[test]
fn the_difference_of_two_states_is_that_of_all_their_records() {
    for_all(150, &plans(6), |plan| {
        let past = Past::of(&plan);
        let book = book_on(past.log.clone());
        let head = past.head.revision;
        for (one, two) in [
            (0, head.0),
            (head.0 / 2, head.0),
            (head.0, head.0 / 3),
            (1, 1),
        ] {
            let (one, two) = (Revision(one), Revision(two));
            let view = |at| book.view_at(At::Revision(at)).unwrap();
            // From other folds, which share no structure.
            let apart = diff_states(&view(one), &view(two));
            let shared = diff_states(past.state_at(one), past.state_at(two));
            let wanted = plain_difference(&past, past.state_at(one), past.state_at(two));
            let bytes = |found: Vec<deedbook_rules::diff::RecordDifference>| -> Vec<_> {
                let of = |r: Option<std::sync::Arc<deedbook_rules::Record>>| {
                    r.and_then(|record| record.bytes.clone())
                };
                found
                    .into_iter()
                    .map(|d| (of(d.before), of(d.after)))
                    .collect()
            };
            assert_eq!(bytes(apart), wanted);
            assert_eq!(bytes(shared), wanted);
        }
    });
}

type Stored = Option<bytes::Bytes>;

fn plain_difference(past: &Past, one: &State, two: &State) -> Vec<(Stored, Stored)> {
    let mut differences = Vec::new();
    for key in keys(past) {
        let of = |state: &State| state.record(&key.kind, &key.key).cloned();
        let (before, after) = (of(one), of(two));
        let live = |r: &Option<std::sync::Arc<deedbook_rules::Record>>| {
            r.as_ref().and_then(|record| record.bytes.clone())
        };
        let pair = (live(&before), live(&after));
        if before != after && pair != (None, None) {
            differences.push(pair);
        }
    }
    differences
}
