//! Every rule over time against the exact gradient of one case.

mod measure;

use num_rational::BigRational;
use num_traits::Zero;

use super::gradient::{exact, expect_exact, has_few_parameters, parameters};
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::textbook::temporal::{self, Evaluation};
use crate::verdict::Conclusion;
use crate::verdict::temporal::{About, Condition, conditions};
use measure::growth;

pub use measure::Distance;

/// RTRL keeps N³ numbers and takes N⁴ operations a step: up to here it is run too.
const MOST_FOR_RTRL: usize = 12;

/// All rules on one case.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// μ of ModProp.
    pub mu: Mu,
    /// The engines that compute the gradient itself; the first is BPTT.
    pub exact: Vec<Exact>,
    /// L and its gradient, by BPTT.
    pub gradient: TemporalGradient<BigRational>,
    /// The approximate rules.
    pub rows: Vec<Row>,
}

/// One engine of the gradient itself.
#[derive(Clone, Debug)]
pub struct Exact {
    /// Which.
    pub rule: TemporalRule,
    /// Whether every entry and the loss equal those of BPTT; or why it was not run.
    pub equal: Result<bool, String>,
}

/// One approximate rule.
#[derive(Clone, Debug)]
pub struct Row {
    /// The rule with its variant.
    pub rule: TemporalRule,
    /// ∂L/∂W against the exact one.
    pub recurrent: Distance,
    /// ∂L/∂U against the exact one.
    pub input: Distance,
    /// The sufficient conditions for exactness that bear on the rule, decided on the case.
    pub conditions: Vec<Condition>,
    /// Conditions that hold where the entries differ all the same: there are none unless an engine is wrong.
    pub contradictions: Vec<String>,
    /// Whether loss and readout gradients, exact in every rule, are.
    pub readout_is_exact: bool,
    /// max |λ + (1−λ) μ ν| over the eigenvalues ν of Ŵ (no-leak: without λ), in floats: the taps grow from 1 on. None for rules that
    /// do not relay, where D has numbers beyond the floats, and in a build without floats.
    pub growth: Option<f64>,
}

impl Row {
    /// Whether the taps grow with every step back.
    #[must_use]
    pub fn taps_grow(&self) -> bool {
        // An eigenvalue on the circle may come out a little inside.
        const ROUNDING: f64 = 1e-12;
        self.growth.is_some_and(|growth| growth >= 1.0 - ROUNDING)
    }
}

impl Comparison {
    /// Agree if the exact engines do and no condition is contradicted; unchecked if a block of the exact gradient is zero, which a dead
    /// rule reproduces.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let wrong = |row: &Row| !row.contradictions.is_empty() || !row.readout_is_exact;
        if self.exact.iter().any(|engine| engine.equal == Ok(false)) || self.rows.iter().any(wrong)
        {
            return Conclusion::Disagree;
        }
        match self.dead_blocks().is_empty() {
            true => Conclusion::Agree,
            false => Conclusion::Unchecked,
        }
    }

    /// The parameters whose exact derivatives are all zero, of W, U, V, c and b.
    #[must_use]
    pub fn dead_blocks(&self) -> Vec<&'static str> {
        let TemporalGradient { recurrent, input, biases, readout, readout_biases, .. } =
            &self.gradient;
        let is_dead = |rows: &[Vec<BigRational>]| rows.iter().flatten().all(Zero::is_zero);
        let matrices = [("W", recurrent), ("U", input), ("V", readout)];
        let dead = matrices.into_iter().filter(|(_, rows)| is_dead(rows)).map(|(name, _)| name);
        let lists = [("c", biases), ("b", readout_biases)].into_iter();
        let lists = lists.filter_map(|(name, list)| Some((name, list.as_ref()?)));
        let lists = lists.filter(|(_, list)| list.iter().all(Zero::is_zero));
        dead.chain(lists.map(|(name, _)| name)).collect()
    }
}

/// Runs every rule on a case and compares W and U with the exact gradient.
///
/// The tangent is run up to 200 parameters, RTRL up to 12 neurons, BPTT and factorised RTRL always. ModProp is run with the μ
/// given; where the slope of every cell is the same at all steps and not that μ, also with the slopes for μ (claim 4).
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for a transcendental activation.
pub fn compare(
    case: &TemporalCase,
    mu: &Mu,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Comparison, Error> {
    expect_exact(case)?;
    progress.stage("BPTT")?;
    let bptt = temporal::run::<Rational>(case, &TemporalRule::Bptt, Evaluation::Adjoint, limits)?;
    let bptt = bptt.map(Rational::plain);
    let mut engines = vec![Exact { rule: TemporalRule::Bptt, equal: Ok(true) }];
    for rule in [TemporalRule::Rtrl, TemporalRule::FactorisedRtrl, TemporalRule::Tangent] {
        progress.stage(&rule.to_string())?;
        let equal = match too_large(case, &rule) {
            Some(why) => Err(why),
            None => Ok(exact(case, &rule, limits)? == bptt.gradient),
        };
        engines.push(Exact { rule, equal });
    }
    let slopes: Vec<Vec<Vec<BigRational>>> = bptt
        .examples
        .iter()
        .map(|steps| steps.iter().map(|step| step.slope.clone()).collect())
        .collect();
    let mut rows = Vec::new();
    for rule in rules(case, mu, &slopes) {
        progress.stage(&rule.to_string())?;
        let found = exact(case, &rule, limits)?;
        let conditions = conditions(case, &rule, &slopes);
        let truth = &bptt.gradient;
        rows.push(Row {
            recurrent: Distance::of(&found.recurrent, &truth.recurrent, limits)?,
            input: Distance::of(&found.input, &truth.input, limits)?,
            contradictions: contradictions(&conditions, &found, truth),
            conditions,
            readout_is_exact: found.loss == truth.loss
                && found.readout == truth.readout
                && found.readout_biases == truth.readout_biases,
            growth: match growth(case, &rule) {
                // A warning that floats cannot hold is no reason to withhold an exact comparison.
                Err(Error::NotFinite { .. }) => None,
                found => found?,
            },
            rule,
        });
    }
    Ok(Comparison { mu: mu.clone(), exact: engines, gradient: bptt.gradient, rows })
}

fn too_large(case: &TemporalCase, rule: &TemporalRule) -> Option<String> {
    match rule {
        TemporalRule::Rtrl if case.network.neurons() > MOST_FOR_RTRL => {
            Some(format!("run up to {MOST_FOR_RTRL} neurons"))
        }
        TemporalRule::Tangent if !has_few_parameters(case) => Some(format!(
            "run up to {MOST_UNIT_DIRECTIONS} parameters, and there are {}",
            parameters(case)
        )),
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop
        | TemporalRule::Mdgl { .. }
        | TemporalRule::Modprop(_) => None,
    }
}

/// The approximate rules in the order of what they need to know.
fn rules(case: &TemporalCase, mu: &Mu, slopes: &[Vec<Vec<BigRational>>]) -> Vec<TemporalRule> {
    let mut feedbacks = vec![Feedback::Cell];
    if case.network.types.is_some() {
        feedbacks.extend([Diagonal::Counted, Diagonal::Excluded].map(Feedback::Type));
    }
    let modprop = |feedback, form, taps, mu: &Mu| {
        TemporalRule::Modprop(Modprop { feedback, taps, mu: mu.clone(), form })
    };
    let mut rules = vec![TemporalRule::Eprop];
    rules.extend(feedbacks.iter().map(|&feedback| TemporalRule::Mdgl { feedback }));
    let counts = counts(case.duration()).into_iter().map(Taps::Count);
    for taps in counts.chain([Taps::All]) {
        rules.push(modprop(Feedback::Cell, Form::Filter, taps, mu));
    }
    for &feedback in &feedbacks[1..] {
        rules.push(modprop(feedback, Form::Filter, Taps::All, mu));
    }
    rules.push(modprop(Feedback::Cell, Form::NoLeak, Taps::All, mu));
    rules.push(modprop(Feedback::Cell, Form::Autodiff, Taps::All, mu));
    let differs = |own: &Mu| (0..case.network.neurons()).any(|cell| own.of(cell) != mu.of(cell));
    if let Some(own) = constant_slopes(slopes).filter(differs) {
        rules.push(modprop(Feedback::Cell, Form::Filter, Taps::All, &own));
    }
    rules
}

/// 1, 2, 3, … while the taps are few; 1, 2, 4, 8, … up to as many as there are delays.
fn counts(duration: usize) -> Vec<usize> {
    const FEW: usize = 6;
    let delays = duration.saturating_sub(1);
    if delays <= FEW {
        return (1..delays).collect();
    }
    std::iter::successors(Some(1_usize), |count| count.checked_mul(2))
        .take_while(|&count| count < delays)
        .collect()
}

/// The slope of each cell, if it is the same at every step of every example (claim 4).
fn constant_slopes(slopes: &[Vec<Vec<BigRational>>]) -> Option<Mu> {
    let mut steps = slopes.iter().flatten();
    let first = steps.next()?;
    steps.all(|step| step == first).then(|| Mu::PerCell(first.clone()))
}

/// The conditions that hold and whose rows differ.
fn contradictions(
    conditions: &[Condition],
    found: &TemporalGradient<BigRational>,
    truth: &TemporalGradient<BigRational>,
) -> Vec<String> {
    let differs = |condition: &&Condition| {
        let (found, truth) = match condition.about {
            About::Recurrent => (&found.recurrent, &truth.recurrent),
            About::Input => (&found.input, &truth.input),
            // Equal feedback makes the rule its cell-specific form, of which the other conditions speak.
            About::Feedback => return false,
        };
        condition.rows.iter().any(|&row| found.get(row) != truth.get(row))
    };
    let words = |condition: &Condition| format!("claim {}, {}", condition.number, condition.words);
    conditions.iter().filter(differs).map(words).collect()
}
