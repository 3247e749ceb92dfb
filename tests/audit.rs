//! The audit: exact counts of ulps, planted errors found and named, nothing passed that was not checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use creditcheck::certify::Silent;
use creditcheck::certify::audit::{Audit, Options, Theirs, audit};
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::{
    Activation, Block, Dense, DenseLayer, Dtype, Expect, Kink, Layout, Limits, Loss, Number,
    OutputError, Place, Reduction, Shape, Share, Tensor,
};
use creditcheck::verdict::judge::{BlockJudgement, Judgement, Nearness, Reference};
use creditcheck::verdict::power::{Power, Unchecked};
use creditcheck::verdict::scaled::Scaled;
use creditcheck::verdict::ulps::LOWEST_BIN;
use creditcheck::verdict::walk;
use creditcheck::wire::tensor::{Written, safetensors};
use num_bigint::BigInt;
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::engines;

fn integer(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

/// theirs against numerators over a denominator, all times a scale, as biases with these bounds.
fn scaled(
    (dtype, theirs, bounds): (Dtype, &[f64], &[f64]),
    (exact, denominator): (&[BigInt], &BigInt),
    scale: i64,
) -> BlockJudgement {
    let bound = Scaled::new(&integer(scale), dtype, dtype);
    let entries = theirs.iter().zip(bounds).zip(exact).map(|((theirs, before), numerator)| {
        let value = BigRational::new_raw(numerator * scale, denominator.clone());
        let bound = Some(bound.bound(*before, &value));
        (exact_f64(*theirs).unwrap(), Reference::exactly(value, bound))
    });
    let held = Number::Float(dtype);
    let block =
        walk::Block { name: "b", held, is_parameters: true, keep: walk::KEPT, threshold: 9.0 };
    let place = |post| (format!("b: post {post}"), Some(Place { post, pre: None }));
    walk::walk(&block, &place, entries)
}

/// The same with one bound and without a scale.
fn judged(
    dtype: Dtype,
    theirs: &[f64],
    exact: &[i64],
    denominator: i64,
    bound: f64,
) -> BlockJudgement {
    let bounds = vec![bound; theirs.len()];
    let exact: Vec<_> = exact.iter().map(|n| BigInt::from(*n)).collect();
    scaled((dtype, theirs, &bounds), (&exact, &denominator.into()), 1)
}

/// What the whole amounts to.
fn verdict(blocks: &[BlockJudgement]) -> Result<Nearness, Unchecked> {
    let judgement = Judgement { blocks: blocks.to_vec(), declared: None, solver: None };
    judgement.unchecked().map_or_else(|| Ok(judgement.nearness()), Err)
}

fn in_bin(block: &BlockJudgement, k: i32) -> usize {
    block.distribution[usize::try_from(k - LOWEST_BIN).unwrap()]
}

/// Counted by hand: one ulp of 1 is 2⁻⁵² in f64, 2⁻²³ in f32, 2⁻⁷ in bf16 and 2⁻¹⁰ in f16.
#[test]
fn ulps_are_those_of_the_format() {
    for (dtype, bits) in [(Dtype::F64, 52), (Dtype::F32, 23), (Dtype::Bf16, 7), (Dtype::F16, 10)] {
        let ulp = 2f64.powi(-bits);
        let found = judged(dtype, &[1.0, 1.0 + ulp, 1.0 + 3.0 * ulp], &[1, 1, 1], 1, 1.0);
        assert_eq!((found.largest, found.median, found.equal), (3.0, 1.0, 1), "{dtype:?}");
        assert_eq!((in_bin(&found, 0), in_bin(&found, 2)), (1, 1));
        // 1/3 lies between two neighbours; the nearer one is correctly rounded, by less than half an ulp.
        let near = nearest(&1.into(), &3.into(), dtype);
        let step = ulp / 4.0;
        let is_below = exact_f64(near).unwrap() < BigRational::new(1.into(), 3.into());
        let other = if is_below { near + step } else { near - step };
        let found = judged(dtype, &[near, other], &[1, 1], 3, 1.0);
        assert_eq!((found.correctly_rounded, found.equal), (1, 0), "{dtype:?}");
        assert!(found.median > 0.5 && found.median < 1.0);
        assert_eq!(in_bin(&found, 0), 1);
        let names: Vec<_> = found.worst.iter().map(|entry| entry.place.unwrap().post).collect();
        assert_eq!(names, [1, 0]);
        let rounded = found.worst[0].exact.clone();
        assert_eq!(nearest(rounded.numer(), rounded.denom(), dtype), near);
    }
}

/// Half an ulp is a tie; just under a power of two the binade is the lower one; below the normal numbers the ulp stays put.
#[test]
fn ulps_at_the_edges() {
    // 1 + 2⁻²⁴ in f32: both neighbours are half an ulp away, and 1 is the even one.
    let exact = (1 << 24) + 1;
    let found = judged(Dtype::F32, &[1.0, 1.0 + 2f64.powi(-23)], &[exact, exact], 1 << 24, 1.0);
    assert_eq!((found.largest, found.correctly_rounded), (0.5, 1));
    assert_eq!(in_bin(&found, -1), 2);
    // 1 − 2⁻²⁵: one ulp there is 2⁻²⁴, so 1 is half an ulp away, and correctly rounded.
    let found = judged(Dtype::F32, &[1.0], &[(1 << 25) - 1], 1 << 25, 1.0);
    assert_eq!((found.largest, found.correctly_rounded), (0.5, 1));
    let tiny = 2f64.powi(-149);
    let third = BigInt::from(3) << 149;
    let exact = [BigInt::from(1), BigInt::from(1)];
    let found = scaled((Dtype::F32, &[0.0, tiny], &[tiny; 2]), (&exact, &third), 1);
    assert!((found.worst[1].ulps - 1.0 / 3.0).abs() < 1e-9 && found.worst[1].ulps > 1.0 / 3.0);
    assert_eq!(found.correctly_rounded, 1);
}

/// Zero has no relative error: anything but zero there is infinitely wrong, and −0 is zero.
#[test]
fn exact_zeros() {
    let found = judged(Dtype::F64, &[0.0, -0.0, 1e-300], &[0, 0, 0], 1, 1e-200);
    assert_eq!((found.nonzero, found.equal, found.correctly_rounded), (0, 2, 2));
    assert!(found.largest.is_infinite() && found.relative.is_infinite());
    assert_eq!((found.beyond, found.nearness), (0, Nearness::WithinBound));
    assert_eq!(verdict(&[found]), Err(Unchecked::Dead));
    // A bound of nothing lets nothing through.
    let found = judged(Dtype::F64, &[1e-300], &[0], 1, 0.0);
    assert_eq!((found.beyond, found.nearness), (1, Nearness::Different));
    assert_eq!(verdict(&[found]), Ok(Nearness::Different));
}

/// On the bound is within, one float beyond it is not; the bound grows with the scale and by no more.
#[test]
fn bounds_are_kept_exactly() {
    let bound = 2f64.powi(-30);
    assert_eq!(judged(Dtype::F64, &[1.0 + bound], &[1], 1, bound).beyond, 0);
    // One float wider, because scaling a bound rounds it up.
    assert_eq!(judged(Dtype::F64, &[1.0 + bound + 2f64.powi(-52)], &[1], 1, bound).beyond, 1);
    let theirs = [3.0 * (1.0 + bound)];
    let one = [BigInt::from(1)];
    let scaled = |by: i64| scaled((Dtype::F64, &theirs, &[bound]), (&one, &one[0]), by);
    assert_eq!((scaled(3).beyond, scaled(1).beyond, scaled(-3).beyond), (0, 1, 1));
}

/// A bound so wide that zeros would pass is no check, whoever passes it.
#[test]
fn a_bound_without_power_is_unchecked() {
    let wide = judged(Dtype::F64, &[1.0 + 1e-9], &[1], 1, 1.0);
    assert!(wide.refuses >= 1.0 && wide.power == Power::Blind { blind: 1, live: 1 });
    let why = "a bound without power: zeros would pass".to_owned();
    let unchecked = Err(Unchecked::Blocks(vec![("b".into(), why)]));
    assert_eq!(
        (wide.nearness, verdict(std::slice::from_ref(&wide))),
        (Nearness::WithinBound, unchecked.clone())
    );
    let narrow = judged(Dtype::F64, &[1.0 + 1e-9], &[1], 1, 0.9);
    assert_eq!(verdict(std::slice::from_ref(&narrow)), Ok(Nearness::WithinBound));
    // No block vouches for another: zeros in place of the first would pass.
    assert_eq!(verdict(&[wide, narrow]), unchecked);
    let rounded = judged(Dtype::F64, &[1.0], &[1], 1, 0.6);
    assert_eq!(verdict(&[rounded]), Ok(Nearness::Exact));
    let wrong = judged(Dtype::F64, &[7.0], &[1], 1, 0.6);
    assert_eq!(verdict(&[wrong]), Ok(Nearness::Different));
}

/// Half of the live entries, or one that is not small: where zero would pass for these, the bound has no power.
#[test]
fn zeros_in_part_of_a_block() {
    let power = |exact: &[i64]| judged(Dtype::F64, &vec![0.5; exact.len()], exact, 1, 10.0).power;
    assert_eq!(power(&[100, 9, 200]), Power::Sees);
    assert_eq!(power(&[100, 9, 200, 9]), Power::Blind { blind: 2, live: 4 });
    assert_eq!(power(&[19, 18, 17, 10]), Power::Blind { blind: 1, live: 4 });
    assert_eq!(power(&[21, 18, 17, 10]), Power::Sees);
    // Zeros are no part of it.
    assert_eq!(power(&[100, 0, 0, 0]), Power::Sees);
    assert_eq!(power(&[9, 0, 0, 0]), Power::Blind { blind: 1, live: 1 });
    assert_eq!(power(&[0, 0]), Power::Zero);
}

struct Draw(ChaCha8Rng);

impl Draw {
    /// A value of f32 in [−1, 1).
    fn float(&mut self) -> f64 {
        let bits = (self.0.next_u64() >> 40) as f64;
        bits * 2f64.powi(-23) - 1.0
    }

    fn tensor(&mut self, rows: usize, cols: usize, size: f64) -> Tensor {
        let values = (0..rows * cols).map(|_| self.float() * size).collect();
        Tensor { rows, cols, dtype: Dtype::F32, values }
    }
}

/// 12-9-4, ReLU, six examples.
fn net(seed: u64) -> Dense {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let mut layer = |posts, pres, activation| DenseLayer {
        weights: draw.tensor(posts, pres, 0.5),
        biases: Some(draw.tensor(posts, 1, 0.25)),
        activation,
        kink: None,
        balance: None,
    };
    let layers = vec![layer(9, 12, Activation::Relu), layer(4, 9, Activation::Identity)];
    Dense {
        name: None,
        layers,
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: integer(1),
        inputs: draw.tensor(6, 12, 1.0),
        targets: draw.tensor(6, 4, 1.0),
        expect: Expect::Agree,
    }
}

/// The exact gradient, every entry rounded once.
fn rounded(dense: &Dense, dtype: Dtype) -> Theirs {
    let case = dense.to_case().unwrap();
    let gradient = engines::backprop(&case, &Limits::default()).unwrap().gradient;
    let layers = gradient.weights.iter().zip(&gradient.biases);
    let all = layers
        .flat_map(|(weights, biases)| weights.iter().flatten().chain(biases.iter().flatten()));
    let entries = Layout::of(&case).hold(all.map(|v| nearest(v.numer(), v.denom(), dtype)));
    Theirs { dtypes: vec![dtype; entries.blocks.len()], entries }
}

fn options() -> Options {
    Options { arithmetic: None, scale: integer(1), rigorous: true }
}

fn audited(dense: &Dense, theirs: &Theirs) -> Audit {
    audit(dense, theirs, &options(), &mut Silent).unwrap()
}

#[test]
fn what_is_rounded_once_is_correctly_rounded() {
    let dense = net(1);
    for dtype in [Dtype::F64, Dtype::F32, Dtype::Bf16, Dtype::F16] {
        let found = audited(&dense, &rounded(&dense, dtype));
        assert_eq!(found.verdict(), Ok(Nearness::CorrectlyRounded), "{dtype:?}");
        assert!(
            found.judgement.blocks.iter().all(|block| block.largest <= 0.5 && block.nonzero > 0)
        );
        assert_eq!(found.arithmetic, dtype.into());
    }
}

/// Every entry in turn, wrong by a relative 10⁻⁶ in f64 or by 2⁻¹⁰ of the block's largest in f32: found, and it is the one named.
#[test]
fn every_planted_error_is_found_and_named() {
    let mut planted = 0;
    for seed in 1..4 {
        let dense = net(seed);
        for dtype in [Dtype::F64, Dtype::F32] {
            let right = rounded(&dense, dtype);
            for l in 0..dense.layers.len() {
                let block = &right.entries.blocks[2 * l];
                let entries = block.entries.len();
                let largest = block.entries.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                for at in (0..entries).step_by(7) {
                    let mut wrong = right.clone();
                    let value = &mut wrong.entries.blocks[2 * l].entries[at];
                    if *value == 0.0 {
                        continue;
                    }
                    *value = match dtype {
                        Dtype::F64 => *value * (1.0 + 1e-6),
                        _ => f64::from((*value + largest * 2f64.powi(-10)) as f32),
                    };
                    let found = audited(&dense, &wrong);
                    assert_eq!(found.verdict(), Ok(Nearness::Different));
                    let block = &found.judgement.blocks[2 * l];
                    assert_eq!(block.beyond, 1);
                    let named = &block.wrong[0];
                    let cols = dense.layers[l].weights.cols;
                    assert_eq!(
                        (named.place.unwrap().post, named.place.unwrap().pre),
                        (at / cols, Some(at % cols))
                    );
                    let exact = &named.exact;
                    let rounded = nearest(exact.numer(), exact.denom(), dtype);
                    assert_eq!(rounded, right.entries.blocks[2 * l].entries[at]);
                    planted += 1;
                }
            }
        }
    }
    assert!(planted > 80, "only {planted}");
}

/// mse is audited as the multiple of half squared error that it is; one reduction for another is named, and a loss in pieces refused.
#[test]
fn mse_is_audited_in_every_reduction() {
    let under = |error, reduction| Dense { loss: Loss::Reduced { error, reduction }, ..net(5) };
    for reduction in Reduction::ALL {
        let dense = under(OutputError::Mse, reduction);
        for dtype in [Dtype::F64, Dtype::F32] {
            let found = audited(&dense, &rounded(&dense, dtype));
            assert_eq!(found.verdict(), Ok(Nearness::CorrectlyRounded), "{reduction:?}");
        }
        for other in Reduction::ALL.into_iter().filter(|other| *other != reduction) {
            let theirs = rounded(&under(OutputError::Mse, other), Dtype::F64);
            let found = audited(&dense, &theirs);
            assert_eq!(found.verdict(), Ok(Nearness::Different));
            let [said] = found.diagnosis.as_slice() else { panic!("{:?}", found.diagnosis) };
            let words = format!("times the exact ones, as with reduction {}", other.name());
            assert!(said.contains(&words), "{said}");
        }
    }
    let dense = under(OutputError::L1 { kink: Share::HALF }, Reduction::Mean);
    let theirs = rounded(&dense, Dtype::F64);
    let error = audit(&dense, &theirs, &options(), &mut Silent).unwrap_err().to_string();
    assert!(
        error.contains("the loss l1 in an audit, which has half_squared_error and mse"),
        "{error}"
    );
}

#[test]
fn another_loss_is_a_scale() {
    let dense = net(5);
    let mut theirs = rounded(&dense, Dtype::F64);
    theirs.entries.values_mut().for_each(|v| *v *= 2.0);
    assert_eq!(audited(&dense, &theirs).verdict(), Ok(Nearness::Different));
    let options = Options { scale: integer(2), ..options() };
    let found = audit(&dense, &theirs, &options, &mut Silent).unwrap();
    assert_eq!(found.verdict(), Ok(Nearness::CorrectlyRounded));
}

/// f32 results kept in f64 are no f64 results; whoever says so is judged by f32.
#[test]
fn the_arithmetic_can_be_named() {
    let dense = net(6);
    let mut theirs = rounded(&dense, Dtype::F32);
    theirs.dtypes.fill(Dtype::F64);
    assert_eq!(audited(&dense, &theirs).verdict(), Ok(Nearness::Different));
    let options = Options { arithmetic: Some(Dtype::F32.into()), ..options() };
    let found = audit(&dense, &theirs, &options, &mut Silent).unwrap();
    assert_eq!(found.verdict(), Ok(Nearness::WithinBound));
}

/// The program, on files in a folder of its own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(crate::generators::empty_folder(name))
    }

    fn write(&self, name: &str, tensors: &[Written]) {
        fs::write(self.0.join(name), safetensors(tensors, "").unwrap()).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_creditcheck"));
        Command::new(program).args(arguments).current_dir(&self.0).output().unwrap()
    }

    /// The exit code, and everything that was printed.
    fn audit(&self, mine: &str, more: &[&str]) -> (i32, String) {
        let files = ["audit", "net.safetensors", "batch.safetensors", mine];
        let output = self.run(&[&files[..], more].concat());
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }
}

fn written(name: &str, tensor: &Tensor) -> Written {
    let shape = match tensor.cols {
        1 => vec![tensor.rows],
        _ => vec![tensor.rows, tensor.cols],
    };
    Written { name: name.into(), shape, dtype: tensor.dtype, values: tensor.values.clone() }
}

/// Names that sort otherwise as text than as numbers.
const NAMES: [&str; 2] = ["fc2", "fc10"];

fn layers<'a>(tensors: impl Iterator<Item = (&'a Tensor, Option<&'a Tensor>)>) -> Vec<Written> {
    let mut all = Vec::new();
    for ((weights, biases), name) in tensors.zip(NAMES) {
        all.push(written(&format!("{name}.weight"), weights));
        all.extend(biases.map(|biases| written(&format!("{name}.bias"), biases)));
    }
    all
}

fn of_theirs(theirs: &Theirs) -> Vec<Written> {
    let tensor = |(block, dtype): (&Block<f64>, &Dtype)| {
        let (rows, cols) = match block.shape {
            Shape::Matrix { rows, columns } => (rows, columns),
            _ => (block.entries.len(), 1),
        };
        Tensor { rows, cols, dtype: *dtype, values: block.entries.clone() }
    };
    let tensors: Vec<_> = theirs.entries.blocks.iter().zip(&theirs.dtypes).map(tensor).collect();
    layers(tensors.chunks(2).map(|layer| (&layer[0], Some(&layer[1]))))
}

fn prepared(name: &str) -> (Folder, Dense) {
    let (folder, dense) = (Folder::new(name), net(9));
    let tensors = dense.layers.iter().map(|layer| (&layer.weights, layer.biases.as_ref()));
    folder.write("net.safetensors", &layers(tensors));
    folder.write(
        "batch.safetensors",
        &[written("inputs", &dense.inputs), written("targets", &dense.targets)],
    );
    folder.write("mine.safetensors", &of_theirs(&rounded(&dense, Dtype::F32)));
    (folder, dense)
}

#[test]
fn exit_codes_and_names() {
    let (folder, dense) = prepared("audit-exit-codes");
    let (code, text) = folder.audit("mine.safetensors", &[]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("fc10.weight") && text.ends_with("verdict: correctly rounded\n"),
        "{text}"
    );
    assert!(text.contains("12-9-4 relu, identity · 157 parameters · 6 examples"), "{text}");
    let mut wrong = rounded(&dense, Dtype::F32);
    wrong.entries.blocks[0].entries[12 + 5] = 0.75;
    folder.write("wrong.safetensors", &of_theirs(&wrong));
    let (code, text) = folder.audit("wrong.safetensors", &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 entry beyond the bound"), "{text}");
    let entry = text.split("weights of layer 1, post 1, pre 5: ").nth(1).unwrap();
    assert!(entry.lines().nth(1).unwrap().ends_with(" 0x1.8p-1 (7.5e-1)"), "{text}");
    // The other activation is another network.
    assert_eq!(folder.audit("mine.safetensors", &["--activation", "identity"]).0, 1);
    assert_eq!(folder.audit("mine.safetensors", &["--scale", "2"]).0, 1);
    // Targets that are met leave nothing to check.
    let silent =
        |tensor: &Tensor| Tensor { values: vec![0.0; tensor.values.len()], ..tensor.clone() };
    let zeros = Theirs { entries: wrong.entries.clone().map(|_| 0.0), ..wrong };
    folder.write("zeros.safetensors", &of_theirs(&zeros));
    assert_eq!(folder.audit("zeros.safetensors", &[]).0, 1);
    let net = dense
        .layers
        .iter()
        .map(|layer| (silent(&layer.weights), layer.biases.as_ref().map(silent)));
    let net: Vec<_> = net.collect();
    folder.write("net.safetensors", &layers(net.iter().map(|(w, b)| (w, b.as_ref()))));
    let batch = [written("inputs", &dense.inputs), written("targets", &silent(&dense.targets))];
    folder.write("batch.safetensors", &batch);
    let (code, text) = folder.audit("zeros.safetensors", &[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("verdict: unchecked: the whole exact gradient is zero"), "{text}");
}

#[test]
fn refusals() {
    let (folder, dense) = prepared("audit-refusals");
    let right = of_theirs(&rounded(&dense, Dtype::F32));
    let refused = |change: &dyn Fn(&mut Vec<Written>), message: &str| {
        let mut tensors = right.clone();
        change(&mut tensors);
        folder.write("bad.safetensors", &tensors);
        let (code, text) = folder.audit("bad.safetensors", &[]);
        // Lines are broken to the width of a terminal.
        let line: Vec<_> = text.split_whitespace().filter(|word| *word != "│").collect();
        assert_eq!(code, 2, "{text}");
        assert!(line.join(" ").contains(message), "{text}\ninstead of {message}");
    };
    let file = "bad.safetensors: tensor \"fc2.weight\"";
    refused(
        &|tensors| tensors[0].shape = vec![12, 9],
        &format!("{file}: found the shape (12, 9), expected the shape (9, 12)"),
    );
    refused(&|tensors| drop(tensors.remove(0)), &format!("{file}: found no tensor of this name"));
    refused(&|tensors| tensors[0].values[12] = f64::NAN, &format!("{file} at [1, 0]: found NaN"));
    refused(
        &|tensors| tensors[0].values[13] = f64::INFINITY,
        &format!("{file} at [1, 1]: found inf"),
    );
    refused(
        &|tensors| tensors.push(Written { name: "extra".into(), ..right[1].clone() }),
        "tensor \"extra\": found a tensor that belongs to no layer",
    );
    let (code, text) = folder.audit("mine.safetensors", &["--activation", "tanh"]);
    assert_eq!(code, 2, "{text}");
    let (code, text) = folder.audit("mine.safetensors", &["--scale", "0"]);
    assert_eq!(code, 2, "{text}");
    let (code, text) = folder.audit("no-such.safetensors", &[]);
    assert!(code == 2 && text.contains("no-such.safetensors: cannot read"), "{text}");
}

/// A picture is a function of the audit, names every layer, and is XML; JSON is one document.
#[test]
fn pictures_and_documents() {
    let (folder, _) = prepared("audit-pictures");
    for file in ["one.svg", "two.svg"] {
        assert_eq!(folder.audit("mine.safetensors", &["--svg", file]).0, 0);
    }
    let one = fs::read_to_string(folder.0.join("one.svg")).unwrap();
    assert_eq!(one, fs::read_to_string(folder.0.join("two.svg")).unwrap());
    assert!(one.starts_with("<svg") || one.starts_with("<?xml"), "{}", &one[..80]);
    for word in [
        "layer 1: fc2.weight, fc2.bias",
        "layer 2: fc10.weight, fc10.bias",
        "ulps",
        "correctly rounded",
    ] {
        assert!(one.contains(word), "{word}");
    }
    let (code, text) = folder.audit("mine.safetensors", &["--format", "json", "--quiet"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, value["format"].as_str()), (0, Some("creditcheck/audit/1")));
    let blocks = value["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let counts = block["distribution"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap());
        assert_eq!(counts.sum::<u64>(), block["entries"].as_u64().unwrap());
    }
}

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audit/digits-64-32-10");
const LARGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audit/digits-784-128-64-10");

fn json_of(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// An audit of a fixture as a document.
fn of_fixture(folder: &Folder, net: &str, mine: &str) -> serde_json::Value {
    let [net, data] = ["net", "data"].map(|name| format!("{net}/{name}.safetensors"));
    json_of(&folder.run(&["audit", &net, &data, mine, "--format", "json", "--quiet"]))
}

fn hex(value: &serde_json::Value) -> f64 {
    let exact = creditcheck::number::parse(value.as_str().unwrap(), &Limits::default());
    creditcheck::number::nearest_f64(&exact.unwrap())
}

/// On trained networks: 2⁻¹⁰ (f32) or 2⁻³⁰ (f64) of the largest entry of its block is refused, at any entry.
#[test]
fn bounds_of_the_fixtures_have_power() {
    let folder = Folder::new("audit-power");
    for (net, mine, bits) in
        [(SMALL, "torch", 10), (SMALL, "jax", 10), (SMALL, "numpy", 10), (SMALL, "torch-f64", 30)]
    {
        let found = of_fixture(&folder, net, &format!("{net}/{mine}.safetensors"));
        assert_eq!(found["verdict"], "within the computed rounding bound", "{net} {mine}");
        for block in found["blocks"].as_array().unwrap() {
            let refuses = hex(&block["refuses"]);
            println!("{mine} {}: refuses 2^{:.1}", block["name"], refuses.log2());
            assert!(refuses <= 2f64.powi(-bits), "{mine}, {}: {refuses:e}", block["name"]);
        }
    }
}

/// What the program computes exactly and rounds once is correctly rounded: by another rule, and another route for the small one.
#[test]
fn our_own_exact_gradients_are_correctly_rounded() {
    let folder = Folder::new("audit-own");
    for (net, rule) in [(SMALL, "credit"), (LARGE, "credit"), (LARGE, "backprop")] {
        let case = format!("{net}/case.json");
        let output =
            folder.run(&["gradient", &case, "--rule", rule, "-o", "own.safetensors", "--quiet"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = of_fixture(&folder, net, "own.safetensors");
        assert_eq!(found["verdict"], "correctly rounded", "{net} {rule}");
        assert!(found["blocks"].as_array().unwrap().iter().all(|block| block["number"] == "f64"));
    }
    let case = format!("{LARGE}/case.json");
    for number in ["f64", "f32"] {
        let output = folder.run(&[
            "gradient",
            &case,
            "--number",
            number,
            "-o",
            "own.safetensors",
            "--quiet",
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = of_fixture(&folder, LARGE, "own.safetensors");
        assert_eq!(found["verdict"], "within the computed rounding bound", "{number}");
        assert_eq!(found["arithmetic"], number);
        // In f32 three net inputs are too near a kink, and the bound takes their jumps; in f64 none is.
        assert_eq!(found["near_a_kink"], if number == "f32" { 3 } else { 0 });
        // Bound and error together, as a share of the block's largest: what is wrong by more leaves the bound.
        let share = |b: &serde_json::Value| hex(&b["refuses"]) / 2.0 * (1.0 + hex(&b["of_bound"]));
        let widest = found["blocks"].as_array().unwrap().iter().map(share).fold(0.0, f64::max);
        assert!(number == "f32" || widest <= 2f64.powi(-30), "{widest:e}");
    }
    // −η times it, and η is 1/8: exactly the gradient again, sign turned.
    let output = folder.run(&[
        "gradient",
        &case,
        "--quantity",
        "update",
        "-o",
        "update.safetensors",
        "--quiet",
    ]);
    assert!(output.status.success());
    let [net, data] = ["net", "data"].map(|name| format!("{LARGE}/{name}.safetensors"));
    let files = ["audit", &net, &data, "update.safetensors", "--scale", "-1/8"];
    let found = json_of(&folder.run(&[&files[..], &["--format", "json", "--quiet"]].concat()));
    assert_eq!(found["verdict"], "correctly rounded");
}

/// A relative 10⁻⁶ in one entry of PyTorch's f64 gradient: found, and named.
#[test]
fn a_planted_error_in_a_fixture_is_named() {
    let folder = Folder::new("audit-planted");
    let bytes = fs::read(format!("{SMALL}/torch-f64.safetensors")).unwrap();
    let header = 8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let text: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    let start =
        header + usize::try_from(text["fc2.weight"]["data_offsets"][0].as_u64().unwrap()).unwrap();
    // Post 3, pre 5 of 10 × 32.
    let at = start + 8 * (3 * 32 + 5);
    let value = f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert!(value != 0.0);
    let mut planted = bytes.clone();
    planted[at..at + 8].copy_from_slice(&(value * (1.0 + 1e-6)).to_le_bytes());
    fs::write(folder.0.join("planted.safetensors"), planted).unwrap();
    let found = of_fixture(&folder, SMALL, "planted.safetensors");
    assert_eq!(found["verdict"], "different");
    let blocks = found["blocks"].as_array().unwrap();
    let beyond: u64 = blocks.iter().map(|block| block["beyond"].as_u64().unwrap()).sum();
    assert_eq!((beyond, blocks[2]["name"].as_str()), (1, Some("weights of layer 2")));
    let named = &blocks[2]["wrong"][0];
    assert_eq!((named["post"].as_u64(), named["pre"].as_u64()), (Some(3), Some(5)));
}
