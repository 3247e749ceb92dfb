//! The same values in tensors of four formats are the same network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use creditcheck::spec::Dtype;
use creditcheck::wire::tensor::{Written, safetensors};

const FORMATS: [Dtype; 4] = [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16];

fn folder() -> PathBuf {
    crate::generators::empty_folder("metamorphic-tensors")
}

fn tensor(name: &str, shape: &[usize], dtype: Dtype, values: &[f64]) -> Written {
    Written { name: name.into(), shape: shape.to_vec(), dtype, values: values.to_vec() }
}

/// 2-2-2; every value has a few bits, so that all formats have it.
fn network(dtype: Dtype) -> [Vec<Written>; 2] {
    let net = vec![
        tensor("a.weight", &[2, 2], dtype, &[0.75, -1.5, 1.25, 0.5]),
        tensor("a.bias", &[2], dtype, &[0.25, -2.0]),
        tensor("b.weight", &[2, 2], dtype, &[1.75, 0.625, -0.5, 3.0]),
        tensor("b.bias", &[2], dtype, &[-0.5, 1.0]),
    ];
    let data = vec![
        tensor("inputs", &[3, 2], dtype, &[3.0, 0.5, 2.0, 1.0, 0.75, 1.5]),
        tensor("targets", &[3, 2], dtype, &[1.0, -2.0, 3.0, 0.375, -1.0, 0.5]),
    ];
    [net, data]
}

/// The exit code, and of each block the verdict and the counts.
fn audited(folder: &Path, dtype: Dtype, mine: &str) -> (i32, Vec<serde_json::Value>) {
    let [net, data] = network(dtype);
    let write = |name: &str, tensors: &[Written]| {
        fs::write(folder.join(name), safetensors(tensors, "").unwrap()).unwrap();
    };
    write("net.safetensors", &net);
    write("data.safetensors", &data);
    let files = ["audit", "net.safetensors", "data.safetensors", mine];
    let output = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(files)
        .args(["--format", "json", "--quiet", "--arithmetic", "f32"])
        .current_dir(folder)
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), found["blocks"].as_array().unwrap().clone())
}

#[test]
fn formats_of_tensors_do_not_matter() {
    let folder = folder();
    // The case of the same values, for the exact gradient in floats.
    let case = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["0.75", "-1.5"], ["1.25", "0.5"]], "biases": ["0.25", "-2"], "activation": "relu"},
      {"weights": [["1.75", "0.625"], ["-0.5", "3"]], "biases": ["-0.5", "1"], "activation": "identity"}]},
      "loss": "half_squared_error", "learning_rate": "1", "examples": [
      {"input": ["3", "0.5"], "target": ["1", "-2"]}, {"input": ["2", "1"], "target": ["3", "0.375"]},
      {"input": ["0.75", "1.5"], "target": ["-1", "0.5"]}]}"#;
    fs::write(folder.join("case.json"), case).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(["gradient", "case.json", "--number", "f32", "--format", "json"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let right = String::from_utf8(output.stdout).unwrap();
    let sign = right.replace("\"-0x", "\"+0x").replace("\"0x", "\"-0x").replace("\"+0x", "\"0x");
    fs::write(folder.join("right.json"), right).unwrap();
    fs::write(folder.join("sign.json"), sign).unwrap();
    let zeros = ["a.weight", "b.weight"].map(|name| tensor(name, &[2, 2], Dtype::F32, &[0.0; 4]));
    let biases = ["a.bias", "b.bias"].map(|name| tensor(name, &[2], Dtype::F32, &[0.0; 2]));
    let [a, b] = zeros;
    let [c, d] = biases;
    fs::write(folder.join("dead.safetensors"), safetensors(&[a, c, b, d], "").unwrap()).unwrap();
    let mut compared = 0;
    for (mine, code) in [("right.json", 0), ("sign.json", 1), ("dead.safetensors", 1)] {
        let before = audited(&folder, Dtype::F64, mine);
        assert_eq!(before.0, code, "{mine}: {:?}", before.1);
        for dtype in FORMATS {
            assert_eq!(audited(&folder, dtype, mine), before, "{mine}, {dtype:?}");
            compared += before.1.len();
        }
    }
    assert_eq!(compared, 3 * 4 * 4);
}
