//! The matrices of feedback alignment in documents (G1).

use crate::error::Error;
use crate::spec::feedback::{MATRICES, NUMBERS, ROWS};
use crate::spec::{FeedbackMatrices, Layout, Limits, Part, PerBlock, Shape};
use crate::wire::case::number_json;
use crate::wire::cursor::Cursor;
use crate::wire::gradient::Gradient;
use crate::wire::json::Json;

/// The name of the rule, in files and on the command line.
pub const NAME: &str = "feedback_alignment";

/// `{"feedback": [B², …, B^Λ]}`, what the name leaves open.
#[must_use]
pub fn options(matrices: &FeedbackMatrices) -> Vec<(&'static str, Json)> {
    let matrix = |rows: &Vec<Vec<_>>| Json::array(rows, |row| Json::array(row, number_json));
    vec![("feedback", Json::array(matrices.matrices(), matrix))]
}

/// The matrices in an object of options, held to the layers of a network.
///
/// # Errors
/// [`Error::Input`] for another option, for none, and where a matrix does not fit its two layers.
pub fn read<T>(options: &Cursor<'_>, layers: &PerBlock<T>) -> Result<FeedbackMatrices, Error> {
    options.object(&["feedback"])?;
    let widths = widths(layers);
    let shapes: Vec<_> = widths.windows(2).skip(1).collect();
    let list = options.required("feedback")?.exactly(shapes.len(), MATRICES)?;
    let matrix = |(place, shape): (&Cursor<'_>, &&[usize])| {
        let rows = place.exactly(shape[0], ROWS)?;
        rows.iter().map(|row| row.numbers(shape[1], NUMBERS)).collect::<Result<Vec<_>, _>>()
    };
    let matrices = list.iter().zip(&shapes).map(matrix).collect::<Result<Vec<_>, _>>()?;
    FeedbackMatrices::new(&widths, matrices)
}

/// The matrices that a gradient declares, if feedback alignment is its rule.
///
/// # Errors
/// As [`read`].
pub fn declared(gradient: &Gradient, limits: &Limits) -> Result<Option<FeedbackMatrices>, Error> {
    if gradient.rule.as_deref() != Some(NAME) {
        return Ok(None);
    }
    let json = Json::object([("options", Json::object(gradient.options.iter().cloned()))]);
    let options = Cursor::root(&json, limits).required("options")?;
    read(&options, &gradient.entries).map(Some)
}

/// What a layered network's file says of its rule beside its name: the matrices of feedback alignment, and of others nothing.
pub(super) fn of_layers(
    root: &Cursor<'_>,
    layout: &Layout,
) -> Result<Vec<(&'static str, Json)>, Error> {
    if rule_of(root, &[NAME])? != Some(NAME) {
        no_options(root)?;
        return Ok(Vec::new());
    }
    if let Some(inputs) = root.field("inputs") {
        return Err(
            inputs.error("no such field: by feedback alignment nothing comes back to the inputs")
        );
    }
    read(&root.required("options")?, layout).map(|matrices| options(&matrices))
}

/// What a graph's file says of its rule: a name, and no options.
pub(super) fn of_graph(root: &Cursor<'_>) -> Result<(), Error> {
    rule_of(root, &[])?;
    no_options(root)
}

/// The rule that stands in the file: one that every network without time has, or one of these.
fn rule_of<'a>(root: &Cursor<'a>, own: &[&'static str]) -> Result<Option<&'a str>, Error> {
    let rules: Vec<_> = ["credit", "backprop", "tangent"].iter().chain(own).collect();
    let rules: Vec<_> = rules.into_iter().map(|name| (*name, ())).collect();
    let Some(rule) = root.field("rule") else { return Ok(None) };
    if rule.text()? == NAME && own.is_empty() {
        return Err(
            rule.error("a rule of graphs: the matrices of feedback alignment belong to layers")
        );
    }
    rule.choice(&rules)?;
    rule.text().map(Some)
}

/// Refuses options where the rule has none.
fn no_options(root: &Cursor<'_>) -> Result<(), Error> {
    match root.field("options") {
        Some(options) => {
            let expected = format!("no such field: here the rule \"{}\" alone has options", NAME);
            Err(options.error(expected))
        }
        None => Ok(()),
    }
}

/// n_0, n_1, …, n_Λ of a gradient by layers.
fn widths<T>(layers: &PerBlock<T>) -> Vec<usize> {
    let mut widths = Vec::new();
    for block in &layers.blocks {
        if let (Part::Layer(_), Shape::Matrix { rows, columns }) = (&block.part, &block.shape) {
            if widths.is_empty() {
                widths.push(*columns);
            }
            widths.push(*rows);
        }
    }
    widths
}
