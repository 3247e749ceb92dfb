//! The three timescales of the rule, integrated (D10).
//!
//! ```text
//! τ_x dx/dt = −x + σ(Wx + b)          fast: neural firing
//! τ_c dc/dt = −c + Wᵀ(β∘c) + e(x)     middle: retrograde signalling
//! τ_w dW/dt = β_i c_i x_j             slow: plasticity
//! ```
//!
//! The state is (x, c, D) with D = (W − W₀)/η and η = (T − t_g)/τ_w, so that the change of the weights is not the small difference of two
//! large numbers. Backpropagation is D = −g, with g the gradient of the example at W₀; the *deviation* is ‖D + g‖/‖g‖.
//!
//! [`Presentation`] shows one example for a time T, [`record`](fn@record) all examples of a case one after the other with their
//! traces, [`sweep`](fn@sweep) measures the deviation against each ratio of timescales.
//!
//! Exactness: the integration error per step is at most a printed tolerance; nothing of this enters a certificate.
//!
//! ```
//! use creditcheck::certify::Silent;
//! use creditcheck::simulate::timescales::{Deviations, Net, Presentation, Start, Times, chain};
//! let case = chain();
//! let (net, weights, examples) = Net::of(&case).unwrap();
//! let presented = Presentation {
//!     case: &case,
//!     net: &net,
//!     weights: &weights,
//!     shown: &examples[0],
//!     times: Times { tau_x: 1.0, tau_c: 100.0, tau_w: 1e7, present: 1e4, gate: 0.0 },
//!     start: Start::Rest,
//!     moving: false,
//!     rtol: 1e-8,
//! };
//! let presented = presented.run(None, &[], &mut |_, _| (), &mut Silent).unwrap();
//! let found = Deviations::of(&net, &presented);
//! // Three hops, two hops, one hop of 100/10⁴ each.
//! let factors: Vec<f64> = found.blocks.iter().map(|block| block.relative * 100.0).collect();
//! assert!((factors[0] - 3.0).abs() < 0.01 && (factors[2] - 1.0).abs() < 0.01, "{factors:?}");
//! ```

mod builtin;
mod deviation;
mod equilibrium;
pub mod figure;
pub mod integrator;
mod network;
mod neuron;
mod present;
mod record;
mod sweep;

pub use builtin::{chain, layered};
pub use deviation::{Deviation, Deviations};
pub use equilibrium::{Equilibrium, PerParameter, gradient, hessian_on_gradient};
pub use network::{Balance, Block, Net, Shown, Weights};
pub use present::{LONGEST, Presentation, Presented, Start, State, Times};
pub use record::{Record, Recorded, Sample, Settings, neurons, record, sensible};
pub use sweep::{Curve, Point, Ratio, Sweep, WITHIN, part, slope, sweep};
