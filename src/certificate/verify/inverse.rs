//! D9: with a cycle the equations of credit and linear response determine their answers only if a matrix is invertible.
//!
//! A matrix that has an inverse is invertible: the witness is multiplied back. Substituting the credit alone would accept a wrong one
//! wherever I − Wᵀ diag β is singular.

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Confirmed, Ground, Refusal, confirm, refusal};
use crate::certificate::Matrix;
use crate::spec::{Activation, Neuron, PerNeuron};

/// Confirms every inverse, and that every net input lies off the kinks; how many entries.
pub fn check(ground: &Ground<'_>, examples: &[Confirmed]) -> Result<usize, Refusal> {
    let mut confirmed = 0;
    let witnesses = &ground.certificate.witnesses.examples;
    for (number, (witness, known)) in witnesses.iter().zip(examples).enumerate() {
        let Some(inverses) = &witness.inverses else { continue };
        off_kinks(ground, number)?;
        let of_credit = (&inverses.credit, &witness.balance_factor, "β");
        let of_slope = inverses.slope.as_ref().map(|matrix| (matrix, &known.slope, "σ'"));
        for (matrix, factor, symbol) in [Some(of_credit), of_slope].into_iter().flatten() {
            multiply(ground, matrix, factor, |row, column| {
                format!("example {number}, (I − Wᵀ diag {symbol}) M at row {row}, column {column}")
            })?;
            confirmed += matrix.len() * matrix.len();
        }
    }
    Ok(confirmed)
}

/// (I − Wᵀ diag β) M = I.
fn multiply(
    ground: &Ground<'_>,
    matrix: &Matrix,
    factor: &PerNeuron<BigRational>,
    place: impl Fn(usize, usize) -> String,
) -> Result<(), Refusal> {
    for (pre, row) in matrix.iter().enumerate() {
        for (column, entry) in row.iter().enumerate() {
            let received = received(ground, matrix, factor, Neuron(pre), column);
            let found = ground.account.difference(entry, &received);
            let expected = if pre == column { BigRational::one() } else { BigRational::zero() };
            confirm("D9", &found, &expected, || place(pre, column))?;
        }
    }
    Ok(())
}

/// Σ_i W_ij β_i M_ik.
fn received(
    ground: &Ground<'_>,
    matrix: &Matrix,
    factor: &PerNeuron<BigRational>,
    pre: Neuron,
    column: usize,
) -> BigRational {
    let mut sum = ground.account.sum();
    for &synapse in &ground.wiring.outgoing[pre] {
        let post = ground.wiring.synapses[synapse].post;
        let signal = ground.account.product(&ground.parameters.weights[synapse], &factor[post]);
        sum.add_product(&signal, &matrix[post.0][column]);
    }
    sum.total()
}

/// On a kink the gradient at the equilibrium does not exist.
fn off_kinks(ground: &Ground<'_>, number: usize) -> Result<(), Refusal> {
    let net_input = &ground.certificate.witnesses.examples[number].net_input;
    for (post, activation) in ground.wiring.activations.indexed() {
        let of_balance = ground.wiring.balances[post].iter().flat_map(Activation::kinks);
        let mut kinks = activation.kinks().into_iter().chain(of_balance);
        if !ground.wiring.is_input[post] && kinks.any(|at| at == net_input[post]) {
            let place = format!("example {number}, net input of neuron {}", post.0);
            let found = net_input[post].to_string();
            return Err(refusal("D9", place, found, "a net input off the kinks"));
        }
    }
    Ok(())
}
