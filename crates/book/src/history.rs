//! Reading the past: changes, one record's history, who set a field, and states at a revision.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use deedbook_log::ReadLimit;
use deedbook_model::{Batch, Change, Envelope, Kind, Revision, Timestamp, Verb};
use deedbook_rules::Record;
use deedbook_rules::placement::plan::Transfer;
use serde_json::Value;

use crate::error::BookError;
use crate::load::{Fold, on_floor};
use crate::sequencer::read_checked;
use crate::shared::Shared;
use crate::view::View;
use crate::watch::ChangeFilter;

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After this revision, and all of the command that it belongs to.
    Revision(Revision),
    /// After the last command stamped at or before this instant.
    Time(Timestamp),
}

/// Which changes are asked for.
#[derive(Clone, Debug)]
pub struct ChangeQuery {
    /// Only revisions above this.
    pub after: Revision,
    /// Only revisions up to this; `None`: up to the head.
    pub up_to: Option<Revision>,
    /// Which of them.
    pub filter: ChangeFilter,
    /// The newest first, instead of the oldest.
    pub newest_first: bool,
    /// At most so many.
    pub limit: usize,
}

impl Default for ChangeQuery {
    fn default() -> Self {
        ChangeQuery {
            after: Revision::ZERO,
            up_to: None,
            filter: ChangeFilter::default(),
            newest_first: false,
            limit: 100,
        }
    }
}

/// The change that last set a field.
#[derive(Clone, Debug)]
pub struct Why {
    /// That change.
    pub change: Change,
    /// The field before it; `None`: it wasn't there.
    pub before: Option<Value>,
    /// The field after it; `None`: it isn't there.
    pub after: Option<Value>,
}

/// How many revisions one step back through the log reads.
const STEP: u64 = 8192;

/// The state at a moment of the past.
pub(crate) fn view_at(shared: &Shared, at: At) -> Result<View, BookError> {
    let head = shared.head().revision;
    let revision = match at {
        At::Revision(wanted) if wanted > head => return Err(BookError::Future { wanted, head }),
        At::Revision(wanted) => wanted,
        At::Time(time) => revision_at(shared, time)?,
    };
    let mut view = Fold::load_at(&*shared.log, revision)?.into_view();
    view.state = view.state.with_strategies_of(&shared.view().state);
    Ok(view)
}

/// The shards that changed hands by the command of a revision, in its order, by namespace, and whether
/// they did again since.
pub(crate) fn transfers(
    shared: &Shared,
    revision: Revision,
) -> Result<BTreeMap<String, Vec<Transfer>>, BookError> {
    let view = shared.view();
    let head = view.head.revision;
    if revision > head {
        let wanted = revision;
        return Err(BookError::Future { wanted, head });
    }
    let between = |after: Revision, up_to: Revision| ChangeQuery {
        after,
        up_to: Some(up_to),
        limit: usize::MAX,
        ..ChangeQuery::default()
    };
    let mut transfers: BTreeMap<String, Vec<Transfer>> = BTreeMap::new();
    let before = |revision: Revision| Revision(revision.0.saturating_sub(1));
    let one = changes(shared, &between(before(revision), revision))?;
    if let Some(change) = one.first() {
        let (first, last) = (change.command.first, change.command.last);
        let mut found = Vec::new();
        for change in changes(shared, &between(before(first), last))? {
            if let Some((namespace, transfer)) = Transfer::of(&change) {
                found.push((change.key, namespace, transfer));
            }
        }
        let keys = found.iter().map(|(key, ..)| &**key);
        let moved_since = moved_after(shared, &view, keys, last)?;
        for (key, namespace, transfer) in found {
            let moved_since = moved_since.contains(&*key);
            let transfers = transfers.entry(namespace).or_default();
            transfers.push(Transfer {
                moved_since,
                ..transfer
            });
        }
    }
    Ok(transfers)
}

/// Which of these shards changed hands after a revision. Reads each batch that holds a change of one
/// of them once, the newest first.
fn moved_after<'k>(
    shared: &Shared,
    view: &View,
    keys: impl Iterator<Item = &'k str>,
    revision: Revision,
) -> Result<BTreeSet<String>, BookError> {
    let keys: BTreeSet<&str> = keys.collect();
    let newest = keys.into_iter().filter_map(|key| {
        let record = view.record(&Kind::SHARD, key)?;
        Some(record.revision)
    });
    let mut open: BTreeSet<Revision> = newest.filter(|newest| *newest > revision).collect();
    let mut moved = BTreeSet::new();
    while let Some(newest) = open.last().copied() {
        let batch = batch_after(shared, Revision(newest.0.saturating_sub(1)))?;
        let batch = batch.filter(|batch| batch.previous.revision < newest);
        let batch = batch.ok_or_else(|| gone(newest))?;
        // Backwards: an earlier change of the same batch is still to come.
        for change in batch.changes.iter().rev() {
            if !open.remove(&change.revision) {
                continue;
            }
            match change.previous {
                _ if change.verb == Verb::TRANSFERRED => drop(moved.insert(change.key.to_string())),
                Some(earlier) if earlier > revision => drop(open.insert(earlier)),
                Some(_) | None => {}
            }
        }
        if open.contains(&newest) {
            return Err(gone(newest));
        }
    }
    Ok(moved)
}

/// The last revision stamped at or before an instant.
pub(crate) fn revision_at(shared: &Shared, time: Timestamp) -> Result<Revision, BookError> {
    let view = shared.view();
    if time >= view.time() {
        return Ok(view.head.revision);
    }
    on_floor(&*shared.log, |floor| {
        revision_above(shared, &view, floor, time)
    })
}

fn revision_above(
    shared: &Shared,
    view: &View,
    floor: Revision,
    time: Timestamp,
) -> Result<Revision, BookError> {
    let oldest = oldest_time(shared, floor)?;
    if time < oldest {
        return Err(match floor {
            Revision::ZERO => BookError::BeforeBook { began: oldest },
            _ => BookError::BeforeTime { oldest },
        });
    }
    // Stamps never go back, so the batches can be halved: `low` is at or before the instant.
    let (mut low, mut high) = (floor, view.head.revision);
    while low < high {
        let middle = Revision(low.0 + (high.0 - low.0) / 2);
        let Some(batch) = batch_after(shared, middle)? else {
            break;
        };
        let in_time = batch
            .changes
            .iter()
            .take_while(|change| change.command.time <= time);
        match in_time.last() {
            Some(change) if change.revision < batch.head.revision => return Ok(change.revision),
            Some(_) => low = batch.head.revision,
            None => high = batch.previous.revision.min(middle),
        }
    }
    Ok(low)
}

/// Stamp of the oldest state that can be read: the floor's, or after the first change.
fn oldest_time(shared: &Shared, floor: Revision) -> Result<Timestamp, BookError> {
    if floor == Revision::ZERO {
        let first = batch_after(shared, floor)?;
        let first = first.and_then(|batch| batch.changes.into_iter().next());
        return Ok(first.map(|change| change.command.time).unwrap_or_default());
    }
    let info = shared.log.snapshot(floor)?.ok_or_else(|| {
        let part = deedbook_log::Part::Snapshot(floor);
        BookError::damaged(part, "the snapshot that the floor rests on is gone")
    })?;
    Ok(info.time)
}

/// The batch that holds the revision right after `revision`.
pub(crate) fn batch_after(shared: &Shared, revision: Revision) -> Result<Option<Batch>, BookError> {
    let one = ReadLimit {
        batches: 1,
        ..ReadLimit::default()
    };
    Ok(read_checked(shared, revision, one)?.pop())
}

/// The changes that fit, oldest or newest first.
pub(crate) fn changes(shared: &Shared, query: &ChangeQuery) -> Result<Vec<Change>, BookError> {
    let head = shared.head().revision;
    let up_to = query.up_to.unwrap_or(head).min(head);
    if query.newest_first {
        return on_floor(&*shared.log, |floor| newest(shared, floor, query, up_to));
    }
    let mut found = Vec::new();
    let mut after = query.after;
    while after < up_to && found.len() < query.limit {
        let batches = read_checked(shared, after, ReadLimit::default())?;
        let Some(last) = batches.last() else {
            break;
        };
        let end = last.head.revision;
        let fitting = batches
            .into_iter()
            .flat_map(|batch| batch.changes)
            .filter(|change| {
                change.revision > after && change.revision <= up_to && query.filter.fits(change)
            });
        found.extend(fitting.take(query.limit - found.len()));
        after = end;
    }
    Ok(found)
}

fn newest(
    shared: &Shared,
    floor: Revision,
    query: &ChangeQuery,
    up_to: Revision,
) -> Result<Vec<Change>, BookError> {
    let floor = floor.max(query.after);
    let mut found = Vec::new();
    let mut high = up_to;
    while high > floor && found.len() < query.limit {
        let low = Revision(high.0.saturating_sub(STEP)).max(floor);
        let mut step = VecDeque::new();
        let mut after = low;
        while after < high {
            let batches = read_checked(shared, after, ReadLimit::default())?;
            let Some(last) = batches.last() else {
                break;
            };
            let end = last.head.revision;
            let fitting = batches
                .into_iter()
                .flat_map(|batch| batch.changes)
                .filter(|change| {
                    change.revision > after && change.revision <= high && query.filter.fits(change)
                });
            for change in fitting {
                step.push_front(change);
            }
            step.truncate(query.limit - found.len());
            after = end;
        }
        found.extend(step);
        high = low;
    }
    Ok(found)
}

/// The changes of one record, newest first, followed from each to the one before, down to the
/// floor.
pub(crate) fn history(
    shared: &Shared,
    view: &View,
    kind: &Kind,
    key: &str,
    limit: usize,
) -> Result<Vec<Change>, BookError> {
    on_floor(&*shared.log, |floor| {
        history_above(shared, floor, view.record(kind, key), limit)
    })
}

fn history_above(
    shared: &Shared,
    floor: Revision,
    newest: Option<&Arc<Record>>,
    limit: usize,
) -> Result<Vec<Change>, BookError> {
    let mut found = Vec::new();
    let mut next = newest.map(|record| record.revision);
    while let Some(revision) = next.filter(|revision| *revision > floor && found.len() < limit) {
        let change = change_at(shared, revision)?;
        next = change.previous;
        found.push(change);
    }
    Ok(found)
}

/// The change of a revision above the floor.
pub(crate) fn change_at(shared: &Shared, revision: Revision) -> Result<Change, BookError> {
    let batch = batch_after(shared, Revision(revision.0.saturating_sub(1)))?;
    let change = batch.and_then(|batch| {
        batch
            .changes
            .into_iter()
            .find(|change| change.revision == revision)
    });
    change.ok_or_else(|| gone(revision))
}

fn gone(revision: Revision) -> BookError {
    let part = deedbook_log::Part::Revision(revision);
    BookError::damaged(part, "the change that a later one names isn't there")
}

/// The change that last set the field of that pointer in the record's document; `""` is all of it.
pub(crate) fn why(
    shared: &Shared,
    view: &View,
    kind: &Kind,
    key: &str,
    pointer: &str,
) -> Result<Option<Why>, BookError> {
    let Some(record) = view.record(kind, key) else {
        return Ok(None);
    };
    on_floor(&*shared.log, |floor| {
        why_above(shared, floor, record, pointer)
    })
}

fn why_above(
    shared: &Shared,
    floor: Revision,
    record: &Record,
    pointer: &str,
) -> Result<Option<Why>, BookError> {
    if record.revision <= floor {
        return Err(forgotten(record.revision, floor));
    }
    let mut change = change_at(shared, record.revision)?;
    loop {
        let after = field_of(change.record.as_deref(), pointer);
        let (before, earlier) = match change.previous {
            None => (None, None),
            Some(revision) if revision <= floor => {
                let old = Fold::load_at(&*shared.log, floor)?;
                let found = old.state.record(&record.kind, &record.key);
                let bytes = found.and_then(|found| found.bytes.as_deref());
                let before = field_of(bytes, pointer);
                if before == after {
                    return Err(forgotten(revision, floor));
                }
                (before, None)
            }
            Some(revision) => {
                let earlier = change_at(shared, revision)?;
                (field_of(earlier.record.as_deref(), pointer), Some(earlier))
            }
        };
        match earlier {
            Some(earlier) if before == after => change = earlier,
            _ => {
                let set = before.is_some() || after.is_some();
                return Ok(set.then_some(Why {
                    change,
                    before,
                    after,
                }));
            }
        }
    }
}

fn forgotten(revision: Revision, floor: Revision) -> BookError {
    BookError::Forgotten { revision, floor }
}

fn field_of(stored: Option<&[u8]>, pointer: &str) -> Option<Value> {
    let envelope = Envelope::read(stored?).ok()?;
    envelope.document().ok()?.pointer(pointer).cloned()
}
