//! One step of gradient descent in memory taken beforehand.

use faer::{Accum, Mat, MatRef};

use super::slope::{activate, slope};
use crate::error::Error;
use crate::fast::product::{expect_finite, expect_shape, product};
use crate::fast::{Float, Network, not_finite};

/// What one layer leaves behind on the way forward and back.
struct Tape<F> {
    net_input: Mat<F>,
    firing_rate: Mat<F>,
    slope: Mat<F>,
    adjoint: Mat<F>,
    delta: Mat<F>,
    weight_gradient: Mat<F>,
    bias_gradient: Option<Vec<F>>,
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
                net_input: Mat::zeros(posts, capacity),
                firing_rate: Mat::zeros(posts, capacity),
                slope: Mat::zeros(posts, capacity),
                adjoint: Mat::zeros(posts, capacity),
                delta: Mat::zeros(posts, capacity),
                weight_gradient: Mat::zeros(posts, layer.weights.ncols()),
                bias_gradient: layer.biases.as_ref().map(|_| vec![F::from(0); posts]),
            });
        }
        let inputs = network.layers[0].weights.ncols();
        Ok(Self { tapes, input_adjoint: None, inputs, capacity, batch: 0, loss: F::from(0) })
    }

    /// As [`Self::new`], with ∂L_b/∂x⁰ (one more product).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_input_adjoint(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        let mut workspace = Self::new(network, capacity)?;
        workspace.input_adjoint = Some(Mat::zeros(workspace.inputs, capacity));
        Ok(workspace)
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
        self.differentiate(network, inputs, targets)?;
        for (layer, tape) in network.layers.iter_mut().zip(&self.tapes) {
            for pre in 0..layer.weights.ncols() {
                let gradient = tape.weight_gradient.col_as_slice(pre);
                let weights = layer.weights.col_as_slice_mut(pre);
                for (weight, gradient) in weights.iter_mut().zip(gradient) {
                    *weight = *weight - learning_rate * *gradient;
                }
            }
            if let (Some(biases), Some(gradient)) = (&mut layer.biases, &tape.bias_gradient) {
                for (bias, gradient) in biases.iter_mut().zip(gradient) {
                    *bias = *bias - learning_rate * *gradient;
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
        self.expect_fit(network, inputs, targets)?;
        self.batch = inputs.ncols();
        self.forward(network, inputs)?;
        self.output_adjoint(targets)?;
        for l in (0..self.tapes.len()).rev() {
            self.back(network, l)?;
            self.gradient(inputs, l)?;
        }
        Ok(())
    }

    fn expect_fit(
        &self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
        targets: MatRef<'_, F>,
    ) -> Result<(), Error> {
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
        expect_shape("inputs", inputs, self.inputs, batch)?;
        let outputs = self.tapes.last().map_or(0, |tape| tape.delta.nrows());
        expect_shape("targets", targets, outputs, batch)
    }

    /// D5; the bias is laid down first and the product added to it.
    fn forward(&mut self, network: &Network<F>, inputs: MatRef<'_, F>) -> Result<(), Error> {
        let batch = self.batch;
        for (l, layer) in network.layers.iter().enumerate() {
            let (done, rest) = self.tapes.split_at_mut(l);
            let tape = &mut rest[0];
            for b in 0..batch {
                let column = tape.net_input.col_as_slice_mut(b);
                match &layer.biases {
                    Some(biases) => column.copy_from_slice(biases),
                    None => column.fill(F::from(0)),
                }
            }
            let x = match done.last() {
                Some(tape) => tape.firing_rate.subcols(0, batch),
                None => inputs,
            };
            let s = tape.net_input.subcols_mut(0, batch);
            product(s, Accum::Add, layer.weights.as_ref(), x, F::from(1))?;
            for b in 0..batch {
                let s = tape.net_input.col_as_slice(b);
                expect_finite(s, "net input", l + 1)?;
                let x = tape.firing_rate.col_as_slice_mut(b);
                let slopes = tape.slope.col_as_slice_mut(b);
                for (post, s) in s.iter().enumerate() {
                    x[post] = activate(&layer.activation, *s);
                    slopes[post] = slope(&layer.activation, layer.kink, *s);
                }
                expect_finite(x, "firing rate", l + 1)?;
                expect_finite(slopes, "slope", l + 1)?;
            }
        }
        Ok(())
    }

    /// x̄^Λ = x^Λ − t (D6) and L = (1/B) Σ_b ½ Σ_k (x_k − t_k)² (D0).
    fn output_adjoint(&mut self, targets: MatRef<'_, F>) -> Result<(), Error> {
        let Some(tape) = self.tapes.last_mut() else { return Ok(()) };
        let mut squares = F::from(0);
        for b in 0..self.batch {
            let adjoint = tape.adjoint.col_as_slice_mut(b);
            for (k, x) in tape.firing_rate.col_as_slice(b).iter().enumerate() {
                adjoint[k] = *x - targets[(k, b)];
                squares = squares + adjoint[k] * adjoint[k];
            }
        }
        self.loss = squares / F::from(2) / F::count(self.batch);
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
        for b in 0..batch {
            let adjoint = tape.adjoint.col_as_slice(b);
            let slopes = tape.slope.col_as_slice(b);
            let delta = tape.delta.col_as_slice_mut(b);
            for post in 0..delta.len() {
                delta[post] = adjoint[post] * slopes[post];
            }
            expect_finite(adjoint, "adjoint", l + 1)?;
            expect_finite(delta, "delta", l + 1)?;
        }
        let below = match before.last_mut() {
            Some(tape) => Some(&mut tape.adjoint),
            None => self.input_adjoint.as_mut(),
        };
        let Some(below) = below else { return Ok(()) };
        let delta = tape.delta.subcols(0, batch);
        let transposed = network.layers[l].weights.transpose();
        let adjoint = below.subcols_mut(0, batch);
        product(adjoint, Accum::Replace, transposed, delta, F::from(1))?;
        if l == 0 {
            for b in 0..batch {
                expect_finite(below.col_as_slice(b), "adjoint", 0)?;
            }
        }
        Ok(())
    }

    /// D7 at one layer; the mean is taken inside the product.
    fn gradient(&mut self, inputs: MatRef<'_, F>, l: usize) -> Result<(), Error> {
        let batch = self.batch;
        let share = F::from(1) / F::count(batch);
        let (before, rest) = self.tapes.split_at_mut(l);
        let tape = &mut rest[0];
        let x = match before.last() {
            Some(tape) => tape.firing_rate.subcols(0, batch),
            None => inputs,
        };
        let delta = tape.delta.subcols(0, batch);
        let gradient = tape.weight_gradient.as_mut();
        product(gradient, Accum::Replace, delta, x.transpose(), share)?;
        for pre in 0..tape.weight_gradient.ncols() {
            expect_finite(tape.weight_gradient.col_as_slice(pre), "weight gradient", l + 1)?;
        }
        let Some(gradient) = &mut tape.bias_gradient else { return Ok(()) };
        for (post, gradient) in gradient.iter_mut().enumerate() {
            let mut sum = F::from(0);
            for b in 0..batch {
                sum = sum + tape.delta[(post, b)];
            }
            *gradient = sum / F::count(batch);
        }
        expect_finite(gradient, "bias gradient", l + 1)
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
