//! The mutants of the rules over time: killed on committed witnesses, hidden where a witness lacks something, named in a diagnosis.

use creditcheck::mutants::temporal::{
    Family, Host, OverTime, TemporalReference, compare, hosts, mistakes,
};
use creditcheck::mutants::witnesses::WITNESSES_OVER_TIME;
use creditcheck::mutants::{
    CATALOGUE_OVER_TIME, Compared, Fault, Hook, Implementation, KillMatrix, Mutant, PLAN, Row,
    Status, Subject, kill_matrix,
};
use creditcheck::spec::{
    Activation, Feedback, Form, Kink, Limits, Modprop, Mu, Steps, Taps, TemporalCase,
    TemporalGradient, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::verdict::Verdict;
use num_rational::BigRational;

fn witness(name: &str) -> TemporalCase {
    let found = WITNESSES_OVER_TIME.iter().find(|witness| witness.name == name);
    found.unwrap().case_over_time().unwrap()
}

fn mutated(case: &TemporalCase, host: &Host, mutant: Mutant) -> TemporalGradient<BigRational> {
    let hook = Hook::plant(mutant);
    TemporalReference::new(case, &Limits::default()).gradient(host, &hook).unwrap()
}

/// Whether the gradient of a rule with a mutant, or its part, is that of the rule by the textbook: any difference is a kill.
fn seen(subject: &OverTime<'_>, mutant: Mutant, host: &Host, compared: Compared) -> Status {
    assert!(subject.engines().is_agree());
    let rule = Implementation::Rule(host.clone());
    let (verdict, fired) = subject.run(Fault::whole(mutant), &rule, compared).unwrap();
    Status::of(verdict, fired)
}

fn over_time(matrix: &KillMatrix) -> impl Iterator<Item = &Row> {
    matrix.rows.iter().filter(|row| matches!(row.implementation, Implementation::Rule(_)))
}

#[test]
fn every_mutant_over_time_is_killed_in_every_rule_in_which_it_has_a_meaning() {
    let matrix = kill_matrix(&Limits::default()).unwrap();
    assert!(matrix.is_good(), "{}", matrix.text());
    assert_eq!(matrix.untried(), []);
    assert!(over_time(&matrix).count() > 1_300, "{}", over_time(&matrix).count());
    for family in [
        Family::Bptt,
        Family::Rtrl,
        Family::Eprop,
        Family::Mdgl,
        Family::Filter,
        Family::NoLeak,
        Family::Autodiff,
    ] {
        let killed = |row: &&Row| {
            row.implementation.word() == family.word() && matches!(row.status, Status::Killed(_))
        };
        assert!(over_time(&matrix).filter(killed).count() > 40, "{}", family.word());
    }
    // An equivalent mutant with a wrong reason, or one whose hook is not reached, would show.
    for word in ["NOT EQUIVALENT", "UNAPPLIED", "SURVIVED"] {
        assert_eq!(matrix.count(word), 0);
    }
    assert!(over_time(&matrix).filter(|row| row.status.word() == "equivalent").count() > 50);
}

/// Off, a ReLU stands at its kink with the rate 0: under `left` alone the slope there is that at its net input.
#[test]
fn a_slope_taken_at_the_rate_shows_in_a_relu_unless_the_convention_is_left() {
    let matrix = kill_matrix(&Limits::default()).unwrap();
    let rows =
        |witness: &'static str| matrix.of(Mutant::T31).filter(move |row| row.witness == witness);
    let is_killed = |row: &Row| matches!(row.status, Status::Killed(_));
    assert!(rows("temporal_right").count() > 15 && rows("temporal_right").all(is_killed));
    let is_equivalent = |row: &Row| matches!(row.status, Status::Equivalent { .. });
    assert!(rows("temporal_relu").count() > 15 && rows("temporal_relu").all(is_equivalent));
    let mut tried = 0;
    for (kink, shows) in [(Kink::Left, false), (Kink::Right, true), (Kink::Mean, true)] {
        let mut case = witness("temporal_right");
        case.kink = kink;
        let subject = OverTime::of(&case, &Limits::default()).unwrap();
        for host in hosts(&case) {
            let status = seen(&subject, Mutant::T31, &host, Compared::Gradient);
            let words = format!("{kink:?}, {}: {status:?}", host.words());
            assert_eq!(matches!(status, Status::Killed(_)), shows, "{words}");
            assert!(shows || matches!(status, Status::Survived), "{words}");
            tried += 1;
        }
    }
    assert!(tried > 45, "{tried}");
}

/// Everything is compared for each of them, and W alone besides for the one that is equivalent there.
#[test]
fn a_mutant_over_time_is_planned_once() {
    for entry in &CATALOGUE_OVER_TIME {
        let planned = PLAN.iter().filter(|planned| planned.fault == Fault::whole(entry.mutant));
        let gradient = planned.filter(|planned| planned.compared == Compared::Gradient);
        assert_eq!(gradient.count(), 1, "{}", entry.id);
    }
}

#[test]
fn witnesses_over_time_have_what_is_needed_to_see() {
    for witness in &WITNESSES_OVER_TIME {
        let case = witness.case_over_time().unwrap();
        let net = &case.network;
        assert!(case.duration() >= 4 && case.examples.len() >= 2, "{}", witness.name);
        assert!(net.neurons() >= 3 && net.leak != BigRational::from_integer(0.into()));
        let pairs = (0..net.neurons()).flat_map(|j| (0..j).map(move |p| (j, p)));
        let symmetric = pairs.filter(|(j, p)| net.recurrent[*j][*p] == net.recurrent[*p][*j]);
        assert_eq!(symmetric.count(), 0, "{}", witness.name);
    }
}

/// A witness with one restriction, and the mutants that it is blind to in the rules that `among` lets through.
struct Blind {
    restriction: &'static str,
    case: TemporalCase,
    compared: Compared,
    among: fn(&Host) -> bool,
    unseen: &'static [&'static str],
}

fn restricted(change: impl FnOnce(&mut TemporalCase)) -> TemporalCase {
    let mut case = witness("temporal_quadratic");
    change(&mut case);
    case
}

fn steps(case: &mut TemporalCase, duration: usize) {
    for example in &mut case.examples {
        example.input.truncate(duration);
        example.target.truncate(duration);
    }
}

fn several_taps_of_one_mu(host: &Host) -> bool {
    matches!(&host.rule, TemporalRule::Modprop(rule) if matches!(rule.mu, Mu::Scalar(_)))
}

/// So the witnesses have B ≥ 2, T ≥ 4, λ ≠ 0, a W that is not symmetric, slopes that change, types of two cells, μ that differs among
/// cells, both losses, readout biases and net inputs placed at a kink.
fn blind() -> Vec<Blind> {
    let any: fn(&Host) -> bool = |_| true;
    let gradient = |restriction, case, among, unseen| Blind {
        restriction,
        case,
        compared: Compared::Gradient,
        among,
        unseen,
    };
    let of_w = |restriction, case, among, unseen| Blind {
        compared: Compared::Recurrent,
        ..gradient(restriction, case, among, unseen)
    };
    vec![
        gradient(
            "one sequence",
            restricted(|c| c.examples.truncate(1)),
            any,
            &["T01", "T02", "T27", "T28"],
        ),
        gradient(
            "symmetric W",
            restricted(|c| {
                for j in 0..3 {
                    for p in 0..j {
                        c.network.recurrent[p][j] = c.network.recurrent[j][p].clone();
                    }
                }
            }),
            any,
            &["T13"],
        ),
        gradient(
            "λ = 0",
            restricted(|c| c.network.leak = BigRational::from_integer(0.into())),
            any,
            &["T08", "T23", "T24", "T25"],
        ),
        gradient(
            "λ = 0, but RTRL, whose Jacobian crosses from cell to cell",
            restricted(|c| c.network.leak = BigRational::from_integer(0.into())),
            |host| host.family() != Family::Rtrl,
            &["T02"],
        ),
        gradient(
            "linear σ",
            restricted(|c| c.network.activation = Activation::Identity),
            any,
            &["T03", "T04", "T31", "T32", "T33", "T34"],
        ),
        of_w(
            "two steps, W alone",
            restricted(|c| steps(c, 2)),
            any,
            &[
                "T04", "T05", "T06", "T08", "T09", "T10", "T13", "T14", "T15", "T16", "T17", "T18",
                "T19", "T20", "T21", "T23", "T25", "T30",
            ],
        ),
        of_w(
            "three steps, W alone",
            restricted(|c| steps(c, 3)),
            any,
            &["T05", "T06", "T17", "T23"],
        ),
        of_w(
            "three steps, W alone, but the autodiff form, whose first relay has a μ",
            restricted(|c| steps(c, 3)),
            |host| host.family() != Family::Autodiff,
            &["T18", "T19"],
        ),
        of_w(
            "three steps, W alone, one of several taps",
            restricted(|c| steps(c, 3)),
            |host| host.family() != Family::Mdgl,
            &["T20"],
        ),
        gradient("one μ for all", restricted(|_| ()), several_taps_of_one_mu, &["T17", "T18"]),
        gradient(
            "every cell its own type",
            restricted(|c| c.network.types = Some(vec![0, 1, 2])),
            any,
            &["T14", "T15"],
        ),
        gradient("every step counts", restricted(|_| ()), any, &["T26"]),
        gradient("the last step counts", restricted(|c| c.steps = Steps::Last), any, &["T40"]),
        gradient(
            "no readout biases",
            restricted(|c| c.network.readout_biases = None),
            any,
            &["T40"],
        ),
        gradient("no net input at a kink", restricted(|_| ()), any, &["T33"]),
        gradient("ReLU, convention left", witness("temporal_relu"), any, &["T31", "T33"]),
    ]
}

#[test]
fn each_restriction_hides_its_mutants_over_time() {
    let mut tried = 0;
    for blind in blind() {
        let all = hosts(&blind.case);
        let subject = OverTime::of(&blind.case, &Limits::default()).unwrap();
        for id in blind.unseen {
            let mutant = Mutant::from_id(id).unwrap();
            let among = |host: &&Host| mutant.has_meaning_in(host) && (blind.among)(host);
            for host in all.iter().filter(among) {
                let status = seen(&subject, mutant, host, blind.compared);
                assert!(
                    matches!(status, Status::Survived | Status::Unapplied),
                    "{}: {id} in {} is {status:?}",
                    blind.restriction,
                    host.words(),
                );
                tried += 1;
            }
        }
        // Blind for its restriction, not because it is dead.
        let alive = seen(&subject, Mutant::T35, &all[0], blind.compared);
        assert!(matches!(alive, Status::Killed(_)), "{}: {alive:?}", blind.restriction);
    }
    assert!(tried > 200, "{tried}");
}

/// Forwards or against time, a mutant is one bug and gives one wrong gradient; and so it does in BPTT and RTRL.
#[test]
fn both_orders_of_a_mutant_are_one_bug() {
    // T05 and T06 leave out other terms forwards than against time; T02 and T16 have a meaning in one order only.
    let apart = ["T02", "T05", "T06", "T16"];
    let case = witness("temporal_kinks");
    let mut compared = 0;
    for entry in CATALOGUE_OVER_TIME.iter().filter(|entry| !apart.contains(&entry.id)) {
        let all = hosts(&case);
        for pair in all.chunks(2) {
            let [one, other] = pair else { panic!("hosts come in pairs") };
            if !entry.mutant.has_meaning_in(one) || !entry.mutant.has_meaning_in(other) {
                continue;
            }
            let (one, other) =
                (mutated(&case, one, entry.mutant), mutated(&case, other, entry.mutant));
            let verdict = compare(&one, &other);
            assert!(verdict.is_agree(), "{}: {verdict:?}", entry.id);
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}

/// What explains a gradient that is meant to be that of `rule`.
fn explained(
    case: &TemporalCase,
    rule: &TemporalRule,
    theirs: &TemporalGradient<BigRational>,
) -> Vec<String> {
    let is_theirs = |other: &TemporalGradient<BigRational>| !compare(theirs, other).is_disagree();
    let search = mistakes(case, rule, &is_theirs, &Limits::default());
    assert_eq!(search.stopped, None);
    search.found.into_iter().map(|diagnosis| diagnosis.sentence).collect()
}

#[test]
fn a_wrong_gradient_over_time_is_explained_by_its_mutant() {
    let case = witness("temporal_kinks");
    let mut named = 0;
    for entry in &CATALOGUE_OVER_TIME {
        for host in hosts(&case).iter().take(2).filter(|host| entry.mutant.has_meaning_in(host)) {
            let theirs = mutated(&case, host, entry.mutant);
            let right = mutated_not(&case, host);
            let found = explained(&case, &TemporalRule::Bptt, &theirs);
            let named_here =
                found.iter().any(|sentence| sentence.ends_with(&format!("(mutant {})", entry.id)));
            let wrong = compare(&theirs, &right).is_disagree();
            assert_eq!(named_here, wrong, "{}: {found:?}", entry.id);
            named += usize::from(wrong);
        }
    }
    assert!(named > 40, "{named}");
}

fn mutated_not(case: &TemporalCase, host: &Host) -> TemporalGradient<BigRational> {
    TemporalReference::new(case, &Limits::default()).gradient(host, &Hook::none()).unwrap()
}

/// Which approximate rule has made a gradient is for the judge to say; here, what is looked for in which rule.
#[test]
fn mutants_are_looked_for_in_the_rule_that_is_meant() {
    let case = witness("temporal_relu");
    let run = |rule: &TemporalRule| {
        let limits = Limits::default();
        temporal::run(&case, rule, Evaluation::Causal, &limits).unwrap().gradient
    };
    // Without self-synapses, RTRL with a diagonal Jacobian is e-prop.
    let found = explained(&case, &TemporalRule::Bptt, &run(&TemporalRule::Eprop));
    assert!(found.iter().any(|sentence| sentence.ends_with("(mutant T10)")), "{found:?}");
    // A right gradient needs no diagnosis, in whatever rule it is right; an unknown mistake gets none.
    let right = run(&TemporalRule::Bptt);
    assert_eq!(explained(&case, &TemporalRule::Bptt, &right), Vec::<String>::new());
    let half = Mu::Scalar(BigRational::new(1.into(), 2.into()));
    let filter = TemporalRule::Modprop(Modprop {
        feedback: Feedback::Cell,
        taps: Taps::All,
        mu: half,
        form: Form::Filter,
    });
    assert_eq!(explained(&case, &filter, &run(&filter)), Vec::<String>::new());
    let mut unknown = right;
    unknown.recurrent[0][1] += BigRational::new(1.into(), 7.into());
    assert_eq!(explained(&case, &TemporalRule::Bptt, &unknown), Vec::<String>::new());
    // Meant to be ModProp, its mutants are those planted in ModProp.
    let host = Host { rule: filter.clone(), evaluation: Evaluation::Causal };
    let found = explained(&case, &filter, &mutated(&case, &host, Mutant::T34));
    assert!(found.iter().any(|sentence| sentence.ends_with("(mutant T34)")), "{found:?}");
}

/// The laboratory says so where it is asked for what there is not, and a kill it is not.
#[test]
fn what_is_not_compared_over_time_is_unchecked() {
    let case = witness("temporal_kinks");
    let subject = OverTime::of(&case, &Limits::default()).unwrap();
    let host = Implementation::Rule(hosts(&case).remove(0));
    for compared in [Compared::Update, Compared::Credits, Compared::Sweeps, Compared::Reads] {
        let (verdict, _) = subject.run(Fault::whole(Mutant::T35), &host, compared).unwrap();
        assert!(matches!(verdict, Verdict::Unchecked(_)), "{compared}: {verdict:?}");
    }
    let side = Implementation::Side(creditcheck::mutants::Side::Credit);
    assert!(subject.run(Fault::whole(Mutant::T35), &side, Compared::Gradient).is_err());
    assert_eq!(subject.implementations(Mutant::M01), []);
}
