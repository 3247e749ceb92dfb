//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod architecture;
mod certificate;
#[cfg(feature = "cli")]
mod cli;
mod evidence;
#[cfg(feature = "fast")]
mod fast;
mod mutants;
mod robustness;
mod schemas;
mod vectors;
