(******************************************************************************)
(* One neuron with a self-synapse of weight 1 and one input synapse, linear,  *)
(* no leak, driven by x_t = 1, with the error of the last step alone: where   *)
(* the rules over time are exact (TimeRules.v, TimeDerivative.v), and one     *)
(* step further where they are not.                                           *)
(*                                                                            *)
(*     cm a == the 1 x 1 matrix of a                                          *)
(* gradient T, eprop T, mdgl T, modprop mu S T == the entries for the self-   *)
(*             synapse, for a run of T steps                                  *)
(******************************************************************************)
From CreditCheck Require Import Prelude Layers Polynomial Time TimeRules
  TimeDerivative.

Section One.

Variable R : comRingType.
Implicit Types a b : R.

Definition cm a : 'M[R]_1 := const_mx a.

Lemma cm0 : 0 = cm 0. Proof. by apply/matrixP => i j; rewrite !mxE. Qed.

Lemma cmE a i j : cm a i j = a. Proof. exact: mxE. Qed.

Lemma cmD a b : cm a + cm b = cm (a + b).
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.

Lemma cmB a b : cm a - cm b = cm (a - b).
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.

Lemma cmZ a b : a *: cm b = cm (a * b).
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.

Lemma cmM a b : cm a *m cm b = cm (a * b).
Proof. by apply/matrixP => i j; rewrite !mxE big_ord1 !mxE. Qed.

Lemma cmT a : (cm a)^T = cm a.
Proof. by apply/matrixP => i j; rewrite !mxE. Qed.

Lemma cmH a b : (cm a : 'cV[R]_1) .* cm b = cm (a * b).
Proof. by apply/matrixP => i j; rewrite !mxE ?ord1. Qed.

Lemma cmF (f : 'I_1 -> R -> R) a : at_layer f (cm a) = cm (f 0 a).
Proof. by apply/matrixP => i j; rewrite !mxE ?ord1. Qed.

Lemma cm_diag a : diag_mx (cm a) = cm a.
Proof. by apply/matrixP => i j; rewrite !mxE ?ord1. Qed.

Lemma cm_scalar a : a%:M = cm a.
Proof. by apply/matrixP => i j; rewrite !mxE ?ord1. Qed.

Variables (sigma dsigma : 'I_1 -> R -> R).
Hypothesis sigma_id : forall s, sigma 0 s = s.
Hypothesis dsigma_1 : forall s, dsigma 0 s = 1.

Let x (_ : nat) : 'cV[R]_1 := cm 1.
Let w (T t : nat) : R := (t == T)%:R.
Let z := rate 0 (cm 1) (cm 1) sigma x.
Let h := slope 0 (cm 1) (cm 1) sigma dsigma x.
Let ell T := feedback 0 (cm 1) (cm 1) (cm 1) 0 sigma x (fun=> 0) (w T).

Definition gradient T : R :=
  gradient_recurrent T 0 (cm 1) (cm 1) (cm 1) 0 sigma dsigma x (fun=> 0)
    (w T) 0 0.

Definition eprop T : R :=
  eprop_recurrent T 0 (cm 1) (cm 1) (cm 1) 0 sigma dsigma x (fun=> 0)
    (w T) 0 0.

Definition mdgl T : R :=
  mdgl_recurrent T 0 (cm 1) (cm 1) (cm 1) 0 sigma dsigma x (fun=> 0)
    (w T) 0 0.

Definition modprop mu S T : R :=
  modprop_recurrent T 0 (cm 1) (cm 1) (cm 1) 0 sigma dsigma x (fun=> 0)
    (w T) (cm mu) S 0 0.

Lemma zE t : z t = cm t%:R.
Proof.
have inputsE : inputs_at 0 (cm 1) (cm 1) sigma x t = cm t%:R.
  elim: t => [|t IH] /=; first exact: cm0.
  have -> : fired sigma t (inputs_at 0 (cm 1) (cm 1) sigma x t) = cm t%:R.
    case: t IH => [_|t IH]; first exact: cm0.
    by rewrite IH; apply: etrans (cmF _ _) _; rewrite sigma_id.
  rewrite IH /x !(cmM, cmZ, cmD) subr0 mul0r add0r !mul1r.
  by rewrite -mulrSr.
rewrite /z /rate inputsE; case: t {inputsE} => [|t]; first exact: cm0.
by apply: etrans (cmF _ _) _; rewrite sigma_id.
Qed.

Lemma hE t : h t = cm 1.
Proof.
by apply/matrixP => i j; rewrite /h /slope cmE mxE !ord1 dsigma_1.
Qed.

Lemma ellE T t : ell T t = cm (if t == T then T%:R else 0).
Proof.
rewrite /ell /feedback /error /readout -/z zE !addr0 subr0 cmT !(cmM, cmZ).
by rewrite /w !mul1r; case: eqP => [->|_]; rewrite ?mul1r ?mul0r.
Qed.

(* g_t = T for every t, as nothing leaks and nothing amplifies                *)
Lemma adjointE T t : (t <= T)%N -> adjoint T 0 (cm 1) h (ell T) t = cm T%:R.
Proof.
move=> t_le; rewrite -(subKn t_le); move: (T - t)%N (leq_subr t T).
elim=> [|r IH] r_le; rewrite adjoint_step ?leq_subr // /source leq_subr.
  rewrite subn0 adjoint_end // hE ellE eqxx cmT !mulmx0 cmH.
  by rewrite cm0 cmH !cmZ !cmD !(mulr0, addr0, mul1r).
rewrite hE ellE subnSK // IH ?(ltnW r_le) // cmT !(cmM, cmH, cmZ, cmD).
case: eqP => [T_eq|_]; last by rewrite !(subr0, mul0r, mul1r, mulr0, add0r).
by have := leq_subr r T; rewrite -subnSK // T_eq ltnn.
Qed.

Lemma gradientE T : gradient T = T%:R * \sum_(1 <= t < T.+1) t.-1%:R.
Proof.
rewrite /gradient /gradient_recurrent /bptt subr0 scale1r summxE mulr_sumr.
apply: eq_big_nat => t; rewrite ltnS => /andP[_ t_le].
by rewrite -/h -/(ell T) adjointE // -/(z _) zE cmT cmM cmE.
Qed.

Lemma traceE t : trace 0 (fun t => z t.-1) t.+1 = cm t%:R.
Proof. by rewrite /= zE scale0r add0r subr0 scale1r. Qed.

Lemma three_factorE T (L : nat -> 'cV[R]_1) (l : nat -> R) :
  (forall t, L t = cm (l t)) ->
  three_factor T 0 h (fun t => z t.-1) L 0 0 =
  \sum_(1 <= t < T.+1) l t * t.-1%:R.
Proof.
move=> LE; rewrite mxE; apply: eq_big_nat => -[//|t] _.
by rewrite LE hE traceE !cmE mul1r.
Qed.

Let at_T (T t : nat) : R := if t == T then T%:R else 0.

Lemma epropE T : eprop T = \sum_(1 <= t < T.+1) at_T T t * t.-1%:R.
Proof. by apply: three_factorE => t; exact: ellE. Qed.

Lemma sourceE T t : source T h (ell T) t = cm (at_T T t).
Proof.
rewrite /source hE ellE cmH mul1r /at_T; case: leqP => // T_lt.
by rewrite gtn_eqF // cm0.
Qed.

Lemma mdglE T : mdgl T =
  \sum_(1 <= t < T.+1) (at_T T t + at_T T t.+1) * t.-1%:R.
Proof.
apply: (three_factorE _) => t.
by rewrite /mdgl_credit -/h -/(ell T) sourceE ellE cmT cmM cmZ cmD subr0 !mul1r.
Qed.

Lemma tapE mu s : tap 0 (cm 1) (cm mu) s.+1 = cm (mu ^+ s) :> 'M[R]_1.
Proof.
rewrite /tap /=; elim: s => [|s IH] /=; first by rewrite subr0 scale1r.
rewrite IH /relay cmT cm_diag cm_scalar !(cmM, cmZ, cmD).
by rewrite subr0 add0r !mul1r exprS.
Qed.

Lemma modpropE mu S T : modprop mu S T =
  \sum_(1 <= t < T.+1)
    (at_T T t + \sum_(0 <= s < S) mu ^+ s * at_T T (t + s.+1)%N) * t.-1%:R.
Proof.
apply: (three_factorE _) => t.
rewrite /modprop_credit -/h -/(ell T) ellE big_add1 /=.
have -> : \sum_(0 <= s < S) (tap 0 (cm 1) (cm mu) s.+1)^T
            *m source T h (ell T) (t + s.+1)%N =
          cm (\sum_(0 <= s < S) mu ^+ s * at_T T (t + s.+1)%N).
  apply/matrixP => i j; rewrite summxE cmE; apply: eq_bigr => s _.
  by rewrite tapE sourceE cmT cmM cmE.
by rewrite cmD.
Qed.

End One.

Section Rules.

Let id_at (i : 'I_1) (s : int) := s.
Let one_at (i : 'I_1) (s : int) : int := 1.
Let sigma_id s : id_at 0 s = s. Proof. by []. Qed.
Let dsigma_1 s : one_at 0 s = 1. Proof. by []. Qed.

Let gradient_of := gradient id_at one_at.
Let eprop_of := eprop id_at one_at.
Let mdgl_of := mdgl id_at one_at.
Let modprop_of := modprop id_at one_at.

Let value := (gradientE sigma_id dsigma_1, epropE sigma_id dsigma_1,
  mdglE sigma_id dsigma_1, modpropE sigma_id dsigma_1).

Example rtrl_met : gradient_of 3 = 9%:R /\
  rtrl 3 0 (cm 1) (slope 0 (cm 1) (cm 1) id_at one_at (fun=> cm 1))
    (feedback 0 (cm 1) (cm 1) (cm 1) 0 id_at (fun=> cm 1) (fun=> 0)
       (fun t => (t == 3)%N%:R))
    (fun t => rate 0 (cm 1) (cm 1) id_at (fun=> cm 1) t.-1) 0 0 = 9%:R.
Proof.
rewrite -bptt_is_rtrl; suff: gradient_of 3 = 9%:R by [].
by rewrite /gradient_of value unlock.
Qed.

Example eprop_met : eprop_of 2 = gradient_of 2.
Proof. by rewrite /eprop_of /eprop eprop_two_steps. Qed.

Example eprop_value : eprop_of 2 = 2%:R.
Proof. by rewrite /eprop_of value unlock. Qed.

Example eprop_bites : eprop_of 3 <> gradient_of 3.
Proof. by rewrite /eprop_of /gradient_of !value unlock. Qed.

Example mdgl_met : mdgl_of 3 = gradient_of 3.
Proof. by rewrite /mdgl_of /mdgl mdgl_three_steps. Qed.

Example mdgl_bites : mdgl_of 4 <> gradient_of 4.
Proof. by rewrite /mdgl_of /gradient_of !value unlock. Qed.

Example modprop_met : modprop_of 1 2 4 = gradient_of 4.
Proof.
have linear (i : 'I_1) (s : int) : one_at i s = cm (1 : int) i 0.
  by rewrite cmE.
rewrite /modprop_of /modprop.
by have [exact_W _] := @modprop_linear _ 1 1 1 4 0 (cm 1) (cm 1) (cm 1) 0 id_at
  one_at (fun=> cm 1) (fun=> 0) (fun t => (t == 4)%N%:R) (cm 1) 2 linear;
  rewrite exact_W.
Qed.

(* a slope mu that is not the neuron's                                        *)
Example modprop_bites : modprop_of 2%:R 2 4 <> gradient_of 4.
Proof. by rewrite /modprop_of /gradient_of !value unlock. Qed.

(* one tap too few                                                            *)
Example modprop_taps_bite : modprop_of 1 1 4 <> gradient_of 4.
Proof. by rewrite /modprop_of /gradient_of !value unlock. Qed.

Example one_tap_met T mu : modprop_of mu 1 T = mdgl_of T.
Proof.
rewrite /modprop_of /modprop /modprop_recurrent.
congr (fun_of_matrix _ _ _); apply: three_factor_eq => t _; right.
exact: modprop_one_tap.
Qed.

(* two taps are not MDGL                                                      *)
Example one_tap_bites : modprop_of 1 2 4 <> mdgl_of 4.
Proof. by rewrite /modprop_of /mdgl_of !value unlock. Qed.

End Rules.

Section Derivative.

Let line (half : rat) : {poly rat} :=
  time_loss_line 3 0 half (cm 1) (cm 1) (cm 1) 0 (cm 1) 0 (fun=> 'X)
    (fun=> cm 1) (fun=> 0) (fun t => (t == 3)%N%:R).

(* along H = 1 for the self-synapse, G = 0 for the input                      *)
Example derivative_met : (line 2%:R^-1)^`().[0] = 9%:R.
Proof.
rewrite time_derivative; last exact/eqP.
rewrite !big_ord1 cmE mulr1 [X in _ + X](_ : _ = 0) ?addr0; last first.
  by rewrite [X in _ * X]mxE mulr0.
have sigma_id (s : rat) : 'X.[s] = s by rewrite hornerX.
have dsigma_1 (s : rat) : ('X : {poly rat})^`().[s] = 1.
  by rewrite derivX hornerC.
have := @gradientE _ (fun _ s => 'X.[s])
  (fun _ s => ('X : {poly rat})^`().[s]) sigma_id dsigma_1 3.
by rewrite /gradient => ->; rewrite unlock; apply/eqP.
Qed.

(* 1 in the place of one half                                                 *)
Example derivative_bites : (line 1)^`().[0] <> 9%:R.
Proof.
move: derivative_met; rewrite /line /time_loss_line /total_loss.
rewrite !derivM !derivC !mul0r !add0r !hornerM !hornerC mul1r.
by move=> half_S S; move: half_S; rewrite S => /eqP.
Qed.

End Derivative.
