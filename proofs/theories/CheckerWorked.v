(******************************************************************************)
(* T6, an example: the worked example of the definitions (2-2-1), by hand,    *)
(*     and a certificate with one wrong factor, which is refused.             *)
(******************************************************************************)
From Coq Require Import ZArith List QArith Qcanon.
From CreditCheck Require Import Checker.
Import ListNotations.

Open Scope Z_scope.

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

(* accepted, and about something                                              *)
Theorem worked_about : about_something worked.
Proof.
  apply accept_sound; vm_cast_no_check (eq_refl true).
Qed.

(* without examples or layers nothing is wrong, and nothing is accepted       *)
Theorem worked_empty_refused :
  let no_examples := Certificate 1 1 (layers worked) [] in
  let no_layers := Certificate 1 1 []
    [ Example (Vec 1 [1]) (Vec 1 [5]) (Vec 1 [4]) [] ] in
  check no_examples = true /\ accept no_examples = false /\
  check no_layers = true /\ accept no_layers = false.
Proof. repeat split; vm_compute; reflexivity. Qed.
