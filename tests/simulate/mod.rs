//! What the rule does over time and at scale.

mod communities;
