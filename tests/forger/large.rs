//! Forgeries of large certificates: whoever forges draws the points and hashes the residues of any network that they like.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::large::{File, Large};
use creditcheck::certificate::verify::large::{Found, Shown, verify};
use creditcheck::certify::large::certify;
use creditcheck::certify::{Options, Silent};
use creditcheck::spec::{Activation, Dense, Limits};
use creditcheck::verdict::Conclusion;
use creditcheck::wire::json::Json;
use creditcheck::wire::large;

use super::Dice;
use crate::modular::identity::dense;

/// n_0, …, n_Λ and B.
type Size = ([usize; 3], usize);

fn sizes(dice: &mut Dice) -> Size {
    ([1 + dice.roll(4), 1 + dice.roll(5), 1 + dice.roll(3)], 1 + dice.roll(4))
}

fn network((widths, batch): Size) -> Dense {
    dense(&widths, batch, &Activation::Relu)
}

fn file(bytes: &[u8]) -> File {
    File { name: "net.safetensors".into(), digest: sha256(bytes) }
}

/// A case whose numbers are in one file, with the biases of a network.
fn case_of(dense: &Dense, file: &File) -> Json {
    let tensor = |name: String| {
        let fields =
            [("file", file.name.clone()), ("sha256", file.digest.clone()), ("tensor", name)];
        Json::object(fields.map(|(field, text)| (field, Json::String(text))))
    };
    let layers = Json::array(dense.layers.iter().enumerate(), |(l, layer)| {
        let mut fields = vec![("activation", Json::text("relu"))];
        if layer.biases.is_some() {
            fields.push(("biases", tensor(format!("b{l}"))));
        }
        fields.push(("weights", tensor(format!("w{l}"))));
        Json::object(fields)
    });
    let examples = [("inputs", tensor("x".into())), ("targets", tensor("t".into()))];
    Json::object([
        ("examples", Json::object(examples)),
        ("format", Json::text("creditcheck/case/1")),
        ("learning_rate", Json::text("1/8")),
        ("loss", Json::text("half_squared_error")),
        ("network", Json::object([("kind", Json::text("layered")), ("layers", layers)])),
    ])
}

/// Points, fingerprints and rows of this network, in the certificate of this case.
fn issued(case: &Json, files: &[File], network: &Dense) -> Large {
    let text = case.canonical();
    certify(network, &text, files, &Options::default(), &mut Silent).unwrap().certificate.unwrap()
}

/// What a certificate is confirmed as, or the equation that refuses it, when these are the files.
fn answer(certificate: &Large, shown: Option<&Shown>) -> Result<Conclusion, String> {
    let json = large::to_json(certificate).unwrap();
    let sealed =
        large::read(&json, &Limits::default()).map_err(|error| format!("no case: {error}"))?;
    verify(&sealed, shown).map(|report| report.conclusion()).map_err(|refusal| refusal.equation)
}

fn shown(network: &Dense, files: &[File], is_large: bool) -> Shown {
    let true_shape = issued(&case_of(network, &files[0]), files, network).shape;
    Shown { files: files.to_vec(), found: Some(Found { shape: true_shape, is_large }) }
}

/// A change of a case of which no large certificate is issued.
type Change = fn(&mut Json);

fn field<'a>(json: &'a mut Json, name: &str) -> &'a mut Json {
    let Json::Object(fields) = json else { panic!("an object") };
    fields.iter_mut().find(|(field, _)| field == name).map(|(_, value)| value).unwrap()
}

fn add(json: &mut Json, name: &str, value: Json) {
    let Json::Object(fields) = json else { panic!("an object") };
    fields.push((name.to_owned(), value));
}

const CASES: [(&str, Change); 6] = [
    ("a balance function", |case| {
        let Json::Array(layers) = field(field(case, "network"), "layers") else { panic!() };
        add(&mut layers[1], "balance", Json::text("relu"));
    }),
    ("a disagreement expected", |case| add(case, "expect", Json::text("disagree"))),
    ("no case", |case| *case = Json::object([("claim", Json::text("all is well"))])),
    ("over time", |case| *field(field(case, "network"), "kind") = Json::text("temporal")),
    ("another digest in a reference", |case| {
        *field(field(field(case, "examples"), "inputs"), "sha256") = Json::text(sha256(b"other"));
    }),
    ("a field that nobody knows", |case| add(case, "batch_norm", Json::Bool(true))),
];

#[test]
fn no_forged_large_certificate_is_confirmed() {
    const ROUNDS: usize = 40;
    let mut dice = Dice::new(29);
    let (mut forgeries, mut honest) = (0, 0);
    for round in 0..ROUNDS {
        let (this, mut other) = (sizes(&mut dice), sizes(&mut dice));
        while other == this {
            other = sizes(&mut dice);
        }
        let files = [file(&round.to_be_bytes())];
        let network_here = network(this);
        let case = case_of(&network_here, &files[0]);
        let here = shown(&network_here, &files, true);
        let certificate = issued(&case, &files, &network_here);
        assert_eq!(answer(&certificate, Some(&here)), Ok(Conclusion::Agree));
        assert_eq!(answer(&certificate, None), Ok(Conclusion::Unchecked));
        honest += 1;
        // The case of one network, the points and fingerprints of another.
        let forged = issued(&case, &files, &network(other));
        assert_eq!(answer(&forged, Some(&here)), Err("shape".into()), "{this:?} {other:?}");
        assert_eq!(answer(&forged, None), Ok(Conclusion::Unchecked));
        // A small case, whatever its certificate looks like.
        let small = shown(&network_here, &files, false);
        assert_eq!(answer(&certificate, Some(&small)), Err("kind".into()));
        // Other files.
        let there = Shown { files: vec![file(b"other")], found: here.found.clone() };
        assert_eq!(answer(&certificate, Some(&there)), Err("digest".into()));
        forgeries += 3;
        for (what, change) in CASES {
            let mut changed = case.clone();
            change(&mut changed);
            let forged = issued(&changed, &files, &network_here);
            for files in [None, Some(&here)] {
                let found = answer(&forged, files);
                assert!(found.is_err(), "{what}: {found:?}");
                forgeries += 1;
            }
        }
        forgeries += fields(&certificate, &here);
    }
    println!("{forgeries} forgeries of {honest} large certificates");
    assert_eq!(forgeries, ROUNDS * (3 + 2 * CASES.len() + FIELDS.len()));
}

/// A change of one field, digests made anew.
type Field = fn(&mut Large);

const FIELDS: [Field; 9] = [
    |c| c.seed += 1,
    |c| c.draws[0].credits[0] = sha256(b"forged"),
    |c| c.draws[1].gradients[1] = sha256(b"forged"),
    |c| {
        let draw = &mut c.draws[0];
        std::mem::swap(&mut draw.updates, &mut draw.gradients);
    },
    |c| drop(c.draws.pop()),
    |c| c.claims[0].entries += 1,
    |c| c.claims[1].nonzero += 1,
    |c| drop(c.claims.pop()),
    |c| c.files.clear(),
];

fn fields(certificate: &Large, shown: &Shown) -> usize {
    for (k, change) in FIELDS.iter().enumerate() {
        let mut forged = certificate.clone();
        change(&mut forged);
        for files in [None, Some(shown)] {
            assert!(answer(&forged, files).is_err(), "field {k} went unnoticed");
        }
    }
    FIELDS.len()
}
