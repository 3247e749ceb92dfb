(******************************************************************************)
(* T6, second part: the checker of certificates. It reads integers over       *)
(*     common denominators and is made to be run; it knows no rational        *)
(*     number, no rule, only products and sums. Standard library only.        *)
(*                                                                            *)
(* Numbers of a certificate, as the program prints them:                      *)
(*  Vec d [n..] == the vector of the n / d           (value: its numbers)     *)
(*  Zeros n     == the vector of n zeros                                      *)
(*  Mat d [[n..]..] == the matrix of the n / d, row = post, column = pre      *)
(*  Layer m W b act == weights W with m columns, biases b, activation         *)
(*  Trace s beta x c g == net inputs, balance factors, rates, credits and     *)
(*                 g = beta * c of one layer. The update of W i j is          *)
(*                 eta * g i * x j, so g and x stand for all of it            *)
(*  Example x0 t c0 traces == input, target, credits of the inputs, layers    *)
(*  Certificate eta layers examples                                           *)
(*         check C == are the numbers those of the rule?                      *)
(*      nonempty C == has it an example and a layer, and no empty layer?      *)
(*        accept C == the checker: both                                       *)
(* network_of, value, claimed_update == what the numbers of a certificate are *)
(******************************************************************************)
From Coq Require Import ZArith NArith List Bool QArith Qcanon Lia.
From CreditCheck Require Export CheckerSpec.
Import ListNotations.

Set Implicit Arguments.

Open Scope Z_scope.

Record vector := Vec { vden : positive; vnum : list Z }.
Record matrix := Mat { mden : positive; mnum : list (list Z) }.

Definition Zeros (n : nat) : vector := Vec 1 (repeat 0 n).

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
  | Clip lo hi e =>
      if lo * Zpos d <? n * Zpos e
      then if hi * Zpos d <? n * Zpos e then (hi, e) else (n, d)
      else (lo, e)
  | Poly l ld => over ld (pevalZ l n d)
  end.

Definition slopeZ (a : activation) (d : positive) (n : Z) : Z * positive :=
  match a with
  | Identity => (1, 1%positive)
  | Leaky an ad => if 0 <? n then (1, 1%positive) else (an, ad)
  | Clip lo hi e =>
      if lo * Zpos d <? n * Zpos e
      then if hi * Zpos d <? n * Zpos e then (0, 1%positive) else (1, 1%positive)
      else (0, 1%positive)
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

Definition some {A} (l : list A) : bool :=
  match l with [] => false | _ :: _ => true end.

(* check is true of a certificate without examples, which says nothing        *)
Definition nonempty (C : certificate) : bool :=
  some (layers C) && some (examples C)
  && forallb (fun L => negb (pre_cert L =? 0)%N && some (vnum (b L)))
       (layers C).

Definition accept (C : certificate) : bool := nonempty C && check C.

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
