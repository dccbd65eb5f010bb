//! What is in each namespace, shared between copies of a state.

use std::ops::Bound;
use std::sync::Arc;

use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::ShardRange;
use imbl::OrdMap;

use super::facts::Name;
use crate::placement::held_keys::HeldKeys;
use crate::record::Record;

/// Namespaces that have a record, or records in them, by the bytes of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct MeshIndex {
    namespaces: OrdMap<Arc<str>, Arc<Members>>,
    deferred: bool,
}

/// An endpoint within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EndpointName {
    service: Arc<str>,
    id: Arc<str>,
}

/// The live records in a namespace, by the bytes of their ids: keys escape some of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    nodes: OrdMap<Arc<str>, Arc<Record>>,
    shards: OrdMap<Arc<str>, Arc<Record>>,
    /// Which of them hold which keys.
    keys: HeldKeys,
    services: OrdMap<Arc<str>, Arc<Record>>,
    endpoints: OrdMap<EndpointName, Arc<Record>>,
    /// How many endpoints each service has.
    endpoint_counts: OrdMap<Arc<str>, usize>,
    /// How many shards and endpoints point to each node, if any.
    held: OrdMap<Arc<str>, usize>,
    /// The namespace's own record.
    own: Option<Arc<Record>>,
}

impl Members {
    fn is_empty(&self) -> bool {
        self.is_unused() && self.own.is_none()
    }

    /// Whether nothing is in it.
    pub(crate) fn is_unused(&self) -> bool {
        self.nodes.is_empty()
            && self.shards.is_empty()
            && self.endpoints.is_empty()
            && self.services.is_empty()
    }

    /// How much of what is in it: `2 nodes, 1 service`.
    pub(crate) fn counted(&self) -> String {
        let counts = [
            (self.nodes.len(), "node"),
            (self.services.len(), "service"),
            (self.endpoints.len(), "endpoint"),
            (self.shards.len(), "shard"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts = counts.map(|(count, name)| match count {
            1 => format!("1 {name}"),
            count => format!("{count} {name}s"),
        });
        counts.collect::<Vec<_>>().join(", ")
    }

    /// The namespace's own record.
    pub(crate) fn own(&self) -> Option<&Arc<Record>> {
        self.own.as_ref()
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

    /// Shards and endpoints that point to a node, among the first of either: to look at all would
    /// hold up whoever writes.
    pub(crate) fn some_held_by<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Record>> {
        const LOOKED_AT: usize = 128;
        let shards = self.shards.values().take(LOOKED_AT);
        let first = shards.chain(self.endpoints.values().take(LOOKED_AT));
        first.filter(move |record| node_of(record).is_some_and(|own| **own == *node))
    }

    /// How many endpoints a service has.
    pub(crate) fn endpoint_count(&self, service: &str) -> usize {
        self.endpoint_counts.get(service).copied().unwrap_or(0)
    }

    /// The endpoints of a service.
    pub(crate) fn endpoints_of<'a>(
        &'a self,
        service: &str,
    ) -> impl Iterator<Item = &'a Arc<Record>> {
        let from = EndpointName {
            service: Arc::from(service),
            id: Arc::from(""),
        };
        let found = self.endpoints.range(from..);
        let own = found.take_while(move |(name, _)| *name.service == *service);
        own.map(|(_, record)| record)
    }

    /// Its records of a kind, by their ids: those after that one, which none has whose parts are
    /// empty.
    fn after(&self, kind: MeshKind, id: [&str; 2]) -> Box<dyn Iterator<Item = &Arc<Record>> + '_> {
        let [first, second] = id;
        let records = match kind {
            MeshKind::Namespace => return Box::new(self.own.iter()),
            MeshKind::Endpoint => {
                let after = EndpointName {
                    service: Arc::from(first),
                    id: Arc::from(second),
                };
                let found = self
                    .endpoints
                    .range((Bound::Excluded(after), Bound::Unbounded));
                return Box::new(found.map(|(_, record)| record));
            }
            MeshKind::Node => &self.nodes,
            MeshKind::Service => &self.services,
            MeshKind::Shard => &self.shards,
        };
        let bounds = (Bound::Excluded(first), Bound::Unbounded);
        Box::new(records.range::<_, str>(bounds).map(|(_, record)| record))
    }

    /// Puts a live record in the place of the one before it; either may be none.
    fn put(&mut self, name: &Name<'_>, record: Option<&Arc<Record>>, before: Option<&Record>) {
        match name.kind {
            MeshKind::Namespace => self.own = record.cloned(),
            MeshKind::Node => set(&mut self.nodes, &name.id, record, before),
            MeshKind::Service => set(&mut self.services, &name.id, record, before),
            MeshKind::Endpoint => {
                let name = EndpointName {
                    service: Arc::from(name.service.as_deref().unwrap_or_default()),
                    id: Arc::from(&*name.id),
                };
                let by = isize::from(record.is_some()) - isize::from(before.is_some());
                count(&mut self.endpoint_counts, &name.service, by);
                match record {
                    Some(record) => drop(self.endpoints.insert(name, Arc::clone(record))),
                    None => drop(self.endpoints.remove(&name)),
                }
            }
            MeshKind::Shard => {
                set(&mut self.shards, &name.id, record, before);
                let range = record.and_then(|record| range_of(record));
                let range_before = before.and_then(range_of);
                if range != range_before {
                    range_before.inspect(|range| self.keys.remove(&name.id, range));
                    let id = self.shards.get_key_value(&*name.id);
                    if let (Some(range), Some((id, _))) = (range, id) {
                        self.keys.insert(id, range);
                    }
                }
            }
        }
        let node = record.and_then(|record| node_of(record));
        let node_before = before.and_then(node_of);
        if node != node_before {
            node_before.inspect(|node| count(&mut self.held, node, -1));
            node.inspect(|node| count(&mut self.held, node, 1));
        }
    }
}

fn set(
    records: &mut OrdMap<Arc<str>, Arc<Record>>,
    id: &str,
    record: Option<&Arc<Record>>,
    before: Option<&Record>,
) {
    match record {
        Some(record) => {
            let slot = before.and_then(|_| records.get_mut(id));
            match slot {
                Some(slot) => *slot = Arc::clone(record),
                None => drop(records.insert(Arc::from(id), Arc::clone(record))),
            }
        }
        None => drop(records.remove(id)),
    }
}

/// The keys that a shard holds.
fn range_of(record: &Record) -> Option<&ShardRange> {
    record.shard()?.range.as_deref()
}

/// The node that it points to.
fn node_of(record: &Record) -> Option<&Arc<str>> {
    record.mesh()?.node_id()
}

/// Counts up or down; what is counted to nothing is left out.
fn count(counts: &mut OrdMap<Arc<str>, usize>, name: &Arc<str>, by: isize) {
    match counts.get_mut(name) {
        Some(held) => {
            *held = held.saturating_add_signed(by);
            if *held == 0 {
                counts.remove(name);
            }
        }
        None => {
            let held = 0_usize.saturating_add_signed(by);
            if held > 0 {
                counts.insert(Arc::clone(name), held);
            }
        }
    }
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
        let Some(name) = Name::of(&record.kind, &record.key) else {
            return;
        };
        let before = before.filter(|before| before.is_live());
        if before.is_none() && !record.is_live() {
            return;
        }
        let namespace = &*name.namespace;
        let members = match self.namespaces.get_mut(namespace) {
            Some(members) => members,
            None => self.namespaces.entry(Arc::from(namespace)).or_default(),
        };
        let members = Arc::make_mut(members);
        members.put(&name, Some(record).filter(|it| it.is_live()), before);
        if members.is_empty() {
            self.namespaces.remove(namespace);
        }
    }

    /// Takes a record out, as if it had never been.
    pub(crate) fn take_out(&mut self, record: &Record) {
        let Some(name) = Name::of(&record.kind, &record.key).filter(|_| record.is_live()) else {
            return;
        };
        let Some(members) = self.namespaces.get_mut(&*name.namespace) else {
            return;
        };
        let members = Arc::make_mut(members);
        members.put(&name, None, Some(record));
        if members.is_empty() {
            self.namespaces.remove(&*name.namespace);
        }
    }

    pub(crate) fn members(&self, namespace: &str) -> Option<&Members> {
        self.namespaces.get(namespace).map(|members| &**members)
    }

    /// The live records of a kind after that namespace and what stands below it, part by part by
    /// their bytes: a key's text has another order, where `/` is a character among others.
    pub(crate) fn after<'a>(
        &'a self,
        kind: MeshKind,
        parts: [String; 3],
    ) -> impl Iterator<Item = &'a Arc<Record>> + use<'a> {
        let [namespace, first, second] = parts;
        let bounds = (Bound::Included(&*namespace), Bound::Unbounded);
        let found = self.namespaces.range::<_, str>(bounds);
        found.flat_map(move |(name, members)| match **name == *namespace {
            true if kind == MeshKind::Namespace => Box::new(std::iter::empty()),
            true => members.after(kind, [&first, &second]),
            false => members.after(kind, ["", ""]),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use deedbook_model::{Generation, RecordKey, Revision};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// A record that is put, or removed without data.
    fn changes() -> impl Strategy<Value = (MeshKind, String, Option<Value>)> {
        let range = prop_oneof![
            Just(Value::Null),
            (0..3_u8, 3..6_u8).prop_map(|(start, end)| {
                json!({"start": start.to_string(), "end": end.to_string()})
            }),
        ];
        let names = ("[ab]", "[xy]", "[12]");
        (0..5_usize, names, "[nm]", range, 0..4_u8).prop_map(
            |(kind, (namespace, id, endpoint), node, range, gone)| {
                let kind = MeshKind::ALL[kind];
                let key = match kind {
                    MeshKind::Namespace => namespace,
                    MeshKind::Endpoint => format!("{namespace}/{id}/{endpoint}"),
                    _ => format!("{namespace}/{id}%2F"),
                };
                let data = json!({
                    "strategyId": "ring", "weight": 1, "draining": false, "nodeId": node,
                    "ownerNodeId": node, "status": "active", "hashRange": range,
                });
                (kind, key, (gone > 0).then_some(data))
            },
        )
    }

    fn record((kind, key, data): (MeshKind, String, Option<Value>)) -> Arc<Record> {
        let stored = data.map(|data| Bytes::from(json!({ "data": data }).to_string()));
        let (generation, revision) = (Generation(1), Revision(1));
        let record = Record::new(kind.kind(), Arc::from(key), generation, revision, stored);
        Arc::new(record)
    }

    fn key_of(record: &Record) -> RecordKey {
        RecordKey::new(record.kind.clone(), &record.key)
    }

    proptest! {
        #[test]
        fn it_holds_what_is_there_whatever_came_before(
            changes in vec(changes(), 0..40),
            last in changes(),
        ) {
            let mut index = MeshIndex::default();
            let mut records: OrdMap<RecordKey, Arc<Record>> = OrdMap::new();
            for record in changes.into_iter().map(record) {
                let before = records.insert(key_of(&record), Arc::clone(&record));
                index.put(&record, before.as_deref());
            }
            let kept = MeshIndex::of(records.values());
            prop_assert_eq!(format!("{index:?}"), format!("{kept:?}"));
            // What is taken back leaves it as it was.
            let last = record(last);
            match records.get(&key_of(&last)) {
                Some(before) => {
                    index.put(&last, Some(before));
                    index.put(before, Some(&last));
                }
                None => {
                    index.put(&last, None);
                    index.take_out(&last);
                }
            }
            prop_assert_eq!(format!("{index:?}"), format!("{kept:?}"));
        }
    }
}
