//! The plausible line over time: standard deviations of what floats give.

use super::room::Room;
use crate::spec::{PerBlock, TemporalCase};
use crate::verdict::plausible::temporal_spread;
use crate::verdict::scaled::Scaled;
use crate::wire::gradient::{Gradient, Quantity};

/// Of the entries, and of the loss; none where none can be had.
pub(super) type Spreads = (PerBlock<Option<f64>>, Option<f64>);

/// The standard deviations of a gradient or an update in floats, with what the centre may be off; none where none can be had.
pub(super) fn spread_of(
    case: &TemporalCase,
    mine: &Gradient,
    (right, radius): (&Gradient, Option<&Room>),
) -> Option<Spreads> {
    let format = mine.number.dtype()?;
    let found = temporal_spread(case, format).ok()?;
    let eta = match mine.quantity {
        Quantity::Gradient => None,
        Quantity::Update => Some(Scaled::new(&case.learning_rate, format, format)),
    };
    // A centre that is off by much of a deviation is none to count deviations from.
    let around = |spread: f64, radius: f64| (radius * 8.0 <= spread).then_some(spread + radius);
    let entries = right
        .entries
        .as_ref()
        .zip(found.per_block())
        .map(|(value, spread)| eta.as_ref().map_or(*spread, |eta| eta.spread(*spread, value)));
    let (entries, loss) = match radius {
        None => (entries.map(Some), Some(found.loss)),
        Some(radius) => {
            let both = entries.zip(radius.entries.as_ref());
            (both.map(|(spread, radius)| around(spread, *radius)), around(found.loss, radius.loss))
        }
    };
    Some((entries, loss))
}
