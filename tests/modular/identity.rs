//! Tier P at any size.

use creditcheck::certificate::residues;
use creditcheck::certify::large::{Identity, identity};
use creditcheck::certify::{Options, Silent};
use creditcheck::linalg::Field;
use creditcheck::modular::{Network, backprop, credit};
use creditcheck::spec::{Activation, Dense, DenseLayer, Dtype, Expect, Kink, Tensor};
use creditcheck::verdict::bridge::{residues_of_credit, residues_of_update};
use creditcheck::verdict::{CellState, Claim, Comparison, Conclusion, Tier, Verdict};

/// A network whose numbers the identity never reads.
pub fn dense(widths: &[usize], batch: usize, activation: &Activation) -> Dense {
    let tensor = |rows: usize, cols: usize| Tensor {
        rows,
        cols,
        dtype: Dtype::F32,
        values: (0..rows * cols).map(|k| (k % 7) as f64 - 3.0).collect(),
    };
    let layers = widths.windows(2).enumerate().map(|(l, pair)| DenseLayer {
        weights: tensor(pair[1], pair[0]),
        biases: (l != 1).then(|| tensor(pair[1], 1)),
        activation: activation.clone(),
        kink: None,
        balance: None,
    });
    Dense {
        name: None,
        layers: layers.collect(),
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: num_rational::BigRational::from_integer(1.into()),
        inputs: tensor(batch, widths[0]),
        targets: tensor(batch, widths[widths.len() - 1]),
        expect: Expect::Agree,
    }
}

fn certified(dense: &Dense, seed: u64) -> Identity {
    let options = Options { seed, ..Options::default() };
    identity(dense, "sha256:00", &options, &mut Silent).unwrap()
}

#[test]
fn every_entry_of_every_draw_is_compared() {
    for (widths, batch) in [(vec![4, 4, 4], 2), (vec![7, 5, 9, 3], 4), (vec![3, 2], 1)] {
        let dense = dense(&widths, batch, &Activation::Relu);
        let found = certified(&dense, 1);
        assert_eq!(found.shape.parameters(), dense.parameters());
        let draws = found.draws.len();
        let degree = 2 * (widths.len() as u64 - 1) + 2;
        assert_eq!(residues::draws(degree, 4_194_301).unwrap().0, draws);
        for (claim, entries) in [
            (Claim::Credit, found.shape.credit_entries()),
            (Claim::Update, found.shape.parameters()),
        ] {
            let cell = found.table.cell(claim, Tier::Identity).unwrap();
            let Some(Verdict::Agree(compared)) = cell.verdict() else { panic!("{cell:?}") };
            assert_eq!(compared.entries, entries * draws);
            // A residue is zero once in four millions.
            assert!(compared.nonzero > compared.entries - 4);
        }
        let update = found.table.cell(Claim::Update, Tier::Identity).unwrap();
        assert!(update.notes.iter().any(|note| note.contains("was seen in")), "{update:?}");
        assert!(update.notes.iter().any(|note| note.contains("modulo 2, 3, 5 and 101")));
        let truth = found.table.cell(Claim::Truth, Tier::Identity).unwrap();
        assert!(
            matches!(&truth.state, CellState::NotApplicable(why) if why.contains("C1–C2 only"))
        );
    }
}

#[test]
fn a_polynomial_network_meets_the_tangent() {
    for activation in [Activation::Quadratic, Activation::Cubic, Activation::Identity] {
        let found = certified(&dense(&[4, 3, 5, 2], 9, &activation), 3);
        let truth = found.table.cell(Claim::Truth, Tier::Identity).unwrap();
        assert_eq!(Conclusion::of(truth.verdict().unwrap()), Conclusion::Agree, "{truth:?}");
    }
}

#[test]
fn another_seed_draws_other_points_and_the_same_seed_the_same() {
    let net = dense(&[3, 4, 2], 2, &Activation::Tanh);
    let (one, again, other) = (certified(&net, 1), certified(&net, 1), certified(&net, 2));
    assert_eq!(one.draws, again.draws);
    assert_ne!(one.draws[0].updates, other.draws[0].updates);
    assert_ne!(one.draws[0].updates, one.draws[1].updates);
}

/// Half as much again as what a float step cannot do without would already be good; three times is the promise.
#[test]
fn memory_is_at_most_three_times_that_of_a_float_step() {
    let (widths, batch) = (vec![300, 400, 400, 10], 100);
    let found = certified(&dense(&widths, batch, &Activation::Relu), 1);
    let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let neurons: usize = widths[1..].iter().sum();
    // W, ∂L/∂W, the inputs, and per neuron x, σ' and δ.
    let float = 8 * (2 * weights + batch * (widths[0] + 3 * neurons));
    assert!(found.bytes <= 3 * float, "{} of {float}", found.bytes);
    // Two products a layer and side, in each draw, and one side once more.
    assert_eq!(found.products, (2 * 2 * found.draws.len() as u64 + 2) * 3);
}

/// The comparison itself: one wrong residue among many, on either side, off by one or by a sign.
#[test]
fn one_wrong_residue_is_found() {
    let field = Field::new(4_194_301).unwrap();
    let gradient: Vec<f64> = (0..1000_u32).map(|k| field.of(k * k * 4201 % 4_194_301)).collect();
    let rate = field.of(123_456);
    let update: Vec<f64> = gradient.iter().map(|g| -field.times(rate, *g)).collect();
    let place = |index: usize| format!("entry {index}");
    let verdict = |update: &[f64]| {
        let mut comparison = Comparison::new();
        residues_of_update(field.prime(), &place, update, (rate, &gradient), &mut comparison);
        comparison.verdict()
    };
    assert!(verdict(&update).is_agree());
    let flipped: Vec<f64> = update.iter().map(|entry| -entry).collect();
    assert!(verdict(&flipped).is_disagree());
    for (index, by) in [(0, 1.0), (999, -1.0), (500, 2_097_150.0)] {
        let mut wrong = update.clone();
        wrong[index] = field.reduce(wrong[index] + by);
        let Verdict::Disagree(mismatch) = verdict(&wrong) else { panic!("{index}") };
        assert_eq!((mismatch.place, mismatch.differing), (place(index), 1));
        // A multiple of p is no difference.
        wrong[index] = update[index] + 4_194_301.0;
        assert!(verdict(&wrong).is_agree());
    }
    let mut comparison = Comparison::new();
    residues_of_credit(101, &place, &[3.0, 50.0], &[-3.0, 51.0], &mut comparison);
    assert!(comparison.verdict().is_agree());
    let mut comparison = Comparison::new();
    residues_of_credit(101, &place, &[0.0; 5], &[0.0; 5], &mut comparison);
    assert!(matches!(comparison.verdict(), Verdict::Unchecked(_)));
}

/// Workspaces refuse a network of other widths.
#[test]
fn a_workspace_belongs_to_its_widths() {
    let field = Field::new(101).unwrap();
    let net =
        |widths: &[usize]| Network::of(&dense(widths, 2, &Activation::Square), &field).unwrap();
    let (own, other) = (net(&[2, 3, 2]), net(&[2, 2, 2]));
    let inputs = creditcheck::linalg::zeros(2, 2);
    let none = Default::default();
    let mut rule = credit::Workspace::new(&own, 2).unwrap();
    assert!(rule.run(&field, &other, inputs.as_ref(), inputs.as_ref(), &none).is_err());
    assert!(rule.run(&field, &own, inputs.as_ref(), inputs.as_ref(), &none).is_ok());
    let mut back = backprop::Workspace::new(&own, 2).unwrap();
    assert!(back.run(&field, &other, inputs.as_ref(), inputs.as_ref(), &none).is_err());
    assert!(credit::Workspace::new(&own, 0).is_err());
}
