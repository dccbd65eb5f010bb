//! What the commands that list changes share.

use deedbook_book::{Book, BookError, ChangeFilter};
use deedbook_model::{Change, Kind, Revision};
use serde::Serialize;

use crate::context::now;
use crate::error::Failure;
use crate::grammar::arguments::ChangeFilterArgs;
use crate::grammar::book::ChangeLimitArgs;
use crate::grammar::values::{Format, Moment};
use crate::output::Output;
use crate::output::change::{self, ChangeObject};

#[derive(Serialize)]
struct Listing<'a> {
    items: Vec<ChangeObject<'a>>,
    revision: u64,
}

/// The last revision that `--since` leaves out.
pub(super) fn since(book: &Book, since: Option<Moment>) -> Result<Revision, Failure> {
    match since.map(|moment| moment.seen_at(now())) {
        Some(Moment::Revision(revision)) => Ok(revision),
        Some(Moment::Time(time)) => match book.revision_at(time) {
            Ok(revision) => Ok(revision),
            // Nothing is older than that: all that is kept came after it.
            Err(BookError::BeforeTime { .. }) => Ok(Revision::ZERO),
            Err(error) => Err(error.into()),
        },
        Some(Moment::Ago(_)) | None => Ok(Revision::ZERO),
    }
}

/// Which changes are meant.
pub(super) fn filter(args: ChangeFilterArgs) -> ChangeFilter {
    ChangeFilter {
        kind: args.kind.map(|kind| Kind::named(&kind)),
        key: args.key,
        key_prefix: None,
        actor: args.actor,
    }
}

/// How many changes are meant.
pub(super) fn limit(args: &ChangeLimitArgs) -> usize {
    if args.all {
        usize::MAX
    } else {
        usize::try_from(args.limit).unwrap_or(usize::MAX)
    }
}

/// Prints a list of changes.
pub(super) fn print(
    changes: &[Change],
    revision: Revision,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.format {
        Format::Human => output.text(&change::table(changes).render()),
        Format::Jsonl => {
            for one in changes {
                output.value(&ChangeObject::of(one))?;
            }
            Ok(())
        }
        _ => output.value(&Listing {
            items: changes.iter().map(ChangeObject::of).collect(),
            revision: revision.0,
        }),
    }
}
