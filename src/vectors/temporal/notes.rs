//! The words of a vector file over time: all that somebody needs who implements the rules, and what each flag means.

use std::collections::{BTreeMap, BTreeSet};

use crate::mutants::Mutant;
use crate::wire::json::Json;

/// What a reader of the file needs to know, and no more: `tests/oracle/temporal_vectors.py` is written after these lines.
pub(super) const HEADER: [&str; 16] = [
    "Test vectors for rules that assign credit over time. Every number is exact, a string: an integer or p/q in lowest terms. These lines and the notes are all that an implementation needs.",
    "result valid: reproduce every value of expected. result acceptable: the same, but a net input stands exactly at a kink: only if you have the kink convention of the case. result invalid: expected.gradient comes from the mutant that the flag names, planted in expected.rule, and you must differ from it in at least one entry.",
    "Case: network has the leak λ, recurrent W (N × N, zero on the diagonal), input U (N × M), readout V (K × N), readout_biases b (if absent b = 0, and it has no derivatives) and types (if absent there are no type-specific rules). A matrix is a list of rows, [post][pre]. input and target of an example have one row per time step. learning_rate is not used: everything here is a gradient.",
    "Activation σ(s) and slope σ'(s): identity s and 1; relu s and 1 above 0, 0 and 0 below; leaky_relu s and 1 above 0, slope · s and slope below; quadratic s + s² and 1 + 2s. The slope at the kink s = 0 is that of the left side; if the case has a field kink, that of the side it names, and for mean half the sum of both.",
    "Forwards, t = 1 … T, from s_0 = z_0 = 0: s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t), z_t = σ(s_t), h_t = σ'(s_t), y_t = V z_t + b. Step t stands at steps[t−1] of its example: netInputs s_t, rates z_t, slopes h_t, readouts y_t.",
    "readoutErrors ϵ_t = w_t (y_t − target_t), where w_t = 1 at every step if steps of the case is all; if it is last, w_T = 1 and every other is 0. learningSignals ℓ_t = Vᵀ ϵ_t; gatedSignals a_t = h_t ∘ ℓ_t, entry by entry.",
    "traces ε_t = λ ε_{t−1} + (1−λ) z_{t−1} of the N presynaptic cells, ε_0 = 0 and so ε_1 = 0. Inputs have traces too, which are not listed: ξ_t = λ ξ_{t−1} + (1−λ) x_t, ξ_0 = 0 but ξ_1 = (1−λ) x_1.",
    "Against time, t = T … 1, from g_{T+1} = 0: totalCredits Λ_t = ℓ_t + (1−λ) Wᵀ g_{t+1}, adjoints g_t = h_t ∘ Λ_t + λ g_{t+1}.",
    "loss: the mean over the examples of ½ Σ_t Σ_k ϵ_{t,k}². gradient: its derivatives, each the mean over the examples of a sum over t = 1 … T: recurrent[p][q] Σ h_{t,p} Λ_{t,p} ε_{t,q} = (1−λ) Σ g_{t,p} z_{t−1,q} for all N² entries, those on the diagonal too (W is 0 there, the derivative is not); input[p][m] Σ h_{t,p} Λ_{t,p} ξ_{t,m} = (1−λ) Σ g_{t,p} x_{t,m}; readout[k][p] Σ ϵ_{t,k} z_{t,p}; readout_biases[k] Σ ϵ_{t,k}.",
    "rules: approximate rules, with their gradients of recurrent and input; those of readout and readout_biases are the exact ones in every rule and not listed again. All but the autodiff form put Λ̂_t for Λ_t into the sums with the traces: it is listed as totalCredits[example][t−1][cell].",
    "eprop: Λ̂_t = ℓ_t. mdgl: Λ̂_t = ℓ_t + (1−λ) Ŵᵀ a_{t+1}. modprop: Λ̂_t = ℓ_t + Σ_s F_sᵀ a_{t+s} over s = 1 … S; what lies beyond T is 0. taps is S, and all is S = T − 1. Ŵ is explained below.",
    "modprop, form filter: F_s = (1−λ) D^{s−1} Ŵ with D = λ I + (1−λ) Ŵ diag(μ), that is D[j][l] = λ [j = l] + (1−λ) Ŵ[j][l] μ_l: μ belongs to the cell l that relays, the presynaptic one. form no-leak: the same with D = (1−λ) Ŵ diag(μ). mu is one number for all cells, or a list with one per cell.",
    "modprop, form autodiff, is not of this kind: ĝ_t = a_t + λ ĝ_{t+1} + (1−λ) μ ∘ (Ŵᵀ ĝ_{t+1}), ĝ_{T+1} = 0, listed as adjoints[example][t−1][cell], stands for g_t in the sums with (1−λ) in front. Here μ belongs to the cell whose ĝ_t it is.",
    "feedback cell: Ŵ = W. feedback type: Ŵ[p][p] = 0, and for j ≠ p Ŵ[j][p] is the mean of W[i][k] over all cells i of the type of j and k of the type of p. Within one type there are pairs i = k, whose W is 0: diagonal counted counts them in the mean, diagonal excluded leaves them out.",
    "The other order, as a synapse would do it, gives the same numbers: what arrives at time t, ℓ_t and F_sᵀ a_t, meets the product of slope and trace of s steps before, h_{t−s} and ε_{t−s}, with s = 0 for ℓ_t.",
    "notes: kills lists the mutants that a test with this flag tells from a right implementation, because planted in one of its rules, bptt and rtrl among them, they give another gradient. Under the flag of a mutant: the mutants that give the very values which you must differ from.",
];

/// flag → what it is about, and which mutants the tests with it were found to kill.
pub(super) fn notes(kills: &BTreeMap<&'static str, BTreeSet<&'static str>>) -> Json {
    Json::object(kills.iter().map(|(flag, kills)| (*flag, note(flag, kills))))
}

fn note(flag: &str, kills: &BTreeSet<&'static str>) -> Json {
    let (bug, description) = match (flag, Mutant::from_id(flag)) {
        (_, Some(mutant)) => {
            let entry = mutant.entry();
            (entry.title, format!("{}. To be seen it needs: {}.", entry.bug, entry.needs))
        }
        ("Golden", None) => (
            "any",
            "The golden vector: its numbers were first computed by two independent implementations."
                .to_owned(),
        ),
        ("HandWritten", None) => {
            ("any", "A committed witness of the mutants, written by hand.".to_owned())
        }
        ("NoBias", None) => (
            "any",
            "Without readout biases there are no derivatives with respect to them.".to_owned(),
        ),
        ("KinkConvention", None) => (
            "the other side of the kink",
            "The slope at a kink is a convention: left, right or the mean of both.".to_owned(),
        ),
        _ => ("any", "A case in which every neuron learns.".to_owned()),
    };
    Json::object([
        ("bugType", Json::text(bug)),
        ("description", Json::text(description)),
        ("kills", Json::array(kills, |id| Json::text(*id))),
    ])
}
