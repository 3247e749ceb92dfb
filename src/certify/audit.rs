//! Somebody's gradient in floats against the exact one of the same float network.

use num_rational::BigRational;

use crate::check::audit::{AuditedBlock, Block, audit as audit_block, verdict};
use crate::check::bounded::{DenseBounds, scaled_rounding_bound};
use crate::check::judge::Nearness;
use crate::check::power::Unchecked;
use crate::error::Error;
use crate::modular::exact::{self, ExactLayer, Rule, Scaled};
use crate::progress::Progress;
use crate::spec::{Dense, Dtype, Tensor};

/// Their gradient of one layer, in the shapes of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Theirs {
    /// ∂L/∂W
    pub weights: Tensor,
    /// ∂L/∂b; none if the layer has no biases.
    pub biases: Option<Tensor>,
}

/// How an audit is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// In which arithmetic they say that they computed; none for the coarsest format among their tensors.
    pub arithmetic: Option<Dtype>,
    /// Their loss is so many times ours.
    pub scale: BigRational,
}

/// What came of an audit.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Weights and biases of each layer.
    pub blocks: Vec<AuditedBlock>,
    /// The arithmetic of the rounding bound.
    pub arithmetic: Dtype,
    /// Net inputs so near a kink that this arithmetic may take either slope, per layer; and how many there are in all.
    pub uncertain: Vec<(usize, usize)>,
    /// The worst of all blocks, or why it says nothing: every exact entry is zero, or zeros would pass in some block.
    pub verdict: Result<Nearness, Unchecked>,
}

/// Audits a gradient ∂L/∂W, ∂L/∂b of the loss of D0.
///
/// Exactness: the reference is the exact gradient of the very floats of the network; nothing is rounded before the comparison.
///
/// # Errors
/// [`Error::Unsupported`] for activations without an exact gradient; [`Error::NotFinite`] where no finite bound can be computed.
pub fn audit(
    dense: &Dense,
    theirs: &[Theirs],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Audit, Error> {
    let tensors = || theirs.iter().flat_map(|l| std::iter::once(&l.weights).chain(&l.biases));
    // The fewest bits; of two formats with as many, the one that underflows first.
    let coarsest = tensors().map(|t| t.dtype).min_by_key(|d| (d.precision(), -d.smallest()));
    let arithmetic = options.arithmetic.or(coarsest).unwrap_or(Dtype::F64);
    progress.stage("rounding bound")?;
    let bounds = scaled_rounding_bound(dense, arithmetic, &options.scale)?;
    progress.stage("exact gradient")?;
    let exact = exact_gradient(dense, progress)?;
    progress.stage("comparison")?;
    let blocks = compare(dense, theirs, &bounds, &exact, &options.scale);
    Ok(Audit {
        verdict: verdict(&blocks),
        blocks,
        arithmetic,
        uncertain: bounds.layers.iter().map(|l| (l.uncertain, l.net_inputs)).collect(),
    })
}

fn compare(
    dense: &Dense,
    theirs: &[Theirs],
    bounds: &DenseBounds,
    exact: &[ExactLayer],
    scale: &BigRational,
) -> Vec<AuditedBlock> {
    let mut blocks = Vec::new();
    for (l, (theirs, exact)) in theirs.iter().zip(exact).enumerate() {
        let name = format!("weights of layer {}", l + 1);
        let block = Block {
            name: &name,
            columns: Some(dense.layers[l].weights.cols),
            dtype: theirs.weights.dtype,
            theirs: &theirs.weights.values,
            bounds: &bounds.layers[l].weights,
            arithmetic: bounds.dtype,
        };
        blocks.push(block_against(&block, &exact.weights, scale));
        if let (Some(theirs), Some(exact)) = (&theirs.biases, &exact.biases) {
            let name = format!("biases of layer {}", l + 1);
            let block = Block {
                name: &name,
                columns: None,
                dtype: theirs.dtype,
                theirs: &theirs.values,
                bounds: &bounds.layers[l].biases,
                arithmetic: bounds.dtype,
            };
            blocks.push(block_against(&block, exact, scale));
        }
    }
    blocks
}

fn block_against(block: &Block<'_>, exact: &Scaled, scale: &BigRational) -> AuditedBlock {
    let numerators = (0..exact.len()).map(|index| exact.fraction(index).0);
    // A layer has at least one entry.
    audit_block(block, numerators, exact.fraction(0).1, scale)
}

/// ∂L/∂W and ∂L/∂b, whatever balance function the credit rule would use.
fn exact_gradient(dense: &Dense, progress: &mut dyn Progress) -> Result<Vec<ExactLayer>, Error> {
    let mut watch = |stage: &str, done: usize, of: usize| {
        progress.stage(&format!("exact gradient, {stage} {done} of {of}"))
    };
    if dense.layers.iter().all(|layer| layer.balance.is_none()) {
        return Ok(exact::run(dense, Rule::Backprop, &mut watch)?.layers);
    }
    let mut plain = dense.clone();
    plain.layers.iter_mut().for_each(|layer| layer.balance = None);
    Ok(exact::run(&plain, Rule::Backprop, &mut watch)?.layers)
}
