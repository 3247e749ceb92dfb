//! `creditcheck/case/1`, written.

use num_rational::BigRational;

use super::FORMAT;
use super::loss::HALF_SQUARED_ERROR;
use crate::number::canonical;
use crate::spec::{
    Activation, Case, Ends, Expect, Kink, Layer, Loss, Network, Neuron, OutputCredit, OutputError,
    PerNeuron, Share,
};
use crate::wire::json::Json;

/// The case as a document: every field that differs from its default, numbers canonical.
#[must_use]
pub fn to_json(case: &Case) -> Json {
    let mut fields = vec![("format", Json::text(FORMAT))];
    if let Some(name) = &case.name {
        fields.push(("name", Json::text(name)));
    }
    fields.push(("network", network_json(&case.network)));
    fields.push(("loss", loss_json(&case.loss)));
    fields.push(("learning_rate", number_json(&case.learning_rate)));
    if case.kink != Kink::default() {
        fields.push(("kink", Json::text(case.kink.to_string())));
    }
    if case.output_credit != OutputCredit::default() {
        fields.push(("output_credit", Json::text(case.output_credit.name())));
    }
    if case.expect == Expect::Disagree {
        fields.push(("expect", Json::text("disagree")));
    }
    fields.push((
        "examples",
        Json::array(&case.examples, |example| {
            Json::object([
                ("input", Json::array(&example.input, number_json)),
                ("target", Json::array(&example.target, number_json)),
            ])
        }),
    ));
    let given: Vec<_> = case.examples.iter().filter_map(|e| e.equilibrium.as_ref()).collect();
    if !given.is_empty() {
        let rates = |rates: &&PerNeuron<BigRational>| Json::array(rates.iter(), number_json);
        fields.push(("equilibrium", Json::array(&given, rates)));
    }
    Json::object(fields)
}

/// A number as it stands in every output: `"p/q"` or `"p"`.
#[must_use]
pub fn number_json(value: &BigRational) -> Json {
    Json::String(canonical(value))
}

pub(in crate::wire) fn activation_json(activation: &Activation) -> Json {
    let name = Json::text(activation.name());
    let parameters = activation.parameters();
    if parameters.is_empty() {
        return name;
    }
    let numbers = parameters.into_iter().map(|(word, value)| (word, number_json(value)));
    Json::object(std::iter::once(("name", name)).chain(numbers))
}

/// A loss as a case has it; a kink convention only where it is not the default.
fn loss_json(loss: &Loss) -> Json {
    let (error, reduction) = match loss {
        Loss::HalfSquaredError => return Json::text(HALF_SQUARED_ERROR),
        Loss::Reduced { error, reduction } => (error, reduction),
    };
    let mut fields =
        vec![("name", Json::text(error.name())), ("reduction", Json::text(reduction.name()))];
    let (number, kink) = match error {
        OutputError::Mse => (None, None),
        OutputError::L1 { kink } => (None, Some((kink, Share::HALF))),
        OutputError::Huber { delta } => (Some(("delta", delta)), None),
        OutputError::SmoothL1 { beta, kink } => (Some(("beta", beta)), Some((kink, Share::HALF))),
        OutputError::Hinge { margin, kink } => {
            (Some(("margin", margin)), Some((kink, Share::NONE)))
        }
    };
    fields.extend(number.map(|(word, value)| (word, number_json(value))));
    if let Some((kink, default)) = kink
        && *kink != default
    {
        fields.push(("kink", number_json(&kink.exact())));
    }
    Json::object(fields)
}

fn network_json(network: &Network) -> Json {
    match network {
        Network::Layered(net) => Json::object([
            ("kind", Json::text("layered")),
            ("layers", Json::array(&net.layers, layer_json)),
        ]),
        Network::Graph(net) => {
            let numbers = |neurons: &[Neuron]| Json::array(neurons, |n| Json::count(n.0));
            let mut fields = vec![
                ("kind", Json::text("graph")),
                ("neurons", Json::count(net.neurons)),
                ("inputs", numbers(&net.inputs)),
                ("outputs", numbers(&net.outputs)),
                ("activation", Json::array(net.activations.iter(), activation_json)),
            ];
            if net.balances.iter().any(Option::is_some) {
                let balance =
                    |b: &Option<Activation>| b.as_ref().map_or(Json::Null, activation_json);
                fields.push(("balance", Json::array(net.balances.iter(), balance)));
            }
            let synapse = |(ends, weight): (&Ends, &BigRational)| {
                Json::Array(vec![
                    Json::count(ends.post.0),
                    Json::count(ends.pre.0),
                    number_json(weight),
                ])
            };
            fields.push((
                "synapses",
                Json::array(net.synapses.iter().zip(net.weights.iter()), synapse),
            ));
            if let Some(biases) = &net.biases {
                fields.push(("biases", Json::array(biases.iter(), number_json)));
            }
            Json::object(fields)
        }
    }
}

fn layer_json(layer: &Layer) -> Json {
    let mut fields =
        vec![("weights", Json::array(&layer.weights, |row| Json::array(row, number_json)))];
    if let Some(biases) = &layer.biases {
        fields.push(("biases", Json::array(biases, number_json)));
    }
    fields.push(("activation", activation_json(&layer.activation)));
    if let Some(kink) = layer.kink {
        fields.push(("kink", Json::text(kink.to_string())));
    }
    if let Some(balance) = &layer.balance {
        fields.push(("balance", activation_json(balance)));
    }
    Json::object(fields)
}
