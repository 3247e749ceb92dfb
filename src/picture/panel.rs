//! A panel: curves with marks and bands, and what they are called.

use std::sync::Arc;

use kuva::plot::annotations::ReferenceLine;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Scene, render_multiple};

/// Curves of more points than this have a mark at some of them only.
const DENSE: usize = 20;

/// How large the panels of a page are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub width: f64,
    pub height: f64,
    /// The part of the height that the names of the curves take.
    pub legend: f64,
}

/// A point, and the ends of the band there; where they are not finite there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    pub band: (f64, f64),
}

/// A curve in the legend.
pub(crate) struct Named {
    pub name: String,
    pub colour: String,
    pub is_dashed: bool,
}

/// A picture, if there was anything to draw, and what its curves are called.
pub(crate) struct Panel {
    pub picture: Option<Scene>,
    pub legend: Vec<Named>,
}

/// What a panel is made of.
pub(crate) struct Drawing {
    plots: Vec<Plot>,
    legend: Vec<Named>,
    lines: Vec<ReferenceLine>,
    /// How many curves are drawn already.
    curves: usize,
    /// The lowest value drawn.
    pub lowest: f64,
}

impl Drawing {
    pub fn new() -> Self {
        let (plots, legend, lines) = (Vec::new(), Vec::new(), Vec::new());
        Self { plots, legend, lines, curves: 0, lowest: f64::INFINITY }
    }

    /// A curve with marks, and its band.
    pub fn curve(&mut self, name: &str, colour: &str, is_dashed: bool, points: &[Point]) {
        let points: Vec<&Point> = points.iter().filter(|point| point.y.is_finite()).collect();
        if points.is_empty() {
            return;
        }
        let lower = points.iter().flat_map(|point| [point.band.0, point.y]);
        self.lowest = lower.filter(|value| value.is_finite()).fold(self.lowest, f64::min);
        let data: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
        // Of curves that coincide the lower ones are wider and have larger marks, or marks at other places: none is hidden.
        // A handful of curves.
        #[allow(clippy::cast_precision_loss)]
        let above = self.curves as f64;
        self.curves += 1;
        let line = LinePlot::new().with_data(data.clone()).with_color(colour);
        let line = line.with_stroke_width((3.4 - 0.35 * above).max(1.4));
        let mut line = if is_dashed { line.with_dashed() } else { line };
        if points.iter().any(|point| point.band.0.is_finite() || point.band.1.is_finite()) {
            let edge = |of: fn(&Point) -> f64| -> Vec<f64> {
                let value =
                    |point: &&Point| if of(point).is_finite() { of(point) } else { point.y };
                points.iter().map(value).collect()
            };
            line = line.with_band(edge(|point| point.band.0), edge(|point| point.band.1));
        }
        self.plots.push(Plot::Line(line));
        let (first, step) = match data.len() {
            0..DENSE => (0, 1),
            _ => (self.curves, 8),
        };
        let marked: Vec<(f64, f64)> = data.into_iter().skip(first).step_by(step).collect();
        self.marks(&marked, colour, (4.4 - 0.5 * above).max(1.8));
        self.name(name, colour, is_dashed);
    }

    /// A line alone.
    pub fn line(&mut self, points: &[(f64, f64)], colour: &str, is_dashed: bool, width: f64) {
        let line = LinePlot::new().with_data(points.iter().copied()).with_color(colour);
        let line = line.with_stroke_width(width);
        self.plots.push(Plot::Line(if is_dashed { line.with_dashed() } else { line }));
    }

    /// Marks alone.
    pub fn marks(&mut self, points: &[(f64, f64)], colour: &str, size: f64) {
        if !points.is_empty() {
            let marks = ScatterPlot::new().with_data(points.iter().copied()).with_color(colour);
            self.plots.push(Plot::Scatter(marks.with_size(size)));
        }
    }

    /// A name in the legend.
    pub fn name(&mut self, name: &str, colour: &str, is_dashed: bool) {
        let (name, colour) = (name.to_owned(), colour.to_owned());
        self.legend.push(Named { name, colour, is_dashed });
    }

    /// A dashed line across.
    pub fn level(&mut self, name: &str, y: f64, colour: &str) {
        if y.is_finite() {
            let line = ReferenceLine::horizontal(y).with_color(colour).with_dasharray("5 3");
            self.lines.push(line);
            self.name(name, colour, true);
        }
    }

    /// A dotted line upwards.
    pub fn upright(&mut self, name: &str, x: f64, colour: &str) {
        if x.is_finite() {
            self.lines.push(ReferenceLine::vertical(x).with_color(colour).with_dasharray("3 4"));
            self.name(name, colour, true);
        }
    }

    /// The panel, its axes shaped by `shape`; an empty frame would have no axes to speak of.
    pub fn finished(
        self,
        size: Size,
        [title, x, y]: [&str; 3],
        shape: impl FnOnce(Layout) -> Layout,
    ) -> Panel {
        let Self { plots, legend, lines, .. } = self;
        if plots.is_empty() {
            return Panel { picture: None, legend };
        }
        let mut layout = Layout::auto_from_plots(&plots)
            .with_title(title)
            .with_title_size(14)
            .with_x_label(x)
            .with_label_size(12)
            .with_tick_size(11)
            .with_body_size(10)
            .with_width(size.width - 14.0)
            .with_height(size.height - size.legend)
            .with_tick_format(TickFormat::Custom(Arc::new(short)));
        if !y.is_empty() {
            layout = layout.with_y_label(y);
        }
        for line in lines {
            layout = layout.with_reference_line(line);
        }
        Panel { picture: Some(render_multiple(plots, shape(layout))), legend }
    }
}

/// Three places, without zeros at the end.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
