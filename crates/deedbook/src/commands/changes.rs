//! What the commands that list changes share.

use deedbook_model::{Change, Kind, Revision};
use serde::Serialize;

use super::component::tell_removed;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::arguments::ChangeFilterArgs;
use crate::grammar::values::{Format, Moment};
use crate::output::Output;
use crate::output::change::{self, ChangeObject};
use crate::source::{ChangeAsk, Changes, Source};

#[derive(Serialize)]
struct Listing<'a> {
    items: Vec<ChangeObject<'a>>,
    revision: u64,
}

/// Which changes are meant.
pub(super) fn filter(
    args: ChangeFilterArgs,
    source: &mut Source,
    context: &mut Context,
) -> Result<ChangeAsk, Failure> {
    let kind = args.kind.map(|kind| Kind::named(&kind));
    let key = args
        .key
        .map(|key| record_key(key, kind.as_ref(), source, context));
    Ok(ChangeAsk {
        key: key.transpose()?,
        actor: args.actor,
        kind,
        ..ChangeAsk::default()
    })
}

/// The key of a record. That of a component is its uuid, which may be called by its name as well.
fn record_key(
    key: String,
    kind: Option<&Kind>,
    source: &mut Source,
    context: &mut Context,
) -> Result<String, Failure> {
    if source.knows_key(&key, kind)? {
        return Ok(key);
    }
    let found = match kind.is_none_or(|kind| *kind == Kind::COMPONENT) {
        true => source.history(&key, None, 1, false).map(Some),
        false => Ok(None),
    };
    match found {
        Ok(Some(found)) => {
            tell_removed(&found.removed, &mut context.output);
            Ok(found.uuid)
        }
        Err(failure) if !failure.is_lookup() && !is_of_input(&failure) => Err(failure),
        Ok(None) | Err(_) => {
            let hint = format!("hint: no record has or had the key `{key}`");
            context.output.note(&hint);
            Ok(key)
        }
    }
}

/// A key that can't be one of a component.
fn is_of_input(failure: &Failure) -> bool {
    matches!(failure, Failure::Document { .. } | Failure::NotFound(_))
}

/// How many changes are meant.
pub(super) fn limit(limit: u32, all: bool) -> usize {
    if all {
        usize::MAX
    } else {
        usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// Prints the changes of one record, of at most `limit` that were asked for, and tells where
/// compaction took some.
pub(super) fn print_history(
    found: &Changes,
    since: Option<Moment>,
    limit: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let (changes, floor) = (&found.items, found.floor);
    let after = match since {
        None => Revision::ZERO,
        Some(Moment::Revision(revision)) => revision,
        // What a time leaves out is known only where the book is.
        Some(_) => floor,
    };
    let is_gone = |revision: Revision| revision <= floor && revision > after;
    let is_cut = match changes.last() {
        Some(oldest) => changes.len() < limit && oldest.previous.is_some_and(is_gone),
        None => floor > after,
    };
    if is_cut {
        output.note(&format!(
            "changes up to revision {floor} were compacted away"
        ));
    }
    print(changes, found.revision, output)
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
