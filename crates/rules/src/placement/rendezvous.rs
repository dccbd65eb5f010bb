//! Highest random weight: Thaler and Ravishankar, Using Name-Based Mappings to Increase Hit Rates
//! (IEEE/ACM Transactions on Networking 6, 1998).

use std::marker::PhantomData;

use deedbook_model::shard::{unit_interval, xxh64};
use deedbook_model::text::utf16_order;

use super::{PlacementNode, PlacementShard, Policy, Strategy};

/// How a node stands with a shard: the highest takes it.
pub(super) trait Score: Send + Sync {
    /// A number from the hash of both.
    fn of(hash: u64, weight: f64) -> f64;

    /// Whether [`Score::of`] would be below that score for sure; a cheap answer to most.
    fn is_below(_hash: u64, _weight: f64, _score: f64) -> bool {
        false
    }
}

/// The hash times the weight: what the reference computes. Nodes of unequal weight get shares that
/// aren't proportional to it.
pub(super) struct Linear;

impl Score for Linear {
    fn of(hash: u64, weight: f64) -> f64 {
        /// No weight counts for less.
        const LEAST: f64 = 0.001;
        unit_interval(hash) * weight.max(LEAST)
    }
}

/// The logarithm of the hash over the weight: shares are proportional to it (Schindelhauer and
/// Schomaker, Weighted Distributed Hash Tables, SPAA 2005). A platform's own logarithm may differ
/// from another's in the last bit, so this one is computed in software.
pub(super) struct Proportional;

impl Score for Proportional {
    fn of(hash: u64, weight: f64) -> f64 {
        libm::log(unit(hash)) / weight
    }

    fn is_below(hash: u64, weight: f64, score: f64) -> bool {
        /// Far beyond the rounding of either side; both are negative.
        const MARGIN: f64 = 1.0 + 1e-9;
        // ln(u) ≤ u − 1
        unit(hash) - 1.0 < score * weight * MARGIN
    }
}

/// The top 53 bits of a hash as a number above 0 and at most 1.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits are what a double holds"
)]
fn unit(hash: u64) -> f64 {
    /// 2⁵³.
    const STEPS: f64 = 9_007_199_254_740_992.0;
    ((hash >> 11) as f64 + 0.5) / STEPS
}

/// How many texts are written before the first of them is hashed: right after it was written, a
/// processor waits for its pieces to reach the cache.
const AT_ONCE: usize = 16;

/// The texts whose hashes score nodes for a shard: `namespace/shard::node`.
pub(super) struct PairTexts {
    texts: [String; AT_ONCE],
    namespace: usize,
}

impl PairTexts {
    pub(super) fn of(namespace: &str) -> PairTexts {
        let text = format!("{namespace}/");
        PairTexts {
            namespace: text.len(),
            texts: std::array::from_fn(|_| text.clone()),
        }
    }

    /// The node of the highest score; of equal ones that of the smaller id.
    pub(super) fn highest<'a, S: Score>(
        &mut self,
        shard: &PlacementShard,
        nodes: &[&'a PlacementNode],
    ) -> Option<&'a PlacementNode> {
        for text in self.texts.iter_mut().take(nodes.len()) {
            text.truncate(self.namespace);
            text.push_str(&shard.id);
            text.push_str("::");
        }
        let own = self.namespace + shard.id.len() + 2;
        let mut best: Option<(f64, &PlacementNode)> = None;
        for nodes in nodes.chunks(AT_ONCE) {
            for (text, node) in self.texts.iter_mut().zip(nodes) {
                text.truncate(own);
                text.push_str(&node.id);
            }
            for (text, node) in self.texts.iter().zip(nodes) {
                let hash = xxh64(text);
                if best.is_some_and(|(score, _)| S::is_below(hash, node.weight, score)) {
                    continue;
                }
                let score = S::of(hash, node.weight);
                let is_higher = best.is_none_or(|(highest, first)| {
                    let order = score.total_cmp(&highest);
                    order.then_with(|| utf16_order(&first.id, &node.id)).is_gt()
                });
                if is_higher {
                    best = Some((score, node));
                }
            }
        }
        best.map(|(_, node)| node)
    }
}

/// `rendezvous` and `rendezvous-weighted`.
pub(super) struct Rendezvous<S> {
    id: &'static str,
    score: PhantomData<S>,
}

impl<S> Rendezvous<S> {
    pub(super) const fn of(id: &'static str) -> Rendezvous<S> {
        let score = PhantomData;
        Rendezvous { id, score }
    }
}

impl<S: Score> Strategy for Rendezvous<S> {
    fn id(&self) -> &str {
        self.id
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
        let mut text = PairTexts::of(namespace);
        let owner = |shard| text.highest::<S>(shard, nodes);
        shards.iter().filter_map(owner).collect()
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
            all.update(&Proportional::of(hash, 1.5).to_bits().to_le_bytes());
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
            assert_eq!(Proportional::of(hash, weight).to_bits(), bits, "{hash}");
        }
    }

    #[test]
    fn what_is_below_for_sure_scores_lower() {
        let mut hash: u64 = 1;
        let mut next = || {
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            hash
        };
        let mut below = 0;
        for _ in 0..100_000 {
            let (one, two) = (next(), next());
            for (one, weight) in [(one, 0.3), (two.wrapping_sub(one % 4096), 1.7)] {
                let score = Proportional::of(two, 1.7);
                if Proportional::is_below(one, weight, score) {
                    below += 1;
                    assert!(Proportional::of(one, weight) < score, "{one} {two}");
                }
            }
        }
        assert!(below > 10_000, "{below}");
    }
}
