//! All rules over time against the exact gradient.

use std::fmt::Write;

use super::network_over_time;
use crate::certify::measured::Measured;
use crate::certify::temporal::{Comparison, Distance, Row};
use crate::number::canonical;
use crate::report::measured::{measured, measured_json};
use crate::report::{drawn, grid, hanging, wrapped};
use crate::spec::{Feedback, Form, Mu, Taps, TemporalCase, TemporalRule};
use crate::verdict::Conclusion;
use crate::verdict::temporal::{About, Condition};
use crate::wire::TemporalDocument;
use crate::wire::gradient::options;
use crate::wire::json::Json;

/// The comparison as text, with the gradients of others beside the rules.
#[must_use]
pub fn compared(case: &TemporalCase, comparison: &Comparison, theirs: &[Measured]) -> String {
    let mut text = wrapped(0, &format!("{} · {}", case.title(), network_over_time(case)));
    let loss = format!("L = {} · ModProp with μ = {}", comparison.gradient.loss, comparison.mu);
    text.push_str(&hanging(0, 4, &loss));
    text.push('\n');
    text.push_str(&exact_engines(comparison));
    let Some(first) = comparison.rows.first() else { return text };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nagainst the exact ∂L/∂W, {} of whose {} entries are not zero;\nin the last column, \
         whether ∂L/∂U is exact:\n",
        first.recurrent.nonzero, first.recurrent.entries
    );
    let mut table = grid();
    table.set_header(vec![
        "rule",
        "feedback",
        "taps",
        "largest\ndifference",
        "relative",
        "cosine",
        "signs",
        "U",
    ]);
    for row in &comparison.rows {
        let [rule, feedback, taps] = named(&row.rule, &comparison.mu);
        let found = &row.recurrent;
        table.add_row(vec![
            rule,
            feedback,
            taps,
            fraction(found),
            found.relative.map_or("—".into(), four),
            cosine(found),
            format!("{}/{}", found.same_sign, found.nonzero),
            if row.input.is_zero() { "=".into() } else { "≠".into() },
        ]);
    }
    text.push_str(&drawn(table));
    text.push('\n');
    text.push_str(&wrapped(
        0,
        "conditions that make ∂L/∂W exact, and what they lack here (no proof of a difference); of several the \
         one that holds or lacks least; all of them, and those of ∂L/∂U, with --format json:",
    ));
    text.push('\n');
    for (names, words) in exactness(comparison) {
        text.push_str(&hanging(2, 4, &format!("{}: {words}", names.join(" | "))));
    }
    for warning in warnings(comparison) {
        text.push('\n');
        text.push_str(&wrapped(0, &format!("warning: {warning}")));
    }
    text.push_str(&measured(theirs));
    text.push('\n');
    text.push_str(&wrapped(0, &format!("verdict: {}", verdict(comparison))));
    text
}

fn exact_engines(comparison: &Comparison) -> String {
    let mut equal = Vec::new();
    let mut others = Vec::new();
    for engine in &comparison.exact {
        match &engine.equal {
            Ok(true) => equal.push(engine.rule.to_string()),
            Ok(false) => others.push(format!("{} DIFFERS from BPTT", engine.rule)),
            Err(why) => others.push(format!("{} was not run ({why})", engine.rule)),
        }
    }
    let equal = match equal.len() {
        1 => "BPTT alone".to_owned(),
        _ => format!("{}, entry by entry", equal.join(" = ")),
    };
    wrapped(
        0,
        &std::iter::once(format!("exact: {equal}")).chain(others).collect::<Vec<_>>().join("; "),
    )
}

/// A rule for three columns: what it is, its feedback, its taps.
fn named(rule: &TemporalRule, mu: &Mu) -> [String; 3] {
    let feedback = |feedback: Feedback| match feedback {
        Feedback::Cell => "cell".to_owned(),
        Feedback::Type(diagonal) => format!("type, {}", diagonal.name()),
    };
    match rule {
        TemporalRule::Mdgl { feedback: f } => ["MDGL".into(), feedback(*f), String::new()],
        TemporalRule::Modprop(rule) => {
            let own = if rule.mu == *mu { "" } else { ", μ = h" };
            let taps = match (rule.form, rule.taps) {
                (Form::Autodiff, _) => String::new(),
                (Form::Filter | Form::NoLeak, Taps::All) => "all".to_owned(),
                (Form::Filter | Form::NoLeak, Taps::Count(count)) => count.to_string(),
            };
            [format!("ModProp {}{own}", rule.form.name()), feedback(rule.feedback), taps]
        }
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop => [rule.to_string(), String::new(), String::new()],
    }
}

/// The largest difference, as a fraction where it is short.
fn fraction(found: &Distance) -> String {
    const SHORT: usize = 12;
    let exact = canonical(&found.largest);
    if exact.len() <= SHORT {
        return exact;
    }
    format!("≈ {}", four(crate::number::nearest_f64(&found.largest)))
}

/// Four digits, whatever the magnitude.
fn four(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if (1e-3..1.0).contains(&v.abs()) => format!("{v:.4}"),
        v if (1.0..10.0).contains(&v.abs()) => format!("{v:.3}"),
        v if (10.0..100.0).contains(&v.abs()) => format!("{v:.2}"),
        v if (100.0..1000.0).contains(&v.abs()) => format!("{v:.1}"),
        v => format!("{v:.3e}"),
    }
}

/// 1 only where the entries are equal: "1.0000" is rounded.
fn cosine(found: &Distance) -> String {
    match found.cosine {
        None => "—".to_owned(),
        Some(_) if found.is_zero() => "1".to_owned(),
        Some(cosine) => format!("{cosine:.4}"),
    }
}

/// Why rules are exact for W, or what is missing; rules of which the same is to be said stand together.
fn exactness(comparison: &Comparison) -> Vec<(Vec<String>, String)> {
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    for row in &comparison.rows {
        let (name, words) = (full_name(&row.rule, &comparison.mu), why(row));
        match found.iter_mut().find(|(_, other)| *other == words) {
            Some((names, _)) => names.push(name),
            None => found.push((vec![name], words)),
        }
    }
    found
}

/// The columns of a rule in one.
fn full_name(rule: &TemporalRule, mu: &Mu) -> String {
    let [name, feedback, _] = named(rule, mu);
    let mut taps = String::new();
    if let TemporalRule::Modprop(rule) = rule
        && rule.form != Form::Autodiff
    {
        taps = rule.taps.to_string();
    }
    let words = [name, feedback, taps];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

fn why(row: &Row) -> String {
    let said = |condition: &Condition| format!("claim {} {}", condition.number, condition.words);
    let own = |condition: &&Condition| condition.about == About::Recurrent;
    let conditions = || row.conditions.iter().filter(own);
    if let Some(holds) = conditions().find(|condition| condition.holds) {
        return said(holds);
    }
    let some = conditions().find(|condition| !condition.rows.is_empty());
    // Parts that are missing are joined by semicolons.
    let parts = |condition: &&Condition| condition.words.matches(';').count();
    let nearest = conditions().filter(|condition| condition.rows.is_empty()).min_by_key(parts);
    let said: Vec<_> = some.into_iter().chain(nearest).map(said).collect();
    match row.recurrent.is_zero() {
        true => format!("equal here by its numbers; {}", said.join("; ")),
        false => said.join("; "),
    }
}

/// Which taps grow, once for each kind.
fn warnings(comparison: &Comparison) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in comparison.rows.iter().filter(|row| row.taps_grow()) {
        let TemporalRule::Modprop(rule) = &row.rule else { continue };
        if matches!(rule.taps, Taps::Count(0 | 1)) {
            continue;
        }
        let what = match rule.form {
            Form::NoLeak => "|(1−λ) μ ν|",
            Form::Filter | Form::Autodiff => "|λ + (1−λ) μ ν|",
        };
        let warning = format!(
            "{what} is {} for an eigenvalue ν of Ŵ, {} with μ = {}: not below 1, so the taps of ModProp grow (or never fade) \
             with every step back",
            row.growth.map_or_else(String::new, four),
            rule.feedback,
            rule.mu
        );
        if !found.contains(&warning) {
            found.push(warning);
        }
    }
    found
}

fn verdict(comparison: &Comparison) -> String {
    let mut wrong: Vec<String> = Vec::new();
    for row in &comparison.rows {
        for words in &row.contradictions {
            wrong.push(format!("{}: {words}, and yet it differs", row.rule));
        }
        if !row.readout_is_exact {
            wrong.push(format!("{}: loss or readout gradient differ", row.rule));
        }
    }
    match comparison.conclusion() {
        Conclusion::Agree => {
            "agree: one exact gradient, and every rule is exact where a condition holds".to_owned()
        }
        Conclusion::Unchecked => {
            let dead = comparison
                .dead_blocks()
                .iter()
                .map(|name| format!("∂L/∂{name}"))
                .collect::<Vec<_>>();
            format!(
                "unchecked: every entry of the exact {} is zero, which any dead rule reproduces",
                dead.join(" and ")
            )
        }
        Conclusion::Disagree => {
            let differs = |engine: &&crate::certify::temporal::Exact| engine.equal == Ok(false);
            let engines = comparison.exact.iter().filter(differs);
            wrong.extend(engines.map(|engine| format!("{} differs from BPTT", engine.rule)));
            format!("DISAGREE: {}", wrong.join("; "))
        }
    }
}

/// The comparison as a document.
#[must_use]
pub fn compared_json(
    document: &TemporalDocument,
    comparison: &Comparison,
    theirs: &[Measured],
) -> Json {
    let engines = comparison.exact.iter().map(|engine| {
        let mut fields = vec![("rule", Json::text(engine.rule.name()))];
        match &engine.equal {
            Ok(equal) => fields.push(("equal", Json::Bool(*equal))),
            Err(why) => fields.push(("not_run", Json::text(why))),
        }
        Json::object(fields)
    });
    let fields = [
        ("format", Json::text("creditcheck/comparison/1")),
        ("case", Json::text(document.digest())),
        ("verdict", Json::text(comparison.conclusion().word())),
        ("loss", Json::text(canonical(&comparison.gradient.loss))),
        ("exact", Json::Array(engines.collect())),
        ("rules", Json::array(&comparison.rows, row_json)),
        ("warnings", Json::array(warnings(comparison), Json::text)),
    ];
    let theirs = (!theirs.is_empty()).then(|| ("gradients", Json::array(theirs, measured_json)));
    Json::object(fields.into_iter().chain(theirs))
}

fn row_json(row: &Row) -> Json {
    let mut fields = vec![("rule", Json::text(row.rule.name()))];
    let options = options::of(&row.rule);
    if !options.is_empty() {
        fields.push(("options", Json::object(options)));
    }
    fields.push(("recurrent", distance_json(&row.recurrent)));
    fields.push(("input", distance_json(&row.input)));
    fields.push(("conditions", Json::array(&row.conditions, condition_json)));
    fields.push(("contradictions", Json::array(&row.contradictions, Json::text)));
    if let Some(growth) = row.growth {
        fields.push(("growth", Json::text(four(growth))));
    }
    Json::object(fields)
}

fn distance_json(found: &Distance) -> Json {
    let rounded = |value: Option<f64>| value.map_or(Json::Null, |value| Json::text(four(value)));
    Json::object([
        ("equal", Json::Bool(found.is_zero())),
        ("largest_difference", Json::text(canonical(&found.largest))),
        ("relative", rounded(found.relative)),
        ("cosine", found.cosine.map_or(Json::Null, |_| Json::text(cosine(found)))),
        ("same_sign", Json::count(found.same_sign)),
        ("nonzero", Json::count(found.nonzero)),
        ("entries", Json::count(found.entries)),
    ])
}

fn condition_json(condition: &Condition) -> Json {
    let about = match condition.about {
        About::Recurrent => "recurrent",
        About::Input => "input",
        About::Feedback => "feedback",
    };
    Json::object([
        ("claim", Json::count(condition.number.into())),
        ("about", Json::text(about)),
        ("holds", Json::Bool(condition.holds)),
        ("rows", Json::array(&condition.rows, |row| Json::count(*row))),
        ("words", Json::text(&condition.words)),
    ])
}
