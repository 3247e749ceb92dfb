(******************************************************************************)
(* T6, the link: what the checker of Checker.v certifies on lists of rational *)
(* numbers is, in any number field, what Layers.v says with matrices.         *)
(*                                                                            *)
(*  Checker.N                  == names of Checker.v keep its prefix          *)
(*   of_Z z, of_Qc q           == an integer and a rational number in K       *)
(*   col n u                   == the column of the first n numbers of u      *)
(*   mat n m W                 == the n x m matrix of the rows W              *)
(*   widths N                  == numbers of neurons of the layers of N       *)
(*   parameters m N            == weights and biases of N (Layers.params)     *)
(*   sigma_K a, slope_K a      == activation a and its slope in K; ReLU is    *)
(*                                sigma_K (Leaky 0 1)                         *)
(*   sigmas N, slopes N        == those of all neurons (Layers.functions)     *)
(*   columns ns l              == the vectors l as Layers.layered             *)
(*   changes m ns U            == the update U as Layers.params               *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith QArith Qcanon List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Layers LayeredEqualsBackprop.
From CreditCheck Require Checker.
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

Lemma of_Qc_frac n d : of_Qc (Checker.frac n d) = of_Z n / of_Z (Zpos d).
Proof.
have same : Z.mul (Qnum (Qred (n # d))) (Zpos d)
          = Z.mul n (Zpos (Qden (Qred (n # d)))).
  exact: (Qred_correct (n # d)).
apply/eqP; rewrite /of_Qc eqr_div ?of_Z_pos_neq0 //.
by rewrite -!of_Z_mul; apply/eqP; congr of_Z.
Qed.

Lemma frac_this (q : Qc) : q = Checker.frac (Qnum q) (Qden q).
Proof.
apply: Qc_is_canon; rewrite /Checker.frac /=.
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

End Numbers.

Section Vectors.

Variable K : numFieldType.

Notation ofQ := (of_Qc K).

Definition entry (u : Checker.vec) (i : nat) : Qc := List.nth i u 0%Qc.

Definition row (W : list Checker.vec) (i : nat) : Checker.vec := List.nth i W
  nil.

Definition col n (u : Checker.vec) : 'cV[K]_n := \col_i ofQ (entry u i).

Definition mat n m (W : list Checker.vec) : 'M[K]_(n, m) :=
  \matrix_(i, j) ofQ (entry (row W i) j).

Lemma entry_nil i : entry nil i = 0%Qc. Proof. by case: i. Qed.

Lemma entry_map (f : Qc -> Qc) u i : f 0%Qc = 0%Qc ->
  entry (List.map f u) i = f (entry u i).
Proof. by move=> f0; rewrite /entry -{1}f0 List.map_nth. Qed.

Lemma entry_times u v i :
  entry (Checker.times u v) i = (entry u i * entry v i)%Qc.
Proof.
elim: u v i => [|a u IHu] [|c v] [|i] //=; rewrite ?entry_nil /entry /=;
  rewrite ?Qcmult_0_l ?Qcmult_0_r //; exact: IHu.
Qed.

Lemma entry_rows (f : Checker.vec -> Qc) W i : f nil = 0%Qc ->
  entry (List.map f W) i = f (row W i).
Proof. by move=> f0; rewrite /entry -f0 List.map_nth. Qed.

Lemma of_Qc_dot u v n : (List.length u <= n)%N ->
  ofQ (Checker.dot u v) = \sum_(i < n) ofQ (entry u i) * ofQ (entry v i).
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
  col n (Checker.plus u v) = col n u + col n v.
Proof.
by move=> len; apply/colP => i;
  rewrite !mxE /entry Checker.nth_plus // of_Qc_add.
Qed.

Lemma col_minus n u v : List.length u = List.length v ->
  col n (Checker.minus u v) = col n u - col n v.
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

Definition sigma_K (a : Checker.activation) (s : K) : K :=
  match a with
  | Checker.Identity => s
  | Checker.Leaky n d => if 0 < s then s else of_Z K n / of_Z K (Zpos d) * s
  | Checker.Poly l d => (polynomial l).[s] / of_Z K (Zpos d)
  end.

Definition slope_K (a : Checker.activation) (s : K) : K :=
  match a with
  | Checker.Identity => 1
  | Checker.Leaky n d => if 0 < s then 1 else of_Z K n / of_Z K (Zpos d)
  | Checker.Poly l d => (polynomial l)^`().[s] / of_Z K (Zpos d)
  end.

Lemma of_Qc_Z z : ofQ (Checker.frac z 1) = of_Z K z.
Proof. by rewrite of_Qc_frac -[of_Z K 1]/1 divr1. Qed.

Lemma polynomial_cons a l : polynomial (a :: l) = (of_Z K a)%:P + 'X *
  polynomial l.
Proof. by rewrite /polynomial /= cons_poly_def addrC mulrC. Qed.

Lemma of_Qc_peval l q : ofQ (Checker.peval l q) = (polynomial l).[ofQ q].
Proof.
elim: l => [|a l IHl]; first by rewrite /= of_Qc0 horner0.
by rewrite polynomial_cons !hornerE /= of_Qc_add of_Qc_mul IHl of_Qc_Z.
Qed.

Lemma of_Qc_derive_from k l q :
  ofQ (Checker.peval (Checker.derive_from k l) q)
  = of_Z K k * (polynomial l).[ofQ q] + ofQ q * (polynomial l)^`().[ofQ q].
Proof.
elim: l k => [|a l IHl] k /=.
  by rewrite of_Qc0 /polynomial /= deriv0 horner0 !mulr0 addr0.
rewrite of_Qc_add of_Qc_mul IHl of_Qc_Z of_Z_mul of_Z_add polynomial_cons.
rewrite derivD derivM derivC derivX !hornerE /= -[1%N%:R]/(1 : K).
by rewrite mulrDl !mul1r !mulrDr [ofQ q * (of_Z K k * _)]mulrCA -!addrA.
Qed.

Lemma of_Qc_peval_derive l q :
  ofQ (Checker.peval (Checker.derive l) q) = (polynomial l)^`().[ofQ q].
Proof.
case: l => [|a l]; first by rewrite /= of_Qc0 /polynomial /= deriv0 horner0.
rewrite /Checker.derive of_Qc_derive_from polynomial_cons.
rewrite [of_Z K _]/(1 : K) derivD derivM derivC derivX !hornerE /=.
by rewrite ?mul1r.
Qed.

Lemma of_Qc_sigma a q : ofQ (Checker.sigma a q) = sigma_K a (ofQ q).
Proof.
case: a => [|n d|l d] //=; last first.
  by rewrite of_Qc_mul of_Qc_frac of_Qc_peval mulrC mul1r.
case: Qclt_le_dec => [/(of_Qc_gt0 K) -> //|/Qcle_not_lt nonpos].
by case: (of_Qc_gt0 K q) => // _; rewrite of_Qc_mul of_Qc_frac.
Qed.

Lemma of_Qc_slope a q : ofQ (Checker.slope a q) = slope_K a (ofQ q).
Proof.
case: a => [|n d|l d] /=; first exact: of_Qc1; last first.
  by rewrite of_Qc_mul of_Qc_frac of_Qc_peval_derive mulrC mul1r.
case: Qclt_le_dec => [/(of_Qc_gt0 K) ->|/Qcle_not_lt nonpos];
  first exact: of_Qc1.
by case: (of_Qc_gt0 K q) => // _; rewrite of_Qc_frac.
Qed.

End Vectors.

Section Networks.

Variable K : numFieldType.

Notation ofQ := (of_Qc K).
Notation col := (col K).
Notation mat := (mat K).

Fixpoint widths (N : Checker.network) : seq nat :=
  match N with
  | nil => [::]
  | L :: N' => List.length (Checker.biases L) :: widths N'
  end.

Fixpoint parameters m (N : Checker.network) : params K m (widths N) :=
  match N with
  | nil => 0
  | L :: N' =>
      let n := List.length (Checker.biases L) in
      layer_params (mat n m (Checker.weights L)) (col n (Checker.biases L))
                   (parameters n N')
  end.

Fixpoint activations (f : Checker.activation -> K -> K) (N : Checker.network) :
    functions K (widths N) :=
  match N with
  | nil => tt
  | L :: N' => ((fun=> f (Checker.act L)), activations f N')
  end.

Definition sigmas := activations (@sigma_K K).
Definition slopes := activations (@slope_K K).

Fixpoint columns (ns : seq nat) (l : list Checker.vec) : layered K ns :=
  match ns with
  | [::] => 0
  | n :: ns' => layer (col n (List.hd nil l)) (columns ns' (List.tl l))
  end.

Fixpoint changes m (ns : seq nat) (U : Checker.update) : params K m ns :=
  match ns with
  | [::] => 0
  | n :: ns' =>
      let Wb := List.hd (nil, nil) U in
      layer_params (mat n m Wb.1) (col n Wb.2) (changes n ns' (List.tl U))
  end.

Section Layer.

Variables (L : Checker.layer) (m : nat) (x : Checker.vec).
Let n := List.length (Checker.biases L).
Hypothesis rows :
  List.Forall (fun r => List.length r = m) (Checker.weights L).
Hypothesis heights :
  List.length (Checker.weights L) = List.length (Checker.biases L).

Lemma length_net_input : List.length (Checker.net_input L x) = n.
Proof.
rewrite /Checker.net_input /Checker.plus Checker.map2_length List.map_length.
by rewrite heights PeanoNat.Nat.min_id.
Qed.

Lemma col_net_input : col n (Checker.net_input L x)
  = net_input (mat n m (Checker.weights L)) (col n (Checker.biases L)) (col m
    x).
Proof.
rewrite /Checker.net_input col_plus ?List.map_length //.
congr (_ + _); apply/colP => i; rewrite !mxE.
rewrite (entry_rows (f := fun r => Checker.dot r x)) //.
rewrite (of_Qc_dot _ _ (row_length i rows)).
by apply: eq_bigr => j _; rewrite !mxE.
Qed.

Lemma col_rate : col n (Checker.rate L x)
  = at_layer (fun=> sigma_K (Checker.act L))
      (net_input (mat n m (Checker.weights L)) (col n (Checker.biases L))
                 (col m x)).
Proof.
rewrite -col_net_input; apply: col_map; first exact: length_net_input.
exact: of_Qc_sigma.
Qed.

Lemma col_slope :
  col n (List.map (Checker.slope (Checker.act L)) (Checker.net_input L x))
  = at_layer (fun=> slope_K (Checker.act L))
      (net_input (mat n m (Checker.weights L)) (col n (Checker.biases L))
                 (col m x)).
Proof.
rewrite -col_net_input; apply: col_map; first exact: length_net_input.
exact: of_Qc_slope.
Qed.

Lemma length_rate : List.length (Checker.rate L x) = n.
Proof. by rewrite List.map_length length_net_input. Qed.

End Layer.

Lemma columns_rates N m k x : Checker.shaped N m k ->
  columns (m :: widths N) (Checker.rates N x)
  = rates (parameters m N) (sigmas N) (col m x).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite -(col_rate x rows heights) -(IHN _ _ shape).
Qed.

Lemma columns_balance N m k x : Checker.shaped N m k ->
  columns (widths N) (Checker.balance_factors N x)
  = at_neurons (slopes N) (net_inputs (parameters m N) (sigmas N) (col m x)).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite (col_slope x rows heights) (IHN _ _ shape) (col_rate x rows heights).
Qed.

Lemma length_balance N x :
  List.length (Checker.balance_factors N x) = List.length N.
Proof. by elim: N x => //= L N IHN x; rewrite IHN. Qed.

Lemma col_output N m k x : Checker.shaped N m k ->
  col (last m (widths N)) (Checker.output N x)
  = output (parameters m N) (sigmas N) (col m x).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite -(col_rate x rows heights) -(IHN _ _ shape).
Qed.

Lemma length_output N m k x : Checker.shaped N m k -> List.length x = m ->
  List.length (Checker.output N x) = k.
Proof.
elim: N m x => [|L N IHN] m x /=; first by move=> -> ->.
move=> [_ [rows [heights shape]]] _; apply: (IHN _ _ shape).
exact: (length_rate x heights).
Qed.

Lemma columns_credits N m k beta e : Checker.shaped N m k ->
  List.length beta = List.length N ->
  columns (m :: widths N) (Checker.credits N beta e)
  = credits (parameters m N) (columns (widths N) beta)
            (col (last m (widths N)) e).
Proof.
elim: N m beta => [|L N IHN] m [|beta1 beta] //.
move=> [pre_m [rows [heights shape]]] [len_beta].
have IH := IHN _ _ shape len_beta.
rewrite [LHS]/= [RHS]/= -IH; congr layer.
apply/colP => j; rewrite !mxE pre_m.
set c := List.hd nil _.
pose entry_j j := Checker.dot (Checker.column j (Checker.weights L))
                              (Checker.times beta1 c).
have -> : entry (List.map entry_j (List.seq 0 m)) j = entry_j j.
  have lt_j : (j < List.length (List.map entry_j (List.seq 0 m)))%coq_nat.
    by rewrite List.map_length List.seq_length; apply/ssrnat.ltP.
  rewrite /entry (List.nth_indep _ _ (entry_j 0%N) lt_j) List.map_nth.
  by rewrite List.seq_nth //; apply/ssrnat.ltP.
rewrite (of_Qc_dot _ _ (n := List.length (Checker.biases L))); last first.
  by rewrite List.map_length heights.
apply: eq_bigr => i _; rewrite entry_times of_Qc_mul !mxE mulrA.
by rewrite (entry_rows (f := fun r => List.nth j r 0%Qc)) //;
  case: (nat_of_ord j).
Qed.

Lemma changes_plasticity eta m ns beta c x :
  List.length beta = size ns -> List.length c = size ns ->
  List.length x = (size ns).+1 ->
  changes m ns (Checker.plasticity eta beta c x)
  = plasticity (ofQ eta) (columns ns beta) (columns ns c) (columns (m :: ns) x).
Proof.
elim: ns m beta c x => [|n ns IHns] m [|beta1 beta] [|c1 c] [|x1 x] //.
move=> [len_beta] [len_c] [len_x]; rewrite [LHS]/= [RHS]/=.
congr layer_params; last exact: IHns.
- apply/matrixP => i j; rewrite !mxE.
  pose change g := List.map (fun xj => eta * (g * xj))%Qc x1.
  have zero : forall g, (eta * (g * 0))%Qc = 0%Qc.
    by move=> g; rewrite [(g * 0)%Qc]Qcmult_comm Qcmult_0_l Qcmult_comm
      Qcmult_0_l.
  rewrite -/change.
  have -> : entry (row (List.map change (Checker.times beta1 c1)) i) j
      = (eta * (entry (Checker.times beta1 c1) i * entry x1 j))%Qc.
    rewrite /row /entry; set l := Checker.times beta1 c1.
    elim: l (nat_of_ord i) => [|g l IHl] [|k] //=.
    + by rewrite Qcmult_0_l; case: (nat_of_ord j);
      rewrite Qcmult_comm Qcmult_0_l.
    + by rewrite Qcmult_0_l; case: (nat_of_ord j);
      rewrite Qcmult_comm Qcmult_0_l.
    exact: (entry_map (f := fun xj => eta * (g * xj))%Qc).
  by rewrite entry_times !of_Qc_mul.
apply/colP => i; rewrite !mxE.
rewrite (entry_map (f := fun g => eta * g)%Qc); last first.
  by rewrite Qcmult_comm Qcmult_0_l.
by rewrite entry_times !of_Qc_mul.
Qed.

Lemma length_rates N x : List.length (Checker.rates N x) = (List.length N).+1.
Proof. by elim: N x => //= L N IHN x; rewrite IHN. Qed.

Lemma length_credits N beta e : List.length beta = List.length N ->
  List.length (Checker.credits N beta e) = (List.length N).+1.
Proof.
by elim: N beta => [|L N IHN] [|beta1 beta] //= [len]; rewrite IHN.
Qed.

Lemma size_widths N : size (widths N) = List.length N.
Proof. by elim: N => //= L N ->. Qed.

Lemma columns_tl ns (l : list Checker.vec) n :
  columns ns (List.tl l) = (columns (n :: ns) l).later.
Proof. by []. Qed.

Theorem changes_credit_update eta N m k x t : Checker.shaped N m k ->
  List.length x = m -> List.length t = k ->
  changes m (widths N) (Checker.credit_update eta N x t)
  = credit_update (ofQ eta) (parameters m N) (sigmas N) (slopes N) (col m x)
      (squared_credit (parameters m N) (sigmas N) (col m x)
         (col (last m (widths N)) t)).
Proof.
move=> shape len_x len_t; have len_beta := length_balance N x.
have len_e := length_output shape len_x.
rewrite /Checker.credit_update changes_plasticity ?size_widths //; last first.
- exact: length_rates.
- have := length_credits (Checker.external_credit N x t) len_beta.
  by case: (Checker.credits _ _ _) => //= c0 c [].
rewrite (columns_tl _ _ m) (columns_credits _ shape len_beta).
rewrite (columns_rates _ shape) (columns_balance _ shape).
by rewrite /Checker.external_credit col_minus ?len_e // (col_output _ shape).
Qed.

(* T6: the update of an accepted certificate is the credit rule of Layers.v,  *)
(* in any number field                                                        *)
Theorem certified_update (C : Checker.certificate) (E : Checker.example) :
  Checker.check C = true -> List.In E (Checker.examples C) ->
  let N := Checker.network_of (Checker.layers C) in
  let m := List.length (Checker.value (Checker.input E)) in
  let W := parameters m N in
  let x := col m (Checker.value (Checker.input E)) in
  let t := col (last m (widths N)) (Checker.value (Checker.target E)) in
  let eta := ofQ (Checker.eta_of C) in
  changes m (widths N) (Checker.claimed_update C E)
    = credit_update eta W (sigmas N) (slopes N) x
                    (squared_credit W (sigmas N) x t)
  /\ changes m (widths N) (Checker.claimed_update C E)
    = - eta *: gradient W (sigmas N) (slopes N) x
                        (squared_slope W (sigmas N) x t).
Proof.
move=> accepted E_in N m W x t eta.
have [shape [_ [_ [_ [_ update]]]]] := Checker.check_sound C E accepted E_in.
have rule : changes m (widths N) (Checker.claimed_update C E)
    = credit_update eta W (sigmas N) (slopes N) x
                    (squared_credit W (sigmas N) x t).
  by rewrite update (changes_credit_update _ shape).
by split; rewrite // rule; apply: credit_update_squared.
Qed.

(* ... and so are its net inputs' rates, balance factors and credits          *)
Theorem certified_credits (C : Checker.certificate) (E : Checker.example) :
  Checker.check C = true -> List.In E (Checker.examples C) ->
  let N := Checker.network_of (Checker.layers C) in
  let m := List.length (Checker.value (Checker.input E)) in
  let W := parameters m N in
  let x := col m (Checker.value (Checker.input E)) in
  let t := col (last m (widths N)) (Checker.value (Checker.target E)) in
  let values pick := List.map (fun T => Checker.value (pick T))
                              (Checker.traces E) in
  let beta := at_neurons (slopes N) (net_inputs W (sigmas N) x) in
  [/\ columns (m :: widths N)
        (Checker.value (Checker.input E) :: values Checker.x_cert)
        = rates W (sigmas N) x,
      columns (widths N) (values Checker.beta_cert) = beta
    & columns (m :: widths N)
        (Checker.value (Checker.input_credit E) :: values Checker.c_cert)
        = credits W beta (squared_credit W (sigmas N) x t)].
Proof.
move=> accepted E_in N m W x t values beta.
have [shape [_ [xs [betas [cs _]]]]] := Checker.check_sound C E accepted E_in.
have betaE := columns_balance (Checker.value (Checker.input E)) shape.
split; first by rewrite /values xs (columns_rates _ shape).
  by rewrite /values betas betaE.
rewrite /values cs (columns_credits _ shape) ?length_balance // betaE.
rewrite /Checker.external_credit col_minus ?(col_output _ shape) //.
exact: esym (length_output shape erefl).
Qed.

End Networks.
