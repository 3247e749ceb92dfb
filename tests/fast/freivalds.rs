//! Freivalds on every product: right results pass, one wrong entry in each product is seen.

use creditcheck::fast;
use creditcheck::spec::outcome::{BackpropOutcome, Credit, CreditOutcome};
use creditcheck::spec::{Activation, Case, Dtype, Network, Neuron, Synapse};
use creditcheck::verdict::Verdict;
use creditcheck::verdict::freivalds::{products, products_backprop};

use super::nets::{Draw, Recipe, ratio};

fn recipe(activations: &[Activation]) -> Recipe<'_> {
    Recipe {
        depth: (2, 5),
        width: (2, 8),
        batches: &[1, 2, 3, 7],
        activations,
        number: |draw| ratio(draw.integer(-1500, 1500), 1000),
        learning_rate: |draw| ratio(draw.integer(1, 20), 10),
    }
}

#[test]
fn right_products_pass() {
    let activations = [
        Activation::Tanh,
        Activation::Relu,
        Activation::Softplus,
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::Logistic,
    ];
    let recipe = recipe(&activations);
    for seed in 0..80 {
        for case in [recipe.case(&mut Draw::new(seed)), recipe.graph(&mut Draw::new(seed))] {
            let verdict =
                products(&case, &fast::credit::run::<f64>(&case).unwrap(), Dtype::F64, seed);
            assert!(!verdict.is_disagree(), "f64 seed {seed}: {verdict:?}");
            let verdict =
                products(&case, &fast::credit::run::<f32>(&case).unwrap(), Dtype::F32, seed);
            assert!(!verdict.is_disagree(), "f32 seed {seed}: {verdict:?}");
        }
        let case = recipe.case(&mut Draw::new(seed));
        let verdict =
            products_backprop(&case, &fast::backprop::run::<f64>(&case).unwrap(), Dtype::F64, seed);
        assert!(!verdict.is_disagree(), "backprop f64 seed {seed}: {verdict:?}");
        let verdict =
            products_backprop(&case, &fast::backprop::run::<f32>(&case).unwrap(), Dtype::F32, seed);
        assert!(!verdict.is_disagree(), "backprop f32 seed {seed}: {verdict:?}");
    }
}

/// Whether something differs, which is then counted.
fn counted(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Disagree(mismatch) => {
            assert!(mismatch.differing > 0, "{mismatch:?}");
            1
        }
        Verdict::Agree(_) | Verdict::Unchecked(_) => 0,
    }
}

#[test]
fn wrong_products_are_seen() {
    let activations = [Activation::Tanh];
    let recipe = recipe(&activations);
    let mut seen = 0;
    for seed in 0..20 {
        let case = recipe.case(&mut Draw::new(seed));
        let right = fast::credit::run::<f64>(&case).unwrap();
        let refused = |change: &dyn Fn(&mut CreditOutcome<f64>)| {
            let mut wrong = right.clone();
            change(&mut wrong);
            counted(&products(&case, &wrong, Dtype::F64, seed))
        };
        let share = 1.0 + 2f64.powi(-40);
        let hidden = Neuron(width(&case));
        seen += refused(&|wrong| wrong.update.weights[Synapse(0)] *= share);
        seen += refused(&|wrong| wrong.examples[0].net_input[hidden] *= share);
        seen += refused(&|wrong| wrong.examples[0].credit[Neuron(0)].0 *= share);
        assert_eq!(refused(&|wrong| wrong.update.weights[Synapse(0)] = f64::NAN), 1);
        assert_eq!(refused(&|wrong| drop(wrong.examples.pop())), 1);
        assert_eq!(refused(&|wrong| wrong.examples[0].credit[hidden] = Credit(1e3)), 1);
    }
    // Entries much smaller than the sum they stand in may hide a relative 2⁻⁴⁰.
    println!("{seen} of 60 entries wrong by 2⁻⁴⁰ of themselves seen");
    assert!(seen >= 50, "{seen}");
}

/// Every product of backpropagation, and the biases of both sides.
#[test]
fn wrong_backprop_is_seen() {
    let activations = [Activation::Tanh];
    let recipe = recipe(&activations);
    let mut seen = 0;
    for seed in 0..20 {
        let case = recipe.case(&mut Draw::new(seed));
        let right = fast::backprop::run::<f64>(&case).unwrap();
        let refused = |change: &dyn Fn(&mut BackpropOutcome<f64>)| {
            let mut wrong = right.clone();
            change(&mut wrong);
            counted(&products_backprop(&case, &wrong, Dtype::F64, seed))
        };
        let share = 1.0 + 2f64.powi(-40);
        seen += refused(&|wrong| wrong.gradient.weights[0][0][0] *= share);
        seen += refused(&|wrong| wrong.examples[0].net_input[0][0] *= share);
        seen += refused(&|wrong| wrong.examples[0].adjoint[0][0].0 *= share);
        seen += refused(&|wrong| wrong.examples[0].delta[0][0].0 *= share);
        assert_eq!(refused(&|wrong| wrong.examples[0].delta[0][0].0 = f64::NAN), 1);
        assert_eq!(refused(&|wrong| drop(wrong.examples.pop())), 1);
        assert_eq!(refused(&|wrong| drop(wrong.gradient.weights[0].pop())), 1);
        if right.gradient.biases[0].is_some() {
            let change = |wrong: &mut BackpropOutcome<f64>| {
                wrong.gradient.biases[0].iter_mut().flatten().for_each(|bias| *bias *= 1.001);
            };
            assert_eq!(refused(&change), 1);
        }
    }
    println!("{seen} of 80 entries wrong by 2⁻⁴⁰ of themselves seen");
    assert!(seen >= 60, "{seen}");
}

fn width(case: &Case) -> usize {
    match &case.network {
        Network::Layered(net) => net.widths()[0],
        Network::Graph(_) => 0,
    }
}
