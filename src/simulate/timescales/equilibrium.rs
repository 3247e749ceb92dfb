//! Where the fast and the middle dynamics would end, and the gradient there.

use num_rational::BigRational;

use super::network::{Net, Shown, Weights};
use crate::error::Error;
use crate::fast::backprop;
use crate::number::exact_f64;
use crate::spec::{Case, Example, Network as Shape, PerNeuron, PerSynapse};

/// Euler steps of half a time constant with which a network with a cycle is brought to rest.
const MOST_SWEEPS: usize = 200_000;
/// How far from rest it may be, relative to its largest number: rounding.
const SETTLED: f64 = 1e-14;

/// x and c of D1 and D3.
#[derive(Clone, Debug, PartialEq)]
pub struct Equilibrium {
    /// x, one per neuron.
    pub firing_rate: Vec<f64>,
    /// c, one per neuron.
    pub credit: Vec<f64>,
}

/// One number per parameter: −ΔW/η, or what is compared with it.
#[derive(Clone, Debug, PartialEq)]
pub struct PerParameter {
    /// One per synapse.
    pub synapses: Vec<f64>,
    /// One per neuron, 0 where there is no bias.
    pub biases: Vec<f64>,
}

impl PerParameter {
    /// Both kinds, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.synapses.iter().chain(&self.biases).copied()
    }

    /// The Euclidean norm over all parameters.
    #[must_use]
    pub fn norm(&self) -> f64 {
        self.iter().map(|value| value * value).sum::<f64>().sqrt()
    }
}

impl Equilibrium {
    /// The firing and the credit equilibrium of one example (D1, D3).
    ///
    /// Exactness: one rounding per operation in a feed-forward network; with a cycle up to 10⁻¹⁴ of the largest number.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the residual where a network with a cycle does not settle from rest,
    /// [`Error::NotFinite`] on overflow.
    pub fn of(net: &Net, weights: &Weights, shown: &Shown) -> Result<Self, Error> {
        let firing_rate = rates(net, weights, shown)?;
        let external = external_credit(net, shown, &firing_rate);
        let beta: Vec<f64> = net_inputs(net, weights, &firing_rate)
            .map(
                |(neuron, s)| {
                    if net.is_input[neuron] { 0.0 } else { net.balance_factor(neuron, s) }
                },
            )
            .collect();
        let credit = backwards(net, weights, &beta, &external, "credits")?;
        Ok(Self { firing_rate, credit })
    }
}

/// e of D3: t − x on output neurons.
fn external_credit(net: &Net, shown: &Shown, x: &[f64]) -> Vec<f64> {
    let mut external = vec![0.0; net.neurons()];
    for (&neuron, target) in net.outputs.iter().zip(&shown.target) {
        external[neuron] = target - x[neuron];
    }
    external
}

fn net_inputs<'a>(
    net: &'a Net,
    weights: &'a Weights,
    x: &'a [f64],
) -> impl Iterator<Item = (usize, f64)> + 'a {
    (0..net.neurons()).map(|neuron| (neuron, net.net_input(neuron, weights, x)))
}

fn rates(net: &Net, weights: &Weights, shown: &Shown) -> Result<Vec<f64>, Error> {
    let mut x = vec![0.0; net.neurons()];
    for (&neuron, &rate) in net.inputs.iter().zip(&shown.input) {
        x[neuron] = rate;
    }
    if let Some(order) = &net.order {
        for &neuron in order.iter().filter(|&&neuron| !net.is_input[neuron]) {
            x[neuron] = net.sigma[neuron].rate(net.net_input(neuron, weights, &x));
        }
        return finite(x, "firing rates");
    }
    settle(x, "firing rates", |x, next| {
        for (neuron, s) in net_inputs(net, weights, x) {
            next[neuron] = if net.is_input[neuron] { x[neuron] } else { net.sigma[neuron].rate(s) };
        }
    })
}

/// y = Wᵀ(slope∘y) + start: credit with β and e, or the adjoint with σ' and x − t.
fn backwards(
    net: &Net,
    weights: &Weights,
    slope: &[f64],
    start: &[f64],
    what: &str,
) -> Result<Vec<f64>, Error> {
    if let Some(order) = &net.order {
        let mut y = start.to_vec();
        for &post in order.iter().rev() {
            for &synapse in &net.incoming[post] {
                y[net.ends[synapse].1] += weights.synapses[synapse] * slope[post] * y[post];
            }
        }
        return finite(y, what);
    }
    settle(start.to_vec(), what, |y, next| {
        next.copy_from_slice(start);
        for (synapse, &(post, pre)) in net.ends.iter().enumerate() {
            next[pre] += weights.synapses[synapse] * slope[post] * y[post];
        }
    })
}

/// y ← (y + f(y))/2 until it stands: the dynamics with Euler's method, so that it settles only where they do.
fn settle(
    mut y: Vec<f64>,
    what: &str,
    map: impl Fn(&[f64], &mut [f64]),
) -> Result<Vec<f64>, Error> {
    let mut next = vec![0.0; y.len()];
    let mut residual = f64::INFINITY;
    for _ in 0..MOST_SWEEPS {
        map(&y, &mut next);
        let largest = y.iter().fold(1e-300, |most: f64, value| most.max(value.abs()));
        residual =
            y.iter().zip(&next).map(|(y, next)| (y - next).abs()).fold(0.0, f64::max) / largest;
        if residual <= SETTLED {
            return finite(y, what);
        }
        if !residual.is_finite() {
            break;
        }
        for (y, next) in y.iter_mut().zip(&next) {
            *y = f64::midpoint(*y, *next);
        }
    }
    Err(Error::unsupported(format!(
        "a network whose {what} do not settle from rest: relative residual {residual:.1e} after {MOST_SWEEPS} sweeps"
    )))
}

fn finite(values: Vec<f64>, what: &str) -> Result<Vec<f64>, Error> {
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values),
        false => Err(Error::NotFinite { what: format!("the {what} of the simulation") }),
    }
}

/// ∂L_b/∂W and ∂L_b/∂b of one example at these parameters.
///
/// A layered network is differentiated by backpropagation on the fast side, which shares no code with the simulation; a graph by
/// the adjoint at its equilibrium, x̄ = Wᵀ(σ'∘x̄) + (x − t), with σ' whatever balance function the case has.
///
/// # Errors
/// As [`Equilibrium::of`].
pub fn gradient(
    case: &Case,
    net: &Net,
    weights: &Weights,
    shown: &Shown,
) -> Result<PerParameter, Error> {
    match &case.network {
        Shape::Layered(_) => by_backpropagation(case, net, weights, shown),
        Shape::Graph(_) => by_adjoint(net, weights, shown),
    }
}

fn by_adjoint(net: &Net, weights: &Weights, shown: &Shown) -> Result<PerParameter, Error> {
    let x = rates(net, weights, shown)?;
    let start: Vec<f64> = external_credit(net, shown, &x).iter().map(|e| -e).collect();
    let slope: Vec<f64> = net_inputs(net, weights, &x)
        .map(|(neuron, s)| if net.is_input[neuron] { 0.0 } else { net.sigma[neuron].slope(s) })
        .collect();
    let adjoint = backwards(net, weights, &slope, &start, "adjoints")?;
    let delta = |neuron: usize| slope[neuron] * adjoint[neuron];
    Ok(PerParameter {
        synapses: net.ends.iter().map(|&(post, pre)| delta(post) * x[pre]).collect(),
        biases: (0..net.neurons()).map(|n| if net.has_bias[n] { delta(n) } else { 0.0 }).collect(),
    })
}

fn by_backpropagation(
    case: &Case,
    net: &Net,
    weights: &Weights,
    shown: &Shown,
) -> Result<PerParameter, Error> {
    let outcome = backprop::run::<f64>(&alone(case, weights, shown)?)?;
    let synapses: Vec<f64> = outcome.gradient.weights.concat().concat();
    let mut biases = vec![0.0; net.neurons()];
    let mut found = outcome.gradient.biases.iter().flatten().flatten();
    for (bias, _) in biases.iter_mut().zip(&net.has_bias).filter(|(_, has)| **has) {
        *bias = found.next().copied().unwrap_or(0.0);
    }
    Ok(PerParameter { synapses, biases })
}

/// The case with these parameters and this example alone.
fn alone(case: &Case, weights: &Weights, shown: &Shown) -> Result<Case, Error> {
    let exact = |values: &[f64]| -> Result<Vec<BigRational>, Error> {
        let beyond = || Error::NotFinite { what: "a parameter of the simulation".into() };
        values.iter().map(|value| exact_f64(*value).ok_or_else(beyond)).collect()
    };
    let (synapses, biases) = (exact(&weights.synapses)?, exact(&weights.biases)?);
    let mut case = case.clone();
    match &mut case.network {
        Shape::Layered(net) => {
            let mut synapses = synapses.into_iter();
            let mut first = net.widths()[0];
            for layer in &mut net.layers {
                for weight in layer.weights.iter_mut().flatten() {
                    *weight = synapses.next().unwrap_or_default();
                }
                for (k, bias) in layer.biases.iter_mut().flatten().enumerate() {
                    bias.clone_from(&biases[first + k]);
                }
                first += layer.width();
            }
        }
        Shape::Graph(net) => {
            net.weights = PerSynapse::new(synapses);
            if net.biases.is_some() {
                net.biases = Some(PerNeuron::new(biases));
            }
        }
    }
    case.examples = vec![Example {
        input: exact(&shown.input)?,
        target: exact(&shown.target)?,
        equilibrium: None,
    }];
    Ok(case)
}

/// ‖H g‖ with H the Hessian of the example's loss, by central differences of exact gradients along g.
///
/// Exactness: the step is 10⁻⁵ of the distance at which ‖g‖ = 1, so truncation is of relative order 10⁻¹⁰ and rounding of 10⁻¹¹.
///
/// # Errors
/// As [`gradient`].
pub fn hessian_on_gradient(
    case: &Case,
    net: &Net,
    weights: &Weights,
    shown: &Shown,
) -> Result<PerParameter, Error> {
    let g = gradient(case, net, weights, shown)?;
    let step = 1e-5 / g.norm().max(f64::MIN_POSITIVE);
    let there = |step: f64| gradient(case, net, &moved(weights, &g, step), shown);
    let (ahead, behind) = (there(step)?, there(-step)?);
    let quotient = |ahead: &[f64], behind: &[f64]| {
        ahead.iter().zip(behind).map(|(a, b)| (a - b) / (2.0 * step)).collect()
    };
    Ok(PerParameter {
        synapses: quotient(&ahead.synapses, &behind.synapses),
        biases: quotient(&ahead.biases, &behind.biases),
    })
}

/// W + step·direction.
pub(super) fn moved(weights: &Weights, direction: &PerParameter, step: f64) -> Weights {
    let sum = |from: &[f64], by: &[f64]| from.iter().zip(by).map(|(w, d)| w + step * d).collect();
    Weights {
        synapses: sum(&weights.synapses, &direction.synapses),
        biases: sum(&weights.biases, &direction.biases),
    }
}
