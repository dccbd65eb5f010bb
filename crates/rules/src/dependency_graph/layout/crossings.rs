//! The order within each column, so that few lines cross: barycenter sweeps, and for small
//! pictures exchanges of neighbours.

use std::cmp::Ordering;

use super::at;
use super::net::{Link, Net};

const SWEEPS: usize = 12;
const SWEEPS_OF_LARGE: usize = 4;
const LARGE: usize = 5_000;

/// Exchanges compare each line at a box with each at its neighbour: allowed up to this many pairs.
const MAX_PAIRS_TO_EXCHANGE: usize = 100_000;
const EXCHANGE_ROUNDS: usize = 10;

/// Reorders the columns; keeps the best order that was met.
pub(super) fn reduce(net: &mut Net) {
    let is_large = net.items.len() > LARGE;
    let sweeps = if is_large { SWEEPS_OF_LARGE } else { SWEEPS };
    let may_exchange = pairs(net) <= MAX_PAIRS_TO_EXCHANGE;
    let mut best = (count(net), net.columns.clone());
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        sort_columns(net, sweep % 2 == 0);
        if may_exchange {
            exchange(net);
        }
        let crossings = count(net);
        if crossings < best.0 {
            best = (crossings, net.columns.clone());
        }
    }
    net.columns = best.1;
}

fn pairs(net: &Net) -> usize {
    let sides = net.left.iter().chain(&net.right);
    sides.map(|links| links.len() * links.len()).sum()
}

/// One sweep: each column is sorted by the middle of its neighbours in the column before.
fn sort_columns(net: &mut Net, rightwards: bool) {
    let mut heights = vec![0.0_f64; net.items.len()];
    for column in &net.columns {
        spread(column, &mut heights);
    }
    let mut order: Vec<usize> = (0..net.columns.len()).collect();
    if !rightwards {
        order.reverse();
    }
    let links = if rightwards { &net.left } else { &net.right };
    for place in order {
        let Some(column) = net.columns.get_mut(place) else {
            continue;
        };
        let mut keyed: Vec<(f64, usize)> = column
            .iter()
            .map(|item| {
                (
                    barycenter(links.get(*item), at(&heights, *item), &heights),
                    *item,
                )
            })
            .collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        *column = keyed.into_iter().map(|(_, item)| item).collect();
        spread(column, &mut heights);
    }
}

/// Gives the items of a column heights between 0 and 1, so that columns of different length compare.
fn spread(column: &[usize], heights: &mut [f64]) {
    for (rank, item) in column.iter().enumerate() {
        if let Some(height) = heights.get_mut(*item) {
            *height = (rank as f64 + 0.5) / column.len() as f64;
        }
    }
}

fn barycenter(links: Option<&Vec<Link>>, own: f64, heights: &[f64]) -> f64 {
    match links {
        Some(links) if !links.is_empty() => {
            let sum: f64 = links.iter().map(|link| at(heights, link.item)).sum();
            sum / links.len() as f64
        }
        _ => own,
    }
}

/// Swaps neighbours wherever that saves crossings.
fn exchange(net: &mut Net) {
    let mut ranks = net.ranks();
    for _ in 0..EXCHANGE_ROUNDS {
        let mut saved = false;
        for column in &mut net.columns {
            for upper in 1..column.len() {
                let (one, other) = (at(column, upper - 1), at(column, upper));
                let sides = [&net.left, &net.right];
                let crossings = |one: usize, other: usize| -> usize {
                    sides
                        .iter()
                        .map(|side| pairs_crossing(side.get(one), side.get(other), &ranks))
                        .sum()
                };
                if crossings(other, one) < crossings(one, other) {
                    column.swap(upper - 1, upper);
                    ranks.swap(one, other);
                    saved = true;
                }
            }
        }
        if !saved {
            break;
        }
    }
}

/// Crossings between the lines of two items on one side, the first being above.
fn pairs_crossing(upper: Option<&Vec<Link>>, lower: Option<&Vec<Link>>, ranks: &[usize]) -> usize {
    let (Some(upper), Some(lower)) = (upper, lower) else {
        return 0;
    };
    let crosses = |one: &Link, other: &Link| at(ranks, one.item) > at(ranks, other.item);
    upper
        .iter()
        .map(|one| lower.iter().filter(|other| crosses(one, other)).count())
        .sum()
}

/// All crossings between neighbouring columns.
fn count(net: &Net) -> usize {
    let ranks = net.ranks();
    net.columns
        .iter()
        .map(|column| {
            let mut ends: Vec<(usize, usize)> = Vec::new();
            for item in column {
                let links = net.right.get(*item).into_iter().flatten();
                ends.extend(links.map(|link| (at(&ranks, *item), at(&ranks, link.item))));
            }
            inversions(ends)
        })
        .sum()
}

/// Pairs whose ends are in the other order than their starts, by a tree of partial sums.
fn inversions(mut ends: Vec<(usize, usize)>) -> usize {
    ends.sort_unstable_by(|one, other| match one.0.cmp(&other.0) {
        Ordering::Equal => one.1.cmp(&other.1),
        unequal => unequal,
    });
    let size = ends.iter().map(|(_, end)| end + 1).max().unwrap_or(0);
    let mut sums = vec![0_usize; size + 1];
    let mut crossings = 0;
    for (before, (_, end)) in ends.iter().enumerate() {
        let mut not_below = 0;
        let mut place = end + 1;
        while place > 0 {
            not_below += at(&sums, place);
            place &= place - 1;
        }
        crossings += before - not_below;
        let mut place = end + 1;
        while let Some(sum) = sums.get_mut(place) {
            *sum += 1;
            place += place & place.wrapping_neg();
        }
    }
    crossings
}
