//! `creditcheck audit`

use std::iter;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use num_rational::BigRational;

use super::common::{Common, scale_of};
use super::files::{Reach, open, read_file, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::audit::{Options, Theirs, audit};
use crate::error::Error;
use crate::number;
use crate::report;
use crate::spec::{Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Tensor};
use crate::wire::case::activation_of;
use crate::wire::gradient::{self, Quantity, Subject};
use crate::wire::json::Json;
use crate::wire::tensor::{LayerNames, TensorFile, layer_names, layers, only};
use crate::wire::{Document, dense};

/// How far is somebody's float gradient from the exact one, in units in the last place?
#[derive(Args, Debug)]
#[command(after_help = "\
The loss is half the squared error, mean over the batch: L = (1/B) Σ_b ½ Σ_k (x_k − t_k)². Where theirs is a constant
multiple of it, say so: for torch.nn.MSELoss, which is the mean of the squares over batch and outputs, --scale 2/10 with
10 outputs.

NET as safetensors: layers are the pairs X.weight (outputs × inputs) and X.bias, in the order of their names.
DATA: `inputs` and `targets`, one row per example. MINE: tensors named as those of NET, each f64, f32, bf16 or f16.

Exits 0 if every entry is correctly rounded or within the computed rounding bound, 1 if some entry is not, and 3
if that says nothing of some block: zeros would pass there, or there was nothing to check.

Example:
  creditcheck audit net.safetensors batch.safetensors gradient.safetensors --activation relu --svg ulps.svg")]
pub(super) struct Arguments {
    /// The network: .safetensors, or a case in JSON
    net: PathBuf,
    /// The examples: .safetensors, or `-` for those of the case
    data: PathBuf,
    /// The gradient to be audited: .safetensors, or creditcheck/gradient/1 in JSON
    mine: PathBuf,
    /// σ of the hidden layers of a .safetensors network; a case has its own [default: relu]
    #[arg(long, value_name = "NAME")]
    activation: Option<String>,
    /// σ of its last layer; a case has its own [default: identity]
    #[arg(long, value_name = "NAME")]
    output_activation: Option<String>,
    /// Their loss divided by ours
    #[arg(long, value_name = "P/Q", default_value = "1", allow_hyphen_values = true)]
    scale: String,
    /// The arithmetic of their computation [default: the coarsest format of MINE]
    #[arg(long, value_enum)]
    arithmetic: Option<Format>,
    /// Write the distribution of errors per layer as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Exit 0, not 3, where a block has a bound without power; not where the whole exact gradient is zero
    #[arg(long)]
    allow_unchecked: bool,
    /// Only what is proved: no third line, which assumes independent roundings
    #[arg(long)]
    rigorous: bool,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    F64,
    F32,
    Bf16,
    F16,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let scale = scale_of(&arguments.scale, &limits)?;
    let (mut net, names) = network(arguments, &limits)?;
    examples(arguments, &mut net, &limits)?;
    let theirs = theirs(&arguments.mine, &net, &names, &limits)?;
    let options = Options {
        arithmetic: arguments.arithmetic.map(|format| match format {
            Format::F64 => Dtype::F64,
            Format::F32 => Dtype::F32,
            Format::Bf16 => Dtype::Bf16,
            Format::F16 => Dtype::F16,
        }),
        scale,
        rigorous: arguments.rigorous,
    };
    let mut bar = Bar::new(common, 1);
    let found = audit(&net, &theirs, &options, &mut bar);
    bar.finish();
    let found = found.map_err(|error| error.in_file(arguments.net.display().to_string()))?;
    let subject = report::Audited {
        net: &arguments.net.display().to_string(),
        mine: &arguments.mine.display().to_string(),
        dense: &net,
        names: &names,
        scale: &options.scale,
        audit: &found,
    };
    if let Some(file) = &arguments.svg {
        write_file(file, report::histogram(&subject).as_bytes())?;
    }
    common.write(|| report::audited(&subject), || report::audited_json(&subject))?;
    Ok(match found.verdict() {
        Err(why) if !(arguments.allow_unchecked && why.can_be_allowed()) => Outcome::Unchecked,
        Ok(nearness) if nearness.is_refused() => Outcome::Disagree,
        _ => Outcome::Agree,
    })
}

fn is_safetensors(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "safetensors")
}

fn network(arguments: &Arguments, limits: &Limits) -> Result<(Dense, Vec<LayerNames>), Error> {
    let file = &arguments.net;
    if is_safetensors(file) {
        return of_tensors(arguments, limits);
    }
    let given = [
        (arguments.activation.is_some(), "--activation"),
        (arguments.output_activation.is_some(), "--output-activation"),
    ];
    if let Some((_, option)) = given.iter().find(|(is_given, _)| *is_given) {
        let what = format!("{option} with a case in JSON, which states the σ of its layers");
        return Err(Error::unsupported(what).in_file(file.display().to_string()));
    }
    let bytes = read_file(file, limits)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let read = || -> Result<(Dense, Vec<LayerNames>), Error> {
        let json = Json::read(&bytes, limits)?;
        if dense::refers_to_files(&json, limits) {
            let found = dense::read(&json, limits, &mut |name| arguments.reach.open(folder, name))?;
            return Ok((found.dense, found.names));
        }
        let case = Document::from_json(&json, limits)?.case;
        let dense = Dense::of(&case).ok_or_else(|| {
            Error::unsupported(
                "an audit of a graph, or of numbers that are no f64; `creditcheck check` takes them",
            )
        })?;
        let names = vec![LayerNames::default(); dense.layers.len()];
        Ok((dense, names))
    };
    read().map_err(|error| error.in_file(file.display().to_string()))
}

/// A network without examples yet.
fn of_tensors(arguments: &Arguments, limits: &Limits) -> Result<(Dense, Vec<LayerNames>), Error> {
    let function = |given: &Option<String>, default, option| {
        let name = given.as_deref().unwrap_or(default);
        activation_of(name, limits).map_err(|error| error.in_file(option))
    };
    let hidden = function(&arguments.activation, "relu", "--activation")?;
    let output = function(&arguments.output_activation, "identity", "--output-activation")?;
    let mut file = TensorFile::read(open(&arguments.net)?, limits)?;
    let names = layer_names(&file)?;
    let found = layers(&mut file, &names, None, limits)?;
    let last = found.len() - 1;
    if last == 0 && arguments.activation.is_some() {
        let what = "--activation with a single layer, which is the last one; its σ is that of --output-activation";
        return Err(Error::unsupported(what).in_file(arguments.net.display().to_string()));
    }
    let layers: Vec<DenseLayer> = found
        .into_iter()
        .enumerate()
        .map(|(l, (weights, biases))| DenseLayer {
            weights,
            biases,
            activation: if l == last { output.clone() } else { hidden.clone() },
            kink: None,
            balance: None,
        })
        .collect();
    let nothing = |cols: usize| Tensor { rows: 0, cols, dtype: Dtype::F64, values: Vec::new() };
    let dense = Dense {
        name: None,
        kink: Kink::default(),
        learning_rate: BigRational::from_integer(1.into()),
        inputs: nothing(layers[0].weights.cols),
        targets: nothing(layers[last].weights.rows),
        layers,
        expect: Expect::Agree,
    };
    Ok((dense, names))
}

/// The examples of DATA, unless the case keeps its own.
fn examples(arguments: &Arguments, net: &mut Dense, limits: &Limits) -> Result<(), Error> {
    if arguments.data.as_os_str() == "-" {
        return match net.batch() {
            0 => Err(Error::input(
                "DATA",
                "\"-\"",
                "a file with `inputs` and `targets`: a network in safetensors has no examples of its own",
            )),
            _ => Ok(()),
        };
    }
    let mut file = TensorFile::read(open(&arguments.data)?, limits)?;
    let (inputs, targets) = (net.inputs.cols, net.targets.cols);
    net.inputs = file.tensor(Some("inputs"), &[None, Some(inputs)], limits)?;
    let rows = Some(net.inputs.rows);
    net.targets = file.tensor(Some("targets"), &[rows, Some(targets)], limits)?;
    Ok(())
}

fn theirs(
    mine: &Path,
    net: &Dense,
    names: &[LayerNames],
    limits: &Limits,
) -> Result<Theirs, Error> {
    if !is_safetensors(mine) {
        return of_json(mine, net, limits);
    }
    let mut file = TensorFile::read(open(mine)?, limits)?;
    // A case whose numbers have no names takes theirs, layer by layer.
    let named = net.layers.iter().zip(names).all(|(layer, names)| {
        names.weights.is_some() && layer.biases.is_some() == names.biases.is_some()
    });
    let names = if named { names.to_vec() } else { layer_names(&file)? };
    let expected = net.layers.iter().map(|layer| layer.biases.is_some());
    if !expected.eq(names.iter().map(|names| names.biases.is_some())) {
        return Err(Error::input(
            "the tensors",
            format!("{} layers by their names", names.len()),
            format!("{} layers, with biases where the network has them", net.layers.len()),
        )
        .in_file(mine.display().to_string()));
    }
    only(&file, &names)?;
    let shapes: Vec<_> = net.layers.iter().map(|l| (l.weights.rows, l.weights.cols)).collect();
    let found = layers(&mut file, &names, Some(&shapes), limits)?;
    let tensors: Vec<Tensor> =
        found.into_iter().flat_map(|(weights, biases)| iter::once(weights).chain(biases)).collect();
    Ok(Theirs {
        dtypes: tensors.iter().map(|tensor| tensor.dtype).collect(),
        entries: Layout::of_dense(net).hold(tensors.into_iter().flat_map(|tensor| tensor.values)),
    })
}

/// A gradient in JSON, whose entries are floats of one format.
fn of_json(mine: &Path, net: &Dense, limits: &Limits) -> Result<Theirs, Error> {
    let bytes = read_file(mine, limits)?;
    let read = || -> Result<Theirs, Error> {
        let small = net.parameters() <= dense::MOST_PARAMETERS;
        let case = small.then(|| net.to_case()).flatten().ok_or_else(|| {
            Error::unsupported("a gradient of this size in JSON; write it as safetensors")
        })?;
        let found = gradient::read(&bytes, &Subject::of(&case), limits)?;
        let dtype = found.number.dtype().ok_or_else(|| {
            Error::unsupported("an audit of a gradient in fractions; `creditcheck check` takes it")
        })?;
        if found.quantity == Quantity::Update {
            return Err(Error::unsupported(
                "an audit of an update; write the gradient, or use `creditcheck check`",
            ));
        }
        // The reader has held every entry to the format.
        let dtypes = vec![dtype; found.entries.blocks.len()];
        Ok(Theirs { entries: found.entries.map(|value| number::nearest_f64(&value)), dtypes })
    };
    read().map_err(|error| error.in_file(mine.display().to_string()))
}
