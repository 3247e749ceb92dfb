(******************************************************************************)
(* T5b  Over the real numbers the gradient of backpropagation is the true     *)
(*      derivative: for activations that are differentiable at the net inputs *)
(*      that occur (ReLU off its kink included), the derivative at 0 of       *)
(*      t |-> L(W + t H) is <[gradient, H]>.                                  *)
(*                                                                            *)
(* R is a real field (realType); the networks are those of Layers.v.          *)
(*                                                                            *)
(*          slope_of f a d == f is differentiable at a, with derivative d     *)
(*       slopes_at f df s  == df_i (s_i) is the derivative of f_i at s_i, for *)
(*                            every neuron i                                  *)
(*     tangent W H d x dx  == dual part of the output: what the output of the *)
(*                            network does, to first order, when W moves      *)
(*                            along H and the input x along dx, slopes d (D8) *)
(*       loss_slope l y g  == g is the gradient of the loss l at y: along     *)
(*                            every curve through y that has a derivative v,  *)
(*                            l has the derivative <g, v>                     *)
(*        squared_loss t y == 1/2 \sum_k (y_k - t_k)^2                        *)
(*  loss_of l W sigma x    == l of the output                                 *)
(*                 relu s  == max(s, 0)                                       *)
(*                relu' s  == 1 if s > 0, else 0 (the left slope)             *)
(******************************************************************************)
From CreditCheck Require Import Prelude.
From mathcomp.classical Require Import boolp classical_sets functions.
From mathcomp.analysis Require Import reals signed topology normedtype derive
  realfun.
From CreditCheck Require Import Layers.

Import Order.TTheory Num.Theory.
Import numFieldNormedType.Exports.
Local Open Scope classical_set_scope.
Local Open Scope ring_scope.

(* ------------------------------------------------------- one real variable *)

Section Slope.

Variable R : realType.
Implicit Types (f g : R -> R) (a d : R).

Definition slope_of f a d : Prop := is_derive a (1 : R) f d.

Lemma slope_of_val f a d d' : slope_of f a d -> d = d' -> slope_of f a d'.
Proof. by move=> slope_f <-. Qed.

Lemma slope_of_ext f g a d : f =1 g -> slope_of f a d -> slope_of g a d.
Proof. by move=> /funext ->. Qed.

Lemma slope_of_unique f a d d' : slope_of f a d -> slope_of f a d' -> d = d'.
Proof. by move=> [_ <-] [_ <-]. Qed.

Lemma slope_of_const c a : slope_of (fun=> c) a 0.
Proof. exact: is_derive_cst. Qed.

Lemma slope_of_id a : slope_of (fun t => t) a 1.
Proof. exact: is_derive_id. Qed.

Lemma slope_ofD f g a df dg : slope_of f a df -> slope_of g a dg ->
  slope_of (fun t => f t + g t) a (df + dg).
Proof. by move=> slope_f slope_g; apply: is_deriveD. Qed.

Lemma slope_ofM f g a df dg : slope_of f a df -> slope_of g a dg ->
  slope_of (fun t => f t * g t) a (f a * dg + df * g a).
Proof.
move=> slope_f slope_g; rewrite [df * _]mulrC.
exact: (is_deriveM slope_f slope_g).
Qed.

Lemma slope_ofZ c f a d : slope_of f a d ->
  slope_of (fun t => c * f t) a (c * d).
Proof. by move=> slope_f; apply: (is_deriveZ c slope_f). Qed.

Lemma slope_of_comp f g a df dg : slope_of f (g a) df -> slope_of g a dg ->
  slope_of (fun t => f (g t)) a (df * dg).
Proof. by move=> slope_f slope_g; apply: (is_derive1_comp slope_f slope_g). Qed.

Lemma slope_of_sum (I : Type) (r : seq I) (f : I -> R -> R) (df : I -> R) a :
  (forall i, slope_of (f i) a (df i)) ->
  slope_of (fun t => \sum_(i <- r) f i t) a (\sum_(i <- r) df i).
Proof.
move=> slope_f; elim: r => [|i r IHr].
  rewrite big_nil; apply: slope_of_ext (slope_of_const 0 a) => t.
  by rewrite big_nil.
rewrite big_cons; apply: slope_of_ext (slope_ofD (slope_f i) IHr) => t.
by rewrite big_cons.
Qed.

(* functions that are equal near a have the same slope there                  *)
Lemma slope_of_near f g a d : (\forall t \near a, f t = g t) ->
  slope_of f a d -> slope_of g a d.
Proof.
move=> same [cvg_f lim_f].
have same_a : f a = g a := nbhs_singleton same.
have /nbhs_ballP [e /= e_pos same_ball] := same.
have same_quotient : {near (0 : R)^',
    (fun h => h^-1 *: ((f \o shift a) (h *: 1) - f a)) =1
    (fun h => h^-1 *: ((g \o shift a) (h *: 1) - g a))}.
  near=> h; rewrite /= same_a; congr (_ *: (_ - _)); apply: same_ball.
  rewrite -ball_normE /= opprD addrCA subrr addr0 normrN [h *: 1]mulr1.
  by near: h; apply: dnbhs0_lt.
have near_g := near_eq_cvg (FF := dnbhs_filter _) same_quotient.
have cvg_g := cvg_trans near_g cvg_f.
split; first exact: (cvgP _ cvg_g).
by rewrite -lim_f; apply: (cvg_lim _ cvg_g).
Unshelve. all: by end_near. Qed.

Definition relu (s : R) : R := Num.max s 0.
Definition relu' (s : R) : R := if 0 < s then 1 else 0.

Lemma relu_slope s : s != 0 -> slope_of relu s (relu' s).
Proof.
rewrite /relu'; case: ltgtP => // [s_pos|s_neg] _.
  apply: slope_of_near (slope_of_id s); near=> t.
  rewrite /relu max_l // ltW //; near: t.
  exact: (cvgr_gt s cvg_id).
apply: slope_of_near (slope_of_const 0 s); near=> t.
rewrite /relu max_r // ltW //; near: t.
exact: (cvgr_lt s cvg_id).
Unshelve. all: by end_near. Qed.

(* at its kink relu has no derivative: from relu s - relu (- s) = s it would  *)
(* be 1/2, but from relu (relu s) = relu s its own square                     *)
Theorem relu_kink d : ~ slope_of relu 0 d.
Proof.
move=> slope_0.
have slope_opp : slope_of (fun s : R => -1 * s) 0 (-1 * 1).
  exact: slope_ofZ (slope_of_id 0).
have slope_back : slope_of (fun s => relu (-1 * s)) 0 (d * (-1 * 1)).
  by apply: slope_of_comp slope_opp; rewrite mulr0.
have twice : d + -1 * (d * (-1 * 1)) = 1.
  apply: slope_of_unique (slope_of_id 0).
  have := slope_ofD slope_0 (slope_ofZ (-1) slope_back).
  apply: slope_of_ext => s; rewrite /relu !mulN1r.
  case: (lerP s 0) => [s_le0|s_gt0].
    by rewrite max_l ?oppr_ge0 // opprK add0r.
  by rewrite max_r ?oppr_le0 ?ltW // oppr0 addr0.
have square : d * d = d.
  apply: slope_of_unique (slope_0).
  apply: (@slope_of_ext (fun s => relu (relu s))) => [s|].
    by rewrite /relu -maxA maxxx.
  by apply: (slope_of_comp _ slope_0); rewrite /relu maxxx.
move: twice; rewrite mulr1 mulrN1 mulN1r opprK.
have /eqP : d * (d - 1) = 0 by rewrite mulrBr square mulr1 subrr.
rewrite mulf_eq0 subr_eq0 => /orP [] /eqP ->.
  by move/eqP; rewrite addr0 eq_sym oner_eq0.
by move/eqP; rewrite -subr_eq0 addrK oner_eq0.
Qed.

End Slope.

(* --------------------------------------------------------- layered networks *)

Section Layered.

Variable R : realType.

Definition curve_slope n (y : R -> 'cV[R]_n) (dy : 'cV[R]_n) : Prop :=
  forall j, slope_of (fun t => y t j 0) 0 (dy j 0).

Fixpoint slopes_at ns : functions R ns -> functions R ns -> layered R ns ->
  Prop :=
  match ns with
  | [::] => fun _ _ _ => True
  | n :: ns' => fun f df s =>
      (forall i, slope_of (f.1 i) (s.first i 0) (df.1 i (s.first i 0)))
      /\ slopes_at f.2 df.2 s.later
  end.

Fixpoint tangent m ns : params R m ns -> params R m ns -> functions R ns ->
    functions R ns -> 'cV[R]_m -> 'cV[R]_m -> 'cV[R]_(last m ns) :=
  match ns with
  | [::] => fun _ _ _ _ _ dx => dx
  | n :: ns' => fun W H sigma dsigma x dx =>
      let s := net_input W.weight W.bias x in
      let ds := W.weight *m dx + H.weight *m x + H.bias in
      tangent W.rest H.rest sigma.2 dsigma.2 (at_layer sigma.1 s)
              (at_layer dsigma.1 s .* ds)
  end.

(* D8 agrees with D6 and D7: <g, tangent> = <[gradient, H]> + <x^0-bar, dx>   *)
Lemma tangent_gradient m ns (W H : params R m ns) sigma dsigma
    (x dx : 'cV[R]_m) (g : 'cV[R]_(last m ns)) :
  \sum_k g k 0 * tangent W H sigma dsigma x dx k 0
  = <[gradient W sigma dsigma x g, H]>
    + \sum_j (adjoints W (at_neurons dsigma (net_inputs W sigma x)) g).first j 0
             * dx j 0.
Proof.
elim: ns m W H sigma dsigma x dx g => [|n ns IHns] m W H sigma dsigma x dx g.
  by rewrite /= add0r.
pose s := net_input W.weight W.bias x.
pose d := at_layer dsigma.1 s.
pose x1 := at_layer sigma.1 s.
pose xbar := adjoints W.rest (at_neurons dsigma.2
               (net_inputs W.rest sigma.2 x1)) g.
pose G := <[gradient W.rest sigma.2 dsigma.2 x1 g, H.rest]>.
pose delta_l := d .* xbar.first.
rewrite [LHS]IHns -/G -/xbar -/d.
have -> : <[gradient W sigma dsigma x g, H]>
    = \sum_i \sum_j (delta_l *m x^T) i j * H.weight i j
      + \sum_i delta_l i 0 * H.bias i 0 + G by [].
have -> : (adjoints W (at_neurons dsigma (net_inputs W sigma x)) g).first
    = W.weight^T *m delta_l by [].
rewrite [RHS]addrAC [RHS]addrC; congr (_ + _).
have delta i : delta_l i 0 = xbar.first i 0 * d i 0.
  by rewrite mxE mulrC.
have outer_l i j : (delta_l *m x^T) i j = xbar.first i 0 * d i 0 * x j 0.
  by rewrite [LHS]mxE big_ord1 delta [x^T _ _]mxE.
have back_l j : (W.weight^T *m delta_l) j 0
    = \sum_i W.weight i j * (xbar.first i 0 * d i 0).
  by rewrite [LHS]mxE; apply: eq_bigr => i _; rewrite delta [W.weight^T _ _]mxE.
have tangent_l i : (d .* (W.weight *m dx + H.weight *m x + H.bias)) i 0
    = d i 0 * (\sum_j H.weight i j * x j 0 + H.bias i 0
               + \sum_j W.weight i j * dx j 0).
  rewrite [LHS]mxE; congr (_ * _).
  rewrite [LHS]mxE [(W.weight *m dx + _) i 0]mxE [(W.weight *m _) i 0]mxE.
  by rewrite [(H.weight *m _) i 0]mxE -[LHS]addrA [LHS]addrC.
under [LHS]eq_bigr => i _ do rewrite tangent_l mulrA 2!mulrDr.
rewrite 2!big_split /=; congr (_ + _ + _).
- apply: eq_bigr => i _; rewrite mulr_sumr; apply: eq_bigr => j _.
  by rewrite outer_l [RHS]mulrAC [LHS]mulrA.
- by apply: eq_bigr => i _; rewrite delta.
under [RHS]eq_bigr => j _ do rewrite back_l mulr_suml.
rewrite exchange_big; apply: eq_bigr => i _ /=; rewrite mulr_sumr.
by apply: eq_bigr => j _; rewrite [LHS]mulrA [X in X * _]mulrC.
Qed.

Lemma output_slope m ns (W H : params R m ns) sigma dsigma
    (x : R -> 'cV[R]_m) (x0 dx : 'cV[R]_m) :
  x 0 = x0 -> curve_slope x dx ->
  slopes_at sigma dsigma (net_inputs W sigma x0) ->
  curve_slope (fun t => output (W + t *: H) sigma (x t))
              (tangent W H sigma dsigma x0 dx).
Proof.
elim: ns m W H sigma dsigma x x0 dx =>
  [|n ns IHns] m W H sigma dsigma x x0 dx x_0 slope_x //= [here above].
pose s_t t := net_input (W.weight + t *: H.weight) (W.bias + t *: H.bias) (x t).
have s_0 : s_t 0 = net_input W.weight W.bias x0.
  by rewrite /s_t !scale0r !addr0 x_0.
apply: (IHns _ W.rest H.rest sigma.2 dsigma.2
             (fun t => at_layer sigma.1 (s_t t))) above; first by rewrite s_0.
move=> i.
have slope_s : slope_of (fun t => s_t t i 0) 0
    ((W.weight *m dx + H.weight *m x0 + H.bias) i 0).
  pose term t j := (W.weight i j + t * H.weight i j) * x t j 0.
  apply: (@slope_of_ext _ (fun t => \sum_j term t j
                                    + (W.bias i 0 + t * H.bias i 0))).
    by move=> t; rewrite !mxE; congr (_ + _); apply: eq_bigr => j _;
      rewrite !mxE.
  have slope_affine a b : slope_of (fun t : R => a + t * b) 0 b.
    apply: slope_of_val (slope_ofD (slope_of_const a 0)
      (slope_ofM (slope_of_id 0) (slope_of_const b 0))) _.
    by rewrite mul0r !add0r mul1r.
  apply: slope_of_val (slope_ofD (slope_of_sum (index_enum _)
    (fun j => slope_ofM (slope_affine (W.weight i j) (H.weight i j))
                        (slope_x j))) (slope_affine _ _)) _.
  rewrite !mxE big_split /=; congr (_ + _ + _); apply: eq_bigr => j _.
    by rewrite mul0r addr0.
  by rewrite x_0.
apply: (@slope_of_ext _ (fun t => sigma.1 i (s_t t i 0))).
  by move=> t; rewrite [RHS]mxE.
apply: slope_of_val (slope_of_comp _ slope_s) _; last first.
  by rewrite [RHS]mxE [at_layer _ _ _ _]mxE.
by rewrite s_0; apply: here.
Qed.

Definition loss_slope n (l : 'cV[R]_n -> R) (y g : 'cV[R]_n) : Prop :=
  forall (curve : R -> 'cV[R]_n) v, curve 0 = y -> curve_slope curve v ->
  slope_of (fun t => l (curve t)) 0 (\sum_k g k 0 * v k 0).

Definition squared_loss n (target y : 'cV[R]_n) : R :=
  2%:R^-1 * \sum_k (y k 0 - target k 0) ^+ 2.

Lemma squared_loss_slope n (target y : 'cV[R]_n) :
  loss_slope (squared_loss target) y (y - target).
Proof.
move=> curve v curve_0 slope_v.
have slope_diff k :
    slope_of (fun t => curve t k 0 - target k 0) 0 (v k 0).
  apply: slope_of_val (slope_ofD (slope_v k) (slope_of_const _ 0)) _.
  exact: addr0.
apply: slope_of_val (slope_ofZ 2%:R^-1 (slope_of_sum (index_enum _)
  (fun k => slope_ofM (slope_diff k) (slope_diff k)))) _.
rewrite mulr_sumr; apply: eq_bigr => k _; rewrite curve_0 !mxE.
by rewrite [v k 0 * _]mulrC -mulr2n -[(_ * _) *+ 2]mulr_natl mulKf // pnatr_eq0.
Qed.

(* T5b, for any loss with a gradient                                          *)
Theorem gradient_slope m ns (W H : params R m ns) sigma dsigma (x : 'cV[R]_m)
    (l : 'cV[R]_(last m ns) -> R) (g : 'cV[R]_(last m ns)) :
  slopes_at sigma dsigma (net_inputs W sigma x) ->
  loss_slope l (output W sigma x) g ->
  slope_of (fun t => l (output (W + t *: H) sigma x)) 0
           <[gradient W sigma dsigma x g, H]>.
Proof.
move=> slopes slope_l.
have slope_x : curve_slope (fun=> x) (0 : 'cV[R]_m).
  by move=> j; rewrite mxE; apply: slope_of_const.
apply: slope_of_val (slope_l _ _ _ (output_slope H erefl slope_x slopes)) _.
  by rewrite scale0r addr0.
rewrite tangent_gradient [X in _ + X]big1 ?addr0 // => j _.
by rewrite mxE mulr0.
Qed.

(* T5b, half squared error                                                    *)
Theorem squared_gradient_slope m ns (W H : params R m ns) sigma dsigma
    (x : 'cV[R]_m) (target : 'cV[R]_(last m ns)) :
  slopes_at sigma dsigma (net_inputs W sigma x) ->
  slope_of (fun t => squared_loss target (output (W + t *: H) sigma x)) 0
    <[gradient W sigma dsigma x (squared_slope W sigma x target), H]>.
Proof. by move=> /gradient_slope; apply; apply: squared_loss_slope. Qed.

End Layered.
