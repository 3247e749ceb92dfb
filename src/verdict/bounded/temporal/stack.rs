//! The same for layers in time, and for the derivative of a leak (S1, S2).
//!
//! A monomial leads from a readout error back through steps and down through layers, T + L of them at most.

use num_rational::BigRational;

use super::credit::Term;
use super::{Arithmetic, Sum, Up, Value};
use crate::error::Error;
use crate::spec::{Dtype, Sequence, StackCase, StackGradient, StackLayer, StackLayerGradient};
use crate::verdict::bounded::Bound;
use crate::verdict::bounded::neuron::Neurons;

/// |float − exact| at most, for the loss and every derivative of a stack.
///
/// For BPTT and RTRL with the squared loss; numbers of the case rounded to nearest, sums in any order, with or without fused multiply-add,
/// ∂L/∂λ from the sum that drives a cell, not from a difference of states. With η, the same for the update −η ∂L/∂W and so on; the loss is
/// that of the gradient.
///
/// Shapes: those of the parameters. Exactness: every bound is rounded up; overflow is not covered, because engines report it as an
/// error.
///
/// # Errors
/// [`Error::Unsupported`] where no enclosure of an activation is known; [`Error::NotFinite`] if a bound is not finite, since it would let
/// everything pass.
pub fn stack_bound(
    case: &StackCase,
    learning_rate: Option<&BigRational>,
    format: Dtype,
) -> Result<StackGradient<f64>, Error> {
    let numbers = Numbers::of(case, format);
    let scale = learning_rate.map(|eta| Value::rounded(eta, format));
    let passed = case.examples.iter().map(|example| numbers.forward(case, example));
    let passed = passed.collect::<Result<Vec<Passed>, Error>>()?;
    let mut terms = StackGradient::filled(&case.network, &Term::ZERO);
    for example in &passed {
        numbers.backward(example, &mut terms);
    }
    let finish = Finish::of(&numbers, &passed, scale);
    let mut bounds = terms.map(|term| finish.bound(*term));
    numbers.of_readout(&passed, scale, &mut bounds);
    if bounds.all_mut().any(|bound| !bound.is_finite()) {
        return Err(Error::NotFinite { what: "rounding bound of the layers".to_owned() });
    }
    Ok(bounds)
}

/// The parameters of a case, rounded.
struct Numbers {
    neurons: Neurons,
    layers: Vec<Layer>,
    /// V
    readout: Vec<Vec<Value>>,
    /// b
    biases: Option<Vec<Value>>,
}

struct Layer {
    leak: Value,
    gain: Value,
    recurrent: Vec<Vec<Value>>,
    input: Vec<Vec<Value>>,
    biases: Option<Vec<Value>>,
}

/// One example.
struct Passed {
    /// s_0 = z_0 of each layer.
    initial: Vec<Vec<Value>>,
    steps: Vec<Step>,
}

struct Step {
    input: Vec<Value>,
    layers: Vec<Cells>,
    readout_error: Vec<Value>,
}

struct Cells {
    state: Vec<Value>,
    rate: Vec<Value>,
    slope: Vec<Value>,
}

impl Passed {
    /// s_{t−1} and z_{t−1} of a layer, with t counted from 0 here.
    fn before(&self, t: usize, l: usize) -> [&[Value]; 2] {
        match t.checked_sub(1).map(|before| &self.steps[before].layers[l]) {
            Some(cells) => [&cells.state, &cells.rate],
            None => [&self.initial[l], &self.initial[l]],
        }
    }

    /// What a layer hears from below.
    fn below(&self, t: usize, l: usize) -> &[Value] {
        let step = &self.steps[t];
        l.checked_sub(1).map_or(&step.input, |below| &step.layers[below].rate)
    }
}

impl Numbers {
    fn of(case: &StackCase, format: Dtype) -> Self {
        let arithmetic = [Arithmetic::of(Dtype::F64), Arithmetic::of(format)];
        let row = |row: &Vec<_>| row.iter().map(|v| Value::rounded(v, format)).collect();
        let matrix = |rows: &[Vec<_>]| -> Vec<Vec<Value>> { rows.iter().map(row).collect() };
        let layer = |layer: &StackLayer| {
            let leak = Value::rounded(&layer.leak, format);
            let mut gain = Sum::new(&arithmetic);
            gain.add(&[Value::exact(1.0)]);
            gain.add(&[-leak]);
            Layer {
                leak,
                gain: gain.over(1.0, 0),
                recurrent: matrix(&layer.recurrent),
                input: matrix(&layer.input),
                biases: layer.biases.as_ref().map(row),
            }
        };
        Self {
            layers: case.network.layers.iter().map(layer).collect(),
            readout: matrix(&case.network.readout),
            biases: case.network.readout_biases.as_ref().map(row),
            neurons: Neurons { arithmetic, format },
        }
    }

    /// S1 with errors.
    fn forward(&self, case: &StackCase, example: &Sequence) -> Result<Passed, Error> {
        let format = self.neurons.format;
        let rounded = |row: &Vec<_>| -> Vec<Value> {
            row.iter().map(|v| Value::rounded(v, format)).collect()
        };
        let mut given = example.initial.as_ref().map(rounded).unwrap_or_default().into_iter();
        let mut passed = Passed { initial: Vec::new(), steps: Vec::new() };
        for layer in &self.layers {
            let mut own: Vec<Value> = given.by_ref().take(layer.recurrent.len()).collect();
            own.resize(layer.recurrent.len(), Value::ZERO);
            passed.initial.push(own);
        }
        for (t, (x, wanted)) in example.input.iter().zip(&example.target).enumerate() {
            let input = rounded(x);
            let mut now: Vec<Cells> = Vec::new();
            for (l, layer) in self.layers.iter().enumerate() {
                let [states, rates] = passed.before(t, l);
                let below = now.last().map_or(&input, |cells| &cells.rate);
                let function = &case.network.layers[l].activation;
                let mut cells = Cells { state: Vec::new(), rate: Vec::new(), slope: Vec::new() };
                for (post, earlier) in states.iter().enumerate() {
                    let mut sum = Sum::new(&self.neurons.arithmetic);
                    sum.add(&[layer.leak, *earlier]);
                    for (weight, rate) in layer.recurrent[post].iter().zip(rates) {
                        sum.add(&[layer.gain, *weight, *rate]);
                    }
                    for (weight, rate) in layer.input[post].iter().zip(below) {
                        sum.add(&[layer.gain, *weight, *rate]);
                    }
                    if let Some(biases) = &layer.biases {
                        sum.add(&[layer.gain, biases[post]]);
                    }
                    // Two products in a term, and two more sums where parts are added up on their own.
                    let s = sum.over(1.0, 4);
                    let found = self.neurons.fire(function, case.kink, &s)?;
                    cells.state.push(s);
                    cells.rate.push(found.rate);
                    cells.slope.push(found.slope);
                }
                now.push(cells);
            }
            let counts = case.steps.count(t + 1, example.input.len());
            let top = now.last().map_or(&[][..], |cells| &cells.rate);
            let error_of = |k: usize| {
                let mut sum = Sum::new(&self.neurons.arithmetic);
                for (weight, rate) in self.readout[k].iter().zip(top) {
                    sum.add(&[*weight, *rate]);
                }
                if let Some(biases) = &self.biases {
                    sum.add(&[biases[k]]);
                }
                sum.add(&[-Value::rounded(&wanted[k], format)]);
                sum.over(1.0, 1)
            };
            let errors = 0..self.readout.len();
            let readout_error =
                errors.map(|k| if counts { error_of(k) } else { Value::ZERO }).collect();
            passed.steps.push(Step { input, layers: now, readout_error });
        }
        Ok(passed)
    }

    /// S2 in magnitudes.
    fn backward(&self, example: &Passed, into: &mut StackGradient<Term>) {
        let still = |layer: &Layer| vec![Term::ZERO; layer.recurrent.len()];
        let mut later: Vec<Vec<Term>> = self.layers.iter().map(still).collect();
        for (t, step) in example.steps.iter().enumerate().rev() {
            let mut arriving = back(&self.readout, step.readout_error.iter().map(Term::of));
            for (l, layer) in self.layers.iter().enumerate().rev() {
                let (leak, gain) = (Term::of(&layer.leak), Term::of(&layer.gain));
                let relayed = back(&layer.recurrent, later[l].iter().map(|g| gain * *g));
                let adjoint = |post: usize| {
                    let total = arriving[post] + relayed[post];
                    Term::of(&step.layers[l].slope[post]) * total + leak * later[l][post]
                };
                let now: Vec<Term> = (0..relayed.len()).map(adjoint).collect();
                layer.learn(example, t, l, &now, &mut into.layers[l]);
                arriving = back(&layer.input, now.iter().map(|g| gain * *g));
                later[l] = now;
            }
        }
    }

    /// The loss, ∂L/∂V and ∂L/∂b: sums of products of what is known to its own error.
    fn of_readout(&self, passed: &[Passed], scale: Option<Value>, bounds: &mut StackGradient<f64>) {
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = passed.len() as f64;
        let steps = || passed.iter().flat_map(|example| &example.steps);
        let bound_of = |sum: Sum, divisor: f64| Bound::of(&sum.over(divisor, 6)).bound;
        let sum_of = |factors: &dyn Fn(&Step) -> Vec<Value>, divisor: f64| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            steps().for_each(|step| sum.add(&factors(step)));
            bound_of(sum, divisor)
        };
        let scaled = |factors: &[Value]| factors.iter().copied().chain(scale).collect();
        for (k, row) in bounds.readout.iter_mut().enumerate() {
            for (pre, bound) in row.iter_mut().enumerate() {
                let top = |step: &Step| step.layers.last().map_or(Value::ZERO, |c| c.rate[pre]);
                *bound = sum_of(&|step| scaled(&[step.readout_error[k], top(step)]), batch);
            }
        }
        for (k, bound) in bounds.readout_biases.iter_mut().flatten().enumerate() {
            *bound = sum_of(&|step| scaled(&[step.readout_error[k]]), batch);
        }
        let mut loss = Sum::new(&self.neurons.arithmetic);
        for error in steps().flat_map(|step| &step.readout_error) {
            loss.add(&[*error, *error]);
        }
        bounds.loss = bound_of(loss, 2.0 * batch);
    }
}

impl Layer {
    /// What g_t adds to the derivatives of the layer.
    fn learn(
        &self,
        example: &Passed,
        t: usize,
        l: usize,
        adjoint: &[Term],
        into: &mut StackLayerGradient<Term>,
    ) {
        let ([states, rates], below) = (example.before(t, l), example.below(t, l));
        let gain = Term::of(&self.gain);
        for (post, g) in adjoint.iter().enumerate() {
            let scaled = gain * *g;
            let synapses = into.recurrent[post].iter_mut().zip(rates);
            for (entry, value) in synapses.chain(into.input[post].iter_mut().zip(below)) {
                *entry = *entry + scaled * Term::of(value);
            }
            if let Some(bias) = into.biases.as_mut().and_then(|all| all.get_mut(post)) {
                *bias = *bias + scaled;
            }
            if let Some(leak) = &mut into.leak {
                let terms = self.recurrent[post].iter().zip(rates);
                let terms = terms.chain(self.input[post].iter().zip(below));
                let mut apart = Term::of(&states[post]);
                for (weight, rate) in terms {
                    apart = apart + Term::of(weight) * Term::of(rate);
                }
                if let Some(biases) = &self.biases {
                    apart = apart + Term::of(&biases[post]);
                }
                *leak = *leak + *g * apart;
            }
        }
    }
}

/// Mᵀ v in magnitudes.
fn back(matrix: &[Vec<Value>], vector: impl Iterator<Item = Term>) -> Vec<Term> {
    let mut sums = vec![Term::ZERO; matrix.first().map_or(0, Vec::len)];
    for (row, factor) in matrix.iter().zip(vector) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum = *sum + Term::of(weight) * factor;
        }
    }
    sums
}

/// From the monomials of an entry to its bound.
struct Finish {
    arithmetic: Arithmetic,
    roundings: usize,
    underflow: Up,
    scale: Option<Term>,
    batch: f64,
}

impl Finish {
    fn of(numbers: &Numbers, passed: &[Passed], scale: Option<Value>) -> Self {
        let arithmetic = numbers.neurons.arithmetic[1];
        let widths = numbers.layers.iter().map(|layer| layer.recurrent.len());
        let (width, all) = (widths.clone().max().unwrap_or(0), widths.sum::<usize>());
        let inputs = numbers.layers.first().and_then(|l| l.input.first()).map_or(0, Vec::len);
        let readouts = numbers.readout.len();
        let steps = passed.first().map_or(0, |example| example.steps.len());
        let depth = steps + numbers.layers.len();
        // A step back or down is one sum over two layers and the readouts, with its products; the drive of a cell N + M; what is added up
        // over B, T and, for a leak, cells.
        let mut roundings = depth * (2 * width + readouts + 12)
            + 2 * (width + inputs + readouts)
            + passed.len() * steps * (steps + width)
            + 16;
        let mut underflow = numbers.underflow(passed, depth, all + inputs + readouts + 8);
        let scale = scale.as_ref().map(Term::of);
        if let Some(scale) = scale {
            // By itself, or with 1/B or 1−λ first.
            roundings += 3;
            underflow = underflow * (Up::ONE + scale.reached());
        }
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = passed.len() as f64;
        Self { arithmetic, roundings, underflow, scale, batch }
    }

    fn bound(&self, term: Term) -> f64 {
        let term = self.scale.map_or(term, |scale| scale * term);
        if term.reached() == Up::ZERO {
            return 0.0;
        }
        let rounding = self.arithmetic.gamma(self.roundings) * term.reached();
        ((term.error() + rounding + self.underflow) / self.batch).value()
    }
}

impl Numbers {
    /// What all underflows together may do to an entry: each is at most the smallest float, times what is left of a monomial, summed
    /// over all ways through cells and layers.
    fn underflow(&self, passed: &[Passed], depth: usize, size: usize) -> Up {
        let largest = |values: &mut dyn Iterator<Item = Term>| {
            values.fold(Up::ZERO, |largest, value| largest.max(value.reached()))
        };
        let steps = || passed.iter().flat_map(|example| &example.steps);
        let of = |pick: fn(&Cells) -> &Vec<Value>| {
            let cells = steps().flat_map(|step| &step.layers);
            largest(&mut cells.flat_map(pick).map(Term::of))
        };
        let start = largest(&mut passed.iter().flat_map(|e| &e.initial).flatten().map(Term::of));
        let x = largest(&mut steps().flat_map(|step| &step.input).map(Term::of));
        let (h, z) = (of(|cells| &cells.slope), of(|cells| &cells.rate).max(start));
        let s = of(|cells| &cells.state).max(start);
        let error = largest(&mut steps().flat_map(|step| &step.readout_error).map(Term::of));
        let v = largest(&mut self.readout.iter().flatten().map(Term::of));
        let sum = |all: &mut dyn Iterator<Item = &Value>| {
            all.fold(Term::ZERO, |sum, w| sum + Term::of(w))
        };
        let (mut weights, mut leak, mut gain) = (Up::ZERO, Up::ZERO, Up::ZERO);
        for layer in &self.layers {
            let mut of_layer = Up::ZERO;
            for matrix in [&layer.recurrent, &layer.input] {
                let columns = matrix.first().map_or(0, Vec::len);
                let rows = matrix.iter().map(|row| sum(&mut row.iter()));
                let columns = (0..columns).map(|p| sum(&mut matrix.iter().map(|row| &row[p])));
                of_layer = of_layer + largest(&mut rows.chain(columns));
            }
            let biases = layer.biases.iter().flatten().map(Term::of);
            weights = weights.max(of_layer + largest(&mut biases.into_iter()));
            leak = leak.max(Term::of(&layer.leak).reached());
            gain = gain.max(Term::of(&layer.gain).reached());
        }
        let step = (leak + gain * weights * Up::ONE.max(h)).max(Up::ONE);
        let heard = Up::ONE + z + x + s;
        let ends = (Up::ONE + h) * (Up::ONE + h) * heard * (Up::ONE + gain);
        // The drive of a cell, which meets its adjoint in the derivative of a leak.
        let ends = ends * (Up::ONE + weights) * heard;
        let signal = (Up::ONE + v) * (Up::ONE + error) * Up::count(self.readout.len());
        let grown = (0..depth).fold(ends * signal * (Up::ONE + weights), |grown, _| grown * step);
        let steps = Up::count((depth + 1) * (depth + 1) * (depth + 1));
        let operations = Up::count(size * size) * Up::count(size * size) * steps;
        operations * Up::count(passed.len()) * grown * self.neurons.arithmetic[1].tiny
    }
}
