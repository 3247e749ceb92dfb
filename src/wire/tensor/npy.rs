//! The header of an npy file: magic, version, length, and a Python dictionary.

use std::io::SeekFrom;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};

use super::{Bytes, Layout, cannot_read, shape_words, values};
use crate::error::Error;
use crate::spec::Dtype;

pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// What to do with integers and other formats.
pub(super) const CONVERT: &str = "convert it first, exactly where the values fit: tensor.double() in PyTorch, array.astype(\"float64\") in numpy";

/// numpy itself reads no header that is longer.
const MOST_HEADER: u64 = 10_000;
/// A dictionary with a tuple in it has two.
const MOST_BRACKETS: usize = 8;

/// Reads and judges the header of so many bytes from here on; the values must fill the rest of them.
pub(super) fn header(bytes: &mut dyn Bytes, from: u64, length: u64) -> Result<Layout, Error> {
    let not_one = |found: String| Error::input("the header", found, "an npy file of floats");
    let to_start = SeekFrom::Start(from);
    bytes.seek(to_start).map_err(|error| cannot_read(&error))?;
    let mut start = vec![0; usize::try_from(length.min(12)).unwrap_or(0)];
    bytes.read_exact(&mut start).map_err(|error| cannot_read(&error))?;
    if !start.starts_with(MAGIC) {
        return Err(not_one("no npy file".into()));
    }
    let size = match start.as_slice() {
        [_, _, _, _, _, _, 1, _, a, b, ..] => 10 + u64::from(u16::from_le_bytes([*a, *b])),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d] => {
            12 + u64::from(u32::from_le_bytes([*a, *b, *c, *d]))
        }
        _ => return Err(not_one("another version than 1 to 3, or no header".into())),
    };
    if size > length {
        return Err(not_one(format!("a header of {size} bytes in a file of {length}")));
    }
    if size > MOST_HEADER {
        let what = "bytes in the header".to_owned();
        return Err(Error::Limit { what, given: size, limit: MOST_HEADER });
    }
    bytes.seek(to_start).map_err(|error| cannot_read(&error))?;
    let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
    bytes.read_exact(&mut text).map_err(|error| cannot_read(&error))?;
    harmless(&text[10..]).map_err(|found| not_one(found.to_owned()))?;
    let header = NpyHeader::from_reader(text.as_slice())
        .map_err(|_| not_one("one of another form".into()))?;
    let (dtype, big_endian) = dtype(&header.dtype())?;
    let shape = header.shape().to_vec();
    let needed = values::count(&shape).and_then(|n| n.checked_mul(values::width(dtype)));
    if needed.and_then(|needed| needed.checked_add(size)) != Some(length) {
        return Err(Error::Input {
            place: "the array".into(),
            found: format!("a file of {length} bytes"),
            expected: format!(
                "a header of {size} bytes and {} values of {}",
                shape_words(&shape),
                dtype.name()
            ),
            advice: needed
                .is_none_or(|needed| needed > length - size)
                .then(|| "the file is truncated: copy or save it again".into()),
        });
    }
    Ok(Layout {
        dtype,
        shape,
        big_endian,
        fortran: header.order() == Order::Fortran,
        offset: from + size,
    })
}

/// The library multiplies the dimensions unchecked and follows brackets by recursion; a header that could
/// make it overflow in either way is refused before the library sees it.
fn harmless(text: &[u8]) -> Result<(), &'static str> {
    let brackets = text.iter().filter(|byte| b"([{".contains(byte)).count();
    if brackets > MOST_BRACKETS {
        return Err("brackets as no array of floats needs them");
    }
    let mut product = 1u64;
    let mut rest = text;
    while let Some(first) = rest.iter().position(u8::is_ascii_digit) {
        let run = &rest[first..];
        let (digits, after) =
            run.split_at(run.iter().position(|b| !b.is_ascii_digit()).unwrap_or(run.len()));
        // 0x…, 1_000 and the like: numbers that this loop would read as smaller than they are.
        if after.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
            return Err("a number in a form that numpy does not write");
        }
        let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
        // Zero as a dimension leaves no values, but the strides are products too.
        let next = value.and_then(|value| product.checked_mul(value.max(1)));
        product = next.ok_or("dimensions whose product is beyond any file")?;
        rest = after;
    }
    Ok(())
}

fn dtype(found: &DType) -> Result<(Dtype, bool), Error> {
    let refuse = |advice: &str| Error::Input {
        place: "the array".into(),
        found: format!("values of dtype {}", found.descr()),
        expected: "dtype f8, f4 or f2".into(),
        advice: Some(advice.to_owned()),
    };
    let DType::Plain(kind) = found else { return Err(refuse(CONVERT)) };
    let dtype = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 8) => Dtype::F64,
        (TypeChar::Float, 4) => Dtype::F32,
        (TypeChar::Float, 2) => Dtype::F16,
        (TypeChar::RawData, 2) => {
            return Err(refuse(
                "if these are bfloat16, numpy cannot say so: save them as float32, which holds them exactly",
            ));
        }
        _ => return Err(refuse(CONVERT)),
    };
    Ok((dtype, kind.endianness() == Endianness::Big))
}
