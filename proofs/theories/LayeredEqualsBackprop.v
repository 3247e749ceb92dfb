(******************************************************************************)
(* T1. Layered networks, any widths, any commutative ring: where the balance  *)
(* function f equals the slope dsigma at every net input that occurs, the     *)
(* credit rule is backpropagation. Both sides are those of Layers.v, with     *)
(* external credit e = - g, g the slope of the loss in the output rates.      *)
(*                                                                            *)
(*   credits_adjoints      == C1: c = - x-bar at every neuron, inputs too     *)
(*   credit_update_gradient == C2: dW = - eta dL/dW, db = - eta dL/db         *)
(*   credit_update_squared  == the same with half squared error               *)
(*   credit_update_batch    == the same for weighted sums over examples       *)
(*   layered_equations      == the same as bare equations, for matrices W l   *)
(*                        that need not come from a network: read this first  *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers.

(* One step back, and one layer's update, from beta_i c_i = - delta_i. *)
Section OneLayer.

Variables (R : comRingType) (m n : nat).
Variables (W : 'M[R]_(n, m)) (beta c delta : 'cV[R]_n) (x : 'cV[R]_m) (eta : R).
Hypothesis bridge : forall i, beta i 0 * c i 0 = - delta i 0.

Lemma credit_step_back :
  (\col_j \sum_i W i j * beta i 0 * c i 0) = - (W^T *m delta).
Proof.
apply/colP => j; rewrite !mxE -sumrN; apply: eq_bigr => i _.
by rewrite -mulrA bridge !mxE mulrN.
Qed.

Lemma weight_update_layer :
  (\matrix_(i, j) (eta * (beta i 0 * c i 0 * x j 0))) =
  - eta *: (delta *m x^T).
Proof.
apply/matrixP => i j; rewrite [LHS]mxE bridge [RHS]mxE.
rewrite [(_ *m _) i j]mxE big_ord1 [x^T _ _]mxE.
by rewrite [RHS]mulNr mulNr mulrN.
Qed.

Lemma bias_update_layer :
  (\col_i (eta * (beta i 0 * c i 0))) = - eta *: delta.
Proof. by apply/colP => i; rewrite [LHS]mxE bridge [RHS]mxE mulrN mulNr. Qed.

End OneLayer.

Section CreditIsBackpropagation.

Variable R : comRingType.

(* C1: with the slopes as balance factors, credit is minus the adjoint. *)
Theorem credits_adjoints m ns (W : params R m ns) (d : layered R ns) g :
  credits W d (- g) = - adjoints W d g.
Proof.
elim: ns m W d g => [|n ns' credits_rest] m W d g.
  by apply: layer_eq_opp; rewrite ?oppr0.
rewrite credits_cons adjoints_cons.
apply: layer_eq_opp; last exact: credits_rest.
by apply: credit_step_back => i; rewrite credits_rest first_opp !mxE mulrN.
Qed.

Lemma plasticity_outer (eta : R) m ns (d xbar : layered R ns)
    (x : layered R (m :: ns)) :
  plasticity eta d (- xbar) x = - eta *: outer (deltas d xbar) x.
Proof.
elim: ns m d xbar x => [|n ns' plasticity_later] m d xbar x.
  exact: params_nil.
rewrite plasticity_cons deltas_cons outer_cons.
have bridge i :
    d.first i 0 * (- xbar).first i 0 = - (d.first .* xbar.first) i 0.
  by rewrite first_opp !mxE mulrN.
apply: layer_params_eq_scale; first exact: weight_update_layer.
  exact: bias_update_layer.
by rewrite later_opp plasticity_later.
Qed.

(* C2: the rule's update is - eta times the gradient, in every parameter. *)
Theorem credit_update_gradient (eta : R) m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) (x : 'cV[R]_m) (g : 'cV[R]_(last m ns)) :
  at_neurons f (net_inputs W sigma x) =
    at_neurons dsigma (net_inputs W sigma x) ->
  credit_update eta W sigma f x (- g) = - eta *: gradient W sigma dsigma x g.
Proof.
move=> balance_is_slope; rewrite /credit_update /gradient balance_is_slope.
rewrite -plasticity_outer; congr (plasticity _ _ _ _).
by rewrite credits_adjoints later_opp.
Qed.

Theorem credit_update_squared (eta : R) m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) (x : 'cV[R]_m) (t : 'cV[R]_(last m ns)) :
  at_neurons f (net_inputs W sigma x) =
    at_neurons dsigma (net_inputs W sigma x) ->
  credit_update eta W sigma f x (squared_credit W sigma x t) =
  - eta *: gradient W sigma dsigma x (squared_slope W sigma x t).
Proof. by move=> /credit_update_gradient <-; rewrite /squared_slope opprB. Qed.

(* A mean over B examples has the weight 1/B in front of each. *)
Theorem credit_update_batch (eta : R) m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) (share : R)
    (examples : seq ('cV[R]_m * 'cV[R]_(last m ns))) :
  {in examples, forall xt, at_neurons f (net_inputs W sigma xt.1) =
                           at_neurons dsigma (net_inputs W sigma xt.1)} ->
  \sum_(xt <- examples) share *:
     credit_update eta W sigma f xt.1 (squared_credit W sigma xt.1 xt.2) =
  - eta *: \sum_(xt <- examples) share *:
     gradient W sigma dsigma xt.1 (squared_slope W sigma xt.1 xt.2).
Proof.
move=> balance_is_slope; rewrite scaler_sumr !big_seq; apply: eq_bigr => xt.
move/balance_is_slope/credit_update_squared => ->.
by rewrite !scalerA mulrC.
Qed.

End CreditIsBackpropagation.

(* The same without recursion on widths: layers l = 0, ..., L-1 with weights  *)
(* W l : n (l+1) x n l, credit c and adjoint xbar any families that obey      *)
(* their equations.                                                           *)
Section Equations.

Variables (R : comRingType) (n : nat -> nat) (L : nat) (eta : R).
Variables (W : forall l, 'M[R]_(n l.+1, n l)) (x : forall l, 'cV[R]_(n l)).
Variables (beta c d xbar : forall l, 'cV[R]_(n l)) (t : 'cV[R]_(n L)).

Definition obeys_D3 :=
  c L = t - x L /\
  forall l j, (l < L)%N ->
    c l j 0 = \sum_i W l i j * beta l.+1 i 0 * c l.+1 i 0.

Definition obeys_D6 :=
  xbar L = x L - t /\
  forall l, (l < L)%N -> xbar l = (W l)^T *m (d l.+1 .* xbar l.+1).

Theorem layered_equations :
  obeys_D3 -> obeys_D6 -> (forall l, (0 < l <= L)%N -> beta l = d l) ->
  (forall l, (l <= L)%N -> c l = - xbar l) /\
  (forall l, (l < L)%N ->
     (\matrix_(i, j) (eta * (beta l.+1 i 0 * c l.+1 i 0 * x l j 0))) =
       - eta *: ((d l.+1 .* xbar l.+1) *m (x l)^T) /\
     (\col_i (eta * (beta l.+1 i 0 * c l.+1 i 0))) =
       - eta *: (d l.+1 .* xbar l.+1)).
Proof.
move=> [credit_top credit_below] [adjoint_top adjoint_below] balance_is_slope.
have c_adjoint : forall l, (l <= L)%N -> c l = - xbar l.
  move=> l /subnKC; move: (L - l)%N => hops; elim: hops l => [|hops back] l.
    rewrite addn0 => ->; move: credit_top adjoint_top => -> ->.
    by rewrite opprB.
  rewrite addnS => l_hops.
  have l_lt : (l < L)%N by rewrite -l_hops ltnS leq_addr.
  rewrite adjoint_below // -balance_is_slope ?l_lt //.
  rewrite -(@credit_step_back _ _ _ (W l) (beta l.+1) (c l.+1)).
    by apply/colP => j; rewrite credit_below // mxE.
  by move=> i; rewrite back ?addSn // !mxE mulrN.
split=> // l l_lt; rewrite -balance_is_slope ?l_lt //.
have bridge i : beta l.+1 i 0 * c l.+1 i 0 = - (beta l.+1 .* xbar l.+1) i 0.
  by rewrite c_adjoint // !mxE mulrN.
by split; [exact: weight_update_layer | exact: bias_update_layer].
Qed.

End Equations.
