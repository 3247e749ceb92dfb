//! Exact gradients as one writes them without a library for it: plain loops over big integers with one denominator per layer,
//! and over fractions in lowest terms. The exact gradient by residues is measured against both.

use std::ops::{Add, AddAssign, Mul, Neg};

use creditcheck::modular::exact;
use creditcheck::number::exact_f64;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::Work;
use crate::data::Data;

/// What the loops need of a number. An array has one scale: its values are those of the numbers times 2^−scale.
trait Exact:
    Clone
    + Zero
    + Signed
    + AddAssign
    + Neg<Output = Self>
    + Add<Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
{
    /// The numbers with their common scale.
    fn of(values: &[f64]) -> Scaled<Self>;
    /// The number at a scale larger by so many.
    fn raised(&self, by: u64) -> Self;
}

struct Scaled<T> {
    values: Vec<T>,
    scale: u64,
}

impl Exact for BigInt {
    fn of(values: &[f64]) -> Scaled<Self> {
        let exact: Vec<_> = values.iter().map(|value| fraction(*value)).collect();
        let scale = exact.iter().map(|q| q.denom().bits() - 1).max().unwrap_or(0);
        let integer = |q: &BigRational| (q * (Self::from(1) << scale)).to_integer();
        Scaled { values: exact.iter().map(integer).collect(), scale }
    }

    fn raised(&self, by: u64) -> Self {
        self << by
    }
}

impl Exact for BigRational {
    fn of(values: &[f64]) -> Scaled<Self> {
        Scaled { values: values.iter().map(|value| fraction(*value)).collect(), scale: 0 }
    }

    fn raised(&self, _: u64) -> Self {
        self.clone()
    }
}

fn fraction(value: f64) -> BigRational {
    exact_f64(value).expect("a finite number")
}

/// Of the sum over the first `examples` examples of ½|x − t|²: W row by row and b, layer by layer, each with its scale.
fn gradient<T: Exact>(data: &Data, examples: usize) -> Vec<(Scaled<T>, Scaled<T>)> {
    let weights: Vec<Scaled<T>> = data.layers.iter().map(|(w, _)| T::of(w)).collect();
    let biases: Vec<Scaled<T>> = data.layers.iter().map(|(_, b)| T::of(b)).collect();
    let (inputs, targets) = (T::of(&data.inputs), T::of(&data.targets));
    let (depth, outputs) = (weights.len(), data.widths[data.widths.len() - 1]);
    let zeros = |count: usize| Scaled { values: vec![T::zero(); count], scale: 0 };
    let empty = |(w, b): &(Vec<f64>, Vec<f64>)| (zeros(w.len()), zeros(b.len()));
    let mut found: Vec<_> = data.layers.iter().map(empty).collect();
    for b in 0..examples {
        let example = |of: &Scaled<T>, width: usize| Scaled {
            values: of.values[b * width..(b + 1) * width].to_vec(),
            scale: of.scale,
        };
        let mut rates = vec![example(&inputs, data.widths[0])];
        for l in 0..depth {
            let (x, w) = (&rates[l], &weights[l]);
            let mut s =
                Scaled { values: Vec::new(), scale: (x.scale + w.scale).max(biases[l].scale) };
            for post in 0..data.widths[l + 1] {
                let row = &w.values[post * x.values.len()..(post + 1) * x.values.len()];
                let mut sum = T::zero();
                for (weight, rate) in row.iter().zip(&x.values) {
                    sum += weight.clone() * rate;
                }
                let sum = sum.raised(s.scale - x.scale - w.scale)
                    + biases[l].values[post].raised(s.scale - biases[l].scale);
                let fires = l + 1 == depth || sum.is_positive();
                s.values.push(if fires { sum } else { T::zero() });
            }
            rates.push(s);
        }
        let (x, t) = (&rates[depth], example(&targets, outputs));
        let scale = x.scale.max(t.scale);
        let terms = x.values.iter().zip(&t.values);
        let values = terms.map(|(a, b)| a.raised(scale - x.scale) + -b.raised(scale - t.scale));
        let mut delta = Scaled { values: values.collect(), scale };
        for l in (0..depth).rev() {
            let (x, w, pres) = (&rates[l], &weights[l], data.widths[l]);
            let (of_weights, of_biases) = &mut found[l];
            of_weights.scale = delta.scale + x.scale;
            of_biases.scale = delta.scale;
            let mut below = vec![T::zero(); pres];
            for (post, d) in delta.values.iter().enumerate() {
                of_biases.values[post] += d.clone();
                if d.is_zero() {
                    continue;
                }
                for (pre, rate) in x.values.iter().enumerate() {
                    if !rate.is_zero() {
                        of_weights.values[post * pres + pre] += d.clone() * rate;
                    }
                    // The inputs need no adjoint, and a neuron that does not fire passes none on.
                    if l > 0 && !rate.is_zero() {
                        below[pre] += w.values[post * pres + pre].clone() * d;
                    }
                }
            }
            delta = Scaled { values: below, scale: delta.scale + w.scale };
        }
    }
    found
}

/// The whole batch.
pub fn scaled(words: &[&str]) -> Option<Work> {
    let [net] = words else { return None };
    let data = Data::named(net)?;
    Some(Box::new(move || {
        std::hint::black_box(gradient::<BigInt>(&data, data.batch));
    }))
}

/// One example: the batch takes at least so many times as long as it has examples, because the sums only grow.
pub fn rationals(words: &[&str]) -> Option<Work> {
    let [net] = words else { return None };
    let data = Data::named(net)?;
    Some(Box::new(move || {
        std::hint::black_box(gradient::<BigRational>(&data, 1));
    }))
}

/// The exact gradient by residues, every entry reconstructed: what the others are compared with.
pub fn by_residues(words: &[&str]) -> Option<Work> {
    let [net] = words else { return None };
    let dense = Data::named(net)?.dense();
    Some(Box::new(move || {
        std::hint::black_box(residues(&dense));
    }))
}

fn residues(dense: &creditcheck::spec::Dense) -> exact::Exact {
    exact::run(dense, exact::Rule::Backprop, &mut |_, _, _| Ok(())).expect("an exact gradient")
}

/// All three are the same gradient, and that of the crate's exact engine.
pub fn check() {
    let data = Data::named("tiny").expect("the small network");
    let (a, b) =
        (gradient::<BigInt>(&data, data.batch), gradient::<BigRational>(&data, data.batch));
    let case = data.dense().to_case().expect("finite numbers");
    let engine = creditcheck::textbook::backprop::run::<BigRational>(&case, &Default::default());
    let engine = engine.expect("the exact gradient");
    let batch = BigRational::from_integer(data.batch.into());
    let scaled = residues(&data.dense());
    for (l, ((aw, ab), (bw, bb))) in a.iter().zip(&b).enumerate() {
        let same = |a: &Scaled<BigInt>, b: &[BigRational]| {
            let below = BigInt::from(1) << a.scale;
            a.values.iter().zip(b).all(|(a, b)| BigRational::new(a.clone(), below.clone()) == *b)
        };
        assert!(same(aw, &bw.values) && same(ab, &bb.values));
        let gradient = &engine.gradient;
        let all = gradient.weights[l].iter().flatten().chain(gradient.biases[l].iter().flatten());
        let mean: Vec<_> = all.map(|entry| entry * &batch).collect();
        let sums: Vec<_> = bw.values.iter().chain(&bb.values).cloned().collect();
        assert_eq!(sums, mean);
        let by_residues = &scaled.layers[l].weights;
        assert!((0..by_residues.len()).all(|k| by_residues.rational(k) * &batch == sums[k]));
        assert!(sums.iter().any(|sum| !sum.is_zero()));
    }
}
