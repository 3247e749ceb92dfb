(******************************************************************************)
(* BPTT is a derivative: for polynomial sigma, along any line (W + tH,        *)
(* U + tG), the loss over time is a polynomial in t, and its derivative at 0  *)
(* is the sum of both gradients' pairings with H and G. Any commutative ring, *)
(* no limits.                                                                 *)
(*                                                                            *)
(*  time_loss_line  == the loss of (W + tH, U + tG) as a polynomial in t      *)
(*  time_loss_value == its value at t is the loss of (W + tH, U + tG)         *)
(*  time_derivative == its derivative at 0 is <gradient, (H, G)>              *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers Polynomial Time TimeRules.

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
