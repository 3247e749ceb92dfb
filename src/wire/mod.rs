//! JSON, and the only place that knows serde.
//!
//! [`json`] is a document as a tree, [`cursor`] a place in it that knows its path; the
//! formats of the interface are [`case`](mod@case) and [`gradient`].

pub mod case;
pub mod certificate;
pub mod cursor;
mod document;
pub mod gradient;
pub mod json;

pub use document::{Document, sha256};
