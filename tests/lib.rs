//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod certificate;
mod claims;
mod evidence;
#[cfg(feature = "fast")]
mod fast;
mod generators;
mod laws;
mod mutants;
mod properties_proptest;
mod properties_quickcheck;
mod regressions;
mod snapshots;
mod vectors;
