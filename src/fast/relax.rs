//! The credit rule on any feed-forward graph: synchronous sweeps with dense N × N products.
//!
//! A graph has no blocks to exploit, so all neurons are swept at once (D1, D3) as
//! often as the longest path demands; then every number is settled and one product
//! gives all updates, of which only those on existing synapses are kept.

use faer::{Accum, Mat};

use super::credit::external::External;
use super::credit::neuron::{balance_factor, firing_rate, replaced_balance};
use super::layout::zeros;
use super::product::product;
use super::{Float, Function, Threads, not_finite, rounded, within_limits};
use crate::error::Error;
use crate::spec::outcome::{Credit, CreditExample, CreditOutcome, Update};
use crate::spec::{Case, Parameters, PerNeuron, PerSynapse, Wiring};

/// Neurons of a graph that is made dense.
const MAX_NEURONS: u64 = 4096;
/// Multiplications of all sweeps together: seconds, not hours.
const MAX_PRODUCTS: u64 = 1 << 37;

/// D1–D4 of a case seen as a graph; layered cases too, neuron by neuron.
///
/// Exactness: rounded; every settled number is computed from settled numbers by one sum, so
/// the rounding is that of one pass and does not grow with the number of sweeps.
///
/// # Errors
/// [`Error::Unsupported`] for recurrent graphs, [`Error::Limit`] for graphs too large to be dense,
/// [`Error::NotFinite`] naming the quantity that overflowed (on the way to equilibrium too).
pub fn run<F: Float>(case: &Case) -> Result<CreditOutcome<F>, Error> {
    let wiring = Wiring::of(case);
    let Some(depth) = wiring.depth() else {
        return Err(Error::unsupported(
            "synchronous sweeps of a graph with a cycle, where no number of them is exact; `fast::recurrent` settles it",
        ));
    };
    expect_small(case, &wiring, depth)?;
    let mut graph = Dense::<F>::of(case, &wiring)?;
    graph.fire(&wiring, depth)?;
    graph.assign_credit(&wiring, depth)?;
    graph.outcome(case, &wiring)
}

fn expect_small(case: &Case, wiring: &Wiring, depth: usize) -> Result<(), Error> {
    let neurons = wiring.neurons() as u64;
    if neurons > MAX_NEURONS {
        let what = "neurons of a graph on the fast side".to_owned();
        return Err(Error::Limit { what, given: neurons, limit: MAX_NEURONS });
    }
    within_limits(case, wiring.neurons())?;
    let batch = case.examples.len() as u64;
    let given = (2 * depth as u64 + 2).saturating_mul(neurons * neurons).saturating_mul(batch);
    if given > MAX_PRODUCTS {
        let what = "multiplications of the sweeps over a graph on the fast side".to_owned();
        return Err(Error::Limit { what, given, limit: MAX_PRODUCTS });
    }
    Ok(())
}

/// All neurons at once: N × N synapses, absent ones zero; N × B for the rest.
struct Dense<F> {
    weights: Mat<F>,
    biases: Vec<F>,
    activations: Vec<Function<F>>,
    balances: Vec<Option<Function<F>>>,
    targets: Mat<F>,
    external: External<F>,
    net_input: Mat<F>,
    firing_rate: Mat<F>,
    balance_factor: Mat<F>,
    external_credit: Mat<F>,
    credit: Mat<F>,
    balanced_credit: Mat<F>,
}

impl<F: Float> Dense<F> {
    fn of(case: &Case, wiring: &Wiring) -> Result<Self, Error> {
        let (neurons, batch) = (wiring.neurons(), case.examples.len());
        let parameters = Parameters::of(case);
        let mut weights = zeros(neurons, neurons);
        for (synapse, ends) in wiring.synapses.indexed() {
            let place = || format!("the weight of synapse {}", synapse.0);
            weights[(ends.post.0, ends.pre.0)] = rounded(&parameters.weights[synapse], place)?;
        }
        let bias = |(n, bias)| rounded(bias, || format!("the bias of neuron {n}"));
        let room = || zeros(neurons, batch);
        let mut graph = Self {
            weights,
            biases: parameters.biases.iter().enumerate().map(bias).collect::<Result<_, _>>()?,
            activations: wiring.activations.iter().map(Function::of).collect::<Result<_, _>>()?,
            balances: wiring
                .balances
                .iter()
                .map(|balance| balance.as_ref().map(Function::of).transpose())
                .collect::<Result<_, _>>()?,
            targets: zeros(wiring.outputs.len(), batch),
            external: External::of(&case.loss)?,
            net_input: room(),
            firing_rate: room(),
            balance_factor: room(),
            external_credit: room(),
            credit: room(),
            balanced_credit: room(),
        };
        let (input, target) =
            super::network::examples::<F>(case, wiring.inputs.len(), wiring.outputs.len())?;
        for b in 0..batch {
            for (k, neuron) in wiring.inputs.iter().enumerate() {
                graph.firing_rate[(neuron.0, b)] = input[(k, b)];
            }
        }
        graph.targets = target;
        Ok(graph)
    }

    /// D1: one sweep more than the longest path has edges, because it may start at a neuron that is
    /// not clamped (a bias alone) and therefore takes a sweep to leave its own start.
    fn fire(&mut self, wiring: &Wiring, depth: usize) -> Result<(), Error> {
        let batch = self.firing_rate.ncols();
        for _ in 0..=depth {
            let (s, x) = (self.net_input.as_mut(), self.firing_rate.as_ref());
            product(s, Accum::Replace, self.weights.as_ref(), x, F::from(1), Threads::ONE)?;
            for b in 0..batch {
                let s = self.net_input.col_as_slice_mut(b);
                let x = self.firing_rate.col_as_slice_mut(b);
                for (neuron, &clamped) in wiring.is_input.iter().enumerate() {
                    if clamped {
                        s[neuron] = F::from(0);
                    } else {
                        s[neuron] += self.biases[neuron];
                        x[neuron] = firing_rate(&self.activations[neuron], s[neuron]);
                    }
                }
            }
        }
        for b in 0..batch {
            let (s, x) = (self.net_input.col_as_slice(b), self.firing_rate.col_as_slice(b));
            let beta = self.balance_factor.col_as_slice_mut(b);
            for (neuron, &kink) in wiring.kinks.indexed() {
                if wiring.is_input[neuron] {
                    continue;
                }
                let n = neuron.0;
                beta[n] = match &self.balances[n] {
                    None => balance_factor(&self.activations[n], kink, s[n], x[n]),
                    Some(balance) => replaced_balance(balance, kink, s[n]),
                };
            }
            expect_finite_neurons(s, "net input")?;
            expect_finite_neurons(x, "firing rate")?;
            expect_finite_neurons(beta, "balance factor")?;
        }
        Ok(())
    }

    /// D3: c ← Wᵀ(β∘c) + e from zero, depth + 1 times.
    fn assign_credit(&mut self, wiring: &Wiring, depth: usize) -> Result<(), Error> {
        let batch = self.credit.ncols();
        let sizes = (batch, wiring.outputs.len());
        for b in 0..batch {
            for (k, neuron) in wiring.outputs.iter().enumerate() {
                let rate = self.firing_rate[(neuron.0, b)];
                let e = self.external.credit(rate, self.targets[(k, b)], sizes);
                self.external_credit[(neuron.0, b)] = e;
            }
            expect_finite_neurons(self.external_credit.col_as_slice(b), "external credit")?;
        }
        for _ in 0..=depth {
            self.balance_credit();
            let (credit, balanced) = (self.credit.as_mut(), self.balanced_credit.as_ref());
            product(
                credit,
                Accum::Replace,
                self.weights.transpose(),
                balanced,
                F::from(1),
                Threads::ONE,
            )?;
            for b in 0..batch {
                // What comes back to an output that clamps its credit does not count.
                for output in wiring.outputs.iter().filter(|n| wiring.returning[**n].is_empty()) {
                    self.credit[(output.0, b)] = F::from(0);
                }
                let external = self.external_credit.col_as_slice(b);
                for (c, e) in self.credit.col_as_slice_mut(b).iter_mut().zip(external) {
                    *c += *e;
                }
            }
        }
        self.balance_credit();
        for b in 0..batch {
            expect_finite_neurons(self.credit.col_as_slice(b), "credit")?;
        }
        Ok(())
    }

    /// β∘c at every neuron; 0 at clamped ones, which have no β.
    fn balance_credit(&mut self) {
        for b in 0..self.credit.ncols() {
            let (beta, c) = (self.balance_factor.col_as_slice(b), self.credit.col_as_slice(b));
            let balanced = self.balanced_credit.col_as_slice_mut(b).iter_mut();
            for ((balanced, beta), c) in balanced.zip(beta).zip(c) {
                *balanced = *beta * *c;
            }
        }
    }

    /// D4 on the existing synapses, and everything else by example.
    fn outcome(&self, case: &Case, wiring: &Wiring) -> Result<CreditOutcome<F>, Error> {
        let (neurons, batch) = self.credit.shape();
        let learning_rate: F = rounded(&case.learning_rate, || "the learning rate".to_owned())?;
        let scale = learning_rate / F::count(batch);
        let mut sums = zeros(neurons, neurons);
        let (balanced, rates) = (self.balanced_credit.as_ref(), self.firing_rate.transpose());
        product(sums.as_mut(), Accum::Replace, balanced, rates, F::from(1), Threads::ONE)?;
        let weights = wiring.synapses.map(|ends| scale * sums[(ends.post.0, ends.pre.0)]);
        let biases = PerNeuron::from_fn(neurons, |neuron| {
            if !wiring.has_bias[neuron] {
                return F::from(0);
            }
            let mut sum = F::from(0);
            for b in 0..batch {
                sum += self.balanced_credit[(neuron.0, b)];
            }
            scale * sum
        });
        if !weights.iter().all(|update| update.finite()) {
            return Err(not_finite(format!("a weight update in {}", F::NAME)));
        }
        expect_finite_neurons(biases.as_slice(), "bias update")?;
        let column = |m: &Mat<F>, b: usize| PerNeuron::new(m.col_as_slice(b).to_vec());
        let example = |b: usize| CreditExample {
            net_input: column(&self.net_input, b),
            firing_rate: column(&self.firing_rate, b),
            balance_factor: column(&self.balance_factor, b),
            external_credit: column(&self.external_credit, b),
            credit: column(&self.credit, b).map(|c| Credit(*c)),
        };
        let update = Update { weights: PerSynapse::new(weights.as_slice().to_vec()), biases };
        Ok(CreditOutcome { examples: (0..batch).map(example).collect(), update })
    }
}

fn expect_finite_neurons<F: Float>(values: &[F], quantity: &str) -> Result<(), Error> {
    match values.iter().position(|value| !value.finite()) {
        None => Ok(()),
        Some(neuron) => Err(not_finite(format!("{quantity} of neuron {neuron} in {}", F::NAME))),
    }
}
