//! The word or number of a kink convention, and which activations it says something of.

use crate::error::Error;
use crate::spec::{Activation, Kink, Share};
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;

const WORDS: [(&str, Kink); 5] = [
    ("left", Kink::Left),
    ("right", Kink::Right),
    ("mean", Kink::Mean),
    ("inner", Kink::Inner),
    ("outer", Kink::Outer),
];

/// The convention that stands in the field `kink` here, if there is one.
pub(in crate::wire) fn kink(place: &Cursor<'_>) -> Result<Option<Kink>, Error> {
    let Some(field) = place.field("kink") else { return Ok(None) };
    let expected = "\"left\", \"right\", \"mean\", \"inner\", \"outer\", or a number from 0 to 1, the share of the slope on the right";
    if let Json::String(text) = field.value() {
        if let Some((_, kink)) = WORDS.iter().find(|(word, _)| word == text) {
            return Ok(Some(*kink));
        }
        // Another word is no number that is spelled wrong.
        if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
            return Err(field.error(expected));
        }
    }
    let value = match field.value() {
        Json::String(_) | Json::Integer(_) | Json::Float(_) => field.number()?,
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
            return Err(field.error(expected));
        }
    };
    match Share::of(&value) {
        Some(share) => Ok(Some(Kink::Between(share))),
        None if value.denom().bits() > u64::BITS.into() => {
            let what = format!("{}: bits of the denominator", field.path());
            Err(Error::Limit { what, given: value.denom().bits(), limit: u64::BITS.into() })
        }
        None => Err(field.error(expected)),
    }
}

/// Refuses a convention that says nothing of one of the activations that it is for; `named` is the place that has the field.
pub(in crate::wire) fn expect_served<'a>(
    named: &Cursor<'_>,
    kink: Kink,
    functions: impl IntoIterator<Item = &'a Activation>,
) -> Result<(), Error> {
    // Most conventions are about every σ, and a graph may have many.
    let refusal = match kink {
        Kink::Left | Kink::Right | Kink::Mean | Kink::Between(_) => None,
        Kink::Inner | Kink::Outer => functions.into_iter().find_map(|f| kink.refusal(f)),
    };
    match (refusal, named.field("kink")) {
        (Some(expected), Some(field)) => Err(field.error(expected)),
        _ => Ok(()),
    }
}

/// The convention of a layer of its own. What it says must be about this layer: `inner` and `outer` want a σ with two kinks here.
pub(in crate::wire) fn of_layer(
    layer: &Cursor<'_>,
    activation: &Activation,
    balance: Option<&Activation>,
) -> Result<Option<Kink>, Error> {
    let Some(kink) = kink(layer)? else { return Ok(None) };
    let functions = || std::iter::once(activation).chain(balance);
    expect_served(layer, kink, functions())?;
    match kink {
        Kink::Inner | Kink::Outer if functions().all(Activation::is_differentiable) => {
            // The field is there: it has just been read.
            let field = layer.required("kink")?;
            Err(field
                .error(format!("a σ with two kinks in this layer: {} has none", activation.name())))
        }
        Kink::Left | Kink::Right | Kink::Mean | Kink::Inner | Kink::Outer | Kink::Between(_) => {
            Ok(Some(kink))
        }
    }
}
