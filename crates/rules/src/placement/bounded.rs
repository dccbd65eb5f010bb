//! Consistent hashing with bounded loads: Mirrokni, Thorup and Zadimoghaddam (SODA 2018).

use deedbook_model::text::utf16_order;

use super::ring::{Points, ShardText, points_of};
use super::{PlacementNode, PlacementShard, Policy, Strategy};

/// The ring, but a node that has its bound of shards takes no more: they go to the next point on
/// the ring whose node has room.
///
/// The bound of a node is its part of all shards times [`Policy::bound`], rounded up. Which shards
/// come first depends on their hashes alone, so that neither their order nor that of the nodes
/// matters; see [`Coming::turn`].
pub(super) struct BoundedLoad;

impl Strategy for BoundedLoad {
    fn id(&self) -> &str {
        "bounded-load"
    }

    fn points(&self, weights: &[f64]) -> Option<usize> {
        Some(points_of(weights))
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        policy: &Policy,
    ) -> Vec<&'a PlacementNode> {
        let points = Points::of(nodes);
        let coming = in_turn(namespace, shards);
        let id = |one: &Coming| shards.get(one.place).map(|shard| &shard.id);
        let same = coming.chunk_by(|one, two| one.turn == two.turn && id(one) == id(two));
        let mut room = Room::of(&points, same.clone().count(), policy.bound);
        let mut owners = vec![None; shards.len()];
        for same in same {
            let Some(first) = same.first() else { continue };
            let owner = room.take(points.at_or_after(first.hash()));
            for one in same {
                if let Some(place) = owners.get_mut(one.place) {
                    *place = owner;
                }
            }
        }
        owners.into_iter().flatten().collect()
    }
}

/// A shard on its way.
struct Coming {
    /// The lowest comes first: its hash read backwards, which has nothing to do with its place on the
    /// ring. So the late ones, who find nodes full, are few everywhere. By the hash itself they would
    /// all be in one part of the ring, and with a bound of 1 a lost node would move a third more.
    turn: u64,
    /// Where it is in the request.
    place: usize,
}

impl Coming {
    fn hash(&self) -> u64 {
        self.turn.reverse_bits()
    }
}

fn in_turn(namespace: &str, shards: &[PlacementShard]) -> Vec<Coming> {
    let mut text = ShardText::of(namespace);
    let coming = shards.iter().enumerate().map(|(place, shard)| Coming {
        turn: text.hash(shard).reverse_bits(),
        place,
    });
    let mut coming: Vec<Coming> = coming.collect();
    let id = |one: &Coming| shards.get(one.place).map_or("", |shard| &shard.id);
    coming.sort_unstable_by(|one, two| {
        (one.turn.cmp(&two.turn)).then_with(|| utf16_order(id(one), id(two)))
    });
    coming
}

/// A bound that would be a whole number but for the rounding of doubles is that number: 1.1 × 10 is
/// 11, not 12.
const FORGIVEN: f64 = 1.0 / 1_099_511_627_776.0;

/// How many shards a node takes.
///
/// Nodes together take all of them. Before they are rounded up, bounds add up to at least
/// `shards × (1 − 2⁻⁴⁰ − (nodes + 3) × 2⁻⁵³)`: that much is forgiven, and each step and each weight
/// added may round by 2⁻⁵³. Up to 2³² shards and 2¹⁸ nodes that is more than `shards − 1`; and so
/// bounds, being whole numbers and no less, add up to at least `shards`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts below 2⁵³; what is beyond a count is the greatest one"
)]
fn bound(factor: f64, shards: usize, weight: f64, weights: f64) -> usize {
    let part = factor * shards as f64 * weight / weights;
    (part * (1.0 - FORGIVEN)).ceil() as usize
}

/// What room the nodes have left.
struct Room<'p, 'a> {
    points: &'p Points<'a>,
    /// How many shards each node takes yet.
    left: Vec<usize>,
    /// For each point a later one, the ring being one, such that the nodes of those between have no
    /// room.
    onward: Vec<u32>,
}

impl<'p, 'a> Room<'p, 'a> {
    fn of(points: &'p Points<'a>, shards: usize, factor: f64) -> Room<'p, 'a> {
        let nodes = points.nodes().iter();
        // In the order of the nodes' ids: in another one they may add up to another double.
        let weights: f64 = nodes.clone().map(|node| node.weight).sum();
        let count = u32::try_from(points.len()).unwrap_or(u32::MAX);
        Room {
            points,
            left: nodes
                .map(|node| bound(factor, shards, node.weight, weights))
                .collect(),
            onward: (1..count).chain([0]).collect(),
        }
    }

    /// The node of the first point at or after that one which has room, and has less of it then.
    fn take(&mut self, point: usize) -> Option<&'a PlacementNode> {
        let mut at = point;
        // Each step goes at least one point on.
        for _ in 0..=self.points.len() {
            let left = self.left.get_mut(self.points.place(at)?)?;
            if let Some(less) = left.checked_sub(1) {
                *left = less;
                return self.points.node(at);
            }
            // As in a union-find: who comes here later has half the way.
            let next = self.onward(at);
            let target = if self.has_room(next) {
                next
            } else {
                self.onward(next)
            };
            if let (Some(onward), Ok(target)) = (self.onward.get_mut(at), u32::try_from(target)) {
                *onward = target;
            }
            at = target;
        }
        None
    }

    fn has_room(&self, point: usize) -> bool {
        let left = self
            .points
            .place(point)
            .and_then(|node| self.left.get(node));
        left.is_some_and(|left| *left > 0)
    }

    fn onward(&self, point: usize) -> usize {
        self.onward.get(point).map_or(0, |&point| point as usize)
    }
}
