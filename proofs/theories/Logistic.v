(******************************************************************************)
(* What Headline.v needs of calculus: the slope of the logistic function and  *)
(* of ReLU, at all neurons of a network; and that a change of the parameters  *)
(* is known by its products with all directions.                              *)
(*                                                                            *)
(*         logistic s == 1 / (1 + exp(- s))                                   *)
(* logistic_balance s == logistic s * (1 - logistic s)                        *)
(*    everywhere f ns == the function f at all neurons of the layers ns       *)
(*        off_kink s == no net input of s is 0                                *)
(******************************************************************************)
From CreditCheck Require Import Prelude.
From mathcomp.analysis Require Import reals normedtype sequences derive realfun
  exp.
From CreditCheck Require Import Layers Analysis.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.

Section Logistic.

Variable R : realType.

Definition logistic (s : R) : R := (1 + expR (- s))^-1.

Definition logistic_balance (s : R) : R := logistic s * (1 - logistic s).

Fixpoint everywhere (f : R -> R) (ns : seq nat) : functions R ns :=
  match ns with
  | [::] => tt
  | n :: ns' => ((fun=> f), everywhere f ns')
  end.

Lemma logistic_slope s : slope_of logistic s (logistic_balance s).
Proof.
have pos : 0 < 1 + expR (- s) by rewrite addr_gt0 ?ltr01 ?expR_gt0.
have slope_exp : slope_of (fun s => 1 + expR (- s)) s (- expR (- s)).
  have slope_opp : slope_of (fun s : R => - s) s (- 1) by apply: is_deriveNid.
  apply: slope_of_val (slope_ofD (slope_of_const 1 s)
    (slope_of_comp (is_derive_expR (- s)) slope_opp)) _.
  by rewrite add0r mulrN1.
have slope_inv : slope_of logistic s
    (- (1 + expR (- s)) ^- 2 *: (- expR (- s))).
  exact: (@is_deriveV _ _ s _ 1 (lt0r_neq0 pos) slope_exp).
apply: slope_of_val slope_inv _; rewrite /logistic_balance /logistic.
set y := 1 + expR (- s).
have -> : - expR (- s) = 1 - y by rewrite opprD addNKr.
have y_neq0 : y != 0 by apply: lt0r_neq0.
transitivity (y^-1 * ((y - 1) * y^-1)).
  by rewrite [LHS]mulNr -mulrN opprB [RHS]mulrCA -invfM -expr2 [RHS]mulrC.
by rewrite mulrBl divff // mul1r.
Qed.

Lemma everywhere_slopes (f df : R -> R) ns (s : layered R ns) :
  (forall a, slope_of f a (df a)) -> slopes_at (everywhere f ns) (everywhere df
    ns) s.
Proof. by move=> slope_f; elim: ns s => //= n ns IHns s; split. Qed.

Fixpoint off_kink ns : layered R ns -> Prop :=
  match ns with
  | [::] => fun=> True
  | n :: ns' => fun s => (forall i, s.first i 0 != 0) /\ off_kink s.later
  end.

Lemma off_kink_slopes ns (s : layered R ns) : off_kink s ->
  slopes_at (everywhere (@relu R) ns) (everywhere (@relu' R) ns) s.
Proof.
elim: ns s => //= n ns IHns s [here above]; split; last exact: IHns.
by move=> i; apply: relu_slope.
Qed.

(* a change of the parameters that has this pairing with all H is the rule    *)
Lemma pairing_definite m ns (D : params R m ns) :
  0 <= <[D, D]> /\ (<[D, D]> = 0 -> D = 0).
Proof.
elim: ns m D => [|n ns IHns] m D /=; first by split=> // _; apply: params_nil.
have [rest_ge0 rest_eq0] := IHns _ D.rest.
have bias_ge0 : 0 <= \sum_i D.bias i 0 * D.bias i 0.
  by apply: sumr_ge0 => i _; apply: sqr_ge0.
have row_ge0 i : 0 <= \sum_j D.weight i j * D.weight i j.
  by apply: sumr_ge0 => j _; apply: sqr_ge0.
have weight_ge0 : 0 <= \sum_i \sum_j D.weight i j * D.weight i j.
  by apply: sumr_ge0.
split; first by rewrite !addr_ge0.
move=> /eqP; rewrite !paddr_eq0 ?addr_ge0 // -andbA.
move=> /and3P [/eqP weight0 /eqP bias0 /eqP /rest_eq0 rest0].
have entry0 (z : R) : z * z = 0 -> z = 0.
  by move/eqP; rewrite mulf_eq0 orbb => /eqP.
rewrite [LHS]layer_params_eta rest0.
have -> : D.weight = 0.
  apply/matrixP => i j; rewrite [RHS]mxE; apply: entry0.
  have row0 := psumr_eq0P (fun i _ => row_ge0 i) weight0 (i := i) isT.
  by apply: (psumr_eq0P _ row0) => // k _; apply: sqr_ge0.
have -> // : D.bias = 0.
apply/colP => i; rewrite [RHS]mxE; apply: entry0.
by apply: (psumr_eq0P _ bias0) => // k _; apply: sqr_ge0.
Qed.

End Logistic.

Arguments logistic {R} s.
Arguments logistic_balance {R} s.
