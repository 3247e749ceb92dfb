//! The header of a safetensors file: eight bytes of length, then a JSON object of names.

use ::safetensors::tensor::{Dtype as Stored, Metadata};

use super::natural::in_natural_order;
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
