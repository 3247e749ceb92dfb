//! Somebody's gradient in floats against the exact one of the same float network.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use super::explain;
use super::squared::as_half_squared;
use crate::error::Error;
use crate::modular::exact::{self, ExactLayer, Rule};
use crate::number::exact_f64;
use crate::progress::Progress;
use crate::spec::{
    Arithmetic, Block, Dense, DenseLayer, Dtype, Loss, Number, Part, PerBlock, Shape,
};
use crate::verdict::bounded::{DenseBounds, scaled_rounding_bound};
use crate::verdict::judge::{BlockJudgement, Judgement, Nearness, Reference};
use crate::verdict::plausible::{Spread, spread, threshold};
use crate::verdict::power::Unchecked;
use crate::verdict::reading;
use crate::verdict::rearranged::TRANSPOSED;
use crate::verdict::scaled::Scaled;
use crate::verdict::walk::{self, KEPT, walk};
use crate::wire::gradient::{Gradient, Quantity};

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
    pub arithmetic: Option<Arithmetic>,
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
    pub arithmetic: Arithmetic,
    /// Net inputs so near a kink that this arithmetic may take either slope, per layer; and how many there are in all.
    pub uncertain: Vec<(usize, usize)>,
    /// What would explain it, if it is refused.
    pub diagnosis: Vec<String>,
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

/// Up to so many parameters the fractions of all of them are held at once, to look for what explains those that differ.
const MOST_EXPLAINED: usize = 200_000;

/// Audits a gradient ∂L/∂W, ∂L/∂b of the loss of D0, and says what would explain one that is refused.
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
    match &dense.loss {
        Loss::HalfSquaredError => of_squares(dense, &dense.loss, theirs, options, progress),
        Loss::Reduced { .. } => {
            let (times, squares) = as_half_squared(dense, "an audit")?;
            let options = Options { scale: &options.scale * times, ..options.clone() };
            of_squares(&squares, &dense.loss, theirs, &options, progress)
        }
    }
}

/// [`audit`] of half squared error, times the scale; `loss` is what a factor is read against.
fn of_squares(
    dense: &Dense,
    loss: &Loss,
    theirs: &Theirs,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Audit, Error> {
    progress.stage("exact gradient")?;
    let exact = exact_gradient(dense, progress)?;
    let arithmetic = options.arithmetic.unwrap_or(theirs.coarsest().into());
    let right = Right::of(dense, &exact, options, arithmetic, progress)?;
    let mut found = right.audit(theirs);
    if found.judgement.nearness().is_refused() {
        let there = (&found.judgement, &right);
        found.diagnosis = explained((dense, loss), theirs, there, options, progress)?;
    }
    Ok(found)
}

impl Theirs {
    /// The format of the fewest bits; of two with as many, the one that underflows first.
    fn coarsest(&self) -> Dtype {
        let coarsest = self.dtypes.iter().copied().min_by_key(|d| (d.precision(), -d.smallest()));
        coarsest.unwrap_or(Dtype::F64)
    }

    /// The same in the other layout; for square matrices, which fit either way.
    fn turned(&self) -> Self {
        let mut turned = self.clone();
        for block in &mut turned.entries.blocks {
            if let Shape::Matrix { rows, columns } = block.shape {
                let at = |at: usize| block.entries[at % rows * columns + at / rows];
                block.entries = (0..block.entries.len()).map(at).collect();
            }
        }
        turned
    }
}

/// What is right, with its bounds in one arithmetic.
struct Right<'a> {
    exact: &'a [ExactLayer],
    scale: &'a BigRational,
    bounds: DenseBounds,
    spread: Option<Spread>,
}

impl<'a> Right<'a> {
    fn of(
        dense: &Dense,
        exact: &'a [ExactLayer],
        options: &'a Options,
        arithmetic: Arithmetic,
        progress: &mut dyn Progress,
    ) -> Result<Self, Error> {
        progress.stage("rounding bound")?;
        let bounds = scaled_rounding_bound(dense, arithmetic, &options.scale)?;
        progress.stage("comparison")?;
        let spread = match options.rigorous {
            true => None,
            // Where no deviation can be had, the two other lines decide.
            false => spread(dense, arithmetic).ok(),
        };
        Ok(Self { exact, scale: &options.scale, bounds, spread })
    }

    fn audit(&self, theirs: &Theirs) -> Audit {
        Audit {
            judgement: Judgement { blocks: self.compare(theirs), declared: None, solver: None },
            arithmetic: self.bounds.arithmetic,
            uncertain: self.bounds.layers.iter().map(|l| (l.uncertain, l.net_inputs)).collect(),
            diagnosis: Vec::new(),
        }
    }

    fn compare(&self, theirs: &Theirs) -> Vec<BlockJudgement> {
        let mut audited = Vec::new();
        let threshold = threshold(theirs.entries.values().count());
        for (block, dtype) in theirs.entries.blocks.iter().zip(&theirs.dtypes) {
            let Some(right) = self.block(block.part, &block.shape, *dtype) else { continue };
            let entries = block.entries.iter().map(|value| held_exactly(*value)).zip(right);
            let place = |index| (block.at(index), Some(block.shape.place(index)));
            let (name, held) = (block.name(), Number::Float(*dtype));
            let about =
                walk::Block { name: &name, held, is_parameters: true, keep: KEPT, threshold };
            audited.push(walk(&about, &place, entries));
        }
        audited
    }

    /// The entries of a block, held in a format.
    fn block(
        &self,
        part: Part,
        shape: &Shape,
        dtype: Dtype,
    ) -> Option<impl Iterator<Item = Reference>> {
        let Part::Layer(layer) = part else { return None };
        let (bounds, exact) = (&self.bounds.layers[layer], &self.exact[layer]);
        let (bounds, exact) = match shape.is_of_biases() {
            true => (&bounds.biases, exact.biases.as_ref()?),
            false => (&bounds.weights, &exact.weights),
        };
        let (scale, which) = (self.scale, usize::from(shape.is_of_biases()));
        let scaled = Scaled::new(scale, self.bounds.arithmetic.dtype(), dtype);
        let spreads = self.spread.as_ref().map(|spread| &spread.layers[layer][which]);
        Some(bounds.iter().enumerate().map(move |(index, bound)| {
            let (numerator, denominator) = exact.fraction(index);
            let value =
                BigRational::new_raw(numerator * scale.numer(), denominator * scale.denom());
            let bound = Some(scaled.bound(*bound, &value));
            let spread = spreads.map(|spreads| scaled.spread(spreads[index], &value));
            Reference { spread, ..Reference::exactly(value, bound) }
        }))
    }

    /// All entries at once, in lowest terms.
    fn entries(&self, theirs: &Theirs) -> PerBlock<Reference> {
        let blocks =
            theirs.entries.blocks.iter().zip(&theirs.dtypes).filter_map(|(block, dtype)| {
                let right = self.block(block.part, &block.shape, *dtype)?;
                let reduced =
                    |right: Reference| Reference { value: right.value.reduced(), ..right };
                let entries = right.map(reduced).collect();
                Some(Block { part: block.part, shape: block.shape.clone(), entries })
            });
        PerBlock { blocks: blocks.collect() }
    }
}

/// What would explain a gradient that is refused: a factor, right numbers in a wrong place, another layout, another arithmetic.
fn explained(
    (dense, loss): (&Dense, &Loss),
    theirs: &Theirs,
    (judgement, right): (&Judgement, &Right<'_>),
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Vec<String>, Error> {
    let mut said = Vec::new();
    let is_small = dense.parameters() <= MOST_EXPLAINED;
    if is_small {
        progress.stage("is it a factor, or right numbers in a wrong place?")?;
        let mine = Gradient {
            case: None,
            rule: None,
            options: Vec::new(),
            number: Number::Float(theirs.coarsest()),
            quantity: Quantity::Gradient,
            loss: None,
            entries: theirs.entries.clone().map(held_exactly),
            inputs: None,
            solver: Default::default(),
        };
        let scale = reading::Scale {
            examples: dense.batch(),
            loss: loss.clone(),
            outputs: dense.targets.cols,
            steps: 1,
            learning_rate: dense.learning_rate.clone(),
            is_update: false,
        };
        said.extend(explain::factors(&mine, &right.entries(theirs), judgement, &scale));
        said.extend(transposed(dense, &said));
    }
    if said.is_empty() && is_square(dense) {
        let turned = Dense { layers: dense.layers.iter().map(turned).collect(), ..dense.clone() };
        let exact = exact_gradient(&turned, progress)?;
        let of_turned = Right::of(&turned, &exact, options, right.bounds.arithmetic, progress)?;
        let found = of_turned.audit(&theirs.turned()).judgement;
        if found.nearness() < Nearness::Unjudged && found.unchecked().is_none() {
            said.push(
                "it is the gradient of the network whose weights are the transposed ones: if both files keep them the other way round \
                 (Keras and Flax as inputs × outputs, PyTorch as outputs × inputs), read them with --layout"
                    .to_owned(),
            );
        }
    }
    if said.is_empty() && options.arithmetic.is_none() {
        said.extend(explain::another_arithmetic(Some(theirs.coarsest()), is_small, |other| {
            let in_other = Right::of(dense, right.exact, options, other, progress)?;
            Ok(in_other.audit(theirs).judgement)
        })?);
    }
    Ok(said)
}

/// What to do about weights that are transposed, where all of them are.
fn transposed(dense: &Dense, said: &[String]) -> Option<String> {
    let count = said.iter().filter(|sentence| sentence.contains(TRANSPOSED)).count();
    (count == dense.layers.len()).then(|| {
        "if MINE keeps weights the other way round than NET (Keras and Flax as inputs × outputs, PyTorch as outputs × inputs), read it \
         with --layout-of-mine"
            .to_owned()
    })
}

/// Whether the weights of every layer fit either way.
fn is_square(dense: &Dense) -> bool {
    dense.layers.iter().all(|layer| layer.weights.rows == layer.weights.cols)
        && dense.inputs.cols > 1
}

/// A layer whose weights are the other way round.
fn turned(layer: &DenseLayer) -> DenseLayer {
    DenseLayer { weights: layer.weights.transposed(), ..layer.clone() }
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
