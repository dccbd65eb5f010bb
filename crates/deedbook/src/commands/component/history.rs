//! `registry history`: the changes of a component.

use deedbook_model::Kind;

use crate::commands::changes;
use crate::commands::component::find_in_history;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::History;

/// Lists the changes of a component, newest first.
pub(crate) fn history(args: &History, context: &mut Context) -> Result<(), Failure> {
    let book = context.open_to_read()?;
    let view = book.view();
    let uuid = find_in_history(&args.key.key, &book, &view, context)?;
    let after = changes::since(&book, args.since)?;
    let limit = changes::limit(&args.page);
    let mut found = book.history(&view, &Kind::COMPONENT, &uuid, limit)?;
    found.retain(|change| change.revision > after);
    let floor = book.stats()?.floor;
    if found.len() < limit && found.last().is_some_and(|oldest| oldest.previous.is_some())
        || found.is_empty() && floor > after
    {
        context.output.note(&format!(
            "changes up to revision {floor} were compacted away"
        ));
    }
    changes::print(&found, view.head().revision, &mut context.output)
}
