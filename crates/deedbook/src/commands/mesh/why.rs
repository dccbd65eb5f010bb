//! `KIND why`: the change that last set a record or a field of it.

use deedbook_model::mesh::MeshKind;

use crate::commands::why::tell;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, Why};

/// Says which change last set a field.
pub(super) fn why<K: Described>(args: &Why<K>, context: &mut Context) -> Result<(), Failure> {
    let key = args.reference.key()?;
    let pointer = match (&args.field, K::KIND) {
        (Some(field), _) => format!("/{}", field.trim_start_matches('/')),
        // What else would one ask?
        (None, MeshKind::Shard) => "/ownerNodeId".to_owned(),
        (None, _) => String::new(),
    };
    let found = context
        .source_to_read()?
        .mesh_why(&key, &pointer, args.at.at)?;
    tell(found, K::KIND.as_str(), &pointer, &mut context.output)
}
