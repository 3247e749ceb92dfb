//! The step API: training moves the weights as the exact rule says, and needs no shape twice.

use creditcheck::fast::{self, Network};
use creditcheck::spec::{Activation, Case, Dtype, Kink, Limits, Network as Kind};
use creditcheck::textbook;
use creditcheck::verdict::bounded::{compare_bounded, rounding_bound};
use num_rational::BigRational;

use super::nets::{Draw, Recipe, ratio};

fn recipe(activations: &[Activation]) -> Recipe<'_> {
    Recipe {
        depth: (2, 3),
        width: (2, 6),
        batches: &[4],
        activations,
        number: |draw| draw.dyadic(1 << 20, 20),
        learning_rate: |_| ratio(1, 8),
    }
}

fn layered(case: &Case) -> &creditcheck::spec::Layered {
    match &case.network {
        Kind::Layered(net) => net,
        Kind::Graph(_) => unreachable!("the recipe makes layers"),
    }
}

/// Twenty steps of both rules from the same start end in the same place, nearly; the loss falls.
#[test]
fn credit_and_backprop_train_alike() {
    let activations = [Activation::Tanh, Activation::Identity];
    let case = recipe(&activations).case(&mut Draw::new(11));
    let start = Network::<f64>::of(layered(&case), Kink::Left).unwrap();
    let matrix = |pick: fn(&creditcheck::spec::Example) -> &Vec<BigRational>| {
        let rows = pick(&case.examples[0]).len();
        faer::Mat::from_fn(rows, 4, |row, b| {
            creditcheck::number::nearest_f64(&pick(&case.examples[b])[row])
        })
    };
    let (input, target) = (matrix(|example| &example.input), matrix(|example| &example.target));
    let (mut by_credit, mut by_backprop) = (start.clone(), start.clone());
    let mut credit = fast::credit::Workspace::new(&start, 16).unwrap();
    let mut backprop = fast::backprop::Workspace::new(&start, 16).unwrap();
    let mut losses = Vec::new();
    for _ in 0..20 {
        credit.step(&mut by_credit, input.as_ref(), target.as_ref(), 0.125).unwrap();
        backprop.step(&mut by_backprop, input.as_ref(), target.as_ref(), 0.125).unwrap();
        losses.push(backprop.loss());
    }
    assert!(losses[19] < losses[0], "{losses:?}");
    for (a, b) in by_credit.layers.iter().zip(&by_backprop.layers) {
        let distance = (&a.weights - &b.weights).norm_l2();
        assert!(distance < 1e-12, "{distance}");
        assert_ne!(a.weights, start.layers[0].weights);
    }
    // The trained network is exact dyadics: there and back loses nothing, and it can be certified.
    let exact = by_credit.to_layered().unwrap();
    let again = Network::<f64>::of(&exact, Kink::Left).unwrap();
    assert_eq!(again.layers[0].weights, by_credit.layers[0].weights);
    let rates = credit.predict(&by_credit, input.as_ref()).unwrap();
    assert_eq!(rates.shape(), (layered(&case).layers.last().unwrap().width(), 4));
}

/// One `step` is the update of `run` added to the weights.
#[test]
fn step_is_run() {
    let activations = [Activation::Relu, Activation::Quadratic];
    let case = recipe(&activations).case(&mut Draw::new(5));
    let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    let float = fast::credit::run::<f64>(&case).unwrap();
    let bounds = rounding_bound(&case, Dtype::F64).unwrap();
    assert!(compare_bounded(&bounds, &float, &exact).0.is_agree());
}

/// Wrong shapes are errors that name both shapes, never a panic of the product.
#[test]
fn wrong_shapes_are_refused() {
    let activations = [Activation::Relu];
    let case = recipe(&activations).case(&mut Draw::new(9));
    let mut network = Network::<f32>::of(layered(&case), Kink::Left).unwrap();
    let widths = network.widths();
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let zeros = |rows: usize, columns: usize| faer::Mat::<f32>::zeros(rows, columns);
    let mut credit = fast::credit::Workspace::new(&network, 4).unwrap();
    let mut backprop = fast::backprop::Workspace::new(&network, 4).unwrap();
    for (input, target) in [
        (zeros(inputs + 1, 4), zeros(outputs, 4)),
        (zeros(inputs, 4), zeros(outputs, 3)),
        (zeros(inputs, 4), zeros(outputs + 1, 4)),
        (zeros(inputs, 0), zeros(outputs, 0)),
        (zeros(inputs, 5), zeros(outputs, 5)),
    ] {
        let (input, target) = (input.as_ref(), target.as_ref());
        assert!(credit.step(&mut network, input, target, 0.5).is_err());
        assert!(backprop.step(&mut network, input, target, 0.5).is_err());
    }
    network.layers[0].weights = zeros(1, 1);
    let (input, target) = (zeros(inputs, 4), zeros(outputs, 4));
    assert!(credit.step(&mut network, input.as_ref(), target.as_ref(), 0.5).is_err());
    assert!(backprop.step(&mut network, input.as_ref(), target.as_ref(), 0.5).is_err());
    assert!(fast::credit::Workspace::new(&network, 4).is_err());
}
