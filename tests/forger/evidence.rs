//! Forgeries in the evidence: another case under the witnesses, or other witnesses under the case, and rows that follow from them.

use creditcheck::certificate::{Certificate, Evidence, Inverses};
use creditcheck::spec::outcome::{Adjoint, Credit, Delta};
use creditcheck::spec::{Activation, Case, Expect, Layered, Network, Neuron};
use num_rational::BigRational as Q;
use num_traits::Zero;

use super::Dice;
use super::bases::{Base, SEED, reissued};
use crate::evidence::{disturbed, gather};
use crate::generators::{conventions, served};

type Forge = fn(&Base, &mut Dice) -> Option<Certificate>;

/// Each kind by name; a kind gives nothing where a base has nothing of it.
pub const KINDS: &[(&str, Forge)] = &[
    ("another weight", |base, dice| under_witnesses(base, |case| number(weights(case), dice))),
    ("another bias", |base, dice| under_witnesses(base, |case| number(biases(case), dice))),
    ("another input", |base, dice| {
        under_witnesses(base, |case| {
            number(case.examples.iter_mut().flat_map(|e| &mut e.input), dice)
        })
    }),
    ("another target", |base, dice| {
        under_witnesses(base, |case| {
            number(case.examples.iter_mut().flat_map(|e| &mut e.target), dice)
        })
    }),
    ("another learning rate", |base, dice| {
        under_witnesses(base, |case| number(std::iter::once(&mut case.learning_rate), dice))
    }),
    ("another activation", |base, dice| under_witnesses(base, |case| activation(case, dice))),
    ("another kink", |base, dice| under_witnesses(base, |case| kink(case, dice))),
    ("a balance function", |base, dice| under_witnesses(base, |case| balance(case, dice))),
    ("another expectation", |base, _| {
        under_witnesses(base, |case| {
            case.expect = match case.expect {
                Expect::Agree => Expect::Disagree,
                Expect::Disagree => Expect::Agree,
            };
            Some(())
        })
    }),
    ("another wiring", |base, dice| under_witnesses(base, |case| rewired(case, dice))),
    ("examples in another order", |base, _| {
        under_witnesses(base, |case| {
            case.examples.reverse();
            (case.examples.len() > 1).then_some(())
        })
    }),
    ("an example more or less", another_batch),
    ("another equilibrium named", |base, dice| {
        under_witnesses(base, |case| {
            let rates = case.examples.iter_mut().filter_map(|e| e.equilibrium.as_mut());
            number(rates.flat_map(|rates| rates.iter_mut()), dice)
        })
    }),
    ("witnesses of another network", witnesses_of_another),
    ("sum for mean, ½ left out", scaled),
    ("one credit, and its adjoint", one_credit),
    ("the update of other credits", other_update),
    ("nothing but zeros", zeros),
    ("rates that are not σ", |base, dice| own_values(base, dice, true)),
    ("factors that are not σ′", |base, dice| own_values(base, dice, false)),
    ("another inverse", another_inverse),
];

fn under_witnesses(
    base: &Base,
    change: impl FnOnce(&mut Case) -> Option<()>,
) -> Option<Certificate> {
    let mut case = base.case.clone();
    change(&mut case)?;
    if case == base.case { None } else { reissued(case, base.evidence.clone()) }
}

/// Moves one of these numbers, by much or by little.
fn number<'a>(numbers: impl Iterator<Item = &'a mut Q>, dice: &mut Dice) -> Option<()> {
    let mut numbers: Vec<_> = numbers.collect();
    if numbers.is_empty() {
        return None;
    }
    let at = dice.roll(numbers.len());
    *numbers[at] = moved(numbers[at], dice);
    Some(())
}

fn moved(value: &Q, dice: &mut Dice) -> Q {
    let step = Q::new(1.into(), num_bigint::BigInt::from(1) << dice.roll(64));
    match dice.roll(5) {
        0 => -value,
        1 => value * Q::from_integer(2.into()),
        2 => Q::zero(),
        3 => value - step,
        _ => value + step,
    }
}

fn weights(case: &mut Case) -> Box<dyn Iterator<Item = &mut Q> + '_> {
    match &mut case.network {
        Network::Layered(net) => {
            Box::new(net.layers.iter_mut().flat_map(|layer| layer.weights.iter_mut().flatten()))
        }
        Network::Graph(net) => Box::new(net.weights.iter_mut()),
    }
}

fn biases(case: &mut Case) -> Box<dyn Iterator<Item = &mut Q> + '_> {
    match &mut case.network {
        Network::Layered(net) => {
            Box::new(net.layers.iter_mut().flat_map(|layer| layer.biases.iter_mut().flatten()))
        }
        Network::Graph(net) => {
            let inputs = net.inputs.clone();
            let all = net.biases.iter_mut().flat_map(|biases| biases.iter_mut().enumerate());
            Box::new(all.filter(move |(n, _)| !inputs.contains(&Neuron(*n))).map(|(_, b)| b))
        }
    }
}

fn any_activation(dice: &mut Dice) -> Activation {
    let unit = |p: i32, q: i32| Q::new(p.into(), q.into());
    match dice.roll(11) {
        0 => Activation::Identity,
        1 => Activation::Relu,
        2 => Activation::LeakyRelu { slope: unit(1, 4) },
        3 => Activation::HardTanh { min: unit(-1, 1), max: unit(1, 1) },
        4 => Activation::Square,
        5 => Activation::Quadratic,
        6 => Activation::Cubic,
        7 => Activation::Softsign,
        8 => Activation::Tanh,
        9 => Activation::Logistic,
        _ => Activation::Softplus,
    }
}

fn activation(case: &mut Case, dice: &mut Dice) -> Option<()> {
    let other = any_activation(dice);
    match &mut case.network {
        Network::Layered(net) => {
            let at = dice.roll(net.layers.len());
            net.layers[at].activation = other;
        }
        Network::Graph(net) => net.activations[Neuron(dice.roll(net.neurons))] = other,
    }
    Some(())
}

fn balance(case: &mut Case, dice: &mut Dice) -> Option<()> {
    let other = Some(any_activation(dice)).filter(|_| dice.roll(8) > 0);
    match &mut case.network {
        Network::Layered(net) => {
            let at = dice.roll(net.layers.len());
            net.layers[at].balance = other;
        }
        Network::Graph(net) => net.balances[Neuron(dice.roll(net.neurons))] = other,
    }
    Some(())
}

fn kink(case: &mut Case, dice: &mut Dice) -> Option<()> {
    let all = conventions();
    let other = all[dice.roll(all.len())];
    match &mut case.network {
        Network::Layered(net) if dice.roll(2) == 0 => {
            let at = dice.roll(net.layers.len());
            let layer = &mut net.layers[at];
            let functions = std::iter::once(&layer.activation).chain(&layer.balance);
            layer.kink = Some(served(other, functions));
        }
        _ => case.kink = other,
    }
    // A reader takes no other case.
    case.under_its_kink().all(|f| case.kink.refusal(f).is_none()).then_some(())
}

/// A square matrix transposed, or two synapses of a graph with each other's ends.
fn rewired(case: &mut Case, dice: &mut Dice) -> Option<()> {
    match &mut case.network {
        Network::Layered(Layered { layers }) => {
            let layer = layers.iter_mut().find(|layer| layer.width() == layer.inputs())?;
            let rows = layer.weights.clone();
            for (post, row) in layer.weights.iter_mut().enumerate() {
                for (pre, weight) in row.iter_mut().enumerate() {
                    *weight = rows[pre][post].clone();
                }
            }
        }
        Network::Graph(net) => {
            let count = net.synapses.len();
            let [a, b] = [dice.roll(count), dice.roll(count)].map(creditcheck::spec::Synapse);
            let kept = net.weights[a].clone();
            net.weights[a] = net.weights[b].clone();
            net.weights[b] = kept;
        }
    }
    Some(())
}

/// An example twice, or left out, in the case and in every witness of an example; update and gradient stay.
fn another_batch(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let (mut case, mut found) = (base.case.clone(), base.evidence.clone());
    let batch = case.examples.len();
    let (at, less) = (dice.roll(batch), batch > 1 && dice.roll(2) == 0);
    fn change<T: Clone>(list: &mut Vec<T>, at: usize, less: bool) {
        if less {
            list.remove(at);
        } else {
            list.push(list[at].clone());
        }
    }
    change(&mut case.examples, at, less);
    change(&mut found.credit.examples, at, less);
    if let Some(backward) = &mut found.backprop {
        change(&mut backward.examples, at, less);
    }
    if let Some(responses) = found.tangent.as_mut().and_then(|t| t.responses.as_mut()) {
        change(responses, at, less);
    }
    if let Some(inverses) = &mut found.inverses {
        change(inverses, at, less);
    }
    reissued(case, found)
}

/// The engines' own answers, for another network than the one that is certified.
fn witnesses_of_another(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut other = base.case.clone();
    if dice.roll(2) == 0 {
        number(weights(&mut other), dice)?;
    } else {
        number(biases(&mut other), dice)?;
    }
    // A cycle may lose its equilibrium, and one that is named does not move along.
    if other == base.case || base.evidence.inverses.is_some() {
        return None;
    }
    reissued(base.case.clone(), gather(&other, &base.certificate.case_digest, SEED))
}

fn scale_update(found: &mut Evidence, factor: &Q) {
    let update = &mut found.credit.update;
    update.weights = update.weights.map(|w| w * factor);
    update.biases = update.biases.map(|b| b * factor);
    if let Some(backward) = &mut found.backprop {
        let gradient = &mut backward.gradient;
        gradient.weights.iter_mut().flatten().flatten().for_each(|w| *w *= factor);
        gradient.biases.iter_mut().flatten().flatten().for_each(|b| *b *= factor);
    }
    if let Some(tangent) = &mut found.tangent {
        tangent.derivatives.iter_mut().for_each(|d| *d *= factor);
    }
}

fn scale_credits(found: &mut Evidence, factor: &Q) {
    for example in &mut found.credit.examples {
        example.credit = example.credit.map(|c| Credit(&c.0 * factor));
    }
    for example in found.backprop.iter_mut().flat_map(|backward| &mut backward.examples) {
        example.adjoint.iter_mut().flatten().for_each(|a: &mut Adjoint<Q>| a.0 *= factor);
        example.delta.iter_mut().flatten().for_each(|d: &mut Delta<Q>| d.0 *= factor);
    }
    for response in found.tangent.iter_mut().filter_map(|t| t.responses.as_mut()).flatten() {
        *response = response.map(|r| r * factor);
    }
}

/// Update, gradient and derivatives times the batch, times 2 or 1/2; credits with them or not.
fn scaled(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut found = base.evidence.clone();
    let factor = match dice.roll(4) {
        0 => Q::from_integer(base.case.examples.len().into()),
        1 => Q::from_integer(2.into()),
        2 => Q::new(1.into(), 2.into()),
        _ => Q::from_integer((-1).into()),
    };
    scale_update(&mut found, &factor);
    if dice.roll(2) == 0 {
        scale_credits(&mut found, &factor);
    }
    reissued(base.case.clone(), found)
}

/// One credit moved, and what backpropagation and the arbiter are said to have found with it.
fn one_credit(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut found = base.evidence.clone();
    let number = dice.roll(found.credit.examples.len());
    let example = &mut found.credit.examples[number];
    let neuron = Neuron(dice.roll(example.credit.len()));
    let credit = moved(&example.credit[neuron].0, dice);
    example.credit[neuron] = Credit(credit.clone());
    let (factor, layered) = (example.balance_factor[neuron].clone(), found.backprop.is_some());
    if let Some(backward) = &mut found.backprop {
        let backward = &mut backward.examples[number];
        let inputs = backward.adjoint[0].len();
        if let Some(adjoint) = backward.adjoint.iter_mut().flatten().nth(neuron.0) {
            adjoint.0 = -&credit;
        }
        if let Some(at) = neuron.0.checked_sub(inputs)
            && let Some(delta) = backward.delta.iter_mut().flatten().nth(at)
        {
            delta.0 = -(&credit * factor);
        }
    }
    if let Some(responses) = found.tangent.as_mut().and_then(|t| t.responses.as_mut()) {
        assert!(!layered);
        responses[number][neuron] = -credit;
    }
    reissued(base.case.clone(), found)
}

/// One entry of the update moved, and gradient and derivative with it.
fn other_update(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut found = base.evidence.clone();
    let at = dice.roll(found.credit.update.weights.len());
    let synapse = creditcheck::spec::Synapse(at);
    let update = moved(&found.credit.update.weights[synapse], dice);
    let slope = -(&update / &base.case.learning_rate);
    found.credit.update.weights[synapse] = update;
    if let Some(backward) = &mut found.backprop {
        *backward.gradient.weights.iter_mut().flatten().flatten().nth(at)? = slope.clone();
    }
    if let Some(tangent) = &mut found.tangent {
        tangent.derivatives[at] = slope;
    }
    reissued(base.case.clone(), found)
}

fn zeros(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut found = base.evidence.clone();
    let zero = Q::zero();
    match dice.roll(3) {
        0 => scale_update(&mut found, &zero),
        1 => scale_credits(&mut found, &zero),
        _ => {
            scale_update(&mut found, &zero);
            scale_credits(&mut found, &zero);
        }
    }
    reissued(base.case.clone(), found)
}

/// A rate or a balance factor of the forger's own; all that follows from it is right.
fn own_values(base: &Base, dice: &mut Dice, rate: bool) -> Option<Certificate> {
    let Network::Layered(net) = &base.case.network else { return None };
    let known = [Activation::Tanh, Activation::Identity, Activation::Quadratic];
    if !net.layers.iter().all(|layer| known.contains(&layer.activation) && layer.balance.is_none())
    {
        return None;
    }
    let inputs = net.widths()[0];
    let neurons: usize = net.widths().iter().sum();
    let (number, at) = (dice.roll(base.case.examples.len()), inputs + dice.roll(neurons - inputs));
    // From far away to a little farther than one rounding of each step; 2^-47 is more than that here.
    let step = Q::new(1.into(), num_bigint::BigInt::from(1) << dice.roll(48));
    let found = disturbed(&base.case, &base.certificate.case_digest, SEED, &|b, post, x, beta| {
        if (b, post) == (number, Neuron(at)) {
            *(if rate { x } else { beta }) += &step;
        }
    });
    reissued(base.case.clone(), found)
}

fn another_inverse(base: &Base, dice: &mut Dice) -> Option<Certificate> {
    let mut found = base.evidence.clone();
    let inverses = found.inverses.as_mut()?;
    let Inverses { credit, .. } = &mut inverses[0];
    let row = dice.roll(credit.len());
    let column = dice.roll(credit.len());
    credit[row][column] = moved(&credit[row][column], dice);
    reissued(base.case.clone(), found)
}
