//! Mistakes in gradients of layers in time, and of a leak: a plain implementation of S1 and S2 with one hook for each.
//!
//! It calls no engine and no engine calls it; without a mistake it has to agree with them. Time counts from 1, as in the equations: row 0 is
//! what there is before the first step.

use num_rational::BigRational;

use super::algebra::{
    Matrix, Row, add_outer, by_entry, rationals, row_of, scale, sum, times, transposed, zeros,
};
use super::reference::shortened;
use crate::error::Error;
use crate::mutants::functions::{rate, slope};
use crate::scalar::Rational;
use crate::spec::{Class, Limits, StackCase, StackGradient, StackLayer};

/// A mistake in a gradient of layers in time; a number is a layer, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// s and z go on as numbers that depend on nothing, after each so many steps.
    Detached(usize),
    /// λ g_{t+1} is left out.
    WithoutKept,
    /// W for Wᵀ on the way back.
    Transposed(usize),
    /// U for Uᵀ on the way down.
    InputTransposed(usize),
    /// No credit goes down from this layer.
    Stopped(usize),
    /// σ' is taken for 1.
    Slopeless(usize),
    /// σ' is taken at the rate.
    SlopeAtRate(usize),
    /// A layer hears what the one below said a step before.
    Late,
    /// A sequence begins in the state that the one before ended in.
    NotReset,
    /// A sequence begins at rest, not in its initial state.
    AtRest,
    /// ∂L/∂W takes z_t for z_{t−1}.
    SameStep,
    /// The derivatives lack 1 − λ.
    WithoutGain,
    /// ∂L/∂λ lacks − (W z + U x + c).
    LeakWithoutDrive,
    /// ∂L/∂λ lacks s_{t−1}.
    LeakWithoutState,
    /// ∂L/∂λ has the share 1 − λ that the other derivatives have.
    LeakWithGain,
}

impl Slip {
    /// All that may be on a case, the simplest first.
    fn all(case: &StackCase) -> Vec<Self> {
        const LONGEST: usize = 16;
        const MOST_LAYERS: usize = 16;
        let layers = 0..case.network.layers.len().min(MOST_LAYERS);
        let mut all = vec![Self::Detached(1), Self::NotReset, Self::AtRest, Self::Late];
        all.extend([Self::LeakWithoutDrive, Self::LeakWithoutState, Self::LeakWithGain]);
        all.extend([Self::WithoutKept, Self::SameStep, Self::WithoutGain]);
        for of_layer in [
            Self::Transposed,
            Self::InputTransposed,
            Self::Stopped,
            Self::Slopeless,
            Self::SlopeAtRate,
        ] {
            all.extend(layers.clone().map(of_layer));
        }
        all.extend((2..case.duration().min(LONGEST)).map(Self::Detached));
        all
    }

    /// What it does, after "this is the gradient of".
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Detached(1) => {
                "BPTT with the state detached at every step: the direct term only".to_owned()
            }
            Self::Detached(steps) => {
                format!("BPTT with the state detached after every {steps} steps")
            }
            Self::WithoutKept => "BPTT without λ g_{t+1}, what a state keeps of itself".to_owned(),
            Self::Transposed(l) => {
                format!("BPTT that goes back through W where Wᵀ is meant, in layer {}", l + 1)
            }
            Self::InputTransposed(l) => {
                format!("BPTT that goes down through U where Uᵀ is meant, in layer {}", l + 1)
            }
            Self::Stopped(l) => format!("BPTT whose credit does not go below layer {}", l + 1),
            Self::Slopeless(l) => format!("BPTT with 1 for σ' in layer {}", l + 1),
            Self::SlopeAtRate(l) => {
                format!("BPTT with σ' at the rate z, not at s, in layer {}", l + 1)
            }
            Self::Late => {
                "a network whose layers hear the layer below a step later, z^{l−1}_{t−1} for z^{l−1}_t".to_owned()
            }
            Self::NotReset => {
                "a network whose state is not reset between the sequences".to_owned()
            }
            Self::AtRest => {
                "a network that begins at rest, not in the initial states of the case".to_owned()
            }
            Self::SameStep => "a rule that takes z_t for z_{t−1} in ∂L/∂W".to_owned(),
            Self::WithoutGain => "a rule that leaves 1−λ out of the derivatives".to_owned(),
            Self::LeakWithoutDrive => {
                "a rule whose ∂L/∂λ lacks the term −(W z + U x + c): 1−λ depends on λ too".to_owned()
            }
            Self::LeakWithoutState => "a rule whose ∂L/∂λ lacks the term s_{t−1}".to_owned(),
            Self::LeakWithGain => {
                "a rule that multiplies ∂L/∂λ by 1−λ, which belongs to the weights only".to_owned()
            }
        }
    }
}

/// The mistakes whose gradient is somebody's, by whatever comparison: that of floats has room for their rounding.
///
/// Sentences such as "this is the gradient of BPTT whose credit does not go below layer 2". Those that change nothing on a case,
/// or no more than one that was named already, are not named.
///
/// # Errors
/// [`Error::Interrupted`] from `ask`, which is asked before each; where the budget of `limits` ends, that is the last sentence.
pub fn slips(
    case: &StackCase,
    is_theirs: &dyn Fn(&StackGradient<BigRational>) -> bool,
    limits: &Limits,
    ask: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    let reference = StackReference::new(case, limits);
    let right = reference.gradient(None).ok();
    // What has a name already; what is nobody's need not be kept.
    let mut named: Vec<StackGradient<BigRational>> = Vec::new();
    let mut found = Vec::new();
    for slip in Slip::all(case) {
        ask()?;
        match reference.gradient(Some(slip)) {
            Ok(gradient) if right.as_ref() == Some(&gradient) || named.contains(&gradient) => {}
            Ok(gradient) if is_theirs(&gradient) => {
                found.push(format!("this is the gradient of {}", slip.words()));
                named.push(gradient);
            }
            Ok(_) => {}
            Err(error) if error.is_out_of_work() => {
                found.push(format!(
                    "the search for the mistake stopped: {error}; raise it with --max-work N"
                ));
                break;
            }
            // A mistake whose numbers grow beyond the limit is none that we can recognise.
            Err(_) => {}
        }
    }
    Ok(found)
}

/// A plain implementation of S1 and S2 in ℚ, with one hook per [`Slip`]; σ without rational values by f64.
#[derive(Debug)]
pub struct StackReference<'a> {
    case: &'a StackCase,
    layers: Vec<Numbers>,
    readout: Matrix,
    readout_biases: Option<Row>,
    limits: Limits,
}

/// The numbers of a layer.
#[derive(Debug)]
struct Numbers {
    leak: Rational,
    recurrent: Matrix,
    input: Matrix,
    biases: Row,
}

/// One layer on one sequence, row t of each being step t.
struct Ran {
    /// W z_{t−1} + U z^{l−1}_t + c
    drive: Matrix,
    s: Matrix,
    z: Matrix,
    h: Matrix,
    /// What it hears from below.
    heard: Matrix,
}

impl<'a> StackReference<'a> {
    /// The reference on a case.
    #[must_use]
    pub fn new(case: &'a StackCase, limits: &Limits) -> Self {
        let zero = |layer: &StackLayer| vec![Rational::zero(); layer.neurons()];
        let numbers = |layer: &StackLayer| Numbers {
            leak: Rational::of(&layer.leak),
            recurrent: rationals(&layer.recurrent),
            input: rationals(&layer.input),
            biases: layer.biases.as_deref().map_or_else(|| zero(layer), row_of),
        };
        Self {
            case,
            layers: case.network.layers.iter().map(numbers).collect(),
            readout: rationals(&case.network.readout),
            readout_biases: case.network.readout_biases.as_deref().map(row_of),
            limits: limits.clone(),
        }
    }

    /// The gradient, with or without a mistake.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where σ has no value, [`Error::Limit`] for numbers that grow too long.
    pub fn gradient(&self, slip: Option<Slip>) -> Result<StackGradient<BigRational>, Error> {
        let mut total = StackGradient::filled(&self.case.network, &Rational::zero());
        let mut ended: Option<Vec<[Row; 2]>> = None;
        for b in 0..self.case.examples.len() {
            let kept = ended.take().filter(|_| slip == Some(Slip::NotReset));
            let ran = self.fire(b, kept, slip)?;
            self.learn(b, &ran, slip, &mut total)?;
            let last = |ran: &Ran| Some([ran.s.last()?.clone(), ran.z.last()?.clone()]);
            ended = ran.iter().map(last).collect();
        }
        let share = Rational::one_over(self.case.examples.len());
        total.all_mut().for_each(|value| *value = &*value * &share);
        Ok(total.map(Rational::plain))
    }

    /// S1
    fn fire(
        &self,
        b: usize,
        kept: Option<Vec<[Row; 2]>>,
        slip: Option<Slip>,
    ) -> Result<Vec<Ran>, Error> {
        let example = &self.case.examples[b];
        let given = example.initial.as_ref().filter(|_| slip != Some(Slip::AtRest));
        let mut given = given.map(|state| row_of(state)).unwrap_or_default().into_iter();
        let mut heard = zeros(1, self.case.network.inputs());
        heard.extend(rationals(&example.input));
        let mut all: Vec<Ran> = Vec::new();
        for (l, (layer, net)) in self.layers.iter().zip(&self.case.network.layers).enumerate() {
            let mut start: Row = given.by_ref().take(net.neurons()).collect();
            start.resize(net.neurons(), Rational::zero());
            let [s, z] = match &kept {
                Some(kept) => kept[l].clone(),
                None => [start.clone(), start],
            };
            if l > 0 && slip == Some(Slip::Late) {
                // Before its first step the layer below said what it began with.
                heard.rotate_right(1);
            }
            let still = vec![Rational::zero(); net.neurons()];
            let h = vec![still.clone()];
            let mut ran = Ran { drive: vec![still], s: vec![s], z: vec![z], h, heard };
            for t in 1..=example.input.len() {
                let current = sum(
                    &times(&layer.recurrent, &ran.z[t - 1]),
                    &times(&layer.input, &ran.heard[t]),
                );
                let drive = self.short(l, sum(&current, &layer.biases));
                let s = sum(&scale(&ran.s[t - 1], &layer.leak), &scale(&drive, &layer.gain()));
                let s = self.short(l, s);
                self.within(&s)?;
                let z: Row = s.iter().map(|s| self.rate(net, s)).collect::<Result<_, _>>()?;
                self.within(&z)?;
                let h = match slip {
                    Some(Slip::Slopeless(of)) if of == l => vec![Rational::one(); s.len()],
                    Some(Slip::SlopeAtRate(of)) if of == l => self.slopes(net, &z)?,
                    Some(_) | None => self.slopes(net, &s)?,
                };
                ran.drive.push(drive);
                ran.s.push(s);
                ran.z.push(z);
                ran.h.push(h);
            }
            heard = ran.z.clone();
            all.push(ran);
        }
        Ok(all)
    }

    /// S2, added to what there is.
    fn learn(
        &self,
        b: usize,
        all: &[Ran],
        slip: Option<Slip>,
        total: &mut StackGradient<Rational>,
    ) -> Result<(), Error> {
        let example = &self.case.examples[b];
        let (targets, last) = (rationals(&example.target), example.input.len());
        let nothing = |layer: &Numbers| vec![Rational::zero(); layer.recurrent.len()];
        let mut later: Vec<Row> = self.layers.iter().map(nothing).collect();
        let Some(top) = all.last() else { return Ok(()) };
        for t in (1..=last).rev() {
            let mut arriving = vec![Rational::zero(); top.z[t].len()];
            if self.case.steps.count(t, last) {
                let mut y = times(&self.readout, &top.z[t]);
                if let Some(biases) = &self.readout_biases {
                    y = sum(&y, biases);
                }
                let error: Row = y.iter().zip(&targets[t - 1]).map(|(y, to)| y - to).collect();
                let half = Rational::one_over(2);
                total.loss += &error.iter().map(|e| e * e * &half).sum::<Rational>();
                arriving = times(&transposed(&self.readout), &error);
                add_outer(&mut total.readout, &error, &top.z[t]);
                for (bias, error) in total.readout_biases.iter_mut().flatten().zip(&error) {
                    *bias += error;
                }
            }
            for (l, layer) in self.layers.iter().enumerate().rev() {
                let (ran, into) = (&all[l], &mut total.layers[l]);
                if let Some(Slip::Detached(steps)) = slip
                    && t.is_multiple_of(steps)
                {
                    later[l] = nothing(layer);
                }
                let through = match slip {
                    Some(Slip::Transposed(of)) if of == l => times(&layer.recurrent, &later[l]),
                    Some(_) | None => times(&transposed(&layer.recurrent), &later[l]),
                };
                let credit = sum(&arriving, &scale(&through, &layer.gain()));
                let mut g = by_entry(&ran.h[t], &credit);
                if slip != Some(Slip::WithoutKept) {
                    g = sum(&g, &scale(&later[l], &layer.leak));
                }
                let g = self.short(l, g);
                self.within(&g)?;
                let gain =
                    if slip == Some(Slip::WithoutGain) { Rational::one() } else { layer.gain() };
                let scaled = scale(&g, &gain);
                let seen = if slip == Some(Slip::SameStep) { t } else { t - 1 };
                add_outer(&mut into.recurrent, &scaled, &ran.z[seen]);
                add_outer(&mut into.input, &scaled, &ran.heard[t]);
                for (bias, scaled) in into.biases.iter_mut().flatten().zip(&scaled) {
                    *bias += scaled;
                }
                if let Some(leak) = &mut into.leak {
                    for (post, g) in g.iter().enumerate() {
                        let (state, drive) = (&ran.s[t - 1][post], &ran.drive[t][post]);
                        *leak += &match slip {
                            Some(Slip::LeakWithoutDrive) => g * state,
                            Some(Slip::LeakWithoutState) => -(g * drive),
                            Some(Slip::LeakWithGain) => g * &(state - drive) * &layer.gain(),
                            Some(_) | None => g * &(state - drive),
                        };
                    }
                }
                let down = match slip {
                    Some(Slip::InputTransposed(of)) if of == l && is_square(&layer.input) => {
                        times(&layer.input, &g)
                    }
                    Some(Slip::Stopped(of)) if of == l => {
                        vec![Rational::zero(); ran.heard[t].len()]
                    }
                    Some(_) | None => times(&transposed(&layer.input), &g),
                };
                arriving = scale(&down, &layer.gain());
                later[l] = g;
            }
        }
        Ok(())
    }

    fn rate(&self, layer: &StackLayer, s: &Rational) -> Result<Rational, Error> {
        let none = || Error::unsupported(format!("values of {}", layer.activation.name()));
        rate(&layer.activation, s).ok_or_else(none)
    }

    fn slopes(&self, layer: &StackLayer, at: &Row) -> Result<Row, Error> {
        let none = || Error::unsupported(format!("slopes of {}", layer.activation.name()));
        at.iter().map(|s| slope(&layer.activation, self.case.kink, s).ok_or_else(none)).collect()
    }

    /// The same, where some σ has no rational values: then more than twice its digits are kept of what grows from step to step.
    fn short(&self, l: usize, row: Row) -> Row {
        let is_near =
            self.case.network.layers[..=l].iter().any(|layer| match layer.activation.class() {
                Class::Straight(_) | Class::Curved(_) | Class::Quotient => false,
                Class::Transcendental(_) => true,
            });
        if is_near { row.iter().map(shortened).collect() } else { row }
    }

    /// Refuses numbers that grow too long, and asks for what becomes of the others: each goes into a product per cell of two layers, and
    /// of σ and σ'.
    fn within(&self, numbers: &[Rational]) -> Result<(), Error> {
        const FUNCTION: u64 = 4;
        let products = FUNCTION.saturating_add(self.case.network.width() as u64 * 2);
        for number in numbers {
            let bits = number.bits();
            if bits > self.limits.bits {
                let what = "bits of a number of the reference implementation".into();
                return Err(Error::Limit { what, given: bits, limit: self.limits.bits });
            }
            let cost = number.step(number, number).saturating_mul(products);
            self.limits.work.charge(cost, "the reference of the mutants")?;
        }
        Ok(())
    }
}

impl Numbers {
    /// 1 − λ
    fn gain(&self) -> Rational {
        Rational::one() - &self.leak
    }
}

fn is_square(matrix: &Matrix) -> bool {
    matrix.iter().all(|row| row.len() == matrix.len())
}
