//! The answer of a command that was done before: made from its changes in the log, so that whoever
//! asks again gets the first answer again.

use std::sync::Arc;

use deedbook_log::ReadLimit;
use deedbook_model::{Batch, Change, Revision, Verb};
use deedbook_rules::{Outcome, Record, Repeat};

use crate::error::BookError;
use crate::history::change_at;
use crate::load::{Fold, on_floor};
use crate::sequencer::{Receipt, read_checked};
use crate::shared::Shared;

/// The receipt that the command got when it was done, without its warnings: those were told then
/// and aren't stored.
pub(crate) fn first_receipt(shared: &Shared, repeat: Repeat) -> Result<Receipt, BookError> {
    on_floor(&*shared.log, |floor| receipt_above(shared, floor, repeat))
}

fn receipt_above(shared: &Shared, floor: Revision, repeat: Repeat) -> Result<Receipt, BookError> {
    let Repeat { first, last } = repeat;
    if first <= floor {
        return Err(BookError::DoneBefore { first, last, floor });
    }
    let one = ReadLimit {
        batches: 1,
        ..ReadLimit::default()
    };
    let holds = read_checked(shared, Revision(first.0 - 1), one)?.pop();
    let batch = holds.ok_or_else(|| lost(first))?;
    let outcomes = outcomes_of(shared, &batch, repeat, floor)?;
    Ok(Receipt {
        outcomes,
        revision: batch.head.revision,
        repeat: Some(repeat),
    })
}

fn outcomes_of(
    shared: &Shared,
    batch: &Batch,
    repeat: Repeat,
    floor: Revision,
) -> Result<Vec<Outcome>, BookError> {
    let own = batch.changes.iter();
    let own = own.filter(|change| (repeat.first..=repeat.last).contains(&change.revision));
    let own: Vec<(Arc<Record>, bool)> = own.map(of_change).collect();
    let keyed = batch.changes.iter().find(|c| c.revision == repeat.first);
    let keyed = keyed.and_then(|change| change.command.keyed.as_ref());
    let left_at = keyed.map(|keyed| keyed.outcomes.as_slice());
    let left_at = left_at.filter(|revisions| !revisions.is_empty());
    let Some(left_at) = left_at else {
        return Ok(own
            .into_iter()
            .map(|(record, created)| outcome(record, created, false))
            .collect());
    };
    // Changes are in the order of their writes, so a revision that isn't a new one was so before.
    let mut seen = Revision(repeat.first.0 - 1);
    let mut outcomes = Vec::with_capacity(left_at.len());
    for revision in left_at {
        let found = own.iter().find(|(own, _)| own.revision == *revision);
        let (record, created) = match found {
            Some((record, created)) => (Arc::clone(record), *created),
            None => (earlier(shared, *revision, floor)?, false),
        };
        let unchanged = *revision <= seen;
        outcomes.push(outcome(record, created && !unchanged, unchanged));
        seen = seen.max(*revision);
    }
    Ok(outcomes)
}

/// A record as it was left at a revision before the command. From below the floor it is still the
/// one that the floor's snapshot has: the command, which is above the floor, found it so.
fn earlier(shared: &Shared, revision: Revision, floor: Revision) -> Result<Arc<Record>, BookError> {
    if revision > floor {
        return change_at(shared, revision).map(|change| record_of(&change));
    }
    let oldest = Fold::load_at(&*shared.log, floor)?;
    let mut records = oldest.state.records();
    let found = records.find(|record| record.revision == revision);
    found.cloned().ok_or_else(|| lost(revision))
}

fn outcome(record: Arc<Record>, created: bool, unchanged: bool) -> Outcome {
    Outcome {
        record,
        created,
        unchanged,
        warnings: Vec::new(),
    }
}

/// What a change left, and whether nothing was there before it.
fn of_change(change: &Change) -> (Arc<Record>, bool) {
    let made = [Verb::CREATED, Verb::REGISTERED].contains(&change.verb);
    (record_of(change), made)
}

fn record_of(change: &Change) -> Arc<Record> {
    Arc::new(Record::of(change))
}

fn lost(revision: Revision) -> BookError {
    let part = deedbook_log::Part::Revision(revision);
    BookError::damaged(
        part,
        "the change that an idempotency key leads to isn't there",
    )
}
