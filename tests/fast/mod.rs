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
mod power;
mod recurrent;
mod recurrent_nets;
mod solve;
mod suite;
mod temporal;
mod training;
mod ulps;
