//! What the picture's signs mean, and its figures. Only signs that occur are explained.

use std::collections::BTreeSet;

use deedbook_model::component::Lifecycle;

use super::style::hue;
use super::text::{escape, shorten, width};
use crate::dependency_graph::DependencyGraph;
use crate::dependency_graph::ghosts::tally;

const SIZE: f64 = 11.0;
const ROW: f64 = 22.0;
const SIGN: f64 = 22.0;
const AFTER_SIGN: f64 = 7.0;
const BETWEEN: f64 = 20.0;
const PADDING: f64 = 14.0;
const MAX_WIDTH: f64 = 620.0;
/// One figure is cut here, and so many lines of them are shown; the picture's description has all.
const FIGURE_LETTERS: usize = 90;
const FIGURES_ROWS: usize = 6;
/// What stands between two figures.
const DOT: &str = " · ";

/// One sign and its words.
struct Entry {
    words: String,
    sign: Sign,
}

enum Sign {
    Type(&'static str),
    Lifecycle(Lifecycle),
    Optional,
    Ghost,
}

pub(super) struct Legend {
    figures: Vec<String>,
    rows: Vec<Vec<Entry>>,
}

/// How much there is, in words.
pub(super) fn figures(graph: &DependencyGraph) -> String {
    list_figures(graph).join(DOT)
}

fn list_figures(graph: &DependencyGraph) -> Vec<String> {
    let count = |number: usize, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    let mut figures = vec![
        count(graph.nodes.len(), "component", "components"),
        count(graph.edges.len(), "dependency", "dependencies"),
    ];
    let (missing, outside) = tally(graph);
    for (number, words) in [(missing, "missing"), (outside, "outside the book")] {
        if number > 0 {
            figures.push(format!("{number} {words}"));
        }
    }
    for conflict in &graph.conflicts {
        let versions = conflict.versions.join(" and ");
        figures.push(format!("{} in versions {versions}", conflict.name));
    }
    if !graph.cycles.is_empty() {
        figures.push(format!(
            "{} cut",
            count(graph.cycles.len(), "cycle", "cycles")
        ));
    }
    if graph.truncated {
        figures.push("truncated: not everything was followed".to_owned());
    }
    figures
}

impl Legend {
    pub(super) fn of(graph: &DependencyGraph, has_ghosts: bool, has_optional: bool) -> Legend {
        let types: BTreeSet<&str> = graph.nodes.iter().map(|node| &*node.meta_type).collect();
        let types = types.into_iter().map(|meta_type| Entry {
            words: shorten(meta_type, 20),
            sign: Sign::Type(hue(meta_type)),
        });
        let unusual = [Lifecycle::Draft, Lifecycle::Deprecated, Lifecycle::Archived];
        let occurs = |lifecycle: &Lifecycle| {
            let mut nodes = graph.nodes.iter();
            nodes.any(|node| node.lifecycle == *lifecycle)
        };
        let lifecycles = unusual.into_iter().filter(occurs).map(|lifecycle| Entry {
            words: lifecycle.as_str().to_owned(),
            sign: Sign::Lifecycle(lifecycle),
        });
        let optional = has_optional.then(|| Entry {
            words: "optional".to_owned(),
            sign: Sign::Optional,
        });
        let ghosts = has_ghosts.then(|| Entry {
            words: "missing or outside the book".to_owned(),
            sign: Sign::Ghost,
        });
        Legend {
            figures: fold_figures(&list_figures(graph)),
            rows: fold(types.chain(lifecycles).chain(optional).chain(ghosts)),
        }
    }

    pub(super) fn width(&self) -> f64 {
        let rows = self.rows.iter().map(|row| row_width(row));
        let figures = self.figures.iter().map(|line| width(line, SIZE, false));
        rows.chain(figures).fold(0.0, f64::max) + 2.0 * PADDING
    }

    pub(super) fn height(&self) -> f64 {
        ROW * (self.rows.len() + self.figures.len()) as f64 + PADDING
    }

    pub(super) fn draw(&self, top: f64, svg: &mut String) {
        *svg += &format!(
            "<g class=\"legend\"><rect class=\"card\" x=\"0\" y=\"{top:.1}\" width=\"{:.1}\" \
             height=\"{:.1}\" rx=\"8\" fill-opacity=\".75\"/>",
            self.width(),
            self.height(),
        );
        let mut middle = top + PADDING / 2.0 + ROW / 2.0;
        for row in &self.rows {
            let mut x = PADDING;
            for entry in row {
                draw_sign(&entry.sign, x, middle, svg);
                *svg += &line(&entry.words, x + SIGN + AFTER_SIGN, middle);
                x += entry_width(entry) + BETWEEN;
            }
            middle += ROW;
        }
        for figures in &self.figures {
            *svg += &line(figures, PADDING, middle);
            middle += ROW;
        }
        *svg += "</g>\n";
    }
}

/// As many entries in a row as fit.
fn fold(entries: impl Iterator<Item = Entry>) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    for entry in entries {
        match rows.last_mut() {
            Some(row) if row_width(row) + BETWEEN + entry_width(&entry) <= MAX_WIDTH => {
                row.push(entry);
            }
            _ => rows.push(vec![entry]),
        }
    }
    rows
}

/// As many figures in a line as fit.
fn fold_figures(figures: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (place, figure) in figures.iter().enumerate() {
        let figure = shorten(figure, FIGURE_LETTERS);
        if let Some(last) = lines.last_mut() {
            let longer = format!("{last}{DOT}{figure}");
            if width(&longer, SIZE, false) <= MAX_WIDTH {
                *last = longer;
                continue;
            }
        }
        if lines.len() + 1 == FIGURES_ROWS && place + 1 < figures.len() {
            lines.push(format!("and {} more", figures.len() - place));
            break;
        }
        lines.push(figure);
    }
    lines
}

fn entry_width(entry: &Entry) -> f64 {
    SIGN + AFTER_SIGN + width(&entry.words, SIZE, false)
}

fn row_width(row: &[Entry]) -> f64 {
    let entries: f64 = row.iter().map(|entry| entry_width(entry) + BETWEEN).sum();
    entries - BETWEEN
}

fn line(words: &str, x: f64, middle: f64) -> String {
    let y = middle + 3.8;
    format!(
        "<text class=\"about\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escape(words)
    )
}

fn draw_sign(sign: &Sign, x: f64, middle: f64, svg: &mut String) {
    let y = middle - 6.5;
    let frame = |group: &str, hue: &str| {
        format!(
            "<g class=\"{group}\"><rect class=\"tint {hue}\" x=\"{x:.1}\" y=\"{y:.1}\" \
             width=\"{SIGN}\" height=\"13\" rx=\"4\"/></g>"
        )
    };
    *svg += &match sign {
        Sign::Type(hue) => format!(
            "{}<rect class=\"bar {hue}\" x=\"{:.1}\" y=\"{:.1}\" width=\"3\" height=\"7\" rx=\"1.5\"/>",
            frame("active", hue),
            x + 4.0,
            middle - 3.5,
        ),
        Sign::Lifecycle(lifecycle) => frame(lifecycle.as_str(), "slate"),
        Sign::Optional => {
            let end = x + SIGN;
            format!("<g class=\"line optional\"><path d=\"M{x:.1} {middle:.1}H{end:.1}\"/></g>")
        }
        Sign::Ghost => frame("ghost", "slate"),
    };
}
