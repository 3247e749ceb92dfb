(******************************************************************************)
(* Layered networks of any, different widths over a commutative ring R, with  *)
(* both ways to a change of their parameters: the credit rule (D3, D4) and    *)
(* backpropagation (D6, D7), each from its own definition. The credit rule    *)
(* is written neuron by neuron, as sums; backpropagation with matrices, as    *)
(* its textbooks do. Neither mentions the other.                              *)
(*                                                                            *)
(* A network of widths m; n1, ..., nL has m inputs and layers of n1, ..., nL  *)
(* neurons. Everything about it is built by recursion on ns = [:: n1; ...].   *)
(*                                                                            *)
(*         params m ns == the weights W (post x pre) and biases b of every    *)
(*                        layer; a gradient and an update are of this type,   *)
(*                        a module over R: they can be added and scaled       *)
(*          layered ns == one column vector for each layer of ns              *)
(*   layered (m :: ns) == the same with one for the inputs in front           *)
(*        functions ns == one function R -> R for each neuron of ns           *)
(*   W.weight, W.bias  == weights and biases of the first layer               *)
(*              W.rest == parameters of the layers behind the first           *)
(*    v.first, v.later == vector of the first layer, those of the later ones  *)
(*        at_neurons f s == f_i(s_i) for each neuron i                        *)
(*            u .* v   == entrywise product of two vectors                    *)
(*            <[G, H]> == sum over all parameters of G_ij H_ij                *)
(*                                                                            *)
(* The forward map (D5):                                                      *)
(*  net_inputs W sigma x == s^l = W^l x^(l-1) + b^l of every layer            *)
(*       rates W sigma x == x^l = sigma(s^l), the inputs x in front           *)
(*      output W sigma x == x^L, the rates of the last layer                  *)
(*                                                                            *)
(* The credit rule, beta the balance factors, e the external credit:          *)
(*    credits W beta e == c_j = sum_i W_ij beta_i c_i + e_j           (D3)    *)
(*                        where e is 0 but on the output neurons              *)
(* plasticity eta beta c x == eta beta_i c_i x_j and eta beta_i c_i   (D4)    *)
(* credit_update eta W sigma f x e == the update that the rule makes when     *)
(*                        beta = f(s): D4 of D3 of D5                         *)
(*                                                                            *)
(* Backpropagation, d the slopes, g = dL/dx^L:                                *)
(*    adjoints W d g == x^L-bar = g, x^(l-1)-bar = (W^l)^T delta^l    (D6)    *)
(*    deltas d xbar  == delta^l = d^l .* x^l-bar                      (D6)    *)
(*    outer delta x  == delta^l (x^(l-1))^T and delta^l               (D7)    *)
(* gradient W sigma dsigma x g == the gradient of the loss: D7 of D6 of D5,   *)
(*                        with slopes d = dsigma(s)                           *)
(*                                                                            *)
(*      squared_credit W sigma x t == e = t - x^L   (half squared error)      *)
(*       squared_slope W sigma x t == g = x^L - t                             *)
(******************************************************************************)
From CreditCheck Require Import Prelude.

Section Shapes.

Variable R : comRingType.

Fixpoint params (m : nat) (ns : seq nat) : lmodType R :=
  match ns with
  | [::] => [lmodType R of 'rV[R]_0]
  | n :: ns' => [lmodType R of ('M[R]_(n, m) * 'cV[R]_n * params n ns')%type]
  end.

Fixpoint layered (ns : seq nat) : lmodType R :=
  match ns with
  | [::] => [lmodType R of 'rV[R]_0]
  | n :: ns' => [lmodType R of ('cV[R]_n * layered ns')%type]
  end.

Fixpoint functions (ns : seq nat) : Type :=
  match ns with
  | [::] => unit
  | n :: ns' => (('I_n -> R -> R) * functions ns')%type
  end.

Definition weight m n ns (W : params m (n :: ns)) : 'M[R]_(n, m) := W.1.1.
Definition bias m n ns (W : params m (n :: ns)) : 'cV[R]_n := W.1.2.
Definition rest m n ns (W : params m (n :: ns)) : params n ns := W.2.
Definition first n ns (v : layered (n :: ns)) : 'cV[R]_n := v.1.
Definition later n ns (v : layered (n :: ns)) : layered ns := v.2.

Definition layer_params m n ns (W : 'M[R]_(n, m)) (b : 'cV[R]_n)
  (W' : params n ns) : params m (n :: ns) := (W, b, W').
Definition layer n ns (v : 'cV[R]_n) (v' : layered ns) : layered (n :: ns) :=
  (v, v').

Definition hadamard n (u v : 'cV[R]_n) : 'cV[R]_n := \col_i (u i 0 * v i 0).

Definition at_layer n (f : 'I_n -> R -> R) (s : 'cV[R]_n) : 'cV[R]_n :=
  \col_i f i (s i 0).

Fixpoint at_neurons ns : functions ns -> layered ns -> layered ns :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun f s =>
      layer (at_layer f.1 (first s)) (at_neurons f.2 (later s))
  end.

Fixpoint pairing m ns : params m ns -> params m ns -> R :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun G H =>
      \sum_i \sum_j weight G i j * weight H i j
      + \sum_i bias G i 0 * bias H i 0
      + pairing (rest G) (rest H)
  end.

End Shapes.

Arguments params R m ns : simpl never.
Arguments layered R ns : simpl never.

Notation "W .weight" := (weight W) (at level 2, left associativity,
  format "W .weight") : ring_scope.
Notation "W .bias" := (bias W) (at level 2, left associativity,
  format "W .bias") : ring_scope.
Notation "W .rest" := (rest W) (at level 2, left associativity,
  format "W .rest") : ring_scope.
Notation "v .first" := (first v) (at level 2, left associativity,
  format "v .first") : ring_scope.
Notation "v .later" := (later v) (at level 2, left associativity,
  format "v .later") : ring_scope.
Notation "u .* v" := (hadamard u v) (at level 40, left associativity)
  : ring_scope.
Notation "<[ G , H ]>" := (pairing G H) (format "<[ G ,  H ]>") : ring_scope.

Section Forward.

Variable R : comRingType.

Definition net_input m n (W : 'M[R]_(n, m)) (b : 'cV[R]_n) (x : 'cV[R]_m) :=
  W *m x + b.

Fixpoint net_inputs m ns :
    params R m ns -> functions R ns -> 'cV[R]_m -> layered R ns :=
  match ns with
  | [::] => fun _ _ _ => 0
  | n :: ns' => fun W sigma x =>
      let s := net_input W.weight W.bias x in
      layer s (net_inputs W.rest sigma.2 (at_layer sigma.1 s))
  end.

Fixpoint rates m ns :
    params R m ns -> functions R ns -> 'cV[R]_m -> layered R (m :: ns) :=
  match ns with
  | [::] => fun _ _ x => layer x (0 : layered R [::])
  | n :: ns' => fun W sigma x =>
      layer x (rates W.rest sigma.2
                 (at_layer sigma.1 (net_input W.weight W.bias x)))
  end.

Fixpoint output m ns :
    params R m ns -> functions R ns -> 'cV[R]_m -> 'cV[R]_(last m ns) :=
  match ns with
  | [::] => fun _ _ x => x
  | n :: ns' => fun W sigma x =>
      output W.rest sigma.2 (at_layer sigma.1 (net_input W.weight W.bias x))
  end.

End Forward.

Section CreditRule.

Variable R : comRingType.

Fixpoint credits m ns :
    params R m ns -> layered R ns -> 'cV[R]_(last m ns) ->
    layered R (m :: ns) :=
  match ns with
  | [::] => fun _ _ e => layer e (0 : layered R [::])
  | n :: ns' => fun W beta e =>
      let c := credits W.rest beta.later e in
      layer (\col_j \sum_i W.weight i j * beta.first i 0 * c.first i 0) c
  end.

Fixpoint plasticity (eta : R) m ns :
    layered R ns -> layered R ns -> layered R (m :: ns) -> params R m ns :=
  match ns with
  | [::] => fun _ _ _ => 0
  | n :: ns' => fun beta c x =>
      layer_params
        (\matrix_(i, j) (eta * (beta.first i 0 * c.first i 0 * x.first j 0)))
        (\col_i (eta * (beta.first i 0 * c.first i 0)))
        (plasticity eta beta.later c.later x.later)
  end.

Definition credit_update (eta : R) m ns (W : params R m ns)
    (sigma f : functions R ns) (x : 'cV[R]_m) (e : 'cV[R]_(last m ns)) :=
  let beta := at_neurons f (net_inputs W sigma x) in
  plasticity eta beta (credits W beta e).later (rates W sigma x).

Definition squared_credit m ns (W : params R m ns) sigma (x : 'cV[R]_m) t :
  'cV[R]_(last m ns) := t - output W sigma x.

End CreditRule.

Section Backpropagation.

Variable R : comRingType.

Fixpoint adjoints m ns :
    params R m ns -> layered R ns -> 'cV[R]_(last m ns) ->
    layered R (m :: ns) :=
  match ns with
  | [::] => fun _ _ g => layer g (0 : layered R [::])
  | n :: ns' => fun W d g =>
      let xbar := adjoints W.rest d.later g in
      layer (W.weight^T *m (d.first .* xbar.first)) xbar
  end.

Fixpoint deltas ns : layered R ns -> layered R ns -> layered R ns :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun d xbar =>
      layer (d.first .* xbar.first) (deltas d.later xbar.later)
  end.

Fixpoint outer m ns :
    layered R ns -> layered R (m :: ns) -> params R m ns :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun delta x =>
      layer_params (delta.first *m x.first^T) delta.first
                   (outer delta.later x.later)
  end.

Definition gradient m ns (W : params R m ns) (sigma dsigma : functions R ns)
    (x : 'cV[R]_m) (g : 'cV[R]_(last m ns)) :=
  let d := at_neurons dsigma (net_inputs W sigma x) in
  outer (deltas d (adjoints W d g).later) (rates W sigma x).

Definition squared_slope m ns (W : params R m ns) sigma (x : 'cV[R]_m) t :
  'cV[R]_(last m ns) := output W sigma x - t.

End Backpropagation.

(* What the module structure of params and layered is, layer by layer. *)
Section Modules.

Variable R : comRingType.

Lemma params_nil m (G H : params R m [::]) : G = H.
Proof. exact: (etrans (thinmx0 G) (esym (thinmx0 H))). Qed.

Lemma layered_nil (v v' : layered R [::]) : v = v'.
Proof. exact: (etrans (thinmx0 v) (esym (thinmx0 v'))). Qed.

Lemma layer_eta n ns (v : layered R (n :: ns)) : v = layer v.first v.later.
Proof. by case: v. Qed.

Lemma layer_params_eta m n ns (W : params R m (n :: ns)) :
  W = layer_params W.weight W.bias W.rest.
Proof. by case: W => -[]. Qed.

Lemma layer_opp n ns (v : 'cV[R]_n) (v' : layered R ns) :
  - layer v v' = layer (- v) (- v').
Proof. by []. Qed.

Lemma layer_eq_opp n ns (u v : 'cV[R]_n) (u' v' : layered R ns) :
  u = - v -> u' = - v' -> layer u u' = - layer v v'.
Proof. by move=> -> ->. Qed.

Lemma later_opp n ns (v : layered R (n :: ns)) : (- v).later = - v.later.
Proof. by case: v. Qed.

Lemma first_opp n ns (v : layered R (n :: ns)) : (- v).first = - v.first.
Proof. by case: v. Qed.

Lemma layer_params_eq_scale a m n ns (A B : 'M[R]_(n, m)) u v
    (W V : params R n ns) :
  A = a *: B -> u = a *: v -> W = a *: V ->
  layer_params A u W = a *: layer_params B v V.
Proof. by move=> -> -> ->. Qed.

Lemma layer_params_scale a m n ns (A : 'M[R]_(n, m)) b (W : params R n ns) :
  a *: layer_params A b W = layer_params (a *: A) (a *: b) (a *: W).
Proof. by []. Qed.

Lemma layer_params_add m n ns (A A' : 'M[R]_(n, m)) b b'
    (W W' : params R n ns) :
  layer_params A b W + layer_params A' b' W' =
  layer_params (A + A') (b + b') (W + W').
Proof. by []. Qed.

End Modules.

(* Each definition, one layer unfolded: to be rewritten with, as /= would     *)
(* unfold the module structure too.                                           *)
Section OneLayer.

Variables (R : comRingType) (m n : nat) (ns : seq nat).
Variables (W : params R m (n :: ns)) (sigma : functions R (n :: ns)).
Variables (x : 'cV[R]_m) (s d v : layered R (n :: ns)).
Variable (y : layered R (m :: n :: ns)).

Lemma at_neurons_cons : at_neurons sigma s =
  layer (at_layer sigma.1 s.first) (at_neurons sigma.2 s.later).
Proof. by []. Qed.

Lemma net_inputs_cons : net_inputs W sigma x =
  layer (net_input W.weight W.bias x)
    (net_inputs W.rest sigma.2
       (at_layer sigma.1 (net_input W.weight W.bias x))).
Proof. by []. Qed.

Lemma rates_cons : rates W sigma x =
  layer x (rates W.rest sigma.2
             (at_layer sigma.1 (net_input W.weight W.bias x))).
Proof. by []. Qed.

Lemma output_cons : output W sigma x =
  output W.rest sigma.2 (at_layer sigma.1 (net_input W.weight W.bias x)).
Proof. by []. Qed.

Lemma credits_cons e : credits W d e =
  layer (\col_j \sum_i W.weight i j * d.first i 0 *
                         (credits W.rest d.later e).first i 0)
        (credits W.rest d.later e).
Proof. by []. Qed.

Lemma adjoints_cons g : adjoints W d g =
  layer (W.weight^T *m (d.first .* (adjoints W.rest d.later g).first))
        (adjoints W.rest d.later g).
Proof. by []. Qed.

Lemma deltas_cons : deltas d v =
  layer (d.first .* v.first) (deltas d.later v.later).
Proof. by []. Qed.

Lemma outer_cons : outer d y =
  layer_params (d.first *m y.first^T) d.first (outer d.later y.later).
Proof. by []. Qed.

Lemma plasticity_cons eta : plasticity eta d v y =
  layer_params
    (\matrix_(i, j) (eta * (d.first i 0 * v.first i 0 * y.first j 0)))
    (\col_i (eta * (d.first i 0 * v.first i 0)))
    (plasticity eta d.later v.later y.later).
Proof. by []. Qed.

Lemma pairing_cons (G H : params R m (n :: ns)) : <[G, H]> =
  \sum_i \sum_j G.weight i j * H.weight i j
  + \sum_i G.bias i 0 * H.bias i 0 + <[G.rest, H.rest]>.
Proof. by []. Qed.

End OneLayer.

Lemma pairing_nil (R : comRingType) m (G H : params R m [::]) : <[G, H]> = 0.
Proof. by []. Qed.

(* The pairing is bilinear. *)
Section Pairing.

Variables (R : comRingType) (m : nat) (ns : seq nat).

Lemma pairing_scalel a (G H : params R m ns) : <[a *: G, H]> = a * <[G, H]>.
Proof.
elim: ns m G H => [|n ns' pairing_rest] m' G H /=; first by rewrite mulr0.
rewrite pairing_rest !mulrDr !mulr_sumr.
congr (_ + _ + _); apply: eq_bigr => i _; last by rewrite mxE mulrA.
by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite mxE mulrA.
Qed.

Lemma pairingC (G H : params R m ns) : <[G, H]> = <[H, G]>.
Proof.
elim: ns m G H => [//|n ns' pairing_rest] m' G H /=.
rewrite pairing_rest; congr (_ + _ + _); apply: eq_bigr => i _;
  last exact: mulrC.
by apply: eq_bigr => j _; exact: mulrC.
Qed.

Lemma pairingDl (G G' H : params R m ns) :
  <[G + G', H]> = <[G, H]> + <[G', H]>.
Proof.
elim: ns m G G' H => [|n ns' pairing_rest] m' G G' H /=; first by rewrite addr0.
rewrite pairing_rest [RHS]addrACA; congr (_ + _); rewrite [RHS]addrACA.
congr (_ + _); rewrite -big_split; apply: eq_bigr => i _ /=.
  by rewrite -big_split; apply: eq_bigr => j _ /=; rewrite mxE mulrDl.
by rewrite mxE mulrDl.
Qed.

End Pairing.
