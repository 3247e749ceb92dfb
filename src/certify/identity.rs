//! Tier P: the identity over 𝔽_p at random points (Schwartz–Zippel).

use num_bigint::BigInt;
use num_rational::BigRational;

use super::Options;
use super::both_sides::{GivenRun, Large, given_verdicts};
use crate::certificate::digest::{self, Stream};
use crate::error::Error;
use crate::scalar::{Prime, Scalar};
use crate::spec::outcome::GivenCredit;
use crate::spec::{Activation, Case, Network, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::textbook::{credit, firing, tangent};
use crate::verdict::{Cell, CellState, Claim, Comparison, Tier, Verdict};

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
    let degree = degree(wiring);
    let (count, log2_bound) = digest::draws(degree);
    let mut draws = Vec::new();
    let (mut credits, mut updates): (Option<Verdict>, Option<Verdict>) = (None, None);
    for draw in 0..count + MOST_REDRAWS {
        if draws.len() == count {
            break;
        }
        let (parameters, learning_rate, given) =
            embedded(wiring, &digest::point(case_digest, options.seed, draw, wiring));
        let run = GivenRun::new(case, wiring, &parameters, &learning_rate, &given, limits);
        let Some(run) = unless_singular(wiring, run)? else { continue };
        let (c1, c2) = given_verdicts(wiring, &run, &learning_rate);
        credits = Some(conjunction(credits, c1));
        updates = Some(conjunction(updates, c2));
        draws.push(run);
    }
    let variables = wiring.synapses.len()
        + 1
        + digest::DRAW_EXAMPLES
            * (2 * wiring.neurons() - wiring.inputs.len() + wiring.outputs.len());
    let what = if wiring.is_recurrent() {
        "identity of quotients, of counted degree"
    } else {
        "identity of degree"
    };
    let note = format!(
        "{what} ≤ {degree} in {variables} variables (W, x, β, e, η), {} draws modulo 2^61−1, seed {}: \
         a false one survives with probability ≤ 2^{log2_bound}; given β, ring operations only",
        draws.len(),
        options.seed
    );
    if draws.len() < count {
        let why = format!("only {} of {count} points were not singular", draws.len());
        (credits, updates) = (Some(Verdict::Unchecked(why.clone())), Some(Verdict::Unchecked(why)));
    }
    let (tiny, counted) = tiny_primes(case, wiring, case_digest, options)?;
    let mut cells = vec![
        Cell::checked(Claim::Credit, Tier::Identity, concluded(credits)).note(note.clone()),
        Cell::checked(Claim::Update, Tier::Identity, concluded(updates)).note(note),
    ];
    for (cell, verdict) in cells.iter_mut().zip([tiny.0, tiny.1]) {
        match verdict {
            Verdict::Agree(compared) => cell.notes.push(format!(
                "also modulo {counted}, {} entries; these never count towards the bound",
                compared.entries
            )),
            Verdict::Disagree(mismatch) => {
                cell.state = CellState::Checked(Verdict::Disagree(mismatch));
            }
            Verdict::Unchecked(reason) => cell.notes.push(format!("tiny primes: {reason}")),
        }
    }
    cells.push(truth(case, wiring, case_digest, options)?);
    if wiring.is_recurrent() {
        let both = cells[0].verdict().cloned().zip(cells[1].verdict().cloned());
        let verdict = concluded(both.map(|(credits, updates)| credits.and(updates)));
        cells.push(Cell::checked(Claim::Recurrent, Tier::Identity, verdict).note(
            "C1 and C2 of this anatomy with its cycles and self-synapses, against the linear response: any W, any β at which I − Wᵀ diag β is invertible",
        ));
        // A certificate of a network with a cycle carries inverses in place of draws.
        draws.clear();
    }
    Ok(Identity { cells, draws })
}

/// How many points may be drawn in addition where some matrix is singular modulo the prime.
const MOST_REDRAWS: usize = 16;

/// What counts as the degree in the bound of tier P.
///
/// With a cycle both sides are quotients. With n neurons that are not clamped det(I − Wᵀ diag β) has degree ≤ 2n, so each of the
/// `DRAW_EXAMPLES` terms of an update has a numerator of degree ≤ 2n + 4 and a denominator of degree ≤ 2n; the difference of the two
/// sides, brought to one denominator, has a numerator of degree ≤ 2·2n·`DRAW_EXAMPLES` + 4. A point where a matrix is
/// singular is drawn again; at least half of all points are not, so the degree counts twice.
fn degree(wiring: &Wiring) -> u64 {
    match wiring.depth() {
        Some(depth) => digest::degree(depth),
        None => {
            let unknown = wiring.neurons() - wiring.inputs.len();
            2 * (4 * unknown as u64 * digest::DRAW_EXAMPLES as u64 + 4)
        }
    }
}

/// A run at a drawn point; none where the point makes a matrix singular, which only cycles can.
fn unless_singular<T>(wiring: &Wiring, run: Result<T, Error>) -> Result<Option<T>, Error> {
    match run {
        Err(Error::Singular { .. }) if wiring.is_recurrent() => Ok(None),
        other => other.map(Some),
    }
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
) -> Result<((Verdict, Verdict), String), Error> {
    let verdicts = [
        (2, tiny::<2>(case, wiring, digest, options)?),
        (3, tiny::<3>(case, wiring, digest, options)?),
        (5, tiny::<5>(case, wiring, digest, options)?),
        (101, tiny::<101>(case, wiring, digest, options)?),
    ];
    let mut all = (None, None);
    let mut counted: Vec<String> = Vec::new();
    for (prime, (c1, c2)) in verdicts {
        if !matches!((&c1, &c2), (Verdict::Unchecked(_), Verdict::Unchecked(_))) {
            counted.push(prime.to_string());
        }
        // Modulo 2 everything is often zero: that alone is no reason to call the rest unchecked.
        if !matches!(c1, Verdict::Unchecked(_)) {
            all.0 = Some(conjunction(all.0, c1));
        }
        if !matches!(c2, Verdict::Unchecked(_)) {
            all.1 = Some(conjunction(all.1, c2));
        }
    }
    let all_zero =
        || Verdict::Unchecked("modulo 2, 3, 5 and 101 every drawn entry was zero".into());
    let last = counted.pop().unwrap_or_default();
    let counted =
        if counted.is_empty() { last } else { format!("{} and {last}", counted.join(", ")) };
    Ok(((all.0.unwrap_or_else(all_zero), all.1.unwrap_or_else(all_zero)), counted))
}

fn tiny<const P: u64>(
    case: &Case,
    wiring: &Wiring,
    case_digest: &str,
    options: &Options,
) -> Result<(Verdict, Verdict), Error> {
    let mut stream = Stream::new(case_digest, options.seed, &format!("tiny/{P}"));
    // Modulo 2 most matrices are singular; without a cycle none is.
    for _ in 0..MOST_TINY_DRAWS {
        let run = tiny_at::<P>(case, wiring, &mut stream, options);
        if let Some(verdicts) = unless_singular(wiring, run)? {
            return Ok(verdicts);
        }
    }
    let singular = || Verdict::Unchecked(format!("modulo {P} every drawn matrix was singular"));
    Ok((singular(), singular()))
}

/// How many points are tried modulo a tiny prime.
const MOST_TINY_DRAWS: usize = 64;

fn tiny_at<const P: u64>(
    case: &Case,
    wiring: &Wiring,
    stream: &mut Stream,
    options: &Options,
) -> Result<(Verdict, Verdict), Error> {
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
    let recurrent = wiring.is_recurrent();
    let degree = if recurrent { degree_at_equilibrium(wiring) } else { degree_of_loss(wiring) };
    let Some(degree) = degree.filter(|_| case.is_polynomial()) else {
        let why = "C1–C2 only: σ has no meaning over a finite field";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    };
    if !case.loss.is_polynomial() {
        let why = format!(
            "C1–C2 only, e given: the loss {} has pieces, and a finite field no order",
            case.loss.name()
        );
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    if case.has_own_balance() {
        let why =
            "C1–C2 only: the identity has β given, and this case replaces the balance function";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    if recurrent && !wiring.is_input.indexed().all(|(n, clamped)| *clamped || wiring.has_bias[n]) {
        let why = "C1–C2 only: an equilibrium over a finite field is drawn by way of the biases, and some neuron has none";
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    let (count, log2_bound) = digest::draws(degree);
    if count == 0 {
        let why = format!("the degree {degree} of the loss is too large for this prime");
        return Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    }
    let mut comparison = Comparison::new();
    let mut made = 0;
    for draw in 0..count + MOST_REDRAWS {
        if made == count {
            break;
        }
        let mut stream = Stream::new(case_digest, options.seed, &format!("truth/{draw}"));
        let mut random = randomised(case, &mut stream);
        if recurrent {
            settle(&mut random, wiring, &mut stream)?;
        }
        let direction = Parameters {
            weights: PerSynapse::from_fn(wiring.synapses.len(), |_| Large::new(stream.residue())),
            biases: PerNeuron::from_fn(wiring.neurons(), |neuron| {
                if wiring.has_bias[neuron] { Large::new(stream.residue()) } else { Large::zero() }
            }),
        };
        let update = credit::run::<Large>(&random, &options.limits);
        let Some(update) = unless_singular(wiring, update)?.map(|found| found.update) else {
            continue;
        };
        let derivative = tangent::along(&random, &direction, &options.limits)?.tangent;
        made += 1;
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

/// The counted degree of C3 at a drawn equilibrium: W, net inputs, inputs, targets, η and H are free, b = s − Wx follows.
///
/// With x of degree ≤ d and β ≤ d − 1 an entry of I − Wᵀ diag β has ≤ d and its determinant ≤ dn; numerators of both sides
/// have ≤ dn + 2d + 1, their difference over one denominator ≤ 2dn + 2d + 1. Singular points are drawn again: the degree
/// counts twice.
fn degree_at_equilibrium(wiring: &Wiring) -> Option<u64> {
    // Of a cubic at least: that bound is written into certificates of networks with less.
    let mut degrees = wiring.activations.iter().map(Activation::degree);
    let d = degrees.try_fold(3, |most, degree| Some(most.max(u64::from(degree?))))?;
    let unknown = (wiring.neurons() - wiring.inputs.len()) as u64;
    Some(2 * (2 * d * unknown + 2 * d + 1))
}

/// Draws net inputs for the first example, and gives the network the biases that make it an equilibrium.
fn settle(case: &mut Case, wiring: &Wiring, stream: &mut Stream) -> Result<(), Error> {
    case.examples.truncate(1);
    let Network::Graph(net) = &mut case.network else { return Ok(()) };
    let mut net_input = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    let mut rates = net_input.clone();
    let mut clamped = case.examples.iter().flat_map(|example| &example.input);
    for &input in &wiring.inputs {
        rates[input] = clamped.next().cloned().unwrap_or_else(BigRational::zero);
    }
    for (post, _) in wiring.is_input.indexed().filter(|(_, clamped)| !**clamped) {
        net_input[post] = BigRational::from_integer(BigInt::from(stream.residue()));
        let (activation, kink) = (&wiring.activations[post], wiring.kinks[post]);
        rates[post] = firing::activate(activation, kink, &net_input[post])?;
    }
    let biases = PerNeuron::from_fn(wiring.neurons(), |post| {
        wiring.incoming[post].iter().fold(net_input[post].clone(), |rest, &synapse| {
            rest - &net.weights[synapse] * &rates[wiring.synapses[synapse].pre]
        })
    });
    net.biases = Some(biases);
    for example in &mut case.examples {
        example.equilibrium = Some(rates.clone());
    }
    Ok(())
}

/// The degree of the derivative of L in W, b, inputs, targets and H together: deg s = deg x + 1, deg x = deg σ · deg s.
fn degree_of_loss(wiring: &Wiring) -> Option<u64> {
    let mut of_rate = PerNeuron::filled(wiring.neurons(), 1_u64);
    let order = wiring.order.as_deref().unwrap_or_default();
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let presynaptic = wiring.incoming[post].iter().map(|s| of_rate[wiring.synapses[*s].pre]);
        let of_net_input = presynaptic.max().map_or(1, |most| most.saturating_add(1));
        let of_activation = wiring.activations[post].degree()?;
        of_rate[post] = of_net_input.saturating_mul(of_activation.into());
    }
    let output = wiring.outputs.iter().map(|output| of_rate[*output]).max().unwrap_or(1);
    Some(output.saturating_mul(2).min(u64::MAX - 1) + 1)
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
