//! Text for people, in lines of 80 columns whatever the terminal: what is printed is the same in a pipe, a file and a window.

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
    text.chars().map(of_char).sum()
}

/// Source: the property `East_Asian_Width` of Unicode, its values W and F by block.
fn of_char(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
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
