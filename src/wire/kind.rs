//! What a file is that is not the one asked for, by its first bytes or by its fields, and what to do about it.

use super::cursor::Cursor;
use super::json::Json;
use crate::error::Error;

/// A kind of file that is mistaken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// To follow "found".
    pub what: &'static str,
    /// What to do with such a file here.
    pub advice: &'static str,
}

const RESAVE: &str = "save it as UTF-8 without a byte order mark, as every JSON is";
const UNPICKLED: &str = "nothing here unpickles, since that runs code: save the tensors with safetensors.torch.save_file or numpy.save";
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

/// The formats of this program without their version, and who reads such a document.
const DOCUMENTS: [(&str, &str); 17] = [
    (
        "case",
        "this is a case; `creditcheck certify`, `gradient`, `check`, `show` and `compare` take one",
    ),
    ("certificate", "this is a certificate; `creditcheck verify` takes it"),
    ("gradient", "this is a gradient; `creditcheck check CASE.json MINE.json` takes it as MINE"),
    ("report", "this is what `creditcheck certify` found in several cases; no command reads it"),
    ("verified", "this is what `creditcheck verify` found; no command reads it"),
    ("judgement", "this is what `creditcheck check` found; no command reads it"),
    ("audit", "this is what `creditcheck audit` found; no command reads it"),
    ("comparison", "this is what `creditcheck compare` found; no command reads it"),
    ("steps", "this is what `creditcheck show` wrote; no command reads it"),
    ("mutants", "this is the matrix of `creditcheck mutants`; no command reads it"),
    ("simulation", "this is what `creditcheck simulate` found; no command reads it"),
    ("traces", "these are traces of `creditcheck simulate`; no command reads them"),
    ("balance", "this is what `creditcheck simulate --digits` found; no command reads it"),
    ("communities", "this is what `creditcheck communities` found; no command reads it"),
    ("tasks", "this is what `creditcheck tasks` found; no command reads it"),
    (
        "communities-runs",
        "these are runs of `creditcheck communities`, which goes on from them with --out",
    ),
    ("tasks-runs", "these are runs of `creditcheck tasks`, which goes on from them with --out"),
];

/// Documents without a format of ours: a field that only they have, what they are, and what to do with one.
const OTHERS: [(&str, &str, &str); 5] = [
    (
        "testGroups",
        "a file of test vectors",
        "each of its tests holds a case: take one out, testGroups[0].tests[0].case; `creditcheck vectors check` compares whole folders",
    ),
    ("$schema", "a JSON Schema", "it says how such documents look, and is none itself"),
    (
        "weight_map",
        "the index of a model in several files",
        "a case names the safetensors files themselves",
    ),
    ("nbformat", "a notebook", "give the document that this command reads"),
    ("modelTopology", "a model of TensorFlow.js", CONVERTED),
];

/// Refuses a document of another format, and says what it is.
///
/// # Errors
/// [`Error::Input`]
pub(super) fn expect_format(root: &Cursor<'_>, known: &[&str]) -> Result<(), Error> {
    let expected = known.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ");
    let Some(format) = root.field("format") else {
        for (field, what, advice) in OTHERS {
            if root.field(field).is_some() {
                return Err(Error::Input {
                    place: root.path().to_owned(),
                    found: what.into(),
                    expected: format!("\"format\": {expected}"),
                    advice: Some(advice.into()),
                });
            }
        }
        // Any other document hears of the field that it lacks, or of those that it should not have.
        return Ok(());
    };
    let stated = match format.value() {
        Json::String(stated) if known.contains(&stated.as_str()) => return Ok(()),
        Json::String(stated) => stated.as_str(),
        _ => "",
    };
    let kind = stated.strip_prefix("creditcheck/").and_then(|rest| rest.split('/').next());
    let own = known.iter().find_map(|name| name.strip_prefix("creditcheck/")?.split('/').next());
    let advice = DOCUMENTS.iter().find(|(name, _)| Some(*name) == kind && kind != own);
    Err(match advice {
        Some((_, advice)) => format.error_with(expected, *advice),
        None => format.error(expected),
    })
}
