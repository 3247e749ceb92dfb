//! How accurate the transcendental activations of this room are.
//!
//! One ulp of y is the distance between neighbouring floats of the binade of y; below the
//! smallest normal number it is the smallest subnormal. Both engines stay within
//! these figures in both formats; `tests/fast_ulps.rs` holds them against a rigorous rational enclosure.

/// Largest error of tanh in both engines, in ulps of the exact value, over all of f64 and f32.
pub const TANH_ULPS: f64 = 4.0;

/// Largest error of logistic in both engines, in ulps of the exact value, over all of f64 and f32.
pub const LOGISTIC_ULPS: f64 = 4.0;

/// Largest error of softplus in both engines, in ulps of the exact value, over all of f64 and f32.
pub const SOFTPLUS_ULPS: f64 = 4.0;
