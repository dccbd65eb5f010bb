//! The picture as bars of characters.

use deedbook_model::text::is_obeyed;

use super::{Fate, OwnerMap, Row};

/// Most characters of a bar.
const WIDEST: usize = 40;

const STAYS: char = '█';
const COMES: char = '▒';
const GOES: char = '·';

impl OwnerMap {
    /// A line for each node: its name, how many shards it has and had, and a bar of them. The bars
    /// have one scale. Ends with a line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rows: Vec<[String; 4]> = self.rows.iter().map(|row| self.cells_of(row)).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let (name, about, count) = (width(0), width(1), width(2));
        let mut text = format!("{}\n", clean(&self.headline()));
        for [node, tells, shards, bar] in &rows {
            let line = format!("{node:<name$}  {tells:<about$}  {shards:>count$}  {bar}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if self.compares {
            text.push_str(&format!("{STAYS} stays  {COMES} comes  {GOES} goes\n"));
        }
        text
    }

    fn cells_of(&self, row: &Row) -> [String; 4] {
        let shards = match self.compares {
            true => format!("{} → {}", row.before(), row.after()),
            false => row.after().to_string(),
        };
        [clean(&row.node), clean(&row.about()), shards, self.bar(row)]
    }

    fn bar(&self, row: &Row) -> String {
        let longest = self
            .rows
            .iter()
            .map(|row| row.cells.len())
            .max()
            .unwrap_or(0);
        let longest = longest.max(WIDEST);
        // What there is any of has a character.
        let scaled = |count: usize| (count * WIDEST).div_ceil(longest);
        let counts = [
            (STAYS, row.count(|fate| *fate == Fate::Stays)),
            (COMES, row.count(|fate| matches!(fate, Fate::Comes(_)))),
            (GOES, row.count(|fate| matches!(fate, Fate::Goes(_)))),
        ];
        let bars =
            counts.map(|(bar, count)| std::iter::repeat_n(bar, scaled(count)).collect::<String>());
        bars.concat()
    }
}

/// What a terminal would obey isn't shown to it.
fn clean(text: &str) -> String {
    let shown = text.chars();
    shown
        .map(|c| {
            if is_obeyed(c) || c == '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
