//! Somebody's gradient or update against the truth.

mod aligned;
mod equilibrium;
mod losses;
mod order;
mod parameters;
mod spreads;
mod stale;
mod targets;

use std::cell::{Cell, RefCell};

use num_rational::BigRational;
use num_traits::One;

use equilibrium::Stand;
use spreads::spreads;

use super::explain;
use super::gradient::{Rule, gradient};
use super::on_kinks;
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::error::Error;
use crate::mutants;
use crate::progress::{Progress, Silent};
use crate::spec::outcome::Update;
use crate::spec::{
    Case, FeedbackMatrices, Grid, Limits, Network, Neuron, Number, PerBlock, Wiring,
};
use crate::verdict::bounded::{Bound, Bounds, grid_bound, rounding_bound_of_anybody};
use crate::verdict::judge::{
    Declared, Judge, Judgement, Match, Nearness, Options, Reference, are_near,
};
use crate::verdict::reading::Scale;
use crate::verdict::scaled::Scaled;
use crate::verdict::{bridge, per_block};
use crate::wire::gradient::{Gradient, Quantity, feedback};

/// Judges every entry, and says what would explain those that differ: a factor, another format, known mistakes.
///
/// # Errors
/// As [`judgement`].
pub fn judge(
    case: &Case,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    explain::expect_used(options, mine.number, explain::is_update(mine.quantity))?;
    if let Some(matrices) = feedback::declared(mine, limits)? {
        return aligned::judge(case, &matrices, mine, options, limits, progress);
    }
    if mine.rule.as_deref() == Some(Rule::Credit.name()) && case.departs() {
        let found = as_declared(case, mine, options, limits, progress)?;
        if !found.nearness().is_refused() {
            return Ok((found, Vec::new()));
        }
    }
    let (judgement, truth) = judged(case, mine, options, limits, progress)?;
    let (mut diagnosis, mut caveat) = (Vec::new(), None);
    if judgement.nearness().is_refused() {
        let scale = Scale {
            examples: case.examples.len(),
            loss: case.loss.clone(),
            steps: 1,
            outputs: Wiring::of(case).outputs.len(),
            learning_rate: case.learning_rate.clone(),
            is_update: explain::is_update(mine.quantity),
        };
        diagnosis.extend(explain::another_format(mine, |other| {
            let options = Options { arithmetic: None, grid_everywhere: false, ..options.clone() };
            judged(case, other, &options, limits, progress).map(|(found, _)| found)
        })?);
        let mut of = |case: &Case| {
            progress.stage("is it another kink convention?")?;
            let (found, truth) = judged(case, mine, options, limits, progress)?;
            Ok((found.nearness(), truth.entries))
        };
        let (of_kinks, is_explained) =
            on_kinks::explained(case, mine, &truth.entries, limits, &mut of)?;
        diagnosis.extend(of_kinks);
        // At a kink the slope is a convention: whoever has another one has made no mistake.
        if is_explained {
            return Ok((judgement, diagnosis));
        }
        diagnosis.extend(explain::factors(mine, &truth.entries, &judgement, &scale));
        diagnosis.extend(parameters::in_their_place(case, mine, &truth.entries, &judgement));
        if !case.departs() {
            let case = truth.stand.as_ref().map_or(case, |stand| &stand.case);
            let (found, stopped) = mistakes(case, mine, &truth, options, limits, progress)?;
            diagnosis.extend(found);
            caveat = stopped;
        }
        if diagnosis.is_empty() && !case.departs() {
            let found = losses::of_another(case, mine, &truth.entries, limits, progress);
            diagnosis.extend(or_stopped(found, "other losses", &mut caveat)?);
        }
        diagnosis.extend(order::of_examples(mine, &truth.inputs));
        // What lies within the bound of the right one is of no other weights that anybody could tell.
        if diagnosis.is_empty() && !case.departs() && judgement.nearness() == Nearness::Different {
            let found = elsewhere(case, mine, &truth.entries, options, limits, progress);
            diagnosis.extend(or_stopped(found, "other weights and targets", &mut caveat)?);
        }
        if diagnosis.is_empty() {
            let early =
                equilibrium::stopped_early(case, mine, &judgement, options, limits, progress);
            diagnosis.extend(or_stopped(early, "tolerances", &mut caveat)?);
        }
        if diagnosis.is_empty() && options.arithmetic.is_none() && !is_cyclic(case) {
            let found = explain::another_arithmetic(mine.number.dtype(), true, |other| {
                let options = Options { arithmetic: Some(other), ..options.clone() };
                judged(case, mine, &options, limits, progress).map(|(found, _)| found)
            });
            diagnosis.extend(or_stopped(found, "other arithmetics", &mut caveat)?);
        }
        diagnosis.extend(caveat);
    }
    Ok((judgement, diagnosis))
}

fn is_cyclic(case: &Case) -> bool {
    Wiring::of(case).is_recurrent()
}

/// The gradient of other weights, or of the targets in another order.
fn elsewhere(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Option<String>, Error> {
    match stale::stale(case, mine, right, options, limits, progress)? {
        None if options.scale.is_one() => targets::of_targets(case, mine, right, limits, progress),
        found => Ok(found),
    }
}

/// What a search found; where it ran out of work, nothing, and that it did: a verdict is there all the same.
fn or_stopped(
    found: Result<Option<String>, Error>,
    at: &str,
    caveat: &mut Option<String>,
) -> Result<Option<String>, Error> {
    match found {
        Err(error) if error.is_out_of_work() => {
            let stopped = "the search for known mistakes stopped at";
            caveat.get_or_insert_with(|| {
                format!("{stopped} {at}: {error}; raise it with --max-work N")
            });
            Ok(None)
        }
        found => found,
    }
}

/// Judges by the credit rule, where it departs from the gradient and the file declares it; with the distance from the gradient beside it.
fn as_declared(
    case: &Case,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    if options.grid_everywhere {
        return Err(Error::unsupported("--grid-everywhere with a rule that is not the gradient"));
    }
    progress.stage("the credit rule")?;
    // At η = 1 the update is the gradient that the rule follows, turned round.
    let one = Case { learning_rate: BigRational::one(), ..case.clone() };
    let case_of = if mine.quantity == Quantity::Update { case } else { &one };
    let right = gradient(case, Rule::Credit, Number::Exact, mine.quantity, limits, progress)?;
    let bounds = mine
        .number
        .dtype()
        .map(|format| rounding_bound_of_anybody(case_of, options.arithmetic_of(format)));
    let bounds = bounds.transpose()?;
    let (of_gradient, truth) = judged(case, mine, options, limits, progress)?;
    let wiring = Wiring::of(case);
    let reference = |value: BigRational, bound: Option<f64>| {
        as_held(Reference::exactly(value, bound), options, mine.number)
    };
    // What comes back to the inputs is the rule's own too; the loss is nobody's rule.
    let given = right.inputs.unwrap_or_default().into_iter().enumerate();
    let inputs = given.map(|(b, row)| {
        let bound = |n: &Neuron| bounds.as_ref().map(|all| all.examples[b].credit[*n].bound);
        row.into_iter().zip(&wiring.inputs).map(|(value, n)| reference(value, bound(n))).collect()
    });
    let inputs = inputs.collect();
    let entries = match &bounds {
        None => right.entries.map(|value| reference(value, None)),
        Some(bounds) => {
            let both = right.entries.zip(per_block(case, &bounds.update));
            both.map(|(value, bound)| reference(value, Some(bound.bound)))
        }
    };
    let found = Truth { entries, radii: None, loss: truth.loss, inputs, stand: None };
    let mut judge = Judge::new(mine.number, options);
    judge.parameters(&mine.entries, &found.entries);
    found.extras(mine, &mut judge);
    let mut judgement = judge.judgement();
    let rule = "the credit rule of the case".to_owned();
    judgement.declared = Some(Declared { rule, blocks: of_gradient.blocks });
    Ok(judgement)
}

/// Judges every entry, block by block.
///
/// The reference is the true gradient of the loss, whatever balance function the case has.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for an exact judgement of a transcendental activation.
pub fn judgement(
    case: &Case,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    judged(case, mine, &Options::default(), limits, progress).map(|(judgement, _)| judgement)
}

/// The exact gradient, or update, in the format of theirs: every entry with its bound where floats are to be measured.
///
/// # Errors
/// As [`judgement`].
pub fn right_of(
    case: &Case,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<PerBlock<Reference>, Error> {
    let options = Options { rigorous: true, ..Options::default() };
    judged(case, mine, &options, limits, progress).map(|(_, truth)| truth.entries)
}

fn judged(
    case: &Case,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Truth), Error> {
    progress.stage("the exact gradient")?;
    let case = &case.under_the_theorem();
    let mut truth = Truth::of(case, mine, options, limits)?;
    if !options.rigorous {
        truth.weigh(case, mine, options, None);
    }
    let truth = truth.times(options, mine.number);
    let mut judge = Judge::new(mine.number, options);
    judge.parameters(&mine.entries, &truth.entries);
    truth.extras(mine, &mut judge);
    let solver = truth.stand.as_ref().map(|stand| stand.words.clone());
    Ok((Judgement { solver, ..judge.judgement() }, truth))
}

/// Which known mistakes give these entries: exactly, after rounding to the format they are held in, or within the room that floats have;
/// and where the search for them stopped, if it did.
fn mistakes(
    case: &Case,
    mine: &Gradient,
    truth: &Truth,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Vec<String>, Option<String>), Error> {
    let mut before = |mutant: &str| progress.stage(&format!("is it the known mistake {mutant}?"));
    // Of mistakes with one result the first is named, which is the simplest: the others say nothing more.
    let seen: RefCell<Vec<PerBlock<BigRational>>> = RefCell::default();
    let fits = |found: &Update<BigRational>| {
        let found = per_block(case, found).map(|entry| entry * &options.scale);
        if seen.borrow().contains(&found) {
            return None;
        }
        let fit = are_near(mine.number, &mine.entries, &found.as_ref(), &truth.entries)?;
        seen.borrow_mut().push(found);
        Some(fit)
    };
    let only_rounded = Cell::new(false);
    let is_theirs = |found: &Update<BigRational>| match fits(found) {
        None => false,
        Some(Match::Exactly) => true,
        Some(Match::UpToRounding) => {
            only_rounded.set(true);
            true
        }
    };
    let search = match mine.quantity {
        Quantity::Gradient => mutants::diagnose_gradient_by(case, is_theirs, limits, &mut before)?,
        Quantity::Update => mutants::diagnose_by(case, is_theirs, limits, &mut before)?,
    };
    let caveat = search.caveat();
    let rounding = if only_rounded.get() { ", up to rounding" } else { "" };
    let found =
        search.found.into_iter().map(|diagnosis| format!("{}{rounding}", diagnosis.sentence));
    Ok((found.collect(), caveat))
}

/// What is right, with bounds where floats are to be judged.
struct Truth {
    entries: PerBlock<Reference>,
    /// How far their centres may be off, where no exact value can be had.
    radii: Option<PerBlock<f64>>,
    loss: Option<Reference>,
    inputs: Vec<Vec<Reference>>,
    /// The equilibria at which floats are judged; none without a cycle.
    stand: Option<Stand>,
}

impl Truth {
    /// Judges the loss, the derivatives at the inputs and the rates of the equilibria, where they are given.
    fn extras(&self, mine: &Gradient, judge: &mut Judge) {
        if let (Some(theirs), Some(loss)) = (&mine.loss, &self.loss) {
            judge.extra("loss", [("loss".to_owned(), theirs, loss.clone())]);
        }
        if let Some(theirs) = &mine.inputs {
            let rows = theirs.iter().zip(&self.inputs).enumerate();
            let entries = rows.flat_map(|(b, (row, reference))| {
                row.iter().zip(reference).enumerate().map(move |(k, (theirs, reference))| {
                    (format!("inputs: example {b}, input {k}"), theirs, reference.clone())
                })
            });
            judge.extra("inputs", entries);
        }
        let right = self.stand.iter().flat_map(|stand| &stand.rates);
        if let Some(theirs) = &mine.solver.equilibrium {
            let entries = theirs.iter().zip(right).enumerate().flat_map(|(b, (theirs, right))| {
                theirs.iter().zip(right).enumerate().map(move |(k, (theirs, reference))| {
                    (format!("equilibrium: example {b}, neuron {k}"), theirs, reference.clone())
                })
            });
            judge.extra("equilibrium", entries);
        }
    }

    /// Adds the plausible line: the standard deviations of a gradient or an update in floats, where the network has some; of feedback
    /// alignment, where matrices are given.
    fn weigh(
        &mut self,
        case: &Case,
        mine: &Gradient,
        options: &Options,
        feedback: Option<&FeedbackMatrices>,
    ) {
        let Some(dtype) = mine.number.dtype() else { return };
        let arithmetic = options.arithmetic_of(dtype);
        let Some(found) = spreads(case, feedback, arithmetic) else { return };
        let times = match mine.quantity {
            Quantity::Gradient => None,
            Quantity::Update => {
                Some(Scaled::new(&case.learning_rate, arithmetic.dtype(), arithmetic.dtype()))
            }
        };
        let radii = self.radii.iter().flat_map(PerBlock::values).copied();
        let radii = radii.chain(std::iter::repeat(0.0));
        for ((reference, spread), radius) in
            self.entries.values_mut().zip(found.values()).zip(radii)
        {
            let spread = match &times {
                None => *spread,
                Some(times) => times.spread(*spread, &reference.value),
            };
            // A centre that is off by much of a deviation is none to count deviations from.
            reference.spread = (radius * 8.0 <= spread).then_some(spread + radius);
        }
    }

    /// The same of a loss that is so many times ours, and of an arithmetic that is not that of the entries.
    fn times(self, options: &Options, number: Number) -> Self {
        if options.scale.is_one() && options.arithmetic.is_none() {
            return self;
        }
        let times = |reference: Reference| as_held(reference, options, number);
        let row = |row: Vec<Reference>| row.into_iter().map(times).collect();
        Self {
            entries: self.entries.map(times),
            radii: self.radii,
            loss: self.loss.map(times),
            inputs: self.inputs.into_iter().map(row).collect(),
            stand: self.stand,
        }
    }

    fn of(case: &Case, mine: &Gradient, options: &Options, limits: &Limits) -> Result<Self, Error> {
        let bounds = mine.number.dtype().map(|format| options.arithmetic_of(format));
        if let Some(arithmetic) = bounds.filter(|_| Wiring::of(case).is_recurrent()) {
            if options.arithmetic.is_some() {
                return Err(Error::unsupported("--arithmetic on a network with a cycle"));
            }
            return equilibrium::truth(case, mine, arithmetic.dtype(), limits);
        }
        let bounds =
            bounds.map(|arithmetic| rounding_bound_of_anybody(case, arithmetic)).transpose()?;
        if case.is_exact() {
            let exact = exact_gradient(case, mine.quantity, limits)?;
            let reference = |value: &BigRational, bound: Option<&Bound>| {
                Reference::exactly(value.clone(), bound.map(|bound| bound.bound))
            };
            let wiring = Wiring::of(case);
            let right = exact.entries.as_ref();
            let entries = match &bounds {
                None => right.map(|value| reference(value, None)),
                Some(bounds) => {
                    let bounds = per_block(case, of_quantity(bounds, mine.quantity));
                    right.zip(bounds).map(|(value, bound)| reference(value, Some(bound)))
                }
            };
            let given = exact.inputs.unwrap_or_default();
            let inputs = given.iter().enumerate().map(|(b, row)| {
                let of_example = bounds.as_ref().and_then(|all| all.examples.get(b));
                let inputs = row.iter().zip(&wiring.inputs);
                inputs
                    .map(|(value, n)| reference(value, of_example.map(|e| &e.adjoint[*n])))
                    .collect()
            });
            let inputs = inputs.collect();
            let loss = exact.loss.map(|loss| reference(&loss, bounds.as_ref().map(|b| &b.loss)));
            let mut found = Self { entries, radii: None, loss, inputs, stand: None };
            if let (Number::Grid(grid), true) = (mine.number, options.grid_everywhere) {
                found.on_grid(case, grid)?;
            }
            return Ok(found);
        }
        let Some(bounds) = bounds else {
            return Err(Error::unsupported(
                "an exact gradient of tanh, logistic or softplus; say \"number\": \"f64\" or \"f32\" in the file",
            ));
        };
        // No exact value can be had: the centre, and the bound widened by what the centre may be off.
        let centre = Reference::centre;
        let wiring = Wiring::of(case);
        let inputs = bounds.examples.iter().map(|example| {
            wiring.inputs.iter().map(|neuron| centre(&example.adjoint[*neuron])).collect()
        });
        let entries = per_block(case, of_quantity(&bounds, mine.quantity));
        Ok(Self {
            radii: Some(entries.as_ref().map(|bound: &&Bound| bound.radius)),
            entries: entries.map(centre),
            loss: Some(centre(&bounds.loss)),
            inputs: inputs.collect(),
            stand: None,
        })
    }
}

impl Truth {
    /// Adds the bounds of a computation whose every intermediate is rounded to a grid.
    fn on_grid(&mut self, case: &Case, grid: Grid) -> Result<(), Error> {
        let bounds = grid_bound(case, grid)?;
        let of_entries = per_block(case, &bounds.gradient);
        self.entries.values_mut().zip(of_entries.values()).for_each(|(r, b)| r.bound = Some(**b));
        let inputs = Wiring::of(case).inputs;
        for (row, bounds) in self.inputs.iter_mut().zip(&bounds.adjoint) {
            row.iter_mut().zip(&inputs).for_each(|(r, neuron)| r.bound = Some(bounds[*neuron]));
        }
        self.loss.iter_mut().for_each(|loss| loss.bound = Some(bounds.loss));
        Ok(())
    }
}

/// What is right for a loss that is so many times ours, computed in the arithmetic that is meant and held as theirs is.
fn as_held(reference: Reference, options: &Options, number: Number) -> Reference {
    match number.dtype() {
        Some(dtype) => {
            reference.computed_in(&options.scale, options.arithmetic_of(dtype).dtype(), dtype)
        }
        None => reference.times(&options.scale, number),
    }
}

/// The bounds of what is asked for.
fn of_quantity(bounds: &Bounds, quantity: Quantity) -> &Update<Bound> {
    match quantity {
        Quantity::Gradient => &bounds.gradient,
        Quantity::Update => &bounds.update,
    }
}

/// The gradient of a case under the theorem: by layers where there are layers, else by the arbiter; above its limit by the credit rule,
/// which C2 certifies to be the same.
fn exact_gradient(case: &Case, quantity: Quantity, limits: &Limits) -> Result<Gradient, Error> {
    let rule = match case.network {
        Network::Layered(_) => Rule::Backprop,
        // The arbiter where it is affordable: the credit rule should not be judged by itself.
        Network::Graph(_) if Wiring::of(case).parameters() <= MOST_UNIT_DIRECTIONS => Rule::Tangent,
        Network::Graph(_) => Rule::Credit,
    };
    // −η times the gradient rather than the update itself, so that both quantities have one source.
    let mut found = gradient(case, rule, Number::Exact, Quantity::Gradient, limits, &mut Silent)?;
    if quantity == Quantity::Update {
        found.entries = bridge::update_of_blocks(found.entries, &case.learning_rate);
    }
    Ok(found)
}
