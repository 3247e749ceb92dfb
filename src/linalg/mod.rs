//! Exact linear algebra at the speed of floats, which knows no network and no rule.
//!
//! Residues modulo a prime below 2²² are integers that f64 holds exactly, and so are sums of two thousand of their
//! products: one plain product of float matrices, reduced afterwards, is a product over 𝔽_p ([`Products`], guarded by Freivalds'
//! [`Check`]). Over enough primes the Chinese remainder theorem gives integers (`crt`); with one prime and many digits
//! [`lifting`] solves large systems over ℚ.

pub(crate) mod crt;
mod field;
pub(crate) mod lanes;
pub mod lifting;
pub(crate) mod matrix;
pub(crate) mod product;

pub use field::{Field, LARGEST, parts};
pub use matrix::{column, column_mut, zeros};
pub use product::{Check, Products};
