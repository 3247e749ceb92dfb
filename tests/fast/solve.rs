//! The credit of recurrent networks by elimination in floats, against elimination in rationals.

use creditcheck::error::Error;
use creditcheck::fast::Float;
use creditcheck::fast::solve::Solver;
use faer::Mat;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::nets::{Draw, ratio};

type Q = BigRational;

/// Eighths within ±2, which both formats hold, and their products too.
fn matrix(rows: usize, columns: usize, draw: &mut Draw) -> Vec<Vec<Q>> {
    (0..rows).map(|_| (0..columns).map(|_| draw.dyadic(16, 3)).collect()).collect()
}

fn floats<F: Float>(of: &[Vec<Q>]) -> Mat<F> {
    Mat::from_fn(of.len(), of[0].len(), |i, j| F::nearest(&of[i][j]))
}

/// I − Wᵀ diag β, entry by entry: post i gives β_i c_i through W_ij to pre j (D3).
fn system(weights: &[Vec<Q>], beta: &[Q]) -> Vec<Vec<Q>> {
    let entry = |j: usize, i: usize| {
        let unit = if i == j { Q::one() } else { Q::zero() };
        unit - &weights[i][j] * &beta[i]
    };
    (0..beta.len()).map(|j| (0..beta.len()).map(|i| entry(j, i)).collect()).collect()
}

/// The inverse by Gauss and Jordan; none of a singular matrix.
fn inverse(matrix: &[Vec<Q>]) -> Option<Vec<Vec<Q>>> {
    let n = matrix.len();
    let unit = |i: usize, j: usize| if i == j { Q::one() } else { Q::zero() };
    let mut rows: Vec<Vec<Q>> = (0..n)
        .map(|i| matrix[i].iter().cloned().chain((0..n).map(|j| unit(i, j))).collect())
        .collect();
    for k in 0..n {
        let pivot = (k..n).find(|i| !rows[*i][k].is_zero())?;
        rows.swap(k, pivot);
        let scale = rows[k][k].clone();
        rows[k].iter_mut().for_each(|value| *value /= &scale);
        let row = rows[k].clone();
        for (i, other) in rows.iter_mut().enumerate() {
            let factor = other[k].clone();
            if i != k && !factor.is_zero() {
                other.iter_mut().zip(&row).for_each(|(value, by)| *value -= &factor * by);
            }
        }
    }
    Some(rows.into_iter().map(|row| row[n..].to_vec()).collect())
}

fn times(matrix: &[Vec<Q>], vector: &[Q]) -> Vec<Q> {
    let row = |row: &Vec<Q>| row.iter().zip(vector).map(|(a, x)| a * x).sum();
    matrix.iter().map(row).collect()
}

fn norm<'a>(values: impl Iterator<Item = &'a Q>) -> Q {
    values.map(Signed::abs).max().unwrap_or_else(Q::zero)
}

/// max |c − ĉ| ≤ ‖A⁻¹‖∞ ‖ΔA‖∞ ‖ĉ‖∞ with |ΔA| ≤ γ₃ₙ |L̂||Û| (Higham 2002, theorem 9.4), where partial pivoting leaves
/// |L̂| ≤ 1 and |Û| ≤ 2ⁿ max|A|, one factor of two of it for the roundings on the way.
fn bound(system: &[Vec<Q>], inverse: &[Vec<Q>], found: &[Q], unit: &Q) -> Q {
    let n = system.len();
    let number = |n: usize| Q::from_integer(n.into());
    let gamma = number(3 * n) * unit / (Q::one() - number(3 * n) * unit);
    let largest = norm(system.iter().flatten());
    let error = gamma * number(n * n) * number(1 << n) * largest;
    let rows = inverse.iter().map(|row| row.iter().map(Signed::abs).sum::<Q>());
    rows.max().unwrap() * error * norm(found.iter())
}

fn expect_equilibria<F: Float>(unit: &Q) {
    let mut draw = Draw::new(7);
    let (mut solved, mut transposed_fails) = (0, 0);
    for n in [1, 2, 3, 5, 8, 8, 8] {
        let weights = matrix(n, n, &mut draw);
        let beta = matrix(1, n, &mut draw).remove(0);
        let external = matrix(n, 3, &mut draw);
        let system = system(&weights, &beta);
        let Some(inverse) = inverse(&system) else { continue };
        let mut solver = Solver::<F>::new(n, 3).unwrap();
        let rounded: Vec<F> = beta.iter().map(F::nearest).collect();
        // Twice in the same memory: nothing of the first may be left.
        for size in [3, 1] {
            let mut credit = floats::<F>(&external).subcols(0, size).to_owned();
            solver.factor(floats::<F>(&weights).as_ref(), &rounded).unwrap();
            solver.solve(credit.as_mut()).unwrap();
            for column in 0..size {
                let e: Vec<Q> = external.iter().map(|row| row[column].clone()).collect();
                let found: Vec<Q> =
                    credit.col(column).iter().map(|value| value.exact().unwrap()).collect();
                let error = |expected: Vec<Q>| {
                    norm(expected.iter().zip(&found).map(|(a, b)| a - b).collect::<Vec<_>>().iter())
                };
                let limit = bound(&system, &inverse, &found, unit);
                assert!(error(times(&inverse, &e)) <= limit, "n = {n}");
                solved += 1;
                // What a solver would find that took W for Wᵀ.
                let swap: Vec<Vec<Q>> =
                    (0..n).map(|i| (0..n).map(|j| weights[j][i].clone()).collect()).collect();
                let wrong = self::inverse(&self::system(&swap, &beta));
                transposed_fails +=
                    usize::from(wrong.is_some_and(|w| error(times(&w, &e)) > limit));
            }
        }
    }
    assert!(solved >= 20 && transposed_fails >= 16, "{solved} {transposed_fails}");
}

#[test]
fn credit_is_that_of_elimination_in_rationals() {
    expect_equilibria::<f64>(&ratio(1, 1 << 53));
    expect_equilibria::<f32>(&ratio(1, 1 << 24));
}

/// Without cycles, and with |β W| < 1, every pivot is 1; numbers so short are not rounded.
#[test]
fn credit_without_cycles_is_exact() {
    let mut weights = Mat::<f64>::zeros(3, 3);
    weights[(1, 0)] = 0.25;
    weights[(2, 0)] = -0.375;
    weights[(2, 1)] = 0.125;
    let mut solver = Solver::new(3, 1).unwrap();
    solver.factor(weights.as_ref(), &[0.0, 3.0, 2.0]).unwrap();
    let mut credit = faer::mat![[0.0], [0.0], [8.0]];
    solver.solve(credit.as_mut()).unwrap();
    // c₂ = 8, c₁ = ⅛·2·8, c₀ = ¼·3·2 − ⅜·2·8
    assert_eq!(credit, faer::mat![[-4.5], [2.0], [8.0]]);
}

#[test]
fn what_has_no_answer_is_refused() {
    let mut solver = Solver::<f64>::new(3, 2).unwrap();
    let singular = |found| matches!(found, Err(Error::Singular { .. }));
    let not_finite = |found| matches!(found, Err(Error::NotFinite { .. }));
    let input = |found| matches!(found, Err(Error::Input { .. }));
    let mut credit = Mat::<f64>::zeros(3, 2);
    assert!(input(solver.solve(credit.as_mut())));

    // A self-loop of gain 1, first and last; and a cycle of gain 1.
    for neuron in [0, 2] {
        let mut weights = Mat::zeros(3, 3);
        weights[(neuron, neuron)] = 0.5;
        assert!(singular(solver.factor(weights.as_ref(), &[2.0; 3])));
        assert!(input(solver.solve(credit.as_mut())));
    }
    let mut cycle = Mat::zeros(3, 3);
    (cycle[(0, 1)], cycle[(1, 2)], cycle[(2, 0)]) = (1.0, 4.0, 0.25);
    assert!(singular(solver.factor(cycle.as_ref(), &[1.0; 3])));

    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY] {
        let mut weights = Mat::zeros(3, 3);
        weights[(0, 2)] = bad;
        for beta in [0.0, 1.0] {
            assert!(not_finite(solver.factor(weights.as_ref(), &[beta; 3])));
        }
        assert!(not_finite(solver.factor(Mat::zeros(3, 3).as_ref(), &[0.0, bad, 0.0])));
        solver.factor(Mat::zeros(3, 3).as_ref(), &[0.0; 3]).unwrap();
        let mut external = Mat::zeros(3, 2);
        external[(1, 1)] = bad;
        assert!(not_finite(solver.solve(external.as_mut())));
    }
    let huge = Mat::from_fn(3, 3, |_, _| f64::MAX);
    assert!(not_finite(solver.factor(huge.as_ref(), &[f64::MAX; 3])));
    // The elimination overflows, and then the credit.
    let weights = faer::mat![[-1e308, -1.5e308, 0.0], [-1e308, 1.5e308, 0.0], [0.0, 0.0, 0.0]];
    assert!(not_finite(solver.factor(weights.as_ref(), &[1.0; 3])));
    let small = Mat::from_fn(3, 3, |i, j| if i == j { 1.0 - f64::EPSILON } else { 0.0 });
    solver.factor(small.as_ref(), &[1.0; 3]).unwrap();
    assert!(not_finite(solver.solve(Mat::from_fn(3, 1, |_, _| 1e300).as_mut())));

    assert!(input(solver.factor(Mat::zeros(3, 2).as_ref(), &[1.0; 3])));
    assert!(input(solver.factor(Mat::zeros(3, 3).as_ref(), &[1.0; 2])));
    solver.factor(Mat::zeros(3, 3).as_ref(), &[1.0; 3]).unwrap();
    assert!(input(solver.solve(Mat::zeros(2, 1).as_mut())));
    assert!(input(solver.solve(Mat::zeros(3, 3).as_mut())));
    assert!(Solver::<f64>::new(0, 1).is_err());
}
