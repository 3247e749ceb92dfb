//! Results as text and as documents.

mod certified;
mod judged;
mod steps;

use comfy_table::{ContentArrangement, Table as Grid, presets};
use num_rational::BigRational;

use crate::certificate::verify::{Refusal, Report, Sealed};
use crate::number::{canonical, hex, nearest_f64};
use crate::spec::{Activation, Case, Network, Wiring};
use crate::wire::gradient::{Gradient, NumberKind};
use crate::wire::json::Json;

pub use certified::{Row, many, many_json, one};
pub use judged::{judged, judged_json};
pub use steps::{steps, steps_json};

/// A table with rules between its head and its body only.
fn grid() -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled);
    grid
}

/// A table as lines without trailing blanks.
fn drawn(grid: &Grid) -> String {
    let lines = grid.to_string();
    let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n"))
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

/// `1 example`, `2 examples`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A number for a table: as a fraction, or as a hex float with its shortest decimal beside it.
fn shown(value: &BigRational, number: NumberKind) -> String {
    match number {
        NumberKind::Exact => canonical(value),
        NumberKind::F64 => {
            let float = nearest_f64(value);
            format!("{} ({float:e})", hex(float))
        }
        NumberKind::F32 => {
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
        gradient.rule.as_deref().unwrap_or("unknown"),
        gradient.number.name()
    );
    if let Some(loss) = &gradient.loss {
        text.push_str(&format!("L = {}\n", show(loss)));
    }
    let wiring = Wiring::of(case);
    for block in crate::check::blocks(case, &wiring) {
        text.push_str(&format!(
            "\n{quantity}{}\n",
            if block.biases.is_empty() { "W, " } else { "b, " }
        ));
        text.pop();
        text.push_str(&format!(" {}\n", block.name));
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
        text.push_str(&drawn(&grid));
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

/// What `verify` found, as text.
#[must_use]
pub fn verified(file: &str, sealed: &Sealed, verified: &Result<Report, Refusal>) -> String {
    let case = &sealed.certificate.case;
    let mut text = format!("{file}: certificate of {} ({})\n", case.title(), network(case));
    text.push_str(&format!("case {}\n\n", sealed.certificate.case_digest));
    match verified {
        Ok(report) => {
            let mut equations = grid();
            equations.set_header(vec!["equation", "witnesses substituted"]);
            for (equation, count) in &report.substitutions {
                equations.add_row(vec![(*equation).to_owned(), count.to_string()]);
            }
            text.push_str(&drawn(&equations));
            let mut claims = grid();
            claims.set_header(vec!["claim", "", "tier", "verdict, computed again"]);
            for (claim, tier, conclusion) in &report.claims {
                claims.add_row(vec![claim.id(), claim.statement(), tier.word(), conclusion.word()]);
            }
            text.push('\n');
            text.push_str(&drawn(&claims));
            text.push_str(
                "\nverified: every equation holds, and every count and verdict is as stated\n",
            );
        }
        Err(refusal) => text.push_str(&format!("{refusal}\n")),
    }
    text
}

/// What `verify` found, as a document.
#[must_use]
pub fn verified_json(sealed: &Sealed, verified: &Result<Report, Refusal>) -> Json {
    let mut fields = vec![
        ("format", Json::text("creditcheck/verified/1")),
        ("case", Json::text(&sealed.certificate.case_digest)),
    ];
    match verified {
        Ok(report) => {
            fields.push(("verified", Json::Bool(true)));
            fields.push(("conclusion", Json::text(report.conclusion().word())));
            let equation = |(name, count): &(&'static str, usize)| (*name, Json::count(*count));
            let equations = report.substitutions.iter().map(equation);
            fields.push(("substitutions", Json::object(equations)));
        }
        Err(refusal) => {
            fields.push(("verified", Json::Bool(false)));
            fields.push(("equation", Json::text(&refusal.equation)));
            fields.push(("place", Json::text(&refusal.place)));
            fields.push(("found", Json::text(&refusal.found)));
            fields.push(("expected", Json::text(&refusal.expected)));
        }
    }
    Json::object(fields)
}
