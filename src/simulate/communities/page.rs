//! One page of figures: for each arm eight panels against the learning rate, and W reordered by community at two rates.

mod heat;
mod panels;

use super::network::Arm;
use super::settings::Plan;
use super::sweep::Run;
use super::table::Table;
use crate::picture::{Page, Size};

/// The panels of a page.
const SIZE: Size = Size { width: 372.0, height: 318.0, legend: 68.0 };
/// Panels of a row.
const ACROSS: usize = 4;

/// The page as SVG. Exactness: the same bytes for the same table and runs.
#[must_use]
pub fn page(plan: &Plan, table: &Table, runs: &[Run]) -> String {
    let kind = if plan.preview { " — a preview, without intervals" } else { "" };
    let bands = if plan.preview { "" } else { " Bands: 95 % intervals over seeds." };
    let said = format!(
        "All-to-all tanh network, 64 clamped inputs, {} hidden neurons, 10 outputs, trained on digits by the credit rule at \
         equilibrium; {} seeds; all at a training loss of {}.{bands}",
        plan.settings.hidden,
        plan.seeds().len(),
        table.last
    );
    let title = format!("Community structure against learning rate{kind}");
    let mut page = Page::new(&title, &[said], SIZE, ACROSS);
    for (arm, name) in [
        (Arm::A, "A: all synapses but self-synapses"),
        (Arm::B, "B: without synapses from inputs to outputs; the hidden neurons have to work"),
    ] {
        page.heading(name);
        page.panels(panels::of_arm(plan, table, runs, arm), SIZE, ACROSS);
    }
    page.heading("W among hidden and output neurons of the first seed, reordered by the communities of |W| (framed); outputs last within each");
    heat::draw(&mut page, plan, table, runs, SIZE.width);
    page.finished()
}
