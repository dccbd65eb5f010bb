//! `KIND diff`: what differs between two moments, in one record or in all of a kind.

use deedbook_model::Revision;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_rules::diff::{Difference, RecordDifference};
use serde::Serialize;

use crate::commands::diff::{print_differences, print_states};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, Diff, key_of};
use crate::grammar::values::Moment;

/// What differs in one record, as programs read it.
#[derive(Serialize)]
struct Whole {
    key: String,
    from: Revision,
    to: Revision,
    differences: Vec<Difference>,
}

/// Shows what differs.
pub(super) fn diff<K: Described>(args: &Diff<K>, context: &mut Context) -> Result<(), Failure> {
    let (namespace, reference) = (args.namespace.as_deref(), args.reference.as_deref());
    let is_one = reference.is_some() || (K::KIND == MeshKind::Namespace && namespace.is_some());
    let (since, to) = (args.from(), args.to());
    if !is_one && let Some(since) = since {
        return of_all(K::KIND, namespace, since, to, context);
    }
    let key = key_of(K::KIND, namespace, reference)?;
    let mut source = context.source_to_read()?;
    let from = match since {
        Some(since) => since,
        // What it was before its last change.
        None => {
            let seen = source.mesh_record(&key, to)?;
            let last = source.last_change(&seen.record, to);
            // In the middle of a command nothing can be looked at.
            let first = last.map_or(seen.record.revision, |change| change.command.first);
            Moment::Revision(Revision(first.0.saturating_sub(1)))
        }
    };
    let found = source.mesh_diff(&key, from, to)?;
    let (from, to) = (found.from, found.to);
    print_differences(found.differences, &mut context.output, |differences| {
        Whole {
            key: key.to_string(),
            from,
            to,
            differences,
        }
    })
}

fn of_all(
    kind: MeshKind,
    namespace: Option<&str>,
    from: Moment,
    to: Option<Moment>,
    context: &mut Context,
) -> Result<(), Failure> {
    let mut found = context.source_to_read()?.diff(from, to)?;
    let prefix = namespace.map(MeshKey::prefix_of).unwrap_or_default();
    let is_meant = |difference: &RecordDifference| {
        let record = difference.after.as_ref().or(difference.before.as_ref());
        record.is_some_and(|record| record.kind == kind.kind() && record.key.starts_with(&prefix))
    };
    found.items.retain(is_meant);
    print_states(&found, &mut context.output)
}
