//! Rules over time in floats: BPTT, RTRL, e-prop, MDGL and ModProp on batches of sequences (T1–T9).
//!
//! An [`Engine`] takes all its memory when it is made. BPTT has its own forward pass and its own σ and σ'; the local rules
//! share theirs among themselves, and [`Evaluation`] says how they are evaluated: by sending credit back in time, or causally, as
//! a synapse would.
//!
//! | rule | adjoint, per step and example: time / memory | causal |
//! |---|---|---|
//! | BPTT | N² / T·N | as adjoint |
//! | RTRL, N ≤ 64 | as causal | N⁴ / N³ |
//! | e-prop, MDGL | N² / T·N | N² / N |
//! | ModProp, S taps | S·N² / T·N | S·N² / S·N |
//! | ModProp, all taps | N² / T·N | T·N² / T·N |
//! | ModProp, all taps, C types with one μ each | N² / T·N | C²N² / (C+1)·N² |
//!
//! Exactness: rounded; exact on lattice inputs. The bits do not depend on the number of threads.
//!
//! Source: Liu, Smith, Mihalas, Shea-Brown & Sümbül 2022 (arXiv 2206.01338); Bellec et al. 2020; Williams & Zipser 1989; Werbos 1990.

mod adjoint;
mod bptt;
mod causal;
mod columns;
mod loss;
mod network;
mod passes;
mod plan;
mod rtrl;
mod stream;
mod typed;

use super::{Float, MAX_VALUES, Threads, not_finite};
use crate::error::Error;
use crate::spec::{Feedback, Steps, TemporalRule};
use adjoint::Adjoint;
use bptt::Bptt;
use causal::Causal;
use network::Shape;
use plan::Plan;
use rtrl::{MOST_NEURONS, Rtrl};
use stream::Stream;
use typed::Typed;

pub use loss::Loss;
pub use network::{Batch, Flat, TemporalNetwork};

/// How a local rule is evaluated; BPTT has the adjoint way only, and RTRL the causal one, whatever is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluation {
    /// Backwards in time, from what all steps have left behind.
    #[default]
    Adjoint,
    /// Forwards in time, from what a synapse keeps.
    Causal,
}

/// One rule on batches of one shape, in memory taken beforehand.
///
/// ```
/// use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
/// use creditcheck::fast::{Function, Threads};
/// use creditcheck::spec::{Kink, Steps, TemporalRule};
/// let net = TemporalNetwork {
///     neurons: 1,
///     inputs: 1,
///     readouts: 1,
///     leak: 0.5,
///     activation: Function::Identity,
///     kink: Kink::Left,
///     recurrent: vec![0.0],
///     has_diagonal: false,
///     input: vec![2.0],
///     readout: vec![1.0],
///     readout_biases: None,
///     types: None,
/// };
/// let batch = Batch { steps: 2, examples: 1, input: vec![1.0, 0.0], target: vec![0.0, 0.0], initial: None };
/// let (rule, threads) = (TemporalRule::Bptt, Threads::ONE);
/// let mut engine = Engine::new(&net, 2, 1, &rule, Evaluation::Adjoint, threads).unwrap();
/// engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).unwrap();
/// // s = 1, ½, so L = ½ + ⅛; g_2 = ½, g_1 = 1 + ½ g_2, ∂L/∂U = ½ g_1
/// assert_eq!(engine.readouts(), [1.0, 0.5]);
/// assert_eq!(engine.loss(), 0.625);
/// assert_eq!(engine.gradient().input, [0.625]);
/// ```
pub struct Engine<F> {
    shape: Shape,
    kind: Kind<F>,
    loss: F,
    readouts: Vec<F>,
    gradient: Flat<F>,
}

enum Kind<F> {
    Bptt(Box<Bptt<F>>),
    Adjoint(Box<Adjoint<F>>),
    Stream(Box<Stream<F>>, Synapses<F>),
}

/// What the synapses of a causal engine keep.
enum Synapses<F> {
    Taps(Box<Causal<F>>),
    Typed(Box<Typed<F>>),
    Sensitivities(Box<Rtrl<F>>),
}

impl<F: Float> Engine<F> {
    /// Takes the memory for sequences of this shape.
    ///
    /// A causal ModProp with all taps and types is recursive where μ is the same within each type, and falls back to T − 1 taps
    /// where it is not. The weights of `net` are not kept: every step brings its own. Its types are, where feedback is by type.
    ///
    /// # Errors
    /// [`Error::Input`] for shapes that do not fit, missing types or a wrong number of μ; [`Error::Unsupported`] for
    /// [`TemporalRule::Tangent`] and for the autodiff form with counted taps;
    /// [`Error::Limit`] for RTRL on more than 64 neurons and for what would not fit into memory; [`Error::NotFinite`] for
    /// a μ beyond the format.
    pub fn new(
        net: &TemporalNetwork<F>,
        steps: usize,
        examples: usize,
        rule: &TemporalRule,
        evaluation: Evaluation,
        threads: Threads,
    ) -> Result<Self, Error> {
        net.expect_shapes()?;
        if steps == 0 || examples == 0 {
            let found = format!("{steps} steps of {examples} examples");
            return Err(Error::input("batch", found, "at least one of each"));
        }
        let (neurons, inputs, readouts) = (net.neurons, net.inputs, net.readouts);
        let shape = Shape { neurons, inputs, readouts, steps, examples };
        let width = (neurons + inputs + readouts) as u64;
        let columns = (steps as u64).saturating_add(1).saturating_mul(examples as u64);
        within("numbers of a batch", width.saturating_mul(columns))?;
        within("synapses", width.saturating_mul(width))?;
        let kind = match rule {
            TemporalRule::Bptt => Kind::Bptt(Box::new(Bptt::new(shape, threads))),
            TemporalRule::Rtrl => {
                if neurons > MOST_NEURONS {
                    let (given, limit) = (neurons as u64, MOST_NEURONS as u64);
                    return Err(Error::Limit { what: "neurons for RTRL".into(), given, limit });
                }
                let synapses = (neurons * (neurons + inputs)) as u64;
                let numbers = synapses.saturating_mul((neurons * examples) as u64);
                within("sensitivities of RTRL", numbers)?;
                let rtrl = Box::new(Rtrl::new(shape, threads));
                Kind::Stream(Box::new(Stream::new(shape, threads)), Synapses::Sensitivities(rtrl))
            }
            TemporalRule::FactorisedRtrl | TemporalRule::Tangent => {
                return Err(Error::unsupported(
                    "factorised RTRL and tangents in floats; BPTT and RTRL give the same gradient",
                ));
            }
            TemporalRule::Eprop | TemporalRule::Mdgl { .. } | TemporalRule::Modprop(_) => {
                let plan = Plan::of(rule, net, shape)?;
                match evaluation {
                    Evaluation::Adjoint => {
                        Kind::Adjoint(Box::new(Adjoint::new(shape, plan, threads)))
                    }
                    Evaluation::Causal => {
                        let stream = Box::new(Stream::new(shape, threads));
                        Kind::Stream(stream, Synapses::of(plan, shape, threads)?)
                    }
                }
            }
        };
        Ok(Self {
            shape,
            kind,
            loss: F::from(0),
            readouts: vec![F::from(0); readouts * steps * examples],
            gradient: Flat::zeros(shape),
        })
    }

    /// Fires the network on a batch and assigns credit: readouts, loss and gradient.
    ///
    /// Exactness: rounded; exact on lattice inputs. Takes no memory.
    ///
    /// # Errors
    /// [`Error::Input`] where network or batch do not have the shape of the engine, or the network other types than the one that
    /// an engine with type-specific feedback was made for; [`Error::NotFinite`] naming the quantity.
    pub fn step(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        loss: Loss,
        counted: Steps,
    ) -> Result<(), Error> {
        self.run(net, batch, loss, counted, true)
    }

    /// Fires the network on a batch: readouts and loss; the gradient stays as it is.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn fire(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        loss: Loss,
        counted: Steps,
    ) -> Result<(), Error> {
        self.run(net, batch, loss, counted, false)
    }

    /// L of the batch last fired: the mean over the examples.
    pub fn loss(&self) -> F {
        self.loss
    }

    /// The gradient of the batch last stepped on, or the rule's estimate of it.
    pub fn gradient(&self) -> &Flat<F> {
        &self.gradient
    }

    /// y of the batch last fired, in the layout of its targets.
    pub fn readouts(&self) -> &[F] {
        &self.readouts
    }

    fn run(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        loss: Loss,
        counted: Steps,
        learns: bool,
    ) -> Result<(), Error> {
        self.expect_fit(net, batch)?;
        let (readouts, gradient) = (&mut self.readouts, &mut self.gradient);
        self.loss = match &mut self.kind {
            Kind::Bptt(engine) => {
                let found = engine.fire(net, batch, loss, &counted, readouts)?;
                if learns {
                    engine.differentiate(net, gradient)?;
                }
                found
            }
            Kind::Adjoint(engine) => {
                let found = engine.fire(net, batch, loss, &counted, readouts)?;
                if learns {
                    engine.assign(net, batch, gradient)?;
                }
                found
            }
            Kind::Stream(stream, synapses) => {
                let what = (loss, &counted);
                stream.start(net, batch.initial.as_deref());
                if learns {
                    gradient.readout_biases.fill(F::from(0));
                    synapses.start(net);
                }
                let mut sum = F::from(0);
                for t in 0..self.shape.steps {
                    let learning = learns.then_some(&mut *gradient);
                    sum += stream.step(net, batch, what, t, readouts, learning)?;
                    if learns {
                        synapses.step(net, stream, t)?;
                    }
                }
                if learns {
                    stream.finish(gradient);
                    synapses.finish(gradient);
                }
                sum / F::count(self.shape.examples)
            }
        };
        if !self.loss.finite() || !self.readouts.iter().all(|y| y.finite()) {
            return Err(not_finite(format!("a readout or the loss in {}", F::NAME)));
        }
        if learns { self.gradient.expect_finite() } else { Ok(()) }
    }

    fn expect_fit(&self, net: &TemporalNetwork<F>, batch: &Batch<F>) -> Result<(), Error> {
        net.expect_shapes()?;
        match &self.kind {
            Kind::Bptt(_) => {}
            Kind::Adjoint(engine) => engine.expect_types(net)?,
            Kind::Stream(_, synapses) => synapses.expect_types(net)?,
        }
        let Shape { neurons, inputs, readouts, steps, examples } = self.shape;
        if (net.neurons, net.inputs, net.readouts) != (neurons, inputs, readouts) {
            let expected = format!("{neurons} neurons, {inputs} inputs, {readouts} readouts");
            return Err(Error::input("network", "another shape", expected));
        }
        if (batch.steps, batch.examples) != (steps, examples) {
            let found = format!("{} steps of {} examples", batch.steps, batch.examples);
            let expected = format!("{steps} steps of {examples} examples");
            return Err(Error::input("batch", found, expected));
        }
        for (place, values, width) in
            [("batch.input", &batch.input, inputs), ("batch.target", &batch.target, readouts)]
        {
            if values.len() != width * steps * examples {
                let found = format!("{} numbers", values.len());
                let expected = (width * steps * examples).to_string();
                return Err(Error::input(place, found, expected));
            }
        }
        if let Some(initial) = batch.initial.as_ref().filter(|all| all.len() != neurons * examples)
        {
            let found = format!("{} numbers", initial.len());
            return Err(Error::input("batch.initial", found, (neurons * examples).to_string()));
        }
        Ok(())
    }
}

impl<F: Float> Synapses<F> {
    fn of(plan: Plan<F>, shape: Shape, threads: Threads) -> Result<Self, Error> {
        let typed = plan.feedback != Feedback::Cell && plan.all_taps;
        if typed && plan.has_one_mu_per_type() {
            within("channels of all synapses", Typed::<F>::size(shape, plan.types()))?;
            return Ok(Self::Typed(Box::new(Typed::new(shape, plan, threads))));
        }
        Ok(Self::Taps(Box::new(Causal::new(shape, plan, threads))))
    }

    fn expect_types(&self, net: &TemporalNetwork<F>) -> Result<(), Error> {
        match self {
            Self::Taps(synapses) => synapses.expect_types(net),
            Self::Typed(synapses) => synapses.expect_types(net),
            Self::Sensitivities(_) => Ok(()),
        }
    }

    fn start(&mut self, net: &TemporalNetwork<F>) {
        match self {
            Self::Taps(synapses) => synapses.start(net),
            Self::Typed(synapses) => synapses.start(net),
            Self::Sensitivities(synapses) => synapses.start(net),
        }
    }

    fn step(
        &mut self,
        net: &TemporalNetwork<F>,
        stream: &Stream<F>,
        t: usize,
    ) -> Result<(), Error> {
        match self {
            Self::Taps(synapses) => synapses.step(net, stream, t),
            Self::Typed(synapses) => synapses.step(net, stream),
            Self::Sensitivities(synapses) => synapses.step(net, stream),
        }
    }

    fn finish(&mut self, gradient: &mut Flat<F>) {
        match self {
            Self::Taps(synapses) => synapses.finish(gradient),
            Self::Typed(synapses) => synapses.finish(gradient),
            Self::Sensitivities(synapses) => synapses.finish(gradient),
        }
    }
}

/// Refuses what would take more memory than any input justifies.
fn within(what: &str, given: u64) -> Result<(), Error> {
    if given > MAX_VALUES {
        return Err(Error::Limit { what: what.to_owned(), given, limit: MAX_VALUES });
    }
    Ok(())
}
