(******************************************************************************)
(* T5c  The claim, with no hypothesis left:                                   *)
(*                                                                            *)
(* In feed-forward networks its weight update is exactly that of              *)
(* backpropagation.                                                           *)
(*                                                                            *)
(* ("Its" is the credit rule's. What backpropagation computes is the          *)
(* derivative of the loss: T5b. Here the rule is held against the derivative.)*)
(*                                                                            *)
(* 1. A layered network of logistic neurons, of any widths, with half squared *)
(*    error. Its credit rule: fire (D5), take the balance factors             *)
(*    beta = x (1 - x) (D2), settle the credit (D3), change each synapse by   *)
(*    eta beta_i c_i x_j (D4). Then the loss has a derivative along every     *)
(*    direction H of the parameters, and the rule is - eta times it. So it is *)
(*    for ReLU too where no net input is 0, and for all layered networks whose*)
(*    activations have derivatives at the net inputs that occur.              *)
(*                                                                            *)
(* 2. The same for every graph without cycles (a height function h, which     *)
(*    falls along every synapse) whose activations have derivatives: each     *)
(*    single synapse, and each bias, changes by - eta times the derivative of *)
(*    the loss by it.                                                         *)
(*                                                                            *)
(* R is a real field. Words of Layers.v (output, credit_update, <[G, H]>), of *)
(* Analysis.v (squared_loss; slope_of f a d: f has the derivative d at a), of *)
(* GraphAnalysis.v (fired, balance, graph_loss), of Logistic.v                *)
(*         logistic s == 1 / (1 + exp(- s))                                   *)
(* logistic_balance s == logistic s * (1 - logistic s)                        *)
(*        off_kink s == no net input of s is 0                                *)
(*    everywhere f ns == the function f at all neurons of the layers ns       *)
(* and                                                                        *)
(*  logistic_loss W x target == half squared error of the logistic network    *)
(*  logistic_rule eta W x target == the update that the credit rule makes     *)
(*    rule_rates, rule_balance, rule_credit == x, beta, c of the graph        *)
(*  rule_weight i j, rule_bias i == the changes eta beta_i c_i x_j of W i j   *)
(*                         and eta beta_i c_i of b_i that the rule makes      *)
(*           loss_at V a == half squared error on the neurons `out` of the    *)
(*                         graph with weights V and biases a                  *)
(*             'D_1 L 0 == the derivative of L at 0                           *)
(*       derivable L 0 1 == it exists                                         *)
(******************************************************************************)
From CreditCheck Require Import Prelude.
From mathcomp.classical Require Import boolp.
From mathcomp.analysis Require Import reals normedtype sequences derive realfun
  exp.
From CreditCheck Require Import Layers LayeredEqualsBackprop Settling Recurrent
  Analysis GraphAnalysis Logistic.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.

Section Logistic.

Variable R : realType.

Definition logistic_loss m ns (W : params R m ns) (x : 'cV[R]_m)
    (target : 'cV[R]_(last m ns)) : R :=
  squared_loss target (output W (everywhere logistic ns) x).

Definition logistic_rule (eta : R) m ns (W : params R m ns) (x : 'cV[R]_m)
    (target : 'cV[R]_(last m ns)) : params R m ns :=
  let sigma := everywhere logistic ns in
  credit_update eta W sigma (everywhere logistic_balance ns) x
                (squared_credit W sigma x target).

(* any layered network, activations differentiable where they are visited     *)
Theorem rule_is_gradient_descent (eta : R) m ns (W H : params R m ns)
    (sigma dsigma : functions R ns) (x : 'cV[R]_m)
    (target : 'cV[R]_(last m ns)) :
  slopes_at sigma dsigma (net_inputs W sigma x) ->
  let L t := squared_loss target (output (W + t *: H) sigma x) in
  derivable L 0 1 /\
  <[credit_update eta W sigma dsigma x (squared_credit W sigma x target), H]>
    = - eta * 'D_1 L 0.
Proof.
move=> slopes L.
have [exists_dL val_dL] := squared_gradient_slope H target slopes.
split; first exact: exists_dL.
rewrite [X in _ = _ * X]val_dL.
by rewrite (@credit_update_squared _ eta _ _ W sigma dsigma) // pairing_scalel.
Qed.

(* T5c, layered                                                               *)
Theorem logistic_rule_is_gradient_descent (eta : R) m ns (W H : params R m ns)
    (x : 'cV[R]_m) (target : 'cV[R]_(last m ns)) :
  let L t := logistic_loss (W + t *: H) x target in
  derivable L 0 1 /\
  <[logistic_rule eta W x target, H]> = - eta * 'D_1 L 0.
Proof.
exact/rule_is_gradient_descent/everywhere_slopes/logistic_slope.
Qed.

(* the same for ReLU, where no net input is 0                                 *)
Theorem relu_rule_is_gradient_descent (eta : R) m ns (W H : params R m ns)
    (x : 'cV[R]_m) (target : 'cV[R]_(last m ns)) :
  let sigma := everywhere (@relu R) ns in
  let f := everywhere (@relu' R) ns in
  off_kink (net_inputs W sigma x) ->
  let L t := squared_loss target (output (W + t *: H) sigma x) in
  derivable L 0 1 /\
  <[credit_update eta W sigma f x (squared_credit W sigma x target), H]>
    = - eta * 'D_1 L 0.
Proof.
move=> sigma f off; apply: rule_is_gradient_descent.
exact: off_kink_slopes.
Qed.

(* ... and nothing else is: -eta dL/dt along every direction is the rule      *)
Corollary logistic_rule_unique (eta : R) m ns (W G : params R m ns)
    (x : 'cV[R]_m) (target : 'cV[R]_(last m ns)) :
  (forall H : params R m ns,
     let L t := logistic_loss (W + t *: H) x target in
     <[G, H]> = - eta * 'D_1 L 0) ->
  G = logistic_rule eta W x target.
Proof.
move=> descends; set rule := logistic_rule _ _ _ _.
apply/eqP; rewrite -subr_eq0; apply/eqP.
apply: (proj2 (pairing_definite _)); set D := G - rule.
rewrite {1}/D pairingDl -scaleN1r pairing_scalel mulN1r descends.
have [_ ->] := logistic_rule_is_gradient_descent eta W D x target.
exact: subrr.
Qed.

End Logistic.

Section Graph.

Variables (R : realType) (N : finType).
Variables (W : N -> N -> R) (b u : N -> R) (sigma dsigma : N -> R -> R).
Variables (clamped out : pred N) (target : N -> R) (h : N -> nat) (eta : R).

(* the rule: fire, take beta = sigma'(s), let the credit settle, multiply     *)
Definition rule_rates : N -> R := fired h W b sigma clamped u.

Definition rule_balance : N -> R := balance clamped dsigma W b rule_rates.

Definition rule_credit : N -> R :=
  iter (\max_i h i).+1
       (sweep W rule_balance (graph_credit out target rule_rates)) (fun=> 0).

Definition rule_weight : N -> N -> R :=
  weight_rule rule_balance rule_rates eta rule_credit.

Definition rule_bias : N -> R := bias_rule rule_balance eta rule_credit.

(* the loss of a graph with weights V and biases a                            *)
Definition loss_at (V : N -> N -> R) (a : N -> R) : R :=
  graph_loss out target (fired h V a sigma clamped u).

Hypothesis W_height : height W h.
Hypothesis sigma_slope : forall i s, slope_of (sigma i) s (dsigma i s).

Lemma rule_credit_equilibrium :
  equilibrium W rule_balance (graph_credit out target rule_rates) rule_credit.
Proof.
have [c eq_c] := equilibrium_exists rule_balance
                   (graph_credit out target rule_rates) W_height.
suff -> : rule_credit = c by [].
apply: funext => j; apply: (relaxation_exact W_height _ eq_c).
by rewrite addn1 ltnS leq_bigmax.
Qed.

(* T5c, graphs: along every direction that keeps the height                   *)
Theorem graph_rule_is_gradient_descent (H : N -> N -> R) (k : N -> R) :
  height H h ->
  let L t := loss_at (moved W H t) (moved_bias b k t) in
  derivable L 0 1 /\
  \sum_i \sum_j rule_weight i j * H i j + \sum_i rule_bias i * k i
    = - eta * 'D_1 L 0.
Proof.
move=> H_height L.
have fire t := firedP (moved_bias b k t) sigma clamped u
                 (@height_moved _ _ _ _ _ t W_height H_height).
have start : fired h (moved W H 0) (moved_bias b k 0) sigma clamped u
             = rule_rates.
  apply: funext; apply: (firing_unique W_height); last exact: firedP.
  move=> i; rewrite [LHS](fire 0); case: ifP => // _; congr (sigma i _).
  rewrite /net /moved_bias mul0r addr0; congr (_ + _).
  by apply: eq_bigr => j _; rewrite /moved mul0r addr0.
have := @graph_loss_slope _ _ W H b k sigma dsigma clamped u h out target
  (fun t => fired h (moved W H t) (moved_bias b k t) sigma clamped u)
  rule_credit W_height H_height fire (fun i _ => sigma_slope i _).
rewrite /= start => /(_ rule_credit_equilibrium) [exists_dL val_dL].
split; first exact: exists_dL.
rewrite [X in _ = _ * X]val_dL mulrNN mulrDr !mulr_sumr.
congr (_ + _); apply: eq_bigr => i _; last by rewrite mulrA.
by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite mulrA.
Qed.

(* ... hence synapse by synapse, wherever one may grow (or is): i below j     *)
Corollary graph_rule_synapse (i j : N) : (h i < h j)%N ->
  let L t := loss_at (fun i' j' => if (i' == i) && (j' == j) then W i j + t
                                   else W i' j') b in
  derivable L 0 1 /\ rule_weight i j = - eta * 'D_1 L 0.
Proof.
move=> h_ij L; pose H i' j' : R := ((i' == i) && (j' == j))%:R.
have H_height : height H h.
  by move=> i' j'; rewrite /H pnatr_eq0 eqb0 negbK => /andP [/eqP -> /eqP ->].
have [] := graph_rule_is_gradient_descent (fun=> 0) H_height.
rewrite (_ : (fun t => _) = L); last first.
  apply: funext => t; congr (loss_at _ _).
    apply: funext => i'; apply: funext => j'.
    rewrite /moved /H; case: andP => [[/eqP -> /eqP ->]|_];
      first by rewrite mulr1.
    by rewrite mulr0 addr0.
  by apply: funext => i'; rewrite /moved_bias mulr0 addr0.
move=> exists_dL <-; split=> //.
rewrite [X in _ = _ + X]big1 ?addr0 => [|i' _]; last by rewrite mulr0.
rewrite (bigD1 i) //= (bigD1 j) //= /H !eqxx mulr1.
rewrite !big1 ?addr0 // => [i' /negPf i'_neq|j' /negPf j'_neq].
  by rewrite big1 // => j' _; rewrite i'_neq mulr0.
by rewrite j'_neq mulr0.
Qed.

(* ... and bias by bias                                                       *)
Corollary graph_rule_bias (i : N) :
  let L t := loss_at W (fun i' => if i' == i then b i + t else b i') in
  derivable L 0 1 /\ rule_bias i = - eta * 'D_1 L 0.
Proof.
move=> L; pose k i' : R := (i' == i)%:R.
have H_height : height (fun _ _ : N => 0 : R) h by move=> i' j'; rewrite eqxx.
have [] := graph_rule_is_gradient_descent k H_height.
rewrite (_ : (fun t => _) = L); last first.
  apply: funext => t; congr (loss_at _ _).
    apply: funext => i'; apply: funext => j'.
    by rewrite /moved mulr0 addr0.
  apply: funext => i'; rewrite /moved_bias /k.
  by case: eqP => [->|_]; rewrite ?mulr1 ?mulr0 ?addr0.
move=> exists_dL <-; split=> //.
rewrite [X in X + _]big1 ?add0r => [|i' _]; last first.
  by rewrite big1 // => j' _; rewrite mulr0.
rewrite (bigD1 i) //= /k eqxx mulr1 big1 ?addr0 // => i' /negPf ->.
by rewrite mulr0.
Qed.

End Graph.
