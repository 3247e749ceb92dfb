//! `creditcheck audit`

use std::iter;
use std::path::{Path, PathBuf};

use clap::Args;
use num_rational::BigRational;

use super::common::{ArithmeticName, Common, scale_of};
use super::files::{Reach, open, read_file, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use super::tensors::{LayoutName, is_tensors};
use crate::certify::audit::{Options, Theirs, audit};
use crate::error::Error;
use crate::number;
use crate::report;
use crate::spec::{Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Loss, Tensor};
use crate::wire::case::activation_of;
use crate::wire::gradient::{self, Quantity, Subject};
use crate::wire::json::Json;
use crate::wire::tensor::{Asked, LayerNames, TensorFile, layers, named_as, named_layers, only};
use crate::wire::{Document, dense};

/// How far is somebody's float gradient from the exact one, in units in the last place?
#[derive(Args, Debug)]
#[command(after_help = "\
The loss is half the squared error, mean over the batch: L = (1/B) Σ_b ½ Σ_k (x_k − t_k)²; where NET is a case, it is that
of the case, which may be mse. Where theirs is a constant multiple of it, say so: for torch.nn.MSELoss, which is the mean
of the squares over batch and outputs, --scale 2/10 with 10 outputs.

NET as tensors (.safetensors, .npz): layers are the pairs X.weight (outputs × inputs) and X.bias, or X.kernel (inputs ×
outputs, as Keras and Flax keep them) and X.bias, in the order of their names, fc2 before fc10; --layers gives another.
DATA: `inputs` and `targets`, one row per example. MINE: tensors named as those of NET, each f64, f32, bf16 or f16.

Exits 0 if every entry is correctly rounded or within the computed rounding bound, 1 if some entry is not, and 3
if that says nothing of some block: zeros would pass there, or there was nothing to check.

Example:
  creditcheck audit net.safetensors batch.safetensors gradient.safetensors --activation relu --svg ulps.svg")]
pub(super) struct Arguments {
    /// The network: .safetensors or .npz, or a case in JSON
    net: PathBuf,
    /// The examples: .safetensors or .npz, or `-` for those of the case
    data: PathBuf,
    /// The gradient to be audited: .safetensors or .npz, or creditcheck/gradient/1 in JSON
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
    /// The arithmetic of their computation: one format, or that of operands and that of sums [default: the coarsest format of MINE]
    #[arg(long, value_enum)]
    arithmetic: Option<ArithmeticName>,
    /// What the rows of weights are in NET and MINE [default: what their names say, X.weight or X.kernel]
    #[arg(long, value_enum)]
    layout: Option<LayoutName>,
    /// The same of MINE alone
    #[arg(long, value_enum)]
    layout_of_mine: Option<LayoutName>,
    /// The layers in their order, by their names [default: the order of the names]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    layers: Vec<String>,
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

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let scale = scale_of(&arguments.scale, &limits)?;
    expect_used(arguments)?;
    let (mut net, names, mut notes) = network(arguments, &limits)?;
    examples(arguments, &mut net, &limits)?;
    let theirs = theirs(arguments, &net, &names, &mut notes, &limits)?;
    let options = Options {
        arithmetic: arguments.arithmetic.map(ArithmeticName::meant),
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
        notes: &notes,
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

/// Refuses options about tensors where none are read that they could be about.
fn expect_used(arguments: &Arguments) -> Result<(), Error> {
    let [net, mine] = [&arguments.net, &arguments.mine].map(|file| is_tensors(file));
    let unused = [
        (arguments.layout.is_some() && !net && !mine, "--layout with NET and MINE in JSON"),
        (arguments.layout_of_mine.is_some() && !mine, "--layout-of-mine with MINE in JSON"),
        (!arguments.layers.is_empty() && !net && !mine, "--layers with NET and MINE in JSON"),
    ];
    match unused.into_iter().find(|(is_unused, _)| *is_unused) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

/// The network, what its tensors are called, and what is to be said of how they were read.
type Net = (Dense, Vec<LayerNames>, Vec<String>);

fn network(arguments: &Arguments, limits: &Limits) -> Result<Net, Error> {
    let file = &arguments.net;
    if is_tensors(file) {
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
    let read = || -> Result<Net, Error> {
        let json = Json::read(&bytes, limits)?;
        if dense::refers_to_files(&json, limits) {
            let found = dense::read(&json, limits, &mut |name| arguments.reach.open(folder, name))?;
            return Ok((found.dense, found.names, Vec::new()));
        }
        let case = Document::from_json(&json, limits)?.case;
        let dense = Dense::of(&case).ok_or_else(|| {
            Error::unsupported(
                "an audit of a graph, or of numbers that are no f64; `creditcheck check` takes them",
            )
        })?;
        let names = vec![LayerNames::default(); dense.layers.len()];
        Ok((dense, names, Vec::new()))
    };
    read().map_err(|error| error.in_file(file.display().to_string()))
}

/// A network without examples yet.
fn of_tensors(arguments: &Arguments, limits: &Limits) -> Result<Net, Error> {
    let function = |given: &Option<String>, default, option| {
        let name = given.as_deref().unwrap_or(default);
        activation_of(name, limits).map_err(|error| error.in_file(option))
    };
    let hidden = function(&arguments.activation, "relu", "--activation")?;
    let output = function(&arguments.output_activation, "identity", "--output-activation")?;
    let mut file = TensorFile::read(open(&arguments.net)?, limits)?;
    let axes = arguments.layout.map(LayoutName::meant);
    let option = "--layout";
    let asked = Asked { order: &arguments.layers, axes, option, given_by: option };
    let named = named_layers(&file, &asked)?;
    let found = layers(&mut file, &named, None, &asked, limits)?;
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
        loss: Loss::default(),
        learning_rate: BigRational::from_integer(1.into()),
        inputs: nothing(layers[0].weights.cols),
        targets: nothing(layers[last].weights.rows),
        layers,
        expect: Expect::Agree,
    };
    Ok((dense, named.layers, named.notes))
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
    arguments: &Arguments,
    net: &Dense,
    names: &[LayerNames],
    notes: &mut Vec<String>,
    limits: &Limits,
) -> Result<Theirs, Error> {
    let mine = &arguments.mine;
    let is_named = net.layers.iter().zip(names).all(|(layer, names)| {
        names.weights.is_some() && layer.biases.is_some() == names.biases.is_some()
    });
    if !arguments.layers.is_empty()
        && !is_tensors(&arguments.net)
        && (is_named || !is_tensors(mine))
    {
        let what = "--layers with a case in JSON and no tensors whose order it does not say";
        return Err(Error::unsupported(what));
    }
    if !is_tensors(mine) {
        return of_json(mine, net, limits);
    }
    let mut file = TensorFile::read(open(mine)?, limits)?;
    let axes = arguments.layout_of_mine.or(arguments.layout).map(LayoutName::meant);
    let option = "--layout-of-mine";
    let given_by = if arguments.layout_of_mine.is_some() { option } else { "--layout" };
    let asked = Asked { order: &arguments.layers, axes, option, given_by };
    // A case whose numbers have no names takes theirs, layer by layer.
    let named =
        if is_named { named_as(&file, names, &asked)? } else { named_layers(&file, &asked)? };
    let expected = net.layers.iter().map(|layer| layer.biases.is_some());
    if !expected.eq(named.layers.iter().map(|names| names.biases.is_some())) {
        return Err(Error::input(
            "the tensors",
            format!("{} layers by their names", named.layers.len()),
            format!("{} layers, with biases where the network has them", net.layers.len()),
        )
        .in_file(mine.display().to_string()));
    }
    only(&file, &named.layers)?;
    let shapes: Vec<_> = net.layers.iter().map(|l| (l.weights.rows, l.weights.cols)).collect();
    let found = layers(&mut file, &named, Some(&shapes), &asked, limits)?;
    notes.extend(named.notes);
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
            let what = found.number.in_words();
            Error::unsupported(format!(
                "an audit of a gradient in {what}; `creditcheck check` takes it"
            ))
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
