//! The float side against the exact one: bit for bit where floats are exact, within computed
//! bounds elsewhere.

mod bounded;
mod kinds;
mod lattice;
mod nets;
mod training;
mod ulps;
