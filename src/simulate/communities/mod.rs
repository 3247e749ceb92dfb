//! D11: does the rule make other communities at another learning rate?
//!
//! An all-to-all network of tanh neurons, W₀ ~ N(0, g²/N), learns digits by the credit rule at equilibrium (D1, D3, D4, D9), once for
//! each of several learning rates and seeds. A sweep that stops after a fixed number of steps confounds the rate with the progress
//! made; so networks are compared **at the same training loss**, and modularities **with those of null models**.
//!
//! ```text
//! Plan ─ sweep ─▶ train ─▶ W at each loss ─ measure ─▶ Run ─▶ Table ─┬─▶ sentences
//!                (f32, one thread a run)   (Leiden, nulls)           └─▶ page (SVG)
//! ```
//!
//! | step | exactness |
//! |---|---|
//! | training | f32; the same bits on every machine ([`Network`]) |
//! | communities | heuristic: the best of many runs of Leiden; the same with the same versions of `leiden-rs` and of its generator |
//! | eigenvalues | f64 by faer; six digits are kept |
//! | intervals | Student's, over seeds; runs of a seed share W₀ and the order of the examples, so differences are taken seed by seed |
//!
//! Own choices where D11 leaves one: no biases; one relaxation for x and c, `x ← x + damping · (σ(Wx) − x)`; the norm of
//! ⟨β_i c_i x_j⟩ is clipped before η; the last examples of a pass that make no whole batch wait for the next; weights are
//! shuffled among synapses that exist, so that the missing block of arm B is no structure; the null model of strengths
//! scales shuffled weights until all strengths are those of the graph.
//!
//! ```
//! use creditcheck::simulate::communities::*;
//! // Three communities of four in effect, and the best partition of a graph of two pairs.
//! assert!((effective_number(&[4, 4, 4]) - 3.0).abs() < 1e-12);
//! let weights = vec![0., 1., 0., 0., 1., 0., 0., 0., 0., 0., 0., 1., 0., 0., 1., 0.];
//! let found = communities(&Graph { nodes: 4, weights }, 5, &mut Draws::of(1, &[1])).unwrap();
//! assert_eq!((found.labels, found.quality), (vec![0, 0, 1, 1], 0.5));
//! ```

mod graph;
mod measure;
mod network;
mod nulls;
mod page;
mod partitions;
mod settings;
mod story;
mod sweep;
mod table;
mod training;

pub use graph::{Found, Graph, communities, signed_communities};
pub use measure::{
    Checkpoint, Communities, GRAPHS, Of, Scope, columns, graph_of, measure, reciprocity, symmetry,
};
pub use network::{Arm, Batch, Kind, Network, Relaxation, Shape, Unsettled, tanh};
pub use nulls::{shuffled_within_blocks, with_strengths_of};
pub use page::page;
pub use partitions::{adjusted_mutual_information, effective_number, largest_share, sizes};
pub use settings::{Key, Plan, RATES_A, RATES_B, Settings};
pub use story::sentences;
pub use sweep::{Control, LEVELS, Picture, Run, Sweep};
pub use table::{Group, Row, Table, words};
pub use training::{Course, Data, End, Images, Saved, accuracy, train};

pub use super::experiment::{Draws, Statistic, sweep};
