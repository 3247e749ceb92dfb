//! Gradients at equilibria that somebody else solved for: simulated solvers, right ones and wrong ones, before the judge.

use creditcheck::Error;
use creditcheck::certify::Silent;
use creditcheck::certify::judge::{judge, judgement};
use creditcheck::spec::{Case, Limits};
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{self, Gradient, Subject};

/// Uniform integers, the same everywhere (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// A multiple of 1/16 of at most this many sixteenths.
    fn sixteenths(&mut self, reach: u64) -> f64 {
        (self.below(2 * reach + 1) as f64 - reach as f64) / 16.0
    }

    fn matrix(&mut self, rows: usize, columns: usize, reach: u64) -> Vec<Vec<f64>> {
        (0..rows).map(|_| (0..columns).map(|_| self.sixteenths(reach)).collect()).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sigma {
    HardTanh,
    Tanh,
    Logistic,
}

impl Sigma {
    fn name(self) -> &'static str {
        match self {
            Self::HardTanh => "{\"name\": \"hard_tanh\", \"min\": -1, \"max\": 1}",
            Self::Tanh => "\"tanh\"",
            Self::Logistic => "\"logistic\"",
        }
    }

    /// σ and σ′, as frameworks compute them.
    fn at(self, s: f64) -> (f64, f64) {
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
struct Cycle {
    sigma: Sigma,
    w: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
    v: Vec<Vec<f64>>,
    b: Vec<f64>,
    a: Vec<f64>,
    inputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
}

/// How somebody computes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    F64,
    F32,
}

impl Number {
    fn round(self, value: f64) -> f64 {
        match self {
            Self::F64 => value,
            Self::F32 => f64::from(value as f32),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        }
    }

    fn dot<'a>(self, pairs: impl IntoIterator<Item = (&'a f64, &'a f64)>) -> f64 {
        pairs.into_iter().fold(0.0, |sum, (a, b)| self.round(sum + self.round(a * b)))
    }
}

/// What somebody does wrong, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Right,
    OneStep,
    ThreeSteps,
    WithoutIdentity,
    JacobianNotTransposed,
    WeightsNotTransposed,
}

impl Way {
    const WRONG: [(Self, &'static str); 5] = [
        (Self::OneStep, "differentiates one step of the iteration in place of the equilibrium"),
        (Self::ThreeSteps, "in place of the equilibrium (3 steps of it)"),
        (Self::WithoutIdentity, "differentiates f(x) where the equilibrium is a root of f(x) − x"),
        (Self::JacobianNotTransposed, "the Jacobian of the equilibrium in place of its transpose"),
        (Self::WeightsNotTransposed, "sends credit along the synapses instead of against them"),
    ];
}

/// How somebody's solver stops.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// Newton's method, until rounding stops it, and elimination.
    Newton,
    /// Plain iteration of firing and of credit, until they move by less.
    At(f64),
}

/// ∂L/∂W, ∂L/∂b in the order of the file, and the rates of each example.
type Found = (Vec<f64>, Vec<f64>, Vec<Vec<f64>>);

impl Cycle {
    fn draw(draw: &mut Draw, sigma: Sigma) -> Self {
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

    fn hidden(&self) -> usize {
        self.w.len()
    }

    fn case(&self) -> Case {
        let (h, k) = (self.hidden(), self.v.len());
        let mut synapses = Vec::new();
        for i in 0..h {
            let from_input = self.u[i].iter().enumerate().map(|(j, w)| (j, w));
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
    fn fire(&self, number: Number, u: &[f64], h: &[f64]) -> Vec<(f64, f64)> {
        let row = |i: usize| {
            let s = number.dot(self.w[i].iter().zip(h));
            let s = number.round(s + number.dot(self.u[i].iter().zip(u)));
            let (rate, slope) = self.sigma.at(number.round(s + self.b[i]));
            (number.round(rate), number.round(slope))
        };
        (0..self.hidden()).map(row).collect()
    }

    fn settle(&self, number: Number, u: &[f64], stop: Stop) -> Vec<f64> {
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
    fn system(
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
    fn credits(
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
    fn found(&self, number: Number, way: Way, stop: Stop) -> Option<Found> {
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
    fn file(&self, case: &Case, number: Number, found: &Found, solver: &str) -> Gradient {
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
fn solve(number: Number, mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
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
            for j in k..n {
                rows[i][j] = number.round(rows[i][j] - number.round(factor * rows[k][j]));
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

fn tolerance(text: &str) -> String {
    format!("\"solver\": {{\"tolerance\": \"{text}\"}}, ")
}

fn at_rates(rates: &[Vec<f64>], more: &str) -> String {
    let row = |row: &Vec<f64>| {
        let row: Vec<_> =
            row.iter().map(|x| format!("\"{}\"", creditcheck::number::hex(*x))).collect();
        format!("[{}]", row.join(", "))
    };
    let rows: Vec<_> = rates.iter().map(row).collect();
    format!("\"solver\": {{{more}\"equilibrium\": [{}]}}, ", rows.join(", "))
}

fn judged(case: &Case, mine: &Gradient) -> (Judgement, Vec<String>) {
    judge(case, mine, &Options::default(), &Limits::default(), &mut Silent).unwrap()
}

fn quickly(case: &Case, mine: &Gradient) -> Judgement {
    judgement(case, mine, &Limits::default(), &mut Silent).unwrap()
}

/// The largest difference of two gradients as a share of the largest entry.
fn apart(a: &Found, b: &Found) -> f64 {
    let pairs = a.0.iter().zip(&b.0).chain(a.1.iter().zip(&b.1));
    let largest = a.0.iter().chain(&a.1).fold(0.0_f64, |most, x| most.max(x.abs()));
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / largest
}

/// How many of each came out how.
#[derive(Debug, Default)]
struct Figures {
    right: usize,
    unchecked: usize,
    wrong: usize,
    named: usize,
    misnamed: usize,
    slipped: usize,
    excused: usize,
}

/// The hundred and more cycles of the judge: right solvers pass, whatever they are; one entry off by a thousandth and wrong ones do not.
#[test]
fn solvers_are_told_right_from_wrong() {
    let mut draw = Draw(15);
    let mut figures = Figures::default();
    for round in 0..108 {
        let sigma = [Sigma::HardTanh, Sigma::Tanh, Sigma::Logistic][round % 3];
        let number = if round % 2 == 0 { Number::F64 } else { Number::F32 };
        let cycle = Cycle::draw(&mut draw, sigma);
        let case = cycle.case();
        let newton = cycle.found(number, Way::Right, Stop::Newton).unwrap();
        let plain = cycle.found(number, Way::Right, Stop::At(1e-6)).unwrap();
        let stated = "\"tolerance\": \"0.000001\", ";
        for (found, solver) in [
            (&newton, String::new()),
            (&newton, at_rates(&newton.2, "")),
            (&plain, tolerance("0.000001")),
            (&plain, at_rates(&plain.2, stated)),
        ] {
            let mine = cycle.file(&case, number, found, &solver);
            let judged = quickly(&case, &mine);
            assert!(!judged.nearness().is_refused(), "{round}: {solver} {cycle:?} {judged:#?}");
            figures.right += 1;
            figures.unchecked += usize::from(judged.unchecked().is_some());
            // The largest entry off by a thousandth.
            let mut slip = found.clone();
            let largest = |list: &[f64]| {
                (0..list.len()).max_by(|a, b| list[*a].abs().total_cmp(&list[*b].abs())).unwrap()
            };
            let at = largest(&slip.0);
            slip.0[at] = number.round(slip.0[at] * 1.001);
            let judged = quickly(&case, &cycle.file(&case, number, &slip, &solver));
            let is_refused = judged.nearness() == Nearness::Different;
            // A tolerance may excuse it where the loss is small.
            let may_pass = !is_refused && solver.contains("tolerance");
            assert!(is_refused || may_pass, "{round}: {solver} {cycle:?}");
            figures.slipped += 1;
            figures.excused += usize::from(may_pass);
        }
        // The search for the name takes most of the time.
        if round % 6 > 2 {
            continue;
        }
        let (way, deed) = Way::WRONG[round % 5];
        let Some(found) = cycle.found(number, way, Stop::Newton) else { continue };
        if apart(&newton, &found) < 1e-3 {
            continue;
        }
        let (judged, diagnosis) = judged(&case, &cycle.file(&case, number, &found, ""));
        assert_eq!(judged.nearness(), Nearness::Different, "{round}: {way:?} {cycle:?}");
        figures.wrong += 1;
        // Where the outputs are on no cycle one sweep of the whole network is one step; where all slopes are 1 it is one matrix.
        let same = match way {
            Way::OneStep => "relaxes the credit once instead of to its equilibrium",
            Way::JacobianNotTransposed => Way::WRONG[4].1,
            _ => deed,
        };
        let is_named =
            diagnosis.iter().any(|sentence| sentence.contains(deed) || sentence.contains(same));
        figures.named += usize::from(is_named);
        figures.misnamed += usize::from(!is_named && !diagnosis.is_empty());
        if !is_named {
            eprintln!("{round}: {way:?} {number:?} {diagnosis:?}");
        }
    }
    eprintln!("{figures:?}");
    assert_eq!((figures.right, figures.unchecked), (432, 0), "{figures:?}");
    assert!(20 * figures.excused <= figures.slipped, "{figures:?}");
    assert!(
        figures.wrong >= 40 && figures.misnamed == 0 && 10 * figures.named >= 9 * figures.wrong,
        "{figures:?}"
    );
}

/// x = tanh(x/2 + u/4), whose equilibrium at u = 0 is 0: the gradient is known by hand.
fn by_hand() -> Case {
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
        "activation": "tanh", "synapses": [[1, 0, "1/4"], [1, 1, "1/2"]], "biases": [0, 0]},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{"input": [0], "target": [1]}]}"#;
    Document::read(text, &Limits::default()).unwrap().case
}

fn hand_file(bias: &str, number: &str, more: &str) -> Result<Gradient, Error> {
    let text = format!(
        r#"{{"format": "creditcheck/gradient/1", "number": "{number}", {more}"synapses": [[1, 0, 0], [1, 1, 0]], "biases": [0, "{bias}"]}}"#
    );
    gradient::read(text.as_bytes(), &Subject::of(&by_hand()), &Limits::default())
}

#[test]
fn a_gradient_known_by_hand() {
    let of = |bias: &str, more: &str| {
        quickly(&by_hand(), &hand_file(bias, "f64", more).unwrap()).nearness()
    };
    // β = 1, c = 1/(1 − 1/2) = 2, so ∂L/∂b = −2.
    assert_eq!(of("-2", ""), Nearness::WithinBound);
    assert_eq!(of("-0x1.00000000001p+1", ""), Nearness::Different);
    assert_eq!(of("-0x1.00000000001p+1", &tolerance("0.000001")), Nearness::WithinBound);
    assert_eq!(of("-0x1.001p+1", &tolerance("0.000001")), Nearness::Different);
    // The rates that they give leave nothing, so that a tolerance of firing excuses nothing; one of credit does.
    let exact = |more: &str| format!("\"solver\": {{{more}\"equilibrium\": [[0, 0]]}}, ");
    assert_eq!(of("-2", &exact("")), Nearness::WithinBound);
    assert_eq!(of("-0x1.00000000001p+1", &exact("")), Nearness::Different);
    let of_credit = exact("\"credit_tolerance\": \"0.000001\", ");
    assert_eq!(of("-0x1.00000000001p+1", &of_credit), Nearness::WithinBound);
}

#[test]
fn rates_that_are_no_equilibrium_are_told() {
    let far = "\"solver\": {\"equilibrium\": [[0, \"1/2\"]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", far).unwrap());
    assert_eq!(judged.nearness(), Nearness::Different);
    let first = judged.first().unwrap();
    assert_eq!(first.words, "equilibrium: example 0, neuron 1");
    // What the others make of it: tanh(1/4).
    let made = creditcheck::number::nearest_f64(&first.exact);
    assert!((made - 0.25_f64.tanh()).abs() < 1e-15, "{made}");
    // An input that is not the input.
    let other = "\"solver\": {\"equilibrium\": [[\"1/1000\", 0]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", other).unwrap());
    assert_eq!(judged.first().unwrap().words, "equilibrium: example 0, neuron 0");
    // A tolerance that they do not keep.
    let near = "\"solver\": {\"tolerance\": \"0.000001\", \"equilibrium\": [[0, \"0.0001\"]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", near).unwrap());
    assert_eq!(judged.nearness(), Nearness::Different);
    assert_eq!(judged.blocks.last().unwrap().name, "equilibrium");
}

/// Nothing that a file states of its solver lets zeros pass, or another number.
#[test]
fn a_tolerance_excuses_no_lie() {
    for (solver, place, expected) in [
        ("\"tolerance\": \"0.011\"", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"tolerance\": 1000", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"tolerance\": -1", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"credit_tolerance\": 1", "solver.credit_tolerance", "a number from 0 to 1/100"),
        ("\"toleranse\": 0", "solver.toleranse", "one of tolerance, credit_tolerance, equilibrium"),
        ("\"equilibrium\": [[0]]", "solver.equilibrium[0]", "2 rates, one per neuron"),
        ("\"equilibrium\": []", "solver.equilibrium", "1 lists of rates, one per example"),
    ] {
        let error = hand_file("0", "f64", &format!("\"solver\": {{{solver}}}, ")).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(place) && said.contains(expected), "{solver}: {said}");
    }
    // Whose numbers are exact has no solver that stops, and without a cycle nobody solves.
    let error = hand_file("-2", "exact", &tolerance("0.000001")).unwrap_err();
    assert!(error.to_string().contains("no such field where numbers are exact"), "{error}");
    let chain = include_str!("../fixtures/cases/graph-interface-example.json");
    let chain = Document::read(chain.as_bytes(), &Limits::default()).unwrap().case;
    let text = br#"{"format": "creditcheck/gradient/1", "number": "f64", "solver": {}, "synapses": [[2, 0, 0]]}"#;
    let error = gradient::read(text, &Subject::of(&chain), &Limits::default()).unwrap_err();
    assert!(error.to_string().starts_with("solver"), "{error}");
    let coarsest = tolerance("0.01");
    let zeros = quickly(&by_hand(), &hand_file("0", "f64", &coarsest).unwrap());
    assert_eq!(zeros.nearness(), Nearness::Different);
    // Where the loss is small, the coarsest tolerance lets anything pass: then nothing is said.
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
        "activation": "tanh", "synapses": [[1, 0, "1/4"], [1, 1, "1/2"]], "biases": [0, 0]},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{"input": [0], "target": ["1/1000"]}]}"#;
    let small = Document::read(text, &Limits::default()).unwrap().case;
    for bias in ["0", "-0.002", "0.001"] {
        let bias = creditcheck::number::hex(bias.parse().unwrap());
        let judged = quickly(&small, &hand_file(&bias, "f64", &coarsest).unwrap());
        assert!(judged.unchecked().is_some(), "{bias}: {judged:#?}");
    }
}

/// A network with three equilibria: theirs says which is meant, and a case that says so wins.
#[test]
fn of_several_equilibria_theirs_is_meant() {
    let text = |given: &str| {
        format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
            "activation": "tanh", "synapses": [[1, 0, 1], [1, 1, "2"]], "biases": [0, 0]}},
            "loss": "half_squared_error", "learning_rate": 1, "examples": [{{"input": [0], "target": ["1/2"]}}]{given}}}"#
        )
    };
    let read = |text: String| Document::read(text.as_bytes(), &Limits::default()).unwrap().case;
    let case = read(text(""));
    // x = tanh(2x) near 0.9575; c = e/(1 − 2β), ∂L/∂w = −βcx.
    let mut x = 1.0_f64;
    (0..200).for_each(|_| x = (2.0 * x).tanh());
    let beta = 1.0 - x * x;
    let delta = -beta * (0.5 - x) / (1.0 - 2.0 * beta);
    let file = |case: &Case, rate: f64, delta: f64| {
        let hex = creditcheck::number::hex;
        let text = format!(
            r#"{{"format": "creditcheck/gradient/1", "number": "f64", "solver": {{"equilibrium": [[0, "{}"]]}},
            "synapses": [[1, 0, 0], [1, 1, "{}"]], "biases": [0, "{}"]}}"#,
            hex(rate),
            hex(delta * rate),
            hex(delta)
        );
        gradient::read(text.as_bytes(), &Subject::of(case), &Limits::default()).unwrap()
    };
    let upper = file(&case, x, delta);
    assert_eq!(quickly(&case, &upper).nearness(), Nearness::WithinBound);
    // By symmetry with another target: the error at −x is 1/2 + x.
    let lower = -beta * (0.5 + x) / (1.0 - 2.0 * beta);
    assert_eq!(quickly(&case, &file(&case, -x, lower)).nearness(), Nearness::WithinBound);
    assert_eq!(quickly(&case, &file(&case, -x, delta)).nearness(), Nearness::Different);
    // The one that the case gives is meant: tanh(0) = 0.
    let at_rest = read(text(r#", "equilibrium": [[0, 0]]"#));
    let judged = quickly(&at_rest, &upper);
    assert_eq!(judged.nearness(), Nearness::Different);
    assert!(judged.blocks.iter().any(|block| block.name == "equilibrium" && block.beyond == 1));
}

/// A solver that stopped at 10⁻⁶ and does not say so is told what to say; one entry that slipped is no such thing.
#[test]
fn who_stops_early_is_told_to_say_so() {
    let cycle = Cycle::draw(&mut Draw(4), Sigma::Tanh);
    let case = cycle.case();
    let found = cycle.found(Number::F64, Way::Right, Stop::At(1e-6)).unwrap();
    let (judgement, diagnosis) = judged(&case, &cycle.file(&case, Number::F64, &found, ""));
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert_eq!(diagnosis.len(), 1, "{diagnosis:?}");
    let stops = "stops at a residual of 1/1000000";
    assert!(diagnosis[0].contains(stops), "{diagnosis:?}");
    let mut slip = cycle.found(Number::F64, Way::Right, Stop::Newton).unwrap();
    slip.0[3] *= 1.0 + 1e-7;
    let (judgement, diagnosis) = judged(&case, &cycle.file(&case, Number::F64, &slip, ""));
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert!(diagnosis.is_empty(), "{diagnosis:?}");
}
