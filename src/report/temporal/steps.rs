//! Rules over time side by side, in fractions.

use std::fmt::Write;

use num_rational::BigRational;

use super::network_over_time;
use crate::certify::temporal::StepsOverTime;
use crate::number::canonical;
use crate::report::steps::Numbers;
use crate::report::{counted, drawn_by, grid, hanging, wrapped};
use crate::spec::{Sequence, TemporalCase};
use crate::textbook::temporal::Step;
use crate::wire::TemporalDocument;
use crate::wire::json::Json;

/// Every step as text.
#[must_use]
pub fn steps_over_time(case: &TemporalCase, steps: &StepsOverTime, numbers: &Numbers) -> String {
    let head = format!(
        "{} · {} · {}",
        case.title(),
        network_over_time(case),
        counted(case.examples.len(), "example")
    );
    let mut text = wrapped(0, &head);
    text.push_str(&hanging(0, 4, &numbers.equation("L", &steps.gradient.loss)));
    let all = case.examples.iter().zip(&steps.bptt).zip(steps.mdgl.iter().zip(&steps.modprop));
    for (b, ((sequence, bptt), (mdgl, modprop))) in all.enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nexample {b}: readouts");
        text.push_str(&readouts(sequence, bptt, numbers));
        let _ = writeln!(text, "\nexample {b}: the network, and the signals of every rule");
        text.push_str(&signals(bptt, modprop, numbers));
        let _ = writeln!(text);
        text.push_str(&wrapped(
            0,
            &format!(
                "example {b}: BPTT's g and total credit Λ, and what stands for Λ in MDGL and in ModProp (filter form, all \
                 taps, μ = {}); in e-prop it is ℓ",
                steps.mu
            ),
        ));
        text.push_str(&credits(bptt, mdgl, modprop, numbers));
    }
    text.push('\n');
    text.push_str(&wrapped(
        0,
        "∂L_b/∂W = Σ_t (h ∘ Λ)_t εᵀ_t, with the Λ of a rule; `creditcheck gradient` adds them up, `compare` compares",
    ));
    text.push_str(&numbers.advice());
    text
}

fn readouts(sequence: &Sequence, steps: &[Step<BigRational>], numbers: &Numbers) -> String {
    let mut table = grid();
    table.set_header(vec!["t", "readout", "y", "target", "ϵ"]);
    for (t, step) in steps.iter().enumerate() {
        for (k, (y, error)) in step.readout.iter().zip(&step.readout_error).enumerate() {
            let target = sequence.target.get(t).and_then(|row| row.get(k));
            table.add_row(vec![
                time(t, k),
                k.to_string(),
                numbers.show(y),
                target.map_or("—".into(), |target| numbers.show(target)),
                numbers.show(error),
            ]);
        }
    }
    drawn_by(table, 2)
}

/// The step stands beside its first row only.
fn time(t: usize, row: usize) -> String {
    if row == 0 { (t + 1).to_string() } else { String::new() }
}

/// Of each neuron at each step: net input, rate, slope, trace, learning signal, gated signal.
fn signals(bptt: &[Step<BigRational>], modprop: &[Step<BigRational>], numbers: &Numbers) -> String {
    let mut table = grid();
    table.set_header(vec!["t", "neuron", "s", "z", "h", "ε", "ℓ", "a"]);
    for (t, (exact, modprop)) in bptt.iter().zip(modprop).enumerate() {
        for neuron in 0..exact.net_input.len() {
            table.add_row(vec![
                time(t, neuron),
                neuron.to_string(),
                numbers.show(&exact.net_input[neuron]),
                numbers.show(&exact.firing_rate[neuron]),
                numbers.show(&exact.slope[neuron]),
                numbers.show_of(modprop.trace.as_deref(), neuron),
                numbers.show(&exact.learning_signal[neuron]),
                numbers.show(&exact.gated_signal[neuron]),
            ]);
        }
    }
    drawn_by(table, 2)
}

/// Of each neuron at each step: what BPTT says, and what the rules put in the place of Λ.
fn credits(
    bptt: &[Step<BigRational>],
    mdgl: &[Step<BigRational>],
    modprop: &[Step<BigRational>],
    numbers: &Numbers,
) -> String {
    let mut table = grid();
    table.set_header(vec!["t", "neuron", "g", "Λ", "MDGL", "ModProp"]);
    for (t, ((exact, mdgl), modprop)) in bptt.iter().zip(mdgl).zip(modprop).enumerate() {
        for neuron in 0..exact.net_input.len() {
            table.add_row(vec![
                time(t, neuron),
                neuron.to_string(),
                numbers.show_of(exact.adjoint.as_deref(), neuron),
                numbers.show_of(exact.total_credit.as_deref(), neuron),
                numbers.show_of(mdgl.total_credit.as_deref(), neuron),
                numbers.show_of(modprop.total_credit.as_deref(), neuron),
            ]);
        }
    }
    drawn_by(table, 2)
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
