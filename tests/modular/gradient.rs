//! `gradient` at scale: the engines modulo primes, against fractions, wherever both run.

use creditcheck::Error;
use creditcheck::certify::Progress;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::spec::outcome::Update;
use creditcheck::spec::{Case, Limits, Network, Number};
use creditcheck::verdict::{bridge, per_block};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::Quantity;
use num_rational::BigRational as Q;
use num_traits::{One, Zero};

use crate::engines;

/// 6-8-8-3 with eight examples, every number k/16.
fn case(activation: &str) -> Case {
    let mut state = 7_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("\"{}/16\"", i64::from(state >> 26) - 31)
    };
    let mut list = |n: usize| {
        let all: Vec<_> = (0..n).map(|_| number()).collect();
        format!("[{}]", all.join(","))
    };
    let layers: Vec<_> = [(6, 8), (8, 8), (8, 3)]
        .map(|(pre, post)| {
            let rows: Vec<_> = (0..post).map(|_| list(pre)).collect();
            let (rows, biases) = (rows.join(","), list(post));
            format!("{{\"weights\":[{rows}],\"biases\":{biases},\"activation\":{activation}}}")
        })
        .into();
    let examples: Vec<_> =
        (0..8).map(|_| format!("{{\"input\":{},\"target\":{}}}", list(6), list(3))).collect();
    let text = format!(
        "{{\"format\":\"creditcheck/case/1\",\"network\":{{\"kind\":\"layered\",\"layers\":[{}]}},\
         \"loss\":\"half_squared_error\",\"learning_rate\":\"1/3\",\"examples\":[{}]}}",
        layers.join(","),
        examples.join(",")
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

/// Remembers what it was told.
#[derive(Default)]
struct Stages(Vec<String>);

impl Progress for Stages {
    fn stage(&mut self, what: &str) -> Result<(), Error> {
        self.0.push(what.to_owned());
        Ok(())
    }
}

/// The gradient, or the update, by fractions.
fn by_fractions(case: &Case, rule: Rule, quantity: Quantity) -> Update<Q> {
    let limits = Limits::default();
    let gradient = match rule {
        Rule::Credit => {
            let at_one = Case { learning_rate: Q::one(), ..case.clone() };
            let found = engines::credit(&at_one, &limits).unwrap().update;
            bridge::gradient_of_update(&found, &Q::one()).unwrap()
        }
        Rule::Backprop | Rule::Tangent => {
            let Network::Layered(net) = &case.network else { panic!("layers") };
            let found = engines::backprop(case, &limits).unwrap();
            bridge::counted_through(net, &found.gradient)
        }
    };
    match quantity {
        Quantity::Gradient => gradient,
        Quantity::Update => bridge::update_of_derivatives(&gradient, &case.learning_rate),
    }
}

#[test]
fn it_equals_fractions_wherever_both_run() {
    let limits = Limits::default();
    let leaky = "{\"name\": \"leaky_relu\", \"slope\": \"1/3\"}";
    for activation in ["\"relu\"", "\"quadratic\"", "\"hard_tanh\"", "\"cubic\"", leaky] {
        let case = case(activation);
        for quantity in [Quantity::Gradient, Quantity::Update] {
            for rule in [Rule::Credit, Rule::Backprop] {
                let mut stages = Stages::default();
                let found = gradient(&case, rule, Number::Exact, quantity, &limits, &mut stages);
                // Only the engines at scale tell how far they are.
                assert!(!stages.0.is_empty(), "{activation} {rule:?} went by fractions");
                let expected = by_fractions(&case, rule, quantity);
                assert!(expected.weights.iter().any(|entry| !entry.is_zero()));
                let expected = per_block(&case, &expected).map(Q::clone);
                assert_eq!(found.unwrap().entries, expected, "{activation} {rule:?}");
            }
        }
    }
}
