//! What `verify` found.

use super::{counted, drawn, drawn_by, grid, hanging, network, wrapped};
use crate::certificate::large::Large;
use crate::certificate::verify::large::SealedLarge;
use crate::certificate::verify::{Given, Refusal, Report, Row, Sealed};
use crate::certificate::words;
use crate::foreign::Foreign;
use crate::spec::Expect;
use crate::verdict::Conclusion;
use crate::wire::json::Json;

/// What `verify` found, as text.
#[must_use]
pub fn verified(
    file: &str,
    sealed: &Sealed,
    verified: &Result<Report, Refusal>,
    conclusion: Conclusion,
) -> String {
    let case = &sealed.certificate.case;
    let title = format!("{} ({})", case.title(), network(case));
    let digest = &sealed.certificate.case_digest;
    confirmed(file, &title, digest, case.expect, verified, conclusion)
}

/// The same of the certificate of a large network.
#[must_use]
pub fn verified_large(
    file: &str,
    sealed: &SealedLarge,
    verified: &Result<Report, Refusal>,
    conclusion: Conclusion,
    files_were_read: bool,
) -> String {
    let Large { shape, case_digest, .. } = &sealed.certificate;
    let widths: Vec<_> = shape.widths.iter().map(ToString::to_string).collect();
    let title =
        format!("a {} network, {}", widths.join("-"), counted(shape.parameters(), "parameter"));
    let mut text = confirmed(file, &title, case_digest, Expect::Agree, verified, conclusion);
    if verified.is_ok() {
        text.push_str(if files_were_read {
            "\nconfirmed from the files: their digests, and the shapes in them\n"
        } else {
            "\n"
        });
        let files = sealed.certificate.files.iter().map(|file| (&file.name, &file.digest));
        text.extend(files.map(|(name, digest)| hanging(0, 2, &format!("{name} is {digest}"))));
    }
    text
}

fn confirmed(
    file: &str,
    title: &str,
    digest: &str,
    expect: Expect,
    verified: &Result<Report, Refusal>,
    conclusion: Conclusion,
) -> String {
    let mut text = wrapped(0, &format!("{file}: certificate of {title}"));
    text.push_str(&format!("case {}\n\n", Foreign(digest)));
    match verified {
        Ok(report) => {
            let mut equations = grid();
            equations.set_header(vec!["equation", "witnesses substituted"]);
            for (equation, count) in &report.substitutions {
                equations.add_row(vec![(*equation).to_owned(), count.to_string()]);
            }
            text.push_str(&drawn(equations));
            text.push('\n');
            text.push_str(&claims(report));
            if let Some(given) = &report.given {
                text.push('\n');
                text.push_str(&wrapped(0, &within(given)));
            }
            text.push_str(
                "\nverified: every equation holds, and every count and verdict is as stated\n",
            );
            text.push_str(match (expect, conclusion) {
                (Expect::Disagree, Conclusion::Agree) => {
                    "the verdict: differs as the case expects\n"
                }
                (Expect::Agree, Conclusion::Agree) => "the verdict: agree\n",
                (_, Conclusion::Unchecked) => "the verdict: unchecked\n",
                (_, Conclusion::Disagree) => "the verdict: DISAGREE\n",
            });
            if let Some(unseen) = &report.unseen {
                text.push_str(&wrapped(0, &format!("{unseen} (--files FOLDER)")));
            }
        }
        Err(refusal) => {
            text.push_str(&wrapped(0, &format!("refused: {refusal}")));
        }
    }
    text
}

/// The rows, and below them what each takes for granted, by number.
fn claims(report: &Report) -> String {
    let mut sentences: Vec<&str> = Vec::new();
    let mut rows = grid();
    rows.set_header(vec!["claim", "", "tier", "verdict, computed again", "granted"]);
    for row in &report.claims {
        let mut numbers = Vec::new();
        for sentence in &row.granted {
            let known = sentences.iter().position(|known| known == sentence);
            let place = known.unwrap_or(sentences.len());
            if known.is_none() {
                sentences.push(sentence);
            }
            numbers.push((place + 1).to_string());
        }
        rows.add_row(vec![
            row.claim.id(),
            row.claim.statement(),
            row.tier.word(),
            &verdict(row),
            &numbers.join(", "),
        ]);
    }
    let mut text = drawn_by(rows, 2);
    if !sentences.is_empty() {
        text.push_str("\ntaken for granted:\n");
    }
    for (k, sentence) in sentences.iter().enumerate() {
        text.push_str(&hanging(2, 4, &format!("{} {sentence}", k + 1)));
    }
    text
}

/// `agree`, `agree, given β`, `observed by the issuer`.
fn verdict(row: &Row) -> String {
    let Some(verdict) = row.verdict else { return "observed by the issuer".to_owned() };
    let given = row.granted.iter().any(|sentence| sentence.starts_with("given β"));
    format!("{}{}", verdict.word(), if given { ", given β" } else { "" })
}

/// How near what is given is to the functions.
fn within(given: &Given) -> String {
    let Given { neurons, rates_within, factors_within, share } = given;
    // Rounded up, as every bound is.
    let percent = (share * 100).div_ceil(1 << 16);
    format!(
        "given x within 2^{rates_within} of σ(s), given β within 2^{factors_within} of σ′(s), at {}, each example; \
         at most {percent} % of what one rounding of each step allows",
        counted(*neurons, "neuron")
    )
}

/// What `verify` found, as a document.
#[must_use]
pub fn verified_json(
    case_digest: &str,
    verified: &Result<Report, Refusal>,
    conclusion: Conclusion,
) -> Json {
    let mut fields =
        vec![("format", Json::text("creditcheck/verified/1")), ("case", Json::text(case_digest))];
    match verified {
        Ok(report) => {
            fields.push(("verified", Json::Bool(true)));
            fields.push(("conclusion", Json::text(conclusion.word())));
            let equation = |(name, count): &(&'static str, usize)| (*name, Json::count(*count));
            let equations = report.substitutions.iter().map(equation);
            fields.push(("substitutions", Json::object(equations)));
            fields.push(("claims", Json::array(&report.claims, row_json)));
            if let Some(given) = &report.given {
                fields.push((
                    "given",
                    Json::object([
                        ("neurons", Json::count(given.neurons)),
                        ("rates_within", Json::text(format!("2^{}", given.rates_within))),
                        (
                            "balance_factors_within",
                            Json::text(format!("2^{}", given.factors_within)),
                        ),
                    ]),
                ));
            }
            if let Some(unseen) = &report.unseen {
                fields.push(("unseen", Json::text(unseen)));
            }
        }
        Err(refusal) => {
            fields.push(("verified", Json::Bool(false)));
            fields.push(("equation", Json::text(&refusal.equation)));
            fields.push(("place", Json::text(&refusal.place)));
            fields.push(("found", Json::text(&refusal.found)));
            fields.push(("expected", Json::text(&refusal.expected)));
        }
    }
    Json::object(fields)
}

fn row_json(row: &Row) -> Json {
    Json::object([
        ("claim", Json::text(row.claim.id())),
        ("tier", Json::text(row.tier.letter().to_string())),
        ("verdict", Json::text(words::verdict(row.verdict))),
        ("granted", Json::array(&row.granted, Json::text)),
    ])
}
