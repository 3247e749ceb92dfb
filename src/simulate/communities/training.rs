//! D11: training by the credit rule at equilibrium, until the loss on all training examples has fallen to given values.
//!
//! A naive sweep with a fixed number of steps would compare networks that have learned more with others that have learned
//! less; so weights are saved at the same training losses, however many steps that takes.

use super::network::{Batch, Network, Relaxation, Shape, Unsettled};
use super::settings::{Key, Settings};
use crate::error::Error;
use crate::simulate::experiment::Draws;

/// Images and what they show.
#[derive(Clone, Debug)]
pub struct Images {
    /// Pixels per image.
    pub pixels: usize,
    /// The pixels, image by image.
    pub rates: Vec<f32>,
    /// What each image shows, from 0.
    pub classes: Vec<u8>,
}

impl Images {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    fn image(&self, k: usize) -> &[f32] {
        &self.rates[k * self.pixels..][..self.pixels]
    }
}

/// What is learned, and what is only tried afterwards.
#[derive(Clone, Debug)]
pub struct Data {
    /// Training images.
    pub training: Images,
    /// Held-out images.
    pub held_out: Images,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// At the lowest loss asked for.
    Reached,
    /// The firing rates had no equilibrium that the relaxation found.
    RatesUnsettled {
        /// |σ(Wx) − x| after the last sweep.
        residual: f64,
    },
    /// The credits had none.
    CreditsUnsettled {
        /// |Wᵀ(β∘c) + e − c| after the last sweep.
        residual: f64,
    },
    /// η·steps had reached its limit first.
    Unfinished,
}

impl From<Unsettled> for End {
    fn from(unsettled: Unsettled) -> Self {
        let residual = f64::from(unsettled.residual);
        if unsettled.credit {
            Self::CreditsUnsettled { residual }
        } else {
            Self::RatesUnsettled { residual }
        }
    }
}

/// The weights at one of the losses.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The loss that had to be reached.
    pub asked: f64,
    /// The loss found there, over all training examples.
    pub loss: f64,
    /// Updates so far.
    pub steps: usize,
    /// Σ η over them.
    pub time: f64,
    /// The most sweeps that any relaxation took so far.
    pub most_sweeps: usize,
    /// W.
    pub network: Network,
}

/// One training.
#[derive(Clone, Debug)]
pub struct Course {
    /// W₀.
    pub start: Network,
    /// W at each of the losses that were reached.
    pub saved: Vec<Saved>,
    /// How it ended.
    pub end: End,
    /// η·steps and the loss over all training examples, at each time it was taken.
    pub curve: Vec<(f64, f64)>,
    /// Updates in all.
    pub steps: usize,
    /// Σ η over them.
    pub time: f64,
    /// The control: the same run from the last loss but one on, finished at another rate.
    pub control: Option<Box<Course>>,
}

/// What each example left behind when it was last shown: where its next relaxation starts.
#[derive(Clone)]
struct Memory {
    free: usize,
    rates: Vec<f32>,
    credits: Vec<f32>,
}

impl Memory {
    fn new(free: usize, examples: usize) -> Self {
        Self { free, rates: vec![0.0; free * examples], credits: vec![0.0; free * examples] }
    }

    fn recall(&self, batch: &mut Batch, examples: &[usize]) {
        let width = batch.width();
        let parts = [(&self.rates, &mut batch.rate), (&self.credits, &mut batch.credit)];
        for (from, to) in parts {
            to.fill(0.0);
            for (column, &example) in examples.iter().enumerate() {
                for (row, value) in from[example * self.free..][..self.free].iter().enumerate() {
                    to[row * width + column] = *value;
                }
            }
        }
    }

    fn keep(&mut self, batch: &Batch, examples: &[usize]) {
        let width = batch.width();
        let parts = [(&mut self.rates, &batch.rate), (&mut self.credits, &batch.credit)];
        for (to, from) in parts {
            for (column, &example) in examples.iter().enumerate() {
                let to = &mut to[example * self.free..][..self.free];
                for (row, value) in to.iter_mut().enumerate() {
                    *value = from[row * width + column];
                }
            }
        }
    }
}

/// Puts images and their targets, 1 for the class shown and −1 for the others, into the first columns; the rest is left without input.
pub(super) fn show(batch: &mut Batch, shape: Shape, images: &Images, examples: &[usize]) {
    let width = batch.width();
    batch.input.fill(0.0);
    batch.target.fill(0.0);
    for (column, &example) in examples.iter().enumerate() {
        for (row, pixel) in images.image(example).iter().enumerate() {
            batch.input[row * width + column] = *pixel;
        }
        for row in 0..shape.outputs {
            let shown = row == usize::from(images.classes[example]);
            batch.target[row * width + column] = if shown { 1.0 } else { -1.0 };
        }
    }
}

/// Σ over the first columns of ½ Σ_k (x_k − t_k)² (D0).
fn loss_of(batch: &Batch, used: usize) -> f64 {
    let width = batch.width();
    let hidden = batch.rate.len() - batch.target.len();
    let rows = batch.rate[hidden..].chunks_exact(width).zip(batch.target.chunks_exact(width));
    rows.flat_map(|(x, t)| x[..used].iter().zip(&t[..used]))
        .map(|(x, t)| 0.5 * (f64::from(*x) - f64::from(*t)).powi(2))
        .sum()
}

/// One training of a sweep, and its control.
///
/// Exactness: f32, the same bits on every machine; see [`Network`].
///
/// # Errors
/// [`Error::Interrupted`] as soon as `stop` says so; that the training fails is no error, but its [`End`].
pub fn train(
    settings: &Settings,
    data: &Data,
    key: &Key,
    stop: &dyn Fn() -> bool,
) -> Result<Course, Error> {
    let shape = settings.shape(data.training.pixels);
    let start = Network::draw(shape, key.arm, settings.gain, &mut Draws::of(key.seed, &[1]));
    let mut training = Training {
        settings,
        images: &data.training,
        memory: Memory::new(shape.free(), data.training.len()),
        batch: Batch::new(shape, settings.batch),
        update: vec![0.0; start.weights.len()],
        network: start.clone(),
        order: (0..data.training.len()).collect(),
        shown: data.training.len(),
        shuffles: Draws::of(key.seed, &[2]),
        rate: key.rate,
        steps_at_rate: 0,
        time_before: 0.0,
        is_control: false,
        branch: None,
        course: Course {
            start,
            saved: Vec::new(),
            end: End::Unfinished,
            curve: Vec::new(),
            steps: 0,
            time: 0.0,
            control: None,
        },
    };
    training.run(stop)?;
    let mut course = training.course;
    if let Some(mut branch) = training.branch {
        branch.run(stop)?;
        course.control = Some(Box::new(branch.course));
    }
    Ok(course)
}

#[derive(Clone)]
struct Training<'a> {
    settings: &'a Settings,
    images: &'a Images,
    memory: Memory,
    batch: Batch,
    update: Vec<f32>,
    network: Network,
    /// The order of the examples, and how many of them this pass has shown.
    order: Vec<usize>,
    shown: usize,
    shuffles: Draws,
    rate: f64,
    /// η·steps is η times a count, rounded once, and what there was before η changed.
    steps_at_rate: usize,
    time_before: f64,
    is_control: bool,
    /// The state from which the control goes on.
    branch: Option<Box<Training<'a>>>,
    course: Course,
}

impl Training<'_> {
    /// Trains to the last loss, or to the end that is nearer.
    fn run(&mut self, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        self.course.end = loop {
            if stop() {
                return Err(Error::Interrupted);
            }
            if self.steps_at_rate.is_multiple_of(self.settings.steps_between_losses(self.rate)) {
                match self.judge() {
                    Ok(Some(end)) => break end,
                    Ok(None) => {}
                    Err(unsettled) => break unsettled.into(),
                }
            }
            let examples = self.next_examples();
            if let Err(unsettled) = self.step(&examples) {
                break unsettled.into();
            }
            self.steps_at_rate += 1;
            self.course.steps += 1;
            // Far below 2⁵³ steps.
            #[allow(clippy::cast_precision_loss)]
            let steps = self.steps_at_rate as f64;
            self.course.time = self.time_before + self.rate * steps;
        };
        Ok(())
    }

    /// Takes the loss over all training examples, saves the weights where it has fallen far enough, and says whether to stop.
    fn judge(&mut self) -> Result<Option<End>, Unsettled> {
        let loss = self.loss()?;
        let (steps, time) = (self.course.steps, self.course.time);
        self.course.curve.push((time, loss));
        let losses = &self.settings.losses;
        let before = self.course.saved.len();
        for &asked in losses[before..].iter().take_while(|asked| loss <= **asked) {
            let (most_sweeps, network) = (self.batch.most_sweeps, self.network.clone());
            self.course.saved.push(Saved { asked, loss, steps, time, most_sweeps, network });
        }
        let after = self.course.saved.len();
        let crossed_last_but_one = before + 1 < losses.len() && after + 1 >= losses.len();
        if let (Some(finish), true, false) =
            (self.settings.finish, crossed_last_but_one, self.is_control)
        {
            let mut branch = self.clone();
            (branch.time_before, branch.rate, branch.steps_at_rate) = (time, finish, 0);
            branch.is_control = true;
            self.branch = Some(Box::new(branch));
        }
        Ok(if after == losses.len() {
            Some(End::Reached)
        } else if time >= self.settings.longest {
            Some(End::Unfinished)
        } else {
            None
        })
    }

    /// The next batch; what is left of a pass that makes no whole batch is not shown in it.
    fn next_examples(&mut self) -> Vec<usize> {
        let batch = self.settings.batch.min(self.order.len());
        if self.shown + batch > self.order.len() {
            self.shuffles.shuffle(&mut self.order);
            self.shown = 0;
        }
        self.shown += batch;
        self.order[self.shown - batch..self.shown].to_vec()
    }

    /// The loss over all training examples.
    fn loss(&mut self) -> Result<f64, Unsettled> {
        self.batch.load(&self.network);
        let all: Vec<usize> = (0..self.images.len()).collect();
        let mut sum = 0.0;
        for examples in all.chunks(self.settings.batch) {
            self.settle_rates(examples)?;
            self.memory.keep(&self.batch, examples);
            sum += loss_of(&self.batch, examples.len());
        }
        // A few thousand images.
        #[allow(clippy::cast_precision_loss)]
        let mean = sum / self.images.len() as f64;
        Ok(mean)
    }

    /// Firing, credit, plasticity: one update, its norm clipped (without η).
    fn step(&mut self, examples: &[usize]) -> Result<(), Unsettled> {
        self.batch.load(&self.network);
        self.settle_rates(examples)?;
        self.batch.settle_credit(&self.settings.relaxation())?;
        self.memory.keep(&self.batch, examples);
        self.batch.plasticity(examples.len(), &mut self.update);
        let neurons = self.network.shape.neurons();
        for post in 0..self.network.shape.free() {
            for pre in 0..neurons {
                if !self.network.exists(post, pre) {
                    self.update[post * neurons + pre] = 0.0;
                }
            }
        }
        let norm = self.update.iter().map(|u| f64::from(*u).powi(2)).sum::<f64>().sqrt();
        // The weights are f32.
        #[allow(clippy::cast_possible_truncation)]
        let factor = (self.rate * (self.settings.clip / norm).min(1.0)) as f32;
        for (weight, update) in self.network.weights.iter_mut().zip(&self.update) {
            *weight += factor * update;
        }
        Ok(())
    }

    fn settle_rates(&mut self, examples: &[usize]) -> Result<(), Unsettled> {
        show(&mut self.batch, self.network.shape, self.images, examples);
        self.memory.recall(&mut self.batch, examples);
        self.batch.fire(&self.settings.relaxation())?;
        // Columns that are not used rest at 0, so that their target is their rate and they have no credit.
        Ok(())
    }
}

/// The fraction of images whose highest output is that of their class, each relaxed from x = 0; none if one does not settle.
#[must_use]
pub fn accuracy(network: &Network, images: &Images, how: &Relaxation, width: usize) -> Option<f64> {
    let mut batch = Batch::new(network.shape, width);
    batch.load(network);
    let all: Vec<usize> = (0..images.len()).collect();
    let mut right = 0_usize;
    for examples in all.chunks(width.max(1)) {
        show(&mut batch, network.shape, images, examples);
        batch.rate.fill(0.0);
        batch.fire(how).ok()?;
        let columns = batch.width();
        let outputs = &batch.rate[network.shape.hidden * columns..];
        for (column, &example) in examples.iter().enumerate() {
            let rate = |class: &usize| outputs[class * columns + column];
            let best = (0..network.shape.outputs).max_by(|a, b| rate(a).total_cmp(&rate(b)));
            right += usize::from(best == Some(usize::from(images.classes[example])));
        }
    }
    // A few thousand images.
    #[allow(clippy::cast_precision_loss)]
    let fraction = right as f64 / images.len() as f64;
    Some(fraction)
}
