//! What input may ask for.

use super::Work;

/// Bounds on input, on intermediate results and on work, each asked before the memory is taken or the work is done.
///
/// Clones share one account of work; [`renewed`](Self::renewed) opens another, for the next case.
///
/// ```
/// let limits = creditcheck::spec::Limits::default();
/// assert_eq!(limits.file_bytes, 64 * 1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of one number.
    pub number_chars: usize,
    /// Magnitude of the binary exponent of a hex float.
    pub exponent: i64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Brackets within brackets of one file.
    pub nesting: usize,
    /// Bits of the numerator plus those of the denominator of any intermediate result.
    pub bits: u64,
    /// Bytes of one tensor file.
    pub tensor_bytes: u64,
    /// Values of all tensors of a case together; each takes eight bytes in memory.
    pub tensor_values: u64,
    /// Neurons of a network that the exact engines take: their elimination holds the square of it in memory.
    pub neurons: usize,
    /// Numbers that an exact rule over time may hold of one kind at once: those of all steps, sensitivities, propagators, or taps.
    pub temporal_values: u64,
    /// Numbers that an exact engine may hold at once of all neurons and examples.
    pub values: u64,
    /// Work that one case may cost, in limb products.
    pub work: Work,
}

/// A few seconds: about three where every denominator is general, less where none is.
const WORK: u64 = 4_000_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            number_chars: 10_000,
            exponent: 16_384,
            file_bytes: 64 << 20,
            nesting: 64,
            bits: 1 << 20,
            tensor_bytes: 4 << 30,
            tensor_values: 1 << 28,
            neurons: 2_048,
            temporal_values: 1 << 22,
            values: 1 << 22,
            work: Work::up_to(WORK),
        }
    }
}

impl Limits {
    /// The same limits for the next case: nothing of its work is done yet.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { work: Work::up_to(self.work.limit()), ..self.clone() }
    }
}
