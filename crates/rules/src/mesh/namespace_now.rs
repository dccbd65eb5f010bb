//! A namespace as it is in a state: what plans are made from and checked against.

use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Generation, Kind, Revision};

use super::index::Members;
use super::{MeshFacts, USUAL_STRATEGY};
use crate::placement::plan::{
    Plan, PlanRequest, Present, PresentNode, PresentShard, Transfer, plan, undo,
};
use crate::placement::{PlacementError, PlacementNode, PlacementShard, Policy};
use crate::state::State;

/// A namespace with its policy, its nodes and its shards.
#[derive(Clone, Debug)]
pub struct NamespaceNow {
    namespace: String,
    generation: Generation,
    strategy_id: String,
    policy: Policy,
    nodes: Vec<PresentNode>,
    shards: Vec<PresentShard>,
}

impl NamespaceNow {
    /// What places its shards.
    #[must_use]
    pub fn strategy_id(&self) -> &str {
        &self.strategy_id
    }

    /// What it asks of that beyond its id.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// What there is.
    #[must_use]
    pub fn present(&self) -> Present<'_> {
        Present {
            namespace: &self.namespace,
            generation: self.generation,
            nodes: &self.nodes,
            shards: &self.shards,
        }
    }
}

impl State {
    /// The id of what places the shards of a namespace.
    #[must_use]
    pub fn strategy_of(&self, namespace: &str) -> &str {
        let own = self.members(namespace).and_then(Members::own);
        match own.and_then(|own| own.mesh()) {
            Some(MeshFacts::Namespace(facts)) => &facts.strategy_id,
            _ => USUAL_STRATEGY,
        }
    }

    /// A namespace as it is. One that nobody named has no nodes and no shards.
    #[must_use]
    pub fn namespace_now(&self, namespace: &str) -> NamespaceNow {
        let key = MeshKey::of(MeshKind::Namespace, vec![namespace.to_owned()]).ok();
        let record = key.and_then(|key| self.record(&Kind::NAMESPACE, &key.to_string()));
        let record = record.filter(|record| record.is_live());
        let facts = match record.and_then(|record| record.mesh()) {
            Some(MeshFacts::Namespace(facts)) => Some(facts),
            _ => None,
        };
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        let nodes = self.nodes_of(namespace).filter_map(|(id, record)| {
            let node = record.node()?;
            Some(PresentNode {
                node: PlacementNode {
                    id: id.to_string(),
                    weight: node.weight,
                    region: text(&node.region),
                    zone: text(&node.zone),
                },
                is_draining: node.draining,
                generation: record.generation,
            })
        });
        let shards = self.shards_of(namespace).filter_map(|(id, record)| {
            let shard = record.shard()?;
            Some(PresentShard {
                shard: PlacementShard {
                    id: id.to_string(),
                    locality_hint: text(&shard.locality_hint),
                },
                owner: shard.owner_node_id.to_string(),
                status: shard.status,
                generation: record.generation,
            })
        });
        let bound = facts.and_then(|facts| facts.bound_factor);
        NamespaceNow {
            namespace: namespace.to_owned(),
            generation: record.map_or(Generation(0), |record| record.generation),
            strategy_id: self.strategy_of(namespace).to_owned(),
            policy: bound.map_or_else(Policy::default, |bound| Policy { bound }),
            nodes: nodes.collect(),
            shards: shards.collect(),
        }
    }

    /// The moves that bring the shards of a namespace to where a strategy would have them; that of
    /// the namespace unless another is given.
    ///
    /// # Errors
    /// Those of [`plan`].
    pub fn plan(
        &self,
        namespace: &str,
        strategy: Option<&str>,
        max_moves: Option<usize>,
    ) -> Result<Plan, PlacementError> {
        let now = self.namespace_now(namespace);
        let request = PlanRequest {
            present: now.present(),
            strategy: strategy.unwrap_or(&now.strategy_id),
            policy: now.policy,
            max_moves,
        };
        plan(self.strategies(), &request)
    }

    /// The moves that bring shards of a namespace back from where the command of a revision brought
    /// them; `transfers` are those of the command in that namespace.
    #[must_use]
    pub fn undo(&self, namespace: &str, revision: Revision, transfers: &[Transfer]) -> Plan {
        let now = self.namespace_now(namespace);
        undo(&now.present(), &now.strategy_id, revision, transfers)
    }
}
