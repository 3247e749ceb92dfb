//! What is measured of the weights at one training loss.

use faer::Mat;

use super::graph::{Graph, communities, signed_communities};
use super::network::{Batch, Kind, Network, Shape};
use super::nulls::{shuffled_within_blocks, with_strengths_of};
use super::partitions::{adjusted_mutual_information, effective_number, largest_share, sizes};
use super::settings::{Key, Settings};
use super::training::{Data, Images, Saved, accuracy, show};
use crate::error::Error;
use crate::simulate::eigenvalues::eigenvalues;
use crate::simulate::experiment::Draws;
use crate::simulate::rows::to_digits;

/// The four graphs whose communities are looked for.
pub const GRAPHS: [(&str, Of, Scope); 4] = [
    ("w", Of::Weights, Scope::Whole),
    ("w_hidden", Of::Weights, Scope::Hidden),
    ("change", Of::Change, Scope::Whole),
    ("change_hidden", Of::Change, Scope::Hidden),
];

/// Which numbers are the weights of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// W.
    Weights,
    /// W − W₀.
    Change,
}

/// Which neurons are its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All N.
    Whole,
    /// The hidden ones alone, with the synapses between them.
    Hidden,
}

/// The communities of one graph; what is measured of them is among the values of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communities {
    /// The community of each node.
    pub labels: Vec<usize>,
}

/// Everything about one network at one loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The loss that had to be reached.
    pub asked: f64,
    /// One number for each of [`columns`], to six digits; NaN where an equilibrium was not found.
    pub values: Vec<f64>,
    /// The communities of the four graphs, in the order of [`GRAPHS`].
    pub graphs: Vec<Communities>,
}

/// What is measured of a network.
const OF_NETWORK: [&str; 20] = [
    "loss",
    "steps",
    "rate_times_steps",
    "most_sweeps",
    "training_accuracy",
    "held_out_accuracy",
    "held_out_accuracy_cut",
    "held_out_accuracy_lost",
    "re_eigenvalue_mean",
    "re_eigenvalue_max",
    "change_input_to_hidden",
    "change_input_to_output",
    "change_hidden_to_hidden",
    "change_hidden_to_output",
    "change_output_to_hidden",
    "change_output_to_output",
    "reciprocity",
    "reciprocity_hidden",
    "symmetry",
    "symmetry_hidden",
];
/// What is measured of a graph's communities.
const OF_COMMUNITIES: [&str; 11] = [
    "communities",
    "effective",
    "effective_hidden",
    "largest_hidden",
    "q",
    "q_shuffled",
    "q_strengths",
    "q_above_shuffled",
    "q_above_strengths",
    "q_signed",
    "agreement",
];

/// The names of the numbers of a checkpoint, in their order.
#[must_use]
pub fn columns() -> Vec<String> {
    let of_graphs = GRAPHS.iter().flat_map(|(graph, ..)| {
        OF_COMMUNITIES.iter().map(move |measure| format!("{graph}_{measure}"))
    });
    OF_NETWORK.iter().map(|name| (*name).to_owned()).chain(of_graphs).collect()
}

/// Measures a saved network against its start.
///
/// # Errors
/// [`Error::NotFinite`] if weights or eigenvalues are not finite.
pub fn measure(
    settings: &Settings,
    data: &Data,
    key: &Key,
    start: &Network,
    saved: &Saved,
) -> Result<Checkpoint, Error> {
    let network = &saved.network;
    let shape = network.shape;
    let how = settings.relaxation();
    let right = |network: &Network, images: &Images| {
        accuracy(network, images, &how, settings.batch).unwrap_or(f64::NAN)
    };
    let held_out = right(network, &data.held_out);
    let cut = right(&network.without_hidden_to_hidden(), &data.held_out);
    let (mean, largest) = eigenvalues_of(settings, &data.training, network)?;
    // Far below 2⁵³.
    #[allow(clippy::cast_precision_loss)]
    let (steps, most_sweeps) = (saved.steps as f64, saved.most_sweeps as f64);
    let mut values = vec![saved.loss, steps, saved.time, most_sweeps];
    values.extend([right(network, &data.training), held_out, cut, held_out - cut, mean, largest]);
    let change = graph_of(network, Some(start));
    values.extend(block_norms(shape, &change));
    let rest = change.among(shape.inputs..shape.neurons());
    let hidden = change.among(shape.inputs..shape.inputs + shape.hidden);
    values.extend([reciprocity(&rest), reciprocity(&hidden), symmetry(&rest), symmetry(&hidden)]);
    let mut graphs = Vec::new();
    for (number, (_, of, scope)) in (0_u64..).zip(GRAPHS) {
        let whole = match of {
            Of::Weights => &graph_of(network, None),
            Of::Change => &change,
        };
        let graph = match scope {
            Scope::Whole => whole,
            Scope::Hidden => &whole.among(shape.inputs..shape.inputs + shape.hidden),
        };
        // Leiden and the null models start from the same numbers in all runs of a seed.
        let mut draws = Draws::of(key.seed, &[3, number]);
        let (found, numbers) = of_graph(settings, network, graph, scope, &mut draws)?;
        values.extend(numbers);
        graphs.push(found);
    }
    // What is beyond says nothing, and differs between machines where faer computed it.
    values.iter_mut().for_each(|value| *value = to_digits(*value, 6));
    Ok(Checkpoint { asked: saved.asked, values, graphs })
}

/// The best partition of one graph, and its numbers in the order of [`OF_COMMUNITIES`].
fn of_graph(
    settings: &Settings,
    network: &Network,
    graph: &Graph,
    scope: Scope,
    draws: &mut Draws,
) -> Result<(Communities, [f64; 11]), Error> {
    let absolute = graph.absolute();
    let found = communities(&absolute, settings.best_of, draws)?;
    let block = |post: usize, pre: usize| block_of(network, scope, post, pre);
    let (mut shuffled, mut strengths) = (0.0, 0.0);
    for _ in 0..settings.nulls {
        let random = shuffled_within_blocks(&absolute, block, draws);
        shuffled += communities(&random, settings.best_of, draws)?.quality;
        let scaled = with_strengths_of(&absolute, &random);
        strengths += communities(&scaled, settings.best_of, draws)?.quality;
    }
    let Shape { inputs, hidden, .. } = network.shape;
    let hidden = match scope {
        Scope::Whole => &found.labels[inputs..inputs + hidden],
        Scope::Hidden => &found.labels,
    };
    let all = sizes(&found.labels);
    // Communities, and draws: both are few.
    #[allow(clippy::cast_precision_loss)]
    let (count, nulls) = (all.len() as f64, settings.nulls as f64);
    let numbers = [
        count,
        effective_number(&all),
        effective_number(&sizes(hidden)),
        largest_share(hidden),
        found.quality,
        shuffled / nulls,
        strengths / nulls,
        found.quality - shuffled / nulls,
        found.quality - strengths / nulls,
        signed_communities(graph, settings.best_of, draws)?.quality,
        adjusted_mutual_information(&found.even, &found.odd)?,
    ];
    Ok((Communities { labels: found.labels }, numbers))
}

/// Input → rest, rest → rest; only synapses that exist. Nodes are numbered within the scope.
fn block_of(network: &Network, scope: Scope, post: usize, pre: usize) -> Option<usize> {
    let inputs = network.shape.inputs;
    let (post, pre) = match scope {
        Scope::Whole => (post.checked_sub(inputs)?, pre),
        Scope::Hidden => (post, pre + inputs),
    };
    network.exists(post, pre).then(|| usize::from(pre >= inputs))
}

/// W, or W − W₀, as a graph of all N neurons.
#[must_use]
pub fn graph_of(network: &Network, start: Option<&Network>) -> Graph {
    let nodes = network.shape.neurons();
    let mut weights = vec![0.0; nodes * nodes];
    for (k, weight) in network.weights.iter().enumerate() {
        let before = start.map_or(0.0, |start| f64::from(start.weights[k]));
        weights[network.shape.inputs * nodes + k] = f64::from(*weight) - before;
    }
    Graph { nodes, weights }
}

/// ‖W − W₀‖ of each block of synapses, in the order of the columns.
fn block_norms(shape: Shape, change: &Graph) -> Vec<f64> {
    let mut norms = Vec::new();
    for pre in [Kind::Input, Kind::Hidden, Kind::Output] {
        for post in [Kind::Hidden, Kind::Output] {
            let mut sum = 0.0;
            for (k, weight) in change.weights.iter().enumerate() {
                let (row, column) = (k / change.nodes, k % change.nodes);
                if shape.kind(row) == post && shape.kind(column) == pre {
                    sum += weight * weight;
                }
            }
            norms.push(f64::sqrt(sum));
        }
    }
    norms
}

/// Weighted reciprocity, Σ_ij min(|W_ij|, |W_ji|) / Σ_ij |W_ij| over i ≠ j (Squartini et al. 2013).
#[must_use]
pub fn reciprocity(graph: &Graph) -> f64 {
    both_ways(graph, |there, back| (there.abs().min(back.abs()), there.abs()))
}

/// The cosine of W and Wᵀ off the diagonal, Σ W_ij W_ji / Σ W_ij²: 1 if symmetric, −1 if antisymmetric.
#[must_use]
pub fn symmetry(graph: &Graph) -> f64 {
    both_ways(graph, |there, back| (there * back, there * there))
}

/// The quotient of two sums over W_ij and W_ji, i ≠ j; 0 if the second is.
fn both_ways(graph: &Graph, terms: impl Fn(f64, f64) -> (f64, f64)) -> f64 {
    let (mut both, mut all) = (0.0, 0.0);
    for post in 0..graph.nodes {
        for pre in (0..graph.nodes).filter(|pre| *pre != post) {
            let weight = |post: usize, pre: usize| graph.weights[post * graph.nodes + pre];
            let (term, size) = terms(weight(post, pre), weight(pre, post));
            both += term;
            all += size;
        }
    }
    if all > 0.0 { both / all } else { 0.0 }
}

/// max Re eig(diag β · W) among the neurons that are not clamped, at evenly spaced training examples: mean and largest.
///
/// The dynamics settle where it is below 1 (D9).
fn eigenvalues_of(
    settings: &Settings,
    images: &Images,
    network: &Network,
) -> Result<(f64, f64), Error> {
    let failed = || Error::NotFinite { what: "eigenvalues of diag β · W".into() };
    let shape = network.shape;
    let count = settings.eigenvalues.min(images.len()).max(1);
    let examples: Vec<usize> = (0..count).map(|k| k * images.len() / count).collect();
    let mut batch = Batch::new(shape, count);
    batch.load(network);
    show(&mut batch, shape, images, &examples);
    if batch.fire(&settings.relaxation()).is_err() {
        return Ok((f64::NAN, f64::NAN));
    }
    let width = batch.width();
    let (mut sum, mut largest) = (0.0, f64::NEG_INFINITY);
    for column in 0..count {
        let slopes = Mat::from_fn(shape.free(), shape.free(), |post, pre| {
            let rate = f64::from(batch.rate[post * width + column]);
            let weight = network.weights[post * shape.neurons() + shape.inputs + pre];
            (1.0 - rate * rate) * f64::from(weight)
        });
        let real = eigenvalues(&slopes).ok_or_else(failed)?.map(|(real, _)| real);
        let real = real.fold(f64::NEG_INFINITY, f64::max);
        sum += real;
        largest = largest.max(real);
    }
    // A few examples.
    #[allow(clippy::cast_precision_loss)]
    let mean = sum / count as f64;
    if mean.is_finite() { Ok((mean, largest)) } else { Err(failed()) }
}
