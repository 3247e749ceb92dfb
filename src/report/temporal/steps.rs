//! Rules over time side by side, in fractions.

use std::fmt::Write;

use num_rational::BigRational;

use super::network_over_time;
use crate::certify::temporal::StepsOverTime;
use crate::number::canonical;
use crate::report::{counted, drawn, grid, wrapped};
use crate::spec::{Sequence, TemporalCase};
use crate::textbook::temporal::Step;
use crate::wire::TemporalDocument;
use crate::wire::json::Json;

/// Every step as text.
#[must_use]
pub fn steps_over_time(case: &TemporalCase, steps: &StepsOverTime) -> String {
    let mut text = format!(
        "{} · {} · {}\nL = {}\n",
        case.title(),
        network_over_time(case),
        counted(case.examples.len(), "example"),
        steps.gradient.loss
    );
    let all = case.examples.iter().zip(&steps.bptt).zip(steps.mdgl.iter().zip(&steps.modprop));
    for (b, ((sequence, bptt), (mdgl, modprop))) in all.enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nexample {b}: readouts");
        text.push_str(&readouts(sequence, bptt));
        let _ = writeln!(text);
        text.push_str(&wrapped(
            0,
            &format!(
                "example {b}: left, the network, the signals and BPTT's g and total credit Λ; right, what stands for Λ: \
                 in MDGL, and in ModProp (filter form, all taps, μ = {}); in e-prop it is ℓ",
                steps.mu
            ),
        ));
        text.push_str(&cells(bptt, mdgl, modprop));
    }
    text.push_str(
        "\n∂L_b/∂W = Σ_t (h ∘ Λ)_t εᵀ_t, with the Λ of a rule; `creditcheck gradient` adds them up, `compare` compares\n",
    );
    text
}

fn readouts(sequence: &Sequence, steps: &[Step<BigRational>]) -> String {
    let mut table = grid();
    table.set_header(vec!["t", "readout", "y", "target", "ϵ"]);
    for (t, step) in steps.iter().enumerate() {
        for (k, (y, error)) in step.readout.iter().zip(&step.readout_error).enumerate() {
            let target = sequence.target.get(t).and_then(|row| row.get(k));
            table.add_row(vec![
                time(t, k),
                k.to_string(),
                canonical(y),
                target.map_or("—".into(), canonical),
                canonical(error),
            ]);
        }
    }
    drawn(table)
}

/// The step stands beside its first row only.
fn time(t: usize, row: usize) -> String {
    if row == 0 { (t + 1).to_string() } else { String::new() }
}

fn cells(
    bptt: &[Step<BigRational>],
    mdgl: &[Step<BigRational>],
    modprop: &[Step<BigRational>],
) -> String {
    let mut table = grid();
    table.set_header(vec![
        "t", "neuron", "s", "z", "h", "ε", "ℓ", "a", "g", "Λ", "│", "MDGL", "ModProp",
    ]);
    for (t, ((exact, mdgl), modprop)) in bptt.iter().zip(mdgl).zip(modprop).enumerate() {
        let of = |values: &Option<Vec<BigRational>>, neuron: usize| {
            let value = values.as_ref().and_then(|values| values.get(neuron));
            value.map_or("—".to_owned(), canonical)
        };
        for neuron in 0..exact.net_input.len() {
            table.add_row(vec![
                time(t, neuron),
                neuron.to_string(),
                canonical(&exact.net_input[neuron]),
                canonical(&exact.firing_rate[neuron]),
                canonical(&exact.slope[neuron]),
                of(&modprop.trace, neuron),
                canonical(&exact.learning_signal[neuron]),
                canonical(&exact.gated_signal[neuron]),
                of(&exact.adjoint, neuron),
                of(&exact.total_credit, neuron),
                "│".to_owned(),
                of(&mdgl.total_credit, neuron),
                of(&modprop.total_credit, neuron),
            ]);
        }
    }
    drawn(table)
}

/// Every step as a document.
#[must_use]
pub fn steps_over_time_json(document: &TemporalDocument, steps: &StepsOverTime) -> Json {
    let number = |value: &BigRational| Json::String(canonical(value));
    let list = |values: &[BigRational]| Json::array(values, number);
    let maybe = |values: &Option<Vec<BigRational>>| values.as_deref().map_or(Json::Null, list);
    let examples = steps.bptt.iter().zip(&steps.mdgl).zip(&steps.modprop);
    let examples = examples.map(|((bptt, mdgl), modprop)| {
        let steps = bptt.iter().zip(mdgl).zip(modprop).map(|((exact, mdgl), modprop)| {
            Json::object([
                ("net_input", list(&exact.net_input)),
                ("firing_rate", list(&exact.firing_rate)),
                ("slope", list(&exact.slope)),
                ("readout", list(&exact.readout)),
                ("readout_error", list(&exact.readout_error)),
                ("learning_signal", list(&exact.learning_signal)),
                ("gated_signal", list(&exact.gated_signal)),
                ("trace", maybe(&modprop.trace)),
                ("adjoint", maybe(&exact.adjoint)),
                ("total_credit", maybe(&exact.total_credit)),
                ("total_credit_mdgl", maybe(&mdgl.total_credit)),
                ("total_credit_modprop", maybe(&modprop.total_credit)),
            ])
        });
        Json::object([("steps", Json::Array(steps.collect()))])
    });
    Json::object([
        ("format", Json::text("creditcheck/steps/1")),
        ("case", Json::text(document.digest())),
        ("loss", number(&steps.gradient.loss)),
        ("mu", Json::text(steps.mu.to_string())),
        ("examples", Json::Array(examples.collect())),
    ])
}
