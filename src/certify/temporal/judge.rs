//! Somebody's gradient or update of a temporal case against the exact one.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::gradient::{asked_for, exact, has_few_parameters};
use crate::certify::Progress;
use crate::check::judge::{Held, Judge, Judgement, Nearness, Reference};
use crate::error::Error;
use crate::mutants;
use crate::number::{exact_f64, nearest_f32, nearest_f64};
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::wire::gradient::{NumberKind, Quantity};
use crate::wire::json::Json;
use crate::wire::temporal::gradient::GradientOverTime;

/// Judges every entry, and names the rules over time and the known mistakes that would give exactly this result.
///
/// Floats are judged by correct rounding alone: an entry that is not the float nearest to the exact one is
/// [`Nearness::Unjudged`], for no rounding bound is computed here. The reference is the tangent up to 200 parameters, and BPTT above.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for a transcendental activation.
pub fn judge(
    case: &TemporalCase,
    mine: &GradientOverTime,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    progress.stage("the exact gradient")?;
    let rule = if has_few_parameters(case) { TemporalRule::Tangent } else { TemporalRule::Bptt };
    let truth = as_rule(case, &rule, mine, limits)?;
    let mut judge = Judge::new(held(mine.number));
    let reference =
        |value: &BigRational| Reference { value: value.clone(), is_exact: true, bound: None };
    for ((name, theirs), (_, right)) in mine.blocks().into_iter().zip(truth.blocks()) {
        let entries = theirs.into_iter().zip(right);
        let entries =
            entries.map(|((place, theirs), (_, right))| (place, theirs, reference(right)));
        judge.block(name, true, entries);
    }
    if let (Some(theirs), Some(loss)) = (&mine.loss, &truth.loss) {
        judge.block("loss", false, [("loss".to_owned(), theirs, reference(loss))]);
    }
    let mut judgement = judge.judgement();
    let mut diagnosis = Vec::new();
    if judgement.nearness() >= Nearness::Unjudged {
        diagnosis = diagnose(case, mine, &truth, limits, progress)?;
        if judgement.nearness() == Nearness::Unjudged && diagnosis.iter().any(|d| d.is_exactly) {
            judgement.differs_surely();
        }
    }
    Ok((judgement, diagnosis.into_iter().map(|diagnosis| diagnosis.sentence).collect()))
}

fn held(number: NumberKind) -> Held {
    match number {
        NumberKind::Exact => Held::Exactly,
        NumberKind::F64 => Held::F64,
        NumberKind::F32 => Held::F32,
    }
}

/// The exact result of a rule, in the quantity that theirs has.
fn as_rule(
    case: &TemporalCase,
    rule: &TemporalRule,
    mine: &GradientOverTime,
    limits: &Limits,
) -> Result<GradientOverTime, Error> {
    let found = asked_for(exact(case, rule, limits)?, mine.quantity, case);
    Ok(GradientOverTime::of(rule, NumberKind::Exact, mine.quantity, found))
}

struct Diagnosis {
    is_exactly: bool,
    sentence: String,
}

/// The rules that give exactly these entries, after rounding to the format they are held in; of floats that are none
/// of them, the rule that is nearest.
fn diagnose(
    case: &TemporalCase,
    mine: &GradientOverTime,
    truth: &GradientOverTime,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Vec<Diagnosis>, Error> {
    let as_held = |value: &BigRational| match mine.number {
        NumberKind::Exact => Some(value.clone()),
        NumberKind::F64 => exact_f64(nearest_f64(value)),
        NumberKind::F32 => exact_f64(f64::from(nearest_f32(value))),
    };
    let what = mine.quantity.name();
    let mut found: Vec<Diagnosis> = Vec::new();
    let mut seen: Vec<GradientOverTime> = vec![truth.clone()];
    let mut nearest = (furthest(mine, truth), "the exact gradient".to_owned());
    for rule in candidates(case, mine) {
        progress.stage(&format!("is it {rule}?"))?;
        let result = match as_rule(case, &rule, mine, limits) {
            Ok(result) => result,
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            // A rule that cannot be run here is none that this can be.
            Err(_) => continue,
        };
        // Several variants of one result would be named for nothing: the first is the simplest.
        let same = |other: &GradientOverTime| furthest(other, &result).is_zero();
        if seen.iter().any(same) {
            continue;
        }
        let pairs = values(&result).zip(values(mine));
        if pairs.into_iter().all(|(a, b)| as_held(a).as_ref() == Some(b)) {
            let sentence = format!("this is the {what} of {rule}");
            found.push(Diagnosis { is_exactly: true, sentence });
        }
        let distance = furthest(mine, &result);
        if distance < nearest.0 {
            nearest = (distance, format!("that of {rule}"));
        }
        seen.push(result);
    }
    if let Some(gradient) = as_gradient(case, mine) {
        progress.stage("is it a known mistake?")?;
        let sentences = mutants::temporal::diagnose(case, &gradient).into_iter();
        // The rules that it names are among those above.
        let mistakes = sentences.filter(|sentence| sentence.contains("(mutant "));
        found.extend(mistakes.map(|sentence| Diagnosis { is_exactly: true, sentence }));
    }
    if found.is_empty() && mine.number != NumberKind::Exact && nearest.0 < furthest(mine, truth) {
        let float = nearest_f64(&nearest.0);
        let sentence = format!(
            "nearest to it is {}: no entry is further off than {float:.1e}; from the exact {what} up to {:.1e}",
            nearest.1,
            nearest_f64(&furthest(mine, truth))
        );
        found.push(Diagnosis { is_exactly: false, sentence });
    }
    Ok(found)
}

/// Exact entries as a gradient: an update divided by −η.
fn as_gradient(
    case: &TemporalCase,
    mine: &GradientOverTime,
) -> Option<TemporalGradient<BigRational>> {
    if mine.number != NumberKind::Exact {
        return None;
    }
    let one = BigRational::from_integer(1.into());
    let divisor = match mine.quantity {
        Quantity::Gradient => one,
        Quantity::Update => -case.learning_rate.clone(),
    };
    if divisor.is_zero() {
        return None;
    }
    let row = |row: &Vec<BigRational>| row.iter().map(|entry| entry / &divisor).collect();
    let matrix = |rows: &[Vec<BigRational>]| rows.iter().map(row).collect();
    Some(TemporalGradient {
        // The diagnosis does not look at the loss.
        loss: BigRational::zero(),
        recurrent: matrix(&mine.recurrent),
        input: matrix(&mine.input),
        readout: matrix(&mine.readout),
        readout_biases: mine.readout_biases.as_ref().map(row),
    })
}

fn values(gradient: &GradientOverTime) -> impl Iterator<Item = &BigRational> {
    gradient.blocks().into_iter().flat_map(|(_, entries)| entries).map(|(_, value)| value)
}

/// The largest difference of two entries.
fn furthest(a: &GradientOverTime, b: &GradientOverTime) -> BigRational {
    let differences = values(a).zip(values(b)).map(|(a, b)| (a - b).abs());
    differences.max().unwrap_or_else(BigRational::zero)
}

/// The approximate rules and their variants, the simplest first: with the μ that the file names, and with some that people use.
fn candidates(case: &TemporalCase, mine: &GradientOverTime) -> Vec<TemporalRule> {
    const MOST_TAPS: usize = 8;
    let mut feedbacks = vec![Feedback::Cell];
    if case.network.types.is_some() {
        feedbacks.extend([Diagonal::Counted, Diagonal::Excluded].map(Feedback::Type));
    }
    let mut rules = vec![TemporalRule::Eprop];
    rules.extend(feedbacks.iter().map(|&feedback| TemporalRule::Mdgl { feedback }));
    let mut all_mu: Vec<Mu> = mu_of(mine).into_iter().collect();
    all_mu.extend(
        [(1, 2), (1, 1), (1, 4), (3, 4)]
            .map(|(p, q)| Mu::Scalar(BigRational::new(p.into(), q.into()))),
    );
    for mu in &all_mu {
        for &feedback in &feedbacks {
            for form in [Form::Filter, Form::NoLeak, Form::Autodiff] {
                let counts = match form {
                    Form::Autodiff => 2..2,
                    _ => 2..MOST_TAPS.min(case.duration().saturating_sub(1)),
                };
                let taps = std::iter::once(Taps::All).chain(counts.map(Taps::Count));
                rules.extend(taps.map(|taps| {
                    TemporalRule::Modprop(Modprop { feedback, taps, mu: mu.clone(), form })
                }));
            }
        }
    }
    rules
}

/// The μ that the file names.
fn mu_of(mine: &GradientOverTime) -> Option<Mu> {
    let (_, value) = mine.options.iter().find(|(name, _)| *name == "mu")?;
    let limits = Limits::default();
    let number = |json: &Json| match json {
        Json::Integer(value) => Some(BigRational::from_integer((*value).into())),
        Json::String(text) => crate::number::parse(text, &limits).ok(),
        _ => None,
    };
    match value {
        Json::Array(list) => list.iter().map(number).collect::<Option<_>>().map(Mu::PerCell),
        one => number(one).map(Mu::Scalar),
    }
}
