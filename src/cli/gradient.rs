//! `creditcheck gradient`

pub(super) mod temporal;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use num_rational::BigRational;

use super::common::{Common, Input, read_input};
use super::files::{Reach, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::gradient::{Rule, gradient};
use crate::error::Error;
use crate::modular::exact;
use crate::number;
use crate::progress::Progress;
use crate::spec::{Case, Dtype, Network, Number};
use crate::wire::dense::DenseDocument;
use crate::wire::gradient::{Gradient, Quantity, to_json};
use crate::wire::tensor::{LayerNames, Written, safetensors};

/// Computes one engine's gradient; does not judge it.
#[derive(Args, Debug)]
#[command(after_help = "\
A layered network has the rules credit, backprop and tangent, a graph credit and tangent; a network
that runs in time has the others and tangent, as in --rule modprop --mu 1/2 --feedback type.

With -o FILE.safetensors the result is written as tensors: f64 or f32 as computed, exact numbers correctly rounded to f64.

Example:
  creditcheck gradient case.json --rule backprop --format json -o gradient.json")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// Which engine [default: credit; bptt where the network runs in time]
    #[arg(long, value_enum)]
    rule: Option<RuleName>,
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
    Bptt,
    Rtrl,
    FactorisedRtrl,
    Eprop,
    Mdgl,
    Modprop,
}

impl RuleName {
    fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The engine of a network without time.
    fn untimed(self) -> Result<Rule, Error> {
        match self {
            Self::Credit => Ok(Rule::Credit),
            Self::Backprop => Ok(Rule::Backprop),
            Self::Tangent => Ok(Rule::Tangent),
            Self::Bptt
            | Self::Rtrl
            | Self::FactorisedRtrl
            | Self::Eprop
            | Self::Mdgl
            | Self::Modprop => Err(Error::unsupported(format!(
                "the rule {} on a network that does not run in time; use --rule credit, backprop or tangent",
                self.word()
            ))),
        }
    }
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
    let number = match arguments.number {
        NumberName::Exact => Number::Exact,
        NumberName::F64 => Number::Float(Dtype::F64),
        NumberName::F32 => Number::Float(Dtype::F32),
    };
    let quantity = match arguments.quantity {
        QuantityName::Gradient => Quantity::Gradient,
        QuantityName::Update => Quantity::Update,
    };
    let name = arguments.case.display().to_string();
    let untimed = || -> Result<Rule, Error> {
        if let Some(option) = arguments.variant.first() {
            let what = format!("{option} on a network that does not run in time");
            return Err(Error::unsupported(what));
        }
        arguments.rule.unwrap_or(RuleName::Credit).untimed()
    };
    let (document, names, rule) = match read_input(&arguments.case, arguments.reach, &limits)? {
        Input::Case(document, names) => {
            (document, names, untimed().map_err(|error| error.in_file(&name))?)
        }
        Input::Dense(found) => {
            let result = untimed().and_then(|rule| large(common, &found, (rule, number, quantity)));
            return result.map_err(|error| error.in_file(name));
        }
        Input::Temporal(document) => {
            let rule = (arguments.rule, &arguments.variant);
            return temporal::run(&document, &name, rule, (number, quantity), common);
        }
    };
    let (digest, case) = (document.digest(), document.case);
    let own = case.clone();
    let found =
        Bar::new(common, 1).alone(move |bar| gradient(&own, rule, number, quantity, &limits, bar));
    let mut found = found.map_err(|error| error.in_file(name))?;
    found.case = Some(digest);
    match common.tensor_file() {
        Some(file) => write_file(file, &tensors(&found, &case, &names)?)?,
        None => {
            common.write(|| crate::report::gradient(&found, &case), || to_json(&found, &case))?
        }
    }
    Ok(Outcome::Agree)
}

/// More parameters than are written out: only as tensors.
fn large(
    common: &Common,
    found: &DenseDocument,
    (rule, number, quantity): (Rule, Number, Quantity),
) -> Result<Outcome, Error> {
    let parameters = found.dense.parameters();
    let Some(file) = common.tensor_file() else {
        return Err(Error::unsupported(format!(
            "a gradient of {parameters} parameters as text or JSON; write tensors, with -o FILE.safetensors, \
             which hold exact numbers correctly rounded to f64"
        )));
    };
    let mut bar = Bar::new(common, 1);
    let written = if number == Number::Exact {
        let bytes = exact_tensors(found, rule, quantity, &mut bar);
        bar.finish();
        bytes?
    } else {
        let not_finite = || Error::NotFinite { what: "a number of the case".into() };
        let case = found.dense.to_case().ok_or_else(not_finite)?;
        let mut computed = gradient(&case, rule, number, quantity, &common.limits(), &mut bar)?;
        bar.finish();
        computed.case = Some(found.digest());
        tensors(&computed, &case, &found.names)?
    };
    write_file(file, &written)?;
    Ok(Outcome::Agree)
}

/// The entries as tensors, under the names of the network's own where it has them, else `layer1.weight` and so on.
fn tensors(found: &Gradient, case: &Case, names: &[LayerNames]) -> Result<Vec<u8>, Error> {
    let Network::Layered(net) = &case.network else {
        return Err(Error::unsupported("the gradient of a graph as tensors; write it as JSON"));
    };
    let dtype = found.number.dtype().unwrap_or(Dtype::F64);
    let float = |value| number::nearest_f64(value);
    let mut weights = found.entries.weights.iter().map(float);
    let mut biases = found.entries.biases.iter().map(float).skip(net.widths()[0]);
    let mut all = Vec::new();
    for (l, layer) in net.layers.iter().enumerate() {
        let own = names.get(l).cloned().unwrap_or_default();
        let (rows, cols) = (layer.width(), layer.inputs());
        all.push(Written {
            name: own.weights.unwrap_or_else(|| format!("layer{}.weight", l + 1)),
            shape: vec![rows, cols],
            dtype,
            values: weights.by_ref().take(rows * cols).collect(),
        });
        let values: Vec<f64> = biases.by_ref().take(rows).collect();
        if layer.biases.is_some() {
            let name = own.biases.unwrap_or_else(|| format!("layer{}.bias", l + 1));
            all.push(Written { name, shape: vec![rows], dtype, values });
        }
    }
    let about = format!(
        "{}, {}, rule {}, case {}",
        found.quantity.name(),
        match found.number {
            Number::Exact => "exact and rounded once",
            other => other.name(),
        },
        found.rule.as_deref().unwrap_or("unknown"),
        found.case.as_deref().unwrap_or("unknown"),
    );
    finite_tensors(&all, &about)
}

/// The exact gradient by the Chinese remainder theorem, every entry rounded once to f64.
fn exact_tensors(
    found: &DenseDocument,
    rule: Rule,
    quantity: Quantity,
    progress: &mut dyn Progress,
) -> Result<Vec<u8>, Error> {
    let (engine, sign) = match rule {
        Rule::Credit => (exact::Rule::Credit, -1),
        Rule::Backprop => (exact::Rule::Backprop, 1),
        Rule::Tangent => {
            return Err(Error::unsupported(
                "the arbiter at this size, which takes one pass per parameter; use --rule credit or backprop",
            ));
        }
    };
    let computed = exact::run(&found.dense, engine, &mut |stage, done, of| {
        progress.stage(&format!("{stage} {done} of {of}"))
    })?;
    // Engines give ∂L/∂W, or the update at η = 1, which is its negative.
    let factor = match quantity {
        Quantity::Gradient => BigRational::from_integer(sign.into()),
        Quantity::Update => &found.dense.learning_rate * BigRational::from_integer((-sign).into()),
    };
    let mut all = Vec::new();
    for (l, layer) in computed.layers.iter().enumerate() {
        let own = found.names.get(l).cloned().unwrap_or_default();
        let mut add =
            |name: Option<String>, kind: &str, entries: &exact::Scaled, shape: Vec<usize>| {
                let rounded = |index| {
                    let (numerator, denominator) = entries.fraction(index);
                    let (top, bottom) = (numerator * factor.numer(), denominator * factor.denom());
                    number::nearest(&top, &bottom, Dtype::F64)
                };
                all.push(Written {
                    name: name.unwrap_or_else(|| format!("layer{}.{kind}", l + 1)),
                    shape,
                    dtype: Dtype::F64,
                    values: (0..entries.len()).map(rounded).collect(),
                });
            };
        let shape = vec![layer.weights.rows, layer.weights.cols];
        add(own.weights, "weight", &layer.weights, shape);
        if let Some(biases) = &layer.biases {
            add(own.biases, "bias", biases, vec![biases.rows]);
        }
    }
    let about = format!(
        "{}, exact and rounded once, rule {}, case {}",
        quantity.name(),
        rule.name(),
        found.digest()
    );
    finite_tensors(&all, &about)
}

/// A safetensors file, of numbers that every reader takes.
fn finite_tensors(tensors: &[Written], about: &str) -> Result<Vec<u8>, Error> {
    let beyond = |tensor: &&Written| tensor.values.iter().any(|value| !value.is_finite());
    if let Some(Written { name, dtype, .. }) = tensors.iter().find(beyond) {
        let what = format!("a value of {name} beyond the largest {}", dtype.name());
        return Err(Error::NotFinite { what });
    }
    safetensors(tensors, about)
}
