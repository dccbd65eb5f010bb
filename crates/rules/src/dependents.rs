//! What depends on a component, and what would break without it.

use std::collections::{HashMap, HashSet};

use deedbook_model::component::{DependencyRef, DependencyTarget, Lifecycle};
use serde::Serialize;
use uuid::Uuid;

use crate::components::ComponentFacts;
use crate::record::Record;
use crate::state::State;

/// A component that depends on another, directly or through others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// Its uuid.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its type.
    pub meta_type: String,
    /// Its lifecycle.
    pub lifecycle: Lifecycle,
    /// Fewest edges to the component that was asked about.
    pub depth: u32,
    /// The component that it depends on, on that way.
    pub on: Uuid,
    /// Which versions would do, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_spec: Option<String>,
    /// Whether it can do without.
    pub optional: bool,
    /// Whether it would break if the component were gone: it needs it, or one that breaks, and
    /// no other version in the book would do.
    pub breaks: bool,
}

impl State {
    /// The components, archived ones left out, that depend on the component of that uuid, at most
    /// `depth` edges away; by depth, name, highest version first.
    #[must_use]
    pub fn dependents(&self, uuid: Uuid, depth: u32) -> Vec<Dependent> {
        self.dependents_seen(uuid, depth, |_| true)
    }

    /// The same for one who sees only some components: what depends on it through the others is
    /// left out with them.
    #[must_use]
    pub fn dependents_seen(
        &self,
        uuid: Uuid,
        depth: u32,
        sees: impl Fn(&Record) -> bool,
    ) -> Vec<Dependent> {
        let Some(target) = self.components.by_uuid(&uuid) else {
            return Vec::new();
        };
        let mut without = self.clone();
        without.components.take_out(target);
        let mut found: Vec<Dependent> = Vec::new();
        let mut seen = HashSet::from([uuid]);
        let mut level = Level::of(target.component().into_iter(), |_| true);
        for depth in 1..=depth {
            let next = self.level_above(&level, &without, uuid, depth, &mut seen, &sees);
            if next.is_empty() {
                break;
            }
            let broken: HashMap<Uuid, bool> = next.iter().map(|d| (d.uuid, d.breaks)).collect();
            let facts = next
                .iter()
                .filter_map(|d| self.components.by_uuid(&d.uuid)?.component());
            level = Level::of(facts, |uuid| broken.get(&uuid).copied().unwrap_or(false));
            found.extend(next);
        }
        found
    }

    fn level_above(
        &self,
        level: &Level,
        without: &State,
        target: Uuid,
        depth: u32,
        seen: &mut HashSet<Uuid>,
        sees: &dyn Fn(&Record) -> bool,
    ) -> Vec<Dependent> {
        let mut above = Vec::new();
        let live = self
            .components
            .all()
            .filter(|record| sees(record))
            .filter_map(|record| record.component());
        for facts in live.filter(|facts| facts.lifecycle != Lifecycle::Archived) {
            if seen.contains(&facts.uuid()) {
                continue;
            }
            let leads = |dependency: &DependencyRef| {
                let to = level
                    .may_mean(dependency)
                    .then(|| self.resolve(dependency).ok())??;
                Some((to.facts.uuid(), *level.broken.get(&to.facts.uuid())?))
            };
            let mut ways = facts
                .dependencies
                .iter()
                .flatten()
                .filter_map(|dependency| {
                    let (on, broken) = leads(dependency)?;
                    let replaced = on == target && without.resolve(dependency).is_ok();
                    Some((dependency, on, broken && !dependency.optional && !replaced))
                });
            if let Some(first) = ways.next() {
                // The way that breaks it tells more than the first.
                let way = if first.2 {
                    first
                } else {
                    ways.find(|way| way.2).unwrap_or(first)
                };
                seen.insert(facts.uuid());
                above.push(dependent(facts, depth, way));
            }
        }
        above
    }
}

fn dependent(
    facts: &ComponentFacts,
    depth: u32,
    (dependency, on, breaks): (&DependencyRef, Uuid, bool),
) -> Dependent {
    Dependent {
        uuid: facts.uuid(),
        name: facts.name().to_string(),
        version: facts.version().to_string(),
        meta_type: facts.meta_type().to_owned(),
        lifecycle: facts.lifecycle,
        depth,
        on,
        version_spec: dependency.spec_text().map(str::to_owned),
        optional: dependency.optional,
        breaks,
    }
}

/// The components of one depth: what the next depth must lead to.
struct Level {
    broken: HashMap<Uuid, bool>,
    names: HashSet<String>,
}

impl Level {
    fn of<'a>(
        facts: impl Iterator<Item = &'a ComponentFacts>,
        breaks: impl Fn(Uuid) -> bool,
    ) -> Level {
        let mut level = Level {
            broken: HashMap::new(),
            names: HashSet::new(),
        };
        for facts in facts {
            level.broken.insert(facts.uuid(), breaks(facts.uuid()));
            level.names.insert(facts.name().to_string());
        }
        level
    }

    /// Whether it is worth resolving: most dependencies mean something else.
    fn may_mean(&self, dependency: &DependencyRef) -> bool {
        match &dependency.target {
            DependencyTarget::Uuid(uuid) => self.broken.contains_key(uuid),
            DependencyTarget::Name(name) => self.names.contains(&**name),
            DependencyTarget::Path { .. } => true,
            DependencyTarget::External { .. } => false,
        }
    }
}

#[cfg(test)]
#[path = "dependents_test.rs"]
mod tests;
