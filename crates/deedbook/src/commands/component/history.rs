//! `registry history`: the changes of a component.

use crate::commands::changes;
use crate::commands::component::tell_removed;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::History;
use crate::grammar::values::Format;

/// Lists the changes of a component, newest first.
pub(crate) fn history(args: &History, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let limit = changes::limit(args.page.limit, args.page.all);
    let whole = context.output.format == Format::Human;
    let found = source.history(&args.key.key, args.since, limit, whole)?;
    tell_removed(&found.removed, &mut context.output);
    changes::print_history(&found.changes, args.since, limit, &mut context.output)
}
