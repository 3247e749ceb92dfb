//! Backpropagation over 𝔽_p, batched, with a forward pass of its own (D5–D7).

mod slope;

use faer::{Mat, MatRef};

use super::Network;
use super::Positions;
use super::network::reciprocal;
use crate::error::Error;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::matrix::{bytes, column, column_mut, expect_shape};
use crate::linalg::{Check, Field, Products, zeros};

/// Rates, slopes and output adjoints that somebody else computed, all reduced; one column per example.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// x⁰ … x^(Λ−1), n_l × B; more are not read.
    pub firing_rate: Vec<MatRef<'a, f64>>,
    /// σ'(s¹) … σ'(s^Λ), n_l × B.
    pub slope: Vec<MatRef<'a, f64>>,
    /// x̄^Λ, n_Λ × B.
    pub output_adjoint: MatRef<'a, f64>,
}

/// D5 of one layer.
#[derive(Clone, Debug)]
struct Forward {
    net_input: Mat<f64>,
    firing_rate: Mat<f64>,
    slope: Mat<f64>,
}

/// D6 and D7 of one layer.
#[derive(Clone, Debug)]
struct Backward {
    /// x̄ of the layer below.
    adjoint_below: Mat<f64>,
    delta: Mat<f64>,
    weights: Mat<f64>,
    biases: Option<Vec<f64>>,
}

/// What backpropagation computes, in memory that is taken once and reused over primes.
#[derive(Clone, Debug)]
pub struct Workspace {
    batch: usize,
    products: Products,
    /// Empty until the first [`Self::run`]; [`Self::run_given`] needs none of it.
    forward: Vec<Forward>,
    passes: Passes,
}

#[derive(Clone, Debug)]
struct Passes {
    backward: Vec<Backward>,
    /// x̄^Λ
    output_adjoint: Mat<f64>,
    /// δ / B of one layer.
    mean_delta: Mat<f64>,
}

impl Workspace {
    /// Memory for a network and a batch.
    ///
    /// # Errors
    /// [`Error::Input`] where the layers do not fit one another or the batch is empty.
    pub fn new(network: &Network, batch: usize) -> Result<Self, Error> {
        let mut backward: Vec<Backward> = Vec::new();
        for layer in &network.layers {
            let (width, inputs) = layer.weights.shape();
            let below = backward.last().map_or(inputs, |before| before.delta.nrows());
            expect_shape("the weights of a layer", layer.weights.as_ref(), width, below)?;
            backward.push(Backward {
                adjoint_below: zeros(inputs, batch),
                delta: zeros(width, batch),
                weights: zeros(width, inputs),
                biases: layer.biases.as_ref().map(|biases| vec![0.0; biases.len()]),
            });
        }
        let mut widths = backward.iter().map(|layer| layer.delta.nrows());
        let (Some(widest), Some(outputs)) = (widths.clone().max(), widths.next_back()) else {
            return Err(Error::input("the network", "no layers", "a layer at least"));
        };
        if batch == 0 {
            return Err(Error::input("the batch", "no examples", "an example at least"));
        }
        let (output_adjoint, mean_delta) = (zeros(outputs, batch), zeros(widest, batch));
        let passes = Passes { backward, output_adjoint, mean_delta };
        Ok(Self { batch, products: Products::default(), forward: Vec::new(), passes })
    }

    /// The same with the check of products switched; for benchmarks.
    #[must_use]
    pub fn checking(mut self, check: Check) -> Self {
        self.products = Products::new(check);
        self
    }

    /// Forward and backward pass.
    ///
    /// ```text
    /// D5   s^l = W^l x^(l−1) + b^l,  x^l = σ_l(s^l)
    /// D6   x̄^Λ = x^Λ − t,  δ^l = σ'_l(s^l) ∘ x̄^l,  x̄^(l−1) = (W^l)ᵀ δ^l
    /// D7   ∂L/∂W^l = ⟨δ^l (x^(l−1))ᵀ⟩,  ∂L/∂b^l = ⟨δ^l⟩
    /// ```
    ///
    /// Shapes: inputs n_0 × B, targets n_Λ × B, reduced. Exactness: exact over 𝔽_p; every product passes Freivalds' check.
    /// A replaced balance function is ignored: it belongs to the credit rule.
    /// Sources: Rumelhart, Hinton & Williams 1986; Werbos 1974.
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
        self.passes.expect(network)?;
        expect_shape("inputs", inputs, self.passes.backward[0].weights.ncols(), self.batch)?;
        expect_shape("targets", targets, self.passes.output_adjoint.nrows(), self.batch)?;
        if self.forward.is_empty() {
            for layer in &self.passes.backward {
                let fresh = || zeros(layer.delta.nrows(), self.batch);
                let (net_input, firing_rate, slope) = (fresh(), fresh(), fresh());
                self.forward.push(Forward { net_input, firing_rate, slope });
            }
        }
        for l in 0..network.layers.len() {
            let (done, open) = self.forward.split_at_mut(l);
            let below = if l == 0 { inputs } else { done[l - 1].firing_rate.as_ref() };
            let layer = &network.layers[l];
            let sums = open[0].net_input.as_mut();
            self.products.product(field, ("s", l + 1), sums, layer.weights.as_ref(), below)?;
            let positions = positions.layers.get(l).and_then(Option::as_deref);
            slope::activate(field, layer, positions, &mut open[0])?;
        }
        // x̄^Λ = x^Λ − t.
        let outputs = &self.forward[network.layers.len() - 1].firing_rate;
        for example in 0..self.batch {
            let (x, t) = (column(outputs.as_ref(), example), column(targets, example));
            let mut adjoint = self.passes.output_adjoint.as_mut();
            for (unit, entry) in column_mut(&mut adjoint, example).iter_mut().enumerate() {
                *entry = field.reduce(x[unit] - t[unit]);
            }
        }
        let mut rates = vec![inputs];
        rates.extend(self.forward.iter().map(|layer| layer.firing_rate.as_ref()));
        let slopes: Vec<_> = self.forward.iter().map(|layer| layer.slope.as_ref()).collect();
        self.passes.back(&mut self.products, field, network, &rates, &slopes)
    }

    /// The backward pass alone (D6, D7). Of the network only the weights are read, and which layers have biases.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_given(
        &mut self,
        field: &Field,
        network: &Network,
        given: &Given<'_>,
    ) -> Result<(), Error> {
        self.passes.expect(network)?;
        let depth = network.layers.len();
        if given.slope.len() != depth || given.firing_rate.len() < depth {
            let expected = format!("{depth} layers of rates and of slopes");
            return Err(Error::input("what is given", "another number of layers", expected));
        }
        for (l, layer) in network.layers.iter().enumerate() {
            let (rows, columns) = layer.weights.shape();
            expect_shape("rates", given.firing_rate[l], columns, self.batch)?;
            expect_shape("slopes", given.slope[l], rows, self.batch)?;
        }
        let outputs = self.passes.output_adjoint.nrows();
        expect_shape("output adjoints", given.output_adjoint, outputs, self.batch)?;
        self.passes.output_adjoint.copy_from(given.output_adjoint);
        self.passes.back(&mut self.products, field, network, &given.firing_rate, &given.slope)
    }

    /// s^l for l = 1..=Λ, n_l × B; `None` before [`Self::run`].
    #[must_use]
    pub fn net_input(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        Some(self.forward.get(layer.checked_sub(1)?)?.net_input.as_ref())
    }

    /// x^l for l = 1..=Λ; `None` before [`Self::run`].
    #[must_use]
    pub fn firing_rate(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        Some(self.forward.get(layer.checked_sub(1)?)?.firing_rate.as_ref())
    }

    /// σ'(s^l) for l = 1..=Λ; `None` before [`Self::run`].
    #[must_use]
    pub fn slope(&self, layer: usize) -> Option<MatRef<'_, f64>> {
        Some(self.forward.get(layer.checked_sub(1)?)?.slope.as_ref())
    }

    /// x̄^l for l = 0..=Λ, n_l × B.
    #[must_use]
    pub fn adjoint(&self, layer: usize) -> MatRef<'_, f64> {
        let Passes { backward, output_adjoint, .. } = &self.passes;
        backward.get(layer).map_or(output_adjoint.as_ref(), |above| above.adjoint_below.as_ref())
    }

    /// δ^l for l = 1..=Λ.
    #[must_use]
    pub fn delta(&self, layer: usize) -> MatRef<'_, f64> {
        self.passes.backward[layer - 1].delta.as_ref()
    }

    /// ∂L/∂W^l for l = 1..=Λ, n_l × n_(l−1).
    #[must_use]
    pub fn weight_gradient(&self, layer: usize) -> MatRef<'_, f64> {
        self.passes.backward[layer - 1].weights.as_ref()
    }

    /// ∂L/∂b^l for l = 1..=Λ, if the layer has biases.
    #[must_use]
    pub fn bias_gradient(&self, layer: usize) -> Option<&[f64]> {
        self.passes.backward[layer - 1].biases.as_deref()
    }

    /// How many products were checked so far.
    #[must_use]
    pub fn checked_products(&self) -> u64 {
        self.products.checked()
    }

    /// How many bytes the matrices take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let forward = self.forward.iter();
        let forward = forward.flat_map(|f| [&f.net_input, &f.firing_rate, &f.slope]);
        let backward = self.passes.backward.iter();
        let backward = backward.flat_map(|b| [&b.adjoint_below, &b.delta, &b.weights]);
        let rest = [&self.passes.output_adjoint, &self.passes.mean_delta];
        forward.chain(backward).chain(rest).map(bytes).sum()
    }
}

impl Passes {
    fn expect(&self, network: &Network) -> Result<(), Error> {
        let fits = |(layer, own): (&super::Layer, &Backward)| {
            layer.weights.shape() == own.weights.shape()
                && layer.biases.is_some() == own.biases.is_some()
        };
        if network.layers.len() == self.backward.len()
            && network.layers.iter().zip(&self.backward).all(fits)
        {
            return Ok(());
        }
        Err(Error::input("the network", "other layers", "the layers of the workspace"))
    }

    /// D6 and D7, from x̄^Λ.
    fn back(
        &mut self,
        products: &mut Products,
        field: &Field,
        network: &Network,
        rates: &[MatRef<'_, f64>],
        slopes: &[MatRef<'_, f64>],
    ) -> Result<(), Error> {
        let count = self.output_adjoint.ncols();
        let over_batch = reciprocal(count, "the mean over the examples", field)?;
        for l in (0..network.layers.len()).rev() {
            let (below, above) = self.backward.split_at_mut(l + 1);
            let above = above.first().map_or(&self.output_adjoint, |above| &above.adjoint_below);
            let (slope, layer, above) = (slopes[l], &mut below[l], above.as_ref());
            let rows = layer.delta.nrows();
            let mut mean = self.mean_delta.subrows_mut(0, rows);
            let chain = Chain { field, over_batch, slope, adjoint: above };
            widest(Deltas { chain, delta: &mut layer.delta, mean: &mut mean });
            if let Some(biases) = &mut layer.biases {
                over_examples(field, mean.as_ref(), biases);
            }
            let name = ("the gradient", l + 1);
            let gradient = layer.weights.as_mut();
            products.product(field, name, gradient, mean.as_ref(), rates[l].transpose())?;
            let name = ("the adjoint", l);
            let weights = network.layers[l].weights.transpose();
            let below = layer.adjoint_below.as_mut();
            products.product(field, name, below, weights, layer.delta.as_ref())?;
        }
        Ok(())
    }
}

/// ∂L/∂b = Σ δ/B: a sum of 2³¹ reduced residues is still exact.
fn over_examples(field: &Field, mean_delta: MatRef<'_, f64>, biases: &mut [f64]) {
    biases.fill(0.0);
    for example in 0..mean_delta.ncols() {
        let of_example = column(mean_delta, example);
        biases.iter_mut().zip(of_example).for_each(|(sum, delta)| *sum += delta);
    }
    biases.iter_mut().for_each(|sum| *sum = field.reduce(*sum));
}

/// What δ of a layer is made of.
struct Chain<'a> {
    field: &'a Field,
    over_batch: f64,
    slope: MatRef<'a, f64>,
    adjoint: MatRef<'a, f64>,
}

/// δ = σ' ∘ x̄, and δ/B.
struct Deltas<'a, 'b> {
    chain: Chain<'a>,
    delta: &'a mut Mat<f64>,
    mean: &'a mut faer::MatMut<'b, f64>,
}

impl Pass for Deltas<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Chain { field, over_batch, slope, adjoint } = self.chain;
        let mut delta = self.delta.as_mut();
        for example in 0..adjoint.ncols() {
            let (d, a) = (column(slope, example), column(adjoint, example));
            let own = column_mut(&mut delta, example);
            let mean = column_mut(self.mean, example);
            for ((own, mean), (slope, above)) in own.iter_mut().zip(mean).zip(d.iter().zip(a)) {
                *own = field.times(*slope, *above);
                *mean = field.times(*own, over_batch);
            }
        }
    }
}
