//! Layers at an equilibrium and those who solve for it: in f64 and f32, by two methods, right or wrong in a known way.

use creditcheck::spec::{Case, Limits};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{self, Gradient, Subject};

/// Uniform integers, the same everywhere (SplitMix64).
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// A multiple of 1/16 of at most this many sixteenths.
    pub(super) fn sixteenths(&mut self, reach: u64) -> f64 {
        (self.below(2 * reach + 1) as f64 - reach as f64) / 16.0
    }

    pub(super) fn matrix(&mut self, rows: usize, columns: usize, reach: u64) -> Vec<Vec<f64>> {
        (0..rows).map(|_| (0..columns).map(|_| self.sixteenths(reach)).collect()).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sigma {
    HardTanh,
    Tanh,
    Logistic,
}

impl Sigma {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::HardTanh => "{\"name\": \"hard_tanh\", \"min\": -1, \"max\": 1}",
            Self::Tanh => "\"tanh\"",
            Self::Logistic => "\"logistic\"",
        }
    }

    /// σ and σ′, as frameworks compute them.
    pub(super) fn at(self, s: f64) -> (f64, f64) {
        match self {
            Self::HardTanh => (s.clamp(-1.0, 1.0), f64::from(u8::from(s > -1.0 && s < 1.0))),
            Self::Tanh => (s.tanh(), 1.0 - s.tanh() * s.tanh()),
            Self::Logistic => {
                let y = 1.0 / (1.0 + (-s).exp());
                (y, y * (1.0 - y))
            }
        }
    }
}

/// h = σ(W h + U u + b), out = V h + a: two inputs, some hidden neurons on cycles, one or two outputs.
#[derive(Debug)]
pub(super) struct Cycle {
    pub(super) sigma: Sigma,
    pub(super) w: Vec<Vec<f64>>,
    pub(super) u: Vec<Vec<f64>>,
    pub(super) v: Vec<Vec<f64>>,
    pub(super) b: Vec<f64>,
    pub(super) a: Vec<f64>,
    pub(super) inputs: Vec<Vec<f64>>,
    pub(super) targets: Vec<Vec<f64>>,
}

/// How somebody computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    F64,
    F32,
}

impl Number {
    pub(super) fn round(self, value: f64) -> f64 {
        match self {
            Self::F64 => value,
            Self::F32 => f64::from(value as f32),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        }
    }

    pub(super) fn dot<'a>(self, pairs: impl IntoIterator<Item = (&'a f64, &'a f64)>) -> f64 {
        pairs.into_iter().fold(0.0, |sum, (a, b)| self.round(sum + self.round(a * b)))
    }
}

/// What somebody does wrong, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    Right,
    OneStep,
    ThreeSteps,
    WithoutIdentity,
    JacobianNotTransposed,
    WeightsNotTransposed,
}

impl Way {
    pub(super) const WRONG: [(Self, &'static str); 5] = [
        (Self::OneStep, "differentiates one step of the iteration in place of the equilibrium"),
        (Self::ThreeSteps, "in place of the equilibrium (3 steps of it)"),
        (Self::WithoutIdentity, "differentiates f(x) where the equilibrium is a root of f(x) − x"),
        (Self::JacobianNotTransposed, "the Jacobian of the equilibrium in place of its transpose"),
        (Self::WeightsNotTransposed, "sends credit along the synapses instead of against them"),
    ];
}

/// How somebody's solver stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    /// Newton's method, until rounding stops it, and elimination.
    Newton,
    /// Plain iteration of firing and of credit, until they move by less.
    At(f64),
}

/// ∂L/∂W, ∂L/∂b in the order of the file, and the rates of each example.
pub(super) type Found = (Vec<f64>, Vec<f64>, Vec<Vec<f64>>);

impl Cycle {
    pub(super) fn draw(draw: &mut Draw, sigma: Sigma) -> Self {
        let (hidden, outputs) = (2 + draw.below(3) as usize, 1 + draw.below(2) as usize);
        let batch = 1 + draw.below(3) as usize;
        // Row sums of |W| below 1, of logistic below 4: the iteration contracts.
        let reach = if sigma == Sigma::Logistic { 13 } else { 14 / hidden as u64 };
        Self {
            sigma,
            w: draw.matrix(hidden, hidden, reach),
            u: draw.matrix(hidden, 2, 8),
            v: draw.matrix(outputs, hidden, 16),
            b: draw.matrix(1, hidden, 4).remove(0),
            a: draw.matrix(1, outputs, 4).remove(0),
            inputs: draw.matrix(batch, 2, 16),
            targets: draw.matrix(batch, outputs, 24),
        }
    }

    pub(super) fn hidden(&self) -> usize {
        self.w.len()
    }

    pub(super) fn case(&self) -> Case {
        let (h, k) = (self.hidden(), self.v.len());
        let mut synapses = Vec::new();
        for i in 0..h {
            let from_input = self.u[i].iter().enumerate();
            for (pre, w) in from_input.chain(self.w[i].iter().enumerate().map(|(j, w)| (2 + j, w)))
            {
                synapses.push(format!("[{}, {pre}, \"{w}\"]", 2 + i));
            }
        }
        for i in 0..k {
            for (j, w) in self.v[i].iter().enumerate() {
                synapses.push(format!("[{}, {}, \"{w}\"]", 2 + h + i, 2 + j));
            }
        }
        let sigma = |n: usize| if n < 2 || n >= 2 + h { "\"identity\"" } else { self.sigma.name() };
        let sigmas: Vec<_> = (0..2 + h + k).map(sigma).collect();
        let quoted =
            |row: &[f64]| row.iter().map(|x| format!("\"{x}\"")).collect::<Vec<_>>().join(", ");
        let biases = [&[0.0, 0.0], &self.b[..], &self.a[..]].concat();
        let examples = self.inputs.iter().zip(&self.targets);
        let examples = examples
            .map(|(x, t)| format!("{{\"input\": [{}], \"target\": [{}]}}", quoted(x), quoted(t)));
        let outputs: Vec<_> = (2 + h..2 + h + k).map(|n| n.to_string()).collect();
        let text = format!(
            "{{\"format\": \"creditcheck/case/1\", \"network\": {{\"kind\": \"graph\", \"neurons\": {}, \"inputs\": [0, 1], \
             \"outputs\": [{}], \"activation\": [{}], \"synapses\": [{}], \"biases\": [{}]}}, \
             \"loss\": \"half_squared_error\", \"learning_rate\": 1, \"examples\": [{}]}}",
            2 + h + k,
            outputs.join(", "),
            sigmas.join(", "),
            synapses.join(", "),
            quoted(&biases),
            examples.collect::<Vec<_>>().join(", "),
        );
        Document::read(text.as_bytes(), &Limits::default()).unwrap().case
    }

    /// σ and σ′ of the net inputs at h, in their number.
    pub(super) fn fire(&self, number: Number, u: &[f64], h: &[f64]) -> Vec<(f64, f64)> {
        let row = |i: usize| {
            let s = number.dot(self.w[i].iter().zip(h));
            let s = number.round(s + number.dot(self.u[i].iter().zip(u)));
            let (rate, slope) = self.sigma.at(number.round(s + self.b[i]));
            (number.round(rate), number.round(slope))
        };
        (0..self.hidden()).map(row).collect()
    }

    pub(super) fn settle(&self, number: Number, u: &[f64], stop: Stop) -> Vec<f64> {
        let n = self.hidden();
        let mut h = vec![0.0; n];
        let moved = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
        };
        match stop {
            Stop::At(tolerance) => loop {
                let next: Vec<f64> = self.fire(number, u, &h).iter().map(|f| f.0).collect();
                let far = moved(&next, &h);
                h = next;
                if far <= tolerance {
                    return h;
                }
            },
            Stop::Newton => {
                for _ in 0..60 {
                    let fired = self.fire(number, u, &h);
                    let rest = (0..n).map(|i| number.round(fired[i].0 - h[i])).collect();
                    let rows =
                        self.system(number, &fired, |slopes, i, j| slopes[i].1 * self.w[i][j]);
                    let step = solve(number, rows, rest).unwrap();
                    h = h.iter().zip(&step).map(|(h, step)| number.round(h + step)).collect();
                }
                h
            }
        }
    }

    /// I − M, in their number.
    pub(super) fn system(
        &self,
        number: Number,
        fired: &[(f64, f64)],
        entry: impl Fn(&[(f64, f64)], usize, usize) -> f64,
    ) -> Vec<Vec<f64>> {
        let n = self.hidden();
        let one = |i: usize, j: usize| f64::from(u8::from(i == j));
        (0..n)
            .map(|i| {
                (0..n).map(|j| number.round(one(i, j) - number.round(entry(fired, i, j)))).collect()
            })
            .collect()
    }

    /// The credits of the hidden neurons; `None` where a wrong system is singular.
    pub(super) fn credits(
        &self,
        number: Number,
        way: Way,
        stop: Stop,
        fired: &[(f64, f64)],
        entering: &[f64],
    ) -> Option<Vec<f64>> {
        let n = self.hidden();
        let step = |c: &[f64]| -> Vec<f64> {
            let signal: Vec<f64> = (0..n).map(|i| number.round(fired[i].1 * c[i])).collect();
            let back = |j: usize| number.dot((0..n).map(|i| (&self.w[i][j], &signal[i])));
            (0..n).map(|j| number.round(entering[j] + back(j))).collect()
        };
        let right = entering.to_vec();
        match way {
            Way::OneStep => Some(right),
            Way::ThreeSteps => Some(step(&step(entering))),
            Way::Right => match stop {
                Stop::Newton => {
                    let rows = self.system(number, fired, |f, j, i| self.w[i][j] * f[i].1);
                    solve(number, rows, right)
                }
                Stop::At(tolerance) => {
                    let mut c = right;
                    for _ in 0..100_000 {
                        let next = step(&c);
                        let far =
                            next.iter().zip(&c).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                        c = next;
                        if far <= tolerance / n as f64 {
                            break;
                        }
                    }
                    Some(c)
                }
            },
            Way::WithoutIdentity => {
                let rows = (0..n)
                    .map(|j| (0..n).map(|i| number.round(-self.w[i][j] * fired[i].1)).collect())
                    .collect();
                solve(number, rows, right)
            }
            Way::JacobianNotTransposed => {
                let rows = self.system(number, fired, |f, i, j| f[i].1 * self.w[i][j]);
                solve(number, rows, right)
            }
            Way::WeightsNotTransposed => {
                let rows = self.system(number, fired, |f, i, j| self.w[i][j] * f[j].1);
                solve(number, rows, right)
            }
        }
    }

    /// Their gradient.
    pub(super) fn found(&self, number: Number, way: Way, stop: Stop) -> Option<Found> {
        let (n, k, batch) = (self.hidden(), self.v.len(), self.inputs.len());
        let mut weights = vec![0.0; n * (2 + n) + k * n];
        let mut biases = vec![0.0; 2 + n + k];
        let mut rates = Vec::new();
        let share = 1.0 / batch as f64;
        let add = |entry: &mut f64, value: f64| *entry = number.round(*entry + number.round(value));
        for (u, t) in self.inputs.iter().zip(&self.targets) {
            let h = self.settle(number, u, stop);
            let fired = self.fire(number, u, &h);
            let out = |i: usize| number.round(number.dot(self.v[i].iter().zip(&h)) + self.a[i]);
            let out: Vec<f64> = (0..k).map(out).collect();
            let e: Vec<f64> = (0..k)
                .map(|i| number.round(number.round(out[i] - t[i]) * number.round(share)))
                .collect();
            let entering: Vec<f64> =
                (0..n).map(|j| number.dot((0..k).map(|i| (&self.v[i][j], &e[i])))).collect();
            let c = self.credits(number, way, stop, &fired, &entering)?;
            for i in 0..n {
                let delta = number.round(fired[i].1 * c[i]);
                let sources = u.iter().chain(&h).enumerate();
                sources.for_each(|(j, x)| add(&mut weights[i * (2 + n) + j], delta * x));
                add(&mut biases[2 + i], delta);
            }
            for i in 0..k {
                let at = n * (2 + n) + i * n;
                h.iter().enumerate().for_each(|(j, x)| add(&mut weights[at + j], e[i] * x));
                add(&mut biases[2 + n + i], e[i]);
            }
            rates.push([&u[..], &h, &out].concat());
        }
        weights.iter().chain(&biases).all(|x| x.is_finite()).then_some((weights, biases, rates))
    }

    /// Their file.
    pub(super) fn file(
        &self,
        case: &Case,
        number: Number,
        found: &Found,
        solver: &str,
    ) -> Gradient {
        let (weights, biases, _) = found;
        let wiring = creditcheck::spec::Wiring::of(case);
        let hex = |x: f64| format!("\"{}\"", creditcheck::number::hex(x));
        let synapses = wiring
            .synapses
            .indexed()
            .zip(weights)
            .map(|((_, ends), w)| format!("[{}, {}, {}]", ends.post.0, ends.pre.0, hex(*w)));
        let synapses: Vec<_> = synapses.collect();
        let biases: Vec<_> = biases.iter().map(|b| hex(*b)).collect();
        let text = format!(
            "{{\"format\": \"creditcheck/gradient/1\", \"number\": \"{}\", {solver}\"synapses\": [{}], \"biases\": [{}]}}",
            number.name(),
            synapses.join(", "),
            biases.join(", "),
        );
        gradient::read(text.as_bytes(), &Subject::of(case), &Limits::default()).unwrap()
    }
}

/// Elimination with pivots, in their number.
pub(super) fn solve(
    number: Number,
    mut rows: Vec<Vec<f64>>,
    mut right: Vec<f64>,
) -> Option<Vec<f64>> {
    let n = rows.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs()))?;
        rows.swap(k, pivot);
        right.swap(k, pivot);
        if rows[k][k].abs() < 1e-3 {
            return None;
        }
        for i in k + 1..n {
            let factor = number.round(rows[i][k] / rows[k][k]);
            let pivot = rows[k].clone();
            for (entry, above) in rows[i].iter_mut().zip(&pivot).skip(k) {
                *entry = number.round(*entry - number.round(factor * above));
            }
            right[i] = number.round(right[i] - number.round(factor * right[k]));
        }
    }
    for k in (0..n).rev() {
        let known = number.dot((k + 1..n).map(|j| (&rows[k][j], &right[j])));
        right[k] = number.round(number.round(right[k] - known) / rows[k][k]);
    }
    Some(right)
}
