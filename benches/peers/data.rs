//! The networks that both sides work on: ReLU layers with biases, f32 numbers.

use std::fs;
use std::path::Path;

use creditcheck::fast::{Float, Function, Layer, Network};
use creditcheck::spec::{Activation, Dense, DenseLayer, Dtype, Expect, Kink, Tensor};
use faer::Mat;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Small enough that thousands of steps leave the numbers where they are; a power of two.
pub const LEARNING_RATE: f64 = 1.0 / 1_048_576.0;

/// A network with a batch; every number is one of f32, row by row.
#[derive(Clone)]
pub struct Data {
    pub widths: Vec<usize>,
    pub batch: usize,
    /// W (n_l × n_(l−1)) and b of each layer.
    pub layers: Vec<(Vec<f64>, Vec<f64>)>,
    /// B × n_0
    pub inputs: Vec<f64>,
    /// B × n_Λ
    pub targets: Vec<f64>,
}

impl Data {
    /// One of the four with a name, or any written as 64-64-10@32: its widths and the examples of the batch.
    pub fn named(name: &str) -> Option<Self> {
        if let Some((widths, batch)) = name.split_once('@') {
            let widths: Result<Vec<usize>, _> = widths.split('-').map(str::parse).collect();
            return Some(Self::draw(&widths.ok()?, batch.parse().ok()?));
        }
        let (widths, batch): (&[usize], usize) = match name {
            "large" => (&[784, 1024, 1024, 10], 256),
            "medium" => (&[784, 128, 64, 10], 32),
            "small" => (&[64, 64, 64, 10], 32),
            "tiny" => (&[7, 6, 5, 3], 4),
            _ => return None,
        };
        Some(Self::draw(widths, batch))
    }

    /// Weights uniform within ±√(6/n), as one initialises ReLU layers; inputs in 0..1 as pixels are.
    fn draw(widths: &[usize], batch: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(20);
        let mut unit = || f64::from(random.next_u32()) / 4_294_967_296.0;
        let mut within = |count: usize, low: f64, high: f64| -> Vec<f64> {
            let value = |unit: f64| f64::from((low + (high - low) * unit) as f32);
            (0..count).map(|_| value(unit())).collect()
        };
        let layers = widths.windows(2).map(|pair| {
            let most = (6.0 / pair[0] as f64).sqrt();
            (within(pair[0] * pair[1], -most, most), within(pair[1], -0.1, 0.1))
        });
        let layers = layers.collect();
        let inputs = within(batch * widths[0], 0.0, 1.0);
        let targets = within(batch * widths[widths.len() - 1], 0.0, 1.0);
        Self { widths: widths.to_vec(), batch, layers, inputs, targets }
    }

    pub fn network<F: Format>(&self) -> Network<F> {
        let last = self.layers.len() - 1;
        let layer = |(l, (weights, biases)): (usize, &(Vec<f64>, Vec<f64>))| Layer {
            weights: matrix(weights, self.widths[l]),
            biases: Some(biases.iter().map(|bias| F::of(*bias)).collect()),
            activation: if l == last { Function::Identity } else { Function::Relu },
            balance: None,
            kink: Kink::Left,
        };
        Network { layers: self.layers.iter().enumerate().map(layer).collect() }
    }

    /// Inputs and targets, one column per example.
    pub fn examples<F: Format>(&self) -> (Mat<F>, Mat<F>) {
        let columns = |values: &[f64], width: usize| {
            Mat::from_fn(width, self.batch, |n, b| F::of(values[b * width + n]))
        };
        let outputs = self.widths[self.widths.len() - 1];
        (columns(&self.inputs, self.widths[0]), columns(&self.targets, outputs))
    }

    pub fn dense(&self) -> Dense {
        let tensor = |values: &[f64], rows: usize| Tensor {
            rows,
            cols: values.len() / rows,
            dtype: Dtype::F32,
            values: values.to_vec(),
        };
        let last = self.layers.len() - 1;
        let layer = |(l, (weights, biases)): (usize, &(Vec<f64>, Vec<f64>))| DenseLayer {
            weights: tensor(weights, self.widths[l + 1]),
            biases: Some(tensor(biases, biases.len())),
            activation: if l == last { Activation::Identity } else { Activation::Relu },
            balance: None,
            kink: None,
        };
        Dense {
            name: None,
            layers: self.layers.iter().enumerate().map(layer).collect(),
            kink: Kink::Left,
            loss: Default::default(),
            learning_rate: num_rational::BigRational::from_integer(1.into()),
            inputs: tensor(&self.inputs, self.batch),
            targets: tensor(&self.targets, self.batch),
            expect: Expect::Agree,
        }
    }

    /// One file of f64 (little-endian) per array.
    pub fn export(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("a folder for the data");
        for (l, (weights, biases)) in self.layers.iter().enumerate() {
            write(&folder.join(format!("w{}", l + 1)), weights);
            write(&folder.join(format!("b{}", l + 1)), biases);
        }
        write(&folder.join("x"), &self.inputs);
        write(&folder.join("t"), &self.targets);
        let shape: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        let shape = format!("{} {}\n", self.batch, shape.join(" "));
        fs::write(folder.join("shape"), shape).expect("a file of the data");
    }
}

/// A format of the float side, from the numbers of the data, which both formats hold.
pub trait Format: Float + 'static {
    fn of(value: f64) -> Self;
}

impl Format for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Format for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
}

fn matrix<F: Format>(values: &[f64], columns: usize) -> Mat<F> {
    Mat::from_fn(values.len() / columns, columns, |i, j| F::of(values[i * columns + j]))
}

pub fn write(file: &Path, values: &[f64]) {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(file, bytes).expect("a file of the data");
}

pub fn read(file: &Path) -> Vec<f64> {
    let bytes = fs::read(file).expect("a file of numbers");
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes.chunks_exact(8).map(number).collect()
}
