//! One page of figures for each task.

mod panels;

use super::settings::{Plan, TYPES, Task};
use super::table::Table;
use crate::picture::{Page, Size};
use crate::simulate::experiment::story::counted;

/// The panels of a page.
const SIZE: Size = Size { width: 460.0, height: 380.0, legend: 76.0 };

/// The page as SVG. Exactness: the same bytes for the same table.
#[must_use]
pub fn page(table: &Table<'_>) -> String {
    let panels = match table.plan.task {
        Task::Alignment => panels::alignment(table),
        Task::Blocks => panels::blocks(table),
        Task::Recall | Task::Xor => panels::training(table),
    };
    let (title, said) = words(table.plan);
    let kind = if table.plan.preview { " — a preview" } else { "" };
    let across = panels.len();
    let mut page = Page::new(&format!("{title}{kind}"), &said, SIZE, across);
    page.panels(panels, SIZE, across);
    page.finished()
}

/// The title, and two lines below it.
fn words(plan: &Plan) -> (&'static str, [String; 2]) {
    let settings = &plan.settings;
    let (n, steps, leak) = (settings.neurons, settings.steps, settings.leak);
    let [networks, seeds] = ["network", "seed"].map(|what| counted(plan.seeds.len(), what));
    let net =
        format!("{n} ReLU neurons, {steps} steps, leak λ = {leak}, batch {}", settings.examples);
    let adam = format!("by Adam at η = {}, gradients clipped at {}", settings.rate, settings.clip);
    let paired = format!(
        "{seeds}: the same networks and sequences for every rule. Left: medians, bands from the lower to the upper quartile."
    );
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
                format!("{net}; only W learns, {adam}; the error is 1 where nothing is said."),
                paired,
            ],
        ),
        Task::Xor => (
            "Delayed XOR: say at the last step whether two cues were equal",
            [
                format!(
                    "{net}; cues of {} steps, {} apart; all weights learn, {adam}.",
                    settings.cue, settings.between
                ),
                paired,
            ],
        ),
    }
}
