//! Certificates of large networks: issued, written, read, confirmed without an engine, and refused once changed.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::large::{File, Large, Shape, prime};
use creditcheck::certificate::verify::large::{equations, verify};
use creditcheck::certify::large::certify;
use creditcheck::certify::{Options, Silent};
use creditcheck::check::Conclusion;
use creditcheck::modular::Field;
use creditcheck::spec::{Activation, Limits};
use creditcheck::wire::json::Json;
use creditcheck::wire::large;

use super::identity::dense;

fn issued() -> Large {
    let files =
        vec![File { name: "net.safetensors".into(), digest: sha256(b"the bytes of the file") }];
    let case = r#"{"format":"creditcheck/case/1","name":"named"}"#;
    let dense = dense(&[5, 7, 3, 4], 6, &Activation::Relu);
    let certified = certify(&dense, case, &files, &Options::default(), &mut Silent).unwrap();
    certified.certificate.unwrap()
}

/// A change of one field.
type Change = fn(&mut Large);

#[test]
fn a_certificate_survives_its_file_and_is_confirmed() {
    let certificate = issued();
    let text = large::write(&certificate).unwrap();
    let json = Json::read(text.as_bytes(), &Limits::default()).unwrap();
    assert!(large::is_large(&json));
    let sealed = large::read(&json, &Limits::default()).unwrap();
    assert_eq!(sealed.certificate, certificate);
    let report = verify(&sealed, Some(&certificate.shape)).unwrap();
    assert_eq!(report.conclusion(), Conclusion::Agree);
    assert_eq!(report.claims.len(), 2);
    // Four layers of credits and adjoints, three of updates and gradients, in each draw.
    let draws = certificate.draws.len();
    assert_eq!(report.substitutions, [("P", draws * 14)]);
    assert_eq!(large::write(&sealed.certificate).unwrap(), text);
}

/// The verifier's choice of the prime is its own.
#[test]
fn the_prime_is_the_largest_that_does_not_divide_the_batch() {
    for batch in [1, 2, 256, 4_194_301, 8_388_602] {
        let field = Field::largest(&[batch as u64]).next().unwrap();
        assert_eq!(prime(batch), Some(field.prime()));
    }
    assert_ne!(prime(1), prime(4_194_301));
}

#[test]
fn every_change_is_refused() {
    let certificate = issued();
    equations(&certificate, None).unwrap();
    let changes: [(&str, Change); 25] = [
        ("case_text", |c| c.case_text = c.case_text.replace("named", "renamed")),
        ("case_digest", |c| c.case_digest = sha256(b"")),
        ("file", |c| c.files[0].name.push('x')),
        ("file digest", |c| c.files[0].digest = sha256(b"another file")),
        ("no file", |c| c.files.clear()),
        ("width", |c| c.shape.widths[1] += 1),
        ("huge width", |c| c.shape.widths[1] = 1 << 31),
        ("no width", |c| c.shape.widths[0] = 0),
        ("layers", |c| c.shape.widths.truncate(3)),
        ("batch", |c| c.shape.batch += 1),
        ("no batch", |c| c.shape.batch = 0),
        ("biases", |c| c.shape.biases[1] = !c.shape.biases[1]),
        ("seed", |c| c.seed += 1),
        ("credit", |c| c.draws[0].credits[2] = sha256(b"")),
        ("update", |c| c.draws[1].updates[0] = sha256(b"")),
        ("adjoint", |c| c.draws[2].adjoints[0] = sha256(b"")),
        ("gradient", |c| c.draws[3].gradients[2] = sha256(b"")),
        ("sign", |c| {
            let draw = &mut c.draws[0];
            std::mem::swap(&mut draw.credits, &mut draw.adjoints);
        }),
        ("draws", |c| drop(c.draws.pop())),
        ("entries", |c| c.claims[0].entries += 1),
        ("nonzero", |c| c.claims[1].nonzero -= 1),
        ("verdict", |c| c.claims[1].verdict = Conclusion::Disagree),
        ("bound", |c| {
            c.claims[0].soundness = c.claims[0].soundness.clone().map(|mut bound| {
                bound.log2_bound -= 1;
                bound
            });
        }),
        ("words", |c| c.claims[0].compared.push('!')),
        ("assumption", |c| drop(c.claims[0].assumptions.pop())),
    ];
    for (what, change) in changes {
        let mut changed = certificate.clone();
        change(&mut changed);
        assert!(equations(&changed, None).is_err(), "{what} went unnoticed");
    }
    // The versions are history: only the digest of the whole covers them.
    let mut changed = certificate.clone();
    changed.versions[1].1.push('0');
    equations(&changed, None).unwrap();
    let text = large::write(&certificate).unwrap();
    let faer = &certificate.versions[1].1;
    let forged = text.replace(&format!("\"{faer}\""), "\"9.9.9\"");
    assert_ne!(forged, text);
    let json = Json::read(forged.as_bytes(), &Limits::default()).unwrap();
    let sealed = large::read(&json, &Limits::default()).unwrap();
    assert_eq!(verify(&sealed, None).unwrap_err().equation, "digest");
    // Where the files are at hand, their shapes count.
    let other = Shape { batch: 7, ..certificate.shape.clone() };
    assert_eq!(equations(&certificate, Some(&other)).unwrap_err().equation, "shape");
}

/// The versions stand in the lock file.
#[test]
fn versions_are_those_of_the_lock_file() {
    let lock = include_str!("../../Cargo.lock");
    for (name, version) in creditcheck::certificate::large::versions() {
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
        assert!(lock.contains(&entry), "{name} {version}");
    }
}
