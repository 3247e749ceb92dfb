//! Both algorithms side by side, in fractions.

use std::cell::Cell;
use std::fmt::Write;

use num_rational::BigRational;

use super::decimal::short;
use super::{counted, drawn, fits, grid, hanging, network, wrapped};
use crate::certify::steps::Steps;
use crate::number::canonical;
use crate::spec::outcome::{BackpropExample, CreditExample};
use crate::spec::{Case, Network, Neuron, PerNeuron};
use crate::wire::Document;
use crate::wire::json::Json;

/// How the numbers of the steps are shown.
#[derive(Debug)]
pub struct Numbers {
    digits: Option<usize>,
    advises: bool,
    /// Whether a fraction was shown that a decimal would shorten much.
    has_long: Cell<bool>,
}

impl Numbers {
    /// As fractions; longer ones as decimals of so many significant digits, if a number of digits is given.
    #[must_use]
    pub fn new(digits: Option<usize>, advises: bool) -> Self {
        Self { digits, advises, has_long: Cell::new(false) }
    }

    pub(super) fn show(&self, value: &BigRational) -> String {
        const LONG: usize = 30;
        if let Some(digits) = self.digits {
            return short(value, digits);
        }
        let exact = canonical(value);
        if exact.len() > LONG {
            self.has_long.set(true);
        }
        exact
    }

    /// `L = 1/2`, or `L ≈ 0.3333`.
    pub(super) fn equation(&self, name: &str, value: &BigRational) -> String {
        let shown = self.show(value);
        match shown.strip_prefix('≈') {
            Some(decimal) => format!("{name} ≈ {decimal}"),
            None => format!("{name} = {shown}"),
        }
    }

    /// The number of one neuron, where there are numbers.
    pub(super) fn show_of(&self, values: Option<&[BigRational]>, neuron: usize) -> String {
        let value = values.and_then(|values| values.get(neuron));
        value.map_or("—".to_owned(), |value| self.show(value))
    }

    /// How to shorten what was shown, if that would help.
    pub(super) fn advice(&self) -> String {
        match self.advises && self.has_long.get() {
            true => "\nlong fractions: --digits 12 shows them as decimals\n".to_owned(),
            false => String::new(),
        }
    }
}

/// Every step as text.
#[must_use]
pub fn steps(case: &Case, steps: &Steps, numbers: &Numbers) -> String {
    let evidence = &steps.evidence;
    let head = format!(
        "{} · {} · {} · {}",
        case.title(),
        network(case),
        counted(case.examples.len(), "example"),
        numbers.equation("η", &case.learning_rate)
    );
    let mut text = wrapped(0, &head);
    if let Some(backprop) = &evidence.backprop {
        text.push_str(&hanging(0, 4, &numbers.equation("L", &backprop.loss)));
    }
    if !evidence.evaluated {
        text.push_str("x and β are those of the float side, as exact dyadics\n");
    }
    for (b, example) in evidence.credit.examples.iter().enumerate() {
        let backward = evidence.backprop.as_ref().map(|outcome| &outcome.examples[b]);
        let title = match backward {
            Some(_) => "left the credit rule (D1–D3), right backpropagation (D5, D6)",
            None => "credit rule (D1–D3)",
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}", wrapped(0, &format!("example {b}: {title}")));
        text.push_str(&neurons(case, steps, b, example, backward, numbers));
        let _ = writeln!(text, "\nexample {b}: credits settle from zero, c ← Wᵀ(β∘c) + e");
        text.push_str(&sweeps(case, &steps.sweeps[b], numbers));
    }
    let _ = writeln!(text, "\nplasticity (D4) against gradient descent (D7)");
    text.push_str(&updates(case, steps, numbers));
    text.push_str(&numbers.advice());
    text
}

/// `2.0` for unit 0 of layer 2; in a graph the plain number.
fn name(case: &Case, neuron: Neuron) -> String {
    let Network::Layered(net) = &case.network else { return neuron.0.to_string() };
    let offsets = net.offsets();
    let layer = offsets.iter().rposition(|&first| first <= neuron.0).unwrap_or(0);
    format!("{layer}.{}", neuron.0 - offsets[layer])
}

/// The numbers of one neuron: a symbol of each rule, and the number of each; `·` where there is none.
type OfNeuron = Vec<([&'static str; 2], [String; 2])>;

fn of_neuron(
    case: &Case,
    steps: &Steps,
    number: usize,
    example: &CreditExample<BigRational>,
    backward: Option<&BackpropExample<BigRational>>,
    neuron: Neuron,
    numbers: &Numbers,
) -> OfNeuron {
    let none = || "·".to_owned();
    let clamped = steps.evidence.wiring.is_input[neuron];
    let unless_clamped = |value: &BigRational| match clamped {
        true => none(),
        false => numbers.show(value),
    };
    let offsets = match &case.network {
        Network::Layered(net) => net.offsets(),
        Network::Graph(_) => Vec::new(),
    };
    let layer = offsets.iter().rposition(|&first| first <= neuron.0).unwrap_or(0);
    let unit = neuron.0 - offsets.get(layer).copied().unwrap_or(0);
    let of_layer = |values: Option<&Vec<Vec<BigRational>>>| match (values, layer.checked_sub(1)) {
        (Some(values), Some(l)) => numbers.show(&values[l][unit]),
        _ => none(),
    };
    let c = &example.credit[neuron].0;
    let delta = match (backward, layer.checked_sub(1)) {
        (Some(backward), Some(l)) => numbers.show(&backward.delta[l][unit].0),
        _ => none(),
    };
    vec![
        (["E", ""], [unless_clamped(&steps.balance[number][neuron].excitation), none()]),
        (["I", ""], [unless_clamped(&steps.balance[number][neuron].inhibition), none()]),
        (
            ["s", "s"],
            [unless_clamped(&example.net_input[neuron]), of_layer(backward.map(|b| &b.net_input))],
        ),
        (
            ["x", "x"],
            [
                numbers.show(&example.firing_rate[neuron]),
                backward.map_or_else(none, |b| numbers.show(&b.firing_rate[layer][unit])),
            ],
        ),
        (
            ["β", "σ'"],
            [unless_clamped(&example.balance_factor[neuron]), of_layer(backward.map(|b| &b.slope))],
        ),
        (["e", ""], [numbers.show(&example.external_credit[neuron]), none()]),
        (
            ["c", "x̄"],
            [
                numbers.show(c),
                backward.map_or_else(none, |b| numbers.show(&b.adjoint[layer][unit].0)),
            ],
        ),
        (["β·c", "δ"], [unless_clamped(&(&example.balance_factor[neuron] * c)), delta]),
    ]
}

/// One line a neuron where that fits; else one block a neuron, one line a number.
fn neurons(
    case: &Case,
    steps: &Steps,
    number: usize,
    example: &CreditExample<BigRational>,
    backward: Option<&BackpropExample<BigRational>>,
    numbers: &Numbers,
) -> String {
    let all = (0..steps.evidence.wiring.neurons()).map(Neuron);
    let found = |n: Neuron| of_neuron(case, steps, number, example, backward, n, numbers);
    let found: Vec<(String, OfNeuron)> = all.map(|n| (name(case, n), found(n))).collect();
    let mut wide = grid();
    for (name, rows) in &found {
        let (mut head, mut line) = (vec!["neuron"], vec![name.clone()]);
        head.extend(rows.iter().map(|([symbol, _], _)| *symbol));
        line.extend(rows.iter().map(|(_, [value, _])| value.clone()));
        if backward.is_some() {
            let theirs = || rows.iter().filter(|([_, symbol], _)| !symbol.is_empty());
            head.push("│");
            head.extend(theirs().map(|([_, symbol], _)| *symbol));
            line.push("│".to_owned());
            line.extend(theirs().map(|(_, [_, value])| value.clone()));
        }
        wide.set_header(head);
        wide.add_row(line);
    }
    if fits(&wide) {
        return drawn(wide);
    }
    let block = |(name, rows): &(String, OfNeuron)| {
        let mut grid = grid();
        let mut head = vec![format!("neuron {name}"), "credit rule".to_owned()];
        head.extend(
            backward.map(|_| ["".to_owned(), "backpropagation".to_owned()]).into_iter().flatten(),
        );
        grid.set_header(head);
        for ([ours, theirs], [value, other]) in rows {
            let mut line = vec![(*ours).to_owned(), value.clone()];
            if backward.is_some() {
                let other = if theirs.is_empty() { String::new() } else { other.clone() };
                line.extend([(*theirs).to_owned(), other]);
            }
            grid.add_row(line);
        }
        drawn(grid)
    };
    found.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn sweeps(case: &Case, sweeps: &[PerNeuron<BigRational>], numbers: &Numbers) -> String {
    let mut grid = grid();
    let count = sweeps.first().map_or(0, PerNeuron::len);
    let names = (0..count).map(|n| format!("c {}", name(case, Neuron(n))));
    grid.set_header(std::iter::once("sweep".to_owned()).chain(names).collect::<Vec<_>>());
    for (k, credits) in sweeps.iter().enumerate() {
        let row = std::iter::once(k.to_string()).chain(credits.iter().map(|c| numbers.show(c)));
        grid.add_row(row.collect::<Vec<_>>());
    }
    drawn(grid)
}

fn updates(case: &Case, steps: &Steps, numbers: &Numbers) -> String {
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
            numbers.show(found),
            expected.map_or("—".into(), |expected| numbers.show(expected)),
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
