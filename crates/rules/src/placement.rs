//! Which node a strategy gives each shard of a namespace. The same nodes and shards give the same
//! answer on every machine and release, whatever the order of the nodes.
//!
//! | strategy | a shard goes to | when a node is lost or gained |
//! |---|---|---|
//! | `ring` | the first point of a node on a ring | only its shards move; uneven loads |
//! | `bounded-load` | the first such point whose node has room | some others move; no load beyond a bound |
//! | `rendezvous` | the highest hash | only its shards move; unequal weights count too much |
//! | `rendezvous-weighted` | the highest hash | only its shards move; loads are as the weights |
//! | `locality`, `locality-weighted` | likewise, among the nodes near it | only its shards move |
//!
//! [`plan`] has what would have to move from where shards are now, [`held_keys`] which shard holds a
//! key, and [`ranges`] whether each key is held once.

mod bounded;
pub mod held_keys;
mod locality;
pub mod picture;
pub mod plan;
pub mod ranges;
mod rendezvous;
mod ring;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use deedbook_model::text::folded;

use self::bounded::BoundedLoad;
use self::locality::Locality;
use self::rendezvous::{Linear, Proportional, Rendezvous};
use self::ring::Ring;

pub use self::locality::Hint;

/// The greatest weight of a node: on the ring it has 64 points for each unit.
pub const MAX_WEIGHT: f64 = 1024.0;

/// A node that shards may be placed on.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementNode {
    /// Its id; the same one twice is one node.
    pub id: String,
    /// Its share beside the others': 0 owns nothing.
    pub weight: f64,
    /// Where it is.
    pub region: Option<String>,
    /// Where in its region.
    pub zone: Option<String>,
}

/// A shard that is to be placed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementShard {
    /// Its id within the namespace.
    pub id: String,
    /// Where it should be: see [`Hint`].
    pub locality_hint: Option<String>,
}

/// What a namespace asks of its strategy beyond its id; each strategy takes what concerns it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// With `bounded-load` no node gets more shards than its part of them, by weight, times this:
    /// finite and at least 1.
    pub bound: f64,
}

impl Default for Policy {
    /// A quarter above the mean.
    fn default() -> Policy {
        Policy { bound: 1.25 }
    }
}

/// What is to be placed where.
#[derive(Clone, Copy, Debug)]
pub struct PlacementRequest<'a> {
    /// The namespace of the shards.
    pub namespace: &'a str,
    /// The nodes to choose from.
    pub nodes: &'a [PlacementNode],
    /// The shards, each of which gets one.
    pub shards: &'a [PlacementShard],
    /// What the namespace asks of its strategy.
    pub policy: Policy,
}

/// Why shards can't be placed. [`PlacementError::code`] is what is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// No strategy has that id.
    #[error("no strategy `{0}`")]
    UnknownStrategy(String),
    /// A strategy of that id is there already.
    #[error("there is a strategy `{0}` already")]
    DuplicateStrategy(String),
    /// The namespace is blank.
    #[error("the namespace is blank")]
    Namespace,
    /// There are no nodes.
    #[error("there are no nodes")]
    NoNodes,
    /// The id of a node is blank.
    #[error("the id of node {0} is blank")]
    NodeId(usize),
    /// A weight is negative, not a number, or above [`MAX_WEIGHT`].
    #[error("the weight of node `{0}` isn't a number from 0 to {MAX_WEIGHT}")]
    Weight(String),
    /// [`Policy::bound`] is below 1 or not finite.
    #[error("the bound of loads isn't a finite number of at least 1")]
    Bound,
    /// No node owns anything.
    #[error("no node takes shards: all of them have weight 0 or drain")]
    NoEligibleNodes,
    /// A strategy gave another number of nodes than there are shards.
    #[error("strategy `{strategy}` placed {placed} of {shards} shards")]
    WrongCount {
        /// Which one.
        strategy: String,
        /// How many nodes it gave.
        placed: usize,
        /// How many shards there are.
        shards: usize,
    },
    /// A strategy gave a shard a node that it hadn't been given to choose from.
    #[error(
        "strategy `{strategy}` placed shard `{shard}` on node `{node}`, which isn't one it may choose"
    )]
    ForeignNode {
        /// Which one.
        strategy: String,
        /// The shard.
        shard: String,
        /// What it gave.
        node: String,
    },
}

impl PlacementError {
    /// The code of the error in answers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PlacementError::UnknownStrategy(_) => "shards.hashing.strategy.unknown",
            PlacementError::DuplicateStrategy(_) => "shards.hashing.strategy.duplicate",
            PlacementError::Namespace => "shards.hashing.namespace_required",
            PlacementError::NoNodes => "shards.hashing.nodes_required",
            PlacementError::NodeId(_) => "shards.hashing.node_id_invalid",
            PlacementError::Weight(_) => "shards.hashing.weight_invalid",
            PlacementError::Bound => "shards.hashing.bound_invalid",
            PlacementError::NoEligibleNodes => "shards.hashing.no_eligible_nodes",
            PlacementError::WrongCount { .. } | PlacementError::ForeignNode { .. } => {
                "shards.hashing.strategy.misplaced"
            }
        }
    }
}

impl<'a> PlacementRequest<'a> {
    /// A request with the default policy.
    #[must_use]
    pub fn of(
        namespace: &'a str,
        nodes: &'a [PlacementNode],
        shards: &'a [PlacementShard],
    ) -> PlacementRequest<'a> {
        PlacementRequest {
            namespace,
            nodes,
            shards,
            policy: Policy::default(),
        }
    }

    fn check(&self) -> Result<(), PlacementError> {
        if is_blank(self.namespace) {
            return Err(PlacementError::Namespace);
        }
        if self.nodes.is_empty() {
            return Err(PlacementError::NoNodes);
        }
        if let Some(place) = self.nodes.iter().position(|node| is_blank(&node.id)) {
            return Err(PlacementError::NodeId(place));
        }
        let is_sound = |node: &&PlacementNode| (0.0..=MAX_WEIGHT).contains(&node.weight);
        if let Some(node) = self.nodes.iter().find(|node| !is_sound(node)) {
            return Err(PlacementError::Weight(node.id.clone()));
        }
        let bound = self.policy.bound;
        if !(bound.is_finite() && bound >= 1.0) {
            return Err(PlacementError::Bound);
        }
        Ok(())
    }
}

/// A way to place shards.
pub trait Strategy: Send + Sync {
    /// What it is called; compared without case.
    fn id(&self) -> &str;

    /// Whether the node of a shard follows from that shard, the nodes and the policy alone,
    /// whatever other shards there are. A plan rests on the shards that it moves then, otherwise
    /// on all of the namespace.
    fn is_independent(&self) -> bool {
        false
    }

    /// How many points it spreads nodes of these weights over before it looks at a shard; `None`: it
    /// has none and looks at each pair of a node and a shard. Servers refuse too many of either.
    fn points(&self, _weights: &[f64]) -> Option<usize> {
        None
    }

    /// The node of each shard, in the order of the shards. The nodes are never empty, their ids
    /// are not blank, and their weights are above 0; there is at least one shard.
    ///
    /// The answer must follow from the request alone, and not from the order of its nodes. One that
    /// has too many or too few nodes, or others than were given, is refused as a whole.
    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        policy: &Policy,
    ) -> Vec<&'a PlacementNode>;
}

/// Strategies by id.
#[derive(Clone)]
pub struct Strategies(BTreeMap<String, Arc<dyn Strategy>>);

impl Default for Strategies {
    /// Those that come with the book.
    fn default() -> Strategies {
        let own: [Arc<dyn Strategy>; 6] = [
            Arc::new(Ring),
            Arc::new(BoundedLoad),
            Arc::new(Rendezvous::<Linear>::of("rendezvous")),
            Arc::new(Rendezvous::<Proportional>::of("rendezvous-weighted")),
            Arc::new(Locality::<Linear>::of("locality")),
            Arc::new(Locality::<Proportional>::of("locality-weighted")),
        ];
        let by_id = own.into_iter().map(|one| (folded(one.id()), one));
        Strategies(by_id.collect())
    }
}

impl fmt::Debug for Strategies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Strategies {
    /// What they are called.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|one| one.id())
    }

    /// Adds a strategy, in the place of one of its id only if `overwrite` says so.
    ///
    /// # Errors
    /// [`PlacementError::UnknownStrategy`] for a blank id,
    /// [`PlacementError::DuplicateStrategy`].
    pub fn register(
        &mut self,
        strategy: Arc<dyn Strategy>,
        overwrite: bool,
    ) -> Result<(), PlacementError> {
        let id = strategy.id();
        if is_blank(id) {
            return Err(PlacementError::UnknownStrategy(id.to_owned()));
        }
        let key = folded(id);
        if self.0.contains_key(&key) && !overwrite {
            return Err(PlacementError::DuplicateStrategy(id.to_owned()));
        }
        self.0.insert(key, strategy);
        Ok(())
    }

    /// The strategy of that id, in any case.
    ///
    /// # Errors
    /// [`PlacementError::UnknownStrategy`].
    pub fn get(&self, id: &str) -> Result<&Arc<dyn Strategy>, PlacementError> {
        let found = self.0.get(&folded(id));
        found.ok_or_else(|| PlacementError::UnknownStrategy(id.to_owned()))
    }

    /// The node that a strategy gives each shard, in the order of the shards.
    ///
    /// # Errors
    /// Those of [`PlacementError`], the strategy first.
    pub fn place<'a>(
        &self,
        id: &str,
        request: &PlacementRequest<'a>,
    ) -> Result<Vec<&'a PlacementNode>, PlacementError> {
        let strategy = self.get(id)?;
        request.check()?;
        if request.shards.is_empty() {
            return Ok(Vec::new());
        }
        let nodes: Vec<&PlacementNode> = request
            .nodes
            .iter()
            .filter(|node| node.weight > 0.0)
            .collect();
        if nodes.is_empty() {
            return Err(PlacementError::NoEligibleNodes);
        }
        let owners = strategy.place(request.namespace, &nodes, request.shards, &request.policy);
        check_answer(strategy.id(), request, &owners)?;
        Ok(owners)
    }
}

/// A short answer would leave shards out without a word.
fn check_answer(
    strategy: &str,
    request: &PlacementRequest<'_>,
    owners: &[&PlacementNode],
) -> Result<(), PlacementError> {
    if owners.len() != request.shards.len() {
        return Err(PlacementError::WrongCount {
            strategy: strategy.to_owned(),
            placed: owners.len(),
            shards: request.shards.len(),
        });
    }
    // What lies where the nodes of the request lie is one of them.
    let given = request.nodes.as_ptr_range();
    let is_foreign =
        |owner: &PlacementNode| !(given.contains(&std::ptr::from_ref(owner)) && owner.weight > 0.0);
    let mut pairs = request.shards.iter().zip(owners);
    match pairs.find(|(_, owner)| is_foreign(owner)) {
        Some((shard, owner)) => Err(PlacementError::ForeignNode {
            strategy: strategy.to_owned(),
            shard: shard.id.clone(),
            node: owner.id.clone(),
        }),
        None => Ok(()),
    }
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
#[path = "placement_test.rs"]
mod tests;
