//! What is in each namespace, shared between copies of a state.

use std::ops::Bound;
use std::sync::Arc;

use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::shard::ShardRange;
use imbl::OrdMap;

use super::key_of;
use crate::placement::held_keys::HeldKeys;
use crate::record::Record;

/// Namespaces that have a record, or records in them, by the bytes of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct MeshIndex {
    namespaces: OrdMap<Arc<str>, Arc<Members>>,
    deferred: bool,
}

/// The live records in a namespace, by the bytes of their ids: keys escape some of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    nodes: OrdMap<Arc<str>, Arc<Record>>,
    shards: OrdMap<Arc<str>, Arc<Record>>,
    /// Which of them hold which keys.
    keys: HeldKeys,
    /// How many endpoints each service has.
    endpoints: OrdMap<Arc<str>, usize>,
    services: usize,
    /// How many shards and endpoints point to each node, if any.
    held: OrdMap<Arc<str>, usize>,
    /// Whether the namespace has a record of its own.
    named: bool,
}

impl Members {
    fn is_empty(&self) -> bool {
        self.is_unused() && !self.named
    }

    /// Whether nothing is in it.
    pub(crate) fn is_unused(&self) -> bool {
        self.nodes.is_empty()
            && self.shards.is_empty()
            && self.endpoints.is_empty()
            && self.services == 0
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Record>)> {
        self.nodes.iter()
    }

    pub(crate) fn shards(&self) -> &OrdMap<Arc<str>, Arc<Record>> {
        &self.shards
    }

    /// The shard that holds a key.
    pub(crate) fn locate(&self, key: &[u8]) -> Option<&Arc<Record>> {
        self.shards.get(&**self.keys.locate(key)?)
    }

    /// How many shards and endpoints point to a node.
    pub(crate) fn held_by(&self, node: &str) -> usize {
        self.held.get(node).copied().unwrap_or(0)
    }

    /// How many endpoints a service has.
    pub(crate) fn endpoints_of(&self, service: &str) -> usize {
        self.endpoints.get(service).copied().unwrap_or(0)
    }

    fn insert(&mut self, key: &MeshKey, record: &Arc<Record>) {
        let id = || Arc::from(key.id());
        match key.kind() {
            MeshKind::Namespace => self.named = true,
            MeshKind::Node => {
                self.nodes.insert(id(), Arc::clone(record));
            }
            MeshKind::Service => self.services += 1,
            MeshKind::Endpoint => count(&mut self.endpoints, &service_of(key), 1),
            MeshKind::Shard => {
                let id = id();
                if let Some(range) = range_of(record) {
                    self.keys.insert(&id, range);
                }
                self.shards.insert(id, Arc::clone(record));
            }
        }
        if let Some(node) = record.mesh().and_then(|facts| facts.node_id()) {
            count(&mut self.held, node, 1);
        }
    }

    fn remove(&mut self, key: &MeshKey, record: &Record) {
        match key.kind() {
            MeshKind::Namespace => self.named = false,
            MeshKind::Node => {
                self.nodes.remove(key.id());
            }
            MeshKind::Service => self.services = self.services.saturating_sub(1),
            MeshKind::Endpoint => count(&mut self.endpoints, &service_of(key), -1),
            MeshKind::Shard => {
                if let Some(range) = range_of(record) {
                    self.keys.remove(key.id(), range);
                }
                self.shards.remove(key.id());
            }
        }
        if let Some(node) = record.mesh().and_then(|facts| facts.node_id()) {
            count(&mut self.held, node, -1);
        }
    }
}

/// The keys that a shard holds.
fn range_of(record: &Record) -> Option<&ShardRange> {
    record.shard()?.range.as_deref()
}

fn service_of(key: &MeshKey) -> Arc<str> {
    Arc::from(key.parts().get(1).map_or("", String::as_str))
}

/// Counts up or down; what is counted to nothing is left out.
fn count(counts: &mut OrdMap<Arc<str>, usize>, name: &Arc<str>, by: isize) {
    let held = counts.get(name).copied().unwrap_or(0);
    match held.saturating_add_signed(by) {
        0 => counts.remove(name),
        held => counts.insert(Arc::clone(name), held),
    };
}

impl MeshIndex {
    /// An index that takes nothing until it is made anew with [`MeshIndex::of`].
    pub(crate) fn deferred() -> MeshIndex {
        MeshIndex {
            deferred: true,
            ..MeshIndex::default()
        }
    }

    /// The index of these records; those of other kinds are passed over.
    pub(crate) fn of<'a>(records: impl Iterator<Item = &'a Arc<Record>>) -> MeshIndex {
        let mut index = MeshIndex::default();
        records.for_each(|record| index.put(record, None));
        index
    }

    /// Takes a record in, in the place of the one before it.
    pub(crate) fn put(&mut self, record: &Arc<Record>, before: Option<&Record>) {
        if self.deferred {
            return;
        }
        let Some(key) = key_of(&record.kind, &record.key) else {
            return;
        };
        let before = before.filter(|before| before.is_live());
        if before.is_none() && !record.is_live() {
            return;
        }
        let name = key.namespace();
        let members = match self.namespaces.get_mut(name) {
            Some(members) => members,
            None => self.namespaces.entry(Arc::from(name)).or_default(),
        };
        let members = Arc::make_mut(members);
        if let Some(before) = before {
            members.remove(&key, before);
        }
        if record.is_live() {
            members.insert(&key, record);
        }
        if members.is_empty() {
            self.namespaces.remove(name);
        }
    }

    /// Takes a record out, as if it had never been.
    pub(crate) fn take_out(&mut self, record: &Record) {
        let Some(key) = key_of(&record.kind, &record.key) else {
            return;
        };
        let Some(members) = self.namespaces.get_mut(key.namespace()) else {
            return;
        };
        let members = Arc::make_mut(members);
        if record.is_live() {
            members.remove(&key, record);
        }
        if members.is_empty() {
            self.namespaces.remove(key.namespace());
        }
    }

    pub(crate) fn members(&self, namespace: &str) -> Option<&Members> {
        self.namespaces.get(namespace).map(|members| &**members)
    }

    /// Namespaces from that one on, in order.
    pub(crate) fn from(&self, namespace: &str) -> impl Iterator<Item = (&Arc<str>, &Members)> {
        let bounds = (Bound::Included(namespace), Bound::Unbounded);
        let found = self.namespaces.range::<_, str>(bounds);
        found.map(|(name, members)| (name, &**members))
    }
}
