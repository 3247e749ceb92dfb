//! WHAT is computed: plain validated data, no arithmetic.
//!
//! [`Case`] is what a user writes, [`Wiring`] the same network seen as a graph (which
//! is how the credit rule sees every network), [`Dense`] a case of floats too large for fractions, and [`outcome`] what the engines report.

mod activation;
mod blocks;
mod case;
mod dense;
pub(crate) mod feedback;
mod format;
mod indices;
mod kink;
mod limits;
mod loss;
mod naming;
mod network;
pub mod outcome;
mod read;
mod solver;
mod stack;
mod temporal;
mod wiring;
pub mod work;

pub use activation::{ACTIVATION_NAMES, Activation, Class, Curved, Straight, Transcendental};
pub use blocks::{Block, Field, Layout, Part, PerBlock, Place, Shape};
pub use case::{Case, Example, Expect, OutputCredit};
pub use dense::{Dense, DenseLayer, MOST_PARAMETERS, Tensor};
pub use feedback::FeedbackMatrices;
pub use format::{Arithmetic, Dtype, Grid, Number, Operands};
pub use indices::{Neuron, PerNeuron, PerSynapse, Synapse};
pub use kink::{Kink, Share};
pub use limits::Limits;
pub use loss::{Loss, OUTPUT_ERROR_NAMES, OutputError, Reduction};
pub use network::{Ends, Graph, Layer, Layered, Network};
pub use read::Read;
pub use solver::{FINEST_OF_TOLERANCES, Solver};
pub use stack::{Stack, StackCase, StackGradient, StackLayer, StackLayerGradient};
pub use temporal::{
    Diagonal, Feedback, Form, Modprop, Mu, Sequence, Steps, Taps, Temporal, TemporalCase,
    TemporalGradient, TemporalRule,
};
pub use wiring::{Parameters, Wiring};
pub use work::Work;
