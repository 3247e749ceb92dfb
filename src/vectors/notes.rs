//! The words of a vector file: its header, and what each flag means.

use super::set::TWO_OUTPUTS;
use super::{Set, Topology};
use crate::mutants::Mutant;
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
pub(super) fn notes(set: Set, flags: &[&str], kills: &[Mutant]) -> Json {
    let mut names: Vec<&str> = flags.to_vec();
    names.sort_unstable();
    names.dedup();
    Json::object(names.into_iter().map(|flag| (flag, note(set, flag, kills))))
}

fn note(set: Set, flag: &str, kills: &[Mutant]) -> Json {
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
        ("KinkConvention", None) => {
            let description = match set {
                Set::V1 => "The slope at a kink is a convention: left, right or the mean of both.",
                Set::V2 => {
                    "The slope at a kink is a convention: left, right, the mean of both, a share of each, or inner and outer, \
                     the slope between two kinks and beyond them."
                }
            };
            ("the other side of the kink", description.to_owned(), vec!["M16"])
        }
        (TWO_OUTPUTS, None) => (
            "what two outputs hide",
            "Two outputs: 2/K is 1, so whoever takes the mean of the squares over the outputs, as some libraries do, has the same \
             updates here. Tests with another number of outputs show it."
                .to_owned(),
            Vec::new(),
        ),
        _ => ("any", "A drawn case in which every neuron learns.".to_owned(), all),
    };
    Json::object([
        ("bugType", Json::text(bug)),
        ("description", Json::text(description)),
        ("kills", Json::array(kills, Json::text)),
    ])
}
