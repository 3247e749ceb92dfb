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
(*        bptt_is_rtrl == backwards and forwards in time give one gradient    *)
(*   bptt_three_factor == the gradient as a rule with three factors           *)
(*                                                                            *)
(* Where the rules equal the gradient: TimeRules.v. That the gradient is a    *)
(* derivative: TimeDerivative.v.                                              *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers.

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
