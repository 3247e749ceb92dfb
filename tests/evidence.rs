//! What the engines find on a case, gathered for a certificate.

use creditcheck::certificate::{
    Draw, DrawExample, Evidence, Inverses, PerParameter, Settling, TangentEvidence, digest,
};
use creditcheck::number::exact_f64;
use creditcheck::scalar::{MERSENNE_61, Prime, Rational};
use creditcheck::spec::outcome::{
    Adjoint, BackpropExample, BackpropOutcome, Credit, CreditExample, CreditOutcome, Delta,
    GivenBackprop, GivenCredit,
};
use creditcheck::spec::{
    Activation, Case, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring,
};
use creditcheck::textbook::{Equilibrium, backprop, credit, relax, response, tangent};
use creditcheck::verdict::{Compared, Verdict};
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

type Q = BigRational;
type P = Prime<MERSENNE_61>;

/// Everything that `issue` asks for.
pub fn gather(case: &Case, case_digest: &str, seed: u64) -> Evidence {
    let limits = Limits::default();
    let wiring = Wiring::of(case);
    let (credit, backprop) = if case.is_exact() {
        let layered = matches!(case.network, Network::Layered(_));
        let backward =
            layered.then(|| backprop::run::<Rational>(case, &limits).unwrap().map(Rational::plain));
        (credit::run::<Rational>(case, &limits).unwrap().map(Rational::plain), backward)
    } else {
        given_rates(case, &|_, _, _, _| ())
    };
    let tangent = case.is_exact().then(|| arbiter(case, case_digest, seed, &wiring));
    let inverses = wiring.is_recurrent().then(|| inverses(case, &wiring, &credit, &limits));
    let locality = Verdict::Agree(Compared { entries: 1, nonzero: 1 });
    let settling = Settling { sweeps: Vec::new() };
    let found =
        Evidence { settling, tangent, draws: Vec::new(), inverses, locality, credit, backprop };
    settled(case, case_digest, seed, found)
}

/// The same evidence with the draws and the start that this case and this seed ask for.
pub fn settled(case: &Case, case_digest: &str, seed: u64, found: Evidence) -> Evidence {
    let wiring = Wiring::of(case);
    Evidence {
        settling: settle(case, case_digest, seed, &wiring, &found.credit),
        draws: draws(case, case_digest, seed, &wiring),
        ..found
    }
}

/// A change of the rate and the balance factor of a neuron, of the number of the example.
pub type Disturb<'a> = &'a dyn Fn(usize, Neuron, &mut Q, &mut Q);

/// A layered case whose rates and balance factors are not what σ makes of the net inputs, and everything else follows from them; the
/// derivatives are those of the gradient that comes of it.
pub fn disturbed(case: &Case, case_digest: &str, seed: u64, disturb: Disturb<'_>) -> Evidence {
    let (credit, backprop) = given_rates(case, disturb);
    let gradient = backprop.as_ref().map(|backprop| &backprop.gradient);
    let derivatives = gradient.map(|gradient| {
        let weights = gradient.weights.iter().flatten().flatten();
        weights.chain(gradient.biases.iter().flatten().flatten()).cloned().collect()
    });
    let tangent = derivatives.filter(|_| case.is_exact());
    let found = Evidence {
        settling: Settling { sweeps: Vec::new() },
        tangent: tangent.map(|derivatives| TangentEvidence { derivatives, responses: None }),
        draws: Vec::new(),
        inverses: None,
        locality: Verdict::Agree(Compared { entries: 1, nonzero: 1 }),
        credit,
        backprop,
    };
    settled(case, case_digest, seed, found)
}

fn arbiter(case: &Case, case_digest: &str, seed: u64, wiring: &Wiring) -> TangentEvidence {
    let limits = Limits::default();
    let derivatives = digest::directions(case_digest, seed, wiring)
        .into_iter()
        .map(|PerParameter { weights, biases }| {
            tangent::along(case, &Parameters { weights, biases }, &limits).unwrap().tangent
        })
        .collect();
    let responses = matches!(case.network, Network::Graph(_)).then(|| {
        let at = |example| {
            PerNeuron::from_fn(wiring.neurons(), |neuron| {
                tangent::at_rate::<Q>(case, example, neuron, &limits).unwrap()
            })
        };
        case.examples.iter().map(at).collect()
    });
    TangentEvidence { derivatives, responses }
}

/// The transposed linear responses, at β and, where that is another function, at σ'.
fn inverses(
    case: &Case,
    wiring: &Wiring,
    credit: &CreditOutcome<Q>,
    limits: &Limits,
) -> Vec<Inverses> {
    let transposed = |rows: &Vec<Vec<Q>>| -> Vec<Vec<Q>> {
        (0..rows.len()).map(|k| rows.iter().map(|row| row[k].clone()).collect()).collect()
    };
    let of_slopes = response::Responses::<Q>::of(case, limits).unwrap();
    let weights = Parameters::of(case).weights;
    let examples = credit.examples.iter().enumerate().map(|(b, example)| {
        let found = response::given(wiring, &weights, &example.balance_factor, limits).unwrap();
        let slope = case.has_own_balance().then(|| transposed(of_slopes.response(b)));
        Inverses { credit: transposed(&found), slope }
    });
    examples.collect()
}

fn settle(
    case: &Case,
    case_digest: &str,
    seed: u64,
    wiring: &Wiring,
    outcome: &CreditOutcome<Q>,
) -> Settling {
    let parameters = Parameters::of(case);
    let sweeps_of = |example: &CreditExample<Q>| {
        let mut sweeps = vec![digest::start(case_digest, seed, wiring)];
        for _ in 0..=wiring.depth().unwrap_or(0) {
            let view = Equilibrium {
                wiring,
                parameters: &parameters,
                learning_rate: &case.learning_rate,
                firing_rate: &example.firing_rate,
                balance_factor: &example.balance_factor,
                external_credit: &example.external_credit,
                credit: &sweeps[sweeps.len() - 1],
            };
            sweeps.push(relax::sweep(&view));
        }
        sweeps
    };
    Settling { sweeps: outcome.examples.iter().map(sweeps_of).collect() }
}

/// Tier P on a graph without a cycle: the rule, and the arbiter's linear response.
fn draws_of_graph(case_digest: &str, seed: u64, wiring: &Wiring) -> Vec<Draw> {
    if wiring.is_recurrent() {
        return Vec::new();
    }
    let limits = Limits::default();
    let neurons = |values: &PerNeuron<u64>| values.map(|value| P::new(*value));
    let residues = |values: &PerNeuron<P>| values.map(|value| value.residue());
    let draw = |number| {
        let point = digest::point(case_digest, seed, number, wiring);
        let weights = point.weights.map(|weight| P::new(*weight));
        let biases = PerNeuron::filled(wiring.neurons(), P::new(0));
        let parameters = Parameters { weights, biases };
        let given: Vec<_> = point
            .examples
            .iter()
            .map(|example| GivenCredit {
                firing_rate: neurons(&example.firing_rate),
                balance_factor: neurons(&example.balance_factor),
                external_credit: neurons(&example.external_credit),
            })
            .collect();
        let rate = P::new(point.learning_rate);
        let (credits, update) =
            credit::run_given(wiring, &parameters, &rate, &given, &limits).unwrap();
        let adjoint = |given: &GivenCredit<P>| {
            let weights = &parameters.weights;
            let found = response::given(wiring, weights, &given.balance_factor, &limits).unwrap();
            PerNeuron::from_fn(wiring.neurons(), |moved| {
                let loss = found.iter().zip(given.external_credit.iter());
                let loss = loss.fold(P::new(0), |sum, (row, e)| sum + &(row[moved.0] * e));
                (-loss).residue()
            })
        };
        Draw {
            examples: credits
                .iter()
                .zip(&given)
                .map(|(credit, given)| DrawExample {
                    credit: residues(credit),
                    adjoint: adjoint(given),
                })
                .collect(),
            update: PerParameter {
                weights: update.weights.map(|value| value.residue()),
                biases: residues(&update.biases),
            },
            gradient: None,
        }
    };
    (0..creditcheck::certificate::draws_of(wiring)).map(draw).collect()
}

/// Tier P.
fn draws(case: &Case, case_digest: &str, seed: u64, wiring: &Wiring) -> Vec<Draw> {
    let Network::Layered(net) = &case.network else {
        return draws_of_graph(case_digest, seed, wiring);
    };
    let limits = Limits::default();
    let neurons = |values: &PerNeuron<u64>| values.map(|value| P::new(*value));
    let residues = |values: &PerNeuron<P>| values.map(|value| value.residue());
    let (widths, offsets) = (net.widths(), net.offsets());
    let layers = 1..widths.len();
    let draw = |number| {
        let point = digest::point(case_digest, seed, number, wiring);
        let weights = point.weights.map(|weight| P::new(*weight));
        let parameters =
            Parameters { weights, biases: PerNeuron::filled(wiring.neurons(), P::new(0)) };
        let given: Vec<_> = point
            .examples
            .iter()
            .map(|example| GivenCredit {
                firing_rate: neurons(&example.firing_rate),
                balance_factor: neurons(&example.balance_factor),
                external_credit: neurons(&example.external_credit),
            })
            .collect();
        let rate = P::new(point.learning_rate);
        let (credits, update) =
            credit::run_given(wiring, &parameters, &rate, &given, &limits).unwrap();
        let mut next = parameters.weights.iter();
        let matrices = layers.clone().map(|l| {
            let mut row = || (0..widths[l - 1]).map(|_| *next.next().unwrap()).collect::<Vec<_>>();
            (0..widths[l]).map(|_| row()).collect::<Vec<_>>()
        });
        let layered = backprop::LayerParameters {
            weights: matrices.collect(),
            biases: net
                .layers
                .iter()
                .map(|l| l.biases.as_ref().map(|b| vec![P::new(0); b.len()]))
                .collect(),
        };
        let cut = |values: &PerNeuron<P>, l: usize| {
            values.as_slice()[offsets[l]..offsets[l] + widths[l]].to_vec()
        };
        let same: Vec<_> = given
            .iter()
            .map(|g| GivenBackprop {
                firing_rate: (0..widths.len()).map(|l| cut(&g.firing_rate, l)).collect(),
                slope: layers.clone().map(|l| cut(&g.balance_factor, l)).collect(),
                output_adjoint: cut(&g.external_credit, widths.len() - 1)
                    .into_iter()
                    .map(|e| -e)
                    .collect(),
            })
            .collect();
        let backward = backprop::run_given(&layered, &same, &limits).unwrap();
        let mut biases = vec![0; widths[0]];
        for (l, of_layer) in backward.gradient.biases.iter().enumerate() {
            match of_layer {
                Some(values) => biases.extend(values.iter().map(|v| v.residue())),
                None => biases.extend(vec![0; widths[l + 1]]),
            }
        }
        let flat = backward.gradient.weights.iter().flatten().flatten();
        Draw {
            examples: credits
                .iter()
                .zip(&backward.adjoint)
                .map(|(credit, adjoint)| DrawExample {
                    credit: residues(credit),
                    adjoint: PerNeuron::new(
                        adjoint.iter().flatten().map(|a| a.residue()).collect(),
                    ),
                })
                .collect(),
            update: PerParameter {
                weights: update.weights.map(|value| value.residue()),
                biases: residues(&update.biases),
            },
            gradient: Some(PerParameter {
                weights: PerSynapse::new(flat.map(|value| value.residue()).collect()),
                biases: PerNeuron::new(biases),
            }),
        }
    };
    (0..creditcheck::certificate::draws_of(wiring)).map(draw).collect()
}

/// A layered case with a transcendental σ: x and β in floats, taken as exact dyadics from there on.
fn given_rates(
    case: &Case,
    disturb: Disturb<'_>,
) -> (CreditOutcome<Q>, Option<BackpropOutcome<Q>>) {
    let limits = Limits::default();
    let Network::Layered(net) = &case.network else { panic!("a layered case") };
    let wiring = Wiring::of(case);
    let parameters = Parameters::of(case);
    let (widths, offsets) = (net.widths(), net.offsets());
    let mut net_inputs = Vec::new();
    let mut given = Vec::new();
    for (number, example) in case.examples.iter().enumerate() {
        let mut s = PerNeuron::filled(wiring.neurons(), Q::zero());
        let mut x = s.clone();
        let mut beta = s.clone();
        let mut e = s.clone();
        for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
            x[neuron] = input.clone();
        }
        for &post in wiring.order.as_ref().unwrap() {
            if wiring.is_input[post] {
                continue;
            }
            let mut sum = parameters.biases[post].clone();
            for &synapse in &wiring.incoming[post] {
                sum += &parameters.weights[synapse] * &x[wiring.synapses[synapse].pre];
            }
            let float = sum.to_f64().unwrap();
            (x[post], beta[post]) = match &wiring.activations[post] {
                Activation::Tanh => {
                    let t = float.tanh();
                    (exact_f64(t).unwrap(), exact_f64(1.0 - t * t).unwrap())
                }
                Activation::Logistic => {
                    let p = 1.0 / (1.0 + (-float).exp());
                    (exact_f64(p).unwrap(), exact_f64(p * (1.0 - p)).unwrap())
                }
                Activation::Softplus => {
                    let p = 1.0 / (1.0 + (-float).exp());
                    (exact_f64(float.exp().ln_1p()).unwrap(), exact_f64(p).unwrap())
                }
                Activation::Identity => (sum.clone(), Q::from_integer(1.into())),
                Activation::Quadratic => {
                    let (one, two) = (Q::from_integer(1.into()), Q::from_integer(2.into()));
                    (&sum * (&sum + &one), &sum * two + one)
                }
                other => panic!("{}", other.name()),
            };
            disturb(number, post, &mut x[post], &mut beta[post]);
            s[post] = sum;
        }
        for (&output, target) in wiring.outputs.iter().zip(&example.target) {
            e[output] = target - &x[output];
        }
        net_inputs.push(s);
        given.push(GivenCredit { firing_rate: x, balance_factor: beta, external_credit: e });
    }
    let (credits, update) =
        credit::run_given(&wiring, &parameters, &case.learning_rate, &given, &limits).unwrap();
    let cut = |values: &PerNeuron<Q>, l: usize| {
        values.as_slice()[offsets[l]..offsets[l] + widths[l]].to_vec()
    };
    let layers = |values: &PerNeuron<Q>, from: usize| -> Vec<Vec<Q>> {
        (from..widths.len()).map(|l| cut(values, l)).collect()
    };
    let same: Vec<_> = given
        .iter()
        .map(|g| GivenBackprop {
            firing_rate: layers(&g.firing_rate, 0),
            slope: layers(&g.balance_factor, 1),
            output_adjoint: cut(&g.external_credit, widths.len() - 1)
                .into_iter()
                .map(|e| -e)
                .collect(),
        })
        .collect();
    let of_net = backprop::LayerParameters::of(net).unwrap();
    let backward = backprop::run_given(&of_net, &same, &limits).unwrap();
    let examples =
        net_inputs.iter().zip(&given).zip(credits).map(|((s, given), credit)| CreditExample {
            net_input: s.clone(),
            firing_rate: given.firing_rate.clone(),
            balance_factor: given.balance_factor.clone(),
            external_credit: given.external_credit.clone(),
            credit: credit.map(|c| Credit(c.clone())),
        });
    let credit = CreditOutcome { examples: examples.collect(), update };
    let mut examples = Vec::new();
    for (b, (adjoint, delta)) in backward.adjoint.into_iter().zip(backward.delta).enumerate() {
        examples.push(BackpropExample {
            net_input: layers(&net_inputs[b], 1),
            firing_rate: layers(&given[b].firing_rate, 0),
            slope: layers(&given[b].balance_factor, 1),
            adjoint: adjoint.into_iter().map(|l| l.into_iter().map(Adjoint).collect()).collect(),
            delta: delta.into_iter().map(|l| l.into_iter().map(Delta).collect()).collect(),
        });
    }
    let outcome = BackpropOutcome { loss: Q::zero(), examples, gradient: backward.gradient };
    (credit, Some(outcome))
}

/// A layered network of random dyadics with so many bits, for sizes and times.
pub fn wide(widths: &[usize], batch: usize, bits: u32, hidden: &str) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut dyadic = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mantissa = i64::try_from(state >> (64 - bits)).unwrap() - (1 << (bits - 1));
        format!("\"{mantissa}/{}\"", 1_u64 << bits)
    };
    let mut row = |n: usize| {
        let numbers: Vec<_> = (0..n).map(|_| dyadic()).collect();
        format!("[{}]", numbers.join(","))
    };
    let mut layers = Vec::new();
    for l in 1..widths.len() {
        let rows: Vec<_> = (0..widths[l]).map(|_| row(widths[l - 1])).collect();
        let biases = row(widths[l]);
        let activation = if l + 1 < widths.len() { hidden } else { "identity" };
        let (rows, activation) = (rows.join(","), format!("\"{activation}\""));
        layers.push(format!(
            "{{\"weights\": [{rows}], \"biases\": {biases}, \"activation\": {activation}}}"
        ));
    }
    let examples: Vec<_> = (0..batch)
        .map(|_| {
            let (input, target) = (row(widths[0]), row(widths[widths.len() - 1]));
            format!("{{\"input\": {input}, \"target\": {target}}}")
        })
        .collect();
    format!(
        "{{\"format\": \"creditcheck/case/1\", \"network\": {{\"kind\": \"layered\", \"layers\": [{}]}}, \
         \"loss\": \"half_squared_error\", \"learning_rate\": \"1/10\", \"examples\": [{}]}}",
        layers.join(","),
        examples.join(",")
    )
}
