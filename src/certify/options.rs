//! What whoever certifies may choose.

use crate::spec::Limits;

/// How to certify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bounds on intermediate results.
    pub limits: Limits,
    /// Where the random points and directions start.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), seed: 1 }
    }
}
