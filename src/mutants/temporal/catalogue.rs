//! Every mutant over time with what it does wrong, how the bug arises, and what it takes to see it.

use std::fmt;

use crate::spec::{Feedback, Taps, TemporalRule};
use crate::textbook::temporal::Evaluation;

use super::host::{Family, Host};

/// A known way to get a rule over time wrong, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each variant is described by its entry in the catalogue.
#[rustfmt::skip]
pub enum TemporalMutant {
    T01, T02, T03, T04, T05, T06, T07, T08, T09, T10,
    T11, T12, T13, T14, T15, T16, T17, T18, T19, T20,
    T21, T22, T23, T24, T25, T26, T27, T28, T29, T30,
    T31, T32, T33, T34, T35, T36, T37, T38, T39, T40,
}

/// What is known about a mutant over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalEntry {
    /// Which one.
    pub mutant: TemporalMutant,
    /// Its number in reports, such as `T08`.
    pub id: &'static str,
    /// What it does, as a heading.
    pub title: &'static str,
    /// What it does, to follow "the gradient of a rule that".
    pub deed: &'static str,
    /// How such a bug comes about in real code.
    pub bug: &'static str,
    /// What a case must have for the mutant to show at all.
    pub needs: &'static str,
}

macro_rules! entry {
    ($mutant:ident, $title:literal, $deed:literal, $bug:literal, $needs:literal) => {
        TemporalEntry {
            mutant: TemporalMutant::$mutant,
            id: stringify!($mutant),
            title: $title,
            deed: $deed,
            bug: $bug,
            needs: $needs,
        }
    };
}

/// All mutants over time in the order of their numbers.
#[rustfmt::skip] // One mutant a paragraph, each field at the same place.
pub const TEMPORAL_CATALOGUE: [TemporalEntry; 40] = [
    entry!(T01, "state kept between sequences",
        "starts each sequence from the net inputs and rates at the end of the one before",
        "no reset of the state between the sequences of a batch",
        "B ≥ 2"),
    entry!(T02, "traces kept between sequences",
        "starts each sequence with the traces of the one before",
        "the eligibility lives in the synapse and is reset by nobody",
        "B ≥ 2, λ ≠ 0"),
    entry!(T03, "slope of the step before",
        "takes the slopes of step t−1 for those of step t",
        "off by one in the list of stored net inputs",
        "slopes that change in time"),
    entry!(T04, "slope of the relay one step late",
        "takes the slope of a cell that relays credit one step late",
        "h_{t+1} beside g_{t+1}: the slope of the wrong end of the synapse",
        "T ≥ 3, slopes that change in time"),
    entry!(T05, "first step left out",
        "leaves out the first step",
        "a loop to 2 in place of 1, or learning that starts one step late",
        "derivatives with respect to U"),
    entry!(T06, "truncated after one step",
        "sends credit back over one step only",
        "the state detached at every step",
        "T ≥ 3"),
    entry!(T07, "last step left out",
        "leaves out the errors of the last step",
        "range(T − 1)",
        "an error at the last step"),
    entry!(T08, "trace overwritten",
        "overwrites its traces at every step instead of accumulating",
        "= in place of +=",
        "λ ≠ 0"),
    entry!(T09, "leak left out of the trace",
        "accumulates its traces without a leak",
        "+= without the factor λ",
        "any live case of three steps"),
    entry!(T10, "diagonal Jacobian presented as RTRL",
        "keeps the diagonal of the Jacobian only",
        "a local approximation under the name of the exact rule; without self-synapses it is e-prop",
        "T ≥ 3"),
    entry!(T11, "readout from the step before",
        "reads z of step t−1 out at step t",
        "readout computed before the state is updated",
        "any live case"),
    entry!(T12, "readout gradient with the rates before",
        "has rates of step t−1 in its readout gradient",
        "off by one in the list of stored rates",
        "any live case"),
    entry!(T13, "Ŵ for its transpose",
        "sends credit back through the feedback weights instead of their transpose",
        "row/column order confused; the matrix is square: no shape error",
        "a non-symmetric Ŵ"),
    entry!(T14, "the other convention of type means",
        "counts the zeros of the diagonal in the type means where they are not to be counted, or the other way round",
        "mean() over a block that holds part of the diagonal",
        "a type with two cells and weights among them"),
    entry!(T15, "diagonal of Ŵ kept",
        "keeps the type means on the diagonal of the feedback weights",
        "w̄[types][:, types] without a mask",
        "a type with two cells"),
    entry!(T16, "self taps left out",
        "leaves out the taps of a cell onto itself",
        "a C × C × S table without the C × S table beside it",
        "type-specific feedback, causal"),
    entry!(T17, "μ at the source cell",
        "takes μ of the source cell for that of the relay",
        "Ŵ D^{s−1} for D^{s−1} Ŵ",
        "μ that differs among cells, two taps"),
    entry!(T18, "μ at the sink cell",
        "takes μ of the receiving cell for that of the relay",
        "diag(μ) Ŵ for Ŵ diag(μ)",
        "μ that differs among cells, two taps"),
    entry!(T19, "μ left out",
        "leaves out μ",
        "the factor forgotten, as if σ were linear",
        "μ ≠ 1, two taps"),
    entry!(T20, "one tap too few",
        "has one tap too few",
        "range(1, S) for S taps",
        "S taps that the sequence can use"),
    entry!(T21, "taps one step late",
        "applies each tap one step too late",
        "e_{t−s−1} for e_{t−s}",
        "T ≥ 3"),
    entry!(T22, "taps one step early",
        "applies each tap one step too early",
        "a ring buffer that is read after it is written",
        "any live case"),
    entry!(T23, "leak left out of the taps",
        "leaves the leak out of its taps",
        "Ŵ^s for (λ I + (1−λ) Ŵ diag μ)^{s−1} Ŵ",
        "λ ≠ 0, two taps"),
    entry!(T24, "1−λ left out of the trace",
        "leaves out the factor 1−λ of the derivatives",
        "a model with λ but without 1−λ in the paper next door",
        "λ ≠ 0"),
    entry!(T25, "1−λ left out of the feedback",
        "leaves out the factor 1−λ of the synapses that credit goes back through",
        "as T24, on the way back",
        "λ ≠ 0"),
    entry!(T26, "weight of the last step ignored",
        "counts the error of every step where only the last counts",
        "w_t missing in the loss",
        "the loss of the last step"),
    entry!(T27, "sum for mean over the batch",
        "sums over the sequences instead of taking their mean",
        "reduction=sum where the loss is a mean",
        "B ≥ 2"),
    entry!(T28, "last sequence overwrites",
        "keeps the contribution of the last sequence only",
        "= in place of +=",
        "B ≥ 2"),
    entry!(T29, "presynaptic rate of the same step",
        "takes the presynaptic rate of step t for that of step t−1",
        "trace updated after the state instead of before",
        "any live case"),
    entry!(T30, "input of the step before",
        "takes the input of step t−1 for that of step t",
        "input and recurrent synapses treated alike",
        "derivatives with respect to U"),
    entry!(T31, "slope taken at the rate",
        "takes the slope at the rate instead of the net input",
        "σ′(z) for σ′(s): the state was overwritten",
        "a slope at σ(s) that is not that at s: ReLU has it under the kink conventions right and mean only, leaky ReLU and identity never"),
    entry!(T32, "slope left out",
        "leaves out the slopes",
        "forgotten σ′",
        "slopes other than 1"),
    entry!(T33, "the other side of the kink",
        "takes the slope on the other side of the kink",
        "σ′(0) = 1 for ReLU: ≥ in place of >",
        "a net input exactly at a kink"),
    entry!(T34, "slope of the sender left out",
        "sends learning signals to other cells without the slope of the sender",
        "ℓ in place of a = h ∘ ℓ",
        "slopes other than 1"),
    entry!(T35, "sign of the gradient",
        "has the opposite sign",
        "update and gradient confused",
        "any live case"),
    entry!(T36, "factor 2",
        "uses a loss without its ½, and so is twice as large",
        "squared error in place of half squared error",
        "any live case"),
    entry!(T37, "gradient transposed",
        "has the derivatives of its recurrent synapses transposed",
        "z gᵀ for g zᵀ; the matrix is square: no shape error",
        "any live case with N ≥ 2"),
    entry!(T38, "diagonal left out",
        "leaves the derivatives on the diagonal zero",
        "a mask on the gradient that belongs on the update",
        "any live case"),
    entry!(T39, "fixed random feedback from the readouts",
        "sends errors back through fixed random weights",
        "feedback alignment: random e-prop under the name of symmetric e-prop",
        "any live case"),
    entry!(T40, "readout biases from the last step",
        "takes the gradient of the readout biases from the last step alone",
        "= in place of += in the loop over time",
        "readout biases, errors at several steps"),
];

impl TemporalMutant {
    /// What is known about it.
    #[must_use]
    pub fn entry(self) -> &'static TemporalEntry {
        // The catalogue is in the order of the enum; a test holds it.
        &TEMPORAL_CATALOGUE[self as usize]
    }

    /// Its number in reports, such as `T08`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The mutant with this number.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        TEMPORAL_CATALOGUE.iter().find(|entry| entry.id == id).map(|entry| entry.mutant)
    }

    /// Whether it means anything in this rule, evaluated like this.
    #[must_use]
    pub fn has_meaning_in(self, host: &Host) -> bool {
        let exact = matches!(host.family(), Family::Bptt | Family::Rtrl);
        let (several, by_type) = match &host.rule {
            TemporalRule::Modprop(rule) => {
                (rule.taps != Taps::Count(1), matches!(rule.feedback, Feedback::Type(_)))
            }
            TemporalRule::Mdgl { feedback } => (false, matches!(feedback, Feedback::Type(_))),
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => (false, false),
        };
        let filtered = matches!(host.family(), Family::Mdgl | Family::Filter | Family::NoLeak);
        let causal = host.evaluation == Evaluation::Causal;
        match self {
            // What runs against time has no traces, and neither has the autodiff form.
            Self::T02 => {
                filtered
                    || host.family() == Family::Rtrl
                    || host.family() == Family::Eprop && causal
            }
            Self::T04 | Self::T10 => exact,
            Self::T06 => host.family() == Family::Bptt,
            Self::T13 | Self::T25 => host.family() != Family::Eprop,
            Self::T14 | Self::T15 => by_type,
            Self::T16 => by_type && filtered && causal,
            Self::T17 => several && filtered,
            Self::T18 | Self::T19 => several,
            Self::T20 | Self::T21 | Self::T22 | Self::T34 => filtered,
            Self::T23 => several && host.family() == Family::Filter,
            _ => true,
        }
    }
}

impl fmt::Display for TemporalMutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
