//! The sets of vectors: the first is frozen, the second has what it was missing.

use num_rational::BigRational;

use crate::mutants::Mutant;
use crate::spec::{Activation, Case, Kink, Share, Wiring};

use super::Topology;

/// A set of vectors, in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Frozen: its bytes never change. Ten of its valid vectors depend on a kink convention.
    V1,
    /// No valid vector stands on a kink, few have two outputs, and every kink convention and known mistake has its own.
    V2,
}

impl Set {
    /// All sets, in order.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// The folder, within that of all sets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// n_0, n_1, … of the layers of a file. In the second set only those without biases have two outputs, and of them the rectangular
    /// ones alone: K = 2 hides the factor 2/K.
    pub(super) fn widths(self, topology: Topology, biases: bool) -> &'static [usize] {
        match (self, topology, biases) {
            (Self::V1, Topology::Rectangular, _) | (Self::V2, Topology::Rectangular, false) => {
                &[2, 3, 2]
            }
            (Self::V2, Topology::Rectangular, true) => &[2, 4, 3],
            (Self::V1, Topology::Deep, _) => &[2, 2, 2, 2, 2],
            (Self::V2, Topology::Deep, _) => &[2, 2, 2, 2, 3],
            (
                Self::V1 | Self::V2,
                Topology::Square | Topology::Temporal | Topology::Skip | Topology::Recurrent,
                _,
            ) => &[3, 3, 3],
        }
    }

    /// The outputs of a graph with skip connections.
    pub(super) fn outputs(self) -> &'static [usize] {
        match self {
            Self::V1 => &[5, 6],
            // One of them is a neuron in the middle.
            Self::V2 => &[5, 6, 4],
        }
    }

    /// The conventions under which a net input at one kink is shown.
    pub(super) fn conventions(self, function: &Activation) -> Vec<Kink> {
        let mut all = vec![Kink::Left, Kink::Right, Kink::Mean];
        if self == Self::V2 {
            all.extend([Kink::Inner, Kink::Outer]);
            let quarter = BigRational::new(1.into(), 4.into());
            all.extend(Share::of(&quarter).map(Kink::Between));
        }
        all.retain(|kink| kink.refusal(function).is_none());
        all
    }

    /// Whether a mutant is older than the set.
    pub(super) fn knows(self, mutant: Mutant) -> bool {
        // Mistakes of solvers came after both, and those that public reports had and the catalogue had not.
        let is_newer =
            [Mutant::R06, Mutant::R07, Mutant::R08, Mutant::M33, Mutant::M34, Mutant::M35]
                .contains(&mutant);
        let is_older = match self {
            Self::V1 => ![Mutant::M30, Mutant::M31, Mutant::M32].contains(&mutant),
            Self::V2 => true,
        };
        is_older && !is_newer
    }

    /// What a test of this case cannot show, as a flag; only the second set says so.
    pub(super) fn blind_spot(self, case: &Case) -> Option<&'static str> {
        let two = Wiring::of(case).outputs.len() == 2;
        (self == Self::V2 && two).then_some(TWO_OUTPUTS)
    }

    /// Whether a valid vector may have a net input on a kink.
    pub(super) fn admits_kinks(self) -> bool {
        self == Self::V1
    }
}

/// The flag of a test whose network has two outputs.
pub(super) const TWO_OUTPUTS: &str = "TwoOutputs";
