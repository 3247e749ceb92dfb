//! Recurrent credit: I − Wᵀ diag β with synapses so weak that its inverse is bounded.

use std::fs;
use std::path::Path;

use creditcheck::fast::recurrent::Elimination;
use creditcheck::fast::solve::Solver;
use faer::Mat;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Work;
use crate::data::write;

/// |W_ij β_i| ≤ 1/(2n): the rows and columns of Wᵀ diag β sum to at most ½.
struct System {
    weights: Mat<f64>,
    balance: Vec<f64>,
    external: Mat<f64>,
}

impl System {
    fn of(neurons: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(neurons as u64);
        let mut unit = || f64::from(random.next_u32()) / 4_294_967_296.0;
        let most = 1.0 / (2.0 * neurons as f64);
        let weights = Mat::from_fn(neurons, neurons, |_, _| (2.0 * unit() - 1.0) * most);
        let balance = (0..neurons).map(|_| unit()).collect();
        Self { weights, balance, external: Mat::from_fn(neurons, 1, |_, _| unit()) }
    }

    fn solve(&self) -> Mat<f64> {
        let mut elimination = Elimination::new(self.balance.len(), 1).expect("neurons");
        let mut credit = self.external.clone();
        self.settle(&mut elimination, &mut credit);
        credit
    }

    /// What `fast::recurrent` does with a case: I − Wᵀ diag β built, eliminated, solved, and refined until its residual is
    /// what rounding explains; if it never is, there is no credit.
    fn settle(&self, elimination: &mut Elimination<f64>, credit: &mut Mat<f64>) {
        let (weights, beta) = (self.weights.as_ref(), &self.balance);
        elimination.factor(weights, beta).expect("an invertible system");
        let residual = elimination.solve(weights, beta, self.external.as_ref(), credit.as_mut());
        assert!(residual.expect("a settled credit") <= credit.norm_max() * f64::EPSILON * 64.0);
    }
}

/// The whole recurrent credit.
pub fn credit(words: &[&str]) -> Option<Work> {
    let [neurons] = words else { return None };
    let neurons = neurons.parse().ok()?;
    let system = System::of(neurons);
    let mut elimination = Elimination::new(neurons, 1).ok()?;
    let mut credit = system.external.clone();
    Some(Box::new(move || system.settle(&mut elimination, &mut credit)))
}

/// One elimination and one solution alone, as dgesv has it.
pub fn solve(words: &[&str]) -> Option<Work> {
    let [neurons] = words else { return None };
    let neurons = neurons.parse().ok()?;
    let system = System::of(neurons);
    let mut solver = Solver::new(neurons, 1).ok()?;
    let mut credit = system.external.clone();
    Some(Box::new(move || {
        credit.copy_from(&system.external);
        solver.factor(system.weights.as_ref(), &system.balance).expect("an invertible system");
        solver.solve(credit.as_mut()).expect("a solution");
    }))
}

/// The matrix row by row and the external credit, for somebody else to solve.
pub fn export(neurons: usize, folder: &Path) {
    let System { weights, balance, external } = System::of(neurons);
    fs::create_dir_all(folder).expect("a folder for the data");
    let entry = |j: usize, i: usize| {
        let unit = if i == j { 1.0 } else { 0.0 };
        unit - weights[(i, j)] * balance[i]
    };
    let matrix: Vec<f64> = (0..neurons)
        .flat_map(|j| (0..neurons).map(move |i| (j, i)))
        .map(|(j, i)| entry(j, i))
        .collect();
    write(&folder.join("a"), &matrix);
    write(&folder.join("e"), external.col_as_slice(0));
}

/// max |c − found| as a share of what rounding explains.
///
/// A = I − Wᵀ diag β is diagonally dominant by rows and by columns, with ‖A‖∞ ≤ 3/2 and ‖A⁻¹‖∞ ≤ 2. Each solution solves
/// (A + ΔA) ĉ = e with |ΔA| ≤ γ₃ₙ |L̂||Û|, of norm at most γ₃ₙ (2n − 1) ‖A‖∞ (Higham 2002, theorems 9.4 and 9.9); the entries
/// of A are rounded twice.
pub fn worst(neurons: usize, found: &[f64]) -> f64 {
    let credit = System::of(neurons).solve();
    let credit = credit.col_as_slice(0);
    if found.len() != neurons {
        return f64::INFINITY;
    }
    let n = neurons as f64;
    let unit = f64::EPSILON / 2.0;
    let gamma = 3.0 * n * unit / (1.0 - 3.0 * n * unit);
    let largest = |values: &[f64]| values.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
    let change = (gamma * (2.0 * n - 1.0) + 2.0 * unit) * 1.5;
    let limit = 2.0 * change * (largest(credit) + largest(found));
    let error = credit.iter().zip(found).fold(0.0, |most: f64, (a, b)| {
        // NaN counts as wrong.
        let error = (a - b).abs();
        if error <= most {
            most
        } else if error.is_nan() {
            f64::INFINITY
        } else {
            error
        }
    });
    error / limit
}

pub fn check() {
    let mut credit = System::of(20).solve().col_as_slice(0).to_vec();
    assert!(worst(20, &credit) <= 1.0);
    credit[3] *= 1.0 + 1e-9;
    assert!(worst(20, &credit) > 1.0);
    credit[3] = f64::NAN;
    assert!(worst(20, &credit) > 1.0);
}
