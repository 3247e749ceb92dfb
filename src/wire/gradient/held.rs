//! How the entries of a gradient are held: a word, or a grid.

use crate::error::Error;
use crate::spec::{Dtype, Grid, Number};
use crate::wire::case::number_json;
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;

/// A word, or `{"grid": "1/32"}`.
pub(super) fn read(place: &Cursor<'_>) -> Result<Number, Error> {
    if let Json::Object(_) = place.value() {
        place.object(&["grid"])?;
        let step = place.required("grid")?;
        let grid = Grid::of(&step.number()?).map(Number::Grid);
        return grid.ok_or_else(|| {
            step.error("a positive fraction of two numbers below 2^64, such as \"1/32\"")
        });
    }
    let floats = [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16].map(Number::Float);
    let numbers = std::iter::once(Number::Exact).chain(floats).map(|n| (n.name(), n));
    place.choice(&numbers.collect::<Vec<_>>())
}

/// The same as it is written.
pub(super) fn json(number: Number) -> Json {
    match number {
        Number::Exact | Number::Float(_) => Json::text(number.name()),
        Number::Grid(grid) => Json::object([("grid", number_json(&grid.step()))]),
    }
}
