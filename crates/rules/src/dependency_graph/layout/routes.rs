//! Widths, and how each line goes: level through the columns, through the lane of its label, and
//! curved between.
//!
//! ```text
//!  column │ curves │ label lane │ arrows │ column
//! ```
//!
//! In the lane before a column every line that arrives has a height of its own, so no label lies
//! on a box, on another label, or on another line.

use super::net::Net;
use super::positions::{Wish, arrange};
use super::{Layout, Line, Place, Point, Route, Run, Size, at};

const CURVES: f64 = 46.0;
const CURVES_PER_LINE: f64 = 2.0;
const MAX_EXTRA_CURVES: f64 = 60.0;
const ARROWS: f64 = 24.0;
const LANE_OF_LABEL: f64 = 17.0;
const LANE_OF_LINE: f64 = 9.0;

/// Lines end at most this far from the middle of a box's side.
const MAX_PORT: f64 = 13.0;
const PORT_DISTANCE: f64 = 7.0;

/// The horizontal measures of a column and of the gap before it.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    lane: f64,
    lane_width: f64,
    x: f64,
    width: f64,
}

/// A line's last piece before a column.
struct Arrival {
    line: usize,
    /// Which piece of the line's chain it is.
    piece: usize,
    column: usize,
    start: f64,
    end: f64,
    is_last: bool,
}

pub(super) fn draw(net: &Net, boxes: &[Size], lines: &[Line], middles: &[f64]) -> Layout {
    let mut arrivals = arrivals(net, middles);
    let columns = measure(net, boxes, lines, &arrivals);
    let mut routes: Vec<Route> = lines.iter().map(|_| Route::default()).collect();
    begin(net, middles, &columns, &mut routes);
    for column in &mut arrivals {
        pass_lane(net, lines, &columns, column, &mut routes);
    }
    let places = places(net, boxes, middles, &columns);
    let width = columns.last().map_or(0.0, |column| column.x + column.width);
    shift_into_view(places, routes, width)
}

/// What arrives at each column, from top to bottom, the ends spread over the boxes' sides.
fn arrivals(net: &Net, middles: &[f64]) -> Vec<Vec<Arrival>> {
    let mut arrivals: Vec<Vec<Arrival>> = net.columns.iter().map(|_| Vec::new()).collect();
    for (line, chain) in net.chains.iter().enumerate() {
        for (piece, pair) in chain.windows(2).enumerate() {
            let [from, to] = *pair else { continue };
            let column = at(&net.items, to).column;
            if let Some(arrivals) = arrivals.get_mut(column) {
                arrivals.push(Arrival {
                    line,
                    piece,
                    column,
                    start: at(middles, from),
                    end: at(middles, to),
                    is_last: piece + 2 == chain.len(),
                });
            }
        }
    }
    for column in &mut arrivals {
        column.sort_by(|one, other| {
            let by_end = one.end.total_cmp(&other.end);
            let by_start = one.start.total_cmp(&other.start);
            by_end.then(by_start).then(one.line.cmp(&other.line))
        });
        for same_end in column.chunk_by_mut(|one, other| one.end == other.end) {
            spread_ports(same_end);
        }
    }
    arrivals
}

fn spread_ports(arrivals: &mut [Arrival]) {
    let last = arrivals.len().saturating_sub(1) as f64;
    let distance = PORT_DISTANCE.min(2.0 * MAX_PORT / last.max(1.0));
    for (rank, arrival) in arrivals.iter_mut().enumerate() {
        if arrival.is_last {
            arrival.end += (rank as f64 - last / 2.0) * distance;
        }
    }
}

fn measure(net: &Net, boxes: &[Size], lines: &[Line], arrivals: &[Vec<Arrival>]) -> Vec<Column> {
    let mut x = 0.0;
    let mut columns = Vec::with_capacity(net.columns.len());
    for (place, items) in net.columns.iter().enumerate() {
        let arriving = arrivals.get(place).map_or(&[][..], Vec::as_slice);
        let labels = arriving.iter().filter(|arrival| arrival.is_last);
        let widths = labels.filter_map(|arrival| lines.get(arrival.line));
        let lane_width = widths.map(|line| line.label_width).fold(0.0, f64::max);
        if place > 0 {
            let extra = arriving.len() as f64 * CURVES_PER_LINE;
            x += CURVES + extra.min(MAX_EXTRA_CURVES);
        }
        let lane = x;
        if place > 0 {
            x += lane_width + ARROWS;
        }
        let widths = items.iter().filter_map(|item| boxes.get(*item));
        let width = widths.map(|size| size.width).fold(0.0, f64::max);
        columns.push(Column {
            lane,
            lane_width,
            x,
            width,
        });
        x += width;
    }
    columns
}

/// Every line begins at the right side of its box.
fn begin(net: &Net, middles: &[f64], columns: &[Column], routes: &mut [Route]) {
    for (route, chain) in routes.iter_mut().zip(&net.chains) {
        if let Some(first) = chain.first() {
            let column = at(columns, at(&net.items, *first).column);
            let x = column.x + column.width;
            route.runs.push(Run {
                from: x,
                to: x,
                y: at(middles, *first),
            });
        }
    }
}

/// Leads the lines through the lane before a column and, at a bend, through the column.
///
/// A route's runs must be pushed from left to right: columns are passed in that order.
fn pass_lane(
    net: &Net,
    lines: &[Line],
    columns: &[Column],
    arrivals: &mut [Arrival],
    routes: &mut [Route],
) {
    let label_of = |arrival: &Arrival| {
        let line = lines.get(arrival.line).filter(|_| arrival.is_last);
        line.map_or(0.0, |line| line.label_width)
    };
    let rooms: Vec<f64> = arrivals
        .iter()
        .map(|arrival| {
            if label_of(arrival) > 0.0 {
                LANE_OF_LABEL
            } else {
                LANE_OF_LINE
            }
        })
        .collect();
    let mut above: Option<f64> = None;
    let distances: Vec<f64> = rooms
        .iter()
        .map(|room| {
            let distance = above.map_or(0.0, |above| f64::midpoint(above, *room));
            above = Some(*room);
            distance
        })
        .collect();
    let wishes: Vec<Wish> = arrivals
        .iter()
        .map(|arrival| Wish {
            height: arrival.end,
            pull: if arrival.is_last { 1.0 } else { 4.0 },
        })
        .collect();
    let heights = arrange(&wishes, &distances);
    for (arrival, y) in arrivals.iter().zip(heights) {
        let column = at(columns, arrival.column);
        let Some(route) = routes.get_mut(arrival.line) else {
            continue;
        };
        if column.lane_width > 0.0 {
            route.runs.push(Run {
                from: column.lane,
                to: column.lane + column.lane_width,
                y,
            });
        }
        // Labels of one lane end at one line, beside their arrows.
        let x = column.lane + column.lane_width - label_of(arrival) / 2.0;
        route.label = Point { x, y };
        let chain = net.chains.get(arrival.line);
        let end = chain.and_then(|chain| chain.get(arrival.piece + 1));
        let is_bend = end.is_some_and(|item| at(&net.items, *item).is_bend);
        let width = if is_bend { column.width } else { 0.0 };
        route.runs.push(Run {
            from: column.x,
            to: column.x + width,
            y: arrival.end,
        });
    }
}

/// Boxes of one column are equally wide: their sides line up, and no curve clips a corner.
fn places(net: &Net, boxes: &[Size], middles: &[f64], columns: &[Column]) -> Vec<Place> {
    boxes
        .iter()
        .zip(net.items.iter().zip(middles))
        .map(|(size, (item, middle))| {
            let column = at(columns, item.column);
            Place {
                corner: Point {
                    x: column.x,
                    y: middle - size.height / 2.0,
                },
                width: column.width,
                height: size.height,
            }
        })
        .collect()
}

fn shift_into_view(mut places: Vec<Place>, mut routes: Vec<Route>, width: f64) -> Layout {
    let half = LANE_OF_LABEL / 2.0;
    let tops = places.iter().map(|place| place.corner.y);
    let bottoms = places.iter().map(|place| place.corner.y + place.height);
    let runs = routes.iter().flat_map(|route| &route.runs);
    let top = tops.chain(runs.clone().map(|run| run.y - half));
    let bottom = bottoms.chain(runs.map(|run| run.y + half));
    let (top, bottom) = (
        top.fold(f64::INFINITY, f64::min),
        bottom.fold(f64::NEG_INFINITY, f64::max),
    );
    if top > bottom {
        return Layout::default();
    }
    for place in &mut places {
        place.corner.y -= top;
    }
    for route in &mut routes {
        route.label.y -= top;
        for run in &mut route.runs {
            run.y -= top;
        }
    }
    Layout {
        places,
        routes,
        width,
        height: bottom - top,
    }
}
