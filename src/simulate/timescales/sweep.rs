//! The deviation against each of the three ratios, each separated from the others by its start (the table of D10).

use super::deviation::{Deviation, Deviations};
use super::equilibrium::{Equilibrium, PerParameter, gradient, hessian_on_gradient};
use super::network::{Block, Net, Shown, Weights};
use super::present::{Labelled, Presentation, Start, Times};
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::Case;

/// τ_x/T where another ratio is swept: T/τ_x is never above 10⁵.
const FASTEST: f64 = 1e-5;
/// The gate of the gated sweep, in units of τ_c.
const GATE: f64 = 20.0;
/// The deviation that counts as backpropagation.
pub const WITHIN: f64 = 0.01;
/// 10^(k/4): four points a decade, the same bits on every machine.
const QUARTERS: [f64; 4] =
    [1.0, 1.778_279_410_038_922_8, 3.162_277_660_168_379_5, 5.623_413_251_903_491];

/// Which ratio is swept, and how the others are kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ratio {
    /// τ_c/T: x and c from rest, W frozen.
    Credit,
    /// τ_c/T again: x and c where the example before left them, W frozen.
    CreditAfterPrevious,
    /// τ_x/T: x from rest, c at its equilibrium, W frozen, τ_c = 3 τ_x.
    Firing,
    /// T/τ_w: x and c at equilibrium, W moving.
    Plasticity,
    /// (T − t_g)/τ_w: from rest, W moving, plasticity gated by 20 τ_c.
    PlasticityGated,
}

impl Ratio {
    /// All five, in the order of the table.
    pub const ALL: [Self; 5] = [
        Self::Credit,
        Self::CreditAfterPrevious,
        Self::Firing,
        Self::Plasticity,
        Self::PlasticityGated,
    ];

    /// The ratio as a formula.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Credit | Self::CreditAfterPrevious => "τ_c/T",
            Self::Firing => "τ_x/T",
            Self::Plasticity => "T/τ_w",
            Self::PlasticityGated => "(T−t_g)/τ_w",
        }
    }

    /// The ratio in words, with its symbol.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Credit | Self::CreditAfterPrevious => "credits against presentation, τ_c/T",
            Self::Firing => "rates against presentation, τ_x/T",
            Self::Plasticity => "presentation against weights, T/τ_w",
            Self::PlasticityGated => "gated presentation, (T−t_g)/τ_w",
        }
    }

    /// The start, and what keeps the other ratios out.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Credit => "x and c from rest, W frozen",
            Self::CreditAfterPrevious => "from the previous example, W frozen",
            Self::Firing => "x from rest, c settled, W frozen",
            Self::Plasticity => "x and c settled, W moving",
            Self::PlasticityGated => "from rest, gated by 20 τ_c, W moving",
        }
    }

    /// A word for documents.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Credit => "tau_c/T",
            Self::CreditAfterPrevious => "tau_c/T from previous",
            Self::Firing => "tau_x/T",
            Self::Plasticity => "T/tau_w",
            Self::PlasticityGated => "(T-gate)/tau_w",
        }
    }

    /// Two decades, four points each, both ends included.
    fn points(self) -> impl Iterator<Item = f64> {
        let first = if self == Self::Firing { 1e-4 * QUARTERS[2] } else { 1e-3 };
        (0..=8).map(move |k| first * [1.0, 10.0, 100.0][k / 4] * QUARTERS[k % 4])
    }

    /// T = 1 throughout; the curves depend on ratios alone.
    fn times(self, ratio: f64) -> Times {
        let frozen =
            Times { tau_x: FASTEST, tau_c: 1e-3, tau_w: f64::INFINITY, present: 1.0, gate: 0.0 };
        match self {
            // As slow as leaves τ_c alone, which is fast to integrate.
            Self::Credit | Self::CreditAfterPrevious => {
                Times { tau_x: FASTEST.max(1e-3 * ratio), tau_c: ratio, ..frozen }
            }
            Self::Firing => Times { tau_x: ratio, tau_c: 3.0 * ratio, ..frozen },
            Self::Plasticity => Times { tau_x: 1e-4, tau_w: 1.0 / ratio, ..frozen },
            Self::PlasticityGated => {
                let gate = GATE * frozen.tau_c;
                Times { tau_x: 1e-4, tau_w: (1.0 - gate) / ratio, gate, ..frozen }
            }
        }
    }

    /// The point at which factors are read off: where τ_x = 10⁻³ τ_c for the first two, the lowest for the others.
    fn reference(self) -> usize {
        match self {
            Self::Credit | Self::CreditAfterPrevious => 4,
            _ => 0,
        }
    }

    fn start(self) -> Start {
        match self {
            Self::Credit | Self::PlasticityGated => Start::Rest,
            Self::CreditAfterPrevious => Start::Previous,
            Self::Firing => Start::RatesAtRest,
            Self::Plasticity => Start::Equilibrium,
        }
    }
}

/// One point of a curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// The ratio that is swept.
    pub ratio: f64,
    /// What came of it, in total and by block.
    pub deviations: Deviations,
    /// How much the total changed, relatively, when the tolerance was divided by 10.
    pub tolerance: f64,
}

/// The deviation against one ratio.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Which ratio.
    pub ratio: Ratio,
    /// From the lowest ratio to the highest.
    pub points: Vec<Point>,
    /// Fitted slope of log deviation against log ratio, all points.
    pub slope: f64,
    /// The ratio below which the deviation is at most 1 %, between two points; `None` outside of the sweep.
    pub within: Option<f64>,
    /// Deviation over ratio where the law is purest, in total and by block: at τ_c/T = 10⁻² for credit, at the lowest point otherwise.
    pub factors: Vec<f64>,
    /// What D10 says of the same factors, where it says it: h + 1 hops, or ‖H g‖/(2‖g‖); nothing where a balance function is replaced.
    pub predicted: Vec<Option<f64>>,
}

/// All curves of a case.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What the blocks are called: `total`, then layers or heights.
    pub blocks: Vec<String>,
    /// One curve per ratio.
    pub curves: Vec<Curve>,
    /// The tolerance of the integration, and a tenth of it was tried too.
    pub rtol: f64,
}

/// Sweeps the three ratios on the first example of a case; the previous one is its last.
///
/// Equations: the laws of D10. Exactness: floats; every point is integrated twice, with `rtol` and a tenth of it.
///
/// # Errors
/// As [`Presentation::run`]; [`Error::Input`] where the gradient is zero, so that there is nothing to deviate from.
pub fn sweep(case: &Case, rtol: f64, progress: &mut dyn Progress) -> Result<Sweep, Error> {
    let (net, weights, examples) = Net::of(case)?;
    let (Some(shown), Some(before)) = (examples.first(), examples.last()) else {
        return Err(Error::input("examples", "no examples", "at least one"));
    };
    let subject = Subject { case, net: &net, weights: &weights, shown, before, rtol };
    let g = gradient(case, &net, &weights, shown)?;
    if g.norm() == 0.0 {
        return Err(Error::input(
            "examples[0]",
            "a gradient of zero",
            "an error that reaches a parameter, or there is nothing to deviate from",
        ));
    }
    let mut curves = Vec::new();
    for ratio in Ratio::ALL {
        // With one example there is no other before it.
        if ratio == Ratio::CreditAfterPrevious && examples.len() < 2 {
            continue;
        }
        curves.push(subject.curve(ratio, progress)?);
    }
    let blocks = net.blocks().iter().map(|block| block.name.clone());
    Ok(Sweep { blocks: std::iter::once("total".to_owned()).chain(blocks).collect(), curves, rtol })
}

struct Subject<'a> {
    case: &'a Case,
    net: &'a Net,
    weights: &'a Weights,
    shown: &'a Shown,
    before: &'a Shown,
    rtol: f64,
}

impl Subject<'_> {
    fn curve(&self, ratio: Ratio, progress: &mut dyn Progress) -> Result<Curve, Error> {
        let mut points = Vec::new();
        for value in ratio.points() {
            let label = format!("{} = {value:.1e}", ratio.symbol());
            progress.stage(&label)?;
            let mut labelled = Labelled { progress, label: &label };
            let coarse = self.deviations(ratio, value, self.rtol, &mut labelled)?;
            let deviations = self.deviations(ratio, value, self.rtol / 10.0, &mut labelled)?;
            let (fine, coarse) = (deviations.total.relative, coarse.total.relative);
            points.push(Point { ratio: value, tolerance: (coarse / fine - 1.0).abs(), deviations });
        }
        let totals: Vec<_> =
            points.iter().map(|p| (p.ratio, p.deviations.total.relative)).collect();
        let factors = points.get(ratio.reference()).map_or_else(Vec::new, |point| {
            let all = std::iter::once(&point.deviations.total).chain(&point.deviations.blocks);
            all.map(|deviation| deviation.relative / point.ratio).collect()
        });
        Ok(Curve {
            ratio,
            slope: slope(&totals),
            within: crossing(&totals, WITHIN),
            factors,
            predicted: self.predicted(ratio)?,
            points,
        })
    }

    fn deviations(
        &self,
        ratio: Ratio,
        value: f64,
        rtol: f64,
        progress: &mut dyn Progress,
    ) -> Result<Deviations, Error> {
        let presentation = Presentation {
            case: self.case,
            net: self.net,
            weights: self.weights,
            shown: self.shown,
            times: ratio.times(value),
            start: ratio.start(),
            moving: matches!(ratio, Ratio::Plasticity | Ratio::PlasticityGated),
            rtol,
        };
        let previous = Equilibrium::of(self.net, self.weights, self.before)?;
        let presented = presentation.run(Some(&previous), &[], &mut |_, _| (), progress)?;
        Ok(Deviations::of(self.net, &presented))
    }

    /// The laws of D10, to first order in the ratio: in total and by block.
    fn predicted(&self, ratio: Ratio) -> Result<Vec<Option<f64>>, Error> {
        let (case, net, weights, shown) = (self.case, self.net, self.weights, self.shown);
        let g = gradient(case, net, weights, shown)?;
        let norm = |values: Vec<f64>| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let blocks = net.blocks();
        match ratio {
            // Then the rule follows no gradient.
            _ if case.has_own_balance() => Ok(vec![None; 1 + blocks.len()]),
            // The credit of a layer h hops from the output is h + 1 time constants late.
            Ratio::Credit if self.is_layered() => {
                let lags: Vec<f64> = blocks.iter().map(|block| lag(block.hops)).collect();
                let late = blocks.iter().zip(&lags).map(|(block, lag)| lag * norm(pick(block, &g)));
                let total = norm(late.collect()) / g.norm();
                Ok(std::iter::once(total).chain(lags).map(Some).collect())
            }
            Ratio::Plasticity | Ratio::PlasticityGated => {
                let curved = hessian_on_gradient(case, net, weights, shown)?;
                let half = |curved: Vec<f64>, g: Vec<f64>| Some(norm(curved) / (2.0 * norm(g)));
                let total = half(curved.iter().collect(), g.iter().collect());
                let block = |block| half(pick(block, &curved), pick(block, &g));
                Ok(std::iter::once(total).chain(blocks.iter().map(block)).collect())
            }
            _ => Ok(vec![None; 1 + blocks.len()]),
        }
    }

    /// Whether every path from a neuron to the output is of one length, so that a block has one lag.
    fn is_layered(&self) -> bool {
        matches!(self.case.network, crate::spec::Network::Layered(_))
    }
}

/// The numbers of one block.
fn pick(block: &Block, all: &PerParameter) -> Vec<f64> {
    let synapses = block.synapses.iter().map(|&k| all.synapses[k]);
    synapses.chain(block.biases.iter().map(|&k| all.biases[k])).collect()
}

/// h + 1 time constants.
fn lag(hops: Option<usize>) -> f64 {
    // Layers are few.
    #[allow(clippy::cast_precision_loss)]
    let hops = hops.unwrap_or(0) as f64;
    hops + 1.0
}

/// Least squares of log y on log x.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    // Points are few.
    #[allow(clippy::cast_precision_loss)]
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    covariance / logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>()
}

/// Where a curve first passes `level`, on the straight line between two points in logarithms.
fn crossing(points: &[(f64, f64)], level: f64) -> Option<f64> {
    points.windows(2).find(|pair| pair[0].1 <= level && pair[1].1 > level).map(|pair| {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let part = (level / y0).ln() / (y1 / y0).ln();
        x0 * (x1 / x0).powf(part)
    })
}

/// The deviation of a point, in total or in a block, as [`Sweep::blocks`] counts them.
#[must_use]
pub fn part(point: &Point, block: usize) -> Deviation {
    match block.checked_sub(1) {
        None => point.deviations.total,
        Some(block) => point.deviations.blocks[block],
    }
}
