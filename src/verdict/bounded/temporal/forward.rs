//! T1 with errors: every number of the network in time, and the slopes and readout errors that credit starts from.

use super::{Arithmetic, Sum, Value};
use crate::error::Error;
use crate::spec::{Dtype, Steps, TemporalCase};
use crate::verdict::bounded::neuron::Neurons;

/// The parameters of a case, rounded.
pub(super) struct Numbers {
    pub neurons: Neurons,
    /// λ
    pub leak: Value,
    /// 1 − λ
    pub gain: Value,
    /// W, U, V
    pub recurrent: Vec<Vec<Value>>,
    pub input: Vec<Vec<Value>>,
    pub readout: Vec<Vec<Value>>,
    biases: Option<Vec<Value>>,
}

/// One example.
pub(super) struct Passed {
    pub steps: Vec<Step>,
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
        Self {
            leak,
            gain,
            recurrent: matrix(&net.recurrent),
            input: matrix(&net.input),
            readout: matrix(&net.readout),
            biases: biases.map(|list| list.iter().map(|b| Value::rounded(b, format)).collect()),
            neurons: Neurons { arithmetic, format },
        }
    }

    /// Example `b` from its first step to its last.
    pub fn forward(&self, case: &TemporalCase, b: usize) -> Result<Passed, Error> {
        let format = self.neurons.format;
        let example = &case.examples[b];
        let neurons = self.recurrent.len();
        let (mut state, mut rates) = (vec![Value::ZERO; neurons], vec![Value::ZERO; neurons]);
        let mut steps = Vec::new();
        for (t, (x, wanted)) in example.input.iter().zip(&example.target).enumerate() {
            let input: Vec<Value> = x.iter().map(|x| Value::rounded(x, format)).collect();
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
            let counts = case.steps == Steps::All || t + 1 == example.input.len();
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
        Ok(Passed { steps })
    }
}
