//! Text for people, in lines of 80 columns whatever the terminal: what is printed is the same in a pipe, a file and a window.

use unicode_width::UnicodeWidthStr;

use crate::foreign::Foreign;

/// The columns of a line.
pub const WIDTH: usize = 80;

/// How many columns a text takes: a mark above a letter takes none, an ideograph two.
///
/// ```
/// use creditcheck::paragraph::columns;
/// assert_eq!([columns("x̄ = 1"), columns("四層"), columns("")], [5, 4, 0]);
/// ```
#[must_use]
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `text`, one paragraph, from column `indent` on, broken between words before [`WIDTH`].
///
/// A word that no line holds is broken if it is a number; a path is left whole, so that it can be copied.
///
/// ```
/// use creditcheck::paragraph::wrapped;
/// assert_eq!(wrapped(2, "two words"), "  two words\n");
/// assert_eq!(wrapped(78, "1/23 x"), format!("{0}1/\n{0}23\n{0}x\n", " ".repeat(78)));
/// ```
#[must_use]
pub fn wrapped(indent: usize, text: &str) -> String {
    hanging(indent, indent, text)
}

/// The same, with the first line from column `first` on.
#[must_use]
pub fn hanging(first: usize, indent: usize, text: &str) -> String {
    let text = Foreign(text).to_string();
    let room = WIDTH.saturating_sub(indent.max(first)).max(1);
    let mut lines = " ".repeat(first);
    let mut column = first;
    let mut is_new = true;
    for word in text.split(' ').flat_map(|word| pieces(word, room)) {
        let length = columns(&word);
        if !is_new && column + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            column = indent;
        } else if !is_new {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(&word);
        column += length;
        is_new = false;
    }
    lines.push('\n');
    lines
}

/// A word as it is; a number that is too long for `room` in parts of it.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let is_number = word.chars().all(|c| c.is_ascii_digit() || "-/.,;:()".contains(c));
    if word.len() <= room || !is_number {
        return vec![word.to_owned()];
    }
    let digits: Vec<char> = word.chars().collect();
    digits.chunks(room).map(|part| part.iter().collect()).collect()
}
