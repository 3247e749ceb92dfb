(******************************************************************************)
(* T6  A checker of certificates that runs inside the proof assistant, and    *)
(*     the proof that what it accepts is exactly the credit rule of the       *)
(*     network, and exactly backpropagation. Standard library only.           *)
(*                                                                            *)
(* Two halves. The first says in rational numbers (Qc) what the credit rule   *)
(* and backpropagation of a layered network are; nothing there is made to be  *)
(* run. The second reads integers over common denominators and is made to be  *)
(* run; it knows no rational number, no rule, only products and sums.         *)
(*                                                                            *)
(* Numbers of a certificate, written to be printed by a program:              *)
(*     frac n d == the rational number n / d                                  *)
(*  Vec d [n..] == the vector of the n / d           (value: its numbers)     *)
(*  Mat d [[n..]..] == the matrix of the n / d, row = post, column = pre      *)
(*  Leaky a d   == s if s > 0, else (a / d) s;       Relu := Leaky 0 1        *)
(*  Poly [a0; a1; ..] d == (a0 + a1 s + a2 s^2 + ..) / d                      *)
(*  Layer m W b act == weights W with m columns, biases b, activation         *)
(*  Trace s beta x c g == net inputs, balance factors, rates, credits and     *)
(*                 g = beta * c of one layer. The update of W i j is          *)
(*                 eta * g i * x j, so g and x stand for all of it            *)
(*  Example x0 t c0 traces == input, target, credits of the inputs, layers    *)
(*  Certificate eta layers examples                                           *)
(*         check C == the checker                                             *)
(*                                                                            *)
(* In rational numbers (D3-D7; lists over layers, the inputs in front):       *)
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
  | Poly (coefficients : list Z) (d : positive).

Definition Relu := Leaky 0 1.

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
  | Poly l d => frac 1 d * peval l s
  end.

(* its slope; at the kink the left one                                        *)
Definition slope (a : activation) (s : Qc) : Qc :=
  match a with
  | Identity => 1
  | Leaky n d => if Qclt_le_dec 0 s then 1 else frac n d
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

(* ============================== the checker =============================== *)

Open Scope Z_scope.

Record vector := Vec { vden : positive; vnum : list Z }.
Record matrix := Mat { mden : positive; mnum : list (list Z) }.

Record layer_cert := Layer {
  pre_cert : N; w : matrix; b : vector; activation_cert : activation }.

Record trace := Trace {
  s_cert : vector; beta_cert : vector; x_cert : vector;
  c_cert : vector; g_cert : vector }.

Record example := Example {
  input : vector; target : vector; input_credit : vector;
  traces : list trace }.

Record certificate := Certificate {
  eta_num : Z; eta_den : positive;
  layers : list layer_cert;
  examples : list example }.

Fixpoint dotZ (u v : list Z) : Z :=
  match u, v with
  | a :: u', b :: v' => a * b + dotZ u' v'
  | _, _ => 0
  end.

Fixpoint combineZ (m : nat) (W : list (list Z)) (d : list Z) : list Z :=
  match W, d with
  | row :: W', a :: d' => map2 (fun r s => a * r + s) row (combineZ m W' d')
  | _, _ => repeat 0 m
  end.

Fixpoint all2 {A B} (f : A -> B -> bool) (u : list A) (v : list B) : bool :=
  match u, v with
  | [], [] => true
  | a :: u', b :: v' => f a b && all2 f u' v'
  | _, _ => false
  end.

(* is n / d the fraction N / P?                                               *)
Definition same (d : positive) (n : Z) (q : Z * positive) : bool :=
  (n * Zpos (snd q) =? fst q * Zpos d).

(* do the numerators p over the one denominator q make the vector v?          *)
Definition same_vector (v : vector) (p : list Z) (q : positive) : bool :=
  all2 (fun n N => n * Zpos q =? N * Zpos (vden v)) (vnum v) p.

Fixpoint pevalZ (l : list Z) (n : Z) (d : positive) : Z * positive :=
  match l with
  | [] => (0, 1%positive)
  | a :: l' =>
      let (N, P) := pevalZ l' n d in
      (a * Zpos (P * d) + n * N, (P * d)%positive)
  end.

Definition over (d : positive) (q : Z * positive) : Z * positive :=
  (fst q, (d * snd q)%positive).

Definition sigmaZ (a : activation) (d : positive) (n : Z) : Z * positive :=
  match a with
  | Identity => (n, d)
  | Leaky an ad => if 0 <? n then (n, d) else (an * n, (ad * d)%positive)
  | Poly l ld => over ld (pevalZ l n d)
  end.

Definition slopeZ (a : activation) (d : positive) (n : Z) : Z * positive :=
  match a with
  | Identity => (1, 1%positive)
  | Leaky an ad => if 0 <? n then (1, 1%positive) else (an, ad)
  | Poly l ld => over ld (pevalZ (derive l) n d)
  end.

Definition net_inputZ (L : layer_cert) (x : vector) : list Z :=
  map2 (fun row n => dotZ row (vnum x) * Zpos (vden (b L))
                     + n * Zpos (mden (w L) * vden x))
       (mnum (w L)) (vnum (b L)).

(* one layer: x and c are rates and credits of the presynaptic one            *)
Definition check_layer (L : layer_cert) (T : trace) (x c : vector) : bool :=
  (N.of_nat (length (vnum x)) =? pre_cert L)%N
  && forallb (fun row => (N.of_nat (length row) =? pre_cert L)%N) (mnum (w L))
  && Nat.eqb (length (mnum (w L))) (length (vnum (b L)))
  && same_vector (s_cert T) (net_inputZ L x)
                 (mden (w L) * vden x * vden (b L))
  && all2 (fun s n => same (vden (beta_cert T)) n
                        (slopeZ (activation_cert L) (vden (s_cert T)) s))
          (vnum (s_cert T)) (vnum (beta_cert T))
  && all2 (fun s n => same (vden (x_cert T)) n
                        (sigmaZ (activation_cert L) (vden (s_cert T)) s))
          (vnum (s_cert T)) (vnum (x_cert T))
  && Nat.eqb (length (vnum (beta_cert T))) (length (vnum (c_cert T)))
  && same_vector (g_cert T)
                 (map2 Z.mul (vnum (beta_cert T)) (vnum (c_cert T)))
                 (vden (beta_cert T) * vden (c_cert T))
  && same_vector c (combineZ (length (vnum x)) (mnum (w L)) (vnum (g_cert T)))
                 (mden (w L) * vden (g_cert T)).

Definition check_output (t x c : vector) : bool :=
  Nat.eqb (length (vnum x)) (length (vnum t))
  && same_vector c
       (map2 (fun t1 x1 => t1 * Zpos (vden x) - x1 * Zpos (vden t))
             (vnum t) (vnum x))
       (vden t * vden x).

Fixpoint check_layers (Ls : list layer_cert) (Ts : list trace)
    (x c t : vector) : bool :=
  match Ls, Ts with
  | [], [] => check_output t x c
  | L :: Ls', T :: Ts' =>
      check_layer L T x c && check_layers Ls' Ts' (x_cert T) (c_cert T) t
  | _, _ => false
  end.

Definition check_example (Ls : list layer_cert) (E : example) : bool :=
  check_layers Ls (traces E) (input E) (input_credit E) (target E).

Definition check (C : certificate) : bool :=
  forallb (check_example (layers C)) (examples C).

(* =================== what the numbers of a certificate are ================ *)

Definition value (v : vector) : vec := map (fun n => frac n (vden v)) (vnum v).

Definition layer_of (L : layer_cert) : layer :=
  {| pre := N.to_nat (pre_cert L);
     weights := map (map (fun n => frac n (mden (w L)))) (mnum (w L));
     biases := value (b L);
     act := activation_cert L |}.

Definition network_of (Ls : list layer_cert) : network := map layer_of Ls.

(* the update of the certificate: eta g_i x_j and eta g_i, layer by layer     *)
Fixpoint claimed_layers (eta : Qc) (x : vector) (Ts : list trace) : update :=
  match Ts with
  | [] => []
  | T :: Ts' =>
      (map (fun g => map (fun xj => eta * (g * xj))%Qc (value x))
           (value (g_cert T)),
       map (fun g => eta * g)%Qc (value (g_cert T)))
      :: claimed_layers eta (x_cert T) Ts'
  end.

Definition eta_of (C : certificate) : Qc := frac (eta_num C) (eta_den C).

Definition claimed_update (C : certificate) (E : example) : update :=
  claimed_layers (eta_of C) (input E) (traces E).

(* =============================== soundness ================================ *)

Lemma frac_plus a p b q :
  (frac a p + frac b q)%Qc = frac (a * Zpos q + b * Zpos p) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_plus_same a b p : (frac a p + frac b p)%Qc = frac (a + b) p.
Proof. rewrite frac_plus; apply frac_eq; rewrite Pos2Z.inj_mul; ring. Qed.

Lemma frac_mult a p b q : (frac a p * frac b q)%Qc = frac (a * b) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_minus a p b q :
  (frac a p - frac b q)%Qc = frac (a * Zpos q - b * Zpos p) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_0 p : frac 0 p = 0%Qc.
Proof. canon; reflexivity. Qed.

Lemma frac_1 : frac 1 1 = 1%Qc.
Proof. apply Qc_is_canon; reflexivity. Qed.

Lemma frac_positive n d : (0 < frac n d)%Qc <-> 0 < n.
Proof.
  unfold Qclt; cbn [this frac Q2Qc]; rewrite !Qred_correct.
  unfold Qlt; simpl; lia.
Qed.

Lemma same_sound d n q : same d n q = true -> frac n d = frac (fst q) (snd q).
Proof. unfold same; rewrite Z.eqb_eq; apply frac_eq. Qed.

Lemma same_vector_sound v p q : same_vector v p q = true ->
  value v = map (fun n => frac n q) p.
Proof.
  unfold same_vector, value; generalize (vnum v); intros u; revert p.
  induction u as [|a u IH]; intros [|b p]; simpl; try discriminate; auto.
  rewrite andb_true_iff, Z.eqb_eq; intros [E rest].
  apply f_equal2; [now apply frac_eq|now apply IH].
Qed.

Lemma all2_sound (f : Qc -> Qc) (g : Z -> Z * positive) d e u v :
  (forall n, f (frac n d) = frac (fst (g n)) (snd (g n))) ->
  all2 (fun s n => same e n (g s)) u v = true ->
  map (fun n => frac n e) v = map f (map (fun n => frac n d) u).
Proof.
  intros fg; revert v; induction u as [|a u IH]; intros [|b v]; simpl;
    try discriminate; auto.
  rewrite andb_true_iff; intros [E rest].
  apply f_equal2; [|now apply IH]; rewrite fg; now apply same_sound.
Qed.

Lemma dotZ_sound d e u v :
  dot (map (fun n => frac n d) u) (map (fun n => frac n e) v)
  = frac (dotZ u v) (d * e).
Proof.
  revert v; induction u as [|a u IH]; intros [|b v]; simpl;
    try now rewrite frac_0.
  now rewrite IH, frac_mult, frac_plus_same.
Qed.

Lemma combineZ_sound m d e W v :
  combine_rows m (map (map (fun n => frac n d)) W) (map (fun n => frac n e) v)
  = map (fun n => frac n (d * e)) (combineZ m W v).
Proof.
  assert (zero : repeat 0%Qc m = map (fun n => frac n (d * e)) (repeat 0 m)).
  { induction m; simpl; auto; rewrite frac_0; f_equal; auto. }
  revert v; induction W as [|row W IH]; intros [|a v]; simpl; auto.
  rewrite IH; generalize (combineZ m W v); unfold plus, scale; clear.
  induction row as [|r row IH]; intros [|s l]; simpl; auto.
  apply f_equal2; [|apply IH].
  rewrite frac_mult, <- frac_plus_same; f_equal.
  apply frac_eq; rewrite !Pos2Z.inj_mul; ring.
Qed.

Lemma times_sound u v :
  times (value u) (value v)
  = map (fun n => frac n (vden u * vden v)) (map2 Z.mul (vnum u) (vnum v)).
Proof.
  unfold times, minus, value; generalize (vnum u) (vnum v).
  intros l; induction l as [|a l IH];
    intros [|b l']; simpl; auto.
  rewrite frac_mult; apply f_equal; apply IH.
Qed.

Lemma minus_sound u v :
  minus (value u) (value v)
  = map (fun n => frac n (vden u * vden v))
        (map2 (fun a b => a * Zpos (vden v) - b * Zpos (vden u))
              (vnum u) (vnum v)).
Proof.
  unfold times, minus, value; generalize (vnum u) (vnum v).
  intros l; induction l as [|a l IH];
    intros [|b l']; simpl; auto.
  rewrite frac_minus; apply f_equal; apply IH.
Qed.

Lemma pevalZ_sound l n d :
  peval l (frac n d) = frac (fst (pevalZ l n d)) (snd (pevalZ l n d)).
Proof.
  induction l as [|a l IH]; simpl; [now rewrite frac_0|].
  rewrite IH; destruct (pevalZ l n d) as [N P]; simpl.
  rewrite frac_mult, frac_plus; apply frac_eq; rewrite !Pos2Z.inj_mul; ring.
Qed.

Lemma over_sound d q :
  (frac 1 d * frac (fst q) (snd q))%Qc = frac (fst (over d q)) (snd (over d q)).
Proof. rewrite frac_mult; apply frac_eq; unfold over; simpl fst; simpl snd;
  ring. Qed.

Lemma sigmaZ_sound a d n :
  sigma a (frac n d) = frac (fst (sigmaZ a d n)) (snd (sigmaZ a d n)).
Proof.
  destruct a as [|an ad|l ld]; simpl; auto.
  - destruct (Qclt_le_dec 0 (frac n d)) as [pos|nonpos].
    + apply frac_positive, Z.ltb_lt in pos; now rewrite pos.
    + assert (neg : (0 <? n) = false).
      { apply Z.ltb_ge; apply Z.nlt_ge; intros pos.
        apply Qcle_not_lt in nonpos; apply nonpos; now apply frac_positive. }
      rewrite neg; apply frac_mult.
  - now rewrite pevalZ_sound, over_sound.
Qed.

Lemma slopeZ_sound a d n :
  slope a (frac n d) = frac (fst (slopeZ a d n)) (snd (slopeZ a d n)).
Proof.
  destruct a as [|an ad|l ld]; simpl.
  - symmetry; apply frac_1.
  - destruct (Qclt_le_dec 0 (frac n d)) as [pos|nonpos].
    + apply frac_positive, Z.ltb_lt in pos; rewrite pos; symmetry; apply frac_1.
    + assert (neg : (0 <? n) = false).
      { apply Z.ltb_ge; apply Z.nlt_ge; intros pos.
        apply Qcle_not_lt in nonpos; apply nonpos; now apply frac_positive. }
      now rewrite neg.
  - now rewrite pevalZ_sound, over_sound.
Qed.

Lemma net_inputZ_sound L x :
  net_input (layer_of L) (value x)
  = map (fun n => frac n (mden (w L) * vden x * vden (b L))) (net_inputZ L x).
Proof.
  unfold net_input, net_inputZ, plus; simpl; unfold value.
  generalize (mnum (w L)) (vnum (b L)); intros W.
  induction W as [|row W IH]; intros [|n u]; simpl; auto.
  apply f_equal2; [|apply IH].
  rewrite dotZ_sound, frac_plus; reflexivity.
Qed.

Lemma check_layers_sound Ls : forall Ts x c t,
  check_layers Ls Ts x c t = true ->
  let N := network_of Ls in
  let e := external_credit N (value x) (value t) in
  let beta := balance_factors N (value x) in
  shaped N (length (vnum x)) (length (vnum t)) /\
  map (fun T => value (s_cert T)) Ts = net_inputs N (value x) /\
  value x :: map (fun T => value (x_cert T)) Ts = rates N (value x) /\
  map (fun T => value (beta_cert T)) Ts = beta /\
  value c :: map (fun T => value (c_cert T)) Ts = credits N beta e /\
  map (fun T => value (g_cert T)) Ts = map2 times beta (tl (credits N beta e)).
Proof.
  induction Ls as [|L Ls IH]; intros [|T Ts] x c t accepted; simpl in accepted;
    try discriminate.
  - apply andb_true_iff in accepted; destruct accepted as [len_t c_ok].
    simpl; unfold external_credit; simpl.
    repeat split; try reflexivity.
    + now apply Nat.eqb_eq.
    + rewrite minus_sound; f_equal; now apply same_vector_sound.
  - apply andb_true_iff in accepted; destruct accepted as [here above].
    destruct (@IH _ _ _ _ above) as [shape [nets [xs [betas [cs gs]]]]];
      clear IH.
    unfold check_layer in here; rewrite !andb_true_iff in here.
    destruct here as [[[[[[[[pre_x rows] len_b] net_ok] beta_ok] x_ok] len_c]
      g_ok] c_ok].
    apply N.eqb_eq in pre_x; apply Nat.eqb_eq in len_b, len_c.
    apply same_vector_sound in net_ok, g_ok, c_ok.
    rewrite <- net_inputZ_sound in net_ok.
    rewrite <- times_sound in g_ok.
    rewrite <- combineZ_sound in c_ok.
    apply (@all2_sound _ _ _ _ _ _ (slopeZ_sound _ _)) in beta_ok.
    apply (@all2_sound _ _ _ _ _ _ (sigmaZ_sound _ _)) in x_ok.
    fold (value (s_cert T)) (value (beta_cert T)) in beta_ok.
    fold (value (s_cert T)) (value (x_cert T)) in x_ok.
    rewrite net_ok in beta_ok, x_ok.
    assert (pre_nat : N.to_nat (pre_cert L) = length (vnum x))
      by (rewrite <- pre_x; apply Nat2N.id).
    assert (rows_nat : Forall (fun row => length row = length (vnum x))
              (map (map (fun n => frac n (mden (w L)))) (mnum (w L)))).
    { apply Forall_map, Forall_forall; intros row row_in.
      rewrite map_length; apply Nat2N.inj.
      rewrite forallb_forall in rows; specialize (rows _ row_in).
      apply N.eqb_eq in rows; congruence. }
    assert (len_x : length (vnum (x_cert T)) = length (value (b L))).
    { transitivity (length (value (x_cert T))); [symmetry; apply map_length|].
      rewrite x_ok; unfold net_input, plus; simpl.
      rewrite map_length, map2_length, !map_length.
      unfold value; rewrite map_length, len_b; apply Nat.min_id. }
    cbv zeta in *; simpl.
    unfold external_credit in *; simpl output in *.
    change (rate (layer_of L) (value x)) with
      (map (sigma (activation_cert L)) (net_input (layer_of L) (value x))).
    rewrite <- x_ok.
    rewrite <- nets, <- xs, <- betas, <- cs in *.
    simpl.
    repeat split.
    + exact pre_nat.
    + exact rows_nat.
    + unfold value; rewrite !map_length; exact len_b.
    + rewrite <- len_x; exact shape.
    + now rewrite net_ok.
    + rewrite beta_ok; reflexivity.
    + f_equal; rewrite c_ok, combine_rows_columns by exact rows_nat.
      change (map (fun n => frac n (vden (g_cert T))) (vnum (g_cert T)))
        with (value (g_cert T)).
      rewrite g_ok, beta_ok, pre_nat; reflexivity.
    + rewrite g_ok, beta_ok; f_equal; exact gs.
Qed.

Lemma claimed_layers_sound eta Ts : forall x beta c,
  map (fun T => value (g_cert T)) Ts = map2 times beta c ->
  claimed_layers eta x Ts
  = plasticity eta beta c (value x :: map (fun T => value (x_cert T)) Ts).
Proof.
  induction Ts as [|T Ts IH]; intros x [|beta1 beta] [|c1 c]; simpl;
    try discriminate; auto.
  intros E; injection E as g_ok gs.
  rewrite g_ok; f_equal; apply IH; exact gs.
Qed.

(* T6: an accepted certificate holds exactly the credit rule of its network   *)
Theorem check_sound (C : certificate) (E : example) :
  check C = true -> In E (examples C) ->
  let N := network_of (layers C) in
  let x := value (input E) in
  let t := value (target E) in
  let beta := balance_factors N x in
  shaped N (length x) (length t) /\
  map (fun T => value (s_cert T)) (traces E) = net_inputs N x /\
  x :: map (fun T => value (x_cert T)) (traces E) = rates N x /\
  map (fun T => value (beta_cert T)) (traces E) = beta /\
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = credits N beta (external_credit N x t) /\
  claimed_update C E = credit_update (eta_of C) N x t.
Proof.
  intros accepted E_in; unfold check in accepted.
  rewrite forallb_forall in accepted; specialize (accepted _ E_in).
  destruct (@check_layers_sound _ _ _ _ _ accepted)
    as [shape [nets [xs [betas [cs gs]]]]].
  cbv zeta in *; repeat split; auto.
  - unfold value at 1 2; rewrite !map_length; exact shape.
  - unfold claimed_update, credit_update; rewrite <- xs.
    apply claimed_layers_sound; exact gs.
Qed.

(* ... and minus eta times the gradient, and minus the adjoints (C1, C2)      *)
Theorem check_sound_backprop (C : certificate) (E : example) :
  check C = true -> In E (examples C) ->
  let N := network_of (layers C) in
  let x := value (input E) in
  let t := value (target E) in
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = map (map Qcopp)
          (adjoints N (balance_factors N x) (minus (output N x) t)) /\
  claimed_update C E = scaled (- eta_of C)%Qc (gradient N x t).
Proof.
  intros accepted E_in.
  destruct (check_sound _ _ accepted E_in) as [shape [_ [_ [_ [cs upd]]]]].
  cbv zeta in *; split.
  - rewrite cs; unfold external_credit; rewrite minus_opp.
    exact (@credits_adjoints _ _ _ _ _ shape).
  - rewrite upd; exact (@credit_update_gradient _ _ _ _ _ _ shape).
Qed.

(* for the whole batch, example by example                                    *)
Theorem check_sound_batch (C : certificate) :
  check C = true ->
  map (claimed_update C) (examples C)
  = map (fun E => scaled (- eta_of C)%Qc
                    (gradient (network_of (layers C)) (value (input E))
                              (value (target E))))
        (examples C).
Proof.
  intros accepted; apply map_ext_in; intros E E_in.
  exact (proj2 (check_sound_backprop _ _ accepted E_in)).
Qed.

(* ============= the worked example of the definitions (2-2-1) ============== *)

Definition worked_example : example :=
  Example (Vec 2 [2; 1]) (Vec 1 [1]) (Vec 1024 [217; -3038])
    [ Trace (Vec 4 [2; 1]) (Vec 2 [4; 3]) (Vec 16 [12; 5])
            (Vec 256 [217; -434]) (Vec 256 [434; -651]);
      Trace (Vec 8 [3]) (Vec 4 [7]) (Vec 64 [33])
            (Vec 64 [31]) (Vec 256 [217]) ].

Definition worked : certificate :=
  Certificate 1 1
    [ Layer 2 (Mat 4 [[2; -4]; [1; 2]]) (Vec 4 [2; -1]) (Poly [0; 1; 1] 1);
      Layer 2 (Mat 1 [[1; -2]]) (Vec 4 [1]) (Poly [0; 1; 1] 1) ]
    [ worked_example ].

Theorem worked_accepted : check worked = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

(* its updates, as -eta dL/dW and -eta dL/db                                  *)
Theorem worked_gradient :
  scaled (- eta_of worked)%Qc
    (gradient (network_of (layers worked)) (value (input worked_example))
              (value (target worked_example)))
  = [ ([[frac 217 128; frac 217 256]; [frac (-651) 256; frac (-651) 512]],
       [frac 217 128; frac (-651) 256]);
      ([[frac 651 1024; frac 1085 4096]], [frac 217 256]) ].
Proof.
  assert (worked_in : In worked_example (examples worked)) by (left;
    reflexivity).
  rewrite <- (proj2 (check_sound_backprop _ _ worked_accepted worked_in)).
  cbv [claimed_update claimed_layers traces worked_example map value g_cert
       x_cert input vden vnum eta_of eta_num eta_den worked].
  rewrite !frac_mult.
  repeat lazymatch goal with
  | |- frac _ _ = frac _ _ => apply frac_eq; reflexivity
  | |- _ :: _ = _ :: _ => apply (f_equal2 (@cons _))
  | |- (_, _) = (_, _) => apply f_equal2
  | |- [] = [] => reflexivity
  end.
Qed.

(* a certificate with one wrong factor is refused: beta = 1 at the output     *)
Theorem worked_mutant_refused :
  check (Certificate 1 1 (layers worked)
    [ Example (Vec 2 [2; 1]) (Vec 1 [1]) (Vec 256 [31; -434])
        [ Trace (Vec 4 [2; 1]) (Vec 2 [4; 3]) (Vec 16 [12; 5])
                (Vec 64 [31; -62]) (Vec 64 [62; -93]);
          Trace (Vec 8 [3]) (Vec 1 [1]) (Vec 64 [33])
                (Vec 64 [31]) (Vec 64 [31]) ] ]) = false.
Proof. vm_cast_no_check (eq_refl false). Qed.
