//! Who owns what, as a picture: a row for each node, its shards in it, and what comes and goes
//! where two moments are compared.
//!
//! ```text
//! records ─ Owners ─┬─ before ┐
//! plan ─────────────┴─ after ─┴─ OwnerMap ─┬─ to_text: bars
//!                                          └─ to_svg: a cell for each shard
//! ```

mod svg;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Move;
use crate::record::Record;
use deedbook_model::mesh::{MeshKey, MeshKind};

/// Who owns what in a namespace at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners {
    nodes: BTreeMap<String, About>,
    shards: BTreeMap<String, String>,
}

/// What is said of a node beside its name.
#[derive(Clone, Debug, PartialEq)]
struct About {
    weight: f64,
    place: Option<String>,
    is_draining: bool,
}

impl Owners {
    /// Those that records of nodes and shards tell; records of other kinds are passed over.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Owners {
        let mut owners = Owners::default();
        for record in records {
            let kind = MeshKind::of(&record.kind);
            let key = kind.and_then(|kind| MeshKey::parse(kind, &record.key).ok());
            let Some(id) = key.map(|key| key.id().to_owned()) else {
                continue;
            };
            if let Some(node) = record.node() {
                let place = node.zone.as_deref().or(node.region.as_deref());
                let about = About {
                    weight: node.weight,
                    place: place.map(str::to_owned),
                    is_draining: node.draining,
                };
                owners.nodes.insert(id, about);
            } else if let Some(shard) = record.shard() {
                let owner = shard.owner_node_id.to_string();
                owners.shards.insert(id, owner);
            }
        }
        owners
    }

    /// The same once these moves are done.
    #[must_use]
    pub fn after(&self, moves: &[Move]) -> Owners {
        let mut owners = self.clone();
        for one in moves {
            owners.shards.insert(one.shard_id.clone(), one.to.clone());
        }
        owners
    }
}

/// What happens to a shard on the node that it is drawn with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there before and after.
    Stays,
    /// It comes from a node, or is new.
    Comes(Option<String>),
    /// It goes to a node, or is gone.
    Goes(Option<String>),
}

/// A shard in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The shard.
    pub shard: String,
    /// What happens to it.
    pub fate: Fate,
}

/// A node and what it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The node.
    pub node: String,
    /// Its weight; `None`: it isn't one of the namespace.
    pub weight: Option<f64>,
    /// Its zone, or else its region.
    pub place: Option<String>,
    /// Whether it gets nothing and loses what it has.
    pub is_draining: bool,
    /// Those that stay, those that come, those that go; each by id.
    pub cells: Vec<Cell>,
}

impl Row {
    fn count(&self, is_meant: impl Fn(&Fate) -> bool) -> usize {
        self.cells
            .iter()
            .filter(|cell| is_meant(&cell.fate))
            .count()
    }

    /// How many shards it has in the end.
    #[must_use]
    pub fn after(&self) -> usize {
        self.count(|fate| !matches!(fate, Fate::Goes(_)))
    }

    /// How many it had.
    #[must_use]
    pub fn before(&self) -> usize {
        self.count(|fate| !matches!(fate, Fate::Comes(_)))
    }

    /// What is said of the node: `z1, weight 2, draining`.
    fn about(&self) -> String {
        let weight = match self.weight {
            None => Some("no such node".to_owned()),
            Some(1.0) => None,
            Some(weight) => Some(format!("weight {weight}")),
        };
        let draining = self.is_draining.then(|| "draining".to_owned());
        let parts = [self.place.clone(), weight, draining];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A picture of a namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerMap {
    namespace: String,
    rows: Vec<Row>,
    compares: bool,
}

impl OwnerMap {
    /// The owners at a moment, and how they became so if there is one before.
    #[must_use]
    pub fn new(namespace: &str, before: Option<&Owners>, after: &Owners) -> OwnerMap {
        let was = before.unwrap_or(after);
        let mut cells: BTreeMap<&str, [Vec<Cell>; 3]> = BTreeMap::new();
        let shards: BTreeSet<&String> = was.shards.keys().chain(after.shards.keys()).collect();
        for shard in shards {
            let (from, to) = (was.shards.get(shard), after.shards.get(shard));
            let cell = |fate| Cell {
                shard: shard.clone(),
                fate,
            };
            if from == to {
                let row = from.map(|node| cells.entry(node.as_str()).or_default());
                row.into_iter()
                    .for_each(|[stay, ..]| stay.push(cell(Fate::Stays)));
                continue;
            }
            if let Some(node) = to {
                let [_, come, _] = cells.entry(node.as_str()).or_default();
                come.push(cell(Fate::Comes(from.cloned())));
            }
            if let Some(node) = from {
                let [_, _, go] = cells.entry(node.as_str()).or_default();
                go.push(cell(Fate::Goes(to.cloned())));
            }
        }
        let known = was
            .nodes
            .keys()
            .chain(after.nodes.keys())
            .map(String::as_str);
        let nodes: BTreeSet<&str> = known.chain(cells.keys().copied()).collect();
        let rows = nodes.into_iter().map(|node| {
            let about = after.nodes.get(node);
            let cells = cells.get(node).cloned().unwrap_or_default();
            Row {
                node: node.to_owned(),
                weight: about.map(|about| about.weight),
                place: about.and_then(|about| about.place.clone()),
                is_draining: about.is_some_and(|about| about.is_draining),
                cells: cells.into_iter().flatten().collect(),
            }
        });
        OwnerMap {
            namespace: namespace.to_owned(),
            rows: rows.collect(),
            compares: before.is_some(),
        }
    }

    /// Nodes by id, with their shards.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether two moments are compared.
    #[must_use]
    pub fn compares(&self) -> bool {
        self.compares
    }

    /// How many shards there are in the end.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.rows.iter().map(Row::after).sum()
    }

    /// How many have another node, or are new.
    #[must_use]
    pub fn moves(&self) -> usize {
        let came = |row: &Row| row.count(|fate| matches!(fate, Fate::Comes(_)));
        self.rows.iter().map(came).sum()
    }

    /// `edge: 12 shards on 2 nodes, 5 move`.
    fn headline(&self) -> String {
        let count = |number: usize, noun: &str| {
            let plural = if number == 1 { "" } else { "s" };
            format!("{number} {noun}{plural}")
        };
        let moved = match (self.compares, self.moves()) {
            (false, _) => String::new(),
            (true, 0) => ", none moves".to_owned(),
            (true, 1) => ", 1 moves".to_owned(),
            (true, moves) => format!(", {moves} move"),
        };
        let (shards, nodes) = (
            count(self.shards(), "shard"),
            count(self.rows.len(), "node"),
        );
        format!("{}: {shards} on {nodes}{moved}", self.namespace)
    }
}

#[cfg(test)]
#[path = "picture/picture_test.rs"]
mod tests;
