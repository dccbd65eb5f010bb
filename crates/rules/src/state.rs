//! The state of a book: what folding its log gives. Copies are cheap and share structure.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::snapshot::SnapshotEntry;
use deedbook_model::{Change, Generation, Kind, RecordKey, Revision, StateRoot, Timestamp};
use equivalent::{Comparable, Equivalent};
use imbl::OrdMap;

use crate::components::index::ComponentIndex;
use crate::dense::dense;
use crate::idempotency::KeyMemory;
use crate::mesh::index::{Members, MeshIndex};
use crate::placement::Strategies;
use crate::principals::TokenIndex;
use crate::record::Record;

/// What a state says of itself, beside its records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) revision: Revision,
    time: Timestamp,
    root: StateRoot,
    live: u64,
    stored_bytes: u64,
    principals_at: Revision,
    shards_at: Revision,
}

/// Everything that a log says, folded up to one revision.
#[derive(Clone, Debug, Default)]
pub struct State {
    revision: Revision,
    time: Timestamp,
    root: StateRoot,
    live: u64,
    stored_bytes: u64,
    principals_at: Revision,
    shards_at: Revision,
    records: OrdMap<RecordKey, Arc<Record>>,
    pub(crate) components: ComponentIndex,
    pub(crate) mesh: MeshIndex,
    pub(crate) tokens: TokenIndex,
    pub(crate) keys: KeyMemory,
    strategies: Arc<Strategies>,
}

impl State {
    /// The state before the first change.
    #[must_use]
    pub fn empty() -> State {
        State::default()
    }

    /// An empty state that doesn't keep its indexes until [`State::index`]: for folding a long log,
    /// where keeping them all along costs several times as much. Nothing is found in it before.
    #[must_use]
    pub fn without_index() -> State {
        State {
            components: ComponentIndex::deferred(),
            mesh: MeshIndex::deferred(),
            keys: KeyMemory::deferred(),
            ..State::default()
        }
    }

    /// Makes the indexes of a state that began without them.
    pub fn index(&mut self) {
        self.keys.index();
        if self.components.is_deferred() {
            self.records = dense(std::mem::take(&mut self.records));
            let live = self
                .records
                .values()
                .filter(|record| record.component().is_some());
            self.components = ComponentIndex::of(live.cloned().collect());
            self.mesh = MeshIndex::of(self.records.values());
        }
    }

    /// The same state with other strategies to place shards by: they are the program's, not the
    /// log's.
    #[must_use]
    pub fn with_strategies(mut self, strategies: Arc<Strategies>) -> State {
        self.strategies = strategies;
        self
    }

    /// The same state with the strategies of another.
    #[must_use]
    pub fn with_strategies_of(self, other: &State) -> State {
        self.with_strategies(Arc::clone(&other.strategies))
    }

    /// What may place shards.
    #[must_use]
    pub fn strategies(&self) -> &Strategies {
        &self.strategies
    }

    /// Revision of the last change in it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Time stamp of the last change in it.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The state root.
    #[must_use]
    pub fn root(&self) -> StateRoot {
        self.root
    }

    /// Number of live records.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Bytes of the live records.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Revision of the last change to a principal: while it stays, so does whatever a token is worth,
    /// up to the token's end.
    #[must_use]
    pub fn principals_at(&self) -> Revision {
        self.principals_at
    }

    /// Revision of the last change to a shard, removals among them: while it stays, so does every
    /// list of shards.
    #[must_use]
    pub fn shards_at(&self) -> Revision {
        self.shards_at
    }

    /// About how many bytes a snapshot of it has.
    #[must_use]
    pub fn snapshot_bytes(&self) -> u64 {
        /// A remembered key in a chunk.
        const KEY_BYTES: u64 = 64;
        let keys = u64::try_from(self.remembered()).unwrap_or(u64::MAX);
        self.stored_bytes
            .saturating_add(keys.saturating_mul(KEY_BYTES))
    }

    /// Number of live components.
    #[must_use]
    pub fn component_count(&self) -> usize {
        self.components.len()
    }

    /// The record of that key, live or removed.
    #[must_use]
    pub fn record(&self, kind: &Kind, key: &str) -> Option<&Arc<Record>> {
        self.records.get(&KeyText { kind, key })
    }

    /// All records, live or removed, by kind and key.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.values()
    }

    /// The live records of a kind whose key comes after that one, by key.
    pub fn records_of<'a>(
        &'a self,
        kind: &'a Kind,
        after: &str,
    ) -> impl Iterator<Item = &'a Arc<Record>> + Clone {
        let from = RecordKey::new(kind.clone(), after);
        let after = from.clone();
        self.records
            .range(from..)
            .skip_while(move |(key, _)| **key == after)
            .take_while(move |(key, _)| key.kind == *kind)
            .map(|(_, record)| record)
            .filter(|record| record.is_live())
    }

    /// The live nodes of a namespace, by id.
    pub fn nodes_of(&self, namespace: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<Record>)> {
        let members = self.mesh.members(namespace);
        members.into_iter().flat_map(Members::nodes)
    }

    /// The live shards of a namespace, by id.
    pub fn shards_of(&self, namespace: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<Record>)> {
        let members = self.mesh.members(namespace);
        members
            .into_iter()
            .flat_map(|members| members.shards().iter())
    }

    /// The live records of a kind of the mesh whose key comes after that one, ordered by the bytes
    /// of the namespace, then by those of the other parts. Everything comes after an empty text.
    pub fn mesh_after<'a>(
        &'a self,
        kind: MeshKind,
        key: &str,
    ) -> impl Iterator<Item = &'a Arc<Record>> + use<'a> {
        let mut parts = MeshKey::parts_of(key).map(Cow::into_owned);
        let parts = std::array::from_fn(|_| parts.next().unwrap_or_default());
        self.mesh.after(kind, parts)
    }

    /// The live shards of all namespaces, by namespace and id, after that one.
    pub fn shards_after<'a>(
        &'a self,
        namespace: &str,
        id: &str,
    ) -> impl Iterator<Item = &'a Arc<Record>> + use<'a> {
        let parts = [namespace.to_owned(), id.to_owned(), String::new()];
        self.mesh.after(MeshKind::Shard, parts)
    }

    /// The live shard of a namespace that holds a key by its range. Where several do, that whose
    /// range begins last, and of those the one of the smallest id; one of keys before one of hashes.
    #[must_use]
    pub fn locate(&self, namespace: &str, key: &[u8]) -> Option<&Arc<Record>> {
        self.members(namespace)?.locate(key)
    }

    /// What is in a namespace.
    pub(crate) fn members(&self, namespace: &str) -> Option<&Members> {
        self.mesh.members(namespace)
    }

    /// Whether the book has ever had a record of that kind, live or removed.
    pub(crate) fn knows_kind(&self, kind: &Kind) -> bool {
        let from = RecordKey::new(kind.clone(), "");
        let next = self.records.range(from..).next();
        next.is_some_and(|(key, _)| key.kind == *kind)
    }

    pub(crate) fn diff_records<'a>(
        &'a self,
        other: &'a State,
    ) -> impl Iterator<Item = imbl::ordmap::DiffItem<'a, 'a, RecordKey, Arc<Record>>> {
        self.records.diff(&other.records)
    }

    /// Takes one change: puts its record, or that it is gone, and derives the indexes. Nothing is
    /// computed here, so that every release folds a log to the same bytes.
    pub fn evolve(&mut self, change: &Change) {
        self.put(Arc::new(Record::of(change)));
        self.stand_after(change);
    }

    /// Sets where the state stands after a change whose record was put, and remembers the key of the
    /// command that ends with it.
    pub fn stand_after(&mut self, change: &Change) {
        self.stand_at(change.revision, change.command.time);
        if change.revision == change.command.last {
            self.remember(&change.command);
        }
    }

    /// Puts a record at its revision, in place of the one that is returned.
    pub fn put(&mut self, record: Arc<Record>) -> Option<Arc<Record>> {
        if let Some(digest) = record.digest {
            self.root.add(digest);
            self.live += 1;
            self.stored_bytes += length_of(&record);
        }
        self.revision = self.revision.max(record.revision);
        if record.kind == Kind::PRINCIPAL {
            self.principals_at = self.principals_at.max(record.revision);
        }
        if record.kind == Kind::SHARD {
            self.shards_at = self.shards_at.max(record.revision);
        }
        let key = RecordKey {
            kind: record.kind.clone(),
            key: Arc::clone(&record.key),
        };
        let before = self.records.insert(key, Arc::clone(&record));
        if let Some((before, digest)) = before.as_ref().and_then(|it| Some((it, it.digest?))) {
            self.root.remove(digest);
            self.live = self.live.saturating_sub(1);
            self.stored_bytes = self.stored_bytes.saturating_sub(length_of(before));
            self.tokens.remove(before);
        }
        self.components.put(&record, before.as_deref());
        self.mesh.put(&record, before.as_deref());
        self.tokens.insert(&record);
        before
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing {
            revision: self.revision,
            time: self.time,
            root: self.root,
            live: self.live,
            stored_bytes: self.stored_bytes,
            principals_at: self.principals_at,
            shards_at: self.shards_at,
        }
    }

    /// Takes a record back that was put last; [`State::restore`] is to follow.
    pub(crate) fn take_back(&mut self, record: &Arc<Record>, before: Option<Arc<Record>>) {
        let key = RecordKey {
            kind: record.kind.clone(),
            key: Arc::clone(&record.key),
        };
        self.tokens.remove(record);
        match before {
            Some(before) => {
                self.components.put(&before, Some(record));
                self.mesh.put(&before, Some(record));
                self.tokens.insert(&before);
                self.records.insert(key, before);
            }
            None => {
                self.components.take_out(record);
                self.mesh.take_out(record);
                self.records.remove(&key);
            }
        }
    }

    pub(crate) fn restore(&mut self, standing: Standing) {
        let Standing {
            revision,
            time,
            root,
            live,
            stored_bytes,
            principals_at,
            shards_at,
        } = standing;
        (self.revision, self.time, self.root) = (revision, time, root);
        (self.live, self.stored_bytes) = (live, stored_bytes);
        (self.principals_at, self.shards_at) = (principals_at, shards_at);
    }

    /// Sets where the state stands, after the records of a snapshot were put.
    pub fn stand_at(&mut self, revision: Revision, time: Timestamp) {
        self.revision = revision;
        self.time = time;
    }

    /// What a snapshot of this state holds, by kind and key.
    pub fn snapshot_entries(&self) -> impl Iterator<Item = SnapshotEntry> + '_ {
        self.records.values().map(|record| SnapshotEntry {
            kind: record.kind.clone(),
            key: Arc::clone(&record.key),
            generation: record.generation,
            revision: record.revision,
            record: record.bytes.clone(),
        })
    }

    /// The generation that the next change of that key gets, and the revision of the one before.
    #[must_use]
    pub fn next_generation(&self, kind: &Kind, key: &str) -> (Generation, Option<Revision>) {
        let before = self.record(kind, key).map(|before| &**before);
        let previous = before.map(|before| before.revision);
        (generation_after(before), previous)
    }
}

/// A record's key as it is looked up: making a [`RecordKey`] costs as much as finding it.
struct KeyText<'a> {
    kind: &'a Kind,
    key: &'a str,
}

impl Equivalent<RecordKey> for KeyText<'_> {
    fn equivalent(&self, other: &RecordKey) -> bool {
        self.compare(other).is_eq()
    }
}

impl Comparable<RecordKey> for KeyText<'_> {
    fn compare(&self, other: &RecordKey) -> Ordering {
        let kinds = self.kind.cmp(&other.kind);
        kinds.then_with(|| self.key.cmp(&other.key))
    }
}

/// The generation of the record that follows `before`.
pub(crate) fn generation_after(before: Option<&Record>) -> Generation {
    before.map_or(Generation(1), |before| before.generation.next())
}

fn length_of(record: &Record) -> u64 {
    u64::try_from(record.bytes.as_deref().map_or(0, <[u8]>::len)).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "state_test.rs"]
mod tests;
