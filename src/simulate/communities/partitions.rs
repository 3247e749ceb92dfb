//! What a partition says: how many communities, in effect, and how like another one.

use crate::error::Error;

/// How many there are of each label, in order of the labels; labels that do not occur are left out.
#[must_use]
pub fn sizes(labels: &[usize]) -> Vec<usize> {
    let mut counts = std::collections::BTreeMap::new();
    for label in labels {
        *counts.entry(label).or_insert(0) += 1;
    }
    counts.into_values().collect()
}

/// The effective number of communities, exp(−Σ p ln p) with p the shares of the sizes: that many equal communities have the
/// same entropy. Small splinters hardly count, which is why it is reported and not the raw count.
///
/// ```
/// use creditcheck::simulate::communities::effective_number;
/// assert!((effective_number(&[10, 10, 10, 10]) - 4.0).abs() < 1e-12);
/// assert!(effective_number(&[97, 1, 1, 1]) < 1.2);
/// ```
#[must_use]
// Counts of neurons.
#[allow(clippy::cast_precision_loss)]
pub fn effective_number(sizes: &[usize]) -> f64 {
    let all = sizes.iter().sum::<usize>() as f64;
    let shares = sizes.iter().filter(|size| **size > 0).map(|size| *size as f64 / all);
    libm::exp(shares.map(|share| -share * libm::log(share)).sum())
}

/// The share of the largest community.
#[must_use]
// Counts of neurons.
#[allow(clippy::cast_precision_loss)]
pub fn largest_share(labels: &[usize]) -> f64 {
    let largest = sizes(labels).into_iter().max().unwrap_or(0);
    largest as f64 / labels.len().max(1) as f64
}

/// Adjusted mutual information of two partitions of the same nodes, normalised by the larger entropy: 1 for the same
/// partition, 0 on average for partitions of the same sizes that have nothing to do with each other (Vinh, Epps and Bailey 2010).
///
/// # Errors
/// [`Error::Input`] for different numbers of nodes.
pub fn adjusted_mutual_information(a: &[usize], b: &[usize]) -> Result<f64, Error> {
    leiden_rs::try_ami(a, b).map_err(|_| {
        Error::input("partitions", format!("{} and {} nodes", a.len(), b.len()), "as many in both")
    })
}
