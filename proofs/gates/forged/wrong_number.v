(* One number is not that of the rule: beta * c of 1 * 2 is 7.
   refused: the checker says no to example 0
   by Coq alone: has type "true = true" *)

From Coq Require Import ZArith List Qcanon.
From CreditCheck Require Import Checker.
Import ListNotations.
Open Scope Z_scope.

Definition sigma1 : activation := Identity.

Definition layer1 : layer_cert := Layer 1
  (Mat 1 [[2]])
  (Vec 1 [1])
  sigma1.

Definition example0 : example := Example
  (Vec 1 [1])
  (Vec 1 [5])
  (Vec 1 [4])
  [ Trace
      (Vec 1 [3])
      (Vec 1 [1])
      (Vec 1 [3])
      (Vec 1 [2])
      (Vec 1 [7]) ].

Definition cert : certificate := Certificate 1 1
  [layer1]
  [example0].

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
  map (fun T => value (s_cert T)) (traces E) = net_inputs N x /\
  x :: map (fun T => value (x_cert T)) (traces E) = rates N x /\
  map (fun T => value (beta_cert T)) (traces E) = beta /\
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = credits N beta (external_credit N x t) /\
  claimed_update cert E = credit_update (eta_of cert) N x t.
Proof. intros E_in; exact (proj2 (check_sound cert E (accept_check cert accepted) E_in)). Qed.

(* They are backpropagation's: the credits are minus the adjoints, the update is minus eta times the gradient. *)
Theorem backpropagation (E : example) : In E (examples cert) ->
  let N := network_of (layers cert) in
  let x := value (input E) in
  let t := value (target E) in
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = map (map Qcopp) (adjoints N (balance_factors N x) (minus (output N x) t)) /\
  claimed_update cert E = scaled (- eta_of cert)%Qc (gradient N x t).
Proof. exact (check_sound_backprop cert E (accept_check cert accepted)). Qed.
