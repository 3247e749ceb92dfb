//! The built-in sweep, on the shorter of its networks.

use creditcheck::certify::Silent;
use creditcheck::simulate::timescales::{Ratio, chain, sweep};

#[test]
fn the_table_of_the_chain() {
    let found = sweep(&chain(), 1e-7, &mut Silent).unwrap();
    assert_eq!(found.curves.len(), 5);
    assert_eq!(found.blocks, ["total", "layer 1", "layer 2", "layer 3"]);
    for curve in &found.curves {
        let name = curve.ratio.key();
        assert_eq!(curve.points.len(), 9, "{name}");
        let (first, last) = (curve.points[0].ratio, curve.points[8].ratio);
        assert!((last / first - 100.0).abs() < 1e-9, "{name}: two decades");
        assert!((curve.slope - 1.0).abs() < 0.03, "{name}: slope {}", curve.slope);
        let within = curve.within.unwrap();
        assert!(first < within && within < last, "{name}: {within}");
        // A tenth of the tolerance changes no curve by a thousandth of itself.
        let most = curve.points.iter().map(|point| point.tolerance).fold(0.0, f64::max);
        assert!(most < 1e-4, "{name}: {most:e}");
        for (factor, predicted) in curve.factors.iter().zip(&curve.predicted) {
            let Some(predicted) = predicted else { continue };
            assert!((factor / predicted - 1.0).abs() < 0.05, "{name}: {factor} {predicted}");
        }
    }
    let law = |ratio: Ratio| {
        let curve = found.curves.iter().find(|curve| curve.ratio == ratio).unwrap();
        curve.predicted.iter().flatten().count()
    };
    assert_eq!((law(Ratio::Credit), law(Ratio::Plasticity), law(Ratio::Firing)), (4, 4, 0));
}
