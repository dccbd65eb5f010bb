//! `registry history`: the changes of a component.

use deedbook_model::Revision;

use crate::commands::changes;
use crate::commands::component::tell_removed;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::History;
use crate::grammar::values::{Format, Moment};

/// Lists the changes of a component, newest first.
pub(crate) fn history(args: &History, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let limit = changes::limit(&args.page);
    let whole = context.output.format == Format::Human;
    let found = source.history(&args.key.key, args.since, limit, whole)?;
    tell_removed(&found.removed, &mut context.output);
    let (changes, floor) = (found.changes.items, found.changes.floor);
    let after = match args.since {
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
        context.output.note(&format!(
            "changes up to revision {floor} were compacted away"
        ));
    }
    changes::print(&changes, found.changes.revision, &mut context.output)
}
