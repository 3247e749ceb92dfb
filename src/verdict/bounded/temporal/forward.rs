//! T1 with errors: every number of the network in time, and the slopes and readout errors that credit starts from.

use super::{Arithmetic, Sum, Value};
use crate::error::Error;
use crate::spec::{Dtype, TemporalCase};
use crate::verdict::bounded::neuron::Neurons;

/// The parameters of a case, rounded.
pub(super) struct Numbers {
    pub neurons: Neurons,
    /// λ
    pub leak: Value,
    /// 1 − λ
    pub gain: Value,
    /// W, U, V; biases of the neurons are the last column of U, the weights of an input that is always 1.
    pub recurrent: Vec<Vec<Value>>,
    pub input: Vec<Vec<Value>>,
    pub readout: Vec<Vec<Value>>,
    biases: Option<Vec<Value>>,
}

/// One example.
pub(super) struct Passed {
    /// z_0
    pub initial: Vec<Value>,
    pub steps: Vec<Step>,
}

impl Passed {
    /// z_{t−1}, with t counted from 0 here.
    pub fn rates_before(&self, t: usize) -> &[Value] {
        t.checked_sub(1).map_or(&self.initial, |before| &self.steps[before].rate)
    }
}

/// One of its steps.
pub(super) struct Step {
    /// x_t
    pub input: Vec<Value>,
    /// z_t
    pub rate: Vec<Value>,
    /// h_t
    pub slope: Vec<Value>,
    /// ϵ_t
    pub readout_error: Vec<Value>,
}

impl Numbers {
    pub fn of(case: &TemporalCase, format: Dtype) -> Self {
        let arithmetic = [Arithmetic::of(Dtype::F64), Arithmetic::of(format)];
        let matrix = |rows: &[Vec<_>]| -> Vec<Vec<Value>> {
            rows.iter().map(|row| row.iter().map(|v| Value::rounded(v, format)).collect()).collect()
        };
        let net = &case.network;
        let leak = Value::rounded(&net.leak, format);
        let mut gain = Sum::new(&arithmetic);
        gain.add(&[Value::exact(1.0)]);
        gain.add(&[-leak]);
        let gain = gain.over(1.0, 0);
        let biases = net.readout_biases.as_ref();
        let mut input = matrix(&net.input);
        for (row, bias) in input.iter_mut().zip(net.biases.iter().flatten()) {
            row.push(Value::rounded(bias, format));
        }
        Self {
            leak,
            gain,
            recurrent: matrix(&net.recurrent),
            input,
            readout: matrix(&net.readout),
            biases: biases.map(|list| list.iter().map(|b| Value::rounded(b, format)).collect()),
            neurons: Neurons { arithmetic, format },
        }
    }

    /// Example `b` from its first step to its last.
    pub fn forward(&self, case: &TemporalCase, b: usize) -> Result<Passed, Error> {
        let format = self.neurons.format;
        let example = &case.examples[b];
        let rest = vec![Value::ZERO; self.recurrent.len()];
        let given = |state: &Vec<_>| state.iter().map(|s| Value::rounded(s, format)).collect();
        let initial: Vec<Value> = example.initial.as_ref().map_or(rest, given);
        let (mut state, mut rates) = (initial.clone(), initial.clone());
        let mut steps = Vec::new();
        for (t, (x, wanted)) in example.input.iter().zip(&example.target).enumerate() {
            let mut input: Vec<Value> = x.iter().map(|x| Value::rounded(x, format)).collect();
            input.extend(case.network.biases.as_ref().map(|_| Value::exact(1.0)));
            let (mut next, mut fired, mut slope) = (Vec::new(), Vec::new(), Vec::new());
            for (post, earlier) in state.iter().enumerate() {
                let mut sum = Sum::new(&self.neurons.arithmetic);
                sum.add(&[self.leak, *earlier]);
                for (weight, rate) in self.recurrent[post].iter().zip(&rates) {
                    sum.add(&[self.gain, *weight, *rate]);
                }
                for (weight, x) in self.input[post].iter().zip(&input) {
                    sum.add(&[self.gain, *weight, *x]);
                }
                // Two products in a term, and two more sums where parts are added up on their own.
                let s = sum.over(1.0, 4);
                let found = self.neurons.fire(&case.network.activation, case.kink, &s)?;
                next.push(s);
                fired.push(found.rate);
                slope.push(found.slope);
            }
            (state, rates) = (next, fired);
            let counts = case.steps.count(t + 1, example.input.len());
            let error_of = |k: usize| {
                let mut sum = Sum::new(&self.neurons.arithmetic);
                for (weight, rate) in self.readout[k].iter().zip(&rates) {
                    sum.add(&[*weight, *rate]);
                }
                if let Some(biases) = &self.biases {
                    sum.add(&[biases[k]]);
                }
                sum.add(&[-Value::rounded(&wanted[k], format)]);
                sum.over(1.0, 1)
            };
            let readout_error = (0..self.readout.len())
                .map(|k| if counts { error_of(k) } else { Value::ZERO })
                .collect();
            steps.push(Step { input, rate: rates.clone(), slope, readout_error });
        }
        Ok(Passed { initial, steps })
    }
}
