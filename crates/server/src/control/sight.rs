//! Which changes a caller of the control plane is told.

use bytes::Bytes;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::shard::control::{DiffEntry, Filter};
use deedbook_model::{Change, Kind, Rights};

use super::scope::Reach;
use crate::watch::Lens;

/// Changes of the shards that a filter selects, in namespaces that the caller has in reach.
pub(crate) struct ShardLens {
    pub(crate) filter: Filter,
    pub(crate) reach: Reach,
}

impl Lens for ShardLens {
    fn is_about_all(&self) -> bool {
        // The book's own filter leaves shards alone.
        self.filter.is_empty()
    }

    fn is_about(&self, change: &Change, before: Option<&Bytes>) -> bool {
        match DiffEntry::of_change(change, before.map(|before| &**before)) {
            Ok(entry) => entry.is_some_and(|entry| self.filter.selects(&entry)),
            // Whoever shows it says that it can't be read.
            Err(_) => true,
        }
    }

    fn shows_all(&self, rights: &Rights) -> bool {
        self.reach.covers_all(rights)
    }

    fn shows(&self, rights: &Rights, change: &Change, _before: Option<&Bytes>) -> bool {
        change.kind == Kind::SHARD && is_in_reach(self.reach, rights, &change.key)
    }
}

/// Whether the shard of that key is in a namespace that the caller has in reach.
pub(crate) fn is_in_reach(reach: Reach, rights: &Rights, key: &str) -> bool {
    reach.covers_all(rights)
        || MeshKey::parse(MeshKind::Shard, key)
            .is_ok_and(|key| reach.covers(rights, key.namespace()))
}
