(* No examples, and the claim of check, which is true of none, in the place of that of accept.
   refused: "Theorem accepted : check cert = true." is not part
   by Coq alone: its theorem does not say that CreditCheck.CheckerRun.accept cert = true *)

From Coq Require Import ZArith List Qcanon.
From CreditCheck Require Import Checker.
Import ListNotations.
Open Scope Z_scope.

Definition sigma1 : activation := Identity.

Definition layer1 : layer_cert := Layer 1
  (Mat 1 [[2]])
  (Vec 1 [1])
  sigma1.

Definition example0 : example := Example
  (Vec 1 [1])
  (Vec 1 [5])
  (Vec 1 [4])
  [ Trace
      (Vec 1 [3])
      (Vec 1 [1])
      (Vec 1 [3])
      (Vec 1 [2])
      (Vec 1 [2]) ].

Definition cert : certificate := Certificate 1 1
  [layer1]
  [].

Theorem accepted : check cert = true.
Proof. vm_cast_no_check (eq_refl true). Qed.
