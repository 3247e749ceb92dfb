//! C1–C6: every row of claims computed again from the confirmed witnesses, and compared field by field.

use num_rational::BigRational;

use super::counts::Count;
use super::draws::{minus, times};
use super::{Confirmed, Ground, Refusal, confirm, credit, gates, refusal};
use crate::certificate::digest::{self, DRAW_EXAMPLES, PRIME};
use crate::certificate::words;
use crate::certificate::{ClaimRow, MOST_UNIT_DIRECTIONS, PerParameter, Soundness};
use crate::spec::PerNeuron;
use crate::verdict::{Claim, Tier};

/// Refuses unless the rows are exactly those that the witnesses give.
pub fn check(ground: &Ground<'_>, examples: &[Confirmed]) -> Result<(), Refusal> {
    let expected = rows(ground, examples);
    let found = &ground.certificate.claims;
    for (found, expected) in found.iter().zip(&expected) {
        let name = expected.claim.id();
        let at = |field: &'static str| {
            move || format!("row {name} at {}, {field}", expected.tier.letter())
        };
        confirm(name, &found.claim.id(), &name, at("claim"))?;
        confirm(name, &found.tier.letter(), &expected.tier.letter(), at("tier"))?;
        confirm(name, &found.entries, &expected.entries, at("entries"))?;
        confirm(name, &found.nonzero, &expected.nonzero, at("nonzero"))?;
        confirm(name, &found.differing, &expected.differing, at("differing"))?;
        let word = words::verdict;
        confirm(name, &word(found.verdict), &word(expected.verdict), at("verdict"))?;
        // In quotes, so that a reason which reads "none" is not none.
        let text = |reason: &Option<String>| {
            reason.as_ref().map_or_else(|| "none".to_owned(), |reason| format!("{reason:?}"))
        };
        confirm(name, &text(&found.reason), &text(&expected.reason), at("reason"))?;
        let bound = |soundness: &Option<Soundness>| match soundness {
            None => "no error bound".to_owned(),
            Some(s) => format!(
                "{} variables, degree {}, prime {}, {} draws, at most 2^{}",
                s.variables, s.degree, s.prime, s.draws, s.log2_bound
            ),
        };
        confirm(name, &bound(&found.soundness), &bound(&expected.soundness), at("soundness"))?;
        confirm("words", &found.compared, &expected.compared, at("compared"))?;
        let (found, wanted) = (found.assumptions.join("; "), expected.assumptions.join("; "));
        confirm("words", &found, &wanted, at("assumptions"))?;
    }
    let name = |row: Option<&ClaimRow>| {
        row.map_or_else(
            || "nothing".to_owned(),
            |r| format!("{} at {}", r.claim.id(), r.tier.letter()),
        )
    };
    let shorter = found.len().min(expected.len());
    let (found, wanted) = (name(found.get(shorter)), name(expected.get(shorter)));
    let place = format!("claims[{shorter}]");
    if found == wanted { Ok(()) } else { Err(refusal("rows", place, found, wanted)) }
}

fn rows(ground: &Ground<'_>, examples: &[Confirmed]) -> Vec<ClaimRow> {
    let dead = || gates::hidden_dead(ground, examples);
    let credits = credits(ground, examples);
    let (updates, along) = (updates(ground), along_directions(ground));
    let mut rows = Vec::new();
    let mut push = |claim, count: Option<Count>, vacuous: Option<String>| {
        rows.extend(count.map(|count| row(ground, claim, Tier::Exact, &count, vacuous, None)));
    };
    push(Claim::Credit, credits, dead());
    let unseen = dead().or_else(|| gates::zero_block(ground));
    let still = || gates::still(ground).or_else(dead);
    if ground.layered {
        push(Claim::Update, updates, unseen);
        push(Claim::Truth, along, still());
    } else {
        push(Claim::Update, along, unseen);
        push(Claim::Truth, truth_of_graph(ground, examples), still());
    }
    let recurrent = ground.wiring.is_recurrent();
    if !recurrent {
        let (settling, shown) = settling(ground, examples);
        push(Claim::Settling, Some(settling), (!shown).then(|| words::NO_SHORT_WITNESS.to_owned()));
    }
    push(Claim::Locality, Some(locality(ground)), None);
    if recurrent {
        let mut count = inverses(ground, examples);
        along_directions(ground).into_iter().for_each(|along| count.append(along));
        push(Claim::Recurrent, Some(count), still());
    }
    if !ground.certificate.witnesses.draws.is_empty() {
        let bound = soundness(ground);
        let prime =
            |claim, count| row(ground, claim, Tier::Identity, &count, None, Some(bound.clone()));
        rows.push(prime(Claim::Credit, drawn_credits(ground)));
        if ground.layered {
            rows.push(prime(Claim::Update, drawn_updates(ground)));
        }
    }
    rows
}

fn row(
    ground: &Ground<'_>,
    claim: Claim,
    tier: Tier,
    count: &Count,
    vacuous: Option<String>,
    soundness: Option<Soundness>,
) -> ClaimRow {
    let (verdict, reason) = count.conclude(vacuous);
    let subject = words::Subject {
        version: ground.certificate.version,
        layered: ground.layered,
        recurrent: ground.wiring.is_recurrent(),
        given: !ground.exact,
        unit_directions: ground.wiring.parameters() <= MOST_UNIT_DIRECTIONS,
    };
    // Nobody but the issuer saw the reads: there is no verdict to confirm, only what may be read.
    let observed = claim == Claim::Locality;
    ClaimRow {
        claim,
        tier,
        verdict: if observed { words::observed(subject.version) } else { Some(verdict) },
        reason,
        compared: words::compared(claim, tier, ground.layered, !ground.exact).to_owned(),
        entries: count.entries,
        nonzero: count.nonzero,
        differing: count.differing,
        soundness,
        assumptions: words::assumptions(claim, tier, subject),
    }
}

/// C1; nothing where there is neither backpropagation nor arbiter.
fn credits(ground: &Ground<'_>, examples: &[Confirmed]) -> Option<Count> {
    let mut count = Count::default();
    for (number, (witness, known)) in
        ground.certificate.witnesses.examples.iter().zip(examples).enumerate()
    {
        let reference = match (&witness.backprop, &witness.response) {
            (Some(backward), _) => &backward.adjoint,
            (None, Some(response)) => response,
            (None, None) => return None,
        };
        for (neuron, found) in witness.credit.indexed() {
            count.see(found, &-&reference[neuron], || words::at_credit(number, neuron.0));
        }
        let Some(backward) = &witness.backprop else { continue };
        for (post, found) in known.retrograde.indexed() {
            if !ground.wiring.is_input[post] {
                count.see(found, &-&backward.delta[post], || words::at_delta(number, post.0));
            }
        }
    }
    Some(count)
}

/// C2 on a layered network.
fn updates(ground: &Ground<'_>) -> Option<Count> {
    let witnesses = &ground.certificate.witnesses;
    let gradient = witnesses.gradient.as_ref()?;
    let descent = -&ground.certificate.case.learning_rate;
    let mut count = Count::default();
    for (synapse, ends) in ground.wiring.synapses.indexed() {
        let reference = ground.account.product(&descent, &gradient.weights[synapse]);
        count.see(&witnesses.update.weights[synapse], &reference, || {
            words::at_weight(synapse.0, ends.post.0, ends.pre.0)
        });
    }
    for (post, _) in ground.wiring.has_bias.indexed().filter(|(_, has)| **has) {
        let reference = ground.account.product(&descent, &gradient.biases[post]);
        count.see(&witnesses.update.biases[post], &reference, || words::at_bias(post.0));
    }
    Some(count)
}

/// C3 on a layered network, C2 on a graph: gradient (if there is one) and update along every direction.
fn along_directions(ground: &Ground<'_>) -> Option<Count> {
    let witnesses = &ground.certificate.witnesses;
    let tangent = witnesses.tangent.as_ref()?;
    let descent = -&ground.certificate.case.learning_rate;
    let mut count = Count::default();
    for (k, (direction, derivative)) in
        ground.directions.iter().zip(&tangent.derivatives).enumerate()
    {
        if let Some(gradient) = &witnesses.gradient {
            let found = inner(ground, gradient, direction);
            count.see(&found, derivative, || words::at_direction(k, "gradient"));
        }
        let found = inner(ground, &witnesses.update, direction);
        let reference = ground.account.product(&descent, derivative);
        count.see(&found, &reference, || words::at_direction(k, "update"));
    }
    Some(count)
}

/// C3 on a graph: C1 and C2 together, both being against the arbiter there.
fn truth_of_graph(ground: &Ground<'_>, examples: &[Confirmed]) -> Option<Count> {
    let mut both = credits(ground, examples)?;
    let along = along_directions(ground)?;
    both.append(along);
    Some(both)
}

/// ⟨G, H⟩.
fn inner(
    ground: &Ground<'_>,
    values: &PerParameter<BigRational>,
    direction: &PerParameter<BigRational>,
) -> BigRational {
    let mut sum = ground.account.sum();
    values.weights.iter().zip(direction.weights.iter()).for_each(|(a, b)| sum.add_product(a, b));
    values.biases.iter().zip(direction.biases.iter()).for_each(|(a, b)| sum.add_product(a, b));
    sum.total()
}

/// C5, and whether some neuron with the longest path shows that depth sweeps are too few.
fn settling(ground: &Ground<'_>, examples: &[Confirmed]) -> (Count, bool) {
    let certificate = ground.certificate;
    let start = digest::start(&certificate.case_digest, certificate.seed, &ground.wiring);
    let highest = ground.heights.iter().copied().max().unwrap_or(0);
    let (mut count, mut shown) = (Count::default(), false);
    for (number, (witness, known)) in
        certificate.witnesses.examples.iter().zip(examples).enumerate()
    {
        let mut credits = start.clone();
        for sweeps in 1..=highest + 1 {
            let retrograde = PerNeuron::from_fn(credits.len(), |post| {
                ground.account.product(&witness.balance_factor[post], &credits[post])
            });
            credits = credit::sweep(ground, &retrograde, &known.external);
            for (neuron, settled) in witness.credit.indexed() {
                let height = ground.heights[neuron];
                let place = || words::at_credit(number, neuron.0);
                if sweeps == height + 1 {
                    count.see(&credits[neuron], settled, place);
                }
                if sweeps == highest + 1 {
                    count.see(&credits[neuron], settled, place);
                }
                let last = height == highest && sweeps == highest;
                shown |= last && credits[neuron] != *settled;
            }
        }
    }
    (count, shown)
}

/// C7: the entries of (I − Wᵀ diag β) M, which D9 confirmed, and the credits against M e.
fn inverses(ground: &Ground<'_>, examples: &[Confirmed]) -> Count {
    let mut count = Count::default();
    let witnesses = &ground.certificate.witnesses.examples;
    for (number, (witness, known)) in witnesses.iter().zip(examples).enumerate() {
        let Some(inverses) = &witness.inverses else { continue };
        for row in 0..inverses.credit.len() {
            for column in 0..inverses.credit.len() {
                count.tally(true, row != column, || words::at_inverse(number, row, column));
            }
        }
        for (pre, row) in inverses.credit.iter().enumerate() {
            let mut credit = ground.account.sum();
            row.iter().zip(known.external.iter()).for_each(|(a, b)| credit.add_product(a, b));
            let found = &witness.credit[crate::spec::Neuron(pre)];
            count.see(found, &credit.total(), || words::at_credit(number, pre));
        }
    }
    count
}

/// C6: a read for every factor and term that D3 and D4 name, each neuron, synapse and bias, each example.
fn locality(ground: &Ground<'_>) -> Count {
    let (neurons, synapses) = (ground.wiring.neurons(), ground.wiring.synapses.len());
    let biases = ground.wiring.parameters() - synapses;
    // relax: e_j, and W_ij, β_i, c_i of each synapse through which credit comes back; plasticity: η, β_i, c_i, and x_j but for a bias.
    let returning: usize = ground.wiring.returning.iter().map(Vec::len).sum();
    let reads = neurons + 3 * returning + 4 * synapses + 3 * biases;
    let entries = reads * ground.certificate.case.examples.len();
    Count::of(entries)
}

fn soundness(ground: &Ground<'_>) -> Soundness {
    let wiring = &ground.wiring;
    let per_example = 2 * wiring.neurons() - wiring.inputs.len() + wiring.outputs.len();
    let degree = digest::degree(ground.depth);
    let (draws, log2_bound) = digest::draws(degree);
    Soundness {
        variables: wiring.synapses.len() + 1 + DRAW_EXAMPLES * per_example,
        degree,
        prime: PRIME,
        draws,
        log2_bound,
    }
}

/// C1 at P.
fn drawn_credits(ground: &Ground<'_>) -> Count {
    let certificate = ground.certificate;
    let mut count = Count::default();
    for (number, draw) in certificate.witnesses.draws.iter().enumerate() {
        let point =
            digest::point(&certificate.case_digest, certificate.seed, number, &ground.wiring);
        for (k, (found, given)) in draw.examples.iter().zip(&point.examples).enumerate() {
            for (neuron, &credit) in found.credit.indexed() {
                let reference = minus(found.adjoint[neuron]);
                count.tally(credit == reference, reference == 0, || {
                    words::in_draw(number, &words::at_credit(k, neuron.0))
                });
            }
            for (post, &credit) in found.credit.indexed() {
                if !ground.layered || ground.wiring.is_input[post] {
                    continue;
                }
                let factor = given.balance_factor[post];
                let reference = minus(times(factor, found.adjoint[post]));
                count.tally(times(factor, credit) == reference, reference == 0, || {
                    words::in_draw(number, &words::at_delta(k, post.0))
                });
            }
        }
    }
    count
}

/// C2 at P.
fn drawn_updates(ground: &Ground<'_>) -> Count {
    let certificate = ground.certificate;
    let mut count = Count::default();
    for (number, draw) in certificate.witnesses.draws.iter().enumerate() {
        let Some(gradient) = &draw.gradient else { continue };
        let point =
            digest::point(&certificate.case_digest, certificate.seed, number, &ground.wiring);
        let reference = |gradient: u64| minus(times(point.learning_rate, gradient));
        for (synapse, ends) in ground.wiring.synapses.indexed() {
            let expected = reference(gradient.weights[synapse]);
            count.tally(draw.update.weights[synapse] == expected, expected == 0, || {
                words::in_draw(number, &words::at_weight(synapse.0, ends.post.0, ends.pre.0))
            });
        }
        for (post, _) in ground.wiring.has_bias.indexed().filter(|(_, has)| **has) {
            let expected = reference(gradient.biases[post]);
            count.tally(draw.update.biases[post] == expected, expected == 0, || {
                words::in_draw(number, &words::at_bias(post.0))
            });
        }
    }
    count
}
