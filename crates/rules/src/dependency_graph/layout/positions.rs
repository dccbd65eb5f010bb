//! Heights: each item goes as near to its neighbours as the order in its column allows.

use super::at;
use super::net::{Item, Link, Net};

const GAP: f64 = 22.0;
const GAP_AT_BEND: f64 = 13.0;

const PASSES: usize = 12;
const PASSES_OF_LARGE: usize = 4;
const LARGE: usize = 5_000;

/// An item that nothing pulls stays about where it is.
const OWN_PULL: f64 = 0.01;

/// The height of the middle of each item.
pub(super) fn settle(net: &Net) -> Vec<f64> {
    let mut middles = stack(net);
    let is_large = net.items.len() > LARGE;
    let passes = if is_large { PASSES_OF_LARGE } else { PASSES };
    let columns = net.columns.len();
    for pass in 0..passes {
        // First each side alone, so that the picture unfolds; then both, so that it comes to rest.
        let both = pass >= passes / 2;
        let rightwards = pass % 2 == 0;
        for step in 0..columns {
            let place = if rightwards { step } else { columns - 1 - step };
            if let Some(column) = net.columns.get(place) {
                let left = both || rightwards;
                let right = both || !rightwards;
                settle_column(net, column, left, right, &mut middles);
            }
        }
    }
    middles
}

fn stack(net: &Net) -> Vec<f64> {
    let mut middles = vec![0.0; net.items.len()];
    for column in &net.columns {
        let distances = distances(net, column);
        let total: f64 = distances.iter().sum();
        let mut height = -total / 2.0;
        for (item, distance) in column.iter().zip(distances) {
            height += distance;
            put(&mut middles, *item, height);
        }
    }
    middles
}

fn put(values: &mut [f64], place: usize, value: f64) {
    if let Some(slot) = values.get_mut(place) {
        *slot = value;
    }
}

fn settle_column(net: &Net, column: &[usize], left: bool, right: bool, middles: &mut [f64]) {
    let wishes: Vec<Wish> = column
        .iter()
        .map(|item| {
            let own = at(middles, *item);
            let mut wish = Wish {
                height: own * OWN_PULL,
                pull: OWN_PULL,
            };
            let from_left = net.left.get(*item).into_iter().filter(|_| left);
            let from_right = net.right.get(*item).into_iter().filter(|_| right);
            for Link { item, pull } in from_left.chain(from_right).flatten() {
                wish.height += at(middles, *item) * pull;
                wish.pull += pull;
            }
            wish.height /= wish.pull;
            wish
        })
        .collect();
    let settled = arrange(&wishes, &distances(net, column));
    for (item, height) in column.iter().zip(settled) {
        put(middles, *item, height);
    }
}

/// Least distance of the middles of each item and the one above it; 0 for the first.
fn distances(net: &Net, column: &[usize]) -> Vec<f64> {
    let mut above: Option<Item> = None;
    column
        .iter()
        .map(|item| {
            let item = at(&net.items, *item);
            let distance = above.map_or(0.0, |above| {
                let at_bend = above.is_bend || item.is_bend;
                let gap = if at_bend { GAP_AT_BEND } else { GAP };
                f64::midpoint(above.room, item.room) + gap
            });
            above = Some(item);
            distance
        })
        .collect()
}

/// Where something would like to be, and how much that matters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) height: f64,
    pub(super) pull: f64,
}

/// The heights nearest to the wishes (least squares) that keep the order and, from each to the
/// next, the distance. Pools of neighbours that would overlap share one shift.
pub(super) fn arrange(wishes: &[Wish], distances: &[f64]) -> Vec<f64> {
    struct Pool {
        shift: f64,
        pull: f64,
        members: usize,
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(wishes.len());
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(wishes.len());
    for (wish, distance) in wishes.iter().zip(distances) {
        offset += distance;
        offsets.push(offset);
        let mut pool = Pool {
            shift: wish.height - offset,
            pull: wish.pull,
            members: 1,
        };
        while let Some(above) = pools.pop_if(|above| above.shift > pool.shift) {
            let pull = above.pull + pool.pull;
            pool = Pool {
                shift: (above.shift * above.pull + pool.shift * pool.pull) / pull,
                pull,
                members: above.members + pool.members,
            };
        }
        pools.push(pool);
    }
    let shifts = pools
        .iter()
        .flat_map(|pool| std::iter::repeat_n(pool.shift, pool.members));
    shifts
        .zip(offsets)
        .map(|(shift, offset)| shift + offset)
        .collect()
}
