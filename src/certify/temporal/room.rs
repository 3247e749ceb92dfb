//! How far floats may be from a result over time, or a ball reaches around it.

use num_rational::BigRational;
use num_traits::Signed;

use crate::number::nearest_f64;
use crate::spec::{PerBlock, TemporalGradient};

/// How far from the entries, and from the loss.
pub(super) struct Room {
    pub entries: PerBlock<f64>,
    pub loss: f64,
}

impl Room {
    pub fn of(bounds: &TemporalGradient<f64>) -> Self {
        Self { entries: bounds.per_block().map(|bound| *bound), loss: bounds.loss }
    }

    /// The same around −η times the entries; the loss is that of the gradient.
    pub fn of_update(self, learning_rate: &BigRational) -> Self {
        let eta = nearest_f64(&learning_rate.abs()).next_up();
        let times = |radius: f64| if radius == 0.0 { 0.0 } else { (radius * eta).next_up() };
        Self { entries: self.entries.map(times), loss: self.loss }
    }
}
