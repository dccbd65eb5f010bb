//! Indexes over the live components of a state, shared between its copies.

use std::cmp::Ordering;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use uuid::Uuid;

use super::facts::ComponentFacts;
use crate::record::Record;

/// A live component in a list: ordered by name, highest version first, uuid.
#[derive(Clone, Debug)]
pub struct Listed(Arc<Record>);

impl Listed {
    /// The component, if the record is one; only such are listed.
    pub(crate) fn of(record: &Arc<Record>) -> Option<Listed> {
        record.component()?;
        Some(Listed(Arc::clone(record)))
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Arc<Record> {
        &self.0
    }
}

impl Ord for Listed {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.component(), other.0.component()) {
            (Some(one), Some(two)) => one.list_order(two),
            // Only components are listed, so this orders nothing.
            _ => self.0.key.cmp(&other.0.key),
        }
    }
}

impl PartialOrd for Listed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Listed {}

/// A field that a filter names, with its value. Namespaces are kept reversed, so that a look-up by
/// their last words is a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    Tag(Box<str>),
    Capability(Box<str>),
    Type(Box<str>),
    Lifecycle(&'static str),
    Namespace(Box<str>),
    ReversedNamespace(Box<str>),
}

/// All live components, by what they are looked up by.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComponentIndex {
    by_uuid: OrdMap<Uuid, Arc<Record>>,
    by_name: OrdMap<Arc<str>, Family>,
    by_term: OrdMap<Term, OrdSet<Listed>>,
}

/// All live versions of one name, highest first.
#[derive(Clone, Debug)]
pub(crate) enum Family {
    One(Arc<Record>),
    Many(Arc<Vec<Arc<Record>>>),
}

impl Family {
    pub(crate) fn versions(&self) -> &[Arc<Record>] {
        match self {
            Family::One(record) => std::slice::from_ref(record),
            Family::Many(records) => records,
        }
    }

    fn from_versions(mut records: Vec<Arc<Record>>) -> Option<Family> {
        match records.len() {
            0 => None,
            1 => records.pop().map(Family::One),
            _ => Some(Family::Many(Arc::new(records))),
        }
    }
}

impl ComponentIndex {
    pub(crate) fn by_uuid(&self, uuid: &Uuid) -> Option<&Arc<Record>> {
        self.by_uuid.get(uuid)
    }

    pub(crate) fn family(&self, name: &str) -> Option<&Family> {
        self.by_name.get(name)
    }

    /// Families from `name` on, in order.
    pub(crate) fn families_from(&self, name: &str) -> impl Iterator<Item = (&Arc<str>, &Family)> {
        self.by_name
            .range::<_, str>((std::ops::Bound::Included(name), std::ops::Bound::Unbounded))
    }

    pub(crate) fn with_term(&self, term: &Term) -> Option<&OrdSet<Listed>> {
        self.by_term.get(term)
    }

    /// Terms from `term` on, in order.
    pub(crate) fn terms_from(&self, term: &Term) -> impl Iterator<Item = (&Term, &OrdSet<Listed>)> {
        self.by_term.range::<_, Term>(term..)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_uuid.len()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.by_name
            .iter()
            .flat_map(|(_, family)| family.versions())
    }

    pub(crate) fn insert(&mut self, record: &Arc<Record>) {
        let (Some(facts), Some(listed)) = (record.component(), Listed::of(record)) else {
            return;
        };
        self.by_uuid.insert(facts.uuid, Arc::clone(record));
        for term in terms_of(facts) {
            self.by_term.entry(term).or_default().insert(listed.clone());
        }
        let family = match self.by_name.get(&facts.name) {
            None => Family::One(Arc::clone(record)),
            Some(family) => {
                let mut versions = family.versions().to_vec();
                let at = place_of(&versions, facts);
                versions.insert(at, Arc::clone(record));
                Family::Many(Arc::new(versions))
            }
        };
        self.by_name.insert(Arc::clone(&facts.name), family);
    }

    pub(crate) fn remove(&mut self, record: &Arc<Record>) {
        let (Some(facts), Some(listed)) = (record.component(), Listed::of(record)) else {
            return;
        };
        self.by_uuid.remove(&facts.uuid);
        for term in terms_of(facts) {
            let mut emptied = false;
            if let Some(set) = self.by_term.get_mut(&term) {
                set.remove(&listed);
                emptied = set.is_empty();
            }
            if emptied {
                self.by_term.remove(&term);
            }
        }
        if let Some(family) = self.by_name.get(&facts.name) {
            let mut versions = family.versions().to_vec();
            versions.retain(|other| other.key != record.key);
            match Family::from_versions(versions) {
                Some(rest) => self.by_name.insert(Arc::clone(&facts.name), rest),
                None => self.by_name.remove(&facts.name),
            };
        }
    }
}

fn place_of(versions: &[Arc<Record>], facts: &ComponentFacts) -> usize {
    versions.partition_point(|other| {
        other
            .component()
            .is_some_and(|other| other.list_order(facts) == Ordering::Less)
    })
}

fn terms_of(facts: &ComponentFacts) -> Vec<Term> {
    let mut terms = vec![
        Term::Type(facts.meta_type.clone()),
        Term::Lifecycle(facts.lifecycle.as_str()),
    ];
    terms.extend(facts.tags.iter().cloned().map(Term::Tag));
    terms.extend(facts.capabilities.iter().cloned().map(Term::Capability));
    if let Some(namespace) = &facts.namespace {
        terms.push(Term::Namespace(namespace.clone()));
        terms.push(Term::ReversedNamespace(reversed(namespace)));
    }
    terms
}

pub(crate) fn reversed(text: &str) -> Box<str> {
    text.chars().rev().collect::<String>().into()
}
