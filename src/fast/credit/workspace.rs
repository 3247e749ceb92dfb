//! One training step of the credit rule in memory taken beforehand.

use faer::{Accum, Mat, MatMut, MatRef};

use super::neuron::{balance_factor, firing_rate, replaced_balance};
use crate::error::Error;
use crate::fast::product::{expect_finite, expect_shape, product};
use crate::fast::{Float, Network};

/// The room of one layer; all but the updates have one column per example.
struct Room<F> {
    net_input: Mat<F>,
    firing_rate: Mat<F>,
    balance_factor: Mat<F>,
    credit: Mat<F>,
    /// β∘c, what is left of the retrograde signal once the synapses are taken out.
    balanced_credit: Mat<F>,
    weight_update: Mat<F>,
    bias_update: Vec<F>,
    has_biases: bool,
}

/// Preallocated room for the credit rule on batches of up to a fixed number of examples.
///
/// Per boundary between layers there is one product forward (D1), one back (D3) and one
/// for plasticity (D4); no step takes memory of its own.
///
/// Shapes: inputs n_0 × B and targets n_Λ × B, one column per example, B at most the capacity.
///
/// ```
/// use creditcheck::fast::{Function, Layer, Network, credit::Workspace};
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
/// // e = 2 − 1 = 1, ΔW = ½·1·(1, 2)
/// assert_eq!(network.layers[0].weights, mat![[1.0, 1.25]]);
/// ```
pub struct Workspace<F> {
    rooms: Vec<Room<F>>,
    /// Credit of the clamped neurons, where it is wanted.
    input_credit: Option<Mat<F>>,
    inputs: usize,
    capacity: usize,
    /// Examples of the batch last settled.
    batch: usize,
}

impl<F: Float> Workspace<F> {
    /// Takes the memory for batches of up to `capacity` examples; credit of input neurons is left out.
    ///
    /// # Errors
    /// [`Error::Input`] if the network has no layers or its widths do not fit.
    pub fn new(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        network.expect_layers()?;
        let rooms = network.layers.iter().map(|layer| {
            let (posts, pres) = layer.weights.shape();
            let room = || Mat::zeros(posts, capacity);
            Room {
                net_input: room(),
                firing_rate: room(),
                balance_factor: room(),
                credit: room(),
                balanced_credit: room(),
                weight_update: Mat::zeros(posts, pres),
                bias_update: vec![F::from(0); posts],
                has_biases: layer.biases.is_some(),
            }
        });
        let inputs = network.layers[0].weights.ncols();
        Ok(Self { rooms: rooms.collect(), input_credit: None, inputs, capacity, batch: 0 })
    }

    /// As [`Self::new`], and the credit of input neurons is computed too (one more product).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_input_credit(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        let workspace = Self::new(network, capacity)?;
        let input_credit = Some(Mat::zeros(workspace.inputs, capacity));
        Ok(Self { input_credit, ..workspace })
    }

    /// One step of training: settle, plasticity, and W ← W + ΔW once every credit has passed.
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
        self.settle(network, inputs, targets)?;
        self.plasticity(inputs, learning_rate)?;
        self.apply(network)
    }

    /// The firing rates of the output neurons, n_Λ × B (D1).
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn predict(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
    ) -> Result<MatRef<'_, F>, Error> {
        self.fire(network, inputs)?;
        Ok(self.firing_rate(self.rooms.len()))
    }

    /// D1–D3: rates, balance factors and credits at equilibrium.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn settle(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
        targets: MatRef<'_, F>,
    ) -> Result<(), Error> {
        let outputs = self.rooms[self.rooms.len() - 1].net_input.nrows();
        expect_shape("targets", targets, outputs, inputs.ncols())?;
        self.fire(network, inputs)?;
        self.assign_credit(network, targets)
    }

    /// D1: s = W x + b, x = σ(s); and D2 beside it, from the rate while it is at hand.
    fn fire(&mut self, network: &Network<F>, inputs: MatRef<'_, F>) -> Result<(), Error> {
        self.expect_network(network)?;
        let batch = inputs.ncols();
        if batch == 0 || batch > self.capacity {
            let expected = format!("1 to {}", self.capacity);
            return Err(Error::input("inputs", format!("{batch} examples"), expected));
        }
        expect_shape("inputs", inputs, self.inputs, batch)?;
        self.batch = batch;
        for (l, layer) in network.layers.iter().enumerate() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            let rates = before.last().map_or(inputs, |room| columns(&room.firing_rate, batch));
            let net_input = columns_mut(&mut room.net_input, batch);
            product(net_input, Accum::Replace, layer.weights.as_ref(), rates, F::from(1))?;
            for b in 0..batch {
                let s = room.net_input.col_as_slice_mut(b);
                if let Some(biases) = &layer.biases {
                    for (s, bias) in s.iter_mut().zip(biases) {
                        *s = *s + *bias;
                    }
                }
                let x = room.firing_rate.col_as_slice_mut(b);
                for (x, s) in x.iter_mut().zip(s.iter()) {
                    *x = firing_rate(&layer.activation, *s);
                }
                let beta = room.balance_factor.col_as_slice_mut(b);
                let rate_and_input = x.iter().zip(s.iter());
                for (beta, (x, s)) in beta.iter_mut().zip(rate_and_input) {
                    *beta = match &layer.balance {
                        None => balance_factor(&layer.activation, layer.kink, *s, *x),
                        Some(balance) => replaced_balance(balance, layer.kink, *s),
                    };
                }
                expect_finite(s, "net input", l + 1)?;
                expect_finite(x, "firing rate", l + 1)?;
                expect_finite(beta, "balance factor", l + 1)?;
            }
        }
        Ok(())
    }

    /// D3 from the outputs back: c = e on outputs, then c ← Wᵀ(β∘c).
    fn assign_credit(&mut self, network: &Network<F>, targets: MatRef<'_, F>) -> Result<(), Error> {
        let (batch, last) = (self.batch, self.rooms.len() - 1);
        for b in 0..batch {
            let room = &mut self.rooms[last];
            let credit = room.credit.col_as_slice_mut(b).iter_mut();
            let rates = room.firing_rate.col_as_slice(b);
            for ((credit, target), rate) in credit.zip(targets.col(b).iter()).zip(rates) {
                *credit = *target - *rate;
            }
        }
        for l in (0..=last).rev() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            for b in 0..batch {
                let credit = room.credit.col_as_slice(b);
                expect_finite(credit, "credit", l + 1)?;
                let balanced = room.balanced_credit.col_as_slice_mut(b).iter_mut();
                let beta = room.balance_factor.col_as_slice(b);
                for ((balanced, beta), credit) in balanced.zip(beta).zip(credit) {
                    *balanced = *beta * *credit;
                }
            }
            let credit = match before.last_mut() {
                Some(room) => &mut room.credit,
                None => match &mut self.input_credit {
                    Some(credit) => credit,
                    None => continue,
                },
            };
            let synapses = network.layers[l].weights.transpose();
            let balanced = columns(&room.balanced_credit, batch);
            product(columns_mut(credit, batch), Accum::Replace, synapses, balanced, F::from(1))?;
        }
        if let Some(credit) = &self.input_credit {
            for b in 0..batch {
                expect_finite(credit.col_as_slice(b), "credit", 0)?;
            }
        }
        Ok(())
    }

    /// D4: ΔW = η ⟨β c x⟩ and Δb = η ⟨β c⟩ of the batch last settled.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn plasticity(&mut self, inputs: MatRef<'_, F>, learning_rate: F) -> Result<(), Error> {
        let batch = self.batch;
        expect_shape("inputs", inputs, self.inputs, batch)?;
        let scale = learning_rate / F::count(batch);
        for l in 0..self.rooms.len() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            let rates = before.last().map_or(inputs, |room| columns(&room.firing_rate, batch));
            let balanced = columns(&room.balanced_credit, batch);
            let update = room.weight_update.as_mut();
            product(update, Accum::Replace, balanced, rates.transpose(), F::from(1))?;
            for pre in 0..room.weight_update.ncols() {
                let column = room.weight_update.col_as_slice_mut(pre);
                for update in column.iter_mut() {
                    *update = scale * *update;
                }
                expect_finite(column, "weight update", l + 1)?;
            }
            if room.has_biases {
                room.bias_update.fill(F::from(0));
                for b in 0..batch {
                    let balanced = room.balanced_credit.col_as_slice(b);
                    for (update, balanced) in room.bias_update.iter_mut().zip(balanced) {
                        *update = *update + *balanced;
                    }
                }
                for update in &mut room.bias_update {
                    *update = scale * *update;
                }
                expect_finite(&room.bias_update, "bias update", l + 1)?;
            }
        }
        Ok(())
    }

    /// W ← W + ΔW, b ← b + Δb: after plasticity of all layers, so that no credit sees a changed synapse.
    ///
    /// # Errors
    /// [`Error::Input`] if this is not the network the memory was taken for.
    pub fn apply(&self, network: &mut Network<F>) -> Result<(), Error> {
        self.expect_network(network)?;
        for (layer, room) in network.layers.iter_mut().zip(&self.rooms) {
            for pre in 0..room.weight_update.ncols() {
                let update = room.weight_update.col_as_slice(pre);
                for (weight, update) in layer.weights.col_as_slice_mut(pre).iter_mut().zip(update) {
                    *weight = *weight + *update;
                }
            }
            for (bias, update) in layer.biases.iter_mut().flatten().zip(&room.bias_update) {
                *bias = *bias + *update;
            }
        }
        Ok(())
    }

    fn expect_network(&self, network: &Network<F>) -> Result<(), Error> {
        let same = network.layers.len() == self.rooms.len()
            && network.layers.iter().zip(&self.rooms).all(|(layer, room)| {
                let biases = room.has_biases.then_some(room.bias_update.len());
                layer.weights.shape() == room.weight_update.shape()
                    && layer.biases.as_ref().map(Vec::len) == biases
            });
        if same {
            return Ok(());
        }
        Err(Error::input("network", "another shape", "the network of this workspace"))
    }

    /// s of layer 1..=Λ, n_l × B.
    #[must_use]
    pub fn net_input(&self, layer: usize) -> MatRef<'_, F> {
        columns(&self.rooms[layer - 1].net_input, self.batch)
    }

    /// x of layer 1..=Λ, n_l × B.
    #[must_use]
    pub fn firing_rate(&self, layer: usize) -> MatRef<'_, F> {
        columns(&self.rooms[layer - 1].firing_rate, self.batch)
    }

    /// β of layer 1..=Λ, n_l × B.
    #[must_use]
    pub fn balance_factor(&self, layer: usize) -> MatRef<'_, F> {
        columns(&self.rooms[layer - 1].balance_factor, self.batch)
    }

    /// c of layer 0..=Λ, n_l × B; no rows for layer 0 where the credit of inputs was left out.
    #[must_use]
    pub fn credit(&self, layer: usize) -> MatRef<'_, F> {
        match (layer.checked_sub(1), &self.input_credit) {
            (Some(l), _) => columns(&self.rooms[l].credit, self.batch),
            (None, Some(credit)) => columns(credit, self.batch),
            (None, None) => columns(&self.rooms[0].credit, self.batch).subrows(0, 0),
        }
    }

    /// ΔW of layer 1..=Λ, n_l × n_(l−1).
    #[must_use]
    pub fn weight_update(&self, layer: usize) -> MatRef<'_, F> {
        self.rooms[layer - 1].weight_update.as_ref()
    }

    /// Δb of layer 1..=Λ; zeros where the layer has no biases.
    #[must_use]
    pub fn bias_update(&self, layer: usize) -> &[F] {
        &self.rooms[layer - 1].bias_update
    }
}

fn columns<F>(matrix: &Mat<F>, batch: usize) -> MatRef<'_, F> {
    matrix.subcols(0, batch)
}

fn columns_mut<F>(matrix: &mut Mat<F>, batch: usize) -> MatMut<'_, F> {
    matrix.subcols_mut(0, batch)
}
