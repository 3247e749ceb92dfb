//! JSON, and the only place that knows serde.
//!
//! [`json`] is a document as a tree, [`cursor`] a place in it that knows its path; the
//! formats of the interface are [`case`](mod@case), [`temporal`] and [`gradient`]. With the feature `cli`, `tensor` reads tensor files,
//! `dense` the cases that refer to them, and `large` the certificates of such cases.

pub mod case;
pub mod certificate;
pub mod cursor;
#[cfg(feature = "cli")]
pub mod dense;
mod document;
mod format;
pub mod gradient;
pub mod json;
mod kind;
#[cfg(feature = "cli")]
pub mod large;
pub mod temporal;
#[cfg(feature = "cli")]
pub mod tensor;

pub use document::{Document, sha256};
pub use temporal::TemporalDocument;
pub use temporal::stack::StackDocument;
