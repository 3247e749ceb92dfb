//! Every mutant with what it does wrong, how the bug arises, and what it takes to see it.

use std::fmt;

/// A known way to get the rule or the gradient wrong, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each variant is described by its entry in the catalogue.
pub enum Mutant {
    M01,
    M02,
    M03,
    M04,
    M05,
    M06,
    M07,
    M08,
    M09,
    M10,
    M11,
    M12,
    M13,
    M15,
    M16,
    M17,
    M18,
    M21,
    M22,
    M24,
    M25,
    M26,
    M28,
    M29,
    K01,
    K02,
    K03,
    K05,
    K07,
    K09,
    K10,
    K11,
    R01,
    R02,
    R03,
    R04,
    R05,
}

/// The implementation that a mutant is planted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The credit rule (D2–D4).
    Credit,
    /// Backpropagation (D5–D7).
    Backprop,
}

impl Side {
    /// The word that tables use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Backprop => "BP",
        }
    }
}

/// What is known about a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which one.
    pub mutant: Mutant,
    /// Its number in reports, such as `M04`.
    pub id: &'static str,
    /// What it does, as a heading.
    pub title: &'static str,
    /// What it does, to follow "the gradient of a rule that".
    pub deed: &'static str,
    /// How such a bug comes about in real code.
    pub bug: &'static str,
    /// What a case must have for the mutant to show at all.
    pub needs: &'static str,
    /// Whether it has a meaning in backpropagation too.
    pub in_backprop: bool,
}

macro_rules! entry {
    ($mutant:ident, $in_backprop:literal, $title:literal, $deed:literal, $bug:literal, $needs:literal) => {
        Entry {
            mutant: Mutant::$mutant,
            id: stringify!($mutant),
            title: $title,
            deed: $deed,
            bug: $bug,
            needs: $needs,
            in_backprop: $in_backprop,
        }
    };
}

/// All mutants in the order of their numbers.
#[rustfmt::skip] // One mutant a paragraph, each field at the same place.
pub const CATALOGUE: [Entry; 37] = [
    entry!(M01, true, "sign of the update",
        "has the opposite sign",
        "gradient and update confused: ΔW = +η ∂L/∂W",
        "any live case"),
    entry!(M02, true, "factor 2",
        "uses a loss without its ½, and so is twice as large",
        "squared error in place of half squared error",
        "any live case"),
    entry!(M03, true, "sum for mean over the batch",
        "sums over the examples instead of taking their mean",
        "reduction=sum where the loss is a mean",
        "B ≥ 2"),
    entry!(M04, true, "balance factor left out",
        "leaves out the balance factor",
        "forgotten σ′; frequent at outputs, where frameworks fold it into the loss",
        "σ′ ≠ 1 where it is left out"),
    entry!(M05, true, "slope taken at the rate",
        "takes the balance factor at the rate instead of the net input",
        "σ′(x) for σ′(s): the in-place activation overwrote s",
        "an activation that is not piecewise linear through 0"),
    entry!(M06, true, "W for Wᵀ",
        "sends credit back through W instead of its transpose",
        "row/column order confused; no shape error when the layer is square",
        "a square layer with non-symmetric weights"),
    entry!(M07, true, "weights updated too early",
        "changes the weights before the credit has passed them",
        "the update of a layer applied inside the backward loop",
        "two layers, η ≠ 0"),
    entry!(M08, true, "bias update from one example",
        "takes the bias update from the first example alone",
        "the batch axis indexed where it should be reduced",
        "biases, B ≥ 2"),
    entry!(M09, true, "bias update left zero",
        "leaves the bias update zero",
        "biases not registered as parameters",
        "biases"),
    entry!(M10, true, "postsynaptic rate for the presynaptic one",
        "uses the rates of the postsynaptic layer in place of the presynaptic ones",
        "off by one in the list of stored rates; no shape error when the layer is square",
        "a square layer"),
    entry!(M11, true, "update transposed",
        "has its weight updates transposed",
        "x δᵀ for δ xᵀ; no shape error when the layer is square",
        "a square layer"),
    entry!(M12, true, "one layer frozen",
        "freezes the parameters",
        "a layer left out of the list of parameters, or detached",
        "a live layer"),
    entry!(M13, true, "silent clipping",
        "clips credits to [−1, 1]",
        "gradient clipping left on",
        "a credit beyond ±1"),
    entry!(M15, true, "no credit in hidden layers",
        "gives no credit to hidden neurons",
        "only the last layer is trained",
        "a hidden layer"),
    entry!(M16, true, "the other side of the kink",
        "takes the slope on the other side of the kink",
        "σ′(0) = 1 for ReLU: ≥ in place of >",
        "a net input exactly at a kink"),
    entry!(M17, true, "last example overwrites",
        "keeps the contribution of the last example only",
        "= in place of +=",
        "B ≥ 2"),
    entry!(M18, true, "balance factor of the neighbouring layer",
        "uses the balance factors of the neighbouring layer",
        "off by one in the list of stored net inputs",
        "two layers of one width with different net inputs"),
    entry!(M21, true, "fixed random feedback",
        "sends credit back through fixed random weights",
        "feedback alignment",
        "a hidden layer"),
    entry!(M22, true, "sign-symmetric feedback",
        "sends credit back through the signs of the weights",
        "sign(Wᵀ) in place of Wᵀ",
        "weights other than −1, 0 and 1"),
    entry!(M24, true, "two credits swapped",
        "has the credits of two neurons swapped",
        "a wrong index or a permuted axis",
        "two neurons whose credits differ"),
    entry!(M25, true, "one synapse off by 0.1 %",
        "has the update of one synapse wrong by a factor of 1.001",
        "any local slip; below the tolerance of numerical gradient checks",
        "equality without a tolerance"),
    entry!(M26, true, "learning rate applied twice",
        "applies the learning rate twice",
        "η in the gradient and again in the optimiser",
        "η ∉ {0, 1}"),
    entry!(M28, true, "incoming credit ignored",
        "passes on ones in place of the credit that comes in",
        "a custom backward function that ignores its argument",
        "credits other than 1 above a hidden layer"),
    entry!(M29, true, "divided by the number of outputs",
        "divides by the number of outputs",
        "mean over outputs and examples, as MSE losses have it",
        "two outputs"),
    entry!(K01, false, "relaxation stopped short",
        "stops before the credit has settled",
        "as many sweeps as layers for credits that need one more",
        "one short: credits of inputs compared; two short: updates compared"),
    entry!(K02, false, "credit not cleared between examples",
        "starts each example from the credit of the one before",
        "state kept in the object",
        "fewer sweeps than it takes to settle, B ≥ 2"),
    entry!(K03, false, "weights change while the credit settles",
        "changes the weights while the credit settles",
        "fast and slow timescale not separated",
        "two layers, η ≠ 0"),
    entry!(K05, false, "credit through a synapse that is not there",
        "sends credit through a synapse that the case does not have",
        "a dense matrix in place of the graph",
        "a hidden neuron with credit"),
    entry!(K07, false, "target in place of the difference",
        "takes the target for the external credit",
        "t in place of t − x",
        "an output rate other than 0"),
    entry!(K09, false, "inhibition without its sign",
        "drops the sign of inhibitory synapses on the way back",
        "magnitudes stored, signs kept elsewhere",
        "a negative weight out of a hidden neuron"),
    entry!(K10, false, "a read that is not local",
        "reads another synapse's weight",
        "optimiser state or normalisation over a layer; the numbers are the same",
        "an audit of reads: no number differs"),
    entry!(K11, false, "sequential sweeps",
        "lets each neuron see the credits of the same sweep",
        "update in place",
        "a comparison sweep by sweep"),
    entry!(R01, false, "W for Wᵀ on a cycle",
        "sends credit along the synapses instead of against them",
        "a square recurrent matrix: no shape error",
        "a cycle with non-symmetric weights"),
    entry!(R02, false, "self-synapse left out of the credit",
        "leaves the self-synapses out of the credit",
        "the diagonal masked in the backward pass alone",
        "a self-synapse with credit"),
    entry!(R03, false, "credit clamped at the outputs",
        "clamps the credit of the outputs to the external credit instead of adding to it",
        "outputs treated as the inputs of the backward pass are",
        "an output with outgoing synapses"),
    entry!(R04, false, "one sweep for the equilibrium",
        "relaxes the credit once instead of to its equilibrium",
        "the loop of a feed-forward network kept",
        "a path of two edges"),
    entry!(R05, false, "balance factor from an earlier sweep",
        "takes the balance factor from the first sweep of firing and not from the equilibrium",
        "net inputs stored before the rates have settled",
        "a cycle, slopes that change with the net input"),
];

impl Mutant {
    /// What is known about it.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // The catalogue is in the order of the enum; the test `catalogue_is_in_order` holds it.
        &CATALOGUE[self as usize]
    }

    /// Its number in reports, such as `M04`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The mutant with this number.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        CATALOGUE.iter().find(|entry| entry.id == id).map(|entry| entry.mutant)
    }

    /// The sides that it can be planted in.
    #[must_use]
    pub fn sides(self) -> &'static [Side] {
        if self.entry().in_backprop { &[Side::Credit, Side::Backprop] } else { &[Side::Credit] }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
