//! Zeros never pass: every kind of network, quantity, format and command, at values from normal numbers to far below the smallest subnormal.
//!
//! A network whose inputs, biases and targets are all multiplied by 2⁻ᵏ has a gradient of 2⁻²ᵏ times (weights) and 2⁻ᵏ times (biases)
//! that at k = 0, so that with growing k one block after the other goes below the smallest number of a format.

#[cfg(feature = "cli")]
mod audit;

use creditcheck::certify::Silent;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{judge, temporal};
#[cfg(feature = "fast")]
use creditcheck::spec::{Activation, Layout, Network};
use creditcheck::spec::{Case, Dtype, Limits, Number, TemporalCase, TemporalRule};
use creditcheck::verdict::judge::{Judgement, Nearness};
use creditcheck::verdict::power::Power;
use creditcheck::wire::gradient::{Gradient, Quantity};
use creditcheck::wire::{Document, TemporalDocument};
use num_rational::BigRational;
use num_traits::Zero;

/// From normal numbers to far below the smallest subnormal of f64, the edges of f32 and f64 among them.
const STEPS: [i32; 12] = [0, 12, 40, 70, 75, 100, 149, 400, 536, 538, 1074, 1400];

const LAYERED: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
  {"weights": [["1/3", "-2"], ["5/4", "1/2"]], "biases": ["@1", "@-3"], "activation": "relu"},
  {"weights": [["3/2", "2/3"], ["-1/2", "5"]], "biases": ["@1/2", "@2"], "activation": "leaky"}]},
  "loss": "half_squared_error", "learning_rate": "$", "examples": [
  {"input": ["@3", "@1/2"], "target": ["@1", "@-2"]}, {"input": ["@-1", "@4"], "target": ["@3", "@1/3"]}]}"#;

const GRAPH: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 5, "inputs": [0, 1],
  "outputs": [4], "activation": "leaky", "synapses": [[2, 0, "1/3"], [2, 1, "-2"], [3, 2, "5/4"], [4, 3, "3/2"], [4, 0, "2/3"]],
  "biases": ["0", "0", "@1", "@-3", "@1/2"]}, "loss": "half_squared_error", "learning_rate": "$",
  "examples": [{"input": ["@3", "@1/2"], "target": ["@1"]}, {"input": ["@-1", "@4"], "target": ["@3"]}]}"#;

const CYCLE: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 4, "inputs": [0],
  "outputs": [3], "activation": "leaky", "synapses": [[1, 0, "1/3"], [2, 1, "1/4"], [1, 2, "-1/2"], [3, 2, "5/4"]],
  "biases": ["0", "@1", "@-3", "@1/2"]}, "loss": "half_squared_error", "learning_rate": "$",
  "examples": [{"input": ["@3"], "target": ["@1"]}]}"#;

const TIMED: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/4",
  "activation": "leaky", "recurrent": [["0", "1/3"], ["-1/2", "0"]], "input": [["1/3"], ["-2"]],
  "readout": [["5/3", "1/2"]], "readout_biases": ["@1/9"]}, "loss": "half_squared_error", "learning_rate": "$", "steps": "all",
  "examples": [{"input": [["@3"], ["@-1"], ["@1/2"]], "target": [["@1"], ["@1"], ["@2"]]}]}"#;

/// `@p/q` becomes p/q · 2⁻ᵏ, `$` the learning rate.
fn text(pattern: &str, k: i32, learning_rate: &str) -> String {
    let mut parts = pattern.split('@');
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('"').unwrap();
        let value = creditcheck::number::parse(number, &Limits::default()).unwrap() * power(-k);
        text.push_str(&format!("{value}\"{rest}"));
    }
    text.replace("\"leaky\"", r#"{"name": "leaky_relu", "slope": "1/8"}"#)
        .replace('$', learning_rate)
}

fn power(exponent: i32) -> BigRational {
    let power = BigRational::from_integer(num_bigint::BigInt::from(1) << exponent.unsigned_abs());
    if exponent < 0 { power.recip() } else { power }
}

fn held(value: &BigRational, number: Number) -> BigRational {
    creditcheck::number::held(value, number).unwrap()
}

/// What a run of this table saw.
#[derive(Debug, Default)]
struct Seen {
    /// Files in which a whole result, or a live block of it, is zero.
    zeros: usize,
    /// Those of them that were different or implausible, and those that were unchecked.
    different: usize,
    unchecked: usize,
    /// Right results, and those that passed.
    right: usize,
    passed: usize,
    /// Blocks that are not zero and round to zero.
    underflows: usize,
}

impl Seen {
    /// A result in which something live is zero: never to be accepted.
    fn refuses(&mut self, what: &str, judgement: &Judgement) {
        self.zeros += 1;
        let nearness = judgement.nearness();
        match judgement.unchecked() {
            _ if nearness >= Nearness::Implausible => self.different += 1,
            Some(why) => {
                self.unchecked += 1;
                let named = judgement.blocks.iter().any(|b| why.words().contains(&b.name));
                assert!(named || why.words().contains("whole exact gradient"), "{what}: {why:?}");
            }
            None => panic!("zeros passed: {what}: {judgement:?}"),
        }
    }

    /// The nearest floats, which are never different, and pass unless a block is below the format.
    fn accepts(&mut self, what: &str, judgement: &Judgement) {
        self.right += 1;
        assert!(judgement.nearness() <= Nearness::CorrectlyRounded, "{what}: {judgement:?}");
        let below = judgement.blocks.iter().filter(|b| b.power == Power::Underflows).count();
        self.underflows += below;
        assert_eq!(judgement.unchecked().is_some(), below > 0, "{what}: {judgement:?}");
        self.passed += usize::from(below == 0);
    }
}

/// A quantity and a format of a case.
struct Question<'a> {
    case: &'a Case,
    number: Number,
    quantity: Quantity,
}

impl Question<'_> {
    fn judged(&self, mine: &Gradient) -> Judgement {
        judge::judgement(self.case, mine, &Limits::default(), &mut Silent).unwrap()
    }

    /// The exact result in the format.
    fn right(&self) -> Gradient {
        let (exact, limits) = (Number::Exact, Limits::default());
        let found = gradient(self.case, Rule::Credit, exact, self.quantity, &limits, &mut Silent);
        let mut found = found.unwrap();
        found.number = self.number;
        each(&mut found, |entry| held(entry, self.number));
        found
    }

    /// Everything zero, then one block at a time.
    fn ask(&self, what: &str, seen: &mut Seen) {
        let right = self.right();
        seen.accepts(what, &self.judged(&right));
        let mut dead = right.clone();
        each(&mut dead, |_| BigRational::zero());
        seen.refuses(what, &self.judged(&dead));
        (dead.loss, dead.inputs) = (None, None);
        seen.refuses(what, &self.judged(&dead));
        for (k, block) in right.entries.blocks.iter().enumerate() {
            let mut one = right.clone();
            one.entries.blocks[k].entries.iter_mut().for_each(Zero::set_zero);
            seen.refuses(&format!("{what}, {}", block.name()), &self.judged(&one));
        }
    }
}

/// Every number of a result as another one.
fn each(gradient: &mut Gradient, to: impl Fn(&BigRational) -> BigRational) {
    gradient.entries.values_mut().for_each(|number| *number = to(number));
    let inputs = gradient.inputs.iter_mut().flatten().flatten();
    gradient.loss.iter_mut().chain(inputs).for_each(|number| *number = to(number));
}

fn case(pattern: &str, k: i32, learning_rate: &str) -> Case {
    Document::read(text(pattern, k, learning_rate).as_bytes(), &Limits::default()).unwrap().case
}

const NUMBERS: [Number; 3] = [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)];
const QUANTITIES: [Quantity; 2] = [Quantity::Gradient, Quantity::Update];

/// η from a usual one to one that makes every update underflow.
fn rates() -> [String; 3] {
    ["1/10".into(), "0x1p-140".into(), "0x1p-1100".into()]
}

/// `check`, of layers, graphs and cycles.
#[test]
fn zeros_never_pass_in_check() {
    let mut seen = Seen::default();
    for (kind, pattern) in [("layered", LAYERED), ("graph", GRAPH), ("cycle", CYCLE)] {
        for k in STEPS {
            for rate in rates() {
                let case = case(pattern, k, &rate);
                for (number, quantity) in
                    NUMBERS.into_iter().flat_map(|n| QUANTITIES.map(|q| (n, q)))
                {
                    let no_floats = kind == "cycle" && number != Number::Exact;
                    if no_floats || (quantity == Quantity::Gradient && rate != "1/10") {
                        continue;
                    }
                    let what = format!("{kind}, 2^-{k}, η = {rate}, {number:?}, {quantity:?}");
                    Question { case: &case, number, quantity }.ask(&what, &mut seen);
                }
            }
        }
    }
    println!("{seen:?}");
    assert_eq!(seen.zeros, seen.different + seen.unchecked);
    assert!(seen.zeros > 1_000 && seen.different > 300 && seen.unchecked > 100, "{seen:?}");
    assert!(seen.right > 200 && seen.passed > 50 && seen.underflows > 50, "{seen:?}");
}

/// `check`, over time.
#[test]
fn zeros_never_pass_over_time() {
    let mut seen = Seen::default();
    for k in STEPS {
        for rate in rates() {
            let read = TemporalDocument::read(text(TIMED, k, &rate).as_bytes(), &Limits::default());
            let case = read.unwrap().case;
            for (number, quantity) in NUMBERS.into_iter().flat_map(|n| QUANTITIES.map(|q| (n, q))) {
                if quantity == Quantity::Gradient && rate != "1/10" {
                    continue;
                }
                let what = format!("2^-{k}, η = {rate}, {number:?}, {quantity:?}");
                over_time(&case, number, quantity, &what, &mut seen);
            }
        }
    }
    println!("{seen:?}");
    assert_eq!(seen.zeros, seen.different + seen.unchecked);
    assert!(seen.zeros > 500 && seen.different > 150 && seen.unchecked > 50, "{seen:?}");
    assert!(seen.right > 80 && seen.passed > 20 && seen.underflows > 20, "{seen:?}");
}

fn over_time(case: &TemporalCase, number: Number, quantity: Quantity, what: &str, seen: &mut Seen) {
    let judged =
        |mine: &Gradient| temporal::judgement(case, mine, &Limits::default(), &mut Silent).unwrap();
    let (rule, exact) = (TemporalRule::Bptt, Number::Exact);
    let mut right = temporal::gradient(case, &rule, exact, quantity, &Limits::default()).unwrap();
    right.number = number;
    for block in blocks_over_time(&mut right) {
        block.into_iter().for_each(|entry| *entry = held(entry, number));
    }
    seen.accepts(what, &judged(&right));
    let mut dead = right.clone();
    let zero = |entry: &mut BigRational| entry.set_zero();
    blocks_over_time(&mut dead).into_iter().flatten().for_each(zero);
    seen.refuses(what, &judged(&dead));
    let blocks = blocks_over_time(&mut dead).len();
    for k in 0..blocks {
        let mut one = right.clone();
        blocks_over_time(&mut one).swap_remove(k).into_iter().for_each(zero);
        seen.refuses(&format!("{what}, block {k}"), &judged(&one));
    }
}

/// W, U, V, b and the loss.
fn blocks_over_time(mine: &mut Gradient) -> Vec<Vec<&mut BigRational>> {
    let blocks = mine.entries.blocks.iter_mut();
    let mut blocks: Vec<Vec<_>> = blocks.map(|block| block.entries.iter_mut().collect()).collect();
    blocks.extend(mine.loss.iter_mut().map(|loss| vec![loss]));
    blocks
}

/// Where no exact value can be had, the centre of its enclosure decides what is zero.
#[test]
#[cfg(feature = "fast")]
fn zeros_never_pass_for_given_slopes() {
    let mut seen = Seen::default();
    for activation in [Activation::Tanh, Activation::Logistic, Activation::Softplus] {
        for k in STEPS {
            for rate in rates() {
                let mut case = case(LAYERED, k, &rate);
                let Network::Layered(net) = &mut case.network else { unreachable!() };
                net.layers.iter_mut().for_each(|layer| layer.activation = activation.clone());
                for (number, quantity) in [Number::Float(Dtype::F64), Number::Float(Dtype::F32)]
                    .into_iter()
                    .flat_map(|n| QUANTITIES.map(|q| (n, q)))
                {
                    let question = Question { case: &case, number, quantity };
                    let dead = Gradient {
                        case: None,
                        rule: None,
                        options: Vec::new(),
                        number,
                        quantity,
                        loss: None,
                        entries: Layout::of(&case).map(|()| BigRational::zero()),
                        inputs: None,
                        solver: creditcheck::spec::Solver::default(),
                    };
                    let what =
                        format!("{activation:?}, 2^-{k}, η = {rate}, {number:?}, {quantity:?}");
                    seen.refuses(&what, &question.judged(&dead));
                }
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.zeros > 300 && seen.different > 150 && seen.unchecked > 50, "{seen:?}");
}

/// One block's bound is wider than its values while another's is not: no block vouches for another.
#[test]
fn a_block_without_power_is_named() {
    // The net inputs of layer 1 are 2⁻³⁰ or thereabouts, within reach of rounding in f32: it may take either slope.
    let near_a_kink = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["1/3", "-1/3"], ["1/5", "-1/5"]], "biases": ["0x1p-30", "0x1p-30"], "activation": "relu"},
      {"weights": [["1", "3"]], "biases": ["1/4"], "activation": "identity"}]},
      "loss": "half_squared_error", "learning_rate": "1/10", "examples": [{"input": ["1", "1"], "target": ["3"]}]}"#;
    let case = case(near_a_kink, 0, "1");
    let question =
        Question { case: &case, number: Number::Float(Dtype::F32), quantity: Quantity::Gradient };
    let mut mine = question.right();
    assert_eq!(question.judged(&mine).unchecked(), None, "the nearest floats need no bound");
    mine.entries.blocks[0].entries.iter_mut().for_each(Zero::set_zero);
    let judgement = question.judged(&mine);
    assert_eq!(judgement.nearness(), Nearness::WithinBound, "{judgement:?}");
    let why = judgement.unchecked().unwrap();
    assert!(why.can_be_allowed());
    assert_eq!(why.words(), "weights of layer 1: a bound without power: zeros would pass");
    assert_eq!(judgement.blocks[0].blind, 4);
    assert_eq!(judgement.blocks[3].power, Power::Sees, "the biases of layer 2");
}
