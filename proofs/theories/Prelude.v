(******************************************************************************)
(* What every file on matrices starts with: mathcomp's algebra, arguments     *)
(* that Coq may infer, and + and * read in a ring.                            *)
(******************************************************************************)
From mathcomp Require Export all_ssreflect all_algebra.

#[export] Set Implicit Arguments.
#[export] Unset Strict Implicit.
#[export] Unset Printing Implicit Defensive.

Export GRing.Theory.
Global Open Scope ring_scope.
