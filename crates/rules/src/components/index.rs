//! Indexes over the live components of a state, shared between its copies.

use std::collections::HashMap;
use std::sync::Arc;

use deedbook_model::Revision;
use deedbook_model::component::{DependencyRef, DependencyTarget, Lifecycle};
use imbl::OrdMap;
use uuid::Uuid;

use super::facts::{ComponentFacts, Identity};
use super::listing::Listing;
use super::texts::Texts;
use crate::dense::dense;
use crate::record::Record;

/// Below so many components further threads aren't worth starting.
const WORTH_A_THREAD: usize = 1_000;

/// A field that look-ups name, with its value. Namespaces are kept reversed, so that a look-up by
/// their last words is a range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Term {
    Tag(Box<str>),
    Capability(Box<str>),
    Type(Box<str>),
    Lifecycle(Lifecycle),
    ReversedNamespace(Box<str>),
}

/// All live components, by what they are looked up by.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComponentIndex {
    by_uuid: OrdMap<Uuid, Live>,
    by_name: OrdMap<Arc<str>, Family>,
    /// Families once more by a hash of their name, which is found without following pointers. Of two
    /// with one hash only the first is here: whoever doesn't find one looks in `by_name`.
    by_hash: OrdMap<u32, Family>,
    by_term: OrdMap<Term, Listing>,
    /// How many dependencies name each name, uuid or last word of a path, by a hash of it: most are
    /// named by none.
    needed: OrdMap<u32, u32>,
    texts: Texts,
    deferred: bool,
}

/// A component, and the revision that its text is kept under: an update that leaves the text alone
/// leaves it where it is.
#[derive(Clone, Debug)]
struct Live {
    record: Arc<Record>,
    text_at: Revision,
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

    fn is_named(&self, name: &str) -> bool {
        let facts = self
            .versions()
            .first()
            .and_then(|record| record.component());
        facts.is_some_and(|facts| facts.name() == name)
    }

    fn from_versions(mut records: Vec<Arc<Record>>) -> Option<Family> {
        match records.len() {
            0 => None,
            1 => records.pop().map(Family::One),
            _ => Some(Family::Many(Arc::new(records))),
        }
    }
}

/// The parts of an index that are made from components in list order.
struct Ordered {
    by_name: OrdMap<Arc<str>, Family>,
    by_hash: OrdMap<u32, Family>,
    terms: Vec<(Term, Vec<Arc<Identity>>)>,
}

impl Ordered {
    fn of(records: &[Arc<Record>]) -> Ordered {
        let mut listed: Vec<(&Arc<Record>, &ComponentFacts)> = components_of(records).collect();
        listed.sort_unstable_by(|(_, one), (_, two)| one.identity.cmp(&two.identity));
        let mut terms: HashMap<Word<'_>, Vec<Arc<Identity>>> = HashMap::new();
        for (_, facts) in &listed {
            for word in words_of(facts) {
                let listing = terms.entry(word).or_default();
                listing.push(Arc::clone(&facts.identity));
            }
        }
        let mut terms: Vec<(Term, Vec<Arc<Identity>>)> = terms
            .into_iter()
            .map(|(word, listed)| (word.to_term(), listed))
            .collect();
        terms.sort_unstable_by(|one, two| one.0.cmp(&two.0));
        let families = listed.chunk_by(|(_, one), (_, two)| one.name() == two.name());
        let by_name = families.filter_map(|family| {
            let (_, highest) = family.first()?;
            let versions = family.iter().map(|(record, _)| Arc::clone(record));
            Some((
                Arc::clone(&highest.identity.name),
                Family::from_versions(versions.collect())?,
            ))
        });
        let by_name = dense(by_name);
        Ordered {
            by_hash: hashed(&by_name),
            by_name,
            terms,
        }
    }
}

/// The parts of an index for which the order of components doesn't matter.
struct Unordered {
    by_uuid: OrdMap<Uuid, Live>,
    namespaces: Vec<(Term, Vec<Arc<Identity>>)>,
    needed: OrdMap<u32, u32>,
}

impl Unordered {
    fn of(records: &[Arc<Record>]) -> Unordered {
        let mut uuids: Vec<(Uuid, Live)> = components_of(records)
            .map(|(record, facts)| {
                let live = Live {
                    record: Arc::clone(record),
                    text_at: record.revision,
                };
                (facts.uuid(), live)
            })
            .collect();
        uuids.sort_unstable_by_key(|(uuid, _)| *uuid);
        let needs = components_of(records).flat_map(|(_, facts)| needs_of(facts));
        let mut needs: Vec<u32> = needs.collect();
        needs.sort_unstable();
        let named = needs.chunk_by(|one, two| one == two).filter_map(|same| {
            Some((
                *same.first()?,
                u32::try_from(same.len()).unwrap_or(u32::MAX),
            ))
        });
        Unordered {
            by_uuid: dense(uuids),
            namespaces: Unordered::namespaces(records),
            needed: dense(named),
        }
    }

    fn namespaces(records: &[Arc<Record>]) -> Vec<(Term, Vec<Arc<Identity>>)> {
        let of = |(_, facts): (_, &ComponentFacts)| {
            Some((namespace_of(facts)?, Arc::clone(&facts.identity)))
        };
        let mut all: Vec<(Term, Arc<Identity>)> = components_of(records).filter_map(of).collect();
        all.sort_unstable();
        let mut namespaces: Vec<(Term, Vec<Arc<Identity>>)> = Vec::with_capacity(all.len());
        for (term, listed) in all {
            match namespaces.last_mut() {
                Some((last, same)) if *last == term => same.push(listed),
                _ => namespaces.push((term, vec![listed])),
            }
        }
        namespaces
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
        let (ordered, unordered, texts) = if records.len() < WORTH_A_THREAD {
            let texts = Texts::of(&records);
            (Ordered::of(&records), Unordered::of(&records), texts)
        } else {
            std::thread::scope(|scope| {
                let texts = scope.spawn(|| Texts::of(&records));
                let unordered = scope.spawn(|| Unordered::of(&records));
                let ordered = Ordered::of(&records);
                (ordered, joined(unordered), joined(texts))
            })
        };
        // Namespaces are the last of the terms, so this stays in order.
        let terms = ordered.terms.into_iter().chain(unordered.namespaces);
        ComponentIndex {
            by_uuid: unordered.by_uuid,
            by_hash: ordered.by_hash,
            by_name: ordered.by_name,
            by_term: dense(
                terms.filter_map(|(term, listed)| Some((term, Listing::of_sorted(listed)?))),
            ),
            needed: unordered.needed,
            texts,
            deferred: false,
        }
    }

    pub(crate) fn by_uuid(&self, uuid: &Uuid) -> Option<&Arc<Record>> {
        self.by_uuid.get(uuid).map(|live| &live.record)
    }

    pub(crate) fn family(&self, name: &str) -> Option<&Family> {
        self.by_hash
            .get(&hash_of(name))
            .filter(|family| family.is_named(name))
            .or_else(|| self.by_name.get(name))
    }

    fn set_family(&mut self, name: &Arc<str>, family: Option<Family>) {
        let hash = hash_of(name);
        let held = self.by_hash.get(&hash);
        if held.is_none_or(|held| held.is_named(name)) {
            match family.clone() {
                Some(family) => self.by_hash.insert(hash, family),
                None => self.by_hash.remove(&hash),
            };
        }
        match family {
            Some(family) => self.by_name.insert(Arc::clone(name), family),
            None => self.by_name.remove(name),
        };
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

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn len(&self) -> usize {
        self.by_uuid.len()
    }

    /// Whether some dependency may mean that component. `false` is certain: a path means a family by
    /// its name, or by the namespace of any of its versions, whose last words the path's are.
    pub(crate) fn may_be_needed(&self, facts: &ComponentFacts) -> bool {
        let family = self.family(facts.name());
        let versions = family.map(Family::versions).unwrap_or_default();
        let namespaces = versions
            .iter()
            .filter_map(|record| record.component()?.namespace())
            .chain(facts.namespace());
        let mut words = [facts.name(), last_word(facts.name())]
            .into_iter()
            .chain(namespaces.map(last_word));
        words.any(|word| self.needed.contains_key(&hash_of(word)))
            || self
                .needed
                .contains_key(&hash_of(&facts.uuid().to_string()))
    }

    fn count_needs(&mut self, facts: &ComponentFacts) {
        for hash in needs_of(facts) {
            *self.needed.entry(hash).or_default() += 1;
        }
    }

    fn discount_needs(&mut self, facts: &ComponentFacts) {
        for hash in needs_of(facts) {
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

    /// Puts a record in the place of the one before it, if there was one.
    pub(crate) fn put(&mut self, record: &Arc<Record>, before: Option<&Record>) {
        let facts = record.component().filter(|_| !self.deferred);
        match (facts, before.and_then(Record::component)) {
            (Some(facts), Some(before)) if facts.identity.is_same(&before.identity) => {
                self.update(record, facts, before);
            }
            (facts, before) => {
                before.into_iter().for_each(|before| self.remove(before));
                if let Some(facts) = facts {
                    self.insert(record, facts);
                }
            }
        }
    }

    /// Takes a component out; nothing for any other record.
    pub(crate) fn take_out(&mut self, record: &Record) {
        if let Some(facts) = record.component() {
            self.remove(facts);
        }
    }

    fn insert(&mut self, record: &Arc<Record>, facts: &ComponentFacts) {
        let live = Live {
            record: Arc::clone(record),
            text_at: record.revision,
        };
        self.by_uuid.insert(facts.uuid(), live);
        self.add_terms(facts);
        self.insert_name(facts, record);
        self.count_needs(facts);
        self.texts.insert(record, facts);
    }

    /// What most changes leave alone isn't touched: a copy of the index shares it.
    fn update(&mut self, record: &Arc<Record>, facts: &ComponentFacts, before: &ComponentFacts) {
        let Some(live) = self.by_uuid.get_mut(&facts.uuid()) else {
            return;
        };
        let held = std::mem::replace(&mut live.record, Arc::clone(record));
        let bytes = |record: &'_ Record| record.bytes.clone().unwrap_or_default();
        if !facts.has_same_text(&bytes(record), before, &bytes(&held)) {
            self.texts.remove(live.text_at);
            live.text_at = record.revision;
            self.texts.insert(record, facts);
        }
        if !words_of(facts).eq(words_of(before)) || facts.namespace() != before.namespace() {
            self.take_terms(before);
            self.add_terms(facts);
        }
        if facts.dependencies != before.dependencies {
            self.discount_needs(before);
            self.count_needs(facts);
        }
        let family = match self.by_name.get(facts.name()) {
            None | Some(Family::One(_)) => Family::One(Arc::clone(record)),
            Some(Family::Many(versions)) => {
                let mut versions = versions.to_vec();
                for version in versions.iter_mut().filter(|one| one.key == record.key) {
                    *version = Arc::clone(record);
                }
                Family::Many(Arc::new(versions))
            }
        };
        self.set_family(&facts.identity.name, Some(family));
    }

    fn remove(&mut self, facts: &ComponentFacts) {
        let Some(live) = self.by_uuid.remove(&facts.uuid()) else {
            return;
        };
        self.texts.remove(live.text_at);
        self.discount_needs(facts);
        self.take_terms(facts);
        if let Some(family) = self.by_name.get(facts.name()) {
            let mut versions = family.versions().to_vec();
            versions.retain(|other| other.key != live.record.key);
            self.set_family(&facts.identity.name, Family::from_versions(versions));
        }
    }

    fn add_terms(&mut self, facts: &ComponentFacts) {
        for term in terms_of(facts) {
            let listed = Arc::clone(&facts.identity);
            match self.by_term.get_mut(&term) {
                Some(listing) => listing.insert(listed),
                None => {
                    self.by_term.insert(term, Listing::One(listed));
                }
            }
        }
    }

    fn take_terms(&mut self, facts: &ComponentFacts) {
        for term in terms_of(facts) {
            let listing = self.by_term.get_mut(&term);
            if listing.is_some_and(|listing| listing.remove(&facts.identity)) {
                self.by_term.remove(&term);
            }
        }
    }

    fn insert_name(&mut self, facts: &ComponentFacts, record: &Arc<Record>) {
        let family = match self.by_name.get(facts.name()) {
            None => Family::One(Arc::clone(record)),
            Some(family) => {
                let mut versions = family.versions().to_vec();
                let at = place_of(&versions, facts);
                versions.insert(at, Arc::clone(record));
                Family::Many(Arc::new(versions))
            }
        };
        self.set_family(&facts.identity.name, Some(family));
    }
}

/// The live components among records.
fn components_of(records: &[Arc<Record>]) -> impl Iterator<Item = (&Arc<Record>, &ComponentFacts)> {
    let components = records.iter();
    components.filter_map(|record| Some((record, record.component()?)))
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    let result = thread.join();
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn hashed(by_name: &OrdMap<Arc<str>, Family>) -> OrdMap<u32, Family> {
    let mut hashed: Vec<(u32, &Family)> = by_name
        .iter()
        .map(|(name, family)| (hash_of(name), family))
        .collect();
    hashed.sort_by_key(|(hash, _)| *hash);
    hashed.dedup_by_key(|(hash, _)| *hash);
    let families = hashed.into_iter();
    dense(families.map(|(hash, family)| (hash, family.clone())))
}

fn place_of(versions: &[Arc<Record>], facts: &ComponentFacts) -> usize {
    versions.partition_point(|other| {
        other
            .component()
            .is_some_and(|other| other.identity < facts.identity)
    })
}

/// The hash of what each dependency names; of a path its last word.
fn needs_of(facts: &ComponentFacts) -> impl Iterator<Item = u32> + '_ {
    let named = |dependency: &DependencyRef| match &dependency.target {
        DependencyTarget::External { .. } => None,
        DependencyTarget::Path { path, .. } => Some(hash_of(last_word(path))),
        DependencyTarget::Name(name) => Some(hash_of(name)),
        DependencyTarget::Uuid(uuid) => Some(hash_of(&uuid.to_string())),
    };
    facts.dependencies.iter().flatten().filter_map(named)
}

fn last_word(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// FNV-1a, folded: only compared within one state.
fn hash_of(text: &str) -> u32 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ (hash >> 15)
}

/// A term but for namespaces, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Word<'a> {
    Tag(&'a str),
    Capability(&'a str),
    Type(&'a str),
    Lifecycle(Lifecycle),
}

impl Word<'_> {
    fn to_term(self) -> Term {
        match self {
            Word::Tag(text) => Term::Tag(text.into()),
            Word::Capability(text) => Term::Capability(text.into()),
            Word::Type(text) => Term::Type(text.into()),
            Word::Lifecycle(lifecycle) => Term::Lifecycle(lifecycle),
        }
    }
}

fn words_of(facts: &ComponentFacts) -> impl Iterator<Item = Word<'_>> {
    // Most are active: a list of those would be no shorter than the whole.
    let lifecycle = (facts.lifecycle != Lifecycle::Active).then_some(facts.lifecycle);
    let own = [
        Some(Word::Type(facts.meta_type())),
        lifecycle.map(Word::Lifecycle),
    ];
    let tags = facts.tags().iter().map(Word::Tag);
    let capabilities = facts.capabilities().iter().map(Word::Capability);
    own.into_iter().flatten().chain(tags).chain(capabilities)
}

fn namespace_of(facts: &ComponentFacts) -> Option<Term> {
    let namespace = facts.namespace()?;
    Some(Term::ReversedNamespace(reversed(namespace)))
}

fn terms_of(facts: &ComponentFacts) -> impl Iterator<Item = Term> + '_ {
    words_of(facts)
        .map(Word::to_term)
        .chain(namespace_of(facts))
}

pub(crate) fn reversed(text: &str) -> Box<str> {
    text.chars().rev().collect::<String>().into()
}

#[cfg(test)]
#[path = "index_test.rs"]
mod tests;
