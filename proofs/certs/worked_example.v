(* Written by creditcheck certify --coq
   from the case worked-example
   sha256:d84b17c5a493447f772d0ea8671b15ce7911fcdedc2369a47b7b70090b458b9b

   A layered network, 2-2-1, and 1 example: net inputs, rates, balance factors, credits and
   beta * c as integers over common denominators. Where proofs/accept accepts this file, these numbers are those of
   the credit rule, and the update eta beta_i c_i x_j is minus eta times the gradient of half the squared
   error, which backpropagation computes. The update of a batch is the mean over its examples. *)

From Coq Require Import ZArith List Qcanon.
From CreditCheck Require Import Checker.
Import ListNotations.
Open Scope Z_scope.

Definition sigma1 : activation := Quadratic.
Definition sigma2 : activation := Quadratic.

(* data *)
Definition layer1 : layer_cert := Layer 2
  (Mat 4
   [[2; -4];
    [1; 2]])
  (Vec 4 [2; -1])
  sigma1.

Definition layer2 : layer_cert := Layer 2
  (Mat 1
   [[1; -2]])
  (Vec 4 [1])
  sigma2.

Definition example0 : example := Example
  (* input *)
  (Vec 2 [2; 1])
  (* target *)
  (Vec 1 [1])
  (* credits of the inputs *)
  (Vec 1024 [217; -3038])
  [ Trace
      (* net inputs *)
      (Vec 4 [2; 1])
      (* balance factors *)
      (Vec 2 [4; 3])
      (* rates *)
      (Vec 16 [12; 5])
      (* credits *)
      (Vec 256 [217; -434])
      (* beta * c *)
      (Vec 256 [434; -651]);
    Trace
      (* net inputs *)
      (Vec 8 [3])
      (* balance factors *)
      (Vec 4 [7])
      (* rates *)
      (Vec 64 [33])
      (* credits *)
      (Vec 64 [31])
      (* beta * c *)
      (Vec 256 [217]) ].

(* end of data *)

(* No equation sees the learning rate: the update is proportional to it. *)
Definition cert : certificate := Certificate 1 1
  [layer1; layer2]
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
