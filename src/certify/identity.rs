//! Tier P: the identity over 𝔽_p at random points (Schwartz–Zippel).

use num_bigint::BigInt;
use num_rational::BigRational;

use super::Options;
use crate::certificate::digest::{self, PRIME, Stream};
use crate::certificate::{Draw, DrawExample, PerParameter};
use crate::check::bridge::{
    counted_through, credits_are_derivatives, same_given, update_of_derivatives, updates_agree,
};
use crate::check::{Cell, Claim, Comparison, Shown, Tier, Verdict};
use crate::error::Error;
use crate::scalar::{ExactScalar, Prime, Scalar};
use crate::spec::outcome::{GivenCredit, Update};
use crate::spec::{
    Activation, Case, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring,
};
use crate::textbook::backprop::{self, LayerParameters};
use crate::textbook::{credit, tangent};

/// The large field: residues modulo 2⁶¹ − 1.
type Large = Prime<PRIME>;

/// What both sides made of the same W, x, β, e.
pub(super) struct GivenRun<S> {
    /// c per example.
    pub credits: Vec<PerNeuron<S>>,
    /// ΔW and Δb.
    pub update: Update<S>,
    /// x̄ per example: of backpropagation, or on a graph the linear response.
    pub adjoints: Vec<PerNeuron<S>>,
    /// ∂L/∂W and ∂L/∂b, in the numbering of the wiring.
    pub gradient: Update<S>,
}

impl<S: ExactScalar> GivenRun<S> {
    /// Runs both sides.
    pub fn new(
        case: &Case,
        wiring: &Wiring,
        parameters: &Parameters<S>,
        learning_rate: &S,
        given: &[GivenCredit<S>],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let (credits, update) =
            credit::run_given(wiring, parameters, learning_rate, given, limits)?;
        let (adjoints, gradient) = match &case.network {
            Network::Layered(net) => {
                let layers = by_layers(net, parameters);
                let given: Vec<_> = given.iter().map(|one| same_given(net, one)).collect();
                let backward = backprop::run_given(&layers, &given, limits)?;
                let adjoints = backward.adjoint.into_iter();
                let adjoints = adjoints
                    .map(|of_example| PerNeuron::new(of_example.into_iter().flatten().collect()));
                (adjoints.collect(), counted_through(net, &backward.gradient))
            }
            Network::Graph(_) => linear_response(wiring, parameters, given)?,
        };
        Ok(Self { credits, update, adjoints, gradient })
    }
}

impl GivenRun<Large> {
    /// The residues, for the certificate; on a graph the gradient is not a quantity of its own.
    pub fn into_witness(self, layered: bool) -> Draw {
        let residues = |values: &PerNeuron<Large>| values.map(|value| value.residue());
        let entries = |update: &Update<Large>| PerParameter {
            weights: update.weights.map(|value| value.residue()),
            biases: residues(&update.biases),
        };
        let examples = self.credits.iter().zip(&self.adjoints).map(|(credit, adjoint)| {
            DrawExample { credit: residues(credit), adjoint: residues(adjoint) }
        });
        Draw {
            examples: examples.collect(),
            update: entries(&self.update),
            gradient: layered.then(|| entries(&self.gradient)),
        }
    }
}

/// C1 and C2 of a run on given values.
pub(super) fn given_verdicts<S: ExactScalar + Shown>(
    wiring: &Wiring,
    run: &GivenRun<S>,
    learning_rate: &S,
) -> (Verdict, Verdict) {
    let expected = update_of_derivatives(&run.gradient, learning_rate);
    (
        credits_are_derivatives(&run.credits, &run.adjoints),
        updates_agree(wiring, &run.update, &expected),
    )
}

/// The cells of tier P, and the draws as witnesses.
pub(super) struct Identity {
    /// C1–C3.
    pub cells: Vec<Cell>,
    /// What both sides found at each point of the large field.
    pub draws: Vec<GivenRun<Large>>,
}

/// Draws points until a false identity would survive with probability at most 2⁻¹⁰⁰.
pub(super) fn run(
    case: &Case,
    wiring: &Wiring,
    case_digest: &str,
    options: &Options,
) -> Result<Identity, Error> {
    let limits = &options.limits;
    let degree = digest::degree(wiring.depth().unwrap_or(0));
    let (count, log2_bound) = digest::draws(degree);
    let mut draws = Vec::new();
    let (mut credits, mut updates): (Option<Verdict>, Option<Verdict>) = (None, None);
    for draw in 0..count {
        let (parameters, learning_rate, given) =
            embedded(wiring, &digest::point(case_digest, options.seed, draw, wiring));
        let run = GivenRun::new(case, wiring, &parameters, &learning_rate, &given, limits)?;
        let (c1, c2) = given_verdicts(wiring, &run, &learning_rate);
        credits = Some(conjunction(credits, c1));
        updates = Some(conjunction(updates, c2));
        draws.push(run);
    }
    let variables = wiring.synapses.len()
        + 1
        + digest::DRAW_EXAMPLES
            * (2 * wiring.neurons() - wiring.inputs.len() + wiring.outputs.len());
    let note = format!(
        "identity of degree ≤ {degree} in {variables} variables (W, x, β, e, η), {count} draws modulo 2^61−1, seed {}: \
         a false one survives with probability ≤ 2^{log2_bound}; given β, ring operations only",
        options.seed
    );
    let tiny = tiny_primes(case, wiring, case_digest, options)?;
    let mut cells = vec![
        Cell::checked(Claim::Credit, Tier::Identity, concluded(credits)).note(note.clone()),
        Cell::checked(Claim::Update, Tier::Identity, concluded(updates)).note(note),
    ];
    for (cell, verdict) in cells.iter_mut().zip([tiny.0, tiny.1]) {
        match verdict {
            Verdict::Agree(compared) => cell.notes.push(format!(
                "also modulo 2, 3, 5 and 101, {} entries; these never count towards the bound",
                compared.entries
            )),
            Verdict::Disagree(mismatch) => {
                cell.state = crate::check::CellState::Checked(Verdict::Disagree(mismatch));
            }
            Verdict::Unchecked(reason) => cell.notes.push(format!("tiny primes: {reason}")),
        }
    }
    cells.push(truth(case, wiring, case_digest, options)?);
    Ok(Identity { cells, draws })
}

fn conjunction(before: Option<Verdict>, next: Verdict) -> Verdict {
    match before {
        None => next,
        Some(before) => before.and(next),
    }
}

fn concluded(verdict: Option<Verdict>) -> Verdict {
    verdict.unwrap_or_else(|| Verdict::Unchecked("no draw was made".into()))
}

/// The point of a draw as numbers of the field.
fn embedded(
    wiring: &Wiring,
    point: &digest::Point,
) -> (Parameters<Large>, Large, Vec<GivenCredit<Large>>) {
    let of_neuron = |values: &PerNeuron<u64>| values.map(|value| Large::new(*value));
    let given = point.examples.iter().map(|example| GivenCredit {
        firing_rate: of_neuron(&example.firing_rate),
        balance_factor: of_neuron(&example.balance_factor),
        external_credit: of_neuron(&example.external_credit),
    });
    let parameters = Parameters {
        weights: point.weights.map(|value| Large::new(*value)),
        biases: PerNeuron::filled(wiring.neurons(), Large::zero()),
    };
    (parameters, Large::new(point.learning_rate), given.collect())
}

/// The same identities modulo 2, 3, 5 and 101: a large prime hides a factor that a small one divides.
fn tiny_primes(
    case: &Case,
    wiring: &Wiring,
    digest: &str,
    options: &Options,
) -> Result<(Verdict, Verdict), Error> {
    let verdicts = [
        tiny::<2>(case, wiring, digest, options)?,
        tiny::<3>(case, wiring, digest, options)?,
        tiny::<5>(case, wiring, digest, options)?,
        tiny::<101>(case, wiring, digest, options)?,
    ];
    let mut all = (None, None);
    for (c1, c2) in verdicts {
        // Modulo 2 everything is often zero: that alone is no reason to call the rest unchecked.
        if !matches!(c1, Verdict::Unchecked(_)) {
            all.0 = Some(conjunction(all.0, c1));
        }
        if !matches!(c2, Verdict::Unchecked(_)) {
            all.1 = Some(conjunction(all.1, c2));
        }
    }
    Ok((concluded(all.0), concluded(all.1)))
}

fn tiny<const P: u64>(
    case: &Case,
    wiring: &Wiring,
    case_digest: &str,
    options: &Options,
) -> Result<(Verdict, Verdict), Error> {
    let mut stream = Stream::new(case_digest, options.seed, &format!("tiny/{P}"));
    let mut draw = || Prime::<P>::new(stream.word());
    let neurons = wiring.neurons();
    // 1/B must exist, so p must not divide B.
    let examples = if P == 2 { 3 } else { 2 };
    let weights = PerSynapse::from_fn(wiring.synapses.len(), |_| draw());
    let learning_rate = draw();
    let given: Vec<_> = (0..examples)
        .map(|_| GivenCredit {
            firing_rate: PerNeuron::from_fn(neurons, |_| draw()),
            balance_factor: PerNeuron::from_fn(neurons, |_| draw()),
            external_credit: PerNeuron::from_fn(neurons, |neuron| {
                if wiring.outputs.contains(&neuron) { draw() } else { Prime::zero() }
            }),
        })
        .collect();
    let biases = PerNeuron::filled(neurons, Prime::zero());
    let parameters = Parameters { weights, biases };
    let run = GivenRun::new(case, wiring, &parameters, &learning_rate, &given, &options.limits)?;
    Ok(given_verdicts(wiring, &run, &learning_rate))
}

/// C3 where σ is a polynomial: W, b, inputs, targets, η and the direction are all random.
fn truth(
    case: &Case,
    wiring: &Wiring,
    case_digest: &str,
    options: &Options,
) -> Result<Cell, Error> {
    if !case.is_polynomial() {
        let why = "C1–C2 only: σ has no meaning over a finite field";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    if case.has_own_balance() {
        let why =
            "C1–C2 only: the identity has β given, and this case replaces the balance function";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    let degree = degree_of_loss(wiring) + 1;
    let (count, log2_bound) = digest::draws(degree);
    if count == 0 {
        let why = format!("the degree {degree} of the loss is too large for this prime");
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    let mut comparison = Comparison::new();
    for draw in 0..count {
        let mut stream = Stream::new(case_digest, options.seed, &format!("truth/{draw}"));
        let random = randomised(case, &mut stream);
        let direction = Parameters {
            weights: PerSynapse::from_fn(wiring.synapses.len(), |_| Large::new(stream.residue())),
            biases: PerNeuron::from_fn(wiring.neurons(), |neuron| {
                if wiring.has_bias[neuron] { Large::new(stream.residue()) } else { Large::zero() }
            }),
        };
        let update = credit::run::<Large>(&random, &options.limits)?.update;
        let derivative = tangent::along(&random, &direction, &options.limits)?.tangent;
        let mut found = Large::zero();
        let weights = update.weights.iter().zip(direction.weights.iter());
        for (entry, along) in weights.chain(update.biases.iter().zip(direction.biases.iter())) {
            found = found + &(*entry * along);
        }
        let Some(learning_rate) = Large::from_rational(&random.learning_rate) else { continue };
        let expected = -(learning_rate * &derivative);
        comparison.entry(|| format!("draw {draw}: ⟨ΔW, H⟩"), &found, &expected);
    }
    Ok(Cell::checked(Claim::Truth, Tier::Identity, comparison.verdict()).note(format!(
        "dual numbers modulo 2^61−1, W, b, inputs, targets, η and H random: degree ≤ {degree}, {count} draws, \
         a false identity survives with probability ≤ 2^{log2_bound}"
    )))
}

/// The degree of L in W, b, inputs and targets together: deg s = deg x + 1, deg x = deg σ · deg s.
fn degree_of_loss(wiring: &Wiring) -> u64 {
    let mut of_rate = PerNeuron::filled(wiring.neurons(), 1_u64);
    let order = wiring.order.as_deref().unwrap_or_default();
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let presynaptic = wiring.incoming[post].iter().map(|s| of_rate[wiring.synapses[*s].pre]);
        let of_net_input = presynaptic.max().map_or(1, |most| most.saturating_add(1));
        let of_activation = match wiring.activations[post] {
            Activation::Square | Activation::Quadratic => 2,
            Activation::Cubic => 3,
            _ => 1,
        };
        of_rate[post] = of_net_input.saturating_mul(of_activation);
    }
    let output = wiring.outputs.iter().map(|output| of_rate[*output]).max().unwrap_or(1);
    output.saturating_mul(2).min(u64::MAX - 1)
}

/// The same network with every number drawn anew, uniform modulo 2⁶¹ − 1.
fn randomised(case: &Case, stream: &mut Stream) -> Case {
    let mut fresh = || BigRational::from_integer(BigInt::from(stream.residue()));
    let mut case = case.clone();
    match &mut case.network {
        Network::Layered(net) => {
            for layer in &mut net.layers {
                let weights = layer.weights.iter_mut().flatten();
                weights.chain(layer.biases.iter_mut().flatten()).for_each(|w| *w = fresh());
            }
        }
        Network::Graph(net) => {
            net.weights = PerSynapse::from_fn(net.weights.len(), |_| fresh());
            if let Some(biases) = &mut net.biases {
                let inputs = &net.inputs;
                *biases = PerNeuron::from_fn(net.neurons, |neuron| {
                    let drawn = fresh();
                    if inputs.contains(&neuron) { BigRational::zero() } else { drawn }
                });
            }
        }
    }
    case.learning_rate = fresh();
    for example in &mut case.examples {
        example.input.iter_mut().chain(&mut example.target).for_each(|value| *value = fresh());
    }
    case
}

/// The weights of a wiring that was made of layers, by layer; biases only as far as they exist.
fn by_layers<S: Scalar>(
    net: &crate::spec::Layered,
    parameters: &Parameters<S>,
) -> LayerParameters<S> {
    let mut weights = parameters.weights.iter().cloned();
    let offsets = net.offsets();
    LayerParameters {
        weights: net
            .layers
            .iter()
            .map(|layer| {
                (0..layer.width())
                    .map(|_| weights.by_ref().take(layer.inputs()).collect())
                    .collect()
            })
            .collect(),
        biases: net
            .layers
            .iter()
            .zip(offsets.iter().skip(1))
            .map(|(layer, &first)| {
                let of_layer = &parameters.biases.as_slice()[first..first + layer.width()];
                layer.biases.as_ref().map(|_| of_layer.to_vec())
            })
            .collect(),
    }
}

/// A graph has no backpropagation: ∂L_b/∂x of every neuron by the linear response, forwards, and
/// from it ∂L/∂W_ij = ⟨∂L_b/∂x_i β_i x_j⟩.
fn linear_response<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    given: &[GivenCredit<S>],
) -> Result<(Vec<PerNeuron<S>>, Update<S>), Error> {
    let share = BigRational::new(1.into(), given.len().max(1).into());
    let share: S = crate::textbook::embed(&share, "1/B, B the number of examples,")?;
    let mut adjoints = Vec::new();
    let mut gradient = Update {
        weights: PerSynapse::filled(wiring.synapses.len(), S::zero()),
        biases: PerNeuron::filled(wiring.neurons(), S::zero()),
    };
    for one in given {
        let respond = |neuron| {
            let (beta, external) = (&one.balance_factor, &one.external_credit);
            tangent::at_rate_given(wiring, &parameters.weights, beta, external, Neuron(neuron))
        };
        let response = (0..wiring.neurons()).map(respond).collect::<Result<Vec<_>, _>>()?;
        let response = PerNeuron::new(response);
        for (synapse, ends) in wiring.synapses.indexed() {
            let of_net_input = response[ends.post].clone() * &one.balance_factor[ends.post];
            let entry = of_net_input * &one.firing_rate[ends.pre] * &share;
            gradient.weights[synapse] = gradient.weights[synapse].clone() + &entry;
        }
        for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            let entry = response[post].clone() * &one.balance_factor[post] * &share;
            gradient.biases[post] = gradient.biases[post].clone() + &entry;
        }
        adjoints.push(response);
    }
    Ok((adjoints, gradient))
}
