//! creditcheck
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod certificate;
pub mod check;
pub mod certificate;
pub mod certify;
pub mod error;
<<<<<<< HEAD
#[cfg(feature = "fast")]
pub mod fast;
=======
pub mod mutants;
>>>>>>> mutants
pub mod number;
pub mod scalar;
pub mod spec;
pub mod textbook;
pub mod wire;

pub use error::Error;
