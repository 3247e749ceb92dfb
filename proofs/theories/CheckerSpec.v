(******************************************************************************)
(* T6, first part: what the credit rule and backpropagation of a layered      *)
(*     network are, in rational numbers (Qc), and that they are equal (T1 for *)
(*     lists). Nothing here is made to be run. Standard library only.         *)
(*                                                                            *)
(*     frac n d == the rational number n / d                                  *)
(*  Leaky a d   == s if s > 0, else (a / d) s;       Relu := Leaky 0 1        *)
(*  Clip lo hi d == s clipped to [lo / d, hi / d], hard tanh                  *)
(*  Poly [a0; a1; ..] d == (a0 + a1 s + a2 s^2 + ..) / d;   Square, Quadratic *)
(*                 (s + s^2) and Cubic (s - s^3 / 3) are such                 *)
(*                                                                            *)
(* D3-D7; lists over layers, the inputs in front:                             *)
(*   net_inputs N x, rates N x, output N x   == forward map                   *)
(*   balance_factors N x == f(s) with f = sigma'                              *)
(*   credits N beta e    == c_j = \sum_i W_ij beta_i c_i + e_j                *)
(*   credit_update eta N x t == eta beta_i c_i x_j, eta beta_i c_i            *)
(*   adjoints, gradient N x t == backpropagation: D7 of D6                    *)
(*   shaped N m k        == the sizes of all layers fit, m inputs, k outputs  *)
(******************************************************************************)
From Coq Require Import ZArith NArith List Bool QArith Qcanon Lia.
Import ListNotations.

Set Implicit Arguments.

(* ------------------------------------------------------------------ numbers *)

Definition frac (n : Z) (d : positive) : Qc := Q2Qc (n # d).

Inductive activation :=
  | Identity
  | Leaky (a : Z) (d : positive)
  | Clip (lo hi : Z) (d : positive)
  | Poly (coefficients : list Z) (d : positive).

Definition Relu := Leaky 0 1.
Definition Square := Poly [0; 0; 1]%Z 1.
Definition Quadratic := Poly [0; 1; 1]%Z 1.
Definition Cubic := Poly [0; 3; 0; -1]%Z 3.

Fixpoint map2 {A B C} (f : A -> B -> C) (u : list A) (v : list B) : list C :=
  match u, v with
  | a :: u', b :: v' => f a b :: map2 f u' v'
  | _, _ => []
  end.

(* coefficients of the derivative: [a0; a1; a2; ..] gives [a1; 2 a2; ..]      *)
Fixpoint derive_from (k : Z) (l : list Z) : list Z :=
  match l with
  | [] => []
  | a :: l' => (k * a)%Z :: derive_from (k + 1) l'
  end.

Definition derive (l : list Z) : list Z := derive_from 1 (tl l).

(* =========================== what is certified ============================ *)

Open Scope Qc_scope.

Definition vec := list Qc.

Record layer := {
  pre : nat;                     (* number of presynaptic neurons             *)
  weights : list vec;            (* row = post, column = pre                  *)
  biases : vec;
  act : activation
}.

Definition network := list layer.

Fixpoint peval (l : list Z) (s : Qc) : Qc :=
  match l with
  | [] => 0
  | a :: l' => frac a 1 + s * peval l' s
  end.

Definition sigma (a : activation) (s : Qc) : Qc :=
  match a with
  | Identity => s
  | Leaky n d => if Qclt_le_dec 0 s then s else frac n d * s
  | Clip lo hi d =>
      if Qclt_le_dec (frac lo d) s
      then if Qclt_le_dec (frac hi d) s then frac hi d else s
      else frac lo d
  | Poly l d => frac 1 d * peval l s
  end.

(* its slope; at the kink the left one                                        *)
Definition slope (a : activation) (s : Qc) : Qc :=
  match a with
  | Identity => 1
  | Leaky n d => if Qclt_le_dec 0 s then 1 else frac n d
  | Clip lo hi d =>
      if Qclt_le_dec (frac lo d) s
      then if Qclt_le_dec (frac hi d) s then 0 else 1
      else 0
  | Poly l d => frac 1 d * peval (derive l) s
  end.

Fixpoint dot (u v : vec) : Qc :=
  match u, v with
  | a :: u', b :: v' => a * b + dot u' v'
  | _, _ => 0
  end.

Definition times (u v : vec) : vec := map2 Qcmult u v.
Definition plus (u v : vec) : vec := map2 Qcplus u v.
Definition minus (u v : vec) : vec := map2 Qcminus u v.
Definition scale (a : Qc) (u : vec) : vec := map (Qcmult a) u.

(* D5 *)
Definition net_input (L : layer) (x : vec) : vec :=
  plus (map (fun row => dot row x) (weights L)) (biases L).

Definition rate (L : layer) (x : vec) : vec :=
  map (sigma (act L)) (net_input L x).

Fixpoint net_inputs (N : network) (x : vec) : list vec :=
  match N with
  | [] => []
  | L :: N' => net_input L x :: net_inputs N' (rate L x)
  end.

Fixpoint rates (N : network) (x : vec) : list vec :=
  match N with
  | [] => [x]
  | L :: N' => x :: rates N' (rate L x)
  end.

Fixpoint output (N : network) (x : vec) : vec :=
  match N with
  | [] => x
  | L :: N' => output N' (rate L x)
  end.

(* D2 with f = sigma', which is also what backpropagation calls the slopes    *)
Fixpoint balance_factors (N : network) (x : vec) : list vec :=
  match N with
  | [] => []
  | L :: N' =>
      map (slope (act L)) (net_input L x) :: balance_factors N' (rate L x)
  end.

(* D3, neuron by neuron: c_j = \sum_i W_ij beta_i c_i, and e at the output    *)
Definition column (j : nat) (W : list vec) : vec :=
  map (fun row => nth j row 0) W.

Fixpoint credits (N : network) (beta : list vec) (e : vec) : list vec :=
  match N, beta with
  | L :: N', beta1 :: beta' =>
      let c := credits N' beta' e in
      map (fun j => dot (column j (weights L)) (times beta1 (hd [] c)))
          (seq 0 (pre L)) :: c
  | _, _ => [e]
  end.

(* D4; an update is a matrix and a bias vector for each layer                 *)
Definition update := list (list vec * vec).

Fixpoint plasticity (eta : Qc) (beta c x : list vec) : update :=
  match beta, c, x with
  | beta1 :: beta', c1 :: c', x1 :: x' =>
      (map (fun g => map (fun xj => eta * (g * xj)) x1) (times beta1 c1),
       map (fun g => eta * g) (times beta1 c1)) :: plasticity eta beta' c' x'
  | _, _, _ => []
  end.

Definition external_credit (N : network) (x t : vec) : vec :=
  minus t (output N x).

Definition credit_update (eta : Qc) (N : network) (x t : vec) : update :=
  let beta := balance_factors N x in
  plasticity eta beta (tl (credits N beta (external_credit N x t))) (rates N x).

(* D6, with the rows of W: W^T delta = \sum_i delta_i (row i of W)            *)
Fixpoint combine_rows (m : nat) (W : list vec) (delta : vec) : vec :=
  match W, delta with
  | row :: W', d :: delta' => plus (scale d row) (combine_rows m W' delta')
  | _, _ => repeat 0 m
  end.

Fixpoint adjoints (N : network) (slopes : list vec) (g : vec) : list vec :=
  match N, slopes with
  | L :: N', d :: slopes' =>
      let xbar := adjoints N' slopes' g in
      combine_rows (pre L) (weights L) (times d (hd [] xbar)) :: xbar
  | _, _ => [g]
  end.

(* D7 *)
Fixpoint outer (delta x : list vec) : update :=
  match delta, x with
  | d :: delta', x1 :: x' =>
      (map (fun di => scale di x1) d, d) :: outer delta' x'
  | _, _ => []
  end.

Definition gradient (N : network) (x t : vec) : update :=
  let slopes := balance_factors N x in
  let xbar := adjoints N slopes (minus (output N x) t) in
  outer (map2 times slopes (tl xbar)) (rates N x).

Definition scaled (a : Qc) (U : update) : update :=
  map (fun Wb => (map (scale a) (fst Wb), scale a (snd Wb))) U.

Fixpoint shaped (N : network) (m k : nat) : Prop :=
  match N with
  | [] => m = k
  | L :: N' =>
      pre L = m /\ Forall (fun row => length row = m) (weights L) /\
      length (weights L) = length (biases L) /\ shaped N' (length (biases L)) k
  end.

(* T1 for lists: on a shaped network the credit rule is backpropagation       *)

Ltac canon :=
  apply Qc_is_canon;
  cbn [this frac Q2Qc Qcplus Qcmult Qcminus Qcopp]; rewrite ?Qred_correct.

Lemma frac_eq a p b q : (a * Zpos q = b * Zpos p)%Z -> frac a p = frac b q.
Proof. intros E; canon; exact E. Qed.

Lemma map2_length A B C (f : A -> B -> C) u v :
  length (map2 f u v) = Nat.min (length u) (length v).
Proof.
  revert v; induction u as [|a u IH]; intros [|b v]; simpl; auto.
Qed.

Lemma nth_plus j u v : length u = length v ->
  nth j (plus u v) 0 = nth j u 0 + nth j v 0.
Proof.
  unfold plus; revert j v; induction u as [|a u IH]; intros j [|b v]; simpl;
    try discriminate.
  - intros _; destruct j; ring.
  - intros E; destruct j; [reflexivity|]; apply IH; congruence.
Qed.

Lemma nth_scale j a u : nth j (scale a u) 0 = a * nth j u 0.
Proof.
  unfold scale; revert j; induction u as [|b u IH]; intros [|j]; simpl;
    try ring; auto.
Qed.

Lemma combine_rows_length m W d :
  Forall (fun row => length row = m) W -> length (combine_rows m W d) = m.
Proof.
  intros F; revert d; induction F as [|row W len F IH]; intros d; simpl.
  - apply repeat_length.
  - destruct d as [|a d]; [apply repeat_length|].
    unfold plus, scale; rewrite map2_length, map_length, len, IH.
    apply Nat.min_id.
Qed.

Lemma nth_combine_rows m W d j : Forall (fun row => length row = m) W ->
  nth j (combine_rows m W d) 0 = dot (column j W) d.
Proof.
  assert (zero : nth j (repeat 0 m) 0 = 0).
  { clear; revert j; induction m; intros [|j]; simpl; auto. }
  intros F; revert d; induction F as [|row W len F IH]; intros d; simpl.
  - exact zero.
  - destruct d as [|a d]; [exact zero|].
    rewrite nth_plus, nth_scale, IH; [ring|].
    unfold scale; rewrite map_length, combine_rows_length; assumption.
Qed.

Lemma combine_rows_columns m W d : Forall (fun row => length row = m) W ->
  combine_rows m W d = map (fun j => dot (column j W) d) (seq 0 m).
Proof.
  intros F; apply nth_ext with 0 (dot (column 0 W) d).
  - now rewrite map_length, seq_length, combine_rows_length.
  - rewrite combine_rows_length by assumption; intros j lt_jm.
    rewrite (map_nth (fun j => dot (column j W) d)), nth_combine_rows, seq_nth;
      auto.
Qed.

Lemma times_opp u v : times u (map Qcopp v) = map Qcopp (times u v).
Proof.
  unfold times; revert v; induction u as [|a u IH]; intros [|b v]; simpl; auto.
  apply f_equal2; [ring|apply IH].
Qed.

Lemma dot_opp u v : dot u (map Qcopp v) = - dot u v.
Proof.
  revert v; induction u as [|a u IH]; intros [|b v]; simpl; try ring.
  rewrite IH; ring.
Qed.

Lemma minus_opp u v : minus u v = map Qcopp (minus v u).
Proof.
  unfold minus; revert v; induction u as [|a u IH]; intros [|b v]; simpl; auto.
  apply f_equal2; [ring|apply IH].
Qed.

(* C1: c = - xbar at every neuron                                             *)
Theorem credits_adjoints N m k beta g : shaped N m k ->
  credits N beta (map Qcopp g) = map (map Qcopp) (adjoints N beta g).
Proof.
  revert m beta; induction N as [|L N IH]; intros m beta; simpl; auto.
  intros [pre_L [rows [_ shape]]]; destruct beta as [|b beta]; simpl; auto.
  rewrite (@IH _ beta shape); f_equal.
  rewrite pre_L, combine_rows_columns, map_map by assumption.
  apply map_ext; intros j; rewrite <- dot_opp, <- times_opp.
  do 2 f_equal; destruct (adjoints N beta g); reflexivity.
Qed.

Lemma plasticity_outer eta beta xbar : forall xs,
  plasticity eta beta (map (map Qcopp) xbar) xs
  = scaled (- eta) (outer (map2 times beta xbar) xs).
Proof.
  revert xbar; induction beta as [|b beta IH]; intros [|c cs] [|x xs];
    simpl; auto.
  apply f_equal2; [|apply IH].
  rewrite times_opp; unfold scale; rewrite !map_map.
  apply f_equal2; apply map_ext; intros g; [|ring].
  rewrite map_map; apply map_ext; intros xj; ring.
Qed.

(* C2: the update is - eta times the gradient                                 *)
Theorem credit_update_gradient eta N m k x t : shaped N m k ->
  credit_update eta N x t = scaled (- eta) (gradient N x t).
Proof.
  intros shape; unfold credit_update, gradient, external_credit.
  rewrite minus_opp, (@credits_adjoints _ _ _ _ _ shape).
  assert (split : forall l, tl (map (map Qcopp) l) = map (map Qcopp) (tl l))
    by (intros []; reflexivity).
  rewrite split; apply plasticity_outer.
Qed.
