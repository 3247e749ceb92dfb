//! What the figures share: colours, powers of ten on linear axes, panels and pages.

mod page;
mod panel;

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::ReferenceLine;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::Scene;

use crate::foreign::Foreign;

pub(crate) use page::{GREY_INK, INK, MARGIN, Page, area, frame};
pub(crate) use panel::{Drawing, Panel, Point, Size};

// Told apart by readers who see no red or green (Okabe & Ito).
/// The first colour of every figure.
pub const BLUE: &str = "#0072b2";
/// The second colour of every figure.
pub const ORANGE: &str = "#d55e00";
pub(crate) const PURPLE: &str = "#7b4173";
pub(crate) const GREY: &str = "#888888";
/// One a line, then again from the start.
pub(crate) const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#7b4173", "#e69f00", "#56b4e9", "#cc79a7", "#555555"];

/// What kuva calls the clip of a panel, before a number that it counts over the life of the process.
const CLIP: &str = "kuva-clip-";

/// The scene as text, the same bytes for the same scene: its clips are numbered anew.
pub(crate) fn svg(scene: &Scene) -> String {
    let text = SvgBackend::new().render_scene(scene);
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = text.split(CLIP);
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let place = seen.iter().position(|known| *known == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        renumbered.push_str(&format!("clip-{place}{rest}"));
    }
    renumbered
}

/// Panels in a grid under a title, as SVG; the last column is wider by the room that a legend takes beside it.
pub(crate) fn grid(
    title: &str,
    columns: usize,
    (width, height): (f64, f64),
    legend: f64,
    panels: Vec<(Vec<Plot>, Layout)>,
) -> String {
    let rows = panels.len().div_ceil(columns.max(1));
    let (plots, layouts) = panels.into_iter().unzip();
    let figure = Figure::new(rows, columns)
        .with_title(title)
        .with_title_size(16)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(width, height)
        .with_col_width(columns.saturating_sub(1), width + legend);
    svg(&figure.render())
}

/// Foreign text in a picture, whose library reads what stands between two dollars as mathematics.
pub(crate) fn words(text: &str) -> String {
    Foreign(text).to_string().replace('$', r"\$")
}

/// Small type and a faint grid.
pub(crate) fn calm(layout: Layout) -> Layout {
    layout.with_title_size(14).with_label_size(13).with_tick_size(11).with_body_size(11)
}

/// A dashed horizontal line with its name.
pub(crate) fn rule(y: f64, colour: &str, name: &str) -> ReferenceLine {
    let line = ReferenceLine::horizontal(y).with_color(colour).with_dasharray("4 4");
    if name.is_empty() { line } else { line.with_label(name) }
}

/// Ticks with words at whole numbers, and nothing between.
pub(crate) fn at_whole(words: impl Fn(f64) -> String + Send + Sync + 'static) -> TickFormat {
    TickFormat::Custom(Arc::new(move |value| match (value - value.round()).abs() > 1e-6 {
        true => String::new(),
        false => words(value.round()),
    }))
}

/// Ticks of an axis that holds logarithms: 10⁻³, 10⁻², …
pub(crate) fn powers_of_ten() -> TickFormat {
    at_whole(power_of_ten)
}

/// 10 with its exponent raised.
fn power_of_ten(exponent: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |c: char| match c.to_digit(10) {
        Some(digit) => DIGITS.get(digit as usize).copied().unwrap_or(c),
        None => '⁻',
    };
    format!("10{}", format!("{exponent:.0}").chars().map(raised).collect::<String>())
}
