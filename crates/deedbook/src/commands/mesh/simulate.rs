//! `shard simulate`: where the shards of a namespace would be on other nodes.

use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::shard::control::cli::nodes;
use deedbook_rules::mesh::{MeshFacts, USUAL_STRATEGY};
use deedbook_rules::placement::{PlacementNode, PlacementShard, Policy};

use super::export::records;
use super::offline::{Question, print};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::shard::Simulate;

/// Says where shards would be.
pub(super) fn simulate(args: &Simulate, context: &mut Context) -> Result<(), Failure> {
    let namespace = args.namespace.name()?;
    let nodes = nodes(args.node.iter().map(String::as_str));
    let nodes = nodes.map_err(|error| Failure::Invalid(format!("--node: {error}")))?;
    let nodes = nodes.into_iter().map(|node| PlacementNode {
        id: node.node_id,
        weight: node.weight.unwrap_or(1.0),
        region: node.region,
        zone: node.zone,
    });
    let mut source = context.source_to_read()?;
    let kinds = [MeshKind::Namespace, MeshKind::Shard];
    let (records, _) = records(&kinds, Some(namespace), args.at.at, &mut source)?;
    if records.is_empty() {
        let key = MeshKey::of(MeshKind::Namespace, vec![namespace.to_owned()]);
        let key = key.map_err(|error| Failure::Invalid(error.to_string()))?;
        return Err(Failure::NoRecord(key));
    }
    let own = records.iter().find_map(|record| match record.mesh() {
        Some(MeshFacts::Namespace(facts)) => Some(facts),
        _ => None,
    });
    let bound = own.and_then(|facts| facts.bound_factor);
    let own_strategy = own.map_or(USUAL_STRATEGY, |facts| &facts.strategy_id);
    let (mut shards, mut present) = (Vec::new(), Vec::new());
    for record in &records {
        let key = MeshKey::parse(MeshKind::Shard, &record.key);
        let (Ok(key), Some(shard)) = (key, record.shard()) else {
            continue;
        };
        shards.push(PlacementShard {
            id: key.id().to_owned(),
            locality_hint: shard.locality_hint.as_deref().map(str::to_owned),
        });
        present.push(Some((&*shard.owner_node_id, shard.status)));
    }
    let question = Question {
        namespace,
        strategy: args.strategy.as_deref().unwrap_or(own_strategy),
        nodes: nodes.collect(),
        present,
        shards,
        policy: bound.map_or_else(Policy::default, |bound| Policy { bound }),
    };
    print(&question.answer().map_err(Failure::Placement)?, context)
}
