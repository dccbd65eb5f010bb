//! Searching and listing components, a page at a time.

use std::cmp::Ordering;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use deedbook_model::component::Lifecycle;
use deedbook_model::{Revision, Rights};
use glob_match::glob_match;
use memchr::memmem;
use semver::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::{ComponentFacts, Identity, fold_case};
use super::index::Term;
use super::listing::Listing;
use crate::record::Record;
use crate::state::State;
use crate::visible::may_see;

/// Most components of one page.
pub const MAX_LIMIT: usize = 1000;

/// A search for text looks at so many candidates in the order of the list, then at all texts at
/// once: what many hold is found in the first, what few hold in the second.
const WALKED: usize = 2048;

/// More than so many hits would take longer to sort than to come across in order.
const MOST_HITS: usize = 4096;

/// Components of one page unless asked otherwise.
pub const DEFAULT_LIMIT: usize = 100;

/// Which components are asked for; all given filters must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Query {
    /// Has all of these tags.
    pub tags: Vec<String>,
    /// Has one of these tags.
    pub any_tags: Vec<String>,
    /// Is of this type.
    pub meta_type: Option<String>,
    /// Is in one of these; empty: any but archived.
    pub lifecycles: Vec<Lifecycle>,
    /// Offers this.
    pub capability: Option<String>,
    /// Its namespace begins with this.
    pub namespace: Option<String>,
    /// Its name fits this pattern of `*`, `?`, `[…]` and `{…,…}`.
    pub name: Option<String>,
    /// Each white-space separated word is a part of name, namespace, description or a tag,
    /// ignoring case.
    pub text: Option<String>,
    /// Only the highest of each name among those that fit.
    pub latest_only: bool,
    /// Only what these rights may see; `None`: all.
    #[serde(skip)]
    pub reader: Option<Rights>,
}

/// Where a list goes on: opaque to its holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// The revision that the list is pinned to.
    pub revision: Revision,
    filter: u64,
    name: String,
    version: Version,
    uuid: Uuid,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The components, by name, highest version first, uuid.
    pub items: Vec<Arc<Record>>,
    /// Where the list goes on, if it does.
    pub next: Option<Cursor>,
}

/// Why a search can't be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// A limit of 0 or above [`MAX_LIMIT`].
    #[error("limit must be 1 to {MAX_LIMIT}")]
    Limit,
    /// Not a cursor of this book's lists.
    #[error("not a cursor")]
    Cursor,
    /// A cursor of a list with other filters.
    #[error("the cursor belongs to a list with other filters")]
    OtherFilter,
    /// A pattern for names that is none.
    #[error("`{glob}` is no pattern: {why}")]
    Glob {
        /// What was given.
        glob: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl State {
    /// One page of the components that fit, after `cursor` if one is given. The cursor's revision
    /// must be this state's; the caller sees to that.
    ///
    /// # Errors
    /// [`SearchError`] for a limit out of range, a pattern that is none, or a cursor of another
    /// list.
    pub fn search(
        &self,
        query: &Query,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page, SearchError> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(SearchError::Limit);
        }
        query.name.as_deref().map_or(Ok(()), super::glob::check)?;
        let filter = Filter::new(query, self.lineage());
        if cursor.is_some_and(|cursor| cursor.filter != filter.digest) {
            return Err(SearchError::OtherFilter);
        }
        let mut page = Page {
            items: Vec::new(),
            next: None,
        };
        let from = cursor.and_then(|cursor| self.listed_at(cursor));
        let mut candidates = self.candidates(query, cursor, from);
        let mut last: Option<&ComponentFacts> = None;
        let mut walked = 0;
        while let Some((record, facts)) = candidates.next() {
            walked += 1;
            if walked == WALKED
                && let Some(hits) = filter.hits(self)
            {
                // The order is total and hits are what walking on would find.
                candidates = Box::new(
                    hits.into_iter()
                        .filter(move |(_, hit)| hit.identity >= facts.identity),
                );
                continue;
            }
            if before(cursor, facts) || !filter.fits(record, facts) {
                continue;
            }
            let listed = last.map_or(cursor.map(|c| c.name.as_str()), |last| Some(last.name()));
            if query.latest_only && listed == Some(facts.name()) {
                continue;
            }
            if page.items.len() == limit {
                page.next = last.map(|facts| Cursor::after(self.revision(), &filter, facts));
                return Ok(page);
            }
            page.items.push(Arc::clone(record));
            last = Some(facts);
        }
        Ok(page)
    }

    /// Components in list order that may fit, from an index that is smaller than the whole where
    /// the query names one.
    fn candidates<'a>(
        &'a self,
        query: &'a Query,
        cursor: Option<&'a Cursor>,
        from: Option<&'a Arc<Identity>>,
    ) -> Box<dyn Iterator<Item = (&'a Arc<Record>, &'a ComponentFacts)> + 'a> {
        let with_facts = |record: &'a Arc<Record>| Some((record, record.component()?));
        match self.smallest_term(query) {
            Some(None) => Box::new(std::iter::empty()),
            Some(Some(listed)) => {
                // Without the cursor's own record, its place is found by walking.
                let after = listed.iter_after(from);
                let records = after.filter_map(|one| self.components.by_uuid(&one.uuid));
                Box::new(records.filter_map(with_facts))
            }
            None => {
                let literal = query
                    .name
                    .as_deref()
                    .map(literal_prefix)
                    .unwrap_or_default();
                let from = cursor.map_or(literal, |cursor| literal.max(&cursor.name));
                Box::new(
                    self.components
                        .families_from(from)
                        .take_while(move |(name, _)| name.starts_with(literal))
                        .flat_map(|(_, family)| family.versions())
                        .filter_map(with_facts),
                )
            }
        }
    }

    fn listed_at(&self, cursor: &Cursor) -> Option<&Arc<Identity>> {
        let record = self.components.by_uuid(&cursor.uuid)?;
        Some(&record.component()?.identity)
    }

    /// The smallest set of an index that holds all that fits; `Some(None)` when nothing can.
    fn smallest_term(&self, query: &Query) -> Option<Option<&Listing>> {
        let mut terms: Vec<Term> = query
            .tags
            .iter()
            .map(|t| Term::Tag(t.as_str().into()))
            .collect();
        if let [only] = query.any_tags.as_slice() {
            terms.push(Term::Tag(only.as_str().into()));
        }
        terms.extend(
            query
                .capability
                .as_deref()
                .map(|c| Term::Capability(c.into())),
        );
        terms.extend(query.meta_type.as_deref().map(|t| Term::Type(t.into())));
        if let [only] = query.lifecycles.as_slice()
            && *only != Lifecycle::Active
        {
            terms.push(Term::Lifecycle(*only));
        }
        let sets = terms.iter().map(|term| self.components.with_term(term));
        sets.min_by_key(|set| set.map_or(0, Listing::len))
    }
}

/// The part of a name pattern before its first special character.
fn literal_prefix(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', '{', '\\', '!']);
    special.map_or(pattern, |at| pattern.get(..at).unwrap_or_default())
}

fn before(cursor: Option<&Cursor>, facts: &ComponentFacts) -> bool {
    cursor.is_some_and(|cursor| {
        let order = facts
            .name()
            .as_bytes()
            .cmp(cursor.name.as_bytes())
            .then_with(|| cursor.version.cmp_precedence(facts.version()))
            .then_with(|| facts.uuid().cmp(&cursor.uuid));
        order != Ordering::Greater
    })
}

/// A query made ready to be tried on many components.
struct Filter<'a> {
    query: &'a Query,
    words: Vec<memmem::Finder<'static>>,
    digest: u64,
}

impl<'a> Filter<'a> {
    fn new(query: &'a Query, lineage: &str) -> Filter<'a> {
        let words = query.text.iter().flat_map(|text| text.split_whitespace());
        let mut words: Vec<String> = words
            .map(|word| {
                let mut folded = String::new();
                fold_case(word, &mut folded);
                folded
            })
            .collect();
        // Long words are rare, and what lacks one word needn't be searched for the others.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Filter {
            query,
            words: words
                .iter()
                .map(|word| memmem::Finder::new(word).into_owned())
                .collect(),
            digest: digest_of(query, lineage),
        }
    }

    /// All components that hold the words, in list order, when they are few; `None` without words.
    fn hits<'s>(&self, state: &'s State) -> Option<Vec<(&'s Arc<Record>, &'s ComponentFacts)>> {
        let hits = state.components.texts().holding(&self.words, MOST_HITS)?;
        let with_facts = |uuid: Uuid| {
            let record = state.components.by_uuid(&uuid)?;
            Some((record, record.component()?))
        };
        let mut hits: Vec<_> = hits.into_iter().filter_map(with_facts).collect();
        hits.sort_unstable_by(|(_, one), (_, two)| one.identity.cmp(&two.identity));
        Some(hits)
    }

    fn fits(&self, record: &Record, facts: &ComponentFacts) -> bool {
        let query = self.query;
        let tagged = |tag: &String| facts.tags().contains(tag);
        let lifecycle = if query.lifecycles.is_empty() {
            facts.lifecycle != Lifecycle::Archived
        } else {
            query.lifecycles.contains(&facts.lifecycle)
        };
        lifecycle
            && query
                .meta_type
                .as_deref()
                .is_none_or(|wanted| wanted == facts.meta_type())
            && query.tags.iter().all(tagged)
            && (query.any_tags.is_empty() || query.any_tags.iter().any(tagged))
            && query
                .capability
                .as_ref()
                .is_none_or(|wanted| facts.capabilities().contains(wanted))
            && query
                .namespace
                .as_deref()
                .is_none_or(|prefix| facts.namespace().is_some_and(|own| own.starts_with(prefix)))
            && query
                .name
                .as_deref()
                .is_none_or(|glob| glob_match(glob, facts.name()))
            && self.holds_words(record)
            && query
                .reader
                .as_ref()
                .is_none_or(|rights| may_see(rights, record))
    }

    fn holds_words(&self, record: &Record) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let mut text = String::new();
        record.fold_text(&mut text);
        let holds = |word: &memmem::Finder<'_>| word.find(text.as_bytes()).is_some();
        self.words.iter().all(holds)
    }
}

/// What tells two lists apart: their filters, and whose history they are of.
fn digest_of(query: &Query, lineage: &str) -> u64 {
    // A query serialises to the same text on every release that has the same filters.
    let text = serde_json::to_string(&(query, lineage)).unwrap_or_default();
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    digest
}

/// What a cursor's text holds: version, revision, filter, name, semver, uuid.
#[derive(Serialize, Deserialize)]
struct CursorText {
    v: u32,
    r: u64,
    f: u64,
    n: String,
    s: Version,
    u: Uuid,
}

impl Cursor {
    fn after(revision: Revision, filter: &Filter<'_>, facts: &ComponentFacts) -> Cursor {
        Cursor {
            revision,
            filter: filter.digest,
            name: facts.name().to_string(),
            version: facts.version().clone(),
            uuid: facts.uuid(),
        }
    }

    /// The cursor as opaque text of letters, digits, `-` and `_`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = CursorText {
            v: 1,
            r: self.revision.0,
            f: self.filter,
            n: self.name.clone(),
            s: self.version.clone(),
            u: self.uuid,
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&text).unwrap_or_default())
    }

    /// Reads [`Cursor::to_text`].
    ///
    /// # Errors
    /// [`SearchError::Cursor`] for any other text.
    pub fn parse(text: &str) -> Result<Cursor, SearchError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| SearchError::Cursor)?;
        let cursor: CursorText = serde_json::from_slice(&bytes).map_err(|_| SearchError::Cursor)?;
        if cursor.v != 1 {
            return Err(SearchError::Cursor);
        }
        Ok(Cursor {
            revision: Revision(cursor.r),
            filter: cursor.f,
            name: cursor.n,
            version: cursor.s,
            uuid: cursor.u,
        })
    }
}

#[cfg(test)]
#[path = "search_test.rs"]
mod tests;
