//! Gradients of engines and of others beside the exact one, on a network that does not run in time.

use num_rational::BigRational;

use super::gradient::{Rule, gradient};
use super::judge::right_of;
use super::measured::{Measured, Source, Theirs, measured};
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::{Case, Dtype, Limits, Network, Number, Wiring};
use crate::verdict::Conclusion;
use crate::wire::gradient::Quantity;

/// The engines of a case, and what others have, each beside the exact gradient.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// L, where it is rational.
    pub loss: Option<BigRational>,
    /// The engines first.
    pub rows: Vec<Measured>,
    /// Engines that were not run, and why.
    pub not_run: Vec<(Rule, String)>,
    /// Whether the credit rule of the case is another than that of the theorem, and so need not give the gradient.
    pub departs: bool,
}

impl Comparison {
    /// Whether an engine gives the gradient; none of one that need not, and of files.
    #[must_use]
    pub fn is_right(&self, row: &Measured) -> Option<bool> {
        let is_free = self.departs && row.name == Rule::Credit.name();
        (row.source == Source::Engine && !is_free).then(|| !row.judgement.nearness().is_refused())
    }

    /// Disagree if an engine does not give the gradient that it should; unchecked if a block of the gradient is zero, which a dead rule
    /// reproduces. How far the gradients of others are off is no matter here: `check` judges them.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        if self.rows.iter().any(|row| self.is_right(row) == Some(false)) {
            return Conclusion::Disagree;
        }
        match self.dead_blocks().is_empty() {
            true => Conclusion::Agree,
            false => Conclusion::Unchecked,
        }
    }

    /// The blocks whose exact entries are all zero.
    #[must_use]
    pub fn dead_blocks(&self) -> Vec<&str> {
        let blocks = self.rows.first().map_or(&[][..], |row| &row.judgement.blocks);
        let dead = blocks.iter().filter(|block| block.is_zero());
        dead.map(|block| block.name.as_str()).collect()
    }
}

/// Runs the credit rule, backpropagation on layers, and the tangent up to 200 parameters; exactly, or in f64 where σ has no rational
/// values.
///
/// # Errors
/// As the exact engines; those of the exact gradient in the format of a file, with its name.
pub fn compare(
    case: &Case,
    theirs: Vec<Theirs>,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Comparison, Error> {
    let number = if case.is_exact() { Number::Exact } else { Number::Float(Dtype::F64) };
    let (mut all, mut not_run) = (Vec::new(), Vec::new());
    for rule in [Rule::Backprop, Rule::Credit, Rule::Tangent] {
        progress.stage(rule.name())?;
        if let Some(why) = too_large(case, rule, number) {
            not_run.push((rule, why));
            continue;
        }
        match gradient(case, rule, number, Quantity::Gradient, &limits.renewed(), progress) {
            Ok(gradient) => {
                let (name, source) = (rule.name().to_owned(), Source::Engine);
                all.push(Theirs { name, source, gradient });
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) if error.is_out_of_work() => not_run.push((rule, error.to_string())),
            Err(other) => return Err(other),
        }
    }
    let of_first = |first: &Theirs| first.gradient.loss.clone();
    let loss = all.first().filter(|_| case.is_exact()).and_then(of_first);
    all.extend(theirs);
    let rows = measured(&all, |theirs| right_of(case, theirs, &limits.renewed(), progress))?;
    Ok(Comparison { loss, rows, not_run, departs: case.departs() })
}

/// Why an engine is not run on a case, if it is not.
fn too_large(case: &Case, rule: Rule, number: Number) -> Option<String> {
    match (rule, &case.network) {
        (Rule::Backprop, Network::Graph(_)) => Some("it is defined on layers".into()),
        (Rule::Tangent, _) if number != Number::Exact => Some("it is exact or nothing".into()),
        (Rule::Tangent, _) => {
            let parameters = Wiring::of(case).parameters();
            (parameters > MOST_UNIT_DIRECTIONS).then(|| {
                format!("run up to {MOST_UNIT_DIRECTIONS} parameters, and there are {parameters}")
            })
        }
        (Rule::Credit, _) | (Rule::Backprop, Network::Layered(_)) => None,
    }
}
