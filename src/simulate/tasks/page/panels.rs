//! The panels of each task.

use super::super::rules::{modprop, name, title};
use super::super::settings::{Condition, Task};
use super::super::table::Table;
use super::SIZE;
use crate::number::nearest_f64;
use crate::picture::{
    BLUE, COLOURS, Drawing, GREY, ORANGE, PURPLE, Panel, Point, at_whole, powers_of_ten,
};
use crate::simulate::experiment::Quartiles;
use crate::spec::{Diagonal, Feedback, Form, Mu, Taps, TemporalRule};
use kuva::render::layout::Layout;

/// The colour of a rule, the same in every figure, and whether its line is dashed: fewer taps than all, or zeros counted.
///
/// A dashed line that may lie on the solid one of its own rule has a colour of its own.
fn style(rule: &TemporalRule) -> (&'static str, bool) {
    match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => ("#000000", false),
        TemporalRule::Eprop => (PURPLE, false),
        TemporalRule::Mdgl { feedback: Feedback::Cell } => (COLOURS[4], false),
        TemporalRule::Mdgl { feedback: Feedback::Type(zeros) } => {
            (COLOURS[6], *zeros == Diagonal::Counted)
        }
        TemporalRule::Modprop(rule) => match (rule.form, rule.feedback) {
            (Form::Autodiff, _) => (ORANGE, false),
            (Form::NoLeak, _) => (COLOURS[2], rule.taps != Taps::All),
            (Form::Filter, Feedback::Cell) => (BLUE, rule.taps != Taps::All),
            (Form::Filter, Feedback::Type(Diagonal::Excluded)) => (COLOURS[5], false),
            (Form::Filter, Feedback::Type(Diagonal::Counted)) => (COLOURS[7], true),
        },
    }
}

/// What is below is as good as nothing, and would leave the rest no room.
const LEAST_LOSS: f64 = 1e-8;

/// Median and quartiles at a place on the axis.
fn point(x: f64, found: Quartiles) -> Point {
    Point { x, y: found.median, band: (found.lower, found.upper) }
}

/// The medians of the conditions that a function gives a place on the axis.
fn points(table: &Table<'_>, place: impl Fn(&Condition) -> Option<f64>) -> Vec<Point> {
    let all = table.plan.conditions.iter().enumerate();
    let mut found: Vec<Point> = all
        .filter_map(|(k, condition)| Some(point(place(condition)?, table.quartiles(k, "cosine"))))
        .collect();
    found.sort_by(|a, b| a.x.total_cmp(&b.x));
    found
}

/// A panel of cosines against something from `first` to `last`, with room around marks that lie on an end.
///
/// The axis of cosines begins at a whole tenth, 0.7 at most, so that nothing is cut off.
fn cosines(
    drawing: Drawing,
    [title, x]: [&str; 2],
    (first, last, step): (f64, f64, f64),
    shape: impl FnOnce(Layout) -> Layout,
) -> Panel {
    let floor = (drawing.lowest.min(0.7) * 10.0).floor() / 10.0;
    let (beside, above) = (0.02 * (last - first), 0.03 * (1.0 - floor));
    drawing.finished(SIZE, [title, x, "cosine with BPTT"], |layout| {
        shape(layout.with_x_tick_step(step))
            .with_x_axis_min(first - beside)
            .with_x_axis_max(last + beside)
            .with_y_axis_min(floor)
            .with_y_axis_max(1.0 + above)
    })
}

/// The logarithm of a count to the base 2.
fn log2(count: usize) -> f64 {
    // A few taps or types.
    #[allow(clippy::cast_precision_loss)]
    let count = count as f64;
    libm::log2(count)
}

/// Cosine against S, μ and the number of types.
pub(super) fn alignment(table: &Table<'_>) -> Vec<Panel> {
    vec![against_taps(table), against_mu(table), against_types(table)]
}

fn median_of(table: &Table<'_>, rule: &str, column: &str) -> f64 {
    table.place(rule).map_or(f64::NAN, |k| table.quartiles(k, column).median)
}

fn against_taps(table: &Table<'_>) -> Panel {
    let all = log2(table.plan.settings.steps);
    let taps = |form: Form| {
        move |condition: &Condition| match &condition.rule {
            TemporalRule::Mdgl { feedback: Feedback::Cell } => Some(0.0),
            TemporalRule::Modprop(found)
                if condition.types.is_none() && found.form == form && found.mu == modprop().mu =>
            {
                Some(if let Taps::Count(count) = found.taps { log2(count) } else { all })
            }
            TemporalRule::Mdgl { feedback: Feedback::Type(_) }
            | TemporalRule::Modprop(_)
            | TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => None,
        }
    };
    let mut drawing = Drawing::new();
    let filter = points(table, taps(Form::Filter));
    drawing.curve("ModProp (S = 1: MDGL)", BLUE, false, &filter);
    let no_leak = points(table, taps(Form::NoLeak));
    drawing.curve("ModProp, no-leak taps", COLOURS[2], false, &no_leak);
    drawing.level("autodiff form", median_of(table, "modprop:autodiff", "cosine"), ORANGE);
    drawing.level("e-prop", median_of(table, "eprop", "cosine"), PURPLE);
    let steps = table.plan.settings.steps;
    // All steps stand at the end of the axis, beside 16 and not at a power of two.
    let ticks = at_whole(move |value| match value {
        v if v > 4.5 => format!("all ({steps})"),
        v => format!("{}", libm::exp2(v).round()),
    });
    cosines(drawing, ["More taps, at μ = 1/2", "taps S (log scale)"], (0.0, 5.0, 1.0), |layout| {
        layout.with_x_tick_format(ticks)
    })
}

fn against_mu(table: &Table<'_>) -> Panel {
    let mu = |form: Form| {
        move |condition: &Condition| {
            let found = condition.modprop()?;
            let is_it =
                found.form == form && found.feedback == Feedback::Cell && found.taps == Taps::All;
            match &found.mu {
                Mu::Scalar(mu) if is_it => Some(nearest_f64(mu)),
                Mu::Scalar(_) | Mu::PerCell(_) => None,
            }
        }
    };
    let mut drawing = Drawing::new();
    let forms = [
        ("ModProp, all taps", Form::Filter, BLUE),
        ("no-leak taps", Form::NoLeak, COLOURS[2]),
        ("autodiff form", Form::Autodiff, ORANGE),
    ];
    for (name, form, colour) in forms {
        drawing.curve(name, colour, false, &points(table, mu(form)));
    }
    let slope = median_of(table, "bptt", "mean_slope");
    drawing.upright(&format!("mean slope of the ReLUs, {slope:.2}"), slope, GREY);
    cosines(drawing, ["Another μ", "assumed slope μ"], (0.0, 1.0, 0.25), |layout| layout)
}

fn against_types(table: &Table<'_>) -> Panel {
    let types = |is_modprop: bool| {
        move |condition: &Condition| {
            (condition.modprop().is_some() == is_modprop).then_some(())?;
            condition.types.map(log2)
        }
    };
    let mut drawing = Drawing::new();
    let with = points(table, types(true));
    drawing.curve("ModProp, type-specific, all taps", COLOURS[7], false, &with);
    let without = points(table, types(false));
    drawing.curve("MDGL, type-specific", COLOURS[6], false, &without);
    drawing.level("e-prop", median_of(table, "eprop", "cosine"), PURPLE);
    let ticks = at_whole(|v| format!("{}", libm::exp2(v)));
    let words = ["Types of a W that has none", "types (32: each neuron its own; log scale)"];
    cosines(drawing, words, (1.0, 5.0, 1.0), |layout| layout.with_x_tick_format(ticks))
}

/// Cosine against ς: linear, ReLU.
pub(super) fn blocks(table: &Table<'_>) -> Vec<Panel> {
    [(true, "Linear neurons, μ = 1"), (false, "ReLU, μ = 1/2")]
        .map(|(is_linear, head)| against_noise(table, is_linear, head))
        .into()
}

fn against_noise(table: &Table<'_>, is_linear: bool, head: &str) -> Panel {
    let mut rules: Vec<&TemporalRule> = Vec::new();
    for condition in table.plan.conditions.iter().filter(|c| c.is_linear == is_linear) {
        if !rules.contains(&&condition.rule) {
            rules.push(&condition.rule);
        }
    }
    let mut drawing = Drawing::new();
    for rule in rules {
        let (colour, is_dashed) = style(rule);
        let own =
            |c: &Condition| (c.rule == *rule && c.is_linear == is_linear).then_some(c.spread)?;
        let mut words = title(rule);
        for known in [" (diagonal excluded)", ", all taps", ", μ = 1"] {
            words = words.replace(known, "");
        }
        // Six bands would hide one another.
        let has_band = words == "MDGL" || name(rule).starts_with("modprop:type:excluded");
        if name(rule).contains(":type") && !name(rule).contains("excluded") {
            words.push_str(", counted");
        }
        let mut found = points(table, own);
        if !has_band {
            found.iter_mut().for_each(|point| point.band = (f64::NAN, f64::NAN));
        }
        drawing.curve(&words, colour, is_dashed, &found);
    }
    let words = [head, "noise ς, the blocks having spread 1"];
    cosines(drawing, words, (0.0, 4.0, 1.0), |layout| layout)
}

/// Learning curves, and the final loss of every seed.
pub(super) fn training(table: &Table<'_>) -> Vec<Panel> {
    let plan = table.plan;
    let (mut curves, mut seeds) = (Drawing::new(), Drawing::new());
    let log = |value: f64| libm::log10(value.max(LEAST_LOSS));
    let mut lowest = -1.0_f64;
    for (k, condition) in plan.conditions.iter().enumerate() {
        let (colour, is_dashed) = style(&condition.rule);
        let found = course(table, k, log);
        let losses = table.values(k, table.main());
        let ends = losses.iter().map(|loss| log(*loss));
        lowest = ends.chain(found.iter().map(|point| point.band.0)).fold(lowest, f64::min);
        curves.curve(&title(&condition.rule), colour, is_dashed, &found);
        // A handful of rules and seeds.
        #[allow(clippy::cast_precision_loss)]
        let x =
            |seed: usize| k as f64 + 0.5 * ((seed as f64 + 0.5) / plan.seeds.len() as f64 - 0.5);
        let marks = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite());
        let marks: Vec<(f64, f64)> = marks.map(|(seed, loss)| (x(seed), log(*loss))).collect();
        seeds.marks(&marks, colour, 3.6);
        let median = Quartiles::of(&losses).median;
        if median.is_finite() {
            let (left, right) = (x(0) - 0.12, x(plan.seeds.len() - 1) + 0.12);
            seeds.line(&[(left, log(median)), (right, log(median))], colour, is_dashed, 2.0);
        }
        // What has no loss has no mark: the legend says how many.
        let lost = match losses.iter().filter(|loss| loss.is_infinite()).count() {
            0 => String::new(),
            lost => format!(" ({lost} diverged)"),
        };
        let words = format!("{}. {}{lost}", k + 1, title(&condition.rule));
        seeds.name(&words, colour, is_dashed);
    }
    let powers = |layout: Layout| {
        let step = if lowest < -5.0 { 2.0 } else { 1.0 };
        let layout = layout.with_y_tick_format(powers_of_ten()).with_y_tick_step(step);
        layout.with_y_axis_min((lowest / step).floor() * step)
    };
    // Updates and rules.
    #[allow(clippy::cast_precision_loss)]
    let (last, count) = (plan.settings.iterations as f64, plan.conditions.len() as f64);
    let ticks = at_whole(|v| if v < -0.1 { String::new() } else { format!("{}", v + 1.0) });
    let y = match plan.task {
        Task::Recall => "squared error (log scale)",
        Task::Alignment | Task::Xor | Task::Blocks => "cross-entropy (log scale)",
    };
    let words = ["At the end: each seed, and the median", "rule", y];
    vec![
        curves.finished(SIZE, ["While learning", "updates", y], |layout| {
            powers(layout).with_x_axis_min(0.0).with_x_axis_max(last)
        }),
        seeds.finished(SIZE, words, |layout| {
            let layout = powers(layout).with_x_axis_min(-0.6).with_x_axis_max(count - 0.4);
            layout.with_x_tick_step(1.0).with_x_tick_format(ticks)
        }),
    ]
}

/// The loss of a rule over the updates: quartiles over the seeds. Past its end a run that diverged has no loss that would fit.
fn course(table: &Table<'_>, rule: usize, log: impl Fn(f64) -> f64) -> Vec<Point> {
    let most = table.runs(rule).map(|run| run.measured.curve.len()).max().unwrap_or(0);
    let at = |k: usize| {
        let place = table.runs(rule).find_map(|run| run.measured.curve.get(k))?.0;
        let loss = |(_, loss): &(f64, f64)| log(*loss);
        let losses: Vec<f64> = table
            .runs(rule)
            .map(|run| run.measured.curve.get(k).map_or(f64::INFINITY, loss))
            .collect();
        Some(point(place, Quartiles::of(&losses)))
    };
    (0..most).filter_map(at).collect()
}
