//! The committed cases on which every mutant must be caught, and those on which some cannot be.

use crate::error::Error;
use crate::spec::{Case, Limits};
use crate::wire;

/// A committed case, embedded in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The name of its file in `fixtures/mutants`, without `.json`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Witness {
    /// The case in the file.
    ///
    /// # Errors
    /// As [`wire::case::read`]; never on a committed witness.
    pub fn case(&self) -> Result<Case, Error> {
        wire::case::read(self.text.as_bytes(), &Limits::default())
            .map_err(|error| error.in_file(format!("fixtures/mutants/{}.json", self.name)))
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

/// Every witness.
pub const WITNESSES: [Witness; 6] = [SQUARE, RECTANGULAR, DEEP, KINKS, GRAPH, RECURRENT];
