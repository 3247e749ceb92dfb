//! Traces and deviations as pictures and as rows of numbers.

use std::fmt::Write;

use kuva::plot::annotations::{ReferenceLine, TextAnnotation};
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::record::{Record, Sample};
use super::sweep::{Curve, Sweep, WITHIN, part};
use crate::simulate::picture::{self, COLOURS, GREY, digits};

/// Room for the numbers of an axis, and for a legend beside the last panel of a row, in pixels.
const MARGIN: f64 = 78.0;
const LEGEND: f64 = 130.0;

/// Every sample of every kept neuron: one line each, times in τ_x.
///
/// Columns: presentation, time since it began, neuron, x, c, E, I, s, β; then the weights in lines of their own with the column
/// `neuron` holding `post<-pre` and the column `w`. What a line does not have is empty. Nine significant digits.
#[must_use]
pub fn csv(record: &Record) -> String {
    let mut text = "presentation,time_tau_x,part,x,c,E,I,s,beta,w\n".to_owned();
    let unit = record.settings.times.tau_x;
    for sample in &record.samples {
        let time = digits(sample.time / unit);
        // Writing to a string cannot fail.
        for (k, &neuron) in record.settings.neurons.iter().enumerate() {
            let name = record.net.name(neuron);
            let Sample { firing_rate, credit, balance, .. } = sample;
            let _ = write!(text, "{},{time},{name},", sample.presentation);
            let _ = write!(text, "{},{},", digits(firing_rate[k]), digits(credit[k]));
            let b = balance[k];
            let all = [b.excitation, b.inhibition, b.net_input, b.balance_factor].map(digits);
            let _ = match record.net.is_input(neuron) {
                true => writeln!(text, ",,,,"),
                false => writeln!(text, "{},", all.join(",")),
            };
        }
        for (&synapse, &weight) in record.synapses.iter().zip(&sample.weights) {
            let name = synapse_name(record, synapse);
            let _ =
                writeln!(text, "{},{time},{name},,,,,,,{}", sample.presentation, digits(weight));
        }
    }
    text
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
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for (row, kind) in KINDS.into_iter().enumerate() {
        // The same scale in every column of a row.
        let columns: Vec<Vec<Vec<(f64, f64)>>> =
            (0..shown).map(|presentation| lines(record, presentation, row)).collect();
        let all = || columns.iter().flatten().flatten().map(|(_, value)| *value);
        let (low, high) = padded(all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        for (presentation, column) in columns.into_iter().enumerate() {
            let names = names(record, row);
            let last = presentation + 1 == shown;
            let panel: Vec<Plot> = column
                .into_iter()
                .zip(names)
                .zip(COLOURS.iter().cycle())
                .map(|((points, name), colour)| {
                    let line = LinePlot::new().with_data(points).with_color(*colour);
                    let line = line.with_stroke_width(1.8);
                    Plot::Line(if last { line.with_legend(name) } else { line })
                })
                .collect();
            let kind = if presentation == 0 { kind } else { "" };
            layouts.push(panel_layout(record, presentation, row, kind, &panel, (low, high), last));
            plots.push(panel);
        }
    }
    let width = if shown == 1 { 760.0 } else { 500.0 };
    let figure = Figure::new(3, shown)
        .with_title(picture::words(title))
        .with_title_size(16)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(width, 270.0)
        .with_col_width(shown.saturating_sub(1), width + LEGEND);
    picture::svg(figure)
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

fn names(record: &Record, row: usize) -> Vec<String> {
    match row {
        0 | 1 => record
            .settings
            .neurons
            .iter()
            .map(|&neuron| format!("{} {}", ["x", "c"][row], record.net.name(neuron)))
            .collect(),
        _ => record
            .synapses
            .iter()
            .map(|&synapse| format!("w {}", synapse_name(record, synapse).replace("<-", " ← ")))
            .collect(),
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
    let mut text = "network,ratio,value,part,deviation,rescaled\n".to_owned();
    for (name, sweep) in sweeps {
        let name = picture::field(name);
        for (curve, point) in sweep.curves.iter().flat_map(|c| c.points.iter().map(move |p| (c, p)))
        {
            for (block, block_name) in sweep.blocks.iter().enumerate() {
                let found = part(point, block);
                let numbers = [point.ratio, found.relative, found.rescaled].map(digits);
                let [value, relative, rescaled] = numbers;
                let key = curve.ratio.key();
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name},{key},{value},{block_name},{relative},{rescaled}");
            }
        }
    }
    text
}

/// The deviation against each ratio, both as logarithms, with the fitted slopes, as SVG: one column a curve, one row a network.
///
/// The bytes are a function of the sweeps, apart from the last bits of logarithms.
#[must_use]
pub fn deviation(sweeps: &[(String, Sweep)]) -> String {
    let columns = sweeps.iter().map(|(_, sweep)| sweep.curves.len()).max().unwrap_or(1);
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for (name, sweep) in sweeps {
        for k in 0..columns {
            let (panel, layout) = match sweep.curves.get(k) {
                Some(curve) => curve_panel(name, sweep, curve, (k == 0, k + 1 == columns)),
                None => (Vec::new(), Layout::new((0.0, 1.0), (0.0, 1.0))),
            };
            plots.push(panel);
            layouts.push(layout);
        }
    }
    let figure = Figure::new(sweeps.len(), columns)
        .with_title("deviation of the weight change from backpropagation, ‖D + g‖/‖g‖")
        .with_title_size(16)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(330.0, 350.0)
        .with_col_width(columns - 1, 330.0 + LEGEND);
    picture::svg(figure)
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
        // What has no deviation to speak of has no logarithm either.
        points.filter(|(_, d)| *d > 1e-12).map(|(x, d)| (x, d.log10())).collect()
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
    // The same scale in every panel of a row, whole powers of ten.
    let all = sweep.curves.iter().flat_map(|curve| &curve.points);
    let values = all.flat_map(|p| std::iter::once(&p.deviations.total).chain(&p.deviations.blocks));
    let values = values.map(|d| d.relative).filter(|d| *d > 1e-12).map(f64::log10);
    let (lowest, highest) =
        values.fold((-3.0, -1.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
    let (lowest, highest) = (lowest.floor(), highest.ceil());
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
        .with_y_axis_max(highest)
        .with_force_margins(60.0, if is_last { 14.0 + LEGEND } else { 14.0 })
        .with_reference_line(picture::rule(WITHIN.log10(), GREY, ""))
        .with_annotation(TextAnnotation::new("1 %", first + 0.1, WITHIN.log10() + 0.06));
    (panel, layout)
}
