//! Bounds b with |W|ᵀ|β| b + |ρ| ≤ b, with < where there is a cycle.
//!
//! They are only proposed here: Coq decides whether they do.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::sparse::Sparse;
use crate::error::Error;
use crate::spec::{Neuron, PerNeuron, Wiring};

/// Bounds are multiples of 2^−this times the largest residual, rounded up.
const BITS: i64 = 16;

/// With a cycle: how many sweeps b ← |W|ᵀ|β| b + ρ may take to settle.
const SWEEPS: usize = 2000;

/// With a cycle and no residual at all, the bounds are of this order: they must be positive.
const SMALLEST: i64 = -60;

/// |W_ij| |β_i| by presynaptic neuron j.
pub(super) struct Matrix(PerNeuron<Vec<(Neuron, BigRational)>>);

impl Matrix {
    pub fn of(net: &Sparse, balance_factor: &PerNeuron<BigRational>) -> Self {
        Self(net.wiring.outgoing.map(|outgoing| {
            let entry = |synapse| {
                let post = net.wiring.synapses[synapse].post;
                (post, (&net.weights[synapse] * &balance_factor[post]).abs())
            };
            outgoing.iter().map(|&synapse| entry(synapse)).filter(|(_, w)| !w.is_zero()).collect()
        }))
    }

    /// One entry of |W|ᵀ|β| b.
    fn amplified(&self, b: &PerNeuron<BigRational>, pre: Neuron) -> BigRational {
        self.0[pre].iter().fold(BigRational::zero(), |sum, (post, w)| sum + w * &b[*post])
    }
}

/// Bounds that the residuals imply.
///
/// # Errors
/// [`Error::Unsupported`] where there is a cycle and |W|ᵀ|β| does not contract.
pub(super) fn bounds(
    wiring: &Wiring,
    matrix: &Matrix,
    residual: &PerNeuron<BigRational>,
) -> Result<PerNeuron<BigRational>, Error> {
    let largest = residual.iter().map(BigRational::abs).max().unwrap_or_else(BigRational::zero);
    let zero = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    match &wiring.order {
        Some(_) if largest.is_zero() => Ok(zero),
        Some(order) => {
            let grid = grid(&largest);
            let mut b = zero;
            for &pre in order.iter().rev() {
                b[pre] = up(&(matrix.amplified(&b, pre) + residual[pre].abs()), &grid);
            }
            Ok(b)
        }
        None => settle(matrix, residual, &largest.max(power(SMALLEST))),
    }
}

/// With a cycle: sweeps that leave every bound some room, until the strict inequality holds.
fn settle(
    matrix: &Matrix,
    residual: &PerNeuron<BigRational>,
    room: &BigRational,
) -> Result<PerNeuron<BigRational>, Error> {
    let grid = grid(room);
    let neurons = residual.len();
    let mut b = PerNeuron::filled(neurons, BigRational::zero());
    for _ in 0..SWEEPS {
        let next = PerNeuron::from_fn(neurons, |pre| {
            up(&(matrix.amplified(&b, pre) + residual[pre].abs() + room), &grid)
        });
        let holds = |(pre, bound): (Neuron, &BigRational)| {
            &(matrix.amplified(&next, pre) + residual[pre].abs()) < bound
        };
        if next.indexed().all(holds) {
            return Ok(next);
        }
        b = next;
    }
    Err(super::unsupported(&format!(
        "bounds on these credits: |W|^T |beta| does not contract, and {SWEEPS} sweeps of b <- |W|^T |beta| b + residual \
         did not settle; --number exact needs no contraction"
    )))
}

/// A power of two, [`BITS`] below the given positive number.
fn grid(value: &BigRational) -> BigRational {
    let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX);
    power(bits(value.numer()) - bits(value.denom()) - BITS)
}

/// The next multiple of the grid.
fn up(value: &BigRational, grid: &BigRational) -> BigRational {
    (value / grid).ceil() * grid
}

/// 2ᵉ.
pub(super) fn power(e: i64) -> BigRational {
    let shifted = BigInt::one() << e.unsigned_abs();
    let power = BigRational::from_integer(shifted);
    if e < 0 { power.recip() } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(n: i64, d: i64) -> BigRational {
        BigRational::new(n.into(), d.into())
    }

    #[test]
    fn a_self_synapse_below_one_settles_and_one_at_one_does_not() {
        let residual = PerNeuron::new(vec![q(-1, 1 << 20)]);
        let matrix = |w| Matrix(PerNeuron::new(vec![vec![(Neuron(0), w)]]));
        let b = settle(&matrix(q(3, 4)), &residual, &q(1, 1 << 20)).unwrap();
        assert!(q(3, 4) * &b[Neuron(0)] + q(1, 1 << 20) < b[Neuron(0)]);
        assert!(settle(&matrix(q(1, 1)), &residual, &q(1, 1 << 20)).is_err());
    }

    #[test]
    fn rounding_is_upwards() {
        let grid = grid(&q(1, 3));
        let value = q(1, 3);
        assert!(up(&value, &grid) > value && up(&value, &grid) < value + &grid);
        assert_eq!(up(&grid, &grid), grid);
    }
}
