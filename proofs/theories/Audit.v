(******************************************************************************)
(* Prints what every exported theorem assumes. Compared with audit.expected. *)
(* Written by `make -C proofs accept`.                                       *)
(******************************************************************************)
From CreditCheck Require Prelude.
From CreditCheck Require Layers.
From CreditCheck Require LayeredEqualsBackprop.
From CreditCheck Require Necessity.
From CreditCheck Require Settling.
From CreditCheck Require Recurrent.
From CreditCheck Require Polynomial.
From CreditCheck Require Time.
From CreditCheck Require TimeRules.
From CreditCheck Require TimeDerivative.
From CreditCheck Require Contraction.
From CreditCheck Require Residual.
From CreditCheck Require CheckerSpec.
From CreditCheck Require CheckerRun.
From CreditCheck Require Checker.
From CreditCheck Require CheckerWorked.
From CreditCheck Require CheckerNumbers.
From CreditCheck Require CheckerSound.
From CreditCheck Require CheckerGraphRun.
From CreditCheck Require CheckerRows.
From CreditCheck Require CheckerGraph.
From CreditCheck Require CheckerResidual.
From CreditCheck Require Analysis.
From CreditCheck Require GraphAnalysis.
From CreditCheck Require Logistic.
From CreditCheck Require Headline.
From CreditCheck Require ExamplesBounds.
From CreditCheck Require ExamplesLayered.
From CreditCheck Require ExamplesGraph.
From CreditCheck Require ExamplesTime.
From CreditCheck Require ExamplesAnalysis.
From CreditCheck Require Mutants.

Print Assumptions LayeredEqualsBackprop.credits_adjoints.
Print Assumptions LayeredEqualsBackprop.credit_update_gradient.
Print Assumptions LayeredEqualsBackprop.credit_update_squared.
Print Assumptions LayeredEqualsBackprop.credit_update_batch.
Print Assumptions LayeredEqualsBackprop.layered_equations.
Print Assumptions Necessity.credit_weights_iff.
Print Assumptions Necessity.credit_update_iff.
Print Assumptions Necessity.one_synapse_forces.
Print Assumptions Settling.relaxation_exact.
Print Assumptions Settling.updates_exact.
Print Assumptions Settling.equilibrium_unique.
Print Assumptions Settling.equilibrium_exists.
Print Assumptions Settling.asynchronous_rounds.
Print Assumptions Settling.asynchronous_fair.
Print Assumptions Settling.transfer_nilpotent.
Print Assumptions Settling.transfer_inverse.
Print Assumptions Settling.transfer_unit.
Print Assumptions Recurrent.credit_response.
Print Assumptions Recurrent.rule_response.
Print Assumptions Recurrent.credit_exists_unique.
Print Assumptions Recurrent.response_exists_unique.
Print Assumptions Recurrent.layered_equilibrium.
Print Assumptions Recurrent.hops_height.
Print Assumptions Polynomial.loss_line_value.
Print Assumptions Polynomial.loss_derivative.
Print Assumptions Polynomial.credit_rule_descends.
Print Assumptions Time.bptt_is_rtrl.
Print Assumptions Time.bptt_three_factor.
Print Assumptions TimeRules.modprop_one_tap.
Print Assumptions TimeRules.modprop_exact_input.
Print Assumptions TimeRules.modprop_exact_recurrent.
Print Assumptions TimeRules.eprop_exact_input.
Print Assumptions TimeRules.eprop_exact_recurrent.
Print Assumptions TimeRules.mdgl_exact_input.
Print Assumptions TimeRules.mdgl_exact_recurrent.
Print Assumptions TimeRules.gradient_is_rtrl.
Print Assumptions TimeRules.modprop_is_mdgl.
Print Assumptions TimeRules.modprop_linear.
Print Assumptions TimeRules.mdgl_three_steps.
Print Assumptions TimeRules.eprop_two_steps.
Print Assumptions TimeDerivative.time_loss_value.
Print Assumptions TimeDerivative.time_derivative.
Print Assumptions Contraction.settled_error.
Print Assumptions Contraction.settled_error_posterior.
Print Assumptions Contraction.contraction_unique.
Print Assumptions Contraction.contraction_unitmx.
Print Assumptions Residual.residual_bound.
Print Assumptions Residual.residual_bound_order.
Print Assumptions Residual.update_bound.
Print Assumptions Residual.residual_bound_recurrent.
Print Assumptions Residual.residual_unique.
Print Assumptions Residual.residual_unitmx.
Print Assumptions Residual.residual_certificate.
Print Assumptions Residual.residual_strictness_needed.
Print Assumptions CheckerSpec.credits_adjoints.
Print Assumptions CheckerSpec.credit_update_gradient.
Print Assumptions Checker.check_sound.
Print Assumptions Checker.check_sound_backprop.
Print Assumptions Checker.check_sound_batch.
Print Assumptions Checker.accept_sound.
Print Assumptions CheckerWorked.worked_accepted.
Print Assumptions CheckerWorked.worked_gradient.
Print Assumptions CheckerWorked.worked_mutant_refused.
Print Assumptions CheckerWorked.worked_about.
Print Assumptions CheckerWorked.worked_empty_refused.
Print Assumptions CheckerSound.changes_credit_update.
Print Assumptions CheckerSound.certified_update.
Print Assumptions CheckerSound.certified_credits.
Print Assumptions CheckerGraph.graph_credit.
Print Assumptions CheckerGraph.graph_update.
Print Assumptions CheckerGraph.accept_graph_sound.
Print Assumptions CheckerResidual.floats_within.
Print Assumptions CheckerResidual.floats_updates.
Print Assumptions CheckerResidual.all_within.
Print Assumptions CheckerResidual.all_updates.
Print Assumptions CheckerResidual.accept_floats_sound.
Print Assumptions Analysis.relu_kink.
Print Assumptions Analysis.gradient_slope.
Print Assumptions Analysis.squared_gradient_slope.
Print Assumptions GraphAnalysis.rates_slope.
Print Assumptions GraphAnalysis.graph_loss_slope.
Print Assumptions Headline.rule_is_gradient_descent.
Print Assumptions Headline.logistic_rule_is_gradient_descent.
Print Assumptions Headline.relu_rule_is_gradient_descent.
Print Assumptions Headline.logistic_rule_unique.
Print Assumptions Headline.graph_rule_is_gradient_descent.
Print Assumptions Headline.graph_rule_synapse.
Print Assumptions Headline.graph_rule_bias.
Print Assumptions ExamplesBounds.chain_bounded.
Print Assumptions ExamplesBounds.loop_contracts.
Print Assumptions ExamplesBounds.loop_halves.
Print Assumptions ExamplesBounds.loop_certificate.
Print Assumptions ExamplesBounds.T7_bites.
Print Assumptions ExamplesBounds.T8_bites.
Print Assumptions ExamplesLayered.T1_met.
Print Assumptions ExamplesLayered.T1_value.
Print Assumptions ExamplesLayered.T1_bites.
Print Assumptions ExamplesLayered.T1_feedback_bites.
Print Assumptions ExamplesLayered.T2_met.
Print Assumptions ExamplesLayered.T2_free.
Print Assumptions ExamplesLayered.T2_bites.
Print Assumptions ExamplesLayered.T5a_met.
Print Assumptions ExamplesLayered.T5a_bites.
Print Assumptions ExamplesGraph.T3_met.
Print Assumptions ExamplesGraph.T3_unique.
Print Assumptions ExamplesGraph.T3_transfer.
Print Assumptions ExamplesGraph.T3_asynchronous.
Print Assumptions ExamplesGraph.T3_bites.
Print Assumptions ExamplesGraph.T3_unfair_bites.
Print Assumptions ExamplesGraph.T3_loop_none.
Print Assumptions ExamplesGraph.T3_loop_many.
Print Assumptions ExamplesGraph.T4_met.
Print Assumptions ExamplesGraph.T4_value.
Print Assumptions ExamplesGraph.T4_feedback_bites.
Print Assumptions ExamplesGraph.T4_balance_bites.
Print Assumptions ExamplesGraph.T4b_met.
Print Assumptions ExamplesGraph.T4b_bites.
Print Assumptions ExamplesTime.rtrl_met.
Print Assumptions ExamplesTime.eprop_met.
Print Assumptions ExamplesTime.eprop_value.
Print Assumptions ExamplesTime.eprop_bites.
Print Assumptions ExamplesTime.mdgl_met.
Print Assumptions ExamplesTime.mdgl_bites.
Print Assumptions ExamplesTime.modprop_met.
Print Assumptions ExamplesTime.modprop_bites.
Print Assumptions ExamplesTime.modprop_taps_bite.
Print Assumptions ExamplesTime.one_tap_met.
Print Assumptions ExamplesTime.one_tap_bites.
Print Assumptions ExamplesTime.derivative_met.
Print Assumptions ExamplesTime.derivative_bites.
Print Assumptions ExamplesAnalysis.T5b_met.
Print Assumptions ExamplesAnalysis.T5b_bites.
Print Assumptions ExamplesAnalysis.T5c_met.
Print Assumptions ExamplesAnalysis.T5c_value.
Print Assumptions ExamplesAnalysis.T5c_bites.
Print Assumptions ExamplesAnalysis.T5c_graph_met.
Print Assumptions ExamplesAnalysis.T5c_graph_direction.
