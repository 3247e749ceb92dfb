//! Certificates that stand in the repository, byte for byte.

use std::path::Path;

use creditcheck::certificate::verify;
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::Limits;
use creditcheck::verdict::Conclusion;
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{read, write};

const GOLDEN: [&str; 7] = [
    "worked-example",
    "square-2-3-3-2-quadratic",
    "kink-by-layer",
    "graph-skip-dead-end",
    "own-balance-square",
    "clamped-output",
    "recurrent-cycle",
];

/// Certificates with given rates: their bits may differ between processors, so they are confirmed, and issued anew only when asked.
const GIVEN: [&str; 2] = ["activation-tanh", "activation-softplus"];

#[test]
fn certificates_with_given_rates_are_confirmed() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in GIVEN {
        let file = fixtures.join(format!("certificates/{name}.json"));
        #[cfg(feature = "fast")]
        if std::env::var_os("CREDITCHECK_ACCEPT").is_some() {
            let case = std::fs::read(fixtures.join(format!("cases/{name}.json"))).unwrap();
            let document = Document::read(&case, &Limits::default()).unwrap();
            let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
            std::fs::write(&file, write(&certified.certificate)).unwrap();
        }
        let report = verify(&read(&std::fs::read(&file).unwrap(), &Limits::default()).unwrap());
        let report = report.unwrap();
        assert_eq!(report.conclusion(), Conclusion::Agree, "{name}");
        let given = report.given.unwrap();
        // Nothing comes near to what is allowed: 14 % here.
        assert!(given.neurons > 0 && given.share < 1 << 15, "{name}: {given:?}");
        assert!((-54..=-50).contains(&given.rates_within), "{name}: {given:?}");
        let granted = &report.claims[0].granted;
        assert!(granted[0].starts_with("given β"), "{granted:?}");
    }
}

#[test]
fn the_golden_certificates_are_issued_again_and_confirmed() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in GOLDEN {
        let case = std::fs::read(fixtures.join(format!("cases/{name}.json"))).unwrap();
        let document = Document::read(&case, &Limits::default()).unwrap();
        let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
        let text = write(&certified.certificate);
        let file = fixtures.join(format!("certificates/{name}.json"));
        if std::env::var_os("CREDITCHECK_ACCEPT").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        let accept = "CREDITCHECK_ACCEPT=1 cargo test golden";
        assert!(golden == text, "{name} changed; if that is meant: {accept}");
        verify(&read(golden.as_bytes(), &Limits::default()).unwrap()).unwrap();
    }
}
