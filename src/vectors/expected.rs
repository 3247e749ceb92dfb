//! Everything that a test vector says about one case.

use num_rational::BigRational;

use crate::mutants::Truth;
use crate::spec::outcome::Update;
use crate::spec::{Case, Network, Number, PerNeuron};
use crate::verdict::per_block;
use crate::wire::case::number_json;
use crate::wire::gradient::entries_json;
use crate::wire::json::Json;

/// All intermediates of D1–D7, example by example, and the updates.
pub(super) fn all(case: &Case, truth: &Truth) -> Json {
    let shape = Shape::of(case);
    let mut fields = Vec::new();
    if let Some(outcome) = &truth.backprop {
        fields.push(("loss", number_json(&outcome.loss)));
    }
    let examples = truth.credit.examples.iter().enumerate().map(|(b, example)| {
        let sweeps = Json::array(&truth.sweeps, |credits| shape.neurons(&credits[b]));
        let mut fields = vec![
            ("netInputs", shape.receiving(&example.net_input)),
            ("rates", shape.neurons(&example.firing_rate)),
            ("balanceFactors", shape.receiving(&example.balance_factor)),
            ("externalCredits", shape.neurons(&example.external_credit)),
            ("creditsAfterSweeps", sweeps),
            ("credits", shape.neurons(&example.credit.map(|credit| credit.0.clone()))),
        ];
        if let Some(outcome) = &truth.backprop {
            let layers = |layer: Vec<&BigRational>| Json::array(layer, number_json);
            let backward = &outcome.examples[b];
            let deltas = backward.delta.iter().map(|l| l.iter().map(|d| &d.0).collect());
            fields.push(("deltas", Json::array(deltas, layers)));
        }
        Json::object(fields)
    });
    fields.push(("examples", Json::Array(examples.collect())));
    fields.push(("updates", update(case, &truth.credit.update)));
    Json::object(fields)
}

/// ΔW and Δb, in the fields of a `creditcheck/gradient/1` document.
pub(super) fn update(case: &Case, entries: &Update<BigRational>) -> Json {
    let entries = per_block(case, entries).map(BigRational::clone);
    Json::object(entries_json(&entries, Number::Exact))
}

/// How values per neuron are laid out: one list per layer, or one list for a graph.
struct Shape {
    widths: Vec<usize>,
}

impl Shape {
    fn of(case: &Case) -> Self {
        match &case.network {
            Network::Layered(net) => Self { widths: net.widths() },
            Network::Graph(_) => Self { widths: Vec::new() },
        }
    }

    /// Every neuron; in a layered network the inputs are the first list.
    fn neurons(&self, values: &PerNeuron<BigRational>) -> Json {
        if self.widths.is_empty() {
            return Json::array(values.iter(), number_json);
        }
        let mut values = values.iter();
        Json::array(&self.widths, |width| {
            Json::array(values.by_ref().take(*width).collect::<Vec<_>>(), number_json)
        })
    }

    /// What input neurons do not have: no list for them in a layered network, 0 in a graph.
    fn receiving(&self, values: &PerNeuron<BigRational>) -> Json {
        match self.neurons(values) {
            Json::Array(mut layers) if !self.widths.is_empty() => {
                layers.remove(0);
                Json::Array(layers)
            }
            other => other,
        }
    }
}
