//! Excitation against inhibition, and how they move while a network learns (D1, D2).

use kuva::plot::{BandPlot, LegendPosition, LinePlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::rows::Rows;
use crate::picture::{self, BLUE, COLOURS, GREY, ORANGE, PURPLE};

/// E, the sum of the positive terms, and I, minus the sum of the negative ones: s = E − I (D1).
///
/// Exactness: rounded sums, in the order of the terms.
///
/// ```
/// use creditcheck::simulate::balance::split;
/// assert_eq!(split([0.5, -2.0, 1.0].into_iter()), (1.5, 2.0));
/// ```
#[must_use]
pub fn split(terms: impl Iterator<Item = f64>) -> (f64, f64) {
    terms.fold((0.0, 0.0), |(e, i), term| if term > 0.0 { (e + term, i) } else { (e, i - term) })
}

/// How a quantity is spread over neurons and examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// A tenth of the values is below.
    pub low: f64,
    /// Half of them.
    pub median: f64,
    /// Nine tenths.
    pub high: f64,
}

impl Spread {
    /// Of these values; NaN where there are none.
    ///
    /// Exactness: quantiles are values of the set (nearest rank), the mean a rounded sum.
    ///
    /// ```
    /// use creditcheck::simulate::balance::Spread;
    /// let spread = Spread::of((1..=10).map(f64::from).collect());
    /// assert_eq!((spread.low, spread.median, spread.high), (1.0, 5.0, 9.0));
    /// ```
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        // Far below 2⁵³ values.
        #[allow(clippy::cast_precision_loss)]
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_by(f64::total_cmp);
        let rank = |tenths: usize| {
            let rank = (values.len() * tenths).div_ceil(10).saturating_sub(1);
            values.get(rank).copied().unwrap_or(f64::NAN)
        };
        Self { mean, low: rank(1), median: rank(5), high: rank(9) }
    }
}

/// The hidden neurons of a network after an epoch, over all training examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Passes through the training examples so far.
    pub epoch: usize,
    /// L of D0.
    pub loss: f64,
    /// Fraction of held-out examples that the network gets right.
    pub accuracy: f64,
    /// E.
    pub excitation: Spread,
    /// I.
    pub inhibition: Spread,
    /// |s| = |E − I|.
    pub imbalance: Spread,
    /// β.
    pub balance_factor: Spread,
    /// Which synaptic changes pull the postsynaptic neuron toward balance.
    pub toward: Toward,
}

/// The share of synaptic changes onto hidden neurons that lower the |s| of their neuron: ΔW_ij x_j against s_i.
///
/// One half is chance. Changes that move nothing (x_j = 0, or ΔW_ij = 0) are not counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toward {
    /// Of what the rule would do on each example alone, β_i c_i x_j; all synapses of a neuron then point the same way.
    pub single: f64,
    /// The same, each change counted by how much it moves s_i: |β_i c_i x_j²|.
    pub weighted: f64,
    /// Of what the epoch changed, on every example; NaN before the first.
    pub epoch: f64,
}

/// Counts changes, and those toward balance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    toward: f64,
    all: f64,
}

impl Tally {
    /// `change` is what a synapse adds to the net input s; it counts `weight` times.
    pub fn count(&mut self, change: f64, s: f64, weight: f64) {
        if change != 0.0 && s != 0.0 {
            self.all += weight;
            if (change < 0.0) == (s > 0.0) {
                self.toward += weight;
            }
        }
    }

    /// The share; NaN where nothing was counted.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.toward / self.all
    }
}

/// The numbers of a row in the order of [`COLUMNS`].
fn row(epoch: &Epoch) -> Vec<f64> {
    let mut row = vec![epoch.loss, epoch.accuracy];
    for spread in [epoch.excitation, epoch.inhibition, epoch.imbalance, epoch.balance_factor] {
        row.extend([spread.mean, spread.low, spread.median, spread.high]);
    }
    row.extend([epoch.toward.single, epoch.toward.weighted, epoch.toward.epoch]);
    row
}

/// What the columns of [`csv`] hold.
pub const COLUMNS: [&str; 22] = [
    "epoch",
    "loss",
    "accuracy",
    "E_mean",
    "E_q10",
    "E_median",
    "E_q90",
    "I_mean",
    "I_q10",
    "I_median",
    "I_q90",
    "abs_s_mean",
    "abs_s_q10",
    "abs_s_median",
    "abs_s_q90",
    "beta_mean",
    "beta_q10",
    "beta_median",
    "beta_q90",
    "toward_single",
    "toward_weighted",
    "toward_epoch",
];

/// One line an epoch; what is not a number is left empty.
///
/// Exactness: nine significant digits.
#[must_use]
pub fn csv(epochs: &[Epoch]) -> String {
    let mut rows = Rows::new(&COLUMNS);
    epochs.iter().for_each(|epoch| rows.row(&[epoch.epoch.to_string()], row(epoch)));
    rows.text()
}

/// E and I, |s|, β and the share toward balance over the epochs, as SVG.
///
/// The bytes are a function of the epochs and the title.
#[must_use]
pub fn figure(title: &str, epochs: &[Epoch]) -> String {
    // Epochs are few.
    #[allow(clippy::cast_precision_loss)]
    let at = |epoch: &Epoch| epoch.epoch as f64;
    let spread = |name: &str, colour: &str, of: &dyn Fn(&Epoch) -> Spread| {
        let x: Vec<f64> = epochs.iter().map(at).collect();
        let low: Vec<f64> = epochs.iter().map(|epoch| of(epoch).low).collect();
        let high: Vec<f64> = epochs.iter().map(|epoch| of(epoch).high).collect();
        let median = epochs.iter().map(|epoch| (at(epoch), of(epoch).median));
        let band = BandPlot::new(x, low, high).with_color(colour).with_opacity(0.16);
        let line = LinePlot::new().with_data(median).with_color(colour).with_stroke_width(2.0);
        vec![Plot::Band(band), Plot::Line(line.with_legend(name))]
    };
    let share = |name: &str, colour: &str, of: &dyn Fn(&Epoch) -> f64| {
        let points: Vec<(f64, f64)> = epochs
            .iter()
            .map(|epoch| (at(epoch), 100.0 * of(epoch)))
            .filter(|(_, share)| share.is_finite())
            .collect();
        let line = LinePlot::new().with_data(points).with_color(colour).with_stroke_width(2.0);
        Plot::Line(line.with_legend(name))
    };
    let mut both = spread("E, excitation", ORANGE, &|epoch| epoch.excitation);
    both.extend(spread("I, inhibition", BLUE, &|epoch| epoch.inhibition));
    let panels = [
        (
            "excitation and inhibition",
            "excitation E, inhibition I",
            LegendPosition::InsideTopLeft,
            both,
        ),
        (
            "distance from balance",
            "distance |s| = |E − I|",
            LegendPosition::InsideTopLeft,
            spread("|s|", PURPLE, &|epoch| epoch.imbalance),
        ),
        (
            "balance factor",
            "balance factor β",
            LegendPosition::InsideBottomLeft,
            spread("β = f(s)", COLOURS[2], &|epoch| epoch.balance_factor),
        ),
        (
            "synaptic changes toward balance",
            "share of the changes, %",
            LegendPosition::InsideTopRight,
            vec![
                share("one example", COLOURS[4], &|epoch| epoch.toward.single),
                share("one example, by size", COLOURS[6], &|epoch| epoch.toward.weighted),
                share("whole epoch", COLOURS[7], &|epoch| epoch.toward.epoch),
            ],
        ),
    ];
    let laid_out = |(k, (name, label, place, panel)): (usize, (_, &str, _, Vec<Plot>))| {
        let name: &str = name;
        let layout = picture::calm(Layout::auto_from_plots(&panel))
            .with_title(name)
            .with_x_label("epoch")
            .with_x_axis_max(epochs.last().map_or(1.0, at))
            .with_y_label(label)
            .with_legend_position(place);
        let layout = match k {
            3 => layout.with_reference_line(picture::rule(50.0, GREY, "chance")),
            _ => layout,
        };
        (panel, layout)
    };
    let panels = panels.into_iter().enumerate().map(laid_out).collect();
    let title = format!("{title}: median, and from the lowest to the highest tenth");
    picture::grid(&title, 2, (620.0, 330.0), 0.0, panels)
}
