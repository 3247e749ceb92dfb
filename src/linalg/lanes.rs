//! The widest vector registers of the machine for a plain loop.

/// A loop that the compiler may vectorise; `run` must be `#[inline(always)]`.
pub(crate) trait Pass {
    /// Runs the loop.
    fn run(self);
}

/// Runs a loop compiled for the widest registers there are. The results are those of the portable code: every operation of
/// this room is exact on integers, and none is contracted.
pub(crate) fn widest<P: Pass>(pass: P) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the feature, as asked on the line above.
            #[allow(unsafe_code)]
            return unsafe { avx512(pass) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the feature, as asked on the line above.
            #[allow(unsafe_code)]
            return unsafe { avx2(pass) };
        }
    }
    pass.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<P: Pass>(pass: P) {
    pass.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<P: Pass>(pass: P) {
    pass.run();
}
