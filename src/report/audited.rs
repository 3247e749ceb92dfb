//! What `audit` says of somebody else's floats: as text, as a document, as a picture.

use std::fmt::Write;

use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::ReferenceLine;
use kuva::plot::{BarPlot, LegendPosition};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use num_rational::BigRational;
use num_traits::One;

use super::how_far::{entry_json, float, number, place_json, plausible_json, short, third_line};
use super::{counted, dense_network, drawn, grid, hanging, wrapped};
use crate::certify::audit::Audit;
use crate::foreign::Foreign;
use crate::number::canonical;
use crate::simulate::{BLUE, ORANGE};
use crate::spec::{Arithmetic, Dense, Dtype, Loss};
use crate::verdict::judge::{BlockJudgement, Entry, Nearness};
use crate::verdict::ulps::{HIGHEST_BIN, LOWEST_BIN};
use crate::wire::json::Json;
use crate::wire::tensor::LayerNames;

/// An audit with what it was of.
#[derive(Clone, Copy, Debug)]
pub struct Audited<'a> {
    /// The file of the network.
    pub net: &'a str,
    /// The file of the gradient.
    pub mine: &'a str,
    /// The network.
    pub dense: &'a Dense,
    /// What its tensors are called, where they have names.
    pub names: &'a [LayerNames],
    /// How the files were read, where their names or shapes alone do not say it.
    pub notes: &'a [String],
    /// Their loss divided by ours.
    pub scale: &'a BigRational,
    /// What came of it.
    pub audit: &'a Audit,
}

impl Audited<'_> {
    /// The name of the tensor of a block, where it has one; blocks stand in the order of layers.
    fn tensors(&self) -> Vec<Option<&str>> {
        let mut tensors = Vec::new();
        for (layer, names) in self.dense.layers.iter().zip(self.names) {
            tensors.push(names.weights.as_deref());
            if layer.biases.is_some() {
                tensors.push(names.biases.as_deref());
            }
        }
        tensors
    }

    fn uncertain(&self) -> (usize, usize) {
        let all = &self.audit.uncertain;
        (all.iter().map(|(near, _)| near).sum(), all.iter().map(|(_, of)| of).sum())
    }

    fn verdict(&self) -> &'static str {
        self.audit.verdict().map_or("unchecked", Nearness::words)
    }
}

/// Rounded down, so that 100 % is all of them.
fn percent(count: usize, of: usize) -> String {
    let tenths = (count * 1000).checked_div(of).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// The lines of the table of errors: from a bin (not itself) up to a bin, in ulps.
const COLUMNS: [(&str, i32); 12] = [
    ("≤½", -1),
    ("≤1", 0),
    ("≤2", 1),
    ("≤4", 2),
    ("≤8", 3),
    ("≤16", 4),
    ("≤32", 5),
    ("≤64", 6),
    ("≤2^10", 10),
    ("≤2^20", 20),
    ("≤2^30", 30),
    ("more", HIGHEST_BIN),
];

/// How many entries a block has in the bins after `above` up to `to`.
fn within(block: &BlockJudgement, above: i32, to: i32) -> usize {
    let bins = (LOWEST_BIN..=HIGHEST_BIN).zip(&block.distribution);
    bins.filter(|(k, _)| *k > above && *k <= to).map(|(_, count)| count).sum()
}

/// What a loss is, behind the word.
fn loss_in_words(loss: &Loss) -> String {
    match loss {
        Loss::HalfSquaredError => ": half the squared error, mean over the batch".to_owned(),
        Loss::Reduced { reduction, .. } => {
            format!(": {}, reduction {}", loss.name(), reduction.name())
        }
    }
}

/// The audit as text.
#[must_use]
pub fn audited(subject: &Audited<'_>) -> String {
    let Audited { net, mine, dense, audit, .. } = subject;
    let mut text = wrapped(0, &format!("{mine} against the exact gradient of {net}"));
    let subject_in_words = format!(
        "{} · {} parameters · {} · loss{}",
        dense_network(subject.dense),
        dense.parameters(),
        counted(dense.batch(), "example"),
        match subject.scale.is_one() {
            true => loss_in_words(&subject.dense.loss),
            false => {
                format!(" × {}{}", canonical(subject.scale), loss_in_words(&subject.dense.loss))
            }
        },
    );
    text.push_str(&wrapped(0, &subject_in_words));
    let (near, of) = subject.uncertain();
    let bound_in_words = format!(
        "rounding bound of any evaluation in {}{}; {near} of {of} net inputs {} too near a kink to be certain of their slope",
        audit.arithmetic.name(),
        match audit.arithmetic {
            Arithmetic::Stored(Dtype::Bf16 | Dtype::F16) => ", sums in f32",
            Arithmetic::Stored(Dtype::F64 | Dtype::F32) => "",
            Arithmetic::Products(_) => ", operands of products rounded first, sums in f32",
        },
        if near == 1 { "is" } else { "are" },
    );
    text.push_str(&wrapped(0, &bound_in_words));
    for note in subject.notes {
        text.push_str(&wrapped(0, note));
    }
    text.push('\n');
    text.push_str(&verdicts(subject));
    text.push('\n');
    text.push_str(&errors(audit));
    if let Some(line) = third_line(&audit.judgement.blocks) {
        text.push('\n');
        text.push_str(&wrapped(0, &line));
    }
    text.push_str("\nentries by their error in ulps\n\n");
    text.push_str(&distribution(audit));
    let beyond: usize = audit.judgement.blocks.iter().map(|block| block.beyond).sum();
    if beyond > 0 {
        let count = counted(beyond, "entry").replace("entrys", "entries");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{count} beyond the bound; the furthest of each block\n");
        text.push_str(&entries(audit, |block| &block.wrong));
    }
    text.push_str("\nlargest errors in ulps, block by block\n\n");
    text.push_str(&entries(audit, |block| &block.worst[..block.worst.len().min(2)]));
    if !audit.diagnosis.is_empty() {
        text.push('\n');
    }
    for sentence in &audit.diagnosis {
        text.push_str(&wrapped(0, sentence));
    }
    let verdict = match audit.verdict() {
        Ok(verdict) => verdict.words().to_owned(),
        Err(why) => format!("unchecked: {}", why.words()),
    };
    text.push('\n');
    text.push_str(&wrapped(0, &format!("verdict: {verdict}")));
    text
}

/// What is said of each block.
fn verdicts(subject: &Audited<'_>) -> String {
    let mut table = grid();
    table.set_header(vec!["block", "tensor", "held in", "verdict"]);
    for (block, tensor) in subject.audit.judgement.blocks.iter().zip(subject.tensors()) {
        let mut verdict = block.nearness.words().to_owned();
        if let Some(why) = block.doubt.clone() {
            verdict = format!("unchecked: {why}");
        } else if block.nonzero == 0 {
            verdict.push_str(" (all exact entries are zero)");
        }
        table.add_row(vec![
            block.name.clone(),
            Foreign(tensor.unwrap_or("")).to_string(),
            block.held.name().to_owned(),
            verdict,
        ]);
    }
    drawn(table)
}

/// How far each block is from the exact values.
fn errors(audit: &Audit) -> String {
    let mut table = grid();
    table.set_header(vec![
        "block",
        "entries",
        "correctly\nrounded",
        "median\nulps",
        "largest\nulps",
        "largest\nrelative",
        "share of\nits bound",
    ]);
    for block in &audit.judgement.blocks {
        table.add_row(vec![
            block.name.clone(),
            block.entries.to_string(),
            percent(block.correctly_rounded, block.entries),
            short(block.median),
            short(block.largest),
            short(block.relative),
            short(block.of_bound),
        ]);
    }
    drawn(table)
}

/// How many entries have an error of each size: one line a size, one column a block.
fn distribution(audit: &Audit) -> String {
    let used = COLUMNS.iter().enumerate().filter(|(k, (_, to))| {
        let above = k.checked_sub(1).map_or(LOWEST_BIN - 1, |k| COLUMNS[k].1);
        audit.judgement.blocks.iter().any(|block| within(block, above, *to) > 0)
    });
    let last = used.map(|(k, _)| k).max().unwrap_or(0);
    let mut table = grid();
    let names = audit.judgement.blocks.iter().map(|block| block.name.replacen(" of ", "\nof ", 1));
    table.set_header(std::iter::once("ulps".to_owned()).chain(names).collect::<Vec<_>>());
    let counts = |name: &str, count: &dyn Fn(&BlockJudgement) -> usize| {
        let counts = audit.judgement.blocks.iter().map(|block| count(block).to_string());
        std::iter::once(name.to_owned()).chain(counts).collect::<Vec<_>>()
    };
    table.add_row(counts("none", &|block| block.equal));
    for (k, (name, to)) in COLUMNS[..=last].iter().enumerate() {
        table.add_row(counts(name, &|block| match k.checked_sub(1) {
            None => within(block, LOWEST_BIN - 1, *to) - block.equal,
            Some(k) => within(block, COLUMNS[k].1, *to),
        }));
    }
    drawn(table)
}

/// Single entries, each with both numbers.
fn entries<'a>(audit: &'a Audit, of: impl Fn(&'a BlockJudgement) -> &'a [Entry]) -> String {
    let mut text = String::new();
    for block in &audit.judgement.blocks {
        for entry in of(block) {
            let line = format!(
                "{}: {} ulps, relative {}, {} of its bound",
                entry.words.replacen(':', ",", 1),
                short(entry.ulps),
                short(entry.relative),
                short(entry.of_bound),
            );
            text.push_str(&hanging(0, 2, &line));
            for (word, value) in [("theirs", &entry.theirs), ("exact, rounded", &entry.exact)] {
                let line = format!("{word:<15} {}", float(value, block.held));
                text.push_str(&hanging(2, 18, &line));
            }
        }
    }
    match text.is_empty() {
        true => "none: every entry is the exact value\n".to_owned(),
        false => text,
    }
}

/// The audit as a document.
#[must_use]
pub fn audited_json(subject: &Audited<'_>) -> Json {
    let tensors = subject.tensors();
    let block = |(block, tensor): (&BlockJudgement, &Option<&str>)| {
        let (words, doubt) = (block.nearness.words(), block.doubt.clone());
        Json::object([
            ("name", Json::text(&block.name)),
            ("tensor", tensor.map_or(Json::Null, Json::text)),
            ("number", Json::text(block.held.name())),
            ("verdict", Json::text(doubt.as_ref().map_or(words, |_| "unchecked"))),
            ("reason", doubt.map_or(Json::Null, Json::text)),
            ("entries", Json::count(block.entries)),
            ("nonzero", Json::count(block.nonzero)),
            ("live", Json::count(block.live)),
            ("exact", Json::count(block.equal)),
            ("correctly_rounded", Json::count(block.correctly_rounded)),
            ("beyond", Json::count(block.beyond)),
            ("median_ulps", number(block.median)),
            ("largest_ulps", number(block.largest)),
            ("largest_relative", number(block.relative)),
            ("of_bound", number(block.of_bound)),
            ("refuses", number(block.refuses)),
            ("blind", Json::count(block.blind)),
            ("lowest_bin", Json::Integer(i64::from(LOWEST_BIN))),
            ("distribution", Json::array(&block.distribution, |count| Json::count(*count))),
            ("plausible", plausible_json(block)),
            ("wrong", Json::array(&block.wrong, |e| entry_json(block.held, e, place_json(e)))),
            ("worst", Json::array(&block.worst, |e| entry_json(block.held, e, place_json(e)))),
        ])
    };
    let (near, of) = subject.uncertain();
    Json::object([
        ("format", Json::text("creditcheck/audit/1")),
        ("network", Json::text(dense_network(subject.dense))),
        ("parameters", Json::count(subject.dense.parameters())),
        ("examples", Json::count(subject.dense.batch())),
        ("scale", Json::text(canonical(subject.scale))),
        ("arithmetic", Json::text(subject.audit.arithmetic.name())),
        ("near_a_kink", Json::count(near)),
        ("net_inputs", Json::count(of)),
        ("verdict", Json::text(subject.verdict())),
        ("reason", subject.audit.verdict().err().map_or(Json::Null, |why| Json::text(why.words()))),
        ("notes", Json::array(subject.notes, Json::text)),
        ("diagnosis", Json::array(&subject.audit.diagnosis, Json::text)),
        ("blocks", Json::array(subject.audit.judgement.blocks.iter().zip(&tensors), block)),
    ])
}

/// The distribution of errors as a picture in SVG: one panel a layer, its weights and its biases, each with its smallest bound.
///
/// The bytes are a function of the audit.
#[must_use]
pub fn histogram(subject: &Audited<'_>) -> String {
    let audit = subject.audit;
    const FIRST: i32 = -1;
    let all =
        |k: i32| audit.judgement.blocks.iter().map(|block| within(block, k - 1, k)).sum::<usize>();
    // Wide enough for a scale, and no wider than the errors.
    let last = (FIRST..=HIGHEST_BIN).filter(|k| all(*k) > 0).max().unwrap_or(FIRST).max(6);
    let bounds = audit.judgement.blocks.iter().filter_map(place_of_bound);
    // A category beyond the furthest bound; ceilings of at most the highest bin are small.
    #[allow(clippy::cast_possible_truncation)]
    let last = bounds.fold(last, |last, place| last.max(place.ceil() as i32)).min(HIGHEST_BIN);
    let mut names = subject.tensors().into_iter();
    let mut blocks = audit.judgement.blocks.iter();
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for (l, layer) in subject.dense.layers.iter().enumerate() {
        let kinds = 1 + usize::from(layer.biases.is_some());
        let of_layer: Vec<&BlockJudgement> = blocks.by_ref().take(kinds).collect();
        let tensors = names.by_ref().take(kinds).flatten();
        let tensors: Vec<_> = tensors.map(picture_text).collect();
        let share = |block: &BlockJudgement, count: usize| {
            // Counts of entries in memory are far below 2⁵³.
            #[allow(clippy::cast_precision_loss)]
            let share = 100.0 * count as f64 / block.entries.max(1) as f64;
            share
        };
        const COLOURS: [&str; 2] = [BLUE, ORANGE];
        let bars = |count: &dyn Fn(&BlockJudgement) -> usize| {
            let of = |block: &&BlockJudgement| share(block, count(block));
            of_layer.iter().map(of).zip(COLOURS).collect::<Vec<_>>()
        };
        let mut plot = BarPlot::new().with_group("none", bars(&|block| block.equal));
        for k in FIRST..=last {
            let above = if k == FIRST { LOWEST_BIN - 1 } else { k - 1 };
            let count = |block: &BlockJudgement| match k {
                FIRST => within(block, above, k) - block.equal,
                _ => within(block, above, k),
            };
            plot = plot.with_group(bin_name(k), bars(&count));
        }
        let kinds: Vec<String> = of_layer
            .iter()
            .zip(["weights", "biases"])
            .map(|(block, kind)| {
                let (largest, bound) = (short(block.largest), short(block.tightest));
                format!(
                    "{} {kind}, {}: largest error {largest}, smallest bound {bound} ulps",
                    block.entries,
                    block.held.name()
                )
            })
            .collect();
        let plot = plot.with_legend(kinds.iter().map(String::as_str).collect());
        let plots_of_layer = vec![Plot::Bar(plot)];
        let name = match tensors.is_empty() {
            true => format!("layer {}", l + 1),
            false => format!("layer {}: {}", l + 1, tensors.join(", ")),
        };
        let mut layout = Layout::auto_from_plots(&plots_of_layer)
            .with_title(name)
            .with_title_size(14)
            .with_label_size(13)
            .with_tick_size(11)
            .with_body_size(11)
            .with_legend_position(LegendPosition::InsideTopRight)
            .with_x_label(
                "error of an entry, at most so many ulps; dashed: the smallest bound of an entry",
            )
            .with_y_label("share of the entries, %");
        for (block, colour) in of_layer.iter().zip(COLOURS) {
            if let Some(place) = place_of_bound(block) {
                // Categories stand at whole numbers from 1 on, `none` first; a bound ends the category that it falls into.
                let line = ReferenceLine::vertical(place + 3.5).with_color(colour);
                layout = layout.with_reference_line(line.with_dasharray("4 4"));
            }
        }
        layouts.push(layout);
        plots.push(plots_of_layer);
    }
    let panels = plots.len();
    let figure = Figure::new(panels, 1)
        .with_title(format!(
            "{} ({}): {}",
            picture_text(&file_name(subject.mine)),
            dense_network(subject.dense),
            subject.verdict()
        ))
        .with_title_size(16)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(1000.0, 320.0);
    SvgBackend::new().render_scene(&figure.render())
}

/// Where the smallest bound of a block stands among the powers of two of the figure, if it is within the figure.
fn place_of_bound(block: &BlockJudgement) -> Option<f64> {
    let place = libm::log2(block.tightest);
    (place.is_finite() && place > -1.0 && place <= f64::from(HIGHEST_BIN)).then_some(place)
}

/// Foreign text in a picture, whose library reads what stands between two dollars as mathematics.
fn picture_text(text: &str) -> String {
    Foreign(text).to_string().replace('$', r"\$")
}

/// The last part of a path, short enough for a title.
fn file_name(path: &str) -> String {
    const MOST: usize = 40;
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match name.chars().count() {
        0..=MOST => name.to_owned(),
        _ => name.chars().take(MOST - 1).chain(['…']).collect(),
    }
}

/// ½, 1, 2, …, 512, then powers of two.
fn bin_name(k: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match u32::try_from(k) {
        Err(_) => "½".to_owned(),
        Ok(k) if k < 10 => (1u32 << k).to_string(),
        Ok(k) => {
            let digit = |c: char| c.to_digit(10).and_then(|d| DIGITS.get(d as usize)).copied();
            let power: String = k.to_string().chars().filter_map(digit).collect();
            format!("2{power}")
        }
    }
}
