(******************************************************************************)
(* T4. Any weights, cycles and self-synapses included: if c is a credit       *)
(* equilibrium and dx the linear response of the rates to a change (H, k) of  *)
(* weights and biases, then                                                   *)
(*       <e, dx> = sum_ij (beta_i c_i x_j) H_ij + sum_i (beta_i c_i) k_i.     *)
(* It needs no invertibility; with it, both exist and are unique.             *)
(* T4b. The credits of a layered network are the equilibrium of all its       *)
(* neurons, taken as one graph: T1 and T4 speak of the same credit.           *)
(*                                                                            *)
(* linear_response W beta x H k dx == dx is to first order the change of the  *)
(*          rates x = sigma(W x + b) when W moves along H and b along k:      *)
(*          dx_i = beta_i (sum_j W_ij dx_j + sum_j H_ij x_j + k_i)            *)
(*          (an input neuron i has W_ij = H_ij = k_i = 0, hence dx_i = 0)     *)
(*  weight_rule eta beta c x i j == eta beta_i c_i x_j, the change of W_ij    *)
(*      bias_rule eta beta c i   == eta beta_i c_i                            *)
(*          neurons ns == all neurons of the layers ns, a finite type         *)
(*        at_neuron v i == entry of v : layered R ns at neuron i              *)
(*     graph_weight W i j == the weight of the synapse from neuron j to i of  *)
(*                         the whole network (0 if there is none)             *)
(*           hops i       == number of layers behind that of neuron i         *)
(*       last_only e      == e on the output neurons, 0 elsewhere             *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers Settling.

Section Response.

Variables (R : comRingType) (N : finType).
Variables (W : N -> N -> R) (beta x : N -> R).

Definition linear_response (H : N -> N -> R) (k dx : N -> R) : Prop :=
  forall i, dx i = beta i * (\sum_j W i j * dx j + \sum_j H i j * x j + k i).

Definition weight_rule (eta : R) (c : N -> R) i j := eta * (beta i * c i * x j).

Definition bias_rule (eta : R) (c : N -> R) i := eta * (beta i * c i).

Theorem credit_response (e c : N -> R) (H : N -> N -> R) (k dx : N -> R) :
  equilibrium W beta e c -> linear_response H k dx ->
  \sum_j e j * dx j =
  \sum_i \sum_j (beta i * c i * x j) * H i j + \sum_i (beta i * c i) * k i.
Proof.
move=> c_eq dx_eq.
have e_c j : e j = c j - \sum_i W i j * beta i * c i.
  by rewrite [X in X - _]c_eq addrC addKr.
have backward : \sum_j (\sum_i W i j * beta i * c i) * dx j =
                \sum_i beta i * c i * \sum_j W i j * dx j.
  under eq_bigr do rewrite mulr_suml.
  rewrite exchange_big; apply: eq_bigr => i _; rewrite mulr_sumr.
  by apply: eq_bigr => j _; rewrite -[W i j * _ * _]mulrA -mulrA mulrCA.
under eq_bigr do rewrite e_c mulrBl.
rewrite sumrB backward -sumrB -big_split; apply: eq_bigr => i _ /=.
rewrite {1}dx_eq mulrA [c i * _]mulrC -mulrBr -[_ + _ + k i]addrA.
rewrite [X in _ * X]addrC addKr mulrDr.
congr (_ + _); rewrite mulr_sumr; apply: eq_bigr => j _.
by rewrite [H i j * _]mulrC mulrA.
Qed.

Theorem rule_response (eta : R) (e c : N -> R)
    (H : N -> N -> R) (k dx : N -> R) :
  equilibrium W beta e c -> linear_response H k dx ->
  \sum_i \sum_j weight_rule eta c i j * H i j + \sum_i bias_rule eta c i * k i =
  eta * \sum_j e j * dx j.
Proof.
move=> c_eq dx_eq; rewrite (credit_response c_eq dx_eq) mulrDr !mulr_sumr.
congr (_ + _); apply: eq_bigr => i _; last by rewrite mulrA.
by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite mulrA.
Qed.

End Response.

(* With I - W^T diag beta invertible credit and response exist, once each.    *)
Section Invertible.

Variables (R : comUnitRingType) (N : nat).
Variables (W : 'M[R]_N) (beta : 'cV[R]_N).
Hypothesis invertible : 1%:M - transfer W beta \in unitmx.

Theorem credit_exists_unique (e : 'cV[R]_N) :
  exists! c : 'cV[R]_N,
    equilibrium W (fun i => beta i 0) (fun i => e i 0) (fun i => c i 0).
Proof.
exists (invmx (1%:M - transfer W beta) *m e); split.
  by apply/equilibrium_matrix; rewrite mulKVmx.
by move=> c /equilibrium_matrix <-; rewrite mulKmx.
Qed.

Lemma response_matrix (x : 'cV[R]_N) (H : 'M[R]_N) (k dx : 'cV[R]_N) :
  (1%:M - diag_mx beta^T *m W) *m dx = diag_mx beta^T *m (H *m x + k) <->
  linear_response W (fun i => beta i 0) (fun i => x i 0) H
    (fun i => k i 0) (fun i => dx i 0).
Proof.
have entry i : (diag_mx beta^T *m (W *m dx + (H *m x + k))) i 0 =
  beta i 0 * (\sum_j W i j * dx j 0 + \sum_j H i j * x j 0 + k i 0).
  by rewrite mul_diag_mx !mxE addrA.
rewrite mulmxBl mul1mx -mulmxA; split=> [solved i|dx_eq].
  by rewrite -entry mulmxDr -solved addrC subrK.
apply/eqP; rewrite subr_eq -mulmxDr [_ + W *m dx]addrC; apply/eqP.
apply/colP => i.
by rewrite entry {1}dx_eq.
Qed.

Theorem response_exists_unique (x : 'cV[R]_N) (H : 'M[R]_N) (k : 'cV[R]_N) :
  exists! dx : 'cV[R]_N,
    linear_response W (fun i => beta i 0) (fun i => x i 0) H
      (fun i => k i 0) (fun i => dx i 0).
Proof.
have response_unit : 1%:M - diag_mx beta^T *m W \in unitmx.
  rewrite -unitmx_tr linearB /= trmx1 trmx_mul tr_diag_mx.
  exact: invertible.
exists (invmx (1%:M - diag_mx beta^T *m W) *m
        (diag_mx beta^T *m (H *m x + k))); split.
  by apply/response_matrix; rewrite mulKVmx.
by move=> dx /response_matrix <-; rewrite mulKmx.
Qed.

End Invertible.

Section LayersAsGraph.

Variable R : comRingType.

Fixpoint neurons (ns : seq nat) : finType :=
  match ns with
  | [::] => [finType of void]
  | n :: ns' => [finType of ('I_n + neurons ns')%type]
  end.

Fixpoint at_neuron ns : layered R ns -> neurons ns -> R :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun v i =>
      match i with
      | inl i' => v.first i' 0
      | inr i' => at_neuron v.later i'
      end
  end.

Fixpoint graph_weight m ns :
    params R m ns -> neurons (m :: ns) -> neurons (m :: ns) -> R :=
  match ns with
  | [::] => fun _ _ _ => 0
  | n :: ns' => fun W i j =>
      match j with
      | inl j' => if i is inr (inl i') then W.weight i' j' else 0
      | inr j' => if i is inr i' then graph_weight W.rest i' j' else 0
      end
  end.

Fixpoint last_only m ns : 'cV[R]_(last m ns) -> layered R (m :: ns) :=
  match ns return 'cV[R]_(last m ns) -> layered R (m :: ns) with
  | [::] => fun e => layer e (0 : layered R [::])
  | n :: ns' => fun e => layer 0 (@last_only n ns' e)
  end.

Lemma sum_neurons n ns (F : neurons (n :: ns) -> R) :
  \sum_i F i = \sum_(i < n) F (inl i) + \sum_(i : neurons ns) F (inr i).
Proof. by rewrite big_sumType. Qed.

Lemma at_neuron_inj ns (v v' : layered R ns) :
  (forall i, at_neuron v i = at_neuron v' i) -> v = v'.
Proof.
elim: ns v v' => [|n ns' IH] v v' same; first exact: layered_nil.
rewrite (layer_eta v) (layer_eta v'); congr (_, _).
  by apply/colP => i; exact: same (inl i).
by apply: IH => i; exact: same (inr i).
Qed.

(* Credit of an input-layer neuron, and of a later one, in the graph. *)
Lemma graph_sweep_first m n ns (W : params R m (n :: ns))
    (beta c : layered R (m :: n :: ns)) (j : 'I_m) :
  \sum_i graph_weight W i (inl j) * at_neuron beta i * at_neuron c i =
  \sum_i W.weight i j * beta.later.first i 0 * c.later.first i 0.
Proof.
rewrite sum_neurons big1 => [|i _]; last by rewrite !mul0r.
rewrite add0r sum_neurons [X in _ + X]big1 ?addr0 // => i _.
by rewrite !mul0r.
Qed.

Lemma graph_sweep_later m n ns (W : params R m (n :: ns))
    (beta : layered R (m :: n :: ns)) (c : layered R (m :: n :: ns)) j :
  \sum_i graph_weight W i (inr j) * at_neuron beta i * at_neuron c i =
  \sum_i graph_weight W.rest i j * at_neuron beta.later i * at_neuron c.later i.
Proof.
by rewrite sum_neurons big1 => [|i _]; rewrite ?add0r // !mul0r.
Qed.

(* The balance factor of input neurons plays no role: no synapse enters them. *)
Theorem layered_equilibrium m ns (W : params R m ns) (beta : layered R ns)
    (beta_inputs : 'cV[R]_m) (e : 'cV[R]_(last m ns))
    (c : layered R (m :: ns)) :
  equilibrium (graph_weight W) (at_neuron (layer beta_inputs beta))
    (at_neuron (last_only e)) (at_neuron c) <->
  c = credits W beta e.
Proof.
elim: ns m W beta beta_inputs e c => [|n ns' IH] m W beta b_in e c.
  split=> [c_eq|->].
    apply: at_neuron_inj => -[j|[]]; rewrite c_eq big1 ?add0r // => i _.
    by rewrite !mul0r.
  by case=> [j|[]]; rewrite [RHS]addrC big1 ?addr0 // => i _; rewrite !mul0r.
have later_eq : (forall j, at_neuron c (inr j) =
    \sum_i graph_weight W i (inr j) * at_neuron (layer b_in beta) i
             * at_neuron c i
    + at_neuron (last_only (e : 'cV_(last m (n :: ns')))) (inr j)) <->
  c.later = credits W.rest beta.later e.
  rewrite -(IH n W.rest beta.later beta.first e c.later).
  rewrite -layer_eta.
  by split=> c_eq j; move: (c_eq j); rewrite graph_sweep_later.
rewrite credits_cons; split=> [c_eq|c_def].
  have c_later : c.later = credits W.rest beta.later e.
    by apply/later_eq => j; exact: c_eq.
  rewrite -c_later (layer_eta c); congr (_, _); apply/colP => j.
  by have := c_eq (inl j); rewrite graph_sweep_first /= !mxE addr0.
have c_later : c.later = credits W.rest beta.later e by rewrite c_def.
case=> [j|j]; last by move/later_eq: c_later => ->.
rewrite graph_sweep_first [at_neuron (last_only _) _]mxE addr0 c_later.
by rewrite c_def [LHS]mxE.
Qed.

(* T3 covers layered networks: hops to the output are a height. *)
Fixpoint hops ns : neurons ns -> nat :=
  match ns with
  | [::] => fun _ => 0%N
  | n :: ns' => fun i => if i is inr i' then hops i' else size ns'
  end.

Theorem hops_height m ns (W : params R m ns) :
  height (graph_weight W) (@hops (m :: ns)).
Proof.
elim: ns m W => [|n ns' IH] m W i j; first by rewrite eqxx.
case: j => [j|j]; case: i => [i|i] /=; rewrite ?eqxx //; last exact: IH.
by case: i => [i|i]; rewrite ?eqxx.
Qed.

End LayersAsGraph.
