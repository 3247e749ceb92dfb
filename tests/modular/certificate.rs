//! Certificates of large networks: issued, written, read, confirmed without an engine, and refused once changed.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::large::{File, Large, Shape, prime};
use creditcheck::certificate::verify::Report;
use creditcheck::certificate::verify::large::{
    Found, SealedLarge, Shown, equations, verify, verify_within,
};
use creditcheck::certificate::words::LARGE;
use creditcheck::certify::large::certify;
use creditcheck::certify::{Options, Silent};
use creditcheck::error::Error;
use creditcheck::linalg::Field;
use creditcheck::spec::{Activation, Dense, Limits, Work};
use creditcheck::verdict::Conclusion;
use creditcheck::wire::Document;
use creditcheck::wire::json::Json;
use creditcheck::wire::large;

use super::identity::dense;

const WIDTHS: [usize; 4] = [5, 7, 3, 4];

fn file() -> File {
    File { name: "net.safetensors".into(), digest: sha256(b"the bytes of the file") }
}

/// A case whose numbers are all in one file.
fn case() -> Json {
    let tensor = |name: &str| {
        let File { name: file, digest } = file();
        let fields = [("file", file), ("sha256", digest), ("tensor", name.to_owned())];
        Json::object(fields.map(|(field, text)| (field, Json::String(text))))
    };
    let dense = dense(&WIDTHS, 6, &Activation::Relu);
    let layers = Json::array(dense.layers.iter().enumerate(), |(l, layer)| {
        let mut fields = vec![("activation", Json::text("relu"))];
        if layer.biases.is_some() {
            fields.push(("biases", tensor(&format!("b{l}"))));
        }
        fields.push(("weights", tensor(&format!("w{l}"))));
        Json::object(fields)
    });
    Json::object([
        ("examples", Json::object([("inputs", tensor("x")), ("targets", tensor("t"))])),
        ("format", Json::text("creditcheck/case/1")),
        ("learning_rate", Json::text("1/8")),
        ("loss", Json::text("half_squared_error")),
        ("name", Json::text("named")),
        ("network", Json::object([("kind", Json::text("layered")), ("layers", layers)])),
    ])
}

fn issued_of(case: &Json) -> Large {
    let dense = dense(&WIDTHS, 6, &Activation::Relu);
    let (text, files) = (case.canonical(), [file()]);
    let certified = certify(&dense, &text, &files, &Options::default(), &mut Silent).unwrap();
    certified.certificate.unwrap()
}

fn issued() -> Large {
    issued_of(&case())
}

/// A certificate as a reader gets it.
fn sealed(certificate: &Large) -> Result<SealedLarge, Error> {
    large::read(&large::to_json(certificate).unwrap(), &Limits::default())
}

/// The files of the case, as if they held more than the case does.
fn shown(certificate: &Large) -> Shown {
    let found = Found { shape: certificate.shape.clone(), is_large: true };
    Shown { files: certificate.files.clone(), found: Some(found) }
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
    let report = verify(&sealed, Some(&shown(&certificate))).unwrap();
    assert_eq!(report.conclusion(), Conclusion::Agree);
    // Nobody knows its shape without its files.
    let blind = verify(&sealed, None).unwrap();
    assert_eq!((blind.conclusion(), blind.unseen.is_some()), (Conclusion::Unchecked, true));
    // With them only that is taken for granted which they do not show.
    let taken = |report: &Report| -> Vec<usize> {
        report.claims.iter().map(|row| row.granted.len()).collect()
    };
    assert_eq!((taken(&blind), taken(&report)), (vec![LARGE.len(); 2], vec![LARGE.len() - 1; 2]));
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
        ("verdict", |c| c.claims[1].verdict = Some(Conclusion::Disagree)),
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

/// A case that holds more than 20,000 numbers itself: 6-3000-1.
fn written_out() -> String {
    let number = |k: usize| format!("\"{}\"", [3, -2, 1, -4, 2, -1, 5][k % 7]);
    let row = |post: usize| {
        let row: Vec<_> = (0..6).map(|pre| number(post * 3 + pre + post % 5)).collect();
        format!("[{}]", row.join(","))
    };
    let rows: Vec<_> = (0..3000).map(row).collect();
    let last: Vec<_> = (0..3000).map(|pre| number(pre + pre / 3)).collect();
    format!(
        r#"{{"format": "creditcheck/case/1", "name": "large, 6-3000-1", "network": {{"kind": "layered", "layers": [
          {{"weights": [{}], "activation": "relu"}}, {{"weights": [[{}]], "biases": ["1"], "activation": "identity"}}]}},
          "loss": "half_squared_error", "learning_rate": "1/8", "examples": [{{"input": ["1","-1","2","1","3","1"], "target": ["1"]}}]}}"#,
        rows.join(","),
        last.join(",")
    )
}

/// The golden certificate of a large case, byte for byte.
#[test]
fn a_large_case_that_holds_its_numbers_is_confirmed_without_files() {
    let document = Document::read(written_out().as_bytes(), &Limits::default()).unwrap();
    let dense = Dense::of(&document.case).unwrap();
    let text = document.json.canonical();
    let found = certify(&dense, &text, &[], &Options::default(), &mut Silent).unwrap();
    let text = large::write(&found.certificate.unwrap()).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/certificates/large-6-3000-1.json");
    if std::env::var_os("CREDITCHECK_ACCEPT").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    assert!(golden == text, "it changed; if that is meant: CREDITCHECK_ACCEPT=1 cargo test large");
    let limits = Limits::default();
    let json = Json::read(golden.as_bytes(), &limits).unwrap();
    let sealed = large::read(&json, &limits).unwrap();
    let report = verify(&sealed, None).unwrap();
    assert_eq!((report.conclusion(), report.unseen), (Conclusion::Agree, None));
    // The case states its shapes.
    let mut forged = sealed;
    forged.certificate.shape.widths[0] -= 1;
    forged.text = String::new();
    forged.digest = sha256(b"");
    assert_eq!(verify(&forged, None).unwrap_err().equation, "shape");
}

/// The field of an object, to change it.
fn field<'a>(json: &'a mut Json, name: &str) -> &'a mut Json {
    let Json::Object(fields) = json else { panic!("an object") };
    fields.iter_mut().find(|(field, _)| field == name).map(|(_, value)| value).unwrap()
}

fn first_layer(case: &mut Json) -> &mut Json {
    let Json::Array(layers) = field(field(case, "network"), "layers") else { panic!("layers") };
    &mut layers[0]
}

fn add(json: &mut Json, name: &str, value: Json) {
    let Json::Object(fields) = json else { panic!("an object") };
    fields.push((name.to_owned(), value));
}

/// Points, fingerprints and digests follow from any case: only reading it tells that there is no certificate of it.
#[test]
fn a_case_of_which_no_large_certificate_is_issued_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Json)| {
        let mut case = case();
        change(&mut case);
        let certificate = issued_of(&case);
        let sealed = sealed(&certificate).map_err(|error| error.to_string())?;
        match verify(&sealed, Some(&shown(&certificate))) {
            Ok(report) => Ok(report.conclusion()),
            Err(refusal) => Err(format!("{}: {}", refusal.equation, refusal.place)),
        }
    };
    assert_eq!(refused(&|_| ()), Ok(Conclusion::Agree));
    let own = |case: &mut Json| add(first_layer(case), "balance", Json::text("square"));
    assert_eq!(refused(&own), Err("case: case.network.layers[0].balance".into()));
    let expect = |case: &mut Json| add(case, "expect", Json::text("disagree"));
    assert_eq!(refused(&expect), Err("case: case.expect".into()));
    let no_case = |case: &mut Json| *case = Json::object([("claim", Json::text("anything"))]);
    assert!(refused(&no_case).is_err_and(|text| text.starts_with("case.claim: found an unknown")));
    let unknown = |case: &mut Json| add(case, "batch_norm", Json::Bool(true));
    assert!(refused(&unknown).is_err_and(|text| text.contains("batch_norm")));
    let bare = |case: &mut Json| *field(case, "learning_rate") = Json::text("0.125");
    assert_eq!(refused(&bare), Err("digest: the case".into()));
    let other = |case: &mut Json| {
        *field(field(first_layer(case), "weights"), "sha256") = Json::String(sha256(b"other"));
    };
    assert_eq!(refused(&other), Err("digest: files".into()));
}

#[test]
fn what_the_files_say_counts() {
    let certificate = issued();
    let sealed = sealed(&certificate).unwrap();
    let with = |change: &dyn Fn(&mut Shown)| {
        let mut shown = shown(&certificate);
        change(&mut shown);
        verify(&sealed, Some(&shown)).unwrap_err().equation
    };
    assert_eq!(with(&|shown| shown.found.as_mut().unwrap().is_large = false), "kind");
    assert_eq!(with(&|shown| shown.found.as_mut().unwrap().shape.widths[0] += 1), "shape");
    assert_eq!(with(&|shown| shown.files[0].digest = sha256(b"other")), "digest");
    assert_eq!(with(&|shown| shown.files.clear()), "digest");
}

/// Weights and two values per neuron and example, of one point: Σ n_l n_{l−1} + 2B Σ n_l is at most 2³¹.
#[test]
fn the_memory_of_one_point_is_limited() {
    let refused = |widths: &[usize], batch, biases: &[bool]| {
        let mut certificate = issued();
        certificate.shape = Shape { widths: widths.to_vec(), batch, biases: biases.to_vec() };
        certificate.draws.truncate(6);
        let sealed = sealed(&certificate).unwrap();
        let nothing = Limits { work: Work::up_to(0), ..Limits::default() };
        match verify_within(&sealed, None, &nothing) {
            Ok(found) => found.unwrap_err().equation,
            Err(error) => error.is_out_of_work().then(|| "work".to_owned()).unwrap(),
        }
    };
    for (widths, most) in [([30_000, 30_000], 10_395), ([1, 715_827_882], 1)] {
        let needed = |batch| widths[0] * widths[1] + 2 * batch * (widths[0] + widths[1]);
        assert!(needed(most) <= 1 << 31 && needed(most + 1) > 1 << 31);
        assert_eq!(refused(&widths, most, &[false]), "work");
        assert_eq!(refused(&widths, most + 1, &[false]), "shape");
    }
    // No reader takes these.
    let unread = |widths: &[usize], batch, biases: &[bool]| {
        let shape = Shape { widths: widths.to_vec(), batch, biases: biases.to_vec() };
        let certificate = Large { shape, ..issued() };
        equations(&certificate, None).unwrap_err().equation
    };
    assert_eq!(unread(&[3], 1, &[]), "shape");
    assert_eq!(unread(&[3, 2], 0, &[true]), "shape");
    assert_eq!(unread(&[3, 0], 1, &[true]), "shape");
}

/// The work of all draws is asked for before the first: whoever writes a shape of a few bytes decides how long others compute.
#[test]
fn the_work_of_all_draws_is_limited() {
    let mut certificate = issued();
    let shown = shown(&certificate);
    let with = |work| Limits { work: Work::up_to(work), ..Limits::default() };
    // Weights 35, 21 and 12; each is drawn, and multiplied twice for each of six examples.
    let needed = 68 * 13 * certificate.draws.len() as u64;
    let sealed = sealed(&certificate).unwrap();
    let report = verify_within(&sealed, Some(&shown), &with(needed)).unwrap();
    assert_eq!(report, verify(&sealed, Some(&shown)));
    let error = verify_within(&sealed, Some(&shown), &with(needed - 1)).unwrap_err();
    assert!(error.is_out_of_work(), "{error}");
    let Error::Limit { given, limit, .. } = error else { panic!("no limit") };
    assert_eq!((given, limit), (needed, needed - 1));

    // Hours of work, and no memory to speak of: refused at once.
    certificate.shape = Shape { widths: vec![40_000; 2], batch: 1_000, biases: vec![false] };
    certificate.draws.truncate(6);
    let vast = self::sealed(&certificate).unwrap();
    let found = verify_within(&vast, None, &Limits::default());
    assert!(matches!(&found, Err(error) if error.is_out_of_work()), "{found:?}");
}
