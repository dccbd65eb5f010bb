//! Indexes over the live components of a state, shared between its copies.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use deedbook_model::component::Lifecycle;
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

    fn terms(&self) -> Vec<Term> {
        self.0.component().map(terms_of).unwrap_or_default()
    }

    fn name(&self) -> Option<&Arc<str>> {
        self.0.component().map(|facts| &facts.name)
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

/// Below so many components a second thread isn't worth starting.
const WORTH_A_THREAD: usize = 10_000;

/// A field that look-ups name, with its value. Namespaces are kept reversed, so that a look-up by
/// their last words is a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Term {
    Tag(Box<str>),
    Capability(Box<str>),
    Type(Cow<'static, str>),
    Lifecycle(Lifecycle),
    ReversedNamespace(Box<str>),
}

/// All live components, by what they are looked up by.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComponentIndex {
    by_uuid: OrdMap<Uuid, Arc<Record>>,
    by_name: OrdMap<Arc<str>, Family>,
    by_term: OrdMap<Term, Listing>,
    deferred: bool,
}

/// All live components with one term. Most namespaces and many tags occur once, and a set of one
/// takes as much memory as a set of sixty.
#[derive(Clone, Debug)]
pub(crate) enum Listing {
    One(Listed),
    Many(OrdSet<Listed>),
}

impl Listing {
    fn of(mut listed: Vec<Listed>) -> Listing {
        match listed.pop() {
            Some(only) if listed.is_empty() => Listing::One(only),
            last => Listing::Many(listed.into_iter().chain(last).collect()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Listing::One(_) => 1,
            Listing::Many(set) => set.len(),
        }
    }

    /// Those after `from`, in order; all where none is given.
    pub(crate) fn iter_after<'a>(
        &'a self,
        from: Option<Listed>,
    ) -> Box<dyn Iterator<Item = &'a Listed> + 'a> {
        match (self, from) {
            (Listing::One(one), from) => Box::new(
                std::iter::once(one)
                    .filter(move |one| from.as_ref().is_none_or(|from| *one > from)),
            ),
            (Listing::Many(set), None) => Box::new(set.iter()),
            (Listing::Many(set), Some(from)) => {
                let after = (std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded);
                Box::new(set.range::<_, Listed>(after))
            }
        }
    }

    fn insert(&mut self, listed: Listed) {
        match self {
            Listing::One(one) => {
                *self = Listing::Many([one.clone(), listed].into_iter().collect());
            }
            Listing::Many(set) => {
                set.insert(listed);
            }
        }
    }

    /// Takes one out; says whether it was the last.
    fn remove(&mut self, listed: &Listed) -> bool {
        match self {
            Listing::One(one) => one == listed,
            Listing::Many(set) => {
                set.remove(listed);
                set.is_empty()
            }
        }
    }
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
    /// An index that takes nothing until it is made anew with [`ComponentIndex::of`].
    pub(crate) fn deferred() -> ComponentIndex {
        ComponentIndex {
            deferred: true,
            ..ComponentIndex::default()
        }
    }

    pub(crate) fn is_deferred(&self) -> bool {
        self.deferred
    }

    /// The index of these components. In list order each map and set grows at its end, where
    /// everything is warm.
    pub(crate) fn of(records: Vec<Arc<Record>>) -> ComponentIndex {
        let by_uuid = || -> OrdMap<Uuid, Arc<Record>> {
            let with_uuid = |record: &Arc<Record>| Some((record.component()?.uuid, record.clone()));
            let mut uuids: Vec<_> = records.iter().filter_map(with_uuid).collect();
            uuids.sort_unstable_by_key(|(uuid, _)| *uuid);
            uuids.into_iter().collect()
        };
        let listed = || {
            let mut listed: Vec<Listed> = records.iter().filter_map(Listed::of).collect();
            listed.sort_unstable();
            ComponentIndex::of_listed(&listed)
        };
        if records.len() < WORTH_A_THREAD {
            return ComponentIndex {
                by_uuid: by_uuid(),
                ..listed()
            };
        }
        std::thread::scope(|scope| {
            let by_uuid = scope.spawn(by_uuid);
            ComponentIndex {
                by_uuid: by_uuid
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                ..listed()
            }
        })
    }

    /// Everything but the uuids, of components in list order.
    fn of_listed(listed: &[Listed]) -> ComponentIndex {
        let mut index = ComponentIndex::default();
        let mut terms: HashMap<Term, Vec<Listed>> = HashMap::new();
        for family in listed.chunk_by(|one, two| one.name() == two.name()) {
            let versions: Vec<_> = family.iter().map(|one| Arc::clone(one.record())).collect();
            for one in family {
                for term in one.terms() {
                    terms.entry(term).or_default().push(one.clone());
                }
            }
            if let (Some(name), Some(family)) = (
                family.first().and_then(Listed::name),
                Family::from_versions(versions),
            ) {
                index.by_name.insert(Arc::clone(name), family);
            }
        }
        let mut terms: Vec<(Term, Vec<Listed>)> = terms.into_iter().collect();
        terms.sort_unstable_by(|one, two| one.0.cmp(&two.0));
        index.by_term = terms
            .into_iter()
            .map(|(term, listed)| (term, Listing::of(listed)))
            .collect();
        index
    }

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

    pub(crate) fn with_term(&self, term: &Term) -> Option<&Listing> {
        self.by_term.get(term)
    }

    /// Terms from `term` on, in order.
    pub(crate) fn terms_from(&self, term: &Term) -> impl Iterator<Item = (&Term, &Listing)> {
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
        if self.deferred {
            return;
        }
        if let (Some(facts), Some(listed)) = (record.component(), Listed::of(record)) {
            self.by_uuid.insert(facts.uuid, Arc::clone(record));
            self.insert_terms(&listed);
            self.insert_name(facts, record);
        }
    }

    fn insert_terms(&mut self, listed: &Listed) {
        for term in listed.terms() {
            match self.by_term.get_mut(&term) {
                Some(listing) => listing.insert(listed.clone()),
                None => {
                    self.by_term.insert(term, Listing::One(listed.clone()));
                }
            }
        }
    }

    fn insert_name(&mut self, facts: &ComponentFacts, record: &Arc<Record>) {
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
            let listing = self.by_term.get_mut(&term);
            if listing.is_some_and(|listing| listing.remove(&listed)) {
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
    let mut terms = vec![Term::Type(facts.meta_type.clone())];
    // Most are active: a list of those would be no shorter than the whole.
    if facts.lifecycle != Lifecycle::Active {
        terms.push(Term::Lifecycle(facts.lifecycle));
    }
    terms.extend(facts.tags.iter().cloned().map(Term::Tag));
    terms.extend(facts.capabilities.iter().cloned().map(Term::Capability));
    if let Some(namespace) = &facts.namespace {
        terms.push(Term::ReversedNamespace(reversed(namespace)));
    }
    terms
}

pub(crate) fn reversed(text: &str) -> Box<str> {
    text.chars().rev().collect::<String>().into()
}
