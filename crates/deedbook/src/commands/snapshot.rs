//! `snapshot`: so that the next start is quick.

use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::values::Format;

#[derive(Serialize)]
struct Taken {
    snapshot: u64,
}

/// Writes a snapshot of the newest state.
pub(crate) fn snapshot(context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_change(false)?;
    let revision = source.snapshot()?;
    match context.output.format {
        Format::Human => context.output.line(&format!("snapshot: {revision}"))?,
        _ => context.output.value(&Taken {
            snapshot: revision.0,
        })?,
    }
    source.close()
}
