//! f32 whose products round their operands first: TF32 by rounding and by cutting off, bf16 and f16.

use creditcheck::certify::Silent;
use creditcheck::certify::audit::{self, Audit, Theirs};
use creditcheck::certify::judge::judge;
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::{
    Activation, Arithmetic, Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Number,
    Operands, PerBlock, Tensor, Work,
};
use creditcheck::verdict::bounded::{dense_rounding_bound, rounding_bound_of_anybody};
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn tensor(draw: &mut ChaCha8Rng, rows: usize, cols: usize, size: f64) -> Tensor {
    let mut value = || f64::from(draw.next_u32() >> 8) / f64::from(1 << 23) - 1.0;
    let values = (0..rows * cols).map(|_| f64::from((value() * size) as f32)).collect();
    Tensor { rows, cols, dtype: Dtype::F32, values }
}

/// A network of values of f32, hidden layers of ReLU, with 8 examples.
fn net(seed: u64, widths: &[usize]) -> Dense {
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    let last = widths.len() - 1;
    let layer = |l: usize| DenseLayer {
        weights: tensor(&mut draw, widths[l], widths[l - 1], 0.8),
        biases: Some(tensor(&mut draw, widths[l], 1, 0.3)),
        activation: if l < last { Activation::Relu } else { Activation::Identity },
        kink: None,
        balance: None,
    };
    let layers = (1..=last).map(layer).collect();
    Dense {
        name: None,
        layers,
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: BigRational::from_integer(1.into()),
        inputs: tensor(&mut draw, 8, widths[0], 1.0),
        targets: tensor(&mut draw, 8, widths[last], 1.0),
        expect: Expect::Agree,
    }
}

/// How an operand is put into its format.
#[derive(Clone, Copy, Debug)]
enum Into {
    Nearest(Operands),
    /// The lowest 13 bits of an f32 left out, as TF32 has 10 of 23.
    Cut,
}

impl Into {
    fn operand(self, value: f32) -> f64 {
        match self {
            Self::Cut => f64::from(f32::from_bits(value.to_bits() & !0x1fff)),
            Self::Nearest(operands) => {
                let bits = match operands {
                    Operands::Tf32 | Operands::F16 => 13,
                    Operands::Bf16 => 16,
                };
                // Half of the last bit added, the rest cut: nearest, ties away.
                let raised = value.to_bits() + (1 << (bits - 1));
                f64::from(f32::from_bits(raised & !((1 << bits) - 1)))
            }
        }
    }

    fn operands(self) -> Operands {
        match self {
            Self::Cut => Operands::Tf32,
            Self::Nearest(operands) => operands,
        }
    }

    /// Σ a b in f32.
    fn sum(self, terms: impl Iterator<Item = (f32, f32)>) -> f32 {
        terms.fold(0.0, |sum, (a, b)| sum + (self.operand(a) * self.operand(b)) as f32)
    }
}

/// What a program may get wrong.
#[derive(Clone, Copy, PartialEq)]
enum Slip {
    Nothing,
    /// A slope of 1/8 below zero on the way back.
    Slope,
}

fn computed(net: &Dense, into: Into, slip: Slip) -> Theirs {
    let batch = net.batch();
    let mut rates = vec![net.inputs.values.iter().map(|x| *x as f32).collect::<Vec<_>>()];
    let mut nets = Vec::new();
    for layer in &net.layers {
        let (cols, before) = (layer.weights.cols, &rates[rates.len() - 1]);
        let mut all = Vec::new();
        for b in 0..batch {
            for post in 0..layer.weights.rows {
                let w = layer.weights.row(post).iter().map(|w| *w as f32);
                let x = before[b * cols..(b + 1) * cols].iter().copied();
                all.push(into.sum(w.zip(x)) + layer.biases.as_ref().unwrap().values[post] as f32);
            }
        }
        let is_last = layer.activation == Activation::Identity;
        rates.push(all.iter().map(|s| if is_last { *s } else { s.max(0.0) }).collect());
        nets.push(all);
    }
    let pairs = rates[net.layers.len()].iter().zip(&net.targets.values);
    let mut credit: Vec<f32> = pairs.map(|(x, t)| (x - *t as f32) / batch as f32).collect();
    let mut blocks = Vec::new();
    for (l, layer) in net.layers.iter().enumerate().rev() {
        let (posts, pres) = (layer.weights.rows, layer.weights.cols);
        let is_last = layer.activation == Activation::Identity;
        let below = if slip == Slip::Slope { 0.125 } else { 0.0 };
        let slope = |s: f32| if is_last || s > 0.0 { 1.0 } else { below };
        let delta: Vec<f32> = nets[l].iter().zip(&credit).map(|(s, c)| slope(*s) * c).collect();
        let mut weights = Vec::new();
        for post in 0..posts {
            for pre in 0..pres {
                let terms = (0..batch).map(|b| (delta[b * posts + post], rates[l][b * pres + pre]));
                weights.push(f64::from(into.sum(terms)));
            }
        }
        let biases: Vec<f64> = (0..posts)
            .map(|post| f64::from((0..batch).map(|b| delta[b * posts + post]).sum::<f32>()))
            .collect();
        blocks.push([weights, biases].concat());
        credit = (0..batch * pres)
            .map(|at| {
                let (b, pre) = (at / pres, at % pres);
                into.sum(
                    (0..posts)
                        .map(|post| (layer.weights.at(post, pre) as f32, delta[b * posts + post])),
                )
            })
            .collect();
    }
    let entries = Layout::of_dense(net).hold(blocks.into_iter().rev().flatten());
    Theirs { dtypes: vec![Dtype::F32; entries.blocks.len()], entries }
}

fn audited(net: &Dense, theirs: &Theirs, arithmetic: Option<Arithmetic>) -> Audit {
    let scale = BigRational::from_integer(1.into());
    let options = audit::Options { arithmetic, scale, rigorous: false };
    audit::audit(net, theirs, &options, &mut Silent).unwrap()
}

/// The same by `check`.
fn checked(
    net: &Dense,
    theirs: &Theirs,
    arithmetic: Option<Arithmetic>,
) -> (Judgement, Vec<String>) {
    let options = Options { arithmetic, ..Options::default() };
    let entries: PerBlock<BigRational> =
        theirs.entries.clone().map(|value| exact_f64(value).unwrap());
    let mine = Gradient {
        case: None,
        rule: None,
        options: Vec::new(),
        number: Number::Float(Dtype::F32),
        quantity: Quantity::Gradient,
        loss: None,
        entries,
        inputs: None,
        solver: Default::default(),
    };
    let limits = Limits { work: Work::up_to(1 << 24), ..Limits::default() };
    judge(&net.to_case().unwrap(), &mine, &options, &limits, &mut Silent).unwrap()
}

fn times(theirs: &Theirs, factor: f64) -> Theirs {
    let entries = theirs.entries.clone().map(|value| f64::from((value * factor) as f32));
    Theirs { entries, ..theirs.clone() }
}

const WAYS: [Into; 4] = [
    Into::Cut,
    Into::Nearest(Operands::Tf32),
    Into::Nearest(Operands::Bf16),
    Into::Nearest(Operands::F16),
];

/// Right under its own arithmetic, in both commands; wrong as f32, with the arithmetic named; and wrong if it is wrong.
#[test]
fn products_of_rounded_operands() {
    let (mut hints, mut of_check) = (0, 0);
    for (seed, widths) in [(1, &[12, 10, 6][..]), (2, &[16, 12, 8, 5]), (3, &[6, 4])] {
        let net = net(seed, widths);
        for into in WAYS {
            let own = Arithmetic::Products(into.operands());
            let right = computed(&net, into, Slip::Nothing);
            let found = audited(&net, &right, Some(own));
            assert!(found.verdict().is_ok_and(|n| !n.is_refused()), "{into:?} {seed}");
            let (found, _) = checked(&net, &right, Some(own));
            assert!(!found.nearness().is_refused(), "{into:?} {seed}");
            assert_eq!(found.unchecked(), None, "{into:?} {seed}");
            let as_f32 = audited(&net, &right, None);
            assert!(as_f32.verdict().is_ok_and(Nearness::is_refused), "{into:?} {seed}");
            let (found, said) = checked(&net, &right, None);
            assert!(found.nearness().is_refused(), "{into:?} {seed}");
            for (list, count) in [(&as_f32.diagnosis, &mut hints), (&said, &mut of_check)] {
                let start = "it fits --arithmetic ";
                let hint = list.iter().find(|sentence| sentence.starts_with(start));
                *count += usize::from(hint.is_some_and(|hint| hint.contains(own.name())));
            }
            let slope = computed(&net, into, Slip::Slope);
            for wrong in [times(&right, 1.1), slope].iter().skip(usize::from(widths.len() == 2)) {
                if into.operands() == Operands::Bf16 || widths.len() == 2 {
                    continue;
                }
                let found = audited(&net, wrong, Some(own));
                assert!(found.verdict().is_ok_and(Nearness::is_refused), "{into:?} {seed}");
                let (found, said) = checked(&net, wrong, Some(own));
                assert!(found.nearness().is_refused(), "{into:?} {seed}");
                assert!(!said.iter().any(|sentence| sentence.contains("--arithmetic")), "{said:?}");
            }
        }
    }
    // Nearly always its own arithmetic is among those that are said to fit.
    assert!(hints >= 11 && of_check >= 11, "{hints} {of_check}");
}

/// Operands that have room in the format are not rounded: then f32 is all that there is.
#[test]
fn operands_that_fit_add_nothing() {
    let mut net = net(4, &[5, 3]);
    let tensors = net.layers.iter_mut().map(|layer| &mut layer.weights);
    for tensor in tensors.chain([&mut net.inputs]) {
        tensor.values.iter_mut().for_each(|value| *value = (*value * 8.0).round() / 8.0);
    }
    let of = |arithmetic: Arithmetic| dense_rounding_bound(&net, arithmetic).unwrap();
    let [single, tf32] =
        [Arithmetic::Stored(Dtype::F32), Arithmetic::Products(Operands::Tf32)].map(of);
    // δ is rounded, and nothing before it: biases know nothing of it.
    assert_eq!(single.layers[0].biases, tf32.layers[0].biases);
    let larger = single.layers[0].weights.iter().zip(&tf32.layers[0].weights);
    assert!(larger.filter(|(single, tf32)| tf32 > single).count() > 10);
    let case = net.to_case().unwrap();
    let nets = |arithmetic: Arithmetic| {
        let found = rounding_bound_of_anybody(&case, arithmetic).unwrap();
        found.examples.iter().map(|e| e.net_input.clone()).collect::<Vec<_>>()
    };
    assert_eq!(nets(single.arithmetic), nets(tf32.arithmetic));
}

/// How much an operand is off at most is what its format says, to the last bit.
#[test]
fn units_of_operands() {
    for (into, unit) in [
        (Into::Cut, 2f64.powi(-10)),
        (Into::Nearest(Operands::Tf32), 2f64.powi(-11)),
        (Into::Nearest(Operands::Bf16), 2f64.powi(-8)),
        (Into::Nearest(Operands::F16), 2f64.powi(-11)),
    ] {
        let (mut draw, mut most) = (ChaCha8Rng::seed_from_u64(5), 0.0f64);
        for k in 0..4096 {
            let value = f32::from_bits((127 << 23) | if k < 16 { k } else { draw.next_u32() >> 9 });
            let off = (into.operand(value) - f64::from(value)).abs() / f64::from(value);
            most = most.max(off);
        }
        assert!(most <= unit && most > 0.9 * unit, "{into:?} {most}");
        let stated = 2f64.powi(-i32::try_from(into.operands().unit()).unwrap());
        assert!(most <= stated);
    }
    // Our own rounding to the formats that have one agrees with the bits cut here.
    for value in [1.37f32, 0.7, -3.3e-3] {
        let exact = exact_f64(f64::from(value)).unwrap();
        for (operands, dtype) in [(Operands::Bf16, Dtype::Bf16), (Operands::F16, Dtype::F16)] {
            let rounded = nearest(exact.numer(), exact.denom(), dtype);
            assert_eq!(Into::Nearest(operands).operand(value), rounded);
        }
    }
}
