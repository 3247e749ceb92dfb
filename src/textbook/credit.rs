//! The credit rule, exactly: firing, balance, credit by elimination, plasticity (D1–D4).

mod external;

use std::cmp::Ordering;

use num_rational::BigRational;

use super::equilibrium;
use super::plasticity::{bias_change, weight_change};
use super::{
    Equilibrium, afford, afford_function, embed, embed_parameters, holds, no_sign, within,
};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::outcome::{Credit, CreditExample, CreditOutcome, Firing, GivenCredit, Update};
use crate::spec::{
    Activation, Case, Kink, Limits, Neuron, Parameters, PerNeuron, PerSynapse, Transcendental,
    Wiring,
};

pub(crate) use external::external_credit;

/// The whole rule on a case.
///
/// ```text
/// D1   s = W x + b,  x = σ(s)          D3   (I − Wᵀ diag β) c = e
/// D2   β = f(s)                        D4   ΔW_ij = η ⟨β_i c_i x_j⟩,  Δb_i = η ⟨β_i c_i⟩
/// ```
///
/// Where the case clamps the credit of its output neurons, their rows of D3 are c = e.
///
/// Shapes: one [`CreditExample`] per example, one update entry per synapse and per neuron.
/// Units: dimensionless. Exactness: exact over every `ExactScalar`.
/// Source: Fan & Mysore, arXiv 2405.14139.
///
/// # Errors
/// With a cycle as [`equilibrium::of_example`], and [`Error::Singular`] where `I − Wᵀ diag β` has no inverse;
/// [`Error::Unsupported`] for activations outside the number type; [`Error::Limit`] when an intermediate result grows beyond `limits.bits`.
pub fn run<S: Scalar>(case: &Case, limits: &Limits) -> Result<CreditOutcome<S>, Error> {
    // Six numbers per neuron: net input, rate, balance factor, external credit, and the credit twice.
    holds(&[case.network.neurons(), case.examples.len(), 6], limits, "all neurons and examples")?;
    let wiring = Wiring::of(case);
    let exact = Parameters::of(case);
    let parameters: Parameters<S> = embed_parameters(&exact)?;
    let learning_rate: S = embed(&case.learning_rate, "the learning rate")?;
    let mut net_inputs = Vec::new();
    let mut given = Vec::new();
    for (b, example) in case.examples.iter().enumerate() {
        let target = embed_all(&example.target, "a target")?;
        let Firing { net_input, firing_rate } =
            equilibrium::in_ring(&wiring, &exact, &parameters, example, limits)
                .map_err(|error| error.in_example(b))?;
        for post in wiring.is_input.indexed().filter(|(_, clamped)| !**clamped).map(|(n, _)| n) {
            let function = wiring.balances[post].as_ref().unwrap_or(&wiring.activations[post]);
            afford_function(function, &net_input[post], limits)?;
        }
        let balance_factor = balance_factors(&wiring, &net_input, &firing_rate)?;
        let external_credit = external_credit(case, &wiring, &firing_rate, &target)?;
        net_inputs.push(net_input);
        given.push(GivenCredit { firing_rate, balance_factor, external_credit });
    }
    let (credits, update) = run_given(&wiring, &parameters, &learning_rate, &given, limits)?;
    let examples = net_inputs.into_iter().zip(given).zip(credits);
    let examples = examples
        .map(|((net_input, given), credit)| CreditExample {
            net_input,
            firing_rate: given.firing_rate,
            balance_factor: given.balance_factor,
            external_credit: given.external_credit,
            credit: credit.map(|c| Credit(c.clone())),
        })
        .collect();
    Ok(CreditOutcome { examples, update })
}

/// Credits and update from rates, balance factors and external credits that somebody else computed (D3, D4).
///
/// # Errors
/// [`Error::Singular`] where `I − Wᵀ diag β` has no inverse; [`Error::Limit`]; [`Error::Unsupported`] where 1/B has no image.
pub fn run_given<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    learning_rate: &S,
    given: &[GivenCredit<S>],
    limits: &Limits,
) -> Result<(Vec<PerNeuron<S>>, Update<S>), Error> {
    let mut credits = Vec::new();
    let mut weights = PerSynapse::filled(wiring.synapses.len(), S::zero());
    let mut biases = PerNeuron::filled(wiring.neurons(), S::zero());
    for example in given {
        let credit = settle(wiring, parameters, example, limits)?;
        let view = Equilibrium {
            wiring,
            parameters,
            learning_rate,
            firing_rate: &example.firing_rate,
            balance_factor: &example.balance_factor,
            external_credit: &example.external_credit,
            credit: &credit,
        };
        for (synapse, ends) in wiring.synapses.indexed() {
            let rate = &example.firing_rate[ends.pre];
            afford_factors(&weights[synapse], &view, ends.post, rate, limits)?;
            let sum = weights[synapse].clone() + &weight_change(&view, synapse);
            within(&sum, limits, "a weight update")?;
            weights[synapse] = sum;
        }
        for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            afford_factors(&biases[post], &view, post, &S::one(), limits)?;
            let sum = biases[post].clone() + &bias_change(&view, post);
            within(&sum, limits, "a bias update")?;
            biases[post] = sum;
        }
        credits.push(credit);
    }
    let share = BigRational::new(1.into(), given.len().max(1).into());
    let share: S = embed(&share, "1/B, B the number of examples,")?;
    let mean = |sum: &S| sum.clone() * &share;
    Ok((credits, Update { weights: weights.map(mean), biases: biases.map(mean) }))
}

/// Asks for the three factors of D4 and η, before they meet.
fn afford_factors<S: Scalar>(
    sum: &S,
    view: &Equilibrium<'_, S>,
    post: Neuron,
    firing_rate: &S,
    limits: &Limits,
) -> Result<(), Error> {
    let (balance, credit) = (&view.balance_factor[post], &view.credit[post]);
    afford(view.learning_rate, balance, credit, limits, "a weight update")?;
    afford(sum, credit, firing_rate, limits, "a weight update")
}

/// β of D2; 0 on input neurons, where nothing reads it.
///
/// # Errors
/// [`Error::Unsupported`] for a balance function that this number type cannot evaluate.
pub fn balance_factors<S: Scalar>(
    wiring: &Wiring,
    net_input: &PerNeuron<S>,
    firing_rate: &PerNeuron<S>,
) -> Result<PerNeuron<S>, Error> {
    let mut factors = PerNeuron::filled(wiring.neurons(), S::zero());
    for post in (0..wiring.neurons()).map(Neuron).filter(|neuron| !wiring.is_input[*neuron]) {
        factors[post] = balance_factor(wiring, post, &net_input[post], &firing_rate[post])?;
    }
    Ok(factors)
}

/// β of one neuron.
pub(crate) fn balance_factor<S: Scalar>(
    wiring: &Wiring,
    post: Neuron,
    net_input: &S,
    firing_rate: &S,
) -> Result<S, Error> {
    let kink = wiring.kinks[post];
    let activation = &wiring.activations[post];
    if let Some(other) = &wiring.balances[post] {
        // A replaced balance function is a function of the net input: the rate belongs to another σ.
        return balance_of_net_input(other, kink, net_input);
    }
    match balance_of_rate(activation, kink, firing_rate)? {
        Some(factor) => Ok(factor),
        None => balance_of_net_input(activation, kink, net_input),
    }
}

/// β from the rate alone, for the activations whose rate determines it (D2).
fn balance_of_rate<S: Scalar>(
    activation: &Activation,
    kink: Kink,
    rate: &S,
) -> Result<Option<S>, Error> {
    let sign = || rate.sign().ok_or_else(|| no_sign(activation.name()));
    Ok(match activation {
        Activation::Identity => Some(S::one()),
        // A silent ReLU neuron may sit at its kink or below it: only the left convention cannot tell.
        Activation::Relu if kink == Kink::Left => {
            Some(if sign()? == Ordering::Greater { S::one() } else { S::zero() })
        }
        Activation::LeakyRelu { slope } if slope.sign() == Some(Ordering::Greater) => {
            let below: S = embed(slope, "the slope of leaky_relu")?;
            Some(choose(sign()?, toward(kink, true), below, S::one())?)
        }
        Activation::Softsign => {
            let magnitude = if sign()? == Ordering::Less { -rate.clone() } else { rate.clone() };
            let distance = S::one() - &magnitude;
            Some(distance.clone() * &distance)
        }
        // x = s/(1 − s) makes 1 + x = 1/(1 − s).
        Activation::EluRational => Some(match sign()? {
            Ordering::Greater => S::one(),
            Ordering::Less | Ordering::Equal => {
                let distance = S::one() + rate;
                distance.clone() * &distance
            }
        }),
        Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. }
        | Activation::Square
        | Activation::Quadratic
        | Activation::Cubic
        | Activation::Tanh
        | Activation::Logistic
        | Activation::Softplus => None,
    })
}

/// β from the net input.
pub(super) fn balance_of_net_input<S: Scalar>(
    function: &Activation,
    kink: Kink,
    s: &S,
) -> Result<S, Error> {
    let sign = |value: &S| value.sign().ok_or_else(|| no_sign(function.name()));
    let no_value = || {
        Error::unsupported(format!(
            "the balance factor of {} is not rational: the exact engines take it as given",
            function.name()
        ))
    };
    match function {
        Activation::Identity => Ok(S::one()),
        Activation::Relu => choose(sign(s)?, toward(kink, true), S::zero(), S::one()),
        Activation::LeakyRelu { slope } => {
            let below = embed(slope, "the slope of leaky_relu")?;
            choose(sign(s)?, toward(kink, true), below, S::one())
        }
        Activation::HardTanh { min, max } => {
            let above_min = sign(&(s.clone() - &embed(min, "min of hard_tanh")?))?;
            let above_max = sign(&(s.clone() - &embed(max, "max of hard_tanh")?))?;
            if above_max == Ordering::Less {
                choose(above_min, toward(kink, true), S::zero(), S::one())
            } else {
                choose(above_max, toward(kink, false), S::one(), S::zero())
            }
        }
        Activation::Square => Ok(s.clone() + s),
        Activation::Quadratic => Ok(S::one() + s + s),
        Activation::Cubic => Ok(S::one() - &(s.clone() * s)),
        Activation::Softsign => {
            let magnitude = if sign(s)? == Ordering::Less { -s.clone() } else { s.clone() };
            let reciprocal =
                (S::one() + &magnitude).try_recip().ok_or_else(|| no_sign("softsign"))?;
            Ok(reciprocal.clone() * &reciprocal)
        }
        Activation::EluRational => match sign(s)? {
            Ordering::Greater => Ok(S::one()),
            Ordering::Less | Ordering::Equal => {
                let reciprocal =
                    (S::one() - s).try_recip().ok_or_else(|| no_sign("elu_rational"))?;
                Ok(reciprocal.clone() * &reciprocal)
            }
        },
        // From the rate: 1 − x², x(1 − x), and for softplus 1 − e⁻ˣ, which is logistic(s).
        Activation::Tanh => {
            let x = s.transcendental(Transcendental::Tanh).ok_or_else(no_value)?;
            Ok(S::one() - &(x.clone() * &x))
        }
        Activation::Logistic => {
            let x = s.transcendental(Transcendental::Logistic).ok_or_else(no_value)?;
            Ok(x.clone() * &(S::one() - &x))
        }
        Activation::Softplus => s.transcendental(Transcendental::Logistic).ok_or_else(no_value),
    }
}

/// The share that the slope above a kink has at the kink, by the convention of D0: 0, 1, or what is in between. A kink
/// opens where the piece in the middle lies above it; an only kink does.
fn toward(kink: Kink, opens: bool) -> BigRational {
    let of = |above: bool| BigRational::from_integer(i64::from(above).into());
    match kink {
        Kink::Left => of(false),
        Kink::Right => of(true),
        Kink::Mean => BigRational::new(1.into(), 2.into()),
        Kink::Inner => of(opens),
        Kink::Outer => of(!opens),
        Kink::Between(share) => share.exact(),
    }
}

/// The value below a kink, above it, or at it the part of both that the share says.
fn choose<S: Scalar>(side: Ordering, share: BigRational, below: S, above: S) -> Result<S, Error> {
    match side {
        Ordering::Less => Ok(below),
        Ordering::Greater => Ok(above),
        Ordering::Equal => {
            let share: S = embed(&share, "the share of a kink convention")?;
            Ok((S::one() - &share) * &below + &(share * &above))
        }
    }
}

/// Solves `(I − Wᵀ diag β) c = e` by Gaussian elimination.
///
/// Row j is the equation of neuron j, and input neurons have one too. In a feed-forward network whose neurons stand in topological
/// order the matrix is triangular already and only the back substitution works; zeros are
/// skipped, so the cost is that of the synapses.
fn settle<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    given: &GivenCredit<S>,
    limits: &Limits,
) -> Result<PerNeuron<S>, Error> {
    let neurons = wiring.neurons();
    if neurons > limits.neurons {
        return Err(Error::Limit {
            what: "neurons in one elimination".into(),
            given: neurons as u64,
            limit: limits.neurons as u64,
        });
    }
    let mut rows: Vec<Vec<S>> = (0..neurons)
        .map(|row| {
            (0..neurons).map(|column| if row == column { S::one() } else { S::zero() }).collect()
        })
        .collect();
    for (pre, &synapse) in
        wiring.returning.indexed().flat_map(|(n, all)| all.iter().map(move |s| (n, s)))
    {
        let post = wiring.synapses[synapse].post;
        let (weight, balance) = (&parameters.weights[synapse], &given.balance_factor[post]);
        afford(weight, weight, balance, limits, "an entry of the elimination")?;
        let coefficient = weight.clone() * balance;
        let entry = &mut rows[pre.0][post.0];
        *entry = entry.clone() - &coefficient;
    }
    let mut right = given.external_credit.clone();

    for column in 0..neurons {
        let (pivot, reciprocal) = (column..neurons)
            .find_map(|row| Some((row, rows[row][column].try_recip()?)))
            .ok_or_else(|| Error::Singular {
                what: format!("I − Wᵀ diag β, at the credit of neuron {column}"),
            })?;
        if pivot != column {
            rows.swap(pivot, column);
            let (a, b) = (right[Neuron(pivot)].clone(), right[Neuron(column)].clone());
            right[Neuron(pivot)] = b;
            right[Neuron(column)] = a;
        }
        for row in column + 1..neurons {
            if rows[row][column].is_zero() {
                continue;
            }
            afford(
                &reciprocal,
                &rows[row][column],
                &reciprocal,
                limits,
                "an entry of the elimination",
            )?;
            let factor = rows[row][column].clone() * &reciprocal;
            let (upper, lower) = rows.split_at_mut(row);
            for (entry, above) in lower[0].iter_mut().zip(&upper[column]).skip(column) {
                if !above.is_zero() {
                    afford(entry, &factor, above, limits, "an entry of the elimination")?;
                    *entry = entry.clone() - &(factor.clone() * above);
                    within(entry, limits, "an entry of the elimination")?;
                }
            }
            right[Neuron(row)] = right[Neuron(row)].clone() - &(factor * &right[Neuron(column)]);
        }
    }
    let mut credit = PerNeuron::filled(neurons, S::zero());
    for row in (0..neurons).rev() {
        let mut rest = right[Neuron(row)].clone();
        for column in row + 1..neurons {
            if !rows[row][column].is_zero() {
                afford(&rest, &rows[row][column], &credit[Neuron(column)], limits, "a credit")?;
                rest = rest - &(rows[row][column].clone() * &credit[Neuron(column)]);
            }
        }
        // The elimination above found an invertible pivot in every column.
        let reciprocal = rows[row][row].try_recip().ok_or_else(|| Error::Singular {
            what: format!("I − Wᵀ diag β, at the credit of neuron {row}"),
        })?;
        rest = rest * &reciprocal;
        within(&rest, limits, "a credit")?;
        credit[Neuron(row)] = rest;
    }
    Ok(credit)
}

fn embed_all<S: Scalar>(values: &[BigRational], what: &str) -> Result<Vec<S>, Error> {
    values.iter().map(|value| embed(value, what)).collect()
}
