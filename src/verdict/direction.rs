//! How a block of numbers points, beside another one.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::number::nearest_f64;

/// What two blocks have in common that no single entry says: the angle between them, their lengths, and how many signs agree.
///
/// ```text
/// cosine   ⟨a, g⟩ / (‖a‖ ‖g‖)         relative   ‖a − g‖ / ‖g‖
/// ```
///
/// Exactness: sums in f64 of entries rounded to f64, in the order of the file; a figure for people, which decides nothing. Signs are
/// exact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Direction {
    theirs: Squares,
    exact: Squares,
    off: Squares,
    dot: f64,
    /// Entries that are not zero, exactly, and have the right sign.
    pub signs: usize,
    /// Entries that are not zero, exactly.
    pub of: usize,
}

/// A sum of squares as `scale² · sum`, whatever the exponents of its terms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Squares {
    scale: f64,
    sum: f64,
}

impl Squares {
    fn add(&mut self, value: f64) {
        let value = value.abs();
        if value == 0.0 || !value.is_finite() {
            return;
        }
        if value > self.scale {
            let smaller = self.scale / value;
            (self.scale, self.sum) = (value, self.sum * smaller * smaller);
        }
        let share = value / self.scale;
        self.sum += share * share;
    }

    /// Both sums together.
    fn and(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let in_units =
            |of: Self| if scale > 0.0 { of.sum * (of.scale / scale).powi(2) } else { 0.0 };
        Self { scale, sum: in_units(self) + in_units(other) }
    }

    fn over(self, other: Self) -> Option<f64> {
        (other.sum > 0.0).then(|| self.scale / other.scale * (self.sum / other.sum).sqrt())
    }
}

impl Direction {
    /// One more entry of each, with |theirs − exact|.
    pub fn see(&mut self, theirs: &BigRational, exact: &BigRational, off: &BigRational) {
        if !exact.is_zero() {
            self.of += 1;
            self.signs += usize::from(
                (theirs.is_positive() && exact.is_positive())
                    || (theirs.is_negative() && exact.is_negative()),
            );
        }
        let (a, g) = (nearest_f64(theirs), nearest_f64(exact));
        let before = [self.theirs.scale, self.exact.scale];
        self.theirs.add(a);
        self.exact.add(g);
        let after = [self.theirs.scale, self.exact.scale];
        if after.iter().all(|scale| *scale > 0.0) {
            // The sum so far, in the new units.
            let shrunk: f64 = before.iter().zip(after).map(|(b, a)| b / a).product();
            self.dot = self.dot * shrunk + (a / after[0]) * (g / after[1]);
        }
        self.off.add(nearest_f64(off));
    }

    /// Two blocks together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (theirs, exact) = (self.theirs.and(other.theirs), self.exact.and(other.exact));
        let in_units = |of: &Self| match theirs.scale > 0.0 && exact.scale > 0.0 {
            true => of.dot * (of.theirs.scale / theirs.scale) * (of.exact.scale / exact.scale),
            false => 0.0,
        };
        Self {
            dot: in_units(self) + in_units(other),
            off: self.off.and(other.off),
            signs: self.signs + other.signs,
            of: self.of + other.of,
            theirs,
            exact,
        }
    }

    /// The cosine of the angle between the two; none where one of them is zero.
    #[must_use]
    pub fn cosine(&self) -> Option<f64> {
        let lengths = (self.theirs.sum * self.exact.sum).sqrt();
        // Of what is equal no rounding of the sums is shown.
        let is_equal = self.off.sum == 0.0;
        (lengths > 0.0).then(|| if is_equal { 1.0 } else { (self.dot / lengths).clamp(-1.0, 1.0) })
    }

    /// ‖a − g‖ / ‖g‖; none where the exact block is zero.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        self.off.over(self.exact)
    }
}
