//! One rule's gradient or update.

use num_rational::BigRational;
use num_traits::Zero;

use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::certify::gradient::{no_engine, off_grid};
use crate::error::Error;
use crate::number::{held, nearest_f64};
use crate::scalar::{Enclosed, Rational};
use crate::spec::{
    Activation, Dtype, Limits, Number, PerBlock, TemporalCase, TemporalGradient, TemporalRule,
};
use crate::textbook::temporal::{self, Evaluation};
use crate::verdict::bridge::update_of_blocks;
use crate::wire::gradient::{Gradient, Quantity, options};

/// Runs one rule on a temporal case.
///
/// ```text
/// gradient   ∂L/∂W, or what the rule has in its place      update   ΔW = −η ∂L/∂W
/// ```
///
/// The approximate rules are run as a synapse would, forwards in time.
///
/// # Errors
/// [`Error::Unsupported`] where the rule or the number type cannot serve the case; [`Error::NotFinite`] where a float overflows, an
/// update too; [`Error::Limit`].
pub fn gradient(
    case: &TemporalCase,
    rule: &TemporalRule,
    number: Number,
    quantity: Quantity,
    limits: &Limits,
) -> Result<Gradient, Error> {
    let found = match number {
        Number::Exact => exact(case, rule, limits)?,
        Number::Float(Dtype::F64) => float::<f64>(case, rule)?,
        Number::Float(Dtype::F32) => float::<f32>(case, rule)?,
        Number::Float(dtype @ (Dtype::Bf16 | Dtype::F16)) => return Err(no_engine(dtype)),
        Number::Grid(_) => return Err(off_grid()),
    };
    let mut found = of_rule(case, rule, (number, quantity), &found);
    if let (Quantity::Update, Number::Float(dtype)) = (quantity, number) {
        rounded_once_more(&mut found.entries, dtype)?;
    }
    Ok(found)
}

/// What a rule has computed, in the quantity asked for.
#[must_use]
pub fn of_rule(
    case: &TemporalCase,
    rule: &TemporalRule,
    (number, quantity): (Number, Quantity),
    found: &TemporalGradient<BigRational>,
) -> Gradient {
    let gradient = found.per_block().map(BigRational::clone);
    Gradient {
        case: None,
        rule: Some(rule.name().into()),
        options: options::of(rule),
        number,
        quantity,
        loss: Some(found.loss.clone()),
        entries: match quantity {
            Quantity::Gradient => gradient,
            Quantity::Update => update_of_blocks(gradient, &case.learning_rate),
        },
        inputs: None,
        solver: crate::spec::Solver::default(),
    }
}

/// −η ∂L/∂W is one more product, rounded like any other: what is too small becomes the nearest float, which may be 0, and what is too
/// large is refused.
pub(super) fn rounded_once_more(
    update: &mut PerBlock<BigRational>,
    dtype: Dtype,
) -> Result<(), Error> {
    for block in &mut update.blocks {
        let name = block.in_words();
        for entry in &mut block.entries {
            let rounded = held(entry, Number::Float(dtype));
            let beyond =
                || Error::NotFinite { what: format!("update of the {name} in {}", dtype.name()) };
            *entry = rounded.ok_or_else(beyond)?;
        }
    }
    Ok(())
}

/// The exact engine of a rule.
///
/// # Errors
/// As [`gradient`].
pub(super) fn exact(
    case: &TemporalCase,
    rule: &TemporalRule,
    limits: &Limits,
) -> Result<TemporalGradient<BigRational>, Error> {
    expect_exact(case)?;
    let found = temporal::run::<Rational>(case, rule, Evaluation::Causal, limits)?;
    Ok(found.gradient.map(Rational::plain))
}

/// Refuses what has no rational values.
pub(super) fn expect_exact(case: &TemporalCase) -> Result<(), Error> {
    if case.network.activation.is_exact() { Ok(()) } else { Err(not_exact()) }
}

/// The refusal of a σ without rational values.
pub(super) fn not_exact() -> Error {
    Error::unsupported(
        "tanh, logistic and softplus have no rational values: here only `creditcheck gradient` with --number f64 or f32 takes them, and \
         `check` of floats",
    )
}

/// The result of a rule as it can be had: exactly, or within balls.
pub(super) struct Known {
    /// L and the derivatives; of a σ without rational values the centres of their balls.
    pub gradient: TemporalGradient<BigRational>,
    /// The radii of the balls, rounded up; none of what is exact.
    pub radius: Option<TemporalGradient<f64>>,
}

/// The engine of a rule in fractions, or in balls where σ has no rational values.
///
/// # Errors
/// As [`gradient`]; [`Error::Limit`] for more than 1,000 neurons times steps in balls.
pub(super) fn known(
    case: &TemporalCase,
    rule: &TemporalRule,
    limits: &Limits,
) -> Result<Known, Error> {
    let activation = &case.network.activation;
    if activation.is_exact() {
        return Ok(Known { gradient: exact(case, rule, limits)?, radius: None });
    }
    affords_balls([case.network.neurons(), case.duration()], activation)?;
    let found = temporal::run::<Enclosed>(case, rule, Evaluation::Adjoint, limits)?.gradient;
    Ok(Known { gradient: found.map(Enclosed::centre), radius: Some(found.map(radius)) })
}

/// Refuses more neurons times steps than balls are taken for.
pub(super) fn affords_balls(
    [neurons, steps]: [usize; 2],
    activation: &Activation,
) -> Result<(), Error> {
    const MOST: u64 = 1_000;
    let given = (neurons as u64).saturating_mul(steps as u64);
    if given > MOST {
        let what = format!("neurons times steps of a network with {}", activation.name());
        return Err(Error::Limit { what, given, limit: MOST });
    }
    Ok(())
}

/// The radius of a ball, rounded up.
pub(super) fn radius(ball: &Enclosed) -> f64 {
    match ball.radius() {
        radius if radius.is_zero() => 0.0,
        // What is halfway between floats may go down.
        radius => nearest_f64(&radius).next_up(),
    }
}

/// Whether one direction per parameter is affordable.
pub(super) fn has_few_parameters(case: &TemporalCase) -> bool {
    parameters(case) <= MOST_UNIT_DIRECTIONS
}

/// How many parameters there are, the diagonal of W counted.
pub(super) fn parameters(case: &TemporalCase) -> usize {
    let net = &case.network;
    let biases = [&net.biases, &net.readout_biases].into_iter().flatten().map(Vec::len);
    net.neurons() * (net.neurons() + net.inputs() + net.readouts()) + biases.sum::<usize>()
}

/// A rule on the float side; the entries are floats, held exactly.
#[cfg(feature = "fast")]
fn float<F: crate::fast::Float>(
    case: &TemporalCase,
    rule: &TemporalRule,
) -> Result<TemporalGradient<BigRational>, Error> {
    use crate::fast::Threads;
    use crate::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};

    let (net, batch) = (TemporalNetwork::<F>::of(case)?, Batch::<F>::of(case)?);
    let (steps, examples) = (batch.steps, batch.examples);
    let mut engine = Engine::new(&net, steps, examples, rule, Evaluation::Causal, Threads::ONE)?;
    engine.step(&net, &batch, Loss::HalfSquaredError, case.steps.clone())?;
    // The fast engines refuse results that are not finite, so every float has an exact value.
    let held = |value: &F| value.exact().unwrap_or_else(BigRational::zero);
    let matrix = |values: &[F], columns: usize| -> Vec<Vec<BigRational>> {
        values.chunks(columns.max(1)).map(|row| row.iter().map(held).collect()).collect()
    };
    let gradient = engine.gradient();
    let mut input = matrix(&gradient.input, net.inputs);
    // There a bias is the weight of the last input.
    let of_biases = || input.iter_mut().filter_map(Vec::pop).collect();
    let biases = case.network.biases.is_some().then(of_biases);
    Ok(TemporalGradient {
        loss: held(&engine.loss()),
        recurrent: matrix(&gradient.recurrent, net.neurons),
        input,
        biases,
        readout: matrix(&gradient.readout, net.neurons),
        readout_biases: net
            .readout_biases
            .is_some()
            .then(|| gradient.readout_biases.iter().map(held).collect()),
    })
}

/// Without the float side there are no float engines.
#[cfg(not(feature = "fast"))]
// The format is a parameter only so that both builds are called alike.
#[allow(clippy::extra_unused_type_parameters)]
fn float<F>(_: &TemporalCase, _: &TemporalRule) -> Result<TemporalGradient<BigRational>, Error> {
    Err(Error::unsupported("floats; this build lacks the feature \"fast\""))
}
