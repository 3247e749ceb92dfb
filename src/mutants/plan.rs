//! Which committed witness must catch which mutant, and by comparing what.

use std::fmt;

use super::catalogue::Mutant;
use super::hook::{Fault, Variant};
use super::witnesses::{
    DEEP, GRAPH, IMPLICIT, KINKS, RECTANGULAR, RECURRENT, SQUARE, TIME_KINKS, TIME_LAST,
    TIME_QUADRATIC, TIME_RELU, TIME_RIGHT, Witness,
};

/// What is compared with the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compared {
    /// ΔW and Δb, or the gradient on the side of backpropagation.
    Update,
    /// The settled credit of every neuron, inputs included.
    Credits,
    /// The credit of every neuron after every sweep.
    Sweeps,
    /// Update and settled credits of a mutant that must not differ in them, and why.
    Settled(&'static str),
    /// Which numbers are read (C6).
    Reads,
    /// All derivatives of a rule over time.
    Gradient,
    /// Those with respect to W alone.
    Recurrent,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Update => "update",
            Self::Credits => "credits",
            Self::Sweeps => "each sweep",
            Self::Settled(_) => "once settled",
            Self::Reads => "reads",
            Self::Gradient => "gradient",
            Self::Recurrent => "W alone",
        })
    }
}

/// One line of the plan.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// The mutant, and in which form; in everything in which it has a meaning.
    pub fault: Fault,
    /// What is compared.
    pub compared: Compared,
    /// On which witnesses it must be caught, each of them.
    pub witnesses: &'static [Witness],
}

/// Why K02 does not matter in the end.
///
/// D3: the credit of neuron j after h(j) + 1 sweeps is a polynomial in W, β and e in which the
/// start does not occur, by induction on h(j): if h(j) = 0, c_j = e_j after one sweep; else
/// c_j after n + 1 sweeps is made of e_j and of credits after n ≥ h(j) ≥ h(i) + 1 sweeps.
const ANY_START: &str = "after h + 1 sweeps the credit does not depend on the start (D3)";

/// Why K11 does not matter in the end.
///
/// The equilibrium c = Wᵀ(β∘c) + e is a fixed point of sequential sweeps as well, and by the
/// same induction a neuron is exact after h(j) + 1 sweeps in whatever order they visit it:
/// what it reads is at least as settled as in a synchronous sweep.
const ANY_ORDER: &str =
    "both kinds of sweep have the same fixed point, reached by h + 1 sweeps (D3)";

const fn planned(
    mutant: Mutant,
    variant: Variant,
    compared: Compared,
    witnesses: &'static [Witness],
) -> Planned {
    Planned { fault: Fault { mutant, variant }, compared, witnesses }
}

/// The plan; every mutant of the catalogue is in it.
#[rustfmt::skip] // A table.
pub const PLAN: &[Planned] = {
    use Compared::{Credits, Gradient, Reads, Recurrent, Settled, Sweeps, Update};
    use Mutant::*;
    use Variant::{Autapse, Hidden, Lateral, Layer, Output, Short, Steps, Whole};
    const ALL: &[Witness] = &[SQUARE, RECTANGULAR, DEEP, GRAPH];
    // M21 is not among them on the cycle: its random matrix happens to be singular there.
    const ANY: &[Witness] = &[SQUARE, RECTANGULAR, DEEP, GRAPH, RECURRENT];
    const SQUARES: &[Witness] = &[SQUARE, DEEP];
    const TIME: &[Witness] = &[TIME_QUADRATIC, TIME_LAST];
    const ALL_STEPS: &[Witness] = &[TIME_QUADRATIC, TIME_RELU];
    const fn over_time(mutant: Mutant, witnesses: &'static [Witness]) -> Planned {
        planned(mutant, Whole, Gradient, witnesses)
    }
    &[
        planned(M01, Whole, Update, ANY),
        planned(M02, Whole, Update, ANY),
        planned(M03, Whole, Update, ANY),
        planned(M04, Whole, Update, ANY),
        planned(M04, Output, Update, ALL),
        planned(M04, Hidden, Update, ALL),
        planned(M05, Whole, Update, ANY),
        planned(M06, Whole, Update, SQUARES),
        planned(M07, Whole, Update, ALL),
        planned(M08, Whole, Update, ANY),
        planned(M09, Whole, Update, ANY),
        planned(M10, Whole, Update, &[SQUARE, DEEP]),
        planned(M11, Whole, Update, SQUARES),
        planned(M12, Layer(1), Update, &[SQUARE, RECTANGULAR, DEEP]),
        planned(M12, Layer(2), Update, &[SQUARE, RECTANGULAR, DEEP]),
        planned(M12, Output, Update, &[GRAPH]),
        planned(M13, Whole, Update, ALL),
        planned(M15, Whole, Update, ALL),
        planned(M16, Layer(1), Update, &[KINKS]),
        planned(M16, Layer(2), Update, &[KINKS]),
        planned(M16, Layer(3), Update, &[KINKS]),
        planned(M17, Whole, Update, ANY),
        planned(M18, Whole, Update, SQUARES),
        planned(M21, Whole, Update, ALL),
        planned(M22, Whole, Update, ANY),
        planned(M24, Hidden, Update, ALL),
        planned(M24, Output, Update, &[SQUARE, RECTANGULAR, DEEP]),
        planned(M25, Whole, Update, ANY),
        planned(M26, Whole, Update, ANY),
        planned(M28, Whole, Update, ALL),
        planned(M29, Whole, Update, ANY),
        planned(M30, Whole, Update, ANY),
        planned(M31, Whole, Update, &[RECTANGULAR, DEEP]),
        planned(M32, Whole, Update, &[RECTANGULAR, DEEP]),
        planned(M33, Whole, Update, ANY),
        planned(M34, Whole, Update, ANY),
        planned(M35, Whole, Update, ANY),
        planned(K01, Short(1), Credits, ALL),
        planned(K01, Short(2), Update, ALL),
        planned(K02, Whole, Sweeps, ALL),
        planned(K02, Whole, Settled(ANY_START), ALL),
        planned(K03, Whole, Update, ALL),
        planned(K05, Autapse, Update, ALL),
        planned(K05, Lateral, Update, ALL),
        planned(K07, Whole, Update, ANY),
        planned(K09, Whole, Update, ANY),
        planned(K10, Whole, Reads, &[SQUARE, GRAPH]),
        planned(K11, Whole, Sweeps, ALL),
        planned(K11, Whole, Settled(ANY_ORDER), ALL),
        planned(R01, Whole, Update, &[RECURRENT]),
        planned(R02, Whole, Update, &[RECURRENT]),
        planned(R03, Whole, Update, &[RECURRENT]),
        planned(R04, Whole, Update, &[RECURRENT]),
        planned(R05, Whole, Update, &[RECURRENT]),
        planned(R06, Whole, Update, &[RECURRENT, IMPLICIT]),
        planned(R06, Steps(3), Update, &[RECURRENT, IMPLICIT]),
        planned(R07, Whole, Update, &[IMPLICIT]),
        planned(R08, Whole, Update, &[RECURRENT, IMPLICIT]),
        over_time(T01, TIME), over_time(T02, TIME), over_time(T03, ALL_STEPS),
        over_time(T04, ALL_STEPS), over_time(T05, ALL_STEPS),
        planned(T05, Whole, Recurrent, ALL_STEPS),
        over_time(T06, TIME), over_time(T07, TIME), over_time(T08, TIME), over_time(T09, TIME),
        over_time(T10, TIME), over_time(T11, TIME), over_time(T12, TIME),
        over_time(T13, ALL_STEPS), over_time(T14, ALL_STEPS), over_time(T15, ALL_STEPS),
        over_time(T16, ALL_STEPS), over_time(T17, ALL_STEPS), over_time(T18, ALL_STEPS),
        over_time(T19, ALL_STEPS), over_time(T20, ALL_STEPS), over_time(T21, ALL_STEPS),
        over_time(T22, ALL_STEPS), over_time(T23, ALL_STEPS), over_time(T24, TIME),
        over_time(T25, TIME), over_time(T26, &[TIME_LAST]), over_time(T27, TIME),
        over_time(T28, TIME), over_time(T29, TIME), over_time(T30, TIME),
        over_time(T31, &[TIME_QUADRATIC, TIME_RELU, TIME_RIGHT]), over_time(T32, TIME),
        over_time(T33, &[TIME_KINKS]), over_time(T34, ALL_STEPS), over_time(T35, TIME),
        over_time(T36, TIME), over_time(T37, TIME), over_time(T38, TIME), over_time(T39, TIME),
        over_time(T40, ALL_STEPS),
    ]
};
