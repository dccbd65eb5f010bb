//! What a component depends on, as a graph without cycles.
//!
//! ```text
//! follow (breadth first) ─► cut closing edges (depth first) ─► sort ─► DependencyGraph
//! ```

mod build;
mod cycle;
mod dot;
mod ghosts;
mod layout;
mod mermaid;
pub(crate) mod svg;
mod tree;

#[cfg(test)]
#[path = "dependency_graph/sample_test.rs"]
mod sample;

use deedbook_model::component::Lifecycle;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::components::Unresolved;

pub(crate) use cycle::cycle_through;

/// Deepest that a graph is followed.
pub const MAX_DEPTH: u32 = 64;

/// Most components of one graph.
pub const MAX_NODES: usize = 10_000;

/// A component and all that it depends on, always acyclic and holding at least the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyGraph {
    /// Where it begins.
    pub root: Uuid,
    /// Components, by depth, name, version, uuid.
    pub nodes: Vec<Node>,
    /// Resolved dependencies, by the place of `from` and the order in its document.
    pub edges: Vec<Edge>,
    /// Dependencies that lead to no component of the book.
    pub missing: Vec<Missing>,
    /// Cycles that were met; the edge that closes each is left out of `edges`.
    pub cycles: Vec<Vec<Uuid>>,
    /// Families that occur in several versions: a report, not an error.
    pub conflicts: Vec<VersionConflict>,
    /// All components, dependencies first; ties by name@version.
    pub order: Vec<Uuid>,
    /// Whether some node's dependencies were not followed.
    pub truncated: bool,
}

/// One component of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
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
    /// Fewest edges from the root.
    pub depth: u32,
}

impl Node {
    /// `name@version`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// A dependency that was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Who depends.
    pub from: Uuid,
    /// On what.
    pub to: Uuid,
    /// Which versions would do, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_spec: Option<String>,
    /// Whether it can do without.
    pub optional: bool,
}

/// A dependency that leads to no component of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Who depends.
    pub from: Uuid,
    /// On what: a uuid, a name, or the entry's text.
    pub target: String,
    /// Which versions would do, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_spec: Option<String>,
    /// Whether it can do without.
    pub optional: bool,
    /// Why it leads nowhere.
    pub reason: Unresolved,
}

/// A family that occurs in several versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionConflict {
    /// Its name.
    pub name: String,
    /// The versions, lowest first.
    pub versions: Vec<String>,
}
