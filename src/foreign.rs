//! Text that somebody else wrote, as it is shown: names, fields, tensors, paths, and whatever stands where something else should.
//!
//! A name can hold an escape code that hides the verdict behind it, a character that turns the line around, or the end of a line
//! and a verdict of its own. So whatever has no shape of its own is shown by its number. Documents for machines keep such text as it
//! is, escaped as their format does it.
//!
//! ```
//! use creditcheck::foreign::Foreign;
//! assert_eq!(Foreign("2-2-1 β, naïve, 四層").to_string(), "2-2-1 β, naïve, 四層");
//! assert_eq!(Foreign("a\nverified: agree\u{1b}[8m").to_string(), r"a\nverified: agree\u{1b}[8m");
//! assert_eq!(Foreign("user\u{202e}txt.exe").to_string(), r"user\u{202e}txt.exe");
//! ```

use std::fmt::{self, Write};

/// A text of somebody else's, which is shown with everything escaped that has no shape of its own.
///
/// Showing what was shown changes nothing. A backslash stays as it is, so that the folders of Windows stay readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign<'a>(pub &'a str);

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_shapeless) {
            f.write_str(&rest[..at])?;
            let mut after = rest[at..].chars();
            match after.next() {
                Some('\n') => f.write_str("\\n")?,
                Some('\r') => f.write_str("\\r")?,
                Some('\t') => f.write_str("\\t")?,
                Some(other) => write!(f, "\\u{{{:x}}}", u32::from(other))?,
                None => {}
            }
            rest = after.as_str();
        }
        f.write_str(rest)
    }
}

/// A whole page of ours: ends of lines stay, and so do the codes of `paint`, which are those of our own colours.
///
/// Foreign text on the page is escaped already where it was put there; this is for what somebody forgets.
#[must_use]
pub fn page(text: &str, paint: &[&str]) -> String {
    let mut page = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c| c != '\n' && is_shapeless(c)) {
        page.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = paint.iter().find(|code| rest.starts_with(**code));
        let length = match code {
            Some(code) => {
                page.push_str(code);
                code.len()
            }
            None => {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                // Writing to a string cannot fail.
                let _ = write!(page, "{}", Foreign(&rest[..first]));
                first
            }
        };
        rest = &rest[length..];
    }
    page.push_str(rest);
    page
}

/// Controls, what orders text by itself, what takes no room, ends of lines and paragraphs, and what is no character at all.
///
/// Source: the general categories Cc, Zl and Zp of Unicode, its properties `Bidi_Control` and `Default_Ignorable_Code_Point`, the
/// interlinear marks, and its noncharacters, which no XML holds.
#[must_use]
pub fn is_shapeless(c: char) -> bool {
    // Sorted: the first and the last of each run.
    const RUNS: [(u32, u32); 18] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfdd0, 0xfdef),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffb),
        (0x1_bca0, 0x1_bca3),
        (0x1_d173, 0x1_d17a),
        (0xe_0000, 0xe_0fff),
    ];
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let code = u32::from(c);
    let after = RUNS.partition_point(|(first, _)| *first <= code);
    let in_run = after.checked_sub(1).is_some_and(|run| code <= RUNS[run].1);
    // The last two of every plane are no characters.
    c.is_control() || in_run || code & 0xfffe == 0xfffe
}

/// How many characters of somebody's text stand in an error.
pub(crate) const SHOWN: usize = 40;

/// The text itself, or the beginning of one that is longer.
pub(crate) fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
