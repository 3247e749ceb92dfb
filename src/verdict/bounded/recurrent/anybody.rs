//! Tier F for a gradient at an equilibrium that somebody else found (D9): how far their solver's rest and their rounding may carry it.
//!
//! Their iteration is not known. Known are rates x̂ near an equilibrium, from whoever looked for one and is trusted in nothing, and
//! what they say of their solver. With D_i a secant of σ_i between two points, both sides obey one equation:
//!
//! ```text
//! (I − D W)(x̂ − x) = x̂ − σ(Wx̂ + b)        an equilibrium x, if that bounds x̂ − x within the box that D was taken from (Brouwer)
//! (I − D W)(x̃ − x) = x̃ − σ(Wx̃ + b)        theirs, at most their tolerance and the rounding of an evaluation
//! (I − Wᵀ diag β̃ + E)(c̃ − c) = Wᵀ((β̃ − β)∘c) + ẽ − e − E c + ρ̃
//! ```
//!
//! The first proves that there **is** an equilibrium, and one only in the box. Assumed of theirs: an iteration that is said to
//! go on until rounding stops it leaves no more than [`EVALUATIONS`] evaluations of its equation may be off, and a linear solver is
//! backward stable, |E| ≤ [`STABILITY`] (n + 2) u ‖I + |Wᵀ| diag β‖ in every entry. What they state is added to that.

use num_rational::BigRational;
use num_traits::Zero;

use super::follow::{Followed, View, above, rate};
use super::majorant::{System, eliminate};
use super::{EquilibriumBounds, Unbounded};
use crate::number::{exact_f64, nearest_f64};
use crate::spec::outcome::Update;
use crate::spec::{
    Activation, Case, Class, Dtype, FINEST_OF_TOLERANCES, Loss, Neuron, PerNeuron, Solver,
    Transcendental,
};
use crate::verdict::bounded::Bound;
use crate::verdict::bounded::up::{Sum, Up, Value};
use crate::verdict::enclosure::{logistic, softplus, tanh};

/// So many evaluations of its equation an iteration may be off that stops at rounding.
const EVALUATIONS: usize = 4;
/// The constant of a backward stable solver.
const STABILITY: usize = 4;
/// Roundings of factors such as 2/K, K/2 and 1/B in front of everything.
const SCALINGS: usize = 4;
/// How often a box is widened before it is given up.
const WIDENINGS: usize = 40;
/// Bits of the enclosures of σ: more than any rate has.
const BITS: u64 = 96;
/// A right side counts as 2 to minus this at least, if it is not zero.
const SMALLEST: u32 = 900;
/// Steps of Newton's method; near an equilibrium four are enough.
const STEPS: usize = 12;

/// Bounds of anybody's floats at the equilibria of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundsOfAnybody {
    /// One entry per example.
    pub examples: Vec<EquilibriumBounds>,
    /// factor · ⟨β c x⟩ and factor · ⟨β c⟩.
    pub entries: Update<Bound>,
    /// L
    pub loss: Bound,
}

/// What a rate of somebody's equilibrium is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct RateOfAnybody {
    /// The rate at the equilibrium, or, where theirs does not obey its equation, what their other rates make of this one.
    pub value: BigRational,
    /// How far theirs may be from that; none where nothing bounds it.
    pub bound: Option<f64>,
}

/// Bounds of anybody's floats, for a solver of which this is known; the entries with `factor` in place of η: −1 gives the gradient.
///
/// `near` are rates near the equilibrium that is meant, exact ones or those of [`equilibrium_near`]; centres and radii are about the
/// equilibrium that is proved to be there.
///
/// Exactness: rounded up. Source: Rump's verified inverse and Krawczyk's operator (Acta Numerica 2010, sections 10 and 13).
///
/// # Errors
/// [`Unbounded`] where no equilibrium is enclosed, and where no finite bound of theirs is found.
pub fn equilibrium_bound_of_anybody(
    case: &Case,
    format: Dtype,
    near: &[PerNeuron<BigRational>],
    solver: &Solver,
    factor: &BigRational,
) -> Result<BoundsOfAnybody, Unbounded> {
    let anybody = Anybody::of(case, format, near, solver)?;
    let followed: Vec<_> =
        (0..near.len()).map(|b| anybody.follow(b)).collect::<Result<_, Unbounded>>()?;
    let bounds = BoundsOfAnybody {
        examples: followed.iter().map(EquilibriumBounds::of).collect(),
        entries: anybody.view.scaled(&followed, Value::rounded(factor, format)),
        loss: anybody.loss(&followed),
    };
    let neurons =
        bounds.examples.iter().flat_map(|all| all.credit.iter().chain(all.firing_rate.iter()));
    let entries = bounds.entries.weights.iter().chain(bounds.entries.biases.iter());
    let is_finite = neurons.chain(entries).chain([&bounds.loss]).all(Bound::is_finite);
    if is_finite { Ok(bounds) } else { Err(Unbounded::NotFinite) }
}

/// What the rates that they give are held against, one entry per example and neuron; nothing where they give none.
///
/// # Errors
/// [`Unbounded::Shapes`] where the rates are not those of the case.
pub fn rates_of_anybody(
    case: &Case,
    format: Dtype,
    near: &[PerNeuron<BigRational>],
    solver: &Solver,
) -> Result<Vec<Vec<RateOfAnybody>>, Unbounded> {
    let anybody = Anybody::of(case, format, near, solver)?;
    let given = solver.equilibrium.iter().flatten().enumerate();
    given.map(|(b, rates)| anybody.rates(b, rates)).collect()
}

/// Rates near the equilibrium that these rates are near, by Newton's method: a guess, to be enclosed.
#[must_use]
pub fn equilibrium_near(case: &Case, start: &[PerNeuron<f64>]) -> Vec<PerNeuron<BigRational>> {
    let view = View::of(case, Dtype::F64);
    start.iter().enumerate().map(|(b, start)| polished(&view, b, start)).collect()
}

/// x ← x + (I − D W)⁻¹ (σ(Wx + b) − x), as long as the residual falls.
fn polished(view: &View<'_>, b: usize, start: &PerNeuron<f64>) -> PerNeuron<BigRational> {
    let n = view.wiring.neurons();
    let mut rates =
        PerNeuron::from_fn(n, |k| exact_f64(start[k]).unwrap_or_else(BigRational::zero));
    for (&neuron, given) in view.wiring.inputs.iter().zip(&view.case.examples[b].input) {
        rates[neuron] = given.clone();
    }
    let (mut best, mut least) = (rates.clone(), f64::INFINITY);
    for _ in 0..STEPS {
        let mut matrix: Vec<Vec<f64>> = vec![vec![0.0; n]; n];
        let mut right = vec![vec![0.0]; n];
        for post in (0..n).map(Neuron) {
            matrix[post.0][post.0] = 1.0;
            if view.wiring.is_input[post] {
                continue;
            }
            let s = net_input(view, post, &rates);
            let Some([low, high]) = made(&view.wiring.activations[post], &s) else { return best };
            let half = (low + high) / BigRational::from_integer(2.into());
            right[post.0][0] = nearest_f64(&(half - &rates[post]));
            let Ok([_, slope]) = view.fire(post, &Value::exact(nearest_f64(&s))) else {
                return best;
            };
            for &synapse in &view.wiring.incoming[post] {
                let pre = view.wiring.synapses[synapse].pre;
                matrix[post.0][pre.0] -= slope.centre * view.near[synapse];
            }
        }
        let residual = right.iter().fold(0.0, |most: f64, row| most.max(row[0].abs()));
        if residual.is_nan() || residual >= least {
            break;
        }
        (least, best) = (residual, rates.clone());
        let Some(steps) = eliminate(matrix, right) else { break };
        for post in (0..n).map(Neuron).filter(|post| !view.wiring.is_input[*post]) {
            let Some(moved) = exact_f64(nearest_f64(&rates[post]) + steps[post.0][0]) else {
                return best;
            };
            rates[post] = moved;
        }
    }
    best
}

/// What is asked of one case.
struct Anybody<'a> {
    view: View<'a>,
    near: &'a [PerNeuron<BigRational>],
    solver: &'a Solver,
    /// max(1, ‖x̂‖₂) and max(B, ‖t − x̂‖₂), over all examples.
    scale: [Up; 2],
}

impl<'a> Anybody<'a> {
    fn of(
        case: &'a Case,
        format: Dtype,
        near: &'a [PerNeuron<BigRational>],
        solver: &'a Solver,
    ) -> Result<Self, Unbounded> {
        if matches!(case.loss, Loss::Reduced { .. }) {
            return Err(Unbounded::Loss);
        }
        let view = View::of(case, format);
        let n = view.wiring.neurons();
        let fits = |all: &[PerNeuron<BigRational>]| {
            all.len() == case.examples.len() && all.iter().all(|rates| rates.len() == n)
        };
        if !fits(near) || !solver.equilibrium.as_ref().is_none_or(|given| fits(given)) {
            return Err(Unbounded::Shapes);
        }
        let mut errors = Vec::new();
        for (rates, example) in near.iter().zip(&case.examples) {
            let outputs = view.wiring.outputs.iter().zip(&example.target);
            errors.extend(outputs.map(|(output, target)| above(&(target - &rates[*output]))));
        }
        let of_rates = norm(near.iter().flat_map(PerNeuron::iter).map(above));
        let scale = [Up::ONE.max(of_rates), Up::count(case.examples.len()).max(norm(errors))];
        Ok(Self { view, near, solver, scale })
    }

    fn neurons(&self) -> usize {
        self.view.wiring.neurons()
    }

    /// x̂, with the errors of both sides: x is within the first of it, theirs within the second of x.
    fn values(&self, b: usize, errors: [&[Up]; 2]) -> PerNeuron<Value> {
        PerNeuron::from_fn(self.neurons(), |k| {
            let rounded = Value::rounded(&self.near[b][k], Dtype::F64);
            Value { error: [rounded.error[0] + errors[0][k.0], errors[1][k.0]], ..rounded }
        })
    }

    /// |x − σ(Wx + b)| at most, of any rates; of a clamped neuron its distance from the input.
    fn residual(&self, b: usize, rates: &PerNeuron<BigRational>) -> Result<Vec<Up>, Unbounded> {
        let wiring = &self.view.wiring;
        let mut rho = vec![Up::ZERO; self.neurons()];
        for (&neuron, given) in wiring.inputs.iter().zip(&self.view.case.examples[b].input) {
            rho[neuron.0] = above(&(&rates[neuron] - given));
        }
        for post in (0..self.neurons()).map(Neuron).filter(|post| !wiring.is_input[*post]) {
            let s = net_input(&self.view, post, rates);
            let between = made(&wiring.activations[post], &s).ok_or(Unbounded::Transcendental)?;
            let far = between.map(|end| above(&(&rates[post] - end)));
            rho[post.0] = far[0].max(far[1]);
        }
        Ok(rho)
    }

    /// The residual that theirs may leave: some evaluations in their format, and their tolerance.
    fn allowed(&self, b: usize) -> Result<Vec<Up>, Unbounded> {
        let n = self.neurons();
        let zeros = vec![Up::ZERO; n];
        let rates = self.values(b, [&zeros, &zeros]);
        let format = self.view.neurons.arithmetic[1];
        let largest = rates.iter().fold(Up::ZERO, |most, rate| most.max(rate.magnitude()));
        let stated = match (&self.solver.tolerance, &self.solver.equilibrium) {
            (Some(tolerance), _) => above(tolerance) * self.scale[0],
            (None, Some(_)) => largest / f64::from(FINEST_OF_TOLERANCES),
            (None, None) => Up::ZERO,
        };
        let mut allowed = vec![Up::ZERO; n];
        for post in (0..n).map(Neuron) {
            if self.view.wiring.is_input[post] {
                allowed[post.0] = self.view.input(b, post).error[1];
                continue;
            }
            let s = self.view.net_input(post, &rates);
            let [rate, _] = self.view.fire(post, &s).map_err(|_| Unbounded::NotFinite)?;
            let stored = (format.unit + format.unit) * rate.magnitude() + format.tiny;
            allowed[post.0] = Up::count(EVALUATIONS) * rate.error[1] + stored + stated;
        }
        Ok(allowed)
    }

    /// How far two points may be from each other of which one is within `first` of x̂, and the other leaves `rho`.
    ///
    /// Secants are taken from a box that is widened until it contains what follows from it.
    fn reach(&self, b: usize, first: &[Up], rho: &[Up]) -> Result<Option<Vec<Up>>, Unbounded> {
        let rho = &lifted(rho.to_vec());
        let mut radius = vec![Up::ZERO; self.neurons()];
        for _ in 0..WIDENINGS {
            let Some(bound) = self.secants(b, first, &radius)?.bound(rho) else { return Ok(None) };
            if bound.iter().zip(&radius).all(|(bound, radius)| bound <= radius) {
                return Ok(Some(bound));
            }
            let both = bound.iter().zip(&radius);
            radius = both.map(|(bound, radius)| (*bound + *bound).max(*radius + *radius)).collect();
        }
        Ok(None)
    }

    /// D W, for every D between points of a box around x̂.
    fn secants(&self, b: usize, first: &[Up], radius: &[Up]) -> Result<System, Unbounded> {
        let wiring = &self.view.wiring;
        let reach: Vec<Up> = first.iter().zip(radius).map(|(a, r)| *a + *r).collect();
        let zeros = vec![Up::ZERO; self.neurons()];
        let rates = self.values(b, [&zeros, &reach]);
        let mut system = System::new(self.neurons());
        for post in (0..self.neurons()).map(Neuron).filter(|post| !wiring.is_input[*post]) {
            let s = self.view.net_input(post, &rates);
            let [_, slope] = self.view.fire(post, &s).map_err(|_| Unbounded::NotFinite)?;
            let spread = slope.error[0] + slope.error[1];
            for &synapse in &wiring.incoming[post] {
                let pre = wiring.synapses[synapse].pre;
                if slope.is_zero() || self.view.exact.weights[synapse].is_zero() {
                    continue;
                }
                system.set(post.0, pre.0, slope.centre, self.view.near[synapse]);
                let weight = self.view.weights[synapse].magnitude();
                system.widen(post.0, pre.0, weight * spread);
            }
        }
        Ok(system)
    }

    /// Where the equilibrium is: |x̂ − x| at most.
    fn enclosed(&self, b: usize) -> Result<Vec<Up>, Unbounded> {
        let residual = self.residual(b, &self.near[b])?;
        let nowhere = vec![Up::ZERO; self.neurons()];
        self.reach(b, &nowhere, &residual)?.ok_or(Unbounded::NoEquilibrium { example: b })
    }

    /// The residual of theirs: what they give leaves no more than it leaves.
    fn left_over(&self, b: usize) -> Result<Vec<Up>, Unbounded> {
        let allowed = self.allowed(b)?;
        let Some(given) = &self.solver.equilibrium else { return Ok(allowed) };
        let actual = self.residual(b, &given[b])?;
        Ok(allowed.into_iter().zip(actual).map(|(a, b)| if b < a { b } else { a }).collect())
    }

    /// What the rates that they give are held against.
    fn rates(
        &self,
        b: usize,
        given: &PerNeuron<BigRational>,
    ) -> Result<Vec<RateOfAnybody>, Unbounded> {
        let (allowed, actual) = (self.allowed(b)?, self.residual(b, given)?);
        let n = self.neurons();
        if allowed.iter().zip(&actual).any(|(allowed, actual)| actual > allowed) {
            let made = |post: Neuron| {
                let given_input = self.view.wiring.inputs.iter().position(|input| *input == post);
                if let Some(k) = given_input {
                    return self.view.case.examples[b].input[k].clone();
                }
                let s = net_input(&self.view, post, given);
                let between = made(&self.view.wiring.activations[post], &s);
                between.map_or_else(BigRational::zero, |[low, _]| low)
            };
            let of = |post: Neuron| RateOfAnybody {
                value: made(post),
                bound: Some(allowed[post.0].value()),
            };
            return Ok((0..n).map(Neuron).map(of).collect());
        }
        let first = self.enclosed(b)?;
        let reach = self.reach(b, &first, &self.left_over(b)?)?;
        let of = |k: usize| RateOfAnybody {
            value: self.near[b][Neuron(k)].clone(),
            bound: reach.as_ref().map(|reach| (first[k] + reach[k]).value()),
        };
        Ok((0..n).map(of).collect())
    }

    /// Every number of one example with its errors.
    fn follow(&self, b: usize) -> Result<Followed, Unbounded> {
        let n = self.neurons();
        let singular = |system| Unbounded::Singular { system, example: b };
        let first = self.enclosed(b)?;
        let second = self.reach(b, &first, &self.left_over(b)?)?.ok_or(singular("firing"))?;
        let firing_rate = self.values(b, [&first, &second]);
        let (mut net_input, mut balance_factor) =
            (PerNeuron::filled(n, Value::ZERO), PerNeuron::filled(n, Value::ZERO));
        for post in (0..n).map(Neuron).filter(|post| !self.view.wiring.is_input[*post]) {
            let s = self.view.net_input(post, &firing_rate);
            if !self.view.is_on_one_piece(post, &s) {
                return Err(Unbounded::Pieces { neuron: post.0, example: b });
            }
            let [_, slope] = self.view.fire(post, &s).map_err(|_| Unbounded::NotFinite)?;
            (net_input[post], balance_factor[post]) = (s, slope);
        }
        let (arithmetic, batch) = (&self.view.neurons.arithmetic, self.near.len());
        let external_credit = self.view.external(b, &firing_rate);
        let external_credit = external_credit.map(|e| e.multiplied(arithmetic, SCALINGS, batch));
        let credit = self.credit(&balance_factor, &external_credit).ok_or(singular("credit"))?;
        Ok(Followed { net_input, firing_rate, balance_factor, external_credit, credit })
    }

    /// c of both sides.
    fn credit(
        &self,
        balance: &PerNeuron<Value>,
        external: &PerNeuron<Value>,
    ) -> Option<PerNeuron<Value>> {
        let (n, wiring) = (self.neurons(), &self.view.wiring);
        let arithmetic = &self.view.neurons.arithmetic;
        let mut factors = wiring.synapses.map(|_| Value::ZERO);
        let unit = |row: usize| (0..n).map(|k| if k == row { 1.0 } else { 0.0 }).collect();
        let mut matrix: Vec<Vec<f64>> = (0..n).map(unit).collect();
        for (synapse, ends) in wiring.synapses.indexed() {
            let mut product = Sum::new(arithmetic);
            product.add(&[self.view.weights[synapse], balance[ends.post]]);
            factors[synapse] = product.over(1.0, 1);
            matrix[ends.pre.0][ends.post.0] -= factors[synapse].centre;
        }
        let right = external.iter().map(|e| vec![e.centre]).collect();
        let centre: Vec<f64> = eliminate(matrix, right)?.into_iter().map(|row| row[0]).collect();
        // (I − Wᵀ diag β)(ĉ − c) = ĉ − Wᵀ(β∘ĉ) − e.
        let (mut exact, mut theirs) = (System::new(n), System::new(n));
        let mut rest = vec![Up::ZERO; n];
        let receivers = (0..n).map(Neuron).filter(|post| !wiring.is_input[*post]).count();
        let mut squares: Vec<Up> = vec![Up::ONE; receivers];
        for pre in (0..n).map(Neuron) {
            let mut sum = Sum::new(arithmetic);
            for &synapse in &wiring.outgoing[pre] {
                let (post, factor) = (wiring.synapses[synapse].post, factors[synapse]);
                if factor.is_zero() {
                    continue;
                }
                sum.add(&[factor, Value::exact(centre[post.0])]);
                exact.set(pre.0, post.0, factor.centre, 1.0);
                exact.widen(pre.0, post.0, factor.error[0]);
                theirs.set(pre.0, post.0, factor.centre, 1.0);
                theirs.widen(pre.0, post.0, factor.error[0] + factor.error[1]);
                squares.push(factor.magnitude());
            }
            sum.add(&[external[pre]]);
            sum.add(&[Value::exact(-centre[pre.0])]);
            let sum = sum.over(1.0, 2);
            rest[pre.0] = Up::of(sum.centre) + sum.error[0];
        }
        let radius = exact.bound(&lifted(rest))?;
        let credit = |k: usize| Up::of(centre[k]) + radius[k];
        let format = arithmetic[1];
        let backward = Up::count(STABILITY * (receivers + 2)) * format.unit * norm(squares);
        let mut rho = vec![Up::ZERO; n];
        let stated = self.solver.credit_tolerance.as_ref().map_or(Up::ZERO, above) * self.scale[1];
        for (pre, rho) in rho.iter_mut().enumerate() {
            *rho = external[Neuron(pre)].error[1] + format.tiny + stated;
            for post in (0..n).map(Neuron).filter(|post| !wiring.is_input[*post]) {
                theirs.widen(pre, post.0, backward);
                *rho = *rho + backward * credit(post.0);
            }
            for &synapse in &wiring.outgoing[Neuron(pre)] {
                let post = wiring.synapses[synapse].post;
                *rho = *rho + factors[synapse].error[1] * credit(post.0);
            }
        }
        let errors = theirs.bound(&lifted(rho))?;
        Some(PerNeuron::from_fn(n, |k| Value {
            centre: centre[k.0],
            error: [radius[k.0], errors[k.0]],
        }))
    }

    /// L = (1/2B) Σ e².
    fn loss(&self, followed: &[Followed]) -> Bound {
        let mut sum = Sum::new(&self.view.neurons.arithmetic);
        for example in followed {
            for &output in &self.view.wiring.outputs {
                let e = example.external_credit[output];
                sum.add(&[e, e]);
            }
        }
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let twice = 2.0 * followed.len() as f64;
        Bound::of(&sum.over(twice, 6))
    }
}

/// s = Wx + b, exactly.
fn net_input(view: &View<'_>, post: Neuron, rates: &PerNeuron<BigRational>) -> BigRational {
    let terms = view.wiring.incoming[post]
        .iter()
        .map(|&synapse| &view.exact.weights[synapse] * &rates[view.wiring.synapses[synapse].pre]);
    terms.fold(view.exact.biases[post].clone(), |sum, term| sum + term)
}

/// σ(s) lies between these.
fn made(function: &Activation, s: &BigRational) -> Option<[BigRational; 2]> {
    let enclosure = match function.class() {
        Class::Straight(_) | Class::Curved(_) | Class::Quotient => {
            return rate(function, s).map(|rate| [rate.clone(), rate]);
        }
        Class::Transcendental(Transcendental::Tanh) => tanh(s, BITS),
        Class::Transcendental(Transcendental::Logistic) => logistic(s, BITS),
        Class::Transcendental(Transcendental::Softplus) => softplus(s, BITS),
    };
    Some([enclosure.lower, enclosure.upper])
}

/// Right sides that are not zero and so small that a system made of them would underflow, as large ones.
fn lifted(mut rho: Vec<Up>) -> Vec<Up> {
    let most = rho.iter().fold(Up::ZERO, |most, rho| most.max(*rho));
    if most > Up::ZERO && most < Up::power(SMALLEST) {
        rho.iter_mut().for_each(|rho| *rho = Up::power(SMALLEST));
    }
    rho
}

/// ‖·‖₂ at most.
fn norm(values: impl IntoIterator<Item = Up>) -> Up {
    let squares = values.into_iter().fold(Up::ZERO, |sum, value| sum + value * value);
    Up::of(squares.value().sqrt().next_up())
}
