//! The floats of a graph: the neurons that settle, and the clamped ones that drive them.

use faer::{Accum, Mat};

use super::size::{largest, wide};
use crate::error::Error;
use crate::fast::credit::external::External;
use crate::fast::layout::zeros;
use crate::fast::network::examples;
use crate::fast::product::product;
use crate::fast::{Float, Function, Threads, rounded};
use crate::spec::{Case, Kink, Neuron, Parameters, PerNeuron, Wiring};

/// Neurons of a graph that is made dense.
const MAX_NEURONS: u64 = 4096;

/// Where a neuron stands: among those that settle, or among the clamped ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Its number among the neurons that settle.
    Free(usize),
    /// Its number among the inputs.
    Clamped(usize),
}

/// W in two parts, by whether the presynaptic neuron settles; n neurons settle, m are clamped.
pub(super) struct Graph<F> {
    pub(super) places: PerNeuron<Place>,
    /// The neurons that settle, in the order of the case.
    pub(super) free: Vec<Neuron>,
    /// n × n, row = post, column = pre.
    pub(super) weights: Mat<F>,
    /// n × m: what clamped neurons hand on.
    pub(super) from_inputs: Mat<F>,
    pub(super) biases: Vec<F>,
    pub(super) activations: Vec<Function<F>>,
    /// Replaced balance functions (D2).
    pub(super) balances: Vec<Option<Function<F>>>,
    pub(super) kinks: Vec<Kink>,
    /// m × B and one row per output × B.
    pub(super) input: Mat<F>,
    pub(super) target: Mat<F>,
    pub(super) external: External<F>,
    /// The largest Σ_j |W_ij| and Σ_i |W_ij| over the neurons that settle.
    pub(super) largest_row: f64,
    pub(super) largest_column: f64,
    /// h of D3 where there is no cycle: then plain sweeps are exact.
    pub(super) depth: Option<usize>,
}

impl<F: Float> Graph<F> {
    /// Every number rounded to the nearest float.
    pub(super) fn of(case: &Case, wiring: &Wiring) -> Result<Self, Error> {
        let neurons = wiring.neurons() as u64;
        if neurons > MAX_NEURONS {
            let what = "neurons of a graph on the fast side".to_owned();
            return Err(Error::Limit { what, given: neurons, limit: MAX_NEURONS });
        }
        if case.clamps_credit() {
            return Err(Error::unsupported(
                "clamped output credit in a network with a cycle, in floats",
            ));
        }
        let places = places(wiring);
        let free: Vec<Neuron> =
            (0..wiring.neurons()).map(Neuron).filter(|n| !wiring.is_input[*n]).collect();
        if free.is_empty() {
            return Err(Error::input("network", "only clamped neurons", "at least one other"));
        }
        let parameters = Parameters::of(case);
        let mut weights = zeros(free.len(), free.len());
        let mut from_inputs = zeros(free.len(), wiring.inputs.len());
        for (synapse, ends) in wiring.synapses.indexed() {
            let weight = rounded(&parameters.weights[synapse], || {
                format!("the weight of synapse {}", synapse.0)
            })?;
            match (places[ends.post], places[ends.pre]) {
                (Place::Free(post), Place::Free(pre)) => weights[(post, pre)] = weight,
                (Place::Free(post), Place::Clamped(pre)) => from_inputs[(post, pre)] = weight,
                // A clamped neuron has no net input.
                (Place::Clamped(_), _) => {}
            }
        }
        let bias =
            |n: &Neuron| rounded(&parameters.biases[*n], || format!("the bias of neuron {}", n.0));
        let (input, target) = examples(case, wiring.inputs.len(), wiring.outputs.len())?;
        let size = |post: usize, pre: usize| wide::<F>(weights[(post, pre)]).abs();
        let n = free.len();
        Ok(Self {
            biases: free.iter().map(bias).collect::<Result<_, _>>()?,
            activations: free
                .iter()
                .map(|n| Function::of(&wiring.activations[*n]))
                .collect::<Result<_, _>>()?,
            balances: free
                .iter()
                .map(|n| wiring.balances[*n].as_ref().map(Function::of).transpose())
                .collect::<Result<_, _>>()?,
            kinks: free.iter().map(|n| wiring.kinks[*n]).collect(),
            largest_row: largest((0..n).map(|post| (0..n).map(|pre| size(post, pre)).sum())),
            largest_column: largest((0..n).map(|pre| (0..n).map(|post| size(post, pre)).sum())),
            depth: wiring.depth(),
            places,
            free,
            weights,
            from_inputs,
            input,
            target,
            external: External::of(&case.loss)?,
        })
    }

    /// n.
    pub(super) fn settling(&self) -> usize {
        self.free.len()
    }

    /// B.
    pub(super) fn batch(&self) -> usize {
        self.input.ncols()
    }

    /// W x + b of the clamped neurons alone: n × B, the same in every sweep.
    pub(super) fn drive(&self) -> Result<Mat<F>, Error> {
        let mut drive = zeros(self.settling(), self.batch());
        product(
            drive.as_mut(),
            Accum::Replace,
            self.from_inputs.as_ref(),
            self.input.as_ref(),
            F::from(1),
            Threads::ONE,
        )?;
        for b in 0..self.batch() {
            for (drive, bias) in drive.col_as_slice_mut(b).iter_mut().zip(&self.biases) {
                *drive += *bias;
            }
        }
        Ok(drive)
    }

    /// A value per neuron of the whole graph, from those that settle and those that do not.
    pub(super) fn assemble<T>(
        &self,
        settles: impl Fn(usize) -> T,
        clamped: impl Fn(usize) -> T,
    ) -> PerNeuron<T> {
        self.places.map(|place| match place {
            Place::Free(k) => settles(*k),
            Place::Clamped(k) => clamped(*k),
        })
    }
}

fn places(wiring: &Wiring) -> PerNeuron<Place> {
    let mut free = 0;
    let mut places = PerNeuron::from_fn(wiring.neurons(), |n| {
        let place = Place::Free(free);
        free += usize::from(!wiring.is_input[n]);
        place
    });
    for (k, &neuron) in wiring.inputs.iter().enumerate() {
        places[neuron] = Place::Clamped(k);
    }
    places
}
