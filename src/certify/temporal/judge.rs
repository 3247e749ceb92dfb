//! Somebody's gradient or update of a temporal case against the exact one.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::gradient::{Known, expect_exact, has_few_parameters, known, of_rule};
use super::on_kinks;
use super::room::Room;
use super::spreads::{Spreads, spread_of};
use crate::certify::explain;
use crate::error::Error;
use crate::mutants;
use crate::number::nearest_f64;
use crate::progress::Progress;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Loss, Modprop, Mu, Number, PerBlock, Taps, TemporalCase,
    TemporalGradient, TemporalRule,
};
use crate::verdict::bounded::{temporal_bound, temporal_update_bound};
use crate::verdict::judge::{
    Declared, Judge, Judgement, Match, Nearness, Options, Reference, are_near, are_those_of,
};
use crate::verdict::reading::Scale;
use crate::wire::gradient::{Gradient, Quantity, options};

/// Judges every entry, and names the rules over time and the known mistakes that would give this result.
///
/// # Errors
/// As [`judgement`].
pub fn judge(
    case: &TemporalCase,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    explain::expect_used(options, mine.number, explain::is_update(mine.quantity))?;
    let unserved = [
        (options.arithmetic.is_some(), "--arithmetic"),
        (options.grid_everywhere, "--grid-everywhere"),
    ];
    if let Some((_, option)) = unserved.into_iter().find(|(is_given, _)| *is_given) {
        let what = format!("{option} on a network that runs in time");
        return Err(Error::unsupported(what));
    }
    if let Some(rule) = approximate(mine, limits)? {
        let found = as_declared(case, &rule, mine, options, limits, progress)?;
        if !found.nearness().is_refused() {
            return Ok((found, Vec::new()));
        }
        let (of_gradient, said) = explained(case, mine, options, limits, progress)?;
        let unless = format!("the file declares {rule}, and these are not its entries");
        let declared = Declared { rule: rule.to_string(), blocks: of_gradient.blocks };
        let judgement = Judgement { declared: Some(declared), ..found };
        return Ok((judgement, std::iter::once(unless).chain(said).collect()));
    }
    explained(case, mine, options, limits, progress)
}

/// The rule that the file declares, where it is one that does not give the gradient.
fn approximate(mine: &Gradient, limits: &Limits) -> Result<Option<TemporalRule>, Error> {
    let declared = options::declared(mine.rule.as_deref(), &mine.options, limits)?;
    Ok(declared.filter(|rule| match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => false,
        TemporalRule::Eprop | TemporalRule::Mdgl { .. } | TemporalRule::Modprop(_) => true,
    }))
}

/// Judges by the rule that the file declares, with the distance from the gradient beside it.
fn as_declared(
    case: &TemporalCase,
    rule: &TemporalRule,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    progress.stage(&rule.to_string())?;
    let right = as_rule(case, rule, mine, limits)?;
    let bounds = bounds_of(case, rule, mine)?;
    let (mut judgement, _) = against(mine, right, (bounds.as_ref(), None), options);
    let (of_gradient, _) = judged(case, mine, options, limits, progress)?;
    judgement.declared = Some(Declared { rule: rule.to_string(), blocks: of_gradient.blocks });
    Ok(judgement)
}

/// The judgement against the exact gradient, and what would explain it.
fn explained(
    case: &TemporalCase,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    let (mut judgement, truth) = judged(case, mine, options, limits, progress)?;
    let mut said = Vec::new();
    if judgement.nearness() >= Nearness::Unjudged {
        let scale = Scale {
            examples: case.examples.len(),
            loss: Loss::HalfSquaredError,
            outputs: case.network.readouts(),
            steps: case.duration(),
            learning_rate: case.learning_rate.clone(),
            is_update: explain::is_update(mine.quantity),
        };
        said.extend(explain::another_format(mine, |other| {
            judged(case, other, options, limits, progress).map(|(found, _)| found)
        })?);
        if judgement.nearness().is_refused() {
            let mut of = |case: &TemporalCase| {
                progress.stage("is it another kink convention?")?;
                let (found, truth) = judged(case, mine, options, limits, progress)?;
                Ok((found.nearness(), truth.right))
            };
            let (of_kinks, is_explained) =
                on_kinks::explained(case, mine, &truth.right, limits, &mut of)?;
            said.extend(of_kinks);
            if is_explained {
                return Ok((judgement, said));
            }
        }
        said.extend(explain::factors(mine, &truth.right, &judgement, &scale));
        let (diagnosis, nearest) = diagnose(case, mine, &truth, options, limits, progress)?;
        if judgement.nearness() == Nearness::Unjudged && diagnosis.iter().any(|d| d.is_exactly) {
            judgement.differs_surely();
        }
        said.extend(diagnosis.into_iter().map(|diagnosis| diagnosis.sentence));
        // What is near says nothing beside what it is.
        if said.is_empty() {
            said.extend(nearest);
        }
    }
    Ok((judgement, said))
}

/// Judges every entry, block by block.
///
/// Floats are judged within the computed rounding bound of the gradient (tier F in time): sums in any order, with or without fused
/// multiply-add, by BPTT, RTRL, factorised RTRL or tangents. Where no bound is finite, correct
/// rounding alone decides, and an entry that is not the nearest float is [`Nearness::Unjudged`]. The reference is the tangent
/// up to 200 parameters, and BPTT above; of a σ without rational values it is BPTT in balls, whose radii are added to the bounds.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for fractions where σ has no rational values; [`Error::Limit`] for such a σ on more than
/// 1,000 neurons times steps.
pub fn judgement(
    case: &TemporalCase,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    judged(case, mine, &Options::default(), limits, progress).map(|(judgement, _)| judgement)
}

/// The exact gradient, or update, in the format of theirs: every entry with its bound where floats are to be measured.
///
/// # Errors
/// As [`judgement`].
pub fn right_of(
    case: &TemporalCase,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<PerBlock<Reference>, Error> {
    judged(case, mine, &Options::default(), limits, progress).map(|(_, truth)| truth.right)
}

/// What is right: the exact gradient, and with its bounds, times the scale.
pub(super) struct Truth {
    pub gradient: Gradient,
    pub right: PerBlock<Reference>,
}

/// The result of a rule in the quantity that theirs has, and the radii around it.
pub(super) struct Right {
    pub gradient: Gradient,
    pub radius: Option<Room>,
}

fn judged(
    case: &TemporalCase,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Truth), Error> {
    progress.stage("the exact gradient")?;
    let by_tangent = has_few_parameters(case) && case.network.activation.is_exact();
    let rule = if by_tangent { TemporalRule::Tangent } else { TemporalRule::Bptt };
    let truth = as_rule(case, &rule, mine, limits)?;
    let bounds = bounds_of(case, &TemporalRule::Bptt, mine)?;
    let spread = match options.rigorous {
        true => None,
        false => spread_of(case, mine, (&truth.gradient, truth.radius.as_ref())),
    };
    Ok(against(mine, truth, (bounds.as_ref(), spread.as_ref()), options))
}

/// Their entries against those of a rule, within its bounds; with deviations, of entries and loss, where there are some.
pub(super) fn against(
    mine: &Gradient,
    Right { gradient: truth, radius }: Right,
    (bounds, spread): (Option<&Room>, Option<&Spreads>),
    options: &Options,
) -> (Judgement, Truth) {
    let mut judge = Judge::new(mine.number, options);
    let right = truth.entries.as_ref().map(|value| Reference::exactly(value.clone(), None));
    let right = match bounds {
        None => right,
        Some(bounds) => {
            let with = |(of, bound): (Reference, &f64)| Reference { bound: Some(*bound), ..of };
            right.zip(bounds.entries.as_ref()).map(with)
        }
    };
    let right = match &radius {
        None => right,
        Some(radius) => right.zip(radius.entries.as_ref()).map(|(of, radius)| around(of, *radius)),
    };
    let right = match spread {
        None => right,
        Some((spreads, _)) => {
            let with =
                |(of, spread): (Reference, &Option<f64>)| Reference { spread: *spread, ..of };
            right.zip(spreads.as_ref()).map(with)
        }
    };
    let times = |reference: Reference| reference.times(&options.scale, mine.number);
    let right = right.map(times);
    judge.parameters(&mine.entries, &right);
    if let (Some(theirs), Some(loss)) = (&mine.loss, &truth.loss) {
        let loss = Reference::exactly(loss.clone(), bounds.map(|bounds| bounds.loss));
        let loss = radius.as_ref().map_or_else(|| loss.clone(), |r| around(loss.clone(), r.loss));
        let loss = Reference { spread: spread.and_then(|(_, loss)| *loss), ..loss };
        let loss = times(loss);
        judge.extra("loss", [("loss".to_owned(), theirs, loss)]);
    }
    (judge.judgement(), Truth { gradient: truth, right })
}

/// What is known by the centre of a ball alone: its radius is part of the bound.
fn around(centre: Reference, radius: f64) -> Reference {
    let wider = |bound: f64| if radius == 0.0 { bound } else { (bound + radius).next_up() };
    Reference { is_exact: false, bound: centre.bound.map(wider), ..centre }
}

/// How far floats may be from the exact result of a rule, in the quantity that theirs has; none for exact numbers, or where no bound is finite.
fn bounds_of(
    case: &TemporalCase,
    rule: &TemporalRule,
    mine: &Gradient,
) -> Result<Option<Room>, Error> {
    let Some(format) = mine.number.dtype() else { return Ok(None) };
    let found = match mine.quantity {
        Quantity::Gradient => temporal_bound(case, rule, format),
        Quantity::Update => temporal_update_bound(case, rule, format),
    };
    match found {
        Ok(bounds) => Ok(Some(Room::of(&bounds))),
        Err(Error::NotFinite { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The result of a rule as it is known, in the quantity that theirs has.
fn as_rule(
    case: &TemporalCase,
    rule: &TemporalRule,
    mine: &Gradient,
    limits: &Limits,
) -> Result<Right, Error> {
    if mine.number == Number::Exact {
        expect_exact(case)?;
    }
    let Known { gradient, radius } = known(case, rule, limits)?;
    let radius = radius.as_ref().map(Room::of).map(|room| match mine.quantity {
        Quantity::Gradient => room,
        Quantity::Update => room.of_update(&case.learning_rate),
    });
    let gradient = of_rule(case, rule, (Number::Exact, mine.quantity), &gradient);
    Ok(Right { gradient, radius })
}

struct Diagnosis {
    is_exactly: bool,
    sentence: String,
}

/// What a rule is on this case besides, where a program has it by another name.
fn also(case: &TemporalCase, rule: &TemporalRule) -> &'static str {
    match rule {
        // With no leak nothing but W leads from step to step.
        TemporalRule::Eprop if case.network.leak.is_zero() => {
            ", which is here the direct term only: BPTT with the state detached at every step"
        }
        TemporalRule::Mdgl { feedback: Feedback::Cell } if case.network.leak.is_zero() => {
            ", which is here BPTT that goes back one step at most"
        }
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop
        | TemporalRule::Mdgl { .. }
        | TemporalRule::Modprop(_) => "",
    }
}

/// Whether these are the entries of another result.
fn matched(mine: &Gradient, result: &Gradient, bounds: Option<&PerBlock<f64>>) -> Option<Match> {
    are_those_of(mine.number, &mine.entries, &result.entries.as_ref(), bounds)
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
/// bound; and of floats the rule that is nearest, where it is nearer than the gradient.
fn diagnose(
    case: &TemporalCase,
    mine: &Gradient,
    truth: &Truth,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Vec<Diagnosis>, Option<String>), Error> {
    let Truth { gradient: truth, right } = truth;
    let what = mine.quantity.name();
    let mut found: Vec<Diagnosis> = Vec::new();
    let mut seen: Vec<Gradient> = vec![truth.clone()];
    let mut nearest = (furthest(mine, truth), "the exact gradient".to_owned());
    let mut is_cut = false;
    for rule in candidates(case, mine) {
        progress.stage(&format!("is it {rule}?"))?;
        let result = match as_rule(case, &rule, mine, limits) {
            Ok(result) => result.gradient,
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) if error.is_out_of_work() => {
                let sentence =
                    format!("the search stopped at {rule}: {error}; raise it with --max-work N");
                found.push(Diagnosis { is_exactly: false, sentence });
                return Ok((found, None));
            }
            // A rule that cannot be run here is none that this can be.
            Err(_) => continue,
        };
        // Several variants of one result would be named for nothing: the first is the simplest.
        let same = |other: &Gradient| other.entries == result.entries;
        if seen.iter().any(same) {
            continue;
        }
        let of_rule = bounds_of(case, &rule, mine)?;
        let of_rule = of_rule.map(|room| room.entries);
        if let Some(matched) = matched(mine, &result, of_rule.as_ref()) {
            let other_name = also(case, &rule);
            is_cut |= !other_name.is_empty();
            let sentence = format!("this is the {what} of {rule}{other_name}");
            found.push(Diagnosis::of(matched, sentence));
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
        if !is_cut {
            progress.stage("is it truncated?")?;
            found.extend(truncated(case, mine, right, options, limits));
        }
        progress.stage("is it a known mistake?")?;
        found.extend(mistakes(case, mine, right, options, limits));
    }
    let far = furthest(mine, truth);
    let is_nearer = mine.number != Number::Exact && nearest.0 < far;
    let nearest = is_nearer.then(|| {
        let [near, far] = [&nearest.0, &far].map(nearest_f64);
        format!(
            "nearest to it is {}: no entry is further off than {near:.1e}; from the exact {what} up to {far:.1e}",
            nearest.1
        )
    });
    Ok((found, nearest))
}

/// The known mistakes in BPTT and RTRL that give these entries, exactly or within the room that floats have.
fn mistakes(
    case: &TemporalCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    options: &Options,
    limits: &Limits,
) -> Vec<Diagnosis> {
    let is_theirs = |gradient: &_| is_theirs(case, mine, right, options, gradient);
    let search = mutants::temporal::mistakes(case, &TemporalRule::Bptt, &is_theirs, limits);
    let caveat = search.caveat().map(|sentence| Diagnosis { is_exactly: false, sentence });
    let as_far = if mine.number.dtype().is_some() { Match::UpToRounding } else { Match::Exactly };
    let found = search.found.into_iter().map(|found| Diagnosis::of(as_far, found.sentence));
    found.chain(caveat).collect()
}

/// Whether this gradient is theirs, exactly or within the room that floats have.
fn is_theirs(
    case: &TemporalCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    options: &Options,
    gradient: &TemporalGradient<BigRational>,
) -> bool {
    let asked = (Number::Exact, mine.quantity);
    let result = of_rule(case, &TemporalRule::Bptt, asked, gradient);
    let scaled = result.entries.map(|entry| entry * &options.scale);
    are_near(mine.number, &mine.entries, &scaled.as_ref(), right).is_some()
}

/// The ways to cut sequences short that give these entries.
fn truncated(
    case: &TemporalCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    options: &Options,
    limits: &Limits,
) -> Option<Diagnosis> {
    let is_theirs = |gradient: &_| is_theirs(case, mine, right, options, gradient);
    let sentence = mutants::temporal::truncated(case, &is_theirs, limits)?;
    let as_far = if mine.number.dtype().is_some() { Match::UpToRounding } else { Match::Exactly };
    Some(Diagnosis::of(as_far, sentence))
}

/// The largest difference of two entries.
fn furthest(a: &Gradient, b: &Gradient) -> BigRational {
    let both = a.entries.as_ref().zip(b.entries.as_ref()).map(|(a, b)| (a - b).abs());
    both.values().max().cloned().unwrap_or_else(BigRational::zero)
}

/// The approximate rules and their variants, the simplest first: with the μ that the file names, and with some that people use.
fn candidates(case: &TemporalCase, mine: &Gradient) -> Vec<TemporalRule> {
    const MOST_TAPS: usize = 8;
    let mut feedbacks = vec![Feedback::Cell];
    if case.network.types.is_some() {
        feedbacks.extend([Diagonal::Counted, Diagonal::Excluded].map(Feedback::Type));
    }
    let mut rules = vec![TemporalRule::Eprop];
    rules.extend(feedbacks.iter().map(|&feedback| TemporalRule::Mdgl { feedback }));
    let mut all_mu: Vec<Mu> = mu_of(mine).into_iter().collect();
    // In balls a rule costs as much as a thousand in fractions.
    if case.network.activation.is_exact() {
        all_mu.extend(
            [(1, 2), (1, 1), (1, 4), (3, 4)]
                .map(|(p, q)| Mu::Scalar(BigRational::new(p.into(), q.into()))),
        );
    }
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
fn mu_of(mine: &Gradient) -> Option<Mu> {
    let (_, value) = mine.options.iter().find(|(name, _)| *name == "mu")?;
    options::mu_of(value, &Limits::default())
}
