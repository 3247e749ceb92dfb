//! The network of D11, its two equilibria by damped relaxation, and plasticity; f32, a batch at a time.
//!
//! Every sum is added up in an order that the text fixes, without fused operations, and tanh is made of sums, products and
//! quotients: the weights after thousands of steps are the same bits on every machine. That is why no library multiplies here: what a general kernel
//! returns depends on the processor, and at the edge of stability the last bit decides the course of a training.

use crate::simulate::experiment::Draws;

/// Examples side by side in one piece of a sum; batches are filled up to a multiple of it.
pub(super) const LANES: usize = 16;

/// How many neurons of each kind there are. Order: inputs, hidden neurons, outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Clamped input neurons.
    pub inputs: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// Output neurons.
    pub outputs: usize,
}

impl Shape {
    /// All neurons, N.
    #[must_use]
    pub fn neurons(self) -> usize {
        self.inputs + self.hidden + self.outputs
    }

    /// Neurons that are not clamped, R.
    #[must_use]
    pub fn free(self) -> usize {
        self.hidden + self.outputs
    }

    /// What neuron `k` of the whole network is.
    #[must_use]
    pub fn kind(self, k: usize) -> Kind {
        match k {
            k if k < self.inputs => Kind::Input,
            k if k < self.inputs + self.hidden => Kind::Hidden,
            _ => Kind::Output,
        }
    }
}

/// What a neuron is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Clamped to a pixel.
    Input,
    /// Neither clamped nor told a target.
    Hidden,
    /// With a target, hence with external credit.
    Output,
}

/// Which synapses exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// All but self-synapses.
    A,
    /// All but self-synapses and those from inputs to outputs: the hidden neurons have to work.
    B,
}

impl Arm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];
}

/// A network: W from all N neurons to the R that are not clamped.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// How many neurons of each kind.
    pub shape: Shape,
    /// Which synapses exist.
    pub arm: Arm,
    /// W, R × N by rows: `weights[post * N + pre]`, post counted from the first hidden neuron; 0 where no synapse exists.
    pub weights: Vec<f32>,
}

impl Network {
    /// W₀ with independent entries of N(0, g²/N) on the synapses that exist; both arms draw the same numbers.
    #[must_use]
    pub fn draw(shape: Shape, arm: Arm, gain: f64, draws: &mut Draws) -> Self {
        let neurons = shape.neurons();
        // A few hundred neurons.
        #[allow(clippy::cast_precision_loss)]
        let deviation = gain / (neurons as f64).sqrt();
        let mut network = Self { shape, arm, weights: vec![0.0; shape.free() * neurons] };
        for post in 0..shape.free() {
            for pre in 0..neurons {
                let weight = deviation * draws.normal();
                if network.exists(post, pre) {
                    // The weights are f32 from here on.
                    #[allow(clippy::cast_possible_truncation)]
                    let weight = weight as f32;
                    network.weights[post * neurons + pre] = weight;
                }
            }
        }
        network
    }

    /// Whether there is a synapse from neuron `pre` of N to neuron `post` of R.
    #[must_use]
    pub fn exists(&self, post: usize, pre: usize) -> bool {
        let self_synapse = post + self.shape.inputs == pre;
        let direct = pre < self.shape.inputs && post >= self.shape.hidden;
        !(self_synapse || direct && self.arm == Arm::B)
    }

    /// The same network without the synapses between hidden neurons.
    #[must_use]
    pub fn without_hidden_to_hidden(&self) -> Self {
        let mut cut = self.clone();
        let Shape { inputs, hidden, .. } = self.shape;
        for row in cut.weights.chunks_exact_mut(self.shape.neurons()).take(hidden) {
            row[inputs..inputs + hidden].fill(0.0);
        }
        cut
    }
}

/// How equilibria are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relaxation {
    /// x ← x + damping · (σ(Wx) − x), and the same for c.
    pub damping: f32,
    /// The largest residual |σ(Wx) − x| of any neuron and example that passes for an equilibrium; that of the credits
    /// relative to the largest credit, where one is above 1.
    pub tolerance: f32,
    /// Sweeps after which it is given up.
    pub sweeps: usize,
}

/// An equilibrium that was not found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unsettled {
    /// Whether the credits did not settle, or already the firing rates.
    pub credit: bool,
    /// The largest residual after the last sweep; NaN if the numbers overflowed.
    pub residual: f32,
}

/// The state of a batch, in columns: `x[neuron * width + example]`.
#[derive(Clone, Debug)]
pub struct Batch {
    width: usize,
    /// Clamped rates, one row a pixel.
    pub input: Vec<f32>,
    /// Firing rates x of the R neurons.
    pub rate: Vec<f32>,
    /// Credits c of the R neurons.
    pub credit: Vec<f32>,
    /// Targets t, one row an output; of columns that are not used, the rate itself.
    pub target: Vec<f32>,
    /// The most sweeps that any relaxation took so far.
    pub most_sweeps: usize,
    drive: Vec<f32>,
    net: Vec<f32>,
    signal: Vec<f32>,
    /// The columns of W among the R neurons, and those transposed.
    among: Vec<f32>,
    back: Vec<f32>,
    from_inputs: Vec<f32>,
}

impl Batch {
    /// Memory for up to `examples` examples.
    #[must_use]
    pub fn new(shape: Shape, examples: usize) -> Self {
        let width = examples.next_multiple_of(LANES).max(LANES);
        let (free, inputs) = (shape.free(), shape.inputs);
        Self {
            width,
            input: vec![0.0; inputs * width],
            rate: vec![0.0; free * width],
            credit: vec![0.0; free * width],
            target: vec![0.0; shape.outputs * width],
            most_sweeps: 0,
            drive: vec![0.0; free * width],
            net: vec![0.0; free * width],
            signal: vec![0.0; free * width],
            among: vec![0.0; free * free],
            back: vec![0.0; free * free],
            from_inputs: vec![0.0; free * inputs],
        }
    }

    /// Columns, used or not.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Takes over the weights of a network; every other method uses those last taken over.
    pub fn load(&mut self, network: &Network) {
        let Shape { inputs, .. } = network.shape;
        let (free, neurons) = (network.shape.free(), network.shape.neurons());
        for (post, row) in network.weights.chunks_exact(neurons).enumerate() {
            self.from_inputs[post * inputs..][..inputs].copy_from_slice(&row[..inputs]);
            self.among[post * free..][..free].copy_from_slice(&row[inputs..]);
            for (pre, &weight) in row[inputs..].iter().enumerate() {
                self.back[pre * free + post] = weight;
            }
        }
    }

    /// D1: relaxes x to x = tanh(Wx) from where it stands.
    ///
    /// # Errors
    /// [`Unsettled`] with the residual.
    pub fn fire(&mut self, how: &Relaxation) -> Result<(), Unsettled> {
        let inputs = self.input.len() / self.width;
        let free = self.rate.len() / self.width;
        self.drive.fill(0.0);
        add_product(&mut self.drive, &self.from_inputs, inputs, &self.input, self.width);
        let mut residual = f32::NAN;
        for sweep in 1..=how.sweeps {
            self.most_sweeps = self.most_sweeps.max(sweep);
            self.net.copy_from_slice(&self.drive);
            add_product(&mut self.net, &self.among, free, &self.rate, self.width);
            residual = 0.0;
            for (x, s) in self.rate.iter_mut().zip(&self.net) {
                let step = tanh(*s) - *x;
                residual = larger(residual, step.abs());
                *x += how.damping * step;
            }
            if residual <= how.tolerance {
                return Ok(());
            }
            if residual.is_nan() {
                break;
            }
        }
        Err(Unsettled { credit: false, residual })
    }

    /// D3: relaxes c to c = Wᵀ(β∘c) + e at the rates as they stand, with β = 1 − x² and e = t − x on outputs.
    ///
    /// # Errors
    /// [`Unsettled`] with the residual.
    pub fn settle_credit(&mut self, how: &Relaxation) -> Result<(), Unsettled> {
        let free = self.rate.len() / self.width;
        let hidden = self.rate.len() - self.target.len();
        self.drive[..hidden].fill(0.0);
        for ((e, t), x) in
            self.drive[hidden..].iter_mut().zip(&self.target).zip(&self.rate[hidden..])
        {
            *e = t - x;
        }
        let mut residual = f32::NAN;
        for sweep in 1..=how.sweeps {
            self.most_sweeps = self.most_sweeps.max(sweep);
            for ((p, x), c) in self.signal.iter_mut().zip(&self.rate).zip(&self.credit) {
                *p = (1.0 - x * x) * c;
            }
            self.net.copy_from_slice(&self.drive);
            add_product(&mut self.net, &self.back, free, &self.signal, self.width);
            residual = 0.0;
            let mut largest = 1.0;
            for (c, target) in self.credit.iter_mut().zip(&self.net) {
                let step = target - *c;
                residual = larger(residual, step.abs());
                largest = larger(largest, target.abs());
                *c += how.damping * step;
            }
            if residual <= how.tolerance * largest {
                for ((p, x), c) in self.signal.iter_mut().zip(&self.rate).zip(&self.credit) {
                    *p = (1.0 - x * x) * c;
                }
                return Ok(());
            }
            if !residual.is_finite() {
                break;
            }
        }
        Err(Unsettled { credit: true, residual })
    }

    /// D4 without η: ⟨β_i c_i x_j⟩ over the first `used` columns, on all R × N entries, existing or not.
    ///
    /// The columns that are not used must have no credit.
    pub fn plasticity(&self, used: usize, update: &mut [f32]) {
        let width = self.width;
        let inputs = self.input.len() / width;
        let free = self.rate.len() / width;
        // A batch has a few dozen examples.
        #[allow(clippy::cast_precision_loss)]
        let share = 1.0 / used as f32;
        for (post, row) in update.chunks_exact_mut(inputs + free).enumerate() {
            let signal = &self.signal[post * width..][..width];
            let (direct, among) = row.split_at_mut(inputs);
            for (entry, x) in direct.iter_mut().zip(self.input.chunks_exact(width)) {
                *entry = share * dot(signal, x);
            }
            for (entry, x) in among.iter_mut().zip(self.rate.chunks_exact(width)) {
                *entry = share * dot(signal, x);
            }
        }
    }
}

/// tanh s, by the sixth convergent of Lambert's continued fraction at s/4 and two doublings, tanh 2y = 2 tanh y/(1 + tanh² y).
///
/// Exactness: within 4·10⁻⁷; NaN stays NaN. A loop over it vectorises.
#[inline(always)]
pub fn tanh(s: f32) -> f32 {
    let doubled = |t: f32| 2.0 * t / (1.0 + t * t);
    // Beyond, the nearest float is 1.
    let y = 0.25 * s.clamp(-10.0, 10.0);
    let q = y * y;
    let above = 135_135.0 + q * (17_325.0 + q * (378.0 + q));
    let below = 135_135.0 + q * (62_370.0 + q * (3_150.0 + q * 28.0));
    doubled(doubled(y * above / below))
}

/// The larger one, and NaN if there is one.
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

/// out ← out + matrix · x, with `inner` columns of the matrix; each sum from its first term to its last.
fn add_product(out: &mut [f32], matrix: &[f32], inner: usize, x: &[f32], width: usize) {
    let mut rows = matrix.chunks_exact(2 * inner);
    let mut outs = out.chunks_exact_mut(2 * width);
    for (pair, out) in rows.by_ref().zip(outs.by_ref()) {
        let (first, second) = pair.split_at(inner);
        let (above, below) = out.split_at_mut(width);
        for at in (0..width).step_by(LANES) {
            let mut sums = [lanes(above, at), lanes(below, at)];
            for ((a, b), x) in first.iter().zip(second).zip(x.chunks_exact(width)) {
                let x = lanes(x, at);
                for k in 0..LANES {
                    sums[0][k] += a * x[k];
                    sums[1][k] += b * x[k];
                }
            }
            above[at..at + LANES].copy_from_slice(&sums[0]);
            below[at..at + LANES].copy_from_slice(&sums[1]);
        }
    }
    for (row, out) in
        rows.remainder().chunks_exact(inner).zip(outs.into_remainder().chunks_exact_mut(width))
    {
        for at in (0..width).step_by(LANES) {
            let mut sum = lanes(out, at);
            for (a, x) in row.iter().zip(x.chunks_exact(width)) {
                let x = lanes(x, at);
                for k in 0..LANES {
                    sum[k] += a * x[k];
                }
            }
            out[at..at + LANES].copy_from_slice(&sum);
        }
    }
}

/// Sixteen columns of a row.
#[inline(always)]
fn lanes(row: &[f32], at: usize) -> [f32; LANES] {
    let mut found = [0.0; LANES];
    found.copy_from_slice(&row[at..at + LANES]);
    found
}

/// The inner product, in sixteen sums that are then added in order.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum()
}
