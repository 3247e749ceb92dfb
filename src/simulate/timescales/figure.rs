//! Traces and deviations as pictures and as rows of numbers.

use kuva::plot::annotations::{ReferenceLine, TextAnnotation};
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::record::{Record, Sample};
use super::sweep::{Curve, Sweep, WITHIN, part};
use crate::picture::{self, COLOURS, GREY};
use crate::simulate::rows::{Rows, digits, field};

/// Room for the numbers of an axis, and for a legend beside the last panel of a row, in pixels.
const MARGIN: f64 = 78.0;
const LEGEND: f64 = 130.0;
/// A deviation that is none to speak of; it has no logarithm either.
const NONE: f64 = 1e-12;

/// Every sample of every kept neuron: one line each, times in τ_x.
///
/// Columns: presentation, time since it began, neuron, x, c, E, I, s, β; then the weights in lines of their own with the column
/// `neuron` holding `post<-pre` and the column `w`. What a line does not have is empty. Nine significant digits.
#[must_use]
pub fn csv(record: &Record) -> String {
    let names = ["presentation", "time_tau_x", "part", "x", "c", "E", "I", "s", "beta", "w"];
    let mut rows = Rows::new(&names);
    let unit = record.settings.times.tau_x;
    for sample in &record.samples {
        let place =
            |part: &str| [sample.presentation.to_string(), digits(sample.time / unit), part.into()];
        for (k, &neuron) in record.settings.neurons.iter().enumerate() {
            let b = sample.balance[k];
            let mut balance = [b.excitation, b.inhibition, b.net_input, b.balance_factor];
            if record.net.is_input(neuron) {
                balance = [f64::NAN; 4];
            }
            let rates = [sample.firing_rate[k], sample.credit[k]];
            rows.row(
                &place(record.net.name(neuron)),
                rates.into_iter().chain(balance).chain([f64::NAN]),
            );
        }
        for (&synapse, &weight) in record.synapses.iter().zip(&sample.weights) {
            let none = [f64::NAN; 6];
            rows.row(&place(&synapse_name(record, synapse)), none.into_iter().chain([weight]));
        }
    }
    rows.text()
}

/// `post<-pre`.
#[must_use]
pub fn synapse_name(record: &Record, synapse: usize) -> String {
    let (post, pre) = record.net.ends(synapse);
    format!("{}<-{}", record.net.name(post), record.net.name(pre))
}

/// x, c and the change of w over the logarithm of time, one column a presentation (the first three), as SVG.
///
/// The bytes are a function of the record.
#[must_use]
pub fn traces(title: &str, record: &Record) -> String {
    const MOST: usize = 3;
    const KINDS: [&str; 3] = ["firing rate x", "credit c", "change of the weight w"];
    let shown = record.presentations.len().min(MOST);
    let mut panels = Vec::new();
    for (row, kind) in KINDS.into_iter().enumerate() {
        // The same scale in every column of a row.
        let columns: Vec<Vec<Vec<(f64, f64)>>> =
            (0..shown).map(|presentation| lines(record, presentation, row)).collect();
        let all = || columns.iter().flatten().flatten().map(|(_, value)| *value);
        let (low, high) = padded(all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        for (presentation, column) in columns.into_iter().enumerate() {
            let last = presentation + 1 == shown;
            let panel: Vec<Plot> = column
                .into_iter()
                .zip(styles(record, row))
                .map(|(points, (name, colour, style))| {
                    let line = LinePlot::new().with_data(points).with_color(colour);
                    let line = line.with_stroke_width(1.8).with_line_style(style);
                    Plot::Line(if last { line.with_legend(name) } else { line })
                })
                .collect();
            let kind = if presentation == 0 { kind } else { "" };
            let layout = panel_layout(record, presentation, row, kind, &panel, (low, high), last);
            panels.push((panel, layout));
        }
    }
    let width = if shown == 1 { 760.0 } else { 500.0 };
    picture::grid(&picture::words(title), shown, (width, 270.0), LEGEND, panels)
}

fn panel_layout(
    record: &Record,
    presentation: usize,
    row: usize,
    kind: &str,
    panel: &[Plot],
    (low, high): (f64, f64),
    is_last: bool,
) -> Layout {
    let times = &record.settings.times;
    let mut layout = picture::calm(Layout::auto_from_plots(panel))
        .with_x_tick_format(picture::powers_of_ten())
        .with_x_tick_step(1.0)
        .with_x_axis_min((times.tau_x.min(times.tau_c) / times.tau_x / 100.0).log10())
        .with_x_axis_max((times.present / times.tau_x).log10())
        .with_y_axis_min(low)
        .with_y_axis_max(high)
        .with_y_label(kind)
        .with_force_margins(MARGIN, if is_last { 20.0 + LEGEND } else { 20.0 });
    if row == 0 {
        let example = record.presentations[presentation].example + 1;
        let start = if presentation == 0 && record.settings.start == super::Start::Previous {
            "from rest"
        } else {
            record.settings.start.words()
        };
        layout = layout.with_title(format!("example {example}, {start}"));
    }
    if row == 2 {
        layout = layout.with_x_label("time since the example appeared, in τ_x");
    }
    let mark = |at: f64, name: &str| {
        ReferenceLine::vertical((at / times.tau_x).log10())
            .with_color(GREY)
            .with_dasharray("3 4")
            .with_label(name)
    };
    layout = layout
        .with_reference_line(mark(times.tau_x, "τ_x"))
        .with_reference_line(mark(times.tau_c, "τ_c"));
    if times.gate > 0.0 {
        layout = layout.with_reference_line(mark(times.gate, "t_g"));
    }
    layout
}

/// One line a neuron or synapse: log₁₀ of the time in τ_x, and x, c or w − w(0).
fn lines(record: &Record, presentation: usize, row: usize) -> Vec<Vec<(f64, f64)>> {
    let samples: Vec<&Sample> =
        record.samples.iter().filter(|sample| sample.presentation == presentation).collect();
    let first = record.samples.first();
    let pick = |sample: &Sample| -> Vec<f64> {
        match row {
            0 => sample.firing_rate.clone(),
            1 => sample.credit.clone(),
            _ => {
                let start = first.map_or(&sample.weights, |first| &first.weights);
                sample.weights.iter().zip(start).map(|(w, start)| w - start).collect()
            }
        }
    };
    let count = samples.first().map_or(0, |sample| pick(sample).len());
    let of = |k: usize| {
        samples
            .iter()
            .filter(|sample| sample.time > 0.0)
            .map(|sample| ((sample.time / record.settings.times.tau_x).log10(), pick(sample)[k]))
            .collect()
    };
    (0..count.min(COLOURS.len())).map(of).collect()
}

/// What the lines of a row are called, and how they are drawn: a neuron has one colour in every row, a synapse that of its postsynaptic
/// neuron, and dashes that tell it from the others there.
fn styles(record: &Record, row: usize) -> Vec<(String, &'static str, LineStyle)> {
    let neurons = &record.settings.neurons;
    let colour = |neuron: usize| {
        let place = neurons.iter().position(|kept| *kept == neuron).unwrap_or_default();
        COLOURS[place % COLOURS.len()]
    };
    let of_neuron = |neuron: &usize| {
        let name = format!("{} {}", ["x", "c"][row], record.net.name(*neuron));
        (name, colour(*neuron), LineStyle::Solid)
    };
    let of_synapse = |(k, synapse): (usize, &usize)| {
        let post = |synapse: usize| record.net.ends(synapse).0;
        let before = record.synapses[..k].iter().filter(|other| post(**other) == post(*synapse));
        let style = match before.count() {
            0 => LineStyle::Solid,
            1 => LineStyle::Dashed,
            2 => LineStyle::Dotted,
            _ => LineStyle::DashDot,
        };
        let name = synapse_name(record, *synapse).replace("<-", " ← ");
        (format!("w {name}"), colour(post(*synapse)), style)
    };
    match row {
        0 | 1 => neurons.iter().map(of_neuron).collect(),
        _ => record.synapses.iter().enumerate().map(of_synapse).collect(),
    }
}

/// A little room below and, for the names of the time constants, above; also where all values are equal.
fn padded(low: f64, high: f64) -> (f64, f64) {
    let room = if high > low { high - low } else { 1.0 };
    (low - 0.06 * room, high + 0.18 * room)
}

/// Every point of every curve: network, ratio, its value, block, deviation, and what is left after the best common rescaling.
///
/// Nine significant digits.
#[must_use]
pub fn deviation_csv(sweeps: &[(String, Sweep)]) -> String {
    let mut rows = Rows::new(&["network", "ratio", "value", "part", "deviation", "rescaled"]);
    for (name, sweep) in sweeps {
        for (curve, point) in sweep.curves.iter().flat_map(|c| c.points.iter().map(move |p| (c, p)))
        {
            for (block, part_name) in sweep.blocks.iter().enumerate() {
                let found = part(point, block);
                let key = curve.ratio.key().to_owned();
                let place = [field(name), key, digits(point.ratio), part_name.clone()];
                rows.row(&place, [found.relative, found.rescaled]);
            }
        }
    }
    rows.text()
}

/// The deviation against each ratio, both as logarithms, with the fitted slopes, as SVG: one column a curve, one row a network.
///
/// The bytes are a function of the sweeps, apart from the last bits of logarithms.
#[must_use]
pub fn deviation(sweeps: &[(String, Sweep)]) -> String {
    let columns = sweeps.iter().map(|(_, sweep)| sweep.curves.len()).max().unwrap_or(1);
    let mut panels = Vec::new();
    for (name, sweep) in sweeps {
        for k in 0..columns {
            panels.push(match sweep.curves.get(k) {
                Some(curve) => curve_panel(name, sweep, curve, (k == 0, k + 1 == columns)),
                None => (Vec::new(), Layout::new((0.0, 1.0), (0.0, 1.0))),
            });
        }
    }
    let title = "deviation of the weight change from backpropagation, ‖D + g‖/‖g‖";
    picture::grid(title, columns, (330.0, 350.0), LEGEND, panels)
}

fn curve_panel(
    name: &str,
    sweep: &Sweep,
    curve: &Curve,
    (is_first, is_last): (bool, bool),
) -> (Vec<Plot>, Layout) {
    let logs = |block: usize, rescaled: bool| -> Vec<(f64, f64)> {
        let value = |point| {
            let deviation = part(point, block);
            if rescaled { deviation.rescaled } else { deviation.relative }
        };
        let points = curve.points.iter().map(|point| (point.ratio.log10(), value(point)));
        points.filter(|(_, d)| *d > NONE).map(|(x, d)| (x, d.log10())).collect()
    };
    let legend = |line: LinePlot, name: &str| if is_last { line.with_legend(name) } else { line };
    let mut panel = Vec::new();
    for (block, block_name) in sweep.blocks.iter().enumerate().skip(1).take(COLOURS.len()) {
        let line = LinePlot::new().with_data(logs(block, false)).with_color(COLOURS[block - 1]);
        panel.push(Plot::Line(legend(line.with_stroke_width(1.4), block_name)));
    }
    let rescaled = LinePlot::new().with_data(logs(0, true)).with_color(GREY).with_dashed();
    panel.push(Plot::Line(legend(rescaled.with_stroke_width(1.4), "total, rescaled")));
    let total = ScatterPlot::new().with_data(logs(0, false)).with_color("#000000").with_size(3.5);
    let total = total.with_marker(MarkerShape::Circle);
    panel.push(Plot::Scatter(if is_last { total.with_legend("total") } else { total }));
    let (first, last) = match (curve.points.first(), curve.points.last()) {
        (Some(first), Some(last)) => (first.ratio.log10(), last.ratio.log10()),
        _ => (0.0, 1.0),
    };
    let (lowest, highest) = range(sweep);
    let title = if is_first { format!("{}: ", picture::words(name)) } else { String::new() };
    let layout = picture::calm(Layout::auto_from_plots(&panel))
        .with_title(format!("{title}slope {:.3}", curve.slope))
        .with_subtitle(curve.ratio.setting())
        .with_x_label(curve.ratio.words())
        .with_y_label(if is_first { "deviation" } else { "" })
        .with_x_tick_format(picture::powers_of_ten())
        .with_y_tick_format(picture::powers_of_ten())
        .with_x_tick_step(1.0)
        .with_y_tick_step(1.0)
        .with_x_axis_min(first - 0.08)
        .with_x_axis_max(last + 0.08)
        .with_y_axis_min(lowest)
        .with_y_axis_max(highest + 0.1)
        .with_force_margins(60.0, if is_last { 14.0 + LEGEND } else { 14.0 })
        .with_reference_line(picture::rule(WITHIN.log10(), GREY, ""))
        .with_annotation(TextAnnotation::new("1 %", first + 0.1, WITHIN.log10() + 0.06));
    (panel, layout)
}

/// The scale of every panel of a row, in whole powers of ten: all that is drawn is within.
fn range(sweep: &Sweep) -> (f64, f64) {
    let all = sweep.curves.iter().flat_map(|curve| &curve.points);
    let drawn = all.flat_map(|point| {
        let blocks = point.deviations.blocks.iter().map(|block| block.relative);
        blocks.chain([point.deviations.total.relative, point.deviations.total.rescaled])
    });
    let logs = drawn.filter(|d| *d > NONE).map(f64::log10);
    let (lowest, highest) =
        logs.fold((-3.0, -1.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
    (lowest.floor(), highest.ceil())
}
