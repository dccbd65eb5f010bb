//! A record as the state holds it: its stored bytes and what its indexes need.

use std::sync::Arc;

use deedbook_model::{Generation, Kind, Revision};

use crate::components::ComponentFacts;

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
    /// Its stored form; `None`: it was removed.
    pub bytes: Option<Box<[u8]>>,
    /// What the rules know of it.
    pub facts: Facts,
}

/// What the rules know of a record beside its bytes.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is a component; a box would cost each an allocation"
)]
pub enum Facts {
    /// A kind without rules of its own, a removed record, or a component that only a later
    /// release can read: kept and served, found by its key alone.
    None,
    /// A component.
    Component(ComponentFacts),
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
        bytes: Option<&[u8]>,
    ) -> Record {
        let facts = match bytes {
            Some(bytes) if kind == Kind::COMPONENT => {
                ComponentFacts::read(bytes).map_or(Facts::None, Facts::Component)
            }
            _ => Facts::None,
        };
        Record {
            kind,
            key,
            generation,
            revision,
            bytes: bytes.map(Box::from),
            facts,
        }
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

    /// What the rules know of it as a component.
    #[must_use]
    pub fn component(&self) -> Option<&ComponentFacts> {
        match &self.facts {
            Facts::Component(facts) => Some(facts),
            Facts::None => None,
        }
    }
}
