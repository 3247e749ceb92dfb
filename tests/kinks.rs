//! Kink conventions (D0): every engine gives the slope of a table that is written out here, and a case may ask for one where it says something.

mod told;

use creditcheck::certify::{Options, Silent, certify};
use creditcheck::mutants::Reference;
use creditcheck::spec::outcome::Update;
use creditcheck::spec::{Kink, Limits, Network, Neuron};
use creditcheck::verdict::{Claim, Conclusion};
use creditcheck::wire::Document;
use num_rational::BigRational as Q;

use crate::engines;
use crate::generators::ratio;

/// A convention, and the slopes of relu at 0, of leaky_relu(−1/2) at 0, and of hard_tanh at its lower and at its upper kink.
const SLOPES: [(&str, [(i64, i64); 4]); 9] = [
    ("left", [(0, 1), (-1, 2), (0, 1), (1, 1)]),
    ("right", [(1, 1), (1, 1), (1, 1), (0, 1)]),
    ("mean", [(1, 2), (1, 4), (1, 2), (1, 2)]),
    ("0", [(0, 1), (-1, 2), (0, 1), (1, 1)]),
    ("1/2", [(1, 2), (1, 4), (1, 2), (1, 2)]),
    ("1", [(1, 1), (1, 1), (1, 1), (0, 1)]),
    ("0.25", [(1, 4), (-1, 8), (1, 4), (3, 4)]),
    ("inner", [(9, 9), (9, 9), (1, 1), (1, 1)]),
    ("outer", [(9, 9), (9, 9), (0, 1), (0, 1)]),
];

/// σ and a kink of it, in the order of the columns.
const KINKS: [(&str, (i64, i64)); 4] = [
    (r#""relu""#, (0, 1)),
    (r#"{"name": "leaky_relu", "slope": "-1/2"}"#, (0, 1)),
    (r#"{"name": "hard_tanh", "min": "-1/2", "max": "3/4"}"#, (-1, 2)),
    (r#"{"name": "hard_tanh", "min": "-1/2", "max": "3/4"}"#, (3, 4)),
];

fn read(text: &str) -> Result<Document, creditcheck::Error> {
    Document::read(text.as_bytes(), &Limits::default())
}

/// One neuron of this σ at the net input s, and one behind it that passes everything on: x = s there, since σ(s) = s at each kink.
fn neuron(sigma: &str, kink: &str, s: &Q) -> String {
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
        {{"weights": [["2"]], "biases": ["{}"], "activation": {sigma}, "kink": "{kink}"}},
        {{"weights": [["3"]], "biases": ["0"], "activation": "identity"}}]}}, "loss": "half_squared_error",
        "learning_rate": "1", "examples": [{{"input": ["1"], "target": ["{}"]}}]}}"#,
        s - ratio(2, 1),
        s * ratio(3, 1) + ratio(4, 1),
    )
}

/// The update of the bias of that neuron is 12 slopes: e = 4 comes back through a weight of 3.
fn slope(update: &Update<Q>) -> Q {
    &update.biases[Neuron(1)] / ratio(12, 1)
}

#[test]
fn every_engine_has_the_slope_of_the_table() {
    let limits = Limits::default();
    let mut asked = 0;
    for (kink, slopes) in SLOPES {
        for ((sigma, at), (p, q)) in KINKS.into_iter().zip(slopes) {
            if (p, q) == (9, 9) {
                continue;
            }
            let (at, expected) = (ratio(at.0, at.1), ratio(p, q));
            let document = read(&neuron(sigma, kink, &at)).unwrap();
            let case = &document.case;
            let told = |who: &str, found: Q| assert_eq!(found, expected, "{who}: {sigma}, {kink}");
            told("credit", slope(&engines::credit(case, &limits).unwrap().update));
            told("tangent", -slope(&engines::arbiter(case, &limits).unwrap()));
            let reference = Reference::new(case, &limits).unwrap();
            let hook = reference.hook(None);
            told("the reference's credit", slope(&reference.credit(&hook).unwrap().update));
            let back = reference.backprop(&hook).unwrap().biases[0].clone().unwrap();
            told("the reference's backpropagation", -&back[0] / ratio(12, 1));
            let issued = certify(&document, &Options::default(), &mut Silent).unwrap().certificate;
            let report = creditcheck::certificate::verify::equations(&issued).unwrap();
            assert_ne!(report.conclusion(), Conclusion::Disagree, "{sigma}, {kink}");
            let factor = &issued.witnesses.examples[0].balance_factor[Neuron(1)];
            told("the certificate", factor.clone());
            #[cfg(feature = "fast")]
            in_floats(case, &|who, found| told(who, found));
            asked += 1;
        }
    }
    assert_eq!(asked, 32);
}

#[cfg(feature = "fast")]
fn in_floats(case: &creditcheck::spec::Case, told: &dyn Fn(&str, Q)) {
    use creditcheck::fast;
    use creditcheck::modular::exact;
    let exact_of = |value: f64| creditcheck::number::exact_f64(value).unwrap() / ratio(12, 1);
    told("backprop", -slope_of_layers(&engines::backprop(case, &Limits::default()).unwrap()));
    let wide = fast::credit::run::<f64>(case).unwrap().update.biases[Neuron(1)];
    told("credit in f64", exact_of(wide));
    let narrow = fast::credit::run::<f32>(case).unwrap().update.biases[Neuron(1)];
    told("credit in f32", exact_of(narrow.into()));
    let relaxed = fast::relax::run::<f64>(case).unwrap().update.biases[Neuron(1)];
    told("relaxation in f64", exact_of(relaxed));
    let back = fast::backprop::run::<f64>(case).unwrap().gradient.biases[0].clone().unwrap();
    told("backprop in f64", -exact_of(back[0]));
    let dense = creditcheck::spec::Dense::of(case).unwrap();
    for rule in [exact::Rule::Credit, exact::Rule::Backprop] {
        let found = exact::run(&dense, rule, &mut |_, _, _| Ok(())).unwrap();
        let biases = found.layers[0].biases.as_ref().unwrap();
        let sign = ratio(if matches!(rule, exact::Rule::Credit) { 1 } else { -1 }, 12);
        told("modulo primes", biases.rational(0) * sign);
    }
}

#[cfg(feature = "fast")]
fn slope_of_layers(outcome: &creditcheck::spec::outcome::BackpropOutcome<Q>) -> Q {
    let biases = outcome.gradient.biases[0].as_ref().unwrap();
    &biases[0] / ratio(12, 1)
}

/// The claims of a whole network at its kinks, one case per convention.
#[test]
fn the_fixtures_agree_under_their_conventions() {
    for name in [
        "kink-relu-third",
        "kink-hard-tanh-inner",
        "kink-hard-tanh-outer",
        "kink-outer-beside-relu",
    ] {
        let path = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let document = read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
        let rows = &certified.certificate.claims;
        for claim in [Claim::Credit, Claim::Update, Claim::Truth] {
            let mut of_claim = rows.iter().filter(|row| row.claim == claim);
            assert!(of_claim.all(|row| row.verdict == Some(Conclusion::Agree)), "{name} {claim:?}");
        }
    }
}

/// Layers, the place and value of a convention, and what a reader says to it; nothing if it takes it.
const ASKED: [(&str, &str, &str, &str); 12] = [
    (
        r#""hard_tanh""#,
        r#""relu""#,
        r#""kink": "inner""#,
        r#"kink: found "inner", expected another convention than "inner": relu has one kink"#,
    ),
    (r#""hard_tanh""#, r#""tanh""#, r#""kink": "outer""#, ""),
    (r#""identity""#, r#""tanh""#, r#""kink": "outer""#, ""),
    (r#""hard_tanh""#, r#""relu", "kink": "mean""#, r#""kink": "inner""#, ""),
    (
        r#""hard_tanh""#,
        r#""tanh", "kink": "inner""#,
        r#""kink": "left""#,
        r#"layers[1].kink: found "inner", expected a σ with two kinks in this layer: tanh has none"#,
    ),
    (
        r#""relu", "kink": "outer""#,
        r#""relu""#,
        r#""kink": "left""#,
        r#"layers[0].kink: found "outer", expected another convention than "outer": relu has one kink"#,
    ),
    (
        r#""hard_tanh", "balance": "relu""#,
        r#""identity""#,
        r#""kink": "outer""#,
        "relu has one kink",
    ),
    (r#""relu""#, r#""relu""#, r#""kink": "1/3""#, ""),
    (r#""relu""#, r#""relu""#, r#""kink": 1"#, ""),
    (
        r#""relu""#,
        r#""relu""#,
        r#""kink": 0.5"#,
        "kink: found 0.5, expected an exact number in quotes",
    ),
    (
        r#""relu""#,
        r#""relu""#,
        r#""kink": "-1/3""#,
        r#"kink: found "-1/3", expected "left", "right", "mean", "inner", "outer", or a number from 0 to 1"#,
    ),
    (
        r#""relu""#,
        r#""relu""#,
        r#""kink": "1/18446744073709551616""#,
        "kink: bits of the denominator: 65 is over the limit of 64",
    ),
];

#[test]
fn a_convention_is_taken_where_it_says_something() {
    for (first, second, kink, expected) in ASKED {
        let text = format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
            {{"weights": [["2"]], "activation": {first}}}, {{"weights": [["3"]], "activation": {second}}}]}},
            "loss": "half_squared_error", "learning_rate": "1", {kink}, "examples": [{{"input": ["1"], "target": ["2"]}}]}}"#
        );
        match read(&text) {
            Ok(_) => assert_eq!(expected, "", "accepted: {text}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!expected.is_empty() && error.contains(expected), "{error}");
            }
        }
    }
}

/// In a graph the convention is that of the case: about all neurons but the inputs, whose σ nobody reads.
#[test]
fn of_a_graph_the_inputs_do_not_count() {
    let graph = |functions: &str| {
        read(&format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [2],
            "activation": {functions}, "synapses": [[1, 0, "1"], [2, 1, "1"]]}}, "loss": "half_squared_error",
            "learning_rate": "1", "kink": "outer", "examples": [{{"input": ["1"], "target": ["2"]}}]}}"#
        ))
    };
    assert!(graph(r#"["relu", "hard_tanh", "square"]"#).is_ok());
    let refused = graph(r#"["identity", "hard_tanh", "relu"]"#).unwrap_err().to_string();
    assert!(
        refused.contains("kink: found \"outer\"") && refused.contains("relu has one kink"),
        "{refused}"
    );
}

/// A number has one form in the digest; a word stays, also where a number means the same.
#[test]
fn a_number_has_one_digest() {
    let digest = |kink: &str| read(&neuron(r#""relu""#, kink, &ratio(0, 1))).unwrap().digest();
    assert_eq!(digest("0.5"), digest("1/2"));
    assert_eq!(digest("0x1p-1"), digest("2/4"));
    assert_ne!(digest("1/2"), digest("mean"));
    let Network::Layered(net) =
        read(&neuron(r#""relu""#, "2/6", &ratio(0, 1))).unwrap().case.network
    else {
        panic!("layers")
    };
    assert_eq!(net.layers[0].kink.map(Kink::name), Some("1/3".to_owned()));
}

/// What a certificate says of each, in words.
#[test]
fn the_certificate_names_the_convention() {
    let words = |kink: &str, sigma: &str| {
        let document = read(&neuron(sigma, kink, &ratio(0, 1))).unwrap();
        creditcheck::certificate::words::kink(&document.case)
    };
    let start = "the slope at a kink is that of the piece on its left; in layer 1, ";
    let hard = r#""hard_tanh""#;
    assert_eq!(words("inner", hard), format!("{start}that of the piece between the two kinks"));
    assert_eq!(words("outer", hard), format!("{start}that of the piece beyond the two kinks"));
    assert_eq!(
        words("1/3", hard),
        format!("{start}2/3 of that of the piece on its left plus 1/3 of that on its right")
    );
}

/// No witness: the slope at a kink is the convention's, also where the case is forged to another one.
#[test]
fn a_certificate_under_another_convention_is_refused() {
    for (sigma, at, kink, other) in [
        (r#""relu""#, ratio(0, 1), "1/3", Kink::Mean),
        (r#""hard_tanh""#, ratio(1, 1), "inner", Kink::Outer),
        (r#""hard_tanh""#, ratio(-1, 1), "outer", Kink::Inner),
    ] {
        let document = read(&neuron(sigma, kink, &at)).unwrap();
        let mut issued = certify(&document, &Options::default(), &mut Silent).unwrap().certificate;
        if let Network::Layered(net) = &mut issued.case.network {
            net.layers[0].kink = Some(other);
        }
        issued.kink = creditcheck::certificate::words::kink(&issued.case);
        let refusal = creditcheck::certificate::verify::equations(&issued).unwrap_err();
        assert_eq!(refusal.equation, "D2", "{refusal}");
    }
}
