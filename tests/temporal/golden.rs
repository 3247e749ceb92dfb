//! The golden vector: N = 3, T = 5, every rule to the last digit.

use creditcheck::spec::{
    Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalGradient, TemporalRule,
};
use creditcheck::textbook::temporal::Evaluation;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use super::{committed, gradient};

fn modprop(feedback: Feedback, form: Form) -> TemporalRule {
    let mu = Mu::Scalar(BigRational::new(1.into(), 2.into()));
    TemporalRule::Modprop(Modprop { feedback, taps: Taps::All, mu, form })
}

/// The cosine over all N² derivatives, to four digits: computed from exact sums.
fn cosine(a: &TemporalGradient<BigRational>, b: &TemporalGradient<BigRational>) -> f64 {
    let (a, b) = (a.recurrent.iter().flatten(), b.recurrent.iter().flatten());
    let dot = |pairs: Vec<(&BigRational, &BigRational)>| {
        pairs.iter().fold(BigRational::zero(), |sum, (a, b)| sum + *a * *b)
    };
    let (a, b): (Vec<_>, Vec<_>) = (a.collect(), b.collect());
    let of = |x: &[&BigRational], y: &[&BigRational]| {
        dot(x.iter().copied().zip(y.iter().copied()).collect()).to_f64().unwrap()
    };
    of(&a, &b) / (of(&a, &a) * of(&b, &b)).sqrt()
}

#[test]
fn every_rule_gives_the_golden_vector() {
    let case = committed("temporal-golden");
    let exact = gradient(&case, &TemporalRule::Tangent, Evaluation::Causal);
    assert_eq!(exact.loss, fraction("82009321/33554432"));
    let typed = Feedback::Type(Diagonal::Counted);
    let rules: [(TemporalRule, &str, &str, f64); 8] = [
        (TemporalRule::Bptt, "1433207/4194304", "-2487937/8388608", 1.0),
        (TemporalRule::Rtrl, "1433207/4194304", "-2487937/8388608", 1.0),
        (TemporalRule::FactorisedRtrl, "1433207/4194304", "-2487937/8388608", 1.0),
        (TemporalRule::Eprop, "66191/262144", "-4381945/8388608", 0.9558),
        (
            TemporalRule::Mdgl { feedback: Feedback::Cell },
            "154741/524288",
            "-3308281/8388608",
            0.9931,
        ),
        (modprop(Feedback::Cell, Form::Filter), "9247447/33554432", "-4845983/16777216", 0.9891),
        (modprop(typed, Form::Filter), "491076955/2147483648", "-198664413/536870912", 0.9715),
        (modprop(Feedback::Cell, Form::Autodiff), "18502595/67108864", "-7990625/67108864", 0.9826),
    ];
    for (rule, first, second, expected) in rules {
        for evaluation in [Evaluation::Causal, Evaluation::Adjoint] {
            let found = gradient(&case, &rule, evaluation);
            assert_eq!(found.loss, exact.loss, "{rule:?}");
            assert_eq!(found.recurrent[0][1], fraction(first), "{rule:?} {evaluation:?}");
            assert_eq!(found.recurrent[1][0], fraction(second), "{rule:?} {evaluation:?}");
            assert_eq!(found.readout, exact.readout, "{rule:?}");
            assert_eq!(found.readout_biases, exact.readout_biases, "{rule:?}");
            let found = cosine(&found, &exact);
            // Half a unit of the last printed digit.
            assert!((found - expected).abs() <= 5e-5, "{rule:?}: {found}");
        }
    }
}

fn fraction(text: &str) -> BigRational {
    let (top, bottom) = text.split_once('/').unwrap();
    let whole = |text: &str| text.parse::<BigInt>().unwrap();
    BigRational::new(whole(top), whole(bottom))
}
