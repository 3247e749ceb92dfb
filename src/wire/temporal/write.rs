//! A temporal case, written.

use num_rational::BigRational;
use num_traits::Zero;

use crate::spec::{Kink, Sequence, Steps, Temporal, TemporalCase};
use crate::wire::case::{FORMAT, activation_json, number_json};
use crate::wire::json::Json;

/// The case as a document: every field that differs from its default, numbers canonical.
#[must_use]
pub fn to_json(case: &TemporalCase) -> Json {
    let mut fields = vec![("format", Json::text(FORMAT))];
    if let Some(name) = &case.name {
        fields.push(("name", Json::text(name)));
    }
    fields.push(("network", network_json(&case.network)));
    fields.push(("loss", Json::text("half_squared_error")));
    fields.push(("learning_rate", number_json(&case.learning_rate)));
    if case.kink != Kink::default() {
        fields.push(("kink", Json::text(case.kink.to_string())));
    }
    fields.push((
        "steps",
        match &case.steps {
            Steps::All => Json::text("all"),
            Steps::Last => Json::text("last"),
            Steps::At(list) => Json::array(list, |step| Json::count(*step)),
        },
    ));
    // The file has a row for every example or for none.
    if case.examples.iter().any(|example| example.initial.is_some()) {
        let rest = vec![BigRational::zero(); case.network.neurons()];
        let row = |example: &Sequence| {
            Json::array(example.initial.as_ref().unwrap_or(&rest), number_json)
        };
        fields.push(("initial", Json::array(&case.examples, row)));
    }
    fields.push((
        "examples",
        Json::array(&case.examples, |example| {
            Json::object([
                ("input", matrix_json(&example.input)),
                ("target", matrix_json(&example.target)),
            ])
        }),
    ));
    Json::object(fields)
}

/// Rows of numbers.
fn matrix_json(rows: &[Vec<BigRational>]) -> Json {
    Json::array(rows, |row| Json::array(row, number_json))
}

fn network_json(net: &Temporal) -> Json {
    let mut fields = vec![
        ("kind", Json::text("temporal")),
        ("leak", number_json(&net.leak)),
        ("activation", activation_json(&net.activation)),
        ("recurrent", matrix_json(&net.recurrent)),
    ];
    if net.has_diagonal {
        fields.push(("diagonal", Json::Bool(true)));
    }
    fields.push(("input", matrix_json(&net.input)));
    if let Some(biases) = &net.biases {
        fields.push(("biases", Json::array(biases, number_json)));
    }
    fields.push(("readout", matrix_json(&net.readout)));
    if let Some(biases) = &net.readout_biases {
        fields.push(("readout_biases", Json::array(biases, number_json)));
    }
    if let Some(types) = &net.types {
        fields.push(("types", Json::array(types, |kind| Json::count(*kind))));
    }
    Json::object(fields)
}
