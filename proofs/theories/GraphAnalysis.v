(******************************************************************************)
(* T5b for graphs: when weights and biases of a graph without cycles move,    *)
(* its rates have a true derivative, which is the linear response of          *)
(* Recurrent.v; hence the derivative of the loss is minus the sum of the      *)
(* products of the three factors with the direction.                          *)
(*                                                                            *)
(* The neurons are any finite type N; W i j is the synapse from presynaptic j *)
(* to postsynaptic i, b the biases. A neuron is clamped (an input) or fires.  *)
(*                                                                            *)
(*          net W b x i == \sum_j W_ij x_j + b_i, the net input (D1)          *)
(* firing W b sigma clamped u x == x_i = sigma_i(net W b x i), but x_i = u_i  *)
(*                         on the clamped neurons (D1)                        *)
(* fired h W b sigma clamped u == max h + 1 sweeps of this from 0: the rates  *)
(* balance clamped f W b x i == f_i(net W b x i), but 0 on clamped neurons:   *)
(*                         they have no net input (D2)                        *)
(*   moved W H t        == W + t H, entry by entry                            *)
(*   height W h         == W_ij <> 0 implies h(i) < h(j) (Settling.v)         *)
(* graph_loss out target x == 1/2 \sum_(k in out) (x_k - target_k)^2          *)
(* graph_credit out target x k == target_k - x_k on out, 0 elsewhere: e (D3)  *)
(******************************************************************************)
From CreditCheck Require Import Prelude.
From mathcomp.analysis Require Import reals normedtype derive.
From CreditCheck Require Import Settling Recurrent Analysis.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.

Section Graph.

Variables (R : realType) (N : finType).
Implicit Types (W H : N -> N -> R) (b k x u e : N -> R) (clamped : pred N).
Implicit Types (sigma dsigma f : N -> R -> R) (h : N -> nat).

Definition net W b x i : R := \sum_j W i j * x j + b i.

Definition firing W b sigma clamped u x : Prop :=
  forall i, x i = if clamped i then u i else sigma i (net W b x i).

Definition fire_sweep W b sigma clamped u x : N -> R :=
  fun i => if clamped i then u i else sigma i (net W b x i).

Definition fired h W b sigma clamped u : N -> R :=
  iter (\max_i h i).+1 (fire_sweep W b sigma clamped u) (fun=> 0).

Definition balance clamped f W b x i : R :=
  if clamped i then 0 else f i (net W b x i).

Definition moved W H (t : R) : N -> N -> R := fun i j => W i j + t * H i j.

Definition moved_bias b k (t : R) : N -> R := fun i => b i + t * k i.

Definition graph_loss (out : pred N) (target x : N -> R) : R :=
  2%:R^-1 * \sum_(i | out i) (x i - target i) ^+ 2.

Definition graph_credit (out : pred N) (target x : N -> R) i : R :=
  if out i then target i - x i else 0.

Lemma slope_of_affine (a d : R) : slope_of (fun t : R => a + t * d) 0 d.
Proof.
apply: slope_of_val (slope_ofD (slope_of_const a 0)
  (slope_ofM (slope_of_id 0) (slope_of_const d 0))) _.
by rewrite mul0r !add0r mul1r.
Qed.

(* a graph without cycles fires in exactly one way                            *)
Lemma firing_unique W b sigma clamped u h x x' : height W h ->
  firing W b sigma clamped u x -> firing W b sigma clamped u x' -> x =1 x'.
Proof.
move=> falls fire fire' i; pose top := \max_j h j.
have h_top j : (h j <= top)%N by apply: leq_bigmax.
have [m] := ubnP (top - h i); elim: m i => // m IHm i; rewrite ltnS => far.
rewrite fire fire'; case: ifP => // _; congr (sigma i (_ + _)).
apply: eq_bigr => j _; have [->|synapse] := eqVneq (W i j) 0.
  by rewrite !mul0r.
rewrite IHm //; apply: leq_trans far; apply: ltn_sub2l (falls _ _ synapse).
exact: leq_trans (falls _ _ synapse) (h_top j).
Qed.

Lemma firedP W b sigma clamped u h : height W h ->
  firing W b sigma clamped u (fired h W b sigma clamped u).
Proof.
move=> falls; pose top := \max_j h j.
have h_top j : (h j <= top)%N by apply: leq_bigmax.
pose fire := fire_sweep W b sigma clamped u.
pose x m := iter m fire (fun=> 0).
have settled m i : (top - h i < m)%N -> x m i = x m.+1 i.
  elim: m i => // m IHm i; rewrite ltnS => far.
  rewrite [LHS]/(fire (x m) i) [RHS]/(fire (x m.+1) i) /fire /fire_sweep.
  case: ifP => // _; congr (sigma i (_ + _)); apply: eq_bigr => j _.
  have [->|synapse] := eqVneq (W i j) 0; first by rewrite !mul0r.
  rewrite IHm //; apply: leq_trans far.
  apply: ltn_sub2l (falls _ _ synapse).
  exact: leq_trans (falls _ _ synapse) (h_top j).
by move=> i; apply: (settled top.+1); rewrite ltnS leq_subr.
Qed.

Lemma height_moved W H h t : height W h -> height H h -> height (moved W H t) h.
Proof.
move=> falls falls_H i j; have [W_ij|/falls //] := eqVneq (W i j) 0.
have [H_ij|/falls_H //] := eqVneq (H i j) 0.
by rewrite /moved W_ij H_ij mulr0 addr0 eqxx.
Qed.

(* the rates x t of the moved network have the linear response as derivative  *)
Theorem rates_slope W H b k sigma dsigma clamped u h (x : R -> N -> R) :
  height W h -> height H h ->
  (forall t, firing (moved W H t) (moved_bias b k t) sigma clamped u (x t)) ->
  (forall i, ~~ clamped i ->
     slope_of (sigma i) (net W b (x 0) i) (dsigma i (net W b (x 0) i))) ->
  exists2 dx, forall i, slope_of (fun t => x t i) 0 (dx i)
    & linear_response W (balance clamped dsigma W b (x 0)) (x 0) H k dx.
Proof.
move=> falls falls_H fire slopes; pose top := \max_j h j.
have h_top j : (h j <= top)%N by apply: leq_bigmax.
pose dx i := 'D_1 (fun t => x t i) (0 : R).
pose beta := balance clamped dsigma W b (x 0).
pose response i :=
  beta i * (\sum_j W i j * dx j + \sum_j H i j * x 0 j + k i).
suff slope_x i : slope_of (fun t => x t i) 0 (response i).
  have dxE i : dx i = response i by case: (slope_x i).
  by exists response => // i; rewrite /response; congr (_ * (_ + _ + _));
     apply: eq_bigr => j _; rewrite dxE.
have [m] := ubnP (top - h i); elim: m i => // m IHm i; rewrite ltnS => far.
have closer j : (h i < h j)%N ->
    slope_of (fun t => x t j) 0 (dx j).
  move=> h_ij; have slope_j : slope_of (fun t => x t j) 0 (response j).
    apply: IHm; apply: leq_trans far; apply: ltn_sub2l => //.
    exact: leq_trans h_ij (h_top j).
  by case: (slope_j) => _ val_j; apply: slope_of_val slope_j (esym val_j).
rewrite /response /beta /balance; case: ifP => clamped_i.
  rewrite mul0r; apply: slope_of_ext (slope_of_const (u i) 0) => t.
  by rewrite fire clamped_i.
have slope_term j : slope_of (fun t => moved W H t i j * x t j) 0
    (W i j * dx j + H i j * x 0 j).
  have slope_present : (h i < h j)%N ->
      slope_of (fun t => moved W H t i j * x t j) 0
        (W i j * dx j + H i j * x 0 j).
    move=> /closer slope_j.
    apply: slope_of_val (slope_ofM (slope_of_affine (W i j) (H i j)) slope_j) _.
    by rewrite mul0r addr0.
  have [W_ij|/falls/slope_present //] := eqVneq (W i j) 0.
  have [H_ij|/falls_H/slope_present //] := eqVneq (H i j) 0.
  rewrite W_ij H_ij !mul0r addr0.
  apply: slope_of_ext (slope_of_const 0 0) => t.
  by rewrite /moved W_ij H_ij mulr0 addr0 mul0r.
have slope_net : slope_of
    (fun t => net (moved W H t) (moved_bias b k t) (x t) i) 0
    (\sum_j W i j * dx j + \sum_j H i j * x 0 j + k i).
  rewrite -big_split /=.
  exact: slope_ofD (slope_of_sum (index_enum _) slope_term)
                   (slope_of_affine (b i) (k i)).
have net_0 : net (moved W H 0) (moved_bias b k 0) (x 0) i = net W b (x 0) i.
  rewrite /net /moved_bias mul0r addr0; congr (_ + _).
  by apply: eq_bigr => j _; rewrite /moved mul0r addr0.
apply: (@slope_of_ext _ (fun t =>
    sigma i (net (moved W H t) (moved_bias b k t) (x t) i))).
  by move=> t; rewrite [RHS]fire clamped_i.
apply: slope_of_comp slope_net; rewrite net_0.
by apply: slopes; rewrite clamped_i.
Qed.

(* T5b for graphs, half squared error                                         *)
Theorem graph_loss_slope W H b k sigma dsigma clamped u h out target
    (x : R -> N -> R) (c : N -> R) :
  height W h -> height H h ->
  (forall t, firing (moved W H t) (moved_bias b k t) sigma clamped u (x t)) ->
  (forall i, ~~ clamped i ->
     slope_of (sigma i) (net W b (x 0) i) (dsigma i (net W b (x 0) i))) ->
  let beta := balance clamped dsigma W b (x 0) in
  equilibrium W beta (graph_credit out target (x 0)) c ->
  slope_of (fun t => graph_loss out target (x t)) 0
    (- (\sum_i \sum_j (beta i * c i * x 0 j) * H i j
        + \sum_i (beta i * c i) * k i)).
Proof.
move=> falls falls_H fire slopes beta eq_c.
have [dx slope_x response] := rates_slope falls falls_H fire slopes.
rewrite -(credit_response eq_c response).
pose half := 2%:R^-1 : R.
have slope_diff i : slope_of (fun t => x t i - target i) 0 (dx i).
  apply: slope_of_val (slope_ofD (slope_x i) (slope_of_const _ 0)) _.
  exact: addr0.
pose term i t := if out i then (x t i - target i) ^+ 2 else 0.
have slope_term i : slope_of (term i) 0
    (if out i then 2%:R * ((x 0 i - target i) * dx i) else 0).
  rewrite /term; case: (out i); last exact: slope_of_const.
  apply: slope_of_val (slope_ofM (slope_diff i) (slope_diff i)) _.
  by rewrite [dx i * _]mulrC -mulr2n -[(_ * _) *+ 2]mulr_natl.
apply: (@slope_of_ext _ (fun t => half * \sum_i term i t)).
  by move=> t; rewrite /graph_loss [in RHS]big_mkcond.
apply: slope_of_val (slope_ofZ half (slope_of_sum (index_enum _) slope_term)) _.
rewrite mulr_sumr -sumrN; apply: eq_bigr => i _; rewrite /graph_credit.
case: (out i); last by rewrite mulr0 mul0r oppr0.
by rewrite mulKf ?pnatr_eq0 // -mulNr opprB.
Qed.

End Graph.
