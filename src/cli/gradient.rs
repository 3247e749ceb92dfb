//! `creditcheck gradient`

mod temporal;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::common::{Common, of_case, read_case};
use super::files::{Reach, read_file, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::kinds::{Asked, Computed, OptionsFile, Tensors};
use crate::report;
use crate::spec::{Block, Dtype, Limits, Number, Part, Shape};
use crate::wire::gradient::{Quantity, to_json};
use crate::wire::json::Json;
use crate::wire::tensor::{Written, safetensors};

/// Computes one engine's gradient; does not judge it.
#[derive(Args, Debug)]
#[command(after_help = "\
A layered network has the rules credit, backprop, tangent and
feedback_alignment, a graph credit and tangent; a network that runs in time has
the others and tangent, as in --rule modprop --mu 1/2 --feedback type.

--options FILE has what the field \"options\" of a gradient has. There
feedback_alignment needs its matrices, {\"feedback\": [B2, B3, ...]}: for each
layer l but the first n_(l-1) rows of n_l numbers, [[\"1/2\", \"-1\"], [\"0\", \"3\"]].

With -o FILE.safetensors the result is written as tensors: f64 or f32 as computed, exact numbers correctly rounded to f64.

Example:
  creditcheck gradient case.json --rule backprop --format json -o gradient.json")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// Which engine [default: credit; bptt where the network runs in time]
    #[arg(long, value_enum)]
    rule: Option<RuleName>,
    /// What the name of the rule leaves open, as it stands in the field "options" of a gradient
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
    /// In which arithmetic
    #[arg(long, value_enum, default_value = "exact")]
    number: NumberName,
    /// ∂L/∂W, or the update −η ∂L/∂W
    #[arg(long, value_enum, default_value = "gradient")]
    quantity: QuantityName,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    variant: temporal::Variant,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RuleName {
    Credit,
    Backprop,
    Tangent,
    #[value(name = "feedback_alignment")]
    FeedbackAlignment,
    Bptt,
    Rtrl,
    FactorisedRtrl,
    Eprop,
    Mdgl,
    Modprop,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NumberName {
    Exact,
    F64,
    F32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum QuantityName {
    Gradient,
    Update,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let file = arguments.options.as_deref().map(|file| options_in(file, &limits)).transpose()?;
    let asked = Asked { file, ..arguments.asked() };
    let case = read_case(&arguments.case, arguments.reach, &limits)?;
    let bar = Bar::new(common, 1);
    if let Some(file) = common.tensor_file() {
        let found = bar.alone(|bar| case.tensors(&asked, &limits, bar));
        write_file(file, &encoded(&found.map_err(of_case(&arguments.case))?)?)?;
        return Ok(Outcome::Agree);
    }
    let found = bar.alone(|bar| case.gradient(&asked, &limits, bar));
    let Computed { head, gradient } = found.map_err(of_case(&arguments.case))?;
    common.write(|| head + &report::gradient(&gradient), || to_json(&gradient))?;
    Ok(Outcome::Agree)
}

impl Arguments {
    fn asked(&self) -> Asked {
        let rule = self.rule.and_then(|rule| rule.to_possible_value());
        Asked {
            rule: rule.map(|value| value.get_name().to_owned()),
            options: self.variant.options(),
            file: None,
            number: match self.number {
                NumberName::Exact => Number::Exact,
                NumberName::F64 => Number::Float(Dtype::F64),
                NumberName::F32 => Number::Float(Dtype::F32),
            },
            quantity: match self.quantity {
                QuantityName::Gradient => Quantity::Gradient,
                QuantityName::Update => Quantity::Update,
            },
        }
    }
}

/// The options of a rule, in a file of their own.
fn options_in(file: &Path, limits: &Limits) -> Result<OptionsFile, Error> {
    let (name, bytes) = (file.display().to_string(), read_file(file, limits)?);
    let json = Json::read(&bytes, limits).map_err(|error| error.in_file(&name))?;
    Ok(OptionsFile { name, json })
}

/// A safetensors file, of numbers that every reader takes; under the names of the network's own where it has them, else `layer1.weight`
/// and so on.
fn encoded(found: &Tensors) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    for block in &found.entries.blocks {
        let (name, shape) = named(block, found)?;
        if block.entries.iter().any(|value| !value.is_finite()) {
            let what = format!("a value of {name} beyond the largest {}", found.dtype.name());
            return Err(Error::NotFinite { what });
        }
        all.push(Written { name, shape, dtype: found.dtype, values: block.entries.clone() });
    }
    safetensors(&all, &found.about)
}

/// What the tensor of a block is called, and how it is laid out.
fn named(block: &Block<f64>, found: &Tensors) -> Result<(String, Vec<usize>), Error> {
    let Part::Layer(layer) = block.part else {
        return Err(Error::unsupported(format!("the {} as a tensor", block.in_words())));
    };
    let own = found.names.get(layer);
    Ok(match &block.shape {
        Shape::Matrix { rows, columns } => {
            let name = own.and_then(|names| names.weights.clone());
            (name.unwrap_or(format!("layer{}.weight", layer + 1)), vec![*rows, *columns])
        }
        Shape::Vector(_) | Shape::Number | Shape::Synapses(_) | Shape::Biases { .. } => {
            let name = own.and_then(|names| names.biases.clone());
            (name.unwrap_or(format!("layer{}.bias", layer + 1)), vec![block.entries.len()])
        }
    })
}
