//! `audit`: four formats, four arithmetics, layers of floats.

use creditcheck::certify::Silent;
use creditcheck::certify::audit::{Audit, Options, Theirs, audit};
use creditcheck::number::nearest;
use creditcheck::spec::{
    Activation, Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Tensor,
};
use creditcheck::verdict::judge::Nearness;
use creditcheck::verdict::power::Power;
use num_rational::BigRational;

use super::power;

use crate::engines;

const FORMATS: [Dtype; 4] = [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16];

fn tensor(rows: usize, cols: usize, values: &[f64]) -> Tensor {
    Tensor { rows, cols, dtype: Dtype::F64, values: values.to_vec() }
}

/// 2-2-2; inputs, biases and targets are multiplied by 2⁻ᵏ.
fn net(k: i32) -> Dense {
    let small = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v * 2f64.powi(-k)).collect() };
    let layer = |weights: &[f64], biases: &[f64], activation| DenseLayer {
        weights: tensor(2, 2, weights),
        biases: Some(tensor(2, 1, &small(biases))),
        activation,
        kink: None,
        balance: None,
    };
    Dense {
        name: None,
        layers: vec![
            layer(&[0.375, -2.0, 1.25, 0.5], &[1.0, -3.0], Activation::Relu),
            layer(&[1.5, 0.625, -0.5, 5.0], &[0.5, 2.0], Activation::Identity),
        ],
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: BigRational::from_integer(1.into()),
        inputs: tensor(3, 2, &small(&[3.0, 0.5, -1.0, 4.0, 0.75, 1.0])),
        targets: tensor(3, 2, &small(&[1.0, -2.0, 3.0, 0.375, -1.0, 0.5])),
        expect: Expect::Agree,
    }
}

/// The exact gradient times a scale, rounded once.
fn rounded(dense: &Dense, dtype: Dtype, scale: &BigRational) -> Theirs {
    let case = dense.to_case().unwrap();
    let gradient = engines::backprop(&case, &Limits::default()).unwrap().gradient;
    let layers = gradient.weights.iter().zip(&gradient.biases);
    let all = layers
        .flat_map(|(weights, biases)| weights.iter().flatten().chain(biases.iter().flatten()));
    let scaled = all.map(|value| value * scale);
    let entries = Layout::of(&case).hold(scaled.map(|v| nearest(v.numer(), v.denom(), dtype)));
    Theirs { dtypes: vec![dtype; entries.blocks.len()], entries }
}

fn is_accepted(found: &Audit) -> bool {
    matches!(found.verdict(), Ok(nearness) if nearness != Nearness::Different)
}

#[test]
fn zeros_never_pass_in_audit() {
    let (mut zeros, mut unchecked, mut right, mut passed, mut underflows) = (0, 0, 0, 0, 0);
    for k in [0, 3, 6, 8, 10, 11, 12, 13, 20, 40, 66, 74, 75, 80, 130, 400, 500] {
        let dense = net(k);
        for scale in [power(0), power(-9), -power(4) / BigRational::from_integer(3.into())] {
            for dtype in FORMATS {
                let exact = rounded(&dense, dtype, &scale);
                // Beyond the largest number there is nothing to write.
                if exact.entries.values().any(|value| value.is_infinite()) {
                    continue;
                }
                for arithmetic in [None, Some(Dtype::F64), Some(Dtype::F32), Some(Dtype::F16)] {
                    let options = Options {
                        arithmetic: arithmetic.map(Into::into),
                        scale: scale.clone(),
                        rigorous: true,
                    };
                    let audited =
                        |theirs: &Theirs| audit(&dense, theirs, &options, &mut Silent).unwrap();
                    let what = format!("2^-{k} × {scale}, {dtype:?}, {arithmetic:?}");
                    let found = audited(&exact);
                    let below =
                        found.judgement.blocks.iter().any(|block| block.power == Power::Underflows);
                    assert_eq!(is_accepted(&found), !below, "{what}: {found:?}");
                    right += 1;
                    passed += usize::from(!below);
                    underflows += usize::from(below);
                    let mut refuses = |theirs: &Theirs, block: Option<usize>| {
                        let found = audited(theirs);
                        assert!(!is_accepted(&found), "{what}, block {block:?}: {found:?}");
                        zeros += 1;
                        unchecked += usize::from(found.verdict().is_err());
                    };
                    let mut dead = exact.clone();
                    dead.entries.values_mut().for_each(|value| *value = 0.0);
                    refuses(&dead, None);
                    for block in 0..4 {
                        let mut one = exact.clone();
                        one.entries.blocks[block].entries.fill(0.0);
                        refuses(&one, Some(block));
                    }
                }
            }
        }
    }
    println!(
        "{zeros} zeros, {unchecked} unchecked; {right} right, {passed} passed, {underflows} below"
    );
    assert!(zeros > 3_000 && unchecked > 500, "{zeros} {unchecked}");
    assert!(right > 600 && passed > 200 && underflows > 200, "{right} {passed} {underflows}");
}

/// What is computed in one format and stored in another is rounded once more, and a scale at which everything underflows earlier is allowed for.
#[test]
fn the_last_rounding_belongs_to_the_bound() {
    let scale = BigRational::new((-7).into(), 3.into());
    let (mut within, mut beyond) = (0, 0);
    for k in [0, 2, 5, 9] {
        let dense = net(k);
        for (arithmetic, stored) in [
            (Dtype::F64, Dtype::F32),
            (Dtype::F64, Dtype::F16),
            (Dtype::F32, Dtype::F16),
            (Dtype::F32, Dtype::Bf16),
            (Dtype::F16, Dtype::Bf16),
        ] {
            // Rounded to the arithmetic first and then stored: twice, so not always to the nearest.
            let mut theirs = rounded(&dense, arithmetic, &scale);
            let mut wrong = theirs.clone();
            for (value, wrong) in theirs.entries.values_mut().zip(wrong.entries.values_mut()) {
                let exact = creditcheck::number::exact_f64(*value).unwrap();
                *value = nearest(exact.numer(), exact.denom(), stored);
                // Two units in the last place of the format it is stored in.
                let ulp = value.abs() * 2f64.powi(1 - i32::try_from(stored.precision()).unwrap());
                let off = creditcheck::number::exact_f64(*value + 2.0 * ulp).unwrap();
                *wrong = nearest(off.numer(), off.denom(), stored);
            }
            theirs.dtypes.fill(stored);
            wrong.dtypes.fill(stored);
            let options = Options {
                arithmetic: Some(arithmetic.into()),
                scale: scale.clone(),
                rigorous: true,
            };
            let found = audit(&dense, &theirs, &options, &mut Silent).unwrap();
            let most = found.judgement.blocks.iter().map(|block| block.beyond).sum::<usize>();
            assert_eq!(most, 0, "2^-{k}, {arithmetic:?} in {stored:?}: {found:?}");
            within += found.judgement.blocks.iter().map(|block| block.entries).sum::<usize>();
            let found = audit(&dense, &wrong, &options, &mut Silent).unwrap();
            beyond += found.judgement.blocks.iter().map(|block| block.beyond).sum::<usize>();
        }
    }
    println!("{within} within, {beyond} beyond");
    assert_eq!(within, 4 * 5 * 12);
    assert!(beyond > 100, "{beyond}");
}
