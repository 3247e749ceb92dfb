(******************************************************************************)
(* The checker for any network, cycles and self-synapses included: products,  *)
(* sums and comparisons of integers over common denominators, made to be run. *)
(* Standard library only. CheckerGraph.v and CheckerResidual.v say what it is *)
(* worth.                                                                     *)
(*                                                                            *)
(*  Row k [w..]  == the synapses onto one neuron, from neurons k, k + 1, ..;  *)
(*                 none == no synapse onto it        (dense: from neuron 0)   *)
(*  Synapses d [row..] == all weights, over d, one row per postsynaptic       *)
(*  Graph [kind..] [output..] synapses biases == kind None is an input, Some  *)
(*                 a a neuron with activation a; which neurons are outputs    *)
(*  Settled t (Trace s beta x c g) witness == one example: targets (0 at      *)
(*                 other neurons) and what CheckerRun.v calls a trace, of all *)
(*                 neurons                                                    *)
(*  Acyclic      == the neurons have heights, found by the checker itself     *)
(*  Inverse p M  == M is the inverse of I - W^T diag beta modulo p            *)
(*  check_graph G Es == are the exact numbers those of the rule?              *)
(*  nonempty_graph G Es == is there an example, an output, and a neuron that  *)
(*                 is no input?                                               *)
(*  accept_graph G Es == the checker of exact numbers: both                   *)
(*                                                                            *)
(*  Floats beta e c r == balance factors, external credits, credits computed  *)
(*                 somehow, and their residuals c - (W^T (beta * c) + e)      *)
(*  check_floats S F b == do the bounds b hold? |W|^T |beta| b + |r| <= b,    *)
(*                 with < if there is a cycle                                 *)
(*  accept_floats S Fs == the checker of bounds: there is a neuron and an     *)
(*                 example, and the bounds of all examples hold               *)
(******************************************************************************)
From Coq Require Import ZArith NArith List Bool.
From CreditCheck Require Export CheckerSpec CheckerRun.
Import ListNotations.

Set Implicit Arguments.

(* A file with a certificate imports the library of CheckerGraph.v after this *)
(* one; its notations are meant to win.                                       *)
#[export] Set Warnings "-notation-overridden,-ambiguous-paths".

Open Scope Z_scope.

Inductive synapses_onto := Row (first : N) (numbers : list Z).

Definition none := Row 0 [].

Definition dense (r : synapses_onto) : list Z :=
  match r with Row k l => repeat 0 (N.to_nat k) ++ l end.

Record synapses := Synapses { w_den : positive; w_rows : list synapses_onto }.

Definition dense_rows (S : synapses) : list (list Z) := map dense (w_rows S).

Definition at_ (l : list Z) (i : nat) : Z := nth i l 0.

Definition entry_ (v : vector) (i : nat) : Z := at_ (vnum v) i.

(* ------------------------------------------------- W^T g, column by column *)

Fixpoint add_row (a : Z) (r l : list Z) : list Z :=
  match r, l with
  | x :: r', y :: l' => a * x + y :: add_row a r' l'
  | _, _ => l
  end.

Fixpoint back (n : nat) (rows : list (list Z)) (g : list Z) : list Z :=
  match rows, g with
  | r :: rows', a :: g' => add_row a r (back n rows' g')
  | _, _ => repeat 0 n
  end.

(* ------------------------------------------------------------------ heights *)

Fixpoint raise (h : N) (r : list Z) (l : list N) : list N :=
  match r, l with
  | x :: r', y :: l' =>
      (if x =? 0 then y else N.max (N.succ h) y) :: raise h r' l'
  | _, _ => l
  end.

Fixpoint higher (n : nat) (rows : list (list Z)) (h : list N) : list N :=
  match rows, h with
  | r :: rows', a :: h' => raise a r (higher n rows' h')
  | _, _ => repeat 0%N n
  end.

Fixpoint climb (fuel n : nat) (rows : list (list Z)) (h : list N) : list N :=
  match fuel with
  | O => h
  | S fuel' =>
      let h' := higher n rows h in
      if all2 N.eqb h h' then h else climb fuel' n rows h'
  end.

Definition heights (n : nat) (rows : list (list Z)) : list N :=
  climb n n rows (repeat 0%N n).

(* every synapse is onto a neuron that is lower than where it comes from      *)
Fixpoint above (hi : N) (r : list Z) (h : list N) : bool :=
  match r, h with
  | x :: r', hj :: h' => ((x =? 0) || (hi <? hj)%N) && above hi r' h'
  | _, _ => true
  end.

Fixpoint falls (rows : list (list Z)) (hs h : list N) : bool :=
  match rows, hs with
  | r :: rows', hi :: hs' => above hi r h && falls rows' hs' h
  | [], [] => true
  | _, _ => false
  end.

Definition acyclic (n : nat) (rows : list (list Z)) : bool :=
  let h := heights n rows in Nat.eqb (length h) n && falls rows h h.

(* ------------------------------------------------------------ exact numbers *)

Record graph := Graph {
  kinds : list (option activation);
  outputs : list bool;
  synapses_of : synapses;
  biases_of : vector }.

Inductive witness :=
  | Acyclic
  | Inverse (p : positive) (M : list (list Z)).

Record settled := Settled {
  targets : vector; numbers : trace; only : witness }.

Definition kind_of (G : graph) (i : nat) : option activation :=
  nth i (kinds G) None.

Definition is_output (G : graph) (i : nat) : bool := nth i (outputs G) false.

Definition size_of (G : graph) : nat := length (kinds G).

Definition all_below (n : nat) (p : nat -> bool) : bool :=
  forallb p (seq 0 n).

(* s = W x + b, x = sigma(s), beta = sigma'(s); an input has none of them     *)
Definition check_firing (G : graph) (T : trace) (row : list Z) (i : nat) :
    bool :=
  let s := entry_ (s_cert T) i in
  let n := entry_ (biases_of G) i in
  match kind_of G i with
  | None =>
      (s =? 0) && (entry_ (beta_cert T) i =? 0) && (n =? 0)
      && forallb (Z.eqb 0) row
  | Some a =>
      same (vden (s_cert T)) s
        (dotZ row (vnum (x_cert T)) * Zpos (vden (biases_of G))
         + n * Zpos (w_den (synapses_of G) * vden (x_cert T)),
         (w_den (synapses_of G) * vden (x_cert T) * vden (biases_of G))%positive)
      && same (vden (beta_cert T)) (entry_ (beta_cert T) i)
           (slopeZ a (vden (s_cert T)) s)
      && same (vden (x_cert T)) (entry_ (x_cert T) i)
           (sigmaZ a (vden (s_cert T)) s)
  end.

(* t - x on outputs, over vden t * vden x                                     *)
Definition external (G : graph) (t x : vector) (j : nat) : Z :=
  if is_output G j
  then entry_ t j * Zpos (vden x) - entry_ x j * Zpos (vden t) else 0.

(* g = beta * c,  c = W^T g + e                                               *)
Definition check_credit (G : graph) (E : settled) (returned : list Z)
    (j : nat) : bool :=
  let T := numbers E in
  let t := targets E in
  same (vden (g_cert T)) (entry_ (g_cert T) j)
    (entry_ (beta_cert T) j * entry_ (c_cert T) j,
     (vden (beta_cert T) * vden (c_cert T))%positive)
  && same (vden (c_cert T)) (entry_ (c_cert T) j)
       (at_ returned j * Zpos (vden t * vden (x_cert T))
        + external G t (x_cert T) j
          * Zpos (w_den (synapses_of G) * vden (g_cert T)),
        (w_den (synapses_of G) * vden (g_cert T)
         * (vden t * vden (x_cert T)))%positive)
  && (is_output G j || (entry_ t j =? 0)).

(* M (d I - W^T diag beta) = I modulo p, the numbers over d                   *)
Definition check_inverse (n : nat) (d p : Z) (M rows : list (list Z))
    (beta : list Z) : bool :=
  (1 <? p)
  && all_below n (fun k =>
       let m := nth k M [] in
       all_below n (fun i =>
         (d * at_ m i - at_ beta i * dotZ (nth i rows []) m
          - (if Nat.eqb k i then 1 else 0)) mod p =? 0)).

Definition check_only (G : graph) (E : settled) (rows : list (list Z)) :
    bool :=
  let beta := beta_cert (numbers E) in
  match only E with
  | Acyclic => acyclic (size_of G) rows
  | Inverse p M =>
      check_inverse (size_of G) (Zpos (w_den (synapses_of G) * vden beta))
        (Zpos p) M rows (vnum beta)
  end.

Definition fits (n : nat) (v : vector) : bool := Nat.eqb (length (vnum v)) n.

Definition rows_fit (n : nat) (rows : list (list Z)) : bool :=
  Nat.eqb (length rows) n
  && forallb (fun row => Nat.leb (length row) n) rows.

Definition check_settled (G : graph) (rows : list (list Z)) (E : settled) :
    bool :=
  let n := size_of G in
  let T := numbers E in
  let returned := back n rows (vnum (g_cert T)) in
  fits n (s_cert T) && fits n (beta_cert T) && fits n (x_cert T)
  && fits n (c_cert T) && fits n (g_cert T) && fits n (targets E)
  && all_below n (fun i => check_firing G T (nth i rows []) i)
  && all_below n (check_credit G E returned)
  && check_only G E rows.

Definition check_graph (G : graph) (Es : list settled) : bool :=
  let n := size_of G in
  let rows := dense_rows (synapses_of G) in
  rows_fit n rows && fits n (biases_of G)
  && Nat.eqb (length (outputs G)) n
  && forallb (check_settled G rows) Es.

Definition is_some {A} (o : option A) : bool :=
  match o with Some _ => true | None => false end.

(* check_graph is true of no examples, and of a graph where nothing is asked  *)
Definition nonempty_graph (G : graph) (Es : list settled) : bool :=
  some Es && existsb (fun o => o) (outputs G) && existsb is_some (kinds G).

Definition accept_graph (G : graph) (Es : list settled) : bool :=
  nonempty_graph G Es && check_graph G Es.

(* ------------------------------------------------------------ float credits *)

Record floats := Floats {
  f_beta : vector; f_external : vector; f_credit : vector;
  f_residual : vector }.

(* r = c - (W^T (beta * c) + e)                                               *)
Definition check_residual (S : synapses) (F : floats) (returned : list Z)
    (j : nat) : bool :=
  let wb := (w_den S * vden (f_beta F))%positive in
  let dc := vden (f_credit F) in
  let de := vden (f_external F) in
  same (vden (f_residual F)) (entry_ (f_residual F) j)
    (entry_ (f_credit F) j * Zpos (wb * de) - at_ returned j * Zpos de
     - entry_ (f_external F) j * Zpos (wb * dc),
     (wb * dc * de)%positive).

(* |W|^T |beta| b + |r| <= b                                                  *)
Definition check_bound (strict : bool) (S : synapses) (F : floats) (b : vector)
    (amplified : list Z) (j : nat) : bool :=
  let wb := (w_den S * vden (f_beta F))%positive in
  let dr := vden (f_residual F) in
  let left := at_ amplified j * Zpos dr
              + Z.abs (entry_ (f_residual F) j) * Zpos (wb * vden b) in
  let right := entry_ b j * Zpos (wb * dr) in
  (0 <=? entry_ b j) && (if strict then left <? right else left <=? right).

Definition check_floats (S : synapses) (F : floats) (b : vector) : bool :=
  let rows := dense_rows S in
  let n := length rows in
  let beta := vnum (f_beta F) in
  let returned := back n rows (map2 Z.mul beta (vnum (f_credit F))) in
  let amplified := back n (map (map Z.abs) rows)
                     (map2 (fun s u => Z.abs s * u) beta (vnum b)) in
  rows_fit n rows
  && fits n (f_beta F) && fits n (f_external F) && fits n (f_credit F)
  && fits n (f_residual F) && fits n b
  && all_below n (check_residual S F returned)
  && all_below n
       (check_bound (negb (acyclic n rows)) S F b amplified).

Definition check_all_floats (S : synapses) (Fs : list (floats * vector)) :
    bool :=
  forallb (fun Fb => check_floats S (fst Fb) (snd Fb)) Fs.

Definition nonempty_floats (S : synapses) (Fs : list (floats * vector)) :
    bool :=
  some (w_rows S) && some Fs.

Definition accept_floats (S : synapses) (Fs : list (floats * vector)) : bool :=
  nonempty_floats S Fs && check_all_floats S Fs.
