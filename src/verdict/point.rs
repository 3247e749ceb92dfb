//! One entry as a point of a picture.

use super::nearness::Nearness;

/// One entry for a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// What they have, rounded to f64.
    pub theirs: f64,
    /// What is right, rounded to f64.
    pub exact: f64,
    /// How near the two are.
    pub nearness: Nearness,
    /// |theirs − exact| in ulps.
    pub ulps: f64,
    /// |theirs − exact| / bound; infinite where there is no bound.
    pub of_bound: f64,
}
