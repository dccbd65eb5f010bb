//! Plans: what moves when shards go from where they are to where their strategy would have them.
//!
//! ```text
//! present ─► plan ─► a file, a review, an approval ─► stands against what is present then? ─► moves
//! ```
//!
//! A plan names what it rests on, so that it is refused once that moved on, and it has a digest, so
//! that what was approved is what is done.

mod file;
mod stands;
mod undo;

use std::collections::{BTreeMap, HashMap, HashSet};

use deedbook_model::shard::ShardStatus;
use deedbook_model::{Generation, Revision};
use serde::{Deserialize, Serialize};

use super::{PlacementError, PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies};

pub use self::file::{Plan, PlanError};
pub use self::stands::Moved;
pub use self::undo::{Transfer, undo};

use self::file::Content;

/// A node of the namespace as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct PresentNode {
    /// What it is to a strategy.
    pub node: PlacementNode,
    /// Whether it is being emptied: it gets nothing and loses what it has.
    pub is_draining: bool,
    /// That of its record.
    pub generation: Generation,
}

impl PresentNode {
    /// The node as strategies are to see it: one that drains has weight 0.
    #[must_use]
    pub fn placed(&self) -> PlacementNode {
        let mut node = self.node.clone();
        if self.is_draining {
            node.weight = 0.0;
        }
        node
    }
}

/// A shard of the namespace as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct PresentShard {
    /// What it is to a strategy.
    pub shard: PlacementShard,
    /// The node that has it, known or not.
    pub owner: String,
    /// Paused and disabled ones stay where they are.
    pub status: ShardStatus,
    /// That of its record.
    pub generation: Generation,
}

/// A namespace as it is now: all of its nodes and shards.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// Its name.
    pub namespace: &'a str,
    /// That of its record; 0 when it has none.
    pub generation: Generation,
    /// Its nodes; each id once.
    pub nodes: &'a [PresentNode],
    /// Its shards; each id once.
    pub shards: &'a [PresentShard],
}

/// What is to be planned.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest<'a> {
    /// What is there.
    pub present: Present<'a>,
    /// The strategy that says what should be.
    pub strategy: &'a str,
    /// What the namespace asks of it.
    pub policy: Policy,
    /// How many moves the plan may have; all that are needed when there is no number.
    pub max_moves: Option<usize>,
}

/// Why a shard moves; the most needed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MoveReason {
    /// Its node isn't one of the namespace.
    #[serde(rename = "node gone")]
    NodeGone,
    /// Its node is being emptied.
    #[serde(rename = "node draining")]
    NodeDraining,
    /// Its node takes nothing.
    #[serde(rename = "node of weight 0")]
    NodeOfWeightZero,
    /// The strategy prefers another node.
    #[serde(rename = "strategy")]
    Strategy,
    /// A command is undone that moved it.
    #[serde(rename = "undo")]
    Undo,
}

impl MoveReason {
    /// As people and JSON have it: `node gone`, `node draining`, `node of weight 0`, `strategy`,
    /// `undo`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MoveReason::NodeGone => "node gone",
            MoveReason::NodeDraining => "node draining",
            MoveReason::NodeOfWeightZero => "node of weight 0",
            MoveReason::Strategy => "strategy",
            MoveReason::Undo => "undo",
        }
    }
}

/// One shard's change of hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// The shard.
    pub shard_id: String,
    /// Who has it.
    pub from: String,
    /// Who gets it.
    pub to: String,
    /// Why.
    pub reason: MoveReason,
}

/// Why a shard stays though it should move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StayReason {
    /// It is paused.
    #[serde(rename = "shard paused")]
    Paused,
    /// It is disabled.
    #[serde(rename = "shard disabled")]
    Disabled,
    /// What is undone moved it, and it moved again since.
    #[serde(rename = "moved since")]
    MovedSince,
    /// What is undone moved it, and it was removed since.
    #[serde(rename = "removed since")]
    RemovedSince,
    /// The node that it should go to isn't one of the namespace any more.
    #[serde(rename = "node gone")]
    NodeGone,
}

impl StayReason {
    /// As people and JSON have it: `shard paused`, `shard disabled`, `moved since`, `removed since`,
    /// `node gone`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StayReason::Paused => "shard paused",
            StayReason::Disabled => "shard disabled",
            StayReason::MovedSince => "moved since",
            StayReason::RemovedSince => "removed since",
            StayReason::NodeGone => "node gone",
        }
    }

    /// Why a shard of that status would stay.
    fn of(status: ShardStatus) -> Option<StayReason> {
        match status {
            ShardStatus::Active | ShardStatus::Draining => None,
            ShardStatus::Paused => Some(StayReason::Paused),
            ShardStatus::Disabled => Some(StayReason::Disabled),
        }
    }
}

/// A shard that stays though it should move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    /// The shard.
    pub shard_id: String,
    /// Who keeps it; `None`: it isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Who should get it.
    pub to: String,
    /// Why it stays.
    pub reason: StayReason,
}

/// What a plan was made from: it stands as long as none of it moved on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestsOn {
    /// The generation of the namespace's record; 0 for none.
    pub namespace: Generation,
    /// Those of all nodes of the namespace.
    pub nodes: BTreeMap<String, Generation>,
    /// Whether [`RestsOn::shards`] are all of the namespace, because where one goes depends on the
    /// others.
    pub every_shard: bool,
    /// Those of the shards that move, or of all.
    pub shards: BTreeMap<String, Generation>,
}

/// Plans the moves that bring shards to where their strategy would have them.
///
/// Nodes that drain get nothing. Shards that are paused or disabled stay, and the plan says which of
/// them should move; the strategy counts them, so that pausing one moves no other. Of more moves than [`PlanRequest::max_moves`] the most needed
/// are taken: first those from nodes that are gone, then from draining ones, then from those of
/// weight 0; among equals by the shards' ids. Part of a `bounded-load` plan may fill a node beyond
/// its bound until the rest is done.
///
/// Once all moves are done the next plan has none.
///
/// # Errors
/// Those of [`Strategies::place`].
pub fn plan(strategies: &Strategies, request: &PlanRequest<'_>) -> Result<Plan, PlacementError> {
    let present = &request.present;
    let strategy = strategies.get(request.strategy)?;
    let nodes: Vec<PlacementNode> = present.nodes.iter().map(PresentNode::placed).collect();
    let shards: Vec<PlacementShard> = (present.shards.iter())
        .map(|present| present.shard.clone())
        .collect();
    let placement = PlacementRequest {
        namespace: present.namespace,
        nodes: &nodes,
        shards: &shards,
        policy: request.policy,
    };
    let targets = strategies.place(request.strategy, &placement)?;
    let moves = moves(present, &targets);
    let stays = (present.shards.iter().zip(&targets))
        .filter(|(shard, to)| shard.owner != to.id)
        .filter_map(|(shard, to)| stay(shard, &to.id))
        .collect();
    let found = Found {
        strategy_id: strategy.id(),
        undoes: None,
        moves,
        stays,
        every_shard: !strategy.is_independent(),
    };
    Ok(found.plan(present, request.max_moves))
}

/// What moves and what stays.
struct Found<'a> {
    strategy_id: &'a str,
    undoes: Option<Revision>,
    moves: Vec<Move>,
    stays: Vec<Stay>,
    /// Whether where one goes depends on the others.
    every_shard: bool,
}

impl Found<'_> {
    fn plan(self, present: &Present<'_>, max_moves: Option<usize>) -> Plan {
        let mut moves = self.moves;
        let (needed, fewest_moves) = (moves.len(), fewest_moves(&moves));
        moves.truncate(max_moves.unwrap_or(usize::MAX));
        Plan::of(Content {
            namespace: present.namespace.to_owned(),
            strategy_id: self.strategy_id.to_owned(),
            undoes: self.undoes,
            fewest_moves,
            held_back: needed - moves.len(),
            rests_on: rests_on(present, &moves, self.every_shard),
            moves,
            stays: self.stays,
        })
    }
}

/// How a shard stays that should go to a node; `None`: it may go.
fn stay(shard: &PresentShard, to: &str) -> Option<Stay> {
    Some(Stay {
        shard_id: shard.shard.id.clone(),
        at: Some(shard.owner.clone()),
        to: to.to_owned(),
        reason: StayReason::of(shard.status)?,
    })
}

fn moves(present: &Present<'_>, targets: &[&PlacementNode]) -> Vec<Move> {
    let nodes = present.nodes.iter().map(|node| (&*node.node.id, node));
    let nodes: HashMap<&str, &PresentNode> = nodes.collect();
    let reason = |owner: &str| match nodes.get(owner) {
        None => MoveReason::NodeGone,
        Some(node) if node.is_draining => MoveReason::NodeDraining,
        Some(node) if node.node.weight == 0.0 => MoveReason::NodeOfWeightZero,
        Some(_) => MoveReason::Strategy,
    };
    let mut moves: Vec<Move> = (present.shards.iter().zip(targets))
        .filter(|(shard, to)| StayReason::of(shard.status).is_none() && shard.owner != to.id)
        .map(|(shard, to)| Move {
            shard_id: shard.shard.id.clone(),
            from: shard.owner.clone(),
            to: to.id.clone(),
            reason: reason(&shard.owner),
        })
        .collect();
    moves.sort_by(|one, two| {
        (one.reason.cmp(&two.reason)).then_with(|| one.shard_id.cmp(&two.shard_id))
    });
    moves
}

/// What any strategy that gives each node as many shards would have to move: what each node gets
/// beyond what it loses. Shards that stay are in what it has and in what it gets.
fn fewest_moves(moves: &[Move]) -> usize {
    let mut more: HashMap<&str, i64> = HashMap::new();
    for one in moves {
        *more.entry(&one.from).or_default() -= 1;
        *more.entry(&one.to).or_default() += 1;
    }
    let more = more.into_values();
    more.filter_map(|more| usize::try_from(more).ok()).sum()
}

fn rests_on(present: &Present<'_>, moves: &[Move], every_shard: bool) -> RestsOn {
    let moving: HashSet<&str> = moves.iter().map(|one| &*one.shard_id).collect();
    let nodes = present.nodes.iter();
    let shards = present.shards.iter();
    RestsOn {
        namespace: present.generation,
        nodes: nodes
            .map(|node| (node.node.id.clone(), node.generation))
            .collect(),
        every_shard,
        shards: shards
            .filter(|shard| every_shard || moving.contains(&*shard.shard.id))
            .map(|shard| (shard.shard.id.clone(), shard.generation))
            .collect(),
    }
}

#[cfg(test)]
#[path = "plan_test.rs"]
mod tests;
