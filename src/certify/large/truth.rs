//! C3 in tier P at any size: the update against dual numbers, for polynomial σ.

use super::{Source, each_column};
use crate::certificate::residues;
use crate::error::Error;
use crate::linalg::{Field, zeros};
use crate::modular::{Function, Layer, Network, Positions, credit, tangent};
use crate::progress::Progress;
use crate::spec::{Dense, Kink};
use crate::verdict::bridge::residues_of_update;
use crate::verdict::{Cell, Claim, Comparison, Tier};

/// How many examples a draw of C3 has at most: they are all alike in the identity.
const TRUTH_EXAMPLES: usize = 8;

/// C3 where σ is a polynomial: W, b, inputs, targets and the direction are all random.
pub(super) fn cell(
    dense: &Dense,
    field: &Field,
    source: &Source<'_>,
    progress: &mut dyn Progress,
) -> Result<Cell, Error> {
    let no = |why: String| Ok(Cell::not_applicable(Claim::Truth, Tier::Identity, why));
    let Some(degree) = degree_of_loss(dense) else {
        return no("C1–C2 only: σ has no meaning over a finite field".into());
    };
    if dense.layers.iter().any(|layer| layer.balance.is_some()) {
        return no("C1–C2 only: this case replaces the balance function".into());
    }
    let degree = degree.saturating_add(1);
    let Some((count, log2_bound)) = residues::draws(degree, field.prime()) else {
        return no(format!("C1–C2 only: the degree {degree} of the loss is too large for p"));
    };
    let batch = dense.batch().min(TRUTH_EXAMPLES);
    let positions = Positions { layers: vec![None; dense.layers.len()] };
    let mut comparison = Comparison::new();
    let mut network = blank(dense, field)?;
    let mut workspace = credit::Workspace::new(&network, batch)?;
    let widths = dense.widths();
    let (mut inputs, mut targets) =
        (zeros(widths[0], batch), zeros(widths[widths.len() - 1], batch));
    let mut direction = tangent::Direction {
        weights: network.layers.iter().map(|l| l.weights.clone()).collect(),
        biases: network.layers.iter().map(|l| l.biases.clone()).collect(),
    };
    for draw in 0..count {
        progress.stage(&format!("identity of the tangent, draw {} of {count}", draw + 1))?;
        let label = format!("large/truth/{draw}");
        for (l, layer) in network.layers.iter_mut().enumerate() {
            source.fill(&format!("{label}/W{}", l + 1), field, &mut layer.weights);
            source.fill(&format!("{label}/H{}", l + 1), field, &mut direction.weights[l]);
            let mut stream = source.stream(&format!("{label}/b{}", l + 1), field);
            let biases = layer.biases.iter_mut().chain(&mut direction.biases[l]).flatten();
            biases.for_each(|bias| *bias = field.of(stream.next()));
        }
        source.fill(&format!("{label}/inputs"), field, &mut inputs);
        source.fill(&format!("{label}/targets"), field, &mut targets);
        let learning_rate = field.of(source.stream(&format!("{label}/eta"), field).next());
        let (x, t) = (inputs.as_ref(), targets.as_ref());
        workspace.run(field, &network, x, t, &positions)?;
        let derivative = tangent::along(field, &network, &direction, x, t, &positions)?;
        let found = field.times(moved(field, &workspace, &direction), learning_rate);
        let place = |_| format!("draw {draw}: ⟨ΔW, H⟩");
        let derivative = [derivative];
        let expected = (learning_rate, derivative.as_slice());
        residues_of_update(field.prime(), &place, &[found], expected, &mut comparison);
    }
    Ok(Cell::checked(Claim::Truth, Tier::Identity, comparison.verdict()).note(format!(
        "dual numbers modulo {}, W, b, inputs, targets, η and H random, batch {batch}: degree ≤ {degree}, {count} draws, \
         a false identity survives with probability ≤ 2^{log2_bound}",
        field.prime()
    )))
}

/// ⟨ΔW, H⟩
pub(super) fn moved(
    field: &Field,
    workspace: &credit::Workspace,
    direction: &tangent::Direction,
) -> f64 {
    let mut found = 0.0;
    for l in 0..direction.weights.len() {
        let pairs = each_column(workspace.weight_update(l + 1), direction.weights[l].as_ref());
        let biases = workspace.bias_update(l + 1).zip(direction.biases[l].as_deref());
        for (update, along) in pairs.chain(biases) {
            for (entry, along) in update.iter().zip(along) {
                found = field.reduce(found + entry * along);
            }
        }
    }
    found
}

/// The functions of a case, with zeros for its numbers.
fn blank(dense: &Dense, field: &Field) -> Result<Network, Error> {
    let layers = dense.layers.iter().map(|layer| {
        Ok(Layer {
            weights: zeros(layer.weights.rows, layer.weights.cols),
            biases: layer.biases.as_ref().map(|biases| vec![0.0; biases.values.len()]),
            activation: Function::of(&layer.activation, field)?,
            kink: Kink::Left,
            balance: None,
        })
    });
    Ok(Network { layers: layers.collect::<Result<_, Error>>()? })
}

/// The degree of L in W, b, inputs and targets together, where every σ is a polynomial: deg s = deg x + 1, deg x = deg σ · deg s.
fn degree_of_loss(dense: &Dense) -> Option<u64> {
    let rate = dense.layers.iter().try_fold(1_u64, |below, layer| {
        let of_activation = layer.activation.degree()?;
        Some(below.saturating_add(1).saturating_mul(of_activation.into()))
    });
    rate.map(|rate| rate.saturating_mul(2))
}
