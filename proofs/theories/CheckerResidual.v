(******************************************************************************)
(* The checker of float credits (CheckerGraphRun.v) is sound: T7, and with    *)
(* cycles T7r. For given weights W, balance factors beta and external credits *)
(* e the credit equilibrium exists, is unique, and every credit that was      *)
(* computed lies within its bound of the exact one. How it was computed does  *)
(* not matter.                                                                *)
(*                                                                            *)
(*  within_bounds K S F b  == that statement for the floats F and bounds b    *)
(*  updates_within K S F b == what it makes of the updates eta beta_i c_i x_j *)
(*  floats_about_something S Fs == there is a neuron and an example           *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Settling Contraction Residual.
From CreditCheck Require Import CheckerNumbers CheckerRows CheckerGraph.
From CreditCheck Require CheckerRun.
From CreditCheck Require Import CheckerGraphRun.
Set Warnings "notation-overridden,ambiguous-paths".

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma of_Z_abs (K : realFieldType) a : of_Z K (Z.abs a) = `|of_Z K a|.
Proof. by case: a => [|p|p] /=; rewrite ?normr0 ?normrN ?normr_nat. Qed.

Lemma of_Z_le (K : realFieldType) a b :
  Z.leb a b = (of_Z K a <= of_Z K b).
Proof.
rewrite -subr_ge0 -of_Z_opp -of_Z_add of_Z_ge0 Z.add_opp_r.
by apply/idP/idP; move/Z.leb_le => le; apply/Z.leb_le;
  [apply/Z.le_0_sub|apply/Z.le_0_sub].
Qed.

Lemma of_Z_lt (K : realFieldType) a b :
  Z.ltb a b = (of_Z K a < of_Z K b).
Proof. by rewrite ltNge -of_Z_le Z.ltb_antisym. Qed.

Section Fractions.

Variable K : realFieldType.

Lemma frac_K_eq a p b q : Z.mul a (Zpos q) = Z.mul b (Zpos p) ->
  frac_K K a p = frac_K K b q.
Proof. by move=> E; rewrite !frac_KE (CheckerSpec.frac_eq a p b q E). Qed.

Lemma frac_K_add a b p : frac_K K a p + frac_K K b p = frac_K K (Z.add a b) p.
Proof. by rewrite /frac_K of_Z_add mulrDl. Qed.

Lemma frac_K_sub a b p : frac_K K a p - frac_K K b p = frac_K K (Z.sub a b) p.
Proof. by rewrite frac_KN frac_K_add Z.add_opp_r. Qed.

Lemma frac_le a b p : (frac_K K a p <= frac_K K b p) = (of_Z K a <= of_Z K b).
Proof. by rewrite /frac_K ler_pmul2r ?invr_gt0 ?of_Z_pos_gt0. Qed.

Lemma frac_lt a b p : (frac_K K a p < frac_K K b p) = (of_Z K a < of_Z K b).
Proof. by rewrite /frac_K ltr_pmul2r ?invr_gt0 ?of_Z_pos_gt0. Qed.

Lemma frac_ge0 a p : (0 <= frac_K K a p) = (0 <= of_Z K a).
Proof. by have := frac_le Z0 a p; rewrite frac_K0. Qed.

Lemma abs_frac a p : `|frac_K K a p| = frac_K K (Z.abs a) p.
Proof.
by rewrite /frac_K normrM of_Z_abs [`|_^-1|]ger0_norm // invr_ge0 ltW
  ?of_Z_pos_gt0.
Qed.

End Fractions.

Section Residual.

Variables (K : realFieldType) (S : synapses) (F : floats).
Variable b : CheckerRun.vector.

Let rows := dense_rows S.
Let n := List.length rows.

Definition here (v : CheckerRun.vector) (i : 'I_n) : K := entry_K K v i.

Definition within_bounds : Prop :=
  let W := weight K n S in
  let beta := here (f_beta F) in
  let e := here (f_external F) in
  exists c, [/\ equilibrium W beta e c,
                forall c', equilibrium W beta e c' -> c' =1 c
              & forall j, `|here (f_credit F) j - c j| <= here b j].

Definition updates_within : Prop :=
  let W := weight K n S in
  let beta := here (f_beta F) in
  let e := here (f_external F) in
  forall c, equilibrium W beta e c -> forall (eta : K) (x : 'I_n -> K) i j,
    `|eta * (beta i * here (f_credit F) i * x j)
      - eta * (beta i * c i * x j)|
    <= `|eta| * (`|beta i| * here b i * `|x j|).

Hypothesis accepted : check_floats S F b = true.

Let wb := Pos.mul (w_den S) (CheckerRun.vden (f_beta F)).
Let strict := negb (acyclic n rows).

Lemma checked_floats :
  [/\ forall i, (List.length (List.nth i rows nil) <= n)%N,
      all_below n (check_residual S F (back n rows
        (CheckerSpec.map2 Z.mul (CheckerRun.vnum (f_beta F))
           (CheckerRun.vnum (f_credit F))))) = true
    & all_below n (check_bound strict S F b (back n
        (List.map (List.map Z.abs) rows)
        (CheckerSpec.map2 (fun s u => Z.mul (Z.abs s) u)
           (CheckerRun.vnum (f_beta F)) (CheckerRun.vnum b)))) = true].
Proof.
move: accepted; rewrite /check_floats.
move=> /andb_and [/andb_and [/andb_and [/andb_and [/andb_and [/andb_and
  [/andb_and [/rows_fit_length [_ widths] _] _] _] _] _] residual] bound].
by split.
Qed.

Lemma at_map2 (f : Z -> Z -> Z) u v i : (forall a, f a Z0 = Z0) ->
  (forall a, f Z0 a = Z0) ->
  at_ (CheckerSpec.map2 f u v) i = f (at_ u i) (at_ v i).
Proof.
move=> f0 f0'; elim: u v i => [|a u IHu] [|c v] [|i] //=;
  rewrite ?at_nil ?f0 ?f0' //; exact: IHu.
Qed.

Lemma at_abs r i : at_ (List.map Z.abs r) i = Z.abs (at_ r i).
Proof. by rewrite /at_ /CheckerGraphRun.at_ -(List.map_nth Z.abs). Qed.

Lemma nth_abs i :
  List.nth i (List.map (List.map Z.abs) rows) nil
  = List.map Z.abs (List.nth i rows nil).
Proof. by rewrite -(List.map_nth (List.map Z.abs)). Qed.

Lemma residual_is j :
  here (f_residual F) j
  = residual (weight K n S) (here (f_beta F)) (here (f_external F))
      (here (f_credit F)) j.
Proof.
have [_ /all_below_true/(_ (ltn_ord j))/(same_K K) r_ok _] := checked_floats.
rewrite /here [LHS]r_ok /fst /snd /residual.
have -> : \sum_i weight K n S i j * entry_K K (f_beta F) i
            * entry_K K (f_credit F) i
    = frac_K K (at_ (back n rows (CheckerSpec.map2 Z.mul
          (CheckerRun.vnum (f_beta F)) (CheckerRun.vnum (f_credit F)))) j)
        (Pos.mul (w_den S) (Pos.mul (CheckerRun.vden (f_beta F))
          (CheckerRun.vden (f_credit F)))).
  rewrite -(frac_back K _ _ _ (ltn_ord j) (m := n)) //.
  apply: eq_bigr => i _; rewrite weightE -mulrA at_map2 -1?frac_KM //.
  by move=> a; rewrite Z.mul_0_r.
rewrite opprD addrA /entry_K.
set c := entry_ _ j; set dc := CheckerRun.vden (f_credit F).
set r := at_ _ j; set e := entry_ (f_external F) j.
set de := CheckerRun.vden (f_external F); rewrite -/wb -/dc -/de.
pose D := Pos.mul (Pos.mul wb dc) de.
have -> : frac_K K c dc = frac_K K (Z.mul c (Zpos (Pos.mul wb de))) D.
  by apply: frac_K_eq; rewrite /D !Pos2Z.inj_mul; ring.
have -> : frac_K K r (Pos.mul (w_den S)
                        (Pos.mul (CheckerRun.vden (f_beta F)) dc))
    = frac_K K (Z.mul r (Zpos de)) D.
  by apply: frac_K_eq; rewrite /D /wb !Pos2Z.inj_mul; ring.
have -> : frac_K K e de = frac_K K (Z.mul e (Zpos (Pos.mul wb dc))) D.
  by apply: frac_K_eq; rewrite /D !Pos2Z.inj_mul; ring.
by rewrite !frac_K_sub.
Qed.

Lemma amplified_is j :
  amplified (weight K n S) (here (f_beta F)) (here b) j
  = frac_K K (at_ (back n (List.map (List.map Z.abs) rows)
        (CheckerSpec.map2 (fun s u => Z.mul (Z.abs s) u)
           (CheckerRun.vnum (f_beta F)) (CheckerRun.vnum b))) j)
      (Pos.mul (w_den S) (Pos.mul (CheckerRun.vden (f_beta F))
         (CheckerRun.vden b))).
Proof.
have le_n : (List.length (List.map (List.map Z.abs) rows) <= n)%N.
  by rewrite (List.map_length _ rows).
rewrite -(frac_back K _ _ _ (ltn_ord j) le_n).
rewrite /amplified; apply: eq_bigr => i _.
rewrite weightE nth_abs at_abs at_map2 -1?frac_KM; last 2 first.
- by move=> a; rewrite Z.mul_0_r.
- by [].
by rewrite mulrA /here /entry_K !abs_frac.
Qed.

Lemma bound_is j : 0 <= here b j /\
  (if strict
   then amplified (weight K n S) (here (f_beta F)) (here b) j
        + `|here (f_residual F) j| < here b j
   else amplified (weight K n S) (here (f_beta F)) (here b) j
        + `|here (f_residual F) j| <= here b j).
Proof.
have [_ _ /all_below_true/(_ (ltn_ord j))] := checked_floats.
rewrite /check_bound amplified_is => /andb_and [b_ge0 enough]; split.
  by rewrite /here /entry_K frac_ge0 of_Z_ge0.
move: enough; rewrite -/wb /here /entry_K abs_frac.
set a := at_ _ j; set r := Z.abs _; set u := entry_ b j.
set dr := CheckerRun.vden (f_residual F); set db := CheckerRun.vden b.
pose D := Pos.mul (Pos.mul wb db) dr.
have -> : frac_K K a (Pos.mul (w_den S)
                        (Pos.mul (CheckerRun.vden (f_beta F)) db))
    = frac_K K (Z.mul a (Zpos dr)) D.
  by apply: frac_K_eq; rewrite /D /wb !Pos2Z.inj_mul; ring.
have -> : frac_K K r dr = frac_K K (Z.mul r (Zpos (Pos.mul wb db))) D.
  by apply: frac_K_eq; rewrite /D !Pos2Z.inj_mul; ring.
have -> : frac_K K u db = frac_K K (Z.mul u (Zpos (Pos.mul wb dr))) D.
  by apply: frac_K_eq; rewrite /D !Pos2Z.inj_mul; ring.
rewrite frac_K_add frac_le frac_lt; case: strict.
  by rewrite (of_Z_lt K).
by rewrite (of_Z_le K).
Qed.

Theorem floats_within : within_bounds.
Proof.
pose rho j := `|here (f_residual F) j|.
have small j : `|residual (weight K n S) (here (f_beta F))
    (here (f_external F)) (here (f_credit F)) j| <= rho j.
  by rewrite -residual_is.
case cyclic : strict; last first.
  have [h falls] : exists h, height (weight K n S) h.
    by apply: acyclic_height; move: cyclic; rewrite /strict; case: acyclic.
  have [c eq_c] := equilibrium_exists (here (f_beta F))
                     (here (f_external F)) falls.
  exists c; split=> // [c' eq_c' j|].
    exact: equilibrium_unique falls _ _ eq_c' eq_c j.
  apply: residual_bound falls eq_c small _ => j.
  by have [_] := bound_is j; rewrite cyclic.
have b_ge0 j : 0 <= here b j by have [] := bound_is j.
have enough j : amplified (weight K n S) (here (f_beta F)) (here b) j + rho j
    < here b j by have [_] := bound_is j; rewrite cyclic.
by have [_] := residual_certificate small b_ge0 enough.
Qed.

Theorem floats_updates : updates_within.
Proof.
move=> c eq_c eta x i j.
have [c0 [eq_c0 only bound]] := floats_within.
apply: update_bound => k; rewrite (only c eq_c); exact: bound.
Qed.

End Residual.

(* for every example of a file                                                *)
Section All.

Variables (K : realFieldType) (S : synapses).
Variable credits : list (floats * CheckerRun.vector).
Variables (F : floats) (b : CheckerRun.vector).
Hypothesis accepted : check_all_floats S credits = true.
Hypothesis Fb_in : List.In (F, b) credits.

Lemma one_accepted : check_floats S F b = true.
Proof. by move: accepted => /List.forallb_forall/(_ (F, b) Fb_in). Qed.

Theorem all_within : within_bounds K S F b.
Proof. exact: floats_within one_accepted. Qed.

Theorem all_updates : updates_within K S F b.
Proof. exact: floats_updates one_accepted. Qed.

End All.

Arguments all_within {K S credits F b} accepted Fb_in.
Arguments all_updates {K S credits F b} accepted Fb_in.

(* what accept_floats accepts: about something, and all of it holds           *)
Lemma accept_floats_check S Fs : accept_floats S Fs = true ->
  check_all_floats S Fs = true.
Proof. by rewrite /accept_floats => /andb_and []. Qed.

Definition floats_about_something (S : synapses)
    (Fs : list (floats * CheckerRun.vector)) : Prop :=
  dense_rows S <> nil /\ Fs <> nil.

Lemma accept_floats_nonempty S Fs : accept_floats S Fs = true ->
  floats_about_something S Fs.
Proof.
rewrite /accept_floats /nonempty_floats.
move=> /andb_and [/andb_and [some_S some_F] _].
rewrite /floats_about_something /dense_rows.
by case: (w_rows S) some_S => // r rows _; case: Fs some_F.
Qed.

Theorem accept_floats_sound (K : realFieldType) S Fs :
  accept_floats S Fs = true ->
  floats_about_something S Fs /\
  forall F b, List.In (F, b) Fs ->
    within_bounds K S F b /\ updates_within K S F b.
Proof.
move=> yes; split=> [|F b Fb_in]; first exact: accept_floats_nonempty yes.
have checked := accept_floats_check yes.
by split; [exact: all_within checked Fb_in|exact: all_updates checked Fb_in].
Qed.
