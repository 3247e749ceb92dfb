//! A layered network for `Checker.v`.

use std::fmt::Write as _;

use num_rational::BigRational;

use super::text::{activation, fraction, harmless, list, matrix, vector};
use super::{MARK, sparse};
use crate::certificate::{Certificate, ExampleWitness};
use crate::spec::Layered;

/// The whole file.
pub(super) fn file(certificate: &Certificate, net: &Layered) -> String {
    let layers = (1..=net.layers.len()).map(|l| format!("layer{l}"));
    let examples: Vec<_> =
        (0..certificate.witnesses.examples.len()).map(|k| format!("example{k}")).collect();
    let mut file = heading(certificate);
    file.push_str(
        "From Coq Require Import ZArith List Qcanon.\nFrom CreditCheck Require Import Checker.\n\
         Import ListNotations.\nOpen Scope Z_scope.\n\n",
    );
    // Before the data: a slope that no net input reaches is seen by no equation.
    for (number, layer) in net.layers.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            file,
            "Definition sigma{} : activation := {}.",
            number + 1,
            activation(&layer.activation)
        );
    }
    file.push_str("\n(* data *)\n");
    for (number, layer) in net.layers.iter().enumerate() {
        let biases = match &layer.biases {
            Some(biases) => vector(biases, 2),
            None => format!("(Zeros {})", layer.width()),
        };
        let _ = write!(
            file,
            "Definition layer{0} : layer_cert := Layer {1}\n  {2}\n  {biases}\n  sigma{0}.\n\n",
            number + 1,
            layer.inputs(),
            matrix(&layer.weights, 2),
        );
    }
    for (number, witness) in certificate.witnesses.examples.iter().enumerate() {
        let target = &certificate.case.examples[number].target;
        let _ = write!(file, "{}\n\n", example(number, witness, target, net));
    }
    let _ = write!(
        file,
        "(* end of data *)\n\n(* No equation sees the learning rate: the update is proportional to it. *)\n\
         Definition cert : certificate := Certificate {}\n  {}\n  {}.\n\n{THEOREMS}",
        fraction(&certificate.case.learning_rate),
        list(layers, 2),
        list(examples.iter().cloned(), 2),
    );
    file
}

fn heading(certificate: &Certificate) -> String {
    format!(
        "{MARK} certify --coq\n   from the case {}\n   {}\n\n   \
         {}, and {}: net inputs, rates, balance factors, credits and\n   \
         beta * c as integers over common denominators. Where proofs/accept accepts this file, these numbers are those of\n   \
         the credit rule, and the update eta beta_i c_i x_j is minus eta times the gradient of half the squared\n   \
         error, which backpropagation computes. The update of a batch is the mean over its examples. *)\n\n",
        harmless(certificate.case.title().0),
        certificate.case_digest,
        sparse::kind(&certificate.case),
        sparse::examples(certificate.witnesses.examples.len()),
    )
}

/// One example: input, target, credits of the inputs, and a trace per layer.
fn example(
    number: usize,
    witness: &ExampleWitness,
    target: &[BigRational],
    net: &Layered,
) -> String {
    let (widths, offsets) = (net.widths(), net.offsets());
    let of_layer = |values: &[BigRational], l: usize| -> Vec<BigRational> {
        values[offsets[l]..offsets[l] + widths[l]].to_vec()
    };
    let (rate, credit) = (witness.firing_rate.as_slice(), witness.credit.as_slice());
    let traces: Vec<_> = (1..widths.len())
        .map(|l| {
            let factor = of_layer(witness.balance_factor.as_slice(), l);
            let own = of_layer(credit, l);
            let passed: Vec<_> = factor.iter().zip(&own).map(|(b, c)| b * c).collect();
            let fields =
                [of_layer(witness.net_input.as_slice(), l), factor, of_layer(rate, l), own, passed];
            let names = ["net inputs", "balance factors", "rates", "credits", "beta * c"];
            let fields = names.into_iter().zip(fields.iter().map(Vec::as_slice));
            format!("Trace{}", sparse::named(fields, 6))
        })
        .collect();
    format!(
        "Definition example{number} : example := Example\n  (* input *)\n  {}\n  (* target *)\n  {}\n  \
         (* credits of the inputs *)\n  {}\n  [ {} ].",
        vector(&of_layer(rate, 0), 2),
        vector(target, 2),
        vector(&of_layer(credit, 0), 2),
        traces.join(";\n    "),
    )
}

const THEOREMS: &str = "\
Theorem accepted : accept cert = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

(* There is a layer and an example, and no layer is empty. *)
Theorem something : about_something cert.
Proof. exact (accept_nonempty cert accepted). Qed.

(* The numbers of each example are the firing equilibrium, the balance factors and the credits of this network, and its
   update is that of the credit rule. *)
Theorem credit_rule (E : example) : In E (examples cert) ->
  let N := network_of (layers cert) in
  let x := value (input E) in
  let t := value (target E) in
  let beta := balance_factors N x in
  map (fun T => value (s_cert T)) (traces E) = net_inputs N x /\\
  x :: map (fun T => value (x_cert T)) (traces E) = rates N x /\\
  map (fun T => value (beta_cert T)) (traces E) = beta /\\
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = credits N beta (external_credit N x t) /\\
  claimed_update cert E = credit_update (eta_of cert) N x t.
Proof. intros E_in; exact (proj2 (check_sound cert E (accept_check cert accepted) E_in)). Qed.

(* They are backpropagation's: the credits are minus the adjoints, the update is minus eta times the gradient. *)
Theorem backpropagation (E : example) : In E (examples cert) ->
  let N := network_of (layers cert) in
  let x := value (input E) in
  let t := value (target E) in
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = map (map Qcopp) (adjoints N (balance_factors N x) (minus (output N x) t)) /\\
  claimed_update cert E = scaled (- eta_of cert)%Qc (gradient N x t).
Proof. exact (check_sound_backprop cert E (accept_check cert accepted)). Qed.
";
