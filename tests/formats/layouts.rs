//! Tensors as people have them: kernels of Keras, layers in another order, npz, npy; each is read, or refused with the remedy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use creditcheck::spec::{Dtype, Limits, Tensor};
use creditcheck::wire::tensor::{Opened, TensorFile, Written, safetensors};

struct Folder(PathBuf);

/// Weights and biases of one layer, by their name.
type Layer = (&'static str, Tensor, Tensor);

/// How weights and biases are called, and whether rows are presynaptic neurons.
type Style = (&'static str, &'static str, bool);

const TORCH: Style = (".weight", ".bias", false);
const KERAS: Style = (".kernel", ".bias", true);
const TURNED: Style = (".weight", ".bias", true);

impl Folder {
    fn new(name: &str) -> Self {
        Self(crate::generators::empty_folder(name))
    }

    /// The exit code, and everything that was printed, in one line.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let program = Path::new(env!("CARGO_BIN_EXE_creditcheck"));
        let output = Command::new(program).args(arguments).current_dir(&self.0).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let words: Vec<_> = text.split_whitespace().filter(|word| *word != "│").collect();
        // A long word is broken after a hyphen.
        let text = words.join(" ").replace("- ", "-");
        (output.status.code().unwrap(), text)
    }

    fn audit(&self, mine: &str, more: &[&str]) -> (i32, String) {
        self.run(&[&["audit", "net.safetensors", "data.safetensors", mine], more].concat())
    }

    fn expect(&self, mine: &str, more: &[&str], code: i32, words: &str) {
        let found = self.audit(mine, more);
        assert!(found.0 == code && found.1.contains(words), "{more:?}, {words}: {found:?}");
    }

    fn write(&self, file: &str, layers: &[Layer], style: Style) {
        let tensors = tensors(layers, style);
        let bytes = match file.ends_with(".npz") {
            true => npz(&tensors),
            false => safetensors(&tensors, "").unwrap(),
        };
        fs::write(self.0.join(file), bytes).unwrap();
    }
}

fn tensors(layers: &[Layer], (weight, bias, is_turned): Style) -> Vec<Written> {
    let of = |(stem, weights, biases): &Layer| {
        let weights = if is_turned { weights.transposed() } else { weights.clone() };
        let (dtype, shape) = (weights.dtype, vec![weights.rows, weights.cols]);
        let weights =
            Written { name: format!("{stem}{weight}"), shape, dtype, values: weights.values };
        let (name, values) = (format!("{stem}{bias}"), biases.values.clone());
        [weights, Written { name, shape: vec![values.len()], dtype, values }]
    };
    layers.iter().flat_map(of).collect()
}

fn npy(tensor: &Written) -> Vec<u8> {
    let shape: Vec<_> = tensor.shape.iter().map(|n| format!("{n},")).collect();
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", shape.concat());
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// As numpy.savez writes it: stored, with an extra field in front of each array that its directory does not have.
fn npz(tensors: &[Written]) -> Vec<u8> {
    let files = tensors.iter().map(|tensor| (format!("{}.npy", tensor.name), npy(tensor), 0));
    zip(&files.collect::<Vec<_>>())
}

fn zip(files: &[(String, Vec<u8>, u16)]) -> Vec<u8> {
    const EXTRA: [u8; 20] = [1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, method) in files {
        let [size, start] =
            [bytes.len(), all.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common =
            [&[20, 0, 0, 0][..], &method.to_le_bytes(), &[0; 8], &size, &size, &length].concat();
        all.extend([b"PK\x03\x04", &common[..], &[20, 0], name.as_bytes(), &EXTRA, bytes].concat());
        directory.extend(
            [b"PK\x01\x02\x14\x00", &common[..], &[0; 12], &start, name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let [size, start] =
        [directory.len(), all.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0, 0]].concat();
    [all, directory, end].concat()
}

/// Small binary fractions that no two places share.
fn values(rows: usize, cols: usize, seed: usize) -> Tensor {
    let value = |k: usize| ((k * 37 + seed * 11) % 61) as f64 / 32.0 - 0.9375;
    Tensor { rows, cols, dtype: Dtype::F64, values: (0..rows * cols).map(value).collect() }
}

/// A network of these names and widths, its data, a case of it, and its exact gradient by the program itself.
fn prepared(folder: &Folder, names: &[&'static str], widths: &[usize]) -> [Vec<Layer>; 2] {
    let net: Vec<Layer> = (1..widths.len())
        .map(|l| (names[l - 1], values(widths[l], widths[l - 1], l), values(widths[l], 1, 7 * l)))
        .collect();
    let [inputs, targets] = [("inputs", widths[0], 3), ("targets", widths[widths.len() - 1], 5)]
        .map(|(name, cols, seed)| {
            let tensor = values(4, cols, seed);
            Written {
                name: name.into(),
                shape: vec![4, cols],
                dtype: Dtype::F64,
                values: tensor.values,
            }
        });
    fs::write(folder.0.join("data.safetensors"), safetensors(&[inputs, targets], "").unwrap())
        .unwrap();
    folder.write("case-net.safetensors", &net, TORCH);
    let refer = |file: &str, tensor: &str| format!(r#"{{"file": "{file}", "tensor": "{tensor}"}}"#);
    let layers: Vec<_> = (0..net.len())
        .map(|l| {
            let activation = if l + 1 < net.len() { "relu" } else { "identity" };
            let [weights, biases] = ["weight", "bias"]
                .map(|kind| refer("case-net.safetensors", &format!("{}.{kind}", net[l].0)));
            format!(r#"{{"weights": {weights}, "biases": {biases}, "activation": "{activation}"}}"#)
        })
        .collect();
    let [x, t] = ["inputs", "targets"].map(|name| refer("data.safetensors", name));
    let case = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{}]}}, "loss": "half_squared_error",
           "learning_rate": "1", "examples": {{"inputs": {x}, "targets": {t}}}}}"#,
        layers.join(", ")
    );
    fs::write(folder.0.join("case.json"), case).unwrap();
    let found = folder.run(&["gradient", "case.json", "-o", "exact.safetensors"]);
    assert_eq!(found.0, 0, "{found:?}");
    let limits = Limits::default();
    let bytes =
        Box::new(std::io::Cursor::new(fs::read(folder.0.join("exact.safetensors")).unwrap()));
    let mut file = TensorFile::read(Opened { name: "exact".into(), bytes }, &limits).unwrap();
    let mut read =
        |name: String, shape: &[Option<usize>]| file.tensor(Some(&name), shape, &limits).unwrap();
    let gradient = net
        .iter()
        .map(|(stem, ..)| {
            (
                *stem,
                read(format!("{stem}.weight"), &[None, None]),
                read(format!("{stem}.bias"), &[None]),
            )
        })
        .collect();
    [net, gradient]
}

/// Kernels are read as inputs × outputs, and it is said so; of shapes that fit one way alone the remedy is told.
#[test]
fn kernels_and_layouts() {
    let folder = Folder::new("formats-kernels");
    let [net, gradient] = prepared(&folder, &["dense", "dense_1"], &[5, 4, 3]);
    let said = "are called kernels and read as inputs × outputs";
    for style in [KERAS, ("/kernel:0", "/bias:0", true), ("/kernel", "/bias", true)] {
        folder.write("net.safetensors", &net, style);
        for file in ["mine.safetensors", "mine.npz"] {
            folder.write(file, &gradient, style);
            folder.expect(file, &[], 0, said);
            folder.expect(file, &["--format", "json"], 0, said);
        }
        folder.write("mine.safetensors", &gradient, TORCH);
        folder.expect("mine.safetensors", &[], 0, said);
    }
    let other = ["--layout", "inputs-by-outputs"];
    folder.write("net.safetensors", &net, TURNED);
    folder.write("turned.safetensors", &gradient, TURNED);
    folder.expect("turned.safetensors", &[], 2, "say --layout inputs-by-outputs");
    folder.expect(
        "turned.safetensors",
        &other,
        0,
        "are read as inputs × outputs, as --layout says",
    );
    folder.write("net.safetensors", &net, TORCH);
    folder.expect("turned.safetensors", &[], 2, "say --layout-of-mine inputs-by-outputs");
    folder.expect(
        "turned.safetensors",
        &["--layout-of-mine", "inputs-by-outputs"],
        0,
        "as --layout-of-mine says",
    );
    folder.expect("mine.safetensors", &other, 2, "say --layout outputs-by-inputs");
    let mixed = [tensors(&net[..1], TORCH), tensors(&net[1..], KERAS)].concat();
    fs::write(folder.0.join("net.safetensors"), safetensors(&mixed, "").unwrap()).unwrap();
    folder.expect("mine.safetensors", &[], 2, "both X.weight and X.kernel");
}

/// Square matrices fit either way: the verdict is different, and why.
#[test]
fn square_matrices_the_other_way_round() {
    let folder = Folder::new("formats-square");
    let [net, gradient] = prepared(&folder, &["fc1", "fc2"], &[4, 4, 4]);
    folder.write("net.safetensors", &net, TORCH);
    folder.write("mine.safetensors", &gradient, TORCH);
    folder.write("turned.safetensors", &gradient, TURNED);
    folder.expect("mine.safetensors", &[], 0, "verdict: ");
    folder.expect("turned.safetensors", &[], 1, "the weights of layer 2 are transposed");
    folder.expect("turned.safetensors", &[], 1, "read it with --layout-of-mine");
    folder.expect("turned.safetensors", &["--layout-of-mine", "inputs-by-outputs"], 0, "verdict: ");
    folder.write("net.safetensors", &net, TURNED);
    folder.expect(
        "turned.safetensors",
        &[],
        1,
        "the network whose weights are the transposed ones",
    );
    folder.expect("turned.safetensors", &["--layout", "inputs-by-outputs"], 0, "verdict: ");
    // Right numbers of another network: nothing is said of a layout.
    let [_, other] = prepared(&Folder::new("formats-square-other"), &["fc1", "fc2"], &[4, 4, 4]);
    let other: Vec<Layer> = other
        .into_iter()
        .map(|(n, w, b)| (n, Tensor { values: w.values.iter().map(|v| v * v).collect(), ..w }, b))
        .collect();
    folder.write("other.safetensors", &other, TORCH);
    let (code, text) = folder.audit("other.safetensors", &[]);
    assert!(code == 1 && !text.contains("--layout"), "{text}");
}

/// A network is taken in the order of its names where they count, with a note where they do not, and never against its shapes.
#[test]
fn the_order_of_layers() {
    let folder = Folder::new("formats-order");
    let names = ["input", "hidden", "output"];
    let order = ["--layers", "input,hidden,output"];
    let [net, gradient] = prepared(&folder, &names, &[5, 4, 3, 2]);
    folder.write("net.safetensors", &net, TORCH);
    folder.write("mine.safetensors", &gradient, TORCH);
    folder.expect("mine.safetensors", &[], 2, "in one order alone: --layers input,hidden,output");
    folder.expect("mine.safetensors", &order, 0, "verdict: ");
    for (layers, words) in [
        ("input,hidden", "an order without \"output\""),
        ("input,hidden,outputs", "\"outputs\", which is no layer"),
        ("input,hidden,hidden", "\"hidden\" twice"),
    ] {
        folder.expect("mine.safetensors", &["--layers", layers], 2, words);
    }
    let [net, gradient] = prepared(&folder, &names, &[3, 3, 3, 3]);
    folder.write("net.safetensors", &net, TORCH);
    folder.write("mine.safetensors", &gradient, TORCH);
    let note = "taken in the order of their names, hidden, input, output; --layers gives another";
    folder.expect("mine.safetensors", &[], 1, note);
    let (code, text) = folder.audit("mine.safetensors", &order);
    assert!(code == 0 && !text.contains("order of their names"), "{text}");
    // Numbers count: ten after two, and nothing is to be said.
    let [net, gradient] = prepared(&folder, &["fc1", "fc2", "fc10"], &[3, 3, 3, 3]);
    folder.write("net.safetensors", &net, TORCH);
    folder.write("mine.safetensors", &gradient, TORCH);
    let (code, text) = folder.audit("mine.safetensors", &[]);
    assert!(code == 0 && !text.contains("order of their names"), "{text}");
}

/// `check` takes tensors as MINE, under the names of the case or its own; and says no to what it cannot read.
#[test]
fn tensors_for_check() {
    let folder = Folder::new("formats-check");
    let [_, gradient] = prepared(&folder, &["fc1", "fc2"], &[5, 4, 3]);
    let check =
        |mine: &str, more: &[&str]| folder.run(&[&["check", "case.json", mine], more].concat());
    let expect = |mine: &str, more: &[&str], code: i32, words: &str| {
        let found = check(mine, more);
        assert!(found.0 == code && found.1.contains(words), "{mine} {more:?} {words}: {found:?}");
    };
    for (file, style) in
        [("a.safetensors", TORCH), ("a.npz", TORCH), ("k.safetensors", KERAS), ("k.npz", KERAS)]
    {
        folder.write(file, &gradient, style);
        expect(file, &[], 0, "verdict: ");
    }
    expect("k.npz", &[], 0, "are called kernels");
    expect("k.npz", &["--layout", "outputs-by-inputs"], 2, "say --layout inputs-by-outputs");
    expect("a.npz", &["--layers", "fc1,fc2"], 2, "--layers with a case that names its own tensors");
    let doubled: Vec<Layer> = gradient
        .iter()
        .map(|(n, w, b)| {
            (
                *n,
                Tensor { values: w.values.iter().map(|v| 2.0 * v).collect(), ..w.clone() },
                b.clone(),
            )
        })
        .collect();
    folder.write("doubled.npz", &doubled, TORCH);
    expect("doubled.npz", &[], 1, "2 times the exact");
    // A file of the program's own, and names of a case in JSON that has none.
    expect("exact.safetensors", &[], 0, "verdict: ");
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
      [{"weights": [["1/4", "1/2"], ["1", "3"]], "activation": "identity"}]}, "loss": "half_squared_error",
      "learning_rate": "1", "examples": [{"input": ["1", "1/2"], "target": ["0", "1"]}]}"#;
    fs::write(folder.0.join("one.json"), text).unwrap();
    assert_eq!(folder.run(&["gradient", "one.json", "-o", "one.safetensors"]).0, 0);
    assert_eq!(folder.run(&["check", "one.json", "one.safetensors"]).0, 0);
    // s = (½, 2½), e = (½, 1½); ∂L/∂W = e xᵀ
    let array = |values: [f64; 4]| {
        let values = values.to_vec();
        npy(&Written { name: String::new(), shape: vec![2, 2], dtype: Dtype::F64, values })
    };
    fs::write(folder.0.join("one.npy"), array([0.5, 0.25, 1.5, 0.75])).unwrap();
    fs::write(folder.0.join("turned.npy"), array([0.5, 1.5, 0.25, 0.75])).unwrap();
    assert_eq!(folder.run(&["check", "one.json", "one.npy"]).0, 0);
    let (code, text) = folder.run(&["check", "one.json", "turned.npy"]);
    assert!(code == 1 && text.contains("are transposed"), "{text}");
    assert_eq!(
        folder.run(&["check", "one.json", "turned.npy", "--layout", "inputs-by-outputs"]).0,
        0
    );
    expect("one.npy", &[], 2, "an npy file, which has one array");
    let mut several = tensors(&gradient, TORCH);
    several[1].dtype = Dtype::F32;
    several[1].values.iter_mut().for_each(|value| *value = f64::from(*value as f32));
    fs::write(folder.0.join("several.safetensors"), safetensors(&several, "").unwrap()).unwrap();
    expect("several.safetensors", &[], 2, "values of f64 and of f32");
}

/// Archives that are no npz, compressed ones, and lies about lengths: refused by name, never a panic.
#[test]
fn hostile_archives() {
    let folder = Folder::new("formats-archives");
    let [_, gradient] = prepared(&folder, &["fc1", "fc2"], &[5, 4, 3]);
    let good = npz(&tensors(&gradient, TORCH));
    let try_it = |bytes: &[u8]| {
        fs::write(folder.0.join("bad.npz"), bytes).unwrap();
        folder.run(&["check", "case.json", "bad.npz"])
    };
    assert_eq!(try_it(&good).0, 0);
    let array = npy(&tensors(&gradient, TORCH)[0]);
    let of =
        |name: &str, method: u16, bytes: &[u8]| zip(&[(name.to_owned(), bytes.to_vec(), method)]);
    for (bytes, words) in [
        (of("archive/data.pkl", 0, b"\x80\x02}."), "such as PyTorch's .pt"),
        (of("fc1.weight.npy", 8, &array), "numpy.savez, not numpy.savez_compressed"),
        (of("fc1.weight.npy", 0, b"\x80\x04K\x01."), "no npy file"),
        (of("fc1.weight.npy", 0, &array[..array.len() - 8]), "truncated"),
        (of("\u{1b}[8m.txt", 0, b""), r"\u{1b}[8m.txt"),
        ([&good[..], b"more"].concat(), "without its end"),
        (good[..good.len() - 10].to_vec(), "without its end"),
    ] {
        let (code, text) = try_it(&bytes);
        assert!(code == 2 && text.contains(words), "{words}: {text}");
    }
    let twice = [tensors(&gradient, TORCH), tensors(&gradient, TORCH)].concat();
    assert!(try_it(&npz(&twice)).1.contains("two arrays of the name"));
    // Every byte of the directory and of its end, changed: an error or the same gradient, and nothing else.
    let from = good.len() - 22 - 4 * 60;
    for at in (from..good.len()).step_by(3) {
        for value in [0, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            let (code, text) = try_it(&bytes);
            assert!([0, 1, 2].contains(&code), "byte {at}: {text}");
        }
    }
    let pickled = b"\x93NUMPY\x01\x00\x46\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }               \n\x80\x04K\x01.";
    fs::write(folder.0.join("objects.npy"), pickled).unwrap();
    let (code, text) = folder.run(&["check", "case.json", "objects.npy"]);
    assert!(code == 2 && text.contains("objects.npy"), "{text}");
    for name in ["model.pt", "model.pth", "model.pkl"] {
        fs::write(folder.0.join(name), b"\x80\x02}q\x00.").unwrap();
        let (code, text) = folder.run(&["check", "case.json", name]);
        assert!(
            code == 2 && text.contains("a pickle") && text.contains("nothing here unpickles"),
            "{text}"
        );
    }
}
