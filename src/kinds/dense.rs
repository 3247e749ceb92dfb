//! Layered networks of floats in files, with more numbers than would be written out.

use num_rational::BigRational;

use super::case::{as_tensors, rule};
use super::{Asked, Certified, Computed, Kind, Tensors, large};
use crate::certify::Options;
use crate::certify::gradient::{Rule, gradient};
use crate::certify::squared::as_half_squared;
use crate::error::Error;
use crate::modular::exact;
use crate::number;
use crate::progress::Progress;
use crate::report;
use crate::spec::{Dtype, Layout, Limits, MOST_PARAMETERS, Number, Part, Shape};
use crate::wire::dense::DenseDocument;
use crate::wire::gradient::Quantity;

/// A case whose numbers stand in tensor files.
#[derive(Debug)]
pub(super) struct Dense(pub DenseDocument);

impl Kind for Dense {
    fn refusal(&self) -> Error {
        Error::unsupported(format!(
            "{} parameters and {} examples in this command, which writes every number out as a fraction and takes up \
             to {MOST_PARAMETERS} parameters; `creditcheck certify`, `gradient` and `audit` take more",
            self.0.dense.parameters(),
            self.0.dense.batch(),
        ))
    }

    fn digest(&self) -> String {
        self.0.digest()
    }

    fn title(&self) -> String {
        report::dense_network(&self.0.dense)
    }

    fn certify(
        &self,
        options: &Options,
        coq: bool,
        progress: &mut dyn Progress,
    ) -> Result<Certified, Error> {
        let DenseDocument { dense, json, files, .. } = &self.0;
        large::certify(dense, json, files, options, coq, progress)
    }

    fn gradient(&self, asked: &Asked, _: &Limits, _: &mut dyn Progress) -> Result<Computed, Error> {
        rule(asked)?;
        Err(Error::unsupported(format!(
            "a gradient of {} parameters as text or JSON; write tensors, with -o FILE.safetensors, \
             which hold exact numbers correctly rounded to f64",
            self.0.dense.parameters()
        )))
    }

    fn tensors(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Tensors, Error> {
        let rule = rule(asked)?;
        if asked.number == Number::Exact {
            return rounded(&self.0, rule, asked.quantity, progress);
        }
        let not_finite = || Error::NotFinite { what: "a number of the case".into() };
        let case = self.0.dense.to_case().ok_or_else(not_finite)?;
        let mut found = gradient(&case, rule, asked.number, asked.quantity, limits, progress)?;
        found.case = Some(self.digest());
        Ok(as_tensors(found, self.0.names.clone()))
    }
}

/// The exact gradient by the Chinese remainder theorem, every entry rounded once to f64.
fn rounded(
    found: &DenseDocument,
    rule: Rule,
    quantity: Quantity,
    progress: &mut dyn Progress,
) -> Result<Tensors, Error> {
    let (engine, sign) = match rule {
        Rule::Credit => (exact::Rule::Credit, -1),
        Rule::Backprop => (exact::Rule::Backprop, 1),
        Rule::Tangent => {
            return Err(Error::unsupported(
                "the arbiter at this size, which takes one pass per parameter; use --rule credit or backprop",
            ));
        }
    };
    let (times, squares) = as_half_squared(&found.dense, "a gradient at this size")?;
    let computed = exact::run(&squares, engine, &mut |stage, done, of| {
        progress.stage(&format!("{stage} {done} of {of}"))
    })?;
    // Engines give ∂L/∂W, or the update at η = 1, which is its negative.
    let factor = times
        * match quantity {
            Quantity::Gradient => BigRational::from_integer(sign.into()),
            Quantity::Update => {
                &found.dense.learning_rate * BigRational::from_integer((-sign).into())
            }
        };
    let (mut layout, mut entries) = (Vec::new(), Vec::new());
    let mut add = |layer: usize, shape: Shape, of: &exact::Scaled| {
        let rounded = |index| {
            let (numerator, denominator) = of.fraction(index);
            let (top, bottom) = (numerator * factor.numer(), denominator * factor.denom());
            number::nearest(&top, &bottom, Dtype::F64)
        };
        entries.extend((0..of.len()).map(rounded));
        layout.push((Part::Layer(layer), shape));
    };
    for (l, layer) in computed.layers.iter().enumerate() {
        let (rows, columns) = (layer.weights.rows, layer.weights.cols);
        add(l, Shape::Matrix { rows, columns }, &layer.weights);
        if let Some(biases) = &layer.biases {
            add(l, Shape::Vector(biases.rows), biases);
        }
    }
    let (quantity, rule) = (quantity.name(), rule.name());
    let digest = found.digest();
    Ok(Tensors {
        entries: Layout::new(layout).hold(entries),
        dtype: Dtype::F64,
        names: found.names.clone(),
        about: format!("{quantity}, exact and rounded once, rule {rule}, case {digest}"),
    })
}
