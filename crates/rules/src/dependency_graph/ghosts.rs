//! Targets that lead to no component, each once however many ask for it.

use std::collections::HashMap;

use super::{DependencyGraph, Missing};
use crate::components::Unresolved;

/// Something that is asked for and not there.
pub(super) struct Ghost<'a> {
    /// What is asked for.
    pub(super) target: &'a str,
    /// Why it is not there.
    pub(super) reason: Unresolved,
}

impl Ghost<'_> {
    /// Why it is not there, in words.
    pub(super) fn words(&self) -> &'static str {
        words(self.reason)
    }
}

/// The reason in words.
pub(super) fn words(reason: Unresolved) -> &'static str {
    match reason {
        Unresolved::NotFound => "not found",
        Unresolved::NoMatchingVersion => "no version fits",
        Unresolved::Ambiguous => "ambiguous",
        Unresolved::External => "outside the book",
    }
}

/// How many dependencies lead to nothing: what is missing, and what is outside the book by its
/// nature.
pub(super) fn tally(graph: &DependencyGraph) -> (usize, usize) {
    let external = |missing: &&Missing| missing.reason == Unresolved::External;
    let outside = graph.missing.iter().filter(external).count();
    (graph.missing.len() - outside, outside)
}

/// All ghosts of a graph, and who asks for which.
pub(super) struct Ghosts<'a> {
    ghosts: Vec<Ghost<'a>>,
    lines: Vec<(&'a Missing, usize)>,
}

impl<'a> Ghosts<'a> {
    pub(super) fn of(graph: &'a DependencyGraph) -> Ghosts<'a> {
        let mut ghosts: Vec<Ghost<'a>> = Vec::new();
        let mut lines = Vec::with_capacity(graph.missing.len());
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for missing in &graph.missing {
            let key = (missing.target.as_str(), words(missing.reason));
            let place = *known.entry(key).or_insert_with(|| {
                ghosts.push(Ghost {
                    target: &missing.target,
                    reason: missing.reason,
                });
                ghosts.len() - 1
            });
            lines.push((missing, place));
        }
        Ghosts { ghosts, lines }
    }

    /// Each of them, in the order in which they were met.
    pub(super) fn all(&self) -> &[Ghost<'a>] {
        &self.ghosts
    }

    /// Each of them, kept.
    pub(super) fn into_all(self) -> Vec<Ghost<'a>> {
        self.ghosts
    }

    /// Each dependency that leads to one, with the ghost's place.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'a Missing, usize)> + '_ {
        self.lines.iter().copied()
    }
}
