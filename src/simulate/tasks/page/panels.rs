//! The panels of each task.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::ReferenceLine;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use super::super::rules::{modprop, name, title};
use super::super::settings::{Condition, Task};
use super::super::statistics::Quartiles;
use super::super::table::Table;
use super::{LEGEND, PANEL};
use crate::number::nearest_f64;
use crate::simulate::picture::{BLUE, COLOURS, GREY, ORANGE, PURPLE, powers_of_ten};
use crate::spec::{Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalRule};

/// The colour of a rule, the same in every figure, and whether its line is dashed: fewer taps than all, or zeros counted.
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
            (Form::Filter, Feedback::Type(zeros)) => (COLOURS[5], zeros == Diagonal::Counted),
        },
    }
}

/// Where an axis of cosines ends, so that a curve at 1 is seen whole.
const TOP: f64 = 1.01;
/// Curves of more points than this have a mark at some of them only.
const DENSE: usize = 20;

/// A curve in the legend.
pub(super) struct Curve {
    pub name: String,
    pub colour: &'static str,
    pub is_dashed: bool,
}

/// A picture, and what its curves are called.
pub(super) struct Panel {
    pub picture: String,
    pub legend: Vec<Curve>,
}

/// Points, each with its quartiles.
type Points = Vec<(f64, Quartiles)>;

/// What a panel is made of.
struct Drawing {
    plots: Vec<Plot>,
    legend: Vec<Curve>,
    lines: Vec<ReferenceLine>,
    /// How many curves are drawn already.
    curves: usize,
    /// The lowest value drawn.
    lowest: f64,
}

impl Drawing {
    fn new() -> Self {
        Self {
            plots: Vec::new(),
            legend: Vec::new(),
            lines: Vec::new(),
            curves: 0,
            lowest: f64::INFINITY,
        }
    }

    /// Medians with marks, and the band between the quartiles.
    fn curve(&mut self, name: &str, colour: &'static str, is_dashed: bool, points: &Points) {
        self.draw(name, colour, is_dashed, points, true);
    }

    fn draw(
        &mut self,
        name: &str,
        colour: &'static str,
        is_dashed: bool,
        points: &Points,
        has_band: bool,
    ) {
        let points: Points = points.iter().filter(|(_, q)| q.median.is_finite()).copied().collect();
        if points.is_empty() {
            return;
        }
        let lower = points.iter().flat_map(|(_, q)| [q.lower, q.median]);
        self.lowest = lower.filter(|value| value.is_finite()).fold(self.lowest, f64::min);
        let data: Vec<(f64, f64)> = points.iter().map(|(x, q)| (*x, q.median)).collect();
        // Of curves that coincide the lower ones are wider and have larger marks, or marks at other places: none is hidden.
        // A handful of curves.
        #[allow(clippy::cast_precision_loss)]
        let above = self.curves as f64;
        self.curves += 1;
        let line = LinePlot::new()
            .with_data(data.clone())
            .with_color(colour)
            .with_stroke_width((3.4 - 0.35 * above).max(1.4));
        let line = if is_dashed { line.with_dashed() } else { line };
        let quartile = |of: fn(&Quartiles) -> f64| {
            let value = move |q: &Quartiles| if of(q).is_finite() { of(q) } else { q.median };
            points.iter().map(|(_, q)| value(q)).collect::<Vec<_>>()
        };
        let line = if has_band {
            line.with_band(quartile(|q| q.lower), quartile(|q| q.upper))
        } else {
            line
        };
        self.plots.push(Plot::Line(line));
        let (first, step) = match data.len() {
            0..DENSE => (0, 1),
            _ => (self.curves, 8),
        };
        let marked: Vec<(f64, f64)> = data.into_iter().skip(first).step_by(step).collect();
        let marks = ScatterPlot::new().with_data(marked).with_color(colour);
        self.plots.push(Plot::Scatter(marks.with_size((4.4 - 0.5 * above).max(1.8))));
        self.name(name, colour, is_dashed);
    }

    fn name(&mut self, name: &str, colour: &'static str, is_dashed: bool) {
        self.legend.push(Curve { name: name.to_owned(), colour, is_dashed });
    }

    /// Where an axis of cosines begins so that nothing is cut off: at a whole tenth, 0.7 at most.
    fn floor(&self) -> f64 {
        (self.lowest.min(0.7) * 10.0).floor() / 10.0
    }

    fn level(&mut self, name: &str, y: f64, colour: &'static str) {
        if y.is_finite() {
            let line = ReferenceLine::horizontal(y).with_color(colour).with_dasharray("5 3");
            self.lines.push(line);
            self.name(name, colour, true);
        }
    }

    fn finished(
        self,
        shape: impl FnOnce(Layout) -> Layout,
        title: &str,
        x: &str,
        y: &str,
    ) -> Panel {
        let Self { plots, legend, lines, .. } = self;
        if plots.is_empty() {
            // Nothing finite to draw: an empty frame would have no axes to speak of.
            return Panel { picture: String::new(), legend };
        }
        let mut layout = Layout::auto_from_plots(&plots)
            .with_title(title)
            .with_title_size(14)
            .with_x_label(x)
            .with_y_label(y)
            .with_label_size(12)
            .with_tick_size(11)
            .with_body_size(10)
            .with_width(PANEL.0 - 14.0)
            .with_height(PANEL.1 - LEGEND)
            .with_tick_format(TickFormat::Custom(Arc::new(short)));
        for line in lines {
            layout = layout.with_reference_line(line);
        }
        let scene = render_multiple(plots, shape(layout));
        Panel { picture: SvgBackend::new().render_scene(&scene), legend }
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// Cosine against S, μ and the number of types.
pub(super) fn alignment(table: &Table<'_>) -> Vec<Panel> {
    vec![against_taps(table), against_mu(table), against_types(table)]
}

/// The conditions that a function gives a place on the axis.
fn points(table: &Table<'_>, column: &str, place: impl Fn(&Condition) -> Option<f64>) -> Points {
    let all = table.plan.conditions.iter().enumerate();
    let mut found: Points = all
        .filter_map(|(k, condition)| Some((place(condition)?, table.quartiles(k, column))))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found
}

/// The logarithm of a count to the base 2.
fn log2(count: usize) -> f64 {
    // A few taps or types.
    #[allow(clippy::cast_precision_loss)]
    let count = count as f64;
    libm::log2(count)
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
    let filter = points(table, "cosine", taps(Form::Filter));
    drawing.curve("ModProp (S = 1: MDGL)", BLUE, false, &filter);
    let no_leak = points(table, "cosine", taps(Form::NoLeak));
    drawing.curve("ModProp, no-leak taps", COLOURS[2], false, &no_leak);
    let half = |condition: &Condition| {
        let is_it = condition
            .modprop()
            .is_some_and(|m| *m == Modprop { form: Form::Autodiff, ..modprop() });
        is_it.then_some(0.0)
    };
    let level = |found: Points| found.first().map_or(f64::NAN, |(_, q)| q.median);
    drawing.level("autodiff form", level(points(table, "cosine", half)), ORANGE);
    let eprop = |c: &Condition| (c.rule == TemporalRule::Eprop).then_some(0.0);
    drawing.level("e-prop", level(points(table, "cosine", eprop)), PURPLE);
    let steps = table.plan.settings.steps;
    let tick = move |value: f64| match value {
        // All steps stand at the end of the axis, beside 16 and not at a power of two.
        v if (v - v.round()).abs() > 1e-6 => String::new(),
        v if v > 4.5 => format!("all ({steps})"),
        v => format!("{}", libm::exp2(v).round()),
    };
    let floor = drawing.floor();
    let shape = |layout: Layout| {
        layout
            .with_x_axis_min(0.0)
            .with_x_axis_max(5.0)
            .with_x_tick_step(1.0)
            .with_y_axis_min(floor)
            .with_y_axis_max(TOP)
            .with_x_tick_format(TickFormat::Custom(Arc::new(tick)))
    };
    drawing.finished(shape, "More taps, at μ = 1/2", "taps S (log scale)", "cosine with BPTT")
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
        drawing.curve(name, colour, false, &points(table, "cosine", mu(form)));
    }
    let slope = table.place("bptt").map_or(f64::NAN, |k| table.quartiles(k, "mean_slope").median);
    if slope.is_finite() {
        drawing.lines.push(ReferenceLine::vertical(slope).with_color(GREY).with_dasharray("3 4"));
        drawing.name(&format!("mean slope of the ReLUs, {slope:.2}"), GREY, true);
    }
    let floor = drawing.floor();
    let shape = |layout: Layout| {
        let layout = layout.with_x_axis_min(0.0).with_x_axis_max(1.0).with_x_tick_step(0.25);
        layout.with_y_axis_min(floor).with_y_axis_max(TOP)
    };
    drawing.finished(shape, "Another μ", "assumed slope μ", "cosine with BPTT")
}

fn against_types(table: &Table<'_>) -> Panel {
    let types = |is_modprop: bool| {
        move |condition: &Condition| {
            (condition.modprop().is_some() == is_modprop).then_some(())?;
            condition.types.map(log2)
        }
    };
    let mut drawing = Drawing::new();
    let with = points(table, "cosine", types(true));
    drawing.curve("ModProp, type-specific, all taps", COLOURS[5], false, &with);
    let without = points(table, "cosine", types(false));
    drawing.curve("MDGL, type-specific", COLOURS[6], false, &without);
    let eprop = table.place("eprop").map_or(f64::NAN, |k| table.quartiles(k, "cosine").median);
    drawing.level("e-prop", eprop, PURPLE);
    let tick = |v: f64| {
        if (v - v.round()).abs() > 1e-6 { String::new() } else { format!("{}", libm::exp2(v)) }
    };
    let floor = drawing.floor();
    let shape = |layout: Layout| {
        layout
            .with_x_axis_min(1.0)
            .with_x_axis_max(5.0)
            .with_x_tick_step(1.0)
            .with_y_axis_min(floor)
            .with_y_axis_max(TOP)
            .with_x_tick_format(TickFormat::Custom(Arc::new(tick)))
    };
    let title = "Types of a W that has none";
    drawing.finished(shape, title, "types (32: each neuron its own; log scale)", "cosine with BPTT")
}

/// Cosine against ς: linear, ReLU.
pub(super) fn blocks(table: &Table<'_>) -> Vec<Panel> {
    let panel = |is_linear: bool| {
        let conditions = &table.plan.conditions;
        let mut rules: Vec<&TemporalRule> = Vec::new();
        for condition in conditions.iter().filter(|c| c.is_linear == is_linear) {
            if !rules.contains(&&condition.rule) {
                rules.push(&condition.rule);
            }
        }
        let mut drawing = Drawing::new();
        for rule in rules {
            let (colour, is_dashed) = style(rule);
            let own = |c: &Condition| {
                (c.rule == *rule && c.is_linear == is_linear).then_some(c.spread).flatten()
            };
            let is_type = name(rule).contains(":type");
            let words = title(rule)
                .replace(" (diagonal excluded)", "")
                .replace(", all taps", "")
                .replace(", μ = 1", "");
            let words = if is_type && !name(rule).contains("excluded") {
                format!("{words}, counted")
            } else {
                words
            };
            // Six bands would hide one another.
            let has_band = words == "ModProp, type-specific" || words == "MDGL";
            drawing.draw(&words, colour, is_dashed, &points(table, "cosine", own), has_band);
        }
        let head = if is_linear { "Linear neurons, μ = 1" } else { "ReLU, μ = 1/2" };
        let floor = drawing.floor();
        let shape = |layout: Layout| {
            layout
                .with_x_axis_min(0.0)
                .with_x_axis_max(4.0)
                .with_x_tick_step(1.0)
                .with_y_axis_min(floor)
                .with_y_axis_max(TOP)
        };
        drawing.finished(shape, head, "noise ς, the blocks having spread 1", "cosine with BPTT")
    };
    vec![panel(true), panel(false)]
}

/// Learning curves, and the final loss of every seed.
pub(super) fn training(table: &Table<'_>) -> Vec<Panel> {
    let plan = table.plan;
    let y = if plan.task == Task::Recall { "squared error" } else { "cross-entropy" };
    let mut curves = Drawing::new();
    let mut seeds = Drawing::new();
    // What is below is as good as nothing, and would leave the rest no room.
    let log = |value: f64| libm::log10(value.max(1e-8));
    let mut lowest = -1.0_f64;
    for (k, condition) in plan.conditions.iter().enumerate() {
        let (colour, is_dashed) = style(&condition.rule);
        let most = table.runs(k).map(|run| run.measured.curve.len()).max().unwrap_or(0);
        let at = |point: usize| {
            let place = table.runs(k).find_map(|run| run.measured.curve.get(point))?.0;
            // Past its end a run that diverged has no loss that would fit into a figure.
            let losses: Vec<f64> = table
                .runs(k)
                .map(|run| run.measured.curve.get(point).map_or(f64::INFINITY, |(_, l)| log(*l)))
                .collect();
            Some((place, Quartiles::of(&losses)))
        };
        let found: Points = (0..most).filter_map(at).collect();
        let ends = table.values(k, table.main()).into_iter().map(log);
        lowest = ends.chain(found.iter().map(|(_, q)| q.lower)).fold(lowest, f64::min);
        curves.curve(&title(&condition.rule), colour, is_dashed, &found);
        // A handful of rules and seeds.
        #[allow(clippy::cast_precision_loss)]
        let x =
            |seed: usize| k as f64 + 0.5 * ((seed as f64 + 0.5) / plan.seeds.len() as f64 - 0.5);
        let losses = table.values(k, table.main());
        let marks: Vec<(f64, f64)> = losses
            .iter()
            .enumerate()
            .filter(|(_, loss)| loss.is_finite())
            .map(|(seed, loss)| (x(seed), log(*loss)))
            .collect();
        if !marks.is_empty() {
            let marks = ScatterPlot::new().with_data(marks).with_color(colour).with_size(3.6);
            seeds.plots.push(Plot::Scatter(marks));
        }
        let median = Quartiles::of(&losses).median;
        if median.is_finite() {
            let (left, right) = (x(0) - 0.12, x(plan.seeds.len() - 1) + 0.12);
            let line = LinePlot::new().with_data([(left, log(median)), (right, log(median))]);
            let line = line.with_color(colour).with_stroke_width(2.0);
            seeds.plots.push(Plot::Line(if is_dashed { line.with_dashed() } else { line }));
        }
        seeds.name(&format!("{}. {}", k + 1, title(&condition.rule)), colour, is_dashed);
    }
    let powers = |layout: Layout| {
        let step = if lowest < -5.0 { 2.0 } else { 1.0 };
        let layout = layout.with_y_tick_format(powers_of_ten()).with_y_tick_step(step);
        layout.with_y_axis_min((lowest / step).floor() * step)
    };
    // Updates and rules.
    #[allow(clippy::cast_precision_loss)]
    let (last, count) = (plan.settings.iterations as f64, plan.conditions.len() as f64);
    let left = |layout: Layout| powers(layout).with_x_axis_min(0.0).with_x_axis_max(last);
    let tick = |v: f64| {
        if (v - v.round()).abs() > 1e-6 || v < -0.1 {
            String::new()
        } else {
            format!("{}", v + 1.0)
        }
    };
    let right = |layout: Layout| {
        let layout = powers(layout).with_x_axis_min(-0.6).with_x_axis_max(count - 0.4);
        layout.with_x_tick_step(1.0).with_x_tick_format(TickFormat::Custom(Arc::new(tick)))
    };
    let y_log = format!("{y} (log scale)");
    vec![
        curves.finished(left, "While learning", "updates", &y_log),
        seeds.finished(right, "At the end: each seed, and the median", "rule", &y_log),
    ]
}
