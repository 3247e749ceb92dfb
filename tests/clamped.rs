//! Two readings of D3: external credit that is added to what comes back to an output, and external credit in its place.

use creditcheck::Error;
use creditcheck::certificate::verify;
use creditcheck::certificate::verify::equations;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::judge::judge;
use creditcheck::certify::{Certified, Options, Silent, certify, conclusion};
use creditcheck::spec::{
    Case, Dtype, Expect, Limits, Network, Number, OutputCredit, Parameters, PerNeuron, Wiring,
};
use creditcheck::textbook::credit;
use creditcheck::verdict::judge::Nearness;
use creditcheck::verdict::judge::Options as Asked;
use creditcheck::verdict::{Claim, Conclusion, Tier, Verdict};
use creditcheck::wire::certificate::{read, write};
use creditcheck::wire::gradient::Quantity;
use creditcheck::wire::{Document, case};
use num_rational::BigRational as Q;
use num_traits::Zero;

use crate::generators::graphs::GraphCase;

/// Output 2 drives output 3.
const DIFFERS: &str = include_str!("../fixtures/cases/clamped-output.json");

fn document(text: &str) -> Document {
    Document::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn certified(case: &Case) -> Certified {
    certify(&Document::of(case.clone()), &Options::default(), &mut Silent).unwrap()
}

/// The same case, clamped, and without an expectation.
fn clamped(case: &Case) -> Case {
    Case { output_credit: OutputCredit::Clamp, expect: Expect::Agree, ..case.clone() }
}

fn verdict(found: &Certified, claim: Claim, tier: Tier) -> Option<&Verdict> {
    found.table.cell(claim, tier).and_then(|cell| cell.verdict())
}

/// c_k = e_k on outputs, Σ_i W_ij β_i c_i elsewhere: from the last neuron to the first, with no engine.
fn by_hand(case: &Case, example: &creditcheck::spec::outcome::CreditExample<Q>) -> PerNeuron<Q> {
    let (wiring, parameters) = (Wiring::of(case), Parameters::of(case));
    let mut credit = example.external_credit.clone();
    for &pre in wiring.order.as_ref().unwrap().iter().rev() {
        if wiring.outputs.contains(&pre) {
            continue;
        }
        for (synapse, ends) in wiring.synapses.indexed().filter(|(_, ends)| ends.pre == pre) {
            let signal = &parameters.weights[synapse] * &example.balance_factor[ends.post];
            let handed = signal * &credit[ends.post];
            credit[pre] += handed;
        }
    }
    credit
}

#[test]
fn where_an_output_drives_another_the_readings_differ_and_that_is_certified() {
    let document = document(DIFFERS);
    let found = certify(&document, &Options::default(), &mut Silent).unwrap();
    for (claim, tier) in [
        (Claim::Credit, Tier::Exact),
        (Claim::Update, Tier::Exact),
        (Claim::Truth, Tier::Exact),
        (Claim::Credit, Tier::Identity),
        (Claim::Update, Tier::Symbolic),
    ] {
        assert!(verdict(&found, claim, tier).unwrap().is_disagree(), "{claim:?} at {tier:?}");
    }
    // What is said of the rule itself holds: where f matters, how fast it settles, and what it reads.
    for claim in [Claim::Necessity, Claim::Settling, Claim::Locality] {
        let verdict = verdict(&found, claim, Tier::Exact).unwrap();
        assert!(verdict.is_agree(), "{claim:?}: {verdict:?}");
    }
    assert_eq!(conclusion(&document.case, &found.table), Conclusion::Agree);
    let hopeful = Case { expect: Expect::Agree, ..document.case.clone() };
    assert_eq!(conclusion(&hopeful, &found.table), Conclusion::Disagree);

    // Added, the same case is the gradient, and to expect a difference is wrong.
    let added = Case { output_credit: OutputCredit::Add, ..document.case };
    let found = certified(&added);
    assert_eq!(conclusion(&added, &found.table), Conclusion::Disagree);
    let added = Case { expect: Expect::Agree, ..added };
    assert_eq!(conclusion(&added, &found.table), Conclusion::Agree);
}

/// Of random graphs: the credits are those of the definition, the certificate is confirmed, and C2 says what the numbers say.
#[test]
fn clamped_credit_is_certified_where_it_is_the_gradient_and_refuted_where_it_is_not() {
    let counts = std::cell::Cell::new([0_u32; 2]);
    fn property(GraphCase(case): GraphCase, counts: &std::cell::Cell<[u32; 2]>) {
        let case = clamped(&case);
        let limits = Limits::default();
        let outcome = credit::run::<Q>(&case, &limits).unwrap();
        for example in &outcome.examples {
            assert_eq!(example.credit.map(|c| c.0.clone()), by_hand(&case, example));
        }
        let added = credit::run::<Q>(&case.under_the_theorem(), &limits).unwrap();
        let agrees = added.update == outcome.update || case.learning_rate.is_zero();
        let found = certified(&case);
        let at_q = verdict(&found, Claim::Update, Tier::Exact).unwrap();
        assert_eq!(at_q.is_disagree(), !agrees, "{at_q:?}");
        assert_ne!(
            verdict(&found, Claim::Necessity, Tier::Exact).map(Verdict::is_disagree),
            Some(true)
        );
        let sealed = read(write(&found.certificate).as_bytes(), &limits).unwrap();
        let report = verify(&sealed).unwrap();
        let row = |row: &&creditcheck::certificate::verify::Row| {
            (row.claim, row.tier) == (Claim::Update, Tier::Exact)
        };
        let confirmed = report.claims.iter().find(row).unwrap().verdict;
        assert_eq!(confirmed, Some(Conclusion::of(at_q)));
        let mut all = counts.get();
        all[usize::from(agrees)] += 1;
        counts.set(all);
    }
    let mut g = quickcheck::Gen::from_size_and_seed(9, crate::generators::seed(20_240_514));
    for _ in 0..40 {
        let case: GraphCase = quickcheck::Arbitrary::arbitrary(&mut g);
        if matches!(&case.0.network, Network::Graph(net) if net.balances.iter().all(Option::is_none))
        {
            property(case, &counts);
        }
    }
    let [differ, agree] = counts.get();
    println!("{differ} differ, {agree} agree");
    assert!(differ >= 4 && agree >= 4, "{differ} differ, {agree} agree");
}

/// A prover who certifies one reading and states the other, with every digest computed again, is refused by D3.
#[test]
fn witnesses_of_the_other_reading_are_refused() {
    for stated in [OutputCredit::Add, OutputCredit::Clamp] {
        let case = |output_credit| Case { output_credit, ..document(DIFFERS).case };
        let used = match stated {
            OutputCredit::Add => OutputCredit::Clamp,
            OutputCredit::Clamp => OutputCredit::Add,
        };
        let mut forged = certified(&case(used)).certificate;
        assert!(equations(&forged).is_ok());
        let claim = Document::of(case(stated));
        forged.case_text = claim.json.canonical();
        forged.case_digest = claim.digest();
        forged.case = claim.case;
        assert_eq!(equations(&forged).unwrap_err().equation, "D3", "{stated:?} is stated");
    }
}

/// A layered network has no output that drives another: the field changes nothing but the digest.
#[test]
fn in_layers_the_readings_are_one() {
    let plain = document(include_str!("../fixtures/cases/worked-example.json"));
    let clamped = Document::of(clamped(&plain.case));
    assert!(!clamped.case.clamps_credit() && clamped.digest() != plain.digest());
    let run = |case: &Case| credit::run::<Q>(case, &Limits::default()).unwrap();
    assert_eq!(run(&clamped.case), run(&plain.case));
    let found = certify(&clamped, &Options::default(), &mut Silent).unwrap();
    assert_eq!(conclusion(&clamped.case, &found.table), Conclusion::Agree);
}

/// Somebody's gradient is judged against the gradient, whatever rule the case has.
#[test]
fn the_judge_knows_the_gradient_alone() {
    let case = document(DIFFERS).case;
    let limits = Limits::default();
    let floats = cfg!(feature = "fast").then_some(Number::Float(Dtype::F64));
    for number in [Some(Number::Exact), floats].into_iter().flatten() {
        let of = |rule| gradient(&case, rule, number, Quantity::Gradient, &limits, &mut Silent);
        let mut clamped = of(Rule::Credit).unwrap();
        // Declared, it is right as what it says it is, and how far that is from the gradient stands beside it.
        let (judgement, said) =
            judge(&case, &clamped, &Asked::default(), &limits, &mut Silent).unwrap();
        let declared = judgement.declared.as_ref().unwrap();
        assert!(!judgement.nearness().is_refused() && said.is_empty(), "{said:?}");
        assert!(declared.blocks.iter().any(|block| block.nearness == Nearness::Different));
        // A loss that is false is found whatever rule is declared, and so is a false derivative at an input.
        for lie in 0..2 {
            let mut liar = clamped.clone();
            match lie {
                0 => liar.loss = liar.loss.map(|loss| loss + Q::from_integer(1.into())),
                _ => liar.inputs.as_mut().unwrap()[0][0] += Q::from_integer(1.into()),
            }
            let (judgement, _) =
                judge(&case, &liar, &Asked::default(), &limits, &mut Silent).unwrap();
            assert!(judgement.nearness().is_refused(), "{number:?} {lie}");
        }
        clamped.rule = None;
        let (judgement, _) =
            judge(&case, &clamped, &Asked::default(), &limits, &mut Silent).unwrap();
        assert_eq!(judgement.nearness(), Nearness::Different);
    }
    let right =
        gradient(&case, Rule::Tangent, Number::Exact, Quantity::Update, &limits, &mut Silent);
    let (judgement, _) =
        judge(&case, &right.unwrap(), &Asked::default(), &limits, &mut Silent).unwrap();
    assert_eq!(judgement.nearness(), Nearness::Exact);
}

/// Where the arbiter is too dear the judge asks the credit rule, and that of the theorem.
#[test]
fn the_judge_of_a_large_graph_asks_the_rule_of_the_theorem() {
    const HIDDEN: usize = 110;
    let (first, last) = (HIDDEN + 1, HIDDEN + 2);
    let synapses =
        (1..=HIDDEN).map(|k| format!("[{k}, 0, \"1/{}\"], [{first}, {k}, \"-2/{k}\"]", k + 1));
    let synapses: Vec<_> = synapses.chain([format!("[{last}, {first}, \"3/4\"]")]).collect();
    let case = document(&format!(
        r#"{{"format": "creditcheck/case/1", "output_credit": "clamp", "loss": "half_squared_error",
            "network": {{"kind": "graph", "neurons": {}, "inputs": [0], "outputs": [{first}, {last}],
              "activation": "identity", "synapses": [{}]}},
            "learning_rate": "1", "examples": [{{"input": ["1"], "target": ["1", "-1"]}}]}}"#,
        last + 1,
        synapses.join(", ")
    ))
    .case;
    assert!(Wiring::of(&case).parameters() > creditcheck::certificate::MOST_UNIT_DIRECTIONS);
    let limits = Limits::default();
    let nearness = |of: &Case| {
        let found =
            gradient(of, Rule::Credit, Number::Exact, Quantity::Gradient, &limits, &mut Silent);
        let mut found = found.unwrap();
        found.rule = None;
        judge(&case, &found, &Asked::default(), &limits, &mut Silent).unwrap().0.nearness()
    };
    assert_eq!(nearness(&case), Nearness::Different);
    assert_eq!(nearness(&case.under_the_theorem()), Nearness::Exact);
}

#[test]
fn the_field_is_read_and_written() {
    let case = document(DIFFERS).case;
    assert_eq!(case.output_credit, OutputCredit::Clamp);
    let again = case::from_json(&case::to_json(&case), &Limits::default()).unwrap();
    assert_eq!(again, case);
    let refused = |text: &str, field: &str| {
        let error = Document::read(text.as_bytes(), &Limits::default()).unwrap_err();
        let Error::Input { place, expected, .. } = error else { panic!("{error}") };
        assert_eq!(place, field);
        expected
    };
    let other = DIFFERS.replace("\"clamp\"", "\"set\"");
    assert_eq!(refused(&other, "output_credit"), "\"add\" or \"clamp\"");
    // With a cycle there is no engine of it, unless it makes no difference.
    let cycle = DIFFERS.replace("[3, 2, \"-2/3\"]", "[3, 2, \"-2/3\"], [1, 2, \"1/8\"]");
    assert!(refused(&cycle, "output_credit").contains("with a cycle"));
    let harmless = DIFFERS.replace("[3, 2, \"-2/3\"]", "[1, 1, \"1/8\"]");
    document(&harmless);
}
