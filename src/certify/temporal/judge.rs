//! Somebody's gradient or update of a temporal case against the exact one.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::gradient::{asked_for, exact, has_few_parameters};
use crate::check::bounded::{temporal_bound, temporal_update_bound};
use crate::check::judge::{Judge, Judgement, Match, Nearness, Reference, are_those_of};
use crate::error::Error;
use crate::mutants;
use crate::number::nearest_f64;
use crate::progress::Progress;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Number, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::wire::gradient::Quantity;
use crate::wire::json::Json;
use crate::wire::temporal::gradient::GradientOverTime;

/// Judges every entry, and names the rules over time and the known mistakes that would give this result.
///
/// # Errors
/// As [`judgement`].
pub fn judge(
    case: &TemporalCase,
    mine: &GradientOverTime,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    let (mut judgement, truth, bounds) = judged(case, mine, limits, progress)?;
    let mut diagnosis = Vec::new();
    if judgement.nearness() >= Nearness::Unjudged {
        diagnosis = diagnose(case, mine, &truth, bounds.as_ref(), limits, progress)?;
        if judgement.nearness() == Nearness::Unjudged && diagnosis.iter().any(|d| d.is_exactly) {
            judgement.differs_surely();
        }
    }
    Ok((judgement, diagnosis.into_iter().map(|diagnosis| diagnosis.sentence).collect()))
}

/// Judges every entry, block by block.
///
/// Floats are judged within the computed rounding bound of the gradient (tier F in time): sums in any order, with or without fused
/// multiply-add, by BPTT, RTRL, factorised RTRL or tangents. Where no bound is finite, correct
/// rounding alone decides, and an entry that is not the nearest float is [`Nearness::Unjudged`]. The reference is the tangent
/// up to 200 parameters, and BPTT above.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for a transcendental activation.
pub fn judgement(
    case: &TemporalCase,
    mine: &GradientOverTime,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    judged(case, mine, limits, progress).map(|(judgement, ..)| judgement)
}

/// The judgement, with what is right and how far floats may be off.
type Judged = (Judgement, GradientOverTime, Option<TemporalGradient<f64>>);

fn judged(
    case: &TemporalCase,
    mine: &GradientOverTime,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judged, Error> {
    progress.stage("the exact gradient")?;
    let rule = if has_few_parameters(case) { TemporalRule::Tangent } else { TemporalRule::Bptt };
    let truth = as_rule(case, &rule, mine, limits)?;
    let bounds = bounds_of(case, &TemporalRule::Bptt, mine)?;
    let mut judge = Judge::new(mine.number);
    let right = match &bounds {
        None => truth.per_block().map(|value| reference(value, None)),
        Some(bounds) => {
            let both = truth.per_block().zip(bounds.per_block());
            both.map(|(value, bound)| reference(value, Some(*bound)))
        }
    };
    judge.parameters(&mine.per_block(), right);
    if let (Some(theirs), Some(loss)) = (&mine.loss, &truth.loss) {
        let loss = reference(loss, bounds.as_ref().map(|bounds| bounds.loss));
        judge.block("loss", false, [("loss".to_owned(), theirs, loss)]);
    }
    Ok((judge.judgement(), truth, bounds))
}

fn reference(value: &BigRational, bound: Option<f64>) -> Reference {
    Reference { value: value.clone(), is_exact: true, bound }
}

/// How far floats may be from the exact result of a rule, in the quantity that theirs has; none for exact numbers, or where no bound is finite.
fn bounds_of(
    case: &TemporalCase,
    rule: &TemporalRule,
    mine: &GradientOverTime,
) -> Result<Option<TemporalGradient<f64>>, Error> {
    let Some(format) = mine.number.dtype() else { return Ok(None) };
    let found = match mine.quantity {
        Quantity::Gradient => temporal_bound(case, rule, format),
        Quantity::Update => temporal_update_bound(case, rule, format),
    };
    match found {
        Ok(bounds) => Ok(Some(bounds)),
        Err(Error::NotFinite { .. }) => Ok(None),
        Err(other) => Err(other),
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
    Ok(GradientOverTime::of(rule, Number::Exact, mine.quantity, found))
}

struct Diagnosis {
    is_exactly: bool,
    sentence: String,
}

/// Whether these are the entries of another result.
fn matched(
    mine: &GradientOverTime,
    result: &GradientOverTime,
    bounds: Option<&TemporalGradient<f64>>,
) -> Option<Match> {
    let bounds = bounds.map(|bounds| bounds.per_block().map(|bound| *bound));
    are_those_of(mine.number, &mine.per_block(), &result.per_block(), bounds.as_ref())
}

impl Diagnosis {
    fn of(matched: Match, sentence: String) -> Self {
        match matched {
            Match::Exactly => Self { is_exactly: true, sentence },
            Match::UpToRounding => {
                Self { is_exactly: false, sentence: format!("{sentence}, up to rounding") }
            }
        }
    }
}

/// The rules and the known mistakes that give these entries, after rounding to the format they are held in or within a rounding
/// bound; of floats that are none of them, the rule that is nearest.
fn diagnose(
    case: &TemporalCase,
    mine: &GradientOverTime,
    truth: &GradientOverTime,
    bounds: Option<&TemporalGradient<f64>>,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Vec<Diagnosis>, Error> {
    let what = mine.quantity.name();
    let mut found: Vec<Diagnosis> = Vec::new();
    let mut seen: Vec<GradientOverTime> = vec![truth.clone()];
    let mut nearest = (furthest(mine, truth), "the exact gradient".to_owned());
    for rule in candidates(case, mine) {
        progress.stage(&format!("is it {rule}?"))?;
        let result = match as_rule(case, &rule, mine, limits) {
            Ok(result) => result,
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) if error.is_out_of_work() => {
                let sentence =
                    format!("the search stopped at {rule}: {error}; raise it with --max-work N");
                found.push(Diagnosis { is_exactly: false, sentence });
                return Ok(found);
            }
            // A rule that cannot be run here is none that this can be.
            Err(_) => continue,
        };
        // Several variants of one result would be named for nothing: the first is the simplest.
        let same =
            |other: &GradientOverTime| other.per_block().values().eq(result.per_block().values());
        if seen.iter().any(same) {
            continue;
        }
        let of_rule = bounds_of(case, &rule, mine)?;
        if let Some(matched) = matched(mine, &result, of_rule.as_ref()) {
            found.push(Diagnosis::of(matched, format!("this is the {what} of {rule}")));
        }
        if mine.number != Number::Exact {
            let distance = furthest(mine, &result);
            if distance < nearest.0 {
                nearest = (distance, format!("that of {rule}"));
            }
        }
        seen.push(result);
    }
    // With η = 0 every mistake gives the same update.
    if mine.quantity == Quantity::Gradient || !case.learning_rate.is_zero() {
        progress.stage("is it a known mistake?")?;
        found.extend(mistakes(case, mine, bounds, limits));
    }
    if found.is_empty() && mine.number != Number::Exact && nearest.0 < furthest(mine, truth) {
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

/// The known mistakes in BPTT and RTRL that give these entries; the room that floats have is that of the block's widest entry in the right
/// gradient, for a mistake may have entries where that has none.
fn mistakes(
    case: &TemporalCase,
    mine: &GradientOverTime,
    bounds: Option<&TemporalGradient<f64>>,
    limits: &Limits,
) -> Vec<Diagnosis> {
    let room = bounds.map(widened);
    let is_theirs = |gradient: &TemporalGradient<BigRational>| {
        let theirs = asked_for(gradient.clone(), mine.quantity, case);
        let rule = TemporalRule::Bptt;
        let result = GradientOverTime::of(&rule, Number::Exact, mine.quantity, theirs);
        matched(mine, &result, room.as_ref()).is_some()
    };
    let search = mutants::temporal::mistakes(case, &TemporalRule::Bptt, &is_theirs, limits);
    let caveat = search.caveat().map(|sentence| Diagnosis { is_exactly: false, sentence });
    let as_far = if room.is_some() { Match::UpToRounding } else { Match::Exactly };
    let found = search.found.into_iter().map(|found| Diagnosis::of(as_far, found.sentence));
    found.chain(caveat).collect()
}

/// Every bound as wide as the widest of its block.
fn widened(bounds: &TemporalGradient<f64>) -> TemporalGradient<f64> {
    let row = |row: &[f64], to: f64| vec![to; row.len()];
    let matrix = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let widest = rows.iter().flatten().copied().fold(0.0, f64::max);
        rows.iter().map(|entries| row(entries, widest)).collect()
    };
    let biases = |list: &Vec<f64>| row(list, list.iter().copied().fold(0.0, f64::max));
    TemporalGradient {
        loss: bounds.loss,
        recurrent: matrix(&bounds.recurrent),
        input: matrix(&bounds.input),
        readout: matrix(&bounds.readout),
        readout_biases: bounds.readout_biases.as_ref().map(biases),
    }
}

/// The largest difference of two entries.
fn furthest(a: &GradientOverTime, b: &GradientOverTime) -> BigRational {
    let both = a.per_block().zip(b.per_block()).map(|(a, b)| (a - b).abs());
    both.values().max().cloned().unwrap_or_else(BigRational::zero)
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
                    Form::Filter | Form::NoLeak => {
                        2..MOST_TAPS.min(case.duration().saturating_sub(1))
                    }
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
