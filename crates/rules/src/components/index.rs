//! Indexes over the live components of a state, shared between its copies.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use deedbook_model::component::{DependencyTarget, Lifecycle};
use imbl::OrdMap;
use uuid::Uuid;

use super::facts::ComponentFacts;
use super::listing::Listing;
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
    /// How many dependencies name each name or uuid, by a hash of it: most are named by none.
    needed: OrdMap<u32, u32>,
    /// How many dependencies are paths, which may mean anything.
    paths: usize,
    deferred: bool,
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
                if let Some(facts) = one.record().component() {
                    index.count_needs(facts);
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
            .filter_map(|(term, listed)| Some((term, Listing::of_sorted(listed)?)))
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

    /// Whether some dependency may mean that component. `false` is certain.
    pub(crate) fn may_be_needed(&self, facts: &ComponentFacts) -> bool {
        let named = |hash: u32| self.needed.contains_key(&hash);
        self.paths > 0 || named(hash_of(&facts.name)) || named(hash_of(&facts.uuid.to_string()))
    }

    fn count_needs(&mut self, facts: &ComponentFacts) {
        for need in needs_of(facts) {
            match need {
                Some(hash) => *self.needed.entry(hash).or_default() += 1,
                None => self.paths += 1,
            }
        }
    }

    fn discount_needs(&mut self, facts: &ComponentFacts) {
        for need in needs_of(facts) {
            let Some(hash) = need else {
                self.paths = self.paths.saturating_sub(1);
                continue;
            };
            match self.needed.get(&hash).copied() {
                Some(count) if count > 1 => self.needed.insert(hash, count - 1),
                _ => self.needed.remove(&hash),
            };
        }
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
            self.count_needs(facts);
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
        self.discount_needs(facts);
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

/// The hash of what each dependency names; `None` for a path.
fn needs_of(facts: &ComponentFacts) -> impl Iterator<Item = Option<u32>> + '_ {
    facts.dependencies.iter().flatten().filter_map(|dependency| match &dependency.target {
        DependencyTarget::External { .. } => None,
        DependencyTarget::Path { .. } => Some(None),
        DependencyTarget::Name(name) => Some(Some(hash_of(name))),
        DependencyTarget::Uuid(uuid) => Some(Some(hash_of(&uuid.to_string()))),
    })
}

/// FNV-1a, folded: only compared within one state.
fn hash_of(text: &str) -> u32 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ (hash >> 15)
}

fn terms_of(facts: &ComponentFacts) -> Vec<Term> {
    let mut terms = vec![Term::Type(facts.meta_type.clone())];
    // Most are active: a list of those would be no shorter than the whole.
    if facts.lifecycle != Lifecycle::Active {
        terms.push(Term::Lifecycle(facts.lifecycle));
    }
    terms.extend(facts.tags.iter().map(|tag| Term::Tag(tag.into())));
    terms.extend(facts.capabilities.iter().map(|offer| Term::Capability(offer.into())));
    if let Some(namespace) = &facts.namespace {
        terms.push(Term::ReversedNamespace(reversed(namespace)));
    }
    terms
}

pub(crate) fn reversed(text: &str) -> Box<str> {
    text.chars().rev().collect::<String>().into()
}
