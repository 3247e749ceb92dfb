(******************************************************************************)
(* T3. Graphs without cycles, as a height function h witnesses:               *)
(*        W_ij <> 0 implies h(i) < h(j)      (i post, j pre).                 *)
(* h(j) may be the number of edges of the longest path that starts at j.      *)
(* Relaxation c <- W^T (beta .* c) + e is exact at neuron j after h(j) + 1    *)
(* sweeps from any start; the credit equilibrium exists and is unique;        *)
(* I - W^T diag beta is invertible, as W^T diag beta is nilpotent; every fair *)
(* asynchronous schedule arrives too.                                         *)
(*                                                                            *)
(* The neurons are any finite type N; W : N -> N -> R is post x pre.          *)
(*         sweep W beta e c == one synchronous sweep of D3                    *)
(*   equilibrium W beta e c == c_j = sum_i W_ij beta_i c_i + e_j for all j    *)
(*    some_update S W beta e c == the sweep at the neurons of S only, the     *)
(*                             others keep their credit                       *)
(*  asynchronous U W beta e c t == credit after the updates U 0, ..., U (t-1) *)
(*                   fair U == every neuron is updated again after any time   *)
(*           rounds U r     == every neuron is updated between the times r k  *)
(*                             and r (k+1), for every k                       *)
(*      height W h          == W_ij <> 0 implies h(i) < h(j)                  *)
(*        transfer W beta   == W^T diag beta, a matrix (neurons numbered)     *)
(******************************************************************************)
From CreditCheck Require Import Prelude.

Section Definitions.

Variables (R : comRingType) (N : finType).
Variables (W : N -> N -> R) (beta e : N -> R).

Definition sweep (c : N -> R) (j : N) : R :=
  \sum_i W i j * beta i * c i + e j.

Definition equilibrium (c : N -> R) : Prop :=
  forall j, c j = \sum_i W i j * beta i * c i + e j.

Definition some_update (S : {set N}) (c : N -> R) (j : N) : R :=
  if j \in S then sweep c j else c j.

Fixpoint asynchronous (U : nat -> {set N}) (c : N -> R) (t : nat) : N -> R :=
  if t is t'.+1 then some_update (U t') (asynchronous U c t') else c.

Definition height (h : N -> nat) : Prop :=
  forall i j, W i j != 0 -> (h i < h j)%N.

End Definitions.

Definition fair (N : finType) (U : nat -> {set N}) : Prop :=
  forall j t, exists2 t', (t <= t')%N & j \in U t'.

Definition rounds (N : finType) (U : nat -> {set N}) (r : nat -> nat) : Prop :=
  forall k, (r k <= r k.+1)%N /\
            forall j, exists2 t, (r k <= t < r k.+1)%N & j \in U t.

Section Relaxation.

Variables (R : comRingType) (N : finType).
Variables (W : N -> N -> R) (beta e : N -> R) (h : N -> nat).
Hypothesis h_height : height W h.

(* A sweep at j reads only neurons that are lower. *)
Lemma sweep_local (c c' : N -> R) j :
  (forall i, (h i < h j)%N -> c i = c' i) ->
  sweep W beta e c j = sweep W beta e c' j.
Proof.
move=> same_below; congr (_ + _); apply: eq_bigr => i _.
by case: (eqVneq (W i j) 0) => [->|/h_height/same_below->]; rewrite ?mul0r.
Qed.

Lemma iter_sweep_start (c c' : N -> R) k j :
  (h j < k)%N -> iter k (sweep W beta e) c j = iter k (sweep W beta e) c' j.
Proof.
elim: k j => [//|k IH] j /=; rewrite ltnS => hj.
by apply: sweep_local => i hi; apply/IH/leq_trans/hj.
Qed.

Lemma iter_sweep_equilibrium (c : N -> R) k j :
  equilibrium W beta e c -> iter k (sweep W beta e) c j = c j.
Proof.
move=> c_eq; elim: k j => [//|k IH] j /=; rewrite [RHS]c_eq; congr (_ + _).
by apply: eq_bigr => i _; rewrite IH.
Qed.

Theorem relaxation_exact (c start : N -> R) j k :
  equilibrium W beta e c -> (h j + 1 <= k)%N ->
  iter k (sweep W beta e) start j = c j.
Proof.
rewrite addn1 => c_eq hj; rewrite -(iter_sweep_equilibrium k j c_eq).
exact: iter_sweep_start.
Qed.

(* Every existing synapse has its update after max h sweeps. *)
Theorem updates_exact (c start : N -> R) i j k :
  equilibrium W beta e c -> W i j != 0 -> (\max_l h l <= k)%N ->
  iter k (sweep W beta e) start i = c i.
Proof.
move=> c_eq /h_height h_ij k_big; apply: relaxation_exact => //.
by rewrite addn1; apply: leq_trans h_ij (leq_trans (leq_bigmax j) k_big).
Qed.

Theorem equilibrium_unique (c c' : N -> R) :
  equilibrium W beta e c -> equilibrium W beta e c' -> forall j, c j = c' j.
Proof.
move=> c_eq c'_eq j; have := relaxation_exact c c'_eq (leqnn (h j + 1)).
by rewrite (iter_sweep_equilibrium _ _ c_eq).
Qed.

Theorem equilibrium_exists : exists c, equilibrium W beta e c.
Proof.
pose depth := \max_i h i.
exists (iter depth.+1 (sweep W beta e) e) => j.
have hj : (h j < depth.+1)%N by rewrite ltnS (leq_bigmax j).
by rewrite {1}(iter_sweep_start e (sweep W beta e e) hj) -iterSr.
Qed.

(* Asynchronous: exact at j once h(j) + 1 rounds are over. *)
Lemma asynchronous_keeps (U : nat -> {set N}) (c start : N -> R) j t t' :
  equilibrium W beta e c ->
  (forall s i, (t <= s)%N -> (h i < h j)%N ->
     asynchronous W beta e U start s i = c i) ->
  (t <= t')%N -> j \in U t' ->
  forall s, (t' < s)%N -> asynchronous W beta e U start s j = c j.
Proof.
move=> c_eq below t_t' jU; elim=> [//|s IH]; rewrite ltnS => t'_s /=.
have t_s := leq_trans t_t' t'_s.
rewrite /some_update; case: ifP => [_|j_notin].
  by rewrite [RHS]c_eq; apply: sweep_local => i; apply: below.
by apply: IH; rewrite ltn_neqAle t'_s andbT; apply: contraFneq j_notin => <-.
Qed.

Theorem asynchronous_rounds (U : nat -> {set N}) (r : nat -> nat)
    (c start : N -> R) j t :
  equilibrium W beta e c -> rounds U r -> (r (h j + 1) <= t)%N ->
  asynchronous W beta e U start t j = c j.
Proof.
move=> c_eq r_rounds; rewrite addn1.
have r_mono k k' : (k <= k')%N -> (r k <= r k')%N.
  apply: (homo_leq (r := leq)) => // [y x z|i]; first exact: leq_trans.
  by case: (r_rounds i).
elim: (h j).+1 {-2}j (leqnn (h j).+1) t => [//|height_j IH] {}j.
rewrite ltnS => hj t r_t.
have [_ /(_ j)[t' /andP[r_t' t'_r] jU]] := r_rounds (h j).
apply: (asynchronous_keeps c_eq _ r_t' jU); last exact: leq_trans t'_r r_t.
move=> s i r_s hi; apply: IH; first exact: leq_trans hi hj.
exact: leq_trans (r_mono _ _ hi) r_s.
Qed.

Theorem asynchronous_fair (U : nat -> {set N}) (c start : N -> R) :
  equilibrium W beta e c -> fair U ->
  exists T, forall t j, (T <= t)%N -> asynchronous W beta e U start t j = c j.
Proof.
move=> c_eq U_fair.
have below H : exists T, forall t j, (T <= t)%N -> (h j < H)%N ->
    asynchronous W beta e U start t j = c j.
  elim: H => [|H [T IH]]; first by exists 0%N.
  have /fin_all_exists[last_update updated] j :
      exists t', (T <= t')%N /\ j \in U t'.
    by have [t'] := U_fair j T; exists t'.
  exists (\max_j last_update j).+1 => t j t_big; rewrite ltnS => hj.
  have [T_le jU] := updated j.
  apply: (asynchronous_keeps c_eq _ T_le jU).
    by move=> s i T_s hi; apply: IH => //; apply: leq_trans hi hj.
  by apply: leq_trans t_big; rewrite ltnS (leq_bigmax j).
have [T exact_below] := below (\max_j h j).+1.
by exists T => t j T_t; apply: exact_below; rewrite // ltnS (leq_bigmax j).
Qed.

End Relaxation.

(* The same in matrix form, neurons numbered 0, ..., N - 1. *)
Section Matrix.

Variables (R : comUnitRingType) (N : nat).
Variables (W : 'M[R]_N) (beta : 'cV[R]_N) (h : 'I_N -> nat).

Definition transfer : 'M[R]_N := W^T *m diag_mx beta^T.

Definition transfer_power k : 'M[R]_N := iter k (mulmx transfer) 1%:M.

Lemma transferE j i : transfer j i = W i j * beta i 0.
Proof. by rewrite /transfer mul_mx_diag !mxE. Qed.

Lemma equilibrium_matrix (e c : 'cV[R]_N) :
  (1%:M - transfer) *m c = e <->
  equilibrium W (fun i => beta i 0) (fun i => e i 0) (fun i => c i 0).
Proof.
have transfer_c j : (transfer *m c) j 0 = \sum_i W i j * beta i 0 * c i 0.
  by rewrite mxE; apply: eq_bigr => i _; rewrite transferE.
rewrite mulmxBl mul1mx; split=> [<- j|c_eq].
  by rewrite !mxE -transfer_c mxE addrC subrK.
by apply/colP => j; rewrite 2!mxE transfer_c {1}c_eq addrC addKr.
Qed.

Hypothesis h_height : height W h.

Lemma transfer_power_height k j i :
  (h j < k)%N -> transfer_power k j i = 0.
Proof.
elim: k j => [//|k IH] j; rewrite ltnS => hj.
rewrite [transfer_power _]/(transfer *m transfer_power k) mxE.
apply: big1 => l _; rewrite transferE.
case: (eqVneq (W l j) 0) => [->|/h_height hl]; first by rewrite !mul0r.
by rewrite IH ?mulr0 // (leq_trans hl).
Qed.

Theorem transfer_nilpotent : transfer_power (\max_j h j + 1) = 0.
Proof.
apply/matrixP => j i; rewrite mxE transfer_power_height // addn1 ltnS.
exact: leq_bigmax.
Qed.

Lemma neumann_sum K :
  (1%:M - transfer) *m (\sum_(k < K) transfer_power k) =
  1%:M - transfer_power K.
Proof.
elim: K => [|K IH]; first by rewrite big_ord0 mulmx0 subrr.
by rewrite big_ord_recr mulmxDr IH mulmxBl mul1mx addrA subrK.
Qed.

Theorem transfer_inverse :
  (1%:M - transfer) *m (\sum_(k < \max_j h j + 1) transfer_power k) = 1%:M.
Proof. by rewrite neumann_sum transfer_nilpotent subr0. Qed.

Theorem transfer_unit : 1%:M - transfer \in unitmx.
Proof. by have [] := mulmx1_unit transfer_inverse. Qed.

End Matrix.
