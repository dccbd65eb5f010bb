//! Consistent hashing: Karger et al., Consistent Hashing and Random Trees (STOC 1997).

use std::fmt::Write;

use deedbook_model::shard::xxh64;
use deedbook_model::text::utf16_order;

use super::{MAX_WEIGHT, PlacementNode, PlacementShard, Policy, Strategy};

/// Points of a node of weight 1.
const POINTS: f64 = 64.0;

/// Each node has points on a ring, and a shard belongs to the first point at or after its own.
pub(super) struct Ring;

impl Strategy for Ring {
    fn id(&self) -> &str {
        "ring"
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn points(&self, weights: &[f64]) -> Option<usize> {
        Some(points_of(weights))
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        let points = Points::of(nodes);
        let mut text = ShardText::of(namespace);
        // All hashes first: the processor then looks several up at a time.
        let hashes: Vec<u64> = shards.iter().map(|shard| text.hash(shard)).collect();
        let owner = |hash: &u64| points.node(points.at_or_after(*hash));
        hashes.iter().filter_map(owner).collect()
    }
}

/// How many points nodes of these weights have together; a weight that no node can have counts as
/// the nearest that one can.
pub(super) fn points_of(weights: &[f64]) -> usize {
    let counts = weights
        .iter()
        .map(|weight| count(weight.clamp(0.0, MAX_WEIGHT)));
    counts.fold(0, |all, count| {
        all.saturating_add(usize::try_from(count).unwrap_or(usize::MAX))
    })
}

/// The text that puts a shard on the ring: `namespace/shard`.
pub(super) struct ShardText {
    text: String,
    own: usize,
}

impl ShardText {
    pub(super) fn of(namespace: &str) -> ShardText {
        let text = format!("{namespace}/");
        let own = text.len();
        ShardText { text, own }
    }

    pub(super) fn hash(&mut self, shard: &PlacementShard) -> u64 {
        self.text.truncate(self.own);
        self.text.push_str(&shard.id);
        xxh64(&self.text)
    }
}

/// The points of all nodes, in the order of their hashes, then of their nodes' ids.
pub(super) struct Points<'a> {
    /// Each id once, in order.
    nodes: Vec<&'a PlacementNode>,
    /// The hash of each point, and the place of its node.
    points: Vec<(u64, u32)>,
    /// The ring is cut into equal parts, about one for each point: where each begins in `points`.
    begins: Vec<u32>,
    /// How far a hash is shifted to give its part.
    shift: u32,
}

impl<'a> Points<'a> {
    pub(super) fn of(nodes: &[&'a PlacementNode]) -> Points<'a> {
        let nodes = distinct(nodes);
        let mut points = Vec::new();
        let mut text = String::new();
        for (place, node) in (0..).zip(&nodes) {
            text.clear();
            text.push_str(&node.id);
            text.push('#');
            let own = text.len();
            for number in 0..count(node.weight) {
                text.truncate(own);
                // Writing to a text can't fail.
                let _ = write!(text, "{number}");
                points.push((xxh64(&text), place));
            }
        }
        points.sort_unstable();
        let bits = points.len().next_power_of_two().trailing_zeros().max(1);
        let shift = u64::BITS - bits;
        let begins = begins(&points, bits, shift);
        Points {
            nodes,
            points,
            begins,
            shift,
        }
    }

    /// The nodes that have points: each id once, in order.
    pub(super) fn nodes(&self) -> &[&'a PlacementNode] {
        &self.nodes
    }

    /// How many points there are.
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// The first point at or after a hash; past the last one the first again.
    pub(super) fn at_or_after(&self, hash: u64) -> usize {
        let part = usize::try_from(hash >> self.shift).unwrap_or_default();
        let bound = |part: usize| self.begins.get(part).map_or(0, |&begin| begin as usize);
        let (begin, end) = (bound(part), bound(part + 1));
        let within = self.points.get(begin..end).unwrap_or_default();
        let point = begin + within.partition_point(|(point, _)| *point < hash);
        if point < self.points.len() { point } else { 0 }
    }

    /// The place in [`Points::nodes`] of a point's node.
    pub(super) fn place(&self, point: usize) -> Option<usize> {
        self.points.get(point).map(|(_, place)| *place as usize)
    }

    pub(super) fn node(&self, point: usize) -> Option<&'a PlacementNode> {
        self.nodes.get(self.place(point)?).copied()
    }
}

/// Each id once, in order; of several weights the greatest counts.
fn distinct<'a>(nodes: &[&'a PlacementNode]) -> Vec<&'a PlacementNode> {
    let mut nodes = nodes.to_vec();
    nodes.sort_by(|one, two| utf16_order(&one.id, &two.id).then(two.weight.total_cmp(&one.weight)));
    nodes.dedup_by(|one, two| one.id == two.id);
    nodes
}

/// Where each part of the ring begins, and after them where the last one ends.
fn begins(points: &[(u64, u32)], bits: u32, shift: u32) -> Vec<u32> {
    let parts = 1_usize << bits;
    let mut begins = Vec::with_capacity(parts + 1);
    for (place, (hash, _)) in (0..).zip(points) {
        let part = usize::try_from(hash >> shift).unwrap_or_default();
        while begins.len() <= part {
            begins.push(place);
        }
    }
    let end = u32::try_from(points.len()).unwrap_or(u32::MAX);
    begins.resize(parts + 1, end);
    begins
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
