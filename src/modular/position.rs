//! Where net inputs lie among the kinks of piecewise-linear activations.

/// Where a net input lies among the kinks of a piecewise-linear σ; decided exactly, before any prime.
///
/// ReLU and leaky ReLU have one kink, and of these `Below`, `AtLower` and `Above`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Position {
    /// Below every kink.
    Below,
    /// At the lower, or the only, kink.
    AtLower,
    /// Between two kinks.
    Between,
    /// At the upper of two kinks.
    AtUpper,
    /// Above every kink.
    Above,
}

/// The positions of all net inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// Per layer none if σ is a polynomial, else n_l × B column by column, one column per example.
    pub layers: Vec<Option<Vec<Position>>>,
}
