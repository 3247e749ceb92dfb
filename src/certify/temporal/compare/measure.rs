//! How far one matrix of derivatives is from another, and whether taps grow.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::error::Error;
use crate::number::nearest_f64;
use crate::spec::{Limits, TemporalCase, TemporalRule, work};

const DISTANCE: &str = "the distance from the exact gradient";

/// A rule's derivatives against the exact ones. All but `relative` and `cosine` are exact, and these are rounded once, at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Distance {
    /// max |found − exact|
    pub largest: BigRational,
    /// The same over max |exact|; none where all exact entries are zero.
    pub relative: Option<f64>,
    /// found · exact / (‖found‖ ‖exact‖); none where either is zero.
    pub cosine: Option<f64>,
    /// How many of the nonzero exact entries have the sign that the rule gives them.
    pub same_sign: usize,
    /// How many exact entries are not zero.
    pub nonzero: usize,
    /// How many entries there are.
    pub entries: usize,
}

impl Distance {
    /// Whether every entry is equal.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.largest.is_zero()
    }

    /// # Errors
    /// [`Error::Limit`].
    pub(super) fn of(
        found: &[Vec<BigRational>],
        exact: &[Vec<BigRational>],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let pairs = || found.iter().flatten().zip(exact.iter().flatten());
        for (f, e) in pairs() {
            limits.work.charge(work::step(f, e, e), DISTANCE)?;
        }
        let zero = BigRational::zero;
        let largest = pairs().map(|(f, e)| (f - e).abs()).max().unwrap_or_else(zero);
        let scale = pairs().map(|(_, e)| e.abs()).max().unwrap_or_else(zero);
        let (mut dot, mut of_found, mut of_exact) = (zero(), zero(), zero());
        for (f, e) in pairs() {
            for (sum, a, b) in [(&dot, f, e), (&of_found, f, f), (&of_exact, e, e)] {
                limits.work.charge(work::step(sum, a, b), DISTANCE)?;
            }
            dot += f * e;
            of_found += f * f;
            of_exact += e * e;
        }
        limits.work.charge(work::step(&of_found, &dot, &of_exact), DISTANCE)?;
        let norms = of_found * of_exact;
        let cosine = (!norms.is_zero()).then(|| {
            let sign = if dot.is_negative() { -1.0 } else { 1.0 };
            sign * nearest_f64(&(&dot * &dot / norms)).sqrt()
        });
        Ok(Self {
            relative: (!scale.is_zero()).then(|| nearest_f64(&(&largest / scale))),
            largest,
            cosine,
            same_sign: pairs().filter(|(f, e)| !e.is_zero() && f.signum() == e.signum()).count(),
            nonzero: pairs().filter(|(_, e)| !e.is_zero()).count(),
            entries: pairs().count(),
        })
    }
}

/// The spectral radius of D, which carries a tap one step further back (T7, T8).
///
/// # Errors
/// [`Error::NotFinite`] where floats cannot hold D or its eigenvalues are not found.
#[cfg(feature = "fast")]
pub(super) fn growth(case: &TemporalCase, rule: &TemporalRule) -> Result<Option<f64>, Error> {
    use crate::spec::Form;
    use crate::textbook::temporal::feedback_weights;

    let TemporalRule::Modprop(rule) = rule else { return Ok(None) };
    let weights: Vec<Vec<BigRational>> = feedback_weights(&case.network, rule.feedback)?;
    let leak = &case.network.leak;
    let gain = BigRational::from_integer(1.into()) - leak;
    let entry = |j: usize, l: usize| {
        let passed = &gain * &weights[j][l] * rule.mu.of(l);
        nearest_f64(&if j == l && rule.form != Form::NoLeak { passed + leak } else { passed })
    };
    let cells = 0..weights.len();
    let relay: Vec<Vec<f64>> =
        cells.clone().map(|j| cells.clone().map(|l| entry(j, l)).collect()).collect();
    crate::fast::recurrent::spectral_radius(&relay).map(Some)
}

/// Eigenvalues are computed in floats only.
///
/// # Errors
/// None.
#[cfg(not(feature = "fast"))]
pub(super) fn growth(_: &TemporalCase, _: &TemporalRule) -> Result<Option<f64>, Error> {
    Ok(None)
}
