//! `creditcheck/certificate/2`; the first version is read too.

use num_rational::BigRational;

use super::case::{self, number_json};
use super::cursor::Cursor;
use super::document::{Document, sha256};
use super::format::expect_format;
use super::json::Json;
use crate::certificate::digest::{DRAW_EXAMPLES, PRIME};
use crate::certificate::verify::Sealed;
use crate::certificate::{
    BackpropWitness, Certificate, ClaimRow, Draw, DrawExample, ExampleWitness, Inverses, Matrix,
    PerParameter, Soundness, TangentWitness, Version, Versions, Witnesses, words,
};
use crate::error::Error;
use crate::spec::{Case, Limits, Network, PerNeuron, PerSynapse, Wiring};
use crate::verdict::{Claim, Conclusion, Tier};

/// A certificate as a document, its own digest last.
///
/// The case stands in it as it was given, so that its digest is that of the file.
#[must_use]
pub fn to_json(certificate: &Certificate) -> Json {
    let mut fields = match body(certificate) {
        Json::Object(fields) => fields,
        _ => Vec::new(),
    };
    let digest = sha256(Json::Object(fields.clone()).canonical().as_bytes());
    fields.push(("digest".into(), Json::String(digest)));
    Json::Object(fields)
}

/// A certificate as a file. The same certificate gives the same bytes.
#[must_use]
pub fn write(certificate: &Certificate) -> String {
    to_json(certificate).pretty()
}

fn body(certificate: &Certificate) -> Json {
    let Certificate {
        version,
        case,
        case_text,
        case_digest,
        kink,
        seed,
        versions,
        claims,
        witnesses,
    } = certificate;
    // The text was written by `Json::canonical`; should it be anything else, the digest will tell.
    let limits = Limits::default();
    let given = Json::read(case_text.as_bytes(), &limits);
    Json::object([
        ("format", Json::text(version.format())),
        ("case", given.unwrap_or_else(|_| case::to_json(case))),
        ("case_digest", Json::text(case_digest)),
        ("kink", Json::text(kink)),
        ("seed", Json::text(seed.to_string())),
        (
            "versions",
            Json::object([
                ("creditcheck", Json::text(&versions.creditcheck)),
                ("num-rational", Json::text(&versions.num_rational)),
                ("num-bigint", Json::text(&versions.num_bigint)),
            ]),
        ),
        ("claims", Json::array(claims, claim_json)),
        ("witnesses", witnesses_json(witnesses)),
    ])
}

pub(super) fn claim_json(row: &ClaimRow) -> Json {
    let mut fields = vec![
        ("claim", Json::text(row.claim.id())),
        ("tier", Json::text(row.tier.letter().to_string())),
        ("verdict", Json::text(words::verdict(row.verdict))),
    ];
    if let Some(reason) = &row.reason {
        fields.push(("reason", Json::text(reason)));
    }
    fields.extend([
        ("compared", Json::text(&row.compared)),
        ("entries", Json::count(row.entries)),
        ("nonzero", Json::count(row.nonzero)),
        ("differing", Json::count(row.differing)),
    ]);
    if let Some(soundness) = &row.soundness {
        fields.push((
            "soundness",
            Json::object([
                ("variables", Json::count(soundness.variables)),
                ("degree", Json::text(soundness.degree.to_string())),
                ("prime", Json::text(soundness.prime.to_string())),
                ("draws", Json::count(soundness.draws)),
                ("log2_bound", Json::Integer(soundness.log2_bound)),
            ]),
        ));
    }
    fields.push(("assumptions", Json::array(&row.assumptions, Json::text)));
    Json::object(fields)
}

fn witnesses_json(witnesses: &Witnesses) -> Json {
    let mut fields = vec![
        ("examples", Json::array(&witnesses.examples, example_json)),
        ("update", parameters_json(&witnesses.update, number_json)),
    ];
    if let Some(gradient) = &witnesses.gradient {
        fields.push(("gradient", parameters_json(gradient, number_json)));
    }
    if let Some(tangent) = &witnesses.tangent {
        fields.push(("derivatives", Json::array(&tangent.derivatives, number_json)));
    }
    fields.push(("draws", Json::array(&witnesses.draws, draw_json)));
    Json::object(fields)
}

fn example_json(example: &ExampleWitness) -> Json {
    let numbers = |values: &PerNeuron<BigRational>| Json::array(values.iter(), number_json);
    let mut fields = vec![
        ("net_inputs", numbers(&example.net_input)),
        ("rates", numbers(&example.firing_rate)),
        ("balance_factors", numbers(&example.balance_factor)),
        ("credits", numbers(&example.credit)),
    ];
    if let Some(backward) = &example.backprop {
        fields.push(("adjoints", numbers(&backward.adjoint)));
        fields.push(("deltas", numbers(&backward.delta)));
    }
    if let Some(response) = &example.response {
        fields.push(("responses", numbers(response)));
    }
    if let Some(Inverses { credit, slope }) = &example.inverses {
        let matrix = |rows: &Matrix| Json::array(rows, |row| Json::array(row, number_json));
        fields.push(("inverse", matrix(credit)));
        fields.extend(slope.as_ref().map(|rows| ("inverse_of_slopes", matrix(rows))));
    }
    Json::object(fields)
}

fn parameters_json<T>(values: &PerParameter<T>, number: impl Fn(&T) -> Json) -> Json {
    Json::object([
        ("weights", Json::array(values.weights.iter(), &number)),
        ("biases", Json::array(values.biases.iter(), &number)),
    ])
}

fn residue_json(residue: &u64) -> Json {
    Json::text(residue.to_string())
}

fn draw_json(draw: &Draw) -> Json {
    let residues = |values: &PerNeuron<u64>| Json::array(values.iter(), residue_json);
    let mut fields = vec![
        (
            "examples",
            Json::array(&draw.examples, |example| {
                Json::object([
                    ("credits", residues(&example.credit)),
                    ("adjoints", residues(&example.adjoint)),
                ])
            }),
        ),
        ("update", parameters_json(&draw.update, residue_json)),
    ];
    if let Some(gradient) = &draw.gradient {
        fields.push(("gradient", parameters_json(gradient, residue_json)));
    }
    Json::object(fields)
}

/// Reads a certificate with the digest that it states; what it says is for
/// [`verify`](crate::certificate::verify()) to judge.
///
/// Witnesses may be as long as intermediate results (`limits.bits`), the numbers of the case only as
/// long as those of any case.
///
/// # Errors
/// [`Error::Input`] with the JSON path where the document has another form; [`Error::Limit`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sealed, Error> {
    from_json(&Json::read(bytes, limits)?, limits)
}

/// [`read`], from a document that is already a tree.
///
/// # Errors
/// As [`read`].
pub fn from_json(json: &Json, limits: &Limits) -> Result<Sealed, Error> {
    // A decimal digit holds more than three bits; sign and fraction bar are the rest.
    let digits = usize::try_from(limits.bits / 3).unwrap_or(usize::MAX).saturating_add(4);
    let longer = Limits { number_chars: limits.number_chars.max(digits), ..limits.clone() };
    let root = Cursor::root(json, &longer);
    // A file of another kind is told so, not that its fields are unknown.
    expect_format(&root, &Version::ALL.map(|(name, _)| name))?;
    root.object(&[
        "format",
        "case",
        "case_digest",
        "kink",
        "seed",
        "versions",
        "claims",
        "witnesses",
        "digest",
    ])?;
    let version = root.required("format")?.choice(&Version::ALL)?;
    let place = root.required("case")?;
    // Numerator and denominator of a number that was written as a decimal or in hex are longer than it was.
    let of_case = Limits { number_chars: limits.number_chars.saturating_mul(4), ..limits.clone() };
    // Once for errors with their place in this document, once for the numbers in canonical form.
    let case = case::from_cursor(&place.within(&of_case))?;
    expect_few_neurons(&case, limits)?;
    let document = Document::read(place.value().canonical().as_bytes(), &of_case)?;
    let wiring = Wiring::of(&document.case);
    let layered = matches!(document.case.network, Network::Layered(_));
    let seed = root.required("seed")?;
    let versions = root.required("versions")?;
    versions.object(&["creditcheck", "num-rational", "num-bigint"])?;
    let stated = |name| Ok::<_, Error>(versions.required(name)?.text()?.to_owned());
    let certificate = Certificate {
        version,
        case_text: document.json.canonical(),
        case_digest: root.required("case_digest")?.text()?.to_owned(),
        kink: root.required("kink")?.text()?.to_owned(),
        seed: whole(&seed, u64::MAX)?,
        versions: Versions {
            creditcheck: stated("creditcheck")?,
            num_rational: stated("num-rational")?,
            num_bigint: stated("num-bigint")?,
        },
        claims: claims(&root.required("claims")?)?,
        witnesses: witnesses(
            &root.required("witnesses")?,
            &Shape { wiring: &wiring, layered, examples: document.case.examples.len() },
        )?,
        case: document.case,
    };
    let digest = root.required("digest")?.text()?.to_owned();
    // The digest is of the document as it stands, but for itself.
    let text = match json {
        Json::Object(fields) => {
            let rest = fields.iter().filter(|(name, _)| name != "digest").cloned();
            Json::Object(rest.collect()).canonical()
        }
        _ => String::new(),
    };
    Ok(Sealed { certificate, text, digest })
}

/// Refuses a case that is too large for the exact engines, before anything is made of it.
fn expect_few_neurons(case: &Case, limits: &Limits) -> Result<(), Error> {
    let neurons: usize = match &case.network {
        Network::Layered(net) => net.widths().iter().sum(),
        Network::Graph(net) => net.neurons,
    };
    if neurons <= limits.neurons {
        return Ok(());
    }
    Err(Error::Limit {
        what: "neurons of a case that is certified".into(),
        given: neurons as u64,
        limit: limits.neurons as u64,
    })
}

/// An unsigned integer in quotes, written in the one canonical way.
pub(super) fn whole(place: &Cursor<'_>, most: u64) -> Result<u64, Error> {
    let text = place.text()?;
    let value = text.parse::<u64>().ok().filter(|v| *v <= most && v.to_string() == text);
    value.ok_or_else(|| place.error(format!("an integer from 0 to {most} in quotes")))
}

/// The rows, of which there is at least one.
pub(super) fn claims(place: &Cursor<'_>) -> Result<Vec<ClaimRow>, Error> {
    let rows = place.items()?;
    if rows.is_empty() {
        return Err(place.error("at least one row"));
    }
    rows.iter().map(claim).collect()
}

fn claim(place: &Cursor<'_>) -> Result<ClaimRow, Error> {
    place.object(&[
        "claim",
        "tier",
        "verdict",
        "reason",
        "compared",
        "entries",
        "nonzero",
        "differing",
        "soundness",
        "assumptions",
    ])?;
    let count =
        |name: &str| -> Result<usize, Error> { place.required(name)?.index(1 << 52, "a count") };
    let claims: Vec<_> = Claim::ALL.iter().map(|claim| (claim.id(), *claim)).collect();
    let letters: Vec<_> = Tier::ALL.iter().map(|tier| (tier.letter().to_string(), *tier)).collect();
    let tiers: Vec<_> = letters.iter().map(|(letter, tier)| (letter.as_str(), *tier)).collect();
    let verdicts = [Conclusion::Agree, Conclusion::Disagree, Conclusion::Unchecked].map(Some);
    let verdicts = verdicts.into_iter().chain([None]);
    let verdicts: Vec<_> = verdicts.map(|v| (words::verdict(v), v)).collect();
    let assumptions = place.required("assumptions")?.items()?;
    Ok(ClaimRow {
        claim: place.required("claim")?.choice(&claims)?,
        tier: place.required("tier")?.choice(&tiers)?,
        verdict: place.required("verdict")?.choice(&verdicts)?,
        reason: place.field("reason").map(|text| text.text().map(str::to_owned)).transpose()?,
        compared: place.required("compared")?.text()?.to_owned(),
        entries: count("entries")?,
        nonzero: count("nonzero")?,
        differing: count("differing")?,
        soundness: place.field("soundness").map(|bound| soundness(&bound)).transpose()?,
        assumptions: assumptions
            .iter()
            .map(|text| text.text().map(str::to_owned))
            .collect::<Result<_, _>>()?,
    })
}

fn soundness(place: &Cursor<'_>) -> Result<Soundness, Error> {
    place.object(&["variables", "degree", "prime", "draws", "log2_bound"])?;
    let count = |name: &str| place.required(name)?.index(1 << 52, "a count");
    let bound = place.required("log2_bound")?;
    let log2_bound = match bound.value() {
        Json::Integer(value) => *value,
        _ => return Err(bound.error("an integer")),
    };
    Ok(Soundness {
        variables: count("variables")?,
        degree: whole(&place.required("degree")?, u64::MAX)?,
        prime: whole(&place.required("prime")?, u64::MAX)?,
        draws: count("draws")?,
        log2_bound,
    })
}

/// What the case says about the lengths of the witnesses.
struct Shape<'a> {
    wiring: &'a Wiring,
    layered: bool,
    examples: usize,
}

impl Shape<'_> {
    fn numbers(&self, place: &Cursor<'_>) -> Result<PerNeuron<BigRational>, Error> {
        let numbers = place.numbers(self.wiring.neurons(), "numbers, one per neuron")?;
        Ok(PerNeuron::new(numbers))
    }

    fn matrix(&self, place: &Cursor<'_>) -> Result<Matrix, Error> {
        let neurons = self.wiring.neurons();
        let rows = place.exactly(neurons, "rows, one per neuron")?;
        rows.iter().map(|row| row.numbers(neurons, "numbers, one per neuron")).collect()
    }

    fn residues(&self, place: &Cursor<'_>) -> Result<PerNeuron<u64>, Error> {
        let items = place.exactly(self.wiring.neurons(), "residues, one per neuron")?;
        Ok(PerNeuron::new(items.iter().map(residue).collect::<Result<_, _>>()?))
    }

    fn parameters<T>(
        &self,
        place: &Cursor<'_>,
        number: impl Fn(&Cursor<'_>) -> Result<T, Error>,
    ) -> Result<PerParameter<T>, Error> {
        place.object(&["weights", "biases"])?;
        let synapses = self.wiring.synapses.len();
        let weights = place.required("weights")?.exactly(synapses, "numbers, one per synapse")?;
        let biases = place.required("biases")?;
        let biases = biases.exactly(self.wiring.neurons(), "numbers, one per neuron")?;
        Ok(PerParameter {
            weights: PerSynapse::new(weights.iter().map(&number).collect::<Result<_, _>>()?),
            biases: PerNeuron::new(biases.iter().map(&number).collect::<Result<_, _>>()?),
        })
    }
}

fn residue(place: &Cursor<'_>) -> Result<u64, Error> {
    whole(place, PRIME - 1)
}

fn witnesses(place: &Cursor<'_>, shape: &Shape<'_>) -> Result<Witnesses, Error> {
    place.object(&["examples", "update", "gradient", "derivatives", "draws"])?;
    let examples = place.required("examples")?;
    let examples = examples.exactly(shape.examples, "witnesses, one per example of the case")?;
    let gradient = place.field("gradient");
    let tangent = place.field("derivatives").map(|list| {
        let derivatives = list.items()?.iter().map(|n| n.number()).collect::<Result<_, _>>()?;
        Ok::<_, Error>(TangentWitness { derivatives })
    });
    let draws = place.required("draws")?.items()?;
    Ok(Witnesses {
        examples: examples.iter().map(|e| example(e, shape)).collect::<Result<_, _>>()?,
        update: shape.parameters(&place.required("update")?, |n| n.number())?,
        gradient: gradient.map(|g| shape.parameters(&g, |n| n.number())).transpose()?,
        tangent: tangent.transpose()?,
        draws: draws.iter().map(|d| draw(d, shape)).collect::<Result<_, _>>()?,
    })
}

fn example(place: &Cursor<'_>, shape: &Shape<'_>) -> Result<ExampleWitness, Error> {
    let backward: &[&str] = if shape.layered { &["adjoints", "deltas"] } else { &["responses"] };
    let mut known = vec!["net_inputs", "rates", "balance_factors", "credits"];
    known.extend(backward);
    if shape.wiring.is_recurrent() {
        known.extend(["inverse", "inverse_of_slopes"]);
    }
    place.object(&known)?;
    let inverses = place.field("inverse").map(|rows| {
        let slope = place.field("inverse_of_slopes");
        Ok::<_, Error>(Inverses {
            credit: shape.matrix(&rows)?,
            slope: slope.map(|rows| shape.matrix(&rows)).transpose()?,
        })
    });
    let numbers = |name: &str| shape.numbers(&place.required(name)?);
    let backprop = if shape.layered {
        Some(BackpropWitness { adjoint: numbers("adjoints")?, delta: numbers("deltas")? })
    } else {
        None
    };
    Ok(ExampleWitness {
        net_input: numbers("net_inputs")?,
        firing_rate: numbers("rates")?,
        balance_factor: numbers("balance_factors")?,
        credit: numbers("credits")?,
        backprop,
        response: place.field("responses").map(|r| shape.numbers(&r)).transpose()?,
        inverses: inverses.transpose()?,
    })
}

fn draw(place: &Cursor<'_>, shape: &Shape<'_>) -> Result<Draw, Error> {
    place.object(&["examples", "update", "gradient"])?;
    let examples = place.required("examples")?;
    let examples = examples.exactly(DRAW_EXAMPLES, "examples of a draw")?;
    let gradient = place.field("gradient");
    Ok(Draw {
        examples: examples
            .iter()
            .map(|example| {
                example.object(&["credits", "adjoints"])?;
                Ok(DrawExample {
                    credit: shape.residues(&example.required("credits")?)?,
                    adjoint: shape.residues(&example.required("adjoints")?)?,
                })
            })
            .collect::<Result<_, Error>>()?,
        update: shape.parameters(&place.required("update")?, residue)?,
        gradient: gradient.map(|g| shape.parameters(&g, residue)).transpose()?,
    })
}
