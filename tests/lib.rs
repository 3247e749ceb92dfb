//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod certificate;
mod evidence;
#[cfg(feature = "fast")]
mod fast;
mod generators;
mod mutants;
mod properties_proptest;
mod properties_quickcheck;
mod vectors;
