//! Networks that run in time, as text and as documents.

mod compare;
mod steps;

use super::counted;
use crate::spec::TemporalCase;

pub use compare::{compared, compared_json};
pub use steps::{steps_over_time, steps_over_time_json};

/// A network in a few words, such as `3 neurons over 5 steps, relu, λ = 1/2`.
#[must_use]
pub fn network_over_time(case: &TemporalCase) -> String {
    format!(
        "{} over {}, {}, λ = {}",
        counted(case.network.neurons(), "neuron"),
        counted(case.duration(), "step"),
        case.network.activation.name(),
        case.network.leak
    )
}
