//! Tables that fit a line of [`WIDTH`] columns.

use comfy_table::{
    Cell, ColumnConstraint, ContentArrangement, LineStyle, Table as Grid, TableStyle, Width,
};

use crate::paragraph::{WIDTH, columns};

/// Blanks between two columns.
const GAP: usize = 2;
/// No column is made narrower than this, unless nothing in it is wider; longer numbers are broken.
const NARROWEST: usize = 24;
/// A word of more columns is a number that may be broken; shorter ones stay whole.
const LONG: usize = 40;

/// A table with one rule, between its head and its body.
pub(super) fn grid() -> Grid {
    const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
    let mut grid = Grid::new();
    grid.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    // Whether there are colours is said by whoever prints, not by what standard output happens to be.
    grid.force_no_tty();
    grid
}

/// Whether a table fits as it is.
pub(super) fn fits(grid: &Grid) -> bool {
    total(&natural(grid)) <= WIDTH
}

/// A table as lines without trailing blanks, its first column the names of its rows.
pub(super) fn drawn(grid: Grid) -> String {
    drawn_by(grid, 1)
}

/// The same, with the names of the rows in the first `keys` columns.
///
/// What does not fit as it is has its cells broken between words; where words do not fit, the table comes in parts, one below the
/// other, each with the names of the rows.
pub(super) fn drawn_by(grid: Grid, keys: usize) -> String {
    let widths = natural(&grid);
    if total(&widths) <= WIDTH {
        return lines(grid, None);
    }
    let least = narrowest(&grid, &widths, keys);
    if total(&least) <= WIDTH || widths.len() <= keys + 1 {
        let widths = shrunk(&widths, &least);
        return lines(grid, Some(widths));
    }
    let named = total(&widths[..keys]) + GAP;
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut used = WIDTH;
    for (column, width) in widths.iter().enumerate().skip(keys) {
        let width = (*width).min(WIDTH.saturating_sub(named)) + GAP;
        match parts.last_mut() {
            Some(part) if used + width <= WIDTH + GAP => part.push(column),
            _ => {
                parts.push(vec![column]);
                used = named;
            }
        }
        used += width;
    }
    let part = |rest: &Vec<usize>| {
        let chosen: Vec<usize> = (0..keys).chain(rest.iter().copied()).collect();
        let part = selected(&grid, &chosen);
        let widths = natural(&part);
        match total(&widths) <= WIDTH {
            true => lines(part, None),
            false => {
                let least = narrowest(&part, &widths, keys);
                lines(part, Some(shrunk(&widths, &least)))
            }
        }
    };
    parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

/// Some columns of a table.
fn selected(grid: &Grid, chosen: &[usize]) -> Grid {
    let mut part = self::grid();
    if grid.should_style() {
        part.enforce_styling();
    }
    let of = |cells: Vec<&Cell>| -> Vec<Cell> {
        let cell = |k: &usize| cells.get(*k).map_or_else(|| Cell::new(""), |&cell| cell.clone());
        chosen.iter().map(cell).collect()
    };
    if let Some(head) = grid.header() {
        part.set_header(of(head.cell_iter().collect()));
    }
    for row in grid.row_iter() {
        part.add_row(of(row.cell_iter().collect()));
    }
    part
}

/// What the columns take as they are.
fn natural(grid: &Grid) -> Vec<usize> {
    grid.column_max_content_widths().into_iter().map(usize::from).collect()
}

/// The columns, with what is between them.
fn total(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The longest word of each column, and of longer numbers [`NARROWEST`]; names of rows stay whole up to as much.
fn narrowest(grid: &Grid, widths: &[usize], keys: usize) -> Vec<usize> {
    let name = |(k, width): (usize, &usize)| if k < keys { NARROWEST.min(*width) } else { 1 };
    let mut least: Vec<usize> = widths.iter().enumerate().map(name).collect();
    let rows = grid.header().into_iter().chain(grid.row_iter());
    for row in rows {
        for (least, cell) in least.iter_mut().zip(row.cell_iter()) {
            for word in cell.content().split([' ', '\n']) {
                let width = columns(word);
                *least = (*least).max(if width > LONG { NARROWEST } else { width });
            }
        }
    }
    least
}

/// The widest columns made narrower until all fit, each as wide as its longest word at least.
fn shrunk(widths: &[usize], least: &[usize]) -> Vec<usize> {
    let capped = |cap: usize| {
        widths.iter().zip(least).map(|(w, l)| (*w).min(cap.max(*l))).collect::<Vec<_>>()
    };
    let cap = (1..=WIDTH).rev().find(|cap| total(&capped(*cap)) <= WIDTH);
    capped(cap.unwrap_or(1))
}

/// The lines of a table, its columns as wide as their content or as asked.
fn lines(mut grid: Grid, widths: Option<Vec<usize>>) -> String {
    for (k, column) in grid.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if let Some(width) = widths.as_ref().and_then(|widths| widths.get(k)) {
            let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    let lines = grid.to_string();
    // The padding of the last column is no part of the rule either.
    let lines = lines.lines().map(|line| match line.strip_suffix("──") {
        Some(rule) if rule.chars().all(|c| c == '─') => rule,
        _ => line.trim_end(),
    });
    format!("{}\n", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[usize], rows: usize) -> Grid {
        let mut grid = grid();
        grid.set_header((0..columns.len()).map(|k| format!("head{k}")).collect::<Vec<_>>());
        for row in 0..rows {
            let cell = |(k, width): (usize, &usize)| match k {
                0 => format!("row{row}"),
                _ => "9".repeat(*width),
            };
            grid.add_row(columns.iter().enumerate().map(cell).collect::<Vec<_>>());
        }
        grid
    }

    fn widest(text: &str) -> usize {
        text.lines().map(columns).max().unwrap()
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let text = drawn(table(&[5, 35, 36], 1));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert_eq!(widest(&text), WIDTH);
    }

    #[test]
    fn columns_that_do_not_fit_come_below_each_with_the_names_of_the_rows() {
        let text = drawn(table(&[4, 30, 30, 30, 10], 2));
        assert!(widest(&text) <= WIDTH, "{text}");
        assert_eq!(text.matches("row1").count(), 2, "{text}");
        assert_eq!(text.matches(&"9".repeat(30)).count(), 6, "no number is broken: {text}");
        let heads: Vec<_> = (0..5).filter(|k| text.contains(&format!("head{k}"))).collect();
        assert_eq!(heads, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_number_longer_than_a_line_is_broken_and_no_digit_is_lost() {
        let text = drawn_by(table(&[4, 3, 400], 1), 2);
        assert!(widest(&text) <= WIDTH, "{text}");
        assert_eq!(text.matches('9').count(), 403, "{text}");
        let text = drawn(table(&[4, 90, 200, 8], 3));
        assert!(widest(&text) <= WIDTH, "{text}");
        assert_eq!(text.matches('9').count(), 3 * 298, "{text}");
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let mut grid = grid();
        grid.set_header(vec!["block", "verdict"]);
        grid.add_row(vec!["weights of layer 1", &"indistinguishable ".repeat(7)]);
        let text = drawn(grid);
        assert!(widest(&text) <= WIDTH, "{text}");
        assert_eq!(text.matches("indistinguishable").count(), 7, "{text}");
        assert!(text.contains("weights of layer 1"), "{text}");
    }
}
