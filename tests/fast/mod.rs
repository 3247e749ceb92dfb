//! The float side against the exact one: bit for bit where floats are exact, within computed
//! bounds elsewhere.

mod bounded;
mod freivalds;
mod kinds;
mod lattice;
mod nets;
mod power;
mod suite;
mod training;
mod ulps;
