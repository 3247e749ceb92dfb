//! Any graph, cycles included, for `CheckerGraph.v`.

use std::fmt::Write as _;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::MARK;
use super::sparse::{self, IMPORTS, Sparse};
use super::text::{self, activation, denominator, harmless, list};
use crate::certificate::digest::PRIME;
use crate::certificate::{Certificate, ExampleWitness, Matrix};
use crate::error::Error;
use crate::spec::{Example, PerNeuron};

/// The whole file.
///
/// # Errors
/// [`Error::Unsupported`] for a denominator modulo which no inverse can be given.
pub(super) fn file(certificate: &Certificate) -> Result<String, Error> {
    let net = Sparse::of(&certificate.case);
    let wiring = &net.wiring;
    let kinds = wiring.activations.indexed().map(|(neuron, sigma)| {
        if wiring.is_input[neuron] { "None".into() } else { format!("Some {}", activation(sigma)) }
    });
    let mut is_output = PerNeuron::filled(wiring.neurons(), false);
    for &output in &wiring.outputs {
        is_output[output] = true;
    }
    let mut file = heading(certificate);
    // Writing to a string cannot fail.
    let _ = write!(
        file,
        "{IMPORTS}(* None is an input. *)\nDefinition activations : list (option activation) :=\n  {}.\n\n\
         (* data *)\nDefinition network : graph := Graph activations\n  (* outputs *)\n  {}\n  (* row i: the synapses onto neuron i, from neuron k on *)\n  {}\n  (* biases *)\n  {}.\n\n",
        list(kinds, 2),
        list(is_output.iter().map(bool::to_string), 2),
        net.synapses(2),
        text::vector(net.biases.as_slice(), 2),
    );
    let mut names = Vec::new();
    for (number, witness) in certificate.witnesses.examples.iter().enumerate() {
        let targets = targets(&net, &certificate.case.examples[number]);
        let only = only(&net, witness)?;
        let _ = write!(file, "{}", example(number, &targets, witness, &only));
        names.push(format!("example{number}"));
    }
    let _ = write!(
        file,
        "(* end of data *)\n\nDefinition examples : list settled :=\n  {}.\n\n{THEOREMS}",
        list(names, 2)
    );
    Ok(file)
}

fn heading(certificate: &Certificate) -> String {
    format!(
        "{MARK} certify --coq\n   from the case {}\n   {}\n\n   \
         {}, and {}: net inputs, rates, balance factors, credits and\n   \
         beta * c as integers over common denominators, neurons numbered as in the case. Where proofs/accept\n   \
         accepts this file, the rates are a firing equilibrium, the credits are THE credit equilibrium there, and\n   \
         the update eta beta_i c_i x_j is minus eta times the first-order change of half the squared error,\n   \
         along every direction of the weights and biases. The update of a batch is the mean over its examples. *)\n\n",
        harmless(certificate.case.title().0),
        certificate.case_digest,
        sparse::kind(&certificate.case),
        sparse::examples(certificate.witnesses.examples.len()),
    )
}

/// Targets at the outputs, 0 elsewhere.
fn targets(net: &Sparse, example: &Example) -> Vec<BigRational> {
    let mut targets = vec![BigRational::zero(); net.wiring.neurons()];
    for (output, target) in net.wiring.outputs.iter().zip(&example.target) {
        targets[output.0].clone_from(target);
    }
    targets
}

fn example(number: usize, targets: &[BigRational], witness: &ExampleWitness, only: &str) -> String {
    let (factor, credit) = (witness.balance_factor.as_slice(), witness.credit.as_slice());
    let passed: Vec<_> = factor.iter().zip(credit).map(|(b, c)| b * c).collect();
    let trace = [
        ("net inputs", witness.net_input.as_slice()),
        ("balance factors", factor),
        ("rates", witness.firing_rate.as_slice()),
        ("credits", credit),
        ("beta * c", &passed),
    ];
    format!(
        "Definition example{number} : settled := Settled{}\n  (Trace{})\n  {only}.\n\n",
        sparse::named([("targets", targets)], 2),
        sparse::named(trace, 4),
    )
}

/// Why there are no other credits: no cycle, or an inverse of I − Wᵀ diag β modulo a prime.
fn only(net: &Sparse, witness: &ExampleWitness) -> Result<String, Error> {
    let Some(inverses) = &witness.inverses else { return Ok("Acyclic".into()) };
    let over = net.denominator() * denominator(witness.balance_factor.iter());
    let residues = residues(&inverses.credit, &over).ok_or_else(|| {
        super::unsupported(&format!(
            "a denominator that {PRIME} divides, modulo which the inverse is given"
        ))
    })?;
    let rows: Vec<_> =
        residues.iter().map(|row| list(row.iter().map(BigInt::to_string), 4)).collect();
    Ok(format!("(Inverse {PRIME}\n   [{}])", rows.join(";\n    ")))
}

/// The inverse of d · (I − Wᵀ diag β) modulo p, from that of I − Wᵀ diag β.
fn residues(inverse: &Matrix, d: &BigInt) -> Option<Vec<Vec<BigInt>>> {
    let p = BigInt::from(PRIME);
    let residue = |value: &BigRational| {
        let below = value.denom() * d % &p;
        if below.is_zero() {
            return None;
        }
        // Fermat: the inverse modulo a prime.
        let reciprocal = below.modpow(&(&p - 2), &p);
        let found = value.numer() * reciprocal % &p;
        Some(if found < BigInt::zero() { found + &p } else { found })
    };
    inverse.iter().map(|row| row.iter().map(residue).collect()).collect()
}

const THEOREMS: &str = "\
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import CheckerGraph.

Theorem accepted : accept_graph network examples = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

(* There is an example, an output, and a neuron that is no input. *)
Theorem something : graph_about_something network examples.
Proof. exact: accept_graph_nonempty accepted. Qed.

(* In any number field: s = W x + b, x = sigma(s), beta = sigma'(s), c = W^T (beta c) + e with e = t - x at the outputs; no
   other credits obey that, and I - W^T diag beta is invertible. *)
Theorem credit_equilibrium (K : numFieldType) (E : settled) :
  List.In E examples -> credit_rule_holds K network E.
Proof. exact: graph_credit (accept_graph_check accepted). Qed.

(* For every eta and every direction (H, k) the rates have one linear response dx, and
   \\sum_ij eta beta_i c_i x_j H_ij + \\sum_i eta beta_i c_i k_i = - eta \\sum_(outputs i) (x_i - t_i) dx_i. *)
Theorem update (K : numFieldType) (E : settled) :
  List.In E examples -> update_is_descent K network E.
Proof. exact: graph_update (accept_graph_check accepted). Qed.
";

#[cfg(test)]
mod tests {
    use num_traits::One;

    use super::*;

    #[test]
    fn residues_invert_what_they_should() {
        let q = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        // 2 · [[1, -1/2], [0, 1]] is the matrix of integers [[2, -1], [0, 2]].
        let inverse = vec![vec![q(1, 1), q(1, 2)], vec![q(0, 1), q(1, 1)]];
        let found = residues(&inverse, &BigInt::from(2)).unwrap();
        let p = BigInt::from(PRIME);
        let product = |k: usize, i: usize| {
            let columns = [[BigInt::from(2), BigInt::zero()], [BigInt::from(-1), BigInt::from(2)]];
            (&found[k][0] * &columns[i][0] + &found[k][1] * &columns[i][1] + &p) % &p
        };
        assert_eq!([product(0, 0), product(1, 1)], [BigInt::one(), BigInt::one()]);
        assert_eq!([product(0, 1), product(1, 0)], [BigInt::zero(), BigInt::zero()]);
        assert!(residues(&inverse, &p).is_none());
    }
}
