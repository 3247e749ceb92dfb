//! Ŵ: the weights that feedback uses, cell by cell or type by type.

use crate::error::Error;
use crate::scalar::{Rational, Scalar};
use crate::spec::{Diagonal, Feedback, Temporal};
use crate::textbook::embed;

/// Ŵ, N × N, post × pre.
///
/// ```text
/// Ŵ = W   or   Ŵ_jp = w̄(type j, type p) for j ≠ p, 0 for j = p
/// ```
///
/// Where neurons have synapses onto themselves and the mean counts them, j = p is no exception.
///
/// # Errors
/// [`Error::Unsupported`] for type-specific feedback in a network without types, and where a mean has no image in the ring.
pub fn feedback_weights<S: Scalar>(
    net: &Temporal,
    feedback: Feedback,
) -> Result<Vec<Vec<S>>, Error> {
    let neurons = net.neurons();
    match feedback {
        Feedback::Cell => {
            let row = |row: &Vec<_>| row.iter().map(|w| embed(w, "a recurrent weight")).collect();
            net.recurrent.iter().map(row).collect()
        }
        Feedback::Type(diagonal) => {
            let types = types(net)?;
            let means: Vec<Vec<S>> = block_means(net, diagonal)?;
            let has_own = has_own(net, diagonal);
            let entry = |j: usize, p: usize| match j == p && !has_own {
                true => S::zero(),
                false => means[types[j]][types[p]].clone(),
            };
            Ok((0..neurons).map(|j| (0..neurons).map(|p| entry(j, p)).collect()).collect())
        }
    }
}

/// Whether a cell sends its signals to itself too.
pub(super) fn has_own(net: &Temporal, diagonal: Diagonal) -> bool {
    net.has_diagonal && diagonal == Diagonal::Counted
}

/// The types of the cells.
///
/// # Errors
/// [`Error::Unsupported`] if the network has none.
pub(super) fn types(net: &Temporal) -> Result<&[usize], Error> {
    net.types.as_deref().ok_or_else(|| {
        Error::unsupported(
            "type-specific feedback in a network without \"types\"; add network.types, or use --feedback cell",
        )
    })
}

/// w̄(α, γ): the mean of W from the cells of type γ to those of type α; 0 where there is no pair.
///
/// # Errors
/// As [`feedback_weights`].
pub(super) fn block_means<S: Scalar>(
    net: &Temporal,
    diagonal: Diagonal,
) -> Result<Vec<Vec<S>>, Error> {
    let types = types(net)?;
    let count = types.iter().max().map_or(0, |last| last + 1);
    let mut sums = vec![vec![(Rational::zero(), 0); count]; count];
    for (post, row) in net.recurrent.iter().enumerate() {
        for (pre, weight) in row.iter().enumerate() {
            if post == pre && diagonal == Diagonal::Excluded {
                continue;
            }
            let (sum, pairs) = &mut sums[types[post]][types[pre]];
            *sum += Rational::from(weight);
            *pairs += 1;
        }
    }
    let mean = |(sum, pairs): &(Rational, usize)| match pairs {
        0 => Ok(S::zero()),
        pairs => embed(&(sum * Rational::one_over(*pairs)).into(), "a mean weight"),
    };
    sums.iter().map(|row| row.iter().map(mean).collect()).collect()
}
