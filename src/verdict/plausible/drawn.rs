//! Roundings that are drawn, and carried on to first order: numbers with what each draw puts them off by.
//!
//! Where an error comes back to the place that it comes from, step after step, variances alone would forget that it meets itself.
//! So whole evaluations are drawn: every rounding moves its number by its own deviation, up or down, and what is moved is carried on by
//! the chain rule. What an entry is off by in the draws is its deviation.
//!
//! ```text
//! d(a b) = a db + b da        dσ(s) = σ'(s) ds        dσ'(s) = σ''(s) ds        deviation² = mean of d² over draws of one kind + of the other
//! ```
//!
//! Of each kind there are 128 draws. In those of the first every rounding has a sign of its own. In those of the second the sign is a
//! function of the operation and of the leading bits of its result, half as many as the format has: a state that no longer changes,
//! an example that is there twice, equal neurons and equal weights round alike there, and what they do adds up. Signs are those of a
//! fixed hash, so that a deviation depends on nothing but the case.

use super::{Error, Model, Reaction};
use crate::number::{exact_f64, nearest, nearest_f64};
use crate::spec::Dtype;
use num_rational::BigRational;
use num_traits::Signed;

/// Draws that are carried on at a time: half of them of each kind.
pub(super) const LANES: usize = 64;
/// How often that is done.
pub(super) const ROUNDS: u64 = 4;
/// Multiplications that are worth it, all draws together; where more were needed, there is no deviation.
const MOST: f64 = 1e10;
/// Numbers that are held with all their draws: 128 MiB.
const MOST_HELD: usize = 1 << 18;
/// Magnitudes of which a product of two is a normal f64: what is lost below it would be a deviation of 0, and say something false.
const REACH: std::ops::RangeInclusive<f64> = 1e-150..=1e150;
/// From here on a net input is no longer off by little, and first order says nothing.
const LITTLE: f64 = 1.0 / 16.0;

/// What each draw puts a number off by.
pub(super) type Lanes = [f64; LANES];

/// Refuses to draw where that takes too many multiplications, or holds too many numbers at once.
///
/// # Errors
/// [`Error::Unsupported`].
pub(super) fn expect_affordable(multiplications: f64, held: usize) -> Result<(), Error> {
    // Both are small constants.
    #[allow(clippy::cast_precision_loss)]
    let all = multiplications * (LANES as f64) * (ROUNDS as f64);
    match all <= MOST && held <= MOST_HELD {
        true => Ok(()),
        false => Err(Error::unsupported("standard deviations of a network of this size")),
    }
}

/// That there is none, because some number is out of reach.
pub(super) fn out_of_reach() -> Error {
    Error::NotFinite { what: "a standard deviation".into() }
}

/// A number, and what the draws put it off by; none where it is exact in all.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub value: f64,
    pub deviation: f64,
    off: Option<Box<Lanes>>,
}

impl Drawn {
    /// A number that nothing puts off.
    pub fn exactly(value: f64) -> Self {
        Self { value, deviation: 0.0, off: None }
    }

    fn new(value: f64, off: Box<Lanes>) -> Self {
        match deviation(&*off) {
            0.0 => Self::exactly(value),
            deviation => Self { value, deviation, off: Some(off) },
        }
    }

    /// The same with the other sign.
    pub fn negated(&self) -> Self {
        let turn = |off: &Lanes| Box::new(off.map(|off| -off));
        Self { value: -self.value, deviation: self.deviation, off: self.off.as_deref().map(turn) }
    }

    fn add_to(&self, lanes: &mut [f64], factor: f64) {
        if let Some(off) = self.off.as_deref().filter(|_| factor != 0.0) {
            lanes.iter_mut().zip(off).for_each(|(lane, off)| *lane += factor * off);
        }
    }
}

/// √(Σ d²/32): the mean squares of both kinds of draws together. Scaled, for squares of small numbers are none.
fn deviation(lanes: &[f64]) -> f64 {
    let largest = lanes.iter().fold(0.0_f64, |largest, lane| largest.max(lane.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let squares: f64 = lanes.iter().map(|lane| (lane / largest).powi(2)).sum();
    // A small constant.
    #[allow(clippy::cast_precision_loss)]
    let half = (LANES / 2) as f64;
    largest * (squares / half).sqrt()
}

/// What is rounded: equal numbers round alike where the same is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Parameter,
    NetInput,
    Rate,
    Slope,
    Error,
    Credit,
    Delta,
    Gain,
}

/// The signs of one round of draws, in one format.
#[derive(Debug)]
pub(super) struct Draws {
    round: u64,
    count: u64,
    format: Dtype,
    model: Model,
    is_lost: bool,
}

impl Draws {
    pub fn new(round: u64, format: Dtype) -> Self {
        Self { round, count: 0, format, model: Model::of(format), is_lost: false }
    }

    /// Whether all numbers so far were zero or of a middling size.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn expect_in_reach(&self) -> Result<(), Error> {
        if self.is_lost { Err(out_of_reach()) } else { Ok(()) }
    }

    /// A number with what the draws put it off by; one that is too small or too large is remembered.
    fn drawn(&mut self, value: f64, off: Box<Lanes>) -> Drawn {
        self.is_lost |= value != 0.0 && !REACH.contains(&value.abs());
        Drawn::new(value, off)
    }

    /// u, of sums too: whoever adds up in the format itself is right as well.
    fn unit(&self) -> f64 {
        self.model.store_unit()
    }

    /// Moves a number by a deviation, up or down; `like` says what moves alike.
    fn move_by(&mut self, off: &mut Lanes, deviation: f64, (of, like): (Of, f64)) {
        if deviation == 0.0 {
            return;
        }
        self.count += 1;
        let own = mixed(mixed(self.round << 1) ^ self.count);
        let shared = mixed(mixed((self.round << 1) | 1) ^ mixed(of as u64) ^ self.leading(like));
        let turned = if like.is_sign_negative() { u64::MAX } else { 0 };
        let (first, second) = off.split_at_mut(LANES / 2);
        for (lanes, signs) in [(first, own), (second, shared ^ turned)] {
            for (bit, lane) in lanes.iter_mut().enumerate() {
                *lane += if signs >> bit & 1 == 1 { deviation } else { -deviation };
            }
        }
    }

    /// The leading bits of a number, half as many as the format has.
    fn leading(&self, value: f64) -> u64 {
        leading(value, self.format.precision() / 2)
    }

    /// A number of the case: off by what the format has not of it, alike wherever it is used.
    pub fn parameter(&mut self, exact: &BigRational) -> Drawn {
        let value = nearest_f64(exact);
        let rounded = exact_f64(nearest(exact.numer(), exact.denom(), self.format));
        let misfit = rounded.map_or(f64::INFINITY, |rounded| nearest_f64(&(rounded - exact).abs()));
        let mut off = Box::new([0.0; LANES]);
        self.move_by(&mut off, misfit, (Of::Parameter, value));
        self.drawn(value, off)
    }

    /// a b, rounded so many times.
    pub fn product(&mut self, a: &Drawn, b: &Drawn, roundings: f64, of: Of) -> Drawn {
        let value = a.value * b.value;
        let mut off = Box::new([0.0; LANES]);
        a.add_to(&mut *off, b.value);
        b.add_to(&mut *off, a.value);
        // Nothing is rounded where one of them is 0 or 1, as slopes are.
        let is_trivial = [a, b].iter().any(|x| x.value == 0.0 || x.value == 1.0);
        let rounding = match is_trivial {
            true => 0.0,
            false => (roundings / 3.0).sqrt() * self.unit() * value.abs() + self.model.smallest(),
        };
        let both = a.deviation * b.deviation;
        self.move_by(&mut off, rounding.hypot(both), (of, value));
        self.drawn(value, off)
    }

    /// a + b, rounded once.
    pub fn sum(&mut self, a: &Drawn, b: &Drawn, of: Of) -> Drawn {
        let one = Drawn::exactly(1.0);
        let mut sum = Products::default();
        sum.add(a, &one);
        sum.add(b, &one);
        self.rounded(sum, 1.0, of)
    }

    /// A sum of products, rounded as it grows and so many times more.
    pub fn rounded(&mut self, sum: Products, roundings: f64, of: Of) -> Drawn {
        let Products { value, mut off, second, terms } = sum;
        let rounding = self.of_terms(terms, value, roundings);
        self.move_by(&mut off, rounding.hypot(second), (of, value));
        self.drawn(value, off)
    }

    /// The deviation of a sum of these products, from left to right.
    ///
    /// ```text
    /// u²/3 · ((k/2 + 1) Σ p² + (k/3 + r) s²) + (u m Σ |p|)² of the m that are equal to another, whose roundings add up
    /// ```
    pub fn of_terms(&self, mut terms: Vec<f64>, total: f64, roundings: f64) -> f64 {
        let largest = terms.iter().fold(0.0_f64, |largest, term| largest.max(term.abs()));
        if largest == 0.0 {
            return 0.0;
        }
        // A count of terms in memory.
        #[allow(clippy::cast_precision_loss)]
        let count = |terms: usize| terms as f64;
        let k = count(terms.len());
        let squares: f64 = terms.iter().map(|term| (term / largest).powi(2)).sum();
        let summed =
            (k / 2.0 + 1.0) * squares + (k / 3.0 + 1.0 + roundings) * (total / largest).powi(2);
        let key = |term: f64| {
            (leading(term, (self.format.precision() / 2).max(8)), term.is_sign_negative())
        };
        terms.sort_unstable_by(f64::total_cmp);
        let (mut equal, mut size) = (0, 0.0);
        for group in terms.chunk_by(|a, b| key(*a) == key(*b)).filter(|group| group.len() > 1) {
            equal += group.len();
            size += group.iter().map(|term| (term / largest).abs()).sum::<f64>();
        }
        let alike = count(equal) * size;
        largest * self.unit() * (summed / 3.0).sqrt().hypot(alike) + self.model.smallest()
    }

    /// σ(s) and σ'(s).
    ///
    /// # Errors
    /// [`Error::NotFinite`] where s is off by so much that first order says nothing.
    pub fn fired(&mut self, reaction: &Reaction, s: &Drawn) -> Result<[Drawn; 2], Error> {
        let at = reaction.to_first_order(s.value, s.deviation);
        if (at.is_curved && s.deviation > LITTLE) || !s.deviation.is_finite() {
            return Err(out_of_reach());
        }
        // Where nothing but roundings is left of a slope, all of them are short of the same.
        let is_spent = at.slope.abs() <= 64.0 * self.unit();
        let mut of = |value: f64, steepness: f64, own: f64, like: (Of, f64)| {
            let mut off = Box::new([0.0; LANES]);
            s.add_to(&mut *off, steepness);
            self.move_by(&mut off, own, like);
            self.drawn(value, off)
        };
        let rate = of(at.rate, at.slope, at.rate_off, (Of::Rate, at.rate));
        let like = if at.is_uncertain { s.value } else { at.slope };
        let like = if is_spent && at.is_curved { 0.0 } else { like };
        let slope = of(at.slope, at.bend, at.slope_off, (Of::Slope, like));
        Ok([rate, slope])
    }
}

/// The leading bits of a magnitude, and its binade.
fn leading(value: f64, bits: u32) -> u64 {
    let spare = 53 - bits.min(53);
    let half = (1u64 << spare) >> 1;
    (value.abs().to_bits() + half) >> spare
}

/// The finalizer of SplitMix64: every bit of the result is a function of every bit.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A sum of products as it grows.
pub(super) struct Products {
    value: f64,
    off: Box<Lanes>,
    /// Σ of products of two deviations: second order, where the first may be nothing.
    second: f64,
    terms: Vec<f64>,
}

impl Default for Products {
    fn default() -> Self {
        Self { value: 0.0, off: Box::new([0.0; LANES]), second: 0.0, terms: Vec::new() }
    }
}

impl Products {
    pub fn add(&mut self, a: &Drawn, b: &Drawn) {
        let product = a.value * b.value;
        self.value += product;
        a.add_to(&mut *self.off, b.value);
        b.add_to(&mut *self.off, a.value);
        self.second += a.deviation * b.deviation;
        if product != 0.0 {
            self.terms.push(product);
        }
    }
}

/// Sums over examples and steps, one per entry of a gradient, over all rounds of draws.
#[derive(Debug)]
pub(super) struct Entries {
    lanes: Vec<f64>,
    second: Vec<f64>,
    found: Vec<f64>,
}

impl Entries {
    pub fn new(count: usize) -> Self {
        let zeros = |count| vec![0.0; count];
        Self { lanes: zeros(count * LANES), second: zeros(count), found: zeros(count) }
    }

    /// Adds a b to an entry.
    pub fn add(&mut self, entry: usize, a: &Drawn, b: &Drawn) {
        let Some(lanes) = self.lanes.get_mut(entry * LANES..(entry + 1) * LANES) else { return };
        a.add_to(lanes, b.value);
        b.add_to(lanes, a.value);
        self.second[entry] += a.deviation * b.deviation;
    }

    /// Takes what one round has shown.
    pub fn end_round(&mut self) {
        for (entry, lanes) in self.lanes.chunks_exact(LANES).enumerate() {
            let of_round = deviation(lanes).hypot(self.second[entry]);
            self.found[entry] = self.found[entry].hypot(of_round);
        }
        self.lanes.fill(0.0);
        self.second.fill(0.0);
    }

    /// The deviations, with those of the last sums; in the order of the entries.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn deviations(
        &self,
        batch: usize,
        of_sum: impl Fn(usize) -> f64,
    ) -> Result<Vec<f64>, Error> {
        // Small constants, and a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let (rounds, batch) = ((ROUNDS as f64).sqrt(), batch as f64);
        let of = |(entry, found): (usize, &f64)| {
            let all = (found / rounds).hypot(of_sum(entry)) / batch;
            if all.is_finite() { Ok(all) } else { Err(out_of_reach()) }
        };
        self.found.iter().enumerate().map(of).collect()
    }
}
