//! One page of figures for each task.

mod panels;

use std::fmt::Write;

use super::settings::{Plan, TYPES, Task};
use super::table::Table;
use panels::Panel;

/// Width and height of a panel.
const PANEL: (f64, f64) = (460.0, 380.0);
/// The part of its height that the names of its curves take.
const LEGEND: f64 = 76.0;
/// What is left free at the sides.
const MARGIN: f64 = 28.0;
/// Ink of titles and of what explains them.
const INK: &str = "#1b1f24";
/// What kuva calls the clip of a panel, before its number.
const CLIP: &str = "kuva-clip-";
const GREY: &str = "#57606a";

/// The page as SVG. Exactness: the same bytes for the same table.
#[must_use]
pub fn page(table: &Table<'_>) -> String {
    let plan = table.plan;
    let panels = match plan.task {
        Task::Alignment => panels::alignment(table),
        Task::Blocks => panels::blocks(table),
        Task::Recall | Task::Xor => panels::training(table),
    };
    // Two or three panels.
    #[allow(clippy::cast_precision_loss)]
    let width = 2.0 * MARGIN + panels.len() as f64 * PANEL.0;
    let mut body = String::new();
    let (title, said) = words(plan);
    let kind = if plan.preview { " — a preview" } else { "" };
    text(&mut body, (MARGIN, 42.0), 20.0, INK, "600", &format!("{title}{kind}"));
    for (k, line) in said.iter().enumerate() {
        // Two lines.
        #[allow(clippy::cast_precision_loss)]
        let y = 64.0 + 17.0 * k as f64;
        text(&mut body, (MARGIN, y), 12.0, GREY, "400", line);
    }
    let top = 96.0;
    for (k, panel) in panels.iter().enumerate() {
        #[allow(clippy::cast_precision_loss)]
        let left = MARGIN + k as f64 * PANEL.0;
        place(&mut body, (left, top), k, &panel.picture);
        names(&mut body, (left + 48.0, top + PANEL.1 - LEGEND + 16.0), panel);
    }
    let height = top + PANEL.1 + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"Helvetica, Arial, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// The title, and two lines below it.
fn words(plan: &Plan) -> (&'static str, [String; 2]) {
    let settings = &plan.settings;
    let (n, steps, leak) = (settings.neurons, settings.steps, settings.leak);
    let counted = |what: &str| {
        let count = plan.seeds.len();
        format!("{count} {what}{}", if count == 1 { "" } else { "s" })
    };
    let (networks, seeds) = (counted("network"), counted("seed"));
    let net =
        format!("{n} ReLU neurons, {steps} steps, leak λ = {leak}, batch {}", settings.examples);
    match plan.task {
        Task::Alignment => (
            "How nearly each rule's gradient of W points where that of BPTT does",
            [
                format!(
                    "Delayed recall before learning: {net}, W of noise with spectral radius {}.",
                    settings.radius
                ),
                format!("Medians over {networks}; bands from the lower to the upper quartile."),
            ],
        ),
        Task::Blocks => (
            "Type-specific feedback where W is nearly constant on blocks of types",
            [
                format!(
                    "Delayed recall before learning: {n} neurons of {TYPES} types, {steps} steps, leak λ = {leak}; block means N(0, 1) plus noise of size ς, scaled to spectral radius {}.",
                    settings.radius
                ),
                format!(
                    "Medians over {networks}; bands of two rules from the lower to the upper quartile. The diagonal is left out of the block means but where it says counted (dashed)."
                ),
            ],
        ),
        Task::Recall => (
            "Delayed recall: say at the last step what was seen at the first two",
            [
                format!(
                    "{net}; only W learns, by Adam at η = {}, gradients clipped at {}; the error is 1 where nothing is said.",
                    settings.rate, settings.clip
                ),
                format!(
                    "{seeds}: the same networks and sequences for every rule. Left: medians, bands from the lower to the upper quartile."
                ),
            ],
        ),
        Task::Xor => (
            "Delayed XOR: say at the last step whether two cues were equal",
            [
                format!(
                    "{net}; cues of {} steps, {} apart; all weights learn, by Adam at η = {}, gradients clipped at {}.",
                    settings.cue, settings.between, settings.rate, settings.clip
                ),
                format!(
                    "{seeds}: the same networks and sequences for every rule. Left: medians, bands from the lower to the upper quartile."
                ),
            ],
        ),
    }
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

/// The names of the curves in two columns, each behind a piece of its line.
fn names(body: &mut String, (left, top): (f64, f64), panel: &Panel) {
    for (k, curve) in panel.legend.iter().enumerate() {
        // A handful of curves.
        #[allow(clippy::cast_precision_loss)]
        let (x, y) = (left + (k % 2) as f64 * 196.0, top + (k / 2) as f64 * 16.0);
        let dashes = if curve.is_dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let (colour, up) = (curve.colour, y - 3.5);
        let _ = writeln!(
            body,
            "<path d=\"M{x} {up}h18\" stroke=\"{colour}\" stroke-width=\"2.4\"{dashes}/>"
        );
        text(body, (x + 23.0, y), 10.5, GREY, "400", &curve.name);
    }
}

/// A document inside the document; its clips, which kuva numbers over the life of the process, are named after the panel.
fn place(body: &mut String, (x, y): (f64, f64), number: usize, svg: &str) {
    let Some(at) = svg.find("<svg") else { return };
    let _ = write!(body, "<svg x=\"{x}\" y=\"{y}\"");
    let mut parts = svg[at + 4..].split(CLIP);
    body.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let _ = write!(body, "clip-{number}{rest}");
    }
    body.push('\n');
}
