(******************************************************************************)
(* T6, the link: what the checker of Checker.v certifies on lists of rational *)
(* numbers is, in any number field, what Layers.v says with matrices.         *)
(*                                                                            *)
(*  CheckerSpec.N, CheckerRun.N, Checker.N == names of the checker            *)
(*   widths N                  == numbers of neurons of the layers of N       *)
(*   parameters m N            == weights and biases of N (Layers.params)     *)
(*   sigmas N, slopes N        == activations and slopes of all neurons       *)
(*                                (Layers.functions)                          *)
(*   columns ns l              == the vectors l as Layers.layered             *)
(*   changes m ns U            == the update U as Layers.params               *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith QArith Qcanon List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Layers LayeredEqualsBackprop CheckerNumbers.
From CreditCheck Require CheckerSpec CheckerRun Checker.
Set Warnings "notation-overridden,ambiguous-paths".

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Networks.

Variable K : numFieldType.

Notation ofQ := (of_Qc K).
Notation col := (col K).
Notation mat := (mat K).

Fixpoint widths (N : CheckerSpec.network) : seq nat :=
  match N with
  | nil => [::]
  | L :: N' => List.length (CheckerSpec.biases L) :: widths N'
  end.

Fixpoint parameters m (N : CheckerSpec.network) : params K m (widths N) :=
  match N with
  | nil => 0
  | L :: N' =>
      let n := List.length (CheckerSpec.biases L) in
      layer_params (mat n m (CheckerSpec.weights L))
                   (col n (CheckerSpec.biases L))
                   (parameters n N')
  end.

Fixpoint activations (f : CheckerSpec.activation -> K -> K)
    (N : CheckerSpec.network) :
    functions K (widths N) :=
  match N with
  | nil => tt
  | L :: N' => ((fun=> f (CheckerSpec.act L)), activations f N')
  end.

Definition sigmas := activations (@sigma_K K).
Definition slopes := activations (@slope_K K).

Fixpoint columns (ns : seq nat) (l : list CheckerSpec.vec) : layered K ns :=
  match ns with
  | [::] => 0
  | n :: ns' => layer (col n (List.hd nil l)) (columns ns' (List.tl l))
  end.

Fixpoint changes m (ns : seq nat) (U : CheckerSpec.update) : params K m ns :=
  match ns with
  | [::] => 0
  | n :: ns' =>
      let Wb := List.hd (nil, nil) U in
      layer_params (mat n m Wb.1) (col n Wb.2) (changes n ns' (List.tl U))
  end.

Section Layer.

Variables (L : CheckerSpec.layer) (m : nat) (x : CheckerSpec.vec).
Let n := List.length (CheckerSpec.biases L).
Hypothesis rows :
  List.Forall (fun r => List.length r = m) (CheckerSpec.weights L).
Hypothesis heights :
  List.length (CheckerSpec.weights L) = List.length (CheckerSpec.biases L).

Lemma length_net_input : List.length (CheckerSpec.net_input L x) = n.
Proof.
rewrite /CheckerSpec.net_input /CheckerSpec.plus CheckerSpec.map2_length.
rewrite List.map_length.
by rewrite heights PeanoNat.Nat.min_id.
Qed.

Lemma col_net_input : col n (CheckerSpec.net_input L x)
  = net_input (mat n m (CheckerSpec.weights L))
              (col n (CheckerSpec.biases L)) (col m x).
Proof.
rewrite /CheckerSpec.net_input col_plus ?List.map_length //.
congr (_ + _); apply/colP => i; rewrite !mxE.
rewrite (entry_rows (f := fun r => CheckerSpec.dot r x)) //.
rewrite (of_Qc_dot _ _ (row_length i rows)).
by apply: eq_bigr => j _; rewrite !mxE.
Qed.

Lemma col_rate : col n (CheckerSpec.rate L x)
  = at_layer (fun=> sigma_K (CheckerSpec.act L))
      (net_input (mat n m (CheckerSpec.weights L)) (col n (CheckerSpec.biases L))
                 (col m x)).
Proof.
rewrite -col_net_input; apply: col_map; first exact: length_net_input.
exact: of_Qc_sigma.
Qed.

Lemma col_slope :
  col n (List.map (CheckerSpec.slope (CheckerSpec.act L)) (CheckerSpec.net_input L x))
  = at_layer (fun=> slope_K (CheckerSpec.act L))
      (net_input (mat n m (CheckerSpec.weights L)) (col n (CheckerSpec.biases L))
                 (col m x)).
Proof.
rewrite -col_net_input; apply: col_map; first exact: length_net_input.
exact: of_Qc_slope.
Qed.

Lemma length_rate : List.length (CheckerSpec.rate L x) = n.
Proof. by rewrite List.map_length length_net_input. Qed.

End Layer.

Lemma columns_rates N m k x : CheckerSpec.shaped N m k ->
  columns (m :: widths N) (CheckerSpec.rates N x)
  = rates (parameters m N) (sigmas N) (col m x).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite -(col_rate x rows heights) -(IHN _ _ shape).
Qed.

Lemma columns_balance N m k x : CheckerSpec.shaped N m k ->
  columns (widths N) (CheckerSpec.balance_factors N x)
  = at_neurons (slopes N) (net_inputs (parameters m N) (sigmas N) (col m x)).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite (col_slope x rows heights) (IHN _ _ shape) (col_rate x rows heights).
Qed.

Lemma length_balance N x :
  List.length (CheckerSpec.balance_factors N x) = List.length N.
Proof. by elim: N x => //= L N IHN x; rewrite IHN. Qed.

Lemma col_output N m k x : CheckerSpec.shaped N m k ->
  col (last m (widths N)) (CheckerSpec.output N x)
  = output (parameters m N) (sigmas N) (col m x).
Proof.
elim: N m x => [|L N IHN] m x //= [_ [rows [heights shape]]].
by rewrite -(col_rate x rows heights) -(IHN _ _ shape).
Qed.

Lemma length_output N m k x : CheckerSpec.shaped N m k -> List.length x = m ->
  List.length (CheckerSpec.output N x) = k.
Proof.
elim: N m x => [|L N IHN] m x /=; first by move=> -> ->.
move=> [_ [rows [heights shape]]] _; apply: (IHN _ _ shape).
exact: (length_rate x heights).
Qed.

Lemma columns_credits N m k beta e : CheckerSpec.shaped N m k ->
  List.length beta = List.length N ->
  columns (m :: widths N) (CheckerSpec.credits N beta e)
  = credits (parameters m N) (columns (widths N) beta)
            (col (last m (widths N)) e).
Proof.
elim: N m beta => [|L N IHN] m [|beta1 beta] //.
move=> [pre_m [rows [heights shape]]] [len_beta].
have IH := IHN _ _ shape len_beta.
rewrite [LHS]/= [RHS]/= -IH; congr layer.
apply/colP => j; rewrite !mxE pre_m.
set c := List.hd nil _.
pose entry_j j := CheckerSpec.dot (CheckerSpec.column j (CheckerSpec.weights L))
                              (CheckerSpec.times beta1 c).
have -> : entry (List.map entry_j (List.seq 0 m)) j = entry_j j.
  have lt_j : (j < List.length (List.map entry_j (List.seq 0 m)))%coq_nat.
    by rewrite List.map_length List.seq_length; apply/ssrnat.ltP.
  rewrite /entry (List.nth_indep _ _ (entry_j 0%N) lt_j) List.map_nth.
  by rewrite List.seq_nth //; apply/ssrnat.ltP.
rewrite (of_Qc_dot _ _ (n := List.length (CheckerSpec.biases L))); last first.
  by rewrite List.map_length heights.
apply: eq_bigr => i _; rewrite entry_times of_Qc_mul !mxE mulrA.
by rewrite (entry_rows (f := fun r => List.nth j r 0%Qc)) //;
  case: (nat_of_ord j).
Qed.

Lemma changes_plasticity eta m ns beta c x :
  List.length beta = size ns -> List.length c = size ns ->
  List.length x = (size ns).+1 ->
  changes m ns (CheckerSpec.plasticity eta beta c x)
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
  have -> : entry (row (List.map change (CheckerSpec.times beta1 c1)) i) j
      = (eta * (entry (CheckerSpec.times beta1 c1) i * entry x1 j))%Qc.
    rewrite /row /entry; set l := CheckerSpec.times beta1 c1.
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

Lemma length_rates N x : List.length (CheckerSpec.rates N x) = (List.length N).+1.
Proof. by elim: N x => //= L N IHN x; rewrite IHN. Qed.

Lemma length_credits N beta e : List.length beta = List.length N ->
  List.length (CheckerSpec.credits N beta e) = (List.length N).+1.
Proof.
by elim: N beta => [|L N IHN] [|beta1 beta] //= [len]; rewrite IHN.
Qed.

Lemma size_widths N : size (widths N) = List.length N.
Proof. by elim: N => //= L N ->. Qed.

Lemma columns_tl ns (l : list CheckerSpec.vec) n :
  columns ns (List.tl l) = (columns (n :: ns) l).later.
Proof. by []. Qed.

Theorem changes_credit_update eta N m k x t : CheckerSpec.shaped N m k ->
  List.length x = m -> List.length t = k ->
  changes m (widths N) (CheckerSpec.credit_update eta N x t)
  = credit_update (ofQ eta) (parameters m N) (sigmas N) (slopes N) (col m x)
      (squared_credit (parameters m N) (sigmas N) (col m x)
         (col (last m (widths N)) t)).
Proof.
move=> shape len_x len_t; have len_beta := length_balance N x.
have len_e := length_output shape len_x.
rewrite /CheckerSpec.credit_update changes_plasticity ?size_widths //; last first.
- exact: length_rates.
- have := length_credits (CheckerSpec.external_credit N x t) len_beta.
  by case: (CheckerSpec.credits _ _ _) => //= c0 c [].
rewrite (columns_tl _ _ m) (columns_credits _ shape len_beta).
rewrite (columns_rates _ shape) (columns_balance _ shape).
by rewrite /CheckerSpec.external_credit col_minus ?len_e // (col_output _ shape).
Qed.

(* T6: the update of an accepted certificate is the credit rule of Layers.v,  *)
(* in any number field                                                        *)
Theorem certified_update (C : CheckerRun.certificate) (E : CheckerRun.example) :
  CheckerRun.check C = true -> List.In E (CheckerRun.examples C) ->
  let N := CheckerRun.network_of (CheckerRun.layers C) in
  let m := List.length (CheckerRun.value (CheckerRun.input E)) in
  let W := parameters m N in
  let x := col m (CheckerRun.value (CheckerRun.input E)) in
  let t := col (last m (widths N)) (CheckerRun.value (CheckerRun.target E)) in
  let eta := ofQ (CheckerRun.eta_of C) in
  changes m (widths N) (CheckerRun.claimed_update C E)
    = credit_update eta W (sigmas N) (slopes N) x
                    (squared_credit W (sigmas N) x t)
  /\ changes m (widths N) (CheckerRun.claimed_update C E)
    = - eta *: gradient W (sigmas N) (slopes N) x
                        (squared_slope W (sigmas N) x t).
Proof.
move=> accepted E_in N m W x t eta.
have [shape [_ [_ [_ [_ update]]]]] := Checker.check_sound C E accepted E_in.
have rule : changes m (widths N) (CheckerRun.claimed_update C E)
    = credit_update eta W (sigmas N) (slopes N) x
                    (squared_credit W (sigmas N) x t).
  by rewrite update (changes_credit_update _ shape).
by split; rewrite // rule; apply: credit_update_squared.
Qed.

(* ... and so are its net inputs' rates, balance factors and credits          *)
Theorem certified_credits (C : CheckerRun.certificate)
    (E : CheckerRun.example) :
  CheckerRun.check C = true -> List.In E (CheckerRun.examples C) ->
  let N := CheckerRun.network_of (CheckerRun.layers C) in
  let m := List.length (CheckerRun.value (CheckerRun.input E)) in
  let W := parameters m N in
  let x := col m (CheckerRun.value (CheckerRun.input E)) in
  let t := col (last m (widths N)) (CheckerRun.value (CheckerRun.target E)) in
  let values pick := List.map (fun T => CheckerRun.value (pick T))
                              (CheckerRun.traces E) in
  let beta := at_neurons (slopes N) (net_inputs W (sigmas N) x) in
  [/\ columns (m :: widths N)
        (CheckerRun.value (CheckerRun.input E) :: values CheckerRun.x_cert)
        = rates W (sigmas N) x,
      columns (widths N) (values CheckerRun.beta_cert) = beta
    & columns (m :: widths N)
        (CheckerRun.value (CheckerRun.input_credit E) :: values CheckerRun.c_cert)
        = credits W beta (squared_credit W (sigmas N) x t)].
Proof.
move=> accepted E_in N m W x t values beta.
have [shape [_ [xs [betas [cs _]]]]] := Checker.check_sound C E accepted E_in.
have betaE := columns_balance (CheckerRun.value (CheckerRun.input E)) shape.
split; first by rewrite /values xs (columns_rates _ shape).
  by rewrite /values betas betaE.
rewrite /values cs (columns_credits _ shape) ?length_balance // betaE.
rewrite /CheckerSpec.external_credit col_minus ?(col_output _ shape) //.
exact: esym (length_output shape erefl).
Qed.

End Networks.
