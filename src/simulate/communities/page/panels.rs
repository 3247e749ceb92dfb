//! The panels of an arm.

use super::super::network::Arm;
use super::super::settings::Plan;
use super::super::sweep::Run;
use super::super::table::Table;
use super::SIZE;
use crate::picture::{COLOURS, Drawing, GREY, PURPLE, Panel, Point};
use crate::simulate::experiment::Statistic;

/// η·steps from which on courses are not drawn, so that those of high rates are seen.
const LONGEST: f64 = 160.0;

/// How a curve is drawn, and of what: another null model is dashed, and so is the control, which has one colour.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Plain(&'static str),
    Dashed(&'static str),
    Control,
}
use Line::{Control, Dashed, Plain};

/// What a curve is called, its column, and its line.
type Curve = (&'static str, &'static str, Line);

// What is drawn in several panels has one colour in all of them.
/// |W| of the whole network, and what is counted once.
const FIRST: Line = Plain(COLOURS[0]);
/// |W − W₀| of the whole network.
const CHANGE: Line = Plain(COLOURS[1]);
/// |W − W₀| among hidden neurons.
const HIDDEN: Line = Plain(COLOURS[2]);
/// What stands beside the first.
const SECOND: Line = Plain(COLOURS[4]);

/// Title, where the axis begins if that is fixed, and curves; in reading order.
const PANELS: [(&str, Option<f64>, &[Curve]); 7] = [
    (
        "Effective communities of hidden neurons",
        Some(0.0),
        &[
            ("|W|, whole net", "w_effective_hidden", FIRST),
            ("|W−W₀|, whole net", "change_effective_hidden", CHANGE),
            ("|W−W₀|, hidden alone", "change_hidden_effective", HIDDEN),
            ("|W|, finished at .03", "w_effective_hidden", Control),
        ],
    ),
    (
        "Modularity above two null models, Q − Q_null",
        None,
        &[
            ("hidden |W−W₀|, shuffled", "change_hidden_q_above_shuffled", HIDDEN),
            ("hidden |W−W₀|, strengths", "change_hidden_q_above_strengths", Dashed(COLOURS[7])),
            ("whole |W|, shuffled", "w_q_above_shuffled", FIRST),
            ("whole |W|, strengths", "w_q_above_strengths", Dashed(COLOURS[5])),
            ("the first, finished at .03", "change_hidden_q_above_shuffled", Control),
        ],
    ),
    (
        "max Re eig(diag β · W): settles below 1",
        Some(0.0),
        &[
            ("mean over examples", "re_eigenvalue_mean", FIRST),
            ("largest of them", "re_eigenvalue_max", SECOND),
            ("mean, finished at .03", "re_eigenvalue_mean", Control),
        ],
    ),
    (
        "W − W₀ both ways, among hidden and outputs",
        None,
        &[
            ("reciprocity", "reciprocity", FIRST),
            ("symmetry (cosine)", "symmetry", SECOND),
            ("reciprocity, finished at .03", "reciprocity", Control),
        ],
    ),
    (
        "‖W − W₀‖ of each block",
        Some(0.0),
        &[
            ("input → hidden", "change_input_to_hidden", FIRST),
            ("hidden → hidden", "change_hidden_to_hidden", HIDDEN),
            ("hidden → output", "change_hidden_to_output", Plain(COLOURS[3])),
            ("output → hidden", "change_output_to_hidden", Plain(COLOURS[6])),
            ("output → output", "change_output_to_output", SECOND),
            ("input → output", "change_input_to_output", Plain(COLOURS[5])),
        ],
    ),
    (
        "Held-out accuracy, and after a lesion",
        None,
        &[
            ("intact", "held_out_accuracy", FIRST),
            ("hidden–hidden cut", "held_out_accuracy_cut", SECOND),
        ],
    ),
    (
        "Likeness to the lowest rate's partition, AMI",
        None,
        &[
            ("|W−W₀|, same seed", "change_ami_same_seed", CHANGE),
            ("hidden |W−W₀|, same seed", "change_hidden_ami_same_seed", HIDDEN),
            ("|W−W₀|, other seeds", "change_ami_across_seeds", Dashed(COLOURS[4])),
            ("floor: labels shuffled", "change_ami_shuffled", Dashed(GREY)),
        ],
    ),
];

/// The panels, in reading order.
pub(super) fn of_arm(plan: &Plan, table: &Table, runs: &[Run], arm: Arm) -> Vec<Panel> {
    let against_rate =
        PANELS.map(|(title, from, curves)| panel(plan, table, arm, title, from, curves));
    against_rate.into_iter().chain([courses(plan, runs, arm)]).collect()
}

/// The curves over the rates at which the last loss was reached by at least two seeds.
fn panel(
    plan: &Plan,
    table: &Table,
    arm: Arm,
    title: &str,
    from: Option<f64>,
    curves: &[Curve],
) -> Panel {
    let mut drawing = Drawing::new();
    for (name, column, line) in curves {
        let Some(k) = table.column(column) else { continue };
        // A block that an arm does not have is no curve, nor is a control that was not run.
        if *column == "change_input_to_output" && arm == Arm::B {
            continue;
        }
        let found =
            table.at_last(arm, *line == Control).map(|group| (group.rate, group.statistics[k]));
        let point = |(rate, found): (f64, Statistic)| {
            // A preview has no intervals.
            let half = if plan.preview { f64::NAN } else { found.half_width };
            Point { x: rate, y: found.mean, band: (found.mean - half, found.mean + half) }
        };
        let points: Vec<Point> = found.filter(|(_, s)| s.count >= 2).map(point).collect();
        let (colour, is_dashed) = match line {
            Plain(colour) => (*colour, false),
            Dashed(colour) => (*colour, true),
            Control => (PURPLE, true),
        };
        drawing.curve(name, colour, is_dashed, &points);
    }
    drawing.finished(SIZE, [title, "learning rate η", ""], |layout| {
        let layout = layout.with_x_axis_min(0.0);
        if let Some(from) = from { layout.with_y_axis_min(from) } else { layout }
    })
}

/// The loss against η·steps, of the first seed, one curve a rate.
fn courses(plan: &Plan, runs: &[Run], arm: Arm) -> Panel {
    let keys = plan.keys.iter();
    let own = keys.filter(|key| key.arm == arm && Some(key.seed) == plan.first_seed());
    let rates: Vec<&Run> = own.filter_map(|key| runs.iter().find(|run| run.key == *key)).collect();
    let mut drawing = Drawing::new();
    let mut axis = "η · steps";
    let last = rates.len().saturating_sub(1);
    for (k, run) in rates.iter().enumerate() {
        // From blue to red.
        let shade = |from: usize, to: usize| (from * (last - k) + to * k) / last.max(1);
        let colour =
            format!("#{:02x}{:02x}{:02x}", shade(0x1f, 0xc8), shade(0x5f, 0x32), shade(0xb4, 0x28));
        let points = run.curve.iter().filter(|(time, _)| *time > 0.0 && *time <= LONGEST);
        let points: Vec<(f64, f64)> = points.copied().collect();
        drawing.line(&points, &colour, false, 1.4);
        let mut name = format!("η = {}", run.key.rate);
        if run.curve.last().is_some_and(|(time, _)| *time > LONGEST) {
            name.push_str(" …");
            axis = "η · steps (…: more than are shown)";
        }
        drawing.name(&name, &colour, false);
    }
    drawing.finished(SIZE, ["Full training loss, first seed", axis, ""], |layout| {
        layout.with_x_axis_min(0.0).with_y_axis_min(0.0)
    })
}
