(******************************************************************************)
(* What the sums of CheckerGraphRun.v are in a number field K.                *)
(*                                                                            *)
(*    frac_K n d    == n / d in K                                             *)
(*    entry_K v i   == number i of the vector v, in K                         *)
(*    weight n S    == the n x n matrix of the synapses S                     *)
(*    bounded rows  == `height` of Settling.v, from the checker's heights     *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith NArith Qcanon List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Settling CheckerNumbers.
From CreditCheck Require CheckerSpec CheckerRun Checker CheckerGraphRun.
Set Warnings "notation-overridden,ambiguous-paths".

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Notation at_ := CheckerGraphRun.at_.

Lemma at_nil j : at_ nil j = Z0.
Proof. by case: j. Qed.

(* tests of the checker, as statements *)

Lemma andb_and (p q : bool) : (p && q)%bool = true -> p /\ q.
Proof. by case: p; case: q. Qed.

Lemma all_below_true n p i : CheckerGraphRun.all_below n p = true ->
  (i < n)%N -> p i.
Proof.
move=> all_p lt_in; have /List.forallb_forall := all_p; apply.
apply/List.in_seq; split; first exact: PeanoNat.Nat.le_0_l.
exact/ssrnat.ltP.
Qed.

Lemma fits_length n v : CheckerGraphRun.fits n v = true ->
  List.length (CheckerRun.vnum v) = n.
Proof. by move/PeanoNat.Nat.eqb_eq. Qed.

Lemma rows_fit_length n rows : CheckerGraphRun.rows_fit n rows = true ->
  List.length rows = n /\
  forall i, (List.length (List.nth i rows nil) <= n)%N.
Proof.
case/andb_and => /PeanoNat.Nat.eqb_eq len /List.forallb_forall widths.
split=> // i; case: (List.nth_in_or_default i rows nil) => [|->] //.
by move/widths/PeanoNat.Nat.leb_le/ssrnat.leP.
Qed.

Section Sums.

Variable K : numFieldType.

Notation ofZ := (of_Z K).

Definition frac_K (n : Z) (d : positive) : K := ofZ n / ofZ (Zpos d).

Definition entry_K (v : CheckerRun.vector) (i : nat) : K :=
  frac_K (CheckerGraphRun.entry_ v i) (CheckerRun.vden v).

Lemma frac_KE n d : frac_K n d = of_Qc K (CheckerSpec.frac n d).
Proof. by rewrite of_Qc_frac. Qed.

Lemma frac_K0 d : frac_K Z0 d = 0.
Proof. by rewrite /frac_K mul0r. Qed.

Lemma frac_KM a p b q : frac_K a p * frac_K b q = frac_K (Z.mul a b) (Pos.mul p q).
Proof. by rewrite !frac_KE -of_Qc_mul Checker.frac_mult. Qed.

Lemma frac_KD a p b q :
  frac_K a p + frac_K b q
  = frac_K (Z.add (Z.mul a (Zpos q)) (Z.mul b (Zpos p))) (Pos.mul p q).
Proof. by rewrite !frac_KE -of_Qc_add Checker.frac_plus. Qed.

Lemma of_Z_opp a : ofZ (Z.opp a) = - ofZ a.
Proof. by case: a => [|p|p] /=; rewrite ?oppr0 ?opprK. Qed.

Lemma frac_KN a p : - frac_K a p = frac_K (Z.opp a) p.
Proof. by rewrite /frac_K of_Z_opp mulNr. Qed.

Lemma of_Z_ge0 a : (0 <= ofZ a) = Z.leb Z0 a.
Proof.
case: a => [|p|p]; first by rewrite lexx.
  by rewrite ltW // of_Z_pos_gt0.
by rewrite /= oppr_ge0 lern0 eqn0Ngt; have/ssrnat.ltP -> := Pos2Nat.is_pos p.
Qed.

Lemma same_K d n q : CheckerRun.same d n q = true ->
  frac_K n d = frac_K (fst q) (snd q).
Proof. by move/Checker.same_sound => E; rewrite !frac_KE E. Qed.

Lemma sigmaZ_K a d n :
  frac_K (fst (CheckerRun.sigmaZ a d n)) (snd (CheckerRun.sigmaZ a d n))
  = sigma_K a (frac_K n d).
Proof. by rewrite !frac_KE -of_Qc_sigma Checker.sigmaZ_sound. Qed.

Lemma slopeZ_K a d n :
  frac_K (fst (CheckerRun.slopeZ a d n)) (snd (CheckerRun.slopeZ a d n))
  = slope_K a (frac_K n d).
Proof. by rewrite !frac_KE -of_Qc_slope Checker.slopeZ_sound. Qed.

Lemma of_Z_dot u v n : (List.length u <= n)%N ->
  ofZ (CheckerRun.dotZ u v) = \sum_(i < n) ofZ (at_ u i) * ofZ (at_ v i).
Proof.
elim: u v n => [|a u IHu] v n.
  by move=> _; rewrite big1 // => i _; rewrite at_nil mul0r.
case: n => // n; rewrite ltnS => le_un; rewrite big_ord_recl.
case: v => [|c v] /=; last by rewrite of_Z_add of_Z_mul (IHu v n).
by rewrite ?at_nil mulr0 add0r big1 // => i _; rewrite ?at_nil mulr0.
Qed.

Lemma frac_dot u p v q n : (List.length u <= n)%N ->
  \sum_(i < n) frac_K (at_ u i) p * frac_K (at_ v i) q
  = frac_K (CheckerRun.dotZ u v) (Pos.mul p q).
Proof.
move=> le_un; rewrite [RHS]/frac_K (of_Z_dot _ le_un) mulr_suml.
by apply: eq_bigr => i _; rewrite frac_KM /frac_K of_Z_mul.
Qed.

Lemma length_add_row a r l :
  List.length (CheckerGraphRun.add_row a r l) = List.length l.
Proof. by elim: r l => [|x r IHr] [|y l] //=; rewrite IHr. Qed.

Lemma length_back n rows g :
  List.length (CheckerGraphRun.back n rows g) = n.
Proof.
elim: rows g => [|r rows IHr] [|a g] /=; rewrite ?List.repeat_length //.
by rewrite length_add_row.
Qed.

Lemma at_add_row a r l j : (j < List.length l)%N ->
  at_ (CheckerGraphRun.add_row a r l) j = Z.add (Z.mul a (at_ r j)) (at_ l j).
Proof.
elim: r l j => [|x r IHr] [|y l] [|j] //= lt_jl.
- by rewrite [at_ nil _]at_nil Z.mul_0_r.
- by rewrite [at_ nil _]at_nil Z.mul_0_r.
exact: IHr.
Qed.

Lemma at_repeat n j : at_ (List.repeat Z0 n) j = Z0.
Proof. by elim: n j => [|n IHn] [|j] //=; apply: IHn. Qed.

Lemma of_Z_back n rows g j m : (j < n)%N -> (List.length rows <= m)%N ->
  ofZ (at_ (CheckerGraphRun.back n rows g) j)
  = \sum_(i < m) ofZ (at_ (List.nth i rows nil) j) * ofZ (at_ g i).
Proof.
move=> lt_jn; elim: rows g m => [|r rows IHr] g m.
  move=> _; rewrite [at_ _ _]at_repeat big1 // => i _.
  by case: (nat_of_ord i) => [|k]; rewrite at_nil mul0r.
case: m => // m; rewrite ltnS => le_m; rewrite big_ord_recl.
case: g => [|a g].
  rewrite [at_ _ _]at_repeat at_nil mulr0 add0r big1 // => i _.
  by rewrite at_nil mulr0.
rewrite [X in at_ X]/= at_add_row ?length_back //.
by rewrite of_Z_add of_Z_mul (IHr g m le_m) mulrC.
Qed.

Lemma frac_back n rows p g q j m :
  (j < n)%N -> (List.length rows <= m)%N ->
  \sum_(i < m) frac_K (at_ (List.nth i rows nil) j) p * frac_K (at_ g i) q
  = frac_K (at_ (CheckerGraphRun.back n rows g) j) (Pos.mul p q).
Proof.
move=> lt_jn le_m; rewrite [RHS]/frac_K (of_Z_back _ lt_jn le_m) mulr_suml.
by by apply: eq_bigr => i _; rewrite frac_KM /frac_K of_Z_mul.
Qed.

(* synapses *)

Definition weight n (S : CheckerGraphRun.synapses) : 'M[K]_n :=
  \matrix_(i, j) frac_K
    (at_ (CheckerGraphRun.dense
            (List.nth i (CheckerGraphRun.w_rows S) CheckerGraphRun.none)) j)
    (CheckerGraphRun.w_den S).

Lemma weightE n S i j : weight n S i j
  = frac_K (at_ (List.nth i (CheckerGraphRun.dense_rows S) nil) j)
           (CheckerGraphRun.w_den S).
Proof.
rewrite mxE /CheckerGraphRun.dense_rows.
by rewrite -(List.map_nth CheckerGraphRun.dense).
Qed.

(* heights *)

Lemma above_true hi r h j : CheckerGraphRun.above hi r h = true ->
  (j < List.length h)%N -> at_ r j <> Z0 ->
  (N.to_nat hi < N.to_nat (List.nth j h N0))%N.
Proof.
elim: r h j => [|x r IHr] [|hj h] j //=; rewrite ?at_nil //.
case/andb_and => here rest; case: j => [|j] /= lt_j x_neq0; last first.
  exact: IHr rest lt_j x_neq0.
move: here; case: Z.eqb_spec => //= _ /N.ltb_lt lt_h.
by apply/ssrnat.ltP/PeanoNat.Nat.compare_lt_iff; rewrite -N2Nat.inj_compare.
Qed.

Lemma falls_true rows hs h i j :
  CheckerGraphRun.falls rows hs h = true -> (j < List.length h)%N ->
  at_ (List.nth i rows nil) j <> Z0 ->
  (N.to_nat (List.nth i hs N0) < N.to_nat (List.nth j h N0))%N.
Proof.
elim: rows hs i => [|r rows IHr] [|hi hs] [|i] //=; rewrite ?at_nil //.
  by case/andb_and => here _; apply: above_true.
by case/andb_and => _ /IHr; apply.
Qed.

Lemma acyclic_height n S :
  CheckerGraphRun.acyclic n (CheckerGraphRun.dense_rows S) = true ->
  exists h, height (weight n S) h.
Proof.
case/andb_and => /PeanoNat.Nat.eqb_eq len falls.
set hs := CheckerGraphRun.heights _ _ in len falls.
exists (fun i : 'I_n => N.to_nat (List.nth i hs N0)) => i j.
rewrite weightE => synapse; apply: falls_true falls _ _; first by rewrite len.
by move=> zero; rewrite zero frac_K0 eqxx in synapse.
Qed.

End Sums.
