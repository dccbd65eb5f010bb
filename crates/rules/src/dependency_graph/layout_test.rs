use super::positions::{Wish, arrange};
use super::*;

/// A graph from a simple sequence of numbers, lines always leading onwards.
fn sample(boxes: usize, lines: usize, seed: u64) -> (Vec<Size>, Vec<Line>) {
    let mut number = seed;
    let mut next = move |limit: usize| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        usize::try_from(number % limit as u64).unwrap()
    };
    let sizes = (0..boxes).map(|_| Size {
        width: 90.0 + next(120) as f64,
        height: 46.0,
    });
    let sizes = sizes.collect();
    let lines = (0..lines).map(|_| {
        let from = next(boxes - 1);
        Line {
            from,
            to: from + 1 + next((boxes - from - 1).min(12)),
            label_width: if next(4) == 0 {
                0.0
            } else {
                20.0 + next(60) as f64
            },
        }
    });
    (sizes, lines.collect())
}

fn overlap(one: Place, other: Place) -> bool {
    let apart = |one: f64, length: f64, other: f64| one + length <= other + 0.01;
    !(apart(one.corner.x, one.width, other.corner.x)
        || apart(other.corner.x, other.width, one.corner.x)
        || apart(one.corner.y, one.height, other.corner.y)
        || apart(other.corner.y, other.height, one.corner.y))
}

fn labels(layout: &Layout, lines: &[Line]) -> Vec<Place> {
    let labelled = lines.iter().zip(&layout.routes);
    labelled
        .filter(|(line, _)| line.label_width > 0.0)
        .map(|(line, route)| Place {
            corner: Point {
                x: route.label.x - line.label_width / 2.0,
                y: route.label.y - 7.5,
            },
            width: line.label_width,
            height: 15.0,
        })
        .collect()
}

#[test]
fn no_box_and_no_label_lies_on_another() {
    for seed in 1..40 {
        let (boxes, lines) = sample(30, 50, seed);
        let layout = lay_out(&boxes, &lines);
        let mut all = layout.places.clone();
        all.extend(labels(&layout, &lines));
        for (place, one) in all.iter().enumerate() {
            for other in &all[place + 1..] {
                assert!(!overlap(*one, *other), "seed {seed}: {one:?} {other:?}");
            }
        }
    }
}

#[test]
fn lines_pass_no_box_and_no_foreign_label() {
    for seed in 1..40 {
        let (boxes, lines) = sample(30, 50, seed);
        let layout = lay_out(&boxes, &lines);
        let labels = labels(&layout, &lines);
        for route in &layout.routes {
            for run in route.runs.iter().filter(|run| run.to > run.from) {
                let level = Place {
                    corner: Point {
                        x: run.from,
                        y: run.y,
                    },
                    width: run.to - run.from,
                    height: 0.02,
                };
                let own = |label: &&Place| (label.corner.y + 7.5 - run.y).abs() < 0.01;
                let mut foreign = labels.iter().filter(|label| !own(label));
                assert!(!layout.places.iter().any(|place| overlap(level, *place)));
                assert!(!foreign.any(|label| overlap(level, *label)), "seed {seed}");
            }
        }
    }
}

#[test]
fn lines_lead_from_left_to_right_within_the_picture() {
    for seed in 1..40 {
        let (boxes, lines) = sample(40, 80, seed);
        let layout = lay_out(&boxes, &lines);
        for (line, route) in lines.iter().zip(&layout.routes) {
            let (from, to) = (layout.places[line.from], layout.places[line.to]);
            assert_eq!(route.runs[0].from, from.corner.x + from.width);
            assert_eq!(route.runs.last().unwrap().to, to.corner.x);
            assert!(route.runs.is_sorted_by(|one, other| one.to <= other.from));
            let inside = |run: &Run| run.y > -0.01 && run.y < layout.height + 0.01;
            assert!(route.runs.iter().all(inside));
        }
        for place in &layout.places {
            assert!(place.corner.x >= 0.0 && place.corner.x + place.width <= layout.width);
            // Heights are sums of many shifts.
            assert!(place.corner.y > -0.01);
            assert!(place.corner.y + place.height < layout.height + 0.01);
        }
    }
}

#[test]
fn what_could_be_drawn_without_crossings_is() {
    let size = Size {
        width: 100.0,
        height: 46.0,
    };
    let line = |from, to| Line {
        from,
        to,
        label_width: 0.0,
    };
    // Two trees below the root whose leaves come in a tangled order.
    let lines = [(0, 1), (0, 2), (1, 6), (2, 3), (1, 4), (2, 5)].map(|(from, to)| line(from, to));
    let layout = lay_out(&[size; 7], &lines);
    let y = |place: usize| layout.places[place].corner.y;
    for (upper, lower) in [(6, 3), (6, 5), (4, 3), (4, 5)] {
        assert_eq!(y(upper) < y(lower), y(1) < y(2));
    }
}

#[test]
fn a_graph_of_ten_thousand_is_laid_out() {
    let (boxes, lines) = sample(10_000, 30_000, 7);
    let layout = lay_out(&boxes, &lines);
    assert_eq!(layout.places.len(), boxes.len());
    assert!(layout.routes.iter().all(|route| route.runs.len() >= 2));
}

#[test]
fn nothing_and_nonsense_are_laid_out_too() {
    assert!(lay_out(&[], &[]).places.is_empty());
    let size = Size {
        width: 100.0,
        height: 46.0,
    };
    let line = |from, to| Line {
        from,
        to,
        label_width: 30.0,
    };
    let lines = [line(0, 9), line(9, 0), line(0, 0), line(0, 1), line(1, 0)];
    let layout = lay_out(&[size, size], &lines);
    assert_eq!(layout.places.len(), 2);
    assert!(!overlap(layout.places[0], layout.places[1]));
}

#[test]
fn arranging_keeps_distances_and_serves_the_stronger_wish() {
    let wish = |height, pull| Wish { height, pull };
    let free = arrange(&[wish(0.0, 1.0), wish(50.0, 1.0)], &[0.0, 10.0]);
    assert_eq!(free, [0.0, 50.0]);
    let even = arrange(&[wish(5.0, 1.0), wish(5.0, 1.0)], &[0.0, 10.0]);
    assert_eq!(even, [0.0, 10.0]);
    let strong = arrange(&[wish(5.0, 9.0), wish(5.0, 1.0)], &[0.0, 10.0]);
    assert_eq!(strong, [4.0, 14.0]);
}
