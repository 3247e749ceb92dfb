(******************************************************************************)
(* Wrong statements, one module for each row of README.md's table. A claim is *)
(* stated with one place left open. Its theorem proves it with the right      *)
(* words there, and has to be refused with the wrong ones. The gate sees to   *)
(* it that the two commands differ in that place alone, and that the refusal  *)
(* is one of types. (That the wrong claims are false is another matter: the   *)
(* files Examples*.v show it with networks.)                                  *)
(******************************************************************************)
From CreditCheck Require CheckerSpec CheckerRun Checker CheckerWorked.
From CreditCheck Require CheckerSound.
From CreditCheck Require Import Prelude Layers LayeredEqualsBackprop Necessity
  Settling Recurrent.
From CreditCheck Require Time TimeRules TimeDerivative Contraction Residual
  Polynomial Analysis Headline.
From mathcomp.analysis Require Import reals normedtype derive.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.

Module T1.
Definition claim (rate : forall R : comRingType, R -> R)
    (of_two : forall T : Type, T -> T -> T) :=
  forall (R : comRingType) (eta : R) m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) x g,
  at_neurons f (net_inputs W sigma x) =
    at_neurons (of_two _ sigma dsigma) (net_inputs W sigma x) ->
  credit_update eta W sigma f x (- g) =
    rate R eta *: gradient W sigma dsigma x g.
(* the sign *)
Check @credit_update_gradient : claim (fun _ eta => - eta) (fun _ s ds => ds).
Fail Check @credit_update_gradient :
  claim (fun _ eta => eta) (fun _ s ds => ds).
(* f = sigma in the place of f = sigma' *)
Check @credit_update_gradient : claim (fun _ eta => - eta) (fun _ s ds => ds).
Fail Check @credit_update_gradient :
  claim (fun _ eta => - eta) (fun _ s ds => s).
End T1.

Module T2.
Definition claim (asked : forall R : idomainType, R -> bool)
    (of_two : forall T : Type, T -> T -> T) :=
  forall (R : idomainType) m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) x g (eta : R),
  asked R eta ->
  let beta := at_neurons f (net_inputs W sigma x) in
  let d := at_neurons dsigma (net_inputs W sigma x) in
  credit_update eta W sigma f x (- g) = - eta *: gradient W sigma dsigma x g <->
  agree_where_credited beta d (of_two _ (credits W beta (- g)).later d).
(* eta = 0, where everything agrees, not excluded *)
Check @credit_update_iff : claim (fun _ eta => eta != 0) (fun _ c d => c).
Fail Check @credit_update_iff : claim (fun _ eta => true) (fun _ c d => c).
(* where the slope is not 0, in the place of the credit *)
Check @credit_update_iff : claim (fun _ eta => eta != 0) (fun _ c d => c).
Fail Check @credit_update_iff : claim (fun _ eta => eta != 0) (fun _ c d => d).
End T2.

Module T3.
Definition claim (sweeps : nat -> nat) :=
  forall (R : comRingType) (N : finType) (W : N -> N -> R) beta e h,
  height W h ->
  forall (c start : N -> R) j k,
  equilibrium W beta e c -> (sweeps (h j) <= k)%N ->
  iter k (sweep W beta e) start j = c j.
(* one sweep too few *)
Check @relaxation_exact : claim (fun h => h + 1)%N.
Fail Check @relaxation_exact : claim (fun h => h)%N.
End T3.

Module T4.
Definition claim (back of_two : forall T : Type, T -> T -> T) :=
  forall (R : comRingType) (N : finType) (W : N -> N -> R)
    (beta x e c : N -> R) (H : N -> N -> R) (k dx : N -> R),
  equilibrium (back _ W (fun i j => W j i)) beta e c ->
  linear_response W beta x H k dx ->
  \sum_j e j * dx j =
  \sum_i \sum_j (beta i * c i * x (of_two _ i j)) * H i j
    + \sum_i (beta i * c i) * k i.
(* credit along the synapses, in the place of against them *)
Check @credit_response : claim (fun _ w tr => w) (fun _ i j => j).
Fail Check @credit_response : claim (fun _ w tr => tr) (fun _ i j => j).
(* the postsynaptic rate, in the place of the presynaptic one *)
Check @credit_response : claim (fun _ w tr => w) (fun _ i j => j).
Fail Check @credit_response : claim (fun _ w tr => w) (fun _ i j => i).
End T4.

Module T4b.
Definition claim (side : forall R : zmodType, R -> R) :=
  forall (R : comRingType) m ns (W : params R m ns) (beta : layered R ns)
    (beta_inputs : 'cV[R]_m) e (c : layered R (m :: ns)),
  equilibrium (graph_weight W) (at_neuron (layer beta_inputs beta))
    (at_neuron (last_only e)) (at_neuron c) <->
  c = credits W beta (side _ e).
(* the sign of the external credit *)
Check @layered_equilibrium : claim (fun _ e => e).
Fail Check @layered_equilibrium : claim (fun _ e => - e).
End T4b.

Module T5a.
Definition claim (slopes : forall R ns, Polynomial.polynomials R ns ->
    Polynomial.polynomials R ns) :=
  forall (R : comRingType) m ns (W H : params R m ns) p ell x,
  let g := Polynomial.loss_slope ell (output W (Polynomial.as_functions p) x) in
  (Polynomial.loss_line W H p ell x)^`().[0] =
  <[gradient W (Polynomial.as_functions p)
      (Polynomial.as_functions (slopes R ns p)) x g, H]>.
(* sigma in the place of its derivative *)
Check @Polynomial.loss_derivative :
  claim (fun R ns p => Polynomial.derivatives p).
Fail Check @Polynomial.loss_derivative : claim (fun R ns p => p).
End T5a.

Module T5b.
Definition claim (asked : Prop -> Prop) (miss : forall R : zmodType, R -> R) :=
  forall (R : realType) m ns (W H : params R m ns) sigma dsigma x target,
  asked (Analysis.slopes_at sigma dsigma (net_inputs W sigma x)) ->
  Analysis.slope_of
    (fun t => Analysis.squared_loss target (output (W + t *: H) sigma x)) 0
    <[gradient W sigma dsigma x (miss _ (squared_slope W sigma x target)), H]>.
(* slopes that need not be those of sigma *)
Check @Analysis.squared_gradient_slope :
  claim (fun slopes => slopes) (fun _ g => g).
Fail Check @Analysis.squared_gradient_slope :
  claim (fun slopes => True) (fun _ g => g).
(* target - output in the place of output - target *)
Check @Analysis.squared_gradient_slope :
  claim (fun slopes => slopes) (fun _ g => g).
Fail Check @Analysis.squared_gradient_slope :
  claim (fun slopes => slopes) (fun _ g => - g).
End T5b.

Module T5c.
Definition claim (rate : forall R : zmodType, R -> R) :=
  forall (R : realType) (eta : R) m ns (W H : params R m ns) x target,
  let L t := Headline.logistic_loss (W + t *: H) x target in
  derivable L 0 1 /\
  <[Headline.logistic_rule eta W x target, H]> = rate _ eta * 'D_1 L 0.
(* uphill *)
Check @Headline.logistic_rule_is_gradient_descent : claim (fun _ eta => - eta).
Fail Check @Headline.logistic_rule_is_gradient_descent :
  claim (fun _ eta => eta).
End T5c.

Module T6.
Definition claim (rate : Qcanon.Qc -> Qcanon.Qc) :=
  forall C E, CheckerRun.check C = true -> List.In E (CheckerRun.examples C) ->
  let N := CheckerRun.network_of (CheckerRun.layers C) in
  let x := CheckerRun.value (CheckerRun.input E) in
  let t := CheckerRun.value (CheckerRun.target E) in
  CheckerRun.value (CheckerRun.input_credit E)
    :: List.map (fun T => CheckerRun.value (CheckerRun.c_cert T))
         (CheckerRun.traces E)
    = List.map (List.map Qcanon.Qcopp)
        (CheckerSpec.adjoints N (CheckerSpec.balance_factors N x)
           (CheckerSpec.minus (CheckerSpec.output N x) t)) /\
  CheckerRun.claimed_update C E =
    CheckerSpec.scaled (rate (CheckerRun.eta_of C))
      (CheckerSpec.gradient N x t).
(* the sign *)
Check @Checker.check_sound_backprop : claim (fun eta => Qcanon.Qcopp eta).
Fail Check @Checker.check_sound_backprop : claim (fun eta => eta).
(* what is true of no examples *)
Definition about (asked : CheckerRun.certificate -> bool) :=
  forall C, asked C = true -> Checker.about_something C.
Check @Checker.accept_nonempty : about (fun C => CheckerRun.accept C).
Fail Check @Checker.accept_nonempty : about (fun C => CheckerRun.check C).
End T6.

Module T7.
Definition claim (asked : Prop -> Prop) :=
  forall (R : realDomainType) n (W : 'M[R]_n) beta e h c c' rho b,
  asked (height W h) -> equilibrium W beta e c ->
  (forall j, `|Residual.residual W beta e c' j| <= rho j) ->
  (forall j, Residual.amplified W beta b j + rho j <= b j) ->
  forall j, `|c' j - c j| <= b j.
(* cycles not excluded *)
Check @Residual.residual_bound : claim (fun no_cycle => no_cycle).
Fail Check @Residual.residual_bound : claim (fun no_cycle => True).
End T7.

Module T7r.
Definition claim (less : forall R : realDomainType, R -> R -> bool) :=
  forall (R : realDomainType) n (W : 'M[R]_n) beta e c c' rho b,
  equilibrium W beta e c ->
  (forall j, `|Residual.residual W beta e c' j| <= rho j) ->
  (forall j, 0 <= b j) ->
  (forall j, less R (Residual.amplified W beta b j + rho j) (b j)) ->
  forall j, `|c' j - c j| <= b j.
(* equality not excluded *)
Check @Residual.residual_bound_recurrent : claim (fun _ a b => a < b).
Fail Check @Residual.residual_bound_recurrent : claim (fun _ a b => a <= b).
End T7r.

Module T8.
Definition claim (power : nat -> nat) :=
  forall (R : realDomainType) n (W : 'M[R]_n) beta e q B c start k,
  Contraction.column_sums W beta q -> equilibrium W beta e c ->
  (forall i, `|start i - c i| <= B) ->
  forall j, `|Contraction.settled W beta e start k j - c j|
            <= q ^+ power k * B.
(* one sweep too few *)
Check @Contraction.settled_error : claim (fun k => k).
Fail Check @Contraction.settled_error : claim (fun k => k.+1).
End T8.

Module T9.
Definition claim (of_two : forall T : Type, T -> T -> T) :=
  forall (R : comRingType) N M T lam (W : 'M[R]_N) h ell (u : nat -> 'cV[R]_M),
  Time.bptt T lam W h ell u =
  of_two _ (Time.rtrl T lam W h ell u)
    (Time.three_factor T lam h u (Time.eprop_credit ell)).
(* e-prop in the place of RTRL *)
Check @Time.bptt_is_rtrl : claim (fun _ rtrl eprop => rtrl).
Fail Check @Time.bptt_is_rtrl : claim (fun _ rtrl eprop => eprop).
End T9.

Module T10.
Definition claim (taps : nat -> nat) :=
  forall (R : comRingType) N M K T lam (W : 'M[R]_N) (U : 'M[R]_(N, M))
    (V : 'M[R]_(K, N)) b sigma (dsigma : 'I_N -> R -> R) x target w
    (mu : 'cV[R]_N) S,
  (forall i s, dsigma i s = mu i 0) ->
  ((taps T <= S)%N ->
     TimeRules.modprop_recurrent T lam W U V b sigma dsigma x target w mu S =
     TimeRules.gradient_recurrent T lam W U V b sigma dsigma x target w) /\
  ((T - 1 <= S)%N ->
     TimeRules.modprop_input T lam W U V b sigma dsigma x target w mu S =
     TimeRules.gradient_input T lam W U V b sigma dsigma x target w).
(* one tap too few *)
Check @TimeRules.modprop_linear : claim (fun T => T - 2)%N.
Fail Check @TimeRules.modprop_linear : claim (fun T => T - 3)%N.
End T10.

Module T11.
Definition claim (taps : nat) :=
  forall (R : comRingType) N T lam h ell (F : 'M[R]_N) mu t,
  Time.modprop_credit T lam h ell F mu taps t =
  Time.mdgl_credit T lam h ell F t.
(* two taps *)
Check @TimeRules.modprop_one_tap : claim 1.
Fail Check @TimeRules.modprop_one_tap : claim 2.
End T11.

Module T12.
Definition claim (steps : nat) :=
  forall (R : comRingType) N M K T lam (W : 'M[R]_N) (U : 'M[R]_(N, M))
    (V : 'M[R]_(K, N)) b sigma dsigma x target w, (T <= steps)%N ->
  TimeRules.eprop_recurrent T lam W U V b sigma dsigma x target w =
  TimeRules.gradient_recurrent T lam W U V b sigma dsigma x target w.
(* three steps *)
Check @TimeRules.eprop_two_steps : claim 2.
Fail Check @TimeRules.eprop_two_steps : claim 3.
End T12.

Module T13.
Definition claim (two_halves : forall R : comRingType, R -> R) :=
  forall (R : comRingType) N M K T lam half (W H : 'M[R]_N)
    (U G : 'M[R]_(N, M)) (V : 'M[R]_(K, N)) b p x target w,
  two_halves R half = 1 ->
  (TimeDerivative.time_loss_line T lam half W H U G V b p x target w)^`().[0] =
  \sum_i \sum_j TimeRules.gradient_recurrent T lam W U V b
      (fun i s => (p i).[s]) (fun i s => (p i)^`().[s]) x target w i j * H i j
  + \sum_i \sum_j TimeRules.gradient_input T lam W U V b
      (fun i s => (p i).[s]) (fun i s => (p i)^`().[s]) x target w i j * G i j.
(* 1 in the place of one half *)
Check @TimeDerivative.time_derivative : claim (fun _ half => half + half).
Fail Check @TimeDerivative.time_derivative : claim (fun _ half => half).
End T13.
