//! Networks trained on the digits with the credit rule, for the suite to certify.

use faer::Mat;
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::digits::{CLASSES, Digit, Digits, PIXELS};
use crate::certify::Progress;
use crate::error::Error;
use crate::fast::{Network as Floats, credit::Workspace};
use crate::spec::{Activation, Case, Expect, Kink, Layer, Layered, Network};
use crate::wire::Document;

/// Hidden neurons.
const HIDDEN: usize = 32;
/// Passes through the training images.
const EPOCHS: usize = 30;
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
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut network = Floats::<f64>::of(&start(hidden, &mut random), Kink::Left)?;
    let mut workspace = Workspace::new(&network, BATCH)?;
    let mut order: Vec<usize> = (0..digits.training.len()).collect();
    for epoch in 0..EPOCHS {
        progress.stage(&format!("epoch {} of {EPOCHS}", epoch + 1))?;
        shuffle(&mut order, &mut random);
        for batch in order.chunks(BATCH) {
            let batch: Vec<&Digit> = batch.iter().map(|&k| &digits.training[k]).collect();
            let (inputs, targets) = matrices(&batch);
            workspace.step(&mut network, inputs.as_ref(), targets.as_ref(), LEARNING_RATE)?;
        }
    }
    let held_out: Vec<&Digit> = digits.held_out.iter().collect();
    let mut judge = Workspace::new(&network, held_out.len())?;
    let (inputs, _) = matrices(&held_out);
    let rates = judge.predict(&network, inputs.as_ref())?;
    let is_right = |(k, digit): &(usize, &Digit)| {
        let rate = |class: usize| rates[(class, *k)];
        let best = (0..CLASSES).max_by(|a, b| rate(*a).total_cmp(&rate(*b)));
        best == Some(usize::from(digit.class))
    };
    let right = digits.held_out.iter().enumerate().filter(is_right).count();
    let case = Case {
        name: Some(match hidden {
            Hidden::Relu => "digits-relu".into(),
            Hidden::Tanh => "digits-tanh".into(),
        }),
        network: Network::Layered(network.to_layered()?),
        learning_rate: BigRational::new(1.into(), 10.into()),
        kink: Kink::Left,
        examples: digits.held_out.iter().take(CERTIFIED).map(Digit::example).collect(),
        expect: Expect::Agree,
    };
    Ok(Trained { document: Document::of(case), right, held_out: digits.held_out.len() })
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
fn matrices(batch: &[&Digit]) -> (Mat<f64>, Mat<f64>) {
    let inputs =
        Mat::from_fn(PIXELS, batch.len(), |pixel, k| f64::from(batch[k].pixels[pixel]) / 16.0);
    let targets = Mat::from_fn(CLASSES, batch.len(), |class, k| {
        f64::from(u8::from(class == usize::from(batch[k].class)))
    });
    (inputs, targets)
}
