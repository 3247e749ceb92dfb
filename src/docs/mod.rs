//! The manual: what is computed, what is claimed, and what is not.
//!
//! | page | answers |
//! |---|---|
//! | [`definitions`] | the equations D0–D9, the claims C1–C7, the activations, one example by hand |
//! | `dynamics` | networks with a cycle, the three timescales, balance, communities: what was built and what was found |
//! | [`temporal`] | rules over time: the equations T1–T9, where each rule equals the gradient, what it costs |
//! | [`independence`] | why two wrong engines do not agree: what is written twice on purpose |
//! | [`numbers`] | which arithmetic each tier uses, and what its verdict is worth |
//! | [`certificate`] | what a certificate holds, what `verify` shows, what it takes for granted |
//! | [`stability`] | what is stable and what is not: formats, exit codes, options, errors, JUnit |
//! | `performance` | what the engines cost, measured against others; how to measure and profile |
//! | [`design`] | why it is built this way; every dependency and its reason |
//! | [`contributing`] | how to add an activation, a loss, a rule, a kind of case, a mutant, a command: which files, held by a test |
//! | [`glossary`] | the one name of each thing |
//!
//! Code samples on these pages are run as tests.

#[doc = include_str!("certificate.md")]
pub mod certificate {}
#[doc = include_str!("contributing.md")]
pub mod contributing {}
#[doc = include_str!("definitions.md")]
pub mod definitions {}
#[doc = include_str!("design.md")]
pub mod design {}
#[cfg(feature = "simulate")]
#[doc = include_str!("dynamics.md")]
pub mod dynamics {}
#[doc = include_str!("glossary.md")]
pub mod glossary {}
#[doc = include_str!("independence.md")]
pub mod independence {}
#[doc = include_str!("numbers.md")]
pub mod numbers {}
#[cfg(feature = "fast")]
#[doc = include_str!("performance.md")]
pub mod performance {}
#[doc = include_str!("stability.md")]
pub mod stability {}
#[doc = include_str!("temporal.md")]
pub mod temporal {}
