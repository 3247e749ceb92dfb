//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod architecture;
mod certificate;
mod claims;
#[cfg(feature = "cli")]
mod cli;
mod evidence;
#[cfg(feature = "fast")]
mod fast;
mod generators;
mod laws;
mod mutants;
mod properties_proptest;
mod properties_quickcheck;
mod regressions;
mod robustness;
mod schemas;
mod snapshots;
#[cfg(feature = "cli")]
mod suite;
mod symbolic;
mod vectors;
