//! Tensor files: what is read from them, and what is refused, with what words.

use std::collections::HashMap;
use std::io::Cursor;

use creditcheck::Error;
use creditcheck::spec::{Activation, Dense, Dtype, Limits, Tensor};
use creditcheck::wire::dense::{self, DenseDocument};
use creditcheck::wire::json::Json;
use creditcheck::wire::tensor::{Opened, TensorFile, Written, safetensors};
use creditcheck::wire::{Document, sha256};

fn opened(name: &str, bytes: Vec<u8>) -> Opened {
    Opened { name: name.to_owned(), bytes: Box::new(Cursor::new(bytes)) }
}

fn file(bytes: Vec<u8>) -> Result<TensorFile, Error> {
    TensorFile::read(opened("net", bytes), &Limits::default())
}

/// A safetensors file by hand: this header, then so many bytes.
fn with_header(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn npy(version: u8, dictionary: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    let mut text = dictionary.to_owned();
    while (text.len() + 12) % 16 != 15 {
        text.push(' ');
    }
    text.push('\n');
    match version {
        1 => bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes()),
        _ => bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes()),
    }
    bytes.extend(text.as_bytes());
    bytes.extend(values);
    bytes
}

fn dictionary(descr: &str, fortran: bool, shape: &str) -> String {
    let fortran = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

fn array(bytes: Vec<u8>, expected: &[Option<usize>]) -> Result<Tensor, Error> {
    file(bytes)?.tensor(None, expected, &Limits::default())
}

fn said<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("accepted");
    format!("{error} · {}", error.advice().unwrap_or_default())
}

/// 1, −2, 0.5, 3, 65504, −0.125: values of all four formats, but for 65504, which is none of bf16.
const VALUES: [f64; 6] = [1.0, -2.0, 0.5, 3.0, 0.0, -0.125];

fn encoded(descr: &str) -> Vec<u8> {
    let one = |v: f64| -> Vec<u8> {
        match &descr[1..] {
            "f8" => v.to_le_bytes().to_vec(),
            "f4" => (v as f32).to_le_bytes().to_vec(),
            _ => half::f16::from_f64(v).to_le_bytes().to_vec(),
        }
    };
    let mut bytes = Vec::new();
    for v in VALUES {
        let mut value = one(v);
        if descr.starts_with('>') {
            value.reverse();
        }
        bytes.extend(value);
    }
    bytes
}

#[test]
fn npy_of_every_kind() {
    let formats = [("f8", Dtype::F64), ("f4", Dtype::F32), ("f2", Dtype::F16)];
    for (kind, dtype) in formats {
        for order in ["<", ">"] {
            let descr = format!("{order}{kind}");
            for version in [1, 2, 3] {
                let bytes = npy(version, &dictionary(&descr, false, "(2, 3)"), &encoded(&descr));
                let read = array(bytes, &[None, Some(3)]).unwrap();
                assert_eq!((read.rows, read.cols, read.dtype), (2, 3, dtype), "{descr}");
                assert_eq!(read.values, VALUES, "{descr}");
                // Down the columns: entry [r, c] is value 2c + r.
                let bytes = npy(version, &dictionary(&descr, true, "(2, 3)"), &encoded(&descr));
                let read = array(bytes, &[Some(2), None]).unwrap();
                assert_eq!(read.values, [1.0, 0.5, 0.0, -2.0, 3.0, -0.125], "{descr}");
                let bytes = npy(version, &dictionary(&descr, false, "(6,)"), &encoded(&descr));
                let read = array(bytes, &[Some(6)]).unwrap();
                assert_eq!((read.rows, read.cols), (6, 1));
                assert_eq!(read.values, VALUES, "{descr}");
            }
        }
    }
}

#[test]
fn safetensors_of_every_dtype() {
    for dtype in [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16] {
        let tensor = |name: &str, shape: &[usize]| Written {
            name: name.into(),
            shape: shape.to_vec(),
            dtype,
            values: VALUES.to_vec(),
        };
        let bytes = safetensors(&[tensor("w", &[3, 2]), tensor("b", &[6])], "").unwrap();
        assert_eq!(bytes, safetensors(&[tensor("w", &[3, 2]), tensor("b", &[6])], "").unwrap());
        let digest = sha256(&bytes);
        let mut file = file(bytes).unwrap();
        assert_eq!(file.sha256(), digest);
        assert_eq!(file.names(), ["b", "w"]);
        let read = file.tensor(Some("w"), &[Some(3), Some(2)], &Limits::default()).unwrap();
        assert_eq!(read, Tensor { rows: 3, cols: 2, dtype, values: VALUES.to_vec() });
        let read = file.tensor(Some("b"), &[Some(6)], &Limits::default()).unwrap();
        assert_eq!((read.rows, read.cols, read.values), (6, 1, VALUES.to_vec()));
    }
}

/// More values than a chunk holds, so that the seams between chunks are read too.
#[test]
fn long_tensors() {
    let (rows, cols) = (301, 257);
    let values: Vec<f64> = (0..rows * cols).map(|k| f64::from(k as u32)).collect();
    let written = Written {
        name: "w".into(),
        shape: vec![rows, cols],
        dtype: Dtype::F64,
        values: values.clone(),
    };
    let mut read = file(safetensors(&[written], "").unwrap()).unwrap();
    let read = read.tensor(Some("w"), &[None, None], &Limits::default()).unwrap();
    assert_eq!(read.values, values);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    let bytes = npy(1, &dictionary(">f8", true, "(301, 257)"), &bytes);
    let read = array(bytes, &[None, None]).unwrap();
    for (row, col) in [(0, 0), (300, 0), (0, 256), (300, 256), (17, 99)] {
        assert_eq!(read.at(row, col), values[col * rows + row]);
    }
}

#[test]
fn values_that_are_not_finite() {
    for (value, word) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-f64::INFINITY, "-inf")] {
        for dtype in [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16] {
            let mut values = VALUES.to_vec();
            values[3] = value;
            let written = Written { name: "fc1.weight".into(), shape: vec![3, 2], dtype, values };
            let mut file = file(safetensors(&[written], "").unwrap()).unwrap();
            let read = file.tensor(Some("fc1.weight"), &[None, None], &Limits::default());
            let message = said(read);
            assert!(
                message.starts_with("net: tensor \"fc1.weight\" at [1, 1]: found "),
                "{message}"
            );
            assert!(message.contains(&format!("found {word}, expected a finite")), "{message}");
        }
    }
}

#[test]
fn refusals_name_file_tensor_found_and_expected() {
    let header = r#"{"a": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]}, "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [16, 40]}}"#;
    let good = with_header(header, &[0; 40]);
    let limits = Limits::default();
    let ask = |tensor: Option<&str>, expected: &[Option<usize>]| {
        said(file(good.clone()).unwrap().tensor(tensor, expected, &limits))
    };
    let integers = ask(Some("a"), &[None]);
    assert!(
        integers.starts_with(
            "net: tensor \"a\": found values of dtype I64, expected dtype F64, F32, BF16 or F16 · convert"
        ),
        "{integers}"
    );
    let missing = ask(Some("c"), &[None]);
    assert!(
        missing
            .contains("tensor \"c\": found no tensor of this name, expected one of \"a\", \"b\""),
        "{missing}"
    );
    assert!(ask(None, &[None]).contains("expected one of \"a\", \"b\""));
    let shape = ask(Some("b"), &[Some(4), Some(3)]);
    assert!(
        shape.contains("tensor \"b\": found the shape (2, 3), expected the shape (4, 3)"),
        "{shape}"
    );
    let turned = ask(Some("b"), &[None, Some(2)]);
    assert!(turned.contains("expected the shape (any, 2) · rows are postsynaptic"), "{turned}");
    assert!(ask(Some("b"), &[Some(6)]).contains("expected the shape (6)"));
    // One byte short, one too many.
    let short = said(file(with_header(header, &[0; 39])));
    assert!(short.contains("and 40 of values") && short.contains("truncated"), "{short}");
    let long = said(file(with_header(header, &[0; 41])));
    assert!(long.contains("and 40 of values") && !long.contains("truncated"), "{long}");
    let short = npy(1, &dictionary("<f8", false, "(2, 3)"), &[0; 47]);
    assert!(said(file(short)).contains("(2, 3) values of f64 · the file is truncated"));
    for (descr, word) in
        [("<i8", "f8, f4 or f2"), ("<V2", "bfloat16"), ("<f16", "convert"), ("|O", "convert")]
    {
        let message = said(file(npy(1, &dictionary(descr, false, "(2,)"), &[0; 16])));
        assert!(message.contains(word), "{descr}: {message}");
    }
    let named = npy(1, &dictionary("<f8", false, "(2,)"), &[0; 16]);
    let named = said(file(named).unwrap().tensor(Some("w"), &[None], &limits));
    assert!(named.contains("found an npy file, expected no name"), "{named}");
}

/// Sizes that would be taken on trust: an error each, before any memory is taken and without a panic.
#[test]
fn hostile_headers() {
    let huge = |size: u64| {
        let mut bytes = size.to_le_bytes().to_vec();
        bytes.extend(b"{}");
        bytes
    };
    let tensor = |shape: &str, offsets: &str| {
        with_header(
            &format!(r#"{{"a": {{"dtype": "F64", "shape": {shape}, "data_offsets": {offsets}}}}}"#),
            &[0; 16],
        )
    };
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let files = [
        Vec::new(),
        b"short".to_vec(),
        huge(u64::MAX),
        huge(1 << 40),
        huge(3),
        with_header("not JSON", &[]),
        with_header("[]", &[]),
        with_header(&deep, &[]),
        with_header(
            r#"{"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}, "a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}"#,
            &[0; 16],
        ),
        tensor("[2]", "[0, 17]"),
        tensor("[2]", "[8, 24]"),
        tensor("[2]", "[16, 0]"),
        tensor("[3]", "[0, 16]"),
        tensor("[4294967296, 4294967296]", "[0, 16]"),
        tensor("[1152921504606846976]", "[0, 9223372036854775808]"),
        tensor("[-1]", "[0, 16]"),
        tensor("[18446744073709551616]", "[0, 16]"),
        b"\x93NUMPY".to_vec(),
        b"\x93NUMPY\x09\x00\x10\x00".to_vec(),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
        b"\x93NUMPY\x01\x00\xff\xff".to_vec(),
        npy(1, "{}", &[]),
        npy(1, "nonsense", &[]),
        npy(1, &deep, &[]),
        npy(1, &dictionary("<f8", false, "(4294967296, 4294967296, 4294967296)"), &[0; 16]),
        npy(1, &dictionary("<f8", true, "(0, 4294967296, 4294967296, 4294967296)"), &[]),
        npy(1, &dictionary("<f8", false, "(0xFFFFFFFFFF, 0xFFFFFFFFFF)"), &[]),
        npy(1, &dictionary("<f8", false, "(1_000_000_000_000, 1_000_000_000_000)"), &[]),
        npy(1, &dictionary("<f8", false, "(-2,)"), &[0; 16]),
        npy(1, &dictionary("<f8", false, "(2305843009213693952,)"), &[]),
        npy(2, &format!("{}{}", dictionary("<f8", false, "(2,)"), " ".repeat(20_000)), &[0; 16]),
    ];
    for (k, bytes) in files.into_iter().enumerate() {
        let message = said(file(bytes));
        assert!(message.starts_with("net: "), "{k}: {message}");
    }
    // Empty arrays are read as headers and refused as tensors.
    for shape in ["[0]", "[0, 3]", "[]"] {
        let bytes = if shape == "[]" { 8 } else { 0 };
        let header = format!(
            r#"{{"a": {{"dtype": "F64", "shape": {shape}, "data_offsets": [0, {bytes}]}}}}"#
        );
        let mut file = file(with_header(&header, &vec![0; bytes])).unwrap();
        for expected in [&[None][..], &[None, None]] {
            let message = said(file.tensor(Some("a"), expected, &Limits::default()));
            assert!(message.contains("found the shape ("), "{message}");
        }
    }
}

#[test]
fn limits_hold() {
    let written =
        Written { name: "w".into(), shape: vec![6], dtype: Dtype::F64, values: VALUES.to_vec() };
    let bytes = safetensors(&[written], "").unwrap();
    let size = bytes.len() as u64;
    let just = Limits { tensor_bytes: size, tensor_values: 6, ..Limits::default() };
    let mut file = TensorFile::read(opened("net", bytes.clone()), &just).unwrap();
    file.tensor(Some("w"), &[None], &just).unwrap();
    let small = Limits { tensor_bytes: size - 1, ..just.clone() };
    assert!(said(TensorFile::read(opened("net", bytes), &small)).contains("bytes in the file"));
    let few = Limits { tensor_values: 5, ..just };
    assert!(said(file.tensor(Some("w"), &[None], &few)).contains("6 is over the limit of 5"));
}

/// The worked example, with every other number in a file.
fn referring(case: &str) -> Result<DenseDocument, Error> {
    referring_within(case, &Limits::default())
}

fn referring_within(case: &str, limits: &Limits) -> Result<DenseDocument, Error> {
    let tensor = |name: &str, shape: &[usize], values: &[f64]| Written {
        name: name.into(),
        shape: shape.to_vec(),
        dtype: Dtype::F32,
        values: values.to_vec(),
    };
    let net = safetensors(
        &[
            tensor("fc1.weight", &[2, 2], &[0.5, -1.0, 0.25, 0.5]),
            tensor("fc1.bias", &[2], &[0.5, -0.25]),
            tensor("fc2.weight", &[1, 2], &[1.0, -2.0]),
        ],
        "",
    );
    let input: Vec<u8> = [1.0f64, 0.5].iter().flat_map(|v| v.to_le_bytes()).collect();
    let target = 1.0f64.to_be_bytes();
    let files = HashMap::from([
        ("net.safetensors", net.unwrap()),
        ("x.npy", npy(1, &dictionary("<f8", false, "(1, 2)"), &input)),
        ("t.npy", npy(1, &dictionary(">f8", true, "(1, 1)"), &target)),
    ]);
    let json = Json::read(case.as_bytes(), limits)?;
    assert!(dense::refers_to_files(&json, limits));
    dense::read(&json, limits, &mut |name| match files.get(name) {
        Some(bytes) => Ok(opened(&format!("folder/{name}"), bytes.clone())),
        None => Err(Error::Io { what: format!("folder/{name}: cannot read") }),
    })
}

const CASE: &str = r#"{"format": "creditcheck/case/1", "name": "worked-example",
    "network": {"kind": "layered", "layers": [
        {"weights": {"file": "net.safetensors", "tensor": "fc1.weight"}, "biases": {"file": "net.safetensors", "tensor": "fc1.bias"}, "activation": "quadratic"},
        {"weights": {"file": "net.safetensors", "tensor": "fc2.weight"}, "biases": ["1/4"], "activation": "quadratic"}
    ]},
    "loss": "half_squared_error", "learning_rate": "1",
    "examples": {"inputs": {"file": "x.npy"}, "targets": {"file": "t.npy"}}}"#;

/// The same numbers in files and in the document are the same case, with the same digest.
#[test]
fn a_case_that_refers_to_files_is_the_case_with_its_numbers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases/worked-example.json");
    let written = Document::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let found = referring(CASE).unwrap();
    assert_eq!(found.dense.layers[0].weights.dtype, Dtype::F32);
    let inlined = found.written_out().unwrap();
    assert_eq!(inlined.case, written.case);
    assert_eq!(inlined.digest(), Document::of(written.case).digest());
    let names: Vec<_> = found.files.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(names, ["net.safetensors", "x.npy", "t.npy"]);
    // Examples in the document, numbers in files.
    let listed = CASE.replace(
        r#"{"inputs": {"file": "x.npy"}, "targets": {"file": "t.npy"}}"#,
        r#"[{"input": [1, "0x1p-1"], "target": [1]}]"#,
    );
    assert_eq!(referring(&listed).unwrap().written_out(), Some(inlined));
}

/// The digest binds the files: it is that of the document with their digests in it, whether stated or not.
#[test]
fn the_digest_binds_the_files() {
    let found = referring(CASE).unwrap();
    let text = found.json.canonical();
    for file in &found.files {
        assert!(text.contains(&format!(r#""sha256":"{}""#, file.sha256)), "{text}");
    }
    assert_eq!(text.matches("\"sha256\":").count(), 5);
    let digest = &found.files[1].sha256;
    let stated = CASE.replace(r#""x.npy""#, &format!(r#""x.npy", "sha256": "{digest}""#));
    assert_eq!(referring(&stated).unwrap().digest(), found.digest());
    let other = stated.replace(digest.as_str(), &sha256(b"another file"));
    let message = said(referring(&other));
    assert!(message.contains("examples.inputs.sha256: found \"sha256:"), "{message}");
    assert!(message.contains("the digest of folder/x.npy"), "{message}");
}

#[test]
fn wrong_references() {
    for (right, wrong, message) in [
        (
            r#""tensor": "fc1.bias""#,
            r#""tensor": "fc3.bias""#,
            "network.layers[0].biases: folder/net.safetensors: tensor \"fc3.bias\": found no tensor",
        ),
        (
            r#""tensor": "fc2.weight""#,
            r#""tensor": "fc1.bias""#,
            "network.layers[1].weights: folder/net.safetensors: tensor \"fc1.bias\": found the shape (2), expected the shape (any, 2)",
        ),
        (
            r#""x.npy""#,
            r#""t.npy""#,
            "examples.inputs: folder/t.npy: the array: found the shape (1, 1), expected the shape (any, 2)",
        ),
        (r#""x.npy""#, r#""no.npy""#, "folder/no.npy: cannot read"),
        (
            r#""x.npy""#,
            r#""x.npy", "shape": [1, 2]"#,
            "examples.inputs.shape: found an unknown field",
        ),
        (r#"{"file": "x.npy"}"#, r#"{"tensor": "x"}"#, "no field \"file\""),
        (
            r#"["1/4"]"#,
            r#"["1/3"]"#,
            "network.layers[1].biases[0]: found \"1/3\", expected a number that is an f64",
        ),
        (
            r#"["1/4"]"#,
            r#"["1/4", 1]"#,
            "network.layers[1].biases: found an array of 2, expected 1 numbers",
        ),
        (r#""inputs": {"#, r#""input": {"#, "examples.input: found an unknown field"),
        (r#""layered""#, r#""graph""#, "network.kind: found \"graph\", expected \"layered\""),
        (r#""file": "x.npy""#, r#""file": "net.safetensors""#, "tensor: found no name of a tensor"),
    ] {
        assert!(CASE.contains(right));
        let said = said(referring(&CASE.replace(right, wrong)));
        assert!(said.contains(message), "{said}\ninstead of {message}");
    }
    let limits = Limits { tensor_values: 9, ..Limits::default() };
    let message = said(referring_within(CASE, &limits));
    assert!(message.contains("values of the array: 2 is over the limit of 1"), "{message}");
}

/// Where the line is, and that beyond it the numbers are not written out.
#[test]
fn large_cases_stay_as_they_are() {
    let found = referring(CASE).unwrap();
    let with = |parameters: usize| {
        let row = |n: usize| Tensor { rows: n, cols: 1, dtype: Dtype::F64, values: vec![1.0; n] };
        let mut dense: Dense = found.dense.clone();
        dense.layers.truncate(1);
        dense.layers[0].activation = Activation::Relu;
        dense.layers[0].weights = row(parameters);
        dense.layers[0].biases = None;
        dense.inputs = row(1);
        dense.targets = Tensor { rows: 1, cols: parameters, ..row(parameters) };
        DenseDocument { dense, ..found.clone() }.written_out().is_some()
    };
    assert!(with(dense::MOST_PARAMETERS));
    assert!(!with(dense::MOST_PARAMETERS + 1));
}

/// A file may hold many small tensors: names are sorted, sought and read once each. Quadratic, this test would take hours.
#[test]
fn a_hundred_thousand_tensors() {
    use creditcheck::wire::tensor::{Asked, layers, named_layers, only};
    const LAYERS: usize = 50_000;
    let entry = |n: usize| {
        let (name, kind) = (n / 2, if n.is_multiple_of(2) { "weight" } else { "bias" });
        let shape = if n.is_multiple_of(2) { "[1, 1]" } else { "[1]" };
        let (from, to) = (4 * n, 4 * n + 4);
        format!(
            r#""fc{name}.{kind}": {{"dtype": "F32", "shape": {shape}, "data_offsets": [{from}, {to}]}}"#
        )
    };
    let entries: Vec<_> = (0..2 * LAYERS).map(entry).collect();
    let values: Vec<u8> = (0..2 * LAYERS).flat_map(|n| (n as f32).to_le_bytes()).collect();
    let limits = Limits::default();
    let mut file = file(with_header(&format!("{{{}}}", entries.join(", ")), &values)).unwrap();
    let asked = Asked::default();
    let named = named_layers(&file, &asked).unwrap();
    let names = &named.layers;
    assert_eq!(names.len(), LAYERS);
    assert_eq!(names[10_000].weights.as_deref(), Some("fc10000.weight"));
    only(&file, names).unwrap();
    let found = layers(&mut file, &named, None, &asked, &limits).unwrap();
    let last = &found[LAYERS - 1];
    assert_eq!(last.0.values, [(2 * LAYERS - 2) as f64]);
    assert_eq!(last.1.as_ref().unwrap().values, [(2 * LAYERS - 1) as f64]);
}
