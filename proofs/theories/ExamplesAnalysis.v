(******************************************************************************)
(* Networks that satisfy the hypotheses of T5b and T5c over the real numbers, *)
(* and ones that show that without them the claims fail. The chains are those *)
(* of ExamplesLayered.v, the pair that of two neurons and one synapse.        *)
(******************************************************************************)
From CreditCheck Require Import Prelude.
From mathcomp.classical Require Import boolp.
From mathcomp.analysis Require Import reals normedtype derive exp.
From CreditCheck Require Import Layers LayeredEqualsBackprop Settling Recurrent
  Analysis GraphAnalysis Logistic Headline
  ExamplesLayered.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.

Section T5b.

Variable R : realType.

Let relus : functions R [:: 1; 1]%N := both (@relu R).

Lemma relu1 : relu (1 : R) = 1. Proof. by rewrite /relu max_l ?ler01. Qed.

(* ReLU neurons with the net inputs 1 and 1                                   *)
Example T5b_met (H : params R 1 [:: 1; 1]%N) (target : 'cV[R]_1) :
  slope_of (fun t => squared_loss target
              (output (chain 1 1 + t *: H) relus (const_mx 1))) 0
    <[gradient (chain 1 1) relus (both (@relu' R)) (const_mx 1)
        (squared_slope (chain 1 1) relus (const_mx 1) target), H]>.
Proof.
apply: (@squared_gradient_slope R 1 [:: 1; 1]%N (chain 1 1) H relus).
rewrite chain_net_inputs !mul1r relu1.
by split=> [i|]; last split=> // i; rewrite mxE; apply: relu_slope;
  apply: oner_neq0.
Qed.

(* at the kink, net input 0, no slope will do                                 *)
Example T5b_bites (slope : R -> R) :
  ~ slopes_at relus (both slope) (net_inputs (chain 0 1) relus (const_mx 1)).
Proof.
rewrite chain_net_inputs mul0r => -[/(_ 0)].
by rewrite mxE => /relu_kink.
Qed.

End T5b.

Section T5c.

Variable R : realType.

Let logistic0 : logistic (0 : R) = 2%:R^-1.
Proof. by rewrite /logistic oppr0 expR0. Qed.

Let x : 'cV[R]_1 := const_mx 1.
Let target : 'cV[R]_1 := const_mx (2%:R^-1 + 1).

Example T5c_met (H : params R 1 [:: 1; 1]%N) :
  let L t := logistic_loss (chain 0 0 + t *: H) x target in
  derivable L 0 1 /\
  <[logistic_rule 1 (chain 0 0) x target, H]> = - 1 * 'D_1 L 0.
Proof. exact: logistic_rule_is_gradient_descent. Qed.

Let credit : squared_credit (chain 0 0) (both (@logistic R)) x target
  = const_mx 1.
Proof.
rewrite /squared_credit chain_output mul0r logistic0.
by apply/colP => i; rewrite !mxE addrAC subrr add0r.
Qed.

Example T5c_value :
  entries (logistic_rule 1 (chain 0 0) x target) = (0, 8%:R^-1).
Proof.
rewrite /logistic_rule -[everywhere (@logistic R) _]/(both (@logistic R)).
rewrite credit chain_entries /logistic_balance !mul0r logistic0.
congr (_, _); first by rewrite !(mulr0, mul0r).
rewrite mul1r mulr1 -[1 - _]/(1 - 2%:R^-1).
have -> : 1 - 2%:R^-1 = 2%:R^-1 :> R.
  by rewrite {1}(splitr 1) mul1r addrK.
by rewrite -!invfM -!natrM.
Qed.

(* f = 1 in the place of the slope: for some direction H it is not - dL/dt    *)
Example T5c_bites :
  let G := credit_update 1 (chain 0 0) (both (@logistic R)) (both (always 1)) x
    (squared_credit (chain 0 0) (both (@logistic R)) x target) in
  ~ forall H : params R 1 [:: 1; 1]%N,
      let L t := logistic_loss (chain 0 0 + t *: H) x target in
      <[G, H]> = - 1 * 'D_1 L 0.
Proof.
move=> G /logistic_rule_unique /(congr1 (fun D => (entries D).2)).
rewrite T5c_value /G credit chain_entries /= /always mul0r logistic0 !mul1r.
move/(congr1 (fun r => r * 8%:R)); rewrite mulVf ?pnatr_eq0 //.
have -> : 8%:R = 2%:R * 4%:R :> R by rewrite -natrM.
by rewrite mulKf ?pnatr_eq0 // => /eqP; rewrite -subr_eq0 -(@natrB _ 4 1) //
  pnatr_eq0.
Qed.

(* two logistic neurons and one synapse                                       *)
Let one_synapse (i j : bool) : R := if ~~ i && j then 1 else 0.

Example T5c_graph_met (b u target' : bool -> R) (eta : R) :
  let L t := loss_at u (fun=> @logistic R) id negb target' nat_of_bool
    (fun i j => if (i == false) && (j == true) then one_synapse false true + t
                else one_synapse i j) b in
  derivable L 0 1 /\
  rule_weight one_synapse b u (fun=> @logistic R) (fun=> @logistic_balance R)
    id negb target' nat_of_bool eta false true = - eta * 'D_1 L 0.
Proof.
apply: graph_rule_synapse => //; first by case; case => //=; rewrite eqxx.
by move=> i s; apply: logistic_slope.
Qed.

Example T5c_graph_direction (b u target' k : bool -> R) (eta : R) :
  let W := one_synapse in
  let L t := loss_at u (fun=> @logistic R) id negb target' nat_of_bool
    (moved W W t) (moved_bias b k t) in
  derivable L 0 1.
Proof.
have falls : height one_synapse nat_of_bool.
  by case; case => //=; rewrite eqxx.
have slopes (i : bool) (s : R) : slope_of (@logistic R) s (logistic_balance s).
  exact: logistic_slope.
by have [] := graph_rule_is_gradient_descent b u id negb target' eta falls
  slopes k falls.
Qed.

End T5c.
