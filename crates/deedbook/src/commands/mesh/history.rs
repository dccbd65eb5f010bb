//! `KIND history`: the changes of a record.

use crate::commands::changes;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, History};

/// Lists the changes of a record, newest first.
pub(super) fn history<K: Described>(
    args: &History<K>,
    context: &mut Context,
) -> Result<(), Failure> {
    let key = args.reference.key()?;
    let limit = changes::limit(args.limit, args.all);
    let mut source = context.source_to_read()?;
    let found = source.mesh_history(&key, args.since, limit, false)?;
    changes::print_history(&found, args.since, limit, &mut context.output)
}
