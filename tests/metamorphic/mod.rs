//! The same network said in another way: numbers transform, verdicts stay.
//!
//! Permuted neurons, synapses and examples, doubled and split batches, powers of two, dead and isolated neurons, layers as a graph, tensors
//! in four formats. What `certify` concludes of each claim, what a certificate says in each row, what `check` says of right and of wrong
//! results, and what `gradient` computes must not depend on it.

mod relations;
#[cfg(feature = "cli")]
mod tensors;

use std::collections::BTreeMap;

use creditcheck::certificate::verify::verify;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{self, Certified, Options, Silent, judge};
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::{Activation, Case, Dtype, Limits, Network, Number, PerBlock, Wiring};
use creditcheck::verdict::{Claim, Conclusion, Verdict};
use creditcheck::wire::gradient::{Gradient, Quantity};
use creditcheck::wire::{Document, certificate as wire};
use num_rational::BigRational as Q;
use num_traits::Zero;
use proptest::strategy::{Strategy, ValueTree};
use quickcheck::{Arbitrary, Gen};

use crate::engines;
use crate::generators::graphs::GraphCase;
use crate::generators::layered::{Functions, Numbers, layered, runner};
use crate::generators::ratio;
use crate::generators::recurrent::PiecewiseLinear;
use relations::{Moved, relations};

/// Layered nets, feed-forward graphs and graphs with cycles: as they come, and some in which something is dead, met or wrong.
fn cases(layers: usize, graphs: usize, cycles: usize) -> Vec<Case> {
    let mut runner = runner(1);
    let strategy = layered(Functions::Exact, Numbers::Plain);
    let mut drawn = || strategy.new_tree(&mut runner).unwrap().current();
    let mut cases: Vec<Case> = (0..layers).map(|_| drawn()).collect();
    // Homogeneous throughout.
    let mut plain = drawn();
    let Network::Layered(net) = &mut plain.network else { unreachable!() };
    for (l, layer) in net.layers.iter_mut().enumerate() {
        layer.activation = [Activation::Relu, Activation::Identity][l % 2].clone();
        layer.kink = None;
        let width = layer.width();
        layer.biases.get_or_insert_with(|| vec![ratio(1, 2); width]);
    }
    cases.push(plain.clone());
    // η = 0; inputs of zero, so that a whole block is; another balance function.
    cases.push(Case { learning_rate: Q::zero(), ..plain.clone() });
    let mut silent = plain.clone();
    silent.examples.iter_mut().flat_map(|e| &mut e.input).for_each(Zero::set_zero);
    cases.push(silent);
    let mut other = plain.clone();
    let Network::Layered(net) = &mut other.network else { unreachable!() };
    net.layers[0].balance = Some(Activation::Square);
    cases.push(other);
    // The first example is met, and so says nothing.
    let mut met = plain;
    let outputs = certify_outputs(&met);
    met.examples[0].target = outputs;
    cases.push(met);
    let mut g = Gen::from_size_and_seed(9, 20_260);
    cases.extend((0..graphs).map(|_| GraphCase::arbitrary(&mut g).0));
    let mut g = Gen::from_size_and_seed(6, 20_261);
    cases.extend((0..cycles).map(|_| PiecewiseLinear::arbitrary(&mut g).0));
    cases
}

/// What the network answers to the first example.
fn certify_outputs(case: &Case) -> Vec<Q> {
    let wiring = Wiring::of(case);
    let found = engines::credit(case, &Limits::default()).unwrap();
    let rates = &found.examples[0].firing_rate;
    wiring.outputs.iter().map(|output| rates[*output].clone()).collect()
}

/// How often each relation was tried, and what changed.
#[derive(Debug, Default)]
struct Seen {
    relations: BTreeMap<&'static str, usize>,
    compared: usize,
    verdicts: BTreeMap<String, usize>,
    changed: Vec<String>,
}

impl Seen {
    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        moved: &Moved,
        what: &str,
        old: &T,
        new: &T,
    ) {
        self.compared += 1;
        *self.verdicts.entry(format!("{old:?}")).or_default() += 1;
        if old != new {
            self.changed.push(format!("{}, {what}: {old:?} became {new:?}", moved.relation));
        }
    }

    fn tried(&mut self, moved: &Moved) {
        *self.relations.entry(moved.relation).or_default() += 1;
    }

    #[track_caller]
    fn conclude(&self, relations: usize, least: usize) {
        println!("{:?}: {} compared, {:?}", self.relations, self.compared, self.verdicts);
        assert_eq!(self.changed, Vec::<String>::new());
        assert_eq!(self.relations.len(), relations, "{:?}", self.relations);
        assert!(self.relations.values().all(|count| *count >= 2), "{:?}", self.relations);
        assert!(self.compared >= least, "only {}", self.compared);
    }
}

fn certified(case: &Case) -> Certified {
    certify::certify(&Document::of(case.clone()), &Options::default(), &mut Silent).unwrap()
}

/// The conclusion, that of each claim, and every row of the certificate.
fn said(case: &Case, found: &Certified) -> Vec<(String, &'static str)> {
    let word = |conclusion: Option<Conclusion>| conclusion.map_or("—", Conclusion::word);
    let mut all = vec![("all".to_owned(), certify::conclusion(case, &found.table).word())];
    all.extend(Claim::ALL.map(|claim| (claim.id().to_owned(), word(found.table.of_claim(claim)))));
    all
}

/// The claims whose rows are held to the table's cells here.
const HELD: [Claim; 2] = [Claim::Credit, Claim::Settling];

/// On the exact tiers the table of `certify`, the certificate and `verify` are of one opinion, row by row.
fn agree_among_themselves(found: &Certified) -> usize {
    let mut rows = 0;
    for row in &found.certificate.claims {
        if !HELD.contains(&row.claim) {
            continue;
        }
        let verdict = found.table.cell(row.claim, row.tier).and_then(|cell| cell.verdict());
        let word = verdict.map_or("—", Verdict::word);
        let name = format!("{} at {}: {:?}", row.claim.id(), row.tier.letter(), row.reason);
        assert_eq!(row.verdict.map_or("observed", Conclusion::word), word, "{name}, {verdict:?}");
        rows += 1;
    }
    rows
}

#[test]
fn certificates_say_what_the_table_says() {
    let (mut rows, mut words) = (0, BTreeMap::<&str, usize>::new());
    let no_synapse = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [1, 2],
      "activation": "identity", "synapses": [], "biases": ["0", "1/2", "3"]}, "loss": "half_squared_error", "learning_rate": "1/3",
      "examples": [{"input": ["1"], "target": ["2", "5"]}]}"#;
    let mut all = cases(8, 8, 3);
    all.push(Document::read(no_synapse.as_bytes(), &Limits::default()).unwrap().case);
    // A cycle at rest on its target, and one that never learns.
    let mut still = all[all.len() - 2].clone();
    still.learning_rate = Q::zero();
    all.push(still);
    for case in &all {
        let found = certified(case);
        rows += agree_among_themselves(&found);
        for row in &found.certificate.claims {
            *words.entry(row.verdict.map_or("observed", Conclusion::word)).or_default() += 1;
        }
    }
    println!("{} cases, {rows} rows, {words:?}", all.len());
    assert!(rows >= 60 && words.len() >= 3, "{rows} {words:?}");
}

#[test]
fn certify_says_the_same() {
    let mut seen = Seen::default();
    for case in cases(3, 3, 2) {
        let found = certified(&case);
        let before = said(&case, &found);
        // The block of a layer that is zero is no block of the graph, which has one of weights and one of biases.
        let update = found.table.cell(Claim::Update, creditcheck::verdict::Tier::Exact);
        let has_zero_block = matches!(
            update.and_then(|cell| cell.verdict()),
            Some(Verdict::Unchecked(why)) if why.contains("every entry of this block is zero")
        );
        for moved in relations(&case) {
            if has_zero_block && moved.relation == "layers as a graph" {
                continue;
            }
            seen.tried(&moved);
            let after = said(&moved.case, &certified(&moved.case));
            for ((what, old), (_, new)) in before.iter().zip(&after) {
                seen.compare(&moved, what, old, new);
            }
        }
    }
    seen.conclude(10, 300);
    assert!(seen.verdicts.len() >= 4, "{:?}", seen.verdicts);
}

fn limits() -> Limits {
    Limits::default()
}

fn exactly(case: &Case, rule: Rule, quantity: Quantity) -> Gradient {
    gradient(case, rule, Number::Exact, quantity, &limits(), &mut Silent).unwrap()
}

#[test]
fn gradients_transform() {
    let mut seen = Seen::default();
    for case in cases(10, 10, 4) {
        for quantity in [Quantity::Gradient, Quantity::Update] {
            let before = exactly(&case, Rule::Credit, quantity);
            for moved in relations(&case) {
                seen.tried(&moved);
                let expected = moved.result(&before);
                let found = exactly(&moved.case, Rule::Credit, quantity);
                let same = |a: &Gradient, b: &Gradient| {
                    (&a.entries, &a.loss, &a.inputs) == (&b.entries, &b.loss, &b.inputs)
                };
                seen.compare(&moved, "credit", &true, &same(&expected, &found));
                if !case.has_own_balance() && !Wiring::of(&case).is_recurrent() {
                    let found = exactly(&moved.case, Rule::Tangent, quantity);
                    seen.compare(&moved, "tangent", &true, &same(&expected, &found));
                }
            }
        }
    }
    seen.conclude(10, 300);
}

/// The gradient of a batch is the mean of those of its parts, weighted by their numbers of examples.
#[test]
fn batches_are_the_mean_of_their_parts() {
    let mut live = 0;
    let all: Vec<_> = cases(12, 12, 0).into_iter().filter(|case| case.examples.len() > 1).collect();
    for case in &all {
        let whole = exactly(case, Rule::Credit, Quantity::Gradient);
        let mut sum: Option<PerBlock<Q>> = None;
        let (first, second) = case.examples.split_at(1);
        for part in [first, second] {
            let case_of_part = Case { examples: part.to_vec(), ..case.clone() };
            let found = exactly(&case_of_part, Rule::Credit, Quantity::Gradient).entries;
            let count = i64::try_from(part.len()).unwrap();
            let share = ratio(count, i64::try_from(case.examples.len()).unwrap());
            let found = found.map(|entry| entry * &share);
            sum = Some(match sum {
                None => found,
                Some(sum) => sum.zip(found).map(|(a, b)| a + b),
            });
        }
        assert_eq!(sum.unwrap(), whole.entries);
        live += usize::from(whole.entries.values().any(|entry| !entry.is_zero()));
    }
    assert!(all.len() >= 24 && live * 10 >= all.len() * 9, "{live} of {}", all.len());
}

/// Results that somebody may have: right, and wrong in several ways, held in several formats.
fn results(case: &Case) -> Vec<(&'static str, Gradient)> {
    let right = exactly_true(case);
    let rounded = |number, dtype: Dtype| {
        let mut mine = right.clone();
        mine.number = number;
        each(&mut mine, |value| exact_f64(nearest(value.numer(), value.denom(), dtype)).unwrap());
        mine
    };
    let (f64s, f32s) = (
        rounded(Number::Float(Dtype::F64), Dtype::F64),
        rounded(Number::Float(Dtype::F32), Dtype::F32),
    );
    let changed = |mine: &Gradient, to: fn(&Q) -> Q| {
        let mut mine = mine.clone();
        each(&mut mine, to);
        mine
    };
    let next = |value: &Q| -> Q {
        let float = creditcheck::number::nearest_f64(value);
        if float == 0.0 { Q::zero() } else { exact_f64(float.next_up()).unwrap() }
    };
    let mut one_zero = f32s.clone();
    let weights = one_zero.entries.blocks.iter_mut().filter(|b| !b.shape.is_of_biases());
    weights.flat_map(|block| &mut block.entries).for_each(Zero::set_zero);
    vec![
        ("sign", changed(&right, |value| -value)),
        ("double", changed(&f64s, |value| value + value)),
        ("dead", changed(&f64s, |_| Q::zero())),
        ("next to the nearest", changed(&f64s, next)),
        ("dead weights", one_zero),
        ("exact", right),
        ("nearest f64", f64s),
        ("nearest f32", f32s),
    ]
}

fn exactly_true(case: &Case) -> Gradient {
    exactly(case, Rule::Tangent, Quantity::Gradient)
}

fn each(gradient: &mut Gradient, to: impl Fn(&Q) -> Q) {
    gradient.entries.values_mut().for_each(|number| *number = to(number));
    let inputs = gradient.inputs.iter_mut().flatten().flatten();
    gradient.loss.iter_mut().chain(inputs).for_each(|number| *number = to(number));
}

/// The verdict of the whole, as a word.
fn judged(case: &Case, mine: &Gradient) -> &'static str {
    let judgement = judge::judgement(case, mine, &limits(), &mut Silent).unwrap();
    match judgement.unchecked() {
        Some(_) => "unchecked",
        None => judgement.nearness().words(),
    }
}

#[test]
fn check_says_the_same() {
    let mut seen = Seen::default();
    for case in cases(6, 5, 0) {
        let results = results(&case);
        let moved: Vec<_> = relations(&case);
        for (name, mine) in &results {
            let before = judged(&case, mine);
            for moved in &moved {
                seen.tried(moved);
                let after = judged(&moved.case, &moved.result(mine));
                seen.compare(moved, name, &before, &after);
            }
        }
    }
    seen.conclude(10, 300);
    assert!(seen.verdicts.len() >= 5, "{:?}", seen.verdicts);
}

/// `verify` concludes what the certificate's table concludes, on what both can see.
#[test]
fn verify_says_the_same() {
    let mut verified = BTreeMap::<&str, usize>::new();
    for case in cases(5, 4, 2) {
        let found = certified(&case);
        let text = wire::to_json(&found.certificate).pretty();
        let report = verify(&wire::read(text.as_bytes(), &limits()).unwrap()).unwrap();
        let worst = found.certificate.claims.iter().filter(|row| row.claim != Claim::Locality);
        let worst = worst.filter_map(|row| row.verdict).max().unwrap();
        *verified.entry(worst.word()).or_default() += 1;
        assert_eq!(report.conclusion().word(), worst.word());
    }
    assert!(verified.len() >= 3, "{verified:?}");
}
