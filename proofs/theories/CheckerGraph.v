(******************************************************************************)
(* The checker of CheckerGraphRun.v is sound: the numbers that it accepts are *)
(* a firing equilibrium of the graph, its balance factors and THE credit      *)
(* equilibrium, in any number field; and with T4 the update made from them is *)
(* minus eta times the derivative of half the squared error, to first order   *)
(* of the rates, along every direction.                                       *)
(*                                                                            *)
(*  value_in K G v       == the numbers of v at the neurons of G, in K        *)
(*  external_in K G E    == t - x at the outputs, 0 elsewhere                 *)
(*  credit_rule_holds K G E == D1-D3 for the example E, and uniqueness        *)
(*  update_is_descent K G E == D4 for E against the linear response (D9)      *)
(*  graph_about_something G Es == there is an example, an output, and a       *)
(*                          neuron that is no input                           *)
(******************************************************************************)
Set Warnings "-notation-overridden,-ambiguous-paths".
From Coq Require Import ZArith List.
From mathcomp Require Import all_ssreflect all_algebra.
From CreditCheck Require Import Settling Contraction Recurrent.
From CreditCheck Require Import CheckerNumbers CheckerRows.
From CreditCheck Require CheckerRun.
From CreditCheck Require Import CheckerGraphRun.
Set Warnings "notation-overridden,ambiguous-paths".

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Notation rows_of S := (dense_rows S).

(* integers of the checker as integers of the library *)
Definition z_int (z : Z) : int :=
  match z with
  | Z0 => 0
  | Zpos p => (Pos.to_nat p)%:R
  | Zneg p => - (Pos.to_nat p)%:R
  end.

Lemma z_int_K (K : numFieldType) z : (z_int z)%:~R = of_Z K z.
Proof. by case: z => [|p|p] //=; rewrite ?rmorphN ?rmorph_nat. Qed.

Lemma z_int_inj (a b : int) : a%:~R = b%:~R :> rat -> a = b.
Proof. exact: intr_inj. Qed.

Lemma z_int_add a b : z_int (Z.add a b) = z_int a + z_int b.
Proof. by apply: z_int_inj; rewrite rmorphD /= !z_int_K of_Z_add. Qed.

Lemma z_int_mul a b : z_int (Z.mul a b) = z_int a * z_int b.
Proof. by apply: z_int_inj; rewrite rmorphM /= !z_int_K of_Z_mul. Qed.

Lemma z_int_sub a b : z_int (Z.sub a b) = z_int a - z_int b.
Proof.
apply: z_int_inj; rewrite rmorphB /= !z_int_K -of_Z_opp -of_Z_add.
by rewrite Z.add_opp_r.
Qed.

Lemma z_int_dot u v n : (List.length u <= n)%N ->
  z_int (CheckerRun.dotZ u v) = \sum_(i < n) z_int (at_ u i) * z_int (at_ v i).
Proof.
move=> le_un; apply: z_int_inj.
rewrite z_int_K (of_Z_dot [numFieldType of rat] _ le_un) rmorph_sum /=.
by apply: eq_bigr => i _; rewrite rmorphM /= !z_int_K.
Qed.

Section Unique.

Variables (K : fieldType) (n : nat) (W : 'M[K]_n) (beta : 'I_n -> K).

Lemma credit_transfer :
  credit_matrix W beta = 1%:M - transfer W (\col_i beta i).
Proof.
rewrite /credit_matrix /transfer; congr (_ - _ *m diag_mx _).
by apply/rowP => i; rewrite !mxE.
Qed.

Hypothesis invertible : credit_matrix W beta \in unitmx.

Lemma unit_unique (e c c' : 'I_n -> K) :
  equilibrium W beta e c -> equilibrium W beta e c' -> c' =1 c.
Proof.
have columns f : equilibrium W beta e f ->
    equilibrium W (fun i => (\col_i beta i) i 0) (fun i => (\col_i e i) i 0)
      (fun i => (\col_i f i) i 0).
  move=> eq_f j; rewrite !mxE {1}eq_f; congr (_ + _).
  by apply: eq_bigr => i _; rewrite !mxE.
move=> /columns eq_c /columns eq_c' i.
have unit : 1%:M - transfer W (\col_i beta i) \in unitmx.
  by rewrite -credit_transfer.
have [d [_ only]] := credit_exists_unique unit (\col_i e i).
have /colP/(_ i) : \col_i c' i = \col_i c i.
  by rewrite -(only _ eq_c) -(only _ eq_c').
by rewrite !mxE.
Qed.

End Unique.

Lemma height_unit (K : fieldType) n (W : 'M[K]_n) beta h :
  height W h -> credit_matrix W beta \in unitmx.
Proof. by move=> falls; rewrite credit_transfer (transfer_unit _ falls). Qed.

Section Inverse.

Variables (K : numFieldType) (n : nat) (S : synapses).
Variables (beta : CheckerRun.vector) (p : positive) (M : list (list Z)).

Let d := Pos.mul (w_den S) (CheckerRun.vden beta).
Let m := Pos.to_nat p.

Hypothesis checked :
  check_inverse n (Zpos d) (Zpos p) M (rows_of S) (CheckerRun.vnum beta) = true.
Hypothesis widths :
  forall i, (List.length (List.nth i (rows_of S) nil) <= n)%N.

(* d (I - W^T diag beta), of integers *)
Let A : 'M[int]_n := \matrix_(j, i)
  (z_int (Zpos d) *+ (j == i)
   - z_int (at_ (List.nth i (rows_of S) nil) j)
     * z_int (at_ (CheckerRun.vnum beta) i)).

Let B : 'M[int]_n := \matrix_(k, j) z_int (at_ (List.nth k M nil) j).

Lemma inverse_entry k i :
  exists q, (B *m A) k i = (k == i)%:R + z_int q * z_int (Zpos p).
Proof.
have [_ /all_below_true/(_ (ltn_ord k))] := andb_and checked.
move=> /all_below_true/(_ (ltn_ord i))/Z.eqb_eq.
move=> /Z.mod_divide [//|q /(congr1 z_int) remainder]; exists q.
rewrite -z_int_mul -remainder !z_int_sub !z_int_mul.
rewrite (z_int_dot _ (widths i)) addrC.
have -> : z_int (if PeanoNat.Nat.eqb k i then Zpos xH else Z0) = (k == i)%:R.
  case: PeanoNat.Nat.eqb_spec => [same|differ].
    by rewrite (val_inj same : k = i) eqxx.
  by case: eqP => // same; case: differ; rewrite same.
rewrite subrK mxE; under eq_bigr => j _ do rewrite !mxE mulrBr.
rewrite sumrB; congr (_ - _).
  rewrite (bigD1 i) //= eqxx mulr1n big1 ?addr0 1?mulrC // => j /negPf ->.
  by rewrite mulr0n mulr0.
rewrite mulr_sumr; apply: eq_bigr => j _.
by rewrite mulrCA [RHS]mulrCA [z_int (at_ _ i) * _]mulrC.
Qed.

(* modulo p both are inverse to one another, so det A is not 0 *)
Lemma modulus_gt1 : (1 < m)%N.
Proof.
have [/Z.ltb_lt gt1 _] := andb_and checked.
by apply/ssrnat.ltP/(proj1 (Pos2Nat.inj_lt xH p)).
Qed.

Lemma det_neq0 : \det A != 0.
Proof.
apply/negP => /eqP det0.
pose f : {rmorphism int -> 'Z_m} := [rmorphism of intmul 1].
have : map_mx f B *m map_mx f A = 1%:M.
  rewrite -map_mxM; apply/matrixP => k i; rewrite !mxE.
  have [q] := inverse_entry k i; rewrite mxE => ->.
  rewrite rmorphD rmorphM /= !rmorph_nat -/m.
  by rewrite char_Zp ?modulus_gt1 // mulr0 addr0.
move=> /(congr1 determinant); rewrite det_mulmx !det_map_mx det0 rmorph0 mulr0.
by rewrite det1 => /eqP; rewrite eq_sym oner_eq0.
Qed.

Lemma inverse_unit :
  credit_matrix (weight K n S) (fun i => entry_K K beta i) \in unitmx.
Proof.
pose f : {rmorphism int -> K} := [rmorphism of intmul 1].
have d_neq0 : of_Z K (Zpos d) != 0 by apply: of_Z_pos_neq0.
have : map_mx f A
    = of_Z K (Zpos d)
      *: credit_matrix (weight K n S) (fun i => entry_K K beta i).
  apply/matrixP => j i; rewrite mxE mxE rmorphB rmorphM rmorphMn /= !z_int_K.
  have := weightE K S i j; rewrite /credit_matrix mul_mx_diag !mxE => ->.
  rewrite -[_%:~R]/((z_int (Zpos d))%:~R) z_int_K frac_KM mulrBr mulr_natr.
  by congr (_ - _); rewrite /frac_K of_Z_mul mulrCA divff // mulr1.
move/(congr1 determinant); rewrite det_map_mx detZ => det_A.
rewrite unitmxE unitfE; apply/eqP => det0; have := det_neq0.
by rewrite -(intr_eq0 K) -[_%:~R]/(f _) det_A det0 mulr0 eqxx.
Qed.

End Inverse.

Lemma linear_response_eq (R : comRingType) n (W : 'M[R]_n)
    (beta beta' x x' k k' dx dx' : 'I_n -> R) (H : 'M[R]_n) :
  beta =1 beta' -> x =1 x' -> k =1 k' -> dx =1 dx' ->
  linear_response W beta x H k dx -> linear_response W beta' x' H k' dx'.
Proof.
move=> same_beta same_x same_k same_dx resp i.
rewrite -same_dx -same_beta -same_k {1}resp; congr (_ * (_ + _)).
by congr (_ + _); apply: eq_bigr => j _; rewrite ?same_dx ?same_x.
Qed.

Section Graph.

Variables (K : numFieldType) (G : graph).

Let n := size_of G.

Definition value_in (v : CheckerRun.vector) (i : 'I_n) : K := entry_K K v i.

Definition weights_in : 'M[K]_n := weight K n (synapses_of G).

Definition external_in (E : settled) (j : 'I_n) : K :=
  if is_output G j
  then value_in (targets E) j - value_in (CheckerRun.x_cert (numbers E)) j
  else 0.

(* D1, D2 and D3, and no other credits obey D3                                *)
Definition credit_rule_holds (E : settled) : Prop :=
  let W := weights_in in
  let b := value_in (biases_of G) in
  let s := value_in (CheckerRun.s_cert (numbers E)) in
  let x := value_in (CheckerRun.x_cert (numbers E)) in
  let beta := value_in (CheckerRun.beta_cert (numbers E)) in
  let c := value_in (CheckerRun.c_cert (numbers E)) in
  let e := external_in E in
  [/\ forall i : 'I_n, if kind_of G i is Some a
        then [/\ s i = \sum_j W i j * x j + b i, x i = sigma_K a (s i)
                & beta i = slope_K a (s i)]
        else [/\ forall j, W i j = 0, b i = 0 & beta i = 0],
      equilibrium W beta e c,
      forall c', equilibrium W beta e c' -> c' =1 c
    & credit_matrix W beta \in unitmx].

(* D4 with g = beta * c: eta g_i x_j and eta g_i, in any direction, are minus *)
(* eta times the first-order change of half the squared error                 *)
Definition update_is_descent (E : settled) : Prop :=
  let W := weights_in in
  let x := value_in (CheckerRun.x_cert (numbers E)) in
  let beta := value_in (CheckerRun.beta_cert (numbers E)) in
  let g := value_in (CheckerRun.g_cert (numbers E)) in
  let t := value_in (targets E) in
  forall (eta : K) (H : 'M[K]_n) (k : 'I_n -> K), exists dx : 'I_n -> K,
  [/\ linear_response W beta x H k dx,
      forall dx', linear_response W beta x H k dx' -> dx' =1 dx
    & \sum_i \sum_j eta * (g i * x j) * H i j + \sum_i eta * g i * k i
      = - eta * \sum_(i < n | is_output G i) (x i - t i) * dx i].

Variables (Es : seq settled) (E : settled).
Hypothesis accepted : check_graph G Es = true.
Hypothesis E_in : List.In E Es.

Let rows := rows_of (synapses_of G).

Lemma settled_checked :
  [/\ check_settled G rows E = true, List.length rows = n
    & forall i, (List.length (List.nth i rows nil) <= n)%N].
Proof.
move: accepted; rewrite /check_graph => /andb_and [/andb_and [/andb_and []]].
move=> /rows_fit_length [len widths] _ _ /List.forallb_forall/(_ E E_in).
by split.
Qed.

Lemma checked_firing (i : 'I_n) :
  check_firing G (numbers E) (List.nth i rows nil) i = true.
Proof.
have [] := settled_checked; rewrite /check_settled => checked _ _.
move: checked => /andb_and [/andb_and [/andb_and [_ firing] _] _].
exact: all_below_true firing (ltn_ord i).
Qed.

Lemma checked_credit (j : 'I_n) :
  check_credit G E
    (back n rows (CheckerRun.vnum (CheckerRun.g_cert (numbers E)))) j = true.
Proof.
have [] := settled_checked; rewrite /check_settled => checked _ _.
move: checked => /andb_and [/andb_and [_ credit] _].
exact: all_below_true credit (ltn_ord j).
Qed.

Lemma checked_unit : credit_matrix weights_in
  (value_in (CheckerRun.beta_cert (numbers E))) \in unitmx.
Proof.
have [] := settled_checked; rewrite /check_settled => checked _ widths.
move: checked => /andb_and [_]; rewrite /check_only.
case: (only E) => [|p M]; last by move=> inverse; apply: inverse_unit inverse _.
by move=> /(acyclic_height K) [h falls]; apply: height_unit falls.
Qed.

Lemma accepted_firing (i : 'I_n) :
  let s := value_in (CheckerRun.s_cert (numbers E)) in
  let x := value_in (CheckerRun.x_cert (numbers E)) in
  let beta := value_in (CheckerRun.beta_cert (numbers E)) in
  let b := value_in (biases_of G) in
  if kind_of G i is Some a
  then [/\ s i = \sum_j weights_in i j * x j + b i, x i = sigma_K a (s i)
          & beta i = slope_K a (s i)]
  else [/\ forall j, weights_in i j = 0, b i = 0 & beta i = 0].
Proof.
have := checked_firing i; rewrite /check_firing.
have [_ _ /(_ i) widths] := settled_checked.
case: (kind_of G i) => [a|]; last first.
  move=> /andb_and [/andb_and [/andb_and [_ /Z.eqb_eq beta0] /Z.eqb_eq b0]].
  move=> row0.
  rewrite /value_in /entry_K beta0 b0 !frac_K0; split=> // j.
  rewrite /weights_in weightE.
  suff -> : at_ (List.nth i rows nil) j = Z0 by rewrite frac_K0.
  move: row0 => /List.forallb_forall zero; rewrite /at_ /CheckerGraphRun.at_.
  by case: (List.nth_in_or_default j (List.nth i rows nil) Z0) =>
    [/zero/Z.eqb_eq|].
move=> /andb_and [/andb_and [/(same_K K) s_ok /(same_K K) beta_ok]].
move=> /(same_K K) x_ok.
rewrite slopeZ_K in beta_ok; rewrite sigmaZ_K in x_ok.
rewrite /fst /snd -frac_KD -(frac_dot K _ _ _ widths) in s_ok.
split=> //; rewrite [LHS]s_ok; congr (_ + _).
by apply: eq_bigr => j _; rewrite /weights_in weightE.
Qed.

Lemma accepted_g (i : 'I_n) :
  value_in (CheckerRun.g_cert (numbers E)) i
  = value_in (CheckerRun.beta_cert (numbers E)) i
    * value_in (CheckerRun.c_cert (numbers E)) i.
Proof.
have := checked_credit i => /andb_and [/andb_and [/(same_K K) g_ok _] _].
by rewrite /value_in /entry_K frac_KM.
Qed.

Lemma accepted_credit :
  equilibrium weights_in (value_in (CheckerRun.beta_cert (numbers E)))
    (external_in E) (value_in (CheckerRun.c_cert (numbers E))).
Proof.
move=> j; have := checked_credit j => /andb_and [/andb_and [_ c_ok] _].
move: c_ok => /(same_K K) c_ok.
have [_ len _] := settled_checked.
rewrite [LHS]c_ok /= -frac_KD; congr (_ + _).
  rewrite -(frac_back K _ _ _ (ltn_ord j) (m := n)) ?len //.
  by apply: eq_bigr => i _; rewrite /weights_in weightE -mulrA -accepted_g.
rewrite /external_in /external; case: (is_output G j); last by rewrite frac_K0.
rewrite /value_in /entry_K [X in _ - X]/frac_K -mulNr -of_Z_opp.
rewrite -/(frac_K _ _ _).
by rewrite frac_KD Z.mul_opp_l Z.add_opp_r.
Qed.

Theorem graph_credit : credit_rule_holds E.
Proof.
split; [exact: accepted_firing|exact: accepted_credit| |exact: checked_unit].
move=> c'; apply: unit_unique; [exact: checked_unit|exact: accepted_credit].
Qed.

Theorem graph_update : update_is_descent E.
Proof.
move=> eta H k.
have unit : 1%:M - transfer weights_in
    (\col_i value_in (CheckerRun.beta_cert (numbers E)) i) \in unitmx.
  by rewrite -credit_transfer checked_unit.
pose x := \col_i value_in (CheckerRun.x_cert (numbers E)) i.
have [dx [resp only]] := response_exists_unique unit x H (\col_i k i).
have col1 (u : 'I_n -> K) i : (\col_i u i) i 0 = u i by rewrite mxE.
have resp' := linear_response_eq (col1 _) (col1 _) (col1 _) (frefl _) resp.
exists (fun i => dx i 0); split=> //.
  move=> dx' other; have /colP same_dx : dx = \col_i dx' i.
    apply: only; apply: linear_response_eq other => i; by rewrite col1.
  by move=> i; rewrite same_dx mxE.
have := rule_response eta accepted_credit resp'.
rewrite /weight_rule /bias_rule => rule.
under eq_bigr => i _ do under eq_bigr => j _ do rewrite accepted_g.
under [X in _ + X = _]eq_bigr => i _ do rewrite accepted_g.
rewrite rule mulNr -mulrN; congr (_ * _).
rewrite [X in _ = - X]big_mkcond -sumrN; apply: eq_bigr => i _.
rewrite /external_in.
by case: is_output; rewrite ?mul0r ?oppr0 // -mulNr opprB.
Qed.

End Graph.

Arguments graph_credit {K G Es E} accepted E_in.
Arguments graph_update {K G Es E} accepted E_in.

(* what accept_graph accepts: about something, and all of it holds            *)
Lemma accept_graph_check G Es : accept_graph G Es = true ->
  check_graph G Es = true.
Proof. by rewrite /accept_graph => /andb_and []. Qed.

Definition graph_about_something (G : graph) (Es : list settled) : Prop :=
  [/\ Es <> nil,
      exists i, (i < size_of G)%N /\ is_output G i
    & exists i, (i < size_of G)%N /\ kind_of G i <> None].

Lemma existsb_nth T (p : T -> bool) l d : List.existsb p l = true ->
  exists i, (i < List.length l)%N /\ p (List.nth i l d).
Proof.
elim: l => //= a l IH /orP [yes|/IH [i [i_lt yes]]]; first by exists 0%N.
by exists i.+1.
Qed.

Lemma accept_graph_nonempty G Es : accept_graph G Es = true ->
  graph_about_something G Es.
Proof.
rewrite /accept_graph /nonempty_graph /check_graph.
move=> /andb_and [/andb_and [/andb_and [some_E some_o] some_k] checked].
move: checked => /andb_and [/andb_and [_ /PeanoNat.Nat.eqb_eq size_o] _].
split; first by move=> none_E; rewrite none_E in some_E.
  have [i [i_lt yes]] := existsb_nth false some_o.
  by exists i; rewrite -size_o.
have [i [i_lt yes]] := existsb_nth None some_k.
by exists i; split=> // none_i; rewrite /kind_of in none_i; rewrite none_i in yes.
Qed.

Theorem accept_graph_sound (K : numFieldType) G Es :
  accept_graph G Es = true ->
  graph_about_something G Es /\
  forall E, List.In E Es -> credit_rule_holds K G E /\ update_is_descent K G E.
Proof.
move=> yes; split=> [|E E_in]; first exact: accept_graph_nonempty yes.
have checked := accept_graph_check yes.
by split; [exact: graph_credit checked E_in|exact: graph_update checked E_in].
Qed.
