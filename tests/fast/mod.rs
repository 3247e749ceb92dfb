//! The float side against the exact one: bit for bit where floats are exact, within computed
//! bounds elsewhere.

mod allocations;
mod bounded;
mod dense_bounded;
mod freivalds;
mod invariance;
mod kinds;
mod lattice;
mod nets;
#[cfg(feature = "cli")]
mod power;
mod recurrent;
mod recurrent_nets;
mod solve;
#[cfg(feature = "cli")]
mod suite;
mod temporal;
mod temporal_bounded;
mod training;
mod ulps;
