//! Excitation and inhibition over the epochs of a training, as text and as a document.

use super::{drawn, grid, wrapped, written};
use crate::simulate::balance::{Epoch, Spread};
use crate::simulate::rounded;
use crate::wire::json::Json;

/// The epochs that a table shows; the files have all.
fn chosen(epochs: &[Epoch]) -> impl Iterator<Item = &Epoch> {
    let last = epochs.len().saturating_sub(1);
    epochs
        .iter()
        .filter(move |row| matches!(row.epoch, 0..=3 | 5 | 10 | 15 | 20 | 25) || row.epoch == last)
}

/// The epochs as text.
#[must_use]
pub fn balance(network: &str, epochs: &[Epoch], files: &[String]) -> String {
    let mut text = wrapped(0, &format!("{network}, trained with the credit rule"));
    text.push_str(&wrapped(
        0,
        "all hidden neurons on all training images: median, and from the lowest to the highest tenth",
    ));
    text.push('\n');
    let spread = |s: Spread| format!("{:.2}  {:.2}–{:.2}", s.median, s.low, s.high);
    let share = |value: f64| match value.is_finite() {
        true => format!("{:.1} %", 100.0 * value),
        false => "—".to_owned(),
    };
    let mut table = grid();
    table.set_header(["epoch", "E", "I", "|s| = |E − I|", "β"]);
    for row in chosen(epochs) {
        table.add_row(vec![
            row.epoch.to_string(),
            spread(row.excitation),
            spread(row.inhibition),
            spread(row.imbalance),
            spread(row.balance_factor),
        ]);
    }
    text.push_str(&drawn(table));
    text.push('\n');
    let mut table = grid();
    table.set_header([
        "epoch",
        "loss",
        "held out\nright",
        "toward balance:\none example",
        "\nby size",
        "\nwhole epoch",
    ]);
    for row in chosen(epochs) {
        table.add_row(vec![
            row.epoch.to_string(),
            format!("{:.3}", row.loss),
            share(row.accuracy),
            share(row.toward.single),
            share(row.toward.weighted),
            share(row.toward.epoch),
        ]);
    }
    text.push_str(&drawn(table));
    text.push('\n');
    text.push_str(&wrapped(
        0,
        "toward balance: the share of synaptic changes onto hidden neurons that lower the |s| of their neuron, of what the \
         rule would do on each example alone, counted equally and by size, and of what each epoch changed; one half is chance",
    ));
    text.push_str(&written(files));
    text
}

/// The epochs as a document, `creditcheck/balance/1`; floats have nine digits.
#[must_use]
pub fn balance_json(epochs: &[Epoch], files: &[String]) -> Json {
    let number =
        |value: f64| if value.is_finite() { Json::Float(rounded(value)) } else { Json::Null };
    let spread = |found: Spread| {
        Json::object([
            ("mean", number(found.mean)),
            ("q10", number(found.low)),
            ("median", number(found.median)),
            ("q90", number(found.high)),
        ])
    };
    let epoch = |row: &Epoch| {
        Json::object([
            ("epoch", Json::count(row.epoch)),
            ("loss", number(row.loss)),
            ("accuracy", number(row.accuracy)),
            ("E", spread(row.excitation)),
            ("I", spread(row.inhibition)),
            ("abs_s", spread(row.imbalance)),
            ("beta", spread(row.balance_factor)),
            (
                "toward_balance",
                Json::object([
                    ("single", number(row.toward.single)),
                    ("weighted", number(row.toward.weighted)),
                    ("epoch", number(row.toward.epoch)),
                ]),
            ),
        ])
    };
    let mut fields = vec![
        ("format", Json::text("creditcheck/balance/1")),
        ("epochs", Json::array(epochs, epoch)),
    ];
    if !files.is_empty() {
        fields.push(("files", Json::array(files, Json::text)));
    }
    Json::object(fields)
}
