//! Plain tables for terminals: a title, aligned columns, no frames.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table that prints itself.
pub(crate) struct Table {
    title: String,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

/// Spaces between two columns.
const GAP: &str = "   ";

impl Table {
    /// A table without rows. Columns with an empty name show no heading.
    pub(crate) fn new(title: &str, columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new() }
    }

    /// Adds a row of as many cells as there are columns.
    pub(crate) fn row<Cell: fmt::Display>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.columns.iter().map(|(name, _)| name.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn line<'a>(
        &self,
        formatter: &mut fmt::Formatter<'_>,
        cells: impl Iterator<Item = &'a str>,
    ) -> fmt::Result {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.zip(self.widths()).zip(&self.columns) {
            line.push_str(if line.is_empty() { "  " } else { GAP });
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        writeln!(formatter, "{}", line.trim_end())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.title.is_empty() {
            writeln!(formatter, "{}", self.title)?;
        }
        if self.columns.iter().any(|(name, _)| !name.is_empty()) {
            self.line(formatter, self.columns.iter().map(|(name, _)| name.as_str()))?;
        }
        for row in &self.rows {
            self.line(formatter, row.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

/// A whole number with thousands apart: `12 345`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new("Latency", &[("step", Align::Left), ("p99 ms", Align::Right)]);
        table.row(["reserve", "12.3"]);
        table.row(["join", "104.0"]);
        let expected = "Latency\n  step      p99 ms\n  reserve     12.3\n  join       104.0\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn thousands_stand_apart() {
        let texts: Vec<_> = [0, 999, 1_000, -1_234_567].map(grouped).to_vec();
        assert_eq!(texts, ["0", "999", "1 000", "-1 234 567"]);
    }
}
