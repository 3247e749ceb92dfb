(* Written by creditcheck certify --coq --number f64
   from the case recurrent-cycle
   sha256:a05d230194208b9f8ec7bbcdb5ab4ca4851f342ecd5857e596c18da2c7cccf80

   A graph of 5 neurons and 7 synapses, and 2 examples: balance factors, external credits, and credits as
   a float program computed them. Where proofs/accept accepts this file, for these weights, balance factors and
   external credits there is exactly one credit equilibrium, and every float lies within 2^-54 of the exact one,
   each by its own bound below; and what that means for the updates. Nothing is assumed about the arithmetic
   of the program: the bounds follow from the residuals of what it returned. *)

From Coq Require Import ZArith List.
From CreditCheck Require Import CheckerGraphRun.
Import ListNotations.
Open Scope Z_scope.

(* data *)
Definition network : synapses :=
  (Synapses 8
   [none;
    none;
    Row 0 [4; 0; 0; 2];
    Row 1 [-6; 5];
    Row 2 [-8; 3; 1]]).

Definition floats0 : floats := Floats
  (* balance factors *)
  (Vec 8 [0; 0; 8; 1; 1])
  (* external credits *)
  (Vec 63252 [0; 0; 0; 0; 53467])
  (* credits, each of them a float *)
  (Vec 2305843009213693952 [-122521809868078144; -2958273075285589; -245043619736156288; 31554912803046280; 1980070778391154176])
  (* their residuals c - (W^T (beta c) + e) *)
  (Vec 291698364037569139703808 [0; -31626; -838089; 0; 3694400]).

Definition floats1 : floats := Floats
  (* balance factors *)
  (Vec 8 [0; 0; 8; 1; 1])
  (* external credits *)
  (Vec 126504 [0; 0; 0; 0; -45179])
  (* credits, each of them a float *)
  (Vec 9223372036854775808 [207059040081916032; 4999413442621715; 414118080163832064; -53327076721298296; -3346274064261468160])
  (* their residuals c - (W^T (beta c) + e) *)
  (Vec 1166793456150276558815232 [0; -31626; -3368169; 1012032; -27381248]).

(* end of data *)

(* The bounds are what is claimed: larger ones would say less, smaller ones may not hold. *)
Definition bounds0 : vector :=
  (Vec 4722366482869645213696 [59810; 60322; 73378; 59810; 119619]).

Definition bounds1 : vector :=
  (Vec 2361183241434822606848 [55411; 55475; 62227; 57459; 110821]).

Definition credits : list (floats * vector) :=
  [(floats0, bounds0); (floats1, bounds1)].

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
