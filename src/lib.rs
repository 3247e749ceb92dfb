//! creditcheck
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod docs;
pub mod error;
pub mod number;
pub mod scalar;
pub mod spec;
pub mod textbook;
pub mod wire;

pub use error::Error;
