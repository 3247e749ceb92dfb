//! A simulation of the three timescales as text and as documents.

use std::fmt::Write;

use super::{counted, drawn, drawn_by, grid, network, wrapped, written};
use crate::simulate::rounded;
use crate::simulate::timescales::figure::synapse_name;
use crate::simulate::timescales::{Curve, Deviation, Record, Sample, Start, Sweep, WITHIN, part};
use crate::spec::Case;
use crate::wire::json::Json;

/// A simulation and what it was of.
#[derive(Clone, Copy, Debug)]
pub struct Simulated<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its traces.
    pub record: &'a Record,
    /// The sweeps, each with the name of its network; none where they were left out.
    pub sweeps: &'a [(String, Sweep)],
    /// The files that were written, as the user will find them.
    pub files: &'a [String],
}

/// Four significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !size.is_finite() => "—".to_owned(),
        size if !(1e-3..1e4).contains(&size) => format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        size if size >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// A time in τ_x: whole where it is.
fn time(value: f64) -> String {
    match value {
        v if v.is_infinite() => "∞".to_owned(),
        v if v >= 1e6 => format!("{v:e}").replace('e', "·10^").replace("1·10", "10"),
        v => format!("{v}"),
    }
}

/// The simulation as text.
#[must_use]
pub fn simulated(subject: &Simulated<'_>) -> String {
    let Simulated { case, record, sweeps, files } = subject;
    let settings = &record.settings;
    let times = &settings.times;
    let in_unit = |value: f64| format!("{} τ_x", time(rounded(value / times.tau_x)));
    let mut text = wrapped(0, &format!("{} · {}", case.title(), network(case)));
    let shown = format!(
        "{} shown for T = {}, {}; τ_c = {}, τ_w = {}{}",
        counted(record.presentations.len(), "example"),
        in_unit(times.present),
        match settings.start {
            Start::Previous => "each from where the one before left off, the first from rest",
            start => start.words(),
        },
        in_unit(times.tau_c),
        in_unit(times.tau_w),
        match times.gate {
            0.0 => String::new(),
            gate => format!(", plasticity from t_g = {} on", in_unit(gate)),
        },
    );
    text.push_str(&wrapped(0, &shown));
    let integrator = format!(
        "Dormand–Prince 5(4), tolerance {:e}; a tenth of it changes no deviation below by more than {:.0e} of itself",
        settings.rtol,
        record.tolerance.max(1e-16),
    );
    text.push_str(&wrapped(0, &integrator));
    let measure = format!(
        "the change of the weights against backpropagation: ‖D + g‖/‖g‖, D = ΔW/η, η = {}",
        short(times.learning_rate()),
    );
    text.push('\n');
    text.push_str(&wrapped(0, &measure));
    text.push_str(&presentations(record));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nexcitation and inhibition at the end of each presentation (D1, D2)");
    text.push_str(&balances(record));
    if !sweeps.is_empty() {
        text.push('\n');
        text.push_str(&wrapped(
            0,
            "deviation against each ratio of timescales, two decades each, the others kept out by the start",
        ));
        for (name, sweep) in *sweeps {
            let _ = write!(text, "\n{}", wrapped(0, name));
            text.push_str(&curves(sweep));
            text.push_str(&factors(sweep));
        }
        text.push('\n');
        text.push_str(&wrapped(
            0,
            "factor: deviation/ratio, and below it the law (D10) where there is one: h + 1 time constants a layer h hops \
             from the output; ‖H g‖/(2‖g‖) where the weights move",
        ));
        let tolerance = format!(
            "tolerance {:e}; a tenth of it changes no point by more than {:.0e} of itself",
            sweeps[0].1.rtol,
            worst(sweeps).max(1e-16),
        );
        text.push_str(&wrapped(0, &tolerance));
    }
    text.push_str(&written(files));
    text
}

fn worst(sweeps: &[(String, Sweep)]) -> f64 {
    let curves = sweeps.iter().flat_map(|(_, sweep)| &sweep.curves);
    curves.flat_map(|curve| &curve.points).map(|point| point.tolerance).fold(0.0, f64::max)
}

fn presentations(record: &Record) -> String {
    let mut table = grid();
    let blocks = record.net.blocks().iter().map(|block| block.name.clone());
    let head = ["example", "‖g‖", "total", "rescaled"].map(str::to_owned);
    table.set_header(head.into_iter().chain(blocks).chain(["steps".to_owned()]));
    for presentation in &record.presentations {
        let Deviation { relative, rescaled } = presentation.deviations.total;
        let mut row = vec![(presentation.example + 1).to_string(), short(presentation.gradient)];
        row.extend([short(relative), short(rescaled)]);
        row.extend(presentation.deviations.blocks.iter().map(|block| short(block.relative)));
        row.push(presentation.steps.0.to_string());
        table.add_row(row);
    }
    drawn(table)
}

/// The kept neurons; clamped ones have no balance.
fn balances(record: &Record) -> String {
    let mut table = grid();
    table.set_header(["example", "neuron", "E", "I", "s = E − I", "β"]);
    for presentation in &record.presentations {
        let kept = record.settings.neurons.iter().filter(|&&n| !record.net.is_input(n));
        for (k, &neuron) in kept.enumerate() {
            let found = presentation.balance[neuron];
            let example = match k {
                0 => (presentation.example + 1).to_string(),
                _ => String::new(),
            };
            table.add_row(vec![
                example,
                record.net.name(neuron).to_owned(),
                short(found.excitation),
                short(found.inhibition),
                short(found.net_input),
                short(found.balance_factor),
            ]);
        }
    }
    drawn(table)
}

fn curves(sweep: &Sweep) -> String {
    let mut table = grid();
    table.set_header(["ratio", "start", "slope", "within 1 %\nup to"]);
    for curve in &sweep.curves {
        table.add_row(vec![
            curve.ratio.symbol().to_owned(),
            curve.ratio.setting().to_owned(),
            format!("{:.3}", curve.slope),
            within(curve),
        ]);
    }
    drawn(table)
}

/// The factor of each block, and below it the law where there is one.
fn factors(sweep: &Sweep) -> String {
    let mut table = grid();
    let blocks = sweep.blocks.iter().cloned();
    let head = ["ratio", "start"].map(str::to_owned);
    table.set_header(head.into_iter().chain(blocks));
    for curve in &sweep.curves {
        let mut add = |names: [&str; 2], values: &[f64]| {
            let values = values.iter().map(|value| format!("{value:.3}"));
            table.add_row(names.map(str::to_owned).into_iter().chain(values).collect::<Vec<_>>());
        };
        add([curve.ratio.symbol(), curve.ratio.setting()], &curve.factors);
        let law: Option<Vec<f64>> = curve.predicted.iter().copied().collect();
        if let Some(law) = law {
            add(["", "the law"], &law);
        }
    }
    format!("\n{}", drawn_by(table, 2))
}

/// The ratio at which the deviation reaches 1 %, or that it is outside of the sweep.
fn within(curve: &Curve) -> String {
    let (first, last) = (curve.points.first(), curve.points.last());
    match (curve.within, first, last) {
        (Some(ratio), _, _) => format!("{ratio:.5}"),
        (_, Some(first), _) if first.deviations.total.relative > WITHIN => {
            format!("below {:.0e}", first.ratio)
        }
        (_, _, Some(last)) => format!("above {:.0e}", last.ratio),
        _ => "—".to_owned(),
    }
}

fn number(value: f64) -> Json {
    if value.is_finite() { Json::Float(rounded(value)) } else { Json::Null }
}

fn numbers(values: impl IntoIterator<Item = f64>) -> Json {
    Json::array(values, number)
}

fn settings(subject: &Simulated<'_>) -> Json {
    let settings = &subject.record.settings;
    let times = &settings.times;
    Json::object([
        ("tau_x", number(times.tau_x)),
        ("tau_c", number(times.tau_c)),
        ("tau_w", number(times.tau_w)),
        ("present", number(times.present)),
        ("gate", number(times.gate)),
        ("start", Json::text(settings.start.words())),
        ("rtol", number(settings.rtol)),
        ("tolerance_effect", number(subject.record.tolerance)),
    ])
}

fn deviation(found: Deviation) -> Json {
    Json::object([("relative", number(found.relative)), ("rescaled", number(found.rescaled))])
}

/// The summary as a document, `creditcheck/simulation/1`; floats have nine digits.
#[must_use]
pub fn simulated_json(subject: &Simulated<'_>) -> Json {
    let record = subject.record;
    let presentation = |found: &crate::simulate::timescales::Recorded| {
        let blocks = record.net.blocks().iter().zip(&found.deviations.blocks);
        let blocks = blocks.map(|(block, found)| (block.name.clone(), deviation(*found)));
        Json::object([
            ("example", Json::count(found.example)),
            ("gradient_norm", number(found.gradient)),
            ("total", deviation(found.deviations.total)),
            ("blocks", Json::object(blocks)),
            ("steps", Json::count(usize::try_from(found.steps.0).unwrap_or(usize::MAX))),
        ])
    };
    let curve = |sweep: &Sweep, curve: &Curve| {
        let laws = curve.predicted.iter().map(|law| law.map_or(Json::Null, number)).collect();
        let block = |(k, name): (usize, &String)| {
            let of = |value: &dyn Fn(Deviation) -> f64| {
                numbers(curve.points.iter().map(|point| value(part(point, k))))
            };
            let series = [("relative", of(&|d| d.relative)), ("rescaled", of(&|d| d.rescaled))];
            (name.clone(), Json::object(series))
        };
        Json::object([
            ("ratio", Json::text(curve.ratio.key())),
            ("setting", Json::text(curve.ratio.setting())),
            ("slope", number(curve.slope)),
            ("within_1_percent", curve.within.map_or(Json::Null, number)),
            ("factors", numbers(curve.factors.iter().copied())),
            ("law", Json::Array(laws)),
            ("values", numbers(curve.points.iter().map(|point| point.ratio))),
            ("deviations", Json::object(sweep.blocks.iter().enumerate().map(block))),
        ])
    };
    let sweep = |(name, sweep): &(String, Sweep)| {
        Json::object([
            ("network", Json::text(name)),
            ("blocks", Json::array(&sweep.blocks, Json::text)),
            ("rtol", number(sweep.rtol)),
            ("curves", Json::array(&sweep.curves, |found| curve(sweep, found))),
        ])
    };
    Json::object([
        ("format", Json::text("creditcheck/simulation/1")),
        ("network", Json::text(network(subject.case))),
        ("settings", settings(subject)),
        ("presentations", Json::array(&record.presentations, presentation)),
        ("sweeps", Json::array(subject.sweeps, sweep)),
        ("files", Json::array(subject.files, Json::text)),
    ])
}

/// The traces as a document, `creditcheck/traces/1`.
///
/// `neurons[].name` and `synapses[].name` say whose the series are; `presentations[].time` is in τ_x since the example appeared, and
/// `x`, `c`, `E`, `I`, `s`, `beta` hold one series per neuron, `w` one per synapse, each as long as `time`. Clamped neurons have
/// E = I = s = β = 0. Floats have nine digits.
#[must_use]
pub fn traces_json(subject: &Simulated<'_>) -> Json {
    let record = subject.record;
    let net = &record.net;
    let neuron = |&neuron: &usize| {
        Json::object([
            ("neuron", Json::count(neuron)),
            ("name", Json::text(net.name(neuron))),
            ("is_input", Json::Bool(net.is_input(neuron))),
        ])
    };
    let synapse = |&synapse: &usize| {
        let (post, pre) = net.ends(synapse);
        Json::object([
            ("synapse", Json::count(synapse)),
            ("name", Json::text(synapse_name(record, synapse))),
            ("post", Json::count(post)),
            ("pre", Json::count(pre)),
        ])
    };
    let presentation = |(k, found): (usize, &crate::simulate::timescales::Recorded)| {
        let samples: Vec<&Sample> = record.samples.iter().filter(|s| s.presentation == k).collect();
        let series = |count: usize, of: &dyn Fn(&Sample, usize) -> f64| {
            Json::array(0..count, |k| numbers(samples.iter().map(|sample| of(sample, k))))
        };
        let neurons = record.settings.neurons.len();
        let unit = record.settings.times.tau_x;
        Json::object([
            ("example", Json::count(found.example)),
            ("time", numbers(samples.iter().map(|sample| sample.time / unit))),
            ("x", series(neurons, &|sample, k| sample.firing_rate[k])),
            ("c", series(neurons, &|sample, k| sample.credit[k])),
            ("E", series(neurons, &|sample, k| sample.balance[k].excitation)),
            ("I", series(neurons, &|sample, k| sample.balance[k].inhibition)),
            ("s", series(neurons, &|sample, k| sample.balance[k].net_input)),
            ("beta", series(neurons, &|sample, k| sample.balance[k].balance_factor)),
            ("w", series(record.synapses.len(), &|sample, k| sample.weights[k])),
        ])
    };
    Json::object([
        ("format", Json::text("creditcheck/traces/1")),
        ("network", Json::text(network(subject.case))),
        ("settings", settings(subject)),
        ("neurons", Json::array(&record.settings.neurons, neuron)),
        ("synapses", Json::array(&record.synapses, synapse)),
        ("presentations", Json::array(record.presentations.iter().enumerate(), presentation)),
    ])
}
