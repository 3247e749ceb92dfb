//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod certificate;
mod evidence;
#[cfg(feature = "fast")]
mod fast;
mod mutants;
