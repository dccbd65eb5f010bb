//! The graph as the later steps need it: boxes and bends in columns, and who is linked to whom.

use super::{Line, Size, at};

/// Beyond this, lines that pass several columns no longer get a bend in each: the picture is past
/// reading anyway, and the cost would grow with lines times columns.
const MAX_BENDS: usize = 40_000;

/// Least height that a box takes up for each line that ends at it, so that labels find room.
const ROOM_PER_LINE: f64 = 17.0;
const MAX_ROOM_LINES: f64 = 8.0;

/// A box, or a bend: a point that a line passes in a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Item {
    pub(super) column: usize,
    /// Height to keep free for it.
    pub(super) room: f64,
    pub(super) is_bend: bool,
}

/// A neighbour in the column to the left or to the right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) item: usize,
    /// How strongly it pulls: lines shall be straight rather than boxes close.
    pub(super) pull: f64,
}

/// The net of all items. The first are the boxes, in their order.
#[derive(Debug, Default)]
pub(super) struct Net {
    pub(super) items: Vec<Item>,
    /// The items of each column, from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    /// The items that each line passes, both ends included; empty for a line to nowhere.
    pub(super) chains: Vec<Vec<usize>>,
    pub(super) left: Vec<Vec<Link>>,
    pub(super) right: Vec<Vec<Link>>,
}

impl Net {
    pub(super) fn new(boxes: &[Size], lines: &[Line]) -> Net {
        let columns = longest_paths(boxes.len(), lines);
        let mut net = Net {
            items: boxes
                .iter()
                .zip(&columns)
                .map(|(size, column)| Item {
                    column: *column,
                    room: size.height,
                    is_bend: false,
                })
                .collect(),
            ..Net::default()
        };
        net.make_room(lines);
        let span = |line: &Line| at(&columns, line.to).saturating_sub(at(&columns, line.from));
        let bends: usize = lines.iter().map(|line| span(line).saturating_sub(1)).sum();
        for line in lines {
            let chain = net.chain(line, bends <= MAX_BENDS);
            net.chains.push(chain);
        }
        net.link();
        net.fill_columns();
        net
    }

    fn make_room(&mut self, lines: &[Line]) {
        let mut arriving = vec![0.0_f64; self.items.len()];
        for line in lines.iter().filter(|line| line.label_width > 0.0) {
            if let Some(number) = arriving.get_mut(line.to) {
                *number += 1.0;
            }
        }
        for (item, number) in self.items.iter_mut().zip(arriving) {
            item.room = item.room.max(number.min(MAX_ROOM_LINES) * ROOM_PER_LINE);
        }
    }

    fn chain(&mut self, line: &Line, with_bends: bool) -> Vec<usize> {
        let (Some(from), Some(to)) = (self.items.get(line.from), self.items.get(line.to)) else {
            return Vec::new();
        };
        let between = from.column + 1..to.column;
        if from.column >= to.column {
            return Vec::new();
        }
        let mut chain = vec![line.from];
        if with_bends {
            for column in between {
                chain.push(self.items.len());
                self.items.push(Item {
                    column,
                    room: 0.0,
                    is_bend: true,
                });
            }
        }
        chain.push(line.to);
        chain
    }

    fn link(&mut self) {
        self.left = vec![Vec::new(); self.items.len()];
        self.right = vec![Vec::new(); self.items.len()];
        for pair in self.chains.iter().flat_map(|chain| chain.windows(2)) {
            let [from, to] = *pair else { continue };
            let is_bend = |item| at(&self.items, item).is_bend;
            let pull = match (is_bend(from), is_bend(to)) {
                (true, true) => 8.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            if let Some(links) = self.right.get_mut(from) {
                links.push(Link { item: to, pull });
            }
            if let Some(links) = self.left.get_mut(to) {
                links.push(Link { item: from, pull });
            }
        }
    }

    /// Depth first from the root, so that what hangs together begins together.
    fn fill_columns(&mut self) {
        let width = self.items.iter().map(|item| item.column + 1).max();
        self.columns = vec![Vec::new(); width.unwrap_or(0)];
        let mut met = vec![false; self.items.len()];
        for start in 0..self.items.len() {
            let mut waiting = vec![start];
            while let Some(item) = waiting.pop() {
                match met.get_mut(item) {
                    Some(known) if !*known => *known = true,
                    _ => continue,
                }
                let column = at(&self.items, item).column;
                if let Some(column) = self.columns.get_mut(column) {
                    column.push(item);
                }
                if let Some(links) = self.right.get(item) {
                    waiting.extend(links.iter().rev().map(|link| link.item));
                }
            }
        }
    }

    /// Each item's place in its column.
    pub(super) fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.items.len()];
        for column in &self.columns {
            for (rank, item) in column.iter().enumerate() {
                if let Some(slot) = ranks.get_mut(*item) {
                    *slot = rank;
                }
            }
        }
        ranks
    }
}

/// For each box the length of the longest path that leads to it.
fn longest_paths(boxes: usize, lines: &[Line]) -> Vec<usize> {
    let mut open = vec![0_usize; boxes];
    let mut targets: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for line in lines {
        if let (Some(targets), Some(open)) = (targets.get_mut(line.from), open.get_mut(line.to)) {
            targets.push(line.to);
            *open += 1;
        }
    }
    let mut columns = vec![0_usize; boxes];
    let mut ready: Vec<usize> = (0..boxes).filter(|place| at(&open, *place) == 0).collect();
    while let Some(from) = ready.pop() {
        let next = at(&columns, from) + 1;
        for to in targets.get(from).into_iter().flatten() {
            if let Some(column) = columns.get_mut(*to) {
                *column = next.max(*column);
            }
            if let Some(open) = open.get_mut(*to) {
                *open -= 1;
                if *open == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    columns
}
