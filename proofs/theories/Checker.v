(******************************************************************************)
(* T6  A checker of certificates that runs inside the proof assistant, and    *)
(*     the proof that what it accepts is exactly the credit rule of the       *)
(*     network, and exactly backpropagation. Standard library only.           *)
(*                                                                            *)
(* CheckerSpec.v says what is certified, CheckerRun.v is the checker; here is *)
(* the proof that the second obeys the first. A file with a certificate needs *)
(* this file only.                                                            *)
(******************************************************************************)
From Coq Require Import ZArith NArith List Bool QArith Qcanon Lia.
From CreditCheck Require Export CheckerSpec CheckerRun.
Import ListNotations.

Set Implicit Arguments.

Open Scope Z_scope.

Lemma frac_plus a p b q :
  (frac a p + frac b q)%Qc = frac (a * Zpos q + b * Zpos p) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_plus_same a b p : (frac a p + frac b p)%Qc = frac (a + b) p.
Proof. rewrite frac_plus; apply frac_eq; rewrite Pos2Z.inj_mul; ring. Qed.

Lemma frac_mult a p b q : (frac a p * frac b q)%Qc = frac (a * b) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_minus a p b q :
  (frac a p - frac b q)%Qc = frac (a * Zpos q - b * Zpos p) (p * q).
Proof.
  canon; unfold Qeq; simpl; lia.
Qed.

Lemma frac_0 p : frac 0 p = 0%Qc.
Proof. canon; reflexivity. Qed.

Lemma frac_1 : frac 1 1 = 1%Qc.
Proof. apply Qc_is_canon; reflexivity. Qed.

Lemma frac_positive n d : (0 < frac n d)%Qc <-> 0 < n.
Proof.
  unfold Qclt; cbn [this frac Q2Qc]; rewrite !Qred_correct.
  unfold Qlt; simpl; lia.
Qed.

Lemma frac_lt a p b q :
  (frac a p < frac b q)%Qc <-> a * Zpos q < b * Zpos p.
Proof.
  unfold Qclt; cbn [this frac Q2Qc]; rewrite !Qred_correct.
  unfold Qlt; simpl; lia.
Qed.

(* which side of a fraction, by integers *)
Lemma frac_ltb n d a e (T : Type) (yes no : T) :
  (if Qclt_le_dec (frac a e) (frac n d) then yes else no)
  = if a * Zpos d <? n * Zpos e then yes else no.
Proof.
  destruct (Qclt_le_dec (frac a e) (frac n d)) as [lt|le].
  - now apply (proj1 (frac_lt a e n d)), Z.ltb_lt in lt; rewrite lt.
  - assert (ge : (a * Zpos d <? n * Zpos e) = false); [|now rewrite ge].
    apply Z.ltb_ge, Z.nlt_ge; intros lt.
    apply (proj2 (frac_lt a e n d)) in lt.
    now apply Qcle_not_lt in le.
Qed.

Lemma same_sound d n q : same d n q = true -> frac n d = frac (fst q) (snd q).
Proof. unfold same; rewrite Z.eqb_eq; apply frac_eq. Qed.

Lemma same_vector_sound v p q : same_vector v p q = true ->
  value v = map (fun n => frac n q) p.
Proof.
  unfold same_vector, value; generalize (vnum v); intros u; revert p.
  induction u as [|a u IH]; intros [|b p]; simpl; try discriminate; auto.
  rewrite andb_true_iff, Z.eqb_eq; intros [E rest].
  apply f_equal2; [now apply frac_eq|now apply IH].
Qed.

Lemma all2_sound (f : Qc -> Qc) (g : Z -> Z * positive) d e u v :
  (forall n, f (frac n d) = frac (fst (g n)) (snd (g n))) ->
  all2 (fun s n => same e n (g s)) u v = true ->
  map (fun n => frac n e) v = map f (map (fun n => frac n d) u).
Proof.
  intros fg; revert v; induction u as [|a u IH]; intros [|b v]; simpl;
    try discriminate; auto.
  rewrite andb_true_iff; intros [E rest].
  apply f_equal2; [|now apply IH]; rewrite fg; now apply same_sound.
Qed.

Lemma dotZ_sound d e u v :
  dot (map (fun n => frac n d) u) (map (fun n => frac n e) v)
  = frac (dotZ u v) (d * e).
Proof.
  revert v; induction u as [|a u IH]; intros [|b v]; simpl;
    try now rewrite frac_0.
  now rewrite IH, frac_mult, frac_plus_same.
Qed.

Lemma combineZ_sound m d e W v :
  combine_rows m (map (map (fun n => frac n d)) W) (map (fun n => frac n e) v)
  = map (fun n => frac n (d * e)) (combineZ m W v).
Proof.
  assert (zero : repeat 0%Qc m = map (fun n => frac n (d * e)) (repeat 0 m)).
  { induction m; simpl; auto; rewrite frac_0; f_equal; auto. }
  revert v; induction W as [|row W IH]; intros [|a v]; simpl; auto.
  rewrite IH; generalize (combineZ m W v); unfold plus, scale; clear.
  induction row as [|r row IH]; intros [|s l]; simpl; auto.
  apply f_equal2; [|apply IH].
  rewrite frac_mult, <- frac_plus_same; f_equal.
  apply frac_eq; rewrite !Pos2Z.inj_mul; ring.
Qed.

Lemma times_sound u v :
  times (value u) (value v)
  = map (fun n => frac n (vden u * vden v)) (map2 Z.mul (vnum u) (vnum v)).
Proof.
  unfold times, minus, value; generalize (vnum u) (vnum v).
  intros l; induction l as [|a l IH];
    intros [|b l']; simpl; auto.
  rewrite frac_mult; apply f_equal; apply IH.
Qed.

Lemma minus_sound u v :
  minus (value u) (value v)
  = map (fun n => frac n (vden u * vden v))
        (map2 (fun a b => a * Zpos (vden v) - b * Zpos (vden u))
              (vnum u) (vnum v)).
Proof.
  unfold times, minus, value; generalize (vnum u) (vnum v).
  intros l; induction l as [|a l IH];
    intros [|b l']; simpl; auto.
  rewrite frac_minus; apply f_equal; apply IH.
Qed.

Lemma pevalZ_sound l n d :
  peval l (frac n d) = frac (fst (pevalZ l n d)) (snd (pevalZ l n d)).
Proof.
  induction l as [|a l IH]; simpl; [now rewrite frac_0|].
  rewrite IH; destruct (pevalZ l n d) as [N P]; simpl.
  rewrite frac_mult, frac_plus; apply frac_eq; rewrite !Pos2Z.inj_mul; ring.
Qed.

Lemma over_sound d q :
  (frac 1 d * frac (fst q) (snd q))%Qc = frac (fst (over d q)) (snd (over d q)).
Proof. rewrite frac_mult; apply frac_eq; unfold over; simpl fst; simpl snd;
  ring. Qed.

Lemma sigmaZ_sound a d n :
  sigma a (frac n d) = frac (fst (sigmaZ a d n)) (snd (sigmaZ a d n)).
Proof.
  destruct a as [|an ad|lo hi e|l ld]; simpl; auto.
  - destruct (Qclt_le_dec 0 (frac n d)) as [pos|nonpos].
    + apply frac_positive, Z.ltb_lt in pos; now rewrite pos.
    + assert (neg : (0 <? n) = false).
      { apply Z.ltb_ge; apply Z.nlt_ge; intros pos.
        apply Qcle_not_lt in nonpos; apply nonpos; now apply frac_positive. }
      rewrite neg; apply frac_mult.
  - rewrite !frac_ltb.
    now destruct (lo * Zpos d <? n * Zpos e), (hi * Zpos d <? n * Zpos e).
  - now rewrite pevalZ_sound, over_sound.
Qed.

Lemma slopeZ_sound a d n :
  slope a (frac n d) = frac (fst (slopeZ a d n)) (snd (slopeZ a d n)).
Proof.
  destruct a as [|an ad|lo hi e|l ld]; simpl.
  - symmetry; apply frac_1.
  - destruct (Qclt_le_dec 0 (frac n d)) as [pos|nonpos].
    + apply frac_positive, Z.ltb_lt in pos; rewrite pos; symmetry; apply frac_1.
    + assert (neg : (0 <? n) = false).
      { apply Z.ltb_ge; apply Z.nlt_ge; intros pos.
        apply Qcle_not_lt in nonpos; apply nonpos; now apply frac_positive. }
      now rewrite neg.
  - rewrite !frac_ltb.
    now destruct (lo * Zpos d <? n * Zpos e), (hi * Zpos d <? n * Zpos e);
      rewrite ?frac_0, ?frac_1.
  - now rewrite pevalZ_sound, over_sound.
Qed.

Lemma net_inputZ_sound L x :
  net_input (layer_of L) (value x)
  = map (fun n => frac n (mden (w L) * vden x * vden (b L))) (net_inputZ L x).
Proof.
  unfold net_input, net_inputZ, plus; simpl; unfold value.
  generalize (mnum (w L)) (vnum (b L)); intros W.
  induction W as [|row W IH]; intros [|n u]; simpl; auto.
  apply f_equal2; [|apply IH].
  rewrite dotZ_sound, frac_plus; reflexivity.
Qed.

Lemma check_layers_sound Ls : forall Ts x c t,
  check_layers Ls Ts x c t = true ->
  let N := network_of Ls in
  let e := external_credit N (value x) (value t) in
  let beta := balance_factors N (value x) in
  shaped N (length (vnum x)) (length (vnum t)) /\
  map (fun T => value (s_cert T)) Ts = net_inputs N (value x) /\
  value x :: map (fun T => value (x_cert T)) Ts = rates N (value x) /\
  map (fun T => value (beta_cert T)) Ts = beta /\
  value c :: map (fun T => value (c_cert T)) Ts = credits N beta e /\
  map (fun T => value (g_cert T)) Ts = map2 times beta (tl (credits N beta e)).
Proof.
  induction Ls as [|L Ls IH]; intros [|T Ts] x c t accepted; simpl in accepted;
    try discriminate.
  - apply andb_true_iff in accepted; destruct accepted as [len_t c_ok].
    simpl; unfold external_credit; simpl.
    repeat split; try reflexivity.
    + now apply Nat.eqb_eq.
    + rewrite minus_sound; f_equal; now apply same_vector_sound.
  - apply andb_true_iff in accepted; destruct accepted as [here above].
    destruct (@IH _ _ _ _ above) as [shape [nets [xs [betas [cs gs]]]]];
      clear IH.
    unfold check_layer in here; rewrite !andb_true_iff in here.
    destruct here as [[[[[[[[pre_x rows] len_b] net_ok] beta_ok] x_ok] len_c]
      g_ok] c_ok].
    apply N.eqb_eq in pre_x; apply Nat.eqb_eq in len_b, len_c.
    apply same_vector_sound in net_ok, g_ok, c_ok.
    rewrite <- net_inputZ_sound in net_ok.
    rewrite <- times_sound in g_ok.
    rewrite <- combineZ_sound in c_ok.
    apply (@all2_sound _ _ _ _ _ _ (slopeZ_sound _ _)) in beta_ok.
    apply (@all2_sound _ _ _ _ _ _ (sigmaZ_sound _ _)) in x_ok.
    fold (value (s_cert T)) (value (beta_cert T)) in beta_ok.
    fold (value (s_cert T)) (value (x_cert T)) in x_ok.
    rewrite net_ok in beta_ok, x_ok.
    assert (pre_nat : N.to_nat (pre_cert L) = length (vnum x))
      by (rewrite <- pre_x; apply Nat2N.id).
    assert (rows_nat : Forall (fun row => length row = length (vnum x))
              (map (map (fun n => frac n (mden (w L)))) (mnum (w L)))).
    { apply Forall_map, Forall_forall; intros row row_in.
      rewrite map_length; apply Nat2N.inj.
      rewrite forallb_forall in rows; specialize (rows _ row_in).
      apply N.eqb_eq in rows; congruence. }
    assert (len_x : length (vnum (x_cert T)) = length (value (b L))).
    { transitivity (length (value (x_cert T))); [symmetry; apply map_length|].
      rewrite x_ok; unfold net_input, plus; simpl.
      rewrite map_length, map2_length, !map_length.
      unfold value; rewrite map_length, len_b; apply Nat.min_id. }
    cbv zeta in *; simpl.
    unfold external_credit in *; simpl output in *.
    change (rate (layer_of L) (value x)) with
      (map (sigma (activation_cert L)) (net_input (layer_of L) (value x))).
    rewrite <- x_ok.
    rewrite <- nets, <- xs, <- betas, <- cs in *.
    simpl.
    repeat split.
    + exact pre_nat.
    + exact rows_nat.
    + unfold value; rewrite !map_length; exact len_b.
    + rewrite <- len_x; exact shape.
    + now rewrite net_ok.
    + rewrite beta_ok; reflexivity.
    + f_equal; rewrite c_ok, combine_rows_columns by exact rows_nat.
      change (map (fun n => frac n (vden (g_cert T))) (vnum (g_cert T)))
        with (value (g_cert T)).
      rewrite g_ok, beta_ok, pre_nat; reflexivity.
    + rewrite g_ok, beta_ok; f_equal; exact gs.
Qed.

Lemma claimed_layers_sound eta Ts : forall x beta c,
  map (fun T => value (g_cert T)) Ts = map2 times beta c ->
  claimed_layers eta x Ts
  = plasticity eta beta c (value x :: map (fun T => value (x_cert T)) Ts).
Proof.
  induction Ts as [|T Ts IH]; intros x [|beta1 beta] [|c1 c]; simpl;
    try discriminate; auto.
  intros E; injection E as g_ok gs.
  rewrite g_ok; f_equal; apply IH; exact gs.
Qed.

(* T6: an accepted certificate holds exactly the credit rule of its network   *)
Theorem check_sound (C : certificate) (E : example) :
  check C = true -> In E (examples C) ->
  let N := network_of (layers C) in
  let x := value (input E) in
  let t := value (target E) in
  let beta := balance_factors N x in
  shaped N (length x) (length t) /\
  map (fun T => value (s_cert T)) (traces E) = net_inputs N x /\
  x :: map (fun T => value (x_cert T)) (traces E) = rates N x /\
  map (fun T => value (beta_cert T)) (traces E) = beta /\
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = credits N beta (external_credit N x t) /\
  claimed_update C E = credit_update (eta_of C) N x t.
Proof.
  intros accepted E_in; unfold check in accepted.
  rewrite forallb_forall in accepted; specialize (accepted _ E_in).
  destruct (@check_layers_sound _ _ _ _ _ accepted)
    as [shape [nets [xs [betas [cs gs]]]]].
  cbv zeta in *; repeat split; auto.
  - unfold value at 1 2; rewrite !map_length; exact shape.
  - unfold claimed_update, credit_update; rewrite <- xs.
    apply claimed_layers_sound; exact gs.
Qed.

(* ... and minus eta times the gradient, and minus the adjoints (C1, C2)      *)
Theorem check_sound_backprop (C : certificate) (E : example) :
  check C = true -> In E (examples C) ->
  let N := network_of (layers C) in
  let x := value (input E) in
  let t := value (target E) in
  value (input_credit E) :: map (fun T => value (c_cert T)) (traces E)
    = map (map Qcopp)
          (adjoints N (balance_factors N x) (minus (output N x) t)) /\
  claimed_update C E = scaled (- eta_of C)%Qc (gradient N x t).
Proof.
  intros accepted E_in.
  destruct (check_sound _ _ accepted E_in) as [shape [_ [_ [_ [cs upd]]]]].
  cbv zeta in *; split.
  - rewrite cs; unfold external_credit; rewrite minus_opp.
    exact (@credits_adjoints _ _ _ _ _ shape).
  - rewrite upd; exact (@credit_update_gradient _ _ _ _ _ _ shape).
Qed.

(* for the whole batch, example by example                                    *)
Theorem check_sound_batch (C : certificate) :
  check C = true ->
  map (claimed_update C) (examples C)
  = map (fun E => scaled (- eta_of C)%Qc
                    (gradient (network_of (layers C)) (value (input E))
                              (value (target E))))
        (examples C).
Proof.
  intros accepted; apply map_ext_in; intros E E_in.
  exact (proj2 (check_sound_backprop _ _ accepted E_in)).
Qed.

(* ---------------------------------------------------------------- accepted *)

Lemma some_nonempty A (l : list A) : some l = true -> l <> [].
Proof. intros yes E; now rewrite E in yes. Qed.

Lemma accept_check C : accept C = true -> check C = true.
Proof. unfold accept; rewrite andb_true_iff; tauto. Qed.

Definition about_something (C : certificate) : Prop :=
  let N := network_of (layers C) in
  N <> [] /\ examples C <> [] /\
  Forall (fun L => pre L <> 0%nat /\ biases L <> []) N.

Lemma accept_nonempty C : accept C = true -> about_something C.
Proof.
  unfold accept, nonempty, about_something; rewrite !andb_true_iff.
  intros [[[some_layers some_examples] all_layers] _].
  apply some_nonempty in some_layers, some_examples.
  unfold network_of; repeat split; auto.
  - intros E; now apply map_eq_nil in E.
  - apply Forall_map, Forall_forall; intros L L_in.
    rewrite forallb_forall in all_layers; specialize (all_layers _ L_in).
    apply andb_true_iff in all_layers; destruct all_layers as [pre_L bias_L].
    apply negb_true_iff, N.eqb_neq in pre_L.
    apply some_nonempty in bias_L; simpl; split; [lia|].
    unfold value; intros E; now apply map_eq_nil in E.
Qed.

(* T6, the whole: what is accepted is about something, and all of it holds    *)
Theorem accept_sound (C : certificate) : accept C = true ->
  about_something C /\
  forall E, In E (examples C) ->
  let N := network_of (layers C) in
  let x := value (input E) in
  let t := value (target E) in
  let beta := balance_factors N x in
  let c := value (input_credit E)
             :: map (fun T => value (c_cert T)) (traces E) in
  shaped N (length x) (length t) /\
  map (fun T => value (s_cert T)) (traces E) = net_inputs N x /\
  x :: map (fun T => value (x_cert T)) (traces E) = rates N x /\
  map (fun T => value (beta_cert T)) (traces E) = beta /\
  c = credits N beta (external_credit N x t) /\
  claimed_update C E = credit_update (eta_of C) N x t /\
  c = map (map Qcopp) (adjoints N beta (minus (output N x) t)) /\
  claimed_update C E = scaled (- eta_of C)%Qc (gradient N x t).
Proof.
  intros yes; split; [now apply accept_nonempty|intros E E_in].
  apply accept_check in yes.
  destruct (check_sound _ _ yes E_in) as [shape [nets [xs [betas [cs upd]]]]].
  destruct (check_sound_backprop _ _ yes E_in) as [adj grad].
  cbv zeta in *; repeat split; auto.
Qed.
