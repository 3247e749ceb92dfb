//! Results as text and as documents.

mod audited;
mod balanced;
mod certified;
pub mod communities;
mod decimal;
pub mod experiments;
mod failed;
mod how_far;
mod judged;
pub mod junit;
mod layout;
mod lines;
mod measured;
mod pictured;
mod simulated;
mod steps;
mod suites;
pub mod tasks;
mod temporal;
mod vectors;
mod verified;

use num_rational::BigRational;

use crate::foreign::Foreign;
use crate::number::{canonical, hex, nearest_f64};
use crate::paragraph::{hanging, wrapped};
use crate::spec::{Activation, Case, Dense, Dtype, Loss, Network, Number, Shape};
use crate::wire::gradient::{Gradient, Quantity};

use layout::{drawn, drawn_by, fits, grid};

pub use audited::{Audited, audited, audited_json, histogram};
pub use balanced::{balance, balance_json};
pub use certified::{Found, Row, Training, many, many_json, one};
pub use failed::Failure;
pub use judged::{judged, judged_json};
pub use measured::{beside, beside_json};
pub use pictured::pictured;
pub use simulated::{Simulated, simulated, simulated_json, traces_json};
pub use steps::{Numbers, steps, steps_json};
pub use suites::{certified_junit, judged_junit, verified_junit};
pub use temporal::{
    compared, compared_json, layers_over_time, network_over_time, steps_over_time,
    steps_over_time_json,
};
pub use vectors::{vectors_checked_json, vectors_generated_json};
pub use verified::{verified, verified_json, verified_large};

/// Whether a text has colours, which is decided where it is made: nothing is taken out of it afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// For files, pipes, and whoever asks for none.
    Plain,
    /// For a terminal.
    Coloured,
}

impl Ink {
    /// The codes that a text of this kind may have.
    #[must_use]
    pub fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            // Green, yellow, red, and the end of each.
            Self::Coloured => {
                &["\u{1b}[38;5;10m", "\u{1b}[38;5;11m", "\u{1b}[38;5;9m", "\u{1b}[39m", "\u{1b}[0m"]
            }
        }
    }
}

/// A network in a few words, such as `2-2-1 quadratic`.
#[must_use]
pub fn network(case: &Case) -> String {
    let mut names: Vec<&str> = Vec::new();
    for activation in case.activations().map(Activation::name) {
        if !names.contains(&activation) {
            names.push(activation);
        }
    }
    let mut functions = names.join(", ");
    match &case.loss {
        Loss::HalfSquaredError => {}
        Loss::Reduced { reduction, .. } => {
            functions.push_str(&format!(" · loss {}, {}", case.loss.name(), reduction.name()));
        }
    }
    match &case.network {
        Network::Layered(net) => {
            let widths: Vec<_> = net.widths().iter().map(ToString::to_string).collect();
            format!("{} {functions}", widths.join("-"))
        }
        Network::Graph(net) => {
            format!(
                "graph of {} neurons, {} synapses, {functions}",
                net.neurons,
                net.synapses.len()
            )
        }
    }
}

/// The same of a network of floats.
#[must_use]
pub fn dense_network(dense: &Dense) -> String {
    let mut names: Vec<&str> = Vec::new();
    for layer in &dense.layers {
        if !names.contains(&layer.activation.name()) {
            names.push(layer.activation.name());
        }
    }
    let widths: Vec<_> = dense.widths().iter().map(ToString::to_string).collect();
    format!("{} {}", widths.join("-"), names.join(", "))
}

/// `1 example`, `2 examples`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The files that a command wrote, one a line, each whole, so that it can be copied; nothing of none.
fn written(files: &[String]) -> String {
    let lines: Vec<_> = files.iter().map(|file| format!("\n  {}", Foreign(file))).collect();
    if lines.is_empty() { String::new() } else { format!("\nwritten:{}\n", lines.concat()) }
}

/// A number for a table: as a fraction, or as a hex float with its shortest decimal beside it.
fn shown(value: &BigRational, number: Number) -> String {
    match number {
        Number::Exact | Number::Grid(_) => canonical(value),
        Number::Float(Dtype::F64) => {
            let float = nearest_f64(value);
            format!("{} ({float:e})", hex(float))
        }
        // The shortest decimal that tells it from its neighbours is that of an f32 for the narrower ones too.
        Number::Float(Dtype::F32 | Dtype::Bf16 | Dtype::F16) => {
            let float = crate::number::nearest_f32(value);
            format!("{} ({float:e})", hex(f64::from(float)))
        }
    }
}

/// A paragraph of text, in lines that fit.
#[must_use]
pub fn paragraph(text: &str) -> String {
    wrapped(0, text)
}

/// A gradient or an update as text: the loss, every parameter block by block, and the derivatives at the inputs if there are any.
#[must_use]
pub fn gradient(gradient: &Gradient) -> String {
    let show = |value: &BigRational| shown(value, gradient.number);
    let mut text = blocks(gradient);
    if let Some(inputs) = &gradient.inputs {
        text.push_str("\n∂L_b/∂x at the inputs\n");
        let mut grid = grid();
        grid.set_header(vec!["example", "input", "value"]);
        for (b, row) in inputs.iter().enumerate() {
            for (k, value) in row.iter().enumerate() {
                let example = if k == 0 { b.to_string() } else { String::new() };
                grid.add_row(vec![example, k.to_string(), show(value)]);
            }
        }
        text.push_str(&drawn_by(grid, 2));
    }
    text
}

/// The loss and every parameter of any network, block by block.
fn blocks(gradient: &Gradient) -> String {
    let number = gradient.number;
    let quantity = match gradient.quantity {
        Quantity::Gradient => "∂L/∂",
        Quantity::Update => "Δ",
    };
    let loss =
        gradient.loss.as_ref().map(|loss| hanging(0, 4, &format!("L = {}", shown(loss, number))));
    let mut text = loss.unwrap_or_default();
    for block in &gradient.entries.blocks {
        text.push_str(&format!("\n{quantity}{}, {}\n", block.symbol(), block.in_words()));
        if block.shape == Shape::Number {
            let values = block.entries.iter().map(|value| hanging(2, 4, &shown(value, number)));
            text.extend(values);
            continue;
        }
        let mut grid = grid();
        let [post, pre] = block.axes();
        grid.set_header(match block.shape.is_of_biases() {
            true => vec![post, "value"],
            false => vec![post, pre, "value"],
        });
        for (place, value) in block.places() {
            let places = std::iter::once(place.post).chain(place.pre);
            let value = std::iter::once(shown(value, number));
            grid.add_row(places.map(|at| at.to_string()).chain(value));
        }
        text.push_str(&drawn_by(grid, 2));
    }
    text
}
