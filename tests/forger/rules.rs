//! Every rule of the verifier is needed: for each there is a forgery to which nothing else objects.
//!
//! That is what a mutant verifier without the rule would accept. `case`, `kind` and `shape` end the walk, so that theirs is the only
//! objection by construction; of these the forgery is complete in all other respects.

use creditcheck::certificate::digest::sha256;
use creditcheck::certificate::verify::objections;
use creditcheck::certificate::{Certificate, Evidence, issue};
use creditcheck::spec::outcome::{Credit, GivenCredit};
use creditcheck::spec::{Activation, Kink, Limits, Network, Neuron, Parameters, Synapse, Wiring};
use creditcheck::textbook::credit;
use creditcheck::verdict::{Claim, Conclusion, Tier};
use creditcheck::wire::Document;
use num_rational::BigRational as Q;

use super::bases::{self, Base, SEED, reissued};
use crate::evidence::{disturbed, gather, settled};

/// A forgery that one rule alone refuses: the rule in words, its equation, part of the place that it names, and the forgery.
type Needed = (&'static str, &'static str, &'static str, fn(&Bases) -> Certificate);

const NEEDED: &[Needed] = &[
    ("the digest is that of the case", "digest", "the case", |b| {
        // Every point and start follows from the digest that is stated.
        let base = &b.layered;
        let other = format!("{} ", base.certificate.case_text);
        let found = gather(&base.case, &sha256(other.as_bytes()), SEED);
        let forged = issue(&base.case, other, SEED, found).unwrap();
        Certificate { case_text: base.certificate.case_text.clone(), ..forged }
    }),
    ("x = σ(s)", "D1", "rate of neuron 2", |b| own_value(&b.layered, true)),
    ("s = Wx + b", "D1", "net input of neuron 4", |b| {
        // The slope of an identity does not depend on where it is asked.
        with(&b.given, |found| {
            let of = &mut found.credit.examples[0];
            of.net_input[Neuron(4)] = &of.net_input[Neuron(4)] + Q::from_integer(1.into());
        })
    }),
    ("x near σ(s), where σ is given", "D1", "rate of neuron 3", |b| own_value(&b.given, true)),
    ("β near σ′(s), where σ is given", "D2", "balance factor of neuron 3", |b| {
        own_value(&b.given, false)
    }),
    ("β = f(s)", "D2", "balance factor of neuron 2", |b| {
        let mut found = b.own.evidence.clone();
        let wiring = Wiring::of(&b.own.case);
        found.credit.examples[0].balance_factor[Neuron(2)] += Q::from_integer(1.into());
        let given = found.credit.examples.iter().map(|e| GivenCredit {
            firing_rate: e.firing_rate.clone(),
            balance_factor: e.balance_factor.clone(),
            external_credit: e.external_credit.clone(),
        });
        let given: Vec<_> = given.collect();
        let (parameters, rate) = (Parameters::of(&b.own.case), &b.own.case.learning_rate);
        let (credits, update) =
            credit::run_given(&wiring, &parameters, rate, &given, &Limits::default()).unwrap();
        found.credit.update = update;
        for (example, credits) in found.credit.examples.iter_mut().zip(credits) {
            example.credit = credits.map(|c| Credit(c.clone()));
        }
        reissued(b.own.case.clone(), found).unwrap()
    }),
    ("c = Wᵀ(β∘c) + e", "D3", "credit of neuron 0", |b| {
        with(&b.layered, |found| {
            let credit = &mut found.credit.examples[1].credit[Neuron(0)];
            credit.0 += Q::from_integer(1.into());
        })
    }),
    ("ΔW = η ⟨β c x⟩", "D4", "synapse 3", |b| {
        with(&b.layered, |found| {
            found.credit.update.weights[Synapse(3)] += Q::from_integer(1.into());
        })
    }),
    ("x̄ = Wᵀδ", "D6", "adjoint of neuron 1", |b| {
        with(&b.layered, |found| {
            let backward = found.backprop.as_mut().unwrap();
            backward.examples[0].adjoint[0][1].0 += Q::from_integer(1.into());
        })
    }),
    ("∂L/∂W = ⟨δ x⟩", "D7", "bias of neuron 4", |b| {
        with(&b.layered, |found| {
            let gradient = &mut found.backprop.as_mut().unwrap().gradient;
            gradient.biases[1].as_mut().unwrap()[0] += Q::from_integer(1.into());
        })
    }),
    ("derivatives along directions", "D8", "derivative along direction 2", |b| {
        with(&b.layered, |found| {
            found.tangent.as_mut().unwrap().derivatives[2] += Q::from_integer(1.into());
        })
    }),
    ("derivatives at rates", "D8", "derivative at the rate of neuron 3", |b| {
        with(&b.graph, |found| {
            let responses = found.tangent.as_mut().unwrap().responses.as_mut().unwrap();
            responses[0][Neuron(3)] += Q::from_integer(1.into());
        })
    }),
    ("(I − Wᵀ diag β) M = I", "D9", "M at row", |b| {
        // A column that no credit reads: that of a neuron which is no output.
        let mut forged = with(&b.cycle, |found| {
            found.inverses.as_mut().unwrap()[0].credit[2][1] += Q::from_integer(1.into());
        });
        // The issuer counts the product; whoever forges writes down what an inverse would give.
        for row in forged.claims.iter_mut().filter(|row| row.claim == Claim::Recurrent) {
            (row.verdict, row.reason, row.differing) = (Some(Conclusion::Agree), None, 0);
        }
        forged
    }),
    ("no net input on a kink", "D9", "net input of neuron 1", |b| on_a_kink(&b.cycle)),
    ("the equilibrium that the case names", "D9", "rate of neuron 2", |b| {
        let mut case = b.named.case.clone();
        let rates = case.examples[0].equilibrium.as_mut().unwrap();
        rates[Neuron(2)] += Q::from_integer(1.into());
        reissued(case, b.named.evidence.clone()).unwrap()
    }),
    ("the equilibrium from rest", "D9", "rates", |_| another_equilibrium()),
    ("D3 at a point", "P (D3)", "credit of neuron 0", |b| {
        drawn(&b.layered, |found| found.draws[1].examples[0].credit[Neuron(0)] ^= 1)
    }),
    ("D6 at a point", "P (D6)", "adjoint of neuron 0", |b| {
        drawn(&b.layered, |found| found.draws[0].examples[1].adjoint[Neuron(0)] ^= 1)
    }),
    ("D4 at a point", "P (D4)", "synapse 1", |b| {
        drawn(&b.layered, |found| found.draws[0].update.weights[Synapse(1)] ^= 1)
    }),
    ("D7 at a point", "P (D7)", "bias of neuron 2", |b| {
        drawn(&b.layered, |found| {
            found.draws[0].gradient.as_mut().unwrap().biases[Neuron(2)] ^= 1;
        })
    }),
    ("the arbiter at a point", "P (D6)", "adjoint of neuron 4", |b| {
        drawn(&b.graph, |found| found.draws[1].examples[1].adjoint[Neuron(4)] ^= 1)
    }),
    ("the convention in words", "words", "kink", |b| {
        stated(&b.kinked, |c| c.kink = "the slope at a kink is what it is elsewhere".into())
    }),
    ("the number of entries", "C1", "entries", |b| {
        stated(&b.layered, |c| c.claims[0].entries += 1)
    }),
    ("how many are not zero", "C2", "nonzero", |b| {
        stated(&b.layered, |c| c.claims[1].nonzero -= 1)
    }),
    ("how many differ", "C2", "differing", |b| stated(&b.own, |c| c.claims[1].differing -= 1)),
    ("the verdict", "C1", "verdict", |b| {
        stated(&b.dead, |c| c.claims[0].verdict = Some(Conclusion::Agree))
    }),
    ("no verdict on what was observed", "C6", "verdict", |b| {
        let agree = |c: &mut Certificate| {
            let row = c.claims.iter_mut().find(|row| row.claim == Claim::Locality);
            row.unwrap().verdict = Some(Conclusion::Agree);
        };
        stated(&b.layered, agree)
    }),
    ("the reason", "C1", "reason", |b| {
        stated(&b.dead, |c| c.claims[0].reason = Some("nothing to speak of".into()))
    }),
    ("no reason where none is due", "C1", "reason", |b| {
        stated(&b.layered, |c| c.claims[0].reason = Some("none".into()))
    }),
    ("the error bound", "C1", "soundness", |b| {
        let bound = |c: &mut Certificate| {
            let row = c.claims.iter_mut().find(|row| row.tier == Tier::Identity);
            row.unwrap().soundness.as_mut().unwrap().log2_bound = -1000;
        };
        stated(&b.layered, bound)
    }),
    ("what was compared, in words", "words", "compared", |b| {
        stated(&b.layered, |c| c.claims[0].compared.push_str(", at every network"))
    }),
    ("what is taken for granted", "words", "assumptions", |b| {
        stated(&b.given, |c| c.claims[1].assumptions.clear())
    }),
    ("which rows there are", "rows", "claims[", |b| stated(&b.layered, |c| drop(c.claims.pop()))),
    ("draws cannot be left out", "shape", "draws", |b| {
        stated(&b.graph, |c| {
            c.witnesses.draws.clear();
            c.claims.retain(|row| row.tier == Tier::Exact);
        })
    }),
    ("no β that no equation binds", "case", "network", |b| {
        let mut case = b.layered.case.clone();
        let Network::Layered(net) = &mut case.network else { panic!("layers") };
        net.layers[0].balance = Some(Activation::Tanh);
        reissued(case, b.layered.evidence.clone()).unwrap()
    }),
];

/// What the table forges from.
struct Bases {
    layered: Base,
    kinked: Base,
    given: Base,
    own: Base,
    dead: Base,
    graph: Base,
    cycle: Base,
    named: Base,
}

impl Bases {
    fn new() -> Self {
        let [layered, kinked, given, own, dead, graph, cycle, named] =
            bases::all().try_into().ok().expect("eight bases");
        Self { layered, kinked, given, own, dead, graph, cycle, named }
    }
}

/// Evidence changed under its case, and everything that follows from it made anew.
fn with(base: &Base, change: impl FnOnce(&mut Evidence)) -> Certificate {
    let mut found = base.evidence.clone();
    change(&mut found);
    reissued(base.case.clone(), found).unwrap()
}

/// Draws changed, and the rows that follow from them.
fn drawn(base: &Base, change: impl FnOnce(&mut Evidence)) -> Certificate {
    let mut found = settled(&base.case, &base.certificate.case_digest, SEED, base.evidence.clone());
    change(&mut found);
    issue(&base.case, base.certificate.case_text.clone(), SEED, found).unwrap()
}

fn stated(base: &Base, change: impl FnOnce(&mut Certificate)) -> Certificate {
    let mut certificate = base.certificate.clone();
    change(&mut certificate);
    certificate
}

fn own_value(base: &Base, rate: bool) -> Certificate {
    let at = if base.case.is_exact() { Neuron(2) } else { Neuron(3) };
    // For a given value this is a hundred times what one rounding of each step allows.
    let step = Q::new(1.into(), num_bigint::BigInt::from(1) << 42);
    let found = disturbed(&base.case, &base.certificate.case_digest, SEED, &|_, post, x, beta| {
        if post == at {
            *(if rate { x } else { beta }) += &step;
        }
    });
    reissued(base.case.clone(), found).unwrap()
}

/// A leaky relu of slope 1 is the identity, but for its kink; its neuron is made to stand on it.
fn on_a_kink(base: &Base) -> Certificate {
    let mut case = base.case.clone();
    let at = Neuron(1);
    let Network::Graph(net) = &mut case.network else { panic!("a graph") };
    net.activations[at] = Activation::Identity;
    let moved = |by: &Q| {
        let mut moved = case.clone();
        let Network::Graph(net) = &mut moved.network else { panic!("a graph") };
        net.biases.as_mut().unwrap()[at] += by;
        moved
    };
    let net_input =
        |by: &Q| gather(&moved(by), "any", SEED).credit.examples[0].net_input[at].clone();
    // Straight between the kinks of the others: secants come to lie on 0 exactly.
    let (zero, one) = (Q::from_integer(0.into()), Q::from_integer(1.into()));
    let (mut by, step) = (zero.clone(), Q::new(1.into(), 1024.into()));
    for _ in 0..20 {
        let (s, next) = (net_input(&by), net_input(&(&by + &step)));
        if s == zero {
            break;
        }
        by -= &s * &step / (next - &s);
    }
    let case = moved(&by);
    let found = gather(&case, "any", SEED);
    assert_eq!(found.credit.examples[0].net_input[at], zero);
    let mut kinked = case;
    let Network::Graph(net) = &mut kinked.network else { panic!("a graph") };
    net.activations[at] = Activation::LeakyRelu { slope: one };
    kinked.kink = Kink::Left;
    reissued(kinked, found).unwrap()
}

/// A neuron that keeps itself at −1 or at 1: from rest it goes to 1.
fn another_equilibrium() -> Certificate {
    const CASE: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [2],
      "activation": ["identity", "hard_tanh", "identity"], "synapses": [[1, 0, "1/8"], [1, 1, "2"], [2, 1, "1/2"], [2, 0, "1/4"]],
      "biases": ["0", "0", "1/16"]}, "loss": "half_squared_error", "learning_rate": "1/2",
      "examples": [{"input": ["1"], "target": ["1"]}], "equilibrium": [["1", "-1", "-3/16"]]}"#;
    let document = Document::read(CASE.as_bytes(), &Limits::default()).unwrap();
    let found = gather(&document.case, &document.digest(), SEED);
    let mut case = document.case;
    case.examples[0].equilibrium = None;
    reissued(case, found).unwrap()
}

#[test]
fn for_every_rule_there_is_a_forgery_that_it_alone_refuses() {
    let bases = Bases::new();
    for (rule, equation, place, forge) in NEEDED {
        let found = objections(&forge(&bases));
        let listed: Vec<_> = found.iter().map(|r| format!("{} {}", r.equation, r.place)).collect();
        // One equation, in as many examples as were forged.
        assert!(!found.is_empty(), "{rule}: nothing refuses it");
        assert!(found.iter().all(|r| r.equation == *equation), "{rule}: {listed:#?}");
        assert!(found.iter().all(|r| r.place.contains(place)), "{rule}: {listed:#?}");
    }
    println!("{} rules, each of them needed", NEEDED.len());
    // The bases themselves are certificates.
    for base in bases::all() {
        assert_eq!(objections(&base.certificate), []);
    }
}
