//! Layers in time, or one whose leak is a parameter: one rule's gradient, and somebody else's against the exact one.

use num_rational::BigRational;
#[cfg(feature = "fast")]
use num_traits::Zero;

use super::gradient::{affords_balls, not_exact, radius, rounded_once_more};
use super::judge::{Right, Truth, against};
use super::on_kinks::explained_in_layers;
use super::room::Room;
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::certify::explain;
use crate::certify::gradient::{no_engine, off_grid};
use crate::error::Error;
use crate::mutants::temporal::slips;
use crate::progress::Progress;
use crate::scalar::{Enclosed, Rational};
use crate::spec::{Activation, Dtype, Limits, Number, StackCase, StackGradient, TemporalRule};
use crate::textbook::stack;
use crate::verdict::bounded::stack_bound;
use crate::verdict::bridge::update_of_blocks;
use crate::verdict::judge::{Judgement, Nearness, Options, are_near};
use crate::verdict::reading::Scale;
use crate::wire::gradient::{Gradient, Quantity, options};

/// Runs one rule on layers in time.
///
/// # Errors
/// [`Error::Unsupported`] where the rule or the number type cannot serve the case; [`Error::NotFinite`] where a float overflows, an
/// update too; [`Error::Limit`].
pub fn gradient(
    case: &StackCase,
    rule: &TemporalRule,
    number: Number,
    quantity: Quantity,
    limits: &Limits,
) -> Result<Gradient, Error> {
    let found = match number {
        Number::Exact if without_values(case).is_some() => return Err(not_exact()),
        Number::Exact => stack::run::<Rational>(case, rule, limits)?.map(Rational::plain),
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

fn of_rule(
    case: &StackCase,
    rule: &TemporalRule,
    (number, quantity): (Number, Quantity),
    found: &StackGradient<BigRational>,
) -> Gradient {
    let gradient = found.per_block(&case.network).map(BigRational::clone);
    Gradient {
        case: None,
        rule: Some(rule.name().into()),
        options: Vec::new(),
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

/// A σ without rational values.
fn without_values(case: &StackCase) -> Option<&Activation> {
    let all = case.network.layers.iter().map(|layer| &layer.activation);
    all.into_iter().find(|activation| !activation.is_exact())
}

/// A rule on the float side; the entries are floats, held exactly.
#[cfg(feature = "fast")]
fn float<F: crate::fast::Float>(
    case: &StackCase,
    rule: &TemporalRule,
) -> Result<StackGradient<BigRational>, Error> {
    if *rule != TemporalRule::Bptt {
        return Err(Error::unsupported(format!(
            "the rule {} in floats on several layers in time, or with a trainable leak; use --rule bptt, or --number exact",
            rule.name()
        )));
    }
    // The engine refuses results that are not finite, so every float has an exact value.
    let held = |value: &F| value.exact().unwrap_or_else(BigRational::zero);
    Ok(crate::fast::stack::bptt::<F>(case)?.map(held))
}

/// Without the float side there are no float engines.
#[cfg(not(feature = "fast"))]
// The format is a parameter only so that both builds are called alike.
#[allow(clippy::extra_unused_type_parameters)]
fn float<F>(_: &StackCase, _: &TemporalRule) -> Result<StackGradient<BigRational>, Error> {
    Err(Error::unsupported("floats; this build lacks the feature \"fast\""))
}

/// Judges every entry, and names the known mistakes that would give this result.
///
/// Floats are judged within the computed rounding bound. The reference is the tangent up to 200 parameters, and BPTT above; of a σ
/// without rational values it is BPTT in balls, whose radii are added to the bounds.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for fractions where σ has no rational values, and for a declared rule that is not the
/// gradient; [`Error::Limit`] for such a σ on more than 1,000 neurons times steps.
pub fn judge(
    case: &StackCase,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    explain::expect_used(options, mine.number, explain::is_update(mine.quantity))?;
    let unserved = [
        (options.arithmetic.is_some(), "--arithmetic"),
        (options.grid_everywhere, "--grid-everywhere"),
    ];
    if let Some((_, option)) = unserved.into_iter().find(|(is_given, _)| *is_given) {
        return Err(Error::unsupported(format!("{option} on a network that runs in time")));
    }
    if let Some(rule) = options::declared(mine.rule.as_deref(), &mine.options, limits)? {
        expect_gradient(&rule)?;
    }
    let (judgement, truth) = judged(case, mine, options, limits, progress)?;
    if judgement.nearness() < Nearness::Unjudged {
        return Ok((judgement, Vec::new()));
    }
    let mut said: Vec<String> = Vec::new();
    said.extend(explain::another_format(mine, |other| {
        judged(case, other, options, limits, progress).map(|(found, _)| found)
    })?);
    if judgement.nearness().is_refused() {
        let mut of = |case: &StackCase| {
            progress.stage("is it another kink convention?")?;
            let (found, truth) = judged(case, mine, options, limits, progress)?;
            Ok((found.nearness(), truth.right))
        };
        let (of_kinks, is_explained) =
            explained_in_layers(case, mine, &truth.right, limits, &mut of)?;
        said.extend(of_kinks);
        if is_explained {
            return Ok((judgement, said));
        }
    }
    let scale = Scale {
        loss: Default::default(),
        examples: case.examples.len(),
        outputs: case.network.readouts(),
        steps: case.duration(),
        learning_rate: case.learning_rate.clone(),
        is_update: explain::is_update(mine.quantity),
    };
    said.extend(explain::factors(mine, &truth.right, &judgement, &scale));
    // With η = 0 every mistake gives the same update.
    if mine.quantity == Quantity::Gradient || *case.learning_rate.numer() != 0.into() {
        let is_theirs = |gradient: &StackGradient<BigRational>| {
            let asked = (Number::Exact, mine.quantity);
            let entries = of_rule(case, &TemporalRule::Bptt, asked, gradient).entries;
            let scaled = entries.map(|entry| entry * &options.scale);
            are_near(mine.number, &mine.entries, &scaled.as_ref(), &truth.right).is_some()
        };
        let mut ask = || progress.stage("is it a known mistake?");
        said.extend(slips(case, &is_theirs, limits, &mut ask)?);
    }
    Ok((judgement, said))
}

/// Refuses a rule that is not the gradient: there is no engine for it here.
fn expect_gradient(rule: &TemporalRule) -> Result<(), Error> {
    match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => Ok(()),
        TemporalRule::Eprop | TemporalRule::Mdgl { .. } | TemporalRule::Modprop(_) => {
            Err(Error::unsupported(format!(
                "the rule {} on several layers in time, or with a trainable leak: its source says nothing of them; leave \"rule\" out to have \
                 the gradient judged",
                rule.name()
            )))
        }
    }
}

fn judged(
    case: &StackCase,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Truth), Error> {
    progress.stage("the exact gradient")?;
    let (gradient, radii) = match without_values(case) {
        Some(_) if mine.number == Number::Exact => return Err(not_exact()),
        Some(activation) => {
            affords_balls([case.network.neurons(), case.duration()], activation)?;
            let found = stack::run::<Enclosed>(case, &TemporalRule::Bptt, limits)?;
            (found.map(Enclosed::centre), Some(room_of(case, &found.map(radius))))
        }
        None => {
            let is_small = case.network.parameters() <= MOST_UNIT_DIRECTIONS;
            let rule = if is_small { TemporalRule::Tangent } else { TemporalRule::Bptt };
            (stack::run::<Rational>(case, &rule, limits)?.map(Rational::plain), None)
        }
    };
    let (eta, bounds) = match mine.quantity {
        Quantity::Gradient => (None, radii),
        Quantity::Update => {
            let eta = &case.learning_rate;
            (Some(eta), radii.map(|room| room.of_update(eta)))
        }
    };
    let asked = (Number::Exact, mine.quantity);
    let right =
        Right { gradient: of_rule(case, &TemporalRule::Bptt, asked, &gradient), radius: bounds };
    let bounds = match mine.number.dtype().map(|format| stack_bound(case, eta, format)) {
        None | Some(Err(Error::NotFinite { .. })) => None,
        Some(Ok(bounds)) => Some(room_of(case, &bounds)),
        Some(Err(other)) => return Err(other),
    };
    Ok(against(mine, right, (bounds.as_ref(), None), options))
}

fn room_of(case: &StackCase, found: &StackGradient<f64>) -> Room {
    Room { entries: found.per_block(&case.network).map(|bound| *bound), loss: found.loss }
}
