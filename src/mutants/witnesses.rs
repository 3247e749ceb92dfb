//! The committed cases on which every mutant must be caught, and those on which some cannot be.

use crate::error::Error;
use crate::spec::{Case, Limits, TemporalCase};
use crate::wire::{self, TemporalDocument};

/// A committed case, embedded in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The name of its file in `fixtures/mutants`, without `.json`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Witness {
    /// The case in the file, of a network at its equilibrium.
    ///
    /// # Errors
    /// As [`wire::case::read`]; never on a committed witness.
    pub fn case(&self) -> Result<Case, Error> {
        self.named(wire::case::read(self.text.as_bytes(), &Limits::default()))
    }

    /// The case in the file, of a network that runs in time.
    ///
    /// # Errors
    /// As [`TemporalDocument::read`]; never on a committed witness.
    pub fn case_over_time(&self) -> Result<TemporalCase, Error> {
        let document = TemporalDocument::read(self.text.as_bytes(), &Limits::default());
        Ok(self.named(document)?.case)
    }

    fn named<T>(&self, read: Result<T, Error>) -> Result<T, Error> {
        read.map_err(|error| error.in_file(format!("fixtures/mutants/{}.json", self.name)))
    }
}

macro_rules! witness {
    ($name:literal) => {
        Witness {
            name: $name,
            text: include_str!(concat!("../../fixtures/mutants/", $name, ".json")),
        }
    };
}

/// Two layers of width 2, quadratic, B = 2: what most mutants need and nothing else.
pub const SQUARE: Witness = witness!("square");
/// 3-2-4-2 with three activations, B = 3, one layer without biases.
pub const RECTANGULAR: Witness = witness!("rectangular");
/// Four layers of width 2 with four activations.
pub const DEEP: Witness = witness!("deep");
/// Net inputs exactly at the kinks of three activations, under three conventions.
pub const KINKS: Witness = witness!("kinks");
/// Skip connections, a dead end, an output with outgoing synapses, neurons out of order.
pub const GRAPH: Witness = witness!("graph");
/// A cycle, self-synapses, outputs that feed back, three polynomials, and the equilibrium of each example.
pub const RECURRENT: Witness = witness!("recurrent");

/// Two neurons on cycles, an output that hears them and is not on any, and no slope of zero: the implicit layer as people write it.
pub const IMPLICIT: Witness = witness!("implicit");

/// Every witness of a network at its equilibrium.
pub const WITNESSES: [Witness; 7] = [SQUARE, RECTANGULAR, DEEP, KINKS, GRAPH, RECURRENT, IMPLICIT];

/// Three quadratic cells, two inputs, two readouts, T = 4, B = 2, every step counts.
pub const TIME_QUADRATIC: Witness = witness!("temporal_quadratic");
/// Four ReLU cells of two types, one of them off now and then, T = 5, B = 3, every step counts.
pub const TIME_RELU: Witness = witness!("temporal_relu");
/// Leaky ReLU, T = 5, B = 2, the last step counts.
pub const TIME_LAST: Witness = witness!("temporal_last");
/// Net inputs exactly at the kink of ReLU, T = 4, B = 2.
pub const TIME_KINKS: Witness = witness!("temporal_kinks");
/// ReLU under the kink convention `right`, with cells that are off and none at a kink, T = 4, B = 2.
pub const TIME_RIGHT: Witness = witness!("temporal_right");

/// Every witness of the rules over time.
pub const WITNESSES_OVER_TIME: [Witness; 5] =
    [TIME_QUADRATIC, TIME_RELU, TIME_LAST, TIME_KINKS, TIME_RIGHT];
