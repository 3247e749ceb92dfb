//! D3 at a given equilibrium of a recurrent network, in matrix form: one elimination, any number of external credits.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::perm::PermRef;
use faer::traits::math_utils::eps;
use faer::{Mat, MatMut, MatRef, Par};

use super::layout::stride;
use super::product::expect_shape;
use super::{Float, not_finite};
use crate::error::Error;

/// The credit equilibrium of a recurrent network, (I − Wᵀ diag β) c = e (D3), by elimination in memory taken beforehand.
///
/// Examples that share their balance factors share one elimination: their external credits are columns.
/// Neither [`Self::factor`] nor [`Self::solve`] takes memory.
///
/// Shapes: W N × N with row = post and column = pre, β of N neurons, e and c N × R with R at most the capacity.
///
/// Exactness: rounded, by LU with partial pivoting; a system too close to a singular one gives large and inaccurate
/// credits, and only a system that is singular in these floats is refused as such.
///
/// ```
/// use creditcheck::fast::solve::Solver;
/// use faer::mat;
/// // c₀ = 1·1·c₁ and c₁ = ½·1·c₀ + 3
/// let weights = mat![[0.0, 0.5], [1.0, 0.0]];
/// let mut credit = mat![[0.0], [3.0]];
/// let mut solver = Solver::<f64>::new(2, 1).unwrap();
/// solver.factor(weights.as_ref(), &[1.0, 1.0]).unwrap();
/// solver.solve(credit.as_mut()).unwrap();
/// assert_eq!(credit, mat![[6.0], [6.0]]);
/// ```
pub struct Solver<F> {
    /// L and U of I − diag β W, in a column stride that is no power of two.
    factors: Mat<F>,
    forward: Vec<usize>,
    inverse: Vec<usize>,
    scratch: MemBuffer,
    neurons: usize,
    capacity: usize,
    factored: bool,
}

impl<F: Float> Solver<F> {
    /// Takes the memory for a network of so many neurons and up to `capacity` external credits at once.
    ///
    /// # Errors
    /// [`Error::Input`] for no neurons.
    pub fn new(neurons: usize, capacity: usize) -> Result<Self, Error> {
        if neurons == 0 {
            return Err(Error::input("network", "no neurons", "at least one"));
        }
        let factor = factor::lu_in_place_scratch::<usize, F>(
            neurons,
            neurons,
            Par::Seq,
            faer::prelude::default(),
        );
        let solve =
            solve::solve_transpose_in_place_scratch::<usize, F>(neurons, capacity, Par::Seq);
        Ok(Self {
            factors: Mat::zeros(stride(neurons), neurons),
            forward: vec![0; neurons],
            inverse: vec![0; neurons],
            scratch: MemBuffer::new(StackReq::any_of(&[factor, solve])),
            neurons,
            capacity,
            factored: false,
        })
    }

    /// Eliminates (I − Wᵀ diag β); with β the balance factors at the equilibrium, 0 at clamped neurons.
    ///
    /// # Errors
    /// [`Error::Input`] on wrong shapes, [`Error::Singular`] if a pivot is zero, [`Error::NotFinite`] for weights or
    /// balance factors that are not finite, and where their products or the elimination overflow.
    pub fn factor(&mut self, weights: MatRef<'_, F>, balance_factor: &[F]) -> Result<(), Error> {
        let neurons = self.neurons;
        self.factored = false;
        expect_shape("weights", weights, neurons, neurons)?;
        if balance_factor.len() != neurons {
            let found = format!("{} numbers", balance_factor.len());
            return Err(Error::input("balance factors", found, neurons.to_string()));
        }
        if !balance_factor.iter().all(|beta| beta.finite()) {
            return Err(not_finite(format!("a balance factor in {}", F::NAME)));
        }
        // The transpose, I − diag β W, has the columns of W scaled by β: no strided pass over W.
        for pre in 0..neurons {
            let column = &mut self.factors.col_as_slice_mut(pre)[..neurons];
            let mut finite = true;
            let terms = weights.col(pre).iter().zip(balance_factor);
            for (entry, (weight, beta)) in column.iter_mut().zip(terms) {
                *entry = -(*beta * *weight);
                finite &= entry.finite();
            }
            column[pre] += F::from(1);
            if !finite {
                return Err(not_finite(format!("β W of a synapse in {}", F::NAME)));
            }
        }
        factor::lu_in_place(
            self.factors.as_mut().subrows_mut(0, neurons),
            &mut self.forward,
            &mut self.inverse,
            Par::Seq,
            MemStack::new(&mut self.scratch),
            faer::prelude::default(),
        );
        // A zero pivot stands before whatever it spoils.
        for pivot in 0..neurons {
            let value = self.factors[(pivot, pivot)];
            if value == F::from(0) {
                let what = "I − Wᵀ diag β: credit has no unique equilibrium (D3)".to_owned();
                return Err(Error::Singular { what });
            }
            if !value.finite() {
                return Err(not_finite(format!("the elimination of I − Wᵀ diag β in {}", F::NAME)));
            }
        }
        self.factored = true;
        Ok(())
    }

    /// Whether some pivot is within 4√N roundings of the largest entry above it, and may be what elimination made of a zero.
    ///
    /// What is singular in exact arithmetic need not be so in floats, where such a pivot is then some rounding error. Says yes
    /// without a successful [`Self::factor`].
    pub fn is_doubtful(&self) -> bool {
        let rounding = F::count(4 * (self.neurons.isqrt() + 1)) * eps::<F>();
        let doubtful = |pivot: usize| {
            let above = self.factors.col_as_slice(pivot)[..pivot].iter();
            // The diagonal of I − diag β W has a 1 in each of its sums.
            let largest = above.fold(F::from(1), |most, entry| {
                let size = entry.magnitude();
                if size > most { size } else { most }
            });
            self.factors[(pivot, pivot)].magnitude() <= rounding * largest
        };
        !self.factored || (0..self.neurons).any(doubtful)
    }

    /// c in place of e, one column per external credit (D3).
    ///
    /// # Errors
    /// [`Error::Input`] on wrong shapes or without a successful [`Self::factor`], [`Error::NotFinite`] for an external
    /// credit or a credit that is not finite.
    pub fn solve(&mut self, mut credit: MatMut<'_, F>) -> Result<(), Error> {
        let (neurons, columns) = (self.neurons, credit.ncols());
        if !self.factored {
            return Err(Error::input("credit", "no elimination", "one that succeeded"));
        }
        if columns > self.capacity {
            let expected = format!("up to {}", self.capacity);
            return Err(Error::input("external credit", format!("{columns} columns"), expected));
        }
        expect_shape("external credit", credit.as_ref(), neurons, columns)?;
        expect_finite(credit.as_ref(), "external credit")?;
        let factors = self.factors.as_ref().subrows(0, neurons);
        solve::solve_transpose_in_place(
            factors,
            factors,
            PermRef::new_checked(&self.forward, &self.inverse, neurons),
            credit.as_mut(),
            Par::Seq,
            MemStack::new(&mut self.scratch),
        );
        expect_finite(credit.as_ref(), "credit")
    }
}

fn expect_finite<F: Float>(matrix: MatRef<'_, F>, quantity: &str) -> Result<(), Error> {
    for column in matrix.col_iter() {
        if let Some(neuron) = column.iter().position(|value| !value.finite()) {
            return Err(not_finite(format!("{quantity} of neuron {neuron} in {}", F::NAME)));
        }
    }
    Ok(())
}
