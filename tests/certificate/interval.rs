//! The verifier's enclosures against those of `check`, which were written apart and go another way.

use creditcheck::certificate::verify::interval::{Enclosure, enclosed};
use creditcheck::spec::{Activation, Class, Limits};
use creditcheck::verdict::enclosure;
use num_bigint::BigInt;
use num_rational::BigRational as Q;
use num_traits::Signed;

fn power(exponent: u64) -> Q {
    Q::new(1.into(), BigInt::from(1) << exponent)
}

/// Net inputs of every size, on both sides of the places where something changes.
fn net_inputs() -> Vec<Q> {
    let number = |text: &str| creditcheck::number::parse(text, &Limits::default()).unwrap();
    let texts = [
        "0",
        "1",
        "1/3",
        "255/256",
        "257/256",
        "2",
        "7/3",
        "31",
        "32",
        "709.78",
        "745.2",
        "1023.999",
        "1024",
        "1025",
        "16383",
        "16385",
        "1000000000000",
        "0x1p-30",
        "0x1p-500",
        "0x1.8p-1074",
        "0x1p-1075",
        "0x1p-1200",
        "0x1p-1201",
        "0x1p-4000",
        "123456789/987654321",
    ];
    let huge = Q::from_integer(BigInt::from(7) << 40_000);
    texts.iter().map(|text| number(text)).chain([huge]).flat_map(|s| [-s.clone(), s]).collect()
}

fn meet(found: &Enclosure, lower: &Q, upper: &Q) -> bool {
    found.lower <= *upper && *lower <= found.upper
}

#[test]
fn enclosures_meet_those_of_the_other_side_and_are_narrow() {
    let one = Q::from_integer(1.into());
    let mut compared = 0;
    for s in net_inputs() {
        for activation in [Activation::Tanh, Activation::Logistic, Activation::Softplus] {
            let Class::Transcendental(function) = activation.class() else {
                panic!("{activation:?}")
            };
            let (rate, slope) = enclosed(function, &s);
            let other = match activation {
                Activation::Tanh => enclosure::tanh(&s, 400),
                Activation::Logistic => enclosure::logistic(&s, 400),
                _ => enclosure::softplus(&s, 400),
            };
            let name = activation.name();
            assert!(meet(&rate, &other.lower, &other.upper), "{name} of {s}");
            // The slope from the other side's rates, which for these three lie between −1 and 1.
            let (lower, upper) = match activation {
                Activation::Tanh => {
                    let squares = [&other.lower * &other.lower, &other.upper * &other.upper];
                    let [a, b] = squares;
                    (&one - a.clone().max(b.clone()), &one - a.min(b))
                }
                Activation::Logistic => {
                    (&other.lower * (&one - &other.upper), &other.upper * (&one - &other.lower))
                }
                _ => {
                    let other = enclosure::logistic(&s, 400);
                    (other.lower, other.upper)
                }
            };
            assert!(meet(&slope, &lower, &upper), "slope of {name} at {s}");
            // Far narrower than what one rounding allows: 2⁻⁵³ of |s| and of the value, and the smallest float.
            let scale =
                if activation == Activation::Softplus { slope.upper.clone() } else { one.clone() };
            for (what, found, of_value) in
                [("rate", &rate, rate.upper.abs()), ("slope", &slope, scale)]
            {
                let width = &found.upper - &found.lower;
                let allowed = (s.abs().max(power(1074)) + of_value) * power(100);
                assert!(width <= allowed && found.lower <= found.upper, "{what} of {name} at {s}");
            }
            compared += 2;
        }
    }
    assert_eq!(compared, 6 * net_inputs().len());
}
