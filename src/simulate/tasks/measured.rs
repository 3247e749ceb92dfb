//! What one run found.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As planned.
    Finished,
    /// Its numbers left the finite ones.
    Diverged {
        /// In which update; one more than there are if after the last.
        iteration: usize,
    },
}

/// What a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// How it ended.
    pub end: End,
    /// One number for each of [`super::Task::columns`]; NaN where there is none.
    pub values: Vec<f64>,
    /// Updates and mean losses up to there.
    pub curve: Vec<(f64, f64)>,
}
