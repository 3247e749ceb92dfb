//! Results as text and as documents.

mod audited;
mod balanced;
mod certified;
pub mod communities;
mod failed;
mod judged;
pub mod junit;
mod lines;
mod simulated;
mod steps;
mod suites;
pub mod tasks;
mod temporal;
mod vectors;
mod verified;

use comfy_table::{ContentArrangement, LineStyle, Table as Grid, TableStyle};
use num_rational::BigRational;

use crate::foreign::Foreign;
use crate::number::{canonical, hex, nearest_f64};
use crate::spec::{Activation, Case, Dense, Dtype, Network, Number, Wiring};
use crate::wire::gradient::Gradient;

pub use audited::{Audited, audited, audited_json, histogram};
pub use balanced::{balance, balance_json};
pub use certified::{Found, Row, Training, many, many_json, one};
pub use failed::Failure;
pub use judged::{judged, judged_json};
pub use simulated::{Simulated, simulated, simulated_json, traces_json};
pub use steps::{steps, steps_json};
pub use suites::{certified_junit, judged_junit, verified_junit};
pub use temporal::{
    compared, compared_json, gradient_over_time, network_over_time, steps_over_time,
    steps_over_time_json,
};
pub use vectors::{vectors_checked_json, vectors_generated_json};
pub use verified::{verified, verified_json, verified_large};

/// Columns of the text that we lay out ourselves; tables of numbers may be wider.
const WIDTH: usize = 100;

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

/// A table with one rule, between its head and its body.
fn grid() -> Grid {
    const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
    let mut grid = Grid::new();
    grid.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    // Whether there are colours is said by whoever prints, not by what standard output happens to be.
    grid.force_no_tty();
    grid
}

/// A table as lines without trailing blanks.
fn drawn(mut grid: Grid) -> String {
    for column in grid.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = grid.to_string();
    // The padding of the last column is no part of the rule either.
    let lines = lines.lines().map(|line| match line.strip_suffix("──") {
        Some(rule) if rule.chars().all(|c| c == '─') => rule,
        _ => line.trim_end(),
    });
    format!("{}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// `text`, one paragraph, from column `indent` on, broken between words before [`WIDTH`].
fn wrapped(indent: usize, text: &str) -> String {
    let text = Foreign(text).to_string();
    let blank = " ".repeat(indent);
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column == 0 {
            lines.push_str(&blank);
            column = indent;
        } else if column + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&blank);
            column = indent;
        } else {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
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
    let functions = names.join(", ");
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

/// A number for a table: as a fraction, or as a hex float with its shortest decimal beside it.
fn shown(value: &BigRational, number: Number) -> String {
    match number {
        Number::Exact => canonical(value),
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

/// A gradient or an update as text.
#[must_use]
pub fn gradient(gradient: &Gradient, case: &Case) -> String {
    let quantity = match gradient.quantity {
        crate::wire::gradient::Quantity::Gradient => "∂L/∂",
        crate::wire::gradient::Quantity::Update => "Δ",
    };
    let show = |value: &BigRational| shown(value, gradient.number);
    let mut text = format!(
        "{} · {} · rule {} · {}\n",
        case.title(),
        network(case),
        Foreign(gradient.rule.as_deref().unwrap_or("unknown")),
        gradient.number.name()
    );
    if let Some(loss) = &gradient.loss {
        text.push_str(&format!("L = {}\n", show(loss)));
    }
    let wiring = Wiring::of(case);
    for block in crate::check::blocks(case, &wiring) {
        let parameter = if block.biases.is_empty() { "W" } else { "b" };
        text.push_str(&format!("\n{quantity}{parameter}, {}\n", block.name));
        let mut grid = grid();
        grid.set_header(if block.biases.is_empty() {
            vec!["post", "pre", "value"]
        } else {
            vec!["post", "value"]
        });
        for synapse in &block.synapses {
            let ends = wiring.synapses[*synapse];
            grid.add_row(vec![
                (ends.post.0 - block.post).to_string(),
                (ends.pre.0 - block.pre).to_string(),
                show(&gradient.entries.weights[*synapse]),
            ]);
        }
        for neuron in &block.biases {
            let post = (neuron.0 - block.post).to_string();
            grid.add_row(vec![post, show(&gradient.entries.biases[*neuron])]);
        }
        text.push_str(&drawn(grid));
    }
    if let Some(inputs) = &gradient.inputs {
        text.push_str("\n∂L_b/∂x at the inputs\n");
        for (b, row) in inputs.iter().enumerate() {
            let row: Vec<_> = row.iter().map(show).collect();
            text.push_str(&format!(" example {b}: {}\n", row.join("  ")));
        }
    }
    text
}
