//! Tensors in files: safetensors, npy and npz, read one tensor at a time and never as a whole.
//!
//! [`TensorFile`] is an open file whose header is read and judged, [`Files`] all the files that a case refers to.
//! Bytes come through a callback of whoever may open files; this room opens none. Every size that a header states
//! is held against the length of the file and against [`Limits`] before any memory is taken.

mod layers;
mod names;
mod natural;
mod npy;
mod npz;
mod order;
mod safetensors;
mod values;
mod write;

use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::spec::{Dtype, Limits, Tensor};
use crate::wire::kind::{self, LOOKED_AT};

pub use layers::{Asked, Named, layer_names, layers, named_as, named_layers, only};
pub use names::{Axes, LayerNames};
pub use write::{Written, safetensors};

/// What a tensor file is read from.
pub trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

/// A file that was just opened, with the name that errors shall give it.
pub struct Opened {
    /// Such as `cases/net.safetensors`.
    pub name: String,
    /// The file itself.
    pub bytes: Box<dyn Bytes>,
}

/// A file by its name and what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// As the case names it.
    pub file: String,
    /// `sha256:` and 64 hex digits.
    pub sha256: String,
}

/// Where one tensor stands in a file, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The format of its values.
    pub dtype: Dtype,
    /// Its dimensions, the slowest first.
    pub shape: Vec<u64>,
    /// Whether the bytes of a value begin with the highest one.
    pub big_endian: bool,
    /// Whether the first dimension varies fastest.
    pub fortran: bool,
    /// The first byte of the first value, counted from the beginning of the file.
    pub offset: u64,
}

/// An open tensor file.
pub struct TensorFile {
    name: String,
    sha256: String,
    bytes: Box<dyn Bytes>,
    contents: Contents,
}

enum Contents {
    Safetensors(safetensors::Header),
    Npy(Layout),
    Npz(npz::Archive),
}

impl std::fmt::Debug for TensorFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TensorFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How many bytes are read at a time.
const CHUNK: usize = 1 << 16;

impl TensorFile {
    /// Reads the header of a file, and the whole of it once for its digest.
    ///
    /// # Errors
    /// [`Error::Limit`] for a file or a header that is too large, [`Error::Input`] where it is neither safetensors nor npy nor npz,
    /// is truncated, or says of itself what cannot be; each names the file.
    ///
    /// ```
    /// use creditcheck::{spec::Limits, wire::tensor::{Opened, TensorFile}};
    /// let bytes = std::io::Cursor::new(b"\x93NUMPY but no more".to_vec());
    /// let opened = Opened { name: "w.npy".into(), bytes: Box::new(bytes) };
    /// let error = TensorFile::read(opened, &Limits::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("w.npy: the header: found"), "{error}");
    /// ```
    pub fn read(opened: Opened, limits: &Limits) -> Result<Self, Error> {
        let Opened { name, mut bytes } = opened;
        let mut read = || -> Result<(String, Contents), Error> {
            let failed = |error| cannot_read(&error);
            let length = bytes.seek(SeekFrom::End(0)).map_err(failed)?;
            if length > limits.tensor_bytes {
                let what = "bytes in the file".to_owned();
                return Err(Error::Limit { what, given: length, limit: limits.tensor_bytes });
            }
            bytes.rewind().map_err(failed)?;
            let sha256 = digest(&mut bytes).map_err(failed)?;
            bytes.rewind().map_err(failed)?;
            let mut first = Vec::new();
            bytes.by_ref().take(LOOKED_AT as u64).read_to_end(&mut first).map_err(failed)?;
            bytes.rewind().map_err(failed)?;
            let contents = if first.starts_with(npy::MAGIC) {
                Contents::Npy(npy::header(&mut bytes, 0, length)?)
            } else if first.starts_with(npz::MAGIC) {
                Contents::Npz(npz::Archive::read(&mut bytes, length)?)
            } else if let Some(kind) = kind::of_no_tensors(&first) {
                return Err(not_one(kind.what.into(), kind.advice));
            } else {
                Contents::Safetensors(safetensors::Header::read(&mut bytes, length, limits)?)
            };
            Ok((sha256, contents))
        };
        let (sha256, contents) = read().map_err(|error| error.in_file(name.clone()))?;
        Ok(Self { name, sha256, bytes, contents })
    }

    /// The name that errors give it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the whole file, as `sha256:` and 64 hex digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The tensors by name, numbers within names in the order of numbers; none in an npy file, which has one without name.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.contents {
            Contents::Safetensors(header) => header.names(),
            Contents::Npz(archive) => archive.names(),
            Contents::Npy(_) => Vec::new(),
        }
    }

    /// Whether it holds one array without a name.
    #[must_use]
    pub fn is_one_array(&self) -> bool {
        match &self.contents {
            Contents::Npy(_) => true,
            Contents::Safetensors(_) | Contents::Npz(_) => false,
        }
    }

    /// Where a tensor stands.
    ///
    /// # Errors
    /// [`Error::Input`] if there is no such tensor, with those that there are, and if its values are no floats.
    pub fn layout(&self, tensor: Option<&str>) -> Result<Layout, Error> {
        let layout = match (&self.contents, tensor) {
            (Contents::Safetensors(header), Some(tensor)) => header.layout(tensor),
            (Contents::Npz(archive), Some(tensor)) => archive.layout(tensor),
            (Contents::Safetensors(_) | Contents::Npz(_), None) => Err(Error::input(
                "tensor",
                "no name of a tensor",
                format!("one of {}", listed(&self.names())),
            )),
            (Contents::Npy(layout), None) => Ok(layout.clone()),
            (Contents::Npy(_), Some(tensor)) => Err(Error::input(
                place(Some(tensor)),
                "an npy file",
                "no name of a tensor: an npy file holds one array, without name",
            )),
        };
        layout.map_err(|error| error.in_file(self.name.clone()))
    }

    /// Reads one tensor, whose dimensions must be these; `None` leaves one open.
    ///
    /// Shapes: two dimensions as they stand; one dimension n as n × 1. Exactness: nothing is rounded.
    ///
    /// # Errors
    /// As [`Self::layout`]; [`Error::Input`] for another shape and for values that are not finite; [`Error::Limit`].
    pub fn tensor(
        &mut self,
        tensor: Option<&str>,
        expected: &[Option<usize>],
        limits: &Limits,
    ) -> Result<Tensor, Error> {
        let layout = self.layout(tensor)?;
        let read = shape(&layout, expected, tensor)
            .and_then(|shape| values::read(&mut self.bytes, &layout, shape, tensor, limits));
        read.map_err(|error| error.in_file(self.name.clone()))
    }
}

/// The dimensions of a tensor as rows and columns, if they are those expected.
fn shape(
    layout: &Layout,
    expected: &[Option<usize>],
    tensor: Option<&str>,
) -> Result<(usize, usize), Error> {
    let found: Vec<_> = layout.shape.iter().map(|n| usize::try_from(*n).ok()).collect();
    let fits = |(found, expected): (&Option<usize>, &Option<usize>)| {
        found.is_some_and(|n| n > 0) && (expected.is_none() || found == expected)
    };
    let same = found.len() == expected.len() && found.iter().zip(expected).all(fits);
    match (same, found.as_slice()) {
        (true, [Some(rows)]) => Ok((*rows, 1)),
        (true, [Some(rows), Some(cols)]) => Ok((*rows, *cols)),
        _ => {
            let known = |n: &Option<usize>| n.map_or("any".to_owned(), |n| n.to_string());
            let wanted: Vec<_> = expected.iter().map(known).collect();
            let turned = || found.iter().rev().zip(expected).all(fits);
            let advice = (found.len() == 2 && expected.len() == 2 && turned()).then(|| {
                "rows are postsynaptic neurons (or examples); Keras and Flax keep weights as inputs × outputs: save the transpose, or say \
                 --layout inputs-by-outputs where a command has it"
                    .to_owned()
            });
            Err(Error::Input {
                place: place(tensor),
                found: format!("the shape {}", shape_words(&layout.shape)),
                expected: format!("the shape ({})", wanted.join(", ")),
                advice,
            })
        }
    }
}

/// An error about a file that is neither; it shows nothing of what is in it.
fn not_one(found: String, advice: &str) -> Error {
    Error::Input {
        place: "the file".into(),
        found,
        expected: "a safetensors file (or an npy or npz file)".into(),
        advice: Some(advice.into()),
    }
}

fn shape_words(shape: &[u64]) -> String {
    let words: Vec<_> = shape.iter().map(u64::to_string).collect();
    format!("({})", words.join(", "))
}

fn place(tensor: Option<&str>) -> String {
    tensor.map_or("the array".to_owned(), |tensor| format!("tensor \"{tensor}\""))
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown: Vec<_> = names.iter().take(MOST).map(|name| format!("\"{name}\"")).collect();
    match names.len() {
        0 => "the tensors of the file, of which there are none".to_owned(),
        n if n > MOST => format!("{} and {} more", shown.join(", "), n - MOST),
        _ => shown.join(", "),
    }
}

/// The name of the file is added by whoever knows it, as to every other error here.
fn cannot_read(error: &std::io::Error) -> Error {
    Error::input("the bytes", error.to_string(), "a file that can be read to its end")
}

fn digest(bytes: &mut dyn Bytes) -> std::io::Result<String> {
    use std::fmt::Write as _;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match bytes.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hash.update(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut text = String::from("sha256:");
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The files that a case refers to, each opened once.
pub struct Files<'a> {
    open: &'a mut dyn FnMut(&str) -> Result<Opened, Error>,
    limits: &'a Limits,
    files: Vec<(String, TensorFile)>,
    values: u64,
}

impl std::fmt::Debug for Files<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<'a> Files<'a> {
    /// None opened yet; `open` is given the name that stands in the case.
    #[must_use]
    pub fn new(open: &'a mut dyn FnMut(&str) -> Result<Opened, Error>, limits: &'a Limits) -> Self {
        Self { open, limits, files: Vec::new(), values: 0 }
    }

    /// A file, opened now if it was not before.
    ///
    /// # Errors
    /// Those of the callback, and as [`TensorFile::read`].
    pub fn file(&mut self, file: &str) -> Result<&mut TensorFile, Error> {
        let at = match self.files.iter().position(|(name, _)| name == file) {
            Some(at) => at,
            None => {
                let opened = TensorFile::read((self.open)(file)?, self.limits)?;
                self.files.push((file.to_owned(), opened));
                self.files.len() - 1
            }
        };
        Ok(&mut self.files[at].1)
    }

    /// One tensor of a file; all tensors together stay within the limit on values.
    ///
    /// # Errors
    /// As [`Self::file`] and [`TensorFile::tensor`].
    pub fn tensor(
        &mut self,
        file: &str,
        tensor: Option<&str>,
        expected: &[Option<usize>],
    ) -> Result<Tensor, Error> {
        let left = self.limits.tensor_values.saturating_sub(self.values);
        let limits = Limits { tensor_values: left, ..self.limits.clone() };
        let read = self.file(file)?.tensor(tensor, expected, &limits)?;
        self.values += read.values.len() as u64;
        Ok(read)
    }

    /// The files in the order in which they were first asked for.
    #[must_use]
    pub fn digests(&self) -> Vec<FileDigest> {
        let digest = |(file, opened): &(String, TensorFile)| FileDigest {
            file: file.clone(),
            sha256: opened.sha256.clone(),
        };
        self.files.iter().map(digest).collect()
    }
}
