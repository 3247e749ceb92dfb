//! What the name of a rule over time leaves open, in documents.

use num_rational::BigRational;

use crate::error::Error;
use crate::number;
use crate::spec::{Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalRule};
use crate::wire::case::number_json;
use crate::wire::cursor::Cursor;
use crate::wire::json::Json;

/// What the name of a rule leaves open: `feedback`, `diagonal`, `taps`, `mu` and `form`, as far as the rule has them.
#[must_use]
pub fn of(rule: &TemporalRule) -> Vec<(&'static str, Json)> {
    let of_feedback = |feedback: Feedback| {
        let mut fields = vec![("feedback", Json::text(feedback.name()))];
        if let Feedback::Type(diagonal) = feedback {
            fields.push(("diagonal", Json::text(diagonal.name())));
        }
        fields
    };
    match rule {
        TemporalRule::Mdgl { feedback } => of_feedback(*feedback),
        TemporalRule::Modprop(Modprop { feedback, taps, mu, form }) => {
            let mut fields = of_feedback(*feedback);
            let taps = match taps {
                Taps::All => Json::text("all"),
                Taps::Count(count) => Json::count(*count),
            };
            let mu = match mu {
                Mu::Scalar(mu) => number_json(mu),
                Mu::PerCell(list) => Json::array(list, number_json),
            };
            fields.extend([("taps", taps), ("mu", mu), ("form", Json::text(form.name()))]);
            fields
        }
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop => Vec::new(),
    }
}

/// What the file says of its rule; checked for its form, and no more: somebody else's rule is theirs.
///
/// # Errors
/// [`Error::Input`] for an option that no rule over time has, and for a value that it cannot have.
pub fn read(place: &Cursor<'_>, neurons: usize) -> Result<Vec<(&'static str, Json)>, Error> {
    const KNOWN: [&str; 5] = ["feedback", "diagonal", "taps", "mu", "form"];
    place.object(&KNOWN)?;
    let mut found = Vec::new();
    for name in KNOWN {
        let Some(field) = place.field(name) else { continue };
        match name {
            "feedback" => field.choice(&[("cell", ()), ("type", ())])?,
            "diagonal" => {
                let both = [Diagonal::Counted, Diagonal::Excluded].map(|d| (d.name(), ()));
                field.choice(&both)?;
            }
            "form" => {
                let all = [Form::Filter, Form::NoLeak, Form::Autodiff].map(|f| (f.name(), ()));
                field.choice(&all)?;
            }
            "taps" if field.value() != &Json::text("all") => {
                field.index(1 << 20, "\"all\", or a number of taps")?;
            }
            "mu" if matches!(field.value(), Json::Array(_)) => {
                field.numbers(neurons, "values of μ, one per neuron")?;
            }
            "mu" => {
                field.number()?;
            }
            _ => {}
        }
        found.push((name, field.value().clone()));
    }
    Ok(found)
}

/// The rule that a file declares, with its options; none of a file that declares none.
///
/// # Errors
/// [`Error::Input`] for a name that is no rule over time, an option that the rule does not have, or one that it lacks.
pub fn declared(
    rule: Option<&str>,
    options: &[(&'static str, Json)],
    limits: &Limits,
) -> Result<Option<TemporalRule>, Error> {
    let Some(name) = rule else { return Ok(None) };
    let plain = TemporalRule::WITHOUT_OPTIONS;
    let known: &[&str] = match name {
        "mdgl" => &["feedback", "diagonal"],
        "modprop" => &["feedback", "diagonal", "taps", "mu", "form"],
        _ => &[],
    };
    if let Some((stray, _)) = options.iter().find(|(option, _)| !known.contains(option)) {
        let found = format!("an option of the rule {name}");
        let expected = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Error::input(format!("options.{stray}"), found, expected));
    }
    let given = |option: &str| options.iter().find(|(name, _)| *name == option).map(|(_, v)| v);
    let text = |option: &str| match given(option) {
        Some(Json::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let by_type = text("feedback") == Some("type");
    let diagonal = match text("diagonal") {
        Some("excluded") => Diagonal::Excluded,
        _ => Diagonal::Counted,
    };
    let feedback = if by_type { Feedback::Type(diagonal) } else { Feedback::Cell };
    let rule = match name {
        "mdgl" => TemporalRule::Mdgl { feedback },
        "modprop" => {
            let forms = [Form::Filter, Form::NoLeak, Form::Autodiff];
            let form = forms.into_iter().find(|form| text("form") == Some(form.name()));
            let taps = match given("taps") {
                Some(Json::Integer(count)) => Taps::Count(usize::try_from(*count).unwrap_or(0)),
                _ => Taps::All,
            };
            let mu = given("mu").and_then(|value| mu_of(value, limits)).ok_or_else(|| {
                let expected =
                    "what stands for the slopes of the cells that relay: a number, or one per cell";
                Error::input("options.mu", "nothing", expected)
            })?;
            TemporalRule::Modprop(Modprop {
                feedback,
                taps,
                mu,
                form: form.unwrap_or(Form::Filter),
            })
        }
        _ => plain.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
            let all =
                "bptt, rtrl, factorised-rtrl, tangent, eprop, mdgl or modprop; or no such field";
            Error::input("rule", format!("\"{name}\""), all)
        })?,
    };
    Ok(Some(rule))
}

/// μ as a document has it.
#[must_use]
pub fn mu_of(value: &Json, limits: &Limits) -> Option<Mu> {
    let number = |json: &Json| match json {
        Json::Integer(value) => Some(BigRational::from_integer((*value).into())),
        Json::String(text) => number::parse(text, limits).ok(),
        _ => None,
    };
    match value {
        Json::Array(list) => list.iter().map(number).collect::<Option<_>>().map(Mu::PerCell),
        one => number(one).map(Mu::Scalar),
    }
}
