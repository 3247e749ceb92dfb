//! Numbers that are right under another convention are told so: where the kinks are, which slopes they have, and how to declare them.

use creditcheck::certify::Silent;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{judge::judge, temporal};
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::{Case, Dtype, Limits, Number, TemporalCase, TemporalRule};
use creditcheck::verdict::judge::{Nearness, Options};
use creditcheck::wire::gradient::{Gradient, Quantity};
use creditcheck::wire::{Document, TemporalDocument};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::ratio;

const HELD: [Number; 3] = [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)];

/// ReLU behind ReLU: post 1 of layer 1 is on its kink in examples 0 and 1, post 0 of layer 2 in example 1.
fn relus(kink: &str, first: &str, second: &str) -> Case {
    read(&format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
        {{"weights": [["3/2", "1/4"], ["1", "-2"]], "biases": ["1/2", "0"], "activation": "relu"{first}}},
        {{"weights": [["1/2", "-3/4"], ["1", "5/4"]], "biases": ["-29/64", "1/4"], "activation": "relu"{second}}},
        {{"weights": [["3/4", "-1/2"], ["1/4", "7/4"], ["-1", "3/8"]], "activation": "identity"}}]}},
        "loss": "half_squared_error", "learning_rate": "1/2", {kink}
        "examples": [{{"input": ["2", "1"], "target": ["3", "-1", "1/2"]}}, {{"input": ["1/4", "1/8"], "target": ["1", "2", "-2"]}},
                     {{"input": ["3", "-1"], "target": ["1/2", "1", "3/4"]}}]}}"#
    ))
}

/// Both ends of a hard tanh.
fn ends(kink: &str) -> Case {
    read(&format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
        {{"weights": [["1"], ["-2"], ["3/4"]], "biases": ["0", "1", "1/8"], "activation": "hard_tanh"}},
        {{"weights": [["3/4", "-1/2", "5/8"]], "activation": "identity"}}]}},
        "loss": "half_squared_error", "learning_rate": "1/2", "kink": "{kink}",
        "examples": [{{"input": ["1"], "target": ["3"]}}, {{"input": ["1/4"], "target": ["1"]}}]}}"#
    ))
}

/// A leaky ReLU on its kink that an output hears through a skip connection too.
fn graph(kink: &str) -> Case {
    read(&format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 5, "inputs": [0, 1], "outputs": [4],
        "activation": [{{"name": "leaky_relu", "slope": "1/4"}}, "relu", {{"name": "leaky_relu", "slope": "1/4"}}, "quadratic", "identity"],
        "synapses": [[2, 0, "1"], [2, 1, "-1/2"], [3, 2, "3/4"], [3, 1, "1/2"], [4, 3, "-1"], [4, 2, "5/4"]],
        "biases": ["0", "0", "0", "1/4", "1/8"]}}, "loss": "half_squared_error", "learning_rate": "1/2", "kink": "{kink}",
        "examples": [{{"input": ["1", "2"], "target": ["3"]}}, {{"input": ["1", "-1"], "target": ["1"]}}]}}"#
    ))
}

/// A net over time whose cell 0 starts on its kink.
fn over_time(kink: &str) -> TemporalCase {
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "temporal", "leak": "1/2", "activation": "relu",
        "recurrent": [["0", "1/2"], ["3/4", "0"]], "input": [["1", "-1"], ["1/2", "1/4"]], "readout": [["1", "-1/2"]]}},
        "loss": "half_squared_error", "learning_rate": "1", "steps": "all", "kink": "{kink}",
        "examples": [{{"input": [["1", "1"], ["1", "1/2"], ["2", "-1"]], "target": [["1"], ["2"], ["1/2"]]}}]}}"#
    );
    TemporalDocument::read(text.as_bytes(), &Limits::default()).unwrap().case
}

fn read(text: &str) -> Case {
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

fn right(case: &Case) -> Gradient {
    let limits = Limits::default();
    let (rule, number) = (Rule::Credit, Number::Exact);
    gradient(case, rule, number, Quantity::Gradient, &limits, &mut Silent).unwrap()
}

fn held(mut mine: Gradient, number: Number) -> Gradient {
    (mine.loss, mine.inputs, mine.number, mine.rule) = (None, None, number, None);
    if let Some(dtype) = number.dtype() {
        for entry in mine.entries.values_mut() {
            *entry = exact_f64(nearest(entry.numer(), entry.denom(), dtype)).unwrap();
        }
    }
    mine
}

fn judged(case: &Case, mine: &Gradient) -> (Nearness, Vec<String>) {
    let limits = Limits::default();
    let (found, said) = judge(case, mine, &Options::default(), &limits, &mut Silent).unwrap();
    (found.nearness(), said)
}

/// What is said of the right gradient of one case as an answer to another: one sentence, the same however it is held.
fn said(asked: &Case, answered: &Case) -> String {
    let of = |number| {
        let mine = held(right(answered), number);
        assert!(judged(answered, &mine).0 < Nearness::WithinBound, "right under its own");
        let (nearness, said) = judged(asked, &mine);
        assert_eq!(nearness, Nearness::Different);
        let [only] = said.as_slice() else { panic!("{number:?}: {said:?}") };
        only.clone()
    };
    let [exact, double, single] = HELD.map(of);
    assert_eq!((&exact, &exact), (&double, &single));
    exact
}

/// One convention for all: in words where there is one, else the θ that the numbers ask for.
#[test]
fn a_convention_of_the_case_is_named() {
    let left = relus("", "", "");
    for (kink, slope) in [("mean", "1/2"), ("right", "1")] {
        let found = said(&left, &relus(&format!(r#""kink": "{kink}","#), "", ""));
        assert_eq!(
            found,
            format!(
                "all that differs comes from 3 net inputs that are exactly on a kink, where the slope is a convention (layer 1, post 1, \
                 example 0; layer 1, post 1, example 1; layer 2, post 0, example 1): with the slope {slope} of relu at 0 every entry is \
                 right; if that is meant, say so: \"kink\": \"{kink}\" in the case"
            )
        );
    }
    // From another start too, and of those that are on no kink's own convention nothing is said.
    let mean = relus(r#""kink": "mean","#, "", "");
    assert!(said(&mean, &left).ends_with("\"kink\": \"left\" in the case"));
}

#[test]
fn a_share_is_solved_from_the_numbers() {
    for share in ["1/4", "2/3", "7/10"] {
        let theirs = relus(&format!(r#""kink": "{share}","#), "", "");
        let found = said(&relus("", "", ""), &theirs);
        let remedy = format!("say so: \"kink\": \"{share}\" in the case");
        let slope = format!("with the slope {share} of relu at 0 every entry");
        assert!(found.contains(&slope) && found.ends_with(&remedy), "{found}");
        let found = said(&graph("left"), &graph(share));
        assert!(found.ends_with(&remedy) && found.contains("neuron 2, example 0"), "{found}");
    }
    // Only one layer has it.
    let theirs = relus("", r#", "kink": "1/5""#, "");
    let found = said(&relus("", "", ""), &theirs);
    assert!(found.ends_with("say so: \"kink\": \"1/5\" on layer 1"), "{found}");
}

#[test]
fn both_ends_of_a_hard_tanh_are_told() {
    let found = said(&ends("left"), &ends("outer"));
    assert!(found.ends_with("\"kink\": \"outer\" in the case"), "{found}");
    assert!(found.contains("the slope 0 of hard_tanh at 1"), "{found}");
    let found = said(&ends("left"), &ends("inner"));
    assert!(found.contains("the slope 1 of hard_tanh at -1"), "{found}");
    assert!(found.ends_with("\"kink\": \"inner\" in the case"), "{found}");
}

#[test]
fn layers_are_told_apart() {
    let theirs = relus("", r#", "kink": "right""#, r#", "kink": "mean""#);
    let found = said(&relus("", "", ""), &theirs);
    assert!(
        found.ends_with("\"kink\": \"right\" on layer 1 and \"kink\": \"mean\" on layer 2"),
        "{found}"
    );
    let found = said(&relus("", "", ""), &relus("", "", r#", "kink": "mean""#));
    assert!(found.ends_with("say so: \"kink\": \"mean\" on layer 2"), "{found}");
    assert!(found.contains("from one net input that is exactly on a kink"), "{found}");
}

#[test]
fn graphs_are_told_too() {
    let found = said(&graph("left"), &graph("right"));
    assert!(found.contains("one net input that is exactly on a kink"), "{found}");
    assert!(
        found.contains("(neuron 2, example 0): with the slope 1 of leaky_relu at 0"),
        "{found}"
    );
    assert!(found.ends_with("\"kink\": \"right\" in the case"), "{found}");
}

#[test]
fn networks_over_time_are_told_too() {
    let limits = Limits::default();
    for kink in ["mean", "right", "1/4"] {
        for number in HELD {
            let rule = TemporalRule::Bptt;
            let asked = (Number::Exact, Quantity::Gradient);
            let theirs = temporal::gradient(&over_time(kink), &rule, asked.0, asked.1, &limits);
            let mine = held(theirs.unwrap(), number);
            let options = Options::default();
            let (found, said) =
                temporal::judge(&over_time("left"), &mine, &options, &limits, &mut Silent).unwrap();
            assert_eq!(found.nearness(), Nearness::Different);
            let [only] = said.as_slice() else { panic!("{said:?}") };
            let remedy = format!("\"kink\": \"{kink}\" in the case");
            assert!(
                only.ends_with(&remedy) && only.contains("(cell 0, step 1, example 0)"),
                "{only}"
            );
        }
    }
}

/// Several words may say the same of the kinks that are met: none of them is preferred.
#[test]
fn what_the_numbers_do_not_tell_is_said() {
    let of = |kink: &str| {
        read(&format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
            {{"weights": [["1"], ["2"]], "activation": "hard_tanh"}}, {{"weights": [["3/4", "1/2"]], "activation": "identity"}}]}},
            "loss": "half_squared_error", "learning_rate": "1/2", "kink": "{kink}", "examples": [{{"input": ["1"], "target": ["3"]}}]}}"#
        ))
    };
    let found = said(&of("left"), &of("outer"));
    let ends = "\"kink\": \"right\" in the case, or \"kink\": \"outer\" in the case (these numbers do not tell which)";
    assert!(found.ends_with(ends), "{found}");
}

/// A list that is not too long, however many there are.
#[test]
fn many_are_counted() {
    let rows = |row: &str| [row; 9].join(", ");
    let of = |kink: &str| {
        read(&format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
            {{"weights": [{}], "activation": "relu"}}, {{"weights": [[{}]], "activation": "identity"}}]}},
            "loss": "half_squared_error", "learning_rate": "1/2", "kink": "{kink}", "examples": [{{"input": ["2", "1"], "target": ["3"]}}]}}"#,
            rows(r#"["1", "-2"]"#),
            rows(r#""1/2""#),
        ))
    };
    let found = said(&of("left"), &of("right"));
    assert!(
        found.contains("from 9 net inputs that are") && found.contains("; and 5 more): with"),
        "{found}"
    );
}

/// Wrong numbers of a network that stands on kinks: no convention is named for a mistake.
#[test]
fn no_convention_is_named_for_a_mistake() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let cases = [relus("", "", ""), ends("left"), graph("left")];
    let mut asked = 0;
    for case in &cases {
        for other in [case.clone(), Case { kink: creditcheck::spec::Kink::Right, ..case.clone() }] {
            let theirs = right(&other);
            let count = theirs.entries.values().count();
            for _ in 0..6 {
                let mut mine = theirs.clone();
                for _ in 0..=random.next_u32() % 2 {
                    let at = random.next_u32() as usize % count;
                    let off = ratio(i64::from(random.next_u32() % 7) + 1, 16);
                    *mine.entries.values_mut().nth(at).unwrap() += off;
                }
                for number in HELD {
                    let (nearness, said) = judged(case, &held(mine.clone(), number));
                    assert_eq!(nearness, Nearness::Different);
                    assert!(!said.iter().any(|s| s.contains("on a kink")), "{said:?}");
                    asked += 1;
                }
                // Where the room is wide a few numbers say too little.
                let (_, said) = judged(case, &held(mine, Number::Float(Dtype::Bf16)));
                assert!(!said.iter().any(|s| s.contains("on a kink")), "{said:?}");
            }
        }
    }
    assert_eq!(asked, 108);
    // A factor is one, on kinks as elsewhere.
    let mut mine = held(right(&cases[0]), Number::Exact);
    mine.entries.values_mut().for_each(|entry| *entry *= ratio(2, 1));
    assert!(judged(&cases[0], &mine).1[0].starts_with("all entries of this gradient are 2 times"));
}
