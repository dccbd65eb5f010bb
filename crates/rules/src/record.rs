//! A record as the state holds it: its stored bytes and what its indexes need.

use std::sync::Arc;

use bytes::Bytes;
use deedbook_model::root::RecordDigest;
use deedbook_model::{Change, Generation, Kind, Revision};

use crate::book_record::BookRecord;
use crate::components::ComponentFacts;
use crate::mesh::{MeshFacts, NodeFacts, ShardFacts};
use crate::principals::PrincipalFacts;

/// One record, live or removed.
#[derive(Debug)]
pub struct Record {
    /// Kind of the record.
    pub kind: Kind,
    /// Key within the kind.
    pub key: Arc<str>,
    /// The record's own counter.
    pub generation: Generation,
    /// Revision of its last change.
    pub revision: Revision,
    /// Its stored form; `None`: it was removed. What it may share its memory with is a snapshot's
    /// chunk, in which nearly all is live, or the change that made it.
    pub bytes: Option<Bytes>,
    /// What the rules know of it.
    pub facts: Facts,
    /// What it adds to the state root, if it is live.
    pub(crate) digest: Option<RecordDigest>,
}

/// What the rules know of a record beside its bytes.
#[derive(Debug)]
pub enum Facts {
    /// A kind without rules of its own, a removed record, or one that only a later release can
    /// read: kept and served, found by its key alone.
    None,
    /// The book's own record.
    Book(Box<BookRecord>),
    /// A component.
    Component(ComponentFacts),
    /// A namespace, node, service, endpoint or shard.
    Mesh(Box<MeshFacts>),
    /// A principal.
    Principal(Box<PrincipalFacts>),
}

/// The facts follow from the bytes.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        (self.revision, self.generation) == (other.revision, other.generation)
            && (&self.kind, &self.key) == (&other.kind, &other.key)
            && self.bytes == other.bytes
    }
}

impl Eq for Record {}

impl Record {
    /// Reads a record from its stored form.
    #[must_use]
    pub fn new(
        kind: Kind,
        key: Arc<str>,
        generation: Generation,
        revision: Revision,
        bytes: Option<Bytes>,
    ) -> Record {
        let facts = match bytes.as_deref() {
            Some(bytes) if kind == Kind::COMPONENT => {
                ComponentFacts::read(bytes).map_or(Facts::None, Facts::Component)
            }
            Some(bytes) if kind == Kind::BOOK => {
                BookRecord::read(bytes).map_or(Facts::None, |book| Facts::Book(Box::new(book)))
            }
            Some(bytes) if kind == Kind::PRINCIPAL => PrincipalFacts::read(bytes)
                .map_or(Facts::None, |facts| Facts::Principal(Box::new(facts))),
            Some(bytes) => MeshFacts::read(&kind, bytes)
                .map_or(Facts::None, |facts| Facts::Mesh(Box::new(facts))),
            None => Facts::None,
        };
        let digest = bytes.as_deref();
        let digest = digest.map(|bytes| RecordDigest::of(kind.as_str(), &key, bytes));
        Record {
            kind,
            key,
            generation,
            revision,
            bytes,
            facts,
            digest,
        }
    }

    /// What a change leaves. Its bytes are copied: a change shares the memory of its whole batch.
    #[must_use]
    pub fn of(change: &Change) -> Record {
        Record::new(
            change.kind.clone(),
            Arc::clone(&change.key),
            change.generation,
            change.revision,
            change.record.as_deref().map(Bytes::copy_from_slice),
        )
    }

    /// The same, sharing what no change touches with the record before it.
    #[must_use]
    pub(crate) fn following(mut self, before: Option<&Record>) -> Record {
        if let (Facts::Component(own), Some(before)) =
            (&mut self.facts, before.and_then(Record::component))
        {
            own.share_identity(before);
        }
        self
    }

    /// Whether the record is there.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.bytes.is_some()
    }

    /// Appends what a search for text looks at; nothing for what is no component.
    pub(crate) fn fold_text(&self, into: &mut String) {
        if let (Some(facts), Some(stored)) = (self.component(), self.bytes.as_deref()) {
            facts.fold_text(stored, into);
        }
    }

    /// What the book's own record says.
    #[must_use]
    pub fn book(&self) -> Option<&BookRecord> {
        match &self.facts {
            Facts::Book(book) => Some(book),
            _ => None,
        }
    }

    /// What the rules know of it as a component.
    #[must_use]
    pub fn component(&self) -> Option<&ComponentFacts> {
        match &self.facts {
            Facts::Component(facts) => Some(facts),
            _ => None,
        }
    }

    /// What the rules know of it as a part of the mesh.
    #[must_use]
    pub fn mesh(&self) -> Option<&MeshFacts> {
        match &self.facts {
            Facts::Mesh(facts) => Some(facts),
            _ => None,
        }
    }

    /// What the rules know of it as a node.
    #[must_use]
    pub fn node(&self) -> Option<&NodeFacts> {
        match self.mesh() {
            Some(MeshFacts::Node(facts)) => Some(facts),
            _ => None,
        }
    }

    /// What the rules know of it as a shard.
    #[must_use]
    pub fn shard(&self) -> Option<&ShardFacts> {
        match self.mesh() {
            Some(MeshFacts::Shard(facts)) => Some(facts),
            _ => None,
        }
    }

    /// What the rules know of it as a principal.
    #[must_use]
    pub fn principal(&self) -> Option<&PrincipalFacts> {
        match &self.facts {
            Facts::Principal(facts) => Some(facts),
            _ => None,
        }
    }
}
