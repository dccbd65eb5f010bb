//! Which node a strategy gives each shard of a namespace. The same nodes and shards give the same
//! answer on every machine and release, whatever the order of the nodes.

mod locality;
mod rendezvous;
mod ring;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use deedbook_model::text::folded;

use self::locality::Locality;
use self::rendezvous::{Linear, Proportional};
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

/// What is to be placed where.
#[derive(Clone, Copy, Debug)]
pub struct PlacementRequest<'a> {
    /// The namespace of the shards.
    pub namespace: &'a str,
    /// The nodes to choose from.
    pub nodes: &'a [PlacementNode],
    /// The shards, each of which gets one.
    pub shards: &'a [PlacementShard],
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
    /// No node owns anything.
    #[error("all nodes have weight 0")]
    NoEligibleNodes,
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
            PlacementError::NoEligibleNodes => "shards.hashing.no_eligible_nodes",
        }
    }
}

impl PlacementRequest<'_> {
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
        match self.nodes.iter().find(|node| !is_sound(node)) {
            Some(node) => Err(PlacementError::Weight(node.id.clone())),
            None => Ok(()),
        }
    }
}

/// A way to place shards.
pub trait Strategy: Send + Sync {
    /// What it is called; compared without case.
    fn id(&self) -> &str;

    /// The node of each shard, in the order of the shards. The nodes are never empty, their ids
    /// are not blank, and their weights are above 0.
    ///
    /// The answer must follow from the request alone, and not from the order of its nodes.
    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
    ) -> Vec<&'a PlacementNode>;
}

/// Strategies by id.
#[derive(Clone)]
pub struct Strategies(BTreeMap<String, Arc<dyn Strategy>>);

impl Default for Strategies {
    /// Those that come with the book.
    fn default() -> Strategies {
        let own: [Arc<dyn Strategy>; 5] = [
            Arc::new(Ring),
            Arc::new(Linear),
            Arc::new(Proportional),
            Arc::new(Locality::linear()),
            Arc::new(Locality::proportional()),
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
        Ok(strategy.place(request.namespace, &nodes, request.shards))
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
