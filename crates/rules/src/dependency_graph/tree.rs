//! The graph as a tree of text, for people.

use std::collections::{HashMap, HashSet};

use deedbook_model::component::Lifecycle;
use deedbook_model::text::is_obeyed;
use uuid::Uuid;

use super::ghosts::{tally, words};
use super::{DependencyGraph, Edge, MAX_DEPTH, Missing, Node};
use crate::components::Unresolved;

impl DependencyGraph {
    /// The graph as a tree: the root, below it what it depends on, and a line of figures at the
    /// end. What hangs below a component is drawn where it is met first; later it says
    /// `(see above)`.
    #[must_use]
    pub fn to_tree(&self) -> String {
        let branches = Branches::of(self);
        let mut text = String::new();
        if let Some(root) = branches.nodes.get(&self.root) {
            text += &line_of(&[], &root.title(), None, &lifecycle_mark(root));
            branches.draw_below(self.root, &mut text);
        }
        text + "\n" + &self.figures() + "\n"
    }

    fn figures(&self) -> String {
        let (missing, outside) = tally(self);
        let mut figures = vec![
            count(self.nodes.len(), "component", "components"),
            count(self.edges.len(), "edge", "edges"),
            format!("{missing} missing"),
        ];
        if outside > 0 {
            figures.push(format!("{outside} outside the book"));
        }
        let mut text = figures.join(", ");
        for conflict in &self.conflicts {
            let versions = conflict.versions.join(" and ");
            text += &format!("; {} in versions {versions}", conflict.name);
        }
        if !self.cycles.is_empty() {
            text += &format!("; {} cut", count(self.cycles.len(), "cycle", "cycles"));
        }
        if self.truncated {
            text += "; truncated: not everything was followed";
        }
        text
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// One line to draw.
enum Twig<'a> {
    Edge(&'a Edge),
    Missing(&'a Missing),
}

struct Branches<'a> {
    nodes: HashMap<Uuid, &'a Node>,
    twigs: HashMap<Uuid, Vec<Twig<'a>>>,
}

impl<'a> Branches<'a> {
    fn of(graph: &'a DependencyGraph) -> Branches<'a> {
        let mut twigs: HashMap<Uuid, Vec<Twig<'a>>> = HashMap::new();
        for edge in &graph.edges {
            twigs.entry(edge.from).or_default().push(Twig::Edge(edge));
        }
        for missing in &graph.missing {
            let own = twigs.entry(missing.from).or_default();
            own.push(Twig::Missing(missing));
        }
        Branches {
            nodes: graph.nodes.iter().map(|node| (node.uuid, node)).collect(),
            twigs,
        }
    }

    fn below(&self, uuid: Uuid) -> &[Twig<'a>] {
        self.twigs.get(&uuid).map_or(&[], Vec::as_slice)
    }

    /// Depth first without recursion: the longest way through a graph may be far longer than its
    /// depth. Each level holds the twigs that are still to be drawn.
    fn draw_below(&self, root: Uuid, text: &mut String) {
        let mut expanded = HashSet::from([root]);
        let mut levels = vec![self.below(root).iter()];
        while let Some(level) = levels.last_mut() {
            let Some(twig) = level.next() else {
                levels.pop();
                continue;
            };
            let more: Vec<bool> = levels.iter().map(|level| level.len() > 0).collect();
            match twig {
                Twig::Missing(missing) => *text += &missing_line(&more, missing),
                Twig::Edge(edge) => {
                    let below = self.below(edge.to);
                    let deepest = levels.len() >= MAX_DEPTH as usize;
                    let hidden = if below.is_empty() {
                        None
                    } else if expanded.contains(&edge.to) {
                        Some("(see above)")
                    } else if deepest {
                        Some("(goes on)")
                    } else {
                        None
                    };
                    *text += &self.edge_line(&more, edge, hidden);
                    if hidden.is_none() && !below.is_empty() {
                        expanded.insert(edge.to);
                        levels.push(below.iter());
                    }
                }
            }
        }
    }

    fn edge_line(&self, more: &[bool], edge: &Edge, hidden: Option<&str>) -> String {
        let Some(node) = self.nodes.get(&edge.to) else {
            return line_of(
                more,
                &edge.to.to_string(),
                edge.version_spec.as_deref(),
                &[],
            );
        };
        let mut marks = Vec::new();
        marks.extend(edge.optional.then_some("optional"));
        marks.extend(lifecycle_mark(node));
        marks.extend(hidden);
        line_of(more, &node.title(), edge.version_spec.as_deref(), &marks)
    }
}

fn missing_line(more: &[bool], missing: &Missing) -> String {
    let reason = match missing.reason {
        Unresolved::External => words(missing.reason).to_owned(),
        reason => format!("missing: {}", words(reason)),
    };
    let mut marks = Vec::new();
    marks.extend(missing.optional.then_some("optional"));
    marks.push(&reason);
    line_of(
        more,
        &missing.target,
        missing.version_spec.as_deref(),
        &marks,
    )
}

fn lifecycle_mark(node: &Node) -> Vec<&'static str> {
    match node.lifecycle {
        Lifecycle::Active => Vec::new(),
        other => vec![other.as_str()],
    }
}

/// `more` says for each level whether siblings follow; the last one is the line's own.
fn line_of(more: &[bool], title: &str, version_spec: Option<&str>, marks: &[&str]) -> String {
    let mut line = String::new();
    if let Some((own, above)) = more.split_last() {
        for follows in above {
            line += if *follows { "│   " } else { "    " };
        }
        line += if *own { "├── " } else { "└── " };
    }
    line += title;
    if let Some(spec) = version_spec.filter(|spec| !spec.is_empty()) {
        line += &format!("  ({spec})");
    }
    if !marks.is_empty() {
        line += &format!("  {}", marks.join(", "));
    }
    // What is missing and which version is text from a document.
    line.replace(is_obeyed, " ") + "\n"
}

#[cfg(test)]
#[path = "tree_test.rs"]
mod tests;
