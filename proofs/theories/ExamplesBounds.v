(******************************************************************************)
(* Networks that satisfy the hypotheses of T7, T7r and T8, so that none of    *)
(* them speaks of nothing. (That "<=" does not do in T7r is proved in         *)
(* Residual.v; the worked example of T6 is in Checker.v.)                     *)
(*                                                                            *)
(*   chain == two neurons, one synapse of weight 2 from neuron 1 to neuron 0  *)
(*    loop == one neuron with a self-synapse of weight 1/2                    *)
(******************************************************************************)
From CreditCheck Require Import Prelude Settling Contraction Residual.

Import Order.TTheory Num.Theory.

Definition chain : 'M[rat]_2 := \matrix_(i, j) (2%:R *+ ((i == 0) && (j == 1))).

Lemma chain_height : height chain (fun i : 'I_2 => i : nat).
Proof.
move=> i j; rewrite mxE; case: andP => [[/eqP -> /eqP ->] //|_].
by rewrite mulr0n eqxx.
Qed.

(* e = (1, 0), c = (1, 2); the computed credits (1, 3) have the residuals     *)
(* (0, 1), and the bound is met with equality                                 *)
Definition chain_credit (c1 : rat) (i : 'I_2) : rat := if i == 0 then 1 else c1.

Definition chain_external (i : 'I_2) : rat := if i == 0 then 1 else 0.

Definition chain_bound (i : 'I_2) : rat := if i == 0 then 0 else 1.

Lemma ord2P (P : 'I_2 -> Prop) : P 0 -> P 1 -> forall j, P j.
Proof.
move=> P0 P1 [[|[|//]] lt_j].
  by rewrite (_ : Ordinal lt_j = 0) //; apply: val_inj.
by rewrite (_ : Ordinal lt_j = 1) //; apply: val_inj.
Qed.

Example chain_bounded j :
  `|chain_credit 3%:R j - chain_credit 2%:R j| <= chain_bound j.
Proof.
have two_terms (f : 'I_2 -> rat) : \sum_i f i = f 0 + f 1.
  rewrite big_ord_recl big_ord1; congr (_ + f _); exact: val_inj.
move: j; apply: (residual_bound (W := chain) (beta := fun=> 1)
  (e := chain_external) (rho := chain_bound) chain_height);
  by apply: ord2P; rewrite /residual /amplified two_terms !mxE.
Qed.

Definition loop : 'M[rat]_1 := const_mx 2%:R^-1.

Example loop_contracts : column_sums loop (fun=> 1) 2%:R^-1.
Proof. by move=> j; rewrite big_ord1 mxE. Qed.

Example loop_halves (e c start : 'I_1 -> rat) k :
  equilibrium loop (fun=> 1) e c ->
  forall j, `|settled loop (fun=> 1) e start k j - c j|
            <= 2%:R^-1 ^+ k * `|start 0 - c 0|.
Proof.
by move=> eq_c; apply: settled_error loop_contracts eq_c _ => i; rewrite ord1.
Qed.

Example loop_certificate (e c' rho : 'I_1 -> rat) :
  (forall j, `|residual loop (fun=> 1) e c' j| <= rho j) -> 0 < rho 0 ->
  credit_matrix loop (fun=> 1) \in unitmx /\
  exists c, [/\ equilibrium loop (fun=> 1) e c,
                forall c'', equilibrium loop (fun=> 1) e c'' -> c'' =1 c
              & forall j, `|c' j - c j| <= 3%:R * rho j].
Proof.
move=> small rho_gt0.
apply: (residual_certificate (b := fun j => 3%:R * rho j) small) => j.
  by rewrite ord1 mulr_ge0 // ltW.
rewrite ord1 /amplified big_ord1 !mxE normr1 mulr1 mulrA -{2}[rho 0]mul1r.
by rewrite -mulrDl ltr_pmul2r.
Qed.

(* T7: without a height "<=" is not enough; Residual.v has the network        *)
Example T7_bites : ~ forall (W : 'M[rat]_1) (beta e c c' rho b : 'I_1 -> rat),
  equilibrium W beta e c ->
  (forall j, `|residual W beta e c' j| <= rho j) ->
  (forall j, amplified W beta b j + rho j <= b j) ->
  forall j, `|c' j - c j| <= b j.
Proof.
have [W [beta [e [c [c' [rho [b]]]]]]] :=
  residual_strictness_needed [realDomainType of rat].
case=> eq_c small _ enough [_ [j far]] /(_ W beta e c c' rho b) claim.
by have := claim eq_c small enough j; rewrite leNgt far.
Qed.

(* T8: with column sums of 2 the claim for q = 1 fails after one sweep        *)
Example T8_bites : let W : 'M[rat]_1 := const_mx 2%:R in
  equilibrium W (fun=> 1) (fun=> 0) (fun=> 0) /\
  1 ^+ 1 * 1 < `|settled W (fun=> 1) (fun=> 0) (fun=> 1) 1 0 - 0|.
Proof.
by split=> [j|]; rewrite ?/settled /= ?/sweep big_ord1 !mxE.
Qed.
