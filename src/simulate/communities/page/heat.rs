//! W reordered by community, as heat maps: one path for each shade, so that the page stays small.

use std::collections::BTreeMap;
use std::fmt::Write;

use kuva::render::render::Primitive;

use super::super::measure::{GRAPHS, Of, Scope};
use super::super::network::Arm;
use super::super::settings::Plan;
use super::super::sweep::{LEVELS, Run};
use super::super::table::Table;
use crate::picture::{GREY_INK, INK, MARGIN, Page, area, frame};

/// Two maps for each arm, the lowest rate and the highest at which all seeds reached the last loss.
pub(super) fn draw(page: &mut Page, plan: &Plan, table: &Table, runs: &[Run], width: f64) {
    let side = width - 52.0;
    let mut left = MARGIN + 30.0;
    for arm in Arm::ALL {
        for rate in table.range(arm).into_iter().flat_map(|(low, high)| [low, high]) {
            let is_it = |run: &&Run| {
                (run.key.arm, run.key.rate) == (arm, rate)
                    && Some(run.key.seed) == plan.first_seed()
            };
            if let Some(run) = runs.iter().find(is_it) {
                map(page, plan, run, (left, page.top + 24.0), side);
            }
            left += width;
        }
    }
    page.top += side + 60.0;
}

fn map(page: &mut Page, plan: &Plan, run: &Run, (left, top): (f64, f64), side: f64) {
    let whole =
        GRAPHS.iter().position(|(_, of, scope)| (*of, *scope) == (Of::Weights, Scope::Whole));
    let labels = whole.zip(run.checkpoints.last()).map(|(whole, last)| &last.graphs[whole].labels);
    let (Some(picture), Some(labels)) = (&run.picture, labels) else { return };
    let free = plan.settings.hidden + plan.settings.outputs;
    // Inputs come first and are not in the picture.
    let labels = &labels[labels.len().saturating_sub(free)..];
    if picture.levels.len() != free * free || labels.len() != free {
        return;
    }
    let mut sizes = BTreeMap::new();
    labels.iter().for_each(|label| *sizes.entry(*label).or_insert(0_usize) += 1);
    let mut order: Vec<usize> = (0..free).collect();
    // Larger communities first; hidden neurons come before outputs by their number.
    order.sort_by_key(|k| (usize::MAX - sizes[&labels[*k]], labels[*k], *k));
    // A few dozen neurons.
    #[allow(clippy::cast_precision_loss)]
    let unit = side / free as f64;
    let title = format!("{:?}, η = {}", run.key.arm, run.key.rate);
    page.text((left, top - 8.0), 13, INK, true, &title);
    let mut parts = vec![area(format!("M0 0h{free}v{free}h-{free}z"), "#f6f8fa")];
    parts.extend(shades(&picture.levels, &order));
    let mut at = 0;
    while at < free {
        let size = sizes[&labels[order[at]]];
        // A few dozen neurons.
        #[allow(clippy::cast_precision_loss)]
        let (place, side) = (at as f64, size as f64);
        parts.push(frame((place, place), side, 0.35));
        at += size;
    }
    page.group((left, top), unit, parts);
    let said = "rows post, columns pre; red excites, blue inhibits, shade √|W|";
    page.text((left, top + side + 16.0), 10, GREY_INK, false, said);
}

/// The weights by rows in this order, one area for each of fifteen shades of either colour.
fn shades(levels: &[i32], order: &[usize]) -> impl Iterator<Item = Primitive> + use<> {
    let mut paths: BTreeMap<i32, String> = BTreeMap::new();
    for (row, post) in order.iter().enumerate() {
        for (column, pre) in order.iter().enumerate() {
            let shade = (levels[post * order.len() + pre] + LEVELS) / 2 - LEVELS / 2;
            if shade != 0 {
                // Writing to a string cannot fail.
                let _ = write!(paths.entry(shade).or_default(), "M{column} {row}h1v1h-1z");
            }
        }
    }
    paths.into_iter().map(|(shade, path)| area(path, &colour(shade)))
}

/// From white to blue or red.
fn colour(shade: i32) -> String {
    let (to, part) =
        if shade > 0 { ([0xb2, 0x18, 0x2b], shade) } else { ([0x21, 0x66, 0xac], -shade) };
    let part = part.min(LEVELS / 2);
    let mixed = to.map(|channel: i32| 0xf6 + (channel - 0xf6) * part / (LEVELS / 2));
    format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
}
