//! What a gradient at an equilibrium says of the solver behind it.

use num_rational::BigRational;
use num_traits::Signed;

use crate::error::Error;
use crate::spec::{FINEST_OF_TOLERANCES, Number, PerNeuron, Solver};
use crate::wire::case::number_json;
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;

/// The name of the field.
pub const FIELD: &str = "solver";

/// Whose equilibria are solved for: the examples and neurons of a network with a cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solved {
    pub(super) examples: usize,
    pub(super) neurons: usize,
}

/// Reads it; nothing where the file says nothing.
///
/// # Errors
/// [`Error::Input`] for a network or numbers that have no solver, a tolerance over the limit, and rates that do not fit the case.
pub(super) fn read(
    root: &Cursor<'_>,
    solved: Option<Solved>,
    number: Number,
) -> Result<Solver, Error> {
    let Some(place) = root.field(FIELD) else { return Ok(Solver::default()) };
    let Some(Solved { examples, neurons }) = solved else {
        return Err(place.error("no such field: only with a cycle is an equilibrium solved for"));
    };
    if number.dtype().is_none() {
        return Err(place.error_with(
            "no such field where numbers are exact",
            "a solver that stops has floats: say \"number\": \"f64\", \"f32\", \"bf16\" or \"f16\"",
        ));
    }
    place.object(&["tolerance", "credit_tolerance", "equilibrium"])?;
    let tolerance = |name| place.field(name).map(|field| tolerance(&field)).transpose();
    let of_firing = tolerance("tolerance")?;
    let equilibrium = place.field("equilibrium").map(|list| {
        let rows = list.exactly(examples, "lists of rates, one per example")?;
        let rates = |row: &Cursor<'_>| row.numbers(neurons, "rates, one per neuron");
        rows.iter().map(|row| rates(row).map(PerNeuron::new)).collect::<Result<Vec<_>, Error>>()
    });
    Ok(Solver {
        credit_tolerance: tolerance("credit_tolerance")?.or_else(|| of_firing.clone()),
        tolerance: of_firing,
        equilibrium: equilibrium.transpose()?,
    })
}

fn tolerance(place: &Cursor<'_>) -> Result<BigRational, Error> {
    let value = place.number()?;
    if value.is_negative()
        || &value * BigRational::from_integer(FINEST_OF_TOLERANCES.into())
            > BigRational::from_integer(1.into())
    {
        return Err(place.error_with(
            format!("a number from 0 to 1/{FINEST_OF_TOLERANCES}"),
            "a solver that stops earlier leaves a gradient that nobody can tell from others",
        ));
    }
    Ok(value)
}

/// The field as it is written.
pub(super) fn json(solver: &Solver) -> Json {
    let mut fields = Vec::new();
    let tolerances =
        [("tolerance", &solver.tolerance), ("credit_tolerance", &solver.credit_tolerance)];
    for (name, value) in tolerances {
        fields.extend(value.iter().map(|value| (name, number_json(value))));
    }
    if let Some(rates) = &solver.equilibrium {
        fields
            .push(("equilibrium", Json::array(rates, |row| Json::array(row.iter(), number_json))));
    }
    Json::object(fields)
}
