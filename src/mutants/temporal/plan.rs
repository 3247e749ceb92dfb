//! Which committed witness must catch which mutant over time, and which mutants are equivalent where.

use num_traits::Signed;

use crate::error::Error;
use crate::spec::{Class, Kink, Limits, Mu, Straight, Taps, TemporalCase, TemporalRule};
use crate::wire::TemporalDocument;

use super::catalogue::TemporalMutant;
use super::host::Host;

/// A committed case, embedded in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalWitness {
    /// The name of its file in `fixtures/mutants`, without `.json`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

impl TemporalWitness {
    /// The case in the file.
    ///
    /// # Errors
    /// As [`TemporalDocument::read`]; never on a committed witness.
    pub fn case(&self) -> Result<TemporalCase, Error> {
        let read = TemporalDocument::read(self.text.as_bytes(), &Limits::default());
        let named = read.map_err(|e| e.in_file(format!("fixtures/mutants/{}.json", self.name)));
        Ok(named?.case)
    }
}

macro_rules! witness {
    ($name:literal) => {
        TemporalWitness {
            name: $name,
            text: include_str!(concat!("../../../fixtures/mutants/", $name, ".json")),
        }
    };
}

/// Three quadratic cells, two inputs, two readouts, T = 4, B = 2, every step counts.
const QUADRATIC: TemporalWitness = witness!("temporal_quadratic");
/// Four ReLU cells of two types, one of them off now and then, T = 5, B = 3, every step counts.
const RELU: TemporalWitness = witness!("temporal_relu");
/// Leaky ReLU, T = 5, B = 2, the last step counts.
const LAST: TemporalWitness = witness!("temporal_last");
/// Net inputs exactly at the kink of ReLU, T = 4, B = 2.
const KINKS: TemporalWitness = witness!("temporal_kinks");
/// ReLU under the kink convention `right`, with cells that are off and none at a kink, T = 4, B = 2.
const RIGHT: TemporalWitness = witness!("temporal_right");

/// Every witness of the rules over time.
pub const TEMPORAL_WITNESSES: [TemporalWitness; 5] = [QUADRATIC, RELU, LAST, KINKS, RIGHT];

/// What of a gradient is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All derivatives.
    Gradient,
    /// Those with respect to W alone.
    Recurrent,
}

impl Part {
    /// The word that tables use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::Recurrent => "W alone",
        }
    }
}

/// One line of the plan: a mutant, in every rule in which it has a meaning.
#[derive(Clone, Copy, Debug)]
pub struct TemporalPlanned {
    /// The mutant.
    pub mutant: TemporalMutant,
    /// On which witnesses it must be caught, each of them.
    pub witnesses: &'static [TemporalWitness],
}

/// The plan; every mutant of the catalogue is in it.
#[rustfmt::skip] // A table.
pub const TEMPORAL_PLAN: &[TemporalPlanned] = {
    use TemporalMutant::*;
    const ANY: &[TemporalWitness] = &[QUADRATIC, LAST];
    const ALL_STEPS: &[TemporalWitness] = &[QUADRATIC, RELU];
    const fn on(mutant: TemporalMutant, witnesses: &'static [TemporalWitness]) -> TemporalPlanned {
        TemporalPlanned { mutant, witnesses }
    }
    &[
        on(T01, ANY), on(T02, ANY), on(T03, ALL_STEPS), on(T04, ALL_STEPS), on(T05, ALL_STEPS),
        on(T06, ANY), on(T07, ANY), on(T08, ANY), on(T09, ANY), on(T10, ANY),
        on(T11, ANY), on(T12, ANY), on(T13, ALL_STEPS), on(T14, ALL_STEPS), on(T15, ALL_STEPS),
        on(T16, ALL_STEPS), on(T17, ALL_STEPS), on(T18, ALL_STEPS), on(T19, ALL_STEPS), on(T20, ALL_STEPS),
        on(T21, ALL_STEPS), on(T22, ALL_STEPS), on(T23, ALL_STEPS), on(T24, ANY), on(T25, ANY),
        on(T26, &[LAST]), on(T27, ANY), on(T28, ANY), on(T29, ANY), on(T30, ANY),
        on(T31, &[QUADRATIC, RELU, RIGHT]), on(T32, ANY), on(T33, &[KINKS]), on(T34, ALL_STEPS), on(T35, ANY),
        on(T36, ANY), on(T37, ANY), on(T38, ANY), on(T39, ANY), on(T40, ALL_STEPS),
    ]
};

/// Why a mutant cannot matter in this rule on this case although it has a meaning there, if so.
pub(super) fn equivalent(
    mutant: TemporalMutant,
    host: &Host,
    case: &TemporalCase,
    part: Part,
) -> Option<&'static str> {
    use TemporalMutant as M;
    let modprop = if let TemporalRule::Modprop(rule) = &host.rule { Some(rule) } else { None };
    match mutant {
        // ε_{q,1} = (1−λ) z_{q,0} = 0, and so is g_1 z_0ᵀ.
        M::T05 if part == Part::Recurrent => {
            Some("nothing has fired before the first step: it gives W no derivative")
        }
        // F_s needs a step t + s ≤ T with t ≥ 1, so s ≤ T − 1.
        M::T20 if modprop.is_some_and(|rule| rule.taps == Taps::All) => {
            Some("of T taps the last reaches beyond a sequence of T steps")
        }
        // D^{s−1} Ŵ with D = λ I + (1−λ) μ Ŵ: polynomials in one matrix commute.
        M::T17 | M::T18 if modprop.is_some_and(|rule| matches!(rule.mu, Mu::Scalar(_))) => {
            Some("one μ for all cells commutes with Ŵ")
        }
        M::T31 => slope_is_that_at_the_rate(case),
        _ => None,
    }
}

/// Why σ'(σ(s)) = σ'(s) at every s, if so.
fn slope_is_that_at_the_rate(case: &TemporalCase) -> Option<&'static str> {
    match case.network.activation.class() {
        // Off, its rate 0 stands at the kink: there the other conventions have a slope of 1 or ½.
        Class::Straight(Straight::Relu) if case.kink == Kink::Left => {
            Some("a ReLU that is off has the rate 0, and to the left of it the slope 0")
        }
        Class::Straight(Straight::LeakyRelu { slope }) if slope.is_positive() => {
            Some("the rate of a leaky ReLU has the sign of its net input")
        }
        Class::Straight(
            Straight::Identity
            | Straight::Relu
            | Straight::LeakyRelu { .. }
            | Straight::HardTanh { .. },
        )
        | Class::Curved(_)
        | Class::Quotient
        | Class::Transcendental(_) => None,
    }
}

/// What is compared for a mutant: everything, and W alone where that shows a mutant to be equivalent.
pub(super) fn parts(mutant: TemporalMutant) -> &'static [Part] {
    match mutant {
        TemporalMutant::T05 => &[Part::Gradient, Part::Recurrent],
        _ => &[Part::Gradient],
    }
}
