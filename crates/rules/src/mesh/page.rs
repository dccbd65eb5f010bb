//! A page of a list of records of the mesh.

use std::sync::Arc;

use deedbook_model::mesh::MeshKind;

use super::MeshCursor;
use crate::record::Record;
use crate::state::State;

/// Records of one kind, in the order of [`State::mesh_after`], and where their list goes on.
#[derive(Clone, Debug)]
pub struct MeshPage {
    /// The records.
    pub items: Vec<Arc<Record>>,
    /// Where the list goes on, if it does.
    pub next: Option<MeshCursor>,
}

impl MeshPage {
    /// The first `limit` live records of a kind that fit and whose key comes after that one.
    #[must_use]
    pub fn of(
        state: &State,
        kind: MeshKind,
        after: &str,
        limit: usize,
        fits: impl Fn(&Record) -> bool,
    ) -> MeshPage {
        let mut found = state.mesh_after(kind, after).filter(|record| fits(record));
        let items: Vec<Arc<Record>> = found.by_ref().take(limit).cloned().collect();
        let next = match (items.last(), found.next()) {
            (Some(last), Some(_)) => Some(MeshCursor {
                lineage: state.lineage().to_owned(),
                kind,
                revision: state.revision(),
                after: last.key.to_string(),
            }),
            _ => None,
        };
        MeshPage { items, next }
    }
}
