//! Everything that a vector says about one case over time.

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::temporal::{Host, TemporalTruth};
use crate::scalar::Rational;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Number, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::textbook::temporal::{self, Evaluation, Step, TemporalOutcome};
use crate::wire::case::number_json;
use crate::wire::gradient::entries_json;
use crate::wire::json::Json;

/// The approximate rules of a vector, each in the variants that its name leaves open.
pub(super) fn rules(case: &TemporalCase) -> Vec<Host> {
    let ratio = |p: i64, q: i64| BigRational::new(p.into(), q.into());
    let half = Mu::Scalar(ratio(1, 2));
    let per_cell = Mu::PerCell(
        (0..case.network.neurons())
            .map(|k| ratio(1 + 2 * i64::try_from(k % 4).unwrap_or(0), 4))
            .collect(),
    );
    let cell = Feedback::Cell;
    let modprop = |feedback, taps, mu: &Mu, form| {
        TemporalRule::Modprop(Modprop { feedback, taps, mu: mu.clone(), form })
    };
    let mut rules = vec![
        TemporalRule::Eprop,
        TemporalRule::Mdgl { feedback: cell },
        modprop(cell, Taps::All, &half, Form::Filter),
        modprop(cell, Taps::All, &per_cell, Form::Filter),
        modprop(cell, Taps::Count(2), &half, Form::Filter),
        modprop(cell, Taps::All, &half, Form::NoLeak),
        modprop(cell, Taps::All, &half, Form::Autodiff),
        modprop(cell, Taps::All, &per_cell, Form::Autodiff),
    ];
    if case.network.types.is_some() {
        let [counted, excluded] = [Diagonal::Counted, Diagonal::Excluded].map(Feedback::Type);
        rules.extend([
            TemporalRule::Mdgl { feedback: counted },
            TemporalRule::Mdgl { feedback: excluded },
            modprop(counted, Taps::All, &half, Form::Filter),
            modprop(excluded, Taps::All, &half, Form::Filter),
            modprop(excluded, Taps::Count(2), &half, Form::NoLeak),
            modprop(counted, Taps::All, &half, Form::Autodiff),
        ]);
    }
    let host = |rule| Host { rule, evaluation: Evaluation::Adjoint };
    rules.into_iter().map(host).collect()
}

/// All intermediates, step by step, the gradient, and every approximate rule.
///
/// # Errors
/// Those of the engines.
pub(super) fn all(
    case: &TemporalCase,
    truth: &TemporalTruth,
    limits: &Limits,
) -> Result<Json, Error> {
    let exact = run(case, &TemporalRule::Bptt, limits)?;
    // The traces are those of any rule that runs forwards.
    let forwards = run(case, &TemporalRule::Eprop, limits)?;
    let examples = exact.examples.iter().zip(&forwards.examples).map(|(steps, seen)| {
        let steps = steps.iter().zip(seen).map(|(step, seen)| step_json(step, seen));
        Json::object([("steps", Json::Array(steps.collect()))])
    });
    let mut of_rules = Vec::new();
    for (host, gradient) in &truth.gradients {
        let outcome = run(case, &host.rule, limits)?;
        let autodiff =
            matches!(&host.rule, TemporalRule::Modprop(rule) if rule.form == Form::Autodiff);
        let signal = |step: &Step<BigRational>| {
            let signal = if autodiff { &step.adjoint } else { &step.total_credit };
            Json::array(signal.iter().flatten(), number_json)
        };
        let signals = Json::array(&outcome.examples, |steps| Json::array(steps, signal));
        of_rules.push(Json::object([
            ("rule", rule_json(&host.rule)),
            (if autodiff { "adjoints" } else { "totalCredits" }, signals),
            (
                "gradient",
                Json::object([
                    ("recurrent", matrix_json(&gradient.recurrent)),
                    ("input", matrix_json(&gradient.input)),
                ]),
            ),
        ]));
    }
    Ok(Json::object([
        ("loss", number_json(&exact.gradient.loss)),
        ("examples", Json::Array(examples.collect())),
        ("gradient", gradient_json(&exact.gradient)),
        ("rules", Json::Array(of_rules)),
    ]))
}

/// The steps of every example, as BPTT sees them.
///
/// # Errors
/// Those of the engine.
pub(super) fn steps(
    case: &TemporalCase,
    limits: &Limits,
) -> Result<Vec<Vec<Step<BigRational>>>, Error> {
    Ok(run(case, &TemporalRule::Bptt, limits)?.examples)
}

/// The exact gradient.
///
/// # Errors
/// Those of the engine.
pub(super) fn gradient(
    case: &TemporalCase,
    limits: &Limits,
) -> Result<TemporalGradient<BigRational>, Error> {
    Ok(run(case, &TemporalRule::Bptt, limits)?.gradient)
}

fn run(
    case: &TemporalCase,
    rule: &TemporalRule,
    limits: &Limits,
) -> Result<TemporalOutcome<BigRational>, Error> {
    Ok(temporal::run::<Rational>(case, rule, Evaluation::Adjoint, limits)?.map(Rational::plain))
}

fn step_json(step: &Step<BigRational>, seen: &Step<BigRational>) -> Json {
    let row = |values: &[BigRational]| Json::array(values, number_json);
    let optional =
        |values: &Option<Vec<BigRational>>| Json::array(values.iter().flatten(), number_json);
    Json::object([
        ("netInputs", row(&step.net_input)),
        ("rates", row(&step.firing_rate)),
        ("slopes", row(&step.slope)),
        ("readouts", row(&step.readout)),
        ("readoutErrors", row(&step.readout_error)),
        ("learningSignals", row(&step.learning_signal)),
        ("gatedSignals", row(&step.gated_signal)),
        ("traces", optional(&seen.trace)),
        ("totalCredits", optional(&step.total_credit)),
        ("adjoints", optional(&step.adjoint)),
    ])
}

pub(super) fn gradient_json(gradient: &TemporalGradient<BigRational>) -> Json {
    let entries = gradient.per_block().map(BigRational::clone);
    Json::object(entries_json(&entries, Number::Exact))
}

fn matrix_json(rows: &[Vec<BigRational>]) -> Json {
    Json::array(rows, |row| Json::array(row, number_json))
}

/// A rule with everything that its name leaves open, in the words of the command line.
pub(super) fn rule_json(rule: &TemporalRule) -> Json {
    let name = match rule {
        TemporalRule::Bptt | TemporalRule::Tangent => "bptt",
        TemporalRule::Rtrl | TemporalRule::FactorisedRtrl => "rtrl",
        TemporalRule::Eprop => "eprop",
        TemporalRule::Mdgl { .. } => "mdgl",
        TemporalRule::Modprop(_) => "modprop",
    };
    let mut fields = vec![("name", Json::text(name))];
    let mut feedback = |feedback: &Feedback| match feedback {
        Feedback::Cell => fields.push(("feedback", Json::text("cell"))),
        Feedback::Type(convention) => {
            let word = match convention {
                Diagonal::Counted => "counted",
                Diagonal::Excluded => "excluded",
            };
            fields.extend([("feedback", Json::text("type")), ("diagonal", Json::text(word))]);
        }
    };
    match rule {
        TemporalRule::Mdgl { feedback: weights } => feedback(weights),
        TemporalRule::Modprop(rule) => {
            feedback(&rule.feedback);
            let taps = match rule.taps {
                Taps::All => Json::text("all"),
                Taps::Count(count) => Json::count(count),
            };
            let mu = match &rule.mu {
                Mu::Scalar(mu) => number_json(mu),
                Mu::PerCell(list) => Json::array(list, number_json),
            };
            let form = match rule.form {
                Form::Filter => "filter",
                Form::NoLeak => "no-leak",
                Form::Autodiff => "autodiff",
            };
            fields.extend([("taps", taps), ("mu", mu), ("form", Json::text(form))]);
        }
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent
        | TemporalRule::Eprop => {}
    }
    Json::object(fields)
}
