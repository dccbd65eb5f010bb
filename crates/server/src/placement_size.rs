//! How much may be placed for one request.

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use deedbook_rules::placement::MAX_WEIGHT;

/// Nodes times shards, at most: each pair may have to be looked at.
const MOST_PAIRS: usize = 1 << 27;

/// All weights together, at most: on the ring each unit has 64 points.
const MOST_WEIGHT: f64 = 65_536.0;

/// Refuses what would take too long or too much memory: nodes of these weights for so many shards.
pub(crate) fn check(weights: impl Iterator<Item = f64>, shards: usize) -> Result<(), Problem> {
    let weights: Vec<f64> = weights.collect();
    let nodes = weights.len();
    let detail = if nodes.saturating_mul(shards) > MOST_PAIRS {
        format!(
            "{nodes} nodes for {shards} shards are too many: at most {MOST_PAIRS} pairs are tried"
        )
    } else {
        let weight = |weight: f64| weight.clamp(0.0, MAX_WEIGHT);
        let sum: f64 = weights.into_iter().map(weight).sum();
        if sum <= MOST_WEIGHT {
            return Ok(());
        }
        format!("the weights of the nodes are {sum} together: at most {MOST_WEIGHT} are tried")
    };
    Err(Problem::new(Code::TooLarge, detail))
}
