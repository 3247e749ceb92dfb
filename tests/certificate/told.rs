//! What a verifier tells of a certificate that it confirms, to the last count, and what it may cost.

use creditcheck::Error;
use creditcheck::certificate::verify::{Report, equations, equations_within, verify_within};
use creditcheck::spec::{Limits, Work};
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{from_json, to_json};

use crate::evidence::gather;
use crate::forger::bases;

fn told(report: &Report) -> String {
    let Report { title, claims, substitutions, given, unseen, .. } = report;
    let row = |row: &creditcheck::certificate::verify::Row| {
        format!(
            "  {} {} {:?} granted {}",
            row.claim.id(),
            row.tier.letter(),
            row.verdict,
            row.granted.len()
        )
    };
    let rows: Vec<_> = claims.iter().map(row).collect();
    format!("{title} {substitutions:?}\n  {given:?} {unseen:?}\n{}", rows.join("\n"))
}

/// How many witnesses each equation confirmed, how near given values are, and every row.
#[test]
fn everything_that_was_confirmed_is_told() {
    let told: Vec<_> =
        bases::all().iter().map(|base| told(&equations(&base.certificate).unwrap())).collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// Both doors take the same work, which is that of the equations, and say so where it is not left.
#[test]
fn the_work_of_a_verification_is_limited() {
    let mut counts = Vec::new();
    for base in bases::all() {
        let with = |work| Limits { work: Work::up_to(work), ..Limits::default() };
        let all = with(u64::MAX);
        let report = equations_within(&base.certificate, &all).unwrap().unwrap();
        assert_eq!(report, equations(&base.certificate).unwrap());
        let needed = all.work.spent();
        counts.push(needed);
        let json = to_json(&base.certificate);
        let sealed = from_json(&json, &Limits::default()).unwrap();
        let enough = with(needed);
        assert_eq!(verify_within(&sealed, &enough).unwrap().unwrap(), report);
        assert_eq!(enough.work.spent(), needed);
        // Whatever was refused on the way is no refusal of the certificate.
        for work in [0, 1, needed / 3, needed / 2, needed - 1] {
            let limits = with(work);
            let error = verify_within(&sealed, &limits).unwrap_err();
            assert!(error.is_out_of_work(), "{error}");
            let Error::Limit { given, limit, .. } = error else { panic!("no limit") };
            assert!(limit == work && given > work && given <= needed, "{given} of {needed}");
        }
    }
    insta::assert_snapshot!(counts.iter().map(u64::to_string).collect::<Vec<_>>().join("\n"));
}

/// Wherever it ends for want of work, it ends with the limit: what was left out is divided by nowhere.
#[test]
fn no_work_is_left_at_any_place() {
    const SOFT: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["1/2", "-1"], ["1/3", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "softsign"},
      {"weights": [["2", "-3/4"]], "activation": {"name": "leaky_relu", "slope": "1/7"}}]},
      "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
      {"input": ["1", "1/2"], "target": ["1"]}, {"input": ["1/4", "-1/2"], "target": ["-1"]}]}"#;
    let document = Document::read(SOFT.as_bytes(), &Limits::default()).unwrap();
    let found = gather(&document.case, &document.digest(), bases::SEED);
    let soft = bases::reissued(document.case, found).unwrap();
    let certificates = bases::all().into_iter().map(|base| base.certificate).chain([soft]);
    for certificate in certificates {
        let all = Limits { work: Work::up_to(u64::MAX), ..Limits::default() };
        equations_within(&certificate, &all).unwrap().unwrap();
        let needed = all.work.spent();
        for share in 0..100 {
            let work = needed * share / 100;
            let limits = Limits { work: Work::up_to(work), ..Limits::default() };
            assert!(equations_within(&certificate, &limits).unwrap_err().is_out_of_work());
        }
    }
}

/// Whose fault a refusal is decides how the program ends.
#[test]
fn a_case_without_certificates_is_told_from_a_wrong_certificate() {
    let bases = bases::all();
    let mut wrong = bases[0].certificate.clone();
    wrong.claims.pop();
    assert!(!equations(&wrong).unwrap_err().is_of_case());
    let mut certificate = bases[0].certificate.clone();
    let creditcheck::spec::Network::Layered(net) = &mut certificate.case.network else {
        panic!("layers")
    };
    net.layers[0].balance = Some(creditcheck::spec::Activation::Tanh);
    assert!(equations(&certificate).unwrap_err().is_of_case());
}
