//! Given rates and balance factors: what one rounding of each step allows is confirmed, and a thousandth more is refused.

use creditcheck::certificate::verify::{Refusal, equations};
use creditcheck::spec::{Limits, Neuron};
use creditcheck::verdict::enclosure;
use creditcheck::wire::Document;
use num_bigint::BigInt;
use num_rational::BigRational as Q;
use num_traits::{One, Signed};

use crate::evidence::disturbed;
use crate::forger::bases::{SEED, reissued};

/// s = 3/4 at neuron 2, from three terms of magnitudes 1/2, 3/4 and 1.
const CASE: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
  {"weights": [["1/2", "-3/2"], ["1/4", "3/2"]], "biases": ["1", "-1/4"], "activation": "SIGMA"},
  {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "identity"}]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [{"input": ["1", "1/2"], "target": ["1"]}]}"#;

fn ratio(p: i64, q: i64) -> Q {
    Q::new(p.into(), q.into())
}

/// σ and σ' at 3/4, from the enclosures of the other side, and the bounds S₁, S₂ and m.
fn truth(name: &str) -> (Q, Q, Q, Q, Option<Q>) {
    let (s, one) = (ratio(3, 4), Q::one());
    let middle = |e: &enclosure::Enclosure| (&e.lower + &e.upper) / BigInt::from(2);
    let logistic = middle(&enclosure::logistic(&s, 400));
    match name {
        "tanh" => {
            let rate = middle(&enclosure::tanh(&s, 400));
            let slope = &one - &rate * &rate;
            (rate, slope, one.clone(), ratio(77, 100), Some(one))
        }
        "logistic" => {
            let slope = &logistic * (&one - &logistic);
            (logistic, slope, ratio(1, 4), ratio(963, 10_000), Some(one))
        }
        _ => (middle(&enclosure::softplus(&s, 400)), logistic, one, ratio(1, 4), None),
    }
}

/// The certificate of the case whose neuron 2 has this share of the allowance added to its rate or its balance factor.
fn off_by(name: &str, share: &Q, of_rate: bool) -> Result<u64, Refusal> {
    let text = CASE.replace("SIGMA", name);
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let (rate, slope, first, second, scale) = truth(name);
    let terms = ratio(1, 2) + ratio(3, 4) + ratio(1, 1);
    // Three terms and two more roundings.
    let five = BigInt::from(5);
    let (least, unit) = (Q::new(1.into(), BigInt::one() << 1074), ratio(1, 1 << 53));
    let allowed = |sup: Q, scale: Q| {
        (sup * &terms * &five + scale * BigInt::from(8)) * &unit + &least * &five
    };
    let of_rates = &rate + allowed(first, rate.abs()) * share;
    let of_slopes = &slope + allowed(second, scale.unwrap_or_else(|| slope.abs())) * share;
    let found = disturbed(&document.case, &document.digest(), SEED, &|_, post, x, beta| {
        if post == Neuron(2) {
            if of_rate {
                *x = of_rates.clone();
            } else {
                *beta = of_slopes.clone();
            }
        }
    });
    equations(&reissued(document.case, found).unwrap()).map(|report| report.given.unwrap().share)
}

#[test]
fn the_allowance_is_that_of_the_manual() {
    for name in ["tanh", "logistic", "softplus"] {
        for (of_rate, equation) in [(true, "D1"), (false, "D2")] {
            for sign in [1, -1] {
                let share = off_by(name, &ratio(999 * sign, 1000), of_rate).unwrap();
                // In 2⁻¹⁶ of the allowance.
                assert!((65_400..65_536).contains(&share), "{name}: {share}");
                let refusal = off_by(name, &ratio(1001 * sign, 1000), of_rate).unwrap_err();
                assert_eq!(refusal.equation, equation, "{name}: {refusal}");
                assert!(refusal.place.contains("neuron 2"), "{name}: {refusal}");
                assert!(refusal.expected.contains("at most 2^-"), "{name}: {refusal}");
            }
        }
    }
}
