(******************************************************************************)
(* T5c  The claim, with no hypothesis left.                                   *)
(*                                                                            *)
(* 1. A layered network of logistic neurons, of any widths, with half squared *)
(*    error. Its credit rule: fire (D5), take the balance factors             *)
(*    beta = x (1 - x) (D2), settle the credit (D3), change each synapse by   *)
(*    eta beta_i c_i x_j (D4). Then the loss has a derivative along every     *)
(*    direction H of the parameters, and the rule is - eta times it.          *)
(*                                                                            *)
(* 2. The same for every graph without cycles whose activations have          *)
(*    derivatives: each single synapse, and each bias, changes by - eta times *)
(*    the derivative of the loss by it.                                       *)
(*                                                                            *)
(* R is a real field. Words of Layers.v, of GraphAnalysis.v, and              *)
(*         logistic s == 1 / (1 + exp(- s))                                   *)
(* logistic_balance s == logistic s * (1 - logistic s)                        *)
(*    everywhere f ns == the function f at all neurons of the layers ns       *)
(*  logistic_loss W x target == half squared error of the logistic network    *)
(*  logistic_rule eta W x target == the update that the credit rule makes     *)
(*             'D_1 L 0 == the derivative of L at 0                           *)
(*       derivable L 0 1 == it exists                                         *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp.analysis Require Import reals normedtype sequences derive realfun
  exp.
Set Warnings "notation-overridden,ambiguous-paths".
From CreditCheck Require Import Layers LayeredEqualsBackprop Settling Recurrent
  Analysis GraphAnalysis.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Import numFieldNormedType.Exports.
Local Open Scope ring_scope.

Section Logistic.

Variable R : realType.

Definition logistic (s : R) : R := (1 + expR (- s))^-1.

Definition logistic_balance (s : R) : R := logistic s * (1 - logistic s).

Fixpoint everywhere (f : R -> R) (ns : seq nat) : functions R ns :=
  match ns with
  | [::] => tt
  | n :: ns' => ((fun=> f), everywhere f ns')
  end.

Definition logistic_loss m ns (W : params R m ns) (x : 'cV[R]_m)
    (target : 'cV[R]_(last m ns)) : R :=
  squared_loss target (output W (everywhere logistic ns) x).

Definition logistic_rule (eta : R) m ns (W : params R m ns) (x : 'cV[R]_m)
    (target : 'cV[R]_(last m ns)) : params R m ns :=
  let sigma := everywhere logistic ns in
  credit_update eta W sigma (everywhere logistic_balance ns) x
                (squared_credit W sigma x target).

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
  (forall a, slope_of f a (df a)) -> slopes_at (everywhere f ns) (everywhere df ns) s.
Proof. by move=> slope_f; elim: ns s => //= n ns IHns s; split. Qed.

(* T5c, layered                                                               *)
Theorem logistic_rule_is_gradient_descent (eta : R) m ns (W H : params R m ns)
    (x : 'cV[R]_m) (target : 'cV[R]_(last m ns)) :
  let L t := logistic_loss (W + t *: H) x target in
  derivable L 0 1 /\
  <[logistic_rule eta W x target, H]> = - eta * 'D_1 L 0.
Proof.
move=> L.
pose sigma := everywhere logistic ns.
pose dsigma := everywhere logistic_balance ns.
have [exists_dL val_dL] := squared_gradient_slope H target
  (everywhere_slopes (net_inputs W sigma x) logistic_slope).
split; first exact: exists_dL.
rewrite [X in _ = _ * X]val_dL /logistic_rule.
by rewrite (@credit_update_squared _ eta _ _ W sigma dsigma) // pairing_scalel.
Qed.

End Logistic.
