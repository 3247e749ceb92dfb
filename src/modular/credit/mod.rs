//! The credit rule over 𝔽_p, batched: firing, balance, credit, plasticity (D1–D4).

mod neuron;

use faer::{Mat, MatMut, MatRef};

use self::neuron::{Neurons, fire};
use super::Network;
use super::Positions;
use super::network::reciprocal;
use crate::error::Error;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::matrix::{bytes, column, column_mut, expect_shape};
use crate::linalg::{Check, Field, Products, zeros};

/// Rates, balance factors and external credits that somebody else computed, all reduced; one column per example.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// x of layers 0..Λ, n_l × B. The rate of the output layer is no presynaptic rate, and may be left out.
    pub firing_rate: Vec<MatRef<'a, f64>>,
    /// β of layers 1..=Λ, n_l × B.
    pub balance_factor: Vec<MatRef<'a, f64>>,
    /// e of the output layer, n_Λ × B; 0 elsewhere.
    pub external_credit: MatRef<'a, f64>,
    /// η
    pub learning_rate: f64,
}

/// D1 and D2 of one layer.
#[derive(Clone, Debug)]
struct Fired {
    net_input: Mat<f64>,
    firing_rate: Mat<f64>,
    balance_factor: Mat<f64>,
}

/// What the rule computes, in memory that is taken once and reused over primes.
#[derive(Clone, Debug)]
pub struct Workspace {
    widths: Vec<usize>,
    batch: usize,
    products: Products,
    /// Empty until the first [`Self::run`]; [`Self::run_given`] needs none of it.
    fired: Vec<Fired>,
    settled: Settled,
}

/// D3 and D4.
#[derive(Clone, Debug)]
struct Settled {
    /// c of layers 0..=Λ.
    credit: Vec<Mat<f64>>,
    /// β∘c of layers 1..=Λ.
    balanced: Vec<Mat<f64>>,
    /// ΔW.
    weights: Vec<Mat<f64>>,
    /// Δb, or none.
    biases: Vec<Option<Vec<f64>>>,
    /// η x / B of one layer.
    share: Vec<Mat<f64>>,
}

impl Workspace {
    /// Memory for a network and a batch.
    ///
    /// # Errors
    /// [`Error::Input`] where the layers do not fit one another or the batch is empty.
    pub fn new(network: &Network, batch: usize) -> Result<Self, Error> {
        let widths = network.widths();
        if batch == 0 || network.layers.is_empty() {
            return Err(Error::input("the batch", "nothing", "a layer and an example at least"));
        }
        for (layer, width) in network.layers.iter().zip(&widths) {
            expect_shape("weights", layer.weights.as_ref(), layer.weights.nrows(), *width)?;
        }
        let per_neuron = |width: &usize| zeros(*width, batch);
        let settled = Settled {
            credit: widths.iter().map(per_neuron).collect(),
            balanced: widths.iter().skip(1).map(per_neuron).collect(),
            weights: widths.windows(2).map(|pair| zeros(pair[1], pair[0])).collect(),
            biases: network
                .layers
                .iter()
                .map(|layer| layer.biases.as_ref().map(|biases| vec![0.0; biases.len()]))
                .collect(),
            share: widths[..widths.len() - 1].iter().max().map(per_neuron).into_iter().collect(),
        };
        Ok(Self { widths, batch, products: Products::default(), fired: Vec::new(), settled })
    }

    /// The same with the check of products switched; for benchmarks.
    #[must_use]
    pub fn checking(mut self, check: Check) -> Self {
        self.products = Products::new(check);
        self
    }

    /// The whole rule with η = 1.
    ///
    /// ```text
    /// D1   s = W x + b,  x = σ(s)          D3   c = Wᵀ(β∘c) + e
    /// D2   β = f(s)                        D4   ΔW_ij = ⟨β_i c_i x_j⟩,  Δb_i = ⟨β_i c_i⟩
    /// ```
    ///
    /// Shapes: inputs n_0 × B, targets n_Λ × B, reduced. Exactness: exact over 𝔽_p; every product passes Freivalds' check.
    /// Source: Fan & Mysore, arXiv 2405.14139.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where p divides B or a constant of σ, and for a piecewise σ without positions;
    /// [`Error::Input`] on wrong shapes; [`Error::WrongProduct`].
    pub fn run(
        &mut self,
        field: &Field,
        network: &Network,
        inputs: MatRef<'_, f64>,
        targets: MatRef<'_, f64>,
        positions: &Positions,
    ) -> Result<(), Error> {
        self.expect(network)?;
        let last = self.widths.len() - 1;
        expect_shape("inputs", inputs, self.widths[0], self.batch)?;
        expect_shape("targets", targets, self.widths[last], self.batch)?;
        if self.fired.is_empty() {
            let layer = |width: &usize| Fired {
                net_input: zeros(*width, self.batch),
                firing_rate: zeros(*width, self.batch),
                balance_factor: zeros(*width, self.batch),
            };
            self.fired = self.widths.iter().skip(1).map(layer).collect();
        }
        for (l, layer) in network.layers.iter().enumerate() {
            let (before, rest) = self.fired.split_at_mut(l);
            let presynaptic = before.last().map_or(inputs, |fired| fired.firing_rate.as_ref());
            let fired = &mut rest[0];
            let name = ("the net input", l + 1);
            let net_input = fired.net_input.as_mut();
            self.products.product(field, name, net_input, layer.weights.as_ref(), presynaptic)?;
            let positions = positions.layers.get(l).and_then(Option::as_deref);
            let neurons = Neurons {
                net_input: fired.net_input.as_mut(),
                firing_rate: fired.firing_rate.as_mut(),
                balance_factor: fired.balance_factor.as_mut(),
            };
            fire(field, layer, positions, neurons)?;
        }
        // e = t − x on output neurons.
        let credit = self.settled.credit[last].as_mut();
        let rate = self.fired[last - 1].firing_rate.as_ref();
        widest(Wanting { field, target: targets, rate, external: credit });
        let rates = self.fired.iter().map(|fired| fired.firing_rate.as_ref());
        let firing_rate: Vec<_> = std::iter::once(inputs).chain(rates).collect();
        let balance: Vec<_> = self.fired.iter().map(|f| f.balance_factor.as_ref()).collect();
        self.settled.settle(&mut self.products, field, network, &firing_rate, &balance, 1.0)
    }

    /// Credits and updates from rates, balance factors and external credits that somebody else computed (D3, D4).
    ///
    /// Of the network only the weights are read, and which layers have biases.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_given(
        &mut self,
        field: &Field,
        network: &Network,
        given: &Given<'_>,
    ) -> Result<(), Error> {
        self.expect(network)?;
        let last = self.widths.len() - 1;
        if given.firing_rate.len() < last || given.balance_factor.len() != last {
            return Err(Error::input("given", "too few layers", "x and β of every layer"));
        }
        for (l, width) in self.widths.iter().enumerate() {
            if l < last {
                expect_shape("x", given.firing_rate[l], *width, self.batch)?;
            }
            if l > 0 {
                expect_shape("β", given.balance_factor[l - 1], *width, self.batch)?;
            }
        }
        expect_shape("e", given.external_credit, self.widths[last], self.batch)?;
        self.settled.credit[last].copy_from(given.external_credit);
        let (rates, balance) = (&given.firing_rate, &given.balance_factor);
        let rate = given.learning_rate;
        self.settled.settle(&mut self.products, field, network, rates, balance, rate)
    }

    fn expect(&self, network: &Network) -> Result<(), Error> {
        if network.widths() == self.widths {
            return Ok(());
        }
        Err(Error::input("the network", "other widths", "those of the workspace"))
    }

    /// s of layer l = 1..=Λ, n_l × B; `None` before [`Self::run`].
    #[must_use]
    pub fn net_input(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        self.fired.get(layer.checked_sub(1)?).map(|fired| fired.net_input.as_ref())
    }

    /// x of layer l = 1..=Λ; `None` before [`Self::run`].
    #[must_use]
    pub fn firing_rate(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        self.fired.get(layer.checked_sub(1)?).map(|fired| fired.firing_rate.as_ref())
    }

    /// β of layer l = 1..=Λ; `None` before [`Self::run`].
    #[must_use]
    pub fn balance_factor(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        self.fired.get(layer.checked_sub(1)?).map(|fired| fired.balance_factor.as_ref())
    }

    /// c of layer l = 0..=Λ, n_l × B.
    #[must_use]
    pub fn credit(&self, layer: usize) -> MatRef<'_, f64> {
        self.settled.credit[layer].as_ref()
    }

    /// β∘c of layer l = 1..=Λ.
    #[must_use]
    pub fn balanced_credit(&self, layer: usize) -> MatRef<'_, f64> {
        self.settled.balanced[layer - 1].as_ref()
    }

    /// ΔW of layer l = 1..=Λ, n_l × n_(l−1).
    #[must_use]
    pub fn weight_update(&self, layer: usize) -> MatRef<'_, f64> {
        self.settled.weights[layer - 1].as_ref()
    }

    /// Δb of layer l = 1..=Λ, if it has biases.
    #[must_use]
    pub fn bias_update(&self, layer: usize) -> Option<&[f64]> {
        self.settled.biases[layer - 1].as_deref()
    }

    /// How many products were checked so far.
    #[must_use]
    pub fn checked_products(&self) -> u64 {
        self.products.checked()
    }

    /// How many bytes the matrices take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Settled { credit, balanced, weights, share, .. } = &self.settled;
        let settled = credit.iter().chain(balanced).chain(weights).chain(share);
        let fired =
            self.fired.iter().flat_map(|f| [&f.net_input, &f.firing_rate, &f.balance_factor]);
        settled.chain(fired).map(bytes).sum()
    }
}

impl Settled {
    /// D3 and D4, from e in the credit of the output layer.
    fn settle(
        &mut self,
        products: &mut Products,
        field: &Field,
        network: &Network,
        rates: &[MatRef<'_, f64>],
        balance: &[MatRef<'_, f64>],
        learning_rate: f64,
    ) -> Result<(), Error> {
        let batch = rates[0].ncols();
        let mean = reciprocal(batch, "1/B, B the number of examples,", field)?;
        let step = field.times(field.reduce(learning_rate), mean);
        for (l, layer) in network.layers.iter().enumerate().rev() {
            let (below, above) = self.credit.split_at_mut(l + 1);
            let balanced = &mut self.balanced[l];
            let credit = above[0].as_ref();
            widest(Product { field, left: balance[l], right: credit, dst: balanced.as_mut() });
            // Retrograde signals: a presynaptic neuron sums W_ij β_i c_i over its own synapses.
            let signals = (layer.weights.transpose(), balanced.as_ref());
            let name = ("the credit", l);
            products.product(field, name, below[l].as_mut(), signals.0, signals.1)?;
            // Plasticity: each presynaptic rate takes its share η/B of the mean along.
            let rows = rates[l].nrows();
            let mut share = self.share[0].subrows_mut(0, rows);
            widest(Scale { field, factor: step, source: rates[l], dst: share.as_mut() });
            let (name, update) = (("the weight update", l + 1), self.weights[l].as_mut());
            products.product(field, name, update, balanced.as_ref(), share.transpose())?;
            if let Some(update) = &mut self.biases[l] {
                update.fill(0.0);
                widest(Sum { field, balanced: balanced.as_ref(), step, update });
            }
        }
        Ok(())
    }
}

/// e = t − x
struct Wanting<'a> {
    field: &'a Field,
    target: MatRef<'a, f64>,
    rate: MatRef<'a, f64>,
    external: MatMut<'a, f64>,
}

impl Pass for Wanting<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, target, rate, mut external } = self;
        for index in 0..target.ncols() {
            let both = column(target, index).iter().zip(column(rate, index));
            for (e, (t, x)) in column_mut(&mut external, index).iter_mut().zip(both) {
                *e = field.reduce(t - x);
            }
        }
    }
}

/// dst = left ∘ right
struct Product<'a> {
    field: &'a Field,
    left: MatRef<'a, f64>,
    right: MatRef<'a, f64>,
    dst: MatMut<'a, f64>,
}

impl Pass for Product<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, left, right, mut dst } = self;
        for index in 0..left.ncols() {
            let both = column(left, index).iter().zip(column(right, index));
            for (entry, (beta, credit)) in column_mut(&mut dst, index).iter_mut().zip(both) {
                *entry = field.times(*beta, *credit);
            }
        }
    }
}

/// dst = factor · source
struct Scale<'a> {
    field: &'a Field,
    factor: f64,
    source: MatRef<'a, f64>,
    dst: MatMut<'a, f64>,
}

impl Pass for Scale<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, factor, source, mut dst } = self;
        for index in 0..source.ncols() {
            let pairs = column_mut(&mut dst, index).iter_mut().zip(column(source, index));
            for (entry, rate) in pairs {
                *entry = field.times(factor, *rate);
            }
        }
    }
}

/// Δb = step · Σ β∘c; a sum of 2³¹ reduced residues is still exact.
struct Sum<'a> {
    field: &'a Field,
    balanced: MatRef<'a, f64>,
    step: f64,
    update: &'a mut [f64],
}

impl Pass for Sum<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, balanced, step, update } = self;
        for index in 0..balanced.ncols() {
            for (sum, of_example) in update.iter_mut().zip(column(balanced, index)) {
                *sum += of_example;
            }
        }
        for sum in update {
            *sum = field.times(field.reduce(*sum), step);
        }
    }
}
