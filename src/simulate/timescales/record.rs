//! All examples of a case, one after the other, with the traces of chosen neurons.

use super::deviation::Deviations;
use super::equilibrium::{Equilibrium, PerParameter};
use super::network::{Balance, Net, Weights};
use super::present::{Labelled, Presentation, Start, Times};
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::Case;

/// Samples a decade of time within a presentation.
const PER_DECADE: usize = 32;
/// 10^(1/32).
const STEP: f64 = 1.074_607_828_321_317_5;

/// How the examples are shown, and what is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The timescales.
    pub times: Times,
    /// Where x and c are when an example appears.
    pub start: Start,
    /// The error per step of the integration.
    pub rtol: f64,
    /// The neurons whose traces are kept, in increasing order.
    pub neurons: Vec<usize>,
}

/// The traces at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Which presentation, from 0.
    pub presentation: usize,
    /// Time since its beginning, in the unit of the settings.
    pub time: f64,
    /// x of each kept neuron.
    pub firing_rate: Vec<f64>,
    /// c of each kept neuron.
    pub credit: Vec<f64>,
    /// E, I, s and β of each kept neuron.
    pub balance: Vec<Balance>,
    /// w of each kept synapse.
    pub weights: Vec<f64>,
}

/// What one presentation came to.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Which example of the case.
    pub example: usize,
    /// How far the change of the weights is from that of backpropagation.
    pub deviations: Deviations,
    /// ‖g‖ at its beginning.
    pub gradient: f64,
    /// The balance of every neuron at its end.
    pub balance: Vec<Balance>,
    /// Accepted and rejected steps.
    pub steps: (u64, u64),
}

/// A whole simulation.
#[derive(Clone, Debug)]
pub struct Record {
    /// The network.
    pub net: Net,
    /// How it was shown.
    pub settings: Settings,
    /// The synapses whose weights are kept: those among the kept neurons, at most one onto each from each.
    pub synapses: Vec<usize>,
    /// In the order of time.
    pub samples: Vec<Sample>,
    /// One per example.
    pub presentations: Vec<Recorded>,
    /// The largest relative change of a total deviation when the tolerance was divided by 10.
    pub tolerance: f64,
}

/// Shows every example of a case once, W moving, and keeps the traces of the chosen neurons.
///
/// Equations: D10; E, I, s, β by D1 and D2. Times are as in `settings`; samples are evenly spaced in the logarithm of the time
/// since the example appeared, 32 a decade from τ_x/100 on.
///
/// Exactness: floats; the whole simulation is run again with a tenth of the tolerance, and the difference reported.
///
/// # Errors
/// As [`Presentation::run`]; [`Error::Input`] for a neuron that the case does not have.
pub fn record(
    case: &Case,
    settings: &Settings,
    progress: &mut dyn Progress,
) -> Result<Record, Error> {
    let (net, first, examples) = Net::of(case)?;
    settings.times.expect_sound()?;
    if let Some(neuron) = settings.neurons.iter().find(|neuron| **neuron >= net.neurons()) {
        let expected = format!("a neuron from 0 to {}", net.neurons() - 1);
        return Err(Error::input("--neurons", neuron.to_string(), expected));
    }
    let synapses = among(&net, &settings.neurons);
    let times = sample_times(&settings.times);
    let mut samples = Vec::new();
    let mut presentations: Vec<Recorded> = Vec::new();
    let mut tolerance = 0.0f64;
    for (divisor, recording) in [(1.0, true), (10.0, false)] {
        let mut weights = first.clone();
        let mut last: Option<Equilibrium> = None;
        for (example, shown) in examples.iter().enumerate() {
            let label = format!("example {} of {}", example + 1, examples.len());
            progress.stage(&label)?;
            let mut labelled = Labelled { progress, label: &label };
            let presentation = Presentation {
                case,
                net: &net,
                weights: &weights,
                shown,
                times: settings.times,
                start: settings.start,
                moving: true,
                rtol: settings.rtol / divisor,
            };
            let mut sample = |time: f64, state: super::State<'_>| {
                let change = PerParameter {
                    synapses: state.synapses.to_vec(),
                    biases: state.biases.to_vec(),
                };
                let now =
                    super::equilibrium::moved(&weights, &change, settings.times.learning_rate());
                samples.push(Sample {
                    presentation: example,
                    time,
                    firing_rate: settings.neurons.iter().map(|&n| state.firing_rate[n]).collect(),
                    credit: settings.neurons.iter().map(|&n| state.credit[n]).collect(),
                    balance: balances(&net, &now, state.firing_rate, &settings.neurons),
                    weights: synapses.iter().map(|&k| now.synapses[k]).collect(),
                });
            };
            let stops: &[f64] = if recording { &times } else { &[] };
            let presented = presentation.run(last.as_ref(), stops, &mut sample, &mut labelled)?;
            let deviations = Deviations::of(&net, &presented);
            let every: Vec<usize> = (0..net.neurons()).collect();
            if recording {
                presentations.push(Recorded {
                    example,
                    gradient: presented.gradient.norm(),
                    balance: balances(
                        &net,
                        &presented.weights,
                        &presented.last.firing_rate,
                        &every,
                    ),
                    steps: presented.steps,
                    deviations,
                });
            } else {
                let before = presentations[example].deviations.total.relative;
                let change = (before / deviations.total.relative - 1.0).abs();
                tolerance = tolerance.max(change);
            }
            weights = presented.weights;
            last = Some(presented.last);
        }
    }
    Ok(Record { net, settings: settings.clone(), synapses, samples, presentations, tolerance })
}

fn balances(net: &Net, weights: &Weights, x: &[f64], neurons: &[usize]) -> Vec<Balance> {
    neurons.iter().map(|&neuron| net.balance_of(neuron, weights, x)).collect()
}

/// The synapses of which both ends are kept.
fn among(net: &Net, neurons: &[usize]) -> Vec<usize> {
    let kept = |neuron: usize| neurons.contains(&neuron);
    (0..net.synapses())
        .filter(|&synapse| {
            let (post, pre) = net.ends(synapse);
            kept(post) && kept(pre)
        })
        .collect()
}

/// 0, then from τ_x/100 on evenly in the logarithm, and T.
fn sample_times(times: &Times) -> Vec<f64> {
    let mut found = vec![0.0];
    let mut time = times.tau_x.min(times.tau_c) / 100.0;
    let mut count = 0;
    while time < times.present * 0.999 && count < 20 * PER_DECADE {
        found.push(time);
        time *= STEP;
        count += 1;
    }
    found.push(times.present);
    found
}

/// The neurons of these names, as they stand in tables, or numbers counted from 0; a sensible few of no names.
///
/// # Errors
/// [`Error::Input`] for a name that no neuron has.
pub fn neurons(net: &Net, names: &[String]) -> Result<Vec<usize>, Error> {
    if names.is_empty() {
        return Ok(sensible(net));
    }
    let find = |name: &String| {
        let named = (0..net.neurons()).find(|&neuron| net.name(neuron) == name);
        let number = || name.parse().ok().filter(|&neuron| neuron < net.neurons());
        named.or_else(number).ok_or_else(|| {
            let last = net.neurons() - 1;
            let expected = format!("{} to {}, or 0 to {last}", net.name(0), net.name(last));
            Error::input("--neurons", format!("\"{name}\""), expected)
        })
    };
    let mut found = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// A few neurons that show the most: one input, and of every other layer or height the first two that are not clamped.
#[must_use]
pub fn sensible(net: &Net) -> Vec<usize> {
    const MOST: usize = 8;
    let mut chosen = Vec::new();
    for block in net.blocks() {
        let mut posts: Vec<usize> = block.synapses.iter().map(|&k| net.ends(k).0).collect();
        posts.dedup();
        chosen.extend(posts.into_iter().take(2));
    }
    if chosen.is_empty() {
        chosen.extend((0..net.neurons()).filter(|&neuron| !net.is_input(neuron)).take(MOST));
    }
    chosen.truncate(MOST);
    chosen.extend(net.inputs.first());
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}
