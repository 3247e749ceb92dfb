//! What `check` says of wrong numbers: factors, right numbers in a wrong place, another format; and of noise nothing.

use creditcheck::certify::Silent;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::judge::judge;
use creditcheck::number::{exact_f64, nearest, nearest_f64};
use creditcheck::spec::{Case, Dtype, Layout, Limits, Network, Number, Part, Shape};
use creditcheck::verdict::factor::Factor;
use creditcheck::verdict::judge::{Nearness, Options as Asked};
use creditcheck::verdict::rearranged::{clipped_by_norm, explained};
use creditcheck::verdict::walk::Reference;
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn q(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

/// 3-3-3 with B = 3 and K = 3, weights that no two blocks share.
fn case(activation: &str) -> Case {
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
      {{"weights": [["1/2", "-3/4", "1"], ["5/8", "1/4", "-1/2"], ["1", "1/8", "3/8"]], "biases": ["1/8", "1/4", "-1/8"],
        "activation": {activation}}},
      {{"weights": [["3/4", "-1/2", "1/4"], ["1/8", "1", "-5/8"], ["-1/4", "3/8", "1/2"]], "biases": ["1/2", "-1/4", "1/8"],
        "activation": "identity"}}]}}, "loss": "half_squared_error", "learning_rate": "1/5",
      "examples": [{{"input": ["1", "1/2", "-1/4"], "target": ["1", "0", "-1"]}},
                   {{"input": ["-1/2", "1", "3/4"], "target": ["1/2", "1", "0"]}},
                   {{"input": ["1/4", "-3/4", "1"], "target": ["-1", "1/4", "1/2"]}}]}}"#
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

const QUADRATIC: &str = "\"quadratic\"";

/// The right gradient, changed, and then held in a format.
fn said(
    case: &Case,
    number: Number,
    change: impl FnOnce(&mut Gradient),
) -> (Nearness, Vec<String>) {
    let (exact, limits) = (Number::Exact, Limits::default());
    let is_exact = case.is_exact();
    let rule = match case.network {
        Network::Layered(_) => Rule::Backprop,
        Network::Graph(_) => Rule::Credit,
    };
    let from = if is_exact { exact } else { Number::Float(Dtype::F64) };
    let mut mine = gradient(case, rule, from, Quantity::Gradient, &limits, &mut Silent).unwrap();
    (mine.loss, mine.inputs, mine.number) = (None, None, number);
    change(&mut mine);
    if let Some(dtype) = number.dtype() {
        for entry in mine.entries.values_mut() {
            *entry = exact_f64(nearest(entry.numer(), entry.denom(), dtype)).unwrap();
        }
    }
    let (judgement, said) = judge(case, &mine, &Asked::default(), &limits, &mut Silent).unwrap();
    (judgement.nearness(), said)
}

const HELD: [Number; 3] = [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)];

fn times(factor: BigRational) -> impl Fn(&mut Gradient) {
    move |mine| mine.entries.values_mut().for_each(|entry| *entry *= &factor)
}

/// Every usual factor is read, in fractions and in floats, with the remedy; and products of them.
#[test]
fn factors_are_read() {
    let case = case(QUADRATIC);
    for number in HELD {
        for (factor, words) in [
            (q(2, 1), "a loss without its ½"),
            (q(-1, 1), "the other sign"),
            (q(2, 3), "the mean of the squares over batch and outputs (2/K)"),
            (q(6, 1), "a loss without its ½, and a sum over the batch"),
            (q(-2, 1), "the other sign, and a loss without its ½"),
            (q(1, 5), "the learning rate (η)"),
            (q(3, 2), "1/(B − 1) in place of 1/B"),
            (q(-5, 1), "the other sign, and a division by the learning rate"),
        ] {
            let (nearness, said) = said(&case, number, times(factor.clone()));
            assert_eq!(nearness, Nearness::Different);
            let first = &said[0];
            let start = format!("all entries of this gradient are {factor} times the exact ones");
            assert!(
                first.starts_with(&start) && first.contains(words),
                "{number:?} {factor}: {said:?}"
            );
            assert!(first.ends_with(&format!("--scale {factor}")), "{said:?}");
        }
        // 1/3 is B and K at once: both are said.
        let (_, said) = said(&case, number, times(q(1, 3)));
        assert!(said[0].contains("1/B once more"), "{said:?}");
        assert!(said[0].contains(", or with ") && said[0].contains("over the outputs"), "{said:?}");
    }
}

/// A factor of one layer is read though its few entries are some roundings off: how well they fit another one is an accident.
#[test]
fn a_factor_of_one_layer_is_read_through_roundings() {
    let case = case(QUADRATIC);
    let (nearness, said) = said(&case, Number::Float(Dtype::F64), |mine| {
        for block in &mut mine.entries.blocks[..2] {
            for entry in &mut block.entries {
                // Three ulps at most, all to one side.
                let off = 1.0 + 3.0 * f64::EPSILON;
                *entry = exact_f64(nearest_f64(&(&*entry * q(1, 3))) * off).unwrap();
            }
        }
    });
    assert_eq!(nearness, Nearness::Different);
    assert!(said.iter().any(|s| s.contains("biases of layer 1 are 1/3 times")), "{said:?}");
}

/// With `--scale` what is meant is right, and what is not is wrong.
#[test]
fn a_scale_that_is_declared_is_right() {
    let case = case(QUADRATIC);
    let limits = Limits::default();
    for number in HELD {
        let mut mine = gradient(
            &case,
            Rule::Backprop,
            Number::Exact,
            Quantity::Gradient,
            &limits,
            &mut Silent,
        )
        .unwrap();
        (mine.loss, mine.inputs, mine.number) = (None, None, number);
        times(q(2, 3))(&mut mine);
        if let Some(dtype) = number.dtype() {
            for entry in mine.entries.values_mut() {
                *entry = exact_f64(nearest(entry.numer(), entry.denom(), dtype)).unwrap();
            }
        }
        let of = |scale| {
            let options = Asked { scale, ..Asked::default() };
            judge(&case, &mine, &options, &limits, &mut Silent).unwrap().0.nearness()
        };
        assert!(of(q(2, 3)) <= Nearness::CorrectlyRounded);
        assert_eq!(of(q(1, 1)), Nearness::Different);
    }
}

/// Right numbers in a wrong place, or cut.
#[test]
fn rearranged_numbers_are_told() {
    let case = case(QUADRATIC);
    let swap = |mine: &mut Gradient, a: usize, b: usize| {
        let other = mine.entries.blocks[a].entries.clone();
        mine.entries.blocks[a].entries =
            std::mem::replace(&mut mine.entries.blocks[b].entries, other);
    };
    for number in HELD {
        let of = |change: &dyn Fn(&mut Gradient)| said(&case, number, |mine| change(mine)).1;
        let turned = of(&|mine| {
            let old = mine.entries.blocks[0].entries.clone();
            (0..9).for_each(|at| {
                mine.entries.blocks[0].entries[at] = old[at % 3 * 3 + at / 3].clone()
            });
        });
        assert!(turned[0].starts_with("the weights of layer 1 are transposed"), "{turned:?}");
        let layers = of(&|mine| {
            swap(mine, 0, 2);
            swap(mine, 1, 3);
        });
        assert!(layers[0].starts_with("blocks are in another order: in place of the weights of layer 1 those of the weights of layer 2"), "{layers:?}");
        let frozen = of(&|mine| mine.entries.blocks[1].entries.fill(q(0, 1)));
        assert!(frozen[0].starts_with("the biases of layer 1 are all zero"), "{frozen:?}");
        let broadcast = of(&|mine| {
            let sum: BigRational = mine.entries.blocks[3].entries.iter().sum();
            mine.entries.blocks[3].entries.fill(sum);
        });
        assert!(broadcast[0].contains("is the sum of all of them"), "{broadcast:?}");
        let clipped = of(&|mine| {
            let most = q(1, 8);
            for entry in mine.entries.values_mut() {
                *entry = entry.clone().min(most.clone()).max(-&most);
            }
        });
        assert!(clipped[0].contains("cut at ±1/8"), "{clipped:?}");
        let block =
            of(&|mine| mine.entries.blocks[0].entries.iter_mut().for_each(|e| *e *= q(1, 3)));
        assert!(
            block[0].starts_with("the weights of layer 1 are 1/3 times the exact ones"),
            "{block:?}"
        );
    }
    let floats = said(&case, Number::Float(Dtype::F64), |mine| {
        let squares = mine.entries.values().map(|v| nearest_f64(v).powi(2)).sum::<f64>();
        let factor = BigRational::from_float(0.25 / squares.sqrt()).unwrap();
        times(factor)(mine);
    });
    assert!(
        floats.1[0].contains("the length 0.25") && floats.1[0].contains("clipped by norm"),
        "{floats:?}"
    );
}

/// Mistakes in real floats are named, whatever σ; the numbers are those of the mistake's own arithmetic, rounded.
#[test]
fn mistakes_are_named_under_rounding() {
    for activation in ["\"quadratic\"", "\"softsign\"", "\"tanh\"", "\"logistic\"", "\"softplus\""]
    {
        let case = case(activation);
        for dtype in [Dtype::F64, Dtype::F32] {
            let (nearness, said) = said(&case, Number::Float(dtype), |mine| {
                // M04 in layer 1: without the slope there. Known by hand: δ is what comes back, and no more.
                let limits = Limits::default();
                let mut straight = case.clone();
                if let creditcheck::spec::Network::Layered(net) = &mut straight.network {
                    net.layers[0].balance = Some(creditcheck::spec::Activation::Identity);
                }
                let number =
                    if case.is_exact() { Number::Exact } else { Number::Float(Dtype::F64) };
                let found = gradient(
                    &straight,
                    Rule::Credit,
                    number,
                    Quantity::Gradient,
                    &limits,
                    &mut Silent,
                );
                mine.entries = found.unwrap().entries;
            });
            assert_eq!(nearness, Nearness::Different, "{activation} {dtype:?}");
            let expected =
                "this is the gradient of a rule that leaves out the balance factor in layer 1";
            assert!(
                said.iter().any(|s| s.starts_with(expected)),
                "{activation} {dtype:?}: {said:?}"
            );
            assert_eq!(said.len(), 1, "{activation} {dtype:?}: {said:?}");
        }
    }
}

/// bf16 and f16: the nearest values pass, a bit of the largest entry does not, and f32 values that say so are told.
#[test]
fn narrow_formats_are_judged() {
    let case = case(QUADRATIC);
    for dtype in [Dtype::Bf16, Dtype::F16] {
        let number = Number::Float(dtype);
        assert_eq!(said(&case, number, |_| ()), (Nearness::CorrectlyRounded, vec![]), "{dtype:?}");
        let (nearness, said_of) = said(&case, number, times(q(2, 1)));
        assert!(nearness.is_refused(), "{dtype:?}");
        assert!(
            said_of.iter().any(|s| s.contains("2 times the exact ones")),
            "{dtype:?}: {said_of:?}"
        );
        // The same values in a file that says f64.
        let (nearness, said_of) = said(&case, Number::Float(Dtype::F64), |mine| {
            for entry in mine.entries.values_mut() {
                *entry = exact_f64(nearest(entry.numer(), entry.denom(), dtype)).unwrap();
            }
        });
        assert_eq!(nearness, Nearness::Different);
        let name = dtype.name();
        let expected = format!("say \"number\": \"{name}\"");
        assert!(said_of[0].ends_with(&expected), "{said_of:?}");
    }
}

/// Right numbers times factors that cancel out, each of which rounds: right still, where no sum of the case rounds at all.
#[test]
fn factors_that_cancel_are_no_mistake() {
    const PLAIN: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["4"], ["5"], ["-8"]], "activation": "identity"}]}, "loss": "half_squared_error", "learning_rate": "1",
      "examples": [{"input": ["1"], "target": ["6", "0", "-1"]}]}"#;
    let case = Document::read(PLAIN.as_bytes(), &Limits::default()).unwrap().case;
    let (nearness, said_of) = said(&case, Number::Float(Dtype::F64), |mine| {
        for entry in mine.entries.values_mut() {
            *entry = exact_f64(nearest_f64(entry).next_up()).unwrap();
        }
    });
    assert_eq!((nearness, said_of), (Nearness::WithinBound, vec![]));
    // And no wider than that.
    let (nearness, _) =
        said(&case, Number::Float(Dtype::F64), times(q(1_000_000_000_001, 1_000_000_000_000)));
    assert!(nearness.is_refused());
}

/// A factor that may as well be 1 is none, however many readings lie beside it.
#[test]
fn a_factor_that_may_be_one_is_not_read() {
    let case = case(QUADRATIC);
    let of = |factor: BigRational| {
        // In bf16 the bound is as wide as the entries.
        said(&case, Number::Float(Dtype::Bf16), times(factor)).1
    };
    for percent in 101..115 {
        let said_of = of(q(percent, 100));
        assert!(
            said_of.iter().all(|s| !s.contains("times the exact ones")),
            "{percent}: {said_of:?}"
        );
    }
}

/// Noise has no name: of 180 gradients that are wrong in no known way, none is explained.
#[test]
fn noise_is_not_explained() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut tried = 0;
    for activation in [QUADRATIC, "\"relu\"", "\"tanh\""] {
        let case = case(activation);
        for round in 0..30 {
            for dtype in [Dtype::F64, Dtype::F32] {
                let (nearness, said) = said(&case, Number::Float(dtype), |mine| {
                    for (k, entry) in mine.entries.values_mut().enumerate() {
                        // Everything, or a third of it.
                        if round % 3 == 0 || k % 3 == round % 3 {
                            let off = i64::from(random.next_u32() % 2001) - 1000;
                            *entry = &*entry + q(off, 3000) * (q(1, 7) + &*entry);
                        }
                    }
                });
                assert_eq!(nearness, Nearness::Different);
                let said: Vec<_> = said.iter().filter(|s| !s.contains("stopped at")).collect();
                assert!(said.is_empty(), "{activation} {round} {dtype:?}: {said:?}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 180);
}

/// The case with so many times the entries of a gradient added to its weights.
fn moved(case: &Case, by: &Gradient, times: &BigRational) -> Case {
    let mut case = case.clone();
    let creditcheck::spec::Network::Layered(net) = &mut case.network else { panic!("layers") };
    let mut entries = by.entries.values();
    for layer in &mut net.layers {
        let values = layer.weights.iter_mut().flatten();
        for value in values.chain(layer.biases.iter_mut().flatten()) {
            *value += times * entries.next().unwrap();
        }
    }
    case
}

fn exact_gradient(case: &Case, quantity: Quantity) -> Gradient {
    let (exact, limits) = (Number::Exact, Limits::default());
    let mut mine = gradient(case, Rule::Backprop, exact, quantity, &limits, &mut Silent).unwrap();
    (mine.loss, mine.inputs, mine.rule) = (None, None, None);
    mine
}

fn held_in(mut mine: Gradient, number: Number) -> Gradient {
    mine.number = number;
    mine.entries = mine.entries.map(|entry| creditcheck::number::held(&entry, number).unwrap());
    mine
}

/// Targets that belong to other inputs are named, with the order; each order by itself.
#[test]
fn targets_in_another_order_are_told() {
    let case = case(QUADRATIC);
    for number in HELD {
        for (order, told) in [([1, 2, 0], "1, 2, 0"), ([0, 2, 1], "0, 2, 1")] {
            let mut other = case.clone();
            for (example, from) in other.examples.iter_mut().zip(order) {
                example.target.clone_from(&case.examples[from].target);
            }
            let theirs = exact_gradient(&other, Quantity::Gradient).entries;
            let (nearness, said_of) = said(&case, number, |mine| mine.entries = theirs);
            assert_eq!(nearness, Nearness::Different);
            let [only] = &said_of[..] else { panic!("{number:?}: {said_of:?}") };
            assert!(only.contains("targets in another order") && only.ends_with(told), "{only}");
        }
    }
}

/// A gradient of the weights before the step that led to those of the case, or after one more, is named; in floats the weights of the case
/// are rounded as those of a training are.
#[test]
fn gradients_of_other_weights_are_named() {
    let case = case(QUADRATIC);
    let eta = &case.learning_rate;
    for number in HELD {
        for quantity in [Quantity::Gradient, Quantity::Update] {
            let step = exact_gradient(&case, Quantity::Gradient);
            let next = moved(&case, &held_in(step, number), &-eta.clone());
            let mut now = next.clone();
            if let (Some(dtype), creditcheck::spec::Network::Layered(net)) =
                (number.dtype(), &mut now.network)
            {
                for layer in &mut net.layers {
                    let values = layer.weights.iter_mut().flatten();
                    for value in values.chain(layer.biases.iter_mut().flatten()) {
                        *value = exact_f64(nearest(value.numer(), value.denom(), dtype)).unwrap();
                    }
                }
            }
            for (of, mine, words) in [
                (&now, exact_gradient(&case, quantity), "before the step of η = 1/5"),
                (&case, exact_gradient(&next, quantity), "after a step of η = 1/5"),
            ] {
                let mine = held_in(mine, number);
                let (found, said) =
                    judge(of, &mine, &Asked::default(), &Limits::default(), &mut Silent).unwrap();
                assert_eq!(found.nearness(), Nearness::Different);
                let named = said.iter().any(|sentence| sentence.contains(words));
                assert!(named && said.len() == 1, "{number:?} {words}: {said:?}");
            }
        }
    }
}

/// Rows of `inputs` that are right in another order are told so, and rows that are not are not.
#[test]
fn rows_in_another_order_are_told() {
    let case = case(QUADRATIC);
    let right = gradient(
        &case,
        Rule::Backprop,
        Number::Exact,
        Quantity::Gradient,
        &Limits::default(),
        &mut Silent,
    )
    .unwrap();
    for number in HELD {
        let rows = right.inputs.clone().unwrap();
        let hold = |row: &Vec<BigRational>| -> Vec<BigRational> {
            row.iter().map(|x| creditcheck::number::held(x, number).unwrap()).collect()
        };
        let rows: Vec<_> = rows.iter().map(hold).collect();
        let mut mine = held_in(Gradient { loss: None, ..right.clone() }, number);
        let mut said = |order: [usize; 3], spoil: bool| {
            let mut inputs: Vec<_> = order.iter().map(|b| rows[*b].clone()).collect();
            if spoil {
                inputs[1][0] += q(1, 2);
            }
            mine.inputs = Some(inputs);
            judge(&case, &mine, &Asked::default(), &Limits::default(), &mut Silent).unwrap().1
        };
        let named = |said: &[String]| said.iter().any(|s| s.contains("in the order"));
        let wrong = said([1, 2, 0], false);
        assert!(wrong.iter().any(|s| s.contains("in the order 1, 2, 0")), "{wrong:?}");
        assert!(!named(&said([0, 1, 2], false)) && !named(&said([1, 2, 0], true)));
        assert!(!named(&said([1, 1, 0], false)));
    }
}

/// A block that fits its transpose, one sum or the sums of rows within bounds as wide as its entries fits by accident.
#[test]
fn what_fits_within_any_bound_is_not_told() {
    let layer = |shape| (Part::Layer(0), shape);
    let layout =
        Layout::new([layer(Shape::Matrix { rows: 2, columns: 2 }), layer(Shape::Vector(2))]);
    let bf16 = Number::Float(Dtype::Bf16);
    let right = [1, 5, -7, 3, -60, 64].map(|value| q(value, 1));
    let transposed = [1, -7, 5, 3, -60, 64];
    let one_sum = [1, 5, -7, 3, 4, 4];
    let rows = [1, 5, -7, 3, 6, -4];
    for (theirs, says) in
        [(transposed, "transposed"), (one_sum, "the sum of all"), (rows, "sums of the rows")]
    {
        let theirs = layout.hold(theirs.map(|value| q(value, 1)));
        // Fourteen bits are needed here, of which an entry of bf16 says seven or more if its bound is narrow.
        for (bound, is_told) in [(1e-6, true), (1.5, false)] {
            let of = |value: &BigRational| Reference::exactly(value.clone(), Some(bound));
            let said = explained(bf16, &theirs, &layout.hold(right.each_ref().map(of)));
            let is_said = said.iter().any(|sentence| sentence.contains(says));
            assert_eq!(is_said, is_told, "{says} within {bound}: {said:?}");
        }
    }
}

/// Any number of few digits is a round length: one entry alone is clipped by nothing.
#[test]
fn one_entry_is_not_clipped_by_norm() {
    let bf16 = Number::Float(Dtype::Bf16);
    let layout = Layout::new([(Part::Layer(0), Shape::Vector(2))]);
    for (theirs, right, is_told) in [([3, 4], [6, 8], true), ([0, 5], [0, 8], false)] {
        let right = right.map(|value| Reference::exactly(q(value, 1), Some(1e-6)));
        let theirs = layout.hold(theirs.map(|value| q(value, 1)));
        let factor = Factor::of(bf16, theirs.blocks[0].entries.iter().zip(&right)).unwrap();
        assert_eq!(clipped_by_norm(&theirs, &factor).is_some(), is_told, "{factor:?}");
    }
}

/// A graph whose synapses are neither sorted by post nor by pre, with a pair that leads to and fro where it has a cycle.
fn graph(cycle: bool) -> Case {
    let back = if cycle { r#", [2, 3, "1/16"]"# } else { "" };
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 5, "inputs": [0, 1], "outputs": [4],
        "activation": "identity", "synapses": [[4, 3, "1/2"], [3, 0, "3/4"], [2, 1, "-1/2"], [3, 2, "1/4"], [4, 2, "-3/8"], [2, 0, "5/8"]{back}]}},
        "loss": "half_squared_error", "learning_rate": "1", "examples": [{{"input": ["1", "1/2"], "target": ["1/4"]}},
        {{"input": ["-3/4", "1/8"], "target": ["-1"]}}]}}"#
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

/// The values of synapses in an order that is not that of the case, and noise among them.
#[test]
fn synapses_in_another_order_are_told() {
    let in_order = |order: &'static [usize]| {
        move |mine: &mut Gradient| {
            let old = mine.entries.blocks[0].entries.clone();
            mine.entries.blocks[0].entries = order.iter().map(|at| old[*at].clone()).collect();
        }
    };
    let orders: [(&'static [usize], &str); 3] = [
        (&[5, 2, 1, 3, 4, 0], "sorted by the postsynaptic neuron"),
        (&[5, 1, 2, 3, 4, 0], "sorted by the presynaptic neuron"),
        (&[5, 4, 3, 2, 1, 0], "from the last to the first"),
    ];
    for number in HELD {
        for (order, words) in orders {
            let said = said(&graph(false), number, in_order(order)).1;
            let told = |said: &String| {
                said.starts_with("the weights of the graph are in another order")
                    && said.contains(words)
            };
            assert!(said.iter().any(told), "{number:?}, {words}: {said:?}");
        }
        // An order that nobody sorts by has no name, nor has a right order with one wrong number in it.
        let other: &'static [usize] = &[1, 0, 2, 3, 4, 5];
        let off = |mine: &mut Gradient| {
            in_order(orders[0].0)(mine);
            mine.entries.blocks[0].entries[2] *= q(9, 8);
        };
        for said in
            [said(&graph(false), number, in_order(other)).1, said(&graph(false), number, off).1]
        {
            assert!(
                !said.iter().any(|said| said.contains("another order")),
                "{number:?}: {said:?}"
            );
        }
    }
    // To and fro: of neurons 2 and 3 each synapse has the number of the other.
    let limits = Limits::default();
    let mut mine = gradient(
        &graph(true),
        Rule::Tangent,
        Number::Exact,
        Quantity::Gradient,
        &limits,
        &mut Silent,
    )
    .unwrap();
    (mine.loss, mine.inputs) = (None, None);
    mine.entries.blocks[0].entries.swap(3, 6);
    let (judgement, said) =
        judge(&graph(true), &mine, &Asked::default(), &limits, &mut Silent).unwrap();
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert!(said.iter().any(|said| said.contains("the one that leads back")), "{said:?}");
}
