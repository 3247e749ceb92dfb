(******************************************************************************)
(* T2. The converse of T1, over an integral domain, for one network and one   *)
(* example, eta <> 0: the credit rule is backpropagation if and only if the   *)
(* balance factor is the slope at every neuron whose credit is not zero.      *)
(*                                                                            *)
(*          same_weights G H == G and H agree in every weight (not the biases)*)
(*         inputs_nonzero x  == no layer has an input vector of zeros         *)
(*  agree_where_credited beta d c == beta_i = d_i wherever c_i <> 0           *)
(*                                                                            *)
(*    credit_weights_iff == the claim for weights alone; needs input vectors  *)
(*                          that are not zero                                 *)
(*     credit_update_iff == the claim for weights and biases; needs nothing,  *)
(*                          as a bias is a synapse from a rate of 1           *)
(*    one_synapse_forces == over any commutative ring: a rule that is         *)
(*                          backpropagation on every network of one synapse   *)
(*                          has f = sigma' everywhere                         *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers LayeredEqualsBackprop.

Section Definitions.

Variable R : comRingType.

Fixpoint same_weights m ns : params R m ns -> params R m ns -> Prop :=
  match ns with
  | [::] => fun _ _ => True
  | n :: ns' => fun G H =>
      G.weight = H.weight /\ same_weights G.rest H.rest
  end.

Fixpoint inputs_nonzero m ns : layered R (m :: ns) -> Prop :=
  match ns with
  | [::] => fun _ => True
  | n :: ns' => fun x => x.first != 0 /\ inputs_nonzero x.later
  end.

Fixpoint agree_where_credited ns :
    layered R ns -> layered R ns -> layered R ns -> Prop :=
  match ns with
  | [::] => fun _ _ _ => True
  | n :: ns' => fun beta d c =>
      (forall i, c.first i 0 != 0 -> beta.first i 0 = d.first i 0) /\
      agree_where_credited beta.later d.later c.later
  end.

Lemma same_weights_refl m ns (G : params R m ns) : same_weights G G.
Proof. by elim: ns m G => [|n ns' IH] m G //; split. Qed.

Lemma agree_cons n ns (beta d c : layered R (n :: ns)) :
  agree_where_credited beta d c <->
  (forall i, c.first i 0 != 0 -> beta.first i 0 = d.first i 0) /\
  agree_where_credited beta.later d.later c.later.
Proof. by []. Qed.

End Definitions.

(* Both sides as eta and - eta times the same outer product. *)
Section Outer.

Variable R : comRingType.

Lemma deltas_opp ns (d v : layered R ns) : deltas d (- v) = - deltas d v.
Proof.
elim: ns d v => [|n ns' deltas_later] d v; first exact: layered_nil.
rewrite !deltas_cons; apply: layer_eq_opp;
  last by rewrite later_opp deltas_later.
by apply/colP => i; rewrite first_opp !mxE mulrN.
Qed.

Lemma plasticity_deltas (eta : R) m ns (beta c : layered R ns)
    (x : layered R (m :: ns)) :
  plasticity eta beta c x = - eta *: outer (- deltas beta c) x.
Proof. by rewrite -[c in LHS]opprK plasticity_outer deltas_opp. Qed.

End Outer.

Section Converse.

Variable R : idomainType.

Lemma agree_credits m ns (W : params R m ns) (beta d : layered R ns) g :
  agree_where_credited beta d (credits W beta (- g)).later ->
  credits W beta (- g) = - adjoints W d g.
Proof.
elim: ns m W beta d g => [|n ns' credits_rest] m W beta d g.
  by move=> _; apply: layer_eq_opp; rewrite ?oppr0.
rewrite credits_cons adjoints_cons.
set c := credits _ _ _ => -[agree agree_later].
have c_adjoint : c = - adjoints W.rest d.later g.
  exact: credits_rest agree_later.
apply: layer_eq_opp => //; apply: credit_step_back => i.
rewrite !mxE -mulrN; move: (agree i); rewrite /=.
rewrite c_adjoint first_opp mxE.
case: eqVneq => [-> _|_ ->] //; first by rewrite !mulr0.
Qed.

Lemma bridge_credits m ns (W : params R m ns) (beta d : layered R ns) g :
  - deltas beta (credits W beta (- g)).later =
  deltas d (adjoints W d g).later ->
  credits W beta (- g) = - adjoints W d g.
Proof.
elim: ns m W beta d g => [|n ns' credits_rest] m W beta d g.
  by move=> _; apply: layer_eq_opp; rewrite ?oppr0.
rewrite credits_cons adjoints_cons !deltas_cons layer_opp.
set c := credits _ _ _; set xbar := adjoints _ _ _ => -[bridge bridge_later].
apply: layer_eq_opp; last exact: credits_rest bridge_later.
apply: credit_step_back => i; rewrite -[d.first .* _]bridge.
by rewrite !mxE opprK.
Qed.

Lemma bridge_agree ns (beta d xbar : layered R ns) :
  agree_where_credited beta d (- xbar) <->
  - deltas beta (- xbar) = deltas d xbar.
Proof.
rewrite deltas_opp opprK.
elim: ns beta d xbar => [|n ns' IH] beta d xbar.
  by split=> // _; apply: layered_nil.
rewrite agree_cons !deltas_cons first_opp later_opp IH.
split=> [[agree ->]|[/colP bridge ->]].
  congr (_, _); apply/colP => i; move: (agree i); rewrite !mxE oppr_eq0.
  by case: eqVneq => [-> _|_ ->] //; rewrite !mulr0.
split=> // i; rewrite mxE oppr_eq0 => xbar_neq0.
by move: (bridge i); rewrite !mxE; exact: mulIf.
Qed.

Lemma outer_weights_inj m ns (eta : R) (D D' : layered R ns)
    (x : layered R (m :: ns)) :
  eta != 0 -> inputs_nonzero x ->
  same_weights (- eta *: outer D x) (- eta *: outer D' x) -> D = D'.
Proof.
move=> eta_neq0; elim: ns m D D' x => [|n ns' IH] m D D' x.
  by move=> *; apply: layered_nil.
move=> [x_neq0 /IH outer_later] [same /outer_later same_later].
rewrite (layer_eta D) (layer_eta D') same_later; congr (_, _).
apply/colP => i; move: x_neq0.
case: (pickP (fun j => x.first j 0 != 0)); last first.
  move=> x_eq0 /eqP[]; apply/colP => j; rewrite mxE.
  by apply/eqP; move/negbFE: (x_eq0 j).
move=> j xj_neq0 _; move/matrixP/(_ i j): same.
rewrite !mxE !big_ord1 !mxE.
by move/(mulfI (_ : - eta != 0))/mulIf; rewrite oppr_eq0; apply.
Qed.

Section OneExample.

Variables (m : nat) (ns : seq nat) (W : params R m ns).
Variables (sigma dsigma f : functions R ns) (x : 'cV[R]_m).
Variables (g : 'cV[R]_(last m ns)) (eta : R).

Let beta := at_neurons f (net_inputs W sigma x).
Let d := at_neurons dsigma (net_inputs W sigma x).
Let c := credits W beta (- g).

Lemma agree_bridge :
  agree_where_credited beta d c.later <->
  - deltas beta c.later = deltas d (adjoints W d g).later.
Proof.
split=> [agree|bridge].
  have c_adjoint := agree_credits agree.
  apply/eqP; move: agree; rewrite /c c_adjoint later_opp => agree.
  by apply/eqP/bridge_agree.
have c_adjoint := bridge_credits bridge.
by move: bridge; rewrite /c c_adjoint later_opp => /bridge_agree.
Qed.

End OneExample.

Theorem credit_weights_iff m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) (x : 'cV[R]_m) (g : 'cV[R]_(last m ns))
    (eta : R) :
  eta != 0 -> inputs_nonzero (rates W sigma x) ->
  let beta := at_neurons f (net_inputs W sigma x) in
  let d := at_neurons dsigma (net_inputs W sigma x) in
  same_weights (credit_update eta W sigma f x (- g))
               (- eta *: gradient W sigma dsigma x g) <->
  agree_where_credited beta d (credits W beta (- g)).later.
Proof.
move=> eta_neq0 x_neq0 beta d; rewrite agree_bridge.
rewrite /credit_update /gradient plasticity_deltas -/beta -/d; split.
  exact: outer_weights_inj.
by move=> ->; exact: same_weights_refl.
Qed.

Theorem credit_update_iff m ns (W : params R m ns)
    (sigma dsigma f : functions R ns) (x : 'cV[R]_m) (g : 'cV[R]_(last m ns))
    (eta : R) :
  eta != 0 ->
  let beta := at_neurons f (net_inputs W sigma x) in
  let d := at_neurons dsigma (net_inputs W sigma x) in
  credit_update eta W sigma f x (- g) = - eta *: gradient W sigma dsigma x g <->
  agree_where_credited beta d (credits W beta (- g)).later.
Proof.
move=> eta_neq0 beta d; rewrite agree_bridge.
rewrite /credit_update /gradient plasticity_deltas -/beta -/d.
split=> [|-> //]; move: (rates W sigma x).
elim: (ns) (m) (- deltas _ _) (deltas d _) => [|n ns' IH] m' D D' y.
  by move=> _; apply: layered_nil.
rewrite !outer_cons !layer_params_scale => -[_ same same_later].
rewrite (layer_eta D) (layer_eta D') (IH _ _ _ _ same_later); congr (_, _).
apply/colP => i; move/colP/(_ i): same; rewrite !mxE.
by move/(mulfI (_ : - eta != 0)); rewrite oppr_eq0; apply.
Qed.

End Converse.

Section OneSynapse.

Variable R : comRingType.

(* One input, one neuron, one synapse w, no bias. *)
Definition synapse (w : R) : params R 1 [:: 1%N] :=
  layer_params (const_mx w) 0 (0 : params R 1 [::]).

Definition one_neuron (f : R -> R) : functions R [:: 1%N] := (fun _ => f, tt).

Theorem one_synapse_forces (sigma dsigma f : R -> R) :
  (forall w (x : 'cV[R]_1) (t : 'cV[R]_1),
     same_weights
       (credit_update 1 (synapse w) (one_neuron sigma) (one_neuron f) x
          (squared_credit (synapse w) (one_neuron sigma) x t))
       (- 1 *: gradient (synapse w) (one_neuron sigma) (one_neuron dsigma) x
          (squared_slope (synapse w) (one_neuron sigma) x t))) ->
  forall s, f s = dsigma s.
Proof.
move=> rule_is_backprop s.
pose x : 'cV[R]_1 := const_mx 1.
pose t : 'cV[R]_1 := output (synapse s) (one_neuron sigma) x + const_mx 1.
have [/matrixP/(_ 0 0) same _] := rule_is_backprop s x t.
set e := squared_credit _ _ _ _ in same.
have e1 : e 0 0 = 1 by rewrite /e /squared_credit /t addrAC subrr add0r mxE.
have g1 : squared_slope (synapse s) (one_neuron sigma) x t 0 0 = - 1.
  by rewrite /squared_slope /t opprD addNKr !mxE.
have s1 : net_input (synapse s).weight (synapse s).bias x 0 0 = s.
  by rewrite !mxE big_ord1 !mxE mulr1 addr0.
have rule : (credit_update 1 (synapse s) (one_neuron sigma) (one_neuron f) x
               e).weight 0 0 = f s.
  rewrite /credit_update plasticity_cons [LHS]mxE.
  rewrite [at_neurons _ _]at_neurons_cons.
  by rewrite [X in X * e 0 0]mxE net_inputs_cons s1 e1 [x 0 0]mxE !mulr1 mul1r.
move: same; rewrite rule => ->.
set g := squared_slope _ _ _ _ in g1 *.
have backprop : (gradient (synapse s) (one_neuron sigma) (one_neuron dsigma) x
                   g).weight 0 0 = - dsigma s.
  rewrite /gradient outer_cons [LHS]mxE big_ord1 deltas_cons [X in X * _]mxE.
  rewrite at_neurons_cons net_inputs_cons [X in X * _ * _]mxE s1.
  by rewrite [X in _ * X * _]g1 !mxE mulr1 mulrN1.
by rewrite [LHS]mxE [X in _ * X]backprop mulrNN mul1r.
Qed.

End OneSynapse.
