//! The issuer's count of every row of claims.
//!
//! Written apart from the verifier's: each compares in its own way, and they must come to the same rows.

use num_rational::BigRational;
use num_traits::Zero;

use super::digest::{self, DRAW_EXAMPLES, PRIME};
use super::external::of_outputs;
use super::{Certificate, ClaimRow, MOST_UNIT_DIRECTIONS, Settling, Soundness, words};
use crate::spec::{Activation, Network, Neuron, Parameters, Wiring};
use crate::verdict::{Claim, Conclusion, Tier, blocks};

/// One compared entry: what one side has, what the reference has, and where.
struct Entry<T> {
    found: T,
    reference: T,
    place: String,
}

fn entry<T>(found: T, reference: T, place: String) -> Entry<T> {
    Entry { found, reference, place }
}

struct Rows<'a> {
    certificate: &'a Certificate,
    wiring: &'a Wiring,
    layered: bool,
    given: bool,
    list: Vec<ClaimRow>,
}

/// Every row, in the order C1, C2, C3, C5, C6, C7 at Q, then C1, C2 at P.
pub fn rows(certificate: &Certificate, wiring: &Wiring, settling: &Settling) -> Vec<ClaimRow> {
    let exact =
        certificate.case.is_exact() && wiring.balances.iter().flatten().all(Activation::is_exact);
    let layered = matches!(certificate.case.network, Network::Layered(_));
    let mut rows = Rows { certificate, wiring, layered, given: !exact, list: Vec::new() };
    rows.write(settling);
    rows.list
}

impl Rows<'_> {
    fn write(&mut self, settling: &Settling) {
        let witnesses = &self.certificate.witnesses;
        let dead = self.is_dead().then(|| words::HIDDEN_DEAD.to_owned());
        let dead = || dead.clone();
        let has_reference = self.layered || witnesses.examples.iter().all(|e| e.response.is_some());
        let credits = || self.credits();
        let (credits, directions) =
            (if has_reference { credits() } else { vec![] }, self.directions());
        // Credits that are not zero do not make up for derivatives that all are.
        let still = directions.iter().all(|entry| entry.reference.is_zero());
        let still = || still.then(|| words::ALL_ZERO.to_owned());
        if has_reference {
            self.push(Claim::Credit, &credits, dead());
        }
        if self.layered {
            let updates = self.updates();
            let unseen = dead().or_else(|| self.zero_block(&updates));
            self.push(Claim::Update, &updates, unseen);
        }
        if witnesses.tangent.is_some() {
            if self.layered {
                self.push(Claim::Truth, &directions, still().or_else(dead));
            } else {
                let unseen = dead().or_else(|| self.zero_block(&directions));
                self.push(Claim::Update, &directions, unseen);
                let both: Vec<_> = credits.into_iter().chain(directions).collect();
                self.push(Claim::Truth, &both, still().or_else(dead));
            }
        }
        if !self.wiring.is_recurrent() {
            let (settled, shown) = self.settling(settling);
            self.push(
                Claim::Settling,
                &settled,
                (!shown).then(|| words::NO_SHORT_WITNESS.to_owned()),
            );
        }
        let one = BigRational::from_integer(1.into());
        let reads: Vec<_> =
            (0..self.reads()).map(|_| entry(one.clone(), one.clone(), String::new())).collect();
        self.push(Claim::Locality, &reads, None);
        if let Some(row) = self.list.last_mut() {
            row.verdict = words::observed(self.certificate.version);
        }
        if self.wiring.is_recurrent() {
            let recurrent: Vec<_> = self.inverses().into_iter().chain(self.directions()).collect();
            let moved = &witnesses.update;
            let still = match witnesses.tangent {
                Some(_) => still(),
                None => (moved.weights.iter().chain(moved.biases.iter()).all(Zero::is_zero))
                    .then(|| words::ALL_ZERO.to_owned()),
            };
            self.push(Claim::Recurrent, &recurrent, still.or_else(dead));
        }
        if !witnesses.draws.is_empty() {
            self.draws();
        }
    }

    fn push(&mut self, claim: Claim, entries: &[Entry<BigRational>], vacuous: Option<String>) {
        let row = self.row(claim, Tier::Exact, entries, |value| value.is_zero(), vacuous);
        self.list.push(row);
    }

    fn row<T: PartialEq>(
        &self,
        claim: Claim,
        tier: Tier,
        entries: &[Entry<T>],
        is_zero: impl Fn(&T) -> bool,
        vacuous: Option<String>,
    ) -> ClaimRow {
        let wrong: Vec<_> = entries.iter().filter(|e| e.found != e.reference).collect();
        let nonzero = entries.iter().filter(|e| !is_zero(&e.reference)).count();
        let (verdict, reason) = if let Some(first) = wrong.first() {
            (Conclusion::Disagree, Some(first.place.clone()))
        } else if nonzero == 0 {
            (Conclusion::Unchecked, Some(words::ALL_ZERO.to_owned()))
        } else if let Some(reason) = vacuous {
            (Conclusion::Unchecked, Some(reason))
        } else {
            (Conclusion::Agree, None)
        };
        let subject = words::Subject {
            version: self.certificate.version,
            layered: self.layered,
            recurrent: self.wiring.is_recurrent(),
            given: self.given,
            unit_directions: self.has_unit_directions(),
        };
        ClaimRow {
            claim,
            tier,
            verdict: Some(verdict),
            reason,
            compared: words::compared(claim, tier, self.layered, self.given).to_owned(),
            entries: entries.len(),
            nonzero,
            differing: wrong.len(),
            soundness: (tier == Tier::Identity).then(|| self.soundness()),
            assumptions: words::assumptions(claim, tier, subject),
        }
    }

    fn has_unit_directions(&self) -> bool {
        self.wiring.parameters() <= MOST_UNIT_DIRECTIONS
    }

    /// The first block of parameters whose entries, synapses and then biases, are all zero on the reference side.
    fn zero_block(&self, entries: &[Entry<BigRational>]) -> Option<String> {
        if !self.layered && !self.has_unit_directions() {
            return None;
        }
        let biased = self.wiring.has_bias.indexed().filter(|(_, has)| **has).map(|(post, _)| post);
        let biased: Vec<_> = biased.collect();
        let place = |post: &Neuron| biased.binary_search(post).ok();
        let synapses = self.wiring.synapses.len();
        let is_zero = |k: usize| entries.get(k).is_none_or(|entry| entry.reference.is_zero());
        let all = blocks(&self.certificate.case);
        let zero = all.iter().find(|block| {
            block.synapses.iter().all(|synapse| is_zero(synapse.0))
                && block.biases.iter().filter_map(place).all(|rank| is_zero(synapses + rank))
        });
        zero.map(|block| words::zero_block(&block.name))
    }

    /// Hidden neurons there are, and β∘c is zero at each of them in each example.
    fn is_dead(&self) -> bool {
        let live = |neuron| {
            self.certificate.witnesses.examples.iter().any(|example| {
                !example.balance_factor[neuron].is_zero() && !example.credit[neuron].is_zero()
            })
        };
        let hidden: Vec<_> = self
            .wiring
            .is_input
            .indexed()
            .filter(|(neuron, input)| !**input && !self.wiring.outputs.contains(neuron))
            .collect();
        !hidden.is_empty() && !hidden.iter().any(|(neuron, _)| live(*neuron))
    }

    fn credits(&self) -> Vec<Entry<BigRational>> {
        let mut entries = Vec::new();
        for (b, example) in self.certificate.witnesses.examples.iter().enumerate() {
            let backward = example.backprop.as_ref();
            let Some(reference) = backward.map(|b| &b.adjoint).or(example.response.as_ref()) else {
                continue;
            };
            for (neuron, credit) in example.credit.indexed() {
                let place = words::at_credit(b, neuron.0);
                entries.push(entry(credit.clone(), -reference[neuron].clone(), place));
            }
            let Some(backward) = backward else { continue };
            for (post, credit) in example.credit.indexed() {
                if !self.wiring.is_input[post] {
                    let signal = &example.balance_factor[post] * credit;
                    let place = words::at_delta(b, post.0);
                    entries.push(entry(signal, -backward.delta[post].clone(), place));
                }
            }
        }
        entries
    }

    fn updates(&self) -> Vec<Entry<BigRational>> {
        let Certificate { witnesses, case, .. } = self.certificate;
        let Some(gradient) = &witnesses.gradient else { return Vec::new() };
        let descent = |value: &BigRational| -(&case.learning_rate * value);
        let weights = self.wiring.synapses.indexed().map(|(synapse, ends)| {
            let place = words::at_weight(synapse.0, ends.post.0, ends.pre.0);
            let reference = descent(&gradient.weights[synapse]);
            entry(witnesses.update.weights[synapse].clone(), reference, place)
        });
        let biased = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        let biases = biased.map(|(post, _)| {
            let reference = descent(&gradient.biases[post]);
            entry(witnesses.update.biases[post].clone(), reference, words::at_bias(post.0))
        });
        weights.chain(biases).collect()
    }

    fn directions(&self) -> Vec<Entry<BigRational>> {
        let Certificate { witnesses, case, case_digest, seed, .. } = self.certificate;
        let Some(tangent) = &witnesses.tangent else { return Vec::new() };
        let directions = digest::directions(case_digest, *seed, self.wiring);
        let mut entries = Vec::new();
        for (k, (direction, derivative)) in directions.iter().zip(&tangent.derivatives).enumerate()
        {
            let along = |values: &super::PerParameter<BigRational>| {
                let weights = values.weights.iter().zip(direction.weights.iter());
                let biases = values.biases.iter().zip(direction.biases.iter());
                weights
                    .chain(biases)
                    .filter(|(value, step)| !value.is_zero() && !step.is_zero())
                    .fold(BigRational::zero(), |sum, (value, step)| sum + value * step)
            };
            if let Some(gradient) = &witnesses.gradient {
                let place = words::at_direction(k, "gradient");
                entries.push(entry(along(gradient), derivative.clone(), place));
            }
            let reference = -(&case.learning_rate * derivative);
            let place = words::at_direction(k, "update");
            entries.push(entry(along(&witnesses.update), reference, place));
        }
        entries
    }

    fn settling(&self, settling: &Settling) -> (Vec<Entry<BigRational>>, bool) {
        let Some(heights) = self.wiring.heights() else { return (Vec::new(), false) };
        let depth = heights.iter().copied().max().unwrap_or(0);
        let (mut entries, mut shown) = (Vec::new(), false);
        let examples = self.certificate.witnesses.examples.iter();
        for (b, (example, sweeps)) in examples.zip(&settling.sweeps).enumerate() {
            for (sweep, credits) in sweeps.iter().enumerate().take(depth + 2) {
                for (neuron, settled) in example.credit.indexed() {
                    let found = &credits[neuron];
                    let compared =
                        usize::from(sweep == heights[neuron] + 1) + usize::from(sweep == depth + 1);
                    for _ in 0..compared {
                        let place = words::at_credit(b, neuron.0);
                        entries.push(entry(found.clone(), settled.clone(), place));
                    }
                    // The start itself shows nothing: at least one sweep must have been made.
                    let short = sweep == depth && sweep > 0 && heights[neuron] == depth;
                    shown |= short && found != settled;
                }
            }
        }
        (entries, shown)
    }

    /// C7: (I − Wᵀ diag β) M row by row, then M e.
    fn inverses(&self) -> Vec<Entry<BigRational>> {
        let weights = Parameters::of(&self.certificate.case).weights;
        let mut entries = Vec::new();
        let examples = &self.certificate.witnesses.examples;
        for (b, example) in examples.iter().enumerate() {
            let Some(inverse) = example.inverses.as_ref().map(|both| &both.credit) else {
                continue;
            };
            for (pre, row) in inverse.iter().enumerate() {
                let mut product = row.clone();
                for &synapse in &self.wiring.outgoing[Neuron(pre)] {
                    let post = self.wiring.synapses[synapse].post;
                    let signal = &weights[synapse] * &example.balance_factor[post];
                    for (entry, other) in product.iter_mut().zip(&inverse[post.0]) {
                        *entry -= &signal * other;
                    }
                }
                for (column, found) in product.into_iter().enumerate() {
                    let one = BigRational::from_integer(i32::from(pre == column).into());
                    entries.push(entry(found, one, words::at_inverse(b, pre, column)));
                }
            }
            let case = &self.certificate.case;
            let rate = |output| example.firing_rate[output].clone();
            let external = of_outputs(case, b, &self.wiring.outputs, rate);
            for (pre, row) in inverse.iter().enumerate() {
                let mut credit = BigRational::zero();
                for (output, e) in self.wiring.outputs.iter().zip(&external) {
                    credit += &row[output.0] * e;
                }
                let found = example.credit[Neuron(pre)].clone();
                entries.push(entry(found, credit, words::at_credit(b, pre)));
            }
        }
        entries
    }

    fn reads(&self) -> usize {
        let relaxing: usize = self.wiring.returning.iter().map(|out| 1 + 3 * out.len()).sum();
        let biases = self.wiring.has_bias.iter().filter(|has| **has).count();
        let changing = 4 * self.wiring.synapses.len() + 3 * biases;
        self.certificate.case.examples.len() * (relaxing + changing)
    }

    fn draws(&mut self) {
        let Certificate { witnesses, case_digest, seed, .. } = self.certificate;
        let modulo = |value: u128| u64::try_from(value % u128::from(PRIME)).unwrap_or(0);
        let product = |a: u64, b: u64| modulo(u128::from(a) * u128::from(b));
        let opposite = |a: u64| modulo(u128::from(PRIME) - u128::from(a % PRIME));
        let (mut credits, mut updates) = (Vec::new(), Vec::new());
        for (d, draw) in witnesses.draws.iter().enumerate() {
            let point = digest::point(case_digest, *seed, d, self.wiring);
            for (b, (found, given)) in draw.examples.iter().zip(&point.examples).enumerate() {
                for (neuron, &credit) in found.credit.indexed() {
                    let place = words::in_draw(d, &words::at_credit(b, neuron.0));
                    credits.push(entry(credit, opposite(found.adjoint[neuron]), place));
                }
                for (post, &credit) in found.credit.indexed() {
                    if self.layered && !self.wiring.is_input[post] {
                        let factor = given.balance_factor[post];
                        let place = words::in_draw(d, &words::at_delta(b, post.0));
                        let reference = opposite(product(factor, found.adjoint[post]));
                        credits.push(entry(product(factor, credit), reference, place));
                    }
                }
            }
            let Some(gradient) = &draw.gradient else { continue };
            let descent = |value: u64| opposite(product(point.learning_rate, value));
            for (synapse, ends) in self.wiring.synapses.indexed() {
                let place = words::at_weight(synapse.0, ends.post.0, ends.pre.0);
                let reference = descent(gradient.weights[synapse]);
                let found = draw.update.weights[synapse];
                updates.push(entry(found, reference, words::in_draw(d, &place)));
            }
            for (post, _) in self.wiring.has_bias.indexed().filter(|(_, has)| **has) {
                let place = words::in_draw(d, &words::at_bias(post.0));
                let reference = descent(gradient.biases[post]);
                updates.push(entry(draw.update.biases[post], reference, place));
            }
        }
        let row = self.row(Claim::Credit, Tier::Identity, &credits, |value| *value == 0, None);
        self.list.push(row);
        if self.layered {
            let row = self.row(Claim::Update, Tier::Identity, &updates, |value| *value == 0, None);
            self.list.push(row);
        }
    }

    fn soundness(&self) -> Soundness {
        let neurons = self.wiring.neurons();
        let balanced = self.wiring.is_input.iter().filter(|input| !**input).count();
        let of_example = neurons + balanced + self.wiring.outputs.len();
        let degree = digest::degree(self.wiring.depth().unwrap_or(0));
        let (draws, log2_bound) = digest::draws(degree);
        Soundness {
            variables: self.wiring.synapses.len() + DRAW_EXAMPLES * of_example + 1,
            degree,
            prime: PRIME,
            draws,
            log2_bound,
        }
    }
}
