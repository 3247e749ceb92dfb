//! The plausible line: what independent roundings explain passes, what they do not is refused, and nothing else is called proved.

use std::fs;
use std::path::Path;

use creditcheck::certify::Silent;
use creditcheck::certify::audit::{Audit, Options, Theirs, audit};
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::judge::{judge, judgement};
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::{
    Activation, Case, Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Number, Tensor,
    Wiring, Work,
};
use creditcheck::verdict::judge::{Judgement, Nearness, Options as Asked};
use creditcheck::verdict::plausible::{graph_spread, spread, threshold};
use creditcheck::verdict::walk::{self, Reference};
use creditcheck::wire::dense;
use creditcheck::wire::gradient::{Gradient, Quantity};
use creditcheck::wire::json::Json;
use creditcheck::wire::tensor::{Asked as Read, Opened, TensorFile, layers, named_layers};
use num_rational::BigRational;
use quickcheck::Arbitrary;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::graphs::GraphCase;

struct Draw(ChaCha8Rng);

impl Draw {
    /// A value of f32 between −1 and 1.
    fn value(&mut self) -> f64 {
        f64::from(self.0.next_u32() >> 8) / f64::from(1 << 23) - 1.0
    }

    fn tensor(&mut self, rows: usize, cols: usize, size: f64) -> Tensor {
        let value = |_| f64::from((self.value() * size) as f32);
        let values = (0..rows * cols).map(value).collect();
        Tensor { rows, cols, dtype: Dtype::F32, values }
    }
}

/// What makes roundings err alike.
#[derive(Clone, Copy, Debug)]
enum Alike {
    Nothing,
    /// Every example four times.
    Examples,
    /// Every hidden neuron twice.
    Neurons,
    /// One input column constant, and all inputs of an example equal.
    Inputs,
}

fn net(seed: u64, alike: Alike) -> Dense {
    net_of(&Activation::Relu, seed, alike)
}

fn net_of(hidden: &Activation, seed: u64, alike: Alike) -> Dense {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let widths = [12, 16, 10, 5];
    let mut layers: Vec<DenseLayer> = (1..widths.len())
        .map(|l| DenseLayer {
            weights: draw.tensor(widths[l], widths[l - 1], 0.6),
            biases: Some(draw.tensor(widths[l], 1, 0.3)),
            activation: if l < 3 { hidden.clone() } else { Activation::Identity },
            kink: None,
            balance: None,
        })
        .collect();
    let (mut inputs, mut targets) = (draw.tensor(16, 12, 1.0), draw.tensor(16, 5, 1.0));
    match alike {
        Alike::Nothing => {}
        Alike::Examples => {
            for (tensor, cols) in [(&mut inputs, 12), (&mut targets, 5)] {
                for b in 0..16 {
                    tensor.values.copy_within(b / 4 * 4 * cols..(b / 4 * 4 + 1) * cols, b * cols);
                }
            }
        }
        Alike::Neurons => {
            for (layer, cols) in layers.iter_mut().zip(widths) {
                for post in (1..layer.weights.rows).step_by(2) {
                    layer.weights.values.copy_within((post - 1) * cols..post * cols, post * cols);
                    let biases = &mut layer.biases.as_mut().unwrap().values;
                    biases[post] = biases[post - 1];
                }
            }
        }
        Alike::Inputs => {
            for b in 0..16 {
                let value = inputs.values[b * 12];
                inputs.values[b * 12..(b + 1) * 12].fill(value);
                inputs.values[b * 12 + 3] = 0.625;
            }
        }
    }
    let learning_rate = BigRational::from_integer(1.into());
    let (name, kink, expect) = (None, Kink::Left, Expect::Agree);
    Dense { name, layers, kink, loss: Default::default(), learning_rate, inputs, targets, expect }
}

fn judged(case: &Case, mine: &Gradient, rigorous: bool) -> Judgement {
    let options = Asked { rigorous, ..Asked::default() };
    // The search for the mistake has a little work only: it is not what is asked here.
    let limits = Limits { work: Work::up_to(1 << 24), ..Limits::default() };
    judge(case, mine, &options, &limits, &mut Silent).unwrap().0
}

fn largest(judgement: &Judgement) -> f64 {
    let all = judgement.blocks.iter().filter_map(|block| block.plausible);
    all.map(|plausible| plausible.largest).fold(0.0, f64::max)
}

/// Right gradients of our own float engine, whatever errs alike in them; wrong by one part in 10⁵, none passes.
#[test]
fn right_floats_are_plausible_and_a_small_factor_is_not() {
    let (mut most, mut refused, mut by_spread_alone) = (0.0_f64, 0, 0);
    let hidden = [Activation::Relu, Activation::Tanh, Activation::Logistic, Activation::Softplus];
    for alike in [Alike::Nothing, Alike::Examples, Alike::Neurons, Alike::Inputs] {
        for seed in 0..12 {
            let (of, quantities) = (seed as usize, [Quantity::Gradient, Quantity::Update]);
            let mut case = net_of(&hidden[of % 4], seed, alike).to_case().unwrap();
            case.learning_rate = BigRational::new(1.into(), 10.into());
            let (number, quantity) = (Number::Float(Dtype::F32), quantities[of / 4 % 2]);
            for rule in [Rule::Credit, Rule::Backprop] {
                let found =
                    gradient(&case, rule, number, quantity, &Limits::default(), &mut Silent);
                let mut mine = found.unwrap();
                (mine.loss, mine.inputs) = (None, None);
                let judged = |mine: &Gradient| {
                    judgement(&case, mine, &Limits::default(), &mut Silent).unwrap()
                };
                let judgement = judged(&mine);
                assert!(!judgement.nearness().is_refused(), "{alike:?}, {seed}: {judgement:?}");
                most = most.max(largest(&judgement));
                for entry in mine.entries.values_mut() {
                    let off = &*entry * BigRational::new(100_001.into(), 100_000.into());
                    *entry = exact_f64(nearest(off.numer(), off.denom(), Dtype::F32)).unwrap();
                }
                let judgement = judged(&mine);
                assert!(judgement.nearness().is_refused(), "{alike:?}, {seed}: {judgement:?}");
                refused += 1;
                by_spread_alone += usize::from(judgement.nearness() == Nearness::Implausible);
            }
        }
    }
    println!(
        "right: at most {most:.2}; wrong: {refused} refused, {by_spread_alone} of them as implausible"
    );
    assert!((0.5..6.0).contains(&most), "{most}");
    assert_eq!(refused, 96);
}

fn zeros(case: &Case, dtype: Dtype) -> Gradient {
    Gradient {
        case: None,
        rule: None,
        options: Vec::new(),
        number: Number::Float(dtype),
        quantity: Quantity::Gradient,
        loss: None,
        entries: Layout::of(case).map(|()| BigRational::from_integer(0.into())),
        inputs: None,
        solver: creditcheck::spec::Solver::default(),
    }
}

/// Zeros are right where no credit comes through, though the gradient is known by an enclosure only.
#[test]
fn zeros_of_a_dead_network_are_no_error() {
    let mut dense = net_of(&Activation::Tanh, 3, Alike::Nothing);
    let last = dense.layers.last_mut().unwrap();
    last.activation = Activation::Relu;
    last.biases.as_mut().unwrap().values.fill(-100.0);
    let case = dense.to_case().unwrap();
    for dtype in [Dtype::F64, Dtype::F32] {
        let judgement = judged(&case, &zeros(&case, dtype), false);
        assert!(!judgement.nearness().is_refused(), "{dtype:?}: {judgement:?}");
        assert!(judgement.unchecked().is_some());
    }
}

/// A blind bound does not vouch for zeros, and neither does the spread.
/// A neuron that is off by four deviations of its net input may be on in floats: what it sends is not zero without doubt.
#[test]
fn a_rate_that_floats_may_see_has_a_deviation() {
    let tensor = |rows: usize, cols: usize, values: &[f64]| {
        assert_eq!(values.len(), rows * cols);
        Tensor { rows, cols, dtype: Dtype::Bf16, values: values.to_vec() }
    };
    let layer = |weights: Tensor, activation| DenseLayer {
        weights,
        biases: None,
        activation,
        kink: None,
        balance: None,
    };
    let of_last = |gap: f64| {
        let dense = Dense {
            layers: vec![
                layer(tensor(2, 1, &[0.6015625, 0.6015625]), Activation::Relu),
                layer(tensor(2, 2, &[1.0, -1.0 - gap, 1.0, 0.0]), Activation::Relu),
                layer(tensor(1, 2, &[1.0, 1.0]), Activation::Identity),
            ],
            inputs: tensor(1, 1, &[1.0]),
            targets: tensor(1, 1, &[0.0]),
            ..net(1, Alike::Nothing)
        };
        spread(&dense, Dtype::Bf16).unwrap().layers[2][0].clone()
    };
    let (near, far) = (of_last(0.0078125), of_last(0.5));
    assert!(near[0] > 0.0 && near[0] < near[1], "{near:?}");
    // Far from its kink it is off for certain: only what underflows is left.
    assert!(far[0] < 1e-35, "{far:?}");
}

#[test]
fn zeros_are_implausible() {
    let dense = net(3, Alike::Nothing);
    let case = dense.to_case().unwrap();
    let zeros = zeros(&case, Dtype::F32);
    let judgement = judged(&case, &zeros, false);
    assert!(judgement.nearness().is_refused());
    assert!(largest(&judgement) > 1e3, "{}", largest(&judgement));
    // Without the third line there is none.
    assert!(judged(&case, &zeros, true).blocks.iter().all(|block| block.plausible.is_none()));
    // A number that is exact has no deviation, and a dead entry none either.
    let found = spread(&dense, Dtype::F32).unwrap();
    assert!(found.layers.iter().flatten().flatten().any(|deviation| *deviation > 0.0));
    assert!((8.0..8.2).contains(&threshold(100)) && (9.1..9.2).contains(&threshold(1_000_000)));
}

/// Numbers whose squares leave f64 have no deviation: neither does ∞ vouch for a block, nor does 0 refuse a right one.
#[test]
fn what_squares_out_of_range_has_no_third_line() {
    for power in [-700, -300, -140, 140, 250] {
        let mut dense = net(4, Alike::Nothing);
        let size = 2f64.powi(power);
        let biases = dense.layers.iter_mut().flat_map(|layer| &mut layer.biases);
        for tensor in biases.chain([&mut dense.inputs, &mut dense.targets]) {
            tensor.dtype = Dtype::F64;
            tensor.values.iter_mut().for_each(|value| *value *= size);
        }
        assert!(spread(&dense, Dtype::F64).is_err(), "2^{power}");
        let case = dense.to_case().unwrap();
        let (number, quantity) = (Number::Float(Dtype::F64), Quantity::Gradient);
        let limits = Limits::default();
        let found = gradient(&case, Rule::Backprop, number, quantity, &limits, &mut Silent);
        let Ok(mut mine) = found else { continue };
        (mine.loss, mine.inputs) = (None, None);
        let judgement = judged(&case, &mine, false);
        assert!(judgement.blocks.iter().all(|block| block.plausible.is_none()), "2^{power}");
        assert!(!judgement.nearness().is_refused(), "2^{power}: {judgement:?}");
    }
}

/// The same of a graph, whose deviations are drawn: what underflows would be a deviation of 0.
#[test]
fn what_leaves_the_reach_of_draws_has_no_third_line() {
    let layers = net(4, Alike::Nothing);
    assert!(graph_spread(&layers.to_case().unwrap(), Dtype::F64).is_ok());
    for power in [-1000, -700, 700] {
        let mut dense = layers.clone();
        let (weights, size) = (&mut dense.layers[1].weights, 2f64.powi(power));
        weights.dtype = Dtype::F64;
        weights.values.iter_mut().for_each(|value| *value *= size);
        assert!(graph_spread(&dense.to_case().unwrap(), Dtype::F64).is_err(), "2^{power}");
    }
}

/// One entry without a deviation takes the line from its block: the others vouch for nothing but themselves.
#[test]
fn a_block_with_a_gap_has_no_third_line() {
    let held = Number::Float(Dtype::F32);
    let block = walk::Block { name: "b", held, is_parameters: true, keep: 5, threshold: 8.0 };
    let place = |k| (format!("b: {k}"), None);
    let one = || BigRational::from_integer(1.into());
    let near = exact_f64(f64::from(1.0f32.next_up())).unwrap();
    let of = |spreads: [Option<f64>; 2]| {
        let entry =
            |spread| (near.clone(), Reference { spread, ..Reference::exactly(one(), Some(2.0)) });
        walk::walk(&block, &place, spreads.map(entry))
    };
    assert_eq!(of([Some(1e-7); 2]).nearness, Nearness::Plausible);
    for gap in [None, Some(f64::INFINITY), Some(f64::NAN)] {
        let found = of([Some(1e-7), gap]);
        assert_eq!((found.nearness, found.plausible), (Nearness::WithinBound, None));
        assert!(found.doubt.is_some(), "{gap:?}");
    }
    // Beyond what is plausible: refused, and the entry is named.
    let found = of([Some(1e-7), Some(1e-9)]);
    assert_eq!(
        (found.nearness, found.first.unwrap().words.as_str()),
        (Nearness::Implausible, "b: 1")
    );
}

fn opened(folder: &Path, name: &str) -> Opened {
    let bytes = fs::read(folder.join(name)).unwrap();
    Opened { name: name.to_owned(), bytes: Box::new(std::io::Cursor::new(bytes)) }
}

fn fixture(name: &str) -> (Dense, std::path::PathBuf) {
    let folder = Path::new("fixtures/audit").join(name);
    let limits = Limits::default();
    let json = Json::read(&fs::read(folder.join("case.json")).unwrap(), &limits).unwrap();
    let found = dense::read(&json, &limits, &mut |name| Ok(opened(&folder, name))).unwrap();
    (found.dense, folder)
}

/// Their gradient, every entry times a factor and rounded again.
fn theirs(dense: &Dense, folder: &Path, name: &str, factor: f64) -> Theirs {
    let limits = Limits::default();
    let mut file = TensorFile::read(opened(folder, name), &limits).unwrap();
    let named = named_layers(&file, &Read::default()).unwrap();
    let found = layers(&mut file, &named, None, &Read::default(), &limits).unwrap();
    let tensors = found.into_iter().flat_map(|(w, b)| std::iter::once(w).chain(b));
    let values = tensors.flat_map(|tensor| tensor.values);
    let entries = Layout::of_dense(dense).hold(values.map(|v| f64::from((v * factor) as f32)));
    Theirs { dtypes: vec![Dtype::F32; entries.blocks.len()], entries }
}

fn audited(dense: &Dense, mine: &Theirs, rigorous: bool) -> Audit {
    let scale = BigRational::from_integer(1.into());
    let options = Options { arithmetic: None, scale, rigorous };
    audit(dense, mine, &options, &mut Silent).unwrap()
}

/// Gradients of three frameworks in f32, of a network on which the rigorous bound is blind: right they pass, times 1.0001 they are refused.
#[test]
fn a_ten_thousandth_is_refused_where_the_bound_is_blind() {
    let (dense, folder) = fixture("digits-784-128-64-10");
    for name in ["torch", "jax", "numpy"] {
        let file = format!("{name}.safetensors");
        let right = audited(&dense, &theirs(&dense, &folder, &file, 1.0), false);
        assert_eq!(right.verdict(), Ok(Nearness::WithinBound), "{name}");
        assert!(largest(&right.judgement) < 5.0, "{name}: {}", largest(&right.judgement));
        let wrong = theirs(&dense, &folder, &file, 1.0001);
        let found = audited(&dense, &wrong, false);
        assert_eq!(found.verdict(), Ok(Nearness::Implausible), "{name}");
        println!(
            "{name}: {:.2}, × 1.0001 {:.0}",
            largest(&right.judgement),
            largest(&found.judgement)
        );
        if name == "torch" {
            // Proved is nothing of it: the bound alone lets it pass.
            assert_eq!(audited(&dense, &wrong, true).verdict(), Ok(Nearness::WithinBound));
        }
    }
}

/// Right floats of graphs without cycles are plausible; times 1.0001 they are refused.
#[test]
fn graphs_have_a_third_line() {
    let mut random = quickcheck::Gen::from_size_and_seed(9, crate::generators::seed(20_261_130));
    let (mut most, mut lines, mut refused) = (0.0_f64, 0, 0);
    let f32s = Number::Float(Dtype::F32);
    while lines < 60 {
        let GraphCase(case) = GraphCase::arbitrary(&mut random);
        let case = case.under_the_theorem();
        if Wiring::of(&case).is_recurrent() {
            continue;
        }
        let quantity = [Quantity::Gradient, Quantity::Update][lines % 2];
        let limits = Limits::default();
        let Ok(mut mine) = gradient(&case, Rule::Credit, f32s, quantity, &limits, &mut Silent)
        else {
            continue;
        };
        (mine.loss, mine.inputs) = (None, None);
        let judged = |mine: &Gradient| judgement(&case, mine, &limits, &mut Silent).unwrap();
        let found = judged(&mine);
        assert!(!found.nearness().is_refused(), "{case:?}: {found:?}");
        most = most.max(largest(&found));
        lines += usize::from(found.blocks.iter().any(|block| block.plausible.is_some()));
        for entry in mine.entries.values_mut() {
            let off = &*entry * BigRational::new(10_001.into(), 10_000.into());
            *entry = exact_f64(nearest(off.numer(), off.denom(), Dtype::F32)).unwrap();
        }
        let off = judged(&mine);
        refused += usize::from(off.nearness().is_refused());
    }
    println!("graphs: {most:.2} deviations at most; {refused} of {lines} refused times 1.0001");
    assert!(most > 0.05 && most < 5.0 && refused > 30, "{most}, {refused}");
}

/// Drawn and by variances: the same network, the same deviations, on the average of its weights.
#[test]
fn a_graph_is_off_by_as_much_as_the_layers_that_it_is() {
    let dense = net_of(&Activation::Tanh, 9, Alike::Nothing);
    let layered = dense.to_case().unwrap();
    let of_layers = spread(&dense, Dtype::F32).unwrap();
    let of_graph = graph_spread(&layered, Dtype::F32).unwrap();
    let layers = of_layers.layers.iter().flat_map(|[weights, _]| weights);
    let ratios: Vec<f64> = of_graph.weights.iter().zip(layers).map(|(a, b)| a / b).collect();
    let mean = ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64;
    // Two kinds of draws, added up: √2 where nothing is alike.
    assert!((0.8..3.0).contains(&mean.exp()), "{}", mean.exp());
}
