//! W reordered by community, as heat maps: one path for each shade, so that the page stays small.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::measure::{GRAPHS, Of, Scope};
use super::super::network::Arm;
use super::super::settings::Plan;
use super::super::sweep::{LEVELS, Run};
use super::super::table::Table;
use super::{GREY, INK, text};

/// Two maps for each arm, the lowest rate and the highest at which all seeds reached the last loss; returns the height.
pub(super) fn draw(
    body: &mut String,
    plan: &Plan,
    table: &Table,
    runs: &[Run],
    (left, top): (f64, f64),
    width: f64,
) -> f64 {
    let side = width - 52.0;
    let mut column = 0.0;
    for arm in [Arm::A, Arm::B] {
        for rate in table.range(plan, arm).into_iter().flat_map(|(low, high)| [low, high]) {
            let first = plan.keys.first().map(|key| key.seed);
            let is_it = |run: &&Run| {
                run.key.arm == arm && run.key.rate == rate && Some(run.key.seed) == first
            };
            if let Some(run) = runs.iter().find(is_it) {
                map(body, plan, run, (left + 30.0 + column * width, top + 24.0), side);
            }
            column += 1.0;
        }
    }
    side + 60.0
}

fn map(body: &mut String, plan: &Plan, run: &Run, (left, top): (f64, f64), side: f64) {
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
    text(body, (left, top - 8.0), 13.0, INK, "600", &title);
    let mut paths: BTreeMap<i32, String> = BTreeMap::new();
    for (row, post) in order.iter().enumerate() {
        for (column, pre) in order.iter().enumerate() {
            // Fifteen shades of either colour.
            let shade = (picture.levels[post * free + pre] + LEVELS) / 2 - LEVELS / 2;
            if shade != 0 {
                let _ = write!(paths.entry(shade).or_default(), "M{column} {row}h1v1h-1z");
            }
        }
    }
    let _ = writeln!(
        body,
        "<g transform=\"translate({left} {top}) scale({unit:.4})\"><rect width=\"{free}\" height=\"{free}\" fill=\"#f6f8fa\"/>"
    );
    for (shade, path) in paths {
        let _ = writeln!(body, "<path d=\"{path}\" fill=\"{}\"/>", colour(shade));
    }
    let mut at = 0;
    while at < free {
        let size = sizes[&labels[order[at]]];
        let _ = writeln!(
            body,
            "<rect x=\"{at}\" y=\"{at}\" width=\"{size}\" height=\"{size}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"0.35\"/>"
        );
        at += size;
    }
    let _ = writeln!(body, "</g>");
    let said = "rows post, columns pre; red excites, blue inhibits, shade √|W|";
    text(body, (left, top + side + 16.0), 10.5, GREY, "400", said);
}

/// From white to blue or red.
fn colour(shade: i32) -> String {
    let (to, part) =
        if shade > 0 { ([0xb2, 0x18, 0x2b], shade) } else { ([0x21, 0x66, 0xac], -shade) };
    let part = part.min(LEVELS / 2);
    let mixed = to.map(|channel: i32| 0xf6 + (channel - 0xf6) * part / (LEVELS / 2));
    format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
}
