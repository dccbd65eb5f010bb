//! Components that are gone, by the name that they had. Their records have no content any more, but
//! the log has.

use std::cmp::Reverse;
use std::collections::HashMap;

use deedbook_log::ReadLimit;
use deedbook_model::{Kind, Revision};
use deedbook_rules::components::ComponentFacts;

use crate::error::BookError;
use crate::load::{Fold, on_floor};
use crate::sequencer::read_checked;
use crate::shared::Shared;
use crate::view::View;

/// A component that is gone.
#[derive(Debug)]
pub struct RemovedComponent {
    /// What it was.
    pub facts: ComponentFacts,
    /// Revision of its removal.
    pub revision: Revision,
}

/// Those of that name that are gone in a view, the one removed last first. One whose whole life was
/// compacted away isn't found.
pub(crate) fn removed_components(
    shared: &Shared,
    view: &View,
    name: &str,
) -> Result<Vec<RemovedComponent>, BookError> {
    on_floor(&*shared.log, |floor| {
        removed_above(shared, floor, view, name)
    })
}

fn removed_above(
    shared: &Shared,
    floor: Revision,
    view: &View,
    name: &str,
) -> Result<Vec<RemovedComponent>, BookError> {
    let mut search = Search::in_view(view, name);
    let mut after = floor;
    if after > Revision::ZERO && !search.is_over() {
        let oldest = Fold::load_at(&*shared.log, after)?;
        for record in oldest.state.records() {
            search.look_at(&record.kind, &record.key, record.bytes.as_deref());
        }
    }
    while after < view.head.revision && !search.is_over() {
        let batches = read_checked(shared, after, ReadLimit::default())?;
        let Some(last) = batches.last() else {
            break;
        };
        after = last.head.revision;
        for change in batches.iter().flat_map(|batch| &batch.changes) {
            search.look_at(&change.kind, &change.key, change.record.as_deref());
        }
    }
    search.found.sort_by_key(|found| Reverse(found.revision));
    Ok(search.found)
}

struct Search<'a> {
    name: &'a str,
    /// Keys of which nobody knows yet what they were, with the revision of their removal.
    gone: HashMap<&'a str, Revision>,
    found: Vec<RemovedComponent>,
}

impl<'a> Search<'a> {
    fn in_view(view: &'a View, name: &'a str) -> Search<'a> {
        let records = view.records().filter(|record| !record.is_live());
        let components = records.filter(|record| record.kind == Kind::COMPONENT);
        Search {
            name,
            gone: components.map(|r| (&*r.key, r.revision)).collect(),
            found: Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.gone.is_empty()
    }

    /// What a uuid is called never changes, so the first record of a key tells.
    fn look_at(&mut self, kind: &Kind, key: &str, stored: Option<&[u8]>) {
        let (Some(stored), true) = (stored, *kind == Kind::COMPONENT) else {
            return;
        };
        if !self.gone.contains_key(key) {
            return;
        }
        let Some(facts) = ComponentFacts::read(stored) else {
            return;
        };
        if let Some(revision) = self.gone.remove(key)
            && *facts.name() == *self.name
        {
            self.found.push(RemovedComponent { facts, revision });
        }
    }
}
