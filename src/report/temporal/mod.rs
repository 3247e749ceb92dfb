//! Networks that run in time, as text and as documents.

mod compare;
mod steps;

use num_rational::BigRational;

use super::{counted, drawn, drawn_by, grid, hanging, shown, wrapped};
use crate::spec::{Number, TemporalCase};
use crate::wire::gradient::Quantity;
use crate::wire::temporal::gradient::GradientOverTime;

pub use compare::{compared, compared_json};
pub use steps::{steps_over_time, steps_over_time_json};

/// A network in a few words, such as `3 neurons over 5 steps, relu, λ = 1/2`.
#[must_use]
pub fn network_over_time(case: &TemporalCase) -> String {
    format!(
        "{} over {}, {}, λ = {}",
        counted(case.network.neurons(), "neuron"),
        counted(case.duration(), "step"),
        case.network.activation.name(),
        case.network.leak
    )
}

/// A gradient or an update as text.
#[must_use]
pub fn gradient_over_time(gradient: &GradientOverTime, rule: &str, case: &TemporalCase) -> String {
    let show = |value: &BigRational| shown(value, gradient.number);
    let mut text = wrapped(0, &format!("{} · {}", case.title(), network_over_time(case)));
    text.push_str(&wrapped(0, &format!("rule {rule} · {}", gradient.number.name())));
    if let Some(loss) = &gradient.loss {
        text.push_str(&hanging(0, 4, &format!("L = {}", show(loss))));
    }
    let quantity = match gradient.quantity {
        Quantity::Gradient => "∂L/∂",
        Quantity::Update => "Δ",
    };
    let matrices = [
        ("W, recurrent weights", "pre", &gradient.recurrent),
        ("U, input weights", "input", &gradient.input),
        ("V, readout weights", "pre", &gradient.readout),
    ];
    for (what, pre, rows) in matrices {
        text.push_str(&format!("\n{quantity}{what}\n"));
        text.push_str(&drawn_by(entries(rows, pre, gradient.number), 2));
    }
    if let Some(biases) = &gradient.readout_biases {
        text.push_str(&format!("\n{quantity}b, readout biases\n"));
        let mut grid = grid();
        grid.set_header(vec!["readout", "value"]);
        for (post, value) in biases.iter().enumerate() {
            grid.add_row(vec![post.to_string(), show(value)]);
        }
        text.push_str(&drawn(grid));
    }
    text
}

fn entries(rows: &[Vec<BigRational>], pre: &str, number: Number) -> comfy_table::Table {
    let mut grid = grid();
    grid.set_header(vec!["post", pre, "value"]);
    for (post, row) in rows.iter().enumerate() {
        for (pre, value) in row.iter().enumerate() {
            grid.add_row(vec![post.to_string(), pre.to_string(), shown(value, number)]);
        }
    }
    grid
}
