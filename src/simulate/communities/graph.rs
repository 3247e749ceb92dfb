//! Directed weighted graphs, their modularity, and the best of many runs of Leiden.

use leiden_rs::{
    GraphData, GraphDataBuilder, Leiden, LeidenConfig, LeidenError, MultiplexConfig, run_multiplex,
};

use crate::error::Error;
use crate::simulate::experiment::Draws;

/// A directed graph with weights of either sign, dense.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Nodes, n.
    pub nodes: usize,
    /// n × n by rows: `weights[post * n + pre]`, as W; 0 where no edge is.
    pub weights: Vec<f64>,
}

impl Graph {
    /// The graph of the absolute weights.
    #[must_use]
    pub fn absolute(&self) -> Self {
        let weights = self.weights.iter().map(|weight| weight.abs()).collect();
        Self { nodes: self.nodes, weights }
    }

    /// The positive part, or the negative part with its sign turned.
    #[must_use]
    pub fn part(&self, sign: f64) -> Self {
        let weights = self.weights.iter().map(|weight| (sign * weight).max(0.0)).collect();
        Self { nodes: self.nodes, weights }
    }

    /// The nodes of a range alone.
    #[must_use]
    pub fn among(&self, range: std::ops::Range<usize>) -> Self {
        let rows = self.weights.chunks_exact(self.nodes.max(1)).skip(range.start).take(range.len());
        let weights = rows.flat_map(|row| &row[range.clone()]).copied().collect();
        Self { nodes: range.len(), weights }
    }

    /// Σ weights.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// For each node the weight that comes in, and the weight that goes out.
    #[must_use]
    pub fn strengths(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut into, mut out_of) = (vec![0.0; self.nodes], vec![0.0; self.nodes]);
        for (post, row) in self.weights.chunks_exact(self.nodes.max(1)).enumerate() {
            for (pre, weight) in row.iter().enumerate() {
                into[post] += weight;
                out_of[pre] += weight;
            }
        }
        (into, out_of)
    }

    /// Directed modularity of a partition, for weights that are not negative (Leicht and Newman 2008):
    ///
    /// Q = (1/m) Σ_ij [W_ij − in_i out_j / m] over i, j of the same community, m = Σ W; 0 if m is 0.
    #[must_use]
    pub fn modularity(&self, labels: &[usize]) -> f64 {
        let m = self.total();
        if m == 0.0 {
            return 0.0;
        }
        let (into, out_of) = self.strengths();
        let mut sum = 0.0;
        for (post, row) in self.weights.chunks_exact(self.nodes.max(1)).enumerate() {
            for (pre, weight) in row.iter().enumerate() {
                if labels[post] == labels[pre] {
                    sum += weight - into[post] * out_of[pre] / m;
                }
            }
        }
        sum / m
    }

    /// Signed directed modularity (Gómez, Jensen and Arenas 2009): Q = (m⁺ Q⁺ − m⁻ Q⁻)/(m⁺ + m⁻), of the two parts.
    #[must_use]
    pub fn signed_modularity(&self, labels: &[usize]) -> f64 {
        let (plus, minus) = (self.part(1.0), self.part(-1.0));
        let (m_plus, m_minus) = (plus.total(), minus.total());
        if m_plus + m_minus == 0.0 {
            return 0.0;
        }
        (m_plus * plus.modularity(labels) - m_minus * minus.modularity(labels)) / (m_plus + m_minus)
    }

    fn data(&self) -> Result<GraphData, LeidenError> {
        let mut builder = GraphDataBuilder::new(self.nodes).directed();
        for (post, row) in self.weights.chunks_exact(self.nodes.max(1)).enumerate() {
            for (pre, &weight) in row.iter().enumerate() {
                if weight != 0.0 {
                    builder.add_edge(pre, post, weight)?;
                }
            }
        }
        builder.build()
    }
}

/// The best partition that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The community of each node, numbered by first appearance.
    pub labels: Vec<usize>,
    /// Its modularity, by the definition above and not by the library.
    pub quality: f64,
    /// The best of the even runs alone, to see how far the method agrees with itself.
    pub even: Vec<usize>,
    /// The best of the odd runs alone.
    pub odd: Vec<usize>,
}

/// The best of many runs of Leiden, by directed modularity; single runs are not near the best.
///
/// Weights must not be negative. Exactness: heuristic; the same for the same draws and the same versions of `leiden-rs` and
/// of the generator inside it.
///
/// # Errors
/// [`Error::NotFinite`] for weights that are not finite.
pub fn communities(graph: &Graph, runs: usize, draws: &mut Draws) -> Result<Found, Error> {
    let data = graph.data().map_err(refused)?;
    best(
        runs,
        draws,
        |labels| graph.modularity(labels),
        |seed| {
            let config = LeidenConfig { seed: Some(seed), ..LeidenConfig::default() };
            Ok(Leiden::new(config).run(&data)?.partition.as_slice().to_vec())
        },
    )
}

/// The best of many runs of Leiden by signed directed modularity: two layers, of weights m⁺/(m⁺ + m⁻) and −m⁻/(m⁺ + m⁻).
///
/// # Errors
/// As [`communities`].
pub fn signed_communities(graph: &Graph, runs: usize, draws: &mut Draws) -> Result<Found, Error> {
    let (plus, minus) = (graph.part(1.0), graph.part(-1.0));
    let (m_plus, m_minus) = (plus.total(), minus.total());
    if m_minus == 0.0 || m_plus == 0.0 {
        return communities(&graph.absolute(), runs, draws);
    }
    let layers = [plus.data().map_err(refused)?, minus.data().map_err(refused)?];
    let layer_weights = vec![m_plus / (m_plus + m_minus), -m_minus / (m_plus + m_minus)];
    best(
        runs,
        draws,
        |labels| graph.signed_modularity(labels),
        |seed| {
            let layer_weights = layer_weights.clone();
            let config =
                MultiplexConfig { seed: Some(seed), layer_weights, ..MultiplexConfig::default() };
            Ok(run_multiplex(&layers, &config)?.partition.as_slice().to_vec())
        },
    )
}

fn best(
    runs: usize,
    draws: &mut Draws,
    quality: impl Fn(&[usize]) -> f64,
    run: impl Fn(u64) -> Result<Vec<usize>, LeidenError>,
) -> Result<Found, Error> {
    let mut halves = [(f64::NEG_INFINITY, Vec::new()), (f64::NEG_INFINITY, Vec::new())];
    for k in 0..runs.max(2) {
        let labels = run(draws.integer()).map_err(refused)?;
        let quality = quality(&labels);
        if quality > halves[k % 2].0 {
            halves[k % 2] = (quality, labels);
        }
    }
    let [(even_quality, even), (odd_quality, odd)] = halves;
    let (quality, labels) =
        if odd_quality > even_quality { (odd_quality, &odd) } else { (even_quality, &even) };
    Ok(Found { labels: renumbered(labels), quality, even, odd })
}

/// The same partition with its communities numbered by first appearance.
fn renumbered(labels: &[usize]) -> Vec<usize> {
    let mut seen = Vec::new();
    let number = |label: &usize| {
        seen.iter().position(|known| known == label).unwrap_or_else(|| {
            seen.push(*label);
            seen.len() - 1
        })
    };
    labels.iter().map(number).collect()
}

// Only weights that are not finite, or negative, are refused.
#[allow(clippy::needless_pass_by_value)]
fn refused(error: LeidenError) -> Error {
    Error::NotFinite { what: format!("weights of a graph: {error}") }
}
