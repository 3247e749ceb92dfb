//! The integrator alone: its order, and what it does with what it cannot integrate.

use creditcheck::error::Error;
use creditcheck::simulate::timescales::integrator::DormandPrince;
use creditcheck::simulate::timescales::slope;

/// A pendulum with a push: nonlinear, not autonomous, smooth.
fn pendulum(t: f64, y: &[f64], slope: &mut [f64]) {
    slope[0] = y[1];
    slope[1] = -y[0].sin() + 0.3 * (1.7 * t).cos();
}

fn solved(rtol: f64) -> (Vec<f64>, u64) {
    let mut solver = DormandPrince::new(0.0, &[1.0, 0.0], rtol);
    solver.advance(&mut pendulum, 10.0, &[1.0, 1.0], &mut || Ok(())).unwrap();
    (solver.y().to_vec(), solver.steps().0)
}

/// Global error ∝ (number of steps)⁻⁵.
#[test]
fn order_is_five() {
    let (truth, _) = solved(1e-13);
    let mut points = Vec::new();
    for rtol in [1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 3e-9, 1e-9, 3e-10] {
        let (found, steps) = solved(rtol);
        let error = found.iter().zip(&truth).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        points.push((steps as f64, error));
    }
    let order = -slope(&points);
    assert!((4.6..5.6).contains(&order), "order {order}, {points:?}");
}

/// 1/(1 − y) blows up at t = 1: an error with the time, not a number.
#[test]
fn a_blow_up_is_an_error() {
    let mut explosion = |_: f64, y: &[f64], slope: &mut [f64]| slope[0] = y[0] * y[0];
    let mut solver = DormandPrince::new(0.0, &[1.0], 1e-8);
    let found = solver.advance(&mut explosion, 2.0, &[1.0], &mut || Ok(()));
    assert!(matches!(&found, Err(Error::NotFinite { what }) if what.contains("1.0")), "{found:?}");
}

/// Stopping on the way changes the steps, not the result.
#[test]
fn stops_on_the_way_do_not_matter() {
    let (direct, steps) = solved(1e-9);
    let mut solver = DormandPrince::new(0.0, &[1.0, 0.0], 1e-9);
    for k in 1..=100 {
        solver.advance(&mut pendulum, f64::from(k) / 10.0, &[1.0, 1.0], &mut || Ok(())).unwrap();
    }
    for (a, b) in direct.iter().zip(solver.y()) {
        assert!((a - b).abs() < 1e-7, "{a} {b}");
    }
    assert!(solver.steps().0 >= steps);
}

/// The watcher is asked, and obeyed.
#[test]
fn can_be_interrupted() {
    let mut stiff = |_: f64, y: &[f64], slope: &mut [f64]| slope[0] = -1e5 * (y[0] - 1.0);
    let mut solver = DormandPrince::new(0.0, &[0.0], 1e-8);
    let found = solver.advance(&mut stiff, 10.0, &[1.0], &mut || Err(Error::Interrupted));
    assert_eq!(found, Err(Error::Interrupted));
    assert!(solver.t() < 1.0);
}
