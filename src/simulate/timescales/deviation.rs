//! How far the change of the weights is from that of backpropagation.

use super::equilibrium::PerParameter;
use super::network::{Block, Net};
use super::present::Presented;

/// ‖D + g‖/‖g‖ in one set of parameters or in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// ‖D + g‖/‖g‖ (D10); 0 is backpropagation, 1 is no change at all.
    pub relative: f64,
    /// min_a ‖aD + g‖/‖g‖: what is left when the step size is chosen afterwards.
    pub rescaled: f64,
}

impl Deviation {
    /// Of pairs (D, g).
    ///
    /// Exactness: rounded sums; NaN where all g are zero.
    ///
    /// ```
    /// use creditcheck::simulate::timescales::Deviation;
    /// let found = Deviation::of([(-0.5, 1.0), (-1.0, 2.0)].into_iter());
    /// assert_eq!(found.relative, 0.5);
    /// assert!(found.rescaled < 1e-15);
    /// ```
    #[must_use]
    pub fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (mut dd, mut dg, mut gg, mut rest) = (0.0, 0.0, 0.0, 0.0);
        for (d, g) in pairs.clone() {
            dd += d * d;
            dg += d * g;
            gg += g * g;
            rest += (d + g) * (d + g);
        }
        let best = if dd > 0.0 { -dg / dd } else { 0.0 };
        let left: f64 = pairs.map(|(d, g)| (best * d + g) * (best * d + g)).sum();
        Self { relative: (rest / gg).sqrt(), rescaled: (left / gg).sqrt() }
    }
}

/// The deviation in total and block by block.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviations {
    /// Over all parameters.
    pub total: Deviation,
    /// Per [`Net::blocks`].
    pub blocks: Vec<Deviation>,
}

impl Deviations {
    /// Of a presentation.
    #[must_use]
    pub fn of(net: &Net, presented: &Presented) -> Self {
        let (change, gradient) = (&presented.change, &presented.gradient);
        let total = Deviation::of(change.iter().zip(gradient.iter()));
        let block = |block: &Block| Deviation::of(pairs(block, change, gradient));
        Self { total, blocks: net.blocks().iter().map(block).collect() }
    }
}

fn pairs<'a>(
    block: &'a Block,
    change: &'a PerParameter,
    gradient: &'a PerParameter,
) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    let synapses = block.synapses.iter().map(|&k| (change.synapses[k], gradient.synapses[k]));
    synapses.chain(block.biases.iter().map(|&k| (change.biases[k], gradient.biases[k])))
}
