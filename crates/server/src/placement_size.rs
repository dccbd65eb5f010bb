//! How much may be placed for one request.

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use deedbook_rules::placement::Strategy;

/// Nodes times shards, at most, where each pair is looked at.
const MOST_PAIRS: usize = 1 << 27;

/// Points of all nodes together, at most, where they are spread over a ring: as many as weights of
/// 65,536 together have.
const MOST_POINTS: usize = 1 << 22;

/// Refuses what would take too long or too much memory: nodes of these weights, for so many shards.
pub(crate) fn check(
    strategy: &dyn Strategy,
    weights: impl Iterator<Item = f64>,
    shards: usize,
) -> Result<(), Problem> {
    let weights: Vec<f64> = weights.collect();
    let (id, nodes) = (strategy.id(), weights.len());
    let (detail, hint) = match strategy.points(&weights) {
        Some(points) if points > MOST_POINTS => (
            format!("the nodes have {points} points by `{id}`: at most {MOST_POINTS} are placed"),
            "a node has 64 points for each unit of its weight: smaller weights in proportion give each \
             node about the same share, but move many shards once; or plan without a server",
        ),
        None if nodes.saturating_mul(shards) > MOST_PAIRS => (
            format!(
                "`{id}` looks at each pair of {nodes} nodes and {shards} shards: at most {MOST_PAIRS} \
                 are looked at"
            ),
            "place by `ring` or `bounded-load`, which don't, or plan on the book itself without a server",
        ),
        Some(_) | None => return Ok(()),
    };
    Err(Problem::new(Code::TooLarge, detail).with_hint(hint))
}
