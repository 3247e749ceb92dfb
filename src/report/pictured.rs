//! `check --svg`: theirs beside the exact gradient, entry by entry, as a picture.

use std::sync::Arc;

use kuva::plot::annotations::ShadedRegion;
use kuva::render::layout::{Layout, TickFormat};

use super::how_far::short;
use crate::picture::{
    BLUE, Drawing, GREY, ORANGE, PURPLE, Page, Panel, Size, powers_of_ten, words,
};
use crate::spec::Number;
use crate::verdict::judge::{BlockJudgement, Judgement, Nearness, Point};

/// One panel: nearly square, with a line of names below.
const SIZE: Size = Size { width: 400.0, height: 372.0, legend: 52.0 };
/// Panels beside one another: two blocks, or a block of floats and its errors.
const ACROSS: usize = 2;
/// More blocks than these are not drawn.
const MOST_BLOCKS: usize = 48;
/// More entries of one colour than these in a block are thinned out.
const MOST_POINTS: usize = 1500;

/// How an entry is drawn and how much larger than the least remarkable ones, which come first, so that what differs lies on top.
const KINDS: [(&str, &str, f64); 6] = [
    ("exact or nearest", BLUE, 1.0),
    ("within its bound", "#56b4e9", 1.0),
    ("plausible", "#009e73", 1.0),
    ("not the nearest float", GREY, 1.0),
    ("implausible", PURPLE, 1.3),
    ("different", ORANGE, 1.3),
];
/// Beyond the bound.
const FAINT: &str = "#fdece2";

/// Which of [`KINDS`] an entry is.
fn kind(nearness: Nearness) -> usize {
    match nearness {
        Nearness::Exact | Nearness::CorrectlyRounded => 0,
        Nearness::WithinBound => 1,
        Nearness::Plausible => 2,
        Nearness::Unjudged => 3,
        Nearness::Implausible => 4,
        Nearness::Different => 5,
    }
}

/// The judgement of a file against a case as a page of SVG: of each block theirs against the exact entries, and of floats the errors.
///
/// The same bytes for the same judgement, on every machine.
#[must_use]
pub fn pictured((file, case): (&str, &str), judgement: &Judgement) -> String {
    let blocks: Vec<_> = judgement.blocks.iter().filter(|block| !block.points.is_empty()).collect();
    let mut said = vec![format!("against {}", words(case)), verdict(judgement)];
    said.push(match blocks.len() > MOST_BLOCKS {
        true => format!("One dot an entry; the first {MOST_BLOCKS} of {} blocks.", blocks.len()),
        false => "One dot an entry. On the line both numbers are equal.".to_owned(),
    });
    let mut page = Page::new(&words(file), &said, SIZE, ACROSS);
    page.top += 6.0;
    let mut panels = Vec::new();
    for block in blocks.into_iter().take(MOST_BLOCKS) {
        panels.push(entries(block));
        panels.extend(block.held.dtype().map(|_| errors(block)));
    }
    page.panels(panels, SIZE, ACROSS);
    page.finished()
}

fn verdict(judgement: &Judgement) -> String {
    let found = match judgement.unchecked() {
        Some(why) => format!("unchecked: {}", why.words()),
        None => judgement.nearness().words().to_owned(),
    };
    let by = match &judgement.declared {
        Some(declared) => format!(", judged by {}", declared.rule),
        None => String::new(),
    };
    words(&format!("verdict: {found}{by}"))
}

/// Theirs against the exact entries, and the line on which both are equal.
fn entries(block: &BlockJudgement) -> Panel {
    let mut drawing = Drawing::new();
    let both = block.points.iter().flat_map(|point| [point.exact, point.theirs]);
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = both.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    // A block of one value has no extent of its own.
    let beside = if high > low { 0.06 * (high - low) } else { high.abs().max(1.0) * 0.5 };
    let (low, high) = (low - beside, high + beside);
    drawing.line(&[(low, low), (high, high)], "#c4c9cf", false, 1.2);
    for of_kind in 0..KINDS.len() {
        let here = |point: &&Point| kind(point.nearness) == of_kind;
        let points: Vec<_> = block.points.iter().filter(here).collect();
        let at = |point: &Point| Some((point.exact, point.theirs));
        dots(&mut drawing, (of_kind, block.held), &points, at);
    }
    let title = match block.held {
        Number::Exact => block.name.clone(),
        Number::Float(_) | Number::Grid(_) => format!("{}, {}", block.name, block.held.in_words()),
    };
    drawing.finished(SIZE, [&title, "exact", "theirs"], |layout| {
        let layout = layout.with_x_axis_min(low).with_x_axis_max(high);
        plain(layout.with_y_axis_min(low).with_y_axis_max(high))
    })
}

/// The errors over the size of the entry, on logarithmic axes: in parts of the bound, or in ulps where there is none.
fn errors(block: &BlockJudgement) -> Panel {
    let mut drawing = Drawing::new();
    let has_bound = block.points.iter().all(|point| point.of_bound.is_finite());
    let error = |point: &Point| if has_bound { point.of_bound } else { point.ulps };
    let logarithms = |point: &Point| {
        let at = (point.exact.abs().log10(), error(point).log10());
        (at.0.is_finite() && at.1.is_finite()).then_some(at)
    };
    for of_kind in 0..KINDS.len() {
        let here = |point: &&Point| kind(point.nearness) == of_kind;
        let points: Vec<_> = block.points.iter().filter(here).collect();
        dots(&mut drawing, (of_kind, block.held), &points, logarithms);
    }
    let all = || block.points.iter().filter_map(logarithms);
    let hidden = block.points.len() - all().count();
    let [x, y] = [|at: (f64, f64)| at.0, |at: (f64, f64)| at.1];
    let from = |of: fn((f64, f64)) -> f64| all().map(of).fold(f64::INFINITY, f64::min).floor();
    let to = |of: fn((f64, f64)) -> f64| all().map(of).fold(f64::NEG_INFINITY, f64::max).ceil();
    let (left, right) = (from(x), to(x).max(from(x) + 1.0));
    let (mut low, mut high) = (from(y), to(y));
    let title = match has_bound {
        true => format!("errors, at most {} of the bound", short(block.of_bound)),
        false => format!("errors, at most {} ulps", short(block.largest)),
    };
    if has_bound && low.is_finite() {
        drawing.level("the bound", 0.0, GREY);
        (low, high) = ((low - 0.2).floor().min(-1.0), (high + 0.2).ceil().max(1.0));
    }
    let high = high.max(low + 1.0);
    let x = match hidden {
        0 => "exact entry, its size".to_owned(),
        hidden => format!("exact entry, its size; {hidden} without error, or zero: not drawn"),
    };
    let y = if has_bound { "error, of its bound" } else { "error in ulps" };
    let step = |from: f64, to: f64| ((to - from) / 8.0).ceil().max(1.0);
    drawing.finished(SIZE, [&title, &x, y], |layout| {
        let layout = layout.with_x_tick_format(powers_of_ten()).with_y_tick_format(powers_of_ten());
        let layout = layout.with_x_tick_step(step(left, right)).with_y_tick_step(step(low, high));
        let layout = layout.with_x_axis_min(left).with_x_axis_max(right);
        let layout = light(layout.with_y_axis_min(low).with_y_axis_max(high));
        let beyond = ShadedRegion::horizontal(0.0, high).with_color(FAINT).with_opacity(1.0);
        if has_bound { layout.with_shaded_region(beyond) } else { layout }
    })
}

/// The dots of one colour, thinned out where they are many, and their name with how many there are.
fn dots(
    drawing: &mut Drawing,
    (of_kind, held): (usize, Number),
    points: &[&Point],
    at: impl Fn(&Point) -> Option<(f64, f64)>,
) {
    let (name, colour, larger) = KINDS[of_kind];
    let name = if held == Number::Exact && of_kind == 0 { "equal" } else { name };
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let drawn: Vec<_> = points.iter().step_by(step).filter_map(|point| at(point)).collect();
    if drawn.is_empty() {
        return;
    }
    // A few dots are large, many are small.
    let radius = if drawn.len() > 200 { 2.2 } else { 3.6 };
    drawing.marks(&drawn, colour, radius * larger);
    let name = match step {
        1 => format!("{name}: {}", points.len()),
        _ => format!("{name}: {}, one dot for {step}", points.len()),
    };
    drawing.name(&name, colour, false);
}

/// Numbers of any size on both axes.
fn plain(layout: Layout) -> Layout {
    let format = || TickFormat::Custom(Arc::new(tick));
    light(layout).with_x_tick_format(format()).with_y_tick_format(format()).with_ticks(5)
}

/// A grid that is felt rather than seen.
fn light(layout: Layout) -> Layout {
    layout.with_grid_line_width(0.4).with_axis_line_width(0.8).with_tick_width(0.8)
}

/// Three digits, without zeros at the end.
fn tick(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        1e-2..1e4 => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.1e}"),
    }
}
