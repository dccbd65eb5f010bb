//! Columns for people.

use anstyle::Style;

use super::human;

/// Rows below a header, each column as wide as its widest cell.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with those columns.
    pub(crate) fn new(header: &[&'static str]) -> Table {
        Table {
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl AsRef<[String]>) {
        let cells = cells.as_ref();
        let cells = cells.iter().map(|cell| human::one_line(cell));
        self.rows.push(cells.collect());
    }

    /// The lines of the table; none without rows.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        if self.rows.is_empty() {
            return text;
        }
        let widths = self.widths();
        let bold = Style::new().bold();
        let header: Vec<String> = self.header.iter().map(|cell| (*cell).to_owned()).collect();
        text.push_str(&format!("{bold}{}{bold:#}\n", aligned(&header, &widths)));
        for row in &self.rows {
            text.push_str(&aligned(row, &widths));
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|cell| cell.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&format!("{cell:<width$}"));
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let mut table = Table::new(&["NAME", "TAGS"]);
        assert_eq!(table.render(), "");
        table.row(["ö".to_owned(), "a,b".to_owned()]);
        table.row(["longer".to_owned(), String::new()]);
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "NAME    TAGS\nö       a,b\nlonger\n");
    }
}
