//! The loss of a case: its name, or an object with its name, its reduction and its numbers.

use num_rational::BigRational;
use num_traits::Signed;

use crate::error::Error;
use crate::spec::{Kink, Loss, OUTPUT_ERROR_NAMES, OutputError, Reduction, Share};
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;

/// The name of the loss that needs no more than its name.
pub(super) const HALF_SQUARED_ERROR: &str = "half_squared_error";

/// Losses that are known by name, and that no engine has.
const WITHOUT_ENGINE: [&str; 2] = ["cross_entropy", "bce_with_logits"];

/// The loss that stands here.
pub(in crate::wire) fn loss(place: &Cursor<'_>) -> Result<Loss, Error> {
    let expected = || {
        let names = OUTPUT_ERROR_NAMES.map(|name| format!("\"{name}\"")).join(", ");
        format!("\"{HALF_SQUARED_ERROR}\", or an object with a name of {names}")
    };
    let (name, is_object) = match place.value() {
        Json::Object(_) => (place.required("name")?, true),
        Json::String(_) => (place.clone(), false),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Float(_) | Json::Array(_) => {
            return Err(place.error(expected()));
        }
    };
    let word = name.text()?;
    if word == HALF_SQUARED_ERROR {
        if is_object {
            return Err(
                place.error(format!("\"{HALF_SQUARED_ERROR}\" as a word: it has no options"))
            );
        }
        return Ok(Loss::HalfSquaredError);
    }
    if WITHOUT_ENGINE.contains(&word) {
        let there = format!("\"{HALF_SQUARED_ERROR}\", {}", OUTPUT_ERROR_NAMES.join(", "));
        let what =
            format!("{}: the loss {word}, which no engine has; there is {there}", place.path());
        return Err(Error::unsupported(what));
    }
    let (needs, fields): (&str, &[&str]) = match word {
        "mse" => ("", &["name", "reduction"]),
        "l1" => ("", &["name", "reduction", "kink"]),
        "huber" => ("delta", &["name", "reduction", "delta", "kink"]),
        "smooth_l1" => ("beta", &["name", "reduction", "beta", "kink"]),
        "hinge" => ("margin", &["name", "reduction", "margin", "kink"]),
        _ => return Err(name.error(expected())),
    };
    if !is_object {
        let number = if needs.is_empty() { String::new() } else { format!(", \"{needs}\": \"1\"") };
        let and = if needs.is_empty() { String::new() } else { format!(" and its {needs}") };
        return Err(place.error_with(
            format!("{word} with its reduction{and}"),
            format!("write {{\"name\": \"{word}\", \"reduction\": \"mean\"{number}}}"),
        ));
    }
    place.object(fields)?;
    let reduction = place.required("reduction")?.choice(&Reduction::ALL.map(|r| (r.name(), r)))?;
    let error = match word {
        "mse" => OutputError::Mse,
        "l1" => OutputError::L1 { kink: kink(place, Share::HALF)? },
        "huber" => {
            // Its slope does not jump: every convention says the same, and one may be named.
            kink(place, Share::HALF)?;
            let delta = place.required("delta")?;
            let value = delta.number()?;
            if !value.is_positive() {
                return Err(delta.error("a number greater than 0"));
            }
            OutputError::Huber { delta: value }
        }
        "smooth_l1" => {
            let beta = place.required("beta")?;
            let value = beta.number()?;
            if value.is_negative() {
                return Err(beta.error("a number not less than 0"));
            }
            OutputError::SmoothL1 { beta: value, kink: kink(place, Share::HALF)? }
        }
        _ => OutputError::Hinge {
            margin: place.required("margin")?.number()?,
            kink: kink(place, Share::NONE)?,
        },
    };
    Ok(Loss::Reduced { error, reduction })
}

/// θ of the convention that the loss names, or the default.
fn kink(place: &Cursor<'_>, default: Share) -> Result<Share, Error> {
    Ok(match super::kink::kink(place)? {
        None => default,
        Some(Kink::Left) => Share::NONE,
        Some(Kink::Right) => Share::ALL,
        Some(Kink::Mean) => Share::HALF,
        Some(Kink::Between(share)) => share,
        Some(Kink::Inner | Kink::Outer) => {
            let field = place.required("kink")?;
            return Err(field.error(
                "\"left\", \"right\", \"mean\" or a number from 0 to 1: the loss has one kink",
            ));
        }
    })
}

/// Refuses a target that the loss does not know.
pub(in crate::wire) fn expect_target(
    loss: &Loss,
    target: &BigRational,
    refuse: impl FnOnce(&str) -> Error,
) -> Result<(), Error> {
    match loss.admits(target) {
        true => Ok(()),
        false => Err(refuse("-1 or 1, as hinge has its targets")),
    }
}
