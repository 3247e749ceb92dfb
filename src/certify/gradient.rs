//! One engine's gradient or update, in the form in which all of them can be compared.

#[cfg(feature = "fast")]
mod at_scale;
mod feedback;

use num_rational::BigRational;

use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::{Rational, Scalar};
use crate::spec::outcome::{BackpropExample, CreditOutcome, LayeredGradient, Update};
use crate::spec::{
    Case, Dtype, Limits, Loss, Network, Number, Parameters, PerNeuron, PerSynapse, Wiring,
};
use crate::textbook::{Measure, backprop, credit, tangent};
use crate::verdict::bridge::{
    counted_through, derivatives_at, gradient_of_update, update_of_derivatives,
};
use crate::verdict::per_block;
use crate::wire::gradient::{Gradient, Quantity};

pub use feedback::aligned;

/// Which engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// The credit rule (D1–D4).
    #[default]
    Credit,
    /// Backpropagation (D5–D7); layered networks only.
    Backprop,
    /// The arbiter: dual numbers, one direction per parameter (D8).
    Tangent,
}

impl Rule {
    /// The word on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Backprop => "backprop",
            Self::Tangent => "tangent",
        }
    }
}

/// What any engine computes of a case: the loss, the entries asked for, and its derivatives at the inputs.
struct Computed {
    loss: BigRational,
    entries: Update<BigRational>,
    inputs: Vec<Vec<BigRational>>,
}

/// Runs one engine.
///
/// The credit rule is asked for its update at η = 1, whose negative is the gradient that it follows; so a
/// case with η = 0 has a gradient too.
///
/// # Errors
/// [`Error::Unsupported`] where the engine or the number type cannot serve the case; [`Error::Limit`].
pub fn gradient(
    case: &Case,
    rule: Rule,
    number: Number,
    quantity: Quantity,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Gradient, Error> {
    let computed = match number {
        Number::Exact => exact(case, rule, quantity, limits, progress)?,
        Number::Float(Dtype::F64) => float::<f64>(case, rule, quantity)?,
        Number::Float(Dtype::F32) => float::<f32>(case, rule, quantity)?,
        Number::Float(dtype @ (Dtype::Bf16 | Dtype::F16)) => return Err(no_engine(dtype)),
        Number::Grid(_) => return Err(off_grid()),
    };
    Ok(Gradient {
        case: None,
        rule: Some(rule.name().into()),
        options: Vec::new(),
        number,
        quantity,
        loss: Some(computed.loss),
        entries: per_block(case, &computed.entries).map(BigRational::clone),
        inputs: Some(computed.inputs),
        solver: crate::spec::Solver::default(),
    })
}

/// The refusal of a format in which gradients are judged and nothing is computed.
pub(super) fn no_engine(dtype: Dtype) -> Error {
    Error::unsupported(format!("an engine in {}: they compute in f64 and f32", dtype.name()))
}

/// The refusal of a grid, on which gradients are judged and nothing is computed.
pub(super) fn off_grid() -> Error {
    Error::unsupported("a gradient computed on a grid; `creditcheck check` judges one")
}

fn exact(
    case: &Case,
    rule: Rule,
    quantity: Quantity,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Computed, Error> {
    expect_exact(case)?;
    #[cfg(feature = "fast")]
    if let Some(dense) = at_scale::served(case, rule) {
        return at_scale::run(case, &dense, rule, quantity, progress);
    }
    #[cfg(feature = "fast")]
    if at_scale::lifted(case, rule) {
        let progress = std::cell::RefCell::new(progress);
        return of_credit(case, quantity, |case| {
            at_scale::at_equilibrium(case, limits, &mut **progress.borrow_mut())
        });
    }
    match rule {
        Rule::Credit => of_credit(case, quantity, |case| {
            Ok(credit::run::<Rational>(case, limits)?.map(Rational::plain))
        }),
        Rule::Backprop => {
            let outcome = backprop::run::<Rational>(case, limits)?.map(Rational::plain);
            let gradient = of_layers(case, &outcome.gradient)?;
            Ok(Computed {
                inputs: input_adjoints(&outcome.examples, BigRational::clone),
                entries: asked_for(gradient, quantity, case),
                loss: outcome.loss,
            })
        }
        Rule::Tangent => {
            let wiring = Wiring::of(case);
            let loss = tangent::along::<Rational>(case, &still(&wiring), limits)?.value;
            let all = wiring.parameters();
            let gradient = tangent::gradient_watched::<Rational>(case, limits, &mut |done| {
                progress.stage(&format!("direction {} of {all}", done + 1))
            })?;
            let inputs = tangent::at_rates::<Rational>(case, &wiring.inputs, limits)?;
            let inputs = inputs.iter().map(|row| row.iter().map(Rational::plain).collect());
            Ok(Computed {
                loss: loss.plain(),
                entries: asked_for(gradient.map(Rational::plain), quantity, case),
                inputs: inputs.collect(),
            })
        }
    }
}

/// Refuses what has no rational values.
fn expect_exact(case: &Case) -> Result<(), Error> {
    match case.is_exact() {
        true => Ok(()),
        false => Err(Error::unsupported(
            "tanh, logistic and softplus have no rational values: use --number f64 or f32, or `certify`, \
             which takes their rates and balance factors as given",
        )),
    }
}

fn asked_for(
    gradient: Update<BigRational>,
    quantity: Quantity,
    case: &Case,
) -> Update<BigRational> {
    match quantity {
        Quantity::Gradient => gradient,
        Quantity::Update => update_of_derivatives(&gradient, &case.learning_rate),
    }
}

/// The direction that moves nothing.
fn still(wiring: &Wiring) -> Parameters<Rational> {
    Parameters {
        weights: PerSynapse::filled(wiring.synapses.len(), Rational::zero()),
        biases: PerNeuron::filled(wiring.neurons(), Rational::zero()),
    }
}

/// The credit rule, asked for its update, or for its update at η = 1 turned round.
fn of_credit(
    case: &Case,
    quantity: Quantity,
    run: impl Fn(&Case) -> Result<CreditOutcome<BigRational>, Error>,
) -> Result<Computed, Error> {
    let wiring = Wiring::of(case);
    let one = <BigRational as Scalar>::one();
    let (outcome, entries) = match quantity {
        Quantity::Update => {
            let outcome = run(case)?;
            let update = outcome.update.clone();
            (outcome, Some(update))
        }
        Quantity::Gradient => {
            let outcome = run(&Case { learning_rate: one.clone(), ..case.clone() })?;
            let gradient = gradient_of_update(&outcome.update, &one);
            (outcome, gradient)
        }
    };
    let entries = entries.ok_or_else(|| Error::unsupported("a gradient at learning rate 0"))?;
    let loss = loss_of(case, &wiring, &outcome)?;
    let credits: Vec<_> =
        outcome.examples.iter().map(|e| e.credit.map(|credit| credit.0.clone())).collect();
    Ok(Computed { loss, entries, inputs: derivatives_at(&wiring.inputs, &credits) })
}

/// L from what the credit rule found: of half squared error from e, which is t − x; of others from the rates.
fn loss_of(
    case: &Case,
    wiring: &Wiring,
    outcome: &CreditOutcome<BigRational>,
) -> Result<BigRational, Error> {
    let mut sum = <BigRational as Scalar>::zero();
    let examples = case.examples.len();
    match &case.loss {
        Loss::HalfSquaredError => {
            for e in outcome.examples.iter().flat_map(|example| example.external_credit.iter()) {
                sum += e * e;
            }
            Ok(sum / BigRational::from_integer((2 * examples).into()))
        }
        Loss::Reduced { .. } => {
            let measure = Measure::of(&case.loss, examples, wiring.outputs.len())?;
            for (found, given) in outcome.examples.iter().zip(&case.examples) {
                let rates = wiring.outputs.iter().map(|output| found.firing_rate[*output].clone());
                let outputs = rates.zip(given.target.iter().cloned());
                sum += measure.of_example(outputs, &Limits::default())?;
            }
            Ok(sum / BigRational::from_integer(examples.into()))
        }
    }
}

fn of_layers<S: Scalar>(case: &Case, gradient: &LayeredGradient<S>) -> Result<Update<S>, Error> {
    match &case.network {
        Network::Layered(net) => Ok(counted_through(net, gradient)),
        Network::Graph(_) => Err(Error::unsupported("backpropagation by layers on a graph")),
    }
}

fn input_adjoints<S>(
    examples: &[BackpropExample<S>],
    exact: impl Fn(&S) -> BigRational,
) -> Vec<Vec<BigRational>> {
    let of_example = |example: &BackpropExample<S>| {
        example.adjoint[0].iter().map(|adjoint| exact(&adjoint.0)).collect()
    };
    examples.iter().map(of_example).collect()
}

/// An engine of the float side; its entries are floats, held exactly.
#[cfg(feature = "fast")]
fn float<F: crate::fast::Float>(
    case: &Case,
    rule: Rule,
    quantity: Quantity,
) -> Result<Computed, Error> {
    // The fast engines refuse results that are not finite, so every float has an exact value.
    let exact = |value: &F| value.exact().unwrap_or_else(<BigRational as Scalar>::zero);
    match rule {
        Rule::Credit => of_credit(case, quantity, |case| {
            let outcome = if Wiring::of(case).is_recurrent() {
                crate::fast::recurrent::run::<F>(case, &Default::default())?.equilibrium
            } else {
                crate::fast::credit::run::<F>(case)?
            };
            let examples = outcome.examples.iter().map(crate::fast::exact_example);
            let Update { weights, biases } = outcome.update;
            Ok(CreditOutcome {
                examples: examples.collect::<Result<_, _>>()?,
                update: Update { weights: weights.map(exact), biases: biases.map(exact) },
            })
        })
        .map(|computed| Computed { loss: nearest::<F>(&computed.loss), ..computed }),
        Rule::Backprop => {
            let outcome = crate::fast::backprop::run::<F>(case)?;
            let rounded = LayeredGradient {
                weights: outcome
                    .gradient
                    .weights
                    .iter()
                    .map(|rows| rows.iter().map(|row| row.iter().map(exact).collect()).collect())
                    .collect(),
                biases: outcome
                    .gradient
                    .biases
                    .iter()
                    .map(|biases| biases.as_ref().map(|biases| biases.iter().map(exact).collect()))
                    .collect(),
            };
            let entries = asked_for(of_layers(case, &rounded)?, quantity, case);
            let beyond = |value: &BigRational| F::nearest(value).exact().is_none();
            for (what, mut list) in
                [("weight update", entries.weights.iter()), ("bias update", entries.biases.iter())]
            {
                if list.any(beyond) {
                    return Err(Error::NotFinite { what: format!("{what} in {}", F::NAME) });
                }
            }
            Ok(Computed {
                loss: exact(&outcome.loss),
                // −η ∂L/∂W is one more product, rounded like any other.
                entries: Update {
                    weights: entries.weights.map(nearest::<F>),
                    biases: entries.biases.map(nearest::<F>),
                },
                inputs: input_adjoints(&outcome.examples, exact),
            })
        }
        Rule::Tangent => Err(Error::unsupported(
            "the arbiter in floats; it is exact or nothing: use --number exact",
        )),
    }
}

/// A number as the float nearest to it.
#[cfg(feature = "fast")]
fn nearest<F: crate::fast::Float>(value: &BigRational) -> BigRational {
    F::nearest(value).exact().unwrap_or_else(<BigRational as Scalar>::zero)
}

/// Without the float side there are no float engines.
#[cfg(not(feature = "fast"))]
// The format is a parameter only so that both builds are called alike.
#[allow(clippy::extra_unused_type_parameters)]
fn float<F>(_: &Case, _: Rule, _: Quantity) -> Result<Computed, Error> {
    Err(Error::unsupported("floats; this build lacks the feature \"fast\""))
}
