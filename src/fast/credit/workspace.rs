//! One training step of the credit rule in memory taken beforehand.

use faer::{Accum, Mat, MatMut, MatRef};

use super::external::External;
use super::passes::{Balance, Clamped, Fire, Wire};
use crate::error::Error;
use crate::fast::layout::{expect_finite, expect_finite_columns, zeros};
use crate::fast::product::{expect_shape, product, product_onto};
use crate::fast::wide::widest;
use crate::fast::{Float, Network, Threads};
use crate::spec::Loss;

/// The room of one layer; all but the updates have one column per example.
struct Room<F> {
    net_input: Mat<F>,
    firing_rate: Mat<F>,
    balance_factor: Mat<F>,
    credit: Mat<F>,
    /// β∘c, what is left of the retrograde signal once the synapses are taken out.
    balanced_credit: Mat<F>,
    /// Σ_b β c, one entry per neuron.
    balanced_sum: Vec<F>,
    weight_update: Mat<F>,
    bias_update: Vec<F>,
    has_biases: bool,
    /// Whether x and β∘c of the batch last settled are so small that no update can overflow.
    tame_rates: bool,
    tame_credit: bool,
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
    threads: Threads,
    external: External<F>,
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
            let room = || zeros(posts, capacity);
            Room {
                net_input: room(),
                firing_rate: room(),
                balance_factor: room(),
                credit: room(),
                balanced_credit: room(),
                balanced_sum: vec![F::from(0); posts],
                weight_update: zeros(posts, pres),
                bias_update: vec![F::from(0); posts],
                has_biases: layer.biases.is_some(),
                tame_rates: false,
                tame_credit: false,
            }
        });
        let inputs = network.layers[0].weights.ncols();
        let rooms = rooms.collect();
        let threads = Threads::ONE;
        let external = External::half_squared();
        Ok(Self { rooms, input_credit: None, inputs, capacity, batch: 0, threads, external })
    }

    /// As [`Self::new`], and the credit of input neurons is computed too (one more product).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_input_credit(network: &Network<F>, capacity: usize) -> Result<Self, Error> {
        let workspace = Self::new(network, capacity)?;
        let input_credit = Some(zeros(workspace.inputs, capacity));
        Ok(Self { input_credit, ..workspace })
    }

    /// Takes e from another loss than half squared error.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number of the loss is beyond the format.
    pub fn measured_by(self, loss: &Loss) -> Result<Self, Error> {
        Ok(Self { external: External::of(loss)?, ..self })
    }

    /// Shares each large product among threads; the bits stay the same.
    #[must_use]
    pub fn threads(self, threads: Threads) -> Self {
        Self { threads, ..self }
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
        let scale = learning_rate / F::count(self.batch);
        let tame = |room: &Room<F>| room.tame_rates && room.tame_credit;
        if !(scale.magnitude() <= F::from(1) && self.rooms.iter().all(tame) && is_tame(inputs)) {
            self.plasticity(inputs, learning_rate)?;
            return self.apply(network);
        }
        // No update can overflow, so each is applied while it is at hand: all credits have passed.
        for (l, layer) in network.layers.iter_mut().enumerate() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            let rates = before.last().map_or(inputs, |room| columns(&room.firing_rate, self.batch));
            let balanced = columns(&room.balanced_credit, self.batch);
            let (update, rates) = (room.weight_update.as_mut(), rates.transpose());
            let weights = layer.weights.as_mut();
            product_onto(
                update,
                balanced,
                rates,
                scale,
                self.threads,
                weights,
                |weights, update| {
                    widest(Wire { weights, update });
                },
            )?;
            room.plastic_biases(scale);
            for (bias, update) in layer.biases.iter_mut().flatten().zip(&room.bias_update) {
                *bias += *update;
            }
        }
        Ok(())
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
            let weights = layer.weights.as_ref();
            product(net_input, Accum::Replace, weights, rates, F::from(1), self.threads)?;
            room.tame_rates = widest(Fire {
                layer,
                net_input: &mut room.net_input,
                firing_rate: &mut room.firing_rate,
                balance_factor: &mut room.balance_factor,
                batch,
            });
            if !room.tame_rates {
                expect_finite_columns(&room.net_input, batch, "net input", l + 1)?;
                expect_finite_columns(&room.firing_rate, batch, "firing rate", l + 1)?;
                expect_finite_columns(&room.balance_factor, batch, "balance factor", l + 1)?;
            }
        }
        Ok(())
    }

    /// D3 from the outputs back: c = e on outputs, then c ← Wᵀ(β∘c).
    fn assign_credit(&mut self, network: &Network<F>, targets: MatRef<'_, F>) -> Result<(), Error> {
        let (batch, last) = (self.batch, self.rooms.len() - 1);
        for b in 0..batch {
            let room = &mut self.rooms[last];
            let sizes = (batch, targets.nrows());
            let credit = room.credit.col_as_slice_mut(b).iter_mut();
            let rates = room.firing_rate.col_as_slice(b);
            for ((credit, target), rate) in credit.zip(targets.col(b).iter()).zip(rates) {
                *credit = self.external.credit(*rate, *target, sizes);
            }
        }
        for l in (0..=last).rev() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            room.tame_credit = widest(Balance {
                balance_factor: &room.balance_factor,
                credit: &room.credit,
                balanced_credit: &mut room.balanced_credit,
                sum: &mut room.balanced_sum,
                batch,
            });
            if !room.tame_credit {
                expect_finite_columns(&room.credit, batch, "credit", l + 1)?;
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
            let credit = columns_mut(credit, batch);
            product(credit, Accum::Replace, synapses, balanced, F::from(1), self.threads)?;
        }
        match &self.input_credit {
            Some(credit) => expect_finite_columns(credit, batch, "credit", 0),
            None => Ok(()),
        }
    }

    /// D4: ΔW = η ⟨β c x⟩ and Δb = η ⟨β c⟩ of the batch last settled.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn plasticity(&mut self, inputs: MatRef<'_, F>, learning_rate: F) -> Result<(), Error> {
        let batch = self.batch;
        expect_shape("inputs", inputs, self.inputs, batch)?;
        let scale = learning_rate / F::count(batch);
        let mut tame_rates = is_tame(inputs);
        for l in 0..self.rooms.len() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            let rates = before.last().map_or(inputs, |room| columns(&room.firing_rate, batch));
            let balanced = columns(&room.balanced_credit, batch);
            let update = room.weight_update.as_mut();
            product(update, Accum::Replace, balanced, rates.transpose(), scale, self.threads)?;
            let overflows = !(tame_rates && room.tame_credit && scale.magnitude() <= F::from(1));
            if overflows {
                let pres = room.weight_update.ncols();
                expect_finite_columns(&room.weight_update, pres, "weight update", l + 1)?;
            }
            if room.has_biases {
                room.plastic_biases(scale);
                expect_finite(&room.bias_update, "bias update", l + 1)?;
            }
            tame_rates = room.tame_rates;
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
            let (weights, update) = (layer.weights.as_mut(), room.weight_update.as_ref());
            widest(Wire { weights, update });
            for (bias, update) in layer.biases.iter_mut().flatten().zip(&room.bias_update) {
                *bias += *update;
            }
        }
        Ok(())
    }

    /// The products of a step and nothing else, in the same memory: what a step is measured against. Returns how many.
    ///
    /// They run on what the batch last settled left behind; credits and net inputs mean nothing afterwards.
    ///
    /// # Errors
    /// [`Error::Input`] if no such batch was settled with this network.
    pub fn products(
        &mut self,
        network: &Network<F>,
        inputs: MatRef<'_, F>,
    ) -> Result<usize, Error> {
        self.expect_network(network)?;
        let (batch, one, threads) = (self.batch, F::from(1), self.threads);
        expect_shape("inputs", inputs, self.inputs, batch)?;
        let mut count = 0;
        for (l, layer) in network.layers.iter().enumerate() {
            let (before, here) = self.rooms.split_at_mut(l);
            let room = &mut here[0];
            let rates = before.last().map_or(inputs, |room| columns(&room.firing_rate, batch));
            let net_input = columns_mut(&mut room.net_input, batch);
            product(net_input, Accum::Replace, layer.weights.as_ref(), rates, one, threads)?;
            let balanced = columns(&room.balanced_credit, batch);
            let update = room.weight_update.as_mut();
            product(update, Accum::Replace, balanced, rates.transpose(), one, threads)?;
            count += 2;
            if let Some(before) = before.last_mut() {
                let credit = columns_mut(&mut before.credit, batch);
                let synapses = layer.weights.transpose();
                product(credit, Accum::Replace, synapses, balanced, one, threads)?;
                count += 1;
            }
        }
        Ok(count)
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

impl<F: Float> Room<F> {
    /// Δb = η ⟨β c⟩ (D4).
    fn plastic_biases(&mut self, scale: F) {
        if self.has_biases {
            for (update, sum) in self.bias_update.iter_mut().zip(&self.balanced_sum) {
                *update = scale * *sum;
            }
        }
    }
}

fn is_tame<F: Float>(inputs: MatRef<'_, F>) -> bool {
    widest(Clamped(inputs))
}

fn columns<F>(matrix: &Mat<F>, batch: usize) -> MatRef<'_, F> {
    matrix.subcols(0, batch)
}

fn columns_mut<F>(matrix: &mut Mat<F>, batch: usize) -> MatMut<'_, F> {
    matrix.subcols_mut(0, batch)
}
