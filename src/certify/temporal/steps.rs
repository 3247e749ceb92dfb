//! Step by step: what the network does, and what each rule says a cell is to blame for.

use num_rational::BigRational;

use super::gradient::expect_exact;
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{
    Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalGradient, TemporalRule,
};
use crate::textbook::temporal::{self, Evaluation, Step};

/// The intermediates of three rules on one case; the firing is the same in all.
#[derive(Clone, Debug)]
pub struct StepsOverTime {
    /// μ of ModProp.
    pub mu: Mu,
    /// L and its gradient, by BPTT.
    pub gradient: TemporalGradient<BigRational>,
    /// BPTT: `bptt[b][t − 1]`, with g and Λ.
    pub bptt: Vec<Vec<Step<BigRational>>>,
    /// MDGL, cell-specific, with its Λ̂.
    pub mdgl: Vec<Vec<Step<BigRational>>>,
    /// ModProp in the filter form, cell-specific with all taps, with its traces and its Λ̂.
    pub modprop: Vec<Vec<Step<BigRational>>>,
}

/// Runs BPTT, MDGL and ModProp, and keeps what they saw; the Λ̂ of e-prop is ℓ.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for a transcendental activation.
pub fn steps(case: &TemporalCase, mu: &Mu, limits: &Limits) -> Result<StepsOverTime, Error> {
    expect_exact(case)?;
    let run = |rule: &TemporalRule| -> Result<_, Error> {
        let found = temporal::run::<Rational>(case, rule, Evaluation::Adjoint, limits)?;
        Ok(found.map(Rational::plain))
    };
    let feedback = Feedback::Cell;
    let (taps, form) = (Taps::All, Form::Filter);
    let modprop = Modprop { feedback, taps, mu: mu.clone(), form };
    let bptt = run(&TemporalRule::Bptt)?;
    Ok(StepsOverTime {
        mu: mu.clone(),
        gradient: bptt.gradient,
        bptt: bptt.examples,
        mdgl: run(&TemporalRule::Mdgl { feedback })?.examples,
        modprop: run(&TemporalRule::Modprop(modprop))?.examples,
    })
}
