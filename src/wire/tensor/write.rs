//! Tensors as a safetensors file, whose bytes are a function of the tensors.

use std::borrow::Cow;

use ::safetensors::tensor::{Dtype as Stored, View};

use crate::error::Error;
use crate::spec::Dtype;

/// One tensor to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Such as `fc1.weight`.
    pub name: String,
    /// One or two dimensions.
    pub shape: Vec<usize>,
    /// F64 or F32; the values must be values of it.
    pub dtype: Dtype,
    /// Row-major.
    pub values: Vec<f64>,
}

struct Encoded<'a>(&'a Written);

impl View for Encoded<'_> {
    fn dtype(&self) -> Stored {
        match self.0.dtype {
            Dtype::F64 => Stored::F64,
            Dtype::F32 => Stored::F32,
            Dtype::Bf16 => Stored::BF16,
            Dtype::F16 => Stored::F16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.0.values.iter();
        // The values are values of the format, so no conversion rounds.
        #[allow(clippy::cast_possible_truncation)]
        let bytes: Vec<u8> = match self.0.dtype {
            Dtype::F64 => values.flat_map(|v| v.to_le_bytes()).collect(),
            Dtype::F32 => values.flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            Dtype::Bf16 => values.flat_map(|v| half::bf16::from_f64(*v).to_le_bytes()).collect(),
            Dtype::F16 => values.flat_map(|v| half::f16::from_f64(*v).to_le_bytes()).collect(),
        };
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        let width = usize::try_from(super::values::width(self.0.dtype)).unwrap_or(8);
        self.0.values.len() * width
    }
}

/// The bytes of a safetensors file with these tensors and one field of free text.
///
/// Exactness: each value is written as the value of its dtype that it is.
///
/// # Errors
/// [`Error::Unsupported`] if a shape does not fit its values, which no caller of this crate lets happen.
///
/// ```
/// use creditcheck::spec::{Dtype, Limits};
/// use creditcheck::wire::tensor::{Opened, TensorFile, Written, safetensors};
/// let b = Written { name: "b".into(), shape: vec![2], dtype: Dtype::F32, values: vec![0.5, -1.0] };
/// let bytes = safetensors(&[b.clone()], "an example").unwrap();
/// let opened = Opened { name: "b.safetensors".into(), bytes: Box::new(std::io::Cursor::new(bytes)) };
/// let mut file = TensorFile::read(opened, &Limits::default()).unwrap();
/// assert_eq!(file.tensor(Some("b"), &[Some(2)], &Limits::default()).unwrap().values, b.values);
/// ```
pub fn safetensors(tensors: &[Written], about: &str) -> Result<Vec<u8>, Error> {
    // One field only: the library keeps them in a map whose order is not that of anything.
    let metadata = [("creditcheck".to_owned(), about.to_owned())].into_iter().collect();
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), Encoded(tensor)));
    ::safetensors::serialize(views, Some(metadata))
        .map_err(|error| Error::unsupported(format!("tensors that do not fit: {error}")))
}
