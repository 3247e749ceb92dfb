//! The panels of an arm.

use kuva::backend::svg::SvgBackend;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use super::super::network::Arm;
use super::super::settings::Plan;
use super::super::sweep::Run;
use super::super::table::{Group, Table};
use super::{LEGEND, PANEL};

/// Blue, vermilion, green, purple, orange, sky (Okabe and Ito): told apart by everybody.
const COLOURS: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/// A curve: what it is called, a column, whether of the control, whether dashed.
type Curve = (&'static str, &'static str, bool, bool);

/// A panel: its picture, and what its curves are called, each with a colour and whether it is dashed.
pub(super) struct Drawn {
    pub picture: String,
    pub legend: Vec<(String, String, bool)>,
}

/// The panels, in reading order.
pub(super) fn of_arm(plan: &Plan, table: &Table, runs: &[Run], arm: Arm) -> Vec<Drawn> {
    let control = plan.settings.finish.is_some();
    let mut communities: Vec<Curve> = vec![
        ("|W|, whole net", "w_effective_hidden", false, false),
        ("|W−W₀|, whole net", "change_effective_hidden", false, false),
        ("|W−W₀|, hidden alone", "change_hidden_effective", false, false),
    ];
    let mut above: Vec<Curve> = vec![
        ("hidden |W−W₀|, shuffled", "change_hidden_q_above_shuffled", false, false),
        ("hidden |W−W₀|, strengths", "change_hidden_q_above_strengths", false, true),
        ("whole |W|, shuffled", "w_q_above_shuffled", false, false),
        ("whole |W|, strengths", "w_q_above_strengths", false, true),
    ];
    let mut eigenvalue: Vec<Curve> = vec![
        ("mean over examples", "re_eigenvalue_mean", false, false),
        ("largest of them", "re_eigenvalue_max", false, false),
    ];
    let mut both_ways: Vec<Curve> = vec![
        ("reciprocity", "reciprocity", false, false),
        ("symmetry (cosine)", "symmetry", false, false),
    ];
    if control {
        communities.push(("|W|, finished at .03", "w_effective_hidden", true, true));
        above.push(("the first, finished at .03", "change_hidden_q_above_shuffled", true, true));
        eigenvalue.push(("mean, finished at .03", "re_eigenvalue_mean", true, true));
        both_ways.push(("reciprocity, finished at .03", "reciprocity", true, true));
    }
    let mut blocks: Vec<Curve> = vec![
        ("input → hidden", "change_input_to_hidden", false, false),
        ("hidden → hidden", "change_hidden_to_hidden", false, false),
        ("hidden → output", "change_hidden_to_output", false, false),
        ("output → hidden", "change_output_to_hidden", false, false),
        ("output → output", "change_output_to_output", false, false),
    ];
    if arm == Arm::A {
        blocks.push(("input → output", "change_input_to_output", false, false));
    }
    let lesions: Vec<Curve> = vec![
        ("intact", "held_out_accuracy", false, false),
        ("hidden–hidden cut", "held_out_accuracy_cut", false, false),
    ];
    let likeness: Vec<Curve> = vec![
        ("|W−W₀|, same seed", "change_ami_same_seed", false, false),
        ("hidden |W−W₀|, same seed", "change_hidden_ami_same_seed", false, false),
        ("|W−W₀|, other seeds", "change_ami_across_seeds", false, true),
        ("floor: labels shuffled", "change_ami_shuffled", false, true),
    ];
    let panel = Panel { plan, table, arm };
    vec![
        panel.draw("Effective communities of hidden neurons", &communities, Some(0.0)),
        panel.draw("Modularity above two null models, Q − Q_null", &above, None),
        panel.draw("max Re eig(diag β · W): settles below 1", &eigenvalue, Some(0.0)),
        panel.draw("W − W₀ both ways, among hidden and outputs", &both_ways, None),
        panel.draw("‖W − W₀‖ of each block", &blocks, Some(0.0)),
        panel.draw("Held-out accuracy, and after a lesion", &lesions, None),
        panel.draw("Likeness to the lowest rate's partition, AMI", &likeness, None),
        courses(plan, runs, arm),
    ]
}

struct Panel<'a> {
    plan: &'a Plan,
    table: &'a Table,
    arm: Arm,
}

impl Panel<'_> {
    /// The curves over the rates at which the last loss was reached by at least two seeds.
    fn draw(&self, title: &str, curves: &[Curve], from: Option<f64>) -> Drawn {
        let groups = self.table.groups();
        let last = self.plan.settings.losses.last();
        let (mut plots, mut legend) = (Vec::new(), Vec::new());
        for ((name, column, is_control, is_dashed), colour) in curves.iter().zip(COLOURS) {
            let Some(column) = self.table.column(column) else { continue };
            let of_curve = |group: &&Group| {
                (group.arm, group.is_control) == (self.arm, *is_control)
                    && Some(&group.asked) == last
                    && group.statistics[column].count >= 2
            };
            let shown: Vec<&Group> = groups.iter().filter(of_curve).collect();
            let points = || shown.iter().map(|group| (group.rate, group.statistics[column].mean));
            legend.push(((*name).to_owned(), colour.to_owned(), *is_dashed));
            let mut line =
                LinePlot::new().with_data(points()).with_color(colour).with_stroke_width(2.0);
            if *is_dashed {
                line = line.with_dashed();
            }
            if !self.plan.preview {
                let edge = |sign: f64| {
                    let statistics = shown.iter().map(|group| group.statistics[column]);
                    statistics.map(move |s| s.mean + sign * s.half_width).collect::<Vec<f64>>()
                };
                line = line.with_band(edge(-1.0), edge(1.0));
            }
            plots.push(Plot::Line(line));
            plots.push(Plot::Scatter(
                ScatterPlot::new().with_data(points()).with_color(colour).with_size(2.6),
            ));
        }
        Drawn { picture: finished(plots, title, "learning rate η", from), legend }
    }
}

/// The loss against η·steps, of the first seed, one curve a rate.
fn courses(plan: &Plan, runs: &[Run], arm: Arm) -> Drawn {
    let first = plan.keys.first().map(|key| key.seed);
    let rates: Vec<&Run> = plan
        .keys
        .iter()
        .filter(|key| key.arm == arm && Some(key.seed) == first)
        .filter_map(|key| runs.iter().find(|run| run.key == *key))
        .collect();
    let (mut plots, mut legend) = (Vec::new(), Vec::new());
    for (k, run) in rates.iter().enumerate() {
        // From blue to red.
        let shade = |from: usize, to: usize| {
            (from * (rates.len() - 1 - k) + to * k) / (rates.len() - 1).max(1)
        };
        let colour =
            format!("#{:02x}{:02x}{:02x}", shade(0x1f, 0xc8), shade(0x5f, 0x32), shade(0xb4, 0x28));
        let points = run.curve.iter().filter(|(time, _)| *time > 0.0 && *time <= 160.0);
        legend.push((format!("η = {}", run.key.rate), colour.clone(), false));
        let line = LinePlot::new().with_data(points.copied());
        plots.push(Plot::Line(line.with_color(colour).with_stroke_width(1.4)));
    }
    Drawn {
        picture: finished(plots, "Full training loss, first seed", "η · steps", Some(0.0)),
        legend,
    }
}

fn finished(plots: Vec<Plot>, title: &str, x_label: &str, from: Option<f64>) -> String {
    let short = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let mut layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_title_size(13)
        .with_x_label(x_label)
        .with_label_size(11)
        .with_tick_size(10)
        .with_body_size(9)
        .with_width(PANEL.0 - 14.0)
        .with_height(PANEL.1 - LEGEND)
        .with_x_axis_min(0.0)
        .with_tick_format(TickFormat::Custom(std::sync::Arc::new(short)));
    if let Some(from) = from {
        layout = layout.with_y_axis_min(from);
    }
    SvgBackend::new().render_scene(&render_multiple(plots, layout))
}
