//! Networks that run in time: one rule's gradient, somebody else's against the exact one, all rules side by side, step by step.

mod gradient;

pub use gradient::gradient;
