//! The exact side at scale: the credit rule and backpropagation over 𝔽_p, at the speed of floats.
//!
//! Residues modulo a prime below 2²² are integers that f64 holds exactly, and so are sums of two thousand of their
//! products: one plain product of float matrices, reduced afterwards, is a product over 𝔽_p. Two things follow.
//! At random points it tests the identity between the two rules on networks of millions of parameters; and over enough
//! primes the Chinese remainder theorem gives the *exact* gradient of a network of floats. With one prime and many digits
//! [`lifting`] solves large systems over ℚ, and [`recurrent`] with it the equilibrium of large networks with cycles (D9).
//!
//! Own forward pass, own σ, own folds: nothing here is shared with [`crate::textbook`] or [`crate::fast`], and the two
//! engines share the type of number and the product, which Freivalds' check guards.

pub mod backprop;
pub mod credit;
mod dyadic;
pub mod exact;
mod field;
mod lanes;
pub mod lifting;
mod matrix;
mod network;
mod position;
mod product;
pub mod recurrent;
pub mod tangent;

pub use dyadic::columns;
pub use field::{Field, LARGEST, parts};
pub use matrix::{column, column_mut, zeros};
pub use network::{Function, Layer, Network, ratio};
pub use position::{Position, Positions};
pub use product::{Check, Products};
