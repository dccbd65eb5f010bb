//! What the commands that list changes share.

use deedbook_book::{Book, BookError, ChangeFilter};
use deedbook_model::{Change, Kind, Revision};
use deedbook_rules::Record;
use serde::Serialize;

use super::component::find_in_history;
use crate::context::{Context, now};
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
            Err(BookError::BeforeBook { .. } | BookError::BeforeTime { .. }) => Ok(Revision::ZERO),
            Err(error) => Err(error.into()),
        },
        Some(Moment::Ago(_)) | None => Ok(Revision::ZERO),
    }
}

/// Which changes are meant.
pub(super) fn filter(
    args: ChangeFilterArgs,
    book: &Book,
    context: &mut Context,
) -> Result<ChangeFilter, Failure> {
    let kind = args.kind.map(|kind| Kind::named(&kind));
    let key = args
        .key
        .map(|key| record_key(key, kind.as_ref(), book, context));
    Ok(ChangeFilter {
        key: key.transpose()?,
        key_prefix: None,
        actor: args.actor,
        kind,
    })
}

/// The key of a record. That of a component is its uuid, which may be called by its name as well.
fn record_key(
    key: String,
    kind: Option<&Kind>,
    book: &Book,
    context: &mut Context,
) -> Result<String, Failure> {
    let view = book.view();
    let is_of_kind = |of: &Kind| kind.is_none_or(|kind| kind == of);
    let known = |record: &Record| *record.key == *key && is_of_kind(&record.kind);
    if view.records().any(|record| known(record)) {
        return Ok(key);
    }
    let found = if is_of_kind(&Kind::COMPONENT) {
        find_in_history(&key, book, &view, context)
    } else {
        Err(Failure::NotFound(String::new()))
    };
    match found {
        Err(Failure::Lookup(_) | Failure::Document { .. } | Failure::NotFound(_)) => {
            let hint = format!("hint: no record has or had the key `{key}`");
            context.output.note(&hint);
            Ok(key)
        }
        found => found,
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
