//! Rules by short names: `bptt`, `eprop`, `mdgl`, `modprop`, and what follows a colon.

use num_rational::BigRational;

use crate::error::Error;
use crate::number::{canonical, parse};
use crate::spec::{Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalRule};

/// What a list of rules may consist of.
const EXPECTED: &str = "bptt, eprop, mdgl or modprop, the last two with :type or :type:excluded, modprop also with :taps=8, :mu=1/4, \
                        :no-leak or :autodiff";

/// ½, which stands for the slope of a ReLU.
#[must_use]
pub fn half() -> BigRational {
    BigRational::new(1.into(), 2.into())
}

/// ModProp with all taps, μ = ½ and cell-specific feedback, from which the others differ.
#[must_use]
pub fn modprop() -> Modprop {
    Modprop {
        feedback: Feedback::Cell,
        taps: Taps::All,
        mu: Mu::Scalar(half()),
        form: Form::Filter,
    }
}

/// Reads a rule.
///
/// # Errors
/// [`Error::Input`] with what may stand there.
///
/// ```
/// use creditcheck::simulate::tasks::{name, rule};
/// let read = rule("modprop:taps=8:type").unwrap();
/// assert_eq!(name(&read), "modprop:type:taps=8");
/// assert!(rule("modprop:taps=0").is_err() && rule("bptt:type").is_err());
/// ```
pub fn rule(text: &str) -> Result<TemporalRule, Error> {
    let refused = || Error::input("--rules", format!("{text:?}"), EXPECTED);
    let mut parts = text.split(':');
    let mut rule = match parts.next() {
        Some("bptt") => TemporalRule::Bptt,
        Some("eprop") => TemporalRule::Eprop,
        Some("mdgl") => TemporalRule::Mdgl { feedback: Feedback::Cell },
        Some("modprop") => TemporalRule::Modprop(modprop()),
        _ => return Err(refused()),
    };
    let mut seen = Vec::new();
    for part in parts {
        let (word, value) = part.split_once('=').map_or((part, None), |(w, v)| (w, Some(v)));
        if seen.contains(&word) {
            return Err(refused());
        }
        seen.push(word);
        let taken = match &mut rule {
            TemporalRule::Mdgl { feedback } => of_feedback(feedback, word, value),
            TemporalRule::Modprop(modprop) => of_modprop(modprop, word, value),
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => None,
        };
        taken.ok_or_else(refused)?;
    }
    if let TemporalRule::Modprop(Modprop { form: Form::Autodiff, taps: Taps::Count(_), .. }) = &rule
    {
        let expected = "no :taps with :autodiff: it has all";
        return Err(Error::input("--rules", format!("{text:?}"), expected));
    }
    Ok(rule)
}

/// Takes a word about Ŵ; nothing if it is none that may follow.
fn of_feedback(feedback: &mut Feedback, word: &str, value: Option<&str>) -> Option<()> {
    let is_typed = *feedback != Feedback::Cell;
    *feedback = match (word, value) {
        ("type", None) if !is_typed => Feedback::Type(Diagonal::Counted),
        ("excluded", None) if is_typed => Feedback::Type(Diagonal::Excluded),
        _ => return None,
    };
    Some(())
}

/// Takes a word about ModProp; nothing if it is none that may follow.
fn of_modprop(modprop: &mut Modprop, word: &str, value: Option<&str>) -> Option<()> {
    match (word, value) {
        ("taps", Some("all")) => modprop.taps = Taps::All,
        ("taps", Some(taps)) => {
            modprop.taps = Taps::Count(taps.parse().ok().filter(|count| *count > 0)?);
        }
        ("mu", Some(mu)) => modprop.mu = Mu::Scalar(parse(mu, &Limits::default()).ok()?),
        ("no-leak", None) if modprop.form == Form::Filter => modprop.form = Form::NoLeak,
        ("autodiff", None) if modprop.form == Form::Filter => modprop.form = Form::Autodiff,
        _ => return of_feedback(&mut modprop.feedback, word, value),
    }
    Some(())
}

/// The short name: what [`rule`] reads.
#[must_use]
pub fn name(rule: &TemporalRule) -> String {
    let with = |word: &str, feedback: Feedback| {
        let suffix = match feedback {
            Feedback::Cell => "",
            Feedback::Type(Diagonal::Counted) => ":type",
            Feedback::Type(Diagonal::Excluded) => ":type:excluded",
        };
        format!("{word}{suffix}")
    };
    match rule {
        TemporalRule::Bptt => "bptt".into(),
        TemporalRule::Rtrl => "rtrl".into(),
        TemporalRule::FactorisedRtrl => "factorised-rtrl".into(),
        TemporalRule::Tangent => "tangent".into(),
        TemporalRule::Eprop => "eprop".into(),
        TemporalRule::Mdgl { feedback } => with("mdgl", *feedback),
        TemporalRule::Modprop(modprop) => {
            let mut text = with("modprop", modprop.feedback);
            if let Taps::Count(count) = modprop.taps {
                text.push_str(&format!(":taps={count}"));
            }
            match &modprop.mu {
                Mu::Scalar(mu) if *mu == half() => {}
                Mu::Scalar(mu) => text.push_str(&format!(":mu={}", canonical(mu))),
                Mu::PerCell(_) => text.push_str(":mu=per-cell"),
            }
            text.push_str(match modprop.form {
                Form::Filter => "",
                Form::NoLeak => ":no-leak",
                Form::Autodiff => ":autodiff",
            });
            text
        }
    }
}

/// The name for readers, such as `ModProp, 8 taps`.
#[must_use]
pub fn title(rule: &TemporalRule) -> String {
    let of = |feedback: Feedback| match feedback {
        Feedback::Cell => "",
        Feedback::Type(Diagonal::Counted) => ", type-specific",
        Feedback::Type(Diagonal::Excluded) => ", type-specific (diagonal excluded)",
    };
    match rule {
        TemporalRule::Bptt => "BPTT".into(),
        TemporalRule::Eprop => "e-prop".into(),
        TemporalRule::Mdgl { feedback } => format!("MDGL{}", of(*feedback)),
        TemporalRule::Modprop(modprop) => {
            let mut text = format!("ModProp{}", of(modprop.feedback));
            text.push_str(match modprop.form {
                Form::Filter => "",
                Form::NoLeak => ", no-leak taps",
                Form::Autodiff => ", autodiff form",
            });
            match modprop.taps {
                Taps::Count(count) => text.push_str(&format!(", {count} taps")),
                Taps::All if modprop.form != Form::Autodiff => text.push_str(", all taps"),
                Taps::All => {}
            }
            match &modprop.mu {
                Mu::Scalar(mu) if *mu == half() => {}
                Mu::Scalar(mu) => text.push_str(&format!(", μ = {}", canonical(mu))),
                Mu::PerCell(_) => text.push_str(", μ of each cell"),
            }
            text
        }
        TemporalRule::Rtrl | TemporalRule::FactorisedRtrl | TemporalRule::Tangent => name(rule),
    }
}
