//! Somebody's gradient in floats against the exact one of the same float network.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use crate::error::Error;
use crate::modular::exact::{self, ExactLayer, Rule};
use crate::number::exact_f64;
use crate::progress::Progress;
use crate::spec::{Dense, Dtype, Number, Part, PerBlock};
use crate::verdict::bounded::{DenseBounds, scaled_rounding_bound};
use crate::verdict::judge::{BlockJudgement, Judgement, Nearness, Reference};
use crate::verdict::plausible::{Spread, spread, threshold};
use crate::verdict::power::Unchecked;
use crate::verdict::scaled::Scaled;
use crate::verdict::walk::{self, KEPT, walk};

/// Their gradient, block by block, in the shapes of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Theirs {
    /// ∂L/∂W and ∂L/∂b, layer by layer.
    pub entries: PerBlock<f64>,
    /// The format that holds the entries of each block.
    pub dtypes: Vec<Dtype>,
}

/// How an audit is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// In which arithmetic they say that they computed; none for the coarsest format among their tensors.
    pub arithmetic: Option<Dtype>,
    /// Their loss is so many times ours.
    pub scale: BigRational,
    /// Whether only what is proved counts: no plausible line.
    pub rigorous: bool,
}

/// What came of an audit.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Weights and biases of each layer.
    pub judgement: Judgement,
    /// The arithmetic of the rounding bound.
    pub arithmetic: Dtype,
    /// Net inputs so near a kink that this arithmetic may take either slope, per layer; and how many there are in all.
    pub uncertain: Vec<(usize, usize)>,
}

impl Audit {
    /// The worst of all blocks, or why it says nothing: every exact entry is zero, or zeros would pass in some block.
    ///
    /// # Errors
    /// [`Unchecked`] with the blocks and their reasons; none where some entry is beyond its bound.
    pub fn verdict(&self) -> Result<Nearness, Unchecked> {
        self.judgement.unchecked().map_or_else(|| Ok(self.judgement.nearness()), Err)
    }
}

/// Audits a gradient ∂L/∂W, ∂L/∂b of the loss of D0.
///
/// Exactness: the reference is the exact gradient of the very floats of the network; nothing is rounded before the comparison.
///
/// # Errors
/// [`Error::Unsupported`] for activations without an exact gradient; [`Error::NotFinite`] where no finite bound can be computed.
pub fn audit(
    dense: &Dense,
    theirs: &Theirs,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Audit, Error> {
    // The fewest bits; of two formats with as many, the one that underflows first.
    let coarsest = theirs.dtypes.iter().copied().min_by_key(|d| (d.precision(), -d.smallest()));
    let arithmetic = options.arithmetic.or(coarsest).unwrap_or(Dtype::F64);
    progress.stage("rounding bound")?;
    let bounds = scaled_rounding_bound(dense, arithmetic, &options.scale)?;
    progress.stage("exact gradient")?;
    let exact = exact_gradient(dense, progress)?;
    progress.stage("comparison")?;
    let spread = match options.rigorous {
        true => None,
        // Where no deviation can be had, the two other lines decide.
        false => spread(dense, arithmetic).ok(),
    };
    let blocks = compare(theirs, (&bounds, spread.as_ref()), &exact, &options.scale);
    Ok(Audit {
        judgement: Judgement { blocks, declared: None, solver: None },
        arithmetic,
        uncertain: bounds.layers.iter().map(|l| (l.uncertain, l.net_inputs)).collect(),
    })
}

fn compare(
    theirs: &Theirs,
    (bounds, spread): (&DenseBounds, Option<&Spread>),
    exact: &[ExactLayer],
    scale: &BigRational,
) -> Vec<BlockJudgement> {
    let mut audited = Vec::new();
    let threshold = threshold(theirs.entries.values().count());
    for (block, dtype) in theirs.entries.blocks.iter().zip(&theirs.dtypes) {
        let Part::Layer(layer) = block.part else { continue };
        let (bounds_of, exact) = (&bounds.layers[layer], &exact[layer]);
        let (bounds_of, exact) = match block.shape.is_of_biases() {
            true => (&bounds_of.biases, exact.biases.as_ref()),
            false => (&bounds_of.weights, Some(&exact.weights)),
        };
        let Some(exact) = exact else { continue };
        let scaled = Scaled::new(scale, bounds.dtype, *dtype);
        let which = usize::from(block.shape.is_of_biases());
        let spreads = spread.map(|spread| &spread.layers[layer][which]);
        let entries =
            block.entries.iter().zip(bounds_of).enumerate().map(|(index, (theirs, bound))| {
                let (numerator, denominator) = exact.fraction(index);
                let value =
                    BigRational::new_raw(numerator * scale.numer(), denominator * scale.denom());
                let bound = Some(scaled.bound(*bound, &value));
                let spread = spreads.map(|spreads| scaled.spread(spreads[index], &value));
                (held_exactly(*theirs), Reference { spread, ..Reference::exactly(value, bound) })
            });
        let place = |index| (block.at(index), Some(block.shape.place(index)));
        let (name, held) = (block.name(), Number::Float(*dtype));
        let about = walk::Block { name: &name, held, is_parameters: true, keep: KEPT, threshold };
        audited.push(walk(&about, &place, entries));
    }
    audited
}

/// Readers let no other value through; one that came in would be as far off as can be.
fn held_exactly(value: f64) -> BigRational {
    exact_f64(value).unwrap_or_else(|| BigRational::from_integer(BigInt::one() << 2000))
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
