//! A gradient on a fixed-point grid: the nearest multiples, a computation on the grid, and what is neither.

use creditcheck::certify::Silent;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::judge::judge;
use creditcheck::error::Error;
use creditcheck::number::{held, is_nearest};
use creditcheck::spec::{Activation, Case, Grid, Limits, Network, Number};
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity, Subject, read};
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn q(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

fn grid(denominator: i64) -> Grid {
    Grid::of(&q(1, denominator)).unwrap()
}

struct Draw(ChaCha8Rng);

impl Draw {
    fn below(&mut self, n: u32) -> i64 {
        i64::from(self.0.next_u32() % n)
    }

    /// From −1 to 1, on a grid that is finer than any in these tests, or a third.
    fn number(&mut self) -> String {
        let denominator = if self.below(4) == 0 { 3 } else { 1024 };
        format!("\"{}/{denominator}\"", self.below(2 * denominator + 1) - i64::from(denominator))
    }

    fn list(&mut self, n: usize) -> String {
        (0..n).map(|_| self.number()).collect::<Vec<_>>().join(", ")
    }
}

/// 3-4-2 with random numbers and so many examples.
fn case(draw: &mut Draw, hidden: &str, examples: usize) -> Case {
    let mut layer = |rows: usize, cols: usize, activation: &str| {
        let weights: Vec<_> = (0..rows).map(|_| format!("[{}]", draw.list(cols))).collect();
        let biases = draw.list(rows);
        format!(
            r#"{{"weights": [{}], "biases": [{biases}], "activation": {activation}}}"#,
            weights.join(", ")
        )
    };
    let layers = [layer(4, 3, hidden), layer(2, 4, "\"identity\"")].join(", ");
    let examples: Vec<_> = (0..examples)
        .map(|_| format!(r#"{{"input": [{}], "target": [{}]}}"#, draw.list(3), draw.list(2)))
        .collect();
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{layers}]}},
           "loss": "half_squared_error", "learning_rate": "1", "examples": [{}]}}"#,
        examples.join(", ")
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

/// The exact gradient, each entry changed, and held on a grid.
fn on(case: &Case, grid: Grid, change: impl Fn(usize, BigRational) -> BigRational) -> Gradient {
    let limits = Limits::default();
    let asked = (Rule::Backprop, Number::Exact, Quantity::Gradient);
    let mut mine = gradient(case, asked.0, asked.1, asked.2, &limits, &mut Silent).unwrap();
    (mine.loss, mine.inputs, mine.number) = (None, None, Number::Grid(grid));
    for (index, entry) in mine.entries.values_mut().enumerate() {
        *entry = change(index, held(entry, Number::Grid(grid)).unwrap());
    }
    mine
}

fn judged(case: &Case, mine: &Gradient, everywhere: bool) -> (Judgement, Vec<String>) {
    let options = Options { grid_everywhere: everywhere, ..Options::default() };
    judge(case, mine, &options, &Limits::default(), &mut Silent).unwrap()
}

/// A computation all of whose products and quotients are rounded to a grid, ties either way, with 1/B at one of three places.
struct Fixed<'a> {
    draw: &'a mut Draw,
    step: BigRational,
    /// Where B divides: 0 the external credit, 1 δ before it meets the rates, 2 the sum.
    place: i64,
}

impl Fixed<'_> {
    fn round(&mut self, value: BigRational) -> BigRational {
        let steps = value / &self.step;
        let twice = (&steps - steps.floor()) * BigRational::from_integer(2.into());
        let is_up = twice > BigRational::one() || (twice.is_one() && self.draw.below(2) == 1);
        (if is_up { steps.floor() + BigRational::one() } else { steps.floor() }) * &self.step
    }

    fn product(&mut self, a: &BigRational, b: &BigRational) -> BigRational {
        self.round(a * b)
    }

    /// Σ a b, each product rounded, or their exact sum.
    fn sum(&mut self, terms: &[(BigRational, BigRational)]) -> BigRational {
        if self.draw.below(2) == 0 {
            return self.round(terms.iter().map(|(a, b)| a * b).sum());
        }
        terms.iter().map(|(a, b)| self.product(a, b)).sum()
    }

    /// σ(s) and σ'(s).
    fn fire(&mut self, function: &Activation, s: &BigRational) -> [BigRational; 2] {
        let (zero, one, two) = (BigRational::zero(), BigRational::one(), q(2, 1));
        match function {
            Activation::Identity => [s.clone(), one],
            Activation::Relu if s.is_positive() => [s.clone(), one],
            Activation::Relu => [zero.clone(), zero],
            Activation::LeakyRelu { .. } if s.is_positive() => [s.clone(), one],
            Activation::LeakyRelu { slope } => {
                let slope = self.round(slope.clone());
                [self.product(&slope, s), slope]
            }
            Activation::HardTanh { min, max } => {
                let (min, max) = (self.round(min.clone()), self.round(max.clone()));
                let inside = *s > min && *s <= max;
                [s.clone().clamp(min, max), if inside { one } else { zero }]
            }
            Activation::Square => [self.product(s, s), two * s],
            Activation::Quadratic => [s + self.product(s, s), one + two * s],
            Activation::Cubic => {
                let square = self.product(s, s);
                let cube = self.product(&square, s);
                [s - self.round(cube / q(3, 1)), one - square]
            }
            _ => unreachable!("not in this test"),
        }
    }

    fn gradient(&mut self, case: &Case) -> Vec<BigRational> {
        let Network::Layered(net) = &case.network else { unreachable!() };
        let batch = q(i64::try_from(case.examples.len()).unwrap(), 1);
        let layers = net.layers.to_vec();
        let mut weights: Vec<Vec<Vec<BigRational>>> = Vec::new();
        for layer in &layers {
            let rows = layer.weights.iter();
            weights.push(rows.map(|r| r.iter().map(|w| self.round(w.clone())).collect()).collect());
        }
        let mut biases: Vec<Vec<BigRational>> = Vec::new();
        for layer in &layers {
            let list = layer.biases.iter().flatten();
            biases.push(list.map(|b| self.round(b.clone())).collect());
        }
        // Per layer and post: the terms of every weight and of the bias.
        let mut terms = vec![Vec::new(); layers.len()];
        for example in &case.examples {
            let mut rates =
                vec![example.input.iter().map(|x| self.round(x.clone())).collect::<Vec<_>>()];
            let mut slopes = Vec::new();
            for (l, layer) in layers.iter().enumerate() {
                let (mut rate, mut slope) = (Vec::new(), Vec::new());
                for (row, bias) in weights[l].iter().zip(&biases[l]) {
                    let pairs: Vec<_> = row.iter().cloned().zip(rates[l].iter().cloned()).collect();
                    let s = self.sum(&pairs) + bias;
                    let [x, f] = self.fire(&layer.activation, &s);
                    rate.push(x);
                    slope.push(f);
                }
                rates.push(rate);
                slopes.push(slope);
            }
            let mut credit: Vec<BigRational> = Vec::new();
            for (x, target) in rates[layers.len()].iter().zip(&example.target) {
                let e = x - self.round(target.clone());
                credit.push(if self.place == 0 { self.round(e / &batch) } else { e });
            }
            for l in (0..layers.len()).rev() {
                let pairs = slopes[l].iter().zip(&credit);
                let delta: Vec<_> = pairs.map(|(f, c)| self.product(f, c)).collect();
                credit = (0..rates[l].len())
                    .map(|pre| {
                        let pairs = weights[l]
                            .iter()
                            .zip(&delta)
                            .map(|(row, d)| (row[pre].clone(), d.clone()));
                        self.sum(&pairs.collect::<Vec<_>>())
                    })
                    .collect();
                let met: Vec<_> = delta
                    .into_iter()
                    .map(|d| if self.place == 1 { self.round(d / &batch) } else { d })
                    .collect();
                terms[l].push((met, rates[l].clone()));
            }
        }
        let mut found = Vec::new();
        for (l, layer) in layers.iter().enumerate() {
            let of_layer = std::mem::take(&mut terms[l]);
            let end = |this: &mut Self, sum: BigRational| match this.place {
                2 => this.round(sum / &batch),
                _ => sum,
            };
            for post in 0..layer.weights.len() {
                for pre in 0..layer.inputs() {
                    let pairs: Vec<_> =
                        of_layer.iter().map(|(d, x)| (d[post].clone(), x[pre].clone())).collect();
                    let sum = self.sum(&pairs);
                    found.push(end(self, sum));
                }
            }
            for post in 0..layer.weights.len() {
                let sum = of_layer.iter().map(|(d, _)| d[post].clone()).sum();
                found.push(end(self, sum));
            }
        }
        found
    }
}

const FUNCTIONS: [&str; 7] = [
    "\"relu\"",
    r#"{"name": "leaky_relu", "slope": "1/7"}"#,
    r#"{"name": "hard_tanh", "min": "-1/3", "max": "1/2"}"#,
    "\"square\"",
    "\"quadratic\"",
    "\"cubic\"",
    "\"identity\"",
];

/// Whatever a fixed-point program does within the model is within the bound, some of it far from the nearest multiple; and a gradient
/// that is doubled is not, once the grid is fine enough to tell.
#[test]
fn computations_on_a_grid_are_within_their_bound() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(35));
    let (mut closest, mut off, mut doubled) = (0.0f64, 0, 0);
    for round in 0..42 {
        let examples = [1, 2, 3][round % 3];
        let case = case(&mut draw, FUNCTIONS[round % 7], examples);
        for denominator in [8, 64, 4096] {
            let grid = grid(denominator);
            let place = draw.below(3);
            let mut fixed = Fixed { draw: &mut draw, step: grid.step(), place };
            let values = fixed.gradient(&case);
            let mut mine = on(&case, grid, |index, _| values[index].clone());
            let (found, _) = judged(&case, &mine, true);
            assert_eq!(found.differing(), 0, "{denominator} {round}: {found:?}");
            let share = found.blocks.iter().map(|block| block.of_bound).fold(0.0, f64::max);
            closest = closest.max(share);
            off += usize::from(found.nearness() == Nearness::WithinBound);
            mine.entries.values_mut().for_each(|entry| *entry *= q(2, 1));
            let (found, _) = judged(&case, &mine, true);
            doubled += usize::from(found.nearness() == Nearness::Different);
        }
    }
    // The bound is no formality: some computation comes near it, most are off, and most of what is doubled is found.
    assert!(closest > 0.2 && off > 80 && doubled > 60, "{closest} {off} {doubled}");
}

/// The nearest multiples pass, ties either way; a step further is no rounding of the result.
#[test]
fn the_nearest_multiples_and_no_others() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(36));
    let case = case(&mut draw, "\"relu\"", 2);
    let grid = grid(32);
    let (found, _) = judged(&case, &on(&case, grid, |_, entry| entry), false);
    assert_eq!((found.nearness(), found.unchecked()), (Nearness::CorrectlyRounded, None));
    for (index, step) in [(0, 1), (5, -1), (17, 1)] {
        let moved =
            on(&case, grid, |at, entry| if at == index { entry + q(step, 32) } else { entry });
        let (found, _) = judged(&case, &moved, false);
        assert_eq!((found.nearness(), found.differing()), (Nearness::Different, 1), "{index}");
    }
    let sixteenth = q(1, 16);
    let eighths = Number::Grid(Grid::of(&q(1, 8)).unwrap());
    assert!(is_nearest(&sixteenth, &q(0, 1), eighths) && is_nearest(&sixteenth, &q(1, 8), eighths));
    assert_eq!(
        [1, 3, -1, -3, 4].map(|p| held(&q(p, 16), eighths).unwrap()),
        [0, 2, 0, -2, 2].map(|p| q(p, 8))
    );
}

/// Zeros are the nearest multiples of what is smaller than half a step, and say nothing.
#[test]
fn what_rounds_to_zero_is_unchecked() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(37));
    let case = case(&mut draw, "\"relu\"", 1);
    let coarse = Grid::of(&q(1 << 20, 1)).unwrap();
    for everywhere in [false, true] {
        let zeros = on(&case, coarse, |_, entry| entry);
        assert!(zeros.entries.values().all(Zero::is_zero));
        let (found, _) = judged(&case, &zeros, everywhere);
        let why = found.unchecked().unwrap().words();
        assert!(why.contains("rounds to zero in the grid of 1048576"), "{why}");
    }
    // Halfway between zero and a step zero is as right as the step, and again says nothing.
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
      [{"weights": [["0"]], "activation": "identity"}]}, "loss": "half_squared_error",
      "learning_rate": "1", "examples": [{"input": ["1"], "target": ["-1/16"]}]}"#;
    let case = Document::read(text.as_bytes(), &Limits::default()).unwrap().case;
    for value in [q(0, 1), q(1, 8)] {
        let mine = on(&case, grid(8), |_, _| value.clone());
        let (found, _) = judged(&case, &mine, false);
        assert_eq!(found.nearness(), Nearness::CorrectlyRounded);
        assert!(found.unchecked().is_some());
    }
}

/// What is on a grid and says that it is exact is told which grid; what is doubled is told its factor, on the grid too.
#[test]
fn a_grid_is_recognised() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(38));
    let case = case(&mut draw, "\"quadratic\"", 2);
    let mut mine = on(&case, grid(32), |_, entry| entry);
    mine.number = Number::Exact;
    let (found, said) = judged(&case, &mine, false);
    assert_eq!(found.nearness(), Nearness::Different);
    let words = "say \"number\": {\"grid\": \"1/32\"}";
    assert!(said.iter().any(|sentence| sentence.ends_with(words)), "{said:?}");
    let fine = grid(1 << 20);
    let finest = on(&case, grid(1 << 60), |_, entry| entry);
    let exact: Vec<_> = finest.entries.values().cloned().collect();
    let doubled =
        on(&case, fine, |at, _| held(&(&exact[at] * q(-2, 1)), Number::Grid(fine)).unwrap());
    let (found, said) = judged(&case, &doubled, false);
    assert_eq!(found.nearness(), Nearness::Different);
    assert!(said[0].starts_with("all entries of this gradient are -2 times"), "{said:?}");
    // A wrong gradient of small whole numbers is on a grid too, and no rounding of anything.
    let mut wrong = on(&case, grid(32), |at, entry| entry + q(i64::try_from(at).unwrap(), 32));
    wrong.number = Number::Exact;
    let (_, said) = judged(&case, &wrong, false);
    assert!(!said.iter().any(|sentence| sentence.contains("grid")), "{said:?}");
}

/// A grid in a file: every entry is a multiple of it, or the place is named.
#[test]
fn grids_in_files() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
      [{"weights": [["1/4", "1/2"]], "activation": "identity"}]}, "loss": "half_squared_error",
      "learning_rate": "1", "examples": [{"input": ["1", "1/2"], "target": ["0"]}]}"#;
    let limits = Limits::default();
    let case = Document::read(text.as_bytes(), &limits).unwrap().case;
    let subject = Subject::of(&case);
    let file = |number: &str, entries: &str| {
        let text = format!(
            r#"{{"format": "creditcheck/gradient/1", "number": {number}, "layers": [{{"weights": [[{entries}]]}}]}}"#
        );
        read(text.as_bytes(), &subject, &limits)
    };
    let found = file(r#"{"grid": "1/32"}"#, r#""1/2", "0.25""#).unwrap();
    assert_eq!(found.number, Number::Grid(grid(32)));
    let again = creditcheck::wire::gradient::to_json(&found).pretty();
    assert_eq!(read(again.as_bytes(), &subject, &limits).unwrap(), found);
    for (number, entries, place) in [
        (r#"{"grid": "1/32"}"#, r#""1/2", "1/64""#, "layers[0].weights[0][1]"),
        (r#"{"grid": "0"}"#, r#""1/2", "1/4""#, "number.grid"),
        (r#"{"grid": "-1/32"}"#, r#""1/2", "1/4""#, "number.grid"),
        (r#"{"grid": "1/36893488147419103232"}"#, r#""1/2", "1/4""#, "number.grid"),
        (r#"{"step": "1/32"}"#, r#""1/2", "1/4""#, "number.step"),
        ("{}", r#""1/2", "1/4""#, "number"),
    ] {
        let error = file(number, entries).unwrap_err();
        assert!(matches!(&error, Error::Input { place: at, .. } if at == place), "{error}");
    }
}

/// What cannot be bounded on a grid is refused by name, and so is the option where it says nothing.
#[test]
fn refusals() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(39));
    let softsign = case(&mut draw, "\"softsign\"", 1);
    let mine = on(&softsign, grid(32), |_, entry| entry);
    assert_eq!(judged(&softsign, &mine, false).0.nearness(), Nearness::CorrectlyRounded);
    let refused = |case: &Case, mine: &Gradient, options: &Options| {
        judge(case, mine, options, &Limits::default(), &mut Silent).unwrap_err().to_string()
    };
    let everywhere = Options { grid_everywhere: true, ..Options::default() };
    assert!(refused(&softsign, &mine, &everywhere).contains("--grid-everywhere with softsign"));
    let relu = case(&mut draw, "\"relu\"", 1);
    let mut mine = on(&relu, grid(32), |_, entry| entry);
    let scaled = Options { scale: q(2, 1), ..everywhere.clone() };
    assert!(refused(&relu, &mine, &scaled).contains("with --scale"));
    mine.quantity = Quantity::Update;
    assert!(refused(&relu, &mine, &everywhere).contains("with an update"));
    mine.number = Number::Exact;
    assert!(refused(&relu, &mine, &everywhere).contains("without a grid"));
}
