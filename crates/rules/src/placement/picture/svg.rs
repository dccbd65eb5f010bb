//! The picture as SVG that stands alone: no script, no font, nothing loaded from elsewhere.

use std::fmt::Write;

use super::{Cell, Fate, OwnerMap, Row};
use crate::dependency_graph::svg::text::{escape, shorten, width};

const MARGIN: f64 = 20.0;
const NAME_LETTERS: usize = 28;
const NAME_SIZE: f64 = 13.0;
const ABOUT_SIZE: f64 = 11.0;
/// A cell and the gap after it.
const STEP: f64 = 13.0;
const CELL: f64 = 11.0;
/// Cells beside each other before the row goes on below.
const ACROSS: usize = 50;
const ROW_GAP: f64 = 14.0;
const ROW_LEAST: f64 = 34.0;
const HEAD: f64 = 34.0;
const LEGEND: f64 = 26.0;

/// Above so many shards cells have no title: a picture of megabytes helps nobody.
const MOST_TITLES: usize = 5000;

/// The page behind may be light or dark: text stands on a card of its own, and each variable comes
/// after a plain value, for programs that don't know variables.
const STYLE: &str = "\
.deedbook-map{--card:#fff;--ink:#1d2430;--soft:#5d6878;--line:#d5dae1;\
font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',Arial,sans-serif}
@media (prefers-color-scheme:dark){.deedbook-map{--card:#191f29;--ink:#e9edf3;--soft:#9ba7b8;--line:#333c4a}}
.deedbook-map .card{fill:#fff;fill:var(--card)}
.deedbook-map text{fill:#1d2430;fill:var(--ink);font-size:13px}
.deedbook-map .head{font-size:15px;font-weight:650}
.deedbook-map .about{font-size:11px;fill:#5d6878;fill:var(--soft)}
.deedbook-map .rule{stroke:#d5dae1;stroke:var(--line)}
.deedbook-map .stays{fill:#4a8fe0}
.deedbook-map .comes{fill:#26a097;stroke:#26a097;stroke-width:1.4}
.deedbook-map .plus{stroke:#fff;stroke-width:1.6}
.deedbook-map .goes{fill:none;stroke:#d56a97;stroke-width:1.4;stroke-dasharray:2.4 1.8}
";

impl OwnerMap {
    /// The picture as SVG: a cell for each shard; those that come have a cross, those that go are
    /// hollow. The same map always gives the same bytes.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let names = self.rows.iter().map(name_width).fold(60.0, f64::max);
        let left = MARGIN + names + 16.0;
        let longest = self
            .rows
            .iter()
            .map(|row| row.cells.len().min(ACROSS))
            .max();
        #[expect(clippy::cast_precision_loss, reason = "at most ACROSS")]
        let cells = longest.unwrap_or(0) as f64 * STEP;
        let counts = 74.0;
        let head = escape(&self.headline());
        let least = width(&self.headline(), 15.0, true) + 2.0 * MARGIN;
        let wide = (left + counts + cells + MARGIN).max(least);
        let mut body = String::new();
        let mut top = MARGIN + HEAD;
        let has_titles = self.shards() <= MOST_TITLES;
        for row in &self.rows {
            self.put_row(row, (left, top), wide, has_titles, &mut body);
            top += height(row) + ROW_GAP;
        }
        if self.compares {
            put_legend(top + 4.0, &mut body);
            top += LEGEND;
        }
        let high = top + MARGIN - ROW_GAP;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"deedbook-map\" role=\"img\" \
             viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\" height=\"{high:.0}\">\
             <title>{head}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"card\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n\
             <text class=\"head\" x=\"{MARGIN}\" y=\"{:.0}\">{head}</text>\n{body}</svg>\n",
            MARGIN + 14.0
        )
    }

    fn put_row(
        &self,
        row: &Row,
        (left, top): (f64, f64),
        wide: f64,
        has_titles: bool,
        svg: &mut String,
    ) {
        let (name, about) = (shorten(&row.node, NAME_LETTERS), row.about());
        let (name, about) = (escape(&name), escape(&shorten(&about, NAME_LETTERS)));
        let count = match self.compares {
            true => format!("{} → {}", row.before(), row.after()),
            false => row.after().to_string(),
        };
        let rule = top - ROW_GAP / 2.0;
        let right = wide - MARGIN;
        let (first, second) = (top + 12.0, top + 27.0);
        // Writing to a text can't fail.
        let _ = write!(
            svg,
            "<g><line class=\"rule\" x1=\"{MARGIN}\" x2=\"{right:.0}\" y1=\"{rule:.0}\" \
             y2=\"{rule:.0}\"/><text x=\"{MARGIN}\" y=\"{first:.0}\">{name}</text>\
             <text class=\"about\" x=\"{MARGIN}\" y=\"{second:.0}\">{about}</text>\
             <text x=\"{left:.0}\" y=\"{first:.0}\">{count}</text>"
        );
        for (place, cell) in row.cells.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a picture isn't that large")]
            let (x, y) = ((place % ACROSS) as f64, (place / ACROSS) as f64);
            put_cell(
                cell,
                (left + 74.0 + x * STEP, top + 2.0 + y * STEP),
                has_titles,
                svg,
            );
        }
        svg.push_str("</g>\n");
    }
}

fn name_width(row: &Row) -> f64 {
    let name = width(&shorten(&row.node, NAME_LETTERS), NAME_SIZE, false);
    let about = width(&shorten(&row.about(), NAME_LETTERS), ABOUT_SIZE, false);
    name.max(about)
}

fn height(row: &Row) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a picture isn't that large")]
    let lines = row.cells.len().div_ceil(ACROSS) as f64;
    (lines * STEP + 4.0).max(ROW_LEAST)
}

fn put_cell(cell: &Cell, (x, y): (f64, f64), has_title: bool, svg: &mut String) {
    let (class, tells) = match &cell.fate {
        Fate::Stays => ("stays", String::new()),
        Fate::Comes(Some(from)) => ("comes", format!(", from {from}")),
        Fate::Comes(None) => ("comes", ", new".to_owned()),
        Fate::Goes(Some(to)) => ("goes", format!(", to {to}")),
        Fate::Goes(None) => ("goes", ", gone".to_owned()),
    };
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{CELL}\" height=\"{CELL}\" rx=\"2\">"
    );
    if has_title {
        let _ = write!(
            svg,
            "<title>{}</title>",
            escape(&format!("{}{tells}", cell.shard))
        );
    }
    svg.push_str("</rect>");
    if class == "comes" {
        let (middle_x, middle_y) = (x + CELL / 2.0, y + CELL / 2.0);
        let _ = write!(
            svg,
            "<path class=\"plus\" d=\"M{:.1} {middle_y:.1}h6M{middle_x:.1} {:.1}v6\"/>",
            middle_x - 3.0,
            middle_y - 3.0
        );
    }
}

fn put_legend(top: f64, svg: &mut String) {
    let fates = [
        (Fate::Stays, "stays"),
        (Fate::Comes(None), "comes"),
        (Fate::Goes(None), "goes"),
    ];
    let mut x = MARGIN;
    for (fate, word) in fates {
        let cell = Cell {
            shard: String::new(),
            fate,
        };
        put_cell(&cell, (x, top), false, svg);
        let (at, base) = (x + CELL + 6.0, top + 9.5);
        let _ = writeln!(
            svg,
            "<text class=\"about\" x=\"{at:.1}\" y=\"{base:.1}\">{word}</text>"
        );
        x += 70.0;
    }
}
