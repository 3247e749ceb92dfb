//! One page of figures: for each arm eight panels against the learning rate, and W reordered by community at two rates.

mod heat;
mod panels;

use std::fmt::Write;

use super::network::Arm;
use super::settings::Plan;
use super::sweep::Run;
use super::table::Table;

/// Width and height of a panel.
const PANEL: (f64, f64) = (372.0, 312.0);
/// The part of its height that the names of its curves take.
const LEGEND: f64 = 62.0;
/// Panels of a row.
const ACROSS: usize = 4;
/// What is left free at the sides.
const MARGIN: f64 = 28.0;
/// Ink of titles and of what explains them.
const INK: &str = "#1b1f24";
const GREY: &str = "#57606a";

/// The page as SVG. Exactness: the same bytes for the same table and runs.
#[must_use]
pub fn page(plan: &Plan, table: &Table, runs: &[Run]) -> String {
    let width = 2.0 * MARGIN + 4.0 * PANEL.0;
    let mut body = String::new();
    let kind = if plan.preview { " — a preview, without intervals" } else { "" };
    let last = plan.settings.losses.last().copied().unwrap_or(f64::NAN);
    text(
        &mut body,
        (MARGIN, 44.0),
        24.0,
        INK,
        "600",
        &format!("Community structure against learning rate{kind}"),
    );
    let seeds =
        plan.keys.iter().map(|key| key.seed).collect::<std::collections::BTreeSet<_>>().len();
    let bands = if plan.preview { "" } else { " Bands: 95 % intervals over seeds." };
    let said = format!(
        "All-to-all tanh network, 64 clamped inputs, {} hidden neurons, 10 outputs, trained on digits by the credit rule at \
         equilibrium; {seeds} seeds; all at a training loss of {last}.{bands}",
        plan.settings.hidden
    );
    text(&mut body, (MARGIN, 68.0), 13.0, GREY, "400", &said);
    let mut top = 88.0;
    for (arm, name) in [
        (Arm::A, "A   all synapses but self-synapses"),
        (Arm::B, "B   without synapses from inputs to outputs: the hidden neurons have to work"),
    ] {
        text(&mut body, (MARGIN, top + 20.0), 16.0, INK, "600", name);
        top += 30.0;
        for (k, panel) in panels::of_arm(plan, table, runs, arm).iter().enumerate() {
            let (row, column) = (k / ACROSS, k % ACROSS);
            // Eight panels.
            #[allow(clippy::cast_precision_loss)]
            let at = (MARGIN + column as f64 * PANEL.0, top + row as f64 * PANEL.1);
            place(&mut body, at, &panel.picture);
            names(&mut body, (at.0 + 48.0, at.1 + PANEL.1 - LEGEND + 12.0), &panel.legend);
        }
        top += 2.0 * PANEL.1 + 16.0;
    }
    let heading = "W among hidden and output neurons of the first seed, reordered by the communities of |W| (framed); outputs last within each";
    text(&mut body, (MARGIN, top + 20.0), 16.0, INK, "600", heading);
    top += 34.0;
    top += heat::draw(&mut body, plan, table, runs, (MARGIN, top), PANEL.0);
    let height = top + 20.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"Helvetica, Arial, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// A line of text.
fn text(body: &mut String, (x, y): (f64, f64), size: f64, ink: &str, weight: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    // Writing to a String cannot fail.
    let _ = writeln!(
        body,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{ink}\" font-weight=\"{weight}\" xml:space=\"preserve\">{words}</text>"
    );
}

/// The names of curves, each behind a piece of its line: two columns, or four of short names.
fn names(body: &mut String, (left, top): (f64, f64), legend: &[(String, String, bool)]) {
    let is_short = legend.iter().all(|(name, ..)| name.chars().count() < 10);
    let (columns, width) = if is_short { (4, 78.0) } else { (2, 158.0) };
    for (k, (name, colour, is_dashed)) in legend.iter().enumerate() {
        // A handful of curves.
        #[allow(clippy::cast_precision_loss)]
        let (x, y) = (left + (k % columns) as f64 * width, top + (k / columns) as f64 * 15.0);
        let dashes = if *is_dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let _ = writeln!(
            body,
            "<path d=\"M{x} {}h18\" stroke=\"{colour}\" stroke-width=\"2.4\"{dashes}/>",
            y - 3.5
        );
        text(body, (x + 23.0, y), 10.0, GREY, "400", name);
    }
}

/// A document inside the document.
fn place(body: &mut String, (x, y): (f64, f64), svg: &str) {
    let inner = svg.find("<svg").map_or("", |at| &svg[at + 4..]);
    let _ = writeln!(body, "<svg x=\"{x}\" y=\"{y}\"{inner}");
}
