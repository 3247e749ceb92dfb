//! The header of a safetensors file: eight bytes of length, then a JSON object of names.

use std::cmp::Ordering;

use ::safetensors::tensor::{Dtype as Stored, Metadata};

use super::{Bytes, Layout, cannot_read, listed, place};
use crate::error::Error;
use crate::spec::{Dtype, Limits};
use crate::wire::json::Json;
use crate::wire::kind::CONVERTED;

/// Bytes of the length of the header.
const LENGTH: u64 = 8;

/// A header that is consistent in itself and with the length of its file.
pub(super) struct Header {
    metadata: Metadata,
    /// Where the values begin.
    start: u64,
}

impl Header {
    pub(super) fn read(bytes: &mut dyn Bytes, length: u64, limits: &Limits) -> Result<Self, Error> {
        // What stands in a file that is none of ours is nobody's business: only where it stops being one.
        let not_one = |found: String| super::not_one(found, CONVERTED);
        let mut size = [0; 8];
        if bytes.read_exact(&mut size).is_err() {
            return Err(not_one(format!("a file of {length} bytes")));
        }
        let size = u64::from_le_bytes(size);
        if size > length - LENGTH {
            let found = "a file whose first eight bytes are no length of a header in it";
            return Err(not_one(found.into()));
        }
        if size > limits.file_bytes {
            let what = "bytes in the header".to_owned();
            return Err(Error::Limit { what, given: size, limit: limits.file_bytes });
        }
        let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
        bytes.read_exact(&mut text).map_err(|error| cannot_read(&error))?;
        // The library lets a second field of one name replace the first; our own reader does not.
        Json::read(&text, limits).map_err(|error| match error {
            Error::Input { place, .. } => {
                not_one(format!("a header that is no JSON, or has a field twice, at {place} of it"))
            }
            other => other,
        })?;
        let metadata: Metadata = serde_json::from_slice(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            not_one(format!("a header of another form, at line {line}, column {column} of it"))
        })?;
        let (start, values) = (LENGTH + size, metadata.data_len() as u64);
        if start.checked_add(values) != Some(length) {
            return Err(Error::Input {
                place: "the header".into(),
                found: format!("a file of {length} bytes"),
                expected: format!(
                    "{start} bytes of header and {values} of values, as the header says"
                ),
                advice: (length < start.saturating_add(values))
                    .then(|| "the file is truncated: copy or save it again".into()),
            });
        }
        Ok(Self { metadata, start })
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        in_natural_order(&mut names);
        names
    }

    pub(super) fn layout(&self, tensor: &str) -> Result<Layout, Error> {
        let Some(info) = self.metadata.info(tensor) else {
            return Err(Error::input(
                place(Some(tensor)),
                "no tensor of this name",
                format!("one of {}", listed(&self.names())),
            ));
        };
        let dtype = match info.dtype {
            Stored::F64 => Dtype::F64,
            Stored::F32 => Dtype::F32,
            Stored::BF16 => Dtype::Bf16,
            Stored::F16 => Dtype::F16,
            other => {
                return Err(Error::Input {
                    place: place(Some(tensor)),
                    found: format!("values of dtype {other:?}"),
                    expected: "dtype F64, F32, BF16 or F16".into(),
                    advice: Some(super::npy::CONVERT.into()),
                });
            }
        };
        Ok(Layout {
            dtype,
            shape: info.shape.iter().map(|n| *n as u64).collect(),
            big_endian: false,
            fortran: false,
            // Within the file: the sum of all is its length.
            offset: self.start + info.data_offsets.0 as u64,
        })
    }
}

/// Sorts names in the order in which people count: `fc2` before `fc10`. Each is taken apart once.
fn in_natural_order(names: &mut Vec<String>) {
    let all = std::mem::take(names);
    let mut apart: Vec<_> = all.iter().map(|name| parts(name)).zip(0..).collect();
    apart.sort_by(|(a, _), (b, _)| natural(a, b));
    let order: Vec<usize> = apart.into_iter().map(|(_, place)| place).collect();
    let mut all: Vec<_> = all.into_iter().map(Some).collect();
    names.extend(order.into_iter().filter_map(|place| all[place].take()));
}

fn natural(a: &[&str], b: &[&str]) -> Ordering {
    let (mut a, mut b) = (a.iter().copied(), b.iter().copied());
    loop {
        return match (a.next(), b.next()) {
            (Some(a), Some(b)) => match number(a).zip(number(b)) {
                Some((m, n)) if m != n => m.cmp(&n),
                // 01 and 1 count the same; the text decides, so that the order is total.
                _ if a == b => continue,
                _ => a.cmp(b),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
    }
}

/// A run of digits by its value, however long: how many digits count, then which.
fn number(part: &str) -> Option<(usize, &str)> {
    let digits = part.trim_start_matches('0');
    part.bytes().all(|byte| byte.is_ascii_digit()).then_some((digits.len(), digits))
}

/// A name in runs of digits and runs of anything else.
fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let other = |c: char| c.is_ascii_digit() != first.is_ascii_digit();
        let (part, after) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::in_natural_order;

    #[test]
    fn numbers_within_names_are_numbers() {
        let names = ["fc10.weight", "fc2.weight", "fc2.bias", "a", "fc", "fc2", "fc02"];
        let mut names = names.map(str::to_owned).to_vec();
        in_natural_order(&mut names);
        let order = ["a", "fc", "fc02", "fc2", "fc2.bias", "fc2.weight", "fc10.weight"];
        assert_eq!(names, order);
    }
}
