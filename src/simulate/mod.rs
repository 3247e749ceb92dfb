//! What the rule does over time: simulations in floats, outside every certificate.
//!
//! [`timescales`] integrates firing, credit and plasticity as the three coupled dynamics that they are (D10), and measures how far
//! the weight change of a presentation is from backpropagation when the timescales are not separated. [`balance`] follows excitation
//! and inhibition while a network learns. [`communities`] measures which structure learning leaves, against the learning rate (D11). [`tasks`] lets rules that approximate
//! backpropagation through time learn tasks that need a memory, and measures how far their gradients point elsewhere (T1 to T9).
//! [`experiment`] is what the last two have in common: runs of a plan on a few threads, statistics, sentences.
//!
//! Exactness: none is promised. Every result depends on tolerances that are parameters of the simulation and are printed with it.

pub mod balance;
pub mod communities;
mod eigenvalues;
pub mod experiment;
mod rows;
pub mod tasks;
pub mod timescales;

pub use crate::picture::{BLUE, ORANGE};
pub use rows::{rounded, to_digits};
