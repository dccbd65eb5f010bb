//! `GET /control/shards/diff`: changes of shards by position, so many at a time.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::{BeforeChanges, ChangeFilter, ChangeQuery, View};
use deedbook_model::shard::control::{Diff, DiffEntry, Filter};
use deedbook_model::{Change, Kind, Revision};

use super::{answer, unreadable};
use crate::answer::Answer;
use crate::call::Call;
use crate::control::scope::Reach;
use crate::control::sight::is_in_reach;
use crate::control::{asked, position_of};
use crate::refuse;
use crate::routes::changes::floor;

/// Changes in one answer, at most.
const MOST_ENTRIES: usize = 1000;

/// Bytes of their records, about; one change is given whatever it has.
const MOST_BYTES: usize = 4 << 20;

/// Positions that one answer looks at: most of a book may be about other things than shards.
const MOST_EXAMINED: u64 = 200_000;

pub(in crate::routes) fn diff(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let filter = asked::filter(call)?;
    let range = asked::range(call)?;
    let first = range.from.filter(|first| *first > 0);
    let after = asked::after(first.map(|first| first - 1), floor(call)?)?;
    let head = view.head().revision;
    let last = match range.to {
        None => head,
        Some(to) => head.min(Revision(u64::try_from(to).unwrap_or_default())),
    };
    if after >= last {
        return Ok(answer(&Diff::default()));
    }
    let reader = Reader {
        call,
        filter,
        reach: Reach::of(call.route, &call.headers),
        before: call.server.book.before_changes(),
    };
    Ok(answer(&reader.read(after, last)?))
}

struct Reader<'a> {
    call: &'a Call,
    filter: Filter,
    reach: Reach,
    before: BeforeChanges,
}

impl Reader<'_> {
    /// The changes after one revision and up to another, as many as fit into an answer.
    fn read(&self, mut after: Revision, last: Revision) -> Result<Diff, Problem> {
        let last = last.min(Revision(after.0.saturating_add(MOST_EXAMINED)));
        let (mut items, mut bytes) = (Vec::new(), 0);
        while after < last && items.len() < MOST_ENTRIES && bytes < MOST_BYTES {
            let wanted = MOST_ENTRIES - items.len();
            let found = self.call.server.book.changes(&ChangeQuery {
                after,
                up_to: Some(last),
                filter: ChangeFilter {
                    kind: Some(Kind::SHARD),
                    ..ChangeFilter::default()
                },
                newest_first: false,
                limit: wanted,
            });
            let found = found.map_err(refuse::book)?;
            let is_rest = found.len() < wanted;
            let mut is_full = false;
            for change in &found {
                after = change.revision;
                if let Some((entry, size)) = self.entry(change)? {
                    items.push(entry);
                    bytes += size;
                    is_full = bytes >= MOST_BYTES;
                }
                if is_full {
                    break;
                }
            }
            if is_rest && !is_full {
                after = last;
            }
        }
        Ok(Diff {
            items,
            last_position: Some(position_of(after)),
        })
    }

    /// A change that is asked for and may be seen, and how large it is.
    fn entry(&self, change: &Change) -> Result<Option<(DiffEntry, usize)>, Problem> {
        if !is_in_reach(self.reach, self.call.caller.rights(), &change.key) {
            return Ok(None);
        }
        let before = self.before.stored(change).map_err(refuse::book)?;
        let entry = DiffEntry::of_change(change, before.as_deref());
        let entry = entry.map_err(|error| unreadable(&error))?;
        let records = [change.record.as_ref(), before.as_ref()]
            .into_iter()
            .flatten();
        let size = records.map(|record| record.len()).sum();
        let entry = entry.filter(|entry| self.filter.selects(entry));
        Ok(entry.map(|entry| (entry, size)))
    }
}
