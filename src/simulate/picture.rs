//! What the figures of the simulations share: colours, powers of ten on linear axes, digits.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::ReferenceLine;
use kuva::render::figure::Figure;
use kuva::render::layout::{Layout, TickFormat};

use crate::foreign::Foreign;

// Told apart by readers who see no red or green (Okabe & Ito).
/// The first colour of every figure.
pub const BLUE: &str = "#0072b2";
/// The second colour of every figure.
pub const ORANGE: &str = "#d55e00";
pub(super) const PURPLE: &str = "#7b4173";
pub(super) const GREY: &str = "#888888";
/// One a line, then again from the start.
pub(super) const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#7b4173", "#e69f00", "#56b4e9", "#cc79a7", "#555555"];

/// The scene as text.
pub(super) fn svg(figure: Figure) -> String {
    SvgBackend::new().render_scene(&figure.render())
}

/// Foreign text in a picture, whose library reads what stands between two dollars as mathematics.
pub(super) fn words(text: &str) -> String {
    Foreign(text).to_string().replace('$', r"\$")
}

/// Foreign text as a field of a row; one that holds a comma or a quotation mark stands in quotation marks.
pub(super) fn field(text: &str) -> String {
    let shown = Foreign(text).to_string();
    if shown.contains([',', '"']) { format!("\"{}\"", shown.replace('"', "\"\"")) } else { shown }
}

/// Small type and a faint grid.
pub(super) fn calm(layout: Layout) -> Layout {
    layout.with_title_size(14).with_label_size(13).with_tick_size(11).with_body_size(11)
}

/// A dashed horizontal line with its name.
pub(super) fn rule(y: f64, colour: &str, name: &str) -> ReferenceLine {
    let line = ReferenceLine::horizontal(y).with_color(colour).with_dasharray("4 4");
    if name.is_empty() { line } else { line.with_label(name) }
}

/// Ticks of an axis that holds logarithms: 10⁻³, 10⁻², … and nothing between whole powers.
pub(super) fn powers_of_ten() -> TickFormat {
    TickFormat::Custom(Arc::new(|value| {
        if (value - value.round()).abs() > 1e-6 {
            String::new()
        } else {
            power_of_ten(value.round())
        }
    }))
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

/// Nine significant digits, in the shortest form; empty for what is no number.
///
/// Rounded, so that the last bits of a logarithm or a matrix product do not tell machines apart.
pub(super) fn digits(value: f64) -> String {
    if value.is_finite() { rounded(value).to_string() } else { String::new() }
}

/// The float nearest to the first nine digits, which are the same on every machine.
///
/// ```
/// assert_eq!(creditcheck::simulate::rounded(1.0 / 3.0), 0.333333333);
/// ```
#[must_use]
pub fn rounded(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
