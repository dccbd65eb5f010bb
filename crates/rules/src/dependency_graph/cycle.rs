//! Whether a component lies on a cycle of dependencies.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::components::ComponentFacts;
use crate::record::Record;
use crate::state::State;

/// A cycle of dependencies through one component.
pub(crate) struct Cycle {
    /// Place of the first dependency on the cycle in the component's document.
    pub(crate) dependency: usize,
    /// The other components on it, from the one that it needs.
    pub(crate) between: Vec<Arc<Record>>,
}

/// The cycle that the component of that uuid lies on, if there is one; optional dependencies
/// count too.
pub(crate) fn cycle_through(state: &State, start: &ComponentFacts) -> Option<Cycle> {
    // Whoever nobody names lies on no cycle; most that are registered are such.
    if !state.components.may_be_needed(start) {
        return None;
    }
    let mut visited = HashSet::new();
    for (place, dependency) in start.dependencies.iter().enumerate() {
        let Some(dependency) = dependency else {
            continue;
        };
        let Ok(found) = state.resolve(dependency) else {
            continue;
        };
        if let Some(path) = path_to(state, found.record, start.uuid(), &mut visited) {
            return Some(Cycle {
                dependency: place,
                between: path,
            });
        }
    }
    None
}

/// The components on a way from `from` to `to`, without `to`; none of `visited` leads there.
fn path_to(
    state: &State,
    from: &Arc<Record>,
    to: Uuid,
    visited: &mut HashSet<Uuid>,
) -> Option<Vec<Arc<Record>>> {
    let mut path: Vec<(Arc<Record>, usize)> = Vec::new();
    let facts = from.component()?;
    if facts.uuid() == to {
        return Some(Vec::new());
    }
    if visited.insert(facts.uuid()) {
        path.push((Arc::clone(from), 0));
    }
    while let Some((record, next)) = path.last_mut() {
        let record = Arc::clone(record);
        let Some(dependency) = record.component().and_then(|f| f.dependencies.get(*next)) else {
            path.pop();
            continue;
        };
        *next += 1;
        let Some(found) = dependency.as_ref().and_then(|d| state.resolve(d).ok()) else {
            continue;
        };
        if found.facts.uuid() == to {
            return Some(path.into_iter().map(|(record, _)| record).collect());
        }
        if visited.insert(found.facts.uuid()) {
            path.push((Arc::clone(found.record), 0));
        }
    }
    None
}

#[cfg(test)]
#[path = "cycle_test.rs"]
mod tests;
