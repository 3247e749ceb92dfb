//! Networks that run in time, as text and as documents.

mod compare;
mod steps;

use super::{blocks, counted, wrapped};
use crate::spec::TemporalCase;
use crate::wire::temporal::gradient::GradientOverTime;

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

/// A gradient or an update as text.
#[must_use]
pub fn gradient_over_time(gradient: &GradientOverTime, rule: &str, case: &TemporalCase) -> String {
    let mut text = wrapped(0, &format!("{} · {}", case.title(), network_over_time(case)));
    text.push_str(&wrapped(0, &format!("rule {rule} · {}", gradient.number.name())));
    let what = (gradient.quantity, gradient.number);
    text.push_str(&blocks(gradient.loss.as_ref(), &gradient.per_block(), what));
    text
}
