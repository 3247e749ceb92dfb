(* No neuron, hence no synapse and no credit.
   refused: it has no neurons
   by Coq alone: has type "is_true (true == true)" *)

From Coq Require Import ZArith List.
From CreditCheck Require Import CheckerGraphRun.
Import ListNotations.
Open Scope Z_scope.

Definition network : synapses :=
  (Synapses 1 []).

Definition floats0 : floats := Floats (Vec 1 []) (Vec 1 []) (Vec 1 []) (Vec 1 []).

Definition bounds0 : vector := (Vec 1 []).

Definition credits : list (floats * vector) :=
  [(floats0, bounds0)].

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
