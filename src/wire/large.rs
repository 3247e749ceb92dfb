//! `creditcheck/certificate/2` of large networks: it has a `shape`, and fingerprints in place of numbers.

use super::case;
use super::certificate::{claim_json, claims, whole};
use super::cursor::Cursor;
use super::dense::{self, Outline};
use super::document::{canonical_numbers, sha256};
use super::format::expect_format;
use super::json::Json;
use super::tensor::{FileDigest, Files, Opened};
use crate::certificate::Version;
use crate::certificate::large::{Draw, File, Large, Shape};
use crate::certificate::verify::large::{Found, Numbers, SealedLarge, Shown, Subject};
use crate::error::Error;
use crate::spec::{Case, Dense, Layer, Limits, MOST_PARAMETERS, Network};

/// Whether a document is the certificate of a large network.
#[must_use]
pub fn is_large(json: &Json) -> bool {
    matches!(json, Json::Object(fields) if fields.iter().any(|(name, _)| name == "shape"))
}

/// A certificate as a document, its own digest last.
///
/// # Errors
/// [`Error::Input`] if the text of its case is no JSON.
pub fn to_json(certificate: &Large) -> Result<Json, Error> {
    let Large { version, case_text, case_digest, files, shape, seed, versions, claims, draws } =
        certificate;
    let texts = |texts: &[String]| Json::array(texts, Json::text);
    let mut fields = vec![
        ("format".into(), Json::text(version.format())),
        ("case".into(), Json::read(case_text.as_bytes(), &Limits::default())?),
        ("case_digest".into(), Json::text(case_digest)),
        (
            "files".into(),
            Json::array(files, |file| {
                Json::object([
                    ("file", Json::text(&file.name)),
                    ("digest", Json::text(&file.digest)),
                ])
            }),
        ),
        (
            "shape".into(),
            Json::object([
                ("widths", Json::array(&shape.widths, |width| Json::count(*width))),
                ("biases", Json::array(&shape.biases, |has| Json::count(usize::from(*has)))),
                ("batch", Json::count(shape.batch)),
            ]),
        ),
        ("seed".into(), Json::text(seed.to_string())),
        (
            "versions".into(),
            Json::object(versions.iter().map(|(name, version)| (name, Json::text(version)))),
        ),
        ("claims".into(), Json::array(claims, claim_json)),
        (
            "draws".into(),
            Json::array(draws, |draw| {
                Json::object([
                    ("credits", texts(&draw.credits)),
                    ("updates", texts(&draw.updates)),
                    ("adjoints", texts(&draw.adjoints)),
                    ("gradients", texts(&draw.gradients)),
                ])
            }),
        ),
    ];
    let digest = sha256(Json::Object(fields.clone()).canonical().as_bytes());
    fields.push(("digest".into(), Json::String(digest)));
    Ok(Json::Object(fields))
}

/// A certificate as a file. The same certificate gives the same bytes.
///
/// # Errors
/// As [`to_json`].
pub fn write(certificate: &Large) -> Result<String, Error> {
    Ok(to_json(certificate)?.pretty())
}

/// Reads a certificate with the digest that it states; what it says is for
/// [`verify`](crate::certificate::verify::large::verify) to judge.
///
/// # Errors
/// [`Error::Input`] with the JSON path where the document has another form; [`Error::Limit`].
pub fn read(json: &Json, limits: &Limits) -> Result<SealedLarge, Error> {
    const COUNT: usize = 1 << 32;
    let root = Cursor::root(json, limits);
    root.object(&[
        "format",
        "case",
        "case_digest",
        "files",
        "shape",
        "seed",
        "versions",
        "claims",
        "draws",
        "digest",
    ])?;
    expect_format(&root, &Version::ALL.map(|(name, _)| name))?;
    let version = root.required("format")?.choice(&Version::ALL)?;
    let file = |place: &Cursor<'_>| {
        place.object(&["file", "digest"])?;
        let text = |name: &str| Ok::<_, Error>(place.required(name)?.text()?.to_owned());
        Ok::<_, Error>(File { name: text("file")?, digest: text("digest")? })
    };
    let shape = root.required("shape")?;
    shape.object(&["widths", "biases", "batch"])?;
    let counts = |name: &str, below: usize| {
        let items = shape.required(name)?.items()?;
        items.iter().map(|item| item.index(below, "a count")).collect::<Result<Vec<_>, _>>()
    };
    let widths = counts("widths", COUNT)?;
    if widths.len() < 2 {
        return Err(shape.required("widths")?.error("the widths of at least two layers"));
    }
    if let Some(zero) = widths.iter().position(|width| *width == 0) {
        return Err(shape.required("widths")?.items()?[zero].error("a width of at least 1"));
    }
    let batch = shape.required("batch")?;
    let batch = match batch.index(COUNT, "a count")? {
        0 => return Err(batch.error("at least one example")),
        count => count,
    };
    let versions = root.required("versions")?;
    let Json::Object(names) = versions.value() else {
        return Err(versions.error("an object of names and versions"));
    };
    let stated = |(name, _): &(String, Json)| {
        Ok((name.clone(), versions.required(name)?.text()?.to_owned()))
    };
    let draw = |place: &Cursor<'_>| {
        place.object(&["credits", "updates", "adjoints", "gradients"])?;
        let texts = |name: &str| {
            let items = place.required(name)?.items()?;
            items.iter().map(|item| Ok(item.text()?.to_owned())).collect::<Result<Vec<_>, Error>>()
        };
        Ok::<_, Error>(Draw {
            credits: texts("credits")?,
            updates: texts("updates")?,
            adjoints: texts("adjoints")?,
            gradients: texts("gradients")?,
        })
    };
    let place = root.required("case")?;
    let subject = subject(&place)?;
    let certificate = Large {
        version,
        case_text: place.value().canonical(),
        case_digest: root.required("case_digest")?.text()?.to_owned(),
        files: root.required("files")?.items()?.iter().map(file).collect::<Result<_, _>>()?,
        shape: Shape {
            widths,
            biases: counts("biases", 2)?.into_iter().map(|has| has == 1).collect(),
            batch,
        },
        seed: whole(&root.required("seed")?, u64::MAX)?,
        versions: names.iter().map(stated).collect::<Result<_, Error>>()?,
        claims: claims(&root.required("claims")?)?,
        draws: root.required("draws")?.items()?.iter().map(draw).collect::<Result<_, _>>()?,
    };
    let digest = root.required("digest")?.text()?.to_owned();
    let text = match json {
        Json::Object(fields) => {
            let rest = fields.iter().filter(|(name, _)| name != "digest").cloned();
            Json::Object(rest.collect()).canonical()
        }
        _ => String::new(),
    };
    Ok(SealedLarge { certificate, subject, text, digest })
}

/// The case of a large certificate, read and validated like any other but for what is in its files.
fn subject(place: &Cursor<'_>) -> Result<Subject, Error> {
    if dense::refers_to_files(place.value(), place.limits()) {
        let Outline { is_canonical, expect, own_balance, files } = dense::outline(place)?;
        let file = |file: FileDigest| File { name: file.file, digest: file.sha256 };
        let files = files.map(|files| files.into_iter().map(file).collect());
        let numbers = Numbers::Files(files);
        return Ok(Subject { layered: true, is_canonical, expect, own_balance, numbers });
    }
    let case = case::from_cursor(place)?;
    let own_balance = match &case.network {
        Network::Layered(net) => {
            let own = |(l, layer): (usize, &Layer)| Some((l, layer.balance.as_ref()?.name()));
            net.layers.iter().enumerate().find_map(own)
        }
        Network::Graph(_) => None,
    };
    let own_balance =
        own_balance.map(|(l, name)| (format!("case.network.layers[{l}].balance"), name));
    Ok(Subject {
        layered: matches!(case.network, Network::Layered(_)),
        is_canonical: canonical_numbers(place.value(), place.limits()) == *place.value(),
        expect: case.expect,
        own_balance,
        numbers: Numbers::Here(written(&case)),
    })
}

/// The shape of a case that holds its numbers itself.
fn written(case: &Case) -> Found {
    let (widths, biases) = match &case.network {
        Network::Layered(net) => {
            let biases = net.layers.iter().map(|layer| layer.biases.is_some()).collect();
            (net.widths(), biases)
        }
        Network::Graph(_) => (Vec::new(), Vec::new()),
    };
    let shape = Shape { widths, biases, batch: case.examples.len() };
    // A number that is no f64 makes a case small, whatever its size.
    let is_large = shape.parameters() > MOST_PARAMETERS && Dense::of(case).is_some();
    Found { shape, is_large }
}

/// What stands in the files that the case of a certificate names; `open` is given each name as it stands there.
///
/// # Errors
/// As [`dense::read`]. Files with other digests than the certificate says are for the verifier to refuse, and not read any further.
pub fn shown(
    certificate: &Large,
    limits: &Limits,
    open: &mut dyn FnMut(&str) -> Result<Opened, Error>,
) -> Result<Shown, Error> {
    let mut named = Files::new(open, limits);
    for file in &certificate.files {
        named.file(&file.name).map_err(|error| error.named_at("files"))?;
    }
    let file = |file: &FileDigest| File { name: file.file.clone(), digest: file.sha256.clone() };
    let files: Vec<_> = named.digests().iter().map(file).collect();
    if files != certificate.files {
        // What stands in other files is nobody's business.
        return Ok(Shown { files, found: None });
    }
    let json = Json::read(certificate.case_text.as_bytes(), limits)?;
    let read = dense::read(&dense::without_digests(&json), limits, open)?;
    let layers = &read.dense.layers;
    let shape = Shape {
        widths: read.dense.widths(),
        biases: layers.iter().map(|layer| layer.biases.is_some()).collect(),
        batch: read.dense.batch(),
    };
    let files = read.files.iter().map(file).collect();
    Ok(Shown { files, found: Some(Found { shape, is_large: read.is_large() }) })
}
