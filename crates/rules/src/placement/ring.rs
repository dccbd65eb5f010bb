//! Consistent hashing: Karger et al., Consistent Hashing and Random Trees (STOC 1997).

use deedbook_model::shard::xxh64;
use deedbook_model::text::utf16_order;

use super::{PlacementNode, PlacementShard, Strategy};

/// Points of a node of weight 1.
const POINTS: f64 = 64.0;

/// Each node has points on a ring, and a shard belongs to the first point at or after its own.
pub(super) struct Ring;

impl Strategy for Ring {
    fn id(&self) -> &str {
        "ring"
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
    ) -> Vec<&'a PlacementNode> {
        let ring = points(nodes);
        let owner = |shard: &PlacementShard| {
            let hash = xxh64(&format!("{namespace}/{}", shard.id));
            let next = ring.partition_point(|(point, _)| *point < hash);
            let (_, node) = ring.get(next).or_else(|| ring.first())?;
            Some(*node)
        };
        shards.iter().filter_map(owner).collect()
    }
}

/// The points of all nodes, in the order of their hashes, then their ids.
fn points<'a>(nodes: &[&'a PlacementNode]) -> Vec<(u64, &'a PlacementNode)> {
    let mut ring = Vec::new();
    for node in nodes {
        for number in 0..count(node.weight) {
            ring.push((xxh64(&format!("{}#{number}", node.id)), *node));
        }
    }
    let in_order = |one: &(u64, &PlacementNode), two: &(u64, &PlacementNode)| {
        (one.0.cmp(&two.0)).then_with(|| utf16_order(&one.1.id, &two.1.id))
    };
    ring.sort_unstable_by(in_order);
    ring
}

/// Rounded, halves away from zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights are from 0 to 1024"
)]
fn count(weight: f64) -> u32 {
    (weight * POINTS).round().max(1.0) as u32
}
