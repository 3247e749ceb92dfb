(******************************************************************************)
(* Graphs that satisfy the hypotheses of T3, T4 and T4b, and ones that show   *)
(* that without them the claims fail.                                         *)
(*                                                                            *)
(*    pair == two neurons, true and false, and one synapse of weight 2 from   *)
(*            true to false                                                   *)
(*   cycle == two neurons, synapses of weight 2 between them both ways and    *)
(*            self-synapses of weight 3                                       *)
(* All balance factors are 1.                                                 *)
(******************************************************************************)
From CreditCheck Require Import Prelude Layers Settling Recurrent
  ExamplesLayered.

Section T3.

Definition pair (i j : bool) : int := if ~~ i && j then 2%:R else 0.

Let external (i : bool) : int := if i then 0 else 1.
Let credit (i : bool) : int := if i then 2%:R else 1.

Lemma pair_height : height pair nat_of_bool.
Proof. by case; case. Qed.

Lemma pair_equilibrium : equilibrium pair (fun=> 1) external credit.
Proof. by case; rewrite big_bool. Qed.

Example T3_met (start : bool -> int) :
  iter 2 (sweep pair (fun=> 1) external) start true = 2%:R.
Proof. exact: (relaxation_exact pair_height _ pair_equilibrium). Qed.

Example T3_unique (c : bool -> int) :
  equilibrium pair (fun=> 1) external c -> c true = 2%:R.
Proof.
move=> eq_c.
by rewrite (equilibrium_unique pair_height eq_c pair_equilibrium).
Qed.

Example T3_transfer (W : 'M[rat]_2) (beta : 'cV[rat]_2) :
  height W (fun i : 'I_2 => i : nat) -> 1%:M - transfer W beta \in unitmx.
Proof. exact: transfer_unit. Qed.

(* both neurons in turn                                                       *)
Let turns t : {set bool} := [set odd t].

Lemma turns_fair : fair turns.
Proof.
move=> j t; case: (eqVneq j (odd t)) => [->|j_neq].
  by exists t; rewrite ?inE.
by exists t.+1; rewrite ?inE //=; move: j_neq; case: j; case: odd.
Qed.

Example T3_asynchronous (start : bool -> int) :
  exists T, forall t j, (T <= t)%N ->
    asynchronous pair (fun=> 1) external turns start t j = credit j.
Proof.
exact: (asynchronous_fair pair_height _ pair_equilibrium turns_fair).
Qed.

(* h(j) sweeps are one too few                                                *)
Example T3_bites :
  iter 1 (sweep pair (fun=> 1) external) (fun=> 0) true <> 2%:R.
Proof. by rewrite /= /sweep big_bool. Qed.

(* a schedule that never updates                                              *)
Example T3_unfair_bites t :
  asynchronous pair (fun=> 1) external (fun=> set0) (fun=> 0) t true <> 2%:R.
Proof. by elim: t => [//|t IH]; rewrite /= /some_update inE. Qed.

(* no height: a self-synapse with W beta = 1 has no equilibrium, or many      *)
Example T3_loop_none (c : unit -> int) :
  ~ equilibrium (fun _ _ => 1) (fun=> 1) (fun=> 1) c.
Proof.
move/(_ tt); rewrite (big_pred1 tt) => [|[] //].
rewrite !mul1r -{1}[c tt]addr0 => /addrI/eqP.
by rewrite eq_sym oner_eq0.
Qed.

Example T3_loop_many (c : unit -> int) :
  equilibrium (fun _ _ => 1) (fun=> 1) (fun=> 0) c.
Proof. by case; rewrite (big_pred1 tt) => [|[] //]; rewrite !mul1r addr0. Qed.

End T3.

Section T4.

Definition cycle (i j : bool) : int := if i == j then 3%:R else 2%:R.

Let external (_ : bool) : int := - 4%:R.
Let direction (_ _ : bool) : int := - 2%:R.

Lemma cycle_equilibrium : equilibrium cycle (fun=> 1) external (fun=> 1).
Proof. by case; rewrite big_bool. Qed.

Lemma cycle_response :
  linear_response cycle (fun=> 1) (fun=> 1) direction (fun=> 0) (fun=> 1).
Proof. by case; rewrite !big_bool. Qed.

Example T4_met : \sum_j external j * 1 =
  \sum_i \sum_j (1 * 1 * 1) * direction i j + \sum_(i : bool) (1 * 1) * 0.
Proof. exact: credit_response cycle_equilibrium cycle_response. Qed.

Example T4_value : \sum_j external j * 1 = - 8%:R.
Proof. by rewrite big_bool. Qed.

(* feedback synapses of their own, here 0, in the place of the transpose of W *)
Example T4_feedback_bites : exists c : bool -> int,
  equilibrium (fun _ _ => 0) (fun=> 1) external c /\
  \sum_j external j * 1 <>
  \sum_i \sum_j (1 * c i * 1) * direction i j + \sum_(i : bool) (1 * c i) * 0.
Proof.
exists external; split; first by case; rewrite big_bool.
by rewrite !big_bool.
Qed.

(* balance factors of 1 in the place of slopes of 2: dx = 2 responds to       *)
(* H = 1 with slopes 2, no synapse                                            *)
Example T4_balance_bites :
  [/\ equilibrium (fun _ _ => 0) (fun=> 1) (fun=> 1) (fun _ : unit => 1 : int),
      linear_response (fun _ _ => 0) (fun=> 2%:R) (fun=> 1) (fun _ _ => 1)
        (fun=> 0) (fun _ : unit => 2%:R : int)
    & \sum_(j : unit) 1 * 2%:R <>
      \sum_(i : unit) \sum_(j : unit) (1 * 1 * 1) * 1
      + \sum_(i : unit) (1 * 1) * 0 :> int].
Proof.
have one (F : unit -> int) : \sum_i F i = F tt by apply: big_pred1; case.
by split=> [[]|[]|]; rewrite !one.
Qed.

End T4.

Section T4b.

(* the chain of ExamplesLayered with w = v = 1, beta = 2, e = 1: c = 4, 2, 1  *)
Let credit_of (c1 : int) : layered [comRingType of int] [:: 1; 1; 1]%N :=
  layer (const_mx 4%:R) (layer (const_mx c1)
    (layer (const_mx 1) (0 : layered [comRingType of int] [::]))).

Let beta : layered [comRingType of int] [:: 1; 1]%N :=
  layer (const_mx 2%:R) (layer (const_mx 2%:R)
    (0 : layered [comRingType of int] [::])).

Let one : 'cV[int]_(last 1 [:: 1; 1])%N := const_mx 1.

Let obeys c := equilibrium (graph_weight (chain 1 1))
  (at_neuron (layer 0 beta)) (at_neuron (last_only one)) (at_neuron c).

Lemma chain_credits :
  credits (chain 1 1) beta one = credit_of 2%:R.
Proof.
rewrite !credits_cons; congr layer; last congr layer; apply/colP => j;
  by rewrite !mxE big_ord1 ?mxE // big_ord1 !mxE.
Qed.

Example T4b_met : obeys (credit_of 2%:R).
Proof. by apply/layered_equilibrium; rewrite chain_credits. Qed.

Example T4b_bites : ~ obeys (credit_of 3%:R).
Proof.
move/layered_equilibrium; rewrite chain_credits.
by move/(congr1 (fun c => c.later.first 0 0)); rewrite /= !mxE.
Qed.

End T4b.
