//! The texts of all components for searching, many in one piece.
//!
//! A search for what few texts hold looks at all of them, and is as fast as memory is read: each
//! text on its own would be waited for three times, a page of them is read ahead.

use std::sync::Arc;

use deedbook_model::Revision;
use imbl::OrdMap;
use memchr::memmem::Finder;
use uuid::Uuid;

use super::facts::ComponentFacts;
use crate::dense::dense;
use crate::record::Record;

/// Texts of one page, unless some came back to it.
const PAGE: usize = 128;

/// A page takes no further text at its end once it holds this much; it is moved to add to it.
const PAGE_BYTES: usize = 64 << 10;

/// Bytes for the texts of one page, mostly.
const USUAL_BYTES: usize = PAGE * 256;

/// All texts, in pages by the revision that brought each, so that a new one joins the last page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// By a revision at or below that of the first entry, above those of the page before.
    pages: OrdMap<Revision, Arc<Page>>,
}

/// Texts in the order of their revisions.
#[derive(Clone, Debug, Default)]
struct Page {
    text: String,
    entries: Vec<Entry>,
}

/// One text. It says whose it is and holds nothing else of it: a page is copied as two pieces.
#[derive(Clone, Copy, Debug)]
struct Entry {
    uuid: Uuid,
    revision: Revision,
    /// Where in the page its text ends.
    end: u32,
}

impl Texts {
    /// Of components in any order.
    pub(crate) fn of(records: &[Arc<Record>]) -> Texts {
        let components = records.iter().map(|record| &**record);
        let components = components.filter_map(|record| Some((record, record.component()?)));
        let mut records: Vec<(&Record, &ComponentFacts)> = components.collect();
        records.sort_unstable_by_key(|(record, _)| record.revision);
        let mut records = records.into_iter().peekable();
        let mut page = Page::with_room();
        let next_page = || {
            let revision = records.peek()?.0.revision;
            page.clear();
            while let Some((record, facts)) = records.next_if(|_| page.has_room()) {
                page.insert(page.entries.len(), record, facts);
            }
            // A copy has no room to spare. Shrinking may leave all of it.
            Some((revision, Arc::new(page.clone())))
        };
        Texts {
            pages: dense(std::iter::from_fn(next_page)),
        }
    }

    pub(crate) fn insert(&mut self, record: &Record, facts: &ComponentFacts) {
        let revision = record.revision;
        let last = self.pages.get_prev(&revision).map(|(key, _)| *key);
        let page = last.and_then(|key| self.pages.get_mut(&key));
        match page {
            Some(page) if page.has_room() || page.reaches_past(revision) => {
                let page = Arc::make_mut(page);
                page.insert(page.place_of(revision), record, facts);
            }
            _ => {
                let mut page = Page::with_room();
                page.insert(0, record, facts);
                self.pages.insert(revision, Arc::new(page));
            }
        }
    }

    /// Takes out the text that came with that revision.
    pub(crate) fn remove(&mut self, revision: Revision) {
        let Some(key) = self.pages.get_prev(&revision).map(|(key, _)| *key) else {
            return;
        };
        let Some(page) = self.pages.get_mut(&key).map(Arc::make_mut) else {
            return;
        };
        page.remove(revision);
        if page.entries.is_empty() {
            self.pages.remove(&key);
        }
    }

    /// Those whose text holds all words; `None` when there are more than `most`.
    pub(crate) fn holding(&self, words: &[Finder<'static>], most: usize) -> Option<Vec<Uuid>> {
        let mut words: Vec<&Finder<'static>> = words.iter().collect();
        if let Some(page) = self.pages.values().next() {
            // What is rare here is most likely rare elsewhere.
            words.sort_by_cached_key(|word| word.find_iter(page.text.as_bytes()).count());
        }
        let (first, others) = words.split_first()?;
        let mut found = Vec::new();
        for page in self.pages.values() {
            page.add_holding(first, others, &mut found);
            if found.len() > most {
                return None;
            }
        }
        Some(found)
    }
}

impl Page {
    fn with_room() -> Page {
        Page {
            text: String::with_capacity(USUAL_BYTES),
            entries: Vec::with_capacity(PAGE),
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
    }

    /// Whether an entry may join behind the last one.
    fn has_room(&self) -> bool {
        self.entries.len() < PAGE && self.text.len() < PAGE_BYTES
    }

    /// Whether an entry belongs in between.
    fn reaches_past(&self, revision: Revision) -> bool {
        let last = self.entries.last();
        last.is_some_and(|last| last.revision > revision)
    }

    fn place_of(&self, revision: Revision) -> usize {
        self.entries
            .partition_point(|entry| entry.revision < revision)
    }

    fn begin_of(&self, place: usize) -> u32 {
        let before = place
            .checked_sub(1)
            .and_then(|place| self.entries.get(place));
        before.map_or(0, |entry| entry.end)
    }

    fn insert(&mut self, place: usize, record: &Record, facts: &ComponentFacts) {
        let begin = self.begin_of(place);
        let behind = self.text.split_off(index(begin));
        let stored = record.bytes.as_deref().unwrap_or_default();
        facts.fold_text(stored, &mut self.text);
        let length = number(self.text.len()) - begin;
        self.text.push_str(&behind);
        for entry in self.entries.iter_mut().skip(place) {
            entry.end += length;
        }
        let entry = Entry {
            uuid: facts.uuid(),
            revision: record.revision,
            end: begin + length,
        };
        self.entries.insert(place, entry);
    }

    fn remove(&mut self, revision: Revision) {
        let place = self.place_of(revision);
        let found = self.entries.get(place);
        let Some(end) = found
            .filter(|entry| entry.revision == revision)
            .map(|entry| entry.end)
        else {
            return;
        };
        let begin = self.begin_of(place);
        self.text.replace_range(index(begin)..index(end), "");
        self.entries.remove(place);
        for entry in self.entries.iter_mut().skip(place) {
            entry.end -= end - begin;
        }
    }

    /// Words hold no white space and each text ends with a line, so no hit is in two texts.
    fn add_holding(
        &self,
        first: &Finder<'static>,
        others: &[&Finder<'static>],
        found: &mut Vec<Uuid>,
    ) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(hit) = bytes.get(at..).and_then(|rest| first.find(rest)) {
            let place = self
                .entries
                .partition_point(|entry| index(entry.end) <= at + hit);
            let Some(entry) = self.entries.get(place) else {
                return;
            };
            let text = bytes.get(index(self.begin_of(place))..index(entry.end));
            let text = text.unwrap_or_default();
            if others.iter().all(|word| word.find(text).is_some()) {
                found.push(entry.uuid);
            }
            at = index(entry.end);
        }
    }
}

/// What is put in between, each text at most 256 KiB, doesn't make a page of gigabytes.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
