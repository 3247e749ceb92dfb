//! What a file is that is not the one asked for, by its first bytes, and what to do about it.

/// A kind of file that is mistaken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// To follow "found".
    pub what: &'static str,
    /// What to do with such a file here.
    pub advice: &'static str,
}

const RESAVE: &str = "save it as UTF-8 without a byte order mark, as every JSON is";
pub(super) const UNPICKLED: &str = "nothing here unpickles, since that runs code: save the tensors with safetensors.torch.save_file or numpy.save";
pub(super) const CONVERTED: &str =
    "save the tensors with safetensors.torch.save_file, safetensors.numpy.save_file or numpy.save";
const NAMED: &str = "a case names its tensor files: {\"weights\": {\"file\": \"net.safetensors\", \"tensor\": \"fc1.weight\"}, …}; \
     `creditcheck audit` takes them as NET, DATA and MINE";
const EXPORTED: &str = "take the weights out of the model, and save them with safetensors.numpy.save_file or numpy.save";
const UNPACKED: &str = "unpack it first";

/// First bytes, what begins with them, and what to do with it; the longest of each beginning first.
const BEGINNINGS: [(&[u8], &str, &str); 19] = [
    (b"\xef\xbb\xbf", "a byte order mark (UTF-8 with BOM)", RESAVE),
    (b"\xff\xfe\0\0", "text in UTF-32", RESAVE),
    (b"\0\0\xfe\xff", "text in UTF-32", RESAVE),
    (b"\xff\xfe", "text in UTF-16", RESAVE),
    (b"\xfe\xff", "text in UTF-16", RESAVE),
    (b"\x93NUMPY", "an npy file", NAMED),
    (
        b"PK\x03\x04",
        "a zip archive, such as PyTorch's .pt, numpy's .npz or Keras' .keras",
        UNPICKLED,
    ),
    (b"PK\x05\x06", "an empty zip archive", UNPICKLED),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras' .h5", CONVERTED),
    (b"\x80\x02", "a pickle", UNPICKLED),
    (b"\x80\x03", "a pickle", UNPICKLED),
    (b"\x80\x04", "a pickle", UNPICKLED),
    (b"\x80\x05", "a pickle", UNPICKLED),
    (b"GGUF", "a GGUF model", CONVERTED),
    (b"\x1f\x8b", "a file compressed by gzip", UNPACKED),
    (b"BZh", "a file compressed by bzip2", UNPACKED),
    (b"\xfd7zXZ\0", "a file compressed by xz", UNPACKED),
    (b"\x28\xb5\x2f\xfd", "a file compressed by zstd", UNPACKED),
    (b"%PDF", "a PDF document", "give the document that this command reads"),
];

/// How many bytes [`of_no_tensors`] looks at.
#[cfg(feature = "cli")]
pub(super) const LOOKED_AT: usize = 16;

/// What the first bytes of a file say that it is.
pub(super) fn of_bytes(bytes: &[u8]) -> Option<Kind> {
    if is_safetensors(bytes) {
        return Some(Kind { what: "a safetensors file", advice: NAMED });
    }
    let known = BEGINNINGS.iter().find(|(beginning, _, _)| bytes.starts_with(beginning));
    if let Some((_, what, advice)) = known {
        return Some(Kind { what, advice });
    }
    const FIRST_OF_JSON: &[u8] = b"{[\" \n\r\t";
    match bytes {
        // The version of the format as a number, then a field with a length: its producer, domain, text or graph.
        [0x08, 0x01..=0x1f, field, ..] if field & 7 == 2 && (2..=8).contains(&(field >> 3)) => {
            Some(Kind { what: "an ONNX model", advice: EXPORTED })
        }
        [first, 0, _, 0, ..] | [0, first, 0, _, ..] if FIRST_OF_JSON.contains(first) => {
            Some(Kind { what: "text in UTF-16", advice: RESAVE })
        }
        _ => None,
    }
}

/// The length of the header in eight bytes, here less than 2³², then the header, which is JSON.
fn is_safetensors(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, _, _, 0, 0, 0, 0, b'{', ..])
}

/// What a file is, by its first bytes, that is neither safetensors nor npy.
#[cfg(feature = "cli")]
pub(super) fn of_no_tensors(bytes: &[u8]) -> Option<Kind> {
    match bytes.trim_ascii_start() {
        _ if is_safetensors(bytes) => None,
        // The length of a header has a zero in it where text has none.
        [b'{' | b'[', rest @ ..] if !rest.contains(&0) => {
            Some(Kind { what: "a JSON document", advice: CONVERTED })
        }
        _ => of_bytes(bytes),
    }
}
