//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod aligned;
mod architecture;
#[cfg(feature = "cli")]
mod audit;
#[cfg(feature = "fast")]
mod beside;
mod budget;
mod certificate;
mod claims;
mod clamped;
#[cfg(feature = "cli")]
mod cli;
mod coq;
mod engines;
mod equilibrium;
mod evidence;
#[cfg(feature = "fast")]
mod explained;
#[cfg(feature = "fast")]
mod fast;
mod foreign;
mod forger;
#[cfg(feature = "fast")]
mod formats;
mod generators;
mod judged;
mod kinks;
mod laws;
mod losses;
mod manual;
mod metamorphic;
mod mistaken;
#[cfg(feature = "fast")]
mod modular;
mod mutants;
#[cfg(feature = "fast")]
mod plausible;
mod proofs;
mod properties_proptest;
mod properties_quickcheck;
mod rationals;
mod recurrent;
mod regressions;
#[cfg(feature = "cli")]
mod reports;
mod robustness;
mod schemas;
#[cfg(feature = "simulate")]
mod simulate;
mod snapshots;
mod solved;
#[cfg(feature = "cli")]
mod suite;
mod symbolic;
mod temporal;
#[cfg(feature = "cli")]
mod tensors;
mod vectors;
mod zeros;
