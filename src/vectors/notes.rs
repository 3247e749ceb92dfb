//! The words of a vector file: its header, and what each flag means.

use super::Topology;
use crate::mutants::Mutant;
use crate::mutants::temporal::TemporalMutant;
use crate::wire::json::Json;

/// What a reader of the file needs to know.
const HEADER: [&str; 7] = [
    "Test vectors for the credit rule and for backpropagation, exact: every number is an integer or p/q.",
    "result valid: reproduce every value of expected. invalid: updates come from the mutant that the flag names, and you must differ.",
    "result acceptable: a net input stands exactly at a kink; reproduce expected if you have the kink convention of the case.",
    "Layered: values per neuron are lists by layer, the input layer first; netInputs, balanceFactors and deltas start at layer 1.",
    "Graph: values per neuron are one list in the numbering of the case; there are no deltas.",
    "creditsAfterSweeps: entry n is the credit of every neuron after n synchronous sweeps from zero.",
    "credits = -(derivatives of the loss of an example by the rates); balanceFactors * credits = -deltas; updates = -learning_rate * gradient of the mean loss.",
];

/// The header of a file.
pub(super) fn header(topology: Topology) -> impl Iterator<Item = &'static str> {
    let cycle = (topology == Topology::Recurrent).then_some(CYCLE);
    HEADER.into_iter().chain(cycle)
}

/// What a reader needs to know where there is a cycle.
const CYCLE: &str = "With a cycle: the case gives the rates of its equilibrium; credits solve (I - transpose(W) diag(balanceFactors)) c = externalCredits, and creditsAfterSweeps shows the first sweep only, after which nothing has settled.";

/// flag → what it is about, and which mutants a test with it tells from the rule.
pub(super) fn notes(flags: &[&str], kills: &[Mutant]) -> Json {
    let mut names: Vec<&str> = flags.to_vec();
    names.sort_unstable();
    names.dedup();
    Json::object(names.into_iter().map(|flag| (flag, note(flag, kills))))
}

fn note(flag: &str, kills: &[Mutant]) -> Json {
    let all: Vec<&str> = kills.iter().map(|mutant| mutant.id()).collect();
    let (bug, description, kills) = match (flag, Mutant::from_id(flag)) {
        (_, Some(mutant)) => {
            let entry = mutant.entry();
            (
                entry.title,
                format!("{}. To be seen it needs: {}.", entry.bug, entry.needs),
                vec![entry.id],
            )
        }
        ("NoBias", None) => {
            ("any", "A layer or graph without bias parameters has no bias updates.".to_owned(), all)
        }
        ("GivenRates", None) => (
            "any but a wrong slope",
            "The activation has no rational values. Take rates and balanceFactors from expected (the activation of the \
             exact net input, and the balance factor of that rate, each correctly rounded to f64) and reproduce \
             everything else exactly."
                .to_owned(),
            all,
        ),
        ("KinkConvention", None) => (
            "the other side of the kink",
            "The slope at a kink is a convention: left, right or the mean of both.".to_owned(),
            vec!["M16"],
        ),
        _ => ("any", "A drawn case in which every neuron learns.".to_owned(), all),
    };
    Json::object([
        ("bugType", Json::text(bug)),
        ("description", Json::text(description)),
        ("kills", Json::array(kills, Json::text)),
    ])
}

/// What a reader of a file over time needs to know.
pub(super) const TEMPORAL_HEADER: [&str; 9] = [
    "Test vectors for rules that assign credit over time, exact: every number is an integer or p/q.",
    "result valid: reproduce every value of expected. invalid: expected.gradient comes from the mutant that the flag names, planted in expected.rule, and you must differ.",
    "result acceptable: a net input stands exactly at a kink; reproduce expected if you have the kink convention of the case.",
    "s_t = L s_(t-1) + (1-L) (W z_(t-1) + U x_t), z_t = sigma(s_t), y_t = V z_t + b, s_0 = z_0 = 0; L is the leak. Matrices are post x pre; steps count from 1.",
    "readoutErrors = w_t (y_t - target_t), learningSignals l_t = transpose(V) readoutErrors, gatedSignals a_t = slopes * l_t, traces e_t = L e_(t-1) + (1-L) z_(t-1).",
    "adjoints g_t = a_t + L g_(t+1) + (1-L) slopes * (transpose(W) g_(t+1)); totalCredits = l_t + (1-L) transpose(W) g_(t+1).",
    "gradient: the mean over the examples, the diagonal of W included. The loss of an example is half the squared readout errors, summed over the steps that count.",
    "rules: what approximate rules put in place of totalCredits (or, in the autodiff form, of adjoints), and their gradients; those of readout and readout_biases are exact in every rule.",
    "modprop: tap s is D^(s-1) (1-L) F with D = L I + (1-L) F diag(mu), F the feedback weights; no-leak: without L I; autodiff: g_t = a_t + L g_(t+1) + (1-L) mu * (transpose(F) g_(t+1)).",
];

/// flag → what it is about, and which mutants a test with it tells from the rule.
pub(super) fn temporal_notes(flags: &[&str], kills: &[&str]) -> Json {
    let mut names: Vec<&str> = flags.to_vec();
    names.sort_unstable();
    names.dedup();
    let note = |flag: &str| {
        let any = || kills.to_vec();
        let (bug, description, kills) = match (flag, TemporalMutant::from_id(flag)) {
            (_, Some(mutant)) => {
                let entry = mutant.entry();
                let description = format!("{}. To be seen it needs: {}.", entry.bug, entry.needs);
                (entry.title, description, vec![entry.id])
            }
            ("Golden", None) => (
                "any",
                "The golden vector: its numbers were first computed by two independent implementations.".to_owned(),
                any(),
            ),
            ("HandWritten", None) => ("any", "A committed witness of the mutants, written by hand.".to_owned(), any()),
            ("NoBias", None) => (
                "any",
                "Without readout biases there are no derivatives with respect to them.".to_owned(),
                any(),
            ),
            ("KinkConvention", None) => (
                "the other side of the kink",
                "The slope at a kink is a convention: left, right or the mean of both.".to_owned(),
                vec!["T33"],
            ),
            _ => ("any", "A case in which every neuron learns.".to_owned(), any()),
        };
        Json::object([
            ("bugType", Json::text(bug)),
            ("description", Json::text(description)),
            ("kills", Json::array(kills, Json::text)),
        ])
    };
    Json::object(names.into_iter().map(|flag| (flag, note(flag))))
}
