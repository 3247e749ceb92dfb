//! Networks that run in time: one rule's gradient, somebody else's against the exact one, all rules side by side, step by step.

mod compare;
mod gradient;
mod judge;
mod on_kinks;
mod room;
mod spreads;
pub mod stack;
mod steps;

pub use compare::{Comparison, Distance, Exact, Row, compare};
pub use gradient::{gradient, of_rule};
pub use judge::{judge, judgement, right_of};
pub use steps::{StepsOverTime, steps};
