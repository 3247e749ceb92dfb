//! Loops over slices, compiled once for each set of vector instructions; the widest that the processor has is run.
//!
//! Nothing here reorders or contracts an operation, so the bits are the same for every width.

/// A loop, written plainly: the compiler turns it into vector instructions.
pub(super) trait Pass {
    /// What the loop finds out.
    type Output;

    /// Runs it. Implementations are `#[inline(always)]`: what is not inlined keeps the narrow instructions.
    fn run(self) -> Self::Output;
}

/// Runs a pass with the widest instructions there are.
#[inline]
pub(super) fn widest<P: Pass>(pass: P) -> P::Output {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    {
        if has_avx512() {
            // SAFETY: the processor has every feature that `avx512` is compiled for, asked the line before.
            return unsafe { avx512(pass) };
        }
        if has_avx2() {
            // SAFETY: the processor has every feature that `avx2` is compiled for, asked the line before.
            return unsafe { avx2(pass) };
        }
    }
    pass.run()
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

/// The same loop in vectors of 64 bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<P: Pass>(pass: P) -> P::Output {
    pass.run()
}

/// The same loop in vectors of 32 bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<P: Pass>(pass: P) -> P::Output {
    pass.run()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::fast::Float;

    struct Everything<'a, F>(&'a [F]);

    impl<F: Float> Pass for Everything<'_, F> {
        type Output = Vec<[F; 3]>;
        #[inline(always)]
        fn run(self) -> Self::Output {
            let three = |a: &F| [a.tanh(), a.decay(), a.decay_m1()];
            self.0.iter().map(three).collect()
        }
    }

    #[test]
    #[allow(unsafe_code)]
    fn bits_do_not_depend_on_the_width() {
        let mut inputs = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
        inputs
            .extend((0..60_000u64).map(|k| f64::from_bits(k.wrapping_mul(0x9E37_79B9_7F4A_7C15))));
        inputs.extend((-4000..4000).map(|k| f64::from(k) / 128.0));
        let single: Vec<f32> = inputs.iter().map(|&a| a as f32).collect();
        let portable = Everything(&inputs).run();
        let portable_single = Everything(&single).run();
        let same = |found: &[[f64; 3]]| {
            let bits =
                |all: &[[f64; 3]]| all.iter().flatten().map(|a| a.to_bits()).collect::<Vec<_>>();
            // The sign and payload of a NaN are nobody's business.
            let plain = |all: &[[f64; 3]]| {
                all.iter()
                    .map(|r| r.map(|a| if a.is_nan() { f64::NAN } else { a }))
                    .collect::<Vec<_>>()
            };
            assert_eq!(bits(&plain(found)), bits(&plain(&portable)));
        };
        let same_single = |found: &[[f32; 3]]| {
            assert_eq!(found.len(), portable_single.len());
            for (found, expected) in found.iter().flatten().zip(portable_single.iter().flatten()) {
                assert!(
                    found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan()
                );
            }
        };
        if has_avx2() {
            // SAFETY: asked the line before.
            let (double, single) =
                unsafe { (avx2(Everything(&inputs)), avx2(Everything(&single))) };
            same(&double);
            same_single(&single);
        }
        if has_avx512() {
            // SAFETY: asked the line before.
            let (double, single) =
                unsafe { (avx512(Everything(&inputs)), avx512(Everything(&single))) };
            same(&double);
            same_single(&single);
        }
    }
}
