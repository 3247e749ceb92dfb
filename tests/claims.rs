//! Committed witnesses: for each claim a case by hand where it holds sharply, and where it must not.

use creditcheck::certify::locality::audit;
use creditcheck::certify::{Certified, Options, Silent, certify, conclusion};
use creditcheck::mutants::non_local_weight_change;
use creditcheck::scalar::Scalar;
use creditcheck::spec::outcome::{CreditExample, CreditOutcome};
use creditcheck::spec::{
    Activation, Case, Expect, Limits, Network, Neuron, Parameters, PerNeuron, Synapse, Wiring,
};
use creditcheck::textbook::{
    Equilibrium, Recorder, View, backprop, credit, plasticity, relax, tangent,
};
use creditcheck::verdict::locality::Audit;
use creditcheck::verdict::{Claim, Comparison, Conclusion, Table, Tier, Verdict, bridge};
use creditcheck::wire::Document;

use crate::generators::{Q, as_graph, ratio, scaled};

macro_rules! fixture {
    ($name:literal) => {
        read(include_str!(concat!("../fixtures/cases/", $name, ".json")))
    };
}

fn read(text: &str) -> Case {
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

fn certified(case: &Case) -> Certified {
    certify(&Document::of(case.clone()), &Options::default(), &mut Silent).unwrap()
}

fn exact(table: &Table, claim: Claim) -> &Verdict {
    table.cell(claim, Tier::Exact).unwrap().verdict().unwrap()
}

fn run(case: &Case) -> CreditOutcome<Q> {
    credit::run(case, &Limits::default()).unwrap()
}

/// What C2 asks for, from the arbiter.
fn descent(case: &Case) -> creditcheck::spec::outcome::Update<Q> {
    let truth = tangent::gradient::<Q>(case, &Limits::default()).unwrap();
    scaled(&truth, &-case.learning_rate.clone())
}

/// One case with everything that a view shows.
struct Scene {
    case: Case,
    wiring: Wiring,
    parameters: Parameters<Q>,
    example: CreditExample<Q>,
}

impl Scene {
    fn of(case: Case) -> Self {
        let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
        let example = run(&case).examples.swap_remove(0);
        Self { case, wiring, parameters, example }
    }

    fn view<'a>(&'a self, credit: &'a PerNeuron<Q>) -> Equilibrium<'a, Q> {
        Equilibrium {
            wiring: &self.wiring,
            parameters: &self.parameters,
            learning_rate: &self.case.learning_rate,
            firing_rate: &self.example.firing_rate,
            balance_factor: &self.example.balance_factor,
            external_credit: &self.example.external_credit,
            credit,
        }
    }

    fn settled(&self) -> PerNeuron<Q> {
        self.example.credit.map(|c| c.0.clone())
    }

    fn changes(&self, credit: &PerNeuron<Q>) -> Vec<Q> {
        let view = self.view(credit);
        let synapses = (0..self.wiring.synapses.len()).map(Synapse);
        synapses.map(|synapse| plasticity::weight_change(&view, synapse)).collect()
    }
}

/// C5 on the worked example: depth 2, a path output–hidden–input with all Wβ ≠ 0, a start that differs at its end.
#[test]
fn c5_one_sweep_fewer_is_wrong() {
    let scene = Scene::of(fixture!("worked-example"));
    assert_eq!(scene.wiring.depth(), Some(2));
    let settled = scene.settled();
    let right = scene.changes(&settled);
    let mut sweeps = vec![PerNeuron::filled(5, ratio(1, 1))];
    for count in 0..3 {
        let next = relax::sweep(&scene.view(&sweeps[count]));
        sweeps.push(next);
    }
    // Credits: wrong at the inputs after depth sweeps, right everywhere after depth + 1.
    assert_ne!(sweeps[2][Neuron(0)], settled[Neuron(0)]);
    assert_eq!(sweeps[2][Neuron(2)], settled[Neuron(2)]);
    assert_eq!(sweeps[3], settled);
    // Updates: wrong after depth − 1 sweeps, right after depth, though not all credits are.
    assert_ne!(scene.changes(&sweeps[1]), right);
    assert_eq!(scene.changes(&sweeps[2]), right);
}

/// A dead end counts for the height: its credit is 0 at equilibrium, but a start that is not takes a sweep to forget.
#[test]
fn c5_dead_ends_count() {
    let scene = Scene::of(fixture!("graph-skip-dead-end"));
    let (settled, dead_end) = (scene.settled(), Neuron(7));
    assert_eq!(settled[dead_end], ratio(0, 1));
    let heard_by = scene.wiring.synapses[scene.wiring.incoming[dead_end][0]].pre;
    let mut start = settled.clone();
    start[dead_end] = ratio(5, 1);
    let first = relax::sweep(&scene.view(&start));
    assert_eq!(first[dead_end], settled[dead_end]);
    assert_ne!(first[heard_by], settled[heard_by]);
}

/// C4: f ≠ σ' at one layer of a layered case; the predicted neuron is in it, and nothing nearer to the output differs.
#[test]
fn c4_fails_at_the_neuron_nearest_the_output() {
    for (case, nearest) in
        [(fixture!("own-balance-square"), 1), (fixture!("own-balance-identity-output"), 0)]
    {
        let (found, expected) = (run(&case).update, descent(&case));
        let wiring = Wiring::of(&case);
        let heights = wiring.heights().unwrap();
        for (synapse, ends) in wiring.synapses.indexed() {
            if heights[ends.post] < nearest {
                assert_eq!(found.weights[synapse], expected.weights[synapse]);
            }
        }
        let wrong = |neuron: &Neuron| found.biases[*neuron] != expected.biases[*neuron];
        let first = (0..wiring.neurons()).map(Neuron).filter(wrong).map(|n| heights[n]).min();
        assert_eq!(first, Some(nearest), "{}", case.title());
        let certified = certified(&case);
        assert!(exact(&certified.table, Claim::Necessity).is_agree());
        assert!(exact(&certified.table, Claim::Update).is_disagree());
    }
}

/// C4 at one neuron: its own synapses and those of its ancestors change, nothing else does.
#[test]
fn c4_changes_the_neuron_and_its_ancestors_only() {
    let mut case = fixture!("graph-skip-dead-end");
    case.examples.truncate(1);
    let before = run(&case).update;
    let wiring = Wiring::of(&case);
    // 4 hears 6 and 2, and 2 hears 6 and 3.
    let Network::Graph(net) = &mut case.network else { panic!("a graph") };
    net.balances[Neuron(4)] = Some(Activation::Cubic);
    let after = run(&case).update;
    for (synapse, ends) in wiring.synapses.indexed() {
        let upstream = [Neuron(4), Neuron(2)].contains(&ends.post);
        assert_eq!(before.weights[synapse] != after.weights[synapse], upstream, "{ends:?}");
    }
    for (neuron, bias) in before.biases.indexed() {
        assert_eq!(*bias != after.biases[neuron], [Neuron(4), Neuron(2)].contains(&neuron));
    }
}

/// C4, "if": another f at neurons without credit changes nothing, and the certificate agrees.
#[test]
fn c4_another_f_without_credit_changes_nothing() {
    // At the second hidden neuron s = −1 < 0: f = 1/8 there, σ' = 0; but nobody hears it.
    let case = read(
        r#"{"format": "creditcheck/case/1", "name": "unheard",
            "network": {"kind": "layered", "layers": [
              {"weights": [["1/2", "3/4"], ["-3/2", "1/2"]], "biases": ["1/4", "1/4"],
               "activation": "relu", "balance": {"name": "leaky_relu", "slope": "1/8"}},
              {"weights": [["5/4", "0"], ["-1/2", "0"]], "biases": ["1/8", "3/8"], "activation": "quadratic"}]},
            "loss": "half_squared_error", "learning_rate": "3/4",
            "examples": [{"input": ["1", "1/2"], "target": ["1/2", "-1/4"]}]}"#,
    );
    let outcome = run(&case);
    assert_eq!(outcome.examples[0].net_input[Neuron(3)], ratio(-1, 1));
    assert_eq!(outcome.examples[0].balance_factor[Neuron(3)], ratio(1, 8));
    assert_eq!(outcome.examples[0].credit[Neuron(3)].0, ratio(0, 1));
    assert_eq!(outcome.update, descent(&case));
    let certified = certified(&case);
    for claim in [Claim::Update, Claim::Truth, Claim::Necessity] {
        assert!(exact(&certified.table, claim).is_agree(), "{claim:?}");
    }
    // The credit c is right too, and β·c, because c is 0 where β is not σ'.
    assert!(exact(&certified.table, Claim::Credit).is_agree());
}

/// C4: errors further back may cancel, so only the neuron nearest to the output is predicted to differ.
#[test]
fn c4_errors_further_back_may_cancel() {
    // Both 2 and 3 have f(1) = 3 for σ' = 1 and the same credit; 1 is heard by them with opposite signs.
    let case = read(
        r#"{"format": "creditcheck/case/1",
            "network": {"kind": "graph", "neurons": 5, "inputs": [0], "outputs": [4], "activation": "identity",
              "balance": [null, null, "quadratic", "quadratic", null],
              "synapses": [[1, 0, "1"], [2, 1, "1"], [3, 1, "-1"], [4, 2, "1/2"], [4, 3, "1/2"]],
              "biases": ["0", "0", "0", "2", "0"]},
            "loss": "half_squared_error", "learning_rate": "3/4", "expect": "disagree",
            "examples": [{"input": ["1"], "target": ["5"]}]}"#,
    );
    let (found, expected) = (run(&case).update, descent(&case));
    let differs = |s: usize| found.weights[Synapse(s)] != expected.weights[Synapse(s)];
    assert_eq!([0, 1, 2, 3, 4].map(differs), [false, true, true, false, false]);
}

/// C6: the rule itself passes; a rule that looks elsewhere is caught although all its numbers are right.
#[test]
fn c6_the_audit_sees_reads_that_no_number_shows() {
    let scene = Scene::of(fixture!("square-2-3-3-2-quadratic"));
    let credit = scene.settled();
    let view = scene.view(&credit);
    type Seen<'a> = Recorder<'a, Equilibrium<'a, Q>>;
    let (change, bias) = (plasticity::weight_change, plasticity::bias_change);
    let honest = audit(&view, relax::relax, change, bias);
    assert!(honest.is_agree(), "{honest:?}");

    let prying = audit(&view, relax::relax, non_local_weight_change, bias);
    assert!(prying.is_disagree(), "{prying:?}");

    // A credit that reads the balance of its own neuron: W − W in another guise.
    let own_balance = |view: &Seen<'_>, pre: Neuron| {
        let own = view.balance_factor(pre);
        relax::relax(view, pre) + &own - &own
    };
    assert!(audit(&view, own_balance, change, bias).is_disagree());
    // A bias that reads the rate of another neuron.
    let neighbour = |view: &Seen<'_>, post: Neuron| {
        let rate = view.firing_rate(Neuron(0));
        plasticity::bias_change(view, post) + &rate - &rate
    };
    assert!(audit(&view, relax::relax, change, neighbour).is_disagree());
    // The numbers of all three are right.
    for synapse in (0..scene.wiring.synapses.len()).map(Synapse) {
        let expected = plasticity::weight_change(&view, synapse);
        assert_eq!(non_local_weight_change(&view, synapse), expected);
    }
    // A rule that reads nothing is not local, it was not looked at.
    let nothing = audit(&view, |_, _| Q::zero(), |_, _| Q::zero(), |_, _| Q::zero());
    assert!(matches!(nothing, Verdict::Unchecked(_)));
}

/// The gates: what any dead rule would reproduce is unchecked, never agreement.
#[test]
fn dead_cases_are_unchecked() {
    let cases = [fixture!("dead-relu"), fixture!("dead-hidden-relu"), fixture!("zero-error")];
    for case in cases {
        let certified = certified(&case);
        for claim in [Claim::Credit, Claim::Update, Claim::Truth] {
            let verdict = exact(&certified.table, claim);
            assert!(matches!(verdict, Verdict::Unchecked(_)), "{}: {verdict:?}", case.title());
        }
        assert_eq!(conclusion(&case, &certified.table), Conclusion::Unchecked, "{}", case.title());
    }
}

/// A block of parameters whose gradient is all zero is unchecked, and is named.
#[test]
fn a_zero_block_is_unchecked() {
    let mut case = fixture!("square-2-3-3-2-quadratic");
    assert!(exact(&certified(&case).table, Claim::Update).is_agree());
    for example in &mut case.examples {
        example.input.fill(ratio(0, 1));
    }
    let certified = certified(&case);
    let Verdict::Unchecked(why) = exact(&certified.table, Claim::Update) else {
        panic!("{:?}", exact(&certified.table, Claim::Update))
    };
    assert!(why.starts_with("weights of layer 1"), "{why}");
    assert_eq!(conclusion(&case, &certified.table), Conclusion::Unchecked);
}

/// A disagreement that was expected is a success; one that was expected and fails to appear is a failure.
#[test]
fn an_expected_disagreement_must_appear() {
    let case = fixture!("own-balance-square");
    assert_eq!(case.expect, Expect::Disagree);
    let found = certified(&case);
    assert_eq!(conclusion(&case, &found.table), Conclusion::Agree);
    let hopeful = Case { expect: Expect::Agree, ..case };
    assert_eq!(conclusion(&hopeful, &found.table), Conclusion::Disagree);

    let plain = fixture!("worked-example");
    let gloomy = Case { expect: Expect::Disagree, ..plain };
    assert_eq!(conclusion(&gloomy, &certified(&gloomy).table), Conclusion::Disagree);
}

/// H7: nothing compared, nothing audited, nothing in the table: three times not agreement.
#[test]
fn h7_nothing_is_not_agreement() {
    assert!(matches!(Comparison::new().verdict(), Verdict::Unchecked(_)));
    assert!(matches!(Audit::new().verdict(), Verdict::Unchecked(_)));
    assert_eq!(Table::default().conclusion(), Conclusion::Unchecked);
    let case = fixture!("worked-example");
    let Network::Layered(net) = &case.network else { panic!("layers") };
    let none = bridge::credits_are_adjoints::<Q>(net, &[], &[]);
    assert!(matches!(none, Verdict::Unchecked(_)));
    let missing = bridge::credits_are_adjoints(net, &run(&case).examples, &[]);
    assert!(missing.is_disagree(), "one side without examples");
}

/// The layered certificate and that of the same network as a graph come to the same updates by different arbiters.
#[test]
fn layers_and_graph_are_certified_alike() {
    let case = fixture!("square-2-3-3-2-quadratic");
    let graph = as_graph(&case).unwrap();
    let tables = [certified(&case).table, certified(&graph).table];
    for table in &tables {
        for claim in [Claim::Credit, Claim::Update, Claim::Truth, Claim::Settling] {
            assert!(exact(table, claim).is_agree(), "{claim:?}");
        }
    }
    assert_eq!(run(&case).update, run(&graph).update);
    assert!(backprop::run::<Q>(&graph, &Limits::default()).is_err());
}
