(******************************************************************************)
(* Networks that satisfy the hypotheses of T1, T2 and T5a, and ones that show *)
(* that without them the claims fail. All are chains: one input, one synapse  *)
(* w, one neuron, one synapse v, one neuron; no biases.                       *)
(*                                                                            *)
(*         chain w v == its parameters                                        *)
(*            both f == f at both neurons                                     *)
(*      chain_update == what the rule does to them, written out               *)
(*     square, twice == s ^ 2 and its slope 2 s; always c == the constant c   *)
(******************************************************************************)
From CreditCheck Require Import Prelude Layers LayeredEqualsBackprop Necessity
  Polynomial.

Section Chain.

Variable R : comRingType.

Definition chain (w v : R) : params R 1 [:: 1; 1]%N :=
  layer_params (const_mx w) 0
    (layer_params (const_mx v) 0 (0 : params R 1 [::])).

Definition both (f : R -> R) : functions R [:: 1; 1]%N :=
  (fun=> f, (fun=> f, tt)).

Variables (eta w v x e : R) (sigma f : R -> R).

Definition square (s : R) : R := s ^+ 2.
Definition twice (s : R) : R := 2%:R * s.
Definition always (c : R) (_ : R) : R := c.

Let s1 := w * x.
Let s2 := v * sigma s1.

Lemma chain_net_inputs : net_inputs (chain w v) (both sigma) (const_mx x) =
  layer (const_mx s1) (layer (const_mx s2) (0 : layered R [::])).
Proof.
rewrite !net_inputs_cons; congr layer; last congr layer.
- by apply/colP => i; rewrite !mxE big_ord1 !mxE addr0.
- by apply/colP => i; rewrite !mxE big_ord1 !mxE big_ord1 !mxE !addr0.
Qed.

Lemma chain_output :
  output (chain w v) (both sigma) (const_mx x) = const_mx (sigma s2).
Proof.
rewrite !output_cons; apply/colP => i.
by rewrite !mxE big_ord1 !mxE big_ord1 !mxE !addr0.
Qed.

Lemma chain_update :
  credit_update eta (chain w v) (both sigma) (both f) (const_mx x) (const_mx e)
  = layer_params (const_mx (eta * (f s1 * (v * f s2 * e) * x)))
                 (const_mx (eta * (f s1 * (v * f s2 * e))))
      (layer_params (const_mx (eta * (f s2 * e * sigma s1)))
                    (const_mx (eta * (f s2 * e))) (0 : params R 1 [::])).
Proof.
rewrite /credit_update chain_net_inputs.
rewrite !at_neurons_cons !credits_cons !rates_cons !plasticity_cons.
congr layer_params; last congr layer_params.
- by apply/matrixP => i j; rewrite !mxE big_ord1 !mxE.
- by apply/matrixP => i j; rewrite !mxE big_ord1 !mxE.
- by apply/matrixP => i j; rewrite !mxE big_ord1 !mxE addr0.
- by apply/matrixP => i j; rewrite !mxE.
Qed.

End Chain.

(* A chain with a number of its own at each place, for reading entries.       *)
Definition entries (R : comRingType) (G : params R 1 [:: 1; 1]%N) : R * R :=
  (G.weight 0 0, G.rest.weight 0 0).

Lemma chain_entries (R : comRingType) (eta w v x e : R) sigma f : entries
  (credit_update eta (chain w v) (both sigma) (both f) (const_mx x)
     (const_mx e))
  = (eta * (f (w * x) * (v * f (v * sigma (w * x)) * e) * x),
     eta * (f (v * sigma (w * x)) * e * sigma (w * x))).
Proof. by rewrite chain_update /entries !mxE. Qed.

Section T1.

Let rule f : params [comRingType of int] 1 [:: 1; 1]%N :=
  credit_update 1 (chain 1 1) (both (@square _)) (both f) (const_mx 1)
    (squared_credit (chain 1 1) (both (@square _)) (const_mx 1)
       (const_mx 2%:R)).

Let backprop : params [comRingType of int] 1 [:: 1; 1]%N :=
  gradient (chain 1 1) (both (@square _)) (both (@twice _)) (const_mx 1)
    (squared_slope (chain 1 1) (both (@square _)) (const_mx 1)
       (const_mx 2%:R)).

(* The balance function is the constant 2: not the slope 2 s, but equal to it *)
(* at the net inputs that occur, 1 and 1.                                     *)
Example T1_met : rule (always 2%:R) = - 1 *: backprop.
Proof.
apply: credit_update_squared; rewrite chain_net_inputs !at_neurons_cons.
by congr layer; last congr layer; apply/colP => i; rewrite !mxE.
Qed.

Lemma rule_entries f : entries (rule f) =
  (f 1 * f 1, f 1).
Proof.
rewrite /rule /squared_credit chain_output.
have -> : const_mx 2%:R - const_mx (square (1 * square (1 * 1))) =
  const_mx 1 :> 'cV[int]_1 by apply/colP => i; rewrite !mxE.
by rewrite chain_entries /square !(mul1r, mulr1, expr1n).
Qed.

Example T1_value : entries (- 1 *: backprop) = (4%:R, 2%:R).
Proof. by rewrite -T1_met rule_entries. Qed.

(* f = 1 in the place of the slope                                            *)
Example T1_bites : rule (always 1) <> - 1 *: backprop.
Proof. by move/(congr1 (@entries _)); rewrite T1_value rule_entries. Qed.

(* A feedback synapse of its own, v' = 0, in the place of v: with the right   *)
(* balance factors the first layer no longer learns.                          *)
Example T1_feedback_bites :
  let s := net_inputs (chain 1 1) (both (@square _)) (const_mx 1) in
  let beta := at_neurons (both (@twice _)) s in
  let c := credits (chain 1 0) beta (const_mx 1 : 'cV[int]_1) in
  plasticity 1 beta c.later (rates (chain 1 1) (both (@square _)) (const_mx 1))
    <> - 1 *: backprop.
Proof.
move=> s beta c /(congr1 (@entries _)); rewrite T1_value /c /beta /s.
rewrite chain_net_inputs !at_neurons_cons !credits_cons plasticity_cons.
move/(congr1 fst); rewrite /entries /= !mxE big_ord1 !mxE.
by rewrite !(mul0r, mulr0).
Qed.

End T1.

Section T2.

(* v = 0: the first neuron gets no credit, so its balance factor is free      *)
Let at_zero (s : int) : int := if s == 0 then 0 else 7%:R.

Example T2_met (g : 'cV[int]_1) :
  credit_update 1 (chain 1 0) (both (@square _)) (both at_zero) (const_mx 1)
    (- g) =
  - 1 *: gradient (chain 1 0) (both (@square _)) (both (@twice _)) (const_mx 1)
           g.
Proof.
apply/(@credit_update_iff _ _ [:: 1; 1]%N) => //.
rewrite chain_net_inputs !at_neurons_cons !credits_cons.
split=> [i|]; first by rewrite !ord1 !mxE big_ord1 !mxE !mul0r eqxx.
by split=> // i _; rewrite !ord1 !mxE !mul0r.
Qed.

Example T2_free : at_zero 1 <> twice 1.
Proof. by []. Qed.

(* eta = 0: both sides are 0, whatever f is                                   *)
Example T2_bites (f : int -> int) (g : 'cV[int]_1) :
  credit_update 0 (chain 1 1) (both (@square _)) (both f) (const_mx 1) (- g) =
  - 0 *: gradient (chain 1 1) (both (@square _)) (both (@twice _)) (const_mx 1)
           g.
Proof.
rewrite oppr0 scale0r; have -> : - g = const_mx (- g 0 0).
  by apply/colP => i; rewrite ord1 !mxE.
rewrite chain_update !mul0r.
by rewrite -[RHS](scale0r (chain 0 0)) !layer_params_scale !scale0r.
Qed.

End T2.

Section T5a.

Let p : polynomials [comRingType of rat] [:: 1; 1]%N :=
  (fun=> 'X^2, (fun=> 'X^2, tt)).
Let half : rat := 2%:R^-1.
Let ell := squared_loss half (const_mx 2%:R : 'cV[rat]_1).
Let x : 'cV[rat]_1 := const_mx 1.


Let sq (s : rat) : rat := ('X^2 : {poly rat}).[s].

Let sqE s : sq s = s ^+ 2. Proof. exact: hornerXn. Qed.

Lemma along_first (G : params [comRingType of rat] 1 [:: 1; 1]%N) :
  <[G, chain 1 0]> = G.weight 0 0.
Proof.
rewrite !pairing_cons /= !big_ord1 !mxE /=.
by rewrite !(mulr0, mulr1, addr0).
Qed.

(* the gradient by the first weight, slopes d: (y - t) d(s2) v d(s1) x        *)
Lemma first_slope (d : rat -> rat) :
  <[gradient (chain 1 1) (both sq) (both d) x
      (loss_slope ell (output (chain 1 1) (both sq) x)), chain 1 0]>
  = - (d 1 * d 1).
Proof.
set g := loss_slope _ _.
have -> : gradient (chain 1 1) (both sq) (both d) x g =
    credit_update (- 1) (chain 1 1) (both sq) (both d) x (- g).
  by rewrite (@credit_update_gradient _ _ _ _ _ _ (both d)) // opprK scale1r.
have -> : - g = const_mx 1.
  rewrite /g squared_loss_slope; last by apply/eqP.
  by rewrite chain_output; apply/colP => i; rewrite !mxE !sqE.
rewrite along_first; have /(congr1 fst)/= -> := chain_entries (- 1 : rat) 1 1 1
  1 sq d.
by rewrite !sqE !(mulr1, mul1r, expr1n) mulN1r.
Qed.

Example T5a_met :
  (loss_line (chain 1 1) (chain 1 0) p ell x)^`().[0] = - 4%:R.
Proof.
rewrite loss_derivative.
have := first_slope (fun s => ('X^2 : {poly rat})^`().[s]).
by move=> ->; rewrite derivXn hornerMn hornerXn; apply/eqP.
Qed.

(* slopes of 1 in the place of the derivatives                                *)
Example T5a_bites :
  (loss_line (chain 1 1) (chain 1 0) p ell x)^`().[0] <>
  <[gradient (chain 1 1) (both sq) (both (always 1)) x
      (loss_slope ell (output (chain 1 1) (both sq) x)), chain 1 0]>.
Proof. by rewrite T5a_met first_slope. Qed.

End T5a.
