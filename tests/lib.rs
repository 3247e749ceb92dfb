//! The certificate as a test suite: one binary, one module per question.

mod agreement;
mod mutants;
mod vectors;
