(******************************************************************************)
(* T7  Residuals: a bound on the error of credits that were computed somehow  *)
(*     (in floats, say), from their residuals alone. Nothing is assumed about *)
(*     how they were computed.                                                *)
(*                                                                            *)
(* Neurons are 'I_n; W i j is the synapse from presynaptic j to postsynaptic  *)
(* i; beta is the balance factor, e the external credit, c the exact credit   *)
(* and c' the computed one.                                                   *)
(*                                                                            *)
(*     residual W beta e c' j == c' j - (\sum_i W i j * beta i * c' i + e j), *)
(*                               by how much c' misses the equation of credit *)
(*     amplified W beta b j   == \sum_i `|W i j| * `|beta i| * b i,           *)
(*                               the row j of |W|^T |beta| b                  *)
(*                                                                            *)
(* `equilibrium` and `height W h` (W i j != 0 -> h i < h j: no cycles) are    *)
(* those of Settling.v; `credit_matrix` (I - W^T diag beta) of Contraction.v. *)
(******************************************************************************)
From CreditCheck Require Import Prelude Settling Contraction.

Import Order.TTheory Num.Theory.

Section Definitions.

Variables (R : realDomainType) (n : nat) (W : 'M[R]_n) (beta e : 'I_n -> R).

Definition residual (c' : 'I_n -> R) (j : 'I_n) : R :=
  c' j - (\sum_i W i j * beta i * c' i + e j).

Definition amplified (b : 'I_n -> R) (j : 'I_n) : R :=
  \sum_i `|W i j| * `|beta i| * b i.

End Definitions.

Section Bounds.

Variables (R : realDomainType) (n : nat) (W : 'M[R]_n) (beta e : 'I_n -> R).

Lemma addrBKA (V : zmodType) (a s s' t : V) :
  s' - s + (a - (s' + t)) = a - (s + t).
Proof. by rewrite addrACA [s' + a]addrC !opprD [- s + _]addrCA -addrA addNKr.
  Qed.

(* the error of c' obeys the equation of credit with the residual in the      *)
(* place of the external credit                                               *)
Lemma credit_error c c' j : equilibrium W beta e c ->
  c' j - c j
  = \sum_i W i j * beta i * (c' i - c i) + residual W beta e c' j.
Proof.
move=> eq_c; rewrite /residual [in LHS]eq_c.
under [in RHS]eq_bigr => i _ do rewrite mulrBr.
by rewrite sumrB [RHS]addrBKA.
Qed.

Lemma credit_error_le c c' rho j : equilibrium W beta e c ->
  (forall j, `|residual W beta e c' j| <= rho j) ->
  `|c' j - c j| <= amplified W beta (fun i => `|c' i - c i|) j + rho j.
Proof.
move=> eq_c small; rewrite (credit_error _ _ eq_c).
apply: le_trans (ler_norm_add _ _) _; apply: ler_add (small j).
apply: le_trans (ler_norm_sum _ _ _) _.
by apply: ler_sum => i _; rewrite !normrM.
Qed.

(* T7: feed-forward, with a height function                                   *)
Theorem residual_bound (h : 'I_n -> nat) (c c' rho b : 'I_n -> R) :
  height W h -> equilibrium W beta e c ->
  (forall j, `|residual W beta e c' j| <= rho j) ->
  (forall j, amplified W beta b j + rho j <= b j) ->
  forall j, `|c' j - c j| <= b j.
Proof.
move=> falls eq_c small enough j.
have [m] := ubnP (h j); elim: m j => // m IHm j; rewrite ltnS => height_j.
apply: le_trans (credit_error_le _ eq_c small) _.
apply: le_trans (enough j); rewrite ler_add2r; apply: ler_sum => i _.
have [->|synapse] := eqVneq (W i j) 0; first by rewrite normr0 !mul0r.
rewrite ler_wpmul2l ?mulr_ge0 // IHm //.
exact: leq_trans (falls _ _ synapse) height_j.
Qed.

(* T7, for neurons that are numbered along the synapses                       *)
Theorem residual_bound_order (c c' rho b : 'I_n -> R) :
  (forall i j, W i j != 0 -> (j < i)%N) -> equilibrium W beta e c ->
  (forall j, `|residual W beta e c' j| <= rho j) ->
  (forall j, amplified W beta b j + rho j <= b j) ->
  forall j, `|c' j - c j| <= b j.
Proof.
move=> order; apply: (@residual_bound (fun i => n - i)%N) => i j /order.
by move=> lt_ji; rewrite ltn_sub2l // (leq_trans lt_ji) // ltnW.
Qed.

(* the bound on a credit is a bound on the update (D4)                        *)
Theorem update_bound (eta : R) (x c c' b : 'I_n -> R) :
  (forall i, `|c' i - c i| <= b i) ->
  forall i j, `|eta * (beta i * c' i * x j) - eta * (beta i * c i * x j)|
              <= `|eta| * (`|beta i| * b i * `|x j|).
Proof.
move=> bound i j; rewrite -mulrBr normrM ler_wpmul2l // -mulrBl normrM.
by rewrite ler_wpmul2r // -mulrBr normrM ler_wpmul2l.
Qed.

End Bounds.

Section Cycles.

Variables (R : realDomainType) (n : nat) (W : 'M[R]_n) (beta : 'I_n -> R).

(* among finitely many nonnegative u and positive b the ratio u / b has a     *)
(* largest value, said without division                                       *)
Lemma largest_ratio (u b : 'I_n -> R) : (0 < n)%N ->
  (forall i, 0 < b i) -> exists j, forall i, u i * b j <= u j * b i.
Proof.
move=> n_gt0 b_gt0.
suff [j j_best] : exists j, forall i, i \in enum 'I_n ->
    u i * b j <= u j * b i.
  by exists j => i; rewrite j_best ?mem_enum.
elim: (enum _) => [|k s [j j_best]]; first by exists (Ordinal n_gt0).
have [k_le|k_gt] := lerP (u k * b j) (u j * b k).
  by exists j => i; rewrite inE => /predU1P [->|/j_best].
exists k => i; rewrite inE => /predU1P [->|/j_best i_le]; first exact: lexx.
rewrite -(ler_pmul2r (b_gt0 j)) mulrAC.
apply: (@le_trans _ _ (u j * b i * b k)).
  by rewrite ler_pmul2r.
by rewrite mulrAC [leRHS]mulrAC ler_pmul2r // ltW.
Qed.

(* a nonnegative u that its own amplification dominates is zero, as soon as   *)
(* some b >= 0 is strictly larger than its amplification                      *)
Lemma amplified_dominates0 (u b : 'I_n -> R) :
  (forall i, 0 <= b i) -> (forall j, amplified W beta b j < b j) ->
  (forall i, 0 <= u i) -> (forall j, u j <= amplified W beta u j) ->
  forall j, u j = 0.
Proof.
move=> b_ge0 strict u_ge0 dominated j0.
have coef_ge0 i j : 0 <= `|W i j| * `|beta i| by rewrite mulr_ge0.
have b_gt0 i : 0 < b i.
  by apply: le_lt_trans (strict i); apply: sumr_ge0 => k _; rewrite mulr_ge0.
have [j j_best] := largest_ratio u (leq_ltn_trans (leq0n _) (ltn_ord j0)) b_gt0.
suff u_j0 : u j = 0.
  apply/eqP; rewrite eq_le u_ge0 andbT -(pmulr_lle0 _ (b_gt0 j)).
  by rewrite (le_trans (j_best j0)) // u_j0 mul0r.
apply/eqP; rewrite eq_le u_ge0 andbT; case: (lerP (u j) 0) => // u_j_gt0.
suff: u j * b j < u j * b j by rewrite ltxx.
apply: (@le_lt_trans _ _ (u j * amplified W beta b j)); last first.
  by rewrite ltr_pmul2l.
apply: (@le_trans _ _ (amplified W beta u j * b j)).
  by rewrite ler_pmul2r.
rewrite /amplified mulr_suml mulr_sumr; apply: ler_sum => i _.
by rewrite -[leLHS]mulrA [leRHS]mulrCA ler_wpmul2l.
Qed.

(* T7r: any W, with cycles and self-synapses                                  *)
Theorem residual_bound_recurrent (e c c' rho b : 'I_n -> R) :
  equilibrium W beta e c ->
  (forall j, `|residual W beta e c' j| <= rho j) ->
  (forall j, 0 <= b j) ->
  (forall j, amplified W beta b j + rho j < b j) ->
  forall j, `|c' j - c j| <= b j.
Proof.
move=> eq_c small b_ge0 strict j.
pose u i := Num.max 0 (`|c' i - c i| - b i).
have u_ge0 i : 0 <= u i by rewrite le_maxr lexx.
have strict0 i : amplified W beta b i < b i.
  apply: le_lt_trans (strict i); rewrite ler_addl.
  exact: le_trans (small i).
suff: u j <= 0 by rewrite le_maxl lexx subr_le0.
rewrite (@amplified_dominates0 u b) // => {}j.
rewrite {1}/u le_maxl; apply/andP; split.
  by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?u_ge0 // mulr_ge0.
apply: (@le_trans _ _ (amplified W beta (fun i => `|c' i - c i| - b i) j)).
  rewrite /amplified; under [leRHS]eq_bigr => i _ do rewrite mulrBr.
  rewrite sumrB ler_subl_addr.
  apply: le_trans (credit_error_le _ eq_c small) _.
  rewrite -[leRHS]addrA ler_add2l [leRHS]addrC ler_subr_addr addrC.
  exact: ltW (strict j).
by apply: ler_sum => i _; rewrite ler_wpmul2l ?mulr_ge0 // le_maxr lexx orbT.
Qed.

(* T7r, uniqueness                                                            *)
Theorem residual_unique (e c c' b : 'I_n -> R) :
  (forall j, 0 <= b j) -> (forall j, amplified W beta b j < b j) ->
  equilibrium W beta e c -> equilibrium W beta e c' -> c =1 c'.
Proof.
move=> b_ge0 strict eq_c eq_c' j; apply/esym/eqP.
rewrite -subr_eq0 -normr_eq0; apply/eqP.
apply: (amplified_dominates0 b_ge0 strict (u := fun i => `|c' i - c i|)) => //.
move=> {}j; have := @credit_error_le _ _ W beta e c c' (fun=> 0) j eq_c.
rewrite addr0; apply => i.
by rewrite /residual -eq_c' subrr normr0.
Qed.

End Cycles.

(* T7r, invertibility: the same b shows that the credits exist                *)
Theorem residual_unitmx (R : realFieldType) (n : nat) (W : 'M[R]_n)
    (beta b : 'I_n -> R) :
  (forall j, 0 <= b j) -> (forall j, amplified W beta b j < b j) ->
  credit_matrix W beta \in unitmx.
Proof.
move=> b_ge0 strict; apply: unique_unitmx => c c'.
exact: residual_unique b_ge0 strict.
Qed.

(* T7r, both at once: the credits exist, are unique, and lie within b         *)
Theorem residual_certificate (R : realFieldType) (n : nat) (W : 'M[R]_n)
    (beta e c' rho b : 'I_n -> R) :
  (forall j, `|residual W beta e c' j| <= rho j) ->
  (forall j, 0 <= b j) ->
  (forall j, amplified W beta b j + rho j < b j) ->
  credit_matrix W beta \in unitmx /\
  exists c, [/\ equilibrium W beta e c,
                forall c'', equilibrium W beta e c'' -> c'' =1 c
              & forall j, `|c' j - c j| <= b j].
Proof.
move=> small b_ge0 strict.
have strict0 j : amplified W beta b j < b j.
  by apply: le_lt_trans (strict j); rewrite ler_addl; apply: le_trans (small j).
have inv := residual_unitmx b_ge0 strict0; split=> //.
pose v : 'cV[R]_n := invmx (credit_matrix W beta) *m \col_j e j.
have eq_v : equilibrium W beta e (fun j => v j 0).
  move=> j; have := credit_matrixE W beta v j.
  by rewrite mulKVmx // mxE => ->; rewrite addrC subrK.
exists (fun j => v j 0); split=> //.
  by move=> c'' eq_c'' j; apply: residual_unique b_ge0 strict0 eq_c'' eq_v j.
exact: residual_bound_recurrent eq_v small b_ge0 strict.
Qed.

(* With "<=" in the place of "<" both fail: one neuron, a self-synapse with   *)
(* W * beta = 1, rho = 0, b = 0. Then 0 and 1 are both equilibria.            *)
Theorem residual_strictness_needed (R : realDomainType) :
  exists (W : 'M[R]_1) (beta e c c' rho b : 'I_1 -> R),
    [/\ equilibrium W beta e c,
        (forall j, `|residual W beta e c' j| <= rho j),
        (forall j, 0 <= b j),
        (forall j, amplified W beta b j + rho j <= b j)
      & [/\ credit_matrix W beta = 0 & exists j, b j < `|c' j - c j|]].
Proof.
exists 1%:M, (fun=> 1), (fun=> 0), (fun=> 0), (fun=> 1), (fun=> 0), (fun=> 0).
split=> // [j|j|j|].
- by rewrite addr0 big1 // => i _; rewrite mulr0.
- by rewrite /residual big_ord1 !ord1 mxE !mulr1 addr0 subrr normr0.
- by rewrite addr0 /amplified big1 // => i _; rewrite mulr0.
split; last by exists 0; rewrite subr0 normr1 ltr01.
apply/matrixP => i j; rewrite !ord1 !mxE big_ord1 !mxE mulr1n mulr1.
by rewrite subrr.
Qed.
