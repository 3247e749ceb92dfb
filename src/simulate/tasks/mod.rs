//! Tasks that need a memory, learned by rules that approximate backpropagation through time (T1 to T9).
//!
//! | task | what is measured |
//! |---|---|
//! | alignment | the cosine of each rule's ∂L/∂W with that of BPTT, in networks as they are drawn |
//! | recall | the loss after learning to say at step 30 the number that was seen at steps 1 and 2 |
//! | xor | the same for whether two cues of 10 steps, 40 apart, were equal; asked at step 90 |
//! | blocks | the cosine where W is constant on blocks of types, plus noise of size ς |
//!
//! ```text
//! Plan ─ sweep ─▶ train or align ─▶ Run ─▶ Table ─┬─▶ sentences
//!                (f64, one thread a run)          └─▶ page (SVG)
//! ```
//!
//! Exactness: none is promised. The draws are the same on every machine; products of matrices may differ in their last bits, and a course of
//! learning carries such bits far. What is written is rounded to nine digits.
//!
//! Own choices where the papers leave one: 32 neurons; U ~ N(0, 1), V ~ N(0, 1/N), b = 0, and only W learns in recall; the value to be
//! recalled is N(0, 1), so that the squared error (y − y*)², reported without the ½ of the loss, of saying nothing is 1; noise comes to both
//! inputs; the gradient is clipped after its diagonal was left out; the final loss is that of 512 sequences that no update has seen; types are
//! blocks of neighbours.
//!
//! ```
//! use creditcheck::simulate::tasks::*;
//! let plan = Plan::of(Task::Recall, 1, &Options::default()).unwrap();
//! assert_eq!((plan.seeds.len(), plan.settings.iterations, plan.preview), (3, 300, true));
//! ```

mod adam;
mod alignment;
mod measured;
mod network;
mod page;
mod rules;
mod sequences;
mod settings;
mod story;
mod sweep;
mod table;
mod training;

pub use adam::{Adam, clip};
pub use alignment::align;
pub use measured::{End, Measured};
pub use network::{draw, mean_slope};
pub use page::page;
pub use rules::{half, modprop, name, rule, title};
pub use sequences::{empty, fill};
pub use settings::{Condition, Options, Plan, Settings, TYPES, Task};
pub use story::sentences;
pub use sweep::{Key, Run};
pub use table::Table;
pub use training::train;

pub use super::experiment::{Paired, Quartiles, sweep};
