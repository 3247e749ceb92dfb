(* A graph of one input, which is its output: nothing that the rule could change.
   refused: it has no outputs, or no neuron that is not an input
   by Coq alone: has type "is_true (true == true)" *)

From Coq Require Import ZArith List.
From CreditCheck Require Import CheckerGraphRun.
Import ListNotations.
Open Scope Z_scope.

Definition activations : list (option activation) :=
  [None].

Definition network : graph := Graph activations
  [true]
  (Synapses 1 [none])
  (Zeros 1).

Definition example0 : settled := Settled
  (Vec 1 [5])
  (Trace (Zeros 1) (Zeros 1) (Vec 1 [3]) (Vec 1 [2]) (Zeros 1))
  Acyclic.

Definition examples : list settled :=
  [example0].

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
   \sum_ij eta beta_i c_i x_j H_ij + \sum_i eta beta_i c_i k_i = - eta \sum_(outputs i) (x_i - t_i) dx_i. *)
Theorem update (K : numFieldType) (E : settled) :
  List.In E examples -> update_is_descent K network E.
Proof. exact: graph_update (accept_graph_check accepted). Qed.
