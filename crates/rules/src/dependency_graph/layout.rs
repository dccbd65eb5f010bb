//! Where to draw the boxes and lines of a graph without cycles: columns from left to right by
//! longest path, few crossings, short and straight lines, labels that touch nothing.
//!
//! ```text
//! columns (longest path) ─► bends in each column a line passes ─► crossings::reduce
//!                        ─► positions::settle ─► routes::draw (label lanes between columns)
//! ```
//!
//! Deterministic, and close to linear in boxes and lines.

mod crossings;
mod net;
mod positions;
mod routes;

use net::Net;

/// A box to place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A line to draw between two boxes, given by their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Room for its label; 0 without one.
    pub(super) label_width: f64,
}

/// A point; x grows to the right, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A level piece of a line; between two of them the line is a smooth curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) y: f64,
}

/// How a line goes, and where the middle of its label is.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    pub(super) runs: Vec<Run>,
    pub(super) label: Point,
}

/// A box's place: its left upper corner and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) corner: Point,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The result: all of it lies between (0, 0) and (width, height).
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) places: Vec<Place>,
    pub(super) routes: Vec<Route>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Lays out boxes, the root being the first, and lines. Lines to boxes that don't exist get an
/// empty route.
pub(super) fn lay_out(boxes: &[Size], lines: &[Line]) -> Layout {
    let mut net = Net::new(boxes, lines);
    crossings::reduce(&mut net);
    let middles = positions::settle(&net);
    routes::draw(&net, boxes, lines, &middles)
}

/// The value at a place; a place that does not exist has the default.
fn at<T: Copy + Default>(values: &[T], place: usize) -> T {
    values.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
#[path = "layout_test.rs"]
mod tests;
