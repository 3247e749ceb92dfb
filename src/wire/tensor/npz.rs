//! An npz file: a zip archive of npy files that are stored as they are, as `numpy.savez` writes it.
//!
//! Nothing is unpacked: what is compressed is refused by name, so that no archive is larger than its file. Every length that the archive
//! states is held against that of the file before it is used.

use std::collections::HashMap;
use std::io::SeekFrom;

use super::natural::in_natural_order;
use super::{Bytes, Layout, cannot_read, listed, npy, place};
use crate::error::Error;
use crate::foreign::shortened;
use crate::wire::kind::UNPICKLED;

pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

/// Bytes of the end of the archive, of an entry in its directory and of the header before an entry, names and comments left out.
const END: usize = 22;
const ENTRY: usize = 46;
const LOCAL: u64 = 30;
/// The longest comment at the end.
const MOST_COMMENT: u64 = 0xffff;
/// Bytes of the directory.
const MOST_DIRECTORY: u64 = 1 << 26;

/// The arrays of an archive by name.
pub(super) struct Archive {
    arrays: HashMap<String, Layout>,
}

impl Archive {
    pub(super) fn read(bytes: &mut dyn Bytes, length: u64) -> Result<Self, Error> {
        let [count, size, start] = end(bytes, length)?;
        if size > MOST_DIRECTORY {
            let what = "bytes in the directory of the archive".to_owned();
            return Err(Error::Limit { what, given: size, limit: MOST_DIRECTORY });
        }
        let directory = part(bytes, start, size)?;
        let (mut arrays, mut rest) = (HashMap::new(), directory.as_slice());
        for _ in 0..count {
            let (entry, after) = Entry::read(rest)?;
            rest = after;
            let (name, layout) = entry.array(bytes, length)?;
            if arrays.insert(name.clone(), layout).is_some() {
                return Err(not_one(format!("two arrays of the name \"{}\"", shortened(&name))));
            }
        }
        Ok(Self { arrays })
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.arrays.keys().cloned().collect();
        // The order of a hash map is nobody's.
        names.sort();
        in_natural_order(&mut names);
        names
    }

    pub(super) fn layout(&self, tensor: &str) -> Result<Layout, Error> {
        self.arrays.get(tensor).cloned().ok_or_else(|| {
            let expected = format!("one of {}", listed(&self.names()));
            Error::input(place(Some(tensor)), "no array of this name", expected)
        })
    }
}

fn not_one(found: String) -> Error {
    Error::input("the archive", found, "an npz file, as numpy.savez writes it")
}

fn part(bytes: &mut dyn Bytes, start: u64, size: u64) -> Result<Vec<u8>, Error> {
    let mut part = vec![0; usize::try_from(size).unwrap_or(0)];
    bytes.seek(SeekFrom::Start(start)).map_err(|error| cannot_read(&error))?;
    bytes.read_exact(&mut part).map_err(|error| cannot_read(&error))?;
    Ok(part)
}

/// A number of two or four bytes, the lowest first; 0 where there are none.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = bytes.get(at..at + width).unwrap_or_default();
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// How many entries there are, and the bytes of the directory: how many, and from where on.
fn end(bytes: &mut dyn Bytes, length: u64) -> Result<[u64; 3], Error> {
    let size = length.min(END as u64 + MOST_COMMENT);
    let tail = part(bytes, length - size, size)?;
    // The last one whose comment fills the rest of the file.
    let is_end = |at: &usize| {
        tail[*at..].starts_with(b"PK\x05\x06")
            && number(&tail, at + 20, 2) == (tail.len() - at - END) as u64
    };
    let last = (tail.len() + 1).checked_sub(END).and_then(|starts| (0..starts).rev().find(is_end));
    let Some(at) = last else { return Err(not_one("a zip archive without its end".into())) };
    let [count, size, start] =
        [number(&tail, at + 10, 2), number(&tail, at + 12, 4), number(&tail, at + 16, 4)];
    if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff {
        return Err(not_one("an archive of the large form (zip64)".into()));
    }
    match start + size <= length {
        true => Ok([count, size, start]),
        false => Err(not_one(format!("a directory up to byte {} of {length}", start + size))),
    }
}

/// A file in the archive.
struct Entry {
    name: String,
    is_encrypted: bool,
    method: u64,
    size: u64,
    start: u64,
}

impl Entry {
    /// The first entry of the rest of a directory, and what follows it.
    fn read(rest: &[u8]) -> Result<(Self, &[u8]), Error> {
        let [name, extra, comment] = [28, 30, 32].map(|at| number(rest, at, 2));
        let length = usize::try_from(name + extra + comment).unwrap_or(0) + ENTRY;
        let name = usize::try_from(name).unwrap_or(0) + ENTRY;
        if !rest.starts_with(b"PK\x01\x02") || rest.len() < length {
            return Err(not_one("a directory that ends within an entry".into()));
        }
        let name = String::from_utf8(rest[ENTRY..name].to_vec());
        let name = name.map_err(|_| not_one("a name that is no UTF-8".into()))?;
        let entry = Self {
            name,
            is_encrypted: number(rest, 8, 2) & 1 == 1,
            method: number(rest, 10, 2),
            size: number(rest, 20, 4),
            start: number(rest, 42, 4),
        };
        Ok((entry, &rest[length..]))
    }

    /// The array that it is, which has to be stored as it is.
    fn array(&self, bytes: &mut dyn Bytes, length: u64) -> Result<(String, Layout), Error> {
        let refuse = |found: String, advice: &str| Error::Input {
            place: "the archive".into(),
            found,
            expected: "an npz file, as numpy.savez writes it".into(),
            advice: Some(advice.into()),
        };
        let shown = shortened(&self.name);
        let Some(name) = self.name.strip_suffix(".npy") else {
            let found = format!(
                "a zip archive that holds \"{shown}\", such as PyTorch's .pt or Keras' .keras"
            );
            return Err(refuse(found, UNPICKLED));
        };
        if self.method != 0 || self.is_encrypted {
            let found = format!("\"{shown}\" compressed or encrypted");
            return Err(refuse(found, "save it with numpy.savez, not numpy.savez_compressed"));
        }
        let outside = || not_one(format!("\"{shown}\" beyond the end of the file"));
        if self.start + LOCAL > length {
            return Err(outside());
        }
        let local = part(bytes, self.start, LOCAL)?;
        if !local.starts_with(MAGIC) {
            return Err(not_one(format!("no header before \"{shown}\"")));
        }
        let from = self.start + LOCAL + number(&local, 26, 2) + number(&local, 28, 2);
        if from + self.size > length {
            return Err(outside());
        }
        let layout = npy::header(bytes, from, self.size)
            .map_err(|error| error.named_at(&place(Some(name))))?;
        Ok((name.to_owned(), layout))
    }
}
