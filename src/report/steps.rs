//! Both algorithms side by side, in fractions.

use std::fmt::Write;

use num_rational::BigRational;

use super::{counted, drawn, grid, network};
use crate::certify::steps::Steps;
use crate::number::canonical;
use crate::spec::outcome::{BackpropExample, CreditExample};
use crate::spec::{Case, Network, Neuron, PerNeuron};
use crate::wire::Document;
use crate::wire::json::Json;

/// Every step as text.
#[must_use]
pub fn steps(case: &Case, steps: &Steps) -> String {
    let evidence = &steps.evidence;
    let mut text = format!(
        "{} · {} · {} · η = {}\n",
        case.title(),
        network(case),
        counted(case.examples.len(), "example"),
        case.learning_rate
    );
    if let Some(backprop) = &evidence.backprop {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "L = {}", backprop.loss);
    }
    if !evidence.evaluated {
        text.push_str("x and β are those of the float side, as exact dyadics\n");
    }
    for (b, example) in evidence.credit.examples.iter().enumerate() {
        let backward = evidence.backprop.as_ref().map(|outcome| &outcome.examples[b]);
        let title = match backward {
            Some(_) => "credit rule (D1–D3) on the left, backpropagation (D5, D6) on the right",
            None => "credit rule (D1–D3)",
        };
        let _ = writeln!(text, "\nexample {b}: {title}");
        text.push_str(&neurons(case, steps, b, example, backward));
        let _ = writeln!(text, "\nexample {b}: credits settle from zero, c ← Wᵀ(β∘c) + e");
        text.push_str(&sweeps(case, &steps.sweeps[b]));
    }
    let _ = writeln!(text, "\nplasticity (D4) against gradient descent (D7)");
    text.push_str(&updates(case, steps));
    text
}

/// `2.0` for unit 0 of layer 2; in a graph the plain number.
fn name(case: &Case, neuron: Neuron) -> String {
    let Network::Layered(net) = &case.network else { return neuron.0.to_string() };
    let offsets = net.offsets();
    let layer = offsets.iter().rposition(|&first| first <= neuron.0).unwrap_or(0);
    format!("{layer}.{}", neuron.0 - offsets[layer])
}

fn neurons(
    case: &Case,
    steps: &Steps,
    number: usize,
    example: &CreditExample<BigRational>,
    backward: Option<&BackpropExample<BigRational>>,
) -> String {
    let wiring = &steps.evidence.wiring;
    let mut grid = grid();
    let mut header = vec!["neuron", "E", "I", "s", "x", "β", "e", "c", "β·c"];
    if backward.is_some() {
        header.extend(["│", "s", "x", "σ'", "x̄", "δ"]);
    }
    grid.set_header(header);
    let offsets = match &case.network {
        Network::Layered(net) => net.offsets(),
        Network::Graph(_) => Vec::new(),
    };
    for neuron in (0..wiring.neurons()).map(Neuron) {
        let clamped = wiring.is_input[neuron];
        let unless_clamped =
            |value: &BigRational| if clamped { "·".into() } else { canonical(value) };
        let c = &example.credit[neuron].0;
        let mut row = vec![
            name(case, neuron),
            unless_clamped(&steps.balance[number][neuron].excitation),
            unless_clamped(&steps.balance[number][neuron].inhibition),
            unless_clamped(&example.net_input[neuron]),
            canonical(&example.firing_rate[neuron]),
            unless_clamped(&example.balance_factor[neuron]),
            canonical(&example.external_credit[neuron]),
            canonical(c),
            unless_clamped(&(&example.balance_factor[neuron] * c)),
        ];
        if let Some(backward) = backward {
            let layer = offsets.iter().rposition(|&first| first <= neuron.0).unwrap_or(0);
            let unit = neuron.0 - offsets[layer];
            let of_layer = |values: &[Vec<BigRational>]| match layer.checked_sub(1) {
                Some(l) => canonical(&values[l][unit]),
                None => "·".into(),
            };
            row.extend([
                "│".into(),
                of_layer(&backward.net_input),
                canonical(&backward.firing_rate[layer][unit]),
                of_layer(&backward.slope),
                canonical(&backward.adjoint[layer][unit].0),
                match layer.checked_sub(1) {
                    Some(l) => canonical(&backward.delta[l][unit].0),
                    None => "·".into(),
                },
            ]);
        }
        grid.add_row(row);
    }
    drawn(grid)
}

fn sweeps(case: &Case, sweeps: &[PerNeuron<BigRational>]) -> String {
    let mut grid = grid();
    let count = sweeps.first().map_or(0, PerNeuron::len);
    let names = (0..count).map(|n| format!("c {}", name(case, Neuron(n))));
    grid.set_header(std::iter::once("sweep".to_owned()).chain(names).collect::<Vec<_>>());
    for (k, credits) in sweeps.iter().enumerate() {
        let row = std::iter::once(k.to_string()).chain(credits.iter().map(canonical));
        grid.add_row(row.collect::<Vec<_>>());
    }
    drawn(grid)
}

fn updates(case: &Case, steps: &Steps) -> String {
    let evidence = &steps.evidence;
    let wiring = &evidence.wiring;
    let mut grid = grid();
    let other =
        if evidence.backprop.is_some() { "−η ∂L/∂W" } else { "−η ∂L/∂W (arbiter)" };
    grid.set_header(vec!["parameter", "ΔW = η⟨β c x⟩", other, ""]);
    let mut add = |what: String, found: &BigRational, expected: Option<&BigRational>| {
        let mark = match expected {
            Some(expected) if expected == found => "=",
            Some(_) => "≠",
            None => "",
        };
        grid.add_row(vec![
            what,
            canonical(found),
            expected.map_or("—".into(), canonical),
            mark.into(),
        ]);
    };
    for (synapse, ends) in wiring.synapses.indexed() {
        let what = format!("W {} ← {}", name(case, ends.post), name(case, ends.pre));
        let expected = steps.reference.as_ref().map(|r| &r.weights[synapse]);
        add(what, &evidence.credit.update.weights[synapse], expected);
    }
    for (neuron, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
        let expected = steps.reference.as_ref().map(|r| &r.biases[neuron]);
        add(format!("b {}", name(case, neuron)), &evidence.credit.update.biases[neuron], expected);
    }
    drawn(grid)
}

/// Every step as a document; neurons counted through.
#[must_use]
pub fn steps_json(document: &Document, steps: &Steps) -> Json {
    let evidence = &steps.evidence;
    let number = |value: &BigRational| Json::String(canonical(value));
    let per_neuron = |values: &PerNeuron<BigRational>| Json::array(values.iter(), number);
    let examples = evidence.credit.examples.iter().zip(&steps.sweeps).enumerate();
    let examples = examples.map(|(b, (example, sweeps))| {
        let mut fields = vec![
            ("excitation", Json::array(steps.balance[b].iter(), |n| number(&n.excitation))),
            ("inhibition", Json::array(steps.balance[b].iter(), |n| number(&n.inhibition))),
            ("net_input", per_neuron(&example.net_input)),
            ("firing_rate", per_neuron(&example.firing_rate)),
            ("balance_factor", per_neuron(&example.balance_factor)),
            ("external_credit", per_neuron(&example.external_credit)),
            ("credit", Json::array(example.credit.iter(), |c| number(&c.0))),
            ("credit_after_sweep", Json::array(sweeps, per_neuron)),
        ];
        if let Some(backward) = evidence.backprop.as_ref().and_then(|o| o.examples.get(b)) {
            let layers =
                |values: &[Vec<BigRational>]| Json::array(values, |l| Json::array(l, number));
            fields.push(("slope", layers(&backward.slope)));
            let adjoint =
                |l: &Vec<_>| Json::array(l, |a: &crate::spec::outcome::Adjoint<_>| number(&a.0));
            fields.push(("adjoint", Json::array(&backward.adjoint, adjoint)));
            let delta =
                |l: &Vec<_>| Json::array(l, |d: &crate::spec::outcome::Delta<_>| number(&d.0));
            fields.push(("delta", Json::array(&backward.delta, delta)));
        }
        Json::object(fields)
    });
    let update = |update: &crate::spec::outcome::Update<BigRational>| {
        Json::object([
            ("weights", Json::array(update.weights.iter(), number)),
            ("biases", per_neuron(&update.biases)),
        ])
    };
    Json::object([
        ("format", Json::text("creditcheck/steps/1")),
        ("case", Json::text(document.digest())),
        ("examples", Json::Array(examples.collect())),
        ("weight_update", update(&evidence.credit.update)),
        ("reference_update", steps.reference.as_ref().map_or(Json::Null, update)),
    ])
}
