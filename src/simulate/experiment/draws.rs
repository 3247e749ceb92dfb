//! Random numbers that are the same on every machine and with every version of any library: integers of ChaCha8, and
//! everything else made of them here.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of draws, named by a seed and by what it is for; streams of different names share nothing.
#[derive(Clone, Debug)]
pub struct Draws {
    integers: ChaCha8Rng,
    /// The polar method makes two normal numbers at a time.
    spare: Option<f64>,
}

impl Draws {
    /// The stream of this name.
    ///
    /// ```
    /// use creditcheck::simulate::experiment::Draws;
    /// let (mut a, mut b) = (Draws::of(1, &[7]), Draws::of(1, &[8]));
    /// assert_ne!(a.integer(), b.integer());
    /// ```
    #[must_use]
    pub fn of(seed: u64, purpose: &[u64]) -> Self {
        let mut key = [0_u8; 32];
        for (part, number) in key.chunks_exact_mut(8).zip(std::iter::once(&seed).chain(purpose)) {
            part.copy_from_slice(&number.to_le_bytes());
        }
        Self { integers: ChaCha8Rng::from_seed(key), spare: None }
    }

    /// An integer of 64 bits.
    pub fn integer(&mut self) -> u64 {
        self.integers.next_u64()
    }

    /// An integer below `bound`, each equally likely; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        if bound == 0 {
            return 0;
        }
        // What lies above the last whole multiple would favour the small remainders.
        let last = u64::MAX - u64::MAX % bound;
        loop {
            let integer = self.integer();
            if integer < last {
                // The remainder is below a usize.
                #[allow(clippy::cast_possible_truncation)]
                return (integer % bound) as usize;
            }
        }
    }

    /// A number in (−1, 1), one of 2⁵³ − 1 equally spaced ones.
    fn symmetric(&mut self) -> f64 {
        // 53 bits are exact in a double.
        #[allow(clippy::cast_precision_loss)]
        let whole = (self.integer() >> 11) as f64;
        whole / 4_503_599_627_370_496.0 - 1.0
    }

    /// A number of the standard normal distribution, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (self.symmetric(), self.symmetric());
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * libm::log(square) / square).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }

    /// Puts the items into an order that is as likely as any other (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
