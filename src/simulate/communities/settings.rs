//! Everything that a sweep depends on.

use std::collections::BTreeSet;

use super::network::{Arm, Relaxation, Shape};

/// The parameters of D11; a folder of runs belongs to one such set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// H.
    pub hidden: usize,
    /// Output neurons, one a class.
    pub outputs: usize,
    /// g of W₀ ~ N(0, g²/N).
    pub gain: f64,
    /// Examples per update.
    pub batch: usize,
    /// See [`Relaxation`].
    pub damping: f32,
    /// See [`Relaxation`].
    pub tolerance: f32,
    /// See [`Relaxation`].
    pub sweeps: usize,
    /// The norm that an update ⟨β_i c_i x_j⟩ may have; a longer one is shortened, before η.
    pub clip: f64,
    /// The training losses at which W is saved, falling; the last ends the run.
    pub losses: Vec<f64>,
    /// The loss over all training examples is taken whenever η·steps has grown by so much.
    pub every: f64,
    /// η·steps at which a run is given up.
    pub longest: f64,
    /// η from the last loss but one on, in the control; without it there is no control.
    pub finish: Option<f64>,
    /// Runs of Leiden of which the best is taken.
    pub best_of: usize,
    /// Draws of each null model.
    pub nulls: usize,
    /// Examples at which the eigenvalues are taken.
    pub eigenvalues: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hidden: 60,
            outputs: 10,
            gain: 0.3,
            batch: 64,
            damping: 0.7,
            tolerance: 1e-5,
            sweeps: 20_000,
            clip: 1.0,
            losses: vec![1.0, 0.6, 0.4, 0.3],
            every: 0.2,
            longest: 300.0,
            finish: Some(0.03),
            best_of: 50,
            nulls: 2,
            eigenvalues: 16,
        }
    }
}

impl Settings {
    /// The network for images of so many pixels.
    #[must_use]
    pub fn shape(&self, pixels: usize) -> Shape {
        Shape { inputs: pixels, hidden: self.hidden, outputs: self.outputs }
    }

    /// How equilibria are found.
    #[must_use]
    pub fn relaxation(&self) -> Relaxation {
        Relaxation { damping: self.damping, tolerance: self.tolerance, sweeps: self.sweeps }
    }

    /// Steps from one full loss to the next, 1 at least.
    pub(super) fn steps_between_losses(&self, rate: f64) -> usize {
        // A small positive number, or the bounds of usize.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let steps = (self.every / rate).round() as usize;
        steps.max(1)
    }
}

/// The rates of the full sweep in arm A; the last is beyond the edge of stability.
pub const RATES_A: [f64; 8] = [0.03, 0.1, 0.2, 0.4, 0.6, 0.75, 0.9, 1.3];
/// The rates of the full sweep in arm B.
pub const RATES_B: [f64; 8] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9];

/// Which run of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Which synapses exist.
    pub arm: Arm,
    /// η.
    pub rate: f64,
    /// Of W₀ and of the order of the examples; runs of the same seed differ in nothing but arm and rates.
    pub seed: u64,
}

/// What is run, in the order of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whether this is less than the whole sweep.
    pub preview: bool,
    /// The parameters.
    pub settings: Settings,
    /// The runs.
    pub keys: Vec<Key>,
}

impl Plan {
    /// D11 in full: both arms, eight rates, ten seeds from `first` on, and the control that finishes each of them at .03.
    #[must_use]
    pub fn full(first: u64) -> Self {
        let mut keys = grid(Arm::A, &RATES_A, first, 10);
        keys.extend(grid(Arm::B, &RATES_B, first, 10));
        Self { preview: false, settings: Settings::default(), keys }
    }

    /// A preview: both arms, fewer rates and seeds, fewer runs of Leiden, no control.
    #[must_use]
    pub fn preview(first: u64) -> Self {
        let mut keys = grid(Arm::A, &[0.03, 0.2, 0.6, 0.9, 1.3], first, 3);
        keys.extend(grid(Arm::B, &[0.05, 0.2, 0.4, 0.6, 0.9], first, 3));
        let settings = Settings { finish: None, best_of: 20, nulls: 1, ..Settings::default() };
        Self { preview: true, settings, keys }
    }

    /// The seed whose courses and weights are kept for the eye.
    #[must_use]
    pub fn first_seed(&self) -> Option<u64> {
        self.keys.first().map(|key| key.seed)
    }

    /// The seeds, in order.
    #[must_use]
    pub fn seeds(&self) -> BTreeSet<u64> {
        self.keys.iter().map(|key| key.seed).collect()
    }
}

fn grid(arm: Arm, rates: &[f64], first: u64, seeds: u64) -> Vec<Key> {
    let seeds = first..first.saturating_add(seeds);
    let of_rate = |&rate: &f64| seeds.clone().map(move |seed| Key { arm, rate, seed });
    rates.iter().flat_map(of_rate).collect()
}
