//! Certificates that a local learning rule equals backpropagation: exactly, and with checks that
//! could have failed.
//!
//! Fan & Mysore (arXiv 2405.14139) describe a local neuroplasticity rule: neurons fire, hand back
//! *credit* through retrograde signals weighted by their excitation–inhibition balance, and strengthen synapses by
//! credit × balance × presynaptic rate. In feed-forward networks its update is exactly that of
//! backpropagation. This crate computes both **twice**, in exact rational arithmetic and in fast linear algebra, and
//! holds all four against each other and against arbiters that know only the definition of the derivative.
//!
//! # The data walk
//!
//! ```text
//! case.json ─wire─▶ Case ─┬─ textbook::credit, relax ──▶ credits, updates (ℚ) ──┐
//!                         ├─ textbook::backprop ───────▶ adjoints, gradient (ℚ) ┤
//!                         ├─ textbook::tangent ────────▶ directional derivatives ┼─ verdict ▶ Verdict per claim
//!                         └─ fast::credit, backprop ───▶ the same (f64, f32) ───┘ (bridge)      │
//! cert.json ◀─wire─ Certificate ◀──────────── certificate::issue ◀──────────────────────────────┘
//!     └────── later, anywhere ─▶ certificate::verify, by substitution, with no engine
//! ```
//!
//! # The rooms
//!
//! | module | what |
//! |---|---|
//! | [`spec`] | what is computed: plain validated data, no arithmetic |
//! | [`foreign`] | text of somebody else's, as it is shown |
//! | [`number`] | exact numbers as text, and the nearest float |
//! | [`error`] | why there is no result, and who should act |
//! | [`progress`] | who watches long work, and may end it |
//! | [`paragraph`] | text for people, in lines of 80 columns |
//! | [`scalar`] | the number kernel: rationals, prime fields, dual numbers, polynomials |
//! | `equilibrium` | the guess that every search for a firing equilibrium starts from, and its refusals |
//! | [`textbook`] | the exact engines, the definitions as printed |
#![cfg_attr(feature = "fast", doc = "| [`fast`] | the float engines, batched, through faer |")]
#![cfg_attr(
    not(feature = "fast"),
    doc = "| `fast` | the float engines, batched, through faer (feature `fast`) |"
)]
#![cfg_attr(
    feature = "fast",
    doc = "| [`linalg`] | exact linear algebra that knows no rule: the product over 𝔽_p, CRT, lifting |\n| [`modular`] | the exact side at scale: residues mod p, exact gradients |"
)]
#![cfg_attr(
    not(feature = "fast"),
    doc = "| `linalg` | exact linear algebra that knows no rule: the product over 𝔽_p, CRT, lifting (feature `fast`) |\n| `modular` | the exact side at scale: residues mod p, exact gradients (feature `fast`) |"
)]
//! | [`verdict`] | comparison only: bridge, exact equality, lattice, rounding bounds, verdicts |
//! | [`certify`] | the whole sequence, one tier a file |
//! | [`certificate`] | issue, and verify by substitution |
//! | [`coq`] | certificates that a proof assistant checks |
//! | [`mutants`] | one reference implementation with one hook per known mistake |
#![cfg_attr(
    feature = "simulate",
    doc = "| `picture` | what all figures share: colours, axes, panels and pages |"
)]
#![cfg_attr(
    feature = "simulate",
    doc = "| [`simulate`] | what the rule does over time and to the structure of a network: floats, outside every certificate |"
)]
#![cfg_attr(
    not(feature = "simulate"),
    doc = "| `simulate` | what the rule does over time and to the structure of a network: floats, outside every certificate (feature `simulate`) |"
)]
//! | [`vectors`] | test vectors for other implementations |
//! | [`wire`] | JSON, and tensor files |
#![cfg_attr(
    feature = "cli",
    doc = "| [`suite`] | the built-in cases, and networks trained on real digits |"
)]
#![cfg_attr(feature = "cli", doc = "| [`report`] | what was found, as text and as documents |")]
#![cfg_attr(
    feature = "cli",
    doc = "| [`kinds`] | what a command may ask of a case, one file a kind of network |"
)]
#![cfg_attr(feature = "cli", doc = "| [`cli`] | the program: one file a command |")]
//! | [`docs`] | the manual |
//!
//! # First steps
//!
//! `cargo install --path .` makes the program `creditcheck`.
//!
//! | you | one command | then |
//! |---|---|---|
//! | review the claim | `creditcheck` | [`docs::definitions`], and [`docs::independence`]: why two wrong engines do not agree |
//! | have a rule, in Rust | `creditcheck show fixtures/cases/worked-example.json` | [`certify`](certify::certify) and [`verdict::judge`] on your numbers; [`docs::contributing`] |
//! | have a rule, in Python | `creditcheck gradient fixtures/cases/worked-example.json --number f64` | write the same document, and have it judged by `creditcheck check`: five steps in `fixtures/README.md` |
//! | make a framework | `creditcheck audit fixtures/audit/digits-64-32-10/net.safetensors fixtures/audit/digits-64-32-10/data.safetensors fixtures/audit/digits-64-32-10/torch.safetensors` | your gradient in place of PyTorch's; [`docs::numbers`]: how far off a float may be |
//! | make it faster | `cargo bench -p creditcheck-benches` | the page `performance` of [`docs`]: what it costs, against whom, and how to profile |
#![deny(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod certificate;
pub mod certify;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coq;
pub mod docs;
mod equilibrium;
pub mod error;
#[cfg(feature = "fast")]
pub mod fast;
pub mod foreign;
#[cfg(feature = "cli")]
pub mod kinds;
#[cfg(feature = "fast")]
pub mod linalg;
#[cfg(feature = "fast")]
pub mod modular;
pub mod mutants;
pub mod number;
pub mod paragraph;
#[cfg(feature = "simulate")]
mod picture;
pub mod progress;
#[cfg(feature = "cli")]
pub mod report;
pub mod scalar;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod spec;
#[cfg(feature = "cli")]
pub mod suite;
pub mod textbook;
pub mod vectors;
pub mod verdict;
pub mod wire;

pub use error::Error;

/// The program of the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
