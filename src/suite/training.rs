//! Networks trained on the digits with the credit rule, for the suite to certify.

use faer::Mat;
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::digits::{CLASSES, Digit, Digits, PIXELS};
use crate::error::Error;
use crate::fast::{Network as Floats, credit::Workspace};
use crate::progress::Progress;
use crate::spec::{Activation, Case, Expect, Kink, Layer, Layered, Network};
use crate::wire::Document;

/// Hidden neurons.
pub(super) const HIDDEN: usize = 32;
/// Passes through the training images.
pub(super) const EPOCHS: usize = 30;
/// Examples per step.
const BATCH: usize = 16;
/// η, as the nearest float of 1/10.
const LEARNING_RATE: f64 = 0.1;
/// Held-out images in the certified batch.
const CERTIFIED: usize = 32;

/// What fraction of held-out images a trained network must get right.
pub const REQUIRED_ACCURACY: f64 = 0.93;

/// The activation of the hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// max(s, 0)
    Relu,
    /// tanh s
    Tanh,
}

/// A trained network, ready to be certified.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The network on the first held-out images as one batch.
    pub document: Document,
    /// Held-out images that the network gets right.
    pub right: usize,
    /// Held-out images.
    pub held_out: usize,
}

impl Trained {
    /// The fraction of held-out images that the network gets right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        // Both are below 2⁵³.
        #[allow(clippy::cast_precision_loss)]
        let accuracy = self.right as f64 / self.held_out as f64;
        accuracy
    }

    /// Whether the network learned what it should.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.accuracy() >= REQUIRED_ACCURACY
    }

    /// The result in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "trained with the credit rule on the fast side ({EPOCHS} epochs, batches of {BATCH}, η = {LEARNING_RATE}): \
             held-out accuracy {:.3}, {} of {}{}",
            self.accuracy(),
            self.right,
            self.held_out,
            if self.is_good() {
                String::new()
            } else {
                format!(", below the required {REQUIRED_ACCURACY}")
            }
        )
    }
}

/// Trains 64-32-10 on the digits with the credit rule, from a seed.
///
/// The start and the order of the images are integer draws; what faer makes of them depends on whether
/// the processor has fused multiply-add, so the trained weights may differ in their last bits between machines.
///
/// # Errors
/// [`Error::NotFinite`] if the training diverges, [`Error::Interrupted`].
pub fn train(
    digits: &Digits,
    hidden: Hidden,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let mut course = Course::new(digits, hidden, seed)?;
    for epoch in 0..EPOCHS {
        progress.stage(&format!("epoch {} of {EPOCHS}", epoch + 1))?;
        course.epoch()?;
    }
    let right = course.right()?;
    let network = course.network;
    let case = Case {
        name: Some(match hidden {
            Hidden::Relu => "digits-relu".into(),
            Hidden::Tanh => "digits-tanh".into(),
        }),
        network: Network::Layered(network.to_layered()?),
        learning_rate: BigRational::new(1.into(), 10.into()),
        kink: Kink::Left,
        examples: digits.held_out.iter().take(CERTIFIED).map(Digit::example).collect(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    };
    Ok(Trained { document: Document::of(case), right, held_out: digits.held_out.len() })
}

/// A training that can be looked at between its epochs.
pub(super) struct Course<'a> {
    digits: &'a Digits,
    /// The network as it is now.
    pub(super) network: Floats<f64>,
    workspace: Workspace<f64>,
    order: Vec<usize>,
    random: ChaCha8Rng,
}

impl<'a> Course<'a> {
    /// Before the first epoch.
    pub(super) fn new(digits: &'a Digits, hidden: Hidden, seed: u64) -> Result<Self, Error> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let network = Floats::<f64>::of(&start(hidden, &mut random), Kink::Left)?;
        let workspace = Workspace::new(&network, BATCH)?;
        let order = (0..digits.training.len()).collect();
        Ok(Self { digits, network, workspace, order, random })
    }

    /// One pass through the training images, in an order of its own.
    pub(super) fn epoch(&mut self) -> Result<(), Error> {
        shuffle(&mut self.order, &mut self.random);
        for batch in self.order.chunks(BATCH) {
            let batch: Vec<&Digit> = batch.iter().map(|&k| &self.digits.training[k]).collect();
            let (inputs, targets) = matrices(&batch);
            let (inputs, targets) = (inputs.as_ref(), targets.as_ref());
            self.workspace.step(&mut self.network, inputs, targets, LEARNING_RATE)?;
        }
        Ok(())
    }

    /// How many held-out images the network gets right.
    pub(super) fn right(&self) -> Result<usize, Error> {
        let held_out: Vec<&Digit> = self.digits.held_out.iter().collect();
        let mut judge = Workspace::new(&self.network, held_out.len())?;
        let (inputs, _) = matrices(&held_out);
        let rates = judge.predict(&self.network, inputs.as_ref())?;
        let is_right = |(k, digit): &(usize, &Digit)| {
            let rate = |class: usize| rates[(class, *k)];
            let best = (0..CLASSES).max_by(|a, b| rate(*a).total_cmp(&rate(*b)));
            best == Some(usize::from(digit.class))
        };
        Ok(self.digits.held_out.iter().enumerate().filter(is_right).count())
    }
}

/// Weights uniform among the multiples of 2⁻²⁰ in [−1/4, 1/4), biases 0.
fn start(hidden: Hidden, random: &mut ChaCha8Rng) -> Layered {
    let mut weight = || {
        let draw = i64::from(random.next_u32() >> 13) - (1 << 18);
        BigRational::new(draw.into(), (1 << 20).into())
    };
    let mut layer = |inputs: usize, width: usize, activation| Layer {
        weights: (0..width).map(|_| (0..inputs).map(|_| weight()).collect()).collect(),
        biases: Some(vec![BigRational::from_integer(0.into()); width]),
        activation,
        kink: None,
        balance: None,
    };
    let activation = match hidden {
        Hidden::Relu => Activation::Relu,
        Hidden::Tanh => Activation::Tanh,
    };
    let first = layer(PIXELS, HIDDEN, activation);
    Layered { layers: vec![first, layer(HIDDEN, CLASSES, Activation::Identity)] }
}

/// Fisher–Yates; the remainder's bias is below 2⁻⁵⁰ and the order is reproducible.
fn shuffle(order: &mut [usize], random: &mut ChaCha8Rng) {
    for last in (1..order.len()).rev() {
        let bound = last as u64 + 1;
        let other = usize::try_from(random.next_u64() % bound).unwrap_or(0);
        order.swap(last, other);
    }
}

/// Images and one-hot targets as columns.
pub(super) fn matrices(batch: &[&Digit]) -> (Mat<f64>, Mat<f64>) {
    let inputs =
        Mat::from_fn(PIXELS, batch.len(), |pixel, k| f64::from(batch[k].pixels[pixel]) / 16.0);
    let targets = Mat::from_fn(CLASSES, batch.len(), |class, k| {
        f64::from(u8::from(class == usize::from(batch[k].class)))
    });
    (inputs, targets)
}
