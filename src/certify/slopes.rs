//! C3 where σ is transcendental: the given rates and balance factors against σ itself.
//!
//! C1 and C2 are exact identities once x and β are given. What is left of the truth is that they are
//! the right x and β: here every one of them is held to a rigorous rational enclosure of σ. The slope is not taken from a
//! formula but from a central difference of enclosures, whose error |σ‴| h²/6 is known.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::evidence::Evidence;
use crate::error::Error;
use crate::number::{exact_f64, hex, nearest_f64};
use crate::spec::{Case, Class, Dtype, Transcendental};
use crate::verdict::bounded::{Bound, power, power_in_words, rounding_bound};
use crate::verdict::enclosure::{Enclosure, logistic, softplus, tanh};
use crate::verdict::{Cell, Claim, Compared, Mismatch, Tier, Verdict};

/// The step of the central difference is 2⁻¹²⁸: its error |σ‴| h²/6 is then below 2⁻²⁵⁶, because
/// |σ‴| ≤ 2 for tanh, ≤ 1/8 for logistic and for softplus. A saturated slope is much smaller than 1, and its bound with it.
const STEP_BITS: u32 = 128;

/// Bits of the enclosures; what they lose to the division by 2⁻¹²⁷ is far below the error above.
const PRECISION: u64 = 448;

/// C3 in tier F, for cases with a transcendental activation only.
pub(super) fn cell(case: &Case, evidence: &Evidence) -> Result<Cell, Error> {
    if evidence.evaluated {
        let why = "tier Q has the exact answer";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Bounded, why));
    }
    if evidence.wiring.is_recurrent() {
        let why = "x and β are given by a float iteration; how far they are from an equilibrium of σ itself is not bounded";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Bounded, why));
    }
    let bounds = match rounding_bound(case, Dtype::F64) {
        Ok(bounds) => bounds,
        Err(error @ Error::NotFinite { .. }) => {
            let verdict = Verdict::Unchecked(error.to_string());
            return Ok(Cell::checked(Claim::Truth, Tier::Bounded, verdict));
        }
        Err(error) => return Err(error),
    };
    let (mut entries, mut powerless) = (0, false);
    let mut first: Option<Mismatch> = None;
    let mut compare = |place: String, value: &BigRational, truth: &Enclosure, bound: &Bound| {
        entries += 1;
        let allowed = exact_f64(bound.bound + bound.radius);
        let scale = truth.distance(&BigRational::zero()).max(BigRational::one());
        powerless |= allowed.as_ref().is_none_or(|allowed| *allowed >= &scale * power(Dtype::F64));
        if allowed.is_some_and(|allowed| truth.distance(value) <= allowed) {
            return;
        }
        match &mut first {
            Some(first) => first.differing += 1,
            none => {
                *none = Some(Mismatch {
                    place,
                    found: hex(nearest_f64(value)),
                    expected: format!("{} ± {:e}", hex(nearest_f64(&truth.middle())), bound.bound),
                    differing: 1,
                });
            }
        }
    };
    for (b, (example, bounds)) in evidence.credit.examples.iter().zip(&bounds.examples).enumerate()
    {
        for (neuron, activation) in evidence.wiring.activations.indexed() {
            let Class::Transcendental(function) = activation.class() else { continue };
            if evidence.wiring.is_input[neuron] {
                continue;
            }
            let s = &example.net_input[neuron];
            let place = |what: &str| format!("example {b}, {what} of neuron {}", neuron.0);
            let rate = value(function, s);
            compare(
                place("firing rate"),
                &example.firing_rate[neuron],
                &rate,
                &bounds.firing_rate[neuron],
            );
            let slope = slope(function, s);
            let factor = &example.balance_factor[neuron];
            compare(place("balance factor"), factor, &slope, &bounds.balance_factor[neuron]);
        }
    }
    let verdict = match first {
        Some(mismatch) => Verdict::Disagree(mismatch),
        None if powerless => Verdict::Unchecked(format!(
            "the bound on some rate or balance factor is no narrower than {} of it",
            power_in_words(Dtype::F64)
        )),
        None if entries == 0 => {
            Verdict::Unchecked("no neuron has a transcendental activation".into())
        }
        None => Verdict::Agree(Compared { entries, nonzero: entries }),
    };
    Ok(Cell::checked(Claim::Truth, Tier::Bounded, verdict).note(
        "given x and β held to rational enclosures of σ and of its central difference, within the computed bound; \
         with C1 and C2 exact given β this is the derivative",
    ))
}

/// σ(s), enclosed.
fn value(function: Transcendental, s: &BigRational) -> Enclosure {
    match function {
        Transcendental::Tanh => tanh(s, PRECISION),
        Transcendental::Logistic => logistic(s, PRECISION),
        Transcendental::Softplus => softplus(s, PRECISION),
    }
}

/// σ'(s), enclosed by (σ(s+h) − σ(s−h))/2h ± |σ‴| h²/6.
fn slope(function: Transcendental, s: &BigRational) -> Enclosure {
    let step = BigRational::new(1.into(), BigInt::from(1) << STEP_BITS);
    let (right, left) = (value(function, &(s + &step)), value(function, &(s - &step)));
    let error = BigRational::new(1.into(), BigInt::from(1) << (2 * STEP_BITS));
    let twice = &step + &step;
    let lower = (&right.lower - &left.upper) / &twice - &error;
    let upper = (&right.upper - &left.lower) / &twice + &error;
    Enclosure { lower, upper }
}
