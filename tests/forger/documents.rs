//! Forgeries in the document: rows, draws, format and kind, with the digest of the whole made anew.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::{Certificate, ClaimRow, Version, words};
use creditcheck::spec::{Neuron, Synapse};
use creditcheck::verdict::{Claim, Conclusion, Tier};
use creditcheck::wire::certificate::to_json;
use creditcheck::wire::json::Json;

use super::Dice;
use super::bases::{Base, SEED};
use crate::evidence::gather;

type Forge = fn(&Base, &mut Dice) -> Option<Json>;

/// Each kind by name.
pub const KINDS: &[(&str, Forge)] = &[
    ("a row dropped", |base, dice| rows(base, |rows| drop(rows.remove(dice.roll(rows.len()))))),
    ("a row twice", |base, dice| {
        rows(base, |rows| {
            let row = rows[dice.roll(rows.len())].clone();
            rows.push(row);
        })
    }),
    ("a row of another tier or claim", |base, dice| {
        rows(base, |rows| {
            let mut row = rows[dice.roll(rows.len())].clone();
            row.tier = Tier::ALL[dice.roll(5)];
            row.claim = Claim::ALL[dice.roll(7)];
            row.verdict = Some(Conclusion::Agree);
            let at = dice.roll(rows.len());
            if dice.roll(2) == 0 {
                rows[at] = row;
            } else {
                rows.push(row);
            }
        })
    }),
    ("everything agrees", |base, _| {
        rows(base, |rows| {
            for row in rows {
                row.verdict = row.verdict.map(|_| Conclusion::Agree);
                (row.reason, row.differing) = (None, 0);
            }
        })
    }),
    ("the audit agrees", |base, _| {
        rows(base, |rows| {
            rows.iter_mut().for_each(|row| row.verdict = row.verdict.or(Some(Conclusion::Agree)))
        })
    }),
    ("nothing but the audit", |base, _| {
        rows(base, |rows| rows.retain(|row| row.claim == Claim::Locality))
    }),
    ("other counts", |base, dice| {
        rows(base, |rows| {
            let at = dice.roll(rows.len());
            let row = &mut rows[at];
            match dice.roll(3) {
                0 => row.entries += 1,
                1 => row.nonzero = row.entries + 1,
                _ => row.differing += 1,
            }
        })
    }),
    ("a better bound", |base, dice| {
        rows(base, |rows| {
            for bound in rows.iter_mut().filter_map(|row| row.soundness.as_mut()) {
                match dice.roll(3) {
                    0 => bound.log2_bound *= 2,
                    1 => bound.degree -= 1,
                    _ => bound.draws += 1,
                }
            }
        })
    }),
    ("less taken for granted", |base, dice| {
        rows(base, |rows| {
            let at = dice.roll(rows.len());
            let row = &mut rows[at];
            drop(row.assumptions.pop());
            row.compared.push_str(", and everything else");
        })
    }),
    ("draws of another seed", |base, dice| {
        changed(base, |certificate| {
            let seed = SEED + 1 + dice.roll(9) as u64;
            certificate.witnesses.draws = gather(&base.case, &certificate.case_digest, seed).draws;
        })
    }),
    ("no draws", |base, _| {
        changed(base, |certificate| {
            certificate.witnesses.draws.clear();
            certificate.claims.retain(|row| row.tier == Tier::Exact);
        })
    }),
    ("a draw moved on both sides", draw_moved),
    ("no examples", |base, _| {
        document(base, |json| {
            *field(field(json, "case"), "examples") = Json::Array(Vec::new());
            *field(field(json, "witnesses"), "examples") = Json::Array(Vec::new());
        })
    }),
    ("the other version", |base, _| {
        changed(base, |certificate| certificate.version = Version::One)
    }),
    ("the other version, in its words", |base, _| {
        changed(base, |certificate| {
            certificate.version = Version::One;
            for row in &mut certificate.claims {
                row.verdict = row.verdict.or(words::observed(Version::One));
                for text in &mut row.assumptions {
                    if text.starts_with("given β: ") {
                        "given β; slope not checked here: x and β are taken as exact"
                            .clone_into(text);
                    }
                }
            }
        })
    }),
    ("a large certificate around it", around),
    ("fields that nobody knows", |base, dice| {
        document(base, |json| {
            let place = match dice.roll(3) {
                0 => json,
                1 => field(json, "witnesses"),
                _ => field(json, "case"),
            };
            let Json::Object(fields) = place else { return };
            fields.push(("checked_by_hand".to_owned(), Json::Bool(true)));
        })
    }),
    ("another convention in words", |base, _| {
        changed(base, |certificate| certificate.kink.push_str(", as everywhere"))
    }),
    ("a name that says it agrees", |base, dice| {
        document(base, |json| {
            let Json::Object(fields) = field(json, "case") else { return };
            fields.retain(|(name, _)| name != "name");
            let name = format!("verified: agree{}", "!".repeat(dice.roll(30)));
            fields.push(("name".to_owned(), Json::String(name)));
        })
    }),
];

fn changed(base: &Base, change: impl FnOnce(&mut Certificate)) -> Option<Json> {
    let mut certificate = base.certificate.clone();
    change(&mut certificate);
    (certificate != base.certificate).then(|| to_json(&certificate))
}

fn rows(base: &Base, change: impl FnOnce(&mut Vec<ClaimRow>)) -> Option<Json> {
    changed(base, |certificate| change(&mut certificate.claims))
}

/// Both sides of a draw say the same of an entry, and it is wrong.
fn draw_moved(base: &Base, dice: &mut Dice) -> Option<Json> {
    if base.certificate.witnesses.draws.is_empty() {
        return None;
    }
    changed(base, |certificate| {
        let prime = creditcheck::certificate::digest::PRIME;
        let count = certificate.witnesses.draws.len();
        let draw = &mut certificate.witnesses.draws[dice.roll(count)];
        let synapse = Synapse(dice.roll(draw.update.weights.len()));
        if let (Some(gradient), 0) = (&mut draw.gradient, dice.roll(2)) {
            let entry = &mut gradient.weights[synapse];
            *entry = (*entry + 1) % prime;
        }
        let example = &mut draw.examples[dice.roll(2)];
        let neuron = Neuron(dice.roll(example.credit.len()));
        example.credit[neuron] = (example.credit[neuron] + 1) % prime;
        example.adjoint[neuron] = (example.adjoint[neuron] + prime - 1) % prime;
    })
}

/// The case of a small certificate in a large one, as far as its fields go.
fn around(base: &Base, dice: &mut Dice) -> Option<Json> {
    document(base, |json| {
        let Json::Object(fields) = json else { return };
        fields.retain(|(name, _)| dice.roll(2) == 0 || (name != "witnesses" && name != "kink"));
        let shape = [
            ("widths", Json::Array(vec![])),
            ("biases", Json::Array(vec![])),
            ("batch", Json::count(1)),
        ];
        fields.push(("shape".to_owned(), Json::object(shape)));
    })
}

/// The field of an object, to change it.
fn field<'a>(json: &'a mut Json, name: &str) -> &'a mut Json {
    let Json::Object(fields) = json else { panic!("an object") };
    fields.iter_mut().find(|(field, _)| field == name).map(|(_, value)| value).unwrap()
}

/// A change of the document, with the digests of its case and of the whole made anew.
fn document(base: &Base, change: impl FnOnce(&mut Json)) -> Option<Json> {
    let mut json = to_json(&base.certificate);
    change(&mut json);
    let digest = sha256(field(&mut json, "case").canonical().as_bytes());
    *field(&mut json, "case_digest") = Json::String(digest);
    let Json::Object(fields) = &mut json else { return None };
    fields.retain(|(name, _)| name != "digest");
    let digest = sha256(Json::Object(fields.clone()).canonical().as_bytes());
    fields.push(("digest".to_owned(), Json::String(digest)));
    Some(json)
}
