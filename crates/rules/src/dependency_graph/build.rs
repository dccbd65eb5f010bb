//! Following dependencies and putting what was met into order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use semver::Version;
use uuid::Uuid;

use super::{DependencyGraph, Edge, MAX_DEPTH, MAX_NODES, Missing, Node, VersionConflict};
use crate::components::{ComponentFacts, Found};
use crate::record::Record;
use crate::state::State;

impl State {
    /// What a component depends on, followed `depth` edges deep (at most [`MAX_DEPTH`]), each
    /// edge resolved on its own.
    #[must_use]
    pub fn dependency_graph(&self, root: Found<'_>, depth: u32) -> DependencyGraph {
        self.dependency_graph_seen(root, depth, |_| true)
    }

    /// The same for one who sees only some components: what the others depend on isn't followed.
    #[must_use]
    pub fn dependency_graph_seen(
        &self,
        root: Found<'_>,
        depth: u32,
        sees: impl Fn(&Record) -> bool,
    ) -> DependencyGraph {
        let mut walk = Walk::from(root);
        walk.follow(self, depth.min(MAX_DEPTH), &sees);
        let cycles = walk.cut_cycles();
        walk.into_graph(cycles)
    }
}

/// What was met, in the order in which it was met; places are indexes into `met`.
struct Walk {
    met: Vec<(Arc<Record>, u32)>,
    places: HashMap<Uuid, usize>,
    edges: Vec<Vec<MetEdge>>,
    missing: Vec<Vec<Missing>>,
    truncated: bool,
}

struct MetEdge {
    to: usize,
    version_spec: Option<String>,
    optional: bool,
}

impl Walk {
    fn from(root: Found<'_>) -> Walk {
        Walk {
            met: vec![(Arc::clone(root.record), 0)],
            places: HashMap::from([(root.facts.uuid(), 0)]),
            edges: vec![Vec::new()],
            missing: vec![Vec::new()],
            truncated: false,
        }
    }

    fn follow(&mut self, state: &State, limit: u32, sees: &dyn Fn(&Record) -> bool) {
        let mut from = 0;
        while let Some((record, depth)) = self.met.get(from).cloned() {
            if let Some(facts) = record.component() {
                if depth < limit {
                    self.follow_one(state, from, facts, depth, sees);
                } else if !facts.dependencies.is_empty() {
                    self.truncated = true;
                }
            }
            from += 1;
        }
    }

    fn follow_one(
        &mut self,
        state: &State,
        from: usize,
        facts: &ComponentFacts,
        depth: u32,
        sees: &dyn Fn(&Record) -> bool,
    ) {
        let (mut edges, mut missing) = (Vec::new(), Vec::new());
        for dependency in facts.dependencies.iter().flatten() {
            let (version_spec, optional) = (
                dependency.spec_text().map(str::to_owned),
                dependency.optional,
            );
            match state.resolve(dependency) {
                Ok(found) if !sees(found.record) => {}
                Ok(found) => match self.place_of(found, depth + 1) {
                    Some(to) => edges.push(MetEdge {
                        to,
                        version_spec,
                        optional,
                    }),
                    None => self.truncated = true,
                },
                Err(reason) => missing.push(Missing {
                    from: facts.uuid(),
                    target: dependency.target_text().into_owned(),
                    version_spec,
                    optional,
                    reason,
                }),
            }
        }
        if let (Some(own_edges), Some(own_missing)) =
            (self.edges.get_mut(from), self.missing.get_mut(from))
        {
            *own_edges = edges;
            *own_missing = missing;
        }
    }

    fn place_of(&mut self, found: Found<'_>, depth: u32) -> Option<usize> {
        if let Some(place) = self.places.get(&found.facts.uuid()) {
            return Some(*place);
        }
        if self.met.len() == MAX_NODES {
            return None;
        }
        let place = self.met.len();
        self.met.push((Arc::clone(found.record), depth));
        self.edges.push(Vec::new());
        self.missing.push(Vec::new());
        self.places.insert(found.facts.uuid(), place);
        Some(place)
    }

    /// Takes out each edge that leads back to a component on the path from the root to it, and
    /// returns those paths.
    fn cut_cycles(&mut self) -> Vec<Vec<Uuid>> {
        let mut cycles = Vec::new();
        let mut done = vec![false; self.met.len()];
        let mut on_path = vec![false; self.met.len()];
        let mut path: Vec<(usize, usize)> = vec![(0, 0)];
        set(&mut on_path, 0, true);
        while let Some((place, next)) = path.last_mut() {
            let (here, edge) = (*place, *next);
            let to = self
                .edges
                .get(here)
                .and_then(|edges| edges.get(edge))
                .map(|edge| edge.to);
            match to {
                None => {
                    set(&mut on_path, here, false);
                    set(&mut done, here, true);
                    path.pop();
                }
                Some(to) if is(&on_path, to) => {
                    cycles.push(self.cycle_of(&path, to));
                    if let Some(edges) = self.edges.get_mut(here) {
                        edges.remove(edge);
                    }
                }
                Some(to) => {
                    *next += 1;
                    if !is(&done, to) {
                        set(&mut on_path, to, true);
                        path.push((to, 0));
                    }
                }
            }
        }
        cycles
    }

    fn cycle_of(&self, path: &[(usize, usize)], back_to: usize) -> Vec<Uuid> {
        let begin = path
            .iter()
            .position(|(place, _)| *place == back_to)
            .unwrap_or(0);
        let places = path.iter().skip(begin).map(|(place, _)| *place);
        places
            .chain([back_to])
            .filter_map(|place| self.facts(place))
            .map(ComponentFacts::uuid)
            .collect()
    }

    fn facts(&self, place: usize) -> Option<&ComponentFacts> {
        self.met.get(place)?.0.component()
    }

    fn into_graph(self, cycles: Vec<Vec<Uuid>>) -> DependencyGraph {
        let mut places: Vec<usize> = (0..self.met.len()).collect();
        places.sort_by(|one, two| self.compare(*one, *two));
        let mut nodes = Vec::with_capacity(places.len());
        let mut edges = Vec::new();
        let mut missing = Vec::new();
        for place in &places {
            let (Some(facts), Some((_, depth))) = (self.facts(*place), self.met.get(*place)) else {
                continue;
            };
            nodes.push(Node {
                uuid: facts.uuid(),
                name: facts.name().to_string(),
                version: facts.version().to_string(),
                meta_type: facts.meta_type().to_owned(),
                lifecycle: facts.lifecycle,
                depth: *depth,
            });
            for edge in self.edges.get(*place).into_iter().flatten() {
                edges.extend(self.facts(edge.to).map(|to| Edge {
                    from: facts.uuid(),
                    to: to.uuid(),
                    version_spec: edge.version_spec.clone(),
                    optional: edge.optional,
                }));
            }
            missing.extend(self.missing.get(*place).into_iter().flatten().cloned());
        }
        DependencyGraph {
            root: self.facts(0).map(|facts| facts.uuid()).unwrap_or_default(),
            order: dependencies_first(&nodes, &edges),
            conflicts: self.conflicts(),
            nodes,
            edges,
            missing,
            cycles,
            truncated: self.truncated,
        }
    }

    fn compare(&self, one: usize, two: usize) -> std::cmp::Ordering {
        let depth = |place: usize| self.met.get(place).map(|(_, depth)| *depth);
        depth(one)
            .cmp(&depth(two))
            .then_with(|| match (self.facts(one), self.facts(two)) {
                (Some(one), Some(two)) => (one.name().as_bytes().cmp(two.name().as_bytes()))
                    .then_with(|| one.version().cmp(two.version()))
                    .then_with(|| one.uuid().cmp(&two.uuid())),
                _ => std::cmp::Ordering::Equal,
            })
    }

    fn conflicts(&self) -> Vec<VersionConflict> {
        let mut families: BTreeMap<&str, BTreeSet<&Version>> = BTreeMap::new();
        for facts in (0..self.met.len()).filter_map(|place| self.facts(place)) {
            families
                .entry(facts.name())
                .or_default()
                .insert(facts.version());
        }
        let several = families
            .into_iter()
            .filter(|(_, versions)| versions.len() > 1);
        several
            .map(|(name, versions)| VersionConflict {
                name: name.to_owned(),
                versions: versions.into_iter().map(ToString::to_string).collect(),
            })
            .collect()
    }
}

fn is(marks: &[bool], place: usize) -> bool {
    marks.get(place).copied().unwrap_or(false)
}

fn set(marks: &mut [bool], place: usize, to: bool) {
    if let Some(mark) = marks.get_mut(place) {
        *mark = to;
    }
}

/// Kahn's algorithm from the components that need nothing.
fn dependencies_first(nodes: &[Node], edges: &[Edge]) -> Vec<Uuid> {
    let mut needs: HashMap<Uuid, usize> = nodes.iter().map(|node| (node.uuid, 0)).collect();
    let mut needed_by: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for edge in edges {
        *needs.entry(edge.from).or_default() += 1;
        needed_by.entry(edge.to).or_default().push(edge.from);
    }
    let titles: HashMap<Uuid, String> =
        nodes.iter().map(|node| (node.uuid, node.title())).collect();
    let ready = |uuid: Uuid| titles.get(&uuid).map(|title| (title.as_str(), uuid));
    let free = needs.iter().filter(|(_, count)| **count == 0);
    let mut free: BTreeSet<(&str, Uuid)> = free.filter_map(|(uuid, _)| ready(*uuid)).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some((_, uuid)) = free.pop_first() {
        order.push(uuid);
        for waiting in needed_by.remove(&uuid).unwrap_or_default() {
            let Some(count) = needs.get_mut(&waiting) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                free.extend(ready(waiting));
            }
        }
    }
    order
}

#[cfg(test)]
#[path = "build_test.rs"]
mod tests;
