//! One step of gradient descent in memory taken beforehand.

use faer::{Accum, Mat, MatMut, MatRef};

use super::error::Measure;
use super::passes::{Activate, Delta, Descend, Inputs, Mean};
use crate::error::Error;
use crate::fast::layout::{expect_finite, expect_finite_columns, zeros};
use crate::fast::product::{expect_shape, product, product_onto};
use crate::fast::wide::widest;
use crate::fast::{Float, Network, Threads, not_finite};
use crate::spec::Loss;

/// What one layer leaves behind on the way forward and back.
struct Tape<F> {
    net_input: Mat<F>,
    firing_rate: Mat<F>,
    slope: Mat<F>,
    adjoint: Mat<F>,
    delta: Mat<F>,
    weight_gradient: Mat<F>,
    bias_gradient: Option<Vec<F>>,
    /// Whether no x, and no δ, is so large that a gradient could overflow.
    tame_rates: bool,
    tame_deltas: bool,
}

/// Preallocated memory for backpropagation on batches of up to a fixed number of examples.
///
/// Per boundary between layers there is one product forward (D5), one back (D6) and one for
/// the gradient (D7), as many as the credit rule needs; no step takes memory of its own.
///
/// Shapes: inputs n_0 × B and targets n_Λ × B, one column per example, B at most the capacity.
///
/// ```
/// use creditcheck::fast::{Function, Layer, Network, backprop::Workspace};
/// use creditcheck::spec::Kink;
/// use faer::mat;
/// let layer = Layer {
///     weights: mat![[0.5, 0.25]],
///     biases: Some(vec![0.0]),
///     activation: Function::Identity,
///     balance: None,
///     kink: Kink::Left,
/// };
/// let mut network = Network { layers: vec![layer] };
/// let mut workspace = Workspace::new(&network, 1).unwrap();
/// let (input, target) = (mat![[1.0], [2.0]], mat![[2.0]]);
/// workspace.step(&mut network, input.as_ref(), target.as_ref(), 0.5).unwrap();
/// // L = ½(1 − 2)², ∂L/∂W = (1 − 2)·(1, 2)
/// assert_eq!(workspace.loss(), 0.5);
/// assert_eq!(network.layers[0].weights, mat![[1.0, 1.25]]);
/// ```
pub struct Workspace<F> {
    tapes: Vec<Tape<F>>,
    input_adjoint: Option<Mat<F>>,
    inputs: usize,
    capacity: usize,
    batch: usize,
    loss: F,
    threads: Threads,
    measure: Measure<F>,
}

impl<F: Float> Workspace<F> {
    /// Takes the memory for up to `capacity` examples; ∂L_b/∂x⁰ is left out.
    ///
    /// # Errors
    /// [`Error::Input`] if the network has no layers or its widths do not fit.
    pub fn new(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        network.expect_layers()?;
        let mut tapes = Vec::with_capacity(network.layers.len());
        for layer in &network.layers {
            let posts = layer.weights.nrows();
            tapes.push(Tape {
                net_input: zeros(posts, capacity),
                firing_rate: zeros(posts, capacity),
                slope: zeros(posts, capacity),
                adjoint: zeros(posts, capacity),
                delta: zeros(posts, capacity),
                weight_gradient: zeros(posts, layer.weights.ncols()),
                bias_gradient: layer.biases.as_ref().map(|_| vec![F::from(0); posts]),
                tame_rates: false,
                tame_deltas: false,
            });
        }
        let inputs = network.layers[0].weights.ncols();
        let (loss, threads) = (F::from(0), Threads::ONE);
        let measure = Measure::half_squared();
        Ok(Self { tapes, input_adjoint: None, inputs, capacity, batch: 0, loss, threads, measure })
    }

    /// As [`Self::new`], with ∂L_b/∂x⁰ (one more product).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_input_adjoint(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        let mut workspace = Self::new(network, capacity)?;
        workspace.input_adjoint = Some(zeros(workspace.inputs, capacity));
        Ok(workspace)
    }

    /// Differentiates another loss than half squared error.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number of the loss is beyond the format.
    pub fn measured_by(mut self, loss: &Loss) -> Result<Self, Error> {
        self.measure = Measure::of(loss)?;
        Ok(self)
    }

    /// Lets so many threads work on each large product, without any effect on the bits.
    #[must_use]
    pub fn threads(mut self, threads: Threads) -> Self {
        self.threads = threads;
        self
    }

    /// One step of gradient descent: differentiate, then W ← W − η ∂L/∂W.
    ///
    /// # Errors
    /// [`Error::Input`] on wrong shapes, [`Error::NotFinite`] naming the quantity; the network is then unchanged.
    pub fn step(
        &mut self,
        network: &mut Network<F>,
        inputs: MatRef<'_, F>,
        targets: MatRef<'_, F>,
        learning_rate: F,
    ) -> Result<(), Error> {
        if !learning_rate.finite() {
            return Err(not_finite("the learning rate".into()));
        }
        self.adjoints(network, inputs, targets)?;
        // Where nothing can overflow any more, every block of a gradient is used as soon as it is there.
        let at_once = widest(Inputs { x: inputs })
            && self.tapes.iter().all(|tape| tape.tame_rates && tape.tame_deltas);
        for (l, layer) in network.layers.iter_mut().enumerate() {
            let weights = at_once.then_some((layer.weights.as_mut(), learning_rate));
            self.gradient(inputs, l, weights)?;
        }
        for (layer, tape) in network.layers.iter_mut().zip(&self.tapes) {
            if !at_once {
                let (weights, gradient) = (layer.weights.as_mut(), tape.weight_gradient.as_ref());
                widest(Descend { weights, gradient, learning_rate });
            }
            if let (Some(biases), Some(gradient)) = (&mut layer.biases, &tape.bias_gradient) {
                for (bias, gradient) in biases.iter_mut().zip(gradient) {
                    *bias -= learning_rate * *gradient;
                }
            }
        }
        Ok(())
    }

    /// D5–D7 on a batch: everything but the change of the network.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn differentiate(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
        targets: MatRef<'_, F>,
    ) -> Result<(), Error> {
        self.adjoints(network, inputs, targets)?;
        (0..self.tapes.len()).try_for_each(|l| self.gradient(inputs, l, None))
    }

    /// D5 and D6.
    fn adjoints(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
        targets: MatRef<'_, F>,
    ) -> Result<(), Error> {
        self.expect_fit(network, inputs)?;
        let outputs = self.tapes.last().map_or(0, |tape| tape.delta.nrows());
        expect_shape("targets", targets, outputs, inputs.ncols())?;
        self.batch = inputs.ncols();
        self.forward(network, inputs)?;
        self.output_adjoint(targets)?;
        (0..self.tapes.len()).rev().try_for_each(|l| self.back(network, l))
    }

    fn expect_fit(&self, network: &Network<F>, inputs: MatRef<'_, F>) -> Result<(), Error> {
        let fits = |(layer, tape): (&crate::fast::Layer<F>, &Tape<F>)| {
            let biases = tape.bias_gradient.as_ref().map(Vec::len);
            layer.weights.shape() == tape.weight_gradient.shape()
                && layer.biases.as_ref().map(Vec::len) == biases
        };
        if network.layers.len() != self.tapes.len()
            || !network.layers.iter().zip(&self.tapes).all(fits)
        {
            return Err(Error::input("network", "another shape", "the network of this workspace"));
        }
        let batch = inputs.ncols();
        if !(1..=self.capacity).contains(&batch) {
            let expected = format!("1 to {}", self.capacity);
            return Err(Error::input("inputs", format!("{batch} examples"), expected));
        }
        expect_shape("inputs", inputs, self.inputs, batch)
    }

    /// D5, and the slopes for D6.
    fn forward(&mut self, network: &Network<F>, inputs: MatRef<'_, F>) -> Result<(), Error> {
        let batch = self.batch;
        for (l, layer) in network.layers.iter().enumerate() {
            let (done, rest) = self.tapes.split_at_mut(l);
            let tape = &mut rest[0];
            let x = match done.last() {
                Some(tape) => tape.firing_rate.subcols(0, batch),
                None => inputs,
            };
            let s = tape.net_input.subcols_mut(0, batch);
            product(s, Accum::Replace, layer.weights.as_ref(), x, F::from(1), self.threads)?;
            tape.tame_rates = widest(Activate {
                activation: &layer.activation,
                kink: layer.kink,
                biases: layer.biases.as_deref(),
                net_input: &mut tape.net_input,
                firing_rate: &mut tape.firing_rate,
                slope: &mut tape.slope,
                batch,
            });
            if !tape.tame_rates {
                expect_finite_columns(&tape.net_input, batch, "net input", l + 1)?;
                expect_finite_columns(&tape.firing_rate, batch, "firing rate", l + 1)?;
                expect_finite_columns(&tape.slope, batch, "slope", l + 1)?;
            }
        }
        Ok(())
    }

    /// x̄^Λ = ∂L_b/∂x^Λ (D6) and L (D0).
    fn output_adjoint(&mut self, targets: MatRef<'_, F>) -> Result<(), Error> {
        let Some(tape) = self.tapes.last_mut() else { return Ok(()) };
        let (mut sum, sizes) = (F::from(0), (self.batch, targets.nrows()));
        for b in 0..self.batch {
            let adjoint = tape.adjoint.col_as_slice_mut(b);
            for (k, x) in tape.firing_rate.col_as_slice(b).iter().enumerate() {
                let (value, slope) = self.measure.of_output(*x, targets[(k, b)], sizes);
                adjoint[k] = slope;
                sum += value;
            }
        }
        self.loss = self.measure.over(sum, sizes);
        if self.loss.finite() {
            return Ok(());
        }
        Err(not_finite(format!("loss in {}", F::NAME)))
    }

    /// D6 at one layer: δ = σ' ∘ x̄, then x̄ of the layer before.
    fn back(&mut self, network: &Network<F>, l: usize) -> Result<(), Error> {
        let batch = self.batch;
        let (before, rest) = self.tapes.split_at_mut(l);
        let tape = &mut rest[0];
        let (slope, adjoint, delta) = (&tape.slope, &tape.adjoint, &mut tape.delta);
        tape.tame_deltas = widest(Delta { slope, adjoint, delta, batch });
        if !tape.tame_deltas {
            expect_finite_columns(&tape.adjoint, batch, "adjoint", l + 1)?;
            expect_finite_columns(&tape.delta, batch, "delta", l + 1)?;
        }
        let below = match before.last_mut() {
            Some(tape) => Some(&mut tape.adjoint),
            None => self.input_adjoint.as_mut(),
        };
        let Some(below) = below else { return Ok(()) };
        let delta = tape.delta.subcols(0, batch);
        let transposed = network.layers[l].weights.transpose();
        let adjoint = below.subcols_mut(0, batch);
        product(adjoint, Accum::Replace, transposed, delta, F::from(1), self.threads)?;
        if l == 0 {
            expect_finite_columns(below, batch, "adjoint", 0)?;
        }
        Ok(())
    }

    /// D7 at one layer; the mean is taken inside the product. With weights and η it is not checked but descended at once.
    fn gradient(
        &mut self,
        inputs: MatRef<'_, F>,
        l: usize,
        descend: Option<(MatMut<'_, F>, F)>,
    ) -> Result<(), Error> {
        let (batch, threads) = (self.batch, self.threads);
        let share = F::from(1) / F::count(batch);
        let (before, rest) = self.tapes.split_at_mut(l);
        let tape = &mut rest[0];
        let x = before.last().map_or(inputs, |before| before.firing_rate.subcols(0, batch));
        let (delta, x) = (tape.delta.subcols(0, batch), x.transpose());
        let gradient = tape.weight_gradient.as_mut();
        if let Some((weights, learning_rate)) = descend {
            product_onto(gradient, delta, x, share, threads, weights, |weights, gradient| {
                widest(Descend { weights, gradient, learning_rate });
            })?;
        } else {
            product(gradient, Accum::Replace, delta, x, share, threads)?;
            let tame = match before.last() {
                Some(before) => before.tame_rates,
                None => widest(Inputs { x: inputs }),
            };
            if !(tame && tape.tame_deltas) {
                let pres = tape.weight_gradient.ncols();
                expect_finite_columns(&tape.weight_gradient, pres, "weight gradient", l + 1)?;
            }
        }
        let Some(gradient) = &mut tape.bias_gradient else { return Ok(()) };
        widest(Mean { delta: &tape.delta, gradient, batch });
        expect_finite(gradient, "bias gradient", l + 1)
    }

    /// The products of a step alone, on the numbers of the batch last differentiated: the measure of everything else. Returns
    /// their number; net inputs and adjoints are spoilt.
    ///
    /// # Errors
    /// [`Error::Input`] if no such batch was differentiated with this network.
    pub fn products(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
    ) -> Result<usize, Error> {
        self.expect_fit(network, inputs)?;
        let (batch, one) = (self.batch, F::from(1));
        expect_shape("inputs", inputs, self.inputs, batch)?;
        for l in 0..self.tapes.len() {
            let (done, rest) = self.tapes.split_at_mut(l);
            let x = done.last().map_or(inputs, |tape| tape.firing_rate.subcols(0, batch));
            let s = rest[0].net_input.subcols_mut(0, batch);
            product(s, Accum::Replace, network.layers[l].weights.as_ref(), x, one, self.threads)?;
        }
        let mut number = self.tapes.len();
        for l in (0..self.tapes.len()).rev() {
            let (before, rest) = self.tapes.split_at_mut(l);
            let delta = rest[0].delta.subcols(0, batch);
            if let Some(before) = before.last_mut() {
                let adjoint = before.adjoint.subcols_mut(0, batch);
                let weights = network.layers[l].weights.transpose();
                product(adjoint, Accum::Replace, weights, delta, one, self.threads)?;
                number += 1;
            }
            let x = before.last().map_or(inputs, |tape| tape.firing_rate.subcols(0, batch));
            let gradient = rest[0].weight_gradient.as_mut();
            product(gradient, Accum::Replace, delta, x.transpose(), one, self.threads)?;
            number += 1;
        }
        Ok(number)
    }

    /// L of the batch last differentiated.
    #[must_use]
    pub fn loss(&self) -> F {
        self.loss
    }

    /// s^l for l = 1..=Λ, n_l × B.
    #[must_use]
    pub fn net_input(&self, layer: usize) -> MatRef<'_, F> {
        self.tapes[layer - 1].net_input.subcols(0, self.batch)
    }

    /// x^l for l = 1..=Λ, n_l × B.
    #[must_use]
    pub fn firing_rate(&self, layer: usize) -> MatRef<'_, F> {
        self.tapes[layer - 1].firing_rate.subcols(0, self.batch)
    }

    /// σ'_l(s^l) for l = 1..=Λ, n_l × B.
    #[must_use]
    pub fn slope(&self, layer: usize) -> MatRef<'_, F> {
        self.tapes[layer - 1].slope.subcols(0, self.batch)
    }

    /// x̄^l for l = 0..=Λ, n_l × B; no rows for l = 0 where it was left out.
    #[must_use]
    pub fn adjoint(&self, layer: usize) -> MatRef<'_, F> {
        if layer > 0 {
            return self.tapes[layer - 1].adjoint.subcols(0, self.batch);
        }
        match &self.input_adjoint {
            Some(adjoint) => adjoint.subcols(0, self.batch),
            None => self.tapes[0].adjoint.submatrix(0, 0, 0, self.batch),
        }
    }

    /// δ^l for l = 1..=Λ, n_l × B.
    #[must_use]
    pub fn delta(&self, layer: usize) -> MatRef<'_, F> {
        self.tapes[layer - 1].delta.subcols(0, self.batch)
    }

    /// ∂L/∂W^l for l = 1..=Λ.
    #[must_use]
    pub fn weight_gradient(&self, layer: usize) -> MatRef<'_, F> {
        self.tapes[layer - 1].weight_gradient.as_ref()
    }

    /// ∂L/∂b^l for l = 1..=Λ; empty where the layer has no biases.
    #[must_use]
    pub fn bias_gradient(&self, layer: usize) -> &[F] {
        self.tapes[layer - 1].bias_gradient.as_deref().unwrap_or(&[])
    }
}
