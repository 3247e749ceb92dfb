(******************************************************************************)
(* T8  Recurrent contraction: relaxation of credit in any network whose       *)
(*     synapses, weighted by balance, contract.                               *)
(*                                                                            *)
(* Neurons are 'I_n; W i j is the synapse from presynaptic j to postsynaptic  *)
(* i; beta is the balance factor, e the external credit, c the credit.        *)
(*                                                                            *)
(*     settled W beta e c k == k sweeps of relaxation that start at c, each   *)
(*                             c <- W^T (beta .* c) + e                       *)
(*     column_sums W beta q == \sum_i `|W i j * beta i| <= q in every column  *)
(*    credit_matrix W beta  == I - W^T diag beta                              *)
(* `sweep` and `equilibrium` (a fixed point of it, D3) are those of Settling. *)
(*                                                                            *)
(* No symmetry, no height function, self-synapses and cycles included.        *)
(******************************************************************************)
From CreditCheck Require Import Prelude Settling.

Import Order.TTheory Num.Theory.

Section Definitions.

Variables (R : comRingType) (n : nat) (W : 'M[R]_n) (beta e : 'I_n -> R).

Definition settled (c : 'I_n -> R) (k : nat) : 'I_n -> R :=
  iter k (sweep W beta e) c.

Definition credit_matrix : 'M[R]_n := 1%:M - W^T *m diag_mx (\row_i beta i).

Lemma sweepB (c c' : 'I_n -> R) j :
  sweep W beta e c j - sweep W beta e c' j =
  \sum_i W i j * beta i * (c i - c' i).
Proof.
rewrite /sweep opprD addrACA subrr addr0 -sumrB.
by apply: eq_bigr => i _; rewrite mulrBr.
Qed.

Lemma credit_matrixE (c : 'cV[R]_n) j :
  (credit_matrix *m c) j 0 = c j 0 - \sum_i W i j * beta i * c i 0.
Proof.
rewrite mulmxBl mul1mx -mulmxA mxE; congr (_ + _); rewrite mxE; congr (- _).
by rewrite mxE; apply: eq_bigr => i _; rewrite mul_diag_mx !mxE mulrA.
Qed.

End Definitions.

Section Contraction.

Variables (R : realDomainType) (n : nat) (W : 'M[R]_n) (beta e : 'I_n -> R).

Definition column_sums (q : R) : Prop :=
  forall j, \sum_i `|W i j * beta i| <= q.

Lemma column_sums_ge0 q : column_sums q -> 'I_n -> 0 <= q.
Proof.
by move=> contracts j; apply: le_trans (contracts j); apply: sumr_ge0.
Qed.

(* one sweep brings any two credit vectors nearer by the factor q             *)
Lemma sweep_contracts q B (c c' : 'I_n -> R) :
  column_sums q -> (forall i, `|c i - c' i| <= B) ->
  forall j, `|sweep W beta e c j - sweep W beta e c' j| <= q * B.
Proof.
move=> contracts near j; rewrite sweepB.
apply: le_trans (ler_norm_sum _ _ _) _.
apply: (@le_trans _ _ (\sum_i `|W i j * beta i| * B)).
  by apply: ler_sum => i _; rewrite normrM ler_wpmul2l.
by rewrite -mulr_suml ler_wpmul2r //; apply: le_trans (near j).
Qed.

(* T8 *)
Theorem settled_error (q B : R) (c c_start : 'I_n -> R) (k : nat) :
  column_sums q -> equilibrium W beta e c ->
  (forall i, `|c_start i - c i| <= B) ->
  forall j, `|settled W beta e c_start k j - c j| <= q ^+ k * B.
Proof.
move=> contracts eq_c near; elim: k => [|k IHk] j.
  by rewrite expr0 mul1r near.
by rewrite [in c j]eq_c exprS -mulrA; apply: (sweep_contracts contracts IHk).
Qed.

(* the same without knowing the equilibrium: what the first sweep moved       *)
(* bounds the error of every later one                                        *)
Theorem settled_error_posterior (q D : R) (c c_start : 'I_n -> R) (k : nat) :
  column_sums q -> equilibrium W beta e c ->
  (forall i, `|sweep W beta e c_start i - c_start i| <= D) ->
  forall j, (1 - q) * `|settled W beta e c_start k j - c j| <= q ^+ k * D.
Proof.
move=> contracts eq_c moved j.
have q_ge0 := column_sums_ge0 contracts j.
have [m _ m_max] := arg_maxP (fun i => `|c_start i - c i|) (isT : xpredT j).
pose B := `|c_start m - c m|.
have near i : `|c_start i - c i| <= B by apply: m_max.
have [far|q_lt1] := lerP 1 q.
  apply: (@le_trans _ _ 0); first by rewrite mulr_le0_ge0 // subr_le0.
  by rewrite mulr_ge0 ?exprn_ge0 //; apply: le_trans (moved j).
have start_near : (1 - q) * B <= D.
  rewrite mulrBl mul1r ler_subl_addr {1}/B.
  have -> : c_start m - c m = (c_start m - sweep W beta e c_start m)
                            + (sweep W beta e c_start m - c m).
    by rewrite addrA subrK.
  apply: le_trans (ler_norm_add _ _) _; rewrite distrC ler_add ?moved //.
  by rewrite [in c m]eq_c; apply: sweep_contracts.
apply: (@le_trans _ _ ((1 - q) * (q ^+ k * B))).
  by rewrite ler_wpmul2l ?settled_error // subr_ge0 ltW.
by rewrite mulrCA ler_wpmul2l // exprn_ge0.
Qed.

(* at most one equilibrium                                                    *)
Theorem contraction_unique (q : R) (c c' : 'I_n -> R) :
  column_sums q -> q < 1 ->
  equilibrium W beta e c -> equilibrium W beta e c' -> c =1 c'.
Proof.
move=> contracts q_lt1 eq_c eq_c' j.
have := settled_error_posterior 0 contracts eq_c (D := 0) (c_start := c').
rewrite expr0 mulr0 => /(_ _ j) bound.
have {}bound : (1 - q) * `|c' j - c j| <= 0.
  by apply: bound => i; rewrite /sweep -eq_c' subrr normr0.
move: bound; rewrite pmulr_rle0 ?subr_gt0 // normr_le0 subr_eq0.
by move/eqP.
Qed.

End Contraction.

(* over a field one equilibrium at most means that I - W^T diag beta is       *)
(* invertible, and then there is one for every external credit                *)
Section Unique.

Variables (R : realFieldType) (n : nat) (W : 'M[R]_n) (beta : 'I_n -> R).

Lemma unique_unitmx :
  (forall c c', equilibrium W beta (fun=> 0) c ->
     equilibrium W beta (fun=> 0) c' -> c =1 c') ->
  credit_matrix W beta \in unitmx.
Proof.
move=> unique; rewrite -unitmx_tr -row_free_unit -kermx_eq0.
apply/eqP/row_matrixP => k; rewrite row0.
set r := row k _.
have ker_r : r *m (credit_matrix W beta)^T = 0.
  by apply/sub_kermxP; rewrite row_sub.
move: r ker_r => r ker_r; apply/rowP => j; rewrite [RHS]mxE.
apply: (unique (r 0) (fun=> 0)) => {}j.
  have := congr1 (fun M => M^T j 0) ker_r.
  rewrite trmx_mul trmxK trmx0 credit_matrixE !mxE => /eqP.
  rewrite subr_eq0 addr0 => /eqP ->; apply: eq_bigr => i _.
  by rewrite mxE.
by rewrite addr0 big1 // => i _; rewrite mulr0.
Qed.

Theorem contraction_unitmx (q : R) :
  column_sums W beta q -> q < 1 -> credit_matrix W beta \in unitmx.
Proof.
by move=> contracts q_lt1; apply: unique_unitmx => c c'; apply:
  contraction_unique contracts q_lt1.
Qed.

End Unique.
