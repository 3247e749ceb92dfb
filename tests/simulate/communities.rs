//! D11: the network, the measures, the null models, the table and its files.

use creditcheck::simulate::communities::*;

#[cfg(feature = "cli")]
mod files;
mod graphs;

/// A small net of four examples, its weights large enough that the recurrence matters.
fn small(arm: Arm) -> (Network, Batch) {
    let shape = Shape { inputs: 3, hidden: 4, outputs: 2 };
    let network = Network::draw(shape, arm, 1.2, &mut Draws::of(7, &[1]));
    let mut batch = Batch::new(shape, 4);
    let mut draws = Draws::of(7, &[2]);
    let width = batch.width();
    for example in 0..4 {
        for pixel in 0..3 {
            batch.input[pixel * width + example] = draws.normal() as f32;
        }
        for output in 0..2 {
            batch.target[output * width + example] = if example % 2 == output { 1.0 } else { -1.0 };
        }
    }
    (network, batch)
}

const HOW: Relaxation = Relaxation { damping: 0.7, tolerance: 1e-6, sweeps: 1000 };

/// The loss (D0) at the equilibrium, in f64 and with nothing of the room under test: the plain iteration, to 1e-14.
fn loss(network: &Network, weights: &[f64], batch: &Batch) -> f64 {
    let Shape { inputs, hidden, outputs } = network.shape;
    let (free, neurons, width) = (hidden + outputs, inputs + hidden + outputs, batch.width());
    let mut sum = 0.0;
    for example in 0..4 {
        let mut x = vec![0.0_f64; free];
        for sweep in 0.. {
            let s = |post: usize| -> f64 {
                (0..neurons)
                    .map(|pre| {
                        let rate = match pre.checked_sub(inputs) {
                            None => f64::from(batch.input[pre * width + example]),
                            Some(k) => x[k],
                        };
                        weights[post * neurons + pre] * rate
                    })
                    .sum()
            };
            let next: Vec<f64> = (0..free).map(|post| s(post).tanh()).collect();
            let off = next.iter().zip(&x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            x = next.iter().zip(&x).map(|(a, b)| 0.5 * (a + b)).collect();
            if off < 1e-14 {
                break;
            }
            assert!(sweep < 100_000, "no equilibrium");
        }
        for output in 0..outputs {
            let t = f64::from(batch.target[output * width + example]);
            sum += 0.5 * (x[hidden + output] - t).powi(2);
        }
    }
    sum / 4.0
}

#[test]
fn credit_at_equilibrium_is_the_gradient_of_the_loss_there() {
    for arm in [Arm::A, Arm::B] {
        let (network, mut batch) = small(arm);
        batch.load(&network);
        batch.fire(&HOW).unwrap();
        batch.settle_credit(&HOW).unwrap();
        let mut update = vec![0.0; network.weights.len()];
        batch.plasticity(4, &mut update);
        let weights: Vec<f64> = network.weights.iter().map(|w| f64::from(*w)).collect();
        let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
        for k in 0..weights.len() {
            let at = |step: f64| {
                let mut weights = weights.clone();
                weights[k] += step;
                loss(&network, &weights, &batch)
            };
            // Central differences of a loss that is known to about 1e-14: exact to about 1e-9.
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            worst = worst.max((f64::from(update[k]) + slope).abs());
            largest = largest.max(slope.abs());
        }
        // f32 equilibria to 1e-6, amplified by (I − Wᵀ diag β)⁻¹; measured 1.6e-6.
        assert!(largest > 0.1, "{largest}");
        assert!(worst < 4e-6, "arm {arm:?}: off by {worst} of {largest}");
    }
}

#[test]
fn the_recurrence_matters_in_that_net() {
    // Otherwise the test above would pass without credit ever going through a cycle.
    let (network, mut batch) = small(Arm::A);
    let mut update = |network: &Network| {
        batch.load(network);
        batch.fire(&HOW).unwrap();
        batch.settle_credit(&HOW).unwrap();
        let mut update = vec![0.0; network.weights.len()];
        batch.plasticity(4, &mut update);
        update
    };
    let (whole, cut) = (update(&network), update(&network.without_hidden_to_hidden()));
    let off = whole.iter().zip(&cut).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off > 0.02, "{off}");
}

#[test]
fn tanh_is_near_enough_and_odd_and_bounded() {
    for k in -40_000..=40_000 {
        let s = k as f32 / 2000.0;
        let (found, true_value) = (tanh(s), f64::from(s).tanh());
        assert!((f64::from(found) - true_value).abs() < 4e-7, "{s}: {found}");
        assert_eq!(found, -tanh(-s));
        assert!(found.abs() <= 1.0, "{s}: {found}");
    }
    assert!(tanh(f32::NAN).is_nan());
    assert!((tanh(f32::INFINITY) - 1.0).abs() < 4e-7);
}

#[test]
fn arms_and_lesions_have_the_synapses_that_they_should() {
    let shape = Shape { inputs: 3, hidden: 4, outputs: 2 };
    let draw = |arm| Network::draw(shape, arm, 0.3, &mut Draws::of(1, &[1]));
    let (a, b) = (draw(Arm::A), draw(Arm::B));
    for post in 0..6 {
        for pre in 0..9 {
            let (in_a, in_b) = (a.weights[post * 9 + pre], b.weights[post * 9 + pre]);
            assert_eq!(in_a == 0.0, post + 3 == pre, "self-synapses, and they alone");
            let direct = pre < 3 && post >= 4;
            assert_eq!(in_b, if direct { 0.0 } else { in_a });
        }
    }
    let cut = a.without_hidden_to_hidden();
    let lost = a.weights.iter().zip(&cut.weights).filter(|(a, b)| a != b).count();
    assert_eq!(lost, 4 * 3);
}

#[test]
fn start_weights_have_the_variance_asked_for() {
    let shape = Shape { inputs: 64, hidden: 60, outputs: 10 };
    let network = Network::draw(shape, Arm::A, 0.3, &mut Draws::of(1, &[1]));
    let weights: Vec<f64> = network.weights.iter().map(|w| f64::from(*w)).collect();
    let n = weights.iter().filter(|w| **w != 0.0).count() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    let variance = weights.iter().map(|w| w * w).sum::<f64>() / n;
    assert!(mean.abs() < 4.0 * (variance / n).sqrt());
    // The relative deviation of a variance from n draws is √(2/n) = 1.5 %.
    assert!((variance / (0.09 / 134.0) - 1.0).abs() < 0.06, "{variance}");
}

/// A plan that a debug build finishes in seconds: 4 × 4 images of three made-up classes.
fn tiny() -> (Plan, Data) {
    let mut draws = Draws::of(3, &[9]);
    let mut images = |count: usize| {
        let (mut rates, mut classes) = (Vec::new(), Vec::new());
        for k in 0..count {
            let class = k % 3;
            let pixel = |p: usize| if p % 3 == class { 0.8 } else { 0.2 };
            rates.extend((0..16).map(|p| pixel(p) + 0.1 * draws.normal() as f32));
            classes.push(class as u8);
        }
        Images { pixels: 16, rates, classes }
    };
    let data = Data { training: images(48), held_out: images(15) };
    let settings = Settings {
        hidden: 8,
        outputs: 3,
        batch: 16,
        longest: 60.0,
        best_of: 4,
        nulls: 1,
        eigenvalues: 3,
        ..Settings::default()
    };
    let mut keys = Vec::new();
    for (arm, rate) in [(Arm::A, 0.1), (Arm::A, 0.4), (Arm::B, 0.1), (Arm::B, 0.4)] {
        keys.extend([1, 2].map(|seed| Key { arm, rate, seed }));
    }
    (Plan { preview: false, settings, keys }, data)
}

fn swept(threads: usize) -> Vec<Run> {
    let (plan, data) = tiny();
    let mut runs = Vec::new();
    sweep(
        &Sweep { plan: &plan, data: &data },
        |_| false,
        threads,
        &|| false,
        |run| {
            runs.push(run);
            Ok(())
        },
    )
    .unwrap();
    runs
}

#[test]
fn one_and_two_threads_give_the_same_runs_and_table() {
    let (plan, _) = tiny();
    let all = |threads| {
        let mut runs = swept(threads);
        // Runs are finished in any order.
        let place = |run: &Run| plan.keys.iter().position(|key| *key == run.key);
        runs.sort_by_key(place);
        let table = Table::of(&plan, &runs).unwrap().csv();
        (format!("{runs:?}"), table)
    };
    let (one, two) = (all(1), all(2));
    assert!(one == two);
    // Eight runs of four losses, and eight controls.
    assert_eq!(one.1.lines().count(), 1 + 8 * 4 + 8);
}

#[test]
fn unstable_runs_are_rows_and_not_errors() {
    let (plan, data) = tiny();
    let hasty = Settings { sweeps: 3, ..plan.settings.clone() };
    let short = Settings { longest: 0.5, ..plan.settings.clone() };
    for (settings, word) in [(hasty, "rates_unsettled"), (short, "unfinished")] {
        let plan = Plan { settings, ..plan.clone() };
        let mut runs = Vec::new();
        sweep(
            &Sweep { plan: &plan, data: &data },
            |_| false,
            2,
            &|| false,
            |run| {
                runs.push(run);
                Ok(())
            },
        )
        .unwrap();
        let table = Table::of(&plan, &runs).unwrap();
        assert_eq!(table.rows.len(), 8 * 4 + 8);
        assert!(table.rows.iter().any(|row| !row.is_reached() && words(&row.end).0 == word));
        assert!(table.groups().iter().any(|group| group.reached == 0 && group.runs == 2));
        // A residual is named, and says that it was too large.
        for row in table.rows.iter().filter(|row| words(&row.end).0 == "rates_unsettled") {
            assert!(words(&row.end).1.is_some_and(|residual| residual > 1e-5));
        }
        let sentences = sentences(&plan, &table);
        assert!(sentences.iter().any(|said| said.contains("Not every run")), "{sentences:?}");
    }
}

#[test]
fn weights_are_compared_at_the_same_loss() {
    let (plan, data) = tiny();
    let course = train(&plan.settings, &data, &plan.keys[0], &|| false).unwrap();
    let asked: Vec<f64> = course.saved.iter().map(|saved| saved.asked).collect();
    assert_eq!(asked, plan.settings.losses);
    for saved in &course.saved {
        assert!(saved.loss <= saved.asked);
    }
    assert!(course.saved.windows(2).all(|pair| pair[0].steps <= pair[1].steps));
    // The control shares all but the end.
    let control = course.control.unwrap();
    assert_eq!(control.saved[2].network, course.saved[2].network);
    assert_ne!(control.saved[3].network, course.saved[3].network);
}

#[test]
fn a_stopped_sweep_says_so() {
    let (plan, data) = tiny();
    let found = sweep(&Sweep { plan: &plan, data: &data }, |_| false, 2, &|| true, |_| Ok(()));
    assert_eq!(found, Err(creditcheck::Error::Interrupted));
}

#[test]
fn statistics_by_hand() {
    let found = Statistic::of(&[1.0, f64::NAN, 3.0, 5.0]);
    // s = 2, t(2) = 4.303
    assert_eq!((found.mean, found.count), (3.0, 3));
    assert!((found.half_width - 4.303 * 2.0 / 3.0_f64.sqrt()).abs() < 1e-12);
    assert!(!found.is_clear() && Statistic::of(&[4.0, 4.5, 5.0]).is_clear());
    assert!(!Statistic::of(&[4.0]).is_clear(), "one number has no interval");
}
