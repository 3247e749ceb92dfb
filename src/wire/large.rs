//! `creditcheck/certificate/1` of large networks: it has a `shape`, and fingerprints in place of numbers.

use super::certificate::{claim, claim_json, whole};
use super::cursor::Cursor;
use super::document::sha256;
use super::json::Json;
use super::kind::expect_format;
use crate::certificate::FORMAT;
use crate::certificate::large::{Draw, File, Large, Shape};
use crate::certificate::verify::large::SealedLarge;
use crate::error::Error;
use crate::spec::Limits;

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
    let Large { case_text, case_digest, files, shape, seed, versions, claims, draws } = certificate;
    let texts = |texts: &[String]| Json::array(texts, Json::text);
    let mut fields = vec![
        ("format".into(), Json::text(FORMAT)),
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
    expect_format(&root, FORMAT)?;
    root.required("format")?;
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
    let versions = root.required("versions")?;
    let Json::Object(names) = versions.value() else {
        return Err(versions.error("an object of names and versions"));
    };
    let version = |(name, _): &(String, Json)| {
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
    let certificate = Large {
        case_text: root.required("case")?.value().canonical(),
        case_digest: root.required("case_digest")?.text()?.to_owned(),
        files: root.required("files")?.items()?.iter().map(file).collect::<Result<_, _>>()?,
        shape: Shape {
            widths: counts("widths", COUNT)?,
            biases: counts("biases", 2)?.into_iter().map(|has| has == 1).collect(),
            batch: shape.required("batch")?.index(COUNT, "a count")?,
        },
        seed: whole(&root.required("seed")?, u64::MAX)?,
        versions: names.iter().map(version).collect::<Result<_, Error>>()?,
        claims: root.required("claims")?.items()?.iter().map(claim).collect::<Result<_, _>>()?,
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
    Ok(SealedLarge { certificate, text, digest })
}
