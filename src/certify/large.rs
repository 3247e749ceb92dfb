//! Tier P for networks of any size: the identity over 𝔽_p at random points, with the engines of [`crate::modular`].

mod exact;
mod truth;

use faer::{Mat, MatRef};

use super::options::Options;
use crate::certificate::large::{self, Draw, File, Large, Shape};
use crate::certificate::residues::{self, Fingerprint, Residues};
use crate::certificate::{Version, digest};
use crate::error::Error;
use crate::linalg::{Check, Field, column, column_mut, zeros};
use crate::modular::{Function, Layer, Network, backprop, credit};
use crate::progress::Progress;
use crate::spec::{Dense, Expect, Kink};
use crate::verdict::bridge::{output_adjoint_of_residue, residues_of_credit, residues_of_update};
use crate::verdict::{Cell, CellState, Claim, Comparison, Conclusion, Table, Tier, Verdict};

/// What came of a large network.
#[derive(Clone, Debug)]
pub struct Identity {
    /// C1–C3 in tier P.
    pub table: Table,
    /// The prime of the draws that count.
    pub prime: u32,
    /// What the verifier draws the points from.
    pub shape: Shape,
    /// One entry per draw.
    pub draws: Vec<Draw>,
    /// The most that matrices took at a time, in bytes.
    pub bytes: usize,
    /// How many products passed Freivalds' check.
    pub products: u64,
}

/// What came of a large case.
#[derive(Clone, Debug)]
pub struct Certified {
    /// C1–C3 in tiers P and Q.
    pub table: Table,
    /// Where C1 and C2 agree: what `verify` can confirm without any engine.
    pub certificate: Option<Large>,
}

/// [`identity`], with its certificate.
///
/// `case_text` is the RFC 8785 text of the case as given, and `files` names every file that it refers to.
///
/// # Errors
/// As [`identity`].
pub fn certify(
    dense: &Dense,
    case_text: &str,
    files: &[File],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    dense.loss.expect_half_squared("a certificate of this size")?;
    let case_digest = digest::sha256(case_text.as_bytes());
    let ground = large::ground(&case_digest, files);
    if dense.layers.iter().any(|layer| layer.balance.is_some()) || dense.expect != Expect::Agree {
        // Given β the two rules agree whatever f is: the identity would certify what is false.
        return Err(Error::unsupported(format!(
            "a balance function of one's own, or a disagreement expected, in a network of more than {} parameters; a \
             small case takes both",
            crate::spec::MOST_PARAMETERS
        )));
    }
    let Identity { mut table, shape, draws, .. } = identity(dense, &ground, options, progress)?;
    let source = Source { digest: &ground, seed: options.seed };
    table.cells.extend(exact::cells(dense, &source, progress)?);
    for claim in [Claim::Necessity, Claim::Settling, Claim::Locality] {
        let why = "it asks many runs or watched reads of the rule, whose text is the same at any size: certify a small case";
        table.cells.push(Cell::not_applicable(claim, Tier::Exact, why));
    }
    table.cells.push(Cell::not_applicable(
        Claim::Recurrent,
        Tier::Exact,
        "the network is feed-forward",
    ));
    let nonzero = [Claim::Credit, Claim::Update].map(|claim| {
        match table.cell(claim, Tier::Identity).and_then(Cell::verdict) {
            Some(Verdict::Agree(compared)) => compared.nonzero,
            _ => 0,
        }
    });
    let rows = if nonzero.contains(&0) { None } else { large::rows(&shape, nonzero) };
    let certificate = rows.map(|claims| Large {
        version: Version::Two,
        case_text: case_text.to_owned(),
        case_digest,
        files: files.to_vec(),
        shape,
        seed: options.seed,
        versions: large::versions(),
        claims,
        draws,
    });
    Ok(Certified { table, certificate })
}

/// What the table of a large network amounts to: C1 and C2 must be checked, and nothing that was checked may fail.
#[must_use]
pub fn conclusion(table: &Table) -> Conclusion {
    let of = |claim| table.of_claim(claim).unwrap_or(Conclusion::Unchecked);
    let verdicts = table.cells.iter().filter_map(Cell::verdict).map(Conclusion::of);
    verdicts.chain([of(Claim::Credit), of(Claim::Update)]).max().unwrap_or(Conclusion::Unchecked)
}

/// Draws points until a false identity would survive with probability at most 2⁻¹⁰⁰.
///
/// ```text
/// C1   c = −x̄ at every neuron, β∘c = −δ          as polynomials in W, x, β, e
/// C2   ΔW = −η ∂L/∂W, Δb = −η ∂L/∂b              and η, of degree ≤ 2Λ + 2
/// ```
///
/// Shapes: those of the case, its batch included. Exactness: Schwartz–Zippel over 𝔽_p, p the largest prime below 2²² that
/// does not divide B; modulo 2, 3, 5 and 101 too, on layers of at most 64 neurons, which never counts towards the bound.
///
/// # Errors
/// [`Error::Unsupported`] for networks too deep for the prime, [`Error::WrongProduct`], [`Error::Interrupted`].
pub fn identity(
    dense: &Dense,
    case_digest: &str,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Identity, Error> {
    identity_with(dense, case_digest, options, Check::Freivalds, progress)
}

/// [`identity`] with Freivalds' check switched; for benchmarks.
///
/// # Errors
/// As [`identity`].
pub fn identity_with(
    dense: &Dense,
    case_digest: &str,
    options: &Options,
    check: Check,
    progress: &mut dyn Progress,
) -> Result<Identity, Error> {
    let shape = Shape {
        widths: dense.widths(),
        biases: dense.layers.iter().map(|layer| layer.biases.is_some()).collect(),
        batch: dense.batch(),
    };
    let field = Field::largest(&[shape.batch as u64]).next();
    let field = field.ok_or_else(|| Error::unsupported("a batch that every prime divides"))?;
    let degree = digest::degree(shape.depth());
    let (count, log2_bound) = residues::draws(degree, field.prime())
        .ok_or_else(|| Error::unsupported(format!("an identity of degree {degree}")))?;
    let source = Source { digest: case_digest, seed: options.seed };

    let mut point = Point::new(&shape);
    let mut sides = Sides::new(&point.network, shape.batch, check)?;
    let (mut credits, mut updates) = (Comparison::new(), Comparison::new());
    let mut draws = Vec::new();
    for draw in 0..count {
        progress.stage(&format!("identity test, draw {} of {count}", draw + 1))?;
        point.draw(&field, &source, &format!("large/{draw}"));
        sides.run(&field, &point)?;
        sides.compared(&field, point.learning_rate, (&mut credits, &mut updates));
        draws.push(sides.fingerprints(&field));
    }
    progress.stage("observability")?;
    let seen = observed(&field, &source, &mut point, &mut sides)?;
    let bytes = point.bytes() + sides.rule.bytes() + sides.back.bytes();
    let products = sides.rule.checked_products() + sides.back.checked_products();
    drop((point, sides));

    let note = format!(
        "identity of degree ≤ {degree} in {} variables (W, x, β, e, η), {count} draws modulo {}, seed {}: a false one \
         survives with probability ≤ 2^{log2_bound}; given β, ring operations only; batch {}, every product checked",
        shape.variables(),
        field.prime(),
        options.seed,
        shape.batch,
    );
    let mut cells = Vec::new();
    for (claim, comparison) in [(Claim::Credit, credits), (Claim::Update, updates)] {
        let verdict = match (&seen, comparison.verdict()) {
            (Err(unseen), Verdict::Agree(_)) => Verdict::Unchecked(unseen.clone()),
            (_, verdict) => verdict,
        };
        cells.push(Cell::checked(claim, Tier::Identity, verdict).note(note.clone()));
    }
    if let Ok(seen) = seen {
        cells[1].notes.push(seen);
    }
    progress.stage("tiny primes")?;
    tiny_primes(&shape, &source, &mut cells)?;
    cells.push(truth::cell(dense, &field, &source, progress)?);
    Ok(Identity { table: Table { cells }, prime: field.prime(), shape, draws, bytes, products })
}

/// Where everything random comes from.
struct Source<'a> {
    digest: &'a str,
    seed: u64,
}

impl Source<'_> {
    fn stream(&self, label: &str, field: &Field) -> Residues {
        Residues::new(self.digest, self.seed, label, field.prime())
    }

    /// Column by column.
    fn fill(&self, label: &str, field: &Field, matrix: &mut Mat<f64>) {
        let mut stream = self.stream(label, field);
        let mut matrix = matrix.as_mut();
        for index in 0..matrix.ncols() {
            for entry in column_mut(&mut matrix, index) {
                *entry = field.of(stream.next());
            }
        }
    }
}

/// One point: the free variables of the identity.
struct Point {
    /// W; no biases enter, only which layers have them.
    network: Network,
    /// x of layers 0..Λ.
    rates: Vec<Mat<f64>>,
    /// β of layers 1..=Λ.
    factors: Vec<Mat<f64>>,
    /// e and −e of the outputs.
    external: Mat<f64>,
    output_adjoint: Mat<f64>,
    learning_rate: f64,
}

impl Point {
    fn new(shape: &Shape) -> Self {
        let layers = shape.widths.windows(2).zip(&shape.biases).map(|(pair, bias)| Layer {
            weights: zeros(pair[1], pair[0]),
            biases: bias.then(|| vec![0.0; pair[1]]),
            activation: Function::Identity,
            kink: Kink::Left,
            balance: None,
        });
        let per_example = |width: &usize| zeros(*width, shape.batch);
        let outputs = shape.widths[shape.depth()];
        Self {
            network: Network { layers: layers.collect() },
            rates: shape.widths[..shape.depth()].iter().map(per_example).collect(),
            factors: shape.widths[1..].iter().map(per_example).collect(),
            external: per_example(&outputs),
            output_adjoint: per_example(&outputs),
            learning_rate: 0.0,
        }
    }

    fn draw(&mut self, field: &Field, source: &Source<'_>, label: &str) {
        for (l, layer) in self.network.layers.iter_mut().enumerate() {
            source.fill(&format!("{label}/W{}", l + 1), field, &mut layer.weights);
        }
        for (l, rates) in self.rates.iter_mut().enumerate() {
            source.fill(&format!("{label}/x{l}"), field, rates);
        }
        for (l, factors) in self.factors.iter_mut().enumerate() {
            source.fill(&format!("{label}/beta{}", l + 1), field, factors);
        }
        source.fill(&format!("{label}/e"), field, &mut self.external);
        for column in 0..self.external.ncols() {
            for row in 0..self.external.nrows() {
                let at = (row, column);
                self.output_adjoint[at] = output_adjoint_of_residue(self.external[at]);
            }
        }
        self.learning_rate = field.of(source.stream(&format!("{label}/eta"), field).next());
    }

    fn bytes(&self) -> usize {
        let size = |m: &Mat<f64>| m.col_stride().unsigned_abs() * m.ncols() * size_of::<f64>();
        let weights = self.network.layers.iter().map(|layer| &layer.weights);
        let rest = self.rates.iter().chain(&self.factors);
        weights.chain(rest).chain([&self.external, &self.output_adjoint]).map(size).sum()
    }
}

/// Both engines, with their memory.
struct Sides {
    depth: usize,
    rule: credit::Workspace,
    back: backprop::Workspace,
}

impl Sides {
    fn new(network: &Network, batch: usize, check: Check) -> Result<Self, Error> {
        Ok(Self {
            depth: network.layers.len(),
            rule: credit::Workspace::new(network, batch)?.checking(check),
            back: backprop::Workspace::new(network, batch)?.checking(check),
        })
    }

    fn run(&mut self, field: &Field, point: &Point) -> Result<(), Error> {
        let firing_rate: Vec<_> = point.rates.iter().map(Mat::as_ref).collect();
        let factors: Vec<_> = point.factors.iter().map(Mat::as_ref).collect();
        let given = credit::Given {
            firing_rate: firing_rate.clone(),
            balance_factor: factors.clone(),
            external_credit: point.external.as_ref(),
            learning_rate: point.learning_rate,
        };
        self.rule.run_given(field, &point.network, &given)?;
        let output_adjoint = point.output_adjoint.as_ref();
        let given = backprop::Given { firing_rate, slope: factors, output_adjoint };
        self.back.run_given(field, &point.network, &given)
    }

    /// C1 and C2 of what both ran last.
    fn compared(
        &self,
        field: &Field,
        learning_rate: f64,
        into: (&mut Comparison, &mut Comparison),
    ) {
        Self::compare(self.depth, &self.rule, &self.back, field, learning_rate, into);
    }

    /// C1 and C2, every entry.
    fn compare(
        depth: usize,
        rule: &credit::Workspace,
        back: &backprop::Workspace,
        field: &Field,
        learning_rate: f64,
        (credits, updates): (&mut Comparison, &mut Comparison),
    ) {
        let p = field.prime();
        for l in 0..=depth {
            let pairs = each_column(rule.credit(l), back.adjoint(l));
            for (b, (credit, adjoint)) in pairs.enumerate() {
                let place = |unit| format!("example {b}, credit of neuron {unit} in layer {l}");
                residues_of_credit(p, &place, credit, adjoint, credits);
            }
            if l == 0 {
                continue;
            }
            let pairs = each_column(rule.balanced_credit(l), back.delta(l));
            for (b, (balanced, delta)) in pairs.enumerate() {
                let place = |unit| format!("example {b}, β·c of neuron {unit} in layer {l}");
                residues_of_credit(p, &place, balanced, delta, credits);
            }
            let pairs = each_column(rule.weight_update(l), back.weight_gradient(l));
            for (pre, (update, gradient)) in pairs.enumerate() {
                let place = |post| format!("ΔW of the synapse from {pre} to {post} in layer {l}");
                residues_of_update(p, &place, update, (learning_rate, gradient), updates);
            }
            let biases = (rule.bias_update(l), back.bias_gradient(l));
            if let (Some(update), Some(gradient)) = biases {
                let place = |post| format!("Δb of neuron {post} in layer {l}");
                residues_of_update(p, &place, update, (learning_rate, gradient), updates);
            }
        }
    }

    fn fingerprints(&self, field: &Field) -> Draw {
        let layers = || 1..=self.depth;
        Draw {
            credits: (0..=self.depth).map(|l| print(field, self.rule.credit(l), None)).collect(),
            updates: layers()
                .map(|l| print(field, self.rule.weight_update(l), self.rule.bias_update(l)))
                .collect(),
            adjoints: (0..=self.depth).map(|l| print(field, self.back.adjoint(l), None)).collect(),
            gradients: layers()
                .map(|l| print(field, self.back.weight_gradient(l), self.back.bias_gradient(l)))
                .collect(),
        }
    }
}

/// The columns of two matrices, side by side.
fn each_column<'a>(
    left: MatRef<'a, f64>,
    right: MatRef<'a, f64>,
) -> impl Iterator<Item = (&'a [f64], &'a [f64])> {
    let columns = left.ncols().min(right.ncols());
    (0..columns).map(move |index| (column(left, index), column(right, index)))
}

fn print(field: &Field, matrix: MatRef<'_, f64>, biases: Option<&[f64]>) -> String {
    let mut fingerprint = Fingerprint::default();
    for (column, _) in each_column(matrix, matrix) {
        fingerprint.add(column.iter().map(|entry| field.canonical(*entry)));
    }
    fingerprint.add(biases.unwrap_or_default().iter().map(|entry| field.canonical(*entry)));
    fingerprint.text()
}

/// Moves one weight of one layer by one on the side of backpropagation alone: a comparison that still agrees sees nothing.
fn observed(
    field: &Field,
    source: &Source<'_>,
    point: &mut Point,
    sides: &mut Sides,
) -> Result<Result<String, String>, Error> {
    let mut stream = source.stream("large/observe", field);
    let mut pick = |count: usize| stream.next() as usize % count;
    let l = pick(sides.depth);
    let weights = &mut point.network.layers[l].weights;
    let (post, pre) = (pick(weights.nrows()), pick(weights.ncols()));
    let before = weights[(post, pre)];
    weights[(post, pre)] = field.reduce(before + 1.0);
    let given = backprop::Given {
        firing_rate: point.rates.iter().map(Mat::as_ref).collect(),
        slope: point.factors.iter().map(Mat::as_ref).collect(),
        output_adjoint: point.output_adjoint.as_ref(),
    };
    let ran = sides.back.run_given(field, &point.network, &given);
    point.network.layers[l].weights[(post, pre)] = before;
    ran?;
    let (mut credits, mut updates) = (Comparison::new(), Comparison::new());
    sides.compared(field, point.learning_rate, (&mut credits, &mut updates));
    let place = format!("the weight from {pre} to {post} in layer {}", l + 1);
    Ok(match credits.verdict() {
        Verdict::Disagree(mismatch) => Ok(format!(
            "observability: {place}, moved by 1 on one side, was seen in {} entries",
            mismatch.differing
        )),
        _ => Err(format!("{place}, moved by 1 on one side, went unnoticed")),
    })
}

/// Modulo 2, 3, 5 and 101, with layers of at most this many neurons.
const TINY_WIDTH: usize = 64;

fn tiny_primes(shape: &Shape, source: &Source<'_>, cells: &mut [Cell]) -> Result<(), Error> {
    let widths: Vec<usize> = shape.widths.iter().map(|width| TINY_WIDTH.min(*width)).collect();
    let mut both = (Comparison::new(), Comparison::new());
    for p in [2, 3, 5, 101] {
        // 1/B must exist, so p must not divide B.
        let batch = if p == 2 { 3 } else { 2 };
        let Some(field) = Field::new(p) else { continue };
        let shape = Shape { widths: widths.clone(), biases: shape.biases.clone(), batch };
        let mut point = Point::new(&shape);
        point.draw(&field, source, &format!("large/tiny/{p}"));
        let mut sides = Sides::new(&point.network, batch, Check::Freivalds)?;
        sides.run(&field, &point)?;
        sides.compared(&field, point.learning_rate, (&mut both.0, &mut both.1));
    }
    for (cell, comparison) in cells.iter_mut().zip([both.0, both.1]) {
        match comparison.verdict() {
            Verdict::Agree(compared) => cell.notes.push(format!(
                "also modulo 2, 3, 5 and 101 with at most {TINY_WIDTH} neurons a layer, {} entries; these never count \
                 towards the bound",
                compared.entries
            )),
            Verdict::Disagree(mismatch) => {
                cell.state = CellState::Checked(Verdict::Disagree(mismatch));
            }
            Verdict::Unchecked(reason) => cell.notes.push(format!("tiny primes: {reason}")),
        }
    }
    Ok(())
}
