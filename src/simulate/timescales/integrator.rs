//! Dormand–Prince 5(4): the explicit Runge–Kutta pair of order 5 with an error estimate of order 4.
//!
//! Source: Dormand & Prince 1980, J. Comput. Appl. Math. 6, 19–26; the step size follows the digital filter H211b
//! (Söderlind 2003, ACM TOMS 29, 1–26) with b = 4, which also keeps a step that stability limits from bouncing.
//! Every number of it comes from sums, products, quotients and square roots: the same bits on every machine.

use crate::error::Error;

/// Steps after which a simulation is refused: minutes of work for a small network.
pub const MOST_STEPS: u64 = 100_000_000;

/// The nodes c₂ … c₇.
const NODES: [f64; 6] = [1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];
/// Row k is what stage k + 2 takes of the stages before it; the last row is the solution of order 5.
const STAGES: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// The solution of order 5 less that of order 4.
const ERROR: [f64; 7] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339_200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];

/// dy/dt = f(t, y), autonomous or not.
pub trait Ode {
    /// Writes f(t, y) into `slope`.
    fn slope(&mut self, t: f64, y: &[f64], slope: &mut [f64]);
}

impl<F: FnMut(f64, &[f64], &mut [f64])> Ode for F {
    fn slope(&mut self, t: f64, y: &[f64], slope: &mut [f64]) {
        self(t, y, slope);
    }
}

/// The integrator: where it is, and the rooms it works in.
///
/// ```
/// use creditcheck::simulate::timescales::integrator::DormandPrince;
/// let mut decay = |_: f64, y: &[f64], slope: &mut [f64]| slope[0] = -y[0];
/// let mut solver = DormandPrince::new(0.0, &[1.0], 1e-10);
/// solver.advance(&mut decay, 1.0, &[1.0], &mut || Ok(())).unwrap();
/// assert!((solver.y()[0] - (-1f64).exp()).abs() < 1e-9);
/// ```
#[derive(Clone, Debug)]
pub struct DormandPrince {
    t: f64,
    y: Vec<f64>,
    next: Vec<f64>,
    stages: [Vec<f64>; 7],
    rtol: f64,
    /// The step that the controller would take next; `None` after a restart.
    step: Option<f64>,
    /// Error over tolerance, and length, of the last accepted step.
    last: (f64, f64),
    steps: u64,
    rejected: u64,
}

impl DormandPrince {
    /// At `t` with this state; `rtol` is the error per step, relative to the larger of |y| and the scale of the component.
    #[must_use]
    pub fn new(t: f64, y: &[f64], rtol: f64) -> Self {
        let room = || vec![0.0; y.len()];
        Self {
            t,
            y: y.to_vec(),
            next: room(),
            stages: std::array::from_fn(|_| room()),
            rtol,
            step: None,
            last: (1.0, 1.0),
            steps: 0,
            rejected: 0,
        }
    }

    /// Where the integration is.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.t
    }

    /// The state there.
    #[must_use]
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Accepted and rejected steps so far.
    #[must_use]
    pub fn steps(&self) -> (u64, u64) {
        (self.steps, self.rejected)
    }

    /// Forgets step and slope: what follows is another right-hand side.
    pub fn restart(&mut self) {
        self.step = None;
    }

    /// Integrates up to `end`, which the last step hits exactly.
    ///
    /// Shapes: `scale` has one positive entry per component, the magnitude below which its error counts as absolute.
    /// `watch` is called now and then and may stop the work.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if the state leaves the finite numbers, [`Error::Limit`] after [`MOST_STEPS`] steps,
    /// and whatever `watch` returns.
    pub fn advance(
        &mut self,
        ode: &mut impl Ode,
        end: f64,
        scale: &[f64],
        watch: &mut dyn FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut step = match self.step {
            Some(step) => step,
            None => {
                ode.slope(self.t, &self.y, &mut self.stages[0]);
                self.last = (1.0, 0.0);
                self.first_step(end, scale)
            }
        };
        while self.t < end {
            let left = end - self.t;
            // A rest of a hundredth of a step would be a step of its own.
            let clipped = step * 1.01 >= left;
            let taken = if clipped { left } else { step };
            self.try_step(ode, taken);
            let error = self.error(scale);
            if (self.steps + self.rejected).is_multiple_of(1 << 12) {
                watch()?;
            }
            if self.steps + self.rejected >= MOST_STEPS {
                let what = "steps of the integration".to_owned();
                return Err(Error::Limit { what, given: self.steps, limit: MOST_STEPS });
            }
            if taken < 1e-15 * end.abs() {
                let what = format!("the state of the simulation after t = {:.6e}", self.t);
                return Err(Error::NotFinite { what });
            }
            if error <= 1.0 {
                self.steps += 1;
                self.t = if clipped { end } else { self.t + taken };
                std::mem::swap(&mut self.y, &mut self.next);
                // First same as last.
                self.stages.swap(0, 6);
                let filtered = self.filtered(error, taken);
                // A step cut short by the end says little about the length of the next one.
                step = if clipped { step.max(filtered) } else { filtered };
                self.last = (error, taken);
            } else {
                // An error that is no number is that of a step far too long, until even the shortest has one.
                let shorter =
                    if error.is_finite() { 0.9 / fifth_root(error.min(1e10)) } else { 0.0 };
                self.rejected += 1;
                step = taken * shorter.max(0.2);
                self.last = (1.0, 0.0);
            }
        }
        self.step = Some(step);
        Ok(())
    }

    /// A hundredth of the time in which the state would change by its own size.
    fn first_step(&self, end: f64, scale: &[f64]) -> f64 {
        let speed = self.y.iter().zip(scale).zip(&self.stages[0]);
        let speed = speed.map(|((y, scale), slope)| slope.abs() / y.abs().max(*scale));
        let fastest = speed.fold(0.0, f64::max);
        let whole = end - self.t;
        if fastest * whole > 0.01 { 0.01 / fastest } else { whole }
    }

    fn try_step(&mut self, ode: &mut impl Ode, step: f64) {
        for (k, (row, node)) in STAGES.iter().zip(NODES).enumerate() {
            let (done, rest) = self.stages.split_at_mut(k + 1);
            self.next.copy_from_slice(&self.y);
            for (part, stage) in row.iter().zip(done.iter()) {
                let part = part * step;
                if part != 0.0 {
                    for (next, slope) in self.next.iter_mut().zip(stage) {
                        *next += part * slope;
                    }
                }
            }
            ode.slope(self.t + node * step, &self.next, &mut rest[0]);
        }
        // The error replaces the second stage, which nobody needs any more.
        let [first, second, third, fourth, fifth, sixth, seventh] = &mut self.stages;
        for (k, error) in second.iter_mut().enumerate() {
            *error = step
                * (ERROR[0] * first[k]
                    + ERROR[2] * third[k]
                    + ERROR[3] * fourth[k]
                    + ERROR[4] * fifth[k]
                    + ERROR[5] * sixth[k]
                    + ERROR[6] * seventh[k]);
        }
    }

    /// The largest error of a component over its tolerance.
    fn error(&self, scale: &[f64]) -> f64 {
        let mut worst = 0.0f64;
        for (k, error) in self.stages[1].iter().enumerate() {
            let size = self.y[k].abs().max(self.next[k].abs()).max(scale[k]);
            let ratio = error.abs() / (self.rtol * size);
            if ratio.is_nan() {
                return ratio;
            }
            worst = worst.max(ratio);
        }
        worst
    }

    /// H211b: h (e e′)^(−1/20) (h/h′)^(−1/4), with a margin.
    fn filtered(&self, error: f64, taken: f64) -> f64 {
        let (last_error, last_step) = self.last;
        let root = |error: f64| fifth_root(error.max(1e-10));
        let factor = if last_step > 0.0 {
            (1.0 / (root(error) * root(last_error)) * (last_step / taken)).sqrt().sqrt() * 0.95
        } else {
            0.9 / root(error)
        };
        taken * factor.clamp(0.2, 5.0)
    }
}

/// a^(1/5) for a > 0, by Newton's iteration from above: the standard power may differ between machines.
fn fifth_root(a: f64) -> f64 {
    let mut root = a.max(1.0);
    // From above every step is a step down, until rounding ends it.
    for _ in 0..400 {
        let fourth = root * root * root * root;
        let next = root - (root - a / fourth) / 5.0;
        if next >= root {
            break;
        }
        root = next;
    }
    root
}
