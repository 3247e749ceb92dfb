//! Certificates for Coq: those in `proofs/certs` are written again byte for byte, and what cannot be written is refused.
//!
//! Whether Coq accepts them, and refuses them with any number changed, is asked by the gates in `proofs/`; no test here needs Coq.

use std::path::Path;

use creditcheck::certificate::Certificate;
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::coq::{self, Given};
use creditcheck::spec::{Limits, PerNeuron};
use creditcheck::wire::Document;
use num_rational::BigRational;

/// Case, and whether its floats stand beside it.
const GOLDEN: [&str; 3] =
    ["cases/worked-example.json", "coq/digits-relu.json", "cases/recurrent-dense-8.json"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(file: &str) -> Document {
    let bytes = std::fs::read(root().join("fixtures").join(file)).unwrap();
    Document::read(&bytes, &Limits::default()).unwrap()
}

fn certificate(document: &Document) -> Certificate {
    certify(document, &Options::default(), &mut Silent).unwrap().certificate
}

fn compare(name: &str, text: &str) {
    let file = root().join("proofs/certs").join(format!("{name}.v"));
    if std::env::var_os("CREDITCHECK_ACCEPT").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    let accept = "CREDITCHECK_ACCEPT=1 cargo test coq::";
    assert!(golden == text, "{} changed; if that is meant: {accept}", file.display());
}

#[test]
fn the_exact_files_are_written_again() {
    for file in GOLDEN {
        let document = document(file);
        let text = coq::exact(&certificate(&document)).unwrap();
        compare(&coq::name(document.case.title().0), &text);
    }
}

/// The floats of one machine, as they were recorded: those of another may differ in their last bits.
fn recorded(name: &str) -> Vec<Given> {
    let file = root().join(format!("fixtures/coq/{name}.floats.json"));
    let text = std::fs::read_to_string(file).unwrap();
    let values: serde_json::Value = serde_json::from_str(&text).unwrap();
    let column = |example: &serde_json::Value, what: &str| {
        let numbers = example[what].as_array().unwrap();
        PerNeuron::new(numbers.iter().map(|n| n.as_str().unwrap().parse().unwrap()).collect())
    };
    let examples = values.as_array().unwrap().iter();
    examples
        .map(|example| Given {
            balance_factor: column(example, "balance_factors"),
            external_credit: column(example, "external_credits"),
            credit: column(example, "credits"),
        })
        .collect()
}

const FLOATS: [(&str, &str); 2] =
    [("digits-tanh", "coq/digits-tanh.json"), ("recurrent-cycle", "cases/recurrent-cycle.json")];

#[test]
fn the_files_about_floats_are_written_again_from_recorded_floats() {
    for (name, file) in FLOATS {
        let document = document(file);
        let given = recorded(name);
        let is_float = |c: &BigRational| {
            BigRational::from_float(creditcheck::number::nearest_f64(c)).as_ref() == Some(c)
        };
        assert!(given.iter().all(|one| one.credit.iter().all(is_float)));
        let text = coq::residual(&document.case, &document.digest(), &given).unwrap();
        compare(&format!("{}_f64", coq::name(name)), &text);
    }
}

/// The live floats of this machine: the same numbers of the case, and bounds that are as small. With
/// `CREDITCHECK_RECORD` set they become the recorded ones.
#[cfg(feature = "fast")]
#[test]
fn live_floats_have_bounds_as_small() {
    for (name, file) in FLOATS {
        let document = document(file);
        let issued = certificate(&document);
        let live = creditcheck::certify::float_credits(&issued).unwrap();
        if std::env::var_os("CREDITCHECK_RECORD").is_some() {
            record(name, &live);
        }
        let text = coq::residual(&document.case, &document.digest(), &live).unwrap();
        let exponent = |text: &str| -> i64 {
            let (_, rest) = text.split_once("lies within 2^").unwrap();
            rest.split_once(' ').unwrap().0.parse().unwrap()
        };
        let golden = coq::residual(&document.case, &document.digest(), &recorded(name)).unwrap();
        let (here, there) = (exponent(&text), exponent(&golden));
        assert!((here - there).abs() <= 2 && here < -45, "{name}: 2^{here} against 2^{there}");
    }
}

#[cfg(feature = "fast")]
fn record(name: &str, live: &[Given]) {
    let column = |values: &PerNeuron<BigRational>| -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    };
    let line = |one: &Given| {
        let columns = [
            ("balance_factors", column(&one.balance_factor)),
            ("external_credits", column(&one.external_credit)),
            ("credits", column(&one.credit)),
        ];
        let fields = columns.map(|(what, values)| format!("\"{what}\": {values:?}"));
        format!("{{{}}}", fields.join(",\n "))
    };
    let lines: Vec<_> = live.iter().map(line).collect();
    let file = root().join(format!("fixtures/coq/{name}.floats.json"));
    std::fs::write(file, format!("[{}]\n", lines.join(",\n"))).unwrap();
}

/// In the committed digits every number is tied to an equation: each hidden neuron fires for some image, so even a weight from
/// a pixel that is never lit changes a credit, and no number can be changed unseen.
#[test]
fn every_hidden_neuron_of_the_digits_is_alive() {
    let issued = certificate(&document("coq/digits-relu.json"));
    for neuron in 64..96 {
        let passes = |example: &creditcheck::certificate::ExampleWitness| {
            let one = creditcheck::spec::Neuron(neuron);
            *(&example.balance_factor[one] * &example.credit[one]).numer() != 0.into()
        };
        assert!(issued.witnesses.examples.iter().any(passes), "neuron {neuron}");
    }
}

#[test]
fn what_the_checkers_do_not_know_is_refused_with_the_reason() {
    let refused = [
        ("own-balance-square", "the theorem is about f = σ'"),
        ("activation-softsign", "the activation softsign: the checker knows identity"),
        // The float side gives the rates and slopes of a transcendental function; without it there is no certificate to refuse.
        #[cfg(feature = "fast")]
        ("activation-tanh", "the activation tanh: it has no rational values; --number f64"),
        #[cfg(feature = "fast")]
        ("activation-logistic", "the activation logistic: it has no rational values"),
        ("kink-relu-mean", "the kink convention \"mean\", and neuron"),
        ("kink-leaky-relu-right", "the checker's slope there is the left one"),
        ("kink-hard-tanh-right", "the kink convention \"right\""),
        ("kink-hard-tanh-inner", "the kink convention \"inner\""),
        ("kink-hard-tanh-outer", "the kink convention \"outer\""),
        ("kink-relu-third", "the kink convention \"1/3\""),
        ("recurrent-own-balance", "the theorem is about f = σ'"),
    ];
    for (name, reason) in refused {
        let issued = certificate(&document(&format!("cases/{name}.json")));
        let error = coq::exact(&issued).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("unsupported: a Coq certificate with "), "{name}: {text}");
        assert!(text.contains(reason), "{name}: {text}");
    }
}

#[test]
fn on_a_kink_the_left_slope_and_off_it_any_convention_is_served() {
    for name in ["kink-relu-left", "kink-leaky-relu-left", "kink-hard-tanh-left"] {
        assert!(coq::exact(&certificate(&document(&format!("cases/{name}.json")))).is_ok());
    }
    let text = std::fs::read_to_string(root().join("fixtures/cases/kink-relu-mean.json")).unwrap();
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let mut issued = certificate(&document);
    for example in &mut issued.witnesses.examples {
        // Off the kink the convention does not matter; only the emission is asked here, not whether the numbers are right.
        let off = |s: &BigRational| s + BigRational::new(1.into(), 1024.into());
        example.net_input = example.net_input.map(off);
    }
    assert!(coq::exact(&issued).is_ok());
}

/// A title cannot leave its comment, and a file name cannot leave its folder.
#[test]
fn titles_cannot_do_harm() {
    let mut issued = certificate(&document("cases/worked-example.json"));
    issued.case.name = Some("*) Axiom x : False. (* \"../../y".into());
    let text = coq::exact(&issued).unwrap();
    let (comment, rest) = text.split_once("*)").unwrap();
    assert!(comment.starts_with(coq::MARK) && comment.contains("Axiom x : False."), "{comment}");
    assert!(!rest.contains("Axiom") && !text.contains('"'), "{rest}");
    assert_eq!(coq::name("../../y"), "case_______y");
    assert_eq!(coq::name(""), "case_");
    assert_eq!(coq::name("Type"), "case_Type");
}

/// Integers stand between two markers, and nothing else that a gate could change by mistake.
#[test]
fn the_markers_enclose_the_data() {
    for file in GOLDEN {
        let text = coq::exact(&certificate(&document(file))).unwrap();
        assert_eq!(text.matches("\n(* data *)\n").count(), 1);
        assert_eq!(text.matches("\n(* end of data *)\n").count(), 1);
        let (_, rest) = text.split_once("\n(* data *)\n").unwrap();
        let (data, theorems) = rest.split_once("\n(* end of data *)\n").unwrap();
        assert!(data.contains("Trace") && !data.contains("Theorem"));
        assert!(theorems.contains("vm_cast_no_check (eq_refl true)"));
        assert!(!text.contains("Admitted") && !text.contains("Print Assumptions"));
    }
}

/// With a cycle whose |W|ᵀ|β| does not contract there are no bounds of this kind, whatever the floats are.
#[test]
fn without_contraction_there_are_no_bounds() {
    let text = r#"{"format": "creditcheck/case/1", "name": "loop",
      "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1], "activation": "identity",
        "synapses": [[1, 0, "1"], [1, 1, "-2"]]},
      "loss": "half_squared_error", "learning_rate": "1", "examples": [{"input": ["1"], "target": ["1"]}]}"#;
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let issued = certificate(&document);
    assert!(coq::exact(&issued).is_ok());
    let witness = &issued.witnesses.examples[0];
    let given = Given {
        balance_factor: witness.balance_factor.clone(),
        external_credit: coq::external_credits(&issued).remove(0),
        credit: witness.credit.clone(),
    };
    let error = coq::residual(&document.case, &document.digest(), &[given]).unwrap_err();
    assert!(error.to_string().contains("does not contract"), "{error}");
}
