//! Files that are taken for others: each is told what it is, and what to do with it.

use std::fs;
use std::path::Path;

use creditcheck::Error;
use creditcheck::spec::Limits;
use creditcheck::wire::gradient::Subject;
use creditcheck::wire::{Document, TemporalDocument, certificate, gradient};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(FIXTURES).join(name)).unwrap()
}

fn said<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("accepted");
    format!("{error} · {}", error.advice().unwrap_or_default())
}

fn as_case(bytes: &[u8]) -> String {
    said(Document::read(bytes, &Limits::default()))
}

fn in_units(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes_of).collect()
}

#[test]
fn files_of_other_kinds_are_named() {
    let case = String::from_utf8(fixture("cases/worked-example.json")).unwrap();
    let marked = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
    let npy = fixture("tensors/fc2.npy");
    let onnx = b"\x08\x0a\x12\x07pytorch\x1a\x052.5.0:\x80\x01".to_vec();
    for (bytes, what, advice) in [
        (marked(b"\xef\xbb\xbf", case.clone().into_bytes()), "a byte order mark", "UTF-8 without"),
        (marked(b"\xff\xfe", in_units(&case, u16::to_le_bytes)), "text in UTF-16", "UTF-8 without"),
        (marked(b"\xfe\xff", in_units(&case, u16::to_be_bytes)), "text in UTF-16", "UTF-8 without"),
        (in_units(&case, u16::to_le_bytes), "text in UTF-16", "UTF-8 without"),
        (in_units(&case, u16::to_be_bytes), "text in UTF-16", "UTF-8 without"),
        (b"\xff\xfe\0\0{\0\0\0".to_vec(), "text in UTF-32", "UTF-8 without"),
        (fixture("tensors/net.safetensors"), "a safetensors file", "a case names its tensor files"),
        (npy, "an npy file", "a case names its tensor files"),
        (onnx, "an ONNX model", "take the weights out of the model"),
        (b"\x80\x04\x95\x1a\0\0\0\0\0\0\0}".to_vec(), "a pickle", "nothing here unpickles"),
        (
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
            "a pickle",
            "nothing here unpickles",
        ),
        (b"PK\x03\x04\0\0\x08\x08".to_vec(), "a zip archive, such as PyTorch's .pt", "unpickles"),
        (b"\x89HDF\r\n\x1a\n\0\0".to_vec(), "an HDF5 file", "save the tensors"),
        (fixture("digits/digits.csv.gz"), "a file compressed by gzip", "unpack it first"),
    ] {
        let message = as_case(&bytes);
        let start = format!("the first bytes: found {what}");
        assert!(message.starts_with(&start) && message.contains(advice), "{what}: {message}");
        // Whatever its size, and whichever document was expected.
        let small = Limits { file_bytes: 4, ..Limits::default() };
        assert_eq!(said(Document::read(&bytes, &small)), message);
        assert_eq!(said(certificate::read(&bytes, &Limits::default())), message);
        assert_eq!(said(TemporalDocument::read(&bytes, &Limits::default())), message);
    }
    // A length may look like anything: 0x7b is a bracket, 0x0280 and 0x8b1f begin other kinds.
    for length in [0x7b_u64, 0x0280, 0x8b1f, 0xfeff] {
        let file = [&length.to_le_bytes()[..], b"{\"w\": "].concat();
        assert!(as_case(&file).contains("found a safetensors file"), "{length:x}");
    }
    for text in ["", "{", "[1", "plain text", "\u{8}\u{1}"] {
        assert!(!as_case(text.as_bytes()).contains("the first bytes"), "{text}");
    }
}

#[test]
fn documents_of_other_kinds_are_named() {
    let files = fs::read_dir(Path::new(FIXTURES).join("vectors/v1")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let vectors = files.filter(|path| path.extension().is_some_and(|e| e == "json")).min().unwrap();
    let vectors = fs::read(vectors).unwrap();
    let (case, own) =
        (fixture("cases/worked-example.json"), fixture("certificates/worked-example.json"));
    let schema = fixture("schema/case.schema.json");
    let mine = br#"{"format": "creditcheck/gradient/1", "layers": []}"#;
    let report = br#"{"format": "creditcheck/report/1", "cases": []}"#;
    let index = br#"{"metadata": {}, "weight_map": {"w": "a.safetensors"}}"#;
    for (bytes, found, advice) in [
        (&vectors[..], "the document: found a file of test vectors", "testGroups[0].tests[0].case"),
        (&schema, "the document: found a JSON Schema", "is none itself"),
        (index, "the document: found the index of a model in several files", "themselves"),
        (&own, "format: found \"creditcheck/certificate/", "`creditcheck verify` takes it"),
        (mine, "format: found \"creditcheck/gradient/1\"", "takes it as MINE"),
        (report, "format: found \"creditcheck/report/1\"", "no command reads it"),
    ] {
        let message = as_case(bytes);
        assert!(message.starts_with(found) && message.contains(advice), "{message}");
        assert!(message.contains("creditcheck/case/1"), "{message}");
        let temporal = said(TemporalDocument::read(bytes, &Limits::default()));
        assert!(temporal.starts_with(found) && temporal.contains(advice), "{temporal}");
    }
    let document = Document::read(&case, &Limits::default()).unwrap();
    for message in [
        said(gradient::read(&case, &Subject::of(&document.case), &Limits::default())),
        said(certificate::read(&case, &Limits::default())),
    ] {
        assert!(message.contains("this is a case; `creditcheck certify`"), "{message}");
    }
    // Another version of the same is no other kind.
    let newer = br#"{"format": "creditcheck/case/9"}"#;
    assert_eq!(
        as_case(newer),
        "format: found \"creditcheck/case/9\", expected \"creditcheck/case/1\" · "
    );
}
