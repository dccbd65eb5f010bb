//! Highest random weight: Thaler and Ravishankar, Using Name-Based Mappings to Increase Hit Rates
//! (IEEE/ACM Transactions on Networking 6, 1998).

use deedbook_model::shard::{unit_interval, xxh64};
use deedbook_model::text::utf16_order;

use super::{PlacementNode, PlacementShard, Policy, Strategy};

/// How a node stands with a shard: the highest takes it.
pub(super) type Score = fn(hash: u64, weight: f64) -> f64;

/// The hash times the weight: what the reference computes. Nodes of unequal weight get shares that
/// aren't proportional to it.
pub(super) fn linear(hash: u64, weight: f64) -> f64 {
    /// No weight counts for less.
    const LEAST: f64 = 0.001;
    unit_interval(hash) * weight.max(LEAST)
}

/// The logarithm of the hash over the weight: shares are proportional to it (Schindelhauer and
/// Schomaker, Weighted Distributed Hash Tables, SPAA 2005). The hash counts with its top 53 bits, as a
/// number above 0 and at most 1. A platform's own logarithm may differ from another's in the last bit,
/// so this one is computed in software.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits are what a double holds"
)]
pub(super) fn proportional(hash: u64, weight: f64) -> f64 {
    /// 2⁵³.
    const STEPS: f64 = 9_007_199_254_740_992.0;
    let unit = ((hash >> 11) as f64 + 0.5) / STEPS;
    libm::log(unit) / weight
}

/// The node of the highest score; of equal ones that of the smaller id.
pub(super) fn highest<'a>(
    namespace: &str,
    shard: &PlacementShard,
    nodes: impl Iterator<Item = &'a PlacementNode>,
    score: Score,
) -> Option<&'a PlacementNode> {
    let mut text = format!("{namespace}/{}::", shard.id);
    let own = text.len();
    let scored = nodes.map(|node| {
        text.truncate(own);
        text.push_str(&node.id);
        (score(xxh64(&text), node.weight), node)
    });
    let best = scored.max_by(|(one, first), (two, second)| {
        (one.total_cmp(two)).then_with(|| utf16_order(&second.id, &first.id))
    });
    best.map(|(_, node)| node)
}

/// `rendezvous`.
pub(super) struct Linear;

/// `rendezvous-weighted`.
pub(super) struct Proportional;

fn place<'a>(
    namespace: &str,
    nodes: &[&'a PlacementNode],
    shards: &[PlacementShard],
    score: Score,
) -> Vec<&'a PlacementNode> {
    let owner = |shard| highest(namespace, shard, nodes.iter().copied(), score);
    shards.iter().filter_map(owner).collect()
}

impl Strategy for Linear {
    fn id(&self) -> &str {
        "rendezvous"
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        place(namespace, nodes, shards, linear)
    }
}

impl Strategy for Proportional {
    fn id(&self) -> &str {
        "rendezvous-weighted"
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        place(namespace, nodes, shards, proportional)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_the_same_bits_everywhere() {
        let mut all = blake3::Hasher::new();
        let mut hash: u64 = 1;
        for _ in 0..10_000 {
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            all.update(&proportional(hash, 1.5).to_bits().to_le_bytes());
        }
        let digest = all.finalize().to_hex();
        assert_eq!(digest.get(..32), Some("428cd344c9e667acc71f8f1f5879c166"));
    }

    /// Computed by another program, in doubles as IEEE 754 has them.
    #[test]
    fn scores_are_logarithms_over_weights() {
        for (hash, weight, bits) in [
            (0, 1.0, 0xc042_b708_8723_20e2),
            (1 << 63, 1.0, 0xbfe6_2e42_fefa_39ef),
            (u64::MAX, 1.0, 0),
            (0x9e37_79b9_7f4a_7c15, 0.25, 0xbffe_cc2c_aec5_1608),
        ] {
            assert_eq!(proportional(hash, weight).to_bits(), bits, "{hash}");
        }
    }
}
