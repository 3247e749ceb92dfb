//! |A⁻¹| ρ from above, for A = I − M with M known up to rounding; no float of it is trusted before it is verified.

use crate::verdict::bounded::up::Up;

/// 2^−k of the right side is added to it, so that its small entries do not decide.
const SLACK: u32 = 20;
/// Rounds of b ← min(b, K b + ρ) after which nothing has changed but small entries.
const ROUNDS: usize = 8;

/// y = M y + r, |r| ≤ ρ, for which |y| is to be bounded; n × n, row-major.
pub(super) struct System {
    n: usize,
    /// Floats near the entries of M.
    near: Vec<f64>,
    /// |M| at most, entry by entry.
    above: Vec<Up>,
    /// |M − near| at most, entry by entry.
    off: Vec<Up>,
}

impl System {
    /// M = 0.
    pub(super) fn new(n: usize) -> Self {
        Self { n, near: vec![0.0; n * n], above: vec![Up::ZERO; n * n], off: vec![Up::ZERO; n * n] }
    }

    /// M_ij ← the product of two numbers, each known by its nearest f64, and neither of them zero.
    pub(super) fn set(&mut self, row: usize, column: usize, a: f64, b: f64) {
        let at = row * self.n + column;
        // Each factor and their product are rounded once, relatively or by the smallest float.
        let size = Up::of(a) * Up::of(b);
        let off = size * Up::power(51) + Up::power(1073) * (Up::ONE + Up::of(a) + Up::of(b));
        self.near[at] = a * b;
        self.off[at] = off;
        self.above[at] = size + off;
    }

    /// Moves the bounds on M_ij outward: its true value may be further from the float by so much.
    pub(super) fn widen(&mut self, row: usize, column: usize, by: Up) {
        let at = row * self.n + column;
        self.off[at] = self.off[at] + by;
        self.above[at] = self.above[at] + by;
    }

    /// |y| at most: the smaller of what T7r and a verified inverse give, entry by entry; none where neither does.
    pub(super) fn bound(&self, rho: &[Up]) -> Option<Vec<Up>> {
        let by_majorant = settle(self.n, &self.above, rho);
        let by_inverse = self.by_inverse(rho);
        match (by_majorant, by_inverse) {
            (Some(a), Some(b)) => Some(a.into_iter().zip(b).map(|(a, b)| least(a, b)).collect()),
            (a, b) => a.or(b),
        }
    }

    /// With R near A⁻¹ and G = I − R A: y = R r + G y, hence |y| ≤ |R| ρ + |G| |y|, a system of the other kind with a tiny matrix.
    fn by_inverse(&self, rho: &[Up]) -> Option<Vec<Up>> {
        let n = self.n;
        let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
        let matrix: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| unit(i, j) - self.near[i * n + j]).collect()).collect();
        let identity = (0..n).map(|i| (0..n).map(|j| unit(i, j)).collect()).collect();
        let inverse = eliminate(matrix.clone(), identity)?;
        // n products and sums, the diagonal of A and the subtraction from I; γ_k ≤ 2ku while ku ≤ ½.
        let gamma = Up::count(n + 4) * Up::power(52);
        let mut above = vec![Up::ZERO; n * n];
        for i in 0..n {
            let mut centre = vec![0.0; n];
            let mut size = vec![Up::ZERO; n];
            let mut off = vec![Up::ZERO; n];
            for (k, &r) in inverse[i].iter().enumerate() {
                let r_above = Up::of(r);
                for j in 0..n {
                    let a = matrix[k][j];
                    centre[j] += r * a;
                    size[j] = size[j] + r_above * Up::of(a);
                    // 1 − M_kk is rounded.
                    let diagonal = if k == j { Up::of(a) * Up::power(53) } else { Up::ZERO };
                    off[j] = off[j] + r_above * (self.off[k * n + j] + diagonal);
                }
            }
            for j in 0..n {
                let rounding = gamma * (size[j] + Up::ONE) + Up::count(n + 4) * Up::power(1073);
                above[i * n + j] = Up::of(unit(i, j) - centre[j]) + rounding + off[j];
            }
        }
        let first: Vec<Up> = inverse
            .iter()
            .map(|row| row.iter().zip(rho).fold(Up::ZERO, |sum, (r, rho)| sum + Up::of(*r) * *rho))
            .collect();
        settle(n, &above, &first)
    }
}

/// b ≥ |y| for every y with |y| ≤ K |y| + ρ, through a w with w > K w strictly: then K has spectral radius below 1 (Collatz).
fn settle(n: usize, k: &[Up], rho: &[Up]) -> Option<Vec<Up>> {
    let most = rho.iter().fold(Up::ZERO, |most, rho| most.max(*rho)).value();
    if !most.is_finite() || !k.iter().all(|entry| entry.value().is_finite()) {
        return None;
    }
    let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let matrix =
        (0..n).map(|i| (0..n).map(|j| unit(i, j) - k[i * n + j].value()).collect()).collect();
    let raised = |rho: &Up| match most > 0.0 {
        true => vec![rho.value() + most * Up::power(SLACK).value()],
        false => vec![1.0],
    };
    // Any positive w would do; this one makes the bound nearly the best there is.
    let w: Vec<f64> =
        eliminate(matrix, rho.iter().map(raised).collect())?.into_iter().map(|w| w[0]).collect();
    let mut share = Up::ZERO;
    for i in 0..n {
        let sum = (0..n).fold(Up::ZERO, |sum, j| sum + k[i * n + j] * Up::of(w[j]));
        // Rounded down: w − K w at least.
        let left = (w[i] - sum.value()).next_down();
        if !(w[i] > 0.0 && left > 0.0) {
            return None;
        }
        share = share.max(rho[i] / left);
    }
    let mut bound: Vec<Up> = w.iter().map(|w| share * Up::of(*w)).collect();
    // Each round is another valid bound; as many as there are neurons make what nothing reaches an exact zero.
    for round in 0..n + ROUNDS {
        let next: Vec<Up> = (0..n)
            .map(|i| {
                let sum = (0..n).fold(rho[i], |sum, j| sum + k[i * n + j] * bound[j]);
                least(sum, bound[i])
            })
            .collect();
        let shrinks = next.iter().zip(&bound).any(|(a, b)| a.value() < 0.9 * b.value());
        bound = next;
        if !shrinks && round > 0 {
            break;
        }
    }
    bound.iter().all(|bound| bound.value().is_finite()).then_some(bound)
}

fn least(a: Up, b: Up) -> Up {
    if a < b { a } else { b }
}

/// The solution of A X = B in plain f64, or none where a pivot is zero; a guess, to be verified.
pub(super) fn eliminate(
    mut rows: Vec<Vec<f64>>,
    mut right: Vec<Vec<f64>>,
) -> Option<Vec<Vec<f64>>> {
    let n = rows.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs()))?;
        rows.swap(k, pivot);
        right.swap(k, pivot);
        let scale = rows[k][k];
        if scale == 0.0 || !scale.is_finite() {
            return None;
        }
        let (row, values) = (rows[k].clone(), right[k].clone());
        for i in k + 1..n {
            let factor = rows[i][k] / scale;
            if factor == 0.0 {
                continue;
            }
            for (entry, by) in rows[i].iter_mut().zip(&row).skip(k) {
                *entry -= factor * by;
            }
            for (entry, by) in right[i].iter_mut().zip(&values) {
                *entry -= factor * by;
            }
        }
    }
    for k in (0..n).rev() {
        let (above, below) = right.split_at_mut(k + 1);
        let values = &mut above[k];
        for (l, known) in (k + 1..n).zip(below.iter()) {
            let factor = rows[k][l];
            for (value, known) in values.iter_mut().zip(known) {
                *value -= factor * known;
            }
        }
        for value in values.iter_mut() {
            *value /= rows[k][k];
            if !value.is_finite() {
                return None;
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(n: usize, entries: &[(usize, usize, f64)], rho: &[f64]) -> Option<Vec<f64>> {
        let mut system = System::new(n);
        for &(row, column, value) in entries {
            system.set(row, column, value, 1.0);
        }
        let rho: Vec<Up> = rho.iter().map(|rho| Up::of(*rho)).collect();
        Some(system.bound(&rho)?.into_iter().map(Up::value).collect())
    }

    fn is_just_above(found: f64, exact: f64) -> bool {
        found >= exact && found <= exact * (1.0 + 1e-5)
    }

    /// y = 1 y + 0 has every solution there is: "≥" in place of ">" would bound it by 0.
    #[test]
    fn what_is_singular_has_no_bound() {
        assert_eq!(bound(1, &[(0, 0, 1.0)], &[0.0]), None);
        assert_eq!(bound(1, &[(0, 0, 1.0)], &[1.0]), None);
        assert_eq!(bound(2, &[(0, 1, 4.0), (1, 0, 0.25)], &[0.0, 1.0]), None);
        // As near to it as floats are.
        assert_eq!(bound(1, &[(0, 0, 1.0f64.next_down())], &[1.0]), None);
        assert_eq!(bound(1, &[(0, 0, f64::NAN)], &[1.0]), None);
        assert_eq!(bound(1, &[(0, 0, f64::MAX)], &[f64::INFINITY]), None);
    }

    /// Cycles below gain 1 through the majorant, others through the inverse; both nearly the best there is.
    #[test]
    fn cycles() {
        let found = bound(1, &[(0, 0, 0.5)], &[1.0]).unwrap();
        assert!(is_just_above(found[0], 2.0), "{found:?}");
        let found = bound(1, &[(0, 0, 3.0)], &[1.0]).unwrap();
        assert!(is_just_above(found[0], 0.5), "{found:?}");
        let found = bound(1, &[(0, 0, -3.0)], &[1.0]).unwrap();
        assert!(is_just_above(found[0], 0.25), "{found:?}");
        // A⁻¹ = (1/5) [[1, 2], [−2, 1]]
        let found = bound(2, &[(0, 1, 2.0), (1, 0, -2.0)], &[1.0, 10.0]).unwrap();
        assert!(is_just_above(found[0], 21.0 / 5.0), "{found:?}");
        assert!(is_just_above(found[1], 12.0 / 5.0), "{found:?}");
    }

    /// Without cycles what no residual reaches is exactly right.
    #[test]
    fn chains() {
        let chain = [(1, 0, 2.0), (2, 1, -3.0), (3, 2, 0.5)];
        assert_eq!(bound(4, &chain, &[0.0; 4]).unwrap(), [0.0; 4]);
        let found = bound(4, &chain, &[0.0, 0.0, 1.0, 0.0]).unwrap();
        assert_eq!(found[..2], [0.0; 2]);
        assert!(is_just_above(found[2], 1.0) && is_just_above(found[3], 0.5), "{found:?}");
        let mut far = vec![0.0; 30];
        far[0] = 1.0;
        let chain: Vec<_> = (1..30).map(|k| (k, k - 1, 4.0)).collect();
        let found = bound(30, &chain, &far).unwrap();
        assert!(is_just_above(found[29], 4f64.powi(29)), "{}", found[29]);
    }
}
