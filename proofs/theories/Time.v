(******************************************************************************)
(* Rules over time, over any commutative ring, for any number of neurons and  *)
(* any number T of steps. Everything is a statement about one network,        *)
(*    s_t = lam s_(t-1) + (1 - lam) (W z_(t-1) + U x_t),   z_t = sigma(s_t),  *)
(* reduced to what its rules read:                                            *)
(*        W == recurrent weights, post x pre       lam == leak                *)
(*     h t  == slopes sigma'(s_t)                                             *)
(*   ell t  == V^T eps_t, what the readout errors send to each neuron         *)
(*     u t  == what drives the weights under study at time t: z_(t-1) for W   *)
(*             (then u 1 = z_0 = 0) and x_t for U                             *)
(* A gradient is an N x M matrix, entry p q for the synapse from q to p.      *)
(*                                                                            *)
(*       source t == a_t = h_t .* ell_t, and 0 after T                        *)
(*      adjoint t == g_t, g_(T+1) = 0, backwards in time (BPTT)               *)
(*           bptt == (1 - lam) sum_t g_t u_t^T                                *)
(* influence p q t == P_(., pq, t), forwards in time (RTRL)                   *)
(*           rtrl == sum_t sum_j a_(j,t) P_(j,pq,t)                           *)
(*        trace t == epsilon_t = lam epsilon_(t-1) + (1 - lam) u_t            *)
(*   three_factor L == sum_t L_(p,t) h_(p,t) epsilon_(q,t), of a credit L     *)
(*   total_credit t == ell_t + (1 - lam) W^T g_(t+1)                          *)
(*   relay F mu    == D = lam I + (1 - lam) F diag mu, F the feedback         *)
(*   tap F mu s    == F_s = D^(s-1) (1 - lam) F                               *)
(* eprop_credit, mdgl_credit F, modprop_credit F mu S == their credits        *)
(*                                                                            *)
(* The network itself, K readouts, targets y*_t, weights w_t of the steps:    *)
(*  inputs_at t == s_t     rate t == z_t (z_0 = 0)     slope t == h_t         *)
(*   readout t == y_t = V z_t + b      error t == eps_t = w_t (y_t - y*_t)    *)
(*  feedback t == ell_t = V^T eps_t                                           *)
(*  gradient_recurrent, gradient_input == BPTT of W and of U                  *)
(* eprop_recurrent, mdgl_recurrent, modprop_recurrent, modprop_input == the   *)
(*          rules' matrices for W and U with cell-specific feedback           *)
(*  total_loss half == half sum_t w_t sum_k (y_(k,t) - y*_(k,t))^2            *)
(*  time_loss_line  == the loss of (W + tH, U + tG) as a polynomial in t      *)
(******************************************************************************)

Set Warnings "-notation-overridden,-ambiguous-paths".
From mathcomp Require Import all_ssreflect all_algebra.
Set Warnings "notation-overridden,ambiguous-paths".
From CreditCheck Require Import Layers Polynomial.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Definitions.

Variables (R : comRingType) (N M T : nat) (lam : R).
Variables (W : 'M[R]_N) (h ell : nat -> 'cV[R]_N) (u : nat -> 'cV[R]_M).

Definition source (t : nat) : 'cV[R]_N :=
  if (t <= T)%N then h t .* ell t else 0.

(* back r t is g_t with r steps to go: r = T + 1 - t. *)
Fixpoint back (r t : nat) : 'cV[R]_N :=
  if r is r'.+1 then
    source t + lam *: back r' t.+1
      + (1 - lam) *: (h t .* (W^T *m back r' t.+1))
  else 0.

Definition adjoint (t : nat) : 'cV[R]_N := back (T.+1 - t) t.

Definition bptt : 'M[R]_(N, M) :=
  (1 - lam) *: \sum_(1 <= t < T.+1) adjoint t *m (u t)^T.

Fixpoint influence (p : 'I_N) (q : 'I_M) (t : nat) : 'cV[R]_N :=
  if t is t'.+1 then
    \col_j (lam * influence p q t' j 0
      + (1 - lam) * (\sum_l W j l * h t' l 0 * influence p q t' l 0)
      + (j == p)%:R * ((1 - lam) * u t q 0))
  else 0.

Definition rtrl : 'M[R]_(N, M) :=
  \matrix_(p, q)
    \sum_(1 <= t < T.+1) \sum_j source t j 0 * influence p q t j 0.

Fixpoint trace (t : nat) : 'cV[R]_M :=
  if t is t'.+1 then lam *: trace t' + (1 - lam) *: u t else 0.

Definition three_factor (L : nat -> 'cV[R]_N) : 'M[R]_(N, M) :=
  \matrix_(p, q)
    \sum_(1 <= t < T.+1) L t p 0 * (h t p 0 * trace t q 0).

Definition total_credit (t : nat) : 'cV[R]_N :=
  ell t + (1 - lam) *: (W^T *m adjoint t.+1).

Definition eprop_credit (t : nat) : 'cV[R]_N := ell t.

Definition mdgl_credit (F : 'M[R]_N) (t : nat) : 'cV[R]_N :=
  ell t + (1 - lam) *: (F^T *m source t.+1).

Definition relay (F : 'M[R]_N) (mu : 'cV[R]_N) : 'M[R]_N :=
  lam%:M + (1 - lam) *: (F *m diag_mx mu^T).

Definition tap (F : 'M[R]_N) (mu : 'cV[R]_N) (s : nat) : 'M[R]_N :=
  iter s.-1 (mulmx (relay F mu)) ((1 - lam) *: F).

Definition modprop_credit (F : 'M[R]_N) (mu : 'cV[R]_N) (S t : nat) :
    'cV[R]_N :=
  ell t + \sum_(1 <= s < S.+1) (tap F mu s)^T *m source (t + s).

End Definitions.

(* Forwards and backwards through the same linear maps A t agree.             *)
Section Duality.

Variables (R : comRingType) (N T : nat).
Variables (A : nat -> 'M[R]_N) (a g P v : nat -> 'cV[R]_N).
Hypothesis P_start : P 0%N = 0.
Hypothesis P_step : forall t, P t.+1 = A t *m P t + v t.+1.
Hypothesis g_end : g T.+1 = 0.
Hypothesis g_step : forall t, (t <= T)%N -> g t = a t + (A t)^T *m g t.+1.

Lemma duality_upto k : (k <= T)%N ->
  \sum_(1 <= t < k.+1) (a t)^T *m P t + (g k.+1)^T *m (A k *m P k) =
  \sum_(1 <= t < k.+1) (g t)^T *m v t.
Proof.
elim: k => [_|k IH k_lt]; first by rewrite !big_geq // P_start !mulmx0 addr0.
rewrite big_nat_recr //= [RHS]big_nat_recr //= -IH ?(ltnW k_lt) // -!addrA.
congr (_ + _); rewrite -mulmxDr -P_step (g_step k_lt) linearD /= mulmxDl.
by rewrite trmx_mul trmxK mulmxA.
Qed.

Lemma duality :
  \sum_(1 <= t < T.+1) (a t)^T *m P t = \sum_(1 <= t < T.+1) (g t)^T *m v t.
Proof. by rewrite -(duality_upto (leqnn T)) g_end trmx0 mul0mx addr0. Qed.

End Duality.

Section Exact.

Variables (R : comRingType) (N M T : nat) (lam : R).
Variables (W : 'M[R]_N) (h ell : nat -> 'cV[R]_N) (u : nat -> 'cV[R]_M).

Local Notation a := (source T h ell).
Local Notation g := (adjoint T lam W h ell).
Local Notation J t := (relay lam W (h t)).

Lemma adjoint_end t : (T < t)%N -> g t = 0.
Proof. by rewrite /adjoint -subn_eq0 => /eqP ->. Qed.

Lemma relayE (F : 'M[R]_N) (mu v : 'cV[R]_N) :
  relay lam F mu *m v = lam *: v + (1 - lam) *: (F *m (mu .* v)).
Proof.
rewrite mulmxDl mul_scalar_mx -scalemxAl -mulmxA; congr (_ + _ *: (_ *m _)).
by apply/colP => i; rewrite mul_diag_mx !mxE.
Qed.

Lemma relay_trE (F : 'M[R]_N) (mu v : 'cV[R]_N) :
  (relay lam F mu)^T *m v = lam *: v + (1 - lam) *: (mu .* (F^T *m v)).
Proof.
rewrite linearD linearZ /= tr_scalar_mx trmx_mul tr_diag_mx.
rewrite mulmxDl mul_scalar_mx -scalemxAl -mulmxA; congr (_ + _ *: _).
by apply/colP => i; rewrite mul_diag_mx !mxE.
Qed.

Lemma adjoint_step t : (t <= T)%N ->
  g t = a t + lam *: g t.+1 + (1 - lam) *: (h t .* (W^T *m g t.+1)).
Proof. by move=> t_le; rewrite /adjoint subSn // subSS. Qed.

Lemma adjoint_relay t : (t <= T)%N -> g t = a t + (J t)^T *m g t.+1.
Proof. by move=> t_le; rewrite adjoint_step // relay_trE addrA. Qed.

Lemma adjoint_total t : (t <= T)%N ->
  g t = h t .* total_credit T lam W h ell t + lam *: g t.+1.
Proof.
move=> t_le; rewrite adjoint_step // addrAC; congr (_ + _).
by apply/colP => i; rewrite /source t_le !mxE mulrDr mulrCA.
Qed.

Definition pulse p q t : 'cV[R]_N := ((1 - lam) * u t q 0) *: delta_mx p 0.

Lemma bptt_pulse p q : bptt T lam W h ell u p q =
  (\sum_(1 <= t < T.+1) (g t)^T *m pulse p q t) 0 0.
Proof.
rewrite mxE !summxE mulr_sumr; apply: eq_bigr => t _.
rewrite mxE big_ord1 /pulse -scalemxAr [RHS]mxE -colE !mxE -mulrA.
by congr (_ * _); rewrite mulrC.
Qed.

Lemma influence_relay p q t :
  influence lam W h u p q t.+1 =
  J t *m influence lam W h u p q t + pulse p q t.+1.
Proof.
rewrite relayE; apply/colP => j; rewrite [LHS]mxE !mxE; congr (_ + _ * _ + _).
  by apply: eq_bigr => l _; rewrite mxE mulrA.
by rewrite andbT mulrC.
Qed.

Theorem bptt_is_rtrl : bptt T lam W h ell u = rtrl T lam W h ell u.
Proof.
apply/matrixP => p q; rewrite bptt_pulse.
rewrite -(duality (A := fun t => J t) (P := influence lam W h u p q)
                  erefl (influence_relay p q) (adjoint_end (ltnSn T))
                  adjoint_relay).
rewrite summxE mxE; apply: eq_bigr => t _; rewrite mxE.
by apply: eq_bigr => j _; rewrite mxE.
Qed.

(* The gradient in the form of a rule with three factors. *)
Theorem bptt_three_factor :
  bptt T lam W h ell u =
  three_factor T lam h u (total_credit T lam W h ell).
Proof.
apply/matrixP => p q; rewrite bptt_pulse.
pose P t : 'cV[R]_N := trace lam u t q 0 *: delta_mx p 0.
have P_start : P 0%N = 0 by rewrite /P mxE scale0r.
have P_step t : P t.+1 = lam%:M *m P t + pulse p q t.+1.
  by rewrite /P /pulse mul_scalar_mx scalerA -scalerDl !mxE.
have g_step t : (t <= T)%N ->
    g t = h t .* total_credit T lam W h ell t + (lam%:M)^T *m g t.+1.
  by move=> t_le; rewrite tr_scalar_mx mul_scalar_mx -adjoint_total.
rewrite -(duality P_start P_step (adjoint_end (ltnSn T)) g_step).
rewrite summxE mxE; apply: eq_bigr => t _.
rewrite /P -scalemxAr [LHS]mxE -colE [X in _ * X]mxE [X in _ * X]mxE.
by rewrite [X in _ * X]mxE mulrC -mulrA mulrCA.
Qed.

End Exact.

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

(* That BPTT is a derivative at all: for polynomial sigma, along any line     *)
(* (W + tH, U + tG), the loss is a polynomial in t whose derivative at 0 is   *)
(* the sum of both gradients' pairings with H and G.                          *)
Section Derivative.

Variables (R : comRingType) (N M K T : nat) (lam half : R).
Variables (W H : 'M[R]_N) (U G : 'M[R]_(N, M)).
Variables (V : 'M[R]_(K, N)) (b : 'cV[R]_K).
Variables (p : 'I_N -> {poly R}).
Variables (x : nat -> 'cV[R]_M) (target : nat -> 'cV[R]_K) (w : nat -> R).
Hypothesis half_2 : half + half = 1.

Let sigma i s := (p i).[s].
Let dsigma i s := (p i)^`().[s].
Let sigma_X i (s : {poly R}) := p i \Po s.

Definition const_cv n (v : 'cV[R]_n) : 'cV[{poly R}]_n := \col_i (v i 0)%:P.

Definition time_loss_line : {poly R} :=
  total_loss T lam%:P (line_mx W H) (line_mx U G) (line_mx V 0) (const_cv b)
    (fun i s => p i \Po s) (fun t => const_cv (x t))
    (fun t => const_cv (target t)) (fun t => (w t)%:P) half%:P.

Local Notation s_X := (inputs_at lam%:P (line_mx W H) (line_mx U G) sigma_X
  (fun t => const_cv (x t))).
Local Notation z_X := (rate lam%:P (line_mx W H) (line_mx U G) sigma_X
  (fun t => const_cv (x t))).
Local Notation s := (inputs_at lam W U sigma x).
Local Notation z := (rate lam W U sigma x).
Local Notation h := (slope lam W U sigma dsigma x).

Lemma at_line_mul m n (A HA : 'M[R]_(n, m)) (v : 'cV[{poly R}]_m) r :
  at_t (line_mx A HA *m v) r = (A + r *: HA) *m at_t v r.
Proof.
apply/colP => i; rewrite !mxE horner_sum; apply: eq_bigr => j _.
by rewrite hornerM line_mx_at !mxE.
Qed.

Lemma at_add n (v v' : 'cV[{poly R}]_n) r :
  at_t (v + v') r = at_t v r + at_t v' r.
Proof. by apply/colP => i; rewrite !mxE hornerD. Qed.

Lemma at_scale n a (v : 'cV[{poly R}]_n) r : at_t (a%:P *: v) r = a *: at_t v r.
Proof. by apply/colP => i; rewrite !mxE hornerM hornerC. Qed.

Lemma at_const n (v : 'cV[R]_n) r : at_t (const_cv v) r = v.
Proof. by apply/colP => i; rewrite !mxE hornerC. Qed.

Lemma dot_line_mul m n (A HA : 'M[R]_(n, m)) (v : 'cV[{poly R}]_m) :
  dot_at (line_mx A HA *m v) = HA *m at_t v 0 + A *m dot_at v.
Proof.
apply/colP => i; rewrite !mxE deriv_sum horner_sum -big_split.
apply: eq_bigr => j _ /=.
by rewrite derivM hornerD !hornerM line_mx_deriv line_mx_0 !mxE.
Qed.

Lemma dot_add n (v v' : 'cV[{poly R}]_n) :
  dot_at (v + v') = dot_at v + dot_at v'.
Proof. by apply/colP => i; rewrite !mxE derivD hornerD. Qed.

Lemma dot_scale n a (v : 'cV[{poly R}]_n) : dot_at (a%:P *: v) = a *: dot_at v.
Proof.
by apply/colP => i; rewrite !mxE derivM derivC mul0r add0r hornerM hornerC.
Qed.

Lemma dot_const n (v : 'cV[R]_n) : dot_at (const_cv v) = 0.
Proof. by apply/colP => i; rewrite !mxE derivC horner0. Qed.

Lemma one_minus_leak : 1 - lam%:P = (1 - lam)%:P.
Proof. by rewrite polyCB. Qed.

Lemma inputs_at_line t r : at_t (s_X t) r =
  inputs_at lam (W + r *: H) (U + r *: G) sigma x t.
Proof.
elim: t => [|t IH] /=; first by apply/colP => i; rewrite !mxE horner0.
rewrite one_minus_leak at_add !at_scale at_add !at_line_mul at_const IH.
congr (_ + _ *: (_ *m _ + _)); case: t IH => [|t] IH.
  by apply/colP => i; rewrite !mxE horner0.
by rewrite [fired _ _ _]/(at_layer _ _) activation_at IH.
Qed.

Lemma rate_line t r : at_t (z_X t) r =
  rate lam (W + r *: H) (U + r *: G) sigma x t.
Proof.
rewrite /rate -inputs_at_line; case: t => [|t] /=.
  by apply/colP => i; rewrite !mxE horner0.
by rewrite activation_at.
Qed.

Lemma dot_rate t : dot_at (z_X t) = h t .* dot_at (s_X t).
Proof.
rewrite /rate; case: t => [|t].
  by apply/colP => i; rewrite !mxE deriv0 horner0 mulr0.
rewrite [fired _ _ _]/(at_layer _ _) activation_deriv inputs_at_line.
by rewrite !scale0r !addr0.
Qed.

Definition push (t : nat) : 'cV[R]_N :=
  (1 - lam) *: (H *m z t.-1) + (1 - lam) *: (G *m x t).

Lemma dot_inputs t :
  dot_at (s_X t.+1) = relay lam W (h t) *m dot_at (s_X t) + push t.+1.
Proof.
rewrite relayE -dot_rate /push [s_X _]/= one_minus_leak.
rewrite dot_add !dot_scale dot_add !dot_line_mul at_const dot_const mulmx0.
rewrite addr0.
rewrite -[fired _ _ _]/(z_X t) rate_line !scale0r !addr0 -[RHS]addrA -!scalerDr.
by congr (_ + _ *: _); rewrite addrA [W *m _ + _]addrC.
Qed.

Lemma push_pairing (n : nat) (F : 'M[R]_(N, n)) (u : nat -> 'cV[R]_n)
    (ell : nat -> 'cV[R]_N) (g := adjoint T lam W h ell) :
  (\sum_(1 <= t < T.+1) (g t)^T *m ((1 - lam) *: (F *m u t))) 0 0 =
  \sum_i \sum_j bptt T lam W h ell u i j * F i j.
Proof.
have entry i j : bptt T lam W h ell u i j * F i j =
    \sum_(1 <= t < T.+1) (1 - lam) * (g t i 0 * (F i j * u t j 0)).
  rewrite mxE summxE mulr_sumr mulr_suml; apply: eq_bigr => t _.
  by rewrite mxE big_ord1 [_^T _ _]mxE -!mulrA [u t j 0 * _]mulrC.
under [RHS]eq_bigr do under eq_bigr do rewrite entry.
under [RHS]eq_bigr do rewrite exchange_big.
rewrite exchange_big summxE; apply: eq_bigr => t _ /=.
rewrite -scalemxAr mxE mxE mulr_sumr; apply: eq_bigr => i _.
by rewrite !mxE -!mulr_sumr.
Qed.

Local Notation y_X := (readout lam%:P (line_mx W H) (line_mx U G) (line_mx V 0)
  (const_cv b) sigma_X (fun t => const_cv (x t))).
Local Notation ell := (feedback lam W U V b sigma x target w).

Lemma miss_at t k r : (y_X t k 0 - const_cv (target t) k 0).[r] =
  (readout lam (W + r *: H) (U + r *: G) V b sigma x t - target t) k 0.
Proof.
have y_r : at_t (y_X t) r =
    readout lam (W + r *: H) (U + r *: G) V b sigma x t.
  by rewrite /readout at_add at_line_mul at_const scaler0 addr0 rate_line.
by rewrite hornerD hornerN -[y_X t k 0 in LHS]/(y_X t k 0) -y_r !mxE hornerC.
Qed.

Lemma miss_value t k : (y_X t k 0 - const_cv (target t) k 0).[0] =
  (readout lam W U V b sigma x t - target t) k 0.
Proof. by rewrite miss_at !scale0r !addr0. Qed.

Theorem time_loss_value r : time_loss_line.[r] =
  total_loss T lam (W + r *: H) (U + r *: G) V b sigma x target w half.
Proof.
rewrite /time_loss_line /total_loss hornerM hornerC horner_sum.
congr (_ * _); apply: eq_bigr => t _; rewrite hornerM hornerC horner_sum.
congr (_ * _); apply: eq_bigr => k _; rewrite horner_exp miss_at.
by congr (_ ^+ 2); rewrite !mxE.
Qed.

Lemma miss_deriv t k : (y_X t k 0 - const_cv (target t) k 0)^`().[0] =
  (V *m dot_at (z_X t)) k 0.
Proof.
have y_dot : dot_at (y_X t) = V *m dot_at (z_X t).
  by rewrite /readout dot_add dot_line_mul dot_const mul0mx add0r addr0.
rewrite -y_dot derivB [const_cv _ _ _]mxE derivC subr0.
by rewrite [RHS]mxE.
Qed.

Lemma square_deriv (q : {poly R}) : half * (q ^+ 2)^`().[0] = q.[0] * q^`().[0].
Proof.
by rewrite expr2 derivM hornerD !hornerM [q^`().[0] * _]mulrC mulrDr -mulrDl
  half_2 mul1r.
Qed.

Theorem time_derivative :
  time_loss_line^`().[0] =
  \sum_i \sum_j
    gradient_recurrent T lam W U V b sigma dsigma x target w i j * H i j
  + \sum_i \sum_j
    gradient_input T lam W U V b sigma dsigma x target w i j * G i j.
Proof.
pose g := adjoint T lam W h ell.
have sum_push : \sum_(1 <= t < T.+1) (g t)^T *m push t =
    \sum_(1 <= t < T.+1) (g t)^T *m ((1 - lam) *: (H *m z t.-1)) +
    \sum_(1 <= t < T.+1) (g t)^T *m ((1 - lam) *: (G *m x t)).
  by rewrite -big_split; apply: eq_bigr => t _; exact: mulmxDr.
transitivity ((\sum_(1 <= t < T.+1) (g t)^T *m push t) 0 0); last first.
  by rewrite sum_push mxE !push_pairing.
have P_start : dot_at (s_X 0) = 0.
  by apply/colP => i; rewrite !mxE deriv0 horner0.
rewrite -(duality P_start dot_inputs (adjoint_end lam W h ell (ltnSn T))
                  (@adjoint_relay _ _ T lam W h ell)).
rewrite /time_loss_line /total_loss derivM derivC mul0r add0r hornerM hornerC.
rewrite deriv_sum horner_sum mulr_sumr summxE; apply: eq_big_nat => t.
rewrite ltnS => /andP[_ t_le].
rewrite derivM derivC mul0r add0r hornerM hornerC.
rewrite mulrCA deriv_sum horner_sum mulr_sumr.
under eq_bigr do rewrite square_deriv miss_value miss_deriv.
rewrite /source t_le.
transitivity (((error lam W U V b sigma x target w t)^T *m
               (V *m dot_at (z_X t))) 0 0).
  rewrite mulr_sumr [RHS]mxE; apply: eq_bigr => k _.
  by rewrite [_^T _ _]mxE [error _ _ _ _ _ _ _ _ _ _ _ _]mxE mulrA.
rewrite mulmxA dot_rate.
have -> : (error lam W U V b sigma x target w t)^T *m V = (ell t)^T.
  by rewrite trmx_mul trmxK.
rewrite !mxE; apply: eq_bigr => i _.
by rewrite !mxE mulrCA mulrA.
Qed.

End Derivative.
