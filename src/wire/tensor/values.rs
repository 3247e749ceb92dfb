//! The values of one tensor, a chunk at a time.

use std::io::SeekFrom;

use half::{bf16, f16};

use super::{Bytes, CHUNK, Layout, cannot_read, place};
use crate::error::Error;
use crate::spec::{Dtype, Limits, Tensor};

/// Bytes of one value.
pub(super) fn width(dtype: Dtype) -> u64 {
    match dtype {
        Dtype::F64 => 8,
        Dtype::F32 => 4,
        Dtype::Bf16 | Dtype::F16 => 2,
    }
}

/// How many values a shape has; `None` if that is more than any file can hold.
pub(super) fn count(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |count, n| count.checked_mul(*n))
}

/// Reads the values that `layout` describes; the header has been held against the length of the file.
pub(super) fn read(
    bytes: &mut dyn Bytes,
    layout: &Layout,
    (rows, cols): (usize, usize),
    tensor: Option<&str>,
    limits: &Limits,
) -> Result<Tensor, Error> {
    let all = rows as u64 * cols as u64;
    if all > limits.tensor_values {
        let what = format!("values of {}", place(tensor));
        return Err(Error::Limit { what, given: all, limit: limits.tensor_values });
    }
    let entries = rows * cols;
    let mut values = Vec::new();
    values.try_reserve_exact(entries).map_err(|_| {
        let place = place(tensor);
        Error::unsupported(format!("the {all} values of {place}: there is no memory for them"))
    })?;
    values.resize(entries, 0.0);
    bytes.seek(SeekFrom::Start(layout.offset)).map_err(|error| cannot_read(&error))?;
    let step = usize::try_from(width(layout.dtype)).unwrap_or(8);
    // A small tensor takes no large buffer: a file may have many.
    let mut chunk = vec![0; CHUNK.min(entries.saturating_mul(step))];
    let mut done = 0;
    while done < entries {
        let here = (entries - done).min(CHUNK / step);
        let chunk = &mut chunk[..here * step];
        bytes.read_exact(chunk).map_err(|error| cannot_read(&error))?;
        for (k, value) in chunk.chunks_exact(step).enumerate() {
            let at = done + k;
            let (row, col) = match layout.fortran {
                true => (at % rows, at / rows),
                false => (at / cols, at % cols),
            };
            let value = decode(value, layout);
            if !value.is_finite() {
                let index = match layout.shape.len() {
                    1 => format!("[{row}]"),
                    _ => format!("[{row}, {col}]"),
                };
                let place = format!("{} at {index}", place(tensor));
                return Err(Error::input(place, value.to_string(), "a finite number"));
            }
            values[row * cols + col] = value;
        }
        done += here;
    }
    Ok(Tensor { rows, cols, dtype: layout.dtype, values })
}

/// One value; every value of every format is an f64.
fn decode(bytes: &[u8], layout: &Layout) -> f64 {
    // Lowest byte first, in the upper rows of zeros that the width leaves.
    let mut little = [0; 8];
    for (k, byte) in bytes.iter().enumerate() {
        let at = if layout.big_endian { bytes.len() - 1 - k } else { k };
        little[at] = *byte;
    }
    let [a, b, c, d, ..] = little;
    match layout.dtype {
        Dtype::F64 => f64::from_le_bytes(little),
        Dtype::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
        Dtype::Bf16 => bf16::from_le_bytes([a, b]).to_f64(),
        Dtype::F16 => f16::from_le_bytes([a, b]).to_f64(),
    }
}
