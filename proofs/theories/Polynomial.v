(******************************************************************************)
(* T5a. Polynomial activations and losses over any commutative ring: along    *)
(* the line W + tH the loss is a polynomial in t, and its derivative at 0 is  *)
(* <[gradient, H]>. No limit is taken and no rule of calculus assumed but the *)
(* formal derivative of polynomials.                                          *)
(*                                                                            *)
(*     polynomials ns == one polynomial for each neuron of ns                 *)
(*        as_functions p == s |-> p_i(s) for each neuron i, on R              *)
(*      as_functions_X p == s |-> p_i o s, on the ring {poly R}               *)
(*       derivatives p == p_i' for each neuron i                              *)
(*            line W H == the parameters W + tH, t the indeterminate          *)
(*            at_t v t == value at t of each entry of a vector of polynomials *)
(*            dot_at v == derivative at 0 of each entry                       *)
(*       loss ell y    == sum_k ell_k(y_k), ell_k a polynomial per output     *)
(*     loss_line W H p ell x == the loss of W + tH as a polynomial in t       *)
(*     loss_slope ell y == the vector ell_k'(y_k)                             *)
(*   squared_loss half t == ell_k = half (X - t_k)^2, half + half = 1         *)
(*                                                                            *)
(*      loss_line_value == its value at t is the loss of W + tH               *)
(*      loss_derivative == its derivative at 0 is <[gradient, H]>             *)
(*      credit_rule_descends == with f = sigma', <[update, H]> is - eta times *)
(*                         that derivative, in every direction H              *)
(******************************************************************************)

From CreditCheck Require Import Prelude Layers LayeredEqualsBackprop.

Section Definitions.

Variable R : comRingType.

Fixpoint polynomials (ns : seq nat) : Type :=
  match ns with
  | [::] => unit
  | n :: ns' => (('I_n -> {poly R}) * polynomials ns')%type
  end.

Fixpoint as_functions ns : polynomials ns -> functions R ns :=
  match ns with
  | [::] => fun _ => tt
  | n :: ns' => fun p => ((fun i s => (p.1 i).[s]), as_functions p.2)
  end.

Fixpoint as_functions_X ns :
    polynomials ns -> functions [comRingType of {poly R}] ns :=
  match ns with
  | [::] => fun _ => tt
  | n :: ns' => fun p => ((fun i s => p.1 i \Po s), as_functions_X p.2)
  end.

Fixpoint derivatives ns : polynomials ns -> polynomials ns :=
  match ns with
  | [::] => fun _ => tt
  | n :: ns' => fun p => ((fun i => (p.1 i)^`()), derivatives p.2)
  end.

Definition line_mx m n (A H : 'M[R]_(n, m)) : 'M[{poly R}]_(n, m) :=
  \matrix_(i, j) ((A i j)%:P + 'X * (H i j)%:P).

Fixpoint line m ns :
    params R m ns -> params R m ns -> params [comRingType of {poly R}] m ns :=
  match ns with
  | [::] => fun _ _ => 0
  | n :: ns' => fun W H =>
      layer_params (line_mx W.weight H.weight) (line_mx W.bias H.bias)
                   (line W.rest H.rest)
  end.

Definition at_t n (v : 'cV[{poly R}]_n) (t : R) : 'cV[R]_n :=
  \col_i (v i 0).[t].

Definition loss n (ell : 'I_n -> {poly R}) (y : 'cV[R]_n) : R :=
  \sum_k (ell k).[y k 0].

Definition loss_line m ns (W H : params R m ns) (p : polynomials ns)
    (ell : 'I_(last m ns) -> {poly R}) (x : 'cV[R]_m) : {poly R} :=
  \sum_k (ell k \Po
    output (line W H) (as_functions_X p) (\col_j (x j 0)%:P) k 0).

Definition loss_slope n (ell : 'I_n -> {poly R}) (y : 'cV[R]_n) : 'cV[R]_n :=
  \col_k (ell k)^`().[y k 0].

Definition squared_loss n (half : R) (t : 'cV[R]_n) (k : 'I_n) : {poly R} :=
  half *: ('X - (t k 0)%:P) ^+ 2.

End Definitions.

(* The network over {poly R}, read at a point t, is the network of W + tH.    *)
Section Value.

Variables (R : comRingType) (t : R).

Lemma line_mx_at m n (A H : 'M[R]_(n, m)) i j :
  (line_mx A H i j).[t] = (A + t *: H) i j.
Proof. by rewrite !mxE hornerD hornerC hornerM hornerX hornerC. Qed.

Lemma net_input_at m n (A HA : 'M[R]_(n, m)) (b hb : 'cV[R]_n) x :
  at_t (net_input (line_mx A HA) (line_mx b hb) x) t =
  net_input (A + t *: HA) (b + t *: hb) (at_t x t).
Proof.
apply/colP => i; rewrite [LHS]mxE [RHS]mxE [X in X.[t]]mxE hornerD line_mx_at.
congr (_ + _); rewrite !mxE horner_sum; apply: eq_bigr => j _.
by rewrite hornerM line_mx_at !mxE.
Qed.

Lemma activation_at n (p : 'I_n -> {poly R}) (s : 'cV[{poly R}]_n) :
  at_t (at_layer (fun i q => p i \Po q) s) t =
  at_layer (fun i a => (p i).[a]) (at_t s t).
Proof. by apply/colP => i; rewrite !mxE horner_comp. Qed.

Lemma output_at m ns (W H : params R m ns) (p : polynomials R ns) x :
  at_t (output (line W H) (as_functions_X p) x) t =
  output (W + t *: H) (as_functions p) (at_t x t).
Proof.
elim: ns m W H p x => [//|n ns' IH] m W H p x.
rewrite !output_cons [RHS](_ : _ = output (W.rest + t *: H.rest)
  (as_functions p.2) (at_layer (fun i s => (p.1 i).[s])
     (net_input (W.weight + t *: H.weight) (W.bias + t *: H.bias)
        (at_t x t)))); last by [].
by rewrite -net_input_at -activation_at -IH.
Qed.

Theorem loss_line_value m ns (W H : params R m ns) (p : polynomials R ns)
    (ell : 'I_(last m ns) -> {poly R}) (x : 'cV[R]_m) :
  (loss_line W H p ell x).[t] =
  loss ell (output (W + t *: H) (as_functions p) x).
Proof.
rewrite horner_sum; apply: eq_bigr => k _; rewrite horner_comp.
have x_at : at_t (\col_j (x j 0)%:P) t = x.
  by apply/colP => j; rewrite !mxE hornerC.
by rewrite -[in RHS]x_at -output_at [in RHS]mxE.
Qed.

End Value.

(* Derivatives at t = 0. *)
Section Derivative.

Variable R : comRingType.

Lemma deriv_sum (I : Type) (r : seq I) (P : pred I) (F : I -> {poly R}) :
  (\sum_(i <- r | P i) F i)^`() = \sum_(i <- r | P i) (F i)^`().
Proof. exact: linear_sum. Qed.

Definition dot_at n (v : 'cV[{poly R}]_n) : 'cV[R]_n :=
  \col_i (v i 0)^`().[0].

Lemma line_mx_0 m n (A H : 'M[R]_(n, m)) i j : (line_mx A H i j).[0] = A i j.
Proof. by rewrite line_mx_at scale0r addr0. Qed.

Lemma line_mx_deriv m n (A H : 'M[R]_(n, m)) i j :
  (line_mx A H i j)^`().[0] = H i j.
Proof.
by rewrite mxE derivD derivM derivX !derivC mulr0 add0r mul1r addr0 hornerC.
Qed.

Lemma net_input_deriv m n (A HA : 'M[R]_(n, m)) (b hb : 'cV[R]_n) x :
  dot_at (net_input (line_mx A HA) (line_mx b hb) x) =
  HA *m at_t x 0 + hb + A *m dot_at x.
Proof.
apply/colP => i; rewrite [LHS]mxE [X in X^`()]mxE derivD hornerD line_mx_deriv.
rewrite [RHS]mxE [X in _ = X + _]mxE [RHS]addrAC; congr (_ + _).
rewrite !mxE deriv_sum horner_sum -big_split; apply: eq_bigr => j _ /=.
by rewrite derivM hornerD !hornerM line_mx_deriv line_mx_0 !mxE.
Qed.

Lemma activation_deriv n (p : 'I_n -> {poly R}) (s : 'cV[{poly R}]_n) :
  dot_at (at_layer (fun i q => p i \Po q) s) =
  at_layer (fun i a => (p i)^`().[a]) (at_t s 0) .* dot_at s.
Proof.
by apply/colP => i; rewrite !mxE deriv_comp hornerM horner_comp.
Qed.

(* What moves at the output is the gradient with H and, for inputs that move  *)
(* too, the inputs' adjoint with their motion.                                *)
Lemma output_deriv m ns (W H : params R m ns) (p : polynomials R ns)
    (x : 'cV[{poly R}]_m) (g : 'cV[R]_(last m ns)) :
  let d := at_neurons (as_functions (derivatives p))
             (net_inputs W (as_functions p) (at_t x 0)) in
  \sum_k g k 0 * dot_at (output (line W H) (as_functions_X p) x) k 0 =
  <[gradient W (as_functions p) (as_functions (derivatives p)) (at_t x 0) g, H]>
  + \sum_j (adjoints W d g).first j 0 * dot_at x j 0.
Proof.
elim: ns m W H p x g => [|n ns' IH] m W H p x g d.
  by rewrite pairing_nil add0r.
pose s := net_input (line_mx W.weight H.weight) (line_mx W.bias H.bias) x.
pose y := at_layer (fun i q => p.1 i \Po q) s.
have s_0 : at_t s 0 = net_input W.weight W.bias (at_t x 0).
  by rewrite net_input_at !scale0r !addr0.
have y_0 : at_t y 0 = at_layer (fun i a => (p.1 i).[a])
                        (net_input W.weight W.bias (at_t x 0)).
  by rewrite activation_at s_0.
have := IH n W.rest H.rest p.2 y g; rewrite y_0 => IH_later.
rewrite output_cons -/s -/y [LHS]IH_later.
rewrite pairing_cons.
set xbar := adjoints W.rest _ g; set x0 := at_t x 0.
set grad_later := gradient W.rest _ _ _ g.
pose delta := d.first .* xbar.first.
have grad_weight : (gradient W (as_functions p) (as_functions (derivatives p))
  x0 g).weight = delta *m x0^T by [].
have grad_bias : (gradient W (as_functions p) (as_functions (derivatives p))
  x0 g).bias = delta by [].
have grad_rest : (gradient W (as_functions p) (as_functions (derivatives p))
  x0 g).rest = grad_later by [].
have adjoint_first : (adjoints W d g).first = W.weight^T *m delta by [].
rewrite grad_weight grad_bias grad_rest adjoint_first addrC -[RHS]addrA.
rewrite [in RHS]addrCA [RHS]addrC; congr (_ + _).
have moved j : xbar.first j 0 * dot_at y j 0 =
  delta j 0 * (H.weight *m x0 + H.bias + W.weight *m dot_at x) j 0.
  rewrite -(net_input_deriv W.weight H.weight W.bias) -/s activation_deriv s_0.
  by rewrite mxE [delta j 0]mxE mulrCA mulrA.
under eq_bigr do rewrite moved.
have spread (A : 'M[R]_(n, m)) (v : 'cV[R]_m) :
    \sum_i delta i 0 * (A *m v) i 0 =
    \sum_i \sum_j delta i 0 * (A i j * v j 0).
  by apply: eq_bigr => i _; rewrite [(A *m v) i 0]mxE mulr_sumr.
have -> :
    \sum_j delta j 0 * (H.weight *m x0 + H.bias + W.weight *m dot_at x) j 0
   = \sum_i delta i 0 * (H.weight *m x0) i 0 + \sum_i delta i 0 * H.bias i 0
     + \sum_i delta i 0 * (W.weight *m dot_at x) i 0.
  rewrite -!big_split; apply: eq_bigr => i _ /=; rewrite -!mulrDr.
  by congr (_ * _); rewrite [LHS]mxE [X in X + _]mxE.
rewrite !spread; congr (_ + _ + _).
  apply: eq_bigr => i _; apply: eq_bigr => j _.
  by rewrite [in RHS]mxE big_ord1 [x0^T _ _]mxE mulrCA [in RHS]mulrC.
rewrite exchange_big; apply: eq_bigr => j _.
rewrite [in RHS]mxE mulr_suml; apply: eq_bigr => i _.
by rewrite [_^T _ _]mxE mulrA [delta i 0 * _]mulrC.
Qed.

Theorem loss_derivative m ns (W H : params R m ns) (p : polynomials R ns)
    (ell : 'I_(last m ns) -> {poly R}) (x : 'cV[R]_m) :
  let g := loss_slope ell (output W (as_functions p) x) in
  (loss_line W H p ell x)^`().[0] =
  <[gradient W (as_functions p) (as_functions (derivatives p)) x g, H]>.
Proof.
move=> g; pose X := (\col_j (x j 0)%:P : 'cV[{poly R}]_m).
have X_0 : at_t X 0 = x by apply/colP => j; rewrite !mxE hornerC.
have X_fixed j : dot_at X j 0 = 0 by rewrite !mxE derivC horner0.
have := output_deriv W H p X g; rewrite X_0 => moved.
rewrite deriv_sum horner_sum.
transitivity (\sum_k g k 0 *
    dot_at (output (line W H) (as_functions_X p) X) k 0).
  apply: eq_bigr => k _; rewrite deriv_comp hornerM horner_comp.
  rewrite [g k 0]mxE [dot_at _ _ _]mxE; congr (_.[_] * _).
  have := output_at 0 W H p X; rewrite X_0 scale0r addr0 => <-.
  by rewrite mxE.
rewrite [LHS]moved [X in _ + X]big1 ?addr0 // => j _.
by rewrite X_fixed mulr0.
Qed.

(* In every direction H the rule moves the weights as - eta dL/dt would. *)
Theorem credit_rule_descends (eta : R) m ns (W H : params R m ns)
    (p : polynomials R ns) (f : functions R ns)
    (ell : 'I_(last m ns) -> {poly R}) (x : 'cV[R]_m) :
  at_neurons f (net_inputs W (as_functions p) x) =
  at_neurons (as_functions (derivatives p)) (net_inputs W (as_functions p) x) ->
  let e := - loss_slope ell (output W (as_functions p) x) in
  <[credit_update eta W (as_functions p) f x e, H]> =
  - eta * (loss_line W H p ell x)^`().[0].
Proof.
move=> balance_is_slope e; rewrite loss_derivative -pairing_scalel.
by rewrite -(credit_update_gradient eta _ balance_is_slope).
Qed.

Lemma squared_loss_slope n (half : R) (t y : 'cV[R]_n) :
  half + half = 1 -> loss_slope (squared_loss half t) y = y - t.
Proof.
move=> half_2; apply/colP => k; rewrite mxE /squared_loss derivZ expr2 derivM.
rewrite derivB derivX derivC subr0 mul1r mulr1 scalerDr -scalerDl half_2.
by rewrite scale1r hornerXsubC !mxE.
Qed.
End Derivative.
