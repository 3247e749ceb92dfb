//! The exact side at scale: the credit rule and backpropagation over 𝔽_p, at the speed of floats.
//!
//! A product over 𝔽_p costs about one product of float matrices ([`crate::linalg`]). Two things follow.
//! At random points it tests the identity between the two rules on networks of millions of parameters; and over enough
//! primes the Chinese remainder theorem gives the *exact* gradient of a network of floats. Systems are solved over ℚ by lifting,
//! and [`recurrent`] finds the equilibrium of large networks with cycles with it (D9).
//!
//! Own forward pass, own σ, own folds: nothing here is shared with [`crate::textbook`] or [`crate::fast`], and the two
//! engines share the numbers and the product of [`crate::linalg`], which Freivalds' check guards.

pub mod backprop;
pub mod credit;
mod dyadic;
pub mod exact;
mod network;
mod position;
pub mod recurrent;
pub mod tangent;

pub use dyadic::columns;
pub use network::{Function, Layer, Network, ratio};
pub use position::{Position, Positions};
