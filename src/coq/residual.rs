//! Credits in floats with bounds on their errors, for `CheckerResidual.v`.

use std::fmt::Write as _;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::bounds::{self, Matrix, power};
use super::sparse::{self, IMPORTS, Sparse};
use super::text::{self, harmless, list};
use super::{Given, MARK};
use crate::error::Error;
use crate::spec::{Case, PerNeuron};

/// The whole file.
pub(super) fn file(case: &Case, case_digest: &str, examples: &[Given]) -> Result<String, Error> {
    let net = Sparse::of(case);
    let (mut data, mut claims, mut pairs) = (String::new(), String::new(), Vec::new());
    let mut largest = BigRational::zero();
    for (number, given) in examples.iter().enumerate() {
        if [&given.balance_factor, &given.external_credit, &given.credit]
            .iter()
            .any(|values| values.len() != net.wiring.neurons())
        {
            return Err(super::unsupported("values that are not one per neuron"));
        }
        let matrix = Matrix::of(&net, &given.balance_factor);
        let residual = residual(&net, given);
        let bounds = bounds::bounds(&net.wiring, &matrix, &residual)?;
        let fields = [
            ("balance factors", &given.balance_factor),
            ("external credits", &given.external_credit),
            ("credits, each of them a float", &given.credit),
            ("their residuals c - (W^T (beta c) + e)", &residual),
        ];
        let fields = fields.map(|(name, values)| (name, values.as_slice()));
        // Writing to a string cannot fail.
        let _ = write!(
            data,
            "Definition floats{number} : floats := Floats{}.\n\n",
            sparse::named(fields, 2)
        );
        let _ = write!(
            claims,
            "Definition bounds{number} : vector :=\n  {}.\n\n",
            text::vector(bounds.as_slice(), 2)
        );
        pairs.push(format!("(floats{number}, bounds{number})"));
        largest = bounds.iter().cloned().fold(largest, BigRational::max);
    }
    Ok(format!(
        "{}{IMPORTS}(* data *)\nDefinition network : synapses :=\n  {}.\n\n{data}(* end of data *)\n\n\
         (* The bounds are what is claimed: larger ones would say less, smaller ones may not hold. *)\n{claims}\
         Definition credits : list (floats * vector) :=\n  {}.\n\n{THEOREMS}",
        heading(case, case_digest, examples.len(), &largest),
        net.synapses(2),
        list(pairs, 2),
    ))
}

fn heading(case: &Case, case_digest: &str, examples: usize, largest: &BigRational) -> String {
    let bound = match exponent(largest) {
        None => "equals the exact one".into(),
        Some(e) => format!("lies within 2^{e} of the exact one"),
    };
    format!(
        "{MARK} certify --coq --number f64\n   from the case {}\n   {case_digest}\n\n   \
         {}, and {}: balance factors, external credits, and credits as\n   \
         a float program computed them. Where proofs/accept accepts this file, for these weights, balance factors and\n   \
         external credits there is exactly one credit equilibrium, and every float {bound},\n   \
         each by its own bound below; and what that means for the updates. Nothing is assumed about the arithmetic\n   \
         of the program: the bounds follow from the residuals of what it returned. *)\n\n",
        harmless(case.title().0),
        sparse::kind(case),
        sparse::examples(examples),
    )
}

/// The smallest e with value ≤ 2ᵉ; none for 0.
fn exponent(value: &BigRational) -> Option<i64> {
    if value.is_zero() {
        return None;
    }
    let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX);
    let mut e = bits(value.numer()) - bits(value.denom()) - 1;
    while &power(e) < value {
        e += 1;
    }
    Some(e)
}

/// c − (Wᵀ(β∘c) + e), exactly.
fn residual(net: &Sparse, given: &Given) -> PerNeuron<BigRational> {
    PerNeuron::from_fn(net.wiring.neurons(), |pre| {
        let mut sum = &given.credit[pre] - &given.external_credit[pre];
        for &synapse in &net.wiring.outgoing[pre] {
            let post = net.wiring.synapses[synapse].post;
            sum -= &net.weights[synapse] * &given.balance_factor[post] * &given.credit[post];
        }
        sum
    })
}

const THEOREMS: &str = "\
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import CheckerResidual.

Theorem accepted : accept_floats network credits = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

(* There is a neuron and an example. *)
Theorem something : floats_about_something network credits.
Proof. exact: accept_floats_nonempty accepted. Qed.

(* In any ordered field: there is exactly one c with c = W^T (beta c) + e, and |float - c| <= bound at every neuron. *)
Theorem within (K : realFieldType) (F : floats) (b : vector) :
  List.In (F, b) credits -> within_bounds K network F b.
Proof. exact: all_within (accept_floats_check accepted). Qed.

(* ... hence |eta beta_i float_i x_j - eta beta_i c_i x_j| <= |eta| |beta_i| bound_i |x_j|, for all eta and x. *)
Theorem updates (K : realFieldType) (F : floats) (b : vector) :
  List.In (F, b) credits -> updates_within K network F b.
Proof. exact: all_updates (accept_floats_check accepted). Qed.
";

#[cfg(test)]
mod tests {
    use num_traits::Signed;

    use super::*;

    #[test]
    fn exponents_are_the_smallest() {
        let q = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let pairs = [(q(1, 8), -3), (q(1, 7), -2), (q(5, 1), 3), (q(4, 1), 2), (q(3, 4), 0)];
        for (value, expected) in pairs {
            assert_eq!(exponent(&value), Some(expected), "{value}");
        }
        assert_eq!(exponent(&q(0, 1)), None);
        assert!(power(-3).is_positive());
    }
}
