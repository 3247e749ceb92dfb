(******************************************************************************)
(* Where the rules of Time.v are exact, over any commutative ring: ModProp    *)
(* while the relays have the slope mu, MDGL as its filter with one tap, e-prop*)
(* as its filter with none; then the same for a network with readouts.        *)
(*                                                                            *)
(* The network, K readouts, targets y*_t, weights w_t of the steps:           *)
(*  inputs_at t == s_t     rate t == z_t (z_0 = 0)     slope t == h_t         *)
(*   readout t == y_t = V z_t + b      error t == eps_t = w_t (y_t - y*_t)    *)
(*  feedback t == ell_t = V^T eps_t                                           *)
(*  gradient_recurrent, gradient_input == BPTT of W and of U                  *)
(* eprop_recurrent, mdgl_recurrent, modprop_recurrent, modprop_input == the   *)
(*          rules' matrices for W and U with cell-specific feedback           *)
(*  total_loss half == half sum_t w_t sum_k (y_(k,t) - y*_(k,t))^2            *)
(*                                                                            *)
(*    gradient_is_rtrl == BPTT is RTRL, for the network                       *)
(*     modprop_one_tap == the filter with S = 1 is MDGL, at every t           *)
(*     modprop_is_mdgl == the same for the matrix of the rule                 *)
(*      modprop_linear == for linear sigma with slopes mu, ModProp with cell- *)
(*                        specific feedback and enough taps is the gradient   *)
(*     eprop_two_steps == e-prop is the gradient of W for T <= 2              *)
(*    mdgl_three_steps == MDGL is the gradient of W for T <= 3                *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers Time.

Section Approximate.

Variables (R : comRingType) (N M T : nat) (lam : R).
Variables (W : 'M[R]_N) (h ell : nat -> 'cV[R]_N) (u : nat -> 'cV[R]_M).

Local Notation a := (source T h ell).
Local Notation g := (adjoint T lam W h ell).

Theorem modprop_one_tap (F : 'M[R]_N) (mu : 'cV[R]_N) t :
  modprop_credit T lam h ell F mu 1 t = mdgl_credit T lam h ell F t.
Proof.
by rewrite /modprop_credit big_nat1 /tap /= linearZ /= -scalemxAl addn1.
Qed.

Lemma three_factor_eq (L L' : nat -> 'cV[R]_N) :
  (forall t, (1 <= t <= T)%N -> trace lam u t = 0 \/ L t = L' t) ->
  three_factor T lam h u L = three_factor T lam h u L'.
Proof.
move=> same; apply/matrixP => p q; rewrite !mxE; apply: eq_big_nat => t.
by rewrite ltnS => /same[->|->] //; rewrite mxE !mulr0.
Qed.

Lemma trace_1 : u 1%N = 0 -> trace lam u 1 = 0.
Proof. by move=> u1; rewrite /= u1 !scaler0 addr0. Qed.

Lemma tap_tr (F : 'M[R]_N) (mu v : 'cV[R]_N) s :
  (tap lam F mu s.+1)^T *m v =
  (1 - lam) *: (F^T *m iter s (mulmx (relay lam F mu)^T) v).
Proof.
rewrite /tap /=; elim: s v => [|s IH] v /=.
  by rewrite linearZ /= -scalemxAl.
by rewrite trmx_mul -mulmxA IH -iterSr.
Qed.

(* While the slopes are mu the adjoint is a sum of filtered sources. *)
Lemma adjoint_taps (mu : 'cV[R]_N) t S :
  (forall t', (t <= t' < T)%N -> h t' = mu) -> (T.+1 - t <= S)%N ->
  g t = \sum_(0 <= s < S) iter s (mulmx (relay lam W mu)^T) (a (t + s)).
Proof.
elim: S t => [|S IH] t relay_on.
  by rewrite leqn0 subn_eq0 big_geq // => /adjoint_end ->.
rewrite leq_subLR addnS ltnS -leq_subLR => S_big.
case: (leqP t T) => [t_le|t_gt]; last first.
  rewrite adjoint_end // big1 // => s _.
  rewrite /source leqNgt (leq_trans t_gt (leq_addr _ _)) /=.
  by elim: s => //= s ->; rewrite mulmx0.
rewrite adjoint_relay // big_nat_recl //= addn0; congr (_ + _).
have -> : (relay lam W (h t))^T *m g t.+1 = (relay lam W mu)^T *m g t.+1.
  move: t_le; rewrite leq_eqVlt => /orP[/eqP ->|t_lt].
    by rewrite adjoint_end // !mulmx0.
  by rewrite relay_on // leqnn.
rewrite (IH t.+1); last by rewrite subSS.
  by rewrite mulmx_sumr; apply: eq_bigr => s _; rewrite addSnnS.
by move=> t' /andP[t_t' t'_T]; rewrite relay_on // (ltnW t_t').
Qed.

Lemma modprop_total (mu : 'cV[R]_N) t S :
  (forall t', (t < t' < T)%N -> h t' = mu) -> (T - t <= S)%N ->
  modprop_credit T lam h ell W mu S t = total_credit T lam W h ell t.
Proof.
move=> relay_on S_big; congr (_ + _).
rewrite (@adjoint_taps mu t.+1 S) ?subSS //.
rewrite big_add1 /= mulmx_sumr scaler_sumr; apply: eq_bigr => s _.
by rewrite tap_tr addnS addSn.
Qed.

(* Weights that are driven from the first step on, like U. *)
Theorem modprop_exact_input (mu : 'cV[R]_N) S :
  (forall t, (1 < t < T)%N -> h t = mu) -> (T - 1 <= S)%N ->
  three_factor T lam h u (modprop_credit T lam h ell W mu S) =
  bptt T lam W h ell u.
Proof.
move=> relay_on S_big; rewrite bptt_three_factor; apply: three_factor_eq => t.
case/andP=> t_ge1 t_le; right; apply: modprop_total.
  by move=> t' /andP[t_t' t'_T]; rewrite relay_on // t'_T (leq_ltn_trans t_ge1).
by apply: leq_trans S_big; apply: leq_sub2l.
Qed.

(* Weights that are driven from the second step on, like W, as z_0 = 0. *)
Theorem modprop_exact_recurrent (mu : 'cV[R]_N) S :
  u 1%N = 0 -> (forall t, (2 < t < T)%N -> h t = mu) -> (T - 2 <= S)%N ->
  three_factor T lam h u (modprop_credit T lam h ell W mu S) =
  bptt T lam W h ell u.
Proof.
move=> u1 relay_on S_big; rewrite bptt_three_factor.
apply: three_factor_eq => t.
case/andP; rewrite leq_eqVlt => /orP[/eqP <- _|t_ge2 t_le].
  by left; apply: trace_1.
right; apply: modprop_total.
  by move=> t' /andP[t_t' t'_T]; rewrite relay_on // t'_T (leq_ltn_trans t_ge2).
by apply: leq_trans S_big; apply: leq_sub2l.
Qed.

Lemma modprop_no_tap (F : 'M[R]_N) (mu : 'cV[R]_N) t :
  modprop_credit T lam h ell F mu 0 t = eprop_credit ell t.
Proof. by rewrite /modprop_credit big_geq // addr0. Qed.

Theorem eprop_exact_input :
  (T <= 1)%N ->
  three_factor T lam h u (eprop_credit ell) = bptt T lam W h ell u.
Proof.
move=> T_small; rewrite -(@modprop_exact_input 0 0) ?leqn0 ?subn_eq0 //.
  by apply: three_factor_eq => t _; right; rewrite modprop_no_tap.
by move=> t /andP[t_gt /leq_trans/(_ T_small)]; rewrite ltnS leqNgt (ltnW t_gt).
Qed.

Theorem eprop_exact_recurrent :
  u 1%N = 0 -> (T <= 2)%N ->
  three_factor T lam h u (eprop_credit ell) = bptt T lam W h ell u.
Proof.
move=> u1 T_small; rewrite -(@modprop_exact_recurrent 0 0) ?leqn0 ?subn_eq0 //.
  by apply: three_factor_eq => t _; right; rewrite modprop_no_tap.
by move=> t /andP[t_gt /leq_trans/(_ T_small)]; rewrite ltnS leqNgt (ltnW t_gt).
Qed.

Theorem mdgl_exact_input :
  (T <= 2)%N ->
  three_factor T lam h u (mdgl_credit T lam h ell W) = bptt T lam W h ell u.
Proof.
move=> T_small; rewrite -(@modprop_exact_input 0 1) ?leq_subLR //.
  by apply: three_factor_eq => t _; right; rewrite modprop_one_tap.
by move=> t /andP[t_gt /leq_trans/(_ T_small)]; rewrite ltnS leqNgt t_gt.
Qed.

Theorem mdgl_exact_recurrent :
  u 1%N = 0 -> (T <= 3)%N ->
  three_factor T lam h u (mdgl_credit T lam h ell W) = bptt T lam W h ell u.
Proof.
move=> u1 T_small; rewrite -(@modprop_exact_recurrent 0 1) ?leq_subLR //.
  by apply: three_factor_eq => t _; right; rewrite modprop_one_tap.
by move=> t /andP[t_gt /leq_trans/(_ T_small)]; rewrite ltnS leqNgt t_gt.
Qed.

End Approximate.

Section Model.

Variables (R : comRingType) (N M K T : nat) (lam : R).
Variables (W : 'M[R]_N) (U : 'M[R]_(N, M)) (V : 'M[R]_(K, N)) (b : 'cV[R]_K).
Variables (sigma dsigma : 'I_N -> R -> R).
Variables (x : nat -> 'cV[R]_M) (target : nat -> 'cV[R]_K) (w : nat -> R).

Definition fired (t : nat) (s : 'cV[R]_N) : 'cV[R]_N :=
  if t is 0%N then 0 else at_layer sigma s.

Fixpoint inputs_at (t : nat) : 'cV[R]_N :=
  if t is t'.+1 then
    lam *: inputs_at t'
      + (1 - lam) *: (W *m fired t' (inputs_at t') + U *m x t)
  else 0.

Definition rate (t : nat) : 'cV[R]_N := fired t (inputs_at t).

Definition slope (t : nat) : 'cV[R]_N := at_layer dsigma (inputs_at t).

Definition readout (t : nat) : 'cV[R]_K := V *m rate t + b.

Definition error (t : nat) : 'cV[R]_K := w t *: (readout t - target t).

Definition feedback (t : nat) : 'cV[R]_N := V^T *m error t.

Definition gradient_recurrent : 'M[R]_N :=
  bptt T lam W slope feedback (fun t => rate t.-1).

Definition gradient_input : 'M[R]_(N, M) := bptt T lam W slope feedback x.

Definition eprop_recurrent : 'M[R]_N :=
  three_factor T lam slope (fun t => rate t.-1) (eprop_credit feedback).

Definition mdgl_recurrent : 'M[R]_N :=
  three_factor T lam slope (fun t => rate t.-1)
    (mdgl_credit T lam slope feedback W).

Definition modprop_recurrent (mu : 'cV[R]_N) (S : nat) : 'M[R]_N :=
  three_factor T lam slope (fun t => rate t.-1)
    (modprop_credit T lam slope feedback W mu S).

Definition modprop_input (mu : 'cV[R]_N) (S : nat) : 'M[R]_(N, M) :=
  three_factor T lam slope x (modprop_credit T lam slope feedback W mu S).

Definition total_loss (half : R) : R :=
  half * \sum_(1 <= t < T.+1)
           w t * \sum_k (readout t k 0 - target t k 0) ^+ 2.

(* BPTT and RTRL of this network are one matrix, for W and for U.             *)
Theorem gradient_is_rtrl :
  gradient_recurrent = rtrl T lam W slope feedback (fun t => rate t.-1) /\
  gradient_input = rtrl T lam W slope feedback x.
Proof. by split; apply: bptt_is_rtrl. Qed.

Theorem modprop_is_mdgl (mu : 'cV[R]_N) :
  modprop_recurrent mu 1 = mdgl_recurrent.
Proof.
by apply: three_factor_eq => t _; right; apply: modprop_one_tap.
Qed.

(* A linear sigma has one slope mu_i per cell, at every net input.            *)
Theorem modprop_linear (mu : 'cV[R]_N) S :
  (forall i s, dsigma i s = mu i 0) ->
  ((T - 2 <= S)%N -> modprop_recurrent mu S = gradient_recurrent) /\
  ((T - 1 <= S)%N -> modprop_input mu S = gradient_input).
Proof.
move=> linear; have slope_mu t : slope t = mu.
  by apply/colP => i; rewrite mxE linear.
split=> S_big; first by apply: modprop_exact_recurrent.
by apply: modprop_exact_input.
Qed.

Theorem mdgl_three_steps : (T <= 3)%N -> mdgl_recurrent = gradient_recurrent.
Proof. exact: mdgl_exact_recurrent. Qed.

Theorem eprop_two_steps : (T <= 2)%N -> eprop_recurrent = gradient_recurrent.
Proof. exact: eprop_exact_recurrent. Qed.

End Model.
