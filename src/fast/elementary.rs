//! eᵃ for a ≤ 0, eᵃ − 1 and tanh, as arithmetic that vectorises: no table, no branch, no call.
//!
//! With a = k·ln 2 + r, |r| ≤ ½ ln 2, and p = eʳ − 1 by its series, eᵃ = 2ᵏ(1 + p) and eᵃ − 1 = 2ᵏp + (2ᵏ − 1), where
//! for k = 0 nothing cancels and for k < 0 both terms have the same size as their sum. Then tanh |a| = −m/(m + 2) with
//! m = e^(−2|a|) − 1.
//!
//! Exactness: within the ulps stated in [`crate::verdict::bounded`], over the whole range, subnormal numbers included; NaN stays
//! NaN. Only sums, products and quotients occur, no fused ones, in an order that the text fixes: the bits are the same on
//! every machine and for every vector width.

macro_rules! elementary {
    ($format:ident, $float:ty, $signed:ty, $mantissa:literal, $bias:literal, $numbers:ident) => {
        pub(super) mod $format {
            use super::$numbers::{COEFFICIENTS, GONE, LN_2_HIGH, LN_2_LOW, LOST, ROUNDER};

            /// k, and p = eʳ − 1, for −|a| = k·ln 2 + r; the same for all three functions, so that a loop
            /// which asks for two of them does this once.
            #[inline(always)]
            fn reduced(a: $float) -> ($signed, $float) {
                let a = -a.abs();
                // Written so that NaN is kept.
                let a = if a < GONE { GONE } else { a };
                // Adding 1.5·2^m leaves the nearest whole number in the last bits.
                let shifted = a * core::$format::consts::LOG2_E + ROUNDER;
                let k = shifted - ROUNDER;
                // The first product is exact: the high part of ln 2 ends in zeros.
                let r = (a - k * LN_2_HIGH) - k * LN_2_LOW;
                let mut sum = COEFFICIENTS[0];
                for coefficient in &COEFFICIENTS[1..] {
                    sum = sum * r + coefficient;
                }
                let bits = shifted.to_bits().cast_signed();
                (bits.wrapping_sub(ROUNDER.to_bits().cast_signed()), r + r * r * sum)
            }

            /// 2ᵏ within the normal numbers.
            #[inline(always)]
            fn power(k: $signed) -> $float {
                <$float>::from_bits((k.wrapping_add($bias) << $mantissa).cast_unsigned())
            }

            /// e^−|a|.
            #[inline(always)]
            pub(in crate::fast) fn decay(a: $float) -> $float {
                let (k, p) = reduced(a);
                // In two steps: 2ᵏ itself may lie below the normal numbers.
                let half = k >> 1;
                (1.0 + p) * power(half) * power(k.wrapping_sub(half))
            }

            /// e^−|a| − 1.
            #[inline(always)]
            pub(in crate::fast) fn decay_m1(a: $float) -> $float {
                let (k, p) = reduced(a);
                let scale = power(if k < LOST { LOST } else { k });
                scale * p + (scale - 1.0)
            }

            /// tanh a.
            #[inline(always)]
            pub(in crate::fast) fn tanh(a: $float) -> $float {
                let below = decay_m1(a + a);
                (-below / (below + 2.0)).copysign(a)
            }
        }
    };
}

elementary!(f64, f64, i64, 52, 1023, double);
elementary!(f32, f32, i32, 23, 127, single);

/// The numbers of the f64 version.
mod double {
    /// ln 2, its last 21 bits zero.
    pub(super) const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    /// ln 2 less the above.
    pub(super) const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    /// 1.5·2⁵²
    pub(super) const ROUNDER: f64 = 6_755_399_441_055_744.0;
    /// e to this power is below half the smallest subnormal number.
    pub(super) const GONE: f64 = -746.0;
    /// 2 to this power, and half of it, are lost beside 1.
    pub(super) const LOST: i64 = -60;
    /// 1/13!, …, 1/2!: the next term is 2⁻⁵⁶ of r at most.
    pub(super) const COEFFICIENTS: [f64; 12] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
    ];
}

/// The numbers of the f32 version.
mod single {
    /// ln 2, its last 9 bits zero.
    pub(super) const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7200);
    /// ln 2 less the above.
    pub(super) const LN_2_LOW: f32 = f32::from_bits(0x35bf_be8e);
    /// 1.5·2²³
    pub(super) const ROUNDER: f32 = 12_582_912.0;
    /// e to this power is below half the smallest subnormal number.
    pub(super) const GONE: f32 = -105.0;
    /// 2 to this power, and half of it, are lost beside 1.
    pub(super) const LOST: i32 = -30;
    /// 1/8!, …, 1/2!: the next term is 2⁻³⁰ of r at most.
    pub(super) const COEFFICIENTS: [f32; 7] =
        [1.0 / 40_320.0, 1.0 / 5_040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 1.0 / 2.0];
}
