//! How far rounding carries e and ℓ of one output, of every loss but half squared error.
//!
//! Where ℓ has pieces and the error of the output meets the end of one, the slope may be wrong by the whole jump, as at the kink of a σ.

use super::dyadic::SIDES;
use super::up::{Arithmetic, Sum, Up, Value};
use crate::error::Error;
use crate::spec::{Dtype, OutputError, Reduction, Share};

/// e and ℓ, with their errors.
pub(super) struct Output {
    pub(super) external_credit: Value,
    pub(super) loss: Value,
}

/// A loss with every number of it rounded.
pub(super) struct Measured<'a> {
    pub(super) arithmetic: &'a [Arithmetic; 2],
    pub(super) format: Dtype,
    pub(super) error: &'a OutputError,
    pub(super) reduction: Reduction,
    pub(super) batch: usize,
    pub(super) outputs: usize,
}

/// Roundings of B/N, of its use, and of a factor 2 or 1/2 that somebody multiplies into it first.
const FACTORS: usize = 3;
/// Roundings of a mixture of both slopes at a kink.
const MIXED: usize = 8;

impl Measured<'_> {
    /// N of the mean over all that there is, as ℓ is divided by it.
    pub(super) fn count(&self) -> f64 {
        // Counts of numbers in memory.
        #[allow(clippy::cast_precision_loss)]
        match self.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean => (self.batch * self.outputs) as f64,
            Reduction::BatchMean => self.batch as f64,
        }
    }

    /// e = −(B/N) ∂ℓ/∂x, and ℓ.
    ///
    /// # Errors
    /// [`Error::NotFinite`] where β of `smooth_l1` is rounded to next to nothing.
    pub(super) fn output(&self, x: Value, t: Value) -> Result<Output, Error> {
        let wanting = self.sum(&[&[t], &[-x]], 0);
        let (pull, loss) = match self.error {
            OutputError::Mse => {
                let two = Value::exact(2.0);
                (self.sum(&[&[two, t], &[-two, x]], 0), self.sum(&[&[wanting, wanting]], 1))
            }
            OutputError::L1 { kink } => self.absolute(wanting, *kink),
            OutputError::Huber { delta } => {
                let delta = Value::rounded(delta, self.format);
                (self.clipped(wanting, delta), self.bowl(wanting, delta))
            }
            OutputError::SmoothL1 { beta, kink } if num_traits::Zero::is_zero(beta) => {
                self.absolute(wanting, *kink)
            }
            OutputError::SmoothL1 { beta, .. } => {
                let beta = Value::rounded(beta, self.format);
                let loss = self.quotient(self.bowl(wanting, beta), beta)?;
                let steep = self.quotient(wanting, beta)?;
                let pull = match self.is_beyond(wanting, beta) {
                    true => Value::exact(wanting.centre.signum()),
                    false => self.clipped(steep, Value::exact(1.0)),
                };
                (pull, loss)
            }
            OutputError::Hinge { margin, kink } => {
                let margin = Value::rounded(margin, self.format);
                let missing = self.sum(&[&[margin], &[-t, x]], 1);
                let pull = self.step(missing, [Value::ZERO, t], *kink);
                let positive = Value { centre: missing.centre.max(0.0), ..missing };
                // max(0, ·) moves no two numbers apart, and 0 stays where it is.
                let loss = match self.is_decided(missing, Value::ZERO) && missing.centre < 0.0 {
                    true => Value::ZERO,
                    false => positive,
                };
                (pull, loss)
            }
        };
        Ok(Output { external_credit: self.scaled(pull), loss })
    }

    /// (B/N) times a value.
    fn scaled(&self, pull: Value) -> Value {
        // Counts of numbers in memory.
        #[allow(clippy::cast_precision_loss)]
        let (batch, outputs) = (self.batch as f64, self.outputs as f64);
        let mut sum = Sum::new(self.arithmetic);
        match self.reduction {
            Reduction::BatchMean => pull,
            Reduction::Sum if self.batch == 1 => pull,
            Reduction::Mean if self.outputs == 1 => pull,
            Reduction::Sum => {
                sum.add(&[Value::exact(batch), pull]);
                sum.over(1.0, FACTORS)
            }
            Reduction::Mean => {
                sum.add(&[pull]);
                sum.over(outputs, FACTORS)
            }
        }
    }

    fn sum(&self, terms: &[&[Value]], products: usize) -> Value {
        let mut sum = Sum::new(self.arithmetic);
        terms.iter().for_each(|factors| sum.add(factors));
        sum.over(1.0, products)
    }

    /// sgn of t − x, and |t − x|.
    fn absolute(&self, wanting: Value, kink: Share) -> (Value, Value) {
        let one = Value::exact(1.0);
        // From below: x lies above t where t − x is negative, and θ is the share of the slope there.
        let pull = self.step_at(wanting, [-one, one], kink, true);
        (pull, Value { centre: wanting.centre.abs(), ..wanting })
    }

    fn step(&self, at: Value, sides: [Value; 2], kink: Share) -> Value {
        self.step_at(at, sides, kink, false)
    }

    /// The one value below 0 and the other above; where `at` may be 0 both are possible, and what lies between.
    fn step_at(&self, at: Value, [below, above]: [Value; 2], kink: Share, turned: bool) -> Value {
        let mut found = if at.centre < 0.0 {
            below
        } else if at.centre > 0.0 {
            above
        } else {
            let share = Value::rounded(&kink.exact(), self.format);
            let (first, second) = if turned { (above, below) } else { (below, above) };
            self.sum(&[&[first], &[share, second], &[-share, first]], MIXED)
        };
        let jump = Up::of(above.centre - below.centre) * (Up::ONE + Up::power(52));
        for side in SIDES {
            let reach = at.error[0] + at.error[side];
            if reach == Up::ZERO || Up::certainly_apart(at.centre, 0.0, reach) {
                continue;
            }
            let rounding = self.arithmetic[side].gamma(MIXED) * (Up::ONE + jump);
            found.error[side] = found.error[side] + jump + rounding;
        }
        found
    }

    /// Whether a ≷ b is decided for the true values and for every evaluation.
    fn is_decided(&self, a: Value, b: Value) -> bool {
        SIDES.iter().all(|&side| {
            let reach = a.error[0] + a.error[side] + b.error[0] + b.error[side];
            reach == Up::ZERO || Up::certainly_apart(a.centre, b.centre, reach)
        })
    }

    /// Whether |v| > most, decided.
    fn is_beyond(&self, value: Value, most: Value) -> bool {
        let size = Value { centre: value.centre.abs(), ..value };
        size.centre > most.centre && self.is_decided(size, most)
    }

    /// v clipped to ±most: it moves with v and with `most`, and with no more than both.
    fn clipped(&self, value: Value, most: Value) -> Value {
        if self.is_beyond(value, most) {
            return if value.centre < 0.0 { -most } else { most };
        }
        let error = SIDES.map(|side| value.error[side] + most.error[side]);
        Value { centre: value.centre.clamp(-most.centre, most.centre), error }
    }

    /// ½ r² up to |r| = w, and w (|r| − ½ w) beyond. Where both are possible they differ by ½ (|r| − w)².
    fn bowl(&self, r: Value, width: Value) -> Value {
        let (half, size) = (Value::exact(0.5), Value { centre: r.centre.abs(), ..r });
        let curved = self.sum(&[&[half, r, r]], 2);
        let straight = self.sum(&[&[width, size], &[-half, width, width]], 3);
        let here = if size.centre > width.centre { straight } else { curved };
        if self.is_decided(size, width) {
            return here;
        }
        let error = SIDES.map(|side| {
            let reach = size.error[0] + size.error[side] + width.error[0] + width.error[side];
            curved.error[side].max(straight.error[side]) + reach * reach
        });
        Value { error, ..here }
    }

    /// a/b for b > 0: |a'/b' − a/b| ≤ (Δa + |a/b| Δb) / (b − Δb), and a rounding.
    fn quotient(&self, a: Value, b: Value) -> Result<Value, Error> {
        let centre = a.centre / b.centre;
        let least = b.centre * (1.0 - 2.0_f64.powi(-6));
        let mut error = [Up::ZERO; 2];
        for side in SIDES {
            let off = b.error[0] + b.error[side];
            if off.value() > b.centre * 2.0_f64.powi(-7) || least <= 0.0 {
                let what = "the rounding bound of a loss whose beta underflows".to_owned();
                return Err(Error::NotFinite { what });
            }
            if a.is_exact(side) && off == Up::ZERO && (a.is_zero() || b.centre == 1.0) {
                continue;
            }
            let size = a.magnitude() / least;
            let moved = (a.error[side] + a.error[0] + size * off) / least;
            let arithmetic = self.arithmetic[side];
            error[side] =
                moved + arithmetic.gamma(2) * (size + moved) + arithmetic.tiny + arithmetic.tiny;
        }
        // What the centre is off is no more than its own rounding and what side 0 says.
        Ok(Value { centre, error })
    }
}
