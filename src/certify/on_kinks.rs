//! Where a network of layers or a graph stands on kinks, and whether another convention there explains somebody's numbers.

use num_rational::BigRational;

use super::kinks::{Found, Ground, Group, Near, Stand, search, sentence, stopped};
use crate::error::Error;
use crate::number::exact_f64;
use crate::scalar::Rational;
use crate::spec::outcome::Credit;
use crate::spec::{
    Activation, Case, Dtype, Example, Kink, Limits, Network, Neuron, Parameters, PerBlock,
    PerNeuron, Wiring,
};
use crate::textbook::{credit, firing};
use crate::verdict::bounded::{Bound, rounding_bound_of_anybody};
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// The sentence that explains theirs by net inputs on kinks, if all of it is explained; or that the search came to no end.
///
/// `right` is what is right of this case; `judged` says it of another, and how near theirs is to that.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn explained(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    judged: &mut dyn FnMut(&Case) -> Near,
) -> Result<(Option<String>, bool), Error> {
    let case = &case.under_the_theorem();
    let ground = match net_inputs(case, limits) {
        Ok(net_inputs) => ground(case, &net_inputs),
        // Where there is no net input to be had there is none on a kink, as far as anybody can tell.
        Err(_) => return Ok((None, false)),
    };
    let mut of = |kinks: &[Kink]| judged(&under(case, &ground, kinks));
    match search(&ground, mine, right, &mut of)? {
        Found::Nothing => Ok((None, false)),
        Found::Stopped(error) => Ok((Some(stopped(&error)), false)),
        Found::Conventions(found) => {
            let live =
                found.first().map(|kinks| live(&under(case, &ground, kinks), &ground, limits));
            let sentence = sentence(&ground, &found, &live.unwrap_or_default());
            let is_explained = sentence.is_some();
            Ok((sentence, is_explained))
        }
    }
}

/// s of every neuron and example, where it is known exactly.
fn net_inputs(case: &Case, limits: &Limits) -> Result<Vec<PerNeuron<Option<BigRational>>>, Error> {
    if !case.is_exact() {
        let bounds = rounding_bound_of_anybody(case, Dtype::F64)?;
        let certain = |s: &Bound| exact_f64(s.centre).filter(|_| s.bound == 0.0 && s.radius == 0.0);
        return Ok(bounds.examples.iter().map(|found| found.net_input.map(certain)).collect());
    }
    let wiring = Wiring::of(case);
    let parameters = Parameters::of(case).map(Rational::of);
    let of = |example: &Example| {
        let input: Vec<_> = example.input.iter().map(Rational::of).collect();
        let found = firing::firing(&wiring, &parameters, &input, limits)?;
        Ok(found.net_input.map(|s| Some(s.plain())))
    };
    case.examples.iter().map(of).collect()
}

/// The neuron's layer, counted from 0, and its place there; none in a graph.
fn place(case: &Case, neuron: Neuron) -> Option<(usize, usize)> {
    let Network::Layered(net) = &case.network else { return None };
    let firsts = net.offsets();
    let layer = firsts.iter().rposition(|first| *first <= neuron.0)?;
    Some((layer.checked_sub(1)?, neuron.0 - firsts[layer]))
}

fn ground(case: &Case, net_inputs: &[PerNeuron<Option<BigRational>>]) -> Ground {
    let wiring = Wiring::of(case);
    let mut on: Vec<(usize, Neuron, BigRational)> = Vec::new();
    for (neuron, function) in wiring.activations.indexed().filter(|(n, _)| !wiring.is_input[*n]) {
        let kinks = function.kinks();
        for (b, of_example) in net_inputs.iter().enumerate().filter(|_| !kinks.is_empty()) {
            let at = kinks.iter().find(|kink| of_example[neuron].as_ref() == Some(kink));
            on.extend(at.map(|at| (b, neuron, at.clone())));
        }
    }
    let layer_of = |neuron: Neuron| place(case, neuron).map_or(0, |(layer, _)| layer);
    let mut layers: Vec<usize> = on.iter().map(|(_, neuron, _)| layer_of(*neuron)).collect();
    layers.sort_unstable();
    layers.dedup();
    let (groups, others) = match &case.network {
        Network::Layered(net) => {
            let group = |l: &usize| Group {
                layer: Some(*l),
                declared: net.layers[*l].kink.unwrap_or(case.kink),
                functions: vec![net.layers[*l].activation.clone()],
            };
            let rest = net.layers.iter().enumerate().filter(|(l, _)| !layers.contains(l));
            let rest: Vec<Activation> = rest.map(|(_, layer)| layer.activation.clone()).collect();
            let is_plain = net.layers.iter().all(|layer| layer.kink.is_none());
            (layers.iter().map(group).collect(), is_plain.then_some(rest))
        }
        Network::Graph(_) => {
            let functions = case.activations().filter(|f| !f.is_differentiable()).cloned();
            let functions = functions.collect();
            let group = Group { layer: None, declared: case.kink, functions };
            let groups = if on.is_empty() { Vec::new() } else { vec![group] };
            (groups, Some(Vec::new()))
        }
    };
    let stand = |(b, neuron, at): (usize, Neuron, BigRational)| Stand {
        group: layers.iter().position(|l| *l == layer_of(neuron)).unwrap_or(0),
        who: (b, neuron.0),
        words: match place(case, neuron) {
            Some((layer, post)) => format!("layer {}, post {post}, example {b}", layer + 1),
            None => format!("neuron {}, example {b}", neuron.0),
        },
        function: wiring.activations[neuron].clone(),
        at,
    };
    Ground { groups, stands: on.into_iter().map(stand).collect(), others }
}

/// The case under conventions of its groups.
fn under(case: &Case, ground: &Ground, kinks: &[Kink]) -> Case {
    let mut case = case.clone();
    for (group, kink) in ground.groups.iter().zip(kinks) {
        match (&mut case.network, group.layer) {
            (Network::Layered(net), Some(layer)) => net.layers[layer].kink = Some(*kink),
            (Network::Layered(_), None) | (Network::Graph(_), _) => case.kink = *kink,
        }
    }
    case
}

/// The net inputs on kinks at which credit arrives: elsewhere no slope matters. All of them where nobody can tell.
fn live(case: &Case, ground: &Ground, limits: &Limits) -> Vec<Stand> {
    let credits: Option<Vec<PerNeuron<bool>>> = match case.is_exact() {
        true => credit::run::<Rational>(case, limits).ok().map(|found| {
            let arrives = |credit: &Credit<Rational>| !credit.0.is_zero();
            found.examples.iter().map(|example| example.credit.map(arrives)).collect()
        }),
        false => rounding_bound_of_anybody(case, Dtype::F64).ok().map(|found| {
            let arrives = |credit: &Bound| credit.centre != 0.0;
            found.examples.iter().map(|example| example.credit.map(arrives)).collect()
        }),
    };
    let arrives = |stand: &&Stand| {
        let (example, neuron) = stand.who;
        credits.as_ref().is_none_or(|all| all[example][Neuron(neuron)])
    };
    ground.stands.iter().filter(arrives).cloned().collect()
}
