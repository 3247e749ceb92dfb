//! Medians and quartiles, exact tests of paired differences, and means with their intervals.

use std::cmp::Ordering;

/// Median and quartiles of some numbers, interpolated between neighbours in rank (Hyndman & Fan's seventh).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    /// A quarter lies below.
    pub lower: f64,
    /// Half lies below; NaN of none.
    pub median: f64,
    /// A quarter lies above.
    pub upper: f64,
    /// How many numbers there were; those that are NaN are left out.
    pub count: usize,
}

impl Quartiles {
    /// Of these numbers; infinite ones count.
    ///
    /// ```
    /// use creditcheck::simulate::experiment::Quartiles;
    /// let found = Quartiles::of(&[4.0, 1.0, f64::INFINITY, 2.0, f64::NAN]);
    /// assert_eq!((found.lower, found.median, found.upper, found.count), (1.75, 3.0, f64::INFINITY, 4));
    /// ```
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarters: usize| {
            let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
            let (below, left) = (last * quarters / 4, last * quarters % 4);
            let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
            match left {
                // Where ∞ is not touched it must not become NaN.
                0 => low,
                // 1, 2 or 3.
                #[allow(clippy::cast_precision_loss)]
                _ if high.is_finite() => low + (high - low) * left as f64 / 4.0,
                _ => high,
            }
        };
        Self { lower: at(1), median: at(2), upper: at(3), count: sorted.len() }
    }
}

/// Two lists compared pair by pair: what is smaller is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Pairs.
    pub pairs: usize,
    /// Pairs in which the first is smaller.
    pub wins: usize,
    /// Pairs in which both are the same; the tests leave them out.
    pub ties: usize,
    /// The sign test: the probability, if either were as likely to be smaller, of a share of wins as uneven as this.
    pub sign: f64,
    /// Wilcoxon's signed-rank test, exact, ties with their mean rank: the same with the sizes of the differences taken into account.
    pub wilcoxon: f64,
    /// Where the signed ranks of that test lean: `Less` if the first is smaller. Where small wins stand against large losses it is not
    /// where there are more wins.
    pub lean: Ordering,
}

impl Paired {
    /// Of pairs of numbers; ∞ is worse than any number and as bad as ∞. Both tests are two-sided.
    ///
    /// ```
    /// use creditcheck::simulate::experiment::Paired;
    /// let pairs: Vec<(f64, f64)> = (0..8).map(|k| (0.0, 1.0 + f64::from(k))).collect();
    /// let found = Paired::of(&pairs);
    /// // 2 of the 2⁸ ways to draw eight signs.
    /// assert_eq!((found.wins, found.sign, found.wilcoxon), (8, 2.0 / 256.0, 2.0 / 256.0));
    /// ```
    #[must_use]
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        let known: Vec<(f64, f64)> =
            pairs.iter().copied().filter(|(a, b)| !a.is_nan() && !b.is_nan()).collect();
        let differences: Vec<f64> =
            known.iter().filter(|(a, b)| a != b).map(|(a, b)| a - b).collect();
        let wins = differences.iter().filter(|d| **d < 0.0).count();
        let (wilcoxon, lean) = wilcoxon(&differences);
        Self {
            pairs: known.len(),
            wins,
            ties: known.len() - differences.len(),
            sign: sign(wins, differences.len()),
            wilcoxon,
            lean,
        }
    }

    /// Pairs in which the second is smaller.
    #[must_use]
    pub fn losses(&self) -> usize {
        self.pairs - self.ties - self.wins
    }
}

/// Twice the smaller tail of the binomial distribution of ½.
fn sign(wins: usize, pairs: usize) -> f64 {
    let few = wins.min(pairs - wins);
    two_sided(&halves(&vec![1; pairs]), few)
}

/// Twice the smaller tail of the sum of the ranks of the negative differences, in half ranks; and `Less` if theirs is the larger sum.
fn wilcoxon(differences: &[f64]) -> (f64, Ordering) {
    let size = |k: &usize| differences[*k].abs();
    let mut order: Vec<usize> = (0..differences.len()).collect();
    order.sort_by(|a, b| size(a).total_cmp(&size(b)));
    let mut ranks = vec![0; differences.len()];
    let mut first = 0;
    while first < order.len() {
        let tied = order[first..].iter().take_while(|k| size(k) == size(&order[first])).count();
        // Ranks first+1 to first+tied: twice their mean.
        order[first..first + tied].iter().for_each(|k| ranks[*k] = 2 * first + tied + 1);
        first += tied;
    }
    let signed = |negative: bool| {
        let chosen = ranks.iter().zip(differences).filter(|(_, d)| (**d < 0.0) == negative);
        chosen.map(|(rank, _)| rank).sum::<usize>()
    };
    let (negative, positive) = (signed(true), signed(false));
    (two_sided(&halves(&ranks), negative.min(positive)), positive.cmp(&negative))
}

/// The distribution of a sum in which each of these numbers occurs or not, each with probability ½.
fn halves(numbers: &[usize]) -> Vec<f64> {
    let mut shares = vec![0.0; numbers.iter().sum::<usize>() + 1];
    shares[0] = 1.0;
    let mut reach = 0;
    for number in numbers {
        reach += number;
        for sum in (0..=reach).rev() {
            let with = sum.checked_sub(*number).map_or(0.0, |rest| shares[rest]);
            shares[sum] = 0.5 * (shares[sum] + with);
        }
    }
    shares
}

fn two_sided(shares: &[f64], least: usize) -> f64 {
    (2.0 * shares.iter().take(least + 1).sum::<f64>()).min(1.0)
}

/// Mean and 95 % interval of independent numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistic {
    /// NaN of none.
    pub mean: f64,
    /// Half the width of Student's 95 % interval, t(n − 1) · s/√n; NaN below two numbers.
    pub half_width: f64,
    /// How many numbers there were; those that are NaN are left out.
    pub count: usize,
}

impl Statistic {
    /// Of these numbers.
    ///
    /// ```
    /// use creditcheck::simulate::experiment::Statistic;
    /// let found = Statistic::of(&[1.0, 2.0, 3.0]);
    /// // t = 4.303, s = 1
    /// assert!((found.mean - 2.0).abs() < 1e-12 && (found.half_width - 2.484).abs() < 1e-3);
    /// ```
    #[must_use]
    // A few seeds.
    #[allow(clippy::cast_precision_loss)]
    pub fn of(values: &[f64]) -> Self {
        let values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let count = values.len();
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half_width =
            if count < 2 { f64::NAN } else { student(count - 1) * (variance / n).sqrt() };
        Self { mean, half_width, count }
    }

    /// Whether the interval leaves 0 out.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.mean.abs() > self.half_width
    }
}

/// The 97.5 % quantile of Student's distribution.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 20] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    ];
    // Beyond the table, to three digits.
    #[allow(clippy::cast_precision_loss)]
    let beyond = 1.96 + 2.45 / freedom as f64;
    freedom.checked_sub(1).and_then(|k| TABLE.get(k)).copied().unwrap_or(beyond)
}
