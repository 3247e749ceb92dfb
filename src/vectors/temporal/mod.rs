//! Vectors of the rules over time: one file per activation.
//!
//! The golden network with each activation, the committed witnesses of the mutants, drawn cases, and for activations
//! with a kink a net input exactly there. Which wrong gradients are refused is what [`crate::mutants::temporal`] plants.

mod expected;
mod kills;
mod notes;

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::temporal::{Host, TemporalReference, TemporalTruth, compare, hosts};
use crate::mutants::witnesses::WITNESSES_OVER_TIME;
use crate::mutants::{CATALOGUE_OVER_TIME, Mutant};
use crate::spec::{
    Activation, Kink, Limits, Sequence, Steps, Temporal, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::wire::temporal::to_json;
use crate::wire::{TemporalDocument, json::Json};

use super::draw::Draw;
use super::{VectorFile, document, identified};

/// N = 3, T = 5: the numbers that two implementations agreed on first.
const GOLDEN: &str = include_str!("../../../fixtures/cases/temporal-golden.json");

/// One test before it becomes JSON.
struct Test {
    comment: String,
    flags: Vec<&'static str>,
    case: TemporalCase,
    expected: Json,
    result: &'static str,
    kills: BTreeSet<&'static str>,
}

/// The content of a file.
///
/// # Errors
/// [`Error::Unsupported`] if the engines disagree or no live case is found.
pub(super) fn text(file: &VectorFile, limits: &Limits) -> Result<String, Error> {
    let mut tests = Vec::new();
    let golden = golden(file, limits)?;
    let flag = if file.activation == Activation::Relu { "Golden" } else { "Generic" };
    tests.push(valid(
        golden.clone(),
        flag,
        "the golden network with the activation of this file",
        limits,
    )?);
    for witness in &WITNESSES_OVER_TIME {
        let case = witness.case_over_time()?;
        // Where a net input stands at a kink, the answer depends on a convention.
        if case.network.activation == file.activation && !on_a_kink(&case, limits)? {
            tests.push(valid(case, "HandWritten", "a witness of the mutants", limits)?);
        }
    }
    let mut draw = Draw::new(file);
    let mut all_steps = drawn(file, &mut draw, Steps::All, limits)?;
    all_steps.name = Some("drawn, every step counts".into());
    let mut last_step = drawn(file, &mut draw, Steps::Last, limits)?;
    last_step.name = Some("drawn, the last step counts".into());
    for (case, flag, comment) in [
        (&all_steps, "Generic", "a batch of 2, every step counts"),
        (&last_step, "NoBias", "a batch of 3, the last step counts, no readout biases"),
    ] {
        tests.push(valid(case.clone(), flag, comment, limits)?);
    }
    let kinked = kink_cases(file, &golden, limits)?;
    for case in &kinked {
        let comment =
            format!("a net input at the kink at step 2; kink convention {}", case.kink.name());
        let test = valid(case.clone(), "KinkConvention", &comment, limits)?;
        tests.push(Test { result: "acceptable", ..test });
    }
    // Under the convention `right` a slope taken at the rate shows in a ReLU too.
    tests.extend(invalid(
        [&all_steps, &last_step].into_iter().chain(kinked.iter().take(2)),
        limits,
    )?);
    let mut killed: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for test in &tests {
        for flag in &test.flags {
            killed.entry(flag).or_default().extend(&test.kills);
        }
    }
    let tests: Vec<Json> = tests.iter().map(test_json).collect();
    let notes = notes::notes(&killed);
    Ok(document(file, "temporal", "temporal-vectors.schema.json", &notes::HEADER, notes, tests)
        .pretty())
}

fn golden(file: &VectorFile, limits: &Limits) -> Result<TemporalCase, Error> {
    let mut case = TemporalDocument::read(GOLDEN.as_bytes(), limits)?.case;
    if case.network.activation != file.activation {
        case.name = Some(format!("temporal-golden with {}", file.activation.name()));
        case.network.activation = file.activation.clone();
    }
    Ok(case)
}

/// The rules of a vector: their engines, if they agree with each other.
fn truth(case: &TemporalCase, limits: &Limits) -> Result<TemporalTruth, Error> {
    let truth = TemporalTruth::of(case, &expected::rules(case), limits)?;
    if truth.founded.is_agree() {
        return Ok(truth);
    }
    let what = format!("vectors of {}: the engines do not agree", case.title());
    Err(Error::unsupported(what))
}

fn valid(
    case: TemporalCase,
    flag: &'static str,
    comment: &str,
    limits: &Limits,
) -> Result<Test, Error> {
    let truth = truth(&case, limits)?;
    let expected = expected::all(&case, &truth, limits)?;
    let exact = expected::gradient(&case, limits)?;
    let mut rules = vec![(TemporalRule::Bptt, &exact), (TemporalRule::Rtrl, &exact)];
    rules.extend(truth.gradients.iter().map(|(host, gradient)| (host.rule.clone(), gradient)));
    let kills = kills::told_apart(&case, &rules, limits)?;
    let (comment, flags) = (comment.to_owned(), vec![flag]);
    Ok(Test { comment, flags, case, expected, result: "valid", kills })
}

/// A drawn case in which every derivative of W off row and column of nothing is alive: no row of ∂L/∂W or ∂L/∂U is zero.
fn drawn(
    file: &VectorFile,
    draw: &mut Draw,
    steps: Steps,
    limits: &Limits,
) -> Result<TemporalCase, Error> {
    const DRAWS: usize = 2_000;
    for _ in 0..DRAWS {
        let case = draw_case(file, draw, steps.clone());
        let bptt = &hosts(&case)[..1];
        let truth = TemporalTruth::of(&case, bptt, limits)?;
        let alive = |rows: &[Vec<BigRational>]| {
            rows.iter().all(|row| row.iter().any(|entry| *entry.numer() != 0.into()))
        };
        let mut gradients = truth.gradients.iter();
        if gradients.all(|(_, g)| alive(&g.recurrent) && alive(&g.input))
            && !on_a_kink(&case, limits)?
        {
            return Ok(case);
        }
    }
    Err(Error::unsupported(format!("vectors of {}: no live case", file.name())))
}

fn draw_case(file: &VectorFile, draw: &mut Draw, steps: Steps) -> TemporalCase {
    const NEURONS: usize = 3;
    let last = steps == Steps::Last;
    // More steps where fewer errors are counted; fewer where the digits double at each.
    let curved = !file.activation.kinks().is_empty() || file.activation == Activation::Identity;
    let (batch, duration) = if last { (3, if curved { 5 } else { 4 }) } else { (2, 4) };
    let (inputs, readouts) = (2, 2);
    let mut recurrent: Vec<Vec<BigRational>> =
        (0..NEURONS).map(|_| draw.weights(NEURONS)).collect();
    for (own, row) in recurrent.iter_mut().enumerate() {
        row[own] = BigRational::from_integer(0.into());
    }
    let input = (0..NEURONS).map(|_| draw.weights(inputs)).collect();
    let readout = (0..readouts).map(|_| draw.weights(NEURONS)).collect();
    let readout_biases = (!last).then(|| draw.weights(readouts));
    let sequence = |draw: &mut Draw| Sequence {
        initial: None,
        input: (0..duration).map(|_| draw.inputs(inputs)).collect(),
        target: (0..duration).map(|_| draw.inputs(readouts)).collect(),
    };
    TemporalCase {
        name: None,
        network: Temporal {
            leak: BigRational::new((if last { 3 } else { 1 }).into(), 4.into()),
            activation: file.activation.clone(),
            recurrent,
            has_diagonal: false,
            input,
            biases: None,
            readout,
            readout_biases,
            types: Some(vec![0, 1, 1]),
        },
        steps,
        learning_rate: BigRational::new(3.into(), 2.into()),
        kink: Kink::default(),
        examples: (0..batch).map(|_| sequence(draw)).collect(),
    }
}

/// Whether a net input stands exactly at a kink.
fn on_a_kink(case: &TemporalCase, limits: &Limits) -> Result<bool, Error> {
    let kinks = case.network.activation.kinks();
    let steps = expected::steps(case, limits)?;
    Ok(steps.iter().flatten().flat_map(|step| &step.net_input).any(|s| kinks.contains(s)))
}

/// The case with the input of step 2 moved so that the net input of the first cell stands at each kink, under each convention; none if
/// the convention makes no difference there.
fn kink_cases(
    file: &VectorFile,
    case: &TemporalCase,
    limits: &Limits,
) -> Result<Vec<TemporalCase>, Error> {
    let mut found = Vec::new();
    for kink in file.activation.kinks() {
        let mut moved = case.clone();
        let gain = BigRational::from_integer(1.into()) - &case.network.leak;
        let shift = &kink - &expected::steps(case, limits)?[0][1].net_input[0];
        moved.examples[0].input[1][0] += shift / (gain * &case.network.input[0][0]);
        let of = |convention: Kink| {
            let name = format!("{} at {kink}, {}", file.name(), convention.name());
            TemporalCase { kink: convention, name: Some(name), ..moved.clone() }
        };
        let cases = [Kink::Left, Kink::Right, Kink::Mean].map(of);
        let gradient = |case: &TemporalCase| -> Result<TemporalGradient<BigRational>, Error> {
            expected::gradient(case, limits)
        };
        if gradient(&cases[0])? != gradient(&cases[1])? {
            found.extend(cases);
        }
    }
    Ok(found)
}

/// One test per wrong gradient: each mutant on the first case and in the first rule in which it shows.
fn invalid<'c>(
    cases: impl Iterator<Item = &'c TemporalCase>,
    limits: &Limits,
) -> Result<Vec<Test>, Error> {
    struct Wrong<'c> {
        case: &'c TemporalCase,
        host: Host,
        gradient: TemporalGradient<BigRational>,
        mutants: Vec<Mutant>,
    }
    let mut groups: Vec<Wrong<'c>> = Vec::new();
    let mut open: Vec<Mutant> = CATALOGUE_OVER_TIME.iter().map(|entry| entry.mutant).collect();
    for case in cases {
        let truth = TemporalTruth::of(case, &hosts(case), limits)?;
        if !truth.founded.is_agree() {
            let what = format!("vectors of {}: the engines do not agree", case.title());
            return Err(Error::unsupported(what));
        }
        let reference = TemporalReference::new(case, limits);
        let mut still_open = Vec::new();
        for mutant in open {
            let mut shown = false;
            for (host, right) in &truth.gradients {
                let found = reference.mutated(host, mutant)?;
                let wrong = found.filter(|gradient| compare(gradient, right).is_disagree());
                let Some(gradient) = wrong else { continue };
                shown = true;
                let same = |other: &&mut Wrong<'c>| {
                    other.case == case
                        && other.host.rule == host.rule
                        && compare(&other.gradient, &gradient).is_agree()
                };
                match groups.iter_mut().find(same) {
                    Some(group) => group.mutants.push(mutant),
                    None => groups.push(Wrong {
                        case,
                        host: host.clone(),
                        gradient,
                        mutants: vec![mutant],
                    }),
                }
                break;
            }
            if !shown {
                still_open.push(mutant);
            }
        }
        open = still_open;
    }
    let describe = |mutant: &Mutant| format!("{mutant}: {}", mutant.entry().title);
    let mut made: Vec<kills::Made<'c>> = Vec::new();
    let test = |wrong: Wrong<'c>| -> Result<Test, Error> {
        let rule = &wrong.host.rule;
        let known = made.iter().position(|made| made.is_of(wrong.case, rule));
        let place = match known {
            Some(place) => place,
            None => {
                made.push(kills::Made::of(wrong.case, rule, limits)?);
                made.len() - 1
            }
        };
        Ok(Test {
            comment: wrong.mutants.iter().map(describe).collect::<Vec<_>>().join("; "),
            flags: wrong.mutants.iter().map(|mutant| mutant.id()).collect(),
            case: wrong.case.clone(),
            expected: Json::object([
                ("rule", expected::rule_json(&wrong.host.rule)),
                ("gradient", expected::gradient_json(&wrong.gradient)),
            ]),
            result: "invalid",
            kills: made[place].giving(&wrong.gradient),
        })
    };
    groups.into_iter().map(test).collect()
}

fn test_json(test: &Test) -> Json {
    identified(&test.comment, &test.flags, to_json(&test.case), test.expected.clone(), test.result)
}
