//! (I − Wᵀ diag β) c = e by one elimination, refined until the residual is what rounding explains.

use faer::traits::math_utils::from_f64;
use faer::{Mat, MatMut, MatRef};

use super::fixed_point::dot;
use super::size::{largest, wide};
use super::unit;
use crate::error::Error;
use crate::fast::Float;
use crate::fast::layout::zeros;
use crate::fast::product::expect_shape;
use crate::fast::solve::Solver;

/// Corrections of a solution by its residual; more have never made it smaller.
const MOST_REFINEMENTS: usize = 4;

/// The credit equilibrium at given balance factors (D3, D9): LU of I − Wᵀ diag β, then c ← c + A⁻¹(e − A c).
///
/// This is what [`super::run`] does, once per pattern of balance factors; memory is taken beforehand.
///
/// Shapes: W N × N with row = post and column = pre, β of N neurons, e and c N × R with R at most the capacity.
///
/// Exactness: rounded; residuals are formed in f64 for both formats, and never left above
/// (N + 4) u max(|W|ᵀ|β∘c| + |e| + |c|).
///
/// ```
/// use creditcheck::fast::recurrent::Elimination;
/// use faer::mat;
/// // c₀ = 1·1·c₁ and c₁ = ½·1·c₀ + 3
/// let weights = mat![[0.0, 0.5], [1.0, 0.0]];
/// let mut credit = mat![[0.0], [0.0]];
/// let mut elimination = Elimination::<f64>::new(2, 1).unwrap();
/// elimination.factor(weights.as_ref(), &[1.0, 1.0]).unwrap();
/// let external = mat![[0.0], [3.0]];
/// let residual = elimination
///     .solve(weights.as_ref(), &[1.0, 1.0], external.as_ref(), credit.as_mut())
///     .unwrap();
/// assert_eq!(credit, mat![[6.0], [6.0]]);
/// assert_eq!(residual, 0.0);
/// ```
pub struct Elimination<F> {
    solver: Solver<F>,
    residual: Residual,
    start: Vec<F>,
    correction: Mat<F>,
}

impl<F: Float> Elimination<F> {
    /// Takes the memory for a network of so many neurons and up to `capacity` external credits at once.
    ///
    /// # Errors
    /// [`Error::Input`] for no neurons.
    pub fn new(neurons: usize, capacity: usize) -> Result<Self, Error> {
        Ok(Self {
            solver: Solver::new(neurons, capacity.max(1))?,
            residual: Residual::new(neurons),
            start: vec![F::from(0); neurons],
            correction: zeros(neurons, 1),
        })
    }

    /// Eliminates I − Wᵀ diag β.
    ///
    /// # Errors
    /// As [`Solver::factor`]; and [`Error::Singular`] where a pivot is no larger than its rounding.
    pub fn factor(&mut self, weights: MatRef<'_, F>, balance_factor: &[F]) -> Result<(), Error> {
        self.solver.factor(weights, balance_factor)?;
        if self.solver.is_doubtful() {
            let what = "I − Wᵀ diag β in these floats: a pivot is no larger than its rounding";
            return Err(Error::Singular { what: what.to_owned() });
        }
        Ok(())
    }

    /// The refined c of each column of e, and the largest residual |c − Wᵀ(β∘c) − e|; W and β as they were eliminated.
    ///
    /// # Errors
    /// As [`Solver::solve`]; and [`Error::NotConverged`] where the residual stays above what rounding explains.
    pub fn solve(
        &mut self,
        weights: MatRef<'_, F>,
        balance_factor: &[F],
        external: MatRef<'_, F>,
        mut credit: MatMut<'_, F>,
    ) -> Result<f64, Error> {
        let neurons = self.start.len();
        expect_shape("weights", weights, neurons, neurons)?;
        expect_shape("external credit", external, neurons, credit.ncols())?;
        expect_shape("credit", credit.as_ref(), neurons, external.ncols())?;
        if balance_factor.len() != neurons {
            let found = format!("{} numbers", balance_factor.len());
            return Err(Error::input("balance factors", found, neurons.to_string()));
        }
        credit.copy_from(external);
        self.solver.solve(credit.as_mut())?;
        let mut worst = 0.0f64;
        for column in 0..external.ncols() {
            let equation = Equation { weights, beta: balance_factor, e: external.col(column) };
            for (slot, c) in self.start.iter_mut().zip(credit.as_ref().col(column).iter()) {
                *slot = *c;
            }
            worst = worst.max(self.refine(&equation)?);
            for (c, found) in credit.as_mut().col_mut(column).iter_mut().zip(&self.start) {
                *c = *found;
            }
        }
        Ok(worst)
    }

    /// c ← c + A⁻¹(e − A c) in `start` while that makes the residual smaller.
    fn refine(&mut self, equation: &Equation<'_, F>) -> Result<f64, Error> {
        let scale = self.residual.scale(equation, &self.start);
        let mut size = self.residual.of(equation, &self.start);
        for _ in 0..MOST_REFINEMENTS {
            // As good as the rounding of c itself.
            if size <= unit::<F>() * scale / 2.0 {
                return Ok(size);
            }
            let correction = self.correction.col_as_slice_mut(0);
            for (slot, value) in correction.iter_mut().zip(&self.residual.values) {
                *slot = from_f64(*value);
            }
            self.solver.solve(self.correction.as_mut())?;
            let correction = self.correction.col_as_slice_mut(0);
            // Keeps what it replaces, in case it was better.
            for (c, d) in self.start.iter_mut().zip(correction.iter_mut()) {
                let before = *c;
                *c += *d;
                *d = before;
            }
            let now = self.residual.of(equation, &self.start);
            if now >= size {
                self.start.copy_from_slice(self.correction.col_as_slice(0));
                break;
            }
            let halved = now < size / 2.0;
            size = now;
            if !halved {
                break;
            }
        }
        // c is rounded, and its equation is a sum of so many terms.
        let limit = wide(F::count(self.start.len() + 4)) * unit::<F>() * scale;
        // Asked so that NaN is not settled.
        if size <= limit {
            return Ok(size);
        }
        Err(Error::NotConverged {
            what: format!("credit in {}", F::NAME),
            residual: format!("{size:.3e} (at most {limit:.3e} is settled)"),
            sweeps: MOST_REFINEMENTS,
        })
    }
}

/// W, β and e of c = Wᵀ(β∘c) + e.
pub(super) struct Equation<'a, F> {
    pub(super) weights: MatRef<'a, F>,
    pub(super) beta: &'a [F],
    pub(super) e: faer::ColRef<'a, F>,
}

/// r = e + Wᵀ(β∘c) − c in f64, from floats of either format.
pub(super) struct Residual {
    values: Vec<f64>,
    /// β∘c
    pub(super) balanced: Vec<f64>,
    column: Vec<f64>,
}

impl Residual {
    pub(super) fn new(n: usize) -> Self {
        Self { values: vec![0.0; n], balanced: vec![0.0; n], column: vec![0.0; n] }
    }

    /// Its largest entry.
    pub(super) fn of<F: Float>(&mut self, equation: &Equation<'_, F>, c: &[F]) -> f64 {
        for (balanced, (beta, c)) in self.balanced.iter_mut().zip(equation.beta.iter().zip(c)) {
            *balanced = wide(*beta) * wide(*c);
        }
        for (pre, c) in c.iter().enumerate() {
            let signals = self.signals(equation.weights, pre);
            self.values[pre] = signals + wide(equation.e[pre]) - wide(*c);
        }
        largest(self.values.iter().copied())
    }

    /// Σ_i W_ij β_i c_i onto one presynaptic neuron, at the β∘c last seen.
    pub(super) fn signals<F: Float>(&mut self, weights: MatRef<'_, F>, pre: usize) -> f64 {
        for (wider, value) in self.column.iter_mut().zip(weights.col(pre).iter()) {
            *wider = wide(*value);
        }
        dot(&self.column, &self.balanced)
    }

    /// max(|W|ᵀ|β∘c| + |e| + |c|): the size of what is added up.
    fn scale<F: Float>(&mut self, equation: &Equation<'_, F>, c: &[F]) -> f64 {
        for (balanced, (beta, c)) in self.balanced.iter_mut().zip(equation.beta.iter().zip(c)) {
            *balanced = (wide(*beta) * wide(*c)).abs();
        }
        let mut scale = 0.0f64;
        for (pre, c) in c.iter().enumerate() {
            for (wider, value) in self.column.iter_mut().zip(equation.weights.col(pre).iter()) {
                *wider = wide(*value).abs();
            }
            let sum = dot(&self.column, &self.balanced);
            scale = scale.max(sum + wide(equation.e[pre]).abs() + wide(*c).abs());
        }
        scale
    }
}
