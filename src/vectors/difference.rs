//! Files on disk beside those that this program makes.

use std::collections::BTreeMap;
use std::fmt;

/// How a file on disk differs from the one that this program makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing(String),
    /// It is there, and its bytes are others, first in this line.
    Changed(String, usize),
    /// It is there, and this program makes no such file.
    Unknown(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name}: missing"),
            Self::Changed(name, line) => write!(f, "{name}: differs from line {line} on"),
            Self::Unknown(name) => write!(f, "{name}: this program makes no such file"),
        }
    }
}

/// Compares files on disk, name → bytes, with `made`, name → text, byte for byte.
#[must_use]
pub fn compare(
    on_disk: &BTreeMap<String, Vec<u8>>,
    made: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, text) in made {
        match on_disk.get(name) {
            None => differences.push(Difference::Missing(name.clone())),
            Some(bytes) if bytes != text.as_bytes() => {
                let same = bytes.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
                let line = 1 + text.as_bytes()[..same].iter().filter(|b| **b == b'\n').count();
                differences.push(Difference::Changed(name.clone(), line));
            }
            Some(_) => {}
        }
    }
    let unknown = on_disk.keys().filter(|name| !made.contains_key(*name));
    differences.extend(unknown.cloned().map(Difference::Unknown));
    differences
}
