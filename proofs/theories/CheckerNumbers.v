(******************************************************************************)
(* T6, the link, first part: integers, rational numbers, lists of them and    *)
(* activations, as the checker has them, in any number field K.               *)
(*                                                                            *)
(*  CheckerSpec.N, Checker.N   == names of the checker keep their prefix      *)
(*   of_Z z, of_Qc q           == an integer and a rational number in K       *)
(*   col n u                   == the column of the first n numbers of u      *)
(*   mat n m W                 == the n x m matrix of the rows W              *)
(*   sigma_K a, slope_K a      == activation a and its slope in K; ReLU is    *)
(*                                sigma_K (Leaky 0 1)                         *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith QArith Qcanon List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Layers.
From CreditCheck Require CheckerSpec CheckerRun Checker.
Set Warnings "notation-overridden,ambiguous-paths".

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Numbers.

Variable K : numFieldType.

Definition of_Z (z : Z) : K :=
  match z with
  | Z0 => 0
  | Zpos p => (Pos.to_nat p)%:R
  | Zneg p => - (Pos.to_nat p)%:R
  end.

Definition of_Qc (q : Qc) : K := of_Z (Qnum q) / of_Z (Zpos (Qden q)).

Lemma of_Z_pos_sub p q :
  of_Z (Z.pos_sub p q) = (Pos.to_nat p)%:R - (Pos.to_nat q)%:R.
Proof.
rewrite Z.pos_sub_spec; case: (Pos.compare_spec p q) => [->|lt_pq|lt_qp].
- by rewrite subrr.
- rewrite /= Pos2Nat.inj_sub // natrB ?opprB //.
  by apply/ssrnat.leP/PeanoNat.Nat.lt_le_incl/Pos2Nat.inj_lt.
rewrite /= Pos2Nat.inj_sub // natrB //.
by apply/ssrnat.leP/PeanoNat.Nat.lt_le_incl/Pos2Nat.inj_lt.
Qed.

Lemma of_Z_add a b : of_Z (a + b) = of_Z a + of_Z b.
Proof.
case: a b => [|p|p] [|q|q] /=; rewrite ?add0r ?addr0 //.
- by rewrite Pos2Nat.inj_add natrD.
- exact: of_Z_pos_sub.
- by rewrite of_Z_pos_sub addrC.
- by rewrite Pos2Nat.inj_add natrD opprD.
Qed.

Lemma of_Z_mul a b : of_Z (a * b) = of_Z a * of_Z b.
Proof.
case: a b => [|p|p] [|q|q] /=; rewrite ?mul0r ?mulr0 //;
  by rewrite Pos2Nat.inj_mul natrM ?mulNr ?mulrN ?mulrNN ?opprK.
Qed.

Lemma of_Z_pos_gt0 p : 0 < of_Z (Zpos p).
Proof. by rewrite /= ltr0n; apply/ssrnat.ltP/Pos2Nat.is_pos. Qed.

Lemma of_Z_pos_neq0 p : of_Z (Zpos p) != 0.
Proof. exact/lt0r_neq0/of_Z_pos_gt0. Qed.

Lemma of_Z_gt0 z : (0 < of_Z z) = Z.ltb 0 z.
Proof.
case: z => [|p|p]; first by rewrite ltxx.
  exact: of_Z_pos_gt0.
by rewrite /= oppr_gt0 ltrn0.
Qed.

Lemma of_Qc_frac n d : of_Qc (CheckerSpec.frac n d) = of_Z n / of_Z (Zpos d).
Proof.
have same : Z.mul (Qnum (Qred (n # d))) (Zpos d)
          = Z.mul n (Zpos (Qden (Qred (n # d)))).
  exact: (Qred_correct (n # d)).
apply/eqP; rewrite /of_Qc eqr_div ?of_Z_pos_neq0 //.
by rewrite -!of_Z_mul; apply/eqP; congr of_Z.
Qed.

Lemma frac_this (q : Qc) : q = CheckerSpec.frac (Qnum q) (Qden q).
Proof.
apply: Qc_is_canon; rewrite /CheckerSpec.frac /=.
by have := Qred_correct (Qnum q # Qden q); case: (this q).
Qed.

Lemma of_Qc_add p q : of_Qc (p + q)%Qc = of_Qc p + of_Qc q.
Proof.
rewrite [p]frac_this [q]frac_this Checker.frac_plus !of_Qc_frac.
by rewrite Pos2Z.inj_mul of_Z_add !of_Z_mul addf_div ?of_Z_pos_neq0.
Qed.

Lemma of_Qc_mul p q : of_Qc (p * q)%Qc = of_Qc p * of_Qc q.
Proof.
rewrite [p]frac_this [q]frac_this Checker.frac_mult !of_Qc_frac.
by rewrite Pos2Z.inj_mul !of_Z_mul mulf_div.
Qed.

Lemma of_Qc0 : of_Qc 0%Qc = 0.
Proof. by rewrite -(Checker.frac_0 1) of_Qc_frac mul0r. Qed.

Lemma of_Qc1 : of_Qc 1%Qc = 1.
Proof. by rewrite -Checker.frac_1 of_Qc_frac divff // (of_Z_pos_neq0 1). Qed.

Lemma of_Qc_opp q : of_Qc (- q)%Qc = - of_Qc q.
Proof.
apply/eqP; rewrite -addr_eq0 -of_Qc_add; apply/eqP.
by rewrite Qcplus_comm Qcplus_opp_r of_Qc0.
Qed.

Lemma of_Qc_gt0 q : reflect (0 < q)%Qc (0 < of_Qc q).
Proof.
rewrite [q]frac_this of_Qc_frac pmulr_lgt0 ?invr_gt0 ?of_Z_pos_gt0 // of_Z_gt0.
by apply: (iffP idP); [move/Z.ltb_lt/Checker.frac_positive
                      |move/Checker.frac_positive/Z.ltb_lt].
Qed.

Lemma of_Qc_lt p q : reflect (p < q)%Qc (of_Qc p < of_Qc q).
Proof.
rewrite -subr_gt0 -of_Qc_opp -of_Qc_add.
by case: (Qclt_minus_iff p q) => fwd bwd; apply: (iffP (of_Qc_gt0 _)).
Qed.

End Numbers.

Section Vectors.

Variable K : numFieldType.

Notation ofQ := (of_Qc K).

Definition entry (u : CheckerSpec.vec) (i : nat) : Qc := List.nth i u 0%Qc.

Definition row (W : list CheckerSpec.vec) (i : nat) : CheckerSpec.vec :=
  List.nth i W nil.

Definition col n (u : CheckerSpec.vec) : 'cV[K]_n := \col_i ofQ (entry u i).

Definition mat n m (W : list CheckerSpec.vec) : 'M[K]_(n, m) :=
  \matrix_(i, j) ofQ (entry (row W i) j).

Lemma entry_nil i : entry nil i = 0%Qc. Proof. by case: i. Qed.

Lemma entry_map (f : Qc -> Qc) u i : f 0%Qc = 0%Qc ->
  entry (List.map f u) i = f (entry u i).
Proof. by move=> f0; rewrite /entry -{1}f0 List.map_nth. Qed.

Lemma entry_times u v i :
  entry (CheckerSpec.times u v) i = (entry u i * entry v i)%Qc.
Proof.
elim: u v i => [|a u IHu] [|c v] [|i] //=; rewrite ?entry_nil /entry /=;
  rewrite ?Qcmult_0_l ?Qcmult_0_r //; exact: IHu.
Qed.

Lemma entry_rows (f : CheckerSpec.vec -> Qc) W i : f nil = 0%Qc ->
  entry (List.map f W) i = f (row W i).
Proof. by move=> f0; rewrite /entry -f0 List.map_nth. Qed.

Lemma of_Qc_dot u v n : (List.length u <= n)%N ->
  ofQ (CheckerSpec.dot u v) = \sum_(i < n) ofQ (entry u i) * ofQ (entry v i).
Proof.
elim: u v n => [|a u IHu] v n.
  by move=> _; rewrite /= of_Qc0 big1 // => i _; rewrite entry_nil of_Qc0 mul0r.
case: n => // n; rewrite ltnS => le_un; rewrite big_ord_recl.
case: v => [|c v] /=; last by rewrite of_Qc_add of_Qc_mul (IHu v n).
by rewrite ?entry_nil !of_Qc0 mulr0 add0r big1 // => i _;
   rewrite ?entry_nil ?of_Qc0 mulr0.
Qed.

Lemma row_length W m i : List.Forall (fun r => List.length r = m) W ->
  (List.length (row W i) <= m)%N.
Proof.
move=> rows; elim: rows i => [|r W' len_r _ IHW] [|i] //=;
  first by rewrite len_r.
exact: IHW.
Qed.

Lemma col_plus n u v : List.length u = List.length v ->
  col n (CheckerSpec.plus u v) = col n u + col n v.
Proof.
by move=> len; apply/colP => i;
  rewrite !mxE /entry CheckerSpec.nth_plus // of_Qc_add.
Qed.

Lemma col_minus n u v : List.length u = List.length v ->
  col n (CheckerSpec.minus u v) = col n u - col n v.
Proof.
move=> len; apply/colP => i; rewrite !mxE /entry.
elim: u v len (nat_of_ord i) => [|a u IHu] [|c v] //=.
  by move=> _ [|k]; rewrite of_Qc0 subrr.
move=> [len] [|k]; last exact: IHu.
by rewrite /Qcminus of_Qc_add of_Qc_opp.
Qed.

Lemma col_map n (f : Qc -> Qc) (g : K -> K) u : List.length u = n ->
  (forall q, ofQ (f q) = g (ofQ q)) ->
  col n (List.map f u) = at_layer (fun=> g) (col n u).
Proof.
move=> len fg; apply/colP => i; rewrite !mxE -fg /entry.
have lt_i : (i < List.length (List.map f u))%coq_nat.
  by rewrite List.map_length len; apply/ssrnat.ltP.
by rewrite (List.nth_indep _ _ (f 0%Qc) lt_i) List.map_nth.
Qed.

(* activations *)

Definition polynomial (l : list Z) : {poly K} := Poly (List.map (of_Z K) l).

Definition sigma_K (a : CheckerSpec.activation) (s : K) : K :=
  match a with
  | CheckerSpec.Identity => s
  | CheckerSpec.Leaky n d =>
      if 0 < s then s else of_Z K n / of_Z K (Zpos d) * s
  | CheckerSpec.Clip lo hi d =>
      if of_Z K lo / of_Z K (Zpos d) < s
      then if of_Z K hi / of_Z K (Zpos d) < s
           then of_Z K hi / of_Z K (Zpos d) else s
      else of_Z K lo / of_Z K (Zpos d)
  | CheckerSpec.Poly l d => (polynomial l).[s] / of_Z K (Zpos d)
  end.

Definition slope_K (a : CheckerSpec.activation) (s : K) : K :=
  match a with
  | CheckerSpec.Identity => 1
  | CheckerSpec.Leaky n d => if 0 < s then 1 else of_Z K n / of_Z K (Zpos d)
  | CheckerSpec.Clip lo hi d =>
      if of_Z K lo / of_Z K (Zpos d) < s
      then if of_Z K hi / of_Z K (Zpos d) < s then 0 else 1
      else 0
  | CheckerSpec.Poly l d => (polynomial l)^`().[s] / of_Z K (Zpos d)
  end.

Lemma of_Qc_Z z : ofQ (CheckerSpec.frac z 1) = of_Z K z.
Proof. by rewrite of_Qc_frac -[of_Z K 1]/1 divr1. Qed.

Lemma polynomial_cons a l : polynomial (a :: l) = (of_Z K a)%:P + 'X *
  polynomial l.
Proof. by rewrite /polynomial /= cons_poly_def addrC mulrC. Qed.

Lemma of_Qc_peval l q : ofQ (CheckerSpec.peval l q) = (polynomial l).[ofQ q].
Proof.
elim: l => [|a l IHl]; first by rewrite /= of_Qc0 horner0.
by rewrite polynomial_cons !hornerE /= of_Qc_add of_Qc_mul IHl of_Qc_Z.
Qed.

Lemma of_Qc_derive_from k l q :
  ofQ (CheckerSpec.peval (CheckerSpec.derive_from k l) q)
  = of_Z K k * (polynomial l).[ofQ q] + ofQ q * (polynomial l)^`().[ofQ q].
Proof.
elim: l k => [|a l IHl] k /=.
  by rewrite of_Qc0 /polynomial /= deriv0 horner0 !mulr0 addr0.
rewrite of_Qc_add of_Qc_mul IHl of_Qc_Z of_Z_mul of_Z_add polynomial_cons.
rewrite derivD derivM derivC derivX !hornerE /= -[1%N%:R]/(1 : K).
by rewrite mulrDl !mul1r !mulrDr [ofQ q * (of_Z K k * _)]mulrCA -!addrA.
Qed.

Lemma of_Qc_peval_derive l q :
  ofQ (CheckerSpec.peval (CheckerSpec.derive l) q) = (polynomial l)^`().[ofQ q].
Proof.
case: l => [|a l]; first by rewrite /= of_Qc0 /polynomial /= deriv0 horner0.
rewrite /CheckerSpec.derive of_Qc_derive_from polynomial_cons.
rewrite [of_Z K _]/(1 : K) derivD derivM derivC derivX !hornerE /=.
by rewrite ?mul1r.
Qed.

Lemma of_Qc_side n d q (T : Type) (yes no : T) :
  (if of_Z K n / of_Z K (Zpos d) < ofQ q then yes else no)
  = if Qclt_le_dec (CheckerSpec.frac n d) q then yes else no.
Proof.
rewrite -of_Qc_frac; case: Qclt_le_dec => [/(of_Qc_lt K) -> //|le].
by case: of_Qc_lt => // lt; case: (Qcle_not_lt _ _ le lt).
Qed.

Lemma of_Qc_sigma a q : ofQ (CheckerSpec.sigma a q) = sigma_K a (ofQ q).
Proof.
case: a => [|n d|lo hi d|l d] //=; last first.
- by rewrite of_Qc_mul of_Qc_frac of_Qc_peval mulrC mul1r.
- rewrite !of_Qc_side; case: Qclt_le_dec => ?; last by rewrite of_Qc_frac.
  by case: Qclt_le_dec => ?; rewrite ?of_Qc_frac.
case: Qclt_le_dec => [/(of_Qc_gt0 K) -> //|/Qcle_not_lt nonpos].
by case: (of_Qc_gt0 K q) => // _; rewrite of_Qc_mul of_Qc_frac.
Qed.

Lemma of_Qc_slope a q : ofQ (CheckerSpec.slope a q) = slope_K a (ofQ q).
Proof.
case: a => [|n d|lo hi d|l d] /=; first exact: of_Qc1; last first.
- by rewrite of_Qc_mul of_Qc_frac of_Qc_peval_derive mulrC mul1r.
- rewrite !of_Qc_side; case: Qclt_le_dec => ?; last by rewrite of_Qc0.
  by case: Qclt_le_dec => ?; rewrite (of_Qc0, of_Qc1).
case: Qclt_le_dec => [/(of_Qc_gt0 K) ->|/Qcle_not_lt nonpos];
  first exact: of_Qc1.
by case: (of_Qc_gt0 K q) => // _; rewrite of_Qc_frac.
Qed.

End Vectors.
