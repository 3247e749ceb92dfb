//! Of which cases there are certificates: the verifier refuses by name what nobody issues, and nothing beyond.

use creditcheck::certificate::Certificate;
use creditcheck::certificate::verify::equations;
use creditcheck::spec::{Limits, MOST_PARAMETERS, PerNeuron, PerSynapse};
use creditcheck::wire::Document;

use crate::forger::bases;

fn document(text: &str) -> Document {
    Document::read(text.as_bytes(), &Limits::default()).unwrap()
}

/// Which rule refuses the case before anything is substituted, and what it found.
fn refused(certificate: &Certificate, text: &str) -> Option<(String, String)> {
    let certificate = Certificate { case: document(text).case, ..certificate.clone() };
    let refusal = equations(&certificate).unwrap_err();
    let of_case = ["case", "kind"].contains(&refusal.equation.as_str());
    assert_eq!(refusal.is_of_case(), refusal.equation == "case");
    of_case.then_some((refusal.equation, refusal.found))
}

fn graph(activation: &[&str], synapses: &str, more: &str) -> String {
    let last = activation.len() - 1;
    let activation = activation.join(r#"", ""#);
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": {}, "inputs": [0], "outputs": [{last}],
          "activation": ["{activation}"], "synapses": [{synapses}]}}, "loss": "half_squared_error", "learning_rate": "1",
          "examples": [{{"input": ["1"], "target": ["1"]}}]{more}}}"#,
        last + 1
    )
}

#[test]
fn cycles_have_at_most_64_neurons() {
    let certificate = &bases::all()[0].certificate;
    let of = |neurons: usize, loops: bool| {
        let chain: Vec<_> = (1..neurons).map(|k| format!(r#"[{k}, {}, "1/2"]"#, k - 1)).collect();
        let own = if loops { r#", [1, 1, "1/4"]"# } else { "" };
        graph(&vec!["identity"; neurons], &format!("{}{own}", chain.join(", ")), "")
    };
    for neurons in [3, 64] {
        assert_eq!(refused(certificate, &of(neurons, true)), None);
    }
    let (equation, found) = refused(certificate, &of(65, true)).unwrap();
    assert_eq!((equation.as_str(), found.as_str()), ("case", "65 neurons and a cycle"));
    assert_eq!(refused(certificate, &of(65, false)), None);
}

#[test]
fn large_layers_have_certificates_of_their_own() {
    let certificate = &bases::all()[0].certificate;
    let of = |weights: usize, first: &str| {
        let row = format!("{first}{}", r#", "1/2""#.repeat(weights - 1));
        let input = vec![r#""1""#; weights].join(", ");
        format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{{"weights": [[{row}]], "activation": "relu"}}]}},
              "loss": "half_squared_error", "learning_rate": "1", "examples": [{{"input": [{input}], "target": ["1"]}}]}}"#
        )
    };
    assert_eq!(refused(certificate, &of(MOST_PARAMETERS, r#""1/2""#)), None);
    let (equation, found) = refused(certificate, &of(MOST_PARAMETERS + 1, r#""1/2""#)).unwrap();
    assert_eq!(equation, "kind");
    assert_eq!(found, "the certificate of a small case, of 20001 parameters");
    // What is no float has no other certificate.
    assert_eq!(refused(certificate, &of(MOST_PARAMETERS + 1, r#""1/3""#)), None);
}

#[test]
fn a_balance_function_that_nothing_binds_is_named() {
    let certificate = &bases::all()[0].certificate;
    let of = |activation: &str, balance: &str| {
        format!(
            r#"{{"format": "creditcheck/case/1", "expect": "disagree", "network": {{"kind": "layered", "layers": [
              {{"weights": [["1/2"]], "activation": "{activation}", "balance": "{balance}"}}, {{"weights": [["1"]], "activation": "identity"}}]}},
              "loss": "half_squared_error", "learning_rate": "1", "examples": [{{"input": ["1"], "target": ["1"]}}]}}"#
        )
    };
    assert_eq!(refused(certificate, &of("quadratic", "cubic")), None);
    let found = |activation, balance| refused(certificate, &of(activation, balance)).unwrap().1;
    assert_eq!(found("quadratic", "tanh"), "the balance function tanh");
    let beside = "a balance function in place of the slope, beside softplus";
    assert_eq!(found("softplus", "cubic"), beside);
}

#[test]
fn an_equilibrium_that_nobody_finds_is_refused() {
    let certificate = &bases::all()[0].certificate;
    let around = r#"[1, 0, "1/2"], [1, 2, "1/4"], [2, 1, "1/2"]"#;
    let named = |rates: &str| format!(r#", "equilibrium": [[{rates}]]"#);
    let found = |activation: &[&str], synapses: &str, more: &str| {
        refused(certificate, &graph(activation, synapses, more)).map(|(_, found)| found)
    };
    // Straight pieces are searched, whether or not an equilibrium is named; curved ones have to be told.
    assert_eq!(found(&["identity", "relu", "identity"], around, ""), None);
    let rates = r#""1", "4/7", "2/7""#;
    assert_eq!(found(&["identity", "relu", "identity"], around, &named(rates)), None);
    let curved = ["identity", "quadratic", "identity"];
    let missing = Some("none, with a cycle and quadratic".to_owned());
    assert_eq!(found(&curved, around, ""), missing);
    assert_eq!(found(&curved, around, &named(rates)), None);
    // With given rates a cycle must pass through one of them.
    let cycle = "a cycle of rational activations, with tanh, logistic or softplus elsewhere";
    let own = r#"[1, 0, "1/2"], [1, 1, "1/4"], [2, 1, "1/2"]"#;
    assert_eq!(found(&["identity", "relu", "tanh"], own, ""), Some(cycle.to_owned()));
    assert_eq!(found(&["identity", "tanh", "relu"], own, ""), None);
    assert_eq!(found(&["identity", "relu", "tanh"], around, ""), None);
    let both = r#"[1, 0, "1/2"], [1, 2, "1/4"], [2, 1, "1/2"], [3, 2, "1"]"#;
    assert_eq!(found(&["identity", "relu", "identity", "tanh"], both, ""), Some(cycle.to_owned()));
    // The neuron behind the cycle waits for it, and is no part of it.
    assert_eq!(found(&["identity", "tanh", "tanh", "relu"], both, ""), None);
    let given = "given rates, with tanh, logistic or softplus".to_owned();
    assert_eq!(found(&["identity", "relu", "tanh"], around, &named(rates)), Some(given));
}

/// A list that is too short, too long, missing or too many is refused before anything is indexed.
#[test]
fn every_witness_has_its_length() {
    let bases = bases::all();
    let (layered, graph, cycle) =
        (&bases[0].certificate, &bases[5].certificate, &bases[6].certificate);
    let own = &bases[7].certificate;
    let refuse = |certificate: &Certificate, place: &str, change: &dyn Fn(&mut Certificate)| {
        let mut changed = certificate.clone();
        change(&mut changed);
        let refusal = equations(&changed).unwrap_err();
        assert_eq!(refusal.equation, "shape", "{place}: {refusal}");
        assert!(refusal.place.contains(place), "{place}: {refusal}");
    };
    refuse(layered, "witnesses.update.weights", &|c| {
        let weights = &c.witnesses.update.weights;
        c.witnesses.update.weights = PerSynapse::new(weights.iter().skip(1).cloned().collect());
    });
    refuse(layered, "witnesses.update.biases", &|c| {
        let biases = c.witnesses.update.biases.as_slice();
        c.witnesses.update.biases = PerNeuron::new(biases[1..].to_vec());
    });
    refuse(layered, "witnesses.gradient", &|c| c.witnesses.gradient = None);
    refuse(graph, "witnesses.gradient", &|c| {
        c.witnesses.gradient = Some(c.witnesses.update.clone());
    });
    refuse(layered, "witnesses.derivatives", &|c| c.witnesses.tangent = None);
    refuse(layered, "draws[0].gradient", &|c| c.witnesses.draws[0].gradient = None);
    refuse(graph, "draws[1].gradient", &|c| {
        c.witnesses.draws[1].gradient = Some(c.witnesses.draws[1].update.clone());
    });
    refuse(graph, "responses", &|c| c.witnesses.examples[0].response = None);
    refuse(layered, "adjoints", &|c| c.witnesses.examples[1].backprop = None);
    refuse(layered, "inverse", &|c| {
        c.witnesses.examples[0].inverses = cycle.witnesses.examples[0].inverses.clone();
    });
    refuse(cycle, "inverse", &|c| c.witnesses.examples[0].inverses = None);
    let inverse = |c: &mut Certificate, change: &dyn Fn(&mut Vec<Vec<_>>)| {
        change(&mut c.witnesses.examples[0].inverses.as_mut().unwrap().credit);
    };
    refuse(cycle, "inverse", &|c| inverse(c, &|matrix| drop(matrix.pop())));
    refuse(own, "inverse", &|c| inverse(c, &|matrix| drop(matrix[2].pop())));
    refuse(cycle, "inverse_of_slopes", &|c| {
        let inverses = c.witnesses.examples[0].inverses.as_mut().unwrap();
        inverses.slope = Some(inverses.credit.clone());
    });
    refuse(cycle, "witnesses.draws", &|c| c.witnesses.draws.clone_from(&graph.witnesses.draws));
}
