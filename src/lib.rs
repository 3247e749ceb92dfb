//! creditcheck
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod error;
pub mod mutants;
pub mod number;
pub mod scalar;
pub mod spec;
pub mod textbook;
pub mod vectors;
pub mod wire;

pub use error::Error;
