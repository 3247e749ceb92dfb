//! A step of backpropagation through time, and what it is compared with: `N-T@B`, with 8 inputs, 4 readouts and tanh.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
use creditcheck::fast::{Function, Threads};
use creditcheck::spec::{Kink, Steps, TemporalRule};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Work;
use crate::data::{Format, write};

const INPUTS: usize = 8;
const READOUTS: usize = 4;

/// Every number is one of f32.
struct Data {
    neurons: usize,
    steps: usize,
    examples: usize,
    numbers: [Vec<f64>; 6],
}

impl Data {
    fn named(name: &str) -> Option<Self> {
        let (net, examples) = name.split_once('@')?;
        let (neurons, steps) = net.split_once('-')?;
        let (neurons, steps, examples): (usize, usize, usize) =
            (neurons.parse().ok()?, steps.parse().ok()?, examples.parse().ok()?);
        let mut random = ChaCha8Rng::seed_from_u64(21);
        let mut within = |count: usize, most: f64| -> Vec<f64> {
            let mut unit = || f64::from(random.next_u32()) / 2_147_483_648.0 - 1.0;
            (0..count).map(|_| f64::from((most * unit()) as f32)).collect()
        };
        let most = (3.0 / neurons as f64).sqrt();
        let mut recurrent = within(neurons * neurons, most);
        recurrent.iter_mut().step_by(neurons + 1).for_each(|weight| *weight = 0.0);
        let columns = steps * examples;
        let numbers = [
            recurrent,
            within(neurons * INPUTS, 1.0),
            within(READOUTS * neurons, most),
            within(READOUTS, 0.5),
            within(columns * INPUTS, 1.0),
            within(columns * READOUTS, 1.0),
        ];
        Some(Self { neurons, steps, examples, numbers })
    }

    fn problem<F: Format>(&self) -> (TemporalNetwork<F>, Batch<F>) {
        let [recurrent, input, readout, biases, x, target] =
            self.numbers.each_ref().map(|all| all.iter().map(|value| F::of(*value)).collect());
        let network = TemporalNetwork {
            neurons: self.neurons,
            inputs: INPUTS,
            readouts: READOUTS,
            leak: F::of(0.5),
            activation: Function::Tanh,
            kink: Kink::Left,
            recurrent,
            has_diagonal: false,
            input,
            readout,
            readout_biases: Some(biases),
            types: None,
        };
        let (steps, examples) = (self.steps, self.examples);
        (network, Batch { steps, examples, input: x, target, initial: None })
    }

    fn engine<F: Format>(&self, net: &TemporalNetwork<F>) -> Engine<F> {
        let rule = TemporalRule::Bptt;
        Engine::new(net, self.steps, self.examples, &rule, Evaluation::Adjoint, Threads::ONE)
            .expect("a network")
    }
}

/// N-T@B/FORMAT
pub fn step(words: &[&str]) -> Option<Work> {
    let [name, format] = words else { return None };
    let data = Data::named(name)?;
    match *format {
        "f32" => Some(step_in::<f32>(&data)),
        "f64" => Some(step_in::<f64>(&data)),
        _ => None,
    }
}

fn step_in<F: Format>(data: &Data) -> Work {
    let (net, batch) = data.problem::<F>();
    let mut engine = data.engine(&net);
    Box::new(move || {
        let (net, batch) = (black_box(&net), black_box(&batch));
        engine.step(net, batch, Loss::HalfSquaredError, Steps::All).expect("a step");
        black_box(engine.gradient());
    })
}

/// One file of f64 per array.
pub fn export(name: &str, folder: &Path) -> Option<()> {
    let data = Data::named(name)?;
    fs::create_dir_all(folder).expect("a folder for the data");
    for (what, values) in ["w", "u", "v", "b", "x", "t"].iter().zip(&data.numbers) {
        write(&folder.join(what), values);
    }
    let shape = format!("{} {} {}\n", data.neurons, data.steps, data.examples);
    fs::write(folder.join("shape"), shape).expect("a file of the data");
    Some(())
}

/// The largest |difference| of a block as a share of √(N T) roundings of the block's largest number, times 16: a step has products
/// of depth N, T of them one after the other, and rounding errors mostly cancel. Above 1 they disagree.
pub fn worst(name: &str, format: &str, found: &[f64]) -> Option<f64> {
    let data = Data::named(name)?;
    let rounding = match format {
        "f32" => f64::from(f32::EPSILON),
        "f64" => f64::EPSILON,
        _ => return None,
    };
    let (net, batch) = data.problem::<f64>();
    let mut engine = data.engine(&net);
    engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).expect("a step");
    let ours = engine.gradient();
    let blocks = [&ours.recurrent, &ours.input, &ours.readout, &ours.readout_biases];
    if blocks.iter().map(|block| block.len()).sum::<usize>() != found.len() {
        return Some(f64::INFINITY);
    }
    let allowed = 16.0 * rounding * ((data.neurons * data.steps) as f64).sqrt();
    let (mut worst, mut first) = (0.0f64, 0);
    for block in blocks {
        let largest = block.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        for (a, b) in block.iter().zip(&found[first..]) {
            let share = (a - b).abs() / (allowed * largest);
            worst = if share.is_nan() { f64::INFINITY } else { worst.max(share) };
        }
        first += block.len();
    }
    Some(worst)
}

pub fn check() {
    let data = Data::named("6-5@4").expect("a small network");
    let (net, batch) = data.problem::<f32>();
    let mut engine = data.engine(&net);
    engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).expect("a step");
    let found = engine.gradient();
    let blocks = [&found.recurrent, &found.input, &found.readout, &found.readout_biases];
    let mut all: Vec<f64> = blocks.into_iter().flatten().map(|value| f64::from(*value)).collect();
    assert!(worst("6-5@4", "f32", &all).expect("a format") <= 1.0);
    let largest = (0..36).max_by(|a, b| all[*a].abs().total_cmp(&all[*b].abs()));
    all[largest.expect("an entry")] *= 1.001;
    assert!(worst("6-5@4", "f32", &all).expect("a format") > 1.0, "a planted error is missed");
}
